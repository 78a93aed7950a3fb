//! Shared factors taken out of sums: A*x + B*x = (A + B)*x, and over a common denominator where powers differ.

use super::spread::spread;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational};
use num_traits::{One, Signed, Zero};

/// What of a base that stands in several terms to different powers is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// The power nearest to 0: x/n - s/n^2 = (x - s/n)/n.
    Nearest,
    /// The least power, so that what is left has no denominator and may cancel: s^-1/2 - r^2 s^-3/2 = (s - r^2) s^-3/2.
    Denominator,
}

/// A product as terms are compared: factors over labels, the labels of the result, the size of each label.
struct Part {
    factors: Vec<Factor>,
    out: Vec<Label>,
    sizes: Vec<(Label, Dim)>,
}

impl Part {
    fn of(pool: &mut Pool, e: Expr) -> Part {
        match pool.node(e).clone() {
            Node::Product { factors, out, sizes } => {
                Part { factors, out, sizes: sizes.into_iter().enumerate().map(|(l, d)| (l as Label, d)).collect() }
            }
            // A bare tensor is one factor over its axes.
            _ => {
                let labels: Vec<Label> = (0..pool.rank(e) as Label).collect();
                let sizes = labels.iter().copied().zip(pool.axes(e).to_vec()).collect();
                let power = pool.one();
                Part { factors: vec![Factor { base: e, labels: labels.clone(), power }], out: labels, sizes }
            }
        }
    }
}

/// A factor that terms share: the power that is taken out, and the places (term, position) that have it.
struct Shared {
    factor: Factor,
    places: Vec<(usize, usize)>,
}

/// Takes out what terms of a sum share, in every sum below `e`.
pub fn factor(pool: &mut Pool, e: Expr, common: Common) -> Expr {
    pool.rewrite(e, |pool, old, new| {
        let Node::Sum(terms, axes) = pool.node(old).clone() else { return None };
        let terms: Vec<(Rational, Expr)> = terms.into_iter().map(|(c, t)| (c, new[&t])).collect();
        Some(factored(pool, terms, &axes, common))
    })
}

/// The sum of the terms with what they share taken out, and of what is then left again.
fn factored(pool: &mut Pool, mut terms: Vec<(Rational, Expr)>, axes: &[Dim], common: Common) -> Expr {
    while terms.len() > 1 && pool.spend(terms.len()) {
        match once(pool, &terms, common) {
            Some(joined) => terms = joined,
            None => break,
        }
    }
    pool.sum(&terms, axes)
}

fn once(pool: &mut Pool, terms: &[(Rational, Expr)], common: Common) -> Option<Vec<(Rational, Expr)>> {
    let parts: Vec<Part> = terms.iter().map(|(_, t)| Part::of(pool, *t)).collect();
    let mut best: Option<(usize, Shared)> = None;
    for k in 0..parts.len() {
        for m in 0..parts[k].factors.len() {
            let Some(shared) = shared(pool, &parts, k, m, common) else { continue };
            // Taking out the factor saves one copy of it per further term.
            let gain = (shared.places.len() - 1) * (1 + pool.weight(shared.factor.base, 40));
            if best.as_ref().is_none_or(|b| gain > b.0) {
                best = Some((gain, shared));
            }
        }
    }
    let (_, shared) = best?;
    let product = take_out(pool, terms, &parts, &shared, common)?;
    let others = terms.iter().enumerate().filter(|(k, _)| !shared.places.iter().any(|p| p.0 == *k)).map(|(_, t)| *t);
    // A multiple gives its coefficient to the sum, or the next round would not see its factors.
    let joined = match pool.node(product).clone() {
        Node::Sum(terms, _) => terms,
        _ => vec![(Rational::one(), product)],
    };
    Some(others.chain(joined).collect())
}

/// The terms from `k` on that have factor `m` of term `k`; `None` if no other has it or what is left has more than two axes.
fn shared(pool: &Pool, parts: &[Part], k: usize, m: usize, common: Common) -> Option<Shared> {
    let (f, out) = (&parts[k].factors[m], &parts[k].out);
    let mut places = vec![(k, m)];
    let mut powers = vec![pool.as_number(f.power)];
    for (j, other) in parts.iter().enumerate().skip(k + 1) {
        // A scalar may be taken out of terms of any form, a tensor only of those with the same diagonals.
        if !f.labels.is_empty() && other.out != *out {
            continue;
        }
        let fits = |g: &Factor| {
            let alike = g.power == f.power
                || match (pool.as_number(f.power), pool.as_number(g.power)) {
                    (Some(p), Some(q)) => (p - q).is_integer() && (common == Common::Denominator || p.is_negative() == q.is_negative()),
                    _ => false,
                };
            g.base == f.base && alike && matches_out(f, g, out)
        };
        if let Some(p) = other.factors.iter().position(fits) {
            places.push((j, p));
            powers.push(pool.as_number(other.factors[p].power));
        }
    }
    if places.len() < 2 || left_over(parts, &places).len() > 2 && !f.labels.is_empty() {
        return None;
    }
    let mut factor = f.clone();
    if let Some(powers) = powers.into_iter().collect::<Option<Vec<Rational>>>() {
        let least = powers.iter().min().copied()?;
        let most = powers.iter().max().copied()?;
        let power = if common == Common::Nearest && most.is_negative() { most } else { least };
        if power.is_zero() {
            return None;
        }
        if Some(power) != pool.as_number(f.power) {
            // Another place has this very power.
            let (j, p) = *places.iter().find(|(j, p)| pool.as_number(parts[*j].factors[*p].power) == Some(power))?;
            factor.power = parts[j].factors[p].power;
        }
    }
    Some(Shared { factor, places })
}

/// Labels, as the first place has them, over which what is left of the terms runs.
fn left_over(parts: &[Part], places: &[(usize, usize)]) -> Vec<Label> {
    let (first, at) = places[0];
    let f = &parts[first].factors[at];
    let mut left: Vec<Label> = vec![];
    for &(k, m) in places {
        let part = &parts[k];
        let g = &part.factors[m];
        let rest = part.factors.iter().enumerate().filter(|(p, h)| *p != m || h.power != f.power).flat_map(|(_, h)| &h.labels);
        for l in rest {
            let common = match g.labels.iter().position(|x| x == l) {
                Some(p) => Some(f.labels[p]),
                None => part.out.contains(l).then_some(*l),
            };
            if let Some(l) = common
                && !left.contains(&l)
            {
                left.push(l);
            }
        }
    }
    // In the order of the output, then of the factor: a matrix keeps its rows.
    let place = |l: &Label| parts[first].out.iter().chain(&f.labels).position(|x| x == l);
    left.sort_by_key(place);
    left
}

/// The shared factor times the sum of what is left.
fn take_out(pool: &mut Pool, terms: &[(Rational, Expr)], parts: &[Part], shared: &Shared, common: Common) -> Option<Expr> {
    let (first, at) = shared.places[0];
    let f = &parts[first].factors[at];
    let taken = shared.factor.power;
    let scalar = f.labels.is_empty();
    let left = if scalar { (0..parts[first].out.len() as Label).collect() } else { left_over(parts, &shared.places) };
    let mut inner = vec![];
    let mut axes = vec![];
    for &(k, m) in &shared.places {
        let part = &parts[k];
        let g = &part.factors[m];
        let mut rest: Vec<Factor> = part.factors.iter().enumerate().filter(|(p, _)| *p != m).map(|(_, f)| f.clone()).collect();
        if g.power != taken {
            let minus = pool.negate(taken);
            rest.push(Factor { power: pool.add(g.power, minus), ..g.clone() });
        }
        // Labels of the first place, as this term has them.
        let own = |l: &Label| f.labels.iter().position(|x| x == l).map_or(*l, |p| g.labels[p]);
        let out: Vec<Label> = if scalar { part.out.clone() } else { left.iter().map(own).collect() };
        let e = pool.product_of(rest, out, &part.sizes);
        axes = pool.axes(e).to_vec();
        inner.push((terms[k].0, e));
    }
    let mut sum = factored(pool, inner, &axes, common);
    // Over a common denominator terms may cancel.
    if common == Common::Denominator
        && let Some(spread) = spread(pool, sum)
        && pool.weight(spread, 400) < pool.weight(sum, 400)
    {
        sum = spread;
    }
    let one = pool.one();
    let factors = vec![shared.factor.clone(), Factor { base: sum, labels: left, power: one }];
    let out = if scalar { (0..parts[first].out.len() as Label).collect() } else { parts[first].out.clone() };
    let sizes: Vec<(Label, Dim)> = if scalar { vec![] } else { parts[first].sizes.clone() };
    Some(pool.product_of(factors, out, &sizes))
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
