/** From the start of a process to the first gradient, and how much is downloaded for it. */
import { buildSync } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { summaryOf } from '../measure.ts';
import type { Workload } from '../workload.ts';

/** A small network's gradient by the sweep alone: nothing is compiled. */
const INTERPRETED = `
import { Graph, tensor } from '@ad/graph';
import { reverseSweep } from '@ad/backprop';
const graph = new Graph();
const x = graph.constant(tensor([[0, 0], [0, 1], [1, 0], [1, 1]]));
const w1 = graph.input('w1', { value: tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]) });
const b1 = graph.input('b1', { value: tensor([0, 0, 0]) });
const w2 = graph.input('w2', { value: tensor([[0.3], [-0.2], [0.1]]) });
const loss = x.matmul(w1).add(b1).tanh().matmul(w2).sub(tensor([[0], [1], [1], [0]])).square().mean();
const sweep = reverseSweep(loss);
if (!(Math.abs(sweep.adjointTensor(w2).data[0]) > 0)) throw new Error('no gradient');
`;

/** The same by the compiled program. */
const COMPILED = `
import { tensor } from '@ad/graph';
import { grad } from '@ad/backprop';
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
const y = tensor([[0], [1], [1], [0]]);
const loss = ({ w1, b1, w2 }) =>
  w1.graph.constant(x).matmul(w1).add(b1).tanh().matmul(w2).sub(y).square().mean();
const slopes = grad(loss)({
  w1: tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
  b1: tensor([0, 0, 0]),
  w2: tensor([[0.3], [-0.2], [0.1]]),
});
if (!(Math.abs(slopes.w2.data[0]) > 0)) throw new Error('no gradient');
`;

/** The gradient of the Rosenbrock function in 10 dimensions, all scalars, compiled. */
const SCALARS = `
import { gradient } from '@ad/backprop';
import { compile } from '@ad/compiler';
import { Graph } from '@ad/graph';
const graph = new Graph();
const x = Array.from({ length: 10 }, (_, i) => graph.input('x' + i, { value: i % 2 === 0 ? -1.2 : 1 }));
let total = graph.constant(0);
for (let i = 0; i + 1 < x.length; i++) {
  const valley = x[i + 1].sub(x[i].square());
  total = total.add(valley.square().mul(100)).add(x[i].neg().add(1).square());
}
const program = compile({ outputs: [total, ...gradient(total, x)] });
program.execute();
if (!(Math.abs(program.outputs[1][0]) > 0)) throw new Error('no gradient');
`;

const PROGRAMS = {
  'without the compiler': INTERPRETED,
  'with the compiler': COMPILED,
  'with the compiler, scalars': SCALARS,
} as const;

/** Processes of each program; they take turns. */
const ROUNDS = 21;

/** Follows each program: tells the processor time of its process in microseconds, with a module that Node has loaded. */
const TOLD = `
import { writeSync } from 'node:fs';
const used = process.cpuUsage();
writeSync(1, String(used.user + used.system));
`;

/** `startup`. */
export const startup: Workload = {
  name: 'startup',
  what: 'a process that computes one gradient, of a small network or of the Rosenbrock function in 10 dimensions: its processor time, and the size of its code minified and compressed',
  run({ keep }) {
    const folder = mkdtempSync(join(tmpdir(), 'startup-'));
    const here = fileURLToPath(new URL('.', import.meta.url));
    const processes: { engine: string; file: string; used: number[] }[] = [];
    const add = (engine: string, code: string): void => {
      const file = join(folder, `${processes.length}.mjs`);
      writeFileSync(file, code + TOLD);
      processes.push({ engine, file, used: [] });
    };
    try {
      add('node alone', '');
      for (const [name, source] of Object.entries(PROGRAMS)) {
        const { outputFiles } = buildSync({
          stdin: { contents: source, resolveDir: here, loader: 'js' },
          bundle: true,
          minify: true,
          format: 'esm',
          write: false,
        });
        const { contents, text } = outputFiles[0]!;
        add(`@ad ${name}`, text);
        const size = gzipSync(contents, { level: 9 }).length / 1000;
        keep({
          engine: `@ad ${name}`,
          metric: 'minified, gzip',
          unit: 'kB',
          median: size,
          best: size,
          worst: size,
        });
      }
      for (let round = 0; round < ROUNDS; round++) {
        for (const { file, used } of processes)
          used.push(Number(execFileSync(process.execPath, [file], { encoding: 'utf8' })) / 1000);
      }
      for (const { engine, used } of processes)
        keep({ engine, metric: 'process', unit: 'ms', ...summaryOf(used, 'ms') });
    } finally {
      rmSync(folder, { recursive: true });
    }
    return Promise.resolve();
  },
};
