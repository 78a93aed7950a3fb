"""W9, sparse Jacobians of discretised equations: Burgers (three entries a row) and the Brusselator (two fields, four entries a row).

Compared are the products of the Jacobian and of its transpose with a given vector."""

import numpy as np
import scipy.sparse as sparse

from common import INT, LONG, POINTER, REAL, THREADS, Peer, Skip, address, buffered, c_library, casadi, jax, mark

DT, NU, ALPHA = 1e-3, 0.01, 0.02


def inputs(case):
    r = np.random.default_rng(9)
    n = case["n"] * (1 if case["p"] == "burgers" else 2)
    u = 1 + 0.1 * r.standard_normal(n)
    v = r.standard_normal(n)
    return dict(u=u, old=u + 1e-3, v=v) if case["p"] == "burgers" else dict(a=u[: n // 2], b=u[n // 2 :], u=u, v=v)


def residual(case, u, old, join):
    """In the operations that JAX and CasADi share."""
    n = case["n"]
    h = 1 / (n + 1)
    if case["p"] == "burgers":
        up, down = join([u[1:], u[-1:] * 0]), join([u[:1] * 0, u[:-1]])
        return (u - old) / DT + u * (up - down) / (2 * h) - NU * (up - 2 * u + down) / h**2
    a, b = u[:n], u[n:]
    one = u[:1] * 0 + 1
    spread = lambda z, edge: (join([z[1:], edge]) - 2 * z + join([edge, z[:-1]])) / h**2
    return join([1 + a * a * b - 4 * a + ALPHA * spread(a, one), 3 * a - a * a * b + ALPHA * spread(b, one * 3)])


def products(J, d):
    return [J @ d["v"], J.T @ d["v"]]


def numpy_(case, d):
    """The diagonals by hand."""
    n, u = case["n"], d["u"]
    h = 1 / (n + 1)
    if case["p"] == "burgers":
        held = {}

        def burgers():
            up, down = np.empty(n), np.empty(n)
            up[:-1], up[-1], down[1:], down[0] = u[1:], 0, u[:-1], 0
            D = np.empty((3, n))
            t, k = u / (2 * h), NU / h**2
            D[0], D[1], D[2] = -t - k, 1 / DT + (up - down) / (2 * h) + 2 * k, t - k
            held["D"] = D
            return [D]

        def matrix():
            D = held["D"]
            return products(sparse.diags([D[0, 1:], D[1], D[2, :-1]], [-1, 0, 1]).tocsr(), d)

        return Peer(burgers, results=matrix)
    held = {}
    k = ALPHA / h**2

    def brusselator():
        a, b = u[:n], u[n:]
        ab, aa = 2 * a * b, a * a
        D = np.empty((4, n))
        D[0], D[1], D[2], D[3] = ab - 4 - 2 * k, aa, 3 - ab, -aa - 2 * k
        held["D"] = D
        return [D]

    def blocks():
        D, off = held["D"], np.full(n - 1, k)
        T, diagonal = sparse.diags([off, off], [-1, 1]), sparse.diags
        return products(sparse.bmat([[diagonal(D[0]) + T, diagonal(D[1])], [diagonal(D[2]), diagonal(D[3]) + T]]).tocsr(), d)

    return Peer(brusselator, results=blocks)


def c_(case, d):
    """One loop."""
    if case["p"] != "burgers":
        raise Skip("written for Burgers only")
    library = c_library("burgers")
    library.jacobian.argtypes = [POINTER, POINTER, LONG, REAL, REAL, REAL, INT]
    n, E = case["n"], np.empty((case["n"], 3))
    arguments = (address(d["u"]), address(E), n, 1 / (n + 1), DT, NU, THREADS)
    mark()

    def run():
        library.jacobian(*arguments)
        return [E]

    return Peer(run, results=lambda: products(sparse.diags([E[1:, 0], E[:, 1], E[:-1, 2]], [-1, 0, 1]).tocsr(), d))


def casadi_sx(case, d):
    """The pattern is found; the virtual machine through its interface without copies."""
    c = casadi()
    mark()
    size = len(d["u"])
    u, old = c.SX.sym("u", size), c.SX.sym("old", size)
    f = c.Function("f", [u, old], [c.jacobian(residual(case, u, old, lambda parts: c.vertcat(*parts)), u)])
    entries, pattern = np.empty(f.nnz_out(0)), f.sparsity_out(0)
    run = buffered(f, [d["u"], d.get("old", d["u"])], [entries])

    def results():
        columns, rows = pattern.get_ccs()
        return products(sparse.csc_matrix((entries, rows, columns), shape=pattern.shape), d)

    return Peer(run, results=results, entries=f.nnz_out(0), nodes=f.n_instructions())


def asdex_(case, d):
    """The pattern is found, columns are coloured."""
    jx, jnp = jax()
    import asdex

    u, old = jnp.asarray(d["u"]), jnp.asarray(d.get("old", d["u"]))
    mark()
    jacobian = jx.jit(asdex.jacobian(lambda u: residual(case, u, old, jnp.concatenate), u))
    held = {}

    def run():
        held["J"] = jacobian(u)
        jx.block_until_ready(held["J"])
        return [held["J"]]

    def results():
        J = held["J"]
        at = np.asarray(J.indices)
        return products(sparse.coo_matrix((np.asarray(J.data), (at[:, 0], at[:, 1])), shape=J.shape).tocsr(), d)

    return Peer(run, results=results)


PEERS = dict(numpy=numpy_, asdex=asdex_, casadi_sx=casadi_sx, c=c_)
