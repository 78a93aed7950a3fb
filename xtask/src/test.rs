//! `cargo xtask test`: everything that must hold. All parts run, also after a failure; the failures are named at the end.

use crate::shell::{self, Done, cargo, run_and_keep, succeeds};
use crate::{compare, corpus, readme, rules};

/// Runs everything.
pub fn run() -> Done {
    components()?;
    let (tests, closing) = run_and_keep(&mut cargo(&["test", "--workspace", "--no-fail-fast"]), |line| line.starts_with("test result:"));
    let parts = [
        ("format", shell::run(&mut cargo(&["fmt", "--all", "--check"]))),
        ("lints", shell::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))),
        ("tests", tests),
        ("rules", rules::run(rules::Mode::Compare)),
        ("pages", readme::run(readme::Mode::Compare)),
        ("corpus", corpus::run(&[])),
        ("data", corpus::data()),
        ("comparison", compare::page()),
    ];
    println!("\ncargo test:");
    for line in closing {
        println!("  {line}");
    }
    for (name, done) in &parts {
        match done {
            Ok(()) => println!("{name:<10} ok"),
            Err(why) => println!("{name:<10} FAILED: {why}"),
        }
    }
    let failed: Vec<&str> = parts.iter().filter(|part| part.1.is_err()).map(|part| part.0).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

/// Rewrites expected outputs.
pub fn bless() -> Done {
    let tests = shell::run(cargo(&["test", "--workspace", "--no-fail-fast"]).env("BLESS", "1"));
    tests.and(rules::run(rules::Mode::Write)).and(readme::run(readme::Mode::Bless))
}

/// The parts of the toolchain that a minimal installation lacks.
fn components() -> Done {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(&mut cargo(&[tool, "--version"])) {
            return Err(format!("`cargo {tool}` is missing: rustup component add {component}"));
        }
    }
    Ok(())
}
