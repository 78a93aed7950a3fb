//! What holds for every row of the table of stable forms, and for the derivatives of the corpus of stability: exact values, computed
//! with 2500 digits by `suite/corpus/stability.py`.

use hesse::facts::kernels::{SCALED, STABLE, Stable};
use hesse::program::program::Program;
use hesse::{Ask, Error, Formula, Layout, Request, Want};
use hesse_run::{Bindings, Tensor, evaluate};
use serde_json::Value;

fn list(name: &str) -> Vec<Value> {
    let path = format!("{}/../../suite/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).expect("a list")
}

/// Types of the arguments of the rows.
fn types(row: &Stable) -> Vec<(String, String)> {
    let x = if row.from.contains("sum(") { "vector(n)" } else { "scalar" };
    let words: Vec<&str> = row.from.split(|c: char| !c.is_alphanumeric()).collect();
    let all = [("x", x), ("a", "scalar"), ("b", "scalar"), ("y", "scalar"), ("A", "matrix(n,n)")];
    all.into_iter().filter(|(name, _)| words.contains(name)).map(|(n, t)| (n.into(), t.into())).collect()
}

fn formula(row: &Stable, text: &str) -> Formula {
    Formula::expression(&types(row), text, "").unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

fn tensor(v: &Value) -> Tensor {
    match v {
        Value::Array(rows) if rows.first().is_some_and(Value::is_array) => {
            Tensor::matrix(rows.len(), rows[0].as_array().map_or(0, Vec::len), numbers(v))
        }
        Value::Array(_) => Tensor::flat(numbers(v)),
        _ => Tensor::scalar(numbers(v)[0]),
    }
}

/// The largest relative error of an entry; what underflows may be 0.
fn error(got: &[f64], want: &[f64]) -> f64 {
    let one = |(g, w): (&f64, &f64)| if (g - w).abs() <= 1e-300 { 0.0 } else { (g - w).abs() / w.abs() };
    if got.len() != want.len() || got.iter().any(|x| x.is_nan()) {
        return f64::INFINITY;
    }
    got.iter().zip(want).map(one).fold(0.0, f64::max)
}

#[test]
fn both_sides_agree_at_ordinary_points() {
    for row in STABLE {
        let (from, to) = (formula(row, row.from).program(None).unwrap(), formula(row, row.to).program(None).unwrap());
        for k in 0..7 {
            let x = match row.when {
                "x < 0" => -0.3 - 0.4 * f64::from(k),
                _ if row.from.contains("log(-") => -0.3 - 0.4 * f64::from(k),
                _ => 0.35 + 0.3 * f64::from(k),
            };
            let x = if row.from.contains("sum(") { Tensor::flat(vec![x, 0.4 - x, 1.1]) } else { Tensor::scalar(x) };
            let t = 0.2 * f64::from(k);
            let at: Bindings = [
                ("x", x),
                ("a", Tensor::scalar(1.0 - t)),
                ("b", Tensor::scalar(0.3 + t)),
                ("y", Tensor::scalar(t - 0.5)),
                ("A", Tensor::matrix(2, 2, vec![2.0, t, -0.3, 1.5])),
            ]
            .map(|(n, v)| (n.to_string(), v))
            .into();
            let (left, right) = (&evaluate(&from, &at).unwrap()[0].data, &evaluate(&to, &at).unwrap()[0].data);
            assert!(error(right, left) < 1e-12, "{}: {left:?} but {}: {right:?}", row.from, row.to);
        }
    }
}

#[test]
fn every_row_is_recognised_and_right_at_the_extremes_where_what_is_written_is_not() {
    let points = list("stable-rows.json");
    let mut wrong = vec![];
    for row in STABLE {
        let f = formula(row, row.from);
        let (written, stable) = (f.program(None).unwrap(), f.stable_program(None).unwrap());
        if !stable.forms.iter().any(|form| form.name == row.name) {
            wrong.push(format!("{} is not recognised: {:?}", row.from, stable.forms));
        }
        if row.from.contains("det(") {
            let n = 200;
            let a = (0..n * n).map(|k| if k % (n + 1) == 0 { 0.001 } else { 0.0 }).collect();
            let at: Bindings = [("A".to_string(), Tensor::matrix(n, n, a))].into();
            // log(0.001^200)
            let want = [-1_381.551_055_796_427_4];
            assert!(error(&evaluate(&stable, &at).unwrap()[0].data, &want) < 1e-14, "{}", row.from);
            assert!(evaluate(&written, &at).unwrap()[0].data[0].is_infinite(), "{}", row.from);
            continue;
        }
        let (mut asked, mut needed) = (0, false);
        for p in points.iter().filter(|p| p["from"] == row.from) {
            let at: Bindings = p["at"].as_object().expect("a point").iter().map(|(n, v)| (n.clone(), tensor(v))).collect();
            let want = numbers(&p["value"]);
            let got = &evaluate(&stable, &at).unwrap()[0].data;
            if error(got, &want) > 1e-12 {
                wrong.push(format!("{} at {}: {got:?}, right is {want:?}", row.from, p["at"]));
            }
            needed |= error(&evaluate(&written, &at).unwrap()[0].data, &want) > 1e-10;
            asked += 1;
        }
        assert!(asked >= 4, "{}: only {asked} points; run suite/corpus/stability.py", row.from);
        // These only give their right side to the rows that rest on it.
        if !needed && !["logistic function", "hyperbolic cosine"].contains(&row.name) {
            wrong.push(format!("{} needs no row: as written it is right everywhere", row.from));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_exponent_and_a_rest_are_the_function() {
    let vars = [("x".to_string(), "scalar".to_string())];
    for row in SCALED {
        let program = |text: &str| Formula::expression(&vars, text, "").unwrap().program(None).unwrap();
        let whole = program(&format!("exp({})*({})", row.exponent, row.rest));
        let function = program(&format!("{}(x)", row.of));
        for x in [-3.0, -0.2, 0.0, 0.4, 5.0] {
            let at: Bindings = [("x".to_string(), Tensor::scalar(x))].into();
            let (got, want) = (&evaluate(&whole, &at).unwrap()[0].data, &evaluate(&function, &at).unwrap()[0].data);
            assert!(error(got, want) < 1e-14, "{}({x}): {got:?}, not {want:?}", row.of);
        }
    }
}

/// An entry of the corpus of stability.
struct Entry {
    text: String,
    formula: Formula,
    request: Request,
    at: Bindings,
    primal: f64,
    derivative: Vec<f64>,
}

fn entries() -> Vec<Entry> {
    let read = |e: Value| {
        let text = |key: &str| e[key].as_str().expect("a text").to_string();
        let vars: Vec<(String, String)> =
            e["vars"].as_object().expect("vars").iter().map(|(n, t)| (n.clone(), t.as_str().expect("a type").into())).collect();
        Entry {
            text: format!("{}: {}", text("id"), text("expr")),
            formula: Formula::expression(&vars, &text("expr"), "").unwrap(),
            request: Request {
                wrt: vec![text("wrt")],
                want: if text("kind") == "hessian" { Want::Hessian } else { Want::Gradient },
                layout: Layout::Denominator,
                ..Request::default()
            },
            at: e["at"].as_object().expect("a point").iter().map(|(n, v)| (n.clone(), tensor(v))).collect(),
            primal: e["primal"].as_f64().expect("a number"),
            derivative: numbers(&e["value"]),
        }
    };
    list("stability.json").into_iter().map(read).collect()
}

/// The entries whose derivative by a program is not exact.
fn wrong(program: impl Fn(&Formula, &Request) -> Result<Program, Error>, by_entry: bool) -> String {
    let mut wrong = vec![];
    for e in entries() {
        let program = program(&e.formula, &e.request).unwrap();
        let (got, want) = (&evaluate(&program, &e.at).unwrap()[0].data, e.derivative);
        // A second derivative is a difference of what cancels: its entries share the scale of the largest.
        let scale = if e.request.want == Want::Hessian || !by_entry { want.iter().fold(0.0f64, |m, x| m.max(x.abs())) } else { 0.0 };
        let close = |(g, w): (&f64, &f64)| (g - w).abs() <= 1e-9 * w.abs().max(scale) + 1e-300;
        if got.len() != want.len() || !got.iter().zip(&want).all(close) {
            wrong.push(format!("{} gives {got:?}, right is {want:?}", e.text));
        }
    }
    wrong.join("\n")
}

#[test]
fn formulas_of_the_corpus_are_exact() {
    let all = entries();
    assert!(all.len() >= 80);
    for e in all {
        let got = &evaluate(&e.formula.stable_program(None).unwrap(), &e.at).unwrap()[0].data;
        assert!(error(got, &[e.primal]) < 1e-12, "{} gives {got:?}, right is {}", e.text, e.primal);
    }
}

#[test]
fn derivatives_of_the_corpus_are_exact_entry_by_entry() {
    let wrong = wrong(|f, request| f.derive(request)?.program(0), true);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn so_are_those_that_share_the_parts_of_the_formula() {
    let wrong = wrong(|f, request| f.differentiate(request)?.program(), false);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn so_are_those_of_joint_programs() {
    let joint = |f: &Formula, request: &Request| {
        let mut program = f.joint(&[Ask::Value(None), Ask::Derivative(request.clone())])?.program;
        program.outputs.remove(0);
        Ok(program)
    };
    let wrong = wrong(joint, false);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_stable_form_of_a_stable_form_is_itself() {
    // Of a form by cases each case is what is written.
    for row in STABLE.iter().filter(|row| !row.to.starts_with("where(")) {
        let Ok(f) = Formula::expression(&types(row), row.to, "") else { panic!("{}", row.to) };
        let forms = f.stable_program(None).unwrap().forms;
        assert!(!forms.iter().any(|form| form.name == row.name && form.text == row.to), "{}: {forms:?}", row.to);
    }
}
