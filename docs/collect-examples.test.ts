import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  collectExamples,
  documentedFiles,
  findBlocks,
  rewrite,
  testFile,
} from './collect-examples.ts';
import { expectClose, halfUnit } from './expect-close.ts';

/** Runs the code of a block, after rewriting, as its test would. */
async function run(...lines: string[]): Promise<void> {
  const { body } = rewrite(lines.join('\n'), 1);
  const options = {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  };
  const script = ts.transpileModule(body, options).outputText;
  // oxlint-disable-next-line typescript/no-implied-eval -- running written code is what is tested
  await new AsyncFunction('__expect', '__expectClose', script)(expect, expectClose);
}

const AsyncFunction = (async () => {}).constructor as new (
  ...parametersAndBody: string[]
) => (...values: unknown[]) => Promise<void>;

describe('an equality `// => value`', () => {
  test('holds or fails for an expression', async () => {
    await run('1 + 1 // => 2');
    await expect(run('1 + 1 // => 3')).rejects.toThrow('expected 2 to deeply equal 3');
  });

  test('holds or fails for the names just declared', async () => {
    await run('const x = 1 + 1 // => 2');
    await run('const [a, b] = [1, 2] // => [1, 2]');
    await run('const { a } = { a: 1, b: 2 }; // => { a: 1 }');
    await expect(run('const x: number = 2 // => 3')).rejects.toThrow(
      'expected 2 to deeply equal 3',
    );
    await expect(run('const [a, b] = [1, 2] // => [1, 3]')).rejects.toThrow('to deeply equal');
  });

  test('holds or fails for what would be printed', async () => {
    await run('console.log(1 + 1) // => 2');
    await expect(run('console.log(1 + 1) // => 3')).rejects.toThrow('expected 2 to deeply equal 3');
  });

  test('may stand alone on the next line and go on while brackets are open', async () => {
    await run('[1, 2]', '// => [1,', '//     2]');
    await expect(run('[1, 2]', '// => [1,', '//     3]')).rejects.toThrow('to deeply equal');
  });

  test('reaches into blocks and functions', async () => {
    await run('for (const i of [1, 2]) {', '  i > 0 // => true', '}');
    await expect(run('for (const i of [1, 2]) {', '  i > 1 // => true', '}')).rejects.toThrow(
      'expected false to deeply equal true',
    );
  });

  test('may await', async () => {
    await run('await Promise.resolve(1) // => 1');
    await expect(run('await Promise.resolve(1) // => 2')).rejects.toThrow('to deeply equal');
  });

  test('spans statements of several lines', async () => {
    await run('Math.max(', '  1,', '  2,', ') // => 2');
    await expect(run('Math.max(', '  1,', '  2,', ') // => 1')).rejects.toThrow('to deeply equal');
  });
});

describe('a closeness `// ≈ value`', () => {
  test('means half a unit of the last digit written', async () => {
    await run('Math.E // ≈ 2.718');
    await run('Math.E * 1e9 // ≈ 2.72e9');
    await run('-Math.E // ≈ -3');
    await expect(run('Math.E // ≈ 2.719')).rejects.toThrow('to be 2.719 within 0.0005');
    expect(halfUnit('0.7311')).toBe(0.00005);
    expect(halfUnit('12')).toBe(0.5);
    expect(halfUnit('3e-9')).toBe(5e-10);
  });

  test('goes into arrays, typed arrays and objects and names the place that differs', async () => {
    await run('[Math.E, [Math.PI]] // ≈ [2.7, [3.1]]');
    await run('Float64Array.of(Math.E, NaN) // ≈ [2.7, NaN]');
    await run('const { x, y } = { x: Math.E, y: -Infinity } // ≈ { x: 2.718, y: -Infinity }');
    await expect(run('[Math.E, [Math.PI]] // ≈ [2.7, [3.2]]')).rejects.toThrow(
      'at [1][0]: expected 3.14',
    );
    await expect(run('[1] // ≈ [1, 2]')).rejects.toThrow('expected 2 elements, got 1');
    await expect(run('({ x: 1 }) // ≈ { y: 1 }')).rejects.toThrow('expected the keys y, got x');
    await expect(run('NaN // ≈ 1')).rejects.toThrow('expected NaN to be 1');
    await expect(run('"1" // ≈ 1')).rejects.toThrow('expected 1 to be 1');
  });
});

describe('an error `// throws /message/`', () => {
  test('is expected of a statement, and of a promise awaited', async () => {
    await run('JSON.parse("{") // throws /JSON/');
    await run('const x = JSON.parse("{") // throws /JSON/');
    await run('await Promise.reject(new Error("never")) // throws /never/');
    await expect(run('JSON.parse("{}") // throws /JSON/')).rejects.toThrow('to throw');
    await expect(run('JSON.parse("{") // throws /XML/')).rejects.toThrow('XML');
    await expect(run('await Promise.resolve(1) // throws /never/')).rejects.toThrow(
      'instead of rejecting',
    );
  });
});

describe('what cannot be understood fails', () => {
  test.each([
    ['// => 2', 'belongs to no statement'],
    ['f(\n  1, // => 2\n)', 'belongs to no statement'],
    ['f()\n\n// => 2', 'belongs to no statement'],
    ['f() // => two apples', 'cannot read `two apples`'],
    ['f() // ≈ "text"', 'cannot read `"text"` as a number'],
    ['f() // throws sometimes', 'wants a /regular expression/'],
    ['function f() {} // => 2', 'wants an expression or one declaration'],
    ['f() // => 2\n// ≈ 2', 'a second assertion'],
    ['export default 2', 'cannot export'],
  ])('%j', async (code, message) => {
    await expect(run(code)).rejects.toThrow(message);
    // In the test file it is a failing test and not an error of the collector.
    const text = testFile({ file: 'README.md', line: 3, code }, './expect-close.ts');
    expect(text).toContain(`throw new Error("README.md:`);
  });
});

describe('a test file', () => {
  const block = {
    file: 'README.md',
    line: 5,
    code: [
      `import {`,
      `  sum, // a comment`,
      `} from './sum.ts'`,
      `export const x = sum(1, 2) // => 3`,
    ].join('\n'),
  };
  const lines = testFile(block, '../expect-close.ts').split('\n');

  test('is named after the file and line of its block', () => {
    expect(lines[0]).toContain('__test("README.md:5", async () => {');
  });

  test('has the static imports of the block on top', () => {
    expect(lines[0]).toContain(`import { sum, } from './sum.ts'; `);
    expect(lines.slice(1).join('')).not.toContain('import');
  });

  test('has every line of the block where its file has it', () => {
    // The fence is line 5, so the fourth line of code is line 9, at index 8.
    expect(lines[8]).toContain(' const x = sum(1, 2); __expect((x)).toEqual((3));');
  });
});

describe('blocks', () => {
  test('of Markdown are the fences of TypeScript, without their indentation', () => {
    const text = [
      '```ts',
      'a',
      '```',
      '- item',
      '  ```typescript',
      '  b',
      '    c',
      '  ```',
      '```js',
      'd',
      '```',
      '````md',
      '```ts',
      'e',
      '```',
      '````',
    ];
    expect(findBlocks('README.md', text.join('\n'))).toEqual([
      { file: 'README.md', line: 1, code: 'a' },
      { file: 'README.md', line: 5, code: 'b\n  c' },
    ]);
  });

  test('of sources stand in docstrings only', () => {
    const text = [
      '/**',
      ' * Text.',
      ' *',
      ' * ```ts',
      ' * a // => 1',
      ' *',
      ' * b',
      ' * ```',
      ' */',
      '// ```ts',
      '// c',
      '// ```',
    ];
    expect(findBlocks('x.ts', text.join('\n'))).toEqual([
      { file: 'x.ts', line: 4, code: 'a // => 1\n\nb' },
    ]);
  });
});

describe('the collection', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'examples '));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  const write = (file: string, ...text: string[]): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text.join('\n'));
  };

  test('covers READMEs, guides and sources', () => {
    const files = [
      'README.md',
      'packages/a/README.md',
      'examples/b/README.md',
      'docs/guide.md',
      'packages/a/src/c/d.ts',
    ];
    for (const file of [...files, 'CHANGELOG.md', 'packages/a/test/e.ts', 'docs/api/index.md'])
      write(file, '');
    expect(documentedFiles(root).sort()).toEqual(files.sort());
  });

  test('leaves unchanged files alone and removes stale ones', () => {
    write('README.md', '```ts', '1', '```', '', '```ts', '2', '```');
    const [first, second] = collectExamples(root);
    expect([first, second]).toEqual([
      'docs/.examples/README.md/1.test.ts',
      'docs/.examples/README.md/2.test.ts',
    ]);
    const written = statSync(join(root, first!)).mtimeMs;
    expect(readFileSync(join(root, first!), 'utf8')).toContain(`from '../../expect-close.ts'`);

    write('README.md', '```ts', '1', '```');
    expect(collectExamples(root)).toEqual([first]);
    expect(statSync(join(root, first!)).mtimeMs).toBe(written);
    expect(existsSync(join(root, second!))).toBe(false);
  });
});
