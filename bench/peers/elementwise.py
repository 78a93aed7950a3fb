"""W4, y = exp(w).*x + sin(w): the Jacobian by w, which is diagonal. Compared are the entries of the diagonal."""

import numpy as np

from common import INT, LONG, POINTER, THREADS, Peer, address, buffered, c_library, casadi, jax, mark, numba, torch


def inputs(case):
    r = np.random.default_rng(4)
    return dict(w=r.standard_normal(case["n"]), x=r.standard_normal(case["n"]))


def numpy_(case, d):
    w, x = d["w"], d["x"]
    return lambda: [np.exp(w) * x + np.cos(w)]


def c_(case, d):
    """One loop with the C library's vector mathematics."""
    library = c_library("elementwise", libraries="-lmvec -lm")
    library.diagonal.argtypes = [POINTER, POINTER, POINTER, LONG, INT]
    w, x, out = d["w"], d["x"], np.empty(case["n"])
    arguments = (address(w), address(x), address(out), case["n"], THREADS)
    mark()

    def run():
        library.diagonal(*arguments)
        return [out]

    return run


def numba_(case, d):
    nb = numba()
    w, x, out = d["w"], d["x"], np.empty(case["n"])

    @nb.njit(parallel=THREADS > 1, fastmath=True)
    def loop(w, x, out):
        for i in nb.prange(w.size):
            out[i] = np.exp(w[i]) * x[i] + np.cos(w[i])

    mark()

    def run():
        loop(w, x, out)
        return [out]

    return run


def jax_trick(case, d):
    """The gradient of the sum: right because the user knows that the Jacobian is diagonal."""
    jx, jnp = jax()
    w, x = jnp.asarray(d["w"]), jnp.asarray(d["x"])
    mark()
    gradient = jx.jit(jx.grad(lambda w, x: (jnp.exp(w) * x + jnp.sin(w)).sum()))
    return lambda: [gradient(w, x).block_until_ready()]


def asdex_(case, d):
    """Sparse Jacobians in JAX: the pattern is found, columns are coloured."""
    jx, jnp = jax()
    import asdex

    w, x = jnp.asarray(d["w"]), jnp.asarray(d["x"])
    mark()
    jacobian = jx.jit(asdex.jacobian(lambda w: jnp.exp(w) * x + jnp.sin(w), w))

    def run():
        J = jacobian(w)
        jx.block_until_ready(J)
        return [J.data if hasattr(J, "data") else J]

    return run


def torch_trick(case, d):
    """As `jax_trick`."""
    t = torch()
    w, x = t.tensor(d["w"], requires_grad=True), t.from_numpy(d["x"])
    mark()
    return lambda: list(t.autograd.grad((t.exp(w) * x + t.sin(w)).sum(), w))


def casadi_(case, d, kind):
    c = casadi()
    mark()
    w, x = getattr(c, kind).sym("w", case["n"]), getattr(c, kind).sym("x", case["n"])
    f = c.Function("f", [w, x], [c.jacobian(c.exp(w) * x + c.sin(w), w)])
    return Peer(buffered(f, [d["w"], d["x"]], [np.empty(f.nnz_out(0))]), entries=f.nnz_out(0))


PEERS = dict(
    numpy=numpy_,
    jax_trick=jax_trick,
    torch_trick=torch_trick,
    asdex=asdex_,
    casadi_sx=lambda case, d: casadi_(case, d, "SX"),
    casadi_mx=lambda case, d: casadi_(case, d, "MX"),
    numba=numba_,
    c=c_,
)
