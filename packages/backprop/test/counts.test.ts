/**
 * The lecture's costs as equalities between integers. With V the nodes that the output depends on and E their edges:
 * the reverse sweep passes E messages, evaluates E partials, multiplies E times, adds E - (V - 1) times, and holds V
 * activations. The baselines' costs are counted here anew, by a transitive closure in bit sets.
 */
import { CapacityError, Graph, GraphError, type GraphNode, ShapeError, sign } from '@ad/graph';
import { scalarGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  forwardAllPairs,
  recomputingSweep,
  reverseSweep,
  type SweepCounts,
  type TableCounts,
} from '../src/index.ts';
import {
  chain,
  closure,
  complete,
  ladder,
  layered,
  membersOf,
  sizeOfSet,
} from './support/structures.ts';

interface Sizes {
  readonly V: number;
  readonly E: number;
  /** Nodes that are not leaves. */
  readonly operations: number;
  /** Pairs of a node and one that it depends on, itself included. */
  readonly pairs: number;
  /** The sum over edges (u, z) of the number of nodes at or below z. */
  readonly below: number;
  /** The sum over nodes of the operations at or below the activations that its derivatives read. */
  readonly recomputed: number;
  /** The most nodes at or below the activations that the derivatives of one node read. */
  readonly mostRecomputed: number;
  /** The sum over edges of the activations that the derivative reads. */
  readonly reads: number;
}

/** What the derivatives of some operations read: operands by position, or the result. */
const READS: Readonly<Record<string, readonly (readonly (number | 'result')[])[]>> = {
  add: [[], []],
  sub: [[], []],
  neg: [[]],
  mul: [[1], [0]],
  square: [[0]],
  sin: [[0]],
  exp: [['result']],
  div: [[1], ['result', 1]],
};

function sizesOf(output: GraphNode): Sizes {
  const sets = closure(output);
  const { graph } = output;
  const members = membersOf(sets[output.id]!).map((id) => graph.node(id));
  const isOperation = (id: number): boolean => graph.node(id).operands.length > 0;
  const edges = members.flatMap((node) => node.operands.map((operand) => operand.id));
  const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const readsOf = (node: GraphNode): number[] =>
    (READS[node.operation] ?? [])
      .flat()
      .map((read) => (read === 'result' ? node.id : node.operands[read]!.id));
  /** What has to be computed for the derivatives of a node. */
  const belowReads = (node: GraphNode): bigint =>
    readsOf(node).reduce((set, id) => set | sets[id]!, 0n);
  return {
    V: members.length,
    E: edges.length,
    operations: members.filter(({ id }) => isOperation(id)).length,
    pairs: total(members.map(({ id }) => sizeOfSet(sets[id]!))),
    below: total(edges.map((id) => sizeOfSet(sets[id]!))),
    recomputed: total(
      members.map((node) => membersOf(belowReads(node)).filter(isOperation).length),
    ),
    mostRecomputed: Math.max(...members.map((node) => sizeOfSet(belowReads(node)))),
    reads: total(members.map((node) => readsOf(node).length)),
  };
}

function countsOf(
  output: GraphNode,
  feeds: Record<string, never> | object = {},
): { reverse: SweepCounts; forward: TableCounts; recomputing: SweepCounts } {
  const options = { feeds: feeds as never };
  return {
    reverse: reverseSweep(output, { ...options, count: true }).counts,
    forward: forwardAllPairs(output, options).counts,
    recomputing: recomputingSweep(output, options).counts,
  };
}

function expectCounts(output: GraphNode, feeds?: object): void {
  const { V, E, operations, pairs, below, recomputed, mostRecomputed, reads } = sizesOf(output);
  const { reverse, forward, recomputing } = countsOf(output, feeds);
  const sweep = {
    nodes: V,
    messages: E,
    partials: E,
    multiplications: E,
    additions: E - (V - 1),
    activationReads: reads,
  };
  expect(reverse).toEqual({
    ...sweep,
    evaluations: operations,
    activations: V,
    peakLiveCells: 2 * V,
  });
  expect(forward).toEqual({
    nodes: V,
    entries: pairs,
    partials: E,
    multiplications: below,
    // Every product is added to a sum, except the first of each entry; the V entries of the diagonal have no sum.
    additions: below - (pairs - V),
    activationReads: reads,
    evaluations: operations,
    activations: V,
    peakLiveCells: V + pairs,
  });
  expect(recomputing).toEqual({
    ...sweep,
    evaluations: recomputed,
    activations: mostRecomputed,
    peakLiveCells: mostRecomputed + V,
  });
}

describe('on random graphs', () => {
  test('of which all nodes are reached, counts are the sizes of the graph', () => {
    fc.assert(
      fc.property(
        scalarGraphs({ operations: 'polynomial', deadBranches: false, maxSteps: 30 }),
        (recipe) => {
          const { graph, output, feeds } = recipe.build();
          expect(reverseSweep(output, { feeds, count: true }).counts.messages).toBe(
            graph.edgeCount,
          );
          expect(reverseSweep(output, { feeds, count: true }).counts.activations).toBe(
            graph.nodeCount,
          );
          expectCounts(output, feeds);
        },
      ),
    );
  });

  test('dead branches count nothing', () => {
    fc.assert(
      fc.property(scalarGraphs({ operations: 'polynomial', maxSteps: 30 }), (recipe) => {
        const { graph, output, feeds } = recipe.build();
        expectCounts(output, feeds);
        const before = countsOf(output, feeds);
        graph.input('dead').sin().mul(output);
        expect(countsOf(output, feeds)).toEqual(before);
      }),
    );
  });

  test('of smooth operations, messages are edges and additions are E - (V - 1)', () => {
    fc.assert(
      fc.property(scalarGraphs({ operations: 'smooth', maxSteps: 60 }), (recipe) => {
        const { output, feeds } = recipe.build();
        const { V, E, operations } = sizesOf(output);
        expect(reverseSweep(output, { feeds, count: true }).counts).toMatchObject({
          nodes: V,
          messages: E,
          partials: E,
          multiplications: E,
          additions: E - (V - 1),
          evaluations: operations,
          activations: V,
          peakLiveCells: 2 * V,
        });
      }),
    );
  });

  test.each(['smooth', 'all'] as const)(
    'counting changes no adjoint of %s operations',
    (operations) => {
      fc.assert(
        fc.property(scalarGraphs({ operations }), (recipe) => {
          const { inputs, output, feeds } = recipe.build();
          const [plain, counted] = [false, true].map((count) =>
            reverseSweep(output, { feeds, count }),
          );
          expect(() => plain!.counts).toThrow(/did not count; call reverseSweep/);
          for (const x of inputs) expect(counted!.adjoint(x)).toBe(plain!.adjoint(x));
        }),
      );
    },
  );
});

test('a sweep that only multiplies and adds keeps the sign of zero and what is not finite', () => {
  const special = fc.constantFrom(0, -0, 2, -3, Infinity, -Infinity, NaN);
  fc.assert(
    fc.property(special, special, special, (a, b, seed) => {
      const graph = new Graph();
      const [x, y] = [graph.input('x', { value: a }), graph.input('y', { value: b })];
      const output = x.mul(y).sub(y.div(x)).add(x.sub(y).tanh());
      const [plain, observed] = [false, true].map((count) => reverseSweep(output, { seed, count }));
      for (const node of [x, y, output]) expect(plain!.adjoint(node)).toBe(observed!.adjoint(node));
    }),
  );
});

test('a derivative that is zero by definition is no edge', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 2 });
  const output = sign(x).mul(x);
  const { messages, nodes, activations } = reverseSweep(output, { count: true }).counts;
  // From the product to the sign and to x; nothing from the sign to x.
  expect({ messages, nodes, activations }).toEqual({ messages: 2, nodes: 3, activations: 3 });
});

describe('closed formulas', () => {
  const sizes = [1, 2, 3, 7, 20];

  test.each(sizes)('a chain of %i', (n) => {
    const { output } = chain(n);
    expectCounts(output);
    const { reverse, forward, recomputing } = countsOf(output);
    expect(reverse).toMatchObject({
      nodes: n + 1,
      messages: n,
      additions: 0,
      evaluations: n,
      activations: n + 1,
    });
    expect(forward).toMatchObject({
      entries: ((n + 1) * (n + 2)) / 2,
      multiplications: (n * (n + 1)) / 2,
      additions: 0,
    });
    expect(recomputing.evaluations).toBe((n * (n - 1)) / 2);
  });

  test.each(sizes)('a diamond ladder of %i', (n) => {
    const { output, x } = ladder(n);
    expectCounts(output);
    const { reverse, forward, recomputing } = countsOf(output);
    expect(reverse).toMatchObject({ nodes: n + 1, messages: 2 * n, additions: n });
    expect(forward).toMatchObject({
      entries: ((n + 1) * (n + 2)) / 2,
      multiplications: n * (n + 1),
      additions: (n * (n + 1)) / 2,
    });
    // The derivatives of a sum read nothing.
    expect(recomputing.evaluations).toBe(0);
    expect(reverseSweep(output).adjoint(x)).toBe(2 ** n);
  });

  test.each([2, 3, 7, 12])('a complete graph of %i', (n) => {
    const { output } = complete(n);
    expectCounts(output);
    const products = (n * (n - 1)) / 2;
    expect(countsOf(output).reverse).toMatchObject({
      nodes: products + 2,
      messages: 2 * products + 1,
      additions: products,
      activations: products + 2,
    });
  });

  test.each([
    [2, 1],
    [2, 5],
    [4, 3],
    [6, 4],
  ])('a network of width %i and depth %i', (width, depth) => {
    const { output } = layered(width, depth);
    expectCounts(output);
    const V = 1 + width + (depth - 1) * width * width + (width - 1);
    const E = width + (depth - 1) * width * (2 * width - 1) + 2 * (width - 1);
    expect(countsOf(output).reverse).toMatchObject({
      nodes: V,
      messages: E,
      additions: E - V + 1,
      activations: V,
    });
  });

  test('twice the chain: twice the messages, nearly four times the table and the recomputation', () => {
    const [small, large] = [100, 200].map((n) => countsOf(chain(n).output));
    expect([small!.reverse.messages, large!.reverse.messages]).toEqual([100, 200]);
    expect([small!.forward.entries, large!.forward.entries]).toEqual([5151, 20_301]);
    expect([small!.recomputing.evaluations, large!.recomputing.evaluations]).toEqual([
      4950, 19_900,
    ]);
  });
});

describe('what cannot be counted or does not fit', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1, 2] });
  const total = x.sum();

  test('counting arrays names the node', () => {
    expect(() => reverseSweep(total, { count: true })).toThrow(ShapeError);
    expect(() => reverseSweep(total, { count: true })).toThrow(
      /#1 = sum .* works on arrays: leave out count/,
    );
  });

  test('the baselines work on scalars only and name the node', () => {
    for (const baseline of [forwardAllPairs, recomputingSweep]) {
      expect(() => baseline(total)).toThrow(ShapeError);
      expect(() => baseline(total)).toThrow(
        /#0 "x" = input \[2\] real is an array: use reverseSweep/,
      );
      // The sum of a scalar is a scalar, but its derivative is not a formula on numbers.
      const scalar = new Graph().input('x', { value: 1 }).sum({ axes: [] });
      expect(() => baseline(scalar)).toThrow(GraphError);
      expect(() => baseline(scalar)).toThrow(/#1 = sum .* is made by one on arrays: use reverse/);
    }
  });

  test('the table of all pairs says how much it would need', () => {
    const { output } = chain(100);
    // 101 rows of derivatives and flags: 9 bytes for each of 5151 entries.
    expect(() => forwardAllPairs(output, { maxBytes: 9 * 5151 - 1 })).toThrow(CapacityError);
    expect(() => forwardAllPairs(output, { maxBytes: 9 * 5151 - 1 })).toThrow(
      /table of 101 nodes would need 45\.3 KiB.* use reverseSweep, or raise maxBytes/,
    );
    expect(forwardAllPairs(output, { maxBytes: 9 * 5151 }).counts.entries).toBe(5151);
  });

  test('recomputing says how much it would need', () => {
    const { output } = chain(99);
    expect(() => recomputingSweep(output, { maxBytes: 1799 })).toThrow(CapacityError);
    expect(() => recomputingSweep(output, { maxBytes: 1799 })).toThrow(
      /100 nodes would need 1\.76 KiB, more than the limit of 1\.76 KiB; raise maxBytes/,
    );
    expect(recomputingSweep(output, { maxBytes: 1800 }).counts.messages).toBe(99);
    const one = new Graph().input('x', { value: 1 });
    expect(() => recomputingSweep(one, { maxBytes: 9 })).toThrow(
      /1 nodes would need 18 bytes, more than the limit of 9 bytes/,
    );
    const many = chain(60_000).output;
    expect(() => recomputingSweep(many, { maxBytes: 1000 * 1024 })).toThrow(
      /60001 nodes would need 1\.03 MiB, more than the limit of 1000 KiB/,
    );
  });

  test('dead branches do not add to what the table needs', () => {
    const { x, output } = chain(99);
    let dead = x;
    for (let i = 0; i < 1000; i++) dead = dead.cos();
    expect(forwardAllPairs(output, { maxBytes: 9 * 5050 }).counts.entries).toBe(5050);
  });

  test('a million nodes are refused by default', () => {
    const { output } = chain(1_000_000);
    expect(() => forwardAllPairs(output)).toThrow(
      /1000001 nodes would need 4\.09 TiB, more than the limit of 1\.00 GiB/,
    );
  });

  test('the table knows only what the output depends on', () => {
    const { output, x } = chain(2);
    const table = forwardAllPairs(output);
    expect(table.derivative(x, output)).toBe(0);
    expect(() => table.derivative(output, x.cos())).toThrow(/does not depend on/);
    expect(() => table.derivative(output, new Graph().input('y'))).toThrow(/does not depend on/);
  });
});
