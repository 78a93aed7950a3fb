//! Results as JSON. Every object carries a schema with its version; `hesse schema` prints what they hold.

use crate::beside::{Beside, Shown};
use crate::checking::Verdict;
use crate::describe;
use crate::exit::Exit;
use crate::failure::is_placed;
use crate::source::Source;
use hesse::calculus::model::Condition;
use hesse::syntax::tree::Role;
use hesse::{Derivative, Diagnostic, Formula, Name, Named, Part, Severity, Span, Want};
use serde_json::{Map, Value, json};

/// A derivative with everything that the report shows.
pub const DERIVATIVE: &str = "hesse.derivative/1";
/// A derivation step by step.
pub const DERIVATION: &str = "hesse.derivation/1";
/// What `check` found.
pub const CHECK: &str = "hesse.check/1";
/// What was found of claims.
pub const CLAIM: &str = "hesse.claim/1";
/// What was found of a table of answers.
pub const ANSWERS: &str = "hesse.answers/1";
/// Values.
pub const EVAL: &str = "hesse.eval/1";
/// Times.
pub const BENCH: &str = "hesse.bench/1";
/// Where numbers stop being finite.
pub const DOCTOR: &str = "hesse.doctor/1";
/// The stages.
pub const STAGES: &str = "hesse.stages/1";
/// Formatted text.
pub const FMT: &str = "hesse.fmt/1";
/// A text for people: a help topic, a script, a manual page.
pub const TEXT: &str = "hesse.text/1";
/// Why there is no result.
pub const ERROR: &str = "hesse.error/1";
/// An answer of `batch`.
pub const BATCH: &str = "hesse.batch/1";

/// An error object.
pub fn failure(diagnostics: &[Diagnostic], source: Option<&Source>, exit: Exit) -> Value {
    let errors: Vec<Value> = diagnostics.iter().map(|d| diagnostic(d, source)).collect();
    json!({ "schema": ERROR, "ok": false, "exit": exit.0, "errors": errors })
}

/// A diagnostic. Its place is in bytes of the piece of the source that it names.
pub fn diagnostic(d: &Diagnostic, source: Option<&Source>) -> Value {
    let severity = match d.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let labels: Vec<Value> = d.labels.iter().filter(|_| is_placed(d)).filter_map(|(span, text)| label(*span, text, source?)).collect();
    json!({ "code": d.code, "severity": severity, "message": d.message, "labels": labels, "notes": d.notes, "help": d.help })
}

fn label(span: Span, text: &str, source: &Source) -> Option<Value> {
    let (original, range) = source.locate(span)?;
    let before = &original.text[..range.start];
    let line = before.matches('\n').count() + original.line;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(json!({ "origin": original.origin, "span": [range.start, range.end], "line": line, "column": column, "text": text }))
}

/// A place in the source: its origin, span, line and column; `null` for what is not written there.
pub fn place(span: Span, source: &Source) -> Value {
    label(span, "", source).unwrap_or_default()
}

/// The inputs of a formula with their types.
pub fn inputs(formula: &Formula) -> Vec<Value> {
    let model = formula.model();
    let one = |input: &hesse::calculus::model::Input| {
        let role = match input.role {
            Role::Plain => "plain",
            Role::Data => "data",
            Role::Param => "param",
            Role::Const => "const",
        };
        json!({
            "name": input.name,
            "type": describe::type_of(input, &model.pool.dims),
            "role": role,
            "origin": format!("{:?}", input.origin).to_lowercase(),
        })
    };
    model.inputs.iter().map(one).collect()
}

/// Conditions that do not follow from the declarations.
pub fn conditions(conditions: &[Condition], source: Option<&Source>) -> Vec<Value> {
    conditions.iter().filter(|c| !c.proved).map(|c| condition(c, source)).collect()
}

/// A condition. Its place is that of a label; `null` for what is not written in the formula.
pub fn condition(c: &Condition, source: Option<&Source>) -> Value {
    let written = c.span != Span::default();
    let place = match source {
        Some(source) => label(c.span, &c.text, source),
        None => Some(json!({ "span": [c.span.start, c.span.end] })),
    };
    let mut out = json!({ "kind": c.kind, "text": c.text, "expression": c.expression, "proved": c.proved });
    let place = place.filter(|_| written).unwrap_or_default();
    for key in ["origin", "span", "line", "column"] {
        if source.is_some() || key == "span" {
            out[key] = place.get(key).cloned().unwrap_or_default();
        }
    }
    out
}

/// A verdict of the numeric check.
pub fn verdict(v: &Verdict) -> Value {
    let mut out = json!({
        "status": v.status.name(), "worst": number(v.worst), "points": v.points, "directions": v.directions, "kinks": v.kinks,
    });
    if let Some(reason) = &v.reason {
        out["reason"] = reason.as_str().into();
    }
    out
}

/// A derivative of one variable.
pub fn part(part: &Part, want: Want, check: Option<&Verdict>) -> Value {
    let mut out = json!({
        "of": part.of,
        "wrt": part.wrt,
        "kind": describe::want(want),
        "plain": part.plain(),
        "unicode": part.unicode(),
        "latex": part.latex(),
        "mathml": part.mathml(),
        "shape": part.shape_text,
        "layout": describe::layout(part.layout),
        "pattern": part.structure.name(),
        "symmetric": part.structure.symmetric,
        "semidefinite": part.structure.semidefinite,
        "nonzeros": part.structure.nonzeros,
        "entries": part.structure.entries,
        "indexed": part.indexed,
        "nodes": part.nodes(),
    });
    if let Some(direction) = &part.direction {
        out["direction"] = direction.as_str().into();
    }
    if let Some(v) = check {
        out["check"] = verdict(v);
    }
    out
}

/// What a name stands for, in every notation.
fn name(named: &Named, name: &Name) -> Value {
    json!({
        "name": name.name,
        "plain": named.plain(name.root),
        "unicode": named.unicode(name.root),
        "latex": named.latex(name.root),
        "mathml": named.mathml(name.root),
        "shape": name.shape_text,
    })
}

/// A derivative as a linear map.
pub fn map(map: &Shown) -> Value {
    part(&map.part, map.request.want, map.check.as_ref())
}

/// A picture: one text a row, `*` where an entry can be non-zero.
pub fn picture(rows: &[Vec<bool>]) -> Value {
    rows.iter().map(|row| row.iter().map(|b| if *b { '*' } else { '.' }).collect::<String>()).collect()
}

/// A whole derivative; with names each part has a second form over them.
pub fn derivative(
    formula: &Formula,
    source: &Source,
    derivative: &Derivative,
    named: Option<&Named>,
    want: Want,
    beside: &[Beside],
) -> Value {
    let one = |(k, (p, beside)): (usize, (&Part, &Beside))| {
        let mut out = part(p, want, beside.check.as_ref());
        if let Some(shown) = &beside.map {
            out["map"] = map(shown);
        }
        if let Some(rows) = &beside.picture {
            out["picture"] = picture(rows);
        }
        if let Some(n) = named {
            let root = n.roots[k];
            out["named"] = json!({ "plain": n.plain(root), "unicode": n.unicode(root), "latex": n.latex(root), "mathml": n.mathml(root) });
        }
        out
    };
    let parts: Vec<Value> = derivative.parts.iter().zip(beside).enumerate().map(one).collect();
    let names: Vec<Value> = named.iter().flat_map(|n| n.names.iter().map(|x| name(n, x))).collect();
    let notes: Vec<Value> = formula.model().notes.iter().map(|d| diagnostic(d, Some(source))).collect();
    let implied: Vec<Value> = derivative.conditions.iter().filter(|c| c.proved).map(|c| condition(c, Some(source))).collect();
    json!({
        "schema": DERIVATIVE,
        "ok": true,
        "inputs": inputs(formula),
        "where": names,
        "parts": parts,
        "conditions": conditions(&derivative.conditions, Some(source)),
        "implied": implied,
        "notes": notes,
    })
}

/// A number; JSON has no NaN and no infinity, they become null.
pub fn number(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number)
}

/// Row-major numbers as nested arrays; no axes: a number. An empty axis is an empty array.
pub fn nested(shape: &[usize], data: &[f64]) -> Value {
    match shape {
        [] => data.first().map_or(Value::Null, |&x| number(x)),
        [length, rest @ ..] => {
            let stride: usize = rest.iter().product();
            Value::Array((0..*length).map(|k| nested(rest, &data[k * stride..(k + 1) * stride])).collect())
        }
    }
}

/// A text for people.
pub fn text(topic: &str, text: &str) -> Value {
    let mut out = Map::new();
    out.insert("schema".into(), TEXT.into());
    out.insert("ok".into(), true.into());
    out.insert("topic".into(), topic.into());
    out.insert("text".into(), text.into());
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting() {
        assert_eq!(nested(&[], &[2.0]).to_string(), "2.0");
        assert_eq!(nested(&[2, 3], &[1., 2., 3., 4., 5., f64::NAN]).to_string(), "[[1.0,2.0,3.0],[4.0,5.0,null]]");
        assert_eq!(nested(&[2, 0], &[]).to_string(), "[[],[]]");
        assert_eq!(nested(&[1, 1, 2], &[1., 2.]).to_string(), "[[[1.0,2.0]]]");
    }

    #[test]
    fn places_have_lines_and_columns() {
        let source = Source::new("a.hesse", "x\ny é z");
        let d = Diagnostic::error("E101", Span::new(7, 8), "unknown").here("this");
        let value = diagnostic(&d, Some(&source));
        assert_eq!(value["labels"][0], json!({ "origin": "a.hesse", "span": [7, 8], "line": 2, "column": 5, "text": "this" }));
    }
}
