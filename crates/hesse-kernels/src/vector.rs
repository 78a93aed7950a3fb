//! Sums and products of slices.
//!
//! Long sums of f32 are carried in f64. The order of additions depends on the length alone, so that results do too.

use crate::lanes::Lanes;
use crate::level::{Isa, Level};
use crate::real::Real;
use crate::reduce::{Mask, TERMS, at_level, multiply_add, total, undone};

/// Σ aᵢ·bᵢ over the shorter length.
#[inline]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    dot_at(Level::current(), a, b)
}

/// Σ aᵢ
#[inline]
pub fn sum<T: Real>(a: &[T]) -> T {
    sum_at(Level::current(), a)
}

/// yᵢ += c·xᵢ over the shorter length.
#[inline]
pub fn axpy<T: Real>(c: T, x: &[T], y: &mut [T]) {
    axpy_at(Level::current(), c, x, y);
}

/// xᵢ ← c·xᵢ
#[inline]
pub fn scale<T: Real>(c: T, x: &mut [T]) {
    scale_at(Level::current(), c, x);
}

/// The largest entry, NaN where there is one, −∞ where there are none.
#[inline]
pub fn max<T: Real>(a: &[T]) -> T {
    extreme_at(Level::current(), a, false)
}

/// The smallest entry, NaN where there is one, ∞ where there are none.
#[inline]
pub fn min<T: Real>(a: &[T]) -> T {
    -extreme_at(Level::current(), a, true)
}

/// √Σ aᵢ², without overflow or underflow on the way; NaN where there is one, else ∞ where there is one.
pub fn norm2<T: Real>(a: &[T]) -> T {
    // Where the squares neither overflow nor lose anything, the plain sum is right.
    let plain = if size_of::<T>() == 8 { dot(a, a).to_f64() } else { squares_at(Level::current(), a, 1.0) };
    if plain > 1e-270 && plain < f64::INFINITY || plain.is_nan() {
        return T::from_f64(plain.sqrt());
    }
    let largest = max(a).to_f64().max(-min(a).to_f64());
    if largest <= 0.0 || largest == f64::INFINITY {
        return T::from_f64(largest.max(0.0));
    }
    // A power of two scales without rounding; two factors because its reciprocal may be too large for one.
    let half = (-largest.log2().floor() / 2.0).floor();
    let size = half.exp2();
    T::from_f64(squares_at(Level::current(), a, size).sqrt() / size / size)
}

at_level! {
    fn dot_at<'a, T>(a: &'a [T], b: &'a [T]) -> T = dot_body;
    fn sum_at<'a, T>(a: &'a [T]) -> T = sum_body;
    fn axpy_at<'a, T>(c: T, x: &'a [T], y: &'a mut [T]) -> () = axpy_body;
    fn scale_at<'a, T>(c: T, x: &'a mut [T]) -> () = scale_body;
    fn extreme_at<'a, T>(a: &'a [T], negate: bool) -> T = extreme_body;
    fn squares_at<'a, T>(a: &'a [T], size: f64) -> f64 = squares_body;
}

#[inline(always)]
fn dot_body<I: Isa, T: Real>(a: &[T], b: &[T]) -> T {
    let n = a.len().min(b.len());
    // SAFETY: both have n entries.
    T::from_f64(unsafe { dot_of::<I, T>(a.as_ptr(), b.as_ptr(), n) })
}

/// Σ aᵢ·bᵢ
///
/// # Safety
/// `n` numbers must be readable from each pointer on.
#[inline(always)]
pub(crate) unsafe fn dot_of<I: Isa, T: Real>(a: *const T, b: *const T, n: usize) -> f64 {
    // Four vectors of 512 bits keep two multiply-add units of four cycles busy, eight of 256 bits.
    // SAFETY: promised by the caller.
    unsafe {
        if I::LEVEL == Level::Avx512 {
            sum_of::<I, T, Products<T>, 4>(Products(a, b), n)
        } else {
            sum_of::<I, T, Products<T>, 8>(Products(a, b), n)
        }
    }
}

#[inline(always)]
fn sum_body<I: Isa, T: Real>(a: &[T]) -> T {
    // SAFETY: the slice is as long as it says.
    T::from_f64(unsafe {
        if I::LEVEL == Level::Avx512 {
            sum_of::<I, T, Plain<T>, 4>(Plain(a.as_ptr()), a.len())
        } else {
            sum_of::<I, T, Plain<T>, 8>(Plain(a.as_ptr()), a.len())
        }
    })
}

/// What is summed. A trait, since closures are compiled without the instruction set.
trait Terms<T: Real>: Copy {
    /// sum + the terms from `i` on; of a mask, only where it is true.
    ///
    /// # Safety
    /// The terms must be readable.
    unsafe fn vector<I: Isa>(self, i: usize, mask: Option<Mask<I, T>>, sum: T::Lanes<I>) -> T::Lanes<I>;
    /// sum + term i
    ///
    /// # Safety
    /// The term must be readable.
    unsafe fn one<I: Isa>(self, i: usize, sum: T) -> T;
}

#[derive(Clone, Copy)]
struct Products<T>(*const T, *const T);

impl<T: Real> Terms<T> for Products<T> {
    #[inline(always)]
    unsafe fn vector<I: Isa>(self, i: usize, mask: Option<Mask<I, T>>, sum: T::Lanes<I>) -> T::Lanes<I> {
        // SAFETY: promised by the caller.
        let (a, b) = unsafe { (T::Lanes::<I>::load(self.0.add(i)), T::Lanes::<I>::load(self.1.add(i))) };
        let all = a.fma(b, sum);
        mask.map_or(all, |mask| T::Lanes::<I>::select(mask, all, sum))
    }
    #[inline(always)]
    unsafe fn one<I: Isa>(self, i: usize, sum: T) -> T {
        // SAFETY: promised by the caller.
        unsafe { multiply_add::<I, T>(*self.0.add(i), *self.1.add(i), sum) }
    }
}

#[derive(Clone, Copy)]
struct Plain<T>(*const T);

impl<T: Real> Terms<T> for Plain<T> {
    #[inline(always)]
    unsafe fn vector<I: Isa>(self, i: usize, mask: Option<Mask<I, T>>, sum: T::Lanes<I>) -> T::Lanes<I> {
        // SAFETY: promised by the caller.
        let all = sum + unsafe { T::Lanes::<I>::load(self.0.add(i)) };
        mask.map_or(all, |mask| T::Lanes::<I>::select(mask, all, sum))
    }
    #[inline(always)]
    unsafe fn one<I: Isa>(self, i: usize, sum: T) -> T {
        // SAFETY: promised by the caller.
        sum + unsafe { *self.0.add(i) }
    }
}

/// The sum of `n` terms by `A` vectors at a time, in f64 beyond [`TERMS`] terms a lane.
///
/// # Safety
/// The terms must be readable.
#[inline(always)]
unsafe fn sum_of<I: Isa, T: Real, F: Terms<T>, const A: usize>(terms: F, n: usize) -> f64 {
    let lanes = T::Lanes::<I>::LANES;
    // SAFETY: `i` plus what is read at a time stays within n.
    unsafe {
        if n < lanes || n < 4 {
            let mut sums = [T::default(); 4];
            let mut i = 0;
            while i + 4 <= n {
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum = terms.one::<I>(i + k, *sum);
                }
                i += 4;
            }
            while i < n {
                sums[0] = terms.one::<I>(i, sums[0]);
                i += 1;
            }
            return (sums[0].to_f64() + sums[1].to_f64()) + (sums[2].to_f64() + sums[3].to_f64());
        }
        let block = if size_of::<T>() == 8 { usize::MAX } else { TERMS * A * lanes };
        let (mut sum, mut i) = (0.0, 0usize);
        loop {
            let end = n.min(i.saturating_add(block));
            let mut sums = [T::Lanes::<I>::splat(T::default()); A];
            while i + A * lanes <= end {
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum = terms.vector::<I>(i + k * lanes, None, *sum);
                }
                i += A * lanes;
            }
            if end == n {
                for sum in &mut sums[..A - 1] {
                    if i + lanes <= n {
                        *sum = terms.vector::<I>(i, None, *sum);
                        i += lanes;
                    }
                }
                if i < n {
                    sums[A - 1] = terms.vector::<I>(n - lanes, Some(undone::<I, T>(i, n)), sums[A - 1]);
                }
            }
            let mut width = A;
            while width > 1 {
                width /= 2;
                for k in 0..width {
                    sums[k] = sums[k] + sums[k + width];
                }
            }
            sum += total::<I, T>(sums[0]);
            if end == n {
                return sum;
            }
        }
    }
}

#[inline(always)]
fn axpy_body<I: Isa, T: Real>(c: T, x: &[T], y: &mut [T]) {
    let n = x.len().min(y.len());
    // SAFETY: both have n entries.
    unsafe { add_multiples::<I, T, 1>([x.as_ptr()], [c], y.as_mut_ptr(), n) }
}

/// y ← y + Σ cₖ·xₖ, each entry in the order of k.
///
/// # Safety
/// `n` numbers must be readable from each pointer on, and writable from `y` on.
#[inline(always)]
pub(crate) unsafe fn add_multiples<I: Isa, T: Real, const C: usize>(x: [*const T; C], c: [T; C], y: *mut T, n: usize) {
    let lanes = T::Lanes::<I>::LANES;
    let mut factors = [T::Lanes::<I>::splat(T::default()); C];
    for k in 0..C {
        factors[k] = T::Lanes::<I>::splat(c[k]);
    }
    let mut i = 0;
    // SAFETY: `i` plus what is read and written at a time stays within n.
    unsafe {
        // The last vector, from y as it was: where others overlap it, they find the same.
        let mut last = factors[0];
        if n >= lanes && n % lanes != 0 {
            last = T::Lanes::<I>::load(y.add(n - lanes));
            for k in 0..C {
                last = factors[k].fma(T::Lanes::<I>::load(x[k].add(n - lanes)), last);
            }
        }
        while i + 2 * lanes <= n {
            let (mut p, mut q) = (T::Lanes::<I>::load(y.add(i)), T::Lanes::<I>::load(y.add(i + lanes)));
            for k in 0..C {
                p = factors[k].fma(T::Lanes::<I>::load(x[k].add(i)), p);
                q = factors[k].fma(T::Lanes::<I>::load(x[k].add(i + lanes)), q);
            }
            p.store(y.add(i));
            q.store(y.add(i + lanes));
            i += 2 * lanes;
        }
        if i + lanes <= n {
            let mut p = T::Lanes::<I>::load(y.add(i));
            for k in 0..C {
                p = factors[k].fma(T::Lanes::<I>::load(x[k].add(i)), p);
            }
            p.store(y.add(i));
            i += lanes;
        }
        if n >= lanes {
            if i < n {
                last.store(y.add(n - lanes));
            }
        } else {
            while i < n {
                let mut p = *y.add(i);
                for k in 0..C {
                    p = multiply_add::<I, T>(c[k], *x[k].add(i), p);
                }
                *y.add(i) = p;
                i += 1;
            }
        }
    }
}

#[inline(always)]
fn scale_body<I: Isa, T: Real>(c: T, x: &mut [T]) {
    for x in x {
        *x = c * *x;
    }
}

/// The largest of the entries or of their negatives; NaN sticks.
#[inline(always)]
fn extreme_body<I: Isa, T: Real>(a: &[T], negate: bool) -> T {
    let lanes = T::Lanes::<I>::LANES;
    let least = T::from_f64(f64::NEG_INFINITY);
    let sign = T::Lanes::<I>::splat(T::from_f64(if negate { -1.0 } else { 1.0 }));
    let mut best = [T::Lanes::<I>::splat(least); 4];
    let mut i = 0;
    // SAFETY: `i` plus what is read at a time stays within the slice.
    unsafe {
        while i + 4 * lanes <= a.len() {
            for k in 0..4 {
                let x = T::Lanes::<I>::load(a.as_ptr().add(i + k * lanes)) * sign;
                best[k] = T::Lanes::<I>::select(best[k].lt(x) | x.is_nan(), x, best[k]);
            }
            i += 4 * lanes;
        }
        while i + lanes <= a.len() {
            let x = T::Lanes::<I>::load(a.as_ptr().add(i)) * sign;
            best[0] = T::Lanes::<I>::select(best[0].lt(x) | x.is_nan(), x, best[0]);
            i += lanes;
        }
    }
    let mut all = least;
    for &x in &a[i..] {
        all = larger(if negate { -x } else { x }, all);
    }
    if a.len() >= lanes {
        for k in 1..4 {
            best[0] = T::Lanes::<I>::select(best[0].lt(best[k]) | best[k].is_nan(), best[k], best[0]);
        }
        let mut each = [least; 16];
        // SAFETY: no vector has more than 16 lanes.
        unsafe { best[0].store(each.as_mut_ptr()) };
        for x in &each[..lanes] {
            all = larger(*x, all);
        }
    }
    all
}

/// The larger of both, NaN if one is.
#[inline(always)]
#[allow(clippy::eq_op)] // only NaN differs from itself
fn larger<T: Real>(x: T, best: T) -> T {
    if x > best || x != x { x } else { best }
}

/// Σ (size·size·aᵢ)², in f64 for either type.
#[inline(always)]
fn squares_body<I: Isa, T: Real>(a: &[T], size: f64) -> f64 {
    let mut sums = [0.0; 32];
    let (blocks, rest) = a.as_chunks::<32>();
    for block in blocks {
        for k in 0..32 {
            let x = block[k].to_f64() * size * size;
            sums[k] = multiply_add::<I, f64>(x, x, sums[k]);
        }
    }
    let mut tail = 0.0;
    for x in rest {
        let x = x.to_f64() * size * size;
        tail = multiply_add::<I, f64>(x, x, tail);
    }
    if blocks.is_empty() {
        return tail;
    }
    let mut width = 32;
    while width > 1 {
        width /= 2;
        for k in 0..width {
            sums[k] += sums[k + width];
        }
    }
    sums[0] + tail
}

#[cfg(test)]
pub(crate) mod tests;
