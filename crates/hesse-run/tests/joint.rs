//! Joint programs against separate ones: value, derivatives and a product with a direction from one program have the numbers that each
//! has from its own closed form.

use hesse::{Ask, Formula, Request, Want};
use hesse_run::{Bindings, Tensor, evaluate};
use serde_json::Value;
use std::collections::BTreeMap;

fn text(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_string)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../suite/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).expect("the corpus is in the repository")
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

/// The points of the corpus by the id of their entry.
fn points() -> BTreeMap<String, Bindings> {
    let point = |line: &str| {
        let v: Value = serde_json::from_str(line).expect("a line of JSON");
        let inputs = v["inputs"].as_object().expect("inputs").iter().map(|(name, x)| {
            let rows = x.as_array().expect("2-D");
            (name.clone(), Tensor::matrix(rows.len(), rows[0].as_array().expect("2-D").len(), numbers(x)))
        });
        (text(&v, "id").expect("id"), inputs.collect())
    };
    read("values-public.jsonl").lines().map(point).collect()
}

/// A direction of this shape.
fn direction(like: &Tensor) -> Tensor {
    let data = (0..like.data.len()).map(|k| 0.25 + 0.5 * ((k * 7 + 3) % 5) as f64).collect();
    Tensor { data, ..like.clone() }
}

/// Every entry, relative to the largest.
fn close(got: &[f64], want: &[f64]) -> bool {
    let scale = want.iter().fold(1.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * scale;
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| same(*a, *b))
}

/// What is wrong with the joint program of a formula at a point, and how many outputs were compared.
fn compare(formula: &Formula, base: &Request, at: &Bindings) -> Result<usize, String> {
    let Ok(value) = formula.stable_program(None) else { return Ok(0) };
    let mut asks = vec![Ask::Value(None)];
    let mut want = vec![evaluate(&value, at).map_err(|e| e.to_string())?.remove(0).data];
    let mut at = at.clone();
    let of = |want: Want| Request { want, structure: base.structure.clone().filter(|_| want == base.want), ..base.clone() };
    for request in [base.clone(), of(Want::Gradient), of(Want::Hessian), of(Want::Hvp), of(Want::Jvp)] {
        // What cannot be derived alone cannot be derived together.
        let Ok(derivative) = formula.derive(&request) else { continue };
        if let Some(name) = &derivative.parts[0].direction {
            let second = request.wrt2.as_ref().filter(|_| request.want == Want::Hvp).unwrap_or(&request.wrt[0]);
            at.insert(name.clone(), direction(&at[second]));
        }
        let program = derivative.tensor_program(0).map_err(|e| e.to_string())?;
        want.push(evaluate(&program, &at).map_err(|e| e.to_string())?.remove(0).data);
        asks.push(Ask::Derivative(request));
    }
    let joint = formula.joint(&asks).map_err(|e| e.to_string())?;
    let got = evaluate(&joint.program, &at).map_err(|e| e.to_string())?;
    if got.len() != want.len() || joint.results.len() != want.len() {
        return Err(format!("{} outputs, {} results, {} asked", got.len(), joint.results.len(), want.len()));
    }
    for ((got, want), ask) in got.iter().zip(&want).zip(&asks) {
        if !close(&got.data, want) {
            return Err(format!("{ask:?}: {:?} is not {want:?}", got.data));
        }
    }
    Ok(want.len())
}

#[test]
fn joint_programs_have_the_numbers_of_separate_ones() {
    let points = points();
    let entries: Value = serde_json::from_str(&read("public.json")).expect("the corpus is JSON");
    let (mut compared, mut wrong) = (0, vec![]);
    for e in entries.as_array().expect("a list") {
        let id = text(e, "id").expect("id");
        let vars: Vec<(String, String)> =
            e["vars"].as_object().expect("vars").iter().map(|(k, v)| (k.clone(), v.as_str().expect("type").to_string())).collect();
        let expr = text(e, "expr").expect("expr");
        let formula = Formula::expression(&vars, &expr, &text(e, "domain").unwrap_or_default()).unwrap_or_else(|err| panic!("{id}: {err}"));
        let want = match text(e, "kind").as_deref() {
            Some("hessian") => Want::Hessian,
            _ => Want::Derivative,
        };
        let request = Request {
            wrt: vec![text(e, "wrt").expect("wrt")],
            wrt2: text(e, "wrt2"),
            want,
            structure: text(e, "structure"),
            ..Request::default()
        };
        match compare(&formula, &request, &points[&id]) {
            Ok(count) => compared += count,
            Err(what) => wrong.push(format!("{id}: {expr}: {what}")),
        }
    }
    assert!(compared >= 1500, "only {compared} outputs compared");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A workload at sizes of a few, and a point.
fn workload(name: &str) -> (Formula, Bindings) {
    let path = format!("{}/../../bench/workloads/{name}.hesse", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(path).expect("the workloads are in the repository");
    let formula = Formula::parse(&source, true).unwrap_or_else(|e| panic!("{name}: {e}"));
    let program = formula.program(None).expect("a program");
    let sizes: Vec<usize> = (0..program.sizes.len()).map(|k| 5 - k.min(2)).collect();
    let mut state = 7u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64 - 0.45
    };
    let bindings = program.inputs.iter().map(|input| {
        let axes: Vec<usize> = input.axes.iter().map(|a| a.bind(&sizes).expect("a size")).collect();
        let (rows, cols) = (axes[..input.rows].iter().product(), axes[input.rows..].iter().product());
        let mut data: Vec<f64> = (0..rows * cols).map(|_| draw()).collect();
        if formula.model().inputs.iter().any(|i| i.name == input.name && i.properties.iter().any(|p| p == "posdef")) {
            let a = data.clone();
            for (k, x) in data.iter_mut().enumerate() {
                let (i, j) = (k / cols, k % cols);
                *x = if i == j { 3.0 } else { 0.5 * (a[i * cols + j] + a[j * cols + i]) };
            }
        }
        (input.name.clone(), Tensor::matrix(rows, cols, data))
    });
    let bindings = bindings.collect();
    (formula, bindings)
}

#[test]
fn so_have_those_of_the_workloads() {
    let mut compared = 0;
    for (name, wrt) in [
        ("neuron", "w"),
        ("batch-neuron", "w"),
        ("batch-neuron", "b"),
        ("logistic", "w"),
        ("elementwise", "w"),
        ("quadratic", "x"),
        ("factorization", "U"),
        ("relu-net", "W1"),
        ("mlp", "W1"),
        ("mlp", "b2"),
        ("gaussian", "S"),
        ("gaussian", "m"),
        ("kinematics", "q"),
        ("burgers", "u"),
        ("brusselator", "a"),
        ("brusselator", "b"),
    ] {
        let (formula, at) = workload(name);
        let request = Request { wrt: vec![wrt.into()], ..Request::default() };
        compared += compare(&formula, &request, &at).unwrap_or_else(|e| panic!("{name} by {wrt}: {e}"));
    }
    assert!(compared >= 50, "only {compared} outputs compared");
}
