//! The public corpus: every derivative against its ground-truth numbers, in both layouts, by value and by its printed text
//! read back; and the numeric check of every one.

use hesse::{Derivative, Formula, Layout, Request, Want};
use hesse_run::{Bindings, CheckOptions, ProbeInput, Status, Tensor, check, evaluate};
use serde_json::Value;
use std::collections::BTreeMap;

struct Entry {
    id: String,
    vars: Vec<(String, String)>,
    expr: String,
    domain: String,
    request: Request,
    kind: String,
}

fn text(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_string)
}

fn entries() -> Vec<Entry> {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/public.json"))
        .expect("the corpus is in the repository");
    let all: Value = serde_json::from_str(&file).expect("the corpus is JSON");
    let read = |e: &Value| {
        let kind = text(e, "kind").expect("kind");
        Entry {
            id: text(e, "id").expect("id"),
            vars: e["vars"].as_object().expect("vars").iter().map(|(k, v)| (k.clone(), v.as_str().expect("type").to_string())).collect(),
            expr: text(e, "expr").expect("expr"),
            domain: text(e, "domain").unwrap_or_default(),
            request: Request {
                wrt: vec![text(e, "wrt").expect("wrt")],
                wrt2: text(e, "wrt2"),
                want: match kind.as_str() {
                    "gradient" => Want::Gradient,
                    "jacobian" => Want::Jacobian,
                    "hessian" => Want::Hessian,
                    _ => Want::Derivative,
                },
                layout: if e["layout"] == "numerator" { Layout::Numerator } else { Layout::Denominator },
                structure: text(e, "structure"),
                ..Request::default()
            },
            kind,
        }
    };
    all.as_array().expect("a list").iter().map(read).collect()
}

/// Ground truth by id: inputs, derivative tensor with its shape, matrix in the entry's layout.
fn values() -> BTreeMap<String, Value> {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/values-public.jsonl"))
        .expect("the values are in the repository");
    file.lines().map(|l| serde_json::from_str::<Value>(l).expect("a line of JSON")).map(|v| (text(&v, "id").expect("id"), v)).collect()
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

fn point(v: &Value) -> Bindings {
    let inputs = v["inputs"].as_object().expect("inputs");
    inputs
        .iter()
        .map(|(name, x)| {
            let rows = x.as_array().expect("2-D");
            (name.clone(), Tensor::matrix(rows.len(), rows[0].as_array().expect("2-D").len(), numbers(x)))
        })
        .collect()
}

fn close(got: &[f64], want: &[f64]) -> bool {
    let scale = want.iter().fold(1e-3f64, |m, x| m.max(x.abs()));
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() <= 1e-8 * scale)
}

fn transpose(data: &[f64], rows: usize) -> Vec<f64> {
    let cols = data.len() / rows.max(1);
    (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| data[i * cols + j]).collect()
}

#[test]
fn values_and_printed_texts_are_right() {
    let truth = values();
    let mut wrong = vec![];
    let mut compared = 0;
    for e in entries() {
        let v = &truth[&e.id];
        let at = point(v);
        let formula = Formula::expression(&e.vars, &e.expr, &e.domain).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        for layout in [Layout::Numerator, Layout::Denominator] {
            let request = Request { layout, ..e.request.clone() };
            let derivative = formula.derive(&request).unwrap_or_else(|err| panic!("{}: {err}", e.id));
            let (program, want) = match v.get("matrix").filter(|m| !m.is_null()) {
                Some(m) => {
                    let rows = m.as_array().expect("2-D").len();
                    let turned = layout != e.request.layout && e.kind != "hessian";
                    (derivative.program(0), if turned { transpose(&numbers(m), rows) } else { numbers(m) })
                }
                None => (derivative.tensor_program(0), numbers(&v["tensor"])),
            };
            let got = evaluate(&program.expect("a program"), &at).unwrap_or_else(|err| panic!("{}: {err}", e.id));
            compared += 1;
            if !close(&got[0].data, &want) {
                wrong.push(format!("{} {layout:?}: {} is not {want:.6?}, got {:.6?}", e.id, derivative.parts[0].plain(), got[0].data));
                continue;
            }
            let plain = derivative.parts[0].plain();
            match Formula::expression(&e.vars, &plain, "").and_then(|f| f.program(None)).and_then(|p| evaluate(&p, &at)) {
                Ok(again) if close(&again[0].data, &want) => {}
                Ok(again) => wrong.push(format!("{} {layout:?}: printed {plain} gives {:.6?}, want {want:.6?}", e.id, again[0].data)),
                Err(err) => wrong.push(format!("{} {layout:?}: printed {plain} does not read back: {err}", e.id)),
            }
        }
    }
    assert!(compared >= 700, "only {compared} compared");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn verdict(formula: &Formula, derivative: &Derivative, request: &Request) -> hesse_run::CheckReport {
    let inputs: Vec<ProbeInput> =
        formula.model().inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect();
    let primal = formula.program(None).expect("a program");
    let tensor = derivative.tensor_program(0).expect("a program");
    let mut wrt = request.wrt.clone();
    if request.want == Want::Hessian {
        wrt.push(request.wrt2.clone().unwrap_or_else(|| request.wrt[0].clone()));
    }
    check(&primal, &tensor, &inputs, &wrt, &formula.model().relations, &CheckOptions::default())
}

#[test]
fn both_oracles_agree_and_texts_mean_the_same() {
    let mut wrong = vec![];
    for e in entries().iter().filter(|e| e.request.structure.is_none()) {
        let formula = Formula::expression(&e.vars, &e.expr, &e.domain).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        let derivative = formula.derive(&e.request).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        let report = verdict(&formula, &derivative, &e.request);
        if report.status != Status::Ok {
            wrong.push(format!("{}: {} of {}: {report:?}", e.id, derivative.parts[0].plain(), e.expr));
        }
        match formula.reads_back(&derivative, 0, &derivative.parts[0].plain()) {
            Ok(true) => {}
            other => wrong.push(format!("{}: {} reads back as {other:?}", e.id, derivative.parts[0].plain())),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
