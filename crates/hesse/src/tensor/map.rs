//! Functions of tensors: element-wise maps and opaque matrix functions, with the identities that always shorten.

use super::dim::Dim;
use super::number::Rational;
use super::pool::{Expr, Factor, Label, Node, Pool};
use crate::facts::functions::{self, FunctionId};
use crate::facts::matrices::MatrixFunctionId;
use num_traits::{One, Zero};

impl Pool {
    /// Element-wise function; the arguments have equal axes.
    pub fn map(&mut self, f: FunctionId, args: &[Expr]) -> Expr {
        self.spend(1 + args.len());
        let axes = self.axes(args[0]).to_vec();
        if self.limit().is_some() {
            return self.zero(&axes);
        }
        if let Some(short) = self.shorten_map(f, args, &axes) {
            return short;
        }
        if let Some(e) = self.map_below_broadcast(f, args, &axes) {
            return e;
        }
        // f(A', B') is f(A, B)': of all orders of the axes the one with the oldest arguments.
        if (2..=4).contains(&axes.len()) {
            let mut best = (args.to_vec(), (0..axes.len()).collect::<Vec<usize>>());
            for order in orders(axes.len()).into_iter().skip(1) {
                let turned: Vec<Expr> =
                    args.iter().map(|a| if axes.len() == 2 { self.transpose(*a) } else { self.permute(*a, &order) }).collect();
                if turned < best.0 {
                    best = (turned, order);
                }
            }
            if best.0 != args {
                let inner = self.intern(Node::Map(f, best.0), best.1.iter().map(|k| axes[*k]).collect());
                if axes.len() == 2 {
                    return self.transpose(inner);
                }
                let back: Vec<usize> = (0..axes.len()).filter_map(|k| best.1.iter().position(|o| *o == k)).collect();
                return self.permute(inner, &back);
            }
        }
        self.intern(Node::Map(f, args.to_vec()), axes)
    }

    /// exp(0) = 1, max(0, x) = relu(x), x > x = 0, arguments of max sorted.
    fn shorten_map(&mut self, f: FunctionId, args: &[Expr], axes: &[Dim]) -> Option<Expr> {
        let row = f.row();
        let constants: Option<Vec<Rational>> = args.iter().map(|a| self.as_constant(*a)).collect();
        if let Some(values) = constants {
            let small = |r: &Rational| r.is_integer() && r.numer().abs() <= 1 << 20;
            if values.iter().all(small) {
                let point: Vec<f64> = values.iter().map(|r| *r.numer() as f64).collect();
                let value = (row.value)(&point);
                // Exact by the definition at 0 and 1; elsewhere only for the functions that choose or compare.
                let chooses = ["abs", "sign", "relu", "max", "min", "gt", "ge", "eq", "where"].contains(&row.name);
                let exact = value.fract() == 0.0 && value.abs() < 1e6 && (chooses || point.iter().all(|x| *x == 0.0 || *x == 1.0));
                if exact {
                    let value = self.number(Rational::from_integer(value as i128));
                    return Some(self.broadcast(value, axes));
                }
            }
        }
        match row.name {
            // Before any convention at a tie can enter: max(x, x) is x and has its derivative.
            "max" | "min" if args[0] == args[1] => Some(args[0]),
            "gt" if args[0] == args[1] => Some(self.zero(axes)),
            "where" if args[1] == args[2] => Some(args[1]),
            // where(c, 1, 0) is c for a c that is 0 or 1.
            "where" if self.is_mask(args[0]) && self.is_zero(args[2]) && self.as_constant(args[1]).is_some_and(|c| c.is_one()) => {
                Some(args[0])
            }
            // Not only a rule: max(x, x) has the derivative of x, but the slopes of a tie are 0.
            "max" | "min" if args[0] == args[1] => Some(args[0]),
            "max" | "min" => {
                let zero = args.iter().position(|a| self.is_zero(*a));
                let relu = functions::find("relu")?;
                if let Some(k) = zero {
                    let z = args[1 - k];
                    return Some(if row.name == "max" {
                        self.map(relu, &[z])
                    } else {
                        let minus = self.negate(z);
                        let positive = self.map(relu, &[minus]);
                        self.negate(positive)
                    });
                }
                (args[1] < args[0]).then(|| self.map(f, &[args[1], args[0]]))
            }
            "pow" => match self.as_constant(args[1]) {
                Some(p) => {
                    let p = self.number(p);
                    Some(self.power(args[0], p))
                }
                // An exponent that is the same everywhere is a scalar one.
                None => self.scalar_of(args[1]).map(|p| self.power(args[0], p)),
            },
            "relu" | "abs" if axes.is_empty() && self.is_nonnegative(args[0]) => Some(args[0]),
            _ => None,
        }
    }

    /// Whether every entry is 0 or 1 by its form.
    fn is_mask(&self, e: Expr) -> bool {
        match self.node(e) {
            Node::Pattern(_) => true,
            Node::Map(f, _) => f.row().mask,
            Node::Product { factors, out, sizes } => {
                (0..sizes.len() as Label).all(|l| out.contains(&l))
                    && factors.iter().all(|f| self.is_mask(f.base) && self.as_integer(f.power).is_some_and(|k| k > 0))
            }
            _ => false,
        }
    }

    /// f(x 1') = f(x) 1': axes over which every argument is constant go outside.
    fn map_below_broadcast(&mut self, f: FunctionId, args: &[Expr], axes: &[Dim]) -> Option<Expr> {
        let constant_over = |pool: &Pool, e: Expr, a: usize| match pool.node(e) {
            Node::Product { factors, out, .. } => {
                let l = out[a];
                out.iter().filter(|m| **m == l).count() == 1 && !factors.iter().any(|f| f.labels.contains(&l))
            }
            _ => false,
        };
        let flat = |pool: &Pool, e: Expr, a: usize| match pool.node(e) {
            Node::Sum(terms, _) => terms.is_empty() || (terms.len() == 1 && constant_over(pool, terms[0].1, a)),
            _ => constant_over(pool, e, a),
        };
        let keep: Vec<usize> = (0..axes.len()).filter(|a| !args.iter().all(|e| flat(self, *e, *a))).collect();
        if keep.len() == axes.len() {
            return None;
        }
        let labels: Vec<Label> = (0..axes.len() as Label).collect();
        let inner_axes: Vec<Dim> = keep.iter().map(|a| axes[*a]).collect();
        let kept: Vec<Label> = keep.iter().map(|a| *a as Label).collect();
        let args: Vec<Expr> = args.iter().map(|e| self.take_constant_axes(*e, &keep, &inner_axes)).collect();
        let inner = self.map(f, &args);
        let sizes: Vec<(Label, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
        Some(self.product(&[(inner, &kept)], &labels, &sizes))
    }

    /// The scalar whose broadcast over all axes the tensor is.
    fn scalar_of(&mut self, e: Expr) -> Option<Expr> {
        let constant = |pool: &Pool, e: Expr| match pool.node(e) {
            Node::Product { factors, out, sizes } => out.len() == sizes.len() && factors.iter().all(|f| f.labels.is_empty()),
            _ => pool.rank(e) == 0,
        };
        let scalar = match self.node(e) {
            Node::Sum(terms, _) => terms.iter().all(|t| constant(self, t.1)),
            _ => constant(self, e),
        };
        scalar.then(|| self.take_constant_axes(e, &[], &[]))
    }

    /// The tensor without the axes over which it is constant.
    pub(super) fn take_constant_axes(&mut self, e: Expr, keep: &[usize], axes: &[Dim]) -> Expr {
        match self.node(e).clone() {
            Node::Sum(terms, _) => {
                let terms: Vec<_> = terms.iter().map(|(c, t)| (*c, self.take_constant_axes(*t, keep, axes))).collect();
                self.sum(&terms, axes)
            }
            Node::Product { factors, out, sizes } => {
                let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                self.product_of(factors, keep.iter().map(|a| out[*a]).collect(), &broadcast)
            }
            _ => e,
        }
    }

    /// A function of a whole tensor, for each index of the axes that it keeps. For `square` rows the first half of the axes are the rows.
    pub fn apply(&mut self, f: MatrixFunctionId, args: &[Expr]) -> Expr {
        self.spend(2);
        let row = f.row();
        let a = args[0];
        let axes = match row.gives {
            "scalar" => self.axes(a)[..f.kept()].to_vec(),
            _ if args.len() < row.takes.len() => [self.axes(a), self.axes(a)].concat(),
            _ => self.axes(a).to_vec(),
        };
        if self.limit().is_some() {
            return self.zero(&axes);
        }
        let short = match args {
            [a, direction] => self.shorten_along(f, *a, *direction),
            _ if f.takes_direction() => None,
            _ => self.shorten_apply(f, a),
        };
        if let Some(short) = short {
            return short;
        }
        if self.rank(a) == 2 && f.kept() == 0 && args.len() == row.takes.len() {
            let t = self.transpose(a);
            if t < a {
                let turned: Vec<Expr> = args.iter().map(|a| self.transpose(*a)).collect();
                let inner = self.apply(f, &turned);
                return if row.gives == "scalar" { inner } else { self.transpose(inner) };
            }
        }
        self.intern(Node::Apply(f, args.to_vec()), axes)
    }

    /// What is linear in its direction e, the derivative of f at a: f(a) e where a is a multiple of e, f(a) along the identity.
    fn shorten_along(&mut self, f: MatrixFunctionId, a: Expr, e: Expr) -> Option<Expr> {
        let whole = f.sibling(f.row().name.strip_prefix('d')?)?;
        match self.node(e).clone() {
            Node::Sum(terms, axes) if terms.is_empty() => return Some(self.zero(&axes)),
            Node::Sum(terms, axes) => {
                let (c, rest) = if terms.len() == 1 { terms[0] } else { self.primitive(&terms, &axes) };
                if rest != e {
                    let inner = self.apply(f, &[a, rest]);
                    return Some(self.scale(c, inner));
                }
            }
            Node::Product { factors, out, sizes } if factors.iter().any(|f| f.labels.is_empty()) => {
                let (scalars, rest): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|f| f.labels.is_empty());
                let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                let rest = self.product_of(rest, out, &sizes);
                let inner = self.apply(f, &[a, rest]);
                let scalar = self.product_of(scalars, vec![], &[]);
                return Some(self.times(scalar, inner));
            }
            _ => {}
        }
        let axes = self.axes(a).to_vec();
        let half = axes.len() / 2;
        let value = self.apply(whole, &[a]);
        if axes[..half] == axes[half..] && e == self.identity(&axes[..half]) {
            return Some(value);
        }
        (self.without_scalars(a) == e).then(|| {
            let label = |from: usize| (from..from + half).map(|l| l as Label).collect::<Vec<_>>();
            let (left, inner, right) = (label(0), label(half), label(2 * half));
            let (first, second) = ([left.clone(), inner.clone()].concat(), [inner, right.clone()].concat());
            self.product(&[(e, &first), (value, &second)], &[left, right].concat(), &[])
        })
    }

    /// The tensor without its number and its scalar factors.
    fn without_scalars(&mut self, e: Expr) -> Expr {
        match self.node(e).clone() {
            Node::Sum(terms, _) if terms.len() == 1 => self.without_scalars(terms[0].1),
            Node::Product { factors, out, sizes } => {
                let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                self.product_of(factors.into_iter().filter(|f| !f.labels.is_empty()).collect(), out, &sizes)
            }
            _ => e,
        }
    }

    /// The function, where the expression is one whose direction is left out.
    pub fn lacks_direction(&self, e: Expr) -> Option<MatrixFunctionId> {
        match self.node(e) {
            Node::Apply(f, args) if args.len() < f.row().takes.len() => Some(*f),
            _ => None,
        }
    }

    /// A product in which the tensor of all directions meets one, or its transpose meets a cotangent: Σ K[kl,ij] E[ij] is the function
    /// along E, Σ G[kl] K[kl,ij] the function at A' along G (<G, L(A, E)> = <L(A', G), E>).
    pub fn give_directions(&mut self, e: Expr) -> Expr {
        let (c, product) = match self.node(e) {
            Node::Sum(terms, _) if terms.len() == 1 => terms[0],
            _ => (Rational::one(), e),
        };
        let Node::Product { factors, out, sizes } = self.node(product).clone() else { return e };
        let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        for (k, f) in factors.iter().enumerate() {
            let (Some(function), Node::Apply(_, args)) = (self.lacks_direction(f.base), self.node(f.base).clone()) else { continue };
            if self.as_integer(f.power) != Some(1) {
                continue;
            }
            let (of, by) = f.labels.split_at(f.labels.len() / 2);
            for (side, other, turned) in [(by, of, false), (of, by, true)] {
                let Some(reached) = reach(&factors, k, side, &[other, &out].concat()) else { continue };
                let inside = reached.iter().map(|m| factors[*m].clone()).collect();
                let direction = self.product_of(inside, side.to_vec(), &sizes);
                let direction = self.give_directions(direction);
                let rank = self.rank(args[0]);
                let order: Vec<usize> = if turned { (rank / 2..rank).chain(0..rank / 2).collect() } else { (0..rank).collect() };
                let at = self.permute(args[0], &order);
                let base = self.apply(function, &[at, direction]);
                let mut rest: Vec<Factor> =
                    factors.iter().enumerate().filter(|(m, _)| *m != k && !reached.contains(m)).map(|(_, f)| f.clone()).collect();
                rest.push(Factor { base, labels: other.to_vec(), power: f.power });
                let joined = self.product_of(rest, out, &sizes);
                let joined = self.scale(c, joined);
                return self.give_directions(joined);
            }
        }
        e
    }

    fn shorten_apply(&mut self, f: MatrixFunctionId, a: Expr) -> Option<Expr> {
        let name = f.row().name;
        let minus_one = self.integer(-1);
        // Of a single entry.
        if self.rank(a) == f.kept() {
            return match name {
                "inv" => Some(self.power(a, minus_one)),
                "det" | "logsumexp" | "maximum" | "minimum" | "prod" => Some(a),
                "expm" => functions::find("exp").map(|exp| self.map(exp, &[a])),
                "logdet" => functions::find("log").map(|log| self.map(log, &[a])),
                "norm2" => functions::find("abs").map(|abs| self.map(abs, &[a])),
                "logabsdet" => {
                    let size = functions::find("abs").map(|abs| self.map(abs, &[a]))?;
                    functions::find("log").map(|log| self.map(log, &[size]))
                }
                "argmax" | "argmin" => {
                    let axes = self.axes(a).to_vec();
                    Some(self.ones(&axes))
                }
                _ => None,
            };
        }
        match (name, self.node(a).clone()) {
            // inv(c A) = inv(A)/c
            ("inv", Node::Sum(terms, _)) if terms.len() == 1 => {
                let inner = self.apply(f, &[terms[0].1]);
                Some(self.scale(terms[0].0.recip(), inner))
            }
            ("norm2", Node::Sum(terms, _)) if terms.len() == 1 => {
                let inner = self.apply(f, &[terms[0].1]);
                let c = terms[0].0;
                Some(self.scale(if c < Rational::zero() { -c } else { c }, inner))
            }
            // The argument of an inverse or a norm is primitive, as a factor is.
            ("inv" | "norm2", Node::Sum(terms, axes)) if terms.len() > 1 => {
                let (content, rest) = self.primitive(&terms, &axes);
                if rest == a {
                    return None;
                }
                let inner = self.apply(f, &[rest]);
                let size = if content < Rational::zero() { -content } else { content };
                Some(self.scale(if name == "inv" { content.recip() } else { size }, inner))
            }
            // Of equal entries it is each of them (of none at all there is no largest one, for any form).
            ("maximum" | "minimum", Node::Product { factors, out, .. }) if all_equal(&factors, &out, f.kept()) => {
                let keep: Vec<usize> = (0..f.kept()).collect();
                let axes = self.axes(a)[..f.kept()].to_vec();
                Some(self.take_constant_axes(a, &keep, &axes))
            }
            // All of them share it equally.
            ("argmax" | "argmin", Node::Product { factors, out, .. }) if all_equal(&factors, &out, f.kept()) => {
                let axes = self.axes(a).to_vec();
                let shares = axes[f.kept()..].iter().map(|d| Factor { base: self.size(*d), labels: vec![], power: minus_one }).collect();
                let sizes: Vec<(Label, Dim)> = axes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                Some(self.product_of(shares, (0..axes.len() as Label).collect(), &sizes))
            }
            ("norm2", Node::Sum(terms, axes)) if terms.is_empty() => Some(self.zero(&axes[..f.kept()])),
            // The largest of c A is c times the largest of A, for c < 0 the smallest.
            ("maximum" | "minimum" | "argmax" | "argmin", Node::Sum(terms, _)) if terms.len() == 1 => {
                let (c, inner) = terms[0];
                let other = if c > Rational::zero() { f } else { f.sibling(opposite(name))? };
                let value = self.apply(other, &[inner]);
                Some(if f.row().gives == "scalar" { self.scale(c, value) } else { value })
            }
            ("expm", Node::Sum(terms, axes)) if terms.is_empty() => Some(self.identity(&axes[..axes.len() / 2])),
            // The inverse of a diagonal is the diagonal of the inverses, and so is its exponential.
            ("inv" | "expm", Node::Product { factors, out, sizes }) => {
                let half = out.len() / 2;
                let diagonal =
                    out[..half] == out[half..] && out[..half].iter().enumerate().all(|(k, l)| k == *l as usize) && sizes.len() == half;
                if !diagonal {
                    return None;
                }
                let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                let inner = self.product_of(factors, out[..half].to_vec(), &broadcast);
                let entries = if name == "inv" { self.power(inner, minus_one) } else { self.map(functions::find("exp")?, &[inner]) };
                Some(self.product(&[(entries, &out[..half])], &out, &broadcast))
            }
            ("det", Node::Product { factors, out, sizes }) if factors.is_empty() && out.len() == 2 && sizes.len() == 1 => {
                Some(self.integer(1))
            }
            _ => None,
        }
    }
}

/// The factors that these labels join, directly or through others, besides factor `k`; `None` if they reach one of the labels `beyond`.
fn reach(factors: &[Factor], k: usize, labels: &[Label], beyond: &[Label]) -> Option<Vec<usize>> {
    let (mut known, mut reached) = (labels.to_vec(), vec![]);
    while let Some(m) = (0..factors.len()).find(|m| *m != k && !reached.contains(m) && factors[*m].labels.iter().any(|l| known.contains(l)))
    {
        reached.push(m);
        known.extend(&factors[m].labels);
    }
    known.iter().all(|l| !beyond.contains(l)).then_some(reached)
}

/// Whether no factor of a product sees its axes behind the first `kept`, and no diagonal does.
fn all_equal(factors: &[Factor], out: &[Label], kept: usize) -> bool {
    let once = |l: &Label| out.iter().filter(|m| *m == l).count() == 1;
    out[kept..].iter().all(|l| once(l) && !factors.iter().any(|f| f.labels.contains(l)))
}

/// The function of -A that chooses what this one chooses of A.
fn opposite(name: &str) -> &'static str {
    match name {
        "maximum" => "minimum",
        "minimum" => "maximum",
        "argmax" => "argmin",
        _ => "argmax",
    }
}

/// All orders of `n` axes, the natural one first.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..n {
        all = all
            .into_iter()
            .flat_map(|o: Vec<usize>| (0..n).filter(|k| !o.contains(k)).map(|k| [o.clone(), vec![k]].concat()).collect::<Vec<_>>())
            .collect();
    }
    all
}
