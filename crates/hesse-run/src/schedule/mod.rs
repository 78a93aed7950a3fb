//! Programs under actual sizes, run at the machine's speed.
//!
//! ```text
//! program, sizes ─build▶ nodes ─order▶ joins ─refine▶ symmetric products ─classes▶ passes ─plan▶ schedule ─run▶ numbers
//! ```
pub mod blocks;
pub mod build;
pub mod chains;
pub mod classes;
pub mod graph;
pub mod order;
pub mod plan;
pub mod products;
pub mod refine;
mod rename;
pub mod run;
pub mod tape;
pub mod tasks;
