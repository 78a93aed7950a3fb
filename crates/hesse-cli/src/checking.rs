//! The numeric check of a derivative, as the commands show it.

use crate::describe;
use crate::numerals;
use hesse::{Derivative, Diagnostic, Error, Formula, Part, Request, Span};
use hesse_run::{CheckOptions, CheckReport, Oracle};

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The printed derivative and the numbers agree.
    Passed,
    /// They differ.
    Failed,
    /// There was nothing to compare.
    NotChecked,
}

impl Status {
    /// As JSON says it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Passed => "ok",
            Status::Failed => "failed",
            Status::NotChecked => "not_checked",
        }
    }
}

/// What the check of one derivative found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The result.
    pub status: Status,
    /// The largest relative error.
    pub worst: f64,
    /// Points at which it was compared.
    pub points: usize,
    /// Directions at each of them.
    pub directions: usize,
    /// Points that were drawn again because a kink was too near.
    pub kinks: usize,
    /// Why nothing was compared, or what differs.
    pub reason: Option<String>,
}

/// Relative errors up to this pass.
const LIMIT: f64 = 1e-7;
/// Points that are probed.
const POINTS: usize = 8;
/// Directions at each of them.
const DIRECTIONS: usize = 4;

impl From<&CheckReport> for Verdict {
    fn from(report: &CheckReport) -> Verdict {
        let (status, reason) = match &report.status {
            hesse_run::Status::Ok => (Status::Passed, None),
            hesse_run::Status::Failed => (Status::Failed, report.first_failure.as_ref().map(disagreement)),
            hesse_run::Status::NotChecked(reason) => (Status::NotChecked, Some(reason.clone())),
        };
        let directions = report.directions.checked_div(report.points).unwrap_or(0);
        Verdict { status, worst: report.worst, points: report.points, directions, kinks: report.kink_crossings, reason }
    }
}

/// The first disagreement as a sentence.
fn disagreement(failure: &hesse_run::Failure) -> String {
    let oracle = match failure.oracle {
        Oracle::FiniteDifferences => "finite differences",
        Oracle::DualNumbers => "dual numbers",
    };
    let sizes: Vec<String> = failure.sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
    let place = if sizes.is_empty() { String::new() } else { format!(" with {}", sizes.join(", ")) };
    let (symbolic, numeric) = (numerals::significant(failure.symbolic, 6), numerals::significant(failure.numeric, 6));
    format!("along a random direction{place} it gives {symbolic} in entry {}, {oracle} give {numeric}", failure.entry + 1)
}

impl Verdict {
    /// One verdict for several that passed: the worst of each number.
    pub fn together(verdicts: &[Verdict]) -> Option<Verdict> {
        let first = verdicts.first()?.clone();
        Some(verdicts.iter().fold(first, |all, v| Verdict {
            worst: all.worst.max(v.worst),
            points: all.points.min(v.points),
            directions: all.directions.min(v.directions),
            kinks: all.kinks + v.kinks,
            ..all
        }))
    }
    /// In words.
    pub fn summary(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or_default();
        if self.status == Status::NotChecked {
            return reason.to_string();
        }
        let worst = format!("worst relative error {} (limit {})", describe::bound(self.worst), describe::bound(LIMIT));
        if self.status == Status::Failed {
            return if reason.is_empty() { worst } else { format!("{worst}: {reason}") };
        }
        format!("{} points × {} directions, {worst}, {} kink crossings", self.points, self.directions, self.kinks)
    }
}

/// Compares each part of a derivative with numbers that know nothing of it.
pub fn verify(formula: &Formula, derivative: &Derivative, request: &Request, seed: u64) -> Result<Vec<Verdict>, Error> {
    (0..derivative.parts.len()).map(|k| verify_part(formula, derivative, request, k, seed)).collect()
}

/// Compares one part.
pub fn verify_part(formula: &Formula, derivative: &Derivative, request: &Request, k: usize, seed: u64) -> Result<Verdict, Error> {
    hesse_run::verify(formula, derivative, request, k, &probing(seed)).map(|report| Verdict::from(&report))
}

/// How the commands check.
pub fn probing(seed: u64) -> CheckOptions {
    CheckOptions { points: POINTS, directions: DIRECTIONS, seed, difference_limit: LIMIT, ..CheckOptions::default() }
}

/// An error for each part that failed: a wrong derivative is a defect of hesse.
pub fn complaints<'a>(judged: impl IntoIterator<Item = (&'a Part, &'a Verdict)>) -> Vec<Diagnostic> {
    let failed = judged.into_iter().filter(|(_, v)| v.status == Status::Failed);
    failed
        .map(|(part, _)| {
            let message = format!("the derivative of `{}` by `{}` differs from the numeric one", part.of, part.wrt.join(", "));
            Diagnostic::error("E503", Span::default(), message)
                .because("this is a defect of hesse, not of the formula")
                .help(format!("do not use the result; please report the command and the formula: {}/issues", env!("CARGO_PKG_REPOSITORY")))
        })
        .collect()
}
