/** Evaluation: only what is needed, no stack for depth, lazy values that host code can steer by. */
import {
  ancestorsOf,
  apply,
  concat,
  evaluate,
  evaluateOver,
  gather,
  Graph,
  type GraphNode,
  interpreter,
  numbers,
  OTHER,
  partialAlgebra,
  tensor,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { scalarGraphs } from '../support/random-graphs.ts';

describe('only what is needed', () => {
  const build = (): { alive: GraphNode; dead: GraphNode; graph: Graph } => {
    const graph = new Graph();
    const x = graph.input('x', { value: [1, 2, 3] });
    const dead = gather(x, graph.constant(tensor([7], { kind: 'integer' })));
    graph.input('never fed');
    return { graph, dead, alive: x.sum() };
  };

  test('a dead gather with an index outside of its axis does not throw', () => {
    const { alive, dead, graph } = build();
    expect(evaluate(alive).item()).toBe(6);
    expect(alive.value).toBe(6);
    expect(
      interpreter({ outputs: [alive] })
        .run()[0]!
        .item(),
    ).toBe(6);
    expect(() => evaluate(dead)).toThrow(ValueError);
    expect(() => dead.tensor).toThrow(ValueError);
    expect(graph.nodeCount).toBe(5);
  });

  test('a failed evaluation leaves nothing behind that answers later', () => {
    const graph = new Graph();
    const at = graph.input('at', { kind: 'integer', value: [7] });
    const y = gather(graph.constant([1, 2]), at).sum();
    expect(() => y.value).toThrow(/index 7/);
    expect(() => y.value).toThrow(/index 7/);
    graph.feed({ at: [1] });
    expect(y.value).toBe(2);
  });

  test('ancestors are the nodes that reach an output, ascending, each once', () => {
    fc.assert(
      fc.property(scalarGraphs, ({ graph, output }) => {
        const { arena } = graph;
        const reached = new Set<number>();
        const waiting = [output.id];
        while (waiting.length > 0) {
          const id = waiting.pop()!;
          if (reached.has(id)) continue;
          reached.add(id);
          waiting.push(...arena.operandsOf(id));
        }
        expect([...ancestorsOf(arena, [output.id])]).toStrictEqual(
          [...reached].sort((a, b) => a - b),
        );
      }),
    );
  });

  test('no outputs are no work', () => {
    expect(evaluate([])).toStrictEqual([]);
  });

  test('outputs of different graphs are refused', () => {
    expect(() => evaluate([new Graph().constant(1), new Graph().constant(2)])).toThrow(
      /different graphs; evaluate them one by one/,
    );
  });
});

describe('values on demand', () => {
  test('steer host code: Newton until the residual is small', () => {
    const graph = new Graph();
    const target = graph.input('target', { value: 2 });
    let root = graph.constant(1);
    let steps = 0;
    while (root.square().sub(target).abs().value > 1e-12) {
      root = root.add(target.div(root)).mul(0.5);
      steps++;
    }
    expect(steps).toBe(5);
    expect(root.value).toBeCloseTo(Math.SQRT2, 12);
  });

  test('are dropped when anything is fed', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 1 });
    const v = graph.input('v', { value: [1, 2] });
    const y = v.sum().mul(x);
    expect(y.value).toBe(3);
    graph.feed({ x: 10 });
    expect(y.value).toBe(30);
    graph.feed({ v: [5, 6] });
    expect(y.value).toBe(110);
    expect(v.tensor.toArray()).toStrictEqual([5, 6]);
  });

  test('are computed once: a node built later reads what is there', () => {
    const graph = new Graph();
    const at = graph.input('at', { kind: 'integer', value: [1] });
    const y = gather(graph.constant([1, 2]), at);
    expect(y.tensor.toArray()).toStrictEqual([2]);
    const cached = y.tensor.data;
    for (let i = 0; i < 300; i++) y.add(i);
    expect(y.sum().value).toBe(2);
    expect(y.tensor.data).toBe(cached);
  });
});

describe('a chain of a million nodes', () => {
  const LENGTH = 1_000_000;
  let graph: Graph;
  let top: GraphNode;

  beforeAll(() => {
    graph = new Graph();
    const x = graph.input('x', { value: 0 });
    let y = x;
    // x is an operand of every node: a fan-out of a million as well.
    for (let i = 0; i < LENGTH; i++) y = y.add(x);
    top = y;
  });

  test('has the size it should', () => {
    expect(graph.nodeCount).toBe(LENGTH + 1);
    expect(graph.edgeCount).toBe(2 * LENGTH);
  });

  test('is evaluated without recursion, in every way', () => {
    expect(evaluate(top, { x: 1 }).item()).toBe(LENGTH + 1);
    graph.feed({ x: 2 });
    expect(top.value).toBe(2 * (LENGTH + 1));
    expect(
      interpreter({ outputs: [top] })
        .run({ x: 3 })[0]!
        .item(),
    ).toBe(3 * (LENGTH + 1));
    expect(evaluateOver(numbers, top, { x: 4 })).toBe(4 * (LENGTH + 1));
  });
});

test('a tree of a million leaves is evaluated without recursion', () => {
  const LEAVES = 1_000_000;
  const graph = new Graph();
  const x = graph.input('x', { value: 0.5 });
  let level = Array.from({ length: LEAVES }, () => x.neg());
  while (level.length > 1) {
    const next: GraphNode[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(level[i]!.add(level[i + 1]!));
    if (level.length % 2 === 1) next.push(level.at(-1)!);
    level = next;
  }
  expect(graph.nodeCount).toBe(2 * LEAVES);
  expect(evaluate(level[0]!).item()).toBe(-LEAVES / 2);
  expect(level[0]!.value).toBe(-LEAVES / 2);
});

test('a diamond ladder of 60 levels has 2^60 paths and 60 nodes to evaluate', () => {
  const x = new Graph().input('x', { value: 1 });
  let y = x;
  for (let level = 0; level < 60; level++) y = y.add(y);
  expect(y.graph.nodeCount).toBe(61);
  expect(evaluate(y).item()).toBe(2 ** 60);
  expect(y.value).toBe(2 ** 60);
  expect(
    interpreter({ outputs: [y] })
      .run()[0]!
      .item(),
  ).toBe(2 ** 60);
  const bigints = partialAlgebra<bigint>('bigint', { add: (a, b) => a + b });
  expect(evaluateOver(bigints, y, { x: 1n })).toBe(2n ** 60n);
});

test('one node may be computed from a hundred thousand', () => {
  const COUNT = 100_000;
  const x = new Graph().input('x', { value: [3] });
  const joined = concat(Array.from({ length: COUNT }, () => x));
  expect(joined.shape).toStrictEqual([COUNT]);
  expect(joined.sum().value).toBe(3 * COUNT);
  expect(evaluate(joined).data).toStrictEqual(new Float64Array(COUNT).fill(3));
});

test('operations that are written out have the bits of their rows over numbers', () => {
  const special = fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324, Number.MAX_VALUE);
  const any = fc.oneof(fc.double(), special);
  fc.assert(
    fc.property(any, any, (a, b) => {
      const graph = new Graph();
      const [x, y] = [graph.input('x', { value: a }), graph.input('y', { value: b })];
      const rows = graph.arena.rows.slice(0, OTHER);
      const all = rows.map((row) => apply(row, [x, y].slice(0, row.arity!)));
      for (const node of [...all, x.mul(x), x.add(y).tanh()])
        expect(evaluate(node).item()).toBe(evaluateOver(numbers, node, { x: a, y: b }));
    }),
  );
});

describe('over an algebra', () => {
  test('arrays and missing inputs are refused by name', () => {
    const graph = new Graph();
    const x = graph.input('x');
    const v = graph.input('v', { shape: [2] });
    expect(() => evaluateOver(numbers, x.add(1), {})).toThrow(
      /evaluateOver: input "x" has no value; feed it/,
    );
    expect(() => evaluateOver(numbers, v.add(1), { v: 1 })).toThrow(
      /only scalar graphs can be evaluated over an algebra/,
    );
    expect(() => evaluateOver(numbers, v.sum(), { v: 1 })).toThrow(
      /node 5 \(sum\) is not a scalar expression/,
    );
  });

  test('names of Object.prototype are not taken for values', () => {
    const x = new Graph().input('constructor');
    expect(() => evaluateOver(numbers, x, {})).toThrow(/input "constructor" has no value/);
  });
});
