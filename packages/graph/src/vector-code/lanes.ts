/**
 * The vocabulary in which elementary functions are written: arithmetic on lanes of either precision, polynomials,
 * and the layout of floating-point numbers for code that takes them apart.
 */
import type { Expression, Expressions, Precision } from './expressions.ts';

/** A function of one operand as vector code. */
export type Unary = (e: Expressions, x: Expression) => Expression;

type Binary = (x: Expression, y: Expression) => Expression;

/** Arithmetic on the lanes of `e`. */
export interface Lanes {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  /** The same number in every lane. */
  readonly constant: (value: number) => Expression;
  /** |x|, built so that it is the same expression for x and -x. */
  readonly abs: (x: Expression) => Expression;
  /** The smaller of x and a bound that is not NaN; NaN if x is. */
  readonly atMost: (x: Expression, bound: number) => Expression;
  /** The larger of x and a bound that is not NaN; NaN if x is. */
  readonly atLeast: (x: Expression, bound: number) => Expression;
  /** The mask of the lanes in which x is below y. */
  readonly less: Binary;
  /** The bits that both have. */
  readonly and: Binary;
  /** The bits that one of them has. */
  readonly or: Binary;
  /** The bits that differ. */
  readonly xor: Binary;
  /** x, which is not negative, with the sign of y. */
  readonly withSign: Binary;
  /** x with the lower half of its significand set to 0. */
  readonly head: (x: Expression) => Expression;
}

/** Arithmetic on the lanes of `e`. */
export function lanesOf(e: Expressions): Lanes {
  const constant = (value: number): Expression => e.constant(value);
  const binary =
    (name: string): Binary =>
    (x, y) =>
      e.real(name, x, y);
  const bitwise =
    (name: 'v128.and' | 'v128.or' | 'v128.xor'): Binary =>
    (x, y) =>
      e.instruction(name, x, y);
  const [and, or] = [bitwise('v128.and'), bitwise('v128.or')];
  const sign = constant(-0);
  // One instruction where the constant is at hand; engines take three for `abs`.
  const abs = (x: Expression): Expression =>
    e.instruction('v128.andnot', x.name === `${e.lanes}.neg` ? x.operands[0]! : x, sign);
  return {
    add: binary('add'),
    sub: binary('sub'),
    mul: binary('mul'),
    div: binary('div'),
    constant,
    abs,
    // `pmin(a, b)` is `b < a ? b : a`: one instruction, unlike `min`.
    atMost: (x, bound) => e.real('pmin', x, constant(bound)),
    atLeast: (x, bound) => e.real('pmax', x, constant(bound)),
    less: binary('lt'),
    and,
    or,
    xor: bitwise('v128.xor'),
    withSign: (x, y) => or(x, and(y, sign)),
    head: (x) => and(x, e.integer(FORMAT[e.precision].headMask)),
  };
}

/** How a precision lays out its numbers. */
interface Format {
  /** The bits of the significand that are stored. */
  readonly significandBits: number;
  /** What is added to exponents. */
  readonly bias: number;
  /** The bits of 1. */
  readonly one: bigint;
  /** Half of 2 to the significand's bits, times 3: a sum with it is an integer, in the lowest bits. */
  readonly roundingShift: number;
  /** 2 to the significand's bits, and its bits: an integer below, put into its lowest bits, becomes a number. */
  readonly integerShift: number;
  readonly integerShiftBits: bigint;
  /** All bits but the lower half of the significand. */
  readonly headMask: bigint;
  /** The smallest normal number. */
  readonly smallestNormal: number;
  /** Below, x + x^2/2 rounds to x. */
  readonly negligible: number;
  /** Below, x + x^3/2 rounds to x. */
  readonly trivial: number;
}

/** The layouts of both precisions. */
export const FORMAT: Readonly<Record<Precision, Format>> = {
  f64: {
    significandBits: 52,
    bias: 1023,
    one: 0x3ff0000000000000n,
    roundingShift: 1.5 * 2 ** 52,
    integerShift: 2 ** 52,
    integerShiftBits: 0x4330000000000000n,
    headMask: -(1n << 27n),
    smallestNormal: 2 ** -1022,
    negligible: 2 ** -54,
    trivial: 2 ** -27,
  },
  f32: {
    significandBits: 23,
    bias: 127,
    one: 0x3f800000n,
    roundingShift: 1.5 * 2 ** 23,
    integerShift: 2 ** 23,
    integerShiftBits: 0x4b000000n,
    headMask: -(1n << 12n),
    smallestNormal: 2 ** -126,
    negligible: 2 ** -25,
    trivial: 2 ** -12,
  },
};

/**
 * A polynomial by Estrin's scheme: neighbours are combined in pairs, level by level, so that the sums of a level do
 * not wait for each other.
 *
 * @param coefficients - the lowest power first.
 */
export function polynomial(
  e: Expressions,
  x: Expression,
  coefficients: readonly number[],
): Expression {
  const { add, mul, constant } = lanesOf(e);
  let terms = coefficients.map(constant);
  let power = x;
  while (terms.length > 1) {
    const pairs: Expression[] = [];
    for (let i = 0; i < terms.length; i += 2) {
      const [low, high] = [terms[i]!, terms[i + 1]];
      pairs.push(high === undefined ? low : add(low, mul(high, power)));
    }
    terms = pairs;
    if (terms.length > 1) power = mul(power, power);
  }
  return terms[0]!;
}

/** The first four bytes of each half, and the last: the lanes of two vectors of doubles as one of singles. */
const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const UPPER_FIRST = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/**
 * A function in single precision that computes in double: rounding errors on the way do not matter, and the result is
 * rounded once.
 *
 * @param compute - the function on doubles; `e` makes them.
 */
export function inDoubles(
  e: Expressions,
  operands: readonly Expression[],
  compute: (e: Expressions, ...operands: readonly Expression[]) => Expression,
): Expression {
  const wide = e.doubles;
  const half = (upper: boolean): Expression => {
    const values = operands.map((x) =>
      e.instruction('f64x2.promote_low_f32x4', upper ? e.shuffle(x, x, UPPER_FIRST) : x),
    );
    return e.instruction('f32x4.demote_f64x2_zero', compute(wide, ...values));
  };
  return e.shuffle(half(false), half(true), LOWER_HALVES);
}
