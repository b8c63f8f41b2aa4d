import { readFileSync } from 'node:fs';
import { operations } from '@ad/graph';
import { expect, test } from 'vitest';
import { operationsPage, page } from './operations.ts';

test('operations.md is what the table gives: run `pnpm --filter @ad/docs run operations`', () => {
  expect(readFileSync(page, 'utf8')).toBe(operationsPage());
});

test('it has every operation but the leaves once', () => {
  const names = Array.from(operationsPage().matchAll(/^- `(\w+)`: \$/gm), ([, name]) => name!);
  const expected = Object.values(operations).filter(({ family }) => family !== 'leaf');
  expect(names.sort()).toStrictEqual(expected.map(({ name }) => name).sort());
});

test('it states the conventions at kinks and the edges of domains', () => {
  const text = operationsPage();
  expect(text).toContain(
    '- `abs`: $|x|$\n  - At 0 the derivative is 0: the subgradient of least norm',
  );
  expect(text).toContain('- `log`: $\\ln x$\n  - Smooth for $x > 0$.');
  expect(text).toContain(
    '- `floor`: $\\lfloor x \\rfloor$\n  - By definition without a derivative in $x$.',
  );
});

test('it lists every deviation from the bounds of accuracy', () => {
  const listed = operationsPage().match(/is within \d+ ulp: /g) ?? [];
  const file = new URL('../packages/graph/test/golden/deviations.json', import.meta.url);
  const deviations = JSON.parse(readFileSync(file, 'utf8')) as object;
  expect(listed.length).toBe(Object.keys(deviations).length);
  expect(operationsPage()).toContain('- The value is within 480 ulp: erfc(x / sqrt 2) magnifies');
});
