import { type GraphNode, matmul, softplus, Tensor } from '@ad/graph';
import { gradientDescent, minimize } from '@ad/optim';
import {
  descentMargins,
  expectDescent,
  expectLyapunovBound,
  lyapunovSteps,
  smoothness,
  TheoryError,
} from '@ad/optim/theory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quadratics } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

const [ROWS, COLUMNS] = [5, 3];

/** A random matrix, and the largest eigenvalue of its square by power iteration from outside, rounded up. */
const matrices = fc
  .array(between(-2, 2), { minLength: ROWS * COLUMNS, maxLength: ROWS * COLUMNS })
  .map((elements) => ({
    matrix: new Tensor([ROWS, COLUMNS], 'real', Float64Array.from(elements)),
    // The Frobenius norm is never less than the spectral one.
    squaredNorm: elements.reduce((sum, x) => sum + x * x, 0),
  }))
  .filter(({ squaredNorm }) => squaredNorm > 0.01);

const starts = fc
  .array(between(-3, 3), { minLength: COLUMNS, maxLength: COLUMNS })
  .map((elements) => Float64Array.from(elements));

/** Functions whose smoothness is known. */
const FAMILIES = {
  'logistic losses, of smoothness |A|^2 / 4': {
    make: (matrix: Tensor) => (x: GraphNode) => softplus(matmul(x.graph.constant(matrix), x)).sum(),
    factor: 0.25,
    lowest: 0,
  },
  'sums of 1 - cos(Ax), not convex, of smoothness |A|^2': {
    make: (matrix: Tensor) => (x: GraphNode) =>
      matmul(x.graph.constant(matrix), x).cos().neg().add(1).sum(),
    factor: 1,
    lowest: 0,
  },
} as const;

describe.each(Object.entries(FAMILIES))('%s', (_, { make, factor, lowest }) => {
  test('satisfy the descent lemma in every step, and the Lyapunov bound after every number of steps', () => {
    fc.assert(
      fc.property(matrices, starts, ({ matrix, squaredNorm }, start) => {
        const beta = factor * squaredNorm;
        const { trajectory } = minimize(make(matrix), start, {
          method: gradientDescent({ smoothness: beta }),
          maxIterations: 40,
          gradientTolerance: 0,
          trajectory: true,
        });
        if (trajectory!.length < 2) return;
        expectDescent(trajectory!, { smoothness: beta });
        expectLyapunovBound(trajectory!, { smoothness: beta, lowerBound: lowest });
      }),
      { numRuns: 40 },
    );
  });

  test('are never more curved than that', () => {
    fc.assert(
      fc.property(matrices, starts, ({ matrix, squaredNorm }, start) => {
        expect(smoothness(make(matrix), [start])).toBeLessThanOrEqual(
          factor * squaredNorm * (1 + 1e-12),
        );
      }),
      { numRuns: 30 },
    );
  });
});

test('quadratics satisfy it with their largest eigenvalue, and along its eigenvector with equality', () => {
  fc.assert(
    fc.property(quadratics(4, 0.1, 8), ({ f, eigenvalues, start }) => {
      const beta = Math.max(...eigenvalues);
      const { trajectory } = minimize(f, start, {
        method: gradientDescent({ smoothness: beta }),
        maxIterations: 20,
        gradientTolerance: 0,
        trajectory: true,
      });
      expectDescent(trajectory!, { smoothness: beta });
    }),
    { numRuns: 30 },
  );
  const { trajectory } = minimize((x: GraphNode) => x.square().mul(3), 2, {
    method: gradientDescent({ smoothness: 6 }),
    maxIterations: 1,
    trajectory: true,
  });
  expect([...descentMargins(trajectory!, 6)]).toEqual([0]);
});

test('a point with a small gradient is reached within 2 M beta / eps^2 steps', () => {
  fc.assert(
    fc.property(matrices, starts, ({ matrix, squaredNorm }, start) => {
      const f = FAMILIES['sums of 1 - cos(Ax), not convex, of smoothness |A|^2'].make(matrix);
      const tolerance = 0.3;
      const { value } = minimize(f, start, { maxIterations: 0 });
      const limit = lyapunovSteps({ gap: value, smoothness: squaredNorm, tolerance });
      const { iterations, converged } = minimize(f, start, {
        method: gradientDescent({ smoothness: squaredNorm }),
        gradientTolerance: tolerance,
        maxIterations: Math.ceil(limit),
      });
      expect(converged).toBe(true);
      expect(iterations).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 30 },
  );
});

test('a step that is too long is found out', () => {
  const { trajectory } = minimize((x: GraphNode) => x.square().mul(3), 2, {
    method: gradientDescent({ stepSize: 0.3 }),
    maxIterations: 3,
    trajectory: true,
  });
  expect(() => expectDescent(trajectory!, { smoothness: 1 / 0.3 })).toThrow(TheoryError);
});

test('mistakes are named', () => {
  const points = [{ value: 1, gradientNorm: 1 }];
  expect(() => expectDescent(points, { smoothness: 1 })).toThrow(/1 points, expected two or more/);
  expect(() => descentMargins([...points, ...points], 0)).toThrow(/smoothness is 0/);
  expect(() =>
    expectLyapunovBound([...points, ...points], { smoothness: 1, lowerBound: 2 }),
  ).toThrow(/value 1, not at least the lower bound 2/);
  expect(() => lyapunovSteps({ gap: -1, smoothness: 1, tolerance: 1 })).toThrow(/gap is -1/);
});
