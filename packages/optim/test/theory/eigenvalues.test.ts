import { extremeEigenvalues, symmetricEigen } from '@ad/optim/theory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

/** A random symmetric matrix, row after row. */
const symmetric = fc.integer({ min: 1, max: 8 }).chain((n) =>
  fc.array(between(-4, 4), { minLength: n * n, maxLength: n * n }).map((elements) => {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        matrix[i * n + j] = elements[Math.max(i, j) * n + Math.min(i, j)]!;
    return { n, matrix };
  }),
);

function times(matrix: Float64Array, n: number, v: Float64Array): Float64Array {
  return Float64Array.from({ length: n }, (_, i) =>
    v.reduce((sum, x, j) => sum + matrix[i * n + j]! * x, 0),
  );
}

describe('a symmetric matrix', () => {
  test('times each eigenvector is the eigenvalue times that vector', () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values, vectors } = symmetricEigen(matrix, n);
        const size = Math.max(...values.map(Math.abs), 1);
        for (let k = 0; k < n; k++) {
          const v = vectors.subarray(k * n, (k + 1) * n);
          times(matrix, n, v).forEach((x, i) =>
            expect(Math.abs(x - values[k]! * v[i]!)).toBeLessThan(20 * n * 2 ** -52 * size),
          );
        }
      }),
    );
  });

  test('has orthonormal eigenvectors and ascending eigenvalues', () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values, vectors } = symmetricEigen(matrix, n);
        for (let k = 0; k < n; k++) {
          expect(values[k]).toBeGreaterThanOrEqual(values[Math.max(0, k - 1)]!);
          for (let l = 0; l <= k; l++) {
            let dot = 0;
            for (let i = 0; i < n; i++) dot += vectors[k * n + i]! * vectors[l * n + i]!;
            expect(Math.abs(dot - Number(k === l))).toBeLessThan(20 * n * 2 ** -52);
          }
        }
      }),
    );
  });

  test('of second differences has the eigenvalues 2 - 2 cos(k pi / (n + 1))', () => {
    const n = 20;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) matrix[i * n + i - 1] = -1;
    }
    symmetricEigen(matrix, n).values.forEach((value, k) =>
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 13),
    );
  });

  test('that is graded keeps its small eigenvalue to full relative accuracy', () => {
    // Exact: the determinant is 1e-20 * (1 - 0.25), the trace 1 + 1e-20.
    const { values } = symmetricEigen([1, 0.5e-10, 0.5e-10, 1e-20], 2);
    expect(values[0]! / 0.75e-20).toBeCloseTo(1, 13);
  });

  test('that is diagonal or zero needs nothing', () => {
    expect([...symmetricEigen([3, 0, 0, -1], 2).values]).toEqual([-1, 3]);
    expect([...symmetricEigen([0, 0, 0, 0], 2).values]).toEqual([0, 0]);
  });

  test('is refused where it is not one', () => {
    expect(() => symmetricEigen([1, 2, 3], 2)).toThrow(/n x n elements, got 3 for n = 2/);
    expect(() => symmetricEigen([1, 2, NaN, 3], 2)).toThrow(/element \[1, 0\] is NaN/);
  });
});

describe('Lanczos', () => {
  test('finds the ends of the spectrum, as far off as it says at most', () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values } = symmetricEigen(matrix, n);
        const { smallest, largest, error, products } = extremeEigenvalues(
          (v, out) => out.set(times(matrix, n, v)),
          n,
        );
        expect(products).toBeLessThanOrEqual(n);
        const size = Math.max(1, Math.abs(values[0]!), Math.abs(values[n - 1]!));
        expect(Math.abs(smallest - values[0]!)).toBeLessThan(error + 1e-12 * size);
        expect(Math.abs(largest - values[n - 1]!)).toBeLessThan(error + 1e-12 * size);
      }),
    );
  });

  test('needs few products of a large matrix with separated ends', () => {
    const n = 2000;
    const { smallest, largest, products } = extremeEigenvalues(
      (v, out) => v.forEach((x, i) => (out[i] = (i === 0 ? -50 : i === 1 ? 100 : i / n) * x)),
      n,
    );
    expect(products).toBeLessThan(30);
    expect(smallest).toBeCloseTo(-50, 9);
    expect(largest).toBeCloseTo(100, 9);
  });

  test('stops when the space is exhausted: two eigenvalues need two products', () => {
    const { smallest, largest, products } = extremeEigenvalues(
      (v, out) => v.forEach((x, i) => (out[i] = (i % 2 === 0 ? 3 : 7) * x)),
      10,
    );
    expect(products).toBe(2);
    expect(smallest).toBeCloseTo(3, 12);
    expect(largest).toBeCloseTo(7, 12);
  });

  test('of the zero operator gives zeros', () => {
    expect(extremeEigenvalues((_, out) => out.fill(0), 5)).toEqual({
      smallest: 0,
      largest: 0,
      error: 0,
      products: 1,
    });
  });

  test('refuses products that are not finite, and options out of range', () => {
    expect(() => extremeEigenvalues((_, out) => out.fill(NaN), 3)).toThrow(/not finite/);
    const identity = (v: Float64Array, out: Float64Array): void => out.set(v);
    expect(() => extremeEigenvalues(identity, 0)).toThrow(/n is 0, expected an integer of 1/);
    expect(() => extremeEigenvalues(identity, 3, { maxProducts: 0 })).toThrow(/maxProducts is 0/);
    expect(() => extremeEigenvalues(identity, 3, { tolerance: -1 })).toThrow(/tolerance is -1/);
  });
});
