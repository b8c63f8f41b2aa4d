/**
 * Powers: x^y = 2^(y log2 |x|). In double precision the exponent may be 1000, so the logarithm is needed with some 12
 * bits more than a double has: every number below that ends in `Head` has at most 26 bits, so that products of heads
 * are exact, and is completed by a `Tail` (the method of Sun's fdlibm). Single precision computes in doubles.
 */
import type { Expression, Expressions } from './expressions.ts';
import { LOGARITHM_REMAINDER } from './coefficients.ts';
import { growth, scale } from './exponential.ts';
import { FORMAT, inDoubles, lanesOf, polynomial } from './lanes.ts';
import { takeApart } from './logarithm.ts';

/** A number as an unevaluated sum. */
interface Pair {
  readonly head: Expression;
  readonly tail: Expression;
}

/** 2 / (3 ln 2) */
const PER_LN2 = { head: 0.9617966860532761, tail: 7.872699542894897e-9 } as const;
const LN2 = { head: 0.6931471675634384, tail: 1.2996506893889889e-8 } as const;
/** The larger exponents give the same results, unless they are infinite. */
const LARGEST_EXPONENT = 2 ** 64;
/** Powers of 2 beyond this and its negative are infinite and 0. */
const LARGEST_POWER = 1100;

/** log2 x for positive normal x. */
function log2Pair(e: Expressions, x: Expression): Pair {
  const { add, sub, mul, div, head, constant } = lanesOf(e);
  const { k, f } = takeApart(e, x, false);
  const [two, three] = [constant(2), constant(3)];

  // s = f / (2 + f), the argument of artanh.
  const divisor = add(two, f);
  const inverse = div(constant(1), divisor);
  const s = mul(f, inverse);
  const sHead = head(s);
  const divisorHead = head(divisor);
  const divisorTail = add(sub(divisor, divisorHead), sub(f, sub(divisor, two)));
  const sTail = mul(inverse, sub(sub(f, mul(sHead, divisorHead)), mul(sHead, divisorTail)));

  // 3 artanh s = s (3 + s^2 + remainder)
  const square = mul(s, s);
  const higher = mul(mul(square, square), polynomial(e, square, LOGARITHM_REMAINDER));
  const squareHead = mul(sHead, sHead);
  const remainder = add(higher, mul(sTail, add(sHead, s)));
  const factorHead = head(add(add(three, squareHead), remainder));
  const factorTail = sub(remainder, sub(sub(factorHead, three), squareHead));
  const product = mul(sHead, factorHead);
  const rest = add(mul(sTail, factorHead), mul(factorTail, s));
  const artanhHead = head(add(product, rest));
  const artanhTail = sub(rest, sub(artanhHead, product));

  const main = mul(artanhHead, constant(PER_LN2.head));
  const small = add(
    mul(artanhHead, constant(PER_LN2.tail)),
    mul(artanhTail, constant(PER_LN2.head + PER_LN2.tail)),
  );
  const logarithmHead = head(add(add(main, small), k));
  return { head: logarithmHead, tail: sub(small, sub(sub(logarithmHead, k), main)) };
}

/** 2^(head + tail) */
function exp2(e: Expressions, { head: h, tail: t }: Pair): Expression {
  const { add, sub, mul, head, constant } = lanesOf(e);
  const shift = constant(FORMAT.f64.roundingShift);
  const n = add(add(h, t), shift);
  const fraction = sub(h, sub(n, shift));
  const f = add(fraction, t);
  const fHead = head(f);
  const fTail = add(sub(f, fHead), sub(t, sub(f, fraction)));
  const main = mul(fHead, constant(LN2.head));
  const small = add(mul(fHead, constant(LN2.tail)), mul(fTail, constant(Math.LN2)));
  const r = add(main, small);
  const lost = sub(small, sub(r, main));
  return scale(e, add(constant(1), add(r, add(lost, growth(e, r, 'f64')))), n);
}

/** x^y for positive normal x and finite y. */
function power(e: Expressions, x: Expression, y: Expression): Expression {
  const { add, sub, mul, head, atMost, atLeast } = lanesOf(e);
  const bounded = (z: Expression, bound: number): Expression => atLeast(atMost(z, bound), -bound);
  const exponent = bounded(y, LARGEST_EXPONENT);
  const logarithm = log2Pair(e, x);
  const yHead = head(exponent);
  const main = mul(yHead, logarithm.head);
  const small = add(mul(sub(exponent, yHead), logarithm.head), mul(exponent, logarithm.tail));
  return exp2(e, { head: bounded(main, LARGEST_POWER), tail: bounded(small, 1) });
}

/** x^y for singles in doubles: positive x and finite y. */
function singlePower(e: Expressions, x: Expression, y: Expression): Expression {
  const { add, sub, mul, atMost, atLeast, constant } = lanesOf(e);
  const { k, f, half, rest } = takeApart(e, x, false);
  const logarithm = add(k, mul(sub(f, sub(half, rest)), constant(Math.LOG2E)));
  const product = atLeast(atMost(mul(y, logarithm), LARGEST_POWER), -LARGEST_POWER);
  const shift = constant(FORMAT.f64.roundingShift);
  const n = add(product, shift);
  const r = mul(sub(product, sub(n, shift)), constant(Math.LN2));
  return scale(e, add(constant(1), add(r, growth(e, r, 'f32'))), n);
}

/**
 * $x^y$; negative x have powers for integers y. The platform's for x that is 0, infinite, NaN or, in double precision,
 * subnormal, and for y infinite or NaN.
 */
export function pow(e: Expressions, x: Expression, y: Expression): Expression {
  const { abs, and, or, xor, mul, less, constant } = lanesOf(e);
  const size = abs(x);
  const magnitude =
    e.precision === 'f64'
      ? power(e, size, y)
      : inDoubles(e, [size, y], (wide, a, b) => singlePower(wide, a, b));
  const isWhole = (z: Expression): Expression => e.real('eq', e.real('trunc', z), z);
  const not = (mask: Expression): Expression => e.instruction('v128.not', mask);
  const negative = less(x, constant(0));
  const [whole, even] = [isWhole(y), isWhole(mul(y, constant(0.5)))];
  const flipped = and(e.instruction('v128.andnot', negative, even), constant(-0));
  // All bits set are NaN.
  const value = or(xor(magnitude, flipped), e.instruction('v128.andnot', negative, whole));

  const infinity = constant(Infinity);
  const lowest = e.precision === 'f64' ? FORMAT.f64.smallestNormal : 2 ** -149;
  const ordinary = and(
    and(e.real('ge', size, constant(lowest)), less(size, infinity)),
    less(abs(y), infinity),
  );
  return e.callWhere(not(ordinary), 'pow', [x, y], value);
}
