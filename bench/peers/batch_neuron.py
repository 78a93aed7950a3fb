"""W2, a batch through one neuron: value and gradient of sum((y - max(0, X*w + b)).^2)/N by w and b."""

import numpy as np

from common import INT, LONG, POINTER, REAL, THREADS, address, c_library, jax, mark, numba, torch


def inputs(case):
    r = np.random.default_rng(2)
    N, n = case["N"], case["n"]
    return dict(X=r.standard_normal((N, n)), w=r.standard_normal(n) / np.sqrt(n), b=0.1, y=np.abs(r.standard_normal(N)))


def numpy_(case, d):
    X, w, b, y = d["X"], d["w"], float(d["b"]), d["y"]
    N = len(y)

    def run():
        t = X @ w + b
        r = np.maximum(t, 0) - y
        q = (2.0 / N) * r * (t > 0)
        return [(r @ r) / N, X.T @ q, q.sum()]

    return run


def one_pass(flags):
    library = c_library("onepass", flags)
    library.gradient.argtypes = [POINTER, POINTER, REAL, POINTER, LONG, LONG, POINTER, POINTER, INT]
    return library


def c_(case, d):
    """Fused by hand: one pass over X."""
    library = one_pass("")
    X, w, y = d["X"], d["w"], d["y"]
    (N, n), g, out = X.shape, np.empty(X.shape[1]), np.empty(2)
    arguments = (address(X), address(w), float(d["b"]), address(y), N, n, address(g), address(out), THREADS)
    mark()

    def run():
        library.gradient(*arguments)
        return [out[0] / N, g / N, out[1] / N]

    return run


def numba_(case, d):
    """The same loop, compiled by Numba."""
    nb = numba()
    X, w, b, y = d["X"], d["w"], float(d["b"]), d["y"]
    parts = THREADS

    @nb.njit(parallel=parts > 1, fastmath=True)
    def loop(X, w, b, y):
        N, n = X.shape
        G, out, rows = np.zeros((parts, n)), np.zeros((parts, 8)), (N + parts - 1) // parts
        for p in nb.prange(parts):
            g, v, gb = G[p], 0.0, 0.0
            for i in range(p * rows, min(N, (p + 1) * rows)):
                t = b
                for j in range(n):
                    t += X[i, j] * w[j]
                r = max(t, 0.0) - y[i]
                v += r * r
                if t > 0:
                    c = 2 * r / N
                    gb += c
                    for j in range(n):
                        g[j] += c * X[i, j]
            out[p, 0], out[p, 1] = v / N, gb
        return out[:, 0].sum(), G.sum(0), out[:, 1].sum()

    mark()
    return lambda: list(loop(X, w, b, y))


def jax_(case, d):
    jx, jnp = jax()
    X, w, b, y = (jnp.asarray(d[k]) for k in "Xwby")
    mark()
    both = jx.jit(jx.value_and_grad(lambda w, b, X, y: jnp.sum((y - jnp.maximum(0.0, X @ w + b)) ** 2) / X.shape[0], (0, 1)))

    def run():
        v, (gw, gb) = both(w, b, X, y)
        gw.block_until_ready()
        return [v, gw, gb]

    return run


def torch_(case, d):
    t = torch()
    X, y = t.from_numpy(d["X"]), t.from_numpy(d["y"])
    w, b = (t.tensor(d[k], requires_grad=True) for k in "wb")
    mark()

    def run():
        v = ((y - t.relu(X @ w + b)) ** 2).sum() / len(y)
        return [v, *t.autograd.grad(v, (w, b))]

    return run


PEERS = dict(numpy=numpy_, jax=jax_, torch=torch_, numba=numba_, c=c_)
