//! The one file that knows how hesse computes: a text and what is asked of it are compiled, bound to numbers, called.

use hesse::{Derived, Error, Formula, Joint, Request, Want};
use hesse_data::Tensor;
use hesse_run::compile::{BindOptions, Bound as Program, Compiled as Plan};
use hesse_run::structure::Structure;
use hesse_run::{Array, Bindings, bind, evaluate};
use std::collections::BTreeMap;

/// What is asked of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Its value.
    Value,
    /// The gradients of a scalar by these variables.
    Gradients(&'static [&'static str]),
    /// The Jacobian of a vector by a variable.
    Jacobian(&'static str),
    /// The Hessian of a scalar by a variable.
    Hessian(&'static str),
    /// The product of that Hessian with the direction that the inputs call `v`.
    HessianVector(&'static str),
}

impl Ask {
    fn joint(self) -> hesse::Ask {
        let (wrt, want) = match self {
            Ask::Value => return hesse::Ask::Value(None),
            Ask::Gradients(names) => (names, Want::Gradient),
            Ask::Jacobian(name) => (&[name][..], Want::Jacobian),
            Ask::Hessian(name) => (&[name][..], Want::Hessian),
            Ask::HessianVector(name) => (&[name][..], Want::Hvp),
        };
        let wrt = wrt.iter().map(|name| name.to_string()).collect();
        hesse::Ask::Derivative(Request { wrt, want, ..Request::default() })
    }
}

/// An array in full.
pub type Output = Array<f64>;

/// A formula with what is asked of it, ready for inputs of any size.
#[derive(Clone, Debug)]
pub struct Compiled {
    joint: Joint,
    dense: bool,
}

impl Compiled {
    /// Reads the text and derives. With `dense`, results are written out entry by entry.
    ///
    /// # Errors
    /// What is wrong with the text, or cannot be derived.
    pub fn new(text: &str, asks: &[Ask], dense: bool) -> Result<Compiled, Error> {
        let formula = Formula::parse(text, false)?;
        let asks: Vec<hesse::Ask> = asks.iter().map(|a| a.joint()).collect();
        Ok(Compiled { joint: formula.joint(&asks)?, dense })
    }

    /// Takes numbers for the inputs, and with them all sizes. Nothing is taken to be constant: every call computes everything.
    ///
    /// # Errors
    /// A missing input, a wrong shape, a value too large to be held dense.
    pub fn bind(&self, inputs: &Inputs) -> Result<Bound, Error> {
        let mut values = inputs.bindings();
        // A direction by a matrix is called d and its name.
        if let Some(v) = values.get("v").cloned() {
            let names: Vec<String> = values.keys().map(|name| format!("d{name}")).collect();
            for name in names {
                values.entry(name).or_insert_with(|| v.clone());
            }
        }
        let program = &self.joint.program;
        let bound = bind(program, &values, &BTreeMap::new())?;
        let sizes: Vec<(&str, usize)> = program.sizes.iter().map(String::as_str).zip(bound.sizes.iter().copied()).collect();
        let rows = self.joint.results.iter().map(|r| r.rows).collect();
        let options = BindOptions { dense: self.dense, rows, ..BindOptions::default() };
        let program = Plan::new(program.clone()).bind::<f64>(&sizes, &options)?;
        let outputs = program.structures().iter().map(|s| vec![0.0; s.values]).collect();
        Ok(Bound { program, inputs: bound.inputs, outputs })
    }
}

/// A program with its numbers.
#[derive(Debug)]
pub struct Bound {
    program: Program<f64>,
    inputs: Vec<Array<f64>>,
    outputs: Vec<Vec<f64>>,
}

impl Bound {
    /// Computes all that was asked, in its order; gradients by the order of their variables.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn call(&mut self) -> Result<(), Error> {
        let Bound { program, inputs, outputs } = self;
        if inputs.len() <= 8 && outputs.len() <= 8 {
            call_of::<8>(program, inputs, outputs)
        } else {
            call_of::<64>(program, inputs, outputs)
        }
    }

    /// The results of the last call: what they are and their values.
    pub fn results(&self) -> Vec<(&Structure, &[f64])> {
        self.program.structures().iter().zip(self.outputs.iter().map(|o| &o[..])).collect()
    }
}

/// A call with up to N arrays on either side.
fn call_of<const N: usize>(program: &mut Program<f64>, inputs: &[Array<f64>], outputs: &mut [Vec<f64>]) -> Result<(), Error> {
    let (reads, writes) = (inputs.len(), outputs.len());
    let mut slices: [&[f64]; N] = [&[]; N];
    for (to, a) in slices.iter_mut().zip(inputs) {
        *to = &a.data;
    }
    let mut buffers: [&mut [f64]; N] = std::array::from_fn(|_| &mut [][..]);
    for (to, o) in buffers.iter_mut().zip(outputs.iter_mut()) {
        *to = o;
    }
    Ok(program.call(&slices[..reads], &mut buffers[..writes])?)
}

/// All entries of a result.
///
/// # Errors
/// More than an array may hold.
pub fn entries(structure: &Structure, values: &[f64]) -> Result<Output, Error> {
    let (rows, columns) = structure.sides();
    let shape = if structure.shape.len() < 2 { structure.shape.clone() } else { vec![rows, columns] };
    if structure.is_dense() {
        return Ok(Array::new(shape, values.to_vec()));
    }
    let mut data = vec![0.0; rows * columns];
    structure.expander::<f64>()?.call(&[values], &mut [&mut data])?;
    Ok(Array::new(shape, data))
}

/// What was derived, at these numbers.
///
/// # Errors
/// As [`Compiled::bind`] and [`Bound::call`].
pub fn value(derived: &Derived, inputs: &Inputs) -> Result<Vec<Output>, Error> {
    evaluate(&derived.program()?, &inputs.bindings())
}

/// The diagonal of a square result.
///
/// # Errors
/// More entries than an array may hold.
pub fn diagonal(structure: &Structure, values: &[f64]) -> Result<Output, Error> {
    let n = structure.sides().0;
    if structure.values == n && structure.terms.len() == 1 && structure.terms[0].coefficient == 1.0 {
        return Ok(Array::new(vec![n], values.to_vec()));
    }
    let all = entries(structure, values)?;
    Ok(Array::new(vec![n], (0..n).map(|i| all.data[i * n + i]).collect()))
}

/// J·v and Jᵀ·u of a result with rows and columns.
///
/// # Errors
/// More entries than an array may hold.
pub fn products(structure: &Structure, values: &[f64], v: &[f64], u: &[f64]) -> Result<[Output; 2], Error> {
    let (rows, columns) = structure.sides();
    let (mut across, mut down) = (vec![0.0; rows], vec![0.0; columns]);
    structure.multiplier::<f64>(false)?.call(&[values, v], &mut [&mut across])?;
    structure.multiplier::<f64>(true)?.call(&[values, u], &mut [&mut down])?;
    Ok([Array::new(vec![rows], across), Array::new(vec![columns], down)])
}

/// Arrays by name.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// As they were read.
    pub arrays: BTreeMap<String, Tensor>,
}

impl Inputs {
    fn bindings(&self) -> Bindings {
        self.arrays.iter().map(|(name, t)| (name.clone(), tensor(t))).collect()
    }
}

fn tensor(t: &Tensor) -> hesse_run::Tensor {
    match t.shape[..] {
        [rows, cols] => hesse_run::Tensor::matrix(rows, cols, t.data.clone()),
        [] => hesse_run::Tensor::scalar(t.data[0]),
        _ => hesse_run::Tensor::flat(t.data.clone()),
    }
}
