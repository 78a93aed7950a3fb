//! Powers and the length of a vector of two numbers, in f64.

use super::exact::{all, fast_two_sum, polynomial, quotient, two_product, two_sum};
use super::exponential::{exp, log};
use super::tables::Tables;
use crate::lanes::Lanes;

/// (2·atanh(s) − 2s − ⅔s³)/s⁵ of s² for |s| ≤ (√2 − 1)/(√2 + 1); error 1.3e-20.
const LOG_TAIL: [f64; 9] = [
    0.4,
    0.28571428571428564,
    0.2222222222222843,
    0.18181818179656925,
    0.15384615761170173,
    0.13333296534432942,
    0.11766813121034213,
    0.10456327269484514,
    0.107624244195648,
];

/// log x as a sum of two numbers, good to some 65 digits: the series of 2·atanh(s), s = (m − 1)/(m + 1), with its first two terms exact.
#[inline(always)]
fn log_parts<V: Lanes<Scalar = f64>>(x: V) -> (V, V) {
    let one = all::<V>(1.0);
    let (m, k) = x.split();
    let d = m + one;
    let (s, sl) = quotient((m - one, all(0.0)), (d, m - (d - one)));
    let (z, ze) = two_product(s, s);
    let zl = (s + s).fma(sl, ze);
    // ⅔s³
    let (p, pe) = two_product(s, z);
    let pl = pe + s.fma(zl, sl * z);
    let (u, ue) = two_product(p, all(2.0 / 3.0));
    let ul = ue + p.fma(all(3.700743415417188e-17), pl * all(2.0 / 3.0));
    let tail = (p * z) * polynomial(z, &LOG_TAIL);
    let (a, ae) = two_sum(k * V::splat(f64::LOG2_HIGH), s + s);
    let (a, be) = two_sum(a, u);
    let low = k.fma(V::splat(f64::LOG2_LOW), (sl + sl) + (ul + tail)) + (ae + be);
    fast_two_sum(a, low)
}

/// exp(x + l), |l| below the last digit of x.
#[inline(always)]
fn exp_sum<V: Lanes<Scalar = f64>>(x: V, l: V) -> V {
    let (low, high) = f64::EXP_RANGE;
    let x = x.clamp(low, high);
    let n = (x * all(std::f64::consts::LOG2_E)).round();
    let r = n.fma(-V::splat(f64::LOG2_HIGH), x);
    let r = n.fma(-V::splat(f64::LOG2_LOW), r) + l;
    (all::<V>(1.0) + (r * r).fma(polynomial(r, f64::EXP), r)).scale(n)
}

/// a^b as IEEE 754 has `pow`.
#[inline(always)]
pub fn power<V: Lanes<Scalar = f64>>(a: V, b: V) -> V {
    let (h, l) = log_parts(a.abs());
    let (v, e) = two_product(b, h);
    let l = V::select(v.abs().lt(all(1000.0)), b.fma(l, e), all(0.0));
    at_the_ends(a, b, exp_sum(v, l))
}

/// As [`power`], good to the digits of f32, for numbers that f32 has.
#[inline(always)]
pub fn power_f32<V: Lanes<Scalar = f64>>(a: V, b: V) -> V {
    at_the_ends(a, b, exp(b * log(a.abs())))
}

/// a^b from |a|^b for finite |a| > 0.
#[inline(always)]
fn at_the_ends<V: Lanes<Scalar = f64>>(a: V, b: V, y: V) -> V {
    let (zero, one, infinity) = (all::<V>(0.0), all::<V>(1.0), all::<V>(f64::INFINITY));
    let m = a.abs();
    let (vanishes, unbounded) = (m.eq(zero), m.eq(infinity));
    let to_zero = (vanishes & zero.lt(b)) | (unbounded & b.lt(zero));
    let y = V::select(vanishes | unbounded, V::select(to_zero, zero, infinity), y);
    let y = V::select(m.eq(one), one, y);
    // Of a negative base only whole powers are real, and odd ones are negative.
    let whole = b.round().eq(b);
    let half = b * all(0.5);
    let odd = whole & !half.round().eq(half);
    let negative = a.is_negative();
    let y = V::select(negative & odd, -y, y);
    let y = V::select(a.lt(zero) & !whole & !unbounded, all(f64::NAN), y);
    let y = V::select(a.is_nan() | b.is_nan(), a + b, y);
    V::select(b.eq(zero) | a.eq(one), one, y)
}

/// √(a² + b²), by a power of two where a square would leave the range.
#[inline(always)]
pub fn hypot<V: Lanes<Scalar = f64>>(a: V, b: V) -> V {
    let (a, b) = (a.abs(), b.abs());
    let less = a.lt(b);
    let (m, n) = (V::select(less, b, a), V::select(less, a, b));
    // 2⁶⁰⁰ is exact.
    let power = f64::from_bits((1023 + 600) << 52);
    let (small, large) = (m.lt(all(1e-150)), all::<V>(1e150).lt(m));
    let by = V::select(small, all(power), V::select(large, all(1.0 / power), all(1.0)));
    let back = V::select(small, all(1.0 / power), V::select(large, all(power), all(1.0)));
    let (m, n) = (m * by, n * by);
    let y = m.fma(m, n * n).sqrt() * back;
    let infinity = all::<V>(f64::INFINITY);
    V::select(a.eq(infinity) | b.eq(infinity), infinity, y)
}

/// As [`hypot`], for numbers that f32 has: their squares are within the range of f64.
#[inline(always)]
pub fn hypot_f32<V: Lanes<Scalar = f64>>(a: V, b: V) -> V {
    let infinity = all::<V>(f64::INFINITY);
    V::select(a.abs().eq(infinity) | b.abs().eq(infinity), infinity, a.fma(a, b * b).sqrt())
}
