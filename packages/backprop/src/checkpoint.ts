/**
 * Checkpointing: memory for recomputation. A function becomes one node with a body; going back through it computes its
 * inside once more, instead of keeping it from the forward pass.
 */
import {
  describeValue,
  type GraphNode,
  isGraphNode,
  leavesOf,
  mapTree,
  scan,
  type Tree,
  ValueError,
} from '@ad/graph';

/**
 * A function whose inside is not kept for reverse mode but computed again on the way back.
 *
 * A chain of n equal layers, each under `checkpoint`, keeps n values between the layers and the inside of one of them,
 * instead of the insides of all. Values and derivatives are the same; where a value is used both inside and outside, the
 * order of a sum of messages may be another. For loops see the option `checkpoints` of `scan`.
 *
 * @param f - takes trees of nodes and returns a tree of nodes; nodes of the graph around may be used in it.
 * @returns a function of the same arguments, at least one of them a node.
 * @throws `ValueError` when `f` is no function, no argument is a node, or the result has no leaves.
 * Complexity: one more evaluation of `f` for each reverse sweep over it; none in forward mode.
 * @example
 * ```ts
 * import { evaluate, Graph, type GraphNode } from '@ad/graph';
 * import { checkpoint, gradient } from '@ad/backprop';
 *
 * const layer = checkpoint((x: GraphNode) => x.sin().exp().mul(x));
 * const x = new Graph().input('x');
 * const y = layer(layer(x));
 * evaluate(gradient(y, x), { x: 0 }).item(); // => 1
 * ```
 */
export function checkpoint<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
): (...args: Args) => R {
  if (typeof f !== 'function')
    throw new ValueError(`checkpoint: expected a function of nodes, got ${describeValue(f)}`);
  return (...args) => {
    const leaves = leavesOf(args as Tree<GraphNode>);
    const node = leaves.find(({ leaf }) => isGraphNode(leaf))?.leaf;
    if (node === undefined) {
      throw new ValueError(
        'checkpoint: none of the arguments is a graph node; call it on nodes, for example inside of a function that grad is applied to',
      );
    }
    // A loop of one step: what it uses are its operands, its results are stacked one high.
    const { ys } = scan(
      () => ({ carry: [], y: f(...args) }),
      [],
      node.graph.constant(0).reshape([1]),
    );
    return mapTree(ys as Tree<GraphNode>, (y: GraphNode) => y.reshape(y.shape.slice(1))) as R;
  };
}
