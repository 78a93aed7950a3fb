#!/usr/bin/env python3
"""Writes stability.json: formulas (`primal`) and their derivatives at points where the formula as written overflows, underflows or cancels; and stable-rows.json: the
left sides of the rows of crates/hesse/src/facts/kernels.rs at such points.

The values are exact: the formula is computed as written with 2500 digits, and its derivative by a central difference with a step of
10^-600, whose error is far below the last digit that is written. Needs mpmath (pip install mpmath)."""

import json
import os
import re

import mpmath
from mpmath import mp, mpf

mp.dps = 2500
STEP = mpf(10) ** -600
HERE = os.path.dirname(os.path.abspath(__file__))

V, VN, S, M = "vector(n)", "vector(N)", "scalar", "matrix(N,n)"
BIG = [[1000, 999], [-1000, -1001.5], [1000, -1000]]
# id, variables, formula, variable, point, kind, why
ENTRIES = [
    ("softplus", {"x": V}, "sum(log(1 + exp(x)))", "x", {"x": [1000, -1000, 0, 35]}, "gradient", "exp overflows"),
    ("softplus-hessian", {"x": V}, "sum(log(1 + exp(x)))", "x", {"x": [1000, -300, 0]}, "hessian", "exp(x)/(1 + exp(x))^2 is inf/inf"),
    ("softplus-mirrored", {"x": V}, "sum(log(exp(-x) + 1))", "x", {"x": [1000, -1000, 5]}, "gradient", "terms in another order"),
    ("softplus-scaled", {"x": V}, "sum(log(2 + 2*exp(3*x)))", "x", {"x": [400, -400, 0.5]}, "gradient", "a common factor"),
    ("softplus-slope", {"x": V}, "sum(exp(x)./(1 + exp(x)))", "x", {"x": [800, -800, 40, 0]}, "gradient", "inf/inf"),
    ("logistic", {"x": V}, "sum(1./(1 + exp(-x)))", "x", {"x": [-800, 800, 37, -37]}, "gradient", "1/inf and cancellation in 1 - p"),
    ("logistic-hessian", {"x": V}, "sum(1./(1 + exp(-x)))", "x", {"x": [-800, 710, 3]}, "hessian", "inf/inf"),
    ("log-logistic", {"x": V}, "sum(log(1./(1 + exp(-x))))", "x", {"x": [-1000, 1000, 2]}, "gradient", "log of an underflowed quotient"),
    ("log-complement", {"x": V}, "sum(log(1 - sigmoid(x)))", "x", {"x": [1000, -1000, 40]}, "gradient", "1 - 1"),
    ("log-complement-written", {"x": V}, "sum(log(1 - 1./(1 + exp(-x))))", "x", {"x": [1000, -1000, 40]}, "gradient", "1 - 1"),
    ("complement-hessian", {"x": V}, "sum(log(1 - sigmoid(x)))", "x", {"x": [300, -300, 1]}, "hessian", "1 - 1 below a quotient"),
    ("bernoulli-sigmoid", {"z": V, "y": V}, "sum(-y .* log(sigmoid(z)) - (1 - y) .* log(1 - sigmoid(z)))", "z", {"z": [1000, -1000, 1000, -1000], "y": [1, 0, 0, 1]}, "gradient", "log(0)"),
    ("bernoulli-written", {"z": V, "y": V}, "-sum(y .* log(1./(1 + exp(-z))) + (1 - y) .* log(1 - 1./(1 + exp(-z))))", "z", {"z": [1000, -1000, 1000, -1000], "y": [1, 0, 0, 1]}, "gradient", "log(0) and inf/inf"),
    ("bernoulli-quotient", {"z": V, "y": V}, "-sum(y .* log(exp(z)./(1 + exp(z))) + (1 - y) .* log(1./(1 + exp(z))))", "z", {"z": [1000, -1000, 1000, -1000], "y": [1, 0, 0, 1]}, "gradient", "inf/inf"),
    ("bernoulli-softplus", {"z": V, "y": V}, "sum(log(1 + exp(z)) - y .* z)", "z", {"z": [1000, -1000], "y": [1, 0.5]}, "gradient", "overflow"),
    ("bernoulli-hessian", {"z": V, "y": V}, "sum(-y .* log(sigmoid(z)) - (1 - y) .* log(1 - sigmoid(z)))", "z", {"z": [300, -300, 2], "y": [1, 0, 0.5]}, "hessian", "quotients of underflowed numbers"),
    ("margin", {"X": "matrix(N,n)", "y": V.replace("n", "N"), "w": V}, "sum(log(1 + exp(-y .* (X*w))))", "w", {"X": [[800, 1], [-900, 2], [3, 4]], "y": [-1, 1, 1], "w": [1, 0.5]}, "gradient", "a batch"),
    ("margin-hessian", {"X": "matrix(N,n)", "y": V.replace("n", "N"), "w": V}, "sum(log(1 + exp(-y .* (X*w))))", "w", {"X": [[800, 1], [-900, 2], [3, 4]], "y": [-1, 1, 1], "w": [1, 0.5]}, "hessian", "a batch"),
    ("logsumexp", {"x": V}, "log(sum(exp(x)))", "x", {"x": [1000, 999, -1000]}, "gradient", "inf/inf"),
    ("logsumexp-under", {"x": V}, "log(sum(exp(x)))", "x", {"x": [-1000, -1001, -2000]}, "gradient", "0/0"),
    ("logsumexp-hessian", {"x": V}, "log(sum(exp(x)))", "x", {"x": [1000, 999, 998]}, "hessian", "inf/inf"),
    ("logsumexp-linear", {"A": "matrix(m,n)", "x": V}, "log(sum(exp(A*x)))", "x", {"A": [[1000, 1], [999, 2], [-5, 3]], "x": [1, 0.5]}, "gradient", "inf/inf"),
    ("logsumexp-linear-hessian", {"A": "matrix(m,n)", "x": V}, "log(sum(exp(A*x)))", "x", {"A": [[100, 1], [100, 2], [-5, 3]], "x": [10, 0.5]}, "hessian", "inf/inf"),
    ("logsumexp-weighted", {"w": V, "x": V}, "log(sum(w .* exp(x)))", "x", {"w": [1, 2, 0], "x": [-1000, -1001, -500]}, "gradient", "a weight of 0 at the largest entry"),
    ("logsumexp-dot", {"w": V, "x": V}, "log(w'*exp(x))", "x", {"w": [0.2, 0.3, 0.5], "x": [900, 901, 902]}, "gradient", "inf/inf"),
    ("logsumexp-temperature", {"x": V, "t": S}, "t*log(sum(exp(x/t)))", "x", {"x": [3, 2.99, -3], "t": 0.001}, "gradient", "a small temperature"),
    ("logsumexp-temperature-slope", {"x": V, "t": S}, "t*log(sum(exp(x/t)))", "t", {"x": [3, 2.999, -3], "t": 0.001}, "gradient", "a small temperature"),
    ("logmeanexp", {"x": V}, "log(sum(exp(x))/n)", "x", {"x": [1000, 1001]}, "gradient", "inf/inf"),
    ("log-of-two", {"a": S, "b": S}, "log(exp(a) + exp(b))", "a", {"a": 1000, "b": 1001}, "gradient", "inf/inf"),
    ("log-of-two-hessian", {"a": S, "b": S}, "log(exp(a) + exp(b))", "a", {"a": -1000, "b": -1001}, "hessian", "0/0"),
    ("softmax", {"x": V, "c": V}, "c'*exp(x)/sum(exp(x))", "x", {"x": [1000, 1001, 0], "c": [1, 2, 3]}, "gradient", "inf/inf"),
    ("cross-entropy", {"z": V, "y": V}, "-sum(y .* log(exp(z)/sum(exp(z))))", "z", {"z": [1000, -1000, 0], "y": [0, 1, 0]}, "gradient", "log(0)"),
    ("cross-entropy-softmax", {"z": V, "y": V}, "-y'*log(softmax(z))", "z", {"z": [1000, -1000, 0], "y": [0, 0, 1]}, "gradient", "log(0)"),
    ("cross-entropy-hessian", {"z": V, "y": V}, "-y'*log(softmax(z))", "z", {"z": [1000, 1001, 999], "y": [0, 0, 1]}, "hessian", "log(0)"),
    ("mixture", {"x": S, "a": S, "b": S, "p": S}, "log(p*exp(-(x - a)^2/2) + (1 - p)*exp(-(x - b)^2/2))", "a", {"x": 60, "a": 1, "b": 0.99, "p": 0.25}, "gradient", "0/0 far from both"),
    ("mixture-weight", {"x": S, "a": S, "b": S, "p": S}, "log(p*exp(-(x - a)^2/2) + (1 - p)*exp(-(x - b)^2/2))", "p", {"x": 60, "a": 1, "b": 0.99, "p": 0.25}, "gradient", "0/0 far from both"),
    ("mixture-hessian", {"x": S, "a": S, "b": S, "p": S}, "log(p*exp(-(x - a)^2/2) + (1 - p)*exp(-(x - b)^2/2))", "a", {"x": 60, "a": 1, "b": 0.99, "p": 0.25}, "hessian", "0/0 far from both"),
    ("mixture-batch", {"x": V, "a": S, "s": S}, "sum(log(0.4*exp(-(x - a).^2/(2*s^2))/s + 0.6*exp(-(x + a).^2/2)))", "s", {"x": [80, -70, 0], "a": 2, "s": 1.5}, "gradient", "0/0 in a batch"),
    ("mixture-batch-mean", {"x": V, "a": S, "s": S}, "sum(log(0.4*exp(-(x - a).^2/(2*s^2))/s + 0.6*exp(-(x + a).^2/2)))", "a", {"x": [80, -70, 0], "a": 2, "s": 1.5}, "gradient", "0/0 in a batch"),
    ("gaussian", {"x": V, "m": S}, "sum(log(exp(-(x - m).^2/2)/sqrt(2*pi)))", "m", {"x": [100, -100, 1], "m": 0.5}, "gradient", "log of an underflowed density"),
    ("tanh-written", {"x": V}, "sum((exp(x) - exp(-x))./(exp(x) + exp(-x)))", "x", {"x": [1000, -1000, 2, 0]}, "gradient", "inf/inf"),
    ("tanh-slope", {"x": V}, "sum(tanh(x))", "x", {"x": [30, -40, 0.5]}, "gradient", "1 - tanh(x)^2 cancels"),
    ("tanh-hessian", {"x": V}, "sum(tanh(x))", "x", {"x": [30, -40, 0.5]}, "hessian", "1 - tanh(x)^2 cancels"),
    ("log-cosh", {"x": V}, "sum(log(cosh(x)))", "x", {"x": [1000, -1000, 0.5]}, "gradient", "inf/inf"),
    ("log-cosh-written", {"x": V}, "sum(log((exp(x) + exp(-x))/2))", "x", {"x": [1000, -1000, 0.5]}, "gradient", "inf/inf"),
    ("log-cosh-hessian", {"x": V}, "sum(log(cosh(x)))", "x", {"x": [400, -30, 0.5]}, "hessian", "inf/inf and cancellation"),
    ("expm1-quotient", {"x": V}, "sum(x./(exp(x) - 1))", "x", {"x": [800, 1, -800]}, "gradient", "inf/inf"),
    ("bose", {"x": V}, "sum(1./(exp(x) - 1))", "x", {"x": [800, 1e-8, 1]}, "gradient", "inf/inf; exp(x) - 1 cancels near 0"),
    ("log1mexp", {"x": V}, "sum(log(1 - exp(-x)))", "x", {"x": [1e-10, 800, 1]}, "gradient", "1 - exp(-x) cancels near 0"),
    ("log-expm1", {"x": V}, "sum(log(exp(x) - 1))", "x", {"x": [1000, 1e-10, 1]}, "gradient", "overflow and cancellation"),
    ("pseudo-huber", {"x": V}, "sum(sqrt(1 + x.^2) - 1)", "x", {"x": [1e-9, 1e9, 2]}, "gradient", "1 - 1"),
    ("pseudo-huber-square", {"x": V}, "sum((sqrt(1 + x.^2) - 1).^2)", "x", {"x": [1e-5, 1, -1e-6]}, "gradient", "sqrt(1 + x) - 1 cancels"),
    ("one-minus-cos", {"x": V}, "sum((1 - cos(x)).^2)", "x", {"x": [1e-5, 1, -1e-6]}, "gradient", "1 - cos(x) cancels"),
    ("log1p-square", {"x": V}, "sum(log(1 + x).^2)", "x", {"x": [1e-12, -1e-14, 0.5]}, "gradient", "log(1 + x) cancels"),
    ("expm1-square", {"x": V}, "sum((exp(x) - 1).^2)", "x", {"x": [1e-12, -1e-14, 0.5]}, "gradient", "exp(x) - 1 cancels"),
    ("log-complement-small", {"p": V}, "sum(log(1 - p).^2)", "p", {"p": [1e-12, 1e-14, 0.5]}, "gradient", "log(1 - p) cancels"),
    ("norm-written", {"x": V}, "sqrt(sum(x.^2))", "x", {"x": [3e200, 4e200]}, "gradient", "the squares overflow"),
    ("norm-small", {"x": V}, "norm2(x)", "x", {"x": [3e-200, 4e-200]}, "gradient", "the squares underflow"),
    ("norm-dot", {"x": V, "c": V}, "sqrt((x - c)'*(x - c))", "x", {"x": [1, 2], "c": [1, 1]}, "gradient", "a root of a dot product"),
    ("where-log", {"x": V}, "sum(where(x > 0, log(x), 0))", "x", {"x": [2, -1, 0, 1e-300]}, "gradient", "0*inf in the branch that is not taken"),
    ("where-sqrt", {"x": V}, "sum(where(x > 0, sqrt(x), 0))", "x", {"x": [4, -1, 0]}, "gradient", "0*NaN in the branch that is not taken"),
    ("where-log-hessian", {"x": V}, "sum(where(x > 0, log(x), 0))", "x", {"x": [2, -1, 0]}, "hessian", "0*inf in the branch that is not taken"),
    ("where-quotient", {"x": V}, "sum(where(abs(x) > 0.001, sin(x)./x, 1))", "x", {"x": [2, 0, -1]}, "gradient", "0/0 in the branch that is not taken"),
    ("where-linear", {"X": "matrix(N,n)", "w": V}, "sum(where(X*w > 0, log(X*w), 0))", "w", {"X": [[1, 0], [-1, 0], [0, 0]], "w": [2, 3]}, "gradient", "0*inf below a matrix product"),
    ("poisson", {"x": V, "y": V}, "sum(exp(x) - y .* x)", "x", {"x": [-1000, 0, 5], "y": [1, 0, 2]}, "gradient", "underflow is harmless"),
    ("ratio-of-sums", {"x": V}, "sum(exp(x))/sum(exp(2*x))", "x", {"x": [100, 99, -500]}, "gradient", "quotients of sums"),
    ("row-logsumexp", {"X": M}, "sum(log(rowsum(exp(X))))", "X", {"X": BIG}, "gradient", "inf/inf and 0/0, each row by itself"),
    ("col-logsumexp", {"X": M}, "sum(log(colsum(exp(X))))", "X", {"X": BIG}, "gradient", "inf/inf, each column by itself"),
    ("row-logsumexp-hessian", {"X": M, "w": V}, "sum(log(rowsum(exp(X*diag(w)))))", "w", {"X": BIG, "w": [1, 1.001]}, "hessian", "inf/inf, each row by itself"),
    ("col-logsumexp-hessian", {"X": M, "u": VN}, "sum(log(colsum(exp(diag(u)*X))))", "u", {"X": BIG, "u": [1, 0.5, 1]}, "hessian", "inf/inf, each column by itself"),
    ("row-logsumexp-named", {"X": M}, "sum(rowlogsumexp(X).^2)", "X", {"X": BIG}, "gradient", "a row far above the others"),
    ("row-logsumexp-weighted", {"X": M, "G": M}, "sum(log(rowsum(G .* exp(X))))", "X", {"X": BIG, "G": [[1, 0], [0.5, 2], [0, 3]]}, "gradient", "a weight of 0 at the largest entry of a row"),
    ("row-logmeanexp", {"X": M}, "sum(log(rowmean(exp(X))))", "X", {"X": BIG}, "gradient", "inf/inf, each row by itself"),
    ("row-softmax", {"X": M, "G": M}, "sum(G .* (exp(X) ./ rowsum(exp(X))))", "X", {"X": BIG, "G": [[1, 2], [3, 7], [-1, 4]]}, "gradient", "inf/inf and 0/0, each row by itself"),
    ("col-softmax", {"X": M, "G": M}, "sum(G .* (exp(X) ./ colsum(exp(X))))", "X", {"X": BIG, "G": [[1, 2], [3, 7], [-1, 4]]}, "gradient", "inf/inf, each column by itself"),
    ("row-softmax-hessian", {"X": M, "G": M, "w": V}, "sum(G .* (exp(X*diag(w)) ./ rowsum(exp(X*diag(w)))))", "w", {"X": BIG, "G": [[1, 2], [3, 7], [-1, 4]], "w": [1, 1.001]}, "hessian", "inf/inf, each row by itself"),
    ("row-cross-entropy", {"X": M, "Y": M}, "-sum(Y .* log(exp(X) ./ rowsum(exp(X))))", "X", {"X": BIG, "Y": [[0, 1], [1, 0], [0.5, 0.5]]}, "gradient", "log(0)"),
    ("row-cross-entropy-hessian", {"X": M, "Y": M, "w": V}, "-sum(Y .* log(exp(X*diag(w)) ./ rowsum(exp(X*diag(w)))))", "w", {"X": BIG, "Y": [[0, 1], [1, 0], [0.5, 0.5]], "w": [1, 1.001]}, "hessian", "log(0)"),
    ("row-logsumexp-dot", {"X": M, "w": V}, "sum(log(exp(X)*w))", "w", {"X": BIG, "w": [0.2, 0.8]}, "gradient", "inf/inf: a matrix product of exponentials"),
    ("row-logsumexp-dot-hessian", {"X": M, "w": V}, "sum(log(exp(X)*w))", "w", {"X": BIG, "w": [0.2, 0.8]}, "hessian", "inf/inf: a matrix product of exponentials"),
    ("col-softmax-hessian", {"X": M, "G": M, "u": VN}, "sum(G .* (exp(diag(u)*X) ./ colsum(exp(diag(u)*X))))", "u", {"X": BIG, "G": [[1, 2], [3, 7], [-1, 4]], "u": [1, 0.5, 1.001]}, "hessian", "inf/inf, each column by itself"),
    ("logmeanexp-named", {"x": V}, "log(mean(exp(x)))", "x", {"x": [-1000, -1001]}, "gradient", "0/0"),
    ("logmeanexp-hessian", {"x": V}, "log(mean(exp(x)))", "x", {"x": [1000, 1001, 999]}, "hessian", "inf/inf"),
    ("logsumexp-zero-weights", {"w": V, "x": V}, "log(sum(w .* exp(x)))", "x", {"w": [0, 2, 1], "x": [1000, -1001, -1000]}, "hessian", "a weight of 0 far above the others"),
    ("logsumexp-zero-weight-slope", {"w": V, "x": V}, "log(sum(w .* exp(x)))", "w", {"w": [0, 2, 1], "x": [-1000, 1001, 1000]}, "gradient", "a weight of 0"),
    ("logsumexp-all-but-one", {"w": V, "x": V}, "log(sum(w .* exp(x))/sum(w))", "w", {"w": [0, 2, 1], "x": [-1000, 1001, 1000]}, "gradient", "a weight of 0, and a mean"),
    ("root-of-sum", {"x": V}, "sqrt(sum(exp(x)))", "x", {"x": [1000, 1001, 0]}, "gradient", "inf below a root"),
]

FUNCTIONS = {
    "log1p": lambda x: mpmath.log(1 + x), "expm1": lambda x: mpmath.exp(x) - 1,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "abs": abs, "relu": lambda x: max(x, mpf(0)),
    **{name: getattr(mpmath, name) for name in ("exp", "log", "cos", "sin", "cosh", "sinh", "tanh", "sqrt")},
}


class Array(list):
    """A vector, with the operations of the language."""

    def zip(self, other, f):
        return Array(f(a, b) for a, b in zip(self, other)) if isinstance(other, Array) else Array(f(a, other) for a in self)

    def __add__(self, o): return self.zip(o, lambda a, b: a + b)
    def __sub__(self, o): return self.zip(o, lambda a, b: a - b)
    def __mul__(self, o): return self.zip(o, lambda a, b: a * b)
    def __truediv__(self, o): return self.zip(o, quotient)
    def __radd__(self, o): return Array(o + a for a in self)
    def __rsub__(self, o): return Array(o - a for a in self)
    def __rmul__(self, o): return Array(o * a for a in self)
    def __rtruediv__(self, o): return Array(quotient(o, a) for a in self)
    def __pow__(self, k): return Array(a**k for a in self)
    def __neg__(self): return Array(-a for a in self)
    def __gt__(self, o): return Array(a > o for a in self)


class Line(Array):
    """A row of a matrix, as column sums give."""


class Diagonal:
    """diag(w): scales columns from the right, rows from the left."""

    def __init__(self, x): self.x = x
    def __mul__(self, o): return Matrix(row * a for a, row in zip(self.x, o))


class Matrix(list):
    """Rows. `*` is element by element, with a column or row on every column or row; with a vector or a diagonal it is the product."""

    def zip(self, other, f):
        if isinstance(other, Matrix):
            return Matrix(f(a, b) for a, b in zip(self, other))
        if isinstance(other, Array) and not isinstance(other, Line):
            return Matrix(f(a, b) for a, b in zip(self, other))
        return Matrix(f(a, other) for a in self)

    def __mul__(self, x):
        if isinstance(x, Diagonal):
            return Matrix(Array(a * b for a, b in zip(row, x.x)) for row in self)
        if isinstance(x, Array):
            return Array(sum((a * b for a, b in zip(row, x)), mpf(0)) for row in self)
        return self.zip(x, lambda a, b: a * b)

    def __truediv__(self, o): return self.zip(o, lambda a, b: a / b)
    def __neg__(self): return Matrix(-row for row in self)
    def columns(self): return Line(map(mpmath.fsum, zip(*self)))


class Row:
    """A transposed vector."""

    def __init__(self, x): self.x = x
    def __mul__(self, o): return sum((a * b for a, b in zip(self.x, o)), mpf(0))
    def __neg__(self): return Row(-self.x)


def each(f):
    def all_of(x):
        if isinstance(x, Matrix):
            return Matrix(all_of(row) for row in x)
        return type(x)(f(a) for a in x) if isinstance(x, Array) else f(x)

    return all_of


class Where:
    """Selects by the conditions at the point itself, also at the points beside it: the branch that is not taken has no part."""

    def __init__(self):
        self.chosen = None

    def __call__(self, c, a, b):
        if self.chosen is None:
            self.chosen = list(c)
        return Array((a[k] if isinstance(a, Array) else a) if t else b for k, t in enumerate(self.chosen))


def quotient(a, b):
    return mpmath.nan if b == 0 else a / b


def compute(formula, at, where):
    """The number of a formula as written, with 2500 digits."""
    size = next((len(x) for x in at.values() if type(x) is Array), 1)
    names = {name: each(f) for name, f in FUNCTIONS.items()}
    names.update({"n": mpf(size), "pi": mpmath.pi, "where": where, "T": Row, "mpf": mpf})
    names["log"] = each(lambda x: mpmath.nan if x == 0 else mpmath.log(x))
    names["sum"] = lambda x: mpmath.fsum(map(mpmath.fsum, x) if isinstance(x, Matrix) else x)
    names["mean"] = lambda x: mpmath.fsum(x) / len(x)
    names["rowsum"] = lambda x: Array(map(mpmath.fsum, x))
    names["rowmean"] = lambda x: Array(mpmath.fsum(row) / len(row) for row in x)
    names["rowlogsumexp"] = lambda x: Array(mpmath.log(mpmath.fsum(map(mpmath.exp, row))) for row in x)
    names["colsum"] = Matrix.columns
    names["diag"] = Diagonal
    names["norm2"] = lambda x: mpmath.sqrt(mpmath.fsum(a * a for a in x))
    names["softmax"] = lambda x: Array(mpmath.exp(a) for a in x) / mpmath.fsum(mpmath.exp(a) for a in x)
    names.update(at)
    text = re.sub(r"(\b\w+|\([^()]*\))'\*", r"T(\1)*", formula)
    text = text.replace(".*", "*").replace("./", "/").replace(".^", "**").replace("^", "**")
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)(?![\w.])", r"mpf('\1')", text)
    return eval(text, {"__builtins__": {}, **names})


def number(x):
    return Matrix([Array(mpf(a) for a in row) for row in x]) if isinstance(x, list) and isinstance(x[0], list) else (
        Array(mpf(a) for a in x) if isinstance(x, list) else mpf(x))


def places(x):
    """Where the entries of a variable are."""
    if isinstance(x, Matrix):
        return [(i, j) for i in range(len(x)) for j in range(len(x[i]))]
    return list(range(len(x))) if isinstance(x, Array) else [None]


def moved(at, name, steps):
    """The point with entries of one variable moved."""
    x = at[name]
    step = lambda place: sum((h for where, h in steps if where == place), mpf(0))
    if isinstance(x, Matrix):
        return {**at, name: Matrix(Array(a + step((i, j)) for j, a in enumerate(row)) for i, row in enumerate(x))}
    if isinstance(x, Array):
        return {**at, name: Array(a + step(k) for k, a in enumerate(x))}
    return {**at, name: x + step(None)}


def written(x):
    """A number as it is written; what leaves the range of floating point is not."""
    x = float(mpmath.nstr(x, 25)) if abs(x) > mpf(10) ** -330 else 0.0
    return x if abs(x) != float("inf") else None


def value(entry):
    """Of the formula, and of its derivative."""
    _, _, formula, wrt, point, kind, _ = entry
    at = {name: number(x) for name, x in point.items()}
    where = Where()
    primal = written(compute(formula, at, where))
    f = lambda *steps: compute(formula, moved(at, wrt, steps), where)
    h = STEP

    def first(i, *more):
        return (f((i, h), *more) - f((i, -h), *more)) / (2 * h)

    entries = places(at[wrt])
    if kind == "gradient":
        all_ = [written(first(i)) for i in entries]
        if isinstance(at[wrt], Matrix):
            n = len(at[wrt][0])
            all_ = [all_[k:k + n] for k in range(0, len(all_), n)]
    else:
        all_ = [[written((first(i, (j, h)) - first(i, (j, -h))) / (2 * h)) for j in entries] for i in entries]
    scalar = not isinstance(at[wrt], (Array, Matrix))
    return primal, (all_[0] if kind == "gradient" else all_[0][0]) if scalar else all_


POINTS = [300.0, -300.0, 1000.0, -1000.0, 40.0, -40.0, 1.5, -1.5, 0.5, -0.5, 1e-9, -1e-9, 1e-300, -1e-300, 5e-324, 0.0, 1e200, -1e200]
PAIRS = [[1000.0, 1001.0], [-1000.0, -1001.0], [0.5, -0.5], [300.0, -300.0], [1e-300, 1e-300], [1e-9, 0.25], [0.0, 0.0], [3e200, 4e200], [3e-200, 4e-200]]
TRIPLES = [[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -2000.0], [0.5, -0.5, 0.25], [3e200, 4e200, 0.0], [3e-200, 4e-200, 0.0]]


def rows():
    """The rows that are about numbers and vectors, as they stand in the source, with exact values of their left sides."""
    source = open(os.path.join(HERE, "../../crates/hesse/src/facts/kernels.rs"), encoding="utf-8").read()
    for name, formula in re.findall(r'    stable\("([^"]*)", "([^"]*)", "[^"]*", "[^"]*"\)', source):
        if "det(" in formula:
            continue
        letters = sorted(set(re.findall(r"(?<![\w])([abxy])(?![\w])", formula)))
        vector = "sum(" in formula
        points = TRIPLES if vector else PAIRS if len(letters) == 2 else POINTS
        for point in points:
            at = {"x": Array(map(mpf, point))} if vector else dict(zip(letters, map(mpf, point if len(letters) == 2 else [point])))
            try:
                got = compute(formula, at, None)
            except ZeroDivisionError:
                continue
            got = list(got) if isinstance(got, Array) else [got]
            # What is no real number, or leaves the range of floating point, is not asked.
            if all(mpmath.isfinite(g) and not isinstance(g, mpmath.mpc) and abs(g) < mpf(10) ** 308 for g in got):
                yield {"from": formula, "at": {k: list(map(float, v)) if vector else float(v) for k, v in at.items()},
                       "value": [float(mpmath.nstr(g, 25)) if abs(g) > mpf(10) ** -330 else 0.0 for g in got]}


def write(name, entries):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(map(json.dumps, entries)) + "\n]\n")


def main():
    entries = []
    for e in ENTRIES:
        name, variables, formula, wrt, point, kind, why = e
        primal, derivative = value(e)
        entries.append({"id": "stable-" + name, "vars": variables, "expr": formula, "wrt": wrt, "kind": kind, "layout": "denominator",
                        "at": point, "primal": primal, "value": derivative, "why": why})
    write("stability.json", entries)
    write("stable-rows.json", list(rows()))


if __name__ == "__main__":
    main()
