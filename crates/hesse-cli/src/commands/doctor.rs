//! `hesse doctor`: where numbers stop being finite, and how far from that they are.

use crate::binding;
use crate::breaches::{Broken, breaches, index, more};
use crate::cures;
use crate::describe;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::numbers::Point;
use crate::numerals;
use crate::options::DoctorOptions;
use crate::request::request;
use crate::screen::{Screen, bad, good};
use crate::source::Source;
use hesse::calculus::model::Asks;
use hesse::{Ask, Error, Formula, JointResult, Reads, Request, Span, Want};
use hesse_run::doctor::{Odd, Single, odd, single, spread};
use hesse_run::{Array, bind};
use serde_json::{Value, json};

/// From here on a square is no longer finite (the root of the largest number).
const LARGE: f64 = 1.3e154;

/// A condition number from which on fewer than four digits are left.
const ILL: f64 = 1e12;

/// A relative error of single precision that is worth a warning.
const COARSE: f64 = 1e-4;

/// Where numbers first stop being finite.
struct Found {
    /// The operation as written.
    text: String,
    /// Its place in the formula; none in a derivative.
    span: Option<Span>,
    /// What of: an operation of the formula, or of the printed derivative.
    of: String,
    shape: Vec<usize>,
    odd: Odd,
    /// What it reads there: name or text, entry or magnitudes.
    arguments: Vec<(String, Vec<usize>, f64)>,
}

/// Reads, computes and reports.
pub fn run(options: &DoctorOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    let values = binding::values(&options.bind, options.data.as_deref(), &options.columns)?;
    let point = Point::new(formula.model(), &values)?;
    examine(&source, &formula, &point, options, screen)
}

fn examine(source: &Source, formula: &Formula, point: &Point, options: &DoctorOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let within = Failure::within(source);
    let base = request(&options.request, Want::Derivative);
    let joint = formula.joint(&asks(formula, options, &base)).map_err(&within)?;
    point.covers(formula.model(), &[&joint.program])?;
    let results = point.outputs(&joint.program)?;
    let names: Vec<String> = joint.results.iter().map(name).collect();

    let inputs: Vec<(String, Array<f64>)> = point.arrays(formula.model())?;
    let unfit: Vec<(&String, &Array<f64>, Odd)> = inputs.iter().filter_map(|(n, a)| Some((n, a, odd(a)?))).collect();
    let bad_results: Vec<usize> = (0..results.len()).filter(|k| odd(&results[*k]).is_some()).collect();
    let broken: Vec<Broken> = breaches(formula, point).map_err(&within)?.into_iter().filter(|b| !b.condition.is_kink()).collect();
    let found = match bad_results.first() {
        Some(first) if unfit.is_empty() => located(formula, point, &joint.results[*first], &base).map_err(&within)?,
        _ => None,
    };
    let cure = match (&found, unfit.first()) {
        (_, Some((name, ..))) => Some(format!("leave the rows of `{name}` that are not finite out, or put numbers in their place")),
        (Some(f), None) => {
            let cause = broken.iter().find(|b| f.span.is_none_or(|s| b.condition.span.start <= s.end && s.start <= b.condition.span.end));
            Some(cures::cure(&f.text, &f.arguments.iter().map(|a| (a.0.as_str(), a.2)).collect::<Vec<_>>(), cause.map(|b| b.condition)))
        }
        (None, None) => broken.first().filter(|_| !bad_results.is_empty()).map(|b| cures::of_condition(b.condition)),
    };
    let warnings = match bad_results.is_empty() {
        true => warnings(formula, point, &joint.program, &names, &results, options).map_err(&within)?,
        false => vec![],
    };
    let ok = bad_results.is_empty();

    if screen.json() {
        let of = |name: &str, a: &Array<f64>| magnitudes(name, a);
        let mut object = json!({ "schema": json::DOCTOR, "ok": ok, "sizes": point.sizes });
        object["results"] = names.iter().zip(&results).map(|(n, a)| of(n, a)).collect();
        object["inputs"] = inputs.iter().map(|(n, a)| of(n, a)).collect();
        object["first"] = found.as_ref().map_or(Value::Null, |f| f.object(source));
        object["breaches"] = broken.iter().map(|b| b.object(source)).collect();
        object["fix"] = cure.map_or(Value::Null, Value::String);
        object["warnings"] = json!(warnings);
        screen.object(&object)?;
        return Ok(if ok { Exit::OK } else { Exit::CHECK_FAILED });
    }
    if !point.sizes.is_empty() {
        let sizes: Vec<String> = point.sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
        screen.note("sizes", &sizes.join(", "))?;
    }
    for (name, a, o) in &unfit {
        screen.line(&format!("{}  the input {}", mark(false), strange(name, &a.shape, o)))?;
    }
    for k in &bad_results {
        if let Some(o) = odd(&results[*k]) {
            screen.line(&format!("{}  {}", mark(false), strange(&names[*k], &results[*k].shape, &o)))?;
        }
    }
    if ok {
        let verb = if names.len() == 1 { "is" } else { "are" };
        screen.line(&format!("{}  {} {verb} finite", mark(true), listed(&names)))?;
        for line in table(inputs.iter().map(|(n, a)| (n, a)).chain(names.iter().zip(&results))) {
            screen.line(&format!("   {line}"))?;
        }
    }
    if let Some(f) = &found {
        let place = f.span.and_then(|s| place(source, s)).map_or(String::new(), |p| format!("   {p}"));
        screen.line(&format!("   first      `{}` in {}{place}", f.text, f.of))?;
        screen.line(&format!("   there      {} = {}{}", bracketed(&f.shape, f.odd.at), shown(f.odd.value), more(f.odd.count)))?;
        for (name, at, x) in &f.arguments {
            screen.line(&format!("   argument   {name}{} = {}", joined(at), shown(*x)))?;
        }
    }
    if !ok {
        for b in &broken {
            screen.line(&format!("   because    {}", b.sentence(formula.source())))?;
        }
    }
    if let Some(cure) = &cure {
        screen.line(&format!("   fix        {cure}"))?;
    }
    for warning in &warnings {
        screen.line(&format!("⚑  {warning}"))?;
    }
    Ok(if ok { Exit::OK } else { Exit::CHECK_FAILED })
}

/// What is computed: the target and its derivatives, if nothing is named.
fn asks(formula: &Formula, options: &DoctorOptions, base: &Request) -> Vec<Ask> {
    let defined = |name: &str| formula.model().definitions.iter().any(|d| d.name == name);
    let derivative = |want| Ask::Derivative(Request { want, ..base.clone() });
    if options.show.is_empty() {
        return vec![Ask::Value(options.request.target.clone()), derivative(Want::Derivative)];
    }
    let one = |name: &String| match name.trim() {
        "grad" if !defined("grad") => derivative(Want::Derivative),
        "hessian" if !defined("hessian") => derivative(Want::Hessian),
        "f" if !defined("f") => Ask::Value(options.request.target.clone()),
        name => Ask::Value(Some(name.to_string())),
    };
    options.show.iter().map(one).collect()
}

/// `C`, `∂C/∂w`, `∂²C/∂w∂b`
pub fn name(of: &JointResult) -> String {
    match of.wrt.as_slice() {
        [] => of.of.clone(),
        [x] => format!("∂{}/∂{x}", of.of),
        [x, y] if x == y => format!("∂²{}/∂{x}²", of.of),
        many => format!("∂²{}/{}", of.of, many.iter().map(|x| format!("∂{x}")).collect::<String>()),
    }
}

/// The first operation of the formula, or else of the derivative as it is printed, whose value is not finite.
fn located(formula: &Formula, point: &Point, result: &JointResult, base: &Request) -> Result<Option<Found>, Error> {
    let target = formula.model().definitions.iter().any(|d| d.name == result.of).then_some(result.of.as_str());
    if let Some(found) = walk(formula, target, point, &result.of, true)? {
        return Ok(Some(found));
    }
    if result.wrt.is_empty() {
        return Ok(None);
    }
    let want = if result.wrt.len() == 2 { Want::Hessian } else { Want::Derivative };
    let mut request = Request { want, wrt: vec![result.wrt[0].clone()], ..base.clone() };
    if let [_, second] = result.wrt.as_slice() {
        request.wrt2 = Some(second.clone());
    }
    let derivative = formula.derive(&request)?;
    let Some(part) = derivative.parts.first().filter(|p| !p.indexed) else { return Ok(None) };
    let text = match formula.named(&derivative) {
        Some(named) => format!("{}{}", named.definitions(), named.plain(named.roots[0])),
        None => part.plain(),
    };
    let read = formula.reading(&derivative, &text)?;
    walk(&read, None, point, &name(result), false)
}

/// The first operation whose value is not finite.
fn walk(formula: &Formula, target: Option<&str>, point: &Point, of: &str, written: bool) -> Result<Option<Found>, Error> {
    let operations = formula.operations(target)?;
    let values = point.outputs(&formula.operations_program(target)?)?;
    let Some((k, bad)) = values.iter().enumerate().find_map(|(k, a)| Some((k, odd(a)?))) else { return Ok(None) };
    let text = |span: Span| formula.source().get(span.start..span.end).unwrap_or_default().to_string();
    let inputs = point.arrays(formula.model())?;
    let mut arguments = vec![];
    for r in &operations[k].reads {
        let (name, array) = match r {
            Reads::Input(i) => {
                let name = &formula.model().inputs[*i].name;
                let Some((_, array)) = inputs.iter().find(|x| x.0 == *name) else { continue };
                (name.clone(), array)
            }
            Reads::Operation(j) => (operations[*j].name.clone().unwrap_or_else(|| text(operations[*j].span)), &values[*j]),
        };
        // The entry at the same place, or that of largest magnitude.
        let at = match array.shape == values[k].shape {
            true => bad.at,
            false => (0..array.len()).fold(0, |best, i| if array.data[i].abs() > array.data[best].abs() { i } else { best }),
        };
        if let Some(x) = array.data.get(at) {
            let same = array.shape == values[k].shape || array.shape.is_empty();
            let simple = array.shape.is_empty() || cures::stands_alone(&name);
            let name = if simple { name } else { format!("({name})") };
            arguments.push((if same { name } else { format!("largest of {name}: ") }, index(&array.shape, at), *x));
        }
    }
    let span = operations[k].span;
    let shape = values[k].shape.clone();
    Ok(Some(Found { text: text(span), span: written.then_some(span), of: of.to_string(), shape, odd: bad, arguments }))
}

/// What is close to going wrong.
fn warnings(
    formula: &Formula,
    point: &Point,
    program: &hesse::program::program::Program,
    names: &[String],
    results: &[Array<f64>],
    options: &DoctorOptions,
) -> Result<Vec<String>, Error> {
    let mut out = vec![];
    let target = options.request.target.as_deref();
    let operations = formula.operations(target)?;
    let values = point.outputs(&formula.operations_program(target)?)?;
    let forms = formula.stable_program(target)?.forms;
    for (o, a) in operations.iter().zip(&values) {
        let text = formula.source().get(o.span.start..o.span.end).unwrap_or_default();
        if let Some(bad) = odd(a) {
            let instead = forms.iter().map(|f| format!("`{}`", f.text)).collect::<Vec<_>>().join(", ");
            let instead = if instead.is_empty() { "a stable form".to_string() } else { instead };
            out.push(format!(
                "as written `{text}` is not finite ({}, {}); hesse computes {instead}",
                shown(bad.value),
                bracketed(&a.shape, bad.at)
            ));
            break;
        }
        if let Some(s) = spread(&a.data).filter(|s| s.largest > LARGE) {
            out.push(format!("`{text}` reaches {}: its square overflows", numerals::significant(s.largest, 3)));
            break;
        }
    }
    for c in formula.model().conditions.iter().filter(|c| matches!(c.asks, Asks::Invertible | Asks::PositiveDeterminant)) {
        if let [a, ..] = point.subjects(formula, c)?.as_slice() {
            let number = hesse_run::condition_number(a)?;
            if number.is_nan() || number > ILL {
                let digits = (16.0 - number.log10()).max(0.0) as u32;
                out.push(format!(
                    "the condition number of {} is {}: about {digits} of 16 digits are left; add a multiple of the identity",
                    c.expression,
                    describe::bound(number)
                ));
            }
        }
    }
    let bound = bind::bind(program, point.bindings(), &point.sizes)?;
    for (name, (array, single)) in names.iter().zip(results.iter().zip(single(program, &bound.sizes, &bound.inputs, results)?)) {
        match single {
            Single::Overflows(at) => out.push(format!("in single precision {name}{} is not finite: use f64", entry(&array.shape, at))),
            Single::Loses(e) if e > COARSE => {
                out.push(format!("single precision is wrong in {name} by {} of its largest entry: use f64", numerals::significant(e, 2)));
            }
            Single::Loses(_) => {}
        }
    }
    Ok(out)
}

impl Found {
    fn object(&self, source: &Source) -> Value {
        let mut out = json!({ "expression": self.text, "of": self.of, "at": index(&self.shape, self.odd.at),
            "value": shown(self.odd.value), "count": self.odd.count });
        let argument = |(name, at, x): &(String, Vec<usize>, f64)| json!({ "name": name, "at": at, "value": shown(*x) });
        out["arguments"] = self.arguments.iter().map(argument).collect();
        let place = self.span.map_or(Value::Null, |s| json::place(s, source));
        for key in ["origin", "span", "line", "column"] {
            out[key] = place.get(key).cloned().unwrap_or_default();
        }
        out
    }
}

fn magnitudes(name: &str, a: &Array<f64>) -> Value {
    let s = spread(&a.data);
    json!({ "name": name, "shape": a.shape, "finite": odd(a).is_none(), "smallest": s.map(|s| s.smallest), "largest": s.map(|s| s.largest),
        "zeros": a.data.iter().filter(|x| **x == 0.0).count(), "at": odd(a).map(|o| index(&a.shape, o.at)) })
}

/// A line for each array: smallest and largest |x|.
fn table<'a>(rows: impl Iterator<Item = (&'a String, &'a Array<f64>)>) -> Vec<String> {
    let number = |x: Option<f64>| x.map_or("—".to_string(), |x| numerals::significant(x, 4));
    let mut cells = vec![["".to_string(), "smallest |x|".into(), "largest |x|".into(), "zeros".into()]];
    for (name, a) in rows {
        let s = spread(&a.data);
        let zeros = a.data.iter().filter(|x| **x == 0.0).count();
        cells.push([name.clone(), number(s.map(|s| s.smallest)), number(s.map(|s| s.largest)), format!("{zeros} of {}", a.len())]);
    }
    let width = |k: usize| cells.iter().map(|c| c[k].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |c: &[String; 4]| {
        format!("{:<3$}  {:>4$}  {:>5$}", c[0], c[1], c[2], widths[0], widths[1], widths[2]) + &format!("  {:>1$}", c[3], widths[3])
    };
    cells.iter().map(line).collect()
}

/// `p[2] is not finite (nan), and one more`
fn strange(name: &str, shape: &[usize], o: &Odd) -> String {
    format!("{name}{} is not finite ({}){}", entry(shape, o.at), shown(o.value), more(o.count))
}

fn entry(shape: &[usize], at: usize) -> String {
    joined(&index(shape, at))
}

fn joined(index: &[usize]) -> String {
    match index {
        [] => String::new(),
        index => format!("[{}]", index.iter().map(usize::to_string).collect::<Vec<_>>().join(",")),
    }
}

/// `[2,1]`; of a scalar nothing is to be chosen.
fn bracketed(shape: &[usize], at: usize) -> String {
    if shape.is_empty() { "the value".into() } else { format!("entry {}", entry(shape, at)) }
}

fn shown(x: f64) -> String {
    numerals::significant(x, 6)
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

fn mark(ok: bool) -> String {
    let (sign, style) = if ok { ("✓", good()) } else { ("✗", bad()) };
    format!("{style}{sign}{style:#}")
}

/// `model.hesse:3:9`
fn place(source: &Source, span: Span) -> Option<String> {
    let place = json::place(span, source);
    Some(format!("{}:{}:{}", place["origin"].as_str()?, place["line"], place["column"]))
}
