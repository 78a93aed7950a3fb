//! Where the formula and its derivative hold: domains of functions, divisors, kinks. A small analysis of signs and of
//! definiteness decides which of them follow from the declarations.

use crate::calculus::complaint::quote;
use crate::calculus::model::Condition;
use crate::calculus::scope::Proto;
use crate::calculus::shapes::{Class, Shapes};
use crate::calculus::term::{Op, Part, Slot, TermId, Terms};
use crate::diagnostic::Span;
use crate::syntax::tree::Operator;
use crate::tensor::Rational;
use num_traits::{Signed, Zero};

/// What is known of the entries of a value, and of a square value as a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// ≥ 0
    nonneg: bool,
    /// ≤ 0
    nonpos: bool,
    /// ≠ 0
    nonzero: bool,
    /// Between −1 and 1, exclusive.
    inside: bool,
    /// Positive definite symmetric part.
    posdef: bool,
    /// Positive semidefinite symmetric part.
    semidef: bool,
    invertible: bool,
    detpos: bool,
}

impl Fact {
    fn positive(self) -> bool {
        self.nonneg && self.nonzero
    }
    fn negative(self) -> bool {
        self.nonpos && self.nonzero
    }
    fn of_number(r: Rational) -> Fact {
        Fact { nonneg: !r.is_negative(), nonpos: !r.is_positive(), nonzero: !r.is_zero(), inside: r.abs() < Rational::from_integer(1), ..Fact::default() }
    }
    fn negated(self) -> Fact {
        Fact { nonneg: self.nonpos, nonpos: self.nonneg, nonzero: self.nonzero, inside: self.inside, ..Fact::default() }
    }
    fn signs(nonneg: bool, nonpos: bool, nonzero: bool) -> Fact {
        Fact { nonneg, nonpos, nonzero, ..Fact::default() }
    }
}

const POSITIVE: Fact = Fact { nonneg: true, nonpos: false, nonzero: true, inside: false, posdef: false, semidef: false, invertible: false, detpos: false };

/// All conditions of a formula, in source order.
pub fn conditions(terms: &Terms, shapes: &Shapes, protos: &[Proto], source: &str) -> Vec<Condition> {
    let mut w = Work { terms, shapes, protos, source, facts: Vec::with_capacity(terms.len()), closed: vec![], out: vec![] };
    for t in terms.ids() {
        let f = if shapes.poisoned(t) { Fact::default() } else { w.fact(t) };
        w.facts.push(f);
        let term = terms.get(t);
        let closed = !matches!(term.op, Op::Input(_) | Op::Poison) && term.args.iter().all(|a| w.closed[a.index()]);
        w.closed.push(closed);
    }
    for t in terms.ids() {
        if !shapes.poisoned(t) {
            w.demand(t);
        }
    }
    let mut out: Vec<Condition> = vec![];
    w.out.sort_by_key(|c| c.span);
    for c in w.out {
        match out.iter_mut().find(|d| d.kind == c.kind && d.text == c.text) {
            Some(d) => d.proved &= c.proved,
            None => out.push(c),
        }
    }
    out
}

struct Work<'a> {
    terms: &'a Terms,
    shapes: &'a Shapes,
    protos: &'a [Proto],
    source: &'a str,
    facts: Vec<Fact>,
    /// Terms without any variable: nothing can go wrong in them later.
    closed: Vec<bool>,
    out: Vec<Condition>,
}

impl Work<'_> {
    fn get(&self, t: TermId) -> Fact {
        self.facts.get(t.index()).copied().unwrap_or_default()
    }

    /// The term under names and scalings by definitions.
    fn strip(&self, mut t: TermId) -> TermId {
        while let Op::Define(_) = self.terms.get(t).op {
            t = self.terms.get(t).args[0];
        }
        t
    }

    fn same(&self, a: TermId, b: TermId) -> bool {
        let (a, b) = (self.strip(a), self.strip(b));
        if a == b {
            return true;
        }
        let (x, y) = (self.terms.get(a), self.terms.get(b));
        matches!((&x.op, &y.op), (Op::Input(k), Op::Input(l)) if k == l) || x.span != Span::default() && self.text(a) == self.text(b) && !self.text(a).is_empty() && x.op == y.op && x.args.len() == y.args.len()
    }

    /// Whether a is b'.
    fn transposes(&self, a: TermId, b: TermId) -> bool {
        let (a, b) = (self.strip(a), self.strip(b));
        matches!(self.terms.get(a).op, Op::Transpose) && self.same(self.terms.get(a).args[0], b) || matches!(self.terms.get(b).op, Op::Transpose) && self.same(self.terms.get(b).args[0], a)
    }

    fn fact(&self, t: TermId) -> Fact {
        if let Some(r) = self.terms.constant(t) {
            return Fact::of_number(r);
        }
        let term = self.terms.get(t);
        let arg = |k: usize| term.args.get(k).map_or(Fact::default(), |&a| self.get(a));
        let scalar = |k: usize| self.shapes.class(term.args[k]) == Class::Scalar;
        match &term.op {
            Op::Input(k) => self.declared(&self.protos[*k]),
            Op::Pi | Op::Size(_) | Op::Measure(_) | Op::Fill(true, ..) => POSITIVE,
            Op::Number(_) => Fact::signs(true, false, false),
            Op::Fill(false, ..) => Fact::signs(true, true, false),
            Op::Eye(..) => Fact { nonneg: true, posdef: true, semidef: true, invertible: true, detpos: true, ..Fact::default() },
            Op::Commutation(..) => Fact { nonneg: true, invertible: true, ..Fact::default() },
            Op::Define(_) => arg(0),
            Op::Transpose => arg(0),
            Op::Negate => Fact { invertible: arg(0).invertible, ..arg(0).negated() },
            Op::Add { minus, .. } => {
                let (x, y) = (arg(0), if *minus { arg(1).negated() } else { arg(1) });
                let definite = !*minus && (x.posdef && (y.posdef || y.semidef) || x.semidef && y.posdef);
                Fact {
                    nonneg: x.nonneg && y.nonneg,
                    nonpos: x.nonpos && y.nonpos,
                    nonzero: x.nonneg && y.nonneg && (x.nonzero || y.nonzero) || x.nonpos && y.nonpos && (x.nonzero || y.nonzero) || self.one_minus_inside(t),
                    posdef: definite,
                    semidef: definite || !*minus && x.semidef && y.semidef,
                    invertible: definite,
                    detpos: definite,
                    inside: false,
                }
                .or(self.one_minus_inside(t))
            }
            Op::Times | Op::DotTimes => self.product(t, scalar(0) || scalar(1) || matches!(term.op, Op::DotTimes)),
            Op::Over | Op::DotOver => {
                let (x, y) = (arg(0), arg(1));
                let s = times(x, y);
                Fact { posdef: x.posdef && y.positive(), semidef: x.semidef && y.positive(), invertible: x.invertible, detpos: x.posdef && y.positive(), ..s }
            }
            Op::Under => Fact::default(),
            Op::Power | Op::DotPower => self.power(t),
            Op::Compare(_) => Fact::signs(true, false, false),
            Op::Map(f) => {
                let row = f.row();
                let x = arg(0);
                match row.name {
                    "abs" | "sign" | "cbrt" | "asin" | "atan" | "sinh" | "tan" | "tanh" | "erf" | "expm1" | "log1p" | "relu" => {
                        let odd = !matches!(row.name, "abs" | "relu");
                        Fact {
                            nonneg: row.sign.contains('+') || odd && x.nonneg,
                            nonpos: odd && x.nonpos || row.name == "relu" && x.nonpos,
                            nonzero: if row.name == "relu" { x.positive() } else { x.nonzero && row.name != "tan" },
                            inside: matches!(row.name, "tanh" | "erf") || row.name == "sin",
                            ..Fact::default()
                        }
                    }
                    "max" => Fact { nonneg: x.nonneg || arg(1).nonneg, nonzero: x.positive() || arg(1).positive(), ..Fact::default() },
                    "min" => Fact { nonneg: x.nonneg && arg(1).nonneg, nonzero: x.positive() && arg(1).positive(), ..Fact::default() },
                    "pow" => Fact { nonneg: x.nonneg, nonzero: x.positive(), ..Fact::default() },
                    "where" => {
                        let (a, b) = (arg(1), arg(2));
                        Fact::signs(a.nonneg && b.nonneg, a.nonpos && b.nonpos, a.nonzero && b.nonzero)
                    }
                    _ => Fact { nonneg: row.sign.contains('+'), nonzero: row.sign == "+", inside: row.name == "sigmoid", ..Fact::default() },
                }
            }
            Op::Apply(f) => {
                let x = arg(0);
                match f.row().name {
                    "inv" => Fact { posdef: x.posdef, semidef: x.posdef, invertible: true, detpos: x.detpos, ..Fact::default() },
                    "det" => Fact { nonneg: x.detpos || x.semidef, nonzero: x.invertible, ..Fact::default() },
                    "norm2" => Fact { nonneg: true, nonzero: x.nonzero || x.invertible, ..Fact::default() },
                    _ => Fact::default(),
                }
            }
            Op::Contract(_) => self.contraction(t),
            Op::Pick(_) => Fact { nonneg: arg(0).nonneg, nonpos: arg(0).nonpos, nonzero: arg(0).nonzero, inside: arg(0).inside, ..Fact::default() },
            Op::Stack(_) => {
                let all = |p: fn(Fact) -> bool| term.args.iter().all(|&a| p(self.get(a)));
                let placed = term.args.len() == 1;
                // Within one literal every place is filled by some block.
                let _ = placed;
                Fact::signs(all(|f| f.nonneg), all(|f| f.nonpos), all(|f| f.nonzero))
            }
            Op::Poison => Fact::default(),
        }
    }

    fn declared(&self, p: &Proto) -> Fact {
        let has = |name: &str| p.properties.iter().any(|q| q == name);
        let mut f = Fact {
            nonneg: has("positive") || has("nonnegative"),
            nonpos: has("< 0"),
            nonzero: has("positive") || has("nonzero") || has("< 0"),
            inside: has("in (-1,1)") || has("in (0,1)"),
            posdef: has("posdef"),
            semidef: has("posdef"),
            invertible: has("invertible") || has("posdef") || has("orthogonal"),
            detpos: has("detpos") || has("posdef"),
        };
        for q in &p.properties {
            if let Some(k) = q.strip_prefix("> ").and_then(|k| k.parse::<f64>().ok()) {
                f.nonneg |= k >= 0.0;
                f.nonzero |= k >= 0.0;
            }
        }
        f
    }

    fn product(&self, t: TermId, elementwise: bool) -> Fact {
        let term = self.terms.get(t);
        let (a, b) = (term.args[0], term.args[1]);
        let (x, y) = (self.get(a), self.get(b));
        let s = times(x, y);
        if elementwise {
            let square = self.same(a, b);
            let scaled = |p: Fact, q: Fact, k: TermId| self.shapes.class(k) == Class::Scalar && p.positive() && q.posdef;
            let definite = scaled(x, y, a) || scaled(y, x, b);
            let semi = self.shapes.class(a) == Class::Scalar && x.nonneg && y.semidef || self.shapes.class(b) == Class::Scalar && y.nonneg && x.semidef;
            let invertible = self.shapes.class(a) == Class::Scalar && x.nonzero && y.invertible || self.shapes.class(b) == Class::Scalar && y.nonzero && x.invertible;
            return Fact { nonneg: s.nonneg || square, posdef: definite, semidef: definite || semi, invertible: invertible || definite, detpos: definite, inside: x.inside && y.inside, ..s };
        }
        // A sum of products: signs add up, zeros may appear unless all have one sign.
        let nonzero = (s.nonneg || s.nonpos) && s.nonzero;
        let gram = self.transposes(a, b);
        // Y'*P*Y and Y*P*Y'
        let (outer, inner) = match self.terms.get(self.strip(a)) {
            u if matches!(u.op, Op::Times) && self.transposes(u.args[0], b) => (true, self.get(u.args[1])),
            _ => (false, Fact::default()),
        };
        let semi = gram || outer && inner.semidef;
        let square_factors = self.square(a) && self.square(b);
        let invertible = square_factors && x.invertible && y.invertible;
        Fact {
            nonneg: s.nonneg || semi && self.shapes.class(t) == Class::Scalar,
            nonpos: s.nonpos,
            nonzero,
            semidef: semi,
            posdef: semi && invertible && (gram || inner.posdef),
            invertible,
            detpos: square_factors && (x.detpos && y.detpos || gram && x.invertible),
            inside: false,
        }
    }

    fn square(&self, t: TermId) -> bool {
        self.shapes.side_text(self.shapes.row(t)) == self.shapes.side_text(self.shapes.col(t))
    }

    fn power(&self, t: TermId) -> Fact {
        let term = self.terms.get(t);
        let x = self.get(term.args[0]);
        let matrix = matches!(term.op, Op::Power) && self.shapes.class(term.args[0]) != Class::Scalar;
        let k = self.terms.integer(term.args[1]);
        let even = k.is_some_and(|k| k % 2 == 0);
        if matrix {
            return Fact { invertible: x.invertible, detpos: x.detpos || even && x.invertible, nonneg: x.nonneg && k.is_some_and(|k| k >= 0), ..Fact::default() };
        }
        let fraction = k.is_none();
        let zero = k == Some(0);
        Fact { nonneg: even || x.nonneg || fraction, nonpos: !even && x.nonpos && !fraction && !zero, nonzero: x.nonzero || zero, inside: x.inside && k.is_some_and(|k| k > 0), ..Fact::default() }
    }

    /// 1 − x, 1 − x², 1 − x.*y with |x| < 1: positive.
    fn one_minus_inside(&self, t: TermId) -> bool {
        let term = self.terms.get(t);
        matches!(term.op, Op::Add { .. }) && {
            let one = Rational::from_integer(1);
            let is_one = |k: usize| self.terms.constant(term.args[k]).is_some_and(|r| r >= one);
            is_one(0) && self.get(term.args[1]).inside || is_one(1) && self.get(term.args[0]).inside && matches!(term.op, Op::Add { minus: false, .. })
        }
    }

    fn contraction(&self, t: TermId) -> Fact {
        let term = self.terms.get(t);
        let Some(c) = self.shapes.choice(t).map(|k| &self.terms.contractions[k]) else { return Fact::default() };
        let x = term.args.first().map_or(Fact::default(), |&a| self.get(a));
        match c.name {
            "diag" if c.needs == "vector" => Fact { nonneg: x.nonneg, posdef: x.positive(), semidef: x.nonneg, invertible: x.nonzero, detpos: x.positive(), ..Fact::default() },
            "diag" => Fact { nonneg: x.nonneg || x.semidef, nonpos: x.nonpos, nonzero: x.nonzero || x.posdef, ..Fact::default() },
            "tr" => Fact { nonneg: x.nonneg || x.semidef, nonpos: x.nonpos, nonzero: (x.nonneg || x.nonpos) && x.nonzero || x.posdef, ..Fact::default() },
            "dot" | "kron" | "outer" => {
                let y = self.get(term.args[term.args.len() - 1]);
                let s = times(x, y);
                let square = c.name == "dot" && term.args.len() == 1;
                let kron = c.name == "kron";
                Fact { nonneg: s.nonneg || square, nonzero: s.nonzero && (s.nonneg || s.nonpos || kron), posdef: false, semidef: false, invertible: kron && x.invertible && y.invertible, ..s }
            }
            _ => {
                // Sums and copies of products: the sign of the product of all signs.
                let mut sign = POSITIVE;
                let mut plain = true;
                for part in &c.parts {
                    match part {
                        Part::Tensor(k, _) | Part::Scalar(k) => sign = times(sign, self.get(term.args[*k])),
                        Part::Product(_) => {}
                        Part::Constant(..) => sign = times(sign, Fact::signs(true, false, false)),
                        Part::Number(n) if !n.starts_with('-') => {}
                        _ => plain = false,
                    }
                }
                if !plain {
                    return Fact::default();
                }
                let named = |l: usize| c.out.iter().flatten().any(|&o| o == l);
                let repeats = c.parts.iter().any(|p| matches!(p, Part::Tensor(_, s) if s.iter().any(|s| matches!(s, Slot::Letter(l) if !named(*l)))));
                Fact { nonneg: sign.nonneg, nonpos: sign.nonpos, nonzero: sign.nonzero && (!repeats || sign.nonneg || sign.nonpos), ..Fact::default() }
            }
        }
    }

    fn text(&self, t: TermId) -> String {
        quote(self.source, self.terms.get(t).span)
    }

    fn add(&mut self, kind: &'static str, text: String, span: Span, proved: bool) {
        self.out.push(Condition { kind, text, span, proved });
    }

    /// Whether an input is declared to be above exactly this: `b > A*x` for `b - A*x`.
    fn above(&self, t: TermId) -> bool {
        let term = self.terms.get(self.strip(t));
        if !matches!(term.op, Op::Add { minus: true, .. }) {
            return false;
        }
        let squeeze = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let below = squeeze(&self.text(term.args[1]));
        match self.terms.get(self.strip(term.args[0])).op {
            Op::Input(k) => self.protos[k].properties.iter().any(|p| p.strip_prefix('>').is_some_and(|e| squeeze(e) == below)),
            _ => false,
        }
    }

    fn demand(&mut self, t: TermId) {
        let term = self.terms.get(t).clone();
        let quoted: Vec<String> = term.args.iter().map(|&a| self.text(a)).collect();
        let fact = |k: usize| term.args.get(k).map_or(Fact::default(), |&a| self.get(a));
        match &term.op {
            Op::Over | Op::DotOver => {
                if !self.closed[term.args[1].index()] {
                    self.nonzero(&quoted[1], term.span, fact(1));
                }
            }
            Op::Under => {
                let scalar = self.shapes.class(term.args[0]) == Class::Scalar;
                if scalar { self.nonzero(&quoted[0], term.span, fact(0)) } else { self.add("invertible", format!("{} invertible", quoted[0]), term.span, fact(0).invertible) }
            }
            Op::Power | Op::DotPower => {
                let x = fact(0);
                let matrix = matches!(term.op, Op::Power) && self.shapes.class(term.args[0]) != Class::Scalar;
                match self.terms.constant(term.args[1]) {
                    Some(k) if k.is_integer() => {
                        if k.is_negative() {
                            if matrix {
                                self.add("invertible", format!("{} invertible", quoted[0]), term.span, x.invertible);
                            } else if !self.closed[term.args[0].index()] {
                                self.nonzero(&quoted[0], term.span, x);
                            }
                        }
                    }
                    _ => {
                        if !(self.closed[term.args[0].index()] && x.positive()) {
                            let proved = x.positive() || self.above(term.args[0]);
                            self.add("domain", format!("{} > 0", quoted[0]), term.span, proved);
                        }
                    }
                }
            }
            Op::Compare(op) => {
                let sign = match op {
                    Operator::Greater => ">",
                    Operator::Less => "<",
                    Operator::GreaterEqual => ">=",
                    Operator::LessEqual => "<=",
                    Operator::Equal => "==",
                    _ => "!=",
                };
                self.add("kink", format!("{} {sign} {}: derivative 0 everywhere", quoted[0], quoted[1]), term.span, true);
            }
            Op::Map(f) => {
                let row = f.row();
                self.row(row.of, row.domain, row.at_kink, &term.args, t);
            }
            Op::Apply(f) => {
                let row = f.row();
                if self.shapes.class(term.args[0]) == Class::Scalar {
                    match row.name {
                        "inv" => self.nonzero(&quoted[0], term.span, fact(0)),
                        "logdet" => self.add("domain", format!("{} > 0", quoted[0]), term.span, fact(0).positive()),
                        "norm2" => self.add("kink", format!("{} at {} = 0: derivative 0", self.text(t), quoted[0]), term.span, fact(0).nonzero),
                        _ => {}
                    }
                } else {
                    self.row(&["A"], row.domain, row.at_kink, &term.args, t);
                }
            }
            _ => {}
        }
    }

    fn nonzero(&mut self, text: &str, span: Span, f: Fact) {
        self.add("domain", format!("{text} nonzero"), span, f.nonzero);
    }

    /// The conditions of a row of a table, with the arguments for its names.
    fn row(&mut self, of: &[&str], domain: &str, at_kink: &str, args: &[TermId], t: TermId) {
        let span = self.terms.get(t).span;
        let constant = args.iter().all(|&a| self.closed[a.index()]);
        let said = |text: &str, w: &Self| -> String {
            let mut out = String::new();
            let mut word = String::new();
            for c in text.chars().chain([' ']) {
                if c.is_alphanumeric() || c == '_' {
                    word.push(c);
                    continue;
                }
                match of.iter().position(|n| *n == word) {
                    Some(k) => out.push_str(&args.get(k).map_or(String::new(), |&a| w.text(a))),
                    None => out.push_str(&word),
                }
                word.clear();
                out.push(c);
            }
            out.trim_end().to_string()
        };
        let first = args.first().map_or(Fact::default(), |&a| self.get(a));
        if !domain.is_empty() && !constant {
            let (kind, proved) = match domain {
                _ if domain.ends_with("invertible") => ("invertible", first.invertible),
                _ if domain.starts_with("det(") => ("domain", first.detpos),
                _ if domain.starts_with("abs(") => ("domain", first.inside),
                _ if domain.ends_with("nonzero") => ("domain", first.nonzero),
                _ if domain.ends_with("> -1") => ("domain", first.nonneg || first.inside),
                _ => ("domain", first.positive() || args.first().is_some_and(|&a| self.above(a))),
            };
            let text = said(domain, self);
            self.add(kind, text, span, proved);
        }
        if !at_kink.is_empty() && !constant {
            let call = self.text(t);
            match at_kink.split_once(" at ") {
                Some((value, place)) => {
                    let place = said(place, self);
                    let met = if args.len() == 1 { !first.nonzero } else { true };
                    self.add("kink", format!("{call} at {place}: derivative {value}"), span, !met);
                }
                None => self.add("kink", format!("{call}: derivative {at_kink}"), span, true),
            }
        }
    }
}

impl Fact {
    fn or(mut self, positive: bool) -> Fact {
        if positive {
            self.nonneg = true;
            self.nonzero = true;
        }
        self
    }
}

/// Signs of a product entry by entry.
fn times(x: Fact, y: Fact) -> Fact {
    Fact {
        nonneg: x.nonneg && y.nonneg || x.nonpos && y.nonpos,
        nonpos: x.nonneg && y.nonpos || x.nonpos && y.nonneg,
        nonzero: x.nonzero && y.nonzero,
        ..Fact::default()
    }
}

/// Whether a term is negative for sure.
pub fn negative(f: Fact) -> bool {
    f.negative()
}
