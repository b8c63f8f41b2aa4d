/**
 * Which operations share a loop. An elementwise node joins the loop of its users when all of them are in one loop
 * over the same shape: then its value never leaves a register. A reduction starts a loop over its operand's shape.
 *
 * Invariant: only the last node of a cluster is read by other kernels, so kernels run in the order of their last
 * nodes. (Other nodes of a cluster may be stored too, but only as outputs of the program.) Scalars are clustered by
 * position instead: straight-line code between the array kernels.
 */
import { type Arena, sameShape, type Shape } from '@ad/graph';

/** What a node is to the compiler. */
export type NodeClass =
  | 'leaf'
  | 'view'
  | 'scalar'
  | 'elementwise'
  | 'reduction'
  | 'contraction'
  | 'host';

/** Operations over the same elements. */
export interface Cluster {
  /** The nodes, ascending. The last one gave the cluster its shape. */
  readonly nodes: number[];
  /** The elements of the loop. */
  readonly shape: Shape;
}

/** Operations in one loop; beyond, registers spill and code grows. */
const MAX_NODES = 96;

/**
 * The cluster of each elementwise or reduction node.
 *
 * @param order - the nodes needed, ascending.
 * @param users - the nodes that read each node.
 * @param classOf - what each node is.
 */
export function clusterNodes(
  arena: Arena,
  order: Int32Array,
  users: ReadonlyMap<number, readonly number[]>,
  classOf: (node: number) => NodeClass,
): Map<number, Cluster> {
  const clusters = new Map<number, Cluster>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const nodeClass = classOf(node);
    if (nodeClass === 'reduction') {
      clusters.set(node, {
        nodes: [node],
        shape: arena.typeOf(arena.operandIds[arena.operandStarts[node]!]!).shape,
      });
    } else if (nodeClass === 'elementwise') {
      const { shape } = arena.typeOf(node);
      const cluster = commonCluster(users.get(node) ?? [], clusters);
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
    }
  }
  return clusters;
}

function commonCluster(
  users: readonly number[],
  clusters: ReadonlyMap<number, Cluster>,
): Cluster | undefined {
  const first = users[0] === undefined ? undefined : clusters.get(users[0]);
  return first !== undefined && users.every((user) => clusters.get(user) === first)
    ? first
    : undefined;
}

/** The nodes that read each node. */
export function usersOf(arena: Arena, order: Int32Array): Map<number, number[]> {
  const users = new Map<number, number[]>();
  for (const node of order) {
    for (const operand of arena.operandsOf(node)) {
      const list = users.get(operand);
      if (list === undefined) users.set(operand, [node]);
      else list.push(node);
    }
  }
  return users;
}
