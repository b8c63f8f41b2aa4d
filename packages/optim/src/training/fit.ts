/**
 * Training: epochs of mini-batches. Everything is checked and every program is built before the first step; then a
 * step copies a batch into its program and runs it, in constant time and memory.
 */
import { ValueError } from '@ad/graph';
import type { Samples } from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import type { OptimizerState } from '../rules/optimizer.ts';
import { diagnose, type NonFiniteNode } from './diagnosis.ts';
import { RunningMeans } from './evaluation.ts';
import { Turns } from './event-loop.ts';
import type {
  Best,
  Checkpoint,
  EpochRecord,
  FitOptions,
  FitResult,
  NonFiniteReport,
} from './fit-options.ts';
import { type Plan, planTraining } from './plan.ts';
import type { SampleStream } from './readers.ts';
import type { Pass, TrainingStep } from './step.ts';

/**
 * Trains a model on samples, by steps on mini-batches.
 *
 * Forward pass, gradient and update are one program, in which parameters and optimizer state live; it is built once
 * (and once more for a smaller last batch, if the samples do not divide evenly). The result depends on nothing but
 * the arguments: the same seed gives the same bits. Neither samples nor parameters passed in are changed.
 *
 * Samples that do not fit into memory are given as a stream: a function that returns, for each epoch, something to iterate
 * over (also asynchronously) that gives samples in pieces of any size; see {@link batchesOf}. Its programs are built
 * when the first batch of a size comes.
 *
 * Other tasks get their turn about every 40 ms. A step whose loss, gradient or new parameters are not finite is not
 * taken and ends the training; the report names the node where it began.
 *
 * With `shards` the gradients of parts of a batch are computed apart and added up in a fixed order, by this thread or,
 * with `workers`, by several: the number of shards decides the bits, the number of workers does not.
 *
 * With `checkpoint` all that is needed to go on is saved on the way, and `resume` goes on: with the same samples and
 * options the result is, bit for bit, that of never having stopped.
 *
 * @param samples - { inputs, targets }, or a stream of them.
 * @throws (rejects with) `ValueError`, `ShapeError` or `KindError` when samples or options are
 * wrong, before anything has happened; and with whatever a callback throws.
 * @example
 * ```ts
 * import { accuracy, adam, crossEntropy, fit, mlp, predict } from '@ad/optim';
 *
 * const samples = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [0, 1, 1, 0] };
 * const model = mlp([2, 8, 2], { activation: 'tanh' });
 * const { parameters, history, stopped } = await fit(model, samples, {
 *   loss: crossEntropy,
 *   optimizer: adam({ learningRate: 0.05 }),
 *   metrics: { accuracy },
 *   epochs: 100,
 * });
 * stopped; // => 'finished'
 * history.at(-1)!.metrics.accuracy; // => 1
 * predict(model, parameters, samples.inputs).shape; // => [4, 2]
 * ```
 */
export async function fit<P, Name extends string = never>(
  model: Model<P>,
  samples: Samples | SampleStream,
  options: FitOptions<NoInfer<P>, Name>,
): Promise<FitResult<P, Name>> {
  return new Training(planTraining(model, samples, options), options).run();
}

/** A training in progress. */
class Training<P, Name extends string> {
  readonly #plan: Plan<P, Name>;
  readonly #options: FitOptions<P, Name>;
  readonly #history: EpochRecord<Name>[];
  readonly #turns = new Turns();
  /** The program that has the newest parameters and state; none before the first step. */
  #current: TrainingStep | undefined;
  /** The state that the first program begins with. */
  #startState: OptimizerState;
  #means: RunningMeans<Name>;
  /** Steps in all. */
  #steps: number;
  /** Steps of the epoch. */
  #step: number;
  #best: Best<P> | undefined;
  /** The smallest loss that was progress, and epochs since. */
  #progress = { loss: Infinity, waited: 0 };
  /** Steps at the last checkpoint. */
  #saved = -1;

  constructor(plan: Plan<P, Name>, options: FitOptions<P, Name>) {
    this.#plan = plan;
    this.#options = options;
    this.#startState = plan.state;
    const { resume } = options;
    this.#history = [...(resume?.history ?? [])];
    this.#steps = resume?.steps ?? 0;
    this.#step = resume?.step ?? 0;
    this.#means = new RunningMeans(plan.metricNames, resume?.sums, resume?.samples);
    this.#best = resume?.best;
    for (const record of this.#history) this.#watch(record);
  }

  async run(): Promise<FitResult<P, Name>> {
    try {
      return await this.#train();
    } finally {
      await this.#plan.team.close();
    }
  }

  async #train(): Promise<FitResult<P, Name>> {
    while (this.#history.length < this.#plan.epochs) {
      if (this.#isIdle()) return this.#end('early');
      const stopped = await this.#epoch(this.#history.length + 1);
      if (stopped !== undefined) return stopped;
    }
    return this.#end(this.#isIdle() ? 'early' : 'finished');
  }

  /** Trains to the end of an epoch; the result if training ends in it. */
  async #epoch(epoch: number): Promise<FitResult<P, Name> | undefined> {
    const { signal, onEpoch } = this.#options;
    const reader = this.#plan.open(epoch, this.#step);
    try {
      for (;;) {
        if (this.#turns.isOver) await this.#turns.yield();
        if (signal?.aborted === true) return await this.#end('aborted');
        const next = reader.next();
        const batch = next instanceof Promise ? await next : next;
        if (batch === null) break;
        const program = this.#programFor(batch);
        const running = program.run(batch.samples, batch.order, batch.start);
        if (running !== undefined) await running;
        if (!isTaken(program)) {
          return await this.#end('diverged', explain(program, epoch, this.#step + 1));
        }
        this.#steps++;
        this.#step++;
        this.#means.add(program.outputs, program.size);
        const wait = this.#report(epoch, program.outputs[0]![0]!);
        if (wait !== undefined) await wait;
        if (this.#steps % (this.#options.checkpoint?.every ?? Infinity) === 0) await this.#save();
      }
    } finally {
      await reader.close();
    }
    if (this.#step === 0) {
      throw new ValueError(
        `fit: the stream of epoch ${epoch} has no samples; give it a new iterable in each epoch`,
      );
    }
    const record = this.#judge(epoch);
    if (onEpoch !== undefined) await onEpoch(record);
    return undefined;
  }

  /** The program for a batch, with the newest parameters and state. */
  #programFor(batch: Parameters<Plan<P, Name>['programFor']>[0]): TrainingStep {
    const current = this.#current;
    if (current?.size === batch.size) return current;
    const program = this.#plan.programFor(batch);
    if (current === undefined) {
      program.state.write(this.#startState);
    } else {
      program.parameters.copyFrom(current.parameters);
      program.state.copyFrom(current.state);
    }
    this.#current = program;
    return program;
  }

  #report(epoch: number, batchLoss: number): void | Promise<void> {
    const { epochs, steps } = this.#plan;
    return this.#options.onProgress?.({
      epoch,
      epochs,
      step: this.#step,
      ...(steps === undefined ? {} : { steps }),
      batchLoss,
      ...this.#means.read(),
    });
  }

  /** Ends an epoch: judges the model, and begins to count anew. */
  #judge(epoch: number): EpochRecord<Name> {
    const { validation, optimizer, metricNames } = this.#plan;
    const judged =
      validation === null ? {} : { validation: validation.evaluate(this.#current?.parameters) };
    const record: EpochRecord<Name> = { epoch, ...this.#means.read(), ...judged };
    this.#history.push(record);
    this.#step = 0;
    this.#means = new RunningMeans(metricNames);
    const { loss } = record.validation ?? record;
    if (optimizer.observe !== undefined) {
      const state = optimizer.observe(this.#state(), loss);
      if (this.#current === undefined) this.#startState = state;
      else this.#current.state.write(state);
    }
    this.#watch(record);
    if (this.#plan.keepBest && loss < (this.#best?.loss ?? Infinity)) {
      this.#best = { epoch, loss, parameters: this.#parameters() };
    }
    return record;
  }

  /** Counts epochs without progress. */
  #watch(record: EpochRecord<Name>): void {
    const { loss } = record.validation ?? record;
    const { minDelta } = this.#plan.earlyStopping ?? { minDelta: 0 };
    if (loss < this.#progress.loss - minDelta) this.#progress = { loss, waited: 0 };
    else this.#progress.waited++;
  }

  #isIdle(): boolean {
    return this.#progress.waited >= (this.#plan.earlyStopping?.patience ?? Infinity);
  }

  /** The newest parameters, in storage of their own. */
  #parameters(): P {
    return (this.#current?.parameters.read() ?? this.#plan.parameters) as P;
  }

  /** The newest state, in storage of its own. */
  #state(): OptimizerState {
    return (this.#current?.state.read() ?? this.#startState) as OptimizerState;
  }

  /** All that is needed to go on. */
  #checkpoint(): Checkpoint<P, Name> {
    return {
      parameters: this.#parameters(),
      state: this.#state(),
      steps: this.#steps,
      step: this.#step,
      sums: this.#means.sums,
      samples: this.#means.count,
      history: [...this.#history],
      ...(this.#best === undefined ? {} : { best: this.#best }),
      setting: this.#plan.setting,
    };
  }

  async #save(): Promise<void> {
    this.#saved = this.#steps;
    await this.#options.checkpoint!.save(this.#checkpoint());
  }

  async #end(
    stopped: FitResult<P>['stopped'],
    nonFinite?: NonFiniteReport,
  ): Promise<FitResult<P, Name>> {
    // The last checkpoint of an epoch was made before the epoch was judged.
    const isSaved = this.#saved === this.#steps && this.#step > 0;
    if (this.#options.checkpoint !== undefined && !isSaved) await this.#save();
    const { parameters, state, history, steps, best } = this.#checkpoint();
    return {
      parameters,
      state,
      history,
      steps,
      stopped,
      ...(best === undefined ? {} : { best }),
      ...(nonFinite === undefined ? {} : { nonFinite }),
    };
  }
}

/** Whether the last run was finite, so that its updates were made. The last output says so. */
function isTaken(program: TrainingStep): boolean {
  return Number.isFinite(program.outputs.at(-1)![0]!);
}

/** Computes the batch again and says where it went wrong: batch and old parameters are still there. */
function explain(program: TrainingStep, epoch: number, step: number): NonFiniteReport {
  const loss = program.outputs[0]![0]!;
  const { node, of } = firstFault(program.passes());
  const what = of === undefined ? '' : `, but the gradient of ${of} is not finite`;
  const where =
    node === undefined
      ? 'in double precision loss and gradient are finite: the step is too large, or the precision too low'
      : `the first value that is not finite is ${node.value} at ${node.description}`;
  const message =
    `epoch ${epoch}, step ${step}: the loss is ${loss}${what}; ${where}. ` +
    'Try a smaller learning rate, or standardize the inputs';
  return { epoch, step, loss, ...(node === undefined ? {} : { node }), message };
}

/** The first node at fault, and the parameter whose gradient it spoils, if it is not the loss. */
function firstFault(passes: Iterable<Pass>): { node?: NonFiniteNode; of?: string | undefined } {
  for (const { forward, gradients, feeds } of passes) {
    const slopes = gradients.flatMap((node, k) =>
      node === null ? [] : [{ node, of: forward.parameterNodes[k]!.label }],
    );
    const found = diagnose([forward.loss, ...slopes.map(({ node }) => node)], feeds);
    if (found !== undefined) return { node: found.node, of: slopes[found.target - 1]?.of };
  }
  return {};
}
