/** Modules as another tool sees them: valid, and the text says what the bytes say. */
import { beforeAll, describe, expect, test } from 'vitest';
import wabtModule from 'wabt';
import {
  argMax,
  argSort,
  atan2,
  avgPool2d,
  cbrt,
  cholesky,
  concat,
  cond,
  conv2d,
  cumMax,
  cumProd,
  cumSum,
  determinant,
  erf,
  foldIn,
  gather,
  Graph,
  type GraphNode,
  greater,
  interpreter,
  inverse,
  less,
  logSumExp,
  max,
  maxPool2d,
  norm,
  normal,
  oneHot,
  type Program,
  randomKey,
  scan,
  scatterAdd,
  sign,
  slice,
  slogDet,
  solve,
  uniform,
  where,
  whileLoop,
} from '@ad/graph';
import { compileWith } from '../src/compile.ts';
import type { CompiledProgram } from '../src/compiled-program.ts';
import { compile, disassemble } from '../src/index.ts';

type Wabt = Awaited<ReturnType<typeof wabtModule>>;
let wabt: Wabt;
beforeAll(async () => {
  wabt = await wabtModule();
});

/** Whether another tool finds a module valid, and its text to say what its bytes say. */
function expectValid(program: Program): void {
  const features = { simd: true, bulk_memory: true, sat_float_to_int: true };
  const written = wabt.readWasm((program as CompiledProgram).image.code, features);
  written.validate();
  const read = wabt.parseWat('program.wat', disassemble(program), features);
  read.validate();
  const { buffer } = read.toBinary({});
  const again = wabt.readWasm(buffer, features);
  expect(again.toText({})).toBe(written.toText({}));
}

/** What the compiler can write: loops, reductions, products, scalars of all kinds, host calls, copies. */
function everything(): GraphNode[] {
  const graph = new Graph();
  const values = (length: number): Float64Array =>
    Float64Array.from({ length }, (_, i) => Math.sin(i));
  const x = graph.input('x', { shape: [5, 7], value: values(35) });
  const w = graph.input('w', { shape: [7, 9], value: values(63) });
  const n = graph.input('n', { kind: 'integer', value: 3 });
  const s = graph.input('s', { value: 0.75 });
  const h = x.matmul(w);
  return [
    h.tanh().add(1).log().sum({ axes: 1 }),
    max(h.transpose().matmul(x), { axes: 0 }),
    logSumExp(where(greater(x, 0), x.exp(), x.sin().mul(NaN)), { axes: 1 }),
    slice(x, [{ step: -1 }, { step: 2 }]).pow(1.5),
    concat([x, x.neg()], 1),
    cumSum(x, 0),
    atan2(
      where(less(s.sin().add(n), 0.5), cbrt(s), sign(s))
        .mul(-0)
        .add(Infinity),
      erf(s),
    ),
  ];
}

/** An array. */
const array = (name: string, shape: readonly number[], graph = new Graph()): GraphNode =>
  graph.input(name, { shape });

/** Programs of one kind each. */
const KINDS: Readonly<Record<string, () => readonly GraphNode[]>> = {
  convolution() {
    const x = array('x', [2, 3, 9, 8]);
    const kernel = array('kernel', [5, 3, 3, 2], x.graph);
    return [conv2d(x, kernel, { stride: 2, padding: 'same' }), conv2d(x, kernel)];
  },
  pooling() {
    const x = array('x', [2, 3, 8, 8]);
    return [maxPool2d(x, 2), avgPool2d(x, 3)];
  },
  positions() {
    const x = array('x', [5, 4]);
    const at = x.graph.input('at', { shape: [3], kind: 'integer' });
    const rows = gather(x, at);
    return [rows, scatterAdd(rows, at, 5), oneHot(at, 5), argMax(x, 1), argSort(x, { axis: 0 })];
  },
  scan() {
    const x = array('x', [6, 3]);
    const start = array('start', [3], x.graph);
    const { carry, ys } = scan(
      (sofar, row) => ({ carry: sofar.tanh().add(row), y: sofar.sum() }),
      start,
      x,
    );
    return [carry, ys];
  },
  cond() {
    const x = array('x', [3]);
    const branch = cond(
      greater(x.sum(), 0),
      () => x.exp(),
      () => x.neg(),
    );
    return [branch];
  },
  whileLoop() {
    const x = array('x', [3]);
    const grown = whileLoop(
      (y) => less(y.sum(), 10),
      (y) => y.mul(2).add(1),
      x,
    );
    return [grown];
  },
  random() {
    const key = new Graph().input('key', { value: randomKey(1) });
    return [normal(key, [6]), uniform(foldIn(key, 1), [3, 3])];
  },
  cumulative() {
    const x = array('x', [4, 5]);
    return [cumSum(x, 0), cumProd(x, 1), cumMax(x, 1)];
  },
  systems() {
    const a = array('a', [2, 3, 3]);
    const b = array('b', [3, 2], a.graph);
    return [solve(a, b), inverse(a), determinant(a), cholesky(a), slogDet(a).logAbs, norm(b)];
  },
};

describe.each(['f64', 'f32'] as const)('in %s', (precision) => {
  test.each(Object.entries(KINDS))('modules for %s are valid, and their text, too', (_, make) => {
    expectValid(compile({ outputs: make() }, { precision }));
  });

  test.each([0, Infinity])(
    'modules are valid, and their text is that of their bytes (%s)',
    (limit) => {
      const outputs = everything();
      const updates = ['x', 's'].map((name) => {
        const input = outputs[0]!.graph.find(name);
        return [input, input.mul(0.5).transpose().transpose()] as const;
      });
      const program = compileWith({ outputs, updates }, precision, limit) as CompiledProgram;
      expectValid(program);
    },
  );
});

test('the code of a small program', () => {
  const graph = new Graph();
  const [x, y] = [graph.input('x'), graph.input('y')];
  expect(disassemble(compile({ outputs: [x.mul(y).add(x)] }))).toMatchInlineSnapshot(`
    "(module
      (type (func (param i32)))
      (type (func))
      (import "env" "host" (func (type 0)))
      (import "env" "memory" (memory 1))
      (func (;1;) (type 1)
        (local f64)
        i32.const 0
        i32.const 0
        f64.load
        local.tee 0
        i32.const 0
        f64.load offset=16
        f64.mul
        local.get 0
        f64.add
        f64.store offset=32
      )
      (func (;2;) (type 1)
        call 1
      )
      (export "run" (func 2))
    )"
  `);
});

test('an interpreted program has no code', () => {
  expect(() => disassemble(interpreter({ outputs: [new Graph().input('x')] }))).toThrow(
    /this program is interpreted/,
  );
});

test('a loop takes its constants from outside, and its vectors take turns', () => {
  const x = new Graph().input('x', { shape: [64] });
  const text = disassemble(compile({ outputs: [x.mul(x.mul(3).add(5))] }, { precision: 'f32' }));
  const [before, inside] = text.split(/^ *loop/m) as [string, string];
  expect(before.match(/v128\.const/g)).toHaveLength(2);
  expect(inside).not.toContain('v128.const');
  const operations = [...inside.matchAll(/f32x4\.(mul|add)/g)].map(([, name]) => name).join(' ');
  expect(operations).toBe('mul mul mul mul add add add add mul mul mul mul');
});
