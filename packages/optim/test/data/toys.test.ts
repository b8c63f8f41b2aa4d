/** Toy sets lie where they should and depend on their seed alone. */
import type { SampleTensors, ToyOptions } from '@ad/optim';
import { blobs, circles, moons, spirals, xor } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** How far a point of a class is from where it would be without noise. */
type Distance = (x: number, y: number, label: number) => number;

const sets: readonly (readonly [
  name: string,
  make: (options?: ToyOptions) => SampleTensors,
  classes: number,
  distance: Distance,
])[] = [
  [
    'moons',
    moons,
    2,
    (x, y, label) => {
      const [u, v] = label === 0 ? [x, y] : [1 - x, 0.5 - y];
      return v >= -1e-15 ? Math.abs(Math.hypot(u, v) - 1) : Infinity;
    },
  ],
  [
    'circles',
    (options) => circles({ ...options, factor: 0.25 }),
    2,
    (x, y, label) => Math.abs(Math.hypot(x, y) - (label === 0 ? 1 : 0.25)),
  ],
  [
    'spirals',
    (options) => spirals({ ...options, arms: 3, turns: 1.5 }),
    3,
    (x, y, label) => {
      const radius = Math.hypot(x, y);
      const angle = 2 * Math.PI * (1.5 * radius + label / 3);
      return Math.hypot(x - radius * Math.cos(angle), y - radius * Math.sin(angle));
    },
  ],
  [
    'blobs',
    (options) => blobs({ ...options, centers: 4 }),
    4,
    (x, y, label) =>
      Math.hypot(x - 5 * Math.cos((Math.PI * label) / 2), y - 5 * Math.sin((Math.PI * label) / 2)),
  ],
  [
    'xor',
    xor,
    2,
    (x, y, label) =>
      (Math.round(x) ^ Math.round(y)) === label
        ? Math.hypot(x - Math.round(x), y - Math.round(y))
        : Infinity,
  ],
];

const points = ({ inputs, targets }: SampleTensors): (readonly [number, number, number])[] =>
  Array.from(targets.data, (label, i) => [inputs.at(i, 0), inputs.at(i, 1), label] as const);

describe.each(sets)('%s', (_name, make, classes, distance) => {
  test('lie on their curves without noise, and classes are equally large', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.maxSafeNat(), (samples, seed) => {
        const set = make({ samples, seed, noise: 0 });
        expect(set.inputs.shape).toEqual([samples, 2]);
        expect(set.targets.kind).toBe('integer');
        for (const point of points(set)) expect(distance(...point)).toBeLessThanOrEqual(1e-14);
        const sizes = Array.from(
          { length: classes },
          (_, k) => set.targets.data.filter((label) => label === k).length,
        );
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  test('depend on the seed alone', () => {
    expect(make({ seed: 3 })).toEqual(make({ seed: 3 }));
    expect(make({ seed: 3 }).inputs).not.toEqual(make({ seed: 4 }).inputs);
  });

  test('have noise of the deviation asked for', () => {
    const at = (noise: number): ArrayLike<number> =>
      make({ samples: 2000, noise, seed: 5 }).inputs.data;
    const [noisy, clean] = [at(0.01), at(0)];
    const moves = Array.from(noisy, (x, i) => (x - clean[i]!) / 0.01);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, x) => sum + x, 0) / values.length;
    // Four standard errors of 4000 numbers.
    expect(Math.abs(mean(moves))).toBeLessThan(4 / Math.sqrt(4000));
    expect(Math.abs(mean(moves.map((x) => x * x)) - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
  });

  test('refuse options that are none', () => {
    expect(() => make({ samples: 0 })).toThrow(/samples is 0, expected an integer of 1 or more/);
    expect(() => make({ noise: -1 })).toThrow(/noise is -1, expected a finite number of 0 or more/);
    expect(() => make({ seed: 0.5 })).toThrow(/seed is 0\.5/);
    expect(() => make({ size: 3 } as never)).toThrow(/there is no option "size"/);
  });
});

test.each(Object.entries({ blobs, circles, moons, spirals, xor }))(
  '%s: null is no options',
  (name, make) => {
    expect(() => make(null as never)).toThrow(`${name}: the options are null, expected an object`);
  },
);

test('what only some sets have is checked', () => {
  expect(() => circles({ factor: 1 })).toThrow(
    /circles: factor is 1, expected a number above 0 and below 1/,
  );
  expect(() => spirals({ arms: 0 })).toThrow(/spirals: arms is 0/);
  expect(() => spirals({ turns: 0 })).toThrow(/spirals: turns is 0/);
  expect(() => blobs({ centers: 1.5 })).toThrow(/blobs: centers is 1\.5/);
});
