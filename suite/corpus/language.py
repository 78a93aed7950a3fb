"""The language of grammar.md, read and computed with NumPy.

This is a second implementation on purpose. It shares no code with the engine, so that an answer of hesse can be judged by
what it says: its text is parsed and computed here. Python 3.9 or newer and NumPy; nothing else.

    >>> f = parse("2*A'*(A*x - b)")
    >>> count(f)
    10
    >>> evaluate(parse("A*x"), {"A": [[1, 2], [3, 4]], "x": [[1], [1]]}).tolist()
    [[3.0], [7.0]]

Every value is a 2-D array, a scalar is 1x1. Shapes are strict: equal, or one side a scalar. The only values with more than
two axes are those of index notation with three axes or more (`A[i,k]*B[l,j] -> [i,j,k,l]`), the printed form of the
derivative of a matrix by a matrix.
"""
import math
import re

import numpy as np


class Fault(Exception):
    """The text cannot be read or computed: `at` is the place in the text, or None."""

    def __init__(self, message, at=None):
        super().__init__(message)
        self.at = at


# ---------------------------------------------------------------------------------------------- text to tokens to tree
# A tree is a tuple (kind, ...). Kinds: number, name, negate, transpose, binary, call, index, matrix, contraction.

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.(?![*/^'+\-])\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<sign>->|\.\*|\./|\.\^|\.'|\.\+|\.-|>=|<=|==|!=|[-+*/\\^'()\[\],;:<>=])
    )""",
    re.VERBOSE,
)


def tokens(text):
    """[(kind, text, place)], closed by ('end', '', len)."""
    out, at = [], 0
    while text[at:].strip():
        m = TOKEN.match(text, at)
        if not m:
            raise Fault("unknown character %r" % text[at:].strip()[0], at)
        kind = m.lastgroup
        out.append((kind, m.group(kind), m.start(kind)))
        at = m.end()
    return out + [("end", "", len(text))]


COMPARE = ("<", ">", "<=", ">=", "==", "!=")
ADD = ("+", "-", ".+", ".-")
MULTIPLY = ("*", "/", "\\", ".*", "./")


class Parser:
    def __init__(self, text):
        self.tokens, self.k = tokens(text), 0

    def peek(self, *signs):
        kind, text, _ = self.tokens[self.k]
        return text if kind == "sign" and text in signs else None

    def take(self, *signs):
        found = self.peek(*signs)
        if found:
            self.k += 1
        return found

    def need(self, sign):
        if not self.take(sign):
            raise Fault("%r expected" % sign, self.tokens[self.k][2])

    def whole(self):
        tree = self.arrow()
        kind, text, at = self.tokens[self.k]
        if kind != "end":
            raise Fault("%r is left over" % text, at)
        return tree

    def arrow(self):
        body = self.comparison()
        if self.take("->"):
            return ("contraction", body, self.groups())
        return body

    def groups(self):
        """`[i, (j k)]`, `[]`, and `[,j]` for a row: each group is one axis."""
        self.need("[")
        if self.take("]"):
            return ()
        out = []
        while True:
            if self.peek(",") and not out:
                out.append(())
            elif self.take("("):
                group = []
                while not self.take(")"):
                    group.append(self.word())
                out.append(tuple(group))
            else:
                out.append((self.word(),))
            if self.take("]"):
                return tuple(out)
            self.need(",")

    def word(self):
        kind, text, at = self.tokens[self.k]
        if kind != "name":
            raise Fault("an index is expected", at)
        self.k += 1
        return text

    def comparison(self):
        a = self.sum()
        op = self.take(*COMPARE)
        if not op:
            return a
        tree = ("binary", op, a, self.sum())
        if self.peek(*COMPARE):
            raise Fault("comparisons are not chained", self.tokens[self.k][2])
        return tree

    def sum(self):
        a = self.product()
        while self.peek(*ADD):
            op = self.take(*ADD)
            a = ("binary", op, a, self.product())
        return a

    def product(self):
        a = self.unary()
        while self.peek(*MULTIPLY):
            op = self.take(*MULTIPLY)
            a = ("binary", op, a, self.unary())
        return a

    def unary(self):
        if self.take("-"):
            return ("negate", self.unary())
        if self.take("+"):
            return self.unary()
        return self.postfix()

    def postfix(self):
        """`'`, `^`, `.^` and `[...]` are one level, read from left to right."""
        a = self.primary()
        while True:
            if self.take("'", ".'"):
                a = ("transpose", a)
            elif self.peek("^", ".^"):
                op = self.take("^", ".^")
                if self.take("-"):
                    a = ("binary", op, a, ("negate", self.primary()))
                else:
                    a = ("binary", op, a, self.primary())
            elif self.take("["):
                a = ("index", a, self.subscripts())
            else:
                return a

    def subscripts(self):
        out = []
        while True:
            if self.take(":"):
                out.append(("all",))
            elif self.stacked():
                self.need("(")
                group = []
                while not self.take(")"):
                    group.append(("name", self.word()))
                out.append(("stack", *group))
            else:
                first = self.sum()
                if self.take(":"):
                    out.append(("range", first, self.sum()))
                else:
                    out.append(("at", first))
            if self.take("]"):
                return tuple(out)
            self.need(",")

    def stacked(self):
        """`(i k)`: two names in brackets with nothing between them."""
        ahead = self.tokens[self.k : self.k + 3]
        return [t[0] for t in ahead[1:]] == ["name", "name"] and ahead[0][1] == "("

    def primary(self):
        kind, text, at = self.tokens[self.k]
        if kind == "number":
            self.k += 1
            return ("number", text)
        if kind == "name":
            self.k += 1
            if self.take("("):
                if text == "sum" and self.tokens[self.k][0] == "name" and self.tokens[self.k + 1][1] == "=":
                    return self.series()
                return ("call", text, self.arguments())
            return ("name", text)
        if self.take("("):
            tree = self.arrow()
            self.need(")")
            return tree
        if self.take("["):
            rows, row = [], [self.comparison()]
            while not self.take("]"):
                if self.take(";"):
                    rows.append(tuple(row))
                    row = []
                else:
                    self.need(",")
                row.append(self.comparison())
            return ("matrix", tuple(rows + [tuple(row)]))
        raise Fault("an operand is expected", at)

    def series(self):
        """`i = from:to, term)` behind the bracket of a sum."""
        index = self.word()
        self.need("=")
        first = self.sum()
        self.need(":")
        last = self.sum()
        self.need(",")
        term = self.arrow()
        self.need(")")
        return ("series", index, first, last, term)

    def arguments(self):
        out = []
        if self.take(")"):
            return ()
        while True:
            out.append(self.arrow())
            if self.take(")"):
                return tuple(out)
            self.need(",")


def parse(text):
    """The tree of a text."""
    return Parser(text).whole()


def count(tree):
    """Names, numbers, operators, calls and subscripts; the arrow of index notation is not counted."""
    kind = tree[0]
    if kind in ("number", "name"):
        return 1
    if kind in ("negate", "transpose"):
        return 1 + count(tree[1])
    if kind == "binary":
        return 1 + count(tree[2]) + count(tree[3])
    if kind == "call":
        return 1 + sum(count(a) for a in tree[2])
    if kind == "index":
        return 1 + count(tree[1]) + sum(count(s) for sub in tree[2] for s in sub[1:])
    if kind == "matrix":
        return 1 + sum(count(a) for row in tree[1] for a in row)
    if kind == "series":
        return 1 + sum(count(a) for a in tree[2:])
    return count(tree[1])  # contraction


# ----------------------------------------------------------------------------------------------------------- functions


def is_scalar(a):
    return a.shape == (1, 1)


def number(a):
    if not is_scalar(a):
        raise Fault("a scalar is expected, not %dx%d" % a.shape)
    return a[0, 0]


def size(a):
    value = number(a)
    if value != int(value):
        raise Fault("a size is expected, not %r" % value)
    return int(value)


def scalar(value):
    return np.array([[float(value)]])


def expand(*arrays):
    """Scalar expansion: equal shapes, or 1x1."""
    shape = next((a.shape for a in arrays if not is_scalar(a)), (1, 1))
    for a in arrays:
        if a.shape != shape and not is_scalar(a):
            raise Fault("shapes %dx%d and %dx%d do not fit" % (shape + a.shape))
    return [np.broadcast_to(a, shape) for a in arrays]


def square(a):
    if a.shape[0] != a.shape[1]:
        raise Fault("a square matrix is needed, not %dx%d" % a.shape)
    return a


def vector(a):
    if 1 not in a.shape:
        raise Fault("a vector is needed, not %dx%d" % a.shape)
    return a.reshape(-1)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def polygamma(order, x):
    """Derivatives of log(gamma) for x > 0: recurrence up to x >= 20, then the asymptotic series."""
    x, total = float(x), 0.0
    if not x > 0:
        return math.nan
    sign = -1.0 if order % 2 == 0 else 1.0
    while x < 20:
        total += sign * math.factorial(order) / x ** (order + 1)
        x += 1
    bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]
    if order == 0:
        tail = math.log(x) - 1 / (2 * x) - sum(b / (2 * k * x ** (2 * k)) for k, b in enumerate(bernoulli, 1))
    else:
        tail = sign * (
            math.factorial(order - 1) / x**order
            + math.factorial(order) / (2 * x ** (order + 1))
            + sum(
                b * math.factorial(2 * k + order - 1) / (math.factorial(2 * k) * x ** (2 * k + order))
                for k, b in enumerate(bernoulli, 1)
            )
        )
    return total + tail


def elementwise(f):
    return np.vectorize(f, otypes=[float])


ELEMENT = {
    "exp": np.exp, "log": np.log, "ln": np.log, "log1p": np.log1p, "expm1": np.expm1,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
    "sqrt": np.sqrt, "cbrt": np.cbrt, "abs": np.abs, "sign": np.sign, "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid, "softplus": lambda x: np.logaddexp(0, x), "erf": elementwise(math.erf),
    "lgamma": elementwise(math.lgamma), "digamma": elementwise(lambda x: polygamma(0, x)),
    "trigamma": elementwise(lambda x: polygamma(1, x)), "polygamma2": elementwise(lambda x: polygamma(2, x)),
    "polygamma3": elementwise(lambda x: polygamma(3, x)),
    "max": np.maximum, "min": np.minimum, "pow": np.power, "hypot": np.hypot, "atan2": np.arctan2,
    "where": lambda c, a, b: np.where(c != 0, a, b),
}  # fmt: skip
ARGUMENTS = {"max": 2, "min": 2, "pow": 2, "hypot": 2, "atan2": 2, "where": 3}


def logsumexp(a):
    top = np.max(a)
    return scalar(top + np.log(np.sum(np.exp(a - top))))


def logdet(a):
    sign, value = np.linalg.slogdet(square(a))
    return scalar(value if sign > 0 else math.nan)


def logabsdet(a):
    return scalar(np.linalg.slogdet(square(a))[1])


def diag(a):
    if 1 in a.shape and a.size > 1:
        return np.diag(vector(a))
    return np.diag(square(a)).reshape(-1, 1)


def vec(a):
    return a.reshape(-1, 1, order="F")


def commutation(m, n):
    """K with vec(X') = K*vec(X) for X of m rows and n columns."""
    m, n = size(m), size(n)
    k = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            k[i * n + j, j * m + i] = 1
    return k


def filled(value):
    def build(*sizes):
        rows = size(sizes[0])
        return np.full((rows, size(sizes[1]) if len(sizes) > 1 else 1), value)

    return build


def dot(a, b):
    if a.shape != b.shape:
        raise Fault("dot of %dx%d and %dx%d" % (a.shape + b.shape))
    return scalar(np.sum(a * b))


def norm1(a):
    return scalar(np.sum(np.abs(a)))


def norm2(a):
    return scalar(math.sqrt(np.sum(a * a)))


def cumsum(a):
    """Running sums of a vector, or down each column."""
    return np.cumsum(vector(a)).reshape(a.shape) if 1 in a.shape else np.cumsum(a, axis=0)


WHOLE = {  # name: (fewest arguments, most arguments, what it does)
    "sum": (1, 1, lambda a: scalar(np.sum(a))), "mean": (1, 1, lambda a: scalar(np.mean(a))),
    "prod": (1, 1, lambda a: scalar(np.prod(a))), "dot": (2, 2, dot), "sumsq": (1, 1, lambda a: scalar(np.sum(a * a))),
    "norm1": (1, 1, norm1), "norm2": (1, 1, norm2), "norm": (1, 1, norm2),
    "maximum": (1, 1, lambda a: scalar(np.max(a))), "minimum": (1, 1, lambda a: scalar(np.min(a))),
    "logsumexp": (1, 1, logsumexp), "softmax": (1, 1, lambda a: np.exp(a - logsumexp(a))),
    "rowsum": (1, 1, lambda a: a.sum(axis=1, keepdims=True)), "colsum": (1, 1, lambda a: a.sum(axis=0, keepdims=True)),
    "rowmax": (1, 1, lambda a: a.max(axis=1, keepdims=True)), "colmax": (1, 1, lambda a: a.max(axis=0, keepdims=True)),
    "tr": (1, 1, lambda a: scalar(np.trace(square(a)))), "det": (1, 1, lambda a: scalar(np.linalg.det(square(a)))),
    "logdet": (1, 1, logdet), "logabsdet": (1, 1, logabsdet), "inv": (1, 1, lambda a: np.linalg.inv(square(a))), "diag": (1, 1, diag), "vec": (1, 1, vec),
    "diagvec": (1, 1, lambda a: np.diag(square(a)).reshape(-1, 1)),
    "kron": (2, 2, np.kron), "outer": (2, 2, lambda a, b: np.outer(vector(a), vector(b))),
    "tril": (1, 1, lambda a: np.tril(square(a))), "triu": (1, 1, lambda a: np.triu(square(a))), "cumsum": (1, 1, cumsum),
    "zeros": (1, 2, filled(0.0)), "ones": (1, 2, filled(1.0)), "eye": (1, 2, lambda *n: np.eye(*[size(k) for k in n])),
    "commutation": (2, 2, commutation),
    "rows": (1, 1, lambda a: scalar(a.shape[0])), "cols": (1, 1, lambda a: scalar(a.shape[1])),
}  # fmt: skip


def call(name, args):
    if name in ELEMENT:
        if len(args) != ARGUMENTS.get(name, 1):
            raise Fault("%s takes %d argument(s)" % (name, ARGUMENTS.get(name, 1)))
        return np.asarray(ELEMENT[name](*expand(*args)), float)
    if name in WHOLE:
        fewest, most, f = WHOLE[name]
        if not fewest <= len(args) <= most:
            raise Fault("%s takes %d argument(s)" % (name, most))
        return np.asarray(f(*args), float)
    raise Fault("unknown function %r" % name)


COMPARISON = {
    "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


def spread(a, b):
    """Explicit broadcast of a row or column against a matrix, or of a column against a row: `.+ .- .* ./`."""
    try:
        return np.broadcast_arrays(a, b)
    except ValueError:
        raise Fault("shapes %dx%d and %dx%d do not fit" % (a.shape + b.shape)) from None


def power(a, b):
    """The element-wise power; whole exponents do not go through the logarithm."""
    a, b = expand(a, b)
    return np.power(a, b)


def binary(op, a, b):
    if op in COMPARISON:
        return COMPARISON[op](*expand(a, b)).astype(float)
    if op in ("+", "-"):
        a, b = expand(a, b)
        return a + b if op == "+" else a - b
    if op in (".+", ".-"):
        a, b = spread(a, b)
        return a + b if op == ".+" else a - b
    if op == "*":
        if is_scalar(a) or is_scalar(b):
            a, b = expand(a, b)
            return a * b
        if a.shape[1] != b.shape[0]:
            raise Fault("%dx%d times %dx%d" % (a.shape + b.shape))
        return a @ b
    if op == "/":
        return a / number(b)
    if op == "\\":
        return np.linalg.solve(square(a), b)
    if op in (".*", "./"):
        a, b = spread(a, b)
        return a * b if op == ".*" else a / b
    if op == ".^":
        return power(a, b)
    exponent = number(b)
    if is_scalar(a):
        return power(a, b)
    if exponent != int(exponent):
        raise Fault("a matrix power must be whole")
    return np.linalg.matrix_power(square(a), int(exponent))


# ------------------------------------------------------------------------------------------------- evaluation of a tree


class Point:
    """Values of variables (all 2-D) and sizes; `axes` are the sizes of the axes of the answer, if they are known."""

    def __init__(self, values, dims=None, axes=None):
        self.values = {k: np.atleast_2d(np.asarray(v, float)) for k, v in values.items()}
        self.dims, self.axes = dict(dims or {}), axes

    def name(self, name):
        """A declared variable, then a size, then the constant pi."""
        if name in self.values:
            return self.values[name]
        if name in self.dims:
            return scalar(self.dims[name])
        if name == "pi":
            return scalar(math.pi)
        raise Fault("unknown name %r" % name)


def evaluate(tree, values, dims=None, axes=None):
    """The value of a tree: a 2-D array, or an array with three axes or more for index notation."""
    point = values if isinstance(values, Point) else Point(values, dims, axes)
    with np.errstate(all="ignore"):
        return value(tree, point)


def value(tree, point):
    kind = tree[0]
    if kind == "number":
        return scalar(float(tree[1]))
    if kind == "name":
        return point.name(tree[1])
    if kind == "negate":
        return -value(tree[1], point)
    if kind == "transpose":
        return value(tree[1], point).T
    if kind == "binary":
        return binary(tree[1], value(tree[2], point), value(tree[3], point))
    if kind == "call":
        return call(tree[1], [value(a, point) for a in tree[2]])
    if kind == "index":
        return subscripted(value(tree[1], point), tree[2], point)
    if kind == "matrix":
        return blocks([[value(a, point) for a in row] for row in tree[1]])
    if kind == "series":
        return series(tree, point)
    return contraction(tree[1], tree[2], point)


def blocks(rows):
    """A matrix of blocks; one without rows or columns takes no room."""
    try:
        return np.block(rows)
    except ValueError:
        raise Fault("the blocks do not fit") from None


def series(tree, point):
    """`sum(i = from:to, term)`, term by term."""
    _, index, first, last, term = tree
    first, last = size(value(first, point)), size(value(last, point))
    if last < first:
        raise Fault("an empty sum")
    terms = [value(term, Point({**point.values, index: scalar(k)}, point.dims)) for k in range(first, last + 1)]
    return sum(terms[1:], terms[0])


def subscripted(a, subs, point):
    """`x[3]`, `A[2,:]`, `x[2:n]`, `x[end]`: 1-based."""
    if len(subs) == 1:
        vector(a)
        picks = [subs[0], ("all",)] if a.shape[1] == 1 else [("all",), subs[0]]
    elif len(subs) == 2:
        picks = list(subs)
    else:
        raise Fault("one or two subscripts")
    for axis, s in enumerate(picks):
        if s[0] == "all":
            continue
        here = point if "end" in point.values else Point({**point.values, "end": scalar(a.shape[axis])}, point.dims)
        first = size(value(s[1], here))
        last = size(value(s[2], here)) if s[0] == "range" else first
        if not 1 <= first <= last <= a.shape[axis]:
            raise Fault("index %d:%d out of 1:%d" % (first, last, a.shape[axis]))
        a = np.take(a, range(first - 1, last), axis=axis)
    return a


# --------------------------------------------------------------------------------------------------- index notation
# `A[i,k]*B[l,j] + C[i,j]*eye[k,l] -> [i,j,k,l]`. In every term an index that the output does not name is summed: over the
# whole product if several factors carry it, else inside the one factor that does. Within a function, a power or a divisor
# nothing is summed: x[i]^2 -> [] sums squares, exp(A[i,j]) -> [i] sums exponentials.

# `y[(i k)]` names the letters of one stacked axis. A result within a body, `exp(A[i,k]*B[k,j] -> [i,j])`, keeps the letters that
# it names and sums the others, which are its own.

CONSTANT = {"eye": 2, "ones": None, "lower": 2, "zeros": None}
PLACED = {"unit": 1, "shift": 2}


def label(sub):
    return sub[1][1] if sub[0] == "at" and sub[1][0] == "name" else None


def letters(sub):
    """The indices of a subscript."""
    return [t[1] for t in sub[1:]] if sub[0] == "stack" else [label(sub)] if label(sub) else []


def renamed(tree, names):
    """The tree with other letters; a result within it has letters of its own."""
    kind = tree[0]
    if kind == "index":
        fresh = lambda t: ("name", names(t[1])) if t[0] == "name" else t
        return ("index", tree[1], tuple((s[0], *map(fresh, s[1:])) if s[0] in ("at", "stack") else s for s in tree[2]))
    if kind == "contraction":
        kept = {x: names(x) for g in tree[2] for x in g}
        inner = renamed(tree[1], lambda x: kept.get(x, "%s'%d" % (x, id(tree))))
        return ("contraction", inner, tuple(tuple(kept[x] for x in g) for g in tree[2]))
    if kind in ("negate", "transpose"):
        return (kind, renamed(tree[1], names))
    if kind == "binary":
        return (kind, tree[1], renamed(tree[2], names), renamed(tree[3], names))
    if kind == "call":
        return (kind, tree[1], tuple(renamed(a, names) for a in tree[2]))
    return tree


def labels(tree):
    """Indices of a tree, with repetition, in reading order. Inside the base of a subscript there are none."""
    kind = tree[0]
    if kind == "index":
        return [x for s in tree[2] for x in letters(s)]
    if kind == "contraction":
        return [x for g in tree[2] for x in g]
    if kind in ("negate", "transpose"):
        return labels(tree[1])
    if kind == "binary":
        return labels(tree[2]) + labels(tree[3])
    if kind == "call":
        return [x for a in tree[2] for x in labels(a)]
    return []


class Labelled:
    """An array whose axes carry names."""

    def __init__(self, axes, array):
        self.axes, self.array = list(axes), array

    def to(self, axes):
        """Its axes in this order, with axes of length 1 for names that it lacks."""
        order = [self.axes.index(x) for x in axes if x in self.axes]
        array = np.transpose(self.array, order)
        return array.reshape([array.shape[[y for y in axes if y in self.axes].index(x)] if x in self.axes else 1 for x in axes])


def union(parts):
    out = []
    for p in parts:
        out += [x for x in p.axes if x not in out]
    return out


class Contraction:
    def __init__(self, point, body, groups):
        self.point, self.sizes, self.same = point, {}, {}
        out = [x for g in groups for x in g]
        self.stacks = []
        self.measure(body)
        if point.axes is not None and len(groups) == len(point.axes):
            for g, n in zip(groups, point.axes):
                self.join(g, n)
        while any([self.divide(*stack) for stack in self.stacks]):
            pass
        if "" in out:
            raise Fault("empty index")

    def root(self, x):
        while self.same.get(x, x) != x:
            x = self.same[x]
        return x

    def fix(self, x, n):
        x = self.root(x)
        if self.sizes.setdefault(x, n) != n:
            raise Fault("index %s runs to %d and to %d" % (x, self.sizes[x], n))

    def join(self, group, n):
        """The indices of one axis of length n; of a stack the last unknown one follows from the others."""
        if len(group) == 1:
            self.fix(group[0], n)
        else:
            self.stacks.append((group, n))

    def divide(self, group, n):
        open = [x for x in group if self.root(x) not in self.sizes]
        if len({self.root(x) for x in open}) != 1 or len(open) != 1:
            return False
        for x in group:
            n = n // self.sizes[self.root(x)] if x != open[0] else n
        self.fix(open[0], n)
        return True

    def size(self, x):
        if self.root(x) not in self.sizes:
            raise Fault("the size of index %s is not known" % x)
        return self.sizes[self.root(x)]

    def constant(self, tree):
        """The name of a constant 0/1 tensor such as eye[i,j], unless a variable has that name."""
        base = tree[1]
        if base[0] == "call" and base[1] in PLACED and len(base[2]) == 1:
            return base[1]
        if base[0] == "name" and base[1] in CONSTANT and base[1] not in self.point.values:
            return base[1]
        return None

    def measure(self, tree):
        """Learns the size of every index."""
        kind = tree[0]
        if kind == "index":
            name, subs = self.constant(tree), tree[2]
            if name:
                if name in PLACED:
                    return
                if CONSTANT[name] and len(subs) != CONSTANT[name]:
                    raise Fault("%s takes %d indices" % (name, CONSTANT[name]))
                if name in ("eye", "lower"):
                    a, b = self.root(label(subs[0])), self.root(label(subs[1]))
                    if a != b:
                        known = [self.sizes.pop(x) for x in (a, b) if x in self.sizes]
                        self.same[a] = b
                        for n in known:
                            self.fix(b, n)
                return
            for s, n in zip(subs, self.base(tree).shape):
                if letters(s):
                    self.join(letters(s), n)
        elif kind in ("negate", "transpose", "contraction"):
            self.measure(tree[1])
        elif kind == "binary":
            self.measure(tree[2])
            self.measure(tree[3])
        elif kind == "call":
            for a in tree[2]:
                self.measure(a)

    def base(self, tree):
        array = value(tree[1], self.point)
        if len(tree[2]) == 1 and 1 in array.shape:
            array = array.reshape(-1)
        if array.ndim != len(tree[2]):
            raise Fault("%d indices on %d axes" % (len(tree[2]), array.ndim))
        return array

    def summed(self, part, keep):
        gone = tuple(k for k, x in enumerate(part.axes) if x not in keep)
        return Labelled([x for x in part.axes if x in keep], part.array.sum(axis=gone)) if gone else part

    def term(self, tree, keep):
        """A product of factors, summed over what is not kept."""
        factors, sign = [], [1.0]

        def collect(t, inverse):
            if t[0] == "negate":
                sign[0] = -sign[0]
                collect(t[1], inverse)
            elif t[0] == "binary" and t[1] in ("*", ".*", "/", "./"):
                collect(t[2], inverse)
                collect(t[3], inverse ^ (t[1] in ("/", "./")))
            else:
                factors.append((t, inverse))

        collect(tree, False)
        parts = []
        for k, (t, inverse) in enumerate(factors):
            elsewhere = {x for j, (u, _) in enumerate(factors) if j != k for x in labels(u)}
            part = self.inner(t, keep) if inverse else self.factor(t, keep | elsewhere)
            parts.append(Labelled(part.axes, 1 / part.array) if inverse else part)
        axes = union(parts)
        array = np.full([1] * len(axes), sign[0])
        for p in parts:
            array = array * p.to(axes)
        return self.summed(Labelled(axes, array), keep)

    def factor(self, tree, keep):
        kind = tree[0]
        if kind == "index":
            return self.atom(tree)
        if kind == "contraction":
            own = set(labels(tree))
            return self.summed(self.factor(tree[1], own), own)
        if kind == "binary" and tree[1] in ("+", "-"):
            a, b = self.term(tree[2], keep), self.term(tree[3], keep)
            axes = union([a, b])
            return Labelled(axes, binary_array(tree[1], a.to(axes), b.to(axes)))
        if kind == "negate" or (kind == "binary" and tree[1] in ("*", ".*", "/", "./")):
            return self.term(tree, keep)
        if not labels(tree):
            return Labelled([], np.array(number(value(tree, self.point))))
        if kind == "binary":  # a power or a comparison: element by element
            parts = [self.inner(t, keep) for t in (tree[2], tree[3])]
            axes = union(parts)
            return Labelled(axes, binary_array(tree[1], *[p.to(axes) for p in parts]))
        if kind == "call" and tree[1] in ELEMENT:
            parts = [self.inner(t, keep) for t in tree[2]]
            axes = union(parts)
            return Labelled(axes, np.asarray(ELEMENT[tree[1]](*np.broadcast_arrays(*[p.to(axes) for p in parts])), float))
        if kind == "call":
            raise Fault("%s of something with indices" % tree[1])
        raise Fault("%s in index notation" % kind)

    def inner(self, tree, keep):
        """An argument, a base or a divisor: nothing is summed in it."""
        return self.factor(tree, keep | set(labels(tree)))

    def atom(self, tree):
        name, subs = self.constant(tree), tree[2]
        found = [label(s) for s in subs]
        if name:
            sizes = [self.size(x) for x in found]
            if name in PLACED:
                k = size(value(tree[1][2][0], self.point))
                array = np.eye(sizes[0])[k - 1] if name == "unit" else np.eye(*sizes, k=-k)
            elif name == "eye":
                array = np.eye(*sizes)
            elif name == "lower":
                array = np.tril(np.ones(sizes))
            else:
                array = np.full(sizes, 1.0 if name == "ones" else 0.0)
        else:
            array = self.base(tree)
            array = array.reshape([self.size(x) if letters(s) else n for s, n in zip(subs, array.shape) for x in letters(s) or [n]])
            found = [x for s in subs for x in letters(s) or [None]]
            subs = [("at", t) for s in subs for t in s[1:]]
            for axis in reversed(range(len(subs))):
                if found[axis] is None:
                    if subs[axis][0] != "at":
                        raise Fault("a range in index notation")
                    array = np.take(array, size(value(subs[axis][1], self.point)) - 1, axis=axis)
            found = [x for x in found if x]
        distinct = []
        for x in found:
            if x in distinct:  # A[i,i]: the diagonal
                first, second = distinct.index(x), len(distinct)
                array = np.moveaxis(np.diagonal(array, axis1=first, axis2=second), -1, first)
            else:
                distinct.append(x)
        return Labelled(distinct, array)


def binary_array(op, a, b):
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op in ("^", ".^"):
        return np.power(a, b)
    return COMPARISON[op](a, b).astype(float)


def contraction(body, groups, point):
    body = renamed(body, str)
    c = Contraction(point, body, groups)
    out = [x for g in groups for x in g]
    distinct = list(dict.fromkeys(out))
    result = c.factor(body, set(distinct))
    result = c.summed(result, set(distinct))
    array = np.broadcast_to(result.to(distinct), [c.size(x) for x in distinct])
    # An index named twice in the output: the value sits on the diagonal, zero elsewhere.
    whole = np.zeros([c.size(x) for x in out])
    grids = np.indices(array.shape)
    whole[tuple(grids[distinct.index(x)] for x in out)] = array
    shape = [int(np.prod([c.size(x) for x in g], dtype=int)) for g in groups]
    whole = whole.reshape(shape)
    if len(groups) == 0:
        return whole.reshape(1, 1)
    if len(groups) == 1:
        return whole.reshape(-1, 1)
    return whole


# ------------------------------------------------------------------------------------------------------------ self-test


def self_test():
    """What this file must read right before it may judge anything."""
    A, B, x, y = [[1, 2], [3, 4.5]], [[0, 1, 2], [5, 1, 0.5]], [[2.0], [3.0]], [[-1.0], [0.5]]
    values = {"A": A, "B": B, "x": x, "y": y, "s": [[2.0]], "S": [[1.0]]}
    same = [
        ("A^2'", "(A*A)'"), ("A*x.^2", "A*(x.*x)"), ("-x.^2", "-(x.*x)"), ("2*x.^2./y", "(2*(x.*x))./y"), ("2.*x", "2*x"),
        ("1./x", "x.^-1"), ("1 - y > 0", "(1 - y) > 0"), ("0.5.*x", "x/2"), ("A.'*x", "A'*x"), ("x.^2'", "(x.*x)'"),
        ("A^-1", "inv(A)"), ("A^(-1)*x", "A\\x"), ("2^3^2", "64"), ("-2^2", "-(4)"), ("2*-s", "-4"), ("s/2*s", "2"),
        ("x'*y", "dot(x, y)"), ("x*y'", "outer(x, y)"), ("kron(x, y)", "vec(y*x')"), ("kron(A, s)", "2*A"),
        ("vec(B')", "commutation(2, 3)*vec(B)"), ("cumsum(x)", "tril(ones(2, 2))*x"), ("softmax(x)", "exp(x)/sum(exp(x))"),
        ("logsumexp(A)", "log(sum(exp(A)))"), ("rowsum(B)", "B*ones(3)"), ("colsum(B)", "ones(2)'*B"), ("tr(A)", "A[1,1] + A[2,2]"),
        ("x .- y'", "x*ones(2)' - ones(2)*y'"), ("B .* x", "diag(x)*B"), ("B ./ colsum(B)", "B*diag(1 ./ colsum(B))"), ("cumsum(B)", "tril(ones(2, 2))*B"),
        ("[x; y][2:end-1]", "[x[2]; y[1]]"), ("[A, x; y', 1][1:2,:]", "[A, x]"), ("eye(3)[:,2:3]*x", "[0; x]"), ("[x; zeros(0)]", "x"), ("eye(2, 3)*B'", "B[:,1:2]'"),
        ("sum(i = 1:2, B[i,:]*i)", "B[1,:] + 2*B[2,:]"), ("sum(i = 2:m, sum(j = 1:n, B[j,i]*B[j,i-1]))", "sum(B[:,2:3].*B[:,1:2])"), ("norm2(A)^2", "tr(A'*A)"), ("logdet(A'*A)", "log(det(A)^2)"), ("B .+ x", "B + x*ones(3)'"), ("x[2]", "3"), ("B[2,:]", "[5, 1, 1/2]"),
        ("[s, 1; 0, x[1]]", "[2, 1; 0, 2]"), ("where(y > 0, x, s)", "[2; 3]"), ("n*m", "6"), ("digamma(x + 1)", "digamma(x) + 1./x"),
        ("trigamma(x + 1)", "trigamma(x) - 1./x.^2"), ("polygamma2(x + 1)", "polygamma2(x) + 2./x.^3"),
        ("A[i,j]*B[j,k] -> [i,k]", "A*B"), ("A[i,j] -> [j,i]", "A'"), ("A[i,i] -> []", "tr(A)"), ("A[i,i] -> [i]", "diag(A)"),
        ("x[i] -> [i,i]", "diag(x)"), ("A[i,j] -> [,j]", "colsum(A)"), ("A[i,j]*B[k,l] -> [(i k),(j l)]", "kron(A, B)"),
        ("A[i,j] -> [(j i)]", "vec(A)"), ("A[i,j]*lower[i,j] -> [i,j]", "tril(A)"), ("inv(A)[i,j]*x[j] -> [i]", "inv(A)*x"),
        ("eye[i,j]*x[j] -> [i]", "x"), ("x[i]^2 -> []", "x'*x"), ("exp(A[i,j]*x[j]) -> [i]", "rowsum(exp(A.*(ones(2)*x')))"), ("exp(x[i]) -> []", "sum(exp(x))"),
        ("(A[i,j]*x[j] - y[i])*x[i] -> []", "x'*(A*x - y)"), ("2*A[i,j] - x[i]*y[j] -> [i,j]", "2*A - x*y'"), ("x[i]/y[j] -> [i,j]", "x*(1./y)'"),
        ("(x[i]*y[i])^2 -> []", "sumsq(x.*y)"), ("x[i]/(y[j]*y[j]) -> [i]", "x*sum(1./y.^2)"), ("s*x[i] -> [i]", "s*x"), ("(x[i]*y[j] > 0) -> [i,j]", "(x*y' > 0)"), ("A[1,j] -> [,j]", "A[1,:]"),
        ("(A'*x)[i] -> [i]", "A'*x"), ("x'[i] -> [i]", "x"), ("(A[i,j]*x[j] -> [i])'*y", "(A*x)'*y"), ("S*x", "x"),
        ("vec(B)[(j i)]*x[i] -> [j]", "B'*x"), ("kron(A, B)[(i k),(j l)]*B[k,l] -> [i,j]", "A*sumsq(B)"),
        ("exp(A[i,k]*A[k,j] -> [i,j]) -> [i,j]", "exp(A*A)"), ("x[i]*exp(A[i,j] -> [i]) -> [i]", "x.*exp(rowsum(A))"), ("x[i]/(A[i,j]*x[j] -> [i]) -> [i]", "x./(A*x)"),
        ("(x[i]^2 -> [])*x[i] -> [i]", "sumsq(x)*x"), ("(A[j,i] -> [i])*A[i,j] -> [i,j]", "diag(colsum(A))*A"), ("unit(2)[i] + zeros[i]*x[i] -> [i]", "[0; 1]"), ("shift(1)[i,j]*A[j,i] -> []", "A[1,2]"),
    ]  # fmt: skip
    dims = {"n": 2, "m": 3}
    for left, right in same:
        a, b = (evaluate(parse(t), values, dims) for t in (left, right))
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-11, atol=1e-12):
            raise AssertionError("%s is %s, %s is %s" % (left, a.tolist(), right, b.tolist()))
    four = evaluate(parse("A[i,k]*B[l,j] -> [i,j,k,l]"), {"A": A, "B": B})
    if not np.allclose(four, np.einsum("ik,lj->ijkl", A, B)):
        raise AssertionError("a tensor with four axes")
    spread_out = evaluate(parse("2*eye[i,k]*eye[j,l] -> [i,j,k,l]"), {}, axes=(2, 3, 2, 3))
    if not np.allclose(spread_out.reshape(6, 6), 2 * np.eye(6)):
        raise AssertionError("sizes from the shape of the answer")
    for text in ("x*y", "A*B'", "B^2", "A^0.5", "x/y", "max(x)", "sum(x))", "x + * x", "", "a < b < c", "x $ y", "B + x", "2 x", "q", "x[3]", "tr(B)"):
        try:
            evaluate(parse(text), values)
        except Fault:
            continue
        raise AssertionError("%r was read" % text)
    for text, nodes in (("w'*x", 4), ("2*A'*(A*x - b)", 10), ("A[i,j]*x[j] -> [i]", 8), ("diag(x > 0)", 4)):
        if count(parse(text)) != nodes:
            raise AssertionError("%s has %d nodes" % (text, count(parse(text))))
    return len(same)
