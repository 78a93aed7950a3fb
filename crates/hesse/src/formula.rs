//! The one front door: every skin (command line, REPL, studio, Python) goes through [`Formula`].

use crate::calculus::model::{Condition, Model};
use crate::diagnostic::Error;
use crate::program::program::Program;
use crate::syntax::tree::{NodeId, Syntax};
use crate::tensor::{Expr, Pool, Shape};

/// Which way a derivative is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// Rows are functions, columns are variables; the gradient of a scalar is a row.
    #[default]
    Numerator,
    /// The transpose; the gradient of a scalar has the shape of the variable.
    Denominator,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Want {
    /// Derivative of a scalar by anything.
    Gradient,
    /// Derivative of a row or column by a vector.
    Jacobian,
    /// Second derivative of a scalar.
    Hessian,
    /// Derivative of anything by anything.
    #[default]
    Derivative,
    /// Jacobian times a direction (its name is the variable's with `d` before).
    Jvp,
    /// Cotangent times Jacobian (its name is the target's with `_bar` behind).
    Vjp,
    /// Hessian times a direction `v`.
    Hvp,
}

/// In which order vertices are eliminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Elimination {
    /// Reverse for scalar targets, cheapest next otherwise.
    #[default]
    Automatic,
    /// From the inputs.
    Forward,
    /// From the output.
    Reverse,
    /// Cheapest next.
    CrossCountry,
}

/// A request for derivatives.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Name of the definition to derive; the last one if `None`.
    pub target: Option<String>,
    /// Variables; all `param` (or, without any, all inputs that are not `data`) if empty. One [`Part`] each.
    pub wrt: Vec<String>,
    /// Second variable of a mixed Hessian (the same as the first if `None`).
    pub wrt2: Option<String>,
    /// What is asked for.
    pub want: Want,
    /// Derivative order for [`Want::Derivative`] (1 if 0).
    pub order: usize,
    /// Layout of the result.
    pub layout: Layout,
    /// `symmetric` or `diagonal`: the structured derivative.
    pub structure: Option<String>,
    /// Order of elimination.
    pub elimination: Elimination,
}

/// One derivative.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name of the target, `f` for a bare expression.
    pub of: String,
    /// The variables, one per order of differentiation.
    pub wrt: Vec<String>,
    /// Rows × columns in the chosen layout; for order 3 and 4 rows are the function's axes, columns the variables'.
    pub shape: Shape,
    /// Sizes as text: rows and columns (`["N", "n"]`, `["1", "n"]`); for index notation one per axis.
    pub shape_text: Vec<String>,
    /// The layout.
    pub layout: Layout,
    /// `zero`, `identity`, `diagonal`, `dense`, `symmetric`, `constant` …
    pub pattern: String,
    /// The derivative with axes of the target, then of the variables; simplified.
    pub tensor: Expr,
    /// The printed tree.
    pub syntax: Syntax,
    /// Its root.
    pub root: NodeId,
    /// Whether it is printed in index notation.
    pub indexed: bool,
}

impl Part {
    /// In the input language; parses back to the same expression.
    pub fn plain(&self) -> String {
        todo!()
    }
    /// With mathematical signs.
    pub fn unicode(&self) -> String {
        todo!()
    }
    /// LaTeX.
    pub fn latex(&self) -> String {
        todo!()
    }
    /// MathML Core.
    pub fn mathml(&self) -> String {
        todo!()
    }
    /// Nodes of the printed tree.
    pub fn nodes(&self) -> usize {
        self.syntax.count(self.root)
    }
}

/// What a request gives.
#[derive(Clone, Debug)]
pub struct Derivative {
    /// The arena of the tensors of the parts.
    pub pool: Pool,
    /// One per variable.
    pub parts: Vec<Part>,
    /// Domains and kinks that the derivative depends on.
    pub conditions: Vec<Condition>,
}

impl Derivative {
    /// A program whose only output is the value of a part, laid out as rows × columns of `part.shape`
    /// (axes rows then columns). The inputs are those of the formula that it reads.
    pub fn program(&self, _part: usize) -> Result<Program, Error> {
        todo!()
    }
    /// A program whose only output is the tensor of a part: axes of the target, then of the variables.
    pub fn tensor_program(&self, _part: usize) -> Result<Program, Error> {
        todo!()
    }
}

/// A typed formula, ready to be derived.
#[derive(Clone, Debug)]
pub struct Formula {
    source: String,
    model: Model,
}

impl Formula {
    /// Reads a whole `.hesse` text (or a bare expression: undeclared names are inferred). With `strict`, what would be assumed is refused.
    pub fn parse(_source: &str, _strict: bool) -> Result<Formula, Error> {
        todo!()
    }
    /// Reads one expression over declared variables (`("X", "matrix(m,n)")`), with a domain in the mini-language of the manual
    /// (`X posdef; x > 0; dim m > n`). Spans are those of `expression`.
    pub fn expression(_vars: &[(String, String)], _expression: &str, _domain: &str) -> Result<Formula, Error> {
        todo!()
    }
    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The typed model: inputs, definitions, conditions, notes.
    pub fn model(&self) -> &Model {
        &self.model
    }
    /// The derivatives.
    pub fn derive(&self, _request: &Request) -> Result<Derivative, Error> {
        todo!()
    }
    /// A program that computes a definition (the last one if `None`): the formula as written, nothing assumed. This is what the numeric oracles run.
    pub fn program(&self, _target: Option<&str>) -> Result<Program, Error> {
        todo!()
    }
}
