//! `cargo bench -p hesse --bench corpus`: how long the public corpus takes to derive, each entry from text to printed formula.

use hesse::{Form, Formula, Layout, Request, Want};
use std::time::{Duration, Instant};

/// Each entry is derived so often; its time is the least.
const TIMES: usize = 5;

fn main() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/public.json");
    let text = std::fs::read_to_string(path).expect("the corpus lies in suite/corpus");
    let entries: serde_json::Value = serde_json::from_str(&text).expect("the corpus is JSON");
    let mut times: Vec<(Duration, String)> = vec![];
    for entry in entries.as_array().into_iter().flatten() {
        let field = |key: &str| entry.get(key).and_then(serde_json::Value::as_str).map(str::to_string);
        let vars: Vec<(String, String)> = entry["vars"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, of)| (name.clone(), of.as_str().unwrap_or_default().to_string()))
            .collect();
        let request = Request {
            wrt: field("wrt").into_iter().collect(),
            wrt2: field("wrt2"),
            want: match field("kind").as_deref() {
                Some("gradient") => Want::Gradient,
                Some("jacobian") => Want::Jacobian,
                Some("hessian") => Want::Hessian,
                _ => Want::Derivative,
            },
            layout: if field("layout").as_deref() == Some("numerator") { Layout::Numerator } else { Layout::Denominator },
            structure: field("structure"),
            form: if entry["expected"].is_null() { Form::Vec } else { Form::Natural },
            ..Request::default()
        };
        let derive = || {
            let start = Instant::now();
            let formula = Formula::expression(&vars, &field("expr").unwrap_or_default(), &field("domain").unwrap_or_default())?;
            let derivative = formula.derive(&request)?;
            let written = derivative.parts[0].plain().len();
            Ok::<_, hesse::Error>((start.elapsed(), written))
        };
        let taken = (0..TIMES).filter_map(|_| derive().ok()).map(|t| t.0).min();
        times.extend(taken.map(|t| (t, field("id").unwrap_or_default())));
    }
    times.sort();
    let total: Duration = times.iter().map(|t| t.0).sum();
    let at = |part: f64| &times[((times.len() - 1) as f64 * part).round() as usize];
    println!(
        "{} entries: total {total:.1?}, p50 {:.1?}, p95 {:.1?}, slowest {:.1?} ({})",
        times.len(),
        at(0.5).0,
        at(0.95).0,
        at(1.0).0,
        at(1.0).1
    );
}
