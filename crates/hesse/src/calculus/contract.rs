//! Index notation to expressions: each part becomes a value with index labels; a letter that the result does not name is
//! summed over the product term it stands in.
//!
//! The terms are those of the multiplied-out body, so that `2*(A[i,j]*x[j] + b[i])` is `2*A[i,j]*x[j] + 2*b[i]`. Within a
//! function, a power or a divisor nothing is summed: `exp(A[i,j]) -> [i]` sums exponentials.

use crate::calculus::build::{Refusal, Value, factor, number};
use crate::calculus::term::{Constant, Contraction, IndexId, Part, Slot};
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Dim, Expr, Factor, Label, Pattern, Pool, Rational};

/// A product that is not closed yet: its letters are still free.
#[derive(Clone, Debug)]
struct Open {
    coefficient: Rational,
    factors: Vec<Factor>,
    /// Labels that no factor carries but that belong to the value (`ones[i]`).
    bare: Vec<Label>,
}

/// What a part gives: terms of a sum.
type Terms = Vec<Open>;

struct Work<'a> {
    pool: &'a mut Pool,
    /// First label and sizes of each letter.
    letters: Vec<(Label, &'a [Dim])>,
    /// Indices of sums around it with their labels: they are kept everywhere.
    indices: Vec<(IndexId, Label)>,
    size: Vec<Dim>,
    args: &'a [Value],
    span: Span,
    /// Letters, as bits, that each part may not sum: they occur beside it.
    scope: Vec<u64>,
}

/// Builds the body of a contraction over its arguments. `sizes` are the lists of its letters, `over` the indices of the sums around it.
pub fn build(
    pool: &mut Pool,
    c: &Contraction,
    sizes: &[Vec<Dim>],
    over: &[(IndexId, Dim)],
    args: &[Value],
    span: Span,
) -> Result<Expr, Refusal> {
    let mut letters = vec![];
    let mut size = vec![];
    for list in sizes {
        letters.push((size.len() as Label, list.as_slice()));
        size.extend(list);
    }
    if c.letters.len() > 64 {
        return Err(Diagnostic::error("E604", span, "more than 64 index letters")
            .because("index notation is read with up to 64 letters")
            .help("name a part of it")
            .into());
    }
    let mut indices = vec![];
    for (i, d) in over {
        indices.push((*i, size.len() as Label));
        size.push(*d);
    }
    let mut w = Work { pool, letters, indices, size, args, span, scope: scopes(c) };
    let mut values: Vec<Terms> = vec![];
    for part in &c.parts {
        let v = w.part(part, &values)?;
        values.push(v);
    }
    let outer = w.indices.iter().map(|i| i.1);
    let out: Vec<Label> = outer.chain(c.out.iter().flatten().flat_map(|&l| w.labels(l))).collect();
    let axes: Vec<Dim> = out.iter().map(|&l| w.size[l as usize]).collect();
    let mut sum = vec![];
    for term in values.pop().unwrap_or_default() {
        sum.push((term.coefficient, w.close(&term, &out)));
    }
    Ok(w.pool.sum(&sum, &axes))
}

/// For each part the letters that it must keep: those of the result and of the factors beside it.
fn scopes(c: &Contraction) -> Vec<u64> {
    let mut own: Vec<u64> = vec![];
    for part in &c.parts {
        let slots = |s: &[Slot]| s.iter().flat_map(Slot::letters).fold(0, |m, l| m | 1 << l);
        own.push(match part {
            Part::Tensor(_, s) | Part::Constant(_, s) => slots(s),
            Part::Scalar(_) | Part::Number(_) => 0,
            Part::Close(_, kept) => kept.iter().fold(0, |m, l| m | 1 << l),
            _ => children(part).iter().fold(0, |m, &k| m | own[k]),
        });
    }
    let mut scope = vec![0; c.parts.len()];
    if let Some(last) = scope.last_mut() {
        *last = c.out.iter().flatten().fold(0, |m, l| m | 1 << l);
    }
    for (k, part) in c.parts.iter().enumerate().rev() {
        for (at, &child) in children(part).iter().enumerate() {
            scope[child] |= match part {
                Part::Sum(_) | Part::Not(_) => scope[k],
                Part::Product(parts) => parts.iter().enumerate().filter(|p| p.0 != at).fold(scope[k], |m, p| m | own[*p.1]),
                Part::Quotient(_, b) if at == 0 => scope[k] | own[*b],
                Part::Close(..) => own[k],
                _ => u64::MAX,
            };
        }
    }
    scope
}

fn children(part: &Part) -> Vec<usize> {
    match part {
        Part::Tensor(..) | Part::Scalar(_) | Part::Number(_) | Part::Constant(..) => vec![],
        Part::Sum(t) => t.iter().map(|t| t.1).collect(),
        Part::Product(p) | Part::Map(_, p) => p.clone(),
        Part::Quotient(a, b) | Part::Power(a, b) => vec![*a, *b],
        Part::Not(a) | Part::Close(a, _) => vec![*a],
    }
}

impl Work<'_> {
    fn labels(&self, letter: usize) -> Vec<Label> {
        let (from, list) = self.letters[letter];
        (from..from + list.len() as Label).collect()
    }

    /// The value with these labels; all others are summed.
    fn close(&mut self, term: &Open, out: &[Label]) -> Expr {
        let carried = |l: &Label| term.factors.iter().any(|f| f.labels.contains(l));
        let mut broadcast: Vec<(Label, Dim)> = vec![];
        for &l in out.iter().chain(&term.bare) {
            if !carried(&l) && !broadcast.iter().any(|b| b.0 == l) {
                broadcast.push((l, self.size[l as usize]));
            }
        }
        // A letter that only `ones` carries is summed as a size: it becomes the factor ones[l].
        let mut factors = term.factors.clone();
        let mut bare = term.bare.clone();
        bare.sort_unstable();
        bare.dedup();
        for l in bare {
            if !carried(&l) && !out.contains(&l) {
                let n = self.pool.size(self.size[l as usize]);
                factors.push(factor(self.pool, n, vec![]));
                broadcast.retain(|b| b.0 != l);
            }
        }
        self.pool.product_of(factors, out.to_vec(), &broadcast)
    }

    /// Labels of a term in order of appearance.
    fn free(term: &Open) -> Vec<Label> {
        let mut out: Vec<Label> = vec![];
        for &l in term.factors.iter().flat_map(|f| &f.labels).chain(&term.bare) {
            if !out.contains(&l) {
                out.push(l);
            }
        }
        out
    }

    /// A sum as one factor, with those of its labels that are kept.
    fn joined(&mut self, terms: &Terms, keep: u64) -> (Expr, Vec<Label>) {
        let mut labels: Vec<Label> = vec![];
        for l in terms.iter().flat_map(Self::free) {
            if !labels.contains(&l) && self.kept(l, keep) {
                labels.push(l);
            }
        }
        let axes: Vec<Dim> = labels.iter().map(|&l| self.size[l as usize]).collect();
        let sum: Vec<(Rational, Expr)> = terms.iter().map(|t| (t.coefficient, self.close(t, &labels))).collect();
        (self.pool.sum(&sum, &axes), labels)
    }

    /// The labels of an argument for the indices that it depends on.
    fn over(&self, x: &Value) -> Vec<Label> {
        x.over.iter().filter_map(|o| self.indices.iter().find(|i| i.0 == *o)).map(|i| i.1).collect()
    }

    fn kept(&self, l: Label, keep: u64) -> bool {
        if self.indices.iter().any(|i| i.1 == l) {
            return true;
        }
        let letter = self.letters.iter().rposition(|(from, list)| *from <= l && !list.is_empty());
        letter.is_none_or(|k| keep >> k & 1 == 1)
    }

    /// As one product.
    fn product(&mut self, terms: &Terms, keep: u64) -> Open {
        match terms.as_slice() {
            [one] => one.clone(),
            _ => {
                let (e, labels) = self.joined(terms, keep);
                Open { coefficient: Rational::from_integer(1), factors: vec![factor(self.pool, e, labels)], bare: vec![] }
            }
        }
    }

    fn multiply(&self, a: Open, b: Open) -> Result<Open, Refusal> {
        use num_traits::CheckedMul;
        let coefficient = a.coefficient.checked_mul(&b.coefficient).ok_or_else(|| {
            Refusal::from(
                Diagnostic::error("E606", self.span, "exact arithmetic left 128 bits")
                    .because("coefficients are exact rationals")
                    .help("write a rounded coefficient"),
            )
        })?;
        Ok(Open { coefficient, factors: [a.factors, b.factors].concat(), bare: [a.bare, b.bare].concat() })
    }

    fn power(&mut self, base: &Terms, exponent: Expr) -> Open {
        let one = Rational::from_integer(1);
        let (e, labels) = self.joined(base, u64::MAX);
        let power = self.pool.power(e, exponent);
        Open { coefficient: one, factors: vec![factor(self.pool, power, labels)], bare: vec![] }
    }

    fn part(&mut self, part: &Part, values: &[Terms]) -> Result<Terms, Refusal> {
        let one = Rational::from_integer(1);
        let single = |factors: Vec<Factor>, bare: Vec<Label>| vec![Open { coefficient: one, factors, bare }];
        Ok(match part {
            Part::Number(text) => {
                let e = number(self.pool, text, self.span)?;
                match self.pool.as_number(e) {
                    Some(r) => vec![Open { coefficient: r, factors: vec![], bare: vec![] }],
                    None => single(vec![factor(self.pool, e, vec![])], vec![]),
                }
            }
            Part::Scalar(k) => {
                let labels = self.over(&self.args[*k]);
                single(vec![factor(self.pool, self.args[*k].expr, labels)], vec![])
            }
            Part::Tensor(k, slots) => {
                let x = &self.args[*k];
                // One slot on a row stands on its columns.
                let groups: Vec<&[Dim]> = match slots.len() {
                    1 if x.shape.rows.is_empty() => vec![&x.shape.cols],
                    1 => vec![&x.shape.rows],
                    _ => vec![&x.shape.rows, &x.shape.cols],
                };
                let mut labels: Vec<Label> = self.over(x);
                let mut units = vec![];
                for (slot, axes) in slots.iter().zip(groups) {
                    match slot {
                        Slot::Letter(_) | Slot::Stack(_) => labels.extend(slot.letters().iter().flat_map(|&l| self.labels(l))),
                        Slot::At(at) => {
                            for &of in axes {
                                if axes.len() > 1 {
                                    return Err(self.compound());
                                }
                                let l = self.fresh(of);
                                labels.push(l);
                                let u = self.pool.pattern(Pattern::Unit { at: *at, of });
                                units.push(factor(self.pool, u, vec![l]));
                            }
                        }
                    }
                }
                if units.is_empty() {
                    return Ok(single(vec![factor(self.pool, x.expr, labels)], vec![]));
                }
                // A constant position is not one of the letters: sum it away at once.
                let units_labels: Vec<Label> = units.iter().flat_map(|u| u.labels.clone()).collect();
                let mut keep: Vec<Label> = vec![];
                for l in labels.iter().filter(|l| !units_labels.contains(l)) {
                    if !keep.contains(l) {
                        keep.push(*l);
                    }
                }
                let mut factors = vec![factor(self.pool, x.expr, labels)];
                factors.extend(units);
                let e = self.pool.product_of(factors, keep.clone(), &[]);
                single(vec![factor(self.pool, e, keep)], vec![])
            }
            Part::Constant(c, slots) => self.constant(*c, slots)?,
            Part::Sum(terms) => {
                let mut out = vec![];
                for (minus, k) in terms {
                    for t in &values[*k] {
                        out.push(Open { coefficient: if *minus { -t.coefficient } else { t.coefficient }, ..t.clone() });
                    }
                }
                out
            }
            Part::Product(parts) => {
                let mut p = Open { coefficient: one, factors: vec![], bare: vec![] };
                for &k in parts {
                    let q = self.product(&values[k], self.scope[k]);
                    p = self.multiply(p, q)?;
                }
                vec![p]
            }
            Part::Quotient(a, b) => {
                let minus = self.pool.integer(-1);
                let divisor = self.power(&values[*b], minus);
                let p = self.product(&values[*a], self.scope[*a]);
                vec![self.multiply(p, divisor)?]
            }
            Part::Power(a, b) => {
                let (e, labels) = self.joined(&values[*b], u64::MAX);
                if labels.is_empty() {
                    vec![self.power(&values[*a], e)]
                } else {
                    let (x, own) = self.joined(&values[*a], u64::MAX);
                    self.map("pow", vec![(x, own), (e, labels)])?
                }
            }
            Part::Map(f, parts) => {
                let mut args = vec![];
                for &k in parts {
                    args.push(self.joined(&values[k], u64::MAX));
                }
                self.map(f.row().name, args)?
            }
            Part::Close(k, kept) => {
                let (e, labels) = self.joined(&values[*k], kept.iter().fold(0, |m, l| m | 1 << l));
                single(vec![factor(self.pool, e, labels)], vec![])
            }
            Part::Not(k) => {
                let mut out = vec![Open { coefficient: one, factors: vec![], bare: vec![] }];
                out.extend(values[*k].iter().map(|t| Open { coefficient: -t.coefficient, ..t.clone() }));
                out
            }
        })
    }

    fn map(&mut self, f: &str, args: Vec<(Expr, Vec<Label>)>) -> Result<Terms, Refusal> {
        let f = crate::calculus::build::function(f).ok_or(Refusal::Silent)?;
        let mut labels: Vec<Label> = vec![];
        for &l in args.iter().flat_map(|a| &a.1) {
            if !labels.contains(&l) {
                labels.push(l);
            }
        }
        let sizes: Vec<(Label, Dim)> = labels.iter().map(|&l| (l, self.size[l as usize])).collect();
        let args: Vec<Expr> = args
            .into_iter()
            .map(|(e, own)| {
                let missing: Vec<(Label, Dim)> = sizes.iter().copied().filter(|s| !own.contains(&s.0)).collect();
                self.pool.product(&[(e, &own)], &labels, &missing)
            })
            .collect();
        let e = self.pool.map(f, &args);
        Ok(vec![Open { coefficient: Rational::from_integer(1), factors: vec![factor(self.pool, e, labels)], bare: vec![] }])
    }

    fn fresh(&mut self, of: Dim) -> Label {
        self.size.push(of);
        (self.size.len() - 1) as Label
    }

    fn compound(&self) -> Refusal {
        Diagnostic::error("E301", self.span, "a position on an axis whose size is a product")
            .because("vec and kron give axes that are products of sizes")
            .help("pick from the factors before kron or vec")
            .into()
    }

    fn constant(&mut self, c: Constant, slots: &[Slot]) -> Result<Terms, Refusal> {
        let one = Rational::from_integer(1);
        let mut letters: Vec<Vec<Label>> = vec![];
        for s in slots {
            match s {
                Slot::Letter(_) | Slot::Stack(_) => letters.push(s.letters().iter().flat_map(|&l| self.labels(l)).collect()),
                Slot::At(_) => {
                    return Err(Diagnostic::error("E301", self.span, "constants of index notation take letters only")
                        .because("positions stand on variables")
                        .help("write unit(k)[i] for a position")
                        .into());
                }
            }
        }
        let flat = letters.concat();
        let plain = letters.iter().all(|l| l.len() == 1);
        let size = |w: &Self, l: Label| w.size[l as usize];
        let pattern = match c {
            Constant::Ones => return Ok(vec![Open { coefficient: one, factors: vec![], bare: flat }]),
            Constant::Zeros => return Ok(vec![Open { coefficient: Rational::from_integer(0), factors: vec![], bare: flat }]),
            Constant::Eye => {
                let axes: Vec<Dim> = letters[0].iter().map(|&l| size(self, l)).collect();
                let e = self.pool.identity(&axes);
                return Ok(vec![Open { coefficient: one, factors: vec![factor(self.pool, e, flat)], bare: vec![] }]);
            }
            // On axes of size 1 the constants are 1.
            Constant::Lower if flat.is_empty() => return Ok(vec![Open { coefficient: one, factors: vec![], bare: vec![] }]),
            _ if !plain => return Err(self.compound()),
            Constant::Lower => Pattern::Lower { of: size(self, flat[0]) },
            Constant::Unit(at) => Pattern::Unit { at, of: size(self, flat[0]) },
            Constant::Shift(offset) => Pattern::Shift { offset, rows: size(self, flat[0]), cols: size(self, flat[1]) },
        };
        let e = self.pool.pattern(pattern);
        Ok(vec![Open { coefficient: one, factors: vec![factor(self.pool, e, flat)], bare: vec![] }])
    }
}
