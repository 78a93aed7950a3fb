//! WHAT WE DO, one verb a file.
//!
//! ```text
//! Document ─scope▶ names ─lower▶ terms ─shapes▶ sides ─build▶ Model
//!                                  └─conditions▶ domains and kinks
//! ```
pub mod build;
pub mod complaint;
pub mod conditions;
pub mod contract;
pub mod domain;
pub mod elaborate;
pub mod lower;
pub mod model;
pub mod scope;
pub mod shapes;
pub mod term;

#[cfg(test)]
mod tests;
