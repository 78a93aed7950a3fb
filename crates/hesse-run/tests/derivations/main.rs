//! What holds of derivations: every line on numbers, and how lines follow each other. First of derivations written by hand, then of every entry
//! of the corpus, of every case of the manual, of generated formulas; and wrong lines are noticed.
#![allow(dead_code)]

#[path = "../suite/book.rs"]
mod book;
#[path = "../generated/case.rs"]
mod case;
#[path = "../generated/forms.rs"]
mod forms;
mod hand;
mod invariants;
#[path = "../generated/maker.rs"]
mod maker;
mod place;
#[path = "../generated/places.rs"]
mod places;
mod plant;
#[path = "../generated/tree.rs"]
mod tree;

use hand::Hand;
use hesse::calculus::derivation::{Audit, Style};
use hesse::{Elimination, Form, Formula, Layout, Request, Want};
use hesse_run::{AuditOptions, AuditReport, audit};
use invariants::{Found, examine};
use plant::{Planted, plant};
use serde_json::Value;
use std::path::PathBuf;

/// The lines and results that do not hold, with what was found.
fn complaints(h: &Hand, report: &AuditReport) -> Vec<String> {
    let lines = h.derivation.steps.iter().filter(|s| s.line.as_ref().is_some_and(|l| l.tested.is_some()));
    let lines = lines.map(|s| (format!("step {}", s.id), s.audit.clone()));
    let results = report.results.iter().enumerate().map(|(k, a)| (format!("result {k}"), a.clone()));
    lines.chain(results).filter(|(_, a)| !matches!(a, Audit::Holds { .. })).map(|(w, a)| format!("{w}: {a:?}")).collect()
}

#[test]
fn right_lines_hold() {
    for mut h in hand::all() {
        let start = std::time::Instant::now();
        let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
        println!("{:?}", start.elapsed());
        let wrong = complaints(&h, &report);
        assert!(wrong.is_empty(), "{}\n{}\n{}", h.derivation.problem.source, report.summary(), wrong.join("\n"));
        assert!(report.all_hold() && report.worst < 1e-11 && report.points == 8, "{report:?}");
        println!("{}", report.summary());
    }
}

#[test]
fn wrong_lines_are_noticed() {
    let mut planted = Planted::default();
    for h in hand::all() {
        plant(&h.formula, &h.derivation, usize::MAX, &mut planted);
    }
    let by_hand = planted.edits;
    for (source, wrt) in [
        ("w, x : vector(n)\ny = w'*x", "w"),
        ("X : matrix(N, n)\nw : vector(n)\nb : scalar\ny : vector(N)\nC = sum((y - max(0, X*w + b)).^2)/N", "w"),
        ("A : matrix(m, n)\nx : vector(n)\nb : vector(m)\nnorm2(A*x - b)^2 + sum(exp(x))", "x"),
        ("X : matrix(m, n)\nw : vector(n)\nsum(log(1 + exp(X*w)))", "w"),
    ] {
        let formula = Formula::parse(source, true).unwrap();
        let request = Request { wrt: vec![wrt.into()], ..Request::default() };
        for style in [Style::Scalar, Style::Differential] {
            let derivation = formula.explain(&request, Some(style)).unwrap();
            plant(&formula, &derivation, 6, &mut planted);
        }
    }
    println!("{} edits, {by_hand} by hand; {} change no number, {} missed", planted.edits, planted.equal, planted.missed.len());
    assert!(planted.edits - planted.equal >= 200 && planted.equal * 4 < planted.edits, "{} {}", planted.edits, planted.equal);
    assert!(planted.missed.is_empty(), "{}", planted.missed.join("\n"));
}

/// Shapes and words for what can be non-zero are claims too.
#[test]
fn shapes_and_patterns_are_held_to_the_numbers() {
    let wrong = |shape: &[&str], pattern: Option<&str>, factors: &[&[&str]]| {
        let mut h = hand::dot();
        h.over("", "");
        let right = h.value("diag(x)");
        let id = h.line(hand::local("u", "w", &[0, 1]), right);
        let right = hand::chains(&["y u, u w"], true, &[0]);
        let chain = h.line(hand::total("y", "w", &[0]), right);
        let texts = |t: &[&str]| t.iter().map(ToString::to_string).collect::<Vec<_>>();
        if let Some(line) = h.derivation.steps[id].line.as_mut() {
            (line.shape, line.pattern) = (texts(shape), pattern.map(String::from));
        }
        if let Some(line) = h.derivation.steps[chain].line.as_mut() {
            line.factors = vec![factors.iter().map(|f| texts(f)).collect()];
        }
        audit(&h.formula, &mut h.derivation, &AuditOptions::default());
        [id, chain].map(|id| matches!(h.derivation.steps[id].audit, Audit::Holds { .. }))
    };
    let right: &[&[&str]] = &[&["1", "n"], &["n", "n"]];
    assert_eq!(wrong(&["n", "n"], Some("diagonal"), right), [true, true]);
    assert_eq!(wrong(&["n", "n + 1"], Some("diagonal"), &[&["1", "n"], &["n", "1"]]), [false, false]);
    assert_eq!(wrong(&["n", "n"], Some("identity"), right), [false, true]);
    assert_eq!(wrong(&["1", "n*n"], None, right), [false, true]);
}

/// A formula that cannot be read makes no point; a wrong piece or result makes every line fail.
#[test]
fn pieces_and_results_are_controlled() {
    let mut h = hand::dot();
    h.derivation.pieces[0].value = h.tree("2*w .* x");
    let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
    assert_eq!((report.failed, report.held), (report.equations, 0));
    assert!(matches!(&h.derivation.steps[1].audit, Audit::Fails { place, .. } if place.contains("not the formula as written")));

    let mut h = hand::hessian();
    h.derivation.pieces[3].value = h.tree("A'*e + x ./ q");
    let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
    assert_eq!(report.held, 0, "{}", report.summary());

    let mut h = hand::matrices();
    h.derivation.results[0].tree = h.tree("2*inv(S)*A*X*A");
    h.derivation.results[1].order = vec![0, 1];
    let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
    assert!(report.results.iter().all(|r| matches!(r, Audit::Fails { .. })), "{:?}", report.results);
    assert_eq!(report.failed, 2, "{}", report.summary());
}

/// "Not checked" is never "ok".
#[test]
fn lines_without_a_usable_point_are_skipped() {
    let mut h = Hand::new("x : scalar\nf = log(x - 1e30)", "f", &["x"], 1);
    h.piece("f", "scalar", "log(x - 1e30)", 0);
    let right = h.value("1/(x - 1e30)");
    h.line(hand::total("f", "x", &[]), right);
    h.result("x", &[], "1, 1", "1/(x - 1e30)");
    let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
    assert_eq!((report.points, report.skipped, report.held, report.failed), (0, 2, 0, 0));
    assert!(matches!(&h.derivation.steps[0].audit, Audit::Skipped(why) if why.contains("not finite")), "{:?}", h.derivation.steps[0].audit);
    assert_eq!(report.summary(), "2 equations not checked");

    // A text that cannot be read is a defect.
    let mut h = hand::dot();
    let wrong = h.value("x*x");
    let id = h.line(hand::total("y", "w", &[0]), wrong);
    audit(&h.formula, &mut h.derivation, &AuditOptions::default());
    assert!(matches!(&h.derivation.steps[id].audit, Audit::Fails { place, .. } if place.contains("cannot be read")));
}

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The formulas and requests of the corpus.
fn corpus() -> Vec<(String, Formula, Request)> {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(file("suite/corpus/public.json")).unwrap()).unwrap();
    let text = |e: &Value, key: &str| e.get(key).and_then(Value::as_str).map(str::to_string);
    let read = |e: &Value| {
        let vars: Vec<(String, String)> =
            e["vars"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_string())).collect();
        let request = Request {
            wrt: vec![text(e, "wrt").unwrap()],
            wrt2: text(e, "wrt2"),
            want: match e["kind"].as_str().unwrap() {
                "gradient" => Want::Gradient,
                "jacobian" => Want::Jacobian,
                "hessian" => Want::Hessian,
                _ => Want::Derivative,
            },
            layout: if e["layout"] == "numerator" { Layout::Numerator } else { Layout::Denominator },
            structure: text(e, "structure"),
            ..Request::default()
        };
        let formula = Formula::expression(&vars, &text(e, "expr").unwrap(), &text(e, "domain").unwrap_or_default()).unwrap();
        (text(e, "id").unwrap(), formula, request)
    };
    all.as_array().unwrap().iter().map(read).collect()
}

fn judge(found: &Found, of: usize, what: &str) {
    let table = found.table(of, what);
    println!("{table}");
    let skipped: usize = found.skipped.values().map(|s| s.0).sum();
    assert!(found.wrong.is_empty(), "{table}");
    // Lines without a usable point must stay few.
    assert!(skipped * 100 <= found.equations, "{table}");
}

#[test]
fn the_corpus() {
    let mut found = Found::default();
    let entries = corpus();
    for (id, formula, request) in &entries {
        examine(id, formula, request, &mut found);
    }
    judge(&found, entries.len(), "entries");
}

#[test]
fn the_manual() {
    let mut found = Found::default();
    let mut questions = 0;
    let mut chapters: Vec<PathBuf> = std::fs::read_dir(file("suite")).unwrap().map(|e| e.unwrap().path()).collect();
    chapters.retain(|p| p.extension().is_some_and(|e| e == "md"));
    chapters.sort();
    for path in chapters {
        let Ok(chapter) = book::Chapter::read(&path) else { continue };
        for case in &chapter.cases {
            for q in case.questions.iter().filter(|q| q.order <= 2) {
                let Ok(formula) = Formula::parse(&format!("{}{}", case.statements, q.expression), false) else { continue };
                let request = Request {
                    wrt: vec![q.wrt[0].clone()],
                    wrt2: q.wrt.get(1).cloned(),
                    want: if q.order == 2 { Want::Hessian } else { Want::Derivative },
                    order: q.order,
                    layout: if q.layout == book::Layout::Numerator { Layout::Numerator } else { Layout::Denominator },
                    form: if q.vec { Form::Vec } else { Form::Natural },
                    structure: q.structure.clone(),
                    ..Request::default()
                };
                questions += 1;
                let name = path.file_stem().unwrap().to_string_lossy();
                examine(&format!("{name}:{}", q.line + 1), &formula, &request, &mut found);
            }
        }
    }
    judge(&found, questions, "questions");
}

#[test]
fn generated_formulas() {
    let mut found = Found::default();
    let mut maker = maker::Maker::new(1);
    let cases = 300;
    for seed in 1..=cases {
        let case = maker.case(seed);
        let formula = Formula::parse(&case.text(), true).unwrap_or_else(|e| panic!("{case}: {e}"));
        let request = case.request(Elimination::Automatic, Layout::Numerator);
        examine(&case.to_string().replace('\n', ";"), &formula, &request, &mut found);
    }
    judge(&found, cases as usize, "formulas");
}
