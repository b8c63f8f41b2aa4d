/**
 * Which operations share a loop. An elementwise node joins the loop of its first user, if that runs over the same
 * elements: then its value does not leave a register on the way. A reduction starts a loop over its operand's shape.
 * A product of matrices joins its first user too, unless there is a reduction or another product in that loop.
 *
 * A node that other kernels read too is stored on the way, which asks for care with the order. Invariant: kernels run
 * in the order of their last nodes, and whatever reads a node of a cluster from outside runs after the cluster.
 * Nothing that runs before the last node can then depend on a node of the cluster, so no circle can arise.
 *
 * A padded node joins the loop of its users, if nothing else reads it, and its operand may join after it (`pieces.ts`),
 * even if others read that.
 *
 * Scalars are clustered by position instead: straight-line code between the array kernels.
 */
import { sameShape, type Shape } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { NodeClass } from './classes.ts';
import { type Elements, Layout, type Position } from './pieces.ts';
import type { Users } from './users.ts';

/** Operations over the same elements. */
export interface Cluster {
  /** The nodes, ascending. The last one gave the cluster its shape. */
  readonly nodes: number[];
  /** The elements of the loop. */
  readonly shape: Shape;
  /** The product of matrices among the nodes: the others are computed while its elements are in registers. */
  product?: number;
  /** Where the nodes lie in the loop. */
  readonly layout: Layout;
}

/** What clustering asks about nodes. */
export interface NodeFacts {
  /** What a node is. */
  classOf(node: number): NodeClass;
  /** Whether it is wanted in memory. */
  isStored(node: number): boolean;
  /** Instructions for an element of an elementwise node. */
  costOf(node: number): number;
}

/**
 * Operations in one loop; beyond, registers spill, and the stores of one vector keep the next one from its start. Bundle
 * adjustment takes 5 to 8 % less time with 64 than with 96 (`pnpm gradbench ba`), with 48 as much as with 96.
 */
const MAX_NODES = 64;

/** Instructions that an operation may have to be done anew for each of several users, rather than once and stored. */
const CHEAP = 4;

/**
 * The cluster of each elementwise or reduction node.
 *
 * @param users - the nodes that read each node.
 */
export function clusterNodes(
  simplified: Simplified,
  users: Users,
  facts: NodeFacts,
): Map<number, Cluster> {
  const { arena, order } = simplified;
  const clusters = new Map<number, Cluster>();
  const hasPads = simplified.rows.some(({ lowering }) => lowering === 'pad');
  const start = (node: number, shape: Shape): void => {
    clusters.set(node, { nodes: [node], shape, layout: new Layout(shape) });
  };
  const join = (node: number, cluster: Cluster): void => {
    cluster.nodes.unshift(node);
    clusters.set(node, cluster);
  };
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const nodeClass = facts.classOf(node);
    if (nodeClass === 'reduction') {
      start(node, arena.typeOf(simplified.operand(node, 0)).shape);
    } else if (nodeClass === 'elementwise') {
      const { shape } = arena.typeOf(node);
      const cluster = firstUser(users.of(node), clusters);
      const padded = hasPads
        ? paddedCluster(simplified, node, users.of(node), clusters, facts)
        : undefined;
      if (
        cluster !== undefined &&
        sameShape(cluster.shape, shape) &&
        cluster.nodes.length < MAX_NODES
      )
        join(node, cluster);
      else if (padded !== undefined) join(node, padded);
      else start(node, shape);
    } else if (nodeClass === 'assembly') {
      const cluster = paddedCluster(simplified, node, users.of(node), clusters, facts);
      if (cluster !== undefined) join(node, cluster);
    } else if (nodeClass === 'contraction') {
      const cluster = firstUser(users.of(node), clusters);
      const joins =
        cluster !== undefined &&
        cluster.product === undefined &&
        facts.classOf(cluster.nodes.at(-1)!) === 'elementwise' &&
        cluster.layout.positions.length === 1 &&
        sameShape(cluster.shape, arena.typeOf(node).shape);
      if (!joins) continue;
      join(node, cluster);
      cluster.product = node;
    }
  }
  return clusters;
}

/**
 * The cluster that takes in a padded node, or one that computes elements of a padded node: its users are there, read it
 * element by element, and run in pieces. Later kernels may read the latter, which is then stored on the way.
 */
function paddedCluster(
  simplified: Simplified,
  node: number,
  users: Int32Array,
  clusters: ReadonlyMap<number, Cluster>,
  facts: NodeFacts,
): Cluster | undefined {
  const { arena } = simplified;
  const { shape, kind } = arena.typeOf(node);
  const isPad = simplified.rowOf(node).lowering === 'pad';
  const cluster = firstUser(users, clusters);
  if (cluster === undefined || cluster.product !== undefined || facts.isStored(node)) return;
  if (
    facts.classOf(node) === 'assembly' &&
    !(isPad && kind === 'real' && isDense(simplified, node))
  )
    return;
  if (facts.classOf(cluster.nodes.at(-1)!) !== 'elementwise') return;
  if (cluster.nodes.length >= MAX_NODES) return;
  const { layout } = cluster;
  const positions = new Set<Position>();
  for (const user of users) {
    if (clusters.get(user) !== cluster) {
      if (isPad) return;
      continue;
    }
    const pads = simplified.rowOf(user).lowering === 'pad';
    if (!pads && !sameShape(arena.typeOf(user).shape, shape)) return;
    for (const position of layout.positionsOf(user))
      positions.add(
        pads ? layout.moved(position, paddedElements(simplified, user).before) : position,
      );
  }
  const cost = isPad ? 0 : facts.costOf(node);
  if (positions.size > 1 && cost > CHEAP) return;
  const elements = isPad ? paddedElements(simplified, node) : undefined;
  return layout.take(node, [...positions], cost, elements) ? cluster : undefined;
}

/** What a padded node surrounds with zeros. */
export function paddedElements(simplified: Simplified, node: number): Elements {
  const { arena } = simplified;
  const { before } = arena.attributes.get(node) as Pick<Elements, 'before'>;
  return { before, shape: arena.typeOf(simplified.operand(node, 0)).shape };
}

/** Whether a padded node has no zeros between its elements. */
function isDense(simplified: Simplified, node: number): boolean {
  const { between } = simplified.arena.attributes.get(node) as { between: readonly number[] };
  return between.every((gap) => gap === 0);
}

/**
 * The cluster of the user that runs first; `undefined` where that is no loop, or where a product in it reads the node
 * as a factor, which must be in memory before.
 */
function firstUser(users: Int32Array, clusters: ReadonlyMap<number, Cluster>): Cluster | undefined {
  let first: Cluster | undefined;
  let earliest = Infinity;
  for (const user of users) {
    const cluster = clusters.get(user);
    const position = cluster?.nodes.at(-1) ?? user;
    if (position > earliest) continue;
    const isFactor = cluster?.product === user || (position === earliest && first === undefined);
    earliest = position;
    first = isFactor ? undefined : cluster;
  }
  return first;
}
