//! From a correct expression to shorter ones: declared symmetry, products spread out so that terms can cancel, shared factors
//! taken out.
//!
//! Constructors do only what is confluent and never grows; what needs a choice is here. The candidates are few and the caller
//! picks the one that prints shortest (the stated cost is the number of printed nodes). Declared properties enter here and
//! nowhere before: the variable of differentiation was unstructured until now.

use super::rewrite::rewrite;
use crate::facts::rules::Rule;
use crate::tensor::{Expr, Factor, Label, Node, Pool, Rational, VarId};
use num_traits::{CheckedMul, One};

/// Spreading out gives up beyond this number of terms.
const TERMS: usize = 24;

/// Slices of something smaller than this are not taken together.
const SLICED: usize = 4;

/// An expression of more distinct nodes is written as it is: nobody reads so much for its beauty.
const LARGE: usize = 500;

/// Equal expressions, the plainest first. `symmetric` lists variables declared symmetric; `fired` gains the rules that were used. Afterwards the pool treats them as
/// equal to their transposes: nothing may be differentiated in it any more.
pub fn candidates(pool: &mut Pool, e: Expr, symmetric: &[VarId], fired: &mut Vec<&'static Rule>) -> Vec<Expr> {
    let e = normal(pool, e, symmetric, fired);
    let mut found = vec![e];
    if pool.weight(e, LARGE) > LARGE {
        return found;
    }
    let mut offer = |c: Expr| {
        if !found.contains(&c) {
            found.push(c);
        }
    };
    offer(factor(pool, e));
    if let Some(spread) = spread(pool, e) {
        let spread = rewrite(pool, spread, fired);
        offer(spread);
        offer(factor(pool, spread));
    }
    found
}

/// The expression with declared symmetry taken into account and rewritten by the rules.
pub fn normal(pool: &mut Pool, e: Expr, symmetric: &[VarId], fired: &mut Vec<&'static Rule>) -> Expr {
    pool.make_symmetric(symmetric);
    rewrite(pool, e, fired)
}

/// Products distributed over their sums until none is left, like terms merged; `None` if that would be too much.
pub fn spread(pool: &mut Pool, e: Expr) -> Option<Expr> {
    let axes = pool.axes(e).to_vec();
    let mut done = vec![];
    let mut pending = vec![(Rational::one(), e)];
    while let Some((c, e)) = pending.pop() {
        if done.len() + pending.len() > TERMS || !pool.spend(1) {
            return None;
        }
        match pool.node(e).clone() {
            Node::Sum(terms, _) => {
                for (d, t) in terms {
                    pending.push((c.checked_mul(&d)?, t));
                }
            }
            Node::Product { factors, .. } if done.len() + pending.len() + terms_of(pool, &factors) > TERMS => return None,
            Node::Product { factors, out, sizes } => match open_one(pool, &factors) {
                None => done.push((c, e)),
                Some((k, terms)) => {
                    let broadcast: Vec<_> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                    let one = pool.one();
                    for (d, t) in terms {
                        let mut rest = factors.clone();
                        let lowered = pool.integer(-1);
                        rest[k].power = pool.add(rest[k].power, lowered);
                        rest.push(Factor { base: t, labels: factors[k].labels.clone(), power: one });
                        pending.push((c.checked_mul(&d)?, pool.product_of(rest, out.clone(), &broadcast)));
                    }
                }
            },
            _ => done.push((c, e)),
        }
    }
    Some(pool.sum(&done, &axes))
}

/// How many terms a product spreads into at least, by the sums among its factors.
fn terms_of(pool: &Pool, factors: &[Factor]) -> usize {
    factors.iter().fold(1usize, |n, f| match (pool.node(f.base), pool.as_integer(f.power)) {
        (Node::Sum(terms, _), Some(p @ 1..=4)) => n.saturating_mul(terms.len().max(1).saturating_pow(p as u32)),
        _ => n,
    })
}

/// The first factor that is a sum (or a closed scalar that spreads into one) to a positive whole power, with its terms.
fn open_one(pool: &mut Pool, factors: &[Factor]) -> Option<(usize, Vec<(Rational, Expr)>)> {
    for (k, f) in factors.iter().enumerate() {
        if pool.as_integer(f.power).is_none_or(|p| !(1..=4).contains(&p)) {
            continue;
        }
        match pool.node(f.base).clone() {
            Node::Sum(terms, _) if terms.len() > 1 => return Some((k, terms)),
            Node::Product { factors, .. } if f.labels.is_empty() && factors.iter().any(|g| matches!(pool.node(g.base), Node::Sum(..))) => {
                let opened = spread(pool, f.base)?;
                match pool.node(opened).clone() {
                    Node::Sum(terms, _) if opened != f.base => return Some((k, terms)),
                    _ if opened != f.base => return Some((k, vec![(Rational::one(), opened)])),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    None
}

/// A factor that two terms share, with the labels it has in the output of both.
struct Shared {
    factor: Factor,
    /// Terms that have it, with its position in each.
    places: Vec<(usize, usize)>,
}

/// Takes out what terms of a sum share: A*x + B*x = (A + B)*x. Every sum that is a factor is looked at too.
pub fn factor(pool: &mut Pool, e: Expr) -> Expr {
    pool.rewrite(e, |pool, old, new| {
        let Node::Sum(terms, axes) = pool.node(old).clone() else { return None };
        let mut terms: Vec<(Rational, Expr)> = terms.into_iter().map(|(c, t)| (c, new[&t])).collect();
        while let Some(joined) = factor_once(pool, &terms) {
            terms = joined;
            if terms.len() < 2 || !pool.spend(terms.len()) {
                break;
            }
        }
        Some(pool.sum(&terms, &axes))
    })
}

fn factor_once(pool: &mut Pool, terms: &[(Rational, Expr)]) -> Option<Vec<(Rational, Expr)>> {
    let one = pool.one();
    let parts: Vec<(Vec<Factor>, Vec<Label>)> = terms
        .iter()
        .map(|(_, t)| match pool.node(*t) {
            Node::Product { factors, out, .. } => (factors.clone(), out.clone()),
            // A bare tensor is one factor over its axes.
            _ => {
                let labels: Vec<Label> = (0..pool.rank(*t) as Label).collect();
                (vec![Factor { base: *t, labels: labels.clone(), power: one }], labels)
            }
        })
        .collect();
    let mut best: Option<(usize, Shared)> = None;
    for (k, (factors, out)) in parts.iter().enumerate() {
        for (m, f) in factors.iter().enumerate() {
            let places: Vec<(usize, usize)> = std::iter::once((k, m))
                .chain((k + 1..parts.len()).filter_map(|j| {
                    let (others, other_out) = &parts[j];
                    (out == other_out)
                        .then(|| others.iter().position(|g| g.base == f.base && g.power == f.power && matches_out(f, g, out)))?
                        .map(|p| (j, p))
                }))
                .collect();
            let summed: Vec<Label> = summed_labels(f, out);
            if places.len() < 2 || out.len() + summed.len() > 2 {
                continue;
            }
            // u[2:n] - u[1:n-1] is shorter than a difference of slices of the identity times u.
            let sliced = |&(k, m): &(usize, usize)| {
                let others = parts[k].0.iter().enumerate().filter(|(p, _)| *p != m);
                parts[k].0.len() > 1 && others.into_iter().all(|(_, g)| matches!(pool.node(g.base), Node::Pattern(_)))
            };
            if pool.weight(f.base, 40) < SLICED && places.iter().all(sliced) {
                continue;
            }
            // Taking out the factor saves one copy of it per further term.
            let gain = (places.len() - 1) * (1 + pool.weight(f.base, 40));
            if best.as_ref().is_none_or(|b| gain > b.0) {
                best = Some((gain, Shared { factor: f.clone(), places }));
            }
        }
    }
    let (_, shared) = best?;
    let out = parts[shared.places[0].0].1.clone();
    let mut inner = vec![];
    let mut axes = vec![];
    for &(k, m) in &shared.places {
        let (factors, _) = &parts[k];
        let f = &factors[m];
        let mut to = out.clone();
        to.dedup();
        let mut distinct: Vec<Label> = vec![];
        for l in out.iter().copied().chain(summed_labels(f, &out)) {
            if !distinct.contains(&l) {
                distinct.push(l);
            }
        }
        let rest: Vec<Factor> = factors.iter().enumerate().filter(|(p, _)| *p != m).map(|(_, f)| f.clone()).collect();
        let sizes: Vec<_> = match pool.node(terms[k].1) {
            Node::Product { sizes, .. } => sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect(),
            _ => pool.axes(terms[k].1).iter().enumerate().map(|(l, d)| (l as Label, *d)).collect(),
        };
        let e = pool.product_of(rest, distinct.clone(), &sizes);
        axes = pool.axes(e).to_vec();
        inner.push((terms[k].0, e));
    }
    let sum = pool.sum(&inner, &axes);
    // The labels of the first term serve for the product of the factor and the sum.
    let first = &parts[shared.places[0].0].0[shared.places[0].1];
    let mut distinct: Vec<Label> = vec![];
    for l in out.iter().copied().chain(summed_labels(first, &out)) {
        if !distinct.contains(&l) {
            distinct.push(l);
        }
    }
    let sizes: Vec<_> = distinct.iter().copied().zip(axes.iter().copied()).collect();
    let product = pool.product_of(vec![shared.factor, Factor { base: sum, labels: distinct, power: one }], out, &sizes);
    let mut joined: Vec<(Rational, Expr)> =
        terms.iter().enumerate().filter(|(k, _)| !shared.places.iter().any(|p| p.0 == *k)).map(|(_, t)| *t).collect();
    joined.push((Rational::one(), product));
    Some(joined)
}

/// Whether two factors carry the same output labels in the same places (summed labels may be numbered differently).
fn matches_out(f: &Factor, g: &Factor, out: &[Label]) -> bool {
    let pairs: Vec<(Label, Label)> = f.labels.iter().copied().zip(g.labels.iter().copied()).collect();
    pairs.iter().enumerate().all(|(k, (a, b))| {
        let (fa, gb) = (out.contains(a), out.contains(b));
        // Summed labels repeat in the same pattern.
        let pattern = pairs[..k].iter().all(|(c, d)| (a == c) == (b == d));
        if fa || gb { a == b } else { pattern }
    })
}

fn summed_labels(f: &Factor, out: &[Label]) -> Vec<Label> {
    let mut summed: Vec<Label> = vec![];
    for l in &f.labels {
        if !out.contains(l) && !summed.contains(l) {
            summed.push(*l);
        }
    }
    summed
}
