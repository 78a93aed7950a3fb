//! A face of a tensor: which of its axes are rows, which are columns.

use super::dim::Dim;

/// Rows × columns, each a list of sizes (a pure product `m*n` is the list `[m, n]`, a literal 1 the empty list).
///
/// Scalar `()×()`, column `(n)×()`, row `()×(n)`, matrix `(m)×(n)`, Kronecker product `(m p)×(n q)`.
/// The axes of the tensor are the rows, then the columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// Sizes of the rows, slowest first.
    pub rows: Vec<Dim>,
    /// Sizes of the columns.
    pub cols: Vec<Dim>,
}

impl Shape {
    /// The shape with these rows and columns.
    pub fn new(rows: Vec<Dim>, cols: Vec<Dim>) -> Self {
        Shape { rows, cols }
    }
    /// `()×()`
    pub fn scalar() -> Self {
        Shape::default()
    }
    /// Whether it is 1×1.
    pub fn is_scalar(&self) -> bool {
        self.rows.is_empty() && self.cols.is_empty()
    }
    /// Rows then columns.
    pub fn axes(&self) -> Vec<Dim> {
        self.rows.iter().chain(&self.cols).copied().collect()
    }
    /// Columns × rows.
    #[must_use]
    pub fn transposed(&self) -> Shape {
        Shape { rows: self.cols.clone(), cols: self.rows.clone() }
    }
}
