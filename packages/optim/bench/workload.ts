/** What the benchmarks measure: one call of a compiled program, without feeding it. */

import { gradient, leavesOf, mapTree, type NodesOf, type Tree } from '@ad/backprop';
import type { Precision } from '@ad/compiler';
import { Graph, type GraphNode, type ProgramSpec, type Tensor, tensor } from '@ad/graph';
import type { Model, Optimizer, OptimizerStateNodes } from '../src/index.ts';

/** A program to be timed. */
export interface Workload {
  readonly name: string;
  readonly spec: ProgramSpec;
  readonly precision: Precision;
}

/** Numbers between -1 and 1 that look random and are the same in every run. */
export function waves(length: number, phase: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(i * i * 0.7 + i * 12.9898 + phase));
}

/** A full training step: forward pass, gradient, and update of parameters and state in place. */
export function trainingStep<P>(
  model: Model<P>,
  optimizer: Optimizer,
  loss: (graph: Graph, apply: (x: GraphNode) => GraphNode) => GraphNode,
): ProgramSpec {
  const graph = new Graph();
  let count = 0;
  const input = (leaf: Tensor): GraphNode =>
    graph.input(`p${count++}`, { shape: leaf.shape, value: leaf });
  const values = model.init(1) as Tree<Tensor>;
  const parameters = mapTree(values, (leaf) => input(tensor(leaf))) as Tree<GraphNode>;
  const state = mapTree(optimizer.init(values) as Tree<Tensor>, (leaf) =>
    input(tensor(leaf)),
  ) as Tree<GraphNode>;
  const total = loss(graph, (x) => model.apply(parameters as NodesOf<P>, x));
  const leaves = leavesOf(parameters).map(({ leaf }) => leaf);
  const found = gradient(total, leaves);
  let next = 0;
  const gradients: unknown = mapTree(parameters, () => found[next++]!);
  const update = optimizer.update(
    parameters as Readonly<Record<string, GraphNode>>,
    gradients as never,
    state as OptimizerStateNodes,
  );
  const pairs = (olds: Tree<GraphNode>, news: Tree<GraphNode>): [GraphNode, GraphNode][] =>
    leavesOf(olds).map(({ leaf }, k) => [leaf, leavesOf(news)[k]!.leaf]);
  return {
    outputs: [total],
    updates: [...pairs(parameters, update.parameters), ...pairs(state, update.state)],
  };
}
