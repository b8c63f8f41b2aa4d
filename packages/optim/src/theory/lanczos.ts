/**
 * Extreme eigenvalues of a symmetric operator of which only products with vectors are known, by the method of Lanczos:
 * an orthonormal basis of the space spanned by $v, Av, A^2 v, \dots$ in which the operator is a tridiagonal matrix,
 * whose extreme eigenvalues converge to those of the operator from inside.
 *
 * Every new vector is made orthogonal to all before it, twice: without that, rounding brings found eigenvalues back
 * as false copies. That costs O(n m) memory for m steps, and m stays small.
 *
 * Source: Golub and Van Loan, Matrix Computations, sections 10.1 to 10.3.
 */
import { ValueError } from '@ad/graph';
import { checkNames, NON_NEGATIVE, numberOption, POSITIVE_INTEGER, SEED } from '../options.ts';
import { Random } from '../random.ts';
import { addScaled, dot, norm, scale } from '../minimize/vectors.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** Options of {@link extremeEigenvalues}. */
export interface LanczosOptions {
  /** How many products at most: an integer of 1 or more. Default `min(n, 100)`. */
  readonly maxProducts?: number;
  /**
   * Stop when both ends are known to this part of the largest absolute eigenvalue: 0 or more. Default $10^{-12}$.
   */
  readonly tolerance?: number;
  /** Seed of the random start: an integer. Default 1. */
  readonly seed?: number;
}

/** The ends of a spectrum. */
export interface ExtremeEigenvalues {
  /** The smallest eigenvalue. */
  readonly smallest: number;
  /** The largest. */
  readonly largest: number;
  /** An eigenvalue of the operator lies at most this far from each of the two. */
  readonly error: number;
  /** How many products were taken. */
  readonly products: number;
}

/**
 * The smallest and the largest eigenvalue of a symmetric operator.
 *
 * @param multiply - writes the product with `v` into `out`.
 * @param n - the number of elements of the vectors.
 * @throws `ValueError` when a product is not finite or an option is out of range.
 * Complexity: one product per step and O(n m^2) work for m steps, O(n m) memory.
 * @example
 * ```ts
 * import { extremeEigenvalues } from '@ad/optim/theory';
 *
 * const diagonal = [3, -1, 7];
 * const multiply = (v: Float64Array, out: Float64Array): void => {
 *   for (let i = 0; i < 3; i++) out[i] = diagonal[i]! * v[i]!;
 * };
 * const { smallest, largest } = extremeEigenvalues(multiply, 3);
 * smallest; // ≈ -1.0000
 * largest; // ≈ 7.0000
 * ```
 */
export function extremeEigenvalues(
  multiply: (v: Float64Array, out: Float64Array) => void,
  n: number,
  options: LanczosOptions = {},
): ExtremeEigenvalues {
  const caller = 'extremeEigenvalues';
  checkNames(caller, options, ['maxProducts', 'tolerance', 'seed']);
  numberOption(caller, 'n', n, n, POSITIVE_INTEGER);
  const count = numberOption(
    caller,
    'maxProducts',
    options.maxProducts,
    Math.min(n, 100),
    POSITIVE_INTEGER,
  );
  const tolerance = numberOption(caller, 'tolerance', options.tolerance, 1e-12, NON_NEGATIVE);
  const seed = numberOption(caller, 'seed', options.seed, 1, SEED);
  const random = new Random(seed);
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  const next = Float64Array.from({ length: n }, () => random.normal());
  let magnitude = 0;
  // The small problem is solved only now and then: it costs more than a product.
  let nextLook = 4;
  for (;;) {
    const length = norm(next);
    const v = new Float64Array(n);
    scale(v, 1 / length, next);
    basis.push(v);
    multiply(v, next);
    const projection = dot(v, next);
    if (!Number.isFinite(projection) || !Number.isFinite(norm(next))) {
      throw new ValueError(
        `extremeEigenvalues: product ${basis.length} is not finite; the operator must be finite everywhere`,
      );
    }
    diagonal.push(projection);
    for (let pass = 0; pass < 2; pass++)
      for (const u of basis) addScaled(next, next, -dot(u, next), u);
    const rest = norm(next);
    magnitude = Math.max(magnitude, Math.abs(projection), rest);
    // Nothing is left of the product: the vectors span a space that the operator does not leave.
    const exhausted = rest <= n * Number.EPSILON * magnitude || basis.length === n;
    if (exhausted || basis.length >= count || basis.length >= nextLook) {
      nextLook = Math.ceil(1.5 * basis.length);
      const { smallest, largest, error } = ritzValues(diagonal, beside, rest);
      const rounding = n * Number.EPSILON * magnitude;
      const size = Math.max(Math.abs(smallest), Math.abs(largest));
      if (exhausted || error <= tolerance * size || basis.length >= count) {
        return {
          smallest,
          largest,
          error: exhausted ? rounding : error + rounding,
          products: basis.length,
        };
      }
    }
    beside.push(rest);
  }
}

/** The extreme eigenvalues of the tridiagonal matrix, and how far from them those of the operator are at most. */
function ritzValues(
  diagonal: readonly number[],
  beside: readonly number[],
  rest: number,
): Omit<ExtremeEigenvalues, 'products'> {
  const m = diagonal.length;
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    matrix[i * m + i] = diagonal[i]!;
    if (i > 0) matrix[i * m + i - 1] = beside[i - 1]!;
  }
  const { values, vectors } = symmetricEigen(matrix, m);
  // The residual of a Ritz vector is the last element of its coordinates times the length of what is left.
  const error = rest * Math.max(Math.abs(vectors[m - 1]!), Math.abs(vectors[m * m - 1]!));
  return { smallest: values[0]!, largest: values[m - 1]!, error };
}
