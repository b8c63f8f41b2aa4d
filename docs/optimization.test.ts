import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testProblems } from '../packages/optim/test/problems/more-garbow-hillstrom.ts';
import { nistProblems } from '../packages/optim/test/problems/nist.ts';
import { page, row } from './optimization.ts';

const lines = readFileSync(page, 'utf8').split('\n');

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

test('the tables have every problem, in order', () => {
  const rows = lines.filter((line) => line.startsWith('| ')).map(cellsOf);
  const names = new Set([...nistProblems, ...testProblems].map(({ name }) => name));
  const found = rows.map(([first, second]) => (/^\d+$/.test(first!) ? second! : first!));
  expect(found.filter((name) => names.has(name))).toStrictEqual([...names]);
});

test('the digits are those that are reached: run `pnpm --filter @ad/docs run optimization`', () => {
  // A few quick fits stand for all: other machines may round the last steps otherwise, by tenths of a digit.
  for (const name of ['Misra1a', 'Gauss1', 'Hahn1', 'Thurber']) {
    const stated = cellsOf(lines.find((line) => line.startsWith(`| ${name} |`))!);
    const reached = row(nistProblems.find((problem) => problem.name === name)!).map(String);
    expect(reached.slice(0, 4)).toStrictEqual(stated.slice(0, 4));
    for (const column of [4, 5, 7, 8]) {
      expect(Math.abs(Number(reached[column]) - Number(stated[column]))).toBeLessThan(1);
    }
  }
});
