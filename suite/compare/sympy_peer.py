"""The corpus asked of SymPy: translation, differentiation, and the numbers of what SymPy answers.

A formula of the corpus is read by language.py and rebuilt from SymPy's own matrix expressions, with symbolic sizes. There is
more than one way to write a formula there (a 1x1 product, a power, a kink), and more than one way to ask; all are tried, and
the best result counts. Before SymPy is asked, the translated formula is evaluated and must have the value that the corpus
records. An answer is judged by its value alone: walked with NumPy (`numbers`), and laid out in any order of the axes.
"""
import itertools
import os
import signal
import sys

import numpy as np
import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.special import GenericIdentity
from sympy.printing.str import StrPrinter
from sympy.tensor.array import expressions as ar
from sympy.tensor.array.expressions import array_expressions as arx
from sympy.tensor.array.expressions.arrayexpr_derivatives import array_derive

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "corpus"))
import score  # noqa: E402
from language import parse  # noqa: E402

LIMIT = 1e-6
SECONDS = 20


class Inexpressible(Exception):
    """SymPy has no expression for this."""


class Unanswered(Exception):
    """SymPy gives something, but no formula of the derivative: an unevaluated derivative, or what has no value."""


class Timeout(Exception):
    """The processor time of one question is used up."""


# ----------------------------------------------------------------------------------------------------- the translation

FUNCTIONS = {
    "exp": sp.exp, "log": sp.log, "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "asin": sp.asin, "acos": sp.acos,
    "atan": sp.atan, "tanh": sp.tanh, "sinh": sp.sinh, "cosh": sp.cosh, "sqrt": sp.sqrt, "abs": sp.Abs, "sign": sp.sign,
    "erf": sp.erf, "sigmoid": lambda t: 1 / (1 + sp.exp(-t)), "softplus": lambda t: sp.log(1 + sp.exp(t)),
    "relu": lambda t: sp.Max(0, t), "max": sp.Max, "min": sp.Min,
}  # fmt: skip
STEP = {
    "abs": lambda t: t * (2 * sp.Heaviside(t) - 1),
    "sign": lambda t: 2 * sp.Heaviside(t) - 1,
    "relu": lambda t: t * sp.Heaviside(t),
    "max": lambda a, b: b + (a - b) * sp.Heaviside(a - b),
    "min": lambda a, b: b + (a - b) * sp.Heaviside(b - a),
}
PIECEWISE = {
    "abs": lambda t: sp.Piecewise((t, t > 0), (-t, True)),
    "sign": lambda t: sp.Piecewise((1, t > 0), (-1, True)),
    "relu": lambda t: sp.Piecewise((t, t > 0), (0, True)),
    "max": lambda a, b: sp.Piecewise((a, a > b), (b, True)),
    "min": lambda a, b: sp.Piecewise((a, a < b), (b, True)),
}
COMPARISONS = {"<": sp.Lt, ">": sp.Gt, "<=": sp.Le, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}
ELEMENTWISE = {"+", "-", ".*", "./", ".^", *COMPARISONS}


# How a formula may be written. `one`: a 1x1 product stays a matrix as long as it can (functions by applyfunc, powers by **),
# or becomes a scalar by Trace at once. `power`: HadamardPower or applyfunc. `diag`: DiagMatrix and DiagonalOf, or Hadamard
# products with the identity. `kink`: Max and Abs, a factor Heaviside, or Piecewise. `fused`: an element-wise formula of one
# array is one function of it, as in x.applyfunc(lambda t: t*exp(t)).
CHOICES = {
    "one": ("matrix", "trace"),
    "power": ("hadamard", "applyfunc"),
    "diag": ("diag", "hadamard"),
    "kink": ("max", "step", "piecewise"),
    "fused": (False, True),
}
STYLES = [dict(zip(CHOICES, pick)) for pick in itertools.product(*CHOICES.values())]


class Translation:
    """The expressions of one entry in one style. A value is (expression, rows, columns); a scalar is 1 by 1."""

    def __init__(self, entry, style):
        self.style = style
        self.sizes, self.variables = {}, {}
        positive = {c.split()[0] for c in entry["domain"].split(";") if c.split()[1:] == [">", "0"]}
        for name, declared in entry["vars"].items():
            kind, _, rest = declared.partition("(")
            sizes = [self.size(s.strip()) for s in rest.rstrip(")").split(",") if s.strip()]
            if kind == "scalar":
                symbol = sp.Symbol(name, positive=True) if name in positive else sp.Symbol(name, real=True)
                self.variables[name] = (symbol, 1, 1)
                continue
            rows, columns = {"vector": (sizes[0], 1), "rowvector": (1, sizes[0])}.get(kind, (sizes[0], sizes[-1]))
            self.variables[name] = (sp.MatrixSymbol(name, rows, columns), rows, columns)
        self.free = {self.variables[v][0] for v in (entry["wrt"], entry.get("wrt2")) if v}

    def size(self, text):
        if text.isdigit():
            return sp.Integer(text)
        return self.sizes.setdefault(text, sp.Symbol(text, integer=True, positive=True))

    # -- 1x1 and scalars

    def scalar(self, v):
        """A 1x1 value as a scalar expression."""
        return sp.Trace(v[0]) if is_matrix(v) else v[0]

    def settled(self, v):
        """A new 1x1 product, in this style."""
        return (sp.Trace(v[0]), 1, 1) if is_one(v) and is_matrix(v) and self.style["one"] == "trace" else v

    def filled(self, v, rows, columns):
        """A scalar in every place."""
        if rows == columns == 1:
            return v[0]
        if is_matrix(v):
            return sp.OneMatrix(rows, 1) * v[0] * sp.OneMatrix(1, columns) if columns != 1 else sp.OneMatrix(rows, 1) * v[0]
        return v[0] * sp.OneMatrix(rows, columns)

    # -- the tree

    def value(self, tree):
        if self.style["fused"]:
            whole = self.fused(tree)
            if whole:
                return whole
        kind = tree[0]
        if kind == "number":
            return (sp.nsimplify(tree[1], rational=True), 1, 1)
        if kind == "name":
            return self.name(tree[1])
        if kind == "negate":
            e, r, c = self.value(tree[1])
            return (-e, r, c)
        if kind == "transpose":
            e, r, c = v = self.value(tree[1])
            return v if is_one(v) else (sp.Transpose(e).doit(deep=False), c, r)
        if kind == "call":
            return self.call(tree[1], [self.value(a) for a in tree[2]])
        if kind == "binary":
            return self.binary(tree[1], self.value(tree[2]), self.value(tree[3]))
        raise Inexpressible("no " + kind)

    def name(self, name):
        if name in self.variables:
            return self.variables[name]
        if name in self.sizes:
            return (self.sizes[name], 1, 1)
        if name == "pi":
            return (sp.pi, 1, 1)
        raise Inexpressible("the name " + name)

    def fused(self, tree):
        """An element-wise formula of one array as one function of its entries; None if it is not one."""
        leaves, scalars = [], {}

        def gather(t):
            if t[0] == "negate":
                return gather(t[1])
            if t[0] == "binary" and t[1] in ELEMENTWISE:
                return gather(t[2]) and gather(t[3])
            if t[0] == "call" and t[1] in FUNCTIONS:
                return all(gather(a) for a in t[2])
            v = self.plain(t)
            if is_one(v):
                if self.depends(v):
                    return False
                scalars[t] = v
            elif t[0] == "binary" and t[1] in ("*", "/") and (is_one(self.plain(t[2])) or is_one(self.plain(t[3]))):
                return gather(t[2]) and gather(t[3])
            elif t not in leaves:
                leaves.append(t)
            return True

        if not gather(tree) or len(leaves) != 1 or tree == leaves[0]:
            return None
        entry = sp.Dummy("t", real=True)
        base = self.value(leaves[0])

        def at(t):
            if t == leaves[0]:
                return (entry, 1, 1)
            if t in scalars:
                return (self.scalar(scalars[t]), 1, 1)
            if t[0] == "negate":
                return (-at(t[1])[0], 1, 1)
            if t[0] == "call":
                return self.call(t[1], [at(a) for a in t[2]])
            return self.binary({".*": "*", "./": "/", ".^": "^"}.get(t[1], t[1]), at(t[2]), at(t[3]))

        return (base[0].applyfunc(sp.Lambda(entry, at(tree)[0])), base[1], base[2])

    def plain(self, tree):
        """The value without fusing, for its sizes."""
        style, self.style = self.style, dict(self.style, fused=False)
        try:
            return self.value(tree)
        finally:
            self.style = style

    def depends(self, v):
        """Whether a value depends on what the derivative is by. SymPy takes a function's own parameters as constant."""
        return bool(self.free & v[0].free_symbols)

    def function(self, name):
        return {"max": {}, "step": STEP, "piecewise": PIECEWISE}[self.style["kink"]].get(name, FUNCTIONS[name])

    def mapped(self, function, v):
        """A function of one variable, element by element."""
        e, r, c = v
        if not is_matrix(v):
            return (function(e), 1, 1)
        t = sp.Dummy("t", real=True)
        body = function(t)
        if self.depends((body, 1, 1)):
            raise Inexpressible("an element-wise function with a parameter that depends on the variable")
        return (e.applyfunc(sp.Lambda(t, body)), r, c)

    def call(self, name, args):
        a = args[0]
        e, r, c = a
        if name in ("max", "min"):
            return self.extreme(name, *args)
        if name in FUNCTIONS:
            if name == "sqrt" and is_one(a) and is_matrix(a):
                return (e ** sp.S.Half, 1, 1)
            return self.mapped(self.function(name), a)
        if name == "sum":
            return self.sum(a)
        if name == "norm1":
            return self.sum(self.mapped(self.function("abs"), a))
        if name == "norm2":
            return self.norm(a)
        if name == "logsumexp":
            return self.call("log", [self.sum(self.call("exp", [a]))])
        if name == "softmax":
            top = self.call("exp", [a])
            return self.binary("/", top, self.sum(top))
        if name == "tr":
            return a if is_one(a) else (sp.Trace(e), 1, 1)
        if name == "det":
            return a if is_one(a) else (sp.Determinant(e), 1, 1)
        if name == "logdet":
            return self.call("log", [self.call("det", [a])])
        if name == "inv":
            return self.power(a, sp.Integer(-1)) if is_one(a) else (sp.Inverse(e), r, c)
        if name == "diag":
            if is_one(a):
                return a
            if self.style["diag"] == "hadamard":
                if c == 1:
                    return (sp.HadamardProduct(sp.Identity(r), e * sp.OneMatrix(1, r)), r, r)
                return (sp.HadamardProduct(sp.Identity(r), e) * sp.OneMatrix(r, 1), r, 1)
            return (sp.DiagMatrix(e), r, r) if c == 1 else (DiagonalOf(e), r, 1)
        if name == "kron":
            b = args[1]
            if is_one(a) or is_one(b):
                return self.binary("*", a, b)
            return (sp.KroneckerProduct(e, b[0]), r * b[1], c * b[2])
        if name in ("ones", "zeros"):
            rows, columns = args[0][0], args[1][0] if len(args) > 1 else sp.Integer(1)
            return ((sp.OneMatrix if name == "ones" else sp.ZeroMatrix)(rows, columns), rows, columns)
        if name == "eye":
            return (sp.Identity(e), e, e)
        if name == "commutation":
            return self.commutation(e, args[1][0])
        if name == "cumsum":
            return (lower(r) * e, r, c)
        if name == "tril":
            return (sp.HadamardProduct(lower(r), e), r, c)
        raise Inexpressible("no " + name)

    def sum(self, a):
        e, r, c = a
        if is_one(a):
            return a
        if r != 1:
            e = sp.OneMatrix(1, r) * e
        if c != 1:
            e = e * sp.OneMatrix(c, 1)
        return self.settled((e, 1, 1))

    def norm(self, a):
        e, r, c = a
        if is_one(a):
            return self.call("abs", [a])
        if c == 1 or r == 1:
            square = self.settled((e.T * e if c == 1 else e * e.T, 1, 1))
        elif self.style["power"] == "hadamard" and self.style["one"] == "matrix":
            square = self.sum((sp.HadamardPower(e, 2), r, c))
        else:
            square = (sp.Trace(e.T * e), 1, 1)
        return (square[0] ** sp.S.Half, 1, 1)

    def extreme(self, name, a, b):
        """max and min. SymPy has none of two arrays: max(a, b) = b + max(0, a - b)."""
        f = self.function(name)
        if is_one(a) and (is_matrix(b) or not is_matrix(a)):
            a, b = b, a
        if is_one(b) and not self.depends(b):
            return self.mapped(lambda t: f(t, self.scalar(b)), a)
        if is_one(a) and is_one(b):
            return (f(self.scalar(a), self.scalar(b)), 1, 1)
        return self.added(b, self.mapped(lambda t: f(t, sp.S.Zero), self.binary("-", a, b)))

    def power(self, a, exponent):
        """The power of a scalar, of a square matrix, or of a 1x1 product."""
        return (a[0] ** exponent, a[1], a[2])

    def hadamard(self, a, exponent):
        if is_one(a):
            return self.power(a, exponent)
        if self.style["power"] == "hadamard":
            return (sp.HadamardPower(a[0], exponent), a[1], a[2])
        return self.mapped(lambda t: t**exponent, a)

    def binary(self, op, a, b):
        if op in COMPARISONS:
            d = self.binary("-", a, b)
            if self.style["kink"] != "piecewise" and op in ("<", ">"):
                return self.mapped(lambda t: sp.Heaviside(t if op == ">" else -t), d)
            return self.mapped(lambda t: sp.Piecewise((1, COMPARISONS[op](t, 0)), (0, True)), d)
        if op in ("+", "-"):
            return self.added(a, b if op == "+" else (-b[0],) + b[1:])
        if op == "^":
            if not is_one(b) or is_matrix(b):
                raise Inexpressible("an exponent that is an array")
            return self.power(a, b[0])
        if op in ("*", ".*") and (is_one(a) or is_one(b)):
            return self.scaled(a, b)
        if op == "*":
            return self.settled((a[0] * b[0], a[1], b[2]))
        if op == ".*":
            return (sp.HadamardProduct(a[0], b[0]), a[1], a[2])
        if op in ("/", "./"):
            if is_one(b):
                return self.scaled(a, self.power(b, sp.Integer(-1)))
            return self.binary(".*", a, self.hadamard(b, sp.Integer(-1)))
        if op == ".^":
            if is_one(b):
                return self.hadamard(a, self.scalar(b))
            if self.style["power"] == "hadamard":
                return (sp.HadamardPower(a[0], b[0]), b[1], b[2])
            if is_one(a) and not self.depends(a):
                return self.mapped(lambda t: self.scalar(a) ** t, b)
            if is_one(a):
                a = (self.filled(a, b[1], b[2]), b[1], b[2])
            return self.mapped(sp.exp, self.binary(".*", b, self.mapped(sp.log, a)))
        raise Inexpressible("no operator " + op)

    def added(self, a, b):
        if is_one(a) and is_one(b):
            if is_matrix(a) and is_matrix(b):
                return (a[0] + b[0], 1, 1)
            if not is_matrix(a) and not is_matrix(b):
                return (a[0] + b[0], 1, 1)
            if self.style["one"] == "matrix":
                lift = [v[0] if is_matrix(v) else v[0] * sp.OneMatrix(1, 1) for v in (a, b)]
                return (lift[0] + lift[1], 1, 1)
            return (self.scalar(a) + self.scalar(b), 1, 1)
        if is_one(a):
            return (self.filled(a, b[1], b[2]) + b[0], b[1], b[2])
        if is_one(b):
            return (a[0] + self.filled(b, a[1], a[2]), a[1], a[2])
        return (a[0] + b[0], a[1], a[2])

    def scaled(self, a, b):
        """A product with at least one scalar. A 1x1 product stands at the end of a column, at the start of a row."""
        one, other = (a, b) if is_one(a) else (b, a)
        if not is_matrix(one):
            return (one[0] * other[0], other[1], other[2])
        if not is_matrix(other) or other[2] == 1:
            return (other[0] * one[0], other[1], other[2])
        if other[1] == 1:
            return (one[0] * other[0], other[1], other[2])
        return (self.scalar(one) * other[0], other[1], other[2])

    def commutation(self, m, n):
        i, j = sp.symbols("i j", integer=True, nonnegative=True)
        place = sp.floor(i / n) + m * sp.Mod(i, n)
        return (sp.FunctionMatrix(m * n, m * n, sp.Lambda((i, j), sp.KroneckerDelta(place, j))), m * n, m * n)


def lower(n):
    """Ones on and below the diagonal."""
    i, j = sp.symbols("i j", integer=True, nonnegative=True)
    return sp.FunctionMatrix(n, n, sp.Lambda((i, j), sp.Piecewise((1, i >= j), (0, True))))


def is_one(v):
    return v[1] == 1 and v[2] == 1


def is_matrix(v):
    return isinstance(v[0], sp.MatrixExpr)


# ------------------------------------------------------------------------------------------------ the ways to ask SymPy


def by_diff(e, variables):
    for x in variables:
        e = e.diff(x)
    return e


def by_doit(e, variables):
    for x in variables:
        e = e.doit().diff(x).doit()
    return e


def by_array(e, variables):
    e = ar.convert_matrix_to_array(e)
    for x in variables:
        e = array_derive(e, x)
    return e


def by_array_and_matrix(e, variables):
    for x in variables:
        e = ar.convert_array_to_matrix(array_derive(ar.convert_matrix_to_array(e), x))
    return e


# The first is how SymPy is asked. The others can only help: a wrong answer of theirs is not held against SymPy.
WAYS = {
    "expr.diff(X)": by_diff,
    "expr.doit().diff(X).doit()": by_doit,
    "array_derive": by_array,
    "array_derive, convert_array_to_matrix": by_array_and_matrix,
}


# --------------------------------------------------------------------------------------------- the numbers of an answer


def as_scalar(a):
    if np.size(a) != 1:
        raise Unanswered("an array of %s where a scalar is needed" % "×".join(map(str, np.shape(a))))
    return np.reshape(a, ())[()]


def real(x):
    x = complex(x)
    if abs(x.imag) > 1e-12 * max(1.0, abs(x.real)):
        raise Unanswered("a complex value")
    return x.real


def applied(f, env, value):
    """An element-wise function, a Lambda or a name, at a number. A Lambda may have parameters besides."""
    if isinstance(f, sp.Lambda):
        return as_scalar(numbers(f.expr, {**env, f.variables[0]: value}))
    return as_scalar(numbers(f(sp.Float(value, 17)), env))


def diagonal_axes(a, groups):
    """The axes of every group run together and come last, in order."""
    gone = [k for g in groups for k in g]
    letters = list(range(a.ndim))
    for g in groups:
        for k in g:
            letters[k] = g[0]
    out = [k for k in range(a.ndim) if k not in gone] + [g[0] for g in groups]
    return np.einsum(a, letters, out)


def array_product(values):
    out = np.array(1.0)
    for v in values:
        out = np.multiply.outer(out, v)
    return out


def numbers(e, env):
    """The value of a SymPy expression: NumPy arrays and numbers for symbols in `env`."""
    if e in env:
        return env[e]

    def arg(k):
        return numbers(e.args[k], env)

    def args():
        return [numbers(a, env) for a in e.args]

    if isinstance(e, (sp.Derivative, sp.Subs)):
        raise Unanswered("an unevaluated Derivative")
    if e.is_Number or isinstance(e, sp.NumberSymbol):
        return float(e)
    # matrices
    if isinstance(e, (sp.MatMul, sp.Mul)):
        return multiplied(args())
    if isinstance(e, (sp.MatAdd, sp.Add, arx.ArrayAdd)):
        return added(args())
    if isinstance(e, sp.Inverse):
        return powered(arg(0), -1)
    if isinstance(e, (sp.MatPow, sp.Pow)):
        return powered(arg(0), as_scalar(arg(1)))
    if isinstance(e, (sp.Transpose, sp.Adjoint)):
        return np.transpose(arg(0))
    if isinstance(e, sp.HadamardProduct):
        return np.prod(np.broadcast_arrays(*args()), axis=0)
    if isinstance(e, sp.HadamardPower):
        with np.errstate(all="ignore"):
            return np.power(arg(0), arg(1))
    if isinstance(e, (ElementwiseApplyFunction, arx.ArrayElementwiseApplyFunc)):
        return np.vectorize(lambda x: applied(e.function, env, x), otypes=[float])(numbers(e.expr, env))
    if isinstance(e, sp.Trace):
        return np.trace(np.atleast_2d(arg(0)))
    if isinstance(e, sp.Determinant):
        return np.linalg.det(arg(0))
    if isinstance(e, sp.KroneckerProduct):
        out = np.eye(1)
        for a in args():
            out = np.kron(out, a)
        return out
    if isinstance(e, (sp.DiagMatrix, DiagonalMatrix)):
        a = np.asarray(arg(0))
        return np.diag(a.reshape(-1)) if 1 in a.shape else np.diag(np.diag(a))
    if isinstance(e, DiagonalOf):
        return np.diag(arg(0)).reshape(-1, 1)
    if isinstance(e, (sp.Identity, GenericIdentity)):
        return np.eye(count(e.args[0], env))
    if isinstance(e, (sp.OneMatrix, sp.ZeroMatrix, arx.OneArray, arx.ZeroArray)):
        shape = [count(a, env) for a in e.shape]
        return np.ones(shape) if isinstance(e, (sp.OneMatrix, arx.OneArray)) else np.zeros(shape)
    if isinstance(e, sp.FunctionMatrix):
        rows, columns = (count(a, env) for a in e.shape)
        f = e.lamda
        return np.array(
            [[as_scalar(numbers(f.expr, {**env, **dict(zip(f.variables, (i, j)))})) for j in range(columns)] for i in range(rows)]
        )
    if isinstance(e, MatrixElement):
        return np.asarray(arg(0))[count(e.args[1], env), count(e.args[2], env)]
    # arrays
    if isinstance(e, arx.ArrayTensorProduct):
        return array_product(args())
    if isinstance(e, arx.ArrayContraction):
        a = diagonal_axes(np.asarray(numbers(e.expr, env)), e.contraction_indices)
        return a.sum(axis=tuple(range(a.ndim - len(e.contraction_indices), a.ndim)))
    if isinstance(e, arx.ArrayDiagonal):
        return diagonal_axes(np.asarray(numbers(e.expr, env)), e.diagonal_indices)
    if isinstance(e, arx.PermuteDims):
        return np.transpose(numbers(e.expr, env), list(e.permutation.array_form))
    if isinstance(e, arx.Reshape):
        return np.reshape(numbers(e.expr, env), [count(a, env) for a in e.shape])
    if isinstance(e, arx.ArrayElement):
        return np.asarray(arg(0))[tuple(count(a, env) for a in e.indices)]
    # scalars
    if isinstance(e, sp.Piecewise):
        for value, condition in e.args:
            if condition == True or truth(condition, env):  # noqa: E712
                return numbers(value, env)
        raise Unanswered("a Piecewise without a case")
    if isinstance(e, sp.DiracDelta):
        if as_scalar(arg(0)) == 0:
            raise Unanswered("a DiracDelta at 0")
        return 0.0
    if isinstance(e, sp.Sum):
        total, (i, low, high) = 0.0, e.limits[-1]
        inner = sp.Sum(e.function, *e.limits[:-1]) if len(e.limits) > 1 else e.function
        for k in range(count(low, env), count(high, env) + 1):
            total = total + numbers(inner, {**env, i: k})
        return total
    if isinstance(e, (sp.Function, sp.Max, sp.Min)):
        return real(e.func(*[sp.Float(float(as_scalar(a)), 17) for a in args()]).evalf(17))
    if isinstance(e, (sp.MatrixBase, sp.NDimArray)):
        return np.vectorize(lambda x: as_scalar(numbers(x, env)), otypes=[float])(np.array(e.tolist(), dtype=object))
    raise Unanswered("no value: %s" % type(e).__name__)


def count(e, env):
    return int(round(as_scalar(numbers(sp.sympify(e), env))))


def truth(condition, env):
    pairs = {sp.Gt: np.greater, sp.Lt: np.less, sp.Ge: np.greater_equal, sp.Le: np.less_equal, sp.Eq: np.equal, sp.Ne: np.not_equal}
    for kind, f in pairs.items():
        if isinstance(condition, kind):
            return bool(f(as_scalar(numbers(condition.lhs, env)), as_scalar(numbers(condition.rhs, env))))
    if isinstance(condition, (sp.And, sp.Or)):
        return (all if isinstance(condition, sp.And) else any)(truth(c, env) for c in condition.args)
    if isinstance(condition, sp.Not):
        return not truth(condition.args[0], env)
    raise Unanswered("a condition: %s" % condition)


def multiplied(values):
    """A product. 1x1 values scale; the others are matrices."""
    scale, out = 1.0, None
    for v in values:
        if np.size(v) == 1 and (np.ndim(v) == 0 or out is None or out.shape[-1] != 1 or len(values) == 2):
            scale = scale * as_scalar(v)
        elif out is None:
            out = np.asarray(v)
        else:
            if out.ndim != 2 or np.ndim(v) != 2 or out.shape[1] != v.shape[0]:
                raise Unanswered("a product of %s and %s" % (out.shape, np.shape(v)))
            out = out @ v
    return scale if out is None else scale * out


def added(values):
    """A sum: of equal shapes, 1x1 being a scalar."""
    shapes = {np.shape(v) for v in values if np.size(v) != 1}
    if not shapes:
        return sum(as_scalar(v) for v in values)
    if len(shapes) > 1 or any(np.size(v) == 1 for v in values):
        raise Unanswered("a sum of %s" % " and ".join(sorted({str(np.shape(v)) for v in values})))
    return sum(np.asarray(v) for v in values)


def powered(base, exponent):
    if np.size(base) == 1:
        base = as_scalar(base)
        return real(complex(base) ** exponent) if base < 0 else float(np.power(float(base), exponent))
    if exponent != int(exponent) or np.ndim(base) != 2 or base.shape[0] != base.shape[1]:
        raise Unanswered("a power %s of an array %s" % (exponent, np.shape(base)))
    return np.linalg.matrix_power(base, int(exponent))


# ------------------------------------------------------------------------------------------------------------- judging


def agrees(got, want):
    """Whether an answer is the derivative in some layout: any order of the axes, and any shape with as many entries."""
    got = np.asarray(got, float)
    if got.size == 1 and not got.any():
        return not np.any(np.abs(want) > LIMIT * 1e-2)  # a plain 0 is a zero of any shape
    if got.size != want.size or not np.all(np.isfinite(got)):
        return False
    for order in itertools.permutations(range(want.ndim)):
        laid = want.transpose(order).reshape(got.shape)
        if np.max(np.abs(got - laid), initial=0.0) <= LIMIT * max(np.max(np.abs(want), initial=0.0), 1e-2):
            return True
    return False


class Names(StrPrinter):
    """SymPy prints a matrix of ones as 1 and one of zeros as 0; a reader needs the sizes."""

    def _print_OneMatrix(self, e):
        return "OneMatrix(%s)" % ", ".join(map(self._print, e.shape))

    def _print_ZeroMatrix(self, e):
        return "ZeroMatrix(%s)" % ", ".join(map(self._print, e.shape))


def text(e):
    return Names().doprint(e)


def reason(error):
    """Why, in one line."""
    if isinstance(error, Timeout):
        return "no answer in %d s" % SECONDS
    if isinstance(error, Inexpressible):
        return "not expressible: %s" % error
    if isinstance(error, Unanswered):
        return str(error)
    if isinstance(error, RecursionError):
        return "RecursionError"
    said = str(error).strip().splitlines()
    return ("%s: %s" % (type(error).__name__, said[0]) if said else type(error).__name__)[:160]


def limited(f, *args):
    """A call within SECONDS of processor time, so that a busy machine gives the same result."""

    def stop(*_):
        raise Timeout

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return f(*args)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def by(entry, variables):
    """The symbols of the derivative, in order."""
    twice = [entry.get("wrt2") or entry["wrt"]] if entry["kind"] == "hessian" else []
    return [variables[v][0] for v in [entry["wrt"]] + twice]


def environment(t, inputs, dims):
    """What the symbols of a translation are worth."""
    env = {t.sizes[k]: float(n) for k, n in dims.items() if k in t.sizes}
    for name, (symbol, _, _) in t.variables.items():
        v = np.array(inputs[name], float)
        env[symbol] = v if isinstance(symbol, sp.MatrixSymbol) else float(v.reshape(-1)[0])
    return env


class Written:
    """An entry written for SymPy in one style: the expression, and the values of its symbols at the points."""

    def __init__(self, entry, point, style):
        self.formula = None
        t = Translation(entry, style)
        self.e = limited(t.value, parse(entry["expr"]))[0]
        self.formula = text(self.e)
        self.by = by(entry, t.variables)
        self.points = [(environment(t, point["inputs"], point["dims"]), score.squeezed(np.reshape(point["tensor"], point["tensor_shape"]), entry))]
        more = score.second_point(entry, point)
        if more:
            self.points.append((environment(t, more[0], point["dims"]), np.squeeze(more[1])))
        value, true = np.asarray(limited(numbers, self.e, self.points[0][0]), float), np.array(point["value"], float)
        if value.size != true.size or not score.error(value.reshape(true.shape), true) <= LIMIT:
            raise Inexpressible("SymPy changes the value of the formula")

    def asked(self, way):
        """SymPy's answer, and whether it is right."""
        answer = limited(WAYS[way], self.e, self.by)
        values = [(limited(numbers, answer, env), want) for env, want in self.points]
        return text(answer), all(agrees(got, want) for got, want in values)


def writings(entry, point):
    """Every distinct way to write an entry, or why it cannot be written, in a fixed order."""
    if entry.get("structure"):
        return [Inexpressible("the derivative within the %s matrices" % entry["structure"])]
    out, seen = [], set()
    for style in STYLES:
        try:
            w = Written(entry, point, style)
        except Exception as error:  # whatever SymPy raises is its answer
            out.append(Inexpressible(reason(error)))
            continue
        # Names of bound variables differ from style to style: the text tells formulas apart better than equality.
        if w.formula not in seen:
            seen.add(w.formula)
            out.append(w)
    return out


def tries(entry, point):
    """Every question to SymPy and what came of it: all ways to write, asked in one way, then in the next."""
    found = writings(entry, point)
    written = [w for w in found if isinstance(w, Written)]
    if not written:
        yield {"verdict": "refused", "formula": None, "way": None, "answer": None, "why": reason(found[0])}
        return
    for way in WAYS:
        for w in written:
            row = {"verdict": "refused", "formula": w.formula, "way": way, "answer": None, "why": ""}
            try:
                row["answer"], right = w.asked(way)
                row["verdict"] = "right" if right else "wrong"
            except Exception as error:
                row["why"] = reason(error)
            yield row


def best(rows):
    """A right one, else the shortest formula with a wrong answer, else the first refusal."""
    right = next((r for r in rows if r["verdict"] == "right"), None)
    wrong = min((r for r in rows if r["verdict"] == "wrong"), key=lambda r: len(r["formula"]), default=None)
    return right or wrong or rows[0]


def verdict(entry, point):
    """The best of all ways; what `expr.diff(X)` gives in the best way to write (`diff`), and in the first (`first`)."""
    public, rows = [], []
    for row in tries(entry, point):
        if row["way"] in (None, list(WAYS)[0]):
            public.append(row)
        rows.append(row)
        if row["verdict"] == "right":
            break
    found = rows[-1] if rows[-1]["verdict"] == "right" else best(public)
    return {"id": entry["id"], **found, "diff": best(public)["verdict"], "first": rows[0]["verdict"]}


def main():
    """All ways of the entries that are named."""
    entries, points = score.load("public.json"), score.load_points()
    for entry in entries:
        if entry["id"] in sys.argv[1:]:
            print("%s: %s by %s" % (entry["id"], entry["expr"], entry["wrt"]))
            for row in tries(entry, points[entry["id"]]):
                print("  %-8s %s\n           %s\n           %s" % (row["verdict"], row["formula"], row["way"], row["answer"] or row["why"]))


if __name__ == "__main__":
    main()
