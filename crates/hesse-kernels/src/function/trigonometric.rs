//! Sine, cosine, tangent and the angle of a point, in f64.
//!
//! x = n·π/2 + r + l with |r| ≤ π/4, by π/2 in three pieces of 53 digits where multiply-add is fused, else in four of which three have 33
//! (Cody and Waite); lanes of more than [`LARGE`] are reduced one by one with as many digits of 2/π as they need (Payne and Hanek).

use super::exact::{all, fast_two_sum, polynomial, quotient, two_product, two_sum};
use super::tables::Tables;
use crate::lanes::Lanes;

/// (atan(x) − x)/x³ of x² for |x| ≤ √2 − 1; error 3.2e-17.
const ATAN: [f64; 11] = [
    -0.3333333333333333,
    0.1999999999999548,
    -0.14285714284657894,
    0.11111111014561013,
    -0.09090904549884611,
    0.07692182535116648,
    -0.06664502215671447,
    0.058580687568615106,
    -0.05085030492810941,
    0.03921955253255129,
    -0.019162068915902573,
];
/// π/2 in pieces of 53 digits.
const QUARTER: [f64; 3] = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33];
/// π/2 in pieces of 33 digits and a rest.
const QUARTER_SHORT: [f64; 4] = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];
/// From here on lanes are reduced one by one: n times a short piece is exact below.
const LARGE: f64 = 1.0e6;

/// The binary digits of 2/π after the point, 64 a word.
const TWO_OVER_PI: [u64; 19] = [
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
];

/// x modulo 2π as n quarter turns, n from 0 to 3, and r + l, |r| ≤ π/4; NaN of what is not finite. For |x| ≥ 2.
#[cold]
fn reduce_large(x: f64) -> (f64, f64, f64) {
    if !x.is_finite() {
        return (0.0, f64::NAN, f64::NAN);
    }
    let bits = x.abs().to_bits();
    // |x| = m·2ᵉ with whole m < 2⁵³. A digit of 2/π worth 4/2ᵉ or more gives whole turns: leave the first e − 2 out (or put zeros before).
    let (m, first) = (u128::from(bits & ((1 << 52) - 1) | 1 << 52), (bits >> 52) as i64 - 1077);
    let word = |k: i64| {
        let (w, b) = ((first + 64 * k).div_euclid(64), (first + 64 * k).rem_euclid(64));
        let at = |w: i64| usize::try_from(w).ok().and_then(|w| TWO_OVER_PI.get(w)).map_or(0, |&d| u128::from(d));
        ((at(w) << 64 | at(w + 1)) >> (64 - b)) as u64
    };
    // m times 192 digits, modulo four quarter turns: two digits of turns, then the fraction.
    let low = m * u128::from(word(2));
    let middle = m * u128::from(word(1)) + (low >> 64);
    let high = m.wrapping_mul(u128::from(word(0))).wrapping_add(middle >> 64);
    let top = high << 64 | u128::from(middle as u64);
    let (turns, fraction) = ((top >> 126) as u64, top << 2 | u128::from(low as u64 >> 62));
    // From the nearest quarter turn.
    let up = fraction >> 127 == 1;
    let distance = if up { fraction.wrapping_neg() } else { fraction };
    let sign = if up != (x < 0.0) { -1.0 } else { 1.0 };
    let n = if x < 0.0 { 8 - turns - u64::from(up) } else { turns + u64::from(up) } % 4;
    let unit = sign * 2f64.powi(-128);
    let h = distance as f64;
    let (h, l) = (h * unit, distance.wrapping_sub(h as u128) as i128 as f64 * unit);
    // Times π/2.
    let p = h * QUARTER[0];
    let e = h.mul_add(QUARTER[0], -p) + (h * QUARTER[1] + l * QUARTER[0]);
    (n as f64, p + e, e - ((p + e) - p))
}

/// (n, r, l) with x = n·π/2 + r + l, up to whole turns.
#[inline(always)]
fn reduce<V: Lanes<Scalar = f64>>(x: V) -> (V, V, V) {
    let n = (x * all(std::f64::consts::FRAC_2_PI)).round();
    let (r, l) = if V::FUSED {
        let (a, b, c) = (V::splat(QUARTER[0]), V::splat(QUARTER[1]), V::splat(QUARTER[2]));
        let (w, we) = two_product(n, b);
        let (r, l) = two_sum(n.fma(-a, x), -w);
        (r, n.fma(-c, l - we))
    } else {
        let (a, b) = (V::splat(QUARTER_SHORT[0]), V::splat(QUARTER_SHORT[1]));
        let (c, d) = (V::splat(QUARTER_SHORT[2]), V::splat(QUARTER_SHORT[3]));
        let (r, l) = two_sum(x - n * a, -(n * b));
        let (r, e) = two_sum(r, -(n * c));
        (r, (l + e) - n * d)
    };
    let (r, l) = fast_two_sum(r, l);
    if V::any(!x.abs().lt(all(LARGE))) { patch(x, n, r, l) } else { (n, r, l) }
}

/// Reduces the large lanes one by one.
#[inline(always)]
fn patch<V: Lanes<Scalar = f64>>(x: V, n: V, r: V, l: V) -> (V, V, V) {
    const MOST: usize = 8;
    let mut lanes = [[0.0; MOST]; 4];
    const { assert!(V::LANES <= MOST) }
    for (to, from) in lanes.iter_mut().zip([x, n, r, l]) {
        // SAFETY: an array of at least as many values as there are lanes.
        unsafe { from.store(to.as_mut_ptr()) }
    }
    for k in 0..V::LANES {
        if lanes[0][k].is_nan() || lanes[0][k].abs() >= LARGE {
            (lanes[1][k], lanes[2][k], lanes[3][k]) = reduce_large(lanes[0][k]);
        }
    }
    // SAFETY: as above.
    unsafe { (V::load(lanes[1].as_ptr()), V::load(lanes[2].as_ptr()), V::load(lanes[3].as_ptr())) }
}

/// sin(r + l) as a sum of two numbers, the second small.
#[inline(always)]
fn sin_parts<V: Lanes<Scalar = f64>>(r: V, l: V) -> (V, V) {
    let z = r * r;
    (r, (z * r).fma(polynomial(z, f64::SIN), l - l * z * all(0.5)))
}

/// cos(r + l) as a sum of two numbers, the second small.
#[inline(always)]
fn cos_parts<V: Lanes<Scalar = f64>>(r: V, l: V) -> (V, V) {
    let z = r * r;
    let half = z * all(0.5);
    let one = all::<V>(1.0);
    let w = one - half;
    (w, ((one - w) - half) + (z * z).fma(polynomial(z, f64::COS), -(r * l)))
}

#[inline(always)]
pub fn sin<V: Lanes<Scalar = f64>>(x: V) -> V {
    let (n, r, l) = reduce(x);
    let ((s, sl), (c, cl)) = (sin_parts(r, l), cos_parts(r, l));
    let odd = n.bit::<0>();
    let y = V::select(odd, c, s) + V::select(odd, cl, sl);
    V::select(x.eq(all(0.0)), x, V::select(n.bit::<1>(), -y, y))
}

#[inline(always)]
pub fn cos<V: Lanes<Scalar = f64>>(x: V) -> V {
    let (n, r, l) = reduce(x);
    let ((s, sl), (c, cl)) = (sin_parts(r, l), cos_parts(r, l));
    let odd = n.bit::<0>();
    let y = V::select(odd, s, c) + V::select(odd, sl, cl);
    V::select((n + all(1.0)).bit::<1>(), -y, y)
}

/// As [`reduce`], good to the digits of f32, for numbers that f32 has.
#[inline(always)]
fn reduce_single<V: Lanes<Scalar = f64>>(x: V) -> (V, V) {
    let n = (x * all(std::f64::consts::FRAC_2_PI)).round();
    let pieces: &[f64] = if V::FUSED { &QUARTER[..2] } else { &QUARTER_SHORT[..3] };
    let mut r = x;
    for &piece in pieces {
        r = n.fma(V::splat(-piece), r);
    }
    if V::any(!x.abs().lt(all(LARGE))) {
        let (n, r, _) = patch(x, n, r, all(0.0));
        return (n, r);
    }
    (n, r)
}

/// (n, sin r, cos r) with x = n·π/2 + r: reduced in f64, the rest in f32.
#[inline(always)]
fn parts_single<V: Lanes>(x: V) -> (V, V, V) {
    let (n, r) = reduce_single(x.low());
    let (m, s) = if V::HALVES == 2 { reduce_single(x.high()) } else { (n, r) };
    let (n, r) = (V::join(n, m), V::join(r, s));
    let z = r * r;
    let sin = (z * r).fma(polynomial(z, V::Scalar::SIN), r);
    let half = z * all(0.5);
    let one = all::<V>(1.0);
    let w = one - half;
    let cos = w + (z * z).fma(polynomial(z, V::Scalar::COS), (one - w) - half);
    (n, sin, cos)
}

#[inline(always)]
pub fn sin_single<V: Lanes>(x: V) -> V {
    let (n, s, c) = parts_single(x);
    let y = V::select(n.bit::<0>(), c, s);
    V::select(x.eq(all(0.0)), x, V::select(n.bit::<1>(), -y, y))
}

#[inline(always)]
pub fn cos_single<V: Lanes>(x: V) -> V {
    let (n, s, c) = parts_single(x);
    let y = V::select(n.bit::<0>(), s, c);
    V::select((n + all(1.0)).bit::<1>(), -y, y)
}

#[inline(always)]
pub fn tan<V: Lanes<Scalar = f64>>(x: V) -> V {
    let (n, r, l) = reduce(x);
    let ((s, sl), (c, cl)) = (sin_parts(r, l), cos_parts(r, l));
    let ((s, sl), (c, cl)) = (fast_two_sum(s, sl), fast_two_sum(c, cl));
    let odd = n.bit::<0>();
    let numerator = (V::select(odd, -c, s), V::select(odd, -cl, sl));
    let denominator = (V::select(odd, s, c), V::select(odd, sl, cl));
    let (q, e) = quotient(numerator, denominator);
    // tan x = x + x³/3: x itself where the cube is below its last digit, denormal numbers among them.
    V::select(x.abs().lt(all(1e-9)), x, q + e)
}

/// The angle of the point (x, y): atan of the smaller by the larger coordinate, less 45° where that is nearer, from a multiple of 45°.
#[inline(always)]
pub fn atan2<V: Lanes<Scalar = f64>>(y: V, x: V) -> V {
    let (zero, one) = (all::<V>(0.0), all::<V>(1.0));
    let infinity = all::<V>(f64::INFINITY);
    let (ax, ay) = (x.abs(), y.abs());
    let swap = ax.lt(ay);
    let (m, n) = (V::select(swap, ay, ax), V::select(swap, ax, ay));
    // At infinity only which coordinates are infinite counts; at the origin the quotient is 0.
    let far = m.eq(infinity);
    let n = V::select(far, V::select(n.eq(infinity), one, zero), n);
    let m = V::select(far | m.eq(zero), one, m);
    // 1/m and n/m without losing digits to the ends of the range.
    let factor = V::select(m.lt(all(1e-250)), all(1e80), V::select(all::<V>(1e300).lt(m), all(1e-30), one));
    let (m, n) = (m * factor, n * factor);
    let diagonal = (m * all(std::f64::consts::SQRT_2 - 1.0)).lt(n);
    let (difference, de) = fast_two_sum(-m, n);
    let (sum, se) = fast_two_sum(m, n);
    let numerator = (V::select(diagonal, difference, n), V::select(diagonal, de, zero));
    let denominator = (V::select(diagonal, sum, m), V::select(diagonal, se, zero));
    let (q, e) = quotient(numerator, denominator);
    let z = q * q;
    let e = (z * q).fma(polynomial(z, &ATAN), e);
    // angle = eighths·π/4 ± (q + e)
    let negative = x.is_negative();
    let eighths = V::select(diagonal, one, zero);
    let eighths = V::select(swap, all::<V>(2.0) - eighths, eighths);
    let eighths = V::select(negative, all::<V>(4.0) - eighths, eighths);
    let (q, e) = (V::select(swap, -q, q), V::select(swap, -e, e));
    let (q, e) = (V::select(negative, -q, q), V::select(negative, -e, e));
    let (base, be) = two_product(eighths, all(std::f64::consts::FRAC_PI_4));
    let (h, l) = fast_two_sum(base, q);
    let angle = h + (l + e + eighths.fma(all(3.061616997868383e-17), be));
    V::select(x.is_nan() | y.is_nan(), x + y, angle.copysign(y))
}
