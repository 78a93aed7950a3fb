#!/usr/bin/env python3
"""Scores `hesse batch` on the corpus beside this file, with an evaluator that shares no code with hesse (language.py).

    python3 suite/corpus/score.py [target/release/hesse] [--worst] [--json] [--only ID] [--list]
    python3 suite/corpus/score.py --self-test       the corpus and the evaluator against each other, without hesse

For every entry, in both layouts, at the entry's sample point:
  value   the numbers of the answer, in the shape of the layout, against the ground truth: relative error 1e-8
  plain   the printed text, parsed and computed here, against the same, and at a second point where inputs are not restricted; a row is not a column
  shape   the sizes that the answer claims
  probes  the convention at kinks
Orders 3 and 4 are compared as tensors: axes of the function, then of the variables. Those with an `expected_vec` are asked for
once more as the matrix d vec(F)/d vec(X)', columns stacked, and compared with that too.
Refusals: every entry of reject-public.json must be refused with a code of its own, a place in the text and a help.
Exit code 1 if any answer is wrong, fewer than 95 % are answered, or something was not refused; else 0.
"""
import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter

try:
    import numpy as np
except ImportError:
    sys.exit("score.py needs NumPy: python3 -m pip install -r suite/requirements.txt  (cargo xtask corpus does it in .venv)")

import language
import sample
from language import Fault, count, evaluate, parse

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 1e-8
LAYOUTS = ("numerator", "denominator")
VEC = "vec"


def asked(entry):
    """The layouts in which an entry is asked for."""
    return LAYOUTS + ((VEC,) if entry.get("expected_vec") else ())


# ------------------------------------------------------------------------------------------------------- the corpus


def load(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return json.load(f)


def sampled(entries):
    """Points for entries without recorded values: drawn, and `expected` there proved by differences. Which are not proved."""
    points, unproved = {}, []
    for e in entries:
        try:
            points[e["id"]] = sample.point(e)
        except (Fault, KeyError) as why:
            unproved.append((e["id"], str(why)))
    return points, unproved


def load_points():
    with open(os.path.join(HERE, "values-public.jsonl"), encoding="utf-8") as f:
        return {row["id"]: row for row in map(json.loads, f)}


def kept_axes(shape_type):
    """Which of (rows, columns) a declared type has as axes: a vector has no columns."""
    kind = shape_type.split("(")[0].strip()
    return {"scalar": (), "vector": (0,), "rowvector": (1,)}.get(kind, (0, 1))


def squeezed(tensor, entry):
    """T[i,j,k,l] without the axes that vectors lack. Sizes of the corpus are at least 2, so an axis of the function of length 1 is none."""
    t, variables = np.asarray(tensor), [entry["wrt"]]
    if entry["kind"] == "hessian":
        variables.append(entry.get("wrt2") or entry["wrt"])
        keep = []
    else:
        keep = [k for k in (0, 1) if t.shape[k] > 1]
    first = 0 if entry["kind"] == "hessian" else 2
    for p, v in enumerate(variables):
        keep += [first + 2 * p + k for k in kept_axes(entry["vars"][v])]
    return t.reshape([t.shape[k] for k in keep])


def vectorised(tensor):
    """d vec(F) / d vec(X)', columns stacked."""
    i, j, k, l = tensor.shape
    return tensor.transpose(1, 0, 3, 2).reshape(j * i, l * k)


def truth(entry, point, layout):
    """The right answer: a matrix in this layout, a stacked matrix (VEC), or a tensor where `expected` is null."""
    if layout == VEC:
        return vectorised(np.reshape(point["tensor"], point["tensor_shape"]))
    if entry["expected"] is None:
        return squeezed(np.reshape(point["tensor"], point["tensor_shape"]), entry)
    matrix = np.array(point["matrix"], float)
    if entry["kind"] == "hessian" or layout == entry["layout"]:
        return matrix
    return matrix.T


def second_point(entry, point):
    """Other inputs and the right answer there, in the entry's layout: every input moved by 1. None if the entry restricts its
    inputs, or has no closed form. At the sample point alone a formula that is wrong elsewhere may agree, for one that a unit is off."""
    if entry["expected"] is None or entry["domain"] or any(t.startswith("diagonal") for t in entry["vars"].values()):
        return None
    inputs = {name: (np.array(v, float) + 1).tolist() for name, v in point["inputs"].items()}
    want = evaluate(parse(entry["expected"]), inputs, point["dims"])
    return (inputs, want) if np.all(np.isfinite(want)) else None


def error(got, want):
    """Relative to the largest entry of the truth (to 0.01 where the truth is nearly zero). Not a number is infinitely wrong."""
    got = np.asarray(got, float)
    if got.shape != want.shape:
        return float("inf")
    if not want.size:
        return 0.0
    if not np.all(np.isfinite(got)):
        return float("inf")
    return float(np.max(np.abs(got - want)) / max(np.max(np.abs(want)), 1e-2))


# ------------------------------------------------------------------------------------------------ requests and answers


def flat(declared, rows):
    """A value as a request carries it: numbers, flat arrays, arrays of rows."""
    rows = np.asarray(rows, float)
    axes = kept_axes(declared)
    if axes == ():
        return float(rows.reshape(-1)[0])
    return rows.reshape(-1).tolist() if len(axes) == 1 else rows.tolist()


def request(name, entry, layout, at=None, check=False):
    r = {"id": name, "vars": entry["vars"], "expr": entry["expr"], "wrt": entry["wrt"], "kind": entry["kind"], "layout": layout}
    if layout == VEC:
        r.update(layout="numerator", form="vec")
    for field in ("wrt2", "structure", "domain"):
        if entry.get(field):
            r[field] = entry[field]
    if at is not None:
        r["at"] = {v: flat(entry["vars"][v], x) for v, x in at.items()}
    if check:
        r["check"] = True
    return r


def ask(hesse, requests, timeout):
    """All requests through one process; answers by id."""
    text = "".join(json.dumps(r) + "\n" for r in requests)
    try:
        done = subprocess.run([hesse, "batch"], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, encoding="utf-8")
    except OSError as e:
        sys.exit("cannot start %s: %s" % (hesse, e))
    except subprocess.TimeoutExpired:
        sys.exit("hesse batch did not finish in %d s" % timeout)
    answers = {}
    for k, line in enumerate(done.stdout.splitlines()):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError:
            sys.exit("answer line %d is not JSON: %s" % (k + 1, line[:200]))
        if answer.get("id") in answers:
            sys.exit("answered twice: %s" % answer.get("id"))
        answers[answer.get("id")] = answer
    if done.returncode != 0:
        print("hesse batch ended with exit code %d: %s" % (done.returncode, done.stderr.strip()[-500:]), file=sys.stderr)
    return answers


def numbers(nested, want):
    """The `value` of an answer as an array of the truth's shape: a plain number is 1x1, a flat array a column."""
    a = np.array(nested, dtype=float)
    if a.ndim == 0:
        a = a.reshape(1, 1)
    if a.ndim == 1 and want.ndim == 2:
        a = a.reshape(-1, 1)
    return a


def claimed(shape, dims):
    """The sizes that an answer claims: a list of texts, or one text with ×."""
    parts = shape if isinstance(shape, list) else re.split("[×x]", shape)
    return tuple(language.size(evaluate(parse(str(p)), {}, dims)) for p in parts)


def judge(entry, answer, want, values, dims, more=()):
    """What is wrong with an answer at a point: a list of sentences, empty if all is right. The text must hold at `more` points too."""
    wrong = []
    try:
        got = numbers(answer["value"], want)
        e = error(got, want)
        if not e <= LIMIT:
            wrong.append("value: %s" % difference(got, want, e))
    except KeyError:
        wrong.append("value: missing")
    except (ValueError, TypeError) as e:
        wrong.append("value: not an array of numbers (%s)" % e)
    try:
        for where, inputs, right in [("", values, want)] + [(" at the second point", *p) for p in more]:
            got = evaluate(parse(answer["plain"]), inputs, dims, axes=right.shape)
            e = error(got, right)
            if not e <= LIMIT:
                wrong.append("plain %r%s: %s" % (answer["plain"], where, difference(got, right, e)))
    except KeyError:
        wrong.append("plain: missing")
    except (Fault, np.linalg.LinAlgError) as e:
        wrong.append("plain %r cannot be read: %s" % (answer["plain"], e))
    try:
        sizes = claimed(answer["shape"], dims)
        if sizes != want.shape:
            wrong.append("shape %r is %s, not %s" % (answer["shape"], times(sizes), times(want.shape)))
    except KeyError:
        wrong.append("shape: missing")
    except Fault as e:
        wrong.append("shape %r cannot be read: %s" % (answer["shape"], e))
    for field in ("unicode", "latex", "layout", "pattern", "nodes", "conditions", "schema"):
        if field not in answer:
            wrong.append("field %r is missing" % field)
    if answer.get("check") not in (None, True) and not ok(answer["check"]):
        wrong.append("hesse's own check failed: %s" % json.dumps(answer["check"]))
    return wrong


def ok(check):
    return isinstance(check, dict) and (check.get("ok") or check.get("status") in ("ok", "pass", "passed"))


def times(shape):
    return "×".join(map(str, shape))


def difference(got, want, e):
    if np.shape(got) != want.shape:
        return "it is %s, right is %s" % (times(np.shape(got)), times(want.shape))
    return "relative error %.2g" % e


# ------------------------------------------------------------------------------------------------------------- scoring


def wrong_place(entry, answer):
    """What is missing in a refusal that should be a good one: a code, a place in the text, a help."""
    if answer is None:
        return "no answer"
    if answer.get("ok"):
        return "accepted as %s" % answer.get("plain")
    e = answer.get("error") or {}
    if not re.fullmatch(r"E[12]\d\d", str(e.get("code"))):
        return "refused for another reason: %s %s" % (e.get("code"), e.get("message"))
    span = e.get("span")
    if not (isinstance(span, list) and len(span) == 2 and 0 <= span[0] <= span[1] <= len(entry["expr"].encode())):
        return "no place in the text: %r" % (span,)
    if span[0] == span[1] and 0 < span[0] < len(entry["expr"]):
        return "an empty place in the text: %r" % (span,)
    if not str(e.get("help") or "").strip():
        return "no help: %s" % e.get("message")
    return None


def stable(entry):
    """A request and its exact value from an entry of the stability list."""
    at, values = {}, {}
    for v, x in entry["at"].items():
        x = evaluate(parse(x), {}) if isinstance(x, str) else np.asarray(x, float)
        values[v] = x
        at[v] = x.reshape(-1, 1) if x.ndim == 1 else x
    want = entry["value"]
    want = evaluate(parse(want), {}) if isinstance(want, str) else np.asarray(want, float)
    return at, want.reshape(-1, 1) if want.ndim < 2 else want


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("hesse", nargs="?", default=os.path.join(HERE, "..", "..", "target", "release", "hesse"))
    args.add_argument("--self-test", action="store_true", help="check the corpus and the evaluator without hesse")
    args.add_argument("--worst", action="store_true", help="the ten longest answers, relative to the corpus")
    args.add_argument("--list", action="store_true", help="every answer")
    args.add_argument("--json", action="store_true", help="one JSON object instead of text")
    args.add_argument("--only", action="append", default=[], metavar="TEXT", help="only entries whose id contains the text")
    args.add_argument("--check", action="store_true", help="ask for hesse's own numeric check too")
    args.add_argument("--timeout", type=int, default=600, metavar="SECONDS")
    args.add_argument("--corpus", metavar="FILE", help="entries without recorded values, for instance suite/corpus/families.json")
    o = args.parse_args()
    if o.self_test:
        return self_test()

    entries = [e for e in load(os.path.abspath(o.corpus) if o.corpus else "public.json") if not o.only or any(t in e["id"] for t in o.only)]
    points, unproved = sampled(entries) if o.corpus else (load_points(), [])
    entries = [e for e in entries if e["id"] in points]
    whole = not o.only and not o.corpus
    rejects = load("reject-public.json") if whole else []
    stability = load("stability-public.json") + load("stability.json") if whole else []

    requests = []
    for e in entries:
        for layout in asked(e):
            requests.append(request("%s|%s" % (e["id"], layout), e, layout, points[e["id"]]["inputs"], o.check))
        for k, probe in enumerate(e.get("probes", [])):
            at = {v: np.reshape(x, (-1, 1)) if np.ndim(x) == 1 else x for v, x in probe["at"].items()}
            requests.append(request("%s|probe %d" % (e["id"], k), e, e["layout"], at))
    for e in rejects:
        requests.append(request(e["id"], dict(e, wrt=next(iter(e["vars"])), kind="derivative"), "numerator"))
    for e in stability:
        requests.append(request(e["id"], e, e["layout"], stable(e)[0]))
    answers = ask(o.hesse, requests, o.timeout)

    wrong, refused, codes, ratios, stacked = [], [], Counter(), [], []
    right = answered = 0
    for e in entries:
        point = points[e["id"]]
        second = second_point(e, point)
        for layout in asked(e):
            name = "%s|%s" % (e["id"], layout)
            a = answers.get(name)
            if not (a or {}).get("ok"):
                code = (((a or {}).get("error") or {}).get("code") or "?") if a else "no answer"
                codes[code] += 1
                refused.append((name, code, ((a or {}).get("error") or {}).get("message", "")))
                continue
            answered += layout != VEC
            more = []
            if second and layout != VEC:
                more = [(second[0], second[1] if e["kind"] == "hessian" or layout == e["layout"] else second[1].T)]
            problems = judge(e, a, truth(e, point, layout), point["inputs"], point["dims"], more)
            if problems:
                wrong.append((name, problems))
            elif layout == VEC:
                stacked.append((count(parse(a["plain"])) / count(parse(e["expected_vec"])), e["id"] + "|vec", a["plain"], e["expected_vec"]))
            else:
                right += 1
            if o.list:
                print("%-34s %s" % (name, a["plain"]))
            if layout == e["layout"] and e["expected"] is not None and "plain" in a and not problems:
                ratios.append((count(parse(a["plain"])) / count(parse(e["expected"])), e["id"], a["plain"], e["expected"]))
        for k, probe in enumerate(e.get("probes", [])):
            name = "%s|probe %d" % (e["id"], k)
            a = answers.get(name) or {}
            if not a.get("ok"):
                wrong.append((name, ["not answered at a kink: %s" % ((a.get("error") or {}).get("message"))]))
                continue
            want = np.array(probe["value"], float)
            try:
                got = numbers(a["value"], want)
                if error(got, want) > LIMIT:
                    wrong.append((name, ["at the kink: %s, right is %s" % (got.tolist(), want.tolist())]))
            except (KeyError, ValueError, TypeError):
                wrong.append((name, ["no value at the kink"]))

    accepted = [(e["id"], w) for e in rejects for w in [wrong_place(e, answers.get(e["id"]))] if w]
    unstable = []
    for e in stability:
        a, want = answers.get(e["id"]) or {}, stable(e)[1]
        try:
            got = numbers(a["value"], want)
            if error(got, want) > LIMIT:
                unstable.append((e["id"], "%s; %s" % (difference(got, want, error(got, want)), e["why"])))
        except (KeyError, ValueError, TypeError):
            unstable.append((e["id"], "no value (%s); %s" % ((a.get("error") or {}).get("message"), e["why"])))

    total = len(LAYOUTS) * len(entries)
    total_stacked = sum(VEC in asked(e) for e in entries)
    ratios.sort(reverse=True)
    stacked.sort(reverse=True)
    sizes = [r[0] for r in ratios]
    summary = {
        "schema": "hesse.score/1",
        "asked": total,
        "answered": answered,
        "right": right,
        "wrong": [{"id": n, "problems": p} for n, p in wrong],
        "stacked": {"asked": total_stacked, "right": len(stacked), "largest size": max((s[0] for s in stacked), default=None)},
        "refused": dict(codes),
        "unproved": [{"id": n, "problem": p} for n, p in unproved],
        "refusals": [{"id": n, "code": c, "message": m} for n, c, m in refused],
        "rejects": {"asked": len(rejects), "failed": [{"id": n, "problem": p} for n, p in accepted]},
        "stability": {"asked": len(stability), "failed": [{"id": n, "problem": p} for n, p in unstable]},
        "size": {
            "compared": len(sizes),
            "median": float(np.median(sizes)) if sizes else None,
            "p95": float(np.percentile(sizes, 95)) if sizes else None,
            "max": max(sizes) if sizes else None,
            "at most 1.5": sum(s <= 1.5 for s in sizes),
        },
    }
    good = not wrong and not unproved and not accepted and answered >= 0.95 * total and len(stacked) == total_stacked
    if o.json:
        summary["ok"] = good
        if o.worst:
            summary["worst"] = [{"ratio": r, "id": n, "plain": p, "expected": x} for r, n, p, x in ratios[:10]]
        print(json.dumps(summary, indent=1, ensure_ascii=False))
        return 0 if good else 1

    print("%d questions (%d entries × %d layouts): %d answered, %d right" % (total, len(entries), len(LAYOUTS), answered, right))
    for name, problem in unproved:
        print("UNPROVED %s: %s" % (name, problem))
    for name, problems in wrong:
        print("WRONG    %s" % name)
        for p in problems:
            print("         %s" % p)
    for name, code, message in refused:
        print("refused  %s: %s %s" % (name, code, message))
    if codes:
        print("refused by code: %s" % ", ".join("%s %d" % c for c in sorted(codes.items())))
    if rejects:
        print("to be refused: %d of %d refused with code, place and help" % (len(rejects) - len(accepted), len(rejects)))
        for name, problem in accepted:
            print("NOT REFUSED  %s: %s" % (name, problem))
    if stability:
        print("stability: %d of %d exact" % (len(stability) - len(unstable), len(stability)))
        for name, problem in unstable:
            print("unstable %s: %s" % (name, problem))
    if sizes:
        s = summary["size"]
        print(
            "size of the answer / size in the corpus: median %.2f, 95 %% below %.2f, largest %.2f; %d of %d at most 1.5"
            % (s["median"], s["p95"], s["max"], s["at most 1.5"], len(sizes))
        )
    if total_stacked:
        sizes = [s[0] for s in stacked] or [0]
        print(
            "d vec(F)/d vec(X)': %d of %d right; size of the answer / size in the corpus: median %.2f, largest %.2f"
            % (len(stacked), total_stacked, np.median(sizes), max(sizes))
        )
    if o.worst:
        for ratio, name, plain, text in ratios[:10] + stacked[:5]:
            print("%6.2f  %s\n        %s\n        %s" % (ratio, name, plain, text))
    print("good" if good else "NOT GOOD")
    return 0 if good else 1


def self_test():
    """The evaluator reads what it must, and the corpus agrees with itself."""
    print("%d identities of the language hold" % language.self_test())
    points, entries, worst = load_points(), load("public.json"), 0.0
    for e in entries:
        p = points[e["id"]]
        tensor = np.reshape(p["tensor"], p["tensor_shape"])
        pairs = [("value of expr", evaluate(parse(e["expr"]), p["inputs"], p["dims"]), np.array(p["value"]))]
        if e["expected"] is not None:
            pairs.append(("expected", evaluate(parse(e["expected"]), p["inputs"], p["dims"]), np.array(p["matrix"])))
        if e.get("expected_vec"):
            pairs.append(("expected_vec", evaluate(parse(e["expected_vec"]), p["inputs"], p["dims"]), vectorised(tensor)))
        for what, got, want in pairs:
            d = error(got, want)
            worst = max(worst, d)
            if not d <= LIMIT:
                print("%s: %s: %s" % (e["id"], what, difference(got, want, d)))
                return 1
    for e in load("stability-public.json") + load("stability.json"):
        stable(e)
    print("%d entries: value, expected and expected_vec agree, worst relative error %.1e" % (len(entries), worst))
    return 0


if __name__ == "__main__":
    sys.exit(main())
