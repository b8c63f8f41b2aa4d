/** Gradient descent: the mother of all optimization algorithms. */
import { ValueError } from '@ad/graph';
import { checkFunction, checkNames, numberOption } from '../options.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineFunction, LineSearch } from './line-search/line-search.ts';
import type { Iteration, Method } from './method.ts';
import { newPoint, type Objective, type Point } from './objective.ts';
import { searchFailure } from './search-failure.ts';
import { type CurvatureOptions, curvatureOption, notFinite, POSITIVE } from './step-size.ts';
import type { Failure } from './stop.ts';
import { addScaled, dot } from './vectors.ts';

/** Options of {@link gradientDescent}: a fixed step by one of the first two, or a line search. */
export interface GradientDescentOptions extends CurvatureOptions {
  /** The fixed step size $\eta$, above 0. */
  readonly stepSize?: number;
  /** How to choose the step where it is not fixed; default `backtracking({ sufficientDecrease: 0.3 })`. */
  readonly lineSearch?: LineSearch;
}

/**
 * Gradient descent, $x_{t+1} = x_t - \eta \nabla f(x_t)$.
 *
 * The step is $\eta$ = `stepSize`; or $1 / \beta$ for a function of smoothness $\beta$, for which the descent lemma
 * promises $f(x_t) - f(x_{t+1}) \ge \frac{1}{2 \beta} |\nabla f(x_t)|^2$; or $2 / (\beta + \mu)$ where the strong
 * convexity $\mu$ is given too, which is best for quadratics. Without any of these, a line search chooses it: it begins
 * at 1, later at twice the last step, and the value falls in every step. It asks for $c_1 = 0.3$ of the predicted decrease
 * (Boyd and Vandenberghe: 0.01 to 0.3), since with the $10^{-4}$ of quasi-Newton methods steps are taken that only zigzag.
 *
 * Takes bounds, by projection: $x_{t+1} = P(x_t - \eta \nabla f(x_t))$.
 *
 * @throws `ValueError` when an option is unknown, outside its range, or contradicts another.
 * Sources: A. Cauchy, 1847; S. Boyd, L. Vandenberghe, Convex Optimization, 2004, 9.2; for the projection D. Bertsekas,
 * IEEE Trans. Automatic Control 21, 1976.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { gradientDescent, minimize } from '@ad/optim';
 *
 * const f = (x: GraphNode) => x.square().mul(2);
 * const { trajectory } = minimize(f, 1, {
 *   method: gradientDescent({ stepSize: 0.125 }),
 *   maxIterations: 3,
 *   trajectory: true,
 * });
 * trajectory!.map(({ point }) => point); // => [1, 0.5, 0.25, 0.125]
 * minimize(f, 1, { method: gradientDescent({ smoothness: 4 }) }).iterations; // => 1
 * ```
 */
export function gradientDescent(options: GradientDescentOptions = {}): Method {
  const name = 'gradientDescent';
  checkNames(name, options, ['stepSize', 'smoothness', 'strongConvexity', 'lineSearch']);
  const { stepSize, lineSearch } = options;
  const { smoothness, strongConvexity } = curvatureOption(name, options);
  const given = (['stepSize', 'smoothness', 'lineSearch'] as const).filter(
    (key) => options[key] !== undefined,
  );
  if (given.length > 1) {
    throw new ValueError(`${name}: ${given.join(' and ')} contradict each other; give one of them`);
  }
  if (lineSearch !== undefined) {
    checkFunction(name, 'lineSearch', lineSearch, 'one such as backtracking()');
  }
  if (given.length === 0 || lineSearch !== undefined) {
    const search = lineSearch ?? backtracking({ sufficientDecrease: 0.3 });
    return {
      name,
      bounded: true,
      begin: (objective, start) => new Searching(objective, start, search),
    };
  }
  const fixed =
    smoothness === undefined
      ? numberOption(name, 'stepSize', stepSize, 1, POSITIVE)
      : strongConvexity === undefined
        ? 1 / smoothness
        : 2 / (smoothness + strongConvexity);
  return { name, bounded: true, begin: (objective, start) => new Fixed(objective, start, fixed) };
}

/** Steps of one size. */
class Fixed implements Iteration {
  current: Point;
  readonly stepSize: number;
  readonly #objective: Objective;
  #next: Point;

  constructor(objective: Objective, start: Point, stepSize: number) {
    this.current = start;
    this.stepSize = stepSize;
    this.#objective = objective;
    this.#next = newPoint(objective.size);
  }

  advance(): Failure | undefined {
    const { current, stepSize } = this;
    const next = this.#next;
    addScaled(next.x, current.x, -stepSize, current.gradient);
    this.#objective.bounds?.project(next.x);
    if (!this.#objective.evaluate(next)) return notFinite(this.#objective, next);
    this.#next = current;
    this.current = next;
    // The gradient is lost in rounding: every later step would be the same.
    if (next.x.every((x, i) => x === current.x[i])) return { kind: 'no decrease', step: stepSize };
    return undefined;
  }
}

/** Steps chosen by a line search. */
class Searching implements Iteration {
  current: Point;
  stepSize = 0;
  readonly #objective: Objective;
  readonly #search: LineSearch;
  #next: Point;
  #firstStep = 1;

  constructor(objective: Objective, start: Point, search: LineSearch) {
    this.current = start;
    this.#objective = objective;
    this.#search = search;
    this.#next = newPoint(objective.size);
  }

  advance(): Failure | undefined {
    const { current } = this;
    const start = { step: 0, value: current.value, slope: this.#slopeAt(current) };
    const outcome = this.#search(this.#line, start, this.#firstStep);
    if (!outcome.found) {
      return searchFailure(outcome, start.slope, () => notFinite(this.#objective, this.#next));
    }
    if (outcome.step !== this.#lastTried) this.#line(outcome.step);
    this.stepSize = outcome.step;
    this.#firstStep = 2 * outcome.step;
    this.current = this.#next;
    this.#next = current;
    return undefined;
  }

  #lastTried = Number.NaN;

  readonly #line: LineFunction = (step) => {
    const { bounds } = this.#objective;
    const { x, gradient } = this.current;
    const next = this.#next;
    addScaled(next.x, x, -step, gradient);
    bounds?.project(next.x);
    this.#objective.evaluate(next);
    this.#lastTried = step;
    const slope = this.#slopeAt(next);
    if (bounds === undefined) return { step, value: next.value, slope };
    // The path is bent where it meets the box.
    let predicted = 0;
    for (let i = 0; i < x.length; i++) predicted += gradient[i]! * (next.x[i]! - x[i]!);
    return { step, value: next.value, slope, predicted };
  };

  /** The slope along the path from the current point, where it has come to another one. */
  #slopeAt({ x, gradient }: Point): number {
    const { bounds } = this.#objective;
    const direction = this.current.gradient;
    return bounds === undefined
      ? -dot(gradient, direction)
      : bounds.slopeAlong(x, direction, gradient);
  }
}
