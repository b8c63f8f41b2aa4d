/**
 * How a thread that trains and its workers talk: words in shared memory that all can see and change at once, and
 * messages for what is new. A worker sleeps until `TURN` changes, reads its messages, and takes shards, one after the
 * other, until none is left; the last one to finish says so.
 */
import type { TensorData } from '@ad/graph';
import type { SharedSamples } from './shared-memory.ts';

/** The word that counts turns; whoever waits for the next one waits on it. */
export const TURN = 0;
/** The word with the number of the batch that is worked on. */
export const BATCH = 1;
/** The word with the place of its first row in the order of the samples. */
export const START = 2;
/** The word with the next shard that nobody has taken. */
export const NEXT = 3;
/** The word that counts workers that have not finished. */
export const BUSY = 4;
/** How many words there are. */
export const WORDS = 5;

/** What a worker is told before a turn. */
export type Message =
  | { readonly samples: SharedSamples }
  | { readonly order: Int32Array | null }
  | { readonly batch: SentBatch }
  | { readonly forget: number };

/** A sharded batch: programs as bytes, everything that changes in shared memory. */
export interface SentBatch {
  readonly number: number;
  readonly parameters: ReadonlyMap<string, TensorData>;
  /** The programs, and how many rows they take. */
  readonly programs: readonly { readonly bytes: Uint8Array; readonly size: number }[];
  readonly shards: readonly SentShard[];
}

/** A shard; its program by its place in the list. */
interface SentShard {
  readonly index: number;
  readonly start: number;
  readonly program: number;
  readonly results: readonly TensorData[];
}

/** What a worker is started with. */
export interface WorkerData {
  readonly words: Int32Array;
}
