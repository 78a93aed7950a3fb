//! `hesse eval`: values and derivatives from data.

use crate::binding;
use crate::breaches::{breaches, index, more};
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
use hesse::calculus::model::Asks;
use hesse::program::program::StableForm;
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
    /// Stable forms that it was computed by.
    forms: Vec<StableForm>,
}

/// Reads, computes and prints.
pub fn run(options: &EvalOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    answer(&source, &formula, options, screen)
}

/// Computes and prints.
pub fn answer(source: &Source, formula: &Formula, options: &EvalOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let values = binding::values(&options.bind, options.data.as_deref(), &options.columns)?;
    let point = Point::new(formula.model(), &values)?;
    if !point.sizes.is_empty() {
        let sizes: Vec<String> = point.sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
        screen.note("sizes", &sizes.join(", "))?;
    }

    let (mut objects, mut strange, mut forms) = (vec![], vec![], vec![]);
    for wanted in wanted(options) {
        for shown in compute(&wanted, formula, &point, &request(&options.request, Want::Derivative)).map_err(Failure::within(source))? {
            strange.extend(first_odd(&shown));
            for form in &shown.forms {
                if !forms.contains(form) {
                    forms.push(form.clone());
                }
            }
            if screen.json() {
                objects.push(object(&shown));
            } else {
                print(&shown, options.digits, screen)?;
            }
        }
    }
    let breaches = breaches(formula, &point).map_err(Failure::within(source))?;
    let sentences: Vec<String> = breaches.iter().map(|b| b.sentence(formula.source())).collect();
    if let (NanOption::Error, Some(first)) = (options.nan, strange.first()) {
        // The place where it went wrong, if a condition names one.
        let cause = breaches.iter().zip(&sentences).find(|(b, _)| !b.condition.is_kink());
        let (span, because) = cause.map_or((Span::default(), None), |(b, text)| (b.condition.span, Some(text.clone())));
        let mut d = Diagnostic::error("E502", span, first.clone()).help("--nan keep prints it all the same");
        d.notes.extend(because);
        return Err(Failure::within(source)(d.into()));
    }
    for text in sentences.iter().chain(&strange) {
        screen.note("note", text)?;
    }
    if options.verbose {
        for form in &forms {
            screen.note("note", &format!("evaluated as {} ({})", form.text, form.name))?;
        }
        for c in formula.model().conditions.iter().filter(|c| c.asks == Asks::Invertible) {
            if let [a, ..] = point.subjects(formula, c).map_err(Failure::within(source))?.as_slice() {
                let number = hesse_run::condition_number(a).map_err(hesse::Error::from)?;
                screen.note("note", &format!("condition number of {}: {}", c.expression, numerals::shortest(number)))?;
            }
        }
    }
    if screen.json() {
        screen.object(&json!({ "schema": json::EVAL, "ok": true, "sizes": point.sizes, "values": objects, "notes": strange,
            "forms": forms.iter().map(|f| json!({ "name": f.name, "text": f.text })).collect::<Vec<_>>(),
            "breaches": breaches.iter().map(|b| b.object(source)).collect::<Vec<_>>() }))?;
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
            let (array, forms) = point.definition(formula, name)?;
            let last = formula.model().definitions.last().map_or("", |d| d.name.as_str());
            let name = name.unwrap_or(if last.is_empty() { "f" } else { last }).to_string();
            return Ok(vec![Shown { name, wrt: vec![], array, forms }]);
        }
    };
    let request = Request { want, ..request.clone() };
    let derivative = formula.derive(&request)?;
    let mut out = vec![];
    for (k, part) in derivative.parts.iter().enumerate() {
        let (array, forms) = point.derivative(formula, &derivative, k)?;
        out.push(Shown { name: describe::left_side(part, &request), wrt: part.wrt.clone(), array, forms });
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
    let index = index(&array.shape, at);
    let place =
        if index.is_empty() { String::new() } else { format!("[{}]", index.iter().map(usize::to_string).collect::<Vec<_>>().join(",")) };
    let count = array.data.iter().filter(|x| !x.is_finite()).count();
    let more = more(count);
    Some(format!("{name}{place} is not finite ({}){more}", numerals::shortest(array.data[at])))
}
