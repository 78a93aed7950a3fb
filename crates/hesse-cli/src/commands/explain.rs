//! `hesse explain`: how a derivative comes about, step by step; each line is tested before it is shown.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{ExplainFormat, ExplainOptions};
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use hesse::calculus::derivation::page::{Drawn, Page, View, number};
use hesse::calculus::derivation::text::Setting;
use hesse::calculus::derivation::{Outcome, Relation};
use hesse::calculus::model::Condition;
use hesse::{Audit, Depth, Diagnostic, Formula, Span, Want};
use hesse_run::AuditOptions;
use serde_json::{Map, Value, json};

/// Columns where there is no terminal.
const COLUMNS: usize = 140;

/// Explains, tests, prints.
pub fn run(options: &ExplainOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    answer(&source, &formula, options, screen)
}

/// Explains a formula that was typed already.
pub fn answer(source: &Source, formula: &Formula, options: &ExplainOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let view = view(options)?;
    let request = request(&options.request, Want::Derivative);
    let mut derivation = formula.explain(&request, options.style.style()).map_err(Failure::within(source))?;
    if !options.no_check {
        hesse_run::audit(formula, &mut derivation, &AuditOptions { seed: options.check.seed, ..AuditOptions::default() });
    }
    let page = derivation.page(&view)?;
    if screen.json() {
        screen.object(&object(&page, source))?;
    } else {
        match options.format {
            ExplainFormat::Text => {
                let setting = Setting { width: width(options), ascii: screen.ascii() };
                for line in page.text(setting).lines() {
                    screen.line(line)?;
                }
            }
            ExplainFormat::Md => screen.raw(page.markdown().as_bytes())?,
            ExplainFormat::Latex => screen.raw(page.latex().as_bytes())?,
            ExplainFormat::Html | ExplainFormat::Json => screen.raw(page.html().as_bytes())?,
        }
    }
    for (number, _, place) in &page.tally.failed {
        screen.draw(&[complaint(number, place)], None)?;
    }
    let untested = !page.tally.skipped.is_empty() || page.tally.held < page.tally.lines;
    let fails = !page.tally.failed.is_empty() || options.check.require_check && untested;
    Ok(if fails { Exit::CHECK_FAILED } else { Exit::OK })
}

/// What the flags show.
fn view(options: &ExplainOptions) -> Result<View, Failure> {
    let depth: Depth = options.depth.into();
    let why = options
        .why
        .as_deref()
        .map(|text| number(text).ok_or_else(|| Failure::Usage(format!("--why {text}: a step is a number as it is printed, 2 or 2.3"))));
    let steps = options.steps.as_deref().map(|text| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = first.trim().parse::<usize>().ok().zip(last.trim().parse::<usize>().ok());
        range
            .filter(|(first, last)| 0 < *first && first <= last)
            .ok_or_else(|| Failure::Usage(format!("--steps {text}: steps are a range as 3-5, or one as 3")))
    });
    Ok(View { depth, why: why.transpose()?, steps: steps.transpose()? })
}

/// Columns of the text: those that are asked for, else those of the terminal.
fn width(options: &ExplainOptions) -> usize {
    let terminal = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0).max(40));
    options.width.map(usize::from).or_else(terminal).unwrap_or(COLUMNS)
}

/// A line that does not hold is a defect of hesse.
fn complaint(number: &str, place: &str) -> Diagnostic {
    let because = if place.is_empty() { "the sides of the equation differ on random numbers".to_string() } else { place.to_string() };
    Diagnostic::error("E503", Span::default(), format!("line {number} of the derivation does not hold"))
        .because(because)
        .because("this is a defect of hesse, not of the formula")
        .help(format!("do not use this line; please report the command and the formula: {}/issues", env!("CARGO_PKG_REPOSITORY")))
}

/// The derivation as JSON.
fn object(page: &Page, source: &Source) -> Value {
    let derivation = page.derivation;
    let tree = |id| {
        let drawn = Drawn::Tree(id);
        formula(page, &drawn, &[])
    };
    let place = |span: Option<Span>| span.map_or(Value::Null, |s| json!([s.start, s.end]));
    let inputs: Vec<Value> = derivation.problem.inputs.iter().map(|(name, of)| json!({ "name": name, "type": of })).collect();
    let pieces: Vec<Value> = derivation
        .pieces
        .iter()
        .map(|p| json!({ "name": p.name, "type": p.of, "value": tree(p.value), "given": p.given, "round": p.round, "span": place(p.span) }))
        .collect();
    let mut steps = vec![];
    let mut numbered: Vec<(usize, String)> = page.sections.iter().flat_map(|s| s.steps()).collect();
    numbered.sort();
    for (id, number) in numbered {
        let step = &derivation.steps[id];
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| out.insert(key.into(), value);
        put("id", id.into());
        put("number", number.into());
        put("parent", step.parent.into());
        put("level", name(&step.level));
        put("kind", name(&step.doing));
        put("heading", step.heading.as_deref().into());
        put("note", step.note.as_deref().into());
        put("rules", json!(step.rules));
        put("because", json!(step.because));
        put("requires", json!(step.requires));
        put("span", place(step.span));
        if let (Some(line), Some((left, right))) = (&step.line, &page.sides[id]) {
            let relation = match line.relation {
                Relation::Equal => "=",
                Relation::Defined => ":=",
                Relation::Implies => "⇒",
            };
            put("lhs", formula(page, left, &line.shape));
            put("rel", relation.into());
            put("rhs", formula(page, right, &line.shape));
            put("continues", line.continues.into());
            put("shape", json!(line.shape));
            put("factors", json!(line.factors));
            put("pattern", line.pattern.as_deref().into());
            put("letters", line.letters.iter().map(|(l, n)| (l.clone(), Value::from(n.as_str()))).collect::<Map<_, _>>().into());
        }
        put("audit", audit(&step.audit));
        steps.push(Value::Object(out));
    }
    let result = |r: &Outcome| json!({ "wrt": r.wrt, "formula": tree(r.tree), "shape": r.shape, "pattern": r.pattern });
    let condition = |c: &Condition| json::condition(c, Some(source));
    let tally = &page.tally;
    json!({
        "schema": json::DERIVATION,
        "ok": tally.failed.is_empty(),
        "problem": {
            "source": derivation.problem.source,
            "of": derivation.problem.of,
            "wrt": derivation.problem.wrt,
            "order": derivation.problem.order,
            "inputs": inputs,
        },
        "style": name(&derivation.style),
        "layout": if derivation.denominator { "denominator" } else { "numerator" },
        "pieces": pieces,
        "steps": steps,
        "results": derivation.results.iter().map(result).collect::<Vec<_>>(),
        "conditions": derivation.conditions.iter().map(condition).collect::<Vec<_>>(),
        "audit": {
            "lines": tally.lines,
            "held": tally.held,
            "failed": tally.failed.len(),
            "points": if tally.held > 0 { tally.points } else { 0 },
            "worst": json::number(tally.worst),
        },
    })
}

/// A side in three notations.
fn formula(page: &Page, drawn: &Drawn, sizes: &[String]) -> Value {
    json!({ "plain": page.line(drawn, true), "unicode": page.line(drawn, false), "latex": page.line_latex(drawn, sizes) })
}

/// The name of a case in small letters.
fn name(of: &impl std::fmt::Debug) -> Value {
    format!("{of:?}").to_lowercase().into()
}

fn audit(audit: &Audit) -> Value {
    match audit {
        Audit::Open => json!({ "status": "open" }),
        Audit::Structural => json!({ "status": "structural" }),
        Audit::Holds { points, worst } => json!({ "status": "holds", "points": points, "worst": json::number(*worst) }),
        Audit::Skipped(reason) => json!({ "status": "skipped", "reason": reason }),
        Audit::Fails { worst, place } => json!({ "status": "fails", "worst": json::number(*worst), "place": place }),
    }
}
