/** What a model is worth on samples: loss and metrics without training. */
import { compiler } from '@ad/compiler';
import { type Executor, ValueError } from '@ad/graph';
import {
  checkTargets,
  countOf,
  type Samples,
  type SampleTensors,
  samplesOf,
} from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import type { Loss, Metric } from '../losses/loss.ts';
import {
  checkFunction,
  checkNames,
  describeValue,
  numberOption,
  POSITIVE_INTEGER,
} from '../options.ts';
import { checkForm } from '../trees.ts';
import { planBatches } from './batches.ts';
import { BatchProgram } from './batch-program.ts';
import { type Objective, traceForward } from './forward.ts';
import { Variables } from './variables.ts';

/** Loss and metrics on some samples. */
export interface Evaluation<Name extends string = string> {
  /** The mean over the samples. */
  readonly loss: number;
  /** The mean over the samples of each metric, by name. */
  readonly metrics: Readonly<Record<Name, number>>;
}

/** Options of {@link evaluateModel}. */
export interface EvaluateOptions<Name extends string = string> {
  /** What to measure. */
  readonly loss: Loss;
  /** What else to measure, by name. */
  readonly metrics?: Readonly<Record<Name, Metric>>;
  /** How many samples are looked at together; default 256. */
  readonly batchSize?: number;
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/**
 * Loss and metrics of a model on samples.
 *
 * @throws `ValueError` or `ShapeError` as `fit` does for its data and options.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { accuracy, crossEntropy, evaluateModel, mlp } from '@ad/optim';
 *
 * const model = mlp([2, 2]);
 * const samples = { inputs: [[1, 0], [0, 1]], targets: [0, 1] };
 * const parameters = { layers: [{ weights: tensor([[9, 0], [0, 9]]), bias: tensor([0, 0]) }] };
 * const { metrics } = evaluateModel(model, parameters, samples, { loss: crossEntropy, metrics: { accuracy } });
 * metrics.accuracy; // => 1
 * ```
 */
export function evaluateModel<P, Name extends string = never>(
  model: Model<P>,
  parameters: NoInfer<P>,
  samples: Samples,
  options: EvaluateOptions<Name>,
): Evaluation<Name> {
  const caller = 'evaluateModel';
  checkNames(caller, options, ['loss', 'metrics', 'batchSize', 'executor']);
  const objective = objectiveOf(caller, model, options);
  const batchSize = numberOption(caller, 'batchSize', options.batchSize, 256, POSITIVE_INTEGER);
  checkForm(parameters, model.init(0), `${caller}: parameters`);
  const tensors = samplesOf(samples, caller, options.loss.targets);
  return new Evaluator(objective, parameters, tensors, batchSize).evaluate();
}

/** Checks what is asked of a model. */
export function objectiveOf<P, Name extends string>(
  caller: string,
  model: Model<P>,
  options: Pick<EvaluateOptions<Name>, 'loss' | 'metrics' | 'executor'>,
): Objective<P, Name> {
  const methods = model as Partial<Model<P>> | null | undefined;
  if (typeof methods?.init !== 'function' || typeof methods.apply !== 'function') {
    throw new ValueError(
      `${caller}: the model is ${describeValue(model)}, expected { init, apply }, such as mlp([4, 8, 3])`,
    );
  }
  checkFunction(
    caller,
    'loss',
    options.loss,
    'a function of prediction and targets, such as crossEntropy',
  );
  const given = options.metrics ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new ValueError(
      `${caller}: metrics are ${describeValue(given)}, expected functions by name, as in { accuracy }`,
    );
  }
  const metrics = Object.entries(given) as [Name, Metric][];
  for (const [name, metric] of metrics) {
    checkFunction(
      caller,
      `metrics.${name}`,
      metric,
      'a function of prediction and targets, such as accuracy',
    );
  }
  if (options.executor !== undefined) {
    checkFunction(
      caller,
      'executor',
      options.executor,
      'a function that makes programs, such as interpreter',
    );
  }
  return { caller, model, loss: options.loss, metrics, executor: options.executor ?? compiler() };
}

/** Evaluates one model on one set of samples, again and again: the programs are built once. */
export class Evaluator<P, Name extends string> {
  readonly #metricNames: readonly Name[];
  readonly #samples: SampleTensors;
  readonly #programs: readonly (BatchProgram & { readonly parameters: Variables })[];

  /**
   * Builds the programs: one for full batches, and one for the rest.
   *
   * @throws `ValueError` when targets are out of range; whatever the model, the loss or a metric throw.
   */
  constructor(
    objective: Objective<P, Name>,
    parameters: P,
    samples: SampleTensors,
    batchSize: number,
    what: string = objective.caller,
  ) {
    const count = countOf(samples.inputs);
    const { size, rest } = planBatches(count, Math.min(batchSize, count));
    this.#metricNames = objective.metrics.map(([name]) => name);
    this.#samples = samples;
    this.#programs = (rest === 0 ? [size] : [size, rest]).map((rows) => {
      const { prediction, loss, metrics } = traceForward(objective, parameters, samples, rows);
      checkTargets(objective.loss, samples.targets, prediction.shape.at(-1), `${what}: targets`);
      const program = objective.executor({ outputs: [loss, ...metrics] });
      return Object.assign(new BatchProgram(program, rows), {
        parameters: new Variables(program, parameters, 'parameters'),
      });
    });
  }

  /** Loss and metrics, with other parameters if they are given. */
  evaluate(parameters?: Variables): Evaluation<Name> {
    const means = new RunningMeans(this.#metricNames);
    const [full, rest] = this.#programs;
    if (parameters !== undefined)
      for (const program of this.#programs) program.parameters.copyFrom(parameters);
    const count = countOf(this.#samples.inputs);
    let start = 0;
    for (; start + full!.size <= count; start += full!.size) {
      full!.run(this.#samples, null, start);
      means.add(full!.outputs, full!.size);
    }
    if (rest !== undefined) {
      rest.run(this.#samples, null, start);
      means.add(rest.outputs, rest.size);
    }
    return means.read();
  }
}

/** Means of loss and metrics over batches, weighted by their sizes. */
export class RunningMeans<Name extends string> {
  readonly #names: readonly Name[];
  readonly #sums: Float64Array;
  #count = 0;

  /** No samples yet, or those of sums that were read before. */
  constructor(metricNames: readonly Name[], sums?: readonly number[], count: number = 0) {
    this.#names = metricNames;
    this.#sums = new Float64Array(metricNames.length + 1);
    if (sums !== undefined) this.#sums.set(sums);
    this.#count = count;
  }

  /** The sums, to go on from. */
  get sums(): readonly number[] {
    return Array.from(this.#sums);
  }

  /** How many samples they are of. */
  get count(): number {
    return this.#count;
  }

  /** Adds the outputs of a batch: the loss, then the metrics. */
  add(outputs: readonly ArrayLike<number>[], size: number): void {
    for (let k = 0; k < this.#sums.length; k++) this.#sums[k]! += outputs[k]![0]! * size;
    this.#count += size;
  }

  /** The means so far. */
  read(): Evaluation<Name> {
    const means = Array.from(this.#sums, (sum) => sum / this.#count);
    return {
      loss: means[0]!,
      metrics: Object.fromEntries(this.#names.map((name, k) => [name, means[k + 1]!])) as Record<
        Name,
        number
      >,
    };
  }
}
