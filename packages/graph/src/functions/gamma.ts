/** Functions that build nodes: the logarithm of the gamma function and its derivatives, element by element. */
import { apply } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/gamma.ts';

/**
 * $\ln |\Gamma(x)|$, for integers $\ln (x - 1)!$; Infinity at the poles 0, -1, -2, ... Its derivative is
 * {@link digamma}.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, lgamma } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 5, 0] });
 * const y = evaluate(lgamma(x));
 * y.at(0); // => 0
 * y.at(1); // ≈ 3.178054
 * y.at(2); // => Infinity
 * ```
 */
export function lgamma(x: Operand): GraphNode {
  return apply(rows.lgamma, [x]);
}

/**
 * $\psi(x) = \Gamma'(x) / \Gamma(x)$; NaN at the poles -1, -2, ... Its derivative is {@link polygamma} of order 1.
 *
 * @example
 * ```ts
 * import { digamma, Graph } from '@ad/graph';
 *
 * digamma(new Graph().input('x', { value: 1 })).value; // ≈ -0.5772157
 * ```
 */
export function digamma(x: Operand): GraphNode {
  return apply(rows.digamma, [x]);
}

/**
 * The derivative $\psi^{(n)}(x)$ of order `n` of {@link digamma}; NaN unless `n` is 0, 1, ..., 170. By definition it has no
 * derivative in `n`; that in `x` is the polygamma function of order `n + 1`.
 *
 * @example
 * ```ts
 * import { Graph, polygamma } from '@ad/graph';
 *
 * polygamma(1, new Graph().input('x', { value: 1 })).value; // ≈ 1.644934
 * ```
 */
export function polygamma(n: Operand, x: Operand): GraphNode {
  return apply(rows.polygamma, [n, x]);
}
