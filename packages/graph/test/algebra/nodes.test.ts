/** Rows over the algebra of nodes are graphs that compute what the rows compute over numbers, bit for bit. */
import { evaluate, Graph, nodeAlgebra, numbers, type GraphNode } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementwiseRows, partialAt, valueAt } from '../support/elementwise.ts';

const ordinary = fc.integer({ min: -4000, max: 4000 }).map((i) => i / 1000);
const anything = fc.oneof(
  ordinary,
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN),
);

/** Values and derivatives are built once and evaluated at many points. */
describe.each(elementwiseRows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  const graph = new Graph();
  const kinds = Array.from({ length: row.arity }, (_, k) => row.operandKinds?.[k] ?? 'real');
  const [x, y, z] = kinds.map((kind, k) => graph.input(`operand ${k}`, { kind }));
  const A = nodeAlgebra(graph);
  const [a, b, c] = [x!, y ?? x!, z ?? x!];
  const value = row.value(A, a, b, c);
  const result = graph.input('result', { value: 0 });
  const partials = row.partials.map((partial): GraphNode =>
    typeof partial === 'number' ? graph.constant(partial) : partial(A, result, a, b, c),
  );

  test('value and derivatives', () => {
    const points = fc.tuple(
      ...kinds.map((kind) => (kind === 'boolean' ? fc.constantFrom(0, 1) : anything)),
    );
    fc.assert(
      fc.property(points, (at) => {
        const operands = Object.fromEntries(
          at.map((coordinate, k) => [`operand ${k}`, coordinate]),
        );
        expect(evaluate(value, operands).item()).toBe(valueAt(row, at));
        const feeds = { ...operands, result: valueAt(row, at) };
        expect(evaluate(partials, feeds).map((t) => t.item())).toStrictEqual(
          row.partials.map((_, k) => partialAt(row, k, at)),
        );
      }),
    );
  });
});

test('the algebra of nodes has all that the algebra of numbers has', () => {
  const A = nodeAlgebra(new Graph());
  expect(Object.keys(numbers).filter((name) => !(name in A))).toStrictEqual([]);
});
