/** From the start of a process to the first gradient, and how much is downloaded for it. */
import { buildSync } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Contestant } from '../measure.ts';
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

const PROGRAMS = { 'without the compiler': INTERPRETED, 'with the compiler': COMPILED } as const;

/** `startup`. */
export const startup: Workload = {
  name: 'startup',
  what: 'a process that computes one gradient of a small network: its time, and its size minified and compressed',
  async run({ race, keep }) {
    const folder = mkdtempSync(join(tmpdir(), 'startup-'));
    const here = fileURLToPath(new URL('.', import.meta.url));
    const processOf = (file: string): (() => void) => {
      return () => execFileSync(process.execPath, [file], { stdio: 'ignore' });
    };
    try {
      const empty = join(folder, 'empty.mjs');
      writeFileSync(empty, '');
      const contestants: Contestant[] = [{ engine: 'node alone', step: processOf(empty) }];
      for (const [name, source] of Object.entries(PROGRAMS)) {
        const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
        const { outputFiles } = buildSync({
          stdin: { contents: source, resolveDir: here, loader: 'js' },
          bundle: true,
          minify: true,
          format: 'esm',
          write: false,
        });
        const { contents } = outputFiles[0]!;
        writeFileSync(file, contents);
        contestants.push({ engine: `@ad ${name}`, step: processOf(file) });
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
      await race({
        metric: 'process',
        unit: 'ms',
        clock: 'wall',
        value: (seconds) => seconds * 1e3,
        contestants,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
