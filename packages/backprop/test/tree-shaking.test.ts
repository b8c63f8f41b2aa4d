/** What a small program downloads: gradients bring the operations that it names and those of their derivatives. */
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import type { Tensor } from '@ad/graph';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const NETWORK = 'x.matmul(w).add(b).tanh().square().mean()';

const PROGRAMS = {
  swept: `
    import { Graph } from '@ad/graph';
    import { reverseSweep } from '@ad/backprop';
    const graph = new Graph();
    const x = graph.constant([[0, 1], [1, 0]]);
    const w = graph.input('w', { value: [[0.1, 0.2], [0.3, 0.4]] });
    const b = graph.input('b', { value: [0, 0] });
    globalThis.slope = reverseSweep(${NETWORK}).adjointTensor(w);`,
  compiled: `
    import { tensor } from '@ad/graph';
    import { grad } from '@ad/backprop';
    const loss = ({ w, b }) => {
      const x = w.graph.constant([[0, 1], [1, 0]]);
      return ${NETWORK};
    };
    globalThis.slope = grad(loss)({ w: tensor([[0.1, 0.2], [0.3, 0.4]]), b: tensor([0, 0]) }).w;`,
} as const;

/** The bundle, the source files of which anything is left, and the kilobytes after minification and compression. */
async function bundleOf(
  name: keyof typeof PROGRAMS,
): Promise<{ code: string; files: string[]; size: number }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: PROGRAMS[name], resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@ad/source'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const left = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const files = left.flatMap(([path]) => /packages\/(.*)$/.exec(path)?.[1] ?? []);
  const { text, contents } = outputFiles[0]!;
  return { code: text, files, size: gzipSync(contents, { level: 9 }).length / 1000 };
}

test('a sweep brings neither the table, nor what the program does not name', async () => {
  const { files, size } = await bundleOf('swept');
  expect(files).toContain('backprop/src/sweeps/plain-sweep.ts');
  const unrelated =
    /^compiler|^optim|graph\/src\/(?:text|random|matrices|control(?!\/derivatives))\/|(?:functions|rows|interpreter)\/control|interpreter\/(?:program|interpreter)|graph\/src\/(?:lowering|routines)\/|rows\/(?:table|strong|convolution|linear-systems|determinants|cofactors|random|reduction|cumulative|parts)/;
  expect(files.filter((file) => unrelated.test(file))).toStrictEqual([]);
  expect(size).toBeLessThan(14.9);
});

test('a compiled gradient brings neither files, nor drawings, nor training, nor the table', async () => {
  const { files, size } = await bundleOf('compiled');
  expect(files).toContain('compiler/src/compile.ts');
  const unrelated =
    /^optim|graph\/src\/(?:text|svg|random|matrices|lowering\/(?!memory|vectors|bounds)|control(?!\/derivatives))|graph\/src\/routines\/(?!routine|strong|lower|code-writer)|(?:functions|rows)\/control|rows\/(?:table|convolution|linear-systems|determinants|cofactors|random|reduction|cumulative|parts)/;
  expect(files.filter((file) => unrelated.test(file))).toStrictEqual([]);
  expect(size).toBeLessThan(68);
});

test('both programs compute the same slopes', async () => {
  const slopes: number[][] = [];
  for (const name of ['swept', 'compiled'] as const) {
    const { code } = await bundleOf(name);
    runInThisContext(`(() => { 'use strict'; ${code} })()`);
    slopes.push([...(globalThis as unknown as { slope: Tensor }).slope.data]);
  }
  const [swept, compiled] = slopes as [number[], number[]];
  expect(compiled).toHaveLength(4);
  compiled.forEach((slope, k) => expect(slope).toBeCloseTo(swept[k]!, 14));
});
