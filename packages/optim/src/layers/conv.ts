/** Convolutional layers. */
import {
  conv1d as convolve1d,
  conv2d as convolve2d,
  formatShape,
  type Padding,
  type PerAxis,
  sameShape,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  ValueError,
} from '@ad/graph';
import {
  booleanOption,
  checkNames,
  describeValue,
  numberOption,
  POSITIVE_INTEGER,
} from '../options.ts';
import { Random } from '../random.ts';
import { type Activation, activationFunction, isRectifier } from './activations.ts';
import {
  glorotUniform,
  heNormal,
  type Initializer,
  initializerFunction,
  type InitializerName,
  zeros,
} from './initializers.ts';
import type { Model } from './model.ts';

/** Options of {@link conv1d} and {@link conv2d}. */
export interface ConvOptions {
  /** How far apart neighbouring windows are. Default 1. */
  readonly stride?: PerAxis;
  /** Zeros around the images: `'same'` for results as large as the images. Default 0. */
  readonly padding?: Padding;
  /** How far apart the elements of a window are. Default 1. */
  readonly dilation?: PerAxis;
  /** Into how many groups channels are divided. Default 1. */
  readonly groups?: number;
  /** What is done with the result; default nothing. */
  readonly activation?: Activation;
  /** How the kernels start. Default `heNormal` for activations of the rectifier family, else `glorotUniform`. */
  readonly initializer?: InitializerName | Initializer;
  /** Whether something is added for each kernel; it starts at 0. Default true. */
  readonly bias?: boolean;
}

/** The parameters of a convolutional layer. */
export type ConvParameters = {
  /** Shape [outputs, inputs / groups, ...size]. */
  readonly kernels: Tensor;
  /** Shape [outputs]; absent without bias. */
  readonly bias?: Tensor;
};

const OPTIONS: readonly (keyof ConvOptions)[] = [
  'stride',
  'padding',
  'dilation',
  'groups',
  'activation',
  'initializer',
  'bias',
];

/** What differs between the numbers of axes. */
interface Form {
  readonly name: string;
  readonly axes: number;
  readonly words: string;
  readonly convolve: typeof convolve1d;
}

const ONE: Form = { name: 'conv1d', axes: 1, words: 'length', convolve: convolve1d };
const TWO: Form = { name: 'conv2d', axes: 2, words: 'height, width', convolve: convolve2d };

function conv(
  { name, axes, words, convolve }: Form,
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: ConvOptions,
): Model<ConvParameters> {
  checkNames(name, options, OPTIONS);
  numberOption(name, 'inputs', inputs, Number.NaN, POSITIVE_INTEGER);
  numberOption(name, 'outputs', outputs, Number.NaN, POSITIVE_INTEGER);
  const groups = numberOption(name, 'groups', options.groups, 1, POSITIVE_INTEGER);
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new ValueError(
      `${name}: groups is ${groups}, which does not divide both ${inputs} inputs and ${outputs} outputs`,
    );
  }
  const window: Shape = typeof size === 'number' ? new Array<number>(axes).fill(size) : size;
  if (!Array.isArray(window) || window.length !== axes) {
    throw new ValueError(
      `${name}: size is ${describeValue(size)}, expected a number or a list of ${axes}`,
    );
  }
  for (const length of window) numberOption(name, 'size', length, Number.NaN, POSITIVE_INTEGER);
  const { activation, initializer, bias, ...geometry } = options;
  const activate = activationFunction(name, activation ?? 'identity');
  const isLinear = activation === undefined || activation === 'identity';
  const fallback = isRectifier(activation) ? heNormal : glorotUniform;
  const initialize = initializerFunction(name, initializer ?? fallback);
  const hasBias = booleanOption(name, 'bias', bias, true);
  const shape = [outputs, inputs / groups, ...window];
  const layer = `${name}(${inputs}, ${outputs}, [${window.join(', ')}])`;
  return {
    name: layer,
    init(seed) {
      // As in PyTorch: what one kernel reads, and as many connections out as kernels have elements in one channel.
      const fans = { inputs: sizeOf(shape.slice(1)), outputs: outputs * sizeOf(window) };
      const kernels = initialize(shape, fans, new Random(seed));
      if (!sameShape(kernels.shape, shape)) {
        throw new ShapeError(
          `${layer}: the initializer made kernels of shape ${formatShape(kernels.shape)}, expected ${formatShape(shape)}`,
        );
      }
      return hasBias ? { kernels, bias: zeros([outputs]) } : { kernels };
    },
    apply({ kernels, bias: added }, x) {
      if (x.shape.length !== axes + 2 || x.shape[1] !== inputs) {
        throw new ShapeError(
          `${layer}: the input has shape ${formatShape(x.shape)}, expected [samples, ${inputs}, ${words}]; ` +
            `reshape it, as with reshape([${inputs}, ...])`,
        );
      }
      const product = convolve(x, kernels, geometry);
      const spread = [outputs, ...window.map(() => 1)];
      const sum = added === undefined ? product : product.add(added.reshape(spread));
      return isLinear ? sum : activate(sum);
    },
  };
}

/**
 * A convolutional layer for sequences $f(x * W + b)$, from `[samples, inputs, length]` to
 * `[samples, outputs, length]`.
 *
 * @param inputs - channels of the sequences.
 * @param outputs - how many kernels there are.
 * @param size - the length of a kernel.
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when
 * it is applied to inputs of another shape.
 * @example
 * ```ts
 * import { conv1d } from '@ad/optim';
 *
 * conv1d(2, 8, 3, { activation: 'relu' }).init(0).kernels.shape; // => [8, 2, 3]
 * ```
 */
export function conv1d(
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: ConvOptions = {},
): Model<ConvParameters> {
  return conv(ONE, inputs, outputs, size, options);
}

/**
 * A convolutional layer for images $f(x * W + b)$, from `[samples, inputs, height, width]` to
 * `[samples, outputs, height, width]`.
 *
 * @param inputs - channels of the images.
 * @param outputs - how many kernels there are.
 * @param size - height and width of a kernel, or one number for both.
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when
 * it is applied to inputs of another shape.
 * @example
 * ```ts
 * import { conv2d, flatten, sequential, summary } from '@ad/optim';
 *
 * const model = sequential([conv2d(1, 4, 3, { padding: 'same', activation: 'relu' }), flatten()]);
 * model.init(0).layers[0].kernels.shape; // => [4, 1, 3, 3]
 * summary(model, [1, 8, 8]).parameters; // => 40
 * ```
 */
export function conv2d(
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: ConvOptions = {},
): Model<ConvParameters> {
  return conv(TWO, inputs, outputs, size, options);
}
