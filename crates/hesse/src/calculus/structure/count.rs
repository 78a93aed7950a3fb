//! How many entries can be non-zero, as a polynomial in the sizes.
//!
//! Where all terms are non-zero in the same places the number is the product of the sizes of their labels. Else supports are counted at
//! several sizes and the polynomial through the counts is taken, if it foretells one more count.

use super::support::{Sizes, Supports};
use super::terms;
use crate::tensor::{Dim, Expr, Label, Node, Pool, Rational};
use num_traits::{One, Signed, Zero};
use std::collections::BTreeMap;

/// A monomial: names of sizes by position, sorted, with repetition.
type Monomial = Vec<u32>;

/// More counts than this are not made.
const COUNTS: usize = 36;

pub(super) struct Count {
    dims: Vec<Dim>,
    names: Vec<String>,
    /// The number of all entries.
    all: BTreeMap<Monomial, Rational>,
}

impl Count {
    pub(super) fn new(pool: &mut Pool, e: Expr) -> Count {
        let dims = pool.axes(e).to_vec();
        let one = pool.dims.integer(1);
        let total = dims.iter().fold(one, |t, d| pool.dims.multiply(t, *d));
        Count { all: polynomial(pool, total), names: pool.dims.names().to_vec(), dims }
    }

    pub(super) fn entries(&self) -> String {
        self.text(&self.all)
    }

    pub(super) fn nonzeros(&self, pool: &mut Pool, supports: &Supports, e: Expr) -> Option<String> {
        let found = match same_places(pool, supports, e) {
            Some(dims) => {
                let one = pool.dims.integer(1);
                let total = dims.iter().fold(one, |t, d| pool.dims.multiply(t, *d));
                polynomial(pool, total)
            }
            None => self.counted(pool, supports, e)?,
        };
        Some(self.text(&found))
    }

    /// The polynomial through counts at a grid of sizes.
    fn counted(&self, pool: &Pool, supports: &Supports, e: Expr) -> Option<BTreeMap<Monomial, Rational>> {
        // The degree in a name is at most that of the number of all entries.
        let mut degrees: BTreeMap<u32, usize> = BTreeMap::new();
        for d in &self.dims {
            let mut highest: BTreeMap<u32, usize> = BTreeMap::new();
            for (names, _) in pool.dims.polynomial(*d) {
                for k in names {
                    let degree = names.iter().filter(|n| *n == k).count();
                    highest.entry(*k).and_modify(|h| *h = (*h).max(degree)).or_insert(degree);
                }
            }
            highest.into_iter().for_each(|(k, h)| *degrees.entry(k).or_insert(0) += h);
        }
        let names: Vec<(u32, usize)> = degrees.into_iter().collect();
        let points: usize = names.iter().map(|(_, d)| d + 1).product();
        if points > COUNTS {
            return None;
        }
        let base = supports.least;
        let count = |at: &[usize]| -> Option<Rational> {
            let mut sizes: Sizes = supports.all(pool, base);
            names.iter().zip(at).for_each(|((k, _), n)| sizes[*k as usize] = *n);
            let support = supports.of(pool, e, &sizes);
            let all = self.dims.iter().map(|d| super::support::size(pool, *d, &sizes)).product::<Option<usize>>()?;
            let number = support.map_or(all, |s| s.iter().filter(|b| **b).count());
            Some(Rational::from_integer(number as i128))
        };
        let mut grid = vec![];
        for k in 0..points {
            let mut rest = k;
            let at: Vec<usize> = names
                .iter()
                .map(|(_, d)| {
                    let step = rest % (d + 1);
                    rest /= d + 1;
                    base + step
                })
                .collect();
            grid.push(count(&at)?);
        }
        // From values to coefficients, one name after the other.
        let mut stride = 1;
        for (_, degree) in &names {
            let nodes: Vec<Rational> = (0..=*degree).map(|k| Rational::from_integer((base + k) as i128)).collect();
            for first in (0..points).filter(|k| k / stride % (degree + 1) == 0) {
                let values: Vec<Rational> = (0..=*degree).map(|k| grid[first + k * stride]).collect();
                for (k, c) in interpolate(&nodes, &values).into_iter().enumerate() {
                    grid[first + k * stride] = c;
                }
            }
            stride *= degree + 1;
        }
        let mut found = BTreeMap::new();
        for (k, c) in grid.into_iter().enumerate().filter(|(_, c)| !c.is_zero()) {
            let mut rest = k;
            let mut monomial: Monomial = vec![];
            for (name, degree) in &names {
                monomial.extend(std::iter::repeat_n(*name, rest % (degree + 1)));
                rest /= degree + 1;
            }
            found.insert(monomial, c);
        }
        // One more size, that the polynomial has not seen.
        let beyond: Vec<usize> = names.iter().map(|(_, d)| base + d + 1).collect();
        let value = found.iter().fold(Rational::zero(), |sum, (monomial, c)| {
            let size = |name: &u32| names.iter().position(|n| n.0 == *name).map_or(0, |k| beyond[k]);
            sum + monomial.iter().fold(*c, |t, name| t * Rational::from_integer(size(name) as i128))
        });
        (count(&beyond)? == value).then_some(found)
    }

    /// `3*n - 2`, `n^2`, `(n^2 + n)/2`
    fn text(&self, p: &BTreeMap<Monomial, Rational>) -> String {
        let below = p.values().fold(1i128, |d, c| d / gcd(d, *c.denom()) * c.denom());
        let mut terms: Vec<(&Monomial, i128)> = p.iter().map(|(m, c)| (m, (c * Rational::from_integer(below)).to_integer())).collect();
        terms.sort_by_key(|(m, _)| (std::cmp::Reverse(m.len()), (*m).clone()));
        let mut out = String::new();
        for (monomial, c) in &terms {
            out.push_str(match (out.is_empty(), c.is_negative()) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            });
            let mut parts: Vec<String> = if c.abs().is_one() && !monomial.is_empty() { vec![] } else { vec![c.abs().to_string()] };
            let mut rest = monomial.as_slice();
            while let Some(name) = rest.first() {
                let power = rest.iter().take_while(|n| *n == name).count();
                let text = &self.names[*name as usize];
                parts.push(if power > 1 { format!("{text}^{power}") } else { text.clone() });
                rest = &rest[power..];
            }
            out.push_str(&parts.join("*"));
        }
        match (terms.len(), below) {
            (0, _) => "0".into(),
            (_, 1) => out,
            (1, d) => format!("{out}/{d}"),
            (_, d) => format!("({out})/{d}"),
        }
    }
}

fn polynomial(pool: &Pool, d: Dim) -> BTreeMap<Monomial, Rational> {
    pool.dims.polynomial(d).iter().map(|(m, c)| (m.clone(), Rational::from_integer((*c).into()))).collect()
}

/// The sizes of the labels of the axes, where all terms are non-zero at the same places and these follow from labels alone.
fn same_places(pool: &Pool, supports: &Supports, e: Expr) -> Option<Vec<Dim>> {
    let sizes = supports.all(pool, supports.least);
    let mut found: Option<(Vec<usize>, Vec<Dim>)> = None;
    for t in terms(pool, e) {
        let Node::Product { factors, out, sizes: dims } = pool.node(t) else { return None };
        if factors.iter().any(|f| supports.of(pool, f.base, &sizes).is_some()) {
            return None;
        }
        let first: Vec<usize> = out.iter().map(|l| out.iter().position(|o| o == l).unwrap_or(0)).collect();
        let mut labels: Vec<Label> = out.clone();
        labels.sort_unstable();
        labels.dedup();
        let spans = labels.iter().map(|l| dims[*l as usize]).collect();
        match &found {
            Some((places, _)) if *places != first => return None,
            Some(_) => {}
            None => found = Some((first, spans)),
        }
    }
    found.map(|f| f.1)
}

/// Coefficients, lowest first, of the polynomial through these points (Newton's divided differences, then written out).
fn interpolate(nodes: &[Rational], values: &[Rational]) -> Vec<Rational> {
    let n = nodes.len();
    let mut differences = values.to_vec();
    for step in 1..n {
        for k in (step..n).rev() {
            differences[k] = (differences[k] - differences[k - 1]) / (nodes[k] - nodes[k - step]);
        }
    }
    let mut out = vec![Rational::zero(); n];
    for k in (0..n).rev() {
        // out = out·(x − node) + difference
        for j in (0..n).rev() {
            let lower = if j > 0 { out[j - 1] } else { Rational::zero() };
            out[j] = lower - out[j] * nodes[k];
        }
        out[0] += differences[k];
    }
    out
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs().max(1) } else { gcd(b, a % b) }
}
