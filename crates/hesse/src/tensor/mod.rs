//! WHAT IT MEANS: labelled products, hash-consed. This room knows no text.
pub mod dim;
mod map;
pub mod matcher;
pub mod number;
pub mod pool;
mod product;
pub mod shape;
mod show;
mod sum;
pub use dim::Dim;
pub use number::Rational;
pub use pool::{Expr, Factor, Label, Limits, Node, Pattern, Pool, VarId, VarKind, Variable};
pub use shape::Shape;

#[cfg(test)]
mod tests;
