/**
 * Rows: convolution over any number of axes, its windows, and their transposes. The transposes of a convolution are
 * convolutions again: of the message with the kernel turned round, and of the operand with the message.
 */
import { lowerConvolution, lowerOverlapAdd } from '../lowering/convolution/lower.ts';
import { checkShape, formatShape, sizeOf, stridesOf, type Shape } from '../shape.ts';
import type { Type } from '../tensor.ts';
import { moveAxes } from './batch.ts';
import { reshape, transpose } from './layout.ts';
import { pad, slice } from './parts.ts';
import { type BilinearRow, type Builder, type LinearRow, RuleViolation } from './row.ts';
import { strongBilinear } from './strong.ts';
import { readAt, viewPositions, windowStrides } from './views.ts';

/** The attributes of a convolution, per spatial axis: how far apart windows are, and elements within a window. */
export interface ConvolutionAttributes {
  readonly [name: string]: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The attributes of windows, per axis: elements in a window, distance of windows, and of elements within one. */
export interface WindowsAttributes {
  readonly [name: string]: readonly number[];
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The attributes of a sum of overlapping windows, per axis: the length of the result, and as for windows. */
export interface OverlapAddAttributes {
  readonly [name: string]: readonly number[];
  readonly lengths: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The axes before the spatial ones of both operands of a convolution. */
const LEADING = 3;

function checkPositive(list: readonly number[], count: number, what: string): void {
  if (list.length !== count || list.some((n) => n < 1)) {
    throw new RuleViolation(
      `${what} [${list.join(', ')}] must give a number from 1 up for each of ${count} axes`,
    );
  }
}

/** From the first element of a window to its last. */
const extent = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** How many windows there are along each axis. */
function windowCounts(lengths: Shape, { sizes, strides, dilations }: WindowsAttributes): number[] {
  checkPositive(sizes, lengths.length, 'windows of sizes');
  checkPositive(strides, lengths.length, 'strides');
  checkPositive(dilations, lengths.length, 'dilations');
  return lengths.map((length, i) => {
    const covered = extent(sizes[i]!, dilations[i]!);
    if (covered > length) {
      throw new RuleViolation(
        `a window of ${sizes[i]} elements with dilation ${dilations[i]} covers ${covered}, but the axis has length ${length}`,
        'pad the operand, or choose a smaller window or dilation',
      );
    }
    return Math.floor((length - covered) / strides[i]!) + 1;
  });
}

/**
 * The convolution of a stack of images that have been padded with kernels,
 * [n, g, c, ...length] and [g, o, c, ...size] -> [n, g, o, ...count]: in each of g groups, o kernels over c channels.
 * Kernels are not turned round (the field calls this convolution nevertheless). Layouts, padding and groups as people
 * write them are made by the functions `conv1d` and `conv2d`.
 */
export const convolution: BilinearRow<ConvolutionAttributes> = {
  name: 'convolution',
  family: 'bilinear',
  lower: lowerConvolution,
  arity: 2,
  formula: '\\textstyle\\sum_{c, k} x_{n g c, s p + d k} \\, w_{g o c k}',
  terms: ({ shape }) => termsOf(shape),
  strong: () => strongConvolution,
  attributes: { strides: 'integers', dilations: 'integers' },
  infer([x, w], { strides, dilations }) {
    if (x!.shape.length < LEADING || x!.shape.length !== w!.shape.length) {
      throw new RuleViolation(
        'both operands need the same number of axes: three, and the spatial ones',
        'rule [n, g, c, ...length], [g, o, c, ...size] -> [n, g, o, ...count]',
      );
    }
    const [n, groups, channels] = x!.shape as [number, number, number];
    const [kernelGroups, outputs, kernelChannels] = w!.shape as [number, number, number];
    if (groups !== kernelGroups || channels !== kernelChannels) {
      throw new RuleViolation(
        `the images have ${groups} groups of ${channels} channels, the kernels are for ${kernelGroups} groups of ${kernelChannels}`,
        'rule [n, g, c, ...length], [g, o, c, ...size] -> [n, g, o, ...count]',
      );
    }
    const sizes = w!.shape.slice(LEADING);
    const counts = windowCounts(x!.shape.slice(LEADING), { sizes, strides, dilations });
    return { shape: [n, groups, outputs, ...counts], kind: 'real' };
  },
  prepare([x, w], { strides, dilations }, result) {
    const [n, groups, outputs] = result.shape as [number, number, number];
    const along = stridesOf(x!.shape);
    const spatial = along.slice(LEADING);
    const images = viewPositions([n, groups], along.slice(0, 2));
    const terms = viewPositions(w!.shape.slice(2), [
      along[2]!,
      ...spatial.map((stride, i) => stride * dilations[i]!),
    ]);
    const places = viewPositions(
      result.shape.slice(LEADING),
      spatial.map((stride, i) => stride * strides[i]!),
    );
    return (data, [image, kernel]) => {
      data.fill(0);
      let row = 0;
      for (let i = 0; i < images.length; i++) {
        for (let o = 0; o < outputs; o++, row += places.length) {
          let next = ((i % groups) * outputs + o) * terms.length;
          for (let k = 0; k < terms.length; k++) {
            const factor = kernel![next++]!;
            const from = images[i]! + terms[k]!;
            for (let p = 0; p < places.length; p++)
              data[row + p]! += factor * image![from + places[p]!]!;
          }
        }
      }
    };
  },
  transpose(B, S, [x, w], attributes, position) {
    const { shape } = B.typeOf(x!);
    if (position === 0) return transposedConvolution(B, S, w!, attributes, shape.slice(LEADING));
    // Groups aside, channels take the place of images, images that of channels, and the message that of kernels.
    const { strides, dilations } = attributes;
    const counts = B.typeOf(S).shape.slice(LEADING);
    const sizes = B.typeOf(w!).shape.slice(LEADING);
    const used = counts.map(
      (count, i) => (count - 1) * strides[i]! + extent(sizes[i]!, dilations[i]!),
    );
    const lengths = [...shape.slice(0, LEADING), ...used];
    const seen = B.apply(slice, [x!], {
      starts: lengths.map(() => 0),
      lengths,
      steps: lengths.map(() => 1),
    });
    const images = exchanged(B, seen, [2, 1, 0]);
    const kernels = exchanged(B, S, [1, 2, 0]);
    const message = B.apply(convolution, [images, kernels], {
      strides: dilations,
      dilations: strides,
    });
    return exchanged(B, message, [1, 2, 0]);
  },
  batch(B, [x, w], batched, attributes) {
    // Examples are more images where kernels are shared, more kernels where images are, and else more groups.
    const at = batched[1]! ? (batched[0]! ? 1 : 2) : 0;
    const [count, ...example] = B.typeOf(batched[0]! ? x! : w!).shape as [number, ...number[]];
    const images = batched[0]! ? joinBatch(B, x!, at) : x!;
    const kernels = batched[1]! ? joinBatch(B, w!, at - 1) : w!;
    const result = B.apply(convolution, [images, kernels], attributes);
    const { shape } = B.typeOf(result);
    const own = example[batched[0]! ? at : at - 1]!;
    const parted = [...shape.slice(0, at), count, own, ...shape.slice(at + 1)];
    return moveAxes(B, B.apply(reshape, [result], { shape: parted }), at, 1, 0);
  },
};

/** The axis of examples, in front, made part of another axis of each example. */
function joinBatch<V>(B: Builder<V>, x: V, axis: number): V {
  const moved = moveAxes(B, x, 0, 1, axis);
  const { shape } = B.typeOf(moved);
  const joined = [
    ...shape.slice(0, axis),
    shape[axis]! * shape[axis + 1]!,
    ...shape.slice(axis + 2),
  ];
  return B.apply(reshape, [moved], { shape: joined });
}

/** The leading axes in another order; the spatial ones stay. */
function exchanged<V>(B: Builder<V>, x: V, leading: readonly number[]): V {
  const rest = B.typeOf(x).shape.slice(LEADING);
  return B.apply(transpose, [x], {
    permutation: [...leading, ...rest.map((_, i) => LEADING + i)],
  });
}

/**
 * The transpose of convolution with kernels `w`: from the shape of its results back to images of the given lengths.
 * A convolution with the kernels turned round, over `S` with zeros around it and, for strides, between its elements.
 *
 * @internal
 */
export function transposedConvolution<V>(
  B: Builder<V>,
  S: V,
  w: V,
  { strides, dilations }: ConvolutionAttributes,
  lengths: Shape,
): V {
  const kernelShape = B.typeOf(w).shape;
  const sizes = kernelShape.slice(LEADING);
  const counts = B.typeOf(S).shape.slice(LEADING);
  const reach = sizes.map((size, i) => (size - 1) * dilations[i]!);
  const beyond = lengths.map((length, i) => length - (counts[i]! - 1) * strides[i]! - 1);
  const spread = B.apply(pad, [S], {
    before: [0, 0, 0, ...reach],
    after: [0, 0, 0, ...beyond],
    between: [0, 0, 0, ...strides.map((stride) => stride - 1)],
  });
  const turned = B.apply(slice, [w], {
    starts: kernelShape.map((size, axis) => (axis < LEADING ? 0 : size - 1)),
    lengths: kernelShape,
    steps: kernelShape.map((_, axis) => (axis < LEADING ? 1 : -1)),
  });
  return B.apply(convolution, [spread, exchanged(B, turned, [0, 2, 1])], {
    strides: strides.map(() => 1),
    dilations,
  });
}

/**
 * The windows of an array over its last axes, [...lead, ...length] -> [...lead, ...size, ...count]: first the axes
 * within a window, then those that say which window.
 */
export const windows: LinearRow<WindowsAttributes> = {
  name: 'windows',
  family: 'linear',
  lowering: 'windows',
  arity: 1,
  formula: 'x_{s p + d k}',
  attributes: { sizes: 'integers', strides: 'integers', dilations: 'integers' },
  infer([x], attributes) {
    const lead = x!.shape.length - attributes.sizes.length;
    if (lead < 0) {
      throw new RuleViolation(
        `windows over ${attributes.sizes.length} axes need as many, got shape ${formatShape(x!.shape)}`,
      );
    }
    const counts = windowCounts(x!.shape.slice(lead), attributes);
    return { shape: [...x!.shape.slice(0, lead), ...attributes.sizes, ...counts], kind: x!.kind };
  },
  prepare: ([x], attributes, result) =>
    readAt(viewPositions(result.shape, windowStrides(stridesOf(x!.shape), attributes))),
  transpose(B, S, [x], { sizes, strides, dilations }) {
    const { shape } = B.typeOf(x!);
    const lengths = shape.slice(shape.length - sizes.length);
    return B.apply(overlapAdd, [S], { lengths, strides, dilations });
  },
  batch: (B, operands, _batched, attributes) => B.apply(windows, operands, attributes),
};

export const overlapAdd: LinearRow<OverlapAddAttributes> = {
  name: 'overlapAdd',
  family: 'linear',
  lower: lowerOverlapAdd,
  arity: 1,
  formula: '\\textstyle\\sum_{s p + d k = i} x_{k p}',
  attributes: { lengths: 'integers', strides: 'integers', dilations: 'integers' },
  infer([x], { lengths, strides, dilations }) {
    checkShape(lengths, 'the lengths of the result');
    const lead = x!.shape.length - 2 * lengths.length;
    const sizes = x!.shape.slice(Math.max(lead, 0), lead + lengths.length);
    const counts = lead < 0 ? [] : windowCounts(lengths, { sizes, strides, dilations });
    if (lead < 0 || counts.some((count, i) => count !== x!.shape[lead + lengths.length + i])) {
      throw new RuleViolation(
        `axes of lengths [${lengths.join(', ')}] have windows of shape [...lead, ...size, ...count], here with counts [${counts.join(', ')}], got ${formatShape(x!.shape)}`,
      );
    }
    return { shape: [...x!.shape.slice(0, lead), ...lengths], kind: 'real' };
  },
  prepare([x], attributes, result: Type) {
    const positions = viewPositions(x!.shape, windowStrides(stridesOf(result.shape), attributes));
    return (data, [source]) => {
      data.fill(0);
      for (let i = 0; i < positions.length; i++) data[positions[i]!]! += source![i]!;
    };
  },
  transpose(B, S, [x], { lengths, strides, dilations }) {
    const { shape } = B.typeOf(x!);
    const lead = shape.length - 2 * lengths.length;
    const sizes = shape.slice(lead, lead + lengths.length);
    return B.apply(windows, [S], { sizes, strides, dilations });
  },
  batch: (B, operands, _batched, attributes) => B.apply(overlapAdd, operands, attributes),
};

/**
 * The products added up in each element of a convolution's result.
 *
 * @internal
 */
const termsOf = (w: Shape): number => sizeOf(w.slice(2));

export const strongConvolution: BilinearRow<ConvolutionAttributes> = /* @__PURE__ */ strongBilinear(
  'strongConvolution',
  convolution,
);
