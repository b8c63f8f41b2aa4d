/** Functions that build nodes: convolutions of batches of images or sequences, and their transposes. */
import { apply, resultType } from '../apply.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import * as rows from '../rows/convolution.ts';
import type { Builder } from '../rows/row.ts';
import { sameShape, type Shape } from '../shape.ts';
import { pad, reshape, slice } from './layout.ts';
import {
  type Margins,
  marginsOf,
  type Padding,
  type PerAxis,
  perAxis,
  SPATIAL,
  spatialShape,
} from './spatial.ts';

/** Options of a convolution; a single number holds for every spatial axis. */
export interface ConvolutionOptions {
  /** How far apart neighbouring windows are. Default 1. */
  readonly stride?: PerAxis;
  /** Zeros around the images. Default 0. */
  readonly padding?: Padding;
  /** How far apart the elements of a window are. Default 1. */
  readonly dilation?: PerAxis;
  /** Into how many groups channels are divided; each kernel sees one group. Default 1. */
  readonly groups?: number;
}

/** Options of a transposed convolution. */
export interface TransposedConvolutionOptions {
  /** Of the convolution that is transposed: how far apart its windows are. Default 1. */
  readonly stride?: PerAxis;
  /** Of the convolution that is transposed: what is cut off here on both sides. Default 0. */
  readonly padding?: PerAxis;
  /** Elements that no window reached, at the end of each axis; less than the stride. Default 0. */
  readonly outputPadding?: PerAxis;
  /** Of the convolution that is transposed. Default 1. */
  readonly dilation?: PerAxis;
  /** Into how many groups channels are divided. Default 1. */
  readonly groups?: number;
}

/** Rules of rows over nodes. */
const NODES: Builder<GraphNode> = {
  apply: (row, operands, attributes) => apply(row, operands, attributes),
  constant: () => {
    throw new Error('these rules need no constants');
  },
  typeOf: (node) => node,
};

/** Checks what both kinds of convolution take and returns the number of groups. */
function checkGroups(groups: number | undefined, channels: number, outputs: number): number {
  const count = groups ?? 1;
  if (!Number.isInteger(count) || count < 1 || channels % count !== 0 || outputs % count !== 0) {
    throw new ValueError(
      `groups is an integer from 1 up that divides the channels, ${channels} and ${outputs}, got ${count}`,
    );
  }
  return count;
}

function checkKernelRank(shape: Shape, count: number, names: string): void {
  if (shape.length !== count + 2) {
    throw new ShapeError(
      `kernels have shape [${names}, ${SPATIAL[count]}], got an array of rank ${shape.length}`,
    );
  }
}

/** `x` with zeros around its last axes, or itself. */
function padded(x: GraphNode, margins: readonly Margins[]): GraphNode {
  if (margins.every(([before, after]) => before + after === 0)) return x;
  const lead = x.shape.slice(0, x.shape.length - margins.length);
  return pad(x, [...lead.map(() => [0, 0] as const), ...margins]);
}

function convolve(
  name: string,
  count: number,
  x: GraphNode,
  w: GraphNode,
  options: ConvolutionOptions,
): GraphNode {
  // Checked as a whole before the first node is built: a failed call leaves nothing behind.
  const { groups, margins, attributes } = explain(name, [x, w], () => {
    checkNames(undefined, options, ['stride', 'padding', 'dilation', 'groups']);
    const lengths = spatialShape(x.shape, count);
    checkKernelRank(w.shape, count, 'outputs, channels of a group');
    const [channels, outputs] = [x.shape[1]!, w.shape[0]!];
    const parts = checkGroups(options.groups, channels, outputs);
    if (w.shape[1] !== channels / parts) {
      throw new ShapeError(
        `the images have ${channels} channels in ${parts} group${parts === 1 ? '' : 's'}, so kernels need ` +
          `${channels / parts} along axis 1, got ${w.shape[1]}`,
      );
    }
    const strides = perAxis(options.stride, 1, count, 'stride');
    const dilations = perAxis(options.dilation, 1, count, 'dilation');
    const sizes = w.shape.slice(2);
    const around = marginsOf(options.padding, lengths, sizes, strides, dilations);
    const full = lengths.map((length, i) => length + around[i]![0] + around[i]![1]);
    const types = [
      { shape: [x.shape[0]!, parts, channels / parts, ...full], kind: x.kind },
      { shape: [parts, outputs / parts, channels / parts, ...sizes], kind: w.kind },
    ];
    resultType(rows.convolution, types, { strides, dilations });
    return { groups: parts, margins: around, attributes: { strides, dilations } };
  });
  const images = padded(x, margins);
  const [n, channels, ...lengths] = images.shape as [number, number, ...number[]];
  const [outputs, , ...sizes] = w.shape as [number, number, ...number[]];
  const result = apply(
    rows.convolution,
    [
      reshape(images, [n, groups, channels / groups, ...lengths]),
      reshape(w, [groups, outputs / groups, channels / groups, ...sizes]),
    ],
    attributes,
  );
  return reshape(result, [n, outputs, ...result.shape.slice(3)]);
}

function convolveTransposed(
  name: string,
  count: number,
  x: GraphNode,
  w: GraphNode,
  options: TransposedConvolutionOptions,
): GraphNode {
  const { groups, margins, lengths, attributes } = explain(name, [x, w], () => {
    checkNames(undefined, options, ['stride', 'padding', 'outputPadding', 'dilation', 'groups']);
    const counts = spatialShape(x.shape, count);
    checkKernelRank(w.shape, count, 'channels, outputs of a group');
    const channels = x.shape[1]!;
    const parts = checkGroups(options.groups, channels, channels);
    if (w.shape[0] !== channels) {
      throw new ShapeError(
        `the images have ${channels} channels, so kernels need as many along axis 0, got ${w.shape[0]}`,
      );
    }
    const strides = perAxis(options.stride, 1, count, 'stride');
    const dilations = perAxis(options.dilation, 1, count, 'dilation');
    const cut = perAxis(options.padding, 0, count, 'padding', 0);
    const extra = perAxis(options.outputPadding, 0, count, 'outputPadding', 0);
    if (extra.some((n, i) => n >= strides[i]!))
      throw new ValueError(`outputPadding [${extra.join(', ')}] must be less than the stride`);
    const full = counts.map(
      (n, i) => (n - 1) * strides[i]! + (w.shape[2 + i]! - 1) * dilations[i]! + 1 + extra[i]!,
    );
    if (counts.some((n, i) => n < 1 || w.shape[2 + i]! < 1 || 2 * cut[i]! >= full[i]!)) {
      throw new ShapeError(
        `there is nothing left of axes of lengths [${full.join(', ')}] after cutting off [${cut.join(', ')}] on both sides`,
      );
    }
    return { groups: parts, margins: cut, lengths: full, attributes: { strides, dilations } };
  });
  const [n, channels, ...counts] = x.shape as [number, number, ...number[]];
  const [, outputs, ...sizes] = w.shape as [number, number, ...number[]];
  const whole = rows.transposedConvolution(
    NODES,
    reshape(x, [n, groups, channels / groups, ...counts]),
    reshape(w, [groups, channels / groups, outputs, ...sizes]),
    attributes,
    lengths,
  );
  const images = reshape(whole, [n, groups * outputs, ...lengths]);
  const inner = lengths.map((length, i) => length - 2 * margins[i]!);
  if (sameShape(inner, lengths)) return images;
  const ranges = inner.map((length, i) => ({ start: margins[i]!, end: margins[i]! + length }));
  return slice(images, [{}, {}, ...ranges]);
}

/**
 * Convolution of sequences: `x` of shape [n, channels, length] with kernels [outputs, channels / groups, size] gives
 * [n, outputs, count], the layout of PyTorch. As usual in networks, kernels are not turned round:
 * $y_{n o p} = \sum_{c, k} w_{o c k} \, x_{n, c, s p + d k}$ for stride $s$ and dilation $d$. Costs two operations per
 * element of the result and of a kernel.
 *
 * @throws {@link ShapeError} when ranks, channels or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { conv1d, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: [[[1, 2, 4, 8]]] });
 * const w = graph.input('w', { value: [[[-1, 1]]] });
 * evaluate(conv1d(x, w)).toArray(); // => [[[1, 2, 4]]]
 * evaluate(conv1d(x, w, { padding: 'same' })).toArray(); // => [[[1, 2, 4, -8]]]
 * ```
 */
export function conv1d(x: GraphNode, w: GraphNode, options: ConvolutionOptions = {}): GraphNode {
  return convolve('conv1d', 1, x, w, options);
}

/**
 * Convolution of images: `x` of shape [n, channels, height, width] with kernels
 * [outputs, channels / groups, height, width] gives [n, outputs, height, width], the layout of PyTorch (NCHW, OIHW);
 * otherwise like {@link conv1d}.
 *
 * @throws {@link ShapeError} when ranks, channels or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { conv2d, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [32, 3, 28, 28] });
 * const w = graph.input('w', { shape: [16, 3, 3, 3] });
 * conv2d(x, w).shape; // => [32, 16, 26, 26]
 * conv2d(x, w, { padding: 'same', stride: 2 }).shape; // => [32, 16, 14, 14]
 * ```
 */
export function conv2d(x: GraphNode, w: GraphNode, options: ConvolutionOptions = {}): GraphNode {
  return convolve('conv2d', 2, x, w, options);
}

/**
 * The transpose of {@link conv1d} with respect to its images: `x` of shape [n, channels, count] with kernels
 * [channels, outputs / groups, size] gives sequences of length
 * $(count - 1) s + d (size - 1) + 1 + outputPadding - 2\,padding$, as in PyTorch.
 *
 * @throws {@link ShapeError} when ranks, channels or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { convTranspose1d, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: [[[1, 10]]] });
 * const w = graph.input('w', { value: [[[1, 2, 3]]] });
 * evaluate(convTranspose1d(x, w, { stride: 2 })).toArray(); // => [[[1, 2, 13, 20, 30]]]
 * ```
 */
export function convTranspose1d(
  x: GraphNode,
  w: GraphNode,
  options: TransposedConvolutionOptions = {},
): GraphNode {
  return convolveTransposed('convTranspose1d', 1, x, w, options);
}

/**
 * The transpose of {@link conv2d} with respect to its images: `x` of shape [n, channels, height, width] with kernels
 * [channels, outputs / groups, height, width]; otherwise like {@link convTranspose1d}.
 *
 * @throws {@link ShapeError} when ranks, channels or lengths do not fit; {@link ValueError} for options out of range.
 * @example
 * ```ts
 * import { convTranspose2d, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [8, 16, 7, 7] });
 * const w = graph.input('w', { shape: [16, 4, 2, 2] });
 * convTranspose2d(x, w, { stride: 2 }).shape; // => [8, 4, 14, 14]
 * ```
 */
export function convTranspose2d(
  x: GraphNode,
  w: GraphNode,
  options: TransposedConvolutionOptions = {},
): GraphNode {
  return convolveTransposed('convTranspose2d', 2, x, w, options);
}

/**
 * The convolution of which {@link conv1d} and {@link conv2d} are made, for any number of spatial axes:
 * [n, g, c, ...length] with [g, o, c, ...size] gives [n, g, o, ...count], in each of g groups on its own.
 *
 * @throws {@link ShapeError} when the shapes do not fit.
 * @example
 * ```ts
 * import { convolution, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [2, 1, 3, 8, 8, 8] });
 * const w = graph.input('w', { shape: [1, 5, 3, 2, 2, 2] });
 * convolution(x, w, { stride: 2 }).shape; // => [2, 1, 5, 4, 4, 4]
 * ```
 */
export function convolution(
  x: GraphNode,
  w: GraphNode,
  options: Pick<ConvolutionOptions, 'stride' | 'dilation'> = {},
): GraphNode {
  return apply(rows.convolution, [x, w], () => {
    checkNames(undefined, options, ['stride', 'dilation']);
    const count = Math.max(x.shape.length - 3, 0);
    return {
      strides: perAxis(options.stride, 1, count, 'stride'),
      dilations: perAxis(options.dilation, 1, count, 'dilation'),
    };
  });
}
