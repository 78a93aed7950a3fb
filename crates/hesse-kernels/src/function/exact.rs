//! Sums and products with their rounding errors, and quotients corrected by their remainder (Dekker 1971; Knuth 4.2.2).

use super::tables::Tables;
use crate::lanes::Lanes;
use crate::real::Real;

/// The same constant in every lane.
#[inline(always)]
pub fn all<V: Lanes>(x: f64) -> V {
    V::splat(V::Scalar::from_f64(x))
}

/// c₀ + c₁z + c₂z² + …, by Horner's rule.
#[inline(always)]
pub fn polynomial<V: Lanes>(z: V, c: &[V::Scalar]) -> V {
    let mut sum = V::splat(c[c.len() - 1]);
    for k in (0..c.len() - 1).rev() {
        sum = sum.fma(z, V::splat(c[k]));
    }
    sum
}

/// (s, e) with s = fl(a + b) and s + e = a + b.
#[inline(always)]
pub fn two_sum<V: Lanes>(a: V, b: V) -> (V, V) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// As [`two_sum`], where |a| ≥ |b| or a = 0.
#[inline(always)]
pub fn fast_two_sum<V: Lanes>(a: V, b: V) -> (V, V) {
    let s = a + b;
    (s, b - (s - a))
}

/// x as a sum of two numbers of half the digits.
#[inline(always)]
fn split<V: Lanes>(x: V) -> (V, V) {
    let c = x * V::splat(V::Scalar::SPLIT);
    let high = c - (c - x);
    (high, x - high)
}

/// (p, e) with p = fl(a·b) and p + e = a·b.
#[inline(always)]
pub fn two_product<V: Lanes>(a: V, b: V) -> (V, V) {
    let p = a * b;
    if V::FUSED {
        return (p, a.fma(b, -p));
    }
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// n − q·d, where q is n/d but for a few rounding errors.
#[inline(always)]
fn remainder<V: Lanes>(q: V, d: V, n: V) -> V {
    if V::FUSED {
        return (-q).fma(d, n);
    }
    let (p, e) = two_product(q, d);
    // The parts of a product that is nearly denormal are not exact: no correction then.
    let tiny = n.abs().lt(V::splat(V::Scalar::TINY));
    V::select(tiny, all(0.0), (n - p) - e)
}

/// (q, c) with q + c = (n + nl)/(d + dl) to twice the digits, nearly.
#[inline(always)]
pub fn quotient<V: Lanes>((n, nl): (V, V), (d, dl): (V, V)) -> (V, V) {
    let inverse = all::<V>(1.0) / d;
    let q = n * inverse;
    let rest = remainder(q, d, n) + (nl - q * dl);
    (q, rest * inverse)
}
