//! A register machine whose registers hold blocks of values: one pass over memory for a whole chain of element-wise functions.
//!
//! ```
//! use hesse_kernels::{Binary, Chain, Instruction, Reduction, Source, Unary};
//! // y = exp(a)·b, and the sum of y
//! let chain = Chain::new(vec![
//!     Instruction::Load { to: 0, from: 0 },
//!     Instruction::Load { to: 1, from: 1 },
//!     Instruction::Unary { f: Unary::Exp, to: 0, a: 0 },
//!     Instruction::Binary { f: Binary::Multiply, to: 0, a: 0, b: 1 },
//!     Instruction::Store { a: 0, to: 0 },
//!     Instruction::Reduce { by: Reduction::Sum, a: 0, to: 0 },
//! ]);
//! let (a, mut y, mut sums) = ([0.0; 300], [0.0; 300], [0.0]);
//! let mut registers = vec![0.0; chain.scratch()];
//! chain.run(300, &[Source::Slice(&a), Source::Scalar(2.0)], &mut [&mut y[..]], &mut sums, &mut registers);
//! assert_eq!((y[299], sums[0]), (2.0, 600.0));
//! ```

use crate::function::{Binary, Unary};
use crate::real::Real;

/// A register, by position.
pub type Register = u16;

/// Values that a register holds at a time.
pub const BLOCK: usize = 128;

/// Where values come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a, T> {
    /// One after the other.
    Slice(&'a [T]),
    /// Every so many.
    Strided(&'a [T], usize),
    /// The same everywhere.
    Scalar(T),
}

/// How a register is gathered into an accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Added, in f64.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// Reads a source.
    Load {
        /// Into this register.
        to: Register,
        /// The source's position.
        from: usize,
    },
    /// Applies a function of one number.
    Unary {
        /// The function.
        f: Unary,
        /// The result's register; may be `a`.
        to: Register,
        /// The argument.
        a: Register,
    },
    /// Applies a function of two numbers.
    Binary {
        /// The function.
        f: Binary,
        /// The result's register; may be `a` or `b`.
        to: Register,
        /// First argument.
        a: Register,
        /// Second argument.
        b: Register,
    },
    /// a·b + c
    MultiplyAdd {
        /// The result's register; may be an argument's.
        to: Register,
        /// First factor.
        a: Register,
        /// Second factor.
        b: Register,
        /// What is added.
        c: Register,
    },
    /// a where c ≠ 0, else b
    Where {
        /// The result's register; may be an argument's.
        to: Register,
        /// The condition.
        c: Register,
        /// Where it is not 0.
        a: Register,
        /// Where it is 0.
        b: Register,
    },
    /// xⁿ by repeated multiplication, for small whole n (negative: of the reciprocal's product).
    PowerInteger {
        /// The result's register; may be `a`.
        to: Register,
        /// The base.
        a: Register,
        /// The exponent.
        n: i32,
    },
    /// A function without a kernel, one number after the other.
    Call {
        /// The function in f64.
        f: fn(&[f64]) -> f64,
        /// The result's register; may be an argument's.
        to: Register,
        /// Arguments; unused ones repeat the first.
        args: [Register; 3],
        /// How many are used.
        arity: u8,
    },
    /// Writes a register.
    Store {
        /// From this register.
        a: Register,
        /// To the sink at this position.
        to: usize,
    },
    /// Gathers a register into an accumulator.
    Reduce {
        /// How.
        by: Reduction,
        /// The register.
        a: Register,
        /// The accumulator's position.
        to: usize,
    },
}

/// A compiled chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    code: Vec<Instruction>,
    registers: usize,
}

impl Chain {
    /// A chain of these instructions.
    pub fn new(code: Vec<Instruction>) -> Chain {
        let registers = code
            .iter()
            .map(|i| match *i {
                Instruction::Load { to, .. }
                | Instruction::Unary { to, .. }
                | Instruction::Binary { to, .. }
                | Instruction::MultiplyAdd { to, .. }
                | Instruction::Where { to, .. }
                | Instruction::PowerInteger { to, .. }
                | Instruction::Call { to, .. } => to as usize + 1,
                Instruction::Store { .. } | Instruction::Reduce { .. } => 0,
            })
            .max()
            .unwrap_or(0);
        Chain { code, registers }
    }
    /// The instructions.
    pub fn code(&self) -> &[Instruction] {
        &self.code
    }
    /// How many numbers [`Chain::run`] needs to work in.
    pub fn scratch(&self) -> usize {
        self.registers * BLOCK
    }
    /// Runs over `n` values. Sums are added to the accumulators, extremes gathered into them: the caller starts them.
    pub fn run<T: Real>(&self, n: usize, sources: &[Source<'_, T>], sinks: &mut [&mut [T]], accumulators: &mut [f64], scratch: &mut [T]) {
        let mut from = 0;
        while from < n {
            let m = (n - from).min(BLOCK);
            for i in &self.code {
                step(i, from, m, sources, sinks, accumulators, scratch);
            }
            from += m;
        }
    }
}

fn step<T: Real>(
    i: &Instruction,
    from: usize,
    m: usize,
    sources: &[Source<'_, T>],
    sinks: &mut [&mut [T]],
    accumulators: &mut [f64],
    r: &mut [T],
) {
    let at = |k: Register| k as usize * BLOCK;
    match *i {
        Instruction::Load { to, from: s } => {
            for k in 0..m {
                r[at(to) + k] = match sources[s] {
                    Source::Slice(data) => data[from + k],
                    Source::Strided(data, step) => data[(from + k) * step],
                    Source::Scalar(x) => x,
                };
            }
        }
        Instruction::Unary { f, to, a } => (0..m).for_each(|k| r[at(to) + k] = f.at(r[at(a) + k])),
        Instruction::Binary { f, to, a, b } => (0..m).for_each(|k| r[at(to) + k] = f.at(r[at(a) + k], r[at(b) + k])),
        Instruction::MultiplyAdd { to, a, b, c } => (0..m).for_each(|k| r[at(to) + k] = r[at(a) + k] * r[at(b) + k] + r[at(c) + k]),
        Instruction::Where { to, c, a, b } => {
            (0..m).for_each(|k| r[at(to) + k] = if r[at(c) + k] != T::default() { r[at(a) + k] } else { r[at(b) + k] })
        }
        Instruction::PowerInteger { to, a, n } => {
            (0..m).for_each(|k| r[at(to) + k] = T::from_f64(r[at(a) + k].to_f64().powi(n)));
        }
        Instruction::Call { f, to, args, arity } => {
            for k in 0..m {
                let x = args.map(|a| r[at(a) + k].to_f64());
                r[at(to) + k] = T::from_f64(f(&x[..arity as usize]));
            }
        }
        Instruction::Store { a, to } => sinks[to][from..from + m].copy_from_slice(&r[at(a)..at(a) + m]),
        Instruction::Reduce { by, a, to } => {
            for k in 0..m {
                let x = r[at(a) + k].to_f64();
                let y = &mut accumulators[to];
                match by {
                    Reduction::Sum => *y += x,
                    Reduction::Max => *y = Binary::Max.at(x, *y),
                    Reduction::Min => *y = Binary::Min.at(x, *y),
                }
            }
        }
    }
}
