//! Products distributed over their sums, so that terms can meet.

use crate::tensor::{Expr, Factor, Label, Node, Pool, Rational};
use num_traits::{CheckedMul, One, Signed};

/// Spreading out to be read gives up beyond this number of terms.
pub const TERMS: usize = 24;

/// Sums over many axes give up beyond this number of terms.
const WIDE: usize = 100;

/// Products distributed over their sums until none is left, like terms merged; `None` if that would be more than `most` terms.
pub fn spread(pool: &mut Pool, e: Expr, most: usize) -> Option<Expr> {
    spread_where(pool, e, most, |_, _, _| true)
}

/// As [`spread`], but only over sums whose terms have a denominator that the other factors cancel: s*(a/s + b).
pub fn cancel(pool: &mut Pool, e: Expr) -> Option<Expr> {
    spread_where(pool, e, TERMS, |pool, factors, k| {
        let terms = match pool.node(factors[k].base) {
            Node::Sum(terms, _) => terms,
            _ => return false,
        };
        let others: Vec<(Expr, bool)> =
            factors.iter().enumerate().filter(|(m, _)| *m != k).map(|(_, f)| (f.base, negative(pool, f.power))).collect();
        terms.iter().any(|(_, t)| match pool.node(*t) {
            Node::Product { factors, .. } => {
                factors.iter().any(|f| others.iter().any(|(base, below)| *base == f.base && *below != negative(pool, f.power)))
            }
            _ => others.contains(&(*t, true)),
        })
    })
}

/// As [`spread`], but only over sums of more than two axes.
pub fn open_wide(pool: &mut Pool, e: Expr) -> Option<Expr> {
    spread_where(pool, e, WIDE, |pool, factors, k| pool.rank(factors[k].base) > 2)
}

fn negative(pool: &Pool, power: Expr) -> bool {
    pool.as_number(power).is_some_and(|p| p.is_negative())
}

fn spread_where(pool: &mut Pool, e: Expr, most: usize, opens: impl Fn(&Pool, &[Factor], usize) -> bool) -> Option<Expr> {
    let axes = pool.axes(e).to_vec();
    let mut done = vec![];
    let mut pending = vec![(Rational::one(), e)];
    while let Some((c, e)) = pending.pop() {
        if done.len() + pending.len() > most || !pool.spend(1) {
            return None;
        }
        match pool.node(e).clone() {
            Node::Sum(terms, _) => {
                for (d, t) in terms {
                    pending.push((c.checked_mul(&d)?, t));
                }
            }
            Node::Product { factors, .. } if done.len() + pending.len() + terms_of(pool, &factors) > most => return None,
            Node::Product { factors, out, sizes } => match open_one(pool, &factors, most, &opens) {
                None => done.push((c, e)),
                Some((k, terms)) => {
                    let broadcast: Vec<_> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                    let one = pool.one();
                    for (d, t) in terms {
                        let mut rest = factors.clone();
                        let lowered = pool.integer(-1);
                        rest[k].power = pool.add(rest[k].power, lowered);
                        rest.push(Factor { base: t, labels: factors[k].labels.clone(), power: one });
                        pending.push((c.checked_mul(&d)?, pool.product_of(rest, out.clone(), &broadcast)));
                    }
                }
            },
            _ => done.push((c, e)),
        }
    }
    Some(pool.sum(&done, &axes))
}

/// How many terms a product spreads into at least, by the sums among its factors.
fn terms_of(pool: &Pool, factors: &[Factor]) -> usize {
    factors.iter().fold(1usize, |n, f| match (pool.node(f.base), pool.as_integer(f.power)) {
        (Node::Sum(terms, _), Some(p @ 1..=4)) => n.saturating_mul(terms.len().max(1).saturating_pow(p as u32)),
        _ => n,
    })
}

/// The first factor that is a sum (or a closed scalar that spreads into one) to a positive whole power, with its terms.
fn open_one(
    pool: &mut Pool,
    factors: &[Factor],
    most: usize,
    opens: &impl Fn(&Pool, &[Factor], usize) -> bool,
) -> Option<(usize, Vec<(Rational, Expr)>)> {
    for (k, f) in factors.iter().enumerate() {
        if pool.as_integer(f.power).is_none_or(|p| !(1..=4).contains(&p)) || !opens(pool, factors, k) {
            continue;
        }
        match pool.node(f.base).clone() {
            Node::Sum(terms, _) if terms.len() > 1 => return Some((k, terms)),
            Node::Product { factors, .. } if f.labels.is_empty() && factors.iter().any(|g| matches!(pool.node(g.base), Node::Sum(..))) => {
                let opened = spread(pool, f.base, most)?;
                match pool.node(opened).clone() {
                    Node::Sum(terms, _) if opened != f.base => return Some((k, terms)),
                    _ if opened != f.base => return Some((k, vec![(Rational::one(), opened)])),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    None
}
