/** The algebra of graph nodes: computing in it appends to the graph. Derivatives written over it are graphs. */
import type { Algebra } from './algebra.ts';
import type { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { applyToOne, applyToTwo } from '../apply.ts';
import { sigmoid } from '../functions/activation.ts';
import {
  abs,
  add,
  div,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  sign,
  sqrt,
  strongMul,
  sub,
} from '../functions/arithmetic.ts';
import { and, equal, less, lessEqual, not, or, where } from '../functions/comparison.ts';
import { exp, log } from '../functions/exponential.ts';
import { floor, round } from '../functions/rounding.ts';
import { cos, sin, tanh } from '../functions/trigonometric.ts';

/**
 * The algebra whose elements are the nodes of `graph`.
 *
 * @example
 * ```ts
 * import { evaluate, Graph, nodeAlgebra, operations } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const A = nodeAlgebra(graph);
 * evaluate(A.add(A.mul(x, x), A.constant(1)), { x: 3 }).item(); // => 10
 * ```
 */
export function nodeAlgebra(graph: Graph): Algebra<GraphNode> {
  return {
    constant: (value) => graph.constant(value),
    add,
    sub,
    mul,
    div,
    strongMul,
    neg,
    abs,
    sign,
    minimum,
    maximum,
    sqrt,
    floor,
    round,
    pow,
    exp,
    log,
    sin,
    cos,
    tanh,
    sigmoid,
    equal,
    less,
    lessEqual,
    and,
    or,
    not,
    select: where,
    call: (f, x, y) => (y === undefined ? applyToOne(f, x) : applyToTwo(f, x, y)),
  };
}
