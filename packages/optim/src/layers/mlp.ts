/** The multilayer perceptron. */
import { ValueError } from '@ad/graph';
import { checkNames, describeValue } from '../options.ts';
import type { Activation } from './activations.ts';
import { dense, type DenseParameters } from './dense.ts';
import type { Initializer, InitializerName } from './initializers.ts';
import { type Model, sequential } from './model.ts';

/** Options of {@link mlp}. */
export interface MlpOptions {
  /** The activation of every layer but the last; default `relu`. */
  readonly activation?: Activation;
  /** How the weights start; by default as suits the activation, see {@link dense}. */
  readonly initializer?: InitializerName | Initializer;
}

/** The parameters of an {@link mlp}. */
export type MlpParameters = {
  /** One for each layer of weights. */
  readonly layers: readonly DenseParameters[];
};

/**
 * A multilayer perceptron: dense layers with an activation between them and none at the end, so that the result
 * can be any numbers, such as logits.
 *
 * @param sizes - the numbers of units: inputs, hidden layers, outputs; two or more.
 * @throws `ValueError` when there are fewer than two sizes, one is not an integer of 1 or more, or an option
 * is unknown or wrong.
 * @example
 * ```ts
 * import { mlp } from '@ad/optim';
 *
 * const model = mlp([64, 48, 10], { activation: 'tanh' });
 * model.init(0).layers.map(({ weights }) => weights.shape); // => [[64, 48], [48, 10]]
 * ```
 */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Model<MlpParameters> {
  checkNames('mlp', options, ['activation', 'initializer']);
  const given: unknown = sizes;
  if (!Array.isArray(given) || given.length < 2) {
    throw new ValueError(
      `mlp: sizes is ${describeValue(given)}, expected two or more: inputs, hidden layers, outputs, such as [64, 48, 10]`,
    );
  }
  const { activation = 'relu', ...initializer } = options;
  const last = sizes.length - 2;
  const layers = sizes
    .slice(1)
    .map((outputs: number, k) =>
      dense(sizes[k]!, outputs, k === last ? initializer : { ...initializer, activation }),
    );
  return sequential(layers);
}
