//! `cargo xtask nightly`: ten thousand generated formulas, with the table of what stood where and the refusals by reason.

use crate::shell::{self, Done, cargo};
use std::time::Instant;

/// Formulas of one run.
const CASES: &str = "10000";

/// Examines formulas from a seed on (1, where none is named); an error if a bound is broken.
pub fn run(arguments: &[String]) -> Done {
    let seed = arguments.first().map_or("1", String::as_str);
    if seed.parse::<u64>().is_err() || arguments.len() > 1 {
        return Err(format!("`nightly` takes a seed, a whole number, not `{}`", arguments.join(" ")));
    }
    let begun = Instant::now();
    let test = ["test", "--package", "hesse-run", "--test", "generated", "--", "--nocapture"];
    let done = shell::run(cargo(&test).env("HESSE_CASES", CASES).env("HESSE_SEED", seed));
    println!("{CASES} formulas from seed {seed} in {} s", begun.elapsed().as_secs());
    done
}
