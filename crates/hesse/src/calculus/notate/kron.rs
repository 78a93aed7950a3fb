//! Matrices with stacked sides: Kronecker products, `vec`, commutation matrices.
//!
//! Rows (j i) and columns (l k) are stacks of columns, the slow label first. A product over them is written, in this order,
//!
//! ```text
//! apart      A_jl B_ik            kron(A, B), and A_ji B_lk is vec(A')*vec(B')'
//! turned     A_jk B_il            kron(A, B)*commutation(k, l), as vec(X') = commutation(m, n)*vec(X) for X of m×n
//! weighted   L_(ji)(qp) E_pq R_(qp)(lk)    L*diag(vec(E))*R, where left and right of E nothing meets but at p and q
//! masked     T_(ii)...            diag(vec(eye(n)))*T_(ji)..., a label twice within one side
//! ```
//!
//! Sums share what they can: `kron(a, E) + kron(b, E) = kron(a + b, E)` and `T + K*T = (eye + K)*T`.

use super::{Face, Fraction, Writer};
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational};
use num_traits::{CheckedAdd, CheckedMul, Signed, Zero};

/// The factors of a network and the sizes of its labels.
#[derive(Clone, Copy)]
pub(super) struct Network<'a> {
    pub(super) tensors: &'a [Factor],
    pub(super) sizes: &'a [Vec<Dim>],
    /// Whether sides may still be turned by a commutation matrix.
    pub(super) turns: bool,
}

/// A chain of matrices to be multiplied; none for a scalar that is all in the fraction.
type Chain = Option<Vec<NodeId>>;

/// Two neighbouring groups of a side to be exchanged: `from..middle` and `middle..to`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Turn {
    from: usize,
    middle: usize,
    to: usize,
}

impl Turn {
    fn all(length: usize) -> Vec<Turn> {
        let mut all = vec![];
        for from in 0..length {
            for middle in from + 1..length {
                all.extend((middle + 1..=length).map(|to| Turn { from, middle, to }));
            }
        }
        all
    }
    fn apply<T: Copy>(self, side: &[T]) -> Vec<T> {
        [&side[..self.from], &side[self.middle..self.to], &side[self.from..self.middle], &side[self.to..]].concat()
    }
}

/// A term of a sum as a Kronecker product of a part that other terms share and one of its own.
struct Split {
    turn: Option<Turn>,
    /// How many labels of rows and columns the first part has.
    at: (usize, usize),
    shared_first: bool,
    shared: Expr,
    /// With the scalars of the term.
    own: Expr,
}

impl Writer<'_> {
    /// A block of a face: rows and columns are lists of labels.
    pub(super) fn block(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Chain> {
        if rows.len() <= 1 && cols.len() <= 1 {
            return self.plain_block(net.tensors, rows, cols, net.sizes, fraction);
        }
        if !self.pool.spend(1 + net.tensors.len()) {
            return None;
        }
        self.apart(net, rows, cols, fraction)
            .or_else(|| self.turned(net, rows, cols, fraction))
            .or_else(|| self.masked(net, rows, cols, fraction))
            .or_else(|| self.weighted(net, rows, cols, fraction))
    }

    /// What has a block must have a chain.
    fn chained(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Vec<NodeId>> {
        let before = (fraction.above.len(), fraction.below.len());
        let chain = self.block(net, rows, cols, fraction).flatten();
        if chain.is_none() {
            fraction.above.truncate(before.0);
            fraction.below.truncate(before.1);
        }
        chain.map(|c| self.shorter(c))
    }

    /// Kronecker products, stacked columns and outer products: rows and columns fall apart.
    fn apart(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Chain> {
        for (p, q) in splits(rows.len(), cols.len()) {
            let Some((first, second)) = separate(net.tensors, &[&rows[..p], &cols[..q]].concat(), &[&rows[p..], &cols[q..]].concat())
            else {
                continue;
            };
            let (first, second) = (Network { tensors: &first, ..net }, Network { tensors: &second, ..net });
            let before = (fraction.above.len(), fraction.below.len());
            // Rows alone times columns alone is an outer product, not a Kronecker product.
            let made = if (p == rows.len() && q == 0) || (p == 0 && q == cols.len()) {
                let (column, row) = if q == 0 { (first, second) } else { (second, first) };
                let column = self.chained(column, rows, &[], fraction);
                let row = self.chained(row, &[], cols, fraction);
                column.zip(row).map(|(column, row)| [column, row].concat())
            } else {
                let a = self.chained(first, &rows[..p], &cols[..q], fraction);
                let b = self.chained(second, &rows[p..], &cols[q..], fraction);
                a.zip(b).map(|(a, b)| {
                    let (a, b) = (self.chain(&a), self.chain(&b));
                    vec![self.kron(a, b)]
                })
            };
            match made {
                Some(chain) => return Some(Some(chain)),
                None => {
                    fraction.above.truncate(before.0);
                    fraction.below.truncate(before.1);
                }
            }
        }
        match (rows, cols) {
            // vec(A) stacks columns: its rows are (j i).
            ([j, i], []) => {
                let inner = self.chained(net, &[*i], &[*j], fraction)?;
                let inner = self.chain(&inner);
                Some(Some(vec![self.syntax.call("vec", vec![inner])]))
            }
            ([], [j, i]) => {
                let inner = self.chained(net, &[*i], &[*j], fraction)?;
                let inner = self.chain(&inner);
                let stacked = self.syntax.call("vec", vec![inner]);
                Some(Some(vec![self.transpose(stacked)]))
            }
            ([i, j], [k, l]) if (i, j) == (l, k) && i != j && net.tensors.is_empty() => {
                Some(Some(vec![self.spanned("commutation", &[&net.sizes[*i as usize], &net.sizes[*j as usize]])]))
            }
            _ => None,
        }
    }

    /// `kron(a, b)`; identities become one, and so do columns or rows of ones.
    fn kron(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let (Kind::Transpose(x), Kind::Transpose(y)) = (self.syntax.kind(a).clone(), self.syntax.kind(b).clone())
            && [x, y].iter().all(|k| matches!(self.syntax.kind(*k), Kind::Call(name, _) if name == "ones"))
        {
            let ones = self.kron(x, y);
            return self.transpose(ones);
        }
        let arguments = |w: &Self, node: NodeId, f: &str| match w.syntax.kind(node) {
            Kind::Call(name, args) if name == f => Some(args.clone()),
            _ => None,
        };
        // `rows(A)` is a size by itself only.
        let measured = |w: &Self, node: NodeId| {
            w.syntax.under(node).iter().any(|n| matches!(w.syntax.kind(*n), Kind::Call(f, _) if f == "rows" || f == "cols"))
        };
        if let (Some(left), Some(right)) = (arguments(self, a, "ones"), arguments(self, b, "ones"))
            && left.len() == right.len()
            && !left.iter().chain(&right).any(|size| measured(self, *size))
        {
            let sizes = left.iter().zip(&right).map(|(m, n)| self.times(&[*m, *n])).collect();
            return self.syntax.call("ones", sizes);
        }
        if let Some(left) = arguments(self, a, "eye").filter(|left| !measured(self, left[0])) {
            if let Some(right) = arguments(self, b, "eye").filter(|right| !measured(self, right[0])) {
                let size = self.times(&[left[0], right[0]]);
                return self.symmetric_call("eye", vec![size]);
            }
            if let Some(inner) = arguments(self, b, "kron").filter(|inner| arguments(self, inner[0], "eye").is_some()) {
                let joined = self.kron(a, inner[0]);
                return self.syntax.call("kron", vec![joined, inner[1]]);
            }
        }
        let both = self.symmetric.contains(&a) && self.symmetric.contains(&b);
        let node = self.syntax.call("kron", vec![a, b]);
        if both {
            self.symmetric.insert(node);
        }
        node
    }

    /// The permutation matrix whose rows are this side and whose columns are the turned side.
    fn permutation(&mut self, turn: Turn, side: &[Label], sizes: &[Vec<Dim>]) -> NodeId {
        let span = |labels: &[Label]| labels.iter().flat_map(|l| sizes[*l as usize].clone()).collect::<Vec<Dim>>();
        let Turn { from, middle, to } = turn;
        let mut node = self.spanned("commutation", &[&span(&side[from..middle]), &span(&side[middle..to])]);
        for (rest, before) in [(&side[to..], false), (&side[..from], true)] {
            if !rest.is_empty() {
                let eye = self.spanned("eye", &[&span(rest)]);
                self.symmetric.insert(eye);
                node = if before { self.kron(eye, node) } else { self.kron(node, eye) };
            }
        }
        node
    }

    /// Two groups of labels of a side exchanged, and a permutation matrix beside it.
    fn turned(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Chain> {
        if !net.turns {
            return None;
        }
        let straight = Network { turns: false, ..net };
        for turn in Turn::all(rows.len()) {
            if let Some(Some(rest)) = self.apart(straight, &turn.apply(rows), cols, fraction) {
                let matrix = self.permutation(turn, rows, net.sizes);
                return Some(Some([vec![matrix], rest].concat()));
            }
        }
        for turn in Turn::all(cols.len()) {
            let side = turn.apply(cols);
            if let Some(Some(rest)) = self.apart(straight, rows, &side, fraction) {
                let back = Turn { middle: turn.from + turn.to - turn.middle, ..turn };
                let matrix = self.permutation(back, &side, net.sizes);
                return Some(Some([rest, vec![matrix]].concat()));
            }
        }
        None
    }

    /// `diag(vec(…))` of the matrix over these labels, the slow one first.
    fn weights(&mut self, net: Network, side: [Label; 2], fraction: &mut Fraction) -> Option<NodeId> {
        let inner = self.chained(net, &[side[1]], &[side[0]], fraction)?;
        let inner = self.chain(&inner);
        let stacked = self.syntax.call("vec", vec![inner]);
        Some(self.symmetric_call("diag", vec![stacked]))
    }

    /// A label twice within one side: the identity as a mask over two labels.
    fn masked(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Chain> {
        let twice = |side: &[Label]| match side {
            [i, j] if i == j => Some(*i),
            _ => None,
        };
        match (twice(rows), twice(cols)) {
            (Some(i), Some(j)) if i == j => Some(Some(vec![self.weights(net, [i, i], fraction)?])),
            (None, None) => None,
            (first, _) => {
                let i = first.or(twice(cols))?;
                let mut sizes = net.sizes.to_vec();
                sizes.push(sizes[i as usize].clone());
                let wide = [net.sizes.len() as Label, i];
                let mask = self.weights(Network { tensors: &[], ..net }, [i, i], fraction)?;
                let net = Network { sizes: &sizes, ..net };
                Some(Some(if first.is_some() {
                    [vec![mask], self.chained(net, &wide, cols, fraction)?].concat()
                } else {
                    [self.chained(net, rows, &wide, fraction)?, vec![mask]].concat()
                }))
            }
        }
    }

    /// A matrix of weights between a left and a right side.
    fn weighted(&mut self, net: Network, rows: &[Label], cols: &[Label], fraction: &mut Fraction) -> Option<Chain> {
        if !distinct(rows) || !distinct(cols) {
            return None;
        }
        let open: Vec<Label> = rows.iter().chain(cols).copied().collect();
        let mut tried: Vec<[Label; 2]> = vec![];
        // Whole components over two labels of one side, and factors over two labels.
        let whole = components(net.tensors, &open);
        let outer = whole
            .iter()
            .map(|c| reach(net.tensors, c, &open))
            .filter(|ends| ends.iter().all(|l| rows.contains(l)) || ends.iter().all(|l| cols.contains(l)));
        let pairs: Vec<Vec<Label>> = outer.chain(net.tensors.iter().map(|f| f.labels.clone())).collect();
        for pair in pairs {
            let &[p, q] = pair.as_slice() else { continue };
            let pair = [p.min(q), p.max(q)];
            if p == q || tried.contains(&pair) {
                continue;
            }
            tried.push(pair);
            let before = (fraction.above.len(), fraction.below.len());
            if let Some(chain) = self.around(net, rows, cols, pair, fraction) {
                return Some(Some(chain));
            }
            fraction.above.truncate(before.0);
            fraction.below.truncate(before.1);
        }
        None
    }

    /// L*diag(vec(E))*R with E over these two labels.
    fn around(&mut self, net: Network, rows: &[Label], cols: &[Label], pair: [Label; 2], fraction: &mut Fraction) -> Option<Vec<NodeId>> {
        let on = |side: &[Label]| side.len() == 2 && pair.iter().all(|l| side.contains(l));
        // A label of both sides passes through the middle or not at all.
        if rows.iter().any(|l| cols.contains(l) && !pair.contains(l)) {
            return None;
        }
        let open: Vec<Label> = rows.iter().chain(cols).copied().chain(pair).collect();
        let (mut weights, mut left, mut right) = (vec![], vec![], vec![]);
        for part in components(net.tensors, &open) {
            let ends = reach(net.tensors, &part, &open);
            let outside = |side: &[Label]| ends.iter().any(|l| side.contains(l) && !pair.contains(l));
            let factors = part.iter().map(|k| net.tensors[*k].clone());
            match (outside(rows), outside(cols)) {
                (true, true) => return None,
                (false, false) if pair.iter().all(|l| ends.contains(l)) => weights.extend(factors),
                (false, true) => right.extend(factors),
                (false, false) if on(rows) => right.extend(factors),
                _ => left.extend(factors),
            }
        }
        if weights.is_empty() {
            return None;
        }
        let [p, q] = pair;
        let middles = match (on(rows), on(cols)) {
            (true, _) => vec![[rows[0], rows[1]]],
            (false, true) => vec![[cols[0], cols[1]]],
            _ => vec![[q, p], [p, q]],
        };
        // Without a permutation where that can be.
        for turns in [false, true] {
            for middle in middles.iter().copied().filter(|_| !turns || net.turns) {
                let before = (fraction.above.len(), fraction.below.len());
                let net = Network { turns, ..net };
                let mut side = |w: &mut Self, tensors: &[Factor], rows: &[Label], cols: &[Label]| {
                    let nothing = tensors.is_empty() && rows == cols;
                    if nothing { Some(vec![]) } else { w.chained(Network { tensors, ..net }, rows, cols, fraction) }
                };
                let (a, b) = (side(self, &left, rows, &middle), side(self, &right, &middle, cols));
                let made = a.zip(b).and_then(|(a, b)| {
                    let weights = self.weights(Network { tensors: &weights, ..net }, middle, fraction)?;
                    Some([a, vec![weights], b].concat())
                });
                if made.is_some() {
                    return made;
                }
                fraction.above.truncate(before.0);
                fraction.below.truncate(before.1);
            }
        }
        None
    }

    // ---- sums ----

    /// Products with sums over many axes as the terms that they stand for: a diagonal that all terms of a sum share stands outside of it.
    pub(super) fn opened(&mut self, terms: &[(Rational, Expr)]) -> Option<Vec<(Rational, Expr)>> {
        let one = self.pool.one();
        let (mut done, mut pending) = (vec![], terms.iter().rev().copied().collect::<Vec<_>>());
        while let Some((c, e)) = pending.pop() {
            if !self.pool.spend(1) {
                return None;
            }
            match self.pool.node(e).clone() {
                // A multiple is a sum of one term.
                Node::Sum(terms, _) if terms.len() == 1 => pending.push((c.checked_mul(&terms[0].0)?, terms[0].1)),
                Node::Product { factors, out, sizes } => {
                    let wide = factors.iter().position(|f| f.power == one && is_wide_sum(self.pool, f.base));
                    let Some(k) = wide else {
                        done.push((c, e));
                        continue;
                    };
                    let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                    let Node::Sum(terms, _) = self.pool.node(factors[k].base).clone() else { continue };
                    for (d, t) in terms.into_iter().rev() {
                        let mut term = factors.clone();
                        term[k].base = t;
                        pending.push((c.checked_mul(&d)?, self.pool.product_of(term, out.clone(), &broadcast)));
                    }
                }
                _ => done.push((c, e)),
            }
        }
        // Like terms of different sums.
        let mut merged: Vec<(Rational, Expr)> = vec![];
        for (c, e) in done {
            match merged.iter_mut().find(|t| t.1 == e) {
                Some(t) => t.0 = t.0.checked_add(&c)?,
                None => merged.push((c, e)),
            }
        }
        merged.retain(|t| !t.0.is_zero());
        Some(merged)
    }

    /// A sum with stacked sides, where terms share a part: the shortest way, `None` where nothing is shared.
    pub(super) fn shared(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let mut ways = vec![];
        ways.extend(self.merged(terms, face));
        if face.rows.len() == 2 {
            let turn = Turn { from: 0, middle: 1, to: 2 };
            let turned = Face { rows: turn.apply(&face.rows), cols: face.cols.clone() };
            ways.extend(self.with_its_turn(terms, face));
            // All terms turned: K*(A + B).
            let all: Option<Vec<Split>> =
                terms.iter().map(|t| self.splits_of(t.0, t.1, face).into_iter().find(|s| s.turn.is_some())).collect();
            if all.is_some() {
                let rest = self.merged(terms, &turned).or_else(|| self.sum_in_order(terms, &turned));
                let axes = self.pool.axes(terms[0].1).to_vec();
                let sizes = face.rows.iter().map(|a| vec![axes[*a]]).collect::<Vec<_>>();
                let matrix = self.permutation(turn, &[0, 1], &sizes);
                ways.extend(rest.map(|rest| self.syntax.binary(Operator::Times, matrix, rest)));
            }
        }
        ways.into_iter().min_by_key(|node| self.syntax.count(*node))
    }

    /// T + K*T = (eye + K)*T for the permutation K of a side of two equal labels.
    fn with_its_turn(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let mut order: Vec<usize> = (0..self.pool.rank(terms[0].1)).collect();
        order.swap(face.rows[0], face.rows[1]);
        let mut rest = terms.to_vec();
        let mut half = vec![];
        while let Some((c, t)) = rest.first().copied() {
            rest.remove(0);
            let turned = self.pool.permute(t, &order);
            let k = rest.iter().position(|other| *other == (c, turned))?;
            // The one that needs no permutation stands for both.
            let straight = self.splits_of(c, t, face).iter().any(|s| s.turn.is_none());
            half.push((c, if straight { t } else { turned }));
            rest.remove(k);
        }
        let inner = self.sum_of(&half, face)?;
        let axes = self.pool.axes(terms[0].1).to_vec();
        let sizes: Vec<Vec<Dim>> = face.rows.iter().map(|a| vec![axes[*a]]).collect();
        let matrix = self.permutation(Turn { from: 0, middle: 1, to: 2 }, &[0, 1], &sizes);
        let eye = self.spanned("eye", &[&sizes.concat()]);
        let both = self.syntax.binary(Operator::Plus, eye, matrix);
        Some(self.syntax.binary(Operator::Times, both, inner))
    }

    /// kron(a, E) + kron(b, E) = kron(a + b, E)
    fn merged(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let mut left: Vec<(Rational, Expr, Vec<Split>)> = terms.iter().map(|(c, t)| (*c, *t, self.splits_of(*c, *t, face))).collect();
        let mut nodes = vec![];
        let same = |a: &Split, b: &Split| (a.turn, a.at, a.shared_first, a.shared) == (b.turn, b.at, b.shared_first, b.shared);
        loop {
            let all = left.iter().flat_map(|t| &t.2);
            let counted = all.map(|s| (left.iter().filter(|t| t.2.iter().any(|o| same(o, s))).count(), s));
            // Of equal numbers the first.
            let Some((count, found)) = counted.reduce(|a, b| if b.0 > a.0 { b } else { a }) else { break };
            if count < 2 {
                break;
            }
            let own: Vec<Expr> = left.iter().filter_map(|t| t.2.iter().find(|o| same(o, found))).map(|o| o.own).collect();
            let total = own[1..].iter().fold(own[0], |a, b| self.pool.add(a, *b));
            let ((p, q), turn, shared, shared_first) = (found.at, found.turn, found.shared, found.shared_first);
            left.retain(|t| !t.2.iter().any(|o| (o.turn, o.at, o.shared_first, o.shared) == (turn, (p, q), shared_first, shared)));
            let (first, second) = if shared_first { (shared, total) } else { (total, shared) };
            let a = self.write(first, &Face::split(p + q, p))?;
            let rank = self.pool.rank(second);
            let b = self.write(second, &Face::split(rank, face.rows.len() - p))?;
            let mut node = self.kron(a, b);
            if let Some(turn) = turn {
                let axes = self.pool.axes(terms[0].1).to_vec();
                let sizes: Vec<Vec<Dim>> = face.rows.iter().map(|a| vec![axes[*a]]).collect();
                let labels: Vec<Label> = (0..face.rows.len() as Label).collect();
                let matrix = self.permutation(turn, &labels, &sizes);
                node = self.syntax.binary(Operator::Times, matrix, node);
            }
            nodes.push(node);
        }
        if nodes.is_empty() {
            return None;
        }
        let mut total = nodes[1..].iter().fold(nodes[0], |a, b| self.syntax.binary(Operator::Plus, a, *b));
        for (c, t, _) in left {
            let node = self.multiple(c.abs(), t, face)?;
            total = self.syntax.binary(if c.is_negative() { Operator::Minus } else { Operator::Plus }, total, node);
        }
        Some(total)
    }

    /// The ways in which a term is a Kronecker product of two matrices, its rows as they are or turned.
    fn splits_of(&mut self, c: Rational, e: Expr, face: &Face) -> Vec<Split> {
        let Node::Product { factors, out, sizes } = self.pool.node(e).clone() else { return vec![] };
        let side = |axes: &[usize]| axes.iter().map(|a| out[*a]).collect::<Vec<Label>>();
        let (rows, cols) = (side(&face.rows), side(&face.cols));
        let (scalars, tensors): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|f| f.labels.is_empty());
        let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        let turns: Vec<Option<Turn>> = std::iter::once(None).chain(Turn::all(rows.len()).into_iter().map(Some)).collect();
        let mut found = vec![];
        for turn in turns {
            let rows = turn.map_or(rows.clone(), |t| t.apply(&rows));
            for (p, q) in splits(rows.len(), cols.len()) {
                let (a, b) = ([&rows[..p], &cols[..q]].concat(), [&rows[p..], &cols[q..]].concat());
                let outer = (p == rows.len() && q == 0) || (p == 0 && q == cols.len());
                let Some((first, second)) = separate(&tensors, &a, &b).filter(|_| !outer) else { continue };
                for shared_first in [false, true] {
                    let (shared, own) = if shared_first { ((&first, &a), (&second, &b)) } else { ((&second, &b), (&first, &a)) };
                    let shared = self.pool.product_of(shared.0.clone(), shared.1.clone(), &broadcast);
                    let own = self.pool.product_of([scalars.clone(), own.0.clone()].concat(), own.1.clone(), &broadcast);
                    let own = self.pool.scale(c, own);
                    found.push(Split { turn, at: (p, q), shared_first, shared, own });
                }
            }
        }
        found
    }
}

/// Where rows and columns may be cut: not at an end of both.
fn splits(rows: usize, cols: usize) -> Vec<(usize, usize)> {
    let all = (0..=rows).flat_map(|p| (0..=cols).map(move |q| (p, q)));
    all.filter(|at| *at != (0, 0) && *at != (rows, cols)).collect()
}

pub(super) fn distinct(labels: &[Label]) -> bool {
    labels.iter().enumerate().all(|(k, l)| !labels[..k].contains(l))
}

/// Groups of factors that hang together by labels that are not open, by position.
pub(super) fn components(tensors: &[Factor], open: &[Label]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..tensors.len()).collect();
    for a in 0..tensors.len() {
        for b in 0..a {
            let joined = tensors[a].labels.iter().any(|l| !open.contains(l) && tensors[b].labels.contains(l));
            if joined && group[a] != group[b] {
                let (from, to) = (group[a].max(group[b]), group[a].min(group[b]));
                group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
            }
        }
    }
    (0..tensors.len()).map(|k| (0..tensors.len()).filter(|j| group[*j] == k).collect::<Vec<_>>()).filter(|c| !c.is_empty()).collect()
}

/// The open labels of a component.
pub(super) fn reach(tensors: &[Factor], component: &[usize], open: &[Label]) -> Vec<Label> {
    let mut ends: Vec<Label> = component.iter().flat_map(|k| &tensors[*k].labels).filter(|l| open.contains(l)).copied().collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// Splits factors into those that touch the first labels and those that touch the second; `None` if a component touches both
/// or the label sets overlap.
fn separate(tensors: &[Factor], first: &[Label], second: &[Label]) -> Option<(Vec<Factor>, Vec<Factor>)> {
    if first.iter().any(|l| second.contains(l)) {
        return None;
    }
    let open = [first, second].concat();
    let (mut left, mut right) = (vec![], vec![]);
    for part in components(tensors, &open) {
        let ends = reach(tensors, &part, &open);
        let side = match (ends.iter().any(|l| first.contains(l)), ends.iter().any(|l| second.contains(l))) {
            (true, false) => &mut left,
            (false, true) => &mut right,
            _ => return None,
        };
        side.extend(part.iter().map(|k| (*k, tensors[*k].clone())));
    }
    // In their old order.
    let ordered = |mut side: Vec<(usize, Factor)>| {
        side.sort_by_key(|f| f.0);
        side.into_iter().map(|f| f.1).collect()
    };
    Some((ordered(left), ordered(right)))
}

/// The labelled factors, rows and columns of a product.
fn network_of(pool: &Pool, e: Expr, face: &Face) -> Option<(Vec<Factor>, Vec<Label>, Vec<Label>)> {
    let Node::Product { factors, out, .. } = pool.node(e) else { return None };
    let tensors = factors.iter().filter(|f| !f.labels.is_empty()).cloned().collect();
    let side = |axes: &[usize]| axes.iter().map(|a| out[*a]).collect();
    Some((tensors, side(&face.rows), side(&face.cols)))
}

/// Whether a product is a Kronecker product of two matrices with sides of their own.
pub(crate) fn apart(pool: &Pool, e: Expr, face: &Face) -> bool {
    network_of(pool, e, face).is_some_and(|(tensors, rows, cols)| {
        let inner = splits(rows.len(), cols.len()).into_iter().filter(|(p, q)| *p > 0 && *q > 0 && *p < rows.len() && *q < cols.len());
        inner.into_iter().any(|(p, q)| separate(&tensors, &[&rows[..p], &cols[..q]].concat(), &[&rows[p..], &cols[q..]].concat()).is_some())
    })
}

/// Whether a product is a column times a row.
pub(crate) fn is_outer(pool: &Pool, e: Expr, face: &Face) -> bool {
    network_of(pool, e, face).is_some_and(|(tensors, rows, cols)| separate(&tensors, &rows, &cols).is_some())
}

/// Whether an expression is a sum over many axes: a factor that only a face of its own can write.
pub(super) fn is_wide_sum(pool: &Pool, e: Expr) -> bool {
    pool.rank(e) > 2 && matches!(pool.node(e), Node::Sum(..))
}
