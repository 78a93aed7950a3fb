//! What the form of a derivative says about its entries.

use crate::tensor::{Expr, Node, Pool};

/// `zero`, `identity`, `scaled identity`, `diagonal`, `symmetric`, `constant` or `dense`, for a derivative with these axes.
/// `rows` is the number of axes of the function.
pub fn pattern(pool: &mut Pool, e: Expr, rows: usize) -> &'static str {
    if pool.is_zero(e) {
        return "zero";
    }
    let rank = pool.rank(e);
    if rows > 0 && rank == 2 * rows && is_diagonal(pool, e, rows) {
        let plain = |pool: &Pool, e: Expr| matches!(pool.node(e), Node::Product { factors, .. } if factors.is_empty());
        let scaled =
            |pool: &Pool, e: Expr| matches!(pool.node(e), Node::Product { factors, .. } if factors.iter().all(|f| f.labels.is_empty()));
        return match pool.node(e) {
            _ if plain(pool, e) => "identity",
            _ if scaled(pool, e) => "scaled identity",
            Node::Sum(terms, _) if terms.len() == 1 && scaled(pool, terms[0].1) => "scaled identity",
            _ => "diagonal",
        };
    }
    if pool.variables_of(e).is_empty() {
        return "constant";
    }
    if rank == 2 && rows == 1 && pool.is_symmetric(e) { "symmetric" } else { "dense" }
}

/// Whether every term sits on the diagonal: the labels of the rows are those of the columns.
fn is_diagonal(pool: &Pool, e: Expr, rows: usize) -> bool {
    match pool.node(e) {
        Node::Sum(terms, _) => terms.iter().all(|t| is_diagonal(pool, t.1, rows)),
        Node::Product { out, .. } => out[..rows] == out[rows..],
        _ => false,
    }
}
