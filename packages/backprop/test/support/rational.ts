/** Exact rational numbers of unbounded integers, and their algebra: an oracle without rounding. */
import { type Algebra, partialAlgebra } from '@ad/graph';

/** A fraction in lowest terms with a positive denominator. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function fraction(numerator: bigint, denominator: bigint): Rational {
  let [a, b] = [
    numerator < 0n ? -numerator : numerator,
    denominator < 0n ? -denominator : denominator,
  ];
  while (b !== 0n) [a, b] = [b, a % b];
  const sign = denominator < 0n ? -1n : 1n;
  return { numerator: (sign * numerator) / a, denominator: (sign * denominator) / a };
}

/** The rational number that a double is: every finite double is one. */
export function rational(value: number): Rational {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a rational number`);
  let denominator = 1n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return fraction(BigInt(scaled), denominator);
}

/** The field of rational numbers; anything that is not rational, such as a sine, throws. */
export const rationals: Algebra<Rational> = partialAlgebra<Rational>('rational', {
  constant: rational,
  add: (x, y) =>
    fraction(
      x.numerator * y.denominator + y.numerator * x.denominator,
      x.denominator * y.denominator,
    ),
  sub: (x, y) =>
    fraction(
      x.numerator * y.denominator - y.numerator * x.denominator,
      x.denominator * y.denominator,
    ),
  mul: (x, y) => fraction(x.numerator * y.numerator, x.denominator * y.denominator),
  div: (x, y) => fraction(x.numerator * y.denominator, x.denominator * y.numerator),
  neg: (x) => ({ numerator: -x.numerator, denominator: x.denominator }),
});
