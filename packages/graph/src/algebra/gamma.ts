/**
 * The logarithm of the gamma function and its derivative in double precision: polynomials that carry the zeros as
 * factors, Stirling's series for large arguments, and the reflection formulas for negative ones. The polynomials are
 * made by `math/gamma.py`.
 */
import { polynomial } from './polynomial.ts';

/** $\ln \Gamma(x) / ((x - 1)(x - 2))$ in $x - 1$, from 0.7 to 1.4. */
export const LOG_GAMMA_NEAR_ONE: readonly number[] = [
  0.5772156649015329, -0.24525136852258037, 0.1554342658639523, -0.11514654256383484,
  0.0922390084644335, -0.07731816853189973, 0.06673172828854503, -0.058777941398520314,
  0.05255632120012888, -0.047543124250497865, 0.043411007620188846, -0.03994333553803977,
  0.036986920559489, -0.0344335827475364, 0.032257258065156245, -0.030428167732612966,
  0.028373309595261357, -0.025628203279838856, 0.025371157711115488, -0.03070889586807886,
  0.0306326145327502, -0.014272693946170381,
];
/** The same in $x - 2$, from 1.4 to 3. */
export const LOG_GAMMA_NEAR_TWO: readonly number[] = [
  0.42278433509846713, -0.10031730167435392, 0.03296500062115582, -0.01238419219337143,
  0.0049986411646974005, -0.002108130833948053, 0.000915376922243733, -0.00040570739768754733,
  0.00018255263932912146, -8.309512407911289e-5, 3.816888521255808e-5, -1.7661691973212707e-5,
  8.222227553533391e-6, -3.84726610879765e-6, 1.8078950645988008e-6, -8.530219407006983e-7,
  4.0438976086582486e-7, -1.9197220473576772e-7, 9.007741059719089e-8, -4.216973678075836e-8,
  2.1371141230256892e-8, -1.1827399696293313e-8, 5.680083995951797e-9, -1.7692599895979575e-9,
  2.499160317695975e-10,
];
/** $B_{2k} / (2k (2k - 1))$: Stirling's series in $1 / x^2$, times x. */
export const STIRLING: readonly number[] = [
  0.08333333333333333, -0.002777777777777778, 0.0007936507936507937, -0.0005952380952380953,
  0.0008417508417508417, -0.0019175269175269176, 0.00641025641025641, -0.029550653594771242,
];
/** $\frac12 \ln 2\pi - \frac12$ */
export const STIRLING_CONSTANT = 0.4189385332046727;
/** $\psi(x) / (x - x_0)$ in $x - 3/2$, from 1 to 2. */
export const DIGAMMA: readonly number[] = [
  0.9510558760318328, -0.42362742128146047, 0.24054248424078736, -0.14840492305391761,
  0.09498872445283, -0.06192213327165706, 0.04076083394462657, -0.02697579684427536,
  0.017907248195969127, -0.011908215172584002, 0.007927024067961237, -0.00528001782089874,
  0.0035180800751066694, -0.002344650082351321, 0.0015635679757533885, -0.001042261556504223,
  0.0006899717801166841, -0.0004599625144612576, 0.0003268068044141764, -0.0002178682145501451,
  9.173383289174792e-5, -6.11554261750751e-5, 0.00012230983055406747, -8.153978973309418e-5,
];
/** The positive zero of the digamma function, and what it lost when it was rounded. */
export const ROOT = 1.4616321449683622;
export const ROOT_TAIL = 9.549995429965697e-17;
/** $B_{2k} / 2k$: the asymptotic series of the digamma function in $1 / x^2$. */
export const DIGAMMA_TAIL: readonly number[] = [
  0.08333333333333333, -0.008333333333333333, 0.003968253968253968, -0.004166666666666667,
  0.007575757575757576, -0.021092796092796094, 0.08333333333333333, -0.4432598039215686,
];
/** From here on the asymptotic series reach double precision. */
export const LARGE = 10;

/** The distance from the nearest integer, from -1/2 to 1/2. Exact. */
export function fromNearestInteger(x: number): number {
  return x - Math.round(x);
}

/** $\ln \Gamma(1 + t)$ for t from -0.3 to 2. The distances from the zeros are exact where they are small. */
function logGammaFromOne(t: number): number {
  // Not -0 at 1.
  if (t < 0.4) return t * (t - 1) * polynomial(LOG_GAMMA_NEAR_ONE, t) + 0;
  const s = t - 1;
  return t * s * polynomial(LOG_GAMMA_NEAR_TWO, s);
}

/**
 * $\ln |\Gamma(x)|$; Infinity at the poles 0, -1, -2, ... and at both infinities, as in C. Within 4 ulp for positive
 * x, with the zeros at 1 and 2; for negative x the error is some ulp of $\ln |x|$ or of the result, whichever is larger:
 * the result passes through 0 near each pole.
 *
 * @internal
 */
export function lgamma(x: number): number {
  if (x >= LARGE) {
    const logarithm = Math.log(x) - 1;
    return (x - 0.5) * logarithm + (STIRLING_CONSTANT + polynomial(STIRLING, 1 / (x * x)) / x);
  }
  if (x >= 0.7) {
    let product = 1;
    let y = x;
    while (y >= 3) product *= --y;
    return product === 1 ? logGammaFromOne(y - 1) : Math.log(product) + logGammaFromOne(y - 1);
  }
  if (x >= -0.3) return logGammaFromOne(x) - Math.log(Math.abs(x));
  const distance = fromNearestInteger(x);
  if (distance === 0 || x === -Infinity) return Infinity;
  if (Number.isNaN(x)) return x;
  const sine = Math.abs(Math.sin(Math.PI * distance));
  return Math.log(Math.PI / (sine * -x)) - lgamma(-x);
}

/**
 * The digamma function $\psi(x) = \Gamma'(x) / \Gamma(x)$; NaN at the poles -1, -2, ... and at -Infinity, infinite at
 * the zeros of either sign. Within 4 ulp for positive x; for negative x the error is some ulp of the larger of
 * $\psi(1 - x)$ and the result.
 *
 * @internal
 */
export function digamma(x: number): number {
  if (x >= LARGE) {
    if (x === Infinity) return x;
    const inverse = 1 / x;
    const square = inverse * inverse;
    return Math.log(x) - (inverse / 2 + square * polynomial(DIGAMMA_TAIL, square));
  }
  if (x >= 1) {
    let sum = 0;
    let y = x;
    while (y >= 2) sum += 1 / --y;
    return sum + (y - ROOT - ROOT_TAIL) * polynomial(DIGAMMA, y - 1.5);
  }
  if (x >= 0) {
    // psi(1 + x) - 1/x, without rounding 1 + x.
    return (x - (ROOT - 1) - ROOT_TAIL) * polynomial(DIGAMMA, x - 0.5) - 1 / x;
  }
  const distance = fromNearestInteger(x);
  // NaN as well where x is NaN or -Infinity.
  if (!(Math.abs(distance) > 0)) return NaN;
  return digamma(1 - x) - Math.PI / Math.tan(Math.PI * distance);
}
