//! A derivation: the steps from a formula to its derivative, as data. It is built by listening to the differentiation code
//! (`formula/explain`), audited line by line (`hesse-run`), and drawn by the writers of `derivation/`.
//!
//! All trees live in one arena. A [`Step`] is a heading, a line, or both; steps are in reading order and form a forest by `parent`.
//! It knows nothing of tensors: every tree is in the vocabulary of the input language, over the inputs, the pieces and (in the
//! style of differentials) names such as `dz`.

pub mod html;
pub mod latex;
pub mod markdown;
pub mod page;
pub mod text;

#[cfg(test)]
mod tests;

use crate::calculus::model::Condition;
use crate::diagnostic::Span;
use crate::syntax::tree::{NodeId, Syntax};

/// How a derivation argues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Pieces are named, each is reduced to scalar equations, partials are assembled into Jacobians, which the vector chain rule multiplies.
    Scalar,
    /// `d` is pushed inward, collected in front of each `dx`, and identified.
    Differential,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Depth {
    /// Names, chain rule, result.
    Outline,
    /// The rule of each piece.
    #[default]
    Normal,
    /// Each rule reduced to scalars, with small matrices drawn entry by entry.
    Full,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    /// A name for a sub-expression: `z := X*w + b`.
    Name,
    /// A vector equation as scalar equations: `y[i] = w[i]*x[i]`.
    Scalarise,
    /// A partial derivative of a piece by what it reads.
    Partial,
    /// Partials put together as a Jacobian.
    Assemble,
    /// The chain rule over names.
    Chain,
    /// The Jacobians of the chain multiplied.
    Multiply,
    /// The differential of a piece.
    Differential,
    /// Differentials of pieces replaced by those of what they read.
    Collect,
    /// What stands in front of a differential is the derivative.
    Identify,
    /// Pieces written out again.
    Substitute,
    /// A rule of algebra.
    Rewrite,
    /// A mask as the two cases that it stands for.
    Cases,
    /// A derivative turned into the layout that was asked for.
    Layout,
    /// A remark.
    Note,
}

/// A rule of the catalogue, by its id: `"chain.vector"`.
pub type RuleId = String;

/// A derivation.
#[derive(Clone, Debug)]
pub struct Derivation {
    /// What is derived, and by what.
    pub problem: Problem,
    /// How it argues.
    pub style: Style,
    /// Whether results are in denominator layout: the transposes of those in numerator layout.
    pub denominator: bool,
    /// All trees.
    pub syntax: Syntax,
    /// The named pieces in order; the last is the target. Each reads inputs and earlier pieces.
    pub pieces: Vec<Piece>,
    /// Names of differentials with what each is the differential of: `("dz", "z")`.
    pub differentials: Vec<(String, String)>,
    /// In reading order; a parent stands before its children. `steps[k].id == k`.
    pub steps: Vec<Step>,
    /// One for each variable, as `grad` prints them.
    pub results: Vec<Outcome>,
    /// Domains and kinks that the derivation depends on.
    pub conditions: Vec<Condition>,
}

/// What is derived.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The text as the user wrote it.
    pub source: String,
    /// The name of the target, `f` for a bare expression.
    pub of: String,
    /// The variables, one text a result; of a Hessian `x` and `x` are one entry.
    pub wrt: Vec<String>,
    /// Inputs and sizes with their types: `("X", "matrix(N, n)")`.
    pub inputs: Vec<(String, String)>,
    /// The order of the derivative.
    pub order: usize,
    /// The structure of the matrices that it is projected onto: `symmetric`.
    pub structure: Option<String>,
}

/// A named part of the formula.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its name: a definition of the user's, or a letter that was free.
    pub name: String,
    /// Its type as declarations say it: `vector(N)`, `matrix(N, n)`, `scalar`, `rowvector(n)`.
    pub of: String,
    /// What it is, over inputs and earlier pieces.
    pub value: NodeId,
    /// Where it stands in the user's text.
    pub span: Option<Span>,
    /// Whether the user named it.
    pub given: bool,
    /// Which of the derivation's parts it belongs to: pieces of a second differentiation count from 1.
    pub round: usize,
}

/// A derivative as `grad` prints it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// By which variables, one per order.
    pub wrt: Vec<String>,
    /// The printed tree.
    pub tree: NodeId,
    /// The axes of the target, then of the variables, in the order in which the tree has them.
    pub order: Vec<usize>,
    /// Rows and columns as text; one size an axis for what is no matrix.
    pub shape: Vec<String>,
    /// What can be non-zero, in words: `diagonal`, empty if nothing is special.
    pub pattern: String,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in `steps`.
    pub id: usize,
    /// The step that it details.
    pub parent: Option<usize>,
    /// The least depth at which it is shown.
    pub level: Depth,
    /// What it does.
    pub doing: Doing,
    /// The rules that it uses.
    pub rules: Vec<RuleId>,
    /// A heading: `Name the pieces`.
    pub heading: Option<String>,
    /// The equation.
    pub line: Option<Line>,
    /// The reason in words.
    pub note: Option<String>,
    /// Places in `conditions` that it needs.
    pub requires: Vec<usize>,
    /// Earlier steps that it follows from.
    pub because: Vec<usize>,
    /// Where it comes from in the user's text.
    pub span: Option<Span>,
    /// What the audit found.
    pub audit: Audit,
}

/// An equation.
#[derive(Clone, Debug)]
pub struct Line {
    /// The left side.
    pub left: Side,
    /// How the sides are related.
    pub relation: Relation,
    /// The right side.
    pub right: Side,
    /// The left side is the right side of the step before: it is drawn as the next link of a chain `a = b = c`.
    pub continues: bool,
    /// Rows and columns of both sides as text: `["N", "n"]`.
    pub shape: Vec<String>,
    /// Of a chain: rows and columns of each factor of each term.
    pub factors: Vec<Vec<Vec<String>>>,
    /// What can be non-zero, in words: `diagonal`.
    pub pattern: Option<String>,
    /// What the letters of a scalar equation run over: `("i", "n")`.
    pub letters: Vec<(String, String)>,
    /// What is tested, the left and the right side; `None` for what is true by definition.
    pub tested: Option<(Meaning, Meaning)>,
}

impl Line {
    /// `left = right`, of which nothing else is known.
    pub fn equal(left: Side, right: Side) -> Line {
        Line {
            left,
            relation: Relation::Equal,
            right,
            continues: false,
            shape: vec![],
            factors: vec![],
            pattern: None,
            letters: vec![],
            tested: None,
        }
    }
}

/// How two sides are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `=`
    Equal,
    /// `:=`, a definition
    Defined,
    /// `⇒`
    Implies,
}

/// A side of an equation as it is drawn.
#[derive(Clone, Debug)]
pub enum Side {
    /// A formula.
    Tree(NodeId),
    /// `∂of/∂by`; two variables for a second derivative. Names, or entries `y[i]`.
    Partial(NodeId, Vec<NodeId>),
    /// `d name`: the differential of a piece.
    Differential(NodeId),
    /// A sum of chains of partials: `∂C/∂v · ∂v/∂w + ∂C/∂w`.
    Chains(Vec<Chain>),
    /// A formula in which a call `where(c, a, b)` is drawn as two cases, `{ b if not c; a if c`.
    Cases(NodeId),
    /// A value for `j = i`, and 0 for other letters: the letters, and the value.
    Diagonal(String, String, NodeId),
    /// A small matrix entry by entry, `None` for what is always 0; at sizes 3.
    Picture(Vec<Vec<Option<NodeId>>>),
}

/// A product of partials.
#[derive(Clone, Debug)]
pub struct Chain {
    /// `∂of/∂by`, in the order of the product.
    pub factors: Vec<(NodeId, NodeId)>,
    /// Letters that are summed, where the factors are no matrices: `Σ_k ∂C/∂z[k] · ∂z[k]/∂X[i,j]`.
    pub summed: Vec<String>,
}

/// What a side of an equation means, so that it can be tested on numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// The value of a formula of the input language, over inputs, pieces and differentials. With letters it is asked at positions.
    Value(NodeId),
    /// The derivative of one name by another: axes of `of`, then of `by`, taken in this order (row-major).
    Partial {
        /// A piece.
        of: String,
        /// An input or a piece.
        by: String,
        /// Whether the pieces that `of` reads count as independent, not only `by`.
        local: bool,
        /// The order of the axes.
        order: Vec<usize>,
    },
    /// The derivative along the directions of all variables.
    Differential(String),
    /// One entry of a name, at letters.
    Entry(String, Vec<String>),
    /// One entry of a derivative, at letters: those of `of`, then those of `by`.
    PartialEntry {
        /// A piece.
        of: String,
        /// An input or a piece.
        by: String,
        /// The letters.
        letters: Vec<String>,
        /// As for [`Meaning::Partial`].
        local: bool,
    },
    /// A value where two letters are equal, 0 elsewhere.
    Diagonal(String, String, NodeId),
    /// A small matrix entry by entry: position (1-based) and value, `None` for 0; tested where sizes reach that far.
    Entries(Vec<Vec<Option<NodeId>>>),
    /// A sum of products of derivatives.
    Chains {
        /// Each a product of `(of, by, local)`, from the target to the variable: contracted in this order.
        terms: Vec<Vec<(String, String, bool)>>,
        /// The order of the axes of the result, as for [`Meaning::Partial`].
        order: Vec<usize>,
    },
}

/// What the audit of a step found.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Audit {
    /// It was not asked yet.
    #[default]
    Open,
    /// Both sides agree.
    Holds {
        /// At how many points.
        points: usize,
        /// The largest relative error.
        worst: f64,
    },
    /// True by definition, or a heading.
    Structural,
    /// It could not be tested, and why.
    Skipped(String),
    /// The sides differ.
    Fails {
        /// The largest relative error.
        worst: f64,
        /// Where, in words.
        place: String,
    },
}
