//! Linear combinations: merged, sorted, with the structure that all terms share pulled outside.
//!
//! `diag(x) + eye` is held as `diag(x + 1)` and `1 s + 1 t` as `1 (s + t)`: what every term has in common (a diagonal, a
//! broadcast axis) is visible at the top of the form. A scalar multiple of a sum is distributed over it; as a factor of a
//! product a sum is primitive (see `product`).

use super::dim::Dim;
use super::number::Rational;
use super::pool::{Expr, Label, Node, Pool};
use num_traits::{CheckedAdd, CheckedMul, One, Zero};

impl Pool {
    pub(super) fn checked_add(&mut self, a: Rational, b: Rational) -> Rational {
        a.checked_add(&b).unwrap_or_else(|| {
            self.stop("E606");
            Rational::one()
        })
    }
    pub(super) fn checked_mul(&mut self, a: Rational, b: Rational) -> Rational {
        a.checked_mul(&b).unwrap_or_else(|| {
            self.stop("E606");
            Rational::one()
        })
    }

    /// Linear combination of expressions with equal axes (`axes` given for the empty sum).
    pub fn sum(&mut self, terms: &[(Rational, Expr)], axes: &[Dim]) -> Expr {
        self.spend(1 + terms.len());
        if self.limit().is_some() {
            return self.intern(Node::Sum(vec![], axes.to_vec()), axes.to_vec());
        }
        // A multiple of one closed expression: nothing to merge.
        if let [(c, e)] = terms
            && !matches!(self.node(*e), Node::Sum(..))
            && !c.is_zero()
        {
            return if c.is_one() { *e } else { self.intern(Node::Sum(vec![(*c, *e)], axes.to_vec()), axes.to_vec()) };
        }
        let mut flat: Vec<(Rational, Expr)> = Vec::with_capacity(terms.len());
        let mut pending: Vec<(Rational, Expr)> = terms.iter().rev().copied().collect();
        while let Some((c, e)) = pending.pop() {
            debug_assert_eq!(self.axes(e), axes, "terms of a sum have equal axes");
            match self.node(e) {
                Node::Sum(inner, _) => {
                    for (d, t) in inner.clone().into_iter().rev() {
                        pending.push((self.checked_mul(c, d), t));
                    }
                }
                // A sum below pure structure (diagonal, broadcast): its terms must meet the others.
                Node::Product { factors, out, sizes }
                    if factors.len() == 1 && out_covers(out, sizes.len()) && self.is_plain_sum(factors[0].base, factors[0].power) =>
                {
                    let (factor, out, sizes) = (factors[0].clone(), out.clone(), sizes.clone());
                    let Node::Sum(inner, _) = self.node(factor.base).clone() else { unreachable!("checked above") };
                    let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                    for (d, t) in inner.into_iter().rev() {
                        let t = self.product(&[(t, &factor.labels)], &out, &broadcast);
                        pending.push((self.checked_mul(c, d), t));
                    }
                }
                _ => flat.push((c, e)),
            }
        }
        flat.sort_by_key(|t| t.1);
        let mut merged: Vec<(Rational, Expr)> = Vec::with_capacity(flat.len());
        for (c, e) in flat {
            match merged.last_mut() {
                Some(last) if last.1 == e => last.0 = self.checked_add(last.0, c),
                _ => merged.push((c, e)),
            }
        }
        merged.retain(|t| !t.0.is_zero());
        match merged.as_slice() {
            [(c, e)] if c.is_one() => *e,
            [] | [_] => self.intern(Node::Sum(merged, axes.to_vec()), axes.to_vec()),
            _ => match self.common_structure(&merged, axes) {
                Some(e) => e,
                None => self.intern(Node::Sum(merged, axes.to_vec()), axes.to_vec()),
            },
        }
    }

    fn is_plain_sum(&self, base: Expr, power: Expr) -> bool {
        matches!(self.node(base), Node::Sum(terms, _) if terms.len() > 1) && self.as_integer(power) == Some(1)
    }

    /// Pulls out the diagonals and broadcast axes that all terms share; `None` if there are none.
    fn common_structure(&mut self, terms: &[(Rational, Expr)], axes: &[Dim]) -> Option<Expr> {
        if axes.is_empty() {
            return None;
        }
        // Per axis: the label it has in each term, and whether any term's factors carry it.
        let mut signature: Vec<Vec<Label>> = vec![vec![]; axes.len()];
        let mut carried = vec![false; axes.len()];
        for (_, e) in terms {
            let Node::Product { factors, out, .. } = self.node(*e) else { return None };
            for (a, label) in out.iter().enumerate() {
                signature[a].push(*label);
                carried[a] |= factors.iter().any(|f| f.labels.contains(label));
            }
        }
        let class: Vec<usize> = (0..axes.len()).map(|a| (0..a).find(|b| signature[*b] == signature[a]).unwrap_or(a)).collect();
        // A diagonal of one term only is carried as well: δ is not constant along its axes.
        for a in 0..axes.len() {
            for b in 0..axes.len() {
                carried[a] |= class[a] != class[b] && signature[a].iter().zip(&signature[b]).any(|(l, m)| l == m);
            }
        }
        let keep: Vec<usize> = (0..axes.len()).filter(|a| class[*a] == *a && carried[*a]).collect();
        if keep.len() == axes.len() {
            return None;
        }
        let inner_axes: Vec<Dim> = keep.iter().map(|a| axes[*a]).collect();
        let mut inner = vec![];
        for (c, e) in terms {
            let Node::Product { factors, out, sizes } = self.node(*e).clone() else { return None };
            let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let out = keep.iter().map(|a| out[*a]).collect();
            inner.push((*c, self.product_of(factors, out, &broadcast)));
        }
        let inner = self.sum(&inner, &inner_axes);
        let labels: Vec<Label> = keep.iter().map(|a| *a as Label).collect();
        let out: Vec<Label> = class.iter().map(|a| *a as Label).collect();
        let sizes: Vec<(Label, Dim)> = axes.iter().enumerate().map(|(a, d)| (a as Label, *d)).collect();
        Some(self.product(&[(inner, &labels)], &out, &sizes))
    }

    /// The numeric content of an expression and what is left: 2*x - 2*y is 2 and x - y.
    pub fn primitive_of(&mut self, e: Expr) -> (Rational, Expr) {
        match self.node(e).clone() {
            Node::Sum(terms, _) if terms.len() == 1 => terms[0],
            Node::Sum(terms, axes) if terms.len() > 1 => self.primitive(&terms, &axes),
            _ => (Rational::one(), e),
        }
    }

    /// The primitive part of a sum and its content: coefficients coprime integers, the first positive.
    pub(super) fn primitive(&mut self, terms: &[(Rational, Expr)], axes: &[Dim]) -> (Rational, Expr) {
        let mut numerator: i128 = 0;
        let mut denominator: i128 = 1;
        for (c, _) in terms {
            numerator = gcd(numerator, *c.numer());
            let step = *c.denom() / gcd(denominator, *c.denom());
            denominator = denominator.checked_mul(step).unwrap_or_else(|| {
                self.stop("E606");
                1
            });
        }
        let mut content = Rational::new(numerator.max(1), denominator);
        // Without terms there is a limit that was reached on the way here.
        if terms.first().is_some_and(|t| t.0 < Rational::zero()) {
            content = -content;
        }
        let scaled: Vec<(Rational, Expr)> = terms.iter().map(|(c, e)| (self.checked_mul(*c, content.recip()), *e)).collect();
        (content, self.intern(Node::Sum(scaled, axes.to_vec()), axes.to_vec()))
    }
}

/// Whether every label stands in `out`: nothing is summed.
fn out_covers(out: &[Label], labels: usize) -> bool {
    (0..labels as Label).all(|l| out.contains(&l))
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b > 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a).unwrap_or(1)
}
