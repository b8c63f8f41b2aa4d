import { type Tensor, tensor } from '@ad/graph';
import { shuffle, split, standardize } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

/** Samples whose input tells their target. */
const numbered = (count: number) => ({
  inputs: Array.from({ length: count }, (_, i) => [i, 10 * i]),
  targets: Array.from({ length: count }, (_, i) => i),
});
const rows = (inputs: Tensor): number[] =>
  Array.from({ length: inputs.shape[0]! }, (_, i) => inputs.at(i, 0));

test('a split has every sample once, with its target, and the share asked for', () => {
  const cases = fc.record({
    count: fc.integer({ min: 4, max: 60 }),
    share: between(0.2, 0.8),
    seed: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(cases, ({ count, share, seed }) => {
      const { train, test: kept } = split(numbered(count), { test: share, seed });
      const all = [...rows(train.inputs), ...rows(kept.inputs)];
      expect([...all].sort((a, b) => a - b)).toEqual(numbered(count).targets);
      expect([...train.targets.data, ...kept.targets.data]).toEqual(all);
      expect(kept.inputs.shape[0]).toBe(Math.round(share * count));
      expect(split(numbered(count), { test: share, seed })).toEqual({ train, test: kept });
    }),
  );
});

test('shuffling keeps samples together and is decided by the seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.maxSafeNat(), (count, seed) => {
      const once = shuffle(numbered(count), seed);
      expect(rows(once.inputs)).toEqual([...once.targets.data]);
      expect(rows(once.inputs).sort((a, b) => a - b)).toEqual(numbered(count).targets);
      expect(shuffle(numbered(count), seed)).toEqual(once);
    }),
  );
  expect(rows(shuffle(numbered(50), 1).inputs)).not.toEqual(rows(shuffle(numbered(50), 2).inputs));
});

test('kinds and types of numbers are kept, and the originals untouched', () => {
  const samples = {
    inputs: tensor(Float32Array.of(1, 2, 3)),
    targets: tensor([2, 1, 0], { kind: 'integer' }),
  };
  const { inputs, targets } = shuffle(samples, 3);
  expect(inputs.data).toBeInstanceOf(Float32Array);
  expect(targets.data).toBeInstanceOf(Int32Array);
  expect(samples.inputs.data).toEqual(Float32Array.of(1, 2, 3));
});

test('standardized columns have mean 0 and deviation 1, and the scale can be applied to others and undone', () => {
  const table = fc.array(
    fc.tuple(
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 50, max: 60 }).map((x) => x / 10),
    ),
    { minLength: 2, maxLength: 30 },
  );
  fc.assert(
    fc.property(table, (table) => {
      const { inputs, means, deviations, apply } = standardize(table);
      for (const k of [0, 1]) {
        const column = table.map((_, i) => inputs.at(i, k));
        const mean = column.reduce((a, b) => a + b) / column.length;
        const square = column.reduce((a, b) => a + b * b, 0) / column.length;
        const varies = column.some((x) => x !== column[0]);
        expect(mean).toBeCloseTo(0, 6);
        expect(square).toBeCloseTo(varies ? 1 : 0, 6);
        expect(inputs.at(0, k) * deviations.at(k) + means.at(k)).toBeCloseTo(table[0]![k]!, 9);
      }
      expect(apply(table).data).toEqual(inputs.data);
    }),
  );
});

test('columns that do not vary become 0', () => {
  expect(
    standardize([
      [0.1, 1],
      [0.1, 2],
      [0.1, 3],
    ]).deviations.at(0),
  ).toBe(1);
  expect(standardize([[7], [7], [7]]).inputs.toArray()).toEqual([[0], [0], [0]]);
});

test.each([
  [
    'no share',
    () => split(numbered(5), {} as never),
    /split: test is undefined, expected a share between 0 and 1/,
  ],
  ['a share of 1', () => split(numbered(5), { test: 1 }), /test is 1, expected/],
  [
    'a part without samples',
    () => split(numbered(2), { test: 0.1 }),
    /0\.1 of 2 samples leaves one part empty/,
  ],
  [
    'a wrong seed',
    () => split(numbered(5), { test: 0.5, seed: -1 }),
    /split: seed is -1, expected an integer from 0/,
  ],
  [
    'an unknown option',
    () => split(numbered(5), { test: 0.5, ratio: 1 } as never),
    /there is no option "ratio"/,
  ],
  ['another wrong seed', () => shuffle(numbered(5), 0.5), /shuffle: seed is 0\.5/],
  [
    'ragged rows',
    () => standardize([[1, 2], [3]]),
    /standardize: inputs row 1 has shape \[1\], but row 0 has \[2\]/,
  ],
  [
    'other columns',
    () => standardize([[1, 2]]).apply([[1]]),
    /rows of shape \[1\] are not like those of shape \[2\]/,
  ],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(message);
});
