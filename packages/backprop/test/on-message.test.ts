/** The hook that shows every message of a sweep. */
import { Graph, type GraphNode } from '@ad/graph';
import { type Recipe, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Adjoints, type Message, reverseSweep } from '../src/index.ts';
import { closure, membersOf } from './support/structures.ts';

function watch(recipe: Recipe): { sweep: Adjoints; messages: Message[]; output: GraphNode } {
  const { output, feeds } = recipe.build();
  const messages: Message[] = [];
  const sweep = reverseSweep(output, {
    feeds,
    onMessage: (message) => {
      messages.push(message);
    },
  });
  return { sweep, messages, output };
}

describe.each([
  ['scalar', scalarGraphs],
  ['tensor', tensorGraphs],
] as const)('on random %s graphs', (_kind, graphs) => {
  test('the messages to a node sum to its adjoint', () => {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { sweep, messages, output } = watch(recipe);
        const sums = new Map<number, number[]>([[output.id, [1]]]);
        for (const { to, message } of messages) {
          const sum = sums.get(to.id);
          sums.set(
            to.id,
            Array.from(message.data, (x, i) => (sum === undefined ? x : sum[i]! + x)),
          );
        }
        for (const [id, sum] of sums)
          expect([...sweep.adjointTensor(output.graph.node(id)).data]).toEqual(sum);
      }),
    );
  });

  test('every edge of a smooth graph carries one message', () => {
    fc.assert(
      fc.property(graphs({ operations: 'smooth' }), (recipe) => {
        const { messages, output } = watch(recipe);
        const edges = membersOf(closure(output)[output.id]!).flatMap((id) =>
          output.graph
            .node(id)
            .operands.flatMap((operand, position) =>
              operand.kind === 'real' ? [`${id} ${position} ${operand.id}`] : [],
            ),
        );
        expect(
          messages.map(({ from, to, position }) => `${from.id} ${position} ${to.id}`).sort(),
        ).toEqual(edges.sort());
      }),
    );
  });

  test('senders come from top to bottom, each with its operands in order, and send from complete sums', () => {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { sweep, messages } = watch(recipe);
        messages.forEach(({ from, to, position, sum }, i) => {
          expect(from.operands[position]!.id).toBe(to.id);
          expect(to.id).toBeLessThan(from.id);
          expect(sum).toEqual(sweep.adjointTensor(from));
          const next = messages[i + 1];
          if (next === undefined) return;
          const inOrder =
            next.from.id < from.id || (next.from.id === from.id && next.position > position);
          expect(inOrder).toBe(true);
        });
      }),
    );
  });

  test('being watched changes no adjoint', () => {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { output, feeds, inputs } = recipe.build();
        const plain = reverseSweep(output, { feeds });
        const watched = reverseSweep(output, { feeds, onMessage: () => {} });
        for (const x of inputs) expect(watched.adjointTensor(x)).toEqual(plain.adjointTensor(x));
      }),
    );
  });
});

test('a sweep that is watched but not told to count has no counts', () => {
  const output = new Graph().input('x', { value: 1 }).sin();
  const sweep = reverseSweep(output, { onMessage: () => undefined });
  expect(() => sweep.counts).toThrow(/did not count/);
});

test("the lecture's message: the sum times the local derivative", () => {
  const graph = new Graph();
  const [w, x] = [graph.input('w', { value: 3 }), graph.input('x', { value: 5 })];
  const u = w.mul(x);
  const f = u.square();
  const seen: string[] = [];
  reverseSweep(f, {
    onMessage: ({ from, to, position, sum, message }) => {
      seen.push(
        `${from.operation} -> ${to.label ?? to.operation} [${position}]: ${sum.item()} passes ${message.item()}`,
      );
    },
  });
  expect(seen).toEqual([
    'square -> mul [0]: 1 passes 30',
    'mul -> w [0]: 30 passes 150',
    'mul -> x [1]: 30 passes 90',
  ]);
});

test('what a hook does to the messages it was shown changes nothing', () => {
  const x = new Graph().input('x', { value: [1, 2] });
  const y = x.square().sum();
  const sweep = reverseSweep(y.mul(2), {
    onMessage: ({ from, message }) => {
      if (from.shape.length === 0) message.data.fill(NaN);
    },
  });
  expect(sweep.adjoint(y)).toBe(2);
});

test('a hook that throws leaves the graph as it was and usable', () => {
  fc.assert(
    fc.property(scalarGraphs(), fc.nat({ max: 10 }), (recipe, after) => {
      const { graph, inputs, output, feeds } = recipe.build();
      const expected = reverseSweep(output, { feeds });
      const nodes = graph.nodeCount;
      let count = 0;
      let thrown: unknown;
      try {
        reverseSweep(output, {
          feeds,
          onMessage: () => {
            if (count++ === after) throw new Error('stop');
          },
        });
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof Error).toBe(count > after);
      expect(graph.nodeCount).toBe(nodes);
      const again = reverseSweep(output, { feeds });
      for (const x of inputs) expect(again.adjoint(x)).toBe(expected.adjoint(x));
    }),
  );
});

test('a hook may build nodes, sweep, and read values', () => {
  const x = new Graph().input('x', { value: 0.5 });
  let y = x;
  for (let i = 0; i < 100; i++) y = y.sin();
  const plain = reverseSweep(y).adjoint(x);
  const inner: number[] = [];
  const sweep = reverseSweep(y, {
    onMessage: ({ from }) => {
      // More nodes than the arrays of the arena have room for, so that they move.
      let more = from;
      for (let i = 0; i < 10; i++) more = more.cos();
      inner.push(reverseSweep(more).adjoint(x));
    },
  });
  expect(sweep.adjoint(x)).toBe(plain);
  expect(inner).toHaveLength(100);
  expect(inner.every((n) => Number.isFinite(n))).toBe(true);
});
