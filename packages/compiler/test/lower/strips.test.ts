/** Loops in strips. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  concat,
  fori,
  Graph,
  type GraphNode,
  interpreter,
  logSumExp,
  max,
  pad,
  slice,
  softmax,
  stack,
} from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

/** Rows enough that arrays leave the caches, in single precision as well, and not a multiple of any strip. */
const ROWS = 16_411;

const vector = (graph: Graph, name: string, phase: number, length = ROWS): GraphNode =>
  graph.input(name, { value: waves(length, phase) });

test('what only loops over the same rows pass on takes the room of a strip', () => {
  const graph = new Graph();
  const [x, y] = [vector(graph, 'x', 1), vector(graph, 'y', 2)];
  const rows = stack([x.exp().mul(y), x.sin(), y.cos(), x.mul(y)], 1);
  const e = stack([x.exp(), y.exp()], 1).sum({ axes: 1 });
  const program = compile({ outputs: [rows, e] });
  expect(program.report()).toMatch(`of ${ROWS} rows`);
  // Two inputs, four columns and one more; the two columns that are summed have no array of their own.
  expect(program.plan.bytes).toBeLessThan(7.1 * 8 * ROWS);
  expectAgreement([rows, e]);
});

test('normalised rows are read from memory once', () => {
  const x = new Graph().input('x', { shape: [700, 65], value: waves(700 * 65, 1) });
  const weights = softmax(x, 1);
  expect(compile({ outputs: [weights] }).report()).toMatch(/strips of \d+ of 700 rows/);
  expectAgreement([weights, logSumExp(x, { axes: 1 }), x.sub(x.mean({ axes: 1, keepDims: true }))]);
});

test('a loop that meets other rows than its own waits for all of them', () => {
  const graph = new Graph();
  const x = vector(graph, 'x', 1);
  const e = x.exp();
  const turned = slice(e, [{ step: -1 }]).mul(e);
  const shifted = concat([slice(e, [{ start: 1 }]), slice(e, [{ end: 1 }])], 0).add(e);
  const both = concat([x.exp(), x.sin()], 0);
  const further = [1, 3].map((start) => slice(both, [{ start, end: start + ROWS }]).mul(x));
  const matrix = slice(x, [{ end: 128 * 128 }]).reshape([128, 128]);
  const square = matrix.exp();
  expectAgreement([turned, shifted, e]);
  expectAgreement(further);
  expectAgreement([square.transpose().add(square), square.sum({ axes: 0 }), square]);
});

test('parameters are updated in place in strips, and whoever reads them reads the old values', () => {
  const graph = new Graph();
  const [p, m, g] = [vector(graph, 'p', 1), vector(graph, 'm', 2), vector(graph, 'g', 3)];
  const velocity = m.mul(0.9).add(g.mul(p));
  const other = stack([slice(p, [{ step: -1 }]).exp(), m.exp()], 1);
  const spec = {
    outputs: [other],
    updates: [
      [p, p.sub(velocity.mul(0.1))],
      [m, velocity],
    ],
  } as const;
  const [compiled, interpreted] = [compile(spec), interpreter(spec)];
  expect(compiled.report()).toMatch('strips of');
  expect(compiled.report()).toMatch('2 updates in place');
  for (let step = 0; step < 3; step++) {
    const [got] = compiled.run();
    const [wanted] = interpreted.run();
    const apart = Array.from(got!.data, (each, i) => Math.abs(each - wanted!.data[i]!));
    expect(apart.every((distance) => distance < 1e-12)).toBe(true);
  }
});

/** The rows so many before, or after where `by` is negative; at the end they come once more. */
const shifted = (x: GraphNode, by: number): GraphNode =>
  by < 0
    ? concat([slice(x, [{ start: -by }]), slice(x, [{ start: by }])], 0)
    : concat([slice(x, [{ end: by }]), slice(x, [{ end: -by }])], 0);

test('loops over shifted rows lag behind those they read, and keep a few rows from strip to strip', () => {
  const x = vector(new Graph(), 'x', 1);
  const back = shifted(x.mul(x), 1);
  const twiceBack = shifted(back.mul(x), 3);
  const on = shifted(twiceBack.add(back), -2);
  const outputs = [shifted(on.mul(back), -5).sub(twiceBack)];
  const program = compile({ outputs });
  expect(program.report()).toMatch(`of ${ROWS} rows`);
  expect(program.report().match(/strips/g)).toHaveLength(1);
  expect(program.plan.bytes).toBeLessThan(2.3 * 8 * ROWS);
  expectAgreement(outputs);
});

test('carries of which shifted rows are read are updated in place in strips', () => {
  const graph = new Graph();
  const [u, v] = [vector(graph, 'u', 1), vector(graph, 'v', 2)];
  const last = fori(
    5,
    (_, { y, z }) => {
      const laplacian = shifted(y, 1).add(shifted(y, -1)).sub(y.mul(2));
      const w = laplacian.mul(0.1).add(z.tanh());
      return { y: y.add(shifted(w, 1).mul(0.2)), z: shifted(w, -1).sub(z) };
    },
    { y: u, z: v },
  );
  const outputs = [last.y, last.z];
  expect(compile({ outputs }).report()).toMatch('strips of');
  expectAgreement(outputs);
});

test('rows that are written piece by piece are those of the interpreter, wherever they begin and end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2000, max: 2100 }),
      fc.integer({ min: 9, max: 20 }),
      fc.nat(3),
      fc.boolean(),
      (rows, columns, before, isCut) => {
        const graph = new Graph();
        const x = vector(graph, 'x', columns, rows);
        const parts = Array.from({ length: columns }, (_, k) =>
          x
            .mul(k + 1)
            .sin()
            .exp(),
        );
        const matrix = stack(isCut ? [...parts, x] : parts, 1);
        const flat = matrix.reshape([rows * matrix.shape[1]!]);
        const head = slice(x, [{ end: before * columns }]).neg();
        expectAgreement([concat([head, flat, x], 0), stack([x.exp(), x.cos()], 1)]);
      },
    ),
    { numRuns: 8 },
  );
});

const step = fc.record({
  operation: fc.constantFrom(
    'exp',
    'mul',
    'add',
    'sum',
    'max',
    'rows',
    'concat',
    'turn',
    'total',
    'shift',
    'inside',
    'window',
  ),
  left: fc.nat(),
  right: fc.nat(),
});

test('programs of loops over many rows are those of the interpreter', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { minLength: 2, maxLength: 12 }),
      (columns, steps) => {
        const rows = 8209;
        const graph = new Graph();
        const value = (phase: number) => waves(rows * columns, phase);
        const nodes = [1, 2].map((k) =>
          graph.input(`x${k}`, { shape: [rows, columns], value: value(k) }),
        );
        for (const { operation, left, right } of steps) {
          const [a, b] = [nodes[left % nodes.length]!, nodes[right % nodes.length]!];
          const options = { axes: 1, keepDims: true };
          const made: Record<typeof operation, () => GraphNode> = {
            exp: () => a.tanh().exp(),
            mul: () => a.mul(b).tanh(),
            add: () => a.add(b),
            sum: () => a.sub(b.mean(options)),
            max: () => a.sub(max(b, options)),
            rows: () => a.add(slice(b, [{ end: 1 }])),
            concat: () => slice(concat([a.neg(), b], 1), [{}, { start: 1, end: columns + 1 }]),
            turn: () => a.mul(slice(b, [{ step: -1 }])).tanh(),
            total: () => a.sub(b.mean()),
            shift: () => shifted(a.add(b), (left % 5) - 2 || 3).mul(a),
            inside: () =>
              pad(slice(a, [{ start: 1, end: -2 }]).mul(slice(b, [{ start: 3 }])), [
                [left % 4, 3 - (left % 4)],
                [0, 0],
              ]).add(b),
            window: () =>
              slice(a, [{ end: 5 }])
                .sum({ axes: 0 })
                .add(b),
          };
          nodes.push(made[operation]());
        }
        expectAgreement([nodes.at(-1)!, nodes.at(-2)!.sum({ axes: 1 })]);
      },
    ),
    { numRuns: 25 },
  );
});
