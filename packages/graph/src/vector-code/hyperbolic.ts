/** Hyperbolic functions by the exponential, and their inverses by the logarithm, without cancellation near 0. */
import type { Precision } from './expressions.ts';
import { scaledExp, scaledExpm1 } from './exponential.ts';
import { FORMAT, lanesOf, type Unary } from './lanes.ts';
import { artanhTerm, logOfSum } from './logarithm.ts';

/** Above, sinh and cosh are infinite. */
const HIGHEST: Readonly<Record<Precision, number>> = { f64: 710.48, f32: 89.42 };

/** From here on, x^2 + 1 and x^2 - 1 are x^2. */
const SQUARE_ABSORBS = 2 ** 28;

/**
 * $\sinh x = h + q$ with $h = (e^{|x|} - 1) / 2$ and $q = h / (2 h + 1)$, and the sign of x. Where h is small,
 * $2 (h - h q)$ hides the rounding of 2 h + 1. All is computed by halves: the greatest results leave no room for h.
 */
export const sinh: Unary = (e, x) => {
  const { add, sub, mul, div, abs, atMost, less, withSign, constant } = lanesOf(e);
  const size = abs(x);
  const half = scaledExpm1(e, atMost(size, HIGHEST[e.precision]), 2);
  const twice = add(half, half);
  const quotient = div(half, add(add(twice, twice), constant(1)));
  const refined = sub(half, mul(twice, quotient));
  const small = less(size, constant(0.5));
  const sum = e.select(small, add(refined, refined), add(half, quotient));
  const tiny = less(size, constant(FORMAT[e.precision].negligible));
  return e.select(tiny, x, withSign(add(sum, sum), x));
};

/** $\cosh x = g + 1 / (4 g)$ with $g = e^{|x|} / 2$. */
export const cosh: Unary = (e, x) => {
  const { add, div, abs, constant } = lanesOf(e);
  const half = scaledExp(e, abs(x), 1);
  return add(half, div(constant(0.25), half));
};

/** $\operatorname{arsinh} x = \ln(1 + |x| + x^2 / (1 + \sqrt{1 + x^2}))$ with the sign of x. */
export const asinh: Unary = (e, x) => {
  const { add, sub, mul, div, abs, and, atMost, less, withSign, constant } = lanesOf(e);
  const one = constant(1);
  const size = abs(x);
  const large = less(constant(SQUARE_ABSORBS), size);
  const bounded = atMost(size, SQUARE_ABSORBS);
  const square = mul(bounded, bounded);
  const extra = div(square, add(one, e.real('sqrt', add(one, square))));
  const sum = add(bounded, extra);
  const lost = sub(extra, sub(sum, bounded));
  // For large x this is ln(1 + (x - 1)) + ln 2.
  const argument = e.select(large, sub(size, one), sum);
  const value = logOfSum(e, argument, e.instruction('v128.andnot', lost, large), and(large, one));
  const trivial = less(size, constant(FORMAT[e.precision].trivial));
  const finite = less(size, constant(Infinity));
  return e.select(trivial, x, withSign(e.select(finite, value, size), x));
};

/** $\operatorname{arcosh} x = \ln(1 + t + \sqrt{2 t + t^2})$ with t = x - 1; NaN below 1. */
export const acosh: Unary = (e, x) => {
  const { add, sub, mul, and, or, less, constant } = lanesOf(e);
  const one = constant(1);
  const large = less(constant(SQUARE_ABSORBS), x);
  const t = sub(x, one);
  const root = e.real('sqrt', add(add(t, t), mul(t, t)));
  const sum = add(root, t);
  const virtual = sub(sum, root);
  const lost = add(sub(root, sub(sum, virtual)), sub(t, virtual));
  const value = logOfSum(
    e,
    e.select(large, t, sum),
    e.instruction('v128.andnot', lost, large),
    and(large, one),
  );
  const finite = e.select(less(x, constant(Infinity)), value, x);
  // All bits set are NaN.
  return or(finite, less(x, one));
};

/**
 * $\operatorname{artanh} x$: a polynomial near 0, else half of $\ln(1 + 2 x / (1 - x))$ for |x|, and the sign of x;
 * NaN outside of [-1, 1].
 */
export const atanh: Unary = (e, x) => {
  const { add, sub, mul, div, abs, or, less, withSign, constant } = lanesOf(e);
  const [one, half] = [constant(1), constant(0.5)];
  const size = abs(x);
  const near = add(size, mul(mul(half, size), artanhTerm(e, mul(size, size))));
  const far = mul(half, logOfSum(e, div(add(size, size), sub(one, size))));
  const inside = e.select(less(size, constant(0.17)), near, far);
  const value = e.select(less(size, one), inside, constant(Infinity));
  const defined = withSign(value, x);
  return or(defined, or(less(one, size), e.real('ne', x, x)));
};
