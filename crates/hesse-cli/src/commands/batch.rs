//! `hesse batch`: JSON requests, one a line; one answer a line, in order. A bad line is answered like any other and nothing
//! stops the rest: every request has its own formula and its own pool, and a panic is an answer.

use crate::binding::Bound;
use crate::checking;
use crate::describe;
use crate::environment;
use crate::exit::Exit;
use crate::failure::{Failure, is_placed};
use crate::json;
use crate::lines::{self, TooLong};
use crate::numbers::Point;
use crate::options::BatchOptions;
use crate::panics;
use crate::screen::Screen;
use hesse::calculus::domain;
use hesse::calculus::elaborate::Options;
use hesse::tensor::Limits;
use hesse::{Diagnostic, Error, Form, Formula, Layout, Request, Span, Want};
use hesse_data::Tensor;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

/// A longer line is no request (it may hold a point as well as a formula).
const LONGEST_LINE: usize = 256 << 20;

/// Answers every line.
pub fn run(options: &BatchOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    match options.file.as_deref() {
        None | Some("-") => answer_all(std::io::stdin().lock(), options, screen),
        Some(path) => {
            let file = File::open(path).map_err(|e| Diagnostic::error("E701", Span::default(), format!("{path} cannot be read: {e}")))?;
            answer_all(BufReader::new(file), options, screen)
        }
    }
}

fn answer_all(mut from: impl BufRead, options: &BatchOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let limits = environment::expression_limits()?;
    let unreadable = |e| Diagnostic::error("E701", Span::default(), format!("the requests cannot be read: {e}"));
    while let Some(line) = lines::next(&mut from, LONGEST_LINE).map_err(unreadable)? {
        let answer = match line {
            Ok(bytes) if bytes.trim_ascii().is_empty() => continue,
            Ok(bytes) => answer(&bytes, options, limits),
            Err(TooLong) => refusal(Value::Null, &odd(format!("the line is longer than {LONGEST_LINE} bytes"))),
        };
        screen.object(&answer)?;
        screen.flush()?;
    }
    Ok(Exit::OK)
}

/// The answer to a line.
fn answer(line: &[u8], options: &BatchOptions, limits: Limits) -> Value {
    let request: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(e) => return refusal(Value::Null, &odd(format!("not JSON: {e}"))),
    };
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    let Value::Object(fields) = &request else { return refusal(id, &odd("a request is a JSON object")) };
    match panics::caught(|| Job::read(fields).and_then(|job| job.result(options, limits))) {
        Ok(Ok(result)) => {
            let mut answer = json!({ "schema": json::BATCH, "id": id, "ok": true });
            if let Value::Object(answer) = &mut answer {
                answer.extend(result);
            }
            answer
        }
        Ok(Err(error)) => refusal(id, &error),
        Err(defect) => refusal(id, &defect.into()),
    }
}

fn refusal(id: Value, error: &Error) -> Value {
    let first = error.first();
    let span = if !is_placed(first) { Value::Null } else { json!([first.span().start, first.span().end]) };
    let error = json!({ "code": first.code, "message": first.message, "span": span, "help": first.help });
    json!({ "schema": json::BATCH, "id": id, "ok": false, "error": error })
}

/// A request that cannot be understood.
fn odd(what: impl Into<String>) -> Error {
    Diagnostic::error("E402", Span::default(), what).help("`hesse schema` describes the fields of a request").into()
}

/// A request, read.
struct Job {
    vars: Vec<(String, String)>,
    expression: String,
    domain: String,
    request: Request,
    at: Option<Vec<(String, Bound)>>,
    check: bool,
    map: bool,
}

impl Job {
    fn read(fields: &Map<String, Value>) -> Result<Job, Error> {
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(odd(format!("`{name}` is a string"))),
        };
        let needed = |name: &str| text(name)?.ok_or_else(|| odd(format!("`{name}` is missing")));
        let vars = match fields.get("vars") {
            Some(Value::Object(vars)) => vars
                .iter()
                .map(|(name, of)| {
                    Ok((name.clone(), of.as_str().ok_or_else(|| odd(format!("the type of `{name}` is a string")))?.to_string()))
                })
                .collect::<Result<_, Error>>()?,
            _ => return Err(odd("`vars` is an object of names and types")),
        };
        let want = match text("kind")?.as_deref() {
            Some("gradient") => Want::Gradient,
            Some("jacobian") => Want::Jacobian,
            Some("hessian") => Want::Hessian,
            None | Some("derivative") => Want::Derivative,
            Some(other) => return Err(odd(format!("`kind` is gradient, jacobian, hessian or derivative, not `{other}`"))),
        };
        let layout = match text("layout")?.as_deref() {
            None | Some("numerator") => Layout::Numerator,
            Some("denominator") => Layout::Denominator,
            Some(other) => return Err(odd(format!("`layout` is numerator or denominator, not `{other}`"))),
        };
        let form = match text("form")?.as_deref() {
            None | Some("natural") => Form::Natural,
            Some("vec") => Form::Vec,
            Some(other) => return Err(odd(format!("`form` is natural or vec, not `{other}`"))),
        };
        let structure = text("structure")?;
        if let Some(other) = structure.as_deref().filter(|s| !matches!(*s, "symmetric" | "diagonal")) {
            return Err(odd(format!("`structure` is symmetric or diagonal, not `{other}`")));
        }
        let at = match fields.get("at") {
            None | Some(Value::Null) => None,
            Some(Value::Object(at)) => {
                Some(at.iter().map(|(name, x)| Ok((name.clone(), Bound::Array(point(name, x)?)))).collect::<Result<_, Error>>()?)
            }
            Some(_) => return Err(odd("`at` is an object of names and numbers")),
        };
        let flag = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(odd(format!("`{name}` is true or false"))),
        };
        let (check, map) = (flag("check")?, flag("map")?);
        let request = Request { wrt: vec![needed("wrt")?], wrt2: text("wrt2")?, want, layout, form, structure, ..Request::default() };
        Ok(Job { vars, expression: needed("expr")?, domain: text("domain")?.unwrap_or_default(), request, at, check, map })
    }

    /// The fields of the answer.
    fn result(&self, options: &BatchOptions, limits: Limits) -> Result<Map<String, Value>, Error> {
        let begin = Instant::now();
        let engine = Options { strict: true, domain: domain::parse(&self.domain), limits, ..Options::default() };
        let formula = Formula::expression_with(&self.vars, &self.expression, &engine)?;
        let derivative = formula.derive(&self.request)?;
        let time = begin.elapsed();
        let part = &derivative.parts[0];
        let conditions: Vec<&str> = derivative.conditions.iter().filter(|c| !c.proved).map(|c| c.text.as_str()).collect();
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_string(), value);
        put("plain", part.plain().into());
        put("unicode", part.unicode().into());
        put("latex", part.latex().into());
        put("shape", json!(part.shape_text));
        put("layout", describe::layout(part.layout).into());
        put("pattern", part.structure.name().into());
        put("nonzeros", json!(part.structure.nonzeros));
        put("entries", part.structure.entries.clone().into());
        put("nodes", part.nodes().into());
        put("conditions", json!(conditions));
        put("conditions_data", json::conditions(&derivative.conditions, None).into());
        if let Some(at) = &self.at {
            let value = Point::new(formula.model(), at)?.derivative(&formula, &derivative, 0)?.0;
            put("value", json::nested(&value.shape, &value.data));
            if value.data.iter().any(|x| !x.is_finite()) {
                put("nonfinite", true.into());
            }
        }
        if let Some(along) = self.request.map().filter(|_| self.map) {
            let found = formula.derive(&along)?;
            put("map", json::part(&found.parts[0], along.want, None));
        }
        if self.check {
            let verdicts = checking::verify(&formula, &derivative, &self.request, options.seed)?;
            let verdict = &verdicts[0];
            put("check", json!({ "status": verdict.status.name(), "worst": json::number(verdict.worst), "points": verdict.points }));
        }
        if options.timing {
            put("derive_us", u64::try_from(time.as_micros()).unwrap_or(u64::MAX).into());
        }
        Ok(out)
    }
}

/// Nested arrays of numbers as an array: `0.5`, `[1,2]`, `[[1,2],[3,4]]`.
fn point(name: &str, value: &Value) -> Result<Tensor, Error> {
    let mut shape = vec![];
    let mut inner = value;
    while let Value::Array(items) = inner {
        shape.push(items.len());
        match items.first() {
            Some(first) => inner = first,
            None => break,
        }
    }
    let mut data = vec![];
    if flatten(value, &shape, &mut data) {
        Ok(Tensor::new(shape, data))
    } else {
        Err(odd(format!("`at.{name}` is a number, a list of numbers, or a list of rows of equal length")))
    }
}

fn flatten(value: &Value, shape: &[usize], data: &mut Vec<f64>) -> bool {
    match (value, shape) {
        (Value::Number(x), []) => {
            data.extend(x.as_f64());
            x.as_f64().is_some()
        }
        (Value::Array(items), [length, rest @ ..]) => items.len() == *length && items.iter().all(|item| flatten(item, rest, data)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> (Value, String) {
        let options = BatchOptions { file: None, timing: false, seed: 0 };
        let answer = answer(line.as_bytes(), &options, Limits::default());
        assert_eq!(answer["ok"], false, "{answer}");
        assert_eq!(answer["schema"], json::BATCH);
        (answer["id"].clone(), answer["error"]["code"].as_str().unwrap_or_default().to_string())
    }

    #[test]
    fn requests_that_cannot_be_understood() {
        assert_eq!(code("{"), (Value::Null, "E402".into()));
        assert_eq!(code("[1]"), (Value::Null, "E402".into()));
        assert_eq!(code("\u{0}"), (Value::Null, "E402".into()));
        assert_eq!(code(r#"{"id":7}"#), (json!(7), "E402".into()));
        let with = |field: &str| code(&format!(r#"{{"id":"a","vars":{{"x":"vector(n)"}},"expr":"sum(x)","wrt":"x",{field}}}"#)).1;
        for field in
            [r#""kind":"grad""#, r#""layout":1"#, r#""structure":"lower""#, r#""at":[1]"#, r#""at":{"x":[[1,2],[3]]}"#, r#""check":"yes""#]
        {
            assert_eq!(with(field), "E402", "{field}");
        }
    }

    #[test]
    fn points() {
        let read = |text: &str| point("x", &serde_json::from_str(text).unwrap());
        assert_eq!(read("0.5").unwrap(), Tensor::scalar(0.5));
        assert_eq!(read("[1,2]").unwrap(), Tensor::new(vec![2], vec![1., 2.]));
        assert_eq!(read("[[1,2],[3,4]]").unwrap(), Tensor::new(vec![2, 2], vec![1., 2., 3., 4.]));
        assert_eq!(read("[]").unwrap(), Tensor::new(vec![0], vec![]));
        assert_eq!(read("[[],[]]").unwrap(), Tensor::new(vec![2, 0], vec![]));
        for bad in ["null", "[1,[2]]", "[[1],2]", "[null]", "[\"a\"]", "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_of_any_length() {
        let mut input = std::io::Cursor::new(b"a\n\nb".to_vec());
        let mut lines = vec![];
        while let Some(line) = lines::next(&mut input, LONGEST_LINE).unwrap() {
            lines.push(line.ok().map(|l| String::from_utf8(l).unwrap()));
        }
        assert_eq!(lines, [Some("a".to_string()), Some(String::new()), Some("b".into())]);
    }
}
