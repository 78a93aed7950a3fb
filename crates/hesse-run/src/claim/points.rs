//! Points at which a claim and the right derivative are compared, and how.

use super::Arrangement;
use crate::array::{Array, strides};
use crate::check::{FLOOR, by_position, fits};
use crate::interpret::{RunError, run_traced, shape};
use crate::probe::{self, Relation, SizeKind, draw_sizes};
use crate::random::Random;
use crate::trace::Trace;
use hesse::calculus::model::Model;
use hesse::calculus::notate::Face;
use hesse::program::program::{Input, Program, Size};
use std::collections::BTreeMap;

/// Sizes by name.
pub(super) type Sizes = BTreeMap<String, usize>;

/// Entries that the derivative may have at a point.
const MAX_ELEMENTS: usize = 1 << 14;
/// How often a point is redrawn before it is given up.
const DRAWS: usize = 40;
/// Relative error up to which two values agree, as for dual numbers in [`crate::check`].
pub(super) const LIMIT: f64 = 1e-9;
/// What differs by more than this is no matter of rounding.
const PLAIN: f64 = 1e-4;

/// What programs read at a point.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) sizes: Sizes,
    pub(super) values: BTreeMap<String, Array<f64>>,
}

/// An array with the largest number on the way to it.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    pub(super) array: Array<f64>,
    pub(super) peak: f64,
}

impl Computed {
    fn is_finite(&self) -> bool {
        self.array.data.iter().all(|x| x.is_finite())
    }
}

impl Place {
    /// The only output of a program here; an error where it reads what has no value.
    pub(super) fn run(&self, program: &Program) -> Result<Computed, RunError> {
        let mut trace = Trace::default();
        let array = self.traced(program, &mut trace)?;
        Ok(Computed { array, peak: trace.peak })
    }
    fn traced(&self, program: &Program, trace: &mut Trace) -> Result<Array<f64>, RunError> {
        let read = |i: &Input| self.values.get(&i.name).cloned().ok_or_else(|| RunError::new("E501", format!("`{}` has no value", i.name)));
        let inputs = program.inputs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut outputs = run_traced(program, &by_position(program, &self.sizes), &inputs, trace)?;
        if outputs.is_empty() { Err(RunError::internal("no output")) } else { Ok(outputs.swap_remove(0)) }
    }
    /// The same place with every number moved by a few hundred roundings.
    pub(super) fn nudged(&self) -> Place {
        let mut random = Random::new(17);
        let mut place = self.clone();
        for x in place.values.values_mut().flat_map(|a| &mut a.data) {
            *x *= 1.0 + 1e-13 * random.normal();
        }
        place
    }
}

/// A place where the right derivative is known.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) place: Place,
    /// Axes of the target, then of the variables.
    pub(super) right: Computed,
}

/// A claim's value at a point.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) form: Form,
    pub(super) data: Vec<f64>,
    pub(super) peak: f64,
}

/// How the entries of a claim stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows × columns.
    Matrix(usize, usize),
    /// An axis for each side of the function and of the variables.
    Many,
    /// A list of all entries, row by row.
    Flat,
}

impl Claimed {
    pub(super) fn is_finite(&self) -> bool {
        self.data.iter().all(|x| x.is_finite())
    }
    /// Whether it has as many rows and columns as a derivative in this arrangement.
    pub(super) fn fits(&self, arrangement: Arrangement, rows: usize, cols: usize) -> bool {
        match self.form {
            Form::Matrix(r, c) => (r, c) == (rows, cols) && arrangement != Arrangement::Indexed,
            Form::Many => arrangement == Arrangement::Indexed && self.data.len() == rows * cols,
            Form::Flat => self.data.len() == rows * cols,
        }
    }
}

/// A matrix with the axes of a face; its rows and columns.
pub(super) fn laid(tensor: &Array<f64>, face: &Face) -> (usize, usize, Vec<f64>) {
    let order: Vec<usize> = face.rows.iter().chain(&face.cols).copied().collect();
    let sizes = |axes: &[usize]| axes.iter().map(|a| tensor.shape[*a]).product::<usize>();
    let data = positions(&tensor.shape, &order).into_iter().map(|k| tensor.data[k]).collect();
    (sizes(&face.rows), sizes(&face.cols), data)
}

/// The tensor of this shape whose entries stand in the order of a face.
pub(super) fn unlaid(data: &[f64], shape: &[usize], face: &Face) -> Array<f64> {
    let order: Vec<usize> = face.rows.iter().chain(&face.cols).copied().collect();
    let mut out = vec![0.0; data.len()];
    for (x, k) in data.iter().zip(positions(shape, &order)) {
        out[k] = *x;
    }
    Array { shape: shape.to_vec(), data: out }
}

/// Where the entries of a row-major array stand when its axes are read in another order.
fn positions(shape: &[usize], order: &[usize]) -> Vec<usize> {
    let steps = strides(shape);
    let mut out = vec![0];
    for axis in order {
        let step = steps[*axis];
        out = out.iter().flat_map(|at| (0..shape[*axis]).map(move |k| at + k * step)).collect();
    }
    out
}

/// How two lists of numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closeness {
    Same,
    Apart,
    /// Apart by no more than rounding may do.
    Doubtful,
}

/// Largest |x|.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// The distance of two lists relative to their largest entry, or to what rounding leaves of the largest number on the way.
pub(super) fn relative(a: &[f64], b: &[f64], peak: f64) -> f64 {
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
    let size = largest(a).max(largest(b)).max(FLOOR * peak);
    if apart == 0.0 { 0.0 } else { apart / size }
}

/// Whether two values at a point agree up to `limit`; where they nearly do, what moving the point a little does decides.
pub(super) fn compare(a: &[f64], b: &[f64], peak: f64, limit: f64, nudged: impl FnOnce() -> Option<[Vec<f64>; 2]>) -> Closeness {
    let distance = relative(a, b, peak);
    if distance <= limit {
        return Closeness::Same;
    }
    if distance > PLAIN {
        return Closeness::Apart;
    }
    let Some([c, d]) = nudged() else { return Closeness::Apart };
    let noise = relative(a, &c, peak).max(relative(b, &d, peak));
    if distance <= 10.0 * noise { Closeness::Doubtful } else { Closeness::Apart }
}

/// Draws places of a formula and keeps those where it and its derivative have values.
pub(super) struct Drawer<'a> {
    pub(super) primal: &'a Program,
    pub(super) derivative: &'a Program,
    pub(super) names: Vec<String>,
    relations: Vec<Relation>,
    inputs: Vec<(Input, Vec<String>)>,
    /// `symmetric` or `diagonal`: the variable lies in that space.
    structured: Option<(String, String)>,
    /// Comparisons that are ties at every point, as those within diag(x) off its diagonal.
    ties: BTreeMap<Vec<usize>, usize>,
}

/// How numbers are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// At random.
    Random,
    /// Halves and whole numbers near 0, at random.
    Round,
    /// Every entry the same whole number, as far as the declared properties allow.
    Constant(i8),
}

impl<'a> Drawer<'a> {
    pub(super) fn new(model: &Model, primal: &'a Program, derivative: &'a Program, structured: Option<(String, String)>) -> Drawer<'a> {
        let dims = &model.pool.dims;
        let mut names: Vec<String> = dims.names().to_vec();
        names.extend(primal.sizes.iter().chain(&derivative.sizes).filter(|n| !dims.names().contains(n)).cloned());
        names.sort();
        names.dedup();
        let relations = model.relations.iter().flat_map(|r| Relation::read(r, &names)).collect();
        // Sizes of the inputs by their place among all names.
        let place = |name: &str| names.iter().position(|n| n == name).unwrap_or(0);
        let size = |d| Size {
            terms: dims
                .polynomial(d)
                .iter()
                .map(|(names, c)| (names.iter().map(|&k| place(&dims.names()[k as usize])).collect(), *c))
                .collect(),
        };
        let mut inputs: Vec<(Input, Vec<String>)> = vec![];
        for i in &model.inputs {
            let axes = i.shape.axes().into_iter().map(size).collect();
            inputs.push((Input { name: i.name.clone(), rows: i.shape.rows.len(), axes }, i.properties.clone()));
        }
        // Directions and cotangents.
        for i in &derivative.inputs {
            if !inputs.iter().any(|(j, _)| j.name == i.name) {
                let again = |s: &Size| Size {
                    terms: s.terms.iter().map(|(names, c)| (names.iter().map(|&k| place(&derivative.sizes[k])).collect(), *c)).collect(),
                };
                inputs.push((Input { axes: i.axes.iter().map(again).collect(), ..i.clone() }, vec![]));
            }
        }
        Drawer { primal, derivative, names, relations, inputs, structured, ties: BTreeMap::new() }
    }

    pub(super) fn sizes(&self, kind: SizeKind, random: &mut Random) -> Option<Sizes> {
        draw_sizes(&self.names, &self.relations, kind, &|sizes| self.admits(sizes), random)
    }

    fn admits(&self, sizes: &Sizes) -> bool {
        fits(self.primal, sizes, MAX_ELEMENTS) && fits(self.derivative, sizes, MAX_ELEMENTS)
    }

    /// All sizes up to `most`, the smallest sum first, that the formula admits.
    pub(super) fn small_sizes(&self, most: usize, count: usize) -> Vec<Sizes> {
        let mut all: Vec<Vec<usize>> = vec![vec![]];
        for _ in &self.names {
            if all.len() * most > 4096 {
                all.iter_mut().for_each(|s| s.push(1));
            } else {
                all = all.into_iter().flat_map(|s| (1..=most).map(move |n| [s.clone(), vec![n]].concat())).collect();
            }
        }
        all.sort_by_key(|s| (s.iter().sum::<usize>(), s.clone()));
        let named = |s: Vec<usize>| -> Sizes { self.names.iter().cloned().zip(s).collect() };
        let holds = |s: &Sizes| self.relations.iter().all(|r| r.holds(s)) && self.admits(s);
        all.into_iter().map(named).filter(holds).take(count).collect()
    }

    fn place(&self, sizes: &Sizes, choice: Choice, attempt: usize, random: &mut Random) -> Option<Place> {
        let mut values = BTreeMap::new();
        let numbers: Vec<usize> = self.names.iter().map(|n| sizes.get(n).copied().unwrap_or(1)).collect();
        for (input, properties) in &self.inputs {
            let shape = shape(&input.axes, &numbers).ok()?;
            let mut array = match choice {
                Choice::Random => probe::draw(input.rows, &shape, properties, attempt, random),
                Choice::Round => probe::round(input.rows, &shape, properties, random, None),
                Choice::Constant(x) => probe::round(input.rows, &shape, properties, random, Some(f64::from(x))),
            };
            if let Some((_, structure)) = self.structured.as_ref().filter(|s| s.0 == input.name) {
                project(&mut array, structure);
            }
            values.insert(input.name.clone(), array);
        }
        Some(Place { sizes: sizes.clone(), values })
    }

    /// A point at these sizes, and whether more comparisons of the formula are ties there than everywhere.
    pub(super) fn point(&mut self, sizes: &Sizes, choice: Choice, random: &mut Random) -> Option<(Point, bool)> {
        for attempt in 0..if choice == Choice::Random { DRAWS } else { 1 } {
            let place = self.place(sizes, choice, attempt, random)?;
            let mut trace = Trace::default();
            let target = place.traced(self.primal, &mut trace).ok()?;
            if !target.data.iter().all(|x| x.is_finite()) {
                continue;
            }
            let Ok(right) = place.run(self.derivative) else { return None };
            if !right.is_finite() {
                continue;
            }
            let tied = trace.ties > self.usual_ties(sizes, trace.ties, choice, random);
            return Some((Point { place, right }, tied));
        }
        None
    }

    /// Ties that the formula has at any point of these sizes.
    fn usual_ties(&mut self, sizes: &Sizes, seen: usize, choice: Choice, random: &mut Random) -> usize {
        if seen == 0 {
            return 0;
        }
        let key: Vec<usize> = sizes.values().copied().collect();
        if !self.ties.contains_key(&key) {
            let mut least = if choice == Choice::Random { seen } else { usize::MAX };
            for attempt in 0..3 {
                let mut trace = Trace::default();
                if self.place(sizes, Choice::Random, attempt, random).is_some_and(|p| p.traced(self.primal, &mut trace).is_ok()) {
                    least = least.min(trace.ties);
                }
            }
            self.ties.insert(key.clone(), least);
        }
        self.ties[&key]
    }
}

/// Onto the space of symmetric or diagonal matrices.
fn project(array: &mut Array<f64>, structure: &str) {
    let &[n, m] = array.shape.as_slice() else { return };
    for i in 0..n.min(m) {
        for j in 0..m {
            match structure {
                "diagonal" if i != j => array.data[i * m + j] = 0.0,
                "symmetric" if j < i && i < m => array.data[j * m + i] = array.data[i * m + j],
                _ => {}
            }
        }
    }
}
