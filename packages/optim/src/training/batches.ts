/** Mini-batches: in which order samples are taken, and how their rows come into a program. */
import type { Tensor, TensorData } from '@ad/graph';
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

/**
 * Copies rows into the storage of an input.
 *
 * @param order - the rows in the order in which they are taken, or `null` for their own order.
 * @param start - where in the order the batch starts.
 */
export function copyRows(
  { data: source, shape }: Tensor,
  order: Int32Array | null,
  start: number,
  count: number,
  target: TensorData,
): void {
  const rowSize = source.length / shape[0]!;
  if (order === null) {
    target.set(source.subarray(start * rowSize, (start + count) * rowSize));
    return;
  }
  for (let i = 0; i < count; i++) {
    const from = order[start + i]! * rowSize;
    const to = i * rowSize;
    for (let k = 0; k < rowSize; k++) target[to + k] = source[from + k]!;
  }
}
