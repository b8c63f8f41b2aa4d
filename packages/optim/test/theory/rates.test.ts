import { type GraphNode, less, tensor, where } from '@ad/graph';
import { gradientDescent, heavyBall, type Method, minimize, nesterov } from '@ad/optim';
import {
  expectRate,
  gradientDescentRate,
  heavyBallBound,
  heavyBallRate,
  nesterovConvexBound,
  nesterovQuadraticRate,
  nesterovRate,
  optimalStep,
  polyakParameters,
  safeStep,
  safeStepRate,
  TheoryError,
} from '@ad/optim/theory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance, quadratics } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

/** The distances from the minimum of a quadratic along the way of a method. */
function distances(
  f: (x: GraphNode) => GraphNode,
  start: Float64Array,
  center: Float64Array,
  method: Method,
  maxIterations = 60,
): number[] {
  const { trajectory } = minimize(f, start, {
    method,
    maxIterations,
    gradientTolerance: 0,
    trajectory: true,
  });
  return trajectory!.map(({ point }) => distance(point, center));
}

/** A diagonal quadratic with its minimum at 0. */
function diagonal(...eigenvalues: number[]): (x: GraphNode) => GraphNode {
  return (x) => x.square().mul(tensor(eigenvalues)).sum().mul(0.5);
}

const ends = (eigenvalues: readonly number[]) => ({
  smoothness: Math.max(...eigenvalues),
  strongConvexity: Math.min(...eigenvalues),
});

const kappaOf = (eigenvalues: readonly number[]): number =>
  Math.max(...eigenvalues) / Math.min(...eigenvalues);

/** Rounding of the coordinates, next to a first distance of some units. */
const SLACK = { slack: 1e-13 };

describe('gradient descent on quadratics', () => {
  test('with step 2 / (L + mu) contracts by (kappa - 1) / (kappa + 1) in every step', () => {
    fc.assert(
      fc.property(quadratics(4, 0.2, 6), ({ f, eigenvalues, start, center }) => {
        const method = gradientDescent(ends(eigenvalues));
        const errors = distances(f, start, center, method);
        expectRate(errors, gradientDescentRate(kappaOf(eigenvalues)), SLACK);
      }),
      { numRuns: 30 },
    );
  });

  test('exactly so from the plane of the extreme eigenvectors', () => {
    fc.assert(
      fc.property(between(1.5, 50), between(0.1, 3), between(0.1, 3), (kappa, x, y) => {
        const stepSize = optimalStep({ smoothness: kappa, strongConvexity: 1 });
        const method = gradientDescent({ stepSize });
        const start = Float64Array.of(x, 0, y);
        const errors = distances(
          diagonal(1, (1 + kappa) / 2, kappa),
          start,
          new Float64Array(3),
          method,
          20,
        );
        const rate = gradientDescentRate(kappa);
        errors.forEach((error, t) => expect(error / errors[0]!).toBeCloseTo(rate ** t, 11));
      }),
      { numRuns: 30 },
    );
  });

  test('with step 1 / L contracts by 1 - 1 / kappa', () => {
    fc.assert(
      fc.property(quadratics(4, 0.2, 6), ({ f, eigenvalues, start, center }) => {
        const { smoothness } = ends(eigenvalues);
        const method = gradientDescent({ stepSize: safeStep(smoothness) });
        expectRate(distances(f, start, center, method), safeStepRate(kappaOf(eigenvalues)), SLACK);
      }),
      { numRuns: 30 },
    );
  });

  test('diverges with any step beyond 2 / L', () => {
    fc.assert(
      fc.property(between(2.01, 3), between(1, 20), (factor, L) => {
        const method = gradientDescent({ stepSize: factor / L });
        const errors = distances(
          diagonal(1, L),
          Float64Array.of(1, 1),
          new Float64Array(2),
          method,
          300,
        );
        expect(errors.at(-1)).toBeGreaterThan(errors[0]!);
      }),
      { numRuns: 30 },
    );
  });
});

describe("Polyak's heavy ball on quadratics", () => {
  test('stays below (1 + (1 + rho) t) rho^t', () => {
    fc.assert(
      fc.property(quadratics(4, 0.2, 6), ({ f, eigenvalues, start, center }) => {
        const kappa = kappaOf(eigenvalues);
        const errors = distances(f, start, center, heavyBall(ends(eigenvalues)));
        expectRate(errors, (t) => heavyBallBound(kappa, t), SLACK);
      }),
      { numRuns: 30 },
    );
  });

  test('attains that bound along the eigenvector of the largest eigenvalue', () => {
    fc.assert(
      fc.property(between(1.5, 1000), (kappa) => {
        const method = heavyBall(polyakParameters({ smoothness: kappa, strongConvexity: 1 }));
        const errors = distances(
          diagonal(1, kappa),
          Float64Array.of(0, 1),
          new Float64Array(2),
          method,
          12,
        );
        errors.forEach((error, t) => expect(error / heavyBallBound(kappa, t)).toBeCloseTo(1, 6));
      }),
      { numRuns: 30 },
    );
  });

  test('does not obey rho^t at every step, as is often claimed', () => {
    const kappa = 100;
    const method = heavyBall({ smoothness: kappa, strongConvexity: 1 });
    const errors = distances(
      diagonal(1, kappa),
      Float64Array.of(1, 1),
      new Float64Array(2),
      method,
    );
    expect(() => expectRate(errors, heavyBallRate(kappa))).toThrow(TheoryError);
  });
});

describe('Nesterov', () => {
  test('on strongly convex quadratics obeys (1 - 1 / sqrt kappa)^t', () => {
    fc.assert(
      fc.property(quadratics(4, 0.2, 6), ({ f, eigenvalues, start, center }) => {
        const { strongConvexity } = ends(eigenvalues);
        const { trajectory } = minimize(f, start, {
          method: nesterov(ends(eigenvalues)),
          maxIterations: 60,
          gradientTolerance: 0,
          trajectory: true,
        });
        const first = trajectory![0]!.value + (strongConvexity / 2) * distance(start, center) ** 2;
        const rate = nesterovRate(kappaOf(eigenvalues));
        for (const { iteration, value } of trajectory!)
          expect(value).toBeLessThanOrEqual(rate ** iteration * first + 1e-13 * first);
      }),
      { numRuns: 30 },
    );
  });

  test('on convex functions obeys 2 L |x0 - x*|^2 / (t + 1)^2, curved or flat at the minimum', () => {
    fc.assert(
      fc.property(between(-3, 3), fc.constantFrom(2, 4, 6), (start, power) => {
        // Convex on the way from the start; its curvature is largest at the start.
        const f = (x: GraphNode): GraphNode => x.pow(power);
        const L = power * (power - 1) * Math.max(1e-3, Math.abs(start)) ** (power - 2);
        const { trajectory } = minimize(f, start, {
          method: nesterov({ smoothness: L }),
          maxIterations: 80,
          gradientTolerance: 0,
          trajectory: true,
        });
        for (const { iteration, value } of trajectory!) {
          const bound = nesterovConvexBound(
            { smoothness: L, distance: Math.abs(start) },
            iteration,
          );
          expect(value).toBeLessThanOrEqual(bound * (1 + 1e-12) + 1e-300);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('tuned for quadratics reaches its rate in the limit, which is slower than that of the heavy ball', () => {
    const kappa = 100;
    const root = Math.sqrt(3 * kappa + 1);
    const method = nesterov({ stepSize: 4 / (3 * kappa + 1), momentum: (root - 2) / (root + 2) });
    const errors = distances(
      diagonal(1, 10, kappa),
      Float64Array.of(1, 1, 1),
      new Float64Array(3),
      method,
      200,
    );
    const limit = (errors[200]! / errors[100]!) ** 0.01;
    const rate = nesterovQuadraticRate(kappa);
    // A double root: the distance is of order t rate^t, so the quotient over 100 steps is off by at most 2^(1/100).
    expect(limit).toBeLessThan(rate * 2 ** 0.011);
    expect(limit).toBeGreaterThan(rate * 0.99);
    expect(heavyBallRate(kappa)).toBeLessThan(rate);
  });
});

describe('the function of Lessard, Recht and Packard: strongly convex and smooth, with a cycle of the heavy ball', () => {
  // f'(x) = 25 x below 1, x + 24 from 1 to 2, 25 x - 24 beyond.
  const f = (x: GraphNode): GraphNode => {
    const inner = x.square().mul(12.5);
    const middle = x.square().mul(0.5).add(x.mul(24)).sub(12);
    const outer = x.square().mul(12.5).sub(x.mul(24)).add(36);
    return where(less(x, 1), inner, where(less(x, 2), middle, outer));
  };
  const curvatures = { smoothness: 25, strongConvexity: 1 };
  const last = (method: Method, start: number, steps = 500): number[] =>
    minimize(f, start, {
      method,
      maxIterations: steps,
      gradientTolerance: 0,
      trajectory: true,
    })
      .trajectory!.slice(-3)
      .map(({ point }) => point);

  test.each([3.1, 3.2, 3.3, 3.4, 3.46])('from %d it cycles for ever', (start) => {
    const cycle = [...last(heavyBall(curvatures), start)].sort((a, b) => a - b);
    [-1.8024, 0.6465, 2.1159].forEach((x, k) => expect(cycle[k]).toBeCloseTo(x, 3));
  });

  test.each([3, 5])('from %d it converges', (start) => {
    for (const x of last(heavyBall(curvatures), start)) expect(Math.abs(x)).toBeLessThan(1e-6);
  });

  test('gradient descent and Nesterov converge from all of them', () => {
    for (const start of [3, 3.1, 3.3, 3.46, 5]) {
      for (const method of [gradientDescent(curvatures), nesterov(curvatures)])
        expect(Math.abs(last(method, start).at(-1)!)).toBeLessThan(1e-6);
    }
  });
});

test('arguments out of range are named', () => {
  expect(() => gradientDescentRate(0.5)).toThrow(/condition number is 0.5/);
  expect(() => heavyBallBound(4, -1)).toThrow(/t is -1/);
  expect(() => optimalStep({ smoothness: 1, strongConvexity: 2 })).toThrow(/strongConvexity is 2/);
  expect(() => safeStep(0)).toThrow(/smoothness is 0/);
  expect(() => nesterovConvexBound({ smoothness: 1, distance: -1 }, 0)).toThrow(/distance is -1/);
  expect(() => expectRate([], 0.5)).toThrow(/no errors/);
});
