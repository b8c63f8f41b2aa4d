/** Arrays split, repeated, turned round and sorted, against index arithmetic. */
import {
  argSort,
  concat,
  diagonal,
  embedding,
  evaluate,
  flip,
  Graph,
  type GraphNode,
  repeat,
  roll,
  sort,
  split,
  take,
  tensor,
  type Tensor,
  tile,
  toInteger,
  topK,
  tril,
  triu,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { axesOf, eitherSign, expectElements, integerTensors } from '../support/arrays.ts';

const node = (value: Tensor): GraphNode => new Graph().input('x', { value });

/** An array, one of its axes, and the axis in either way of counting it. */
const withAxis = integerTensors(1, 3).chain((a) =>
  fc
    .integer({ min: 0, max: a.shape.length - 1 })
    .chain((axis) => fc.tuple(fc.constant(a), fc.constant(axis), eitherSign(axis, a.shape.length))),
);

/** The index with another number at one axis. */
const moved = (index: readonly number[], axis: number, to: number): number[] =>
  index.map((i, k) => (k === axis ? to : i));

test('split takes an array apart, and concat puts it together', () => {
  fc.assert(
    fc.property(withAxis, fc.nat(3), ([a, axis, spelled], first) => {
      const x = node(a);
      const length = a.shape[axis]!;
      const lengths = [Math.min(first, length), Math.max(length - first, 0)];
      const parts = split(x, lengths, spelled);
      expect(parts.map((part) => part.shape[axis])).toStrictEqual(lengths);
      expect(concat(parts, spelled).tensor.toArray()).toStrictEqual(a.toArray());
      const equal = split(x, Math.max(length, 1), axis);
      expect(concat(equal, axis).tensor.toArray()).toStrictEqual(a.toArray());
    }),
  );
});

test('flip reads backwards', () => {
  const chosen = integerTensors(0, 3).chain((a) =>
    fc.tuple(fc.constant(a), axesOf(a.shape.length)),
  );
  fc.assert(
    fc.property(chosen, ([a, axes]) => {
      const back = (index: readonly number[]): number[] =>
        index.map((i, axis) => (axes.includes(axis) ? a.shape[axis]! - 1 - i : i));
      expectElements(flip(node(a), axes).tensor, a.shape, (index) => a.at(...back(index)));
    }),
  );
});

test('roll moves elements round', () => {
  fc.assert(
    fc.property(withAxis, fc.integer({ min: -7, max: 7 }), ([a, axis, spelled], shift) => {
      const length = a.shape[axis]!;
      expectElements(roll(node(a), shift, spelled).tensor, a.shape, (index) =>
        a.at(...moved(index, axis, (((index[axis]! - shift) % length) + length) % length)),
      );
    }),
  );
});

test('repeat and tile', () => {
  fc.assert(
    fc.property(withAxis, fc.nat(3), ([a, axis, spelled], count) => {
      const shape = moved(a.shape, axis, a.shape[axis]! * count);
      expectElements(repeat(node(a), count, spelled).tensor, shape, (index) =>
        a.at(...moved(index, axis, Math.floor(index[axis]! / count))),
      );
      const counts = a.shape.map((_, i) => (i === axis ? count : 1));
      expectElements(tile(node(a), [2, ...counts]).tensor, [2, ...shape], ([, ...index]) =>
        a.at(...moved(index, axis, index[axis]! % a.shape[axis]!)),
      );
      expect(tile(node(a), [count]).shape).toStrictEqual(
        moved(a.shape, a.shape.length - 1, a.shape.at(-1)! * count),
      );
    }),
  );
});

test('triu, tril and diagonal of stacks of matrices', () => {
  fc.assert(
    fc.property(integerTensors(2, 4), fc.integer({ min: -4, max: 4 }), (a, offset) => {
      const distance = (index: readonly number[]): number => index.at(-1)! - index.at(-2)!;
      const x = node(a);
      const [upper, lower, middle] = evaluate([
        triu(x, offset),
        tril(x, offset),
        diagonal(x, offset),
      ]);
      expectElements(upper, a.shape, (index) => (distance(index) >= offset ? a.at(...index) : 0));
      expectElements(lower, a.shape, (index) => (distance(index) <= offset ? a.at(...index) : 0));
      const [rows, columns] = a.shape.slice(-2) as [number, number];
      let length = 0;
      for (let i = 0; i < rows; i++) if (i + offset >= 0 && i + offset < columns) length++;
      expectElements(middle, [...a.shape.slice(0, -2), length], (index) => {
        const i = index.at(-1)! - Math.min(offset, 0);
        return a.at(...index.slice(0, -1), i, i + offset);
      });
    }),
  );
});

test('sort, argSort and topK agree with the sorting of lists', () => {
  fc.assert(
    fc.property(withAxis, fc.boolean(), fc.nat(3), ([a, axis, spelled], descending, k) => {
      const x = node(a);
      const count = Math.min(k, a.shape[axis]!);
      const top = topK(x, count, { axis: spelled, largest: descending });
      const lists = (index: readonly number[]): [number, number][] =>
        Array.from({ length: a.shape[axis]! }, (_, i): [number, number] => [
          a.at(...moved(index, axis, i)),
          i,
        ]).sort(([p, i], [q, j]) => (descending ? q - p : p - q) || i - j);
      const place = (index: readonly number[]): number => lists(index)[index[axis]!]![1];
      const value = (index: readonly number[]): number => lists(index)[index[axis]!]![0];
      expectElements(sort(x, { axis: spelled, descending }).tensor, a.shape, value);
      expectElements(argSort(x, { axis: spelled, descending }).tensor, a.shape, place);
      expectElements(top.values.tensor, moved(a.shape, axis, count), value);
      expectElements(top.indices.tensor, moved(a.shape, axis, count), place);
      expect(top.indices.kind).toBe('integer');
    }),
  );
});

test('NaN comes last in either order', () => {
  const x = node(tensor([2, NaN, 1, NaN, 3]));
  expect(sort(x).tensor.toArray()).toStrictEqual([1, 2, 3, NaN, NaN]);
  expect(sort(x, { descending: true }).tensor.toArray()).toStrictEqual([3, 2, 1, NaN, NaN]);
  expect(argSort(x, { descending: true }).tensor.toArray()).toStrictEqual([4, 0, 2, 1, 3]);
});

test('take reads listed positions, negative ones from the back; embedding reads rows', () => {
  const x = node(
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  );
  expect(take(x, [2, -3]).tensor.toArray()).toStrictEqual([
    [5, 6],
    [1, 2],
  ]);
  expect(take(x, [1], 1).tensor.toArray()).toStrictEqual([[2], [4], [6]]);
  const at = x.graph.constant(tensor([[0], [2]], { kind: 'integer' }));
  expect(take(x, at).tensor.toArray()).toStrictEqual(embedding(x, at).tensor.toArray());
});

test('what does not fit fails before anything is built, and says why', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [4, 2] });
  const count = graph.nodeCount;
  expect(() => split(x, 3)).toThrow('axis 0 of length 4 cannot be split into 3 equal parts');
  expect(() => split(x, [1, 2])).toThrow('parts of lengths [1, 2] have 3 elements, axis 0 has 4');
  expect(() => split(x, 0)).toThrow('the number of parts is an integer from 1 up, got 0');
  expect(() => roll(x, 0.5)).toThrow('roll: the shift is an integer, got 0.5');
  expect(() => repeat(x, -1)).toThrow('repeat: the count is an integer from 0 up, got -1');
  expect(() => tile(x, [1.5])).toThrow('tile: a count is an integer from 0 up, got 1.5');
  expect(() => flip(x, 2)).toThrow('flip: axis 2 does not exist');
  expect(() => topK(x, 5, { axis: 0 })).toThrow('k is an integer from 0 to 4');
  expect(() => take(x, [4])).toThrow('take: index 4 is outside an axis of length 4');
  expect(() => triu(x.sum())).toThrow('triu: the operand needs at least two axes');
  expect(() => diagonal(x, 0.5)).toThrow('diagonal: the offset is an integer, got 0.5');
  expect(graph.nodeCount).toBe(count + 1);
});

test('concat wants operands of one kind', () => {
  const x = new Graph().input('x', { shape: [4] });
  expect(() => concat([x, toInteger(x)])).toThrow('one kind, got real and integer');
});
