//! Hash-consed tensor expressions: equal handles mean equal expressions; a child has a smaller id than its parent.
//!
//! Constructors keep everything typed and canonical (they do only what is confluent and never grows).

use super::dim::{Dim, Dims};
use super::number::Rational;
use crate::facts::functions::FunctionId;
use crate::facts::matrices::MatrixFunctionId;

/// A tensor expression: a handle into a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expr(u32);

/// A variable of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// An index of a product, numbered within it.
pub type Label = u32;

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarKind {
    /// A name of the formula.
    Input,
    /// A surface operation or definition (a vertex of elimination).
    Vertex,
    /// A named part of a derivative.
    Adjoint,
    /// An argument of a row.
    Argument,
}

/// A declared tensor.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its axes.
    pub axes: Vec<Dim>,
    /// What it stands for.
    pub kind: VarKind,
}

/// Constant 0/1 tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// One axis of size `of`: 1 at the 1-based position `at`.
    Unit {
        /// Position, 1-based.
        at: Dim,
        /// Size of the axis.
        of: Dim,
    },
    /// Two axes of size `of`: 1 where i ≥ j.
    Lower {
        /// Size of both axes.
        of: Dim,
    },
    /// Two axes: 1 where i = j + offset; i runs over `rows`, j over `cols`.
    Shift {
        /// The offset.
        offset: Dim,
        /// Size of the first axis.
        rows: Dim,
        /// Size of the second axis.
        cols: Dim,
    },
}

/// `base[labels]^power` in a product. The power is a scalar expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor {
    /// The base.
    pub base: Expr,
    /// Labels of its axes.
    pub labels: Vec<Label>,
    /// A scalar expression.
    pub power: Expr,
}

/// A node. See the table in `ARCHITECTURE.md` for how what people write becomes a product.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An opaque decimal constant (bits of an f64) that a rational cannot hold.
    Decimal(u64),
    /// π
    Pi,
    /// A size as a scalar.
    Size(Dim),
    /// A constant 0/1 tensor.
    Pattern(Pattern),
    /// A variable.
    Var(VarId),
    /// Linear combination; sorted, like terms merged, no zero coefficient. The empty sum is the typed zero.
    Sum(Vec<(Rational, Expr)>, Vec<Dim>),
    /// Σ over labels that are not in `out` of Π factors. No factors and no labels: the number 1.
    Product {
        /// Sorted.
        factors: Vec<Factor>,
        /// Labels of the axes of the value; may repeat (diagonal) and may name a label that no factor carries (broadcast).
        out: Vec<Label>,
        /// Size of each label.
        sizes: Vec<Dim>,
    },
    /// Element-wise function of tensors of equal shape.
    Map(FunctionId, Vec<Expr>),
    /// A function of a whole tensor.
    Apply(MatrixFunctionId, Vec<Expr>),
}

/// The arena of expressions of one formula.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Symbolic sizes.
    pub dims: Dims,
}

impl Pool {
    /// An empty pool with the default limits.
    pub fn new() -> Pool { todo!() }
    /// The node.
    pub fn node(&self, _e: Expr) -> &Node { todo!() }
    /// Sizes of the axes.
    pub fn axes(&self, _e: Expr) -> &[Dim] { todo!() }
    /// The variable's row.
    pub fn variable(&self, _v: VarId) -> &Variable { todo!() }
    /// Declares a variable and gives it as an expression (every call is a new variable).
    pub fn declare(&mut self, _name: &str, _axes: Vec<Dim>, _kind: VarKind) -> (VarId, Expr) { todo!() }
    /// The expression of a variable.
    pub fn var(&self, _v: VarId) -> Expr { todo!() }
    /// The scalar constant.
    pub fn number(&mut self, _value: Rational) -> Expr { todo!() }
    /// The scalar integer.
    pub fn integer(&mut self, _value: i64) -> Expr { todo!() }
    /// The number, if the expression is a scalar constant.
    pub fn as_number(&self, _e: Expr) -> Option<Rational> { todo!() }
    /// An opaque decimal.
    pub fn decimal(&mut self, _value: f64) -> Expr { todo!() }
    /// π
    pub fn pi(&mut self) -> Expr { todo!() }
    /// A size as a scalar (an integer size is a number).
    pub fn size(&mut self, _d: Dim) -> Expr { todo!() }
    /// A constant 0/1 tensor.
    pub fn pattern(&mut self, _p: Pattern) -> Expr { todo!() }
    /// The zero tensor of these axes.
    pub fn zero(&mut self, _axes: &[Dim]) -> Expr { todo!() }
    /// All ones.
    pub fn ones(&mut self, _axes: &[Dim]) -> Expr { todo!() }
    /// The identity: axes twice.
    pub fn identity(&mut self, _axes: &[Dim]) -> Expr { todo!() }
    /// Whether it is the typed zero.
    pub fn is_zero(&self, _e: Expr) -> bool { todo!() }
    /// Linear combination of expressions with equal axes (`axes` given for the empty sum).
    pub fn sum(&mut self, _terms: &[(Rational, Expr)], _axes: &[Dim]) -> Expr { todo!() }
    /// a + b, equal axes.
    pub fn add(&mut self, _a: Expr, _b: Expr) -> Expr { todo!() }
    /// c·a
    pub fn scale(&mut self, _c: Rational, _a: Expr) -> Expr { todo!() }
    /// -a
    pub fn negate(&mut self, _a: Expr) -> Expr { todo!() }
    /// The labelled product. `factors` are (base, labels of its axes) with power 1; `out` the labels of the result;
    /// labels are any numbers, equal numbers are the same index; `broadcast` gives the size of labels of `out` that no factor carries.
    pub fn product(&mut self, _factors: &[(Expr, &[Label])], _out: &[Label], _broadcast: &[(Label, Dim)]) -> Expr { todo!() }
    /// The labelled product with powers.
    pub fn product_of(&mut self, _factors: Vec<Factor>, _out: Vec<Label>, _broadcast: &[(Label, Dim)]) -> Expr { todo!() }
    /// base .^ power, element by element; the power is a scalar expression.
    pub fn power(&mut self, _base: Expr, _power: Expr) -> Expr { todo!() }
    /// base .^ k
    pub fn powi(&mut self, _base: Expr, _k: i64) -> Expr { todo!() }
    /// The axes in another order: axis k of the result is axis `order[k]` of `e`.
    pub fn permute(&mut self, _e: Expr, _order: &[usize]) -> Expr { todo!() }
    /// A scalar as a tensor of these axes with equal entries.
    pub fn broadcast(&mut self, _scalar: Expr, _axes: &[Dim]) -> Expr { todo!() }
    /// a .* b: equal axes, or one of them a scalar.
    pub fn times(&mut self, _a: Expr, _b: Expr) -> Expr { todo!() }
    /// Element-wise function; the arguments have equal axes.
    pub fn map(&mut self, _f: FunctionId, _args: &[Expr]) -> Expr { todo!() }
    /// A function of a whole tensor.
    pub fn apply(&mut self, _f: MatrixFunctionId, _args: &[Expr]) -> Expr { todo!() }
    /// Replaces variables by expressions of equal axes, everywhere.
    pub fn substitute(&mut self, _e: Expr, _with: &rustc_hash::FxHashMap<VarId, Expr>) -> Expr { todo!() }
    /// The first limit that was reached (a code of [`crate::facts::codes`]), if any; results are then meaningless.
    pub fn limit(&self) -> Option<&'static str> { todo!() }
}
