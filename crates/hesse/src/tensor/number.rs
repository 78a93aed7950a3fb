//! Exact coefficients: rationals of 128-bit integers, every operation checked.

/// An exact coefficient.
pub type Rational = num_rational::Ratio<i128>;

/// The nearest f64.
pub fn to_f64(r: Rational) -> f64 {
    let (n, d) = (*r.numer(), *r.denom());
    // Both exact below 2^53; otherwise correctly rounded often enough for an approximation that nothing decides by.
    n as f64 / d as f64
}

/// Significant digits that a decimal fraction may have to count as exact: as many as every f64 keeps.
const EXACT: usize = 15;

/// A decimal literal as an exact rational; `None` if it does not fit (then it stays an opaque decimal). A fraction with more digits
/// than an f64 keeps is a rounded number: as a rational its powers would leave 128 bits at once, for no gain.
///
/// ```
/// use hesse::tensor::number::parse;
/// assert_eq!(parse("0.5"), parse("5e-1"));
/// assert!(parse("1e-300").is_none() && parse("0.12345678901234567").is_none());
/// ```
pub fn parse(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(k) => (&text[..k], text[k + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let value: i128 = digits.parse().ok()?;
    if !fraction.is_empty() && digits.trim_matches('0').len() > EXACT {
        return None;
    }
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if exponent.unsigned_abs() > 24 {
        return if value == 0 { Some(Rational::from_integer(0)) } else { None };
    }
    let power = 10i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 { Some(Rational::from_integer(value.checked_mul(power)?)) } else { Some(Rational::new(value, power)) }
}
