//! Products that are symmetric: AᵀA and Aᵀ·diag(w)·A need half of the work.

use super::graph::{Graph, Id, Index, Kind, Operand};

/// Turns such contractions into Gram matrices. Needs every reader to be in the graph.
pub fn refine(graph: &mut Graph) {
    for k in 0..graph.nodes.len() {
        let Kind::Contract { operands, summed } = &graph.nodes[k].kind else { continue };
        let ([a, b], [n], 2) = (&operands[..], &summed[..], graph.nodes[k].rank()) else { continue };
        let found = gram(graph, a, b).or_else(|| gram(graph, b, a));
        if let Some((of, weight)) = found {
            graph.nodes[k].kind = Kind::Gram { of, weight, summed: *n };
        }
    }
}

/// The rows label that an operand [i or j, k] of a product carries beside the summed one, if it is such a matrix.
fn free(o: &Operand) -> Option<usize> {
    let mut labels: Vec<usize> = o.index.iter().filter_map(|i| if let Index::Along(l, _) = i { Some(*l) } else { None }).collect();
    labels.sort_unstable();
    match labels[..] {
        [l, 2] if l < 2 => Some(l),
        _ => None,
    }
}

/// The same operand with its free label called 0.
fn renamed(o: &Operand) -> Operand {
    let index = o.index.iter().map(|i| if let Index::Along(1, offset) = *i { Index::Along(0, offset) } else { *i }).collect();
    Operand { node: o.node, index }
}

/// The matrix and the weights of which `plain` is the matrix and `other` the weighted matrix.
fn gram(graph: &Graph, plain: &Operand, other: &Operand) -> Option<(Operand, Option<Operand>)> {
    let (i, j) = (free(plain)?, free(other)?);
    if i == j {
        return None;
    }
    let (wanted, other) = (renamed(plain), renamed(other));
    if wanted == other {
        return Some((wanted, None));
    }
    // other = matrix ∘ weights, read at the labels of `other`.
    let Kind::Contract { operands, summed } = &graph.node(other.node).kind else { return None };
    let [x, y] = &operands[..] else { return None };
    if !summed.is_empty() || operands.iter().any(|o| graph.node(o.node).mask) {
        return None;
    }
    for (x, y) in [(x, y), (y, x)] {
        let (x, y) = (at(x, &other.index)?, at(y, &other.index)?);
        let row_only = y.index.iter().all(|i| matches!(i, Index::Along(2, _) | Index::At(_)));
        if x == wanted && row_only {
            return Some((x, Some(y)));
        }
    }
    None
}

/// An operand of a product, at the labels of whoever reads the product at `index`.
fn at(o: &Operand, index: &[Index]) -> Option<Operand> {
    let place = |i: &Index| match *i {
        Index::At(k) => Some(Index::At(k)),
        Index::Along(l, offset) => match index.get(l)? {
            Index::Along(m, more) => Some(Index::Along(*m, offset + more)),
            Index::At(k) => usize::try_from(*k as i64 + offset).ok().map(Index::At),
        },
    };
    Some(Operand { node: o.node, index: o.index.iter().map(place).collect::<Option<_>>()? })
}

/// The nodes that these are computed from.
pub fn needed(graph: &Graph, roots: &[Id]) -> Vec<bool> {
    let mut needed = vec![false; graph.nodes.len()];
    roots.iter().for_each(|r| needed[r.at()] = true);
    for k in (0..graph.nodes.len()).rev() {
        if needed[k] {
            super::graph::reads(&graph.nodes[k].kind).iter().for_each(|r| needed[r.at()] = true);
        }
    }
    needed
}
