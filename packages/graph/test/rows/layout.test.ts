/** Reshaping, permuting, repeating, slicing, padding and joining, element by element. */
import {
  concat,
  expandDims,
  Graph,
  type GraphNode,
  pad,
  ShapeError,
  slice,
  type SliceRange,
  squeeze,
  stack,
  type Tensor,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  broadcastableShapes,
  broadcastAt,
  eitherSign,
  expectElements,
  indicesOf,
  integersOf,
  integerTensors,
  permutationsOf,
  shapes,
  tensorOf,
} from '../support/arrays.ts';

const inputOf = (value: Tensor): GraphNode => new Graph().input('x', { value });

/** The elements in reading order. */
const inOrder = (a: Tensor): number[] => indicesOf(a.shape).map((index) => a.at(...index));

test('reshape keeps the elements in reading order', () => {
  // A shape of the same size: the axes merged pairwise at random, with ones put in.
  const cases = integerTensors().chain((a) =>
    fc
      .tuple(fc.constant(a), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
      .map(([x, merge]) => {
        const target: number[] = merge[4]! ? [1] : [];
        x.shape.forEach((d, axis) => {
          if (merge[axis]! && target.length > 0) target[target.length - 1]! *= d;
          else target.push(d);
        });
        return [x, target] as const;
      }),
  );
  fc.assert(
    fc.property(cases, ([a, target]) => {
      const elements = inOrder(a);
      const reshaped = inputOf(a).reshape(target).tensor;
      expect(reshaped.shape).toStrictEqual(target);
      expect(inOrder(reshaped)).toStrictEqual(elements);
      expect(reshaped.kind).toBe(a.kind);
    }),
  );
});

test('reshape finds the one free dimension', () => {
  const x = inputOf(tensorOf([2, 6], ([i, j]) => 6 * i! + j!));
  expect(x.reshape([3, -1]).shape).toStrictEqual([3, 4]);
  expect(x.reshape([-1]).shape).toStrictEqual([12]);
  expect(x.reshape([2, -1, 2, 3]).shape).toStrictEqual([2, 1, 2, 3]);
  expect(() => x.reshape([-1, 5])).toThrow(ShapeError);
  expect(() => x.reshape([-1, -1])).toThrow(ShapeError);
  expect(() => x.reshape([0, -1])).toThrow(ShapeError);
  expect(() => x.reshape([-2, 6])).toThrow(ShapeError);
});

test('transpose permutes indices', () => {
  const cases = integerTensors().chain((a) =>
    permutationsOf(a.shape.length).chain((axes) =>
      fc.tuple(
        fc.constant(a),
        fc.constant(axes),
        fc.tuple(...axes.map((axis) => eitherSign(axis, axes.length))),
      ),
    ),
  );
  fc.assert(
    fc.property(cases, ([a, axes, spelled]) => {
      const shape = axes.map((axis) => a.shape[axis]!);
      expectElements(inputOf(a).transpose(spelled).tensor, shape, (index) => {
        const source = new Array<number>(axes.length);
        axes.forEach((axis, i) => (source[axis] = index[i]!));
        return a.at(...source);
      });
    }),
  );
});

test('transpose without axes reverses them', () => {
  fc.assert(
    fc.property(integerTensors(), (a) => {
      const shape = [...a.shape].reverse();
      expectElements(inputOf(a).transpose().tensor, shape, (index) =>
        a.at(...[...index].reverse()),
      );
    }),
  );
});

test('broadcastTo repeats', () => {
  const cases = broadcastableShapes(2).chain(({ operands: [shape], result }) =>
    fc.tuple(integersOf(shape!), fc.constant(result)),
  );
  fc.assert(
    fc.property(cases, ([a, target]) => {
      expectElements(inputOf(a).broadcastTo(target).tensor, target, (index) =>
        broadcastAt(a, index),
      );
    }),
  );
});

test('broadcastTo keeps all axes', () => {
  const x = new Graph().input('x', { shape: [1, 3] });
  expect(() => x.broadcastTo([3])).toThrow('[1, 3] cannot be repeated to [3]');
});

test('expandDims and squeeze undo each other', () => {
  const cases = integerTensors(0, 3).chain((a) =>
    fc
      .integer({ min: 0, max: a.shape.length })
      .chain((axis) =>
        fc.tuple(fc.constant(a), fc.constant(axis), eitherSign(axis, a.shape.length + 1)),
      ),
  );
  fc.assert(
    fc.property(cases, ([a, axis, spelled]) => {
      const wide = expandDims(inputOf(a), spelled);
      expect(wide.shape).toStrictEqual([...a.shape.slice(0, axis), 1, ...a.shape.slice(axis)]);
      expectElements(squeeze(wide, spelled).tensor, a.shape, (index) => a.at(...index));
    }),
  );
});

test('squeeze drops all axes of length 1, or those named', () => {
  const x = inputOf(tensorOf([1, 3, 1], ([, j]) => j!));
  expect(squeeze(x).shape).toStrictEqual([3]);
  expect(squeeze(x, -1).shape).toStrictEqual([1, 3]);
  expect(squeeze(x, [0, 2]).shape).toStrictEqual([3]);
  expect(() => squeeze(x, 1)).toThrow(
    /squeeze: axis 1 has length 3; .*\n  operand 1: #0 "x" = input of shape \[1, 3, 1\]/,
  );
  expect(() => squeeze(x, 3)).toThrow(ValueError);
});

/** The indices that a range reads: its bounds clamped to the axis, then counted through one by one. */
function pythonSlice({ start, end, step = 1 }: SliceRange, length: number): number[] {
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const clamped = (i: number): number => {
    const fromFront = i < 0 ? i + length : i;
    return fromFront < lowest ? lowest : fromFront > highest ? highest : fromFront;
  };
  const read: number[] = [];
  let i = start === undefined ? (step > 0 ? lowest : highest) : clamped(start);
  const stop = end === undefined ? (step > 0 ? highest : lowest) : clamped(end);
  for (; step > 0 ? i < stop : i > stop; i += step) read.push(i);
  return read;
}

test('slice reads what Python reads, forwards and backwards, clamped to the axis', () => {
  const bound = fc.integer({ min: -7, max: 7 });
  const range = fc.record(
    { start: bound, end: bound, step: fc.constantFrom(-3, -2, -1, 1, 2, 3) },
    { requiredKeys: [] },
  ) as fc.Arbitrary<SliceRange>;
  const cases = fc
    .array(fc.constantFrom(0, 1, 2, 5), { maxLength: 3 })
    .chain((shape) => fc.tuple(integersOf(shape), fc.array(range, { maxLength: shape.length })));
  fc.assert(
    fc.property(cases, ([a, ranges]) => {
      const read = a.shape.map((length, axis) => pythonSlice(ranges[axis] ?? {}, length));
      const shape = read.map((list) => list.length);
      expectElements(slice(inputOf(a), ranges).tensor, shape, (index) =>
        a.at(...index.map((i, axis) => read[axis]![i]!)),
      );
    }),
    { numRuns: 400 },
  );
});

test('a slice that starts outside of the axis starts at its edge', () => {
  const x = inputOf(tensorOf([5], ([i]) => i!));
  const read = (range: SliceRange): unknown => slice(x, [range]).tensor.toArray();
  expect(read({ start: -9, step: 2 })).toStrictEqual([0, 2, 4]);
  expect(read({ start: 9, step: -2 })).toStrictEqual([4, 2, 0]);
  expect(read({ start: -9, step: -2 })).toStrictEqual([]);
  expect(read({ start: 9, step: 2 })).toStrictEqual([]);
  expect(read({ start: 3, end: -9, step: -3 })).toStrictEqual([3, 0]);
});

test('slices with impossible ranges are refused', () => {
  const x = inputOf(tensorOf([5], ([i]) => i!));
  expect(() => slice(x, [{ step: 0 }])).toThrow(/slice: a step is an integer other than 0, got 0/);
  expect(() => slice(x, [{ step: 0.5 }])).toThrow(ValueError);
  expect(() => slice(x, [{ start: 0.5 }])).toThrow(/start and end are integers, got 0.5/);
  expect(() => slice(x, [{}, {}])).toThrow(/slice: got 2 ranges for 1 axes/);
});

test('pad puts zeros around', () => {
  const cases = integerTensors(0, 3).chain((a) => {
    const zeros = fc.integer({ min: 0, max: 2 });
    const pair = fc.tuple(zeros, zeros);
    return fc.tuple(
      fc.constant(a),
      fc.array(pair, { minLength: a.shape.length, maxLength: a.shape.length }),
    );
  });
  fc.assert(
    fc.property(cases, ([a, padding]) => {
      const shape = a.shape.map((d, axis) => padding[axis]![0] + d + padding[axis]![1]);
      expectElements(pad(inputOf(a), padding).tensor, shape, (index) => {
        const source = index.map((i, axis) => i - padding[axis]![0]);
        return source.every((i, axis) => i >= 0 && i < a.shape[axis]!) ? a.at(...source) : 0;
      });
    }),
  );
});

test('concat joins along an axis, with empty parts too', () => {
  const cases = shapes(1, 3).chain((shape) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: shape.length - 1 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      )
      .chain(([axis, lengths]) => {
        const parts = lengths.map((length) =>
          integersOf(shape.map((d, i) => (i === axis ? length : d))),
        );
        return fc.tuple(fc.tuple(...parts), fc.constant(axis), eitherSign(axis, shape.length));
      }),
  );
  fc.assert(
    fc.property(cases, ([parts, axis, spelled]) => {
      const graph = new Graph();
      const nodes = parts.map((value, k) => graph.input(`part ${k}`, { value }));
      const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
      const shape = parts[0]!.shape.map((d, i) => (i === axis ? total : d));
      expectElements(concat(nodes, spelled).tensor, shape, (index) => {
        let i = index[axis]!;
        const part = parts.find((candidate) => {
          if (i < candidate.shape[axis]!) return true;
          i -= candidate.shape[axis]!;
          return false;
        })!;
        return part.at(...index.map((at, k) => (k === axis ? i : at)));
      });
    }),
  );
});

test('stack puts a new axis anywhere', () => {
  const cases = shapes(0, 3).chain((shape) =>
    fc
      .integer({ min: 0, max: shape.length })
      .chain((axis) =>
        fc.tuple(
          fc.array(integersOf(shape), { minLength: 1, maxLength: 3 }),
          fc.constant(axis),
          eitherSign(axis, shape.length + 1),
        ),
      ),
  );
  fc.assert(
    fc.property(cases, ([parts, axis, spelled]) => {
      const graph = new Graph();
      const nodes = parts.map((value, k) => graph.input(`part ${k}`, { value }));
      const own = parts[0]!.shape;
      const shape = [...own.slice(0, axis), parts.length, ...own.slice(axis)];
      expectElements(stack(nodes, spelled).tensor, shape, (index) =>
        parts[index[axis]!]!.at(...index.filter((_, k) => k !== axis)),
      );
    }),
  );
});

test('layouts keep integers and booleans what they are', () => {
  const graph = new Graph();
  const labels = graph.input('labels', {
    kind: 'integer',
    value: [
      [1, 2],
      [3, 4],
    ],
  });
  const flags = graph.input('flags', { value: [[true, false]] });
  for (const node of [labels, flags]) {
    const { kind } = node;
    const results = [
      node.transpose(),
      node.reshape([-1]),
      slice(node, [{ step: -1 }]),
      pad(node, [
        [1, 0],
        [0, 1],
      ]),
      node.broadcastTo([3, ...node.shape]),
      concat([node, node]),
      stack([node, node]),
    ];
    expect(results.map((result) => result.kind)).toStrictEqual(results.map(() => kind));
    expect(results.map((result) => result.tensor.kind)).toStrictEqual(results.map(() => kind));
  }
});
