//! Contractions as matrix products, sums and Gram matrices over strided views.

use super::chains;
use super::graph::{Id, Operand};
use super::plan::{Open, Planner};
use super::tasks::*;

/// A label of a product.
#[derive(Clone, Copy)]
struct Axis {
    label: usize,
    extent: Extent,
}

/// The one step along several axes that run through as one, if there is one.
fn merged(axes: &[Axis], step: impl Fn(usize) -> usize) -> Option<usize> {
    let mut real = axes.iter().rev().filter(|a| a.extent != Extent::of(1));
    let Some(last) = real.next() else { return Some(1) };
    let (first, mut next) = (step(last.label), (step(last.label), last.extent));
    for a in real {
        if next.1.rows || step(a.label) != next.0 * next.1.times {
            return None;
        }
        next = (step(a.label), a.extent);
    }
    Some(first)
}

fn total(axes: &[Axis]) -> Extent {
    axes.iter().fold(Extent::of(1), |a, b| Extent { rows: a.rows || b.extent.rows, times: a.times * b.extent.times })
}

/// A factor: its view and its steps by label.
type Factor = (View, Vec<(usize, usize)>);

fn step_of(f: &Factor, label: usize) -> usize {
    f.1.iter().find(|s| s.0 == label).map_or(0, |s| s.1)
}

/// The labels of a node as axes of this pass.
fn axis(p: &Planner<'_>, open: &Open, id: Id, label: usize) -> Axis {
    let rows = open.class == Some(p.classes.labels[id.at()][label]);
    let extent = if rows { Extent { rows: true, times: 1 } } else { Extent::of(p.extent(id, label)) };
    Axis { label, extent }
}

fn located(p: &Planner<'_>, open: &Open, o: &Operand, row: Option<usize>) -> Factor {
    let (mut view, steps) = p.locate(open, o);
    if let (Some(l), false) = (row, matches!(view.place, Place::Tile(_))) {
        view.row = steps.iter().find(|s| s.0 == l).map_or(0, |s| s.1);
    }
    (view, steps)
}

/// A factor copied so that these axes lie one after the other.
fn laid_out(p: &mut Planner<'_>, open: &mut Open, o: &Operand, axes: &[Axis]) -> Factor {
    let mut axes = axes.to_vec();
    axes.sort_by_key(|a| !a.extent.rows);
    let rows = axes.iter().any(|a| a.extent.rows);
    let length: usize = axes.iter().map(|a| a.extent.times).product();
    let to = p.scratch(open, rows, length);
    let extents: Vec<Extent> = axes.iter().map(|a| a.extent).collect();
    let labels: Vec<usize> = axes.iter().map(|a| a.label).collect();
    let task = chains::copy(p, open, o, &extents, &labels, to);
    put(p, open, task, rows);
    let mut steps = vec![];
    let mut step = 1;
    for a in axes.iter().rev() {
        steps.push((a.label, step));
        step *= a.extent.times;
    }
    (View { place: to, offset: 0, row: 0 }, steps)
}

/// An instruction of the pass, or one before it where it has nothing to do with the rows.
fn put(p: &mut Planner<'_>, open: &mut Open, task: Task, rows: bool) {
    if rows && open.class.is_some() {
        open.pass.tasks.push(task);
    } else {
        p.before(task);
    }
}

/// Where the result of a contraction goes, and whether it is added there.
fn result(p: &mut Planner<'_>, open: &mut Open, id: Id) -> (Vec<Place>, bool) {
    if open.class.is_some() && !p.per_row(open, id) {
        return (vec![p.sum_buffer(open, id, false, None)], true);
    }
    let inside = p.leaves(open, &[id], id);
    (p.destinations(open, id, inside), false)
}

/// Copies a value that is needed in the pass and outside of it.
pub(super) fn also(p: &mut Planner<'_>, open: &mut Open, id: Id, places: &[Place]) {
    for to in places.iter().skip(1) {
        let width: usize = p.graph.shape(id)[1..].iter().product();
        let axes = [Extent { rows: true, times: 1 }, Extent::of(width)];
        let code = vec![hesse_kernels::Instruction::Load { to: 0, from: 0 }, hesse_kernels::Instruction::Store { a: 0, to: 0 }];
        open.pass.tasks.push(Task::Chain(ChainTask {
            chain: hesse_kernels::Chain::new(code),
            outer: vec![],
            inner: Extent { rows: true, times: axes[1].times },
            sources: vec![SourceView { view: View { place: places[0], offset: 0, row: 0 }, outer: vec![], inner: Along::Step(1) }],
            numbers: vec![],
            sinks: vec![*to],
            sums: vec![],
            each: None,
        }));
    }
}

/// A value as a contiguous row-major array that is there before the pass.
pub(super) fn contiguous(p: &mut Planner<'_>, open: &mut Open, id: Id) -> View {
    let whole = Operand::whole(id, p.graph.node(id).rank());
    let (view, steps) = p.locate(open, &whole);
    let plain = crate::array::strides(p.graph.shape(id));
    let same = steps.iter().all(|(l, s)| p.graph.shape(id)[*l] == 1 || plain[*l] == *s);
    if same && p.graph.as_number(id).is_none() { view } else { copied(p, open, id) }
}

/// A contiguous copy of a value.
pub(super) fn copied(p: &mut Planner<'_>, open: &mut Open, id: Id) -> View {
    let rank = p.graph.node(id).rank();
    let rows = p.per_row(open, id);
    let axes: Vec<Extent> =
        (0..rank).map(|l| if l == 0 && rows { Extent { rows: true, times: 1 } } else { Extent::of(p.graph.shape(id)[l]) }).collect();
    let length = axes.iter().map(|a| a.times).product();
    let to = p.scratch(open, rows, length);
    let task = chains::copy(p, open, &Operand::whole(id, rank), &axes, &[], to);
    put(p, open, task, rows);
    View { place: to, offset: 0, row: 0 }
}

/// A contraction of two factors.
pub(super) fn product(p: &mut Planner<'_>, open: &mut Open, id: Id, operands: &[Operand], summed: &[usize]) {
    let rank = p.graph.node(id).rank();
    let [x, y] = operands else { return sum(p, open, id, operands, summed) };
    // A is the factor of the first label that only one has.
    let (a, b) = match (0..rank).find(|l| x.has(*l) != y.has(*l)) {
        Some(l) if y.has(l) => (y, x),
        _ => (x, y),
    };
    let axes: Vec<Axis> = (0..rank + summed.len()).map(|l| axis(p, open, id, l)).collect();
    let of = |keep: &dyn Fn(usize) -> bool| axes.iter().copied().filter(|x| keep(x.label)).collect::<Vec<Axis>>();
    let batch = of(&|l| l < rank && a.has(l) && b.has(l));
    let rows = of(&|l| l < rank && a.has(l) && !b.has(l));
    let columns = of(&|l| l < rank && !a.has(l) && b.has(l));
    let mut sums = of(&|l| l >= rank);
    sums.sort_by_key(|a| !a.extent.rows);
    let row = axes.iter().find(|a| a.extent.rows).map(|a| a.label);
    let carries = |o: &Operand| row.filter(|l| o.has(*l));
    let mut left = located(p, open, a, carries(a));
    let mut right = located(p, open, b, carries(b));
    let number = |o: &Operand| p.graph.as_number(o.node).is_some();
    let fits = |f: &Factor, outer: &[Axis]| merged(outer, |l| step_of(f, l)).is_some() && merged(&sums, |l| step_of(f, l)).is_some();
    // A vector beside a matrix has to be contiguous.
    let vector = |f: &Factor, outer: &[Axis]| total(outer) != Extent::of(1) || merged(&sums, |l| step_of(f, l)) == Some(1);
    let (bad_left, bad_right) =
        (number(a) || !fits(&left, &rows) || !vector(&left, &rows), number(b) || !fits(&right, &columns) || !vector(&right, &columns));
    let along_rows = sums.iter().any(|x| x.extent.rows);
    if along_rows && sums.len() > 1 && !batch.is_empty() && (bad_left || bad_right) {
        // No layout lets both the batches and the sums run through as one: entry by entry.
        return sum(p, open, id, operands, summed);
    }
    if bad_left {
        let axes = if along_rows { [&batch[..], &sums, &rows].concat() } else { [&batch[..], &rows, &sums].concat() };
        left = laid_out(p, open, a, &axes);
    }
    if bad_right {
        right = laid_out(p, open, b, &[&batch[..], &sums, &columns].concat());
    }
    let one = |axes: &[Axis], f: &Factor| merged(axes, |l| step_of(f, l)).unwrap_or(1);
    let (places, add) = result(p, open, id);
    let task = ProductTask {
        batch: batch.iter().map(|x| (x.extent, step_of(&left, x.label), step_of(&right, x.label))).collect(),
        sizes: [total(&rows), total(&columns), total(&sums)],
        a: (left.0, one(&rows, &left), one(&sums, &left)),
        b: (right.0, one(&sums, &right), one(&columns, &right)),
        c: places[0],
        add,
    };
    open.pass.tasks.push(Task::Product(task));
    also(p, open, id, &places);
}

/// A sum of element-wise products over some labels, the others kept.
pub(super) fn sum(p: &mut Planner<'_>, open: &mut Open, id: Id, operands: &[Operand], summed: &[usize]) {
    let rank = p.graph.node(id).rank();
    let axes: Vec<Axis> = (0..rank + summed.len()).map(|l| axis(p, open, id, l)).collect();
    let row_summed = axes[rank..].iter().find(|a| a.extent.rows).copied();
    if let ([o], Some(row)) = (operands, row_summed) {
        // Along the rows: times a vector of ones.
        let row_label = Some(row.label);
        let mut sums = axes[rank..].to_vec();
        sums.sort_by_key(|a| !a.extent.rows);
        let mut f = located(p, open, o, row_label);
        let fits = merged(&axes[..rank], |l| step_of(&f, l)).is_some() && merged(&sums, |l| step_of(&f, l)).is_some();
        if !fits || p.graph.as_number(o.node).is_some() {
            f = laid_out(p, open, o, &[&sums[..], &axes[..rank]].concat());
        }
        let length = total(&sums).at(open.pass.rows.unwrap_or(1).min(super::blocks::MOST_ROWS));
        let ones = p.ones(length);
        let (places, add) = result(p, open, id);
        let steps = (merged(&axes[..rank], |l| step_of(&f, l)).unwrap_or(1), merged(&sums, |l| step_of(&f, l)).unwrap_or(1));
        open.pass.tasks.push(Task::Product(ProductTask {
            batch: vec![],
            sizes: [total(&axes[..rank]), Extent::of(1), total(&sums)],
            a: (f.0, steps.0, steps.1),
            b: (ones, 1, 1),
            c: places[0],
            add,
        }));
        also(p, open, id, &places);
        return;
    }
    let masks: Vec<bool> = operands.iter().map(|o| p.graph.node(o.node).mask).collect();
    let extents: Vec<Extent> = axes.iter().map(|a| a.extent).collect();
    let labels: Vec<usize> = axes.iter().map(|a| a.label).collect();
    let (places, _) = result(p, open, id);
    let task = chains::summed_copy(p, open, operands, &masks, &extents, &labels, rank, places[0]);
    open.pass.tasks.push(task);
    also(p, open, id, &places);
}

/// A Gram matrix.
pub(super) fn gram(p: &mut Planner<'_>, open: &mut Open, id: Id, of: &Operand, weight: Option<&Operand>, summed: usize) {
    let (side, sum) = (axis(p, open, id, 0), axis(p, open, id, 2));
    let row = Some(2).filter(|_| sum.extent.rows);
    let a = located(p, open, of, row);
    let weight = weight.map(|w| {
        let f = located(p, open, w, row);
        let number = p.graph.as_number(w.node).is_some();
        if number || (step_of(&f, 2) != 1 && summed > 1) { laid_out(p, open, w, &[sum]).0 } else { f.0 }
    });
    let n = side.extent.times;
    let c = if open.class.is_some() { p.sum_buffer(open, id, false, Some(n)) } else { p.destinations(open, id, true)[0] };
    open.pass.tasks.push(Task::Gram(GramTask { a: (a.0, step_of(&a, 2), step_of(&a, 0)), weight, sizes: [side.extent, sum.extent], c }));
}
