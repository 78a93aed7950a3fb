#!/usr/bin/env python3
"""Prints the polynomials of src/function: interpolation at Chebyshev nodes (within a few percent of minimax), computed in 60 digits.

Needs mpmath. Each row: name, the function of z that the polynomial stands for, its interval, how many coefficients."""
from mpmath import mp, mpf, cos, pi, exp, log, sin, sqrt, sinh, atan, erf, erfc, matrix, lu_solve, atanh
mp.dps = 60
L = log(2) / 2 * mpf("1.0001")
S = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.0001")
Q = (pi / 4 * mpf("1.0001")) ** 2
root = lambda f: lambda z: f(sqrt(z))
K = mpf(3)

def near(g):
    """g with the digits that cancellation near zero costs."""
    def h(z):
        if abs(z) < mpf("1e-24"):
            z = mpf("1e-24")
        mp.dps = 110
        try:
            return +g(z)
        finally:
            mp.dps = 60
    return h

TABLES = [
    ("EXP", near(lambda r: (exp(r) - 1 - r) / r**2), -L, L, 10),
    ("LOG", near(root(lambda s: (2 * atanh(s) - 2 * s) / s**3)), 0, S, 7),
    ("LOG_TAIL", near(root(lambda s: (2 * atanh(s) - 2 * s - 2 * s**3 / 3) / s**5)), 0, S, 9),
    ("SIN", near(root(lambda x: (sin(x) - x) / x**3)), 0, Q, 6),
    ("COS", near(root(lambda x: (cos(x) - 1 + x**2 / 2) / x**4)), 0, Q, 6),
    ("SINH", near(root(lambda x: (sinh(x) - x) / x**3)), 0, 1, 8),
    ("ATAN", near(root(lambda x: (atan(x) - x) / x**3)), 0, (sqrt(2) - 1) ** 2 * mpf("1.001"), 11),
    ("ERF", near(root(lambda x: erf(x) / x)), 0, 1, 13),
    ("ERFC", lambda t: (lambda x: exp(x * x) * erfc(x))(K * (1 + t) / (1 - t)), (1 - K) / (1 + K), (6 - K) / (6 + K), 15),
    ("EXP_F32", near(lambda r: (exp(r) - 1 - r) / r**2), -L, L, 5),
    ("LOG_F32", near(root(lambda s: (2 * atanh(s) - 2 * s) / s**3)), 0, S, 4),
    ("SIN_F32", near(root(lambda x: (sin(x) - x) / x**3)), 0, Q, 3),
    ("COS_F32", near(root(lambda x: (cos(x) - 1 + x**2 / 2) / x**4)), 0, Q, 3),
]

def fit(f, a, b, n):
    a, b = mpf(a), mpf(b)
    nodes = [(a + b) / 2 + (b - a) / 2 * cos(pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    v = matrix(n, n)
    y = matrix(n, 1)
    for i, z in enumerate(nodes):
        y[i] = f(z)
        for j in range(n):
            v[i, j] = z**j
    c = lu_solve(v, y)
    worst = max(abs(sum(c[j] * z**j for j in range(n)) - f(z)) for z in [a + (b - a) * k / 97 for k in range(98)])
    return list(c), worst

if __name__ == "__main__":
    for name, f, a, b, n in TABLES:
        c, worst = fit(f, a, b, n)
        single = name.endswith("F32")
        t = "f32" if single else "f64"
        digits = (lambda x: "%.9g" % x) if single else (lambda x: repr(float(x)))
        print(f"/// Error {mp.nstr(worst, 2)} on [{mp.nstr(mpf(a), 4)}, {mp.nstr(mpf(b), 4)}].")
        print(f"const {name}: [{t}; {n}] = [" + ", ".join(digits(x) for x in c) + "];")
