/**
 * Products of matrices: GFLOP/s per shape and form, next to what multiplications and additions reach that never leave
 * the registers, and to a loop in JavaScript. All cases take turns; the median and the best of the rounds are printed,
 * and the median as a share of the peak's median in the same process.
 *
 * Run with `tsx -C @ad/source packages/compiler/bench/matmul.ts [f32|f64] [fused] [part of a name] [8x256x256 ...]`: sizes
 * that are given are measured instead of the usual ones, `fused` adds the same with fused multiply-add, for which Node
 * before version 22 needs `node --experimental-wasm-relaxed-simd -C @ad/source --import tsx` in place of `tsx -C @ad/source`.
 */
import { Graph, type GraphNode, type Shape } from '@ad/graph';
import { compile, type Precision } from '../src/index.ts';
import { FunctionBuilder } from '../src/wasm/function-builder.ts';
import { ModuleBuilder } from '../src/wasm/module-builder.ts';
import { webAssembly } from '../src/webassembly.ts';

const ROUNDS = 11;
/** How long one measurement takes at least, milliseconds. */
const SLICE = 8;

interface Case {
  readonly name: string;
  readonly flops: number;
  readonly run: () => void;
}

/** Sums kept in registers: enough to hide the latency of an addition, few enough to fit. */
const CHAINS = 10;
const PEAK_TURNS = 1000;

/** Multiplications and additions of registers, as many of one as of the other. */
function peak(precision: Precision): Case {
  const [mul, add] =
    precision === 'f64'
      ? (['f64x2.mul', 'f64x2.add'] as const)
      : (['f32x4.mul', 'f32x4.add'] as const);
  const code = new FunctionBuilder();
  const sums = Array.from({ length: CHAINS }, () => code.local('v128'));
  const [factor, element, counter] = [code.local('v128'), code.local('v128'), code.local('i32')];
  for (const local of [factor, element, ...sums]) code.i32(0).memory('v128.load', 0).set(local);
  code.countedLoop(counter, 0, PEAK_TURNS, 1, () => {
    for (const sum of [...sums, ...sums, ...sums, ...sums])
      code.get(sum).get(factor).get(element).op(mul).op(add).set(sum);
    // Other factors in the next turn, so that the products cannot be computed once and for all.
    code.get(factor).get(element).op(add).set(factor);
  });
  code.i32(32);
  for (const sum of sums) code.get(sum);
  for (let i = 1; i < CHAINS; i++) code.op(add);
  code.memory('v128.store', 0);
  const module = new ModuleBuilder();
  module.export('run', module.function(code));
  const platform = webAssembly()!;
  const memory = new platform.Memory({ initial: 1, maximum: 1 });
  const { exports } = new platform.Instance(new platform.Module(module.encode(1)), {
    env: { memory },
  });
  const width = precision === 'f64' ? 2 : 4;
  return {
    name: 'registers only',
    flops: PEAK_TURNS * 4 * CHAINS * width * 2,
    run: exports['run']!,
  };
}

/** Three loops over typed arrays, the innermost along rows. */
function plainLoops(precision: Precision, size: number): Case {
  const make = (): Float32Array | Float64Array =>
    precision === 'f64' ? new Float64Array(size * size) : new Float32Array(size * size);
  const [a, b, c] = [make().fill(0.5), make().fill(0.25), make()];
  const run = (): void => {
    c.fill(0);
    for (let i = 0; i < size; i++) {
      for (let l = 0; l < size; l++) {
        const x = a[i * size + l]!;
        for (let j = 0; j < size; j++) c[i * size + j]! += x * b[l * size + j]!;
      }
    }
  };
  return { name: `JavaScript ${size}x${size}x${size}`, flops: 2 * size ** 3, run };
}

/** The forms: how the factors lie in memory. NT: the right one transposed; TN: the left one. */
const FORMS = {
  NN: {
    lies: (s: Sizes) => [
      [s.n, s.k],
      [s.k, s.m],
    ],
    form: (a, b) => a.matmul(b),
  },
  NT: {
    lies: (s: Sizes) => [
      [s.n, s.k],
      [s.m, s.k],
    ],
    form: (a, b) => a.matmul(b.transpose()),
  },
  TN: {
    lies: (s: Sizes) => [
      [s.k, s.n],
      [s.k, s.m],
    ],
    form: (a, b) => a.transpose().matmul(b),
  },
} satisfies Record<
  string,
  {
    lies: (sizes: Sizes) => Shape[];
    form: (left: GraphNode, right: GraphNode) => GraphNode;
  }
>;

interface Sizes {
  readonly n: number;
  readonly k: number;
  readonly m: number;
}

function product(
  name: string,
  precision: Precision,
  [left, right]: readonly Shape[],
  form: (left: GraphNode, right: GraphNode) => GraphNode,
  flops: number,
  fusedMultiplyAdd: boolean = false,
): Case {
  const graph = new Graph();
  const program = compile(
    { outputs: [form(graph.input('a', { shape: left! }), graph.input('b', { shape: right! }))] },
    { precision, fusedMultiplyAdd },
  );
  for (const data of Object.values(program.inputs)) data.fill(0.5);
  return { name, flops, run: () => program.execute() };
}

const SIZES = [
  [16, 16, 16],
  [32, 32, 32],
  [64, 64, 64],
  [64, 784, 128],
  [784, 64, 128],
  [64, 128, 784],
  [64, 128, 10],
  [100, 100, 100],
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [1, 512, 512],
  [512, 512, 1],
  [3, 256, 256],
  [256, 256, 3],
] as const;

const words = process.argv.slice(2);
const given = words
  .filter((word) => /^\d+x\d+x\d+$/.test(word))
  .map((word) => word.split('x').map(Number) as [number, number, number]);
const part = words.find((word) => !/^\d+x|^f\d|^fused$/.test(word)) ?? '';
const forms = words.includes('fused') ? [false, true] : [false];

function cases(precision: Precision): Case[] {
  const all = [peak(precision), plainLoops(precision, 64), plainLoops(precision, 256)];
  for (const [n, k, m] of given.length > 0 ? given : SIZES) {
    for (const [name, { lies, form }] of Object.entries(FORMS))
      for (const fused of forms) {
        const title = `${name} ${n}x${k}x${m}${fused ? ' fused' : ''}`;
        all.push(product(title, precision, lies({ n, k, m }), form, 2 * n * k * m, fused));
      }
  }
  if (given.length > 0) return all;
  const shape = [8, 64, 64];
  const flops = 2 * 8 * 64 ** 3;
  all.push(
    product('stack of 8 NN 64x64x64', precision, [shape, shape], FORMS.NN.form, flops),
    product(
      'stack of 8 NT 64x64x64',
      precision,
      [shape, shape],
      (a, b) => a.matmul(b.transpose([0, 2, 1])),
      flops,
    ),
    product(
      'stack of 8 TN 64x64x64',
      precision,
      [shape, shape],
      (a, b) => a.transpose([0, 2, 1]).matmul(b),
      flops,
    ),
    product('stack of 8 times one 64x64x64', precision, [shape, [64, 64]], FORMS.NN.form, flops),
    product('one times stack of 8 64x64x64', precision, [[64, 64], shape], FORMS.NN.form, flops),
  );
  return all;
}

/** GFLOP/s of so many turns, in time that this process was given: other processes do not count. */
function rate({ flops, run }: Case, turns: number): number {
  const start = process.cpuUsage();
  for (let turn = 0; turn < turns; turn++) run();
  const { user, system } = process.cpuUsage(start);
  return (flops * turns) / (user + system + 1) / 1e3;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

for (const precision of ['f32', 'f64'] as const) {
  if (words.includes(precision === 'f32' ? 'f64' : 'f32')) continue;
  const measured = cases(precision)
    .filter(({ name }, i) => i === 0 || name.includes(part))
    .map((subject) => {
      // Warm up until the engine's best code runs, then find how many turns fill a slice.
      let turns = 1;
      for (const until = performance.now() + 60; performance.now() < until;) rate(subject, 1);
      while ((subject.flops * turns) / rate(subject, turns) / 1e6 < SLICE) turns *= 2;
      return { subject, turns, rates: [] as number[] };
    });
  for (let round = 0; round < ROUNDS; round++)
    for (const { subject, turns, rates } of measured) rates.push(rate(subject, turns));
  const limit = median(measured[0]!.rates);
  console.log(`${precision}${' '.repeat(30)}median   best   of peak`);
  for (const { subject, rates } of measured) {
    const [middle, best] = [median(rates), Math.max(...rates)];
    console.log(
      `${subject.name.padEnd(32)}${middle.toFixed(1).padStart(7)}${best.toFixed(1).padStart(7)}${((100 * middle) / limit).toFixed(0).padStart(8)} %`,
    );
  }
}
