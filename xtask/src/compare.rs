//! `cargo xtask compare`: hesse beside SymPy on the corpus. The page `docs/comparison.md` and the counts in the README come from it.

use crate::python::{self, NUMPY, SYMPY};
use crate::shell::{self, Done, binaries, cargo, command};

const COMPARISON: &str = "suite/compare/compare.py";

/// Builds hesse, asks hesse and SymPy, and writes the page; with `--check`, fails if the page would differ.
pub fn run(arguments: &[String]) -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    // What does not ask SymPy needs none.
    let needs = if arguments.iter().any(|a| a == "--page") { NUMPY } else { SYMPY };
    shell::run(command(python::interpreter(needs)?, &[COMPARISON]).arg(binaries().join("hesse")).args(arguments))
}

/// Whether the page says what hesse says now and what SymPy was recorded to say, on this corpus.
pub fn page() -> Done {
    run(&["--page".into(), "--check".into()])
}
