/** What a training step is built on: the graph of an objective for a batch, and its gradients. */
import {
  ancestorsOf,
  callWithNodes,
  describeValue,
  type Executor,
  formatShape,
  describeOperand,
  Graph,
  type GraphNode,
  isGraphNode,
  remedyForResult,
  sameShape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@ad/graph';
import { gradient, type NodesOf } from '@ad/backprop';
import type { SampleTensors } from '../data/samples.ts';
import type { Model, Training } from '../layers/model.ts';
import type { Loss, Metric } from '../losses/loss.ts';
import { inputsFor } from './variables.ts';

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
 * @param purpose - whether the model is judged, or built into a step of training on a whole batch or on shards of it.
 */
export function traceForward<P>(
  objective: Objective<P>,
  parameters: P,
  samples: SampleTensors,
  size: number,
  purpose: 'judge' | 'train' | 'train on shards' = 'judge',
): Forward {
  const { caller, model, loss, metrics } = objective;
  const graph = new Graph();
  const variables = inputsFor(graph, parameters, 'parameters');
  const batch = (tensor: Tensor, name: string): GraphNode =>
    graph.input(name, { shape: [size, ...tensor.shape.slice(1)], kind: tensor.kind });
  const inputs = batch(samples.inputs, 'inputs');
  const targets = batch(samples.targets, 'targets');
  const replaced: (readonly [GraphNode, GraphNode])[] = [];
  const shard =
    purpose === 'train on shards' ? { shard: graph.input('shard', { kind: 'integer' }) } : {};
  const training: Training = {
    ...shard,
    replace(state, value) {
      checkReplacement(caller, variables.nodes, replaced, state, value);
      replaced.push([state, value]);
    },
  };
  const prediction = checkNode(
    callWithNodes(caller, () =>
      model.apply(variables.tree as NodesOf<P>, inputs, purpose === 'judge' ? undefined : training),
    ),
    `${caller}: the model`,
    false,
  );
  return {
    graph,
    replaced,
    parameterTree: variables.tree,
    parameterNodes: variables.nodes,
    prediction,
    loss: checkNode(
      callWithNodes(caller, () => loss(prediction, targets)),
      `${caller}: the loss`,
      true,
    ),
    metrics: metrics.map(([name, metric]) =>
      checkNode(
        callWithNodes(caller, () => metric(prediction, targets)),
        `${caller}: the metric ${name}`,
        true,
      ),
    ),
  };
}

/**
 * The gradient with respect to each parameter, `null` where the loss does not depend on it, or it is state.
 *
 * @throws `ValueError` when there is none.
 */
export function gradientsOf(
  caller: string,
  { graph, loss, parameterNodes, replaced }: Forward,
): readonly (GraphNode | null)[] {
  const reached = new Set(ancestorsOf(graph.arena, [loss.id]));
  const isState = new Set(replaced.map(([state]) => state.id));
  const used = parameterNodes.filter((node) => reached.has(node.id) && !isState.has(node.id));
  if (used.length === 0) {
    throw new ValueError(
      `${caller}: the loss depends on none of the parameters; there is nothing to learn`,
    );
  }
  const found = new Map(gradient(loss, used).map((slope, k) => [used[k]!, slope]));
  return parameterNodes.map((node) => found.get(node) ?? null);
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
    throw new ValueError(
      `${what} returned ${describeValue(value)}, expected a graph node${remedyForResult(value)}`,
    );
  }
  if (scalar && value.shape.length > 0) {
    throw new ShapeError(
      `${what} returned a node of shape ${formatShape(value.shape)}, expected a scalar: the mean over the batch`,
    );
  }
  return value;
}
