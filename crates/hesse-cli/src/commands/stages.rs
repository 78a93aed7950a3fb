//! `hesse stages`: what stands between the formula and its derivative, stage by stage.

use crate::ascii;
use crate::describe;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::listing;
use crate::options::StagesOptions;
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use anstyle::Style;
use hesse::calculus::model::Vertex;
use hesse::{Derivative, Error, Formula, Part, Request, Want};
use serde_json::json;

/// The stages in the order of the path of data.
const STAGES: [&str; 5] = ["written", "means", "derivative", "notated", "program"];

/// Prints the stages.
pub fn run(options: &StagesOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    if let Some(unknown) = options.only.iter().find(|name| !STAGES.contains(&name.as_str())) {
        return Err(Failure::Usage(format!("there is no stage `{unknown}`; the stages are {}", STAGES.join(", "))));
    }
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    let derivative = formula.derive(&request(&options.request, Want::Derivative)).map_err(Failure::within(&source))?;
    let mut stages = vec![];
    for name in STAGES {
        if options.only.is_empty() || options.only.iter().any(|wanted| wanted == name) {
            stages.push((name, text(name, &formula, &derivative).map_err(Failure::within(&source))?));
        }
    }
    if screen.json() {
        let stages: Vec<_> = stages.iter().map(|(name, text)| json!({ "name": name, "text": text })).collect();
        screen.object(&json!({ "schema": json::STAGES, "ok": true, "stages": stages }))?;
    } else {
        for (name, text) in stages {
            let heading = Style::new().bold();
            screen.line(&format!("{heading}{name}{heading:#}"))?;
            for line in text.trim_end().lines() {
                screen.line(&format!("  {line}"))?;
            }
        }
    }
    Ok(Exit::OK)
}

/// One stage as text.
fn text(stage: &str, formula: &Formula, derivative: &Derivative) -> Result<String, Error> {
    let model = formula.model();
    Ok(match stage {
        "written" => formula.source().to_string(),
        "means" => {
            let vertex = |v: &Vertex| (model.pool.variable(v.symbol).name.clone(), v.value);
            listing::expressions(&model.pool, &model.vertices.iter().map(vertex).collect::<Vec<_>>())
        }
        "derivative" => {
            let root = |part: &Part| (name(part), part.tensor);
            listing::expressions(&derivative.pool, &derivative.parts.iter().map(root).collect::<Vec<_>>())
        }
        "notated" => derivative.parts.iter().map(|part| format!("{} = {}\n", name(part), part.plain())).collect(),
        _ => (0..derivative.parts.len()).map(|k| Ok(listing::program(&derivative.program(k)?))).collect::<Result<String, Error>>()?,
    })
}

/// `df/dx`
fn name(part: &Part) -> String {
    ascii::fold(&describe::left_side(part, &Request::default()))
}
