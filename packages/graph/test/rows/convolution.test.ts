/** Convolutions, their transposes, windows and pooling, each element by nested loops over indices. */
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  convolution,
  convTranspose1d,
  convTranspose2d,
  flopsOf,
  Graph,
  maxPool1d,
  maxPool2d,
  overlapAdd,
  ShapeError,
  tensor,
  ValueError,
  windows,
  type GraphNode,
  type Shape,
  type Tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectElements, indicesOf, integersOf, tensorOf } from '../support/arrays.ts';

/** One spatial axis of a convolution. */
interface Axis {
  readonly length: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const axis: fc.Arbitrary<Axis> = fc
  .record({
    length: between(1, 6),
    size: between(1, 3),
    stride: between(1, 3),
    dilation: between(1, 2),
    before: between(0, 2),
    after: between(0, 2),
  })
  .filter(
    ({ length, size, dilation, before, after }) =>
      (size - 1) * dilation + 1 <= length + before + after,
  );

const countOf = ({ length, size, stride, dilation, before, after }: Axis): number =>
  Math.floor((length + before + after - (size - 1) * dilation - 1) / stride) + 1;

const optionsOf = (axes: readonly Axis[]) => ({
  stride: axes.map(({ stride }) => stride),
  dilation: axes.map(({ dilation }) => dilation),
  padding: axes.map(({ before, after }) => [before, after] as const),
});

/** The element of an image, 0 around it. */
function at(x: Tensor, index: readonly number[]): number {
  return index.every((i, k) => i >= 0 && i < x.shape[k]!) ? x.at(...index) : 0;
}

/** Where element `k` of window `p` is. */
const place = (axes: readonly Axis[], p: readonly number[], k: readonly number[]): number[] =>
  axes.map(({ stride, dilation, before }, i) => p[i]! * stride + k[i]! * dilation - before);

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The nodes of inputs with these values. */
function inputsOf(...values: readonly Tensor[]): GraphNode[] {
  const graph = new Graph();
  return values.map((value, i) => graph.input(`x${i}`, { value }));
}

/** A batch of images and kernels over it. */
const convolutions = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
    n: between(0, 2),
    groups: between(1, 2),
    channels: between(1, 2),
    outputs: between(1, 2),
  })
  .chain(({ axes, n, groups, channels, outputs }) =>
    fc.record({
      axes: fc.constant(axes),
      groups: fc.constant(groups),
      x: integersOf([n, groups * channels, ...axes.map(({ length }) => length)]),
      w: integersOf([groups * outputs, channels, ...axes.map(({ size }) => size)]),
    }),
  );

/** The convolution by its formula, in the layout of the functions. */
const convolved = (x: Tensor, w: Tensor, axes: readonly Axis[], groups: number): Tensor => {
  const [channels, outputs] = [w.shape[1]!, w.shape[0]! / groups];
  return tensorOf([x.shape[0]!, w.shape[0]!, ...axes.map(countOf)], ([n, o, ...p]) =>
    sum(
      indicesOf(w.shape.slice(1)).map(([c, ...k]) => {
        const channel = Math.floor(o! / outputs) * channels + c!;
        return w.at(o!, c!, ...k) * at(x, [n!, channel, ...place(axes, p, k)]);
      }),
    ),
  );
};

describe('convolutions', () => {
  test('are sums of products over channels and windows', () => {
    fc.assert(
      fc.property(convolutions, ({ axes, groups, x, w }) => {
        const conv = axes.length === 1 ? conv1d : conv2d;
        const [images, kernels] = inputsOf(x, w);
        const result = conv(images!, kernels!, { ...optionsOf(axes), groups });
        const expected = convolved(x, w, axes, groups);
        expectElements(result.tensor, expected.shape, (index) => expected.at(...index));
      }),
      { numRuns: 200 },
    );
  });

  test('with padding "same" have as many windows as elements, or one for each stride', () => {
    const cases = fc.tuple(between(1, 9), between(1, 4), between(1, 3), between(1, 3));
    fc.assert(
      fc.property(cases, ([length, size, stride, dilation]) => {
        const x = tensorOf([1, 1, length], ([, , i]) => i! + 1);
        const w = tensorOf([1, 1, size], ([, , i]) => 10 ** i!);
        const [images, kernels] = inputsOf(x, w);
        const result = conv1d(images!, kernels!, { stride, dilation, padding: 'same' });
        expect(result.shape).toEqual([1, 1, Math.ceil(length / stride)]);
        // No more zeros than needed, and no more than one more after than before.
        const total = Math.max(
          (result.shape[2]! - 1) * stride + (size - 1) * dilation + 1 - length,
          0,
        );
        const before = Math.floor(total / 2);
        const axes = [{ length, size, stride, dilation, before, after: total - before }];
        const expected = convolved(x, w, axes, 1);
        expectElements(result.tensor, expected.shape, (index) => expected.at(...index));
      }),
    );
  });

  test('over no axes and over three', () => {
    const [x, w] = inputsOf(tensor([[[2, 3]], [[5, 7]]]), tensor([[[1, 10]]]));
    expect(convolution(x!, w!).tensor.toArray()).toEqual([[[32]], [[75]]]);
    const cube = tensorOf([1, 1, 1, 2, 2, 2], ([, , , i, j, k]) => 4 * i! + 2 * j! + k!);
    const [y, v] = inputsOf(cube, cube);
    expect(convolution(y!, v!).tensor.data).toEqual(Float64Array.of(140));
  });

  test('cost two operations per element of the result and of a kernel', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2, 1, 3, 8, 8] });
    const w = graph.input('w', { shape: [1, 5, 3, 3, 3] });
    expect(flopsOf(graph.arena, convolution(x, w).id)).toBe(2 * (2 * 5 * 6 * 6) * (3 * 3 * 3));
  });
});

describe('transposed convolutions', () => {
  const cases = convolutions.filter(({ x }) => x.size > 0);

  test('are the transposed maps: <conv(x), S> = <x, convTranspose(S)>', () => {
    const inner = (a: Tensor, b: Tensor): number => {
      expect(a.shape).toEqual(b.shape);
      return sum(Array.from(a.data, (value, i) => value * b.data[i]!));
    };
    const even = (axes: readonly Axis[]): Axis[] =>
      axes.map(({ length, size, stride, dilation, before }) => {
        return { length, size, stride, dilation, before, after: before };
      });
    const pairs = cases
      .filter(({ axes }) => even(axes).every((each) => countOf(each) > 0))
      .chain(({ axes, groups, x, w }) =>
        fc.record({
          axes: fc.constant(even(axes)),
          groups: fc.constant(groups),
          x: fc.constant(x),
          w: fc.constant(w),
          S: integersOf([x.shape[0]!, w.shape[0]!, ...even(axes).map(countOf)]),
        }),
      );
    fc.assert(
      fc.property(pairs, ({ axes, groups, x, w, S }) => {
        const [conv, turned] =
          axes.length === 1
            ? ([conv1d, convTranspose1d] as const)
            : ([conv2d, convTranspose2d] as const);
        const [images, kernels, message] = inputsOf(x, w, S);
        const { stride, dilation } = optionsOf(axes);
        const padding = axes.map(({ before }) => before);
        const outputPadding = axes.map((each) => {
          const spanned = (countOf(each) - 1) * each.stride + (each.size - 1) * each.dilation + 1;
          return each.length + 2 * each.before - spanned;
        });
        const options = { stride, dilation, padding, groups };
        const back = turned(message!, kernels!, { ...options, outputPadding });
        const forward = conv(images!, kernels!, options);
        expect(inner(x, back.tensor)).toBe(inner(forward.tensor, S));
      }),
      { numRuns: 200 },
    );
  });

  test('have the lengths that PyTorch states', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2, 4, 5, 6] });
    const w = graph.input('w', { shape: [4, 3, 3, 2] });
    const options = { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2], dilation: [2, 1] };
    const lengths = [(5 - 1) * 2 - 2 + 2 * 2 + 1 + 1, (6 - 1) * 3 + 1 + 2 + 1];
    expect(convTranspose2d(x, w, options).shape).toEqual([2, 3, ...lengths]);
    expect(convTranspose2d(x, w, { ...options, groups: 2 }).shape).toEqual([2, 6, ...lengths]);
  });
});

describe('windows', () => {
  const cases = fc
    .record({
      lead: fc.array(between(1, 2), { maxLength: 2 }),
      axes: fc.array(axis, { maxLength: 2 }),
    })
    .map(({ lead, axes }) => ({
      lead,
      axes: axes.map((each) => ({
        ...each,
        length: each.length + each.before + each.after,
        before: 0,
        after: 0,
      })),
    }));
  const partsOf = (lead: Shape, axes: readonly Axis[]) => ({
    sizes: axes.map(({ size }) => size),
    image: [...lead, ...axes.map(({ length }) => length)],
    all: [...lead, ...axes.map(({ size }) => size), ...axes.map(countOf)],
  });

  test('hold the elements at stride times window plus dilation times place', () => {
    fc.assert(
      fc.property(cases, ({ lead, axes }) => {
        const { sizes, image, all } = partsOf(lead, axes);
        const x = tensorOf(image, (index) => index.reduce((code, i) => 10 * code + i, 1));
        const { stride, dilation } = optionsOf(axes);
        const result = windows(inputsOf(x)[0]!, sizes, { stride, dilation });
        expectElements(result.tensor, all, (index) => {
          const [k, p] = [
            index.slice(lead.length, lead.length + axes.length),
            index.slice(lead.length + axes.length),
          ];
          return x.at(...index.slice(0, lead.length), ...place(axes, p, k));
        });
      }),
    );
  });

  test('are added where they overlap', () => {
    fc.assert(
      fc.property(cases, ({ lead, axes }) => {
        const { image, all } = partsOf(lead, axes);
        const x = tensorOf(all, (index) => index.reduce((code, i) => 3 * code + i, 1));
        const lengths = axes.map(({ length }) => length);
        const { stride, dilation } = optionsOf(axes);
        const result = overlapAdd(inputsOf(x)[0]!, lengths, { stride, dilation });
        expectElements(result.tensor, image, (index) =>
          sum(
            indicesOf(all)
              .filter((each) => {
                const [k, p] = [
                  each.slice(lead.length, lead.length + axes.length),
                  each.slice(lead.length + axes.length),
                ];
                const there = [...each.slice(0, lead.length), ...place(axes, p, k)];
                return there.every((i, axis) => i === index[axis]);
              })
              .map((each) => x.at(...each)),
          ),
        );
      }),
    );
  });
});

describe('pooling', () => {
  const cases = fc
    .array(axis, { minLength: 1, maxLength: 2 })
    .filter((axes) =>
      axes.every(
        ({ size, dilation, before, after }) =>
          Math.max(before, after) <= Math.floor(((size - 1) * dilation + 1) / 2),
      ),
    )
    .chain((axes) =>
      fc.record({
        axes: fc.constant(axes),
        x: integersOf([2, 2, ...axes.map(({ length }) => length)]),
      }),
    );

  /** The elements of a window that are in the image, and how many it has altogether. */
  const windowAt = (x: Tensor, axes: readonly Axis[], [n, c, ...p]: readonly number[]): number[] =>
    indicesOf(axes.map(({ size }) => size))
      .map((k) => [n!, c!].concat(place(axes, p, k)))
      .filter((index) => index.every((i, axis) => i >= 0 && i < x.shape[axis]!))
      .map((index) => x.at(...index));

  test('takes the largest element, or the mean, of what is in the image', () => {
    fc.assert(
      fc.property(cases, ({ axes, x }) => {
        const [most, mean] =
          axes.length === 1 ? ([maxPool1d, avgPool1d] as const) : ([maxPool2d, avgPool2d] as const);
        const [images] = inputsOf(x);
        const sizes = axes.map(({ size }) => size);
        const options = optionsOf(axes);
        const shape = [2, 2, ...axes.map(countOf)];
        const total = sizes.reduce((product, size) => product * size, 1);
        // A window may lie between the elements of a short axis: nothing is its maximum.
        expectElements(most(images!, sizes, options).tensor, shape, (index) =>
          Math.max(...windowAt(x, axes, index)),
        );
        expectElements(
          mean(images!, sizes, options).tensor,
          shape,
          (index) => sum(windowAt(x, axes, index)) / total,
        );
        const inside = mean(images!, sizes, { ...options, countPadding: false });
        expectElements(inside.tensor, shape, (index) => {
          const elements = windowAt(x, axes, index);
          return sum(elements) / elements.length;
        });
      }),
    );
  });

  test('has windows that do not overlap, unless told otherwise', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [1, 1, 7, 9] });
    expect(maxPool2d(x, [2, 3]).shape).toEqual([1, 1, 3, 3]);
    expect(avgPool2d(x, [2, 3], { stride: 1 }).shape).toEqual([1, 1, 6, 7]);
    expect(maxPool2d(x, 3, { stride: 2, padding: 'same' }).shape).toEqual([1, 1, 4, 5]);
  });
});

describe('what does not fit is refused, and nothing is built', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2, 4, 8, 8] });
  const w = graph.input('w', { shape: [6, 4, 3, 3] });
  const nodes = graph.nodeCount;

  test.each<[string, () => unknown, typeof ShapeError | typeof ValueError, RegExp]>([
    [
      'a rank',
      () => conv1d(x, w),
      ShapeError,
      /conv1d: a batch of images has shape \[images, channels, length\], got an array of rank 4/,
    ],
    [
      'a kernel',
      () => conv2d(x, x.reshape([2, 256])),
      ShapeError,
      /kernels have shape \[outputs, channels of a group, height, width\]/,
    ],
    [
      'channels',
      () => conv2d(x, w, { groups: 2 }),
      ShapeError,
      /4 channels in 2 groups, so kernels need 2 along axis 1, got 4/,
    ],
    [
      'groups',
      () => conv2d(x, w, { groups: 4 }),
      ValueError,
      /groups is an integer from 1 up that divides the channels, 4 and 6, got 4/,
    ],
    [
      'a stride',
      () => conv2d(x, w, { stride: 0 }),
      ValueError,
      /stride takes integers from 1 up, got 0/,
    ],
    [
      'strides',
      () => conv2d(x, w, { stride: [1] }),
      ShapeError,
      /stride takes a number or a list of 2/,
    ],
    [
      'a dilation',
      () => conv2d(x, w, { dilation: 4 }),
      ShapeError,
      /covers 9, but the axis has length 8[^]*pad the operand/,
    ],
    [
      'a padding',
      () => conv2d(x, w, { padding: -1 }),
      ValueError,
      /padding takes integers from 0 up, or pairs of them, got -1/,
    ],
    [
      'paddings',
      () => conv2d(x, w, { padding: [1] }),
      ShapeError,
      /padding takes a number or a list of 2/,
    ],
    [
      'a word',
      () => conv2d(x, w, { padding: 'full' as never }),
      ValueError,
      /'valid' or 'same', got "full"/,
    ],
    [
      'transposed channels',
      () => convTranspose2d(x, w),
      ShapeError,
      /4 channels, so kernels need as many along axis 0, got 6/,
    ],
    [
      'outputPadding',
      () => convTranspose2d(w, x.transpose([1, 0, 2, 3]), { outputPadding: 1 }),
      ValueError,
      /outputPadding \[1, 1\] must be less than the stride/,
    ],
    [
      'what is cut off',
      () => convTranspose2d(w, x.transpose([1, 0, 2, 3]), { padding: 5 }),
      ShapeError,
      /nothing left of axes of lengths \[10, 10\]/,
    ],
    [
      'groups of rows',
      () => convolution(x.reshape([2, 2, 2, 64]), w.reshape([6, 4, 9, 1])),
      ShapeError,
      /2 groups of 2 channels, the kernels are for 6 groups of 9/,
    ],
    [
      'ranks of rows',
      () => convolution(x, w.reshape([6, 4, 9])),
      ShapeError,
      /same number of axes/,
    ],
    [
      'more padding than half a window',
      () => maxPool2d(x, 2, { padding: 2 }),
      ValueError,
      /padding is at most half a window, 1 along spatial axis 0, got 2/,
    ],
    ['a large window', () => maxPool2d(x, 9), ShapeError, /window of 9 elements/],
    ['too many windows', () => windows(x, [1, 1, 1, 1, 1]), ShapeError, /windows over 5 axes/],
    [
      'matrices',
      () => {
        const other = new Graph();
        const input = (...shape: number[]): GraphNode =>
          other.input(`${other.nodeCount}`, { shape });
        return convolution(input(2, 4), input(4, 3));
      },
      ShapeError,
      /three, and the spatial ones/,
    ],
    ['other windows', () => overlapAdd(x, [9]), ShapeError, /counts \[2\]/],
    ['too few axes', () => overlapAdd(x, [1, 1, 1]), ShapeError, /counts \[\]/],
  ])('%s', (_name, build, type, message) => {
    expect(build).toThrow(type);
    expect(build).toThrow(message);
  });

  test('at any of these', () => {
    expect(() => conv2d(x, w, { padding: 1, groups: 3 })).toThrow(ValueError);
    expect(() => maxPool2d(x, 11, { padding: 1 })).toThrow(ShapeError);
    const before = graph.nodeCount;
    expect(() => conv2d(x, w, { padding: 1, dilation: 9 })).toThrow(ShapeError);
    expect(graph.nodeCount).toBe(before);
    expect(nodes).toBe(2);
  });
});
