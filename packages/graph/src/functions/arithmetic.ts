/** Functions that build nodes: sums, products, powers and magnitudes. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { apply, applyToOne, applyToTwo } from '../apply.ts';
import { ADD, DIV, MUL, SUB } from '../codes.ts';
import { ValueError } from '../errors.ts';
import { at, type Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/arithmetic.ts';
import { strongMul as strongRow } from '../rows/strong.ts';

/**
 * Sum $x + y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { add, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(add(x, y), { x: 2, y: 3 }).item(); // => 5
 * ```
 */
export function add(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.add, x, y, ADD);
}

/**
 * Difference $x - y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sub } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(sub(x, y), { x: 2, y: 3 }).item(); // => -1
 * ```
 */
export function sub(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.sub, x, y, SUB);
}

/**
 * Product $x y$, elementwise with broadcasting. For products of matrices see {@link matmul}.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, mul } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(mul(x, y), { x: 2, y: 3 }).item(); // => 6
 * ```
 */
export function mul(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.mul, x, y, MUL);
}

/**
 * Quotient $x / y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { div, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(div(x, y), { x: 3, y: 2 }).item(); // => 1.5
 * ```
 */
export function div(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.div, x, y, DIV);
}

/**
 * Product in which 0 wins: $0 \cdot \infty = 0$ and $0 \cdot \mathrm{NaN} = 0$.
 *
 * Gradients use it below {@link where}, so that the branch not taken cannot poison them.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, strongMul } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(strongMul(x, y), { x: 0, y: Infinity }).item(); // => 0
 * ```
 */
export function strongMul(x: Operand, y: Operand): GraphNode {
  return applyToTwo(strongRow, x, y);
}

/**
 * A new node with the same value. Differentiating with respect to it leaves other uses of `x` alone.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, identity } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(identity(x), { x: 2 }).item(); // => 2
 * ```
 */
export function identity(x: Operand): GraphNode {
  return applyToOne(rows.identity, x);
}

/**
 * Negative $-x$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, neg } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(neg(x), { x: 2 }).item(); // => -2
 * ```
 */
export function neg(x: Operand): GraphNode {
  return applyToOne(rows.neg, x);
}

/**
 * Absolute value $|x|$ of every element; the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { abs, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(abs(x), { x: -2 }).item(); // => 2
 * ```
 */
export function abs(x: Operand): GraphNode {
  return applyToOne(rows.abs, x);
}

/**
 * Sign of every element: -1, 0 or 1. Its derivative is 0 by definition.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sign } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sign(x), { x: -2 }).item(); // => -1
 * ```
 */
export function sign(x: Operand): GraphNode {
  return applyToOne(rows.sign, x);
}

/**
 * Square $x^2$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, square } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(square(x), { x: -3 }).item(); // => 9
 * ```
 */
export function square(x: Operand): GraphNode {
  return applyToOne(rows.square, x);
}

/**
 * Reciprocal $1 / x$ of every element.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, reciprocal } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(reciprocal(x), { x: 4 }).item(); // => 0.25
 * ```
 */
export function reciprocal(x: Operand): GraphNode {
  return applyToOne(rows.reciprocal, x);
}

/**
 * Square root of every element; NaN below 0. The derivative at 0 is Infinity.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, sqrt } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(sqrt(x), { x: 9 }).item(); // => 3
 * ```
 */
export function sqrt(x: Operand): GraphNode {
  return applyToOne(rows.sqrt, x);
}

/**
 * Power $x^y$, elementwise with broadcasting; $x^0 = 1$ for every $x$.
 *
 * For negative $x$ and integer $y$ the derivative in $y$ is $x^y \ln|x|$, the real part of the complex one.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, pow } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(pow(x, y), { x: 2, y: 10 }).item(); // => 1024
 * ```
 */
export function pow(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.pow, x, y);
}

/**
 * The smaller of two, elementwise with broadcasting; NaN if either is. At a tie each has derivative 1/2.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, minimum } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(minimum(x, y), { x: 2, y: 3 }).item(); // => 2
 * ```
 */
export function minimum(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.minimum, x, y);
}

/**
 * The larger of two, elementwise with broadcasting; NaN if either is. At a tie each has derivative 1/2.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, maximum } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(maximum(x, y), { x: 2, y: 3 }).item(); // => 3
 * ```
 */
export function maximum(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.maximum, x, y);
}

/**
 * `x` limited to the range from `lowest` to `highest`, elementwise with broadcasting.
 *
 * The derivative in `x` is 0 at the bounds (PyTorch: 1). Where bounds that are nodes or tensors are the wrong way round the
 * result is `highest`, as in NumPy and PyTorch.
 *
 * @throws {@link ValueError} when the bounds are numbers the wrong way round.
 * @example
 * ```ts
 * import { clamp, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(clamp(x, 0, 1), { x: 5 }).item(); // => 1
 * clamp(x, 1, 0); // throws /the lowest value is 1, above the highest, 0/
 * ```
 */
export function clamp(x: Operand, lowest: Operand, highest: Operand): GraphNode {
  if (typeof lowest === 'number' && typeof highest === 'number' && lowest > highest) {
    throw new ValueError(
      `clamp: the lowest value is ${lowest}, above the highest, ${highest}; exchange the bounds${at()}`,
    );
  }
  return apply(rows.clamp, [x, lowest, highest]);
}

/**
 * Reciprocal square root $1 / \sqrt{x}$ of every element; NaN below 0.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, rsqrt } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(rsqrt(x), { x: 4 }).item(); // => 0.5
 * ```
 */
export function rsqrt(x: Operand): GraphNode {
  return applyToOne(rows.rsqrt, x);
}

/**
 * Cube root of every element, of negative ones too. The derivative at 0 is Infinity.
 *
 * @example
 * ```ts
 * import { cbrt, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(cbrt(x), { x: -8 }).item(); // => -2
 * ```
 */
export function cbrt(x: Operand): GraphNode {
  return applyToOne(rows.cbrt, x);
}
