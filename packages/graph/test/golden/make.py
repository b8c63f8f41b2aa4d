"""Writes elementwise.json: values and local derivatives of the elementwise operations, correctly rounded.

Run by hand with a Python that has mpmath:  python3 make.py

Every number is computed with 50 digits from textbook formulas, again with 150 digits (both must round to the same
double), and every derivative is compared with a central difference of the value at 1500 digits. Nothing here is
shared with the formulas of the library.

One line per point: operands | value | partial derivatives. Numbers are shortest decimals of doubles. A derivative
written as `-` is a convention (a kink) and is stated in the row instead.
"""

import json
from fractions import Fraction
from pathlib import Path

import mpmath
from mpmath import mp, mpf

LARGEST = 1.7976931348623157e308
KINK = None


def to_double(x):
    """The double nearest to x, with overflow to infinity and gradual underflow."""
    if mpmath.isinf(x):
        return float("inf") if x > 0 else float("-inf")
    sign, mantissa, exponent, bits = mpf(x)._mpf_
    if mantissa == 0:
        return 0.0
    if exponent + bits > 1100:
        magnitude = float("inf")
    elif exponent + bits < -1200:
        magnitude = 0.0
    else:
        exact = Fraction(int(mantissa)) * (Fraction(2) ** exponent)
        try:
            magnitude = exact.numerator / exact.denominator
        except OverflowError:
            magnitude = float("inf")
    return -magnitude if sign else magnitude


def sigmoid(x):
    return 1 / (1 + mp.exp(-x)) if x >= 0 else mp.exp(x) / (1 + mp.exp(x))


def softplus(x):
    return x + mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x))


def erfc(x):
    """Beyond 1000 mpmath's series do not reach, and erfc is below 10^-434000."""
    return mpf(0) if x > 1000 else mp.erfc(x)


def normal_cdf(x):
    return erfc(-x / mp.sqrt(2)) / 2


def normal_pdf(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def gauss(x):
    return 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)


def power(x, y):
    return mpf(1) if y == 0 else mp.power(x, y)


def power_by_base(x, y):
    if x == 0:
        return KINK
    return mpf(0) if y == 0 else y * mp.power(x, y - 1)


def power_by_exponent(x, y):
    return power(x, y) * mp.log(x) if x > 0 else KINK


def signed(*magnitudes):
    return [x for m in magnitudes for x in (m, -m)]


TINY = (0.0, 5e-324, 1.5e-310, 2.2250738585072014e-308, 1e-200, 1e-20, 1e-8)
ORDINARY = (1e-4, 0.02, 0.25, 0.5, 0.7, 1.0, 1.3, 2.0, 2.718281828459045, 4.4, 7.5)
HUGE = (1e16, 1e100, 1e160, 1e300, LARGEST)
EXPONENTS = (10.1, 19.3, 36.7, 40.0, 301.7, 709.5, 745.0, 800.0)
EVERYWHERE = signed(*TINY, *ORDINARY, *HUGE)
EXPONENTIAL = signed(*TINY, *ORDINARY, *EXPONENTS, 1e5, LARGEST)
TRIGONOMETRIC = signed(*TINY, *ORDINARY, 1.5707963267948966, 3.141592653589793, 22.0, 1e3, 1e6, 1e16, 1e100, LARGEST)
POSITIVE = [5e-324, 1.5e-310, 2.2250738585072014e-308, 1e-300, 1e-200, 1e-100, 1e-20, 1e-8, 1e-4, 0.02, 0.1, 0.25, 0.4,
            0.5, 0.7, 0.9, 0.999, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1.001, 1.1, 1.3, 1.5, 2.0, 2.718281828459045, 3.0,
            4.4, 7.5, 10.0, 20.0, 100.0, 1e3, 1e4, 1e6, 1e10, 1e16, 1e30, 1e100, 1e160, 1e300, LARGEST]
UNIT = signed(*TINY, *ORDINARY[:5], 0.8, 0.9, 0.95, 0.99, 0.9999, 1 - 1e-8, 1 - 1e-12, 1 - 2.0**-53)
ABOVE_ONE = [1 + 2.0**-52, 1 + 2.0**-50, 1 + 1e-14, 1 + 1e-12, 1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.0001, 1.001, 1.01, 1.05, 1.1,
             1.2, 1.3, 1.4, 1.5, 1.7, 1.9, 2.0, 2.1, 2.5, 2.718281828459045, 3.0, 4.0, 5.0, 7.5, 10.0, 20.0, 50.0, 100.0,
             1e3, 1e5, 1e8, 1e10, 1e16, 1e50, 1e100, 1e154, 1e160, 1e300, LARGEST]
# Around the sign changes of the derivatives lies cancellation; the points stay 0.05 away from them.
BELL = signed(*TINY, *ORDINARY, 3.3, 5.7, 9.1, 19.7, 24.3, 26.4, 37.0, 40.0, 1e3, 1e160, LARGEST)


def pairs(xs, ys):
    return [(x, y) for x in xs for y in ys]


PLANE = pairs([0.0, 5e-324, -1e-200, 0.3, -1.5, 7.25, 1e160, -LARGEST], [0.0, -2.2250738585072014e-308, 0.7, -1.25, 1e155])
QUOTIENTS = pairs([0.0, 5e-324, -1e-160, 0.3, -1.5, 7.25, 1e160, LARGEST],
                  [1e-150, -0.7, 1.25, -3.0, 1e155]) + [(1e-150, 1e-160), (1e150, 1e160), (-1e-150, -1e160), (1e300, 1e-5)]
AROUND = pairs([5e-324, -1e-200, 0.3, -1.5, 7.25, 1e200, -LARGEST], [1e-310, -1e-200, 0.7, -1.25, 3.0, 1e200]) + [
    (0.0, 1.0), (0.0, 2.5), (3.0, 0.0), (-3.0, 0.0), (1e-200, 1e200), (1e200, 1e-200)]
POWERS = pairs([1e-300, 0.02, 0.7, 1.0, 1.5, 10.0, 1e200], [-2.3, -1.0, 0.0, 0.1, 0.4, 1.0, 1.75, 3.0]) + [
    (0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (-2.0, 3.0), (-1.5, -2.0), (-7.0, 1.0), (5e-324, 0.5), (LARGEST, 0.5),
    (1e-200, 1.6), (1e200, 1.5), (1.0000001, 1e9), (0.9999999, 1e10)]
# Doubles with exact halves, integers and their neighbours among them.
ROUNDINGS = signed(*TINY, *ORDINARY, 0.49999999999999994, 1.5, 2.5, 3.5, 4503599627370495.5, 4503599627370497.5, *HUGE)
REMAINDERS = pairs([0.0, 5e-324, -1e-200, 0.3, -0.3, 1.0, -7.25, 7.75, 22.0, 1e17, -1e60], [0.7, -0.7, 3.0, -2.5, 1e10])
LOG_PRODUCTS = pairs([0.0, 5e-324, -1e-160, 0.3, -1.5, 1e160], [1e-310, 1e-5, 0.7, 1.0, 1.0000001, 2.5, 1e16, 1e300])
LOG1P_PRODUCTS = pairs([0.0, 5e-324, -1e-160, 0.3, -1.5, 1e160], [-0.9999, -0.5, -1e-10, 1e-300, 0.02, 2.5, 1e16, 1e300])
# Away from points where the logarithm of the sum is near 0.
LOGARITHMS = pairs([-800.0, -30.25, -1.5, 0.0, 0.5, 3.0, 709.5, 1e5], [-745.0, -30.5, -2.0, 1e-300, 0.75, 40.0, LARGEST])
# Away from the maxima and minima, at which the derivative cancels.
WAVES = signed(*TINY, *ORDINARY[:5], 0.06, 0.11, 0.17, 0.21, 0.24, 0.2499999, 0.9, 1.0, 1.1, 1.7, 1.9, 2.0, 2.25, 3.0, 3.2, 10.1, 100.25, 12345.678, 1e10 + 0.25, 1e16, 1e100)
SLOPES = pairs([0.0, 5e-324, -5e-324, 1e-8, -1e-8, 0.3, -0.3, -1.5, 2.0, 30.0, -30.0, -800.0, 800.0, LARGEST, -LARGEST],
               [0.01, 0.25, -1.5])
BOUNDS = [(x, low, high) for x in [0.0, 5e-324, -5e-324, 0.3, -0.3, -1.5, 2.0, 30.0, LARGEST, -LARGEST]
          for low, high in [(-1.0, 1.0), (0.5, 0.75), (-1e300, 1e300), (2.5, -2.5)]]
CHOICES = [(c, x, y) for c in [0.0, 1.0] for x in [0.0, -5e-324, 1.5, LARGEST, -1e-20] for y in [1e-310, -2.5, 0.0, 1e200]]

# Near the zeros at 1 and 2 and that of the derivative; negative ones away from the zeros between the poles.
GAMMA = [*POSITIVE, 5e-324, 1e-20, 0.05, 0.29, 0.31, 0.5, 0.69, 0.71, 0.9, 1 - 1e-5, 1 - 1e-12, 1 + 1e-14, 1 + 1e-7, 1.39, 1.41,
         1.4616321449683622, 1.4616, 2 - 1e-13, 2 - 1e-6, 2 + 1e-15, 2 + 1e-9, 2.9, 3.1, 6.5, 9.99, 10.01, 171.5, 2.5e305,
         -1e-300, -1e-10, -0.02, -0.29, -0.31, -0.7, -1.25, -3.8, -10.2, -100.3, -12345.6]
POLYGAMMAS = pairs([0.0, 1.0, 2.0, 3.0, 7.0, 20.0], [1e-15, 0.01, 0.3, 0.99, 1.7, 4.25, 19.5, 24.9, 100.0, 1e10, -0.2, -0.75, -3.2, -50.7])


def constant(c):
    return lambda *_: mpf(c)


def unary(points):
    return [(x,) for x in points]


def fraction_floor(x):
    """The floor of any number, exactly: mpmath rounds to its precision."""
    sign, mantissa, exponent, _ = x._mpf_
    whole = Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** exponent
    return whole.numerator // whole.denominator


def rounded_half_even(x):
    below = fraction_floor(x)
    rest = x - below
    return mpf(below + (1 if rest > 0.5 or (rest == 0.5 and below % 2) else 0))


def truncated(x):
    return mpf(fraction_floor(x) if x >= 0 else -fraction_floor(-x))


def as_fraction(x):
    sign, mantissa, exponent, _ = x._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** exponent


def of_fraction(q):
    """Exactly, at whatever precision: the denominator is a power of two."""
    return mpmath.mpf(mpmath.libmp.from_man_exp(q.numerator, 1 - q.denominator.bit_length()))


def quotient_floor(x, y):
    return as_fraction(x) // as_fraction(y)


def quotient_trunc(x, y):
    q = as_fraction(x) / as_fraction(y)
    return q.numerator // q.denominator if q >= 0 else -((-q.numerator) // q.denominator)


def remainder_by(quotient):
    def value(x, y):
        return of_fraction(as_fraction(x) - as_fraction(y) * quotient(x, y))

    def away_from_jumps(slope):
        return lambda x, y: KINK if as_fraction(x) % as_fraction(y) == 0 else slope(x, y)

    return value, [away_from_jumps(constant(1)), away_from_jumps(lambda x, y: -mpf(int(quotient(x, y))))]


def sinc(x):
    return mpf(1) if x == 0 else mp.sinpi(x) / (mp.pi * x)


def sinc_slope(x):
    """By its power series where the closed form cancels beyond 50 digits."""
    if abs(x) < mpf(10) ** -5:
        t = (mp.pi * x) ** 2
        return -mp.pi**2 * x / 3 * (1 - t / 10 + t**2 / 280 - t**3 / 15120 + t**4 / 1330560 - t**5 / 172972800)
    return (mp.cospi(x) - sinc(x)) / x


def selu_alpha():
    """Klambauer and others, "Self-normalizing neural networks", 2017, equation 14."""
    half = erfc(1 / mp.sqrt(2))
    return -mp.sqrt(2 / mp.pi) / (half * mp.sqrt(mp.e) - 1)


def selu_scale():
    half, whole = erfc(1 / mp.sqrt(2)), erfc(mp.sqrt(2))
    square = 2 * whole * mp.e**2 + mp.pi * half**2 * mp.e - 2 * (2 + mp.pi) * half * mp.sqrt(mp.e) + mp.pi + 2
    return (1 - half * mp.sqrt(mp.e)) * mp.sqrt(2 * mp.pi) / mp.sqrt(square)


def gelu_argument(x):
    return 2 * mp.sqrt(2 / mp.pi) * (x + mpf(44715) / 1000000 * x**3)


def mish_gate(x):
    return mp.tanh(softplus(x))


def mish_slope(x):
    twice = 2 * softplus(x)
    return mish_gate(x) + x * 4 * sigmoid(twice) * sigmoid(-twice) * sigmoid(x)


def log_add_exp(x, y):
    return max(x, y) + mp.log1p(mp.exp(-abs(x - y)))


def clamp_partials():
    def position(x, low, high):
        """Which operand decides; None at a tie."""
        if low == high or x == low or x == high:
            return None
        return 2 if max(x, low) > high else (0 if x > low else 1)

    def partial(k):
        def slope(x, low, high):
            where = position(x, low, high)
            return KINK if where is None else mpf(1 if where == k else 0)
        return slope

    return [partial(k) for k in range(3)]


def tie(first, second):
    return [lambda x, y: KINK if x == y else mpf(1 if first(x, y) else 0),
            lambda x, y: KINK if x == y else mpf(1 if second(x, y) else 0)]


def at_zero(slope):
    return lambda x, *more: KINK if x == 0 else slope(x, *more)


def polygamma(n, x):
    """For negative x by reflection: the derivatives of the cotangent are polynomials in it."""
    n = int(n)
    if x > 0:
        return mp.psi(n, x)
    cotangent = mp.cospi(x) / mp.sinpi(x)
    coefficients = [mpf(0), mpf(1)]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(coefficients)][1:]
        coefficients = [(slope[k] if k < len(slope) else 0) + (slope[k - 2] if k >= 2 else 0) for k in range(len(slope) + 2)]
    derivative = (-mp.pi) ** n * mp.polyval(coefficients[::-1], cotangent)
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi * derivative


def length(x, y):
    return mp.sqrt(x * x + y * y)


# name: (points, value, partial derivatives)
TABLE = {
    "add": (PLANE, lambda x, y: x + y, [constant(1), constant(1)]),
    "sub": (PLANE, lambda x, y: x - y, [constant(1), constant(-1)]),
    "mul": (PLANE, lambda x, y: x * y, [lambda x, y: y, lambda x, y: x]),
    "div": (QUOTIENTS, lambda x, y: x / y, [lambda x, y: 1 / y, lambda x, y: -x / (y * y)]),
    "strongMul": (PLANE, lambda x, y: x * y, [lambda x, y: y, lambda x, y: x]),
    "identity": (unary(EVERYWHERE), lambda x: x, [constant(1)]),
    "neg": (unary(EVERYWHERE), lambda x: -x, [constant(-1)]),
    "abs": (unary(EVERYWHERE), abs, [at_zero(lambda x: mpf(1 if x > 0 else -1))]),
    "sign": (unary(EVERYWHERE), lambda x: mpf((x > 0) - (x < 0)), [constant(0)]),
    "square": (unary(EVERYWHERE), lambda x: x * x, [lambda x: 2 * x]),
    "reciprocal": (unary([x for x in EVERYWHERE if x != 0]), lambda x: 1 / x, [lambda x: -1 / (x * x)]),
    "sqrt": (unary([0.0, *POSITIVE]), mp.sqrt, [at_zero(lambda x: 1 / (2 * mp.sqrt(x)))]),
    "pow": (POWERS, power, [power_by_base, power_by_exponent]),
    "minimum": (PLANE, min, tie(lambda x, y: x < y, lambda x, y: y < x)),
    "maximum": (PLANE, max, tie(lambda x, y: x > y, lambda x, y: y > x)),
    "clamp": (BOUNDS, lambda x, low, high: min(max(x, low), high), clamp_partials()),
    "exp": (unary(EXPONENTIAL), mp.exp, [mp.exp]),
    "expm1": (unary(EXPONENTIAL), mp.expm1, [mp.exp]),
    "log": (unary(POSITIVE), mp.log, [lambda x: 1 / x]),
    "log1p": (unary([x for x in EVERYWHERE if x > -1] + [-0.9, -0.9999, -1 + 1e-10, -1 + 2.0**-53]), mp.log1p,
              [lambda x: 1 / (1 + x)]),
    "log2": (unary(POSITIVE), lambda x: mp.log(x) / mp.log(2), [lambda x: 1 / (x * mp.log(2))]),
    "log10": (unary(POSITIVE), lambda x: mp.log(x) / mp.log(10), [lambda x: 1 / (x * mp.log(10))]),
    "erf": (unary(BELL), mp.erf, [gauss]),
    "erfc": (unary(BELL), erfc, [lambda x: -gauss(x)]),
    "lgamma": (unary(GAMMA), lambda x: mp.loggamma(x).real, [lambda x: polygamma(0, x)]),
    "digamma": (unary(GAMMA), lambda x: polygamma(0, x), [lambda x: polygamma(1, x)]),
    "polygamma": (POLYGAMMAS, polygamma, [constant(0), lambda n, x: polygamma(n + 1, x)]),
    "sin": (unary(TRIGONOMETRIC), mp.sin, [mp.cos]),
    "cos": (unary(TRIGONOMETRIC), mp.cos, [lambda x: -mp.sin(x)]),
    "tan": (unary(TRIGONOMETRIC), mp.tan, [lambda x: 1 / mp.cos(x) ** 2]),
    "asin": (unary(UNIT), mp.asin, [lambda x: 1 / mp.sqrt((1 - x) * (1 + x))]),
    "acos": (unary(UNIT), mp.acos, [lambda x: -1 / mp.sqrt((1 - x) * (1 + x))]),
    "atan": (unary(EVERYWHERE), mp.atan, [lambda x: 1 / (1 + x * x)]),
    "atan2": (AROUND, mp.atan2, [lambda x, y: y / (x * x + y * y), lambda x, y: -x / (x * x + y * y)]),
    "sinh": (unary(EXPONENTIAL), mp.sinh, [mp.cosh]),
    "cosh": (unary(EXPONENTIAL), mp.cosh, [mp.sinh]),
    "tanh": (unary(EXPONENTIAL), mp.tanh, [lambda x: 1 / mp.cosh(x) ** 2]),
    "asinh": (unary(EVERYWHERE), mp.asinh, [lambda x: 1 / mp.sqrt(x * x + 1)]),
    "acosh": (unary(ABOVE_ONE), mp.acosh, [lambda x: 1 / mp.sqrt((x - 1) * (x + 1))]),
    "atanh": (unary(UNIT), mp.atanh, [lambda x: 1 / ((1 - x) * (1 + x))]),
    "hypot": ([*AROUND, (0.0, 0.0)], length,
              [lambda x, y: KINK if x == y == 0 else x / length(x, y), lambda x, y: KINK if x == y == 0 else y / length(x, y)]),
    "sigmoid": (unary(EXPONENTIAL), sigmoid, [lambda x: sigmoid(x) * sigmoid(-x)]),
    "softplus": (unary(EXPONENTIAL), softplus, [sigmoid]),
    "logSigmoid": (unary(EXPONENTIAL), lambda x: -softplus(-x), [lambda x: sigmoid(-x)]),
    "relu": (unary(EVERYWHERE), lambda x: max(x, mpf(0)), [at_zero(lambda x: mpf(1 if x > 0 else 0))]),
    "leakyRelu": (SLOPES, lambda x, y: x if x > 0 else x * y,
                  [at_zero(lambda x, y: mpf(1) if x > 0 else y), at_zero(lambda x, y: min(x, mpf(0)))]),
    "elu": (SLOPES, lambda x, y: x if x > 0 else y * mp.expm1(x),
            [at_zero(lambda x, y: mpf(1) if x > 0 else y * mp.exp(x)),
             at_zero(lambda x, y: mpf(0) if x > 0 else mp.expm1(x))]),
    "gelu": (unary(BELL), lambda x: x * normal_cdf(x), [lambda x: normal_cdf(x) + x * normal_pdf(x)]),
    "silu": (unary(EXPONENTIAL), lambda x: x * sigmoid(x), [lambda x: sigmoid(x) * (1 + x * sigmoid(-x))]),
    "rsqrt": (unary(POSITIVE), lambda x: 1 / mp.sqrt(x), [lambda x: -1 / (2 * x * mp.sqrt(x))]),
    "cbrt": (unary(EVERYWHERE), lambda x: mp.sign(x) * mp.cbrt(abs(x)), [at_zero(lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2))]),
    "exp2": (unary(EXPONENTIAL), lambda x: mp.exp(x * mp.log(2)), [lambda x: mp.log(2) * mp.exp(x * mp.log(2))]),
    "logAddExp": (LOGARITHMS, log_add_exp, [lambda x, y: sigmoid(x - y), lambda x, y: sigmoid(y - x)]),
    "xlogy": (LOG_PRODUCTS, lambda x, y: mpf(0) if x == 0 else x * mp.log(y), [lambda x, y: mp.log(y), lambda x, y: x / y]),
    "xlog1py": (LOG1P_PRODUCTS, lambda x, y: mpf(0) if x == 0 else x * mp.log1p(y),
                [lambda x, y: mp.log1p(y), lambda x, y: x / (1 + y)]),
    "sinc": (unary(WAVES), sinc, [sinc_slope]),
    "floor": (unary(ROUNDINGS), lambda x: mpf(fraction_floor(x)), [constant(0)]),
    "ceil": (unary(ROUNDINGS), lambda x: mpf(-fraction_floor(-x)), [constant(0)]),
    "round": (unary(ROUNDINGS), rounded_half_even, [constant(0)]),
    "trunc": (unary(ROUNDINGS), truncated, [constant(0)]),
    "remainder": (REMAINDERS, *remainder_by(quotient_floor)),
    "fmod": (REMAINDERS, *remainder_by(quotient_trunc)),
    "geluTanh": (unary(BELL), lambda x: x * sigmoid(gelu_argument(x)), [
        lambda x: sigmoid(gelu_argument(x)) * (1 + x * 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mpf(44715) / 1000000 * x**2)
                                               * sigmoid(-gelu_argument(x)))]),
    "mish": (unary(EXPONENTIAL), lambda x: x * mish_gate(x), [mish_slope]),
    "selu": (unary(EXPONENTIAL), lambda x: selu_scale() * (x if x > 0 else selu_alpha() * mp.expm1(x)),
             [at_zero(lambda x: selu_scale() * (1 if x > 0 else selu_alpha() * mp.exp(x)))]),
    "softsign": (unary(EVERYWHERE), lambda x: x / (1 + abs(x)), [lambda x: 1 / (1 + abs(x)) ** 2]),
    "where": (CHOICES, lambda c, x, y: x if c else y, [constant(0), lambda c, *_: c, lambda c, *_: 1 - c]),
}


def compute(digits, function, point):
    mp.dps = digits
    result = function(*(mpf(x) for x in point))
    return None if result is None else to_double(result)


def rounded(function, point, where):
    """The result as a double, the same from 50 and from 150 digits."""
    result = compute(50, function, point)
    again = compute(150, function, point)
    assert result == again, f"{where}: {result} with 50 digits, {again} with 150"
    return result


def check_derivative(value, slope, point, k, where):
    """Compares a derivative with a central difference whose step is far below all scales."""
    mp.dps = 1500
    x = [mpf(c) for c in point]
    step = (min(abs(x[k]), mpf(1)) if x[k] != 0 else mpf(1) / 2**1200) / mpf(2) ** 300
    above, below = list(x), list(x)
    above[k] += step
    below[k] -= step
    difference = (value(*above) - value(*below)) / (2 * step)
    expected = slope(*x)
    error = abs(difference - expected)
    assert error <= abs(expected) * mpf(10) ** -30 + mpf(10) ** -340, f"{where}: {mp.nstr(expected)}, difference {mp.nstr(difference)}"


def text(x):
    if x is None:
        return "-"
    if x in (float("inf"), float("-inf")):
        return "Infinity" if x > 0 else "-Infinity"
    short = repr(x)
    return short[:-2] if short.endswith(".0") else short


def main():
    table = {}
    for name, (points, value, slopes) in TABLE.items():
        lines = []
        # By text, which tells -0 from 0.
        for point in {repr(point): point for point in points}.values():
            where = f"{name}{point}"
            result = rounded(value, point, where)
            partials = []
            for k, slope in enumerate(slopes):
                partials.append(rounded(slope, point, f"{where} by operand {k}"))
                discrete = name in ("sign", "floor", "ceil", "round", "trunc") or (name in ("where", "polygamma") and k == 0)
                if partials[-1] is not None and not discrete:
                    check_derivative(value, slope, point, k, f"{where} by operand {k}")
            lines.append(" | ".join([" ".join(map(text, point)), text(result), " ".join(map(text, partials))]))
        table[name] = lines
        print(f"{name}: {len(lines)} points")
    path = Path(__file__).with_name("elementwise.json")
    path.write_text(json.dumps(table, indent=2) + "\n")
    print(f"{path.stat().st_size} bytes")


main()
