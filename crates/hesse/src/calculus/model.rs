//! What `elaborate` makes of a document: typed expressions over the vertices of elimination.

use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::tree::Role;
use crate::tensor::{Dim, Expr, Pool, Shape, VarId};

/// How the shape of an input was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Declared.
    Declared,
    /// Forced by the operators around it.
    Inferred,
    /// Chosen by the naming habit.
    Assumed,
}

/// A variable of the formula.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its variable in the pool.
    pub var: VarId,
    /// Rows × columns.
    pub shape: Shape,
    /// data, param, const or plain.
    pub role: Role,
    /// Names of rows of [`crate::facts::properties::PROPERTIES`], closed under `implies`; and domains in the canonical
    /// spelling of [`crate::calculus::domain`] (`> 0`, `in (0,1)`, `> A*x`).
    pub properties: Vec<String>,
    /// Where it was declared or first used.
    pub span: Span,
    /// How its shape was found.
    pub origin: Origin,
}

/// A surface operation or definition: a vertex of elimination. `value` is local: over the symbols of earlier vertices and inputs.
#[derive(Clone, Debug)]
pub struct Vertex {
    /// Its symbol.
    pub symbol: VarId,
    /// What it is, in terms of earlier symbols.
    pub value: Expr,
    /// Rows × columns of its value.
    pub shape: Shape,
    /// Where it was written.
    pub span: Span,
    /// The user's name for it, if it is a definition.
    pub name: Option<String>,
}

/// A value of the formula: an expression over symbols with its face.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name, empty for a bare expression.
    pub name: String,
    /// Over symbols (usually the symbol of a vertex).
    pub value: Expr,
    /// Rows × columns; a tensor with more than two axes has all of them in its rows.
    pub shape: Shape,
    /// For a tensor with more than two axes: how many sizes each axis is the product of. Empty for a matrix.
    pub groups: Vec<usize>,
    /// Where.
    pub span: Span,
}

/// What a condition asks of its sub-expressions at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Every entry > 0.
    Positive,
    /// Every entry ≠ 0.
    Nonzero,
    /// Every entry > −1.
    AboveMinusOne,
    /// Every entry between −1 and 1.
    Inside,
    /// A square matrix with an inverse.
    Invertible,
    /// A square matrix with a positive determinant.
    PositiveDeterminant,
    /// The two (or the one and 0) are equal in no entry.
    Apart,
    /// It is a remark that holds everywhere.
    Nothing,
}

/// A condition under which the formula or its derivative holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `domain`, `invertible`, `tie` (a kink where sides meet), `convention` (what is said of a place without a derivative),
    /// `assumption` (of a rule that was used)
    pub kind: &'static str,
    /// In words that quote the formula: `b - A*x > 0`, `max(0, z) at z = 0: derivative 0`.
    pub text: String,
    /// The operation that asks for it.
    pub span: Span,
    /// The sub-expression that it is about, as written.
    pub expression: String,
    /// Whether it follows from the declarations.
    pub proved: bool,
    /// What is asked.
    pub asks: Asks,
    /// The values that it is asked of, over the symbols of the model.
    pub of: Vec<Expr>,
}

impl Condition {
    /// Whether it is about a place without a derivative, not about a place without a value.
    pub fn is_kink(&self) -> bool {
        matches!(self.kind, "tie" | "convention")
    }
}

/// A typed formula.
#[derive(Clone, Debug)]
pub struct Model {
    /// The arena of its expressions.
    pub pool: Pool,
    /// Variables in order of declaration or first use.
    pub inputs: Vec<Input>,
    /// Vertices in order; a vertex reads earlier ones.
    pub vertices: Vec<Vertex>,
    /// Definitions and bare expressions in order; the last is the default target.
    pub definitions: Vec<Named>,
    /// Domains and kinks, in source order, without duplicates.
    pub conditions: Vec<Condition>,
    /// Relations between sizes from `dim` clauses of the domain: `m > n`.
    pub relations: Vec<String>,
    /// Sizes that must not be negative for every position to lie inside, each with what that says: `n >= 3`.
    pub needs: Vec<(Dim, String)>,
    /// Notes and warnings (assumed shapes, untied sizes).
    pub notes: Vec<Diagnostic>,
}
