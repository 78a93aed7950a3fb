//! Property tests on generated formulas: shapes first, inside their domains, over every row of every table.
//!
//! Of each formula and request: the three orders of elimination agree, both oracles agree, the printed text reads back as the same expression
//! with the same value, the layouts are transposes, nothing panics. A failure is shrunk and printed.
//!
//! Every run examines 2,000 cases; `cargo xtask nightly` examines 10,000, from another seed if one is named. The bounds are the same shares.

mod case;
mod ends;
mod examine;
mod forms;
mod maker;
mod places;
mod shrink;
mod tree;

use case::Case;
use examine::{Outcome, examine};
use maker::Maker;
use places::places;
use shrink::shrink;
use std::collections::BTreeMap;

/// One case in this many may be refused.
const REFUSED: usize = 100;
/// One case in this many may print a text of the same value that is another form: what differs in its inverses and denominators of sums.
const ANEW: usize = 1000;
/// One case in this many may have no point at which the oracles can be asked.
const NOT_CHECKED: usize = 100;

fn from_environment(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or)
}

/// The cases of one kind of failure, or of one reason.
type Found = BTreeMap<String, Vec<Case>>;

fn total(found: &Found) -> usize {
    found.values().map(Vec::len).sum()
}

/// Each reason with its number of cases and `show` of them, as small as they get, the most frequent first.
fn listed(found: &Found, show: usize, alike: impl Fn(&str, &Outcome) -> bool) -> String {
    let mut out = String::new();
    let mut reasons: Vec<(&String, &Vec<Case>)> = found.iter().collect();
    reasons.sort_by_key(|r| std::cmp::Reverse(r.1.len()));
    for (reason, cases) in reasons {
        out.push_str(&format!("{:>5}  {reason}\n", cases.len()));
        for case in cases.iter().take(show) {
            let (small, outcome) = shrink(case, |o| alike(reason, o));
            out.push_str(&format!("{small}\n  {outcome:?}\n"));
        }
    }
    out
}

#[test]
fn generated_formulas() {
    let cases = from_environment("HESSE_CASES", 2_000) as usize;
    let first = from_environment("HESSE_SEED", 1);
    let show = from_environment("HESSE_SHOW", 1) as usize;
    std::panic::set_hook(Box::new(|_| {}));
    let mut maker = Maker::new(first);
    let (mut refused, mut unchecked, mut anew, mut wrong) = (Found::new(), Found::new(), Found::new(), Found::new());
    let mut right = 0;
    for seed in first..first + cases as u64 {
        let case = maker.case(seed);
        let keep = |found: &mut Found, reason: &str| found.entry(reason.to_string()).or_default().push(case.clone());
        match examine(&case) {
            Outcome::Right(kinds) => {
                right += 1;
                let order = case.order();
                let order: Vec<&str> = order.iter().map(String::as_str).collect();
                maker.counts.add(places(&case, &order).into_iter().chain(kinds));
            }
            Outcome::NotChecked(why) => keep(&mut unchecked, &why),
            Outcome::Refused(code, message) => keep(&mut refused, &format!("{code}: {message}")),
            Outcome::ReadsAnew(_) => keep(&mut anew, "reads back as another form"),
            Outcome::Wrong(kind, _) => keep(&mut wrong, kind),
        }
    }
    let summary = format!(
        "{cases} cases from seed {first}: {right} right, {} not checked, {} refused, {} read anew, {} wrong",
        total(&unchecked),
        total(&refused),
        total(&anew),
        total(&wrong)
    );
    println!("{summary}\n{}", maker.counts.table(if cases > 2_000 { usize::MAX } else { 24 }));
    println!("not checked:\n{}", listed(&unchecked, show, |why, o| matches!(o, Outcome::NotChecked(w) if w == why)));
    let reason = |why: &str, o: &Outcome| matches!(o, Outcome::Refused(code, message) if format!("{code}: {message}") == why);
    println!("refused:\n{}", listed(&refused, show, reason));
    println!("read anew:\n{}", listed(&anew, show.max(12), |_, o| matches!(o, Outcome::ReadsAnew(_))));
    let report = listed(&wrong, show.max(12), |kind, o| matches!(o, Outcome::Wrong(k, _) if *k == kind));
    println!("wrong:\n{report}");
    let _ = std::panic::take_hook();
    let seldom = maker.counts.seldom(cases);
    assert!(wrong.is_empty(), "{summary}: {report}");
    assert!(total(&anew) * ANEW <= cases, "{summary}");
    assert!(total(&refused) * REFUSED <= cases, "{summary}");
    assert!(total(&unchecked) * NOT_CHECKED <= cases, "{summary}");
    assert!(seldom.is_empty(), "these stand somewhere less often than once in 200 cases: {seldom:#?}");
}
