//! The manual in `suite/` is the test: every case of every chapter goes through [`check::check`], and the derivations
//! below it through [`derivation::check`].
//!
//! ```text
//! cargo test --package hesse-run --test suite             checks
//! BLESS=1 cargo test --package hesse-run --test suite     rewrites the answers in place; an answer of another value is never blessed
//! ```

mod bless;
mod book;
mod check;
mod coverage;
mod derivation;
mod numbers;

use book::Chapter;
use std::path::PathBuf;

/// Where the chapters are.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../suite")
}

/// Checks every case of a chapter, all of them before it fails.
fn chapter(name: &str) {
    let chapter = Chapter::read(&folder().join(format!("{name}.md"))).unwrap_or_else(|why| panic!("{why}"));
    let findings: Vec<_> = chapter.cases.iter().flat_map(|case| [check::check(case), derivation::check(case)].concat()).collect();
    let (blessed, left) = if std::env::var_os("BLESS").is_some() { bless::rewrite(&chapter, findings) } else { (0, findings) };
    if blessed > 0 {
        println!("{name}: {blessed} lines rewritten");
    }
    assert!(left.is_empty(), "{}", left.iter().map(|f| format!("\nsuite/{name}.md:{}: {}", f.line + 1, f.why)).collect::<String>());
}

macro_rules! chapters {
    ($($test:ident = $name:literal),* $(,)?) => {
        /// Every chapter that has cases.
        const CHAPTERS: &[&str] = &[$($name),*];
        $(#[test] fn $test() { chapter($name); })*
    };
}

chapters! {
    gradient_and_jacobian = "gradient-and-jacobian",
    element_wise = "element-wise",
    scalar_expansion = "scalar-expansion",
    chain_rules = "chain-rules",
    neuron = "neuron",
    loss = "loss",
    traces = "traces",
    determinants = "determinants",
    inverses = "inverses",
    norms = "norms",
    reductions = "reductions",
    exponentials = "exponentials",
    least_squares = "least-squares",
    likelihoods = "likelihoods",
    networks = "networks",
    slices_and_blocks = "slices-and-blocks",
    kronecker = "kronecker",
    higher_orders = "higher-orders",
    structured = "structured",
    kinks = "kinks",
    names = "names",
    hazards = "hazards",
    language = "language",
    errors = "errors",
    derivations = "derivations",
}

/// All chapters, read.
fn book() -> Vec<Chapter> {
    CHAPTERS.iter().map(|name| Chapter::read(&folder().join(format!("{name}.md"))).unwrap_or_else(|why| panic!("{why}"))).collect()
}
