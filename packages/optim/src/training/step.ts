/**
 * One training step as one program: forward pass, gradient, update of parameters and optimizer state. It is built
 * once for a size of batch; a step copies the rows of its batch in and runs it.
 */
import type { Feeds, GraphNode, TensorData } from '@ad/graph';
import type { SampleTensors } from '../data/samples.ts';
import type { Optimizer, OptimizerState } from '../rules/optimizer.ts';
import { BatchProgram } from './batch-program.ts';
import { type Forward, gradientsOf, type Objective, traceForward } from './forward.ts';
import { guardedUpdates } from './update.ts';
import { feedsOf, inputsFor, Variables } from './variables.ts';

/** Training steps for batches of one size. */
export interface TrainingStep {
  /** The number of samples in a batch. */
  readonly size: number;
  /** After a run: loss and metrics, and a number that is finite if the step was taken. */
  readonly outputs: readonly TensorData[];
  /** The parameters in the program. */
  readonly parameters: Variables;
  /** The optimizer state in the program. */
  readonly state: Variables;
  /** What the model is applied to, of this size or of shards of it. */
  readonly forward: Forward;
  /** Takes a step with the batch that starts at `start` in the given order of the samples. */
  run(samples: SampleTensors, order: Int32Array | null, start: number): void | Promise<void>;
  /** How the last run came to loss and gradients, if it was not taken: to be computed again and looked into. */
  passes(): Iterable<Pass>;
}

/** A graph of loss and gradients, and what was fed to it. */
export interface Pass {
  readonly forward: Forward;
  /** The gradient with respect to each parameter, `null` where there is none. */
  readonly gradients: readonly (GraphNode | null)[];
  readonly feeds: Feeds;
}

/** Builds the training step for batches of `size` samples. */
export function buildStep<P>(
  objective: Objective<P>,
  optimizer: Optimizer,
  parameters: P,
  state: OptimizerState,
  samples: SampleTensors,
  size: number,
): TrainingStep {
  const forward = traceForward(objective, parameters, samples, size, 'train');
  const { graph, loss, metrics, replaced } = forward;
  const gradients = gradientsOf(objective.caller, forward);
  const { magnitude, updates } = guardedUpdates(optimizer, {
    parameters: forward.parameterTree,
    state: inputsFor(graph, state, 'state').tree,
    gradients,
    replaced,
    loss,
  });
  const program = objective.executor({ outputs: [loss, ...metrics, magnitude], updates });
  return Object.assign(new BatchProgram(program, size), {
    forward,
    parameters: new Variables(program, parameters, 'parameters'),
    state: new Variables(program, state, 'state'),
    passes: () => [{ forward, gradients, feeds: feedsOf(graph, program) }],
  });
}
