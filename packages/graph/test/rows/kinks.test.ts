/** At the points where a derivative is a convention, the row's own table of kinks is the oracle, and it is exact. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations } from '@ad/graph';
import { elementwiseRows, partialsAt, valueAt } from '../support/elementwise.ts';

const kinked = elementwiseRows.filter((row) => (row.kinks ?? []).length > 0);

test('every operation that bends or jumps in its derivative declares a kink', () => {
  expect(new Set(kinked.map((row) => row.name))).toStrictEqual(
    new Set([
      'abs',
      'cbrt',
      'fmod',
      'remainder',
      'selu',
      'xlog1py',
      'xlogy',
      'clamp',
      'elu',
      'hypot',
      'leakyRelu',
      'logAddExp',
      'maximum',
      'minimum',
      'pow',
      'relu',
      'sqrt',
    ]),
  );
});

describe.each(kinked.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  test.each(row.kinks!)('at $at: $why', ({ at, partials }) => {
    expect(at).toHaveLength(row.arity);
    expect(partialsAt(row, at)).toStrictEqual(partials);
    // A convention about a point where the function is not defined would be none.
    expect(valueAt(row, at)).not.toBeNaN();
  });
});

test('the least-norm rules hold at every tie and bound, not only at the listed ones', () => {
  const anything = fc.double({ noNaN: true });
  fc.assert(
    fc.property(anything, anything, (x, y) => {
      expect(partialsAt(row('maximum'), [x, x])).toStrictEqual([0.5, 0.5]);
      expect(partialsAt(row('minimum'), [x, x])).toStrictEqual([0.5, 0.5]);
      const [low, high] = x < y ? [x, y] : [y, x];
      // The derivative in x is 0 at both bounds; one operand alone gets everything.
      for (const bound of [low, high]) {
        const [byX, byLow, byHigh] = partialsAt(row('clamp'), [bound, low, high]);
        expect(byX).toBe(0);
        expect(byLow! + byHigh!).toBe(1);
      }
      expect(partialsAt(row('leakyRelu'), [0, y])[0]).toBe(y);
    }),
  );
});

function row(
  name: 'maximum' | 'minimum' | 'clamp' | 'leakyRelu',
): (typeof elementwiseRows)[number] {
  return operations[name] as (typeof elementwiseRows)[number];
}
