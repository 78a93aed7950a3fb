//! `hesse check --claim`: derivatives that somebody else found, judged.

use crate::binding;
use crate::checking;
use crate::describe;
use crate::environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::numbers::Point;
use crate::numerals;
use crate::options::CheckOptions;
use crate::request::request;
use crate::screen::{Screen, bad, good, label};
use crate::source::{self, Source};
use anstyle::Style;
use hesse::{Diagnostic, Formula, Part, Request, Span, Want};
use hesse_data::{Archive, Place, Precision, Tensor, npy};
use hesse_run::Array;
use hesse_run::claim::{ClaimOptions, ClaimReport, Counterexample, Diagnosis, Judge, Side, Verdict};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// Relative error of values in double and in single precision.
const RTOL: [f64; 2] = [1e-6, 1e-3];
/// Inputs with more entries are not printed.
const SHOWN: usize = 24;

/// A claim, and the variable that it names.
struct Claim {
    wrt: Option<String>,
    says: Says,
}

/// What is claimed.
enum Says {
    /// A formula, with the name of where it stands.
    Text(&'static str, String),
    /// The values of a file.
    File(Place),
}

/// Judges each claim.
pub fn run(formula: &Formula, source: &Source, options: &CheckOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let want = if options.hessian { Want::Hessian } else { Want::Derivative };
    let request = request(&options.request, want);
    let derivative = formula.derive(&request).map_err(Failure::within(source))?;
    let names: Vec<String> = derivative.parts.iter().map(|p| p.wrt.first().cloned().unwrap_or_default()).collect();
    let claims = claims(options, &names)?;
    let values = binding::values(&options.claims.bind, options.claims.data.as_deref(), &options.claims.columns)?;
    let (mut ok, mut objects, mut exit) = (true, vec![], Exit::OK);
    for claim in &claims {
        let k = match &claim.wrt {
            Some(name) => names.iter().position(|n| n == name).unwrap_or(0),
            None if names.len() == 1 => 0,
            None => {
                let message = format!(
                    "there are {} variables: say whose derivative a claim is, as {}=…, or choose one with --wrt",
                    names.len(),
                    names[0]
                );
                return Err(Failure::Usage(message));
            }
        };
        let judging = judging(options, &request);
        let judge = Judge::new(formula, &request, k, &judging).map_err(Failure::within(source))?;
        let (report, rtol) = match &claim.says {
            Says::Text(origin, text) => (judge.text(text).map_err(Failure::within(&Source::new(origin, text)))?, None),
            Says::File(place) => {
                let (array, precision) = array(place, &names[k])?;
                let rtol = options.claims.rtol.unwrap_or(RTOL[usize::from(precision == Precision::Single)]);
                let point = Point::new(formula.model(), &values)?;
                let array = Array::new(array.shape, array.data);
                (judge.values(&array, point.bindings(), rtol).map_err(Failure::within(source))?, Some(rtol))
            }
        };
        ok &= is_right(&report);
        exit = worse(exit, &report);
        let part = judge.part();
        if screen.json() {
            let mut object = json!({ "of": part.of, "wrt": part.wrt });
            if let (Some(rtol), Value::Object(fields)) = (rtol, &mut object) {
                fields.insert("rtol".into(), rtol.into());
            }
            extend(&mut object, fields(&report));
            objects.push(object);
        } else {
            show(&report, part, &request, rtol, screen)?;
        }
    }
    if screen.json() {
        screen.object(&json!({ "schema": json::CLAIM, "ok": ok, "claims": objects }))?;
    }
    Ok(exit)
}

/// How claims are judged by these flags.
pub fn judging(options: &CheckOptions, request: &Request) -> ClaimOptions {
    ClaimOptions {
        layout: options.request.layout.map(|_| request.layout),
        check: checking::probing(options.check.seed),
        ..ClaimOptions::default()
    }
}

/// The claims of the flags.
fn claims(options: &CheckOptions, names: &[String]) -> Result<Vec<Claim>, Failure> {
    let mut out = vec![];
    for text in &options.claims.claim {
        let (wrt, text) = named(text, names);
        out.push(Claim { wrt, says: Says::Text("claim", text.to_string()) });
    }
    for text in &options.claims.claim_files {
        let (wrt, path) = named(text, names);
        out.push(Claim { wrt, says: Says::Text("claim", source::file(path)?) });
    }
    for text in &options.claims.claim_arrays {
        let (wrt, path) = named(text, names);
        let place = Place::parse(path).ok_or_else(|| Failure::Usage(format!("{path}: values are read from .npy and .npz files")))?;
        let archive = place.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
        if archive && wrt.is_none() && place.part.is_none() && names.len() > 1 {
            // An array for each variable.
            let each =
                names.iter().map(|n| Claim { wrt: Some(n.clone()), says: Says::File(Place { part: Some(n.clone()), ..place.clone() }) });
            out.extend(each);
        } else {
            out.push(Claim { wrt, says: Says::File(place) });
        }
    }
    Ok(out)
}

/// `w=FORMULA` as the claim for w; what does not begin with a variable is a claim as it stands.
fn named<'a>(text: &'a str, names: &[String]) -> (Option<String>, &'a str) {
    match text.split_once('=') {
        Some((name, rest)) if !rest.starts_with('=') && names.iter().any(|n| n == name.trim()) => (Some(name.trim().into()), rest.trim()),
        _ => (None, text),
    }
}

/// The values of a file; of an archive with several arrays the one of the variable.
fn array(place: &Place, wrt: &str) -> Result<(Tensor, Precision), Failure> {
    let limits = environment::file_limits()?;
    let name = place.path.display().to_string();
    let extension = place.path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "npy" => {
            let file =
                File::open(&place.path).map_err(|e| Diagnostic::error("E701", Span::default(), format!("{name} cannot be read: {e}")))?;
            Ok(npy::decode_with_precision(BufReader::new(file), &name, &limits)?)
        }
        "npz" => {
            let mut archive = Archive::open(&PathBuf::from(&place.path), &limits)?;
            let member = match (&place.part, archive.members().as_slice()) {
                (Some(part), _) => part.clone(),
                (None, [one]) => one.clone(),
                _ => wrt.to_string(),
            };
            Ok(archive.array_with_precision(&member)?)
        }
        _ => Err(Failure::Usage(format!("{name}: values are read from .npy and .npz files"))),
    }
}

/// Whether a claim is right.
pub fn is_right(report: &ClaimReport) -> bool {
    matches!(report.verdict, Verdict::Equal | Verdict::EqualExceptAtTies)
}

/// The exit code after one more claim: a no outweighs what could not be checked.
fn worse(exit: Exit, report: &ClaimReport) -> Exit {
    match &report.verdict {
        Verdict::Different => Exit::CHECK_FAILED,
        Verdict::NotChecked(_) if exit == Exit::OK => Exit::NUMERIC,
        _ => exit,
    }
}

fn show(report: &ClaimReport, part: &Part, request: &Request, rtol: Option<f64>, screen: &mut Screen) -> Result<(), Failure> {
    let left = describe::left_side(part, request);
    let (yes, no) = (good(), bad());
    let at = match (report.points, rtol) {
        (_, Some(rtol)) => format!("at the values of --bind, up to {} of the largest entry", describe::bound(rtol)),
        (n, None) => format!("at {n} points"),
    };
    match &report.verdict {
        Verdict::Equal | Verdict::EqualExceptAtTies => screen.line(&format!("{yes}✓{yes:#}  equal to {left}{}, {at}", arranged(report)))?,
        Verdict::Different => screen.line(&format!("{no}✗{no:#}  not equal to {left}"))?,
        Verdict::NotChecked(why) => screen.line(&format!("{no}?{no:#}  {left}: {why}"))?,
    }
    if report.verdict == Verdict::EqualExceptAtTies {
        return row("note", "they differ only where the formula has a tie; a derivative is a convention there", screen);
    }
    if report.verdict != Verdict::Different {
        return Ok(());
    }
    let why = report.diagnosis.as_ref().map_or("none of the usual mistakes explains it".to_string(), Diagnosis::sentence);
    row("diagnosis", &why, screen)?;
    if let Some(repair) = &report.repair {
        let (word, tail) = match repair.side {
            Side::Claim => ("right is", ""),
            Side::Derivative => ("it reads", "  instead of "),
        };
        let own = if repair.side == Side::Derivative { part.plain() } else { String::new() };
        row(word, &format!("{}{tail}{own}{}", repair.text.replace('\n', "; "), mended(report)), screen)?;
    }
    if let Some(c) = &report.counterexample {
        row("where", &place(c), screen)?;
    }
    Ok(())
}

fn row(word: &str, text: &str, screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&format!("   {}  {text}", label(word, Style::new().bold())))
}

/// ` in denominator layout`; nothing where there is no choice.
fn arranged(report: &ClaimReport) -> String {
    match report.arrangement {
        Some(a) if a != hesse_run::claim::Arrangement::Either => format!(" {}", a.words()),
        _ => String::new(),
    }
}

fn mended(report: &ClaimReport) -> String {
    let words = arranged(report);
    if words.is_empty() { words } else { format!("  ({})", words.trim_start()) }
}

/// `N = 1, n = 1, X = 1: entry (1, 1) is 2, the claim −1`
fn place(c: &Counterexample) -> String {
    let sizes = c.sizes.iter().map(|(name, n)| format!("{name} = {n}"));
    let entries: usize = c.inputs.iter().map(|i| i.1.len()).sum();
    let value = |(name, a): &(String, Array<f64>)| format!("{name} = {}", literal(a));
    let inputs: Vec<String> = if entries <= SHOWN { c.inputs.iter().map(value).collect() } else { vec![] };
    let all: Vec<String> = sizes.chain(inputs).collect();
    let head = if all.is_empty() { String::new() } else { format!("{}: ", all.join(", ")) };
    let what = if c.shape == (1, 1) { "the derivative is".to_string() } else { format!("entry [{}, {}] is", c.entry.0, c.entry.1) };
    format!("{head}{what} {}, the claim {}", numerals::significant(c.right, 6), numerals::significant(c.claim, 6))
}

/// An array in the notation of `--bind`.
fn literal(a: &Array<f64>) -> String {
    let number = |x: &f64| numerals::significant(*x, 6);
    match a.shape.as_slice() {
        [] => number(&a.data[0]),
        [_] => format!("[{}]", a.data.iter().map(number).collect::<Vec<_>>().join(";")),
        shape => {
            let cols = shape[1..].iter().product::<usize>().max(1);
            let rows: Vec<String> = a.data.chunks(cols).map(|r| r.iter().map(number).collect::<Vec<_>>().join(",")).collect();
            format!("[{}]", rows.join(";"))
        }
    }
}

/// A report as fields of an object.
pub fn fields(report: &ClaimReport) -> Map<String, Value> {
    let verdict = match report.verdict {
        Verdict::Equal => "equal",
        Verdict::EqualExceptAtTies => "equal_except_at_ties",
        Verdict::Different => "different",
        Verdict::NotChecked(_) => "not_checked",
    };
    let counterexample = |c: &Counterexample| {
        let sizes: Map<String, Value> = c.sizes.iter().map(|(name, n)| (name.clone(), json!(n))).collect();
        let inputs: Map<String, Value> = c.inputs.iter().map(|(name, a)| (name.clone(), json::nested(&a.shape, &a.data))).collect();
        json!({ "sizes": sizes, "inputs": inputs, "entry": [c.entry.0, c.entry.1], "shape": [c.shape.0, c.shape.1],
            "right": json::number(c.right), "claim": json::number(c.claim) })
    };
    let side = |side: Side| if side == Side::Claim { "claim" } else { "derivative" };
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_string(), value);
    put("verdict", verdict.into());
    put("arrangement", report.arrangement.map_or(Value::Null, |a| a.code().into()));
    put("diagnosis", report.diagnosis.as_ref().map_or(Value::Null, |d| json!({ "code": d.code(), "text": d.sentence() })));
    put("repair", report.repair.as_ref().map_or(Value::Null, |r| json!({ "side": side(r.side), "text": r.text })));
    put("counterexample", report.counterexample.as_ref().map_or(Value::Null, counterexample));
    put("points", report.points.into());
    if let Verdict::NotChecked(why) = &report.verdict {
        put("reason", why.as_str().into());
    }
    out
}

/// Adds fields to an object.
pub fn extend(object: &mut Value, more: Map<String, Value>) {
    if let Value::Object(object) = object {
        object.extend(more);
    }
}
