/** What has no influence on an output, and the zero that is its derivative then. */
import { carriesMessage, type GraphNode, sizeOf, Tensor } from '@ad/graph';

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
