/** Shards computed by worker threads of Node. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { saveProgram } from '@ad/compiler';
import { AdError, type TensorData } from '@ad/graph';
import type { SampleTensors } from '../data/samples.ts';
import { checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { Recent } from '../recent.ts';
import type { ShardedBatch, Team, Workers } from '../training/shards.ts';
import {
  BATCH,
  BUSY,
  type Message,
  NEXT,
  type SentBatch,
  START,
  TURN,
  type WorkerData,
  WORDS,
} from './protocol.ts';
import { fits, sharedLike, type SharedSamples, sharedSamplesLike } from './shared-memory.ts';

/** A worker threw, or ended on its own. Training has stopped; its model is as it was before. */
export class WorkerError extends AdError {
  override readonly name: string = 'WorkerError';
}

/** Options of {@link workerThreads}. */
export interface WorkerThreadsOptions {
  /**
   * The code of the workers; default `shard-worker.js` beside this module. A program that is bundled into one file needs
   * a bundle of that one, too.
   */
  readonly file?: string | URL;
  /** Arguments of Node for the workers, such as those of a loader; default those of this process. */
  readonly execArgv?: readonly string[];
}

/**
 * Worker threads that compute the shards of batches for `fit`. The result is, bit for bit, that of the same number of
 * shards on one thread. They start with the first step and are gone when `fit` ends, however it ends.
 *
 * Compiled programs travel as bytes, samples are copied to shared memory once (those of a stream batch by batch). A step
 * costs some 50 us for waking the workers and waiting for them, and the gradients of all shards are copied, so it pays
 * for steps of a millisecond or more.
 *
 * @param count - how many: an integer of 1 or more. Default: as many as the process may use cores. More than there
 * are shards have nothing to do.
 * @throws `ValueError` when the count is not in its range or an option is unknown. `fit` rejects with
 * {@link WorkerError} when a worker throws or ends, and with `GraphError` when its programs cannot be sent: where they
 * are interpreted, or have operations of one's own.
 * @example
 * ```ts
 * import { crossEntropy } from '@ad/optim';
 * import { workerThreads } from '@ad/optim/node';
 *
 * const options = { loss: crossEntropy, epochs: 20, batchSize: 512, shards: 4, workers: workerThreads(2) };
 * Object.keys(options).length; // => 5
 * // await fit(model, samples, options);
 * workerThreads(0); // throws /count is 0, expected an integer of 1 or more/
 * ```
 */
export function workerThreads(
  count: number = availableParallelism(),
  options: WorkerThreadsOptions = {},
): Workers {
  numberOption('workerThreads', 'count', count, 1, POSITIVE_INTEGER);
  checkNames('workerThreads', options, ['file', 'execArgv']);
  return () => new ThreadTeam(count, options);
}

/** A batch as the workers have it: the arrays that are copied to them before a turn, and from them after it. */
interface SharedBatch {
  readonly number: number;
  readonly parameters: ReadonlyMap<string, TensorData>;
  readonly results: readonly (readonly TensorData[])[];
}

/** How many batches the workers know at a time. */
const KEPT = 8;

/** The threads of one training. */
class ThreadTeam implements Team {
  readonly #count: number;
  readonly #options: WorkerThreadsOptions;
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly #batches = new Recent<ShardedBatch, SharedBatch>(KEPT, ({ number }) =>
    this.#tell({ forget: number }),
  );
  #shared = 0;
  #threads: readonly Worker[] = [];
  #failure: WorkerError | undefined;
  /** Ends the waiting for the present turn. */
  #wake: () => void = () => {};
  #samples: SampleTensors | undefined;
  #order: Int32Array | null = null;
  #room: SharedSamples | undefined;
  #sharedOrder: Int32Array | null = null;

  constructor(count: number, options: WorkerThreadsOptions) {
    this.#count = count;
    this.#options = options;
  }

  async run(
    batch: ShardedBatch,
    samples: SampleTensors,
    order: Int32Array | null,
    start: number,
  ): Promise<void> {
    if (this.#threads.length === 0) this.#start();
    const shared = this.#batches.get(batch, () => this.#share(batch));
    if (samples !== this.#samples) this.#shareSamples(samples);
    if (order !== this.#order) this.#shareOrder(order);
    for (const [name, data] of batch.parameters) shared.parameters.get(name)!.set(data);
    await this.#turn(shared.number, start);
    if (this.#failure !== undefined) throw this.#failure;
    batch.shards.forEach(({ results }, k) => {
      results.forEach((result, j) => result.set(shared.results[k]![j]!));
    });
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #start(): void {
    // Beside this file, in sources as in what is built from them.
    const beside = new URL(`./shard-worker${extname(import.meta.url)}`, import.meta.url);
    const { file = beside, execArgv } = this.#options;
    const workerData: WorkerData = { words: this.#words };
    this.#threads = Array.from({ length: this.#count }, (_, k) => {
      const thread = new Worker(file, {
        workerData,
        ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      });
      const name = `worker ${k + 1} of ${this.#count}`;
      thread.on('message', () => this.#wake());
      thread.on('error', (error: unknown) => {
        this.#fail(`${name} threw ${String(error)}`, error);
      });
      thread.on('exit', (code) => this.#fail(`${name} ended with exit code ${code}`));
      return thread;
    });
  }

  /** Lets all workers work on a batch, and waits for them. */
  #turn(number: number, start: number): Promise<void> {
    const words = this.#words;
    Atomics.store(words, BATCH, number);
    Atomics.store(words, START, start);
    Atomics.store(words, NEXT, 0);
    Atomics.store(words, BUSY, this.#count);
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#failure !== undefined) resolve();
      Atomics.add(words, TURN, 1);
      Atomics.notify(words, TURN);
    });
  }

  #fail(what: string, cause?: unknown): void {
    this.#failure ??= new WorkerError(
      `fit: ${what}; training has stopped, and the model is as it was before`,
      { cause },
    );
    this.#wake();
  }

  #tell(message: Message): void {
    for (const thread of this.#threads) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node, not a window
      thread.postMessage(message);
    }
  }

  #share(batch: ShardedBatch): SharedBatch {
    const shared: SharedBatch = {
      number: this.#shared++,
      parameters: new Map(Array.from(batch.parameters, ([name, data]) => [name, sharedLike(data)])),
      results: batch.shards.map(({ results }) => results.map(sharedLike)),
    };
    const sent: SentBatch = {
      ...shared,
      programs: batch.programs.map(({ program, size }) => ({ bytes: saveProgram(program), size })),
      shards: batch.shards.map(({ index, start, program }, k) => {
        const place = batch.programs.indexOf(program);
        return { index, start, program: place, results: shared.results[k]! };
      }),
    };
    this.#tell({ batch: sent });
    return shared;
  }

  #shareSamples(samples: SampleTensors): void {
    if (this.#room === undefined || !fits(samples, this.#room)) {
      this.#room = sharedSamplesLike(samples);
      this.#tell({ samples: this.#room });
    }
    this.#room.inputs.data.set(samples.inputs.data);
    this.#room.targets.data.set(samples.targets.data);
    this.#samples = samples;
  }

  #shareOrder(order: Int32Array | null): void {
    if (order?.length !== this.#sharedOrder?.length) {
      this.#sharedOrder = order === null ? null : (sharedLike(order) as Int32Array);
      this.#tell({ order: this.#sharedOrder });
    }
    if (order !== null) this.#sharedOrder!.set(order);
    this.#order = order;
  }
}
