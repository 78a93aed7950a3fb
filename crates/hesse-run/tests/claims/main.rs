//! Claims: what is right is called right, what is wrong is called wrong, and mostly for the right reason.

mod corpus;
mod mutants;
mod spoilt;

use corpus::entries;
use hesse_run::claim::{ClaimOptions, Judge, Verdict};

/// What the corpus says of its own formulas, written by people in either layout.
#[test]
fn no_right_claim_is_called_wrong() {
    let (mut wrong, mut ties, mut unchecked) = (vec![], vec![], vec![]);
    let all = [entries("public"), entries("families")].concat();
    for e in &all {
        let formula = e.formula();
        let judge = Judge::new(&formula, &e.request, 0, &ClaimOptions::default()).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        match judge.text(&e.expected) {
            Ok(report) if report.verdict == Verdict::Equal => {}
            Ok(report) if report.verdict == Verdict::EqualExceptAtTies => ties.push(e.id.clone()),
            Ok(report) if matches!(report.verdict, Verdict::NotChecked(_)) => unchecked.push(e.id.clone()),
            other => wrong.push(format!("{}: {} of {}: {other:?}", e.id, e.expected, e.expr)),
        }
    }
    assert!(all.len() > 1200, "only {} claims", all.len());
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(ties.len() <= 2, "different at ties: {ties:?}");
    // Of two formulas of the families the derivative has no number at n = 1, where both are constant: their own check does not pass.
    assert!(unchecked.len() <= 2, "not checked: {unchecked:?}");
}
