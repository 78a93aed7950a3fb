//! What runs: the instructions with their loads gone, since an operand may be a source itself.

use super::{BLOCK, Instruction, Reduction, Register, Source};
use crate::function::{Binary, Unary};
use crate::real::Real;

/// Where an operand is: registers first, then the sources.
pub(super) type Place = u32;

/// A cache line, in bytes: a vector across two of them is not forwarded from its store to the next load.
pub(super) const ALIGNMENT: usize = 64;

/// One step of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(unpredictable_function_pointer_comparisons)] // as for `Instruction`
pub(super) enum Step {
    Unary {
        f: Unary,
        to: Place,
        a: Place,
    },
    Binary {
        f: Binary,
        to: Place,
        a: Place,
        b: Place,
    },
    MultiplyAdd {
        to: Place,
        a: Place,
        b: Place,
        c: Place,
    },
    Where {
        to: Place,
        c: Place,
        a: Place,
        b: Place,
    },
    PowerInteger {
        to: Place,
        a: Place,
        n: i32,
    },
    Call {
        f: fn(&[f64]) -> f64,
        to: Place,
        args: [Place; 3],
        arity: u8,
    },
    Store {
        a: Place,
        to: usize,
    },
    /// `carry`: which of the sums' carries.
    Reduce {
        by: Reduction,
        a: Place,
        to: usize,
        carry: usize,
    },
}

/// Steps and what they need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    /// Registers.
    pub(super) registers: usize,
    /// Sources, sinks, accumulators, by the greatest position used.
    pub(super) sources: usize,
    sinks: usize,
    accumulators: usize,
    /// Sums.
    pub(super) sums: usize,
}

impl Program {
    pub(super) fn new(code: &[Instruction]) -> Program {
        let written = |i: &Instruction| match *i {
            Instruction::Load { to, .. }
            | Instruction::Unary { to, .. }
            | Instruction::Binary { to, .. }
            | Instruction::MultiplyAdd { to, .. }
            | Instruction::Where { to, .. }
            | Instruction::PowerInteger { to, .. }
            | Instruction::Call { to, .. } => usize::from(to) + 1,
            Instruction::Store { .. } | Instruction::Reduce { .. } => 0,
        };
        let read = |i: &Instruction| match *i {
            Instruction::Load { .. } => 0,
            Instruction::Unary { a, .. }
            | Instruction::PowerInteger { a, .. }
            | Instruction::Store { a, .. }
            | Instruction::Reduce { a, .. } => usize::from(a) + 1,
            Instruction::Binary { a, b, .. } => usize::from(a.max(b)) + 1,
            Instruction::MultiplyAdd { a, b, c, .. } | Instruction::Where { a, b, c, .. } => usize::from(a.max(b).max(c)) + 1,
            Instruction::Call { args, .. } => args.into_iter().max().map_or(0, |a| usize::from(a) + 1),
        };
        let registers = code.iter().map(|i| written(i).max(read(i))).max().unwrap_or(0);
        let mut program = Program { steps: Vec::with_capacity(code.len()), registers, sources: 0, sinks: 0, accumulators: 0, sums: 0 };
        // Where each register's value is: a loaded one in its source.
        let mut place: Vec<Place> = (0..registers as Place).collect();
        for i in code {
            program.push(i, &mut place);
        }
        program
    }

    fn push(&mut self, i: &Instruction, place: &mut [Place]) {
        let at = |place: &[Place], r: Register| place[usize::from(r)];
        let own = |place: &mut [Place], r: Register| {
            place[usize::from(r)] = Place::from(r);
            Place::from(r)
        };
        let step = match *i {
            Instruction::Load { to, from } => {
                place[usize::from(to)] = (self.registers + from) as Place;
                self.sources = self.sources.max(from + 1);
                return;
            }
            Instruction::Unary { f, to, a } => {
                let a = at(place, a);
                Step::Unary { f, to: own(place, to), a }
            }
            Instruction::Binary { f, to, a, b } => {
                let (a, b) = (at(place, a), at(place, b));
                Step::Binary { f, to: own(place, to), a, b }
            }
            Instruction::MultiplyAdd { to, a, b, c } => {
                let (a, b, c) = (at(place, a), at(place, b), at(place, c));
                Step::MultiplyAdd { to: own(place, to), a, b, c }
            }
            Instruction::Where { to, c, a, b } => {
                let (c, a, b) = (at(place, c), at(place, a), at(place, b));
                Step::Where { to: own(place, to), c, a, b }
            }
            Instruction::PowerInteger { to, a, n } => {
                let a = at(place, a);
                Step::PowerInteger { to: own(place, to), a, n }
            }
            Instruction::Call { f, to, args, arity } => {
                let args = args.map(|a| at(place, a));
                Step::Call { f, to: own(place, to), args, arity: arity.min(3) }
            }
            Instruction::Store { a, to } => {
                self.sinks = self.sinks.max(to + 1);
                Step::Store { a: at(place, a), to }
            }
            Instruction::Reduce { by, a, to } => {
                self.accumulators = self.accumulators.max(to + 1);
                self.sums += usize::from(by == Reduction::Sum);
                Step::Reduce { by, a: at(place, a), to, carry: self.sums.saturating_sub(1) }
            }
        };
        self.steps.push(step);
    }

    /// A block for each register and source (for what is not in place: scalars, strided values, the last block), a carry for each sum, and
    /// what it takes to begin at a multiple of [`ALIGNMENT`].
    pub(super) fn scratch(&self) -> usize {
        (self.registers + self.sources) * BLOCK + self.sums + ALIGNMENT / size_of::<f32>()
    }

    /// Panics unless everything that `n` values need is there.
    #[inline]
    pub(super) fn check<T: Real>(&self, n: usize, sources: &[Source<'_, T>], sinks: &[&mut [T]], accumulators: &[f64], scratch: &[T]) {
        let source = |s: &Source<'_, T>| match *s {
            Source::Slice(data) => data.len() >= n,
            Source::Strided(data, step) => (n - 1).checked_mul(step).is_some_and(|last| last < data.len()),
            Source::Scalar(_) => true,
        };
        let enough = sources.len() >= self.sources
            && sources[..self.sources].iter().all(source)
            && sinks.len() >= self.sinks
            && sinks[..self.sinks].iter().all(|s| s.len() >= n)
            && accumulators.len() >= self.accumulators
            && scratch.len() >= self.scratch();
        assert!(enough, "internal defect: a chain over {n} values was given too little to read from or to write to");
    }
}
