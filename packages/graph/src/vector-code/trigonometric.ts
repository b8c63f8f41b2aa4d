/**
 * Sine, cosine and tangent. |x| = n quarter turns + y + tail with |y| at most an eighth of a turn; polynomials give
 * sine and cosine of y, and n tells which of them is wanted, and its sign. The quarter turn is subtracted in three
 * parts (Cody and Waite), the first two so short that their products with n are exact. Where n is too large for that
 * the platform is called. Single precision computes in double.
 */
import type { Expression, Expressions, Precision } from './expressions.ts';
import { COSINE, SINE } from './coefficients.ts';
import { FORMAT, inDoubles, lanesOf, polynomial, type Unary } from './lanes.ts';

/** Parts of pi/2: two of 37 bits, and the rest. */
const QUARTER_TURN = [1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23] as const;

/** The largest argument: up to 2^16 times a part of 37 bits is exact. Single precision keeps the same. */
const LIMIT = 1e5;

/** |x| = n quarter turns + y + tail, with sine and cosine of y + tail. */
interface Turned {
  /** n as an integer, in the lowest bits. */
  readonly n: Expression;
  readonly sine: Expression;
  readonly cosine: Expression;
}

function turn(e: Expressions, x: Expression, precision: Precision): Turned {
  const { add, sub, mul, abs, constant } = lanesOf(e);
  const shift = constant(FORMAT.f64.roundingShift);
  const size = abs(x);
  const n = add(mul(size, constant(2 / Math.PI)), shift);
  const count = sub(n, shift);
  const [first, second, third] = QUARTER_TURN.map((part) => mul(count, constant(part))) as [
    Expression,
    Expression,
    Expression,
  ];
  const coarse = sub(size, first);
  const fine = sub(coarse, second);
  const one = constant(1);
  if (precision === 'f32') {
    const z = mul(fine, fine);
    const bow = sub(one, mul(constant(0.5), z));
    return {
      n,
      sine: add(fine, mul(mul(fine, z), polynomial(e, z, SINE.f32))),
      cosine: add(bow, mul(mul(z, z), polynomial(e, z, COSINE.f32))),
    };
  }
  const rest = sub(third, sub(sub(coarse, fine), second));
  const y = sub(fine, rest);
  const tail = sub(sub(fine, y), rest);
  const z = mul(y, y);
  const half = mul(constant(0.5), z);
  const bow = sub(one, half);
  const curve = mul(mul(y, z), polynomial(e, z, SINE.f64));
  // The cosine loses what 1 - z/2 rounds off, and -y tail is its change from y to y + tail.
  const lost = sub(sub(one, bow), half);
  const arch = sub(mul(mul(z, z), polynomial(e, z, COSINE.f64)), mul(y, tail));
  return {
    n,
    sine: add(y, add(curve, mul(tail, bow))),
    cosine: add(bow, add(lost, arch)),
  };
}

/** The mask of the lanes in which an integer is odd. */
function isOdd(e: Expressions, n: Expression): Expression {
  const one = e.integer(1n);
  return e.int('eq', e.instruction('v128.and', n, one), one);
}

/** x with its sign changed where this bit of an integer is set. */
function flip(e: Expressions, x: Expression, n: Expression, bit: 0 | 1): Expression {
  const { and, xor, constant } = lanesOf(e);
  return xor(x, and(e.shift('shl', n, 63 - bit), constant(-0)));
}

/** A function of turns for arguments of any size: the platform's where they are large. */
function periodic(
  name: string,
  combine: (e: Expressions, x: Expression, turned: Turned) => Expression,
): Unary {
  return (e, x) => {
    const { abs, less, constant } = lanesOf(e);
    const near = (wide: Expressions, y: Expression): Expression =>
      combine(wide, y, turn(wide, y, e.precision));
    const value = e.precision === 'f64' ? near(e, x) : inDoubles(e, [x], near);
    return e.callWhere(less(constant(LIMIT), abs(x)), name, [x], value);
  };
}

/** x, with its sign changed where y is negative. */
function timesSign(e: Expressions, x: Expression, y: Expression): Expression {
  const { and, xor, constant } = lanesOf(e);
  return xor(x, and(y, constant(-0)));
}

/** $\sin x$ */
export const sin: Unary = /* @__PURE__ */ periodic('sin', (e, x, { n, sine, cosine }) =>
  timesSign(e, flip(e, e.select(isOdd(e, n), cosine, sine), n, 1), x),
);

/** $\cos x$ */
export const cos: Unary = /* @__PURE__ */ periodic('cos', (e, _x, { n, sine, cosine }) =>
  flip(e, e.select(isOdd(e, n), sine, cosine), e.int('add', n, e.integer(1n)), 1),
);

/** $\tan x$ */
export const tan: Unary = /* @__PURE__ */ periodic('tan', (e, x, { n, sine, cosine }) => {
  const odd = isOdd(e, n);
  const quotient = lanesOf(e).div(e.select(odd, cosine, sine), e.select(odd, sine, cosine));
  return timesSign(e, flip(e, quotient, n, 0), x);
});
