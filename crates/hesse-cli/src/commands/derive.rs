//! The verbs that print a derivative: grad, jacobian, hessian, derive, vjp, jvp, hvp.

use crate::checking::{self, Status};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::DeriveOptions;
use crate::report;
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use hesse::Want;
use std::time::Instant;

/// Derives, checks, prints.
pub fn run(options: &DeriveOptions, want: Want, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let begin = Instant::now();
    let formula = source.formula(options.input.strict)?;
    let parsed = Instant::now();
    let request = request(&options.request, want);
    let derivative = formula.derive(&request).map_err(Failure::within(&source))?;
    let derived = Instant::now();
    let verdicts = if options.no_check {
        vec![]
    } else {
        checking::verify(&formula, &derivative, &request, options.check.seed).map_err(Failure::within(&source))?
    };
    let checked = Instant::now();
    let named = if options.inline { None } else { formula.named(&derivative) };

    if screen.json() {
        screen.object(&json::derivative(&formula, &source, &derivative, named.as_ref(), want, &verdicts))?;
    } else if let Some(format) = options.format {
        report::bare(screen, &derivative, named.as_ref(), format)?;
    } else {
        report::shapes(screen, formula.model())?;
        report::names(screen, named.as_ref())?;
        screen.line("")?;
        report::formulas(screen, &derivative, named.as_ref(), &request)?;
        if !verdicts.is_empty() {
            screen.line("")?;
            report::checks(screen, &derivative, &request, &verdicts)?;
        }
    }
    if !screen.json() {
        report::notes(screen, &formula, &source, &derivative)?;
    }
    for failed in checking::complaints(&derivative, &verdicts) {
        screen.draw(&[failed], None)?;
    }
    if options.timing {
        let ms = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
        let times = [("parse", ms(begin, parsed)), ("derive", ms(parsed, derived)), ("check", ms(derived, checked))];
        screen.note("time", &times.map(|(what, ms)| format!("{what} {ms:.2} ms")).join(", "))?;
    }
    Ok(exit(&verdicts, options.check.require_check))
}

/// The exit code that verdicts lead to.
pub fn exit(verdicts: &[checking::Verdict], required: bool) -> Exit {
    let fails = |status: Status| status == Status::Failed || required && status == Status::NotChecked;
    if verdicts.iter().any(|v| fails(v.status)) { Exit::CHECK_FAILED } else { Exit::OK }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checking::Verdict;

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
