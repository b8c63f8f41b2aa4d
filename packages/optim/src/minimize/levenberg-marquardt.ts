/** The method of Levenberg and Marquardt, as a trust region that is scaled by the Jacobian. */
import { checkNames, numberOption, POSITIVE } from '../options.ts';
import type { LeastSquaresMethod } from './least-squares-method.ts';
import { ROUNDING } from './line-search/line-search.ts';
import { PivotedQR } from './linear-algebra/pivoted-qr.ts';
import type { Limits } from './loop.ts';
import type { Iteration } from './method.ts';
import type { ResidualPoint, Residuals } from './residuals.ts';
import type { Failure } from './stop.ts';
import { addScaled, dot, norm } from './vectors.ts';

/** Options of {@link levenbergMarquardt}. */
export interface LevenbergMarquardtOptions {
  /** The radius at first, in multiples of the scaled norm of the start (or absolutely, where that is 0). Default 1. */
  readonly initialFactor?: number;
}

/**
 * The Levenberg-Marquardt method: the robust choice for least squares.
 *
 * A step minimizes $|r + J p|^2$ in the ellipsoid $|D p| \le \Delta$, by $(J^T J + \lambda D^2) p = -J^T r$ with the
 * $\lambda \ge 0$ that fits (to 10 %), solved by QR factorisation of $J$. $D$ holds the largest norms so far of the columns
 * of $J$, which makes the way independent of the units of the parameters. The step is taken if it brings $10^{-4}$ of the
 * predicted decrease; the radius follows the quality of the prediction. It ends with `step` when the radius has become
 * smaller than the step tolerance, relative to the scaled norm of the point.
 *
 * Method and constants are MINPACK's (`lmder`), which SciPy's `least_squares(method='lm')` calls, but for three things. The
 * radius begins at 1, not 100: so it solves every problem of the NIST collection from both starts. Decreases are compared
 * up to rounding, so that the last steps are not refused at half of the digits. It ends with `rounding` when these steps do
 * not become shorter any more.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Complexity: $O(m n^2)$ for each step, besides residuals and Jacobian.
 * Source: J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, 1978.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { leastSquares, levenbergMarquardt } from '@ad/optim';
 *
 * const t = tensor([0, 1, 2, 3]);
 * const y = tensor([4, 2, 1, 0.5]);
 * const residuals = ({ a, k }: { a: GraphNode; k: GraphNode }) => k.mul(t).neg().exp().mul(a).sub(y);
 * const { minimizer } = leastSquares(residuals, { a: 1, k: 0 }, { method: levenbergMarquardt() });
 * minimizer; // ≈ { a: 4.000000, k: 0.693147 }
 * ```
 */
export function levenbergMarquardt(options: LevenbergMarquardtOptions = {}): LeastSquaresMethod {
  const name = 'levenbergMarquardt';
  checkNames(name, options, ['initialFactor']);
  const factor = numberOption(name, 'initialFactor', options.initialFactor, 1, POSITIVE);
  return {
    name,
    begin: (residuals, start, limits) => new LevenbergMarquardt(residuals, start, limits, factor),
  };
}

/** Where no cosine between the residuals and a column of the Jacobian is larger, the point is nearly stationary. */
const NEAR = 1e-3;

class LevenbergMarquardt implements Iteration<ResidualPoint> {
  current: ResidualPoint;
  stepSize = 0;
  readonly #residuals: Residuals;
  readonly #limits: Limits;
  readonly #qr: PivotedQR;
  readonly #scales: Float64Array;
  readonly #step: Float64Array;
  readonly #scaled: Float64Array;
  #next: ResidualPoint;
  #radius = 0;
  #lambda = 0;
  /** The length of the last step whose decrease was lost in rounding. */
  #lostLength = Infinity;

  constructor(residuals: Residuals, start: ResidualPoint, limits: Limits, factor: number) {
    const { size, count } = residuals;
    this.current = start;
    this.#residuals = residuals;
    this.#limits = limits;
    this.#qr = new PivotedQR(count, size);
    this.#scales = new Float64Array(size);
    this.#step = new Float64Array(size);
    this.#scaled = new Float64Array(size);
    this.#next = residuals.newPoint();
    this.#updateScales();
    const length = this.#scaledNorm(start.x);
    this.#radius = factor * (length > 0 ? length : 1);
  }

  advance(): Failure | undefined {
    const { current } = this;
    const next = this.#next;
    const residuals = this.#residuals;
    this.#updateScales();
    this.#qr.factor(current.jacobian, current.residuals);
    const rounding = this.#rounding();
    // Far from a stationary point a step that promises little has only been cut short.
    const isNear = this.#isNear();
    const tolerance = Math.max(this.#limits.stepTolerance, Number.EPSILON);
    for (;;) {
      this.#choose();
      const length = this.#scaledNorm(this.#step);
      if (this.stepSize === 0) this.#radius = Math.min(this.#radius, length);
      addScaled(next.x, current.x, -1, this.#step);
      // Derivatives that are not finite make a point as useless as values that are not.
      const isFinite = residuals.evaluate(next);
      const predicted = this.#predictedDecrease(length);
      const actual = isFinite ? 1 - next.value / current.value : -Infinity;
      // Where both are lost in rounding the model is right, and its steps still lead to more digits.
      const ratio = isFinite ? (actual + rounding) / (predicted + rounding) : -1;
      const isTaken = ratio >= 1e-4 && residuals.differentiate(next);
      this.#adapt(isTaken || ratio < 1e-4 ? ratio : -1, actual, length);
      if (isTaken) {
        const isLost = isNear && Math.abs(actual) <= rounding;
        if (isLost && length >= this.#lostLength) return { kind: 'rounding', change: predicted };
        if (isLost) this.#lostLength = length;
        this.stepSize = norm(this.#step);
        this.current = next;
        this.#next = current;
        return undefined;
      }
      const size = this.#scaledNorm(current.x);
      const isUsable = this.#radius > Math.max(tolerance * size, Number.MIN_VALUE);
      if (!isUsable || this.#radius === Infinity) {
        if (!isFinite) {
          return { kind: 'non-finite', value: next.value, where: residuals.whereNotFinite(next.x) };
        }
        const relative = size === 0 ? 0 : this.#radius / size;
        return { kind: 'step', length: relative, tolerance };
      }
    }
  }

  /**
   * What part of the sum of squares may be rounding. The model loses some units in the last place of its own size, for
   * which the columns of the Jacobian times the parameters stand, and the residuals may be much smaller than that.
   */
  #rounding(): number {
    const { x, jacobian, value } = this.current;
    for (let j = 0; j < x.length; j++) this.#scaled[j] = columnNorm(jacobian, x.length, j) * x[j]!;
    return ROUNDING + (4 * Number.EPSILON * norm(this.#scaled)) / Math.sqrt(value);
  }

  /** Whether the residuals are nearly orthogonal to all columns of the Jacobian. */
  #isNear(): boolean {
    const { jacobian, residuals } = this.current;
    const [m, n, length] = [residuals.length, this.#step.length, norm(residuals)];
    for (let j = 0; j < n; j++) {
      const column = jacobian.subarray(j * m, (j + 1) * m);
      if (Math.abs(dot(column, residuals)) > NEAR * norm(column) * length) return false;
    }
    return true;
  }

  /** Chooses $\lambda$ and the step $-p$ so that $|D p|$ is the radius within 10 %, or $\lambda = 0$ if that is shorter. */
  #choose(): void {
    const [qr, scales, step, radius] = [this.#qr, this.#scales, this.#step, this.#radius];
    qr.solve(step);
    let excess = this.#scaledNorm(step) - radius;
    if (excess <= 0.1 * radius) {
      this.#lambda = 0;
      return;
    }
    let [least, most] = [0, this.#slopeNorm() / radius];
    if (qr.rank === qr.columns) {
      qr.solveDamped(0, scales, step);
      least = excess / (radius * this.#curvature(excess + radius) ** 2);
    }
    if (most === 0) most = Number.MIN_VALUE / Math.min(radius, 0.1);
    let lambda = Math.min(Math.max(this.#lambda, least), most);
    if (lambda === 0) lambda = this.#slopeNorm() / (excess + radius);
    for (let k = 0; k < 10; k++) {
      if (lambda === 0) lambda = Math.max(Number.MIN_VALUE, 0.001 * most);
      qr.solveDamped(lambda, scales, step);
      const before = excess;
      excess = this.#scaledNorm(step) - radius;
      const isStuck = least === 0 && excess <= before && before < 0;
      if (Math.abs(excess) <= 0.1 * radius || isStuck) break;
      const correction = excess / (radius * this.#curvature(excess + radius) ** 2);
      if (excess > 0) least = Math.max(least, lambda);
      else most = Math.min(most, lambda);
      lambda = Math.max(least, lambda + correction);
    }
    this.#lambda = lambda;
  }

  /** The norm of $S^{-T} D^2 p / |D p|$ for the last damped step: its square says how fast the length changes. */
  #curvature(length: number): number {
    const [scales, step, scaled] = [this.#scales, this.#step, this.#scaled];
    for (let i = 0; i < scaled.length; i++) scaled[i] = (scales[i]! ** 2 * step[i]!) / length;
    return this.#qr.dampedLength(scaled);
  }

  /** The norm of $D^{-1} J^T r$. */
  #slopeNorm(): number {
    const { jacobian, residuals } = this.current;
    const m = residuals.length;
    for (let j = 0; j < this.#scaled.length; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += jacobian[j * m + i]! * residuals[i]!;
      this.#scaled[j] = sum / this.#scales[j]!;
    }
    return norm(this.#scaled);
  }

  /** The decrease of the model, as a part of the sum of squares: $(|J p|^2 + 2 \lambda |D p|^2) / |r|^2$. */
  #predictedDecrease(length: number): number {
    const { jacobian, residuals, value } = this.current;
    const m = residuals.length;
    let square = 0;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let j = 0; j < this.#step.length; j++) sum += jacobian[j * m + i]! * this.#step[j]!;
      square += sum * sum;
    }
    return (square + 2 * this.#lambda * length * length) / value;
  }

  /** Sets the radius for the next trial by how good this prediction was. */
  #adapt(ratio: number, actual: number, length: number): void {
    if (ratio <= 0.25) {
      // The minimum of the parabola through both values and the slope, at most halved, at least a tenth.
      const slope = this.#slopeShare(length);
      const best = actual >= 0 ? 0.5 : (0.5 * slope) / (slope + 0.5 * actual);
      const factor = best >= 0.1 && actual > -100 ? Math.min(best, 0.5) : 0.1;
      this.#radius = factor * Math.min(this.#radius, 10 * length);
      this.#lambda /= factor;
    } else if (this.#lambda === 0 || ratio >= 0.75) {
      this.#radius = 2 * length;
      this.#lambda /= 2;
    }
  }

  /** The slope of the relative sum of squares along the step: $-(|J p|^2 + \lambda |D p|^2) / |r|^2$. */
  #slopeShare(length: number): number {
    const damped = (this.#lambda * length * length) / this.current.value;
    return damped - this.#predictedDecrease(length);
  }

  /** Raises the scales to the norms of the columns; a column of zeros counts 1 at first. */
  #updateScales(): void {
    const { jacobian } = this.current;
    const n = this.#scales.length;
    for (let j = 0; j < n; j++) {
      this.#scales[j] = Math.max(this.#scales[j]!, columnNorm(jacobian, n, j));
      if (this.#scales[j] === 0) this.#scales[j] = 1;
    }
  }

  #scaledNorm(v: Float64Array): number {
    for (let i = 0; i < v.length; i++) this.#scaled[i] = this.#scales[i]! * v[i]!;
    return norm(this.#scaled);
  }
}

/** The norm of the j-th of n columns. */
function columnNorm(matrix: Float64Array, n: number, j: number): number {
  const m = matrix.length / n;
  return norm(matrix.subarray(j * m, (j + 1) * m));
}
