/**
 * Shards: the parts of a batch whose gradients are computed apart, by this thread or by several. How a batch is cut
 * depends on its size and the number of shards alone, so it does not matter who computes which.
 */
import type { TensorData } from '@ad/graph';
import type { SampleTensors } from '../data/samples.ts';
import { storageOf } from '../storage.ts';
import type { BatchProgram } from './batch-program.ts';

/** A part of a batch. */
export interface Shard {
  /** Its place among the shards, from 0. */
  readonly index: number;
  /** The place of its first row in the batch. */
  readonly start: number;
  /** What computes loss, metrics and gradients of so many rows. */
  readonly program: BatchProgram;
  /** Where they go, in the order of the program's outputs. */
  readonly results: readonly TensorData[];
}

/** The shards of batches of one size. */
export interface ShardedBatch {
  /** The parameters as they are, by the names of the programs' inputs. */
  readonly parameters: ReadonlyMap<string, TensorData>;
  /** The programs of the shards: one, or two where the sizes of shards differ. */
  readonly programs: readonly BatchProgram[];
  /** All shards. */
  readonly shards: readonly Shard[];
}

/** Who computes shards in one training. */
export interface Team {
  /**
   * Fills the results of all shards of the batch that starts at `start` in the given order of the samples. There is one
   * call at a time.
   *
   * @throws (or rejects with) what kept it from that.
   */
  run(
    batch: ShardedBatch,
    samples: SampleTensors,
    order: Int32Array | null,
    start: number,
  ): void | Promise<void>;
  /** Ends the work; nothing is left of the team. */
  close(): void | Promise<void>;
}

/**
 * Who computes the shards of batches: makes a team for a training. This thread does where nobody else is named;
 * `workerThreads`, from `@ad/optim/node`, has threads of its own.
 */
export type Workers = () => Team;

/** This thread computes one shard after the other. */
export const thisThread: Workers = () => ({
  run({ parameters, programs, shards }, samples, order, start) {
    for (const program of programs) copyParameters(program, parameters);
    for (const shard of shards) computeShard(shard, samples, order, start);
  },
  close() {},
});

/** The numbers of rows of the shards of a batch: all the same, or the first ones by one larger; none is empty. */
export function shardSizes(rows: number, shards: number): readonly number[] {
  const count = Math.min(rows, shards);
  return Array.from({ length: count }, (_, k) => Math.floor((rows + count - 1 - k) / count));
}

/** Gives a program the parameters. */
export function copyParameters(
  { program }: BatchProgram,
  parameters: ReadonlyMap<string, TensorData>,
): void {
  for (const [name, data] of parameters) storageOf(program, name)?.set(data);
}

/** Computes a shard of the batch that starts at `batchStart`; its program has the parameters already. */
export function computeShard(
  { index, start, program, results }: Shard,
  samples: SampleTensors,
  order: Int32Array | null,
  batchStart: number,
): void {
  storageOf(program.program, 'shard')?.set([index]);
  program.run(samples, order, batchStart + start);
  for (let k = 0; k < results.length; k++) results[k]!.set(program.outputs[k]!);
}
