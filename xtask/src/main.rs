//! `cargo xtask …`: what developers and the continuous integration run. Plain Rust, no dependencies: it builds in a second.

mod bench;
mod claims;
mod compare;
mod corpus;
mod look;
mod nightly;
mod python;
mod readme;
mod rules;
mod shell;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  test      everything that must hold: format, lints, tests (the cases of suite/ among them), the commands of the README and of docs/manual,
            the corpus, the real data against NumPy, the pages of the comparison and of the rules
  corpus    score `hesse batch` on both parts of suite/corpus; further arguments go to suite/corpus/score.py
  claims    judge the answers of the corpus, right and spoilt in every way (minutes): the table of what was found wrong
  compare   hesse beside SymPy on the corpus: write docs/comparison.md and the README's counts; takes minutes, and installs
            SymPy in .venv-compare (--check: write nothing, fail if something would differ; --page: do not ask SymPy again)
  bench     hesse beside NumPy, JAX, PyTorch, CasADi and others on the workloads of bench/ (25 minutes, --quick 4): writes
            docs/benchmarks; --help says more
  nightly   examine 10,000 generated formulas (minutes): the table of where each row stood, refusals by reason, bounds; a number
            names the seed to start from
  look      draw derivations in a browser and on paper into target/look, for eyes (needs Chromium, pdflatex, pdftoppm)
  rules     write docs/rules.md from the catalogue of rules (--check: write nothing, fail if it would differ)
  readme    run the commands of the README and of docs/manual and compare what they show (--bless: rewrite them)
  bless     rewrite the expected outputs of the suite, the README, docs/manual and docs/rules.md with what hesse says now; read the difference";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let done = match arguments.first().map(String::as_str) {
        Some("test") => test::run(),
        Some("corpus") => corpus::run(rest),
        Some("claims") => claims::run(),
        Some("compare") => compare::run(rest),
        Some("bench") => bench::run(rest),
        Some("nightly") => nightly::run(rest),
        Some("look") => look::run(),
        Some("rules") if rest.iter().any(|a| a == "--check") => rules::run(rules::Mode::Compare),
        Some("rules") => rules::run(rules::Mode::Write),
        Some("readme") if rest.iter().any(|a| a == "--bless") => readme::run(readme::Mode::Bless),
        Some("readme") => readme::run(readme::Mode::Compare),
        Some("bless") => test::bless(),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
