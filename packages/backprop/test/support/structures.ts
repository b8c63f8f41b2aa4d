/** Families of graphs with known sizes, and facts about any graph that are counted independently of the library. */
import { add, Graph, type GraphNode, numbers } from '@ad/graph';

/** A graph with one input `x` and one output. */
export interface Structure {
  readonly x: GraphNode;
  readonly output: GraphNode;
}

/** x -> sin -> sin -> ... -> sin: n operations, n edges. */
export function chain(n: number): Structure {
  const x = new Graph().input('x', { value: 0.5 });
  let output = x;
  for (let i = 0; i < n; i++) output = output.sin();
  return { x, output };
}

/** x -> x + x -> ...: n operations, 2n edges, 2^n paths. */
export function ladder(n: number): Structure {
  const x = new Graph().input('x', { value: 0.5 });
  let output = x;
  for (let i = 0; i < n; i++) output = output.add(output);
  return { x, output };
}

/** u_0 = x, u_1 = sin x, and every further one of u_2, ..., u_n is the product of all before it. */
export function complete(n: number): Structure {
  const x = new Graph().input('x', { value: 1 });
  const nodes = [x, x.sin()];
  for (let i = 2; i <= n; i++) {
    let product = nodes[0]!;
    for (const node of nodes.slice(1)) product = product.mul(node);
    nodes.push(product);
  }
  return { x, output: nodes[n]! };
}

/** A network of `depth` layers of `width` nodes, each the sine of the sum of all nodes of the layer below. */
export function layered(width: number, depth: number): Structure {
  const x = new Graph().input('x', { value: 0.25 });
  const sumOf = (layer: readonly GraphNode[]): GraphNode =>
    layer.reduce((sum, node) => add(sum, node));
  let layer: GraphNode[] = Array.from({ length: width }, () => x.sin());
  for (let d = 1; d < depth; d++) {
    const below = layer;
    layer = Array.from({ length: width }, () => sumOf(below).sin());
  }
  return { x, output: sumOf(layer) };
}

/** For each node of the graph up to `output`, the set of nodes that it depends on, itself included, as bits. */
export function closure(output: GraphNode): bigint[] {
  const sets: bigint[] = [];
  for (let id = 0; id <= output.id; id++) {
    const node = output.graph.node(id);
    sets.push(node.operands.reduce((set, operand) => set | sets[operand.id]!, 1n << BigInt(id)));
  }
  return sets;
}

/** How many bits of a set are 1. */
export function sizeOfSet(set: bigint): number {
  let size = 0;
  for (let rest = set; rest !== 0n; rest &= rest - 1n) size++;
  return size;
}

/** The nodes of a set, ascending. */
export function membersOf(set: bigint): number[] {
  return Array.from({ length: set.toString(2).length }, (_, id) => id).filter(
    (id) => ((set >> BigInt(id)) & 1n) === 1n,
  );
}

/**
 * The sum over all paths from one node to another of the product of the local derivatives' magnitudes: what the
 * rounding errors of any sweep are relative to. One row per node, for smooth scalar graphs.
 */
export function pathSums(output: GraphNode, activation: (node: GraphNode) => number): number[][] {
  const rows: number[][] = [];
  for (let id = 0; id <= output.id; id++) {
    const node = output.graph.node(id);
    const row = output.graph.arena.rowOf(id);
    const sums = new Array<number>(output.id + 1).fill(0);
    sums[id] = 1;
    const operands = node.operands;
    const [x, y, z] = operands.map(activation);
    operands.forEach((operand, k) => {
      if (row.family !== 'elementwise') return;
      const partial = row.partials[k]!;
      const slope =
        typeof partial === 'number'
          ? partial
          : partial(numbers, activation(node), x!, y ?? 0, z ?? 0);
      rows[operand.id]!.forEach((sum, j) => (sums[j]! += Math.abs(slope) * sum));
    });
    rows.push(sums);
  }
  return rows;
}
