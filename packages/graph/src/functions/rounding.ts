/** Functions that build nodes: roundings and remainders. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { applyToOne, applyToTwo } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/rounding.ts';

/**
 * The largest integer that is not larger, of every element. Its derivative is 0 by definition.
 *
 * @example
 * ```ts
 * import { evaluate, floor, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(floor(x), { x: -1.5 }).item(); // => -2
 * ```
 */
export function floor(x: Operand): GraphNode {
  return applyToOne(rows.floor, x);
}

/**
 * The smallest integer that is not smaller, of every element. Its derivative is 0 by definition.
 *
 * @example
 * ```ts
 * import { ceil, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(ceil(x), { x: 1.5 }).item(); // => 2
 * ```
 */
export function ceil(x: Operand): GraphNode {
  return applyToOne(rows.ceil, x);
}

/**
 * The nearest integer of every element; of two equally near ones the even one, as in IEEE 754 and Python.
 * Its derivative is 0 by definition.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, round } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(round(x), { x: 2.5 }).item(); // => 2
 * ```
 */
export function round(x: Operand): GraphNode {
  return applyToOne(rows.round, x);
}

/**
 * Every element without its fraction. Its derivative is 0 by definition.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, trunc } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(trunc(x), { x: -1.5 }).item(); // => -1
 * ```
 */
export function trunc(x: Operand): GraphNode {
  return applyToOne(rows.trunc, x);
}

/**
 * Remainder of $x / y$ with the sign of `y`, elementwise with broadcasting: `%` of Python, NumPy's `remainder`.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, remainder } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(remainder(x, y), { x: -7, y: 3 }).item(); // => 2
 * ```
 */
export function remainder(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.remainder, x, y);
}

/**
 * Remainder of $x / y$ with the sign of `x`, elementwise with broadcasting: `%` of JavaScript, `fmod` of C.
 *
 * @example
 * ```ts
 * import { evaluate, fmod, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(fmod(x, y), { x: -7, y: 3 }).item(); // => -1
 * ```
 */
export function fmod(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.fmod, x, y);
}

/**
 * Numbers of magnitude below $2^{31}$ as integers, for use as indices: rounded towards 0, NaN as 0. Without a derivative.
 *
 * @example
 * ```ts
 * import { evaluate, gather, Graph, toInteger } from '@ad/graph';
 *
 * const graph = new Graph();
 * const table = graph.input('table', { value: [10, 20, 30] });
 * const x = graph.input('x', { value: 1.9 });
 * evaluate(gather(table, toInteger(x))).item(); // => 20
 * ```
 */
export function toInteger(x: Operand): GraphNode {
  return applyToOne(rows.toInteger, x);
}
