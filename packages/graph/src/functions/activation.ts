/** Functions that build nodes: the nonlinearities of neural networks. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { applyToOne, applyToTwo } from '../apply.ts';
import { ValueError } from '../errors.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/activation.ts';
import { add, clamp, div, mul } from './arithmetic.ts';

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
  return applyToOne(rows.sigmoid, x);
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
  return applyToOne(rows.softplus, x);
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
  return applyToOne(rows.logSigmoid, x);
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
  return applyToOne(rows.relu, x);
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
  return applyToTwo(rows.leakyRelu, x, slope);
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
  return applyToTwo(rows.elu, x, scale);
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
  return applyToOne(rows.gelu, x);
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
  return applyToOne(rows.silu, x);
}

/**
 * The Gaussian error linear unit with the approximation of $\Phi$ by a hyperbolic tangent, as in GPT-2: off by up
 * to 5e-4 from {@link gelu}.
 *
 * @example
 * ```ts
 * import { evaluate, geluTanh, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(geluTanh(x), { x: 1 }).item(); // ≈ 0.841192
 * ```
 */
export function geluTanh(x: Operand): GraphNode {
  return applyToOne(rows.geluTanh, x);
}

/**
 * $x \tanh(\ln(1 + e^x))$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, mish } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(mish(x), { x: 1 }).item(); // ≈ 0.865098
 * ```
 */
export function mish(x: Operand): GraphNode {
  return applyToOne(rows.mish, x);
}

/**
 * Self-normalising exponential linear unit of every element: {@link elu} with scale 1.6733, times 1.0507.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, selu } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(selu(x), { x: 1 }).item(); // ≈ 1.0507
 * ```
 */
export function selu(x: Operand): GraphNode {
  return applyToOne(rows.selu, x);
}

/**
 * $x / (1 + |x|)$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, softsign } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(softsign(x), { x: 3 }).item(); // => 0.75
 * ```
 */
export function softsign(x: Operand): GraphNode {
  return applyToOne(rows.softsign, x);
}

/**
 * Continuously differentiable exponential linear unit: `x` where positive, else `scale * (exp(x / scale) - 1)`,
 * elementwise.
 *
 * @param scale - a number above 0.
 * @throws {@link ValueError} when the scale is not above 0.
 * @example
 * ```ts
 * import { celu, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(celu(x, 2), { x: -2 }).item(); // ≈ -1.26424
 * ```
 */
export function celu(x: Operand, scale: number = 1): GraphNode {
  if (!(scale > 0)) throw new ValueError(`celu: the scale is a number above 0, got ${scale}`);
  return mul(elu(div(x, scale), 1), scale);
}

/**
 * Every element limited to [-1, 1]; the derivative at the bounds is 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, hardTanh } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(hardTanh(x), { x: 3 }).item(); // => 1
 * ```
 */
export function hardTanh(x: Operand): GraphNode {
  return clamp(x, -1, 1);
}

/**
 * $x / 6 + 1 / 2$ limited to [0, 1], of every element; the derivative at the bounds is 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, hardSigmoid } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(hardSigmoid(x), { x: 1.5 }).item(); // => 0.75
 * ```
 */
export function hardSigmoid(x: Operand): GraphNode {
  return clamp(div(add(x, 3), 6), 0, 1);
}
