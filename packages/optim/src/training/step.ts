/**
 * One training step as one program: forward pass, gradient, update of parameters and optimizer state. It is built
 * once for a size of batch; a step copies the rows of its batch in and runs it.
 *
 * A step whose loss, gradient or new parameters are not finite is not taken: the program itself chooses between
 * the new values and the old ones, so the parameters are never spoilt.
 */
import {
  ancestorsOf,
  type Executor,
  formatShape,
  describeOperand,
  Graph,
  type GraphNode,
  isGraphNode,
  type Program,
  sameShape,
  ShapeError,
  type Tensor,
  type TensorData,
  ValueError,
} from '@ad/graph';
import { gradient, leavesOf, mapTree, type NodesOf, type Tree } from '@ad/backprop';
import type { SampleTensors } from '../data/samples.ts';
import type { Model, Training } from '../layers/model.ts';
import type { Loss, Metric } from '../losses/loss.ts';
import { describeValue } from '../options.ts';
import type {
  Gradients,
  Optimizer,
  OptimizerState,
  OptimizerStateNodes,
} from '../rules/optimizer.ts';
import { matchLeaves } from '../trees.ts';
import { copyRows } from './batches.ts';
import { inputsFor, storageOf, Variables } from './variables.ts';

/** What is asked of a model: a loss, and numbers that are reported beside it. */
export interface Objective<P, Name extends string = string> {
  /** Who asks, for messages. */
  readonly caller: string;
  /** What is trained or judged. */
  readonly model: Model<P>;
  /** What is to be small. */
  readonly loss: Loss;
  /** What is reported, in this order. */
  readonly metrics: readonly (readonly [name: Name, metric: Metric])[];
  /** What runs the programs. */
  readonly executor: Executor;
}

/** The graph of an objective for a batch of some size. */
export interface Forward {
  readonly graph: Graph;
  /** State that the model replaces after a step of training, and its next value. */
  readonly replaced: readonly (readonly [state: GraphNode, value: GraphNode])[];
  readonly parameterTree: unknown;
  readonly parameterNodes: readonly GraphNode[];
  readonly prediction: GraphNode;
  readonly loss: GraphNode;
  readonly metrics: readonly GraphNode[];
}

/**
 * Traces the model, the loss and the metrics for batches of `size` samples.
 *
 * @param trains - whether the model is built into a step of training.
 */
export function traceForward<P>(
  objective: Objective<P>,
  parameters: P,
  samples: SampleTensors,
  size: number,
  trains: boolean = false,
): Forward {
  const { caller, model, loss, metrics } = objective;
  const graph = new Graph();
  const variables = inputsFor(graph, parameters, 'parameters');
  const batch = (tensor: Tensor, name: string): GraphNode =>
    graph.input(name, { shape: [size, ...tensor.shape.slice(1)], kind: tensor.kind });
  const inputs = batch(samples.inputs, 'inputs');
  const targets = batch(samples.targets, 'targets');
  const replaced: (readonly [GraphNode, GraphNode])[] = [];
  const training: Training = {
    replace(state, value) {
      checkReplacement(caller, variables.nodes, replaced, state, value);
      replaced.push([state, value]);
    },
  };
  const prediction = checkNode(
    model.apply(variables.tree as NodesOf<P>, inputs, trains ? training : undefined),
    `${caller}: the model`,
    false,
  );
  return {
    graph,
    replaced,
    parameterTree: variables.tree,
    parameterNodes: variables.nodes,
    prediction,
    loss: checkNode(loss(prediction, targets), `${caller}: the loss`, true),
    metrics: metrics.map(([name, metric]) =>
      checkNode(metric(prediction, targets), `${caller}: the metric ${name}`, true),
    ),
  };
}

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

/** Training steps for batches of one size. */
export interface TrainingStep extends BatchProgram {
  readonly forward: Forward;
  /** The gradient with respect to each parameter, `null` where the loss does not depend on it. */
  readonly gradients: readonly (GraphNode | null)[];
  /** The parameters in the program. */
  readonly parameters: Variables;
  /** The optimizer state in the program. */
  readonly state: Variables;
}

/** Any tree of nodes, written as a flat one: of a tree of unknown depth the type of the gradients has no end. */
type NodeRecord = Readonly<Record<string, GraphNode>>;

/** Builds the training step for batches of `size` samples. */
export function buildStep<P>(
  objective: Objective<P>,
  optimizer: Optimizer,
  parameters: P,
  state: OptimizerState,
  samples: SampleTensors,
  size: number,
): TrainingStep {
  const forward = traceForward(objective, parameters, samples, size, true);
  const { graph, loss, parameterNodes, replaced } = forward;
  const stateInputs = inputsFor(graph, state, 'state');
  const reached = new Set(ancestorsOf(graph.arena, [loss.id]));
  const isState = new Set(replaced.map(([state]) => state.id));
  const used = parameterNodes.filter((node) => reached.has(node.id) && !isState.has(node.id));
  if (used.length === 0) {
    throw new ValueError(
      `${objective.caller}: the loss depends on none of the parameters; there is nothing to learn`,
    );
  }
  const found = gradient(loss, used);
  const gradients = parameterNodes.map((node) => found[used.indexOf(node)] ?? null);

  let next = 0;
  const gradientTree = mapTree(forward.parameterTree as Tree<GraphNode>, () => gradients[next++]!);
  const update = optimizer.update(
    forward.parameterTree as NodeRecord,
    gradientTree as Gradients<NodeRecord>,
    stateInputs.tree as OptimizerStateNodes,
  );
  const pairs = [
    ...pairsOf(forward.parameterTree, update.parameters, `${optimizer.name}: the new parameters`),
    ...pairsOf(stateInputs.tree, update.state, `${optimizer.name}: the new state`),
    ...replaced,
  ];
  const newParameters = pairs.filter(([old]) => used.includes(old)).map(([, value]) => value);
  const magnitude = [...found, ...newParameters].reduce(
    (total, node) => total.add(node.abs().sum()),
    loss.abs(),
  );
  const isFinite = magnitude.less(Infinity);
  const program = objective.executor({
    outputs: [loss, ...forward.metrics, magnitude],
    updates: pairs.map(([old, value]) => [old, isFinite.where(value, old)] as const),
  });
  return Object.assign(new BatchProgram(program, size), {
    forward,
    gradients,
    parameters: new Variables(program, parameters, 'parameters'),
    state: new Variables(program, state, 'state'),
  });
}

/** Inputs with their new values, without those that stay as they are. */
function pairsOf(olds: unknown, news: unknown, what: string): (readonly [GraphNode, GraphNode])[] {
  const leaves = leavesOf(olds as Tree<GraphNode>);
  const values = matchLeaves(olds, news, what);
  return leaves.flatMap(({ leaf }, k) => {
    const value = values[k] as GraphNode;
    return value.id === leaf.id ? [] : [[leaf, value] as const];
  });
}

/** Checks what a model replaces. */
function checkReplacement(
  caller: string,
  parameters: readonly GraphNode[],
  replaced: readonly (readonly [GraphNode, GraphNode])[],
  state: GraphNode,
  value: GraphNode,
): void {
  if (!parameters.some(({ id }) => id === state.id))
    throw new ValueError(
      `${caller}: the model replaces ${describeOperand(state)}, which is none of its parameters`,
    );
  if (replaced.some(([other]) => other.id === state.id))
    throw new ValueError(`${caller}: the model replaces ${describeOperand(state)} twice in a step`);
  if (value.kind !== state.kind || !sameShape(value.shape, state.shape)) {
    throw new ShapeError(
      `${caller}: the model replaces ${describeOperand(state)} by a node of shape ${formatShape(value.shape)}, ${value.kind}; ` +
        `expected ${formatShape(state.shape)}, ${state.kind}`,
    );
  }
}

/** Checks what a function of the user's returned. */
function checkNode(value: unknown, what: string, scalar: boolean): GraphNode {
  if (!isGraphNode(value)) {
    throw new ValueError(`${what} returned ${describeValue(value)}, expected a graph node`);
  }
  if (scalar && value.shape.length > 0) {
    throw new ShapeError(
      `${what} returned a node of shape ${formatShape(value.shape)}, expected a scalar: the mean over the batch`,
    );
  }
  return value;
}
