/** Rows at positions, gathered in strips with the loops that read them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, gather, Graph, type GraphNode, take, tensor } from '@ad/graph';
import { compile, type Precision } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

/** Rows enough that arrays leave the caches, in single precision as well. */
const ROWS = 16_384;

/** Positions in an axis, out of order, many of them more than once, some counted from the end. */
const positions = (count: number, along: number, seed: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => ((i * 2654435 + seed * 77) % (2 * along)) - along);

const index = (graph: Graph, name: string, values: Int32Array): GraphNode =>
  graph.input(name, { value: values });

const stripOf = (outputs: readonly GraphNode[], precision: Precision): number =>
  Number(/strips of (\d+) of/.exec(compile({ outputs }, { precision }).report())![1]);

/** What is read at positions of two tables, the errors of each row, and a sum over all. */
function errorsOf(rows: number, columns: number, tableRows: number, seed: number): GraphNode[] {
  const graph = new Graph();
  const table = (name: string, count: number): GraphNode =>
    graph.input(name, { shape: [count, columns], value: waves(count * columns, seed) });
  const few = table('few', 3).exp();
  const a = take(table('many', tableRows), index(graph, 'at', positions(rows, tableRows, seed)));
  const b = take(few, index(graph, 'bt', positions(rows, 3, seed + 1)));
  const product = a.mul(b).add(a.square());
  const each = product.sum({ axes: 1 });
  return [product, concat([each.exp(), each.tanh()], 0), each];
}

test('what is gathered takes the room of a strip', () => {
  const rows = ROWS + 27;
  const outputs = errorsOf(rows, 5, 700, 1).slice(2);
  const program = compile({ outputs });
  expect(program.report()).toMatch(/strips of \d+ of 16411 rows\n +loop over \[16411, 5\]: gather/);
  // Two lists of positions of 32 bits and the result, but neither of the two gathered arrays.
  expect(program.plan.bytes).toBeLessThan(2.5 * 8 * rows);
});

test('gathered rows are those of the interpreter, for any number of rows around whole strips', () => {
  const strips = (['f64', 'f32'] as const).map((p) => stripOf(errorsOf(ROWS, 3, 50, 0), p));
  fc.assert(
    fc.property(
      fc.constantFrom(...strips),
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(99),
      (strip, more, tableRows, seed) => {
        const whole = Math.floor(ROWS / strip) * strip;
        expectAgreement(errorsOf(whole + more, 3, tableRows, seed));
      },
    ),
    { numRuns: 12 },
  );
});

test('scalars, rows of rows, columns and integers are gathered in strips as elsewhere', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [97, 6], value: waves(97 * 6, 2) });
  const at = index(graph, 'at', positions(ROWS, 97, 5));
  const column = take(x.sum({ axes: 1 }), at);
  const pairs = take(x, at.reshape([ROWS / 2, 2]));
  const turned = take(x.transpose(), at, 1);
  const labels = take(index(graph, 'labels', positions(97, 2 ** 31, 3)), at);
  const kept = [column.exp().mul(column), pairs.square().sum({ axes: 2 })];
  expectAgreement([...kept, turned.exp().sum({ axes: 0 }), labels, labels.mul(0.5).add(column)]);
});

test('rows of what a loop computes are gathered after the last of them', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [ROWS, 4], value: waves(4 * ROWS, 4) });
  const at = index(graph, 'at', positions(ROWS, ROWS, 9));
  const rows = x.exp();
  const others = take(rows.mul(x), at);
  expectAgreement([rows.add(others), others.sub(x).sum({ axes: 1 })]);
});

describe('a position outside is refused before anything is done', () => {
  test.each([
    [0, 40],
    [ROWS - 1, -41],
    [ROWS / 2, 2 ** 31 - 1],
  ])('element %d is %d', (element, bad) => {
    const graph = new Graph();
    const table = graph.input('table', { shape: [40, 3], value: waves(120, 1) });
    const other = graph.input('other', { shape: [ROWS, 3], value: waves(3 * ROWS, 2) });
    const at = graph.input('at', { shape: [ROWS], kind: 'integer' });
    const rows = gather(table, at).exp();
    const program = compile({
      outputs: [rows.sum({ axes: 1 })],
      updates: [[other, other.add(rows)]],
    });
    const good = positions(ROWS, 40, 1);
    program.run({ at: good });
    const before = program.inputs['other']!.slice();
    const wrong = tensor(good.map((each, i) => (i === element ? bad : each)));
    expect(() => program.run({ at: wrong })).toThrow(
      `gather: index ${bad} (element ${element}) is outside an axis of length 40`,
    );
    expect(program.inputs['other']).toEqual(before);
    program.run({ at: good });
    expect(program.inputs['other']).not.toEqual(before);
  });
});
