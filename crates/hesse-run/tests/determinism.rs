//! The same input gives the same bytes: in another process, under another environment, in another directory.
//!
//! The test runs itself again as a child that derives, writes, plans, runs and checks the whole corpus and prints everything.

use hesse::{Elimination, Formula, Layout, Request, Want};
use hesse_run::{CheckOptions, ProbeInput, check};
use serde_json::Value;
use std::fmt::Write;
use std::process::Command;

/// Says to the child where the repository is; without it the child's test does nothing.
const CHILD: &str = "HESSE_DETERMINISM_CHILD";

/// Texts of files beside the corpus: definitions, functions, inferred shapes, refusals.
const FILES: &[&str] = &[
    "data X : matrix(N, n)\ndata y : vector(N)\nparam w : vector(n)\nparam b : scalar\n\nz = X*w + b\nu = max(0, z)\nC = sum((y - u).^2)/N\n",
    "f(t; a = 2) = a*log(1 + t.^2)\nh = tanh(W*x + b)\nloss = norm2(f(h) - y)^2 + f(norm2(W))\n",
    "A : matrix(m, n)\nS : symmetric(n) spd\nlogdet(A*S*A' + eye(m)) + tr(inv(S))\n",
    "K = kron(A, B)\nsum(K*vec(X))\n",
    "sofplus(x) + y*",
];

fn text(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_string)
}

/// Everything that is said of a formula and a request.
fn everything(out: &mut String, formula: &Formula, request: &Request) {
    let derivative = match formula.derive(request) {
        Ok(d) => d,
        Err(e) => return writeln!(out, "refused: {e}").expect("a string"),
    };
    for (k, part) in derivative.parts.iter().enumerate() {
        writeln!(out, "{}\n{}\n{}\n{}", part.plain(), part.unicode(), part.latex(), part.mathml()).expect("a string");
        writeln!(out, "{:?} {} {:?} {}", part.shape_text, part.structure.name(), part.wrt, part.nodes()).expect("a string");
        writeln!(out, "{:?}", derivative.program(k)).expect("a string");
        let rules: Vec<&str> = derivative.rules.iter().map(|r| r.name).collect();
        writeln!(out, "{:?} {rules:?}", derivative.conditions).expect("a string");
        if let (Ok(primal), Ok(tensor)) = (formula.program(request.target.as_deref()), derivative.tensor_program(k)) {
            let inputs: Vec<ProbeInput> = formula
                .model()
                .inputs
                .iter()
                .map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None })
                .collect();
            let options = CheckOptions { points: 2, directions: 1, ..CheckOptions::default() };
            writeln!(out, "{:?}", check(&primal, &tensor, &inputs, &part.wrt, &formula.model().relations, &options)).expect("a string");
        }
    }
}

fn transcript(root: &str) -> String {
    let file = std::fs::read_to_string(format!("{root}/suite/corpus/public.json")).expect("the corpus is in the repository");
    let entries: Vec<Value> = serde_json::from_str(&file).expect("JSON");
    let mut out = String::new();
    for (k, e) in entries.iter().enumerate() {
        let vars: Vec<(String, String)> =
            e["vars"].as_object().expect("vars").iter().map(|(k, v)| (k.clone(), v.as_str().expect("a type").to_string())).collect();
        let formula = Formula::expression(&vars, &text(e, "expr").expect("expr"), &text(e, "domain").unwrap_or_default());
        let want = match e["kind"].as_str() {
            Some("gradient") => Want::Gradient,
            Some("jacobian") => Want::Jacobian,
            Some("hessian") => Want::Hessian,
            _ => Want::Derivative,
        };
        let request = Request {
            wrt: vec![text(e, "wrt").expect("wrt")],
            wrt2: text(e, "wrt2"),
            want,
            layout: if k % 2 == 0 { Layout::Numerator } else { Layout::Denominator },
            structure: text(e, "structure"),
            elimination: [Elimination::Automatic, Elimination::Forward, Elimination::CrossCountry][k % 3],
            ..Request::default()
        };
        writeln!(out, "== {}", e["id"]).expect("a string");
        match formula {
            Ok(f) => everything(&mut out, &f, &request),
            Err(e) => writeln!(out, "refused: {e}").expect("a string"),
        }
    }
    let example = std::fs::read_to_string(format!("{root}/examples/neuron.hesse")).expect("an example");
    for file in FILES.iter().copied().chain([example.as_str()]) {
        writeln!(out, "== {file}").expect("a string");
        match Formula::parse(file, false) {
            Ok(f) => {
                writeln!(out, "{:?} {:?}", f.model().input_types(), f.model().notes).expect("a string");
                everything(&mut out, &f, &Request::default());
            }
            Err(e) => writeln!(out, "refused: {e:?}").expect("a string"),
        }
    }
    out
}

/// The child: prints the transcript between two marks, because the test runner prints as well.
#[test]
fn child() {
    if let Ok(root) = std::env::var(CHILD) {
        println!("<transcript>{}</transcript>", transcript(&root));
    }
}

fn run_child(directory: &std::path::Path, environment: &[(&str, &str)]) -> String {
    let root = std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).expect("the repository");
    let this = std::env::current_exe().expect("this executable");
    let output = Command::new(this)
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, root)
        .envs(environment.iter().copied())
        .current_dir(directory)
        .output()
        .expect("the child runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (start, end) = (text.find("<transcript>").expect("a transcript"), text.rfind("</transcript>").expect("its end"));
    text[start..end].to_string()
}

#[test]
fn other_processes_and_environments_give_the_same_bytes() {
    let here = std::env::current_dir().expect("a directory");
    let first = run_child(&here, &[]);
    assert!(first.len() > 500_000 && first.matches("\n== ").count() > 370, "only {} bytes", first.len());
    let others = [
        run_child(&std::env::temp_dir(), &[("TZ", "Pacific/Chatham"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "de_DE.UTF-8")]),
        run_child(
            std::path::Path::new("/"),
            &[("TZ", ""), ("LANG", "C"), ("RUST_BACKTRACE", "0"), ("HOME", "/nowhere"), ("NO_COLOR", "1")],
        ),
    ];
    for other in others {
        let apart = first.lines().zip(other.lines()).find(|(a, b)| a != b);
        assert!(first == other, "differs: {apart:#?}");
    }
}

#[test]
fn the_same_process_gives_the_same_bytes_twice() {
    // Whatever is compiled once per process must not remember what came before.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    assert!(transcript(root) == transcript(root));
}
