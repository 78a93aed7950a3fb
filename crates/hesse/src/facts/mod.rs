//! WHAT HESSE KNOWS: rows. A fact is written once, here, in hesse's own language; this room knows no expression.
pub mod catalogue;
pub mod codes;
pub mod functions;
pub mod kernels;
pub mod matrices;
pub mod notation;
#[doc(hidden)]
pub mod planted;
pub mod properties;
pub mod rules;
