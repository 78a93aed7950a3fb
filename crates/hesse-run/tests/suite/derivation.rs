//! The derivations that stand below a case: each line is tested, the text is what `hesse explain` prints, and what is quoted from it stands in it.

use crate::book;
use crate::book::{Case, Shown};
use crate::check::{Finding, layout};
use crate::coverage::numbers;
use hesse::calculus::derivation::page::View;
use hesse::calculus::derivation::text::Setting;
use hesse::{Audit, Depth, Derivation, Formula, Request, Style, Want};
use hesse_run::AuditOptions;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the text.
const WIDTH: usize = 160;

/// Everything that is wrong with the derivations of a case.
pub fn check(case: &Case) -> Vec<Finding> {
    case.derivations.iter().filter_map(|shown| checked(case, shown).err()).collect()
}

fn checked(case: &Case, shown: &Shown) -> Result<(), Finding> {
    let fault = |why: String| Finding { line: shown.line, why, edits: vec![] };
    let (derivation, complaints) = derived(case, shown).map_err(fault)?;
    if !complaints.is_empty() {
        return Err(fault(complaints.join("\n  ")));
    }
    let view = View { depth: shown.depth, ..View::default() };
    let page = derivation.page(&view).map_err(|e| fault(e.to_string()))?;
    let text = page.text(Setting { width: WIDTH, ascii: false });
    let printed: Vec<String> = text.trim_end().lines().map(String::from).collect();
    if shown.text.iter().map(|l| masked(l)).eq(printed.iter().map(|l| masked(l))) {
        return Ok(());
    }
    // The fence keeps its line; the text goes below it.
    let mut edits: Vec<(usize, Vec<String>)> = (1..=shown.text.len()).map(|k| (shown.line + k, vec![])).collect();
    let close = shown.line + 1 + shown.text.len();
    edits.push((close, printed.iter().cloned().chain(["```".to_string()]).collect()));
    Err(Finding { line: shown.line, why: format!("the derivation is printed as\n{text}"), edits })
}

/// The derivation of all that a case asks for, audited, and what is wrong with it.
fn derived(case: &Case, shown: &Shown) -> Result<(Derivation, Vec<String>), String> {
    let first = &case.questions[0];
    let mut wrt: Vec<String> = vec![];
    for q in &case.questions {
        if q.expression != first.expression || q.order != first.order {
            return Err("a case with a derivation asks for the derivatives of one expression".into());
        }
        if !wrt.contains(&q.wrt[0]) {
            wrt.push(q.wrt[0].clone());
        }
    }
    let defined = case.statements.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == first.expression));
    let source = if defined { case.statements.clone() } else { format!("{}{}", case.statements, first.expression) };
    let formula = Formula::parse(&source, false).map_err(|e| e.to_string())?;
    let request = Request {
        target: defined.then(|| first.expression.clone()),
        wrt,
        want: if first.order == 2 { Want::Hessian } else { Want::Derivative },
        order: first.order,
        layout: layout(shown.layout),
        ..Request::default()
    };
    let mut derivation = formula.explain(&request, Some(shown.style)).map_err(|e| e.to_string())?;
    let report = hesse_run::audit(&formula, &mut derivation, &AuditOptions::default());
    let lines = derivation.steps.iter().map(|step| (format!("step {}", step.id), &step.audit));
    let results = report.results.iter().enumerate().map(|(k, audit)| (format!("result {k}"), audit));
    let complaint = |(what, audit): (String, &Audit)| match audit {
        Audit::Holds { .. } | Audit::Structural | Audit::Skipped(_) => None,
        Audit::Open => Some(format!("{what} was not tested")),
        Audit::Fails { place, .. } => Some(format!("{what} does not hold: {place}")),
    };
    let complaints = lines.chain(results).filter_map(complaint).collect();
    Ok((derivation, complaints))
}

/// A line without the figure that may differ from machine to machine: the rounding errors.
fn masked(line: &str) -> String {
    const BEFORE: &str = " points, worst ";
    match line.split_once(BEFORE) {
        Some((head, tail)) => format!("{head}{BEFORE}…{}", tail.trim_start_matches(|c: char| !c.is_whitespace())),
        None => line.to_string(),
    }
}

/// A line without what only sets it: columns are one space wide.
fn narrow(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Headings of chapter `derivations` with their cases.
fn sections() -> BTreeMap<String, Vec<Case>> {
    let mut out: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in book().into_iter().filter(|c| c.path.ends_with("derivations.md")).flat_map(|c| c.cases) {
        out.entry(case.prose.clone()).or_default().push(case);
    }
    out
}

/// Formulas that are a definition, a picture of one or a program: no derivation ends in them.
const NO_DERIVATION: &[(u32, u32)] = &[
    (2, 1), // what y = f(x) means
    (2, 4), // a table of shapes
    (5, 7), // a table of shapes
    (7, 1), // what X and y hold
    (7, 9), // the update, which uses a gradient
    (8, 6), // the update, run on real data
];

/// `- (4.3) …`: what is quoted there in backticks stands in a derivation below, and every formula that is a rule or a chain of steps is quoted.
#[test]
fn every_formula_is_quoted_from_a_derivation() {
    let mut wrong = vec![];
    let mut quoted: BTreeSet<(u32, u32)> = BTreeSet::new();
    for (prose, cases) in sections() {
        let lines: Vec<String> = cases.iter().flat_map(|c| &c.derivations).flat_map(|d| &d.text).map(|line| narrow(line)).collect();
        for line in prose.lines().filter(|line| line.starts_with("- (")) {
            let quotes: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            wrong.extend(quotes.iter().filter(|q| !lines.iter().any(|l| l.contains(&narrow(q)))).map(|q| format!("`{q}` of {line}")));
            if !quotes.is_empty() {
                quoted.extend(numbers(line, "("));
            }
        }
    }
    assert!(wrong.is_empty(), "in no derivation below:\n{}", wrong.join("\n"));
    let list = numbers(&std::fs::read_to_string(crate::folder().join("formulas.md")).unwrap(), "- **");
    let missing: Vec<_> = list.iter().filter(|n| !quoted.contains(n) && !NO_DERIVATION.contains(n)).collect();
    assert!(missing.is_empty(), "formulas that no derivation shows: {missing:?}");
}

/// The text's examples stay short, and each is there in both styles.
#[test]
fn derivations_of_the_text_are_short() {
    let mut examples = 0;
    for (prose, cases) in sections() {
        let number = |line: &str| line.strip_prefix("## W").map(String::from).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let Some(heading) = prose.lines().find_map(number) else { continue };
        let limit = if heading.starts_with('7') { 24 } else { 14 };
        examples += 1;
        let all: Vec<&Shown> = cases.iter().flat_map(|c| &c.derivations).collect();
        for style in [Style::Scalar, Style::Differential] {
            assert!(all.iter().any(|d| d.style == style), "W{heading} in both styles");
        }
        for shown in all.iter().filter(|d| d.style == Style::Scalar && d.depth != Depth::Full) {
            let lines = shown.text.iter().filter(|line| !line.trim().is_empty()).count();
            assert!(lines <= limit, "W{heading}: {lines} lines");
        }
    }
    assert_eq!(examples, 7);
}
