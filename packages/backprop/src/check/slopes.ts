/**
 * The numbers that checks of derivatives compare. Everything is made a number first: the result times a random cotangent
 * v. Its slope along a random direction u is then one number in forward mode (a tangent), one in reverse mode (adjoints
 * times u), and one from five points. A wrong entry is missed only by a direction that is nearly orthogonal to it;
 * there are several.
 */
import { ancestorsOf, evaluate, type GraphNode, type Tensor } from '@ad/graph';
import { gradient } from '../graphs/gradient.ts';
import { pushforward } from '../graphs/pushforward.ts';
import { reverseSweep } from '../sweeps/reverse-sweep.ts';
import { slopeOf, type Slope } from './differences.ts';
import { holdingLoops } from './held.ts';
import { kinksBelow } from './kinks.ts';
import type { Point, Scalar } from './point.ts';

/** The slope of a scalar along a direction in both modes, and what its rounding is relative to. */
export interface Slopes {
  readonly forward: number;
  readonly reverse: number;
  /** The sum over all nodes of |adjoint times value|. */
  readonly noise: number;
  /** The sum over all nodes of |adjoint times tangent|. */
  readonly change: number;
  /**
   * The largest, over all nodes, of the sums of |message times tangent| that arrive: what may cancel in an adjoint; and of
   * loops and branches what may cancel inside.
   */
  readonly flow: number;
  /** How many nodes there are. */
  readonly count: number;
}

/** The slope of `s` when the nodes of `moving` move along `u`. */
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
  let [noise, change] = [0, 0];
  adjointsOfNodes.forEach((adjoint, i) => {
    noise += absoluteInner(adjoint, values[i]!);
    change += absoluteInner(adjoint, tangentsOfNodes[i]!);
  });
  const tangentOf = new Map(nodes.map(({ id }, i) => [id, tangentsOfNodes[i]!]));
  const flow = Math.max(
    largestFlow(s, tangentOf),
    ...nodes.map((node, i) => flowInside(node, adjointsOfNodes[i]!, tangentOf)),
  );
  const reverse = slopes.reduce((sum, slope, i) => {
    let total = sum;
    for (let k = 0; k < slope.size; k++) total += slope.data[k]! * u[i]!.data[k]!;
    return total;
  }, 0);
  return { forward: tangent.item(), reverse, noise, change, flow, count: nodes.length };
}

/** The largest sum of |message times tangent| that arrives at any node. */
function largestFlow(s: GraphNode, tangents: ReadonlyMap<number, Tensor>): number {
  const arriving = new Map<number, number>();
  reverseSweep(s, {
    onMessage({ to, message }) {
      const tangent = tangents.get(to.id);
      if (tangent === undefined) return;
      arriving.set(to.id, (arriving.get(to.id) ?? 0) + absoluteInner(message, tangent));
    },
  });
  return Math.max(0, ...arriving.values());
}

/**
 * What may cancel inside a loop or a branch, where no message is seen from here: its adjoint times the tangents of its
 * operands, as if each step had derivatives of about 1. 0 for other nodes.
 */
function flowInside(
  { graph, id }: GraphNode,
  adjoint: Tensor,
  tangents: ReadonlyMap<number, Tensor>,
): number {
  if (graph.arena.rowOf(id).family !== 'control') return 0;
  let most = 0;
  for (const operand of graph.arena.operandsOf(id)) {
    for (const tangent of tangents.get(operand)?.data ?? []) {
      if (Number.isFinite(tangent)) most = Math.max(most, Math.abs(tangent));
    }
  }
  let sum = 0;
  for (const each of adjoint.data) if (Number.isFinite(each)) sum += Math.abs(each);
  return sum * most;
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

/** How far evaluations of a scalar in another order of operations may be apart. */
export function roundingOf({ noise, count }: Slopes): number {
  return (8 + count) * Number.EPSILON * noise;
}

/** The slope of a scalar in all three ways. */
export interface Comparison {
  readonly s: GraphNode;
  readonly slopes: Slopes;
  readonly slope: Slope;
  /** Whether forward mode agrees with the difference quotients. */
  readonly isClose: boolean;
  /** Whether reverse mode agrees with forward mode. */
  readonly isDual: boolean;
}

/** Compares forward mode with difference quotients, and reverse mode with forward mode. */
export function compare(point: Point, scalar: Scalar, u: readonly Tensor[]): Comparison {
  const s = scalar(point.built);
  const slopes = slopesOf(s, point.moving, u);
  const { forward, reverse, noise, change } = slopes;
  const slope = slopeOf((t) => point.heldAt(scalar, u, t), noise, change);
  const isEqual = Object.is(forward, reverse) || !Number.isFinite(forward);
  return {
    s,
    slopes,
    slope,
    isClose: Math.abs(forward - slope.value) <= slope.tolerance,
    isDual: isEqual || Math.abs(forward - reverse) <= dualityTolerance(slopes),
  };
}

/**
 * What explains that a slope differs from its quotients, in words: kinks of the table, loops and branches that hold
 * values inside, or a kink that no table knows and at which the slope lies between those from the left and from the
 * right. `undefined` when nothing does.
 */
export function explainingKinks({ s, slopes, slope }: Comparison): string[] | undefined {
  const documented = kinksBelow(s);
  if (documented.length > 0) {
    return documented.map(
      ({ node }) => `${node.operation}, by the convention of its table: ${node.toString()}`,
    );
  }
  const loops = holdingLoops(s);
  if (loops.length > 0) {
    return loops.map(
      ({ operation }) =>
        `${operation}, which takes values inside for constants as quotients cannot`,
    );
  }
  const { forward } = slopes;
  const [left, right] = slope.sides;
  const [low, high] = [Math.min(left, right), Math.max(left, right)];
  const slack = slope.tolerance + 0.01 * (high - low);
  if (!slope.isKink || forward < low - slack || forward > high + slack) return undefined;
  return [`${s.operation}: ${forward} lies between the slopes ${left} and ${right}`];
}

/** The sum of the products of nodes with tensors. */
export function inner(nodes: readonly GraphNode[], weights: readonly Tensor[]): GraphNode {
  return nodes.map((node, i) => node.mul(weights[i]!).sum()).reduce((sum, term) => sum.add(term));
}
