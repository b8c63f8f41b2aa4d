/** What `fit` is asked for, and what it tells. */
import type { Executor } from '@ad/graph';
import type { Samples } from '../data/samples.ts';
import type { Loss, Metric } from '../losses/loss.ts';
import type { Optimizer, OptimizerState } from '../rules/optimizer.ts';
import type { StopSignal } from '../stop-signal.ts';
import type { NonFiniteNode } from './diagnosis.ts';
import type { Evaluation } from './evaluation.ts';
import type { Workers } from './shards.ts';

/** Where training is, after a step. */
export interface Progress<Name extends string = string> extends Evaluation<Name> {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** How many epochs there will be. */
  readonly epochs: number;
  /** The step in the epoch, from 1. */
  readonly step: number;
  /** How many steps an epoch has; absent for a stream. */
  readonly steps?: number;
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

/** When training ends although epochs are left. */
export interface EarlyStopping {
  /** After how many epochs without progress: an integer of 1 or more. */
  readonly patience: number;
  /** How much smaller than the smallest so far a loss is to be progress, 0 or more. Default 0. */
  readonly minDelta?: number;
}

/** How training is saved on the way. */
export interface Checkpointing<P, Name extends string = string> {
  /** After how many steps: an integer of 1 or more. */
  readonly every: number;
  /** What is done with each; waited for if it returns a promise. Called once more at the end. */
  readonly save: (checkpoint: Checkpoint<P, Name>) => void | Promise<void>;
}

/** The epoch after which the model was judged best. */
export interface Best<P> {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** The loss on the validation samples; the mean of the epoch where there are none. */
  readonly loss: number;
  /** The parameters after that epoch. */
  readonly parameters: P;
}

/** Options of `fit`. */
export interface FitOptions<P, Name extends string = string> {
  /** What is to be small, such as `crossEntropy` or `meanSquaredError`. */
  readonly loss: Loss;
  /** How often each sample is used: an integer of 1 or more. */
  readonly epochs: number;
  /** The rule by which the parameters follow the gradient; default `adam()`. */
  readonly optimizer?: Optimizer;
  /** How many samples make a step: from 1 to their number. Default 32, or all if there are fewer (of a stream, 32). */
  readonly batchSize?: number;
  /** Take the samples in a new random order in each epoch (where a step takes all, or of a stream, in their own). Default true. */
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
  /** Ends the training when the loss on the validation samples (or of the epoch) makes no progress. */
  readonly earlyStopping?: EarlyStopping;
  /** Keep the parameters of the best epoch beside those of the last: {@link FitResult.best}. Default false. */
  readonly keepBest?: boolean;
  /** Saves all that is needed to go on. */
  readonly checkpoint?: Checkpointing<P, Name>;
  /** Where to go on: the result is that of never having stopped, bit for bit. */
  readonly resume?: Checkpoint<P, Name>;
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
  /**
   * Into how many shards a batch is cut: an integer of 1 or more; default 1, or 8 where `workers` are given. Sizes of
   * shards differ by one row at most. Loss, metrics and gradient of the batch are the means of those of the shards,
   * weighted by their rows: what the whole batch would give, but for rounding, where the loss is a mean over samples.
   * What looks at several samples at once (batch normalisation, class weights, ignored labels) looks at those of a
   * shard; dropout has masks for each shard.
   */
  readonly shards?: number;
  /** Who computes the shards, such as `workerThreads(4)` from `@ad/optim/node`; default this thread. */
  readonly workers?: Workers;
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

/** What `fit` found. */
export interface FitResult<P, Name extends string = string> {
  /** The parameters after the last step that was taken. */
  readonly parameters: P;
  /** The optimizer state after the last step that was taken. */
  readonly state: OptimizerState;
  /** One record for each complete epoch. */
  readonly history: readonly EpochRecord<Name>[];
  /** The number of steps that were taken. */
  readonly steps: number;
  /** Why it ended: all epochs were done, there was no progress, the signal was aborted, or a step was not finite. */
  readonly stopped: 'finished' | 'early' | 'aborted' | 'diverged';
  /** The best epoch, if it was asked for and there was one. */
  readonly best?: Best<P>;
  /** Where and why, if it diverged. */
  readonly nonFinite?: NonFiniteReport;
}

/**
 * All that is needed to go on with a training: plain data, made by `fit` and written by `serializeCheckpoint`. Parameters
 * and state are those after the last step.
 */
export interface Checkpoint<P, Name extends string = string> {
  /** The parameters. */
  readonly parameters: P;
  /** The optimizer state. */
  readonly state: OptimizerState;
  /** How many steps were made in all. */
  readonly steps: number;
  /** How many steps were made since the last complete epoch; there are as many complete ones as records. */
  readonly step: number;
  /** Sums of loss and metrics over the samples of these steps. */
  readonly sums: readonly number[];
  /** How many samples these steps had. */
  readonly samples: number;
  /** The records of the complete epochs. */
  readonly history: readonly EpochRecord<Name>[];
  /** The best epoch so far, if it is kept. */
  readonly best?: Best<P>;
  /** What must be the same when training goes on. */
  readonly setting: TrainingSetting;
}

/** What the trajectory depends on beside parameters, state and samples. */
export interface TrainingSetting {
  /** Of the orders. */
  readonly seed: number;
  /** Of the batches. */
  readonly batchSize: number;
  /** Whether orders are random. */
  readonly shuffle: boolean;
  /** Into how many shards a batch is cut. */
  readonly shards: number;
  /** How many samples there are; absent for a stream. */
  readonly samples?: number;
}
