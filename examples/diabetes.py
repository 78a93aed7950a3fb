"""Gradient descent for one neuron on real data, with NumPy alone: what hesse's gradient must reproduce.

    python3 examples/diabetes.py
    python3 examples/diabetes.py target/release/hesse     # compares what that hesse says on the data as measured, then stops

The loss is that of neuron.hesse, C(w, b) = (1/N) sum (y - max(0, X w + b))^2, on examples/data/diabetes.csv. The ten columns of
X are standardised: minus their mean, divided by their standard deviation (divisor N = 442). Two targets:
  all      y = target: at the minimum every example is active, so it is the ordinary least-squares fit
  above    y = target - 75, the part of the progression above 75: at the minimum 67 examples sleep
The gradient is written out here by hand, formulas (7.6) and (7.8). The minimum is also found without any gradient step: least squares on the
active examples, repeated until the active set stays (a Newton step on a piecewise quadratic loss, formula (7.11)).
"""
import json
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def measured():
    table = np.loadtxt(os.path.join(HERE, "data", "diabetes.csv"), delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1]


def load():
    X, y = measured()
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def loss_and_gradient(X, y, w, b):
    """C, dC/dw (7.6) and dC/db (7.8)."""
    z = X @ w + b
    e = np.where(z > 0, z - y, 0.0)
    v = y - np.maximum(0, z)
    return v @ v / len(y), 2 / len(y) * e @ X, 2 / len(y) * e.sum()


def descend(X, y, w, b, rate, steps):
    """w <- w - rate (dC/dw)', b <- b - rate dC/db, until no component of the gradient exceeds 1e-9 (7.9)."""
    for step in range(steps):
        _, gw, gb = loss_and_gradient(X, y, w, b)
        if max(np.abs(gw).max(), abs(gb)) < 1e-9:
            return w, b, step
        w, b = w - rate * gw, b - rate * gb
    raise SystemExit("not converged")


def active_set(X, y, w, b):
    """Least squares on the examples with z > 0 until they stay the same."""
    A, p = np.c_[X, np.ones(len(y))], np.r_[w, b]
    for _ in range(100):
        on = A @ p > 0
        p = np.linalg.lstsq(A[on], y[on], rcond=None)[0]
        if np.array_equal(A @ p > 0, on):
            return p[:-1], p[-1], int(on.sum())
    raise SystemExit("the active set does not settle")


def show(name, value):
    print("%-8s %s" % (name, " ".join("%.15g" % x for x in np.atleast_1d(value))))


def compare(hesse):
    """What `hesse eval` says of neuron.hesse on the data as measured, at w = 0 and b = 100, against the formulas here."""
    X, y = measured()
    C, gw, gb = loss_and_gradient(X, y, np.zeros(X.shape[1]), 100.0)
    told = subprocess.run(
        [hesse, "eval", os.path.join(HERE, "neuron.hesse"), "--data", os.path.join(HERE, "data", "diabetes.csv")]
        + ["--columns", "X=age..s6", "--bind", "y=target,w=zeros,b=100", "--json"],
        check=True, capture_output=True, text=True,
    )
    values = [np.asarray(v["value"], dtype=float).ravel() for v in json.loads(told.stdout)["values"]]
    worst = 0.0
    for name, got, want in zip(("C", "dC/dw", "dC/db"), values, (C, gw, gb)):
        want = np.atleast_1d(want)
        assert got.shape == want.shape, (name, got.shape, want.shape)
        worst = max(worst, float(np.abs(got - want).max() / np.abs(want).max()))
    print("hesse eval and NumPy on %d rows: C, dC/dw, dC/db agree, worst relative difference %.1e" % (len(y), worst))
    assert len(values) == 3 and worst < 1e-12, worst


def main():
    if len(sys.argv) > 1:
        return compare(sys.argv[1])
    X, target = load()
    N, n = X.shape
    A = np.c_[X, np.ones(N)]
    rate = 1 / np.linalg.eigvalsh(2 / N * A.T @ A)[-1]  # one over the largest curvature
    print("N = %d, n = %d, columns standardised" % (N, n))

    print("\nloss and gradient at w = (1, 2, ..., 10), b = 20, y = target - 75")
    C, gw, gb = loss_and_gradient(X, target - 75, np.arange(1.0, n + 1), 20.0)
    show("C", C)
    show("dC/dw", gw)
    show("dC/db", gb)

    print("\ngradient descent from w = 0, b = 1 with rate %.15g" % rate)
    for name, y in (("all", target), ("above", target - 75)):
        w, b, steps = descend(X, y, np.zeros(n), 1.0, rate, 100000)
        w2, b2, on = active_set(X, y, np.zeros(n), 1.0)
        gap = max(np.abs(w - w2).max(), abs(b - b2))
        print("\n%s: %d steps, %d of %d examples active, largest difference to the active-set solution %.0e" % (name, steps, on, N, gap))
        show("C", loss_and_gradient(X, y, w, b)[0])
        show("w", np.round(w2, 9))
        show("b", np.round(b2, 9))
        assert gap < 1e-6, gap


if __name__ == "__main__":
    main()
