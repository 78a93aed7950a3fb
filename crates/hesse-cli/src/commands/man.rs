//! `hesse man`: the list of flags as a manual page.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{Cli, ManOptions};
use crate::screen::Screen;
use clap::CommandFactory;

/// Prints the page of hesse or of a verb, for `man -l -`.
pub fn run(options: &ManOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut cli = Cli::command();
    cli.build();
    let command = match &options.verb {
        None => cli,
        Some(verb) => cli.find_subcommand(verb).cloned().ok_or_else(|| Failure::Usage(format!("there is no verb `{verb}`")))?,
    };
    let title = command.get_display_name().unwrap_or(command.get_name()).to_string();
    let mut page = vec![];
    clap_mangen::Man::new(command).render(&mut page)?;
    if screen.json() {
        screen.object(&json::text(&title, &String::from_utf8_lossy(&page)))?;
    } else {
        screen.raw(&page)?;
    }
    Ok(Exit::OK)
}
