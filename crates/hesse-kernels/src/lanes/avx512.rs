//! Vectors of AVX-512 F, DQ.
//!
//! Every `unsafe` block here calls intrinsics of AVX-512. SAFETY of all: the types implement [`Lanes`] for [`crate::level::Avx512`]
//! only, and a kernel is run with that set after it was found on this machine.

use super::Lanes;
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Eight f64.
#[derive(Clone, Copy, Debug)]
pub struct F64x8(__m512d);
/// Sixteen f32.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(__m512);
/// A truth value for each lane of [`F64x8`].
#[derive(Clone, Copy, Debug)]
pub struct Mask8(__mmask8);
/// A truth value for each lane of [`F32x16`].
#[derive(Clone, Copy, Debug)]
pub struct Mask16(__mmask16);

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
        $type:ident, $mask:ident, $t:ty, $lanes:expr, $digits:expr;
        $add:ident, $sub:ident, $mul:ident, $div:ident, $and:ident, $andnot:ident, $or:ident, $xor:ident,
        $min:ident, $max:ident, $set1:ident, $loadu:ident, $storeu:ident, $fmadd:ident, $sqrt:ident, $roundscale:ident, $cmp:ident, $blend:ident,
        $scalef:ident, $getexp:ident, $getmant:ident, $to_bits:ident, $set1_bits:ident, $test:ident, $signs:ident, $class:ident, $mask_loadu:ident, $mask_storeu:ident, $first_lane:ident;
        $wide:ty, $halves:expr, $low:ident, $high:ident, $join:ident
    ) => {
        operator!($type Add add $add);
        operator!($type Sub sub $sub);
        operator!($type Mul mul $mul);
        operator!($type Div div $div);
        impl BitAnd for $mask {
            type Output = Self;
            #[inline(always)]
            fn bitand(self, other: Self) -> Self {
                $mask(self.0 & other.0)
            }
        }
        impl BitOr for $mask {
            type Output = Self;
            #[inline(always)]
            fn bitor(self, other: Self) -> Self {
                $mask(self.0 | other.0)
            }
        }
        impl Not for $mask {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                $mask(!self.0)
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
                $type(unsafe { $mask_loadu($set1(rest), (1 << n) - 1, from) })
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, n: usize) {
                // SAFETY: the caller's promise: lanes that the mask leaves out are not written.
                unsafe { $mask_storeu(to, (1 << n) - 1, self.0) }
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
                $type(unsafe { $roundscale::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
            }
            #[inline(always)]
            fn clamp(self, low: $t, high: $t) -> Self {
                // SAFETY: see the top of the module. `min` and `max` give the second operand where one is NaN.
                $type(unsafe { $min($set1(high), $max($set1(low), self.0)) })
            }
            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $scalef(self.0, n.0) })
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // SAFETY: see the top of the module.
                let (m, k) = unsafe { ($type($getmant::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_ZERO>(self.0)), $type($getexp(self.0))) };
                let large = Self::splat(std::f64::consts::SQRT_2 as $t).lt(m);
                (Self::select(large, m * Self::splat(0.5), m), Self::select(large, k + Self::splat(1.0), k))
            }
            #[inline(always)]
            fn bit<const BIT: u32>(self) -> $mask {
                let shifted = self + Self::splat((3u64 << ($digits - 1)) as $t);
                // SAFETY: see the top of the module.
                $mask(unsafe { $test($to_bits(shifted.0), $set1_bits(1 << BIT)) })
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
                // Quiet NaN, +0, −0, +∞, −∞, negative, signalling NaN.
                const CLASSES: i32 = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80;
                // SAFETY: see the top of the module.
                $mask(unsafe { $class::<CLASSES>(self.0) })
            }
            #[inline(always)]
            fn is_negative(self) -> $mask {
                // SAFETY: see the top of the module.
                $mask(unsafe { $signs($to_bits(self.0)) })
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: see the top of the module.
                $type(unsafe { $blend(mask.0, no.0, yes.0) })
            }
            #[inline(always)]
            fn any(mask: $mask) -> bool {
                mask.0 != 0
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
    F64x8, Mask8, f64, 8, 52;
    _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_div_pd, _mm512_and_pd, _mm512_andnot_pd, _mm512_or_pd, _mm512_xor_pd,
    _mm512_min_pd, _mm512_max_pd, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_sqrt_pd, _mm512_roundscale_pd, _mm512_cmp_pd_mask, _mm512_mask_blend_pd,
    _mm512_scalef_pd, _mm512_getexp_pd, _mm512_getmant_pd, _mm512_castpd_si512, _mm512_set1_epi64, _mm512_test_epi64_mask, _mm512_movepi64_mask, _mm512_fpclass_pd_mask, _mm512_mask_loadu_pd, _mm512_mask_storeu_pd, _mm512_cvtsd_f64;
    F64x8, 1, same, same, first
);
vector!(
    F32x16, Mask16, f32, 16, 23;
    _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps, _mm512_and_ps, _mm512_andnot_ps, _mm512_or_ps, _mm512_xor_ps,
    _mm512_min_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_sqrt_ps, _mm512_roundscale_ps, _mm512_cmp_ps_mask, _mm512_mask_blend_ps,
    _mm512_scalef_ps, _mm512_getexp_ps, _mm512_getmant_ps, _mm512_castps_si512, _mm512_set1_epi32, _mm512_test_epi32_mask, _mm512_movepi32_mask, _mm512_fpclass_ps_mask, _mm512_mask_loadu_ps, _mm512_mask_storeu_ps, _mm512_cvtss_f32;
    F64x8, 2, low_half, high_half, both_halves
);

#[inline(always)]
fn same(x: F64x8) -> F64x8 {
    x
}
#[inline(always)]
fn first(x: F64x8, _: F64x8) -> F64x8 {
    x
}
#[inline(always)]
fn low_half(x: F32x16) -> F64x8 {
    // SAFETY: see the top of the module.
    F64x8(unsafe { _mm512_cvtps_pd(_mm512_castps512_ps256(x.0)) })
}
#[inline(always)]
fn high_half(x: F32x16) -> F64x8 {
    // SAFETY: see the top of the module.
    F64x8(unsafe { _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(x.0)) })
}
#[inline(always)]
fn both_halves(low: F64x8, high: F64x8) -> F32x16 {
    // SAFETY: see the top of the module.
    F32x16(unsafe { _mm512_insertf32x8::<1>(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.0)), _mm512_cvtpd_ps(high.0)) })
}
