//! Sums: terms in the order of the formula, content in front, a repeated row or column with `.+`, a number as the scalar that expands.

use super::{Face, Writer, decimal};
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Expr, Node, Rational};
use num_traits::{One, Signed};

impl Writer<'_> {
    pub(super) fn sum(&mut self, e: Expr, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        if let [(c, t)] = terms {
            return self.multiple(*c, *t, face);
        }
        let direct = self.sum_as(terms, face);
        // (A + B)' where that is shorter than A' + B'.
        let turned = if face.rows != face.cols && self.pool.rank(e) > 0 {
            self.sum_as(terms, &face.transposed()).map(|node| self.transpose(node))
        } else {
            None
        };
        let shorter = self.lesser(direct, turned);
        if terms.iter().any(|t| self.has_place(t.1)) {
            let blocks = self.blocks(terms, face);
            return self.lesser(blocks, shorter);
        }
        shorter
    }

    pub(super) fn sum_as(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let mut terms = terms.to_vec();
        // 2*A*x - 2*b is 2*(A*x - b); a sum of negatives is the negative of a sum.
        let mut content = content(&terms);
        if content.is_negative() && terms.iter().all(|t| self.absorbs_sign(t.1)) {
            content = -content;
        }
        if !content.is_one() {
            for t in &mut terms {
                t.0 /= content;
            }
            let inner = self.sum_of(&terms, face)?;
            return Some(self.scaled(content, inner));
        }
        self.sum_of(&terms, face)
    }

    pub(super) fn sum_of(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let plain = self.sum_in_order(terms, face);
        if terms.len() < 2 || (face.rows.len() < 2 && face.cols.len() < 2) {
            return plain;
        }
        let shared = self.shared(terms, face);
        [plain, shared].into_iter().flatten().min_by_key(|node| self.syntax.count(*node))
    }

    /// Positive terms first, each by itself.
    pub(super) fn sum_in_order(&mut self, terms: &[(Rational, Expr)], face: &Face) -> Option<NodeId> {
        let mut terms: Vec<(Rational, Expr)> = terms.to_vec();
        // -2*A*(b - x) - B*(b - x) is 2*A*(x - b) + B*(x - b).
        let absorbed = terms.iter().all(|t| t.0.is_negative() && self.absorbs_sign(t.1));
        // As in the formula: by the variable that comes first.
        let places = |w: &Self, e: Expr| {
            let mut places: Vec<usize> = w.pool.variables_of(e).iter().map(|v| w.spelling.place(*v)).collect();
            places.sort_unstable();
            places
        };
        let order = |w: &Self, t: &(Rational, Expr)| (t.0.is_negative() && !absorbed, places(w, t.1), t.1);
        let mut keyed: Vec<_> = terms.iter().map(|t| (order(self, t), *t)).collect();
        keyed.sort();
        terms = keyed.into_iter().map(|t| t.1).collect();
        // A row or column that is repeated goes behind a whole matrix, or a row behind a column: X .+ b', x .- y'.
        let mut thin: Vec<Option<(Expr, bool)>> = terms.iter().map(|t| self.thin(t.1, face)).collect();
        let mut place: Vec<usize> = (0..terms.len()).collect();
        // Beside a diagonal matrix a number is not read as one for all entries: eye(n) - ones(n, n)/n.
        let diagonal = terms.iter().any(|t| self.is_diagonal(t.1));
        let scalars: Vec<Option<Expr>> = terms.iter().map(|t| if diagonal { None } else { self.scalar_of(t.1) }).collect();
        let whole = |k: &usize| thin[*k].is_none() && scalars[*k].is_none();
        let mut spreads = false;
        if thin.iter().any(Option::is_some) {
            let column = place.iter().copied().find(|k| matches!(thin[*k], Some((_, true))));
            let row = place.iter().copied().find(|k| matches!(thin[*k], Some((_, false))));
            if place.iter().any(whole) {
                place.sort_by_key(|k| !whole(k));
            } else if let (Some(c), Some(r)) = (column, row) {
                place.sort_by_key(|k| {
                    if *k == c {
                        0
                    } else if *k == r {
                        1
                    } else {
                        2
                    }
                });
                spreads = true;
            } else {
                // Beside scalars alone it would stay a row or column.
                thin.fill(None);
            }
        }
        let thin: Vec<Option<(Expr, bool)>> = place.iter().map(|k| thin[*k]).collect();
        let scalars: Vec<Option<Expr>> = place.iter().map(|k| scalars[*k]).collect();
        terms = place.iter().map(|k| terms[*k]).collect();
        // A term that repeats one scalar is written as the scalar, unless that is all there is.
        let any_tensor = scalars.iter().any(Option::is_none);
        let mut total: Option<NodeId> = None;
        for (k, (c, t)) in terms.iter().enumerate() {
            let size = c.abs();
            if let Some((v, column)) = thin[k]
                && (k > 0 || spreads)
            {
                let node = self.multiple(size, v, &Face::split(1, usize::from(column)))?;
                total = Some(match total {
                    None if c.is_negative() => self.negate(node),
                    None => node,
                    Some(sum) => self.syntax.binary(if c.is_negative() { Operator::DotMinus } else { Operator::DotPlus }, sum, node),
                });
                continue;
            }
            let node = match scalars[k] {
                Some(s) if any_tensor => self.multiple(size, s, &Face::split(0, 0))?,
                _ if absorbed => self.multiple(*c, *t, face)?,
                _ => self.multiple(size, *t, face)?,
            };
            let c = if absorbed { &size } else { c };
            total = Some(match total {
                None if c.is_negative() => self.negate(node),
                None => node,
                Some(sum) => self.syntax.binary(if c.is_negative() { Operator::Minus } else { Operator::Plus }, sum, node),
            });
        }
        total
    }

    pub(super) fn negate(&mut self, node: NodeId) -> NodeId {
        self.syntax.opposite(node)
    }

    /// A product with a difference among its factors: -(a - b)*c is (b - a)*c.
    pub(super) fn absorbs_sign(&self, e: Expr) -> bool {
        let Node::Product { factors, .. } = self.pool.node(e) else { return false };
        factors.iter().any(|f| {
            let odd = self.pool.as_integer(f.power).is_some_and(|k| k % 2 != 0);
            odd && matches!(self.pool.node(f.base), Node::Sum(terms, _) if terms.len() > 1 && terms.iter().any(|t| t.0.is_negative()))
        })
    }

    /// Whether it is zero off the diagonal by its form.
    pub(super) fn is_diagonal(&self, e: Expr) -> bool {
        matches!(self.pool.node(e), Node::Product { out, .. } if out.len() == 2 && out[0] == out[1])
    }

    /// c·node, the number in front, its denominator behind.
    pub(super) fn scaled(&mut self, c: Rational, node: NodeId) -> NodeId {
        let size = c.abs();
        let mut made = node;
        if let Some(text) = decimal(size) {
            let top = self.syntax.number(text);
            made = self.syntax.binary(Operator::Times, top, made);
            return if c.is_negative() { self.negate(made) } else { made };
        }
        if !size.numer().is_one() {
            let top = self.syntax.number(size.numer().to_string());
            made = self.before(top, made);
        }
        if !size.denom().is_one() {
            let below = self.syntax.number(size.denom().to_string());
            made = self.syntax.binary(Operator::Over, made, below);
        }
        if c.is_negative() { self.negate(made) } else { made }
    }

    /// a·(b·c) as a·b·c
    pub(super) fn before(&mut self, a: NodeId, node: NodeId) -> NodeId {
        match *self.syntax.kind(node) {
            Kind::Binary(Operator::Times, b, c) => {
                let b = self.before(a, b);
                self.syntax.binary(Operator::Times, b, c)
            }
            _ => self.syntax.binary(Operator::Times, a, node),
        }
    }

    /// c·e for an expression that is no sum.
    pub(super) fn multiple(&mut self, c: Rational, e: Expr, face: &Face) -> Option<NodeId> {
        match self.pool.node(e).clone() {
            Node::Product { factors, out, sizes } => {
                let plain = self.product(c, &factors, &out, &sizes, face);
                self.placed(c, e, face, plain)
            }
            _ => {
                let node = self.write(e, face)?;
                Some(self.scaled(c, node))
            }
        }
    }
}

/// The rational by which all coefficients can be divided to be coprime integers; negative if all are.
fn content(terms: &[(Rational, Expr)]) -> Rational {
    let gcd = |a: i128, b: i128| {
        let (mut a, mut b) = (a.abs(), b.abs());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let numerator = terms.iter().fold(0, |n, t| gcd(n, *t.0.numer()));
    let same = terms.iter().all(|t| t.0.denom() == terms[0].0.denom());
    let content = if terms.iter().any(|t| decimal(t.0.abs()).is_some()) {
        Rational::one()
    } else {
        Rational::new(numerator.max(1), if same { *terms[0].0.denom() } else { 1 })
    };
    if terms.iter().all(|t| t.0.is_negative()) { -content } else { content }
}
