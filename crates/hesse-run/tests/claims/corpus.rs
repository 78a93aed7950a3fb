//! The corpus as the tests of claims read it.

use hesse::{Formula, Layout, Request, Want};
use serde_json::Value;

/// A derivative fact: a formula and what somebody wrote as its derivative.
#[derive(Clone)]
pub struct Entry {
    pub id: String,
    pub vars: Vec<(String, String)>,
    pub expr: String,
    pub domain: String,
    pub request: Request,
    /// In the entry's layout, or as d vec(F)/d vec(X)'.
    pub expected: String,
}

impl Entry {
    pub fn formula(&self) -> Formula {
        Formula::expression(&self.vars, &self.expr, &self.domain).unwrap_or_else(|e| panic!("{}: {e}", self.id))
    }
}

/// The entries of a part of the corpus: `public`, `families`.
pub fn entries(part: &str) -> Vec<Entry> {
    let path = format!("{}/../../suite/corpus/{part}.json", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the corpus is in the repository")).expect("JSON");
    all.as_array().expect("a list").iter().map(entry).collect()
}

fn entry(e: &Value) -> Entry {
    let text = |key: &str| e.get(key).and_then(Value::as_str).map(str::to_string);
    let want = match text("kind").as_deref() {
        Some("gradient") => Want::Gradient,
        Some("jacobian") => Want::Jacobian,
        Some("hessian") => Want::Hessian,
        _ => Want::Derivative,
    };
    let vars = e["vars"].as_object().expect("vars");
    Entry {
        id: text("id").expect("id"),
        vars: vars.iter().map(|(name, of)| (name.clone(), of.as_str().expect("a type").to_string())).collect(),
        expr: text("expr").expect("expr"),
        domain: text("domain").unwrap_or_default(),
        request: Request {
            wrt: vec![text("wrt").expect("wrt")],
            wrt2: text("wrt2"),
            want,
            layout: if e["layout"] == "numerator" { Layout::Numerator } else { Layout::Denominator },
            structure: text("structure"),
            ..Request::default()
        },
        expected: text("expected").or_else(|| text("expected_vec")).expect("an expected form"),
    }
}
