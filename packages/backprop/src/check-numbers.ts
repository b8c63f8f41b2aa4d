/** The numbers that checks of derivatives compare: slopes in both modes, what rounds them, and kinks of the table. */
import {
  ancestorsOf,
  broadcastIndex,
  type ElementwiseRow,
  evaluate,
  type Graph,
  type GraphNode,
  type NodeValues,
  numbers,
  positionIn,
  Tensor,
} from '@ad/graph';
import type { Slope } from './differences.ts';
import { gradient } from './gradient.ts';
import { pushforward } from './pushforward.ts';

/** The slope of a scalar along a direction in both modes, and what its rounding is relative to. */
export interface Slopes {
  readonly forward: number;
  readonly reverse: number;
  /** The sum over all nodes of |adjoint times value|. */
  readonly noise: number;
  /** The sum over all nodes of |adjoint times tangent|. */
  readonly change: number;
  /** The largest, over all nodes, of the sums of |adjoint times tangent|. */
  readonly flow: number;
  /** How many nodes there are. */
  readonly count: number;
}

export function slopesOf(s: GraphNode, moving: readonly GraphNode[], u: readonly Tensor[]): Slopes {
  const { graph } = s;
  const nodes = Array.from(ancestorsOf(graph.arena, [s.id]), (id) => graph.node(id)).filter(
    ({ kind }) => kind === 'real',
  );
  const tangents = pushforward(
    [s, ...nodes],
    moving,
    u.map((each) => graph.constant(each)),
  );
  const adjoints = gradient(s, [...moving, ...nodes]);
  const all = evaluate([...tangents, ...adjoints, ...nodes]);
  const [tangent, ...tangentsOfNodes] = all.slice(0, tangents.length) as [Tensor, ...Tensor[]];
  const slopes = all.slice(tangents.length, tangents.length + moving.length);
  const adjointsOfNodes = all.slice(
    tangents.length + moving.length,
    tangents.length + adjoints.length,
  );
  const values = all.slice(tangents.length + adjoints.length);
  let [noise, change, flow] = [0, 0, 0];
  adjointsOfNodes.forEach((adjoint, i) => {
    noise += absoluteInner(adjoint, values[i]!);
    const through = absoluteInner(adjoint, tangentsOfNodes[i]!);
    change += through;
    flow = Math.max(flow, through);
  });
  const reverse = slopes.reduce((sum, slope, i) => {
    let total = sum;
    for (let k = 0; k < slope.size; k++) total += slope.data[k]! * u[i]!.data[k]!;
    return total;
  }, 0);
  return { forward: tangent.item(), reverse, noise, change, flow, count: nodes.length };
}

/** The sum of |a b| over the elements where both are finite. */
function absoluteInner(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.size; i++) {
    const term = Math.abs(a.data[i]! * b.data[i]!);
    if (Number.isFinite(term)) sum += term;
  }
  return sum;
}

/** Each node on a path may round: c eps times the contributions, c growing with the number of nodes. */
export function dualityTolerance({ flow, forward, count }: Slopes): number {
  return (8 + count) * Number.EPSILON * Math.max(flow, Math.abs(forward));
}

export function isClose(actual: number, { value, tolerance }: Slope): boolean {
  return Math.abs(actual - value) <= tolerance;
}

export const realOf = (nodes: readonly GraphNode[]): GraphNode[] =>
  nodes.filter(({ kind }) => kind === 'real');

export const moves = (nodes: readonly GraphNode[]): boolean =>
  nodes.some(({ kind }) => kind === 'real');

/** The sum of the products of nodes with tensors. */
export function inner(nodes: readonly GraphNode[], weights: readonly Tensor[]): GraphNode {
  return nodes.map((node, i) => node.mul(weights[i]!).sum()).reduce((sum, term) => sum.add(term));
}

/** x + t u. */
export function moved(x: Tensor, u: Tensor, t: number): Tensor {
  return new Tensor(
    x.shape,
    'real',
    Float64Array.from(x.data, (each, i) => each + t * u.data[i]!),
  );
}

/** A node with an element at a kink of its table, the derivatives it has there and those documented. */
export interface AtKink {
  readonly node: GraphNode;
  readonly partials: readonly number[];
  readonly expected: readonly number[];
}

export function kinksOf(order: Int32Array, values: NodeValues, graph: Graph): AtKink[] {
  const found: AtKink[] = [];
  for (const id of order) {
    const row = graph.arena.rowOf(id);
    if (row.family !== 'elementwise' || row.kinks === undefined) continue;
    const node = graph.node(id);
    const result = values.tensor(id);
    const operands = node.operands.map((operand) => values.tensor(operand.id));
    const indices = operands.map(({ shape }) => broadcastIndex(shape, result.shape));
    for (let i = 0; i < result.size; i++) {
      const at = operands.map(({ data }, k) => data[positionIn(indices[k]!, i)]!);
      const kink = row.kinks.find((each) => each.at.every((x, k) => x === at[k]));
      if (kink === undefined) continue;
      found.push({ node, partials: partialsAt(row, result.data[i]!, at), expected: kink.partials });
    }
  }
  return found;
}

function partialsAt(row: ElementwiseRow, result: number, at: readonly number[]): number[] {
  const [x, y = 0, z = 0] = at as [number, number?, number?];
  return row.partials.map((partial) =>
    typeof partial === 'number' ? partial : partial(numbers, result, x, y, z),
  );
}

/** Random numbers from 0 to 1 (mulberry32), the same for the same seed. */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
