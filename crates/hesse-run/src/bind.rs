//! Named values to the inputs of a program: shapes are matched with the declared axes, sizes follow.
//!
//! ```
//! use hesse::program::program::{Input, Op, Output, Program, Size, Step, Value};
//! use hesse_run::{Bindings, Tensor, evaluate};
//! let n = Size { terms: vec![(vec![0], 1)] };
//! let program = Program {
//!     sizes: vec!["n".into()],
//!     inputs: vec![Input { name: "x".into(), rows: 1, axes: vec![n.clone()] }],
//!     steps: vec![Step { op: Op::Input(0), axes: vec![n], mask: false }],
//!     outputs: vec![Output { name: "f".into(), value: Value(0) }],
//!     ..Program::default()
//! };
//! let bindings = Bindings::from([("x".to_string(), Tensor::flat(vec![1.0, 2.0]))]);
//! assert_eq!(evaluate(&program, &bindings).unwrap()[0].data, [1.0, 2.0]);
//! ```

use crate::array::Array;
use crate::interpret::{self, RunError, signed};
use hesse::diagnostic::{Diagnostic, Error, Span};
use hesse::program::program::{Input, Program, Size};
use std::collections::BTreeMap;

/// A value by name: rows × columns, or flat.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Rows; of a flat list its length.
    pub rows: usize,
    /// Columns; 1 for a flat list.
    pub cols: usize,
    /// The entries, row by row.
    pub data: Vec<f64>,
    /// A flat list: it stands for a column or a row, whichever is declared.
    pub flat: bool,
}

impl Tensor {
    /// A matrix, entries row by row. Panics if there are not rows × columns of them.
    pub fn matrix(rows: usize, cols: usize, data: Vec<f64>) -> Self {
        assert_eq!(rows * cols, data.len(), "{} entries are no {rows}×{cols} matrix", data.len());
        Tensor { rows, cols, data, flat: false }
    }
    /// A list: a column or a row.
    pub fn flat(data: Vec<f64>) -> Self {
        Tensor { rows: data.len(), cols: 1, data, flat: true }
    }
    /// A scalar.
    pub fn scalar(x: f64) -> Self {
        Tensor { rows: 1, cols: 1, data: vec![x], flat: false }
    }
    /// As written in a message: `3×2`, or `a list of 3`.
    pub fn shape_text(&self) -> String {
        if self.flat { format!("a list of {}", self.rows) } else { format!("{}×{}", self.rows, self.cols) }
    }
}

impl From<f64> for Tensor {
    fn from(x: f64) -> Self {
        Tensor::scalar(x)
    }
}

/// Values by name.
pub type Bindings = BTreeMap<String, Tensor>;

/// A program with numbers for its sizes and arrays for its inputs.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Sizes by position in [`Program::sizes`].
    pub sizes: Vec<usize>,
    /// Inputs by position in [`Program::inputs`].
    pub inputs: Vec<Array<f64>>,
}

/// A size as text in the input language: `m*n`, `n + 1`.
pub fn size_text(size: &Size, names: &[String]) -> String {
    let mut out = String::new();
    let mut terms: Vec<_> = size.terms.iter().collect();
    terms.sort_by_key(|(factors, _)| factors.is_empty());
    for (factors, c) in terms {
        let factors: Vec<&str> = factors.iter().map(|&k| names.get(k).map_or("?", String::as_str)).collect();
        match (out.is_empty(), *c < 0) {
            (true, true) => out.push('-'),
            (true, false) => {}
            (false, true) => out.push_str(" - "),
            (false, false) => out.push_str(" + "),
        }
        let c = c.unsigned_abs();
        if factors.is_empty() {
            out.push_str(&c.to_string());
        } else {
            if c != 1 {
                out.push_str(&format!("{c}*"));
            }
            out.push_str(&factors.join("*"));
        }
    }
    if out.is_empty() { "0".into() } else { out }
}

/// The declared shape of an input as text: `m×n`, `n×1`.
pub fn declared_shape(input: &Input, names: &[String]) -> String {
    let side = |axes: &[Size]| {
        if axes.is_empty() { "1".to_string() } else { axes.iter().map(|a| size_text(a, names)).collect::<Vec<_>>().join("*") }
    };
    format!("{}×{}", side(&input.axes[..input.rows]), side(&input.axes[input.rows..]))
}

/// One thing that the values say about the sizes: the product of these axes is a number.
struct Equation<'a> {
    axes: &'a [Size],
    number: usize,
    input: usize,
}

/// Matches values with the inputs of a program. `given` fixes sizes by name (for sizes that no input has, or to be checked against the inputs).
pub fn bind(program: &Program, bindings: &Bindings, given: &BTreeMap<String, usize>) -> Result<Bound, Error> {
    let names = &program.sizes;
    let fail = |code, message: String| Diagnostic::error(code, Span::default(), message);
    let mut tensors = vec![];
    let mut equations = vec![];
    for (k, input) in program.inputs.iter().enumerate() {
        let declared = declared_shape(input, names);
        let Some(tensor) = bindings.get(&input.name) else {
            return Err(fail("E501", format!("`{}` has no value", input.name))
                .help(format!("give `{}` a value of shape {declared}", input.name))
                .into());
        };
        let (rows, columns) = input.axes.split_at(input.rows);
        let mut wrong = tensor.data.len() != tensor.rows * tensor.cols;
        if tensor.flat {
            // A list is the one side that is not 1.
            match (rows.is_empty(), columns.is_empty()) {
                (false, true) => equations.push(Equation { axes: rows, number: tensor.rows, input: k }),
                (true, false) => equations.push(Equation { axes: columns, number: tensor.rows, input: k }),
                (true, true) => wrong |= tensor.rows != 1,
                (false, false) => wrong = true,
            }
        } else {
            equations.push(Equation { axes: rows, number: tensor.rows, input: k });
            equations.push(Equation { axes: columns, number: tensor.cols, input: k });
        }
        if wrong {
            return Err(fail("E501", format!("`{}` is {} but {declared} is declared", input.name, tensor.shape_text())).into());
        }
        tensors.push(tensor);
    }

    // Sizes: known ones first, then whatever has one unknown left, until nothing moves.
    let mut known: Vec<Option<usize>> = names.iter().map(|n| given.get(n).copied()).collect();
    let mut from: Vec<Option<usize>> = vec![None; names.len()];
    let mut open: Vec<&Equation<'_>> = equations.iter().collect();
    // Single names first: they make the clearest messages when a second value disagrees.
    open.sort_by_key(|e| !matches!(e.axes, [a] if matches!(&a.terms[..], [(f, 1)] if f.len() == 1)));
    while let Some(position) = open.iter().position(|e| unknowns(e.axes, &known).len() <= 1) {
        let equation = open.remove(position);
        let input = &program.inputs[equation.input];
        match unknowns(equation.axes, &known)[..] {
            [] => {
                let trial: Vec<usize> = known.iter().map(|k| k.unwrap_or(0)).collect();
                if volume(equation.axes, &trial) != Some(equation.number) {
                    return Err(disagreement(program, &tensors, equation, &known, &from).into());
                }
            }
            [name] => match solve(equation, name, &known) {
                Some(n) => {
                    known[name] = Some(n);
                    from[name] = Some(equation.input);
                }
                None => {
                    let (shape, declared) = (tensors[equation.input].shape_text(), declared_shape(input, names));
                    return Err(fail("E501", format!("`{}` is {shape} but {declared} is declared", input.name))
                        .because(format!("no `{}` makes {} out of {declared}", names[name], equation.number))
                        .into());
                }
            },
            _ => {}
        }
    }
    let mut sizes = vec![];
    for (name, n) in names.iter().zip(&known) {
        match n {
            Some(n) => sizes.push(*n),
            None => {
                return Err(fail("E501", format!("the size `{name}` does not follow from the values"))
                    .help(format!("give `{name}` a number, or a value to an input that has it"))
                    .into());
            }
        }
    }
    let mut inputs = vec![];
    for (input, tensor) in program.inputs.iter().zip(&tensors) {
        inputs.push(Array { shape: interpret::shape(&input.axes, &sizes)?, data: tensor.data.clone() });
    }
    Ok(Bound { sizes, inputs })
}

/// Sizes of axes that are not known yet.
fn unknowns(axes: &[Size], known: &[Option<usize>]) -> Vec<usize> {
    let mut out: Vec<usize> =
        axes.iter().flat_map(|a| a.terms.iter().flat_map(|t| t.0.iter().copied())).filter(|&k| known[k].is_none()).collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn volume(axes: &[Size], sizes: &[usize]) -> Option<usize> {
    axes.iter().try_fold(1usize, |n, a| n.checked_mul(usize::try_from(signed(a, sizes)?).ok()?))
}

/// The number for an unknown size that fulfils an equation. Where every coefficient is positive the product of the axes grows with the size, so
/// it is found by bisection; otherwise by trying small numbers.
fn solve(equation: &Equation<'_>, name: usize, known: &[Option<usize>]) -> Option<usize> {
    let mut trial: Vec<usize> = known.iter().map(|k| k.unwrap_or(0)).collect();
    let mut at = |n: usize| {
        trial[name] = n;
        volume(equation.axes, &trial)
    };
    if at(equation.number) == Some(equation.number) {
        return Some(equation.number); // the plain name
    }
    let grows = equation.axes.iter().flat_map(|a| &a.terms).all(|(names, c)| names.is_empty() || *c > 0);
    let slack: usize = equation.axes.iter().flat_map(|a| &a.terms).filter(|t| t.0.is_empty()).map(|t| t.1.unsigned_abs() as usize).sum();
    let last = equation.number.saturating_add(slack);
    if !grows {
        return (0..=last.min(100_000)).find(|&n| at(n) == Some(equation.number));
    }
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        // Too small: negative axes (`None` below the constants) or a product below the number. Overflow is too large.
        let small = at(middle).map_or(middle <= slack, |v| v < equation.number);
        if small { low = middle + 1 } else { high = middle }
    }
    (at(low) == Some(equation.number)).then_some(low)
}

fn disagreement(
    program: &Program,
    tensors: &[&Tensor],
    equation: &Equation<'_>,
    known: &[Option<usize>],
    from: &[Option<usize>],
) -> Diagnostic {
    let names = &program.sizes;
    let input = &program.inputs[equation.input];
    let (shape, declared) = (tensors[equation.input].shape_text(), declared_shape(input, names));
    let mut used: Vec<usize> = equation.axes.iter().flat_map(|a| a.terms.iter().flat_map(|t| t.0.iter().copied())).collect();
    used.sort_unstable();
    used.dedup();
    if used.is_empty() {
        return Diagnostic::error("E501", Span::default(), format!("`{}` is {shape} but {declared} is declared", input.name));
    }
    let side = equation.axes.iter().map(|a| size_text(a, names)).collect::<Vec<_>>().join("*");
    let mut d = Diagnostic::error(
        "E203",
        Span::default(),
        format!("`{}` is {shape} but {declared} is declared: `{side}` cannot be {}", input.name, equation.number),
    );
    for k in used {
        let n = known[k].unwrap_or(0);
        d = match from[k] {
            Some(i) if i != equation.input => {
                let (other, declared) = (&program.inputs[i], declared_shape(&program.inputs[i], names));
                d.because(format!("`{}` is {n} because `{}` ({declared}) is {}", names[k], other.name, tensors[i].shape_text()))
            }
            Some(_) => d.because(format!("`{}` is {n} by its other side", names[k])),
            None => d.because(format!("`{}` was given as {n}", names[k])),
        };
    }
    d
}

/// The outputs of a program at named values.
pub fn evaluate(program: &Program, bindings: &Bindings) -> Result<Vec<Array<f64>>, Error> {
    let bound = bind(program, bindings, &BTreeMap::new())?;
    interpret::run(program, &bound.sizes, &bound.inputs).map_err(RunError::into)
}
