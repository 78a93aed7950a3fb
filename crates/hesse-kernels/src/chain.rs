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

mod execute;
mod program;
mod reduce;

use crate::function::{Binary, Unary};
use crate::level::Level;
use crate::real::Real;
use program::Program;

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
#[allow(unpredictable_function_pointer_comparisons)] // two chains that call equal functions at two addresses may count as different
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
    program: Program,
}

impl Chain {
    /// A chain of these instructions.
    pub fn new(code: Vec<Instruction>) -> Chain {
        let program = Program::new(&code);
        Chain { code, program }
    }
    /// The instructions.
    pub fn code(&self) -> &[Instruction] {
        &self.code
    }
    /// How many numbers [`Chain::run`] needs to work in.
    pub fn scratch(&self) -> usize {
        self.program.scratch()
    }
    /// Runs over `n` values. Sums are added to the accumulators, extremes gathered into them: the caller starts them.
    ///
    /// A sum has the same bits at every instruction set, given the same terms: sixteen partial sums a block, added as a tree, and blocks
    /// added with compensation.
    ///
    /// # Panics
    /// Where a source, sink, accumulator or the scratch is missing or shorter than `n` needs: a defect of the caller.
    pub fn run<T: Real>(&self, n: usize, sources: &[Source<'_, T>], sinks: &mut [&mut [T]], accumulators: &mut [f64], scratch: &mut [T]) {
        self.run_at(Level::current(), n, sources, sinks, accumulators, scratch);
    }
    /// As [`Chain::run`], by the instructions of a level (or the best one below it).
    pub fn run_at<T: Real>(
        &self,
        level: Level,
        n: usize,
        sources: &[Source<'_, T>],
        sinks: &mut [&mut [T]],
        accumulators: &mut [f64],
        scratch: &mut [T],
    ) {
        if n > 0 {
            self.program.check(n, sources, sinks, accumulators, scratch);
            // SAFETY: just checked.
            unsafe { execute::run(level, &self.program, n, sources, sinks, accumulators, scratch) };
        }
    }
}
