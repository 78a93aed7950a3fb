//! `hesse repl`: a session, line by line.
//!
//! ```text
//! terminal │ pipe ─inputs▶ whole inputs ─statement▶ declarations, definitions ─text▶ Source ─session▶ derive, eval, help
//!                                      └─command▶ :wrt :to :load …
//! ```
//!
//! An error is told and the session goes on. From a pipe nothing but results is written, and the exit code is that of the worst error.

mod command;
mod inputs;
mod session;
mod statement;
mod terminal;
mod text;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::lines::{self, TooLong};
use crate::options::ReplOptions;
use crate::panics;
use crate::screen::Screen;
use crate::source;
use hesse::{Diagnostic, Span};
use inputs::Inputs;
use session::Session;
use std::io::{BufRead, IsTerminal};
use terminal::{Line, Terminal};

/// A longer line is not kept; the engine refuses much shorter ones.
const LONGEST_LINE: usize = 16 << 20;

/// Reads and answers until the end of the input or `:quit`.
pub fn run(options: &ReplOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut session = Session::new(options);
    let mut worst = Exit::OK;
    for file in &options.files {
        worst = worst.max(told(screen, |screen| session.load(file, screen))?);
    }
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        by_terminal(&mut session, &mut Terminal::open(!options.no_history), screen)?;
        return Ok(Exit::OK);
    }
    Ok(worst.max(by_pipe(&mut session, std::io::stdin().lock(), screen)?))
}

/// Answers lines that are typed.
fn by_terminal(session: &mut Session, terminal: &mut Terminal, screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&format!("hesse {}. :help lists the commands, :quit or Ctrl-D ends.", env!("CARGO_PKG_VERSION")))?;
    let mut inputs = Inputs::default();
    while !session.over {
        screen.flush()?;
        let complete = match terminal.read(inputs.is_open(), session.names()) {
            // What was pasted is one text of several lines.
            Line::Typed(text) => text.split('\n').flat_map(|line| inputs.take(line.trim_end_matches('\r'))).collect(),
            Line::Abandoned => {
                inputs.abandon();
                continue;
            }
            Line::End => {
                session.over = true;
                inputs.end().into_iter().collect::<Vec<_>>()
            }
        };
        for input in complete {
            terminal.remember(&input.text);
            told(screen, |screen| session.take(&input, screen))?;
        }
    }
    Ok(())
}

/// Answers the lines of a stream; gives the worst exit code.
fn by_pipe(session: &mut Session, mut from: impl BufRead, screen: &mut Screen) -> Result<Exit, Failure> {
    let (mut inputs, mut worst) = (Inputs::default(), Exit::OK);
    let unreadable = |e| Diagnostic::error("E701", Span::default(), format!("{} cannot be read: {e}", inputs::ORIGIN));
    while !session.over {
        let number = inputs.read() + 1;
        let line = match lines::next(&mut from, LONGEST_LINE).map_err(unreadable)? {
            None => break,
            Some(Ok(bytes)) => source::utf8(inputs::ORIGIN, number, bytes),
            Some(Err(TooLong)) => {
                let message = format!("line {number} is longer than {LONGEST_LINE} bytes");
                Err(Diagnostic::error("E601", Span::default(), message).help("split the text into several formulas").into())
            }
        };
        let (complete, fault) = match line {
            Ok(line) => (inputs.take(line.trim_end_matches('\r')), Ok(Exit::OK)),
            Err(failure) => (inputs.skip(), Err(failure)),
        };
        for input in complete {
            worst = worst.max(told(screen, |screen| session.take(&input, screen))?);
        }
        worst = worst.max(told(screen, |_| fault)?);
    }
    if let Some(input) = inputs.end().filter(|_| !session.over) {
        worst = worst.max(told(screen, |screen| session.take(&input, screen))?);
    }
    Ok(worst)
}

/// Does something and says why it could not; only that nobody reads any more ends the session.
fn told(screen: &mut Screen, work: impl FnOnce(&mut Screen) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    let done = panics::caught(|| work(screen)).unwrap_or_else(|defect| Err(defect.into()));
    match done.and_then(|exit| screen.flush().map(|()| exit)) {
        Err(Failure::Closed) => Err(Failure::Closed),
        Err(failure) => Ok(crate::tell(screen, &failure)),
        Ok(exit) => Ok(exit),
    }
}
