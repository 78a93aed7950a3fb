"""Element-wise functions of a million numbers, into an array that is there."""

import numpy as np

RANGES = dict(exp=(-20, 20), log=(1e-3, 1e3), tanh=(-5, 5), sigmoid=(-20, 20), sin=(-100, 100), log1p=(-0.9, 100))


def inputs(case):
    low, high = RANGES[case["f"]]
    return dict(x=np.random.default_rng(12).uniform(low, high, case["n"]))


def numpy_(case, d):
    x, out = d["x"], np.empty(case["n"])
    if case["f"] == "sigmoid":

        def run():
            np.negative(x, out=out)
            np.exp(out, out=out)
            np.add(out, 1, out=out)
            np.reciprocal(out, out=out)
            return [out]

        return run
    function = getattr(np, case["f"])

    def run():
        function(x, out=out)
        return [out]

    return run


PEERS = dict(numpy=numpy_)
