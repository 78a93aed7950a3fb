//! Shared factors taken out of sums: A*x + B*x = (A + B)*x, and over a common denominator where powers differ.

use super::spread::{TERMS, spread};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational};
use num_traits::{One, Signed, Zero};
use rustc_hash::FxHashMap;

/// What terms may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// Of a base with several powers the one nearest to 0: x/n - s/n^2 = (x - s/n)/n.
    Nearest,
    /// The least power, so that what is left has no denominator and may cancel: s^-1/2 - r^2 s^-3/2 = (s - r^2) s^-3/2.
    Denominator,
    /// The denominator of one term for all: 1/x + 1/(1 - x) = 1/(x (1 - x)).
    Together,
    /// As [`Common::Nearest`], a term without a matrix in front counting as one with the identity: x - A*x = (eye - A)*x.
    Identity,
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

/// Where a term has the shared factor; `None` for a term that only shares the denominator.
type Place = (usize, Option<usize>);

/// A factor that terms share.
struct Shared {
    /// What is taken out, over labels of the first place's result and labels of its own for what is summed.
    factor: Factor,
    places: Vec<Place>,
    /// Labels over which what is left runs.
    left: Vec<Label>,
}

/// Takes out what terms of a sum share, in every sum below `e`.
pub fn factor(pool: &mut Pool, e: Expr, common: Common) -> Expr {
    pool.rewrite(e, |pool, old, new| {
        let Node::Sum(terms, axes) = pool.node(old).clone() else { return None };
        let terms: Vec<(Rational, Expr)> = terms.into_iter().map(|(c, t)| (c, new[&t])).collect();
        let plain = pool.sum(&terms, &axes);
        // A literal is written entry by entry.
        let entry = |t: &(Rational, Expr)| matches!(pool.node(t.1), Node::Product { factors, .. } if factors.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(Pattern::Unit { .. }))));
        if terms.iter().all(entry) {
            return Some(plain);
        }
        let made = factored(pool, terms, &axes, common);
        // A common denominator shortens what it stands in, not the sum itself.
        let outward = matches!(common, Common::Denominator | Common::Together);
        Some(if outward || length(pool, made) < length(pool, plain) { made } else { plain })
    })
}

/// About how many nodes the expression is written with: each use of a part counts.
pub fn length(pool: &Pool, e: Expr) -> usize {
    let mut lengths: FxHashMap<Expr, usize> = FxHashMap::default();
    for x in pool.under(&[e]) {
        let of = |e: &Expr| lengths.get(e).copied().unwrap_or(1);
        let n = match pool.node(x) {
            _ if pool.as_number(x).is_some() => 1,
            Node::Sum(terms, _) => terms
                .iter()
                .fold(0usize, |n, (c, t)| {
                    let multiple = if c.abs().is_one() { 1 } else { 3 };
                    n.saturating_add(of(t)).saturating_add(multiple)
                })
                .saturating_sub(1),
            Node::Product { factors, .. } if factors.is_empty() => 1,
            Node::Product { factors, .. } => {
                factors.iter().fold(0usize, |n, f| {
                    let power = if pool.as_integer(f.power) == Some(1) { 0 } else { of(&f.power).saturating_add(1) };
                    n.saturating_add(of(&f.base)).saturating_add(power).saturating_add(1)
                }) - 1
            }
            Node::Map(_, args) | Node::Apply(_, args) => args.iter().fold(1usize, |n, a| n.saturating_add(of(a))),
            _ => 1,
        };
        lengths.insert(x, n);
    }
    lengths.get(&e).copied().unwrap_or(1)
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
    let product = take_out(pool, terms, &parts, &shared, common);
    let others = terms.iter().enumerate().filter(|(k, _)| !shared.places.iter().any(|p| p.0 == *k)).map(|(_, t)| *t);
    // A multiple gives its coefficient to the sum, or the next round would not see its factors.
    let joined = match pool.node(product).clone() {
        Node::Sum(terms, _) => terms,
        _ => vec![(Rational::one(), product)],
    };
    Some(others.chain(joined).collect())
}

/// The terms that share factor `m` of term `k`; `None` if no other has it or what is left has more than two axes.
fn shared(pool: &Pool, parts: &[Part], k: usize, m: usize, common: Common) -> Option<Shared> {
    let (f, out) = (&parts[k].factors[m], &parts[k].out);
    let exponent = pool.as_number(f.power);
    let below = exponent.is_some_and(|p| p.is_negative()) && f.labels.iter().all(|l| out.contains(l));
    let mut places: Vec<Place> = vec![];
    let mut powers = vec![];
    for (j, other) in parts.iter().enumerate() {
        if j == k {
            places.push((k, Some(m)));
            powers.push(exponent);
            continue;
        }
        // A scalar may be taken out of terms of any form, a tensor only of those with the same diagonals.
        if !f.labels.is_empty() && other.out != *out {
            continue;
        }
        let fits = |g: &Factor| {
            let alike = g.power == f.power
                || match (exponent, pool.as_number(g.power)) {
                    (Some(p), Some(q)) => {
                        let near = matches!(common, Common::Nearest | Common::Identity);
                        (p - q).is_integer() && (!near || p.is_negative() == q.is_negative())
                    }
                    _ => false,
                };
            g.base == f.base && alike && same_place(f, g, out, common)
        };
        match other.factors.iter().position(fits) {
            Some(p) => {
                places.push((j, Some(p)));
                powers.push(pool.as_number(other.factors[p].power));
            }
            None if common == Common::Together && below => {
                places.push((j, None));
                powers.push(Some(Rational::zero()));
            }
            None => {}
        }
    }
    // Each set of places is found from its first.
    if places.len() < 2 || common != Common::Together && places[0].0 != k {
        return None;
    }
    // u[2:n] - u[1:n-1] is shorter than a difference of slices of the identity times u.
    let sliced = |&(k, at): &Place| {
        let factors = &parts[k].factors;
        factors.len() > 1 && factors.iter().enumerate().all(|(p, g)| Some(p) == at || matches!(pool.node(g.base), Node::Pattern(_)))
    };
    if pool.weight(f.base, 40) < SLICED && places.iter().all(sliced) {
        return None;
    }
    let mut factor = f.clone();
    if let Some(powers) = powers.into_iter().collect::<Option<Vec<Rational>>>() {
        let (least, most) = (powers.iter().min().copied()?, powers.iter().max().copied()?);
        let power = if matches!(common, Common::Nearest | Common::Identity) && most.is_negative() { most } else { least };
        // Another place has this very power.
        let at = places.iter().find_map(|(j, p)| p.map(|p| &parts[*j].factors[p]).filter(|g| pool.as_number(g.power) == Some(power)));
        factor.power = at?.power;
    }
    // Where some term sums, the factor has a label of its own.
    for p in 0..factor.labels.len() {
        let summed = places.iter().any(|(j, at)| at.is_some_and(|at| !parts[*j].out.contains(&parts[*j].factors[at].labels[p])));
        if summed {
            let first = f.labels.iter().position(|l| *l == f.labels[p]).unwrap_or(p);
            factor.labels[p] = OWN + first as Label;
        }
    }
    let mut shared = Shared { factor, places, left: vec![] };
    shared.left = left_over(parts, &shared);
    let fits = f.labels.is_empty() || shared.left.len() <= 2;
    fits.then_some(shared)
}

/// Slices of something smaller than this are not taken together.
const SLICED: usize = 4;

/// Labels of a shared factor that no result has.
const OWN: Label = 1 << 16;

/// Labels over which what is left of the terms runs.
fn left_over(parts: &[Part], shared: &Shared) -> Vec<Label> {
    let first = shared.places[0].0;
    let mut left: Vec<Label> = vec![];
    let mut add = |l: Label| {
        if !left.contains(&l) {
            left.push(l);
        }
    };
    for &(k, at) in &shared.places {
        let part = &parts[k];
        for (p, h) in part.factors.iter().enumerate() {
            if Some(p) == at && h.power == shared.factor.power {
                continue;
            }
            for l in &h.labels {
                let own = at.and_then(|at| part.factors[at].labels.iter().position(|x| x == l)).map(|p| shared.factor.labels[p]);
                match own {
                    Some(l) => add(l),
                    None if part.out.contains(l) => add(*l),
                    None => {}
                }
            }
        }
        let Some(at) = at else {
            shared.factor.labels.iter().for_each(|l| add(*l));
            continue;
        };
        // An identity joins the label of the result with that of the factor.
        for (l, own) in part.factors[at].labels.iter().zip(&shared.factor.labels) {
            if part.out.contains(l) && l != own {
                add(*l);
                add(*own);
            }
        }
    }
    // In the order of the output, then of the factor: a matrix keeps its rows.
    let place = |l: &Label| parts[first].out.iter().chain(&shared.factor.labels).position(|x| x == l);
    left.sort_by_key(place);
    left
}

/// The shared factor times the sum of what is left.
fn take_out(pool: &mut Pool, terms: &[(Rational, Expr)], parts: &[Part], shared: &Shared, common: Common) -> Expr {
    let first = &parts[shared.places[0].0];
    let taken = shared.factor.power;
    let scalar = shared.factor.labels.is_empty();
    let mut inner = vec![];
    let mut axes = vec![];
    for &(k, at) in &shared.places {
        let part = &parts[k];
        let mut rest: Vec<Factor> = part.factors.iter().enumerate().filter(|(p, _)| Some(*p) != at).map(|(_, f)| f.clone()).collect();
        let minus = pool.negate(taken);
        match at.map(|at| &part.factors[at]) {
            Some(g) if g.power != taken => rest.push(Factor { power: pool.add(g.power, minus), ..g.clone() }),
            Some(_) => {}
            None => rest.push(Factor { power: minus, ..shared.factor.clone() }),
        }
        let own = |l: &Label| match (at, shared.factor.labels.iter().position(|x| x == l)) {
            (Some(at), Some(p)) => part.factors[at].labels[p],
            _ => *l,
        };
        let out: Vec<Label> = if scalar { part.out.clone() } else { shared.left.iter().map(own).collect() };
        let e = pool.product_of(rest, out, &part.sizes);
        axes = pool.axes(e).to_vec();
        inner.push((terms[k].0, e));
    }
    let mut sum = factored(pool, inner, &axes, common);
    // Over a common denominator terms may cancel.
    if matches!(common, Common::Denominator | Common::Together)
        && let Some(spread) = spread(pool, sum, TERMS)
        && pool.weight(spread, 400) < pool.weight(sum, 400)
    {
        sum = spread;
    }
    let one = pool.one();
    let (labels, out, sizes) = if scalar {
        let all: Vec<Label> = (0..axes.len() as Label).collect();
        (all.clone(), all, vec![])
    } else {
        (shared.left.clone(), first.out.clone(), first.sizes.clone())
    };
    pool.product_of(vec![shared.factor.clone(), Factor { base: sum, labels, power: one }], out, &sizes)
}

/// Whether two factors carry the same output labels in the same places (summed labels may be numbered differently).
fn same_place(f: &Factor, g: &Factor, out: &[Label], common: Common) -> bool {
    let pairs: Vec<(Label, Label)> = f.labels.iter().copied().zip(g.labels.iter().copied()).collect();
    pairs.iter().enumerate().all(|(k, (a, b))| {
        // Labels repeat in the same pattern.
        let pattern = pairs[..k].iter().all(|(c, d)| (a == c) == (b == d));
        match (out.contains(a), out.contains(b)) {
            (true, true) => a == b,
            (false, false) => pattern,
            _ => common == Common::Identity && pattern,
        }
    })
}
