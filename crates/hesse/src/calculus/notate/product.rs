//! Products: scalars in front and below the line, then the network as a chain, in which what repeats is a power.

use super::kron::is_wide_sum;
use super::{Face, Fraction, LONG, Writer, decimal};
use crate::calculus::build::LARGEST_POWER;
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Rational};
use num_traits::{One, Signed};

impl Writer<'_> {
    pub(super) fn product(&mut self, c: Rational, factors: &[Factor], out: &[Label], sizes: &[Dim], face: &Face) -> Option<NodeId> {
        let mut c = c;
        let mut factors = factors.to_vec();
        // What a mask selects from stands before it: (z - y) .* (z > 0).
        if factors.iter().any(|f| matches!(self.pool.node(f.base), Node::Sum(..))) {
            factors.sort_by_key(|f| matches!(self.pool.node(f.base), Node::Map(g, _) if g.row().mask));
        }
        // -2*(y - u) is 2*(u - y): the sign goes into a difference.
        if c.is_negative() {
            for f in &mut factors {
                // -(m'*(y - u)) is m'*(u - y).
                if f.labels.is_empty() && self.pool.as_integer(f.power) == Some(1) && self.absorbs_sign(f.base) {
                    f.base = self.pool.negate(f.base);
                    c = -c;
                    break;
                }
                let odd = self.pool.as_integer(f.power).is_some_and(|k| k % 2 != 0);
                let Node::Sum(terms, axes) = self.pool.node(f.base).clone() else { continue };
                if odd && terms.len() > 1 && terms.iter().any(|t| t.0.is_negative()) {
                    let terms: Vec<_> = terms.iter().map(|(c, t)| (-*c, *t)).collect();
                    f.base = self.pool.sum(&terms, &axes);
                    c = -c;
                    break;
                }
            }
        }
        // (200000*x + 8943*x^3)/200000 is x + 0.044715*x^3: decimals go back to where they were written.
        if decimal(c.recip().abs()).is_some() || c.denom() > &LONG {
            for f in &mut factors {
                let Node::Sum(terms, axes) = self.pool.node(f.base).clone() else { continue };
                if self.pool.as_integer(f.power) == Some(1)
                    && terms.iter().all(|t| (t.0 * c).denom() <= &LONG || decimal((t.0 * c).abs()).is_some())
                {
                    let terms: Vec<_> = terms.iter().map(|(d, t)| (*d * c, *t)).collect();
                    f.base = self.pool.sum(&terms, &axes);
                    c = Rational::one();
                    break;
                }
            }
        }
        let mut fraction = Fraction::default();
        let mut tensors = vec![];
        // The whole scalar may have a name: norm1(x).
        if out.is_empty() && factors.len() == 1 && !factors[0].labels.is_empty() {
            let e = self.pool.product_of(factors.clone(), vec![], &[]);
            if let Some(node) = self.notation(e) {
                fraction.above.push(node);
                return Some(self.assemble(c, fraction, None));
            }
        }
        for f in factors {
            if f.labels.is_empty() { self.scalar_factor(&f, &mut fraction)? } else { tensors.push(f) }
        }
        // A sum over many axes has a face of its own, or is written term by term.
        let one = self.pool.one();
        if tensors.iter().any(|f| f.power == one && is_wide_sum(self.pool, f.base)) {
            let body = match tensors.as_slice() {
                // Turned only: nothing is summed, and there is no diagonal.
                [f] if f.labels.len() == out.len() && f.labels.iter().all(|l| out.contains(l)) => {
                    let place =
                        |axes: &[usize]| axes.iter().map(|a| f.labels.iter().position(|l| *l == out[*a])).collect::<Option<Vec<_>>>();
                    let inner = Face { rows: place(&face.rows)?, cols: place(&face.cols)? };
                    self.write(f.base, &inner)?
                }
                _ => {
                    let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                    let e = self.pool.product_of(tensors, out.to_vec(), &broadcast);
                    let terms = self.opened(&[(Rational::one(), e)])?;
                    self.sum_of(&terms, face)?
                }
            };
            if fraction.above.is_empty() && fraction.below.is_empty() {
                return Some(self.scaled(c, body));
            }
            return Some(self.assemble(c, fraction, Some(vec![body])));
        }
        let body =
            if tensors.is_empty() && out.is_empty() { None } else { Some(self.network(&tensors, out, sizes, face, &mut fraction)?) };
        Some(self.assemble(c, fraction, body.flatten()))
    }

    /// c · above · body / below, scalars first.
    pub(super) fn assemble(&mut self, c: Rational, fraction: Fraction, body: Option<Vec<NodeId>>) -> NodeId {
        let size = c.abs();
        let mut above = fraction.above;
        let mut below = fraction.below;
        // diag(1 ./ x)/2 is diag(0.5 ./ x).
        if above.is_empty()
            && below.is_empty()
            && let Some(node) = body.as_deref().and_then(|b| self.number_over(size, b))
        {
            return if c.is_negative() { self.negate(node) } else { node };
        }
        let literal = decimal(size);
        if !size.denom().is_one() && literal.is_none() {
            let d = self.syntax.number(size.denom().to_string());
            below.insert(0, d);
        }
        if let Some(text) = literal {
            let n = self.syntax.number(text);
            above.insert(0, n);
        } else if !size.numer().is_one() || above.is_empty() && body.is_none() {
            let n = self.syntax.number(size.numer().to_string());
            above.insert(0, n);
        }
        let body = body.unwrap_or_default();
        let mut node = match self.scalar_over(&above, &body) {
            Some(node) => node,
            None => self.chain(&[above, body].concat()),
        };
        if !below.is_empty() {
            let below = self.chain(&below);
            node = self.syntax.binary(Operator::Over, node, below);
        }
        if c.is_negative() { self.negate(node) } else { node }
    }

    /// 0.5 ./ x for (1 ./ x)/2, in a diagonal too.
    pub(super) fn number_over(&mut self, c: Rational, body: &[NodeId]) -> Option<NodeId> {
        let [whole] = *body else { return None };
        let (quotient, diagonal) = match self.syntax.kind(whole) {
            Kind::Call(f, args) if f == "diag" => (args[0], true),
            _ => (whole, false),
        };
        let Kind::Binary(Operator::DotOver, one, below) = *self.syntax.kind(quotient) else { return None };
        let is_one = matches!(self.syntax.kind(one), Kind::Number(t) if t == "1");
        if !is_one || c.is_integer() || ![2, 4, 5, 8, 10].contains(c.denom()) {
            return None;
        }
        let number = self.syntax.number(format!("{}", crate::tensor::number::to_f64(c)));
        let node = self.syntax.binary(Operator::DotOver, number, below);
        Some(if diagonal { self.symmetric_call("diag", vec![node]) } else { node })
    }

    /// s ./ x for s*(1 ./ x).
    pub(super) fn scalar_over(&mut self, scalars: &[NodeId], body: &[NodeId]) -> Option<NodeId> {
        let [quotient] = *body else { return None };
        let Kind::Binary(Operator::DotOver, one, below) = *self.syntax.kind(quotient) else { return None };
        let is_one = matches!(self.syntax.kind(one), Kind::Number(t) if t == "1");
        if !is_one || scalars.is_empty() {
            return None;
        }
        let scalar = self.chain(scalars);
        Some(self.syntax.binary(Operator::DotOver, scalar, below))
    }

    /// A product read left to right, what repeats as a power: X*X' *X*X' is (X*X')^2.
    pub(super) fn chain(&mut self, nodes: &[NodeId]) -> NodeId {
        let nodes = self.powers(nodes);
        self.times(&nodes)
    }

    pub(super) fn times(&mut self, nodes: &[NodeId]) -> NodeId {
        let mut total = nodes[0];
        for n in &nodes[1..] {
            total = self.syntax.binary(Operator::Times, total, *n);
        }
        total
    }

    /// Neighbours that repeat joined into powers, the shortest period first; inv(A)*inv(B) as inv(B*A).
    pub(super) fn powers(&mut self, nodes: &[NodeId]) -> Vec<NodeId> {
        let mut nodes = nodes.to_vec();
        let same = |w: &Self, a: &[NodeId], b: &[NodeId]| a.iter().zip(b).all(|(x, y)| w.syntax.same(*x, &w.syntax, *y));
        for period in 1..=nodes.len() / 2 {
            let mut k = 0;
            while k + 2 * period <= nodes.len() {
                let block = nodes[k..k + period].to_vec();
                let following = nodes[k + period..].chunks_exact(period).take(usize::from(LARGEST_POWER) - 1);
                let times = 1 + following.take_while(|next| same(self, &block, next)).count();
                if times > 1 {
                    let base = self.times(&block);
                    let power = self.matrix_power(base, times);
                    nodes.splice(k..k + times * period, [power]);
                }
                k += 1;
            }
        }
        // ones(m)*ones(n)' is ones(m, n).
        let mut k = 0;
        while k + 1 < nodes.len() {
            let column = |w: &Self, n: NodeId| match w.syntax.kind(n) {
                Kind::Call(f, args) if f == "ones" && args.len() == 1 => Some(args[0]),
                _ => None,
            };
            let row = match self.syntax.kind(nodes[k + 1]) {
                Kind::Transpose(a) => column(self, *a),
                _ => None,
            };
            if let (Some(m), Some(n)) = (column(self, nodes[k]), row) {
                let joined = self.syntax.call("ones", vec![m, n]);
                nodes.splice(k..k + 2, [joined]);
            }
            k += 1;
        }
        let mut k = 0;
        while k + 1 < nodes.len() {
            match (self.inverse_of(nodes[k]), self.inverse_of(nodes[k + 1])) {
                (Some(a), Some(b)) => {
                    let product = self.syntax.binary(Operator::Times, b, a);
                    let joined = self.syntax.call("inv", vec![product]);
                    nodes.splice(k..k + 2, [joined]);
                }
                _ => k += 1,
            }
        }
        nodes
    }

    /// X^3, inv(A + B)^3, and X^(-3) for the inverse of a name.
    pub(super) fn matrix_power(&mut self, base: NodeId, times: usize) -> NodeId {
        let exponent = self.syntax.number(times.to_string());
        match self.inverse_of(base) {
            Some(a) if matches!(self.syntax.kind(a), Kind::Name(_)) => {
                let exponent = self.syntax.negate(exponent);
                self.syntax.binary(Operator::Power, a, exponent)
            }
            _ => self.syntax.binary(Operator::Power, base, exponent),
        }
    }

    /// What `inv(…)` is the inverse of.
    pub(super) fn inverse_of(&self, node: NodeId) -> Option<NodeId> {
        match self.syntax.kind(node) {
            Kind::Call(f, args) if f == "inv" => Some(args[0]),
            _ => None,
        }
    }

    pub(super) fn scalar_factor(&mut self, f: &Factor, fraction: &mut Fraction) -> Option<()> {
        let (node, below) = self.powered(f, Operator::Power)?;
        if below {
            fraction.below.push(node)
        } else {
            fraction.above.push(node)
        }
        Some(())
    }

    /// base^power without the sign of a negative number; says whether it belongs below the line.
    pub(super) fn powered(&mut self, f: &Factor, op: Operator) -> Option<(NodeId, bool)> {
        let half = Rational::new(1, 2);
        let even = self.pool.as_integer(f.power).is_some_and(|k| k % 2 == 0);
        let f = &Factor { base: if even { self.oriented(f.base) } else { f.base }, ..f.clone() };
        Some(match self.pool.as_number(f.power) {
            Some(p) => {
                let size = p.abs();
                let node = if size.is_one() {
                    self.atom(f.base)?
                } else if let Some(norm) = self.norm_power(f.base, size)? {
                    norm
                } else {
                    let base = self.atom(f.base)?;
                    if size == half {
                        self.syntax.call("sqrt", vec![base])
                    } else {
                        let exponent = self.exponent(size);
                        self.syntax.binary(op, base, exponent)
                    }
                };
                (node, p.is_negative())
            }
            None => {
                // (Σ x²)^p is norm2(x)^(2*p).
                let (base, power) = match self.square_root(f.base) {
                    Some(x) => {
                        let x = self.oriented(x);
                        let face = self.own_face(x);
                        let x = self.write(x, &face)?;
                        (self.syntax.call("norm2", vec![x]), self.pool.scale(Rational::from_integer(2), f.power))
                    }
                    None => (self.atom(f.base)?, f.power),
                };
                let exponent = self.write(power, &Face::split(0, 0))?;
                (self.syntax.binary(op, base, exponent), false)
            }
        })
    }

    /// 3, or 1.5 where that is exact, or 1/3.
    pub(super) fn exponent(&mut self, p: Rational) -> NodeId {
        if [2, 4, 5, 8, 10].contains(p.denom()) {
            return self.syntax.number(format!("{}", crate::tensor::number::to_f64(p)));
        }
        self.rational(p)
    }

    /// (Σ x²)^p as norm2(x)^(2p).
    pub(super) fn norm_power(&mut self, base: Expr, power: Rational) -> Option<Option<NodeId>> {
        let Some(x) = self.square_root(base) else { return Some(None) };
        let x = self.oriented(x);
        if !power.is_integer() {
            return Some(None);
        }
        let face = self.own_face(x);
        let x = self.write(x, &face)?;
        let norm = self.syntax.call("norm2", vec![x]);
        let exponent = self.syntax.number((power * Rational::from_integer(2)).to_string());
        Some(Some(self.syntax.binary(Operator::Power, norm, exponent)))
    }

    /// x where e = Σ x² over all entries of a vector or matrix.
    pub(super) fn square_root(&self, e: Expr) -> Option<Expr> {
        match self.pool.node(e) {
            Node::Product { factors, out, .. } if out.is_empty() && factors.len() == 1 => {
                let f = &factors[0];
                let distinct = f.labels.iter().enumerate().all(|(k, l)| !f.labels[..k].contains(l));
                (distinct && !f.labels.is_empty() && self.pool.as_integer(f.power) == Some(2)).then_some(f.base)
            }
            _ => None,
        }
    }
}
