/** Loops and branches in WebAssembly compute what the interpreter computes. */
import {
  and,
  cond,
  fori,
  gather,
  Graph,
  type GraphNode,
  greater,
  interpreter,
  less,
  not,
  scan,
  slice,
  tensor,
  toInteger,
  where,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../src/index.ts';
import { expectAgreement, waves } from './support/agreement.ts';

const length = fc.integer({ min: 1, max: 12 });

describe('compiled = interpreted in both precisions', () => {
  test('for scans in either direction, with carries and entries of any size', () => {
    fc.assert(
      fc.property(length, length, length, fc.boolean(), (steps, n, m, reverse) => {
        const graph = new Graph();
        const w = graph.input('w', { shape: [n, n], value: waves(n * n, 1) });
        const xs = graph.input('xs', { shape: [m, steps, n], value: waves(steps * n * m, 2) });
        const labels = graph.constant(
          tensor(
            Int32Array.from({ length: steps }, (_, i) => i * i),
            { kind: 'integer' },
          ),
        );
        const { carry, ys } = scan(
          (c, x, i) => {
            const h = c.h
              .reshape([1, n])
              .matmul(w)
              .reshape([n])
              .add(x.row.sum({ axes: 0 }))
              .tanh();
            return {
              carry: { h, total: c.total.add(x.label).add(i), turn: not(c.turn), last: x.label },
              y: {
                before: c.h,
                both: h.mul(where(c.turn, c.total, 1)),
                label: c.last,
                turn: c.turn,
              },
            };
          },
          {
            h: graph.constant(waves(n, 3)),
            total: w.sum(),
            turn: greater(w.sum(), 0),
            last: toInteger(w.sum().mul(9)),
          },
          // Entries that do not lie one after the other.
          { row: xs.transpose([1, 0, 2]), label: labels },
          { reverse },
        );
        expectAgreement([
          ...Object.values(carry),
          ...Object.values(ys),
          ys.before.sum({ axes: 0 }),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('for scans of some of the entries', () => {
    for (const entries of [-1, 0, 1, 4, 9]) {
      const graph = new Graph();
      const count = graph.input('count', {
        kind: 'integer',
        value: tensor(entries, { kind: 'integer' }),
      });
      const xs = graph.input('xs', { value: waves(4, 1) });
      for (const reverse of [false, true]) {
        const { carry, ys } = scan((c, x, i) => ({ carry: c.mul(x).add(i), y: c }), 0.5, xs, {
          count,
          reverse,
        });
        expectAgreement([carry, ys]);
        const program = compile({ outputs: [ys] });
        // What an earlier run has left behind is not in the result of a later one.
        program.run({ count: tensor(4, { kind: 'integer' }) });
        const [fewer] = program.run({ count: tensor(1, { kind: 'integer' }) });
        expect(Array.from(fewer!.data.subarray(1))).toStrictEqual([0, 0, 0]);
        program.run({ count: tensor(entries, { kind: 'integer' }) });
      }
    }
  });

  test('for branches, which may fail where they are not taken', () => {
    for (const value of [-2, 2]) {
      const graph = new Graph();
      const x = graph.input('x', { value });
      const v = graph.input('v', { value: waves(5, 1) });
      const at = graph.constant(tensor(7, { kind: 'integer' }));
      const result = cond(
        less(x, 0),
        () => ({ a: v.exp(), b: x, c: greater(x, 1), d: graph.constant(3) }),
        () => ({ a: v.sub(1), b: x.square(), c: less(x, 5), d: x.add(1) }),
      );
      expectAgreement(Object.values(result));
      const safe = cond(less(x.abs(), 5), () => v.sum(), () => gather(v, at)); // prettier-ignore
      expectAgreement([safe]);
    }
  });

  test('for loops of unknown length, nested in each other and in scans', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 9, noNaN: true }), length, (value, n) => {
        const graph = new Graph();
        const x = graph.input('x', { value });
        const v = graph.input('v', { value: waves(n, 2) });
        const halve = (c: GraphNode, options = {}): GraphNode =>
          whileLoop((d) => greater(d.square().sum(), 0.5), (d) => d.mul(0.7).add(v.mul(1e-3)), c, options); // prettier-ignore
        const counted = whileLoop(
          ({ c, n: left }) => and(greater(c, 0.5), greater(left, 0)),
          ({ c, n: left }) => ({ c: c.mul(0.9), n: left.sub(1) }),
          { c: x, n: 20 },
        );
        const nested = scan(
          (c, e, i) => ({ carry: halve(c.mul(e).add(i)), y: fori(2, (_j, d) => d.mul(x), e) }),
          v,
          v,
        );
        const outer = whileLoop((c) => less(c, 20), (c) => c.add(halve(v.mul(c)).abs().sum()).add(1), x); // prettier-ignore
        expectAgreement([
          counted.c,
          counted.n,
          halve(v.mul(x)),
          halve(v.mul(x), { maxSteps: 3 }),
          nested.carry,
          nested.ys,
          outer,
        ]);
      }),
      { numRuns: 25 },
    );
  });

  test('for the whole packed result, with everything that loops stack up', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 1.1 });
    const n = graph.input('n', { value: 9 });
    scan((c) => ({ carry: c.mul(x), y: c.neg() }), x, undefined, { length: 3 });
    whileLoop(({ c }) => less(c, 3), (s) => ({ c: s.c.mul(x), i: s.i.add(1) }), { c: x, i: 0 }, { maxSteps: 20 }); // prettier-ignore
    whileLoop(({ i }) => less(i, n), (s) => ({ c: s.c.mul(x), i: s.i.add(1) }), { c: x, i: 0 }); // prettier-ignore
    const packed = Array.from({ length: graph.nodeCount }, (_, id) => graph.node(id)).filter(
      ({ operation }) => operation === 'scan' || operation === 'whileLoop',
    );
    expect(packed).toHaveLength(3);
    const [scanned, limited, open] = packed as [GraphNode, GraphNode, GraphNode];
    // Nine steps, of 1024 snapshots nine are kept; the rest of the stacks is not defined.
    const parts = [
      scanned,
      slice(limited, [{ end: 22 }]),
      slice(open, [{ end: 11 }]),
      slice(open, [{ start: 1026, end: 1035 }]),
      slice(open, [{ start: -2 }]),
    ];
    expectAgreement(parts);
  });
});

test('parts that nobody reads are not stored, and code does not grow with the steps', () => {
  const reports = [10, 100_000].map((steps) => {
    const x = new Graph().input('x', { value: 0.5 });
    const { carry } = scan(
      (c) => ({ carry: c.add(x.sub(c).mul(0.01)), y: c.exp() }),
      x.mul(0),
      undefined,
      { length: steps },
    );
    const program = compile({ outputs: [carry] });
    expect(program.run()[0]!.item()).toBe(
      interpreter({ outputs: [carry] })
        .run()[0]!
        .item(),
    );
    expect(program.plan.bytes).toBeLessThan(200);
    expect(program.report()).not.toMatch(/host call/);
    return program.report().replace(/^.*\n/, '');
  });
  expect(reports[0]).toBe(reports[1]);
});

test('constants and tables of bodies are in place in every run', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 1 });
  const table = tensor([3, 1, 4, 1, 5]);
  const y = fori(3, (i, c) => c.add(c.graph.constant(table).mul(c.add(i)).sum()), x);
  const program = compile({ outputs: [y], updates: [[x, x.add(1)]] });
  const wanted = interpreter({ outputs: [y], updates: [[x, x.add(1)]] });
  for (let run = 0; run < 3; run++) expect(program.run()[0]!.item()).toBe(wanted.run()[0]!.item());
});
