//! Claims: what is right is called right, what is wrong is called wrong, and mostly for the right reason.

mod corpus;
mod mutants;
mod spoilt;

use corpus::entries;
use hesse_run::claim::{ClaimOptions, Judge, Verdict};

/// What the corpus says of its own formulas, written by people in either layout.
#[test]
fn no_right_claim_is_called_wrong() {
    let (mut wrong, mut ties) = (vec![], vec![]);
    let all = entries();
    for e in &all {
        let formula = e.formula();
        let judge = Judge::new(&formula, &e.request, 0, &ClaimOptions::default()).unwrap_or_else(|err| panic!("{}: {err}", e.id));
        match judge.text(&e.expected) {
            Ok(report) if report.verdict == Verdict::Equal => {}
            Ok(report) if report.verdict == Verdict::EqualExceptAtTies => ties.push(e.id.clone()),
            other => wrong.push(format!("{}: {} of {}: {other:?}", e.id, e.expected, e.expr)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(ties.is_empty(), "different at ties: {ties:?}");
}
