"""Sample points for entries that have no recorded values, and their derivatives by differences of `expr`.

A point respects the declared types and the `domain` of grammar.md. `expected` is accepted as the truth only after it agrees
with central differences of order eight at that point: nothing of hesse, and no rule of differentiation, takes part.
"""
import random
import re

import numpy as np

import language
from language import Fault, evaluate, parse

AGREE = 1e-6  # `expected` against the differences
SURE = 1e-7  # the differences with two steps against each other: more apart, and a kink or a pole is near
TRIES = 20
SIZES = (3, 4, 2, 5, 6, 7)

# Weights of f(x + k*h) for k = 1, 2, 3, 4; antisymmetric for the first derivative, symmetric for the second.
FIRST = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def clauses(entry):
    return [c.strip() for c in (entry.get("domain") or "").split(";") if c.strip()]


def names_of_sizes(entry):
    """The dimension names, in the order of their declaration."""
    out = []
    for declared in entry["vars"].values():
        out += [d for d in re.findall(r"[A-Za-z_]\w*", declared.partition("(")[2]) if d not in out]
    return out


def draw_sizes(entry, draw):
    """A size for every name, all different, so that no two axes can be confused; `dim m > n` is obeyed."""
    names = names_of_sizes(entry)
    larger = [re.fullmatch(r"dim (\w+) > (\w+)", c) for c in clauses(entry)]
    for _ in range(1000):
        pool = list(SIZES[: max(3, len(names))])
        draw.shuffle(pool)
        dims = dict(zip(names, pool))
        if all(dims[m.group(1)] > dims[m.group(2)] for m in larger if m):
            return dims
    raise Fault("no sizes for %s" % entry["id"])


def draw_value(declared, rules, dims, rng):
    """A value of a declared type under the rules of the domain that concern it."""
    kind, _, rest = declared.partition("(")
    kind = kind.strip()
    sizes = [int(evaluate(parse(s), {}, dims)[0, 0]) for s in rest.rstrip(") ").split(",") if s.strip()]
    rows, cols = {"scalar": (1, 1), "vector": (sizes + [1])[:2], "rowvector": ([1] + sizes)[:2]}.get(kind, (sizes * 2)[:2])
    if kind == "matrix":
        rows, cols = sizes
    a = 0.8 * rng.standard_normal((rows, cols))
    if kind == "symmetric":
        a = (a + a.T) / 2
    if kind == "diagonal":
        a = np.diag(np.diag(a))
    for rule in rules:
        span = re.fullmatch(r"in \((\S+),\s*(\S+)\)", rule)
        among = re.fullmatch(r"in \{(\S+),\s*(\S+)\}", rule)
        if rule == "posdef":
            if kind == "diagonal":
                a = np.diag(np.abs(np.diag(a)) + 0.5)
            else:
                skew = (a - a.T) / 4
                a = 0.5 * a @ a.T + np.eye(rows) + skew
        elif rule in ("invertible", "detpos"):
            a = np.diag(np.sign(np.diag(a)) * (np.abs(np.diag(a)) + 0.5)) if kind == "diagonal" else a + np.eye(rows)
            if rule == "detpos" and np.linalg.det(a) < 0:
                a[0] = -a[0]
        elif rule in ("> 0", "< 0"):
            a = (np.abs(a) + 0.3) * (1 if rule == "> 0" else -1)
        elif rule == "> 1":
            a = np.abs(a) + 1.3
        elif rule == "nonzero":
            a = np.where(a < 0, -1, 1) * (np.abs(a) + 0.3)
        elif span:
            low, high = float(span.group(1)), float(span.group(2))
            a = low + (high - low) * (0.15 + 0.7 * rng.random(a.shape))
        elif among:
            low, high = float(among.group(1)), float(among.group(2))
            a = np.where(rng.random(a.shape) < 0.5, low, high)
        elif rule == "small":
            a = a / 4
        elif rule == "simplex":
            a = np.abs(a) + 0.2
            a = a / a.sum()
        elif rule in ("onehot", "onehot rows"):
            a = np.eye(cols)[rng.integers(cols, size=rows)] if rule != "onehot" else np.eye(rows)[:, [rng.integers(rows)]]
        else:
            raise Fault("domain rule %r is not known" % rule)
    return a


def draw_inputs(entry, dims, rng):
    rules, above = {v: [] for v in entry["vars"]}, []
    for c in clauses(entry):
        name, _, rest = c.partition(" ")
        if name in ("dim", "note"):
            continue
        if name not in rules:
            raise Fault("domain of %r: no such variable" % c)
        if rest.startswith("> ") and rest not in ("> 0", "> 1"):
            above.append((name, rest[2:]))
        else:
            rules[name].append(rest.strip())
    inputs = {v: draw_value(t, rules[v], dims, rng) for v, t in entry["vars"].items()}
    for name, text in above:
        floor = evaluate(parse(text), inputs, dims)
        inputs[name] = np.abs(inputs[name]) + 0.3 + floor
    return inputs


def moved(inputs, name, place, by):
    out = dict(inputs)
    out[name] = inputs[name].copy()
    out[name][place] += by
    return out


def difference(f, inputs, name, step):
    """The derivatives of f by every entry of a variable, axes of f first."""
    a = inputs[name]
    parts = []
    for place in np.ndindex(a.shape):
        total = 0.0
        for k, w in enumerate(FIRST, 1):
            total = total + w * (f(moved(inputs, name, place, k * step)) - f(moved(inputs, name, place, -k * step)))
        parts.append(np.asarray(total) / step)
    return np.moveaxis(np.array(parts), 0, -1).reshape(parts[0].shape + a.shape)


def differences(entry, inputs, dims, step):
    """T[i,j,k,l], or for a Hessian T[k,l,k2,l2], of `expr`."""
    tree = parse(entry["expr"])

    def f(at):
        return evaluate(tree, at, dims)

    if entry["kind"] != "hessian":
        return difference(f, inputs, entry["wrt"], step)
    second = entry.get("wrt2") or entry["wrt"]

    def gradient(at):
        return difference(lambda x: f(x)[0, 0], at, entry["wrt"], step)

    return difference(gradient, inputs, second, step)


def in_layout(tensor, entry):
    """The matrix that `expected` gives, from T."""
    kind, t = entry["kind"], tensor
    if kind == "hessian":
        return t.reshape(t.shape[0] * t.shape[1], t.shape[2] * t.shape[3])
    if kind == "gradient":
        g = t[0, 0]
        if entry.get("structure") == "symmetric":
            g = g + g.T - np.diag(np.diag(g))
        if entry.get("structure") == "diagonal":
            g = np.diag(np.diag(g))
        shaped = g.T if entry["layout"] == "numerator" else g
    elif kind == "jacobian":
        shaped = t.reshape(t.shape[0] * t.shape[1], t.shape[2] * t.shape[3])
        shaped = shaped if entry["layout"] == "numerator" else shaped.T
    else:
        shaped = t[:, :, 0, 0]
        shaped = shaped if entry["layout"] == "numerator" else shaped.T
    return shaped


def vectorised(tensor):
    """d vec(F) / d vec(X)', columns stacked."""
    i, j, k, l = tensor.shape
    return tensor.transpose(1, 0, 3, 2).reshape(j * i, l * k)


def tensor_of(matrix, shape):
    i, j, k, l = shape
    return matrix.reshape(j, i, l, k).transpose(1, 0, 3, 2)


def apart(a, b):
    if a.shape != b.shape:
        return float("inf")
    d = np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-2)
    return float(d) if np.isfinite(d) else float("inf")


def point(entry):
    """A row like those of values-public.jsonl. Raises Fault if `expected` is not the derivative of `expr`."""
    text = entry["expected"] if entry["expected"] is not None else entry["expected_vec"]
    steps = (0.02, 0.03) if entry["kind"] == "hessian" else (0.006, 0.009)
    worst = None
    for k in range(TRIES):
        seed = "%s %d" % (entry["id"], k)
        draw = random.Random(seed)
        dims = draw_sizes(entry, draw)
        inputs = draw_inputs(entry, dims, np.random.default_rng(draw.getrandbits(64)))
        with np.errstate(all="ignore"):
            try:
                value = evaluate(parse(entry["expr"]), inputs, dims)
                t = differences(entry, inputs, dims, steps[0])
                again = differences(entry, inputs, dims, steps[1])
            except (np.linalg.LinAlgError, ValueError):  # ValueError: log of a negative number in math.lgamma and the like
                continue
        sure = apart(again, t)
        if not sure <= SURE:
            worst = min(worst or sure, sure)
            continue
        want = evaluate(parse(text), inputs, dims)
        found = in_layout(t, entry) if entry["expected"] is not None else vectorised(t)
        if want.shape == (1, 1) and found.shape != (1, 1):
            raise Fault("expected is a scalar, right is %dx%d" % found.shape)
        d = apart(want, found)
        if not d <= AGREE:
            raise Fault("expected %s is %s from the differences" % (text, "%dx%d, not %dx%d" % (want.shape + found.shape) if want.shape != found.shape else "%.2g" % d))
        if entry["expected"] is None:
            t = tensor_of(want, t.shape)
        out = {"id": entry["id"], "dims": dims, "inputs": {v: x.tolist() for v, x in inputs.items()}, "value": value.tolist()}
        out.update({"tensor": t.reshape(-1).tolist(), "tensor_shape": list(t.shape)})
        if entry["expected"] is not None:
            out["matrix"] = want.tolist()
        return out
    raise Fault("no point where differences are sure (%s)" % ("%.2g" % worst if worst is not None else "no value"))
