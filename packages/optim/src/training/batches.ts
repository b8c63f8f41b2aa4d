/** Mini-batches: how many there are, and in which order they take the samples. */
import { deriveSeed, Random } from '../random.ts';

/** Sizes of the batches of an epoch: all the same but perhaps the last, which holds what is left. */
export interface BatchPlan {
  /** The size of all batches but perhaps the last. */
  readonly size: number;
  /** The size of a smaller last batch, or 0 where all are full. */
  readonly rest: number;
  /** The number of batches, the last one included. */
  readonly count: number;
}

/** How many samples are split into batches. */
export function planBatches(samples: number, size: number): BatchPlan {
  return { size, rest: samples % size, count: Math.ceil(samples / size) };
}

/** The stream of seeds for orders, apart from those of a model's layers. */
const ORDERS = 0xffffffff;

/**
 * The order in which an epoch takes the samples: the same for the same seed and epoch, whatever happened before.
 *
 * @param epoch - from 1.
 */
export function epochOrder(samples: number, seed: number, epoch: number): Int32Array {
  return new Random(deriveSeed(deriveSeed(seed, ORDERS), epoch)).permutation(samples);
}
