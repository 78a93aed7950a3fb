//! Errors, warnings and notes as values: a code, the places, the reason, one concrete fix.
//!
//! The engine makes them, the skins draw them. What a code means in full is a row of [`crate::facts::codes`].

use std::fmt;

/// A half-open range of bytes of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }
    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing was computed.
    Error,
    /// Something was computed that may not be what was meant.
    Warning,
    /// Something the reader should know.
    Note,
}

/// One message: a code, the places it is about, the reason and one fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A code such as `E201`, a row of [`crate::facts::codes`].
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// One line that says what is wrong.
    pub message: String,
    /// The places, the main one first; each with a text to print beside its caret (it may be empty).
    pub labels: Vec<(Span, String)>,
    /// Reasons, one a line (printed after `=`).
    pub notes: Vec<String>,
    /// One concrete fix.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with its main place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, span, message)
    }
    /// A warning with its main place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, span, message)
    }
    /// A note with its main place.
    pub fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, span, message)
    }
    fn new(code: &'static str, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { code, severity, message: message.into(), labels: vec![(span, String::new())], notes: vec![], help: None }
    }
    /// Writes `text` beside the main place's caret.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.labels[0].1 = text.into();
        self
    }
    /// Adds a second place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }
    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
    /// Adds the fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// The main place.
    pub fn span(&self) -> Span {
        self.labels[0].0
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(f, "{word}[{}]: {}", self.code, self.message)?;
        for note in &self.notes {
            write!(f, "\n  = {note}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

/// Why something could not be done: at most five diagnostics, root causes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// At least one diagnostic, root causes first.
    pub diagnostics: Vec<Diagnostic>,
}

impl Error {
    /// The first cause.
    pub fn first(&self) -> &Diagnostic {
        &self.diagnostics[0]
    }
}

impl From<Diagnostic> for Error {
    fn from(d: Diagnostic) -> Self {
        Error { diagnostics: vec![d] }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, d) in self.diagnostics.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            write!(f, "{d}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
