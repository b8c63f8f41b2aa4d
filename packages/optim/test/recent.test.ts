/** The cache of programs: it has what was asked for last, and no more. */
import { interpreter } from '@ad/graph';
import { crossEntropy, fit, mlp, type Samples } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recent } from '../src/recent.ts';

test('keeps the values asked for last, and tells of each that it does not keep', () => {
  const keys = fc.array(fc.nat(9), { maxLength: 60 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 6 }), (asked, limit) => {
      const forgotten: number[] = [];
      const recent = new Recent<number, number>(limit, (value) => void forgotten.push(value));
      // The same by definition: the last different keys, the latest first.
      let latest: number[] = [];
      const gone: number[] = [];
      for (const key of asked) {
        let made = false;
        const make = (): number => {
          made = true;
          return key;
        };
        expect(recent.get(key, make)).toBe(key);
        expect(made).toBe(!latest.includes(key));
        latest = [key, ...latest.filter((other) => other !== key)];
        gone.push(...latest.splice(limit));
        expect(forgotten).toEqual(gone);
      }
    }),
  );
});

test('a stream whose epochs all end with another size of batch does not collect programs', async () => {
  const rows = (size: number): Samples => ({
    inputs: Array.from({ length: size }, (_, k) => [k, -k]),
    targets: Array.from({ length: size }, (_, k) => k % 2),
  });
  let built = 0;
  const { history } = await fit(mlp([2, 2]), (epoch) => [rows(12), rows(1 + (epoch % 10))], {
    loss: crossEntropy,
    batchSize: 12,
    epochs: 20,
    executor(spec) {
      built++;
      return interpreter(spec);
    },
  });
  expect(history).toHaveLength(20);
  // One for full batches, used in each epoch, and one for each rest: none of ten is among the last seven.
  expect(built).toBe(21);
});
