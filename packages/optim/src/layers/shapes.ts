/** Layers without parameters: pooling, other shapes, and activations. */
import {
  avgPool1d as averages1d,
  avgPool2d as averages2d,
  type AveragePoolingOptions,
  formatShape,
  type GraphNode,
  maxPool1d as maxima1d,
  maxPool2d as maxima2d,
  type PerAxis,
  type PoolingOptions,
  type Shape,
  ShapeError,
  sizeOf,
  ValueError,
} from '@ad/graph';
import { describeValue } from '../options.ts';
import { type Activation, activationFunction } from './activations.ts';
import type { Model, NoParameters } from './model.ts';

/**
 * A layer made of a function without parameters.
 *
 * @param name - for messages and {@link summary}.
 * @param f - appends the layer to the graph of its operand.
 * @example
 * ```ts
 * import { layerOf, predict } from '@ad/optim';
 *
 * const square = layerOf('square', (x) => x.square());
 * predict(square, square.init(0), [[1, 2, 3]]).toArray(); // => [[1, 4, 9]]
 * ```
 */
export function layerOf(name: string, f: (x: GraphNode) => GraphNode): Model<NoParameters> {
  return { name, init: () => ({}), apply: (_parameters, x) => f(x) };
}

/**
 * An activation function as a layer of its own.
 *
 * @throws `ValueError` when there is no activation of this name.
 * @example
 * ```ts
 * import { activation, predict } from '@ad/optim';
 *
 * const layer = activation('relu');
 * predict(layer, {}, [[-1, 2]]).toArray(); // => [[0, 2]]
 * ```
 */
export function activation(f: Activation): Model<NoParameters> {
  const name = typeof f === 'string' ? f : 'activation';
  return layerOf(name, activationFunction('activation', f));
}

/**
 * Every sample as one row: from `[samples, ...]` to `[samples, size]`.
 *
 * @example
 * ```ts
 * import { flatten, predict } from '@ad/optim';
 *
 * predict(flatten(), {}, [[[1, 2], [3, 4]]]).toArray(); // => [[1, 2, 3, 4]]
 * ```
 */
export function flatten(): Model<NoParameters> {
  return layerOf('flatten()', (x) => x.reshape([x.shape[0]!, sizeOf(x.shape.slice(1))]));
}

/**
 * Every sample in another shape: from `[samples, ...]` to `[samples, ...shape]`.
 *
 * @throws `ShapeError`, when it is applied, if samples have another number of elements.
 * @example
 * ```ts
 * import { predict, reshape } from '@ad/optim';
 *
 * predict(reshape([2, 2]), {}, [[1, 2, 3, 4]]).toArray(); // => [[[1, 2], [3, 4]]]
 * ```
 */
export function reshape(shape: Shape): Model<NoParameters> {
  const name = `reshape(${formatShape(shape)})`;
  return layerOf(name, (x) => {
    if (sizeOf(x.shape.slice(1)) !== sizeOf(shape)) {
      throw new ShapeError(
        `${name}: the input has shape ${formatShape(x.shape)}, so a sample has ${sizeOf(x.shape.slice(1))} elements, ` +
          `expected ${sizeOf(shape)}`,
      );
    }
    return x.reshape([x.shape[0]!, ...shape]);
  });
}

/** Checks the rank of what a layer is applied to. */
function pooling(
  name: string,
  size: PerAxis,
  axes: string,
  rank: number,
  pool: (x: GraphNode) => GraphNode,
): Model<NoParameters> {
  if (typeof size !== 'number' && !Array.isArray(size)) {
    throw new ValueError(
      `${name}: size is ${describeValue(size)}, expected a number or a list, as in ${name}(2)`,
    );
  }
  const layer = `${name}(${typeof size === 'number' ? size : formatShape(size)})`;
  return layerOf(layer, (x) => {
    if (x.shape.length === rank) return pool(x);
    throw new ShapeError(
      `${layer}: the input has shape ${formatShape(x.shape)}, expected [samples, channels, ${axes}]`,
    );
  });
}

/**
 * The largest element of each window of sequences `[samples, channels, length]`.
 *
 * @param size - elements in a window.
 * @throws `ValueError` or `ShapeError`, when it is applied, for options or inputs that do not fit.
 * @example
 * ```ts
 * import { maxPool1d, predict } from '@ad/optim';
 *
 * predict(maxPool1d(2), {}, [[[1, 3, 2, 5]]]).toArray(); // => [[[3, 5]]]
 * ```
 */
export function maxPool1d(size: PerAxis, options: PoolingOptions = {}): Model<NoParameters> {
  return pooling('maxPool1d', size, 'length', 3, (x) => maxima1d(x, size, options));
}

/**
 * The largest element of each window of images `[samples, channels, height, width]`.
 *
 * @param size - height and width of a window, or one number for both.
 * @throws `ValueError` or `ShapeError`, when it is applied, for options or inputs that do not fit.
 * @example
 * ```ts
 * import { maxPool2d, predict } from '@ad/optim';
 *
 * predict(maxPool2d(2), {}, [[[[1, 3], [2, 5]]]]).toArray(); // => [[[[5]]]]
 * ```
 */
export function maxPool2d(size: PerAxis, options: PoolingOptions = {}): Model<NoParameters> {
  return pooling('maxPool2d', size, 'height, width', 4, (x) => maxima2d(x, size, options));
}

/**
 * The mean of each window of sequences `[samples, channels, length]`.
 *
 * @param size - elements in a window.
 * @throws `ValueError` or `ShapeError`, when it is applied, for options or inputs that do not fit.
 * @example
 * ```ts
 * import { avgPool1d, predict } from '@ad/optim';
 *
 * predict(avgPool1d(2), {}, [[[1, 3, 2, 6]]]).toArray(); // => [[[2, 4]]]
 * ```
 */
export function avgPool1d(size: PerAxis, options: AveragePoolingOptions = {}): Model<NoParameters> {
  return pooling('avgPool1d', size, 'length', 3, (x) => averages1d(x, size, options));
}

/**
 * The mean of each window of images `[samples, channels, height, width]`.
 *
 * @param size - height and width of a window, or one number for both.
 * @throws `ValueError` or `ShapeError`, when it is applied, for options or inputs that do not fit.
 * @example
 * ```ts
 * import { avgPool2d, predict } from '@ad/optim';
 *
 * predict(avgPool2d(2), {}, [[[[1, 3], [2, 6]]]]).toArray(); // => [[[[3]]]]
 * ```
 */
export function avgPool2d(size: PerAxis, options: AveragePoolingOptions = {}): Model<NoParameters> {
  return pooling('avgPool2d', size, 'height, width', 4, (x) => averages2d(x, size, options));
}
