//! The network of a product: contract labels one at a time, each contraction a way of writing.

use super::kron::Network;
use super::{Fraction, Writer};
use crate::calculus::rewrite::notations;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript};
use crate::tensor::matcher::Template;
use crate::tensor::{Dim, Factor, Label, Node, Pattern};

/// What a piece is, where its notation is special.
#[derive(Clone, Copy, PartialEq)]
enum Special {
    None,
    /// `lower[i,j]`
    Lower,
    /// A one-hot vector or a shift.
    Pattern(Pattern),
}

/// A vector (`col` is none) or a matrix of the network; its chain is a matrix product read left to right.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) chain: Vec<NodeId>,
    row: Label,
    col: Option<Label>,
    /// Stands below the line of an element-wise quotient.
    below: bool,
    special: Special,
}

impl Item {
    fn has(&self, l: Label) -> bool {
        self.row == l || self.col == Some(l)
    }
    fn is_vector(&self) -> bool {
        self.col.is_none()
    }
    pub(super) fn labels(&self) -> Vec<Label> {
        std::iter::once(self.row).chain(self.col).collect()
    }
}

impl Writer<'_> {
    /// The body of a product over tensors: a chain to multiply, `None` for a scalar that is all in `fraction`.
    pub(super) fn network(
        &mut self,
        tensors: &[Factor],
        out: &[Label],
        sizes: &[Dim],
        face: &super::Face,
        fraction: &mut Fraction,
    ) -> Option<Option<Vec<NodeId>>> {
        let rows: Vec<Label> = face.rows.iter().map(|a| out[*a]).collect();
        let cols: Vec<Label> = face.cols.iter().map(|a| out[*a]).collect();
        if rows.is_empty()
            && cols.is_empty()
            && let Some(node) = self.whole_sum(tensors)?
        {
            fraction.above.push(node);
            return Some(None);
        }
        let joined = self.join(tensors, &rows, &cols, sizes);
        let net = Network { tensors: &joined.tensors, sizes: &joined.sizes, turns: true };
        let chain = self.block(net, &joined.rows, &joined.cols, fraction)?;
        Some(chain.map(|c| self.shorter(c)))
    }

    /// Nodes of a chain without the products between.
    fn weight(&self, chain: &[NodeId]) -> usize {
        chain.iter().fold(0, |total: usize, n| total.saturating_add(self.syntax.count(*n)))
    }

    /// (C*B*A)' where A'*B'*C' is longer.
    pub(super) fn shorter(&mut self, chain: Vec<NodeId>) -> Vec<NodeId> {
        let turned = self.transposed(&chain);
        if self.weight(&turned).saturating_add(1) < self.weight(&chain) {
            let node = self.chain(&turned);
            vec![self.syntax.transpose(node)]
        } else {
            chain
        }
    }

    /// The sum of all squares is norm2(x)^2.
    fn whole_sum(&mut self, tensors: &[Factor]) -> Option<Option<NodeId>> {
        let [f] = tensors else { return Some(None) };
        let distinct = f.labels.iter().enumerate().all(|(k, l)| !f.labels[..k].contains(l));
        if !distinct {
            return Some(None);
        }
        if self.pool.as_integer(f.power) == Some(2) {
            let x = self.oriented(f.base);
            let face = self.own_face(x);
            let x = self.write(x, &face)?;
            let norm = self.syntax.call("norm2", vec![x]);
            let two = self.syntax.number("2");
            return Some(Some(self.syntax.binary(Operator::Power, norm, two)));
        }
        Some(None)
    }

    /// Rows and columns are one label each, or none.
    pub(super) fn plain_block(
        &mut self,
        tensors: &[Factor],
        rows: &[Label],
        cols: &[Label],
        sizes: &[Vec<Dim>],
        fraction: &mut Fraction,
    ) -> Option<Option<Vec<NodeId>>> {
        let out: Vec<Label> = rows.iter().chain(cols).copied().collect();
        let mut items = self.contracted(tensors, &out, sizes, fraction)?;
        if items.iter().any(|x| x.labels().iter().any(|l| !out.contains(l))) {
            return None;
        }
        let size = |l: Label| sizes[l as usize].as_slice();
        match (rows, cols) {
            ([], []) => items.is_empty().then_some(None),
            ([i], []) | ([], [i]) => {
                let column = match self.take_vector(&mut items, *i) {
                    Some(v) => v.chain,
                    None if items.is_empty() => vec![self.spanned("ones", &[size(*i)])],
                    None => return None,
                };
                if !items.is_empty() {
                    return None;
                }
                Some(Some(if cols.is_empty() { column } else { self.transposed(&column) }))
            }
            ([i], [j]) if i == j => {
                let chain = match self.take_vector(&mut items, *i) {
                    Some(v) => {
                        let v = self.chain(&v.chain);
                        vec![self.symmetric_call("diag", vec![v])]
                    }
                    None => {
                        let eye = self.spanned("eye", &[size(*i)]);
                        self.symmetric.insert(eye);
                        vec![eye]
                    }
                };
                items.is_empty().then_some(Some(chain))
            }
            ([i], [j]) => {
                let left = self.take_vector(&mut items, *i);
                let right = self.take_vector(&mut items, *j);
                match items.pop() {
                    Some(matrix) => {
                        if !items.is_empty() {
                            return None;
                        }
                        // diag(a)*tril(1 1')*diag(b) is tril(a*b').
                        if let (Special::Lower, Some(a), Some(b)) = (matrix.special, &left, &right) {
                            let turned = self.transposed(&b.chain);
                            let node = self.chain(&[a.chain.clone(), turned].concat());
                            let triangle = if matrix.row == *i { "tril" } else { "triu" };
                            return Some(Some(vec![self.syntax.call(triangle, vec![node])]));
                        }
                        let middle = if matrix.row == *i { matrix.chain } else { self.transposed(&matrix.chain) };
                        let mut chain = vec![];
                        if let Some(v) = left {
                            let v = self.chain(&v.chain);
                            chain.push(self.symmetric_call("diag", vec![v]));
                        }
                        chain.extend(middle);
                        if let Some(v) = right {
                            let v = self.chain(&v.chain);
                            chain.push(self.symmetric_call("diag", vec![v]));
                        }
                        Some(Some(chain))
                    }
                    None => {
                        if left.is_none() && right.is_none() {
                            return Some(Some(vec![self.spanned("ones", &[size(*i), size(*j)])]));
                        }
                        let mut chain = match left {
                            Some(v) => v.chain,
                            None => vec![self.spanned("ones", &[size(*i)])],
                        };
                        let right = match right {
                            Some(v) => v.chain,
                            None => vec![self.spanned("ones", &[size(*j)])],
                        };
                        chain.extend(self.transposed(&right));
                        Some(Some(chain))
                    }
                }
            }
            _ => None,
        }
    }

    /// The items that are left when every label that can be written away is; scalars go to `fraction`.
    pub(super) fn contracted(
        &mut self,
        tensors: &[Factor],
        out: &[Label],
        sizes: &[Vec<Dim>],
        fraction: &mut Fraction,
    ) -> Option<Vec<Item>> {
        let mut items = vec![];
        let mut tensors = tensors.to_vec();
        for row in notations() {
            while let (Template::Labelled(_, kept), Some(found)) = (&row.means, self.pool.find(&row.means, &tensors, out)) {
                let node = self.called(row, &found.bindings, None)?;
                let labels: Vec<Label> = kept.iter().filter_map(|k| found.letters[*k]).collect();
                tensors = tensors.iter().enumerate().filter(|(k, _)| !found.used.contains(k)).map(|(_, f)| f.clone()).collect();
                match labels.as_slice() {
                    [] => fraction.above.push(node),
                    [i] => items.push(Item { chain: vec![node], row: *i, col: None, below: false, special: Special::None }),
                    [i, j] => items.push(Item { chain: vec![node], row: *i, col: Some(*j), below: false, special: Special::None }),
                    _ => return None,
                }
            }
        }
        for f in &tensors {
            items.push(self.item(f)?);
        }
        loop {
            self.close_loops(&mut items, out, fraction);
            self.merge_matrices(&mut items, out);
            self.merge_vectors(&mut items, out);
            if items.iter().any(|x| x.col == Some(x.row)) {
                continue;
            }
            let mut labels: Vec<Label> = items.iter().flat_map(Item::labels).filter(|l| !out.contains(l)).collect();
            labels.sort_unstable();
            labels.dedup();
            let by_name = |x: &Item| match x.special {
                Special::Pattern(Pattern::Unit { at, .. }) => self.pool.dims.as_integer(at).is_none(),
                _ => false,
            };
            let cost = |l: &Label| {
                if self.indexed && items.iter().any(|x| x.has(*l) && by_name(x)) {
                    return None;
                }
                let vectors = items.iter().filter(|x| x.has(*l) && x.is_vector()).count();
                let matrices = items.iter().filter(|x| x.has(*l) && !x.is_vector()).count();
                match (vectors, matrices) {
                    (_, 0) => Some(0),
                    (0, 1) => {
                        let x = items.iter().find(|x| x.has(*l))?;
                        let alone = x.labels().iter().all(|m| !out.contains(m) && items.iter().filter(|y| y.has(*m)).count() == 1);
                        Some(if alone { 0 } else { 1 })
                    }
                    (1, 1) => Some(if items.iter().any(|x| x.has(*l) && x.below) { 3 } else { 2 }),
                    (0, 2) => Some(3),
                    (1, 2) => Some(4),
                    _ => None,
                }
            };
            let Some(next) = labels.into_iter().filter_map(|l| cost(&l).map(|c| (c, l))).min() else { break };
            let (mut at, rest): (Vec<Item>, Vec<Item>) = std::mem::take(&mut items).into_iter().partition(|x| x.has(next.1));
            items = rest;
            at.sort_by_key(|x| !x.is_vector());
            self.raise(&mut at);
            self.contract(at, next.1, &mut items, out, sizes, fraction);
        }
        self.raise(&mut items);
        Some(items)
    }

    /// What stands below the line by itself is written as a quotient of 1.
    pub(super) fn raise(&mut self, items: &mut [Item]) {
        for x in items.iter_mut().filter(|x| x.below) {
            let node = self.chain(&x.chain);
            x.chain = vec![self.reciprocal(node)];
            x.below = false;
        }
    }

    /// 1 ./ x, and x.^(-1.5) where the exponent is no whole number.
    fn reciprocal(&mut self, node: NodeId) -> NodeId {
        if let Kind::Binary(Operator::DotPower, base, exponent) = *self.syntax.kind(node)
            && matches!(self.syntax.kind(exponent), Kind::Number(t) if t.contains('.'))
        {
            let exponent = self.syntax.negate(exponent);
            return self.syntax.binary(Operator::DotPower, base, exponent);
        }
        let one = self.syntax.number("1");
        self.syntax.binary(Operator::DotOver, one, node)
    }

    pub(super) fn item(&mut self, f: &Factor) -> Option<Item> {
        let special = match self.pool.node(f.base) {
            Node::Pattern(Pattern::Lower { .. }) => Special::Lower,
            Node::Pattern(p) => Special::Pattern(*p),
            _ => Special::None,
        };
        if let Some(item) = self.turned_item(f)? {
            return Some(item);
        }
        let (mut node, below) = self.powered(f, Operator::DotPower)?;
        // A row variable stands for the vector as its transpose.
        let own = self.own_face(f.base);
        let (row, col) = match f.labels.as_slice() {
            [i] => (*i, None),
            [i, j] => (*i, Some(*j)),
            _ => return None,
        };
        let rank = self.pool.rank(f.base);
        if f.labels.len() == 1 && own.rows.is_empty() {
            node = self.transpose(node);
        } else if f.labels.len() == 1 && rank == 2 && own.rows.len() == 1 {
            node = self.syntax.call("vec", vec![node]);
        } else if f.labels.len() == 2 && (own.rows.is_empty() || own.cols.is_empty()) {
            // A column with two labels is no matrix.
            return None;
        }
        Some(Item { chain: vec![node], row, col, below, special })
    }

    /// A sum of matrices the other way round, where that is shorter: 2 + C*X rather than (2 + (C*X)')'.
    fn turned_item(&mut self, f: &Factor) -> Option<Option<Item>> {
        let one = self.pool.one();
        let ([i, j], Node::Sum(..), true) = (f.labels.as_slice(), self.pool.node(f.base), f.power == one) else { return Some(None) };
        let own = self.own_face(f.base);
        if own.rows.len() != 1 || own.cols.len() != 1 {
            return Some(None);
        }
        let (straight, turned) = (self.write(f.base, &own)?, self.write(f.base, &own.transposed())?);
        let shorter = self.syntax.count(turned) < self.syntax.count(straight);
        Some(shorter.then(|| Item { chain: vec![turned], row: *j, col: Some(*i), below: false, special: Special::None }))
    }

    pub(super) fn transposed(&mut self, chain: &[NodeId]) -> Vec<NodeId> {
        chain.iter().rev().map(|n| self.transpose(*n)).collect()
    }

    fn take_vector(&mut self, items: &mut Vec<Item>, l: Label) -> Option<Item> {
        let k = items.iter().position(|x| x.is_vector() && x.row == l)?;
        Some(items.remove(k))
    }

    /// A matrix with both axes on one label: its trace, or the column of its diagonal.
    fn close_loops(&mut self, items: &mut Vec<Item>, out: &[Label], fraction: &mut Fraction) {
        while let Some(k) = items.iter().position(|x| x.col == Some(x.row)) {
            let x = items.remove(k);
            let alone = !out.contains(&x.row) && !items.iter().any(|y| y.has(x.row)) && !x.below;
            // The diagonal of a matrix is that of its transpose.
            let turned = self.transposed(&x.chain);
            let chain = if self.weight(&turned) < self.weight(&x.chain) { turned } else { x.chain.clone() };
            let node = self.chain(&chain);
            if alone {
                let trace = self.syntax.call("tr", vec![node]);
                fraction.above.push(trace);
            } else {
                let diagonal = self.syntax.call("diag", vec![node]);
                items.push(Item { chain: vec![diagonal], col: None, special: Special::None, ..x });
            }
        }
    }

    /// Matrices over the same two labels: element-wise products, or a trace where both labels end here.
    fn merge_matrices(&mut self, items: &mut Vec<Item>, out: &[Label]) {
        let mut k = 0;
        while k < items.len() {
            let x = items[k].clone();
            let Some(col) = x.col else {
                k += 1;
                continue;
            };
            let same: Vec<usize> =
                (0..items.len()).filter(|m| !items[*m].is_vector() && items[*m].has(x.row) && items[*m].has(col)).collect();
            if same.len() < 2 {
                k += 1;
                continue;
            }
            let ends = |l: Label| !out.contains(&l) && items.iter().filter(|y| y.has(l)).count() == 2;
            let y = items[if same[0] == k { same[1] } else { same[0] }].clone();
            if same.len() == 2 && !x.below && !y.below && x.special == Special::None && y.special == Special::None {
                let reversed = y.row != x.row;
                // A_ij B_ji -> is tr(A*B): left to the contraction of one label. A_ij B_ij -> i is diag(A*B').
                if reversed && ends(x.row) && ends(col) {
                    k += 1;
                    continue;
                }
                if ends(col) != ends(x.row) {
                    k += 1;
                    continue;
                }
            }
            let group: Vec<Item> = same.iter().map(|m| items[*m].clone()).collect();
            for m in same.iter().rev() {
                items.remove(*m);
            }
            let merged = self.hadamard(group, x.row, Some(col));
            items.insert(k.min(items.len()), merged);
        }
    }

    /// Vectors on the same label become one, unless exactly two meet under a sum (a dot product).
    fn merge_vectors(&mut self, items: &mut Vec<Item>, out: &[Label]) {
        let mut labels: Vec<Label> = items.iter().filter(|x| x.is_vector()).map(|x| x.row).collect();
        labels.sort_unstable();
        labels.dedup();
        for l in labels {
            let group: Vec<Item> = items.iter().filter(|x| x.is_vector() && x.row == l).cloned().collect();
            let matrices = items.iter().any(|x| !x.is_vector() && x.has(l));
            let unit = group.iter().any(|x| matches!(x.special, Special::Pattern(_)));
            let dot = !matrices && !out.contains(&l) && group.len() == 2 && group.iter().all(|x| !x.below);
            // A divisor waits for what it divides, which another contraction may bring.
            if group.len() < 2 || dot || (unit && group.len() == 2 && !matrices && !out.contains(&l)) {
                continue;
            }
            let at = items.iter().position(|x| x.is_vector() && x.row == l).unwrap_or(0);
            items.retain(|x| !(x.is_vector() && x.row == l));
            let merged = self.hadamard(group, l, None);
            items.insert(at.min(items.len()), merged);
        }
    }

    /// Element-wise product and quotient of items over the same labels.
    fn hadamard(&mut self, group: Vec<Item>, row: Label, col: Option<Label>) -> Item {
        let (mut above, mut below): (Option<NodeId>, Option<NodeId>) = (None, None);
        let mut triangles = vec![];
        let mut lower = vec![];
        for x in group {
            if x.special == Special::Lower {
                triangles.push(if x.row == row { "tril" } else { "triu" });
                lower = x.chain;
                continue;
            }
            let chain = if col.is_some() && x.row != row { self.transposed(&x.chain) } else { x.chain };
            let node = self.chain(&chain);
            let side = if x.below { &mut below } else { &mut above };
            *side = Some(match *side {
                Some(n) => self.syntax.binary(Operator::DotTimes, n, node),
                None => node,
            });
        }
        let mut node = match (above, below) {
            (Some(a), None) => a,
            (a, Some(b)) => match a {
                Some(a) => self.syntax.binary(Operator::DotOver, a, b),
                None => self.reciprocal(b),
            },
            // Facing triangles are a diagonal before they come here: this is one triangle, already written.
            (None, None) => return Item { chain: lower, row, col, below: false, special: Special::None },
        };
        for t in triangles {
            node = self.syntax.call(t, vec![node]);
        }
        Item { chain: vec![node], row, col, below: false, special: Special::None }
    }

    /// Sums over label `l`, carried by `at` (vectors first): the result joins `items` or `fraction`.
    fn contract(&mut self, at: Vec<Item>, l: Label, items: &mut Vec<Item>, out: &[Label], sizes: &[Vec<Dim>], fraction: &mut Fraction) {
        let plain = |chain: Vec<NodeId>, row: Label, col: Option<Label>| Item { chain, row, col, below: false, special: Special::None };
        match at.as_slice() {
            [v] if v.is_vector() => {
                let node = self.chain(&v.chain);
                let sum = self.syntax.call("sum", vec![node]);
                fraction.above.push(sum);
            }
            [a, b] if a.is_vector() && b.is_vector() => {
                if let Some(node) = self.pick(a, b) {
                    fraction.above.push(node);
                    return;
                }
                // The shorter chain turns: x'*A*y.
                let (a, b) = if b.chain.len() < a.chain.len() { (b, a) } else { (a, b) };
                let mut chain = self.transposed(&a.chain);
                chain.extend(&b.chain);
                // A scalar is its own transpose.
                let turned = self.transposed(&chain);
                let chain = if self.weight(&turned) < self.weight(&chain) { turned } else { chain };
                let node = self.chain(&chain);
                fraction.above.push(node);
            }
            [m] => {
                let (other, ours) = (if m.row == l { m.col.unwrap_or(l) } else { m.row }, m.row == l);
                let alone = !out.contains(&other) && !items.iter().any(|x| x.has(other));
                if alone {
                    let node = self.chain(&m.chain);
                    let sum = self.syntax.call("sum", vec![node]);
                    fraction.above.push(sum);
                } else {
                    let mut chain = if ours { self.transposed(&m.chain) } else { m.chain.clone() };
                    let ones = self.spanned("ones", &[&sizes[l as usize]]);
                    chain.push(ones);
                    items.push(plain(chain, other, None));
                }
            }
            [v, m] if v.is_vector() => {
                let other = if m.row == l { m.col.unwrap_or(l) } else { m.row };
                if let Some(node) = self.slice(v, m, l) {
                    items.push(plain(vec![node], other, None));
                    return;
                }
                if m.special == Special::Lower && m.col == Some(l) {
                    let node = self.chain(&v.chain);
                    let sum = self.syntax.call("cumsum", vec![node]);
                    items.push(plain(vec![sum], other, None));
                    return;
                }
                let mut chain = if m.row == l { self.transposed(&m.chain) } else { m.chain.clone() };
                chain.extend(&v.chain);
                items.push(plain(chain, other, None));
            }
            [a, b] => {
                let (i, k) = (other_label(a, l), other_label(b, l));
                if let Some(node) = self.slice_matrix(a, b, l) {
                    items.push(node);
                    return;
                }
                let runs = |x: &Item, y: &Item| x.special == Special::Lower && x.col == Some(l) && y.special == Special::None;
                if runs(a, b) || runs(b, a) {
                    let (lower, m) = if runs(a, b) { (a, b) } else { (b, a) };
                    let chain = if m.row == l { m.chain.clone() } else { self.transposed(&m.chain) };
                    let node = self.chain(&chain);
                    let sums = self.syntax.call("cumsum", vec![node]);
                    items.push(plain(vec![sums], lower.row, Some(other_label(m, l))));
                    return;
                }
                let mut chain = if a.row == l { self.transposed(&a.chain) } else { a.chain.clone() };
                chain.extend(if b.row == l { b.chain.clone() } else { self.transposed(&b.chain) });
                items.push(plain(chain, i, Some(k)));
            }
            [v, a, b] => {
                let (i, k) = (other_label(a, l), other_label(b, l));
                let v = self.chain(&v.chain);
                let mut chain = if a.row == l { self.transposed(&a.chain) } else { a.chain.clone() };
                chain.push(self.symmetric_call("diag", vec![v]));
                chain.extend(if b.row == l { b.chain.clone() } else { self.transposed(&b.chain) });
                items.push(plain(chain, i, Some(k)));
            }
            _ => items.extend(at),
        }
    }

    /// x[3] for a dot product with a one-hot vector.
    fn pick(&mut self, a: &Item, b: &Item) -> Option<NodeId> {
        let (x, p) = match (a.special, b.special) {
            (_, Special::Pattern(p)) => (a, p),
            (Special::Pattern(p), _) => (b, p),
            _ => return None,
        };
        let Pattern::Unit { at, .. } = p else { return None };
        let x = self.chain(&x.chain);
        let at = self.size(at);
        // An entry of a row or column that was picked before is an entry of the matrix: A[2,1].
        let inner = match *self.syntax.kind(x) {
            Kind::Transpose(row) => row,
            _ => x,
        };
        if let Kind::Index(matrix, subscripts) = self.syntax.kind(inner).clone() {
            let entry = match subscripts.as_slice() {
                [Subscript::At(i), Subscript::All] => Some([*i, at]),
                [Subscript::All, Subscript::At(j)] => Some([at, *j]),
                _ => None,
            };
            if let Some(entry) = entry {
                let subscripts = entry.map(Subscript::At).to_vec();
                return Some(self.syntax.add(Kind::Index(matrix, subscripts), Default::default()));
            }
        }
        Some(self.syntax.add(Kind::Index(x, vec![Subscript::At(at)]), Default::default()))
    }

    /// A[2,:]' or A[:,2] for a matrix times a one-hot vector; x[2:n] for a shift times a vector.
    fn slice(&mut self, v: &Item, m: &Item, l: Label) -> Option<NodeId> {
        match (v.special, m.special) {
            (Special::Pattern(Pattern::Unit { at, .. }), Special::None) => {
                let matrix = self.chain(&m.chain);
                let at = Subscript::At(self.size(at));
                Some(if m.row == l {
                    let row = self.sliced(matrix, at, Subscript::All);
                    self.transpose(row)
                } else {
                    self.sliced(matrix, Subscript::All, at)
                })
            }
            (Special::None, Special::Pattern(Pattern::Shift { offset, rows, cols }))
                if m.row == l && self.pool.is_inside(offset, rows, cols) =>
            {
                let x = self.chain(&v.chain);
                let range = self.range(offset, cols);
                Some(self.sliced_vector(x, range))
            }
            _ => None,
        }
    }

    /// A[:,2:n] or A[2:n,:] for a matrix times a shift.
    fn slice_matrix(&mut self, a: &Item, b: &Item, l: Label) -> Option<Item> {
        let (m, s, p) = match (a.special, b.special) {
            (Special::None, Special::Pattern(p)) => (a, b, p),
            (Special::Pattern(p), Special::None) => (b, a, p),
            _ => return None,
        };
        let Pattern::Shift { offset, rows, cols } = p else { return None };
        if s.row != l || !self.pool.is_inside(offset, rows, cols) {
            return None;
        }
        let j = other_label(s, l);
        let other = other_label(m, l);
        let matrix = self.chain(&m.chain);
        let range = self.range(offset, cols);
        let (node, row, col) = if m.row == l {
            (self.sliced(matrix, range, Subscript::All), j, other)
        } else {
            (self.sliced(matrix, Subscript::All, range), other, j)
        };
        Some(Item { chain: vec![node], row, col: Some(col), below: false, special: Special::None })
    }
}

fn other_label(x: &Item, l: Label) -> Label {
    if x.row == l { x.col.unwrap_or(l) } else { x.row }
}
