/** The fully connected layer. */
import { formatShape, type GraphNode, sameShape, ShapeError, type Tensor } from '@ad/graph';
import { booleanOption, checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
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

/** Options of {@link dense}. */
export interface DenseOptions {
  /** What is done with the result; default nothing. */
  readonly activation?: Activation;
  /** How the weights start. Default `heNormal` for activations of the rectifier family, else `glorotUniform`. */
  readonly initializer?: InitializerName | Initializer;
  /** Whether something is added to the product; it starts at 0. Default true. */
  readonly bias?: boolean;
}

/** The parameters of a {@link dense} layer. */
export type DenseParameters = {
  /** Shape [inputs, outputs]. */
  readonly weights: Tensor;
  /** Shape [outputs]. */
  readonly bias: Tensor;
};

/** The parameters of a {@link dense} layer without bias. */
export type WeightsOnly = Pick<DenseParameters, 'weights'>;

/**
 * A fully connected layer $f(x W + b)$ from `[samples, inputs]` to `[samples, outputs]`; further axes before the
 * last are allowed.
 *
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong;
 * `ShapeError` when it is applied to inputs of another size.
 * @example
 * ```ts
 * import { dense, predict } from '@ad/optim';
 *
 * const layer = dense(4, 3, { activation: 'relu' });
 * const parameters = layer.init(0);
 * parameters.weights.shape; // => [4, 3]
 * predict(layer, parameters, [[1, 2, 3, 4]]).shape; // => [1, 3]
 * ```
 */
export function dense(
  inputs: number,
  outputs: number,
  options: DenseOptions & { readonly bias: false },
): Model<WeightsOnly>;
/** The same with bias. */
export function dense(
  inputs: number,
  outputs: number,
  options?: DenseOptions,
): Model<DenseParameters>;
export function dense(
  inputs: number,
  outputs: number,
  options: DenseOptions = {},
): Model<DenseParameters> | Model<WeightsOnly> {
  checkNames('dense', options, ['activation', 'initializer', 'bias']);
  numberOption('dense', 'inputs', inputs, Number.NaN, POSITIVE_INTEGER);
  numberOption('dense', 'outputs', outputs, Number.NaN, POSITIVE_INTEGER);
  const activate = activationFunction('dense', options.activation ?? 'identity');
  const isLinear = options.activation === undefined || options.activation === 'identity';
  const fallback = isRectifier(options.activation) ? heNormal : glorotUniform;
  const initialize = initializerFunction('dense', options.initializer ?? fallback);
  const hasBias = booleanOption('dense', 'bias', options.bias, true);
  const layer = `dense(${inputs}, ${outputs})`;

  const init = (seed: number): WeightsOnly => {
    const weights = initialize([inputs, outputs], { inputs, outputs }, new Random(seed));
    if (!sameShape(weights.shape, [inputs, outputs])) {
      throw new ShapeError(
        `${layer}: the initializer made weights of shape ${formatShape(weights.shape)}, expected ${formatShape([inputs, outputs])}`,
      );
    }
    const parameters: DenseParameters = { weights, bias: zeros([outputs]) };
    return hasBias ? parameters : { weights };
  };
  const apply = (
    { weights, bias }: { readonly weights: GraphNode; readonly bias?: GraphNode },
    x: GraphNode,
  ): GraphNode => {
    if (x.shape.length === 0 || x.shape.at(-1) !== inputs) {
      throw new ShapeError(
        `${layer}: the input has shape ${formatShape(x.shape)}, expected [samples, ${inputs}]`,
      );
    }
    const product = x.matmul(weights);
    const sum = bias === undefined ? product : product.add(bias);
    return isLinear ? sum : activate(sum);
  };
  return { name: layer, init: init as (seed: number) => DenseParameters, apply };
}
