//! Factorizations and solutions by faer, in one thread and in the factor's own memory.

use super::plain::put_in_order;
use super::{Factor, Kind};
use crate::real::Real;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::linalg::lu::partial_pivoting as lu;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_inverse;
use faer::perm::PermRef;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use std::any::TypeId;

/// What faer's functions work in.
pub(super) fn memory<F: RealField>(n: usize, columns: usize) -> MemBuffer {
    let par = Par::Seq;
    let all = StackReq::any_of(&[
        llt::factor::cholesky_in_place_scratch::<F>(n, par, Default::default()),
        llt::solve::solve_in_place_scratch::<F>(n, columns, par),
        lu::factor::lu_in_place_scratch::<usize, F>(n, n, par, Default::default()),
        lu::solve::solve_transpose_in_place_scratch::<usize, F>(n, columns, par),
    ]);
    let mut memory = MemBuffer::new(all);
    // Written once, so that no call meets a page fault.
    memory.iter_mut().for_each(|byte| {
        byte.write(0);
    });
    memory
}

/// The same numbers, where T is F.
fn same<T: Real, F: Real>(x: &mut [T]) -> &mut [F] {
    assert_eq!(TypeId::of::<T>(), TypeId::of::<F>(), "factorizations are of f64 and f32");
    // SAFETY: T is F.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
}

/// Calls a method for the type that T is.
macro_rules! by_type {
    ($self:ident.$method:ident($($a:expr),*)) => {
        if TypeId::of::<T>() == TypeId::of::<f64>() { $self.$method::<f64>($($a),*) } else { $self.$method::<f32>($($a),*) }
    };
}

impl<T: Real> Factor<T> {
    pub(super) fn cholesky_large(&mut self) -> bool {
        by_type!(self.cholesky_of())
    }
    pub(super) fn lu_large(&mut self) {
        by_type!(self.lu_of());
    }
    pub(super) fn solve_large(&mut self, b: &mut [T], m: usize) {
        by_type!(self.solve_of(b, m));
    }
    pub(super) fn inverse_large(&mut self, out: &mut [T]) {
        by_type!(self.inverse_of(out));
    }

    fn cholesky_of<F: Real + RealField>(&mut self) -> bool {
        let n = self.n;
        let e = MatMut::from_column_major_slice_with_stride_mut(same::<T, F>(&mut self.entries), n, n, self.step);
        let stack = MemStack::new(&mut self.memory);
        let done = llt::factor::cholesky_in_place(e, Default::default(), Par::Seq, stack, Default::default()).is_ok();
        // An infinite pivot counts as positive there.
        done && self.pivots().all(f64::is_finite)
    }

    fn lu_of<F: Real + RealField>(&mut self) {
        let n = self.n;
        let e = MatMut::from_column_major_slice_with_stride_mut(same::<T, F>(&mut self.entries), n, n, self.step);
        let stack = MemStack::new(&mut self.memory);
        let (info, _) = lu::factor::lu_in_place(e, &mut self.order, &mut self.places, Par::Seq, stack, Default::default());
        self.odd = info.transposition_count % 2 == 1;
    }

    fn solve_of<F: Real + RealField>(&mut self, b: &mut [T], m: usize) {
        let n = self.n;
        let e = MatRef::from_column_major_slice_with_stride(&*same::<T, F>(&mut self.entries), n, n, self.step);
        let mut b = MatMut::from_row_major_slice_mut(same::<T, F>(b), n, m);
        let order = PermRef::new_checked(&self.order, &self.places, n);
        for from in (0..m).step_by(self.columns) {
            let b = b.as_mut().subcols_mut(from, self.columns.min(m - from));
            let stack = MemStack::new(&mut self.memory);
            match self.kind {
                Kind::Cholesky => llt::solve::solve_in_place(e, b, Par::Seq, stack),
                Kind::Lu => lu::solve::solve_transpose_in_place(e, e, order, b, Par::Seq, stack),
            }
        }
    }

    fn inverse_of<F: Real + RealField>(&mut self, out: &mut [T]) {
        let n = self.n;
        let e = MatRef::from_column_major_slice_with_stride(&*same::<T, F>(&mut self.entries), n, n, self.step);
        let mut inverses = MatMut::from_column_major_slice_with_stride_mut(same::<T, F>(&mut self.work), n, n, self.step);
        let one = F::one_impl();
        match self.kind {
            Kind::Cholesky => {
                triangular_inverse::invert_lower_triangular(inverses.as_mut(), e, Par::Seq);
                let inverse = inverses.as_ref();
                // The lower triangle, by rows.
                let out = MatMut::from_row_major_slice_mut(same::<T, F>(out), n, n);
                let (lower, upper) = (BlockStructure::TriangularLower, BlockStructure::TriangularUpper);
                triangular::matmul(out, lower, Accum::Replace, inverse.transpose(), upper, inverse, lower, one, Par::Seq);
            }
            Kind::Lu => {
                triangular_inverse::invert_unit_lower_triangular(inverses.as_mut(), e, Par::Seq);
                triangular_inverse::invert_upper_triangular(inverses.as_mut(), e, Par::Seq);
                let inverse = inverses.as_ref();
                // inv(Aᵀ) = inv(U)·inv(L)·P by columns is inv(A) by rows.
                let all = MatMut::from_column_major_slice_mut(same::<T, F>(out), n, n);
                let (lower, upper) = (BlockStructure::UnitTriangularLower, BlockStructure::TriangularUpper);
                triangular::matmul(all, BlockStructure::Rectangular, Accum::Replace, inverse, upper, inverse, lower, one, Par::Seq);
                put_in_order(out, n, &mut self.order);
            }
        }
    }
}
