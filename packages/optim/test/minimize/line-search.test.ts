import { slice } from '@ad/graph';
import type { GraphNode } from '@ad/graph';
import {
  backtracking,
  type LineFunction,
  type LineSearch,
  lbfgs,
  minimize,
  strongWolfe,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

/** Lines with a minimum somewhere, of shapes that are hard in different ways. */
const lines: fc.Arbitrary<LineFunction> = fc
  .record({
    kind: fc.constantFrom('quadratic', 'quartic', 'waves', 'barrier', 'flat then steep'),
    at: between(0.01, 100),
    scale: between(0.1, 10),
  })
  .map(({ kind, at, scale }) => {
    const of = (value: (t: number) => number, slope: (t: number) => number): LineFunction => {
      return (step) => ({
        step,
        value: scale * value(step / at),
        slope: (scale * slope(step / at)) / at,
      });
    };
    if (kind === 'quadratic')
      return of(
        (t) => (t - 1) ** 2,
        (t) => 2 * (t - 1),
      );
    if (kind === 'quartic')
      return of(
        (t) => (t - 1) ** 4,
        (t) => 4 * (t - 1) ** 3,
      );
    if (kind === 'waves') {
      return of(
        (t) => (t - 1) ** 2 + 0.1 * Math.sin(20 * t),
        (t) => 2 * (t - 1) + 2 * Math.cos(20 * t) - 2.5,
      );
    }
    if (kind === 'barrier')
      return of(
        (t) => -Math.log(2 - t) - t,
        (t) => 1 / (2 - t) - 1,
      );
    return of(
      (t) => Math.exp(3 * (t - 1)) - 2 * t,
      (t) => 3 * Math.exp(3 * (t - 1)) - 2,
    );
  })
  // The waves' slope is made up so that it is negative at 0; a slope must be that of the value.
  .filter(
    (line) =>
      line(0).slope < 0 &&
      Math.abs((line(1e-6).value - line(-1e-6).value) / 2e-6 - line(0).slope) < 1e-3,
  );

const firstSteps = between(-6, 6).map((e) => 10 ** e);

describe('strong Wolfe', () => {
  test.each([0.1, 0.5, 0.9])('both conditions hold for the step found, c2 = %f', (curvature) => {
    const search = strongWolfe({ curvature });
    fc.assert(
      fc.property(lines, firstSteps, (line, firstStep) => {
        const start = line(0);
        const found = search(line, start, firstStep);
        expect(found).toMatchObject({ found: true, quality: 'full' });
        const { step } = found;
        const { value, slope } = line(step);
        expect(step).toBeGreaterThan(0);
        expect(value).toBeLessThanOrEqual(start.value + 1e-4 * step * start.slope);
        expect(Math.abs(slope)).toBeLessThanOrEqual(curvature * Math.abs(start.slope));
      }),
    );
  });

  test('they hold at every step of L-BFGS', () => {
    const steps: { value: number; slope: number }[] = [];
    const watched: LineSearch = (line, start, firstStep) => {
      const found = strongWolfe()(line, start, firstStep);
      // What is allowed, less what is there.
      const { value, slope } = line(found.step);
      if (found.found && found.quality === 'full') {
        steps.push({
          value: start.value + 1e-4 * found.step * start.slope - value,
          slope: 0.9 * Math.abs(start.slope) - Math.abs(slope),
        });
      }
      return found;
    };
    const f = (x: GraphNode): GraphNode => {
      const [a, b] = [slice(x, [{ end: 19 }]), slice(x, [{ start: 1 }])];
      return b.sub(a.square()).square().mul(100).add(a.sub(1).square()).sum();
    };
    const { iterations } = minimize(f, new Float64Array(20).fill(-1), {
      method: lbfgs({ lineSearch: watched }),
    });
    for (const { value, slope } of steps) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(slope).toBeGreaterThanOrEqual(0);
    }
    expect(steps.length).toBeGreaterThan(iterations - 5);
  });
});

test('backtracking finds the first step of its sequence that satisfies the condition', () => {
  fc.assert(
    fc.property(lines, firstSteps, between(0.1, 0.9), (line, firstStep, contraction) => {
      const start = line(0);
      const isEnough = (step: number): boolean =>
        line(step).value <= start.value + 1e-4 * step * start.slope;
      let expected = firstStep;
      while (!isEnough(expected)) expected *= contraction;
      const found = backtracking({ contraction, maxTrials: 1000 })(line, start, firstStep);
      expect(found).toMatchObject({ found: true, step: expected });
    }),
  );
});

describe.each([
  ['backtracking', backtracking()],
  ['strongWolfe', strongWolfe()],
] as const)('%s', (_name, search) => {
  test('steps that are not finite are shortened, and counted', () => {
    // Undefined beyond 1.
    const line: LineFunction = (step) => ({
      step,
      value: -Math.sqrt(1 - step),
      slope: -0.5 / Math.sqrt(1 - step) + 1,
    });
    const start = { step: 0, value: 0, slope: -1 };
    const walled: LineFunction = (step) =>
      step >= 1 ? line(step) : { step, value: (step - 0.5) ** 2 - 0.25, slope: 2 * (step - 0.5) };
    const found = search(walled, start, 4);
    expect(found.found).toBe(true);
    expect(found.nonFinite).toBeGreaterThan(0);
    expect(found.step).toBeLessThan(1);
  });

  test('a direction that does not lead downhill is not searched', () => {
    for (const slope of [0, 1, Number.NaN]) {
      const line: LineFunction = () => {
        throw new Error('not to be called');
      };
      const found = search(line, { step: 0, value: 0, slope }, 1);
      expect(found).toMatchObject({ found: false, reason: 'not descent', trials: 0 });
    }
  });

  test('a slope that is wrong finds no decrease, in a bounded number of trials', () => {
    const line: LineFunction = (step) => ({ step, value: step, slope: 1 });
    const found = search(line, { step: 0, value: 0, slope: -1 }, 1);
    expect(found).toMatchObject({ found: false, reason: 'no decrease' });
    expect(found.trials).toBeLessThanOrEqual(60);
  });

  test('a line that is finite nowhere says so', () => {
    const line: LineFunction = (step) => ({ step, value: Number.NaN, slope: Number.NaN });
    const found = search(line, { step: 0, value: 0, slope: -1 }, 1);
    expect(found).toMatchObject({ found: false, reason: 'not finite' });
  });
});

describe('lines that fall for ever', () => {
  const start = { step: 0, value: 0, slope: -1 };
  const falling: LineFunction = (step) => ({ step, value: -step, slope: -1 });

  test('are named by the strong Wolfe search', () => {
    expect(strongWolfe()(falling, start, 1)).toMatchObject({ found: false, reason: 'unbounded' });
  });

  test('give the longest step where few trials are allowed', () => {
    expect(strongWolfe({ maxTrials: 3 })(falling, start, 1)).toMatchObject({
      found: true,
      quality: 'decrease',
      step: 100,
    });
  });

  test('satisfy Armijo at once', () => {
    expect(backtracking()(falling, start, 1)).toMatchObject({ found: true, step: 1 });
  });
});
