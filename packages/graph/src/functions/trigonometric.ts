/** Functions that build nodes: trigonometric and hyperbolic functions and their inverses. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { applyToOne, applyToTwo } from '../apply.ts';
import { COS, SIN, TANH } from '../codes.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/trigonometric.ts';

/**
 * Sine of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sin } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sin(x), { x: 0 }).item(); // => 0
 * ```
 */
export function sin(x: Operand): GraphNode {
  return applyToOne(rows.sin, x, SIN);
}

/**
 * Cosine of every element.
 *
 * @example
 * ```ts
 * import { cos, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(cos(x), { x: 0 }).item(); // => 1
 * ```
 */
export function cos(x: Operand): GraphNode {
  return applyToOne(rows.cos, x, COS);
}

/**
 * Tangent of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, tan } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(tan(x), { x: 0 }).item(); // => 0
 * ```
 */
export function tan(x: Operand): GraphNode {
  return applyToOne(rows.tan, x);
}

/**
 * Inverse sine of every element; NaN outside [-1, 1].
 *
 * @example
 * ```ts
 * import { asin, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(asin(x), { x: 1 }).item(); // ≈ 1.570796
 * ```
 */
export function asin(x: Operand): GraphNode {
  return applyToOne(rows.asin, x);
}

/**
 * Inverse cosine of every element; NaN outside [-1, 1].
 *
 * @example
 * ```ts
 * import { acos, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(acos(x), { x: 1 }).item(); // => 0
 * ```
 */
export function acos(x: Operand): GraphNode {
  return applyToOne(rows.acos, x);
}

/**
 * Inverse tangent of every element.
 *
 * @example
 * ```ts
 * import { atan, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(atan(x), { x: 1 }).item(); // ≈ 0.785398
 * ```
 */
export function atan(x: Operand): GraphNode {
  return applyToOne(rows.atan, x);
}

/**
 * Angle of the point with ordinate `y` and abscissa `x`, elementwise with broadcasting, in $(-\pi, \pi]$.
 *
 * @example
 * ```ts
 * import { atan2, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const y = graph.input('y');
 * const x = graph.input('x');
 * evaluate(atan2(y, x), { y: 1, x: -1 }).item(); // ≈ 2.356194
 * ```
 */
export function atan2(y: Operand, x: Operand): GraphNode {
  return applyToTwo(rows.atan2, y, x);
}

/**
 * Hyperbolic sine of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sinh } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sinh(x), { x: 0 }).item(); // => 0
 * ```
 */
export function sinh(x: Operand): GraphNode {
  return applyToOne(rows.sinh, x);
}

/**
 * Hyperbolic cosine of every element.
 *
 * @example
 * ```ts
 * import { cosh, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(cosh(x), { x: 0 }).item(); // => 1
 * ```
 */
export function cosh(x: Operand): GraphNode {
  return applyToOne(rows.cosh, x);
}

/**
 * Hyperbolic tangent of every element.
 *
 * Its derivative keeps its relative accuracy however small it is. Programs compiled for `f32` that have the tangent
 * t anyway compute $1 - t^2$ instead, which is within 2 units in the last place of 1.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, tanh } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(tanh(x), { x: 0 }).item(); // => 0
 * ```
 */
export function tanh(x: Operand): GraphNode {
  return applyToOne(rows.tanh, x, TANH);
}

/**
 * Inverse hyperbolic sine of every element.
 *
 * @example
 * ```ts
 * import { asinh, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(asinh(x), { x: 0 }).item(); // => 0
 * ```
 */
export function asinh(x: Operand): GraphNode {
  return applyToOne(rows.asinh, x);
}

/**
 * Inverse hyperbolic cosine of every element; NaN below 1.
 *
 * @example
 * ```ts
 * import { acosh, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(acosh(x), { x: 1 }).item(); // => 0
 * ```
 */
export function acosh(x: Operand): GraphNode {
  return applyToOne(rows.acosh, x);
}

/**
 * Inverse hyperbolic tangent of every element; NaN outside [-1, 1].
 *
 * @example
 * ```ts
 * import { atanh, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(atanh(x), { x: 0 }).item(); // => 0
 * ```
 */
export function atanh(x: Operand): GraphNode {
  return applyToOne(rows.atanh, x);
}

/**
 * Length $\sqrt{x^2 + y^2}$, elementwise with broadcasting, without overflow. Both derivatives at the origin are 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, hypot } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(hypot(x, y), { x: 3, y: 4 }).item(); // => 5
 * ```
 */
export function hypot(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.hypot, x, y);
}

/**
 * $\sin(\pi x) / (\pi x)$ of every element, 1 at 0; accurate for large elements too.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sinc } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sinc(x), { x: 0.5 }).item(); // ≈ 0.63662
 * ```
 */
export function sinc(x: Operand): GraphNode {
  return applyToOne(rows.sinc, x);
}
