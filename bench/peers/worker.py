"""One workload in one peer: `python worker.py WORKLOAD PEER`. The protocol is in bench/README.md."""

import gc
import importlib
import json
import os
import statistics
import sys
import threading
import time

import numpy as np

import common

clock = time.perf_counter


def status(key):
    """A figure of this process in MB, where the system tells."""
    try:
        with open("/proc/self/status") as lines:
            for line in lines:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


class Peak:
    """The most memory that was used inside a `with`, beyond what was used before.

    Of everything by the system's own mark; of anonymous memory only (`anonymous`: files mapped into memory do not count) by looking often."""

    def __init__(self, anonymous):
        self.anonymous = anonymous

    def __enter__(self):
        gc.collect()
        if self.anonymous:
            self.before = self.most = status("RssAnon") or 0.0
            self.done = threading.Event()
            self.watch = threading.Thread(target=self.look, daemon=True)
            self.watch.start()
        else:
            try:
                with open("/proc/self/clear_refs", "w") as marks:
                    marks.write("5")
            except OSError:
                pass
            self.before = status("VmRSS") or 0.0
        return self

    def look(self):
        while not self.done.wait(0.003):
            self.most = max(self.most, status("RssAnon") or 0.0)

    def __exit__(self, *_):
        if self.anonymous:
            self.done.set()
            self.watch.join()
        else:
            self.most = status("VmHWM") or self.before
        self.mb = round(max(0.0, self.most - self.before), 1)


class Worker:
    def __init__(self, workload, peer):
        self.module = importlib.import_module(workload)
        self.build = self.module.PEERS[peer]
        self.peer = self.data = None
        self.once = 0.0
        # The import is no part of the first call.
        warm = getattr(self.module, "IMPORTS", {}).get(peer.split("_")[0], getattr(common, peer.split("_")[0], None))
        if callable(warm):
            warm()

    def case(self, name, inputs, results):
        self.peer = self.data = None
        gc.collect()
        load = getattr(self.module, "load", load_arrays)
        data = load(inputs)
        with Peak(getattr(self.module, "ANONYMOUS", False)) as peak:
            common.mark()
            built = self.build(common.sizes(name), data)
            peer = built if isinstance(built, common.Peer) else common.Peer(built)
            peer.run()
            first = common.since_mark()
            start = clock()
            peer.run()
            self.once = clock() - start
        arrays = [] if peer.results is common.numbers else common.numbers(peer.results())
        for k, array in enumerate(arrays):
            np.save(f"{results}.{k}.npy", array)
        # Loops in C hold addresses of the inputs.
        self.peer, self.data = peer, data
        return {"first_s": first, "again_s": self.once, "peak_mb": peak.mb, "results": len(arrays), **peer.notes}

    def time(self, seconds):
        peer = self.peer
        if peer.timed:
            once = max(peer.timed(100), 1e-9)
            calls = max(1, int(min(seconds, 0.02) / once))
            samples, spent = [], 0.0
            while spent < seconds or not samples:
                samples.append(peer.timed(calls))
                spent += samples[-1] * calls
            self.once = statistics.median(samples)
            return {"ns": self.once * 1e9, "min": min(samples) * 1e9, "runs": len(samples) * calls}
        run = peer.run
        # The others ran in between: bring the data back into the caches.
        if self.once < seconds / 4:
            run()
        calls = max(1, int(1e-3 / max(self.once, 1e-8))) if self.once < 3e-4 else 1
        samples, spent = [], 0.0
        collecting = gc.isenabled()
        gc.disable()
        while spent < seconds or not samples:
            start = clock()
            for _ in range(calls):
                run()
            took = clock() - start
            samples.append(took / calls)
            spent += took
        if collecting:
            gc.enable()
        self.once = statistics.median(samples)
        return {"ns": self.once * 1e9, "min": min(samples) * 1e9, "runs": len(samples) * calls}


def load_arrays(folder):
    return {f[:-4]: np.load(os.path.join(folder, f)) for f in sorted(os.listdir(folder)) if f.endswith(".npy")}


def main():
    # What a peer prints must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.setrecursionlimit(100_000)

    def answer(fields):
        print(json.dumps(fields), file=answers, flush=True)

    def reason(e):
        text = " ".join(str(e).split())
        return f"{type(e).__name__}: {text[:300]}"

    try:
        worker = Worker(sys.argv[1], sys.argv[2])
    except Exception as e:
        return answer({"error": reason(e)})
    answer({"ready": True})
    for line in sys.stdin:
        words = line.rstrip("\n").split("\t")
        try:
            if words[0] == "case":
                answer(worker.case(*words[1:4]))
            elif words[0] == "time":
                answer(worker.time(float(words[1])))
            elif words[0] == "quit":
                return
            else:
                answer({"error": f"unknown request {words[0]}"})
        except common.Skip as e:
            answer({"skip": str(e)})
        except Exception as e:
            answer({"error": reason(e)})


if __name__ == "__main__":
    main()
