//! log Σ exp and exp / Σ exp, however they are written, lowered to what does not overflow: the printed mathematics stays as it is.
//!
//! With s = Σ exp(X) over some axes, exp(X) is softmax(X)·s. Written so, every s over which an exponential stands cancels, and what is left
//! are `softmax(X) = exp(X - logsumexp(X))` and `log(s) = logsumexp(X)`. Where some s stays, the sum is left as it was.

use crate::calculus::simplify::{self, Common};
use crate::facts::{functions, matrices};
use crate::tensor::{Expr, Label, Node, Pool, VarId, VarKind};
use rustc_hash::FxHashMap;

/// Whether a definition is written out where it is used, so that its exponentials are seen there: a function `exp`, or a sum of one.
pub fn is_exponential(pool: &Pool, e: Expr) -> bool {
    argument(pool, e).is_some() || Total::of(pool, e).is_some()
}

/// The expression with every such quotient and logarithm lowered.
pub fn lower(pool: &mut Pool, e: Expr) -> Expr {
    let totals: Vec<Total> = pool.under(&[e]).into_iter().filter_map(|x| Total::of(pool, x)).collect();
    let e = cancel(pool, e, totals);
    let logarithms = pool.under(&[e]).into_iter().any(|x| logarithm(pool, x).is_some());
    if !logarithms {
        return e;
    }
    pool.rewrite(e, |pool, old, new| {
        let Node::Map(f, args) = pool.node(old).clone() else { return None };
        let of = (f.row().name == "log").then(|| new[&args[0]])?;
        match Total::of(pool, of) {
            Some(total) => total.logarithm(pool),
            None => argument(pool, of),
        }
    })
}

/// X of exp(X).
fn argument(pool: &Pool, e: Expr) -> Option<Expr> {
    match pool.node(e) {
        Node::Map(f, args) if f.row().name == "exp" => Some(args[0]),
        _ => None,
    }
}

/// The argument of a logarithm of an exponential or of a sum of one.
fn logarithm(pool: &Pool, e: Expr) -> Option<Expr> {
    match pool.node(e) {
        Node::Map(f, args) if f.row().name == "log" && is_exponential(pool, args[0]) => Some(args[0]),
        _ => None,
    }
}

/// Σ exp(X) over all axes of X that are not kept.
#[derive(Clone)]
struct Total {
    whole: Expr,
    x: Expr,
    /// Axes of X, in the order of the result.
    kept: Vec<usize>,
}

impl Total {
    fn of(pool: &Pool, e: Expr) -> Option<Total> {
        let Node::Product { factors, out, sizes } = pool.node(e) else { return None };
        let [f] = factors.as_slice() else { return None };
        let x = argument(pool, f.base)?;
        let plain = f.labels.len() == sizes.len() && out.len() < sizes.len() && pool.as_integer(f.power) == Some(1);
        let distinct = |labels: &[Label]| labels.iter().enumerate().all(|(k, l)| !labels[..k].contains(l));
        if !plain || !distinct(&f.labels) || !distinct(out) {
            return None;
        }
        let kept: Option<Vec<usize>> = out.iter().map(|l| f.labels.iter().position(|m| m == l)).collect();
        Some(Total { whole: e, x, kept: kept? })
    }

    fn logarithm(&self, pool: &mut Pool) -> Option<Expr> {
        let rest = (0..pool.rank(self.x)).filter(|k| !self.kept.contains(k));
        let order: Vec<usize> = self.kept.iter().copied().chain(rest).collect();
        let turned = pool.permute(self.x, &order);
        matrices::find("logsumexp").map(|f| pool.apply(f.keeping(self.kept.len()), &[turned]))
    }

    /// exp(X - log Σ exp(X)) · s
    fn softmax_times(&self, pool: &mut Pool, s: Expr) -> Option<Expr> {
        let shift = self.logarithm(pool)?;
        let labels: Vec<Label> = (0..pool.rank(self.x) as Label).collect();
        let sizes: Vec<_> = labels.iter().copied().zip(pool.axes(self.x).to_vec()).collect();
        let kept: Vec<Label> = self.kept.iter().map(|k| *k as Label).collect();
        let shift = pool.product(&[(shift, &kept)], &labels, &sizes);
        let minus = pool.negate(shift);
        let inner = pool.add(self.x, minus);
        let softmax = functions::find("exp").map(|exp| pool.map(exp, &[inner]))?;
        Some(pool.product(&[(softmax, &labels), (s, &kept)], &labels, &[]))
    }
}

/// Puts a symbol in the place of each sum and cancels; sums whose symbol stays are left out and the rest is tried again.
fn cancel(pool: &mut Pool, e: Expr, mut totals: Vec<Total>) -> Expr {
    // One sum for each X: exp(X) can be split only once.
    let all = std::mem::take(&mut totals);
    for t in all {
        if totals.iter().all(|u| u.x != t.x) {
            totals.push(t);
        }
    }
    while !totals.is_empty() {
        let symbols: Vec<(VarId, Expr)> = totals
            .iter()
            .map(|t| {
                let axes = pool.axes(t.whole).to_vec();
                pool.declare("s", axes, VarKind::Argument)
            })
            .collect();
        let mut replaced: FxHashMap<Expr, Expr> = FxHashMap::default();
        let mut split: FxHashMap<Expr, usize> = FxHashMap::default();
        for (k, t) in totals.iter().enumerate() {
            replaced.insert(t.whole, symbols[k].1);
            split.insert(t.x, k);
        }
        let opened = pool.rewrite(e, |pool, old, new| {
            if let Some(s) = replaced.get(&old) {
                return Some(*s);
            }
            match pool.node(old).clone() {
                Node::Map(f, args) if f.row().name == "log" => {
                    let k = symbols.iter().position(|s| s.1 == new[&args[0]])?;
                    totals[k].logarithm(pool)
                }
                Node::Map(..) => {
                    let k = *split.get(&argument(pool, old)?)?;
                    totals[k].softmax_times(pool, symbols[k].1)
                }
                _ => None,
            }
        });
        let found = simplify::factor(pool, opened, Common::Nearest);
        let left = pool.variables_of(found);
        let stays: Vec<bool> = symbols.iter().map(|s| left.contains(&s.0)).collect();
        if !stays.contains(&true) {
            return found;
        }
        let mut stays = stays.into_iter();
        totals.retain(|_| stays.next() == Some(false));
    }
    e
}
