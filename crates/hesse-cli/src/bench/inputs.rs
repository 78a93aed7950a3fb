//! Sizes from the command line, and random inputs of these sizes that have the declared properties.

use crate::failure::Failure;
use hesse::Formula;
use hesse::program::program::Program;
use hesse::syntax::suggest::nearest;
use hesse_run::interpret::shape;
use hesse_run::probe::{Relation, draw};
use hesse_run::random::Random;
use hesse_run::{Array, RunError};
use std::collections::BTreeMap;

/// `N=1e4,n=100` as numbers, checked against the names that a formula has and against what it says of them.
pub fn sizes(texts: &[String], formula: &Formula, program: &Program) -> Result<BTreeMap<String, usize>, Failure> {
    let mut out = BTreeMap::new();
    for text in texts.iter().flat_map(|t| t.split(',')).map(str::trim).filter(|t| !t.is_empty()) {
        let number = |text: &str| {
            let x: f64 = text.trim().parse().ok()?;
            (x >= 0.0 && x.fract() == 0.0 && x < 1e15).then_some(x as usize)
        };
        let Some((name, n)) = text.split_once('=').and_then(|(name, n)| Some((name.trim(), number(n)?))) else {
            return Err(Failure::Usage(format!("--sizes {text}: write NAME=NUMBER, such as N=1e4")));
        };
        if !program.sizes.iter().any(|s| s == name) {
            let names = || program.sizes.iter().map(String::as_str);
            let help = nearest(name, names())
                .map_or(format!("its sizes are {}", names().collect::<Vec<_>>().join(", ")), |n| format!("did you mean `{n}`?"));
            return Err(Failure::Usage(format!("--sizes {text}: the formula has no size `{name}`; {help}")));
        }
        if out.insert(name.to_string(), n).is_some() {
            return Err(Failure::Usage(format!("--sizes: `{name}` has two numbers")));
        }
    }
    let missing: Vec<&str> = program.sizes.iter().map(String::as_str).filter(|s| !out.contains_key(*s)).collect();
    if !missing.is_empty() {
        let example: Vec<String> = missing.iter().map(|s| format!("{s}=100")).collect();
        return Err(Failure::Usage(format!("no number for {}: --sizes {}", missing.join(", "), example.join(","))));
    }
    for text in &formula.model().relations {
        if Relation::read(text, &program.sizes).iter().any(|r| !r.holds(&out)) {
            return Err(Failure::Usage(format!("--sizes: the formula needs {text}")));
        }
    }
    Ok(out)
}

/// Numbers for the inputs of a program: the same for the same seed.
pub fn inputs(formula: &Formula, program: &Program, sizes: &[usize], seed: u64, attempt: usize) -> Result<Vec<Array<f64>>, RunError> {
    let mut random = Random::new(seed);
    let mut out = vec![];
    for i in &program.inputs {
        let shape = shape(&i.axes, sizes)?;
        let properties = formula.model().inputs.iter().find(|m| m.name == i.name).map_or(&[][..], |m| &m.properties);
        out.push(draw(i.rows, &shape, properties, attempt, &mut random));
    }
    Ok(out)
}
