"""W3, logistic regression: sum(log(1 + exp(-y.*(X*w)))) + 0.05*w'*w; value and gradient (op=vg), Hessian (op=h) by w."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from batch_neuron import one_pass
from common import THREADS, Skip, address, jax, mark, torch

RIDGE = 0.1


def inputs(case):
    r = np.random.default_rng(3)
    N, n = case["N"], case["n"]
    return dict(X=r.standard_normal((N, n)), w=r.standard_normal(n) / np.sqrt(n), y=np.sign(r.standard_normal(N)))


def hessian_only(case):
    if case["op"] != "h":
        raise Skip("a form of the Hessian")


def numpy_(case, d):
    X, w, y = d["X"], d["w"], d["y"]

    def gradient():
        m = -y * (X @ w)
        e = np.exp(-np.abs(m))
        s = np.where(m >= 0, 1 / (1 + e), e / (1 + e))
        return [np.sum(np.maximum(m, 0) + np.log1p(e)) + RIDGE / 2 * (w @ w), X.T @ (-y * s) + RIDGE * w]

    def hessian():
        s = 1 / (1 + np.exp(-(X @ w)))
        H = (X.T * (s * (1 - s))) @ X
        H[np.diag_indices(len(w))] += RIDGE
        return [H]

    return gradient if case["op"] == "vg" else hessian


def scipy_syrk(case, d):
    """Blocks of rows that stay in the second cache, scaled and added by a symmetric product (half of the multiplications); one pass over X."""
    hessian_only(case)
    from scipy.linalg.blas import dsyrk
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    X, w = d["X"], d["w"]
    N, n = X.shape
    lower, diagonal = np.tril_indices(n, -1), np.diag_indices(n)
    rows = max(64, min(2048, 100_000 // n))
    pool = ThreadPoolExecutor(THREADS)

    def part(start, end):
        A, Y = np.zeros((n, n), order="F"), np.empty((rows, n))
        for i in range(start, end, rows):
            block = X[i : min(i + rows, end)]
            e = np.exp(-np.abs(block @ w))
            scaled = np.multiply(block, (np.sqrt(e) / (1 + e))[:, None], out=Y[: len(block)])
            A = dsyrk(1.0, scaled.T, beta=1.0, c=A, overwrite_c=1)
        return A

    mark()

    def run():
        ends = [N * k // THREADS for k in range(THREADS + 1)]
        parts = [part(0, N)] if THREADS == 1 else list(pool.map(part, ends, ends[1:]))
        A = sum(parts[1:], parts[0])
        A[lower] = A.T[lower]
        A[diagonal] += RIDGE
        return [A]

    return run


def c_(case, d):
    """Fused by hand: one pass over X."""
    if case["op"] != "vg":
        raise Skip("see scipy_syrk")
    library = one_pass("-DLOGISTIC")
    X, w, y = d["X"], d["w"], d["y"]
    (N, n), g, out = X.shape, np.empty(X.shape[1]), np.empty(2)
    arguments = (address(X), address(w), 0.0, address(y), N, n, address(g), address(out), THREADS)
    mark()

    def run():
        library.gradient(*arguments)
        return [out[0] + RIDGE / 2 * (w @ w), g + RIDGE * w]

    return run


def jax_(case, d):
    jx, jnp = jax()
    X, w, y = (jnp.asarray(d[k]) for k in "Xwy")

    def loss(w, X, y):
        return jnp.sum(jnp.logaddexp(0.0, -y * (X @ w))) + RIDGE / 2 * (w @ w)

    mark()
    if case["op"] == "h":
        hessian = jx.jit(jx.hessian(loss))
        return lambda: [hessian(w, X, y).block_until_ready()]
    both = jx.jit(jx.value_and_grad(loss))

    def run():
        v, g = both(w, X, y)
        g.block_until_ready()
        return [v, g]

    return run


def jax_closed(case, d):
    """The closed form of the Hessian, written by hand, compiled by XLA."""
    hessian_only(case)
    jx, jnp = jax()
    X, w = jnp.asarray(d["X"]), jnp.asarray(d["w"])
    mark()

    @jx.jit
    def hessian(w, X):
        s = 1 / (1 + jnp.exp(-(X @ w)))
        return (X.T * (s * (1 - s))) @ X + RIDGE * jnp.eye(X.shape[1])

    return lambda: [hessian(w, X).block_until_ready()]


def torch_(case, d):
    t = torch()
    if case["op"] == "h" and case["N"] * case["n"] > 10**6:
        raise Skip("its Hessian takes from three to twenty seconds here")
    X, y = t.from_numpy(d["X"]), t.from_numpy(d["y"])
    w = t.tensor(d["w"], requires_grad=True)

    def loss(w):
        return t.nn.functional.softplus(-y * (X @ w), threshold=1e9).sum() + RIDGE / 2 * t.dot(w, w)

    mark()
    if case["op"] == "h":
        hessian, at = t.func.hessian(loss), w.detach()
        return lambda: [hessian(at)]

    def run():
        v = loss(w)
        return [v, *t.autograd.grad(v, w)]

    return run


PEERS = dict(numpy=numpy_, jax=jax_, jax_closed=jax_closed, torch=torch_, scipy_syrk=scipy_syrk, c=c_)
