//! The machine: every step over a block, in one function compiled for the instruction set.

use super::program::{ALIGNMENT, Place, Program, Step};
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
    let scratch = scratch.as_mut_ptr();
    // SAFETY: `Program::scratch` has room for it; an address that cannot be aligned stays.
    let scratch = unsafe { scratch.add(scratch.align_offset(ALIGNMENT).min(ALIGNMENT / size_of::<T>())) };
    dispatch_at(level, Machine { program, n, sources, sinks, accumulators, scratch });
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
        // SAFETY: as below, of one vector or two.
        unsafe {
            if self.n <= lanes {
                return self.few::<I, 1>();
            }
            if self.n <= 2 * lanes {
                return self.few::<I, 2>();
            }
        }
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
                self.gather::<I>(from, BLOCK, false);
                self.block::<I, 0>(from, BLOCK, BLOCK, false);
                from += BLOCK;
            }
            if from < self.n {
                let m = self.n - from;
                // Whole vectors are read in place here, too.
                let copied = m % lanes != 0;
                self.gather::<I>(from, m, copied);
                self.block::<I, 0>(from, m, m.next_multiple_of(lanes), copied);
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
    /// Copies m values of strided sources, and of slices if `all`, and fills their last vector up by a number that every function is
    /// quick at.
    #[inline(always)]
    unsafe fn gather<I: Isa>(&self, from: usize, m: usize, all: bool) {
        let lanes = <T::Lanes<I>>::LANES;
        let one = T::from_f64(1.0);
        for s in 0..self.program.sources {
            // SAFETY: sources have n values, of which from + m ≤ n; a block of scratch has room for whole vectors.
            unsafe {
                let to = self.copy(s);
                match *self.sources.get_unchecked(s) {
                    Source::Slice(data) if all => {
                        let data = data.as_ptr().add(from);
                        let mut k = 0;
                        while k + lanes <= m {
                            <T::Lanes<I>>::load(data.add(k)).store(to.add(k));
                            k += lanes;
                        }
                        <T::Lanes<I>>::load_part(data.add(k), m - k, one).store(to.add(k));
                    }
                    Source::Strided(data, step) => {
                        for k in 0..m {
                            to.add(k).write(*data.get_unchecked((from + k) * step));
                        }
                        for k in m..m.next_multiple_of(lanes) {
                            to.add(k).write(one);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    /// A run over so few values that the loops over vectors unroll: every source is copied, then one block.
    #[inline(always)]
    unsafe fn few<I: Isa, const VECTORS: usize>(&mut self) {
        let (n, lanes) = (self.n, <T::Lanes<I>>::LANES);
        let one = T::from_f64(1.0);
        // SAFETY: sources have n values, which fill all vectors but the last.
        unsafe {
            let mut to = self.copy(0);
            for source in self.sources.get_unchecked(..self.program.sources) {
                if let Source::Strided(data, step) = *source {
                    all::<T::Lanes<I>>(1.0).store(to.add((VECTORS - 1) * lanes));
                    for k in 0..n {
                        to.add(k).write(*data.get_unchecked(k * step));
                    }
                } else {
                    let mut k = 0;
                    while k < VECTORS * lanes {
                        let x = match *source {
                            Source::Scalar(x) => <T::Lanes<I>>::splat(x),
                            Source::Slice(data) if k + lanes <= n => <T::Lanes<I>>::load(data.as_ptr().add(k)),
                            Source::Slice(data) | Source::Strided(data, _) => <T::Lanes<I>>::load_part(data.as_ptr().add(k), n - k, one),
                        };
                        x.store(to.add(k));
                        k += lanes;
                    }
                }
                to = to.add(BLOCK);
            }
            self.block::<I, VECTORS>(0, n, VECTORS * lanes, true);
        }
    }
    /// Every step over m values, in registers of `padded`; `VECTORS`: how many they are, and every
    /// source copied; 0: not known.
    #[inline(always)]
    unsafe fn block<I: Isa, const VECTORS: usize>(&mut self, from: usize, m: usize, padded: usize, copied: bool) {
        let (padded, copied) = if VECTORS > 0 { (VECTORS * <T::Lanes<I>>::LANES, true) } else { (padded, copied) };
        let Machine { program, n, sources, ref mut sinks, ref mut accumulators, scratch } = *self;
        let registers = program.registers;
        // Where an operand is; a macro, since a closure is compiled for the baseline.
        macro_rules! place {
            ($place:expr) => {
                operand(scratch, registers, sources, $place, from, copied)
            };
        }
        for step in &program.steps {
            // SAFETY: places are blocks of the scratch or of a source, which `padded` values fit; operands that are written are registers.
            unsafe {
                match *step {
                    Step::Unary { f, to, a } => apply1::<T, I>(f, place!(a), place!(to), padded),
                    Step::Binary { f, to, a, b } => {
                        let (a, b) = (place!(a), place!(b));
                        apply2::<T, I>(f, a, b, place!(to), padded);
                    }
                    Step::MultiplyAdd { to, a, b, c } => {
                        let (a, b, c) = (place!(a), place!(b), place!(c));
                        multiply_add::<T, I>(a, b, c, place!(to), padded);
                    }
                    Step::Where { to, c, a, b } => {
                        let (a, b, c) = (place!(a), place!(b), place!(c));
                        choose::<T, I>(c, a, b, place!(to), padded);
                    }
                    Step::PowerInteger { to, a, n } => whole_power::<T, I>(place!(a), place!(to), n, padded),
                    Step::Call { f, to, args, arity } => {
                        let args = [place!(args[0]), place!(args[1]), place!(args[2])];
                        call(f, args, arity, place!(to), m);
                    }
                    Step::Store { a, to } => {
                        let to = sinks.get_unchecked_mut(to).as_mut_ptr().add(from);
                        store::<T, I>(place!(a), to, m);
                    }
                    Step::Reduce { by, a, to, carry } => {
                        let x = reduce::block::<T, I>(by, place!(a), m);
                        let sum = accumulators.get_unchecked_mut(to);
                        match by {
                            Reduction::Sum if n > BLOCK => {
                                let (s, e) = two_sum(One(*sum), One(x));
                                *sum = s.0;
                                let carry = scratch.add((registers + program.sources) * BLOCK + carry);
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

/// Where an operand is: a slice in place, unless it was copied.
///
/// # Safety
/// `place` is below registers + sources, `scratch` has a block for each, slices have a block from `from` on.
#[inline(always)]
unsafe fn operand<T: Real>(
    scratch: *mut T,
    registers: usize,
    sources: &[Source<'_, T>],
    place: Place,
    from: usize,
    copied: bool,
) -> *mut T {
    let place = place as usize;
    // SAFETY: the caller's promise; nothing is written through the pointer of a slice.
    unsafe {
        if !copied && place >= registers {
            if let Source::Slice(data) = sources.get_unchecked(place - registers) {
                return data.as_ptr().add(from).cast_mut();
            }
        }
        scratch.add(place * BLOCK)
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
/// `x` is valid for reading n values, up to a whole vector, and `y` for writing n; they do not overlap.
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
        if k < n {
            <T::Lanes<I>>::load(x.add(k)).store_part(y.add(k), n - k);
        }
    }
}
