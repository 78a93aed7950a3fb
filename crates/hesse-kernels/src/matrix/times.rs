//! Matrix times vector: rows by dot products, columns by sums of multiples, several at a time.

use super::Matrix;
use crate::level::{Isa, Level};
use crate::real::Real;
use crate::reduce::{TERMS, at_level};
use crate::vector::{add_multiples, dot_of};
use std::any::TypeId;

/// y ← M·x, or y ← y + M·x with `add`. `x` has as many entries as M has columns, `y` as it has rows.
///
/// M is read in the order of memory: by rows where a row is contiguous, by columns where a column is. An entry of y does not depend on how many other
/// rows there are. Long sums of f32 are carried in f64.
pub fn times_vector<T: Real>(m: Matrix<'_, T>, x: &[T], add: bool, y: &mut [T]) {
    times_vector_at(Level::current(), m, x, add, false, Target::Same(y));
}

/// [`times_vector`] where a 0 in x is a mask: what M has in such a column is not read, so that an infinity or NaN there does not matter. (In
/// [`times_vector`] it does: 0·∞ is NaN.) It pays where many entries are 0 and columns are contiguous.
pub fn times_vector_selected<T: Real>(m: Matrix<'_, T>, x: &[T], add: bool, y: &mut [T]) {
    times_vector_at(Level::current(), m, x, add, true, Target::Same(y));
}

/// y ← y + M·x with y in f64, for sums that go on over many calls; `selected` as in [`times_vector_selected`].
pub fn add_times_vector<T: Real>(m: Matrix<'_, T>, x: &[T], selected: bool, y: &mut [f64]) {
    times_vector_at(Level::current(), m, x, true, selected, Target::Wide(y));
}

/// Where the result goes.
pub(super) enum Target<'a, T> {
    Same(&'a mut [T]),
    Wide(&'a mut [f64]),
}

at_level! {
    pub(super) fn times_vector_at<'a, T>(m: Matrix<'a, T>, x: &'a [T], add: bool, selected: bool, y: Target<'a, T>) -> () = times_vector_body;
}

#[inline(always)]
fn times_vector_body<I: Isa, T: Real>(m: Matrix<'_, T>, x: &[T], add: bool, selected: bool, y: Target<'_, T>) {
    match y {
        Target::Same(y) => into::<I, T, T>(m, x, add, selected, y),
        Target::Wide(y) => into::<I, T, f64>(m, x, add, selected, y),
    }
}

/// Rows of y that are summed before the next ones: they stay in the first cache.
const STRIP: usize = 512;
/// Columns that are read at a time.
const GROUP: usize = 8;

#[inline(always)]
fn into<I: Isa, T: Real, Y: Real>(m: Matrix<'_, T>, x: &[T], add: bool, selected: bool, y: &mut [Y]) {
    // Mistakes of the caller must not become reads of foreign memory.
    m.check();
    assert!(m.columns <= x.len() && m.rows <= y.len(), "a vector is shorter than a matrix needs");
    let y = &mut y[..m.rows];
    let (data, x) = (m.data.as_ptr(), &x[..m.columns]);
    if m.column_step == 1 && (m.row_step != 1 || m.rows == 1) && !selected {
        // One row after the other, as memory runs: several at a time share x, but memory is then read at a quarter of the speed.
        for (i, y) in y.iter_mut().enumerate() {
            // SAFETY: the row is within the data, as seen above, and x is as long.
            put(y, unsafe { dot_of::<I, T>(data.add(i * m.row_step), x.as_ptr(), m.columns) }, add);
        }
    } else if m.row_step == 1 {
        let direct = TypeId::of::<T>() == TypeId::of::<Y>() && (size_of::<T>() == 8 || m.columns <= TERMS);
        for from in (0..m.rows).step_by(STRIP) {
            let y = &mut y[from..m.rows.min(from + STRIP)];
            if direct {
                if !add {
                    y.fill(Y::default());
                }
                // SAFETY: Y is T; the entries from row `from` on of each column are within the data, as seen above.
                unsafe { columns::<I, T>(data.add(from), m.column_step, x, selected, y.as_mut_ptr().cast::<T>(), y.len()) };
                continue;
            }
            let mut sums = [0.0; STRIP];
            for (block, x) in x.chunks(TERMS).enumerate() {
                let mut part = [T::default(); STRIP];
                // SAFETY: as above; a strip is no longer than `part`.
                unsafe {
                    let first = data.add(from + block * TERMS * m.column_step);
                    columns::<I, T>(first, m.column_step, x, selected, part.as_mut_ptr(), y.len());
                }
                for k in 0..STRIP {
                    sums[k] += part[k].to_f64();
                }
            }
            for (y, sum) in y.iter_mut().zip(sums) {
                put(y, sum, add);
            }
        }
    } else {
        for (i, y) in y.iter_mut().enumerate() {
            let mut sum = 0.0;
            for (j, &x) in x.iter().enumerate() {
                if !(selected && x == T::default()) {
                    sum += m.data[i * m.row_step + j * m.column_step].to_f64() * x.to_f64();
                }
            }
            put(y, sum, add);
        }
    }
}

#[inline(always)]
fn put<Y: Real>(y: &mut Y, sum: f64, add: bool) {
    *y = Y::from_f64(if add { y.to_f64() + sum } else { sum });
}

/// y ← y + Σ xₖ·(column k), in the order of k, whatever is read at a time.
///
/// # Safety
/// From `first` on, `n` numbers must be readable every `step`, as often as x is long; `n` numbers must be readable and writable from `y` on.
#[inline(always)]
unsafe fn columns<I: Isa, T: Real>(first: *const T, step: usize, x: &[T], selected: bool, y: *mut T, n: usize) {
    let mut k = 0;
    let (mut of, mut by, mut held) = ([first; GROUP], [T::default(); GROUP], 0);
    // SAFETY: promised by the caller.
    unsafe {
        while k < x.len() {
            if !(selected && x[k] == T::default()) {
                (of[held], by[held]) = (first.add(k * step), x[k]);
                held += 1;
            }
            k += 1;
            if held == GROUP {
                add_multiples::<I, T, GROUP>(of, by, y, n);
                held = 0;
            }
        }
        let mut from = 0;
        if held >= 4 {
            add_multiples::<I, T, 4>([of[0], of[1], of[2], of[3]], [by[0], by[1], by[2], by[3]], y, n);
            from = 4;
        }
        for k in from..held {
            add_multiples::<I, T, 1>([of[k]], [by[k]], y, n);
        }
    }
}
