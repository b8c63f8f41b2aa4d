/**
 * Angles. An arctangent is that of a number up to tan(pi/8), plus 0, an eighth or a quarter of a turn (the
 * arrangement of Moshier's Cephes); arcsine and arccosine beyond 1/2 are those of the half angle. Constants that are
 * added come in two parts.
 */
import type { Expression, Expressions, Precision } from './expressions.ts';
import { ARCSINE, ARCTANGENT } from './coefficients.ts';
import { FORMAT, lanesOf, polynomial, type Unary } from './lanes.ts';

/** pi/2 as the sum of two numbers of the precision. */
const QUARTER_TURN: Readonly<Record<Precision, { readonly head: number; readonly tail: number }>> =
  {
    f64: { head: 1.5707963267948966, tail: 6.123233995736766e-17 },
    f32: { head: 1.5707963705062866, tail: -4.371138828673793e-8 },
  };

/** Tangents of an eighth and three eighths of a half turn. */
const [TAN_LOW, TAN_HIGH] = [Math.SQRT2 - 1, Math.SQRT2 + 1];

/** The angle of a point in the first quadrant, neither both 0 nor both infinite. */
function angle(e: Expressions, ordinate: Expression, abscissa: Expression): Expression {
  const { add, sub, mul, div, and, less, constant } = lanesOf(e);
  const { head, tail } = QUARTER_TURN[e.precision];
  const steep = less(mul(abscissa, constant(TAN_HIGH)), ordinate);
  const middle = less(mul(abscissa, constant(TAN_LOW)), ordinate);
  const numerator = e.select(steep, e.real('neg', abscissa), sub(ordinate, and(middle, abscissa)));
  const denominator = e.select(steep, ordinate, add(abscissa, and(middle, ordinate)));
  const t = div(numerator, denominator);
  const z = mul(t, t);
  const curve = mul(mul(t, z), polynomial(e, z, ARCTANGENT[e.precision]));
  /** An eighth of a turn where `middle`, a quarter where `steep`. */
  const turned = (quarter: number): Expression => {
    const eighth = constant(quarter / 2);
    return add(and(middle, eighth), and(steep, eighth));
  };
  return add(turned(head), add(t, add(curve, turned(tail))));
}

/** $\arctan x$ */
export const atan: Unary = (e, x) => {
  const { abs, withSign, constant } = lanesOf(e);
  return withSign(angle(e, abs(x), constant(1)), x);
};

/** The angle of the point (y, x); the platform's at the ends of the range, where products would be inexact. */
export function atan2(e: Expressions, y: Expression, x: Expression): Expression {
  const { add, sub, abs, and, less, withSign, constant } = lanesOf(e);
  const { head, tail } = QUARTER_TURN[e.precision];
  const [ordinate, abscissa] = [abs(y), abs(x)];
  const acute = angle(e, ordinate, abscissa);
  const obtuse = sub(constant(2 * head), sub(acute, constant(2 * tail)));
  // The sign of x, as a mask of its bit: what is wanted of -0 too.
  const left = e.integers === 'i64x2' ? negativeDoubles(e, x) : e.shift('shr_s', x, 31);
  const value = withSign(e.select(left, obtuse, acute), y);
  const sum = add(ordinate, abscissa);
  const smallest = constant(16 * FORMAT[e.precision].smallestNormal);
  const ordinary = and(less(smallest, sum), less(sum, constant(Infinity)));
  return e.callWhere(e.instruction('v128.not', ordinary), 'atan2', [y, x], value);
}

/** The mask of the lanes whose sign bit is set: that of the upper half, in both halves. */
function negativeDoubles(e: Expressions, x: Expression): Expression {
  const signs = e.shift('shr_s', x, 31, 'i32x4');
  return e.shuffle(signs, signs, [4, 5, 6, 7, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15]);
}

/** Where |x| is above 1/2, arcsin s + s for s = sqrt((1 - |x|) / 2); else for s = |x|. */
function arcsine(
  e: Expressions,
  x: Expression,
): { readonly beyond: Expression; readonly s: Expression; readonly curve: Expression } {
  const { sub, mul, abs, less, constant } = lanesOf(e);
  const [size, half] = [abs(x), constant(0.5)];
  const beyond = less(half, size);
  const z = e.select(beyond, mul(half, sub(constant(1), size)), mul(size, size));
  const s = e.select(beyond, e.real('sqrt', z), size);
  return { beyond, s, curve: mul(mul(s, z), polynomial(e, z, ARCSINE[e.precision])) };
}

/** $\arcsin x$; beyond 1/2 a quarter turn less twice the arcsine of s. */
export const asin: Unary = (e, x) => {
  const { add, sub, withSign, constant } = lanesOf(e);
  const { head, tail } = QUARTER_TURN[e.precision];
  const { beyond, s, curve } = arcsine(e, x);
  const [quarter, twice] = [constant(head), add(s, s)];
  const main = sub(quarter, twice);
  const lost = sub(sub(quarter, main), twice);
  const far = add(main, add(lost, sub(constant(tail), add(curve, curve))));
  return withSign(e.select(beyond, far, add(s, curve)), x);
};

/** $\arccos x$; beyond 1/2 twice the arcsine of s, below -1/2 half a turn less that. */
export const acos: Unary = (e, x) => {
  const { add, sub, and, less, withSign, constant } = lanesOf(e);
  const { head, tail } = QUARTER_TURN[e.precision];
  const { beyond, s, curve } = arcsine(e, x);
  const [signedS, signedCurve] = [withSign(s, x), withSign(curve, x)];
  const near = sub(constant(head), sub(signedS, sub(constant(tail), signedCurve)));
  const negative = less(x, constant(0));
  const main = add(and(negative, constant(head)), signedS);
  const half = add(main, add(and(negative, constant(tail)), signedCurve));
  return e.select(beyond, add(half, half), near);
};
