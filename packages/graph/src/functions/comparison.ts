/** Functions that build nodes: comparisons, logic and choice. Each takes nodes, numbers or tensors of one graph and throws as {@link apply} does. */
import { apply, applyToOne, applyToTwo } from '../apply.ts';
import type { Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/comparison.ts';

/**
 * Whether $x = y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { equal, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(equal(x, y), { x: 2, y: 3 }).item(); // => 0
 * ```
 */
export function equal(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.equal, x, y);
}

/**
 * Whether $x \ne y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, notEqual } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(notEqual(x, y), { x: 2, y: 3 }).item(); // => 1
 * ```
 */
export function notEqual(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.notEqual, x, y);
}

/**
 * Whether $x < y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, less } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(less(x, y), { x: 2, y: 3 }).item(); // => 1
 * ```
 */
export function less(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.less, x, y);
}

/**
 * Whether $x \le y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, lessEqual } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(lessEqual(x, y), { x: 2, y: 3 }).item(); // => 1
 * ```
 */
export function lessEqual(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.lessEqual, x, y);
}

/**
 * Whether $x > y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, greater } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(greater(x, y), { x: 2, y: 3 }).item(); // => 0
 * ```
 */
export function greater(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.greater, x, y);
}

/**
 * Whether $x \ge y$, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, greaterEqual } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = graph.input('y');
 * evaluate(greaterEqual(x, y), { x: 2, y: 3 }).item(); // => 0
 * ```
 */
export function greaterEqual(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.greaterEqual, x, y);
}

/**
 * Whether both conditions hold, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { and, evaluate, Graph, greater, less } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(and(greater(x, 0), less(x, 1)), { x: 0.5 }).toArray(); // => true
 * ```
 */
export function and(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.and, x, y);
}

/**
 * Whether at least one of two conditions holds, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, greater, less, or } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(or(less(x, 0), greater(x, 1)), { x: 0.5 }).toArray(); // => false
 * ```
 */
export function or(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.or, x, y);
}

/**
 * The opposite of every condition.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, less, not } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(not(less(x, 0)), { x: 0.5 }).toArray(); // => true
 * ```
 */
export function not(x: Operand): GraphNode {
  return applyToOne(rows.not, x);
}

/**
 * `x` where the condition holds, else `y`, elementwise with broadcasting.
 *
 * Both branches are evaluated, but what happens in the branch not taken (Infinity, NaN) reaches neither the value
 * nor a gradient.
 *
 * @param condition - of kind boolean.
 * @throws {@link KindError} when the condition is not boolean.
 * @example
 * ```ts
 * import { evaluate, Graph, greater, where } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(where(greater(x, 0), x.log(), 0), { x: -1 }).item(); // => 0
 * ```
 */
export function where(condition: Operand, x: Operand, y: Operand): GraphNode {
  return apply(rows.where, [condition, x, y]);
}

/**
 * Whether exactly one of two conditions holds, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, less, xor } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(xor(less(x, 0), less(x, 1)), { x: 0.5 }).toArray(); // => true
 * ```
 */
export function xor(x: Operand, y: Operand): GraphNode {
  return applyToTwo(rows.xor, x, y);
}
