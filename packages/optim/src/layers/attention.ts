/** Attention. */
import { formatShape, type GraphNode, ShapeError, softmax, tensor, ValueError } from '@ad/graph';
import { booleanOption, checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { deriveSeed } from '../random.ts';
import { dense, type DenseParameters } from './dense.ts';
import type { Model } from './model.ts';

/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions {
  /** Whether a position sees only itself and those before it. Default false. */
  readonly causal?: boolean;
}

/** The parameters of {@link multiHeadAttention}: dense layers from `size` to `size`. */
export type AttentionParameters = {
  /** What each position looks for. */
  readonly query: DenseParameters;
  /** What each position is found by. */
  readonly key: DenseParameters;
  /** What each position has to say. */
  readonly value: DenseParameters;
  /** What is made of all heads together. */
  readonly output: DenseParameters;
};

const PARTS = ['query', 'key', 'value', 'output'] as const;

/**
 * Self-attention of sequences `[samples, length, size]` with several heads: in each, a position takes the mean of the
 * values of all positions with weights $\operatorname{softmax}(q \cdot k / \sqrt{d})$, where $d$ is the size of a head.
 * The weights start as `glorotUniform`, biases at 0.
 *
 * @param size - of the vectors; `heads` divides it.
 * @throws `ValueError` when a number is not an integer of 1 or more, the heads do not divide the size, or an option is
 * unknown or wrong; `ShapeError` when it is applied to inputs of another shape.
 * Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017. Complexity: O(length² size).
 * @example
 * ```ts
 * import { multiHeadAttention, predict } from '@ad/optim';
 *
 * const layer = multiHeadAttention(8, 2, { causal: true });
 * const x = [[[1, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0]]];
 * predict(layer, layer.init(0), x).shape; // => [1, 2, 8]
 * ```
 */
export function multiHeadAttention(
  size: number,
  heads: number,
  options: AttentionOptions = {},
): Model<AttentionParameters> {
  const caller = 'multiHeadAttention';
  checkNames(caller, options, ['causal']);
  numberOption(caller, 'size', size, Number.NaN, POSITIVE_INTEGER);
  numberOption(caller, 'heads', heads, Number.NaN, POSITIVE_INTEGER);
  const causal = booleanOption(caller, 'causal', options.causal, false);
  if (size % heads !== 0)
    throw new ValueError(`${caller}: ${heads} heads do not divide the size ${size}`);
  const layer = dense(size, size);
  const name = `${caller}(${size}, ${heads})`;
  return {
    name,
    init(seed) {
      const [query, key, value, output] = PARTS.map((_, k) => layer.init(deriveSeed(seed, k)));
      return { query: query!, key: key!, value: value!, output: output! };
    },
    apply(parameters, x) {
      if (x.shape.length !== 3 || x.shape[2] !== size) {
        throw new ShapeError(
          `${name}: the input has shape ${formatShape(x.shape)}, expected [samples, length, ${size}]`,
        );
      }
      const [samples, length] = x.shape as [number, number, number];
      const split = (part: 'query' | 'key' | 'value'): GraphNode =>
        layer
          .apply(parameters[part], x)
          .reshape([samples, length, heads, size / heads])
          .transpose([0, 2, 1, 3]);
      const scores = split('query')
        .matmul(split('key').transpose([0, 1, 3, 2]))
        .div(Math.sqrt(size / heads));
      const seen = causal ? scores.add(maskOf(length)) : scores;
      const found = softmax(seen, -1).matmul(split('value'));
      const joined = found.transpose([0, 2, 1, 3]).reshape([samples, length, size]);
      return layer.apply(parameters.output, joined);
    },
  };
}

/** What is added to scores [position, position seen]: -Infinity for those to come. */
const maskOf = (length: number) =>
  tensor(
    Float64Array.from({ length: length * length }, (_, i) =>
      i % length > Math.floor(i / length) ? -Infinity : 0,
    ),
    { shape: [length, length] },
  );
