/** What is not imported is not bundled: the package has no side effects, and its parts do not hold on to each other. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { type Algebra, type ElementwiseRow, numbers } from '@ad/graph';
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

test('numbers alone: one file', async () => {
  const { files } = await bundleOf('numbers');
  expect(files).toStrictEqual(['algebra/numbers.ts']);
});

test('the algebra of nodes: no function that is called by its row', async () => {
  const { code } = await bundleOf('nodeAlgebra');
  expect(code).toContain('name: "tanh"');
  expect(code).not.toMatch(/name: "(?:cbrt|erf|expm1|hypot|lgamma|tan)"|digamma/);
});

test('tensor alone: four files', async () => {
  const { files } = await bundleOf('tensor');
  expect(files).toStrictEqual(['errors.ts', 'options.ts', 'shape.ts', 'tensor.ts']);
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

/** The names of a row and of all that its expressions call, and those of these. */
function namesCalledBy(row: ElementwiseRow, names: Set<string> = new Set()): Set<string> {
  if (names.has(row.name)) return names;
  names.add(row.name);
  const A: Algebra<number> = {
    ...numbers,
    call(f, x, y) {
      namesCalledBy(f, names);
      return numbers.call(f, x, y);
    },
  };
  row.value(A, 0.5, 0.5, 0.5);
  for (const partial of row.partials)
    if (typeof partial === 'function') partial(A, 0.5, 0.5, 0.5, 0.5);
  return names;
}

const guarding = elementwiseRows.filter(({ guards }) => guards !== undefined);

describe('one function brings its row and those that this calls', () => {
  const others = elementwiseRows.filter((row) => !guarding.includes(row));
  test.each(others.map((row) => [row.name, row] as const))('%s', async (name, row) => {
    const { code } = await bundleOf(name);
    const found = [...code.matchAll(/name: "(\w+)",\s+family: "elementwise"/g)];
    expect(new Set(found.map(([, called]) => called))).toStrictEqual(namesCalledBy(row));
    expect(code.match(/family: "/g)).toHaveLength(found.length);
  });
});

test.each(guarding.map(({ name }) => name))(
  'products in which 0 wins come with %s, and with no function that chooses nothing',
  async (name) => {
    expect((await bundleOf(name)).files).toContain('rows/strong.ts');
    expect((await bundleOf('Graph', 'evaluate', 'maximum')).files).not.toContain('rows/strong.ts');
  },
);
