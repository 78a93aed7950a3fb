#!/usr/bin/env python3
"""hesse beside SymPy on the corpus: writes docs/comparison.md, and the counts in README.md.

    python3 suite/compare/compare.py HESSE             ask SymPy everything (minutes), write sympy.jsonl and the page
    python3 suite/compare/compare.py HESSE --check     ask SymPy everything, and fail if sympy.jsonl or the page would differ
    python3 suite/compare/compare.py HESSE --page      ask hesse only: write the page from sympy.jsonl
    python3 suite/compare/compare.py HESSE --page --check     the same, and fail if the page would differ: part of cargo xtask test

The last two need no SymPy. sympy.jsonl holds what SymPy said, entry by entry; its first line says which SymPy, which corpus
and which questions (by their hashes), so that a page which is out of step is noticed.
"""
import argparse
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
CORPUS = os.path.join(ROOT, "suite", "corpus")
RECORD = os.path.join(HERE, "sympy.jsonl")
PAGE = os.path.join(ROOT, "docs", "comparison.md")
README = os.path.join(ROOT, "README.md")
BEGIN, END = "<!-- comparison: written by cargo xtask compare -->", "<!-- end of comparison -->"

VERDICTS = ("right", "wrong", "refused")
SMALLEST_TAG = 15
WIDEST = 110
# A process that does not even notice its own limit of processor time (sympy_peer.SECONDS a question) is stopped after this.
PATIENCE = 900

sys.path.insert(0, CORPUS)
import score  # noqa: E402


def digest(*paths):
    h = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()[:16]


def pinned(package):
    """The version in requirements.txt."""
    with open(os.path.join(HERE, "requirements.txt"), encoding="utf-8") as f:
        return re.search(r"^%s==(\S+)" % package, f.read(), re.MULTILINE).group(1)


def header():
    """What the record of SymPy's answers depends on."""
    return {
        "schema": "hesse.compare/1",
        "sympy": pinned("sympy"),
        "corpus": digest(os.path.join(CORPUS, "public.json"), os.path.join(CORPUS, "values-public.jsonl")),
        "questions": digest(os.path.join(HERE, "sympy_peer.py")),
    }


# --------------------------------------------------------------------------------------------------------------- SymPy


def answer(entry, point, out):
    import sympy_peer

    out.send(sympy_peer.verdict(entry, point))


def ask_sympy(entries, points):
    """Every entry in a process of its own, forked after SymPy is imported: no entry can change the answer of another."""
    import warnings

    import sympy

    import sympy_peer  # noqa: F401

    warnings.simplefilter("ignore")
    if sympy.__version__ != pinned("sympy"):
        sys.exit("this is SymPy %s; requirements.txt says %s" % (sympy.__version__, pinned("sympy")))
    if not hasattr(os, "fork"):
        sys.exit("asking SymPy needs an operating system that forks; --page works everywhere")
    context = multiprocessing.get_context("fork")
    waiting, running, rows = list(reversed(entries)), {}, {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            entry = waiting.pop()
            inlet, outlet = context.Pipe(duplex=False)
            process = context.Process(target=answer, args=(entry, points[entry["id"]], outlet))
            process.start()
            outlet.close()
            running[inlet] = (entry["id"], process, time.monotonic())
        ready = multiprocessing.connection.wait(list(running), timeout=1)
        for inlet, (name, process, since) in list(running.items()):
            if inlet in ready:
                try:
                    rows[name] = inlet.recv()
                except EOFError:
                    rows[name] = stopped(name, "the process ended without an answer")
            elif time.monotonic() - since > PATIENCE:
                process.kill()
                rows[name] = stopped(name, "no answer in time")
            else:
                continue
            process.join()
            del running[inlet]
            print("%3d/%d  %-8s %s" % (len(rows), len(entries), rows[name]["verdict"], name), file=sys.stderr)
    return [rows[e["id"]] for e in entries]


def stopped(name, why):
    return {"id": name, "verdict": "refused", "formula": None, "way": None, "answer": None, "why": why, "diff": "refused", "first": "refused"}


def recorded():
    with open(RECORD, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    return lines[0], lines[1:]


def written(head, rows):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in [head] + rows)


# --------------------------------------------------------------------------------------------------------------- hesse


def ask_hesse(hesse):
    """The verdict on every entry: right is right in both layouts and at kinks, as text and as numbers."""
    done = subprocess.run(
        [sys.executable, os.path.join(CORPUS, "score.py"), hesse, "--json"], stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit("score.py gave no report")
    verdicts = {}
    for name, what in [(r["id"], "refused") for r in report["refusals"]] + [(r["id"], "wrong") for r in report["wrong"]]:
        verdicts[name.split("|")[0]] = what
    return verdicts


# ------------------------------------------------------------------------------------------------------------ the page


def cell(text):
    """Code in a cell of a table, shortened."""
    text = str(text)
    if len(text) > WIDEST:
        text = text[: WIDEST - 1].rstrip() + "…"
    return "`%s`" % text.replace("|", "\\|")


def counts(verdicts):
    c = Counter(verdicts)
    return [c[v] for v in VERDICTS]


def table(head, rows):
    lines = ["| %s |" % " | ".join(head), "|%s" % ("---|" + "--:|" * (len(head) - 1))]
    return lines + ["| %s |" % " | ".join(map(str, r)) for r in rows]


def plain_table(head, rows):
    return ["| %s |" % " | ".join(head), "|" + "---|" * len(head)] + ["| %s |" % " | ".join(r) for r in rows]


def order(entry):
    return "order 3 and 4" if entry["expected"] is None else entry["kind"]


def asked(entry):
    """The question in one line."""
    return "%s by %s" % (entry["expr"], ", ".join([entry["wrt"]] + ([entry["wrt2"]] if entry.get("wrt2") else [])))


HEAD = """\
# hesse beside SymPy

This page is written by `cargo xtask compare`; nothing on it is typed. It asks hesse and [SymPy](https://www.sympy.org) {sympy} for
the {total} derivatives of [the corpus](../suite/corpus/grammar.md) and compares every answer with numbers that neither of them computed.
"""

FAIR = """\
## Fair play

**What SymPy is for.** SymPy is a general computer algebra system, and matrix expressions with symbolic sizes are a corner of it. For
matrices whose sizes are given it differentiates entry by entry; that is dependable, and it is not what is asked here: the question is a
formula in `X` for every size. Systems that give numbers only (JAX, PyTorch) have no formula to compare.

**The corpus is not neutral.** hesse was developed against it, SymPy was not. It has entries that come from issues in SymPy's tracker (`source` in
`public.json` says which). Its grammar and its convention at kinks are hesse's. A corpus that others choose would show other counts.

**Only the derivative counts.** Not asked: how readable an answer is, which layout it is in, whether it names its conditions, how long it takes, what else
the system can do. SymPy's convention at a kink (`Heaviside(0)` is 1/2) is as good as any, so kinks are not asked of SymPy; hesse must have the corpus's there.
"""

HOW = """\
## How it is scored

**The translation.** `suite/compare/sympy_peer.py` rebuilds every formula from SymPy's own expressions: `MatrixSymbol` with symbolic sizes, `applyfunc`,
`HadamardProduct`, `HadamardPower`, `Trace`, `Determinant`, `Inverse`, `Transpose`, `DiagMatrix`, `DiagonalOf`, `OneMatrix`, `Identity`,
`KroneckerProduct`, `FunctionMatrix`. A declared sign of a scalar is given to SymPy; symmetry of a matrix is not needed, as entries are independent.
Before SymPy is asked, the translated formula is evaluated and must have the value that the corpus records.

**Every chance.** Where there is a choice, all of these ways of writing are tried: a 1×1 product stays a matrix or becomes a `Trace`; powers by `HadamardPower` or
`applyfunc`; `diag` by `DiagMatrix` or by Hadamard products; kinks by `Max` and `Abs`, by `Heaviside`, or by `Piecewise`; element-wise formulas of
one array as one function, or not. Each is asked by `expr.diff(X)`, with `.doit()` before and after, and through `array_derive` with and without
`convert_array_to_matrix`. **One right answer makes the entry right.** Who tries fewer ways fares worse: see the last two rows of the first table.

| | |
|---|---|
| right | some way gives an answer with the value of the truth (relative error 1e-6), in any order of its axes and any reshaping |
| silently wrong | no way gives a right answer, and `expr.diff(X)`, in at least one way of writing, gives a formula with another value, without an error. Wrong answers of the other ways to ask do not count |
| refused | an exception, an unevaluated `Derivative`, more than {seconds} s of processor time, something that has no value, or no way to write it |

**The truth.** The recorded derivative at the sample point of the entry. Where the entry has a closed form and no domain, the answer must also agree with that
form at a second point (every input moved by 1), so that an answer 0 is not right because a unit happens to be off. Answers of SymPy are evaluated by a walk over
their tree with NumPy; what the walk does not know is refused, not wrong.

**hesse** is scored by `suite/corpus/score.py` with stricter rules: both layouts, at a relative error of 1e-8, the printed text and the numbers separately,
shapes, and the conventions at kinks. An entry is right if all of that is.

**To contest a row**, read [`suite/compare/sympy.jsonl`](../suite/compare/sympy.jsonl): the formula given to SymPy, how it was asked, the whole answer. To see all ways of one entry:
`.venv-compare/bin/python suite/compare/sympy_peer.py {example}`. (The counts for SymPy in the corpus's own notes were taken elsewhere, on a larger collection.)
"""


def page(entries, rows, head, hesse):
    sympy = {r["id"]: r for r in rows}
    hesse = {e["id"]: hesse.get(e["id"], "right") for e in entries}
    ours, theirs = (counts(hesse[e["id"]] for e in entries), counts(sympy[e["id"]]["verdict"] for e in entries))
    out = [HEAD.format(sympy=head["sympy"], total=len(entries))]
    out += table(
        ["", "right", "silently wrong", "refused"],
        [
            ["**hesse**"] + ours,
            ["**SymPy**, the best of all ways to write and to ask"] + theirs,
            ["SymPy, only `expr.diff(X)`, the best of all ways to write"] + counts(sympy[e["id"]]["diff"] for e in entries),
            ["SymPy, only `expr.diff(X)`, the first way to write"] + counts(sympy[e["id"]]["first"] for e in entries),
        ],
    )
    out += ["", "SymPy %s, corpus `%s`, questions `%s`." % (head["sympy"], head["corpus"], head["questions"]), "", FAIR]
    out += [HOW.format(seconds=head["seconds"], example=next(r["id"] for r in rows if r["verdict"] == "wrong"))]

    columns = ["entries", "hesse right", "wrong", "refused", "SymPy right", "wrong", "refused"]

    def row(name, group):
        ids = [e["id"] for e in group]
        return [name, len(ids)] + counts(hesse[i] for i in ids) + counts(sympy[i]["verdict"] for i in ids)

    kinds, tags = defaultdict(list), defaultdict(list)
    for e in entries:
        kinds[order(e)].append(e)
        for t in dict.fromkeys(e["tags"]):
            tags[t].append(e)
    size = lambda item: (-len(item[1]), item[0])  # noqa: E731
    out += ["## By kind of derivative", ""] + table([""] + columns, [row(k, g) for k, g in sorted(kinds.items(), key=size)])
    large = [(t, g) for t, g in sorted(tags.items(), key=size) if len(g) >= SMALLEST_TAG]
    out += ["", "## By tag", "", "Tags with at least %d entries; an entry may have several." % SMALLEST_TAG, ""]
    out += table([""] + columns, [row(t, g) for t, g in large])

    wrong = [(e, sympy[e["id"]]) for e in entries if sympy[e["id"]]["verdict"] == "wrong"]
    out += ["", "## Where SymPy is silently wrong", "", "`(…).(X)` is SymPy's way to print `applyfunc`. Long texts are cut; they are whole in `sympy.jsonl`.", ""]
    out += plain_table(
        ["entry", "the derivative of", "as given to SymPy", "SymPy's answer", "right"],
        [
            [e["id"], cell(asked(e)), cell(r["formula"]), cell(r["answer"]), cell(e["expected"] if e["expected"] is not None else e["expected_vec"])]
            for e, r in wrong
        ],
    )

    reasons = defaultdict(list)
    for e in entries:
        r = sympy[e["id"]]
        if r["verdict"] == "refused":
            reasons[r["why"]].append(e["id"])
    out += ["", "## Where SymPy refuses", "", "The reason is that of the first way of writing that can be asked.", ""]
    out += plain_table(
        ["reason", "entries", ""],
        [[cell(why), str(len(ids)), ", ".join(ids)] for why, ids in sorted(reasons.items(), key=size)],
    )
    failed = [(i, v) for i, v in hesse.items() if v != "right"]
    out += ["", "## Where hesse is wrong or refuses", "", ", ".join("%s (%s)" % f for f in failed) or "Nowhere on this corpus."]
    return "\n".join(out) + "\n", ours, theirs


def readme(text, head, total, ours, theirs):
    """The README with its lines on the comparison rewritten."""
    if BEGIN not in text or END not in text:
        sys.exit("README.md lacks the lines %s and %s" % (BEGIN, END))
    before, rest = text.split(BEGIN)
    rows = table(
        ["%d derivatives of the corpus" % total, "right", "silently wrong", "refused"],
        [["hesse"] + ours, ["SymPy %s, [the best of many ways to ask](docs/comparison.md)" % head["sympy"]] + theirs],
    )
    return before + "\n".join([BEGIN] + rows + [END]) + rest.split(END)[1]


# ----------------------------------------------------------------------------------------------------------------- main


def put(path, text, check):
    """Writes a file, or says that it would differ."""
    name = os.path.relpath(path, ROOT)
    try:
        with open(path, encoding="utf-8") as f:
            same = f.read() == text
    except FileNotFoundError:
        same = False
    if same:
        print("%s is in step" % name)
    elif check:
        print("%s is out of step: cargo xtask compare" % name)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        print("%s was written" % name)
    return same or not check


def comparable(rows):
    """What must be the same on every machine: not the words of Python's exceptions."""
    return [{k: v for k, v in r.items() if k != "why"} for r in rows]


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("hesse", help="the binary")
    args.add_argument("--check", action="store_true", help="write nothing; fail if something would differ")
    args.add_argument("--page", action="store_true", help="do not ask SymPy again: use sympy.jsonl")
    o = args.parse_args()
    if not o.page and os.environ.get("PYTHONHASHSEED") != "0":
        # SymPy's order of terms may follow the hashes of strings.
        os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, PYTHONHASHSEED="0"))

    entries, good = score.load("public.json"), True
    if o.page:
        head, rows = recorded()
        if {k: head.get(k) for k in header()} != header():
            print("sympy.jsonl is of another SymPy, corpus or set of questions: cargo xtask compare")
            return 1
    else:
        import sympy_peer

        head, rows = dict(header(), seconds=sympy_peer.SECONDS), ask_sympy(entries, score.load_points())
        if o.check:
            was = recorded()
            good = was[0] == head and comparable(was[1]) == comparable(rows)
            print("sympy.jsonl is in step" if good else "sympy.jsonl is out of step: cargo xtask compare")
            for a, b in zip(was[1], rows):
                if comparable([a]) != comparable([b]):
                    print("  %s: it was %s" % (b["id"], a["verdict"]), "and is", b["verdict"])
            rows = was[1] if good else rows
        else:
            put(RECORD, written(head, rows), False)

    text, ours, theirs = page(entries, rows, head, ask_hesse(o.hesse))
    good &= put(PAGE, text, o.check)
    with open(README, encoding="utf-8") as f:
        front = f.read()
    good &= put(README, readme(front, head, len(entries), ours, theirs), o.check)
    print("right, silently wrong, refused: hesse %s, SymPy %s" % (ours, theirs))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
