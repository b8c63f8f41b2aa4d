/** L-BFGS: the inverse Hessian as the last few steps know it. */
import { checkFunction, checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
import type { Bounds } from './bounds.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineSearch } from './line-search/line-search.ts';
import { strongWolfe } from './line-search/strong-wolfe.ts';
import type { Method } from './method.ts';
import type { Point } from './objective.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import { isCurved } from './secant.ts';
import { addScaled, dot, norm, scale } from './vectors.ts';

/** Options of {@link lbfgs}. */
export interface LbfgsOptions {
  /** How many steps $m$ are remembered: an integer of 1 or more. Default 10. */
  readonly memory?: number;
  /** How the step is chosen; default `strongWolfe()`, and `backtracking()` in a box. */
  readonly lineSearch?: LineSearch;
}

/**
 * The limited-memory BFGS method: the method of choice for smooth functions of many variables.
 *
 * The direction is $-H g$, where $H$ is what BFGS makes of $\frac{s^T y}{y^T y} I$ with the last $m$ pairs of steps
 * $s = x_{t+1} - x_t$ and changes of the gradient $y$; it is never built (two-loop recursion). A pair is left out unless
 * $y^T s > \epsilon |y| |s|$, so $H$ is always positive definite. The first step is at most as long as 1. If a
 * search fails, the memory is cleared and the direction of steepest descent is tried.
 *
 * Takes bounds: elements that the box holds back are left out of the recursion, and the path along the direction is
 * projected. (SciPy's L-BFGS-B finds the elements to hold by following the path of steepest descent instead.)
 *
 * Memory and line search are those of SciPy and optax (10, strong Wolfe with $c_1 = 10^{-4}$, $c_2 = 0.9$); the first
 * step is optax's.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Complexity: $O(m n)$ for each step, besides about one value and gradient.
 * Sources: D. Liu, J. Nocedal, Mathematical Programming 45, 1989; J. Nocedal, S. Wright, 2006, algorithm 7.5; for the
 * bounds D. Bertsekas, SIAM J. Control Optim. 20, 1982.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { lbfgs, minimize } from '@ad/optim';
 *
 * const f = (x: GraphNode) => x.sub(tensor([1, 2, 3])).square().square().sum();
 * minimize(f, tensor([0, 0, 0]), { method: lbfgs({ memory: 5 }) }).stop.kind; // => 'gradient'
 * ```
 */
export function lbfgs(options: LbfgsOptions = {}): Method {
  const name = 'lbfgs';
  checkNames(name, options, ['memory', 'lineSearch']);
  const memory = numberOption(name, 'memory', options.memory, 10, POSITIVE_INTEGER);
  const { lineSearch } = options;
  if (lineSearch !== undefined) {
    checkFunction(name, 'lineSearch', lineSearch, 'one such as strongWolfe()');
  }
  return {
    name,
    bounded: true,
    begin: (objective, start) => {
      // Along a bent path there may be no step that satisfies the Wolfe conditions.
      const usual = objective.bounds === undefined ? strongWolfe() : backtracking();
      const rule = new TwoLoop(objective.size, memory, objective.bounds);
      return new DirectionSearch(objective, start, rule, lineSearch ?? usual);
    },
  };
}

/** A step, the change of the gradient over it, and $1 / y^T s$. */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  rho: number;
}

/** The pairs in a ring, and the product of the matrix that they stand for with a vector. */
class TwoLoop implements DirectionRule {
  readonly #memory: number;
  readonly #size: number;
  readonly #pairs: Pair[] = [];
  /** The position of the oldest pair. */
  #oldest = 0;
  #gamma = 1;
  readonly #alphas: Float64Array;
  readonly #bounds: Bounds | undefined;
  /** 1 for the elements that may move, 0 for those that the box holds back. */
  readonly #free: Float64Array;

  constructor(size: number, memory: number, bounds: Bounds | undefined) {
    this.#size = size;
    this.#memory = memory;
    this.#alphas = new Float64Array(memory);
    this.#bounds = bounds;
    this.#free = new Float64Array(bounds === undefined ? 0 : size);
  }

  direction({ x, gradient }: Point, out: Float64Array): undefined {
    const count = this.#pairs.length;
    this.#bounds?.markFree(x, gradient, this.#free);
    scale(out, -1, gradient);
    this.#hold(out);
    for (let k = count - 1; k >= 0; k--) {
      const { s, y, rho } = this.#pair(k);
      const alpha = this.#rhoOf(s, y, rho) * dot(s, out);
      this.#alphas[k] = alpha;
      addScaled(out, out, -alpha, y);
      this.#hold(out);
    }
    scale(out, this.#gamma, out);
    for (let k = 0; k < count; k++) {
      const { s, y, rho } = this.#pair(k);
      addScaled(out, out, this.#alphas[k]! - this.#rhoOf(s, y, rho) * dot(y, out), s);
      this.#hold(out);
    }
  }

  /** Sets the elements that the box holds back to 0. */
  #hold(v: Float64Array): void {
    if (this.#bounds === undefined) return;
    for (let i = 0; i < v.length; i++) v[i] = v[i]! * this.#free[i]!;
  }

  /** $1 / y^T s$ over the free elements; 0, which leaves the pair out, where these have no positive curvature. */
  #rhoOf(s: Float64Array, y: Float64Array, whole: number): number {
    if (this.#bounds === undefined) return whole;
    let product = 0;
    let length = 0;
    for (let i = 0; i < s.length; i++) {
      if (this.#free[i] === 0) continue;
      product += y[i]! * s[i]!;
      length += Math.abs(y[i]! * s[i]!);
    }
    return product > Number.EPSILON * length ? 1 / product : 0;
  }

  firstStep({ gradient }: Point): number {
    return this.#pairs.length > 0 ? 1 : Math.min(1, 1 / norm(gradient));
  }

  learn(from: Point, to: Point): void {
    const spare = this.#spare();
    addScaled(spare.s, to.x, -1, from.x);
    addScaled(spare.y, to.gradient, -1, from.gradient);
    if (!isCurved(spare.s, spare.y)) return;
    const product = dot(spare.y, spare.s);
    spare.rho = 1 / product;
    this.#gamma = product / dot(spare.y, spare.y);
    if (this.#pairs.length < this.#memory) {
      this.#pairs.push(spare);
      this.#unused = undefined;
    } else {
      this.#unused = this.#pairs[this.#oldest];
      this.#pairs[this.#oldest] = spare;
      this.#oldest = (this.#oldest + 1) % this.#memory;
    }
  }

  forget(): boolean {
    const had = this.#pairs.length > 0;
    this.#pairs.length = 0;
    this.#oldest = 0;
    this.#gamma = 1;
    return had;
  }

  /** The pair of age `count - 1 - k`. */
  #pair(k: number): Pair {
    return this.#pairs[(this.#oldest + k) % this.#pairs.length]!;
  }

  #unused: Pair | undefined;

  /** A pair that may be written over. */
  #spare(): Pair {
    this.#unused ??= { s: new Float64Array(this.#size), y: new Float64Array(this.#size), rho: 0 };
    return this.#unused;
  }
}
