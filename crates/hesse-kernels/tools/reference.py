#!/usr/bin/env python3
"""Writes exact values of the functions: tests/reference/values.txt holds `reference.py 60`; larger counts serve `cargo run --example ulps -- FILE`.

A line: the function, the bits of its arguments, the bits of the nearest f64, the exact value's distance from that in thousandths of its
last place. Needs mpmath."""
import math, random, struct, sys
from mpmath import mp, mpf
import mpmath

count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
random.seed(7)
mp.prec = 240
LOG2, QUARTER = math.log(2), math.pi / 4
TINY = [5e-324, 3e-310, 2.2250738585072014e-308, 1e-300, 1e-40, 1e-20, 1e-10, 1e-9, 2.0**-27, 1e-5]

bits = lambda x: struct.unpack("<Q", struct.pack("<d", x))[0]
number = lambda b: struct.unpack("<d", struct.pack("<Q", b))[0]

def nearest(v):
    """The nearest f64 (mpmath's own conversion flushes some denormal numbers), and the distance from it in thousandths of a last place."""
    if v == 0:
        return 0.0, 0
    e = max(int(mpmath.floor(mpmath.log(abs(v), 2))) - 52, -1074)
    n = int(mpmath.nint(mpmath.ldexp(v, -e)))
    try:
        y = math.ldexp(n, e)
    except OverflowError:
        return math.copysign(math.inf, n), 0
    return y, int(mpmath.nint(1000 * (mpmath.ldexp(v, -e) - n)))

def around(points):
    for p in points:
        for d in (-2, -1, 0, 1, 2):
            b = bits(abs(p)) + d
            if 0 <= b < 0x7FF0000000000000:
                yield math.copysign(number(b), p)

def anywhere(low=-1074, high=1023, signs=(1, -1)):
    """Every exponent alike."""
    return random.choice(signs) * math.ldexp(1 + random.random(), random.randint(low, high))

uniform = lambda a, b: random.uniform(a, b)
halves = [k * LOG2 / 2 for k in (-5, -3, -2, -1, 1, 2, 3, 5, 41, 75, 2001, -2100)]
eighths = [k * QUARTER for k in list(range(-9, 10)) + [1001, 123456, 999999, 1273239, 1273240, 1273241]]
both = TINY + [-x for x in TINY]
saturation = [709.78, 710.47, -708.4, -745.13, 20.0, 19.06, 22.0, 36.7, -36.7, 37.0, 0.55, 1.0, -1.0, 0.3466, -0.3466]
ROWS = {
    "Exp": (mpmath.exp, halves + both + saturation, [lambda: uniform(-745.2, 709.8), lambda: uniform(-2, 2), lambda: anywhere(-60, 9)]),
    "Expm1": (mpmath.expm1, halves + both + saturation, [lambda: uniform(-40, 709.8), lambda: uniform(-1.5, 1.5), lambda: anywhere(-1074, 9)]),
    "Log": (mpmath.log, TINY + [2**0.5, 0.5**0.5, 1.0, 2.0, 0.5, 1.5, 0.75, 1.7e308], [lambda: uniform(0.4, 2.5), lambda: anywhere(signs=(1,)), lambda: 1 + anywhere(-52, -2)]),
    "Log1p": (mpmath.log1p, both + [2**0.5 - 1, 0.5**0.5 - 1, 1.0, -0.5, 1.7e308, -1 + 2**-53], [lambda: uniform(-0.99999, 3), lambda: anywhere(-1074, -1), lambda: anywhere(0, 1023, (1,)), lambda: -1 + anywhere(-50, -1, (1,))]),
    "Sin": (mpmath.sin, eighths + both + [1e22, 1.7e308, 6381956970095103 * 2.0**797], [lambda: uniform(-10, 10), lambda: anywhere(-30, 20), anywhere]),
    "Cos": (mpmath.cos, eighths + both + [1e22, 1.7e308, 6381956970095103 * 2.0**797], [lambda: uniform(-10, 10), lambda: anywhere(-30, 20), anywhere]),
    "Tan": (mpmath.tan, eighths + both + [1e22, 1.7e308, 6381956970095103 * 2.0**797], [lambda: uniform(-10, 10), lambda: anywhere(-30, 20), anywhere]),
    "Sinh": (mpmath.sinh, halves + both + saturation, [lambda: uniform(-710.4, 710.4), lambda: uniform(-2, 2), lambda: anywhere(-1074, 9)]),
    "Cosh": (mpmath.cosh, halves + both + saturation, [lambda: uniform(-710.4, 710.4), lambda: uniform(-2, 2), lambda: anywhere(-1074, 9)]),
    "Tanh": (mpmath.tanh, halves + both + saturation, [lambda: uniform(-22, 22), lambda: uniform(-1, 1), lambda: anywhere(-1074, 5)]),
    "Sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), halves + both + saturation, [lambda: uniform(-745, 40), lambda: uniform(-3, 3), lambda: anywhere(-60, 9)]),
    "Softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), halves + both + saturation, [lambda: uniform(-745, 40), lambda: uniform(-3, 3), lambda: anywhere(-60, 9)]),
    "Erf": (mpmath.erf, both + [1.0, -1.0, 6.0, 5.9, 0.5], [lambda: uniform(-6.2, 6.2), lambda: uniform(-1.2, 1.2), lambda: anywhere(-1074, 3)]),
    "Sqrt": (mpmath.sqrt, TINY, [lambda: anywhere(signs=(1,))]),
}
power = lambda a, b: mpmath.power(a, b)
ROWS2 = {
    "Power": (power, [(1.0 + 2**-52, 1e18), (1 - 2**-53, 3e18), (5e-324, 0.5), (5e-324, -0.9), (-2.0, 3.0), (-2.0, -1074.0), (2.0, 1023.5), (-0.3, 7.0), (10.0, 308.0), (10.0, -323.0), (3.0, 5e-324), (-1.5, 4503599627370497.0 - 4503599627370496.0)],
        [lambda: (uniform(0.05, 20), uniform(-200, 200)), lambda: (lambda a: (a, uniform(-745, 709) / math.log(a)))(anywhere(signs=(1,)) or 2.0), lambda: (1 + anywhere(-30, -3), uniform(-5000, 5000)), lambda: (-uniform(0.1, 9), float(random.randint(-300, 300))), lambda: (anywhere(-40, 40, (1,)), anywhere(-40, 3))]),
    "Hypot": (mpmath.hypot, [(3.0, 4.0), (5e-324, 5e-324), (1e-310, 2e-310), (1.2e308, 1.2e308), (1e308, 1e-308), (1e-160, 1e-170), (1e154, 1e155)],
        [lambda: (uniform(-9, 9), uniform(-9, 9)), lambda: (anywhere(), anywhere()), lambda: (lambda a: (a, a * uniform(0.01, 100)))(anywhere(-1060, 1010))]),
    "Atan2": (mpmath.atan2, [(5e-324, 1.0), (1e-310, 1e-310), (1.0, -1e-320), (1e300, 1e-8), (-1.0, -1.0), (2**0.5 - 1, 1.0), (1.7e308, -1.7e308), (1e-320, 3e-320), (-5e-324, -1e308), (3e-308, 1e308)],
        [lambda: (uniform(-9, 9), uniform(-9, 9)), lambda: (anywhere(), anywhere()), lambda: (lambda a: (a, a * uniform(-4, 4)))(anywhere(-1060, 1010)), lambda: (uniform(-1, 1), uniform(0.5, 2.5))]),
}

def out(name, arguments, f):
    extreme = any(abs(a) > 1e15 or abs(a) < 1e-60 for a in arguments)
    mp.prec = 2400 if extreme else 240
    try:
        value = f(*(mpf(a) for a in arguments))
    except (ZeroDivisionError, ValueError, OverflowError):
        return
    if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
        return
    y, rest = nearest(value)
    print(name, *("%016x" % bits(a) for a in arguments), "%016x" % bits(y), rest)

for name, (f, fixed, draws) in ROWS.items():
    for x in list(around(fixed)) + [d() for d in draws for _ in range(count)]:
        out(name, (x,), f)
for name, (f, fixed, draws) in ROWS2.items():
    for a, b in fixed + [d() for d in draws for _ in range(count)]:
        out(name, (a, b), f)
