//! WHAT WE DO, one verb a file.
//!
//! ```text
//! Document ─scope▶ names ─lower▶ terms ─shapes▶ sides ─build▶ Model ─differentiate▶ Expr ─simplify▶ Expr ─notate▶ Syntax
//!                                  └─conditions▶ domains and kinks
//! ```
mod absorb;
pub mod build;
pub mod complaint;
pub mod conditions;
pub mod contract;
pub mod derivation;
pub mod differentiate;
pub mod domain;
pub mod elaborate;
pub mod habit;
pub mod library;
pub mod lower;
pub mod model;
pub mod notate;
pub mod pieces;
pub mod rewrite;
pub mod scope;
pub mod shapes;
pub mod sides;
pub mod signs;
pub mod simplify;
mod split;
pub mod structure;
pub mod term;

#[cfg(test)]
mod tests;
