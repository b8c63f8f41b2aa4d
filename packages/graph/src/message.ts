/**
 * The message from a node to one operand: the sum S of what the node has received, times its local derivative.
 *
 * Written once over a {@link MessageBuilder}. Over tensors the message is computed; over nodes it becomes part of
 * the graph. For a scalar operation it is the lecture's $S \cdot \partial u / \partial z$; for arrays the product is
 * the transposed Jacobian of the operation applied to S.
 */
import type { Algebra } from './algebra/algebra.ts';
import { nodeAlgebra } from './algebra/nodes.ts';
import { apply } from './apply.ts';
import type { Graph } from './graph.ts';
import type { GraphNode } from './node.ts';
import { mul } from './rows/arithmetic.ts';
import { expand, reshape, sumTo } from './rows/layout.ts';
import type { Attributes, Builder, ElementwiseRow, Operation, Strengthening } from './rows/row.ts';
import { reducedShape } from './shape.ts';

/** Builds messages as values of type `V`. */
export interface MessageBuilder<V> extends Builder<V> {
  /**
   * `S` times the derivative of an elementwise operation with respect to operand `position`, summed over the axes
   * along which that operand was broadcast.
   *
   * @param strong - whether 0 wins in the product, even over Infinity and NaN.
   */
  scale(
    row: ElementwiseRow,
    position: number,
    S: V,
    result: V,
    operands: readonly V[],
    strong: boolean,
  ): V;
}

/**
 * The message to operand `position` of a node with these operands and this result, given the sum `S` at the node.
 *
 * @param strong - below a choice between branches, what makes 0 win in products, even over Infinity and NaN.
 */
export function messageTo<V>(
  B: MessageBuilder<V>,
  row: Operation,
  attributes: Attributes,
  position: number,
  S: V,
  result: V,
  operands: readonly V[],
  strong: Strengthening | undefined,
): V {
  // Below a choice between branches the rules themselves multiply strongly.
  const rules = strong?.(B) ?? B;
  switch (row.family) {
    case 'elementwise':
      return B.scale(row, position, S, result, operands, strong !== undefined);
    case 'linear':
    case 'bilinear':
      return row.transpose(rules, S, operands, attributes, position);
    case 'reduction': {
      const x = operands[0]!;
      const type = B.typeOf(x);
      const reduction = attributes as Parameters<typeof row.partial>[3];
      const kept = B.apply(reshape, [result], {
        shape: reducedShape(type.shape, reduction.axes, true),
      });
      const partial = row.partial(B, x, kept, reduction);
      return rules.apply(mul, [expand(B, S, type, reduction), partial]);
    }
    case 'smooth':
      return row.pullback(rules, S, result, operands, attributes, position);
    case 'leaf':
    case 'discrete':
    case 'control': // all messages of a loop or branch are made at once: see control/pullback.ts
      throw new Error(`${row.name} sends no messages`);
  }
}

/** Messages as nodes of `graph`, whose algebra is `A`: every operation is appended to it. */
export function nodeMessages(
  graph: Graph,
  A: Algebra<GraphNode> = nodeAlgebra(graph),
): MessageBuilder<GraphNode> {
  const builder: MessageBuilder<GraphNode> = {
    apply: (row, operands, attributes) => apply(row, operands, attributes),
    constant: (value) => graph.constant(value),
    typeOf: (node) => node,
    scale(row, position, S, result, operands, strong) {
      const product = timesPartial(A, row, position, S, result, operands, strong);
      return sumTo(builder, product, operands[position]!);
    },
  };
  return builder;
}

/**
 * `factor` times the derivative of an elementwise operation with respect to operand `position`: the adjoint of the
 * result or the tangent of the operand.
 *
 * @param strong - whether 0 wins in the product, even over Infinity and NaN.
 */
export function timesPartial<T>(
  A: Algebra<T>,
  row: ElementwiseRow,
  position: number,
  factor: T,
  result: T,
  operands: readonly T[],
  strong: boolean,
): T {
  const partial = row.partials[position]!;
  if (partial === 1) return factor;
  if (partial === -1) return A.neg(factor);
  const derivative =
    typeof partial === 'number'
      ? A.constant(partial)
      : partial(A, result, operands[0]!, operands[1]!, operands[2]!);
  return strong ? A.strongMul(factor, derivative) : A.mul(factor, derivative);
}
