/**
 * e^x and what is made of it. x = n ln 2 + r with |r| at most half of ln 2, and e^x = 2^n e^r with a polynomial for
 * e^r. The multiple of ln 2 is subtracted in two parts, the first so short that its product with n is exact: where
 * every bit counts, r is kept as the difference of a head and a tail.
 */
import type { Expression, Expressions, Precision } from './expressions.ts';
import { EXPONENTIAL } from './coefficients.ts';
import { FORMAT, lanesOf, polynomial, type Unary } from './lanes.ts';

interface Constants {
  /** The leading bits of ln 2, so few that multiples are exact. */
  readonly ln2Head: number;
  /** The rest of ln 2. */
  readonly ln2Tail: number;
  /**
   * Below, e^x is 0: an exponent of which both halves are that of 0, so that it is a product with 0. Processors take
   * many times as long for products that are too small for a normal number.
   */
  readonly lowest: number;
  /** The same for the exponent of a decay, which is not halved. */
  readonly decayed: number;
  /** Above, e^x is infinite. */
  readonly highest: number;
  /** Below -x, e^x - 1 is -1; above x, tanh x is 1. */
  readonly saturated: number;
}

const CONSTANTS: Readonly<Record<Precision, Constants>> = {
  f64: {
    ln2Head: 6.9314718036912381649e-1,
    ln2Tail: 1.90821492927058770002e-10,
    lowest: -1418,
    decayed: -746.5,
    highest: 710,
    saturated: 40,
  },
  f32: {
    ln2Head: 0.693145751953125,
    ln2Tail: 1.428606765330187e-6,
    lowest: -176,
    decayed: -105.4,
    highest: 89,
    saturated: 20,
  },
};

/** x = n ln 2 + head - tail, and e^(head - tail) = 1 + head - tail + curve. */
interface Reduced {
  /** n as an integer, in the lowest bits: enough for an exponent. */
  readonly n: Expression;
  /** Exact, while r, the difference, is rounded. */
  readonly head: Expression;
  readonly tail: Expression;
  readonly r: Expression;
  readonly curve: Expression;
}

/**
 * Takes apart an argument that is not too large.
 *
 * @param less - a small number to subtract, which would be lost in x.
 * @param accuracy - the precision of the result, where that is not the one of the lanes.
 */
export function reduceExponent(
  e: Expressions,
  x: Expression,
  less?: Expression,
  accuracy: Precision = e.precision,
): Reduced {
  const { add, sub, mul, constant } = lanesOf(e);
  const { ln2Head, ln2Tail } = CONSTANTS[e.precision];
  const shift = constant(FORMAT[e.precision].roundingShift);
  const n = add(mul(x, constant(Math.LOG2E)), shift);
  const count = sub(n, shift);
  const head = sub(x, mul(count, constant(ln2Head)));
  const product = mul(count, constant(ln2Tail));
  const tail = less === undefined ? product : add(product, less);
  const r = sub(head, tail);
  return { n, head, tail, r, curve: growth(e, r, accuracy) };
}

/**
 * e^r - 1 - r for |r| up to half of ln 2. As $e^r = (2 - c + 2 r) / (2 - c)$ with $c = r - r^2 P(r^2)$, it is
 * $r c / (2 - c)$: an even function and a division take less time than a polynomial in r.
 */
export function growth(e: Expressions, r: Expression, accuracy: Precision): Expression {
  const { sub, mul, div, constant } = lanesOf(e);
  const square = mul(r, r);
  const c = sub(r, mul(square, polynomial(e, square, EXPONENTIAL[accuracy])));
  return div(mul(r, c), sub(constant(2), c));
}

/** 2^n times 2^-`halvings` for an integer n in the lowest bits, if that is a normal number; 0 in place of the one before. */
function powerOfTwo(e: Expressions, n: Expression, halvings = 0): Expression {
  const { significandBits, one } = FORMAT[e.precision];
  const exponent = one - (BigInt(halvings) << BigInt(significandBits));
  return e.int('add', e.shift('shl', n, significandBits), e.integer(exponent));
}

/** x times 2^n 2^-`halvings`: rounded once if the result is subnormal, infinite if it is too large. */
export function scale(e: Expressions, x: Expression, n: Expression, halvings = 0): Expression {
  const { mul } = lanesOf(e);
  // Two factors, since 2^n itself may not be a number. Of n and its half only the lowest bits count.
  const half = e.shift('shr_s', n, 1, 'i32x4');
  return mul(mul(x, powerOfTwo(e, half)), powerOfTwo(e, e.int('sub', n, half), halvings));
}

/** e^x 2^-`halvings`; with one it reaches as far as the hyperbolic functions. */
export function scaledExp(e: Expressions, x: Expression, halvings = 0): Expression {
  const { add, atLeast, atMost, constant } = lanesOf(e);
  const { lowest, highest } = CONSTANTS[e.precision];
  const bounded = atLeast(atMost(x, highest + halvings), lowest + halvings);
  const { n, r, curve } = reduceExponent(e, bounded);
  return scale(e, add(constant(1), add(r, curve)), n, halvings);
}

/** $e^{-|x|}$ with an error of little more than half a unit in the last place. */
export function decay(e: Expressions, x: Expression): Expression {
  const { add, sub, mul, or, atLeast, constant } = lanesOf(e);
  const bounded = atLeast(or(x, constant(-0)), CONSTANTS[e.precision].decayed);
  const { n, head, tail, curve } = reduceExponent(e, bounded);
  const one = constant(1);
  const sum = add(one, head);
  const lost = sub(head, sub(sum, one));
  const power = add(sum, add(lost, sub(curve, tail)));
  // As n is not positive, one factor that is a normal number and one that is constant will do.
  const lift = FORMAT[e.precision].significandBits + 2;
  return mul(mul(power, powerOfTwo(e, n, -lift)), constant(2 ** -lift));
}

/** $e^x$ */
export const exp: Unary = (e, x) => scaledExp(e, x);

/**
 * (e^x - 1) 2^-`halvings` with its relative accuracy near 0, except for subnormal numbers, whose last bits it loses.
 *
 * 2^n (1 + head + ...) - 1 is the sum of 2^n - 1, of 2^n head and of small terms; what the first sum loses joins them.
 * Each is scaled, lest 2^n overflow.
 */
export function scaledExpm1(e: Expressions, x: Expression, halvings: number): Expression {
  const { add, sub, mul, constant } = lanesOf(e);
  const { n, head, tail, curve } = reduceExponent(e, x);
  const factor = powerOfTwo(e, n, halvings);
  const step = sub(factor, constant(2 ** -halvings));
  const slope = mul(factor, head);
  const sum = add(step, slope);
  const lost = sub(slope, sub(sum, step));
  return add(sum, add(lost, mul(factor, sub(curve, tail))));
}

/** $e^x - 1$ */
export const expm1: Unary = (e, x) => {
  const { add, abs, atLeast, atMost, less, constant } = lanesOf(e);
  const { highest, saturated } = CONSTANTS[e.precision];
  const half = scaledExpm1(e, atLeast(atMost(x, highest), -saturated), 1);
  const tiny = less(abs(x), constant(FORMAT[e.precision].negligible));
  return e.select(tiny, x, add(half, half));
};

/**
 * $1 / (1 + e^{-x})$ by $d = e^{-|x|}$, so that nothing cancels or overflows: $1 / (1 + d)$, or $d / (1 + d)$ for
 * negative x. Where d is small, $d - d q$ with this quotient q hides the rounding of 1 + d.
 */
export const sigmoid: Unary = (e, x) => {
  const { add, sub, mul, div, less, constant } = lanesOf(e);
  const one = constant(1);
  const d = decay(e, x);
  const quotient = div(e.select(less(x, constant(0)), d, one), add(one, d));
  const refined = sub(d, mul(d, quotient));
  return e.select(less(x, constant(-Math.LN2)), refined, quotient);
};

/**
 * $\tanh x = h / (h + 1)$ with $h = (e^{2 |x|} - 1) / 2$, and the sign of x. Where h is small the rounding of h + 1
 * shows; $h - h q$ with the quotient q hides it.
 */
export const tanh: Unary = (e, x) => {
  const { add, sub, mul, div, abs, atMost, less, withSign, constant } = lanesOf(e);
  const size = atMost(abs(x), CONSTANTS[e.precision].saturated);
  const half = scaledExpm1(e, add(size, size), 1);
  const quotient = div(half, add(half, constant(1)));
  const refined = sub(half, mul(half, quotient));
  return withSign(e.select(less(half, constant(0.5)), refined, quotient), x);
};
