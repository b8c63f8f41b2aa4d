/**
 * Forward mode on symbols: tangents are nodes, appended to the graph itself. The result can be evaluated, compiled, drawn,
 * and differentiated again.
 */
import {
  describeValue,
  formatShape,
  GraphError,
  type GraphNode,
  isGraphNode,
  KindError,
  sameShape,
  ShapeError,
  ValueError,
} from '@ad/graph';
import { zerosLike } from './activity.ts';
import { valuesAndTangents } from './tangent-graph.ts';

/** A value and how fast it changes. */
export interface ValueAndTangent<V> {
  /** The value of the function. */
  readonly value: V;
  /** Its derivative along the tangents, in its shape. */
  readonly tangent: V;
}

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
  const { tangent } = push('pushforward', outputs, wrt, tangents);
  return Array.isArray(outputs) ? tangent : tangent[0]!;
}

/**
 * A node and its derivative along a direction, as nodes of the same graph, from one computation.
 *
 * The tangent is that of {@link pushforward}. Of loops and branches it is computed by one that computes the values as
 * well, and the value returned is the one from there: to evaluate the two together makes each step once. The output
 * itself, evaluated together with the tangent, would make each step twice. Without loops and branches the value is the
 * output.
 *
 * @param output - any real node.
 * @param wrt - the node or nodes that move.
 * @param tangents - in which direction each of them moves.
 * @throws as {@link pushforward} does.
 * Complexity: O(V + E) nodes are appended.
 * @example
 * ```ts
 * import { evaluate, fori, Graph } from '@ad/graph';
 * import { valueAndPushforward } from '@ad/backprop';
 *
 * const x = new Graph().input('x');
 * const y = fori(3, (_, c) => c.mul(x), x);
 * const { value, tangent } = valueAndPushforward(y, x, x.graph.constant(1));
 * evaluate([value, tangent], { x: 2 }).map((each) => each.item()); // => [16, 32]
 * ```
 */
export function valueAndPushforward(
  output: GraphNode,
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): ValueAndTangent<GraphNode>;
/** Several nodes and their derivatives along one direction, in their order. */
export function valueAndPushforward<const Nodes extends readonly GraphNode[]>(
  outputs: Nodes,
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): ValueAndTangent<{ -readonly [Index in keyof Nodes]: GraphNode }>;
export function valueAndPushforward(
  outputs: GraphNode | readonly GraphNode[],
  wrt: GraphNode | readonly GraphNode[],
  tangents: GraphNode | readonly GraphNode[],
): ValueAndTangent<GraphNode | readonly GraphNode[]> {
  const { value, tangent } = push('valueAndPushforward', outputs, wrt, tangents);
  return Array.isArray(outputs) ? { value, tangent } : { value: value[0]!, tangent: tangent[0]! };
}

function push(
  name: string,
  outputs: GraphNode | readonly GraphNode[],
  wrt: GraphNode | readonly GraphNode[],
  directions: GraphNode | readonly GraphNode[],
): ValueAndTangent<GraphNode[]> {
  const [tops, targets, seeds] = [listOf(outputs), listOf(wrt), listOf(directions)];
  checkArguments(name, tops, targets, seeds);
  const { values, tangents } = valuesAndTangents(tops, targets, seeds);
  return { value: [...values], tangent: tops.map((top, i) => tangents[i] ?? zerosLike(top)) };
}

function listOf(nodes: GraphNode | readonly GraphNode[]): readonly GraphNode[] {
  return Array.isArray(nodes) ? (nodes as readonly GraphNode[]) : [nodes as GraphNode];
}

function checkArguments(
  name: string,
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
  tangents: readonly GraphNode[],
): void {
  if (targets.length !== tangents.length) {
    throw new ValueError(
      `${name}: ${targets.length} nodes move, but there are ${tangents.length} tangents; give each node one`,
    );
  }
  const all = [...outputs, ...targets, ...tangents];
  for (const node of all) {
    if (!isGraphNode(node)) {
      throw new GraphError(
        `${name}: ${describeValue(node)} stands where a node is expected: ${name}(outputs, nodes, tangents)`,
      );
    }
    if (node.graph !== all[0]!.graph) {
      throw new GraphError(
        `${name}: the node ${node.toString()} belongs to another graph than ${all[0]!.toString()}`,
      );
    }
    if (node.kind !== 'real') {
      throw new KindError(
        `${name}: the node ${node.toString()} is not real; only real nodes have derivatives`,
      );
    }
  }
  targets.forEach((target, i) => {
    const { shape } = tangents[i]!;
    if (!sameShape(shape, target.shape)) {
      throw new ShapeError(
        `${name}: the tangent of ${target.toString()} has shape ${formatShape(shape)}, expected ${formatShape(target.shape)}`,
      );
    }
  });
}
