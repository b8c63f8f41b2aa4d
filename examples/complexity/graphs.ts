/**
 * Four families of scalar graphs. Each grows with one size n, and each bears on another part of the theory:
 * a chain has the longest path, a ladder the most paths (2^n of them), a network is what one trains, and in a
 * complete DAG every unit depends on every unit before it.
 *
 * An operation has at most three operands, so a unit with many inputs is a chain of multiplications and additions.
 * Hence E < 2V in every graph below, and O(V + E) = O(V) = O(E).
 */
import { Graph, type GraphNode } from '@ad/graph';

/** One input and n sines on top of each other. */
export function chain(n: number): GraphNode {
  let u = new Graph().input('x', { value: 1 });
  for (let i = 0; i < n; i++) u = u.sin();
  return u;
}

/** One input and n diamonds on top of each other: each splits in two ways that join again, so 2^n paths lead down. */
export function ladder(n: number): GraphNode {
  let u = new Graph().input('x', { value: 1 });
  for (let i = 0; i < n; i++) u = u.sin().mul(u.cos());
  return u;
}

/**
 * A network of scalar nodes: `width` inputs, `depth - 1` layers of `width` units, and one unit as the output. Each
 * unit sees all units of the layer below, each through a weight of its own.
 */
export function network(width: number, depth: number): GraphNode {
  const graph = new Graph();
  const { input, unit } = parts(graph);
  let layer = Array.from({ length: width }, input);
  for (let l = 1; l < depth; l++) {
    const below = layer;
    layer = below.map(() => unit(below));
  }
  return unit(layer);
}

/** One input and n units, each of which sees all units before it and the input, each through a weight of its own. */
export function complete(n: number): GraphNode {
  const { input, unit } = parts(new Graph());
  const units = [input()];
  for (let i = 0; i < n; i++) units.push(unit(units));
  return units[n]!;
}

/** What networks are made of: inputs with some value, and units tanh(w_0 x_0 + w_1 x_1 + ...). */
function parts(graph: Graph): {
  input: () => GraphNode;
  unit: (below: readonly GraphNode[]) => GraphNode;
} {
  const input = (): GraphNode => {
    const id = graph.nodeCount;
    return graph.input(`v${id}`, { value: Math.sin(1 + id) });
  };
  const unit = (below: readonly GraphNode[]): GraphNode =>
    below
      .map((x) => input().mul(x))
      .reduce((sum, term) => sum.add(term))
      .tanh();
  return { input, unit };
}
