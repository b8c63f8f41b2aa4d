/**
 * Forward mode on symbols: tangents are nodes, appended to the graph itself. The result can be evaluated, compiled, drawn,
 * and differentiated again.
 */
import {
  formatShape,
  GraphError,
  type GraphNode,
  KindError,
  sameShape,
  ShapeError,
  ValueError,
} from '@ad/graph';
import { zerosLike } from './activity.ts';
import { tangentsOf } from './tangent-graph.ts';

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
  const sums = tangentsOf(tops, targets, seeds);
  const results = tops.map((top, i) => sums[i] ?? zerosLike(top));
  return 'id' in outputs ? results[0]! : results;
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
