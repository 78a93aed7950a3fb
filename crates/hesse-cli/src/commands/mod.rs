//! One command a file.

pub mod batch;
pub mod bench;
pub mod check;
pub mod completions;
pub mod derive;
pub mod doctor;
pub mod eval;
pub mod explain;
pub mod fmt;
pub mod help;
pub mod man;
pub mod repl;
pub mod schema;
pub mod stages;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::options::Verb;
use crate::screen::Screen;
use hesse::Want;

/// Does what the verb says.
pub fn run(verb: &Verb, screen: &mut Screen) -> Result<Exit, Failure> {
    match verb {
        Verb::Grad(options) => derive::run(options, Want::Gradient, screen),
        Verb::Jacobian(options) => derive::run(options, Want::Jacobian, screen),
        Verb::Hessian(options) => derive::run(options, Want::Hessian, screen),
        Verb::Derive(options) => derive::run(options, Want::Derivative, screen),
        Verb::Vjp(options) => derive::run(options, Want::Vjp, screen),
        Verb::Jvp(options) => derive::run(options, Want::Jvp, screen),
        Verb::Hvp(options) => derive::run(options, Want::Hvp, screen),
        Verb::Explain(options) => explain::run(options, screen),
        Verb::Check(options) => check::run(options, screen),
        Verb::Eval(options) => eval::run(options, screen),
        Verb::Doctor(options) => doctor::run(options, screen),
        Verb::Bench(options) => bench::run(options, screen),
        Verb::Repl(options) => repl::run(options, screen),
        Verb::Stages(options) => stages::run(options, screen),
        Verb::Batch(options) => batch::run(options, screen),
        Verb::Fmt(options) => fmt::run(options, screen),
        Verb::Help(options) => help::run(options, screen),
        Verb::Schema => schema::run(screen),
        Verb::Completions(options) => completions::run(options, screen),
        Verb::Man(options) => man::run(options, screen),
    }
}
