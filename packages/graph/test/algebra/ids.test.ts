/** Rows over the algebra of ids append to a graph what they append over the algebra of nodes. */
import { type Algebra, Graph, type GraphNode, listing, nodeAlgebra } from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { idAlgebra } from '../../src/algebra/ids.ts';
import { elementwiseRows } from '../support/elementwise.ts';

describe.each(elementwiseRows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
  /** The graph of value and derivatives, written over an algebra of the graph. */
  function written<T>(
    options: ConstructorParameters<typeof Graph>[0],
    algebraOf: (graph: Graph) => Algebra<T>,
    of: (node: GraphNode) => T,
    handle: (graph: Graph, element: T) => GraphNode,
  ): string {
    const graph = new Graph(options);
    const A = algebraOf(graph);
    const operands = Array.from({ length: row.arity }, (_, k) =>
      of(graph.input(`operand ${k}`, { kind: row.operandKinds?.[k] ?? 'real' })),
    );
    const [x, y, z] = operands as [T, T, T];
    const value = row.value(A, x, y, z);
    const partials = row.partials.map((partial) =>
      typeof partial === 'number' ? A.constant(partial) : partial(A, value, x, y, z),
    );
    return listing([value, ...partials].map((element) => handle(graph, element)));
  }

  test.each([{}, { share: true }])('value and derivatives, in a graph with %o', (options) => {
    const overIds = written(
      options,
      idAlgebra,
      (node) => node.id,
      (graph, id) => graph.node(id),
    );
    const overNodes = written(
      options,
      nodeAlgebra,
      (node) => node,
      (_, node) => node,
    );
    expect(overIds).toBe(overNodes);
  });
});

test('the algebra of ids has all that the algebra of nodes has', () => {
  const graph = new Graph();
  expect(Object.keys(idAlgebra(graph)).sort()).toStrictEqual(
    Object.keys(nodeAlgebra(graph)).sort(),
  );
});
