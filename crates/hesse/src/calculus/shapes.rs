//! Shape inference by unification: every term has two sides (rows, columns), every operator is a rule between sides,
//! and the rules are applied until nothing changes. What stays open is decided by the naming habit, if it type-checks.
//!
//! A side is a list of sizes (empty for 1). It may be unknown, known not to be 1, known up to the order of its factors
//! (`eye(m*n)` beside `vec(X)`), or known.

use crate::calculus::scope::Proto;
use crate::calculus::term::{Constant, Contraction, Extent, Op, Part, Place, Slot, Sub, TermId, Terms};
use crate::facts::matrices;
use crate::tensor::Dim;
use crate::tensor::dim::Dims;

mod settle;

pub use settle::transposed;

/// What is known of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Unknown,
    /// Not 1.
    Big,
    /// The product; the order of the factors is still free.
    Loose(Vec<Dim>),
    /// Everything.
    Known(Vec<Dim>),
}

/// A side: a position in the union-find.
pub type Side = u32;

/// Why a term has no shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Inner sizes of a product.
    Product,
    /// Two operands of an element-wise operation.
    Elementwise(TermId, TermId),
    /// Division by something that is no scalar.
    Divisor,
    /// A square matrix is needed.
    Square(TermId),
    /// A vector is needed.
    Vector(TermId),
    /// A scalar is needed.
    Scalar(TermId),
    /// A power whose exponent is no scalar.
    Exponent,
    /// A non-integer power of a matrix.
    Fraction,
    /// An index letter stands for two different sizes (or an argument has too many axes).
    Letter,
    /// Blocks beside each other with different numbers of rows.
    Beside,
    /// Rows of blocks with different numbers of columns.
    Above,
    /// Too many or too few subscripts.
    Subscripts,
    /// Equal as numbers, but the factors stand in another order.
    Order,
    /// The size of a generator does not follow from anything.
    Unsized,
    /// A tensor of order three or more among matrix operations.
    Tensor(TermId),
}

enum Clash {
    Size,
    Order,
}

/// The kind of a shape as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 1×1
    Scalar,
    /// n×1
    Column,
    /// 1×n
    Row,
    /// m×n
    Matrix,
    /// Not known yet.
    Unclear,
}

/// Sides of all terms.
#[derive(Clone, Debug)]
pub struct Shapes {
    /// Sizes, on loan from the pool.
    pub dims: Dims,
    parent: Vec<Side>,
    state: Vec<State>,
    rows: Vec<Side>,
    cols: Vec<Side>,
    letters: Vec<Vec<Side>>,
    choice: Vec<Option<usize>>,
    poisoned: Vec<bool>,
    inputs: Vec<(Side, Side)>,
    /// What went wrong, by term.
    pub faults: Vec<(TermId, Fault)>,
    changed: bool,
}

type Rule = Result<(), Fault>;

impl Shapes {
    /// Sides for all terms; nothing applied yet.
    pub fn new(terms: &Terms, protos: &[Proto], dims: Dims) -> Shapes {
        let n = terms.len();
        let mut s = Shapes {
            dims,
            parent: vec![],
            state: vec![],
            rows: Vec::with_capacity(n),
            cols: Vec::with_capacity(n),
            letters: vec![vec![]; n],
            choice: vec![None; n],
            poisoned: vec![false; n],
            inputs: vec![],
            faults: vec![],
            changed: false,
        };
        for p in protos {
            let pair = match &p.sizes {
                Some((r, c)) => {
                    let r = s.given(r);
                    let c = s.given(c);
                    // A square type has one side.
                    (r, if p.symmetric { r } else { c })
                }
                None => (s.fresh(State::Unknown), s.fresh(State::Unknown)),
            };
            s.inputs.push(pair);
        }
        for t in terms.ids() {
            let (r, c) = s.sides(terms, t);
            s.rows.push(r);
            s.cols.push(c);
        }
        s
    }

    fn sides(&mut self, terms: &Terms, t: TermId) -> (Side, Side) {
        let term = terms.get(t);
        let one = |s: &mut Self| s.fresh(State::Known(vec![]));
        match &term.op {
            Op::Number(_) | Op::Pi | Op::Size(_) | Op::Measure(_) | Op::Counter(_) | Op::Apply(_) if !self.keeps(&term.op) => {
                (one(self), one(self))
            }
            Op::Input(k) => self.inputs[*k],
            Op::Negate | Op::Define(_) | Op::Series(_) => (self.row(term.args[0]), self.col(term.args[0])),
            Op::Map(_) | Op::Apply(_) if term.args.len() == 1 || matches!(term.op, Op::Apply(_)) => {
                (self.row(term.args[0]), self.col(term.args[0]))
            }
            Op::Along(f, _) if f.row().gives == "like" => (self.row(term.args[0]), self.col(term.args[0])),
            Op::Along(_, matrices::Side::Rows) => (self.row(term.args[0]), one(self)),
            Op::Along(_, matrices::Side::Cols) => (one(self), self.col(term.args[0])),
            Op::Transpose => (self.col(term.args[0]), self.row(term.args[0])),
            Op::Fill(_, m, n) => (self.extent(m), self.extent(n)),
            Op::Eye(Extent::Free, _) => {
                let r = self.extent(&Extent::Free);
                (r, r)
            }
            Op::Eye(m, n) if m == n => {
                let r = self.extent(m);
                (r, r)
            }
            Op::Eye(m, n) => (self.extent(m), self.extent(n)),
            Op::Commutation(m, n) => {
                let (m, n) = (self.extent(m), self.extent(n));
                self.letters[t.index()] = vec![m, n];
                (self.fresh(State::Unknown), self.fresh(State::Unknown))
            }
            _ => (self.fresh(State::Unknown), self.fresh(State::Unknown)),
        }
    }

    /// Whether the value has the shape of the argument or of its transpose (`inv`).
    fn keeps(&self, op: &Op) -> bool {
        matches!(op, Op::Apply(f) if f.row().gives != "scalar")
    }

    fn extent(&mut self, e: &Extent) -> Side {
        match e {
            Extent::Given(d) => self.given(d),
            Extent::Of(t, cols) => {
                if *cols {
                    self.col(*t)
                } else {
                    self.row(*t)
                }
            }
            Extent::Free => self.fresh(State::Big),
        }
    }

    fn given(&mut self, d: &[Dim]) -> Side {
        // A single name has only one order; a number may be the product of others.
        let fixed = d.len() < 2 && d.iter().all(|&x| self.dims.as_integer(x).is_none());
        self.fresh(if fixed { State::Known(d.to_vec()) } else { State::Loose(d.to_vec()) })
    }

    fn fresh(&mut self, state: State) -> Side {
        self.parent.push(self.parent.len() as Side);
        self.state.push(state);
        (self.parent.len() - 1) as Side
    }

    fn find(&mut self, mut s: Side) -> Side {
        while self.parent[s as usize] != s {
            self.parent[s as usize] = self.parent[self.parent[s as usize] as usize];
            s = self.parent[s as usize];
        }
        s
    }

    fn root(&self, mut s: Side) -> Side {
        while self.parent[s as usize] != s {
            s = self.parent[s as usize];
        }
        s
    }

    /// What is known of a side.
    pub fn state(&self, s: Side) -> &State {
        &self.state[self.root(s) as usize]
    }
    /// The rows of a term.
    pub fn row(&self, t: TermId) -> Side {
        self.rows[t.index()]
    }
    /// The columns of a term.
    pub fn col(&self, t: TermId) -> Side {
        self.cols[t.index()]
    }
    /// Rows and columns of an input.
    pub fn input(&self, k: usize) -> (Side, Side) {
        self.inputs[k]
    }
    /// The sides of the letters of a contraction.
    pub fn letters(&self, t: TermId) -> &[Side] {
        &self.letters[t.index()]
    }
    /// Which reading of a contraction was chosen.
    pub fn choice(&self, t: TermId) -> Option<usize> {
        self.choice[t.index()]
    }
    /// Whether the term, or something under it, is wrong.
    pub fn poisoned(&self, t: TermId) -> bool {
        self.poisoned[t.index()]
    }
    /// The list of sizes, once known.
    pub fn list(&self, s: Side) -> Option<&[Dim]> {
        match self.state(s) {
            State::Known(d) | State::Loose(d) => Some(d),
            _ => None,
        }
    }

    fn is_one(&self, s: Side) -> bool {
        matches!(self.state(s), State::Known(d) if d.is_empty())
    }
    fn is_big(&self, s: Side) -> bool {
        match self.state(s) {
            State::Unknown => false,
            State::Big => true,
            State::Loose(d) | State::Known(d) => !d.is_empty(),
        }
    }
    fn scalar(&self, t: TermId) -> bool {
        self.is_one(self.row(t)) && self.is_one(self.col(t))
    }
    fn nonscalar(&self, t: TermId) -> bool {
        self.is_big(self.row(t)) || self.is_big(self.col(t))
    }
    /// The kind of a term's shape.
    pub fn class(&self, t: TermId) -> Class {
        let (r, c) = (self.row(t), self.col(t));
        match (self.is_one(r), self.is_big(r), self.is_one(c), self.is_big(c)) {
            (true, _, true, _) => Class::Scalar,
            (true, _, _, true) => Class::Row,
            (_, true, true, _) => Class::Column,
            (_, true, _, true) => Class::Matrix,
            _ => Class::Unclear,
        }
    }

    fn product(&mut self, list: &[Dim]) -> Dim {
        let one = self.dims.integer(1);
        list.iter().fold(one, |p, &d| self.dims.multiply(p, d))
    }

    fn unify(&mut self, a: Side, b: Side) -> Result<(), Clash> {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return Ok(());
        }
        let merged = match (self.state[a as usize].clone(), self.state[b as usize].clone()) {
            (State::Unknown, s) | (s, State::Unknown) => s,
            (State::Big, s) | (s, State::Big) => match &s {
                State::Known(d) | State::Loose(d) if d.is_empty() => return Err(Clash::Size),
                _ => s,
            },
            (State::Known(x), State::Known(y)) => {
                if x != y {
                    return Err(if self.product(&x) == self.product(&y) { Clash::Order } else { Clash::Size });
                }
                State::Known(x)
            }
            (State::Loose(x), State::Known(y)) | (State::Known(y), State::Loose(x)) => {
                if self.product(&x) != self.product(&y) {
                    return Err(Clash::Size);
                }
                State::Known(y)
            }
            (State::Loose(x), State::Loose(y)) => {
                if self.product(&x) != self.product(&y) {
                    return Err(Clash::Size);
                }
                State::Loose(x)
            }
        };
        // The smaller number stays: names are given in order of appearance.
        let (keep, drop) = if a < b { (a, b) } else { (b, a) };
        self.parent[drop as usize] = keep;
        self.state[keep as usize] = merged;
        self.changed = true;
        Ok(())
    }

    fn same(&mut self, a: Side, b: Side, fault: Fault) -> Rule {
        self.unify(a, b).map_err(|c| match c {
            Clash::Size => fault,
            Clash::Order => Fault::Order,
        })
    }

    fn set(&mut self, s: Side, state: State, fault: Fault) -> Rule {
        if *self.state(s) == state {
            return Ok(());
        }
        let f = self.fresh(state);
        self.same(s, f, fault)
    }

    fn set_one(&mut self, s: Side, fault: Fault) -> Rule {
        self.set(s, State::Known(vec![]), fault)
    }

    fn set_scalar(&mut self, t: TermId, fault: Fault) -> Rule {
        self.set_one(self.row(t), fault.clone())?;
        self.set_one(self.col(t), fault)
    }

    fn equal(&mut self, a: TermId, b: TermId, fault: Fault) -> Rule {
        self.same(self.row(a), self.row(b), fault.clone())?;
        self.same(self.col(a), self.col(b), fault)
    }

    /// `result` is the sides one after another.
    fn concat(&mut self, parts: &[Side], result: Side, fault: Fault) -> Rule {
        let rest: Vec<Side> = parts.iter().copied().filter(|&p| !self.is_one(p)).collect();
        match rest.as_slice() {
            [] => return self.set_one(result, fault),
            [p] => return self.same(*p, result, fault),
            _ => {}
        }
        if self.is_one(result) {
            for p in rest {
                self.set_one(p, fault.clone())?;
            }
            return Ok(());
        }
        if rest.iter().all(|&p| matches!(self.state(p), State::Known(_))) {
            let list = rest.iter().flat_map(|&p| self.list(p).unwrap_or(&[]).to_vec()).collect();
            return self.set(result, State::Known(list), fault);
        }
        if let State::Known(list) = self.state(result).clone() {
            // One part may be unknown: it is what the others leave.
            let mut open = rest.iter().filter(|&&p| self.list(p).is_none());
            if let (Some(&p), None) = (open.next(), open.next()) {
                let at = rest.iter().position(|&q| q == p).unwrap_or(0);
                let whole = |s: &mut Self, sides: &[Side]| {
                    let own: Vec<Dim> = sides.iter().flat_map(|&q| s.list(q).unwrap_or(&[]).to_vec()).collect();
                    s.product(&own)
                };
                let (before, behind) = (whole(self, &rest[..at]), whole(self, &rest[at + 1..]));
                let from = (0..=list.len()).find(|&e| self.product(&list[..e]) == before);
                let to = (0..=list.len()).rev().find(|&e| self.product(&list[e..]) == behind);
                let Some((from, to)) = from.zip(to).filter(|(from, to)| from < to) else { return Err(Fault::Order) };
                return self.set(p, State::Known(list[from..to].to_vec()), fault);
            }
            // Cut the known list where the products of the parts end.
            let mut from = 0;
            let mut cuts = vec![];
            for (k, &p) in rest.iter().enumerate() {
                let Some(own) = self.list(p).map(<[Dim]>::to_vec) else { return Ok(()) };
                let whole = self.product(&own);
                let to = if k + 1 == rest.len() {
                    Some(list.len())
                } else {
                    (from..=list.len()).find(|&e| self.product(&list[from..e]) == whole)
                };
                let Some(to) = to else { return Err(Fault::Order) };
                cuts.push((p, list[from..to].to_vec()));
                from = to;
            }
            for (p, own) in cuts {
                self.set(p, State::Known(own), fault.clone())?;
            }
        } else if rest.iter().any(|&p| self.is_big(p)) && matches!(self.state(result), State::Unknown) {
            return self.set(result, State::Big, fault);
        }
        Ok(())
    }

    /// Whether `concat`, a stack or the like will still give this term's sides their sizes.
    fn pending(&self, terms: &Terms, t: TermId) -> bool {
        matches!(terms.get(t).op, Op::Contract(_) | Op::Stack(_) | Op::Commutation(..) | Op::Pick(_))
    }

    /// Applies all rules until nothing changes.
    pub fn propagate(&mut self, terms: &Terms) {
        // Forwards carries operands to results, backwards results to operands; both settle in a few rounds.
        for round in 0..400 {
            self.changed = false;
            let n = terms.len() as u32;
            for k in 0..n {
                let t = TermId(if round % 2 == 0 { k } else { n - 1 - k });
                self.visit(terms, t);
            }
            if !self.changed && round > 0 {
                break;
            }
        }
    }

    fn visit(&mut self, terms: &Terms, t: TermId) {
        if self.poisoned[t.index()] {
            return;
        }
        let term = terms.get(t);
        if matches!(term.op, Op::Poison) || term.args.iter().any(|a| self.poisoned[a.index()]) {
            self.poisoned[t.index()] = true;
            self.changed = true;
            return;
        }
        if let Err(fault) = self.rule(terms, t) {
            self.poisoned[t.index()] = true;
            self.changed = true;
            self.faults.push((t, fault));
        }
    }

    fn is_tensor(&self, terms: &Terms, mut t: TermId) -> bool {
        loop {
            match &terms.get(t).op {
                Op::Contract(c) => return c.iter().any(|&k| terms.contractions[k].is_tensor()),
                Op::Define(_) => t = terms.get(t).args[0],
                _ => return false,
            }
        }
    }

    fn rule(&mut self, terms: &Terms, t: TermId) -> Rule {
        let term = terms.get(t);
        let a = &term.args;
        if !matches!(term.op, Op::Define(_))
            && let Some(&x) = a.iter().find(|&&x| self.is_tensor(terms, x))
        {
            return Err(Fault::Tensor(x));
        }
        match &term.op {
            Op::Poison
            | Op::Number(_)
            | Op::Pi
            | Op::Input(_)
            | Op::Size(_)
            | Op::Measure(_)
            | Op::Negate
            | Op::Transpose
            | Op::Define(_)
            | Op::Counter(_)
            | Op::Series(_)
            | Op::Fill(..)
            | Op::Eye(..) => Ok(()),
            Op::Commutation(..) => {
                let (m, n) = (self.letters[t.index()][0], self.letters[t.index()][1]);
                self.concat(&[m, n], self.row(t), Fault::Order)?;
                self.concat(&[n, m], self.col(t), Fault::Order)
            }
            Op::Add { spread: false, .. } | Op::DotPower | Op::Compare(_) => self.expand(a, t),
            Op::Add { spread: true, .. } | Op::DotTimes | Op::DotOver => self.spread(a[0], a[1], t),
            Op::Map(_) => {
                if a.len() == 1 {
                    Ok(())
                } else {
                    self.expand(a, t)
                }
            }
            Op::Times => self.times(a[0], a[1], t),
            Op::Over => {
                self.set_scalar(a[1], Fault::Divisor)?;
                self.equal(a[0], t, Fault::Divisor)
            }
            Op::Under => {
                if self.scalar(a[0]) {
                    return self.equal(a[1], t, Fault::Product);
                }
                if !self.nonscalar(a[0]) {
                    return Ok(());
                }
                self.same(self.row(a[0]), self.col(a[0]), Fault::Square(a[0]))?;
                self.same(self.row(a[0]), self.row(a[1]), Fault::Product)?;
                self.same(self.col(a[0]), self.row(t), Fault::Product)?;
                self.same(self.col(a[1]), self.col(t), Fault::Product)
            }
            Op::Power => {
                self.set_scalar(a[1], Fault::Exponent)?;
                if terms.integer(a[1]).is_some() {
                    self.same(self.row(a[0]), self.col(a[0]), Fault::Square(a[0]))?;
                } else {
                    self.set_scalar(a[0], Fault::Fraction)?;
                }
                self.equal(a[0], t, Fault::Product)
            }
            Op::Along(..) => Ok(()),
            Op::Apply(f) => {
                if f.row().of == "square" {
                    self.same(self.row(a[0]), self.col(a[0]), Fault::Square(a[0]))?;
                }
                a[1..].iter().try_for_each(|&x| self.equal(a[0], x, Fault::Elementwise(a[0], x)))
            }
            Op::Contract(readings) => self.contract(terms, t, readings),
            Op::Pick(subs) => self.pick(a[0], t, subs),
            Op::Stack(lengths) => self.stack(a, t, lengths),
        }
    }

    fn times(&mut self, a: TermId, b: TermId, t: TermId) -> Rule {
        if self.scalar(a) {
            return self.equal(b, t, Fault::Product);
        }
        if self.scalar(b) {
            return self.equal(a, t, Fault::Product);
        }
        if self.nonscalar(a) && self.nonscalar(b) {
            self.same(self.col(a), self.row(b), Fault::Product)?;
            self.same(self.row(a), self.row(t), Fault::Product)?;
            self.same(self.col(b), self.col(t), Fault::Product)?;
        }
        Ok(())
    }

    /// Equal shapes, or scalars that expand.
    fn expand(&mut self, args: &[TermId], t: TermId) -> Rule {
        let big: Vec<TermId> = args.iter().copied().filter(|&x| self.nonscalar(x)).collect();
        if let Some((&first, rest)) = big.split_first() {
            for &x in rest {
                self.equal(first, x, Fault::Elementwise(first, x))?;
            }
            return self.equal(first, t, Fault::Elementwise(first, first));
        }
        let open: Vec<TermId> = args.iter().copied().filter(|&x| !self.scalar(x)).collect();
        match open.as_slice() {
            [] => self.set_scalar(t, Fault::Elementwise(args[0], args[0])),
            [x] => self.equal(*x, t, Fault::Elementwise(*x, *x)),
            _ if self.scalar(t) => {
                for x in open {
                    self.set_scalar(x, Fault::Elementwise(x, x))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// As `expand`, and a row or column goes against a matrix, a column against a row.
    fn spread(&mut self, a: TermId, b: TermId, t: TermId) -> Rule {
        let fault = Fault::Elementwise(a, b);
        match (self.class(a), self.class(b)) {
            (Class::Scalar, _) => self.equal(b, t, fault),
            (_, Class::Scalar) => self.equal(a, t, fault),
            (Class::Unclear, _) | (_, Class::Unclear) => {
                if self.scalar(t) {
                    self.set_scalar(a, fault.clone())?;
                    return self.set_scalar(b, fault);
                }
                // An axis that one side has is one of the result.
                for x in [a, b] {
                    for (own, whole) in [(self.row(x), self.row(t)), (self.col(x), self.col(t))] {
                        if self.is_big(own) {
                            self.same(own, whole, fault.clone())?;
                        }
                    }
                }
                Ok(())
            }
            (Class::Column, Class::Matrix) => {
                self.same(self.row(a), self.row(b), fault.clone())?;
                self.equal(b, t, fault)
            }
            (Class::Matrix, Class::Column) => {
                self.same(self.row(a), self.row(b), fault.clone())?;
                self.equal(a, t, fault)
            }
            (Class::Row, Class::Matrix) => {
                self.same(self.col(a), self.col(b), fault.clone())?;
                self.equal(b, t, fault)
            }
            (Class::Matrix, Class::Row) => {
                self.same(self.col(a), self.col(b), fault.clone())?;
                self.equal(a, t, fault)
            }
            (Class::Column, Class::Row) => {
                self.same(self.row(a), self.row(t), fault.clone())?;
                self.same(self.col(b), self.col(t), fault)
            }
            (Class::Row, Class::Column) => {
                self.same(self.row(b), self.row(t), fault.clone())?;
                self.same(self.col(a), self.col(t), fault)
            }
            _ => {
                self.equal(a, b, fault.clone())?;
                self.equal(a, t, fault)
            }
        }
    }

    fn contract(&mut self, terms: &Terms, t: TermId, readings: &[usize]) -> Rule {
        let args = &terms.get(t).args;
        let reading = match self.choice[t.index()] {
            Some(k) => k,
            None => {
                let k = if let [k] = readings {
                    *k
                } else {
                    let wanted = match self.class(args[0]) {
                        Class::Unclear => return Ok(()),
                        Class::Matrix => "square",
                        _ => "vector",
                    };
                    readings.iter().copied().find(|&k| terms.contractions[k].needs == wanted).unwrap_or(readings[0])
                };
                self.choice[t.index()] = Some(k);
                self.letters[t.index()] = (0..terms.contractions[k].letters.len()).map(|_| self.fresh(State::Unknown)).collect();
                self.changed = true;
                k
            }
        };
        let c: &Contraction = &terms.contractions[reading];
        for &x in args {
            match c.needs {
                "square" => self.same(self.row(x), self.col(x), Fault::Square(x))?,
                "vector" if self.class(x) == Class::Matrix => return Err(Fault::Vector(x)),
                _ => {}
            }
        }
        for part in &c.parts {
            match part {
                Part::Tensor(k, slots) => {
                    let x = args[*k];
                    match slots.as_slice() {
                        [] => self.set_scalar(x, Fault::Scalar(x))?,
                        [s] => match self.class(x) {
                            Class::Row => {
                                self.slot(t, s, self.col(x))?;
                            }
                            Class::Matrix => return Err(Fault::Vector(x)),
                            Class::Unclear
                                if self.is_one(self.row(x))
                                    || matches!(self.state(self.col(x)), State::Unknown) && !self.is_big(self.row(x)) => {}
                            _ => {
                                self.set_one(self.col(x), Fault::Vector(x))?;
                                self.slot(t, s, self.row(x))?;
                            }
                        },
                        [r, s] => {
                            self.slot(t, r, self.row(x))?;
                            self.slot(t, s, self.col(x))?;
                        }
                        _ => return Err(Fault::Subscripts),
                    }
                }
                Part::Scalar(k) => self.set_scalar(args[*k], Fault::Scalar(args[*k]))?,
                Part::Constant(Constant::Eye | Constant::Lower, slots) => {
                    if let [Slot::Letter(i), Slot::Letter(j)] = slots.as_slice() {
                        let (i, j) = (self.letters[t.index()][*i], self.letters[t.index()][*j]);
                        self.same(i, j, Fault::Letter)?;
                    }
                }
                _ => {}
            }
        }
        let side = |s: &Self, letters: &[usize]| -> Vec<Side> { letters.iter().map(|&l| s.letters[t.index()][l]).collect() };
        if c.is_tensor() {
            let all: Vec<Side> = c.out.iter().flat_map(|g| side(self, g)).collect();
            self.concat(&all, self.row(t), Fault::Letter)?;
            return self.set_one(self.col(t), Fault::Letter);
        }
        let rows = c.out.first().map_or(vec![], |g| side(self, g));
        let cols = c.out.get(1).map_or(vec![], |g| side(self, g));
        self.concat(&rows, self.row(t), Fault::Letter)?;
        self.concat(&cols, self.col(t), Fault::Letter)
    }

    fn slot(&mut self, t: TermId, slot: &Slot, side: Side) -> Rule {
        match slot {
            Slot::Letter(l) => self.same(self.letters[t.index()][*l], side, Fault::Letter),
            Slot::At(_) => Ok(()),
            Slot::Stack(letters) => {
                let letters: Vec<Side> = letters.iter().map(|&l| self.letters[t.index()][l]).collect();
                // As many letters as axes: one each.
                if let State::Known(axes) = self.state(side).clone()
                    && axes.len() == letters.len()
                {
                    return letters.iter().zip(axes).try_for_each(|(&l, d)| self.set(l, State::Known(vec![d]), Fault::Letter));
                }
                self.concat(&letters, side, Fault::Letter)
            }
        }
    }

    fn pick(&mut self, x: TermId, t: TermId, subs: &[Sub]) -> Rule {
        let (from, to): (Vec<Side>, Vec<Side>) = match (subs, self.class(x)) {
            ([_], Class::Unclear) => {
                if matches!(subs, [Sub::At(_)]) {
                    self.set_scalar(t, Fault::Subscripts)?;
                }
                return Ok(());
            }
            ([_], Class::Column) => {
                self.set_one(self.col(t), Fault::Subscripts)?;
                (vec![self.row(x)], vec![self.row(t)])
            }
            ([_], Class::Row) => {
                self.set_one(self.row(t), Fault::Subscripts)?;
                (vec![self.col(x)], vec![self.col(t)])
            }
            ([_, _], _) => (vec![self.row(x), self.col(x)], vec![self.row(t), self.col(t)]),
            _ => return Err(Fault::Subscripts),
        };
        for (k, sub) in subs.iter().enumerate() {
            match sub {
                Sub::All => self.same(from[k], to[k], Fault::Subscripts)?,
                Sub::At(_) => self.set_one(to[k], Fault::Subscripts)?,
                Sub::Range(a, b) => {
                    if let Some(length) = self.range_length(from[k], *a, *b) {
                        let list = if self.dims.as_integer(length) == Some(1) { vec![] } else { vec![length] };
                        self.set(to[k], State::Known(list), Fault::Subscripts)?;
                    }
                }
            }
            // Only an axis has a position that has a name.
            let named = |p: &Place| p.index.is_some() || self.dims.as_integer(p.plus).is_none();
            let axis = match sub {
                Sub::All => false,
                Sub::At(p) => named(p),
                Sub::Range(a, b) => named(a) || named(b),
            };
            if axis && matches!(self.state(from[k]), State::Unknown) {
                self.set(from[k], State::Big, Fault::Subscripts)?;
            }
        }
        Ok(())
    }

    /// b − a + 1, where it does not take the size of an axis that is not known yet.
    fn range_length(&mut self, axis: Side, a: Place, b: Place) -> Option<Dim> {
        let (from, to) = if a.end == b.end {
            (a.plus, b.plus)
        } else {
            let size = self.list(axis).map(<[Dim]>::to_vec)?;
            let size = self.product(&size);
            (a.on(size, &mut self.dims), b.on(size, &mut self.dims))
        };
        let one = self.dims.integer(1);
        let d = self.dims.subtract(to, from);
        Some(self.dims.add(d, one))
    }

    fn stack(&mut self, args: &[TermId], t: TermId, lengths: &[usize]) -> Rule {
        let mut rows: Vec<&[TermId]> = vec![];
        let mut rest = args;
        for &n in lengths {
            let (row, others) = rest.split_at(n);
            rows.push(row);
            rest = others;
        }
        for row in &rows {
            for &x in &row[1..] {
                self.same(self.row(row[0]), self.row(x), Fault::Beside)?;
            }
            let widths: Vec<Side> = row.iter().map(|&x| self.col(x)).collect();
            self.total(&widths, self.col(t), Fault::Above)?;
        }
        let heights: Vec<Side> = rows.iter().map(|row| self.row(row[0])).collect();
        self.total(&heights, self.row(t), Fault::Above)
    }

    /// `result` is as long as the sides together.
    fn total(&mut self, parts: &[Side], result: Side, fault: Fault) -> Rule {
        if let [p] = parts {
            return self.same(*p, result, fault);
        }
        let mut sum = self.dims.integer(0);
        let mut open = vec![];
        for &p in parts {
            match self.list(p).map(<[Dim]>::to_vec) {
                Some(list) => {
                    let d = self.product(&list);
                    sum = self.dims.add(sum, d);
                }
                None => open.push(p),
            }
        }
        match (open.as_slice(), self.list(result).map(<[Dim]>::to_vec)) {
            ([], _) => self.set(result, State::Known(vec![sum]), fault),
            // What is left of a known length.
            ([p], Some(whole)) if !whole.is_empty() => {
                let whole = self.product(&whole);
                let rest = self.dims.subtract(whole, sum);
                match self.dims.as_integer(rest) {
                    Some(1) => self.set_one(*p, fault),
                    Some(k) if k < 1 => Err(fault),
                    _ => self.set(*p, State::Known(vec![rest]), fault),
                }
            }
            _ if matches!(self.state(result), State::Unknown) => self.set(result, State::Big, fault),
            _ => Ok(()),
        }
    }

    /// A side in words: `N`, `m*n`, `1`, `?`.
    pub fn side_text(&self, s: Side) -> String {
        match self.state(s) {
            State::Unknown | State::Big => "?".into(),
            State::Known(d) | State::Loose(d) => list_text(&self.dims, d),
        }
    }
    /// A shape in words: `N×n`.
    pub fn text(&self, t: TermId) -> String {
        format!("{}×{}", self.side_text(self.row(t)), self.side_text(self.col(t)))
    }
}

/// A list of sizes in words.
pub fn list_text(dims: &Dims, list: &[Dim]) -> String {
    if list.is_empty() {
        return "1".into();
    }
    let parts: Vec<String> = list
        .iter()
        .map(|&d| {
            let text = dims.text(d);
            if list.len() > 1 && text.contains(' ') { format!("({text})") } else { text }
        })
        .collect();
    parts.join("*")
}
