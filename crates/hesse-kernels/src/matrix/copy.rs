//! Copies and sums of matrices whose rows and columns may run differently in memory: by tiles of whole cache lines.

use super::{Matrix, MatrixMut};
use crate::real::Real;

/// Rows and columns of a tile: a cache line of f64. Lines a power of two apart share their place in the cache with seven others, so no tile may need
/// more at a time.
const TILE: usize = 8;
/// Rows and columns of a block of tiles, whose pages the machine keeps track of.
const BLOCK: usize = 64;

/// Copies the lower triangle to the upper one.
pub fn mirror<T: Real>(mut c: MatrixMut<'_, T>) {
    c.check();
    let n = c.rows.min(c.columns);
    lower_tiles(n, |rows, columns| {
        let diagonal = rows == columns;
        let tile = read(&c.view(), rows, columns, n);
        write(&mut c, columns, rows, n, |i, j| if diagonal && j <= i { None } else { Some(tile[j][i]) });
    });
}

/// C ← A + Aᵀ of a square A.
pub fn transpose_add<T: Real>(a: Matrix<'_, T>, mut c: MatrixMut<'_, T>) {
    let n = c.rows;
    assert!([a.rows, a.columns, c.columns] == [n; 3], "the shapes of a sum do not fit");
    a.check();
    c.check();
    // A is read once, and C written once: a tile and its mirror image together.
    lower_tiles(n, |rows, columns| {
        let (tile, image) = (read(&a, rows, columns, n), read(&a, columns, rows, n));
        write(&mut c, rows, columns, n, |i, j| Some(tile[i][j] + image[j][i]));
        if rows != columns {
            write(&mut c, columns, rows, n, |i, j| Some(tile[j][i] + image[i][j]));
        }
    });
}

/// C ← alpha·A + beta·B for matrices of one shape and any steps.
pub fn add_scaled<T: Real>(alpha: T, a: Matrix<'_, T>, beta: T, b: Matrix<'_, T>, c: MatrixMut<'_, T>) {
    assert!([a.rows, b.rows] == [c.rows; 2] && [a.columns, b.columns] == [c.columns; 2], "the shapes of a sum do not fit");
    a.check();
    b.check();
    c.check();
    // The inner loop runs along C.
    let (a, b, mut c) = if c.row_step < c.column_step { (a.transposed(), b.transposed(), c.transposed()) } else { (a, b, c) };
    let (rows, columns) = (c.rows, c.columns);
    if [a.column_step, b.column_step, c.column_step] == [1; 3] {
        if columns > 0 {
            for i in 0..rows {
                let (a, b) = (&a.data[i * a.row_step..][..columns], &b.data[i * b.row_step..][..columns]);
                let c = &mut c.data[i * c.row_step..][..columns];
                c.iter_mut().zip(a).zip(b).for_each(|((c, a), b)| *c = alpha * *a + beta * *b);
            }
        }
        return;
    }
    for rows_from in (0..rows).step_by(BLOCK) {
        for columns_from in (0..columns).step_by(BLOCK) {
            for i in (rows_from..rows.min(rows_from + BLOCK)).step_by(TILE) {
                for j in (columns_from..columns.min(columns_from + BLOCK)).step_by(TILE) {
                    for i in i..rows.min(i + TILE) {
                        for j in j..columns.min(j + TILE) {
                            c.data[i * c.row_step + j * c.column_step] = alpha * a.at(i, j) + beta * b.at(i, j);
                        }
                    }
                }
            }
        }
    }
}

/// Calls `work` for the first row and column of each tile on or below the diagonal, block by block.
#[inline(always)]
fn lower_tiles(n: usize, mut work: impl FnMut(usize, usize)) {
    for rows in (0..n).step_by(BLOCK) {
        for columns in (0..=rows).step_by(BLOCK) {
            for i in (rows..n.min(rows + BLOCK)).step_by(TILE) {
                for j in (columns..=i.min(columns + BLOCK - TILE)).step_by(TILE) {
                    work(i, j);
                }
            }
        }
    }
}

/// The tile from (i, j) on; beyond the n×n matrix it is 0.
#[inline(always)]
fn read<T: Real>(a: &Matrix<'_, T>, i: usize, j: usize, n: usize) -> [[T; TILE]; TILE] {
    let mut tile = [[T::default(); TILE]; TILE];
    if i + TILE <= n && j + TILE <= n && a.column_step == 1 {
        for (k, row) in tile.iter_mut().enumerate() {
            let from = (i + k) * a.row_step + j;
            row.copy_from_slice(&a.data[from..from + TILE]);
        }
    } else if i + TILE <= n && j + TILE <= n && a.row_step == 1 {
        for l in 0..TILE {
            let from = (j + l) * a.column_step + i;
            let column = &a.data[from..from + TILE];
            for k in 0..TILE {
                tile[k][l] = column[k];
            }
        }
    } else {
        for (k, row) in tile.iter_mut().enumerate().take(n - i) {
            for (l, x) in row.iter_mut().enumerate().take(n - j) {
                *x = a.at(i + k, j + l);
            }
        }
    }
    tile
}

/// Writes the tile from (i, j) on, as far as it is in the n×n matrix: what `entry` gives for its rows and columns.
#[inline(always)]
fn write<T: Real>(c: &mut MatrixMut<'_, T>, i: usize, j: usize, n: usize, entry: impl Fn(usize, usize) -> Option<T>) {
    if i + TILE <= n && j + TILE <= n && c.column_step == 1 {
        for k in 0..TILE {
            let from = (i + k) * c.row_step + j;
            let row = &mut c.data[from..from + TILE];
            for (l, x) in row.iter_mut().enumerate() {
                if let Some(entry) = entry(k, l) {
                    *x = entry;
                }
            }
        }
    } else {
        for k in 0..TILE.min(n - i) {
            for l in 0..TILE.min(n - j) {
                if let Some(entry) = entry(k, l) {
                    c.data[(i + k) * c.row_step + (j + l) * c.column_step] = entry;
                }
            }
        }
    }
}
