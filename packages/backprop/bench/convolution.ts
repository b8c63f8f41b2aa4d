/**
 * Convolutions: GFLOP/s of the result and of both derivatives per shape, and microseconds of the gradient of a small
 * network, compiled and interpreted. All cases take turns; the best and the median of the rounds are printed.
 *
 * Run with `tsx -C @ad/source packages/backprop/bench/convolution.ts [f32|f64] [part of a name]`.
 */
import {
  conv2d,
  type Executor,
  Graph,
  type GraphNode,
  interpreter,
  maxPool2d,
  type Shape,
  sizeOf,
} from '@ad/graph';
import { compiler, type Precision } from '@ad/compiler';
import { gradient } from '../src/index.ts';

const ROUNDS = 25;
/** How long one measurement takes at least, milliseconds. */
const SLICE = 4;

interface Case {
  readonly name: string;
  /** 0 where time is all that counts. */
  readonly flops: number;
  readonly run: () => void;
}

const precision: Precision = process.argv.includes('f64') ? 'f64' : 'f32';
const part = process.argv.slice(2).find((argument) => !['f32', 'f64'].includes(argument)) ?? '';

const numbersOf = (shape: Shape, phase: number): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + phase));

const inputOf = (graph: Graph, name: string, shape: Shape): GraphNode =>
  graph.input(name, { shape, value: numbersOf(shape, name.length) });

function running(executor: Executor, outputs: readonly GraphNode[]): () => void {
  const program = executor({ outputs });
  return () => program.execute();
}

function convolutionCases(
  name: string,
  image: Shape,
  kernel: Shape,
  options: Parameters<typeof conv2d>[2],
): Case[] {
  const graph = new Graph();
  const x = inputOf(graph, 'x', image);
  const w = inputOf(graph, 'kernel', kernel);
  const y = conv2d(x, w, options);
  const seed = inputOf(graph, 'message', y.shape);
  const flops = 2 * sizeOf(y.shape) * sizeOf(kernel.slice(1));
  const caseOf = (what: string, output: GraphNode): Case => ({
    name: `${name} ${what}`,
    flops,
    run: running(compiler({ precision }), [output]),
  });
  return [
    caseOf('value', y),
    caseOf('by image', gradient(y, x, { seed })),
    caseOf('by kernel', gradient(y, w, { seed })),
  ];
}

/** Two convolutions with pooling and a dense layer: the gradient of the mean of squares. */
function networkCase(name: string, size: number, executor: Executor): Case {
  const graph = new Graph();
  const x = inputOf(graph, 'x', [32, 1, size, size]);
  const parameters = [
    inputOf(graph, 'w1', [16, 1, 3, 3]),
    inputOf(graph, 'bias 1', [16, 1, 1]),
    inputOf(graph, 'kernel 2', [32, 16, 3, 3]),
    inputOf(graph, 'bias of 2', [32, 1, 1]),
    inputOf(graph, 'weights', [32 * (size / 4) ** 2, 10]),
  ] as const;
  const [w1, b1, w2, b2, w3] = parameters;
  const h1 = maxPool2d(conv2d(x, w1, { padding: 1 }).add(b1).relu(), 2);
  const h2 = maxPool2d(conv2d(h1, w2, { padding: 1 }).add(b2).relu(), 2);
  const loss = h2.reshape([32, -1]).matmul(w3).square().mean();
  const outputs = [loss, ...gradient(loss, [...parameters])];
  return { name, flops: 0, run: running(executor, outputs) };
}

const cases = [
  ...convolutionCases('16 to 32 on 28x28, same', [32, 16, 28, 28], [32, 16, 3, 3], { padding: 1 }),
  ...convolutionCases('16 to 32 on 8x8, same', [32, 16, 8, 8], [32, 16, 3, 3], { padding: 1 }),
  ...convolutionCases('16 to 32 on 14x14, valid', [32, 16, 14, 14], [32, 16, 3, 3], {}),
  ...convolutionCases('1 to 16 on 28x28, same', [32, 1, 28, 28], [16, 1, 3, 3], { padding: 1 }),
  ...convolutionCases('16 to 32, stride 2', [32, 16, 28, 28], [32, 16, 3, 3], {
    padding: 1,
    stride: 2,
  }),
  ...convolutionCases('32 to 32, 1x1', [32, 32, 14, 14], [32, 32, 1, 1], {}),
  networkCase('network on 8x8, compiled', 8, compiler({ precision })),
  networkCase('network on 28x28, compiled', 28, compiler({ precision })),
  networkCase('network on 8x8, interpreted', 8, interpreter),
].filter(({ name }) => name.includes(part));

function measure(run: () => void): number {
  let turns = 0;
  const start = performance.now();
  let now: number;
  do {
    run();
    turns++;
    now = performance.now();
  } while (now - start < SLICE);
  return (now - start) / turns;
}

const times = cases.map((): number[] => []);
for (const { run } of cases) measure(run);
for (let round = 0; round < ROUNDS; round++)
  cases.forEach(({ run }, k) => times[k]!.push(measure(run)));
cases.forEach(({ name, flops }, k) => {
  const sorted = times[k]!.sort((a, b) => a - b);
  const [best, median] = [sorted[0]!, sorted[ROUNDS >> 1]!];
  const speed =
    flops === 0
      ? ''
      : `  best ${(flops / best / 1e6).toFixed(1)}, median ${(flops / median / 1e6).toFixed(1)} GFLOP/s`;
  console.log(`${name.padEnd(40)} ${(median * 1000).toFixed(1).padStart(9)} us${speed}`);
});
