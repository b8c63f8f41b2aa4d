/** The Cholesky factorisation, and the least shift of the diagonal (nearly) that lets a matrix have one. */

/**
 * Factors $A + \tau I = L L^T$ for a symmetric matrix given row by row. Only its lower half is read.
 *
 * @param factor - gets $L$ in its lower half.
 * @returns whether the shifted matrix is positive definite; if not, `factor` is of no use.
 * Complexity: $O(n^3)$.
 */
function cholesky(a: Float64Array, n: number, tau: number, factor: Float64Array): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]! + (i === j ? tau : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (i > j) factor[i * n + j] = sum / factor[j * n + j]!;
      // A pivot of the size of rounding says nothing of the matrix.
      else if (sum > n * Number.EPSILON * Math.abs(a[i * n + i]!) && sum < Infinity) {
        factor[i * n + i] = Math.sqrt(sum);
      } else return false;
    }
  }
  return true;
}

/** Solves $L L^T x = b$ in place. */
export function choleskySolve(factor: Float64Array, b: Float64Array): void {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i]! * b[k]!;
    b[i] = sum / factor[i * n + i]!;
  }
}

/**
 * Factors $A + \tau I$ with the first of a doubling sequence of shifts $\tau \ge 0$ that makes it positive definite.
 *
 * @returns the shift; 0 where the matrix is positive definite itself, NaN where it is not finite.
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, algorithm 3.3.
 */
export function shiftedCholesky(a: Float64Array, n: number, factor: Float64Array): number {
  let least = Infinity;
  let square = 0;
  for (let i = 0; i < n; i++) least = Math.min(least, a[i * n + i]!);
  for (let i = 0; i < a.length; i++) square += a[i]! ** 2;
  if (!Number.isFinite(square)) return Number.NaN;
  const unit = square === 0 ? 1 : 1e-3 * Math.sqrt(square);
  let tau = least > 0 ? 0 : unit - least;
  while (!cholesky(a, n, tau, factor)) tau = Math.max(2 * tau, unit);
  return tau;
}
