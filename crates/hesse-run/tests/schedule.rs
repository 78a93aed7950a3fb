//! Scheduled programs against the plain interpreter: the same numbers for every formula of the corpus, dense and structured, f64 and f32.

use hesse::program::program::Program;
use hesse::{Ask, Formula, Request, Want};
use hesse_run::compile::{BindOptions, Compiled};
use hesse_run::{Array, Bindings, Tensor};
use serde_json::Value;
use std::collections::BTreeMap;

fn text(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_string)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../suite/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).expect("the corpus is in the repository")
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

/// The points of the corpus by the id of their entry.
fn points() -> BTreeMap<String, Bindings> {
    let point = |line: &str| {
        let v: Value = serde_json::from_str(line).expect("a line of JSON");
        let inputs = v["inputs"].as_object().expect("inputs").iter().map(|(name, x)| {
            let rows = x.as_array().expect("2-D");
            (name.clone(), Tensor::matrix(rows.len(), rows[0].as_array().expect("2-D").len(), numbers(x)))
        });
        (text(&v, "id").expect("id"), inputs.collect())
    };
    read("values-public.jsonl").lines().map(point).collect()
}

/// A direction of this shape.
fn direction(like: &Tensor) -> Tensor {
    let data = (0..like.data.len()).map(|k| 0.25 + 0.5 * ((k * 7 + 3) % 5) as f64).collect();
    Tensor { data, ..like.clone() }
}

/// Every entry, relative to the largest.
fn close(got: &[f64], want: &[f64], by: f64) -> bool {
    let scale = want.iter().fold(1.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= by * scale;
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| same(*a, *b))
}

/// What is wrong with the schedule of a program at a point.
fn scheduled(program: &Program, at: &Bindings) -> Result<(), String> {
    let bound = hesse_run::bind(program, at, &BTreeMap::new()).map_err(|e| e.to_string())?;
    let want = hesse_run::run::<f64>(program, &bound.sizes, &bound.inputs).map_err(|e| e.to_string())?;
    let sizes: Vec<(&str, usize)> = program.sizes.iter().map(String::as_str).zip(bound.sizes.iter().copied()).collect();
    let inputs: Vec<&[f64]> = bound.inputs.iter().map(|a| &a.data[..]).collect();
    for (dense, tape) in [(true, true), (true, false), (false, true), (false, false)] {
        for constant in [vec![], program.inputs.iter().skip(1).map(|i| i.name.clone()).collect::<Vec<_>>()] {
            let options = BindOptions { dense, tape, constant: constant.clone(), ..BindOptions::default() };
            let mut m = Compiled::new(program.clone()).bind::<f64>(&sizes, &options).map_err(|e| e.to_string())?;
            m.fix(&inputs).map_err(|e| e.to_string())?;
            let mut buffers: Vec<Vec<f64>> = m.structures().iter().map(|s| vec![f64::NAN; s.values]).collect();
            for _ in 0..2 {
                let mut out: Vec<&mut [f64]> = buffers.iter_mut().map(|b| &mut b[..]).collect();
                m.call(&inputs, &mut out).map_err(|e| e.to_string())?;
            }
            for ((values, s), want) in buffers.iter().zip(m.structures()).zip(&want) {
                let mut all = vec![f64::NAN; want.data.len()];
                if s.is_dense() {
                    all.copy_from_slice(values);
                } else {
                    let mut expander = s.expander::<f64>().map_err(|e| e.to_string())?;
                    expander.call(&[values], &mut [&mut all]).map_err(|e| e.to_string())?;
                }
                if !close(&all, &want.data, 1e-11) {
                    return Err(format!(
                        "dense {dense}, tape {tape}, constant {constant:?}, {:?}: {all:?} is not {:?}",
                        s.form(),
                        want.data
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A program of an entry of the corpus, and where to run it: the value and what is derived of it.
struct Case {
    id: String,
    program: Program,
    at: Bindings,
}

/// Value, derivative, Hessian and products of every entry.
fn corpus() -> Vec<Case> {
    let points = points();
    let mut cases = vec![];
    let entries: Value = serde_json::from_str(&read("public.json")).expect("the corpus is JSON");
    for v in entries.as_array().expect("a list") {
        let id = text(v, "id").expect("id");
        let vars: Vec<(String, String)> =
            v["vars"].as_object().expect("vars").iter().map(|(n, t)| (n.clone(), t.as_str().expect("type").to_string())).collect();
        let (expr, domain) = (text(v, "expr").expect("expr"), text(v, "domain").unwrap_or_default());
        let formula = Formula::expression(&vars, &expr, &domain).unwrap_or_else(|e| panic!("{id}: {e}"));
        let (wrt, wrt2) = (text(v, "wrt").expect("wrt"), text(v, "wrt2"));
        let at = &points[&id];
        let request = |want| Request {
            want,
            wrt: vec![wrt.clone()],
            wrt2: wrt2.clone().filter(|_| matches!(want, Want::Hessian | Want::Hvp)),
            ..Request::default()
        };
        let mut asks = vec![Ask::Value(None)];
        let mut at = at.clone();
        for want in [Want::Derivative, Want::Hessian, Want::Hvp, Want::Jvp] {
            let request = request(want);
            let Ok(joint) = formula.joint(&[Ask::Derivative(request.clone())]) else { continue };
            if let Some(name) = &joint.results[0].direction {
                at.insert(name.clone(), direction(&at[wrt2.as_ref().filter(|_| want == Want::Hvp).unwrap_or(&wrt)]));
            }
            asks.push(Ask::Derivative(request));
        }
        let Ok(joint) = formula.joint(&asks) else { continue };
        cases.push(Case { id, program: joint.program, at });
    }
    cases
}

#[test]
fn the_corpus() {
    let (mut compared, mut wrong) = (0, vec![]);
    for Case { id, program, at } in corpus() {
        compared += 1;
        let done = std::panic::catch_unwind(|| scheduled(&program, &at)).unwrap_or_else(|_| Err("a panic".into()));
        if let Err(e) = done {
            wrong.push(format!("{id}: {}", e.chars().take(900).collect::<String>()));
        }
    }
    assert!(compared > 300, "{compared}");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether a result keeps to this when its inputs move by what f32 rounds away: otherwise no program in f32 can.
fn is_well_conditioned(program: &Program, sizes: &[usize], inputs: &[Array<f64>], want: &[Array<f64>]) -> bool {
    (1..=3).all(|seed| {
        let moved = |x: &f64, k: usize| x * (1.0 + f64::from(f32::EPSILON) * (((k * 7 + seed * 5) % 9) as f64 - 4.0) / 4.0);
        let inputs: Vec<Array<f64>> =
            inputs.iter().map(|a| Array::new(a.shape.clone(), a.data.iter().enumerate().map(|(k, x)| moved(x, k)).collect())).collect();
        let at = hesse_run::run::<f64>(program, sizes, &inputs);
        at.is_ok_and(|at| at.iter().zip(want).all(|(a, b)| close(&a.data, &b.data, 1e-4)))
    })
}

/// What is wrong with the schedule of a program in f32; nothing is said where f32 cannot tell.
fn single(program: &Program, at: &Bindings) -> Result<bool, String> {
    let bound = hesse_run::bind(program, at, &BTreeMap::new()).map_err(|e| e.to_string())?;
    let rounded: Vec<Array<f32>> = bound.inputs.iter().map(|a| a.map(|x| x as f32)).collect();
    let inputs: Vec<Array<f64>> = rounded.iter().map(|a| a.map(f64::from)).collect();
    let want = hesse_run::run::<f64>(program, &bound.sizes, &inputs).map_err(|e| e.to_string())?;
    // Intermediate results of more than f32 holds, and results that its rounding moves.
    let large = |a: &Array<f64>| a.data.iter().any(|x| !x.is_finite() || x.abs() > 1e15);
    if want.iter().any(large) || !is_well_conditioned(program, &bound.sizes, &inputs, &want) {
        return Ok(false);
    }
    let sizes: Vec<(&str, usize)> = program.sizes.iter().map(String::as_str).zip(bound.sizes.iter().copied()).collect();
    let inputs: Vec<&[f32]> = rounded.iter().map(|a| &a.data[..]).collect();
    for tape in [true, false] {
        let options = BindOptions { tape, ..BindOptions::default() };
        let mut m = Compiled::new(program.clone()).bind::<f32>(&sizes, &options).map_err(|e| e.to_string())?;
        let mut buffers: Vec<Vec<f32>> = m.structures().iter().map(|s| vec![f32::NAN; s.values]).collect();
        let mut out: Vec<&mut [f32]> = buffers.iter_mut().map(|b| &mut b[..]).collect();
        m.call(&inputs, &mut out).map_err(|e| e.to_string())?;
        for ((values, s), want) in buffers.iter().zip(m.structures()).zip(&want) {
            let mut all = vec![f32::NAN; want.data.len()];
            s.to_dense_into(values, &mut all).map_err(|e| e.to_string())?;
            let all: Vec<f64> = all.into_iter().map(f64::from).collect();
            if !close(&all, &want.data, 2e-3) {
                return Err(format!("tape {tape}, {}: {all:?} is not {:?}", s.form(), want.data));
            }
        }
    }
    Ok(true)
}

#[test]
fn the_corpus_in_single_precision() {
    let (mut compared, mut skipped, mut wrong) = (0, 0, vec![]);
    for Case { id, program, at } in corpus() {
        match single(&program, &at) {
            Ok(true) => compared += 1,
            Ok(false) => skipped += 1,
            Err(e) => wrong.push(format!("{id}: {}", e.chars().take(600).collect::<String>())),
        }
    }
    println!("{compared} compared, {skipped} skipped");
    assert!(compared > 9 * skipped, "{compared} compared, {skipped} skipped");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}
