/**
 * The quantile function of the normal distribution, from the four operations and the square root, which IEEE 754
 * rounds exactly: the same numbers in every engine and every executor.
 *
 * Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37,
 * 1988; its routine PPND16, with a relative error of about 1e-16.
 */

/**
 * The numbers that make up the quantile function.
 *
 * @internal
 */
export const NORMAL_QUANTILE = {
  /** Up to here from one half the quantile is a rational function of the probability. */
  centre: 0.425,
  /** Up to here the root of the logarithm of the tail is in the first of two regions. */
  nearTail: 5,
  /** What is taken off that root in the two regions. */
  tailOffsets: { near: 1.6, far: 5 },
  /** Numerators and denominators, constant terms first; the published digits rounded to doubles. */
  coefficients: {
    centre: [
      [
        3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
        45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
      ],
      [
        1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
        39307.89580009271, 28729.085735721943, 5226.495278852854,
      ],
    ],
    near: [
      [
        1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
        1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
      ],
      [
        1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
        0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
      ],
    ],
    far: [
      [
        6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
        0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
      ],
      [
        1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
        1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
      ],
    ],
  },
  /** Terms of the series of the logarithm, from the last odd power down. */
  lastPower: 23,
} as const;

function ratio([above, below]: readonly [readonly number[], readonly number[]], x: number): number {
  let [numerator, denominator] = [above.at(-1)!, below.at(-1)!];
  for (let i = above.length - 2; i >= 0; i--) {
    numerator = numerator * x + above[i]!;
    denominator = denominator * x + below[i]!;
  }
  return numerator / denominator;
}

/**
 * Natural logarithm of a number from 2^-60 to 1, to about 2 ulp: with `x = 2^k m` and `f = (m - 1) / (m + 1)` it is
 * `k ln 2 + 2 (f + f^3 / 3 + ...)`, where `f^2 < 0.03`.
 */
function logarithm(x: number): number {
  let exponent = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    exponent--;
  }
  const f = (x - 1) / (x + 1);
  const square = f * f;
  let series = 0;
  for (let odd = NORMAL_QUANTILE.lastPower; odd >= 1; odd -= 2) series = series * square + 1 / odd;
  return exponent * Math.LN2 + 2 * f * series;
}

/**
 * The number below which a standard normal variable is with probability 1/2 + q.
 *
 * @param q - from -1/2 + 2^-54 to 1/2 - 2^-54.
 */
export function normalQuantile(q: number): number {
  const { centre, coefficients, nearTail, tailOffsets } = NORMAL_QUANTILE;
  const distance = Math.abs(q);
  if (distance <= centre) return q * ratio(coefficients.centre, centre * centre - q * q);
  const root = Math.sqrt(-logarithm(0.5 - distance));
  const value =
    root <= nearTail
      ? ratio(coefficients.near, root - tailOffsets.near)
      : ratio(coefficients.far, root - tailOffsets.far);
  return q < 0 ? -value : value;
}
