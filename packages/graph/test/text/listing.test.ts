/** Listings: what they show, what they leave out, and that size and depth do not matter. */
import {
  argMax,
  concat,
  Graph,
  GraphError,
  listing,
  oneHot,
  slice,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { graphs } from './random-graph.ts';

test('a listing has one line per node, whatever the labels contain', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const lines = listing(graph).split('\n');
      expect(lines).toHaveLength(graph.nodeCount);
      lines.forEach((line, id) => {
        const node = graph.node(id);
        expect(line.startsWith(`%${id}`)).toBe(true);
        expect(line).toContain(` = ${node.operation}`);
      });
    }),
  );
});

test('a listing of nodes has them and their ancestors, and nothing else', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (graph, picks) => {
      const outputs = picks.map((pick) => graph.node(pick % graph.nodeCount));
      const waiting = outputs.map(({ id }) => id);
      const needed = new Set<number>();
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        needed.add(id);
        waiting.push(...graph.node(id).operands.map((operand) => operand.id));
      }
      const whole = listing(graph).split('\n');
      const expected = [...needed].sort((a, b) => a - b).map((id) => whole[id]);
      expect(listing(outputs).split('\n')).toStrictEqual(expected);
    }),
  );
});

test('a line has id, label, type, operation with attributes, and operands', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2, 3] });
  const w = graph.input('w', { shape: [3, 2], kind: 'real' }).named('weights\n"2"');
  const mask = graph.input('mask', { shape: [2], kind: 'boolean' });
  const y = x.matmul(w).named('product');
  const part = slice(where(mask, y.sum({ axes: [-1] }), tensor([-0, NaN])), [{ step: -1 }]);
  graph.constant(tensor([true, false]));
  graph.constant(tensor(new Float64Array(100)));
  graph.constant(tensor([[1, 2]], { kind: 'integer' }));
  oneHot(argMax(part), 4);
  expect(listing(graph)).toMatchInlineSnapshot(`
    "%0 "x": real[2, 3] = input
    %1 "weights\\n\\"2\\"": real[3, 2] = input "w"
    %2 "mask": boolean[2] = input
    %3 "product": real[2, 2] = matmul(%0 "x", %1 "weights\\n\\"2\\"")
    %4: real[2] = sum(%3 "product", axes: [1], keepDims: false)
    %5: real[2] = constant [-0, NaN]
    %6: real[2] = where(%2 "mask", %4, %5)
    %7: real[2] = slice(%6, starts: [1], lengths: [2], steps: [-1])
    %8: boolean[2] = constant [true, false]
    %9: real[100] = constant [0, 0, 0, 0, 0, 0, 0, 0, ... 92 more]
    %10: integer[1, 2] = constant [1, 2]
    %11: integer = argMax(%7, axis: 0)
    %12: real[4] = oneHot(%11, depth: 4)"
  `);
});

test('the limit counts lines, and the note says how many more there are', () => {
  fc.assert(
    fc.property(graphs, fc.nat(20), (graph, limit) => {
      const whole = listing(graph, { limit: Infinity }).split('\n');
      const lines = listing(graph, { limit }).split('\n');
      const rest = whole.length - limit;
      const expected = rest > 0 ? [...whole.slice(0, limit), `... ${rest} more`] : whole;
      expect(lines).toStrictEqual(expected);
    }),
  );
});

test('many operands are shortened', () => {
  const x = new Graph().input('x', { shape: [1] });
  const line = listing(concat(Array.from({ length: 1000 }, () => x))).split('\n')[1]!;
  expect(line).toContain('%0 "x", ... 984 more, axis: 0)');
});

test('the head of a chain of a million nodes is listed within a second', () => {
  const graph = new Graph();
  let x = graph.input('x');
  for (let i = 1; i < 1e6; i++) x = x.sin();
  const start = performance.now();
  const text = listing(x, { limit: 1000 });
  const elapsed = performance.now() - start;
  expect(text.split('\n')).toHaveLength(1001);
  expect(text.split('\n').at(-1)).toBe('... 999,000 more');
  expect(listing(graph).split('\n').at(-1)).toBe('... 999,000 more');
  expect(elapsed).toBeLessThan(1000);
});

test('an empty graph has an empty listing', () => {
  expect(listing(new Graph())).toBe('');
});

test('what cannot be listed is said', () => {
  const x = new Graph().input('x');
  const foreign = new Graph().input('x');
  expect(() => listing([])).toThrow(GraphError);
  expect(() => listing([x, foreign])).toThrow(/output 2 belongs to another graph/);
  expect(() => listing([x, 3 as never])).toThrow(/output 2 of 2 is not a graph node/);
  expect(() => listing(undefined as never)).toThrow(GraphError);
  for (const limit of [-1, 0.5, NaN, '7' as never]) {
    expect(() => listing(x, { limit })).toThrow(ValueError);
  }
});
