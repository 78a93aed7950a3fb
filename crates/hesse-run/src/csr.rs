//! Sparse results in compressed rows: the pattern once, the values with every call.

use crate::compile::MEMORY;
use crate::interpret::RunError;
use crate::schedule::graph::Index;
use crate::schedule::run::Number;
use crate::structure::{Structure, StructuredTerm};
use hesse_kernels::Real;

/// A sparse matrix in compressed rows: the columns of row i are `columns[starts[i]..starts[i + 1]]`, sorted, each once.
///
/// ```
/// use hesse::{Ask, Formula, Request, Want};
/// use hesse_run::compile::{BindOptions, Compiled};
/// let f = Formula::parse("param u : vector(n)\nu .* ([u[2:n]; 0] - [0; u[1:n-1]])", false)?;
/// let jacobian = Request { want: Want::Jacobian, wrt: vec!["u".into()], ..Request::default() };
/// let compiled = Compiled::joint(&f.joint(&[Ask::Derivative(jacobian)])?);
/// let mut bound = compiled.bind::<f64>(&[("n", 7)], &BindOptions::default())?;
/// let structure = bound.structures()[0].clone();
/// let csr = structure.csr()?;
/// assert_eq!(csr.starts, [0, 2, 5, 8, 11, 14, 17, 19]);
/// assert_eq!(csr.columns[..8], [0, 1, 0, 1, 2, 1, 2, 3]);
/// let (mut values, mut data) = (vec![0.0; structure.values], vec![0.0; csr.count()]);
/// bound.call(&[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]], &mut [&mut values])?;
/// csr.fill(&values, &mut data)?;
/// assert_eq!(data[..8], [2.0, 1.0, -2.0, 2.0, 2.0, -3.0, 2.0, 3.0]);
/// assert_eq!(data[17..], [-7.0, -6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Csr {
    /// Rows and columns.
    pub sides: (usize, usize),
    /// Where each row starts, and the end of the last.
    pub starts: Vec<usize>,
    /// The column of each entry.
    pub columns: Vec<usize>,
    terms: Vec<Placed>,
    /// By blocks of the entries, in the order of the terms within each: what is added to was stored before.
    runs: Vec<Run>,
    values: usize,
}

/// Entries that are written term by term while they stay in the nearest cache.
const BLOCK: usize = 1 << 11;

/// Where the values of a term lie.
#[derive(Clone, Debug, PartialEq)]
struct Placed {
    coefficient: f64,
    /// Values of the labels that count lines, the last one fastest.
    outer: Vec<usize>,
    factors: Vec<Factor>,
}

/// A component: its first number, its steps along the outer labels, its step along a line.
#[derive(Clone, Debug, PartialEq)]
struct Factor {
    start: usize,
    outer: Vec<usize>,
    inner: usize,
    varies: bool,
}

/// Entries `from..from + length` of a line, which lie at `at`, `at + step`, …; nothing was there before, or it is added to.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    term: usize,
    line: usize,
    from: usize,
    at: usize,
    step: usize,
    length: usize,
    adds: bool,
}

/// Row or column of an entry: affine in the labels.
struct Affine {
    constant: i64,
    steps: Vec<i64>,
}

impl Affine {
    fn new(t: &StructuredTerm, shape: &[usize], index: &[Index]) -> Affine {
        let mut a = Affine { constant: 0, steps: vec![0; t.extents.len()] };
        for (i, step) in index.iter().zip(crate::array::strides(shape)) {
            let step = step as i64;
            match *i {
                Index::At(k) => a.constant += step * k as i64,
                Index::Along(l, offset) => {
                    a.constant += step * offset;
                    a.steps[l] += step;
                }
            }
        }
        a
    }
    fn at(&self, labels: &[usize]) -> usize {
        labels.iter().zip(&self.steps).fold(self.constant, |x, (l, step)| x + *l as i64 * step) as usize
    }
}

/// Labels of a term from the outermost to the one along which lines run: the longest.
fn order(t: &StructuredTerm) -> Vec<usize> {
    let mut order: Vec<usize> = (0..t.extents.len()).collect();
    order.sort_by_key(|l| t.extents[*l]);
    order
}

/// Every line of a term: its number, and the labels at its start.
fn lines(t: &StructuredTerm, order: &[usize], mut line: impl FnMut(usize, &mut [usize])) {
    let outer = &order[..order.len().saturating_sub(1)];
    let count: usize = outer.iter().map(|l| t.extents[*l]).product();
    let mut labels = vec![0; t.extents.len()];
    for k in 0..count {
        let mut rest = k;
        for l in outer.iter().rev() {
            labels[*l] = rest % t.extents[*l];
            rest /= t.extents[*l];
        }
        line(k, &mut labels);
    }
}

fn length(t: &StructuredTerm, order: &[usize]) -> usize {
    order.last().map_or(1, |l| t.extents[*l])
}

impl Structure {
    /// The result as a sparse matrix: its pattern, and where each value goes.
    ///
    /// # Errors
    /// A pattern of more than [`MEMORY`] bytes (E609).
    pub fn csr(&self) -> Result<Csr, RunError> {
        self.csr_within(MEMORY)
    }

    /// As [`Structure::csr`], within so many bytes.
    ///
    /// # Errors
    /// A pattern of more bytes (E609).
    pub fn csr_within(&self, memory: usize) -> Result<Csr, RunError> {
        let (rows, columns) = self.sides();
        let entries = self.terms.iter().map(StructuredTerm::entries).fold(0usize, usize::saturating_add);
        let widest = size_of::<usize>();
        // Columns, first by term and then each once; rows; what is known of each entry while runs are made.
        let pattern = entries.saturating_mul(widest + 1).saturating_add(rows.saturating_mul(2 * widest));
        let within = |bytes: usize| if bytes > memory { Err(too_large(entries, rows, columns, bytes, memory)) } else { Ok(()) };
        within(pattern)?;
        let places: Vec<(Affine, Affine)> = self.terms.iter().map(|t| self.places(t)).collect();
        let (starts, columns) = self.pattern_of(&places, rows);
        let mut seen = vec![false; columns.len()];
        let (mut terms, mut all) = (vec![], vec![]);
        for (k, (t, place)) in self.terms.iter().zip(&places).enumerate() {
            runs(k, t, place, &starts, &columns, &mut seen, &mut all);
            within(pattern.saturating_add(all.len() * size_of::<Run>()))?;
            let order = order(t);
            let (outer, inner) = order.split_at(order.len().saturating_sub(1));
            let factor = |c: &crate::structure::Component| {
                let shape: Vec<usize> = c.labels.iter().map(|l| t.extents[*l]).collect();
                let strides = crate::array::strides(&shape);
                let step = |l: &usize| c.labels.iter().zip(&strides).filter(|(m, _)| *m == l).map(|(_, s)| s).sum::<usize>();
                let varies = inner.iter().any(|l| c.labels.contains(l));
                Factor { start: c.start, outer: outer.iter().map(step).collect(), inner: inner.iter().map(step).sum(), varies }
            };
            let factors = t.components.iter().map(factor).collect();
            terms.push(Placed { coefficient: t.coefficient, outer: outer.iter().map(|l| t.extents[*l]).collect(), factors });
        }
        all.sort_by_key(|r| r.at / BLOCK);
        Ok(Csr { sides: self.sides(), starts, columns, terms, runs: all, values: self.values })
    }

    fn places(&self, t: &StructuredTerm) -> (Affine, Affine) {
        let (rows, columns) = self.shape.split_at(self.rows);
        let (of_rows, of_columns) = t.index.split_at(self.rows);
        (Affine::new(t, rows, of_rows), Affine::new(t, columns, of_columns))
    }

    /// Entries sorted by row (a counting sort), then by column within it, each once.
    fn pattern_of(&self, places: &[(Affine, Affine)], rows: usize) -> (Vec<usize>, Vec<usize>) {
        let mut starts = vec![0usize; rows + 1];
        let each = |visit: &mut dyn FnMut(usize, usize)| {
            for (t, (row, column)) in self.terms.iter().zip(places) {
                let order = order(t);
                let n = length(t, &order);
                lines(t, &order, |_, labels| {
                    for k in 0..n {
                        if let Some(l) = order.last() {
                            labels[*l] = k;
                        }
                        visit(row.at(labels), column.at(labels));
                    }
                });
            }
        };
        each(&mut |i, _| starts[i + 1] += 1);
        for i in 0..rows {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut columns = vec![0usize; starts[rows]];
        each(&mut |i, j| {
            columns[next[i]] = j;
            next[i] += 1;
        });
        let mut end = 0;
        for i in 0..rows {
            let (low, high) = (starts[i], starts[i + 1]);
            columns[low..high].sort_unstable();
            starts[i] = end;
            // What is kept never lies behind what is read.
            for k in low..high {
                if end == starts[i] || columns[end - 1] != columns[k] {
                    columns[end] = columns[k];
                    end += 1;
                }
            }
        }
        starts[rows] = end;
        columns.truncate(end);
        (starts, columns)
    }
}

fn too_large(entries: usize, rows: usize, columns: usize, bytes: usize, memory: usize) -> RunError {
    let gib = |n: usize| n as f64 / f64::from(1 << 30);
    RunError::new(
        "E609",
        format!(
            "the pattern of this {rows}×{columns} matrix has {entries} entries and needs {:.2} GiB, more than the {:.2} GiB that are allowed: \
             multiply with its structure instead (hvp, jvp, vjp, `multiplier`), or allow more memory",
            gib(bytes),
            gib(memory)
        ),
    )
}

/// The entries of a term among those of the pattern, as runs within blocks.
fn runs(
    term: usize,
    t: &StructuredTerm,
    (row, column): &(Affine, Affine),
    starts: &[usize],
    columns: &[usize],
    seen: &mut [bool],
    all: &mut Vec<Run>,
) {
    let order = order(t);
    let n = length(t, &order);
    lines(t, &order, |line, labels| {
        for k in 0..n {
            if let Some(l) = order.last() {
                labels[*l] = k;
            }
            let (i, j) = (row.at(labels), column.at(labels));
            let mine = &columns[starts[i]..starts[i + 1]];
            let at = starts[i] + mine.partition_point(|c| *c < j);
            let adds = std::mem::replace(&mut seen[at], true);
            let goes_on = |r: &&mut Run| {
                let same = (r.term, r.line, r.adds, r.at / BLOCK) == (term, line, adds, at / BLOCK);
                same && at > r.at && (r.length == 1 || at == r.at + r.step * r.length)
            };
            match all.last_mut().filter(goes_on) {
                Some(r) => {
                    r.step = (at - r.at) / r.length;
                    r.length += 1;
                }
                None => all.push(Run { term, line, from: k, at, step: 1, length: 1, adds }),
            }
        }
    });
}

impl Csr {
    /// Number of entries.
    pub fn count(&self) -> usize {
        self.columns.len()
    }

    /// Writes the entries in the order of the pattern, from the values of the structure; nothing is allocated.
    ///
    /// # Errors
    /// Buffers of other lengths (E501).
    pub fn fill<T: Number>(&self, values: &[T], data: &mut [T]) -> Result<(), RunError> {
        if values.len() != self.values || data.len() != self.count() {
            let (v, d, w, c) = (values.len(), data.len(), self.values, self.count());
            return Err(RunError::new("E501", format!("{w} values and room for {c} entries are wanted, not {v} and {d}")));
        }
        for r in &self.runs {
            let t = &self.terms[r.term];
            let mut c: T = Real::from_f64(t.coefficient);
            let mut line = None;
            for f in &t.factors {
                let (mut rest, mut at) = (r.line, f.start);
                for (n, step) in t.outer.iter().zip(&f.outer).rev() {
                    at += rest % n * step;
                    rest /= n;
                }
                // Components share no label: at most one of them varies along a line.
                if f.varies {
                    line = Some((at + r.from * f.inner, f.inner));
                } else {
                    c = c * values[at];
                }
            }
            let to = &mut data[r.at..=r.at + r.step * (r.length - 1)];
            match line {
                Some((at, 1)) => put(r, to, values[at..at + r.length].iter().map(|x| c * *x)),
                Some((at, step)) => put(r, to, values[at..=at + step * (r.length - 1)].iter().step_by(step).map(|x| c * *x)),
                None => put(r, to, std::iter::repeat_n(c, r.length)),
            }
        }
        Ok(())
    }
}

fn put<T: Number>(r: &Run, to: &mut [T], numbers: impl Iterator<Item = T>) {
    match (r.step, r.adds) {
        (1, false) => to.iter_mut().zip(numbers).for_each(|(y, x)| *y = x),
        (1, true) => to.iter_mut().zip(numbers).for_each(|(y, x)| *y += x),
        (step, false) => to.iter_mut().step_by(step).zip(numbers).for_each(|(y, x)| *y = x),
        (step, true) => to.iter_mut().step_by(step).zip(numbers).for_each(|(y, x)| *y += x),
    }
}
