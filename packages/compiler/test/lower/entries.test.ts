/** Entries of stacks that loops read and write where they lie. */
import {
  type ControlRow,
  cos,
  gather,
  Graph,
  type GraphNode,
  scan,
  slice,
  sum,
  take,
  tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

/** All values that the carries of a scan have before its steps. */
function carriesBeforeSteps(graph: Graph): GraphNode[] {
  const id = Array.from({ length: graph.nodeCount }, (_, node) => node).find(
    (node) => graph.node(node).operation === 'scan',
  )!;
  const row = graph.arena.rowOf(id) as ControlRow;
  const { residuals } = row.segments(graph.arena.attributes.get(id)!);
  return residuals.map(({ start, type: { shape } }) => {
    const length = shape.reduce((size, d) => size * d, 1);
    return slice(graph.node(id), [{ start, end: start + length }]).reshape(shape);
  });
}

test('an entry that only loops read and write takes no room of its own', () => {
  const graph = new Graph();
  const xs = graph.input('xs', { value: waves(6 * 1000, 1) }).reshape([6, 1000]);
  const start = graph.constant(waves(1000, 2));
  scan((c, x) => ({ carry: c.mul(x).add(slice(c, [{ step: -1 }])) }), start, xs);
  const outputs = carriesBeforeSteps(graph);
  // The array, the constant, the carry, the stack and an entry more, and the result.
  expect(compile({ outputs }).plan.bytes).toBeLessThan(8 * 1000 * (6 + 1 + 1 + 7 + 6) + 100);
});

const operations = ['scale', 'turn', 'rows', 'product', 'same', 'other', 'total'] as const;
type Operation = (typeof operations)[number];

test('stacks are those of the interpreter, whoever reads or writes their entries', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1, 2, 7, 40),
      fc.boolean(),
      fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
      fc.array(fc.constantFrom<Operation>(...operations), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(5), { maxLength: 3 }),
      (length, n, reverse, entries, carried, stacked) => {
        const graph = new Graph();
        const w = graph.input('w', { shape: [n, n], value: waves(n * n, 1) });
        const table = graph.input('table', { shape: [9, n], value: waves(9 * n, 5) });
        const integers = (size: number, below: number): Int32Array =>
          Int32Array.from({ length: size }, (_, i) => (i * 7 + 3) % below);
        const labels = graph.constant(tensor(integers(length, 9), { kind: 'integer' }));
        const order = graph.constant(
          tensor(integers(length * n, n), { shape: [length, n], kind: 'integer' }),
        );
        const xs = graph.input('xs', { shape: [length, n], value: waves(length * n, 2) });
        const count =
          entries === undefined
            ? {}
            : { count: graph.constant(tensor(entries, { kind: 'integer' })) };
        const inits = carried.map((_, j) => graph.constant(waves(n, j)));
        const { carry, ys } = scan(
          (cs, x) => {
            const step: Record<Operation, (c: GraphNode, other: GraphNode) => GraphNode> = {
              scale: (c) => c.mul(0.5).add(cos(x.row)),
              turn: (c, other) => slice(c, [{ step: -1 }]).sub(other),
              rows: (c) => c.add(gather(table, x.label)).add(take(x.row, x.order)),
              product: (c) => c.reshape([1, n]).matmul(w).reshape([n]).tanh(),
              same: (c) => c,
              other: (_, other) => other,
              total: (c) => c.sub(sum(c)).add(x.label),
            };
            const next = carried.map((operation, j) =>
              step[operation](cs[j]!, cs[(j + 1) % cs.length]!),
            );
            const ways = [next[0]!, next.at(-1)!.mul(2), x.row, x.row.neg(), x.label.mul(2), w];
            return { carry: next, y: stacked.map((way) => ways[way]!) };
          },
          inits,
          { row: xs, label: labels, order },
          { reverse, ...count },
        );
        const before = entries === undefined ? carriesBeforeSteps(graph) : [];
        expectAgreement([...carry, ...ys, ...before]);
        if (before.length > 0) expectAgreement([before[0]!, before[0]!.square().sum()]);
      },
    ),
    { numRuns: 60 },
  );
});
