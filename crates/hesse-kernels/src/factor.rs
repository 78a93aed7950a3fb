//! Factorizations of square matrices: Cholesky and LU, and what follows from them. All memory belongs to the [`Factor`], made once.
//!
//! ```
//! use hesse_kernels::factor::{Factor, Kind};
//! let mut factor = Factor::new(2, 1);
//! assert_eq!(factor.factorise(&[4.0, 2.0, 2.0, 5.0]), Kind::Cholesky);
//! let mut x = [8.0, 8.0];
//! factor.solve(&mut x, 1);
//! assert_eq!(x, [1.5, 1.0]);
//! assert_eq!(factor.determinant(), 16.0);
//! ```
//!
//! Matrices are row-major. Of A, memory is kept as it is: what faer, which runs columns, sees is Aᵀ. A singular matrix has determinant 0 and
//! log-determinant −∞; solving with it gives infinities or NaN.

mod large;
mod plain;

use crate::buffer::Buffer;
use crate::matrix::{MatrixMut, mirror};
use crate::real::Real;
use faer::dyn_stack::MemBuffer;
use std::any::TypeId;

/// Up to this size own loops are faster than faer.
const PLAIN: usize = 16;

/// What a matrix was factored into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A = L·Lᵀ
    Cholesky,
    /// P·Aᵀ = L·U with partial pivoting
    Lu,
}

/// From one column to the next: not a multiple of what the caches are divided by, or columns would push each other out.
fn step(n: usize) -> usize {
    if n >= 128 && n.is_multiple_of(32) { n + 8 } else { n }
}

/// The factors of an n×n matrix, and the memory to compute with them.
pub struct Factor<T> {
    n: usize,
    columns: usize,
    kind: Kind,
    /// L below the diagonal, U on and above it, or L on and below it; by columns, `step` apart.
    entries: Buffer<T>,
    step: usize,
    /// As large: for inverses of factors.
    work: Buffer<T>,
    /// Row i of P·Aᵀ is row `order[i]` of Aᵀ.
    order: Buffer<usize>,
    /// Where each row of Aᵀ went.
    places: Buffer<usize>,
    odd: bool,
    memory: MemBuffer,
}

impl<T: Real> Factor<T> {
    /// Memory for n×n matrices and up to `columns` right sides at a time (more are solved in several rounds). Before the first factorization, it
    /// holds the zero matrix.
    pub fn new(n: usize, columns: usize) -> Self {
        let columns = columns.max(1);
        let memory =
            if TypeId::of::<T>() == TypeId::of::<f64>() { large::memory::<f64>(n, columns) } else { large::memory::<f32>(n, columns) };
        let step = step(n);
        let size = if n > PLAIN { n * step } else { 0 };
        let mut factor = Factor {
            n,
            columns,
            kind: Kind::Lu,
            entries: Buffer::new(n * step),
            step,
            work: Buffer::new(size),
            order: Buffer::new(n),
            places: Buffer::new(n),
            odd: false,
            memory,
        };
        factor.lu_plain();
        factor
    }

    /// How it was factored last.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Factors A as MATLAB's backslash does: an exactly symmetric matrix with a positive diagonal by Cholesky, if that succeeds; any other by LU.
    pub fn factorise(&mut self, a: &[T]) -> Kind {
        if !(symmetric(a, self.n) && self.cholesky(a)) {
            self.lu(a);
        }
        self.kind
    }

    /// A = L·Lᵀ of an A that is taken to be symmetric: only one of its triangles is read. False where A is not positive definite, and then nothing
    /// can be solved.
    pub fn cholesky(&mut self, a: &[T]) -> bool {
        let n = self.n;
        self.kind = Kind::Cholesky;
        self.copy(a);
        if n <= PLAIN { plain::cholesky(&mut self.entries, n, self.step) } else { self.cholesky_large() }
    }

    fn copy(&mut self, a: &[T]) {
        for (to, from) in self.entries.chunks_exact_mut(self.step.max(1)).zip(a[..self.n * self.n].chunks_exact(self.n.max(1))) {
            to[..self.n].copy_from_slice(from);
        }
    }

    /// P·Aᵀ = L·U with partial pivoting.
    pub fn lu(&mut self, a: &[T]) {
        let n = self.n;
        self.kind = Kind::Lu;
        self.copy(a);
        if n <= PLAIN {
            return self.lu_plain();
        }
        self.lu_large();
        // faer divides by a pivot 0, so that what follows is NaN: a singular matrix is done again, a column without pivot left alone.
        let zero = T::default();
        #[allow(clippy::eq_op)] // only NaN differs from itself
        let lost = (0..n)
            .any(|k| self.entries[k * (self.step + 1)] == zero || self.entries[k * (self.step + 1)] != self.entries[k * (self.step + 1)]);
        if lost && a[..n * n].iter().all(|x| x.to_f64().is_finite()) {
            self.copy(a);
            self.lu_plain();
        }
    }

    fn lu_plain(&mut self) {
        self.odd = plain::lu(&mut self.entries, self.n, self.step, &mut self.order);
        (0..self.n).for_each(|i| self.places[self.order[i]] = i);
    }

    /// X with A·X = B in place of B, row-major with `m` columns.
    pub fn solve(&mut self, b: &mut [T], m: usize) {
        let b = &mut b[..self.n * m];
        match self.kind {
            _ if self.n > PLAIN && m > 1 => self.solve_large(b, m),
            Kind::Cholesky => plain::solve_cholesky(&self.entries, self.n, self.step, b, m),
            Kind::Lu => plain::solve_lu(&self.entries, self.n, self.step, &mut self.order, b, m),
        }
    }

    /// inv(A), row-major; exactly symmetric after Cholesky.
    pub fn inverse(&mut self, out: &mut [T]) {
        let n = self.n;
        let out = &mut out[..n * n];
        if n > PLAIN {
            self.inverse_large(out);
        } else {
            out.fill(T::default());
            (0..n).for_each(|i| out[i * n + i] = T::from_f64(1.0));
            self.solve(out, n);
        }
        if self.kind == Kind::Cholesky {
            mirror(MatrixMut::row_major(out, n, n));
        }
    }

    /// The pivots: of U, or the squares of those of L.
    fn pivots(&self) -> impl Iterator<Item = f64> {
        let square = self.kind == Kind::Cholesky;
        (0..self.n).map(move |k| self.entries[k * (self.step + 1)].to_f64()).map(move |p| if square { p * p } else { p })
    }

    /// det(A), which overflows or underflows only where the result does.
    pub fn determinant(&self) -> T {
        let (mut product, mut exponent) = (1.0f64, 0i64);
        for p in self.pivots() {
            let (p, e) = apart(p);
            let (q, f) = apart(product * p);
            (product, exponent) = (q, exponent + e + f);
        }
        if self.odd && self.kind == Kind::Lu {
            product = -product;
        }
        // The product is in [1, 2) or special: two steps, of which only the last may round.
        let e = exponent.clamp(-2200, 2200) as i32;
        T::from_f64(product * power_of_two(e / 2) * power_of_two(e - e / 2))
    }

    /// log |det(A)|, −∞ for a determinant of 0, and whether the determinant is negative.
    pub fn log_determinant(&self) -> (T, bool) {
        let mut negative = self.odd && self.kind == Kind::Lu;
        let (mut sum, mut product, mut exponent) = (0.0, 1.0f64, 0i64);
        for p in self.pivots() {
            if p == 0.0 {
                return (T::from_f64(f64::NEG_INFINITY), false);
            }
            negative ^= p < 0.0;
            // One logarithm of the product of the significands, the exponents apart.
            let (p, e) = apart(p.abs());
            product *= p;
            exponent += e;
            if product > 1e300 {
                sum += product.ln();
                product = 1.0;
            }
        }
        (T::from_f64(sum + product.ln() + exponent as f64 * std::f64::consts::LN_2), negative)
    }
}

/// x as y·2^e with |y| in [1, 2); zeros, infinities and NaN as they are.
fn apart(x: f64) -> (f64, i64) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, lift) = if x.is_normal() { (x, 0) } else { (x * power_of_two(64), -64) };
    let bits = x.to_bits();
    let e = (bits >> 52 & 0x7ff) as i64 - 1023;
    (f64::from_bits(bits & !(0x7ff << 52) | 1023 << 52), e + lift)
}

/// 2^e; 0 or ∞ beyond what a number holds.
fn power_of_two(e: i32) -> f64 {
    2f64.powi(e)
}

/// Whether A = Aᵀ to the bit (but −0 = 0), with a positive diagonal: by blocks that stay in the cache.
fn symmetric<T: Real>(a: &[T], n: usize) -> bool {
    const SIDE: usize = 32;
    let zero = T::default();
    (0..n).all(|i| a[i * n + i] > zero)
        && (0..n).step_by(SIDE).all(|rows| {
            (0..=rows)
                .step_by(SIDE)
                .all(|columns| (rows..n.min(rows + SIDE)).all(|i| (columns..i.min(columns + SIDE)).all(|j| a[i * n + j] == a[j * n + i])))
        })
}

#[cfg(test)]
mod tests;
