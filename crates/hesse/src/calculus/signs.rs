//! What is known of the signs of entries and of the definiteness of square values: enough to prove that `log(1 + x.^2)`
//! and `inv(X'*X + l*eye(n))` with l > 0 are defined. It proves, it never refutes.

use crate::calculus::scope::Proto;
use crate::calculus::shapes::{Class, Shapes};
use crate::calculus::term::{Contraction, Extent, Op, Part, Slot, Term, TermId, Terms};
use crate::tensor::Rational;
use num_traits::{Signed, Zero};
use rustc_hash::FxHashMap;

/// What is known of the entries of a value, and of a square value as a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// ≥ 0
    pub nonneg: bool,
    /// ≤ 0
    pub nonpos: bool,
    /// ≠ 0
    pub nonzero: bool,
    /// Between −1 and 1, exclusive.
    pub inside: bool,
    /// Positive definite symmetric part.
    pub posdef: bool,
    /// Positive semidefinite symmetric part.
    pub semidef: bool,
    /// The determinant is not 0.
    pub invertible: bool,
    /// The determinant is positive.
    pub detpos: bool,
}

const NONE: Fact =
    Fact { nonneg: false, nonpos: false, nonzero: false, inside: false, posdef: false, semidef: false, invertible: false, detpos: false };
const POSITIVE: Fact = Fact { nonneg: true, nonzero: true, ..NONE };

impl Fact {
    /// > 0
    pub fn positive(self) -> bool {
        self.nonneg && self.nonzero
    }
    fn of_number(r: Rational) -> Fact {
        Fact {
            nonneg: !r.is_negative(),
            nonpos: !r.is_positive(),
            nonzero: !r.is_zero(),
            inside: r.abs() < Rational::from_integer(1),
            ..NONE
        }
    }
    fn negated(self) -> Fact {
        Fact { nonneg: self.nonpos, nonpos: self.nonneg, nonzero: self.nonzero, inside: self.inside, ..NONE }
    }
    /// Of entries alone.
    fn entries(self) -> Fact {
        Fact { nonneg: self.nonneg, nonpos: self.nonpos, nonzero: self.nonzero, inside: self.inside, ..NONE }
    }
    /// What properties say.
    pub fn of_properties(properties: &[String]) -> Fact {
        let has = |name: &str| properties.iter().any(|q| q == name);
        let above = properties.iter().filter_map(|q| q.strip_prefix("> ")).any(|k| k.parse::<f64>().is_ok_and(|k| k >= 0.0));
        let positive = has("positive") || above;
        Fact {
            nonneg: positive || has("nonnegative"),
            nonpos: has("< 0"),
            nonzero: positive || has("nonzero"),
            inside: has("in (-1,1)") || has("in (0,1)"),
            posdef: has("posdef"),
            semidef: has("posdef"),
            invertible: has("invertible") || has("posdef") || has("orthogonal"),
            detpos: has("detpos") || has("posdef"),
        }
    }
    /// Both facts hold.
    fn and(self, o: Fact) -> Fact {
        Fact {
            nonneg: self.nonneg || o.nonneg,
            nonpos: self.nonpos || o.nonpos,
            nonzero: self.nonzero || o.nonzero,
            inside: self.inside || o.inside,
            posdef: self.posdef || o.posdef,
            semidef: self.semidef || o.semidef,
            invertible: self.invertible || o.invertible,
            detpos: self.detpos || o.detpos,
        }
    }
}

/// Signs of a product entry by entry.
fn times(x: Fact, y: Fact) -> Fact {
    Fact {
        nonneg: x.nonneg && y.nonneg || x.nonpos && y.nonpos,
        nonpos: x.nonneg && y.nonpos || x.nonpos && y.nonneg,
        nonzero: x.nonzero && y.nonzero,
        inside: x.inside && y.inside,
        ..NONE
    }
}

/// The facts of all terms.
pub struct Signs<'a> {
    terms: &'a Terms,
    shapes: &'a Shapes,
    protos: &'a [Proto],
    /// Properties that are assumed of definitions.
    assumed: &'a [Vec<String>],
    facts: Vec<Fact>,
    /// Equal numbers mean equal values.
    number: Vec<usize>,
}

/// A number for each term; terms with the same operation on equal numbers share one.
fn numbers(terms: &Terms) -> Vec<usize> {
    let mut bodies: FxHashMap<&Contraction, usize> = FxHashMap::default();
    let body: Vec<usize> = terms.contractions.iter().enumerate().map(|(k, c)| *bodies.entry(c).or_insert(k)).collect();
    let mut known: FxHashMap<(Op, Vec<usize>), usize> = FxHashMap::default();
    let mut out: Vec<usize> = vec![];
    for t in terms.ids() {
        let term = terms.get(t);
        let args: Vec<usize> = term.args.iter().map(|a| out[a.index()]).collect();
        let fresh = out.len();
        let number = match &term.op {
            Op::Define(_) => args[0],
            // Sizes that follow from the surroundings may differ.
            Op::Fill(_, Extent::Free, _) | Op::Eye(Extent::Free, _) | Op::Poison => fresh,
            Op::Contract(c) => *known.entry((Op::Contract(c.iter().map(|&k| body[k]).collect()), args)).or_insert(fresh),
            op => *known.entry((op.clone(), args)).or_insert(fresh),
        };
        out.push(number);
    }
    out
}

impl<'a> Signs<'a> {
    /// One pass over the terms.
    pub fn new(terms: &'a Terms, shapes: &'a Shapes, protos: &'a [Proto], assumed: &'a [Vec<String>]) -> Self {
        let mut s = Signs { terms, shapes, protos, assumed, facts: Vec::with_capacity(terms.len()), number: numbers(terms) };
        for t in terms.ids() {
            let f = if shapes.poisoned(t) { NONE } else { s.fact(t) };
            s.facts.push(f);
        }
        s
    }

    /// What is known of a term.
    pub fn get(&self, t: TermId) -> Fact {
        self.facts.get(t.index()).copied().unwrap_or(NONE)
    }

    /// The term under its names.
    pub fn strip(&self, mut t: TermId) -> TermId {
        while let Op::Define(_) = self.terms.get(t).op {
            t = self.terms.get(t).args[0];
        }
        t
    }

    /// Whether two terms have one value: they do the same with the same.
    fn same(&self, a: TermId, b: TermId) -> bool {
        self.number[a.index()] == self.number[b.index()]
    }

    /// Whether a is b'.
    pub fn transposes(&self, a: TermId, b: TermId) -> bool {
        let (a, b) = (self.strip(a), self.strip(b));
        let (x, y) = (self.terms.get(a), self.terms.get(b));
        matches!(x.op, Op::Transpose) && self.same(x.args[0], b) || matches!(y.op, Op::Transpose) && self.same(y.args[0], a)
    }

    fn scalar(&self, t: TermId) -> bool {
        self.shapes.class(t) == Class::Scalar
    }

    fn square(&self, t: TermId) -> bool {
        self.shapes.side_text(self.shapes.row(t)) == self.shapes.side_text(self.shapes.col(t))
    }

    fn fact(&self, t: TermId) -> Fact {
        if let Some(r) = self.terms.constant(t) {
            return Fact::of_number(r);
        }
        let term = self.terms.get(t);
        let arg = |k: usize| term.args.get(k).map_or(NONE, |&a| self.get(a));
        match &term.op {
            Op::Input(k) => Fact::of_properties(&self.protos[*k].properties),
            Op::Pi | Op::Size(_) | Op::Measure(_) | Op::Fill(true, ..) => POSITIVE,
            Op::Number(_) => Fact { nonneg: true, ..NONE },
            Op::Fill(false, ..) => Fact { nonneg: true, nonpos: true, ..NONE },
            Op::Eye(..) => Fact { nonneg: true, posdef: true, semidef: true, invertible: true, detpos: true, ..NONE },
            Op::Commutation(..) => Fact { nonneg: true, invertible: true, ..NONE },
            Op::Define(k) => arg(0).and(self.assumed.get(*k).map_or(NONE, |p| Fact::of_properties(p))),
            Op::Transpose => arg(0),
            Op::Negate => Fact { invertible: arg(0).invertible, ..arg(0).negated() },
            Op::Add { minus, .. } => self.sum(term, arg(0), if *minus { arg(1).negated() } else { arg(1) }, *minus),
            Op::Times => self.product(t),
            Op::DotTimes => self.entrywise(t),
            Op::Over | Op::DotOver => {
                let (x, y) = (arg(0), arg(1));
                let (definite, scaled) = (x.posdef && y.positive(), matches!(term.op, Op::Over));
                Fact {
                    inside: false,
                    posdef: definite && scaled,
                    semidef: x.semidef && y.positive() && scaled,
                    invertible: x.invertible && scaled,
                    detpos: definite && scaled,
                    ..times(x, y)
                }
            }
            Op::Under | Op::Poison => NONE,
            Op::Counter(i) => {
                let from = self.shapes.dims.as_integer(self.terms.indices[*i].from);
                if from.is_some_and(|k| k >= 1) { POSITIVE } else { NONE }
            }
            // At least one term: what the sum of two keeps.
            Op::Series(_) => self.sum(term, arg(0), arg(0), false),
            Op::Power | Op::DotPower => self.power(t),
            Op::Compare(_) => Fact { nonneg: true, ..NONE },
            Op::Map(f) => self.map(f.row().name, f.row().sign, arg(0), arg(1), arg(2)),
            Op::Apply(f) | Op::Along(f, _) => {
                let x = arg(0);
                match f.row().name {
                    // Of a number `inv` is its reciprocal.
                    "inv" if self.scalar(term.args[0]) => Fact { nonneg: x.nonneg, nonpos: x.nonpos, nonzero: true, ..NONE },
                    "inv" => Fact { posdef: x.posdef, semidef: x.posdef, invertible: true, detpos: x.detpos, ..NONE },
                    "det" if self.scalar(term.args[0]) => x.entries(),
                    "det" => Fact { nonneg: x.detpos || x.semidef, nonzero: x.invertible, ..NONE },
                    "maximum" | "minimum" => x.entries(),
                    "expm" if self.scalar(term.args[0]) => Fact { nonneg: true, nonzero: true, ..NONE },
                    "expm" => Fact { invertible: true, detpos: true, ..NONE },
                    "argmax" | "argmin" => Fact { nonneg: true, ..NONE },
                    "prod" => Fact { nonneg: x.nonneg, nonzero: x.nonzero, ..NONE },
                    "norm2" => Fact { nonneg: true, nonzero: x.nonzero || x.invertible, ..NONE },
                    _ => NONE,
                }
            }
            Op::Contract(_) => match self.shapes.choice(t) {
                Some(k) => self.contraction(term, &self.terms.contractions[k]),
                None => NONE,
            },
            Op::Pick(_) => arg(0).entries(),
            // Every place of a literal is filled by some block.
            Op::Stack(_) => {
                let all = |p: fn(Fact) -> bool| term.args.iter().all(|&a| p(self.get(a)));
                Fact {
                    nonneg: all(|f| f.nonneg),
                    nonpos: all(|f| f.nonpos),
                    nonzero: all(|f| f.nonzero),
                    inside: all(|f| f.inside),
                    ..NONE
                }
            }
        }
    }

    fn sum(&self, term: &Term, x: Fact, y: Fact, minus: bool) -> Fact {
        // 1 − x, 1 + x with |x| < 1.
        let one = |k: usize| term.args.get(k).and_then(|&a| self.terms.constant(a)).is_some_and(|r| r >= Rational::from_integer(1));
        let beyond = one(0) && y.inside || one(1) && x.inside && !minus;
        let definite = !minus && (x.posdef && (y.posdef || y.semidef) || x.semidef && y.posdef);
        let (nonneg, nonpos) = (x.nonneg && y.nonneg, x.nonpos && y.nonpos);
        Fact {
            nonneg: nonneg || beyond,
            nonpos,
            nonzero: (nonneg || nonpos) && (x.nonzero || y.nonzero) || beyond,
            inside: false,
            posdef: definite,
            semidef: definite || !minus && x.semidef && y.semidef,
            invertible: definite,
            detpos: definite,
        }
    }

    fn entrywise(&self, t: TermId) -> Fact {
        let a = &self.terms.get(t).args;
        let s = times(self.get(a[0]), self.get(a[1]));
        Fact { nonneg: s.nonneg || self.same(a[0], a[1]), ..s }
    }

    fn product(&self, t: TermId) -> Fact {
        let args = &self.terms.get(t).args;
        let (a, b) = (args[0], args[1]);
        let (x, y) = (self.get(a), self.get(b));
        for (s, p, q) in [(a, x, y), (b, y, x)] {
            if self.scalar(s) {
                let definite = p.positive() && q.posdef;
                return Fact {
                    posdef: definite,
                    semidef: definite || p.nonneg && q.semidef,
                    invertible: p.nonzero && q.invertible,
                    detpos: definite,
                    ..self.entrywise(t)
                };
            }
        }
        // A sum of products: it vanishes nowhere only if all of them have one sign.
        let s = times(x, y);
        let nonzero = (s.nonneg || s.nonpos) && s.nonzero;
        let gram = self.transposes(a, b);
        // (Y'*P)*Y and Y'*(P*Y)
        let (u, v) = (self.terms.get(self.strip(a)), self.terms.get(self.strip(b)));
        let inner = if matches!(u.op, Op::Times) && self.transposes(u.args[0], b) {
            self.get(u.args[1])
        } else if matches!(v.op, Op::Times) && self.transposes(a, v.args[1]) {
            self.get(v.args[0])
        } else {
            NONE
        };
        let squares = self.square(a) && self.square(b);
        let invertible = squares && x.invertible && y.invertible;
        let semidef = gram || inner.semidef;
        Fact {
            nonneg: s.nonneg || semidef && self.scalar(t),
            nonpos: s.nonpos,
            nonzero,
            inside: false,
            posdef: semidef && invertible && (gram || inner.posdef),
            semidef,
            invertible,
            detpos: squares && x.detpos && y.detpos || invertible && gram,
        }
    }

    fn power(&self, t: TermId) -> Fact {
        let term = self.terms.get(t);
        let x = self.get(term.args[0]);
        let k = self.terms.integer(term.args[1]);
        let even = k.is_some_and(|k| k % 2 == 0);
        if matches!(term.op, Op::Power) && !self.scalar(term.args[0]) {
            return Fact {
                nonneg: x.nonneg && k.is_some_and(|k| k >= 0),
                invertible: x.invertible,
                detpos: x.detpos || even && x.invertible,
                ..NONE
            };
        }
        // A power that is no whole number is only taken of a base that is not negative.
        let (fraction, zero) = (k.is_none(), k == Some(0));
        Fact {
            nonneg: even || x.nonneg || fraction,
            nonpos: !even && x.nonpos && !fraction,
            nonzero: x.nonzero || zero,
            inside: x.inside && k.is_some_and(|k| k > 0),
            ..NONE
        }
    }

    fn map(&self, name: &str, sign: &str, x: Fact, y: Fact, z: Fact) -> Fact {
        let row = Fact { nonneg: sign.contains('+'), nonzero: sign == "+", ..NONE };
        match name {
            "sign" | "cbrt" | "asin" | "atan" | "sinh" | "tanh" | "erf" | "expm1" | "log1p" => {
                Fact { nonneg: x.nonneg, nonpos: x.nonpos, nonzero: x.nonzero, inside: matches!(name, "tanh" | "erf"), ..NONE }
            }
            "abs" => Fact { nonneg: true, nonzero: x.nonzero, inside: x.inside, ..NONE },
            "relu" => Fact { nonneg: true, nonpos: x.nonpos, nonzero: x.positive(), inside: x.inside, ..NONE },
            "sigmoid" => Fact { inside: true, ..row },
            "max" => Fact { nonneg: x.nonneg || y.nonneg, nonzero: x.positive() || y.positive(), ..NONE },
            "min" => Fact { nonneg: x.nonneg && y.nonneg, nonzero: x.positive() && y.positive(), ..NONE },
            "pow" => Fact { nonneg: true, nonzero: x.positive(), ..NONE },
            "hypot" => Fact { nonneg: true, nonzero: x.nonzero || y.nonzero, ..NONE },
            "where" => Fact { nonneg: y.nonneg && z.nonneg, nonpos: y.nonpos && z.nonpos, nonzero: y.nonzero && z.nonzero, ..NONE },
            _ => row,
        }
    }

    fn contraction(&self, term: &Term, c: &Contraction) -> Fact {
        let x = term.args.first().map_or(NONE, |&a| self.get(a));
        match c.name {
            "diag" if c.needs == "vector" => {
                return Fact {
                    nonneg: x.nonneg,
                    nonpos: x.nonpos,
                    posdef: x.positive(),
                    semidef: x.nonneg,
                    invertible: x.nonzero,
                    detpos: x.positive(),
                    ..NONE
                };
            }
            "diag" => return Fact { nonneg: x.nonneg || x.semidef, nonzero: x.nonzero || x.posdef, nonpos: x.nonpos, ..NONE },
            "tr" => {
                return Fact {
                    nonneg: x.nonneg || x.semidef,
                    nonzero: (x.nonneg || x.nonpos) && x.nonzero || x.posdef,
                    nonpos: x.nonpos,
                    ..NONE
                };
            }
            "dot" if term.args.len() == 1 => return Fact { nonneg: true, ..NONE },
            _ => {}
        }
        // Sums and copies of one product.
        let mut sign = POSITIVE;
        for part in &c.parts {
            match part {
                Part::Tensor(k, _) | Part::Scalar(k) => sign = times(sign, self.get(term.args[*k])),
                Part::Constant(..) => sign = times(sign, Fact { nonneg: true, ..NONE }),
                Part::Product(_) => {}
                _ => return NONE,
            }
        }
        let out: Vec<usize> = c.out.iter().flatten().copied().collect();
        let diagonal = out.iter().enumerate().any(|(k, l)| out[..k].contains(l));
        let summed = c.parts.iter().any(|p| matches!(p, Part::Tensor(_, s) if s.iter().flat_map(Slot::letters).any(|l| !out.contains(l))));
        Fact {
            nonneg: sign.nonneg,
            nonpos: sign.nonpos,
            nonzero: sign.nonzero && !diagonal && (!summed || sign.nonneg || sign.nonpos),
            ..NONE
        }
    }
}
