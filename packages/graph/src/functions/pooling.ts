/** Functions that build nodes: windows over the last axes of arrays, and what is made of each of them. */
import { apply, resultType } from '../apply.ts';
import { ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import * as rows from '../rows/convolution.ts';
import { sizeOf, type Shape } from '../shape.ts';
import { tensor, type Tensor } from '../tensor.ts';
import { add, div } from './arithmetic.ts';
import { pad } from './layout.ts';
import { max, sum } from './reduction.ts';
import {
  type Margins,
  marginsOf,
  type Padding,
  type PerAxis,
  perAxis,
  spatialShape,
} from './spatial.ts';

/** Options of windows; a single number holds for every axis. */
export interface WindowsOptions {
  /** How far apart neighbouring windows are. Default 1. */
  readonly stride?: PerAxis;
  /** How far apart the elements of a window are. Default 1. */
  readonly dilation?: PerAxis;
}

/** Options of pooling; a single number holds for every spatial axis. */
export interface PoolingOptions {
  /** How far apart neighbouring windows are. Default: their size, so that they do not overlap. */
  readonly stride?: PerAxis;
  /** What is around the images, at most half a window. Default 0. */
  readonly padding?: Padding;
  /** How far apart the elements of a window are. Default 1. */
  readonly dilation?: PerAxis;
}

/** Options of the mean over windows. */
export interface AveragePoolingOptions extends PoolingOptions {
  /** Whether zeros around the images count as elements. Default true, as in PyTorch. */
  readonly countPadding?: boolean;
}

/**
 * The windows over the last axes of an array, one axis per entry of `sizes`: [...lead, ...length] becomes
 * [...lead, ...size, ...count], first the axes within a window, then those that say which one. A compiled program
 * reads windows where they are.
 *
 * @throws {@link ShapeError} when a window is longer than its axis; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { evaluate, Graph, windows } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 4, 8] });
 * evaluate(windows(x, [2])).toArray(); // => [[1, 2, 4], [2, 4, 8]]
 * ```
 */
export function windows(
  x: GraphNode,
  sizes: readonly number[],
  options: WindowsOptions = {},
): GraphNode {
  return apply(rows.windows, [x], () => {
    checkNames(undefined, options, ['stride', 'dilation']);
    return {
      sizes: perAxis(sizes, 1, sizes.length, 'sizes'),
      strides: perAxis(options.stride, 1, sizes.length, 'stride'),
      dilations: perAxis(options.dilation, 1, sizes.length, 'dilation'),
    };
  });
}

/**
 * The transpose of {@link windows}: windows are laid over axes of the given lengths, and what overlaps is added.
 *
 * @throws {@link ShapeError} when axes of these lengths have no windows of this shape.
 * @example
 * ```ts
 * import { evaluate, Graph, overlapAdd } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[1, 2, 4], [10, 20, 40]] });
 * evaluate(overlapAdd(x, [4])).toArray(); // => [1, 12, 24, 40]
 * ```
 */
export function overlapAdd(
  x: GraphNode,
  lengths: readonly number[],
  options: WindowsOptions = {},
): GraphNode {
  return apply(rows.overlapAdd, [x], () => {
    checkNames(undefined, options, ['stride', 'dilation']);
    return {
      lengths,
      strides: perAxis(options.stride, 1, lengths.length, 'stride'),
      dilations: perAxis(options.dilation, 1, lengths.length, 'dilation'),
    };
  });
}

/** The windows of pooling, and the elements around the images. */
interface Pooling {
  readonly attributes: rows.WindowsAttributes;
  readonly margins: readonly Margins[];
}

function poolingOf(
  name: string,
  count: number,
  x: GraphNode,
  size: PerAxis,
  options: AveragePoolingOptions,
  known: readonly (keyof AveragePoolingOptions)[] = ['stride', 'padding', 'dilation'],
): Pooling {
  return explain(name, [x], () => {
    checkNames(undefined, options, known);
    const lengths = spatialShape(x.shape, count);
    const sizes = perAxis(size, undefined, count, 'the size of windows');
    const strides = perAxis(options.stride, sizes, count, 'stride');
    const dilations = perAxis(options.dilation, 1, count, 'dilation');
    const margins = marginsOf(options.padding, lengths, sizes, strides, dilations);
    margins.forEach((around, i) => {
      const half = Math.floor(((sizes[i]! - 1) * dilations[i]! + 1) / 2);
      if (Math.max(...around) > half)
        throw new ValueError(
          `padding is at most half a window, ${half} along spatial axis ${i}, got ${Math.max(...around)}`,
        );
    });
    const attributes = { sizes, strides, dilations };
    const shape = paddedShape(x.shape, margins);
    resultType(rows.windows, [{ shape, kind: x.kind }], attributes);
    return { attributes, margins };
  });
}

function paddedShape(shape: Shape, margins: readonly Margins[]): Shape {
  const lead = shape.length - margins.length;
  return shape.map((length, axis) =>
    axis < lead ? length : length + margins[axis - lead]![0] + margins[axis - lead]![1],
  );
}

/** An array over the spatial axes with one value on the elements and another around them. */
function frame(
  lengths: Shape,
  margins: readonly Margins[],
  inside: number,
  around: number,
): Tensor {
  const shape = paddedShape(lengths, margins);
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => {
    let rest = i;
    let isInside = true;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = (rest % shape[axis]!) - margins[axis]![0];
      rest = Math.floor(rest / shape[axis]!);
      if (at < 0 || at >= lengths[axis]!) isInside = false;
    }
    return isInside ? inside : around;
  });
  return tensor(data, { shape });
}

const isPadded = (margins: readonly Margins[]): boolean =>
  margins.some(([before, after]) => before + after > 0);

/** The windows of a batch of images, and their axes. */
function windowsOf(x: GraphNode, { attributes, margins }: Pooling, around: number): GraphNode {
  if (!isPadded(margins)) return apply(rows.windows, [x], attributes);
  const wide = pad(x, [[0, 0], [0, 0], ...margins]);
  const framed = around === 0 ? wide : add(wide, frame(x.shape.slice(2), margins, 0, around));
  return apply(rows.windows, [framed], attributes);
}

const axesOf = ({ attributes }: Pooling): number[] => attributes.sizes.map((_, i) => 2 + i);

function maxPool(
  name: string,
  count: number,
  x: GraphNode,
  size: PerAxis,
  options: PoolingOptions,
): GraphNode {
  const pooling = poolingOf(name, count, x, size, options);
  return max(windowsOf(x, pooling, -Infinity), { axes: axesOf(pooling) });
}

function avgPool(
  name: string,
  count: number,
  x: GraphNode,
  size: PerAxis,
  options: AveragePoolingOptions,
): GraphNode {
  const pooling = poolingOf(name, count, x, size, options, [
    'stride',
    'padding',
    'dilation',
    'countPadding',
  ]);
  const { attributes, margins } = pooling;
  const total = sum(windowsOf(x, pooling, 0), { axes: axesOf(pooling) });
  if ((options.countPadding ?? true) || !isPadded(margins))
    return div(total, sizeOf(attributes.sizes));
  const ones = x.graph.constant(frame(x.shape.slice(2), margins, 1, 0));
  const counts = sum(apply(rows.windows, [ones], attributes), {
    axes: attributes.sizes.map((_, i) => i),
  });
  return div(total, counts);
}

/**
 * The largest element of each window of sequences [n, channels, length]. What is around them never counts. Equal
 * largest elements share the derivative equally, the choice of least norm; PyTorch gives all of it to the first.
 *
 * @param size - elements in a window.
 * @throws {@link ShapeError} when ranks or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { evaluate, Graph, maxPool1d } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[[1, 3, 2, 5]]] });
 * evaluate(maxPool1d(x, 2)).toArray(); // => [[[3, 5]]]
 * evaluate(maxPool1d(x, 3, { stride: 1, padding: 1 })).toArray(); // => [[[3, 3, 5, 5]]]
 * ```
 */
export function maxPool1d(x: GraphNode, size: PerAxis, options: PoolingOptions = {}): GraphNode {
  return maxPool('maxPool1d', 1, x, size, options);
}

/**
 * The largest element of each window of images [n, channels, height, width]; otherwise like {@link maxPool1d}.
 *
 * @throws {@link ShapeError} when ranks or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { Graph, maxPool2d } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [32, 16, 28, 28] });
 * maxPool2d(x, 2).shape; // => [32, 16, 14, 14]
 * ```
 */
export function maxPool2d(x: GraphNode, size: PerAxis, options: PoolingOptions = {}): GraphNode {
  return maxPool('maxPool2d', 2, x, size, options);
}

/**
 * The mean of each window of sequences [n, channels, length], with zeros around them.
 *
 * @param size - elements in a window.
 * @throws {@link ShapeError} when ranks or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { avgPool1d, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[[1, 3, 2, 6]]] });
 * evaluate(avgPool1d(x, 2)).toArray(); // => [[[2, 4]]]
 * ```
 */
export function avgPool1d(
  x: GraphNode,
  size: PerAxis,
  options: AveragePoolingOptions = {},
): GraphNode {
  return avgPool('avgPool1d', 1, x, size, options);
}

/**
 * The mean of each window of images [n, channels, height, width]; otherwise like {@link avgPool1d}.
 *
 * @throws {@link ShapeError} when ranks or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { avgPool2d, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [32, 16, 28, 28] });
 * avgPool2d(x, 3, { stride: 2, padding: 1 }).shape; // => [32, 16, 14, 14]
 * ```
 */
export function avgPool2d(
  x: GraphNode,
  size: PerAxis,
  options: AveragePoolingOptions = {},
): GraphNode {
  return avgPool('avgPool2d', 2, x, size, options);
}
