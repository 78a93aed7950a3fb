//! Properties of declared variables, one row each.

/// A property that a declaration can give to a variable.
pub struct Property {
    /// As written.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// In index notation or as a condition.
    pub says: &'static str,
    /// Projection of a gradient when the structured derivative is asked for; empty if there is none.
    pub project: &'static str,
    /// Properties that follow.
    pub implies: &'static [&'static str],
}

/// All rows.
#[rustfmt::skip] // one row a line
pub const PROPERTIES: &[Property] = &[
    Property { name: "symmetric", aliases: &[], says: "A[i,j] = A[j,i]", project: "G + G' - diag(diag(G))", implies: &[] },
    Property { name: "diagonal", aliases: &[], says: "A[i,j] = 0 for i ≠ j", project: "diag(diag(G))", implies: &["symmetric"] },
    Property { name: "posdef", aliases: &["spd"], says: "symmetric with positive eigenvalues", project: "", implies: &["symmetric", "invertible", "detpos"] },
    Property { name: "invertible", aliases: &[], says: "det(A) ≠ 0", project: "", implies: &[] },
    Property { name: "detpos", aliases: &[], says: "det(A) > 0", project: "", implies: &["invertible"] },
    Property { name: "lower", aliases: &[], says: "A[i,j] = 0 for j > i", project: "tril(G)", implies: &[] },
    Property { name: "orthogonal", aliases: &[], says: "A'*A = eye", project: "", implies: &["invertible"] },
    Property { name: "unit", aliases: &[], says: "norm2(x) = 1", project: "", implies: &[] },
    Property { name: "integer", aliases: &[], says: "whole numbers", project: "", implies: &[] },
    Property { name: "positive", aliases: &["> 0"], says: "x > 0", project: "", implies: &["nonnegative", "nonzero"] },
    Property { name: "nonnegative", aliases: &[">= 0"], says: "x >= 0", project: "", implies: &[] },
    Property { name: "nonzero", aliases: &["!= 0"], says: "x ≠ 0", project: "", implies: &[] },
];
