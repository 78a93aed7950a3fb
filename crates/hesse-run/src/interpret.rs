//! The interpreter of programs, generic over the scalar type: f64 and f32 to compute, dual numbers to differentiate independently of the engine.
//!
//! ```
//! use hesse::program::program::{Op, Output, Program, Step, Value};
//! use hesse_run::run;
//! let step = Step { op: Op::Constant(2.0), axes: vec![], mask: false };
//! let output = Output { name: "f".into(), value: Value(0) };
//! let program = Program { steps: vec![step], outputs: vec![output], ..Program::default() };
//! assert_eq!(run::<f64>(&program, &[], &[]).unwrap()[0].data, [2.0]);
//! ```

use crate::array::Array;
use crate::contract::{Operand, contract};
use crate::exponential;
use crate::linear;
use crate::linear::adjugate;
use crate::scalar::Scalar;
use crate::texts;
use crate::trace::Trace;
use hesse::diagnostic::{Diagnostic, Error, Span};
use hesse::facts::functions::FunctionId;
use hesse::facts::matrices::MatrixFunctionId;
use hesse::program::program::{Mask, Op, Program, Size, Step, Value};
use std::borrow::Cow;
use std::fmt;

/// A dense step may hold at most this many entries (2²⁸ numbers of 8 bytes are 2 GiB).
pub const MAX_ELEMENTS: usize = 1 << 28;

/// Why a program could not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// A code of [`hesse::facts::codes`].
    pub code: &'static str,
    /// One line.
    pub message: String,
}

impl RunError {
    /// An error with its code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        RunError { code, message: message.into() }
    }
    /// A program that contradicts itself: a defect of whoever built it.
    pub fn internal(message: impl Into<String>) -> Self {
        RunError { code: "E700", message: format!("malformed program: {}", message.into()) }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

impl From<RunError> for Error {
    fn from(e: RunError) -> Error {
        Diagnostic::error(e.code, Span::default(), e.message).into()
    }
}

/// A size as a signed number; `None` on overflow or an unknown name.
pub fn signed(size: &Size, sizes: &[usize]) -> Option<i64> {
    let mut total = 0i64;
    for (names, coefficient) in &size.terms {
        let mut term = *coefficient;
        for &k in names {
            term = term.checked_mul(i64::try_from(*sizes.get(k)?).ok()?)?;
        }
        total = total.checked_add(term)?;
    }
    Some(total)
}

/// The shape of axes under given sizes.
pub fn shape(axes: &[Size], sizes: &[usize]) -> Result<Vec<usize>, RunError> {
    let shape = axes
        .iter()
        .map(|a| a.bind(sizes).ok_or_else(|| RunError::new("E203", "a size is negative or too large")))
        .collect::<Result<Vec<_>, _>>()?;
    match shape.iter().try_fold(1usize, |n, &k| n.checked_mul(k)) {
        Some(n) if n <= MAX_ELEMENTS => Ok(shape),
        _ => Err(RunError::new("E609", format!("an array of shape {shape:?} holds more than {MAX_ELEMENTS} elements"))),
    }
}

/// Runs a program: numbers for its sizes, arrays for its inputs (both by position), arrays of its outputs.
pub fn run<T: Scalar>(program: &Program, sizes: &[usize], inputs: &[Array<T>]) -> Result<Vec<Array<T>>, RunError> {
    Machine { program, sizes, inputs, trace: None }.run()
}

/// Runs a program and records its branches and the size of its numbers.
pub fn run_traced<T: Scalar>(
    program: &Program,
    sizes: &[usize],
    inputs: &[Array<T>],
    trace: &mut Trace,
) -> Result<Vec<Array<T>>, RunError> {
    Machine { program, sizes, inputs, trace: Some(trace) }.run()
}

struct Machine<'a, T> {
    program: &'a Program,
    sizes: &'a [usize],
    inputs: &'a [Array<T>],
    trace: Option<&'a mut Trace>,
}

/// The values of the steps so far; a value is dropped after its last use.
type Values<'a, T> = Vec<Option<Cow<'a, Array<T>>>>;

fn get<'v, T: Clone>(values: &'v Values<'_, T>, v: Value) -> Result<&'v Array<T>, RunError> {
    values.get(v.0 as usize).and_then(|x| x.as_deref()).ok_or_else(|| RunError::internal(format!("step {} reads a later one", v.0)))
}

/// The steps that a step reads.
pub fn reads(op: &Op) -> Vec<Value> {
    op.reads()
}

impl<'a, T: Scalar> Machine<'a, T> {
    fn run(mut self) -> Result<Vec<Array<T>>, RunError> {
        let program = self.program;
        self.check_inputs()?;
        for (k, step) in program.steps.iter().enumerate() {
            if let Some(v) = reads(&step.op).into_iter().find(|v| v.0 as usize >= k) {
                return Err(RunError::internal(format!("step {k} reads step {}", v.0)));
            }
        }
        // Backwards from the outputs: the last reader of every step; a step without one is not run.
        let mut last_use: Vec<Option<usize>> = vec![None; program.steps.len()];
        for output in &program.outputs {
            *last_use.get_mut(output.value.0 as usize).ok_or_else(|| RunError::internal("an output names no step"))? = Some(usize::MAX);
        }
        for k in (0..program.steps.len()).rev() {
            if last_use[k].is_some() {
                for v in reads(&program.steps[k].op) {
                    last_use[v.0 as usize].get_or_insert(k);
                }
            }
        }
        let mut values: Values<'a, T> = Vec::with_capacity(program.steps.len());
        for (k, step) in program.steps.iter().enumerate() {
            if last_use[k].is_none() {
                values.push(None);
                continue;
            }
            let value = self.step(step, &values).map_err(|e| RunError { message: format!("step {k}: {}", e.message), ..e })?;
            if let Some(trace) = self.trace.as_deref_mut() {
                trace.entries(&value.data);
            }
            values.push(Some(value));
            for v in reads(&step.op) {
                if last_use[v.0 as usize] == Some(k) {
                    values[v.0 as usize] = None;
                }
            }
        }
        program.outputs.iter().map(|o| get(&values, o.value).cloned()).collect()
    }

    fn check_inputs(&self) -> Result<(), RunError> {
        if self.inputs.len() != self.program.inputs.len() || self.sizes.len() != self.program.sizes.len() {
            let (inputs, sizes) = (self.program.inputs.len(), self.program.sizes.len());
            return Err(RunError::new("E501", format!("the program reads {inputs} inputs and {sizes} sizes")));
        }
        for (input, array) in self.program.inputs.iter().zip(self.inputs) {
            let wanted = shape(&input.axes, self.sizes)?;
            if array.shape != wanted || array.data.len() != wanted.iter().product::<usize>() {
                return Err(RunError::new("E501", format!("`{}` has shape {:?} but {wanted:?} is wanted", input.name, array.shape)));
            }
        }
        for (size, text) in &self.program.needs {
            if signed(size, self.sizes).is_none_or(|n| n < 0) {
                let of = |k: &usize| format!("{} = {}", self.program.sizes[*k], self.sizes[*k]);
                let mut names: Vec<usize> = size.terms.iter().flat_map(|t| t.0.iter().copied()).collect();
                names.sort_unstable();
                names.dedup();
                let now: Vec<String> = names.iter().map(of).collect();
                return Err(RunError::new("E501", format!("the positions of the formula need {text}, but {}", now.join(", "))));
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, values: &Values<'a, T>) -> Result<Cow<'a, Array<T>>, RunError> {
        let shape = shape(&step.axes, self.sizes)?;
        let array = match &step.op {
            Op::Input(k) => {
                let input = self.inputs.get(*k).ok_or_else(|| RunError::internal(format!("no input {k}")))?;
                if input.shape != shape {
                    return Err(RunError::internal(format!("input {k} has shape {:?}, its step {shape:?}", input.shape)));
                }
                return Ok(Cow::Borrowed(input));
            }
            Op::Constant(x) => Array::full(shape.clone(), T::from_f64(*x)),
            Op::Size(size) => {
                let n = signed(size, self.sizes).ok_or_else(|| RunError::new("E203", "a size is too large"))?;
                Array::full(shape.clone(), T::from_f64(n as f64))
            }
            Op::Mask(mask) => self.mask(mask, &shape)?,
            Op::Zeros => Array::full(shape.clone(), T::zero()),
            Op::Combine(terms) => combine(terms, values, &shape)?,
            Op::Map(f, args) => self.map(*f, args, values)?,
            Op::Power(base, exponent) => power(get(values, *base)?, get(values, *exponent)?)?,
            Op::GuardedPower(base, exponent) => {
                let base = get(values, *base)?;
                let mut result = power(base, get(values, *exponent)?)?;
                for (x, b) in result.data.iter_mut().zip(&base.data) {
                    if b.value() == 0.0 {
                        *x = T::zero();
                    }
                }
                result
            }
            Op::Adjugate(a) => {
                let a = get(values, *a)?;
                Array { shape: shape.clone(), data: adjugate(&a.data, square(a)?) }
            }
            Op::Others { array, kept } => {
                let a = get(values, *array)?;
                let length = a.shape[(*kept).min(a.shape.len())..].iter().product::<usize>().max(1);
                Array { shape: shape.clone(), data: a.data.chunks(length).flat_map(linear::others).collect() }
            }
            Op::Contract { operands, out, sizes } => {
                let sizes: Vec<usize> = shape_of_labels(sizes, self.sizes)?;
                let operands = operands
                    .iter()
                    .map(|(v, labels)| {
                        let mask = self.program.steps[v.0 as usize].mask;
                        Ok(Operand { array: get(values, *v)?, labels, mask })
                    })
                    .collect::<Result<Vec<_>, RunError>>()?;
                contract(&operands, out, &sizes)?
            }
            Op::Apply(f, args) => self.apply(*f, args, values, &shape)?,
            Op::Solve { matrix, right, transposed } => solve(get(values, *matrix)?, get(values, *right)?, *transposed)?,
        };
        if array.shape != shape {
            return Err(RunError::internal(format!("a value has shape {:?}, its step {shape:?}", array.shape)));
        }
        Ok(Cow::Owned(array))
    }

    fn mask(&self, mask: &Mask, shape: &[usize]) -> Result<Array<T>, RunError> {
        let mut array = Array::full(shape.to_vec(), T::zero());
        let bound = |size: &Size| signed(size, self.sizes).ok_or_else(|| RunError::new("E203", "a size is too large"));
        match (mask, shape) {
            (Mask::Unit(position), &[n]) => {
                let k = bound(position)?;
                match usize::try_from(k) {
                    Ok(k) if k < n => array.data[k] = T::one(),
                    _ => return Err(RunError::new("E109", format!("there is no entry {} among {n}", k + 1))),
                }
            }
            (Mask::Lower, &[_, columns]) => {
                for (k, x) in array.data.iter_mut().enumerate() {
                    if k / columns >= k % columns {
                        *x = T::one();
                    }
                }
            }
            (Mask::Shift(offset), &[_, columns]) => {
                let offset = bound(offset)?;
                for (k, x) in array.data.iter_mut().enumerate() {
                    if (k / columns) as i64 == (k % columns) as i64 + offset {
                        *x = T::one();
                    }
                }
            }
            _ => return Err(RunError::internal(format!("a mask {mask:?} of shape {shape:?}"))),
        }
        Ok(array)
    }

    fn map(&mut self, f: FunctionId, args: &[Value], values: &Values<'a, T>) -> Result<Array<T>, RunError> {
        let row = f.row();
        let arrays = args.iter().map(|&v| get(values, v)).collect::<Result<Vec<_>, _>>()?;
        let first = arrays.first().ok_or_else(|| RunError::internal(format!("`{}` without arguments", row.name)))?;
        if arrays.len() != row.of.len() || arrays.iter().any(|a| a.shape != first.shape) {
            return Err(RunError::internal(format!("`{}` takes {} arrays of equal shape", row.name, row.of.len())));
        }
        let failed = |e: String| RunError::new("E301", e);
        // max(x, x) is x, kink or not: both sides move together.
        if let [a, b] = args
            && a == b
            && matches!(row.name, "max" | "min")
        {
            return Ok((*first).clone());
        }
        if let Some(trace) = self.trace.as_deref_mut()
            && texts::branches(f)
        {
            let mut entry = vec![T::zero(); arrays.len()];
            for k in 0..first.len() {
                entry.iter_mut().zip(&arrays).for_each(|(e, a)| *e = a.data[k]);
                texts::record(f, &entry, trace).map_err(failed)?;
            }
        }
        let slices: Vec<&[T]> = arrays.iter().map(|a| &a.data[..]).collect();
        if let Some(data) = T::native_map(row.value, &slices) {
            return Ok(Array { shape: first.shape.clone(), data });
        }
        let data = match arrays[..] {
            [a] => a.data.iter().map(|&x| texts::call(f, &[x])).collect::<Result<_, _>>(),
            [a, b] => a.data.iter().zip(&b.data).map(|(&x, &y)| texts::call(f, &[x, y])).collect(),
            _ => (0..first.len()).map(|k| texts::call(f, &arrays.iter().map(|a| a.data[k]).collect::<Vec<_>>())).collect(),
        };
        Ok(Array { shape: first.shape.clone(), data: data.map_err(failed)? })
    }

    fn apply(&mut self, f: MatrixFunctionId, args: &[Value], values: &Values<'a, T>, shape: &[usize]) -> Result<Array<T>, RunError> {
        let row = f.row();
        if args.len() != row.takes.len() {
            return Err(RunError::internal(format!("`{}` takes {} arrays", row.name, row.takes.len())));
        }
        let a = get(values, args[0])?;
        match row.name {
            "expm" => Ok(Array { shape: shape.to_vec(), data: exponential::expm(&a.data, square(a)?) }),
            "dexpm" => Ok(Array { shape: shape.to_vec(), data: exponential::along(&a.data, &get(values, args[1])?.data, square(a)?) }),
            "inv" => Ok(Array { shape: shape.to_vec(), data: T::inverse(&a.data, square(a)?) }),
            "det" => Ok(Array::scalar(T::determinant(&a.data, square(a)?))),
            "logdet" | "logabsdet" => {
                let (size, negative) = T::log_determinant(&a.data, square(a)?);
                Ok(Array::scalar(if negative && row.name == "logdet" { T::from_f64(f64::NAN) } else { size }))
            }
            _ if row.of == "any" => self.reduce(f, a, shape),
            name => Err(RunError::new("E301", format!("`{name}` has no kernel"))),
        }
    }

    /// A function of the entries behind the kept axes, for each index of those: the entries of a group lie together.
    fn reduce(&mut self, f: MatrixFunctionId, a: &Array<T>, shape: &[usize]) -> Result<Array<T>, RunError> {
        let (kept, name) = (f.kept().min(a.shape.len()), f.row().name);
        let (groups, length) = (a.shape[..kept].iter().product::<usize>(), a.shape[kept..].iter().product::<usize>());
        if length == 0 && groups > 0 && linear::Extreme::find(name).is_some() {
            return Err(RunError::new("E502", format!("`{name}` of no entries: nothing is the largest or smallest of them")));
        }
        let mut data = Vec::with_capacity(shape.iter().product());
        for k in 0..groups {
            let entries = &a.data[k * length..(k + 1) * length];
            if let Some((extreme, masked)) = linear::Extreme::find(name) {
                let chosen = extreme.choose(entries);
                if let Some(trace) = self.trace.as_deref_mut() {
                    chosen.iter().for_each(|k| trace.branch(*k as u64));
                    trace.branch(9);
                    trace.ties += usize::from(chosen.len() > 1);
                }
                if masked {
                    data.extend(linear::shares(&chosen, length).into_iter().map(T::from_f64));
                } else {
                    data.push(linear::mean_of(entries, &chosen));
                }
                continue;
            }
            if let (Some(trace), "norm2") = (self.trace.as_deref_mut(), name) {
                let zero = entries.iter().all(|x| x.value() == 0.0);
                trace.branch(7 + u64::from(zero));
                trace.ties += usize::from(zero);
            }
            let mut seen = |x: T| {
                if let Some(trace) = self.trace.as_deref_mut() {
                    trace.entries(&[x]);
                }
            };
            data.push(match name {
                "norm2" => linear::norm2(entries, &mut seen),
                "logsumexp" => linear::logsumexp(entries, &mut seen),
                "prod" => linear::scaled_product(entries.iter().copied()),
                _ => return Err(RunError::new("E301", format!("`{name}` has no kernel"))),
            });
        }
        Ok(Array { shape: shape.to_vec(), data })
    }
}

/// The sizes of the labels of a contraction.
fn shape_of_labels(sizes: &[Size], bound: &[usize]) -> Result<Vec<usize>, RunError> {
    sizes.iter().map(|s| s.bind(bound).ok_or_else(|| RunError::new("E203", "a size is negative or too large"))).collect()
}

/// n of a matrix whose first half of axes are its rows: n×n.
pub fn square<T: Copy>(a: &Array<T>) -> Result<usize, RunError> {
    let half = a.shape.len() / 2;
    let (rows, columns): (usize, usize) = (a.shape[..half].iter().product(), a.shape[half..].iter().product());
    if a.shape.len() % 2 == 1 || rows != columns {
        return Err(RunError::new("E204", format!("a square matrix is needed, not {:?}", a.shape)));
    }
    Ok(rows)
}

fn combine<T: Scalar>(terms: &[(f64, Value)], values: &Values<'_, T>, shape: &[usize]) -> Result<Array<T>, RunError> {
    let mut sum: Option<Array<T>> = None;
    for &(c, v) in terms {
        let a = get(values, v)?;
        if a.shape != shape {
            return Err(RunError::internal(format!("a term has shape {:?}, the sum {shape:?}", a.shape)));
        }
        let scale = |x: T| if c == 1.0 { x } else { T::from_f64(c) * x };
        match &mut sum {
            None => sum = Some(a.map(scale)),
            Some(sum) => {
                for (s, &x) in sum.data.iter_mut().zip(&a.data) {
                    *s = if c == -1.0 { *s - x } else { *s + scale(x) };
                }
            }
        }
    }
    Ok(sum.unwrap_or_else(|| Array::full(shape.to_vec(), T::zero())))
}

fn power<T: Scalar>(base: &Array<T>, exponent: &Array<T>) -> Result<Array<T>, RunError> {
    let &[p] = &exponent.data[..] else {
        return Err(RunError::internal("an exponent is a scalar"));
    };
    Ok(base.map(|x| x.power_scalar(p)))
}

fn solve<T: Scalar>(matrix: &Array<T>, right: &Array<T>, transposed: bool) -> Result<Array<T>, RunError> {
    let n = square(matrix)?;
    let half = matrix.shape.len() / 2;
    if right.shape.len() < half || right.shape[..half] != matrix.shape[..half] {
        return Err(RunError::internal(format!("a matrix {:?} cannot solve for {:?}", matrix.shape, right.shape)));
    }
    let m: usize = right.shape[half..].iter().product();
    let data = if transposed {
        let flipped: Vec<T> = (0..n * n).map(|k| matrix.data[(k % n) * n + k / n]).collect();
        T::solve(&flipped, n, &right.data, m)
    } else {
        T::solve(&matrix.data, n, &right.data, m)
    };
    Ok(Array { shape: right.shape.clone(), data })
}
