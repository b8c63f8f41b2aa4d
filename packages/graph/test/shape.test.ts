/** Shapes, strides and axes. */
import {
  broadcastShapes,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  ShapeError,
  sizeOf,
  stridesOf,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { broadcastStrides, checkShape, reducedShape } from '../src/shape.ts';
import {
  axesOf,
  broadcastableShapes,
  indicesOf,
  permutationsOf,
  shapes,
} from './support/arrays.ts';

test('the size is the number of indices', () => {
  fc.assert(
    fc.property(shapes(), (shape) => {
      expect(sizeOf(shape)).toBe(indicesOf(shape).length);
    }),
  );
});

test('strides number the indices in reading order', () => {
  fc.assert(
    fc.property(shapes(), (shape) => {
      const strides = stridesOf(shape);
      const positions = indicesOf(shape).map((index) =>
        index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0),
      );
      expect(positions).toStrictEqual(positions.map((_, i) => i));
    }),
  );
});

test('broadcast strides are the own strides, and 0 where an axis is stretched', () => {
  fc.assert(
    fc.property(broadcastableShapes(2), ({ operands: [shape], result }) => {
      const own = stridesOf(shape!);
      const lead = result.length - shape!.length;
      const expected = result.map((_, axis) => {
        const mine = axis - lead;
        return mine < 0 || shape![mine] === 1 ? 0 : own[mine]!;
      });
      expect(broadcastStrides(shape!, result)).toStrictEqual(expected);
    }),
  );
});

test('shapes that do not broadcast are named with the axis and the lengths', () => {
  expect(() => broadcastShapes([2, 3], [4, 3])).toThrow(ShapeError);
  expect(() => broadcastShapes([2, 3], [4, 3])).toThrow(
    '[2, 3] and [4, 3] do not broadcast: dimensions 2 and 4 at axis -2 are different and neither is 1',
  );
  expect(() => broadcastShapes([0], [2])).toThrow(/dimensions 0 and 2/);
  expect(broadcastShapes([0], [1])).toStrictEqual([0]);
  expect(broadcastShapes()).toStrictEqual([]);
});

test('two shapes broadcast exactly if every aligned pair of lengths is equal or has a 1', () => {
  fc.assert(
    fc.property(shapes(), shapes(), (a, b) => {
      const pairs = Array.from({ length: Math.min(a.length, b.length) }, (_, k) => [
        a.at(-1 - k),
        b.at(-1 - k),
      ]);
      const fits = pairs.every(([x, y]) => x === y || x === 1 || y === 1);
      let broadcasts = true;
      try {
        broadcastShapes(a, b);
      } catch {
        broadcasts = false;
      }
      expect(broadcasts).toBe(fits);
    }),
  );
});

test('normalizeAxis counts from either end and knows the range', () => {
  expect([0, 1, 2, -3, -2, -1].map((axis) => normalizeAxis(axis, 3))).toStrictEqual([
    0, 1, 2, 0, 1, 2,
  ]);
  expect(() => normalizeAxis(3, 3)).toThrow(
    /axis 3 does not exist: expected an integer from -3 to 2/,
  );
  expect(() => normalizeAxis(-4, 3)).toThrow(ValueError);
  expect(() => normalizeAxis(0.5, 3)).toThrow(ValueError);
  expect(() => normalizeAxis(0, 0)).toThrow(/a scalar has no axes/);
});

test('normalizeAxes sorts, whatever the order and the way of counting', () => {
  const chosen = fc
    .integer({ min: 1, max: 5 })
    .chain((rank) => fc.tuple(fc.constant(rank), permutationsOf(rank), fc.nat(rank), fc.boolean()));
  fc.assert(
    fc.property(chosen, ([rank, order, count, fromBack]) => {
      const axes = order.slice(0, count);
      const spelled = fromBack ? axes.map((axis) => axis - rank) : axes;
      expect(normalizeAxes(spelled, rank)).toStrictEqual([...axes].sort((a, b) => a - b));
    }),
  );
  expect(normalizeAxes(undefined, 3)).toStrictEqual([0, 1, 2]);
  expect(normalizeAxes(-1, 3)).toStrictEqual([2]);
  expect(() => normalizeAxes([0, -3], 3)).toThrow(/axis 0 is named twice in \[0, -3\]/);
});

test('reducedShape drops axes or keeps them with length 1', () => {
  const cases = shapes().chain((shape) => fc.tuple(fc.constant(shape), axesOf(shape.length)));
  fc.assert(
    fc.property(cases, ([shape, axes]) => {
      const kept = reducedShape(shape, axes, true);
      expect(kept).toHaveLength(shape.length);
      expect(kept.filter((_, axis) => !axes.includes(axis))).toStrictEqual(
        reducedShape(shape, axes, false),
      );
      expect(axes.map((axis) => kept[axis])).toStrictEqual(axes.map(() => 1));
    }),
  );
});

test('sameShape compares dimension by dimension', () => {
  fc.assert(
    fc.property(shapes(), shapes(), (a, b) => {
      expect(sameShape(a, b)).toBe(a.join() === b.join() && a.length === b.length);
      expect(sameShape(a, [...a])).toBe(true);
    }),
  );
});

test('checkShape wants a list of non-negative integers of a possible size', () => {
  expect(() => {
    checkShape(3, 'thing');
  }).toThrow(/thing: expected a list of dimensions, got number/);
  expect(() => {
    checkShape([2, -1], 'thing');
  }).toThrow(/thing: dimensions are non-negative integers, got \[2, -1\]; write \[\] for a scalar/);
  expect(() => {
    checkShape(['2'], 'thing');
  }).toThrow(ShapeError);
  expect(() => {
    checkShape([2 ** 16, 2 ** 15], 'thing');
  }).toThrow(/more than 2\^31 - 1/);
  expect(() => {
    checkShape([2 ** 16, 0, 2 ** 16], 'thing');
  }).not.toThrow();
});

test('shapes are written as people write them', () => {
  expect(formatShape([2, 3])).toBe('[2, 3]');
  expect(formatShape([])).toBe('[] (a scalar)');
});

test('checkShape bounds each dimension, also beside a 0, and does not recurse into what it refuses', () => {
  expect(() => {
    checkShape([1e300, 0], 'thing');
  }).toThrow(/thing: \[1e\+300, 0\] has more than 2\^31 - 1 elements/);
  let deep: unknown = [];
  for (let i = 0; i < 1e5; i++) deep = [deep];
  expect(() => {
    checkShape(deep, 'thing');
  }).toThrow(/dimensions are non-negative integers, got \[object\]/);
});
