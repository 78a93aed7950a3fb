"""W5, the Hessians of Laue, Mitterreiter and Giesen (NeurIPS 2018): x'Ax; logistic loss; matrix factorization; a ReLU net of ten layers.

as=form: the form with its values filled, and one product with a direction. Peers that have no such form give the dense Hessian and the product.
as=dense: all entries, axes of the variable twice. Compared is the product of the form, and all of the dense Hessian."""

import numpy as np

from common import Peer, Skip, casadi, jax, mark, torch

LAYERS, RANK = 10, 5
VARIABLE = dict(quadratic="x", logistic="w", factorization="U", net="W1")


def inputs(case):
    r = np.random.default_rng(5)
    n, p = case["n"], case["p"]
    if p == "quadratic":
        d = dict(A=r.standard_normal((n, n)), x=r.standard_normal(n))
    elif p == "logistic":
        N = case.get("N", 2 * n)
        d = dict(X=r.standard_normal((N, n)), w=r.standard_normal(n) / np.sqrt(n), y=np.sign(r.standard_normal(N)))
    elif p == "factorization":
        d = dict(T=r.standard_normal((n, n)), U=r.standard_normal((n, RANK)), V=r.standard_normal((n, RANK)))
    else:
        d = {f"W{k + 1}": r.standard_normal((n, n)) * np.sqrt(2 / n) for k in range(LAYERS)}
        d.update(x=r.standard_normal(n), y=np.eye(n)[0])
    return dict(d, v=r.standard_normal(d[VARIABLE[p]].shape))


def weights(d):
    return [d[f"W{k + 1}"] for k in range(LAYERS)]


def numpy_(case, d):
    """The closed form. as=form keeps its factors; as=dense writes them out."""
    p, n, v = case["p"], case["n"], d["v"]
    if p == "quadratic":
        form = lambda: d["A"] + d["A"].T
        product = lambda H: H @ v
        dense = lambda H: H
    elif p == "logistic":
        X, w = d["X"], d["w"]

        def form():
            s = 1 / (1 + np.exp(-(X @ w)))
            return (X.T * (s * (1 - s))) @ X

        product = lambda H: H @ v
        dense = lambda H: H
    elif p == "factorization":
        # I (x) 2 V'V
        form = lambda: 2 * (d["V"].T @ d["V"])
        product = lambda H: v @ H
        dense = lambda H: np.einsum("ac,bd->abcd", np.eye(n), H)
    else:
        Ws, x = weights(d), d["x"]

        def form():
            # M of M (x) xx', from M = J'(diag(p) - pp')J and the Jacobian J of the scores by the first layer's sums
            z = Ws[0] @ x
            M, a = np.diag((z > 0).astype(float)), np.maximum(z, 0)
            for W in Ws[1:-1]:
                z = W @ a
                M, a = (W @ M) * (z > 0)[:, None], np.maximum(z, 0)
            z, M = Ws[-1] @ a, Ws[-1] @ M
            e = np.exp(z - z.max())
            s = e / e.sum()
            q = M.T @ s
            return (M.T * s) @ M - np.outer(q, q)

        product = lambda H: np.outer(H @ (v @ x), x)
        dense = lambda H: np.einsum("ac,b,d->abcd", H, x, x)
    if case["as"] == "dense":
        return lambda: [dense(form())]
    return lambda: [product(form())]


def function(case, d, matrix, relu, softplus, logsumexp):
    """The function of its variable, in the operations that JAX and PyTorch share."""
    p = case["p"]
    if p == "quadratic":
        return lambda x: x @ (d["A"] @ x)
    if p == "logistic":
        return lambda w: softplus(-d["y"] * (d["X"] @ w)).sum()
    if p == "factorization":
        return lambda U: ((d["T"] - U @ matrix(d["V"])) ** 2).sum()

    def net(W1):
        a = relu(W1 @ d["x"])
        for W in weights(d)[1:-1]:
            a = relu(W @ a)
        z = weights(d)[-1] @ a
        return logsumexp(z) - d["y"] @ z

    return net


def jax_(case, d, reverse=False):
    """Forward over reverse."""
    jx, jnp = jax()
    d = {k: jnp.asarray(a) for k, a in d.items()}
    at, v = d[VARIABLE[case["p"]]], d["v"]
    rest = {k: a for k, a in d.items() if k != "v"}
    mark()

    def both(at, v, d):
        f = function(case, d, jnp.transpose, lambda z: jnp.maximum(0.0, z), lambda z: jnp.logaddexp(0.0, z), jx.scipy.special.logsumexp)
        H = jx.jacrev(jx.grad(f))(at) if reverse else jx.hessian(f)(at)
        return (H,) if case["as"] == "dense" else (H, jx.jvp(jx.grad(f), (at,), (v,))[1])

    both = jx.jit(both)

    def run():
        out = both(at, v, rest)
        jx.block_until_ready(out)
        return [out[-1]]

    return run


def jax_reverse(case, d):
    """Reverse over reverse."""
    return jax_(case, d, True)


def torch_(case, d):
    limit = dict(quadratic=1000, logistic=200, factorization=80, net=20)[case["p"]]
    if case["n"] > limit:
        raise Skip(f"takes seconds for n > {limit}")
    t = torch()
    d = {k: t.from_numpy(a) for k, a in d.items()}
    at, v = d[VARIABLE[case["p"]]], d["v"]
    mark()
    softplus = lambda z: t.nn.functional.softplus(z, threshold=1e9)
    f = function(case, d, t.t, t.relu, softplus, lambda z: t.logsumexp(z, 0))
    hessian, gradient = t.func.hessian(f), t.func.grad(f)
    if case["as"] == "dense":
        return lambda: [hessian(at)]

    def run():
        H = hessian(at)
        return [t.func.jvp(gradient, (at,), (v,))[1], H][:1]

    return run


def casadi_mx(case, d):
    """Sparse where it finds zeros; dense otherwise."""
    limit = dict(quadratic=400, logistic=100, factorization=80, net=20)[case["p"]]
    if case["n"] > limit:
        raise Skip(f"takes seconds for n > {limit}")
    if case["as"] == "dense":
        raise Skip("gives its sparse form: see as=form")
    c = casadi()
    mark()
    p, n = case["p"], case["n"]
    # Matrices in column-major order: the variable is the transpose of what NumPy holds, so that entries come in the same order.
    sym = lambda name, shape: c.MX.sym(name, *shape)
    name = VARIABLE[p]
    at = sym(name, d[name].T.shape if d[name].ndim == 2 else d[name].shape)
    others = [k for k in d if k not in (name, "v")]
    s = {k: sym(k, d[k].shape) for k in others}
    if p == "quadratic":
        y = c.dot(at, c.mtimes(s["A"], at))
    elif p == "logistic":
        y = c.sum1(c.log1p(c.exp(-s["y"] * c.mtimes(s["X"], at))))
    elif p == "factorization":
        y = c.sumsqr(s["T"] - c.mtimes(at.T, s["V"].T))
    else:
        h = c.fmax(0, c.mtimes(at.T, s["x"]))
        for k in range(2, LAYERS):
            h = c.fmax(0, c.mtimes(s[f"W{k}"], h))
        z = c.mtimes(s[f"W{LAYERS}"], h)
        y = c.logsumexp(z) - c.dot(s["y"], z)
    v = c.MX.sym("v", at.numel())
    H = c.hessian(y, at)[0]
    f = c.Function("f", [at, v, *s.values()], [H, c.mtimes(H, v)])
    arguments = [c.DM(d[name].T), c.DM(d["v"].reshape(-1)), *(c.DM(d[k]) for k in others)]
    return Peer(lambda: [f.call(arguments)[1]], entries=f.nnz_out(0))


PEERS = dict(numpy=numpy_, jax=jax_, jax_reverse=jax_reverse, torch=torch_, casadi_mx=casadi_mx)
