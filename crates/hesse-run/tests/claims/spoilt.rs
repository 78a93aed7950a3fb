//! Right answers of the corpus, spoilt: is every one called wrong, and for the reason for which it is?
//!
//! Whether a spoilt answer is wrong at all is decided at the corpus's own point, with its own numbers.

use crate::corpus::{Entry, entries};
use crate::mutants::{KINDS, mutants};
use hesse_run::claim::{ClaimOptions, Diagnosis, Judge, Repair, Side, Verdict};
use hesse_run::{Bindings, Tensor, evaluate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Spoilt answers of one kind from one text.
const EACH: usize = 2;
/// One entry of so many is spoilt in every run of the tests; `cargo xtask claims` takes all.
const EVERY: usize = 8;

/// What became of the spoilt answers of one kind.
#[derive(Clone, Default)]
struct Row {
    /// Different numbers, judged.
    judged: usize,
    /// Called wrong.
    called_wrong: usize,
    /// For the reason for which it is.
    same: usize,
    /// For a reason that comes earlier and is one.
    earlier: usize,
    /// Right after all, in one of the layouts, at the corpus's point.
    equal: usize,
    /// No text of the formula's language or of the derivative's shape.
    untyped: usize,
}

/// The kind that a diagnosis is of.
fn kind(d: &Diagnosis) -> &'static str {
    match d.code() {
        "sign" => "sign",
        "constant" => "factor 2",
        "size" => "factor N",
        "transposed" => "transpose",
        "missing_mask" | "extra_mask" | "other_mask" => "mask",
        "operator" => "* for .*",
        "missing_factor" | "extra_factor" => "chain factor",
        "swapped" | "other_variable" => "swapped",
        "missing_term" | "extra_term" => "term",
        "exponent" => "exponent",
        other => other,
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

/// The corpus's inputs by id.
fn points() -> BTreeMap<String, Bindings> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/values-public.jsonl");
    let file = std::fs::read_to_string(path).expect("the values are in the repository");
    let read = |line: &str| {
        let v: Value = serde_json::from_str(line).expect("a line of JSON");
        let matrix = |(name, x): (&String, &Value)| {
            let rows = x.as_array().expect("2-D");
            (name.clone(), Tensor::matrix(rows.len(), rows[0].as_array().expect("2-D").len(), numbers(x)))
        };
        (v["id"].as_str().expect("id").to_string(), v["inputs"].as_object().expect("inputs").iter().map(matrix).collect())
    };
    file.lines().map(read).collect()
}

/// A text's value at a point: rows, columns, entries.
fn value(e: &Entry, text: &str, at: &Bindings) -> Option<(usize, usize, Vec<f64>)> {
    let formula = hesse::Formula::expression(&e.vars, text, "").ok()?;
    let rows = formula.model().definitions.last()?.shape.rows.len();
    let array = evaluate(&formula.program(None).ok()?, at).ok()?.remove(0);
    let (r, c) = array.shape.split_at(rows.min(array.shape.len()));
    Some((r.iter().product(), c.iter().product(), array.data))
}

fn close(a: &[f64], b: &[f64]) -> bool {
    let scale = a.iter().chain(b).fold(1e-3f64, |m, x| m.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-8 * scale)
}

/// Equal, or each the transpose of the other.
fn same(a: &(usize, usize, Vec<f64>), b: &(usize, usize, Vec<f64>)) -> bool {
    let turned: Vec<f64> = (0..b.1).flat_map(|j| (0..b.0).map(move |i| (i, j))).map(|(i, j)| b.2[i * b.1 + j]).collect();
    (a.0, a.1) == (b.0, b.1) && close(&a.2, &b.2) || (a.0, a.1) == (b.1, b.0) && close(&a.2, &turned)
}

/// Whether a repair is one at the corpus's point.
fn mends(e: &Entry, repair: &Repair, at: &Bindings, right: &(usize, usize, Vec<f64>), wrong: &(usize, usize, Vec<f64>)) -> bool {
    let target = if repair.side == Side::Claim { right } else { wrong };
    value(e, &repair.text, at).is_some_and(|v| same(&v, target))
}

fn table(rows: &BTreeMap<&str, Row>) -> String {
    let mut out = "kind           spoilt  called wrong  same reason  earlier reason  other |  equal  untyped\n".to_string();
    let mut line = |name: &str, r: &Row| {
        let other = r.judged - r.same - r.earlier;
        let _ = writeln!(
            out,
            "{name:<14} {:>6}  {:>12}  {:>11}  {:>14}  {other:>5} | {:>6}  {:>7}",
            r.judged, r.called_wrong, r.same, r.earlier, r.equal, r.untyped
        );
    };
    let mut all = Row::default();
    for name in KINDS {
        let r = rows.get(name).cloned().unwrap_or_default();
        all.judged += r.judged;
        all.called_wrong += r.called_wrong;
        all.same += r.same;
        all.earlier += r.earlier;
        all.equal += r.equal;
        all.untyped += r.untyped;
        line(name, &r);
    }
    line("all", &all);
    out
}

#[test]
fn what_is_wrong_is_called_wrong_and_why() {
    let points = points();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let (mut unnoticed, mut puzzled) = (vec![], vec![]);
    let every = if std::env::var("HESSE_CLAIMS").is_ok_and(|v| v == "all") { 1 } else { EVERY };
    for e in entries("public").iter().step_by(every) {
        let formula = e.formula();
        let judge = Judge::new(&formula, &e.request, 0, &ClaimOptions::default()).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        let at = &points[&e.id];
        let model = formula.model();
        let dims = &model.pool.dims;
        let mut sizes: Vec<String> = model.inputs.iter().flat_map(|i| i.shape.axes()).map(|d| dims.text(d)).collect();
        sizes.retain(|s| s.chars().all(char::is_alphabetic));
        sizes.extend(model.inputs.iter().filter(|i| i.shape.is_scalar()).map(|i| i.name.clone()));
        sizes.sort();
        sizes.dedup();
        let inputs = &model.inputs;
        let pairs = (0..inputs.len()).flat_map(|a| (a + 1..inputs.len()).map(move |b| (a, b)));
        let alike: Vec<(String, String)> = pairs
            .filter(|(a, b)| inputs[*a].shape == inputs[*b].shape)
            .map(|(a, b)| (inputs[a].name.clone(), inputs[b].name.clone()))
            .collect();
        let vectors: Vec<String> = inputs.iter().filter(|i| i.shape.axes().len() == 1).map(|i| i.name.clone()).collect();
        // What people wrote, and what hesse prints where that is another text.
        let printed = judge.part().plain();
        for text in [&e.expected, &printed] {
            if text == &printed && (printed == e.expected || judge.part().indexed) {
                continue;
            }
            let right = value(e, text, at).unwrap_or_else(|| panic!("{}: {text} has no value", e.id));
            let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
            for mutant in mutants(text, &sizes, &alike, &vectors) {
                let row = rows.entry(mutant.kind).or_default();
                let taken = taken.entry(mutant.kind).or_default();
                let shaped = value(e, &mutant.text, at).filter(|v| (v.0, v.1) == (right.0, right.1) || (v.1, v.0) == (right.0, right.1));
                let Some(wrong) = shaped.filter(|v| v.2.iter().all(|x| x.is_finite())) else {
                    row.untyped += 1;
                    continue;
                };
                if same(&wrong, &right) {
                    row.equal += 1;
                    continue;
                }
                if *taken == EACH {
                    continue;
                }
                *taken += 1;
                row.judged += 1;
                let what = format!("{} ({}): {} instead of {text}, of {} by {:?}", e.id, mutant.kind, mutant.text, e.expr, e.request.wrt);
                let report = judge.text(&mutant.text);
                match &report {
                    Ok(r) if r.verdict == Verdict::Different => row.called_wrong += 1,
                    other => {
                        unnoticed.push(format!("{what}: {other:?}"));
                        continue;
                    }
                }
                let Ok(report) = report else { continue };
                let rank = |name: &str| KINDS.iter().position(|k| *k == name).unwrap_or(KINDS.len());
                match &report.diagnosis {
                    Some(d) if kind(d) == mutant.kind => row.same += 1,
                    Some(d)
                        if rank(kind(d)) < rank(mutant.kind) && report.repair.as_ref().is_some_and(|r| mends(e, r, at, &right, &wrong)) =>
                    {
                        row.earlier += 1;
                    }
                    other => puzzled.push(format!("{what}: {} {:?}", other.as_ref().map_or("nothing", |d| kind(d)), report.repair)),
                }
            }
        }
    }
    println!("{}", table(&rows));
    let total = |of: fn(&Row) -> usize| rows.values().map(of).sum::<usize>();
    println!("other reasons:\n{}", puzzled.join("\n"));
    assert!(unnoticed.is_empty(), "{} not called wrong:\n{}", unnoticed.len(), unnoticed.join("\n"));
    assert!(total(|r| r.judged) >= 200);
    let (named, judged) = (total(|r| r.same + r.earlier), total(|r| r.judged));
    assert!(100 * named >= 95 * judged, "only {named} of {judged} for the right reason");
}
