//! Symmetric products, of which one triangle is computed.

use super::product::Job;
use super::{Matrix, MatrixMut};
use crate::real::Real;

/// The lower triangle of C ← C + Aᵀ·diag(w)·A (w = 1 if `None`). `scratch` holds as many numbers as A.
pub fn gram<T: Real>(a: Matrix<'_, T>, weights: Option<&[T]>, c: MatrixMut<'_, T>, scratch: &mut [T]) {
    let Some(w) = weights else { return symmetric_product(a.transposed(), a, true, c) };
    assert!(w.len() >= a.rows && scratch.len() >= a.rows * a.columns, "a matrix has more rows than weights, or more entries than the scratch");
    let scaled = &mut scratch[..a.rows * a.columns];
    // The copy keeps the order of memory.
    let by_columns = a.row_step == 1 && a.column_step != 1;
    if by_columns {
        for (j, column) in scaled.chunks_exact_mut(a.rows.max(1)).enumerate() {
            let from = &a.data[j * a.column_step..];
            column.iter_mut().zip(from).zip(w).for_each(|((s, a), w)| *s = *a * *w);
        }
    } else {
        for (i, row) in scaled.chunks_exact_mut(a.columns.max(1)).enumerate() {
            let from = &a.data[i * a.row_step..];
            if a.column_step == 1 {
                row.iter_mut().zip(from).for_each(|(s, a)| *s = *a * w[i]);
            } else {
                row.iter_mut().enumerate().for_each(|(j, s)| *s = from[j * a.column_step] * w[i]);
            }
        }
    }
    let (row_step, column_step) = if by_columns { (1, a.rows) } else { (a.columns, 1) };
    let scaled = Matrix { data: scaled, rows: a.rows, columns: a.columns, row_step, column_step };
    symmetric_product(scaled.transposed(), a, true, c);
}

/// The lower triangle of C ← A·B or C ← C + A·B with `add`, for a product that is known to be symmetric.
pub fn symmetric_product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, add: bool, mut c: MatrixMut<'_, T>) {
    let (n, k) = (c.rows, a.columns);
    assert!(c.columns == n && a.rows == n && b.columns == n && b.rows == k, "the shapes of a symmetric product do not fit");
    a.check();
    b.check();
    c.check();
    if n == 0 {
        return;
    }
    // SAFETY: `check` has seen that the slices hold what the shapes say; C is borrowed exclusively and is none of the others.
    unsafe { Job { a: a.part(), b: b.part(), c: c.part(), m: n, n, k, add }.run_lower() }
}
