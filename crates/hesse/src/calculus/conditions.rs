//! Where the formula and its derivative hold: domains of functions, divisors, inverses, kinks. Which of them follow from
//! the declarations is decided by [`crate::calculus::signs`].

use crate::calculus::complaint::quote;
use crate::calculus::model::{Asks, Condition};
use crate::calculus::scope::Proto;
use crate::calculus::shapes::{Class, Shapes};
use crate::calculus::signs::{Fact, Signs};
use crate::calculus::term::{Op, TermId, Terms};
use crate::diagnostic::Span;
use crate::facts::matrices::Side;
use crate::syntax::tree::Operator;
use crate::tensor::dim::Dims;
use crate::tensor::{Dim, Rational};
use num_traits::Signed;

/// All conditions of a formula, in source order, each once, with the terms that they are about.
pub fn conditions(
    terms: &Terms,
    shapes: &Shapes,
    protos: &[Proto],
    assumed: &[Vec<String>],
    source: &str,
) -> Vec<(Condition, Vec<TermId>)> {
    let signs = Signs::new(terms, shapes, protos, assumed);
    let mut closed: Vec<bool> = vec![];
    for t in terms.ids() {
        let term = terms.get(t);
        closed.push(!matches!(term.op, Op::Input(_) | Op::Poison) && term.args.iter().all(|a| closed[a.index()]));
    }
    let mut d = Demands { terms, shapes, protos, source, signs, closed, out: vec![] };
    for t in terms.ids() {
        if !shapes.poisoned(t) {
            d.demand(t);
        }
    }
    // Where the formula has no value there is no kink: 1/norm2(x) needs norm2(x) nonzero, and says nothing of its slope at 0.
    let needed: Vec<String> =
        d.out.iter().filter(|c| matches!(c.0.asks, Asks::Nonzero | Asks::Positive)).map(|c| c.0.expression.clone()).collect();
    d.out.retain(|(c, _)| c.kind != "convention" || !needed.contains(&c.expression));
    d.out.sort_by_key(|c| c.0.span);
    let mut out: Vec<(Condition, Vec<TermId>)> = vec![];
    let mut place: rustc_hash::FxHashMap<(&'static str, String), usize> = Default::default();
    for (c, of) in d.out {
        match place.get(&(c.kind, c.text.clone())) {
            Some(&k) => out[k].0.proved &= c.proved,
            None => {
                place.insert((c.kind, c.text.clone()), out.len());
                out.push((c, of));
            }
        }
    }
    out
}

/// That a size is not negative, as a relation: `n >= 3` for n − 3.
pub fn size_text(dims: &Dims, d: Dim) -> String {
    let mut both = dims.clone();
    let mut side = |sign: i64| {
        let terms = dims.polynomial(d).iter().filter(|t| t.1 * sign > 0).map(|(m, c)| (m.clone(), c * sign)).collect();
        let part = both.of_polynomial(terms);
        both.text(part)
    };
    format!("{} >= {}", side(1), side(-1))
}

struct Demands<'a> {
    terms: &'a Terms,
    shapes: &'a Shapes,
    protos: &'a [Proto],
    source: &'a str,
    signs: Signs<'a>,
    /// Terms without any variable: whether they are defined shows at once.
    closed: Vec<bool>,
    out: Vec<(Condition, Vec<TermId>)>,
}

impl Demands<'_> {
    fn text(&self, t: TermId) -> String {
        quote(self.source, self.terms.get(t).span)
    }

    fn add(&mut self, kind: &'static str, text: String, span: Span, proved: bool, asks: Asks, of: &[TermId]) {
        let expression = of.first().map_or_else(String::new, |&t| self.text(t));
        self.out.push((Condition { kind, text, span, expression, proved, asks, of: vec![] }, of.to_vec()));
    }

    fn closed(&self, t: TermId) -> bool {
        self.closed[t.index()]
    }

    /// Whether an input is declared to be above exactly this: `b > A*x` for `b - A*x`.
    fn above(&self, t: TermId) -> bool {
        let term = self.terms.get(self.signs.strip(t));
        if !matches!(term.op, Op::Add { minus: true, .. }) {
            return false;
        }
        let squeeze = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        match self.terms.get(self.signs.strip(term.args[0])).op {
            Op::Input(k) => {
                let below = squeeze(&self.text(term.args[1]));
                self.protos[k].properties.iter().any(|p| p.strip_prefix('>').is_some_and(|e| squeeze(e) == below))
            }
            _ => false,
        }
    }

    fn nonzero(&mut self, x: TermId, span: Span) {
        if !self.closed(x) {
            self.add("domain", format!("{} nonzero", self.text(x)), span, self.signs.get(x).nonzero, Asks::Nonzero, &[x]);
        }
    }
    fn invertible(&mut self, x: TermId, span: Span) {
        self.add("invertible", format!("{} invertible", self.text(x)), span, self.signs.get(x).invertible, Asks::Invertible, &[x]);
    }
    fn positive(&mut self, x: TermId, span: Span) {
        let proved = self.signs.get(x).positive();
        if !(self.closed(x) && proved) {
            self.add("domain", format!("{} > 0", self.text(x)), span, proved || self.above(x), Asks::Positive, &[x]);
        }
    }

    /// Whether every use of a term is an even power of it.
    fn only_squared(&self, t: TermId) -> bool {
        let mut uses = self.terms.ids().filter(|u| self.terms.get(*u).args.contains(&t)).peekable();
        let even = |u: TermId| {
            let term = self.terms.get(u);
            let exponent = term.args.get(1).and_then(|e| self.terms.constant(*e));
            matches!(term.op, Op::Power | Op::DotPower)
                && term.args[0] == t
                && exponent.is_some_and(|k| k.is_integer() && k.numer() % 2 == 0)
        };
        uses.peek().is_some() && uses.all(even)
    }

    /// x of a sum of its squares: `sum(x.^2)`, `x'*x`.
    fn squared(&self, t: TermId) -> Option<TermId> {
        let term = self.terms.get(self.signs.strip(t));
        match &term.op {
            Op::Contract(readings) if readings.iter().all(|r| self.terms.contractions[*r].name == "sum") => {
                let inner = self.terms.get(self.signs.strip(term.args[0]));
                let two = inner.args.get(1).and_then(|e| self.terms.constant(*e)) == Some(Rational::from_integer(2));
                (matches!(inner.op, Op::DotPower) && two).then(|| inner.args[0])
            }
            Op::Times if self.shapes.class(t) == Class::Scalar && self.signs.transposes(term.args[0], term.args[1]) => {
                Some(term.args[1]).filter(|x| self.shapes.class(*x) == Class::Column)
            }
            _ => None,
        }
    }

    /// The root of a sum of squares is a norm, with the convention of one.
    fn root_of_squares(&mut self, sum: TermId, t: TermId) {
        let Some(x) = self.squared(sum) else { return };
        if self.closed(t) {
            return;
        }
        let text = format!("{} at {} = 0: derivative 0", self.text(t), self.text(x));
        let proved = self.signs.get(sum).positive();
        self.add("convention", text, self.terms.get(t).span, proved, Asks::Nothing, &[x]);
        let whole = self.text(t);
        if let Some(last) = self.out.last_mut() {
            last.0.expression = whole;
        }
    }

    fn demand(&mut self, t: TermId) {
        let term = self.terms.get(t);
        let (a, span) = (&term.args, term.span);
        let scalar = |w: &Self, k: usize| w.shapes.class(a[k]) == Class::Scalar;
        match &term.op {
            Op::Over | Op::DotOver => self.nonzero(a[1], span),
            Op::Under if scalar(self, 0) => self.nonzero(a[0], span),
            Op::Under => self.invertible(a[0], span),
            Op::Power | Op::DotPower => match self.terms.constant(a[1]) {
                Some(k) if k.is_integer() && !k.is_negative() => {}
                Some(k) if k.is_integer() => {
                    if matches!(term.op, Op::Power) && !scalar(self, 0) {
                        self.invertible(a[0], span);
                    } else {
                        self.nonzero(a[0], span);
                    }
                }
                Some(k) if k == Rational::new(1, 2) && self.squared(a[0]).is_some() => self.root_of_squares(a[0], t),
                _ => self.positive(a[0], span),
            },
            Op::Compare(op) if !self.closed(t) => {
                let sign = match op {
                    Operator::LessEqual
                    | Operator::GreaterEqual
                    | Operator::Greater
                    | Operator::Less
                    | Operator::Equal
                    | Operator::NotEqual => op.spelling(),
                    _ => return,
                };
                let text = format!("{} {sign} {}: derivative 0 everywhere", self.text(a[0]), self.text(a[1]));
                self.add("convention", text, span, true, Asks::Nothing, &[t]);
            }
            Op::Map(f) => self.row(f.row().of, f.row().domain, f.row().at_kink, t),
            Op::Apply(f) if scalar(self, 0) => match f.row().name {
                "inv" | "logabsdet" => self.nonzero(a[0], span),
                "logdet" => self.positive(a[0], span),
                "norm2" => self.row(&["A"], "", f.row().at_kink, t),
                _ => {}
            },
            // norm2(x)^2 is the sum of squares, smooth at 0 where norm2(x) is not.
            Op::Apply(f) | Op::Along(f, _) if f.row().name == "norm2" && self.only_squared(t) => {}
            Op::Apply(f) | Op::Along(f, _) => self.row(&["A"], f.row().domain, f.row().at_kink, t),
            _ => {}
        }
    }

    /// The conditions of a row of a table, with the arguments for its names.
    fn row(&mut self, of: &[&str], domain: &str, at_kink: &str, t: TermId) {
        let term = self.terms.get(t);
        let (args, span) = (&term.args, term.span);
        if self.closed(t) {
            return;
        }
        let first = args.first().map_or(Fact::default(), |&a| self.signs.get(a));
        if !domain.is_empty() {
            let (asks, proved) = match domain {
                _ if domain.ends_with("invertible") => (Asks::Invertible, first.invertible),
                _ if domain.starts_with("det(") => (Asks::PositiveDeterminant, first.detpos),
                _ if domain.starts_with("abs(") => (Asks::Inside, first.inside),
                _ if domain.ends_with("nonzero") => (Asks::Nonzero, first.nonzero),
                _ if domain.ends_with("> -1") => (Asks::AboveMinusOne, first.nonneg || first.inside),
                _ => (Asks::Positive, first.positive() || args.first().is_some_and(|&a| self.above(a))),
            };
            let kind = if asks == Asks::Invertible { "invertible" } else { "domain" };
            let text = self.filled(domain, of, args);
            self.add(kind, text, span, proved, asks, &args[..1]);
        }
        match at_kink.split_once(" at ") {
            Some((value, place)) => {
                let place = match term.op {
                    Op::Along(_, Side::Rows) => place.replace('A', "a row of A"),
                    Op::Along(_, Side::Cols) => place.replace('A', "a column of A"),
                    _ => place.to_string(),
                };
                let text = format!("{} at {}: derivative {value}", self.text(t), self.filled(&place, of, args));
                // The kink of a function of one argument is met where the argument is 0.
                // That of a norm is where all entries are 0 at once, that of a largest entry where two are equal.
                let whole = matches!(term.op, Op::Apply(_) | Op::Along(..));
                let (kind, asks) = if whole { ("convention", Asks::Nothing) } else { ("tie", Asks::Apart) };
                self.add(kind, text, span, args.len() == 1 && first.nonzero && place.ends_with("= 0"), asks, args);
                let whole = self.text(t);
                if let Some(last) = self.out.last_mut() {
                    last.0.expression = whole;
                }
            }
            None if !at_kink.is_empty() => {
                let text = format!("{}: derivative {at_kink}", self.text(t));
                self.add("convention", text, span, true, Asks::Nothing, &[t]);
            }
            None => {}
        }
    }

    /// A text of a row with the names of its arguments replaced by what the user wrote.
    fn filled(&self, text: &str, of: &[&str], args: &[TermId]) -> String {
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
                continue;
            }
            match of.iter().position(|n| *n == word).and_then(|k| args.get(k)) {
                Some(&a) => out.push_str(&self.text(a)),
                None => out.push_str(&word),
            }
            word.clear();
            out.push(c);
        }
        out.trim_end().to_string()
    }
}
