/** Layers that shift and scale what comes in to mean 0 and variance 1, each over other elements. */
import {
  formatShape,
  type GraphNode,
  rsqrt,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
  ValueError,
} from '@ad/graph';
import {
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
  POSITIVE_INTEGER,
  UP_TO_ONE,
} from '../options.ts';
import { zeros } from './initializers.ts';
import type { Model } from './model.ts';

/** Options of layers that normalise. */
export interface NormOptions {
  /** Added to the variance, so that there is no division by 0. Default 1e-5. */
  readonly epsilon?: number;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
  /** How much of the running statistics a step replaces, from 0 to 1. Default 0.1. */
  readonly momentum?: number;
}

/** The parameters of a layer that normalises. */
export type NormParameters = {
  /** What the normalised elements are multiplied with; starts at 1. */
  readonly scale: Tensor;
  /** What is added then; starts at 0. */
  readonly offset: Tensor;
};

/** The parameters of {@link rmsNorm}. */
export type ScaleParameters = Pick<NormParameters, 'scale'>;

/** The parameters of {@link batchNorm}; `mean` and `variance` are state that training replaces, not learned. */
export type BatchNormParameters = NormParameters & {
  /** The running mean of each channel; starts at 0. */
  readonly mean: Tensor;
  /** The running variance of each channel; starts at 1. */
  readonly variance: Tensor;
};

const ones = (shape: Shape): Tensor =>
  new Tensor(shape, 'real', new Float64Array(sizeOf(shape)).fill(1));

function epsilonOf(
  caller: string,
  options: NormOptions,
  known: readonly string[],
  usual: number,
): number {
  checkNames(caller, options, known);
  return numberOption(caller, 'epsilon', options.epsilon, usual, NON_NEGATIVE);
}

/** Mean 0 and variance 1 over axes; the variance is that of these elements, without a correction. */
function standardized(x: GraphNode, axes: readonly number[], epsilon: number): GraphNode {
  const centered = x.sub(x.mean({ axes, keepDims: true }));
  const variance = centered.square().mean({ axes, keepDims: true });
  return centered.mul(rsqrt(variance.add(epsilon)));
}

const lastAxes = (x: GraphNode, count: number): number[] =>
  Array.from({ length: count }, (_, k) => x.shape.length - count + k);

/**
 * Layer normalisation: each sample (and position) has mean 0 and variance 1 over its last axes, and is scaled and shifted
 * by what is learned for each of their elements.
 *
 * @param shape - the last axes, or the length of the last one.
 * @throws `ValueError` when a length is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when
 * it is applied to other last axes.
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
 * @example
 * ```ts
 * import { layerNorm, predict } from '@ad/optim';
 *
 * const layer = layerNorm(2);
 * predict(layer, layer.init(0), [[1, 3]]).data[1]; // ≈ 1.0000
 * ```
 */
export function layerNorm(shape: number | Shape, options: NormOptions = {}): Model<NormParameters> {
  const epsilon = epsilonOf('layerNorm', options, ['epsilon'], 1e-5);
  const axes = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(axes)) {
    throw new ValueError(
      `layerNorm: shape is ${describeValue(shape)}, expected the length of the last axis, or a list of lengths`,
    );
  }
  for (const length of axes)
    numberOption('layerNorm', 'shape', length, Number.NaN, POSITIVE_INTEGER);
  const name = `layerNorm(${axes.join(', ')})`;
  return {
    name,
    init: () => ({ scale: ones(axes), offset: zeros(axes) }),
    apply({ scale, offset }, x) {
      checkLast(name, x, axes);
      return standardized(x, lastAxes(x, axes.length), epsilon).mul(scale).add(offset);
    },
  };
}

/**
 * Each sample (and position) divided by the root of the mean of squares over its last axis, and scaled.
 *
 * @throws `ValueError` when the size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when
 * it is applied to another last axis.
 * Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019. The default of epsilon is 1e-6
 * (PyTorch: the spacing of numbers at 1).
 * @example
 * ```ts
 * import { predict, rmsNorm } from '@ad/optim';
 *
 * const layer = rmsNorm(2);
 * predict(layer, layer.init(0), [[3, 3]]).data[0]; // ≈ 1.000000
 * ```
 */
export function rmsNorm(size: number, options: NormOptions = {}): Model<ScaleParameters> {
  const epsilon = epsilonOf('rmsNorm', options, ['epsilon'], 1e-6);
  numberOption('rmsNorm', 'size', size, Number.NaN, POSITIVE_INTEGER);
  const name = `rmsNorm(${size})`;
  return {
    name,
    init: () => ({ scale: ones([size]) }),
    apply({ scale }, x) {
      checkLast(name, x, [size]);
      const squares = x.square().mean({ axes: -1, keepDims: true });
      return x.mul(rsqrt(squares.add(epsilon))).mul(scale);
    },
  };
}

/**
 * Group normalisation of `[samples, channels, ...]`: mean 0 and variance 1 over each group of channels of a sample, and a
 * scale and offset for each channel.
 *
 * @throws `ValueError` when a number is not an integer of 1 or more, the groups do not divide the channels, or an option
 * is unknown or wrong; `ShapeError` when it is applied to another number of channels.
 * Source: Y. Wu, K. He, "Group normalization", ECCV 2018.
 * @example
 * ```ts
 * import { groupNorm, predict } from '@ad/optim';
 *
 * const layer = groupNorm(2, 4);
 * predict(layer, layer.init(0), [[1, 3, 10, 30]]).data[3]; // ≈ 1.0000
 * ```
 */
export function groupNorm(
  groups: number,
  channels: number,
  options: NormOptions = {},
): Model<NormParameters> {
  const epsilon = epsilonOf('groupNorm', options, ['epsilon'], 1e-5);
  numberOption('groupNorm', 'groups', groups, Number.NaN, POSITIVE_INTEGER);
  numberOption('groupNorm', 'channels', channels, Number.NaN, POSITIVE_INTEGER);
  if (channels % groups !== 0)
    throw new ValueError(`groupNorm: ${groups} groups do not divide ${channels} channels`);
  const name = `groupNorm(${groups}, ${channels})`;
  return {
    name,
    init: () => ({ scale: ones([channels]), offset: zeros([channels]) }),
    apply({ scale, offset }, x) {
      checkChannels(name, x, channels);
      const grouped = x.reshape([x.shape[0]!, groups, -1]);
      const result = standardized(grouped, [2], epsilon).reshape(x.shape);
      return result.mul(perChannel(scale, x)).add(perChannel(offset, x));
    },
  };
}

/**
 * Batch normalisation of `[samples, channels, ...]`: while training, each channel has mean 0 and variance 1 over the
 * batch; otherwise the running mean and variance stand for those of the batch. Then a scale and offset for each channel.
 *
 * As in PyTorch: with momentum $m$ each step makes the running statistics $(1 - m)$ times what they were plus $m$ times
 * those of the batch, the variance with the divisor $n - 1$.
 *
 * @throws `ValueError` when the number of channels is not an integer of 1 or more, or an option is unknown or wrong;
 * `ShapeError` when it is applied to another number of channels, or trained on one element per channel.
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 * @example
 * ```ts
 * import { batchNorm, predict } from '@ad/optim';
 *
 * const layer = batchNorm(2);
 * const parameters = layer.init(0);
 * predict(layer, { ...parameters, mean: parameters.offset }, [[0, 0]]).toArray(); // => [[0, 0]]
 * ```
 */
export function batchNorm(
  channels: number,
  options: BatchNormOptions = {},
): Model<BatchNormParameters> {
  const epsilon = epsilonOf('batchNorm', options, ['epsilon', 'momentum'], 1e-5);
  const momentum = numberOption('batchNorm', 'momentum', options.momentum, 0.1, UP_TO_ONE);
  numberOption('batchNorm', 'channels', channels, Number.NaN, POSITIVE_INTEGER);
  const name = `batchNorm(${channels})`;
  return {
    name,
    init: () => ({
      scale: ones([channels]),
      offset: zeros([channels]),
      mean: zeros([channels]),
      variance: ones([channels]),
    }),
    apply({ scale, offset, mean, variance }, x, training) {
      checkChannels(name, x, channels);
      const affine = (normal: GraphNode): GraphNode =>
        normal.mul(perChannel(scale, x)).add(perChannel(offset, x));
      if (training === undefined) {
        const factor = rsqrt(perChannel(variance, x).add(epsilon));
        return affine(x.sub(perChannel(mean, x)).mul(factor));
      }
      const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
      const count = sizeOf(x.shape) / channels;
      if (count < 2) {
        throw new ShapeError(
          `${name}: the input has shape ${formatShape(x.shape)}: one element has no variance; train on larger batches`,
        );
      }
      const batchMean = x.mean({ axes, keepDims: true });
      const centered = x.sub(batchMean);
      const batchVariance = centered.square().mean({ axes, keepDims: true });
      const follow = (running: GraphNode, batch: GraphNode): GraphNode =>
        running.mul(1 - momentum).add(batch.reshape([channels]).mul(momentum));
      training.replace(mean, follow(mean, batchMean));
      training.replace(variance, follow(variance, batchVariance.mul(count / (count - 1))));
      return affine(centered.mul(rsqrt(batchVariance.add(epsilon))));
    },
  };
}

/** A value for each channel, to be combined with `[samples, channels, ...]`. */
const perChannel = (values: GraphNode, x: GraphNode): GraphNode =>
  values.reshape([x.shape[1]!, ...x.shape.slice(2).map(() => 1)]);

function checkLast(name: string, x: GraphNode, axes: Shape): void {
  const got = x.shape.slice(x.shape.length - axes.length);
  if (x.shape.length > axes.length && axes.every((length, k) => length === got[k])) return;
  throw new ShapeError(
    `${name}: the input has shape ${formatShape(x.shape)}, expected [samples, ..., ${axes.join(', ')}]`,
  );
}

function checkChannels(name: string, x: GraphNode, channels: number): void {
  if (x.shape.length >= 2 && x.shape[1] === channels) return;
  throw new ShapeError(
    `${name}: the input has shape ${formatShape(x.shape)}, expected [samples, ${channels}, ...]`,
  );
}
