//! What the interpreter computes with: f64, f32, and [`crate::Dual`] numbers over either.
//!
//! The dozen functions here are the ground on which the dual-number oracle stands: every row of [`hesse::facts::functions`] comes down to them
//! by its definition. Their derivatives are written once more, by hand, in `dual.rs`.

use crate::linear::{self, MatrixProduct};
use hesse::facts::functions::special;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number with the primitives that definitions come down to.
pub trait Scalar:
    Copy
    + Debug
    + PartialEq
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// How many derivatives it carries (0 for plain numbers).
    const ORDER: usize;
    /// A constant.
    fn from_f64(x: f64) -> Self;
    /// The plain value, what comparisons look at.
    fn value(self) -> f64;
    /// The highest mixed derivative (the value itself for a plain number).
    fn top(self) -> f64;
    /// Whether every derivative part is 0.
    fn is_constant(self) -> bool;
    /// Whether it is 0 with every derivative part.
    fn is_zero(self) -> bool;
    /// Whether no part is NaN or infinite.
    fn is_finite(self) -> bool;
    /// A number that moves along one direction per order: `directions[k]` is its derivative along direction k.
    fn seeded(value: f64, directions: &[f64]) -> Self;

    /// eˣ
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// log(1 + x)
    fn ln_1p(self) -> Self;
    /// eˣ − 1
    fn exp_m1(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// x^p for a constant exponent; whole exponents never go through exp and log.
    fn power(self, p: f64) -> Self;
    /// Angle of the point (`other`, `self`).
    fn atan2(self, other: Self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// log|Γ(x)|
    fn lgamma(self) -> Self;
    /// The derivative of order n of the digamma function.
    fn polygamma(self, n: u32) -> Self;

    /// The value of a function row, where the number has no derivatives to carry; `None` for dual numbers.
    fn native(value: fn(&[f64]) -> f64, arguments: &[Self]) -> Option<Self>;
    /// The same over whole arrays of one or two arguments.
    fn native_map(_value: fn(&[f64]) -> f64, _arguments: &[&[Self]]) -> Option<Vec<Self>> {
        None
    }

    /// Zero.
    fn zero() -> Self {
        Self::from_f64(0.0)
    }
    /// One.
    fn one() -> Self {
        Self::from_f64(1.0)
    }
    /// x^p for any exponent: an exponent that carries no derivative is a constant (finite at 0 where p·x^(p−1) is), any other means exp(p·log x).
    fn power_scalar(self, p: Self) -> Self {
        if p.is_constant() { self.power(p.value()) } else { (p * self.ln()).exp() }
    }

    /// A fast matrix product; `None` to use the plain loops.
    fn matrix_product(_job: &MatrixProduct<'_, Self>) -> Option<Vec<Self>> {
        None
    }
    /// The inverse of a row-major n×n matrix; infinities and NaN where it is singular.
    fn inverse(a: &[Self], n: usize) -> Vec<Self> {
        let mut identity = vec![Self::zero(); n * n];
        for k in 0..n {
            identity[k * n + k] = Self::one();
        }
        linear::Lu::new(a, n).solve(&identity, n)
    }
    /// X with A·X = B, B row-major n×m.
    fn solve(a: &[Self], n: usize, b: &[Self], m: usize) -> Vec<Self> {
        linear::Lu::new(a, n).solve(b, m)
    }
    /// The determinant of a row-major n×n matrix.
    fn determinant(a: &[Self], n: usize) -> Self {
        linear::determinant(a, n)
    }
    /// log|det A| without overflow (−∞ where it is 0), and whether det A < 0.
    fn log_determinant(a: &[Self], n: usize) -> (Self, bool) {
        linear::Lu::new(a, n).log_determinant()
    }
}

/// Up to this exponent repeated multiplication is at least as accurate as `powf`.
const LARGEST_MULTIPLIED: f64 = 32.0;

/// xⁿ by repeated squaring.
fn multiplied<T: Copy + Mul<Output = T>>(x: T, mut n: u32, one: T) -> T {
    let (mut result, mut base) = (one, x);
    while n > 0 {
        if n & 1 == 1 {
            result = result * base;
        }
        n >>= 1;
        if n > 0 {
            base = base * base;
        }
    }
    result
}

macro_rules! plain {
    ($t:ty, $smallest_for_faer:expr) => {
        impl Scalar for $t {
            const ORDER: usize = 0;
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            fn value(self) -> f64 {
                f64::from(self)
            }
            fn top(self) -> f64 {
                f64::from(self)
            }
            fn is_constant(self) -> bool {
                true
            }
            fn is_zero(self) -> bool {
                self == 0.0
            }
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            fn seeded(value: f64, _: &[f64]) -> Self {
                value as $t
            }
            fn exp(self) -> Self {
                <$t>::exp(self)
            }
            fn ln(self) -> Self {
                <$t>::ln(self)
            }
            fn ln_1p(self) -> Self {
                <$t>::ln_1p(self)
            }
            fn exp_m1(self) -> Self {
                <$t>::exp_m1(self)
            }
            fn sin(self) -> Self {
                <$t>::sin(self)
            }
            fn cos(self) -> Self {
                <$t>::cos(self)
            }
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
            fn power(self, p: f64) -> Self {
                if p.fract() == 0.0 && p.abs() <= LARGEST_MULTIPLIED {
                    let power = multiplied(self, p.abs() as u32, 1.0);
                    if p < 0.0 { 1.0 / power } else { power }
                } else if p == 0.5 {
                    self.sqrt()
                } else if p == -0.5 {
                    1.0 / self.sqrt()
                } else {
                    self.powf(p as $t)
                }
            }
            fn atan2(self, other: Self) -> Self {
                <$t>::atan2(self, other)
            }
            fn erf(self) -> Self {
                special::erf(f64::from(self)) as $t
            }
            fn lgamma(self) -> Self {
                special::lgamma(f64::from(self)) as $t
            }
            fn polygamma(self, n: u32) -> Self {
                special::polygamma(n, f64::from(self)) as $t
            }
            fn native(value: fn(&[f64]) -> f64, arguments: &[Self]) -> Option<Self> {
                let mut wide = [0.0; 8];
                for (w, &x) in wide.iter_mut().zip(arguments) {
                    *w = f64::from(x);
                }
                Some(value(&wide[..arguments.len()]) as $t)
            }
            fn native_map(value: fn(&[f64]) -> f64, arguments: &[&[Self]]) -> Option<Vec<Self>> {
                match arguments {
                    [a] => Some(a.iter().map(|&x| value(&[f64::from(x)]) as $t).collect()),
                    [a, b] => Some(a.iter().zip(*b).map(|(&x, &y)| value(&[f64::from(x), f64::from(y)]) as $t).collect()),
                    _ => None,
                }
            }
            fn matrix_product(job: &MatrixProduct<'_, Self>) -> Option<Vec<Self>> {
                Some(linear::faer_product(job))
            }
            fn inverse(a: &[Self], n: usize) -> Vec<Self> {
                let mut identity = vec![0.0; n * n];
                for k in 0..n {
                    identity[k * n + k] = 1.0;
                }
                Self::solve(a, n, &identity, n)
            }
            fn solve(a: &[Self], n: usize, b: &[Self], m: usize) -> Vec<Self> {
                if n < $smallest_for_faer { linear::Lu::new(a, n).solve(b, m) } else { linear::faer_solve(a, n, b, m) }
            }
            fn determinant(a: &[Self], n: usize) -> Self {
                if n < $smallest_for_faer { linear::Lu::new(a, n).determinant() } else { linear::faer_lu(a, n).determinant() }
            }
            fn log_determinant(a: &[Self], n: usize) -> (Self, bool) {
                if n < $smallest_for_faer { linear::Lu::new(a, n).log_determinant() } else { linear::faer_lu(a, n).log_determinant() }
            }
        }
    };
}

plain!(f64, 24);
plain!(f32, 24);
