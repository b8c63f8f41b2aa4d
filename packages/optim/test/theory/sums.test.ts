/** Theorems about sums over all steps: Zoutendijk's condition and the regret of Adagrad. */
import { adagrad, lbfgs, minimize } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quadratics } from '../support/functions.ts';
import { between } from '../support/numbers.ts';
import { runRule } from '../support/run-rule.ts';

test('with Wolfe steps the sum of cos^2 |g|^2 is at most (f(x0) - f*) L / (c1 (1 - c2))', () => {
  const [c1, c2] = [1e-4, 0.9];
  fc.assert(
    fc.property(quadratics(5, 0.2, 9), ({ f, matrix, eigenvalues, center, start }) => {
      const { trajectory } = minimize(f, start, {
        method: lbfgs({ memory: 2 }),
        maxIterations: 30,
        trajectory: true,
      });
      const n = start.length;
      let sum = 0;
      for (let t = 0; t + 1 < trajectory!.length; t++) {
        const [x, next] = [trajectory![t]!.point, trajectory![t + 1]!.point];
        const step = Array.from(x, (xi, i) => next[i]! - xi);
        const g = step.map((_, i) =>
          step.reduce((total, _s, j) => total + matrix[i * n + j]! * (x[j]! - center[j]!), 0),
        );
        const along = g.reduce((total, gi, i) => total + gi * step[i]!, 0);
        const length = Math.hypot(...step);
        sum += length === 0 ? 0 : (along / length) ** 2;
      }
      const bound = (trajectory![0]!.value * Math.max(...eigenvalues)) / (c1 * (1 - c2));
      expect(sum).toBeLessThanOrEqual(bound);
      // And of the order that the function itself can give: it is no empty bound.
      expect(sum).toBeLessThanOrEqual(100 * trajectory![0]!.value * Math.max(...eigenvalues));
    }),
    { numRuns: 30 },
  );
});

test('the regret of Adagrad is at most (D^2 / 2a + a) sum_i |g_i|, against any fixed point', () => {
  const pairs = fc.array(fc.tuple(between(-3, 3), between(-3, 3)), {
    minLength: 40,
    maxLength: 40,
  });
  fc.assert(
    fc.property(pairs, between(0.05, 1), between(-1, 1), between(-1, 1), (slopes, rate, u, v) => {
      const start = [0, 0];
      const after = runRule(adagrad({ learningRate: rate }), start, slopes);
      const points = [start, ...after.slice(0, -1)];
      const fixed = [u, v];
      let [regret, D] = [0, 0];
      slopes.forEach((g, t) => {
        for (const i of [0, 1] as const) {
          regret += g[i] * (points[t]![i]! - fixed[i]!);
          D = Math.max(D, Math.abs(points[t]![i]! - fixed[i]!));
        }
      });
      const norms = [0, 1].map((i) => Math.hypot(...slopes.map((g) => g[i]!)));
      const bound = ((D * D) / (2 * rate) + rate) * (norms[0]! + norms[1]!);
      expect(regret).toBeLessThanOrEqual(bound * (1 + 1e-9));
    }),
    { numRuns: 50 },
  );
});
