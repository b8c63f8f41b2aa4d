/**
 * The loop of the reverse sweep on symbols: sums and messages are nodes, appended to the graph itself. Only nodes on a
 * path to what is asked for take part. Bodies of loops and branches are differentiated by the same loop, in graphs of
 * their own.
 */
import type { Algebra } from './algebra/algebra.ts';
import { idAlgebra } from './algebra/ids.ts';
import { nodeAlgebra } from './algebra/nodes.ts';
import { SCALAR_REAL } from './arena.ts';
import { partRead } from './control/derivatives.ts';
import type { Parts } from './control/parts.ts';
import {
  carriesMessage,
  dependents,
  factsOf,
  GUARDS,
  IS_ELEMENTWISE,
  strengtheningOf,
} from './edges.ts';
import type { Graph } from './graph.ts';
import { messageTo, nodeMessages, timesPartial } from './message.ts';
import type { GraphNode } from './node.ts';
import type { ElementwiseRow, Strengthening } from './rows/row.ts';

/** A node, and the adjoint that it starts with. */
export type Seed = readonly [output: GraphNode, adjoint: GraphNode];

/**
 * The adjoints of nodes from those of some outputs; `undefined` where no message arrives, which means 0.
 *
 * @param seeds - of nodes of one graph; a node may have several.
 * @param strong - what makes 0 win in all products, even over Infinity and NaN, if it is to.
 */
export function adjointsOf(
  seeds: readonly Seed[],
  targets: readonly GraphNode[],
  strong?: Strengthening,
): (GraphNode | undefined)[] {
  if (seeds.length === 0) return targets.map(() => undefined);
  const { graph } = seeds[0]![0];
  // While a body is traced in the graph, what is built belongs to the body.
  return graph.inner === undefined
    ? sweep(graph, seeds, targets, strong, asIds(graph))
    : sweep(graph, seeds, targets, strong, asHandles(graph));
}

/** How the sweep holds nodes. */
interface Holding<T> {
  readonly algebra: Algebra<T>;
  /** A node of the graph, by its id. */
  of(id: number): T;
  /** Any node that was built. */
  hold(node: GraphNode): T;
  /** The handle of what is held. */
  handle(held: T): GraphNode;
}

/** Nodes of the graph by their ids: of millions of scalars nobody wants the handles. */
function asIds(graph: Graph): Holding<number> {
  return {
    algebra: idAlgebra(graph),
    of: (id) => id,
    hold: (node) => graph.adopt(node).id,
    handle: (id) => graph.node(id),
  };
}

/** Nodes of any graph. */
function asHandles(graph: Graph): Holding<GraphNode> {
  return {
    algebra: nodeAlgebra(graph),
    of: (id) => graph.node(id),
    hold: (node) => node,
    handle: (node) => node,
  };
}

function sweep<T>(
  graph: Graph,
  seeds: readonly Seed[],
  targets: readonly GraphNode[],
  strong: Strengthening | undefined,
  holding: Holding<T>,
): (GraphNode | undefined)[] {
  const { arena } = graph;
  const A = holding.algebra;
  const top = Math.max(...seeds.map(([{ id }]) => id));
  const active = dependents(arena, targets, top);
  const B = nodeMessages(graph);
  const sums = new Array<T | undefined>(top + 1);
  const factsOfCodes = factsOf(arena.rows); // the adjoints of nodes above bring new rows, but are not met below
  const packed = new Map<number, Parts>(); // the sums of loops and branches
  const strengthening = strong ?? strengtheningOf(arena.rows);
  const isStrong = new Uint8Array(top + 1);
  const add = (id: number, message: GraphNode): void => {
    const parts = partsOf(id);
    const sum = sumOf(id);
    if (parts !== undefined) parts.addWhole(message);
    else sums[id] = holding.hold(sum === undefined ? message : sum.add(message));
  };
  /** What has arrived at a node. */
  const sumOf = (id: number): GraphNode | undefined => {
    const sum = sums[id];
    return sum === undefined ? undefined : holding.handle(sum);
  };
  /** The sums of a loop or branch; `undefined` for any other node. */
  const partsOf = (id: number): Parts | undefined => {
    const row = arena.rowOf(id);
    if (row.family !== 'control') return undefined;
    let parts = packed.get(id);
    if (parts === undefined) packed.set(id, (parts = row.parts(arena.attributes.get(id)!)));
    return parts;
  };
  for (const [{ id }, adjoint] of seeds) {
    add(id, adjoint);
    if (strong !== undefined) isStrong[id] = 1;
  }

  /** Messages of anything. Apart from the loop, because closures in a loop cost every node of it time. */
  const send = (u: number, S: GraphNode | undefined): void => {
    const row = arena.rowOf(u);
    const first = arena.operandStarts[u]!;
    // Copied, because the arrays of the arena move as the graph grows.
    const ids = Array.from(arena.operandsOf(u));
    const sends = ids.map((z, k) => active[z] === 1 && carriesMessage(arena, u, k, first + k));
    const rules = isStrong[u] === 1 ? strengthening : undefined;
    if (rules !== undefined) for (const z of ids) isStrong[z] = 1;
    const part = partRead(arena, u);
    if (part !== undefined) {
      if (sends[0] === true) partsOf(ids[0]!)!.add(part, S!);
      return;
    }
    const operands = ids.map((id) => graph.node(id));
    const attributes = arena.attributes.get(u) ?? {};
    if (row.family === 'control') {
      const node = { row, attributes, operands, result: graph.node(u) };
      row.pullback(node, packed.get(u)!, sends, rules).forEach((message, k) => {
        if (message !== undefined) add(ids[k]!, message);
      });
      return;
    }
    for (let k = 0; k < ids.length; k++) {
      if (!sends[k]!) continue;
      add(ids[k]!, messageTo(B, row, attributes, k, S!, graph.node(u), operands, rules));
    }
  };
  /** Messages of an operation on scalars, of which there may be millions; none of them is a loop or branch. */
  const sendFromScalar = (u: number, S: T, facts: number): void => {
    const row = arena.rowOf(u) as ElementwiseRow;
    const result = holding.of(u);
    const first = arena.operandStarts[u]!;
    const operands: T[] = [];
    for (let k = 0; k < row.arity; k++) operands.push(holding.of(arena.operandIds[first + k]!));
    const strongly = isStrong[u] === 1;
    for (let k = 0; k < operands.length; k++) {
      const z = arena.operandIds[first + k]!;
      if (strongly) isStrong[z] = 1;
      const isSent = (facts & (1 << k)) !== 0 && active[z] === 1;
      if (!isSent || arena.typeIds[z] !== SCALAR_REAL) continue;
      const message = timesPartial(A, row, k, S, result, operands, strongly);
      const sum = sums[z];
      sums[z] = sum === undefined ? message : A.add(sum, message);
    }
  };

  for (let u = top; u >= 0; u--) {
    const S = sums[u];
    if ((S === undefined && !packed.has(u)) || active[u] === 0) continue;
    const facts = factsOfCodes[arena.codes[u]!]!;
    if ((facts & GUARDS) !== 0) isStrong[u] = 1;
    if (S !== undefined && (facts & IS_ELEMENTWISE) !== 0 && arena.typeIds[u] === SCALAR_REAL)
      sendFromScalar(u, S, facts);
    else send(u, sumOf(u));
  }
  return targets.map((target) => packed.get(target.id)?.whole(target) ?? sumOf(target.id));
}
