/**
 * The loop of forward mode on symbols: tangents are nodes, and the sweep appends them to the graph itself. Operands have
 * smaller ids, so one ascending loop meets every node after all it is computed from. Invariant at the top of the loop: the
 * tangents of all operands of u are complete. Bodies of loops and branches are differentiated by the same loop, in graphs
 * of their own.
 *
 * Only nodes on a path from what is differentiated to an output take part. Work: one product per edge, O(V + E).
 *
 * The loop that carries tangents along computes the values as well. Whatever reads these is appended once more, to read
 * them there, so that the loop without tangents is not needed.
 */
import {
  type Algebra,
  apply,
  type Arena,
  type Attributes,
  type BodyTangentsOf,
  carriesMessage,
  dependents,
  type ElementwiseRow,
  type Graph,
  type GraphNode,
  guardsBranches,
  nodeAlgebra,
  nodeMessages,
  NodeTable,
  type Operation,
  type Parts,
  partRead,
  reducedShape,
  sameShape,
  strengtheningOf,
  type Strengthening,
  timesPartial,
  type ValuesAndTangents,
} from '@ad/graph';
import * as rows from '@ad/graph/rows';
import { zerosLike } from './activity.ts';
import { JointValues } from './joint-values.ts';

/**
 * The values and tangents of some outputs.
 *
 * @param outputs - nodes of one graph.
 * @param targets - the nodes that move, and `directions` how; nodes of the same graph.
 * @param alwaysStrong - what makes 0 win in all products, even over Infinity and NaN, if it is to.
 */
export function valuesAndTangents(
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
  directions: readonly GraphNode[],
  alwaysStrong?: Strengthening,
): ValuesAndTangents {
  if (outputs.length === 0) return { values: [], tangents: [] };
  const { graph } = outputs[0]!;
  const { arena } = graph;
  const { active, strong } = activePaths(arena, outputs, targets);
  const strengthening = strengtheningOf(arena.rows);
  const sums = new NodeTable(graph, arena.nodeCount);
  const packed = new Map<number, Parts>();
  const values = new JointValues(graph, outputs);
  const sweep: Sweep = { graph, A: nodeAlgebra(graph), values, tangents: sums, packed };
  targets.forEach(({ id }, i) => {
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? directions[i]! : sum.add(directions[i]!));
  });

  for (let u = 0; u < active.length; u++) {
    values.visit(u);
    if (active[u] === 0) continue;
    const rules = alwaysStrong ?? (strong[u] === 1 ? strengthening : undefined);
    const seed = sums.get(u); // a node may both move by itself and depend on others that do
    const tangent = tangentOf(sweep, u, rules);
    if (tangent !== undefined) sums.set(u, seed === undefined ? tangent : seed.add(tangent));
    if (seed !== undefined) packed.get(u)?.addWhole(seed);
  }
  return {
    values: outputs.map(({ id }) => values.of(id)),
    tangents: outputs.map((output) => packed.get(output.id)?.whole(output) ?? sums.get(output.id)),
  };
}

/** What a sweep upwards has made so far. */
interface Sweep {
  readonly graph: Graph;
  /** The algebra of its nodes. */
  readonly A: Algebra<GraphNode>;
  readonly values: JointValues;
  /** The tangents of all other nodes than loops and branches. */
  readonly tangents: NodeTable;
  /** The tangents of loops and branches. */
  readonly packed: Map<number, Parts>;
}

/** The tangent of a node that was met; `undefined` where it does not move. */
function tangentAt({ graph, tangents, packed }: Sweep, id: number): GraphNode | undefined {
  return packed.get(id)?.whole(graph.node(id)) ?? tangents.get(id);
}

/**
 * The tangent of a node from those of its operands; `undefined` where none of them moves it. That of a loop or branch is
 * added to `packed`.
 */
function tangentOf(
  sweep: Sweep,
  u: number,
  strong: Strengthening | undefined,
): GraphNode | undefined {
  const { graph, values, packed } = sweep;
  const { arena } = graph;
  const row = arena.rowOf(u);
  const first = arena.operandStarts[u]!;
  if (row.family === 'elementwise') return pushElementwise(sweep, row, u, strong !== undefined);
  const ids = Array.from(arena.operandsOf(u));
  const part = partRead(arena, u);
  const parts = packed.get(ids[0]!);
  if (part !== undefined && parts !== undefined) return parts.flat(part);
  const moving = ids.map((id, k) =>
    carriesMessage(arena, u, k, first + k) ? tangentAt(sweep, id) : undefined,
  );
  if (moving.every((tangent) => tangent === undefined)) return undefined;
  const operands = values.operandsOf(u);
  const attributes = arena.attributes.get(u) ?? {};
  const result = values.of(u);
  if (row.family === 'control') {
    const own = { ...values.join(u, row.parts(attributes)), tangents: row.parts(attributes) };
    const ofBody: BodyTangentsOf = (outputs, targets, directions) =>
      valuesAndTangents(outputs, targets, directions, strong);
    row.pushforward({ row, attributes, operands, result }, moving, ofBody, own);
    packed.set(u, own.tangents);
    return undefined;
  }
  return push(row, attributes, result, operands, moving, strong);
}

/**
 * The derivative of an elementwise operation along the tangents of its operands. There may be millions of them, so no
 * lists are made of what nothing reads.
 */
function pushElementwise(
  sweep: Sweep,
  row: ElementwiseRow,
  u: number,
  strong: boolean,
): GraphNode | undefined {
  const { graph, A, values } = sweep;
  const { arena } = graph;
  const first = arena.operandStarts[u]!;
  let total: GraphNode | undefined;
  let operands: readonly GraphNode[] | undefined;
  for (let k = 0; k < row.arity; k++) {
    if (!carriesMessage(arena, u, k, first + k)) continue;
    const tangent = tangentAt(sweep, arena.operandIds[first + k]!);
    if (tangent === undefined) continue;
    let term = tangent;
    if (row.partials[k] !== 1) {
      operands ??= values.operandsOf(u);
      term = timesPartial(A, row, k, tangent, values.of(u), operands, strong);
    }
    total = total === undefined ? term : total.add(term);
  }
  const { shape } = arena.typeOf(u);
  return total === undefined || sameShape(total.shape, shape) ? total : total.broadcastTo(shape);
}

/** The derivative of any other operation along the tangents of those operands that have one. */
function push(
  row: Exclude<Operation, ElementwiseRow>,
  attributes: Attributes,
  result: GraphNode,
  operands: readonly GraphNode[],
  moving: readonly (GraphNode | undefined)[],
  strong: Strengthening | undefined,
): GraphNode {
  const { graph } = result;
  const B = nodeMessages(graph);
  // Below a choice between branches the rules themselves multiply strongly.
  const rules = strong?.(B) ?? B;
  switch (row.family) {
    case 'linear': {
      const moved = operands.map((operand, k) =>
        operand.kind === 'real' ? (moving[k] ?? zerosLike(operand)) : operand,
      );
      return apply(row, moved, attributes);
    }
    case 'bilinear': {
      const terms = moving.flatMap((tangent, k) =>
        tangent === undefined ? [] : [rules.apply(row, replaced(operands, k, tangent), attributes)],
      );
      return sumOf(terms);
    }
    case 'reduction': {
      const [x] = operands as readonly [GraphNode];
      const reduction = attributes as Parameters<typeof row.partial>[3];
      const kept = result.reshape(reducedShape(x.shape, reduction.axes, true));
      const partial = row.partial(B, x, kept, reduction);
      const product = rules.apply(rows.mul, [moving[0]!, partial]);
      return apply(rows.sum, [product], reduction);
    }
    case 'smooth': {
      const terms = moving.flatMap((tangent, k) =>
        tangent === undefined
          ? []
          : [row.pushforward(rules, tangent, result, operands, attributes, k)],
      );
      return sumOf(terms);
    }
    case 'leaf':
    case 'discrete':
    case 'control': // the tangents of a loop or branch are kept by its parts
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
