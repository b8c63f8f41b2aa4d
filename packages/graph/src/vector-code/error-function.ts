/**
 * The error function and its complement: up to 25/32 by erf x = x + x P(x^2), beyond by
 * erfc x = e^(-x^2) Q(t) / x with t = (x - 3/2) / (x + 3/2), where Q hardly changes. In double precision x^2 is split into
 * the square of a head, which is exact, and the rest; in single precision it is exact in doubles.
 */
import type { Expression, Expressions, Precision } from './expressions.ts';
import { ERROR_FAR, ERROR_FAR_TAIL, ERROR_NEAR } from './coefficients.ts';
import { reduceExponent, scale } from './exponential.ts';
import { inDoubles, lanesOf, polynomial, type Unary } from './lanes.ts';

/** Where one approximation takes over from the other. */
const SPLIT = 25 / 32;
/** From here on erfc is 0. */
const VANISHED = 28;
/** What Q is, to a quarter. */
const TYPICAL = 0.53;

/** erf x - x for |x| up to the split. */
function near(e: Expressions, x: Expression, accuracy: Precision): Expression {
  const { mul } = lanesOf(e);
  return mul(x, polynomial(e, mul(x, x), ERROR_NEAR[accuracy]));
}

/** erfc |x| from the split on. */
function far(e: Expressions, x: Expression, accuracy: Precision): Expression {
  const { add, sub, mul, div, abs, atMost, head, constant } = lanesOf(e);
  const size = atMost(abs(x), VANISHED);
  const centre = constant(1.5);
  const t = div(sub(size, centre), add(size, centre));
  // The constant is by far the largest term and comes last; in doubles, what that sum
  // and the quotient lose is put right below.
  const [first, ...others] = ERROR_FAR[accuracy];
  const constantTerm = constant(first!);
  const variable = mul(t, polynomial(e, t, others));
  const sum = add(constantTerm, variable);
  const factor = div(sum, size);
  if (accuracy === 'f32') {
    const { n, r, curve } = reduceExponent(e, e.real('neg', mul(size, size)), undefined, 'f32');
    return scale(e, add(factor, mul(factor, add(r, curve))), n);
  }
  const large = head(size);
  const {
    n,
    r,
    head: exact,
    tail,
    curve,
  } = reduceExponent(e, e.real('neg', mul(large, large)), mul(sub(size, large), add(size, large)));
  const lost = sub(variable, sub(sum, constantTerm));
  const factorHead = head(factor);
  const product = add(mul(factorHead, sub(size, large)), mul(sub(factor, factorHead), size));
  const remainder = sub(sub(sum, mul(factorHead, large)), product);
  const relative = mul(add(add(lost, remainder), constant(ERROR_FAR_TAIL)), constant(1 / TYPICAL));
  const rest = add(curve, add(sub(sub(exact, r), tail), relative));
  return scale(e, add(factor, mul(factor, add(r, rest))), n);
}

/** One of the two functions, in doubles for either precision. */
function inEither(
  compute: (e: Expressions, x: Expression, accuracy: Precision) => Expression,
): Unary {
  return (e, x) =>
    e.precision === 'f64'
      ? compute(e, x, 'f64')
      : inDoubles(e, [x], (wide, y) => compute(wide, y, 'f32'));
}

/** $\operatorname{erf} x$ */
export const erf: Unary = /* @__PURE__ */ inEither((e, x, accuracy) => {
  const { add, sub, abs, less, withSign, constant } = lanesOf(e);
  const beyond = withSign(sub(constant(1), far(e, x, accuracy)), x);
  return e.select(less(abs(x), constant(SPLIT)), add(x, near(e, x, accuracy)), beyond);
});

/** $\operatorname{erfc} x = 1 - \operatorname{erf} x$, without cancellation for large x. */
export const erfc: Unary = /* @__PURE__ */ inEither((e, x, accuracy) => {
  const { add, sub, abs, and, less, constant } = lanesOf(e);
  const tail = far(e, x, accuracy);
  const beyond = e.select(less(x, constant(0)), sub(constant(2), tail), tail);
  // From 1/4 on, 1/2 is taken from both 1 and x, and then 3/4; both are exact, and leave less to round.
  const pivot = add(
    and(less(constant(0.25), x), constant(0.5)),
    and(less(constant(0.625), x), constant(0.25)),
  );
  const inner = add(sub(x, pivot), near(e, x, accuracy));
  return e.select(less(abs(x), constant(SPLIT)), sub(sub(constant(1), pivot), inner), beyond);
});
