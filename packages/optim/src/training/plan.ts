/** All that `fit` checks and builds before the first step. */
import { ValueError } from '@ad/graph';
import {
  checkTargets,
  countOf,
  type Samples,
  samplesOf,
  type SampleTensors,
} from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import type { Loss } from '../losses/loss.ts';
import {
  booleanOption,
  checkFunction,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
  POSITIVE_INTEGER,
  SEED,
} from '../options.ts';
import { Recent } from '../recent.ts';
import { adam } from '../rules/adam.ts';
import { checkOptimizer, type Optimizer, type OptimizerState } from '../rules/optimizer.ts';
import { checkForm } from '../trees.ts';
import { checkSignal } from '../stop-signal.ts';
import { planBatches } from './batches.ts';
import { Evaluator, objectiveOf } from './evaluation.ts';
import type {
  Checkpoint,
  Checkpointing,
  EarlyStopping,
  FitOptions,
  TrainingSetting,
} from './fit-options.ts';
import {
  type Batch,
  type BatchReader,
  memoryReader,
  type OpenEpoch,
  type SampleStream,
  streamReader,
} from './readers.ts';
import type { Objective } from './forward.ts';
import { buildShardedStep } from './sharded-step.ts';
import { type Team, thisThread } from './shards.ts';
import { buildStep, type TrainingStep } from './step.ts';

/** All that is known before the first step. */
export interface Plan<P, Name extends string> {
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly metricNames: readonly Name[];
  /** The parameters to start from. */
  readonly parameters: P;
  /** The optimizer state to start from. */
  readonly state: OptimizerState;
  readonly setting: TrainingSetting;
  /** Steps of an epoch, where that is known. */
  readonly steps?: number;
  readonly open: OpenEpoch;
  /** The program for batches like this one; built at the first time for each size. */
  readonly programFor: (batch: Pick<Batch, 'samples' | 'size'>) => TrainingStep;
  /** Who computes shards; to be closed at the end. */
  readonly team: Team;
  readonly validation: Evaluator<P, Name> | null;
  readonly earlyStopping: Required<EarlyStopping> | null;
  readonly keepBest: boolean;
}

/** Into how many shards a batch is cut for workers, if nothing is said: enough for the cores of most machines. */
const SHARDS = 8;

/** For how many sizes of batches programs are kept: epochs of a stream may all end with another one. */
const PROGRAMS = 8;

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
  'earlyStopping',
  'keepBest',
  'checkpoint',
  'resume',
  'executor',
  'shards',
  'workers',
  'parameters',
  'state',
];

/** Checks everything and, for samples in memory, builds the programs. */
export function planTraining<P, Name extends string>(
  model: Model<P>,
  given: Samples | SampleStream,
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
  const keepBest = booleanOption('fit', 'keepBest', options.keepBest, false);
  for (const name of ['onProgress', 'onEpoch'] as const) {
    if (options[name] !== undefined) checkFunction('fit', name, options[name], 'a function');
  }
  checkSignal('fit', options.signal);
  checkCheckpointing(options.checkpoint);
  const fallback = options.workers === undefined ? 1 : SHARDS;
  const shards = numberOption('fit', 'shards', options.shards, fallback, POSITIVE_INTEGER);
  const workers = options.workers ?? thisThread;
  checkFunction('fit', 'workers', workers, 'what computes shards, such as workerThreads(2)');
  const earlyStopping = earlyStoppingOf(options.earlyStopping);
  const optimizer = options.optimizer ?? adam();
  checkOptimizer('fit', optimizer);
  const batchSizeOf = (fallback: number): number =>
    numberOption('fit', 'batchSize', options.batchSize, fallback, POSITIVE_INTEGER);

  const { resume } = options;
  if (resume !== undefined && (options.parameters !== undefined || options.state !== undefined)) {
    throw new ValueError(
      'fit: resume has parameters and state of its own; leave these options out',
    );
  }
  if (resume !== undefined && !isCheckpoint(resume)) {
    throw new ValueError(
      `fit: resume is ${describeValue(resume)}, expected a checkpoint: what options.checkpoint.save was given, or ` +
        'parseCheckpoint read',
    );
  }
  const first = resume ?? options;
  const source = resume === undefined ? '' : 'resume: ';
  const parameters = startOf(first.parameters, model.init(seed), `fit: ${source}parameters`);
  const state = startOf(first.state, optimizer.init(parameters), `fit: ${source}state`);
  const team = workers();
  const programs = new Recent<number, TrainingStep>(PROGRAMS);
  const programFor = ({ samples, size }: Pick<Batch, 'samples' | 'size'>): TrainingStep =>
    programs.get(size, () => {
      const training = [objective, optimizer, parameters, state, samples, size] as const;
      return shards === 1 ? buildStep(...training) : buildShardedStep(...training, shards, team);
    });
  const common = {
    optimizer,
    epochs,
    metricNames: objective.metrics.map(([name]) => name),
    parameters,
    state,
    programFor,
    team,
    earlyStopping,
    keepBest,
  };
  const evaluator = (): Evaluator<P, Name> | null =>
    options.validation === undefined ? null : validator(objective, parameters, options.validation);
  if (typeof given === 'function') {
    const batchSize = batchSizeOf(32);
    const setting = { seed, batchSize, shuffle, shards };
    checkSetting(resume, setting);
    const open = streamReader(given, batchSize, options.loss.targets);
    const checked: OpenEpoch = (epoch, from) =>
      labelled(open(epoch, from), options.loss, programFor);
    return { ...common, setting, open: checked, validation: evaluator() };
  }
  const samples = samplesOf(given, 'fit', options.loss.targets);
  const count = countOf(samples.inputs);
  const batchSize = batchSizeOf(Math.min(32, count));
  if (batchSize > count) {
    throw new ValueError(
      `fit: batchSize is ${batchSize}, but there are only ${count} samples; give at most ${count}`,
    );
  }
  const batches = planBatches(count, batchSize);
  const setting = { seed, batchSize, shuffle, shards, samples: count };
  checkSetting(resume, setting);
  for (const size of batches.rest === 0 ? [batchSize] : [batchSize, batches.rest]) {
    checkTargetsOf(options.loss, programFor({ samples, size }), samples);
  }
  return {
    ...common,
    setting,
    steps: batches.count,
    open: memoryReader(samples, batches, shuffle && batches.count > 1 ? seed : null),
    validation: evaluator(),
  };
}

/** A reader that checks the targets of what it reads. */
function labelled(
  reader: BatchReader,
  loss: Loss,
  programFor: (batch: Batch) => TrainingStep,
): BatchReader {
  if (loss.targets !== 'labels' && loss.range === undefined) return reader;
  return {
    async next() {
      const batch = await reader.next();
      if (batch !== null) checkTargetsOf(loss, programFor(batch), batch.samples);
      return batch;
    },
    close: () => reader.close(),
  };
}

const isCheckpoint = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['parameters', 'state', 'steps', 'step', 'sums', 'history', 'setting'].every((name) =>
    Object.hasOwn(value, name),
  );

/** A training that goes on must be the same one. */
function checkSetting(resume: Checkpoint<unknown> | undefined, setting: TrainingSetting): void {
  if (resume === undefined) return;
  for (const name of ['seed', 'batchSize', 'shuffle', 'shards', 'samples'] as const) {
    const [then, now] = [resume.setting[name], setting[name]];
    if (then === now) continue;
    throw new ValueError(
      `fit: resume: the checkpoint was made with ${name} ${describeValue(then)}, but now it is ${describeValue(now)}; ` +
        'training goes on with the same samples and options',
    );
  }
}

function checkCheckpointing(given: Checkpointing<never> | undefined): void {
  if (given === undefined) return;
  checkNames('fit: checkpoint', given, ['every', 'save']);
  numberOption('fit', 'checkpoint.every', given.every, Number.NaN, POSITIVE_INTEGER);
  checkFunction('fit', 'checkpoint.save', given.save, 'a function of a checkpoint');
}

function earlyStoppingOf(given: EarlyStopping | undefined): Required<EarlyStopping> | null {
  if (given === undefined) return null;
  checkNames('fit: earlyStopping', given, ['patience', 'minDelta']);
  const { patience, minDelta } = given;
  return {
    patience: numberOption('fit', 'earlyStopping.patience', patience, Number.NaN, POSITIVE_INTEGER),
    minDelta: numberOption('fit', 'earlyStopping.minDelta', minDelta, 0, NON_NEGATIVE),
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

function checkTargetsOf(loss: Loss, step: TrainingStep, { targets }: SampleTensors): void {
  checkTargets(loss, targets, step.forward.prediction.shape.at(-1), 'fit: targets');
}

/** Values to start from: those given, if they are like the usual ones. */
function startOf<T>(given: T | undefined, usual: T, what: string): T {
  if (given === undefined) return usual;
  checkForm(given, usual, what);
  return given;
}
