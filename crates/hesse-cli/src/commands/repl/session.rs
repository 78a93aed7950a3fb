//! A session: its text, its settings, the formula that commands are about, the last result.

use super::command;
use super::statement::{Asked, Kind, Part, read, twice};
use super::text::Text;
use crate::claims;
use crate::commands::{derive, eval, explain};
use crate::describe;
use crate::exit::Exit;
use crate::failure::{Failure, is_placed};
use crate::json;
use crate::options::{
    CheckOptions, ClaimOptions, DIGITS, DepthOption, DeriveOptions, EvalOptions, ExplainFormat, ExplainOptions, Format, InputOptions,
    LayoutOption, NanOption, ReplOptions, RequestOptions, StyleOption,
};
use crate::report;
use crate::screen::{Screen, label};
use crate::source::{self, Original, Source};
use anstyle::Style;
use hesse::calculus::model::{Input, Model, Origin};
use hesse::{Derivative, Diagnostic, Formula, Named, Span, Want};
use std::rc::Rc;

/// How many changes of the text can be undone.
const PAST: usize = 100;

/// What commands are about: a formula, or a definition.
#[derive(Clone)]
pub struct Subject {
    formula: Option<Part>,
    target: Option<String>,
}

/// A session.
pub struct Session {
    /// Whether it is to end.
    pub over: bool,
    /// What results are asked for with: variables, layout, notation.
    pub settings: DeriveOptions,
    /// How a derivation argues.
    pub style: StyleOption,
    /// How much of it is shown.
    pub depth: DepthOption,
    text: Text,
    past: Vec<Text>,
    subject: Option<Subject>,
    result: Option<(Derivative, Option<Named>)>,
    /// The inputs of the text with the numbers of their axes, rows and columns.
    known: Vec<(String, [usize; 2])>,
}

impl Session {
    /// An empty session.
    pub fn new(options: &ReplOptions) -> Session {
        let wrt = options.wrt.iter().map(|name| name.trim().to_string()).collect();
        let request = RequestOptions { wrt, layout: Some(options.layout), ..RequestOptions::default() };
        Session {
            over: false,
            settings: DeriveOptions { request, brief: true, ..DeriveOptions::default() },
            style: StyleOption::default(),
            depth: DepthOption::default(),
            text: Text::default(),
            past: vec![],
            subject: None,
            result: None,
            known: vec![],
        }
    }

    /// Answers an input.
    ///
    /// # Errors
    /// What cannot be done; the statements before it are kept, it is not.
    pub fn take(&mut self, input: &Rc<Original>, screen: &mut Screen) -> Result<Exit, Failure> {
        // Only the first line of a stream may begin with a byte order mark.
        let text = input.text.trim_start_matches('\u{FEFF}');
        if text.trim_start().starts_with(':') {
            return command::run(self, input, screen);
        }
        let asked = read(input, 0)?;
        let (before, mut worst) = (self.text.clone(), Exit::OK);
        let done = asked.into_iter().try_for_each(|asked| {
            worst = worst.max(self.answer(asked, screen)?);
            Ok(())
        });
        self.remember(before);
        done.map(|()| worst)
    }

    fn answer(&mut self, asked: Asked, screen: &mut Screen) -> Result<Exit, Failure> {
        match asked {
            Asked::Keep(entry) => {
                let defined = (entry.kind == Kind::Definition).then(|| entry.name.clone());
                let model = self.adopt(self.text.with(entry), screen)?;
                if let Some(name) = defined {
                    show(&model, &name, screen)?;
                    self.subject = Some(Subject { formula: None, target: Some(name) });
                }
                Ok(Exit::OK)
            }
            Asked::Formula(part) => self.derive(self.about(part), Want::Derivative, &self.settings.clone(), screen),
            Asked::Derive { verb, target, wrt, layout } => {
                let want = match verb.as_str() {
                    "grad" => Want::Gradient,
                    "jacobian" => Want::Jacobian,
                    "hessian" => Want::Hessian,
                    _ => Want::Derivative,
                };
                let mut options = self.settings.clone();
                if !wrt.is_empty() {
                    options.request.wrt = wrt;
                }
                match layout.as_deref() {
                    Some("denominator") => options.request.layout = Some(LayoutOption::Denominator),
                    Some(_) => options.request.layout = Some(LayoutOption::Numerator),
                    None => {}
                }
                self.derive(Subject { formula: None, target: Some(target) }, want, &options, screen)
            }
        }
    }

    /// Makes a text that of the session, if it can be typed.
    fn adopt(&mut self, text: Text, screen: &mut Screen) -> Result<Model, Failure> {
        let formula = text.source(None).formula(false)?;
        let model = formula.model().clone();
        self.text = text;
        self.say_changes(&model, screen)?;
        self.known = model.inputs.iter().map(|i| (i.name.clone(), axes(i))).collect();
        Ok(model)
    }

    /// Says which inputs without a declaration are something else than the text alone made of them.
    fn say_changes(&self, model: &Model, screen: &mut Screen) -> Result<(), Failure> {
        for input in model.inputs.iter().filter(|i| i.origin != Origin::Declared) {
            if self.known.iter().any(|(name, before)| *name == input.name && *before != axes(input)) {
                let now = describe::type_of(input, &model.pool.dims);
                screen.note("note", &format!("`{}` is now read as {now}; a declaration would settle it", input.name))?;
            }
        }
        Ok(())
    }

    /// Notes what the text was before a change.
    fn remember(&mut self, before: Text) {
        if !before.is_same(&self.text) {
            if self.past.len() == PAST {
                self.past.remove(0);
            }
            self.past.push(before);
        }
    }

    /// A formula as what commands are about; one that is the name of a definition is that definition.
    fn about(&self, part: Part) -> Subject {
        match part.as_name().filter(|name| self.text.defines(name)) {
            Some(name) => Subject { formula: None, target: Some(name) },
            None => Subject { formula: Some(part), target: None },
        }
    }

    /// What a command is about: the formula from byte `at` of its line on, or what was typed last.
    pub fn subject(&self, line: &Rc<Original>, at: usize) -> Result<Subject, Failure> {
        match read(line, at)?.as_slice() {
            [] => self.last(),
            [Asked::Formula(part)] => Ok(self.about(part.clone())),
            _ => Err(Diagnostic::error("E402", Span::default(), "the command takes one formula")
                .help("write statements on lines of their own, the formula behind the command:  :grad sum(x.^2)")
                .into()),
        }
    }

    /// The formula or definition that was typed last.
    pub fn last(&self) -> Result<Subject, Failure> {
        let none = || Diagnostic::error("E402", Span::default(), "there is no formula yet").help("write one, such as  sum(x.^2)");
        self.subject.clone().ok_or_else(|| none().into())
    }

    /// Derives and prints; what it was about and what came out are the last ones from now on.
    pub fn derive(&mut self, subject: Subject, want: Want, options: &DeriveOptions, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut options = options.clone();
        options.request.target = subject.target.clone();
        let (source, formula) = self.typed(&subject, &options.request.wrt)?;
        self.subject = Some(subject);
        let answer =
            derive::answer(&source, &formula, &options, want, screen).map_err(|failure| about(failure, &options, formula.model()))?;
        self.say_changes(formula.model(), screen)?;
        self.result = Some((answer.derivative, answer.named));
        Ok(answer.exit)
    }

    /// The derivation of a subject, step by step.
    pub fn explain(&mut self, subject: Subject, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut request = self.settings.request.clone();
        request.target = subject.target.clone();
        let (source, formula) = self.typed(&subject, &request.wrt)?;
        self.subject = Some(subject);
        let options = ExplainOptions {
            input: InputOptions::default(),
            request,
            style: self.style,
            depth: self.depth,
            why: None,
            steps: None,
            format: ExplainFormat::Text,
            width: None,
            check: self.settings.check.clone(),
            no_check: self.settings.no_check,
        };
        explain::answer(&source, &formula, &options, screen)
    }

    /// Judges a claim about the derivative of a subject, as `hesse check --claim` does.
    pub fn check(&self, subject: &Subject, claim: &str, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut request = self.settings.request.clone();
        request.target = subject.target.clone();
        let (source, formula) = self.typed(subject, &request.wrt)?;
        let options = CheckOptions {
            input: InputOptions::default(),
            request,
            check: self.settings.check.clone(),
            hessian: false,
            claims: ClaimOptions { claim: vec![claim.to_string()], ..ClaimOptions::default() },
        };
        claims::run(&formula, &source, &options, screen)
    }

    /// Computes a subject and its derivative at a point.
    pub fn eval(&self, subject: &Subject, bind: Vec<String>, screen: &mut Screen) -> Result<Exit, Failure> {
        let (source, formula) = self.typed(subject, &self.settings.request.wrt)?;
        let options = EvalOptions {
            input: InputOptions::default(),
            request: RequestOptions { target: subject.target.clone(), ..self.settings.request.clone() },
            bind,
            data: None,
            columns: vec![],
            show: vec![],
            digits: DIGITS,
            nan: NanOption::Keep,
            verbose: false,
        };
        eval::answer(&source, &formula, &options, screen)
    }

    /// A subject, typed together with what it depends on. The rest of the text is left out of the report, unless it says more of
    /// the shapes.
    fn typed(&self, subject: &Subject, wrt: &[String]) -> Result<(Source, Formula), Failure> {
        let all = self.text.source(subject.formula.as_ref());
        let whole = all.formula(false)?;
        let roots: Vec<String> = subject.target.iter().chain(wrt).cloned().collect();
        let some = self.text.about(&roots, subject.formula.as_ref());
        match some.formula(false) {
            Ok(part) if agrees(part.model(), whole.model(), &roots) => Ok((some, part)),
            _ => Ok((all, whole)),
        }
    }

    /// Prints the last result in a notation.
    pub fn convert(&self, format: Format, screen: &mut Screen) -> Result<Exit, Failure> {
        let Some((derivative, named)) = &self.result else {
            return Err(Diagnostic::error("E402", Span::default(), "there is no result yet")
                .help("write a formula, such as  sum(x.^2)")
                .into());
        };
        let lines = report::bare(derivative, named.as_ref(), format);
        say(screen, "result", &lines.join("\n"))?;
        Ok(Exit::OK)
    }

    /// Takes the declarations and definitions of a file, all or none; its last formula is what commands are about.
    pub fn load(&mut self, file: &str, screen: &mut Screen) -> Result<Exit, Failure> {
        let original = Rc::new(Original { origin: file.into(), line: 1, text: source::file(file)? });
        let asked = read(&original, 0)?;
        if let Some((entry, range)) = twice(&asked) {
            let span = Span::new(range.start, range.end);
            let whole = Part { original: original.clone(), at: 0, text: original.text.clone() };
            let twice = Diagnostic::error("E108", span, format!("`{}` has a meaning already", entry.name))
                .help(format!("give the second `{}` another name, or remove the line", entry.name));
            return Err(whole.failure(twice.into()));
        }
        let (mut text, mut defined, mut subject) = (self.text.clone(), vec![], None);
        for asked in asked {
            match asked {
                Asked::Keep(entry) => {
                    if entry.kind == Kind::Definition {
                        defined.push(entry.name.clone());
                        subject = Some(Subject { formula: None, target: Some(entry.name.clone()) });
                    }
                    text = text.with(entry);
                }
                Asked::Formula(part) => subject = Some(Subject { formula: Some(part), target: None }),
                Asked::Derive { .. } => {}
            }
        }
        let before = self.text.clone();
        let model = self.adopt(text, screen)?;
        self.remember(before);
        self.subject = subject.or(self.subject.take());
        for name in defined {
            show(&model, &name, screen)?;
        }
        Ok(Exit::OK)
    }

    /// The text, in canonical form.
    pub fn written(&self) -> String {
        self.text.written()
    }

    /// Forgets everything, or what is said of a name.
    pub fn clear(&mut self, name: &str, screen: &mut Screen) -> Result<Exit, Failure> {
        let before = self.text.clone();
        if name.is_empty() {
            (self.text, self.subject) = (Text::default(), None);
            self.known.clear();
        } else {
            let without = self.text.without(name).ok_or_else(|| {
                let known: Vec<&str> = self.text.names().map(String::as_str).collect();
                let help = match hesse::syntax::suggest::nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => ":show prints what is said".into(),
                };
                Failure::from(Diagnostic::error("E402", Span::default(), format!("nothing is said of `{name}`")).help(help))
            })?;
            self.adopt(without, screen)?;
        }
        self.remember(before);
        Ok(Exit::OK)
    }

    /// Goes back to the text before the last change.
    pub fn undo(&mut self, screen: &mut Screen) -> Result<Exit, Failure> {
        let before = self.past.pop().ok_or_else(|| {
            Failure::from(Diagnostic::error("E402", Span::default(), "there is nothing to undo").help(":show prints the text"))
        })?;
        self.adopt(before, screen)?;
        Ok(Exit::OK)
    }

    /// Writes the shapes of inputs and definitions.
    pub fn shapes(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let formula = self.text.source(None).formula(false)?;
        let model = formula.model();
        if screen.json() {
            let types: Vec<_> = json::inputs(&formula);
            screen.object(&json::text("shapes", &serde_json::Value::from(types).to_string()))?;
            return Ok(Exit::OK);
        }
        report::shapes(screen, model)?;
        let named = model.definitions.iter().filter(|d| !d.name.is_empty());
        let defined: Vec<String> = named.map(|d| describe::definition(d, &model.pool.dims)).collect();
        if !defined.is_empty() {
            screen.line(&format!("{}{}", label("defined", Style::new().bold()), defined.join("   ")))?;
        }
        Ok(Exit::OK)
    }

    /// The names that can be completed, but those of functions.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.text.names().cloned().collect();
        if let Some(part) = self.subject.as_ref().and_then(|subject| subject.formula.as_ref()) {
            names.extend(part.names());
        }
        names
    }
}

/// A complaint about the whole formula points at what was to be derived, not at the start of the text.
fn about(failure: Failure, options: &DeriveOptions, model: &Model) -> Failure {
    let named = model.definitions.iter().rfind(|d| options.request.target.as_ref().is_none_or(|name| d.name == *name));
    match (failure, named) {
        (Failure::Refused(mut error, source), Some(named)) => {
            for d in error.diagnostics.iter_mut().filter(|d| is_placed(d) && d.span() == Span::default()) {
                d.labels[0].0 = named.span;
            }
            Failure::Refused(error, source)
        }
        (failure, _) => failure,
    }
}

/// How many axes rows and columns have.
fn axes(input: &Input) -> [usize; 2] {
    [input.shape.rows.len(), input.shape.cols.len()]
}

/// Writes the shape of a definition.
fn show(model: &Model, name: &str, screen: &mut Screen) -> Result<(), Failure> {
    let Some(named) = model.definitions.iter().find(|d| d.name == name) else { return Ok(()) };
    say(screen, name, &describe::definition(named, &model.pool.dims))
}

/// Writes a text, as lines or as one JSON object.
pub fn say(screen: &mut Screen, topic: &str, text: &str) -> Result<(), Failure> {
    if screen.json() { screen.object(&json::text(topic, text)) } else { screen.line(text.trim_end()) }
}

/// Whether a part of a text says the same of its inputs as the whole, but for the names of sizes that it chose itself, and has those
/// names that the whole has.
fn agrees(part: &Model, whole: &Model, names: &[String]) -> bool {
    let has = |model: &Model, name: &str| model.inputs.iter().any(|i| i.name == name) || model.definitions.iter().any(|d| d.name == name);
    let mut sizes: Vec<(String, String)> = vec![];
    let same = |input: &Input| {
        let Some(other) = whole.inputs.iter().find(|i| i.name == input.name) else { return false };
        let types = (describe::type_of(input, &part.pool.dims), describe::type_of(other, &whole.pool.dims));
        same_but_sizes(&types.0, &types.1, &mut sizes)
    };
    part.inputs.iter().all(same) && names.iter().all(|name| has(part, name) || !has(whole, name))
}

/// Whether two types are the same up to names of sizes, each of one standing for one of the other wherever it occurs.
fn same_but_sizes(a: &str, b: &str, sizes: &mut Vec<(String, String)>) -> bool {
    let words = |text: &str| -> Vec<String> {
        let mut words: Vec<String> = vec![];
        let mut inside = false;
        for c in text.chars() {
            let goes_on = inside && (c.is_alphanumeric() || c == '_');
            inside = c.is_alphanumeric() || c == '_';
            match words.last_mut() {
                Some(last) if goes_on => last.push(c),
                _ => words.push(c.into()),
            }
        }
        words
    };
    let (a, b) = (words(a), words(b));
    let mut depth = 0usize;
    a.len() == b.len()
        && a.into_iter().zip(b).all(|(x, y)| {
            match x.as_str() {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let names = depth > 0 && [&x, &y].iter().all(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'));
            if !names {
                return x == y;
            }
            match sizes.iter().find(|(p, q)| *p == x || *q == y) {
                Some((p, q)) => *p == x && *q == y,
                None => {
                    sizes.push((x, y));
                    true
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_may_have_other_names() {
        let same = |pairs: &[(&str, &str)]| {
            let mut sizes = vec![];
            pairs.iter().all(|(a, b)| same_but_sizes(a, b, &mut sizes))
        };
        assert!(same(&[("matrix(m, n)", "matrix(k, m)"), ("vector(n)", "vector(m)")]));
        assert!(!same(&[("matrix(m, n)", "matrix(k, m)"), ("vector(n)", "vector(k)")]));
        assert!(!same(&[("matrix(m, n)", "matrix(n, n)")]));
        assert!(!same(&[("vector(n)", "rowvector(n)")]));
        assert!(!same(&[("vector(3)", "vector(n)")]));
        assert!(!same(&[("vector(n) > 0", "vector(n)")]));
    }
}
