/** A function that builds a node: a value that derivatives take for a constant. */
import { apply } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/stop-gradient.ts';

/**
 * `x` as it is, kind and shape kept, but for derivatives of every order and mode a constant: `lax.stop_gradient` of JAX,
 * `detach` of PyTorch. A compiled program does nothing for it.
 *
 * `checkGradients` takes it for a constant, too: it holds the result at its value at the point while it moves the
 * arguments.
 *
 * @throws as {@link apply} does.
 * @example
 * A straight-through estimator: the value of a rounding, the derivative of no rounding at all.
 * ```ts
 * import { type GraphNode, round, stopGradient } from '@ad/graph';
 * import { valueAndGrad } from '@ad/backprop';
 *
 * const rounded = (x: GraphNode) => x.add(stopGradient(round(x).sub(x)));
 * const { value, gradient } = valueAndGrad((x: GraphNode) => rounded(x).square())(2.75);
 * value; // => 9
 * gradient; // => 6
 * ```
 */
export function stopGradient(x: Operand): GraphNode {
  return apply(rows.stopGradient, [x]);
}
