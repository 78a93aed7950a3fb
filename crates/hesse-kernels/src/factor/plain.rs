//! Factorizations and solutions by plain loops along columns: for small matrices, for one right side, and where pivots may be 0.
//!
//! Entry (i, j) is at `e[j·step + i]`.

use crate::real::Real;
use crate::vector::{axpy, dot};

/// Beyond this length a loop is a kernel's.
const SHORT: usize = 7;

/// y += c·x
#[inline(always)]
fn add<T: Real>(c: T, x: &[T], y: &mut [T]) {
    if y.len() > SHORT {
        return axpy(c, x, y);
    }
    for (y, x) in y.iter_mut().zip(x) {
        *y += c * *x;
    }
}

/// Σ aᵢ·bᵢ
#[inline(always)]
fn product<T: Real>(a: &[T], b: &[T]) -> T {
    if a.len() > SHORT {
        return dot(a, b);
    }
    let mut sum = T::default();
    for (a, b) in a.iter().zip(b) {
        sum += *a * *b;
    }
    sum
}

fn root<T: Real>(x: T) -> T {
    T::from_f64(x.to_f64().sqrt())
}

fn size<T: Real>(x: T) -> T {
    if x < T::default() { -x } else { x }
}

/// A = L·Lᵀ in place of A's lower triangle. False where a pivot is not positive and finite.
pub(super) fn cholesky<T: Real>(e: &mut [T], n: usize, step: usize) -> bool {
    for k in 0..n {
        let (left, right) = e.split_at_mut((k + 1) * step);
        let column = &mut left[k * step..k * step + n];
        // Also false for NaN.
        if !(column[k] > T::default()) || column[k].to_f64() == f64::INFINITY {
            return false;
        }
        let pivot = root(column[k]);
        let factor = T::from_f64(1.0) / pivot;
        column[k] = pivot;
        column[k + 1..].iter_mut().for_each(|x| *x = *x * factor);
        for (j, to) in right.chunks_exact_mut(step).enumerate().map(|(j, to)| (j + k + 1, to)) {
            add(-column[j], &column[j..], &mut to[j..n]);
        }
    }
    true
}

/// P·M = L·U with partial pivoting, where row i of P·M is row `order[i]` of M; whether the permutation is odd. A column without a pivot is left
/// alone.
pub(super) fn lu<T: Real>(e: &mut [T], n: usize, step: usize, order: &mut [usize]) -> bool {
    (0..n).for_each(|i| order[i] = i);
    let mut odd = false;
    for k in 0..n {
        let mut pivot = k;
        for i in k + 1..n {
            if size(e[k * step + i]) > size(e[k * step + pivot]) {
                pivot = i;
            }
        }
        if pivot != k {
            (0..n).for_each(|j| e.swap(j * step + k, j * step + pivot));
            order.swap(k, pivot);
            odd = !odd;
        }
        let (left, right) = e.split_at_mut((k + 1) * step);
        let column = &mut left[k * step..k * step + n];
        let p = column[k];
        if p == T::default() {
            continue;
        }
        column[k + 1..].iter_mut().for_each(|x| *x = *x / p);
        for to in right.chunks_exact_mut(step) {
            add(-to[k], &column[k + 1..], &mut to[k + 1..n]);
        }
    }
    odd
}

/// X with L·Lᵀ·X = B in place of B, row-major with m columns.
pub(super) fn solve_cholesky<T: Real>(e: &[T], n: usize, step: usize, b: &mut [T], m: usize) {
    if m == 1 {
        for k in 0..n {
            let x = b[k] / e[k * step + k];
            b[k] = x;
            add(-x, &e[k * step + k + 1..k * step + n], &mut b[k + 1..n]);
        }
        for i in (0..n).rev() {
            b[i] = (b[i] - product(&e[i * step + i + 1..i * step + n], &b[i + 1..n])) / e[i * step + i];
        }
        return;
    }
    for i in 0..n {
        for k in 0..i {
            row_minus(b, m, i, e[k * step + i], k);
        }
        let p = e[i * step + i];
        b[i * m..(i + 1) * m].iter_mut().for_each(|x| *x = *x / p);
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            row_minus(b, m, i, e[i * step + k], k);
        }
        let p = e[i * step + i];
        b[i * m..(i + 1) * m].iter_mut().for_each(|x| *x = *x / p);
    }
}

/// X with Mᵀ·X = B in place of B, row-major with m columns: Uᵀ·Lᵀ·(P·X) = B. `order` is as [`lu`] gave it, also afterwards.
pub(super) fn solve_lu<T: Real>(e: &[T], n: usize, step: usize, order: &mut [usize], b: &mut [T], m: usize) {
    if m == 1 {
        for i in 0..n {
            b[i] = (b[i] - product(&e[i * step..i * step + i], &b[..i])) / e[i * step + i];
        }
        for i in (0..n).rev() {
            b[i] = b[i] - product(&e[i * step + i + 1..i * step + n], &b[i + 1..n]);
        }
    } else {
        for i in 0..n {
            for k in 0..i {
                row_minus(b, m, i, e[i * step + k], k);
            }
            let p = e[i * step + i];
            b[i * m..(i + 1) * m].iter_mut().for_each(|x| *x = *x / p);
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                row_minus(b, m, i, e[i * step + k], k);
            }
        }
    }
    put_in_order(b, m, order);
}

/// Row i goes to row order[i], along the cycles; a place that is done is marked by its complement, and unmarked in the end.
pub(super) fn put_in_order<T: Real>(b: &mut [T], m: usize, order: &mut [usize]) {
    for start in 0..order.len() {
        let mut next = order[start];
        if next >= order.len() {
            continue;
        }
        order[start] = !next;
        while next != start {
            let (first, second) = b.split_at_mut(next.max(start) * m);
            let low = next.min(start) * m;
            first[low..low + m].swap_with_slice(&mut second[..m]);
            let done = next;
            next = order[done];
            order[done] = !next;
        }
    }
    order.iter_mut().for_each(|o| *o = !*o);
}

/// Row i −= c·row k
#[inline(always)]
fn row_minus<T: Real>(b: &mut [T], m: usize, i: usize, c: T, k: usize) {
    let (first, second) = b.split_at_mut(i.max(k) * m);
    let (to, from) = if k < i { (&mut second[..m], &first[k * m..(k + 1) * m]) } else { (&mut first[i * m..(i + 1) * m], &second[..m]) };
    add(-c, from, to);
}
