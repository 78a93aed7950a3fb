//! The public corpus: every expression elaborates to the value that the corpus gives for it, every answer to its matrix.

use super::dense::{Sizes, run};
use super::json::{Json, parse};
use crate::calculus::domain;
use crate::calculus::elaborate::{Options, elaborate_expression};
use crate::calculus::model::Model;
use std::collections::BTreeMap;

fn corpus(file: &str) -> String {
    let path = format!("{}/../../suite/corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn vars(entry: &Json) -> Vec<(String, String)> {
    entry.get("vars").entries().iter().map(|(n, t)| (n.clone(), t.text().to_string())).collect()
}

fn elaborated(entry: &Json, expression: &str) -> Model {
    let options = Options { domain: domain::parse(entry.get("domain").text()), ..Options::default() };
    elaborate_expression(&vars(entry), expression, &options).unwrap_or_else(|e| panic!("{}: {expression}: {e}", entry.get("id").text()))
}

fn flat(rows: &Json) -> Vec<f64> {
    rows.list().iter().flat_map(|r| r.list().iter().map(Json::number)).collect()
}

fn close(model: &Model, point: &Json, wanted: &Json, what: &str) {
    let sizes: Sizes = point.get("dims").entries().iter().map(|(n, k)| (n.clone(), k.number() as i64)).collect();
    let inputs: BTreeMap<String, Vec<f64>> = point.get("inputs").entries().iter().map(|(n, m)| (n.clone(), flat(m))).collect();
    let got = run(model, &sizes, &inputs);
    let wanted = flat(wanted);
    assert_eq!(got.data.len(), wanted.len(), "{what}");
    for (g, w) in got.data.iter().zip(&wanted) {
        assert!((g - w).abs() <= 1e-8 * (1.0 + w.abs()), "{what}: {g} is not {w}");
    }
}

#[test]
fn every_expression_has_its_value() {
    let entries = parse(&corpus("public.json"));
    let points: Vec<Json> = corpus("values-public.jsonl").lines().map(parse).collect();
    assert_eq!(entries.list().len(), points.len());
    for (entry, point) in entries.list().iter().zip(&points) {
        let id = entry.get("id").text();
        assert_eq!(id, point.get("id").text());
        let model = elaborated(entry, entry.get("expr").text());
        close(&model, point, point.get("value"), id);
    }
}

#[test]
fn every_answer_has_its_matrix() {
    let entries = parse(&corpus("public.json"));
    let points: Vec<Json> = corpus("values-public.jsonl").lines().map(parse).collect();
    for (entry, point) in entries.list().iter().zip(&points) {
        let (expected, vec) = (entry.get("expected").text(), entry.get("expected_vec").text());
        let answer = if expected.is_empty() { vec } else { expected };
        if answer.is_empty() {
            continue;
        }
        let model = elaborated(entry, answer);
        if !expected.is_empty() {
            close(&model, point, point.get("matrix"), &format!("{}: {answer}", entry.get("id").text()));
        }
    }
}

#[test]
fn every_reject_is_refused_with_a_place_and_a_fix() {
    for entry in parse(&corpus("reject-public.json")).list() {
        let id = entry.get("id").text();
        let expression = entry.get("expr").text();
        let error = elaborate_expression(&vars(entry), expression, &Options::default()).err().unwrap_or_else(|| panic!("{id} was accepted"));
        let d = error.first();
        assert!(d.help.as_ref().is_some_and(|h| !h.is_empty()), "{id}: {d}");
        assert!(expression.is_empty() || d.span().end > d.span().start, "{id}: {:?}", d.span());
        assert!(d.span().end <= expression.len(), "{id}");
    }
}
