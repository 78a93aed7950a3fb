//! The one door: everything that is asked of a case.

use crate::book::{Answer, Case, Layout, Question, Said};
use crate::numbers::{self, Place, probe_inputs, rows_and_columns, same, transposed};
use hesse::calculus::model::{Condition, Origin};
use hesse::program::program::Program;
use hesse::{Derivative, Elimination, Error, Form, Formula, Request, Want};
use hesse_run::array::Array;
use hesse_run::probe::SizeKind;
use hesse_run::random::Random;
use hesse_run::{CheckOptions, Status};

/// Something that is not as written. `edits` are the lines that would mend it, empty where it is more than a matter of form.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Line of the file, 0-based.
    pub line: usize,
    pub why: String,
    pub edits: Vec<(usize, Vec<String>)>,
}

/// Everything that is wrong with a case.
pub fn check(case: &Case) -> Vec<Finding> {
    case.questions.iter().flat_map(|question| Check::new(case, question).run()).collect()
}

struct Check<'a> {
    case: &'a Case,
    question: &'a Question,
    findings: Vec<Finding>,
}

/// An answer of the engine with its programs.
struct Derived {
    derivative: Derivative,
    /// Rows × columns of the chosen layout.
    laid_out: Program,
    /// Axes of the function, then of the variables.
    tensor: Program,
}

impl Derived {
    fn plain(&self) -> String {
        self.derivative.parts[0].plain()
    }
    fn row_axes(&self) -> usize {
        self.derivative.parts[0].shape.rows.len()
    }
}

impl<'a> Check<'a> {
    fn new(case: &'a Case, question: &'a Question) -> Self {
        Check { case, question, findings: vec![] }
    }

    fn run(mut self) -> Vec<Finding> {
        let said = self.question.answer.as_ref();
        let got = Formula::parse(&self.source(&self.question.expression), false).and_then(|f| {
            let derived = derive(&f, &self.request())?;
            Ok((f, derived))
        });
        match (got, said.map(|a| &a.what)) {
            (Err(e), Some(what)) => self.refused(&e, what),
            (Ok((f, derived)), Some(what)) => {
                match what {
                    Answer::Text(text) => self.answered(&f, &derived, text),
                    Answer::Refused(code, _) if code == "?" => {
                        self.form(self.question.line, "unknown", &format!("= {}", derived.plain()), self.answer_line())
                    }
                    Answer::Refused(code, _) => self.fault(format!("answered `{}`, to be refused with {code}", derived.plain())),
                }
                self.remarks(&derived);
                self.names(&f, &derived);
                self.points(&derived);
                self.oracles(&f, &derived);
            }
            _ => self.fault("a question without an answer".into()),
        }
        self.findings
    }

    /// The statements of the case and one more line.
    fn source(&self, last: &str) -> String {
        format!("{}{last}", self.case.statements)
    }

    fn request(&self) -> Request {
        let q = self.question;
        Request {
            wrt: vec![q.wrt[0].clone()],
            wrt2: q.wrt.get(1).cloned(),
            want: if q.order == 2 { Want::Hessian } else { Want::Derivative },
            order: q.order,
            layout: layout(q.layout),
            form: if q.vec { Form::Vec } else { Form::Natural },
            structure: q.structure.clone(),
            ..Request::default()
        }
    }

    fn answer_line(&self) -> usize {
        self.question.answer.as_ref().map_or(self.question.line, |a| a.line)
    }

    /// Wrong, and no edit mends it.
    fn fault(&mut self, why: String) {
        let why = format!("{}: {why}", self.question.text());
        self.findings.push(Finding { line: self.question.line, why, edits: vec![] });
    }

    /// Written in another form: line `at` would be `new`.
    fn form(&mut self, line: usize, old: &str, new: &str, at: usize) {
        let why = format!("{}\n  written  {old}\n  printed  {new}", self.question.text());
        self.findings.push(Finding { line, why, edits: vec![(at, vec![new.to_string()])] });
    }

    // ------------------------------------------------------------------------------------------------ what is printed

    fn refused(&mut self, e: &Error, what: &Answer) {
        let first = e.first();
        let at = self.answer_line();
        match what {
            Answer::Text(text) if text == "?" => self.form(at, "= ?", &format!("!{} {}", first.code, first.message), at),
            Answer::Text(text) => self.fault(format!("refused: {e}\n  written  = {text}")),
            Answer::Refused(code, message) => {
                let help = first.help.as_ref().is_some_and(|h| !h.trim().is_empty());
                if !help {
                    self.fault(format!("a refusal without a help: {e}"));
                }
                if code != first.code {
                    self.fault(format!("refused with {} ({}), written {code}", first.code, first.message));
                } else if message.as_ref().is_some_and(|m| *m != first.message) {
                    self.form(at, &format!("!{code} {}", message.clone().unwrap_or_default()), &format!("!{code} {}", first.message), at);
                }
            }
        }
    }

    fn answered(&mut self, f: &Formula, derived: &Derived, text: &str) {
        let printed = derived.plain();
        if printed == text {
            return;
        }
        let at = self.answer_line();
        // An answer of another value is a fault, whatever is blessed.
        if text != "?" {
            match self.value_of(f, derived, text) {
                Ok(None) => {}
                Ok(Some(difference)) => {
                    return self.fault(format!("another value\n  written  {text}\n  printed  {printed}\n  {difference}"));
                }
                Err(why) => {
                    return self.fault(format!("the written answer cannot be computed ({why})\n  written  {text}\n  printed  {printed}"));
                }
            }
        }
        self.form(at, &format!("= {text}"), &format!("= {printed}"), at);
    }

    /// Reads a text, computes it where the derivative is computed; `Some` says how they differ.
    fn value_of(&self, f: &Formula, derived: &Derived, text: &str) -> Result<Option<String>, String> {
        // Shapes that the formula forces on undeclared names are declared for the text, which may force nothing.
        let (types, inputs) = (f.model().input_types(), &f.model().inputs);
        let undeclared = types.iter().zip(inputs).filter(|(_, input)| input.origin != Origin::Declared);
        let known: String = undeclared.map(|(line, _)| format!("{line}\n")).collect();
        let read = Formula::parse(&format!("{known}{}", self.source(text)), false).map_err(|e| e.to_string())?;
        let program = read.program(None).map_err(|e| e.to_string())?;
        let row_axes = read.model().definitions.last().map_or(0, |d| d.shape.rows.len());
        for place in self.places(f, &[&derived.laid_out, &program])? {
            let (mine, its) = (place.run(&derived.laid_out)?, place.run(&program)?);
            let (a, b) = (rows_and_columns(&mine, derived.row_axes()), rows_and_columns(&its, row_axes));
            let indexed = derived.derivative.parts[0].indexed;
            if (indexed && mine.shape != its.shape) || (!indexed && a != b) {
                return Ok(Some(format!("the derivative is {}×{}, the text {}×{}", a.0, a.1, b.0, b.1)));
            }
            if !same(&mine.data, &its.data) {
                return Ok(Some(format!("the derivative is {}, the text {}", show(&mine), show(&its))));
            }
        }
        Ok(None)
    }

    // ------------------------------------------------------------------------------------ what is said about the answer

    fn remarks(&mut self, derived: &Derived) {
        let part = &derived.derivative.parts[0];
        let (shape, pattern) = (part.shape_text.join(" x "), part.structure.name());
        let nonzeros = format!("{} of {}", part.structure.nonzeros.as_deref().unwrap_or("?"), part.structure.entries);
        let q = self.question;
        for (said, word, now) in [(&q.shape, "shape", shape), (&q.pattern, "pattern", pattern), (&q.nonzeros, "nonzeros", nonzeros)] {
            if let Some(said) = said.clone()
                && said.what != now
            {
                self.form(said.line, &format!("{word} {}", said.what), &format!("{word} {now}"), said.line);
            }
        }
        let conditions = &derived.derivative.conditions;
        let texts = |kink: bool| -> Vec<String> {
            let matching = |c: &&Condition| c.is_kink() == kink && !c.proved;
            conditions.iter().filter(matching).map(|c| c.text.clone()).collect()
        };
        let (needs, kinks) = (self.question.needs.clone(), self.question.kinks.clone());
        self.list("needs", &needs, &texts(false));
        self.list("kink", &kinks, &texts(true));
    }

    /// The answer over names. Whatever is named, definitions and answer are shorter than the answer, and mean the same.
    fn names(&mut self, f: &Formula, derived: &Derived) {
        let proposed = f.proposed(&derived.derivative);
        let now = match &proposed {
            None => "nothing".to_string(),
            Some(named) => {
                let definitions: Vec<String> = named.definitions().lines().map(String::from).collect();
                format!("{}: {}", definitions.join(", "), named.plain(named.roots[0]))
            }
        };
        if let Some(said) = self.question.names.clone()
            && said.what != now
        {
            self.form(said.line, &format!("where {}", said.what), &format!("where {now}"), said.line);
        }
        let Some(named) = proposed else { return };
        if named.nodes() >= derived.derivative.parts[0].nodes() {
            self.fault(format!("`where {now}` is no shorter than the answer"));
        }
        // A definition by which the formula is derived is a variable of its own.
        match f.named_means(&derived.derivative, &named, 0) {
            Ok(true) => {}
            _ if !self.question.wrt.iter().all(|v| f.model().inputs.iter().any(|i| i.name == *v)) => {}
            Ok(false) => self.fault(format!("`where {now}` means another expression")),
            Err(e) => self.fault(format!("`where {now}` does not read back: {e}")),
        }
    }

    fn list(&mut self, word: &str, said: &[Said<String>], now: &[String]) {
        let old: Vec<&String> = said.iter().map(|s| &s.what).collect();
        let Some(first) = said.first() else { return };
        if old.iter().copied().eq(now) {
            return;
        }
        let mut edits: Vec<(usize, Vec<String>)> = said.iter().map(|s| (s.line, vec![])).collect();
        edits[0].1 = now.iter().map(|text| format!("{word} {text}")).collect();
        let why = format!("{}\n  written  {word} {old:?}\n  now      {word} {now:?}", self.question.text());
        self.findings.push(Finding { line: first.line, why, edits });
    }

    fn points(&mut self, derived: &Derived) {
        for point in &self.question.points {
            let want = &point.what.value;
            let got = match numbers::at(&derived.laid_out, &point.what) {
                Ok(got) => got,
                Err(why) => {
                    self.fault(format!("at the point of line {}: {why}", point.line + 1));
                    continue;
                }
            };
            let shape = rows_and_columns(&got, derived.row_axes());
            if shape != (want.len(), want[0].len()) {
                self.fault(format!(
                    "at the point of line {} the answer is {}×{}, written is {}×{}",
                    point.line + 1,
                    shape.0,
                    shape.1,
                    want.len(),
                    want[0].len()
                ));
            } else if !same(&got.data, &want.concat()) {
                self.fault(format!("at the point of line {} the value is {}, written is {want:?}", point.line + 1, show(&got)));
            }
        }
    }

    // ---------------------------------------------------------------------------------------------------- independent ways

    /// Places of three kinds of sizes at which all programs can be run.
    fn places(&self, f: &Formula, programs: &[&Program]) -> Result<Vec<Place>, String> {
        let primal = f.program(None).map_err(|e| e.to_string())?;
        let all: Vec<&Program> = std::iter::once(&primal).chain(programs.iter().copied()).collect();
        let inputs = probe_inputs(f.model());
        let mut random = Random::new(1);
        let kinds = [SizeKind::Distinct, SizeKind::Ones, SizeKind::Larger];
        let places: Vec<Place> = kinds.into_iter().filter_map(|kind| Place::draw(&all, &inputs, kind, &mut random)).collect();
        if places.is_empty() { Err("no point was found at which the formula is finite".into()) } else { Ok(places) }
    }

    fn oracles(&mut self, f: &Formula, derived: &Derived) {
        self.map(f, derived);
        let checks = [Self::reads_back, Self::eliminations, Self::other_layout, Self::same_by_kind, Self::zeros, Self::against_formula];
        for check in checks {
            if let Err(why) = check(self, f, derived) {
                self.fault(why);
            }
        }
    }

    /// The printed text means the same expression, and has the same shape and value.
    fn reads_back(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        let text = derived.plain();
        if let Some(difference) = self.value_of(f, derived, &text)? {
            return Err(format!("`{text}` reads back with another value: {difference}"));
        }
        let declared_once = self.question.wrt.iter().all(|v| f.model().inputs.iter().any(|i| i.name == *v));
        match f.reads_back(&derived.derivative, 0, &text) {
            Ok(true) => Ok(()),
            _ if !declared_once => Ok(()),
            Ok(false) => Err(format!("`{text}` reads back as another expression")),
            Err(e) => Err(format!("`{text}` does not read back: {e}")),
        }
    }

    /// Forward, reverse and cheapest first: one number.
    fn eliminations(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        for elimination in [Elimination::Forward, Elimination::Reverse, Elimination::CrossCountry] {
            let other = derive(f, &Request { elimination, ..self.request() }).map_err(|e| format!("{elimination:?}: {e}"))?;
            for place in self.places(f, &[&derived.tensor, &other.tensor])? {
                let (a, b) = (place.run(&derived.tensor)?, place.run(&other.tensor)?);
                if a.shape != b.shape || !same(&a.data, &b.data) {
                    return Err(format!("elimination {elimination:?} gives {} instead of {}", show(&b), show(&a)));
                }
            }
        }
        Ok(())
    }

    /// The layouts are transposes, with the same axes of rows and columns; a second derivative is the same in both.
    fn other_layout(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        let layout = if self.question.layout == Layout::Numerator { hesse::Layout::Denominator } else { hesse::Layout::Numerator };
        let other = derive(f, &Request { layout, ..self.request() }).map_err(|e| e.to_string())?;
        for place in self.places(f, &[&derived.laid_out, &other.laid_out])? {
            let (a, b) = (place.run(&derived.laid_out)?, place.run(&other.laid_out)?);
            if derived.derivative.parts[0].shape_text.len() > 2 || self.question.order > 1 {
                if a.shape != b.shape || !same(&a.data, &b.data) {
                    return Err("the layouts differ, and this derivative has only one".into());
                }
                continue;
            }
            let (rows, columns) = rows_and_columns(&a, derived.row_axes());
            let turned = rows_and_columns(&b, other.row_axes());
            if turned != (columns, rows) || !same(&transposed(&a.data, rows, columns), &b.data) {
                return Err(format!("the other layout is {} ({}×{}), no transpose of {}", show(&b), turned.0, turned.1, show(&a)));
            }
        }
        Ok(())
    }

    /// The linear map is printed as written, and is the derivative contracted with the direction.
    fn map(&mut self, f: &Formula, derived: &Derived) {
        let Some(said) = self.question.map.clone() else { return };
        let Some(request) = self.request().map() else { return self.fault("it has no linear map".into()) };
        let map = match derive(f, &request) {
            Ok(map) => map,
            Err(e) => return self.fault(format!("as a linear map: {e}")),
        };
        let printed = map.plain();
        if printed != said.what {
            self.form(said.line, &format!("map {}", said.what), &format!("map {printed}"), said.line);
        }
        let direction = map.derivative.parts[0].direction.clone().unwrap_or_default();
        let contracted = || -> Result<Option<String>, String> {
            for place in self.places(f, &[&derived.tensor, &map.tensor])? {
                let (tensor, found) = (place.run(&derived.tensor)?, place.run(&map.tensor)?);
                let Some(d) = place.value(&direction) else { continue };
                let want: Vec<f64> = tensor.data.chunks(d.len().max(1)).map(|row| row.iter().zip(d).map(|(a, b)| a * b).sum()).collect();
                if !same(&found.data, &want) {
                    return Ok(Some(format!("the map gives {}, the derivative times {direction} {want:?}", show(&found))));
                }
            }
            Ok(None)
        };
        match contracted() {
            Ok(None) => {}
            Ok(Some(why)) | Err(why) => self.fault(why),
        }
    }

    /// Where an entry is said to be zero, it is; where the pattern is written down, every other entry is somewhere not zero.
    fn zeros(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        let part = &derived.derivative.parts[0];
        let stacked = part.stack != part.face;
        let whole = derive(f, &Request { form: if stacked { Form::Vec } else { self.request().form }, ..self.request() });
        let whole = whole.map_err(|e| e.to_string())?;
        let mut random = Random::new(7);
        let inputs = probe_inputs(f.model());
        let Some(first) = Place::draw(&[&whole.laid_out], &inputs, SizeKind::Distinct, &mut random) else { return Ok(()) };
        let sizes = |name: &str| first.size(name);
        let Ok(picture) = derived.derivative.picture(0, &sizes) else { return Ok(()) };
        let possible: Vec<bool> = picture.concat();
        let mut found = vec![false; possible.len()];
        for k in 0..40 {
            let place = if k == 0 { first.clone() } else { first.again(&[&whole.laid_out], &inputs, k, &mut random) };
            let Ok(value) = place.run(&whole.laid_out) else { continue };
            if value.data.len() != possible.len() {
                return Err(format!("the picture has {} entries, the derivative {}", possible.len(), value.data.len()));
            }
            for (k, x) in value.data.iter().enumerate() {
                if *x != 0.0 && x.is_finite() && !possible[k] {
                    return Err(format!("entry {} is {x}, and is said to be zero", k + 1));
                }
                found[k] |= *x != 0.0;
            }
        }
        match &self.question.nonzeros {
            Some(said) if found != possible => {
                Err(format!("`nonzeros {}`: some entry that is said to be possible is always zero", said.what))
            }
            _ => Ok(()),
        }
    }

    /// Asked for by kind, a gradient or Jacobian is printed in the same words.
    fn same_by_kind(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        let (model, q) = (f.model(), self.question);
        let of = model.definitions.last().map(|d| d.shape.clone()).unwrap_or_default();
        let by = model.inputs.iter().find(|i| i.name == q.wrt[0]).map(|i| i.shape.clone()).unwrap_or_default();
        let vector = |s: &hesse::tensor::Shape| s.rows.is_empty() || s.cols.is_empty();
        let want = match (of.is_scalar(), vector(&of) && vector(&by)) {
            _ if q.order > 1 || by.is_scalar() => return Ok(()),
            (true, _) => Want::Gradient,
            (false, true) => Want::Jacobian,
            _ => return Ok(()),
        };
        let other = derive(f, &Request { want, ..self.request() }).map_err(|e| format!("as a {want:?}: {e}"))?;
        if other.plain() != derived.plain() {
            return Err(format!("as a {want:?} it is printed `{}`", other.plain()));
        }
        Ok(())
    }

    /// Finite differences and dual numbers run the formula as it was written. A structured derivative is the projection of the plain one.
    fn against_formula(&self, f: &Formula, derived: &Derived) -> Result<(), String> {
        let unstructured = derive(f, &Request { structure: None, ..self.request() }).map_err(|e| e.to_string())?;
        if let Some(structure) = &self.question.structure {
            for place in self.places(f, &[&derived.laid_out, &unstructured.laid_out])? {
                let (projected, g) = (place.run(&derived.laid_out)?, place.run(&unstructured.laid_out)?);
                let n = g.shape[0];
                let entry = |i: usize, j: usize| match structure.as_str() {
                    "symmetric" if i != j => g.data[i * n + j] + g.data[j * n + i],
                    "diagonal" if i != j => 0.0,
                    _ => g.data[i * n + j],
                };
                let want: Vec<f64> = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
                if !same(&projected.data, &want) {
                    return Err(format!("{} is not the {structure} part of {}", show(&projected), show(&g)));
                }
            }
        }
        let primal = f.program(None).map_err(|e| e.to_string())?;
        let wrt = &derived.derivative.parts[0].wrt;
        let reaches = |v: &String| primal.inputs.iter().chain(&unstructured.tensor.inputs).any(|i| i.name == *v);
        if !wrt.iter().all(reaches) {
            // The formula as written does not read the variable, or it is a definition of the case.
            return Ok(());
        }
        let options = CheckOptions { points: 6, directions: 2, ..CheckOptions::default() };
        let report = hesse_run::check(&primal, &unstructured.tensor, &probe_inputs(f.model()), wrt, &[], &options);
        match report.status {
            Status::Ok => Ok(()),
            Status::Failed => Err(report.first_failure.map_or("the check failed".into(), |fail| {
                let sizes: Vec<String> = fail.sizes.iter().map(|(n, k)| format!("{n} = {k}")).collect();
                format!(
                    "{:?} disagree where {}: entry {} is {:.6}, printed formula {:.6}\n  printed  {}",
                    fail.oracle,
                    sizes.join(", "),
                    fail.entry,
                    fail.numeric,
                    fail.symbolic,
                    derived.plain()
                )
            })),
            Status::NotChecked(why) => Err(format!("not checked: {why}")),
        }
    }
}

pub fn layout(layout: Layout) -> hesse::Layout {
    match layout {
        Layout::Numerator => hesse::Layout::Numerator,
        Layout::Denominator => hesse::Layout::Denominator,
    }
}

fn derive(f: &Formula, request: &Request) -> Result<Derived, Error> {
    let derivative = f.derive(request)?;
    let (laid_out, tensor) = (derivative.program(0)?, derivative.tensor_program(0)?);
    Ok(Derived { derivative, laid_out, tensor })
}

fn show(a: &Array<f64>) -> String {
    let entries: Vec<String> = a.data.iter().take(8).map(|x| format!("{x:.5}")).collect();
    format!("[{}{}] of shape {:?}", entries.join(", "), if a.data.len() > 8 { ", …" } else { "" }, a.shape)
}
