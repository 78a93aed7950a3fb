//! What is read: declarations of the command line, files and an expression, as one text that remembers where its parts came from.

use crate::environment;
use crate::failure::Failure;
use crate::options::InputOptions;
use hesse::calculus::elaborate::Options;
use hesse::{Diagnostic, Formula, Span};
use std::io::Read;
use std::ops::Range;

/// The engine refuses longer texts by itself; this only keeps a wrong file out of memory.
const MOST_BYTES: u64 = 16 << 20;

/// A part of a text: where it came from and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    origin: String,
    range: Range<usize>,
}

/// One text of several pieces, each ending a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    text: String,
    pieces: Vec<Piece>,
}

impl Source {
    /// Reads what the options name.
    pub fn read(options: &InputOptions) -> Result<Source, Failure> {
        if options.files.is_empty() && options.expression.is_none() {
            return Err(Failure::Usage("nothing to read: give a FILE, `-` for standard input, or -e EXPR".into()));
        }
        let mut source = Source::default();
        for declaration in &options.vars {
            source.add("--var", declaration);
        }
        for path in &options.files {
            source.add(if path == "-" { "<stdin>" } else { path }, &file(path)?);
        }
        if let Some(expression) = &options.expression {
            source.add("<expression>", expression);
        }
        Ok(source)
    }
    /// A text of one piece.
    pub fn new(origin: &str, text: &str) -> Source {
        let mut source = Source::default();
        source.add(origin, text);
        source
    }
    fn add(&mut self, origin: &str, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { origin: origin.into(), range: start..self.text.len() });
    }
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The typed formula.
    pub fn formula(&self, strict: bool) -> Result<Formula, Failure> {
        let options = Options { strict, limits: environment::expression_limits()?, ..Options::default() };
        Formula::parse_with(&self.text, &options).map_err(Failure::within(self))
    }
    /// The piece that holds a place: its origin, its text, and the place within it, moved to whole characters.
    pub fn locate(&self, span: Span) -> Option<(&str, &str, Range<usize>)> {
        let piece = self.pieces.iter().rfind(|p| p.range.start <= span.start)?;
        let text = &self.text[piece.range.clone()];
        let within = |at: usize| text.floor_char_boundary(at.saturating_sub(piece.range.start).min(text.len()));
        let (start, end) = (within(span.start), within(span.end));
        Some((&piece.origin, text, start..end.max(start)))
    }
}

/// The text of a file; `-` is standard input.
pub fn file(path: &str) -> Result<String, Failure> {
    if path == "-" {
        return text("<stdin>", std::io::stdin().lock());
    }
    let opened = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
    text(path, opened)
}

fn text(name: &str, from: impl Read) -> Result<String, Failure> {
    let mut bytes = vec![];
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(name, &e))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Diagnostic::error("E601", Span::default(), format!("{name} is longer than {MOST_BYTES} bytes")).into());
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
        Diagnostic::error("E702", Span::default(), format!("{name} is not UTF-8 text (line {line})")).into()
    })
}

fn unreadable(name: &str, cause: &std::io::Error) -> Failure {
    Diagnostic::error("E701", Span::default(), format!("{name} cannot be read: {cause}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fall_into_their_pieces() {
        let mut source = Source::default();
        source.add("--var", "x : vector(n)");
        source.add("a.hesse", "y = 2*x\n");
        source.add("<expression>", "sum(y)");
        assert_eq!(source.text(), "x : vector(n)\ny = 2*x\nsum(y)");
        assert_eq!(source.locate(Span::new(0, 1)), Some(("--var", "x : vector(n)", 0..1)));
        assert_eq!(source.locate(Span::new(18, 21)), Some(("a.hesse", "y = 2*x\n", 4..7)));
        assert_eq!(source.locate(Span::new(22, 28)), Some(("<expression>", "sum(y)", 0..6)));
        assert_eq!(source.locate(Span::new(99, 99)), Some(("<expression>", "sum(y)", 6..6)));
        assert_eq!(Source::new("-", "∂").locate(Span::new(1, 2)), Some(("-", "∂", 0..0)));
    }
}
