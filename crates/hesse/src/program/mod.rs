//! HOW IT RUNS: straight-line programs over arrays of symbolic sizes.
pub mod plan;
#[allow(clippy::module_inception)] // the room is named after what it is about
pub mod program;
mod share;
pub mod stabilise;
