//! `cargo xtask corpus`: `hesse batch` on the corpus, scored by a program that shares no code with hesse.

use crate::python::{self, NUMPY};
use crate::shell::{self, Done, binaries, cargo, command};

const SCORER: &str = "suite/corpus/score.py";
/// Entries whose numbers are drawn anew: families of formulas, every kind of derivative.
const FAMILIES: &str = "suite/corpus/families.json";

/// Builds hesse, then scores it on both parts of the corpus; `--corpus FILE` among the arguments names another one.
pub fn run(arguments: &[String]) -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    let hesse = binaries().join("hesse");
    let python = python::interpreter(NUMPY)?;
    let score = |more: &[&str]| shell::run(command(python.clone(), &[SCORER]).arg(&hesse).args(more).args(arguments));
    let first = score(&[]);
    if arguments.iter().any(|a| a.starts_with("--corpus")) { first } else { first.and(score(&["--corpus", FAMILIES])) }
}

/// Builds hesse, then compares its loss and gradient on the real data with those of NumPy.
pub fn data() -> Done {
    shell::run(&mut cargo(&["build", "--package", "hesse-cli"]))?;
    shell::run(command(python::interpreter(NUMPY)?, &["examples/diabetes.py"]).arg(binaries().join("hesse")))
}
