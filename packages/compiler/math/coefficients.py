"""Writes src/code/math/coefficients.ts: polynomials of the vectorised elementary functions.

Run by hand with a Python that has mpmath:  python3 coefficients.py, and format the result.

Every polynomial is a Chebyshev interpolation with 60 digits, rounded to the precision of the lanes; it is within a
small factor of the best one of its degree. Degrees are chosen here so that the error stays below a tenth of a unit in
the last place of the result; the script prints the errors.
"""

import struct
from pathlib import Path

from mpmath import mp, mpf
import mpmath

mp.dps = 60


def single(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def fit(f, low, high, count):
    """Coefficients, lowest power first, and the largest error of the interpolation."""
    coefficients, error = mp.chebyfit(f, [mpf(low), mpf(high)], count, error=True)
    return coefficients[::-1], error


def series(f, z, terms):
    """A function of z that is 0/0 at 0, given by its Taylor coefficients where |z| is small."""
    if abs(z) < mpf(10) ** -6:
        return mp.fsum(c * z**k for k, c in enumerate(terms))
    return f(z)


def exponential(z):
    """(r coth(r/2) - 2) / r^2 with z = r^2"""
    terms = [2 * mp.bernoulli(2 * k + 2) / mp.factorial(2 * k + 2) for k in range(12)]
    return series(lambda z: (mp.sqrt(z) * mp.coth(mp.sqrt(z) / 2) - 2) / z, z, terms)


def log_rest(z):
    """(2 artanh s - 2 s) / s^3 with z = s^2"""
    return series(lambda z: (2 * mp.atanh(mp.sqrt(z)) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3, z,
                  [mpf(2) / (2 * k + 3) for k in range(12)])


def log_remainder(z):
    """(3 artanh(s) / s - 3 - s^2) / s^4 with z = s^2"""
    return series(lambda z: (3 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 3 - z) / z**2, z,
                  [mpf(3) / (2 * k + 5) for k in range(12)])


def sine(z):
    """(sin x - x) / x^3 with z = x^2"""
    return series(lambda z: (mp.sin(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, z,
                  [(-1) ** (k + 1) / mp.factorial(2 * k + 3) for k in range(12)])


def cosine(z):
    """(cos x - 1 + x^2 / 2) / x^4 with z = x^2"""
    return series(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, z,
                  [(-1) ** k / mp.factorial(2 * k + 4) for k in range(12)])


def arctangent(z):
    """(arctan x - x) / x^3 with z = x^2"""
    return series(lambda z: (mp.atan(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, z,
                  [(-1) ** (k + 1) / mpf(2 * k + 3) for k in range(12)])


def arcsine(z):
    """(arcsin x - x) / x^3 with z = x^2"""
    terms = [mp.binomial(2 * k, k) / mpf(4) ** k / (2 * k + 1) for k in range(1, 13)]
    return series(lambda z: (mp.asin(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, z, terms)


def error_near(z):
    """erf(x) / x - 1 with z = x^2"""
    terms = [2 / mp.sqrt(mp.pi) * (-1) ** k / mp.factorial(k) / (2 * k + 1) for k in range(12)]
    terms[0] -= 1
    return series(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, z, terms)


def erfcx(x):
    """e^(x^2) erfc(x)"""
    return mp.exp(x * x) * mp.erfc(x)


TAIL_CENTRE = mpf(3) / 2


def error_far(t):
    """x e^(x^2) erfc(x) with t = (x - 3/2) / (x + 3/2)"""
    if abs(t - 1) < mpf(10) ** -20:
        return 1 / mp.sqrt(mp.pi)
    x = TAIL_CENTRE * (1 + t) / (1 - t)
    if x > 100:
        return 1 / mp.sqrt(mp.pi) * mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(18))
    return x * erfcx(x)


HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
LOG_Z = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.001")
EIGHTH_TURN = (mp.pi / 4) ** 2 * mpf("1.0001")
TAN_EIGHTH = (mp.sqrt(2) - 1) ** 2 * mpf("1.001")
ERROR_SPLIT = mpf(25) / 32
TAIL_LOW = (ERROR_SPLIT - TAIL_CENTRE) / (ERROR_SPLIT + TAIL_CENTRE) - mpf(10) ** -6
TAIL_HIGH = mpf(28 - TAIL_CENTRE) / (28 + TAIL_CENTRE)

# name: (what it is, function, from, to, count in double precision, count in single precision)
POLYNOMIALS = {
    "EXPONENTIAL": ("$(r \\\\coth(r/2) - 2) / r^2$ in $r^2$, to half of ln 2", exponential, 0, HALF_LN2**2, 5, 3),
    "LOGARITHM": ("$(2 \\\\operatorname{artanh} s - 2 s) / s^3$ in $s^2$, for arguments from sqrt(1/2) to sqrt(2)",
                  log_rest, 0, LOG_Z, 8, 4),
    "LOGARITHM_TO_TWO": ("the same for arguments from 1 to 2", log_rest, 0, mpf(1) / 9 * mpf("1.001"), 11, 5),
    "LOGARITHM_REMAINDER": ("$(3 \\\\operatorname{artanh}(s) / s - 3 - s^2) / s^4$ in $s^2$, for arguments from sqrt(1/2) to sqrt(2)",
                            log_remainder, 0, LOG_Z, 8, None),
    "SINE": ("$(\\\\sin x - x) / x^3$ in $x^2$, to an eighth of a turn", sine, 0, EIGHTH_TURN, 6, 4),
    "COSINE": ("$(\\\\cos x - 1 + x^2/2) / x^4$ in $x^2$, to an eighth of a turn", cosine, 0, EIGHTH_TURN, 6, 4),
    "ARCTANGENT": ("$(\\\\arctan x - x) / x^3$ in $x^2$, to tan(pi/8)", arctangent, 0, TAN_EIGHTH, 11, 6),
    "ARCSINE": ("$(\\\\arcsin x - x) / x^3$ in $x^2$, to 1/2", arcsine, 0, mpf(1) / 4 * mpf("1.0001"), 13, 6),
    "ERROR_NEAR": ("$\\\\operatorname{erf}(x) / x - 1$ in $x^2$, to 25/32", error_near, 0, ERROR_SPLIT**2 * mpf("1.0001"), 11, 7),
    "ERROR_FAR": ("$x e^{x^2} \\\\operatorname{erfc} x$ in $(x - 3/2) / (x + 3/2)$, from 25/32 to 28",
                  error_far, TAIL_LOW, TAIL_HIGH, 24, 12),
}


def literal(x):
    return repr(float(x))


def main():
    lines = [
        "/**",
        " * Polynomials of the elementary functions, lowest power first, made by `math/coefficients.py`. Those for single",
        " * precision are doubles too: code decides what it computes in.",
        " */",
        "import type { Precision } from '../expression.ts';",
        "",
        "/** A polynomial for results in either precision. */",
        "export type Polynomial = Readonly<Record<Precision, readonly number[]>>;",
    ]
    for name, (what, f, low, high, double_count, single_count) in POLYNOMIALS.items():
        if single_count is None:
            coefficients, error = fit(f, low, high, double_count)
            print(f"{name}: {double_count} coefficients, error {mp.nstr(error, 3)}")
            lines += ["", f"/** {what.replace(chr(92) * 2, chr(92))}, for double precision. */",
                      f"export const {name}: readonly number[] = [{', '.join(map(literal, coefficients))}];"]
            continue
        lines += ["", f"/** {what.replace(chr(92) * 2, chr(92))}. */", f"export const {name}: Polynomial = {{"]
        for precision, count in (("f64", double_count), ("f32", single_count)):
            coefficients, error = fit(f, low, high, count)
            print(f"{name} {precision}: {count} coefficients, error {mp.nstr(error, 3)} = 2^{mp.nstr(mp.log(error, 2), 4)}")
            lines.append(f"  {precision}: [{', '.join(map(literal, coefficients))}],")
            if name == "ERROR_FAR" and precision == "f64":
                tail = coefficients[0] - mpf(float(coefficients[0]))
        lines.append("};")
    lines += ["", "/** What the constant of the last polynomial in double precision lost when it was rounded. */",
              f"export const ERROR_FAR_TAIL = {literal(tail)};"]
    path = Path(__file__).parent.parent / "src/code/math/coefficients.ts"
    path.write_text("\n".join(lines) + "\n")


main()
