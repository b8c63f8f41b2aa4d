/** L-BFGS: the inverse Hessian as the last few steps know it. */
import { checkFunction, checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
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
  /** How the step is chosen; default `strongWolfe()`. */
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
 * Memory and line search are those of SciPy and optax (10, strong Wolfe with $c_1 = 10^{-4}$, $c_2 = 0.9$); the first
 * step is optax's.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Complexity: $O(m n)$ for each step, besides about one value and gradient.
 * Source: D. Liu, J. Nocedal, Mathematical Programming 45, 1989; J. Nocedal, S. Wright, 2006, algorithm 7.5.
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
    bounded: false,
    begin: (objective, start) =>
      new DirectionSearch(
        objective,
        start,
        new TwoLoop(objective.size, memory),
        lineSearch ?? strongWolfe(),
      ),
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

  constructor(size: number, memory: number) {
    this.#size = size;
    this.#memory = memory;
    this.#alphas = new Float64Array(memory);
  }

  direction({ gradient }: Point, out: Float64Array): undefined {
    const count = this.#pairs.length;
    scale(out, -1, gradient);
    for (let k = count - 1; k >= 0; k--) {
      const { s, y, rho } = this.#pair(k);
      const alpha = rho * dot(s, out);
      this.#alphas[k] = alpha;
      addScaled(out, out, -alpha, y);
    }
    scale(out, this.#gamma, out);
    for (let k = 0; k < count; k++) {
      const { s, y, rho } = this.#pair(k);
      addScaled(out, out, this.#alphas[k]! - rho * dot(y, out), s);
    }
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
