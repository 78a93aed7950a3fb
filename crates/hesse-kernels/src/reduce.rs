//! What sums need beyond [`Lanes`]: the sum of a vector, the lanes of a tail, and kernels from plain functions.

use crate::lanes::Lanes;
use crate::level::Isa;
use crate::real::Real;

/// Terms that a lane of f32 may add up before the sum goes on in f64.
pub(crate) const TERMS: usize = 128;

/// Functions that run the body named behind them at a level.
macro_rules! at_level {
    ($($visible:vis fn $name:ident<$l:lifetime, T>($($a:ident: $t:ty),*) -> $out:ty = $body:ident;)*) => {$(
        #[inline(always)]
        $visible fn $name<$l, T: Real>(level: crate::level::Level, $($a: $t),*) -> $out {
            struct Call<$l, T> { $($a: $t,)* of: std::marker::PhantomData<&$l T> }
            impl<T: Real> crate::level::Kernel for Call<'_, T> {
                type Output = $out;
                #[inline(always)]
                fn run<I: crate::level::Isa>(self) -> $out {
                    $body::<I, T>($(self.$a),*)
                }
            }
            crate::level::dispatch_at(level, Call { $($a,)* of: std::marker::PhantomData })
        }
    )*};
}
pub(crate) use at_level;

/// The mask of a vector of T.
pub(crate) type Mask<I, T> = <<T as Real>::Lanes<I> as Lanes>::Mask;

/// a·b + c of single numbers, rounded as [`Lanes::fma`] does.
#[inline(always)]
pub(crate) fn multiply_add<I: Isa, T: Real>(a: T, b: T, c: T) -> T {
    if !I::FUSED {
        a * b + c
    } else if size_of::<T>() == size_of::<f32>() {
        // There and back is the same f32: the compiler leaves nothing of the conversions.
        T::from_f64(f64::from((a.to_f64() as f32).mul_add(b.to_f64() as f32, c.to_f64() as f32)))
    } else {
        T::from_f64(a.to_f64().mul_add(b.to_f64(), c.to_f64()))
    }
}

/// The sum of the lanes in f64, halves first.
#[inline(always)]
pub(crate) fn total<I: Isa, T: Real>(v: T::Lanes<I>) -> f64 {
    let wide = if T::Lanes::<I>::HALVES == 2 { v.low() + v.high() } else { v.low() };
    let mut sums = [0.0; 16];
    // SAFETY: no vector of f64 has more than 16 lanes.
    unsafe { wide.store(sums.as_mut_ptr()) };
    let mut width = I::F64::LANES;
    while width > 1 {
        width /= 2;
        for k in 0..width {
            sums[k] += sums[k + width];
        }
    }
    sums[0]
}

/// The lanes that are counted when the last vector before `n` is read and the first `from` numbers are done: those from `from` on.
#[inline(always)]
pub(crate) fn undone<I: Isa, T: Real>(from: usize, n: usize) -> Mask<I, T> {
    const RAMP: ([f64; 16], [f32; 16]) = (
        [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.],
        [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.],
    );
    const { assert!(size_of::<T>() == 8 || size_of::<T>() == 4) };
    let ramp = if size_of::<T>() == 8 { RAMP.0.as_ptr().cast::<T>() } else { RAMP.1.as_ptr().cast::<T>() };
    // SAFETY: T is the f64 or f32 of its size; no vector has more than 16 lanes.
    let ramp = unsafe { T::Lanes::<I>::load(ramp) };
    let done = from + T::Lanes::<I>::LANES - n;
    T::Lanes::<I>::splat(T::from_f64(done as f64)).le(ramp)
}
