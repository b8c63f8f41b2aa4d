import { deriveSeed, Random, threefry } from '@ad/optim';
import { naturalLogarithm } from '../src/random.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const seeds = fc.maxSafeNat();

test('the generator gives the published vectors', () => {
  // Random123, tests/kat_vectors, threefry2x32 with 20 rounds: counter, key, result.
  const vectors = [
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ] as const;
  for (const [c0, c1, k0, k1, x, y] of vectors) {
    expect(threefry([k0, k1], [c0, c1])).toEqual([x, y]);
  }
});

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return [
      random.uniform(),
      random.normal(),
      random.normal(),
      random.below(1000),
      random.uniform(),
    ];
  };
  fc.assert(
    fc.property(seeds, seeds, (a, b) => {
      expect(draw(a)).toEqual(draw(a));
      expect(String(draw(a)) === String(draw(b))).toBe(a === b);
    }),
  );
});

test('the first numbers of a stream are fixed for all time', () => {
  const random = new Random(42);
  const uniform = [random.uniform(), random.uniform()];
  expect(uniform).toEqual([0.8690484001557932, 0.15063240681606183]);
  const normal = [random.normal(), random.normal(), random.normal()];
  expect(normal).toEqual([0.13452104828174605, -1.6553932587490432, 0.7316870707720929]);
  const order = [...new Random(42).permutation(12)];
  expect(order).toEqual([8, 5, 9, 0, 3, 11, 7, 1, 2, 10, 6, 4]);
});

test('a number of a stream depends on seed and place alone: both words of the key and of the counter count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 21 - 1 }), fc.nat(2 ** 32 - 1), (high, low) => {
      const [x, y] = threefry([low, high], [0, 0]);
      expect(new Random(high * 2 ** 32 + low).uniform()).toBe((x * 2 ** 21 + (y >>> 11)) / 2 ** 53);
    }),
  );
});

describe('distributions', () => {
  const count = 100_000;
  const moments = (next: () => number): number[] => {
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const x = next();
      for (let k = 0; k < 4; k++) sums[k]! += x ** (k + 1) / count;
    }
    return sums;
  };
  // The tolerance is five standard deviations of the sample moment.
  const expectMoments = (
    measured: number[],
    exact: number[],
    powers: (k: number) => number,
  ): void => {
    measured.forEach((m, k) => {
      const deviation = Math.sqrt((powers(2 * (k + 1)) - exact[k]! ** 2) / count);
      expect(Math.abs(m - exact[k]!)).toBeLessThan(5 * deviation);
    });
  };

  test('uniform deviates have the moments 1/2, 1/3, 1/4, 1/5', () => {
    const random = new Random(1);
    expectMoments(
      moments(() => random.uniform()),
      [1 / 2, 1 / 3, 1 / 4, 1 / 5],
      (k) => 1 / (k + 1),
    );
  });

  test('normal deviates have the moments 0, 1, 0, 3', () => {
    const random = new Random(2);
    const even = [1, 0, 1, 0, 3, 0, 15, 0, 105];
    expectMoments(
      moments(() => random.normal()),
      [0, 1, 0, 3],
      (k) => even[k]!,
    );
  });

  test('neighbouring normal deviates are uncorrelated', () => {
    const random = new Random(3);
    let last = random.normal();
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const next = random.normal();
      sum += last * next;
      last = next;
    }
    expect(Math.abs(sum / count)).toBeLessThan(5 / Math.sqrt(count));
  });

  test('whole numbers are equally likely', () => {
    const random = new Random(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    // Chi-squared with 6 degrees of freedom: 27.9 is exceeded once in 10 000.
    expect(counts.reduce((total, n) => total + (n - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });

  test('all orders of four are equally likely', () => {
    const random = new Random(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-squared with 23 degrees of freedom: 57.1 is exceeded once in 10 000.
    const chi2 = [...counts.values()].reduce((total, n) => total + (n - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(57.1);
  });
});

test('a permutation has every number once', () => {
  fc.assert(
    fc.property(seeds, fc.nat(200), (seed, count) => {
      expect([...new Random(seed).permutation(count)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
    }),
  );
});

test('derived seeds are seeds, and differ from stream to stream', () => {
  fc.assert(
    fc.property(seeds, fc.nat(1000), fc.nat(1000), (seed, a, b) => {
      const derived = deriveSeed(seed, a);
      expect(Number.isSafeInteger(derived) && derived >= 0).toBe(true);
      expect(derived === deriveSeed(seed, b)).toBe(a === b);
    }),
  );
});

test('the logarithm agrees with that of the platform', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -106, max: 1, noNaN: true }), (x) => {
      const exact = Math.log(x);
      expect(Math.abs(naturalLogarithm(x) - exact)).toBeLessThanOrEqual(4e-16 * Math.abs(exact));
    }),
    { numRuns: 2000 },
  );
});

test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53, '1'])('%s is not a seed', (seed) => {
  expect(() => new Random(seed as number)).toThrow(
    /seed is .*, expected an integer from 0 to 2\^53 - 1/,
  );
  expect(() => deriveSeed(seed as number, 0)).toThrow(/expected an integer from 0/);
});

test('impossible draws are errors', () => {
  expect(() => new Random(0).below(0)).toThrow(/below\(0\) needs an integer of 1 or more/);
  expect(() => deriveSeed(0, -1)).toThrow(/stream is -1/);
});
