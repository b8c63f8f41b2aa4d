"""Prints the polynomials of src/algebra/gamma.ts: run by hand with a Python that has mpmath.

    python3 gamma.py

Near-minimax polynomials by interpolation at Chebyshev nodes, with 60 digits, lowest power first.
"""

from mpmath import mp, mpf

mp.dps = 60

# The positive zero of the digamma function.
ROOT = mp.findroot(mp.digamma, mpf("1.4616321449683623"))


def log_gamma_factor(x):
    """ln Gamma(x) / ((x - 1) (x - 2)), continued through 1 and 2 by its mean nearby."""
    if min(abs(x - 1), abs(x - 2)) < mpf(10) ** -15:
        h = mpf(10) ** -14
        return (log_gamma_factor(x + h) + log_gamma_factor(x - h)) / 2
    return mp.loggamma(x).real / ((x - 1) * (x - 2))


def digamma_factor(x):
    """psi(x) / (x - ROOT)."""
    return mp.psi(1, x) if abs(x - ROOT) < mpf(10) ** -15 else mp.digamma(x) / (x - ROOT)


def polynomial(name, function, low, high, centre, degree):
    """Of `function` between `low` and `high`, in the distance from `centre`."""
    c = mpf(centre)
    coefficients, error = mp.chebyfit(lambda t: function(c + t), [mpf(low) - c, mpf(high) - c], degree + 1, error=True)
    print(f"{name}: error {mp.nstr(error, 2)}")
    print(", ".join(repr(float(a)) for a in reversed(coefficients)))


def main():
    polynomial("LOG_GAMMA_NEAR_ONE", log_gamma_factor, 0.7, 1.4, 1, 21)
    polynomial("LOG_GAMMA_NEAR_TWO", log_gamma_factor, 1.4, 3, 2, 24)
    polynomial("DIGAMMA", digamma_factor, 1, 2, 1.5, 23)
    head = mpf(float(ROOT))
    print(f"ROOT: {float(ROOT)!r}, {float(ROOT - head)!r}")
    print("STIRLING:", ", ".join(repr(float(mp.bernoulli(2 * k) / (2 * k * (2 * k - 1)))) for k in range(1, 9)))
    print("DIGAMMA_TAIL:", ", ".join(repr(float(mp.bernoulli(2 * k) / (2 * k))) for k in range(1, 9)))
    print("EULER_MACLAURIN:", ", ".join(repr(float(mp.bernoulli(2 * k) / mp.factorial(2 * k))) for k in range(1, 11)))


main()
