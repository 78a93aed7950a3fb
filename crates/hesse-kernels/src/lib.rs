//! Numeric kernels: what hesse computes with on real data, in f64 and f32.
//!
//! ```text
//! level    the machine's instruction sets, found at run time: one source, compiled for each
//! lanes    the vectors of an instruction set
//! function element-wise functions within two units in the last place, on slices and on one number
//! vector   dot, sum, axpy over slices
//! matrix   strided views; matrix times vector, matrix product, weighted Gram matrix, transposes
//! chain    a register machine over blocks of values: fused element-wise functions and reductions
//! factor   Cholesky and LU, and solutions, inverses, determinants, in memory made once
//! pool     threads that sleep until there is work; fixed pieces
//! buffer   aligned memory on huge pages
//! ```
//!
//! Nothing here allocates unless its documentation says so, and nothing here knows a formula. This is the only crate of hesse with
//! `unsafe` code.

pub mod buffer;
pub mod chain;
pub mod factor;
pub mod function;
pub mod lanes;
pub mod level;
pub mod mapped;
pub mod matrix;
pub mod pool;
pub mod real;
mod reduce;
pub mod vector;

pub use buffer::Buffer;
pub use chain::{Chain, Instruction, Reduction, Register, Source};
pub use function::{Binary, Unary};
pub use level::Level;
pub use matrix::{Matrix, MatrixMut};
pub use real::Real;
