//! Special functions that the standard library lacks: erf, and lgamma with its derivatives.
//!
//! ```
//! use hesse::facts::functions::special;
//! assert_eq!(special::erf(0.0), 0.0);
//! assert!((special::lgamma(5.0) - 24f64.ln()).abs() < 1e-15);
//! ```
//!
//! This file knows numbers only: no rows, no tensors.

// The coefficients are written as their sources print them.
#![allow(clippy::excessive_precision)]

use std::f64::consts::PI;

/// Σ c[k]·x^k.
fn polynomial(x: f64, c: &[f64]) -> f64 {
    c.iter().rev().fold(0.0, |sum, &c| sum * x + c)
}

/// The error function 2/√π ∫₀ˣ exp(−t²) dt, within 1 ulp.
///
/// The rational approximations of fdlibm (`s_erf.c`, Sun Microsystems 1993): four intervals, cut at 0.84375, 1.25 and 1/0.35; beyond 6 the
/// result is ±1. In the outer two, exp(−x²) is the product exp(−z²−0.5625)·exp((z−x)(z+x)+r/s), where z is x without its low bits, so that
/// rounding x² costs nothing.
pub fn erf(x: f64) -> f64 {
    const ERX: f64 = 8.45062911510467529297e-01;
    const PP: [f64; 5] = [
        1.28379167095512558561e-01,
        -3.25042107247001499370e-01,
        -2.84817495755985104766e-02,
        -5.77027029648944159157e-03,
        -2.37630166566501626084e-05,
    ];
    const QQ: [f64; 6] = [
        1.0,
        3.97917223959155352819e-01,
        6.50222499887672944485e-02,
        5.08130628187576562776e-03,
        1.32494738004321644526e-04,
        -3.96022827877536812320e-06,
    ];
    const PA: [f64; 7] = [
        -2.36211856075265944077e-03,
        4.14856118683748331666e-01,
        -3.72207876035701323847e-01,
        3.18346619901161753674e-01,
        -1.10894694282396677476e-01,
        3.54783043256182359371e-02,
        -2.16637559486879084300e-03,
    ];
    const QA: [f64; 7] = [
        1.0,
        1.06420880400844228286e-01,
        5.40397917702171048937e-01,
        7.18286544141962662868e-02,
        1.26171219808761642112e-01,
        1.36370839120290507362e-02,
        1.19844998467991074170e-02,
    ];
    if x.is_nan() {
        return x;
    }
    let a = x.abs();
    if a < 0.84375 {
        if a < 2f64.powi(-28) {
            // x + (2/√π − 1)·x; scaled so that a denormal keeps its bits.
            const EFX8: f64 = 1.02703333676410069053e+00;
            return if a < 1e-300 { 0.125 * (8.0 * x + EFX8 * x) } else { x + 0.125 * EFX8 * x };
        }
        let z = x * x;
        return x + x * (polynomial(z, &PP) / polynomial(z, &QQ));
    }
    let value = if a < 1.25 {
        let s = a - 1.0;
        ERX + polynomial(s, &PA) / polynomial(s, &QA)
    } else if a < 6.0 {
        1.0 - erfc_tail(a)
    } else {
        1.0
    };
    value.copysign(x)
}

/// 1 − erf(a) for a ≥ 1.25.
fn erfc_tail(a: f64) -> f64 {
    const RA: [f64; 8] = [
        -9.86494403484714822705e-03,
        -6.93858572707181764372e-01,
        -1.05586262253232909814e+01,
        -6.23753324503260060396e+01,
        -1.62396669462573470355e+02,
        -1.84605092906711035994e+02,
        -8.12874355063065934246e+01,
        -9.81432934416914548592e+00,
    ];
    const SA: [f64; 9] = [
        1.0,
        1.96512716674392571292e+01,
        1.37657754143519042600e+02,
        4.34565877475229228821e+02,
        6.45387271733267880336e+02,
        4.29008140027567833386e+02,
        1.08635005541779435134e+02,
        6.57024977031928170135e+00,
        -6.04244152148580987438e-02,
    ];
    const RB: [f64; 7] = [
        -9.86494292470009928597e-03,
        -7.99283237680523006574e-01,
        -1.77579549177547519889e+01,
        -1.60636384855821916062e+02,
        -6.37566443368389627722e+02,
        -1.02509513161107724954e+03,
        -4.83519191608651397019e+02,
    ];
    const SB: [f64; 8] = [
        1.0,
        3.03380607434824582924e+01,
        3.25792512996573918826e+02,
        1.53672958608443695994e+03,
        3.19985821950859553908e+03,
        2.55305040643316442583e+03,
        4.74528541206955367215e+02,
        -2.24409524465858183362e+01,
    ];
    let s = 1.0 / (a * a);
    let (r, q) = if a < 1.0 / 0.35 { (polynomial(s, &RA), polynomial(s, &SA)) } else { (polynomial(s, &RB), polynomial(s, &SB)) };
    let z = f64::from_bits(a.to_bits() & 0xffff_ffff_0000_0000);
    (-z * z - 0.5625).exp() * ((z - a) * (z + a) + r / q).exp() / a
}

/// B₂ₖ for k = 1…14, the numerators of the asymptotic series of lgamma and its derivatives.
const BERNOULLI: [f64; 14] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
    854513.0 / 138.0,
    -236364091.0 / 2730.0,
    8553103.0 / 6.0,
    -23749461029.0 / 870.0,
];

/// log|Γ(x)|; infinite at 0, −1, −2, …
///
/// For x in [1.5, 2.5] the Taylor series at 2 (Abramowitz & Stegun 6.1.33 with ζ(k) − 1), which keeps the relative error small at the zeros
/// 1 and 2; smaller and larger arguments reach it by Γ(x+1) = x·Γ(x); from 10 on Stirling's series (6.1.40); below 0 the reflection
/// Γ(x)·Γ(1−x) = π/sin(πx).
pub fn lgamma(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::INFINITY;
    }
    if x <= 0.0 {
        if x == x.floor() {
            return f64::INFINITY;
        }
        return (PI / sin_pi(x).abs()).ln() - lgamma(1.0 - x);
    }
    if x < 0.5 {
        // 1 + x may round, so x itself goes into the series at 1: lgamma(1+x) = lgamma(2+x) − log(1+x).
        return lgamma_near_2(x) - x.ln_1p() - x.ln();
    }
    if x < 1.5 {
        let z = x - 1.0;
        return lgamma_near_2(z) - z.ln_1p();
    }
    if x <= 2.5 {
        return lgamma_near_2(x - 2.0);
    }
    if x < 10.0 {
        let (mut y, mut product) = (x, 1.0);
        while y > 2.5 {
            y -= 1.0;
            product *= y;
        }
        return f64::ln(product) + lgamma_near_2(y - 2.0);
    }
    const HALF_LOG_2PI: f64 = 0.918_938_533_204_672_8;
    let r = 1.0 / (x * x);
    let mut series = 0.0;
    for k in (1..=8).rev() {
        let n = 2.0 * k as f64;
        series = series * r + BERNOULLI[k - 1] / (n * (n - 1.0));
    }
    // (x − ½)·log x before −x overflows later than x·log x − x does, and rounds once less.
    (x - 0.5) * (x.ln() - 1.0) + (HALF_LOG_2PI - 0.5 + series / x)
}

/// lgamma(2 + z) for |z| ≤ ½: z(1−γ) + Σ_{k≥2} (−1)^k (ζ(k)−1) z^k / k.
fn lgamma_near_2(z: f64) -> f64 {
    const ONE_MINUS_EULER: f64 = 0.422_784_335_098_467_13;
    /// ζ(k) − 1 for k = 2, 3, …
    const ZETA: [f64; 29] = [
        0.64493406684822643647,
        0.2020569031595942854,
        0.082323233711138191516,
        0.036927755143369926331,
        0.017343061984449139715,
        0.0083492773819228268398,
        0.0040773561979443393787,
        0.0020083928260822144179,
        0.00099457512781808533715,
        0.0004941886041194645587,
        0.00024608655330804829864,
        0.00012271334757848914675,
        0.000061248135058704829259,
        0.000030588236307020493552,
        0.000015282259408651871733,
        7.6371976378997622736e-6,
        3.8172932649998398565e-6,
        1.9082127165539389257e-6,
        9.5396203387279611315e-7,
        4.7693298678780646312e-7,
        2.3845050272773299e-7,
        1.1921992596531107307e-7,
        5.9608189051259479612e-8,
        2.9803503514652280186e-8,
        1.4901554828365041235e-8,
        7.450711789835429492e-9,
        3.7253340247884570548e-9,
        1.8626597235130490064e-9,
        9.3132743241966818287e-10,
    ];
    let mut series = 0.0;
    for (k, zeta) in ZETA.iter().enumerate().rev() {
        series = zeta / (k as f64 + 2.0) - z * series;
    }
    z * (ONE_MINUS_EULER + z * series)
}

/// sin(πx), exact at whole numbers.
fn sin_pi(x: f64) -> f64 {
    let r = x - 2.0 * (x / 2.0).round();
    if r.abs() == 1.0 { 0.0 } else { (PI * r).sin() }
}

/// ψ = (log Γ)′; NaN at 0, −1, −2, …
///
/// Recurrence ψ(x) = ψ(x+1) − 1/x up to 10, then the asymptotic series (Abramowitz & Stegun 6.3.18); below 0 the reflection
/// ψ(x) = ψ(1−x) − π/tan(πx). The absolute error is that of one rounding (the relative error grows at the zero 1.4616…).
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x <= 0.0 {
        if x == x.floor() {
            return f64::NAN;
        }
        let r = x - x.round();
        return digamma(1.0 - x) - PI / (PI * r).tan();
    }
    let (mut y, mut sum) = (x, 0.0);
    while y < 10.0 {
        sum += 1.0 / y;
        y += 1.0;
    }
    let r = 1.0 / (y * y);
    let mut series = 0.0;
    for k in (1..=8).rev() {
        series = series * r + BERNOULLI[k - 1] / (2.0 * k as f64);
    }
    y.ln() - (0.5 / y + series * r) - sum
}

/// ψ′, the derivative of [`digamma`].
pub fn trigamma(x: f64) -> f64 {
    polygamma(1, x)
}

/// ψ″, the derivative of [`trigamma`].
pub fn polygamma2(x: f64) -> f64 {
    polygamma(2, x)
}

/// ψ‴, the derivative of [`polygamma2`].
pub fn polygamma3(x: f64) -> f64 {
    polygamma(3, x)
}

/// The derivative of order `n` of [`digamma`], any n ≥ 0 (the numeric oracles need orders beyond the named ones).
///
/// Recurrence ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x+1) − (−1)ⁿ n!/xⁿ⁺¹ up to 15 + n, then the asymptotic series (Abramowitz & Stegun 6.4.11):
/// (−1)ⁿ⁻¹ [(n−1)!/xⁿ + n!/(2xⁿ⁺¹) + Σ B₂ₖ (2k+n−1)!/((2k)! x²ᵏ⁺ⁿ)]. Every term has one sign on the recurrence, so nothing cancels for x > 0.
/// At 0, −1, −2, … NaN, or the infinity that both sides share when n is odd.
pub fn polygamma(n: u32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if x.is_nan() || x < -1e4 {
        return f64::NAN;
    }
    if x <= 0.0 && x == x.floor() {
        return if n % 2 == 1 { f64::INFINITY } else { f64::NAN };
    }
    let power = i32::try_from(n).unwrap_or(i32::MAX);
    let factorial = (1..n).fold(1.0, |f, k| f * f64::from(k)); // (n−1)!
    let (mut y, mut sum) = (x, 0.0);
    while y < 15.0 + f64::from(n) {
        sum += y.powi(-power - 1);
        y += 1.0;
    }
    // The series over (n−1)!/yⁿ: term k is B₂ₖ·(n)(n+1)…(n+2k−1)/((2k)!·y²ᵏ).
    let r = 1.0 / (y * y);
    let mut rising = 1.0;
    let mut series = 1.0 + 0.5 * f64::from(n) / y;
    for (k, b) in BERNOULLI.iter().enumerate() {
        let (i, m) = (2.0 * k as f64, f64::from(n));
        rising *= (m + i) * (m + i + 1.0) / ((i + 1.0) * (i + 2.0)) * r;
        series += b * rising;
    }
    let value = factorial * (series * y.powi(-power) + f64::from(n) * sum);
    if n % 2 == 1 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from 50-digit arithmetic.
    fn close(name: &str, f: impl Fn(f64) -> f64, table: &[(f64, f64)], limit: f64) {
        for &(x, want) in table {
            let got = f(x);
            let error = (got - want).abs() / want.abs();
            assert!(error <= limit, "{name}({x}) = {got}, not {want}: relative error {error:e}");
        }
    }

    #[test]
    fn erf_is_exact_to_the_last_bits() {
        let table = [
            (1e-300, 1.128379167095512602e-300),
            (1e-09, 1.128379167095512644e-9),
            (0.1, 0.1124629160182848984),
            (0.5, 0.5204998778130465377),
            (0.84, 0.7651427114549945173),
            (0.9, 0.7969082124228321397),
            (1.2, 0.9103139782296353684),
            (1.3, 0.9340079449406524459),
            (2.0, 0.9953222650189527342),
            (2.8, 0.9999249868053345409),
            (2.9, 0.9999589021219005411),
            (3.5, 0.9999992569016276586),
            (5.0, 0.9999999999984625402),
            (5.9, 0.9999999999999999281),
        ];
        close("erf", erf, &table, 2.3e-16);
        close("-erf", |x| -erf(-x), &table, 2.3e-16);
        assert_eq!((erf(0.0), erf(40.0), erf(f64::NEG_INFINITY)), (0.0, 1.0, -1.0));
        assert!(erf(f64::NAN).is_nan() && erf(1e-310) > 1.1e-310);
        // 1 − erf far out, through its own formula.
        close("erfc", erfc_tail, &[(1.3, 0.06599205505934755), (3.0, 2.209049699858544e-5), (5.0, 1.5374597944280349e-12)], 1e-15);
    }

    #[test]
    fn lgamma_is_accurate_also_at_its_zeros() {
        let table = [
            (1e-300, 690.7755278982137052),
            (1e-05, 11.51291969289582563),
            (0.1, 2.252712651734205902),
            (0.3, 1.095797994818075561),
            (0.5, 0.5723649429247000871),
            (0.9, 0.06637623973474295443),
            (1.0001, -0.00005771334222047126801),
            (1.1, -0.04987244125983976179),
            (1.5, -0.1207822376352452223),
            (1.9, -0.03898427592308336167),
            (1.9999, -0.00004227520877215345801),
            (2.00001, 4.227875597648359597e-6),
            (2.3, 0.1541894549596304745),
            (2.6, 0.3574118635489798368),
            (3.0, std::f64::consts::LN_2),
            (4.7, 2.736405146315566938),
            (7.2, 6.956848079888340311),
            (9.9, 12.57717990421987968),
            (10.1, 13.02752673863323715),
            (15.0, 25.1912211827386815),
            (30.5, 72.95347118416940832),
            (171.0, 706.5730622457873471),
            (100000.0, 1051287.708973656895),
            (1e+300, 6.897755278982137415e+302),
            (-0.5, 1.265512123484645396),
            (-1.5, 0.8600470153764810145),
            (-3.7, -1.379739904965824496),
        ];
        close("lgamma", lgamma, &table, 1e-15);
        assert_eq!((lgamma(1.0), lgamma(2.0), lgamma(0.0), lgamma(-3.0)), (0.0, 0.0, f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn digamma_and_its_derivatives() {
        let table = [
            (1e-05, -100000.5771992156729),
            (0.1, -10.42375494041107623),
            (0.5, -1.963510026021423479),
            (1.0, -0.5772156649015328606),
            (1.3, -0.1691908888667996053),
            (1.6, 0.1260474527734763282),
            (2.0, 0.4227843350984671394),
            (3.3, 1.034822489059621686),
            (7.0, 1.872784335098467139),
            (9.99, 2.250700372831201122),
            (12.0, 2.442661679975812017),
            (50.0, 3.901989673427892197),
            (1000000.0, 13.81551005796419077),
            (-0.5, 0.03648997397857652056),
            (-2.3, 3.317323157561822739),
        ];
        close("digamma", digamma, &table, 2e-14);
        assert!(digamma(1.4616321449683622).abs() < 1e-15 && digamma(-1.0).is_nan());
        let trigamma_table = [
            (0.001, 1000001.642533195827),
            (0.1, 101.4332991507927477),
            (0.5, 4.934802200544679309),
            (1.0, 1.644934066848226436),
            (1.7, 0.7932328301639984088),
            (3.3, 0.3535015418410618322),
            (7.0, 0.1535451779593375476),
            (14.5, 0.07139825615164695755),
            (50.0, 0.02020133322669712581),
            (10000.0, 0.0001000050001666666663),
            (-0.5, 8.934802200544679309),
            (-2.3, 14.72591216096129149),
        ];
        close("trigamma", trigamma, &trigamma_table, 1e-15);
        let second = [
            (0.1, -2001.861457378343673),
            (1.0, -2.404113806319188571),
            (3.3, -0.1237511852649427256),
            (14.5, -0.005095552370983587029),
            (10000.0, -1.000100004999999983e-8),
            (-0.5, -0.8287966442343199956),
        ];
        close("polygamma2", polygamma2, &second, 1e-14);
        let third =
            [(0.001, 6000000000006.468614), (0.5, 97.40909103400243724), (7.0, 0.007198198563125445392), (20.0, 0.0002693742213396389146)];
        close("polygamma3", polygamma3, &third, 1e-15);
        let seventh =
            [(0.1, 504000002365.1911918), (1.0, 5060.54987523763947), (7.0, 0.001392271903016421934), (50.0, 9.878312891032568523e-10)];
        close("polygamma(7)", |x| polygamma(7, x), &seventh, 2e-15);
        assert_eq!(polygamma(1, 0.0), f64::INFINITY);
    }
}
