/** Trust regions: the quadratic model is believed as far as it has proved right. */
import { BETWEEN_0_AND_1, checkNames, numberOption, POSITIVE } from '../options.ts';
import { ROUNDING } from './line-search/line-search.ts';
import type { Iteration, Method } from './method.ts';
import { notFinite } from './not-finite.ts';
import { newPoint, type Objective, type Point } from './objective.ts';
import type { Failure } from './stop.ts';
import { TruncatedCG } from './truncated-cg.ts';
import { addScaled, norm } from './vectors.ts';
import { ValueError } from '@ad/graph';

/** Options of {@link trustRegion}. */
export interface TrustRegionOptions {
  /** The radius at first, above 0. Default 1. */
  readonly initialRadius?: number;
  /** The largest radius, not below the first. Default 1000. */
  readonly maxRadius?: number;
  /** What part of the predicted decrease a step must bring to be taken, in (0, 0.25). Default 0.15. */
  readonly acceptance?: number;
}

/**
 * Steihaug's trust-region method on Hessian-vector products: robust where the Hessian is indefinite, and for many
 * variables.
 *
 * A step minimizes the quadratic model by conjugate gradients, ended when the residual is $\min(0.5, \sqrt{|g|})\,|g|$, at
 * the boundary of the region, or along a direction of negative curvature to the boundary: so saddles and maxima repel. With
 * $\rho$ the decrease over the predicted one, a step is taken if $\rho$ is above `acceptance`; the radius is divided by 4 if
 * $\rho < 1/4$, and doubled if $\rho > 3/4$ on the boundary. Where the value is not finite, the radius is divided by 4.
 * The decreases are compared up to rounding, so the value may rise by $10^{-13} |f|$ in the end.
 *
 * The constants are those of SciPy's `trust-ncg`. An iteration is a step that is taken; `stepSize` is its length.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Complexity: up to $2 n$ Hessian-vector products for each trial.
 * Sources: T. Steihaug, SIAM J. Numer. Anal. 20, 1983; J. Nocedal, S. Wright, 2006, algorithms 4.1 and 7.2; on rounding
 * A. Conn, N. Gould, Ph. Toint, Trust-Region Methods, 2000, 17.4.2.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { minimize, trustRegion } from '@ad/optim';
 *
 * // Beside a saddle at 0; the minima are at (1, 0) and (-1, 0).
 * const f = ({ x, y }: { x: GraphNode; y: GraphNode }) => x.square().sub(1).square().add(y.square());
 * const { minimizer } = minimize(f, { x: 1e-6, y: 1 }, { method: trustRegion() });
 * minimizer.x; // ≈ 1.000000
 * ```
 */
export function trustRegion(options: TrustRegionOptions = {}): Method {
  const name = 'trustRegion';
  checkNames(name, options, ['initialRadius', 'maxRadius', 'acceptance']);
  const first = numberOption(name, 'initialRadius', options.initialRadius, 1, POSITIVE);
  const most = numberOption(name, 'maxRadius', options.maxRadius, Math.max(1000, first), POSITIVE);
  const acceptance = numberOption(name, 'acceptance', options.acceptance, 0.15, {
    words: 'a number above 0 and below 0.25',
    holds: (x) => BETWEEN_0_AND_1.holds(x) && x < 0.25,
  });
  if (most < first) {
    throw new ValueError(
      `${name}: initialRadius is ${first} and maxRadius ${most}, expected the first to be no larger`,
    );
  }
  return {
    name,
    bounded: false,
    begin: (objective, start) => new TrustRegion(objective, start, first, most, acceptance),
  };
}

class TrustRegion implements Iteration {
  current: Point;
  stepSize = 0;
  readonly #objective: Objective;
  readonly #solver: TruncatedCG;
  readonly #maxRadius: number;
  readonly #acceptance: number;
  #radius: number;
  #next: Point;

  constructor(
    objective: Objective,
    start: Point,
    radius: number,
    most: number,
    acceptance: number,
  ) {
    this.current = start;
    this.#objective = objective;
    this.#solver = new TruncatedCG(objective.size);
    this.#maxRadius = most;
    this.#acceptance = acceptance;
    this.#radius = radius;
    this.#next = newPoint(objective.size);
  }

  advance(): Failure | undefined {
    const { current } = this;
    const next = this.#next;
    const multiply = (v: Float64Array, out: Float64Array): void => {
      this.#objective.hessianProduct(current.x, v, out);
    };
    // Squares of still shorter steps would underflow.
    const least = Math.max(Number.EPSILON * norm(current.x), 1e-150);
    const rounding = ROUNDING * Math.abs(current.value);
    let isFinite = true;
    while (this.#radius > least) {
      const { decrease, onBoundary } = this.#solver.run(current.gradient, multiply, this.#radius);
      const length = norm(this.#solver.step);
      addScaled(next.x, current.x, 1, this.#solver.step);
      isFinite = this.#objective.evaluate(next);
      const ratio = isFinite ? (current.value - next.value + rounding) / (decrease + rounding) : 0;
      // A step within the region may be much shorter than the radius. Not `<`: the model may have overflowed.
      if (!(ratio >= 0.25)) this.#radius = (length < this.#radius ? length : this.#radius) / 4;
      else if (ratio > 0.75 && onBoundary)
        this.#radius = Math.min(2 * this.#radius, this.#maxRadius);
      if (ratio > this.#acceptance) {
        this.stepSize = length;
        this.current = next;
        this.#next = current;
        return undefined;
      }
    }
    return isFinite
      ? { kind: 'no decrease', step: this.#radius }
      : notFinite(this.#objective, next);
  }
}
