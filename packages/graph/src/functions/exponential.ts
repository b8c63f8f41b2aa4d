/** Functions that build nodes: exponentials, logarithms, and the error function. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { applyToOne, applyToTwo } from '../apply.ts';
import { EXP, LOG } from '../codes.ts';
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
  return applyToOne(rows.exp, x, EXP);
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
  return applyToOne(rows.expm1, x);
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
  return applyToOne(rows.log, x, LOG);
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
  return applyToOne(rows.log1p, x);
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
  return applyToOne(rows.log2, x);
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
  return applyToOne(rows.log10, x);
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
  return applyToOne(rows.erf, x);
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
  return applyToOne(rows.erfc, x);
}

/**
 * Power $2^x$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, exp2, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(exp2(x), { x: 10 }).item(); // => 1024
 * ```
 */
export function exp2(x: Operand): GraphNode {
  return applyToOne(rows.exp2, x);
}

/**
 * $\ln(e^x + e^y)$, elementwise with broadcasting, without overflow.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, logAddExp } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(logAddExp(x, y), { x: 1000, y: -1000 }).item(); // => 1000
 * ```
 */
export function logAddExp(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.logAddExp, x, y);
}

/**
 * $x \ln y$, elementwise with broadcasting; 0 where `x` is 0, whatever `y` is.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, xlogy } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(xlogy(x, y), { x: 0, y: 0 }).item(); // => 0
 * ```
 */
export function xlogy(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.xlogy, x, y);
}

/**
 * $x \ln(1 + y)$, elementwise with broadcasting; 0 where `x` is 0, whatever `y` is.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, xlog1py } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(xlog1py(x, y), { x: 0, y: -1 }).item(); // => 0
 * ```
 */
export function xlog1py(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.xlog1py, x, y);
}
