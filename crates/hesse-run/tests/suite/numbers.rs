//! Points at which formulas and derivatives are compared: sizes and values by name, drawn by what the formula declares or given by a case.

use crate::book::{Point, Rows};
use hesse::calculus::model::Model;
use hesse::program::program::{Op, Program};
use hesse_run::interpret::shape;
use hesse_run::probe::{SizeKind, draw, draw_sizes};
use hesse_run::random::Random;
use hesse_run::{Array, Bindings, ProbeInput, RunError, Tensor, bind, run};
use std::collections::BTreeMap;

/// Two values are the same if they differ by no more than this, relative to the larger one.
const LIMIT: f64 = 1e-8;
/// No derivative of a case is larger than this at a point.
const MAX_ELEMENTS: usize = 1 << 16;

/// Sizes and values by name.
#[derive(Clone)]
pub struct Place {
    sizes: BTreeMap<String, usize>,
    values: BTreeMap<String, Array<f64>>,
}

/// What the probes must respect.
pub fn probe_inputs(model: &Model) -> Vec<ProbeInput> {
    model.inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect()
}

fn by_position(program: &Program, sizes: &BTreeMap<String, usize>) -> Vec<usize> {
    program.sizes.iter().map(|n| sizes.get(n).copied().unwrap_or(1)).collect()
}

impl Place {
    /// A random place for all inputs of these programs, at which the first one is finite.
    pub fn draw(programs: &[&Program], inputs: &[ProbeInput], kind: SizeKind, random: &mut Random) -> Option<Place> {
        let mut names: Vec<String> = vec![];
        for name in programs.iter().flat_map(|p| &p.sizes) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let fits = |sizes: &BTreeMap<String, usize>| {
            programs.iter().all(|p| {
                let sizes = by_position(p, sizes);
                p.steps.iter().all(|s| shape(&s.axes, &sizes).is_ok_and(|s| s.iter().product::<usize>() <= MAX_ELEMENTS))
            })
        };
        for attempt in 0..80 {
            let sizes = draw_sizes(&names, &[], kind, &fits, random)?;
            let mut place = Place { sizes, values: BTreeMap::new() };
            for program in programs {
                for input in &program.inputs {
                    if !place.values.contains_key(&input.name) {
                        let shape = shape(&input.axes, &by_position(program, &place.sizes)).ok()?;
                        let properties = inputs.iter().find(|i| i.name == input.name).map_or(&[][..], |i| &i.properties);
                        place.values.insert(input.name.clone(), draw(input.rows, &shape, properties, attempt, random));
                    }
                }
            }
            if place.run(programs[0]).is_ok_and(|a| a.data.iter().all(|x| x.is_finite() && x.abs() < 1e6)) {
                return Some(place);
            }
        }
        None
    }

    /// The entries of an input.
    pub fn value(&self, name: &str) -> Option<&[f64]> {
        self.values.get(name).map(|a| a.data.as_slice())
    }

    /// A size; 1 for a name that nothing here has.
    pub fn size(&self, name: &str) -> usize {
        self.sizes.get(name).copied().unwrap_or(1)
    }

    /// Other values at the same sizes.
    pub fn again(&self, programs: &[&Program], inputs: &[ProbeInput], attempt: usize, random: &mut Random) -> Place {
        let mut place = self.clone();
        for input in programs.iter().flat_map(|p| &p.inputs) {
            let properties = inputs.iter().find(|i| i.name == input.name).map_or(&[][..], |i| &i.properties);
            if let Some(value) = place.values.get_mut(&input.name) {
                *value = draw(input.rows, &value.shape.clone(), properties, attempt, random);
            }
        }
        place
    }

    /// The value of a program here.
    pub fn run(&self, program: &Program) -> Result<Array<f64>, String> {
        let missing = program.inputs.iter().find(|i| !self.values.contains_key(&i.name));
        if let Some(input) = missing {
            return Err(format!("`{}` has no value", input.name));
        }
        // A size m*n is a list of two axes, in the order in which the formula needs them: the entries are the same.
        let sizes = by_position(program, &self.sizes);
        let arrays: Vec<Array<f64>> = program
            .inputs
            .iter()
            .map(|i| Ok(Array::new(shape(&i.axes, &sizes)?, self.values[&i.name].data.clone())))
            .collect::<Result<_, _>>()
            .map_err(|e: RunError| e.to_string())?;
        let mut outputs = run(program, &sizes, &arrays).map_err(|e| e.to_string())?;
        Ok(outputs.remove(0))
    }
}

/// The value of a program at a point that a case gives. Inputs that the point leaves out may be those that no step reads.
pub fn at(program: &Program, point: &Point) -> Result<Array<f64>, String> {
    let bindings: Bindings = point.values.iter().map(|(name, rows)| (name.clone(), tensor(rows))).collect();
    let mut program = program.clone();
    let all = std::mem::take(&mut program.inputs);
    let mut place = vec![0; all.len()];
    let read: Vec<usize> = program.steps.iter().filter_map(|s| if let Op::Input(k) = s.op { Some(k) } else { None }).collect();
    for (k, input) in all.into_iter().enumerate() {
        if read.contains(&k) || bindings.contains_key(&input.name) {
            place[k] = program.inputs.len();
            program.inputs.push(input);
        }
    }
    for step in &mut program.steps {
        if let Op::Input(k) = &mut step.op {
            *k = place[*k];
        }
    }
    // A size that no input has is of no consequence here.
    let has = |k: usize| program.inputs.iter().flat_map(|i| &i.axes).flat_map(|a| &a.terms).any(|(names, _)| names.contains(&k));
    let given = program.sizes.iter().enumerate().filter(|(k, _)| !has(*k)).map(|(_, name)| (name.clone(), 1)).collect();
    let bound = bind(&program, &bindings, &given).map_err(|e| e.to_string())?;
    Ok(run(&program, &bound.sizes, &bound.inputs).map_err(|e| e.to_string())?.remove(0))
}

fn tensor(rows: &Rows) -> Tensor {
    let data: Vec<f64> = rows.concat();
    match (rows.len(), rows[0].len()) {
        (1, 1) => Tensor::scalar(data[0]),
        (1, _) | (_, 1) => Tensor::flat(data),
        (m, n) => Tensor::matrix(m, n, data),
    }
}

/// Rows and columns of an array whose first axes make up the rows.
pub fn rows_and_columns(a: &Array<f64>, row_axes: usize) -> (usize, usize) {
    let (rows, columns) = a.shape.split_at(row_axes.min(a.shape.len()));
    (rows.iter().product(), columns.iter().product())
}

/// Whether two lists of entries are the same numbers; not finite only where the other is the same.
pub fn same(a: &[f64], b: &[f64]) -> bool {
    let scale = a.iter().chain(b).filter(|x| x.is_finite()).fold(1e-3, |m: f64, x| m.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= LIMIT * scale || x == y || (x.is_nan() && y.is_nan()))
}

/// Entries of a rows × columns matrix, transposed.
pub fn transposed(a: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| a[i * columns + j])).collect()
}
