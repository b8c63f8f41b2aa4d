import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';

test('the network learns the exclusive or, the loss falling all the way', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await import('./main.ts');
  const lines = log.mock.calls.map(([line]) => String(line));
  log.mockRestore();

  const losses = lines
    .slice(0, -4)
    .map((line) => Number(/^step \d+: loss ([\d.]+)$/.exec(line)?.[1]));
  expect(losses).toHaveLength(11);
  expect(losses[0]).toBeGreaterThan(0.5);
  expect(losses.at(-1)).toBeLessThan(1e-5);
  for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThanOrEqual(losses[i - 1]!);
  expect(lines.slice(-4)).toEqual([
    '0 xor 0: 0.000',
    '0 xor 1: 1.000',
    '1 xor 0: 1.000',
    '1 xor 1: 0.000',
  ]);
});

test('the program is short', () => {
  const lines = readFileSync(new URL('main.ts', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(30);
});
