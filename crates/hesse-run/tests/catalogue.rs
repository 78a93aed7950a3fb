//! Every rule of the catalogue is true: its examples are what dual numbers and finite differences say of the function, what hesse derives,
//! and none of them would pass with another right side.

use hesse::facts::catalogue::{self, Example, Lesson, Says};
use hesse::program::program::Program;
use hesse::{Formula, Layout, Request};
use hesse_run::interpret::shape;
use hesse_run::probe::{SizeKind, draw, draw_sizes};
use hesse_run::random::Random;
use hesse_run::{Array, CheckOptions, ProbeInput, Status, run};
use std::collections::{BTreeMap, BTreeSet};

/// A formula over the declarations of an example.
fn formula(example: &Example, text: &str) -> Result<Formula, String> {
    Formula::parse(&format!("{}\n{text}", example.vars.replace("; ", "\n")), true).map_err(|e| format!("{text}: {e}"))
}

fn program(formula: &Formula) -> Result<Program, String> {
    formula.program(None).map_err(|e| e.to_string())
}

/// Whether what is stated is so; `changed` puts another text in the place of the right side.
fn holds(example: &Example, changed: impl Fn(&str) -> String) -> Result<(), String> {
    match &example.says {
        Says::Derivative { of, by, is } => {
            let primal = formula(example, of)?;
            // The axes of the function, then of the variable: of a scalar by a matrix that is the transpose of numerator layout.
            let scalar = primal.model().definitions.last().is_some_and(|d| d.shape.is_scalar());
            let matrix = primal.model().inputs.iter().any(|i| i.name == *by && !i.shape.rows.is_empty() && !i.shape.cols.is_empty());
            let text = changed(is);
            let text = if scalar && matrix && !is.contains("->") { format!("({text})'") } else { text };
            agrees(&primal, &program(&formula(example, &text)?)?, by)
        }
        Says::Equal { left, right } => equal(&formula(example, left)?, &formula(example, &changed(right))?),
    }
}

/// A derivative against the oracles that run the formula.
fn agrees(primal: &Formula, derivative: &Program, by: &str) -> Result<(), String> {
    let inputs: Vec<ProbeInput> = probes(primal);
    let report =
        hesse_run::check(&program(primal)?, derivative, &inputs, &[by.to_string()], &primal.model().relations, &CheckOptions::default());
    match report.status {
        Status::Ok => Ok(()),
        Status::Failed => Err(report
            .first_failure
            .map_or("it fails".into(), |f| format!("where {:?} entry {} is {:.6}, stated {:.6}", f.sizes, f.entry, f.numeric, f.symbolic))),
        Status::NotChecked(why) => Err(format!("not checked: {why}")),
    }
}

fn probes(f: &Formula) -> Vec<ProbeInput> {
    f.model().inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect()
}

/// Two formulas at random sizes (1 among them, and all different) and values.
fn equal(left: &Formula, right: &Formula) -> Result<(), String> {
    let programs = [program(left)?, program(right)?];
    let inputs = probes(left);
    let names: BTreeSet<&String> = programs.iter().flat_map(|p| &p.sizes).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let mut random = Random::new(3);
    let mut used = 0;
    for round in 0..24 {
        let kind = [SizeKind::Ones, SizeKind::Distinct, SizeKind::Larger][round % 3];
        let sizes = draw_sizes(&names, &[], kind, &|_| true, &mut random).ok_or("no sizes")?;
        let mut values: BTreeMap<String, Array<f64>> = BTreeMap::new();
        let mut results = vec![];
        for p in &programs {
            let sizes: Vec<usize> = p.sizes.iter().map(|n| sizes[n]).collect();
            let mut arrays = vec![];
            for input in &p.inputs {
                let shape = shape(&input.axes, &sizes).map_err(|e| e.to_string())?;
                let properties = inputs.iter().find(|i| i.name == input.name).map_or(&[][..], |i| &i.properties);
                let value = values.entry(input.name.clone()).or_insert_with(|| draw(input.rows, &shape, properties, round, &mut random));
                arrays.push(value.clone());
            }
            results.push(run(p, &sizes, &arrays).map_err(|e| e.to_string())?.remove(0));
        }
        let [a, b] = &results[..] else { return Err("two programs give two results".into()) };
        if a.shape != b.shape {
            return Err(format!("the shapes are {:?} and {:?}", a.shape, b.shape));
        }
        if a.data.iter().any(|x| !x.is_finite()) {
            continue;
        }
        let scale = a.data.iter().fold(1e-3, |m: f64, x| m.max(x.abs()));
        if !a.data.iter().zip(&b.data).all(|(x, y)| (x - y).abs() <= 1e-9 * scale) {
            return Err(format!("where {sizes:?} one side is {:?}, the other {:?}", a.data, b.data));
        }
        used += 1;
    }
    if used >= 6 { Ok(()) } else { Err("the left side is hardly ever finite".into()) }
}

/// The same text, but for a change of its value that no rule survives: in index notation the change is made to the entries.
fn change(text: &str, by: &str) -> String {
    let (entries, axes) = text.split_once(" -> ").map_or((text, String::new()), |(entries, axes)| (entries, format!(" -> {axes}")));
    format!("{}{axes}", by.replace('@', &format!("({entries})")))
}

fn each(check: impl Fn(&Lesson, &Example) -> Result<(), String>) {
    let mut wrong = String::new();
    for lesson in catalogue::all() {
        for example in &lesson.examples {
            if let Err(why) = check(lesson, example) {
                wrong += &format!("{}: {:?}\n  {why}\n", lesson.id, example);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_is_stated_is_so() {
    each(|_, example| holds(example, str::to_string));
}

#[test]
fn hesse_derives_it() {
    each(|_, example| {
        let Says::Derivative { of, by, .. } = &example.says else { return Ok(()) };
        let primal = formula(example, of)?;
        let request = Request { wrt: vec![by.to_string()], layout: Layout::Numerator, ..Request::default() };
        let derivative = primal.derive(&request).and_then(|d| d.tensor_program(0)).map_err(|e| e.to_string())?;
        agrees(&primal, &derivative, by)
    });
}

#[test]
fn no_example_is_vacuous() {
    each(|_, example| {
        let zero = match &example.says {
            Says::Derivative { is, .. } => is == "0" || is.starts_with("zeros("),
            Says::Equal { .. } => false,
        };
        for planted in ["2*@", "1 + @", "-@"] {
            if !(zero && planted != "1 + @") && holds(example, |text| change(text, planted)).is_ok() {
                return Err(format!("nothing notices {planted}"));
            }
        }
        Ok(())
    });
}

#[test]
fn every_lesson_is_complete() {
    let mut ids = BTreeSet::new();
    for lesson in catalogue::all() {
        let id = &lesson.id;
        assert!(ids.insert(id.clone()), "{id} is there twice");
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)), "{id}");
        assert!(!lesson.name.is_empty() && !lesson.statement.is_empty() && !lesson.examples.is_empty(), "{id}");
        assert!(lesson.proof.iter().all(|line| line.ends_with('.') && !line.contains('\n') && line.chars().count() <= 130), "{id}");
        assert!(lesson.reference.len() > 4, "{id}");
        assert!(lesson.statement.chars().count() <= 130, "{id}: {}", lesson.statement.chars().count());
        assert!(catalogue::find(id) == Some(lesson));
    }
    // A proof cites rules that exist.
    for lesson in catalogue::all() {
        let words = lesson.proof.iter().flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))));
        for word in words.map(|word| word.trim_matches(['.', '-'])) {
            let cites =
                word.split_once('.').is_some_and(|(room, rest)| room.len() > 2 && rest.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(!cites || ids.contains(word), "{}: the proof cites {word}", lesson.id);
        }
    }
}
