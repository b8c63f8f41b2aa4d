/**
 * Forward mode on symbols: tangents are nodes, and the sweep appends them to the graph itself. Operands have smaller
 * ids, so one ascending loop meets every node after all it is computed from. Invariant at the top of the loop: the
 * tangents of all operands of u are complete.
 *
 * Only nodes on a path from what is differentiated to an output take part. Work: one product per edge, O(V + E).
 */
import {
  apply,
  type Arena,
  type Attributes,
  formatShape,
  type Graph,
  GraphError,
  type GraphNode,
  KindError,
  nodeAlgebra,
  operations,
  type Operation,
  reducedShape,
  sameShape,
  ShapeError,
  ValueError,
} from '@ad/graph';
import { dependents, zerosLike } from './activity.ts';
import { carriesMessage, guardsBranches } from './edges.ts';
import { nodeMessages, timesPartial } from './message.ts';

/**
 * The derivative of a node along a direction, as a node of the same graph: the Jacobian times the tangents.
 *
 * Where `gradient` passes adjoints down, this passes tangents up. Both can be differentiated again, in any mixture:
 * `pushforward(gradient(y, x), x, v)` is the Hessian times `v`.
 *
 * @param output - any real node. Where it does not depend on `wrt`, its tangent is a constant 0.
 * @param wrt - the node or nodes that move: inputs, constants, or any other real nodes.
 * @param tangents - in which direction each of them moves: nodes of their shapes.
 * @returns a node of the shape of the output.
 * @throws `ShapeError` when a tangent has another shape than its node.
 * @throws `KindError` when a node is not real.
 * @throws `GraphError` when nodes belong to different graphs.
 * @throws `ValueError` when there are more or fewer tangents than nodes.
 * Complexity: O(V + E) nodes are appended.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { gradient, pushforward } from '@ad/backprop';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [2] });
 * const v = graph.constant(new Float64Array([1, 0]));
 * const y = x.square().sum().square();
 * evaluate(pushforward(y, x, v), { x: [1, 2] }).item(); // => 20
 * evaluate(pushforward(gradient(y, x), x, v), { x: [1, 2] }).toArray(); // => [28, 16]
 * ```
 */
export function pushforward(
  output: GraphNode,
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): GraphNode;
/** The derivatives of several nodes along one direction, in their order. */
export function pushforward<const Nodes extends readonly GraphNode[]>(
  outputs: Nodes,
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): { -readonly [Index in keyof Nodes]: GraphNode };
export function pushforward(
  outputs: GraphNode | readonly GraphNode[],
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): GraphNode | GraphNode[] {
  const [tops, targets, seeds] = [listOf(outputs), listOf(wrt), listOf(tangents)];
  checkArguments(tops, targets, seeds);
  if (tops.length === 0) return [];
  const { graph } = tops[0]!;
  const { arena } = graph;
  const { active, strong } = activePaths(arena, tops, targets);
  const sums = new Map<number, GraphNode>();
  targets.forEach(({ id }, i) => {
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? seeds[i]! : sum.add(seeds[i]!));
  });

  for (let u = 0; u < active.length; u++) {
    if (active[u] === 0) continue;
    const tangent = tangentOf(graph, u, sums, strong[u] === 1);
    const seed = sums.get(u); // a node may both move by itself and depend on others that do
    if (tangent !== undefined) sums.set(u, seed === undefined ? tangent : seed.add(tangent));
  }
  const results = tops.map((top) => sums.get(top.id) ?? zerosLike(top));
  return 'id' in outputs ? results[0]! : results;
}

/** The tangent of a node from those of its operands; `undefined` where none of them moves it. */
function tangentOf(
  graph: Graph,
  u: number,
  tangents: ReadonlyMap<number, GraphNode>,
  strong: boolean,
): GraphNode | undefined {
  const { arena } = graph;
  const first = arena.operandStarts[u]!;
  const ids = Array.from(arena.operandsOf(u));
  const moving = ids.map((id, k) =>
    carriesMessage(arena, u, k, first + k) ? tangents.get(id) : undefined,
  );
  if (moving.every((tangent) => tangent === undefined)) return undefined;
  const operands = ids.map((id) => graph.node(id));
  const row = arena.rowOf(u);
  const attributes = arena.attributes.get(u) ?? {};
  return push(row, attributes, graph.node(u), operands, moving, strong);
}

/** The derivative of one operation along the tangents of those operands that have one. */
function push(
  row: Operation,
  attributes: Attributes,
  result: GraphNode,
  operands: readonly GraphNode[],
  moving: readonly (GraphNode | undefined)[],
  strong: boolean,
): GraphNode {
  const { graph } = result;
  switch (row.family) {
    case 'elementwise': {
      const A = nodeAlgebra(graph);
      const terms = moving.flatMap((tangent, k) =>
        tangent === undefined ? [] : [timesPartial(A, row, k, tangent, result, operands, strong)],
      );
      const total = sumOf(terms);
      return sameShape(total.shape, result.shape) ? total : total.broadcastTo(result.shape);
    }
    case 'linear': {
      const moved = operands.map((operand, k) =>
        operand.kind === 'real' ? (moving[k] ?? zerosLike(operand)) : operand,
      );
      return apply(row, moved, attributes);
    }
    case 'bilinear': {
      const terms = moving.flatMap((tangent, k) =>
        tangent === undefined ? [] : [apply(row, replaced(operands, k, tangent), attributes)],
      );
      return sumOf(terms);
    }
    case 'reduction': {
      const [x] = operands as readonly [GraphNode];
      const reduction = attributes as Parameters<typeof row.partial>[3];
      const kept = result.reshape(reducedShape(x.shape, reduction.axes, true));
      const partial = row.partial(nodeMessages(graph), x, kept, reduction);
      const product = strong ? operations.strongMul : operations.mul;
      return apply(operations.sum, [apply(product, [moving[0]!, partial])], reduction);
    }
    case 'smooth': {
      const B = nodeMessages(graph);
      const terms = moving.flatMap((tangent, k) =>
        tangent === undefined ? [] : [row.pushforward(B, tangent, result, operands, attributes, k)],
      );
      return sumOf(terms);
    }
    case 'leaf':
    case 'discrete':
      throw new Error(`${row.name} passes no tangents on`);
  }
}

function replaced(
  operands: readonly GraphNode[],
  position: number,
  tangent: GraphNode,
): readonly GraphNode[] {
  return operands.map((operand, k) => (k === position ? tangent : operand));
}

function sumOf(terms: readonly GraphNode[]): GraphNode {
  return terms.reduce((sum, term) => sum.add(term));
}

/** The nodes on paths from the targets to the outputs, and which of them are below a choice between branches. */
function activePaths(
  arena: Arena,
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
): { readonly active: Uint8Array; readonly strong: Uint8Array } {
  const top = Math.max(...outputs.map(({ id }) => id));
  const depends = dependents(arena, targets, top);
  const active = new Uint8Array(top + 1);
  const strong = new Uint8Array(top + 1);
  for (const { id } of outputs) active[id] = depends[id]!;
  for (let u = top; u >= 0; u--) {
    if (active[u] === 0) continue;
    if (guardsBranches(arena.rowOf(u))) strong[u] = 1;
    const first = arena.operandStarts[u]!;
    for (let e = first; e < arena.operandStarts[u + 1]!; e++) {
      const z = arena.operandIds[e]!;
      if (depends[z] === 0 || !carriesMessage(arena, u, e - first, e)) continue;
      active[z] = 1;
      if (strong[u] === 1) strong[z] = 1;
    }
  }
  return { active, strong };
}

function listOf(nodes: GraphNode | readonly GraphNode[]): readonly GraphNode[] {
  return 'id' in nodes ? [nodes] : nodes;
}

function checkArguments(
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
  tangents: readonly GraphNode[],
): void {
  if (targets.length !== tangents.length) {
    throw new ValueError(
      `pushforward: ${targets.length} nodes move, but there are ${tangents.length} tangents; give each node one`,
    );
  }
  const all = [...outputs, ...targets, ...tangents];
  for (const node of all) {
    if (node.graph !== all[0]!.graph) {
      throw new GraphError(
        `pushforward: the node ${node.toString()} belongs to another graph than ${all[0]!.toString()}`,
      );
    }
    if (node.kind !== 'real') {
      throw new KindError(
        `pushforward: the node ${node.toString()} is not real; only real nodes have derivatives`,
      );
    }
  }
  targets.forEach((target, i) => {
    const { shape } = tangents[i]!;
    if (!sameShape(shape, target.shape)) {
      throw new ShapeError(
        `pushforward: the tangent of ${target.toString()} has shape ${formatShape(shape)}, expected ${formatShape(target.shape)}`,
      );
    }
  });
}
