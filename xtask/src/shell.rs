//! Starting other programs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is done, or why not.
pub type Done = Result<(), String>;

/// The root of the repository.
pub fn root() -> PathBuf {
    // Cargo says it when it runs this; a build from another clone may be reused where clones share a target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.parent().unwrap_or(&here).to_path_buf()
}

/// The folder with this build's `hesse`.
pub fn binaries() -> PathBuf {
    // A relative folder is relative to where cargo runs: the root.
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("debug")
}

/// A command in the root of the repository.
pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs this.
pub fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Runs a command whose output everybody may see; an error if it fails.
pub fn run(command: &mut Command) -> Done {
    announce(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", text(command))),
        Err(e) => Err(format!("`{}` cannot be started: {e}", text(command))),
    }
}

/// Runs a command, shows its standard output as it comes, and gives those lines that `keep` wants, whether it succeeded or not.
pub fn run_and_keep(command: &mut Command, keep: impl Fn(&str) -> bool) -> (Done, Vec<String>) {
    announce(command);
    let mut kept = vec![];
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(e) => return (Err(format!("`{}` cannot be started: {e}", text(command))), kept),
    };
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
        println!("{line}");
        if keep(&line) {
            kept.push(line);
        }
    }
    let done = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", text(command))),
        Err(e) => Err(e.to_string()),
    };
    (done, kept)
}

/// Whether a command succeeds, without showing what it says.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn announce(command: &Command) {
    eprintln!("\n$ {}", text(command));
}

/// The command as one would type it.
fn text(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
