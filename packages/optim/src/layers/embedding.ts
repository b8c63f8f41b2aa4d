/** Layers that learn a vector for each of many things. */
import { formatShape, gather, KindError, ShapeError, slice, type Tensor } from '@ad/graph';
import { checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { Random } from '../random.ts';
import {
  type Initializer,
  initializerFunction,
  type InitializerName,
  normalOf,
} from './initializers.ts';
import type { Model } from './model.ts';

/** Options of {@link embedding} and {@link positionEmbedding}. */
export interface EmbeddingOptions {
  /** How the vectors start. Default normal with variance 1, as in PyTorch; for positions with deviation 0.02. */
  readonly initializer?: InitializerName | Initializer;
}

/** The parameters of an {@link embedding}. */
export type EmbeddingParameters = {
  /** Shape [count, size]: one row for each thing. */
  readonly vectors: Tensor;
};

/**
 * A vector for each of `count` things: integers of shape `[samples, ...]` become `[samples, ..., size]`.
 *
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `KindError` when it
 * is applied to anything but integers; `ValueError` at evaluation when an integer is out of range.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { embedding, predict } from '@ad/optim';
 *
 * const layer = embedding(3, 2);
 * const vectors = tensor([[1, 2], [3, 4], [5, 6]]);
 * predict(layer, { vectors }, tensor([2, 0], { kind: 'integer' })).toArray(); // => [[5, 6], [1, 2]]
 * ```
 */
export function embedding(
  count: number,
  size: number,
  options: EmbeddingOptions = {},
): Model<EmbeddingParameters> {
  checkNames('embedding', options, ['initializer']);
  numberOption('embedding', 'count', count, Number.NaN, POSITIVE_INTEGER);
  numberOption('embedding', 'size', size, Number.NaN, POSITIVE_INTEGER);
  const initialize = initializerFunction('embedding', options.initializer ?? normalOf(1));
  const name = `embedding(${count}, ${size})`;
  return {
    name,
    init: (seed) => ({
      vectors: initialize([count, size], { inputs: count, outputs: size }, new Random(seed)),
    }),
    apply({ vectors }, x) {
      if (x.kind !== 'integer') {
        throw new KindError(
          `${name}: the input is of kind ${x.kind}, expected integers from 0 to ${count - 1}; ` +
            "make it with tensor(values, { kind: 'integer' })",
        );
      }
      return gather(vectors, x);
    },
  };
}

/**
 * A learned vector for each position of a sequence, added to what is there: `[samples, length, size]` stays so.
 *
 * @param length - the longest sequence.
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when it
 * is applied to longer sequences or vectors of another size.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { positionEmbedding, predict } from '@ad/optim';
 *
 * const vectors = tensor([[10], [20]]);
 * predict(positionEmbedding(2, 1), { vectors }, [[[1], [2]]]).toArray(); // => [[[11], [22]]]
 * ```
 */
export function positionEmbedding(
  length: number,
  size: number,
  options: EmbeddingOptions = {},
): Model<EmbeddingParameters> {
  checkNames('positionEmbedding', options, ['initializer']);
  numberOption('positionEmbedding', 'length', length, Number.NaN, POSITIVE_INTEGER);
  numberOption('positionEmbedding', 'size', size, Number.NaN, POSITIVE_INTEGER);
  const initialize = initializerFunction(
    'positionEmbedding',
    options.initializer ?? normalOf(0.02),
  );
  const name = `positionEmbedding(${length}, ${size})`;
  return {
    name,
    init: (seed) => ({
      vectors: initialize([length, size], { inputs: length, outputs: size }, new Random(seed)),
    }),
    apply({ vectors }, x) {
      const steps = x.shape[1] ?? 0;
      if (x.shape.length !== 3 || steps > length || x.shape[2] !== size) {
        throw new ShapeError(
          `${name}: the input has shape ${formatShape(x.shape)}, expected [samples, at most ${length}, ${size}]`,
        );
      }
      return x.add(steps === length ? vectors : slice(vectors, [{ end: steps }]));
    },
  };
}
