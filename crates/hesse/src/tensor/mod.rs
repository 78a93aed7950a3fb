//! WHAT IT MEANS: labelled products, hash-consed. This room knows no text.
pub mod dim;
pub mod number;
pub mod pool;
pub mod shape;
pub use dim::Dim;
pub use number::Rational;
pub use pool::{Expr, Factor, Label, Node, Pattern, Pool, VarId, VarKind, Variable};
pub use shape::Shape;
