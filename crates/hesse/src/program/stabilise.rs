//! What runs is stable: what is written, rewritten to what is computed, by the rows of `facts::kernels` and by taking exponents together.

mod exponents;

use crate::calculus::rewrite::{compile, filled, replace};
use crate::facts::kernels::{SCALED, STABLE, Stable};
use crate::tensor::matcher::Template;
use crate::tensor::{Expr, Factor, Node, Pool, Rational, VarId, VarKind};
use exponents::Scale;
use num_traits::One;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::OnceLock;

/// A form that is computed instead of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The name of its row.
    pub name: &'static str,
    /// What is computed.
    pub value: Expr,
}

/// How often the top of one expression is rewritten.
const TURNS: usize = 8;

struct Compiled {
    row: &'static Stable,
    from: Template,
    names: Vec<String>,
}

/// All rows, compiled once per process: a constant, not a state.
fn rows() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| STABLE.iter().filter_map(|row| compile(row.from).map(|(from, names)| Compiled { row, from, names })).collect())
}

/// What stands inside a left side, without arguments, their negatives and numbers.
fn parts() -> &'static [Template] {
    static PARTS: OnceLock<Vec<Template>> = OnceLock::new();
    PARTS.get_or_init(|| {
        let mut found: Vec<Template> = vec![];
        let mut pending: Vec<&Template> = rows().iter().flat_map(|c| c.from.parts()).collect();
        while let Some(t) = pending.pop() {
            pending.extend(t.parts());
            let bare = match t {
                Template::Any(_) | Template::Number(_) => true,
                Template::Sum(terms) => terms.iter().all(|t| matches!(t.1, Template::Any(_))),
                _ => false,
            };
            if !bare && !found.contains(t) {
                found.push(t.clone());
            }
        }
        found
    })
}

/// A definition of more nodes than this, those that it reads written out, is not written out where it is used.
const WRITTEN: usize = 60;

/// Expressions equal to `outputs` in exact arithmetic and stable in floating point, over definitions, which are made so too. A definition
/// that is part of the left side of a row, or is built of exponentials, is written out where it is used: with s = exp(z), log(1 + s) is a
/// softplus. `forms` gains what is computed otherwise than written.
pub fn stabilise(pool: &mut Pool, definitions: &mut [(VarId, Expr)], outputs: &mut [Expr], forms: &mut Vec<Form>) {
    let mut s = Stabiliser { pool, new: FxHashMap::default(), scales: FxHashMap::default(), done: FxHashSet::default(), forms };
    let mut written: FxHashMap<VarId, Expr> = FxHashMap::default();
    for (symbol, value) in definitions {
        let whole = s.pool.substitute(*value, &written);
        if !s.is_settled(*symbol, whole) && s.is_part(whole) {
            written.insert(*symbol, whole);
        }
        *value = s.stable(whole);
    }
    for value in outputs {
        let whole = s.pool.substitute(*value, &written);
        *value = s.stable(whole);
    }
}

/// An expression of the same sign, and of the same value where that is between 10⁻³⁰⁰ and 10³⁰⁰: of what is built of exponentials, which
/// may overflow on the way although the sum of them is only asked whether it is positive.
pub fn of_same_sign(pool: &mut Pool, e: Expr) -> Expr {
    let mut s =
        Stabiliser { pool, new: FxHashMap::default(), scales: FxHashMap::default(), done: FxHashSet::default(), forms: &mut vec![] };
    s.within_range(e).unwrap_or(e)
}

struct Stabiliser<'a> {
    pool: &'a mut Pool,
    /// What was made of each expression.
    new: FxHashMap<Expr, Expr>,
    /// What was looked at.
    scales: FxHashMap<Expr, Option<Scale>>,
    /// What is stable as it is.
    done: FxHashSet<Expr>,
    forms: &'a mut Vec<Form>,
}

impl Stabiliser<'_> {
    /// Whether what contains it may be stable only if it is seen there.
    fn is_part(&mut self, e: Expr) -> bool {
        self.pool.weight(e, WRITTEN) <= WRITTEN
            && (parts().iter().any(|t| self.pool.matches(t, e, &mut vec![])) || self.scaled(e, 0).is_some())
    }

    /// Whether it is a part of a derivative that a matrix was multiplied into, and moderate as it is: no quotient of functions in it, and
    /// no exponential but that of x − logsumexp(x).
    fn is_settled(&self, symbol: VarId, e: Expr) -> bool {
        let product = match self.pool.node(e) {
            Node::Sum(terms, _) if terms.len() == 1 => terms[0].1,
            _ => e,
        };
        let Node::Product { factors, out, .. } = self.pool.node(product) else { return false };
        let summed =
            |f: &Factor| f.labels.len() > 1 && f.labels.iter().any(|l| !out.contains(l)) && matches!(self.pool.node(f.base), Node::Var(_));
        if self.pool.variable(symbol).kind != VarKind::Adjoint || factors.len() < 2 || !factors.iter().any(summed) {
            return false;
        }
        self.pool.under(&[e]).into_iter().all(|x| match self.pool.node(x) {
            Node::Product { factors, .. } => factors.iter().all(|f| {
                let whole = self.pool.as_integer(f.power).is_some_and(|k| k > 0);
                whole || !self.pool.under(&[f.base]).into_iter().any(|y| matches!(self.pool.node(y), Node::Map(..) | Node::Apply(..)))
            }),
            Node::Map(f, args) => !self.is_wild(f.row().name) || self.is_share(args[0]),
            _ => true,
        })
    }

    fn is_wild(&self, function: &str) -> bool {
        SCALED.iter().any(|row| row.of == function && !row.bounded)
    }

    /// Whether it is x − logsumexp(x), the logarithm of what is at most 1.
    fn is_share(&self, e: Expr) -> bool {
        let Node::Sum(terms, _) = self.pool.node(e) else { return false };
        let largest = |t: Expr| match self.pool.node(t) {
            Node::Product { factors, .. } if factors.len() == 1 => factors[0].base,
            _ => t,
        };
        let of = |t: Expr| match self.pool.node(largest(t)) {
            Node::Apply(f, args) if f.row().name == "logsumexp" => Some(args[0]),
            _ => None,
        };
        let minus = terms.iter().find_map(|(c, t)| if *c == -Rational::one() { of(*t) } else { None });
        terms.len() == 2 && minus.is_some_and(|x| terms.iter().any(|(c, t)| c.is_one() && *t == x))
    }

    /// The stable form of an expression.
    fn stable(&mut self, e: Expr) -> Expr {
        for old in self.pool.under(&[e]) {
            if self.new.contains_key(&old) {
                continue;
            }
            let mut same = true;
            self.pool.each_child(old, |c| same &= self.new[&c] == c);
            let rebuilt = if same { old } else { self.pool.rebuild(old, |_, c| self.new[&c]) };
            let made = self.finished(rebuilt);
            self.new.insert(old, made);
            if self.pool.limit().is_some() {
                return e;
            }
        }
        self.new[&e]
    }

    fn note(&mut self, name: &'static str, value: Expr) {
        let form = Form { name, value };
        if !self.forms.contains(&form) {
            self.forms.push(form);
        }
    }

    /// The stable form of an expression whose parts are stable. A multiple of a new product is a sum of one term: its terms count as tops.
    fn finished(&mut self, e: Expr) -> Expr {
        if self.done.contains(&e) {
            return e;
        }
        let mut made = self.by_rows(e);
        if let Node::Sum(terms, axes) = self.pool.node(made).clone() {
            let terms: Vec<(Rational, Expr)> = terms
                .into_iter()
                .map(|(c, t)| {
                    let t = if self.done.contains(&t) { t } else { self.by_rows(t) };
                    (c, if self.done.contains(&t) { t } else { self.together(t).unwrap_or(t) })
                })
                .collect();
            self.done.extend(terms.iter().map(|t| t.1));
            made = self.pool.sum(&terms, &axes);
            made = self.by_rows(made);
        } else {
            made = self.together(made).unwrap_or(made);
        }
        self.done.insert(made);
        made
    }

    /// Rewritten by the rows at the top, until none applies.
    fn by_rows(&mut self, mut e: Expr) -> Expr {
        for _ in 0..TURNS {
            let next = rows().iter().find_map(|c| {
                let made = match &c.from {
                    Template::Sum(terms) => self.part_of_sum(e, terms, c),
                    from => replace(self.pool, e, from, &c.names, c.row.to),
                }?;
                (made != e).then_some((made, c.row))
            });
            let Some((made, row)) = next else { break };
            self.note(row.name, made);
            e = made;
        }
        e
    }

    /// Some terms of a sum that are a multiple of the row's, replaced.
    fn part_of_sum(&mut self, e: Expr, wanted: &[(Rational, Template)], c: &Compiled) -> Option<Expr> {
        let Node::Sum(terms, axes) = self.pool.node(e).clone() else { return None };
        // Functions first: a number is in many sums.
        let mut wanted: Vec<(Rational, Template)> = wanted
            .iter()
            .map(|(c, t)| match t {
                Template::Number(r) => (c * r, Template::Number(Rational::one())),
                t => (*c, t.clone()),
            })
            .collect();
        wanted.sort_by_key(|(_, t)| matches!(t, Template::Number(_) | Template::Any(_)));
        let (first, rest) = wanted.split_first()?;
        for (k, (d, t)) in terms.iter().enumerate() {
            let mut bindings = vec![];
            if !self.pool.matches(&first.1, *t, &mut bindings) {
                continue;
            }
            let scale = d / first.0;
            let mut used = vec![k];
            let all = rest.iter().all(|(c, w)| {
                let found = terms.iter().enumerate().position(|(m, (d, t))| {
                    let before = bindings.clone();
                    let fits = !used.contains(&m) && *d == scale * c && self.pool.matches(w, *t, &mut bindings);
                    if !fits {
                        bindings = before;
                    }
                    fits
                });
                used.extend(found);
                found.is_some()
            });
            if !all {
                continue;
            }
            let value = filled(self.pool, c.row.to, &c.names, &bindings, &axes)?;
            let mut left: Vec<(Rational, Expr)> = terms.iter().enumerate().filter(|(m, _)| !used.contains(m)).map(|(_, t)| *t).collect();
            left.push((scale, value));
            return Some(self.pool.sum(&left, &axes));
        }
        None
    }
}
