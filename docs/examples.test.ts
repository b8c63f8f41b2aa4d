/** The type check of the examples, as part of the tests. Running them is done file by file. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { outputFolder } from './collect-examples.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the examples of the documentation satisfy the type checker', () => {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const arguments_ = [tsc, '-p', 'docs/tsconfig.examples.json', '--pretty', 'false'];
  const { stdout, stderr } = spawnSync(process.execPath, arguments_, {
    cwd: root,
    encoding: 'utf8',
  });
  // Mistakes elsewhere belong to the check of the workspace. Line n of a generated file is line n
  // of its source, whose path is the name of the folder.
  const errors = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.startsWith(outputFolder) || /^\S*[eE]rror/.test(line))
    .map((line) => line.slice(line.startsWith(outputFolder) ? outputFolder.length + 1 : 0))
    .map((line) => line.replace(/\/\d+\.test\.ts\((\d+),\d+\)/, ':$1'));
  expect(errors).toEqual([]);
});
