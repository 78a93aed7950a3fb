//! What is written rewritten to what is computed: the rows of `facts::kernels`, and exponents taken together.
//!
//! Every value that is built of exponentials is exp(m)·r with a moderate r: a sum of such has the largest m (log-sum-exp for the sum of
//! all entries), a product the sum of the m. Where a quotient or a logarithm meets them, the m add up before anything overflows:
//! (p·exp(a) + q·exp(b))⁻¹·exp(a) is (p·exp(a − m) + q·exp(b − m))⁻¹·exp(a − m) with m = max(a, b).

use crate::calculus::library;
use crate::calculus::rewrite::{compile, filled, replace};
use crate::facts::functions::{self, FunctionId};
use crate::facts::kernels::{SCALED, STABLE, Stable, TOGETHER};
use crate::facts::matrices;
use crate::tensor::matcher::Template;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational};
use num_traits::{One, Signed, Zero};
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

/// How deep a value is searched for exponentials.
const DEEP: usize = 12;

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

/// An expression equal to `e` in exact arithmetic and stable in floating point; `forms` gains what it computes otherwise than written.
pub fn stabilise(pool: &mut Pool, e: Expr, forms: &mut Vec<Form>) -> Expr {
    let mut s = Stabiliser { pool, scales: FxHashMap::default(), done: FxHashSet::default(), forms };
    let mut new: FxHashMap<Expr, Expr> = FxHashMap::default();
    for old in s.pool.under(&[e]) {
        let mut same = true;
        s.pool.each_child(old, |c| same &= new[&c] == c);
        let rebuilt = if same { old } else { s.pool.rebuild(old, |_, c| new[&c]) };
        let made = s.finished(rebuilt);
        new.insert(old, made);
        if s.pool.limit().is_some() {
            return e;
        }
    }
    new[&e]
}

/// A value as exp(exponent)·rest.
#[derive(Clone, Copy)]
struct Scale {
    exponent: Expr,
    rest: Expr,
    /// It may leave the range of floating point.
    wild: bool,
}

/// An exponential of a product: its labels, its exponent, how often it stands there.
struct Unit {
    labels: Vec<Label>,
    exponent: Expr,
    power: Rational,
    wild: bool,
}

/// Exponentials of a product that run over the same labels, as one.
struct Group {
    labels: Vec<Label>,
    exponent: Expr,
    /// Powers above the line less those below it.
    above: Rational,
    wild: bool,
    joined: usize,
}

struct Stabiliser<'a> {
    pool: &'a mut Pool,
    /// What was looked at.
    scales: FxHashMap<Expr, Option<Scale>>,
    /// What is stable as it is.
    done: FxHashSet<Expr>,
    forms: &'a mut Vec<Form>,
}

impl Stabiliser<'_> {
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

    /// A logarithm of, or a quotient with, sums of exponentials: their exponents taken together.
    fn together(&mut self, e: Expr) -> Option<Expr> {
        let made = match self.pool.node(e).clone() {
            Node::Map(f, args) if f.row().name == "log" => {
                let Scale { exponent, rest, .. } = self.scaled(args[0], 0)?;
                let log = self.pool.map(f, &[rest]);
                let log = self.by_rows(log);
                self.pool.add(exponent, log)
            }
            Node::Product { factors, out, sizes } => self.product(&factors, &out, &sizes)?,
            _ => return None,
        };
        self.note(TOGETHER, made);
        Some(made)
    }

    fn product(&mut self, factors: &[Factor], out: &[Label], sizes: &[Dim]) -> Option<Expr> {
        let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        let mut left: Vec<Factor> = vec![];
        let mut units: Vec<Unit> = vec![];
        let mut needed = false;
        for f in factors {
            let found = match self.pool.as_number(f.power) {
                Some(p) if distinct(&f.labels) => self.scaled(f.base, 0).map(|s| (p, s)),
                _ => None,
            };
            let Some((p, s)) = found else {
                left.push(f.clone());
                continue;
            };
            let single = matches!(self.pool.node(f.base), Node::Map(g, _) if ["exp", "sigmoid"].contains(&g.row().name));
            needed |= !single && s.wild && (p.is_negative() || !p.is_integer());
            let unit = |power| Unit { labels: f.labels.clone(), exponent: s.exponent, power, wild: s.wild || p.is_negative() };
            // S⁻² is S⁻¹ twice: each may belong to another exponential above the line.
            match p.to_integer() {
                k @ -8..=-2 if p.is_integer() => units.extend((0..-k).map(|_| unit(-Rational::one()))),
                _ => units.push(unit(p)),
            }
            left.push(Factor { base: s.rest, ..f.clone() });
        }
        let groups = self.groups(units, &broadcast);
        if !needed && !groups.iter().any(|g| g.joined > 1 && g.wild) {
            return None;
        }
        let exp = functions::find("exp")?;
        let power = self.pool.one();
        for Group { labels, exponent, .. } in groups {
            left.push(Factor { base: self.pool.map(exp, &[exponent]), labels, power });
        }
        Some(self.pool.product_of(left, out.to_vec(), &broadcast))
    }

    /// The exponentials of a product, added up where their labels allow: those above the line by their labels, the largest first, then
    /// one below the line for each of them.
    fn groups(&mut self, mut units: Vec<Unit>, broadcast: &[(Label, Dim)]) -> Vec<Group> {
        units.sort_by_key(|u| (u.power.is_negative(), std::cmp::Reverse(u.labels.len())));
        let mut groups: Vec<Group> = vec![];
        for u in units {
            let exponent = self.pool.scale(u.power, u.exponent);
            let fits = |g: &Group| g.labels == u.labels || g.above.is_positive() && u.labels.iter().all(|l| g.labels.contains(l));
            match groups.iter().position(fits) {
                Some(k) => {
                    let wide = self.pool.product(&[(exponent, &u.labels)], &groups[k].labels, broadcast);
                    groups[k].exponent = self.pool.add(groups[k].exponent, wide);
                    groups[k].above += u.power;
                    groups[k].wild |= u.wild;
                    groups[k].joined += 1;
                }
                None => groups.push(Group { labels: u.labels, exponent, above: u.power, wild: u.wild, joined: 1 }),
            }
        }
        groups
    }

    /// e as exp(exponent)·rest, if it is built of exponentials.
    fn scaled(&mut self, e: Expr, depth: usize) -> Option<Scale> {
        if depth > DEEP || !self.pool.spend(1) {
            return None;
        }
        if let Some(known) = self.scales.get(&e) {
            return *known;
        }
        let made = match self.pool.node(e).clone() {
            Node::Map(f, args) => self.function(f, &args),
            Node::Sum(terms, axes) => self.sum(&terms, &axes, depth),
            Node::Product { factors, out, sizes } => self.factors(&factors, &out, &sizes, depth),
            _ => None,
        };
        self.scales.insert(e, made);
        made
    }

    fn function(&mut self, f: FunctionId, args: &[Expr]) -> Option<Scale> {
        let row = SCALED.iter().find(|row| row.of == f.row().name)?;
        let axes = self.pool.axes(args[0]).to_vec();
        let names = [("x", args[0])];
        let exponent = library::elementwise(self.pool, row.exponent, &names, &axes)?;
        Some(Scale { exponent, rest: library::elementwise(self.pool, row.rest, &names, &axes)?, wild: !row.bounded })
    }

    fn sum(&mut self, terms: &[(Rational, Expr)], axes: &[Dim], depth: usize) -> Option<Scale> {
        let zero = self.pool.zero(axes);
        let parts: Vec<(Rational, Option<Scale>, Expr)> = terms.iter().map(|(c, t)| (*c, self.scaled(*t, depth + 1), *t)).collect();
        // A sum of bounded values is moderate as it is.
        parts.iter().find(|p| p.1.is_some_and(|s| s.wild))?;
        let parts: Vec<(Rational, Expr, Expr)> =
            parts.into_iter().map(|(c, s, t)| s.map_or((c, zero, t), |s| (c, s.exponent, s.rest))).collect();
        let several = parts.iter().any(|p| p.1 != parts[0].1);
        let mut sizes = vec![];
        for (_, m, r) in &parts {
            sizes.push(if several { self.size(*m, *r)? } else { *m });
        }
        sizes.sort_unstable();
        sizes.dedup();
        let (max, exp) = (functions::find("max")?, functions::find("exp")?);
        let exponent = sizes.into_iter().reduce(|a, b| self.pool.map(max, &[a, b]))?;
        let minus = self.pool.negate(exponent);
        let mut rest = vec![];
        for (c, m, r) in parts {
            let below = self.pool.add(m, minus);
            let moderate = self.pool.map(exp, &[below]);
            rest.push((c, self.pool.times(r, moderate)));
        }
        Some(Scale { exponent, rest: self.pool.sum(&rest, axes), wild: true })
    }

    /// The size of exp(m)·r as an exponent: m + log max(|r|, 10⁻³⁰⁰), so that a weight counts, and one that is 0 leaves the choice to the
    /// others. A constant is no weight.
    fn size(&mut self, m: Expr, r: Expr) -> Option<Expr> {
        if self.pool.variables_of(r).is_empty() {
            return Some(m);
        }
        let axes = self.pool.axes(r).to_vec();
        let smallest = self.pool.decimal(1e-300);
        library::elementwise(self.pool, "m + log(max(abs(r), s))", &[("r", r), ("s", smallest), ("m", m)], &axes)
    }

    /// A product: the exponents of what runs over its axes add up; a sum over all of its labels is a log-sum-exp.
    fn factors(&mut self, factors: &[Factor], out: &[Label], sizes: &[Dim], depth: usize) -> Option<Scale> {
        let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        let total = out.is_empty() && !sizes.is_empty();
        if !distinct(out) {
            return None;
        }
        let labels: Vec<Label> = if total { (0..sizes.len() as Label).collect() } else { out.to_vec() };
        let axes: Vec<Dim> = labels.iter().map(|l| sizes[*l as usize]).collect();
        let mut exponent: Option<Expr> = None;
        let (mut rest, mut wild) = (vec![], false);
        for f in factors {
            let kept = distinct(&f.labels) && f.labels.iter().all(|l| labels.contains(l));
            let found = match self.pool.as_number(f.power) {
                Some(p) if kept => self.scaled(f.base, depth + 1).map(|s| (p, s)),
                _ => None,
            };
            let Some((p, s)) = found else {
                rest.push(f.clone());
                continue;
            };
            let m = self.pool.scale(p, s.exponent);
            let wide = self.pool.product(&[(m, &f.labels)], &labels, &broadcast);
            exponent = Some(exponent.map_or(wide, |e| self.pool.add(e, wide)));
            rest.push(Factor { base: s.rest, ..f.clone() });
            wild |= s.wild || p.is_negative();
        }
        let exponent = exponent?;
        let rest = self.pool.product_of(rest, labels.clone(), &broadcast);
        if !total {
            return Some(Scale { exponent, rest, wild });
        }
        if !wild {
            return None;
        }
        let logsumexp = matrices::find("logsumexp")?;
        if let Some(c) = self.pool.as_constant(rest).filter(|c| !c.is_zero()) {
            return Some(Scale { exponent: self.pool.apply(logsumexp, &[exponent]), rest: self.pool.number(c), wild });
        }
        let size = self.size(exponent, rest)?;
        let largest = self.pool.apply(logsumexp, &[size]);
        let minus = self.pool.negate(largest);
        let minus = self.pool.broadcast(minus, &axes);
        let below = self.pool.add(exponent, minus);
        let exp = functions::find("exp")?;
        let moderate = self.pool.map(exp, &[below]);
        let places: Vec<Label> = (0..axes.len() as Label).collect();
        Some(Scale { exponent: largest, rest: self.pool.product(&[(rest, &places), (moderate, &places)], &[], &[]), wild })
    }
}

/// Whether no label stands twice.
fn distinct(labels: &[Label]) -> bool {
    labels.iter().enumerate().all(|(k, l)| !labels[..k].contains(l))
}
