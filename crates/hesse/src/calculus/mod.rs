//! WHAT WE DO, one verb a file.
pub mod model;
pub mod differentiate;
pub mod library;
pub mod notate;
