//! `hesse check --answers`: a table of answers, one result a row. A bad row is a result like any other and nothing stops the rest.

use crate::checking;
use crate::claims::{extend, fields, is_right};
use crate::environment;
use crate::exit::Exit;
use crate::failure::{Failure, is_placed};
use crate::json;
use crate::options::CheckOptions;
use crate::panics;
use crate::screen::{Screen, bad, good};
use hesse::calculus::elaborate::Options;
use hesse::tensor::Limits;
use hesse::{Diagnostic, Error, Formula, Layout, Request, Span, Want};
use hesse_run::claim::{ClaimOptions, ClaimReport, Judge, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Columns that every table has, and those that it may have.
const NEEDED: [&str; 4] = ["id", "formula", "wrt", "claim"];
const OPTIONAL: [&str; 3] = ["kind", "layout", "vars"];

/// What an answer is an answer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    vars: String,
    formula: String,
    wrt: String,
    kind: String,
    layout: String,
}

/// A row of the table.
struct Answer {
    line: u64,
    id: String,
    row: Result<(Question, String), Error>,
}

/// Judges every row.
pub fn run(table: &Path, options: &CheckOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let answers = read(table)?;
    let limits = environment::expression_limits()?;
    // Answers to one question share its derivative and its points.
    let mut by_question: BTreeMap<&Question, Vec<usize>> = BTreeMap::new();
    for (k, a) in answers.iter().enumerate() {
        if let Ok((question, _)) = &a.row {
            by_question.entry(question).or_default().push(k);
        }
    }
    let mut results: Vec<Result<ClaimReport, Error>> =
        answers.iter().map(|a| Err(a.row.as_ref().err().cloned().unwrap_or_else(lost))).collect();
    for (question, rows) in by_question {
        let claim = |k: usize| answers[k].row.as_ref().map_or("", |(_, claim)| claim.as_str());
        match panics::caught(|| judged(question, &rows, &claim, options.check.seed, limits)) {
            Ok(Ok(found)) => rows.iter().zip(found).for_each(|(k, r)| results[*k] = r),
            Ok(Err(e)) => rows.iter().for_each(|k| results[*k] = Err(e.clone())),
            Err(defect) => rows.iter().for_each(|k| results[*k] = Err(defect.clone().into())),
        }
    }
    let right = results.iter().filter(|r| r.as_ref().is_ok_and(is_right)).count();
    let wrong = results.len() - right;
    if screen.json() {
        let all: Vec<Value> = answers.iter().zip(&results).map(|(a, r)| object(a, r)).collect();
        screen.object(&json!({ "schema": json::ANSWERS, "ok": wrong == 0, "right": right, "wrong": wrong, "results": all }))?;
    } else {
        let width = answers.iter().map(|a| a.id.chars().count()).max().unwrap_or(0);
        for (a, r) in answers.iter().zip(&results) {
            screen.line(&line(a, r, width))?;
        }
        screen.line(&format!("{right} of {} right", results.len()))?;
    }
    Ok(if wrong == 0 { Exit::OK } else { Exit::CHECK_FAILED })
}

/// The reports of several answers to one question.
fn judged<'c>(
    question: &Question,
    rows: &[usize],
    claim: &dyn Fn(usize) -> &'c str,
    seed: u64,
    limits: Limits,
) -> Result<Vec<Result<ClaimReport, Error>>, Error> {
    let text = if question.vars.is_empty() { question.formula.clone() } else { format!("{}\n{}", question.vars, question.formula) };
    let formula = Formula::parse_with(&text, &Options { limits, ..Options::default() }).map_err(|e| of_the("formula", e))?;
    let layout = match question.layout.as_str() {
        "" => None,
        "numerator" => Some(Layout::Numerator),
        "denominator" => Some(Layout::Denominator),
        other => return Err(odd(format!("`layout` is numerator, denominator or empty, not `{other}`"))),
    };
    let want = match question.kind.as_str() {
        "" | "derivative" => Want::Derivative,
        "gradient" => Want::Gradient,
        "jacobian" => Want::Jacobian,
        "hessian" => Want::Hessian,
        other => return Err(odd(format!("`kind` is gradient, jacobian, hessian or derivative, not `{other}`"))),
    };
    let request = Request { wrt: vec![question.wrt.clone()], want, layout: layout.unwrap_or_default(), ..Request::default() };
    let options = ClaimOptions { layout, check: checking::probing(seed), ..ClaimOptions::default() };
    let judge = Judge::new(&formula, &request, 0, &options).map_err(|e| of_the("formula", e))?;
    let one = |k: &usize| panics::caught(|| judge.text(claim(*k))).unwrap_or_else(|defect| Err(defect.into()));
    Ok(rows.iter().map(one).collect())
}

/// The rows of the table. Only a table that is no table at all is an error.
fn read(table: &Path) -> Result<Vec<Answer>, Failure> {
    let name = table.display().to_string();
    let unreadable = |e: csv::Error| Diagnostic::error("E701", Span::default(), format!("{name} cannot be read: {e}"));
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_path(table).map_err(unreadable)?;
    let head = reader.headers().map_err(unreadable)?.clone();
    let column = |name: &str| head.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    if let Some(missing) = NEEDED.iter().find(|n| column(n).is_none()) {
        return Err(Diagnostic::error("E705", Span::default(), format!("{name} has no column `{missing}`"))
            .because(format!("its columns are {}", head.iter().collect::<Vec<_>>().join(", ")))
            .help(format!("a table of answers has the columns {}, and may have {}", NEEDED.join(", "), OPTIONAL.join(", ")))
            .into());
    }
    let mut out = vec![];
    let mut line = 1;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(e) if matches!(e.kind(), csv::ErrorKind::Io(_)) => return Err(unreadable(e).into()),
            Err(e) => {
                line = e.position().map_or(line + 1, csv::Position::line);
                out.push(Answer { line, id: String::new(), row: Err(odd(format!("the row cannot be read: {e}"))) });
                continue;
            }
        };
        line = record.position().map_or(line + 1, csv::Position::line);
        let cell = |name: &str| column(name).and_then(|k| record.get(k)).unwrap_or_default().to_string();
        let missing = NEEDED[1..].iter().find(|n| cell(n).is_empty());
        let row = match missing {
            Some(name) => Err(odd(format!("the row has no `{name}`"))),
            None if record.len() > head.len() => {
                Err(odd(format!("the row has {} cells, the head {}: put a cell with a comma in double quotes", record.len(), head.len())))
            }
            None => {
                let [vars, formula, wrt, kind, layout] = ["vars", "formula", "wrt", "kind", "layout"].map(cell);
                Ok((Question { vars, formula, wrt, kind, layout }, cell("claim")))
            }
        };
        out.push(Answer { line, id: cell("id"), row });
    }
    Ok(out)
}

fn odd(what: String) -> Error {
    Diagnostic::error("E402", Span::default(), what).help("`hesse schema` describes the columns of a table of answers").into()
}

fn lost() -> Error {
    Diagnostic::error("E700", Span::default(), "the answer was not judged").into()
}

/// An error that is about the question: its places are not those of the claim.
fn of_the(what: &str, mut error: Error) -> Error {
    for d in &mut error.diagnostics {
        d.message = format!("in the {what}: {}", d.message);
        d.labels = vec![(Span::default(), String::new())];
    }
    error
}

fn object(answer: &Answer, result: &Result<ClaimReport, Error>) -> Value {
    let mut out = json!({ "row": answer.line, "id": answer.id, "ok": result.as_ref().is_ok_and(is_right) });
    match result {
        Ok(report) => extend(&mut out, fields(report)),
        Err(error) => {
            let first = error.first();
            let span = if is_placed(first) && first.span() != Span::default() {
                json!([first.span().start, first.span().end])
            } else {
                Value::Null
            };
            let error = json!({ "code": first.code, "message": first.message, "span": span, "help": first.help });
            extend(&mut out, [("verdict".to_string(), Value::from("error")), ("error".to_string(), error)].into_iter().collect());
        }
    }
    out
}

fn line(answer: &Answer, result: &Result<ClaimReport, Error>, width: usize) -> String {
    let (sign, style, text) = match result {
        Ok(r) => match &r.verdict {
            Verdict::Equal => ("✓", good(), format!("equal {}", r.arrangement.map_or("", |a| a.words()))),
            Verdict::EqualExceptAtTies => ("✓", good(), "equal except at ties".to_string()),
            Verdict::Different => {
                let why = r.diagnosis.as_ref().map_or("none of the usual mistakes explains it".into(), |d| d.sentence());
                ("✗", bad(), why)
            }
            Verdict::NotChecked(why) => ("?", bad(), why.clone()),
        },
        Err(e) => ("✗", bad(), format!("error[{}]: {}", e.first().code, e.first().message)),
    };
    format!("{style}{sign}{style:#}  {:<width$}  {text}", answer.id)
}
