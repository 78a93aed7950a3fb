//! Sums and products of slices.

use crate::real::Real;

/// Σ aᵢ·bᵢ over the shorter length.
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    T::from_f64(a.iter().zip(b).map(|(x, y)| x.to_f64() * y.to_f64()).sum())
}

/// Σ aᵢ
pub fn sum<T: Real>(a: &[T]) -> T {
    T::from_f64(a.iter().map(|x| x.to_f64()).sum())
}

/// yᵢ += c·xᵢ
pub fn axpy<T: Real>(c: T, x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += c * *x);
}
