/** The algebra of numbers: identities that hold at all magnitudes, beyond the points of the golden table. */
import { numbers } from '@ad/graph';
import { erf, erfc, softplus } from '@ad/graph/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ulpsBetween } from '../support/ulp.ts';

const real = fc.double({ noNaN: true });

/** Evenly spread, where the interesting part of a function is. */
const between = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 2 ** 30 }).map((i) => low + (i / 2 ** 30) * (high - low));

describe('sigmoid and softplus', () => {
  test('sigmoid stays in [0, 1] and mirrors at 0', () => {
    fc.assert(
      fc.property(fc.oneof(real, between(-40, 40)), (x) => {
        const s = numbers.sigmoid(x);
        expect(s >= 0 && s <= 1).toBe(true);
        expect(Math.abs(s + numbers.sigmoid(-x) - 1)).toBeLessThanOrEqual(2 ** -52);
      }),
    );
  });

  test('softplus(x) - softplus(-x) = x', () => {
    fc.assert(
      fc.property(between(-50, 50), (x) => {
        const difference = softplus.number(x) - softplus.number(-x);
        expect(Math.abs(difference - x)).toBeLessThanOrEqual(2 ** -52 * Math.max(1, Math.abs(x)));
      }),
    );
  });
});

describe('erf and erfc', () => {
  test('erf is odd and between -1 and 1', () => {
    fc.assert(
      fc.property(fc.oneof(real, between(-7, 7)), (x) => {
        expect(erf.number(-x)).toBe(-erf.number(x));
        expect(Math.abs(erf.number(x)) <= 1).toBe(true);
      }),
    );
  });

  test('erf and erfc add up to 1', () => {
    fc.assert(
      fc.property(fc.oneof(real, between(-7, 7)), (x) => {
        expect(Math.abs(erf.number(x) + erfc.number(x) - 1)).toBeLessThanOrEqual(2 ** -51);
      }),
    );
  });

  test('erfc decreases', () => {
    fc.assert(
      fc.property(between(-6, 27), between(1e-6, 1), (x, step) => {
        expect(erfc.number(x + step) <= erfc.number(x)).toBe(true);
      }),
    );
  });

  test.each([2 ** -28, 0.25, 0.84375, 1.25, 1 / 0.35, 6, 28])(
    'there is no seam at %f, where the approximation changes',
    (seam) => {
      const [below, above] = [seam * (1 - 2 ** -50), seam * (1 + 2 ** -50)];
      const rise = (2 / Math.sqrt(Math.PI)) * Math.exp(-seam * seam) * (above - below);
      expect(ulpsBetween(erf.number(below) + rise, erf.number(above))).toBeLessThanOrEqual(3);
      expect(ulpsBetween(erfc.number(below) - rise, erfc.number(above))).toBeLessThanOrEqual(3);
    },
  );
});

test('strongMul is the product, but 0 wins over everything', () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (x, y) => {
      expect(numbers.strongMul(x, y)).toBe(x === 0 || y === 0 ? 0 : x * y);
      expect(numbers.strongMul(0, y)).toBe(0);
      expect(numbers.strongMul(y, -0)).toBe(0);
    }),
  );
});

test('pow follows IEEE 754, in which 1^y = 1 and x^0 = 1', () => {
  fc.assert(
    fc.property(fc.double(), (x) => {
      expect(numbers.pow(1, x)).toBe(1);
      expect(numbers.pow(x, 0)).toBe(1);
      expect(numbers.pow(x, -0)).toBe(1);
    }),
  );
});

test('truth values are 1 and 0, and everything but 0 is true', () => {
  const A = numbers;
  fc.assert(
    fc.property(fc.double(), fc.double(), (x, y) => {
      expect(A.and(x, y)).toBe(x !== 0 && y !== 0 ? 1 : 0);
      expect(A.or(x, y)).toBe(x !== 0 || y !== 0 ? 1 : 0);
      expect(A.not(x)).toBe(x === 0 ? 1 : 0);
      expect(A.select(x, 5, 7)).toBe(x === 0 ? 7 : 5);
    }),
  );
});

test('round takes halves to the even integer and everything else to the nearest', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        real,
        between(-9, 9),
        fc.integer().map((i) => i / 2),
      ),
      (x) => {
        const rounded = numbers.round(x);
        expect(Number.isInteger(rounded) || !Number.isFinite(x)).toBe(true);
        if (!Number.isFinite(x)) return;
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(0.5);
        expect(Math.abs(rounded - x) === 0.5 && rounded % 2 !== 0).toBe(false);
        expect(Object.is(numbers.round(-x), -rounded)).toBe(true);
      },
    ),
  );
});
