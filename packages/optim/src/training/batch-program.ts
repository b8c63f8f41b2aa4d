/** Programs that are run on batch after batch. It imports next to nothing: workers load it, too. */
import type { Program, TensorData } from '@ad/graph';
import { copyRows } from '../data/copy-rows.ts';
import type { SampleTensors } from '../data/samples.ts';
import { storageOf } from '../storage.ts';

/** A program for batches of one size. */
export class BatchProgram {
  /** The number of samples in a batch. */
  readonly size: number;
  /** The values of loss, metrics, and what else was asked for, after a run. */
  readonly outputs: readonly TensorData[];
  /** What is run. */
  readonly program: Program;
  readonly #inputs: TensorData | undefined;
  readonly #targets: TensorData | undefined;

  /** Finds the places of a batch in a program. */
  constructor(program: Program, size: number) {
    this.size = size;
    this.outputs = program.outputs;
    this.program = program;
    this.#inputs = storageOf(program, 'inputs');
    this.#targets = storageOf(program, 'targets');
  }

  /** Runs the batch that starts at `start` in the given order of the samples. Allocates nothing. */
  run({ inputs, targets }: SampleTensors, order: Int32Array | null, start: number): void {
    if (this.#inputs !== undefined) copyRows(inputs, order, start, this.size, this.#inputs);
    if (this.#targets !== undefined) copyRows(targets, order, start, this.size, this.#targets);
    this.program.execute();
  }
}
