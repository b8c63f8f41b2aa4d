/**
 * What a minimization takes: tracing and compiling, then the iterations, per iteration and per evaluation, next to the
 * time of the compiled value and gradient alone. The least and the median of many rounds are printed.
 *
 * Run with `tsx -C @ad/source packages/optim/bench/minimize.ts [part of a name]`.
 */
import { compile } from '@ad/compiler';
import { Graph, type GraphNode, slice } from '@ad/graph';
import { gradient } from '@ad/backprop';
import {
  bfgs,
  conjugateGradient,
  gradientDescent,
  lbfgs,
  type Method,
  minimize,
  newton,
  newtonCG,
  trustRegion,
} from '@ad/optim';

const ROUNDS = 200;

const valley = (x: GraphNode): GraphNode => {
  const [from, to] = [slice(x, [{ end: -1 }]), slice(x, [{ start: 1 }])];
  return to.sub(from.square()).square().mul(100).add(from.sub(1).square()).sum();
};

const start = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));

const METHODS: readonly Method[] = [
  lbfgs(),
  bfgs(),
  conjugateGradient(),
  newton(),
  newtonCG(),
  trustRegion(),
  gradientDescent(),
];

const CASES = [2, 100, 1000].flatMap((n) =>
  METHODS.filter(
    ({ name }) => n <= 100 || !['bfgs', 'newton', 'gradientDescent'].includes(name),
  ).map((method) => ({ name: `${method.name} on ${n}`, n, method })),
);

const least = (samples: number[]): number => Math.min(...samples);
const median = (samples: number[]): number => samples.sort((a, b) => a - b)[samples.length >> 1]!;

/** Microseconds of the compiled value and gradient. */
function alone(n: number): number {
  const x = new Graph().input('x', { value: start(n) });
  const value = valley(x);
  const program = compile({ outputs: [value, gradient(value, x)] });
  const samples = Array.from({ length: 50 }, () => {
    const begin = performance.now();
    for (let k = 0; k < 200; k++) program.execute();
    return ((performance.now() - begin) / 200) * 1000;
  });
  return least(samples);
}

const part = process.argv[2] ?? '';
for (const { name, n, method } of CASES.filter((entry) => entry.name.includes(part))) {
  const [setup, steps]: [number[], number[]] = [[], []];
  let result = minimize<Float64Array>(valley, start(n), { method, maxIterations: 1000 });
  const rounds = n > 2 && name.startsWith('gradient') ? 10 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    let ready = begin;
    result = minimize<Float64Array>(valley, start(n), {
      method,
      maxIterations: 1000,
      onIteration: ({ iteration }) => {
        if (iteration === 0) ready = performance.now();
      },
    });
    const end = performance.now();
    setup.push(ready - begin);
    steps.push(end - ready);
  }
  const { iterations, evaluations } = result;
  const perIteration = (least(steps) / iterations) * 1000;
  const perEvaluation = (least(steps) / evaluations.value) * 1000;
  console.log(
    [
      name.padEnd(24),
      `setup ${median(setup).toFixed(2)} ms`,
      `steps ${least(steps).toFixed(3)} ms (median ${median(steps).toFixed(3)})`,
      `${iterations} iterations of ${perIteration.toFixed(2)} us`,
      `${evaluations.value} evaluations of ${perEvaluation.toFixed(2)} us (alone ${alone(n).toFixed(2)})`,
      `${evaluations.hessianProduct} products`,
      result.stop.kind,
    ].join('  '),
  );
}
