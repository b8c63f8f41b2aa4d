/** Where the batches of an epoch come from: samples in memory, or a stream. */
import { countOf, type Samples, type SampleTensors } from '../data/samples.ts';
import { piecesInBatches, type SampleSource } from '../data/stream.ts';
import { type BatchPlan, epochOrder } from './batches.ts';

/**
 * A stream of samples: for each epoch, counted from 1, something to iterate over that gives them in pieces of any size.
 */
export type SampleStream = (epoch: number) => SampleSource;

/** A batch: rows of samples, in an order, from a place on. */
export interface Batch {
  readonly samples: SampleTensors;
  readonly order: Int32Array | null;
  readonly start: number;
  readonly size: number;
}

/** The batches of an epoch, one after the other. */
export interface BatchReader {
  /** The next batch; `null` after the last. A batch is read before the next one is asked for. */
  next(): Batch | null | Promise<Batch | null>;
  /** No more batches are wanted. */
  close(): void | Promise<void>;
}

/** Makes the reader of an epoch, which begins after so many batches. */
export type OpenEpoch = (epoch: number, from: number) => BatchReader;

/** Batches of samples in memory. In a new random order in each epoch if there is a seed. */
export function memoryReader(
  samples: SampleTensors,
  { size, rest, count }: BatchPlan,
  seed: number | null,
): OpenEpoch {
  return (epoch, from) => {
    const order = seed === null ? null : epochOrder(countOf(samples.inputs), seed, epoch);
    const batch = { samples, order, start: (from - 1) * size, size };
    let done = from;
    return {
      next() {
        if (done === count) return null;
        done++;
        batch.start += size;
        if (done === count && rest > 0) batch.size = rest;
        return batch;
      },
      close() {},
    };
  };
}

/** Batches of a stream. What comes before the first one wanted is read and passed over. */
export function streamReader(
  stream: SampleStream,
  size: number,
  targets: 'labels' | 'values' | undefined,
): OpenEpoch {
  return (epoch, from) => {
    const source = stream(epoch) as SampleSource & AsyncIterable<Samples>;
    const batches = piecesInBatches('fit', source, size, targets);
    let skip = from;
    return {
      async next() {
        for (; skip > 0; skip--) {
          const { done } = await batches.next();
          if (done === true) return null;
        }
        const { done, value } = await batches.next();
        if (done === true) return null;
        return { samples: value, order: null, start: 0, size: countOf(value.inputs) };
      },
      async close() {
        await batches.return();
      },
    };
  };
}
