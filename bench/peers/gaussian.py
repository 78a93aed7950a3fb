"""W7, the Gaussian log-likelihood N logdet(S) + sum_i (x_i - m)' inv(S) (x_i - m): value and gradients by S and m."""

import numpy as np

from common import jax, mark, torch

ROWS = 1000


def inputs(case):
    r = np.random.default_rng(7)
    n = case["n"]
    A = r.standard_normal((n, 2 * n))
    return dict(X=r.standard_normal((ROWS, n)), m=r.standard_normal(n) * 0.1, S=A @ A.T / (2 * n) + 0.5 * np.eye(n))


def numpy_(case, d):
    """As the formula says it: an inverse, no structure."""
    X, m, S = d["X"], d["m"], d["S"]

    def run():
        D = X - m
        P = np.linalg.inv(S)
        Q = D @ P
        return [ROWS * np.linalg.slogdet(S)[1] + np.sum(Q * D), ROWS * P - Q.T @ Q, -2 * Q.sum(0)]

    return run


def scipy_(case, d, hoisted=False):
    """Cholesky factor, its inverse, and the scatter of the rows as a symmetric product."""
    from scipy.linalg.blas import dsyrk
    from scipy.linalg.lapack import dpotrf, dpotri

    X, m, S = d["X"], d["m"], d["S"]
    lower = np.tril_indices(case["n"], -1)
    mean = X.mean(0)
    around = (X - mean).T @ (X - mean) if hoisted else None
    mark()

    def run():
        off = mean - m if hoisted else None
        if hoisted:
            C, sums = around + ROWS * np.outer(off, off), ROWS * off
        else:
            D = X - m
            C, sums = dsyrk(1.0, D.T), D.sum(0)
            C[lower] = C.T[lower]
        R, _ = dpotrf(S)
        P, _ = dpotri(R)
        P[lower] = P.T[lower]
        value = ROWS * 2 * np.log(np.diagonal(R)).sum() + np.einsum("ij,ij->", C, P)
        return [value, ROWS * P - P @ C @ P, -2 * (P @ sums)]

    return run


def scipy_hoisted(case, d):
    """Scatter about the rows' own mean taken once: it depends on neither S nor m."""
    return scipy_(case, d, True)


def jax_(case, d, cholesky=False):
    jx, jnp = jax()
    X, m, S = (jnp.asarray(d[k]) for k in "XmS")
    mark()

    def loss(S, m, X):
        D = X - m
        if cholesky:
            L = jnp.linalg.cholesky(S)
            Z = jx.scipy.linalg.solve_triangular(L, D.T, lower=True)
            return ROWS * 2 * jnp.sum(jnp.log(jnp.diagonal(L))) + jnp.sum(Z * Z)
        return ROWS * jnp.linalg.slogdet(S)[1] + jnp.sum(D.T * jnp.linalg.solve(S, D.T))

    both = jx.jit(jx.value_and_grad(loss, (0, 1)))

    def run():
        v, g = both(S, m, X)
        jx.block_until_ready(g)
        return [v, *g]

    return run


def jax_cholesky(case, d):
    return jax_(case, d, True)


def torch_(case, d):
    t = torch()
    X = t.from_numpy(d["X"])
    S, m = (t.tensor(d[k], requires_grad=True) for k in "Sm")
    mark()

    def run():
        D = X - m
        L = t.linalg.cholesky(S)
        Z = t.linalg.solve_triangular(L, D.T, upper=False)
        v = ROWS * 2 * t.log(t.diagonal(L)).sum() + (Z * Z).sum()
        return [v, *t.autograd.grad(v, (S, m))]

    return run


PEERS = dict(numpy=numpy_, scipy=scipy_, scipy_hoisted=scipy_hoisted, jax=jax_, jax_cholesky=jax_cholesky, torch_cholesky=torch_)
