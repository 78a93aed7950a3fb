//! The one matcher: templates (the sides of rows) against expressions.
//!
//! A template names arguments (`x`, `A`), functions, sums and powers; a labelled template is a product over letters, of which it
//! may find its factors among others (`inv(A)[i,k]*A[k,j] -> [i,j]` inside a longer product). An argument that is itself a product
//! is looked for factor by factor, so `inv(X'*X)*X'*X` is found although nothing in the product is `X'*X`.

use super::number::Rational;
use super::pool::{Expr, Factor, Label, Node, Pool};
use crate::facts::functions::FunctionId;
use crate::facts::matrices::{MatrixFunctionId, Side};
use num_traits::{One, Zero};

/// One side of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// An argument, by position: the first time it is met it is bound, then it must be equal.
    Any(usize),
    /// A number (every entry of a constant tensor).
    Number(Rational),
    /// An element-wise function.
    Map(FunctionId, Vec<Template>),
    /// A function of a whole tensor.
    Apply(MatrixFunctionId, Vec<Template>),
    /// A function along each row or column, its value repeated along the lines that it ran over.
    Along(MatrixFunctionId, Side, Box<Template>),
    /// A linear combination.
    Sum(Vec<(Rational, Template)>),
    /// An element-wise product of powers.
    Times(Vec<(Template, Rational)>),
    /// The sum of all entries of a power.
    Total(Box<Template>, Rational),
    /// A product over letters: factors with their letters, the letters of the result.
    Labelled(Vec<(Template, Vec<usize>)>, Vec<usize>),
    /// The constants of index notation, only on a right side or as a labelled factor.
    Identity,
    /// 1 where i ≥ j.
    Lower,
}

impl Template {
    /// The templates directly inside.
    pub fn parts(&self) -> Vec<&Template> {
        match self {
            Template::Any(_) | Template::Number(_) | Template::Identity | Template::Lower => vec![],
            Template::Map(_, args) | Template::Apply(_, args) => args.iter().collect(),
            Template::Along(_, _, inner) | Template::Total(inner, _) => vec![inner],
            Template::Sum(terms) => terms.iter().map(|t| &t.1).collect(),
            Template::Times(factors) => factors.iter().map(|f| &f.0).collect(),
            Template::Labelled(factors, _) => factors.iter().map(|f| &f.0).collect(),
        }
    }
}

/// What the arguments of a template stand for.
pub type Bindings = Vec<Option<Expr>>;

/// Labels of a product and the labels that they stand for in another.
pub(crate) type Renaming = Vec<(Label, Label)>;

/// A labelled template found in a product.
#[derive(Clone, Debug)]
pub struct Found {
    /// Positions of the factors that it uses.
    pub used: Vec<usize>,
    /// Its arguments.
    pub bindings: Bindings,
    /// The label of each letter.
    pub letters: Vec<Option<Label>>,
    /// How often it is found: x^2*sign(x)^2 is twice x*sign(x).
    pub times: i64,
    /// What is left of the powers of factors that it uses.
    pub rest: Vec<(usize, Rational)>,
}

/// Element-wise factors found among others: positions, their common labels, how many times the template's power each has.
#[derive(Clone, Default)]
struct Taken {
    used: Vec<usize>,
    labels: Option<Vec<Label>>,
    ratios: Vec<Rational>,
}

impl Pool {
    /// Whether the whole expression is an instance of the template; binds its arguments.
    pub fn matches(&mut self, t: &Template, e: Expr, bindings: &mut Bindings) -> bool {
        if !self.spend(1) {
            return false;
        }
        match t {
            Template::Any(k) => {
                if bindings.len() <= *k {
                    bindings.resize(*k + 1, None);
                }
                match bindings[*k] {
                    None => {
                        bindings[*k] = Some(e);
                        true
                    }
                    Some(b) => b == e || self.same_but_spread(b, e),
                }
            }
            Template::Number(r) => self.as_constant(e) == Some(*r),
            Template::Map(f, args) => match self.node(e).clone() {
                Node::Map(g, others) if g == *f => self.match_all(args, &others, bindings),
                _ => false,
            },
            Template::Apply(f, args) => {
                let e = self.spread_scalar(e).unwrap_or(e);
                match self.node(e).clone() {
                    Node::Apply(g, others) if g == *f => self.match_all(args, &others, bindings),
                    _ => false,
                }
            }
            Template::Along(f, side, inner) => match self.along(*f, *side, e) {
                Some(argument) => self.matches(inner, argument, bindings),
                None => false,
            },
            Template::Sum(terms) => match self.node(e).clone() {
                Node::Sum(others, _) => self.match_sum(terms, &others, bindings),
                // -x is any expression: x is then its negative.
                _ => matches!(terms.as_slice(), [(_, Template::Any(_))]) && self.match_sum(terms, &[(Rational::one(), e)], bindings),
            },
            Template::Times(factors) => match self.node(e).clone() {
                Node::Product { factors: others, out, sizes } => {
                    let all: Vec<Label> = (0..out.len() as Label).collect();
                    out == all
                        && sizes.len() == out.len()
                        && factors.len() == others.len()
                        && self
                            .match_times(factors, &others, bindings)
                            .is_some_and(|t| t.labels.unwrap_or_default() == all && t.ratios.iter().all(One::is_one))
                }
                _ => false,
            },
            Template::Total(inner, power) => match self.node(e).clone() {
                Node::Product { factors, out, sizes } if out.is_empty() && factors.len() == 1 && factors[0].labels.len() == sizes.len() => {
                    self.as_number(factors[0].power) == Some(*power) && self.matches(inner, factors[0].base, bindings)
                }
                _ => false,
            },
            Template::Labelled(..) | Template::Identity | Template::Lower => false,
        }
    }

    fn match_all(&mut self, args: &[Template], others: &[Expr], bindings: &mut Bindings) -> bool {
        args.len() == others.len() && args.iter().zip(others).all(|(t, e)| self.matches(t, *e, bindings))
    }

    /// A of `row…(A)*ones(1, n)`, or of `ones(m)*col…(A)`, where the function is `f`.
    fn along(&mut self, f: MatrixFunctionId, side: Side, e: Expr) -> Option<Expr> {
        let Node::Product { factors, out, sizes } = self.node(e).clone() else { return None };
        let [factor] = factors.as_slice() else { return None };
        let Node::Apply(g, args) = self.node(factor.base).clone() else { return None };
        let (n, kept) = (out.len(), g.kept());
        let straight = sizes.len() == n && out.iter().enumerate().all(|(k, l)| k == *l as usize);
        let place = if side == Side::Rows { 0 } else { n.checked_sub(kept)? };
        if !straight || kept == 0 || g != f.keeping(kept) || self.as_integer(factor.power) != Some(1) || self.rank(args[0]) != n {
            return None;
        }
        if factor.labels != out[place..place + kept] {
            return None;
        }
        let order: Vec<usize> = if side == Side::Rows { (0..n).collect() } else { (kept..n).chain(0..kept).collect() };
        Some(self.permute(args[0], &order))
    }

    /// `s` and the tensor all whose entries are `s`: a scalar expands in the text of a row.
    fn same_but_spread(&mut self, a: Expr, b: Expr) -> bool {
        self.spread_scalar(b) == Some(a) || self.spread_scalar(a) == Some(b)
    }

    /// The scalar that a broadcast tensor repeats.
    pub fn spread_scalar(&mut self, e: Expr) -> Option<Expr> {
        if self.rank(e) == 0 {
            return None;
        }
        match self.node(e).clone() {
            Node::Product { factors, out, sizes } if factors.iter().all(|f| f.labels.is_empty()) && out.len() == sizes.len() => {
                Some(self.product_of(factors, vec![], &[]))
            }
            Node::Sum(terms, _) if terms.len() == 1 => {
                let inner = self.spread_scalar(terms[0].1)?;
                Some(self.scale(terms[0].0, inner))
            }
            _ => None,
        }
    }

    /// Terms in any order. A bare argument takes what the other terms leave.
    fn match_sum(&mut self, terms: &[(Rational, Template)], others: &[(Rational, Expr)], bindings: &mut Bindings) -> bool {
        let Some((c, first)) = terms.first() else { return others.is_empty() };
        // Arguments last: they would match anything.
        if let (Template::Any(k), true) = (first, terms.len() > 1)
            && bindings.get(*k).copied().flatten().is_none()
        {
            let rotated: Vec<_> = terms[1..].iter().chain(&terms[..1]).cloned().collect();
            if rotated.iter().any(|t| !matches!(t.1, Template::Any(_))) {
                return self.match_sum(&rotated, others, bindings);
            }
        }
        if let (Template::Any(k), 1) = (first, terms.len()) {
            // The rest, as a whole, divided by the coefficient.
            let Some(axes) = others.first().map(|o| self.axes(o.1).to_vec()) else { return false };
            let rest: Vec<_> = others.iter().map(|(d, e)| (d / c, *e)).collect();
            let rest = self.sum(&rest, &axes);
            return self.matches(&Template::Any(*k), rest, bindings);
        }
        for (m, (d, e)) in others.iter().enumerate() {
            let before = bindings.clone();
            let (scale, inner) = match first {
                Template::Number(r) => (c * r, Template::Number(Rational::one())),
                t => (*c, t.clone()),
            };
            let term_matches = scale == *d && self.matches(&inner, *e, bindings);
            if term_matches {
                let rest: Vec<_> = others.iter().enumerate().filter(|(k, _)| *k != m).map(|(_, t)| *t).collect();
                if self.match_sum(&terms[1..], &rest, bindings) {
                    return true;
                }
            }
            *bindings = before;
        }
        false
    }

    /// Element-wise factors among others over equal labels, each to a power at least as high.
    fn match_times(&mut self, factors: &[(Template, Rational)], others: &[Factor], bindings: &mut Bindings) -> Option<Taken> {
        let mut order: Vec<usize> = (0..factors.len()).collect();
        order.sort_by_key(|k| matches!(factors[*k].0, Template::Any(_)));
        self.match_times_from(factors, &order, others, bindings, Taken::default())
    }

    fn match_times_from(
        &mut self,
        factors: &[(Template, Rational)],
        order: &[usize],
        others: &[Factor],
        bindings: &mut Bindings,
        taken: Taken,
    ) -> Option<Taken> {
        let Some((&k, rest)) = order.split_first() else { return Some(taken) };
        let (t, power) = &factors[k];
        // A total is a scalar beside factors that have labels.
        let total = matches!(t, Template::Total(..));
        for (m, f) in others.iter().enumerate() {
            let fits = if total { f.labels.is_empty() } else { taken.labels.as_ref().is_none_or(|l| *l == f.labels) };
            if taken.used.contains(&m) || !fits {
                continue;
            }
            let Some(ratio) = self.as_number(f.power).map(|q| q / power).filter(|r| *r >= Rational::one()) else { continue };
            let before = bindings.clone();
            if self.matches(t, f.base, bindings) {
                let mut next = taken.clone();
                next.used.push(m);
                next.ratios.push(ratio);
                if !total {
                    next.labels = Some(f.labels.clone());
                }
                if let Some(found) = self.match_times_from(factors, rest, others, bindings, next) {
                    return Some(found);
                }
            }
            *bindings = before;
        }
        None
    }

    /// Finds a product template among the factors of a product; the others are left over.
    pub fn find(&mut self, t: &Template, factors: &[Factor], out: &[Label]) -> Option<Found> {
        match t {
            Template::Times(wanted) => {
                let mut bindings = vec![];
                let Taken { used, labels, ratios } = self.match_times(wanted, factors, &mut bindings)?;
                let times = ratios.iter().map(|r| r.to_integer()).min().and_then(|t| i64::try_from(t).ok())?;
                let mut rest = vec![];
                for (position, ratio) in used.iter().zip(&ratios) {
                    let left = ratio - Rational::from_integer(times.into());
                    if !left.is_zero() {
                        let whole = self.as_number(factors[*position].power)?;
                        rest.push((*position, whole / ratio * left));
                    }
                }
                // One base to a power: all of it or nothing, or the rule would not shorten.
                if wanted.len() == 1 && !rest.is_empty() {
                    return None;
                }
                Some(Found { used, bindings, letters: labels.unwrap_or_default().into_iter().map(Some).collect(), times, rest })
            }
            Template::Labelled(wanted, kept) => {
                let letters = wanted.iter().flat_map(|w| &w.1).chain(kept).max().map_or(0, |k| k + 1);
                let start = Found { used: vec![], bindings: vec![], letters: vec![None; letters], times: 1, rest: vec![] };
                let mut order: Vec<usize> = (0..wanted.len()).collect();
                order.sort_by_key(|k| matches!(wanted[*k].0, Template::Any(_)));
                let found = self.find_from(wanted, &order, factors, start)?;
                // A letter that the template sums must be summed here, and by nobody else.
                let summed = (0..letters).filter(|k| !kept.contains(k)).filter_map(|k| found.letters[k]);
                for l in summed {
                    let elsewhere = factors.iter().enumerate().any(|(k, f)| !found.used.contains(&k) && f.labels.contains(&l));
                    let shared = kept.iter().any(|k| found.letters[*k] == Some(l));
                    if elsewhere || shared || out.contains(&l) {
                        return None;
                    }
                }
                Some(found)
            }
            _ => None,
        }
    }

    fn find_from(&mut self, wanted: &[(Template, Vec<usize>)], order: &[usize], factors: &[Factor], found: Found) -> Option<Found> {
        let Some((&k, rest)) = order.split_first() else { return Some(found) };
        let (t, letters) = &wanted[k];
        // An argument that stands for a product: its factors, one by one.
        if let Template::Any(a) = t
            && let Some(bound) = found.bindings.get(*a).copied().flatten()
            && let Node::Product { factors: inner, out, .. } = self.node(bound).clone()
        {
            let mut map: Vec<(Label, Label)> = vec![];
            for (o, letter) in out.iter().zip(letters) {
                if let Some(l) = found.letters[*letter] {
                    map.push((*o, l));
                }
            }
            let (used, map) = self.find_inside(&inner, factors, found.used.clone(), map)?;
            // Labels that the bound product sums must not be used by other factors.
            let sums = map.iter().filter(|(o, _)| !out.contains(o)).map(|m| m.1).collect::<Vec<_>>();
            if factors.iter().enumerate().any(|(k, f)| !used.contains(&k) && f.labels.iter().any(|l| sums.contains(l))) {
                return None;
            }
            let mut next = found.clone();
            next.used = used;
            for (o, letter) in out.iter().zip(letters) {
                next.letters[*letter] = map.iter().find(|m| m.0 == *o).map(|m| m.1);
            }
            return self.find_from(wanted, rest, factors, next);
        }
        for (m, f) in factors.iter().enumerate() {
            if found.used.contains(&m) || self.as_integer(f.power) != Some(1) || f.labels.len() != letters.len() {
                continue;
            }
            let turns = if f.labels.len() == 2 && self.is_symmetric(f.base) { 2 } else { 1 };
            for turn in 0..turns {
                let mut labels = f.labels.clone();
                if turn == 1 {
                    labels.swap(0, 1);
                }
                let mut next = found.clone();
                let agree = letters.iter().zip(&labels).all(|(letter, l)| match next.letters[*letter] {
                    Some(known) => known == *l,
                    None => {
                        next.letters[*letter] = Some(*l);
                        true
                    }
                });
                if !agree || !self.matches_factor(t, f.base, &mut next.bindings) {
                    continue;
                }
                next.used.push(m);
                if let Some(done) = self.find_from(wanted, rest, factors, next) {
                    return Some(done);
                }
            }
        }
        None
    }

    fn matches_factor(&mut self, t: &Template, base: Expr, bindings: &mut Bindings) -> bool {
        match t {
            Template::Lower => matches!(self.node(base), Node::Pattern(super::pool::Pattern::Lower { .. })),
            _ => self.matches(t, base, bindings),
        }
    }

    /// The factors of `inner` among unused factors, labels of `inner` mapped to theirs.
    pub(crate) fn find_inside(
        &self,
        inner: &[Factor],
        factors: &[Factor],
        used: Vec<usize>,
        map: Renaming,
    ) -> Option<(Vec<usize>, Renaming)> {
        let Some((first, rest)) = inner.split_first() else { return Some((used, map)) };
        for (m, f) in factors.iter().enumerate() {
            if used.contains(&m) || f.base != first.base || f.power != first.power {
                continue;
            }
            let mut next = map.clone();
            let agree = first.labels.iter().zip(&f.labels).all(|(o, l)| match next.iter().find(|t| t.0 == *o) {
                Some(known) => known.1 == *l,
                None => {
                    next.push((*o, *l));
                    true
                }
            });
            if agree && let Some(done) = self.find_inside(rest, factors, [used.clone(), vec![m]].concat(), next) {
                return Some(done);
            }
        }
        None
    }
}
