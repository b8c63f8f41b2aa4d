/** Newton's method: the minimum of the quadratic that touches the function. */
import { ValueError } from '@ad/graph';
import { checkFunction, checkNames, describeValue, numberOption, POSITIVE } from '../options.ts';
import { choleskySolve, shiftedCholesky } from './linear-algebra/cholesky.ts';
import { solveInPlace } from './linear-algebra/lu.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineSearch } from './line-search/line-search.ts';
import { FixedSteps } from './fixed-steps.ts';
import type { Method } from './method.ts';
import type { Objective, Point } from './objective.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import type { Failure } from './stop.ts';
import { addScaled, scale } from './vectors.ts';

/** Options of {@link newton}. */
export interface NewtonOptions {
  /**
   * `plain`: the step as it is, times `stepSize`. `damped`: shortened by the line search. `safeguarded`, the default:
   * that, and the Hessian is shifted where it is not positive definite.
   */
  readonly variant?: 'plain' | 'damped' | 'safeguarded';
  /** The factor $\eta$ of a plain step, above 0. Default 1. */
  readonly stepSize?: number;
  /** How a step is shortened where it is not plain; default `backtracking()`, which begins at 1. */
  readonly lineSearch?: LineSearch;
}

const VARIANTS: ReadonlySet<unknown> = new Set(['plain', 'damped', 'safeguarded']);

/**
 * Newton's method, $x_{t+1} = x_t - \eta (\nabla^2 f(x_t))^{-1} \nabla f(x_t)$.
 *
 * - `plain` is the equation. It goes to the nearest stationary point of the quadratic model, be it a minimum, a saddle or
 *   a maximum, and far from one it may go anywhere.
 * - `damped` chooses $\eta$ by a line search, so the value falls in each step. Where the Hessian is indefinite the
 *   direction may lead uphill, and it stops with `not descent`.
 * - `safeguarded` replaces an indefinite Hessian by $\nabla^2 f + \tau I$ with a shift that makes it positive definite, so
 *   the direction always leads downhill.
 *
 * Exact in one step on convex quadratics; near a minimum with a positive definite Hessian the error is squared in
 * every step. It does not depend on the choice of coordinates (except where the Hessian is shifted). For many
 * variables take {@link newtonCG} or {@link trustRegion}, which do not build the matrix.
 *
 * @throws `ValueError` when an option is unknown, outside its range, or contradicts another.
 * Complexity: $n$ Hessian-vector products and $O(n^3)$ for each step.
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, chapter 3 and algorithm 3.3.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { minimize, newton } from '@ad/optim';
 *
 * const f = ({ x, y }: { x: GraphNode; y: GraphNode }) => x.sub(y).square().add(y.sub(3).square().mul(5));
 * const { minimizer, iterations } = minimize(f, { x: 10, y: -10 }, { method: newton() });
 * iterations; // => 1
 * minimizer; // ≈ { x: 3.000000, y: 3.000000 }
 * ```
 */
export function newton(options: NewtonOptions = {}): Method {
  const name = 'newton';
  checkNames(name, options, ['variant', 'stepSize', 'lineSearch']);
  const { variant = 'safeguarded', lineSearch } = options;
  if (!VARIANTS.has(variant)) {
    throw new ValueError(
      `${name}: variant is ${describeValue(variant)}, expected plain, damped or safeguarded`,
    );
  }
  const stepSize = numberOption(name, 'stepSize', options.stepSize, 1, POSITIVE);
  if (variant === 'plain') {
    if (lineSearch !== undefined) {
      throw new ValueError(
        `${name}: a plain step is not searched; leave lineSearch out, or take damped`,
      );
    }
    return {
      name,
      bounded: false,
      begin: (objective, start) => new Plain(objective, start, stepSize),
    };
  }
  if (options.stepSize !== undefined) {
    throw new ValueError(
      `${name}: stepSize is for plain steps, but variant is ${variant}; leave it out, or take plain`,
    );
  }
  if (lineSearch !== undefined) {
    checkFunction(name, 'lineSearch', lineSearch, 'one such as backtracking()');
  }
  return {
    name,
    bounded: false,
    begin: (objective, start) =>
      new DirectionSearch(
        objective,
        start,
        new NewtonDirection(objective, variant === 'safeguarded'),
        lineSearch ?? backtracking(),
      ),
  };
}

/** The direction $-H^{-1} g$, or $-(H + \tau I)^{-1} g$. */
class NewtonDirection implements DirectionRule {
  readonly #objective: Objective;
  readonly #isSafeguarded: boolean;
  readonly #hessian: Float64Array;
  readonly #factor: Float64Array;

  constructor(objective: Objective, isSafeguarded: boolean) {
    const { size } = objective;
    this.#objective = objective;
    this.#isSafeguarded = isSafeguarded;
    this.#hessian = new Float64Array(size * size);
    this.#factor = new Float64Array(isSafeguarded ? size * size : 0);
  }

  direction({ x, gradient }: Point, out: Float64Array): Failure | undefined {
    this.#objective.hessian(x, this.#hessian);
    scale(out, -1, gradient);
    if (this.#isSafeguarded) {
      const tau = shiftedCholesky(this.#hessian, out.length, this.#factor);
      if (Number.isNaN(tau)) return SINGULAR;
      choleskySolve(this.#factor, out);
      return undefined;
    }
    return solveInPlace(this.#hessian, out) ? undefined : SINGULAR;
  }

  firstStep(): number {
    return 1;
  }
}

const SINGULAR: Failure = { kind: 'singular', matrix: 'Hessian' };

/** Steps without search. */
class Plain extends FixedSteps {
  readonly #rule: NewtonDirection;
  readonly #direction: Float64Array;

  constructor(objective: Objective, start: Point, stepSize: number) {
    super(objective, start, stepSize);
    this.#rule = new NewtonDirection(objective, false);
    this.#direction = new Float64Array(objective.size);
  }

  advance(): Failure | undefined {
    const failure = this.#rule.direction(this.current, this.#direction);
    if (failure !== undefined) return failure;
    addScaled(this.next.x, this.current.x, this.stepSize, this.#direction);
    return this.goOn();
  }
}
