//! Wrong stable forms: each side of each row is compared with exact values, at the extremes too, where a wrong case of a form shows.

use super::{each_mutant, formula, report};
use hesse::facts::kernels::{SCALED, STABLE, Stable};
use hesse_run::{Bindings, Tensor, evaluate};
use serde_json::Value;

/// The value of a text, with its arguments found by their names.
fn value(text: &str, at: &Bindings) -> Option<Vec<f64>> {
    let types: Vec<(&str, &str)> = at
        .iter()
        .map(|(name, v)| {
            (
                name.as_str(),
                match (v.rows, v.cols) {
                    (1, 1) => "scalar",
                    (_, 1) => "vector(n)",
                    _ => "matrix(n, n)",
                },
            )
        })
        .collect();
    let program = formula(&types, text, "", None).and_then(|f| f.program(None)).ok()?;
    evaluate(&program, at).ok().map(|out| out[0].data.clone())
}

fn close(got: &[f64], want: &[f64], limit: f64) -> bool {
    got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() <= limit * w.abs() + 1e-300)
}

/// Points with the exact value of the left side.
fn points(row: &Stable) -> Vec<(Bindings, Vec<f64>)> {
    if row.from.contains("det(") {
        let a = Tensor::matrix(2, 2, vec![2.0, 1.0, -0.5, 1.5]);
        return vec![(Bindings::from([("A".to_string(), a)]), vec![3.5f64.ln()])];
    }
    let path = format!("{}/../../suite/corpus/stable-rows.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the exact values of the rows");
    let all: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let number = |v: &Value| v.as_f64().expect("a number");
    let numbers = |v: &Value| v.as_array().expect("numbers").iter().map(number).collect::<Vec<f64>>();
    let tensor = |v: &Value| if v.is_array() { Tensor::flat(numbers(v)) } else { Tensor::scalar(number(v)) };
    all.iter()
        .filter(|p| p["from"] == row.from)
        .map(|p| (p["at"].as_object().expect("a point").iter().map(|(n, v)| (n.clone(), tensor(v))).collect(), numbers(&p["value"])))
        .collect()
}

#[test]
fn both_sides_of_stable_forms() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    for row in STABLE {
        let points = points(row);
        // What is written is right at ordinary points only.
        let ordinary: Vec<_> =
            points.iter().filter(|(at, _)| at.values().all(|v| v.data.iter().all(|x| (0.2..3.0).contains(&x.abs())))).collect();
        assert!(!ordinary.is_empty(), "{}", row.from);
        let is = |text: &str, at: &Bindings, want: &[f64], limit| value(text, at).is_some_and(|got| close(&got, want, limit));
        let from = |text: &'static str| ordinary.iter().all(|(at, want)| is(text, at, want, 1e-12));
        let to = |text: &'static str| points.iter().all(|(at, want)| is(text, at, want, 1e-12));
        each_mutant(&format!("stable {}", row.name), row.from, from, &mut unnoticed, &mut planted);
        each_mutant(&format!("stable {}", row.name), row.to, to, &mut unnoticed, &mut planted);
    }
    report("stable forms", &unnoticed, planted);
}

#[test]
fn exponents_and_rests() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    for row in SCALED {
        let whole = |exponent: &str, rest: &str| {
            [-3.0, -0.2, 0.4, 5.0].iter().all(|x| {
                let at = Bindings::from([("x".to_string(), Tensor::scalar(*x))]);
                let (got, want) = (value(&format!("exp({exponent})*({rest})"), &at), value(&format!("{}(x)", row.of), &at));
                got.zip(want).is_some_and(|(got, want)| close(&got, &want, 1e-13))
            })
        };
        each_mutant(row.of, row.exponent, |text| whole(text, row.rest), &mut unnoticed, &mut planted);
        each_mutant(row.of, row.rest, |text| whole(row.exponent, text), &mut unnoticed, &mut planted);
    }
    report("exponents and rests", &unnoticed, planted);
}
