/** Scalar graphs: straight-line code, gathered loops and the interpreter agree. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  apply,
  concat,
  type ElementwiseRow,
  Graph,
  type GraphNode,
  greater,
  interpreter,
  operations,
  pad,
  slice,
} from '@ad/graph';
import { compileWith } from '../src/compile.ts';
import { disassemble, type Precision } from '../src/index.ts';

const rows = Object.values(operations).filter(
  (row): row is ElementwiseRow => row.family === 'elementwise',
);
/** Rows whose results change little when operands do, so that rounding is not blown up. */
const tame = ['add', 'sub', 'neg', 'tanh', 'sin', 'cos', 'abs', 'sigmoid', 'minimum', 'maximum']
  .map((name) => rows.find((row) => row.name === name)!)
  .concat(rows.filter((row) => ['where', 'less', 'and', 'not'].includes(row.name)));

/** A graph to be: how many inputs, and for each node which row on which of the nodes before. */
const plans = (length: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(fc.nat(2 ** 20), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: length,
  });

/** Nodes by a plan; an operand that must be a truth value is compared first. */
function build(plan: readonly number[][], choice: readonly ElementwiseRow[]): GraphNode[] {
  const graph = new Graph();
  const nodes = [0.75, -1.5, 0, 2.25].map((value, i) => graph.input(`x${i}`, { value }));
  nodes.push(graph.input('k', { value: 3, kind: 'integer' }), graph.constant(-0.5));
  for (const [which, ...places] of plan) {
    const row = choice[which! % choice.length]!;
    const operands = places.slice(0, row.arity).map((place, k) => {
      const node = nodes[nodes.length - 1 - (place % nodes.length)]!;
      const kind = row.operandKinds?.[k];
      if (kind === 'boolean' && node.kind !== 'boolean') return greater(node, 0.25);
      return kind === undefined || kind === null || node.kind === kind ? node : node.mul(1);
    });
    nodes.push(apply(row, operands));
  }
  return nodes;
}

/** All loose ends, and every third node. */
function outputsOf(nodes: readonly GraphNode[]): GraphNode[] {
  const used = new Set(nodes.flatMap((node) => node.operands.map(({ id }) => id)));
  return nodes.filter((node, i) => !used.has(node.id) || i % 3 === 0);
}

function run(outputs: readonly GraphNode[], precision: Precision, limit: number): number[] {
  const program = compileWith({ outputs }, precision, limit);
  expect(program.report()).not.toContain(limit === 0 ? 'straight-line code' : 'gathered loops');
  program.execute();
  return program.run().map((value) => value.item());
}

describe.each(['f64', 'f32'] as const)('in %s', (precision) => {
  test('straight-line code and gathered loops give the same bits, whatever the operations', () => {
    fc.assert(
      fc.property(plans(120), (plan) => {
        const outputs = outputsOf(build(plan, rows));
        expect(run(outputs, precision, 0)).toEqual(run(outputs, precision, Infinity));
      }),
    );
  });

  test('and those of the interpreter, up to rounding', () => {
    fc.assert(
      fc.property(plans(60), (plan) => {
        const outputs = outputsOf(build(plan, tame));
        const wanted = interpreter({ outputs }).run();
        const slack = precision === 'f64' ? 1e-12 : 1e-4;
        for (const limit of [0, Infinity]) {
          run(outputs, precision, limit).forEach((got, k) => {
            const { data } = wanted[k]!;
            expect(Math.abs(got - data[0]!)).toBeLessThanOrEqual(
              slack * Math.max(1, Math.abs(data[0]!)),
            );
          });
        }
      }),
    );
  });
});

describe('a chain of 10^5 operations compiles without recursion and gives what the interpreter gives', () => {
  let y = new Graph().input('x', { value: 0.5 });
  const x = y;
  for (let i = 0; i < 25_000; i++) y = y.sin().add(x).mul(0.5).tanh();
  const wanted = interpreter({ outputs: [y] })
    .run()[0]!
    .item();
  test.each([
    ['straight-line code', Infinity],
    ['gathered loops', 0],
  ] as const)('as %s', (_, limit) => {
    expect(run([y], 'f64', limit)[0]).toBeCloseTo(wanted, 12);
  });
});

test('values that are read, constants and equal nodes can be results', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 2 });
  const k = graph.input('k', { value: 7, kind: 'integer' });
  const zero: ElementwiseRow = {
    name: 'zero',
    family: 'elementwise',
    arity: 1,
    formula: '0',
    resultKind: 'real',
    value: (A) => A.constant(0),
    partials: [0],
  };
  const same = apply(operations.identity, [x]);
  const outputs = [same, same, apply(zero, [x]), apply(operations.identity, [k]), x.add(k), x];
  for (const limit of [0, Infinity]) expect(run(outputs, 'f64', limit)).toEqual([2, 2, 0, 7, 9, 2]);
});

test('what is read again is loaded once', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 0.5 });
  const k = graph.input('k', { value: 3, kind: 'integer' });
  let y: GraphNode = x;
  for (let i = 0; i < 20; i++) y = y.mul(x).add(k);
  const program = compileWith({ outputs: [y] }, 'f64', Infinity);
  const text = disassemble(program);
  expect([text.match(/f64\.load/g)?.length, text.match(/i32\.load/g)?.length]).toEqual([1, 1]);
  expect(program.run()[0]!.item()).toBe(
    interpreter({ outputs: [y] })
      .run()[0]!
      .item(),
  );
});

test('values of all functions before are read in those after', () => {
  const graph = new Graph();
  const nodes = [0.3, -0.8, 1.1].map((value, i) => graph.input(`x${i}`, { value }));
  for (let i = 0; i < 7000; i++) {
    const [a, b] = [nodes.at(-1)!, nodes[(i * i) % nodes.length]!];
    nodes.push(i % 3 === 0 ? a.sub(b) : i % 3 === 1 ? a.mul(b) : a.add(b).mul(0.25));
  }
  const outputs = [nodes.at(-1)!, nodes[3]!, nodes[2500]!, nodes[0]!];
  const wanted = interpreter({ outputs }).run();
  for (const limit of [0, Infinity])
    expect(run(outputs, 'f64', limit)).toEqual(wanted.map((value) => value.item()));
});

test('scalars that are parts of an array are stored in their places', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [0, -1.5, 2, 7] });
  const element = (i: number): GraphNode => slice(x, [{ start: i, end: i + 1 }]).reshape([]);
  const part = (y: GraphNode, i: number): GraphNode => pad(y.reshape([1]), [[i, 3 - i]]);
  const sum = part(element(0).neg(), 2)
    .add(part(element(1).mul(element(2)), 0))
    .add(part(element(3).sub(element(1)), 3));
  const joined = concat([element(0).mul(element(1)), element(3).neg()].map((y) => y.reshape([1])));
  for (const limit of [0, Infinity]) {
    const program = compileWith({ outputs: [sum, joined] }, 'f64', limit);
    expect(program.report()).not.toMatch(/: (add|concat)/);
    const [wholes, parts] = program.run();
    // Zeros are added to the parts of a sum.
    expect(Array.from(wholes!.data)).toStrictEqual([-3, 0, 0, 8.5]);
    expect(Array.from(parts!.data)).toStrictEqual([-0, -7]);
  }
});

test('any number of distinct constants', () => {
  const graph = new Graph();
  let y = graph.input('x', { value: 0.5 });
  for (let i = 0; i < 200; i++) y = y.mul(1 - i / 1000).add(i / 7);
  const wanted = interpreter({ outputs: [y] })
    .run()[0]!
    .item();
  for (const limit of [0, Infinity]) expect(run([y], 'f64', limit)).toEqual([wanted]);
});

test('scalars between arrays: read from one kernel, used by the next', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1, 2, 3] });
  const scale = x.sum().mul(0.5).add(1).sqrt();
  const outputs = [x.mul(scale).sum().sub(scale).exp()];
  const wanted = interpreter({ outputs }).run()[0]!.item();
  for (const limit of [0, Infinity]) expect(run(outputs, 'f64', limit)[0]).toBeCloseTo(wanted, 9);
});

test('updates of scalars see the old values of each other', () => {
  const graph = new Graph();
  const [a, b, n] = ['a', 'b', 'n'].map((name, i) => graph.input(name, { value: i + 1 }));
  const spec = {
    outputs: [a!.add(b!)],
    updates: [
      [a!, b!],
      [b!, a!.add(b!)],
      [n!, n!.add(1)],
    ] as const,
  };
  for (const limit of [0, Infinity]) {
    const program = compileWith(spec, 'f64', limit);
    for (let step = 0; step < 5; step++) program.execute();
    expect(['a', 'b', 'n'].map((name) => program.inputs[name]![0])).toEqual([13, 21, 8]);
  }
});
