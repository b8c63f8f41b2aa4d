/** Linear conjugate gradients on a quadratic model, stopped early: the inner loop of Newton methods without matrices. */
import { addScaled, dot, norm, scale } from './vectors.ts';

/** The Hessian times a vector. */
export type HessianProduct = (v: Float64Array, out: Float64Array) => void;

/** What a run of {@link TruncatedCG} came to; the step itself is `step`. */
export interface ModelStep {
  /** By how much the model falls. */
  readonly decrease: number;
  /** Whether the step ends on the boundary of the region. */
  readonly onBoundary: boolean;
}

/**
 * Approximate minimizers of $g^T p + \frac{1}{2} p^T H p$.
 *
 * Source: T. Steihaug, SIAM J. Numer. Anal. 20, 1983; J. Nocedal, S. Wright, 2006, algorithms 7.1 and 7.2.
 */
export class TruncatedCG {
  /** The step that was found; overwritten by the next run. */
  readonly step: Float64Array;
  readonly #residual: Float64Array;
  readonly #direction: Float64Array;
  readonly #product: Float64Array;

  /** For vectors of this size. */
  constructor(size: number) {
    this.step = new Float64Array(size);
    this.#residual = new Float64Array(size);
    this.#direction = new Float64Array(size);
    this.#product = new Float64Array(size);
  }

  /**
   * Runs until the residual is $\min(0.5, \sqrt{|g|})\,|g|$, which makes Newton's method converge superlinearly, or a
   * direction of negative curvature is met, or the step would leave the region.
   *
   * @param radius - of the region; with Infinity, negative curvature ends the run where it is met, or gives $-g$ if that
   * is at once.
   * Complexity: at most $2 n$ products.
   */
  run(gradient: Float64Array, multiply: HessianProduct, radius: number): ModelStep {
    const { step } = this;
    const [residual, direction, product] = [this.#residual, this.#direction, this.#product];
    const length = norm(gradient);
    const tolerance = Math.min(0.5, Math.sqrt(length)) * length;
    step.fill(0);
    residual.set(gradient);
    scale(direction, -1, gradient);
    let square = dot(residual, residual);
    for (let k = 0; k < 2 * step.length && Math.sqrt(square) > tolerance; k++) {
      multiply(direction, product);
      const curvature = dot(direction, product);
      const alpha = square / curvature;
      // Not `<=`: a product that is not finite is no curvature either.
      const isConvex = curvature > 0;
      if (radius === Infinity) {
        if (!isConvex) {
          if (k === 0) step.set(direction);
          break;
        }
      } else if (!isConvex || this.#lengthAfter(alpha) >= radius) {
        const tau = this.#toBoundary(radius);
        addScaled(step, step, tau, direction);
        addScaled(residual, residual, tau, product);
        return { decrease: this.#decrease(gradient), onBoundary: true };
      }
      addScaled(step, step, alpha, direction);
      addScaled(residual, residual, alpha, product);
      const next = dot(residual, residual);
      scale(direction, next / square, direction);
      addScaled(direction, direction, -1, residual);
      square = next;
    }
    return { decrease: this.#decrease(gradient), onBoundary: false };
  }

  /** With $r = g + H p$ the model has fallen by $-\frac{1}{2} (g + r)^T p$. */
  #decrease(gradient: Float64Array): number {
    return -(dot(gradient, this.step) + dot(this.#residual, this.step)) / 2;
  }

  #lengthAfter(alpha: number): number {
    let sum = 0;
    for (let i = 0; i < this.step.length; i++) {
      sum += (this.step[i]! + alpha * this.#direction[i]!) ** 2;
    }
    return Math.sqrt(sum);
  }

  /** The positive $\tau$ with $|p + \tau d|$ equal to the radius. */
  #toBoundary(radius: number): number {
    const a = dot(this.#direction, this.#direction);
    const b = dot(this.step, this.#direction);
    const c = dot(this.step, this.step) - radius * radius;
    // b >= 0, since steps of conjugate gradients grow longer: no cancellation in this form of the root.
    return -c / (b + Math.sqrt(b * b - a * c));
  }
}
