import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it('reads what is given and has defaults for the rest', () => {
  const usual = { short: false, seed: 1, convolutional: false, help: false };
  expect(readOptions([])).toEqual(usual);
  expect(readOptions(['--short', '--seed', '7'])).toEqual({ ...usual, short: true, seed: 7 });
  expect(readOptions(['--convolutional'])).toEqual({ ...usual, convolutional: true });
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
