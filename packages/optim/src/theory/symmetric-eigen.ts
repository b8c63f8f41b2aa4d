/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's method: plane rotations zero one element off the
 * diagonal after the other, in sweeps over all of them, until none is left that counts. It converges quadratically,
 * and finds small eigenvalues of graded matrices as accurately as large ones.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 8.5; the rotation is that of Rutishauser (1966).
 */
import { ShapeError, ValueError } from '@ad/graph';

/** The eigenvalues of a symmetric matrix in ascending order, each with its vector. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Orthonormal; vector `k` is `vectors.subarray(k * n, (k + 1) * n)`. */
  readonly vectors: Float64Array;
}

/** Jacobi's method needs 6 to 10 sweeps for any matrix that fits in memory. */
const MAX_SWEEPS = 60;

/**
 * The eigenvalues and eigenvectors of a symmetric matrix.
 *
 * @param matrix - n x n, row after row; only the lower triangle is read, and nothing is written.
 * @throws `ShapeError` when the matrix has not n x n elements, `ValueError` when one is not finite.
 * Complexity: O(n^3).
 * @example
 * ```ts
 * import { symmetricEigen } from '@ad/optim/theory';
 *
 * symmetricEigen([2, 1, 1, 2], 2).values; // ≈ [1, 3]
 * ```
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  if (!Number.isInteger(n) || n < 1 || matrix.length !== n * n) {
    throw new ShapeError(
      `symmetricEigen: expected n x n elements, got ${matrix.length} for n = ${n}`,
    );
  }
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const element = matrix[i * n + j]!;
      if (!Number.isFinite(element)) {
        throw new ValueError(
          `symmetricEigen: element [${i}, ${j}] is ${element}, expected a finite number`,
        );
      }
      a[i * n + j] = element;
      a[j * n + i] = element;
    }
  }
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS && rotateAll(a, rows, n); sweep++);
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => a[i * n + i]! - a[j * n + j]!,
  );
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => vectors.set(rows.subarray(from * n, (from + 1) * n), k * n));
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}

/** One sweep; says whether any rotation was made. The rows of `rows` become the eigenvectors. */
function rotateAll(a: Float64Array, rows: Float64Array, n: number): boolean {
  let rotated = false;
  for (let p = 0; p < n - 1; p++) {
    for (let q = p + 1; q < n; q++) {
      const off = a[p * n + q]!;
      const [left, right] = [a[p * n + p]!, a[q * n + q]!];
      // Demmel and Veselic: what is small next to both diagonal elements does not change an eigenvalue.
      if (Math.abs(off) <= Number.EPSILON * Math.sqrt(Math.abs(left) * Math.abs(right))) continue;
      rotated = true;
      const theta = (right - left) / (2 * off);
      const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
      const cosine = 1 / Math.hypot(t, 1);
      const sine = t * cosine;
      rotate(a, p, q, n, n, cosine, sine); // the columns
      rotate(a, p * n, q * n, 1, n, cosine, sine); // the rows
      rotate(rows, p * n, q * n, 1, n, cosine, sine);
      a[p * n + q] = 0;
      a[q * n + p] = 0;
    }
  }
  return rotated;
}

/** Rotates two lines of `n` elements each, which start at `x` and `y` and go on in steps of `step`. */
function rotate(
  a: Float64Array,
  x: number,
  y: number,
  step: number,
  n: number,
  cosine: number,
  sine: number,
): void {
  for (let k = 0, i = x, j = y; k < n; k++, i += step, j += step) {
    const [u, v] = [a[i]!, a[j]!];
    a[i] = cosine * u - sine * v;
    a[j] = sine * u + cosine * v;
  }
}
