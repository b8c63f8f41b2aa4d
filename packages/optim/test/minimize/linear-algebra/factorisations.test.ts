import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choleskySolve, shiftedCholesky } from '../../../src/minimize/linear-algebra/cholesky.ts';
import { solveInPlace } from '../../../src/minimize/linear-algebra/lu.ts';
import { PivotedQR } from '../../../src/minimize/linear-algebra/pivoted-qr.ts';
import { distance, quadratics } from '../../support/functions.ts';
import { between } from '../../support/numbers.ts';

const vector = (n: number): fc.Arbitrary<Float64Array> =>
  fc.array(between(-1, 1), { minLength: n, maxLength: n }).map((v) => Float64Array.from(v));

/** A matrix, row by row, times a vector. */
const times = (a: Float64Array, x: ArrayLike<number>): Float64Array => {
  const n = x.length;
  return Float64Array.from({ length: a.length / n }, (_, i) =>
    Array.from(x).reduce((sum, xj, j) => sum + a[i * n + j]! * xj, 0),
  );
};

const transposed = (a: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(
    { length: a.length },
    (_, k) => a[(k % rows) * columns + Math.floor(k / rows)]!,
  );

describe('elimination', () => {
  test('solves symmetric systems of any signature', () => {
    fc.assert(
      fc.property(quadratics(5, -5, 5), vector(5), ({ matrix, eigenvalues }, x) => {
        fc.pre(eigenvalues.every((l) => Math.abs(l) > 0.01));
        const b = times(matrix, x);
        expect(solveInPlace(matrix.slice(), b)).toBe(true);
        expect(distance(b, x)).toBeLessThan(1e-11);
      }),
    );
  });

  test('refuses singular ones', () => {
    expect(solveInPlace(new Float64Array([1, 2, 2, 4]), new Float64Array([1, 1]))).toBe(false);
    expect(solveInPlace(new Float64Array(4), new Float64Array(2))).toBe(false);
    expect(solveInPlace(new Float64Array([Number.NaN]), new Float64Array(1))).toBe(false);
  });
});

describe('the shifted Cholesky factorisation', () => {
  test('solves convex systems without a shift', () => {
    fc.assert(
      fc.property(quadratics(5, 0.1, 5), vector(5), ({ matrix }, x) => {
        const factor = new Float64Array(25);
        expect(shiftedCholesky(matrix, 5, factor)).toBe(0);
        const b = times(matrix, x);
        choleskySolve(factor, b);
        expect(distance(b, x)).toBeLessThan(1e-12);
      }),
    );
  });

  test('shifts others by enough, and not by much more', () => {
    fc.assert(
      fc.property(quadratics(5, -5, 5), ({ matrix, eigenvalues }) => {
        fc.pre(Math.min(...eigenvalues) < -0.01);
        const tau = shiftedCholesky(matrix, 5, new Float64Array(25));
        const needed = -Math.min(...eigenvalues);
        expect(tau).toBeGreaterThanOrEqual(needed * (1 - 1e-12));
        expect(tau).toBeLessThanOrEqual(2 * needed + 2e-3 * Math.hypot(...eigenvalues));
      }),
    );
  });

  test('says when numbers are not finite', () => {
    expect(shiftedCholesky(new Float64Array([Number.NaN]), 1, new Float64Array(1))).toBeNaN();
    expect(shiftedCholesky(new Float64Array(1), 1, new Float64Array(1))).toBeGreaterThan(0);
  });
});

describe('the pivoted QR factorisation', () => {
  /** 6 rows, 3 columns. */
  const systems = fc.tuple(vector(18), vector(6), vector(3));

  test('finds least squares: the residual is orthogonal to every column', () => {
    fc.assert(
      fc.property(systems, ([a, b]) => {
        const qr = new PivotedQR(6, 3);
        qr.factor(transposed(a, 6, 3), b);
        const x = new Float64Array(3);
        qr.solve(x);
        const residual = times(a, x).map((y, i) => y - b[i]!);
        const slopes = times(transposed(a, 6, 3), residual);
        expect(Math.hypot(...slopes)).toBeLessThan(1e-13);
      }),
    );
  });

  test('solves the damped system: its normal equations hold', () => {
    fc.assert(
      fc.property(systems, between(0.001, 10), ([a, b, d], lambda) => {
        const diagonal = d.map((x) => x + 2);
        const qr = new PivotedQR(6, 3);
        qr.factor(transposed(a, 6, 3), b);
        const x = new Float64Array(3);
        qr.solveDamped(lambda, diagonal, x);
        const columns = transposed(a, 6, 3);
        const left = times(columns, times(a, x)).map(
          (y, j) => y + lambda * diagonal[j]! ** 2 * x[j]!,
        );
        expect(distance(left, times(columns, b))).toBeLessThan(1e-12);
      }),
    );
  });

  test('the damped length is that of the derivative of the step', () => {
    fc.assert(
      fc.property(systems, between(0.1, 10), ([a, b, v], lambda) => {
        // |S^-T P'v|^2 = v' (A'A + lambda D^2)^-1 v, here by solving the normal equations.
        const diagonal = new Float64Array([1, 2, 3]);
        const qr = new PivotedQR(6, 3);
        qr.factor(transposed(a, 6, 3), b);
        qr.solveDamped(lambda, diagonal, new Float64Array(3));
        const columns = transposed(a, 6, 3);
        const square = Float64Array.from({ length: 9 }, (_, k) => {
          const [i, j] = [Math.floor(k / 3), k % 3];
          let sum = i === j ? lambda * diagonal[i]! ** 2 : 0;
          for (let row = 0; row < 6; row++) sum += columns[i * 6 + row]! * columns[j * 6 + row]!;
          return sum;
        });
        const solution = v.slice();
        solveInPlace(square, solution);
        const expected = v.reduce((sum, vi, i) => sum + vi * solution[i]!, 0);
        expect(qr.dampedLength(v)).toBeCloseTo(Math.sqrt(expected), 12);
      }),
    );
  });

  test('counts independent columns', () => {
    const rankOf = (columns: number[][]): number => {
      const qr = new PivotedQR(columns[0]!.length, columns.length);
      qr.factor(Float64Array.from(columns.flat()), new Float64Array(columns[0]!.length));
      return qr.rank;
    };
    expect(
      rankOf([
        [1, 2, 3],
        [2, 4, 6],
        [0, 0, 1],
      ]),
    ).toBe(2);
    expect(
      rankOf([
        [0, 0],
        [0, 0],
      ]),
    ).toBe(0);
    expect(
      rankOf([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
    ).toBe(2);
    // Squares of these would underflow.
    expect(
      rankOf([
        [1e-200, 0, 0],
        [0, 1e-200, 1e-200],
      ]),
    ).toBe(2);
  });

  test('the inverse of the square is that', () => {
    fc.assert(
      fc.property(systems, ([a, b, x]) => {
        const qr = new PivotedQR(6, 3);
        const columns = transposed(a, 6, 3);
        qr.factor(columns, b);
        const inverse = qr.inverseOfSquare()!;
        fc.pre(Math.hypot(...inverse) < 100);
        expect(distance(times(inverse, times(columns, times(a, x))), x)).toBeLessThan(1e-11);
      }),
    );
  });
});
