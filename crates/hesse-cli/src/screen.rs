//! Standard output for results, standard error for everything else.

use crate::ascii;
use crate::draw;
use crate::failure::Failure;
use crate::options::{Color, ScreenOptions};
use crate::source::Source;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use hesse::{Diagnostic, Severity};
use std::io::{self, BufWriter, Write};

/// Where a command writes, and how.
pub struct Screen {
    options: ScreenOptions,
    out: BufWriter<AutoStream<io::Stdout>>,
    err: AutoStream<io::Stderr>,
}

impl Screen {
    /// The screen that the flags and the environment (NO_COLOR, CLICOLOR_FORCE, TERM) ask for.
    pub fn new(options: &ScreenOptions) -> Screen {
        let choice = match options.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Screen {
            options: options.clone(),
            out: BufWriter::new(AutoStream::new(io::stdout(), choice)),
            err: AutoStream::new(io::stderr(), choice),
        }
    }
    /// Whether the result is one JSON object.
    pub fn json(&self) -> bool {
        self.options.json
    }
    /// Whether signs outside ASCII are to be avoided.
    pub fn ascii(&self) -> bool {
        self.options.ascii
    }
    /// Writes a line of the result.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        if self.options.ascii {
            writeln!(self.out, "{}", ascii::fold(text))?;
        } else {
            writeln!(self.out, "{text}")?;
        }
        Ok(())
    }
    /// Writes bytes of the result as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.out.write_all(bytes)?)
    }
    /// Hands the result over to its reader.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
    /// Writes the JSON object that is the result.
    pub fn object(&mut self, value: &serde_json::Value) -> Result<(), Failure> {
        writeln!(self.out, "{value}")?;
        Ok(())
    }
    /// Writes a note on standard error, after what was written so far: a word, then the text.
    pub fn note(&mut self, word: &str, text: &str) -> Result<(), Failure> {
        if self.options.quiet {
            return Ok(());
        }
        let line = format!("{}{text}", label(word, Style::new().bold()));
        self.complain(&line)
    }
    /// Draws diagnostics on standard error; with `--quiet` errors only.
    pub fn draw(&mut self, diagnostics: &[Diagnostic], source: Option<&Source>) -> Result<(), Failure> {
        for diagnostic in diagnostics {
            if diagnostic.severity == Severity::Error || !self.options.quiet {
                let picture = draw::picture(diagnostic, source, self.options.ascii);
                self.complain(&picture)?;
            }
        }
        Ok(())
    }
    fn complain(&mut self, text: &str) -> Result<(), Failure> {
        self.out.flush()?;
        let folded;
        let text = if self.options.ascii {
            folded = ascii::fold(text);
            &folded
        } else {
            text
        };
        // Nobody can be told that standard error is closed.
        let _ = writeln!(self.err, "{text}");
        Ok(())
    }
}

/// Width of the words that start a line of a report.
const LABEL: usize = 9;

/// A word at the start of a line of a report, padded to a common width.
pub fn label(word: &str, style: Style) -> String {
    format!("{style}{word}{style:#}{:pad$}", "", pad = LABEL.saturating_sub(word.len()))
}

/// For what holds.
pub fn good() -> Style {
    Style::new().fg_color(Some(AnsiColor::Green.into()))
}

/// For what does not hold.
pub fn bad() -> Style {
    Style::new().fg_color(Some(AnsiColor::Red.into())).bold()
}
