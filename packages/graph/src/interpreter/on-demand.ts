/** Evaluation of one node on demand: computes what is missing below it and nothing else. */
import type { Graph } from '../graph.ts';
import { computeNode, setLeaf } from './compute.ts';
import type { NodeValues } from './node-values.ts';

/**
 * Computes node `id` and whatever it needs that is not present yet. Depth costs no stack: the nodes that wait for
 * their operands are kept in a list. Time is linear in the nodes and edges computed.
 */
export function computeOnDemand(graph: Graph, id: number, values: NodeValues): void {
  const { arena } = graph;
  values.reserve();
  const waiting = [id];
  while (waiting.length > 0) {
    const node = waiting.at(-1)!;
    if (values.has(node)) {
      waiting.pop();
      continue;
    }
    const start = arena.operandStarts[node]!;
    const end = arena.operandStarts[node + 1]!;
    const before = waiting.length;
    for (let e = start; e < end; e++) {
      const operand = arena.operandIds[e]!;
      if (!values.has(operand)) waiting.push(operand);
    }
    if (waiting.length > before) continue;
    waiting.pop();
    if (start === end) setLeaf(graph, node, values);
    else computeNode(arena, node, values);
  }
}
