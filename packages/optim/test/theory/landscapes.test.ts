/** Where gradient descent and Newton's method end on functions that are not convex. */
import { type GraphNode, tensor } from '@ad/graph';
import { gradientDescent, minimize, newton } from '@ad/optim';
import { expectRate, expectStationary, safeStepRate } from '@ad/optim/theory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

describe('x^2 + 3 sin^2 x: not convex, with the inequality of Polyak and Łojasiewicz for mu = 1/32', () => {
  // Karimi, Nutini and Schmidt (2016), figure 1. The second derivative is 2 + 6 cos 2x, so L = 8.
  const f = (x: GraphNode): GraphNode => x.square().add(x.sin().square().mul(3));
  const [L, mu] = [8, 1 / 32];

  test('gradient descent lowers the value by 1 - mu / L in every step, from anywhere', () => {
    fc.assert(
      fc.property(between(-20, 20), (start) => {
        const { trajectory } = minimize(f, start, {
          method: gradientDescent({ smoothness: L }),
          maxIterations: 200,
          gradientTolerance: 0,
          trajectory: true,
        });
        expectRate(
          trajectory!.map(({ value }) => value),
          safeStepRate(L / mu),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('x^2 / 2 + y^4 / 4 - y^2 / 2: a strict saddle between two minima', () => {
  const f = (v: GraphNode): GraphNode => {
    const weights = tensor([0.5, -0.5]);
    const quartic = v.pow(4).mul(tensor([0, 0.25]));
    return v.square().mul(weights).add(quartic).sum();
  };
  const method = gradientDescent({ stepSize: 0.2 });

  test('the points are what the second-order test says', () => {
    expectStationary(f, Float64Array.of(0, 0), 'saddle');
    expectStationary(f, Float64Array.of(0, 1), 'minimum');
    expectStationary(f, Float64Array.of(0, -1), 'minimum');
  });

  test('gradient descent from the stable manifold stalls at the saddle', () => {
    fc.assert(
      fc.property(between(-3, 3), (x) => {
        const { minimizer, converged } = minimize(f, Float64Array.of(x, 0), { method });
        expect(converged).toBe(true);
        expect(Math.hypot(...minimizer)).toBeLessThan(1e-6);
      }),
      { numRuns: 30 },
    );
  });

  test('from any perturbed start it escapes to a minimum', () => {
    fc.assert(
      fc.property(between(-3, 3), fc.integer({ min: -12, max: -1 }), (x, exponent) => {
        const { minimizer } = minimize(f, Float64Array.of(x, 10 ** exponent), { method });
        expect(minimizer[1]).toBeCloseTo(1, 6);
      }),
      { numRuns: 30 },
    );
  });

  test("plain Newton is attracted by the saddle, the safeguarded variant isn't", () => {
    fc.assert(
      fc.property(between(-0.4, 0.4), between(0.05, 0.4), (x, y) => {
        const start = Float64Array.of(x, y);
        const plain = minimize(f, start, { method: newton({ variant: 'plain' }) });
        expect(Math.hypot(...plain.minimizer)).toBeLessThan(1e-6);
        const safe = minimize(f, start, { method: newton() });
        expectStationary(f, safe.minimizer, 'minimum');
      }),
      { numRuns: 30 },
    );
  });
});

test('plain Newton climbs to the maximum of a hill', () => {
  const hill = (x: GraphNode): GraphNode => x.cos();
  const { minimizer } = minimize(hill, 0.5, { method: newton({ variant: 'plain' }) });
  expectStationary(hill, minimizer, 'maximum');
});
