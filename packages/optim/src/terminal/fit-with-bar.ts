/** `fit` in view. */
import { performance } from 'node:perf_hooks';
import { env, stderr } from 'node:process';
import { ValueError } from '@ad/graph';
import type { Samples } from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import { booleanOption, checkNames, describeValue } from '../options.ts';
import type { Evaluation } from '../training/evaluation.ts';
import { fit } from '../training/fit.ts';
import type { EpochRecord, FitOptions, FitResult, Progress } from '../training/fit-options.ts';
import type { SampleStream } from '../training/readers.ts';
import { barLine, epochLine, shareDone } from './progress-line.ts';

/** What is needed of a stream such as `process.stderr`. */
export interface OutputStream {
  /** Writes a text. */
  write(text: string): unknown;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** The width of the terminal; read at every drawing. 80 if it is not known. */
  readonly columns?: number | undefined;
  /** Adds a listener: errors of the stream are not to end the training. */
  on?(event: 'error', listener: () => void): unknown;
  /** Removes it. */
  off?(event: 'error', listener: () => void): unknown;
}

/** Options of {@link fitWithBar}. */
export interface BarOptions {
  /** Where to; default `process.stderr`. */
  readonly stream?: OutputStream;
  /**
   * A bar that is drawn over and over, or about ten lines in all. Default: a bar where the stream is a terminal, unless
   * one of the environment variables `CI` and `NO_COLOR` is set or `TERM` is `dumb`.
   */
  readonly bar?: boolean;
}

/** A line is drawn at most this often, in milliseconds. */
const INTERVAL = 50;

/**
 * `fit`, in view: a bar with epoch, loss, metrics and the time left on a terminal; elsewhere (files, pipes, automatic
 * checks) about ten lines. It draws between the steps, at most 20 times a second, each time with one write and without
 * hiding the cursor or changing any other mode of the terminal: so there is nothing to restore, however the process
 * ends. A stream that fails is not written to any more; training goes on.
 *
 * Callbacks of one's own are called as by `fit`.
 *
 * @returns what `fit` returns: the same bits.
 * @throws (rejects with) what `fit` rejects with; `ValueError` when an option of the bar is wrong.
 * @example
 * ```ts
 * import { crossEntropy, mlp, xor } from '@ad/optim';
 * import { fitWithBar } from '@ad/optim/terminal';
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text) };
 * await fitWithBar(mlp([2, 8, 2]), xor(), { loss: crossEntropy, epochs: 40 }, { stream });
 * lines.length; // => 10
 * lines[0]!.slice(0, 18); // => 'epoch 4/40: loss 0'
 * ```
 */
export async function fitWithBar<P, Name extends string = never>(
  model: Model<P>,
  samples: Samples | SampleStream,
  options: FitOptions<NoInfer<P>, Name>,
  barOptions: BarOptions = {},
): Promise<FitResult<P, Name>> {
  checkNames('fitWithBar', barOptions, ['stream', 'bar']);
  const { stream = stderr }: { stream?: OutputStream } = barOptions;
  if (typeof (stream as Partial<OutputStream> | null)?.write !== 'function') {
    throw new ValueError(
      `fitWithBar: stream is ${describeValue(stream)}, expected a stream, such as process.stderr`,
    );
  }
  const drawn = booleanOption('fitWithBar', 'bar', barOptions.bar, isDrawable(stream));
  const writer = new Writer(stream);
  const view = drawn ? new Bar(writer) : new Lines(writer, options);
  try {
    const result = await fit<P, Name>(model, samples, {
      ...options,
      onProgress: after((progress) => view.step(progress), options?.onProgress),
      onEpoch: after((record) => view.epoch(record), options?.onEpoch),
    });
    view.end();
    if (result.stopped !== 'finished') writer.write(`${reasonOf(result, options.epochs)}\n`);
    return result;
  } finally {
    view.end();
    writer.close();
  }
}

/** A callback after what shows the event. One that is none is passed on, for `fit` to refuse. */
function after<T>(
  show: (event: T) => void,
  callback: ((event: T) => void | Promise<void>) | undefined,
): (event: T) => void | Promise<void> {
  if (callback === undefined) return show;
  if (typeof callback !== 'function') return callback;
  return (event) => {
    show(event);
    return callback(event);
  };
}

const isSet = (name: string): boolean => (env[name] ?? '') !== '';

const isDrawable = (stream: OutputStream): boolean =>
  stream.isTTY === true && !isSet('CI') && !isSet('NO_COLOR') && env['TERM'] !== 'dumb';

/** Why training ended, in words, where epochs are left. */
function reasonOf({ stopped, history, nonFinite }: FitResult<unknown>, epochs: number): string {
  if (nonFinite !== undefined) return nonFinite.message;
  const what = stopped === 'early' ? 'no progress: stopped' : stopped;
  return `${what} after ${history.length} of ${epochs} epochs`;
}

/** What shows the progress. */
interface View {
  step(progress: Progress): void;
  epoch(record: EpochRecord): void;
  /** Leaves the terminal at the beginning of a line. May be called twice. */
  end(): void;
}

/** One line, drawn over and over. */
class Bar implements View {
  readonly #writer: Writer;
  readonly #start = performance.now();
  #last = -Infinity;
  #progress: Progress | undefined;
  #validation: Evaluation | undefined;
  /** The share that was done before the first step of this run: more than 0 where a training goes on. */
  #doneBefore: number | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  step(progress: Progress): void {
    this.#doneBefore ??= shareDone({ ...progress, step: progress.step - 1 });
    this.#progress = progress;
    if (performance.now() - this.#last >= INTERVAL) this.#draw();
  }

  epoch({ validation }: EpochRecord): void {
    this.#validation = validation;
  }

  end(): void {
    if (this.#progress === undefined) return;
    this.#draw();
    this.#writer.write('\n');
    this.#progress = undefined;
  }

  #draw(): void {
    this.#last = performance.now();
    // The last column stays free: some terminals begin a new line there.
    const line = barLine(
      this.#progress!,
      this.#validation,
      this.#secondsLeft(),
      this.#writer.columns - 1,
    );
    // Over the old line, then clears the rest of it.
    this.#writer.write(`\r${line}\u001b[K`);
  }

  #secondsLeft(): number | undefined {
    const done = shareDone(this.#progress!);
    const gained = done - this.#doneBefore!;
    if (gained <= 0 || done >= 1) return undefined;
    return ((performance.now() - this.#start) / 1000) * ((1 - done) / gained);
  }
}

/** A line now and then, and one for the last epoch. */
class Lines implements View {
  readonly #writer: Writer;
  readonly #options: { readonly epochs: number };

  constructor(writer: Writer, options: { readonly epochs: number }) {
    this.#writer = writer;
    this.#options = options;
  }

  step(): void {}

  epoch(record: EpochRecord): void {
    const { epochs } = this.#options;
    if (record.epoch % Math.ceil(epochs / 10) !== 0 && record.epoch !== epochs) return;
    this.#writer.write(`${epochLine(record, epochs)}\n`);
  }

  end(): void {}
}

/** A stream that may fail without anybody noticing. */
class Writer {
  readonly #stream: OutputStream;
  #works = true;
  readonly #fail = (): void => {
    this.#works = false;
  };

  constructor(stream: OutputStream) {
    this.#stream = stream;
    stream.on?.('error', this.#fail);
  }

  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  write(text: string): void {
    if (!this.#works) return;
    try {
      this.#stream.write(text);
    } catch {
      this.#works = false;
    }
  }

  close(): void {
    this.#stream.off?.('error', this.#fail);
  }
}
