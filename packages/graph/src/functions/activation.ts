/** Functions that build nodes: the nonlinearities of neural networks. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { apply } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/activation.ts';

/**
 * Logistic function $1 / (1 + e^{-x})$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sigmoid } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sigmoid(x), { x: 0 }).item(); // => 0.5
 * ```
 */
export function sigmoid(x: Operand): GraphNode {
  return apply(rows.sigmoid, [x]);
}

/**
 * $\ln(1 + e^x)$ of every element, without overflow.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, softplus } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(softplus(x), { x: 800 }).item(); // => 800
 * ```
 */
export function softplus(x: Operand): GraphNode {
  return apply(rows.softplus, [x]);
}

/**
 * $\ln \sigma(x) = -\ln(1 + e^{-x})$ of every element, without overflow.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, logSigmoid } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(logSigmoid(x), { x: -800 }).item(); // => -800
 * ```
 */
export function logSigmoid(x: Operand): GraphNode {
  return apply(rows.logSigmoid, [x]);
}

/**
 * Rectifier $\max(x, 0)$ of every element; the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, relu } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(relu(x), { x: -2 }).item(); // => 0
 * ```
 */
export function relu(x: Operand): GraphNode {
  return apply(rows.relu, [x]);
}

/**
 * `x` where positive, else `slope * x`, elementwise. With a node as slope this is the parametric rectifier.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, leakyRelu } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(leakyRelu(x, 0.01), { x: -2 }).item(); // => -0.02
 * ```
 */
export function leakyRelu(x: Operand, slope: Operand = 0.01): GraphNode {
  return apply(rows.leakyRelu, [x, slope]);
}

/**
 * Exponential linear unit: `x` where positive, else `scale * (exp(x) - 1)`, elementwise.
 *
 * @example
 * ```ts
 * import { elu, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(elu(x, 1), { x: -1 }).item(); // ≈ -0.632121
 * ```
 */
export function elu(x: Operand, scale: Operand = 1): GraphNode {
  return apply(rows.elu, [x, scale]);
}

/**
 * Gaussian error linear unit $x \Phi(x)$ of every element, with the normal distribution function itself.
 *
 * @example
 * ```ts
 * import { evaluate, gelu, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(gelu(x), { x: 1 }).item(); // ≈ 0.841345
 * ```
 */
export function gelu(x: Operand): GraphNode {
  return apply(rows.gelu, [x]);
}

/**
 * Sigmoid linear unit $x \sigma(x)$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, silu } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(silu(x), { x: 1 }).item(); // ≈ 0.731059
 * ```
 */
export function silu(x: Operand): GraphNode {
  return apply(rows.silu, [x]);
}
