/** Running sums, products and maxima, against loops. */
import { cumMax, cumProd, cumSum, Graph, type GraphNode } from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eitherSign, expectElements, integerTensors } from '../support/arrays.ts';

const chosen = integerTensors(1, 3).chain((a) =>
  fc
    .integer({ min: 0, max: a.shape.length - 1 })
    .chain((axis) => fc.tuple(fc.constant(a), fc.constant(axis), eitherSign(axis, a.shape.length))),
);

test.each<[string, (x: GraphNode, axis?: number) => GraphNode, (x: number, y: number) => number]>([
  ['cumSum', (x, axis) => cumSum(x, axis), (x, y) => x + y],
  ['cumProd', (x, axis) => cumProd(x, axis), (x, y) => x * y],
  ['cumMax', (x, axis) => cumMax(x, axis), (x, y) => Math.max(x, y)],
])('%s folds what comes before', (_name, cumulate, fold) => {
  fc.assert(
    fc.property(chosen, ([a, axis, spelled]) => {
      const x = new Graph().input('x', { value: a });
      expectElements(cumulate(x, spelled).tensor, a.shape, (index) => {
        const before = Array.from({ length: index[axis]! + 1 }, (_, i) =>
          a.at(...index.map((at, k) => (k === axis ? i : at))),
        );
        return before.reduce(fold);
      });
    }),
  );
  const row = new Graph().input('x', { value: [[1, 2, 3, 4, 5, 6, 7]] });
  expect(cumulate(row).tensor.toArray()).toStrictEqual(cumulate(row, 1).tensor.toArray());
});
