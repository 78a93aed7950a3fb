//! Exponentials and logarithms, for f64 and f32 from the same lines.
//!
//! eˣ = 2ⁿ·eʳ with n the whole number nearest to x/log 2; eʳ = 1 + q, where q = r + r²·P(r), is kept as a sum of two numbers by the functions
//! that go on computing with it. log x = k·log 2 + log(1 + f) with 1 + f between √½ and √2, by s = f/(2 + f) and
//! log(1 + f) = f − (f²/2 − s·(f²/2 + s²·P(s²))) (the scheme of FreeBSD's msun).

use super::exact::{all, fast_two_sum, polynomial, quotient};
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
    let x0 = x.clamp(-V::Scalar::TANH_RANGE, high);
    let (n, r, t) = reduced(x0);
    let half = all::<V>(1.0).scale(n - all(1.0));
    let (q, ql) = fast_two_sum(r, t);
    // What r lost to rounding: near n = 1 the result is smaller than its parts.
    let lost = n.fma(-V::splat(V::Scalar::LOG2_LOW), n.fma(-V::splat(V::Scalar::LOG2_HIGH), x0) - r);
    let y = half.fma(ql + lost, half.fma(q, half - all(0.5))) * all(2.0);
    V::select(n.eq(all(0.0)), q, y).copysign(x)
}

/// tanh x = e/(e + 1) with e = (e²ˣ − 1)/2, both as sums of two numbers.
#[inline(always)]
pub fn tanh<V: Lanes>(x: V) -> V {
    let a = x.abs();
    let b = a.clamp(V::Scalar::default(), V::Scalar::from_f64(V::Scalar::TANH_RANGE.to_f64() * 0.5));
    let (n, r, t) = reduced(b + b);
    let (q, ql) = fast_two_sum(r, t);
    let half = all::<V>(1.0).scale(n - all(1.0));
    let (p, pl) = (half * q, half * ql);
    let (e, el) = fast_two_sum(half - all(0.5), p);
    let (d, dl) = fast_two_sum(half + all(0.5), p);
    let (q, c) = quotient((e, el + pl), (d, dl + pl));
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
    at_the_ends(x, x, log_sum(k, m - all(1.0), all(0.0)))
}

/// y, the logarithm of u, or what it is where u is not positive and finite: −∞ of 0, NaN below; x of ∞ and NaN.
#[inline(always)]
fn at_the_ends<V: Lanes>(u: V, x: V, y: V) -> V {
    let outside = u.outside();
    if !V::any(outside) {
        return y;
    }
    let (zero, infinity) = (all::<V>(0.0), V::splat(V::Scalar::INFINITY));
    let end = V::select(u.eq(zero), -infinity, V::select(u.lt(zero), all(f64::NAN), x));
    V::select(outside, end, y)
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
    // Divided by 1 + x; within 6 percent will do for less than a last place: 1/m is nearly a line.
    let inverse = m.fma(all(-0.94118), all(1.99654));
    let c = ((V::select(near, all(0.0), lost) + xl) * inverse).scale(-k);
    log_sum(k, f, c)
}

#[inline(always)]
pub fn log1p<V: Lanes>(x: V) -> V {
    let y = log1p_sum(x, all(0.0)).copysign(x);
    at_the_ends(all::<V>(1.0) + x, x, y)
}

#[inline(always)]
pub fn softplus<V: Lanes>(x: V) -> V {
    let (e, el) = exp_negative(-x.abs());
    let zero = all::<V>(0.0);
    V::select(x.lt(zero), zero, x) + log1p_sum(e, el)
}
