//! What the rules leave open: blocks that stand in one column, shapes by habit, the order of factors, lengths by the last position that is
//! used, names for sizes.

use super::{Class, Fault, Shapes, Side, State};
use crate::calculus::habit::{Habit, habit};
use crate::calculus::scope::Proto;
use crate::calculus::term::{Extent, Op, Place, Sub, TermId, Terms};
use crate::tensor::Dim;
use crate::tensor::dim::Dims;

/// Orders and names that are chosen for one formula; beyond that sizes must be declared.
const MINTED: usize = 400;
/// Pairs of blocks that are tried for equal sizes.
const BLOCKS: usize = 64;
/// Positions on one axis among which the last is looked for.
const POSITIONS: usize = 64;

impl Shapes {
    /// Inputs whose kind does not follow from the rules, by position.
    pub fn open_inputs(&self, protos: &[Proto]) -> Vec<usize> {
        let open = |s: Side| matches!(self.state(s), State::Unknown);
        (0..protos.len()).filter(|&k| open(self.inputs[k].0) || open(self.inputs[k].1)).collect()
    }

    fn assume(&mut self, k: usize, rows: bool, cols: bool) -> bool {
        let state = |big: bool| if big { State::Big } else { State::Known(vec![]) };
        let (r, c) = self.inputs[k];
        self.set_if_open(r, state(rows)) && self.set_if_open(c, state(cols))
    }

    fn set_if_open(&mut self, s: Side, state: State) -> bool {
        let big = state == State::Big;
        match self.state(s) {
            State::Unknown => self.set(s, state, Fault::Unsized).is_ok(),
            State::Known(d) if d.is_empty() => !big,
            _ => big,
        }
    }

    /// Decides what the rules leave open by the naming habit, where that type-checks. Gives the inputs it decided.
    pub fn by_habit(&mut self, terms: &Terms, protos: &[Proto]) -> Vec<usize> {
        let open = self.open_inputs(protos);
        if open.is_empty() {
            return open;
        }
        let shape = |h: Habit| match h {
            Habit::Vector => (true, false),
            Habit::Matrix => (true, true),
            Habit::Scalar => (false, false),
        };
        let turned = transposed(terms);
        let habits: Vec<Habit> = (0..protos.len())
            .map(|k| match habit(&protos[k].name) {
                Habit::Scalar if turned.contains(&k) => Habit::Vector,
                own => own,
            })
            .collect();
        // All at once, the common case.
        let mut trial = self.clone();
        let fits = open.iter().all(|&k| {
            let (r, c) = shape(habits[k]);
            trial.assume(k, r, c)
        });
        if fits {
            trial.propagate(terms);
            if trial.faults.len() == self.faults.len() {
                *self = trial;
                return open;
            }
            // `x*y` of two undeclared vectors: which one is meant to be something else is anybody's guess, so say it.
            let vectors = open.iter().filter(|&&k| habits[k] == Habit::Vector).count();
            if vectors > 1 && trial.faults.iter().any(|f| matches!(f.1, Fault::Product | Fault::Elementwise(..))) {
                *self = trial;
                return open;
            }
        }
        // One by one, matrices before vectors before scalars; a habit that contradicts gives way to the next kind.
        let mut order = open.clone();
        order.sort_by_key(|&k| match habits[k] {
            Habit::Matrix => 0,
            Habit::Vector => 1,
            Habit::Scalar => 2,
        });
        for &k in order.iter().take(64) {
            let own = shape(habits[k]);
            for (r, c) in [own, (true, false), (false, false), (true, true), (false, true)] {
                let mut trial = self.clone();
                if !trial.assume(k, r, c) {
                    continue;
                }
                trial.propagate(terms);
                if trial.faults.len() == self.faults.len() {
                    *self = trial;
                    break;
                }
            }
        }
        if !self.open_inputs(protos).is_empty() {
            // Nothing fits: the habits themselves, so that the message is about them.
            for &k in &open {
                let (r, c) = shape(habits[k]);
                self.assume(k, r, c);
            }
            self.propagate(terms);
        }
        open
    }

    /// Blocks of one column are equally wide, and a row of blocks meets a column of blocks one by one, where nothing else is said.
    /// Gives the inputs of which that was assumed.
    pub fn by_blocks(&mut self, terms: &Terms, protos: &[Proto]) -> Vec<usize> {
        let stack = |mut t: TermId| loop {
            match &terms.get(t).op {
                Op::Define(_) => t = terms.get(t).args[0],
                Op::Stack(lengths) => return Some((t, lengths[0], lengths.iter().all(|n| *n == lengths[0]), lengths.len())),
                _ => return None,
            }
        };
        let upper = |t: TermId| match terms.get(t).op {
            Op::Input(k) => habit(&protos[k].name) == Habit::Matrix,
            _ => false,
        };
        let mut pairs: Vec<(Side, Side)> = vec![];
        for t in terms.ids().filter(|t| !self.poisoned[t.index()]) {
            if let (Op::Stack(_), Some((_, n, true, rows))) = (&terms.get(t).op, stack(t)) {
                let args = &terms.get(t).args;
                for k in n..if n > 1 { n * rows } else { 0 } {
                    let (a, b) = (args[k % n], args[k]);
                    // A number under a matrix does not make a column of it.
                    if !(self.is_one(self.col(a)) && upper(b) || self.is_one(self.col(b)) && upper(a)) {
                        pairs.push((self.col(a), self.col(b)));
                    }
                }
            }
            if let (Op::Times, [a, b]) = (&terms.get(t).op, terms.get(t).args.as_slice())
                && let (Some((a, n, true, _)), Some((b, width, true, rows))) = (stack(*a), stack(*b))
                && n == rows
            {
                pairs.extend((0..n).map(|k| (self.col(terms.get(a).args[k]), self.row(terms.get(b).args[k * width]))));
            }
        }
        let before = self.clone();
        let open = |s: &Self, x: Side| !matches!(s.state(x), State::Known(_) | State::Loose(_));
        let mut tried = 0;
        for (a, b) in pairs {
            if self.root(a) == self.root(b) || !(open(self, a) || open(self, b)) || tried == BLOCKS {
                continue;
            }
            tried += 1;
            let mut trial = self.clone();
            if trial.unify(a, b).is_ok() {
                trial.propagate(terms);
                if trial.faults.len() == self.faults.len() {
                    *self = trial;
                }
            }
        }
        let moved = |s: &Self, x: Side| open(&before, x) && (s.root(x) != before.root(x) || *s.state(x) != *before.state(x));
        (0..protos.len())
            .filter(|&k| protos[k].sizes.is_none() && (moved(self, self.inputs[k].0) || moved(self, self.inputs[k].1)))
            .collect()
    }

    /// First and last positions that are used on each axis, where no `end` is needed to say them: side, from, to.
    fn used(&self, terms: &Terms, dims: &mut Dims) -> Vec<(Side, Dim, Dim)> {
        let mut out = vec![];
        for t in terms.ids().filter(|t| !self.poisoned[t.index()]) {
            let Op::Pick(subs) = &terms.get(t).op else { continue };
            let x = terms.get(t).args[0];
            let sides = match (subs.len(), self.class(x)) {
                (1, Class::Column) => vec![self.row(x)],
                (1, Class::Row) => vec![self.col(x)],
                (2, _) => vec![self.row(x), self.col(x)],
                _ => continue,
            };
            let mut reach = |p: &Place| match p.index {
                _ if p.end => None,
                None => Some((p.plus, p.plus)),
                Some(i) => match &terms.indices[i].to {
                    Extent::Given(to) => {
                        let one = dims.integer(1);
                        let to = to.iter().fold(one, |p, &d| dims.multiply(p, d));
                        Some((dims.add(terms.indices[i].from, p.plus), dims.add(to, p.plus)))
                    }
                    _ => None,
                },
            };
            for (sub, side) in subs.iter().zip(sides) {
                let found = match sub {
                    Sub::All => None,
                    Sub::At(p) => reach(p),
                    Sub::Range(a, b) => reach(a).zip(reach(b)).map(|(a, b)| (a.0, b.1)),
                };
                out.extend(found.map(|(a, b)| (self.root(side), a, b)));
            }
        }
        out
    }

    /// An axis without a size on which one position with a name is known to be the last that is used.
    fn first_used(&mut self, terms: &Terms) -> Option<(Side, Dim)> {
        let mut dims = std::mem::take(&mut self.dims);
        let used = self.used(terms, &mut dims);
        let found = used.iter().filter(|u| matches!(self.state(u.0), State::Big)).find_map(|&(side, _, _)| {
            let own: Vec<(Dim, Dim)> = used.iter().filter(|u| u.0 == side).map(|u| (u.1, u.2)).collect();
            last(&own, &mut dims).map(|d| (side, d))
        });
        self.dims = dims;
        found
    }

    /// Fixes the order of factors and names the sizes that nothing names; what still has no size is a fault. Gives the inputs that are taken to end
    /// where the last position on them is used.
    pub fn settle(&mut self, terms: &Terms, protos: &[Proto], taken: &mut dyn FnMut(&str) -> bool) -> Vec<usize> {
        let mut by_use = vec![];
        for _ in 0..MINTED {
            // Written orders first, then names: matrices before vectors, so that X is m×n and its vectors follow.
            if let Some(s) = self.first_loose(terms) {
                if let State::Loose(list) = self.state(s).clone() {
                    let r = self.find(s);
                    self.state[r as usize] = State::Known(list);
                }
            } else if let Some((s, d)) = self.first_used(terms) {
                let ends = |k: &usize| [self.inputs[*k].0, self.inputs[*k].1].iter().any(|x| self.root(*x) == s);
                by_use.extend((0..protos.len()).filter(ends));
                self.state[s as usize] = State::Known(vec![d]);
            } else if let Some((s, is_row)) = self.first_big(terms, protos) {
                let name = self.mint(is_row, taken);
                let d = self.dims.name(&name);
                let r = self.find(s);
                self.state[r as usize] = State::Known(vec![d]);
            } else {
                break;
            }
            self.propagate(terms);
        }
        for t in terms.ids() {
            if self.poisoned[t.index()] {
                continue;
            }
            let open = |s: &Self, x: Side| !matches!(s.state(x), State::Known(_));
            let letters = self.letters[t.index()].iter().any(|&l| open(self, l));
            if open(self, self.row(t))
                || open(self, self.col(t))
                || letters
                || matches!(terms.get(t).op, Op::Contract(_)) && self.choice[t.index()].is_none()
            {
                self.poisoned[t.index()] = true;
                if terms.get(t).args.iter().all(|a| !self.poisoned[a.index()]) {
                    self.faults.push((t, Fault::Unsized));
                }
            }
        }
        by_use
    }

    fn first_loose(&self, terms: &Terms) -> Option<Side> {
        let loose = |s: &Side| matches!(self.state(*s), State::Loose(_));
        self.inputs
            .iter()
            .flat_map(|&(r, c)| [r, c])
            .chain(
                terms
                    .ids()
                    .filter(|t| !self.poisoned[t.index()])
                    .flat_map(|t| [self.row(t), self.col(t)].into_iter().chain(self.letters[t.index()].iter().copied())),
            )
            .find(loose)
    }

    fn first_big(&self, terms: &Terms, protos: &[Proto]) -> Option<(Side, bool)> {
        let mut derived: Vec<Side> = terms
            .ids()
            .filter(|&t| self.pending(terms, t))
            .flat_map(|t| [self.root(self.row(t)), self.root(self.col(t))])
            .filter(|&s| !matches!(self.state[s as usize], State::Known(_)))
            .collect();
        derived.sort_unstable();
        let big = |s: Side| matches!(self.state(s), State::Big);
        let free = |s: Side| derived.binary_search(&self.root(s)).is_err();
        for first in [true, false] {
            for matrices in [true, false] {
                for k in 0..protos.len() {
                    let (r, c) = self.inputs[k];
                    let is_matrix = self.is_big(r) && self.is_big(c);
                    if is_matrix != matrices {
                        continue;
                    }
                    for (s, is_row) in [(r, is_matrix && self.root(r) != self.root(c)), (c, false)] {
                        if big(s) && (!first || free(s)) {
                            return Some((s, is_row));
                        }
                    }
                }
            }
        }
        None
    }

    fn mint(&mut self, is_row: bool, taken: &mut dyn FnMut(&str) -> bool) -> String {
        let order: &[&str] = if is_row { &["m", "n", "k", "l", "d", "h", "s", "t"] } else { &["n", "m", "k", "l", "d", "h", "s", "t"] };
        let mut free = |name: &str, dims: &Dims| !taken(name) && !dims.names().iter().any(|n| n == name);
        for name in order {
            if free(name, &self.dims) {
                return (*name).to_string();
            }
        }
        (1..).map(|k| format!("n{k}")).find(|name| free(name, &self.dims)).unwrap_or_else(|| "n".into())
    }
}

/// Inputs that stand transposed: nobody transposes a scalar.
pub fn transposed(terms: &Terms) -> Vec<usize> {
    let input = |t: TermId| if let Op::Input(k) = terms.get(t).op { Some(k) } else { None };
    terms.ids().filter(|t| matches!(terms.get(*t).op, Op::Transpose)).filter_map(|t| input(terms.get(t).args[0])).collect()
}

/// The end of a range with a name that is at or behind the ends of all others: by its form, or because a range runs upwards.
fn last(ranges: &[(Dim, Dim)], dims: &mut Dims) -> Option<Dim> {
    let mut all: Vec<Dim> = ranges.iter().flat_map(|r| [r.0, r.1]).collect();
    all.sort_unstable();
    all.dedup();
    if all.len() > POSITIONS {
        return None;
    }
    let n = all.len();
    let mut before = vec![vec![false; n]; n];
    for i in 0..n {
        for j in 0..n {
            let gap = dims.subtract(all[j], all[i]);
            before[i][j] = dims.is_nonnegative(gap) || ranges.contains(&(all[i], all[j]));
        }
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                before[i][j] |= before[i][k] && before[k][j];
            }
        }
    }
    (0..n).find(|&j| dims.as_integer(all[j]).is_none() && (0..n).all(|i| before[i][j])).map(|j| all[j])
}
