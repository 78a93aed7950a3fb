//! The one program between the planner and every runner or exporter.
//!
//! A straight line of steps; the value of a step is a dense array whose axes have symbolic sizes (row-major when it leaves).
//! Sizes become numbers when a runner binds inputs.

use crate::facts::functions::FunctionId;
use crate::facts::matrices::MatrixFunctionId;

/// A size: a polynomial in named sizes with integer coefficients, written out so that programs stand alone.
/// `terms` maps a list of size positions (with repetition, sorted) in [`Program::sizes`] to its coefficient.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Size {
    /// Monomials with their coefficients: `m*n + 1` is `[([m, n], 1), ([], 1)]`.
    pub terms: Vec<(Vec<usize>, i64)>,
}

impl Size {
    /// The size as a number, given the numbers of the named sizes; `None` on overflow or a negative result.
    pub fn bind(&self, sizes: &[usize]) -> Option<usize> {
        let mut total: i64 = 0;
        for (names, coefficient) in &self.terms {
            let mut term = *coefficient;
            for &k in names {
                term = term.checked_mul(i64::try_from(*sizes.get(k)?).ok()?)?;
            }
            total = total.checked_add(term)?;
        }
        usize::try_from(total).ok()
    }
}

/// A step of a [`Program`], by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub u32);

/// An index of a contraction: equal labels are the same index.
pub type Label = u32;

/// Constant 0/1 arrays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// One axis, 1 at this 0-based position.
    Unit(Size),
    /// Two axes, 1 where i ≥ j.
    Lower,
    /// Two axes, 1 where i = j + offset.
    Shift(Size),
}

/// What a step computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// An input, by position in [`Program::inputs`].
    Input(usize),
    /// A scalar.
    Constant(f64),
    /// A size as a scalar.
    Size(Size),
    /// A constant 0/1 array.
    Mask(Mask),
    /// All zeros.
    Zeros,
    /// Σ c·v over arrays of equal shape.
    Combine(Vec<(f64, Value)>),
    /// Element-wise function of arrays of equal shape.
    Map(FunctionId, Vec<Value>),
    /// base .^ exponent, the exponent a scalar value. Integer exponents must not go through exp and log.
    Power(Value, Value),
    /// `Σ over labels not in out of Π operands`, any number of operands (none: ones). Labels may repeat within an operand (diagonal) and within `out`
    /// (the result is zero off that diagonal); a label of `out` that no operand carries broadcasts. A summed label is always
    /// carried by some operand. `sizes[l]` is the size of label l.
    /// A zero of a mask operand ([`Step::mask`]) selects: 0 · inf is 0 there.
    Contract {
        /// Operands with their labels, one per axis.
        operands: Vec<(Value, Vec<Label>)>,
        /// Labels of the result's axes.
        out: Vec<Label>,
        /// Size of each label.
        sizes: Vec<Size>,
    },
    /// A function of a whole array (inv, det, logdet, norm2, …), of the axes behind those that it keeps.
    Apply(MatrixFunctionId, Vec<Value>),
    /// The adjugate of a square matrix, det(A)·inv(A), finite at a singular A: its exact lowering.
    Adjugate(Value),
    /// For each entry the product of the others, along the axes behind the first `kept`: prod(A)/A, finite also at a 0.
    Others {
        /// The entries.
        array: Value,
        /// How many leading axes are kept.
        kept: usize,
    },
    /// base .^ exponent where it is finite, 0 where the base is 0: a reciprocal norm beside the vector that vanishes with it.
    GuardedPower(Value, Value),
    /// Solve A·x = b over the first axis of `b` (`b` has one axis or more). A lowering of inv(A)·b; `transposed` solves Aᵀ·x = b.
    Solve {
        /// The matrix.
        matrix: Value,
        /// The right side.
        right: Value,
        /// Solve with the transpose.
        transposed: bool,
    },
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it computes.
    pub op: Op,
    /// Sizes of the axes of its value.
    pub axes: Vec<Size>,
    /// Its value holds only 0 and 1, and a 0 selects instead of multiplying.
    pub mask: bool,
}

/// An array that a program reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name in the formula.
    pub name: String,
    /// Number of axes that make up its rows (`axes[..rows]`), the rest make up its columns.
    pub rows: usize,
    /// Its axes.
    pub axes: Vec<Size>,
}

/// A result of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The step that computes it.
    pub value: Value,
}

/// A form that a program computes instead of what was written: equal in exact arithmetic, stable in floating point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StableForm {
    /// The name of its row in `facts::kernels`.
    pub name: String,
    /// What is computed, in the input language; of a long one its number of nodes.
    pub text: String,
}

/// A straight-line program.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Program {
    /// Names of the sizes.
    pub sizes: Vec<String>,
    /// Arrays it reads.
    pub inputs: Vec<Input>,
    /// Steps in order; a step reads only earlier ones.
    pub steps: Vec<Step>,
    /// What it gives.
    pub outputs: Vec<Output>,
    /// What it computes otherwise than written.
    pub forms: Vec<StableForm>,
    /// Sizes that must not be negative for every position of the formula to lie inside, each with what that says: `n >= 3`.
    pub needs: Vec<(Size, String)>,
}

impl Program {
    /// Multiplications, roughly, where every named size is `size`: what tells a product with a vector from one with a matrix.
    pub fn work(&self, size: usize) -> u64 {
        let sizes = vec![size; self.sizes.len()];
        let number = |s: &Size| s.bind(&sizes).unwrap_or(0) as u64;
        let elements = |axes: &[Size]| axes.iter().fold(1u64, |n, s| n.saturating_mul(number(s)));
        let step = |s: &Step| match &s.op {
            Op::Input(_) | Op::Constant(_) | Op::Size(_) | Op::Mask(_) | Op::Zeros => 0,
            Op::Contract { operands, out, sizes } => {
                let labels = operands.iter().map(|o| o.1.clone()).collect();
                contraction(labels, out, &|l| number(&sizes[l as usize]))
            }
            Op::Apply(..) | Op::Adjugate(_) | Op::Solve { .. } => elements(&s.axes).saturating_mul(size as u64),
            Op::Combine(_) | Op::Map(..) | Op::Power(..) | Op::GuardedPower(..) | Op::Others { .. } => elements(&s.axes),
        };
        self.steps.iter().map(step).fold(0, u64::saturating_add)
    }
}

/// Multiplications of a contraction that sums over one label after the other, the cheapest first.
fn contraction(mut operands: Vec<Vec<Label>>, out: &[Label], number: &dyn Fn(Label) -> u64) -> u64 {
    let union = |of: &[&Vec<Label>]| -> Vec<Label> {
        let mut labels: Vec<Label> = of.iter().copied().flatten().copied().collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    };
    let cost = |labels: &[Label]| labels.iter().fold(1u64, |n, l| n.saturating_mul(number(*l)));
    let mut total = 0u64;
    loop {
        let summed: Vec<Label> = union(&operands.iter().collect::<Vec<_>>()).into_iter().filter(|l| !out.contains(l)).collect();
        let joined = summed.iter().map(|l| (union(&operands.iter().filter(|o| o.contains(l)).collect::<Vec<_>>()), *l));
        let Some((labels, l)) = joined.min_by_key(|(labels, l)| (cost(labels), *l)) else { break };
        total = total.saturating_add(cost(&labels));
        operands.retain(|o| !o.contains(&l));
        operands.push(labels.into_iter().filter(|k| *k != l).collect());
    }
    let mut labels = operands;
    labels.push(out.to_vec());
    total.saturating_add(cost(&union(&labels.iter().collect::<Vec<_>>())))
}
