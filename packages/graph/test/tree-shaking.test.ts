/** What is not imported is not bundled: the package has no side effects, and its parts do not hold on to each other. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { elementwiseRows } from './support/elementwise.ts';

interface Bundle {
  /** The source files of which anything is left, relative to `src`. */
  readonly files: readonly string[];
  readonly code: string;
}

/** The bundle of a module that uses these exports, made from the sources as an application would be. */
async function bundleOf(...names: readonly string[]): Promise<Bundle> {
  const list = names.join(', ');
  const result = await build({
    stdin: {
      contents: `import { ${list} } from '@ad/graph'; globalThis.used = [${list}];`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@ad/source'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(result.metafile.outputs);
  const left = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const files = left.flatMap(([path]) => /graph\/src\/(.*)$/.exec(path)?.[1] ?? []);
  return { files: files.sort(), code: result.outputFiles[0]!.text };
}

test('numbers alone: themselves and the special functions', async () => {
  const { files } = await bundleOf('numbers');
  expect(files).toStrictEqual([
    'algebra/erf.ts',
    'algebra/gamma.ts',
    'algebra/numbers.ts',
    'algebra/polygamma.ts',
    'algebra/polynomial.ts',
  ]);
});

test('tensor alone: three files', async () => {
  const { files } = await bundleOf('tensor');
  expect(files).toStrictEqual(['errors.ts', 'shape.ts', 'tensor.ts']);
});

test('partialAlgebra alone: its file and the errors', async () => {
  const { files } = await bundleOf('partialAlgebra');
  expect(files).toStrictEqual(['algebra/algebra.ts', 'errors.ts']);
});

test('two functions alone: neither the graph, nor the interpreter, nor files, nor drawings', async () => {
  const { files, code } = await bundleOf('add', 'tanh');
  expect(files).toContain('apply.ts');
  const unrelated =
    /^(?:graph|node|svg)\.ts|^text\/|^interpreter\/|^algebra\/|^rows\/(?:table|layout|reduction|activation)/;
  expect(files.filter((file) => unrelated.test(file))).toStrictEqual([]);
  expect(code).not.toContain('logSumExp');
});

test('a graph and its evaluation: neither programs, nor files, nor drawings', async () => {
  const { files } = await bundleOf('Graph', 'evaluate');
  expect(files).toContain('interpreter/evaluate.ts');
  const unrelated = /^svg\.ts|^text\/|^rows\/table|^interpreter\/(?:program|interpreter)/;
  expect(files.filter((file) => unrelated.test(file))).toStrictEqual([]);
});

describe('one function brings one row', () => {
  test.each(elementwiseRows.map((row) => row.name))('%s', async (name) => {
    const { code } = await bundleOf(name);
    expect(code.match(/family: "\w+"/g)).toStrictEqual(['family: "elementwise"']);
    expect(code).toContain(`name: "${name}"`);
  });
});
