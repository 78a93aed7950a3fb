//! Copies and sums of matrices whose rows and columns may run differently in memory: by square blocks that stay in the first cache.

use super::{Matrix, MatrixMut};
use crate::real::Real;

/// Rows and columns of a block.
const SIDE: usize = 32;

/// Copies the lower triangle to the upper one.
pub fn mirror<T: Real>(c: MatrixMut<'_, T>) {
    c.check();
    let n = c.rows.min(c.columns);
    blocks(n, n, |rows, columns| {
        if rows.start < columns.start {
            return;
        }
        for i in rows {
            for j in columns.start..columns.end.min(i) {
                c.data[j * c.row_step + i * c.column_step] = c.data[i * c.row_step + j * c.column_step];
            }
        }
    });
}

/// C ← A + Aᵀ of a square A.
pub fn transpose_add<T: Real>(a: Matrix<'_, T>, c: MatrixMut<'_, T>) {
    let one = T::from_f64(1.0);
    add_scaled(one, a, one, a.transposed(), c);
}

/// C ← alpha·A + beta·B for matrices of one shape and any steps.
pub fn add_scaled<T: Real>(alpha: T, a: Matrix<'_, T>, beta: T, b: Matrix<'_, T>, c: MatrixMut<'_, T>) {
    assert!([a.rows, b.rows] == [c.rows; 2] && [a.columns, b.columns] == [c.columns; 2], "the shapes of a sum do not fit");
    a.check();
    b.check();
    c.check();
    // The inner loop runs along C.
    let (a, b, c) = if c.row_step < c.column_step { (a.transposed(), b.transposed(), c.transposed()) } else { (a, b, c) };
    let whole = [a.column_step, b.column_step, c.column_step] == [1; 3];
    let (rows, columns) = (c.rows, c.columns);
    if whole {
        for i in 0..rows {
            let (a, b) = (&a.data[i * a.row_step..][..columns], &b.data[i * b.row_step..][..columns]);
            let c = &mut c.data[i * c.row_step..][..columns];
            c.iter_mut().zip(a).zip(b).for_each(|((c, a), b)| *c = alpha * *a + beta * *b);
        }
        return;
    }
    blocks(rows, columns, |rows, columns| {
        for i in rows {
            for j in columns.clone() {
                c.data[i * c.row_step + j * c.column_step] = alpha * a.at(i, j) + beta * b.at(i, j);
            }
        }
    });
}

/// Calls `work` for blocks of rows and columns.
fn blocks(rows: usize, columns: usize, mut work: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    for i in (0..rows).step_by(SIDE) {
        for j in (0..columns).step_by(SIDE) {
            work(i..rows.min(i + SIDE), j..columns.min(j + SIDE));
        }
    }
}
