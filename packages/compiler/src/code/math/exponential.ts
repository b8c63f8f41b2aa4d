/**
 * e^x and what is made of it. x = n ln 2 + r with |r| at most half of ln 2, and e^x = 2^n e^r with a polynomial for
 * e^r. The multiple of ln 2 is subtracted in two parts, the first so short that its product with n is exact; what
 * rounding r loses is kept in a correction.
 */
import type { Expression, Expressions, Precision } from '../expression.ts';
import { EXPONENTIAL } from './coefficients.ts';
import { FORMAT, lanesOf, polynomial, type Unary } from './lanes.ts';

interface Constants {
  /** The leading bits of ln 2, so few that multiples are exact. */
  readonly ln2Head: number;
  /** The rest of ln 2. */
  readonly ln2Tail: number;
  /** Below, e^x is 0. */
  readonly lowest: number;
  /** Above, e^x is infinite. */
  readonly highest: number;
  /** Below -x, e^x - 1 is -1; above x, tanh x is 1. */
  readonly saturated: number;
}

const CONSTANTS: Readonly<Record<Precision, Constants>> = {
  f64: {
    ln2Head: 6.9314718036912381649e-1,
    ln2Tail: 1.90821492927058770002e-10,
    lowest: -746,
    highest: 710,
    saturated: 40,
  },
  f32: {
    ln2Head: 0.693145751953125,
    ln2Tail: 1.428606765330187e-6,
    lowest: -104,
    highest: 89,
    saturated: 20,
  },
};

/** x = n ln 2 + r + correction, and e^r = 1 + r + curve. */
interface Reduced {
  /** n as an integer, in the lowest bits: enough for an exponent. */
  readonly n: Expression;
  readonly r: Expression;
  readonly curve: Expression;
  /** Half a unit in the last place of r at most, and the addend. */
  readonly correction: Expression;
}

/**
 * Takes apart an argument that is not too large.
 *
 * @param addend - a small number to add, which would be lost in x.
 * @param accuracy - the precision of the result, where that is not the one of the lanes.
 */
export function reduceExponent(
  e: Expressions,
  x: Expression,
  addend?: Expression,
  accuracy: Precision = e.precision,
): Reduced {
  const { add, sub, mul, constant } = lanesOf(e);
  const { ln2Head, ln2Tail } = CONSTANTS[e.precision];
  const shift = constant(FORMAT[e.precision].roundingShift);
  const n = add(mul(x, constant(Math.LOG2E)), shift);
  const count = sub(n, shift);
  const head = sub(x, mul(count, constant(ln2Head)));
  const product = mul(count, constant(ln2Tail));
  const tail = addend === undefined ? product : sub(product, addend);
  const r = sub(head, tail);
  return { n, r, curve: growth(e, r, accuracy), correction: sub(sub(head, r), tail) };
}

/** e^r - 1 - r for |r| up to half of ln 2. */
export function growth(e: Expressions, r: Expression, accuracy: Precision): Expression {
  const { mul } = lanesOf(e);
  return mul(mul(r, r), polynomial(e, r, EXPONENTIAL[accuracy]));
}

/** 2^n times 2^-`halvings` for an integer in the lowest bits, if that is a normal number. */
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
  const bounded = atLeast(atMost(x, highest + halvings), lowest);
  const { n, r, curve } = reduceExponent(e, bounded);
  return scale(e, add(constant(1), add(r, curve)), n, halvings);
}

/** e^x for x up to 0 with an error of little more than half a unit in the last place. */
export function preciseExp(e: Expressions, x: Expression): Expression {
  const { add, sub, atLeast, constant } = lanesOf(e);
  const { n, r, curve, correction } = reduceExponent(e, atLeast(x, CONSTANTS[e.precision].lowest));
  const one = constant(1);
  const sum = add(one, r);
  const lost = sub(r, sub(sum, one));
  return scale(e, add(sum, add(lost, add(correction, curve))), n);
}

/** $e^x$ */
export const exp: Unary = (e, x) => scaledExp(e, x);

/**
 * (e^x - 1) 2^-`halvings` with its relative accuracy near 0, except for subnormal numbers, whose last bits it loses.
 *
 * 2^n (1 + r + rest) - 1 is the sum of 2^n - 1, of 2^n r and of small terms; what the first sum loses joins them.
 * Each is scaled, lest 2^n overflow.
 */
export function scaledExpm1(e: Expressions, x: Expression, halvings: number): Expression {
  const { add, sub, mul, constant } = lanesOf(e);
  const { n, r, curve, correction } = reduceExponent(e, x);
  const factor = powerOfTwo(e, n, halvings);
  const step = sub(factor, constant(2 ** -halvings));
  const slope = mul(factor, r);
  const sum = add(step, slope);
  const lost = sub(slope, sub(sum, step));
  return add(sum, add(lost, mul(factor, add(correction, curve))));
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
 * negative x. The latter is computed as $d - d^2 / (1 + d)$, which hides the rounding of the sum, and with the
 * division of the former: the derivative needs both.
 */
export const sigmoid: Unary = (e, x) => {
  const { add, sub, mul, div, abs, less, constant } = lanesOf(e);
  const one = constant(1);
  const decay = preciseExp(e, e.real('neg', abs(x)));
  const upper = div(one, add(one, decay));
  const lower = sub(decay, mul(decay, mul(decay, upper)));
  return e.select(less(x, constant(0)), lower, upper);
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
