//! Which entries of an expression can be non-zero when the sizes are numbers.

use super::Kind;
use crate::calculus::notate::Face;
use crate::tensor::{Dim, Expr, Label, Node, Pattern, Pool, VarId};
use num_traits::Signed;
use rustc_hash::FxHashMap;

/// More entries than this are not looked at one by one: all of them count as possible.
const ENTRIES: usize = 1 << 14;

/// More places of labels than this are not gone through.
const PLACES: usize = 1 << 16;

/// Sizes by the position of their names in [`crate::tensor::dim::Dims`].
pub(super) type Sizes = Vec<usize>;

/// Where a tensor can be non-zero, row-major; `None` everywhere.
type Support = Option<Vec<bool>>;

/// A declared structure of a variable.
#[derive(Clone, Copy, PartialEq)]
enum Declared {
    Diagonal,
    Lower,
}

/// The supports of what is under one expression.
pub(super) struct Supports {
    under: Vec<Expr>,
    declared: FxHashMap<VarId, Declared>,
    /// The smallest size at which positions and offsets of the formula are inside.
    pub(super) least: usize,
}

impl Supports {
    pub(super) fn new(pool: &Pool, e: Expr, declared: &[(VarId, Vec<String>)]) -> Supports {
        let under = pool.under(&[e]);
        let declared = declared.iter().filter_map(|(v, properties)| {
            let has = |name: &str| properties.iter().any(|p| p == name);
            let what = if has("diagonal") { Some(Declared::Diagonal) } else { has("lower").then_some(Declared::Lower) };
            Some((*v, what?))
        });
        let constant = |d: Dim| pool.dims.polynomial(d).iter().map(|t| t.1.unsigned_abs() as usize).max().unwrap_or(0);
        let largest = under.iter().flat_map(|x| match pool.node(*x) {
            Node::Pattern(Pattern::Unit { at, of }) => vec![*at, *of],
            Node::Pattern(Pattern::Shift { offset, rows, cols }) => vec![*offset, *rows, *cols],
            _ => vec![],
        });
        let least = largest.map(constant).max().unwrap_or(0) + 2;
        Supports { declared: declared.collect(), under, least: least.max(3) }
    }

    /// Every name stands for the same number.
    pub(super) fn all(&self, pool: &Pool, size: usize) -> Sizes {
        vec![size; pool.dims.names().len()]
    }

    /// Whether some entry is never non-zero.
    pub(super) fn is_sparse(&self, pool: &Pool, e: Expr) -> bool {
        // Labels and constants decide: where there are none of these, nothing has to be gone through.
        let plain = self.under.iter().all(|x| match pool.node(*x) {
            Node::Product { out, .. } => distinct(out),
            Node::Pattern(_) => false,
            Node::Sum(terms, axes) => !terms.is_empty() || axes.is_empty(),
            Node::Var(v) => !self.declared.contains_key(v),
            _ => true,
        });
        if plain {
            return false;
        }
        let sizes = self.all(pool, self.least);
        self.of(pool, e, &sizes).is_some_and(|s| s.contains(&false))
    }

    /// The support of an expression; `None` where all entries are possible.
    pub(super) fn of(&self, pool: &Pool, e: Expr, sizes: &Sizes) -> Support {
        let mut known: FxHashMap<Expr, Support> = FxHashMap::default();
        for x in &self.under {
            let support = if pool.rank(*x) == 0 { None } else { self.node(pool, *x, sizes, &known) };
            known.insert(*x, support.filter(|s| s.contains(&false)));
        }
        known.remove(&e).flatten()
    }

    fn node(&self, pool: &Pool, e: Expr, sizes: &Sizes, known: &FxHashMap<Expr, Support>) -> Support {
        let shape = shape(pool, pool.axes(e), sizes)?;
        let total: usize = shape.iter().product();
        if total > ENTRIES {
            return None;
        }
        let square = |at: &dyn Fn(usize, usize) -> bool| -> Support {
            let [rows, cols] = shape.as_slice() else { return None };
            Some((0..*rows).flat_map(|i| (0..*cols).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect())
        };
        match pool.node(e) {
            Node::Pattern(Pattern::Unit { at, .. }) => {
                let at = size(pool, *at, sizes)?;
                Some((1..=total).map(|k| k == at).collect())
            }
            Node::Pattern(Pattern::Lower { .. }) => square(&|i, j| i >= j),
            Node::Pattern(Pattern::Shift { offset, .. }) => {
                let offset = signed(pool, *offset, sizes)?;
                square(&|i, j| i as i64 == j as i64 + offset)
            }
            Node::Var(v) => match self.declared.get(v)? {
                Declared::Diagonal => square(&|i, j| i == j),
                Declared::Lower => square(&|i, j| i >= j),
            },
            Node::Sum(terms, _) => {
                let mut any = vec![false; total];
                for (_, t) in terms {
                    let one = known.get(t)?.as_ref()?;
                    any.iter_mut().zip(one).for_each(|(a, b)| *a |= *b);
                }
                Some(any)
            }
            // A function that is 0 at 0 is possible where an argument is.
            Node::Map(f, args) => {
                let zero = (f.row().value)(&vec![0.0; args.len()]) == 0.0;
                let mut any = vec![false; total];
                for a in args {
                    let one = known.get(a)?.as_ref().filter(|_| zero)?;
                    any.iter_mut().zip(one).for_each(|(a, b)| *a |= *b);
                }
                Some(any)
            }
            // The inverse of a triangle is one.
            Node::Apply(f, args) if f.row().name == "inv" && shape.len() == 2 => {
                let of = known.get(&args[0])?.as_ref()?;
                let n = shape[0];
                let within = |keep: &dyn Fn(usize, usize) -> bool| of.iter().enumerate().all(|(k, b)| !b || keep(k / n, k % n));
                if within(&|i, j| i == j) {
                    square(&|i, j| i == j)
                } else if within(&|i, j| i >= j) {
                    square(&|i, j| i >= j)
                } else if within(&|i, j| i <= j) {
                    square(&|i, j| i <= j)
                } else {
                    None
                }
            }
            Node::Product { factors, out, sizes: dims } => {
                let positive = |power: Expr| pool.as_number(power).is_some_and(|p| p.is_positive());
                let mut bound: Vec<(&Vec<bool>, &[Label])> = factors
                    .iter()
                    .filter(|f| positive(f.power))
                    .filter_map(|f| Some((known.get(&f.base)?.as_ref()?, f.labels.as_slice())))
                    .collect();
                if bound.is_empty() && distinct(out) {
                    return None;
                }
                let spans: Vec<usize> = dims.iter().map(|d| size(pool, *d, sizes)).collect::<Option<_>>()?;
                let places = |bound: &[(&Vec<bool>, &[Label])]| {
                    let mut labels: Vec<Label> = out.iter().chain(bound.iter().flat_map(|b| b.1)).copied().collect();
                    labels.sort_unstable();
                    labels.dedup();
                    let count = labels.iter().try_fold(1usize, |n, l| n.checked_mul(spans[*l as usize])).unwrap_or(usize::MAX);
                    (labels, count)
                };
                let (mut labels, mut count) = places(&bound);
                if count > PLACES {
                    // Fewer constraints leave more entries possible.
                    bound.retain(|b| b.1.iter().all(|l| out.contains(l)));
                    (labels, count) = places(&bound);
                }
                let mut any = vec![false; total];
                let mut at = vec![0usize; spans.len()];
                let index = |at: &[usize], of: &[Label]| of.iter().fold(0, |k, l| k * spans[*l as usize] + at[*l as usize]);
                for place in 0..count {
                    let mut rest = place;
                    for l in labels.iter().rev() {
                        at[*l as usize] = rest % spans[*l as usize];
                        rest /= spans[*l as usize];
                    }
                    if bound.iter().all(|(s, l)| s[index(&at, l)]) {
                        any[index(&at, out)] = true;
                    }
                }
                Some(any)
            }
            _ => None,
        }
    }

    /// The support laid out as rows × columns.
    pub(super) fn matrix(&self, pool: &Pool, e: Expr, face: &Face, sizes: &Sizes, most: usize) -> Option<Vec<Vec<bool>>> {
        // A position outside makes no sense of the formula at these sizes.
        for x in &self.under {
            shape(pool, pool.axes(*x), sizes)?;
            if let Node::Pattern(Pattern::Unit { at, of }) = pool.node(*x)
                && size(pool, *at, sizes)? > size(pool, *of, sizes)?
            {
                return None;
            }
        }
        let lengths = shape(pool, pool.axes(e), sizes)?;
        let span = |side: &[usize]| side.iter().map(|a| lengths[*a]).product::<usize>();
        let (rows, cols) = (span(&face.rows), span(&face.cols));
        if rows.checked_mul(cols).is_none_or(|n| n > most.min(ENTRIES)) {
            return None;
        }
        let support = self.of(pool, e, sizes);
        let entry = |i: usize, j: usize| {
            let mut at = vec![0; lengths.len()];
            for (side, place) in [(&face.rows, i), (&face.cols, j)] {
                let mut rest = place;
                for a in side.iter().rev() {
                    at[*a] = rest % lengths[*a];
                    rest /= lengths[*a];
                }
            }
            at.iter().zip(&lengths).fold(0, |k, (a, n)| k * n + a)
        };
        let possible = |k: usize| support.as_ref().is_none_or(|s| s[k]);
        Some((0..rows).map(|i| (0..cols).map(|j| possible(entry(i, j))).collect()).collect())
    }

    /// A name for zeros beside the diagonal: the same few diagonals at two sizes, or one triangle.
    pub(super) fn bands(&self, pool: &Pool, e: Expr, face: &Face) -> Option<Kind> {
        if face.rows.len() != 1 || face.cols.len() != 1 {
            return None;
        }
        let reach_at = |sizes: &Sizes| -> Option<(usize, usize)> {
            let matrix = self.matrix(pool, e, face, sizes, ENTRIES)?;
            let places = || matrix.iter().enumerate().flat_map(|(i, row)| (0..row.len()).filter(|j| row[*j]).map(move |j| (i, j)));
            let below = places().map(|(i, j)| i.saturating_sub(j)).max().unwrap_or(0);
            Some((below, places().map(|(i, j)| j.saturating_sub(i)).max().unwrap_or(0)))
        };
        let reach = |size: usize| reach_at(&self.all(pool, size));
        let (small, large) = (reach(self.least + 2)?, reach(self.least + 3)?);
        // A place that a name says, as row k, is not always the last: sizes that differ, in two orders.
        let count = pool.dims.names().len();
        let staggered = |up: bool| -> Sizes { (0..count).map(|k| self.least + 2 + if up { k } else { count - 1 - k }).collect() };
        let others: Vec<(usize, usize)> = [true, false].into_iter().filter_map(|up| reach_at(&staggered(up))).collect();
        let stays = |kind: &Kind| {
            others.iter().all(|(below, above)| match kind {
                Kind::Diagonal => (*below, *above) == (0, 0),
                Kind::Upper => *below == 0,
                Kind::Lower => *above == 0,
                _ => (*below, *above) == small,
            })
        };
        let kind = match small {
            (0, 0) => Some(Kind::Diagonal),
            (0, above) if small != large && above > 0 => Some(Kind::Upper),
            (below, 0) if small != large && below > 0 => Some(Kind::Lower),
            (below, above) if small == large => Some(Kind::Banded { below, above }),
            _ => None,
        };
        kind.filter(stays)
    }
}

fn distinct(labels: &[Label]) -> bool {
    labels.iter().enumerate().all(|(k, l)| !labels[..k].contains(l))
}

fn signed(pool: &Pool, d: Dim, sizes: &Sizes) -> Option<i64> {
    pool.dims.polynomial(d).iter().try_fold(0i64, |sum, (names, c)| {
        let term = names.iter().try_fold(*c, |t, k| t.checked_mul(i64::try_from(sizes[*k as usize]).ok()?))?;
        sum.checked_add(term)
    })
}

/// A size as a number; `None` below zero.
pub(super) fn size(pool: &Pool, d: Dim, sizes: &Sizes) -> Option<usize> {
    usize::try_from(signed(pool, d, sizes)?).ok()
}

fn shape(pool: &Pool, axes: &[Dim], sizes: &Sizes) -> Option<Vec<usize>> {
    axes.iter().map(|d| size(pool, *d, sizes)).collect()
}
