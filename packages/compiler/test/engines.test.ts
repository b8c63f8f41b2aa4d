/** The programs that engines are compared by; `pnpm engines` compares them. */
import { expect, test } from 'vitest';
import { operations } from '@ad/graph';
import { digests } from './engines/programs.ts';

test('the programs have every elementwise operation but those of the platform, and give the same bits again', () => {
  const lines = digests();
  const names = new Set(lines.map((line) => line.split(' ')[0]));
  const missing = Object.values(operations).filter(
    ({ name, family }) => family === 'elementwise' && !names.has(name),
  );
  expect(missing.map(({ name }) => name).sort()).toEqual([
    'cbrt',
    'digamma',
    'lgamma',
    'polygamma',
  ]);
  expect(digests()).toEqual(lines);
});
