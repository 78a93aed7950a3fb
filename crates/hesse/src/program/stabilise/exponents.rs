//! Exponents taken together.
//!
//! Every value that is built of exponentials is exp(m)·r with a moderate r. Of a sum of such, m is the largest (the log-sum-exp for a sum
//! over axes), of a product the sum of the m. Where a quotient or a logarithm meets them, the m add up before anything overflows:
//! (p·exp(a) + q·exp(b))⁻¹·exp(a) is (p·exp(a − m) + q·exp(b − m))⁻¹·exp(a − m) with m = max(a, b), and exp(X)[i,j]·(Σ exp(X)[i,j])⁻¹ is
//! exp(X[i,j] − m[i]) with the log-sum-exp m of each row.

use super::Stabiliser;
use crate::calculus::library;
use crate::facts::functions::{self, FunctionId};
use crate::facts::kernels::{SCALED, TOGETHER};
use crate::facts::matrices;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Rational};
use num_traits::{One, Signed, Zero};

/// How deep a value is searched for exponentials.
const DEEP: usize = 12;

/// A value as exp(exponent)·rest.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    exponent: Expr,
    rest: Expr,
    /// It may leave the range of floating point.
    wild: bool,
    /// The exponent is that of a sum with weights, of which those that are 0 have no part in it.
    weighted: bool,
}

/// An exponential of a product: its labels, its exponent, how often it stands there.
struct Unit {
    labels: Vec<Label>,
    exponent: Expr,
    power: Rational,
    wild: bool,
    weighted: bool,
}

/// Exponentials of a product that run over the same labels, as one.
struct Group {
    labels: Vec<Label>,
    exponent: Expr,
    /// Powers above the line less those below it.
    above: Rational,
    wild: bool,
    weighted: bool,
    joined: usize,
}

impl Stabiliser<'_> {
    /// A logarithm of, or a quotient with, sums of exponentials: their exponents taken together.
    pub(super) fn together(&mut self, e: Expr) -> Option<Expr> {
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
            let wild = s.wild || p.is_negative();
            let unit = |power| Unit { labels: f.labels.clone(), exponent: s.exponent, power, wild, weighted: s.weighted };
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
        let weights = left.clone();
        for Group { labels, mut exponent, weighted, .. } in groups {
            for w in weights.iter().filter(|w| weighted && w.labels.iter().all(|l| labels.contains(l))) {
                exponent = self.beside(exponent, w, &labels, &broadcast)?;
            }
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
                    groups[k].weighted |= u.weighted;
                    groups[k].joined += 1;
                }
                None => groups.push(Group { labels: u.labels, exponent, above: u.power, wild: u.wild, weighted: u.weighted, joined: 1 }),
            }
        }
        groups
    }

    /// e as exp(exponent)·rest, if it is built of exponentials.
    pub(super) fn scaled(&mut self, e: Expr, depth: usize) -> Option<Scale> {
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

    /// e with its size kept between 10⁻³⁰⁰ and 10³⁰⁰, if it is built of exponentials.
    pub(super) fn within_range(&mut self, e: Expr) -> Option<Expr> {
        let Scale { exponent, rest, .. } = self.scaled(e, 0).filter(|s| s.wild)?;
        let axes = self.pool.axes(e).to_vec();
        let names = [("m", exponent), ("r", rest)];
        library::elementwise(self.pool, "sign(r)*exp(min(max(m + log(abs(r)), -690), 690))", &names, &axes)
    }

    fn function(&mut self, f: FunctionId, args: &[Expr]) -> Option<Scale> {
        let row = SCALED.iter().find(|row| row.of == f.row().name)?;
        let axes = self.pool.axes(args[0]).to_vec();
        let names = [("x", args[0])];
        let exponent = library::elementwise(self.pool, row.exponent, &names, &axes)?;
        Some(Scale { exponent, rest: library::elementwise(self.pool, row.rest, &names, &axes)?, wild: !row.bounded, weighted: false })
    }

    fn sum(&mut self, terms: &[(Rational, Expr)], axes: &[Dim], depth: usize) -> Option<Scale> {
        let zero = self.pool.zero(axes);
        let parts: Vec<(Rational, Option<Scale>, Expr)> = terms.iter().map(|(c, t)| (*c, self.scaled(*t, depth + 1), *t)).collect();
        let wild = parts.iter().any(|p| p.1.is_some_and(|s| s.wild));
        let mut weighted = parts.iter().any(|p| p.1.is_some_and(|s| s.weighted));
        // A sum of bounded values is moderate as it is, and small only if all of them are.
        if !wild && parts.iter().any(|p| p.1.is_none()) {
            return None;
        }
        let parts: Vec<(Rational, Expr, Expr)> =
            parts.into_iter().map(|(c, s, t)| s.map_or((c, zero, t), |s| (c, s.exponent, s.rest))).collect();
        let several = parts.iter().any(|p| p.1 != parts[0].1);
        let mut sizes = vec![];
        for (_, m, r) in &parts {
            sizes.push(if several { self.size(*m, *r)? } else { *m });
        }
        let own: Vec<bool> = parts.iter().zip(&sizes).map(|(p, size)| p.1 != *size).collect();
        weighted |= own.contains(&true);
        sizes.sort_unstable();
        sizes.dedup();
        let max = functions::find("max")?;
        let exponent = sizes.into_iter().reduce(|a, b| self.pool.map(max, &[a, b]))?;
        let mut rest = vec![];
        for ((c, m, r), own) in parts.into_iter().zip(own) {
            let moderate = self.moderate(m, exponent, own.then_some(r))?;
            rest.push((c, self.pool.times(r, moderate)));
        }
        Some(Scale { exponent, rest: self.pool.sum(&rest, axes), wild, weighted })
    }

    /// The size of exp(m)·r as an exponent: m + log|r|, so that a weight counts, and one of 0 leaves the choice to the others. (One below
    /// 10⁻³⁰⁰ counts as that, or exp(m − largest) could overflow beside it.) What is nowhere 0 and does not vary is no weight.
    fn size(&mut self, m: Expr, r: Expr) -> Option<Expr> {
        let zeros = |e: &Expr| match self.pool.node(*e) {
            Node::Var(_) | Node::Pattern(_) => true,
            Node::Product { out, .. } => !distinct(out),
            _ => false,
        };
        if !self.pool.under(&[r]).iter().any(zeros) {
            return Some(m);
        }
        let axes = self.pool.axes(r).to_vec();
        let smallest = self.pool.decimal(1e-300);
        library::elementwise(self.pool, "m + log(max(abs(r), s*abs(sign(r))))", &[("r", r), ("s", smallest), ("m", m)], &axes)
    }

    /// exp(m − largest), at most 10³⁰⁰ beside a weight that counted; beside one of 0 it may be anything that is finite.
    fn moderate(&mut self, m: Expr, largest: Expr, weight: Option<Expr>) -> Option<Expr> {
        let axes = self.pool.axes(m).to_vec();
        let names = [("m", m), ("largest", largest), ("r", weight.unwrap_or(m))];
        let text = if weight.is_some() { "exp(where(r, m - largest, 0))" } else { "exp(m - largest)" };
        library::elementwise(self.pool, text, &names, &axes)
    }

    /// An exponent of a product: 0 where a weight beside it is, whatever a sum without that one makes of it.
    fn beside(&mut self, exponent: Expr, weight: &Factor, labels: &[Label], broadcast: &[(Label, Dim)]) -> Option<Expr> {
        let above = self.pool.as_number(weight.power).is_some_and(|p| p.is_positive());
        if !above || self.pool.as_constant(weight.base).is_some() {
            return Some(exponent);
        }
        let axes = self.pool.axes(exponent).to_vec();
        let wide = self.pool.product(&[(weight.base, &weight.labels)], labels, broadcast);
        library::elementwise(self.pool, "where(r, m, 0)", &[("r", wide), ("m", exponent)], &axes)
    }

    /// A product: the exponents of what runs over the axes of the result add up; what is summed over others gives its log-sum-exp.
    fn factors(&mut self, factors: &[Factor], out: &[Label], sizes: &[Dim], depth: usize) -> Option<Scale> {
        let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        // Beside its diagonal diag(x) is 0, whatever exponent it has there.
        let labels: Vec<Label> = out.iter().enumerate().filter(|(k, l)| !out[..*k].contains(l)).map(|t| *t.1).collect();
        let (whole, out) = (out, labels.as_slice());
        let axes: Vec<Dim> = out.iter().map(|l| sizes[*l as usize]).collect();
        let (mut exponent, mut wild, mut found, mut weighted) = (self.pool.zero(&axes), false, false, false);
        let (mut rest, mut summed) = (vec![], vec![]);
        for f in factors {
            let inside = f.labels.iter().all(|l| out.contains(l));
            let scale = match self.pool.as_number(f.power) {
                Some(p) if distinct(&f.labels) => self.scaled(f.base, depth + 1).map(|s| (p, s)),
                _ => None,
            };
            match scale {
                Some((p, s)) if inside || s.wild || p.is_negative() => {
                    let power = self.pool.scale(p, s.exponent);
                    let part = Summand { labels: f.labels.clone(), exponent: power, rest: Factor { base: s.rest, ..f.clone() } };
                    wild |= s.wild || p.is_negative();
                    weighted |= s.weighted;
                    found = true;
                    if inside {
                        let wide = self.pool.product(&[(part.exponent, &part.labels)], out, &broadcast);
                        exponent = self.pool.add(exponent, wide);
                        rest.push(part.rest);
                    } else {
                        summed.push(part);
                    }
                }
                _ => rest.push(f.clone()),
            }
        }
        if !found {
            return None;
        }
        let groups = together(summed, factors);
        let alone = groups.len() == 1;
        for group in groups {
            let (kept, largest, own) = self.log_sum_exp(group, alone, &mut rest, out, &broadcast)?;
            weighted |= own;
            let wide = self.pool.product(&[(largest, &kept)], out, &broadcast);
            exponent = self.pool.add(exponent, wide);
        }
        if whole != out {
            exponent = self.pool.product(&[(exponent, out)], whole, &broadcast);
        }
        Some(Scale { exponent, rest: self.pool.product_of(rest, whole.to_vec(), &broadcast), wild, weighted })
    }

    /// The log-sum-exp of what is summed, over the labels of it that stay, and whether it has weights; `rest` gains what is left under the sum.
    fn log_sum_exp(
        &mut self,
        group: Vec<Summand>,
        alone: bool,
        rest: &mut Vec<Factor>,
        out: &[Label],
        broadcast: &[(Label, Dim)],
    ) -> Option<(Vec<Label>, Expr, bool)> {
        let all = union(&group);
        // Axes that stay come first, as a reduction wants them.
        let kept: Vec<Label> = out.iter().copied().filter(|l| all.contains(l)).collect();
        let labels: Vec<Label> = kept.iter().chain(all.iter().filter(|l| !kept.contains(l))).copied().collect();
        let wide: Vec<Expr> = group.iter().map(|s| self.pool.product(&[(s.exponent, &s.labels)], &labels, broadcast)).collect();
        let exponent = wide.into_iter().reduce(|a, b| self.pool.add(a, b))?;
        // What stands under the sum beside them is their weight.
        let under = |f: &Factor| f.labels.iter().any(|l| !out.contains(l));
        let beside = |f: &Factor| under(f) && f.labels.iter().all(|l| labels.contains(l));
        let weights: Vec<Factor> = rest.iter().filter(|f| beside(f)).cloned().chain(group.into_iter().map(|s| s.rest)).collect();
        // Without another factor under the same sum, the log-sum-exp is the whole of it.
        let whole =
            alone && !rest.iter().any(|f| under(f) && !beside(f) && f.labels.iter().any(|l| labels.contains(l) && !out.contains(l)));
        rest.retain(|f| !beside(f));
        let weight = self.pool.product_of(weights.clone(), labels.clone(), broadcast);
        let logsumexp = matrices::find("logsumexp")?.keeping(kept.len());
        if let Some(c) = self.pool.as_constant(weight).filter(|c| !c.is_zero() && whole) {
            let power = self.pool.one();
            rest.push(Factor { base: self.pool.number(c), labels: vec![], power });
            return Some((kept, self.pool.apply(logsumexp, &[exponent]), false));
        }
        let size = self.size(exponent, weight)?;
        let largest = self.pool.apply(logsumexp, &[size]);
        let wide = self.pool.product(&[(largest, &kept)], &labels, broadcast);
        let weighted = size != exponent;
        let moderate = self.moderate(exponent, wide, weighted.then_some(weight))?;
        let power = self.pool.one();
        rest.extend(weights);
        rest.push(Factor { base: moderate, labels, power });
        Some((kept, largest, weighted))
    }
}

/// An exponential under a sum: exp(exponent)·rest.
struct Summand {
    labels: Vec<Label>,
    exponent: Expr,
    rest: Factor,
}

/// What gives its log-sum-exp at once: all of it, where that takes no array of more axes than the factors have; else each by itself.
fn together(summed: Vec<Summand>, factors: &[Factor]) -> Vec<Vec<Summand>> {
    let most = factors.iter().map(|f| f.labels.len()).max().unwrap_or(0);
    if summed.is_empty() {
        vec![]
    } else if union(&summed).len() <= most {
        vec![summed]
    } else {
        summed.into_iter().map(|s| vec![s]).collect()
    }
}

/// The labels of all of them, in order.
fn union(group: &[Summand]) -> Vec<Label> {
    let mut all: Vec<Label> = group.iter().flat_map(|s| s.labels.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether no label stands twice.
fn distinct(labels: &[Label]) -> bool {
    labels.iter().enumerate().all(|(k, l)| !labels[..k].contains(l))
}
