//! What can be wrong with numbers: entries that are not finite, magnitudes near the end of a type's range, digits that single precision loses.
//!
//! ```
//! use hesse_run::Array;
//! use hesse_run::doctor::{odd, spread};
//! let a = Array::new(vec![4], vec![0.0, -3.0, f64::NAN, f64::INFINITY]);
//! assert_eq!(odd(&a).map(|o| (o.at, o.count)), Some((2, 2)));
//! assert_eq!(spread(&a.data).map(|s| (s.smallest, s.largest, s.zeros)), Some((3.0, 3.0, 1)));
//! ```

use crate::array::Array;
use crate::interpret::{self, RunError};
use hesse::program::program::Program;

/// Entries that are NaN or infinite.
#[derive(Clone, Copy, Debug)]
pub struct Odd {
    /// The first of them, row-major.
    pub at: usize,
    /// What stands there.
    pub value: f64,
    /// How many there are.
    pub count: usize,
}

/// The entries that are not finite, if there are any.
pub fn odd(array: &Array<f64>) -> Option<Odd> {
    let at = array.data.iter().position(|x| !x.is_finite())?;
    Some(Odd { at, value: array.data[at], count: array.data.iter().filter(|x| !x.is_finite()).count() })
}

/// Magnitudes of the finite entries that are not 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The smallest |x|.
    pub smallest: f64,
    /// The largest |x|.
    pub largest: f64,
    /// How many entries are 0.
    pub zeros: usize,
}

/// The magnitudes of entries; `None` where all are 0 or not finite, or there are none.
pub fn spread(data: &[f64]) -> Option<Spread> {
    let sizes = data.iter().map(|x| x.abs()).filter(|x| *x > 0.0 && x.is_finite());
    let (smallest, largest) = sizes.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    (largest > 0.0).then(|| Spread { smallest, largest, zeros: data.iter().filter(|x| **x == 0.0).count() })
}

/// What single precision makes of a result that is finite in double precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Single {
    /// The largest error of an entry beside the largest entry.
    Loses(f64),
    /// An entry is not finite, the first one at this position.
    Overflows(usize),
}

/// Runs a program in single precision and compares its outputs with those of double precision.
///
/// # Errors
/// As the interpreter's.
pub fn single(program: &Program, sizes: &[usize], inputs: &[Array<f64>], double: &[Array<f64>]) -> Result<Vec<Single>, RunError> {
    let inputs: Vec<Array<f32>> = inputs.iter().map(|a| a.map(|x| x as f32)).collect();
    let outputs = interpret::run::<f32>(program, sizes, &inputs)?;
    let one = |(f, d): (&Array<f32>, &Array<f64>)| {
        if let Some(at) = f.data.iter().zip(&d.data).position(|(f, d)| d.is_finite() && !f.is_finite()) {
            return Single::Overflows(at);
        }
        let pairs = || f.data.iter().zip(&d.data).filter(|(_, d)| d.is_finite());
        let largest = pairs().map(|(_, d)| d.abs()).fold(0.0, f64::max);
        let error = pairs().map(|(f, d)| (f64::from(*f) - d).abs()).fold(0.0, f64::max);
        Single::Loses(if error == 0.0 { 0.0 } else { error / largest })
    };
    Ok(outputs.iter().zip(double).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse::Formula;

    #[test]
    fn single_precision_overflows_and_cancels() {
        let f = Formula::parse("x : vector(n); sum(exp(x))", true).unwrap();
        let program = f.program(None).unwrap();
        let run = |x: Vec<f64>| {
            let (sizes, inputs) = ([x.len()], [Array::new(vec![x.len()], x)]);
            let double = interpret::run(&program, &sizes, &inputs).unwrap();
            single(&program, &sizes, &inputs, &double).unwrap()[0]
        };
        assert_eq!(run(vec![1.0, 100.0]), Single::Overflows(0));
        assert!(matches!(run(vec![0.1, 0.3]), Single::Loses(e) if e > 0.0 && e < 1e-6));
        assert_eq!(run(vec![0.0]), Single::Loses(0.0));
    }

    #[test]
    fn nothing_has_no_magnitude() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[0.0, f64::NAN]), None);
        assert!(odd(&Array::new(vec![0], vec![])).is_none());
    }
}
