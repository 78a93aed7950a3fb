//! Strided matrices and their products.

mod times;

pub use times::{add_times_vector, times_vector, times_vector_selected};

use crate::real::Real;

/// A matrix that is read: entry (i, j) is `data[i·row_step + j·column_step]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    /// From the first entry on.
    pub data: &'a [T],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// From one row to the next.
    pub row_step: usize,
    /// From one column to the next.
    pub column_step: usize,
}

/// A matrix that is written.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    /// From the first entry on.
    pub data: &'a mut [T],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// From one row to the next.
    pub row_step: usize,
    /// From one column to the next.
    pub column_step: usize,
}

impl<'a, T: Copy> Matrix<'a, T> {
    /// Rows one after the other.
    pub fn row_major(data: &'a [T], rows: usize, columns: usize) -> Self {
        Matrix { data, rows, columns, row_step: columns, column_step: 1 }
    }
    /// Rows and columns exchanged, without a copy.
    pub fn transposed(self) -> Self {
        Matrix { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
    /// The entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.row_step + j * self.column_step]
    }
}

/// C ← A·B, or C ← C + A·B with `add`, by at most `threads` threads. The result does not depend on their number.
pub fn product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, add: bool, c: MatrixMut<'_, T>, _threads: usize) {
    for i in 0..c.rows {
        for j in 0..c.columns {
            let s: f64 = (0..a.columns).map(|k| a.at(i, k).to_f64() * b.at(k, j).to_f64()).sum();
            let y = &mut c.data[i * c.row_step + j * c.column_step];
            *y = T::from_f64(s) + if add { *y } else { T::default() };
        }
    }
}

/// The lower triangle of C ← C + Aᵀ·diag(w)·A (w = 1 if `None`). `scratch` holds as many numbers as A.
pub fn gram<T: Real>(a: Matrix<'_, T>, weights: Option<&[T]>, c: MatrixMut<'_, T>, _scratch: &mut [T]) {
    for i in 0..c.rows {
        for j in 0..=i {
            let w = |k: usize| weights.map_or(1.0, |w| w[k].to_f64());
            let s: f64 = (0..a.rows).map(|k| a.at(k, i).to_f64() * w(k) * a.at(k, j).to_f64()).sum();
            c.data[i * c.row_step + j * c.column_step] += T::from_f64(s);
        }
    }
}

/// Copies the lower triangle to the upper one.
pub fn mirror<T: Real>(c: MatrixMut<'_, T>) {
    for i in 0..c.rows {
        for j in 0..i {
            c.data[j * c.row_step + i * c.column_step] = c.data[i * c.row_step + j * c.column_step];
        }
    }
}

/// How many rows of a row-major matrix a pass takes at a time that reads each row twice (X·w, then Xᵀ·r).
pub fn rows_per_block(columns: usize, size: usize) -> usize {
    (24 * 1024 / (columns.max(1) * size)).clamp(8, 64) / 8 * 8
}
