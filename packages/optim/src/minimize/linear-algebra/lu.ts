/** Linear systems by Gaussian elimination with partial pivoting: for matrices of any signature. */

/**
 * Solves $A x = b$; `a` (row by row) and `b` are overwritten, `b` by the solution.
 *
 * @returns whether there is a unique solution, as far as rounding lets one tell.
 * Complexity: $O(n^3)$.
 */
export function solveInPlace(a: Float64Array, b: Float64Array): boolean {
  const n = b.length;
  const least = n * Number.EPSILON * largestOf(a);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    }
    // Not `<=`: NaN is no pivot either.
    if (!(Math.abs(a[pivot * n + k]!) > least)) return false;
    if (pivot !== k) swapRows(a, b, k, pivot);
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] = a[i * n + j]! - factor * a[k * n + j]!;
      b[i] = b[i]! - factor * b[k]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let j = i + 1; j < n; j++) sum -= a[i * n + j]! * b[j]!;
    b[i] = sum / a[i * n + i]!;
  }
  return true;
}

function largestOf(a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]!));
  return largest;
}

function swapRows(a: Float64Array, b: Float64Array, i: number, k: number): void {
  const n = b.length;
  for (let j = 0; j < n; j++) {
    const x = a[i * n + j]!;
    a[i * n + j] = a[k * n + j]!;
    a[k * n + j] = x;
  }
  const x = b[i]!;
  b[i] = b[k]!;
  b[k] = x;
}
