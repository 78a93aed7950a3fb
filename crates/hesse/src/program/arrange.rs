//! What is computed, arranged for a runner that sees structure in labels: no matrix is formed to be diagonal, shifted, transposed or
//! contracted away.
//!
//! | before | after |
//! |---|---|
//! | a definition that equals an earlier one, or is a function of a whole matrix | stands where it is used |
//! | a definition that only relabels, scales, selects: `T = A'`, `D = diag(v)`, `s = u[2:n]` | stands where it is used |
//! | a matrix product all of whose readers contract it: tr(A*B), A*B*x | stands where it is used, for the runner to order |
//! | a product with a sum that has a diagonal or a mask: A*(diag(p) - p*p') | A*diag(p) - A*p*p' |
//! | terms that differ by a vector: diag(a) + diag(b), X'*diag(a)*X - X'*diag(b)*X | diag(a + b), X'*diag(a - b)*X |

use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational, VarId, VarKind};
use num_traits::One;
use rustc_hash::{FxHashMap, FxHashSet};

/// A structured sum of more terms is not spread out.
const TERMS: usize = 6;

/// Arranges outputs and the definitions that they read; those that now stand elsewhere are no longer read. `symmetric` lists the variables
/// that are declared so: from now on the pool takes them as equal to their transposes, and nothing may be differentiated in it any more.
pub fn arrange(pool: &mut Pool, symmetric: &[VarId], definitions: &mut Vec<(VarId, Expr)>, outputs: &mut [Expr]) {
    if !symmetric.is_empty() {
        pool.make_symmetric(symmetric);
        for value in definitions.iter_mut().map(|d| &mut d.1).chain(outputs.iter_mut()) {
            *value = pool.rewrite(*value, |pool, old, new| Some(pool.rebuild(old, |_, c| new[&c])));
        }
    }
    let mut placed: FxHashMap<VarId, Expr> = FxHashMap::default();
    let mut known: FxHashMap<Expr, Expr> = FxHashMap::default();
    for (symbol, value) in definitions.iter_mut() {
        *value = pool.substitute(*value, &placed);
        *value = spread(pool, *value);
        // inv(S) is known to be symmetric where it is seen.
        if selects(pool, *value) || matches!(pool.node(*value), Node::Apply(..)) {
            placed.insert(*symbol, *value);
        } else if let Some(same) = known.get(value) {
            placed.insert(*symbol, *same);
        } else {
            known.insert(*value, pool.var(*symbol));
        }
    }
    for value in outputs.iter_mut() {
        *value = pool.substitute(*value, &placed);
        *value = spread(pool, *value);
    }
    place_contracted(pool, definitions, outputs);
    let mut made = vec![];
    for (symbol, value) in std::mem::take(definitions) {
        let value = gather(pool, value, &mut made);
        made.push((symbol, value));
    }
    for value in outputs {
        *value = gather(pool, *value, &mut made);
    }
    *definitions = made;
}

/// Whether a value is another one with its axes in another order, along a diagonal, scaled, or selected by masks.
fn selects(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Var(_) => true,
        Node::Sum(terms, _) => match terms.as_slice() {
            [(_, t)] => selects(pool, *t),
            terms => terms.len() <= TERMS && pool.rank(e) > 1 && terms.iter().all(|t| is_structured(pool, t.1)),
        },
        Node::Product { factors, out, .. } => {
            let relabels =
                factors.len() == 1 && pool.as_integer(factors[0].power) == Some(1) && factors[0].labels.iter().all(|l| out.contains(l));
            relabels || is_structured(pool, e) || factors.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(Pattern::Shift { .. })))
        }
        _ => false,
    }
}

/// A tensor of two axes or more, most of whose entries are 0 by its form.
fn is_structured(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Pattern(Pattern::Shift { .. }) => true,
        Node::Product { factors, out, .. } => {
            let shift = |f: &Factor| matches!(pool.node(f.base), Node::Pattern(Pattern::Shift { .. }));
            out.iter().enumerate().any(|(k, l)| out[..k].contains(l)) || out.len() > 1 && factors.iter().any(shift)
        }
        _ => false,
    }
}

/// Products with structured sums, term by term, everywhere.
fn spread(pool: &mut Pool, e: Expr) -> Expr {
    pool.rewrite(e, |pool, old, new| {
        let Node::Product { factors, .. } = pool.node(old) else { return None };
        if !factors.iter().any(|f| opens(pool, new[&f.base], f.power)) {
            return None;
        }
        let made = pool.rebuild(old, |_, c| new[&c]);
        Some(opened(pool, made))
    })
}

fn opens(pool: &Pool, base: Expr, power: Expr) -> bool {
    let Node::Sum(terms, axes) = pool.node(base) else { return false };
    axes.len() > 1
        && (2..=TERMS).contains(&terms.len())
        && terms.iter().any(|t| is_structured(pool, t.1))
        && pool.as_integer(power) == Some(1)
}

/// A product with a structured sum as the sum of its terms.
fn opened(pool: &mut Pool, e: Expr) -> Expr {
    let axes = pool.axes(e).to_vec();
    match pool.node(e).clone() {
        Node::Sum(terms, _) => {
            let terms: Vec<_> = terms.into_iter().map(|(c, t)| (c, opened(pool, t))).collect();
            pool.sum(&terms, &axes)
        }
        Node::Product { factors, out, sizes } => {
            let Some(k) = factors.iter().position(|f| opens(pool, f.base, f.power)) else { return e };
            let Node::Sum(terms, _) = pool.node(factors[k].base).clone() else { return e };
            let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let terms: Vec<_> = terms
                .into_iter()
                .map(|(c, t)| {
                    let mut factors = factors.clone();
                    factors[k].base = t;
                    let t = pool.product_of(factors, out.clone(), &sizes);
                    (c, opened(pool, t))
                })
                .collect();
            pool.sum(&terms, &axes)
        }
        _ => e,
    }
}

/// A matrix product that everything which reads it contracts to fewer axes is not formed: the last definitions first, so that what reads
/// a definition is final.
fn place_contracted(pool: &mut Pool, definitions: &mut [(VarId, Expr)], outputs: &mut [Expr]) {
    for k in (0..definitions.len()).rev() {
        let (symbol, value) = definitions[k];
        let rank = pool.rank(value);
        if rank < 2 || !contracts(pool, value) {
            continue;
        }
        let readers: Vec<usize> = (k + 1..definitions.len()).filter(|m| pool.variables_of(definitions[*m].1).contains(&symbol)).collect();
        let roots: Vec<Expr> = readers.iter().map(|m| definitions[*m].1).chain(outputs.iter().copied()).collect();
        let name = pool.var(symbol);
        let (mut read, mut fits) = (false, !roots.contains(&name));
        for e in pool.under(&roots) {
            let mut reads = false;
            pool.each_child(e, |c| reads |= c == name);
            if reads {
                read = true;
                fits &= match pool.node(e) {
                    Node::Product { factors, out, .. } => {
                        let distinct: FxHashSet<Label> = out.iter().copied().collect();
                        distinct.len() < rank && factors.iter().all(|f| f.base != name || pool.as_integer(f.power) == Some(1))
                    }
                    _ => false,
                };
            }
        }
        if read && fits {
            let with = FxHashMap::from_iter([(symbol, value)]);
            readers.into_iter().for_each(|m| definitions[m].1 = pool.substitute(definitions[m].1, &with));
            outputs.iter_mut().for_each(|e| *e = pool.substitute(*e, &with));
        }
    }
}

/// Whether it is a product of several factors that sums.
fn contracts(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Sum(terms, _) => terms.len() == 1 && contracts(pool, terms[0].1),
        Node::Product { factors, out, sizes } => factors.len() > 1 && (0..sizes.len() as Label).any(|l| !out.contains(&l)),
        _ => false,
    }
}

/// A term as matrices and masks over labels, and what stands beside them: numbers and vectors over at most one label.
struct Split {
    matrices: Vec<Factor>,
    out: Vec<Label>,
    sizes: Vec<(Label, Dim)>,
    /// The label of the vectors; `None` beside numbers only.
    along: Option<Label>,
    beside: Vec<Factor>,
}

impl Split {
    fn of(pool: &mut Pool, e: Expr) -> Option<Split> {
        let (factors, out, sizes) = match pool.node(e).clone() {
            Node::Product { factors, out, sizes } => (factors, out, sizes),
            // Anything else is one factor over its axes.
            _ => {
                let labels: Vec<Label> = (0..pool.rank(e) as Label).collect();
                let power = pool.one();
                (vec![Factor { base: e, labels: labels.clone(), power }], labels, pool.axes(e).to_vec())
            }
        };
        let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
        let (matrices, beside): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|f| f.labels.len() > 1);
        if matrices.is_empty() && !out.iter().enumerate().any(|(k, l)| out[..k].contains(l)) {
            return None;
        }
        let along = beside.iter().flat_map(|f| f.labels.clone()).next();
        let one = beside.iter().all(|f| f.labels.iter().all(|l| Some(*l) == along));
        let carried = along.is_none_or(|l| out.contains(&l) || matrices.iter().any(|f| f.labels.contains(&l)));
        (one && carried).then_some(Split { matrices, out, sizes, along, beside })
    }

    /// What terms must agree in: the matrices, with the label of the vectors as a last axis.
    fn frame(&self, pool: &mut Pool, along: Label) -> Expr {
        pool.product_of(self.matrices.clone(), [self.out.as_slice(), &[along]].concat(), &self.sizes)
    }

    /// Labels that a number may be seen as a constant vector over.
    fn labels(&self) -> Vec<Label> {
        let mut labels = self.out.clone();
        labels.extend(self.matrices.iter().flat_map(|f| f.labels.clone()));
        labels
    }
}

/// Terms that differ by a vector.
struct Group {
    frame: Expr,
    along: Label,
    of: Split,
    terms: Vec<(Rational, Expr)>,
    besides: Vec<(Rational, Expr)>,
}

/// Terms of sums that differ by a vector only, as one term, everywhere; the sum of the vectors becomes a definition.
fn gather(pool: &mut Pool, e: Expr, definitions: &mut Vec<(VarId, Expr)>) -> Expr {
    pool.rewrite(e, |pool, old, new| {
        let Node::Sum(terms, axes) = pool.node(old).clone() else { return None };
        if axes.len() < 2 || terms.len() < 2 {
            return None;
        }
        let mut groups: Vec<Group> = vec![];
        let mut left = vec![];
        let mut split = vec![];
        for (c, t) in terms {
            match Split::of(pool, new[&t]) {
                Some(s) => split.push((c, new[&t], s)),
                None => left.push((c, new[&t])),
            }
        }
        // Vectors first: a number joins them as a constant one.
        split.sort_by_key(|s| s.2.along.is_none());
        for (c, t, s) in split {
            let labels = s.along.map_or_else(|| s.labels(), |l| vec![l]);
            let mut place = None;
            for l in labels {
                let frame = s.frame(pool, l);
                if let Some(k) = groups.iter().position(|g| g.frame == frame) {
                    place = Some((k, l));
                    break;
                }
            }
            match place {
                Some((k, l)) => {
                    let beside = pool.product_of(s.beside.clone(), vec![l], &s.sizes);
                    groups[k].besides.push((c, beside));
                    groups[k].terms.push((c, t));
                }
                None => {
                    let Some(along) = s.along.or(s.out.first().copied()) else {
                        left.push((c, t));
                        continue;
                    };
                    let (frame, beside) = (s.frame(pool, along), pool.product_of(s.beside.clone(), vec![along], &s.sizes));
                    groups.push(Group { frame, along, of: s, terms: vec![(c, t)], besides: vec![(c, beside)] });
                }
            }
        }
        for g in groups {
            if g.terms.len() == 1 {
                left.extend(g.terms);
                continue;
            }
            let axes = pool.axes(g.besides[0].1).to_vec();
            let sum = pool.sum(&g.besides, &axes);
            // The sum would be taken apart again below a diagonal: it gets a name.
            let (symbol, vector) = pool.declare("beside", axes, VarKind::Adjoint);
            definitions.push((symbol, sum));
            let power = pool.one();
            let factors = [g.of.matrices, vec![Factor { base: vector, labels: vec![g.along], power }]].concat();
            left.push((Rational::one(), pool.product_of(factors, g.of.out, &g.of.sizes)));
        }
        Some(pool.sum(&left, &axes))
    })
}
