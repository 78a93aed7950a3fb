//! Planted bugs: every fact of every table is made wrong in turn — a sign turned, a term or a factor dropped — and some check must notice.
//!
//! A check that lets a wrong fact pass proves nothing about the right one. What cannot be noticed is listed with its reason.

mod mutate;
mod notation;
mod stable;

use hesse::calculus::domain;
use hesse::calculus::elaborate::Options;
use hesse::facts::functions::{FUNCTIONS, Function};
use hesse::facts::matrices::MATRIX_FUNCTIONS;
use hesse::facts::notation::NOTATION;
use hesse::facts::planted::{Planted, Table};
use hesse::facts::properties::PROPERTIES;
use hesse::facts::rules::{MASKS, RULES};
use hesse::{Error, Formula, Layout, Request, Want};
use hesse_run::random::Random;
use hesse_run::texts::Text;
use hesse_run::{Bindings, CheckOptions, ProbeInput, Status, Tensor, check, evaluate};
use mutate::mutants;
use notation::Matrix;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Wrong versions that are not wrong, with the reason.
const EQUAL: &[(&str, &str, &str)] = &[
    ("rule mask absorbed", "relu(x)", "without the mask both sides are relu(x): the rule says nothing, which is true"),
    ("rule positive part of a positive part", "relu(x)", "the same"),
    ("rule mask absorbs where 0 >= x", "(-relu(x))", "both are 0 there"),
];

/// A formula over declared variables with a fact replaced.
pub fn formula(vars: &[(&str, &str)], expression: &str, domain: &str, planted: Option<Planted>) -> Result<Formula, Error> {
    let vars: Vec<(String, String)> = vars.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect();
    let options = Options { strict: true, domain: domain::parse(domain), planted, ..Options::default() };
    Formula::expression_with(&vars, expression, &options)
}

/// A text for the rest of the process: rows hold such, and so does a planted one.
fn keep(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

/// Runs quietly; a panic counts as noticed.
fn notices(accepts: impl Fn() -> bool) -> bool {
    !catch_unwind(AssertUnwindSafe(accepts)).unwrap_or(false)
}

/// Of one fact: the check accepts it as it is and notices every wrong version of it.
pub fn each_mutant(
    what: &str,
    text: &'static str,
    accepts: impl Fn(&'static str) -> bool,
    unnoticed: &mut Vec<String>,
    planted: &mut usize,
) {
    assert!(accepts(text), "{what}: the check does not accept `{text}`");
    for mutant in mutants(text) {
        *planted += 1;
        let mutant = keep(&mutant);
        if !notices(|| accepts(mutant)) && !EQUAL.iter().any(|e| (e.0, e.1) == (what, mutant)) {
            unnoticed.push(format!("{what}: `{text}` as `{mutant}`"));
        }
    }
}

/// Fails where a wrong fact was not noticed.
pub fn report(table: &str, unnoticed: &[String], planted: usize) {
    println!("{table}: {planted} planted, {} not noticed", unnoticed.len());
    assert!(planted > 0 && unnoticed.is_empty(), "{table}: {} of {planted} not noticed:\n{}", unnoticed.len(), unnoticed.join("\n"));
}

/// Whether both oracles agree with the derivative of an expression.
fn derivative_passes(vars: &[(&str, &str)], expression: &str, domain: &str, wrt: &str, planted: Planted) -> bool {
    let Ok(f) = formula(vars, expression, domain, Some(planted)) else { return false };
    let request = Request { wrt: vec![wrt.to_string()], want: Want::Derivative, ..Request::default() };
    let Ok(derivative) = f.differentiate(&request) else { return false };
    let (Ok(primal), Ok(program)) = (f.program(None), derivative.program()) else { return false };
    let inputs: Vec<ProbeInput> =
        f.model().inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect();
    let options = CheckOptions { points: 3, directions: 2, ..CheckOptions::default() };
    check(&primal, &program, &inputs, &request.wrt, &f.model().relations, &options).status == Status::Ok
}

/// A call of a function as a user writes it, with the domain of its arguments.
fn call(row: &Function) -> (String, String) {
    let expression = match row.name {
        "gt" => "a > b".to_string(),
        "ge" => "a >= b".to_string(),
        "eq" => "a == b".to_string(),
        name => format!("{name}({})", row.of.join(", ")),
    };
    let domain = match row.domain {
        "abs(x) < 1" => "x in (-1,1)",
        "x nonzero" => "x > 0",
        other => other,
    };
    (expression, domain.to_string())
}

#[test]
fn slopes_of_functions() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    for (row, f) in FUNCTIONS.iter().enumerate() {
        let (expression, mut domain) = call(f);
        let vars: Vec<(&str, &str)> = f.of.iter().map(|name| (*name, "vector(n)")).collect();
        for (place, (wrt, slope)) in f.of.iter().zip(f.slopes).enumerate() {
            if f.name == "where" && place > 0 {
                // Both branches must be taken; a condition that is varied is hardly ever 0.
                domain = "c in {0,1}".to_string();
            }
            let accepts = |text| derivative_passes(&vars, &expression, &domain, wrt, Planted { table: Table::Slope, row, place, text });
            each_mutant(&format!("{} by {wrt}", f.name), slope, accepts, &mut unnoticed, &mut planted);
        }
    }
    report("slopes of functions", &unnoticed, planted);
}

#[test]
fn slopes_of_matrix_functions() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    let square = &[("A", "matrix(n, n)"), ("B", "matrix(n, n)"), ("E", "matrix(n, n)")];
    for (row, f) in MATRIX_FUNCTIONS.iter().enumerate() {
        let accepts = |text| {
            let planted = Planted { table: Table::MatrixSlope, row, place: 0, text };
            match f.name {
                // By a matrix their derivative takes a cotangent.
                "expm" => derivative_passes(square, "sum(B .* expm(A))", "dim n > 1", "A", planted),
                "dexpm" => derivative_passes(square, "sum(B .* dexpm(A, E))", "dim n > 1", "E", planted),
                name => derivative_passes(&[("A", "matrix(n, n)")], &format!("{name}(A)"), "A detpos; dim n > 1", "A", planted),
            }
        };
        each_mutant(f.name, f.slope, accepts, &mut unnoticed, &mut planted);
    }
    report("slopes of matrix functions", &unnoticed, planted);
}

/// Arguments inside the domain of a row.
fn arguments(row: &Function, random: &mut Random) -> Vec<f64> {
    let mut one = |positive: bool| if positive { random.normal().exp() } else { 1.5 * random.normal() };
    match row.domain {
        "x > 0" => vec![one(true)],
        "x > -1" => vec![one(true) - 0.9],
        "abs(x) < 1" => vec![one(false).sin() * 0.95],
        "a > 0" => vec![one(true), one(false)],
        _ => (0..row.of.len()).map(|_| one(false)).collect(),
    }
}

#[test]
fn definitions_of_functions() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    for f in FUNCTIONS {
        for (word, text) in [("means", f.means), ("safe", f.safe)].into_iter().filter(|t| !t.1.is_empty()) {
            let accepts = |text: &'static str| {
                let Ok(read) = Text::read(text, f.of) else { return false };
                let mut random = Random::new(5);
                (0..40).all(|_| {
                    let x = arguments(f, &mut random);
                    let (want, got) = ((f.value)(&x), read.evaluate(&x));
                    got.is_ok_and(|got| (got - want).abs() <= 1e-12 * (1.0 + want.abs()))
                })
            };
            each_mutant(&format!("{} {word}", f.name), text, accepts, &mut unnoticed, &mut planted);
        }
    }
    report("definitions of functions", &unnoticed, planted);
}

fn random_matrix(rows: usize, cols: usize, positive: bool, random: &mut Random) -> Matrix {
    let data = (0..rows * cols).map(|_| random.normal()).map(|x| if positive { x.exp() } else { x }).collect();
    Matrix { rows, cols, data }
}

fn tensor(m: &Matrix) -> Tensor {
    Tensor::matrix(m.rows, m.cols, m.data.clone())
}

#[test]
fn meanings_of_notations() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    let mut random = Random::new(6);
    for (row, n) in NOTATION.iter().enumerate() {
        let names: Vec<&str> = n.matrix.split_once('(').expect("a call").1.trim_end_matches(')').split(", ").collect();
        // dot takes two of one shape, kron and outer two of different ones.
        let shape = |k: usize| match (n.needs, n.matrix) {
            ("square", _) => (3, 3),
            ("vector", _) => (3 + k, 1),
            (_, "dot(A, B)") => (2, 3),
            _ => (2 + k, 3),
        };
        let args: Vec<Matrix> =
            (0..names.len()).map(|k| random_matrix(shape(k).0, shape(k).1, n.matrix == "sqrt(A)", &mut random)).collect();
        let want = notation::value(n.matrix, &args).unwrap_or_else(|| panic!("`{}` has no entry in the table of this test", n.matrix));
        let types: Vec<String> = args
            .iter()
            .map(|a| if a.cols == 1 { format!("vector({})", a.rows) } else { format!("matrix({}, {})", a.rows, a.cols) })
            .collect();
        let vars: Vec<(&str, &str)> = names.iter().copied().zip(types.iter().map(String::as_str)).collect();
        let at: Bindings = names.iter().zip(&args).map(|(n, a)| (n.to_string(), tensor(a))).collect();
        let accepts = |text| {
            let planted = Planted { table: Table::Notation, row, place: 0, text };
            let Ok(f) = formula(&vars, n.matrix, "", Some(planted)) else { return false };
            // The shape is part of what it means.
            let size = |axes: &[hesse::tensor::Dim]| {
                axes.iter().map(|d| f.model().pool.dims.as_integer(*d).unwrap_or(0)).product::<i64>() as usize
            };
            let shape = &f.model().definitions[0].shape;
            let got = f.program(None).and_then(|p| evaluate(&p, &at));
            (size(&shape.rows), size(&shape.cols)) == (want.rows, want.cols)
                && got.is_ok_and(|got| {
                    got[0].data.len() == want.data.len()
                        && got[0].data.iter().zip(&want.data).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs()))
                })
        };
        each_mutant(n.matrix, n.means, accepts, &mut unnoticed, &mut planted);
    }
    report("meanings of notations", &unnoticed, planted);
}

/// The structured derivative by finite differences: an entry that a structure frees moves with all entries that it is tied to.
fn structured_differences(structure: &str, f: impl Fn(&Matrix) -> f64, x: &Matrix) -> Matrix {
    let tied = |i: usize, j: usize| -> Vec<(usize, usize)> {
        match structure {
            "symmetric" if i != j => vec![(i, j), (j, i)],
            "diagonal" if i != j => vec![],
            "lower" if i < j => vec![],
            _ => vec![(i, j)],
        }
    };
    Matrix::make(x.rows, x.cols, |i, j| {
        let moved = |h: f64| {
            let mut y = x.clone();
            tied(i, j).iter().for_each(|(i, j)| y.data[i * x.cols + j] += h);
            f(&y)
        };
        let h = 1e-3;
        (moved(-2.0 * h) - 8.0 * moved(-h) + 8.0 * moved(h) - moved(2.0 * h)) / (12.0 * h)
    })
}

#[test]
fn projections_of_properties() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    let mut random = Random::new(7);
    let n = 3;
    let (c, mut x) = (random_matrix(n, n, false, &mut random), random_matrix(n, n, false, &mut random));
    for (row, p) in PROPERTIES.iter().enumerate().filter(|(_, p)| !p.project.is_empty()) {
        x = match p.name {
            "symmetric" => Matrix::make(n, n, |i, j| (x.at(i, j) + x.at(j, i)) / 2.0),
            "diagonal" => Matrix::make(n, n, |i, j| if i == j { x.at(i, j) } else { 0.0 }),
            _ => Matrix::make(n, n, |i, j| if i >= j { x.at(i, j) } else { 0.0 }),
        };
        let (vars, expression) = ([("X", "matrix(3, 3)"), ("C", "matrix(3, 3)")], "sum(C .* sin(X*C)) + tr(C*X*X)");
        let at = |x: &Matrix| Bindings::from([("X".to_string(), tensor(x)), ("C".to_string(), tensor(&c))]);
        let primal = formula(&vars, expression, "", None).and_then(|f| f.program(None)).expect("a program");
        let want = structured_differences(p.name, |x| evaluate(&primal, &at(x)).expect("a value")[0].data[0], &x);
        let accepts = |text| {
            let planted = Planted { table: Table::Projection, row, place: 0, text };
            let request = Request {
                wrt: vec!["X".into()],
                want: Want::Gradient,
                layout: Layout::Denominator,
                structure: Some(p.name.into()),
                ..Request::default()
            };
            let got = formula(&vars, expression, "", Some(planted))
                .and_then(|f| f.derive(&request))
                .and_then(|d| d.program(0))
                .and_then(|p| evaluate(&p, &at(&x)));
            got.is_ok_and(|got| got[0].data.iter().zip(&want.data).all(|(a, b)| (a - b).abs() < 1e-7))
        };
        each_mutant(p.name, p.project, accepts, &mut unnoticed, &mut planted);
    }
    report("projections of properties", &unnoticed, planted);
}

#[test]
fn both_sides_of_rules() {
    let (mut unnoticed, mut planted) = (vec![], 0);
    let vars = [("A", "matrix(n, n)"), ("x", "scalar"), ("y", "scalar"), ("c", "scalar")];
    for (rule, beside) in RULES.iter().map(|rule| (rule, false)).chain(MASKS.iter().map(|rule| (rule, true))) {
        let agree = |from: &'static str, to: &'static str| {
            // A row may write the identity without its size.
            let text = |side: &str| match side {
                "eye[i,j]" => "eye(n)".to_string(),
                // The condition of such a row is the mask beside it.
                side if beside => format!("({})*({side})", rule.when),
                side => side.to_string(),
            };
            let program = |side: &str| formula(&vars, &text(side), "", None).and_then(|f| f.program(None));
            let (Ok(left), Ok(right)) = (program(from), program(to)) else { return false };
            let mut random = Random::new(8);
            (0..12).all(|_| {
                let a = loop {
                    let a = random_matrix(3, 3, false, &mut random);
                    let det = |m: &Matrix| {
                        let d = |i: usize, j: usize| m.at(1, i) * m.at(2, j) - m.at(1, j) * m.at(2, i);
                        m.at(0, 0) * d(1, 2) - m.at(0, 1) * d(0, 2) + m.at(0, 2) * d(0, 1)
                    };
                    let large = if rule.when == "det(A) > 0" { det(&a) } else { det(&a).abs() };
                    if large > 0.3 {
                        break a;
                    }
                };
                let one = |random: &mut Random| match rule.when {
                    _ if beside => random.normal(),
                    "x > 0" => random.normal().exp(),
                    "x > -1" => random.normal().exp() - 0.9,
                    _ => random.normal(),
                };
                let mut at = Bindings::from([("A".into(), tensor(&a)), ("x".into(), one(&mut random).into())]);
                for name in ["y", "c"] {
                    at.insert(name.into(), random.normal().into());
                }
                let run = |p| evaluate(p, &at);
                match (run(&left), run(&right)) {
                    (Ok(l), Ok(r)) => {
                        l[0].data.len() == r[0].data.len()
                            && l[0].data.iter().zip(&r[0].data).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + b.abs()))
                    }
                    _ => false,
                }
            })
        };
        let what = if beside { format!("rule {} where {}", rule.name, rule.when) } else { format!("rule {}", rule.name) };
        each_mutant(&what, rule.from, |from| agree(from, rule.to), &mut unnoticed, &mut planted);
        if rule.to != "eye[i,j]" {
            each_mutant(&what, rule.to, |to| agree(rule.from, to), &mut unnoticed, &mut planted);
        }
    }
    report("both sides of rules", &unnoticed, planted);
}
