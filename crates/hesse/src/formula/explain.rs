//! From a request to a derivation.

use super::{Formula, Request};
use crate::calculus::derivation::{Derivation, Style};
use crate::diagnostic::{Diagnostic, Error, Span};

impl Formula {
    /// The derivation of the derivatives that are asked for, step by step; not audited yet.
    ///
    /// # Errors
    /// As [`Formula::derive`]; E402 for a request that is no derivative by variables (a product with a direction).
    pub fn explain(&self, request: &Request, style: Option<Style>) -> Result<Derivation, Error> {
        let _ = (request, style);
        Err(Diagnostic::error("E402", Span::default(), "not yet").into())
    }
}
