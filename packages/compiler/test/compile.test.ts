import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  and,
  argMax,
  concat,
  expandDims,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  interpreter,
  inverse,
  less,
  logSumExp,
  max,
  min,
  not,
  oneHot,
  ShapeError,
  slice,
  softmax,
  squeeze,
  where,
} from '@ad/graph';
import { compileWith } from '../src/compile.ts';
import type { CompiledProgram } from '../src/compiled-program.ts';
import { compile, compiler } from '../src/index.ts';
import { expectAgreement, waves } from './support/agreement.ts';

/** Up to two turns of four vectors, and what is left over. */
const length = fc.integer({ min: 1, max: 37 });

describe('compiled = interpreted in both precisions', () => {
  test('for layers, their reductions over any axes, and products of views', () => {
    fc.assert(
      fc.property(length, length, length, (n, k, m) => {
        const graph = new Graph();
        const x = graph.input('x', { shape: [n, k], value: waves(n * k, 1) });
        const w = graph.input('w', { shape: [k, m], value: waves(k * m, 2) });
        const b = graph.input('b', { value: waves(m, 3) });
        const h = x.matmul(w).mul(0.1).add(b).tanh();
        const turned = h.transpose();
        expectAgreement([
          h,
          ...[0, 1, [0, 1]].map((axes) => h.sum({ axes })),
          max(h, { axes: 1 }),
          min(h, { axes: 0, keepDims: true }),
          logSumExp(h, { axes: 1 }),
          softmax(h, 0),
          turned.matmul(x),
          x.matmul(x.transpose()),
          turned.matmul(slice(h, [{ step: -1 }])),
        ]);
      }),
    );
  });

  test('for views of views: turned, cut, reversed, repeated, reshaped', () => {
    fc.assert(
      fc.property(length, length, (n, m) => {
        const x = new Graph().input('x', { shape: [n, m], value: waves(n * m, 4) });
        const turned = x.transpose();
        expectAgreement([
          turned,
          turned.reshape([-1]),
          turned.exp().sum({ axes: 1 }),
          slice(x, [{ step: -1 }, { step: 2 }]).square(),
          slice(x, [{}, { step: -2 }]).sum({ axes: 0 }),
          max(expandDims(x, 1).broadcastTo([n, 3, m]).mul(2), { axes: 2 }),
          squeeze(expandDims(x, 0).transpose()).add(1),
          concat([x, x.neg()], 1),
        ]);
      }),
    );
  });

  test('for conditions, positions, integers and scalars', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [5, 7], value: waves(35, 5) });
    const labels = graph.input('labels', { value: Int32Array.of(3, 0, 6, 1, 5) });
    const s = graph.input('s', { value: 0.75 });
    const positive = greater(x, 0);
    expectAgreement([
      positive,
      positive.sum(),
      not(and(positive, less(x, 1))),
      where(positive, x.sqrt(), x.square()),
      argMax(x),
      labels,
      labels.mul(0.5),
      oneHot(labels, 7).mul(x).sum({ axes: 1 }),
      gather(x, slice(labels, [{ end: 2 }])),
      s.sin().add(s.div(3)).log(),
      greater(s, 0.5),
      s,
      slice(x, [{ end: 0 }]).sum(),
      slice(x, [{ end: 0 }]).exp(),
    ]);
  });
});

describe('updates', () => {
  test('all see the old values', () => {
    const graph = new Graph();
    const a = graph.input('a', { value: 2 });
    const b = graph.input('b', { value: 3 });
    const program = compile({
      outputs: [a],
      updates: [
        [a, b],
        [b, a.add(b)],
      ],
    });
    expect([1, 2, 3, 4].map(() => program.run()[0]!.item())).toEqual([2, 3, 5, 8]);
  });

  test('in place or copied, make the steps of the interpreter', () => {
    const graph = new Graph();
    const w = graph.input('w', { shape: [5, 6], value: waves(30, 6) });
    const v = graph.input('v', { shape: [5, 6], value: waves(30, 7) });
    const turned = graph.input('turned', { shape: [5, 5], value: waves(25, 8) });
    const next = v.mul(0.9).add(w.sin());
    const spec = {
      outputs: [w.sum(), next],
      updates: [
        [v, next],
        [w, w.sub(next.mul(0.1))],
        // Read the other way round: written over itself it would be wrong.
        [turned, turned.transpose().mul(0.5).add(turned)],
      ] as const,
    };
    const [compiled, interpreted] = [compile(spec), interpreter(spec)];
    expect(compiled.report()).toContain('1 updates in place');
    for (let step = 0; step < 5; step++) {
      compiled.execute();
      interpreted.execute();
    }
    for (const name of ['w', 'v', 'turned']) {
      compiled.inputs[name]!.forEach((x, i) => {
        expect(x).toBeCloseTo(interpreted.inputs[name]![i]!, 12);
      });
    }
  });

  test('of the same value to two inputs are both made', () => {
    const graph = new Graph();
    const a = graph.input('a', { value: waves(9, 1) });
    const b = graph.input('b', { value: waves(9, 2) });
    const sum = a.add(b);
    const program = compile({
      outputs: [],
      updates: [
        [a, sum],
        [b, sum],
      ],
    });
    program.execute();
    expect(program.inputs['a']).toEqual(program.inputs['b']);
  });
});

test('a program can be run again and again, fed or written, and gives what a new one gives', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [4] });
  const outputs = [x.exp().sum(), x.mul(2)];
  const program = compile({ outputs });
  expect(() => program.run()).toThrow(GraphError);
  expect(() => program.run({ x: [1, 2] })).toThrow(ShapeError);
  for (const phase of [1, 2, 3]) {
    const value = waves(4, phase);
    const fresh = compile({ outputs }).run({ x: value });
    expect(program.run({ x: value })).toEqual(fresh);
    program.inputs['x']!.set(value);
    program.execute();
    expect(program.outputs[1]).toEqual(fresh[1]!.data);
  }
});

test.each(Object.entries({ interpreter, compiler: compiler() }))(
  'an execution by the %s is refused, as a run is, while an input is without a value',
  (_name, executor) => {
    const graph = new Graph();
    const x = graph.input('x');
    const program = executor({ outputs: [x.mul(graph.input('y', { shape: [2] }))] });
    const execute = (): void => program.execute();
    program.inputs['x']![0] = 3;
    for (const refused of [execute, () => program.run()]) {
      expect(refused).toThrow(GraphError);
      expect(refused).toThrow(/input "y" has no value/);
    }
    program.inputs['y']!.set([1, 2]);
    execute();
    expect([...program.outputs[0]!]).toEqual([3, 6]);
  },
);

test('elementwise operations share loops, and a value that is needed later is stored on the way', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [8, 4] });
  const w = graph.input('w', { shape: [4, 4] });
  const h = x.matmul(w).add(1);
  const program = compile({ outputs: [h.tanh().square().sum({ axes: 0 }), h.sum()] });
  expect(program.report().replace(/\d+ bytes of code/, 'some code')).toMatchInlineSnapshot(`
    "WebAssembly f64: 3 kernels, 688 bytes, 416 flops, some code, 0 updates in place
      matmul [8, 4] x [4, 4]
      loop over [8, 4], reducing: add, tanh, square, sum
      loop over [8, 4], reducing: sum"
  `);
  expect(program.plan.kernels).toBe(3);
});

test('memory is used again: a long chain of arrays needs room for a few of them', () => {
  let y = new Graph().input('x', { shape: [1000] });
  for (let i = 0; i < 40; i++)
    y = y
      .reshape([10, 100])
      .transpose()
      .sum({ axes: 1, keepDims: true })
      .add(y.reshape([100, 10]))
      .reshape([1000]);
  expect(compile({ outputs: [y] }).plan.bytes).toBeLessThan(6 * 8000);
});

test('a program beyond the reach of addresses is refused with its size and its largest arrays', () => {
  const x = new Graph().input('x', { shape: [30_000, 20_000] });
  expect(() => compile({ outputs: [x.exp()] })).toThrow(
    /compile: the program would need 8\.94 GiB, more than the 4 GiB[^]*#0 "x" = input \[30000, 20000\]/,
  );
});

test('what is needed on the way and for space of its own counts, too', () => {
  const graph = new Graph();
  const [x, y] = [
    graph.input('x', { shape: [20_000, 5000] }),
    graph.input('y', { shape: [5000, 20_000] }),
  ];
  expect(() => compile({ outputs: [max(x.matmul(y))] })).toThrow(
    /need 4\.47 GiB.*most of it for #2 = matmul.* \(3052\.3 MiB\), #0 "x".*, #1 "y"/,
  );
  const matrix = graph.input('m', { shape: [20_000, 20_000] });
  expect(() => compile({ outputs: [inverse(matrix)] }, { precision: 'f32' })).toThrow(
    /would need 8\.[0-9]+ GiB.*most of it for #\d+ = inverse.*\(7629\.[0-9] MiB\), #\d+ "m"/,
  );
});

test.each([0, Infinity])('a long chain is one kernel of bounded functions (%s)', (limit) => {
  const x = new Graph().input('x', { value: 0.5 });
  let y: GraphNode = x;
  for (let i = 0; i < 3000; i++) y = i % 2 === 0 ? y.sin() : y.mul(1.5);
  const program = compileWith({ outputs: [y] }, 'f64', limit);
  expect(program.plan.kernels).toBe(1);
  const code = (program as CompiledProgram).image.code.length;
  expect(code).toBeLessThan(limit === 0 ? 10_000 : 100 * 3000);
  expect(program.run()[0]!.item()).toBeCloseTo(
    interpreter({ outputs: [y] })
      .run()[0]!
      .item(),
    12,
  );
});

describe('the interpreter serves', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  const x = new Graph().input('x', { value: 3 });
  const expectInterpreted = (): void => {
    const program = compiler()({ outputs: [x.square()] });
    expect(program.report()).toMatch(/^interpreter: 1 operations/);
    expect(program.run()[0]!.item()).toBe(9);
  };

  test('where there is no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expectInterpreted();
  });

  test('where a policy refuses to compile', () => {
    const Module = function refuse(): never {
      throw new Error(
        "WebAssembly.Module(): Refused to compile because 'unsafe-eval' is not allowed by the policy",
      );
    };
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Module });
    expectInterpreted();
  });

  test('where there is no room for another memory', () => {
    const Memory = function refuse(): never {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory');
    };
    const { Module, Instance } = WebAssembly;
    vi.stubGlobal('WebAssembly', { Module, Instance, Memory });
    expectInterpreted();
  });

  test('but a module that is wrong is not hidden', () => {
    const Module = function refuse(): never {
      throw new Error('WebAssembly.Module(): invalid opcode');
    };
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Module });
    expect(() => compile({ outputs: [x.square()] })).toThrow(/invalid opcode/);
  });
});
