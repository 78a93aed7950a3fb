//! Exponentials and logarithms, for f64 and f32 from the same lines.
//!
//! eˣ = 2ⁿ·eʳ with n the whole number nearest to x/log 2; eʳ = 1 + q, where q = r + r²·P(r), is kept as a sum of two numbers by the functions
//! that go on computing with it. log x = k·log 2 + log(1 + f) with 1 + f between √½ and √2, by s = f/(2 + f) and
//! log(1 + f) = f − (f²/2 − s·(f²/2 + s²·P(s²))) (the scheme of FreeBSD's msun).

use super::exact::{all, fast_two_sum, polynomial, quotient, two_sum};
use super::tables::Tables;
use crate::lanes::Lanes;
use crate::real::Real;

/// (n, r, r²·P(r)) with eˣ = 2ⁿ·(1 + r + r²·P(r)).
#[inline(always)]
fn reduced<V: Lanes>(x: V) -> (V, V, V) {
    let n = (x * all(std::f64::consts::LOG2_E)).round();
    let r = n.fma(-V::splat(V::Scalar::LOG2_HIGH), x);
    let r = n.fma(-V::splat(V::Scalar::LOG2_LOW), r);
    (n, r, r * r * polynomial(r, V::Scalar::EXP))
}

/// (n, h, l) with eˣ = 2ⁿ·(h + l), of an x within the range of the exponential.
#[inline(always)]
fn exp_parts<V: Lanes>(x: V) -> (V, V, V) {
    let (n, r, t) = reduced(x);
    let (h, l) = fast_two_sum(all(1.0), r + t);
    (n, h, l)
}

#[inline(always)]
pub fn exp<V: Lanes>(x: V) -> V {
    let (low, high) = V::Scalar::EXP_RANGE;
    let (n, r, t) = reduced(x.clamp(low, high));
    (all::<V>(1.0) + (r + t)).scale(n)
}

#[inline(always)]
pub fn expm1<V: Lanes>(x: V) -> V {
    // Infinite one below the end of the range, too; there 2ⁿ is not, nor half of it, before the end.
    let high = V::Scalar::EXP_RANGE.1 - V::Scalar::from_f64(1.0);
    let (n, r, t) = reduced(x.clamp(-V::Scalar::TANH_RANGE, high));
    let half = all::<V>(1.0).scale(n - all(1.0));
    let y = (half.fma(r + t, half - all(0.5))) * all(2.0);
    V::select(n.eq(all(0.0)), r + t, y).copysign(x)
}

/// (h, l) with h + l = (e²ˣ − 1)/2, of 0 ≤ x ≤ half of [`Tables::TANH_RANGE`], where x is not tiny.
#[inline(always)]
fn half_expm1<V: Lanes>(x: V) -> (V, V) {
    let (n, r, t) = reduced(x + x);
    let (q, ql) = fast_two_sum(r, t);
    let half = all::<V>(1.0).scale(n - all(1.0));
    let (h, l) = fast_two_sum(half - all(0.5), half * q);
    (h, half.fma(ql, l))
}

/// tanh x = e/(e + 1) with e = (e²ˣ − 1)/2.
#[inline(always)]
pub fn tanh<V: Lanes>(x: V) -> V {
    let a = x.abs();
    let (e, el) = half_expm1(a.clamp(V::Scalar::default(), V::Scalar::from_f64(V::Scalar::TANH_RANGE.to_f64() * 0.5)));
    let (d, dl) = two_sum(e, all(1.0));
    let (q, c) = quotient((e, el), (d, dl + el));
    // x − x³/3 is x there; halves of denormal numbers would lose a digit.
    V::select(a.lt(all(1e-9)), a, q + c).copysign(x)
}

/// (e, l) with e + l = eˣ for x ≤ 0.
#[inline(always)]
fn exp_negative<V: Lanes>(x: V) -> (V, V) {
    let (n, h, l) = exp_parts(x.clamp(V::Scalar::EXP_RANGE.0, V::Scalar::default()));
    (h.scale(n), l.scale(n))
}

#[inline(always)]
pub fn sigmoid<V: Lanes>(x: V) -> V {
    let (e, el) = exp_negative(-x.abs());
    let (d, dl) = fast_two_sum(all(1.0), e);
    let below = x.lt(all(0.0));
    let n = (V::select(below, e, all(1.0)), V::select(below, el, all(0.0)));
    let (q, c) = quotient(n, (d, dl + el));
    q + c
}

/// eˣ/2 as a sum of two numbers, of 0 ≤ x.
#[inline(always)]
fn half_exp<V: Lanes>(x: V) -> (V, V) {
    let (n, h, l) = exp_parts(x.clamp(V::Scalar::default(), V::Scalar::EXP_RANGE.1));
    let n = n - all(1.0);
    (h.scale(n), l.scale(n))
}

#[inline(always)]
pub fn sinh<V: Lanes>(x: V) -> V {
    let a = x.abs();
    let (h, l) = half_exp(a);
    let large = h + (l - all::<V>(0.25) / h);
    let z = x * x;
    let small = (x * z).fma(polynomial(z, V::Scalar::SINH), x);
    V::select(a.lt(all(1.0)), small, large).copysign(x)
}

#[inline(always)]
pub fn cosh<V: Lanes>(x: V) -> V {
    let (h, l) = half_exp(x.abs());
    h + (l + all::<V>(0.25) / h)
}

/// k·log 2 + log(1 + f) + c.
#[inline(always)]
fn log_sum<V: Lanes>(k: V, f: V, c: V) -> V {
    let s = f / (f + all(2.0));
    let z = s * s;
    let rest = z * polynomial(z, V::Scalar::LOG);
    let half = f * f * all(0.5);
    let low = k.fma(V::splat(V::Scalar::LOG2_LOW), c);
    k.fma(V::splat(V::Scalar::LOG2_HIGH), f - (half - s.fma(half + rest, low)))
}

#[inline(always)]
pub fn log<V: Lanes>(x: V) -> V {
    let (m, k) = x.split();
    let y = log_sum(k, m - all(1.0), all(0.0));
    at_the_ends(x, all(0.0), y)
}

/// The logarithm `y` of a number that is 0 where `x` is `zero`: −∞ there, NaN below it, x at ∞ and NaN.
#[inline(always)]
fn at_the_ends<V: Lanes>(x: V, zero: V, y: V) -> V {
    let infinity = V::splat(V::Scalar::INFINITY);
    let y = V::select(x.lt(infinity), y, x);
    V::select(x.le(zero), V::select(x.eq(zero), -infinity, all(f64::NAN)), y)
}

/// log(1 + x + xl), where |xl| is below the last digit of x and 1 + x ≥ 0.
#[inline(always)]
fn log1p_sum<V: Lanes>(x: V, xl: V) -> V {
    let one = all::<V>(1.0);
    let u = one + x;
    let (m, k) = u.split();
    // What 1 + x lost; nothing where it stays near 1, since f is x itself there.
    let lost = V::select(x.lt(one), x - (u - one), one - (u - x));
    let near = k.eq(all(0.0));
    let f = V::select(near, x, m - one);
    let c = (V::select(near, all(0.0), lost) + xl) / u;
    log_sum(k, f, c)
}

#[inline(always)]
pub fn log1p<V: Lanes>(x: V) -> V {
    let y = log1p_sum(x, all(0.0)).copysign(x);
    at_the_ends(x, all(-1.0), y)
}

#[inline(always)]
pub fn softplus<V: Lanes>(x: V) -> V {
    let (e, el) = exp_negative(-x.abs());
    let zero = all::<V>(0.0);
    V::select(x.lt(zero), zero, x) + log1p_sum(e, el)
}
