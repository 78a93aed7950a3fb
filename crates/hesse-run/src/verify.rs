//! The numeric check of whatever a request gives: products with a direction, rows of partials and structured derivatives are
//! judged as plain derivatives of a formula that is rewired for it ([`crate::rewire`]).
//!
//! ```
//! use hesse::{Formula, Request};
//! use hesse_run::{CheckOptions, Status, verify};
//! let f = Formula::parse("x : vector(n); sum(x.^2)", true)?;
//! let request = Request::default();
//! let report = verify(&f, &f.derive(&request)?, &request, 0, &CheckOptions::default())?;
//! assert_eq!(report.status, Status::Ok);
//! # Ok::<(), hesse::Error>(())
//! ```

use crate::check::{CheckOptions, CheckReport, Status, check};
use crate::probe::ProbeInput;
use crate::rewire::{self, PARAMETER};
use hesse::calculus::model::{Model, Named};
use hesse::syntax::tree::Role;
use hesse::{Derivative, Error, Formula, Part, Request, Want};

/// Compares one part of a derivative with numbers that know nothing of it.
///
/// # Errors
/// A limit of the engine (E6xx), an unknown target (E401).
pub fn verify(
    formula: &Formula,
    derivative: &Derivative,
    request: &Request,
    k: usize,
    options: &CheckOptions,
) -> Result<CheckReport, Error> {
    let (model, part) = (formula.model(), &derivative.parts[k]);
    let variables = variables(model, part, request, k);
    // A definition that is derived by is moved like an input, from the value that the inputs give it.
    let moved: Vec<String> = variables.iter().filter(|name| !model.inputs.iter().any(|i| i.name == **name)).cloned().collect();
    if let (Some(name), Some(_)) = (moved.first(), &request.structure) {
        return Ok(unchecked(format!("`{name}` is a definition, whose value may leave the structure")));
    }
    let Some(x) = variables.first() else { return Ok(unchecked("there is no variable".into())) };
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
        (_, Some(other)) => return Ok(unchecked(format!("the structure `{other}` is not checked"))),
        _ if variables.len() > request.times() => {
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
    Ok(check(&primal, &program, &inputs, &wrt, &model.relations, options))
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

/// Nothing could be compared.
fn unchecked(reason: String) -> CheckReport {
    CheckReport { worst: f64::NAN, ..CheckReport::new(Status::NotChecked(reason)) }
}
