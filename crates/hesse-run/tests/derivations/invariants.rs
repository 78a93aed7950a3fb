//! What holds of every derivation: I1 to I9.

use super::place::declared;
use hesse::calculus::derivation::{Audit, Depth, Derivation, Doing, Line, Meaning, Side, Step, Style};
use hesse::facts::catalogue;
use hesse::syntax::parse::parse_expression;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Syntax};
use hesse::{Error, Formula, Layout, Request};
use hesse_run::{AuditOptions, AuditReport, audit};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What was found of one or many derivations.
#[derive(Default)]
pub struct Found {
    pub derivations: usize,
    pub steps: usize,
    pub equations: usize,
    pub points: usize,
    pub worst: f64,
    pub kink_crossings: usize,
    /// Reasons with how many lines could not be tested for it, and where first.
    pub skipped: BTreeMap<String, (usize, String)>,
    /// Codes with how many requests are refused, and where first.
    pub refused: BTreeMap<String, (usize, String)>,
    /// What does not hold: the invariant, and where.
    pub wrong: Vec<(&'static str, String)>,
}

impl Found {
    pub fn table(&self, of: usize, what: &str) -> String {
        let mut out = format!(
            "{of} {what}: {} derivations, {} steps, {} equations, worst {:.1e}, {} kink crossings\n",
            self.derivations, self.steps, self.equations, self.worst, self.kink_crossings
        );
        let mut list = |title: &str, rows: &BTreeMap<String, (usize, String)>| {
            for (why, (n, place)) in rows {
                out.push_str(&format!("  {title:<9} {n:>5}  {why}   ({place})\n"));
            }
        };
        list("skipped", &self.skipped);
        list("refused", &self.refused);
        let mut kinds: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        self.wrong.iter().for_each(|(kind, text)| kinds.entry(kind).or_default().push(text));
        for (kind, texts) in kinds {
            out.push_str(&format!("  WRONG {kind}: {}\n", texts.len()));
            texts.iter().take(24).for_each(|t| out.push_str(&format!("      {t}\n")));
        }
        out
    }
}

/// Examines the derivations of a request in both styles and both layouts; a panic is wrong.
pub fn examine(id: &str, formula: &Formula, request: &Request, found: &mut Found) {
    let panic = catch_unwind(AssertUnwindSafe(|| both_styles(id, formula, request, found))).err();
    if let Some(panic) = panic {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        found.wrong.push(("panic", format!("{id}: {}", text.unwrap_or_default())));
    }
}

fn both_styles(id: &str, formula: &Formula, request: &Request, found: &mut Found) {
    let mut ends: Vec<Vec<String>> = vec![];
    let mut told_before: Option<String> = None;
    for style in [Style::Scalar, Style::Differential] {
        // A style that says the same is not asked twice.
        let saying = formula.explain(request, Some(style)).ok().map(|d| format!("{:?}", d.steps));
        if saying.is_some() && saying == told_before {
            continue;
        }
        told_before = saying;
        let told = explain(id, formula, request, style, found);
        let Some(d) = told else { continue };
        ends.push(d.results.iter().map(|r| plain(&d.syntax, r.tree)).collect());
        let turned = if request.layout == Layout::Numerator { Layout::Denominator } else { Layout::Numerator };
        let request = Request { layout: turned, ..request.clone() };
        if let Ok(mut other) = formula.explain(&request, Some(style)) {
            let report = audit(formula, &mut other, &AuditOptions { points: 3, ..AuditOptions::default() });
            holds(&format!("{id} {turned:?}"), &other, &report, found);
            let rules = |d: &Derivation| -> Vec<(Doing, Vec<String>)> {
                let plain = [Doing::Name, Doing::Scalarise, Doing::Partial, Doing::Differential];
                d.steps.iter().filter(|s| plain.contains(&s.doing)).map(|s| (s.doing, s.rules.clone())).collect()
            };
            if rules(&d) != rules(&other) {
                found.wrong.push(("I5", format!("{id} {style:?}: other rules in the other layout")));
            }
        }
    }
    if let Ok(derivative) = formula.derive(request) {
        let printed: Vec<String> = derivative.parts.iter().map(|p| p.plain()).collect();
        for end in &ends {
            if *end != printed {
                found.wrong.push(("I6", format!("{id}: ends in {end:?}, `derive` prints {printed:?}")));
            }
        }
    }
}

/// One derivation, audited, and what holds of it alone.
fn explain(id: &str, formula: &Formula, request: &Request, style: Style, found: &mut Found) -> Option<Derivation> {
    let told = formula.explain(request, Some(style));
    let mut d = match told {
        Ok(d) => d,
        Err(e) => {
            refused(id, formula, request, &e, found);
            return None;
        }
    };
    let id = format!("{id} {style:?}");
    // Same input, same bytes.
    let mut again = formula.explain(request, Some(style)).expect("it was told once");
    if format!("{d:?}") != format!("{again:?}") {
        found.wrong.push(("I8", format!("{id}: two derivations")));
    }
    let few = AuditOptions { points: 2, ..AuditOptions::default() };
    let mut twice = again.clone();
    if audit(formula, &mut again, &few) != audit(formula, &mut twice, &few) || format!("{again:?}") != format!("{twice:?}") {
        found.wrong.push(("I8", format!("{id}: two audits")));
    }
    let report = audit(formula, &mut d, &AuditOptions::default());
    found.derivations += 1;
    found.steps += d.steps.len();
    found.equations += report.equations;
    found.points += report.points;
    found.kink_crossings += report.kink_crossings;
    if report.worst.is_finite() && report.failed == 0 {
        found.worst = found.worst.max(report.worst);
    }
    holds(&id, &d, &report, found);
    follows(&id, &d, found);
    composes(&id, formula, &d, found);
    reads(&id, &d, found);
    cites(&id, &d, found);
    introduces(&id, formula, &d, found);
    Some(d)
}

fn refused(id: &str, formula: &Formula, request: &Request, e: &Error, found: &mut Found) {
    let why = format!("{}: {}", e.first().code, e.first().message);
    // What `derive` refuses has no derivation; whatever else has none says E402.
    if formula.derive(request).is_ok() && e.first().code != "E402" {
        found.wrong.push(("refused", format!("{id}: {why}")));
    }
    found.refused.entry(why).or_insert_with(|| (0, id.to_string())).0 += 1;
}

/// I1: every tested line holds.
fn holds(id: &str, d: &Derivation, report: &AuditReport, found: &mut Found) {
    let lines = d.steps.iter().map(|s| (s.id, &s.audit));
    let results = report.results.iter().enumerate().map(|(k, a)| (1000 + k, a));
    for (step, audit) in lines.chain(results) {
        match audit {
            Audit::Fails { .. } | Audit::Open => {
                let line = d.steps.get(step).and_then(|s| s.line.as_ref()).map_or("result".into(), |l| text_of(d, l));
                found.wrong.push(("I1", format!("{id} step {step}: {line}: {audit:?}")));
            }
            Audit::Skipped(why) => found.skipped.entry(why.clone()).or_insert_with(|| (0, id.to_string())).0 += 1,
            Audit::Holds { .. } | Audit::Structural => {}
        }
    }
}

fn text_of(d: &Derivation, line: &Line) -> String {
    format!("{} = {}", side_text(d, &line.left), side_text(d, &line.right))
}

fn side_text(d: &Derivation, side: &Side) -> String {
    let p = |n: &NodeId| plain(&d.syntax, *n);
    match side {
        Side::Tree(n) | Side::Cases(n) => p(n),
        Side::Partial(of, by) => format!("d {}/d {}", p(of), by.iter().map(p).collect::<Vec<_>>().join(" d ")),
        Side::Differential(n) => format!("d{}", p(n)),
        Side::Chains(chains) => {
            let factor = |(of, by): &(NodeId, NodeId)| format!("d {}/d {}", p(of), p(by));
            let chain = |c: &hesse::calculus::derivation::Chain| c.factors.iter().map(factor).collect::<Vec<_>>().join(" ");
            chains.iter().map(chain).collect::<Vec<_>>().join(" + ")
        }
        Side::Diagonal(i, j, n) => format!("{} if {i} = {j}", p(n)),
        Side::Picture(rows) => {
            format!("{:?}", rows.iter().map(|r| r.iter().map(|c| c.map(|n| p(&n))).collect::<Vec<_>>()).collect::<Vec<_>>())
        }
    }
}

/// The step with a line before this one, under the same parent.
fn before<'d>(d: &'d Derivation, step: &Step) -> Option<&'d Step> {
    d.steps[..step.id].iter().rev().find(|s| s.parent == step.parent && s.line.is_some())
}

/// I2: what continues begins where the line before ended, as it is drawn and as it is tested.
fn follows(id: &str, d: &Derivation, found: &mut Found) {
    for step in &d.steps {
        let Some(line) = step.line.as_ref().filter(|l| l.continues) else { continue };
        let Some(last) = before(d, step).and_then(|s| s.line.as_ref()) else {
            found.wrong.push(("I2", format!("{id} step {}: continues nothing", step.id)));
            continue;
        };
        let (ended, begins) = (side_text(d, &last.right), side_text(d, &line.left));
        if ended != begins {
            found.wrong.push(("I2", format!("{id} step {}: {ended} goes on as {begins}", step.id)));
        }
        if let (Some((_, Meaning::Value(a))), Some((Meaning::Value(b), _))) = (&last.tested, &line.tested)
            && plain(&d.syntax, *a) != plain(&d.syntax, *b)
        {
            found.wrong.push(("I2", format!("{id} step {}: another value is tested", step.id)));
        }
    }
}

/// I3: where a step with a line has details, the last of them ends where the step ends.
fn composes(id: &str, formula: &Formula, d: &Derivation, found: &mut Found) {
    let mut pairs = d.clone();
    pairs.steps.clear();
    for step in &d.steps {
        let Some((line, (_, ended))) = step.line.as_ref().and_then(|l| l.tested.as_ref().map(|t| (l, t))) else { continue };
        let details = |s: &&Step| s.parent == Some(step.id) && !matches!(s.doing, Doing::Scalarise | Doing::Note | Doing::Name);
        let Some(last) = d.steps.iter().filter(details).filter_map(|s| s.line.as_ref()).next_back() else { continue };
        let Some((_, detail)) = &last.tested else { continue };
        // Scalar partials are details whose letters number the functions, then the parameters: of a matrix laid out that way only.
        let pictured = matches!(detail, Meaning::Entries(_));
        if (!last.letters.is_empty() && d.denominator) || (pictured && matches!(ended, Meaning::Entries(_))) {
            continue;
        }
        let mut both = step.clone();
        both.line = Some(Line { letters: last.letters.clone(), tested: Some((ended.clone(), detail.clone())), ..line.clone() });
        pairs.steps.push(both);
    }
    audit(formula, &mut pairs, &AuditOptions { points: 3, ..AuditOptions::default() });
    for step in &pairs.steps {
        if let Audit::Fails { place, .. } = &step.audit {
            found.wrong.push(("I3", format!("{id} step {}: its details end elsewhere: {place}", step.id)));
        }
    }
}

/// Trees that a side draws.
fn drawn(side: &Side) -> Vec<NodeId> {
    match side {
        Side::Tree(n) | Side::Cases(n) | Side::Differential(n) | Side::Diagonal(_, _, n) => vec![*n],
        Side::Partial(of, by) => std::iter::once(*of).chain(by.iter().copied()).collect(),
        Side::Chains(chains) => chains.iter().flat_map(|c| c.factors.iter().flat_map(|f| [f.0, f.1])).collect(),
        Side::Picture(rows) => rows.iter().flatten().flatten().copied().collect(),
    }
}

/// I4: what is drawn as a formula reads back as the same tree.
fn reads(id: &str, d: &Derivation, found: &mut Found) {
    for step in &d.steps {
        let Some(line) = &step.line else { continue };
        for tree in [&line.left, &line.right].into_iter().flat_map(drawn) {
            let text = plain(&d.syntax, tree);
            match parse_expression(&text) {
                Ok((syntax, root)) if plain(&syntax, root) == text => {}
                _ => found.wrong.push(("I4", format!("{id} step {}: {text}", step.id))),
            }
        }
    }
}

/// I7: every rule is in the catalogue, and what is tested cites one.
fn cites(id: &str, d: &Derivation, found: &mut Found) {
    for step in &d.steps {
        for rule in &step.rules {
            if catalogue::find(rule).is_none() {
                found.wrong.push(("I7", format!("{id} step {}: `{rule}`", step.id)));
            }
        }
    }
}

/// Names that stand free in a tree: not bound by index notation or a sum.
fn free(syntax: &Syntax, root: NodeId) -> Vec<String> {
    let mut names: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
    for id in syntax.under(root) {
        let mut below: Vec<String> = syntax.children(id).iter().flat_map(|c| names[c].clone()).collect();
        match syntax.kind(id) {
            Kind::Name(name) => below.push(name.clone()),
            Kind::Series(s) => below.retain(|n| *n != s.index),
            // Letters of index notation stand in brackets somewhere below.
            Kind::Contraction(..) => below.retain(|n| !subscripted(syntax, id, n)),
            _ => {}
        }
        below.sort();
        below.dedup();
        names.insert(id, below);
    }
    names.remove(&root).unwrap_or_default()
}

fn subscripted(syntax: &Syntax, root: NodeId, name: &str) -> bool {
    let is = |id: &NodeId| matches!(syntax.kind(*id), Kind::Name(n) if n == name);
    syntax.under(root).iter().any(|id| match syntax.kind(*id) {
        Kind::Index(base, _) => syntax.children(*id).iter().any(|c| c != base && is(c)),
        _ => false,
    })
}

/// I9: every name of a line is an input, a piece, a differential, a size, or a letter that the line introduces.
fn introduces(id: &str, formula: &Formula, d: &Derivation, found: &mut Found) {
    let mut known: Vec<String> = declared(formula, d).into_iter().map(|n| n.0).collect();
    known.extend(formula.model().pool.dims.names().iter().cloned());
    known.extend(formula.model().definitions.iter().map(|def| def.name.clone()));
    known.extend([d.problem.of.clone(), "pi".into(), "eye".into(), "end".into()]);
    for step in &d.steps {
        let Some(line) = &step.line else { continue };
        let mut letters: Vec<String> = line.letters.iter().map(|l| l.0.clone()).collect();
        for side in [&line.left, &line.right] {
            if let Side::Chains(chains) = side {
                letters.extend(chains.iter().flat_map(|c| c.summed.clone()));
            }
        }
        for tree in [&line.left, &line.right].into_iter().flat_map(drawn) {
            for name in free(&d.syntax, tree) {
                if !known.contains(&name) && !letters.contains(&name) {
                    let level = if step.level == Depth::Full { "full" } else { "above" };
                    found.wrong.push(("I9", format!("{id} step {} ({level}): `{name}` in {}", step.id, text_of(d, line))));
                }
            }
        }
    }
}
