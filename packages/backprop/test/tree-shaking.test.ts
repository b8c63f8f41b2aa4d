/** What a small program downloads: gradients bring the operations that it names and those of their derivatives. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
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
    import { grad } from '@ad/backprop';
    const loss = ({ w, b }) => {
      const x = w.graph.constant([[0, 1], [1, 0]]);
      return ${NETWORK};
    };
    globalThis.slope = grad(loss)({ w: [[0.1, 0.2], [0.3, 0.4]], b: [0, 0] }).w;`,
} as const;

/** The source files of which anything is left, and the kilobytes after minification and compression. */
async function bundleOf(name: keyof typeof PROGRAMS): Promise<{ files: string[]; size: number }> {
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
  return { files, size: gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1000 };
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
