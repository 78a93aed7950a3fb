//! Forward-mode dual numbers: a value and its derivative along one direction. They nest: `Dual<Dual<f64>>` carries two directions and their
//! mixed second derivative.
//!
//! ```
//! use hesse_run::{Dual, Scalar};
//! let x = Dual::<Dual<f64>>::seeded(2.0, &[1.0, 1.0]);
//! assert_eq!((x * x * x).top(), 12.0); // (x³)″ = 6x
//! ```
//!
//! A derivative part that is exactly 0 stays 0 whatever slope it meets: what does not move cannot make a NaN.

use crate::scalar::Scalar;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `re + ep·ε` with ε² = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<T> {
    /// The value.
    pub re: T,
    /// The derivative along the direction.
    pub ep: T,
}

/// slope·ep, and 0 where ep is exactly 0.
fn along<T: Scalar>(slope: T, ep: T) -> T {
    if ep.is_zero() { T::zero() } else { slope * ep }
}

impl<T: Scalar> Dual<T> {
    /// f(self) with f′(re) given as a closure, called only if something moves.
    fn chain(self, re: T, slope: impl FnOnce(T) -> T) -> Self {
        let ep = if self.ep.is_zero() { T::zero() } else { slope(self.re) * self.ep };
        Dual { re, ep }
    }
}

impl<T: Scalar> Add for Dual<T> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Dual { re: self.re + o.re, ep: self.ep + o.ep }
    }
}

impl<T: Scalar> Sub for Dual<T> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Dual { re: self.re - o.re, ep: self.ep - o.ep }
    }
}

impl<T: Scalar> Mul for Dual<T> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Dual { re: self.re * o.re, ep: along(self.re, o.ep) + along(o.re, self.ep) }
    }
}

impl<T: Scalar> Div for Dual<T> {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        // (a/b)′ = (a′ − (a/b)·b′)/b
        let re = self.re / o.re;
        let top = self.ep - along(re, o.ep);
        Dual { re, ep: if top.is_zero() { T::zero() } else { top / o.re } }
    }
}

impl<T: Scalar> Neg for Dual<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Dual { re: -self.re, ep: -self.ep }
    }
}

impl<T: Scalar> Scalar for Dual<T> {
    const ORDER: usize = T::ORDER + 1;
    fn from_f64(x: f64) -> Self {
        Dual { re: T::from_f64(x), ep: T::zero() }
    }
    fn value(self) -> f64 {
        self.re.value()
    }
    fn top(self) -> f64 {
        self.ep.top()
    }
    fn is_constant(self) -> bool {
        self.re.is_constant() && self.ep.is_zero()
    }
    fn is_zero(self) -> bool {
        self.re.is_zero() && self.ep.is_zero()
    }
    fn is_finite(self) -> bool {
        self.re.is_finite() && self.ep.is_finite()
    }
    fn seeded(value: f64, directions: &[f64]) -> Self {
        let (first, rest) = directions.split_first().map_or((0.0, &[][..]), |(d, rest)| (*d, rest));
        Dual { re: T::seeded(value, rest), ep: T::from_f64(first) }
    }

    fn exp(self) -> Self {
        let re = self.re.exp();
        self.chain(re, |_| re)
    }
    fn ln(self) -> Self {
        Dual { re: self.re.ln(), ep: if self.ep.is_zero() { T::zero() } else { self.ep / self.re } }
    }
    fn ln_1p(self) -> Self {
        Dual { re: self.re.ln_1p(), ep: if self.ep.is_zero() { T::zero() } else { self.ep / (T::one() + self.re) } }
    }
    fn exp_m1(self) -> Self {
        self.chain(self.re.exp_m1(), |x| x.exp())
    }
    fn sin(self) -> Self {
        self.chain(self.re.sin(), |x| x.cos())
    }
    fn cos(self) -> Self {
        self.chain(self.re.cos(), |x| -x.sin())
    }
    fn sqrt(self) -> Self {
        let re = self.re.sqrt();
        Dual { re, ep: if self.ep.is_zero() { T::zero() } else { self.ep / (re + re) } }
    }
    fn power(self, p: f64) -> Self {
        if p == 0.0 {
            return Self::one();
        }
        self.chain(self.re.power(p), |x| T::from_f64(p) * x.power(p - 1.0))
    }
    fn atan2(self, o: Self) -> Self {
        let square = self.re * self.re + o.re * o.re;
        let top = along(o.re, self.ep) - along(self.re, o.ep);
        Dual { re: self.re.atan2(o.re), ep: if top.is_zero() { T::zero() } else { top / square } }
    }
    fn erf(self) -> Self {
        self.chain(self.re.erf(), |x| T::from_f64(std::f64::consts::FRAC_2_SQRT_PI) * (-(x * x)).exp())
    }
    fn lgamma(self) -> Self {
        self.chain(self.re.lgamma(), |x| x.polygamma(0))
    }
    fn polygamma(self, n: u32) -> Self {
        self.chain(self.re.polygamma(n), |x| x.polygamma(n + 1))
    }
    fn native(_: fn(&[f64]) -> f64, _: &[Self]) -> Option<Self> {
        None
    }
}

/// log|Γ| and its derivatives are the only primitives whose slopes come from a table of numbers; this test of the table is here so that the
/// oracle is complete in one file.
#[cfg(test)]
mod tests {
    use super::*;

    /// Derivative of order 1 and 2 against central differences.
    fn agrees(name: &str, at: f64, f: impl Fn(Dual<Dual<f64>>) -> Dual<Dual<f64>>) {
        let value = |x: f64| f(Dual::from_f64(x)).value();
        let slope = |x: f64| f(Dual::seeded(x, &[1.0, 0.0])).ep.re;
        let curvature = f(Dual::seeded(at, &[1.0, 1.0])).top();
        let h = 1e-3 * at.abs().max(0.1);
        let central = |g: &dyn Fn(f64) -> f64| (g(at - 2.0 * h) - 8.0 * g(at - h) + 8.0 * g(at + h) - g(at + 2.0 * h)) / (12.0 * h);
        let (d1, d2) = (central(&value), central(&slope));
        assert!((slope(at) - d1).abs() <= 1e-8 * (1.0 + d1.abs()), "{name}′({at}) = {} not {d1}", slope(at));
        assert!((curvature - d2).abs() <= 1e-8 * (1.0 + d2.abs()), "{name}″({at}) = {curvature} not {d2}");
    }

    #[test]
    fn primitives_have_the_right_slopes() {
        let two = Dual::from_f64(2.0);
        for x in [0.3, 0.9, 2.5] {
            agrees("exp", x, |x| x.exp());
            agrees("log", x, |x| x.ln());
            agrees("log1p", x, |x| x.ln_1p());
            agrees("expm1", x, |x| x.exp_m1());
            agrees("sin", x, |x| x.sin());
            agrees("cos", x, |x| x.cos());
            agrees("sqrt", x, |x| x.sqrt());
            agrees("x^3", x, |x| x.power(3.0));
            agrees("x^-2", x, |x| x.power(-2.0));
            agrees("x^1.7", x, |x| x.power(1.7));
            agrees("x^x", x, |x| x.power_scalar(x));
            agrees("atan2(x, 2)", x, |x| x.atan2(two));
            agrees("atan2(2, x)", x, |x| two.atan2(x));
            agrees("x/(2+x)", x, |x| x / (two + x));
            agrees("erf", x, |x| x.erf());
            agrees("lgamma", x, |x| x.lgamma());
            agrees("trigamma", x, |x| x.polygamma(1));
        }
    }

    #[test]
    fn powers_are_finite_at_zero() {
        let x = Dual::<Dual<f64>>::seeded(0.0, &[1.0, 1.0]);
        assert_eq!((x.power(1.0).ep.re, x.power(2.0).ep.re, x.power(2.0).top(), x.power(3.0).top()), (1.0, 0.0, 2.0, 0.0));
        assert_eq!(x.power(0.0), Dual::one());
        assert_eq!(x.power(-1.0).value(), f64::INFINITY);
        // What does not move has no slope, even where the slope is infinite.
        assert_eq!(Dual::<f64>::from_f64(0.0).sqrt().ep, 0.0);
        assert_eq!(Dual::<f64>::from_f64(1.0).lgamma(), Dual::zero());
    }
}
