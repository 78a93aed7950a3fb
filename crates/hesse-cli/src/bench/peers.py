"""One peer of `hesse bench` in a process of its own. The first line of standard input is the job as JSON; the answer says how long the first
call took and where the results are. Each further line is a number of calls; the answer is their seconds."""

import json
import operator
import os
import sys
import time

import numpy as np

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def numpy_names(job):
    def logsumexp(x, axis=None):
        top = np.max(x, axis=axis, keepdims=True)
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
        return total[0, 0] if axis is None else total

    def softmax(x, axis=None):
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    return {"np": np, "logsumexp": logsumexp, "softmax": softmax, "entry": lambda x: np.reshape(x, (1, 1))}


def numpy_(job, inputs, define):
    f = define(numpy_names(job))
    arguments = [float(a) if a.ndim == 0 else a for a in inputs]
    return lambda: f(*arguments), lambda results: results


def jax_(job, inputs, define):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    f = define({"jax": jax, "jnp": jnp, "entry": lambda x: jnp.reshape(x, (1, 1))})
    arguments = [jnp.asarray(a) for a in inputs]
    scalar = lambda *a: jnp.reshape(f(*a)[0], ())
    # The first call derives and compiles.
    both = jax.value_and_grad(scalar, tuple(job["wrt"]))
    second = [jax.hessian(scalar, job["wrt"][0])] if job["hessian"] else []
    compiled = jax.jit(lambda *a: (both(*a), [h(*a) for h in second]))

    def run():
        (value, gradients), hessians = compiled(*arguments)
        return [value, *(r.block_until_ready() for r in [*gradients, *hessians])]

    return run, lambda results: results


def torch_(job, inputs, define):
    import torch

    torch.set_num_threads(job["threads"])
    torch.set_default_dtype(torch.float64)
    softmax = lambda x: torch.softmax(torch.ravel(x), 0).reshape(x.shape)
    f = define(
        {
            "torch": torch,
            "t": torch.as_tensor,
            "softplus": lambda x: torch.logaddexp(x, torch.zeros(())),
            "softmax": lambda x, axis=None: softmax(x) if axis is None else torch.softmax(x, axis),
            "entry": lambda x: torch.reshape(torch.as_tensor(x), (1, 1)),
        }
    )
    arguments = [torch.tensor(a) for a in inputs]
    moved = [arguments[k].requires_grad_() for k in job["wrt"]]

    def by_first(x):
        return f(*arguments[: job["wrt"][0]], x, *arguments[job["wrt"][0] + 1 :])[0].reshape(())

    second = [lambda: torch.func.hessian(by_first)(moved[0])] if job["hessian"] else []

    def run():
        value = f(*arguments)[0].reshape(())
        return [value, *torch.autograd.grad(value, moved), *(h() for h in second)]

    return run, lambda results: [r.detach().numpy() for r in results]


def casadi_(job, inputs, define):
    import casadi as ca

    def spread(a, sign, b):
        rows, columns = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
        a, b = (ca.repmat(x, rows // x.shape[0], columns // x.shape[1]) for x in (a, b))
        return OPERATORS[sign](a, b)

    f = define(
        {
            "ca": ca,
            "spread": spread,
            "total": lambda x: ca.sum1(ca.sum2(x)),
            "softplus": lambda x: ca.fmax(x, 0) + ca.log1p(ca.exp(-ca.fabs(x))),
            "entry": lambda x: x,
        }
    )
    shapes = [(1, 1) if a.ndim == 0 else a.shape for a in inputs]
    symbols = [ca.MX.sym(f"x{k}", *s) for k, s in enumerate(shapes)]
    columns = [np.asfortranarray(a).ravel(order="F") for a in inputs]
    made = {}

    def run():
        if not made:
            value = f(*symbols)[0]
            gradients = [ca.gradient(value, symbols[k]) for k in job["wrt"]]
            second = [ca.hessian(value, symbols[job["wrt"][0]])[0]] if job["hessian"] else []
            derived = [ca.densify(x) for x in [*gradients, *second]]
            function = ca.Function("f", symbols, [value, *derived])
            results = [np.zeros(1), *(np.zeros(x.numel()) for x in derived)]
            buffer, made["call"] = function.buffer()
            for k, a in enumerate(columns):
                buffer.set_arg(k, memoryview(a))
            for k, r in enumerate(results):
                buffer.set_res(k, memoryview(r))
            made["results"], made["kept"] = results, (function, buffer)
        made["call"]()
        return made["results"]

    def in_order(results):
        count = len(job["wrt"])
        gradients = [r.reshape(shapes[k], order="F") for k, r in zip(job["wrt"], results[1 : count + 1])]
        return [results[0], *gradients, *results[count + 1 :]]

    return run, in_order


PEERS = {"numpy": numpy_, "jax": jax_, "torch": torch_, "casadi": casadi_}


def answer(**fields):
    print(json.dumps(fields), flush=True)


def main():
    job = json.loads(sys.stdin.readline())
    read = lambda i: np.fromfile(i["file"], dtype="<f8").reshape(i["shape"])
    inputs = [read(i) for i in job["inputs"]]

    def define(names):
        scope = {**names, **job["sizes"]}
        exec(job["code"], scope)
        return scope["f"]

    run, in_order = PEERS[job["peer"]](job, inputs, define)
    start = time.perf_counter()
    results = run()
    first = time.perf_counter() - start
    files = []
    for k, r in enumerate(in_order(results)):
        files.append(os.path.join(job["folder"], f"{job['peer']}-{k}.f8"))
        np.ascontiguousarray(r, dtype="<f8").tofile(files[-1])
    answer(first=first, results=files)
    for line in sys.stdin:
        calls = range(int(line))
        start = time.perf_counter()
        for _ in calls:
            run()
        answer(seconds=time.perf_counter() - start)


try:
    main()
except Exception as error:
    answer(error=f"{type(error).__name__}: {error}".splitlines()[0])
