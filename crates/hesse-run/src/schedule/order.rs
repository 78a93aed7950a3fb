//! Which factors of a product are joined first, by actual sizes: a search over all subsets for the least work, one node a join, so that
//! joins of different products are one node where they agree.

use super::graph::{Graph, Id, Index, Kind, Operand, Term};

/// Products of more factors than this are joined greedily.
const SEARCHED: usize = 10;

/// A value over some labels of a term, an axis each.
#[derive(Clone, Debug)]
pub struct Compact {
    /// The node.
    pub node: Id,
    /// The labels of its axes.
    pub labels: Vec<usize>,
}

/// A factor while factors are joined.
#[derive(Clone, Debug)]
struct Part {
    operand: Operand,
    labels: Vec<usize>,
}

/// The product of a term over the labels that both its factors and its result carry, summed over the others; the coefficient is left out.
pub fn compact(graph: &mut Graph, term: &Term) -> Compact {
    let all = parts(term);
    let out = carried(term, &all);
    let everything: Vec<usize> = (0..all.len()).collect();
    joined(graph, term, &all, &everything, &out)
}

/// The product as factors that share no label: what keeps a Kronecker product or one of low rank small.
pub fn components(graph: &mut Graph, term: &Term) -> Vec<Compact> {
    let all = parts(term);
    let out = carried(term, &all);
    let mut groups: Vec<Vec<usize>> = vec![];
    for k in 0..all.len() {
        let touching: Vec<usize> =
            (0..groups.len()).filter(|g| groups[*g].iter().any(|m| all[*m].labels.iter().any(|l| all[k].labels.contains(l)))).collect();
        let mut group = vec![k];
        for g in touching.into_iter().rev() {
            group.extend(groups.remove(g));
        }
        group.sort_unstable();
        groups.push(group);
    }
    // Scalars belong to whatever is smallest.
    let (scalars, mut groups): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
        groups.into_iter().partition(|g| g.iter().all(|k| all[*k].labels.is_empty()));
    let size = |g: &Vec<usize>| -> usize {
        out.iter().filter(|l| g.iter().any(|k| all[*k].labels.contains(l))).map(|l| extent(term, *l)).product()
    };
    groups.sort_by_key(|g| (size(g), g[0]));
    if let Some(first) = groups.first_mut() {
        first.extend(scalars.into_iter().flatten());
    } else if !scalars.is_empty() {
        groups.push(scalars.concat());
    }
    groups.iter().map(|g| joined(graph, term, &all, g, &out)).collect()
}

fn extent(term: &Term, l: usize) -> usize {
    term.ranges[l].1 - term.ranges[l].0
}

/// The factors, labels counted from the start of their ranges.
fn parts(term: &Term) -> Vec<Part> {
    let part = |o: &Operand| {
        let index: Vec<Index> = o
            .index
            .iter()
            .map(|i| match *i {
                Index::Along(l, offset) => Index::Along(l, offset + term.ranges[l].0 as i64),
                at => at,
            })
            .collect();
        let mut labels = vec![];
        for i in &index {
            if let Index::Along(l, _) = i
                && !labels.contains(l)
            {
                labels.push(*l);
            }
        }
        Part { operand: Operand { node: o.node, index }, labels }
    };
    term.operands.iter().map(part).collect()
}

/// Labels of the result that some factor carries, in the order of the result.
fn carried(term: &Term, parts: &[Part]) -> Vec<usize> {
    let mut out = vec![];
    for i in &term.out {
        if let Index::Along(l, _) = i
            && !out.contains(l)
            && parts.iter().any(|p| p.labels.contains(l))
        {
            out.push(*l);
        }
    }
    out
}

/// Joins the chosen factors.
fn joined(graph: &mut Graph, term: &Term, all: &[Part], chosen: &[usize], out: &[usize]) -> Compact {
    let out: Vec<usize> = out.iter().filter(|l| chosen.iter().any(|k| all[*k].labels.contains(l))).copied().collect();
    let mut parts: Vec<Part> = chosen.iter().map(|k| all[*k].clone()).collect();
    if parts.is_empty() {
        return Compact { node: graph.number(1.0), labels: vec![] };
    }
    let extents: Vec<usize> = (0..term.ranges.len()).map(|l| extent(term, l)).collect();
    // What only one factor carries is summed there at once.
    if parts.len() > 1 {
        for k in 0..parts.len() {
            let alone = |l: &usize| !out.contains(l) && !parts.iter().enumerate().any(|(m, p)| m != k && p.labels.contains(l));
            if !matches!(graph.node(parts[k].operand.node).kind, Kind::Factor(_)) && parts[k].labels.iter().any(alone) {
                let kept: Vec<usize> = parts[k].labels.iter().filter(|l| !alone(l)).copied().collect();
                parts[k] = join(graph, &[parts[k].clone()], &kept, &extents);
            }
        }
    }
    let part = match search(graph, &parts, &out, &extents) {
        Some(part) => part,
        None => {
            // No order in which every inverse meets what it is solved with: write them out.
            for p in &mut parts {
                if matches!(graph.node(p.operand.node).kind, Kind::Factor(_)) {
                    let shape = graph.shape(p.operand.node).to_vec();
                    p.operand.node = graph.add(Kind::Inverse(p.operand.node), shape, false);
                }
            }
            match search(graph, &parts, &out, &extents) {
                Some(part) => part,
                None => parts[0].clone(),
            }
        }
    };
    finished(graph, part, &extents)
}

/// The last touch: what is not summed and not laid out yet.
fn finished(graph: &mut Graph, part: Part, extents: &[usize]) -> Compact {
    let plain = part.operand.index.iter().enumerate().all(|(k, i)| matches!(i, Index::Along(l, 0) if part.labels.get(k) == Some(l)));
    let whole = part.labels.iter().zip(graph.shape(part.operand.node)).all(|(l, n)| extents[*l] == *n);
    if plain && whole && part.labels.len() == part.operand.index.len() {
        return Compact { node: part.operand.node, labels: part.labels };
    }
    let labels = part.labels.clone();
    // The node itself, not what it renames.
    let (kind, shape, mask, labels) = contraction(graph, &[part], &labels, extents);
    Compact { node: graph.add(kind, shape, mask), labels }
}

type Found = (f64, Option<(usize, usize)>);

/// The cheapest order, by subsets; greedily above [`SEARCHED`] factors.
fn search(graph: &mut Graph, parts: &[Part], out: &[usize], extents: &[usize]) -> Option<Part> {
    let mut parts = parts.to_vec();
    while parts.len() > SEARCHED {
        let mut best: Option<(f64, usize, usize)> = None;
        for a in 0..parts.len() {
            for b in a + 1..parts.len() {
                let kept = kept_of(&parts, &[a, b], out);
                let cost = cost(graph, &parts[a], &parts[b], &parts[a].labels, &parts[b].labels, &kept, extents);
                let cost = cost + size(&kept, extents) - size(&parts[a].labels, extents) - size(&parts[b].labels, extents);
                if cost.is_finite() && best.is_none_or(|x| cost < x.0) {
                    best = Some((cost, a, b));
                }
            }
        }
        let (_, a, b) = best?;
        let kept = kept_of(&parts, &[a, b], out);
        let right = parts.remove(b);
        let left = parts.remove(a);
        parts.push(join(graph, &[left, right], &kept, extents));
    }
    let n = parts.len();
    let members = |set: usize| -> Vec<usize> { (0..n).filter(|k| set >> k & 1 == 1).collect() };
    let kept: Vec<Vec<usize>> =
        (0..1usize << n)
            .map(|set| {
                if set.count_ones() == 1 {
                    parts[set.trailing_zeros() as usize].labels.clone()
                } else {
                    kept_of(&parts, &members(set), out)
                }
            })
            .collect();
    let mut best: Vec<Found> = vec![(f64::INFINITY, None); 1 << n];
    for k in 0..n {
        best[1 << k] = (0.0, None);
    }
    for set in 1..1usize << n {
        if set.count_ones() < 2 {
            continue;
        }
        let mut a = (set - 1) & set;
        while a > 0 {
            let b = set ^ a;
            if a < b {
                // A factorization can only be joined alone.
                let of = |s: usize| if s.count_ones() == 1 { Some(&parts[s.trailing_zeros() as usize]) } else { None };
                let placeholder = Part { operand: Operand { node: Id(0), index: vec![] }, labels: vec![] };
                let (pa, pb) = (of(a).unwrap_or(&placeholder), of(b).unwrap_or(&placeholder));
                let single = (of(a).is_some(), of(b).is_some());
                let mut c = best[a].0 + best[b].0;
                if c.is_finite() {
                    c += join_cost(graph, (pa, single.0), (pb, single.1), (&kept[a], &kept[b]), &kept[set], extents);
                }
                if c < best[set].0 {
                    best[set] = (c, Some((a, b)));
                }
            }
            a = (a - 1) & set;
        }
    }
    let all = (1usize << n) - 1;
    if !best[all].0.is_finite() || (n == 1 && matches!(graph.node(parts[0].operand.node).kind, Kind::Factor(_))) {
        return None;
    }
    if n == 1 {
        let summed = parts[0].labels.iter().any(|l| !out.contains(l));
        return Some(if summed { join(graph, &parts, out, extents) } else { parts.remove(0) });
    }
    Some(build(graph, &parts, &best, &kept, all, extents))
}

fn build(graph: &mut Graph, parts: &[Part], best: &[Found], kept: &[Vec<usize>], set: usize, extents: &[usize]) -> Part {
    match best[set].1 {
        None => parts[set.trailing_zeros() as usize].clone(),
        Some((a, b)) => {
            let left = build(graph, parts, best, kept, a, extents);
            let right = build(graph, parts, best, kept, b, extents);
            join(graph, &[left, right], &kept[set], extents)
        }
    }
}

fn kept_of(parts: &[Part], members: &[usize], out: &[usize]) -> Vec<usize> {
    let mut kept: Vec<usize> = vec![];
    for k in members {
        for l in &parts[*k].labels {
            let needed = out.contains(l) || parts.iter().enumerate().any(|(m, p)| !members.contains(&m) && p.labels.contains(l));
            if needed && !kept.contains(l) {
                kept.push(*l);
            }
        }
    }
    kept.sort_unstable();
    kept
}

fn size(labels: &[usize], extents: &[usize]) -> f64 {
    labels.iter().map(|l| extents[*l] as f64).product()
}

fn join_cost(
    graph: &Graph,
    (a, a_single): (&Part, bool),
    (b, b_single): (&Part, bool),
    (a_labels, b_labels): (&[usize], &[usize]),
    kept: &[usize],
    extents: &[usize],
) -> f64 {
    let factor = |p: &Part, single: bool| single && matches!(graph.node(p.operand.node).kind, Kind::Factor(_));
    match (factor(a, a_single), factor(b, b_single)) {
        (true, true) => f64::INFINITY,
        (true, false) => {
            if solvable(graph, a, b_labels, kept, extents) {
                size(a_labels, extents) * size(b_labels, extents) / summed_size(a_labels, kept, extents)
            } else {
                f64::INFINITY
            }
        }
        (false, true) => {
            if solvable(graph, b, a_labels, kept, extents) {
                size(b_labels, extents) * size(a_labels, extents) / summed_size(b_labels, kept, extents)
            } else {
                f64::INFINITY
            }
        }
        (false, false) => {
            if a_single && b_single && known(graph, a, b, kept, extents) {
                return size(kept, extents) * 0.01;
            }
            let mut union = a_labels.to_vec();
            union.extend(b_labels.iter().filter(|l| !a_labels.contains(l)));
            let work = size(&union, extents);
            let sums = union.len() > kept.len();
            if !sums {
                return 2.0 * work;
            }
            // A Gram matrix is symmetric: half of it is enough.
            let same = a_single && b_single && a.operand.node == b.operand.node && a_labels.len() > 1 && kept.len() == 2;
            work * if same { 0.5 } else { 1.0 } + size(kept, extents)
        }
    }
}

fn cost(graph: &Graph, a: &Part, b: &Part, a_labels: &[usize], b_labels: &[usize], kept: &[usize], extents: &[usize]) -> f64 {
    join_cost(graph, (a, true), (b, true), (a_labels, b_labels), kept, extents)
}

fn summed_size(labels: &[usize], kept: &[usize], extents: &[usize]) -> f64 {
    labels.iter().filter(|l| !kept.contains(l)).map(|l| extents[*l] as f64).product()
}

/// Whether an inverse meets these labels over exactly one of its own, the other one staying.
fn solvable(graph: &Graph, inverse: &Part, labels: &[usize], kept: &[usize], extents: &[usize]) -> bool {
    let [Index::Along(i, 0), Index::Along(j, 0)] = inverse.operand.index[..] else { return false };
    if i == j || *graph.shape(inverse.operand.node) != [extents[i], extents[j]] {
        return false;
    }
    let one =
        |summed: usize, free: usize| labels.contains(&summed) && !kept.contains(&summed) && kept.contains(&free) && !labels.contains(&free);
    one(i, j) || one(j, i)
}

/// Whether this join stands in the graph already.
fn known(graph: &Graph, a: &Part, b: &Part, kept: &[usize], extents: &[usize]) -> bool {
    let (kind, shape, ..) = contraction(graph, &[a.clone(), b.clone()], kept, extents);
    graph.find(&kind, &shape)
}

/// The join of factors over the kept labels.
fn join(graph: &mut Graph, parts: &[Part], kept: &[usize], extents: &[usize]) -> Part {
    if let [a, b] = parts {
        for (inverse, other) in [(a, b), (b, a)] {
            if let Kind::Factor(_) = graph.node(inverse.operand.node).kind {
                return solve(graph, inverse, other, kept, extents);
            }
        }
    }
    let (kind, shape, mask, labels) = contraction(graph, parts, kept, extents);
    let node = graph.add(kind, shape, mask);
    let index = (0..labels.len()).map(|k| Index::Along(labels[k], 0)).collect();
    // A product of numbers, or one that only renames, is read where it lies.
    let operand = graph.through(Operand { node, index });
    Part { operand, labels }
}

/// A canonical contraction: operands by their nodes, labels in the order in which they occur.
fn contraction(graph: &Graph, parts: &[Part], kept: &[usize], extents: &[usize]) -> (Kind, Vec<usize>, bool, Vec<usize>) {
    let mut parts: Vec<&Part> = parts.iter().collect();
    parts.sort_by_key(|p| (p.operand.node, p.operand.index.len()));
    let mut union: Vec<usize> = vec![];
    // The labels of what has the most axes first: they lie as it lies.
    let mut by_rank: Vec<&&Part> = parts.iter().collect();
    by_rank.sort_by_key(|p| std::cmp::Reverse(p.labels.len()));
    for p in by_rank {
        for l in &p.labels {
            if !union.contains(l) {
                union.push(*l);
            }
        }
    }
    let summed: Vec<usize> = union.iter().filter(|l| !kept.contains(l)).copied().collect();
    let mut labels: Vec<usize> = union.iter().filter(|l| kept.contains(l)).copied().collect();
    if !summed.is_empty() {
        // Of a matrix product: what both carry, then the labels of the larger factor: its rows are what there are many of.
        let carries = |k: usize, l: &usize| parts.get(k).is_some_and(|p| p.labels.contains(l));
        let larger = usize::from(parts.len() > 1 && size(&parts[1].labels, extents) > size(&parts[0].labels, extents));
        labels.sort_by_key(|l| (!(carries(0, l) && carries(1, l)), !carries(larger, l)));
    }
    let mut order = labels.clone();
    order.extend(&summed);
    let name = |i: &Index| match *i {
        Index::Along(l, offset) => Index::Along(order.iter().position(|m| *m == l).unwrap_or(0), offset),
        at => at,
    };
    let operands = parts.iter().map(|p| Operand { node: p.operand.node, index: p.operand.index.iter().map(name).collect() }).collect();
    let mask = parts.iter().all(|p| graph.node(p.operand.node).mask) && summed.is_empty();
    let kind = Kind::Contract { operands, summed: summed.iter().map(|l| extents[*l]).collect() };
    (kind, labels.iter().map(|l| extents[*l]).collect(), mask, labels)
}

/// inv(A)[i,j] · B[j,…] as the solution of A·X = B.
fn solve(graph: &mut Graph, inverse: &Part, other: &Part, kept: &[usize], extents: &[usize]) -> Part {
    let (i, j) = (inverse.labels[0], inverse.labels[1]);
    let (transposed, free, summed) = if kept.contains(&i) && other.labels.contains(&j) { (false, i, j) } else { (true, j, i) };
    let rest: Vec<usize> = other.labels.iter().filter(|l| **l != summed).copied().collect();
    let mut first = vec![summed];
    first.extend(&rest);
    // B with its solved axis first, as an array.
    let name = |index: &Index| match *index {
        Index::Along(l, offset) => Index::Along(first.iter().position(|m| *m == l).unwrap_or(0), offset),
        at => at,
    };
    let o = Operand { node: other.operand.node, index: other.operand.index.iter().map(name).collect() };
    let shape: Vec<usize> = first.iter().map(|l| extents[*l]).collect();
    let same = o.index.iter().enumerate().all(|(k, i)| *i == Index::Along(k, 0)) && *graph.shape(o.node) == shape[..];
    let right = if same { o.node } else { graph.add(Kind::Contract { operands: vec![o], summed: vec![] }, shape, false) };
    let mut labels = vec![free];
    labels.extend(rest);
    let shape = labels.iter().map(|l| extents[*l]).collect();
    let node = graph.add(Kind::Solve { factor: inverse.operand.node, right, transposed }, shape, false);
    Part { operand: Operand { node, index: labels.iter().map(|l| Index::Along(*l, 0)).collect() }, labels }
}

/// Multiplications of a product in the best order, by labels and their extents alone; infinite for very many factors. Of `squared` factors the
/// product with themselves is there anyway.
pub fn work<V: PartialEq>(factors: &[(V, Vec<usize>)], out: &[usize], extents: &[usize], squared: &dyn Fn(&V) -> bool) -> f64 {
    let n = factors.len();
    if n > SEARCHED {
        return f64::INFINITY;
    }
    let kept = |set: usize| -> Vec<usize> {
        let mut labels: Vec<usize> = vec![];
        for l in (0..n).filter(|k| set >> k & 1 == 1).flat_map(|k| &factors[k].1) {
            let needed = out.contains(l) || (0..n).any(|k| set >> k & 1 == 0 && factors[k].1.contains(l));
            if needed && !labels.contains(l) {
                labels.push(*l);
            }
        }
        labels
    };
    let labels: Vec<Vec<usize>> = (0..1usize << n).map(kept).collect();
    let mut best = vec![f64::INFINITY; 1 << n];
    for set in 1..1usize << n {
        if set.count_ones() == 1 {
            best[set] = 0.0;
            continue;
        }
        let mut a = (set - 1) & set;
        while a > 0 {
            let b = set ^ a;
            if a < b {
                let mut union = labels[a].clone();
                union.extend(labels[b].iter().filter(|l| !labels[a].contains(l)));
                let single = |s: usize| (s.count_ones() == 1).then(|| &factors[s.trailing_zeros() as usize].0);
                let same = single(a).is_some() && single(a) == single(b) && labels[a].len() > 1 && labels[set].len() == 2;
                let there = same && single(a).is_some_and(squared);
                let share = if there {
                    0.0
                } else if same {
                    0.5
                } else {
                    1.0
                };
                let c = best[a] + best[b] + size(&union, extents) * share;
                best[set] = best[set].min(c);
            }
            a = (a - 1) & set;
        }
    }
    best[(1 << n) - 1]
}
