/** The algebra of graph nodes: computing in it appends to the graph. Derivatives written over it are graphs. */
import type { Algebra } from './algebra.ts';
import type { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import * as activation from '../functions/activation.ts';
import * as arithmetic from '../functions/arithmetic.ts';
import * as comparison from '../functions/comparison.ts';
import * as exponential from '../functions/exponential.ts';
import * as gamma from '../functions/gamma.ts';
import * as rounding from '../functions/rounding.ts';
import * as trigonometric from '../functions/trigonometric.ts';

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
    ...arithmetic,
    ...exponential,
    ...gamma,
    ...trigonometric,
    ...rounding,
    ...comparison,
    sigmoid: activation.sigmoid,
    softplus: activation.softplus,
    select: comparison.where,
    constant: (value) => graph.constant(value),
  };
}
