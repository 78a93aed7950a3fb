//! Gathering a block into one number, in f64: value k into partial result k modulo 16, then those as a tree, at every vector width.

use super::Reduction;
use crate::function::operation::{Add, Max, Min, Operation2};
use crate::lanes::Lanes;
use crate::level::Isa;
use crate::real::Real;

/// Partial results.
const PARTS: usize = 16;

/// The block's sum, maximum or minimum; of no values, 0, and NaN for an extreme.
///
/// # Safety
/// `x` is valid for reading m values.
#[inline(always)]
pub(super) unsafe fn block<T: Real, I: Isa>(by: Reduction, x: *const T, m: usize) -> f64 {
    // SAFETY: the caller's promise.
    unsafe {
        match by {
            Reduction::Sum => gather::<T, I, Add>(x, m, T::default()),
            // Padded by a value that is there.
            Reduction::Max => gather::<T, I, Max>(x, m, *x),
            Reduction::Min => gather::<T, I, Min>(x, m, *x),
        }
    }
}

/// # Safety
/// As [`block`].
#[inline(always)]
unsafe fn gather<T: Real, I: Isa, O: Operation2>(x: *const T, m: usize, start: T) -> f64 {
    let mut parts = [I::F64::splat(start.to_f64()); PARTS];
    let whole = m / PARTS * PARTS;
    let mut k = 0;
    while k < whole {
        // SAFETY: 16 values from k on are within the m.
        unsafe { merge::<T, I, O>(&mut parts, x.add(k)) };
        k += PARTS;
    }
    if k < m {
        let mut rest = [start; PARTS];
        for j in k..m {
            // SAFETY: j < m.
            rest[j - k] = unsafe { *x.add(j) };
        }
        // SAFETY: `rest` has 16 values.
        unsafe { merge::<T, I, O>(&mut parts, rest.as_ptr()) };
    }
    let mut values = [0.0; PARTS];
    let mut j = 0;
    while j < PARTS / I::F64::LANES {
        // SAFETY: as many vectors as fill the 16 values.
        unsafe { parts[j].store(values.as_mut_ptr().add(j * I::F64::LANES)) };
        j += 1;
    }
    let mut half = PARTS / 2;
    while half > 0 {
        for j in 0..half {
            values[j] = scalar::<O>(values[j + half], values[j]);
        }
        half /= 2;
    }
    values[0]
}

/// O of two numbers.
#[inline(always)]
fn scalar<O: Operation2>(a: f64, b: f64) -> f64 {
    use crate::lanes::One;
    O::of::<f64, crate::level::Baseline>(One(a), One(b)).0
}

/// Gathers 16 values into the partial results.
///
/// # Safety
/// `x` is valid for reading 16 values.
#[inline(always)]
unsafe fn merge<T: Real, I: Isa, O: Operation2>(parts: &mut [I::F64; PARTS], x: *const T) {
    let (lanes, halves) = (<T::Lanes<I>>::LANES, <T::Lanes<I>>::HALVES);
    let mut j = 0;
    while j < PARTS / lanes {
        // SAFETY: vectors within the 16 values.
        let v = unsafe { <T::Lanes<I>>::load(x.add(j * lanes)) };
        parts[j * halves] = O::of::<f64, I>(v.low(), parts[j * halves]);
        if halves == 2 {
            parts[j * halves + 1] = O::of::<f64, I>(v.high(), parts[j * halves + 1]);
        }
        j += 1;
    }
}
