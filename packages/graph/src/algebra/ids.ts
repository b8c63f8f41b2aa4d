/**
 * The algebra of the ids of scalar nodes: computing in it appends to the graph, as with nodes, but the operations that
 * adjoints of scalars are mostly made of make no handles. So the adjoint graph of millions of scalars is written in it.
 */
import { apply } from '../apply.ts';
import type { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { sigmoid } from '../rows/activation.ts';
import { add, div, mul, neg, sub } from '../rows/arithmetic.ts';
import { exp } from '../rows/exponential.ts';
import type { ElementwiseRow } from '../rows/row.ts';
import { cos, sin } from '../rows/trigonometric.ts';
import type { Algebra } from './algebra.ts';
import { nodeAlgebra } from './nodes.ts';

/**
 * The algebra whose elements are the ids of scalar nodes of `graph`, in which no body is being traced: what is built from
 * its nodes then would belong to the body.
 */
export function idAlgebra(graph: Graph): Algebra<number> {
  const node = (id: number): GraphNode => graph.node(id);
  const one =
    (row: ElementwiseRow) =>
    (x: number): number =>
      graph.appendScalarId(graph.arena.codeOf(row), 1, x, x) ?? apply(row, [node(x)]).id;
  const two =
    (row: ElementwiseRow) =>
    (x: number, y: number): number =>
      graph.appendScalarId(graph.arena.codeOf(row), 2, x, y) ?? apply(row, [node(x), node(y)]).id;
  const A = nodeAlgebra(graph);
  const overIds = Object.entries(A).map(([name, f]) => [
    name,
    (...ids: number[]) => (f as (...nodes: GraphNode[]) => GraphNode)(...ids.map(node)).id,
  ]);
  return {
    ...(Object.fromEntries(overIds) as Algebra<number>),
    constant: (value) => A.constant(value).id,
    call: (f, x, y) => A.call(f, node(x), y === undefined ? y : node(y)).id,
    add: two(add),
    sub: two(sub),
    mul: two(mul),
    div: two(div),
    neg: one(neg),
    exp: one(exp),
    sin: one(sin),
    cos: one(cos),
    sigmoid: one(sigmoid),
  };
}
