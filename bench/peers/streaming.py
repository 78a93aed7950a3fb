"""W11, more rows than one buffer holds: value and gradient of the logistic loss over rows of f32 in a file. Memory is what is anonymous:
pages of the file that the system keeps are not counted."""

import os

import numpy as np

from common import INT, LONG, POINTER, REAL, THREADS, address, c_library, jax, mark, torch

COLUMNS, CHUNK = 100, 65536
ANONYMOUS = True


def write(case, folder):
    r = np.random.default_rng(11)
    N = case["rows"]
    X = np.lib.format.open_memmap(os.path.join(folder, "X.npy"), "w+", np.float32, (N, COLUMNS))
    for i in range(0, N, 100_000):
        X[i : i + 100_000] = r.standard_normal((min(100_000, N - i), COLUMNS), dtype=np.float32)
    X.flush()
    np.save(os.path.join(folder, "y.npy"), np.sign(r.standard_normal(N)).astype(np.float32))
    np.save(os.path.join(folder, "w.npy"), (r.standard_normal(COLUMNS) / 10).astype(np.float32))


def load(folder):
    names = dict(X="r", y=None, w=None)
    return {k: np.load(os.path.join(folder, k + ".npy"), mmap_mode=mode) for k, mode in names.items()}


def chunks(d):
    X, y = d["X"], d["y"]
    return ((X[i : i + CHUNK], y[i : i + CHUNK]) for i in range(0, len(y), CHUNK))


def total(parts):
    """Sums of parts in f64."""
    value, G = 0.0, np.zeros(COLUMNS)
    for v, g in parts:
        value += float(v)
        G += np.asarray(g, dtype=np.float64)
    return [value, G]


def part(w, X, y):
    m = -y * (X @ w)
    e = np.exp(-np.abs(m))
    v = (np.maximum(m, 0) + np.log1p(e)).sum(dtype=np.float64)
    return v, (-y * np.where(m >= 0, 1 / (1 + e), e / (1 + e))) @ X


def numpy_(case, d):
    """Chunks of a file that is mapped into memory."""
    mark()
    return lambda: total(part(d["w"], X, y) for X, y in chunks(d))


def numpy_whole(case, d):
    mark()
    return lambda: list(part(d["w"], d["X"], d["y"]))


def jax_(case, d):
    """Chunks."""
    jx, jnp = jax()
    mark()
    both = jx.jit(jx.value_and_grad(lambda w, X, y: jnp.sum(jnp.logaddexp(0.0, -y * (X @ w)))))
    w = jnp.asarray(d["w"])
    return lambda: total(both(w, X, y) for X, y in chunks(d))


def torch_(case, d):
    """All rows at once."""
    import warnings

    warnings.simplefilter("ignore")
    t = torch()
    X, y = t.from_numpy(d["X"]), t.from_numpy(d["y"])
    w = t.tensor(d["w"], requires_grad=True)
    mark()

    def run():
        v = t.nn.functional.softplus(-y * (X @ w)).sum(dtype=t.float64)
        return [v, *t.autograd.grad(v, w)]

    return run


def c_(case, d):
    """One pass over the mapped file."""
    library = c_library("streaming", libraries="-lmvec -lm")
    library.gradient.restype = REAL
    library.gradient.argtypes = [POINTER, POINTER, POINTER, LONG, LONG, POINTER, INT]
    X, y, w, G = d["X"], d["y"], d["w"], np.zeros(COLUMNS)
    arguments = (address(X), address(w), address(y), len(y), COLUMNS, address(G), THREADS)
    mark()
    return lambda: [library.gradient(*arguments), G]


PEERS = dict(numpy=numpy_, numpy_whole=numpy_whole, torch=torch_, jax=jax_, c=c_)
