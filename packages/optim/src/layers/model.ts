/** Models: what is learned, and how it is applied. */
import type { GraphNode } from '@ad/graph';
import type { NodesOf } from '@ad/backprop';
import { deriveSeed } from '../random.ts';

/**
 * A model: a tree of parameters with a beginning, and a function of them and of an input. A layer is one too.
 *
 * @typeParam P - the tree of parameters: tensors in objects and arrays.
 * @example
 * ```ts
 * import { tensor, type Tensor } from '@ad/graph';
 * import { type Model, predict } from '@ad/optim';
 *
 * const line: Model<{ slope: Tensor; start: Tensor }> = {
 *   init: () => ({ slope: tensor(2), start: tensor(1) }),
 *   apply: ({ slope, start }, x) => x.mul(slope).add(start),
 * };
 * predict(line, line.init(0), [1, 2]).toArray(); // => [3, 5]
 * ```
 */
export interface Model<P> {
  /**
   * The parameters to start from.
   *
   * @param seed - an integer from 0 to $2^{53} - 1$; the same seed gives the same parameters everywhere.
   */
  init(seed: number): P;
  /**
   * Appends the model to the graph of `x`.
   *
   * @param parameters - the parameters as nodes.
   * @param x - a batch of inputs: the first axis runs over the samples.
   * @returns the prediction for each sample.
   */
  apply(parameters: NodesOf<P>, x: GraphNode): GraphNode;
}

/** The parameters of a model. */
export type ParametersOf<M> = M extends Model<infer P> ? P : never;

/** The parameters of a {@link sequential} model: those of each layer, in order. */
export type SequentialParameters<Layers extends readonly unknown[]> = {
  /** The parameters of each layer, in order. */
  readonly layers: { readonly [K in keyof Layers]: ParametersOf<Layers[K]> };
};

/**
 * Layers applied one after the other.
 *
 * @returns a model with the parameters `{ layers: [...] }`.
 * @example
 * ```ts
 * import { dense, sequential } from '@ad/optim';
 *
 * const model = sequential([dense(2, 3, { activation: 'tanh' }), dense(3, 1)]);
 * model.init(0).layers[1].weights.shape; // => [3, 1]
 * ```
 */
export function sequential<const Layers extends readonly Model<unknown>[]>(
  layers: Layers,
): Model<SequentialParameters<Layers>> {
  return {
    init: (seed) =>
      ({
        layers: layers.map((layer, k) => layer.init(deriveSeed(seed, k))),
      }) as SequentialParameters<Layers>,
    apply(parameters, x) {
      const nodes = (parameters as { readonly layers: readonly never[] }).layers;
      return layers.reduce((result, layer, k) => layer.apply(nodes[k]!, result), x);
    },
  };
}
