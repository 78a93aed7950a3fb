//! Vectors of numbers that fit one register of an instruction set, and what the element-wise functions need of them.
//!
//! The same function body, generic over [`Lanes`], is compiled for one number ([`One`]), four or eight (AVX2), eight or sixteen (AVX-512).
//! Every operation gives the same bits at every level, but for [`Lanes::fma`], which rounds twice where the machine has no such instruction.

use crate::real::Real;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;

/// A vector of numbers, one instruction each. Values exist only inside kernels that run at their level (see [`crate::level`]).
pub trait Lanes:
    Copy + 'static + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// What a lane holds.
    type Scalar: Real;
    /// A truth value for each lane.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;
    /// Lanes of f64 for the same values; two such vectors where [`Lanes::HALVES`] is 2.
    type Wide: Lanes<Scalar = f64>;
    /// How many lanes.
    const LANES: usize;
    /// How many vectors of [`Lanes::Wide`] hold the same values.
    const HALVES: usize;
    /// Whether [`Lanes::fma`] rounds once.
    const FUSED: bool;

    /// The same number in every lane.
    fn splat(x: Self::Scalar) -> Self;
    /// Reads lanes from memory.
    ///
    /// # Safety
    /// `from` is valid for reading [`Lanes::LANES`] values; it need not be aligned to the vector.
    unsafe fn load(from: *const Self::Scalar) -> Self;
    /// Writes lanes to memory.
    ///
    /// # Safety
    /// `to` is valid for writing [`Lanes::LANES`] values; it need not be aligned to the vector.
    unsafe fn store(self, to: *mut Self::Scalar);
    /// Reads the first n lanes, n < [`Lanes::LANES`]; the others hold `rest`.
    ///
    /// # Safety
    /// `from` is valid for reading n values.
    unsafe fn load_part(from: *const Self::Scalar, n: usize, rest: Self::Scalar) -> Self;
    /// Writes the first n lanes, n < [`Lanes::LANES`].
    ///
    /// # Safety
    /// `to` is valid for writing n values.
    unsafe fn store_part(self, to: *mut Self::Scalar, n: usize);
    /// The first lane.
    fn first(self) -> Self::Scalar;

    /// self·b + c.
    fn fma(self, b: Self, c: Self) -> Self;
    /// √self.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// |self| with the sign bit of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// The nearest whole number, ties to even.
    fn round(self) -> Self;
    /// The nearest number from `low` to `high`; NaN stays.
    fn clamp(self, low: Self::Scalar, high: Self::Scalar) -> Self;
    /// self·2ⁿ for whole |n| ≤ 2044 (252 in f32), rounded once.
    fn scale(self, n: Self) -> Self;
    /// (m, k) with self = m·2ᵏ and √½ < m ≤ √2, of finite positive numbers, denormal ones too. Anything elsewhere.
    fn split(self) -> (Self, Self);
    /// Whether bit `BIT` is set in a whole number of size below 2⁵¹ (2²² in f32), as two's complement.
    fn bit<const BIT: u32>(self) -> Self::Mask;

    /// self < other; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// self ≤ other; false where either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// self = other; false where either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// Whether it is NaN.
    fn is_nan(self) -> Self::Mask;
    /// Whether it is anything but positive and finite.
    fn outside(self) -> Self::Mask;
    /// Whether the sign bit is set.
    fn is_negative(self) -> Self::Mask;
    /// `yes` where the mask is true, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Whether the mask is true anywhere.
    fn any(mask: Self::Mask) -> bool;

    /// The first half of the lanes in f64, or all of them.
    fn low(self) -> Self::Wide;
    /// The second half of the lanes in f64, or all of them.
    fn high(self) -> Self::Wide;
    /// The lanes of [`Lanes::low`] and [`Lanes::high`], rounded.
    fn join(low: Self::Wide, high: Self::Wide) -> Self;
}

/// One number: the vector of the baseline.
#[derive(Clone, Copy, Debug)]
pub struct One<T>(pub T);

/// Arithmetic of [`One`].
macro_rules! one_operators {
    ($($trait:ident $method:ident $operator:tt),*) => {$(
        impl<T: Real> $trait for One<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                One(self.0 $operator other.0)
            }
        }
    )*};
}
one_operators!(Add add +, Sub sub -, Mul mul *, Div div /);

impl<T: Real> Neg for One<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        One(-self.0)
    }
}

/// `One` of a type: its bits, digits of the significand, exponent's bias, a power of two that lifts denormal numbers, √2.
macro_rules! one {
    ($t:ty, $bits:ty, $digits:expr, $bias:expr, $lift:expr) => {
        impl Lanes for One<$t> {
            type Scalar = $t;
            type Mask = Bool;
            type Wide = One<f64>;
            const LANES: usize = 1;
            const HALVES: usize = 1;
            const FUSED: bool = cfg!(target_arch = "aarch64");

            #[inline(always)]
            fn splat(x: $t) -> Self {
                One(x)
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller's promise.
                One(unsafe { from.read() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller's promise.
                unsafe { to.write(self.0) }
            }
            #[inline(always)]
            unsafe fn load_part(_: *const $t, _: usize, rest: $t) -> Self {
                One(rest)
            }
            #[inline(always)]
            unsafe fn store_part(self, _: *mut $t, _: usize) {}
            #[inline(always)]
            fn first(self) -> $t {
                self.0
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                One(if Self::FUSED { self.0.mul_add(b.0, c.0) } else { self.0 * b.0 + c.0 })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                One(self.0.sqrt())
            }
            #[inline(always)]
            fn abs(self) -> Self {
                One(self.0.abs())
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                One(self.0.copysign(sign.0))
            }
            #[inline(always)]
            fn round(self) -> Self {
                // Adding 2^digits leaves no bits below the point; taking it away again is exact. Larger numbers are whole.
                let (x, shift) = (self.0.abs(), (1u64 << $digits) as $t);
                One(if x < shift { x + shift - shift } else { x }.copysign(self.0))
            }
            #[inline(always)]
            fn clamp(self, low: $t, high: $t) -> Self {
                let x = if self.0 < low { low } else { self.0 };
                One(if x > high { high } else { x })
            }
            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                // 2ⁿ as two powers of nearly n/2: the first product is exact, the second rounds once. The whole number is in the low
                // bits of n + 1.5·2^digits; the bits above it leave by the shift.
                let shift = (3u64 << ($digits - 1)) as $t;
                let half = n.0 * 0.5 + shift;
                let rest = n.0 - (half - shift) + shift;
                let power = |k: $t| <$t>::from_bits((k.to_bits() << $digits).wrapping_add(($bias as $bits) << $digits));
                One(self.0 * power(half) * power(rest))
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let tiny = self.0 < <$t>::MIN_POSITIVE;
                let x = if tiny { self.0 * ((1u64 << $lift) as $t) } else { self.0 };
                let k = (x.to_bits() >> $digits) as i32 as $t - ($bias as $t) - if tiny { $lift as $t } else { 0.0 };
                let one = ($bias as $bits) << $digits;
                let m = <$t>::from_bits((x.to_bits() & ((1 << $digits) - 1)) | one);
                let large = m > std::f64::consts::SQRT_2 as $t;
                (One(if large { m * 0.5 } else { m }), One(if large { k + 1.0 } else { k }))
            }
            #[inline(always)]
            fn bit<const BIT: u32>(self) -> Bool {
                let shift = (3u64 << ($digits - 1)) as $t;
                Bool((self.0 + shift).to_bits() >> BIT & 1 == 1)
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Bool {
                Bool(self.0 < other.0)
            }
            #[inline(always)]
            fn le(self, other: Self) -> Bool {
                Bool(self.0 <= other.0)
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Bool {
                Bool(self.0 == other.0)
            }
            #[inline(always)]
            fn is_nan(self) -> Bool {
                Bool(self.0.is_nan())
            }
            #[inline(always)]
            fn outside(self) -> Bool {
                Bool(!(self.0 > 0.0 && self.0 < <$t>::INFINITY))
            }
            #[inline(always)]
            fn is_negative(self) -> Bool {
                Bool(self.0.is_sign_negative())
            }
            #[inline(always)]
            fn select(mask: Bool, yes: Self, no: Self) -> Self {
                One(if mask.0 { yes.0 } else { no.0 })
            }
            #[inline(always)]
            fn any(mask: Bool) -> bool {
                mask.0
            }
            #[inline(always)]
            fn low(self) -> One<f64> {
                One(self.0.to_f64())
            }
            #[inline(always)]
            fn high(self) -> One<f64> {
                self.low()
            }
            #[inline(always)]
            fn join(low: One<f64>, _: One<f64>) -> Self {
                One(low.0 as $t)
            }
        }
    };
}
one!(f64, u64, 52, 1023, 54);
one!(f32, u32, 23, 127, 25);

/// The mask of [`One`].
#[derive(Clone, Copy, Debug)]
pub struct Bool(pub bool);

impl BitAnd for Bool {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Bool(self.0 & other.0)
    }
}

impl BitOr for Bool {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Bool(self.0 | other.0)
    }
}

impl Not for Bool {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Bool(!self.0)
    }
}
