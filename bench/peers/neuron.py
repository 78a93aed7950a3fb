"""W1, one neuron: value and gradient of max(0, w'x + b) by w and b. What is measured is mostly what a call costs."""

import numpy as np

from common import LONG, POINTER, REAL, Peer, address, buffered, c_library, casadi, jax, mark, torch


def inputs(case):
    r = np.random.default_rng(1)
    w, x = r.standard_normal(case["n"]), r.standard_normal(case["n"])
    return dict(w=w, x=x if w @ x > 0 else -x, b=0.3)


def numpy_(case, d):
    w, x, b = d["w"], d["x"], float(d["b"])

    def run():
        z = w @ x + b
        if z > 0:
            return [z, x.copy(), 1.0]
        return [0.0, np.zeros_like(x), 0.0]

    return run


def loss(jnp):
    return lambda w, b, x: jnp.maximum(0.0, w @ x + b)


def jax_(case, d, ahead=False):
    jx, jnp = jax()
    w, x, b = (jnp.asarray(d[k]) for k in "wxb")
    mark()
    both = jx.jit(jx.value_and_grad(loss(jnp), (0, 1)))
    if ahead:
        both = both.lower(w, b, x).compile()

    def run():
        v, (gw, gb) = both(w, b, x)
        gw.block_until_ready()
        return [v, gw, gb]

    return run


def jax_ahead(case, d):
    """Compiled ahead of time: without the look-up of `jit` at each call."""
    return jax_(case, d, True)


def torch_(case, d):
    t = torch()
    w, b = (t.tensor(d[k], requires_grad=True) for k in "wb")
    x = t.tensor(d["x"])
    mark()

    def run():
        v = t.relu(t.dot(w, x) + b)
        return [v, *t.autograd.grad(v, (w, b))]

    return run


def casadi_sx(case, d):
    """The virtual machine through its interface without copies."""
    c = casadi()
    mark()
    w, x, b = c.SX.sym("w", case["n"]), c.SX.sym("x", case["n"]), c.SX.sym("b")
    y = c.fmax(0, c.dot(w, x) + b)
    f = c.Function("f", [w, x, b], [y, c.gradient(y, w), c.gradient(y, b)])
    return buffered(f, [d["w"], d["x"], d["b"]], [np.empty(1), np.empty(case["n"]), np.empty(1)])


def c_(case, d):
    """Timed inside C: no call from Python."""
    library = c_library("neuron")
    library.neuron.restype = library.timed.restype = REAL
    library.neuron.argtypes = [POINTER, POINTER, REAL, LONG, POINTER, POINTER]
    library.timed.argtypes = [*library.neuron.argtypes, LONG]
    gw, gb = np.empty(case["n"]), np.empty(1)
    arguments = (address(d["w"]), address(d["x"]), float(d["b"]), case["n"], address(gw), address(gb))
    mark()
    return Peer(lambda: [library.neuron(*arguments), gw, gb], timed=lambda calls: library.timed(*arguments, calls))


PEERS = dict(numpy=numpy_, jax=jax_, jax_ahead=jax_ahead, torch=torch_, casadi_sx=casadi_sx, c=c_)
