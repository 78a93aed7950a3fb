//! `cargo xtask claims`: the right answers of the whole corpus, spoilt, with the table of what was found wrong with them.

use crate::shell::{self, Done, cargo};

/// Judges all of them (minutes); an error if one is not called wrong, or too few for the right reason.
pub fn run() -> Done {
    let test = ["test", "--package", "hesse-run", "--test", "claims", "--", "--nocapture"];
    shell::run(cargo(&test).env("HESSE_CLAIMS", "all"))
}
