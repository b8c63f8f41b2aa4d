/**
 * Derivatives along many directions at once, as batches of what `pushforward` and `gradient` build for one: the graph
 * does not grow with the number of directions.
 */
import { batchNodes, type GraphNode } from '@ad/graph';
import { exampleOf } from '../example.ts';
import { gradient } from './gradient.ts';
import { pushforward } from './pushforward.ts';

/**
 * The tangents of nodes along many directions.
 *
 * @param directions - for each node of `wrt` a batch of its tangents, [count, ...shape].
 * @returns for each output a batch of its tangents.
 */
export function pushforwards(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
  directions: readonly GraphNode[],
): GraphNode[] {
  const examples = directions.map(exampleOf);
  return batchesOf(pushforward(outputs, wrt, examples), examples, directions);
}

/**
 * The adjoints of nodes for many cotangents.
 *
 * @param cotangents - for each output a batch of its cotangents, [count, ...shape].
 * @returns for each node of `wrt` a batch of its adjoints.
 */
export function pullbacks(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
  cotangents: readonly GraphNode[],
): GraphNode[] {
  const examples = cotangents.map(exampleOf);
  return batchesOf(adjoints(outputs, wrt, examples), examples, cotangents);
}

/** The adjoints of nodes for cotangents of several outputs. */
export function adjoints(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
  cotangents: readonly GraphNode[],
): GraphNode[] {
  const sums = outputs.map((output, i) => gradient(output, wrt, { seed: cotangents[i]! }));
  return wrt.map((_, j) => sums.map((sum) => sum[j]!).reduce((a, b) => a.add(b)));
}

/** Batches of nodes, also of those that are the same for all. */
function batchesOf(
  nodes: readonly GraphNode[],
  examples: readonly GraphNode[],
  batches: readonly GraphNode[],
): GraphNode[] {
  const count = batches[0]!.shape[0]!;
  return batchNodes(nodes, examples, batches).map(
    (batch, i) => batch ?? nodes[i]!.broadcastTo([count, ...nodes[i]!.shape]),
  );
}
