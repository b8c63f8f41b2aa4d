/**
 * The reverse sweep on symbols: the adjoint graph is appended to the graph itself. The result can be evaluated, compiled,
 * drawn, and differentiated again.
 */
import {
  adjointsOf,
  checkNames,
  describeValue,
  GraphError,
  type GraphNode,
  isGraphNode,
  KindError,
} from '@ad/graph';
import { zerosLike } from './activity.ts';
import { checkDifferentiable } from '../seed.ts';

/** Options of {@link gradient}. */
export interface GradientOptions {
  /** The adjoint of the output, a node of its shape; default the constant 1, for a scalar output. */
  readonly seed?: GraphNode;
}

/**
 * The gradient of a node as nodes of the same graph.
 *
 * @param output - a scalar, or an array with `options.seed`.
 * @param wrt - the node or nodes to differentiate with respect to: inputs, constants, or any other real nodes.
 * @returns nodes of the shapes of `wrt`; constants of 0 where the output does not depend on one.
 * @throws `ShapeError` when the output is an array and there is no seed.
 * @throws `KindError` when the output or one of `wrt` is not real.
 * @throws `GraphError` when nodes belong to different graphs.
 * Complexity: O(V + E) nodes are appended.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { gradient } from '@ad/backprop';
 *
 * const x = new Graph().input('x');
 * const first = gradient(x.pow(3), x);
 * const second = gradient(first, x);
 * evaluate(first, { x: 2 }).item(); // => 12
 * evaluate(second, { x: 2 }).item(); // => 12
 * ```
 */
export function gradient(output: GraphNode, wrt: GraphNode, options?: GradientOptions): GraphNode;
/** The gradients with respect to several nodes, in their order. */
export function gradient<const Nodes extends readonly GraphNode[]>(
  output: GraphNode,
  wrt: Nodes,
  options?: GradientOptions,
): { -readonly [Index in keyof Nodes]: GraphNode };
export function gradient(
  output: GraphNode,
  wrt: GraphNode | readonly GraphNode[],
  options: GradientOptions = {},
): GraphNode | GraphNode[] {
  checkNames('gradient', options, ['seed']);
  const targets = Array.isArray(wrt) ? (wrt as readonly GraphNode[]) : [wrt as GraphNode];
  checkArguments(output, targets, options);
  const seed = options.seed ?? output.graph.constant(1);
  const adjoints = adjointsOf([[output, seed]], targets);
  const gradients = targets.map((target, i) => adjoints[i] ?? zerosLike(target));
  return Array.isArray(wrt) ? gradients : gradients[0]!;
}

function checkArguments(
  output: GraphNode,
  targets: readonly GraphNode[],
  options: GradientOptions,
): void {
  checkDifferentiable(output, options.seed?.shape, 'gradient');
  for (const node of options.seed === undefined ? targets : [...targets, options.seed]) {
    if (!isGraphNode(node)) {
      throw new GraphError(
        `gradient: ${describeValue(node)} stands where a node is expected: gradient(output, node) or ` +
          'gradient(output, [node, ...])',
      );
    }
    if (node.graph !== output.graph) {
      throw new GraphError(
        `gradient: the node ${node.toString()} belongs to another graph than the output ${output.toString()}; ` +
          'build both in one graph',
      );
    }
    if (node.kind !== 'real') {
      throw new KindError(
        `gradient: the node ${node.toString()} is not real; only real nodes have derivatives: ` +
          'differentiate with respect to real nodes, and hold labels, indices and conditions fixed',
      );
    }
  }
}
