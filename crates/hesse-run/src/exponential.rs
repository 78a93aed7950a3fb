//! The exponential of a matrix, and its derivative along a direction.

use crate::linear::{Lu, MatrixProduct, Strided};
use crate::scalar::Scalar;

/// Coefficients of the numerator of the [13/13] Padé approximant of eˣ, lowest power first.
const PADE: [f64; 14] = [
    64_764_752_532_480_000.0,
    32_382_376_266_240_000.0,
    7_771_770_303_897_600.0,
    1_187_353_796_428_800.0,
    129_060_195_264_000.0,
    10_559_470_521_600.0,
    670_442_572_800.0,
    33_522_128_640.0,
    1_323_241_920.0,
    40_840_800.0,
    960_960.0,
    16_380.0,
    182.0,
    1.0,
];

/// Up to this 1-norm the approximant is exact to the rounding of f64.
const NORM: f64 = 5.371_920_351_148_152;

/// e^A of a row-major n×n matrix by scaling and squaring with a Padé approximant (N. J. Higham, The scaling and squaring method for the
/// matrix exponential revisited, SIAM J. Matrix Anal. Appl. 26, 2005).
///
/// ```
/// use hesse_run::exponential::expm;
/// assert_eq!(expm(&[0.0, 1.0, 0.0, 0.0], 2), [1.0, 1.0, 0.0, 1.0]);
/// ```
pub fn expm<T: Scalar>(a: &[T], n: usize) -> Vec<T> {
    if n == 0 {
        return vec![];
    }
    let norm = (0..n)
        .map(|j| (0..n).map(|i| a[i * n + j].value().abs()).sum::<f64>())
        .fold(0.0, |m: f64, x| if x > m || x.is_nan() { x } else { m });
    if !norm.is_finite() {
        return vec![T::from_f64(f64::NAN); n * n];
    }
    let halvings = if norm > NORM { (norm / NORM).log2().ceil() as i32 } else { 0 };
    let scale = T::from_f64(2f64.powi(-halvings));
    let a: Vec<T> = a.iter().map(|x| *x * scale).collect();
    let a2 = multiply(&a, &a, n);
    let a4 = multiply(&a2, &a2, n);
    let a6 = multiply(&a4, &a2, n);
    // The polynomial Σ c·Aᵏ over even powers, from the coefficient `first` on.
    let even = |first: usize| -> Vec<T> {
        let c = |k: usize| T::from_f64(PADE[first + k]);
        let high: Vec<T> = (0..n * n).map(|k| c(12) * a6[k] + c(10) * a4[k] + c(8) * a2[k]).collect();
        let mut sum = multiply(&a6, &high, n);
        for (k, s) in sum.iter_mut().enumerate() {
            *s = *s + c(6) * a6[k] + c(4) * a4[k] + c(2) * a2[k];
            if k % (n + 1) == 0 {
                *s = *s + c(0);
            }
        }
        sum
    };
    let (odd, even) = (multiply(&a, &even(1), n), even(0));
    let above: Vec<T> = even.iter().zip(&odd).map(|(v, u)| *v + *u).collect();
    let below: Vec<T> = even.iter().zip(&odd).map(|(v, u)| *v - *u).collect();
    let mut x = Lu::new(&below, n).solve(&above, n);
    for _ in 0..halvings {
        x = multiply(&x, &x, n);
    }
    x
}

/// The derivative of e^A along E: the block above the diagonal of the exponential of [A, E; 0, A] (N. J. Higham, Functions of Matrices, 2008,
/// (3.16)). It is linear in E, which is scaled: a large one would cost squarings that A does not need, and with them digits.
pub fn along<T: Scalar>(a: &[T], e: &[T], n: usize) -> Vec<T> {
    let m = 2 * n;
    let largest = e.iter().map(|x| x.value().abs()).fold(0.0, f64::max);
    let halvings = if largest > 0.0 && largest.is_finite() { (largest.log2().floor() as i32).clamp(-1000, 1000) } else { 0 };
    let (down, up) = (T::from_f64(2f64.powi(-halvings)), T::from_f64(2f64.powi(halvings)));
    let mut block = vec![T::zero(); m * m];
    for i in 0..n {
        for j in 0..n {
            block[i * m + j] = a[i * n + j];
            block[(n + i) * m + n + j] = a[i * n + j];
            block[i * m + n + j] = e[i * n + j] * down;
        }
    }
    let x = expm(&block, m);
    (0..n * n).map(|k| x[k / n * m + n + k % n] * up).collect()
}

fn multiply<T: Scalar>(a: &[T], b: &[T], n: usize) -> Vec<T> {
    let side = |data| Strided { data, row: n, column: 1 };
    T::matrix_product(&MatrixProduct { m: n, n, k: n, left: side(a), right: side(b) }).unwrap_or_else(|| {
        let mut out = vec![T::zero(); n * n];
        for i in 0..n {
            for k in 0..n {
                let x = a[i * n + k];
                for j in 0..n {
                    out[i * n + j] = out[i * n + j] + x * b[k * n + j];
                }
            }
        }
        out
    })
}
