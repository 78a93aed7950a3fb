//! The labelled product: `out[labels] = Σ Π operands`, the one operation behind sums, diagonals, transposes, outer and matrix products.
//!
//! ```
//! use hesse_run::{Array, contract::{Operand, contract}};
//! let a = Array::new(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]);
//! let x = Array::new(vec![2], vec![1.0, 10.0]);
//! let operands = [Operand::new(&a, &[0, 1]), Operand::new(&x, &[1])];
//! assert_eq!(contract(&operands, &[0], &[2, 2]).unwrap().data, [21.0, 43.0]); // A·x
//! ```
//!
//! Three ways, chosen by shape: the matrix-product kernel of the scalar type for large products of two arrays, plain loops otherwise, and for
//! more than two operands over a large index space pairs, masks last. Sums of more than [`BLOCK`] terms add up pairwise.

use crate::array::{Array, strides};
use crate::interpret::RunError;
use crate::linear::{MatrixProduct, Strided};
use crate::scalar::Scalar;
use hesse::program::program::Label;
use std::borrow::Cow;

/// Terms that are added up one after the other; longer sums are sums of blocks, added as a balanced tree.
pub const BLOCK: usize = 128;
/// Products with fewer multiplications run as plain loops.
const SMALLEST_MATRIX_PRODUCT: usize = 4096;
/// More than two operands over a larger index space are taken in pairs.
const LARGEST_DIRECT_SPACE: usize = 4096;

/// An array with a label on each axis.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, T> {
    /// The array.
    pub array: &'a Array<T>,
    /// One label per axis; a repeated label is a diagonal.
    pub labels: &'a [Label],
    /// Its zeros select: 0 · inf is 0.
    pub mask: bool,
}

impl<'a, T> Operand<'a, T> {
    /// An operand that multiplies.
    pub fn new(array: &'a Array<T>, labels: &'a [Label]) -> Self {
        Operand { array, labels, mask: false }
    }
}

/// An operand seen through its distinct labels.
struct View<'a, T: Clone> {
    data: Cow<'a, [T]>,
    labels: Vec<Label>,
    strides: Vec<usize>,
    mask: bool,
}

impl<T: Clone> View<'_, T> {
    fn stride(&self, label: Label) -> usize {
        self.labels.iter().position(|&l| l == label).map_or(0, |k| self.strides[k])
    }
    fn has(&self, label: Label) -> bool {
        self.labels.contains(&label)
    }
}

/// Σ over the labels that are not in `out` of the product of the operands; `sizes[l]` is the size of label l. Without operands: ones.
/// A label that repeats in `out` puts the value on the diagonal; a label of `out` that no operand carries broadcasts.
pub fn contract<T: Scalar>(operands: &[Operand<'_, T>], out: &[Label], sizes: &[usize]) -> Result<Array<T>, RunError> {
    let size = |l: Label| sizes.get(l as usize).copied().ok_or_else(|| RunError::internal(format!("label {l} has no size")));
    let mut views = vec![];
    for (number, operand) in operands.iter().enumerate() {
        let mut view = View { data: Cow::Borrowed(&operand.array.data[..]), labels: vec![], strides: vec![], mask: operand.mask };
        if operand.labels.len() != operand.array.shape.len() {
            return Err(RunError::internal(format!(
                "operand {number} has {} axes, {} labels",
                operand.array.shape.len(),
                operand.labels.len()
            )));
        }
        for ((&label, &n), stride) in operand.labels.iter().zip(&operand.array.shape).zip(strides(&operand.array.shape)) {
            if size(label)? != n {
                return Err(RunError::internal(format!("label {label} is {} but an axis of operand {number} is {n}", size(label)?)));
            }
            match view.labels.iter().position(|&l| l == label) {
                Some(k) => view.strides[k] += stride,
                None => {
                    view.labels.push(label);
                    view.strides.push(stride);
                }
            }
        }
        views.push(view);
    }
    let shape = out.iter().map(|&l| size(l)).collect::<Result<Vec<_>, _>>()?;
    let mut distinct: Vec<Label> = vec![];
    for &l in out {
        if !distinct.contains(&l) {
            distinct.push(l);
        }
    }
    let data = product(views, &distinct, sizes);
    if distinct.len() == out.len() {
        return Ok(Array { shape, data });
    }
    // Spread the values over the diagonals.
    let mut result = Array::full(shape, T::zero());
    let places = strides(&result.shape);
    let steps: Vec<usize> = distinct.iter().map(|l| out.iter().zip(&places).filter(|(o, _)| *o == l).map(|(_, s)| s).sum()).collect();
    let extents: Vec<usize> = distinct.iter().map(|&l| sizes[l as usize]).collect();
    let mut walk = Walk::new(&extents, &[&steps]);
    for x in data {
        result.data[walk.offsets[0]] = x;
        walk.next();
    }
    Ok(result)
}

/// The same over distinct labels, row-major.
fn product<T: Scalar>(mut views: Vec<View<'_, T>>, out: &[Label], sizes: &[usize]) -> Vec<T> {
    if views.len() > 1 {
        for k in 0..views.len() {
            reduce_alone(&mut views, k, out, sizes);
        }
    }
    let summed = summed_labels(&views, out);
    if views.len() > 2 {
        let space = out.iter().chain(&summed).fold(1usize, |n, &l| n.saturating_mul(sizes[l as usize]));
        if space > LARGEST_DIRECT_SPACE {
            return in_pairs(views, out, sizes);
        }
    }
    if let [a, b] = &views[..]
        && let Some(result) = matrix_product(a, b, out, &summed, sizes)
    {
        return result;
    }
    loops(&views, out, &summed, sizes)
}

fn summed_labels<T: Clone>(views: &[View<'_, T>], out: &[Label]) -> Vec<Label> {
    let mut summed = vec![];
    for view in views {
        for &l in &view.labels {
            if !out.contains(&l) && !summed.contains(&l) {
                summed.push(l);
            }
        }
    }
    summed
}

/// Sums operand k over the labels that only it carries. A sum of masks still selects: it is 0 only where all of them are.
fn reduce_alone<T: Scalar>(views: &mut [View<'_, T>], k: usize, out: &[Label], sizes: &[usize]) {
    let (alone, kept): (Vec<Label>, Vec<Label>) = views[k]
        .labels
        .iter()
        .partition(|l| !out.contains(l) && !views.iter().enumerate().any(|(other, view)| other != k && view.has(**l)));
    if alone.is_empty() {
        return;
    }
    let data = loops(std::slice::from_ref(&views[k]), &kept, &alone, sizes);
    let shape: Vec<usize> = kept.iter().map(|&l| sizes[l as usize]).collect();
    views[k] = View { data: Cow::Owned(data), strides: strides(&shape), labels: kept, mask: views[k].mask };
}

/// Many operands, two at a time: the pair with the smallest result first, masks after everything that they may have to silence.
fn in_pairs<T: Scalar>(mut views: Vec<View<'_, T>>, out: &[Label], sizes: &[usize]) -> Vec<T> {
    while views.len() > 2 {
        let plain = views.iter().filter(|v| !v.mask).count();
        let mut best: Option<(usize, usize, usize, Vec<Label>)> = None;
        for i in 0..views.len() {
            for j in i + 1..views.len() {
                let masks = usize::from(views[i].mask) + usize::from(views[j].mask);
                if (plain >= 2 && masks > 0) || (plain == 1 && masks != 1) {
                    continue;
                }
                let needed = |l: Label| out.contains(&l) || views.iter().enumerate().any(|(k, v)| k != i && k != j && v.has(l));
                let mut labels: Vec<Label> = views[i].labels.clone();
                labels.extend(views[j].labels.iter().filter(|l| !views[i].has(**l)));
                labels.retain(|&l| needed(l));
                let space = labels.iter().fold(1usize, |n, &l| n.saturating_mul(sizes[l as usize]));
                if best.as_ref().is_none_or(|b| space < b.0) {
                    best = Some((space, i, j, labels));
                }
            }
        }
        let Some((_, i, j, labels)) = best else { break };
        let second = views.remove(j);
        let first = views.remove(i);
        let mask = first.mask && second.mask;
        let data = product(vec![first, second], &labels, sizes);
        let shape: Vec<usize> = labels.iter().map(|&l| sizes[l as usize]).collect();
        views.push(View { data: Cow::Owned(data), strides: strides(&shape), labels, mask });
    }
    product(views, out, sizes)
}

/// An odometer over a row-major index space, with one offset per array.
struct Walk {
    extents: Vec<usize>,
    index: Vec<usize>,
    steps: Vec<Vec<usize>>,
    offsets: Vec<usize>,
}

impl Walk {
    fn new<S: AsRef<[usize]>>(extents: &[usize], steps: &[S]) -> Self {
        Walk {
            extents: extents.to_vec(),
            index: vec![0; extents.len()],
            steps: steps.iter().map(|s| s.as_ref().to_vec()).collect(),
            offsets: vec![0; steps.len()],
        }
    }
    fn next(&mut self) {
        for k in (0..self.extents.len()).rev() {
            self.index[k] += 1;
            if self.index[k] < self.extents[k] {
                for (offset, steps) in self.offsets.iter_mut().zip(&self.steps) {
                    *offset += steps[k];
                }
                return;
            }
            for (offset, steps) in self.offsets.iter_mut().zip(&self.steps) {
                *offset -= steps[k] * (self.extents[k] - 1);
            }
            self.index[k] = 0;
        }
    }
}

/// A sum of blocks as a balanced tree, fed block by block.
struct PairwiseSum<T> {
    levels: Vec<Option<T>>,
}

impl<T: Scalar> PairwiseSum<T> {
    fn push(&mut self, mut block: T) {
        for level in &mut self.levels {
            match level.take() {
                Some(before) => block = before + block,
                None => {
                    *level = Some(block);
                    return;
                }
            }
        }
        self.levels.push(Some(block));
    }
    fn finish(&mut self, rest: T) -> T {
        self.levels.drain(..).flatten().fold(rest, |sum, level| level + sum)
    }
}

/// Σ_{t<n} of the product of the operands at `offsets + t·steps`.
fn inner<T: Scalar>(views: &[View<'_, T>], offsets: &[usize], steps: &[usize], n: usize) -> T {
    match views {
        [a] => {
            let (data, from, step) = (&a.data[..], offsets[0], steps[0]);
            if step == 1 {
                return lanes(data[from..from + n].iter().copied());
            }
            lanes((0..n).map(|t| data[from + t * step]))
        }
        [a, b] if !a.mask && !b.mask => {
            let (i, j) = (offsets[0], offsets[1]);
            if steps == [1, 1] {
                return lanes(a.data[i..i + n].iter().zip(&b.data[j..j + n]).map(|(&x, &y)| x * y));
            }
            lanes((0..n).map(|t| a.data[i + t * steps[0]] * b.data[j + t * steps[1]]))
        }
        _ => lanes((0..n).map(|t| term(views, |k| offsets[k] + t * steps[k]))),
    }
}

/// A sum in four interleaved lanes.
fn lanes<T: Scalar>(mut terms: impl Iterator<Item = T>) -> T {
    let mut sums = [T::zero(); 4];
    'all: loop {
        for sum in &mut sums {
            match terms.next() {
                Some(x) => *sum = *sum + x,
                None => break 'all,
            }
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// One product: masks first, because a zero of a mask silences everything else.
fn term<T: Scalar>(views: &[View<'_, T>], at: impl Fn(usize) -> usize) -> T {
    let mut product: Option<T> = None;
    for (k, view) in views.iter().enumerate().filter(|(_, v)| v.mask) {
        let x = view.data[at(k)];
        if x.value() == 0.0 {
            return T::zero();
        }
        product = Some(product.map_or(x, |p| p * x));
    }
    for (k, view) in views.iter().enumerate().filter(|(_, v)| !v.mask) {
        let x = view.data[at(k)];
        product = Some(product.map_or(x, |p| p * x));
    }
    product.unwrap_or_else(T::one)
}

fn loops<T: Scalar>(views: &[View<'_, T>], out: &[Label], summed: &[Label], sizes: &[usize]) -> Vec<T> {
    let extent = |labels: &[Label]| labels.iter().map(|&l| sizes[l as usize]).collect::<Vec<_>>();
    let steps = |labels: &[Label]| views.iter().map(|v| labels.iter().map(|&l| v.stride(l)).collect()).collect::<Vec<Vec<usize>>>();
    let out_extents = extent(out);
    let count: usize = out_extents.iter().product();
    let mut result = Vec::with_capacity(count);
    let mut outer = Walk::new(&out_extents, &steps(out));
    if summed.is_empty() {
        for _ in 0..count {
            result.push(term(views, |k| outer.offsets[k]));
            outer.next();
        }
        return result;
    }
    // The innermost sum runs along the closest entries of the largest operand.
    let mut summed = summed.to_vec();
    if let Some(largest) = views.iter().max_by_key(|v| v.data.len()) {
        summed.sort_by_key(|&l| std::cmp::Reverse(if largest.has(l) { largest.stride(l) } else { usize::MAX }));
    }
    let last = summed.pop().unwrap_or_default();
    let n = sizes[last as usize];
    let inner_steps: Vec<usize> = views.iter().map(|v| v.stride(last)).collect();
    let sum_extents = extent(&summed);
    let rounds: usize = sum_extents.iter().product();
    let sum_steps = steps(&summed);
    let mut pairwise = PairwiseSum { levels: vec![] };
    let mut offsets = vec![0; views.len()];
    for _ in 0..count {
        let (mut rest, mut waiting) = (T::zero(), 0);
        let mut walk = Walk::new(&sum_extents, &sum_steps);
        for _ in 0..rounds {
            let mut from = 0;
            while from < n {
                let block = (n - from).min(BLOCK);
                for k in 0..views.len() {
                    offsets[k] = outer.offsets[k] + walk.offsets[k] + from * inner_steps[k];
                }
                rest = rest + inner(views, &offsets, &inner_steps, block);
                waiting += block;
                from += block;
                if waiting >= BLOCK {
                    pairwise.push(rest);
                    (rest, waiting) = (T::zero(), 0);
                }
            }
            walk.next();
        }
        result.push(pairwise.finish(rest));
        outer.next();
    }
    result
}

/// Two operands as (batches of) matrices, if that is worth it and the scalar type has a kernel.
fn matrix_product<T: Scalar>(a: &View<'_, T>, b: &View<'_, T>, out: &[Label], summed: &[Label], sizes: &[usize]) -> Option<Vec<T>> {
    let volume = |labels: &[Label]| labels.iter().fold(1usize, |n, &l| n.saturating_mul(sizes[l as usize]));
    if summed.is_empty() || out.iter().any(|&l| !a.has(l) && !b.has(l)) || summed.iter().any(|&l| !a.has(l) || !b.has(l)) {
        return None;
    }
    let of = |keep: &dyn Fn(Label) -> bool| out.iter().copied().filter(|&l| keep(l)).collect::<Vec<_>>();
    let batch = of(&|l| a.has(l) && b.has(l));
    let rows = of(&|l| a.has(l) && !b.has(l));
    let columns = of(&|l| !a.has(l) && b.has(l));
    let (m, n, k, batches) = (volume(&rows), volume(&columns), volume(summed), volume(&batch));
    if m.saturating_mul(n).saturating_mul(k) < SMALLEST_MATRIX_PRODUCT || (m == 1 && n == 1) {
        return None;
    }
    // A zero of a mask must silence infinities, which a matrix product would not: it is safe where the other side has none.
    let tame = |v: &View<'_, T>| v.data.iter().all(|x| x.is_finite());
    if (a.mask && !tame(b)) || (b.mask && !tame(a)) {
        return None;
    }
    let (left_order, right_order) = ([&batch[..], &rows, summed].concat(), [&batch[..], summed, &columns].concat());
    let (left, left_steps) = as_matrix(a, &batch, &rows, summed, &left_order, sizes);
    let (right, right_steps) = as_matrix(b, &batch, summed, &columns, &right_order, sizes);
    let mut data = Vec::with_capacity(batches * m * n);
    for i in 0..batches {
        let job = MatrixProduct {
            m,
            n,
            k,
            left: Strided { data: &left[i * m * k * usize::from(batches > 1)..], row: left_steps.0, column: left_steps.1 },
            right: Strided { data: &right[i * k * n * usize::from(batches > 1)..], row: right_steps.0, column: right_steps.1 },
        };
        data.extend(T::matrix_product(&job)?);
    }
    let natural = [&batch[..], &rows, &columns].concat();
    if natural == out {
        return Some(data);
    }
    let shape: Vec<usize> = natural.iter().map(|&l| sizes[l as usize]).collect();
    let result = View { data: Cow::Owned(data), strides: strides(&shape), labels: natural, mask: false };
    Some(loops(&[result], out, &[], sizes))
}

/// The entries of a view as matrices of rows × columns, with the steps between rows and between columns (one of them 1). Without a batch the
/// data is used as it lies where that is possible, otherwise it is copied into `order`.
fn as_matrix<'v, T: Scalar>(
    view: &'v View<'_, T>,
    batch: &[Label],
    rows: &[Label],
    columns: &[Label],
    order: &[Label],
    sizes: &[usize],
) -> (Cow<'v, [T]>, (usize, usize)) {
    if batch.iter().all(|&l| sizes[l as usize] == 1)
        && let (Some(row), Some(column)) = (merged(view, rows, sizes), merged(view, columns, sizes))
        && (row == 1 || column == 1)
    {
        return (Cow::Borrowed(&view.data), (row, column));
    }
    let width: usize = columns.iter().map(|&l| sizes[l as usize]).product();
    (Cow::Owned(loops(std::slice::from_ref(view), order, &[], sizes)), (width, 1))
}

/// The one step that walks several labels in row-major order, if there is one.
fn merged<T: Clone>(view: &View<'_, T>, labels: &[Label], sizes: &[usize]) -> Option<usize> {
    let mut labels = labels.iter().rev().filter(|&&l| sizes[l as usize] != 1);
    let Some(&last) = labels.next() else { return Some(1) };
    let step = view.stride(last);
    let mut next = step * sizes[last as usize];
    for &l in labels {
        if view.stride(l) != next {
            return None;
        }
        next *= sizes[l as usize];
    }
    Some(step)
}
