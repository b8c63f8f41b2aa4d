/**
 * Square matrices as products of a lower and an upper triangle, with the largest pivot of each column brought up
 * (Golub and Van Loan, "Matrix Computations", algorithm 3.4.1). Row-major; a factorisation takes $\frac23 n^3$ operations.
 */
import type { TensorData } from '../tensor.ts';

/** P A = L U. */
export interface LU {
  /** The length of a side. */
  readonly n: number;
  /** U on and above the diagonal, L below it; the diagonal of L is 1. */
  readonly factors: Float64Array;
  /** Row `i` of P A is row `order[i]` of A. */
  readonly order: Int32Array;
  /** The determinant of P: 1 or -1. */
  readonly sign: number;
  /** Whether a pivot is exactly 0. Elimination stops there. */
  readonly isSingular: boolean;
}

/** Factorises the matrix of side `n` that starts at `start`. */
export function factorize(data: TensorData, start: number, n: number): LU {
  const a = Float64Array.from(data.subarray(start, start + n * n));
  const order = Int32Array.from({ length: n }, (_, i) => i);
  let sign = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    // NaN is larger than nothing: it is a pivot only where it stands first, and spreads from the other places.
    for (let i = k + 1; i < n; i++)
      if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    if (pivot !== k) {
      sign = -sign;
      [order[k], order[pivot]] = [order[pivot]!, order[k]!];
      for (let j = 0; j < n; j++)
        [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j]!, a[k * n + j]!];
    }
    const diagonal = a[k * n + k]!;
    if (diagonal === 0) return { n, factors: a, order, sign, isSingular: true };
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / diagonal;
      a[i * n + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
    }
  }
  return { n, factors: a, order, sign, isSingular: false };
}

/** The diagonal of U. Of a singular matrix one element is 0, and those after it mean nothing. */
export function pivotsOf({ n, factors }: LU): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => factors[k * (n + 1)]!);
}

/** The determinant: that of P times the product of the pivots. */
export function determinantOf(factors: LU): number {
  return pivotsOf(factors).reduce((product, pivot) => product * pivot, factors.sign) + 0; // no -0
}

/**
 * Solves A X = B for `m` columns; X replaces B. Of a singular matrix all is NaN.
 *
 * @param x - B, row-major.
 */
export function solveWith({ n, factors, order, isSingular }: LU, x: Float64Array, m: number): void {
  if (isSingular) {
    x.fill(NaN);
    return;
  }
  const b = x.slice();
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) x[i * m + j] = b[order[i]! * m + j]!;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < i; k++) subtractRow(x, m, i, k, factors[i * n + k]!);
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(x, m, i, k, factors[i * n + k]!);
    const diagonal = factors[i * n + i]!;
    for (let j = 0; j < m; j++) x[i * m + j]! /= diagonal;
  }
}

/** Takes `factor` times row `k` from row `i`. */
function subtractRow(x: Float64Array, m: number, i: number, k: number, factor: number): void {
  for (let j = 0; j < m; j++) x[i * m + j]! -= factor * x[k * m + j]!;
}
