//! Columns whose size is a product: labels that always stand together are joined into one, so that the network sees a vector.
//!
//! `v` with m*n rows has two axes. In `v_ij w_ij -> (ij)(ij)` the labels i and j are joined, and the rest is written as for any
//! vector: `diag(v .* w)`. A matrix over both labels joins in as `vec(A)`.

use super::{Face, Writer};
use crate::tensor::{Dim, Expr, Factor, Label, Node};

/// Factors over joined labels, rows and columns, and what each label runs over.
pub(super) struct Joined {
    pub(super) tensors: Vec<Factor>,
    pub(super) rows: Vec<Label>,
    pub(super) cols: Vec<Label>,
    pub(super) sizes: Vec<Vec<Dim>>,
    /// How many labels of each factor are rows.
    splits: Vec<usize>,
}

impl Writer<'_> {
    /// The face in which an expression is written: that of its variables, else columns for vectors and half rows for the rest.
    pub(super) fn own_face(&self, e: Expr) -> Face {
        let rank = self.pool.rank(e);
        Face::split(rank, self.own_rows(e, 8).unwrap_or(rank.div_ceil(2)))
    }

    /// Whether what the expression is made of says its face.
    pub(super) fn has_own_face(&self, e: Expr) -> bool {
        self.own_rows(e, 8).is_some()
    }

    /// How many of the axes are rows, where what the expression is made of says so; looks `depth` levels down.
    fn own_rows(&self, e: Expr, depth: usize) -> Option<usize> {
        let rank = self.pool.rank(e);
        if depth == 0 || rank == 0 {
            return None;
        }
        // A matrix can be written as the column vec(A), a column not as a matrix: the unusual face decides.
        let unusual = |found: Vec<usize>| found.iter().copied().find(|r| *r != rank.div_ceil(2)).or(found.first().copied());
        match self.pool.node(e) {
            Node::Var(v) => self.spelling.rows.get(v).copied(),
            Node::Apply(f, _) if f.kept() > 0 => Some(f.kept()),
            Node::Apply(f, args) if rank > 1 && f.row().gives == "like" => self.own_rows(args[0], depth - 1),
            Node::Map(_, args) if rank > 1 => unusual(args.iter().filter_map(|a| self.own_rows(*a, depth - 1)).collect()),
            Node::Sum(terms, _) if rank > 1 => unusual(terms.iter().filter_map(|t| self.own_rows(t.1, depth - 1)).collect()),
            Node::Product { factors, out, .. } if rank > 1 => {
                let whole = |f: &&Factor| f.labels == *out;
                unusual(factors.iter().filter(whole).filter_map(|f| self.own_rows(f.base, depth - 1)).collect())
            }
            _ => None,
        }
    }

    /// Joins the labels of every side of a factor that has more than one, where they stand together everywhere.
    pub(super) fn join(&mut self, tensors: &[Factor], rows: &[Label], cols: &[Label], sizes: &[Dim]) -> Joined {
        let mut joined = Joined {
            tensors: tensors.to_vec(),
            rows: rows.to_vec(),
            cols: cols.to_vec(),
            sizes: sizes.iter().map(|d| vec![*d]).collect(),
            splits: tensors.iter().map(|f| self.own_face(f.base).rows.len()).collect(),
        };
        for f in tensors {
            let own = self.own_face(f.base);
            for side in [own.rows, own.cols] {
                let group: Vec<Label> = side.iter().map(|k| f.labels[*k]).collect();
                let distinct = group.iter().enumerate().all(|(k, l)| !group[..k].contains(l));
                if group.len() > 1 && distinct {
                    self.join_group(&group, &mut joined);
                }
            }
        }
        joined
    }

    fn join_group(&mut self, group: &[Label], joined: &mut Joined) {
        let new = joined.sizes.len() as Label;
        let together = |labels: &[Label]| -> Option<Vec<Label>> {
            let mut out = vec![];
            let mut rest = labels;
            while let Some(first) = rest.first() {
                if rest.starts_with(group) {
                    out.push(new);
                    rest = &rest[group.len()..];
                } else if group.contains(first) {
                    return None;
                } else {
                    out.push(*first);
                    rest = &rest[1..];
                }
            }
            Some(out)
        };
        let (mut tensors, mut splits) = (vec![], vec![]);
        for (f, split) in joined.tensors.iter().zip(&joined.splits) {
            let (mut f, mut split) = (f.clone(), *split);
            // A matrix over both labels is a stack of its columns.
            let matrix = self.pool.rank(f.base) == 2 && self.own_face(f.base).rows.len() == 1 && f.labels.len() == 2;
            if matrix && f.labels == group {
                f.base = self.pool.transpose(f.base);
                (f.labels, split) = (vec![new], 1);
            } else if matrix && f.labels.iter().rev().eq(group) {
                (f.labels, split) = (vec![new], 1);
            } else {
                // Within the rows or within the columns, not across.
                let (rows, cols) = f.labels.split_at(split);
                let (Some(rows), Some(cols)) = (together(rows), together(cols)) else { return };
                (split, f.labels) = (rows.len(), [rows, cols].concat());
            }
            tensors.push(f);
            splits.push(split);
        }
        if let (Some(rows), Some(cols)) = (together(&joined.rows), together(&joined.cols)) {
            let size = group.iter().flat_map(|l| joined.sizes[*l as usize].clone()).collect();
            joined.sizes.push(size);
            (joined.tensors, joined.splits, joined.rows, joined.cols) = (tensors, splits, rows, cols);
        }
    }
}
