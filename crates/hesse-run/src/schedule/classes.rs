//! Which axes of which values are the same index, and which values are computed together in one pass along such an index.

use super::graph::{Graph, Id, Index, Kind, Operand, reads};
use std::collections::HashMap;

/// An index of the whole program: axes and summed labels that run together.
pub type Class = usize;

/// The classes of the labels of each node (its axes, then its summed labels), and what was claimed by which pass.
#[derive(Debug)]
pub struct Classes {
    /// Per node, per label.
    pub labels: Vec<Vec<Class>>,
    /// Per node: the class along which it is computed.
    pub claimed: Vec<Option<Class>>,
    /// Per node: how many passes must be over before it can be computed.
    pub stage: Vec<usize>,
}

/// The labels of a node as (extent) list: axes, then summed ones.
fn extents(graph: &Graph, id: Id) -> Vec<usize> {
    let node = graph.node(id);
    let mut all = node.shape.clone();
    match &node.kind {
        Kind::Contract { summed, .. } => all.extend(summed),
        Kind::Gram { summed, .. } => all.push(*summed),
        _ => {}
    }
    all
}

/// The operands of a node whose labels are its own.
pub fn operands(kind: &Kind) -> Vec<&Operand> {
    match kind {
        Kind::Combine(terms) => terms.iter().map(|t| &t.1).collect(),
        Kind::Map(_, args) | Kind::Contract { operands: args, .. } => args.iter().collect(),
        Kind::Gram { of, weight, .. } => std::iter::once(of).chain(weight).collect(),
        Kind::Power { base, .. } => vec![base],
        Kind::PowerBy { base, exponent, .. } => vec![base, exponent],
        _ => vec![],
    }
}

/// Sorts the needed nodes into passes. `given` nodes are there already.
pub fn classes(graph: &Graph, needed: &[bool], given: &dyn Fn(Id) -> bool) -> Classes {
    let n = graph.nodes.len();
    let mut first = vec![0; n + 1];
    for k in 0..n {
        first[k + 1] = first[k] + extents(graph, Id(k as u32)).len();
    }
    let mut parent: Vec<usize> = (0..first[n]).collect();
    fn root(parent: &mut [usize], mut k: usize) -> usize {
        while parent[k] != k {
            parent[k] = parent[parent[k]];
            k = parent[k];
        }
        k
    }
    for k in (0..n).filter(|k| needed[*k]) {
        let id = Id(k as u32);
        let own = extents(graph, id);
        for o in operands(&graph.node(id).kind) {
            for (axis, i) in o.index.iter().enumerate() {
                if let Index::Along(l, 0) = *i
                    && graph.shape(o.node)[axis] == own[l]
                {
                    let (a, b) = (root(&mut parent, first[k] + l), root(&mut parent, first[o.node.at()] + axis));
                    parent[a.max(b)] = a.min(b);
                }
            }
        }
        if let Kind::Reduce(f, of) = &graph.node(id).kind {
            for axis in 0..f.kept().min(graph.shape(*of).len()).min(own.len()) {
                let (a, b) = (root(&mut parent, first[k] + axis), root(&mut parent, first[of.at()] + axis));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let labels: Vec<Vec<Class>> = (0..n).map(|k| (first[k]..first[k + 1]).map(|p| root(&mut parent, p)).collect()).collect();

    // A class claims what carries it exactly once; the class that most can be computed along goes first.
    let mut claimed: Vec<Option<Class>> = vec![None; n];
    let computed = |k: usize| needed[k] && !given(Id(k as u32)) && claimable(&graph.nodes[k].kind);
    loop {
        let mut count: HashMap<Class, (usize, usize)> = HashMap::new();
        for k in (0..n).filter(|k| computed(*k) && claimed[*k].is_none()) {
            for (l, c) in labels[k].iter().enumerate() {
                if along(graph, k, *c, &labels) {
                    let extent = extents(graph, Id(k as u32))[l];
                    let e = count.entry(*c).or_insert((0, extent));
                    e.0 += 1;
                }
            }
        }
        let Some((class, _)) = count.into_iter().max_by_key(|(c, (many, extent))| (*many, *extent, std::cmp::Reverse(*c))) else { break };
        for k in (0..n).filter(|k| computed(*k)) {
            if claimed[k].is_none() && along(graph, k, class, &labels) {
                claimed[k] = Some(class);
            }
        }
    }

    // Stages: what is summed along a pass is known when the pass is over.
    let mut stage = vec![0; n];
    let mut available = vec![0; n];
    for k in (0..n).filter(|k| needed[*k]) {
        let id = Id(k as u32);
        if given(id) {
            continue;
        }
        let kind = &graph.nodes[k].kind;
        let at = match claimed[k] {
            Some(class) => {
                let along = |o: Id, index: Option<&Operand>| -> usize {
                    let local = claimed[o.at()] == Some(class)
                        && !given(o)
                        && row_local(graph, o, class, &labels)
                        && match index {
                            None => true,
                            Some(x) => x.index.iter().enumerate().all(|(axis, i)| {
                                labels[o.at()][axis] != class || matches!(i, Index::Along(l, 0) if labels[k][*l] == class)
                            }),
                        };
                    if local { stage[o.at()] } else { available[o.at()] }
                };
                match kind {
                    Kind::Reduce(_, of) => along(*of, None),
                    kind => operands(kind).iter().map(|o| along(o.node, Some(o))).max().unwrap_or(0),
                }
            }
            None => reads(kind).iter().map(|o| available[o.at()]).max().unwrap_or(0),
        };
        stage[k] = at;
        available[k] = if claimed[k].is_some() { at + 1 } else { at };
    }
    Classes { labels, claimed, stage }
}

/// Whether a node can be computed along a class: it carries it once, as the first of its axes or summed.
fn along(graph: &Graph, k: usize, class: Class, labels: &[Vec<Class>]) -> bool {
    let rank = graph.nodes[k].rank();
    let mut at = labels[k].iter().enumerate().filter(|(_, c)| **c == class).map(|(l, _)| l);
    let gram = matches!(graph.nodes[k].kind, Kind::Gram { .. });
    matches!((at.next(), at.next()), (Some(l), None) if (l == 0 && !gram) || l >= rank)
}

/// Whether a pass along an axis can compute it.
fn claimable(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Combine(_)
            | Kind::Map(..)
            | Kind::Power { .. }
            | Kind::PowerBy { .. }
            | Kind::Contract { .. }
            | Kind::Gram { .. }
            | Kind::Reduce(..)
    )
}

/// Whether the class is one of a node's own axes: then it is computed row by row, otherwise summed over the rows.
pub fn row_local(graph: &Graph, id: Id, class: Class, labels: &[Vec<Class>]) -> bool {
    labels[id.at()][..graph.node(id).rank()].contains(&class)
}
