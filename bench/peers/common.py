"""What every workload needs: how a peer is handed over, and settings of the frameworks."""

import ctypes
import os
import subprocess
import tempfile
import time

import numpy as np

THREADS = int(os.environ.get("BENCH_THREADS", "1"))
C_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "c")


class Skip(Exception):
    """The peer does not do this case; the text says why."""


class Peer:
    """A peer that is ready to run.

    run: computes once; returns a list of results that are there (asynchronous work is waited for).
    results: what is compared, if it is not what `run` returns.
    timed: times itself: seconds of one call, given how often to call (loops in C).
    notes: further figures for the record, such as the number of nodes.
    """

    def __init__(self, run, results=None, timed=None, **notes):
        self.run, self.results, self.timed, self.notes = run, results or run, timed, notes


_start = [0.0]


def mark():
    """The first call is timed from here: inputs are converted, nothing is derived or compiled yet."""
    _start[0] = time.perf_counter()


def since_mark():
    return time.perf_counter() - _start[0]


def jax():
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    return jax, jnp


def torch():
    import torch

    torch.set_num_threads(THREADS)
    torch.set_default_dtype(torch.float64)
    return torch


def casadi():
    import casadi

    return casadi


def pytensor():
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.getLogger("pytensor").setLevel(logging.ERROR)
    import pytensor
    import pytensor.tensor as tensor

    pytensor.config.floatX = "float64"
    return pytensor, tensor


def numba():
    import numba

    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    return numba


def buffered(function, arguments, results):
    """CasADi's virtual machine by its interface without copies: arrays in, arrays out."""
    buffer, trigger = function.buffer()
    arguments = [np.array(a, dtype=np.float64, order="F").reshape(-1, order="F") for a in arguments]
    for k, a in enumerate(arguments):
        buffer.set_arg(k, memoryview(a))
    for k, r in enumerate(results):
        buffer.set_res(k, memoryview(r))
    keep = (function, buffer, arguments)

    def run():
        trigger()
        return results

    run.keep = keep
    return run


FAST = "-O3 -march=native -ffast-math -mprefer-vector-width=512 -fopenmp"
POINTER, REAL, LONG, INT = ctypes.c_void_p, ctypes.c_double, ctypes.c_long, ctypes.c_int


def c_library(name, flags="", libraries="-lm"):
    """Compiles a file of `bench/c` for this machine."""
    compiler = os.environ.get("CC", "cc")
    folder = tempfile.mkdtemp(prefix="hesse-bench-")
    target = os.path.join(folder, name + ".so")
    source = os.path.join(C_FOLDER, name + ".c")
    command = [compiler, *FAST.split(), *flags.split(), "-shared", "-fPIC", "-o", target, source, *libraries.split()]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise Skip(f"no C compiler: `{compiler}` is not there") from None
    except subprocess.CalledProcessError as e:
        raise Skip(f"`{compiler}` failed: {e.stderr.strip().splitlines()[-1] if e.stderr.strip() else e}") from None
    library = ctypes.CDLL(target)
    os.unlink(target)
    os.rmdir(folder)
    return library


def address(array):
    return array.ctypes.data


def numbers(results):
    """Results of any peer as arrays of f64."""
    out = []
    for r in results:
        if hasattr(r, "detach"):
            r = r.detach().numpy()
        elif hasattr(r, "toarray"):
            r = r.toarray()
        out.append(np.asarray(r, dtype=np.float64, order="C"))
    return out


def sizes(case):
    """`op=vg,N=1000,n=100` as a dictionary; whole numbers are numbers."""
    pairs = (part.split("=", 1) for part in case.split(",") if part)
    return {k: int(v) if v.lstrip("-").isdigit() else v for k, v in pairs}
