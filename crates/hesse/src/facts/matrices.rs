//! Opaque functions of whole matrices, one row each. A row needs a kernel of the same name in `hesse-run`.

/// A function of a whole tensor.
pub struct MatrixFunction {
    /// The canonical name.
    pub name: &'static str,
    /// What it takes: `square` (n×n) or `any` (the sum runs over all entries, of any shape).
    pub of: &'static str,
    /// What it gives: `same` (n×n with the axes of the argument's transpose), `scalar`.
    pub gives: &'static str,
    /// Derivative in index notation: for `square`, A has axes i (rows) and j (columns) of the RESULT first when it has any
    /// (k, l), then those of A. Empty argument axes for `any`: `A` stands element by element.
    pub slope: &'static str,
    /// Where it is defined: `A invertible`, `det(A) > 0`; empty for everywhere.
    pub domain: &'static str,
    /// The convention at a kink, empty for a smooth function.
    pub at_kink: &'static str,
    /// A symmetric argument gives a symmetric result.
    pub keeps_symmetric: bool,
    /// LaTeX of the name, empty for `\operatorname{name}`.
    pub latex: &'static str,
    /// One line for the manual.
    pub says: &'static str,
}

/// Position of a row in [`MATRIX_FUNCTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatrixFunctionId(pub u16);

impl MatrixFunctionId {
    /// The row.
    pub fn row(self) -> &'static MatrixFunction {
        &MATRIX_FUNCTIONS[self.0 as usize]
    }
}

/// The matrix function of that name.
pub fn find(name: &str) -> Option<MatrixFunctionId> {
    MATRIX_FUNCTIONS.iter().position(|f| f.name == name).map(|k| MatrixFunctionId(k as u16))
}

const PLAIN: MatrixFunction = MatrixFunction {
    name: "",
    of: "square",
    gives: "scalar",
    slope: "",
    domain: "",
    at_kink: "",
    keeps_symmetric: false,
    latex: "",
    says: "",
};

/// All rows. The slope of `inv` has the result's axes (k, l) first.
#[rustfmt::skip] // one row a line
pub const MATRIX_FUNCTIONS: &[MatrixFunction] = &[
    MatrixFunction { name: "inv", gives: "same", slope: "-inv(A)[k,i]*inv(A)[j,l] -> [k, l, i, j]", domain: "A invertible", keeps_symmetric: true, says: "inverse", ..PLAIN },
    MatrixFunction { name: "det", slope: "det(A)*inv(A)[j,i] -> [i, j]", latex: r"\det", says: "determinant", ..PLAIN },
    MatrixFunction { name: "logdet", slope: "inv(A)[j,i] -> [i, j]", domain: "det(A) > 0", latex: r"\log\det", says: "log(det(A))", ..PLAIN },
    MatrixFunction { name: "logabsdet", slope: "inv(A)[j,i] -> [i, j]", domain: "A invertible", says: "log(abs(det(A)))", ..PLAIN },
    MatrixFunction { name: "norm2", of: "any", slope: "A/norm2(A)", at_kink: "0 at A = 0", says: "Euclidean or Frobenius norm", ..PLAIN },
    MatrixFunction { name: "logsumexp", of: "any", slope: "exp(A - logsumexp(A))", says: "log(sum(exp(A))), stable", ..PLAIN },
];
