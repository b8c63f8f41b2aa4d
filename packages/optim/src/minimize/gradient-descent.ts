/** Gradient descent: the mother of all optimization algorithms. */
import { ValueError } from '@ad/graph';
import { checkFunction, checkNames, numberOption, POSITIVE } from '../options.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineSearch, StepFound } from './line-search/line-search.ts';
import { FixedSteps } from './fixed-steps.ts';
import type { Method } from './method.ts';
import type { Point } from './objective.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import { type CurvatureOptions, curvatureOption } from './step-size.ts';
import type { Failure } from './stop.ts';
import { addScaled, scale } from './vectors.ts';

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
      begin: (objective, start) =>
        new DirectionSearch(objective, start, new SteepestDescent(), search),
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
class Fixed extends FixedSteps {
  advance(): Failure | undefined {
    const { current, next, stepSize } = this;
    addScaled(next.x, current.x, -stepSize, current.gradient);
    this.objective.bounds?.project(next.x);
    const failure = this.goOn();
    if (failure !== undefined) return failure;
    // The gradient is lost in rounding: every later step would be the same.
    if (next.x.every((x, i) => x === current.x[i])) return { kind: 'no decrease', step: stepSize };
    return undefined;
  }
}

/** Steps chosen by a line search: each begins at twice the last one. */
class SteepestDescent implements DirectionRule {
  #firstStep = 1;

  direction({ gradient }: Point, out: Float64Array): undefined {
    scale(out, -1, gradient);
  }

  firstStep(): number {
    return this.#firstStep;
  }

  learn(_from: Point, _to: Point, _direction: Float64Array, { step }: StepFound): void {
    this.#firstStep = 2 * step;
  }
}
