"""W8, an arm with seven joints: position p(q) and its dense Jacobian, 3 x 7."""

import numpy as np

from common import LONG, POINTER, REAL, Peer, address, buffered, c_library, casadi, jax, mark

# By joint: the offsets a and d, cosine and sine of the twist (Craig's convention).
ARM = [
    (0, 0.333, 1, 0),
    (0, 0, 0, -1),
    (0, 0.316, 0, 1),
    (0.0825, 0, 0, 1),
    (-0.0825, 0.384, 0, -1),
    (0, 0, 0, 1),
    (0.088, 0.107, 0, 1),
]


def inputs(case):
    return dict(q=np.random.default_rng(8).uniform(-1.5, 1.5, case["joints"]))


def numpy_(case, d):
    """The geometric Jacobian: column i is z_i x (p - o_i)."""
    q = d["q"]

    def run():
        R, p, axes, origins = np.eye(3), np.zeros(3), np.empty((7, 3)), np.empty((7, 3))
        for i, (a, h, ct, st) in enumerate(ARM):
            c, s = np.cos(q[i]), np.sin(q[i])
            p = p + R @ np.array([a, -st * h, ct * h])
            R = R @ np.array([[c, -s, 0], [s * ct, c * ct, -st], [s * st, c * st, ct]])
            axes[i], origins[i] = R[:, 2], p
        return [p, np.cross(axes, p - origins).T]

    return run


def scalars(q, cos, sin):
    """The position by scalar operations, those with 0 and 1 left out."""
    number = lambda x: isinstance(x, (int, float))

    def product(x, y):
        if number(x) and x == 0 or number(y) and y == 0:
            return 0
        return y if number(x) and x == 1 else x if number(y) and y == 1 else x * y

    def total(terms):
        out = 0
        for t in terms:
            if not (number(t) and t == 0):
                out = t if number(out) and out == 0 else out + t
        return out

    R, p = [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0]
    for qi, (a, h, ct, st) in zip(q, ARM):
        c, s = cos(qi), sin(qi)
        T = [[c, -s, 0], [product(s, ct), product(c, ct), -st], [product(s, st), product(c, st), ct]]
        p = [total([p[i], *(product(R[i][k], t) for k, t in enumerate((a, -st * h, ct * h)))]) for i in range(3)]
        R = [[total([product(R[i][k], T[k][j]) for k in range(3)]) for j in range(3)] for i in range(3)]
    return p


def casadi_sx(case, d):
    """The virtual machine through its interface without copies."""
    c = casadi()
    mark()
    q = c.SX.sym("q", 7)
    p = c.vertcat(*scalars([q[i] for i in range(7)], c.cos, c.sin))
    f = c.Function("f", [q], [p, c.densify(c.jacobian(p, q))])
    position, columns = np.empty(3), np.empty((7, 3))
    run = buffered(f, [d["q"]], [position, columns])
    return Peer(run, results=lambda: [position, columns.T], nodes=f.n_instructions())


def jax_(case, d):
    jx, jnp = jax()
    q = jnp.asarray(d["q"])
    mark()

    def position(q):
        return jnp.stack([jnp.asarray(v) for v in scalars([q[i] for i in range(7)], jnp.cos, jnp.sin)])

    both = jx.jit(lambda q: (position(q), jx.jacfwd(position)(q)))

    def run():
        out = both(q)
        jx.block_until_ready(out)
        return list(out)

    return run


def c_(case, d):
    """The geometric Jacobian by hand, timed inside C."""
    library = c_library("kinematics")
    library.timed.restype = REAL
    library.forward.argtypes = [POINTER, POINTER, POINTER]
    library.timed.argtypes = [*library.forward.argtypes, LONG]
    p, J = np.empty(3), np.empty((3, 7))
    arguments = (address(d["q"]), address(p), address(J))
    mark()

    def run():
        library.forward(*arguments)
        return [p, J]

    return Peer(run, timed=lambda calls: library.timed(*arguments, calls))


PEERS = dict(numpy=numpy_, casadi_sx=casadi_sx, jax=jax_, c=c_)
