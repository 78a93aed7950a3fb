//! From a correct expression to shorter ones: declared symmetry, products spread out so that terms can cancel, shared factors
//! taken out.
//!
//! Constructors do only what is confluent and never grows; what needs a choice is here. The candidates are few and the caller
//! picks the one that prints shortest (the stated cost is the number of printed nodes). Declared properties enter here and
//! nowhere before: the variable of differentiation was unstructured until now.

mod factor;
mod settled;
mod spread;

pub use factor::{Common, factor, length};
pub use settled::settled;
pub use spread::{TERMS, spread};

use super::absorb::absorb;
use super::rewrite::rewrite;
use super::split::split_determinants;
use crate::facts::rules::Rule;
use crate::tensor::{Expr, Pool, VarId};
use spread::{cancel, open_wide};

/// An expression of more distinct nodes is written as it is: nobody reads so much for its beauty.
const LARGE: usize = 500;

/// Equal expressions, the plainest first. `symmetric` lists variables declared symmetric; `fired` gains the rules that were used. Afterwards the pool treats them as
/// equal to their transposes: nothing may be differentiated in it any more.
pub fn candidates(pool: &mut Pool, e: Expr, symmetric: &[VarId], fired: &mut Vec<&'static Rule>) -> Vec<Expr> {
    let e = normal(pool, e, symmetric, fired);
    let mut found = vec![e];
    if pool.weight(e, LARGE) > LARGE {
        return found;
    }
    offer(pool, &mut found, e, fired);
    // A sum over many axes is written term by term: what cancels in a term must not be written.
    if let Some(opened) = open_wide(pool, e)
        && opened != e
    {
        offer(pool, &mut found, opened, fired);
    }
    if let Some(spread) = spread(pool, e, TERMS) {
        offer(pool, &mut found, spread, fired);
    }
    if let Some(cancelled) = cancel(pool, e)
        && cancelled != e
    {
        offer(pool, &mut found, cancelled, fired);
        if let Some(spread) = spread(pool, cancelled, TERMS) {
            offer(pool, &mut found, spread, fired);
        }
    }
    for k in 0..found.len() {
        let absorbed = absorb(pool, found[k], fired);
        if absorbed != found[k] {
            offer(pool, &mut found, absorbed, fired);
        }
    }
    for k in 0..found.len() {
        let apart = split_determinants(pool, found[k]);
        if !found.contains(&apart) {
            found.push(apart);
        }
    }
    found
}

/// Adds an expression, rewritten, and what factoring makes of it.
fn offer(pool: &mut Pool, found: &mut Vec<Expr>, e: Expr, fired: &mut Vec<&'static Rule>) {
    let e = rewrite(pool, e, fired);
    let mut add = |pool: &mut Pool, c: Expr| {
        let c = rewrite(pool, c, fired);
        if !found.contains(&c) {
            found.push(c);
        }
    };
    add(pool, e);
    for common in [Common::Nearest, Common::Denominator, Common::Together, Common::Identity] {
        let c = factor(pool, e, common);
        add(pool, c);
    }
}

/// The expression with declared symmetry taken into account and rewritten by the rules.
pub fn normal(pool: &mut Pool, e: Expr, symmetric: &[VarId], fired: &mut Vec<&'static Rule>) -> Expr {
    pool.make_symmetric(symmetric);
    rewrite(pool, e, fired)
}
