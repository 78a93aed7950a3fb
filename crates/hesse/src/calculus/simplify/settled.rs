//! Choices that the canonical form leaves open made in one way: what a text and the expression that it was written from may differ by.

use super::spread::{open_wide, spread};
use crate::tensor::{Expr, Factor, Label, Node, Pool};
use num_traits::Signed;

/// More axes than this keep their order: too many orders to try.
const AXES: usize = 4;

/// The expression with its choices settled, each the same way wherever it comes from:
/// - arguments of functions, denominators and closed scalars are spread out into at most `most` terms, comparisons are those of a difference with 0;
/// - a whole power of a product with sums in it is the product of its copies, whose sums may then meet those around it;
/// - a sum or function of more than two axes has that order of its axes which this pool knew first.
pub fn settled(pool: &mut Pool, e: Expr, most: usize) -> Expr {
    let e = pool.rewrite(e, |pool, old, new| match pool.node(old).clone() {
        Node::Map(f, args) => {
            let args: Vec<Expr> = args.iter().map(|a| spread_or_not(pool, new[a], most)).collect();
            if f.row().mask && args.len() == 2 {
                return Some(compared(pool, f.row().name == "eq", &args, most, |pool, args| pool.map(f, args)));
            }
            Some(pool.map(f, &args))
        }
        Node::Apply(f, args) => {
            let mut args: Vec<Expr> = args.iter().map(|a| spread_or_not(pool, new[a], most)).collect();
            // What runs over all entries does not see their order.
            if f.row().of == "any" && f.row().gives == "scalar" && f.kept() == 0 && args.len() == 1 {
                args[0] = oldest(pool, args[0]).0;
            }
            Some(pool.apply(f, &args))
        }
        Node::Product { factors, out, sizes } => {
            let broadcast: Vec<_> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let mut made: Vec<Factor> = vec![];
            for f in factors {
                let (base, power) = (new[&f.base], new[&f.power]);
                let copies = match (pool.node(base), pool.as_integer(power)) {
                    (Node::Product { .. }, Some(k @ 2..=4)) if !f.labels.is_empty() => k,
                    _ => 1,
                };
                let below = pool.as_integer(power).is_none_or(|k| k < 0);
                let base = if below { spread_or_not(pool, base, most) } else { base };
                let power = if copies > 1 { pool.one() } else { power };
                let (base, order) = if copies > 1 { (base, None) } else { oldest(pool, base) };
                let labels = order.map_or(f.labels.clone(), |order| order.iter().map(|k| f.labels[*k]).collect());
                (0..copies).for_each(|_| made.push(Factor { base, labels: labels.clone(), power }));
            }
            let made = pool.product_of(made, out, &broadcast);
            Some(if pool.rank(made) == 0 { spread_or_not(pool, made, most) } else { made })
        }
        _ => None,
    });
    // Sums of many axes first: their labels may join others, and powers of what they stand beside must meet before those are opened.
    let e = open_wide(pool, e).unwrap_or(e);
    spread_or_not(pool, e, most)
}

fn spread_or_not(pool: &mut Pool, e: Expr, most: usize) -> Expr {
    spread(pool, e, most).unwrap_or(e)
}

/// a > b as a − b > 0, without a positive number in front.
fn compared(pool: &mut Pool, turns: bool, args: &[Expr], most: usize, made: impl Fn(&mut Pool, &[Expr]) -> Expr) -> Expr {
    let axes = pool.axes(args[0]).to_vec();
    let minus = pool.negate(args[1]);
    let difference = pool.add(args[0], minus);
    let difference = spread_or_not(pool, difference, most);
    let (sign, rest) = pool.primitive_of(difference);
    let zero = pool.zero(&axes);
    if sign.is_negative() && !turns { made(pool, &[zero, rest]) } else { made(pool, &[rest, zero]) }
}

/// Of all orders of the axes of a sum or function the one with the oldest handle, with the axes that it takes; `None` for as it is.
fn oldest(pool: &mut Pool, e: Expr) -> (Expr, Option<Vec<usize>>) {
    let rank = pool.rank(e);
    if !(3..=AXES).contains(&rank) || !matches!(pool.node(e), Node::Sum(..) | Node::Map(..)) {
        return (e, None);
    }
    let mut best = (e, None);
    for order in orders(rank) {
        let turned = match pool.node(e).clone() {
            Node::Map(f, args) => {
                let args: Vec<Expr> = args.iter().map(|a| pool.permute(*a, &order)).collect();
                pool.map(f, &args)
            }
            // As a factor a sum is primitive: its sign is no part of it.
            _ => pool.permute(e, &order),
        };
        if turned < best.0 {
            best = (turned, Some(order));
        }
    }
    best
}

/// All orders of `n` axes.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut out = vec![vec![]];
    for k in 0..n {
        out = out.iter().flat_map(|o: &Vec<usize>| (0..=k).map(move |at| [&o[..at], &[k], &o[at..]].concat())).collect();
    }
    out
}
