"""Writes test/data/elementary.json: elementary functions at points of all sizes, correctly rounded.

Run by hand with a Python that has mpmath:  python3 references.py [points per function] [seed] [file]

For each function the operands and then the values, as shortest decimals of doubles. Half of the points have a
logarithm, the other half a value, uniform over the function's domain or its interesting part. Each value is computed
with 50 digits and with 90; both must round to the same double.
"""

import json
import random
import sys
from fractions import Fraction
from pathlib import Path

from mpmath import mp, mpf

LARGEST = 1.7976931348623157e308


def to_double(x):
    """The double nearest to x, with overflow to infinity and gradual underflow."""
    sign, mantissa, exponent, bits = mpf(x)._mpf_
    if mantissa == 0:
        return 0.0
    if exponent + bits > 1100:
        magnitude = float("inf")
    elif exponent + bits < -1200:
        magnitude = 0.0
    else:
        exact = Fraction(int(mantissa)) * Fraction(2) ** exponent
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
    return mpf(0) if x > 1000 else mp.erfc(x)


# name: (function, operands' smallest and largest binary exponents, signs, [uniform intervals])
BOTH, POSITIVE = (-1, 1), (1,)
FUNCTIONS = {
    "exp": (mp.exp, (-60, 9), BOTH, [(-2, 2), (-746, 710), (-745.2, -707)]),
    "expm1": (mp.expm1, (-1074, 9), BOTH, [(-1, 1), (-40, 710)]),
    "sigmoid": (sigmoid, (-60, 9), BOTH, [(-5, 5), (-40, 40), (-745.2, -707)]),
    "tanh": (mp.tanh, (-1074, 5), BOTH, [(-1, 1), (-20, 20)]),
    "log": (mp.log, (-1074, 1023), POSITIVE, [(0.6, 1.5), (0, 10)]),
    "log2": (lambda x: mp.log(x) / mp.log(2), (-1074, 1023), POSITIVE, [(0.6, 1.5), (0, 10)]),
    "log10": (lambda x: mp.log(x) / mp.log(10), (-1074, 1023), POSITIVE, [(0.6, 1.5), (0, 10)]),
    "log1p": (mp.log1p, (-1074, 1023), POSITIVE, [(-0.5, 1), (-1, 10), (-1, -0.9)]),
    "softplus": (softplus, (-60, 9), BOTH, [(-5, 5), (-40, 40), (-745.2, -707)]),
    "sin": (mp.sin, (-1074, 1023), BOTH, [(-3, 3), (-1e5, 1e5)]),
    "cos": (mp.cos, (-1074, 1023), BOTH, [(-3, 3), (-1e5, 1e5)]),
    "tan": (mp.tan, (-1074, 1023), BOTH, [(-3, 3), (-1e5, 1e5)]),
    "erf": (mp.erf, (-1074, 3), BOTH, [(-1.5, 1.5), (-6, 6)]),
    "erfc": (erfc, (-60, 4), BOTH, [(-1, 2), (-6, 28), (26, 27.3)]),
    "sinh": (mp.sinh, (-1074, 9), BOTH, [(-1, 1), (-30, 30), (-711, 711)]),
    "cosh": (mp.cosh, (-60, 9), BOTH, [(-1, 1), (-30, 30), (-711, 711)]),
    "asinh": (mp.asinh, (-1074, 1023), BOTH, [(-1, 1), (-10, 10)]),
    "acosh": (mp.acosh, (0, 1023), POSITIVE, [(1, 1.1), (1, 10)]),
    "atanh": (mp.atanh, (-1074, -2), BOTH, [(-1, 1), (0.9, 1)]),
    "asin": (mp.asin, (-1074, -1), BOTH, [(-1, 1), (0.9, 1)]),
    "acos": (mp.acos, (-60, -1), BOTH, [(-1, 1), (0.9, 1)]),
    "atan": (mp.atan, (-1074, 1023), BOTH, [(-3, 3), (-1, 1)]),
    "atan2": (mp.atan2, (-1000, 1000), BOTH, [(-3, 3), (-1, 1)]),
    "hypot": (lambda x, y: mp.sqrt(x * x + y * y), (-1074, 1022), BOTH, [(-3, 3), (-1, 1)]),
    "pow": (mp.power, None, None, None),
}


def logarithmic(chance, exponents, signs):
    low, high = exponents
    x = chance.choice(signs) * (1 + chance.random()) * Fraction(2) ** chance.randint(low, high)
    return float(x) if abs(x) < LARGEST else LARGEST


def power_points(chance, count):
    """Bases and exponents such that the logarithm of the power is uniform over all finite results, or near 1."""
    for i in range(count):
        if i % 2 == 0:
            base = 2.0 ** chance.uniform(-1000, 1000)
        else:
            base = chance.uniform(0.5, 2)
        exponent = chance.uniform(-1074, 1024) / float(mp.log(base, 2)) if i % 4 < 2 else chance.uniform(-4, 4)
        yield base, exponent


def points(chance, name, count):
    _, exponents, signs, intervals = FUNCTIONS[name]
    if name == "pow":
        yield from power_points(chance, count)
        return
    arity = 2 if name in ("atan2", "hypot") else 1
    for i in range(count):
        if i % 2 == 0:
            first = logarithmic(chance, exponents, signs)
            near = min(max(logarithmic(chance, (-3, 3), signs) * first, -LARGEST), LARGEST)
            yield (first, near)[:arity]
        else:
            low, high = intervals[i // 2 % len(intervals)]
            yield tuple(chance.uniform(low, high) for _ in range(arity))


def value(function, point, digits):
    mp.dps = digits
    return to_double(function(*map(mpf, point)))


def text(x):
    if x in (float("inf"), float("-inf")):
        return "Infinity" if x > 0 else "-Infinity"
    short = repr(x)
    return short[:-2] if short.endswith(".0") else short


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 240
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    path = sys.argv[3] if len(sys.argv) > 3 else Path(__file__).parent.parent / "test/data/elementary.json"
    lines = []
    for name, (function, *_) in FUNCTIONS.items():
        rows = []
        for point in points(chance, name, count):
            result = value(function, point, 50)
            assert result == value(function, point, 90), (name, point)
            rows.append(" ".join(map(text, (*point, result))))
        lines.append(f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}")
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
