//! `hesse completions`: the list of flags as a completion script.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{Cli, CompletionsOptions};
use crate::screen::Screen;
use clap::CommandFactory;

/// Prints the script of a shell.
pub fn run(options: &CompletionsOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut script = vec![];
    clap_complete::generate(options.shell, &mut Cli::command(), "hesse", &mut script);
    if screen.json() {
        screen.object(&json::text(&options.shell.to_string(), &String::from_utf8_lossy(&script)))?;
    } else {
        screen.raw(&script)?;
    }
    Ok(Exit::OK)
}
