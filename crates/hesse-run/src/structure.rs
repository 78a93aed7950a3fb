//! Results that keep their structure: a sum of terms, each a product of small arrays over labels that the axes of the result repeat, share
//! or leave out. A diagonal is one vector, a Kronecker product its factors, a band a vector and an offset.

use crate::interpret::RunError;
use crate::schedule::build::Builder;
use crate::schedule::graph::{Bits, Id, Index, Kind, Operand, Term};
use crate::schedule::plan::{Given, Start, plan};
use crate::schedule::run::{Machine, Number};
use crate::schedule::tasks::Place;
use crate::schedule::{order, refine};
use hesse::program::program::Program;
use hesse_kernels::Real;
use std::collections::HashMap;

/// A factor of a term: where its numbers start among the values, and the label of each of its axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Position of its first number.
    pub start: usize,
    /// Its labels, row-major.
    pub labels: Vec<usize>,
}

/// One term: coefficient · Π components, at the entries whose positions the labels give, 0 elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct StructuredTerm {
    /// The number in front.
    pub coefficient: f64,
    /// The factors, over disjoint labels.
    pub components: Vec<Component>,
    /// Position along each axis of the result.
    pub index: Vec<Index>,
    /// How many values each label takes.
    pub extents: Vec<usize>,
}

impl StructuredTerm {
    /// How many entries it reaches; no two values of its labels reach the same one.
    pub fn entries(&self) -> usize {
        self.extents.iter().fold(1usize, |n, k| n.saturating_mul(*k))
    }

    /// The labels at an entry, if it reaches it.
    fn reaches(&self, position: &[usize], labels: &mut [usize]) -> bool {
        labels.fill(usize::MAX);
        for (i, at) in self.index.iter().zip(position) {
            match *i {
                Index::At(k) if k != *at => return false,
                Index::At(_) => {}
                Index::Along(l, offset) => {
                    let Ok(value) = usize::try_from(*at as i64 - offset) else { return false };
                    if value >= self.extents[l] || (labels[l] != usize::MAX && labels[l] != value) {
                        return false;
                    }
                    labels[l] = value;
                }
            }
        }
        true
    }

    /// Coefficient · Π components at these labels.
    fn value<T: Number>(&self, values: &[T], labels: &[usize]) -> T {
        let at = |c: &Component| c.start + c.labels.iter().fold(0, |at, l| at * self.extents[*l] + labels[*l]);
        self.components.iter().fold(<T as Real>::from_f64(self.coefficient), |x: T, c| x * values[at(c)])
    }

    /// Every value of the labels, the last one fastest.
    fn each(&self, mut visit: impl FnMut(&[usize])) {
        let mut labels = vec![0; self.extents.len()];
        for _ in 0..self.entries() {
            visit(&labels);
            for (l, n) in labels.iter_mut().zip(&self.extents).rev() {
                *l += 1;
                if *l < *n {
                    break;
                }
                *l = 0;
            }
        }
    }

    /// Position of the entry at these labels among all, row-major.
    fn flat(&self, shape: &[usize], labels: &[usize]) -> usize {
        self.index.iter().zip(shape).fold(0, |at, (i, n)| {
            at * n
                + match *i {
                    Index::At(k) => k,
                    Index::Along(l, offset) => (labels[l] as i64 + offset) as usize,
                }
        })
    }

    /// Whether no entry is reached by both.
    fn misses(&self, other: &StructuredTerm) -> bool {
        let range = |t: &StructuredTerm, i: &Index| match *i {
            Index::At(k) => (k as i64, k as i64 + 1),
            Index::Along(l, offset) => (offset, offset + t.extents[l] as i64),
        };
        let apart = |k: usize| {
            let (a, b) = (range(self, &self.index[k]), range(other, &other.index[k]));
            a.1 <= b.0 || b.1 <= a.0
        };
        // Along two axes each keeps its own distance.
        let distance = |t: &StructuredTerm, k: usize, m: usize| match (t.index[k], t.index[m]) {
            (Index::Along(l, a), Index::Along(n, b)) if l == n => Some(a - b),
            _ => None,
        };
        let rank = self.index.len();
        let parallel = |k: usize, m: usize| matches!((distance(self, k, m), distance(other, k, m)), (Some(a), Some(b)) if a != b);
        (0..rank).any(|k| apart(k) || (0..k).any(|m| parallel(k, m)))
    }
}

/// What is known of a result before it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing: all entries.
    Dense,
    /// Zeros only.
    Zero,
    /// A multiple of the identity.
    Identity,
    /// Only the diagonal.
    Diagonal,
    /// Diagonals, some of them beside the main one.
    Banded,
    /// Blocks along the diagonal.
    BlockDiagonal,
    /// A Kronecker product.
    Kronecker,
    /// A product of a column and a row, or few of them.
    LowRank,
    /// The same numbers along an axis.
    Broadcast,
    /// A sum of these.
    Sum,
}

impl Form {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Form::Dense => "dense",
            Form::Zero => "zero",
            Form::Identity => "a multiple of the identity",
            Form::Diagonal => "diagonal",
            Form::Banded => "banded",
            Form::BlockDiagonal => "block-diagonal",
            Form::Kronecker => "a Kronecker product",
            Form::LowRank => "of low rank",
            Form::Broadcast => "constant along an axis",
            Form::Sum => "a sum of structured terms",
        }
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The structure of a result: fixed when a program is bound; its values are computed with every call.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// The axes.
    pub shape: Vec<usize>,
    /// How many of them make the rows.
    pub rows: usize,
    /// The terms.
    pub terms: Vec<StructuredTerm>,
    /// How many values there are.
    pub values: usize,
}

impl Structure {
    /// All entries, row-major.
    pub fn dense(shape: Vec<usize>, rows: usize) -> Structure {
        let labels: Vec<usize> = (0..shape.len()).collect();
        let term = StructuredTerm {
            coefficient: 1.0,
            components: vec![Component { start: 0, labels: labels.clone() }],
            index: labels.iter().map(|l| Index::Along(*l, 0)).collect(),
            extents: shape.clone(),
        };
        let values = shape.iter().product();
        Structure { shape, rows, terms: vec![term], values }
    }

    /// Rows and columns of the result as a matrix.
    pub fn sides(&self) -> (usize, usize) {
        let of = |axes: &[usize]| axes.iter().fold(1usize, |n, k| n.saturating_mul(*k));
        (of(&self.shape[..self.rows]), of(&self.shape[self.rows..]))
    }

    /// Whether the values are all entries, row-major.
    pub fn is_dense(&self) -> bool {
        let [t] = &self.terms[..] else { return false };
        let [c] = &t.components[..] else { return false };
        let in_order = c.labels.len() == t.index.len() && c.labels.iter().zip(&t.index).all(|(l, i)| *i == Index::Along(*l, 0));
        in_order && t.coefficient == 1.0 && is_full(t) && t.index.iter().zip(&self.shape).all(|(i, n)| reach(t, i) == *n)
    }

    /// The transpose: the same values, rows and columns exchanged.
    pub fn transposed(&self) -> Structure {
        let mut of = self.clone();
        of.shape.rotate_left(self.rows);
        of.rows = self.shape.len() - self.rows;
        of.terms.iter_mut().for_each(|t| t.index.rotate_left(self.rows));
        of
    }

    /// How many entries are not known to be 0.
    ///
    /// # Errors
    /// Terms that overlap in a way that takes a pattern too large to be made (E609).
    pub fn nonzeros(&self) -> Result<usize, RunError> {
        let mut distinct: Vec<&StructuredTerm> = vec![];
        for t in &self.terms {
            if !distinct.iter().any(|d| d.index == t.index && d.extents == t.extents) {
                distinct.push(t);
            }
        }
        let all = self.shape.iter().fold(1usize, |n, k| n.saturating_mul(*k));
        if distinct.iter().any(|t| t.entries() == all) {
            return Ok(all);
        }
        if (0..distinct.len()).all(|k| distinct[..k].iter().all(|d| d.misses(distinct[k]))) {
            return Ok(distinct.iter().map(|t| t.entries()).sum());
        }
        Ok(self.csr()?.count())
    }

    fn fits<T>(&self, values: &[T], into: &[T], wanted: usize) -> Result<(), RunError> {
        if values.len() == self.values && into.len() == wanted {
            return Ok(());
        }
        let (v, n, w) = (values.len(), into.len(), self.values);
        Err(RunError::new("E501", format!("{w} values and room for {wanted} entries are wanted, not {v} and {n}")))
    }

    /// Writes the diagonal: as many entries as the shorter side.
    ///
    /// # Errors
    /// Buffers of other lengths (E501).
    pub fn diagonal_into<T: Number>(&self, values: &[T], into: &mut [T]) -> Result<(), RunError> {
        let (rows, columns) = self.sides();
        self.fits(values, into, rows.min(columns))?;
        into.fill(T::default());
        let mut position = vec![0; self.shape.len()];
        for t in &self.terms {
            let mut labels = vec![0; t.extents.len()];
            for (k, to) in into.iter_mut().enumerate() {
                for axes in [0..self.rows, self.rows..self.shape.len()] {
                    let mut rest = k;
                    for a in axes.rev() {
                        position[a] = rest % self.shape[a];
                        rest /= self.shape[a];
                    }
                }
                if t.reaches(&position, &mut labels) {
                    *to += t.value(values, &labels);
                }
            }
        }
        Ok(())
    }

    /// Writes all entries, row-major, into the caller's buffer. To do so with every call, see [`Structure::expander`].
    ///
    /// # Errors
    /// Buffers of other lengths (E501).
    pub fn to_dense_into<T: Number>(&self, values: &[T], into: &mut [T]) -> Result<(), RunError> {
        self.fits(values, into, self.shape.iter().product())?;
        if self.is_dense() {
            into.copy_from_slice(values);
            return Ok(());
        }
        into.fill(T::default());
        for t in &self.terms {
            t.each(|labels| into[t.flat(&self.shape, labels)] += t.value(values, labels));
        }
        Ok(())
    }

    /// The values from all entries, if every entry can be told from one number among them; where terms overlap, the first takes all.
    pub(crate) fn values_from<T: Number>(&self, entries: &[T], values: &mut [T]) -> bool {
        let (mut told, mut taken) = (vec![false; values.len()], vec![false; entries.len()]);
        let mut done = true;
        for t in &self.terms {
            let [c] = &t.components[..] else { return false };
            let coefficient: T = Real::from_f64(t.coefficient);
            t.each(|labels| {
                let at = t.flat(&self.shape, labels);
                let x = if std::mem::replace(&mut taken[at], true) { T::default() } else { entries[at] / coefficient };
                let k = c.start + c.labels.iter().fold(0, |at, l| at * t.extents[*l] + labels[*l]);
                let same = values[k] == x || (values[k].value().is_nan() && x.value().is_nan());
                done &= !std::mem::replace(&mut told[k], true) || same;
                values[k] = x;
            });
        }
        done
    }

    /// What it is.
    pub fn form(&self) -> Form {
        match &self.terms[..] {
            [] => Form::Zero,
            _ if self.is_dense() => Form::Dense,
            [one] => form(one, self.rows),
            all if all.iter().all(|t| matches!(form(t, self.rows), Form::Identity | Form::Diagonal | Form::Banded)) => Form::Banded,
            _ => Form::Sum,
        }
    }

    /// A machine that turns values into all entries, row-major.
    ///
    /// # Errors
    /// More entries than an array may hold (E609).
    pub fn expander<T: Number>(&self) -> Result<Machine<T>, RunError> {
        self.machine(|b, s, nodes| {
            let mut parts = vec![];
            for (t, nodes) in s.terms.iter().zip(nodes) {
                let term = term_of(t, nodes, &[], &t.index);
                let id = b.materialise(term, s.shape.clone(), false)?;
                parts.push((Bits::of(1.0), b.graph.through(Operand::whole(id, s.shape.len()))));
            }
            Ok(b.combine(parts, s.shape.clone()))
        })
    }

    /// A machine that multiplies with a vector over the columns (with `transposed`: over the rows). Its inputs are the values, then the vector.
    ///
    /// # Errors
    /// As [`Structure::expander`].
    pub fn multiplier<T: Number>(&self, transposed: bool) -> Result<Machine<T>, RunError> {
        self.machine(|b, s, nodes| {
            let (kept, summed) = if transposed { (s.rows..s.shape.len(), 0..s.rows) } else { (0..s.rows, s.rows..s.shape.len()) };
            let v = b.graph.add(Kind::Input(1), s.shape[summed.clone()].to_vec(), false);
            let shape = s.shape[kept.clone()].to_vec();
            let mut parts = vec![];
            for (t, nodes) in s.terms.iter().zip(nodes) {
                let vector = Operand { node: v, index: t.index[summed.clone()].to_vec() };
                let term = term_of(t, nodes, &[vector], &t.index[kept.clone()]);
                let coefficient = term.coefficient;
                let id = b.materialise(Term { coefficient: 1.0, ..term }, shape.clone(), false)?;
                parts.push((Bits::of(coefficient), b.graph.through(Operand::whole(id, shape.len()))));
            }
            Ok(b.combine(parts, shape))
        })
    }

    fn machine<T: Number>(
        &self,
        build: impl Fn(&mut Builder<'_>, &Structure, &[Vec<Id>]) -> Result<Id, RunError>,
    ) -> Result<Machine<T>, RunError> {
        let program = Program::default();
        let mut b = Builder::new(&program, &[]);
        // The values are one long input; each component is read as a part of it.
        let mut given = HashMap::new();
        let mut nodes: Vec<Vec<Id>> = vec![];
        for t in &self.terms {
            let mut of = vec![];
            for c in &t.components {
                let shape: Vec<usize> = c.labels.iter().map(|l| t.extents[*l]).collect();
                let steps = crate::array::strides(&shape);
                let id = b.graph.add(Kind::Input(2 + given.len()), shape, false);
                given.insert(id, Given { place: Place::Input(0), steps, offset: c.start });
                of.push(id);
            }
            nodes.push(of);
        }
        let root = build(&mut b, self, &nodes)?;
        let mut graph = b.graph;
        refine::refine(&mut graph);
        for (k, node) in graph.nodes.iter().enumerate() {
            if node.kind == Kind::Input(1) {
                let steps = crate::array::strides(&node.shape);
                given.insert(Id(k as u32), Given { place: Place::Input(1), steps, offset: 0 });
            }
        }
        let schedule = plan(&graph, &[(root, Place::Output(0))], &given, Start { wholes: vec![], slots: 0, most: usize::MAX });
        Ok(Machine::new(Default::default(), schedule, 1))
    }
}

/// A term over the nodes of its components, with more factors.
fn term_of(t: &StructuredTerm, nodes: &[Id], more: &[Operand], out: &[Index]) -> Term {
    let along = |c: &Component| c.labels.iter().map(|l| Index::Along(*l, 0)).collect();
    let mut operands: Vec<Operand> = t.components.iter().zip(nodes).map(|(c, id)| Operand { node: *id, index: along(c) }).collect();
    operands.extend_from_slice(more);
    Term { coefficient: t.coefficient, operands, out: out.to_vec(), ranges: t.extents.iter().map(|n| (0, *n)).collect() }
}

/// Whether every label lies along exactly one axis, from end to end.
fn is_full(t: &StructuredTerm) -> bool {
    t.index.iter().enumerate().all(|(k, i)| matches!(i, Index::Along(_, 0)) && !t.index[..k].contains(i))
}

/// How far an axis goes.
fn reach(t: &StructuredTerm, i: &Index) -> usize {
    if let Index::Along(l, _) = i { t.extents[*l] } else { 1 }
}

fn form(t: &StructuredTerm, rows: usize) -> Form {
    let label = |i: &Index| if let Index::Along(l, _) = i { Some(*l) } else { None };
    let (r, c): (Vec<_>, Vec<_>) = (t.index[..rows].iter().filter_map(label).collect(), t.index[rows..].iter().filter_map(label).collect());
    let shared: Vec<usize> = r.iter().copied().filter(|l| c.contains(l)).collect();
    let carried = |l: &usize| t.components.iter().any(|k| k.labels.contains(l));
    let offset = t.index.iter().any(|i| matches!(i, Index::Along(_, o) if *o != 0) || matches!(i, Index::At(_)));
    if shared.len() == r.len() && shared.len() == c.len() && !r.is_empty() && r == c {
        return match (offset, r.iter().any(carried)) {
            (true, _) => Form::Banded,
            (false, true) => Form::Diagonal,
            (false, false) => Form::Identity,
        };
    }
    if !shared.is_empty() {
        return if shared.iter().any(carried) { Form::BlockDiagonal } else { Form::Kronecker };
    }
    if r.iter().chain(&c).any(|l| !carried(l)) {
        return Form::Broadcast;
    }
    let crosses = t.components.iter().filter(|k| k.labels.iter().any(|l| r.contains(l)) && k.labels.iter().any(|l| c.contains(l))).count();
    if crosses == 0 { Form::LowRank } else { Form::Kronecker }
}

/// All entries of a structure over these nodes.
///
/// # Errors
/// More entries than an array may hold (E609).
pub fn written_out(b: &mut Builder<'_>, structure: &Structure, nodes: &[Id]) -> Result<Id, RunError> {
    let mut parts = vec![];
    let mut rest = nodes;
    for t in &structure.terms {
        let (mine, more) = rest.split_at(t.components.len());
        rest = more;
        let term = Term { coefficient: 1.0, ..term_of(t, mine, &[], &t.index) };
        let id = b.materialise(term, structure.shape.clone(), false)?;
        parts.push((Bits::of(t.coefficient), b.graph.through(Operand::whole(id, structure.shape.len()))));
    }
    Ok(b.combine(parts, structure.shape.clone()))
}

/// The structure of a sum of terms, with the node of each component; nothing if the result is best written out.
pub fn structured(b: &mut Builder<'_>, terms: &[Term], shape: &[usize], rows: usize) -> Result<Option<(Structure, Vec<Id>)>, RunError> {
    let plain = |t: &Term| {
        let mut seen: Vec<usize> = vec![];
        t.out.iter().zip(shape).all(|(i, n)| match i {
            Index::Along(l, 0) if !seen.contains(l) && t.ranges[*l] == (0, *n) => {
                seen.push(*l);
                true
            }
            _ => false,
        })
    };
    // Each component is a sum of nodes.
    type Sums = Vec<Vec<(f64, Id)>>;
    let mut made: Vec<(StructuredTerm, Sums)> = vec![];
    let mut total = 0usize;
    for t in terms {
        if t.coefficient == 0.0 {
            continue;
        }
        let parts = order::components(&mut b.graph, t);
        let out_labels = t.out.iter().filter(|i| matches!(i, Index::Along(..))).count();
        // One factor over all labels, in full: nothing is gained.
        if plain(t) && (parts.iter().any(|p| p.labels.len() == out_labels) || shape.len() < 2) {
            return Ok(None);
        }
        let index: Vec<Index> = t
            .out
            .iter()
            .map(|i| match *i {
                Index::Along(l, o) => Index::Along(l, o + t.ranges[l].0 as i64),
                at => at,
            })
            .collect();
        // Labels in the order in which the axes meet them.
        let mut order: Vec<usize> = vec![];
        for i in &index {
            if let Index::Along(l, _) = i
                && !order.contains(l)
            {
                order.push(*l);
            }
        }
        let name = |l: &usize| order.iter().position(|m| m == l).unwrap_or(0);
        let index: Vec<Index> = index.iter().map(|i| if let Index::Along(l, o) = i { Index::Along(name(l), *o) } else { *i }).collect();
        let extents: Vec<usize> = order.iter().map(|l| t.ranges[*l].1 - t.ranges[*l].0).collect();
        let components: Vec<Component> =
            parts.iter().map(|p| Component { start: 0, labels: p.labels.iter().map(name).collect() }).collect();
        let term = StructuredTerm { coefficient: t.coefficient, components, index, extents };
        // Terms at the same places that differ in one factor are one term.
        let differing = |m: &StructuredTerm, nodes: &[Vec<(f64, Id)>]| -> Option<usize> {
            let like = m.index == term.index
                && m.extents == term.extents
                && m.components.len() == term.components.len()
                && m.components.iter().zip(&term.components).all(|(a, b)| a.labels == b.labels);
            if !like || m.components.is_empty() {
                return None;
            }
            let mut other = (0..parts.len()).filter(|k| nodes[*k].len() > 1 || nodes[*k][0].1 != parts[*k].node);
            match (other.next(), other.next()) {
                (first, None) => Some(first.unwrap_or(0)),
                _ => None,
            }
        };
        match made.iter_mut().find_map(|(m, nodes)| differing(m, nodes).map(|k| (m, nodes, k))) {
            Some((m, nodes, k)) => nodes[k].push((t.coefficient / m.coefficient, parts[k].node)),
            None => made.push((term, parts.iter().map(|p| vec![(1.0, p.node)]).collect())),
        }
    }
    let (mut all, mut nodes) = (vec![], vec![]);
    for (mut term, parts) in made {
        for (c, part) in term.components.iter_mut().zip(parts) {
            c.start = total;
            let shape = b.graph.shape(part[0].1).to_vec();
            total += shape.iter().product::<usize>();
            let read = part.iter().map(|(x, id)| (Bits::of(*x), b.graph.through(Operand::whole(*id, shape.len())))).collect();
            nodes.push(b.combine(read, shape));
        }
        all.push(term);
    }
    let entries = shape.iter().fold(1usize, |n, k| n.saturating_mul(*k));
    if total.saturating_mul(2) > entries && !all.is_empty() {
        return Ok(None);
    }
    Ok(Some((Structure { shape: shape.to_vec(), rows, terms: all, values: total }, nodes)))
}
