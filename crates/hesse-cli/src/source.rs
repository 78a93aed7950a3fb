//! What is read: declarations of the command line, files and an expression, as one text that remembers where its parts came from.

use crate::environment;
use crate::failure::Failure;
use crate::options::InputOptions;
use hesse::calculus::elaborate::Options;
use hesse::{Diagnostic, Formula, Span};
use std::io::Read;
use std::ops::Range;
use std::rc::Rc;

/// The engine refuses longer texts by itself; this only keeps a wrong file out of memory.
const MOST_BYTES: u64 = 16 << 20;

/// What a declaration of the command line is called.
const VAR: &str = "--var";

/// A text as it was read or typed, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Original {
    /// A file's name, or what stands for one: `<stdin>`.
    pub origin: String,
    /// The number of its first line.
    pub line: usize,
    /// The text.
    pub text: String,
}

/// A part of a text: what it is a part of, where it begins there, and where it lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    original: Rc<Original>,
    at: usize,
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
            source.add(VAR, declaration.clone());
        }
        for file in &options.files {
            if file == "-" {
                source.add("<stdin>", text("<stdin>", std::io::stdin().lock())?);
            } else {
                source.add(file, of_file(file)?);
            }
        }
        if let Some(expression) = &options.expression {
            source.add("<expression>", expression.clone());
        }
        Ok(source)
    }
    /// A text of one piece.
    #[cfg(test)]
    pub fn new(origin: &str, text: &str) -> Source {
        let mut source = Source::default();
        source.add(origin, text.into());
        source
    }
    fn add(&mut self, origin: &str, text: String) {
        let original = Rc::new(Original { origin: origin.into(), line: 1, text });
        self.add_part(&original, 0, &original.text);
    }
    /// Adds a text that stands at byte `at` of an original, byte by byte; some of it may be spaces here.
    pub fn add_part(&mut self, original: &Rc<Original>, at: usize, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { original: original.clone(), at, range: start..self.text.len() });
    }
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The typed formula.
    pub fn formula(&self, strict: bool) -> Result<Formula, Failure> {
        let options = Options { strict, limits: environment::expression_limits()?, ..Options::default() };
        let typed = Formula::parse_with(&self.text, &options).or_else(|error| match self.lines() {
            lines if lines.is_empty() => Err(error),
            // A complaint may name the line of a declaration.
            lines => Formula::parse_with(&self.text, &Options { lines, ..options }),
        });
        typed.map_err(Failure::within(self))
    }
    /// Where each line of the text stands; nothing for a text that was read as a whole.
    fn lines(&self) -> Vec<String> {
        let [first, _, ..] = self.pieces.as_slice() else { return vec![] };
        let one = self.pieces.iter().all(|piece| piece.original.origin == first.original.origin);
        let mut lines = vec![];
        for piece in &self.pieces {
            let Original { origin, line, text } = piece.original.as_ref();
            let before = text.as_bytes()[..piece.at].iter().filter(|&&b| b == b'\n').count();
            let count = self.text[piece.range.clone()].lines().count();
            lines.extend((line + before..).take(count).map(|number| match origin.as_str() {
                _ if one => format!("on line {number}"),
                VAR => format!("by {VAR}"),
                _ => format!("on line {number} of {origin}"),
            }));
        }
        lines
    }
    /// The original of the piece that holds a place, and the place within it, moved to whole characters.
    pub fn locate(&self, span: Span) -> Option<(&Original, Range<usize>)> {
        let piece = self.pieces.iter().rfind(|p| p.range.start <= span.start)?;
        let original = piece.original.as_ref();
        let within = |at: usize| original.text.floor_char_boundary(piece.at + at.saturating_sub(piece.range.start).min(piece.range.len()));
        let (start, end) = (within(span.start), within(span.end));
        Some((original, start..end.max(start)))
    }
}

/// The text of a file.
pub fn of_file(name: &str) -> Result<String, Failure> {
    let opened = std::fs::File::open(name).map_err(|e| unreadable(name, &e))?;
    text(name, opened)
}

fn text(name: &str, from: impl Read) -> Result<String, Failure> {
    let mut bytes = vec![];
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(name, &e))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Diagnostic::error("E601", Span::default(), format!("{name} is longer than {MOST_BYTES} bytes")).into());
    }
    utf8(name, 1, bytes)
}

/// Bytes as a text whose first line has this number.
pub fn utf8(name: &str, line: usize, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count() + line;
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
        source.add("--var", "x : vector(n)".into());
        source.add("a.hesse", "y = 2*x\n".into());
        source.add("<expression>", "sum(y)".into());
        assert_eq!(source.text(), "x : vector(n)\ny = 2*x\nsum(y)");
        let place = |start, end| source.locate(Span::new(start, end)).map(|(original, range)| (original.origin.as_str(), range));
        assert_eq!(place(0, 1), Some(("--var", 0..1)));
        assert_eq!(place(18, 21), Some(("a.hesse", 4..7)));
        assert_eq!(place(22, 28), Some(("<expression>", 0..6)));
        assert_eq!(place(99, 99), Some(("<expression>", 6..6)));
        assert_eq!(Source::new("-", "∂").locate(Span::new(1, 2)).map(|p| p.1), Some(0..0));
    }

    #[test]
    fn lines_are_called_what_their_readers_call_them() {
        let mut source = Source::new("a.hesse", "data X : vector(n)\n\n");
        assert!(source.lines().is_empty());
        source.add("empty.hesse", String::new());
        source.add(VAR, "y : vector(n)".into());
        source.add("b.hesse", "z = X\nz + y".into());
        let lines = ["on line 1 of a.hesse", "on line 2 of a.hesse", "by --var", "on line 1 of b.hesse", "on line 2 of b.hesse"];
        assert_eq!(source.lines(), lines);
    }

    #[test]
    fn a_part_is_shown_where_it_was_typed() {
        let original = Rc::new(Original { origin: "<stdin>".into(), line: 7, text: "a = 1; b = 2".into() });
        let mut source = Source::default();
        source.add_part(&original, 7, "b = 2");
        source.add_part(&original, 0, "a = 1");
        assert_eq!(source.text(), "b = 2\na = 1");
        assert_eq!(source.locate(Span::new(4, 5)), Some((original.as_ref(), 11..12)));
        assert_eq!(source.locate(Span::new(10, 11)), Some((original.as_ref(), 4..5)));
    }
}
