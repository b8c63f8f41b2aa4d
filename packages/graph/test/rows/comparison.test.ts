/** Comparisons, logic and choice: truth tables, NaN, and no edges for messages. */
import { and, evaluate, Graph, not, operations, or, where } from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { elementwiseRows, valueAt } from '../support/elementwise.ts';

const comparisons: readonly [string, (x: number, y: number) => boolean][] = [
  ['equal', (x, y) => x === y],
  ['notEqual', (x, y) => x !== y],
  ['less', (x, y) => x < y],
  ['lessEqual', (x, y) => x <= y],
  ['greater', (x, y) => x > y],
  ['greaterEqual', (x, y) => x >= y],
];

test.each(comparisons)(
  '%s is the comparison of JavaScript, NaN and signed zeros included',
  (name, compare) => {
    const row = elementwiseRows.find((candidate) => candidate.name === name)!;
    const values = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity));
    const same = values.map((x) => [x, x] as const);
    fc.assert(
      fc.property(fc.oneof(same, fc.tuple(values, values)), ([x, y]) => {
        expect(valueAt(row, [x, y])).toBe(compare(x, y) ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  },
);

test('and, or and not have their truth tables', () => {
  const graph = new Graph();
  const p = graph.input('p', { kind: 'boolean', shape: [4] });
  const q = graph.input('q', { kind: 'boolean', shape: [4] });
  const feeds = { p: [false, false, true, true], q: [false, true, false, true] };
  const [both, either, neither] = evaluate([and(p, q), or(p, q), not(or(p, q))], feeds);
  expect(both.toArray()).toStrictEqual([false, false, false, true]);
  expect(either.toArray()).toStrictEqual([false, true, true, true]);
  expect(neither.toArray()).toStrictEqual([true, false, false, false]);
});

test('operations with boolean results have no edges at all', () => {
  const rows = elementwiseRows.filter((row) => row.resultKind === 'boolean');
  expect(rows).toHaveLength(10);
  for (const row of rows) expect(row.partials).toStrictEqual(row.partials.map(() => 0));
});

test('where takes each element from its branch and the kind from both', () => {
  const graph = new Graph();
  const c = graph.input('c', { value: [true, false] });
  const i = graph.input('i', { kind: 'integer', value: [1, 2] });
  const j = graph.input('j', { kind: 'integer', value: [10, 20] });
  const x = graph.input('x', { value: [0.5, NaN] });
  expect(where(c, i, j).tensor.toArray()).toStrictEqual([1, 20]);
  expect(where(c, i, j).kind).toBe('integer');
  expect(where(c, x, i).kind).toBe('real');
  expect(where(c, x, i).tensor.toArray()).toStrictEqual([0.5, 2]);
  expect(where(c, c, not(c)).kind).toBe('boolean');
});

test('the branch not taken may be NaN or infinite', () => {
  const { where } = operations;
  expect(where.family).toBe('elementwise');
  const row = elementwiseRows.find((candidate) => candidate === where)!;
  fc.assert(
    fc.property(fc.double(), fc.double(), (x, y) => {
      expect(valueAt(row, [1, x, y])).toBe(x);
      expect(valueAt(row, [0, x, y])).toBe(y);
    }),
  );
});
