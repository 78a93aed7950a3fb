//! Matrix products: small ones by own loops, the rest by faer's kernels, in one thread each.

use super::{Matrix, MatrixMut};
use crate::pool;
use crate::real::Real;
use faer::linalg::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use std::any::TypeId;

/// Below this many multiplications a product is one piece.
const PIECE: usize = 1 << 20;
/// Rows and columns of C that a piece has at least: less would pack A or B too often.
const SIDE: usize = 64;
/// The most pieces.
const PIECES: usize = 8;

/// C ← A·B, or C ← C + A·B with `add`, by at most `threads` threads. The result does not depend on their number: large products are cut into the same
/// pieces for any.
///
/// f32 is summed in f32, in blocks of 512 terms.
pub fn product<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, add: bool, mut c: MatrixMut<'_, T>, threads: usize) {
    let (m, n, k) = (c.rows, c.columns, a.columns);
    assert!(a.rows == m && b.columns == n && b.rows == k, "the shapes of a product do not fit");
    a.check();
    b.check();
    c.check();
    if m == 0 || n == 0 {
        return;
    }
    let job = Job { a: a.part(), b: b.part(), c: c.part(), m, n, k, add };
    let size = m.saturating_mul(n).saturating_mul(k);
    if size <= SMALL && m <= 16 && n <= 16 {
        // SAFETY: `check` has seen that the slices hold what the shapes say; C is borrowed exclusively and is none of the others.
        return unsafe { small(&job) };
    }
    let along_rows = m > n;
    let side = m.max(n);
    let pieces = (size / PIECE).clamp(1, PIECES).min(side / SIDE).max(1);
    if pieces == 1 {
        // SAFETY: as above.
        return unsafe { job.run() };
    }
    // Whole vectors a piece.
    let step = side.div_ceil(pieces).next_multiple_of(16);
    pool::parallel(side.div_ceil(step), threads, |p| {
        let from = p * step;
        let length = step.min(side - from);
        // SAFETY: as above; pieces are disjoint rows or columns of C, of which each comes once.
        unsafe { if along_rows { job.rows(from, length).run() } else { job.columns(from, length).run() } }
    });
}

/// Below this many multiplications own loops are faster.
const SMALL: usize = 512;

/// A matrix by pointer and steps.
#[derive(Clone, Copy)]
pub(super) struct Part<T> {
    pub start: *mut T,
    pub row_step: usize,
    pub column_step: usize,
}

impl<T> Part<T> {
    /// # Safety
    /// (i, j) must be in the matrix.
    pub unsafe fn from(self, i: usize, j: usize) -> Self {
        // SAFETY: promised by the caller.
        Part { start: unsafe { self.start.add(i * self.row_step + j * self.column_step) }, ..self }
    }
    /// # Safety
    /// The rows and columns must be readable for as long as the view lives.
    pub unsafe fn view<'a>(self, rows: usize, columns: usize) -> MatRef<'a, T> {
        // SAFETY: promised by the caller.
        unsafe { MatRef::from_raw_parts(self.start, rows, columns, self.row_step as isize, self.column_step as isize) }
    }
    /// # Safety
    /// The rows and columns must be this view's alone for as long as it lives.
    pub unsafe fn view_mut<'a>(self, rows: usize, columns: usize) -> MatMut<'a, T> {
        // SAFETY: promised by the caller.
        unsafe { MatMut::from_raw_parts_mut(self.start, rows, columns, self.row_step as isize, self.column_step as isize) }
    }
    pub fn cast<F>(self) -> Part<F> {
        Part { start: self.start.cast(), row_step: self.row_step, column_step: self.column_step }
    }
}

/// C ← A·B or C + A·B, m×k times k×n.
#[derive(Clone, Copy)]
pub(super) struct Job<T> {
    pub a: Part<T>,
    pub b: Part<T>,
    pub c: Part<T>,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub add: bool,
}

// SAFETY: threads run disjoint pieces of C, and only read A and B.
unsafe impl<T: Sync> Sync for Job<T> {}

impl<T: Real> Job<T> {
    /// The rows from `from` on.
    ///
    /// # Safety
    /// They must be in C.
    pub unsafe fn rows(&self, from: usize, m: usize) -> Self {
        // SAFETY: promised by the caller.
        unsafe { Job { a: self.a.from(from, 0), c: self.c.from(from, 0), m, ..*self } }
    }
    /// The columns from `from` on.
    ///
    /// # Safety
    /// They must be in C.
    pub unsafe fn columns(&self, from: usize, n: usize) -> Self {
        // SAFETY: promised by the caller.
        unsafe { Job { b: self.b.from(0, from), c: self.c.from(0, from), n, ..*self } }
    }
    /// By faer.
    ///
    /// # Safety
    /// A and B must be readable, C this call's alone.
    pub unsafe fn run(&self) {
        // SAFETY: promised by the caller; T is the type that is named, or the plain loops do it.
        unsafe {
            if TypeId::of::<T>() == TypeId::of::<f64>() {
                self.by_faer::<f64>();
            } else if TypeId::of::<T>() == TypeId::of::<f32>() {
                self.by_faer::<f32>();
            } else {
                small(self);
            }
        }
    }
    unsafe fn by_faer<F: RealField>(&self) {
        let accumulate = if self.add { Accum::Add } else { Accum::Replace };
        // SAFETY: promised by `run`'s caller; F is T.
        unsafe {
            let c = self.c.cast::<F>().view_mut(self.m, self.n);
            let (a, b) = (self.a.cast::<F>().view(self.m, self.k), self.b.cast::<F>().view(self.k, self.n));
            matmul::matmul(c, accumulate, a, b, F::one_impl(), Par::Seq);
        }
    }
    /// The lower triangle of a square C only.
    ///
    /// # Safety
    /// As of [`Job::run`].
    pub unsafe fn run_lower(&self) {
        // SAFETY: promised by the caller; T is the type that is named.
        unsafe {
            if TypeId::of::<T>() == TypeId::of::<f64>() {
                self.lower_by_faer::<f64>();
            } else if TypeId::of::<T>() == TypeId::of::<f32>() {
                self.lower_by_faer::<f32>();
            } else {
                (0..self.m).for_each(|i| small(&Job { n: i + 1, ..self.rows(i, 1) }));
            }
        }
    }
    unsafe fn lower_by_faer<F: RealField>(&self) {
        let accumulate = if self.add { Accum::Add } else { Accum::Replace };
        // SAFETY: promised by `run_lower`'s caller; F is T.
        unsafe {
            let c = self.c.cast::<F>().view_mut(self.m, self.n);
            let (a, b) = (self.a.cast::<F>().view(self.m, self.k), self.b.cast::<F>().view(self.k, self.n));
            let whole = BlockStructure::Rectangular;
            triangular::matmul(c, BlockStructure::TriangularLower, accumulate, a, whole, b, whole, F::one_impl(), Par::Seq);
        }
    }
}

/// By plain loops.
///
/// # Safety
/// As of [`Job::run`].
#[inline]
pub(super) unsafe fn small<T: Real>(job: &Job<T>) {
    let Job { a, b, c, m, n, k, add } = *job;
    // SAFETY: promised by the caller.
    unsafe {
        for i in 0..m {
            let row = a.start.add(i * a.row_step);
            for j in 0..n {
                let column = b.start.add(j * b.column_step);
                let to = c.start.add(i * c.row_step + j * c.column_step);
                let mut sum = T::default();
                for l in 0..k {
                    sum += *row.add(l * a.column_step) * *column.add(l * b.row_step);
                }
                *to = if add { *to + sum } else { sum };
            }
        }
    }
}
