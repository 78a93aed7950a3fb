//! What the form of a derivative says about its entries: which can be non-zero, how many they are, what such a matrix is called.
//!
//! Nothing here looks at numbers: what is possible follows from labels, δ, patterns of constants and declared structure. An entry that
//! is said to be zero is zero everywhere; one that is possible may still vanish.

mod count;
mod definite;
mod support;

use super::notate::{Face, apart};
use crate::tensor::{Expr, Label, Node, Pool, VarId};
use count::Count;
use definite::semidefinite;
use support::Supports;

/// What a matrix, or a tensor with more axes, is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All entries are zero.
    Zero,
    /// The identity.
    Identity,
    /// A scalar times the identity.
    ScaledIdentity,
    /// Rows and columns meet in the same entries only.
    Diagonal,
    /// Blocks along the diagonal.
    BlockDiagonal,
    /// Few diagonals beside the main one.
    Banded {
        /// Diagonals below it.
        below: usize,
        /// Diagonals above it.
        above: usize,
    },
    /// Nothing above the diagonal.
    Lower,
    /// Nothing below the diagonal.
    Upper,
    /// Zeros in other places.
    Sparse,
    /// It reads no variable.
    Constant,
    /// A Kronecker product.
    Kronecker,
    /// A column times a row.
    Outer,
    /// A sum of columns times rows.
    LowRank,
    /// A diagonal and columns times rows.
    LowRankPlusDiagonal,
    /// None of these.
    Dense,
}

/// The structure of a derivative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// What it is called.
    pub kind: Kind,
    /// Equal to its transpose.
    pub symmetric: bool,
    /// Symmetric with eigenvalues that are provably not negative.
    pub semidefinite: bool,
    /// How many entries can be non-zero, as text over the sizes: `n`, `3*n - 2`; `None` where that is no polynomial.
    pub nonzeros: Option<String>,
    /// How many entries there are: `n^2`.
    pub entries: String,
}

impl Structure {
    /// In a word or two: `diagonal`, `banded (1 below, 1 above)`, `symmetric` for what has no other name.
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Zero => "zero".into(),
            Kind::Identity => "identity".into(),
            Kind::ScaledIdentity => "scaled identity".into(),
            Kind::Diagonal => "diagonal".into(),
            Kind::BlockDiagonal => "block-diagonal".into(),
            Kind::Banded { below, above } => format!("banded ({below} below, {above} above)"),
            Kind::Lower => "lower triangular".into(),
            Kind::Upper => "upper triangular".into(),
            Kind::Sparse => "sparse".into(),
            Kind::Constant => "constant".into(),
            Kind::Kronecker => "Kronecker product".into(),
            Kind::Outer => "low rank (outer product)".into(),
            Kind::LowRank => "low rank".into(),
            Kind::LowRankPlusDiagonal => "low rank + diagonal".into(),
            Kind::Dense if self.symmetric => "symmetric".into(),
            Kind::Dense => "dense".into(),
        }
    }
    /// Whether some entry is zero everywhere.
    pub fn has_zeros(&self) -> bool {
        self.nonzeros.as_ref() != Some(&self.entries)
    }
}

/// The structure of a tensor as the matrix with this face; `declared` are the properties of variables.
pub fn structure(pool: &mut Pool, e: Expr, face: &Face, declared: &[(VarId, Vec<String>)]) -> Structure {
    let supports = Supports::new(pool, e, declared);
    let count = Count::new(pool, e);
    let entries = count.entries();
    let symmetric = is_symmetric(pool, e, face);
    if pool.is_zero(e) {
        return Structure { kind: Kind::Zero, symmetric, semidefinite: false, nonzeros: Some("0".into()), entries };
    }
    let sparse = supports.is_sparse(pool, e);
    let nonzeros = if sparse { count.nonzeros(pool, &supports, e) } else { Some(entries.clone()) };
    let kind = match sparse {
        true => sparse_kind(pool, &supports, e, face),
        false => full_kind(pool, e, face),
    };
    let semidefinite = symmetric && semidefinite(pool, e, face, declared);
    Structure { kind, symmetric, semidefinite, nonzeros, entries }
}

/// Which entries of the matrix with this face can be non-zero at these sizes of names; `None` where they make no sense of the
/// formula, or the matrix would have more than `most` entries.
pub fn picture(
    pool: &Pool,
    e: Expr,
    face: &Face,
    declared: &[(VarId, Vec<String>)],
    size: &dyn Fn(&str) -> usize,
    most: usize,
) -> Option<Vec<Vec<bool>>> {
    let sizes = pool.dims.names().iter().map(|name| size(name)).collect();
    Supports::new(pool, e, declared).matrix(pool, e, face, &sizes, most)
}

fn is_symmetric(pool: &mut Pool, e: Expr, face: &Face) -> bool {
    if face.rows.is_empty() || face.rows.len() != face.cols.len() {
        return false;
    }
    let mut order: Vec<usize> = (0..pool.rank(e)).collect();
    for (r, c) in face.rows.iter().zip(&face.cols) {
        order.swap(*r, *c);
    }
    pool.permute(e, &order) == e
}

/// The terms of a sum, without coefficients.
fn terms(pool: &Pool, e: Expr) -> Vec<Expr> {
    match pool.node(e) {
        Node::Sum(terms, _) => terms.iter().map(|t| t.1).collect(),
        _ => vec![e],
    }
}

/// Labels of rows and columns of a product.
fn sides(pool: &Pool, e: Expr, face: &Face) -> Option<(Vec<Label>, Vec<Label>)> {
    let Node::Product { out, .. } = pool.node(e) else { return None };
    let side = |axes: &[usize]| axes.iter().map(|a| out[*a]).collect();
    Some((side(&face.rows), side(&face.cols)))
}

/// Whether a term sits on the diagonal: the labels of the rows are those of the columns.
fn is_diagonal(pool: &Pool, e: Expr, face: &Face) -> bool {
    sides(pool, e, face).is_some_and(|(rows, cols)| !rows.is_empty() && rows == cols)
}

fn sparse_kind(pool: &mut Pool, supports: &Supports, e: Expr, face: &Face) -> Kind {
    let all = terms(pool, e);
    if all.iter().all(|t| is_diagonal(pool, *t, face)) {
        let bare = |t: Expr| matches!(pool.node(t), Node::Product { factors, .. } if factors.iter().all(|f| f.labels.is_empty()));
        let one = |t: Expr| matches!(pool.node(t), Node::Product { factors, .. } if factors.is_empty());
        // An identity over labels that are all different, not the mask of one of them.
        let whole = sides(pool, all[0], face).is_some_and(|(rows, _)| rows.iter().enumerate().all(|(k, l)| !rows[..k].contains(l)));
        return match all.as_slice() {
            [t] if whole && *t == e && one(*t) => Kind::Identity,
            _ if whole && all.iter().all(|t| bare(*t)) => Kind::ScaledIdentity,
            _ => Kind::Diagonal,
        };
    }
    // Blocks: the slowest label of the rows is that of the columns.
    let blocks = |t: &Expr| sides(pool, *t, face).is_some_and(|(r, c)| r.len() + c.len() > 2 && !r.is_empty() && r.first() == c.first());
    if all.iter().all(blocks) {
        return Kind::BlockDiagonal;
    }
    if let Some(kind) = supports.bands(pool, e, face) {
        return kind;
    }
    if pool.variables_of(e).is_empty() {
        return Kind::Constant;
    }
    match all.as_slice() {
        [t] if apart(pool, *t, face) => Kind::Kronecker,
        _ => Kind::Sparse,
    }
}

fn full_kind(pool: &mut Pool, e: Expr, face: &Face) -> Kind {
    if pool.variables_of(e).is_empty() {
        return Kind::Constant;
    }
    if face.rows.is_empty() || face.cols.is_empty() {
        return Kind::Dense;
    }
    let all = terms(pool, e);
    let (diagonal, rest): (Vec<Expr>, Vec<Expr>) = all.iter().partition(|t| is_diagonal(pool, **t, face));
    let outer = rest.iter().all(|t| super::notate::is_outer(pool, *t, face));
    // Of a small matrix as many terms as it has rows may be any matrix.
    let axes = pool.axes(e);
    let lengths = [face.rows[0], face.cols[0]].into_iter().filter_map(|a| pool.dims.as_integer(axes[a]));
    let few = lengths.min().is_none_or(|n| i64::try_from(rest.len()).is_ok_and(|terms| terms < n));
    match (diagonal.len(), rest.len()) {
        (0, 1) if outer => Kind::Outer,
        (_, n) if n > 1 && !few => Kind::Dense,
        (0, _) if outer => Kind::LowRank,
        (_, n) if n > 0 && outer => Kind::LowRankPlusDiagonal,
        (0, 1) if apart(pool, rest[0], face) => Kind::Kronecker,
        _ => Kind::Dense,
    }
}
