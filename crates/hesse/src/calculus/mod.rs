//! WHAT WE DO, one verb a file.
pub mod model;
