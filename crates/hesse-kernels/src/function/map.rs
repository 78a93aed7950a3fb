//! Loops of the functions over memory.

use super::operation::{Operation1, Operation2};
use super::{Binary, Unary};
use crate::lanes::Lanes;
use crate::level::{Isa, Kernel, Level, dispatch_at};
use crate::real::Real;
use std::marker::PhantomData;

/// The most lanes of any vector.
const MOST: usize = 16;

pub(super) fn unary<T: Real>(level: Level, f: Unary, x: &[T], y: &mut [T]) {
    let n = x.len().min(y.len());
    super::unary!(f, O => dispatch_at(level, Map1::<O, T> { x: &x[..n], y: &mut y[..n], operation: PhantomData }))
}

pub(super) fn binary<T: Real>(level: Level, f: Binary, a: &[T], b: &[T], y: &mut [T]) {
    let n = a.len().min(b.len()).min(y.len());
    super::binary!(f, O => dispatch_at(level, Map2::<O, T> { a: &a[..n], b: &b[..n], y: &mut y[..n], operation: PhantomData }))
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
        if whole < self.x.len() {
            let mut rest = [T::from_f64(1.0); MOST];
            let (x, y) = (&self.x[whole..], &mut self.y[whole..]);
            rest[..x.len()].copy_from_slice(x);
            // SAFETY: one vector, no longer than `rest`.
            unsafe { each1::<O, T, I>(rest.as_ptr(), rest.as_mut_ptr(), lanes) };
            y.copy_from_slice(&rest[..y.len()]);
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
        if whole < self.y.len() {
            let mut rest = [[T::from_f64(1.0); MOST]; 2];
            let y = &mut self.y[whole..];
            rest[0][..y.len()].copy_from_slice(&self.a[whole..]);
            rest[1][..y.len()].copy_from_slice(&self.b[whole..]);
            let [a, b] = &mut rest;
            // SAFETY: one vector, no longer than the parts of `rest`.
            unsafe { each2::<O, T, I>(a.as_ptr(), b.as_ptr(), a.as_mut_ptr(), lanes) };
            y.copy_from_slice(&a[..y.len()]);
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
