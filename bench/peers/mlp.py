"""W6, a network 784-128-10 with ReLU, softmax and cross-entropy, batch 256: value and all gradients."""

import numpy as np

from common import jax, mark, pytensor, torch

PARAMETERS = ("W1", "b1", "W2", "b2")


def inputs(case):
    r = np.random.default_rng(6)
    B, h = case["B"], case["h"]
    return dict(
        X=r.standard_normal((B, 784)),
        Y=np.eye(10)[r.integers(0, 10, B)],
        W1=r.standard_normal((784, h)) / 28,
        b1=np.full(h, 0.01),
        W2=r.standard_normal((h, 10)) / np.sqrt(h),
        b2=np.zeros(10),
    )


def numpy_(case, d):
    X, Y, W1, b1, W2, b2 = (d[k] for k in ("X", "Y", *PARAMETERS))
    B = len(X)

    def run():
        Z = X @ W1
        Z += b1
        A = np.maximum(Z, 0)
        S = A @ W2
        S += b2
        m = S.max(1, keepdims=True)
        E = np.exp(S - m)
        s = E.sum(1, keepdims=True)
        v = (np.log(s).sum() + m.sum() - (Y * S).sum()) / B
        G = (E / s - Y) / B
        gA = G @ W2.T
        gA *= Z > 0
        return [v, X.T @ gA, gA.sum(0), A.T @ G, G.sum(0)]

    return run


def jax_(case, d):
    jx, jnp = jax()
    X, Y = jnp.asarray(d["X"]), jnp.asarray(d["Y"])
    p = tuple(jnp.asarray(d[k]) for k in PARAMETERS)
    mark()

    def loss(p, X, Y):
        W1, b1, W2, b2 = p
        S = jx.nn.relu(X @ W1 + b1) @ W2 + b2
        return -(jx.nn.log_softmax(S) * Y).sum() / X.shape[0]

    both = jx.jit(jx.value_and_grad(loss))

    def run():
        v, g = both(p, X, Y)
        jx.block_until_ready(g)
        return [v, *g]

    return run


def torch_(case, d):
    t = torch()
    X, labels = t.from_numpy(d["X"]), t.from_numpy(d["Y"]).argmax(1)
    p = [t.tensor(d[k], requires_grad=True) for k in PARAMETERS]
    mark()

    def run():
        W1, b1, W2, b2 = p
        v = t.nn.functional.cross_entropy(t.addmm(b2, t.relu(t.addmm(b1, X, W1)), W2), labels)
        return [v, *t.autograd.grad(v, p)]

    return run


def pytensor_(case, d):
    p, t = pytensor()
    mark()
    X, Y = t.dmatrix("X"), t.dmatrix("Y")
    ps = [t.dmatrix(), t.dvector(), t.dmatrix(), t.dvector()]
    W1, b1, W2, b2 = ps
    S = t.dot(t.maximum(0.0, t.dot(X, W1) + b1), W2) + b2
    loss = -t.sum(Y * t.special.log_softmax(S, axis=1)) / X.shape[0]
    f = p.function([X, Y, *ps], [loss, *p.grad(loss, ps)], trust_input=True)
    arguments = [d[k] for k in ("X", "Y", *PARAMETERS)]
    return lambda: f(*arguments)


PEERS = dict(numpy=numpy_, jax=jax_, torch=torch_, pytensor=pytensor_)
