/**
 * Which operations share a loop. An elementwise node joins the loop of its first user, if that runs over the same
 * elements: then its value does not leave a register on the way. A reduction starts a loop over its operand's shape.
 * A product of matrices joins its first user too, unless there is a reduction or another product in that loop.
 *
 * A node that other kernels read too is stored on the way, which asks for care with the order. Invariant: kernels run
 * in the order of their last nodes, and whatever reads a node of a cluster from outside runs after the cluster.
 * Nothing that runs before the last node can then depend on a node of the cluster, so no circle can arise.
 *
 * Scalars are clustered by position instead: straight-line code between the array kernels.
 */
import { sameShape, type Shape } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { Users } from './users.ts';

/** What a node is to the compiler. */
export type NodeClass =
  | 'leaf'
  | 'uniform'
  | 'view'
  | 'assembly'
  | 'inner'
  | 'scalar'
  | 'elementwise'
  | 'reduction'
  | 'contraction'
  | 'convolution'
  | 'overlapAdd'
  | 'strong'
  | 'control'
  | 'host';

/** Operations over the same elements. */
export interface Cluster {
  /** The nodes, ascending. The last one gave the cluster its shape. */
  readonly nodes: number[];
  /** The elements of the loop. */
  readonly shape: Shape;
  /** The product of matrices among the nodes: the others are computed while its elements are in registers. */
  product?: number;
}

/** Operations in one loop; beyond, registers spill and code grows. */
const MAX_NODES = 96;

/**
 * The cluster of each elementwise or reduction node.
 *
 * @param users - the nodes that read each node.
 * @param classOf - what each node is.
 */
export function clusterNodes(
  simplified: Simplified,
  users: Users,
  classOf: (node: number) => NodeClass,
): Map<number, Cluster> {
  const { arena, order } = simplified;
  const clusters = new Map<number, Cluster>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const nodeClass = classOf(node);
    if (nodeClass === 'reduction') {
      clusters.set(node, {
        nodes: [node],
        shape: arena.typeOf(simplified.operand(node, 0)).shape,
      });
    } else if (nodeClass === 'elementwise') {
      const { shape } = arena.typeOf(node);
      const cluster = firstUser(users.of(node), clusters);
      if (
        cluster !== undefined &&
        sameShape(cluster.shape, shape) &&
        cluster.nodes.length < MAX_NODES
      ) {
        cluster.nodes.unshift(node);
        clusters.set(node, cluster);
      } else {
        clusters.set(node, { nodes: [node], shape });
      }
    } else if (nodeClass === 'contraction') {
      const cluster = firstUser(users.of(node), clusters);
      const joins =
        cluster !== undefined &&
        cluster.product === undefined &&
        classOf(cluster.nodes.at(-1)!) === 'elementwise' &&
        sameShape(cluster.shape, arena.typeOf(node).shape);
      if (!joins) continue;
      cluster.nodes.unshift(node);
      cluster.product = node;
      clusters.set(node, cluster);
    }
  }
  return clusters;
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
