//! The one file that knows how hesse computes: a text and what is asked of it are compiled, bound to numbers, called.
//!
//! Today: the plain interpreter of `hesse-run`, one program after the other, every value dense.

use hesse::program::program::Program;
use hesse::{Derived, Diagnostic, Error, Formula, Request, Span, Want};
use hesse_data::Tensor;
use hesse_run::{Array, Bindings, bind, evaluate, run};
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
    fn program(self, formula: &Formula) -> Result<Program, Error> {
        let (wrt, want) = match self {
            Ask::Value => return formula.stable_program(None),
            Ask::Gradients(names) => (names, Want::Gradient),
            Ask::Jacobian(name) => (&[name][..], Want::Jacobian),
            Ask::Hessian(name) => (&[name][..], Want::Hessian),
            Ask::HessianVector(name) => (&[name][..], Want::Hvp),
        };
        let wrt = wrt.iter().map(|name| name.to_string()).collect();
        formula.differentiate(&Request { wrt, want, ..Request::default() })?.program()
    }
}

/// A result of a call.
pub type Output = Array<f64>;

/// A formula with what is asked of it, ready for inputs of any size.
#[derive(Clone, Debug)]
pub struct Compiled {
    programs: Vec<Program>,
}

impl Compiled {
    /// Reads the text and derives.
    ///
    /// # Errors
    /// What is wrong with the text, or cannot be derived.
    pub fn new(text: &str, asks: &[Ask]) -> Result<Compiled, Error> {
        let formula = Formula::parse(text, false)?;
        let programs = asks.iter().map(|ask| ask.program(&formula)).collect::<Result<_, _>>()?;
        Ok(Compiled { programs })
    }

    /// Takes numbers for the inputs, and with them all sizes. The worker calls with the same numbers again and again: what depends on
    /// none that changes could be done here, once.
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
        let mut parts = vec![];
        for program in &self.programs {
            let bound = bind(program, &values, &BTreeMap::new())?;
            refuse_large(program, &bound.sizes)?;
            parts.push(Part { program: program.clone(), sizes: bound.sizes, inputs: bound.inputs });
        }
        Ok(Bound { parts, outputs: vec![] })
    }
}

/// The most entries of one value.
const LARGEST: usize = 1 << 26;

fn refuse_large(program: &Program, sizes: &[usize]) -> Result<(), Error> {
    for step in &program.steps {
        let count = step.axes.iter().map(|a| a.bind(sizes)).try_fold(1usize, |n, size| n.checked_mul(size?));
        if count.is_none_or(|count| count > LARGEST) {
            let entries = count.map_or("too many".into(), |n| n.to_string());
            let text = format!("a value of {entries} entries would be held dense; the limit is {LARGEST}");
            return Err(Diagnostic::error("E602", Span::default(), text).into());
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Part {
    program: Program,
    sizes: Vec<usize>,
    inputs: Vec<Array<f64>>,
}

/// A program with its numbers.
#[derive(Debug)]
pub struct Bound {
    parts: Vec<Part>,
    outputs: Vec<Output>,
}

impl Bound {
    /// Computes all that was asked, in its order; gradients by the order of their variables.
    ///
    /// # Errors
    /// What the interpreter refuses.
    pub fn call(&mut self) -> Result<&[Output], Error> {
        self.outputs.clear();
        for part in &self.parts {
            self.outputs.extend(run(&part.program, &part.sizes, &part.inputs)?);
        }
        Ok(&self.outputs)
    }
}

/// What was derived, at these numbers.
///
/// # Errors
/// As [`Compiled::bind`] and [`Bound::call`].
pub fn value(derived: &Derived, inputs: &Inputs) -> Result<Vec<Output>, Error> {
    evaluate(&derived.program()?, &inputs.bindings())
}

/// The diagonal of a square result.
pub fn diagonal(j: &Output) -> Output {
    let n = j.shape[0];
    Array::new(vec![n], (0..n).map(|i| j.data[i * n + i]).collect())
}

/// J·v and Jᵀ·u of a result with rows and columns.
pub fn products(j: &Output, v: &[f64], u: &[f64]) -> [Output; 2] {
    let (rows, cols) = (j.shape[0], j.shape[1]);
    let mut across = vec![0.0; rows];
    let mut down = vec![0.0; cols];
    for (i, row) in j.data.chunks_exact(cols.max(1)).enumerate() {
        across[i] = row.iter().zip(v).map(|(a, b)| a * b).sum();
        for (to, a) in down.iter_mut().zip(row) {
            *to += a * u[i];
        }
    }
    [Array::new(vec![rows], across), Array::new(vec![cols], down)]
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
