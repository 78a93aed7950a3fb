//! A point: numbers for the inputs of a formula, and what its definitions and derivatives are there.

use crate::binding::Bound;
use hesse::calculus::complaint::type_text;
use hesse::calculus::model::{Condition, Input, Model};
use hesse::program::program::{self, Program, Size, StableForm};
use hesse::syntax::suggest::nearest;
use hesse::tensor::{Dim, Shape, dim::Dims};
use hesse::{Derivative, Diagnostic, Error, Formula, Part, Span};
use hesse_run::bind::{self, Tensor};
use hesse_run::{Array, Bindings};
use std::collections::BTreeMap;

/// Values of inputs and numbers of sizes.
pub struct Point {
    bindings: Bindings,
    /// Numbers of sizes by name.
    pub sizes: BTreeMap<String, usize>,
}

impl Point {
    /// Gives values to inputs of a formula. Sizes follow from the arrays; then what is filled with one number gets its shape.
    pub fn new(model: &Model, values: &[(String, Bound)]) -> Result<Point, Error> {
        let dims = &model.pool.dims;
        let mut bindings = Bindings::new();
        let mut filled = vec![];
        // A program that only reads: to bind it is to learn the sizes.
        let mut reads = Program::default();
        for (name, value) in values {
            let input = input(model, name)?;
            match value {
                Bound::Array(array) => {
                    bindings.insert(name.clone(), oriented(input, array)?);
                    let axes = input.shape.axes().into_iter().map(|d| size(d, dims, &mut reads.sizes)).collect();
                    reads.inputs.push(program::Input { name: name.clone(), rows: input.shape.rows.len(), axes });
                }
                Bound::Filled(x) => filled.push((input, *x)),
            }
        }
        let bound = bind::bind(&reads, &bindings, &BTreeMap::new())?;
        let sizes: BTreeMap<String, usize> = reads.sizes.into_iter().zip(bound.sizes).collect();
        for (input, x) in filled {
            let side = |axes: &[Dim]| -> Result<usize, Error> {
                axes.iter().try_fold(1usize, |n, &d| Ok(n.saturating_mul(length(d, dims, &sizes, input)?)))
            };
            let (rows, cols) = (side(&input.shape.rows)?, side(&input.shape.cols)?);
            bindings.insert(input.name.clone(), Tensor::matrix(rows, cols, vec![x; rows.saturating_mul(cols)]));
        }
        Ok(Point { bindings, sizes })
    }

    /// The values by name.
    pub fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// The inputs of a model that have values, as arrays.
    pub fn arrays(&self, model: &Model) -> Result<Vec<(String, Array<f64>)>, Error> {
        let mut out = vec![];
        for i in &model.inputs {
            let Some(t) = self.bindings.get(&i.name) else { continue };
            let shape = match (i.shape.rows.is_empty(), i.shape.cols.is_empty()) {
                (true, true) => vec![],
                (false, false) => vec![t.rows, t.cols],
                _ => vec![t.data.len()],
            };
            out.push((i.name.clone(), Array::new(shape, t.data.clone())));
        }
        Ok(out)
    }

    /// An error that names every input that the programs read and that has no value.
    pub fn covers(&self, model: &Model, programs: &[&Program]) -> Result<(), Error> {
        let read = |name: &str| programs.iter().any(|p| p.inputs.iter().any(|i| i.name == name));
        let missing: Vec<&Input> = model.inputs.iter().filter(|i| !self.bindings.contains_key(&i.name) && read(&i.name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let named = |i: &&Input| format!("`{}`: {}", i.name, type_text(&model.pool.dims, &i.shape));
        let names = missing.iter().map(named).collect::<Vec<_>>().join(", ");
        let message = format!("no value for {names}");
        Err(Diagnostic::error("E501", Span::default(), message)
            .help(format!("{0}=FILE, {0}=0.5, {0}=[1;2;3] or {0}=zeros", missing[0].name))
            .into())
    }

    /// The only output of a program here.
    pub fn run(&self, program: &Program) -> Result<Array<f64>, Error> {
        let outputs = self.outputs(program)?;
        outputs.into_iter().next().ok_or_else(|| Diagnostic::error("E700", Span::default(), "the program has no output").into())
    }

    /// The outputs of a program here.
    pub fn outputs(&self, program: &Program) -> Result<Vec<Array<f64>>, Error> {
        let bound = bind::bind(program, &self.bindings, &self.sizes)?;
        Ok(hesse_run::run(program, &bound.sizes, &bound.inputs)?)
    }

    /// What a condition is about, here; nothing if it is about nothing that has a value, or an input has none.
    pub fn subjects(&self, formula: &Formula, condition: &Condition) -> Result<Vec<Array<f64>>, Error> {
        match formula.condition_program(condition)? {
            Some(program) if self.covers(formula.model(), &[&program]).is_ok() => self.outputs(&program),
            _ => Ok(vec![]),
        }
    }

    /// A definition by name, the last one if `None`: a scalar, or rows × columns; and the stable forms that it was computed by.
    pub fn definition(&self, formula: &Formula, name: Option<&str>) -> Result<(Array<f64>, Vec<StableForm>), Error> {
        let program = formula.stable_program(name)?;
        self.covers(formula.model(), &[&program])?;
        let array = self.run(&program)?;
        let definition = match name {
            Some(name) => formula.model().definitions.iter().find(|d| d.name == name),
            None => formula.model().definitions.last(),
        };
        let array = match definition {
            Some(d) => laid_out(array, &d.shape),
            None => array,
        };
        Ok((array, program.forms))
    }

    /// A derivative: a scalar, rows × columns in its layout, or for orders 3 and 4 an axis for each side of the function, then of the variables;
    /// and the stable forms that it was computed by.
    pub fn derivative(&self, formula: &Formula, derivative: &Derivative, part: usize) -> Result<(Array<f64>, Vec<StableForm>), Error> {
        let of = &derivative.parts[part];
        let matrix = of.shape_text.len() == 2;
        let program = if matrix { derivative.program(part)? } else { derivative.tensor_program(part)? };
        self.covers(formula.model(), &[&program])?;
        let array = self.run(&program)?;
        let array = if matrix { laid_out(array, &of.shape) } else { grouped(array, &sides(formula.model(), of)) };
        Ok((array, program.forms))
    }
}

/// The input of that name.
fn input<'a>(model: &'a Model, name: &str) -> Result<&'a Input, Error> {
    model.inputs.iter().find(|i| i.name == name).ok_or_else(|| {
        let names = || model.inputs.iter().map(|i| i.name.as_str());
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the inputs are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Diagnostic::error("E401", Span::default(), format!("the formula has no input `{name}`")).help(help).into()
    })
}

/// An array as a value of an input. A list is a column or a row, whichever is declared, and so is an array with one row or one column.
fn oriented(input: &Input, array: &hesse_data::Tensor) -> Result<Tensor, Error> {
    let line = input.shape.rows.is_empty() != input.shape.cols.is_empty();
    match array.shape.as_slice() {
        [] => Ok(Tensor::scalar(array.data[0])),
        [_] => Ok(Tensor::flat(array.data.clone())),
        [1, _] | [_, 1] if line => Ok(Tensor::flat(array.data.clone())),
        [rows, cols] => Ok(Tensor::matrix(*rows, *cols, array.data.clone())),
        _ => {
            let message = format!("`{}` has the shape {}: values have rows and columns only", input.name, array.shape_text());
            Err(Diagnostic::error("E501", Span::default(), message).into())
        }
    }
}

/// A size of the engine as a size of a program; new names are added to `names`.
fn size(dim: Dim, dims: &Dims, names: &mut Vec<String>) -> Size {
    let mut position = |k: u32| {
        let name = &dims.names()[k as usize];
        names.iter().position(|n| n == name).unwrap_or_else(|| {
            names.push(name.clone());
            names.len() - 1
        })
    };
    let term = |(monomial, c): &(Vec<u32>, i64)| (monomial.iter().map(|&k| position(k)).collect(), *c);
    Size { terms: dims.polynomial(dim).iter().map(term).collect() }
}

/// A size as a number.
fn length(dim: Dim, dims: &Dims, sizes: &BTreeMap<String, usize>, of: &Input) -> Result<usize, Error> {
    let mut names = vec![];
    let size = size(dim, dims, &mut names);
    let numbers: Option<Vec<usize>> = names.iter().map(|name| sizes.get(name).copied()).collect();
    numbers.and_then(|numbers| size.bind(&numbers)).ok_or_else(|| {
        let message = format!("`{}` cannot be filled: its size `{}` does not follow from the other values", of.name, dims.text(dim));
        Diagnostic::error("E501", Span::default(), message).help(format!("give `{0}` a value with its size: {0}=[0;0;0]", of.name)).into()
    })
}

/// An array whose axes are the rows, then the columns of `shape`, as a scalar or as rows × columns.
pub fn laid_out(array: Array<f64>, shape: &Shape) -> Array<f64> {
    if shape.is_scalar() {
        return array;
    }
    let (rows, cols) = array.shape.split_at(shape.rows.len());
    Array::new(vec![rows.iter().product(), cols.iter().product()], array.data)
}

/// How many axes of the tensor each side of the function and of the variables has; sides without axes are left out.
fn sides(model: &Model, part: &Part) -> Vec<usize> {
    let target = model.definitions.iter().rev().find(|d| d.name == part.of || d.name.is_empty() && part.of == "f").map(|d| &d.shape);
    let variable = |name: &String| {
        let input = model.inputs.iter().find(|i| i.name == *name).map(|i| &i.shape);
        input.or_else(|| model.vertices.iter().find(|v| v.name.as_ref() == Some(name)).map(|v| &v.shape))
    };
    let shapes = target.into_iter().chain(part.wrt.iter().filter_map(variable));
    shapes.flat_map(|s| [s.rows.len(), s.cols.len()]).filter(|&axes| axes > 0).collect()
}

/// An array with neighbouring axes joined into sides, if the sides are all of its axes.
fn grouped(array: Array<f64>, sides: &[usize]) -> Array<f64> {
    if sides.iter().sum::<usize>() != array.shape.len() {
        return array;
    }
    let mut axes = array.shape.iter();
    let shape = sides.iter().map(|&side| axes.by_ref().take(side).product()).collect();
    Array::new(shape, array.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_join_axes() {
        let array = || Array::new(vec![2, 3, 4], vec![0.0; 24]);
        assert_eq!(grouped(array(), &[2, 1]).shape, [6, 4]);
        assert_eq!(grouped(array(), &[1, 1, 1]).shape, [2, 3, 4]);
        assert_eq!(grouped(array(), &[1, 1]).shape, [2, 3, 4]);
    }
}
