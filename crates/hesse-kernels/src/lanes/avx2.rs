//! Vectors of AVX2 with FMA.
//!
//! Every `unsafe` block here calls intrinsics of AVX2 or FMA. SAFETY of all: the types implement [`Lanes`] for [`crate::level::Avx2`]
//! only, and a kernel is run with that set after it was found on this machine.

use super::Lanes;
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Four f64.
#[derive(Clone, Copy, Debug)]
pub struct F64x4(__m256d);
/// Eight f32.
#[derive(Clone, Copy, Debug)]
pub struct F32x8(__m256);
/// A truth value for each lane of [`F64x4`]: all its bits.
#[derive(Clone, Copy, Debug)]
pub struct Mask64(__m256d);
/// A truth value for each lane of [`F32x8`]: all its bits.
#[derive(Clone, Copy, Debug)]
pub struct Mask32(__m256);

macro_rules! operator {
    ($type:ident $trait:ident $method:ident $f:ident) => {
        impl $trait for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $f(self.0, other.0) })
            }
        }
    };
}

macro_rules! vector {
    (
        $type:ident, $mask:ident, $t:ty, $bits:ty, $lanes:expr, $digits:expr, $bias:expr, $lift:expr;
        $add:ident, $sub:ident, $mul:ident, $div:ident, $and:ident, $andnot:ident, $or:ident, $xor:ident,
        $min:ident, $max:ident, $set1:ident, $loadu:ident, $storeu:ident, $fmadd:ident, $sqrt:ident, $round:ident, $cmp:ident, $blendv:ident, $movemask:ident,
        $to_bits:ident, $from_bits:ident, $set1_bits:ident, $int:ty, $sll:ident, $srl:ident, $add_bits:ident, $to_float:ident, $maskload:ident, $maskstore:ident, $first_lane:ident;
        $wide:ty, $halves:expr, $low:ident, $high:ident, $join:ident
    ) => {
        operator!($type Add add $add);
        operator!($type Sub sub $sub);
        operator!($type Mul mul $mul);
        operator!($type Div div $div);
        operator!($mask BitAnd bitand $and);
        operator!($mask BitOr bitor $or);
        impl Not for $mask {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                // SAFETY: see the top of the module.
                $mask(unsafe { $xor(self.0, $from_bits($set1_bits(-1))) })
            }
        }
        impl Neg for $type {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $xor(self.0, $set1(-0.0)) })
            }
        }

        impl $type {
            /// A mask of the first n lanes.
            #[inline(always)]
            fn first_lanes(n: usize) -> __m256i {
                const WINDOW: [$int; 2 * $lanes] = {
                    let mut window = [0; 2 * $lanes];
                    let mut k = 0;
                    while k < $lanes {
                        window[k] = -1;
                        k += 1;
                    }
                    window
                };
                // SAFETY: a whole vector from any of the first `$lanes` + 1 places.
                unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add($lanes - n.min($lanes)).cast()) }
            }
            /// 2ᵏ of k + 1.5·2^digits.
            #[inline(always)]
            fn power(k: Self) -> Self {
                // SAFETY: see the top of the module.
                unsafe {
                    let shifted = $sll($to_bits(k.0), _mm_cvtsi32_si128($digits));
                    $type($from_bits($add_bits(shifted, $set1_bits((($bias as $bits) << $digits) as $int))))
                }
            }
        }

        impl Lanes for $type {
            type Scalar = $t;
            type Mask = $mask;
            type Wide = $wide;
            const LANES: usize = $lanes;
            const HALVES: usize = $halves;
            const FUSED: bool = true;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $set1(x) })
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller's promise; an unaligned load.
                $type(unsafe { $loadu(from) })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller's promise; an unaligned store.
                unsafe { $storeu(to, self.0) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $t, n: usize, rest: $t) -> Self {
                // SAFETY: the caller's promise: lanes that the mask leaves out are not read.
                unsafe {
                    let mask = Self::first_lanes(n);
                    $type($blendv($set1(rest), $maskload(from, mask), $from_bits(mask)))
                }
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, n: usize) {
                // SAFETY: the caller's promise: lanes that the mask leaves out are not written.
                unsafe { $maskstore(to, Self::first_lanes(n), self.0) }
            }
            #[inline(always)]
            fn first(self) -> $t {
                // SAFETY: see the top of the module.
                unsafe { $first_lane(self.0) }
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $fmadd(self.0, b.0, c.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $andnot($set1(-0.0), self.0) })
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $or($andnot($set1(-0.0), self.0), $and($set1(-0.0), sign.0)) })
            }
            #[inline(always)]
            fn round(self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
            }
            #[inline(always)]
            fn clamp(self, low: $t, high: $t) -> Self {
                // SAFETY: see the top of the module. `min` and `max` give the second operand where one is NaN.
                $type(unsafe { $min($set1(high), $max($set1(low), self.0)) })
            }
            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                // As for one number: two powers of nearly n/2.
                let shift = Self::splat((3u64 << ($digits - 1)) as $t);
                let half = n.fma(Self::splat(0.5), shift);
                let rest = n - (half - shift) + shift;
                self * Self::power(half) * Self::power(rest)
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let tiny = self.lt(Self::splat(<$t>::MIN_POSITIVE));
                let x = Self::select(tiny, self * Self::splat((1u64 << $lift) as $t), self);
                let bias = Self::select(tiny, Self::splat(($bias + $lift) as $t), Self::splat($bias as $t));
                // SAFETY: see the top of the module.
                let (k, m) = unsafe {
                    let k = $to_float($srl($to_bits(x.0), _mm_cvtsi32_si128($digits)));
                    let fraction = $and(x.0, $from_bits($set1_bits((1 << $digits) - 1)));
                    ($type(k) - bias, $type($or(fraction, $set1(1.0))))
                };
                let large = Self::splat(std::f64::consts::SQRT_2 as $t).lt(m);
                (Self::select(large, m * Self::splat(0.5), m), Self::select(large, k + Self::splat(1.0), k))
            }
            #[inline(always)]
            fn bit<const BIT: u32>(self) -> $mask {
                let shifted = self + Self::splat((3u64 << ($digits - 1)) as $t);
                // SAFETY: see the top of the module. `blendv` and `movemask` read the sign bit only.
                $mask(unsafe { $from_bits($sll($to_bits(shifted.0), _mm_cvtsi32_si128((<$bits>::BITS - 1 - BIT) as i32))) })
            }
            #[inline(always)]
            fn lt(self, other: Self) -> $mask {
                // SAFETY: see the top of the module.
                $mask(unsafe { $cmp::<_CMP_LT_OQ>(self.0, other.0) })
            }
            #[inline(always)]
            fn le(self, other: Self) -> $mask {
                // SAFETY: see the top of the module.
                $mask(unsafe { $cmp::<_CMP_LE_OQ>(self.0, other.0) })
            }
            #[inline(always)]
            fn eq(self, other: Self) -> $mask {
                // SAFETY: see the top of the module.
                $mask(unsafe { $cmp::<_CMP_EQ_OQ>(self.0, other.0) })
            }
            #[inline(always)]
            fn is_nan(self) -> $mask {
                // SAFETY: see the top of the module.
                $mask(unsafe { $cmp::<_CMP_UNORD_Q>(self.0, self.0) })
            }
            #[inline(always)]
            fn outside(self) -> $mask {
                !(Self::splat(0.0).lt(self) & self.lt(Self::splat(<$t>::INFINITY)))
            }
            #[inline(always)]
            fn is_negative(self) -> $mask {
                $mask(self.0)
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $blendv(no.0, yes.0, mask.0) })
            }
            #[inline(always)]
            fn any(mask: $mask) -> bool {
                // SAFETY: see the top of the module.
                unsafe { $movemask(mask.0) != 0 }
            }
            #[inline(always)]
            fn low(self) -> $wide {
                $low(self)
            }
            #[inline(always)]
            fn high(self) -> $wide {
                $high(self)
            }
            #[inline(always)]
            fn join(low: $wide, high: $wide) -> Self {
                $join(low, high)
            }
        }
    };
}

vector!(
    F64x4, Mask64, f64, u64, 4, 52, 1023, 54;
    _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd, _mm256_and_pd, _mm256_andnot_pd, _mm256_or_pd, _mm256_xor_pd,
    _mm256_min_pd, _mm256_max_pd, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_sqrt_pd, _mm256_round_pd, _mm256_cmp_pd, _mm256_blendv_pd, _mm256_movemask_pd,
    _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_set1_epi64x, i64, _mm256_sll_epi64, _mm256_srl_epi64, _mm256_add_epi64, small_to_float, _mm256_maskload_pd, _mm256_maskstore_pd, _mm256_cvtsd_f64;
    F64x4, 1, same, same, first
);
vector!(
    F32x8, Mask32, f32, u32, 8, 23, 127, 25;
    _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps, _mm256_and_ps, _mm256_andnot_ps, _mm256_or_ps, _mm256_xor_ps,
    _mm256_min_ps, _mm256_max_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_sqrt_ps, _mm256_round_ps, _mm256_cmp_ps, _mm256_blendv_ps, _mm256_movemask_ps,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_set1_epi32, i32, _mm256_sll_epi32, _mm256_srl_epi32, _mm256_add_epi32, _mm256_cvtepi32_ps, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_cvtss_f32;
    F64x4, 2, low_half, high_half, both_halves
);

/// Whole numbers below 2⁵² as f64: put under the exponent of 2⁵², which is then taken away (AVX2 has no conversion).
#[inline(always)]
unsafe fn small_to_float(k: __m256i) -> __m256d {
    // SAFETY: see the top of the module.
    unsafe {
        let base = _mm256_set1_pd((1u64 << 52) as f64);
        _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(k), base), base)
    }
}

#[inline(always)]
fn same(x: F64x4) -> F64x4 {
    x
}
#[inline(always)]
fn first(x: F64x4, _: F64x4) -> F64x4 {
    x
}
#[inline(always)]
fn low_half(x: F32x8) -> F64x4 {
    // SAFETY: see the top of the module.
    F64x4(unsafe { _mm256_cvtps_pd(_mm256_castps256_ps128(x.0)) })
}
#[inline(always)]
fn high_half(x: F32x8) -> F64x4 {
    // SAFETY: see the top of the module.
    F64x4(unsafe { _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(x.0)) })
}
#[inline(always)]
fn both_halves(low: F64x4, high: F64x4) -> F32x8 {
    // SAFETY: see the top of the module.
    F32x8(unsafe { _mm256_set_m128(_mm256_cvtpd_ps(high.0), _mm256_cvtpd_ps(low.0)) })
}
