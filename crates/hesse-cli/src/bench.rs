//! Timing of compiled formulas beside other tools.
//!
//! ```text
//! formula, sizes ─inputs▶ random numbers ─▶ hesse, bound ───┐
//!      └─python▶ code of each peer ─peers▶ its own process ─┴─▶ results compared, then timed by turns
//! ```

pub mod functions;
pub mod inputs;
pub mod peers;
pub mod python;
