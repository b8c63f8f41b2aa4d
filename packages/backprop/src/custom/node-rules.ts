/** Rules that are written with nodes, made to work over any values: nodes as they are, tensors as constants of a small graph. */
import {
  any,
  type Builder,
  evaluate,
  Graph,
  GraphError,
  type GraphNode,
  identity,
  isGraphNode,
  notEqual,
  Tensor,
  where,
} from '@ad/graph';
import { zerosLike } from '../graphs/activity.ts';
import { gradient } from '../graphs/gradient.ts';

/** What a rule makes of values: of nodes a node, of tensors the value of the node. */
export function overNodes<V>(
  values: readonly V[],
  rule: (nodes: readonly GraphNode[]) => GraphNode,
): V {
  if (values.every((value) => isGraphNode(value))) return rule(values) as unknown as V;
  if (!values.every((value) => value instanceof Tensor))
    throw new GraphError('a rule of a user-defined operation takes nodes or tensors');
  const graph = new Graph();
  const nodes = values.map((value) => graph.constant(value as unknown as Tensor));
  return evaluate(rule(nodes)) as unknown as V;
}

/** A message or tangent that is 0 where what it is made of is 0 throughout, if 0 is to win. */
export function guarded<V>(B: Builder<V>, from: GraphNode, made: GraphNode): GraphNode {
  return B.isStrong === true ? where(any(notEqual(from, 0)), made, 0) : made;
}

/**
 * The transpose of a linear map applied to `S`: the gradient of the map, which is the same everywhere.
 *
 * @param domain - a node of the shape that the map takes.
 */
export function transposeAt(
  domain: GraphNode,
  S: GraphNode,
  map: (x: GraphNode) => GraphNode,
): GraphNode {
  // A node of its own, so that nothing else is differentiated.
  const x = identity(zerosLike(domain));
  return gradient(map(x), x, { seed: S });
}
