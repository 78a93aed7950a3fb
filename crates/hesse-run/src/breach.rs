//! Whether a condition of a formula holds for the numbers that it is about.
//!
//! ```
//! use hesse::calculus::model::Asks;
//! use hesse_run::{Array, breach};
//! let p = Array::new(vec![3], vec![0.5, -1.0, 0.0]);
//! assert_eq!(breach(Asks::Positive, &[p]).unwrap().map(|b| (b.at, b.count)), Some((Some(1), 2)));
//! ```

use crate::array::Array;
use crate::interpret::{RunError, square};
use crate::scalar::Scalar;
use hesse::calculus::model::Asks;

/// Where a condition does not hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breach {
    /// The first entry, row-major; `None` if it is about the whole.
    pub at: Option<usize>,
    /// The entry, or the determinant.
    pub value: f64,
    /// How many entries.
    pub count: usize,
}

/// Where the values are not what is asked; `None` if they are. NaN is never what is asked.
///
/// # Errors
/// A determinant of what is not square (E204).
pub fn breach(asks: Asks, values: &[Array<f64>]) -> Result<Option<Breach>, RunError> {
    // A number beside a vector stands for each of its entries.
    let (a, b) = match values {
        [] => return Ok(None),
        [a, b, ..] if a.len() < b.len() => (b, Some(a)),
        [a, rest @ ..] => (a, rest.first()),
    };
    let entries = |holds: &dyn Fn(usize, f64) -> bool| {
        let bad: Vec<usize> = a.data.iter().enumerate().filter(|(k, x)| !holds(*k, **x)).map(|(k, _)| k).collect();
        bad.first().map(|&k| Breach { at: Some(k), value: a.data[k], count: bad.len() })
    };
    let other = |k: usize| b.map_or(0.0, |b| b.data[if b.len() == 1 { 0 } else { k }]);
    Ok(match asks {
        Asks::Positive => entries(&|_, x| x > 0.0),
        Asks::Nonzero => entries(&|_, x| x.abs() > 0.0),
        Asks::AboveMinusOne => entries(&|_, x| x > -1.0),
        Asks::Inside => entries(&|_, x| x.abs() < 1.0),
        Asks::Apart => entries(&|k, x| x.is_nan() || x != other(k)),
        Asks::Invertible | Asks::PositiveDeterminant => {
            let (size, negative) = f64::log_determinant(&a.data, square(a)?);
            let holds = size > f64::NEG_INFINITY && !(negative && asks == Asks::PositiveDeterminant);
            let value = if negative { -size.exp() } else { size.exp() };
            (!holds).then_some(Breach { at: None, value, count: 1 })
        }
        Asks::Nothing => None,
    })
}

/// ‖A‖₁·‖A⁻¹‖₁: how much of the accuracy of the entries a solution may lose.
///
/// # Errors
/// What is not square (E204).
pub fn condition_number(a: &Array<f64>) -> Result<f64, RunError> {
    let n = square(a)?;
    let norm = |data: &[f64]| (0..n).map(|j| (0..n).map(|i| data[i * n + j].abs()).sum::<f64>()).fold(0.0, f64::max);
    Ok(norm(&a.data) * norm(&f64::inverse(&a.data, n)))
}
