//! `hesse eval`: values and derivatives from data.

use crate::binding;
use crate::describe;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::numbers::Point;
use crate::numerals;
use crate::options::{EvalOptions, NanOption};
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use hesse::{Diagnostic, Formula, Request, Span, Want};
use hesse_run::Array;
use serde_json::{Value, json};

/// A number or an array that is shown.
struct Shown {
    /// `C`, `∂C/∂w`
    name: String,
    /// The variables of a derivative.
    wrt: Vec<String>,
    array: Array<f64>,
}

/// Computes and prints.
pub fn run(options: &EvalOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    let values = binding::values(&options.bind, options.data.as_deref(), &options.columns)?;
    let point = Point::new(formula.model(), &values)?;
    if !point.sizes.is_empty() {
        let sizes: Vec<String> = point.sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
        screen.note("sizes", &sizes.join(", "))?;
    }

    let (mut objects, mut strange) = (vec![], vec![]);
    for wanted in wanted(options) {
        for shown in compute(&wanted, &formula, &point, &request(&options.request, Want::Derivative)).map_err(Failure::within(&source))? {
            strange.extend(first_odd(&shown));
            if screen.json() {
                objects.push(object(&shown));
            } else {
                print(&shown, options.digits, screen)?;
            }
        }
    }
    if let (NanOption::Error, Some(first)) = (options.nan, strange.first()) {
        return Err(Diagnostic::error("E502", Span::default(), first.clone()).help("--nan keep prints it all the same").into());
    }
    for text in &strange {
        screen.note("note", text)?;
    }
    if screen.json() {
        screen.object(&json!({ "schema": json::EVAL, "ok": true, "sizes": point.sizes, "values": objects, "notes": strange }))?;
    }
    Ok(Exit::OK)
}

/// What is asked for; `None` is the target.
fn wanted(options: &EvalOptions) -> Vec<Option<String>> {
    if options.show.is_empty() {
        return vec![options.request.target.clone(), Some("grad".into())];
    }
    options.show.iter().map(|name| Some(name.trim().to_string())).collect()
}

fn compute(name: &Option<String>, formula: &Formula, point: &Point, request: &Request) -> Result<Vec<Shown>, hesse::Error> {
    // A definition may be called `grad`.
    let defined = |name: &str| formula.model().definitions.iter().any(|d| d.name == name);
    let want = match name.as_deref() {
        Some("grad") if !defined("grad") => Want::Derivative,
        Some("hessian") if !defined("hessian") => Want::Hessian,
        name => {
            let array = point.definition(formula, name)?;
            let last = formula.model().definitions.last().map_or("", |d| d.name.as_str());
            let name = name.unwrap_or(if last.is_empty() { "f" } else { last }).to_string();
            return Ok(vec![Shown { name, wrt: vec![], array }]);
        }
    };
    let request = Request { want, ..request.clone() };
    let derivative = formula.derive(&request)?;
    let mut out = vec![];
    for (k, part) in derivative.parts.iter().enumerate() {
        let array = point.derivative(formula, &derivative, k)?;
        out.push(Shown { name: describe::left_side(part, &request), wrt: part.wrt.clone(), array });
    }
    Ok(out)
}

fn print(shown: &Shown, digits: usize, screen: &mut Screen) -> Result<(), Failure> {
    let Shown { name, array, .. } = shown;
    match array.shape.as_slice() {
        [] => screen.line(&format!("{name} = {}", numerals::shortest(array.data[0]))),
        &[rows, cols] => {
            let lines = numerals::matrix(rows, cols, &array.data, digits);
            if let [line] = lines.as_slice() {
                return screen.line(&format!("{name} = {line}   {rows}×{cols}"));
            }
            screen.line(&format!("{name} =   {rows}×{cols}"))?;
            lines.iter().try_for_each(|line| screen.line(&format!("  {line}")))
        }
        axes => {
            let sizes: Vec<String> = axes.iter().map(usize::to_string).collect();
            screen.line(&format!("{name} =   {}", sizes.join("×")))?;
            screen.line(&format!("  {}", json::nested(axes, &array.data)))
        }
    }
}

fn object(shown: &Shown) -> Value {
    let mut out = json!({
        "name": shown.name,
        "shape": shown.array.shape,
        "value": json::nested(&shown.array.shape, &shown.array.data),
    });
    if !shown.wrt.is_empty() {
        out["wrt"] = json!(shown.wrt);
    }
    if shown.array.data.iter().any(|x| !x.is_finite()) {
        out["nonfinite"] = true.into();
    }
    out
}

/// The first entry that is not finite, as a sentence.
fn first_odd(shown: &Shown) -> Option<String> {
    let Shown { name, array, .. } = shown;
    let at = array.data.iter().position(|x| !x.is_finite())?;
    let mut index: Vec<String> = vec![];
    let mut rest = at;
    for &size in array.shape.iter().rev() {
        index.insert(0, (rest % size + 1).to_string());
        rest /= size;
    }
    let place = if index.is_empty() { String::new() } else { format!("[{}]", index.join(",")) };
    let count = array.data.iter().filter(|x| !x.is_finite()).count();
    let more = if count > 1 { format!(", and {} more entries", count - 1) } else { String::new() };
    Some(format!("{name}{place} is not finite ({}){more}", numerals::shortest(array.data[at])))
}
