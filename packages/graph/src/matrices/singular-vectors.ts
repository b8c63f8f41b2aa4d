/**
 * Singular value decompositions of small square matrices by one-sided Jacobi rotations (Hestenes 1958; Golub and Van
 * Loan, section 8.6.3): pairs of columns are turned until all are orthogonal. Their lengths are the singular values.
 */
import { determinantOf, factorize } from './lu.ts';
import type { TensorData } from '../tensor.ts';

/** A = U diag(values) V^T with rotations U and V, both of determinant 1: so the last value may be negative. */
export interface SingularVectors {
  /** U, row-major; its columns belong to the values. */
  readonly left: Float64Array;
  /** V, row-major. */
  readonly right: Float64Array;
  /** The singular values; the smallest one has the sign of the determinant. */
  readonly values: Float64Array;
}

/** Sweeps over all pairs of columns; convergence is quadratic, and about 10 are needed for the largest matrices. */
const MAX_SWEEPS = 60;

/** Decomposes the matrix of side `n` at `start`, about $20 n^3$ operations. NaN and Infinity make everything NaN. */
export function singularVectors(data: TensorData, start: number, n: number): SingularVectors {
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => data[start + i * n + j]!),
  );
  const right = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)),
  );
  // Scaled by a power of two, so that no square over- or underflows.
  let largest = 0;
  for (const column of columns) for (const x of column) largest = Math.max(largest, Math.abs(x));
  if (!Number.isFinite(largest)) return allNaN(n);
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  for (const column of columns) for (let i = 0; i < n; i++) column[i]! /= scale;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) if (!rotateAll(columns, right)) break;

  const values = Float64Array.from(columns, (column) => Math.sqrt(dot(column, column)));
  const order = Array.from(values.keys()).sort((i, j) => values[j]! - values[i]!);
  const left = orthonormal(
    order.map((k) => columns[k]!),
    n,
  );
  const sorted = order.map((k) => right[k]!);
  const result = {
    left: matrixOf(left),
    right: matrixOf(sorted),
    values: Float64Array.from(order, (k) => values[k]! * scale),
  };
  makeRotation(result.left, result.values, n);
  makeRotation(result.right, result.values, n);
  return result;
}

function allNaN(n: number): SingularVectors {
  const nan = (length: number): Float64Array => new Float64Array(length).fill(NaN);
  return { left: nan(n * n), right: nan(n * n), values: nan(n) };
}

/** Turns every pair of columns; whether any pair was not yet orthogonal. */
function rotateAll(columns: readonly Float64Array[], right: readonly Float64Array[]): boolean {
  let turned = false;
  for (let p = 0; p < columns.length; p++) {
    for (let q = p + 1; q < columns.length; q++) {
      const [x, y] = [columns[p]!, columns[q]!];
      const [alpha, beta, gamma] = [dot(x, x), dot(y, y), dot(x, y)];
      if (Math.abs(gamma) <= Number.EPSILON * Math.sqrt(alpha * beta)) continue;
      turned = true;
      const zeta = (beta - alpha) / (2 * gamma);
      const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cosine = 1 / Math.hypot(1, tangent);
      rotate(x, y, cosine, cosine * tangent);
      rotate(right[p]!, right[q]!, cosine, cosine * tangent);
    }
  }
  return turned;
}

function rotate(x: Float64Array, y: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i]!, y[i]!];
    x[i] = cosine * a - sine * b;
    y[i] = sine * a + cosine * b;
  }
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/**
 * Columns of length 1, orthogonal to each other. Those so short that their direction is rounding error are replaced by
 * whatever completes the others.
 */
function orthonormal(columns: readonly Float64Array[], n: number): Float64Array[] {
  const done: Float64Array[] = [];
  const limit = n * Number.EPSILON * Math.sqrt(columns[0] ? dot(columns[0], columns[0]) : 0);
  for (const column of columns) {
    const length = Math.sqrt(dot(column, column));
    const unit = length > limit ? column.map((x) => x / length) : complement(done, n);
    done.push(unit);
  }
  return done;
}

/** A unit vector orthogonal to the others: what is left of the axis that they cover least. */
function complement(others: readonly Float64Array[], n: number): Float64Array {
  let axis = 0;
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    let covered = 0;
    for (const other of others) covered += other[i]! ** 2;
    if (covered < least) [axis, least] = [i, covered];
  }
  const rest = new Float64Array(n);
  rest[axis] = 1;
  // Twice is enough (Kahan): what the first pass leaves of the others by rounding, the second removes.
  for (let pass = 0; pass < 2; pass++) {
    for (const other of others) {
      const part = dot(rest, other);
      for (let i = 0; i < n; i++) rest[i]! -= part * other[i]!;
    }
  }
  const length = Math.sqrt(dot(rest, rest));
  return rest.map((x) => x / length);
}

/** The matrix of these columns, row-major. */
function matrixOf(columns: readonly Float64Array[]): Float64Array {
  const n = columns.length;
  return Float64Array.from({ length: n * n }, (_, k) => columns[k % n]![Math.floor(k / n)]!);
}

/** Turns the last column round, and the sign of its value, where the determinant is -1. */
function makeRotation(matrix: Float64Array, values: Float64Array, n: number): void {
  if (determinantOf(factorize(matrix, 0, n)) >= 0) return;
  values[n - 1] = -values[n - 1]!;
  for (let i = 0; i < n; i++) matrix[i * n + n - 1] = -matrix[i * n + n - 1]!;
}
