//! Why a command could not do what was asked.

use crate::exit::Exit;
use crate::source::Source;
use hesse::{Diagnostic, Error, Span};
use std::io;

/// Whether a diagnostic is about a place in the text: its span is one, or it is about the text (E1) or its shapes (E2), where an
/// empty span at the start means just that.
pub fn is_placed(d: &Diagnostic) -> bool {
    d.code.starts_with("E1") || d.code.starts_with("E2") || d.span() != Span::default()
}

/// The reasons for which a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// The command line asks for something that makes no sense.
    Usage(String),
    /// The engine, the runner or a reader refused; with the text that its spans are about.
    Refused(Error, Option<Box<Source>>),
    /// Nobody reads standard output any more.
    Closed,
}

impl Failure {
    /// An error whose spans are places of `source`.
    pub fn within(source: &Source) -> impl Fn(Error) -> Failure + use<'_> {
        |error| Failure::Refused(error, Some(Box::new(source.clone())))
    }
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) => Exit::USAGE,
            Failure::Refused(error, _) => Exit::of(error),
            Failure::Closed => Exit::OK,
        }
    }
    /// The failure as diagnostics, and the text they are about.
    pub fn diagnostics(&self) -> (Vec<Diagnostic>, Option<&Source>) {
        match self {
            Failure::Usage(message) => (vec![Diagnostic::error("E402", Span::default(), message.clone())], None),
            Failure::Refused(error, source) => (error.diagnostics.clone(), source.as_deref()),
            Failure::Closed => (vec![], None),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error, None)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Diagnostic::error("E701", Span::default(), format!("output cannot be written: {error}")).into(),
        }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Error::from(diagnostic).into()
    }
}
