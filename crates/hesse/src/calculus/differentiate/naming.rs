//! Names for the parts of a derivative that is computed: what a matrix was multiplied into is one array, computed once. What is only
//! element-wise stays open: a quotient must still meet the exponential that it belongs to (see `program/stabilise.rs`).

use super::{ADJOINT, Tape};
use crate::tensor::{Expr, Factor, Label, Node, Pool, VarId, VarKind};

/// A derivative of more nodes than this is named even where its structure is then no longer seen.
const WHOLE: usize = 64;

/// The expression with its computed parts under names: M_ki D_i x_j is a matrix of k and i beside a vector, never their product.
pub(super) fn named(pool: &mut Pool, tape: &mut Tape, e: Expr, of: VarId) -> Expr {
    if pool.variables_of(e).is_empty() {
        return e;
    }
    match pool.node(e).clone() {
        Node::Var(_) => e,
        Node::Sum(terms, _) if terms.len() == 1 => {
            let inner = named(pool, tape, terms[0].1, of);
            pool.scale(terms[0].0, inner)
        }
        Node::Sum(terms, axes) if terms.iter().any(|t| structured(pool, t.1)) && pool.weight(e, WHOLE) <= WHOLE => {
            let terms: Vec<_> = terms.into_iter().map(|(c, t)| (c, named(pool, tape, t, of))).collect();
            pool.sum(&terms, &axes)
        }
        Node::Product { factors, out, sizes } => {
            let sizes: Vec<_> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let mut made = vec![];
            for part in components(factors) {
                let bare = part.len() == 1 && pool.as_integer(part[0].power) == Some(1) && matches!(pool.node(part[0].base), Node::Var(_));
                let mut kept: Vec<Label> = vec![];
                for l in out.iter().filter(|l| part.iter().any(|f| f.labels.contains(l))) {
                    if !kept.contains(l) {
                        kept.push(*l);
                    }
                }
                // A mask between two axes is no matrix: it stays beside what it selects from.
                let masks = kept.len() > 1 && part.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(_)));
                // Rows or columns of a matrix times a vector: in Jᵀ·diag·J the diagonals meet.
                let (wide, narrow): (Vec<&Factor>, Vec<&Factor>) = part.iter().partition(|f| f.labels.len() > 1);
                let sums = part.iter().flat_map(|f| &f.labels).any(|l| !out.contains(l));
                let multiplies = sums && part.len() > 1 && !wide.is_empty();
                let scales = !sums && wide.len() == 1 && !narrow.is_empty() && matches!(pool.node(wide[0].base), Node::Var(_));
                if bare || kept.len() > 2 || masks || scales {
                    made.extend(part);
                    continue;
                }
                let value = pool.product_of(part.clone(), kept.clone(), &sizes);
                if !multiplies && pool.weight(value, ADJOINT) <= ADJOINT {
                    made.extend(part);
                    continue;
                }
                let power = pool.one();
                made.push(Factor { base: name(pool, tape, value, of), labels: kept, power });
            }
            pool.product_of(made, out, &sizes)
        }
        _ if pool.weight(e, ADJOINT) <= ADJOINT => e,
        _ if pool.rank(e) <= 2 || pool.weight(e, WHOLE) > WHOLE => name(pool, tape, e, of),
        _ => e,
    }
}

/// Whether most of its entries are 0 by its form: a diagonal, or a part of one.
fn structured(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Pattern(_) => true,
        Node::Product { factors, out, .. } => {
            out.iter().enumerate().any(|(k, l)| out[..k].contains(l))
                || out.len() > 1 && factors.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(_)))
        }
        _ => false,
    }
}

/// Factors that labels join.
fn components(factors: Vec<Factor>) -> Vec<Vec<Factor>> {
    let mut parts: Vec<Vec<Factor>> = vec![];
    for f in factors {
        let (joined, apart): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| part.iter().any(|g| g.labels.iter().any(|l| f.labels.contains(l))));
        parts = apart;
        let mut part: Vec<Factor> = joined.into_iter().flatten().collect();
        part.push(f);
        parts.push(part);
    }
    parts
}

/// The symbol of this value, the same for the same value.
fn name(pool: &mut Pool, tape: &mut Tape, value: Expr, of: VarId) -> Expr {
    if matches!(pool.node(value), Node::Var(_)) || pool.variables_of(value).is_empty() {
        return value;
    }
    if let Some(symbol) = tape.names.get(&value) {
        return *symbol;
    }
    let axes = pool.axes(value).to_vec();
    let text = format!("{}_bar", pool.variable(of).name);
    let (v, symbol) = pool.declare(&text, axes, VarKind::Adjoint);
    tape.definitions.push((v, value));
    tape.names.insert(value, symbol);
    symbol
}
