//! What the rules leave open: shapes by habit, the order of factors, names for sizes.

use super::{Fault, Shapes, Side, State};
use crate::calculus::habit::{Habit, habit};
use crate::calculus::scope::Proto;
use crate::calculus::term::{Op, Terms};
use crate::tensor::dim::Dims;

/// Orders and names that are chosen for one formula; beyond that sizes must be declared.
const MINTED: usize = 400;

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
        // All at once, the common case.
        let mut trial = self.clone();
        let fits = open.iter().all(|&k| {
            let (r, c) = shape(habit(&protos[k].name));
            trial.assume(k, r, c)
        });
        if fits {
            trial.propagate(terms);
            if trial.faults.len() == self.faults.len() {
                *self = trial;
                return open;
            }
            // `x*y` of two undeclared vectors: which one is meant to be something else is anybody's guess, so say it.
            let vectors = open.iter().filter(|&&k| habit(&protos[k].name) == Habit::Vector).count();
            if vectors > 1 && trial.faults.iter().any(|f| matches!(f.1, Fault::Product | Fault::Elementwise(..))) {
                *self = trial;
                return open;
            }
        }
        // One by one, matrices before vectors before scalars; a habit that contradicts gives way to the next kind.
        let mut order = open.clone();
        order.sort_by_key(|&k| match habit(&protos[k].name) {
            Habit::Matrix => 0,
            Habit::Vector => 1,
            Habit::Scalar => 2,
        });
        for &k in order.iter().take(64) {
            let own = shape(habit(&protos[k].name));
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
                let (r, c) = shape(habit(&protos[k].name));
                self.assume(k, r, c);
            }
            self.propagate(terms);
        }
        open
    }

    /// Fixes the order of factors and names the sizes that nothing names; what still has no size is a fault.
    pub fn settle(&mut self, terms: &Terms, protos: &[Proto], taken: &mut dyn FnMut(&str) -> bool) {
        for _ in 0..MINTED {
            // Written orders first, then names: matrices before vectors, so that X is m×n and its vectors follow.
            if let Some(s) = self.first_loose(terms) {
                if let State::Loose(list) = self.state(s).clone() {
                    let r = self.find(s);
                    self.state[r as usize] = State::Known(list);
                }
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
