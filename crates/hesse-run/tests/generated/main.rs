//! Property tests on generated formulas: shapes first, inside their domains, over every row of every table.
//!
//! Of each formula and request: the three orders of elimination agree, both oracles agree, the printed text reads back as the same expression
//! with the same value, the layouts are transposes, nothing panics. A failure is shrunk and printed.
//!
//! `HESSE_CASES=10000 cargo test -p hesse-run --test generated` runs more than the 2,000 of every run; `HESSE_SEED` starts elsewhere.

mod case;
mod examine;
mod forms;
mod maker;
mod shrink;
mod tree;

use case::Case;
use examine::{Outcome, examine};
use hesse::facts::functions::FUNCTIONS;
use hesse::facts::matrices::{self, MATRIX_FUNCTIONS};
use hesse::facts::notation::NOTATION;
use maker::Maker;
use shrink::shrink;
use std::collections::BTreeMap;

/// Kinds of nodes that must occur.
const KINDS: &[&str] =
    &["Decimal", "Pi", "Size", "Pattern Unit", "Pattern Lower", "Pattern Shift", "Var", "Sum", "Product", "Map", "Apply"];

/// How often each row and each kind of node must occur.
const OFTEN: usize = 15;

fn from_environment(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or)
}

#[test]
fn generated_formulas() {
    let cases = from_environment("HESSE_CASES", 2_000);
    let first = from_environment("HESSE_SEED", 1);
    let show = from_environment("HESSE_SHOW", 12) as usize;
    std::panic::set_hook(Box::new(|_| {}));
    let mut maker = Maker::new(first);
    let mut features: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut refused: BTreeMap<&'static str, Vec<Case>> = BTreeMap::new();
    let mut unchecked: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut wrong = vec![];
    let mut anew: Vec<Case> = vec![];
    let mut right = 0;
    for seed in first..first + cases {
        let case = maker.case(seed);
        for tree in case.trees() {
            tree.each(&mut |t| *features.entry(t.feature).or_default() += 1);
        }
        match examine(&case) {
            Outcome::Right(found) => {
                right += 1;
                found.into_iter().for_each(|k| *kinds.entry(k).or_default() += 1);
            }
            Outcome::NotChecked(why) => unchecked.entry(why).or_insert((0, case.to_string())).0 += 1,
            Outcome::Refused(code, _) => refused.entry(code).or_default().push(case),
            Outcome::ReadsAnew(_) => anew.push(case),
            Outcome::Wrong(kind, _) => wrong.push((kind, case)),
        }
    }
    let _ = std::panic::take_hook();
    let refusals: usize = refused.values().map(Vec::len).sum();
    let not_checked: usize = unchecked.values().map(|r| r.0).sum();
    println!(
        "{cases} cases from seed {first}: {right} right, {not_checked} not checked, {refusals} refused, {} read anew, {} wrong",
        anew.len(),
        wrong.len()
    );
    println!("features {features:?}\nkinds {kinds:?}\nnot checked {unchecked:#?}");
    refused.iter().for_each(|(code, cases)| println!("refused with {code}: {}", cases.len()));

    std::panic::set_hook(Box::new(|_| {}));
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    wrong.iter().for_each(|w| *by_kind.entry(w.0).or_default() += 1);
    let mut report = format!("{by_kind:?}");
    for (kind, case) in wrong.iter().take(show) {
        let (small, outcome) = shrink(case, |o| matches!(o, Outcome::Wrong(k, _) if k == kind));
        report.push_str(&format!("\n{small}\n  {outcome:?}"));
    }
    // Hessians by a block or by a matrix under a power have four axes and no form: three in two hundred.
    let too_many = refusals * 200 > 3 * cases as usize;
    for (code, cases) in refused.iter().filter(|_| too_many) {
        for case in cases.iter().take(show) {
            let (small, outcome) = shrink(case, |o| matches!(o, Outcome::Refused(c, _) if c == code));
            println!("{small}\n  {outcome:?}");
        }
    }
    for case in anew.iter().take(show) {
        let (small, outcome) = shrink(case, |o| matches!(o, Outcome::ReadsAnew(_)));
        println!("{small}\n  {outcome:?}");
    }
    let _ = std::panic::take_hook();
    assert!(wrong.is_empty(), "{} wrong: {report}", wrong.len());
    assert!(anew.len() * 500 <= cases as usize, "{} of {cases} read back as another form", anew.len());
    assert!(!too_many, "{refusals} of {cases} refused");
    assert!(not_checked * 100 <= cases as usize, "{not_checked} of {cases} not checked: {unchecked:#?}");
    let rows = FUNCTIONS.iter().map(|f| f.name).chain(MATRIX_FUNCTIONS.iter().map(|f| f.name)).chain(NOTATION.iter().map(|n| n.matrix));
    let along: Vec<String> = matrices::all_along().map(|(f, side)| f.spelling(Some(side))).collect();
    let seldom: Vec<&str> =
        rows.chain(along.iter().map(String::as_str)).filter(|r| features.get(r).copied().unwrap_or(0) < OFTEN).collect();
    assert!(seldom.is_empty(), "these rows occur less than {OFTEN} times: {seldom:?}");
    let missing: Vec<_> = KINDS.iter().filter(|k| kinds.get(**k).copied().unwrap_or(0) < OFTEN).collect();
    assert!(missing.is_empty(), "these kinds of nodes occur less than {OFTEN} times: {missing:?}");
}
