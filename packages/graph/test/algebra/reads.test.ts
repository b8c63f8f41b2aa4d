/** Saved-value analysis: what a derivative is said not to read, it does not read. */
import { READS_RESULT, numbers, operations, readsOf, type ElementwiseRow } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementwiseRows } from '../support/elementwise.ts';

const withReads = elementwiseRows.flatMap((row) =>
  row.partials.flatMap((partial, k) =>
    typeof partial === 'number' ? [] : [[`${row.name} by operand ${k}`, partial] as const],
  ),
);

const anything = fc.double();

/** The result and the three operands. */
type Leaves = readonly [number, number, number, number];

function replaced(at: Leaves, position: number, value: number): Leaves {
  const changed: [number, number, number, number] = [...at];
  changed[position] = value;
  return changed;
}

describe.each(withReads)('%s', (_name, partial) => {
  const reads = readsOf(partial);

  test('depends on nothing outside its set', () => {
    fc.assert(
      fc.property(fc.tuple(anything, anything, anything, anything), anything, (at, other) => {
        const before = partial(numbers, ...at);
        for (let bit = 0; bit < 4; bit++) {
          if ((reads & (1 << bit)) !== 0) continue;
          const changed = replaced(at, bit, other);
          expect(partial(numbers, ...changed)).toBe(before);
        }
      }),
    );
  });

  test('depends on everything in its set, at some point', () => {
    const points = fc.sample(
      fc.tuple(fc.tuple(anything, anything, anything, anything), fc.integer({ min: -3, max: 3 })),
      { numRuns: 2000, seed: 1 },
    );
    let seen = 0;
    for (const [at, other] of points) {
      for (let bit = 0; bit < 4; bit++) {
        const changed = replaced(at, bit, other);
        if (!Object.is(partial(numbers, ...changed), partial(numbers, ...at))) seen |= 1 << bit;
      }
    }
    expect(seen).toBe(reads);
  });
});

test('the derivatives that save memory read what they should', () => {
  const reads = (name: 'exp' | 'mul' | 'sqrt' | 'tanh' | 'div'): number[] =>
    (operations[name] as ElementwiseRow).partials.map((partial) =>
      typeof partial === 'number' ? 0 : readsOf(partial),
    );
  const [x, y] = [2, 4];
  expect(reads('exp')).toStrictEqual([READS_RESULT]);
  expect(reads('sqrt')).toStrictEqual([READS_RESULT]);
  expect(reads('tanh')).toStrictEqual([x]);
  expect(reads('mul')).toStrictEqual([y, x]);
  expect(reads('div')).toStrictEqual([y, READS_RESULT | y]);
});
