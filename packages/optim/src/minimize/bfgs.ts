/** BFGS: the inverse Hessian as all steps know it. */
import { checkFunction, checkNames } from '../options.ts';
import type { LineSearch } from './line-search/line-search.ts';
import { strongWolfe } from './line-search/strong-wolfe.ts';
import type { Method } from './method.ts';
import type { Point } from './objective.ts';
import { isCurved } from './secant.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import { addScaled, dot, norm } from './vectors.ts';

/** Options of {@link bfgs}. */
export interface BfgsOptions {
  /** How the step is chosen; default `strongWolfe()`. */
  readonly lineSearch?: LineSearch;
}

/**
 * The method of Broyden, Fletcher, Goldfarb and Shanno: for some hundreds of variables at most, where it takes fewer
 * steps than {@link lbfgs}.
 *
 * The direction is $-H g$. With the step $s = x_{t+1} - x_t$ and the change $y$ of the gradient over it,
 *
 * $$H \leftarrow \left(I - \frac{s y^T}{y^T s}\right) H \left(I - \frac{y s^T}{y^T s}\right) + \frac{s s^T}{y^T s},$$
 *
 * so that $H y = s$, and $H$ stays positive definite if $y^T s > 0$; the update is left out unless
 * $y^T s > \epsilon |y| |s|$. $H$ is the identity at first, and $\frac{y^T s}{y^T y} I$ before its first update. The first
 * step is at most as long as 1. If a search fails, $H$ is reset and the direction of steepest descent is tried.
 *
 * The constants are those of Nocedal and Wright and of SciPy; SciPy does not scale before the first update.
 *
 * @throws `ValueError` when an option is unknown or is not a line search.
 * Complexity: $O(n^2)$ for each step and in memory, besides about one value and gradient.
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, algorithm 6.1 and (6.20).
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { bfgs, minimize } from '@ad/optim';
 *
 * const f = ({ x, y }: { x: GraphNode; y: GraphNode }) => x.sub(1).square().add(y.sub(x.square()).square().mul(100));
 * minimize(f, { x: -1.2, y: 1 }, { method: bfgs() }).minimizer; // ≈ { x: 1.0000000, y: 1.0000000 }
 * ```
 */
export function bfgs(options: BfgsOptions = {}): Method {
  checkNames('bfgs', options, ['lineSearch']);
  const { lineSearch } = options;
  if (lineSearch !== undefined) {
    checkFunction('bfgs', 'lineSearch', lineSearch, 'one such as strongWolfe()');
  }
  return {
    name: 'bfgs',
    bounded: false,
    begin: (objective, start) =>
      new DirectionSearch(
        objective,
        start,
        new InverseHessian(objective.size),
        lineSearch ?? strongWolfe(),
      ),
  };
}

/**
 * The matrix $H$ with its updates, row by row.
 *
 * @internal
 */
export class InverseHessian implements DirectionRule {
  /** The matrix, row by row. */
  readonly matrix: Float64Array;
  readonly #s: Float64Array;
  readonly #y: Float64Array;
  readonly #product: Float64Array;
  #updates = 0;

  /** The identity. */
  constructor(size: number) {
    this.matrix = new Float64Array(size * size);
    this.#s = new Float64Array(size);
    this.#y = new Float64Array(size);
    this.#product = new Float64Array(size);
    this.#setTo(1);
  }

  direction({ gradient }: Point, out: Float64Array): undefined {
    this.#multiply(gradient, out);
    for (let i = 0; i < out.length; i++) out[i] = -out[i]!;
  }

  firstStep({ gradient }: Point): number {
    return this.#updates > 0 ? 1 : Math.min(1, 1 / norm(gradient));
  }

  learn(from: Point, to: Point): void {
    const [s, y] = [this.#s, this.#y];
    addScaled(s, to.x, -1, from.x);
    addScaled(y, to.gradient, -1, from.gradient);
    if (!isCurved(s, y)) return;
    const curvature = dot(y, s);
    if (this.#updates === 0) this.#setTo(curvature / dot(y, y));
    this.#updates++;
    const product = this.#product;
    this.#multiply(y, product);
    // The formula multiplied out: H - (s (Hy)' + Hy s') / y's + (1 + y'Hy / y's) s s' / y's.
    const factor = (1 + dot(y, product) / curvature) / curvature;
    const n = s.length;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const change =
          factor * s[i]! * s[j]! - (s[i]! * product[j]! + product[i]! * s[j]!) / curvature;
        const entry = this.matrix[i * n + j]! + change;
        this.matrix[i * n + j] = entry;
        this.matrix[j * n + i] = entry;
      }
    }
  }

  forget(): boolean {
    const had = this.#updates > 0;
    this.#updates = 0;
    this.#setTo(1);
    return had;
  }

  #setTo(diagonal: number): void {
    const n = this.#s.length;
    this.matrix.fill(0);
    for (let i = 0; i < n; i++) this.matrix[i * n + i] = diagonal;
  }

  #multiply(v: Float64Array, out: Float64Array): void {
    const n = v.length;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += this.matrix[i * n + j]! * v[j]!;
      out[i] = sum;
    }
  }
}
