//! The machine: every step over a block, in one function compiled for the instruction set.

use super::program::{Place, Program, Step};
use super::{BLOCK, Reduction, Source, reduce};
use crate::function::exact::{all, two_sum};
use crate::function::map::{each1, each2};
use crate::function::operation::{Operation1, Operation2};
use crate::function::{Binary, Unary, binary, unary};
use crate::lanes::{Lanes, One};
use crate::level::{Isa, Kernel, Level, dispatch_at};
use crate::real::Real;
use std::marker::PhantomData;

/// Runs a program over n > 0 values.
///
/// # Safety
/// [`Program::check`] has passed.
#[inline]
pub(super) unsafe fn run<T: Real>(
    level: Level,
    program: &Program,
    n: usize,
    sources: &[Source<'_, T>],
    sinks: &mut [&mut [T]],
    accumulators: &mut [f64],
    scratch: &mut [T],
) {
    dispatch_at(level, Machine { program, n, sources, sinks, accumulators, scratch: scratch.as_mut_ptr() });
}

/// A run.
struct Machine<'a, 's, 't, T> {
    program: &'a Program,
    n: usize,
    sources: &'a [Source<'s, T>],
    sinks: &'a mut [&'t mut [T]],
    accumulators: &'a mut [f64],
    scratch: *mut T,
}

impl<T: Real> Kernel for Machine<'_, '_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let lanes = <T::Lanes<I>>::LANES;
        let widest = self.n.min(BLOCK).next_multiple_of(lanes);
        // SAFETY (of all blocks): `Program::check` has passed; a place is below registers + sources, so its block is within the scratch,
        // and a block is a whole number of vectors.
        unsafe {
            for s in 0..self.program.sources {
                if let Source::Scalar(x) = *self.sources.get_unchecked(s) {
                    let (to, x) = (self.copy(s), <T::Lanes<I>>::splat(x));
                    let mut k = 0;
                    while k < widest {
                        x.store(to.add(k));
                        k += lanes;
                    }
                }
            }
            if self.n > BLOCK {
                for k in 0..self.program.sums {
                    self.carry(k).write(T::default());
                }
            }
            let mut from = 0;
            while self.n - from >= BLOCK {
                self.gather(from, BLOCK, false);
                self.block::<I>(from, BLOCK, BLOCK, false);
                from += BLOCK;
            }
            if from < self.n {
                let m = self.n - from;
                let padded = m.next_multiple_of(lanes);
                self.gather(from, m, true);
                self.pad(m, padded);
                self.block::<I>(from, m, padded, true);
            }
            if self.n > BLOCK {
                self.settle();
            }
        }
    }
}

impl<T: Real> Machine<'_, '_, '_, T> {
    /// Where the values of a source are if they are not read in place.
    #[inline(always)]
    unsafe fn copy(&self, source: usize) -> *mut T {
        // SAFETY: within the scratch.
        unsafe { self.scratch.add((self.program.registers + source) * BLOCK) }
    }
    #[inline(always)]
    unsafe fn carry(&self, sum: usize) -> *mut T {
        // SAFETY: within the scratch.
        unsafe { self.scratch.add((self.program.registers + self.program.sources) * BLOCK + sum) }
    }
    /// Where an operand is: a slice in place, unless it was copied.
    #[inline(always)]
    unsafe fn at(&self, place: Place, from: usize, copied: bool) -> *mut T {
        let place = place as usize;
        // SAFETY: within the scratch; a slice has the block's values, and nothing is written through its pointer.
        unsafe {
            if !copied && place >= self.program.registers {
                if let Source::Slice(data) = self.sources.get_unchecked(place - self.program.registers) {
                    return data.as_ptr().add(from).cast_mut();
                }
            }
            self.scratch.add(place * BLOCK)
        }
    }
    /// Copies m values of strided sources, and of slices if `all`.
    #[inline(always)]
    unsafe fn gather(&self, from: usize, m: usize, all: bool) {
        for s in 0..self.program.sources {
            // SAFETY: sources have n values, of which from + m ≤ n.
            unsafe {
                let to = self.copy(s);
                match *self.sources.get_unchecked(s) {
                    Source::Slice(data) if all => {
                        let data = data.as_ptr().add(from);
                        let mut k = 0;
                        while k < m {
                            to.add(k).write(*data.add(k));
                            k += 1;
                        }
                    }
                    Source::Strided(data, step) => {
                        for k in 0..m {
                            to.add(k).write(*data.get_unchecked((from + k) * step));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    /// Fills the last vector of copied sources up, by a number that every function is quick at.
    #[inline(always)]
    unsafe fn pad(&self, m: usize, padded: usize) {
        for s in 0..self.program.sources {
            for k in m..padded {
                // SAFETY: within the source's block; a scalar's is full already, and keeps what it has.
                unsafe {
                    if !matches!(self.sources.get_unchecked(s), Source::Scalar(_)) {
                        self.copy(s).add(k).write(T::from_f64(1.0));
                    }
                }
            }
        }
    }
    /// Every step over m values, in registers of `padded`.
    #[inline(always)]
    unsafe fn block<I: Isa>(&mut self, from: usize, m: usize, padded: usize, copied: bool) {
        let program = self.program;
        for step in &program.steps {
            // SAFETY: places are blocks of the scratch or of a source, which `padded` values fit; operands that are written are registers.
            unsafe {
                match *step {
                    Step::Unary { f, to, a } => apply1::<T, I>(f, self.at(a, from, copied), self.at(to, from, copied), padded),
                    Step::Binary { f, to, a, b } => {
                        let (a, b) = (self.at(a, from, copied), self.at(b, from, copied));
                        apply2::<T, I>(f, a, b, self.at(to, from, copied), padded);
                    }
                    Step::MultiplyAdd { to, a, b, c } => {
                        let (a, b, c) = (self.at(a, from, copied), self.at(b, from, copied), self.at(c, from, copied));
                        multiply_add::<T, I>(a, b, c, self.at(to, from, copied), padded);
                    }
                    Step::Where { to, c, a, b } => {
                        let (a, b, c) = (self.at(a, from, copied), self.at(b, from, copied), self.at(c, from, copied));
                        choose::<T, I>(c, a, b, self.at(to, from, copied), padded);
                    }
                    Step::PowerInteger { to, a, n } => whole_power::<T, I>(self.at(a, from, copied), self.at(to, from, copied), n, padded),
                    Step::Call { f, to, args, arity } => {
                        let args = args.map(|a| self.at(a, from, copied));
                        call(f, args, arity, self.at(to, from, copied), m);
                    }
                    Step::Store { a, to } => {
                        let to = self.sinks.get_unchecked_mut(to).as_mut_ptr().add(from);
                        store::<T, I>(self.at(a, from, copied), to, m);
                    }
                    Step::Reduce { by, a, to, carry } => {
                        let x = reduce::block::<T, I>(by, self.at(a, from, copied), m);
                        let sum = self.accumulators.get_unchecked_mut(to);
                        match by {
                            Reduction::Sum if self.n > BLOCK => {
                                let (s, e) = two_sum(One(*sum), One(x));
                                *sum = s.0;
                                let carry = self.carry(carry);
                                *carry += T::from_f64(e.0);
                            }
                            Reduction::Sum => *sum += x,
                            Reduction::Max => *sum = larger(x, *sum),
                            Reduction::Min => *sum = -larger(-x, -*sum),
                        }
                    }
                }
            }
        }
    }
    /// Adds the carries to the sums, unless a sum is infinite or NaN (its carry is NaN then).
    #[inline(always)]
    unsafe fn settle(&mut self) {
        for step in &self.program.steps {
            if let Step::Reduce { by: Reduction::Sum, to, carry, .. } = *step {
                // SAFETY: within the scratch and the accumulators.
                unsafe {
                    let carry = (*self.carry(carry)).to_f64();
                    if carry.is_finite() {
                        *self.accumulators.get_unchecked_mut(to) += carry;
                    }
                }
            }
        }
    }
}

/// a if a > b or a is NaN, else b.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// A loop of a function with a large body, in a function of its own.
struct Each1<O, T>(*const T, *mut T, usize, PhantomData<O>);
impl<O: Operation1, T: Real> Kernel for Each1<O, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        // SAFETY: made by `apply1` only, whose caller promises what `each1` asks.
        unsafe { each1::<O, T, I>(self.0, self.1, self.2) }
    }
}

/// As [`Each1`], of two numbers.
struct Each2<O, T>(*const T, *const T, *mut T, usize, PhantomData<O>);
impl<O: Operation2, T: Real> Kernel for Each2<O, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        // SAFETY: made by `apply2` only, whose caller promises what `each2` asks.
        unsafe { each2::<O, T, I>(self.0, self.1, self.2, self.3) }
    }
}

/// # Safety
/// As [`each1`].
#[inline(always)]
unsafe fn apply1<T: Real, I: Isa>(f: Unary, x: *const T, y: *mut T, n: usize) {
    // SAFETY: the caller's promise; the machine has the instruction set that this is compiled for.
    unsafe {
        match f {
            Unary::Negate => each1::<crate::function::operation::Negate, T, I>(x, y, n),
            Unary::Square => each1::<crate::function::operation::Square, T, I>(x, y, n),
            Unary::Relu => each1::<crate::function::operation::Relu, T, I>(x, y, n),
            Unary::Abs => each1::<crate::function::operation::Abs, T, I>(x, y, n),
            _ => unary!(f, O => I::call(Each1::<O, T>(x, y, n, PhantomData))),
        }
    }
}

/// # Safety
/// As [`each2`].
#[inline(always)]
unsafe fn apply2<T: Real, I: Isa>(f: Binary, a: *const T, b: *const T, y: *mut T, n: usize) {
    // SAFETY: as for `apply1`.
    unsafe {
        match f {
            Binary::Add => each2::<crate::function::operation::Add, T, I>(a, b, y, n),
            Binary::Subtract => each2::<crate::function::operation::Subtract, T, I>(a, b, y, n),
            Binary::Multiply => each2::<crate::function::operation::Multiply, T, I>(a, b, y, n),
            Binary::Divide => each2::<crate::function::operation::Divide, T, I>(a, b, y, n),
            Binary::Greater => each2::<crate::function::operation::Greater, T, I>(a, b, y, n),
            Binary::Select => each2::<crate::function::operation::Select, T, I>(a, b, y, n),
            _ => binary!(f, O => I::call(Each2::<O, T>(a, b, y, n, PhantomData))),
        }
    }
}

/// y ← a·b + c.
///
/// # Safety
/// As [`each2`], of three.
#[inline(always)]
unsafe fn multiply_add<T: Real, I: Isa>(a: *const T, b: *const T, c: *const T, y: *mut T, n: usize) {
    let mut k = 0;
    while k < n {
        // SAFETY: k + lanes ≤ n, since n is a whole number of vectors.
        unsafe {
            let (a, b, c) = (<T::Lanes<I>>::load(a.add(k)), <T::Lanes<I>>::load(b.add(k)), <T::Lanes<I>>::load(c.add(k)));
            a.fma(b, c).store(y.add(k));
        }
        k += <T::Lanes<I>>::LANES;
    }
}

/// y ← a where c ≠ 0, else b.
///
/// # Safety
/// As [`each2`], of three.
#[inline(always)]
unsafe fn choose<T: Real, I: Isa>(c: *const T, a: *const T, b: *const T, y: *mut T, n: usize) {
    let mut k = 0;
    while k < n {
        // SAFETY: k + lanes ≤ n, since n is a whole number of vectors.
        unsafe {
            let (a, b, c) = (<T::Lanes<I>>::load(a.add(k)), <T::Lanes<I>>::load(b.add(k)), <T::Lanes<I>>::load(c.add(k)));
            <T::Lanes<I>>::select(c.eq(all(0.0)), b, a).store(y.add(k));
        }
        k += <T::Lanes<I>>::LANES;
    }
}

/// y ← xᵉ by repeated squaring; of a negative e the reciprocal.
///
/// # Safety
/// As [`each1`].
#[inline(always)]
unsafe fn whole_power<T: Real, I: Isa>(x: *const T, y: *mut T, e: i32, n: usize) {
    let mut k = 0;
    while k < n {
        // SAFETY: k + lanes ≤ n, since n is a whole number of vectors.
        let mut square = unsafe { <T::Lanes<I>>::load(x.add(k)) };
        let mut power: T::Lanes<I> = all(1.0);
        let mut rest = e.unsigned_abs();
        while rest > 0 {
            if rest & 1 == 1 {
                power = power * square;
            }
            rest >>= 1;
            if rest > 0 {
                square = square * square;
            }
        }
        let power = if e < 0 { all::<T::Lanes<I>>(1.0) / power } else { power };
        // SAFETY: as above.
        unsafe { power.store(y.add(k)) };
        k += <T::Lanes<I>>::LANES;
    }
}

/// y ← f(arguments), one number after the other.
///
/// # Safety
/// As [`each2`], of three, for any n.
unsafe fn call<T: Real>(f: fn(&[f64]) -> f64, args: [*mut T; 3], arity: u8, y: *mut T, n: usize) {
    for k in 0..n {
        // SAFETY: k < n.
        let x = args.map(|a| unsafe { *a.add(k) }.to_f64());
        // SAFETY: as above.
        unsafe { y.add(k).write(T::from_f64(f(&x[..usize::from(arity)]))) };
    }
}

/// Copies n values.
///
/// # Safety
/// `x` is valid for reading and `y` for writing n values; they do not overlap.
#[inline(always)]
unsafe fn store<T: Real, I: Isa>(x: *const T, y: *mut T, n: usize) {
    let lanes = <T::Lanes<I>>::LANES;
    let mut k = 0;
    // SAFETY: every index is below n.
    unsafe {
        while k + lanes <= n {
            <T::Lanes<I>>::load(x.add(k)).store(y.add(k));
            k += lanes;
        }
        while k < n {
            y.add(k).write(*x.add(k));
            k += 1;
        }
    }
}
