//! A derivative as a report for people, or as bare formulas.

use crate::beside::{Beside, Shown};
use crate::checking::{Status, Verdict};
use crate::describe;
use crate::failure::Failure;
use crate::options::Format;
use crate::screen::{Screen, bad, good, label};
use crate::source::Source;
use anstyle::Style;
use hesse::calculus::model::{Condition, Model, Origin};
use hesse::calculus::structure::Kind;
use hesse::{Derivative, Diagnostic, Form, Formula, Name, Named, Part, Request, Severity, Want};
use unicode_width::UnicodeWidthStr;

/// A right side wider than this does not push the remarks of the other lines to the right.
const WIDEST: usize = 64;

/// Writes the types of the inputs, one line for each way in which they were found.
pub fn shapes(screen: &mut Screen, model: &Model) -> Result<(), Failure> {
    let mut word = "shapes";
    for (origin, mark) in [(Origin::Declared, "declared"), (Origin::Inferred, "inferred"), (Origin::Assumed, "assumed")] {
        let found = model.inputs.iter().filter(|input| input.origin == origin);
        let types: Vec<String> = found.map(|i| format!("{}: {}", i.name, describe::type_of(i, &model.pool.dims))).collect();
        if !types.is_empty() {
            screen.line(&format!("{}{}   ({mark})", label(std::mem::take(&mut word), Style::new().bold()), types.join("   ")))?;
        }
    }
    Ok(())
}

/// A line of definitions is not longer than this, unless one definition is.
const LINE: usize = 100;

/// Writes what the names of the results stand for, as many on a line as fit.
pub fn names(screen: &mut Screen, named: Option<&Named>) -> Result<(), Failure> {
    let Some(named) = named else { return Ok(()) };
    let ascii = screen.ascii();
    let one = |n: &Name| if ascii { format!("{} = {}", n.name, named.plain(n.root)) } else { named.unicode_definition(n) };
    let mut lines: Vec<String> = vec![];
    for text in named.names.iter().map(one) {
        match lines.last_mut() {
            Some(line) if line.width() + text.width() <= LINE => line.push_str(&format!(",   {text}")),
            _ => lines.push(text),
        }
    }
    let mut word = "where";
    for line in lines {
        screen.line(&format!("{}{line}", label(std::mem::take(&mut word), Style::new().bold())))?;
    }
    Ok(())
}

/// Writes one aligned line for each part: left side, right side, remark; below it the linear map and the picture, where there are such.
pub fn formulas(
    screen: &mut Screen,
    derivative: &Derivative,
    named: Option<&Named>,
    request: &Request,
    beside: &[Beside],
) -> Result<(), Failure> {
    let ascii = screen.ascii();
    let right = |part: &Part| if ascii { part.plain() } else { part.unicode() };
    let over_names = |k: usize| match named {
        Some(n) if ascii => n.plain(n.roots[k]),
        Some(n) => n.unicode(n.roots[k]),
        None => right(&derivative.parts[k]),
    };
    let row =
        |(k, p): (usize, &Part)| [describe::left_side(p, request), over_names(k), describe::remark(p, request, &derivative.conditions)];
    let rows: Vec<[String; 3]> = derivative.parts.iter().enumerate().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).filter(|&w| w <= WIDEST).max().unwrap_or(0);
    let (left_width, right_width) = (width(0), width(1));
    for ([left, text, remark], beside) in rows.iter().zip(beside) {
        let left_pad = " ".repeat(left_width.saturating_sub(left.width()));
        let right_pad = " ".repeat(right_width.saturating_sub(text.width()));
        screen.line(&format!("{left}{left_pad}  =  {text}{right_pad}   {remark}"))?;
        if let Some(map) = &beside.map {
            let direction = map.part.direction.as_deref().unwrap_or_default();
            let word = if map.request.want == Want::Hvp && derivative_is_matrix(derivative, map) { "product" } else { "map" };
            let text = format!("{direction} ↦ {}   {}", right(&map.part), describe::size(&map.part));
            screen.line(&format!("{}{text}", label(word, Style::new().bold())))?;
        }
        for line in beside.picture.iter().flat_map(|rows| drawn(rows, ascii)) {
            screen.line(&line)?;
        }
    }
    Ok(())
}

/// Whether the map is that of a plain matrix, whose product with a vector it is.
fn derivative_is_matrix(derivative: &Derivative, map: &Shown) -> bool {
    derivative.parts.iter().any(|p| p.wrt == map.part.wrt && derivative.pool.rank(p.tensor) == 2)
}

/// The lines of a picture: ● where an entry can be non-zero.
fn drawn(rows: &[Vec<bool>], ascii: bool) -> Vec<String> {
    let (full, empty) = if ascii { ("*", ".") } else { ("●", "·") };
    let bracket = |k: usize| match (ascii || rows.len() == 1, k) {
        (true, _) => ("[", "]"),
        (_, 0) => ("⎡", "⎤"),
        (_, k) if k + 1 == rows.len() => ("⎣", "⎦"),
        _ => ("⎢", "⎥"),
    };
    let line = |(k, row): (usize, &Vec<bool>)| {
        let cells: Vec<&str> = row.iter().map(|b| if *b { full } else { empty }).collect();
        format!("  {} {} {}", bracket(k).0, cells.join(" "), bracket(k).1)
    };
    rows.iter().enumerate().map(line).collect()
}

/// Each part as a formula in a notation, one a line; before them a line of what their names stand for. In the input language, which
/// programs read, every part is written out.
pub fn bare(derivative: &Derivative, named: Option<&Named>, format: Format) -> Vec<String> {
    let list = |one: &dyn Fn(&Named, &Name) -> String, separator: &str| {
        named.map(|n| n.names.iter().map(|name| one(n, name)).collect::<Vec<_>>().join(separator))
    };
    let names = match format {
        Format::Plain | Format::Json => None,
        Format::Unicode => list(&|n, name| n.unicode_definition(name), ", ").map(|all| format!("where {all}")),
        Format::Latex => list(&|n, name| n.latex_definition(name), r",\quad ").map(|all| format!(r"\text{{where }} {all}")),
        Format::Mathml => list(&|n, name| n.mathml_definition(name), "\n"),
    };
    let one = |(k, part): (usize, &Part)| match (format, named) {
        (Format::Plain | Format::Json, _) => part.plain(),
        (Format::Unicode, Some(n)) => n.unicode(n.roots[k]),
        (Format::Latex, Some(n)) => n.latex(n.roots[k]),
        (Format::Mathml, Some(n)) => n.mathml(n.roots[k]),
        (Format::Unicode, None) => part.unicode(),
        (Format::Latex, None) => part.latex(),
        (Format::Mathml, None) => part.mathml(),
    };
    names.into_iter().chain(derivative.parts.iter().enumerate().map(one)).collect()
}

/// Writes what the numeric check found: one line if all is well, otherwise one for each part.
pub fn checks(
    screen: &mut Screen,
    derivative: &Derivative,
    request: &Request,
    verdicts: &[Verdict],
    beside: &[Beside],
) -> Result<(), Failure> {
    let maps: Vec<&Verdict> = beside.iter().filter_map(|b| b.map.as_ref()?.check.as_ref()).collect();
    if verdicts.iter().chain(maps.iter().copied()).all(|v| v.status == Status::Passed) {
        let all: Vec<Verdict> = verdicts.iter().chain(maps).cloned().collect();
        if let Some(all) = Verdict::together(&all) {
            screen.line(&check_line(&all, ""))?;
        }
        return Ok(());
    }
    for (part, verdict) in derivative.parts.iter().zip(verdicts) {
        screen.line(&check_line(verdict, &format!("{}: ", describe::left_side(part, request))))?;
    }
    for (part, beside) in derivative.parts.iter().zip(beside) {
        if let Some(verdict) = beside.map.as_ref().and_then(|m| m.check.as_ref()) {
            screen.line(&check_line(verdict, &format!("{} as a map: ", describe::left_side(part, request))))?;
        }
    }
    Ok(())
}

fn check_line(verdict: &Verdict, of: &str) -> String {
    let (word, style) = match verdict.status {
        Status::Passed => ("ok", good()),
        Status::Failed => ("FAILED", bad()),
        Status::NotChecked => ("not checked", bad()),
    };
    format!("{}{of}{style}{word}{style:#} — {}", label("check", Style::new().bold()), verdict.summary())
}

/// Writes warnings, conventions, conditions: each once, on standard error.
pub fn notes(screen: &mut Screen, formula: &Formula, source: &Source, derivative: &Derivative, request: &Request) -> Result<(), Failure> {
    let (warnings, remarks): (Vec<&Diagnostic>, _) = formula.model().notes.iter().partition(|d| d.severity == Severity::Warning);
    for warning in warnings {
        screen.draw(std::slice::from_ref(warning), Some(source))?;
    }
    let mut said: Vec<String> = vec![];
    // The line of shapes says already what was assumed.
    said.extend(remarks.iter().filter(|d| d.code != "N503").map(|d| d.message.clone()));
    said.extend(derivative.conditions.iter().filter(|c| !c.proved).map(condition));
    for part in &derivative.parts {
        if part.structure.kind == Kind::Zero {
            said.extend(part.wrt.first().map(|v| format!("`{}` does not depend on `{v}`", part.of)));
        }
        let axes = derivative.pool.rank(part.tensor);
        if part.indexed && (request.form == Form::Vec || axes <= 2) {
            said.push(format!("no matrix notation holds this {} matrix; it is written entry by entry (N301)", describe::size(part)));
        } else if part.indexed && axes > 2 {
            let mut by = part.wrt.clone();
            by.dedup();
            let by = by.join("` and `");
            said.push(format!(
                "the derivative of `{}` by `{by}` has {axes} indices; as a matrix, columns stacked, use --vec (N301)",
                part.of
            ));
        }
    }
    let mut written: Vec<&str> = vec![];
    for text in &said {
        if !written.contains(&text.as_str()) {
            written.push(text);
            screen.note("note", text)?;
        }
    }
    Ok(())
}

/// A condition as a sentence.
fn condition(c: &Condition) -> String {
    if c.is_kink() { c.text.clone() } else { format!("needs {}", c.text) }
}
