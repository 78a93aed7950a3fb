//! What holds of derivations: every line, on numbers, and how lines follow each other.

mod hand;
mod plant;

use hand::Hand;
use hesse::calculus::derivation::Audit;
use hesse_run::{AuditOptions, AuditReport, audit};

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
        let report = audit(&h.formula, &mut h.derivation, &AuditOptions::default());
        let wrong = complaints(&h, &report);
        assert!(wrong.is_empty(), "{}\n{}\n{}", h.derivation.problem.source, report.summary(), wrong.join("\n"));
        assert!(report.all_hold() && report.worst < 1e-11 && report.points == 8, "{report:?}");
        println!("{}", report.summary());
    }
}
