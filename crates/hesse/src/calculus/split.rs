//! Inverses and determinants of products taken apart: inv(A*B) = inv(B)*inv(A), det(A*B) = det(A)*det(B) for square A and B.
//!
//! No condition is lost: a product of square matrices is invertible exactly if each of them is.

use crate::facts::matrices::{self, MatrixFunctionId};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool};

/// A matrix as a product of square ones: each with the label of its rows and of its columns, and scalars and vectors beside.
struct Chain {
    /// Square factors from left to right; the columns of one are the rows of the next.
    squares: Vec<Expr>,
    /// Vectors that scale the rows of square k (the columns of the last one for k = number of squares), by position.
    diagonals: Vec<(usize, Expr, Expr)>,
    /// Scalars with their powers.
    scalars: Vec<(Expr, Expr)>,
}

/// The inverse of a product of square matrices as the product of their inverses; `None` where it does not come apart.
pub fn inverse_of_product(pool: &mut Pool, e: Expr) -> Option<Expr> {
    let Node::Apply(f, args) = pool.node(e).clone() else { return None };
    if f.row().name != "inv" {
        return None;
    }
    let a = args[0];
    if let Some(parts) = blocks(pool, a) {
        return kronecker(pool, f, &parts);
    }
    let chain = chain(pool, a)?;
    let size = pool.axes(a)[0];
    let one = pool.one();
    let mut factors = vec![];
    for (base, power) in &chain.scalars {
        factors.push(Factor { base: *base, labels: vec![], power: pool.negate(*power) });
    }
    let last = chain.squares.len();
    for (at, base, power) in &chain.diagonals {
        factors.push(Factor { base: *base, labels: vec![*at as Label], power: pool.negate(*power) });
    }
    for (k, square) in chain.squares.iter().enumerate() {
        let inverse = pool.apply(f, &[*square]);
        factors.push(Factor { base: inverse, labels: vec![k as Label + 1, k as Label], power: one });
    }
    Some(pool.product_of(factors, vec![last as Label, 0], &[(0, size), (last as Label, size)]))
}

/// det(A) of a product of square matrices as the product of their determinants; `None` where it does not come apart.
fn determinant_of_product(pool: &mut Pool, f: MatrixFunctionId, a: Expr) -> Option<Expr> {
    let chain = chain(pool, a)?;
    if !chain.diagonals.is_empty() || !chain.scalars.is_empty() || chain.squares.len() < 2 {
        return None;
    }
    let one = pool.one();
    let factors = chain.squares.iter().map(|s| Factor { base: pool.apply(f, &[*s]), labels: vec![], power: one }).collect();
    Some(pool.product_of(factors, vec![], &[]))
}

/// norm2(v*w') = norm2(v)*norm2(w): a product whose row and column labels no factor joins.
pub fn norm_of_outer(pool: &mut Pool, e: Expr) -> Option<Expr> {
    let Node::Apply(f, args) = pool.node(e).clone() else { return None };
    let Node::Product { factors, out, sizes } = pool.node(args[0]).clone() else { return None };
    let [i, j] = out[..] else { return None };
    let carried = |l: &Label| factors.iter().any(|x| x.labels.contains(l));
    if f.row().name != "norm2" || f.kept() > 0 || i == j || !carried(&i) || !carried(&j) || factors.iter().any(|x| x.labels.is_empty()) {
        return None;
    }
    // What is joined to the rows.
    let mut rows: Vec<Label> = vec![i];
    while let Some(l) =
        factors.iter().filter(|x| x.labels.iter().any(|l| rows.contains(l))).flat_map(|x| &x.labels).find(|l| !rows.contains(l))
    {
        rows.push(*l);
    }
    if rows.contains(&j) {
        return None;
    }
    let sizes: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
    let (left, right): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|x| x.labels.iter().any(|l| rows.contains(l)));
    let (v, w) = (pool.product_of(left, vec![i], &sizes), pool.product_of(right, vec![j], &sizes));
    let (v, w) = (pool.apply(f, &[v]), pool.apply(f, &[w]));
    Some(pool.times(v, w))
}

/// Every determinant of a product below `e` taken apart.
pub fn split_determinants(pool: &mut Pool, e: Expr) -> Expr {
    let det = matrices::find("det");
    pool.rewrite(e, |pool, old, new| match pool.node(old).clone() {
        Node::Apply(f, args) if Some(f) == det => determinant_of_product(pool, f, new[&args[0]]),
        _ => None,
    })
}

/// The chain of square matrices that a matrix is a product of, cut wherever the size of the whole stands between two factors.
fn chain(pool: &mut Pool, a: Expr) -> Option<Chain> {
    let Node::Product { factors, out, sizes } = pool.node(a).clone() else { return None };
    let [from, to] = out[..] else { return None };
    if from == to || pool.axes(a)[0] != pool.axes(a)[1] {
        return None;
    }
    let size = sizes[from as usize];
    let mut found = Chain { squares: vec![], diagonals: vec![], scalars: vec![] };
    let mut matrices: Vec<Factor> = vec![];
    let mut vectors: Vec<Factor> = vec![];
    for f in factors {
        match f.labels.len() {
            0 => found.scalars.push((f.base, f.power)),
            1 => vectors.push(f),
            2 if pool.as_integer(f.power) == Some(1) && f.labels[0] != f.labels[1] => matrices.push(f),
            _ => return None,
        }
    }
    // Walk from the rows to the columns; every label in between joins exactly two matrices.
    let mut at = from;
    let mut segment: Vec<Factor> = vec![];
    let mut begin = from;
    loop {
        let next: Vec<usize> = (0..matrices.len()).filter(|k| matrices[*k].labels.contains(&at)).collect();
        let [k] = next[..] else { return None };
        let f = matrices.remove(k);
        let beyond = if f.labels[0] == at { f.labels[1] } else { f.labels[0] };
        segment.push(f);
        let ends = beyond == to;
        if ends || sizes[beyond as usize] == size {
            // Vectors within the segment belong to it, those at its ends scale rows.
            let inside = |l: Label| l != begin && l != beyond && segment.iter().any(|f| f.labels.contains(&l));
            let (within, rest): (Vec<Factor>, Vec<Factor>) = vectors.into_iter().partition(|v| inside(v.labels[0]));
            vectors = rest;
            let place = found.squares.len();
            for v in vectors.iter().filter(|v| v.labels[0] == begin) {
                found.diagonals.push((place, v.base, v.power));
            }
            vectors.retain(|v| v.labels[0] != begin);
            segment.extend(within);
            let square = pool.product_of(std::mem::take(&mut segment), vec![begin, beyond], &[]);
            found.squares.push(square);
            begin = beyond;
        }
        at = beyond;
        if ends {
            break;
        }
    }
    if !matrices.is_empty() {
        return None;
    }
    let last = found.squares.len();
    for v in &vectors {
        if v.labels[0] != to {
            return None;
        }
        found.diagonals.push((last, v.base, v.power));
    }
    let apart = last > 1 || !found.diagonals.is_empty() || !found.scalars.is_empty();
    apart.then_some(found)
}

/// The parts of a Kronecker product: each with its positions among the row axes (its column axes stand at the same positions).
fn blocks(pool: &mut Pool, a: Expr) -> Option<Vec<(Expr, Vec<usize>)>> {
    let Node::Product { factors, out, sizes } = pool.node(a).clone() else { return None };
    let half = out.len() / 2;
    if half < 2 || out.len() % 2 == 1 {
        return None;
    }
    // Labels that factors join belong together, and so do the rows and the columns of one position.
    let mut class: Vec<usize> = (0..sizes.len()).collect();
    let mut join = |a: Label, b: Label| {
        let (old, new) = (class[a as usize], class[b as usize]);
        class.iter_mut().filter(|c| **c == old).for_each(|c| *c = new);
    };
    for f in &factors {
        f.labels.windows(2).for_each(|w| join(w[0], w[1]));
    }
    (0..half).for_each(|k| join(out[k], out[half + k]));
    let mut classes: Vec<usize> = (0..half).map(|k| class[out[k] as usize]).collect();
    classes.dedup();
    let distinct = classes.iter().enumerate().all(|(k, c)| !classes[..k].contains(c));
    if classes.len() < 2 || !distinct {
        return None;
    }
    let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
    let mut parts = vec![];
    for (first, c) in classes.iter().enumerate() {
        let places: Vec<usize> = (0..half).filter(|k| class[out[*k] as usize] == *c).collect();
        let mine = factors.iter().filter(|f| match f.labels.first() {
            Some(l) => class[*l as usize] == *c,
            // Scalars go with the first part.
            None => first == 0,
        });
        let mine: Vec<Factor> = mine.cloned().collect();
        let labels: Vec<Label> = places.iter().map(|k| out[*k]).chain(places.iter().map(|k| out[half + *k])).collect();
        parts.push((pool.product_of(mine, labels, &broadcast), places));
    }
    Some(parts)
}

/// inv(kron(A, B)) = kron(inv(A), inv(B)).
fn kronecker(pool: &mut Pool, f: MatrixFunctionId, parts: &[(Expr, Vec<usize>)]) -> Option<Expr> {
    let half: usize = parts.iter().map(|p| p.1.len()).sum();
    let one = pool.one();
    let mut factors = vec![];
    for (e, places) in parts {
        let axes = pool.axes(*e).to_vec();
        if axes[..places.len()] != axes[places.len()..] {
            return None;
        }
        let labels = places.iter().map(|k| *k as Label).chain(places.iter().map(|k| (half + *k) as Label)).collect();
        let base = pool.apply(f, &[*e]);
        factors.push(Factor { base, labels, power: one });
    }
    Some(pool.product_of(factors, (0..2 * half as Label).collect(), &[]))
}
