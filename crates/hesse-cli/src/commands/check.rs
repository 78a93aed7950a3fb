//! `hesse check`: whether derivatives are true on random numbers, hesse's own and those of others.

use crate::answers;
use crate::checking::{self, Status, Verdict};
use crate::claims;
use crate::commands::derive::exit;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::CheckOptions;
use crate::request::request;
use crate::screen::{Screen, bad, good};
use crate::source::Source;
use hesse::Want;
use serde_json::json;

/// Checks the derivative by each variable.
pub fn run(options: &CheckOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    if let Some(table) = &options.claims.answers {
        return answers::run(table, options, screen);
    }
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    if options.claims.any() {
        return claims::run(&formula, &source, options, screen);
    }
    let (mut verdicts, mut objects) = (vec![], vec![]);
    for want in [Some(Want::Derivative), options.hessian.then_some(Want::Hessian)].into_iter().flatten() {
        let request = request(&options.request, want);
        let derivative = formula.derive(&request).map_err(Failure::within(&source))?;
        let found = checking::verify(&formula, &derivative, &request, options.check.seed).map_err(Failure::within(&source))?;
        for (part, verdict) in derivative.parts.iter().zip(&found) {
            let wrt = part.wrt.join(", ");
            if screen.json() {
                objects.push(json!({ "of": part.of, "wrt": part.wrt, "check": json::verdict(verdict) }));
            } else {
                screen.line(&line(&part.of, &wrt, verdict))?;
            }
        }
        screen.draw(&checking::complaints(derivative.parts.iter().zip(&found)), None)?;
        verdicts.extend(found);
    }
    let exit = exit(&verdicts, options.check.require_check);
    if screen.json() {
        screen.object(&json!({ "schema": json::CHECK, "ok": exit == Exit::OK, "checks": objects }))?;
    }
    Ok(exit)
}

fn line(of: &str, wrt: &str, verdict: &Verdict) -> String {
    let (sign, style) = match verdict.status {
        Status::Passed => ("✓", good()),
        Status::Failed => ("✗", bad()),
        Status::NotChecked => ("?", bad()),
    };
    format!("{style}{sign}{style:#}  {of} wrt {wrt}: {}", verdict.summary())
}
