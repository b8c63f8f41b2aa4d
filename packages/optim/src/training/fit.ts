/**
 * Training: epochs of mini-batches. Everything is checked and every program is built before the first step; then a
 * step copies a batch into its program and runs it, in constant time and memory.
 */
import { type Executor, formatShape, sameShape, ShapeError, ValueError } from '@ad/graph';
import { type Leaf, leavesOf, tensorOfLeaf, type Tree } from '@ad/backprop';
import {
  checkLabelRange,
  countOf,
  type Samples,
  type SampleTensors,
  samplesOf,
} from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import type { Loss, Metric } from '../losses/loss.ts';
import {
  booleanOption,
  checkFunction,
  checkNames,
  describeValue,
  numberOption,
  POSITIVE_INTEGER,
  SEED,
} from '../options.ts';
import { adam } from '../rules/adam.ts';
import { checkOptimizer, type Optimizer, type OptimizerState } from '../rules/optimizer.ts';
import { matchLeaves } from '../trees.ts';
import { type BatchPlan, epochOrder, planBatches } from './batches.ts';
import { diagnose, type NonFiniteNode } from './diagnosis.ts';
import { type Evaluation, Evaluator, objectiveOf, RunningMeans } from './evaluation.ts';
import { Turns } from './event-loop.ts';
import { buildStep, type Objective, type TrainingStep } from './step.ts';
import { feedsOf } from './variables.ts';

/** What is needed of an `AbortSignal`. */
export interface StopSignal {
  /** Whether to stop. */
  readonly aborted: boolean;
  /** Why; not looked at. */
  readonly reason?: unknown;
}

/** Where training is, after a step. */
export interface Progress<Name extends string = string> extends Evaluation<Name> {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** How many epochs there will be. */
  readonly epochs: number;
  /** The step in the epoch, from 1. */
  readonly step: number;
  /** How many steps an epoch has. */
  readonly steps: number;
  /** The loss of this batch, before the step. */
  readonly batchLoss: number;
  /** The mean loss over the samples of the epoch so far. */
  readonly loss: number;
  /** The means of the metrics over the samples of the epoch so far. */
  readonly metrics: Readonly<Record<Name, number>>;
}

/** What an epoch came to. Loss and metrics are means over its samples, each measured just before the step with it. */
export interface EpochRecord<Name extends string = string> extends Evaluation<Name> {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** Loss and metrics on the validation samples after the epoch, if there are any. */
  readonly validation?: Evaluation<Name>;
}

/** Options of {@link fit}. */
export interface FitOptions<P, Name extends string = string> {
  /** What is to be small, such as `crossEntropy` or `meanSquaredError`. */
  readonly loss: Loss;
  /** How often each sample is used: an integer of 1 or more. */
  readonly epochs: number;
  /** The rule by which the parameters follow the gradient; default `adam()`. */
  readonly optimizer?: Optimizer;
  /** How many samples make a step: from 1 to their number. Default 32, or all if there are fewer. */
  readonly batchSize?: number;
  /** Take the samples in a new random order in each epoch (where a step takes all, in their own). Default true. */
  readonly shuffle?: boolean;
  /** Decides the initial parameters and all orders: an integer from 0 to $2^{53} - 1$. Default 0. */
  readonly seed?: number;
  /** Samples to judge by after each epoch, and not to learn from. */
  readonly validation?: Samples;
  /** Numbers to report beside the loss, by name: `{ accuracy }`. */
  readonly metrics?: Readonly<Record<Name, Metric>>;
  /** Called after each step; waited for if it returns a promise. What it throws, `fit` rejects with. */
  readonly onProgress?: (progress: Progress<Name>) => void | Promise<void>;
  /** Called after each epoch, in the same way. */
  readonly onEpoch?: (record: EpochRecord<Name>) => void | Promise<void>;
  /** Stops training before the next step once it is aborted; the result has the parameters so far. */
  readonly signal?: StopSignal;
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
  /** Parameters to start from; default `model.init(seed)`. */
  readonly parameters?: P;
  /** Optimizer state to start from; default `optimizer.init(parameters)`. */
  readonly state?: OptimizerState;
}

/** Where and why numbers stopped being finite. */
export interface NonFiniteReport {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** The step in the epoch, from 1. */
  readonly step: number;
  /** The loss of the batch. */
  readonly loss: number;
  /** The first node that is not finite; absent when the batch is finite in double precision. */
  readonly node?: NonFiniteNode;
  /** All this in words. */
  readonly message: string;
}

/** What {@link fit} found. */
export interface FitResult<P, Name extends string = string> {
  /** The parameters after the last step that was taken. */
  readonly parameters: P;
  /** The optimizer state after the last step that was taken. */
  readonly state: OptimizerState;
  /** One record for each complete epoch. */
  readonly history: readonly EpochRecord<Name>[];
  /** The number of steps that were taken. */
  readonly steps: number;
  /** Why it ended: all epochs were done, the signal was aborted, or a step was not finite. */
  readonly stopped: 'finished' | 'aborted' | 'diverged';
  /** Where and why, if it diverged. */
  readonly nonFinite?: NonFiniteReport;
}

/**
 * Trains a model on samples, by steps on mini-batches.
 *
 * Forward pass, gradient and update are one program, in which parameters and optimizer state live; it is built once
 * (and once more for a smaller last batch, if the samples do not divide evenly). The result depends on nothing but
 * the arguments: the same seed gives the same bits. Neither samples nor parameters passed in are changed.
 *
 * Other tasks get their turn about every 40 ms. A step whose loss, gradient or new parameters are not finite is not
 * taken and ends the training; the report names the node where it began.
 *
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
  samples: Samples,
  options: FitOptions<NoInfer<P>, Name>,
): Promise<FitResult<P, Name>> {
  const plan = planTraining(model, samples, options);
  const { optimizer, batches, epochs, seed, shuffle, programs, metricNames, validation } = plan;
  const { onProgress, onEpoch, signal } = options;
  const count = countOf(plan.samples.inputs);
  const turns = new Turns();
  const history: EpochRecord<Name>[] = [];
  let current = programs[0]!;
  let steps = 0;
  const result = (
    stopped: FitResult<P>['stopped'],
    nonFinite?: NonFiniteReport,
  ): FitResult<P, Name> => ({
    parameters: current.parameters.read() as P,
    state: current.state.read() as OptimizerState,
    history,
    steps,
    stopped,
    ...(nonFinite === undefined ? {} : { nonFinite }),
  });

  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffle && batches.count > 1 ? epochOrder(count, seed, epoch) : null;
    const means = new RunningMeans<Name>(metricNames);
    for (let step = 1; step <= batches.count; step++) {
      if (turns.isOver) await turns.yield();
      if (signal?.aborted === true) return result('aborted');
      const start = (step - 1) * batches.size;
      const program = start + batches.size <= count ? programs[0]! : programs[1]!;
      if (program !== current) {
        program.parameters.copyFrom(current.parameters);
        program.state.copyFrom(current.state);
        current = program;
      }
      program.run(order, start);
      if (!isTaken(program)) return result('diverged', explain(program, epoch, step));
      steps++;
      means.add(program.outputs, program.size);
      if (onProgress !== undefined) {
        const batchLoss = program.outputs[0]![0]!;
        const wait = onProgress({
          epoch,
          epochs,
          step,
          steps: batches.count,
          batchLoss,
          ...means.read(),
        });
        if (wait !== undefined) await wait;
      }
    }
    const judged =
      validation === null ? {} : { validation: validation.evaluate(current.parameters) };
    const record: EpochRecord<Name> = { epoch, ...means.read(), ...judged };
    history.push(record);
    if (optimizer.observe !== undefined) {
      const state = current.state.read() as OptimizerState;
      current.state.write(optimizer.observe(state, (record.validation ?? record).loss));
    }
    if (onEpoch !== undefined) await onEpoch(record);
  }
  return result('finished');
}

/** All that is known before the first step. */
interface Plan<P, Name extends string> {
  readonly optimizer: Optimizer;
  readonly samples: SampleTensors;
  readonly batches: BatchPlan;
  readonly epochs: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly metricNames: readonly Name[];
  /** For full batches, and for the rest if there is one. */
  readonly programs: readonly TrainingStep[];
  readonly validation: Evaluator<P, Name> | null;
}

const OPTION_NAMES: readonly (keyof FitOptions<unknown>)[] = [
  'loss',
  'epochs',
  'optimizer',
  'batchSize',
  'shuffle',
  'seed',
  'validation',
  'metrics',
  'onProgress',
  'onEpoch',
  'signal',
  'executor',
  'parameters',
  'state',
];

/** Checks everything and builds the programs. */
function planTraining<P, Name extends string>(
  model: Model<P>,
  given: Samples,
  options: FitOptions<P, Name>,
): Plan<P, Name> {
  checkNames('fit', options, OPTION_NAMES);
  const objective = objectiveOf('fit', model, options);
  if (options.epochs === undefined)
    throw new ValueError(
      'fit: epochs is missing; say how often to use each sample, as in { epochs: 20 }',
    );
  const epochs = numberOption('fit', 'epochs', options.epochs, 1, POSITIVE_INTEGER);
  const seed = numberOption('fit', 'seed', options.seed, 0, SEED);
  const shuffle = booleanOption('fit', 'shuffle', options.shuffle, true);
  for (const name of ['onProgress', 'onEpoch'] as const) {
    if (options[name] !== undefined) checkFunction('fit', name, options[name], 'a function');
  }
  checkSignal(options.signal);
  const optimizer = options.optimizer ?? adam();
  checkOptimizer('fit', optimizer);
  const samples = samplesOf(given, 'fit', options.loss.targets);
  const count = countOf(samples.inputs);
  const batchSize = numberOption(
    'fit',
    'batchSize',
    options.batchSize,
    Math.min(32, count),
    POSITIVE_INTEGER,
  );
  if (batchSize > count) {
    throw new ValueError(
      `fit: batchSize is ${batchSize}, but there are only ${count} samples; give at most ${count}`,
    );
  }
  const batches = planBatches(count, batchSize);
  const parameters = startOf(options.parameters, model.init(seed), 'parameters');
  const state = startOf(options.state, optimizer.init(parameters), 'state');
  const sizes = batches.rest === 0 ? [batchSize] : [batchSize, batches.rest];
  const programs = sizes.map((size) => {
    const step = buildStep(objective, optimizer, parameters, state, samples, size);
    checkTargets(options.loss, step, samples);
    return step;
  });
  return {
    optimizer,
    samples,
    batches,
    epochs,
    seed,
    shuffle,
    metricNames: objective.metrics.map(([name]) => name),
    programs,
    validation:
      options.validation === undefined
        ? null
        : validator(objective, parameters, options.validation),
  };
}

function validator<P, Name extends string>(
  objective: Objective<P, Name>,
  parameters: P,
  given: Samples,
): Evaluator<P, Name> {
  const samples = samplesOf(given, 'fit: validation', objective.loss.targets);
  return new Evaluator({ ...objective, caller: 'fit: validation' }, parameters, samples, 256);
}

function checkTargets(loss: Loss, step: TrainingStep, samples: SampleTensors): void {
  if (loss.targets !== 'labels') return;
  const classes = step.forward.prediction.shape.at(-1)!;
  checkLabelRange(samples.targets, classes, 'fit: targets', loss.ignores);
}

function checkSignal(signal: StopSignal | undefined): void {
  if (signal === undefined || typeof (signal as Partial<StopSignal> | null)?.aborted === 'boolean')
    return;
  throw new ValueError(
    `fit: signal is ${describeValue(signal)}, expected { aborted: boolean }, such as an AbortSignal`,
  );
}

/** Values to start from: those given, if they have the form of the usual ones. */
function startOf<T>(given: T | undefined, usual: T, what: string): T {
  if (given === undefined) return usual;
  const leaves = leavesOf(usual as Tree<Leaf>);
  matchLeaves(usual, given, `fit: ${what}`).forEach((value, k) => {
    const { path, leaf } = leaves[k]!;
    const [expected, got] = [tensorOfLeaf(leaf).shape, tensorOfLeaf(value as Leaf).shape];
    if (sameShape(expected, got)) return;
    throw new ShapeError(
      `fit: ${what}${path} has shape ${formatShape(got)}, expected ${formatShape(expected)}`,
    );
  });
  return given;
}

/** Whether the last run was finite, so that its updates were made. The last output says so. */
function isTaken(program: TrainingStep): boolean {
  return Number.isFinite(program.outputs.at(-1)![0]!);
}

/** Computes the batch again and says where it went wrong. The program still holds the batch and the old parameters. */
function explain(program: TrainingStep, epoch: number, step: number): NonFiniteReport {
  const { forward, gradients } = program;
  const loss = program.outputs[0]![0]!;
  const slopes = gradients.flatMap((node, k) =>
    node === null ? [] : [{ node, of: forward.parameterNodes[k]!.label }],
  );
  const targets = [forward.loss, ...slopes.map(({ node }) => node)];
  const found = diagnose(targets, feedsOf(forward.graph, program.program));
  const slope = found === undefined ? undefined : slopes[found.target - 1];
  const what = slope === undefined ? '' : `, but the gradient of ${slope.of} is not finite`;
  const where =
    found === undefined
      ? 'in double precision loss and gradient are finite: the step is too large, or the precision too low'
      : `the first value that is not finite is ${found.node.value} at ${found.node.description}`;
  const message =
    `epoch ${epoch}, step ${step}: the loss is ${loss}${what}; ${where}. ` +
    'Try a smaller learning rate, or standardize the inputs';
  return { epoch, step, loss, ...(found === undefined ? {} : { node: found.node }), message };
}
