import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it('reads what is given and has defaults for the rest', () => {
  expect(readOptions([])).toEqual({ short: false, seed: 1, help: false });
  expect(readOptions(['--short', '--seed', '7'])).toEqual({ short: true, seed: 7, help: false });
});

it.each([
  [['--shrot'], "Unknown option '--shrot'"],
  [['short'], "Unexpected argument 'short'"],
  [['--short=yes'], '--short'],
  [['--seed'], '--seed'],
  [['--seed', 'one'], '--seed is "one", expected a whole number'],
  [['--seed', '1e400'], '--seed is "1e400", expected a whole number'],
])('refuses %j and says why', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
