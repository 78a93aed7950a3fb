//! What stands beside a mask, written for the entries that the mask keeps: `(max(0, z) - y) .* (z > 0)` is `(z - y) .* (z > 0)`.
//!
//! Where a mask is 0 the product is 0, whatever the other factors are there; where it is 1 its condition holds, and a row of
//! [`MASKS`] says what a function is under that condition. So a function may be replaced wherever it carries every index of the
//! mask, in the sums and whole powers of which a factor is made: these are finite where what they are made of is.

use super::rewrite::{Compiled, compile_rule, filled};
use super::simplify::{TERMS, spread};
use crate::facts::functions::FunctionId;
use crate::facts::rules::{MASKS, Rule};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool};
use num_traits::Signed;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// The rows, compiled once per process: a constant, not a state.
fn rows() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| MASKS.iter().filter_map(compile_rule).collect())
}

/// Every function below `e` that stands beside a mask as what it is where that mask is 1; `fired` gains the rows that were used.
/// `e` as it is where such a function stands elsewhere too: two ways to write one thing would share no name.
pub fn absorb(pool: &mut Pool, e: Expr, fired: &mut Vec<&'static Rule>) -> Expr {
    let mut used: Used = vec![];
    let absorbed = pool.rewrite(e, |pool, old, new| {
        let made = pool.rebuild(old, |_, c| new[&c]);
        let Node::Product { mut factors, out, sizes } = pool.node(made).clone() else { return Some(made) };
        let mut changed = false;
        for m in 0..factors.len() {
            if !matches!(pool.node(factors[m].base), Node::Map(f, _) if f.row().mask) {
                continue;
            }
            let labels = factors[m].labels.clone();
            let mut mask = Mask { base: factors[m].base, known: FxHashMap::default() };
            for k in (0..factors.len()).filter(|k| *k != m) {
                let base = mask.beside(pool, &factors[k], &labels, &mut used);
                changed |= base != factors[k].base;
                factors[k].base = base;
            }
        }
        let broadcast = with_labels(&sizes);
        Some(if changed { pool.product_of(factors, out, &broadcast) } else { made })
    });
    let left = pool.under(&[absorbed]);
    if used.iter().any(|(function, _)| left.contains(function)) {
        return e;
    }
    for (_, rule) in used {
        if !fired.iter().any(|r| std::ptr::eq(*r, rule)) {
            fired.push(rule);
        }
    }
    absorbed
}

/// Functions that were replaced, each with the row that says so.
type Used = Vec<(Expr, &'static Rule)>;

/// A comparison among the factors of a product.
struct Mask {
    base: Expr,
    /// What an expression is beside it, its axes being these of the expression: parts may be shared.
    known: FxHashMap<(Expr, Vec<usize>), Expr>,
}

impl Mask {
    /// The base of a factor beside the mask over these labels: as it is where it does not carry them all, or in a denominator or root.
    fn beside(&mut self, pool: &mut Pool, f: &Factor, labels: &[Label], used: &mut Used) -> Expr {
        let places: Option<Vec<usize>> = labels.iter().map(|l| f.labels.iter().position(|x| x == l)).collect();
        match places {
            Some(places) if pool.as_integer(f.power).is_some_and(|k| k > 0) => self.selected(pool, f.base, places, used),
            _ => f.base,
        }
    }

    /// An expression for the entries that the mask keeps; `places` are the axes of the expression that the mask has.
    fn selected(&mut self, pool: &mut Pool, e: Expr, places: Vec<usize>, used: &mut Used) -> Expr {
        let key = (e, places);
        if let Some(made) = self.known.get(&key) {
            return *made;
        }
        if !pool.spend(1) {
            return e;
        }
        let places = &key.1;
        let made = match pool.node(e).clone() {
            Node::Map(..) => self.replaced(pool, e, places, used).unwrap_or(e),
            Node::Sum(terms, axes) => {
                let made: Vec<_> = terms.iter().map(|(c, t)| (*c, self.selected(pool, *t, places.clone(), used))).collect();
                if made == terms { e } else { pool.sum(&made, &axes) }
            }
            Node::Product { factors, out, sizes } => {
                let labels: Vec<Label> = places.iter().map(|p| out[*p]).collect();
                let made: Vec<Factor> = factors.iter().map(|f| Factor { base: self.beside(pool, f, &labels, used), ..f.clone() }).collect();
                if made == factors { e } else { pool.product_of(made, out, &with_labels(&sizes)) }
            }
            _ => e,
        };
        self.known.insert(key, made);
        made
    }

    /// What the first row makes of a function whose condition is what the mask says.
    fn replaced(&self, pool: &mut Pool, e: Expr, places: &[usize], used: &mut Used) -> Option<Expr> {
        let axes = pool.axes(e).to_vec();
        let all: Vec<Label> = (0..axes.len() as Label).collect();
        let labels: Vec<Label> = places.iter().map(|p| *p as Label).collect();
        let mask = pool.product(&[(self.base, &labels)], &all, &with_labels(&axes));
        let said = Said::by(pool, mask)?;
        for row in rows() {
            let mut bindings = vec![];
            if !pool.matches(&row.from, e, &mut bindings) {
                continue;
            }
            let condition = filled(pool, row.rule.when, &row.names, &bindings, &axes)?;
            if Said::by(pool, condition).is_some_and(|c| said.implies(&c)) {
                used.push((e, row.rule));
                return filled(pool, row.rule.to, &row.names, &bindings, &axes);
            }
        }
        None
    }
}

/// A comparison as that of a difference with 0.
struct Said {
    by: FunctionId,
    /// 0 stands on the left.
    turned: bool,
    difference: Expr,
}

impl Said {
    /// What a comparison says, its axes in any order or along further ones; `None` for another expression.
    fn by(pool: &mut Pool, e: Expr) -> Option<Said> {
        let all: Vec<Label> = (0..pool.rank(e) as Label).collect();
        let (base, labels, out, sizes) = match pool.node(e).clone() {
            Node::Product { factors, out, sizes } => match factors.as_slice() {
                [f] if pool.as_integer(f.power) == Some(1) => (f.base, f.labels.clone(), out, sizes),
                _ => return None,
            },
            _ => (e, all.clone(), all, pool.axes(e).to_vec()),
        };
        let Node::Map(by, args) = pool.node(base).clone() else { return None };
        if !by.row().mask || (0..sizes.len() as Label).any(|l| !out.contains(&l)) {
            return None;
        }
        let minus = pool.negate(args[1]);
        let difference = pool.add(args[0], minus);
        let difference = pool.product(&[(difference, &labels)], &out, &with_labels(&sizes));
        let difference = spread(pool, difference, TERMS).unwrap_or(difference);
        let (content, difference) = pool.primitive_of(difference);
        Some(Said { by, turned: content.is_negative(), difference })
    }

    /// a > b says a >= b.
    fn implies(&self, other: &Said) -> bool {
        let weaker = self.by.row().name == "gt" && other.by.row().name == "ge";
        (self.by == other.by || weaker) && self.turned == other.turned && self.difference == other.difference
    }
}

fn with_labels(sizes: &[Dim]) -> Vec<(Label, Dim)> {
    sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect()
}
