//! Columns whose size is a product: labels that always stand together are joined into one, so that the network sees a vector.
//!
//! `v` with m*n rows has two axes. In `v_ij w_ij -> (ij)(ij)` the labels i and j are joined, and the rest is written as for any
//! vector: `diag(v .* w)`. A matrix over both labels joins in as `vec(A)`, and two matrices between the labels of two columns as
//! `kron(A, B)`: in `v_ij A_ik B_jl -> (kl)` they link (ij) and (kl).

use super::kron::{components, distinct, reach};
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
                let found: Vec<usize> = factors.iter().filter(whole).filter_map(|f| self.own_rows(f.base, depth - 1)).collect();
                if found.is_empty() && rank == 2 {
                    // kron(A, B)*v is a column as v is.
                    let stacked = |f: &Factor| {
                        let rows = self.own_rows(f.base, depth - 1);
                        rows.is_some_and(|rows| rows.max(self.pool.rank(f.base) - rows) > 1)
                    };
                    return factors.iter().any(stacked).then_some(2);
                }
                unusual(found)
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
        self.link(&mut joined);
        joined
    }

    /// Matrices between the labels of two stacks become one Kronecker factor between the stacks, if all stacks can be joined so.
    fn link(&mut self, joined: &mut Joined) {
        let Some(Links { groups, links, columns, alone }) = links(joined) else { return };
        // The factors of a link are those of a product: they have one axis for each label.
        let whole = |k: usize| self.pool.rank(joined.tensors[k].base) == joined.tensors[k].labels.len();
        let single = groups.iter().flatten().all(|l| joined.sizes[*l as usize].len() == 1);
        if !single || !links.iter().flat_map(|l| &l.parts).chain(columns.iter().flat_map(|c| &c.1)).all(|k| whole(*k)) {
            return;
        }
        let broadcast: Vec<(Label, Dim)> = joined.sizes.iter().enumerate().map(|(l, d)| (l as Label, d[0])).collect();
        let new = |group: usize| (joined.sizes.len() + group) as Label;
        let (mut tensors, mut splits) = (vec![], vec![]);
        let whole = |side: &[Label]| match groups.iter().position(|g| g == side) {
            Some(k) => vec![new(k)],
            None => side.to_vec(),
        };
        for (k, f) in joined.tensors.iter().enumerate().filter(|(k, _)| alone.contains(k)) {
            let (rows, cols) = f.labels.split_at(joined.splits[k]);
            let (rows, cols) = (whole(rows), whole(cols));
            splits.push(rows.len());
            tensors.push(Factor { labels: [rows, cols].concat(), ..f.clone() });
        }
        let power = self.pool.one();
        let factors = |parts: &[usize]| parts.iter().map(|k| joined.tensors[*k].clone()).collect::<Vec<Factor>>();
        for link in &links {
            let [mut g, mut h] = link.ends;
            // kron(A, B) or kron(A, B)': as more of the matrices stand.
            let straight = |k: &&usize| groups[g].contains(&joined.tensors[**k].labels[0]);
            if 2 * link.parts.iter().filter(straight).count() < link.parts.len() {
                (g, h) = (h, g);
            }
            let base = self.pool.product_of(factors(&link.parts), [groups[g].clone(), groups[h].clone()].concat(), &broadcast);
            splits.push(1);
            tensors.push(Factor { base, labels: vec![new(g), new(h)], power });
        }
        for (g, parts) in &columns {
            // vec(M) stacks columns: its slow label is that of the columns.
            let base = self.pool.product_of(factors(parts), groups[*g].iter().rev().copied().collect(), &broadcast);
            splits.push(1);
            tensors.push(Factor { base, labels: vec![new(*g)], power });
        }
        let (rows, cols) = (whole(&joined.rows), whole(&joined.cols));
        let sizes =
            groups.iter().map(|g| g.iter().flat_map(|l| joined.sizes[*l as usize].clone()).collect::<Vec<Dim>>()).collect::<Vec<_>>();
        joined.sizes.extend(sizes);
        (joined.tensors, joined.splits, joined.rows, joined.cols) = (tensors, splits, rows, cols);
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

/// Factors that together stand between two stacks, by position.
struct Link {
    ends: [usize; 2],
    parts: Vec<usize>,
}

/// How the stacks of a network hang together.
struct Links {
    /// The labels of each stack.
    groups: Vec<Vec<Label>>,
    links: Vec<Link>,
    /// Factors that are a matrix over the two labels of a stack.
    columns: Vec<(usize, Vec<usize>)>,
    /// Factors that stay by themselves.
    alone: Vec<usize>,
}

/// The links between the stacks of the factors and the result; `None` if there is no stack or some label is not accounted for.
fn links(joined: &Joined) -> Option<Links> {
    let sides = |k: usize| {
        let (rows, cols) = joined.tensors[k].labels.split_at(joined.splits[k]);
        [rows, cols]
    };
    let is_stack = |k: &usize| sides(*k).iter().any(|s| s.len() > 1);
    let (stacks, plain): (Vec<usize>, Vec<usize>) = (0..joined.tensors.len()).partition(is_stack);
    if stacks.is_empty() {
        return None;
    }
    let mut groups: Vec<Vec<Label>> = vec![];
    let mut single: Vec<Label> = vec![];
    for side in stacks.iter().flat_map(|k| sides(*k)).chain([joined.rows.as_slice(), joined.cols.as_slice()]) {
        match side {
            [] => {}
            [l] => single.push(*l),
            _ if !distinct(side) => return None,
            _ if groups.iter().any(|g| g == side) => {}
            _ => groups.push(side.to_vec()),
        }
    }
    if groups.iter().flatten().any(|l| single.contains(l)) {
        return None;
    }
    let open: Vec<Label> = groups.iter().flatten().chain(&single).copied().collect();
    let tensors: Vec<Factor> = plain.iter().map(|k| joined.tensors[*k].clone()).collect();
    let (mut parts, mut alone) = (vec![], stacks);
    for part in components(&tensors, &open) {
        let ends = reach(&tensors, &part, &open);
        let part: Vec<usize> = part.into_iter().map(|k| plain[k]).collect();
        if ends.iter().any(|l| groups.iter().any(|g| g.contains(l))) { parts.push((ends, part)) } else { alone.extend(part) }
    }
    let mut links: Vec<Link> = vec![];
    for h in 0..groups.len() {
        for g in 0..h {
            if groups[g].len() != groups[h].len() {
                continue;
            }
            let mut taken = vec![];
            let between = groups[g].iter().zip(&groups[h]).filter(|(a, b)| a != b).all(|(a, b)| {
                let pair = [*a.min(b), *a.max(b)];
                let found: Vec<usize> = (0..parts.len()).filter(|k| parts[*k].0 == pair).collect();
                taken.extend(&found);
                !found.is_empty()
            });
            // The same labels in another order: a commutation matrix.
            let turned = groups[g].len() == 2 && groups[g].iter().rev().eq(&groups[h]);
            if between || turned {
                let taken: Vec<usize> = if between { taken } else { vec![] };
                links.push(Link { ends: [g, h], parts: taken.iter().flat_map(|k| parts[*k].1.clone()).collect() });
                let mut k = 0;
                parts.retain(|_| {
                    k += 1;
                    !taken.contains(&(k - 1))
                });
            }
        }
    }
    let mut columns = vec![];
    for (ends, part) in parts {
        let g = groups.iter().position(|g| ends.iter().all(|l| g.contains(l)))?;
        match ends.as_slice() {
            // A vector over one label weighs the matrix there: kron(diag(v)*A, B).
            [_] => links.iter_mut().find(|l| l.ends.contains(&g))?.parts.extend(part),
            [_, _] if groups[g].len() == 2 => columns.push((g, part)),
            _ => return None,
        }
    }
    // Stacks that share a label must be linked where they do.
    let mut root: Vec<usize>;
    for l in groups.iter().flatten() {
        root = (0..groups.len()).collect();
        for link in links.iter().filter(|k| k.ends.iter().all(|g| groups[*g].contains(l))) {
            let (from, to) = (root[link.ends[0]], root[link.ends[1]]);
            root.iter_mut().filter(|r| **r == from).for_each(|r| *r = to);
        }
        let mut with = (0..groups.len()).filter(|g| groups[*g].contains(l)).map(|g| root[g]);
        let first = with.next();
        if with.any(|r| Some(r) != first) {
            return None;
        }
    }
    alone.sort_unstable();
    Some(Links { groups, links, columns, alone })
}
