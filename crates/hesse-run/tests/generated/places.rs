//! Where each row, each surface form and each kind of node has stood: outer (at the root of the formula or directly under it) and inner
//! (further below, with a variable of differentiation in it). Counted once a case.

use super::case::Case;
use super::tree::{Tree, words};
use hesse::facts::functions::FUNCTIONS;
use hesse::facts::matrices::{self, MATRIX_FUNCTIONS};
use hesse::facts::notation::NOTATION;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Where something stands in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At the root or directly under it.
    Outer,
    /// Below that, and it contains a variable of differentiation.
    Inner,
}

/// What stands where.
pub type Placed = (&'static str, Place);

/// Each place must be taken by each row at least once in this number of cases: 50 times in 10,000.
const CASES_A_TIME: usize = 200;

/// Kinds of nodes of the tensor, of the formula and of its derivative.
const KINDS: &[&str] = &[
    "node Decimal",
    "node Pi",
    "node Size",
    "node Unit",
    "node Lower",
    "node Shift",
    "node Var",
    "node Sum",
    "node Product",
    "node Map",
    "node Apply",
];

/// Forms of the surface that are no row of a table.
#[rustfmt::skip] // by what they are
const FORMS: &[&str] = &[
    // Names and literals.
    "variable", "definition", "user function", "number", "decimal", "long literal", "pi", "size", "ones", "zeros", "eye", "measure",
    // Operators.
    "plus", "minus", "negate", "expansion", "hadamard", "quotient", "over", "scale", "transpose", "broadcast", "outer sum",
    "square", "cube", "half power", "power", "inverse entries", "matrix power",
    "product", "matrix-vector", "vector-matrix", "inner", "outer", "quadratic", "diagonal product", "solve",
    // Positive definite matrices.
    "gram", "ridge", "matrix square",
    // Parts and wholes.
    "entry", "slice", "range", "stack", "block", "commutation", "index notation", "index sum",
];

/// What cannot stand somewhere, and why.
const EXEMPT: &[(&str, Place, &str)] = &[("polygamma3", Place::Inner, "it has no slope, so only constants stand in it")];

/// Whether something need not stand there.
pub fn exempt(what: &str, place: Place) -> bool {
    EXEMPT.iter().any(|e| (e.0, e.1) == (what, place))
}

/// What stands where in a case, its definitions written out.
pub fn places(case: &Case, order: &[&str]) -> BTreeSet<Placed> {
    let mut found = BTreeSet::new();
    walk(case, order, &case.target, 0, &mut found);
    found
}

/// Whether a variable of differentiation stands in the tree.
fn walk(case: &Case, order: &[&str], tree: &Tree, depth: usize, found: &mut BTreeSet<Placed>) -> bool {
    let named = case.definitions.iter().find(|d| tree.children.is_empty() && d.0 == tree.text);
    let mut contains = words(&tree.text).any(|w| order.contains(&w));
    match named {
        Some(d) => contains |= walk(case, order, &d.1, depth, found),
        None => tree.children.iter().for_each(|c| contains |= walk(case, order, c, depth + 1, found)),
    }
    if depth <= 1 {
        found.insert((tree.feature, Place::Outer));
    } else if contains {
        found.insert((tree.feature, Place::Inner));
    }
    contains
}

/// How often each place was taken in cases that went right.
#[derive(Default)]
pub struct Counts(BTreeMap<Placed, usize>);

impl Counts {
    pub fn of(&self, what: &'static str, place: Place) -> usize {
        self.0.get(&(what, place)).copied().unwrap_or(0)
    }

    pub fn add(&mut self, placed: impl IntoIterator<Item = Placed>) {
        placed.into_iter().for_each(|p| *self.0.entry(p).or_default() += 1);
    }

    /// Everything that must occur, with its counts in both places (`None` where it cannot stand).
    fn rows(&self) -> Vec<(String, [Option<usize>; 2])> {
        let along = matrices::all_along().map(|(f, side)| f.spelling(Some(side)));
        let plain = |rows: Vec<&'static str>| rows.into_iter().map(String::from);
        let names = plain(FUNCTIONS.iter().map(|f| f.name).collect())
            .chain(plain(MATRIX_FUNCTIONS.iter().map(|f| f.name).collect()))
            .chain(along)
            .chain(plain(NOTATION.iter().map(|n| n.matrix).collect()))
            .chain(plain(FORMS.to_vec()))
            .chain(plain(KINDS.to_vec()));
        let count = |name: &str, place: Place| {
            let found = self.0.iter().find(|c| c.0.0 == name && c.0.1 == place).map_or(0, |c| *c.1);
            (!exempt(name, place)).then_some(found)
        };
        names.map(|name| (name.clone(), [count(&name, Place::Outer), count(&name, Place::Inner)])).collect()
    }

    /// What stood somewhere less often than it must.
    pub fn seldom(&self, cases: usize) -> Vec<String> {
        let often = cases / CASES_A_TIME;
        let rows = self.rows().into_iter().filter(|r| r.1.iter().flatten().any(|n| *n < often));
        rows.map(|(name, [outer, inner])| format!("{name} {outer:?} {inner:?}")).collect()
    }

    /// The table, what occurs least first; at most `most` lines of it.
    pub fn table(&self, most: usize) -> String {
        let mut rows = self.rows();
        rows.sort_by_key(|r| r.1.iter().flatten().min().copied());
        let mut out = String::new();
        for (place, k) in [("outer", 0), ("inner", 1)] {
            let mut counts: Vec<usize> = rows.iter().filter_map(|r| r.1[k]).collect();
            counts.sort_unstable();
            let _ = writeln!(out, "{place}: {} rows, least {}, median {}", counts.len(), counts[0], counts[counts.len() / 2]);
        }
        let _ = writeln!(out, "{:<18} {:>6} {:>6}", "row", "outer", "inner");
        for (name, counts) in rows.iter().take(most) {
            let [outer, inner] = counts.map(|n| n.map_or("-".to_string(), |n| n.to_string()));
            let _ = writeln!(out, "{name:<18} {outer:>6} {inner:>6}");
        }
        for (name, place, why) in EXEMPT {
            let _ = writeln!(out, "{name} has no place {place:?}: {why}");
        }
        out
    }
}
