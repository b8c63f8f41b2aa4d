/** How large a step of Adam can be: not as its paper says. */
import { adam } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between } from '../support/numbers.ts';
import { runRule } from '../support/run-rule.ts';

const [B1, B2] = [0.9, 0.999];
/** The bound of the paper (Kingma and Ba 2015, section 2.1), for a rate of 1. */
const CLAIMED = (1 - B1) / Math.sqrt(1 - B2);
/** What follows from the inequality of Cauchy and Schwarz. */
const PROVED = (1 - B1) / Math.sqrt((1 - B2) * (1 - (B1 * B1) / B2));

/** The largest of the steps, for a rate of 1 and bias corrections that are close to 1. */
function largestStep(gradients: readonly number[]): number {
  const points = runRule(
    adam({ learningRate: 1, epsilon: 0 }),
    [0],
    gradients.map((g) => [g]),
  ).map(([x]) => x!);
  // The corrected bound: m by 1 - b1^t, v by 1 - b2^t.
  return Math.max(
    ...points.map((x, i) => {
      const t = i + 1;
      const correction = Math.sqrt(1 - B2 ** t) / (1 - B1 ** t);
      return Math.abs(x - (points[i - 1] ?? 0)) / correction;
    }),
  );
}

test('gradients that grow like (b2 / b1)^t make steps more than twice as large as the bound of the paper', () => {
  const gradients = Array.from({ length: 200 }, (_, t) => (B2 / B1) ** t);
  const largest = largestStep(gradients);
  expect(CLAIMED).toBeCloseTo(3.16, 2);
  expect(largest).toBeGreaterThan(7.2);
  expect(largest).toBeLessThanOrEqual(PROVED * (1 + 1e-12));
});

test('no gradients make steps larger than the bound of Cauchy and Schwarz', () => {
  expect(PROVED).toBeCloseTo(7.27, 2);
  fc.assert(
    fc.property(
      fc.array(between(-1, 1), { minLength: 30, maxLength: 30 }),
      between(0.9, 1.3),
      (signs, growth) => {
        const gradients = signs.map((sign, t) => (sign + Math.sign(sign)) * growth ** t);
        expect(largestStep(gradients)).toBeLessThanOrEqual(PROVED * (1 + 1e-12));
      },
    ),
    { numRuns: 50 },
  );
});
