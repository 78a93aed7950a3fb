//! Constants of the functions, for f64 and f32.
//!
//! The polynomials are printed by `tools/coefficients.py`: interpolation at Chebyshev nodes, computed in 60 digits. Each stands for what
//! follows the first terms of a series, so its own rounding weighs little.

/// What the functions need to know of a type.
pub trait Tables: Sized + 'static {
    /// (eʳ − 1 − r)/r² for |r| ≤ ½·log 2.
    const EXP: &'static [Self];
    /// (2·atanh(s) − 2s)/s³ of s² for |s| ≤ (√2 − 1)/(√2 + 1).
    const LOG: &'static [Self];
    /// (sinh(x) − x)/x³ of x² for |x| ≤ 1.
    const SINH: &'static [Self];
    /// (sin(x) − x)/x³ of x² for |x| ≤ π/4.
    const SIN: &'static [Self];
    /// (cos(x) − 1 + x²/2)/x⁴ of x² for |x| ≤ π/4.
    const COS: &'static [Self];
    /// Most of log 2, with so few digits that its product with an exponent is exact.
    const LOG2_HIGH: Self;
    /// The rest of log 2.
    const LOG2_LOW: Self;
    /// Below, eˣ is 0; above the second, ∞ (and half of it, too).
    const EXP_RANGE: (Self, Self);
    /// Above, tanh x is 1; below minus that, e²ˣ − 1 is −1.
    const TANH_RANGE: Self;
    /// 2ᵏ + 1 where a significand has 2k or 2k − 1 digits: splits a number into two halves (Dekker 1971).
    const SPLIT: Self;
    /// The smallest normal number, over the square of the last place of 1.
    const TINY: Self;
    /// Infinity.
    const INFINITY: Self;
}

impl Tables for f64 {
    /// Error 1.1e-16.
    const EXP: &'static [f64] = &[
        0.5000000000000001,
        0.16666666666666669,
        0.04166666666662413,
        0.008333333333330062,
        0.0013888888917213717,
        0.00019841269863053618,
        2.4801521295954376e-05,
        2.7557268459997064e-06,
        2.7620088445409746e-07,
        2.510038549551032e-08,
    ];
    /// Error 3.1e-16.
    const LOG: &'static [f64] = &[
        0.666666666666667,
        0.39999999999899444,
        0.2857142862600327,
        0.22222211130259878,
        0.18182889455674947,
        0.15331710618210773,
        0.14616585424888623,
    ];
    /// Error 2.5e-22.
    const SINH: &'static [f64] = &[
        0.16666666666666666,
        0.008333333333333333,
        0.00019841269841269773,
        2.755731922404034e-06,
        2.505210836405804e-08,
        1.6059048396350562e-10,
        7.646625361656657e-13,
        2.8445264169895285e-15,
    ];
    /// Error 2.0e-17.
    const SIN: &'static [f64] = &[
        -0.16666666666666666,
        0.008333333333330946,
        -0.0001984126983675497,
        2.755731610068303e-06,
        -2.5051131455427946e-08,
        1.591810123027412e-10,
    ];
    /// Error 1.3e-18.
    const COS: &'static [f64] = &[
        0.041666666666666664,
        -0.0013888888888887395,
        2.4801587298763433e-05,
        -2.7557317270560326e-07,
        2.0876146024689747e-09,
        -1.1382614868556325e-11,
    ];
    const LOG2_HIGH: f64 = 0.693147180559663;
    const LOG2_LOW: f64 = 2.8235290563031577e-13;
    const EXP_RANGE: (f64, f64) = (-746.0, 711.0);
    const TANH_RANGE: f64 = 44.0;
    const SPLIT: f64 = 134217729.0;
    const TINY: f64 = f64::MIN_POSITIVE / f64::EPSILON / f64::EPSILON;
    const INFINITY: f64 = f64::INFINITY;
}

impl Tables for f32 {
    /// Error 6.5e-8.
    const EXP: &'static [f32] = &[0.5, 0.16666577, 0.0416665546, 0.00836317905, 0.00139261836];
    /// Error 1.2e-9.
    const LOG: &'static [f32] = &[0.666666666, 0.400001219, 0.285508166, 0.233305819];
    /// Error 2e-10.
    const SINH: &'static [f32] = &[0.166666667, 0.00833332899, 0.000198441974, 2.68924e-06];
    /// Error 2.0e-8.
    const SIN: &'static [f32] = &[-0.166666647, 0.00833274804, -0.000195878405];
    /// Error 2.0e-9.
    const COS: &'static [f32] = &[0.0416666647, -0.00138883028, 2.45478916e-05];
    const LOG2_HIGH: f32 = 0.693_138_1;
    const LOG2_LOW: f32 = 9.058_001e-6;
    const EXP_RANGE: (f32, f32) = (-104.0, 90.0);
    const TANH_RANGE: f32 = 22.0;
    const SPLIT: f32 = 4097.0;
    const TINY: f32 = f32::MIN_POSITIVE / f32::EPSILON / f32::EPSILON;
    const INFINITY: f32 = f32::INFINITY;
}
