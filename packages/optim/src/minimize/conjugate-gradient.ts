/** Nonlinear conjugate gradients: directions that do not undo one another. */
import { ValueError } from '@ad/graph';
import { checkFunction, checkNames, describeValue } from '../options.ts';
import type { LineSearch, StepFound } from './line-search/line-search.ts';
import { strongWolfe } from './line-search/strong-wolfe.ts';
import type { Method } from './method.ts';
import type { Point } from './objective.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import { addScaled, dot, norm, scale } from './vectors.ts';

/** Options of {@link conjugateGradient}. */
export interface ConjugateGradientOptions {
  /** How much of the last direction is kept; default `hager-zhang`. */
  readonly variant?: 'hager-zhang' | 'polak-ribiere';
  /** How the step is chosen; default `strongWolfe({ curvature: 0.1 })`. */
  readonly lineSearch?: LineSearch;
}

const VARIANTS: ReadonlySet<unknown> = new Set(['hager-zhang', 'polak-ribiere']);

/**
 * The nonlinear conjugate gradient method, with the memory of a single direction:
 * $d_{t+1} = -g_{t+1} + \beta_t d_t$, and with $y = g_{t+1} - g_t$
 *
 * - `polak-ribiere`: $\beta_t = \max(0, g_{t+1}^T y / g_t^T g_t)$ (PR+, as SciPy has it);
 * - `hager-zhang`: $\beta_t = (y - 2 d_t \frac{y^T y}{d_t^T y})^T \frac{g_{t+1}}{d_t^T y}$, at least
 *   $-1 / (|d_t| \min(0.01, |g_t|))$, which always leads downhill (the default, as in Optim.jl).
 *
 * On a quadratic, with exact line searches, both are the linear method: done after as many steps as the Hessian has
 * different eigenvalues. A search begins where the first-order change is that of the last step. If a search fails, the
 * direction of steepest descent is tried. {@link lbfgs} mostly needs fewer evaluations; this needs less memory.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Complexity: $O(n)$ for each step, besides one to three values and gradients.
 * Sources: E. Polak, G. Ribière, 1969; W. Hager, H. Zhang, SIAM J. Optim. 16, 2005; J. Nocedal, S. Wright, 2006, 5.2.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { conjugateGradient, minimize } from '@ad/optim';
 *
 * const f = (x: GraphNode) => x.square().mul(tensor([1, 10, 100])).sum();
 * minimize(f, tensor([1, 1, 1]), { method: conjugateGradient() }).iterations < 25; // => true
 * ```
 */
export function conjugateGradient(options: ConjugateGradientOptions = {}): Method {
  const name = 'conjugateGradient';
  checkNames(name, options, ['variant', 'lineSearch']);
  const { variant = 'hager-zhang', lineSearch } = options;
  if (!VARIANTS.has(variant)) {
    throw new ValueError(
      `${name}: variant is ${describeValue(variant)}, expected hager-zhang or polak-ribiere`,
    );
  }
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
        new Conjugate(objective.size, variant === 'hager-zhang' ? hagerZhang : polakRibiere),
        lineSearch ?? strongWolfe({ curvature: 0.1 }),
      ),
  };
}

/** How much of the direction `d` is kept, where the gradient has changed from `from` by `y`. */
type Beta = (from: Float64Array, to: Float64Array, y: Float64Array, d: Float64Array) => number;

const polakRibiere: Beta = (from, to, y) => Math.max(0, dot(to, y) / dot(from, from));

const hagerZhang: Beta = (from, to, y, d) => {
  const curvature = dot(d, y);
  const beta = (dot(y, to) - (2 * dot(y, y) * dot(d, to)) / curvature) / curvature;
  return Math.max(beta, -1 / (norm(d) * Math.min(0.01, norm(from))));
};

class Conjugate implements DirectionRule {
  readonly #beta: Beta;
  readonly #y: Float64Array;
  /** The last direction, the factor that is kept of it, and the step and slope along it. */
  readonly #last: Float64Array;
  #kept = 0;
  #step = 0;
  #slope = 0;

  constructor(size: number, beta: Beta) {
    this.#beta = beta;
    this.#y = new Float64Array(size);
    this.#last = new Float64Array(size);
  }

  direction({ gradient }: Point, out: Float64Array): undefined {
    scale(out, -1, gradient);
    if (this.#kept !== 0) addScaled(out, out, this.#kept, this.#last);
  }

  firstStep({ gradient }: Point, slope: number): number {
    if (this.#step === 0) return Math.min(1, 1 / norm(gradient));
    return (this.#step * this.#slope) / slope;
  }

  learn(from: Point, to: Point, direction: Float64Array, { step }: StepFound): void {
    addScaled(this.#y, to.gradient, -1, from.gradient);
    const beta = this.#beta(from.gradient, to.gradient, this.#y, direction);
    // Infinite or NaN where the gradient has not changed.
    this.#kept = Number.isFinite(beta) ? beta : 0;
    this.#last.set(direction);
    this.#step = step;
    this.#slope = dot(from.gradient, direction);
  }

  forget(): boolean {
    const had = this.#kept !== 0 || this.#step !== 0;
    this.#kept = 0;
    this.#step = 0;
    return had;
  }
}
