//! The results of a derivation, against nested dual numbers through the formula as the user wrote it: pieces play no part in it.

use super::line::{Both, alike, number, permuted};
use super::pattern;
use super::point::{Numbers, Point, Trouble};
use super::reader::{Reader, Sizes, Text};
use crate::array::Array;
use crate::check::{MAX_ORDER, by_position};
use crate::dual::Dual;
use crate::interpret::{run_traced, shape};
use crate::random::Random;
use crate::scalar::Scalar;
use crate::trace::Trace;
use hesse::calculus::derivation::Outcome;
use hesse::facts::properties::PROPERTIES;
use hesse::program::program::Program;
use hesse::{Derivation, Formula};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A result, ready to be asked.
pub(super) struct Printed {
    text: Rc<Text>,
    order: Vec<usize>,
    shape: Vec<Rc<Text>>,
    pattern: String,
    /// The variables of each differentiation; several scalars side by side share one.
    slots: Vec<Vec<String>>,
    /// The projection onto matrices of a structure, of a matrix `G`.
    projection: Option<&'static str>,
}

/// Reads a result. An error is a defect of the derivation.
pub(super) fn prepare(reader: &mut Reader, derivation: &Derivation, outcome: &Outcome) -> Result<Printed, String> {
    let text = reader.tree(&derivation.syntax, outcome.tree)?;
    let shape = outcome.shape.iter().map(|size| reader.size(size)).collect::<Result<_, _>>()?;
    let side_by_side = derivation.problem.order <= 1 && outcome.wrt.len() > 1;
    let slots: Vec<Vec<String>> =
        if side_by_side { vec![outcome.wrt.clone()] } else { outcome.wrt.iter().map(|name| vec![name.clone()]).collect() };
    let projection = match &derivation.problem.structure {
        None => None,
        Some(name) => {
            let row = PROPERTIES.iter().find(|p| p.name == name && !p.project.is_empty());
            Some(row.ok_or_else(|| format!("`{name}` is no structure"))?.project)
        }
    };
    match slots.iter().flatten().find(|name| !reader.knows(name)) {
        Some(name) => Err(format!("`{name}` is no variable")),
        None => Ok(Printed { text, order: outcome.order.clone(), shape, pattern: outcome.pattern.clone(), slots, projection }),
    }
}

impl Printed {
    /// The printed result along random directions, and the formula's own derivative along them.
    pub fn both(&self, primal: &Program, point: &Point<'_>, random: &mut Random) -> Result<Both, Trouble> {
        if self.slots.is_empty() || self.slots.len() > MAX_ORDER {
            return Err(Trouble::Unusable(format!("a derivative of order {} is not checked", self.slots.len())));
        }
        let printed = point.value(&self.text, &|_| None)?;
        self.as_said(&printed, point)?;
        let target = value(primal, &point.values, &point.sizes)?;
        let mut natural = target.shape.clone();
        let mut directions = vec![];
        for slot in &self.slots {
            let axes = match &slot[..] {
                [name] => point.values[name].shape.clone(),
                several => vec![several.len()],
            };
            let mut data: Vec<f64> = (0..axes.iter().product()).map(|_| random.normal()).collect();
            let norm = data.iter().map(|x| x * x).sum::<f64>().sqrt();
            data.iter_mut().for_each(|x| *x /= norm);
            natural.extend(axes);
            directions.push(data);
        }
        let tensor = self.tensor(&printed, &natural)?;
        let mut left = tensor.data;
        for d in directions.iter().rev() {
            left = left.chunks(d.len().max(1)).map(|row| row.iter().zip(d).map(|(x, d)| x * d).sum()).collect();
        }
        if let (Some(projection), [direction], [.., n]) = (self.projection, &mut directions[..], &natural[..]) {
            // The printed result is P(G), and ⟨P(G), E⟩ = ⟨G, P(E)⟩: every projection of the table is its own adjoint.
            *direction = projected(projection, direction, *n)?;
        }
        let (values, sizes) = (&point.values, &point.sizes);
        let value = match directions.len() {
            1 => moved::<Dual<f64>>(primal, values, sizes, &self.slots, &directions),
            2 => moved::<Dual<Dual<f64>>>(primal, values, sizes, &self.slots, &directions),
            3 => moved::<Dual<Dual<Dual<f64>>>>(primal, values, sizes, &self.slots, &directions),
            _ => moved::<Dual<Dual<Dual<Dual<f64>>>>>(primal, values, sizes, &self.slots, &directions),
        }?;
        Ok(Both { left, right: value.data, peak: printed.peak.max(value.peak), seen: (0, 0) })
    }

    /// Rows and columns are those that the result says.
    fn as_said(&self, printed: &Numbers, point: &Point<'_>) -> Result<(), Trouble> {
        let said = self.shape.iter().map(|size| number(size, point)).collect::<Result<Vec<_>, _>>()?;
        match (&said[..], self.text.face(&point.sizes)) {
            ([r, c], Some(face)) if face != (*r, *c) => {
                Err(Trouble::Broken(format!("the result says {r}×{c}, its text is {}×{}", face.0, face.1)))
            }
            ([_, c], Some(_)) if !pattern::fits(&self.pattern, &printed.data, *c, printed.peak) => {
                Err(Trouble::Broken(format!("the result is said to be {}", self.pattern)))
            }
            _ => Ok(()),
        }
    }

    /// The printed numbers with the axes of the target, then of the variables.
    fn tensor(&self, printed: &Numbers, shape: &[usize]) -> Result<Numbers, Trouble> {
        let rank = shape.len();
        let order: Vec<usize> = if self.order.is_empty() { (0..rank).collect() } else { self.order.clone() };
        let mut inverse = vec![usize::MAX; rank];
        for (k, axis) in order.iter().enumerate() {
            *inverse.get_mut(*axis).ok_or_else(|| Trouble::Broken(format!("{order:?} is no order of {rank} axes")))? = k;
        }
        let laid: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
        if order.len() != rank || !alike(&printed.shape, &laid) {
            return Err(Trouble::Broken(format!("the printed result is {:?}, the derivative {laid:?}", printed.shape)));
        }
        permuted(&Numbers { shape: laid, ..printed.clone() }, &inverse)
    }
}

/// A square matrix of this many rows in a formula of `G`.
fn projected(formula: &str, matrix: &[f64], n: usize) -> Result<Vec<f64>, Trouble> {
    let broken = |e: hesse::Error| Trouble::Broken(e.first().message.clone());
    let read = Formula::expression(&[("G".into(), format!("matrix({n}, {n})"))], formula, "").map_err(broken)?;
    let program = read.program(None).map_err(broken)?;
    let values = BTreeMap::from([("G".to_string(), Array { shape: vec![n, n], data: matrix.to_vec() })]);
    Ok(value(&program, &values, &Sizes::new())?.data)
}

/// The formula with the variables of each slot moving along its direction: its highest derivative.
fn moved<T: Scalar>(
    primal: &Program,
    values: &BTreeMap<String, Array<f64>>,
    sizes: &Sizes,
    slots: &[Vec<String>],
    directions: &[Vec<f64>],
) -> Result<Numbers, Trouble> {
    let at = by_position(primal, sizes);
    let mut inputs: Vec<Array<T>> = vec![];
    for input in &primal.inputs {
        let value = values.get(&input.name).ok_or_else(|| Trouble::Broken(format!("`{}` has no value", input.name)))?;
        let seed = |k: usize| -> T {
            let mut seeds = [0.0; MAX_ORDER];
            for ((seed, slot), d) in seeds.iter_mut().zip(slots).zip(directions) {
                *seed = match slot.iter().position(|name| *name == input.name) {
                    Some(0) if slot.len() == 1 => d[k],
                    Some(column) => d[column],
                    None => 0.0,
                };
            }
            T::seeded(value.data[k], &seeds[..T::ORDER])
        };
        // A declaration may leave out an axis of size 1 that was inferred.
        inputs.push(Array { shape: shape(&input.axes, &at)?, data: (0..value.len()).map(seed).collect() });
    }
    let mut trace = Trace::default();
    let value = run_traced(primal, &at, &inputs, &mut trace)?.remove(0);
    Ok(Numbers { shape: value.shape, data: value.data.iter().map(|x| x.top()).collect(), peak: trace.peak })
}

/// The formula as written.
pub(super) fn value(primal: &Program, values: &BTreeMap<String, Array<f64>>, sizes: &Sizes) -> Result<Numbers, Trouble> {
    moved::<f64>(primal, values, sizes, &[], &[])
}

/// Its derivative by a variable: axes of the formula, then of the variable.
pub(super) fn jacobian(primal: &Program, point: &Point<'_>, by: &str) -> Result<Numbers, Trouble> {
    let x = point.values.get(by).ok_or_else(|| Trouble::Broken(format!("`{by}` has no value")))?;
    let mut columns = vec![];
    for k in 0..x.len() {
        let mut direction = vec![0.0; x.len()];
        direction[k] = 1.0;
        columns.push(moved::<Dual<f64>>(primal, &point.values, &point.sizes, &[vec![by.to_string()]], &[direction])?);
    }
    let rows = columns.first().map_or(0, |c| c.data.len());
    let data = (0..rows).flat_map(|row| columns.iter().map(move |c| c.data[row])).collect();
    let shape = [columns.first().map_or(vec![], |c| c.shape.clone()), x.shape.clone()].concat();
    Ok(Numbers { shape, data, peak: columns.iter().fold(0.0, |m, c| m.max(c.peak)) })
}
