//! Strided matrices and their products.

mod copy;
mod gram;
mod product;
mod times;

pub use copy::{add_scaled, mirror, transpose_add};
pub use gram::{gram, gram_by, symmetric_product};
pub use product::product;
pub use times::{add_times_vector, times_vector, times_vector_selected};

use product::Part;

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
    /// Panics where the slice is too short: a mistake of the caller that must not become a read of foreign memory.
    fn check(&self) {
        assert!(
            reach(self.rows, self.columns, self.row_step, self.column_step) <= self.data.len(),
            "a matrix is shorter than its shape says"
        );
    }
    fn part(&self) -> Part<T> {
        Part { start: self.data.as_ptr().cast_mut(), row_step: self.row_step, column_step: self.column_step }
    }
}

impl<'a, T: Copy> MatrixMut<'a, T> {
    /// Rows one after the other.
    pub fn row_major(data: &'a mut [T], rows: usize, columns: usize) -> Self {
        MatrixMut { data, rows, columns, row_step: columns, column_step: 1 }
    }
    /// Rows and columns exchanged, without a copy.
    pub fn transposed(self) -> Self {
        MatrixMut { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
    /// To read it.
    pub fn view(&self) -> Matrix<'_, T> {
        Matrix { data: self.data, rows: self.rows, columns: self.columns, row_step: self.row_step, column_step: self.column_step }
    }
    /// As [`Matrix::check`]; also that no two entries share a place, as they would with steps that overlap.
    fn check(&self) {
        assert!(
            reach(self.rows, self.columns, self.row_step, self.column_step) <= self.data.len(),
            "a matrix is shorter than its shape says"
        );
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let rows_apart = self.rows <= 1 || self.row_step >= reach(1, self.columns, 1, self.column_step).max(1);
        let columns_apart = self.columns <= 1 || self.column_step >= reach(self.rows, 1, self.row_step, 1).max(1);
        let within_rows = self.columns <= 1 || self.column_step > 0;
        let within_columns = self.rows <= 1 || self.row_step > 0;
        assert!((rows_apart && within_rows) || (columns_apart && within_columns), "entries of a matrix that is written share a place");
    }
    fn part(&mut self) -> Part<T> {
        Part { start: self.data.as_mut_ptr(), row_step: self.row_step, column_step: self.column_step }
    }
}

/// From the first entry to behind the last.
#[inline(always)]
fn reach(rows: usize, columns: usize, row_step: usize, column_step: usize) -> usize {
    if rows == 0 || columns == 0 {
        return 0;
    }
    // What does not fit a usize does not fit a slice.
    (rows - 1).saturating_mul(row_step).saturating_add((columns - 1).saturating_mul(column_step)).saturating_add(1)
}

/// How many rows of a row-major matrix of numbers of `size` bytes a pass takes at a time that reads each row twice (X·w, then Xᵀ·r).
///
/// Measured best: of short rows few, or memory stands still while Xᵀ·r is computed; of long ones what half of the second cache holds, from where
/// they are read in order.
pub fn rows_per_block(columns: usize, size: usize) -> usize {
    let row = columns.max(1) * size;
    let bytes = if row < 1536 { 8 << 10 } else { 512 << 10 };
    (bytes / row).clamp(8, 64) / 8 * 8
}

#[cfg(test)]
mod tests;
