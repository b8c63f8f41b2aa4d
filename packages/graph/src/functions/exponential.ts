/** Functions that build nodes: exponentials, logarithms, and the error function. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { apply } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/exponential.ts';

/**
 * Exponential $e^x$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, exp, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(exp(x), { x: 0 }).item(); // => 1
 * ```
 */
export function exp(x: Operand): GraphNode {
  return apply(rows.exp, [x]);
}

/**
 * $e^x - 1$ of every element, accurate near 0.
 *
 * @example
 * ```ts
 * import { evaluate, expm1, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(expm1(x), { x: 1e-20 }).item(); // => 1e-20
 * ```
 */
export function expm1(x: Operand): GraphNode {
  return apply(rows.expm1, [x]);
}

/**
 * Natural logarithm of every element; NaN below 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, log } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(log(x), { x: 1 }).item(); // => 0
 * ```
 */
export function log(x: Operand): GraphNode {
  return apply(rows.log, [x]);
}

/**
 * $\ln(1 + x)$ of every element, accurate near 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, log1p } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(log1p(x), { x: 1e-20 }).item(); // => 1e-20
 * ```
 */
export function log1p(x: Operand): GraphNode {
  return apply(rows.log1p, [x]);
}

/**
 * Logarithm to base 2 of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, log2 } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(log2(x), { x: 8 }).item(); // => 3
 * ```
 */
export function log2(x: Operand): GraphNode {
  return apply(rows.log2, [x]);
}

/**
 * Logarithm to base 10 of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, log10 } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(log10(x), { x: 1000 }).item(); // => 3
 * ```
 */
export function log10(x: Operand): GraphNode {
  return apply(rows.log10, [x]);
}

/**
 * Error function $\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$ of every element, to about 1 ulp.
 *
 * @example
 * ```ts
 * import { erf, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(erf(x), { x: 1 }).item(); // ≈ 0.842700793
 * ```
 */
export function erf(x: Operand): GraphNode {
  return apply(rows.erf, [x]);
}

/**
 * Complementary error function $1 - \operatorname{erf} x$ of every element, without cancellation.
 *
 * @example
 * ```ts
 * import { erfc, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(erfc(x), { x: 5 }).item(); // ≈ 1.5374597944e-12
 * ```
 */
export function erfc(x: Operand): GraphNode {
  return apply(rows.erfc, [x]);
}
