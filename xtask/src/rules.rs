//! `cargo xtask rules`: the manual's page on rules, `docs/rules.md`, from the catalogue in `crates/hesse/src/facts`.

use crate::shell::{Done, cargo, root};
use std::fs;

const PAGE: &str = "docs/rules.md";

/// What to do with the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Fail if it would differ.
    Compare,
    /// Write it.
    Write,
}

/// Prints the page from the catalogue, and writes or compares it.
pub fn run(mode: Mode) -> Done {
    let output = cargo(&["run", "--quiet", "--package", "hesse", "--example", "rules"]).output().map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        return Err(format!("the page was not printed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let path = root().join(PAGE);
    match mode {
        Mode::Write => fs::write(&path, &output.stdout).map_err(|e| format!("{PAGE}: {e}")),
        Mode::Compare if fs::read(&path).is_ok_and(|page| page == output.stdout) => Ok(()),
        Mode::Compare => Err(format!("{PAGE} is not what the catalogue says now: `cargo xtask rules`, and read the difference")),
    }
}
