//! Blocks: a sum of tensors that are each placed at rows and columns of their own is `[A, B; C, D]`, and a slice of a slice is one slice.

use super::{Face, Writer};
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Rational};
use num_traits::One;

/// Where a block stands along one side: behind how many rows, and how many it has (`None`: one).
type Place = (Dim, Option<Dim>);

/// A block with its places in rows and columns; `None` where it takes the whole side.
struct Block {
    coefficient: Rational,
    factors: Vec<Factor>,
    /// Labels of rows and columns within the block.
    sides: [Option<Label>; 2],
    places: [Option<Place>; 2],
    sizes: Vec<(Label, Dim)>,
}

/// A stretch of one side: what it holds (if not zeros) and its length (`None`: one).
type Stretch = (Option<Place>, Option<Dim>);

impl Writer<'_> {
    /// The blocks of a sum, if they tile a matrix without meeting.
    pub(super) fn blocks(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        if face.rows.len() > 1 || face.cols.len() > 1 || face.rows.len() + face.cols.len() == 0 {
            return None;
        }
        let blocks: Vec<Block> = terms.iter().map(|(c, t)| self.block_of(*c, *t, face)).collect::<Option<_>>()?;
        if blocks.iter().all(|b| b.places.iter().all(Option::is_none)) {
            return None;
        }
        let axes = self.pool.axes(terms[0].1).to_vec();
        let mut grid: Vec<Vec<Stretch>> = vec![];
        for (side, axis) in [&face.rows, &face.cols].into_iter().enumerate() {
            let whole = axis.first().map(|a| axes[*a]);
            let mut places: Vec<Place> = vec![];
            for b in &blocks {
                match b.places[side] {
                    Some(p) if !places.contains(&p) => places.push(p),
                    _ => {}
                }
            }
            if places.is_empty() {
                grid.push(vec![(None, whole)]);
            } else if blocks.iter().any(|b| b.places[side].is_none()) {
                return None;
            } else {
                grid.push(self.stretches(places, whole?)?);
            }
        }
        if grid[0].len() * grid[1].len() > 36 {
            return None;
        }
        let placed = [0, 1].map(|side| blocks.iter().any(|b| b.places[side].is_some()));
        // Two terms at one place stand in two matrices: what is read back is placed term by term.
        let mut layers: Vec<Vec<Block>> = vec![];
        for b in blocks {
            match layers.iter().position(|l| l.iter().all(|other| other.places != b.places)) {
                Some(k) => layers[k].push(b),
                None => layers.push(vec![b]),
            }
        }
        let mut total: Option<NodeId> = None;
        for layer in layers {
            let mut rows = vec![];
            for (row, height) in &grid[0] {
                let mut entries = vec![];
                for (col, width) in &grid[1] {
                    let here = |b: &&Block| (!placed[0] || b.places[0] == *row) && (!placed[1] || b.places[1] == *col);
                    entries.push(self.cell(layer.iter().find(here), *height, *width)?);
                }
                rows.push(entries);
            }
            let matrix = self.syntax.add(Kind::Matrix(rows), Default::default());
            total = Some(total.map_or(matrix, |t| self.syntax.binary(Operator::Plus, t, matrix)));
        }
        total
    }

    /// A term as a block: the shifts and one-hot vectors on its axes place what the other factors are.
    fn block_of(&mut self, c: Rational, t: Expr, face: &Face) -> Option<Block> {
        let (mut factors, out, sizes) = match self.pool.node(t).clone() {
            Node::Product { factors, out, sizes } => (factors, out, sizes),
            Node::Pattern(Pattern::Unit { of, .. }) => {
                let power = self.pool.one();
                (vec![Factor { base: t, labels: vec![0], power }], vec![0], vec![of])
            }
            _ => {
                let power = self.pool.one();
                let labels: Vec<Label> = (0..self.pool.rank(t) as Label).collect();
                (vec![Factor { base: t, labels: labels.clone(), power }], labels, self.pool.axes(t).to_vec())
            }
        };
        let one = self.pool.dims.integer(1);
        let (mut sides, mut places) = ([None, None], [None, None]);
        for (side, axis) in [&face.rows, &face.cols].into_iter().enumerate() {
            let Some(l) = axis.first().map(|a| out[*a]) else { continue };
            sides[side] = Some(l);
            // A diagonal is placed as a whole, which blocks cannot say.
            if out.iter().filter(|o| **o == l).count() > 1 {
                return None;
            }
            let on: Vec<usize> = (0..factors.len()).filter(|k| factors[*k].labels.contains(&l)).collect();
            let [k] = on[..] else { continue };
            match *self.pool.node(factors[k].base) {
                Node::Pattern(Pattern::Unit { at, .. }) => {
                    places[side] = Some((self.pool.dims.subtract(at, one), None));
                    sides[side] = None;
                    factors.remove(k);
                }
                Node::Pattern(Pattern::Shift { offset, rows, cols }) if factors[k].labels[0] == l && factors[k].labels[1] != l => {
                    let inner = factors[k].labels[1];
                    if !self.pool.is_inside(offset, rows, cols) || out.contains(&inner) {
                        return None;
                    }
                    places[side] = Some((offset, Some(cols)));
                    sides[side] = Some(inner);
                    factors.remove(k);
                }
                _ => {}
            }
        }
        let sizes = sizes.into_iter().enumerate().map(|(l, d)| (l as Label, d)).collect();
        Some(Block { coefficient: c, factors, sides, places, sizes })
    }

    /// Places in order, with the gaps between them; `None` if they meet or their order does not show.
    fn stretches(&mut self, mut places: Vec<Place>, whole: Dim) -> Option<Vec<Stretch>> {
        let one = self.pool.dims.integer(1);
        let mut at = self.pool.dims.integer(0);
        let mut out = vec![];
        while !places.is_empty() {
            let first = (0..places.len()).find(|&k| {
                let end = self.pool.dims.add(places[k].0, places[k].1.unwrap_or(one));
                (0..places.len()).all(|m| {
                    let gap = self.pool.dims.subtract(places[m].0, end);
                    m == k || self.pool.dims.is_nonnegative(gap)
                })
            })?;
            let (offset, length) = places.remove(first);
            self.gap(at, offset, &mut out)?;
            out.push((Some((offset, length)), length));
            at = self.pool.dims.add(offset, length.unwrap_or(one));
        }
        self.gap(at, whole, &mut out)?;
        Some(out)
    }

    fn gap(&mut self, from: Dim, to: Dim, out: &mut Vec<Stretch>) -> Option<()> {
        let length = self.pool.dims.subtract(to, from);
        match self.pool.dims.as_integer(length) {
            Some(0) => {}
            Some(1) => out.push((None, None)),
            _ if self.pool.dims.is_nonnegative(length) => out.push((None, Some(length))),
            _ => return None,
        }
        Some(())
    }

    /// One entry of the grid.
    fn cell(&mut self, block: Option<&Block>, height: Option<Dim>, width: Option<Dim>) -> Option<NodeId> {
        let axes: Vec<Dim> = height.into_iter().chain(width).collect();
        let face = Face::split(axes.len(), usize::from(height.is_some()));
        let Some(b) = block else {
            return match (height, width) {
                (None, None) => Some(self.syntax.number("0")),
                (h, w) => self.filled("zeros", h.as_slice(), w.as_slice()),
            };
        };
        let out: Vec<Label> = b.sides.iter().flatten().copied().collect();
        let e = self.pool.product_of(b.factors.clone(), out, &b.sizes);
        let e = self.pool.sum(&[(b.coefficient, e)], &axes);
        self.write(e, &face)
    }

    /// `c·e`, as blocks where that is shorter.
    pub(super) fn placed(&mut self, c: Rational, e: Expr, face: &Face, plain: Option<NodeId>) -> Option<NodeId> {
        if !self.has_place(e) {
            return plain;
        }
        let blocks = self.blocks(&[(Rational::one(), e)], face).map(|node| self.scaled(c, node));
        self.lesser(blocks, plain)
    }

    /// Whether a shift or a one-hot vector stands among the factors.
    pub(super) fn has_place(&self, e: Expr) -> bool {
        match self.pool.node(e) {
            Node::Product { factors, .. } => {
                factors.iter().any(|f| matches!(self.pool.node(f.base), Node::Pattern(Pattern::Unit { .. } | Pattern::Shift { .. })))
            }
            _ => false,
        }
    }

    /// The vector that a matrix repeats along its other axis, and whether it is a column.
    pub(super) fn thin(&mut self, e: Expr, face: &Face) -> Option<(Expr, bool)> {
        let ([row], [_]) = (face.rows.as_slice(), face.cols.as_slice()) else { return None };
        let Node::Product { factors, out, sizes } = self.pool.node(e).clone() else { return None };
        let carried = |l: &Label| factors.iter().any(|f| f.labels.contains(l));
        let kept = match [carried(&out[0]), carried(&out[1])] {
            _ if out[0] == out[1] => return None,
            [true, false] => 0,
            [false, true] => 1,
            _ => return None,
        };
        let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        let label = out[kept];
        Some((self.pool.product_of(factors, vec![label], &sizes), *row == kept))
    }

    /// The one with fewer nodes, the first of equals.
    pub(super) fn lesser(&self, a: Option<NodeId>, b: Option<NodeId>) -> Option<NodeId> {
        match (a, b) {
            (Some(x), Some(y)) => Some(if self.syntax.count(y) < self.syntax.count(x) { y } else { x }),
            (x, y) => x.or(y),
        }
    }

    /// `m[rows,cols]`, one slice where m is a slice already that leaves this side whole.
    pub(super) fn sliced(&mut self, m: NodeId, rows: Subscript, cols: Subscript) -> NodeId {
        if let Kind::Index(base, subs) = self.syntax.kind(m).clone()
            && let [a, b] = subs.as_slice()
        {
            let joined = match (a, b, &rows, &cols) {
                (Subscript::All, b, r, Subscript::All) if *b != Subscript::All => Some([r.clone(), b.clone()]),
                (a, Subscript::All, Subscript::All, c) if *a != Subscript::All => Some([a.clone(), c.clone()]),
                _ => None,
            };
            if let Some(joined) = joined {
                return self.syntax.add(Kind::Index(base, joined.to_vec()), Default::default());
            }
        }
        self.syntax.add(Kind::Index(m, vec![rows, cols]), Default::default())
    }

    /// `x[sub]` of a vector, one slice where the vector is a row or column of a matrix.
    pub(super) fn sliced_vector(&mut self, x: NodeId, sub: Subscript) -> NodeId {
        let (inner, turned) = match *self.syntax.kind(x) {
            Kind::Transpose(inner) => (inner, true),
            _ => (x, false),
        };
        if let Kind::Index(base, subs) = self.syntax.kind(inner).clone() {
            let joined = match subs.as_slice() {
                [at @ Subscript::At(_), Subscript::All] => Some(vec![at.clone(), sub.clone()]),
                [Subscript::All, at @ Subscript::At(_)] => Some(vec![sub.clone(), at.clone()]),
                _ => None,
            };
            if let Some(joined) = joined {
                let node = self.syntax.add(Kind::Index(base, joined), Default::default());
                return if turned { self.transpose(node) } else { node };
            }
        }
        self.syntax.add(Kind::Index(x, vec![sub]), Default::default())
    }
}
