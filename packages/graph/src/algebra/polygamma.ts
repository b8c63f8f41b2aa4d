/**
 * Derivatives of the digamma function in double precision: Euler and Maclaurin's summation of
 * $\psi^{(n)}(x) = (-1)^{n+1} n! \sum_{k \ge 0} (x + k)^{-n-1}$, all of whose terms have one sign, and for negative
 * arguments the derivatives of the reflection formula.
 */
import { digamma, fromNearestInteger } from './gamma.ts';
import { polynomial } from './polynomial.ts';

/** $B_{2k} / (2k)!$ */
export const EULER_MACLAURIN: readonly number[] = [
  0.08333333333333333, -0.001388888888888889, 3.306878306878307e-5, -8.267195767195768e-7,
  2.08767569878681e-8, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
  8.586062056277845e-15, -2.174868698558062e-16,
];

/** The largest order: beyond, the factorial overflows. */
export const MAX_ORDER = 170;

/**
 * The polygamma function $\psi^{(n)}(x)$, the n-th derivative of the digamma function; NaN unless n is 0, 1, ..., 170.
 * For odd n it is Infinity at the poles 0, -1, -2, ...; for even n it is NaN there, and infinite at the zeros of
 * either sign. A few ulp, growing with n, away from the zeros that it has for even n below 0.
 *
 * @internal
 */
export function polygamma(n: number, x: number): number {
  if (!Number.isInteger(n) || n < 0 || n > MAX_ORDER || Number.isNaN(x)) return NaN;
  if (n === 0) return digamma(x);
  const sign = n % 2 === 0 ? -1 : 1;
  if (x > 0) return sign * magnitude(n, x);
  if (x === -Infinity) return NaN;
  const distance = fromNearestInteger(x);
  if (distance === 0) {
    if (sign > 0) return Infinity;
    return x === 0 ? -1 / x : NaN;
  }
  return -magnitude(n, 1 - x) - Math.PI * cotangentDerivative(n, distance);
}

/** $n! \sum_k (x + k)^{-n-1}$, in units of $(n - 1)! / x^n$ lest parts of it over- or underflow. */
function magnitude(n: number, x: number): number {
  if (x === Infinity) return 0;
  // So far out that ten terms of the remainder reach double precision.
  const terms = Math.max(Math.ceil(1.14 * (n + 21) - x), 0);
  let sum = 0;
  for (let k = terms - 1; k >= 0; k--) sum += power(x / (x + k), n + 1);
  const end = x + terms;
  let remainder = 0;
  let factor = (n * (n + 1)) / (end * end);
  for (let k = 1; k <= EULER_MACLAURIN.length; k++) {
    remainder += EULER_MACLAURIN[k - 1]! * factor;
    factor *= ((n + 2 * k) * (n + 2 * k + 1)) / (end * end);
  }
  const tail = power(x / end, n) * (1 + (n / (2 * end) + remainder));
  return unit(n, x) * ((n / x) * sum + tail);
}

/** A power by squarings: for the small exponents that are usual it takes less than the platform's. */
function power(x: number, exponent: number): number {
  let product = 1;
  let square = x;
  for (let left = exponent; left > 0; left >>= 1) {
    if ((left & 1) === 1) product *= square;
    square *= square;
  }
  return product;
}

/** $(n - 1)! / x^n$ */
function unit(n: number, x: number): number {
  let factorial = 1;
  for (let k = 2; k < n; k++) factorial *= k;
  const power = x ** n;
  // One division, where the factorial is exact and the power has all its digits.
  if (n <= 19 && power > 1e-300 && power < 1e300) return factorial / power;
  let product = 1 / x;
  for (let k = 1; k < n; k++) product *= k / x;
  return product;
}

/**
 * The n-th derivative of $\cot \pi x$: a polynomial in the cotangent c, as $c' = -\pi (1 + c^2)$. Its coefficients have
 * one sign and its powers one parity, so that nothing cancels.
 */
function cotangentDerivative(n: number, x: number): number {
  let coefficients: readonly number[] = [0, 1];
  for (let k = 0; k < n; k++) {
    const derivative = coefficients.slice(1).map((a, power) => a * (power + 1));
    coefficients = [...derivative, 0, 0].map((a, power) => a + (derivative[power - 2] ?? 0));
  }
  // Near the halves the cotangent is the tangent of the rest, which is exact.
  const cotangent =
    Math.abs(x) > 0.25
      ? Math.sign(x) * Math.tan(Math.PI * (0.5 - Math.abs(x)))
      : 1 / Math.tan(Math.PI * x);
  return (-Math.PI) ** n * polynomial(coefficients, cotangent);
}
