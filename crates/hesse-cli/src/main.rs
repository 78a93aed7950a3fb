//! `hesse`: matrix calculus on the command line.
//!
//! ```text
//! arguments ─options▶ verb ─source▶ Formula ─request▶ Derivative ─report │ json▶ standard output
//! ```
//!
//! Standard output holds the result and nothing else; notes, warnings and errors go to standard error. How a command ends is
//! its exit code ([`exit::Exit`]). Nothing here knows an expression: everything goes through [`hesse::Formula`].
#![forbid(unsafe_code)]

mod answers;
mod ascii;
mod bench;
mod beside;
mod binding;
mod breaches;
mod checking;
mod claims;
mod commands;
mod cures;
mod describe;
mod draw;
mod environment;
mod exit;
mod failure;
mod json;
mod lines;
mod listing;
mod numbers;
mod numerals;
mod options;
mod panics;
mod report;
mod request;
mod screen;
mod source;

use clap::Parser;
use exit::Exit;
use failure::Failure;
use options::{Cli, ScreenOptions};
use screen::Screen;
use std::process::ExitCode;

fn main() -> ExitCode {
    panics::keep_quiet();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage(&error).0),
    };
    let mut screen = Screen::new(&cli.screen());
    let done = panics::caught(|| commands::run(&cli.verb, &mut screen)).unwrap_or_else(|defect| Err(defect.into()));
    let done = done.and_then(|exit| screen.flush().map(|()| exit));
    let exit = done.unwrap_or_else(|failure| tell(&mut screen, &failure));
    ExitCode::from(exit.0)
}

/// Says why there is no result.
fn tell(screen: &mut Screen, failure: &Failure) -> Exit {
    let (diagnostics, source) = failure.diagnostics();
    let mut said = screen.draw(&diagnostics, source);
    if screen.json() && !diagnostics.is_empty() {
        said = screen.object(&json::failure(&diagnostics, source, failure.exit())).and_then(|()| screen.flush());
    }
    match said {
        Err(Failure::Closed) | Ok(()) => failure.exit(),
        Err(_) => Exit::INTERNAL,
    }
}

/// What clap says: help and version are results, anything else is a mistake in the command line.
fn usage(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        // A reader that has gone away has what it wanted.
        let _ = error.print();
        return Exit::OK;
    }
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|a| a == "--json" || a == "--format=json") {
        let mut screen = Screen::new(&ScreenOptions { json: true, ..ScreenOptions::default() });
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
        return tell(&mut screen, &Failure::Usage(message));
    }
    let _ = error.print();
    Exit::USAGE
}
