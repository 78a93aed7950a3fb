//! HOW IT RUNS: straight-line programs over arrays of symbolic sizes.
pub mod program;
pub mod plan;
