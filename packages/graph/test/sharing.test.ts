/** Graphs that share: no two nodes are structurally identical, and nothing else changes. */
import {
  apply,
  evaluate,
  Graph,
  type GraphNode,
  type GraphOptions,
  identity,
  less,
  operations,
  Tensor,
  tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphs } from './text/random-graph.ts';

const bits = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** What a node is, in words: operation, attributes by name, the bits of a constant, and operands as they are called. */
function wordsOf(node: GraphNode, nameOf: (operand: GraphNode) => unknown): string {
  const { graph, id, operation, shape, kind, operands } = node;
  const value = graph.constantValue(id);
  const constant = value instanceof Tensor ? Array.from(value.data, bits) : [bits(value ?? 0)];
  const attributes = Object.entries(graph.arena.attributes.get(id) ?? {});
  attributes.sort(([a], [b]) => (a < b ? -1 : 1));
  const input = graph.inputName(id);
  return JSON.stringify([
    operation,
    shape,
    kind,
    input,
    value === undefined ? null : constant,
    attributes,
    operands.map(nameOf),
  ]);
}

/** Every node in words, with identities apart, as they stand for themselves. */
function structures(graph: Graph): string[] {
  return Array.from({ length: graph.nodeCount }, (_, id) => {
    const node = graph.node(id);
    return node.operation === 'identity' ? `${id}` : wordsOf(node, (operand) => operand.id);
  });
}

/** The same graph in another one, node by node. */
function rebuilt(graph: Graph, options: GraphOptions): GraphNode[] {
  const copy = new Graph(options);
  const nodes: GraphNode[] = [];
  for (let id = 0; id < graph.nodeCount; id++) {
    const { operands, shape, kind } = graph.node(id);
    const [name, constant] = [graph.inputName(id), graph.constantValue(id)];
    if (name !== undefined) nodes.push(copy.input(name, { shape, kind }));
    else if (constant !== undefined) nodes.push(copy.constant(constant));
    else {
      const arena = graph.arena;
      nodes.push(
        apply(
          arena.rowOf(id),
          operands.map((operand) => nodes[operand.id]!),
          arena.attributes.get(id),
        ),
      );
    }
  }
  return nodes;
}

describe('in a graph that shares', () => {
  test('no two nodes are structurally identical', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const nodes = rebuilt(graph, { share: true });
        const all = structures(nodes[0]!.graph);
        expect(new Set(all).size).toBe(all.length);
        // Built again into the same graph nothing is new, but for what stands for itself.
        const copies = nodes
          .filter(({ operands, operation }) => operands.length > 0 && operation !== 'identity')
          .map(({ id, operands, graph: { arena } }) => [
            id,
            apply(arena.rowOf(id), operands, arena.attributes.get(id)).id,
          ]);
        expect(copies.filter(([id, copy]) => id !== copy)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('every node stands for the same expression as without sharing', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const [plain, shared] = [rebuilt(graph, {}), rebuilt(graph, { share: true })];
        // The expression of a node as a tree of distinct structures, numbered in both graphs alike.
        const numbers = new Map<string, number>();
        const meaning = (nodes: readonly GraphNode[]): Map<number, number> => {
          const meanings = new Map<number, number>();
          const { graph: own } = nodes[0]!;
          for (let id = 0; id < own.nodeCount; id++) {
            const words = wordsOf(own.node(id), (operand) => meanings.get(operand.id));
            if (!numbers.has(words)) numbers.set(words, numbers.size);
            meanings.set(id, numbers.get(words)!);
          }
          return meanings;
        };
        const [ofPlain, ofShared] = [meaning(plain), meaning(shared)];
        plain.forEach((node, k) => {
          expect(ofShared.get(shared[k]!.id)).toBe(ofPlain.get(node.id));
        });
      }),
      { numRuns: 60 },
    );
  });

  test('lifted constants are shared: numbers, -0 and tensors bit for bit', () => {
    const graph = new Graph({ share: true });
    const x = graph.input('x', { shape: [2] });
    expect(x.add(2).id).toBe(x.add(2).id);
    expect(x.add(-0).id).toBe(x.add(-0).id);
    expect(x.add(-0).id).not.toBe(x.add(0).id);
    expect(x.add(NaN).id).toBe(x.add(NaN).id);
    expect(x.add(tensor([1, 2])).id).toBe(x.add(tensor([1, 2])).id);
    expect(x.add(tensor([1, 2])).id).not.toBe(x.add(tensor([1, 3])).id);
    expect(x.add(tensor([0, 2])).id).not.toBe(x.add(tensor([-0, 2])).id);
    expect(x.sum().id).not.toBe(x.sum({ keepDims: true }).id);
    expect(less(x, 1).id).toBe(less(x, 1).id);
    expect(graph.constant(tensor(true)).id).toBe(graph.constant(true).id);
    expect(graph.constant(tensor([1, 0], { kind: 'integer' })).id).not.toBe(
      graph.constant(tensor([1, 0])).id,
    );
  });

  test('operands are not reordered: x - y is not y - x, and x + y not y + x', () => {
    const graph = new Graph({ share: true });
    const [x, y] = [graph.input('x'), graph.input('y')];
    expect(x.sub(y).id).not.toBe(y.sub(x).id);
    expect(x.add(y).id).not.toBe(y.add(x).id);
  });

  test('a row of the same name is another operation', () => {
    const graph = new Graph({ share: true });
    const x = graph.input('x');
    const impostor = { ...operations.tanh };
    expect(apply(impostor, [x]).id).not.toBe(x.tanh().id);
  });

  test('identities stand for themselves', () => {
    const x = new Graph({ share: true }).input('x');
    expect(identity(x).id).not.toBe(identity(x).id);
  });
});

test('without being asked a graph builds what it is told to', () => {
  const x = new Graph().input('x');
  expect(x.tanh().id).not.toBe(x.tanh().id);
});

describe('the determinant by naive recursion over minors', () => {
  /** Expansion along the first row; the minor without rows and columns is 1. */
  const expansion = (rows: readonly (readonly GraphNode[])[], one: GraphNode): GraphNode =>
    rows.length === 0
      ? one
      : rows[0]!
          .map((x, j) => {
            const minor = rows.slice(1).map((row) => row.filter((_, k) => k !== j));
            const product = x.mul(expansion(minor, one));
            return j % 2 === 0 ? product : product.neg();
          })
          .reduce((sum, term) => sum.add(term));

  const countOf = (graph: Graph, operation: string): number =>
    Array.from({ length: graph.nodeCount }, (_, id) => graph.node(id).operation).filter(
      (name) => name === operation,
    ).length;

  test.each([1, 2, 3, 4, 5, 6, 7])('of side %i has n 2^(n-1) products', (n) => {
    const graph = new Graph({ share: true });
    const value = (i: number, j: number): number => ((7 * i + 3 * j * j + i * j) % 11) - 5;
    const rows = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => graph.input(`x${i}${j}`, { value: value(i, j) })),
    );
    const determinant = expansion(rows, graph.constant(1));
    expect(countOf(graph, 'mul')).toBe(n * 2 ** (n - 1));
    const matrix = graph.constant(
      tensor(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => value(i, j)))),
    );
    const byElimination = evaluate(apply(operations.determinant, [matrix])).item();
    expect(determinant.value).toBeCloseTo(byElimination, 6);
  });
});
