//! Numbers for hesse: dense arrays, the interpreter of programs, dual numbers, and the numeric check.
//!
//! ```text
//! named values ─bind▶ sizes, arrays ─interpret▶ arrays          (f64, f32, or dual numbers of any depth)
//! properties ─probe▶ sizes, values ─check▶ report               (finite differences and dual numbers against a derivative program)
//! derivation ─read▶ programs ─audit▶ report                     (both sides of every line at random sizes and points)
//! formula, derivative ─verify▶ report                            (what `check` has to be asked of each kind of derivative)
//! formula, derivative, text ─claim▶ verdict, diagnosis           (somebody else's derivative against the checked one)
//! ```
//!
//! The oracles never differentiate symbolically and never read a slope of [`hesse::facts`]: dual numbers run the definitions of the rows
//! (`means`, `safe`) down to the primitives of [`scalar::Scalar`], so they are independent of the engine's calculus. Only [`claim`] asks
//! the front door for a derivative, the one that claims are compared with.
#![forbid(unsafe_code)]

pub mod array;
pub mod audit;
pub mod bind;
pub mod breach;
pub mod check;
pub mod claim;
pub mod compile;
pub mod contract;
pub mod csr;
pub mod doctor;
pub mod dual;
pub mod exponential;
pub mod interpret;
pub mod linear;
mod masks;
pub mod probe;
pub mod random;
pub mod rewire;
pub mod scalar;
pub mod schedule;
pub mod structure;
pub mod texts;
pub mod trace;
pub mod verify;
pub mod view;

pub use array::Array;
pub use audit::{AuditOptions, AuditReport, audit};
pub use bind::{Bindings, Tensor, bind, evaluate};
pub use breach::{Breach, breach, condition_number};
pub use check::{CheckOptions, CheckReport, Failure, Oracle, Status, check};
pub use claim::{ClaimOptions, ClaimReport, Diagnosis, Judge};
pub use dual::Dual;
pub use interpret::{RunError, run, run_traced};
pub use probe::ProbeInput;
pub use scalar::Scalar;
pub use schedule::run::Rows;
pub use trace::Trace;
pub use verify::verify;
