//! hesse: matrix calculus with closed forms.
//!
//! The path of data, one module a stage:
//!
//! ```text
//! text ─parse▶ Syntax ─elaborate▶ Expr ─differentiate▶ Expr ─simplify▶ Expr ─notate▶ Syntax ─write▶ text
//!                                   └─plan▶ Program ─▶ run
//! ```
//!
//! The engine is pure: no IO, no threads, no clock, no globals. Numbers live in `hesse-run`, files in `hesse-data`.
#![forbid(unsafe_code)]

pub mod calculus;
pub mod diagnostic;
pub mod facts;
pub mod formula;
pub mod program;
pub mod syntax;
pub mod tensor;

pub use calculus::derivation::{Audit, Depth, Derivation, Style};
pub use diagnostic::{Diagnostic, Error, Severity, Span};
pub use formula::{
    Ask, Derivative, Derived, Elimination, Form, Formula, Joint, JointResult, Layout, Name, Named, Operation, Part, Reads, Request, Want,
};
