/** An optimizer as a function of numbers: the gradients of all steps in, the parameters after each step out. */
import { Graph, type GraphNode, interpreter, Tensor } from '@ad/graph';
import { leavesOf, mapTree, type Tree } from '@ad/backprop';
import type { Optimizer } from '@ad/optim';

const vector = (values: readonly number[]): Tensor =>
  new Tensor([values.length], 'real', Float64Array.from(values));

/** Runs a rule on one parameter `w` with given gradients; the trajectory without the start. */
export function runRule(
  optimizer: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
): number[][] {
  let step = 0;
  return descend(optimizer, start, gradients.length, () => gradients[step++]!);
}

/** Runs a rule on one parameter `w` with gradients that depend on it; the trajectory without the start. */
export function descend(
  optimizer: Optimizer,
  start: readonly number[],
  steps: number,
  gradient: (w: readonly number[]) => readonly number[],
): number[][] {
  const graph = new Graph();
  const w = graph.input('w', { value: vector(start) });
  const g = graph.input('g', { shape: [start.length] });
  const state = mapTree(optimizer.init({ w: vector(start) }), (leaf: Tensor, path) =>
    graph.input(`state${path}`, { value: leaf }),
  ) as { readonly [name: string]: Tree<GraphNode> };
  const update = optimizer.update({ w }, { w: g }, state);
  const olds = leavesOf<GraphNode>(state);
  const news = leavesOf<GraphNode>(update.state);
  const program = interpreter({
    outputs: [update.parameters.w],
    updates: [
      [w, update.parameters.w],
      ...olds.map(({ leaf }, k) => [leaf, news[k]!.leaf] as const),
    ],
  });
  const trajectory: number[][] = [];
  let now: readonly number[] = start;
  for (let t = 0; t < steps; t++) {
    const [next] = program.run({ g: vector(gradient(now)) });
    trajectory.push([...next!.data]);
    now = trajectory.at(-1)!;
  }
  return trajectory;
}
