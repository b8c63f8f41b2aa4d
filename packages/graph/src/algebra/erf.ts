/**
 * The error function and its complement in double precision, by rational approximations on five intervals
 * (W. J. Cody, "Rational Chebyshev approximation for the error function", 1969, in the arrangement and with the
 * coefficients of Sun's fdlibm). Errors stay below 1 ulp for erf and, away from the underflow of erfc, below 2 ulp.
 */
import { polynomial } from './polynomial.ts';

/** Coefficients, lowest power first. */
const NEAR_ZERO = {
  numerator: [
    1.28379167095512558561e-1, -3.2504210724700149937e-1, -2.84817495755985104766e-2,
    -5.77027029648944159157e-3, -2.37630166566501626084e-5,
  ],
  denominator: [
    1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3,
    1.32494738004321644526e-4, -3.9602282787753681232e-6,
  ],
};
/** On [0.84375, 1.25], in x - 1, added to {@link ERF_AT_ONE}. */
const NEAR_ONE = {
  numerator: [
    -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1,
    3.18346619901161753674e-1, -1.10894694282396677476e-1, 3.54783043256182359371e-2,
    -2.166375594868790843e-3,
  ],
  denominator: [
    1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2,
    1.26171219808761642112e-1, 1.36370839120290507362e-2, 1.1984499846799107417e-2,
  ],
};
/** On [1.25, 1/0.35], in 1/x^2, inside the exponential. */
const MIDDLE = {
  numerator: [
    -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1,
    -6.23753324503260060396e1, -1.62396669462573470355e2, -1.84605092906711035994e2,
    -8.12874355063065934246e1, -9.81432934416914548592,
  ],
  denominator: [
    1, 1.96512716674392571292e1, 1.376577541435190426e2, 4.34565877475229228821e2,
    6.45387271733267880336e2, 4.29008140027567833386e2, 1.08635005541779435134e2,
    6.57024977031928170135, -6.04244152148580987438e-2,
  ],
};
/** On [1/0.35, 28], in 1/x^2, inside the exponential. */
const FAR = {
  numerator: [
    -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1,
    -1.60636384855821916062e2, -6.37566443368389627722e2, -1.02509513161107724954e3,
    -4.83519191608651397019e2,
  ],
  denominator: [
    1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3,
    3.19985821950859553908e3, 2.55305040643316442583e3, 4.74528541206955367215e2,
    -2.24409524465858183362e1,
  ],
};
/** erf(1) rounded to 24 bits, so that what is added to it is small. */
const ERF_AT_ONE = 8.45062911510467529297e-1;
/** 2/sqrt(pi) - 1: near 0, erf(x) = x + x (2/sqrt(pi) - 1). */
const SLOPE_MINUS_ONE = 1.28379167095512586316e-1;

interface Ratio {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

function ratio(r: Ratio, x: number): number {
  return polynomial(r.numerator, x) / polynomial(r.denominator, x);
}

/**
 * erfc(x) for x from 1.25 to 28: exp(-x^2) times a factor close to 1/(x sqrt(pi)). The square is split at a head
 * of 21 significant bits (whose square is exact), because rounding x^2 would cost up to x^2 ulp.
 */
function tail(x: number): number {
  const r = x < 1 / 0.35 ? MIDDLE : FAR;
  const head = Math.round(x * 65536) / 65536;
  const exponent = ratio(r, 1 / (x * x)) + (head - x) * (head + x);
  return (Math.exp(-head * head - 0.5625) * Math.exp(exponent)) / x;
}

/**
 * The error function $\operatorname{erf} x = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$, odd, between -1 and 1.
 *
 * @internal
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.84375) {
    if (a < 2 ** -28) return x + x * SLOPE_MINUS_ONE;
    return x + x * ratio(NEAR_ZERO, x * x);
  }
  if (Number.isNaN(x)) return x;
  const sign = x < 0 ? -1 : 1;
  if (a < 1.25) return sign * (ERF_AT_ONE + ratio(NEAR_ONE, a - 1));
  if (a >= 6) return sign;
  return sign * (1 - tail(a));
}

/**
 * The complementary error function $1 - \operatorname{erf} x$, without cancellation for large x.
 *
 * @internal
 */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0.25) return 1 - erf(x);
  if (x < 0.84375) return 0.5 - (x - 0.5 + x * ratio(NEAR_ZERO, x * x));
  if (x < 1.25) return 1 - ERF_AT_ONE - ratio(NEAR_ONE, x - 1);
  if (x > 28) return 0;
  return tail(x);
}
