/** Triangular systems by substitution, and triangular factors of symmetric matrices. */
import type { TensorData } from '../tensor.ts';

/** Which triangle of the matrix is meant, and how. */
export interface Triangle {
  /** The part on and below the diagonal, else that on and above it; the rest is not looked at. */
  readonly lower: boolean;
  /** Its transpose instead. */
  readonly transposed: boolean;
  /** The diagonal is taken to be 1 and not looked at. */
  readonly unitDiagonal: boolean;
}

/**
 * Solves T X = B by substitution, $n^2$ operations per column; X replaces B. Zeros on the diagonal divide, as
 * numbers do.
 *
 * @param data - holds the matrix of side `n` at `start`.
 * @param x - B with `m` columns, row-major.
 */
export function substitute(
  data: TensorData,
  start: number,
  n: number,
  x: Float64Array,
  m: number,
  { lower, transposed, unitDiagonal }: Triangle,
): void {
  const [down, right] = transposed ? [1, n] : [n, 1];
  const isForward = lower !== transposed;
  for (let step = 0; step < n; step++) {
    const i = isForward ? step : n - 1 - step;
    for (let other = 0; other < step; other++) {
      const k = isForward ? other : n - 1 - other;
      const factor = data[start + i * down + k * right]!;
      for (let j = 0; j < m; j++) x[i * m + j]! -= factor * x[k * m + j]!;
    }
    if (unitDiagonal) continue;
    const diagonal = data[start + i * (n + 1)]!;
    for (let j = 0; j < m; j++) x[i * m + j]! /= diagonal;
  }
}

/**
 * The lower triangle L with L L^T = (A + A^T) / 2, $\frac13 n^3$ operations (Golub and Van Loan, algorithm 4.2.1). Of
 * a matrix that is not positive definite all is NaN.
 *
 * @param data - holds A of side `n` at `start`.
 * @param result - where L goes, at `start`, with zeros above the diagonal.
 */
export function choleskyFactor(
  result: TensorData,
  data: TensorData,
  start: number,
  n: number,
): void {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [above, below] = [data[start + j * n + i]!, data[start + i * n + j]!];
      // Halves first: the sum of two large numbers overflows.
      let rest = above / 2 + below / 2;
      for (let k = 0; k < j; k++) rest -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = i === j ? Math.sqrt(rest) : rest / l[j * n + j]!;
      // Also where it is NaN.
      if (i === j && !(rest > 0)) {
        result.fill(NaN, start, start + n * n);
        return;
      }
    }
  }
  result.set(l, start);
}
