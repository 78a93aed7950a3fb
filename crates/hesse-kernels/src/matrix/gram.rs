//! Symmetric products, of which one triangle is computed.

use super::product::Job;
use super::{Matrix, MatrixMut};
use crate::pool;
use crate::real::Real;

/// The lower triangle of C ← C + Aᵀ·diag(w)·A (w = 1 if `None`), in this thread. `scratch` holds as many numbers as A.
pub fn gram<T: Real>(a: Matrix<'_, T>, weights: Option<&[T]>, c: MatrixMut<'_, T>, scratch: &mut [T]) {
    gram_by(a, weights, c, scratch, 1);
}

/// [`gram`] by at most `threads` threads. The result does not depend on their number.
pub fn gram_by<T: Real>(a: Matrix<'_, T>, weights: Option<&[T]>, c: MatrixMut<'_, T>, scratch: &mut [T], threads: usize) {
    let Some(w) = weights else { return symmetric_product(a.transposed(), a, true, c, threads) };
    assert!(
        w.len() >= a.rows && scratch.len() >= a.rows * a.columns,
        "a matrix has more rows than weights, or more entries than the scratch"
    );
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
    symmetric_product(scaled.transposed(), a, true, c, threads);
}

/// Strips of rows of C that threads share, of about the same number of entries each.
const STRIPS: usize = 4;
/// Rows of C from which it is cut.
const LARGE: usize = 192;

/// The lower triangle of C ← A·B or C ← C + A·B with `add`, for a product that is known to be symmetric, by at most `threads` threads. The result
/// does not depend on their number.
pub fn symmetric_product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, add: bool, mut c: MatrixMut<'_, T>, threads: usize) {
    let (n, k) = (c.rows, a.columns);
    assert!(c.columns == n && a.rows == n && b.columns == n && b.rows == k, "the shapes of a symmetric product do not fit");
    a.check();
    b.check();
    c.check();
    if n == 0 {
        return;
    }
    let job = Job { a: a.part(), b: b.part(), c: c.part(), m: n, n, k, add };
    if n < LARGE {
        // SAFETY: `check` has seen that the slices hold what the shapes say; C is borrowed exclusively and is none of the others.
        return unsafe { job.run_lower() };
    }
    // The first p of P strips hold p/P of the triangle.
    let end = |p: usize| ((n as f64 * (p as f64 / STRIPS as f64).sqrt()) as usize).next_multiple_of(16).min(n);
    pool::parallel(STRIPS, threads, |p| {
        // The longest first.
        let p = STRIPS - 1 - p;
        let (from, to) = (end(p), end(p + 1));
        // SAFETY: as above; strips are disjoint rows of C, of which each comes once: a rectangle left of the diagonal, and a triangle at it.
        unsafe {
            let rows = job.rows(from, to - from);
            Job { n: from, ..rows }.run();
            Job { m: to - from, ..rows.columns(from, to - from) }.run_lower();
        }
    });
}
