//! The numeric check of a derivative, as the commands show it.

use crate::describe;
use crate::numerals;
use crate::rewire::{self, PARAMETER};
use hesse::calculus::model::{Model, Named};
use hesse::syntax::tree::Role;
use hesse::{Derivative, Diagnostic, Error, Formula, Part, Request, Span, Want};
use hesse_run::{CheckOptions, CheckReport, Oracle, ProbeInput};

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
    /// Nothing could be compared.
    fn none(reason: String) -> Verdict {
        Verdict { status: Status::NotChecked, worst: f64::NAN, points: 0, directions: 0, kinks: 0, reason: Some(reason) }
    }
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
    let (model, part) = (formula.model(), &derivative.parts[k]);
    let variables = variables(model, part, request, k);
    // A definition that is derived by is moved like an input, from the value that the inputs give it.
    let moved: Vec<String> = variables.iter().filter(|name| !model.inputs.iter().any(|i| i.name == **name)).cloned().collect();
    if let (Some(name), Some(_)) = (moved.first(), &request.structure) {
        return Ok(Verdict::none(format!("`{name}` is a definition, whose value may leave the structure")));
    }
    let Some(x) = variables.first() else { return Ok(Verdict::none("there is no variable".into())) };
    let primal = formula.program_by(request.target.as_deref(), &moved)?;
    let program = derivative.tensor_program(k)?;
    let parameter = || PARAMETER.to_string();
    let (primal, program, wrt) = match (request.want, request.structure.as_deref()) {
        (Want::Jvp | Want::Hvp, _) => {
            let moved = variables.last().unwrap_or(x);
            let direction = part.direction.as_deref().unwrap_or_default();
            // Along the direction once, by the variables as often as the product still has their axes.
            let rest = variables[..variables.len() - 1].iter().cloned();
            let wrt = std::iter::once(parameter()).chain(rest).collect();
            (rewire::moved_along(&primal, moved, direction), rewire::moved_along(&program, moved, direction), wrt)
        }
        (Want::Vjp, _) => {
            let rows = target(model, request).map_or(0, |d| d.shape.rows.len());
            (rewire::paired(&primal, part.direction.as_deref().unwrap_or_default(), rows), program, vec![x.clone()])
        }
        (_, Some("symmetric")) => {
            (rewire::symmetrised(&primal, x), rewire::lower_triangle(&rewire::symmetrised(&program, x)), vec![x.clone()])
        }
        (_, Some("diagonal")) => (rewire::diagonalised(&primal, x), rewire::diagonalised(&program, x), vec![x.clone()]),
        (_, Some(other)) => return Ok(Verdict::none(format!("the structure `{other}` is not checked"))),
        _ if variables.len() > describe::order(request) => {
            (rewire::moved_each(&primal, &variables), rewire::moved_each(&program, &variables), vec![parameter()])
        }
        _ => (primal, program, variables.clone()),
    };
    let mut inputs: Vec<ProbeInput> =
        model.inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect();
    for name in moved {
        let value = Some(formula.program(Some(&name))?);
        inputs.push(ProbeInput { name, properties: vec![], value });
    }
    // The parameter only moves other inputs: they keep their domains where it is zero.
    inputs.push(ProbeInput { name: parameter(), properties: vec!["in {0}".into()], value: None });
    let options = CheckOptions { points: POINTS, directions: DIRECTIONS, seed, difference_limit: LIMIT, ..CheckOptions::default() };
    Ok(Verdict::from(&hesse_run::check(&primal, &program, &inputs, &wrt, &model.relations, &options)))
}

/// The variables that a part was derived by.
fn variables(model: &Model, part: &Part, request: &Request, k: usize) -> Vec<String> {
    if !part.wrt.is_empty() {
        return part.wrt.clone();
    }
    // A product with a direction has no variable in its shape.
    if let Some(name) = request.wrt.get(k) {
        return vec![name.clone()];
    }
    let of = |role: Role| model.inputs.iter().filter(|i| i.role == role).map(|i| i.name.clone()).collect::<Vec<_>>();
    let params = of(Role::Param);
    let all = if params.is_empty() { of(Role::Plain) } else { params };
    all.get(k).into_iter().cloned().collect()
}

fn target<'a>(model: &'a Model, request: &Request) -> Option<&'a Named> {
    match &request.target {
        Some(name) => model.definitions.iter().find(|d| d.name == *name),
        None => model.definitions.last(),
    }
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
