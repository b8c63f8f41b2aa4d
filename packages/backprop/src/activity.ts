/**
 * Which nodes take part when nodes are differentiated with respect to others: those that depend on the latter, and on
 * which the former depend, along edges that carry messages.
 */
import { type Arena, carriesMessage, type GraphNode, sizeOf, Tensor } from '@ad/graph';

/** 1 for each node up to `top` that depends on one of the targets, or is one. O(V + E). */
export function dependents(arena: Arena, targets: readonly GraphNode[], top: number): Uint8Array {
  const active = new Uint8Array(top + 1);
  let lowest = top + 1;
  for (const { id } of targets) {
    if (id <= top) active[id] = 1;
    lowest = Math.min(lowest, id);
  }
  const { operandStarts, operandIds } = arena;
  for (let node = lowest; node <= top; node++) {
    const end = operandStarts[node + 1]!;
    for (let e = operandStarts[node]!; e < end; e++) {
      if (active[operandIds[e]!] === 1) active[node] = 1;
    }
  }
  return active;
}

/** Whether each target has any influence on the output: a path of edges that carry messages. O(V + E). */
export function reaches(output: GraphNode, targets: readonly GraphNode[]): boolean[] {
  const { arena } = output.graph;
  const reached = new Uint8Array(output.id + 1);
  reached[output.id] = 1;
  for (let u = output.id; u >= 0; u--) {
    if (reached[u] === 0) continue;
    const first = arena.operandStarts[u]!;
    for (let e = first; e < arena.operandStarts[u + 1]!; e++) {
      if (carriesMessage(arena, u, e - first, e)) reached[arena.operandIds[e]!] = 1;
    }
  }
  return targets.map(({ id }) => reached[id] === 1);
}

/** A constant of 0 in the shape of a node: the derivative where there is no path. */
export function zerosLike({ graph, shape }: Pick<GraphNode, 'graph' | 'shape'>): GraphNode {
  if (shape.length === 0) return graph.constant(0);
  return graph.constant(new Tensor(shape, 'real', new Float64Array(sizeOf(shape))));
}
