//! `hesse explain`: what is shown at which depth, in which format, and how it ends.

mod common;

use common::{file, hesse};

const NEURON: &str = "\
data X : matrix(N, n)
data y : vector(N)
param w : vector(n)
param b : scalar
z = X*w + b
C = sum((y - max(0, z)).^2)/N
";

const DOT: [&str; 7] = ["explain", "--var", "w: vector(n)", "--var", "x: vector(n)", "-e", "w'*x"];

fn dot(rest: &[&str]) -> common::Ran {
    hesse(&[&DOT[..], rest].concat())
}

#[test]
fn texts_are_short() {
    let neuron = file("explain", "neuron.hesse", NEURON);
    let r = hesse(&["explain", &neuron]).ok();
    assert!(r.out.starts_with("C = sum((y − max(0, X·w + b)).^2)/N     X : matrix(N, n), y : vector(N), w : vector(n), b : scalar\n"));
    assert!(r.out.contains("(1×N)(N×N)(N×N)(N×n) = 1×n") && r.out.contains("✓ each line checked at "), "{}", r.out);
    assert!(r.out.contains("⚑ max(0, z) at"), "{}", r.out);
    assert!(r.out.lines().filter(|l| !l.is_empty()).count() <= 24, "{}", r.out);
    assert_eq!(dot(&[]).ok().out, dot(&[]).ok().out, "the same bytes");
    let declared = ["--var", "w: vector(n)", "--var", "x: vector(n)", "--var", "z: scalar", "--var", "b: scalar"];
    for (formula, wrt) in
        [("w .* x", "w,x"), ("x + z", "x,z"), ("x*z", "x,z"), ("sum(x)", "x"), ("w'*x", "w,x"), ("max(0, w'*x + b)", "w,b")]
    {
        for style in ["scalar", "differential"] {
            let r = hesse(&[&["explain", "-e", formula, "--wrt", wrt, "--style", style], &declared[..]].concat()).ok();
            assert!(r.out.lines().filter(|l| !l.is_empty()).count() <= 14, "{formula}: {}", r.out);
            assert!(r.out.contains("✓ each line checked at "), "{formula}: {}", r.out);
        }
    }
}

#[test]
fn depth_why_and_steps() {
    let (outline, normal, full) = (dot(&["--depth", "outline"]).ok().out, dot(&[]).ok().out, dot(&["--depth", "full"]).ok().out);
    assert!(outline.lines().count() < normal.lines().count() && normal.lines().count() < full.lines().count());
    assert!(full.contains("⎡ x₁") && !normal.contains("⎡"));
    let why = dot(&["--why", "2"]).ok().out;
    assert!(why.contains("⎡ x₁") && !why.contains("Vector chain rule"), "{why}");
    let steps = dot(&["--steps", "2-3"]).ok().out;
    assert!(steps.contains("\n2  ") && steps.contains("\n3  ") && !steps.contains("\n1  ") && !steps.contains("\n4  "), "{steps}");
    for wrong in
        [&["--why", "99"][..], &["--why", "x"], &["--steps", "5-3"], &["--steps", "0"], &["--steps", "2", "--why", "2"], &["--width", "3"]]
    {
        let r = dot(wrong);
        assert_eq!((r.code, r.out.as_str()), (2, ""), "{wrong:?}: {}", r.err);
        assert!(!r.err.is_empty());
    }
}

#[test]
fn formats() {
    let html = dot(&["--format", "html"]).ok().out;
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n") && html.contains("<title>Derivation of ∂f/∂w, ∂f/∂x</title>")
    );
    assert!(html.contains("checked, worst error ") && html.contains("id=\"step-2.1\"") && !html.contains("<script"));
    let latex = dot(&["--format", "latex"]).ok().out;
    assert!(latex.starts_with("\\documentclass") && latex.ends_with("\\end{document}\n"));
    let markdown = dot(&["--format", "md"]).ok().out;
    assert!(markdown.contains("\n## 1 Name the pieces\n") && markdown.contains("\n$$\n"));
    let ascii = dot(&["--ascii", "--depth", "full"]).ok().out;
    assert!(ascii.is_ascii() && ascii.contains("ok each line checked"), "{ascii}");
    let narrow = dot(&["--width", "60"]).ok().out;
    assert!(narrow.lines().all(|l| l.chars().count() <= 60), "{narrow}");
}

#[test]
fn json_has_every_step() {
    for arguments in [&["--json"][..], &["--format", "json"]] {
        let object = dot(arguments).ok().json();
        assert_eq!(object["schema"], "hesse.derivation/1");
        assert_eq!((&object["ok"], &object["style"], &object["layout"]), (&true.into(), &"scalar".into(), &"numerator".into()));
        let steps = object["steps"].as_array().unwrap();
        let assembled = steps.iter().find(|s| s["lhs"]["plain"] == "du/dw" && s["level"] == "normal").unwrap();
        assert_eq!(assembled["rhs"], serde_json::json!({ "plain": "diag(x)", "unicode": "diag(x)", "latex": r"\operatorname{diag}(x)" }));
        assert_eq!((assembled["shape"].to_string().as_str(), &assembled["pattern"]), (r#"["n","n"]"#, &"diagonal".into()));
        assert_eq!(assembled["audit"]["status"], "holds", "{assembled}");
        assert_eq!(assembled["number"], "2.1");
        let detail = steps.iter().find(|s| s["parent"] == assembled["id"]).unwrap();
        assert_eq!(detail["level"], "full");
        assert_eq!(object["audit"]["failed"], 0);
        assert!(object["audit"]["lines"].as_u64() > Some(5));
        assert_eq!(object["results"][0]["formula"]["plain"], "x'");
    }
}

#[test]
fn what_is_not_checked_is_said() {
    let r = dot(&["--no-check"]).ok();
    assert!(r.out.ends_with("? not checked\n") && !r.out.contains('✓'), "{}", r.out);
    let object = dot(&["--no-check", "--json"]).ok().json();
    assert_eq!(object["audit"]["held"], 0);
    // Nowhere finite: nothing can be compared.
    let nowhere = ["explain", "-e", "log(-1 - x^2)", "--wrt", "x", "--var", "x: scalar"];
    let r = hesse(&nowhere).ok();
    assert!(!r.out.contains("each line checked"), "{}", r.out);
    assert_eq!(hesse(&[&nowhere[..], &["--require-check"]].concat()).code, 1);
}

#[test]
fn requests_as_for_other_verbs() {
    let r = dot(&["--layout", "denominator", "--wrt", "w"]).ok();
    assert!(r.out.contains("(denominator layout)"), "{}", r.out);
    assert_eq!(dot(&["--wrt", "q"]).code, 2);
    assert_eq!(hesse(&["explain", "-e", "sum(w*x", "--wrt", "w"]).code, 3);
    assert_eq!(hesse(&["explain", "-e", "sum(x.^3)", "--wrt", "x", "--nth", "3"]).code, 2);
    assert!(hesse(&["help", "explain"]).ok().out.contains("--why 3"));
}
