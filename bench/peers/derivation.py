"""W10, the time to derive: a run takes the derivative, from the function to what can be evaluated (with JAX and PyTensor: compiled).

f=net: sum(h_d), h_k = tanh(W_k*h_(k-1)), gradient or Hessian by the input h_0 = x. f=chain: a'*A_1*...*A_k*b, the gradient by every A_i.
Compared is the derivative's value at given numbers, where a peer evaluates what it derived."""

import numpy as np

from common import Peer, Skip, casadi, jax, mark, pytensor

SIZE = 10


def inputs(case):
    r = np.random.default_rng(10)
    matrices = [r.standard_normal((SIZE, SIZE)) / np.sqrt(SIZE) for _ in range(case["depth"])]
    if case["f"] == "net":
        return {"x": r.standard_normal(SIZE), **{f"W{k + 1}": m for k, m in enumerate(matrices)}}
    return {"a": r.standard_normal(SIZE), "b": r.standard_normal(SIZE), **{f"A{k + 1}": m for k, m in enumerate(matrices)}}


def matrices(case, d):
    letter = "W" if case["f"] == "net" else "A"
    return [d[f"{letter}{k + 1}"] for k in range(case["depth"])]


def numpy_(case, d):
    """No derivation: the values, by formulas derived by hand."""
    Ms = matrices(case, d)
    if case["f"] == "chain":

        def chain():
            left, right = [d["a"]], [d["b"]]
            for M in Ms[:-1]:
                left.append(left[-1] @ M)
            for M in Ms[:0:-1]:
                right.append(M @ right[-1])
            return [np.outer(l, r) for l, r in zip(left, right[::-1])]

        return Peer(chain, untimed=True)

    def net():
        h, J, layers = d["x"], np.eye(SIZE), []
        for W in Ms:
            h, J = np.tanh(W @ h), W @ J
            layers.append((h, J))
            J = (1 - h**2)[:, None] * J
        g = J.sum(0)
        if case["op"] == "g":
            return [g]
        H, s = np.zeros((SIZE, SIZE)), np.ones(SIZE)
        for W, (h, Z) in zip(Ms[::-1], layers[::-1]):
            # s: the adjoint of h; Z: the Jacobian of W*h_(k-1)
            H += Z.T @ ((s * -2 * h * (1 - h**2))[:, None] * Z)
            s = W.T @ (s * (1 - h**2))
        return [H]

    return Peer(net, untimed=True)


def casadi_mx(case, d):
    c = casadi()
    values = matrices(case, d)

    def derive():
        sym = c.MX.sym
        Ms = [sym(f"M{k}", SIZE, SIZE) for k in range(case["depth"])]
        if case["f"] == "net":
            x = sym("x", SIZE)
            h = x
            for W in Ms:
                h = c.tanh(c.mtimes(W, h))
            y, ins, at = c.sum1(h), [x, *Ms], [d["x"], *values]
            out = [c.gradient(y, x)] if case["op"] == "g" else [c.hessian(y, x)[0]]
        else:
            a, b = sym("a", SIZE), sym("b", SIZE)
            y = a.T
            for M in Ms:
                y = c.mtimes(y, M)
            y = c.mtimes(y, b)
            ins, at = [a, b, *Ms], [d["a"], d["b"], *values]
            packed = c.jacobian(y, c.vertcat(*(c.vec(M) for M in Ms)))
            out = [c.reshape(part, SIZE, SIZE) for part in c.vertsplit(packed.T, SIZE * SIZE)]
        return ins, out, at

    mark()
    ins, out, at = derive()
    f = c.Function("f", ins, out)
    return Peer(derive, results=lambda: [np.array(r).squeeze() for r in f.call([c.DM(v) for v in at])], nodes=f.n_nodes())


def jax_(case, d):
    jx, jnp = jax()
    Ms = [jnp.asarray(m) for m in matrices(case, d)]
    jx.jit(jnp.sin)(Ms[0]).block_until_ready()
    if case["f"] == "net":
        at = (jnp.asarray(d["x"]), Ms)
    else:
        at = (Ms, jnp.asarray(d["a"]), jnp.asarray(d["b"]))
    held = {}
    mark()

    def derive():
        # A function of its own each time: nothing is found in a cache.
        if case["f"] == "net":

            def f(x, Ws):
                for W in Ws:
                    x = jnp.tanh(W @ x)
                return jnp.sum(x)

        else:

            def f(As, a, b):
                for A in As:
                    a = a @ A
                return a @ b

        derivative = jx.hessian(f) if case["op"] == "h" else jx.grad(f)
        jx.clear_caches()
        held["compiled"] = jx.jit(derivative).lower(*at).compile()
        return held["compiled"]

    def results():
        out = held["compiled"](*at)
        return out if isinstance(out, list) else [out]

    derive()
    return Peer(derive, results=results)


def pytensor_(case, d):
    p, t = pytensor()
    values = matrices(case, d)
    held = {}
    mark()

    def derive():
        Ms = [t.dmatrix() for _ in values]
        if case["f"] == "net":
            x = t.dvector()
            h = x
            for W in Ms:
                h = t.tanh(t.dot(W, h))
            y = t.sum(h)
            ins, at = [x, *Ms], [d["x"], *values]
            out = [p.grad(y, x)] if case["op"] == "g" else [p.gradient.hessian(y, x)]
        else:
            a, b = t.dvector(), t.dvector()
            y = a
            for M in Ms:
                y = t.dot(y, M)
            y = t.dot(y, b)
            ins, at, out = [a, b, *Ms], [d["a"], d["b"], *values], p.grad(y, Ms)
        held["call"] = (p.function(ins, out, on_unused_input="ignore"), at)
        return held["call"]

    return Peer(derive, results=lambda: held["call"][0](*held["call"][1]))


def scalars(symbol, tanh, diff, case):
    """Every entry a symbol, matrices of 2 x 2: for those that know no matrices."""
    Ms = [[[symbol(f"M{k}_{i}{j}") for j in range(2)] for i in range(2)] for k in range(case["depth"])]
    if case["f"] == "net":
        x = [symbol("x0"), symbol("x1")]
        h = x
        for W in Ms:
            h = [tanh(row[0] * h[0] + row[1] * h[1]) for row in W]
        g = [diff(h[0] + h[1], s) for s in x]
        return g if case["op"] == "g" else [diff(e, s) for e in g for s in x]
    r = [symbol("a0"), symbol("a1")]
    for M in Ms:
        r = [r[0] * M[0][j] + r[1] * M[1][j] for j in range(2)]
    y = r[0] * symbol("b0") + r[1] * symbol("b1")
    return [diff(y, s) for M in Ms for row in M for s in row]


def sympy_(case, d):
    """Nets as scalars, 2 x 2 (matrix expressions fail on them); chains as matrix expressions. The result is a form; its value is not compared."""
    import sympy as sp
    from sympy.core.cache import clear_cache

    if case["f"] == "net" and case["depth"] > (8 if case["op"] == "g" else 4):
        raise Skip("takes minutes at this depth")
    n = sp.Symbol("n", integer=True, positive=True)
    mark()

    def derive():
        clear_cache()
        if case["f"] == "net":
            return scalars(sp.Symbol, sp.tanh, sp.diff, case)
        a, b = sp.MatrixSymbol("a", n, 1), sp.MatrixSymbol("b", n, 1)
        Ms = [sp.MatrixSymbol(f"M{k}", n, n) for k in range(case["depth"])]
        y = a.T
        for M in Ms:
            y = y * M
        y = y * b
        return [y.diff(M) for M in Ms]

    return Peer(derive, results=list)


def symengine_(case, d):
    """Scalars, 2 x 2. The result is a form; its value is not compared."""
    import symengine as se

    mark()
    return Peer(lambda: scalars(se.Symbol, se.tanh, se.diff, case), results=list)


PEERS = dict(numpy=numpy_, casadi_mx=casadi_mx, jax=jax_, pytensor=pytensor_, sympy=sympy_, symengine=symengine_)
