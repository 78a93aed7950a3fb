//! The labelled product: flatten, unify labels, merge powers, sort into the one canonical form.
//!
//! There are no rules for δ, ones, trace or transpose: substituting a product into a product unifies labels, and a δ in the
//! middle disappears because two labels became one.

use super::dim::Dim;
use super::number::Rational;
use super::pool::{Expr, Factor, Label, Node, Pattern, Pool};
use num_traits::{CheckedMul, One, Zero};
use rustc_hash::FxHashMap;

pub(super) mod shift;

/// Beyond this number of factors a product is kept as one factor of another (fixed association), so that work stays linear.
const FACTORS: usize = 20;

/// Ties between summed labels that refinement leaves are searched up to this number of leaves; more only costs a missed merge.
const TIES: usize = 64;

/// A product in the making: factors over labels of a growing table that unifies.
struct Making {
    coefficient: Rational,
    factors: Vec<Factor>,
    parent: Vec<Label>,
    sizes: Vec<Dim>,
    zero: bool,
}

/// The parts of a product node.
struct Closed {
    factors: Vec<Factor>,
    out: Vec<Label>,
    sizes: Vec<Dim>,
}

impl Making {
    fn find(&self, mut l: Label) -> Label {
        while self.parent[l as usize] != l {
            l = self.parent[l as usize];
        }
        l
    }
    fn unify(&mut self, a: Label, b: Label) {
        let (a, b) = (self.find(a), self.find(b));
        debug_assert_eq!(self.sizes[a as usize], self.sizes[b as usize], "one label has one size");
        let (low, high) = (a.min(b), a.max(b));
        self.parent[high as usize] = low;
    }
    fn fresh(&mut self, size: Dim) -> Label {
        let l = self.parent.len() as Label;
        self.parent.push(l);
        self.sizes.push(size);
        l
    }
    fn resolve(&mut self) {
        for k in 0..self.factors.len() {
            for l in 0..self.factors[k].labels.len() {
                self.factors[k].labels[l] = self.find(self.factors[k].labels[l]);
            }
        }
    }
}

impl Pool {
    /// The labelled product with powers; see [`Pool::product`].
    pub fn product_of(&mut self, factors: Vec<Factor>, out: Vec<Label>, broadcast: &[(Label, Dim)]) -> Expr {
        self.spend(1 + factors.len());
        let mut making = Making { coefficient: Rational::one(), factors: vec![], parent: vec![], sizes: vec![], zero: false };
        let mut local: Vec<(Label, Label)> = vec![];
        let mut label = |making: &mut Making, l: Label, size: Dim| match local.iter().find(|t| t.0 == l) {
            Some(t) => t.1,
            None => {
                let fresh = making.fresh(size);
                local.push((l, fresh));
                fresh
            }
        };
        let mut pending = vec![];
        for f in factors {
            debug_assert_eq!(self.rank(f.base), f.labels.len(), "one label per axis");
            let labels = f.labels.iter().zip(self.axes(f.base).to_vec()).map(|(l, d)| label(&mut making, *l, d)).collect();
            pending.push(Factor { base: f.base, labels, power: f.power });
        }
        let out: Vec<Label> = out
            .iter()
            .map(|l| {
                let size = broadcast.iter().find(|t| t.0 == *l).map(|t| t.1);
                // A label of `out` is carried by a factor (then it is known) or has its size in `broadcast`.
                let size = size.unwrap_or_else(|| self.dims.integer(1));
                label(&mut making, *l, size)
            })
            .collect();
        let axes: Vec<Dim> = out.iter().map(|l| making.sizes[*l as usize]).collect();
        self.pick(&mut pending);
        pending.reverse();
        self.flatten(&mut making, pending);
        if self.limit().is_some() || making.zero {
            return self.zero(&axes);
        }
        let out: Vec<Label> = out.iter().map(|l| making.find(*l)).collect();
        self.settle(&mut making, &out);
        if self.limit().is_some() || making.zero {
            return self.zero(&axes);
        }
        let product = self.finish(&making, &out, &axes);
        self.sum(&[(making.coefficient, product)], &axes)
    }

    /// `[a; b][1]` is `a`: where a one-hot vector meets a sum, terms that stand at another place of that axis are 0.
    fn pick(&mut self, factors: &mut [Factor]) {
        let mut at: Vec<(Label, i64)> = vec![];
        for f in factors.iter() {
            if let (Node::Pattern(Pattern::Unit { at: place, .. }), Some(1)) = (self.node(f.base), self.as_integer(f.power))
                && let Some(place) = self.dims.as_integer(*place)
            {
                at.push((f.labels[0], place));
            }
        }
        if at.is_empty() {
            return;
        }
        for f in factors.iter_mut().filter(|f| f.labels.iter().any(|l| at.iter().any(|a| a.0 == *l))) {
            let (Node::Sum(terms, axes), Some(1)) = (self.node(f.base).clone(), self.as_integer(f.power)) else { continue };
            let elsewhere = |pool: &Pool, t: Expr| {
                let mut places =
                    f.labels.iter().enumerate().filter_map(|(axis, l)| Some((pool.place(t, axis)?, at.iter().find(|a| a.0 == *l)?.1)));
                places.any(|(own, asked)| own != asked)
            };
            let kept: Vec<(Rational, Expr)> = terms.iter().filter(|(_, t)| !elsewhere(self, *t)).copied().collect();
            if kept.len() < terms.len() {
                f.base = self.sum(&kept, &axes);
            }
        }
    }

    /// The only position of an axis at which a term is not 0, if it is a whole number.
    fn place(&self, term: Expr, axis: usize) -> Option<i64> {
        match self.node(term) {
            Node::Pattern(Pattern::Unit { at, .. }) => self.dims.as_integer(*at),
            Node::Product { factors, out, .. } => factors.iter().find_map(|f| match self.node(f.base) {
                Node::Pattern(Pattern::Unit { at, .. }) if f.labels == [out[axis]] => self.dims.as_integer(*at),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Opens every factor that may be opened: nested products, numeric content of sums, numbers, sizes, even powers of norms.
    fn flatten(&mut self, making: &mut Making, mut pending: Vec<Factor>) {
        while let Some(factor) = pending.pop() {
            if !self.spend(1) || making.zero {
                return;
            }
            let Factor { base, labels, power } = factor;
            let exponent = self.as_number(power);
            let integer = self.as_integer(power);
            if exponent.is_some_and(|p| p.is_zero()) {
                continue;
            }
            match self.node(base).clone() {
                Node::Sum(terms, _) if terms.is_empty() => match exponent {
                    Some(p) if p < Rational::zero() => making.factors.push(Factor { base, labels, power }),
                    _ => making.zero = true,
                },
                Node::Sum(terms, axes) if integer.is_some_and(|k| k.unsigned_abs() <= 64) => {
                    let k = integer.unwrap_or(1);
                    let (content, mut rest) = match terms.as_slice() {
                        [(c, e)] => (*c, *e),
                        _ => self.primitive(&terms, &axes),
                    };
                    // A content whose power leaves 128 bits stays inside.
                    let step = if k > 0 { content } else { content.recip() };
                    let raised = (0..k.unsigned_abs()).try_fold(Rational::one(), |r, _| r.checked_mul(&step));
                    let Some(raised) = raised else {
                        making.factors.push(Factor { base, labels, power });
                        continue;
                    };
                    making.coefficient = self.checked_mul(making.coefficient, raised);
                    let mut labels = labels;
                    if terms.len() == 1 {
                        pending.push(Factor { base: rest, labels, power });
                        continue;
                    }
                    // A sum and its transpose are one factor with the labels swapped: keep the older of the two.
                    if labels.len() == 2 {
                        let t = self.transpose(rest);
                        if let Node::Sum(terms, axes) = self.node(t).clone() {
                            // Older means: as a primitive sum. The transpose itself may be new although its negative is not.
                            let (sign, t) = self.primitive(&terms, &axes);
                            if t < rest {
                                if sign < Rational::zero() && k % 2 != 0 {
                                    making.coefficient = -making.coefficient;
                                }
                                rest = t;
                                labels.swap(0, 1);
                            }
                        }
                    }
                    making.factors.push(Factor { base: rest, labels, power });
                }
                // A multiple under a fractional power stays one base, without the axes along which it is constant.
                Node::Sum(terms, _) if terms.len() == 1 && integer.is_none() && self.has_constant_axes(terms[0].1) => {
                    let Node::Product { factors, out, .. } = self.node(terms[0].1).clone() else { continue };
                    let kept: Vec<usize> = (0..out.len()).filter(|k| factors.iter().any(|f| f.labels.contains(&out[*k]))).collect();
                    let axes: Vec<Dim> = kept.iter().map(|k| self.axes(base)[*k]).collect();
                    let base = self.take_constant_axes(base, &kept, &axes);
                    pending.push(Factor { base, labels: kept.iter().map(|k| labels[*k]).collect(), power });
                }
                Node::Product { factors, out, sizes } => {
                    let full = factors.len() > 1 && making.factors.len() + pending.len() + factors.len() > FACTORS;
                    let opened = if full { None } else { self.open(making, Closed { factors, out, sizes }, &labels, power) };
                    match opened {
                        Some(inner) => pending.extend(inner.into_iter().rev()),
                        None => making.factors.push(Factor { base, labels, power }),
                    }
                }
                // ‖x‖^2k is (Σ x²)^k: smooth at 0, where ‖x‖ is not. So for an exponent that is no number.
                Node::Apply(f, args) if f.row().name == "norm2" && (exponent.is_none() || integer.is_some_and(|k| k % 2 == 0)) => {
                    let square = self.sum_of_squares(args[0], f.kept());
                    let half = self.scale(Rational::new(1, 2), power);
                    pending.push(Factor { base: square, labels, power: half });
                }
                // A 0/1 value is its own square.
                Node::Pattern(_) if exponent.is_some_and(|p| p > Rational::zero()) => {
                    let one = self.one();
                    making.factors.push(Factor { base, labels, power: one });
                }
                Node::Map(f, _) if f.row().mask && exponent.is_some_and(|p| p > Rational::zero()) => {
                    let one = self.one();
                    making.factors.push(Factor { base, labels, power: one });
                }
                _ => making.factors.push(Factor { base, labels, power }),
            }
        }
    }

    /// Whether it is a product without a diagonal that is constant along some axis.
    fn has_constant_axes(&self, e: Expr) -> bool {
        let Node::Product { factors, out, .. } = self.node(e) else { return false };
        let diagonal = out.iter().enumerate().any(|(k, l)| out[..k].contains(l));
        !diagonal && out.iter().any(|l| !factors.iter().any(|f| f.labels.contains(l)))
    }

    /// Σ of a² over all axes but the first `kept`.
    pub fn sum_of_squares(&mut self, a: Expr, kept: usize) -> Expr {
        let labels: Vec<Label> = (0..self.rank(a) as Label).collect();
        let out = labels[..kept].to_vec();
        let power = self.integer(2);
        self.product_of(vec![Factor { base: a, labels, power }], out, &[])
    }

    /// The factors of a product raised to a power, over labels of `making`; `None` where it must stay closed.
    fn open(&mut self, making: &mut Making, product: Closed, labels: &[Label], power: Expr) -> Option<Vec<Factor>> {
        let Closed { factors, out, sizes } = product;
        let exponent = self.as_number(power);
        let summed = (0..sizes.len() as Label).any(|l| !out.contains(&l));
        if exponent.is_some_and(|p| p.is_one()) {
            // A closed scalar (a trace, a dot product) stays one factor, so that s·s⁻¹ cancels.
            if out.is_empty() && summed {
                return None;
            }
            let map: Vec<Label> = sizes.iter().map(|d| making.fresh(*d)).collect();
            for (outer, inner) in labels.iter().zip(&out) {
                making.unify(*outer, map[*inner as usize]);
            }
            let rename = |f: Factor| Factor { labels: f.labels.iter().map(|l| map[*l as usize]).collect(), ..f };
            return Some(factors.into_iter().map(rename).collect());
        }
        // 1/diag(x) is not diag(1/x), but its diagonal is 1/x.
        let first = |k: usize| out.iter().position(|l| *l == out[k]).unwrap_or(k);
        if (0..out.len()).any(|k| making.find(labels[k]) != making.find(labels[first(k)])) {
            return None;
        }
        // (1 x')^p is 1 (x'^p): what is the same along an axis stays so, and a diagonal that is asked for is a vector.
        let carried = |l: &Label| factors.iter().any(|f| f.labels.contains(l));
        let kept: Vec<usize> = (0..out.len()).filter(|k| first(*k) == *k && carried(&out[*k])).collect();
        if kept.len() < out.len() {
            let inner: Vec<Label> = kept.iter().map(|k| out[*k]).collect();
            let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let base = self.product_of(factors, inner, &sizes);
            return Some(vec![Factor { base, labels: kept.iter().map(|k| labels[*k]).collect(), power }]);
        }
        // (b^q)^p = b^(qp) for integer p, or when every base is known to be ≥ 0; and (A')^p is (A^p)' for any p.
        let relabels = |pool: &Pool, f: &Factor| pool.as_integer(f.power) == Some(1) && f.labels.iter().all(|l| out.contains(l));
        let turned = factors.len() == 1 && relabels(self, &factors[0]);
        if self.as_integer(power).is_none() && !turned && !factors.iter().all(|f| self.is_nonnegative(f.base)) {
            return None;
        }
        // (s_i Σ_j A_ij x_j)^p = s_i^p (Σ_j A_ij x_j)^p: what a sum joins stays one base.
        let mut groups: Vec<(Vec<Factor>, bool)> = factors
            .into_iter()
            .map(|f| {
                let joined = f.labels.iter().any(|l| !out.contains(l));
                (vec![f], joined)
            })
            .collect();
        let mut k = 0;
        while k < groups.len() {
            let meets = |g: &(Vec<Factor>, bool), h: &(Vec<Factor>, bool)| {
                let summed = |l: &&Label| !out.contains(*l);
                g.0.iter().flat_map(|f| &f.labels).filter(summed).any(|l| h.0.iter().any(|f| f.labels.contains(l)))
            };
            match (0..k).find(|m| meets(&groups[*m], &groups[k])) {
                Some(m) => {
                    let (group, _) = groups.remove(k);
                    groups[m].0.extend(group);
                    k = 0;
                }
                None => k += 1,
            }
        }
        if groups.len() == 1 && groups[0].1 {
            return None;
        }
        let place = |l: &Label| out.iter().position(|o| o == l).map(|k| labels[k]);
        let mut opened = vec![];
        for (group, joined) in groups {
            if joined {
                let mut kept: Vec<Label> = out.iter().filter(|l| group.iter().any(|f| f.labels.contains(l))).copied().collect();
                kept.dedup();
                let labels: Vec<Label> = kept.iter().filter_map(place).collect();
                let base = self.product_of(group, kept, &[]);
                opened.push(Factor { base, labels, power });
            } else {
                for f in group {
                    let labels: Vec<Label> = f.labels.iter().filter_map(place).collect();
                    opened.push(Factor { base: f.base, labels, power: self.times(f.power, power) });
                }
            }
        }
        Some(opened)
    }

    /// Whether every entry is known to be ≥ 0 from the form alone.
    pub fn is_nonnegative(&self, e: Expr) -> bool {
        match self.node(e) {
            Node::Size(_) | Node::Pi | Node::Pattern(_) => true,
            Node::Map(f, _) => !f.row().sign.is_empty(),
            Node::Apply(f, _) => f.row().name == "norm2",
            Node::Product { factors, .. } => {
                factors.iter().all(|f| self.as_integer(f.power).is_some_and(|k| k % 2 == 0) || self.is_nonnegative(f.base))
            }
            Node::Sum(terms, _) => terms.iter().all(|(c, e)| *c > Rational::zero() && self.is_nonnegative(*e)),
            _ => false,
        }
    }

    /// Merges equal factors, closes scalar components, turns summed labels that nobody carries into sizes, cancels inverses;
    /// repeats until nothing changes.
    fn settle(&mut self, making: &mut Making, out: &[Label]) {
        loop {
            making.resolve();
            if !self.spend(making.factors.len()) || making.zero {
                return;
            }
            if self.merge(making)
                || self.merge_norms(making, out)
                || self.settle_units(making, out)
                || self.settle_triangles(making)
                || self.settle_shifts(making, out)
                || self.close_repeats(making, out)
                || self.close_scalars(making, out)
            {
                continue;
            }
            return;
        }
    }

    /// b^p b^q = b^(p+q). Returns whether something must be opened again.
    fn merge(&mut self, making: &mut Making) -> bool {
        let mut merged: Vec<Factor> = Vec::with_capacity(making.factors.len());
        let mut seen: FxHashMap<(Expr, Vec<Label>), usize> = FxHashMap::default();
        let mut changed = vec![];
        for mut f in std::mem::take(&mut making.factors) {
            if f.labels.len() == 2 && f.labels[0] > f.labels[1] && self.is_symmetric_known(f.base) {
                f.labels.swap(0, 1);
            }
            match seen.get(&(f.base, f.labels.clone())) {
                Some(&k) => {
                    merged[k].power = self.add(merged[k].power, f.power);
                    if !changed.contains(&k) {
                        changed.push(k);
                    }
                }
                None => {
                    seen.insert((f.base, f.labels.clone()), merged.len());
                    merged.push(f);
                }
            }
        }
        // What now has another power may open: (Σ…)^½ twice, or vanish, or be a mask squared.
        let mut again = vec![];
        changed.sort_unstable();
        for k in changed.iter().rev() {
            again.push(merged.remove(*k));
        }
        making.factors = merged;
        let reopened = !again.is_empty();
        self.flatten(making, again);
        reopened
    }

    /// ‖x‖^q (Σ x²)^k = ‖x‖^(q+2k) for odd q.
    fn merge_norms(&mut self, making: &mut Making, out: &[Label]) -> bool {
        for k in 0..making.factors.len() {
            let f = making.factors[k].clone();
            let Node::Apply(id, args) = self.node(f.base).clone() else { continue };
            if id.row().name != "norm2" {
                continue;
            }
            let square = self.sum_of_squares(args[0], id.kept());
            if self.as_integer(f.power).is_none() {
                continue;
            }
            let Some(m) = making.factors.iter().position(|g| g.base == square && g.labels == f.labels) else {
                if f.labels.is_empty() || !self.merge_opened_square(making, out, k, square) {
                    continue;
                }
                return true;
            };
            if self.as_integer(making.factors[m].power).is_none() {
                continue;
            }
            let two = self.integer(2);
            let double = self.times(two, making.factors[m].power);
            making.factors[k].power = self.add(f.power, double);
            making.factors.remove(m);
            return true;
        }
        false
    }

    /// The same where the sum of squares of each row stands open among the factors: factor `k` is the norm.
    fn merge_opened_square(&mut self, making: &mut Making, out: &[Label], k: usize, square: Expr) -> bool {
        let Node::Product { factors: inner, out: kept, .. } = self.node(square).clone() else { return false };
        let norm = making.factors[k].clone();
        let map = kept.iter().copied().zip(norm.labels.iter().copied()).collect();
        let Some((used, map)) = self.find_inside(&inner, &making.factors, vec![k], map) else { return false };
        let sums: Vec<Label> = map.iter().filter(|(l, _)| !kept.contains(l)).map(|m| m.1).collect();
        let elsewhere = |l: &Label| {
            let other = making.factors.iter().enumerate().any(|(m, f)| !used.contains(&m) && f.labels.contains(l));
            other || out.iter().any(|o| making.find(*o) == *l)
        };
        let distinct = sums.iter().enumerate().all(|(m, l)| !sums[..m].contains(l) && !norm.labels.contains(l));
        if sums.is_empty() || !distinct || sums.iter().any(elsewhere) {
            return false;
        }
        let two = self.integer(2);
        making.factors[k].power = self.add(norm.power, two);
        let mut gone: Vec<usize> = used.into_iter().filter(|m| *m != k).collect();
        gone.sort_unstable();
        gone.iter().rev().for_each(|m| {
            making.factors.remove(*m);
        });
        sums.into_iter().for_each(|l| self.forget(making, l));
        true
    }

    /// Two different one-hot vectors on one label give zero; a one-hot vector alone under a sum gives 1.
    fn settle_units(&mut self, making: &mut Making, out: &[Label]) -> bool {
        for k in 0..making.factors.len() {
            let Node::Pattern(Pattern::Unit { at, .. }) = *self.node(making.factors[k].base) else { continue };
            let l = making.factors[k].labels[0];
            let same: Vec<usize> = (0..making.factors.len()).filter(|m| making.factors[*m].labels.contains(&l)).collect();
            for &m in &same {
                if let Node::Pattern(Pattern::Unit { at: other, .. }) = *self.node(making.factors[m].base)
                    && let (Some(a), Some(b)) = (self.dims.as_integer(at), self.dims.as_integer(other))
                    && a != b
                {
                    making.zero = true;
                    return true;
                }
            }
            let outer = out.iter().any(|o| making.find(*o) == l);
            if same == [k] && !outer {
                making.factors.remove(k);
                self.forget(making, l);
                return true;
            }
            // (x .* y)[3] is x[3]*y[3]: a one-hot vector selects from each factor by itself.
            let others: Vec<usize> = same.iter().copied().filter(|m| *m != k).collect();
            let uses: usize = others.iter().map(|m| making.factors[*m].labels.iter().filter(|x| **x == l).count()).sum();
            let another = others.iter().any(|m| matches!(self.node(making.factors[*m].base), Node::Pattern(Pattern::Unit { .. })));
            if !another && (uses > 1 || (uses == 1 && outer)) {
                let unit = making.factors[k].clone();
                let size = making.sizes[l as usize];
                for m in others {
                    for a in 0..making.factors[m].labels.len() {
                        if making.factors[m].labels[a] == l {
                            let fresh = making.fresh(size);
                            making.factors[m].labels[a] = fresh;
                            making.factors.push(Factor { labels: vec![fresh], ..unit.clone() });
                        }
                    }
                }
                if !outer {
                    making.factors.remove(k);
                    self.forget(making, l);
                }
                return true;
            }
        }
        false
    }

    /// Two triangles that face each other leave the diagonal, and the diagonal of a triangle is 1.
    fn settle_triangles(&mut self, making: &mut Making) -> bool {
        let triangle = |pool: &Pool, f: &Factor| matches!(pool.node(f.base), Node::Pattern(Pattern::Lower { .. }));
        for k in 0..making.factors.len() {
            let f = &making.factors[k];
            if !triangle(self, f) {
                continue;
            }
            let (i, j) = (f.labels[0], f.labels[1]);
            if i == j {
                making.factors.remove(k);
                return true;
            }
            let facing = (0..k).find(|m| triangle(self, &making.factors[*m]) && making.factors[*m].labels == [j, i]);
            if let Some(m) = facing {
                making.factors.remove(k);
                making.factors.remove(m);
                making.unify(i, j);
                return true;
            }
        }
        false
    }

    /// Takes a label out of the table (its root becomes itself and no factor carries it; `close_scalars` must not see it).
    fn forget(&mut self, making: &mut Making, l: Label) {
        making.sizes[l as usize] = self.dims.integer(1);
    }

    /// (Σ_j A_ij x_j)(Σ_k A_ik x_k) is (Σ_j A_ij x_j)²: equal components that summed labels join become one closed base.
    fn close_repeats(&mut self, making: &mut Making, out: &[Label]) -> bool {
        let outer = |l: &Label| out.iter().any(|o| making.find(*o) == *l);
        let joined: Vec<usize> = (0..making.factors.len()).filter(|k| making.factors[*k].labels.iter().any(|l| !outer(l))).collect();
        if joined.len() < 2 {
            return false;
        }
        let mut groups: Vec<Vec<usize>> = vec![];
        for k in joined {
            let summed: Vec<Label> = making.factors[k].labels.iter().filter(|l| !outer(l)).copied().collect();
            let mut group = vec![k];
            let mut rest = vec![];
            for g in groups {
                let meets = g.iter().any(|m| making.factors[*m].labels.iter().any(|l| summed.contains(l)));
                if meets { group.extend(g) } else { rest.push(g) }
            }
            rest.push(group);
            groups = rest;
        }
        groups.iter_mut().for_each(|g| g.sort_unstable());
        // A cheap key first: the bases of a component and its output labels.
        let key = |g: &Vec<usize>| {
            let mut bases: Vec<(Expr, Expr)> = g.iter().map(|k| (making.factors[*k].base, making.factors[*k].power)).collect();
            bases.sort_unstable();
            let mut labels: Vec<Label> = g.iter().flat_map(|k| &making.factors[*k].labels).filter(|l| outer(l)).copied().collect();
            labels.sort_unstable();
            labels.dedup();
            (bases, labels)
        };
        let keys: Vec<_> = groups.iter().map(key).collect();
        for (k, g) in groups.iter().enumerate() {
            let labels = keys[k].1.clone();
            if labels.is_empty() {
                continue;
            }
            let twin = (0..k).find(|m| keys[*m] == keys[k]);
            let closed: Vec<usize> = (0..making.factors.len())
                .filter(|m| making.factors[*m].labels == labels && matches!(self.node(making.factors[*m].base), Node::Product { .. }))
                .collect();
            if twin.is_none() && closed.is_empty() {
                continue;
            }
            let factors = |g: &Vec<usize>| g.iter().map(|k| making.factors[*k].clone()).collect::<Vec<_>>();
            let base = self.product_of(factors(g), labels.clone(), &[]);
            let mut gone = g.clone();
            let one = self.one();
            let power = if let Some(&m) = closed.iter().find(|m| making.factors[**m].base == base) {
                gone.push(m);
                self.add(making.factors[m].power, one)
            } else if let Some(m) = twin {
                if self.product_of(factors(&groups[m]), labels.clone(), &[]) != base {
                    continue;
                }
                gone.extend(&groups[m]);
                self.integer(2)
            } else {
                continue;
            };
            gone.sort_unstable();
            for k in gone.into_iter().rev() {
                for l in making.factors.remove(k).labels {
                    if !labels.contains(&l) {
                        self.forget(making, l);
                    }
                }
            }
            self.flatten(making, vec![Factor { base, labels, power }]);
            return true;
        }
        false
    }

    /// Turns each component of factors that no output label reaches into one scalar factor, and each summed label that
    /// nobody carries into a size.
    fn close_scalars(&mut self, making: &mut Making, out: &[Label]) -> bool {
        let roots: Vec<Label> = (0..making.parent.len() as Label).filter(|l| making.parent[*l as usize] == *l).collect();
        let mut again = vec![];
        for &l in &roots {
            let l_out = out.iter().any(|o| making.find(*o) == l);
            if !l_out && !making.factors.iter().any(|f| f.labels.contains(&l)) {
                let size = making.sizes[l as usize];
                if self.dims.as_integer(size) != Some(1) {
                    let base = self.size(size);
                    let power = self.one();
                    again.push(Factor { base, labels: vec![], power });
                }
                self.forget(making, l);
            }
        }
        // Components by shared labels.
        let n = making.factors.len();
        let mut component: Vec<usize> = (0..n).collect();
        let reaches_out: Vec<bool> =
            making.factors.iter().map(|f| f.labels.iter().any(|l| out.iter().any(|o| making.find(*o) == *l))).collect();
        for k in 0..n {
            for m in 0..k {
                if component[k] != component[m] && making.factors[k].labels.iter().any(|l| making.factors[m].labels.contains(l)) {
                    let (old, new) = (component[k], component[m]);
                    component.iter_mut().filter(|c| **c == old).for_each(|c| *c = new);
                }
            }
        }
        let closed = |c: usize| {
            let members: Vec<usize> = (0..n).filter(|k| component[*k] == c).collect();
            let scalar = members.iter().all(|k| !reaches_out[*k]) && members.iter().any(|k| !making.factors[*k].labels.is_empty());
            scalar.then_some(members)
        };
        let found: Vec<Vec<usize>> = (0..n).filter(|c| component[*c] == *c).filter_map(closed).collect();
        // The whole product is that one component: this is the scalar itself.
        let alone = found.len() == 1 && found[0].len() == n && out.is_empty() && again.is_empty();
        if !alone && !found.is_empty() {
            let mut gone: Vec<usize> = vec![];
            for members in found {
                let factors: Vec<Factor> = members.iter().map(|k| making.factors[*k].clone()).collect();
                for f in &factors {
                    for l in &f.labels {
                        self.forget(making, *l);
                    }
                }
                let base = self.product_of(factors, vec![], &[]);
                let power = self.one();
                again.push(Factor { base, labels: vec![], power });
                gone.extend(members);
            }
            gone.sort_unstable();
            for k in gone.into_iter().rev() {
                making.factors.remove(k);
            }
        }
        if again.is_empty() {
            return false;
        }
        self.flatten(making, again);
        true
    }

    /// Whether the expression equals its own transpose by form.
    pub fn is_symmetric(&mut self, e: Expr) -> bool {
        self.rank(e) == 2 && self.axes(e)[0] == self.axes(e)[1] && self.transpose(e) == e
    }

    /// Numbers the labels, sorts the factors, interns; gives a bare base where the product is one.
    fn finish(&mut self, making: &Making, out: &[Label], axes: &[Dim]) -> Expr {
        let out: Vec<Label> = out.iter().map(|l| making.find(*l)).collect();
        let mut order: Vec<Label> = vec![];
        for l in &out {
            if !order.contains(l) {
                order.push(*l);
            }
        }
        let outer = order.len();
        for f in &making.factors {
            for l in &f.labels {
                if !order.contains(l) {
                    order.push(*l);
                }
            }
        }
        let number = |l: &Label| order.iter().position(|o| o == l).unwrap_or(0) as Label;
        let factors: Vec<Factor> =
            making.factors.iter().map(|f| Factor { base: f.base, labels: f.labels.iter().map(number).collect(), power: f.power }).collect();
        let symmetric: Vec<bool> = factors.iter().map(|f| f.labels.len() == 2 && self.is_symmetric_known(f.base)).collect();
        let (factors, renumber) = canonical(&factors, &symmetric, outer, order.len());
        let mut sizes = vec![axes.first().copied().unwrap_or_else(|| self.dims.integer(1)); order.len()];
        for (old, l) in order.iter().enumerate() {
            sizes[renumber[old] as usize] = making.sizes[*l as usize];
        }
        let out: Vec<Label> = out.iter().map(number).collect();
        if let [f] = factors.as_slice()
            && self.as_integer(f.power) == Some(1)
        {
            if f.labels == out && out.iter().enumerate().all(|(k, l)| k == *l as usize) {
                return f.base;
            }
            // A pure relabelling of a sum goes into its terms: (A + B)' is A' + B'. A diagonal beside a constant axis is none.
            let permutation = f.labels.len() == out.len() && outer == out.len() && out.iter().all(|l| f.labels.contains(l));
            if let (true, Node::Sum(terms, _)) = (permutation, self.node(f.base).clone()) {
                let terms: Vec<_> = terms.iter().map(|(c, e)| (*c, self.product(&[(*e, &f.labels)], &out, &[]))).collect();
                return self.sum(&terms, axes);
            }
        }
        self.intern(Node::Product { factors, out, sizes }, axes.to_vec())
    }

    /// Symmetry by form for bases where asking is cheap and cannot recur into this very product.
    fn is_symmetric_known(&mut self, base: Expr) -> bool {
        match self.node(base) {
            Node::Sum(..) | Node::Map(..) | Node::Apply(..) => self.is_symmetric(base),
            Node::Var(_) => self.knows_symmetric(base),
            _ => false,
        }
    }
}

/// Sorted factors over canonical labels, and for each old label its new number. Labels below `outer` keep their number;
/// summed labels are told apart by refinement, ties by a bounded search for the least encoding.
fn canonical(factors: &[Factor], symmetric: &[bool], outer: usize, labels: usize) -> (Vec<Factor>, Vec<Label>) {
    let colors: Vec<u32> = (0..labels).map(|l| if l < outer { l as u32 } else { outer as u32 }).collect();
    let mut best: Option<(Vec<Factor>, Vec<Label>)> = None;
    let mut stack = vec![refine(factors, symmetric, outer, colors)];
    let mut leaves = 0;
    while let Some(colors) = stack.pop() {
        // The first class of summed labels that are still alike.
        let tie = (outer..labels).find(|l| (outer..labels).any(|m| m != *l && colors[m] == colors[*l]));
        match tie {
            Some(first) if leaves + stack.len() < TIES => {
                for l in outer..labels {
                    if colors[l] == colors[first] {
                        let mut split: Vec<u32> = colors.iter().map(|c| 2 * c + 1).collect();
                        split[l] -= 1;
                        stack.push(refine(factors, symmetric, outer, split));
                    }
                }
            }
            _ => {
                leaves += 1;
                let mut by_color: Vec<usize> = (0..labels).collect();
                by_color.sort_by_key(|l| (*l >= outer, colors[*l], *l));
                let mut renumber = vec![0 as Label; labels];
                for (new, old) in by_color.iter().enumerate() {
                    renumber[*old] = new as Label;
                }
                let mut sorted: Vec<Factor> = factors
                    .iter()
                    .zip(symmetric)
                    .map(|(f, s)| {
                        let mut labels: Vec<Label> = f.labels.iter().map(|l| renumber[*l as usize]).collect();
                        if *s {
                            labels.sort_unstable();
                        }
                        Factor { base: f.base, labels, power: f.power }
                    })
                    .collect();
                sorted.sort();
                if best.as_ref().is_none_or(|b| sorted < b.0) {
                    best = Some((sorted, renumber));
                }
            }
        }
    }
    best.unwrap_or_default()
}

/// What a label sees of a factor: its base and power, the label's position in it, the classes of all its labels.
type Sight = (Expr, Expr, usize, Vec<u32>);

/// Splits the classes of summed labels by what their factors look like, until nothing splits.
fn refine(factors: &[Factor], symmetric: &[bool], outer: usize, mut colors: Vec<u32>) -> Vec<u32> {
    let labels = colors.len();
    if labels <= outer + 1 {
        return colors;
    }
    let classes = |colors: &[u32]| {
        let mut c: Vec<u32> = colors[outer..].to_vec();
        c.sort_unstable();
        c.dedup();
        c.len()
    };
    loop {
        let before = classes(&colors);
        let mut signatures: Vec<(u32, Vec<Sight>)> = vec![];
        for l in outer..labels {
            let mut seen = vec![];
            for (f, s) in factors.iter().zip(symmetric) {
                for (position, m) in f.labels.iter().enumerate() {
                    if *m as usize == l {
                        let mut around: Vec<u32> = f.labels.iter().map(|m| colors[*m as usize]).collect();
                        if *s {
                            around.sort_unstable();
                        }
                        seen.push((f.base, f.power, if *s { 0 } else { position }, around));
                    }
                }
            }
            seen.sort();
            signatures.push((colors[l], seen));
        }
        let mut ranks = signatures.clone();
        ranks.sort();
        ranks.dedup();
        for l in outer..labels {
            let rank = ranks.binary_search(&signatures[l - outer]).unwrap_or(0);
            colors[l] = (outer + rank) as u32;
        }
        if classes(&colors) == before || classes(&colors) == labels - outer {
            return colors;
        }
    }
}
