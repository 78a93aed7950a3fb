//! `cargo xtask corpus`: `hesse batch` on the corpus, scored by a program that shares no code with hesse.

use crate::python::{self, NUMPY};
use crate::shell::{self, Done, binaries, cargo, command};

const SCORER: &str = "suite/corpus/score.py";

/// Builds hesse, then scores it.
pub fn run(arguments: &[String]) -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    let hesse = binaries().join("hesse");
    shell::run(command(python::interpreter(NUMPY)?, &[SCORER]).arg(hesse).args(arguments))
}

/// Builds hesse, then compares its loss and gradient on the real data with those of NumPy.
pub fn data() -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    shell::run(command(python::interpreter(NUMPY)?, &["examples/diabetes.py"]).arg(binaries().join("hesse")))
}
