/**
 * Logarithms. x = 2^k m with m between sqrt(1/2) and sqrt(2), f = m - 1 and s = f / (2 + f), so that
 * ln m = 2 artanh s = f - f^2/2 + s (f^2/2 + R(s^2)): the large terms come last (the arrangement of Sun's fdlibm).
 */
import type { Expression, Expressions, Precision } from './expressions.ts';
import { LOGARITHM, LOGARITHM_TO_TWO, type Polynomial } from './coefficients.ts';
import { decay } from './exponential.ts';
import { FORMAT, lanesOf, polynomial, type Unary } from './lanes.ts';

/** A number as the sum of one with few bits and another. */
interface Split {
  readonly head: number;
  readonly tail: number;
}

interface Constants {
  /** The bits of sqrt(1/2). */
  readonly rootOfHalf: bigint;
  /** ln 2, the head so short that its multiples by exponents are exact. */
  readonly ln2: Split;
}

const CONSTANTS: Readonly<Record<Precision, Constants>> = {
  f64: {
    rootOfHalf: 0x3fe6a09e667f3bcdn,
    ln2: { head: 0.6931471803691238, tail: 1.9082149292705877e-10 },
  },
  f32: {
    rootOfHalf: 0x3f3504f3n,
    ln2: { head: 0.693145751953125, tail: 1.428606765330187e-6 },
  },
};

/** ln(1 + f) = f - half + rest. */
interface Mantissa {
  readonly f: Expression;
  readonly half: Expression;
  readonly rest: Expression;
}

/** The terms of ln(1 + f). */
function mantissaTerms(e: Expressions, f: Expression, coefficients: Polynomial): Mantissa {
  const { add, mul, div, constant } = lanesOf(e);
  const s = div(f, add(constant(2), f));
  const half = mul(constant(0.5), mul(f, f));
  return { f, half, rest: mul(s, add(half, artanhTerm(e, mul(s, s), coefficients))) };
}

/** (2 artanh s - 2 s) / s for the square of s. */
export function artanhTerm(
  e: Expressions,
  square: Expression,
  coefficients: Polynomial = LOGARITHM,
): Expression {
  return lanesOf(e).mul(square, polynomial(e, square, coefficients[e.precision]));
}

/** k and the terms of ln m, where x = 2^k m is positive, finite and, unless `subnormal`, a normal number. */
export function takeApart(
  e: Expressions,
  x: Expression,
  subnormal: boolean,
): Mantissa & { readonly k: Expression } {
  const { add, sub, mul, less, and, or, constant } = lanesOf(e);
  const { significandBits, one, bias, integerShift, integerShiftBits, smallestNormal } =
    FORMAT[e.precision];
  const { rootOfHalf } = CONSTANTS[e.precision];
  const lift = significandBits + 2;
  const tiny = less(x, constant(smallestNormal));
  const normal = subnormal ? e.select(tiny, mul(x, constant(2 ** lift)), x) : x;
  // With the exponent moved on by 1/2, the exponent field counts from sqrt(1/2).
  const bits = e.int('add', normal, e.integer(one - rootOfHalf));
  const field = or(e.shift('shr_u', bits, significandBits), e.integer(integerShiftBits));
  const exponent = sub(field, constant(integerShift + bias));
  const k = subnormal ? sub(exponent, and(tiny, constant(lift))) : exponent;
  const significand = and(bits, e.integer((1n << BigInt(significandBits)) - 1n));
  const m = e.int('add', significand, e.integer(rootOfHalf));
  return { k, ...mantissaTerms(e, add(m, constant(-1)), LOGARITHM) };
}

/** k ln 2 + ln(1 + f), with a small addend. */
function compose(
  e: Expressions,
  k: Expression,
  { f, half, rest }: Mantissa,
  addend?: Expression,
): Expression {
  const { add, sub, mul, constant } = lanesOf(e);
  const { head, tail } = CONSTANTS[e.precision].ln2;
  const low = mul(k, constant(tail));
  const small = add(rest, addend === undefined ? low : add(low, addend));
  return sub(mul(k, constant(head)), sub(sub(half, small), f));
}

/** A logarithm with its values off the positive numbers: at 0, below, at Infinity and at NaN. */
function onDomain(e: Expressions, x: Expression, logarithm: Expression): Expression {
  const { less, or, constant } = lanesOf(e);
  const zero = constant(0);
  const finite = e.select(less(x, constant(Infinity)), logarithm, x);
  // All bits set are NaN.
  const outside = or(e.real('ne', x, zero), constant(-Infinity));
  return e.select(less(zero, x), finite, outside);
}

/** $\ln x$ */
export const log: Unary = (e, x) => {
  const parts = takeApart(e, x, true);
  return onDomain(e, x, compose(e, parts.k, parts));
};

/**
 * ln(1 + x + addend) + doublings ln 2 without cancellation, for x from 0 below the largest number. What the sum loses
 * is carried along, divided by it.
 */
export function logOfSum(
  e: Expressions,
  x: Expression,
  addend?: Expression,
  doublings?: Expression,
): Expression {
  const { add, sub, div, constant } = lanesOf(e);
  const one = constant(1);
  const sum = add(one, x);
  const virtual = sub(sum, one);
  const lost = add(sub(one, sub(sum, virtual)), sub(x, virtual));
  const parts = takeApart(e, sum, false);
  const correction = div(addend === undefined ? lost : add(lost, addend), sum);
  const k = doublings === undefined ? parts.k : add(parts.k, doublings);
  return compose(e, k, parts, correction);
}

/** $\ln(1 + x)$ */
export const log1p: Unary = (e, x) => {
  const { add, constant } = lanesOf(e);
  const one = constant(1);
  const sum = add(one, x);
  // Where the sum is 1, x is the result, be it -0.
  return e.select(e.real('eq', sum, one), x, onDomain(e, sum, logOfSum(e, x)));
};

/**
 * k perTwo + ln(1 + f) factor: the logarithm in another base. The products of heads are exact.
 *
 * @param perTwo - the logarithm of 2 in that base; 1 for base 2.
 */
function inBase(e: Expressions, x: Expression, perTwo: Split, factor: Split): Expression {
  const { add, sub, mul, head, constant } = lanesOf(e);
  const { k, f, half, rest } = takeApart(e, x, true);
  const high = head(sub(f, half));
  const low = add(sub(sub(f, high), half), rest);
  const product = mul(high, constant(factor.head));
  const small = add(mul(add(low, high), constant(factor.tail)), mul(low, constant(factor.head)));
  const whole = mul(k, constant(perTwo.head));
  const sum = add(whole, product);
  const lost = add(sub(whole, sum), product);
  const tail = perTwo.tail === 0 ? small : add(small, mul(k, constant(perTwo.tail)));
  return onDomain(e, x, add(add(tail, lost), sum));
}

/** 1 / ln 2 and 1 / ln 10, the heads no longer than half a significand; log10 2, the head so short as that of ln 2. */
const PER_LN2: Readonly<Record<Precision, Split>> = {
  f64: { head: 1.4426950216293335, tail: 1.9259629911266175e-8 },
  f32: { head: 1.4423828125, tail: 0.00031222839606925845 },
};
const PER_LN10: Readonly<Record<Precision, Split>> = {
  f64: { head: 0.4342944771051407, tail: 4.798111141615973e-9 },
  f32: { head: 0.4342041015625, tail: 9.038033749675378e-5 },
};
const LOG10_OF_2: Readonly<Record<Precision, Split>> = {
  f64: { head: 0.3010299950838089, tail: 5.801722962879576e-10 },
  f32: { head: 0.301025390625, tail: 4.605039066518657e-6 },
};

/** $\log_2 x$; exact for powers of 2. */
export const log2: Unary = (e, x) => inBase(e, x, { head: 1, tail: 0 }, PER_LN2[e.precision]);

/** $\log_{10} x$ */
export const log10: Unary = (e, x) => inBase(e, x, LOG10_OF_2[e.precision], PER_LN10[e.precision]);

/** $\ln(1 + e^x)$ as max(x, 0) + ln(1 + d) with $d = e^{-|x|}$ from 0 to 1, where 1 + d needs no taking apart. */
export const softplus: Unary = (e, x) => {
  const { add, sub, atLeast } = lanesOf(e);
  const d = decay(e, x);
  const { f, half, rest } = mantissaTerms(e, d, LOGARITHM_TO_TWO);
  return add(atLeast(x, 0), sub(f, sub(half, rest)));
};
