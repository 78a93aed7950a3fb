//! Loops of the functions over memory.

use super::operation::{Operation1, Operation2};
use super::{Binary, Unary};
use crate::lanes::Lanes;
use crate::level::{Baseline, Isa, Kernel, Level, dispatch_at};
use crate::real::Real;
use std::marker::PhantomData;

pub(super) fn unary<T: Real>(level: Level, f: Unary, x: &[T], y: &mut [T]) {
    let n = x.len().min(y.len());
    super::unary!(f, O => dispatch_at(level, Map1::<O, T> { x: &x[..n], y: &mut y[..n], operation: PhantomData }))
}

pub(super) fn binary<T: Real>(level: Level, f: Binary, a: &[T], b: &[T], y: &mut [T]) {
    let n = a.len().min(b.len()).min(y.len());
    super::binary!(f, O => dispatch_at(level, Map2::<O, T> { a: &a[..n], b: &b[..n], y: &mut y[..n], operation: PhantomData }))
}

/// f at one number. What rounds once by itself (or not at all) needs no instruction set.
pub(super) fn unary_at<T: Real>(level: Level, f: Unary, x: T) -> T {
    super::operation::choose!(
        f, Unary, O => O::of::<T, Baseline>(<T::Lanes<Baseline>>::splat(x)).first();
        Negate Reciprocal Square Sqrt Abs Sign Relu;
        else super::unary!(f, O => dispatch_at(level, At1::<O, T>(x, PhantomData)))
    )
}

/// f at two numbers.
pub(super) fn binary_at<T: Real>(level: Level, f: Binary, a: T, b: T) -> T {
    super::operation::choose!(
        f, Binary, O => O::of::<T, Baseline>(<T::Lanes<Baseline>>::splat(a), <T::Lanes<Baseline>>::splat(b)).first();
        Add Subtract Multiply Divide Max Min Greater GreaterEqual Equal Select;
        else super::binary!(f, O => dispatch_at(level, At2::<O, T>(a, b, PhantomData)))
    )
}

/// O(x), in the first lane of a vector.
struct At1<O, T>(T, PhantomData<O>);

impl<O: Operation1, T: Real> Kernel for At1<O, T> {
    type Output = T;
    #[inline(always)]
    fn run<I: Isa>(self) -> T {
        O::of::<T, I>(<T::Lanes<I>>::splat(self.0)).first()
    }
}

/// O(a, b), in the first lane of a vector.
struct At2<O, T>(T, T, PhantomData<O>);

impl<O: Operation2, T: Real> Kernel for At2<O, T> {
    type Output = T;
    #[inline(always)]
    fn run<I: Isa>(self) -> T {
        O::of::<T, I>(<T::Lanes<I>>::splat(self.0), <T::Lanes<I>>::splat(self.1)).first()
    }
}

/// y ← O(x), of slices of equal length.
struct Map1<'a, O, T> {
    x: &'a [T],
    y: &'a mut [T],
    operation: PhantomData<O>,
}

impl<O: Operation1, T: Real> Kernel for Map1<'_, O, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let lanes = <T::Lanes<I>>::LANES;
        let whole = self.x.len() / lanes * lanes;
        // SAFETY: `whole` values are in both slices.
        unsafe { each1::<O, T, I>(self.x.as_ptr(), self.y.as_mut_ptr(), whole) };
        let rest = self.x.len() - whole;
        if rest > 0 {
            // SAFETY: `rest` values are left in both.
            unsafe {
                let x = <T::Lanes<I>>::load_part(self.x.as_ptr().add(whole), rest, T::from_f64(1.0));
                O::of::<T, I>(x).store_part(self.y.as_mut_ptr().add(whole), rest);
            }
        }
    }
}

/// y ← O(a, b), of slices of equal length.
struct Map2<'a, O, T> {
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
    operation: PhantomData<O>,
}

impl<O: Operation2, T: Real> Kernel for Map2<'_, O, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let lanes = <T::Lanes<I>>::LANES;
        let whole = self.y.len() / lanes * lanes;
        // SAFETY: `whole` values are in all slices.
        unsafe { each2::<O, T, I>(self.a.as_ptr(), self.b.as_ptr(), self.y.as_mut_ptr(), whole) };
        let rest = self.y.len() - whole;
        if rest > 0 {
            // SAFETY: `rest` values are left in all.
            unsafe {
                let a = <T::Lanes<I>>::load_part(self.a.as_ptr().add(whole), rest, T::from_f64(1.0));
                let b = <T::Lanes<I>>::load_part(self.b.as_ptr().add(whole), rest, T::from_f64(1.0));
                O::of::<T, I>(a, b).store_part(self.y.as_mut_ptr().add(whole), rest);
            }
        }
    }
}

/// y ← O(x) for n values, whole vectors.
///
/// # Safety
/// `x` is valid for reading and `y` for writing n values; they are the same or do not overlap.
#[inline(always)]
pub(crate) unsafe fn each1<O: Operation1, T: Real, I: Isa>(x: *const T, y: *mut T, n: usize) {
    let mut k = 0;
    while k < n {
        // SAFETY: k + lanes ≤ n, since n is a whole number of vectors.
        unsafe { O::of::<T, I>(<T::Lanes<I>>::load(x.add(k))).store(y.add(k)) };
        k += <T::Lanes<I>>::LANES;
    }
}

/// y ← O(a, b) for n values, whole vectors.
///
/// # Safety
/// `a` and `b` are valid for reading and `y` for writing n values; y is one of them or does not overlap them.
#[inline(always)]
pub(crate) unsafe fn each2<O: Operation2, T: Real, I: Isa>(a: *const T, b: *const T, y: *mut T, n: usize) {
    let mut k = 0;
    while k < n {
        // SAFETY: k + lanes ≤ n, since n is a whole number of vectors.
        unsafe { O::of::<T, I>(<T::Lanes<I>>::load(a.add(k)), <T::Lanes<I>>::load(b.add(k))).store(y.add(k)) };
        k += <T::Lanes<I>>::LANES;
    }
}
