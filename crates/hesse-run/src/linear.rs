//! Factorizations: LU for every scalar type (pivots are chosen by value), faer's for large matrices of f64 and f32, and large matrix products.
//!
//! faer runs sequentially here: its parallel features are not compiled in.

use crate::scalar::Scalar;
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{PartialPivLu, Solve};
use faer::{Accum, MatMut, MatRef, Par};

/// A matrix of a slice: entry (i, j) at `i·row + j·column`, one of the two 1.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    /// The entries.
    pub data: &'a [T],
    /// Step from row to row.
    pub row: usize,
    /// Step from column to column.
    pub column: usize,
}

/// A product of an m×k and a k×n matrix, wanted row-major.
#[derive(Clone, Copy, Debug)]
pub struct MatrixProduct<'a, T> {
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// The length of the sums.
    pub k: usize,
    /// m×k
    pub left: Strided<'a, T>,
    /// k×n
    pub right: Strided<'a, T>,
}

fn view<'a, T: faer::traits::RealField>(s: &Strided<'a, T>, rows: usize, columns: usize) -> MatRef<'a, T> {
    // A single row or column has no step along its other axis: any that is long enough will do.
    if s.column == 1 && (s.row >= columns || rows <= 1) {
        let step = s.row.max(columns);
        MatRef::from_row_major_slice_with_stride(&s.data[..reach(rows, columns, step)], rows, columns, step)
    } else {
        let step = s.column.max(rows);
        MatRef::from_column_major_slice_with_stride(&s.data[..reach(columns, rows, step)], rows, columns, step)
    }
}

/// Entries between the first and the last of `lines` lines of `length` entries, `step` apart.
fn reach(lines: usize, length: usize, step: usize) -> usize {
    if lines == 0 || length == 0 { 0 } else { (lines - 1) * step + length }
}

/// A matrix product by faer.
pub fn faer_product<T: faer::traits::RealField + Scalar>(job: &MatrixProduct<'_, T>) -> Vec<T> {
    let mut out = vec![<T as Scalar>::zero(); job.m * job.n];
    let target = MatMut::from_row_major_slice_mut(&mut out, job.m, job.n);
    matmul(target, Accum::Replace, view(&job.left, job.m, job.k), view(&job.right, job.k, job.n), <T as Scalar>::one(), Par::Seq);
    out
}

fn faer_factors<T: faer::traits::RealField + Scalar>(a: &[T], n: usize) -> PartialPivLu<T> {
    PartialPivLu::new(MatRef::from_row_major_slice(a, n, n))
}

/// The adjugate, det(A)·inv(A), of a row-major n×n matrix, also where A is singular.
///
/// P·A·Q = L·U with complete pivoting, so adj(A) = det(P)·det(Q) · Q·adj(U)·inv(L)·P. With U = [V, u; 0, s] and d = det(V),
/// adj(U) = [d·s·inv(V), -d·inv(V)·u; 0, d]: no division by s, and 0 where V is singular too (rank below n - 1).
///
/// ```
/// use hesse_run::linear::adjugate;
/// assert_eq!(adjugate(&[1.0, 2.0, 2.0, 4.0], 2), [4.0, -2.0, -2.0, 1.0]);
/// ```
pub fn adjugate<T: Scalar>(a: &[T], n: usize) -> Vec<T> {
    let mut u = a.to_vec();
    let (mut rows, mut columns): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..n).collect());
    let mut odd = false;
    // L is kept below the diagonal of `u`.
    for k in 0..n {
        let places = (k..n).flat_map(|i| (k..n).map(move |j| (i, j)));
        let best = places.max_by(|x, y| u[x.0 * n + x.1].value().abs().total_cmp(&u[y.0 * n + y.1].value().abs()));
        let Some((i, j)) = best else { break };
        if i != k {
            (0..n).for_each(|c| u.swap(k * n + c, i * n + c));
            rows.swap(k, i);
            odd = !odd;
        }
        if j != k {
            (0..n).for_each(|r| u.swap(r * n + k, r * n + j));
            columns.swap(k, j);
            odd = !odd;
        }
        let pivot = u[k * n + k];
        if pivot.is_zero() {
            break;
        }
        for i in k + 1..n {
            let factor = u[i * n + k] / pivot;
            u[i * n + k] = factor;
            for j in k + 1..n {
                u[i * n + j] = u[i * n + j] - factor * u[k * n + j];
            }
        }
    }
    let m = n.saturating_sub(1);
    let mut d = if odd { -T::one() } else { T::one() };
    for k in 0..m {
        d = d * u[k * n + k];
    }
    if n == 0 || (0..m).any(|k| u[k * n + k].is_zero()) {
        return vec![T::zero(); n * n];
    }
    let last = u[m * n + m];
    let mut out = vec![T::zero(); n * n];
    for column in 0..n {
        // y = inv(L)·(P e_column), unscaled; the pivots of V are safe to divide by.
        let mut y: Vec<T> = rows.iter().map(|r| if *r == column { T::one() } else { T::zero() }).collect();
        for i in 0..n {
            for k in 0..i {
                y[i] = y[i] - u[i * n + k] * y[k];
            }
        }
        let tail = y[m];
        let mut x: Vec<T> = (0..m).map(|i| y[i] * last - u[i * n + m] * tail).collect();
        for i in (0..m).rev() {
            for k in i + 1..m {
                x[i] = x[i] - u[i * n + k] * x[k];
            }
            x[i] = x[i] / u[i * n + i];
        }
        x.push(tail);
        for (i, value) in x.into_iter().enumerate() {
            out[columns[i] * n + column] = d * value;
        }
    }
    out
}

/// X with A·X = B by faer, B row-major n×m.
pub fn faer_solve<T: faer::traits::RealField + Scalar>(a: &[T], n: usize, b: &[T], m: usize) -> Vec<T> {
    let x = faer_factors(a, n).solve(MatRef::from_row_major_slice(b, n, m));
    (0..n * m).map(|k| x[(k / m, k % m)]).collect()
}

/// The pivots of A by faer, for determinants only.
pub fn faer_lu<T: faer::traits::RealField + Scalar>(a: &[T], n: usize) -> Lu<T> {
    let factors = faer_factors(a, n);
    let u = factors.U();
    let mut entries = vec![<T as Scalar>::zero(); n * n];
    for k in 0..n {
        entries[k * n + k] = u[(k, k)];
    }
    let mut order = factors.P().arrays().0.to_vec();
    let mut odd = false;
    for k in 0..n {
        while order[k] != k {
            let to = order[k];
            order.swap(k, to);
            odd = !odd;
        }
    }
    Lu { n, entries, order: (0..n).collect(), odd }
}

/// P·A = L·U with partial pivoting by value, L and U in one row-major array.
#[derive(Clone, Debug)]
pub struct Lu<T> {
    n: usize,
    entries: Vec<T>,
    order: Vec<usize>,
    odd: bool,
}

impl<T: Scalar> Lu<T> {
    /// Factors a row-major n×n matrix; a singular one gets a pivot 0, and solving with it gives infinities or NaN.
    pub fn new(a: &[T], n: usize) -> Self {
        let mut e = a.to_vec();
        let mut order: Vec<usize> = (0..n).collect();
        let mut odd = false;
        for k in 0..n {
            let mut pivot = k;
            for i in k + 1..n {
                if e[i * n + k].value().abs() > e[pivot * n + k].value().abs() {
                    pivot = i;
                }
            }
            if pivot != k {
                for j in 0..n {
                    e.swap(k * n + j, pivot * n + j);
                }
                order.swap(k, pivot);
                odd = !odd;
            }
            let p = e[k * n + k];
            if p.is_zero() {
                continue;
            }
            for i in k + 1..n {
                let factor = e[i * n + k] / p;
                e[i * n + k] = factor;
                if !factor.is_zero() {
                    for j in k + 1..n {
                        e[i * n + j] = e[i * n + j] - factor * e[k * n + j];
                    }
                }
            }
        }
        Lu { n, entries: e, order, odd }
    }

    /// X with A·X = B, B row-major n×m.
    pub fn solve(&self, b: &[T], m: usize) -> Vec<T> {
        let (n, e) = (self.n, &self.entries);
        let mut x: Vec<T> = self.order.iter().flat_map(|&i| b[i * m..(i + 1) * m].iter().copied()).collect();
        for i in 0..n {
            for k in 0..i {
                let factor = e[i * n + k];
                if !factor.is_zero() {
                    for c in 0..m {
                        x[i * m + c] = x[i * m + c] - factor * x[k * m + c];
                    }
                }
            }
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                let factor = e[i * n + k];
                if !factor.is_zero() {
                    for c in 0..m {
                        x[i * m + c] = x[i * m + c] - factor * x[k * m + c];
                    }
                }
            }
            for c in 0..m {
                x[i * m + c] = x[i * m + c] / e[i * n + i];
            }
        }
        x
    }

    /// The product of the pivots with the sign of the permutation, without overflow on the way.
    pub fn determinant(&self) -> T {
        let pivots = (0..self.n).map(|k| self.entries[k * self.n + k]);
        let product = scaled_product(pivots);
        if self.odd { -product } else { product }
    }

    /// The sum of the logarithms of the sizes of the pivots, −∞ for a determinant of 0; and whether it is negative.
    pub fn log_determinant(&self) -> (T, bool) {
        let mut negative = self.odd;
        let mut sum = T::zero();
        for k in 0..self.n {
            let p = self.entries[k * self.n + k];
            if p.value() == 0.0 {
                return (T::from_f64(f64::NEG_INFINITY), false);
            }
            negative ^= p.value() < 0.0;
            sum = sum + (if p.value() < 0.0 { -p } else { p }).ln();
        }
        (sum, negative)
    }
}

/// 2^e, also where it is denormal.
fn power_of_two(e: i32) -> f64 {
    if e < -1000 { 2f64.powi(e / 2) * 2f64.powi(e - e / 2) } else { 2f64.powi(e) }
}

/// x·2^−e with a value near 1, and e.
fn normalised<T: Scalar>(x: T) -> (T, i32) {
    let size = x.value().abs();
    if !size.is_normal() || (1e-3..1e3).contains(&size) {
        return (x, 0);
    }
    let e = size.log2().floor() as i32;
    (x * T::from_f64(power_of_two(-(e / 2))) * T::from_f64(power_of_two(-(e - e / 2))), e)
}

/// A product whose exponent is kept apart, so that only the result can overflow or underflow.
#[derive(Clone, Copy)]
struct Scaled<T> {
    product: T,
    exponent: i32,
}

impl<T: Scalar> Scaled<T> {
    fn one() -> Self {
        Scaled { product: T::one(), exponent: 0 }
    }
    fn times(self, factor: T) -> Self {
        let (factor, e) = normalised(factor);
        let (product, f) = normalised(self.product * factor);
        Scaled { product, exponent: self.exponent + e + f }
    }
    fn value(self) -> T {
        let Scaled { mut product, mut exponent } = self;
        while exponent != 0 {
            let e = exponent.clamp(-500, 500);
            product = product * T::from_f64(power_of_two(e));
            exponent -= e;
        }
        product
    }
}

/// A product of which only the result can overflow or underflow.
pub fn scaled_product<T: Scalar>(factors: impl Iterator<Item = T>) -> T {
    factors.fold(Scaled::one(), Scaled::times).value()
}

/// For each entry the product of all others: what stands before it times what stands behind it, so that nothing is divided by a 0.
///
/// ```
/// use hesse_run::linear::others;
/// assert_eq!(others(&[2.0, 0.0, 3.0]), [0.0, 6.0, 0.0]);
/// ```
pub fn others<T: Scalar>(data: &[T]) -> Vec<T> {
    let mut before = Vec::with_capacity(data.len());
    let mut product = Scaled::one();
    for &x in data {
        before.push(product);
        product = product.times(x);
    }
    let mut behind = Scaled::one();
    let mut out = vec![T::zero(); data.len()];
    for k in (0..data.len()).rev() {
        let both = before[k].times(behind.product);
        out[k] = Scaled { exponent: both.exponent + behind.exponent, ..both }.value();
        behind = behind.times(data[k]);
    }
    out
}

/// The determinant with right derivatives also where the matrix is singular: Gaussian elimination with complete pivoting by value, as long as
/// there is a pivot of any size; what is left then (values that are all but 0, derivatives that are not) has its determinant by Bird's
/// division-free algorithm (Inf. Process. Lett. 111, 2011), which is right over any commutative ring, so over dual numbers.
pub fn determinant<T: Scalar>(a: &[T], n: usize) -> T {
    let mut e = a.to_vec();
    let mut odd = false;
    let scale = a.iter().map(|x| x.value().abs()).fold(0.0, f64::max);
    let mut pivots = vec![];
    for k in 0..n {
        let (mut row, mut column, mut best) = (k, k, 0.0);
        for i in k..n {
            for j in k..n {
                let size = e[i * n + j].value().abs();
                if size > best {
                    (row, column, best) = (i, j, size);
                }
            }
        }
        if best <= 1e-14 * scale * n as f64 {
            let rest: Vec<T> = (k..n).flat_map(|i| e[i * n + k..(i + 1) * n].iter().copied()).collect();
            pivots.push(division_free(&rest, n - k));
            break;
        }
        if row != k {
            for j in 0..n {
                e.swap(k * n + j, row * n + j);
            }
            odd = !odd;
        }
        if column != k {
            for i in 0..n {
                e.swap(i * n + k, i * n + column);
            }
            odd = !odd;
        }
        let p = e[k * n + k];
        pivots.push(p);
        for i in k + 1..n {
            let factor = e[i * n + k] / p;
            for j in k + 1..n {
                e[i * n + j] = e[i * n + j] - factor * e[k * n + j];
            }
        }
    }
    let product = scaled_product(pivots.into_iter());
    if odd { -product } else { product }
}

/// Bird's algorithm: F ← μ(F)·A, n−1 times; μ keeps the upper triangle and puts −Σ_{j>i} F_jj on the diagonal.
fn division_free<T: Scalar>(a: &[T], n: usize) -> T {
    if n == 0 {
        return T::one();
    }
    let mut f = a.to_vec();
    for _ in 1..n {
        let mut mu = vec![T::zero(); n * n];
        let mut tail = T::zero();
        for i in (0..n).rev() {
            mu[i * n + i] = -tail;
            tail = tail + f[i * n + i];
            mu[i * n + i + 1..(i + 1) * n].copy_from_slice(&f[i * n + i + 1..(i + 1) * n]);
        }
        for i in 0..n {
            for j in 0..n {
                f[i * n + j] = (i..n).fold(T::zero(), |sum, k| sum + mu[i * n + k] * a[k * n + j]);
            }
        }
    }
    if n.is_multiple_of(2) { -f[0] } else { f[0] }
}

/// Which entries are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The largest.
    Largest,
    /// The smallest.
    Smallest,
}

impl Extreme {
    /// What a row of the table chooses, and whether it gives the place instead of the value.
    pub fn find(name: &str) -> Option<(Extreme, bool)> {
        match name {
            "maximum" => Some((Extreme::Largest, false)),
            "minimum" => Some((Extreme::Smallest, false)),
            "argmax" => Some((Extreme::Largest, true)),
            "argmin" => Some((Extreme::Smallest, true)),
            _ => None,
        }
    }

    /// The positions of all entries that equal the largest (smallest) by value; the first NaN where there is one.
    pub fn choose<T: Scalar>(self, data: &[T]) -> Vec<usize> {
        let mut chosen: Vec<usize> = vec![];
        for (k, x) in data.iter().enumerate() {
            let Some(&first) = chosen.first() else {
                chosen.push(k);
                continue;
            };
            let (x, best) = (x.value(), data[first].value());
            if best.is_nan() {
                break;
            }
            let better = if self == Extreme::Largest { x > best } else { x < best };
            if better || x.is_nan() {
                chosen = vec![k];
            } else if x == best {
                chosen.push(k);
            }
        }
        chosen
    }
}

/// 1/k at each of the k positions, 0 elsewhere.
pub fn shares(chosen: &[usize], length: usize) -> Vec<f64> {
    let mut out = vec![0.0; length];
    chosen.iter().for_each(|k| out[*k] = 1.0 / chosen.len() as f64);
    out
}

/// The mean of entries of equal value: the value, and a derivative that is shared equally.
pub fn mean_of<T: Scalar>(data: &[T], chosen: &[usize]) -> T {
    let Some((&first, rest)) = chosen.split_first() else { return T::from_f64(f64::NAN) };
    // The value stays as it is: only what moves differently is shared.
    let apart = rest.iter().filter(|k| data[**k] != data[first]).fold(T::zero(), |sum, k| sum + (data[*k] - data[first]));
    if apart.is_zero() || !data[first].is_finite() { data[first] } else { data[first] + apart / T::from_f64(chosen.len() as f64) }
}

/// √Σx², scaled by the largest entry; 0 with derivative 0 where all entries are 0 (the convention of the row). `seen` is shown Σx² over the
/// norm: as large as the derivatives that may cancel on the way.
pub fn norm2<T: Scalar>(data: &[T], seen: &mut impl FnMut(T)) -> T {
    let mut largest = 0.0f64;
    for x in data {
        let size = x.value().abs();
        if size.is_nan() {
            return T::from_f64(f64::NAN);
        }
        largest = largest.max(size);
    }
    if largest == 0.0 || largest.is_infinite() {
        return T::from_f64(largest);
    }
    // A power of two scales without rounding.
    let scale = T::from_f64(power_of_two((largest.log2().floor() as i32).clamp(-1022, 1022)));
    let mut sum = T::zero();
    for &x in data {
        let y = x / scale;
        sum = sum + y * y;
    }
    seen(sum * scale / T::from_f64(sum.value().sqrt()));
    sum.sqrt() * scale
}

/// log Σ exp(x), shifted by the largest entry; −∞ where there are no entries or all are −∞. `seen` is shown the sum over its value: as large as
/// the derivatives that may cancel on the way.
pub fn logsumexp<T: Scalar>(data: &[T], seen: &mut impl FnMut(T)) -> T {
    let mut largest = f64::NEG_INFINITY;
    for x in data {
        if x.value().is_nan() {
            return T::from_f64(f64::NAN);
        }
        largest = largest.max(x.value());
    }
    if largest.is_infinite() {
        return T::from_f64(largest);
    }
    let shift = T::from_f64(largest);
    let mut sum = T::zero();
    for &x in data {
        sum = sum + (x - shift).exp();
    }
    seen(sum / T::from_f64(sum.value()));
    shift + sum.ln()
}
