/** Models: what is learned, and how it is applied. */
import { formatShape, type GraphNode, sameShape, ShapeError, ValueError } from '@ad/graph';
import type { NodesOf } from '@ad/backprop';
import { describeValue } from '../options.ts';
import { deriveSeed } from '../random.ts';

/** A step of training, as a model sees it that is built into one. */
export interface Training {
  /**
   * Replaces state after the step: a part of the parameters that is not learned by its gradient, such as running
   * statistics or the key of random masks. It is read by the loss as a constant.
   *
   * @param state - the node of that parameter.
   * @param value - its next value, of the same shape and kind.
   */
  replace(state: GraphNode, value: GraphNode): void;
  /**
   * Where `x` is one of several shards of a batch: which, an integer scalar from 0. What is random is to differ from shard
   * to shard, by `foldIn(key, shard)`. New values of state that are real are averaged over the shards; of others that
   * of the first shard is taken.
   */
  readonly shard?: GraphNode;
}

/** The parameters of a layer that has none. */
export type NoParameters = Readonly<Record<string, never>>;

/**
 * A model: a tree of parameters with a beginning, and a function of them and of an input. A layer is one too.
 *
 * Some parameters may be state: a training step replaces them by what the model says, and rules leave them alone. They
 * are saved, restored and passed on with the others.
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
   * @param training - given when the result is for a step of training. Otherwise the model is used as it is.
   * @returns the prediction for each sample.
   */
  apply(parameters: NodesOf<P>, x: GraphNode, training?: Training): GraphNode;
  /** What it is called in messages and summaries. */
  readonly name?: string;
  /** The models it applies one after the other, whose parameters are `parameters.layers`. */
  readonly layers?: readonly Model<never>[];
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
 * @throws `ValueError` when they are not a list of models.
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
  const given: unknown = layers;
  if (!Array.isArray(given)) {
    throw new ValueError(
      `sequential: the layers are ${describeValue(layers)}, expected a list: sequential([dense(4, 8), dense(8, 3)])`,
    );
  }
  given.forEach((layer, k) => checkModel(layer, `sequential: layer ${k}`));
  return {
    name: 'sequential',
    layers: layers as unknown as readonly Model<never>[],
    init: (seed) =>
      ({
        layers: layers.map((layer, k) => layer.init(deriveSeed(seed, k))),
      }) as SequentialParameters<Layers>,
    apply(parameters, x, training) {
      const nodes = (parameters as { readonly layers: readonly never[] }).layers;
      return layers.reduce((result, layer, k) => layer.apply(nodes[k]!, result, training), x);
    },
  };
}

/**
 * What a model makes of its input, added to the input: $x + f(x)$.
 *
 * @throws `ShapeError`, when it is applied, if the model changes the shape.
 * Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016.
 * @example
 * ```ts
 * import { layerOf, predict, residual } from '@ad/optim';
 *
 * const layer = residual(layerOf('double', (x) => x.mul(2)));
 * predict(layer, layer.init(0), [[1, 2]]).toArray(); // => [[3, 6]]
 * ```
 */
export function residual<P>(model: Model<P>): Model<P> {
  checkModel(model, 'residual: the model');
  const name = `residual(${model.name ?? 'model'})`;
  return {
    name,
    init: (seed) => model.init(seed),
    apply(parameters, x, training) {
      const change = model.apply(parameters, x, training);
      if (!sameShape(change.shape, x.shape)) {
        throw new ShapeError(
          `${name}: the model makes shape ${formatShape(change.shape)} of ${formatShape(x.shape)}; ` +
            'what is added must have the shape of the input',
        );
      }
      return x.add(change);
    },
  };
}

/** Whether something can be initialized and applied. */
function checkModel(model: unknown, what: string): void {
  const { init, apply } = (model ?? {}) as Partial<Model<unknown>>;
  if (typeof init === 'function' && typeof apply === 'function') return;
  throw new ValueError(
    `${what} is ${describeValue(model)}, expected { init, apply }, such as dense(4, 8) or activation('relu')`,
  );
}
