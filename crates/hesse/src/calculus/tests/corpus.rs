//! The public corpus: every expression elaborates to the value that the corpus gives for it, every answer to its matrix.

use super::dense::{Sizes, run};
use crate::calculus::domain;
use crate::calculus::elaborate::{Options, elaborate_expression};
use crate::calculus::model::Model;
use serde_json::Value;
use std::collections::BTreeMap;

fn corpus(file: &str) -> String {
    let path = format!("{}/../../suite/corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn entries(file: &str) -> Vec<Value> {
    serde_json::from_str(&corpus(file)).unwrap()
}

/// Entries with their points, in order.
fn pairs() -> Vec<(Value, Value)> {
    let points: Vec<Value> = corpus("values-public.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let all: Vec<(Value, Value)> = entries("public.json").into_iter().zip(points).collect();
    assert!(all.len() > 300 && all.iter().all(|(e, p)| e["id"] == p["id"]));
    all
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or("")
}

fn vars(entry: &Value) -> Vec<(String, String)> {
    entry["vars"].as_object().unwrap().iter().map(|(n, t)| (n.clone(), t.as_str().unwrap().to_string())).collect()
}

fn elaborated(entry: &Value, expression: &str) -> Model {
    let options = Options { domain: domain::parse(text(entry, "domain")), ..Options::default() };
    elaborate_expression(&vars(entry), expression, &options).unwrap_or_else(|e| panic!("{}: {expression}: {e}", text(entry, "id")))
}

fn flat(rows: &Value) -> Vec<f64> {
    rows.as_array().unwrap().iter().flat_map(|r| r.as_array().unwrap().iter().map(|x| x.as_f64().unwrap())).collect()
}

/// What differs between the model's value at a point and the one wanted.
fn difference(model: &Model, point: &Value, wanted: &Value) -> Option<String> {
    let sizes: Sizes = point["dims"].as_object().unwrap().iter().map(|(n, k)| (n.clone(), k.as_i64().unwrap())).collect();
    let inputs: BTreeMap<String, Vec<f64>> = point["inputs"].as_object().unwrap().iter().map(|(n, m)| (n.clone(), flat(m))).collect();
    let (got, wanted) = (run(model, &sizes, &inputs).data, flat(wanted));
    let far = |(g, w): (&f64, &f64)| (g - w).abs() > 1e-8 * (1.0 + w.abs()) || g.is_nan();
    (got.len() != wanted.len() || got.iter().zip(&wanted).any(far)).then(|| format!("{got:?} is not {wanted:?}"))
}

#[test]
fn every_expression_has_its_value() {
    let wrong: Vec<String> = pairs()
        .iter()
        .filter_map(|(entry, point)| {
            let model = elaborated(entry, text(entry, "expr"));
            difference(&model, point, &point["value"]).map(|d| format!("{}: {}: {d}", entry["id"], text(entry, "expr")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_answer_has_its_matrix() {
    let mut wrong = vec![];
    for (entry, point) in pairs() {
        // The vec form is only typed here: its numbers are those of the whole tensor.
        if !text(&entry, "expected_vec").is_empty() {
            elaborated(&entry, text(&entry, "expected_vec"));
        }
        let answer = text(&entry, "expected");
        if !answer.is_empty() {
            let model = elaborated(&entry, answer);
            wrong.extend(difference(&model, &point, &point["matrix"]).map(|d| format!("{}: {answer}: {d}", entry["id"])));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reject_is_refused_with_a_place_and_a_fix() {
    for entry in entries("reject-public.json") {
        let (id, expression) = (text(&entry, "id"), text(&entry, "expr"));
        let error =
            elaborate_expression(&vars(&entry), expression, &Options::default()).err().unwrap_or_else(|| panic!("{id} was accepted"));
        let d = error.first();
        assert!(d.help.as_ref().is_some_and(|h| !h.is_empty()), "{id}: {d}");
        assert!(expression.is_empty() || d.span().end > d.span().start, "{id}: {:?}", d.span());
        assert!(d.span().end <= expression.len(), "{id}");
    }
}
