//! The verbs that print a derivative: grad, jacobian, hessian, derive, vjp, jvp, hvp.

use crate::beside::{Beside, maps};
use crate::checking::{self, Status, Verdict};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{DeriveOptions, Format};
use crate::report;
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use hesse::{Derivative, Formula, Named, Want};
use std::time::{Duration, Instant};

/// Reads, derives, checks, prints.
pub fn run(options: &DeriveOptions, want: Want, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let begin = Instant::now();
    let formula = source.formula(options.input.strict)?;
    let parsed = begin.elapsed();
    let answer = answer(&source, &formula, options, want, screen)?;
    if options.timing {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let times = [("parse", ms(parsed)), ("derive", ms(answer.deriving)), ("check", ms(answer.checking))];
        screen.note("time", &times.map(|(what, ms)| format!("{what} {ms:.2} ms")).join(", "))?;
    }
    Ok(answer.exit)
}

/// What was printed.
pub struct Answer {
    /// The derivative.
    pub derivative: Derivative,
    /// What repeats in it, unless it is to be written out.
    pub named: Option<Named>,
    /// What the check leads to.
    pub exit: Exit,
    deriving: Duration,
    checking: Duration,
}

/// Derives, checks, prints.
pub fn answer(source: &Source, formula: &Formula, options: &DeriveOptions, want: Want, screen: &mut Screen) -> Result<Answer, Failure> {
    let begin = Instant::now();
    let request = request(&options.request, want);
    let derivative = formula.derive(&request).map_err(Failure::within(source))?;
    let deriving = begin.elapsed();
    let verdicts = if options.no_check {
        vec![]
    } else {
        checking::verify(formula, &derivative, &request, options.check.seed).map_err(Failure::within(source))?
    };
    let seed = (!options.no_check).then_some(options.check.seed);
    let bare = options.format.is_some_and(|f| f != Format::Json);
    let mut beside: Vec<Beside> = derivative.parts.iter().map(|_| Beside::default()).collect();
    if !bare {
        let maps = maps(formula, &derivative, &request, seed).map_err(Failure::within(source))?;
        for (k, (b, map)) in beside.iter_mut().zip(maps).enumerate() {
            (b.check, b.map) = (verdicts.get(k).cloned(), map);
            b.picture = options.picture.map(|size| derivative.picture(k, &|_| size.into())).transpose().map_err(Failure::within(source))?;
        }
    }
    let all: Vec<Verdict> = verdicts.iter().chain(beside.iter().filter_map(|b| b.map.as_ref()?.check.as_ref())).cloned().collect();
    let checking = begin.elapsed() - deriving;
    let named = if options.inline { None } else { formula.named(&derivative) };

    if screen.json() {
        screen.object(&json::derivative(formula, source, &derivative, named.as_ref(), want, &beside))?;
    } else if let Some(format) = options.format {
        report::bare(&derivative, named.as_ref(), format).iter().try_for_each(|line| screen.line(line))?;
    } else {
        let space = |screen: &mut Screen| if options.brief { Ok(()) } else { screen.line("") };
        report::shapes(screen, formula.model())?;
        report::names(screen, named.as_ref())?;
        space(screen)?;
        report::formulas(screen, &derivative, named.as_ref(), &request, &beside)?;
        if !verdicts.is_empty() {
            space(screen)?;
            report::checks(screen, &derivative, &request, &verdicts, &beside)?;
        }
    }
    if !screen.json() {
        report::notes(screen, formula, source, &derivative, &request)?;
    }
    let maps = beside.iter().filter_map(|b| b.map.as_ref().and_then(|m| Some((&m.part, m.check.as_ref()?))));
    for failed in checking::complaints(derivative.parts.iter().zip(&verdicts).chain(maps)) {
        screen.draw(&[failed], None)?;
    }
    let exit = exit(&all, options.check.require_check);
    Ok(Answer { derivative, named, exit, deriving, checking })
}

/// The exit code that verdicts lead to.
pub fn exit(verdicts: &[checking::Verdict], required: bool) -> Exit {
    let fails = |status: Status| status == Status::Failed || required && status == Status::NotChecked;
    if verdicts.iter().any(|v| fails(v.status)) { Exit::CHECK_FAILED } else { Exit::OK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_a_no() {
        let verdict = |status| Verdict { status, worst: 1.0, points: 1, directions: 1, kinks: 0, reason: None };
        let ends = |status, required| exit(&[verdict(Status::Passed), verdict(status)], required);
        assert_eq!(ends(Status::Passed, true), Exit::OK);
        assert_eq!(ends(Status::NotChecked, false), Exit::OK);
        assert_eq!(ends(Status::NotChecked, true), Exit::CHECK_FAILED);
        assert_eq!(ends(Status::Failed, false), Exit::CHECK_FAILED);
    }
}
