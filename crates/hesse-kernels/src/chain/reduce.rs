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
        unsafe { merge::<T, I, O>(&mut parts, x.add(k), PARTS, start) };
        k += PARTS;
    }
    if k < m {
        // SAFETY: m − k values are left.
        unsafe { merge::<T, I, O>(&mut parts, x.add(k), m - k, start) };
    }
    // The tree: first between vectors, then between the lanes of one.
    let mut half = PARTS / I::F64::LANES / 2;
    while half > 0 {
        for j in 0..half {
            parts[j] = O::of::<f64, I>(parts[j + half], parts[j]);
        }
        half /= 2;
    }
    let mut values = [0.0; PARTS];
    // SAFETY: one vector, of at most 16 lanes.
    unsafe { parts[0].store(values.as_mut_ptr()) };
    let mut half = I::F64::LANES / 2;
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

/// Gathers m ≤ 16 values into the partial results; `start` stands for those that are missing in a vector.
///
/// # Safety
/// `x` is valid for reading m values.
#[inline(always)]
unsafe fn merge<T: Real, I: Isa, O: Operation2>(parts: &mut [I::F64; PARTS], x: *const T, m: usize, start: T) {
    let (lanes, halves) = (<T::Lanes<I>>::LANES, <T::Lanes<I>>::HALVES);
    let mut j = 0;
    while j < PARTS / lanes && j * lanes < m {
        let left = m - j * lanes;
        // SAFETY: a vector within the m values, or their rest.
        let v = unsafe {
            let x = x.add(j * lanes);
            if left < lanes { <T::Lanes<I>>::load_part(x, left, start) } else { <T::Lanes<I>>::load(x) }
        };
        parts[j * halves] = O::of::<f64, I>(v.low(), parts[j * halves]);
        if halves == 2 {
            parts[j * halves + 1] = O::of::<f64, I>(v.high(), parts[j * halves + 1]);
        }
        j += 1;
    }
}
