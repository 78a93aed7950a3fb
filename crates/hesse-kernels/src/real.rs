//! The numbers that kernels compute with.

use crate::lanes::Lanes;
use crate::level::Isa;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// f64 or f32. Long sums of f32 are carried in f64.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + crate::function::Tables
{
    /// Whether it is f32: half the digits.
    const SINGLE: bool;
    /// A vector of them in an instruction set.
    type Lanes<I: Isa>: Lanes<Scalar = Self, Wide = I::F64>;
    /// The nearest number.
    fn from_f64(x: f64) -> Self;
    /// The same number.
    fn to_f64(self) -> f64;
}

impl Real for f64 {
    const SINGLE: bool = false;
    type Lanes<I: Isa> = I::F64;
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

impl Real for f32 {
    const SINGLE: bool = true;
    type Lanes<I: Isa> = I::F32;
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}
