/** Dropout. */
import { bernoulli, foldIn, randomKey, type Tensor, ValueError } from '@ad/graph';
import { BELOW_ONE, numberOption } from '../options.ts';
import type { Model } from './model.ts';

/** The parameters of {@link dropout}: state that training replaces, not learned. */
export type DropoutParameters = {
  /** The key of the next mask, two integers. */
  readonly key: Tensor;
};

/**
 * Sets each element to 0 with probability `rate` while training, and divides the others by `1 - rate`, so that the mean
 * stays; otherwise it does nothing. The masks are functions of a key among the parameters that each step replaces: the
 * same seed gives the same masks, and training that goes on from saved parameters goes on with the masks that would
 * have followed.
 *
 * @param rate - in [0, 1).
 * @throws `ValueError` when the rate is not in its range.
 * Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
 * @example
 * ```ts
 * import { dropout, predict } from '@ad/optim';
 *
 * const layer = dropout(0.5);
 * predict(layer, layer.init(0), [[1, 2, 3]]).toArray(); // => [[1, 2, 3]]
 * ```
 */
export function dropout(rate: number): Model<DropoutParameters> {
  if (rate === undefined)
    throw new ValueError(`dropout: rate is missing, expected ${BELOW_ONE.words}`);
  numberOption('dropout', 'rate', rate, 0, BELOW_ONE);
  return {
    name: `dropout(${rate})`,
    init: (seed) => ({ key: randomKey(seed) }),
    apply({ key }, x, training) {
      if (training === undefined || rate === 0) return x;
      training.replace(key, foldIn(key, 0));
      const { shard } = training;
      const step = foldIn(key, 1);
      const mask = bernoulli(shard === undefined ? step : foldIn(step, shard), 1 - rate, x.shape);
      return x.mul(mask).div(1 - rate);
    },
  };
}
