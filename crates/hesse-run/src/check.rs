//! The numeric check: a derivative against two oracles that know nothing of the rules that made it.
//!
//! Both run the *formula*, never its derivative. **Finite differences** in f64: random directions at random points, 4th-order central, with the
//! step halved once to know their own error. **Dual numbers**: forward-mode differentiation of the interpreter, exact up to rounding, over the
//! definitions of the functions. The derivative tensor is contracted with the same directions and must agree with both: to 1e-7 with the
//! differences, to 1e-9 with the dual numbers.
//!
//! For a derivative of order k, k directions are drawn; dual numbers nest k deep, and the differences are those of the dual derivative of
//! order k − 1.
//!
//! A point where the formula is not finite is outside its domain: it is redrawn and never counts as a pass. A stencil whose points do not
//! all take the branches of its centre crosses a kink: the step shrinks, or the point is redrawn. A point where the error of the oracle itself is
//! as large as the disagreement tells nothing: it is redrawn. Without a usable point the answer is "not checked".

use crate::array::Array;
use crate::dual::Dual;
use crate::interpret::{RunError, run, run_traced, shape, signed};
use crate::probe::{ProbeInput, Relation, SizeKind, draw, draw_sizes};
use crate::random::Random;
use crate::scalar::Scalar;
use crate::trace::Trace;
use hesse::program::program::{Mask, Op, Program};
use std::collections::BTreeMap;

/// The largest order that is checked.
pub const MAX_ORDER: usize = 4;
/// Steps of the differences shrink down to this, times the scale of the variable.
const SMALLEST_STEP: f64 = 1e-7;
/// The first step, times the scale of the variable.
const STEP: f64 = 1e-3;
/// Differences know what is this much smaller than the formula, over the scale of the variable: a derivative of 0.
const KNOWN: f64 = 1e-6;
/// A formula larger than this is near the end of the range: its derivative may lie beyond.
const HUGE: f64 = 1e250;
/// A result this much smaller than the largest intermediate number is judged as if it were that large: below, rounding decides.
pub(crate) const FLOOR: f64 = 1e-4;

/// How to check. The defaults are measured choices: a planted relative error of 1e-4 in one component of eight is found by a single direction
/// with probability 0.995 at a limit of 1e-7, and not at all at 1e-3.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckOptions {
    /// Points to probe.
    pub points: usize,
    /// Directions at each.
    pub directions: usize,
    /// Seed of all draws.
    pub seed: u64,
    /// How often a point is redrawn before it is given up.
    pub draws: usize,
    /// Entries that the derivative tensor may have at a probe; sizes are drawn smaller to stay below.
    pub max_elements: usize,
    /// Relative error up to which finite differences agree.
    pub difference_limit: f64,
    /// Relative error up to which dual numbers agree.
    pub dual_limit: f64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions { points: 9, directions: 4, seed: 1, draws: 40, max_elements: 1 << 18, difference_limit: 1e-7, dual_limit: 1e-9 }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every usable point agrees.
    Ok,
    /// Some point disagrees.
    Failed,
    /// No point could be used, with the reason.
    NotChecked(String),
}

/// Who disagreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// Central differences of the formula.
    FiniteDifferences,
    /// Dual numbers through the formula.
    DualNumbers,
}

/// The first disagreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Who disagreed.
    pub oracle: Oracle,
    /// Sizes by name.
    pub sizes: Vec<(String, usize)>,
    /// The inputs at the point.
    pub inputs: Vec<(String, Array<f64>)>,
    /// Entry of the target (row-major) with the largest difference.
    pub entry: usize,
    /// The derivative along the direction there.
    pub symbolic: f64,
    /// What the oracle says.
    pub numeric: f64,
    /// The difference relative to the largest entry.
    pub relative: f64,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// The verdict.
    pub status: Status,
    /// The largest relative error of both oracles.
    pub worst: f64,
    /// The largest against finite differences.
    pub worst_differences: f64,
    /// The largest against dual numbers.
    pub worst_dual: f64,
    /// Usable points.
    pub points: usize,
    /// Directions over all points.
    pub directions: usize,
    /// Stencils that crossed a kink.
    pub kink_crossings: usize,
    /// Points drawn again: outside the domain, on a kink, or too ill-conditioned to tell.
    pub redrawn: usize,
    /// The first disagreement.
    pub first_failure: Option<Failure>,
}

impl CheckReport {
    /// A verdict before anything was compared.
    pub(crate) fn new(status: Status) -> CheckReport {
        CheckReport {
            status,
            worst: 0.0,
            worst_differences: 0.0,
            worst_dual: 0.0,
            points: 0,
            directions: 0,
            kink_crossings: 0,
            redrawn: 0,
            first_failure: None,
        }
    }
}

/// Checks a derivative program against its formula. `primal` has one output, the target; the output of `derivative` has the axes of the target
/// and then those of each variable of `wrt` (one name per order of differentiation). `relations` hold between sizes (`dim m > n`).
pub fn check(
    primal: &Program,
    derivative: &Program,
    inputs: &[ProbeInput],
    wrt: &[String],
    relations: &[String],
    options: &CheckOptions,
) -> CheckReport {
    let mut report = CheckReport::new(Status::Ok);
    if wrt.is_empty() || wrt.len() > MAX_ORDER {
        report.status = Status::NotChecked(format!("a derivative of order {} is not checked", wrt.len()));
        return report;
    }
    if primal.outputs.len() != 1 || derivative.outputs.len() != 1 {
        report.status = Status::NotChecked("the formula and its derivative must have one output each".to_string());
        return report;
    }
    let mut names = primal.sizes.clone();
    names.extend(derivative.sizes.iter().filter(|n| !primal.sizes.contains(n)).cloned());
    let relations: Vec<Relation> = relations.iter().flat_map(|r| Relation::read(r, &names)).collect();
    let mut random = Random::new(options.seed);
    let mut reason = String::new();
    for point in 0..options.points.max(1) {
        // Sizes 1 may have no usable point (a deviation from the mean is 0 there): then others are tried.
        let kind = [SizeKind::Distinct, SizeKind::Ones, SizeKind::Larger][point % 3];
        for kind in [kind, SizeKind::Distinct] {
            let admissible = |sizes: &BTreeMap<String, usize>| {
                fits(primal, sizes, options.max_elements) && fits(derivative, sizes, options.max_elements)
            };
            let Some(sizes) = draw_sizes(&names, &relations, kind, &admissible, &mut random) else {
                reason = "no sizes fit the formula".to_string();
                break;
            };
            match point_at(primal, derivative, &sizes, inputs, wrt, options, &mut report, &mut random) {
                Ok(()) => {
                    report.points += 1;
                    break;
                }
                Err(Trouble::Redraw(why)) => reason = why.to_string(),
                Err(Trouble::Broken(e)) => {
                    report.status = Status::NotChecked(e.message);
                    return report;
                }
                Err(Trouble::Disagrees) => {
                    report.points += 1;
                    report.status = Status::Failed;
                    return report;
                }
            }
            if kind != SizeKind::Ones || names.is_empty() {
                break;
            }
        }
    }
    if report.points == 0 {
        report.status = Status::NotChecked(if reason.is_empty() { "no probe could be used".into() } else { reason });
    }
    report
}

/// One usable point at given sizes, drawn until it is one.
#[expect(clippy::too_many_arguments)]
fn point_at(
    primal: &Program,
    derivative: &Program,
    sizes: &BTreeMap<String, usize>,
    inputs: &[ProbeInput],
    wrt: &[String],
    options: &CheckOptions,
    report: &mut CheckReport,
    random: &mut Random,
) -> Result<(), Trouble> {
    let mut last = "no probe could be used";
    for attempt in 0..options.draws.max(1) {
        let probe = Probe::draw(primal, derivative, sizes, inputs, wrt, attempt, random);
        match probe.and_then(|probe| probe.examine(options, report, random)) {
            Err(Trouble::Redraw(why)) => {
                report.redrawn += 1;
                last = why;
            }
            other => return other,
        }
    }
    Err(Trouble::Redraw(last))
}

/// Sizes of a program by position from sizes by name.
pub(crate) fn by_position(program: &Program, sizes: &BTreeMap<String, usize>) -> Vec<usize> {
    program.sizes.iter().map(|n| sizes.get(n).copied().unwrap_or(1)).collect()
}

/// Whether all axes of a program have admissible numbers and its positions lie inside.
pub(crate) fn fits(program: &Program, sizes: &BTreeMap<String, usize>, max_elements: usize) -> bool {
    let sizes = by_position(program, sizes);
    let needs = program.needs.iter().all(|(size, _)| signed(size, &sizes).is_some_and(|n| n >= 0));
    needs
        && program.steps.iter().all(|step| {
            let Ok(shape) = shape(&step.axes, &sizes) else { return false };
            let inside = match &step.op {
                Op::Mask(Mask::Unit(position)) => signed(position, &sizes).is_some_and(|k| k >= 0 && (k as usize) < shape[0]),
                _ => true,
            };
            inside && shape.iter().product::<usize>() <= max_elements
        })
}

/// Why a point gave no agreement.
enum Trouble {
    /// Try another point.
    Redraw(&'static str),
    /// The program cannot run.
    Broken(RunError),
    /// The derivative is wrong here.
    Disagrees,
}

impl From<RunError> for Trouble {
    fn from(e: RunError) -> Self {
        Trouble::Broken(e)
    }
}

/// What a stencil gives.
enum Stencil {
    /// A point of it takes other branches than the centre.
    Crosses,
    /// A point of it is not finite.
    Outside,
    /// The derivative with half the step, its own error (largest entry), the size of the numbers on the way.
    Done { value: Vec<f64>, error: f64, peak: f64 },
}

/// A point of the check.
struct Probe<'a> {
    primal: &'a Program,
    derivative: &'a Program,
    sizes: &'a BTreeMap<String, usize>,
    wrt: &'a [String],
    values: BTreeMap<String, Array<f64>>,
    /// Branches that the formula takes at the point.
    signature: u64,
    /// Entries of the target.
    entries: usize,
}

/// The derivative along some directions.
struct Symbolic {
    value: Vec<f64>,
    /// The largest number on the way to the tensor.
    peak: f64,
}

impl Symbolic {
    fn is_finite(&self) -> bool {
        self.value.iter().all(|x| x.is_finite())
    }
}

/// Directions, one per order, each along its variable of `wrt`.
type Directions = Vec<Array<f64>>;

pub(crate) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| if x.is_nan() { f64::NAN } else { m.max(x.abs()) })
}

pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |m, d| if d.is_nan() { f64::INFINITY } else { m.max(d) })
}

impl<'a> Probe<'a> {
    fn draw(
        primal: &'a Program,
        derivative: &'a Program,
        sizes: &'a BTreeMap<String, usize>,
        inputs: &[ProbeInput],
        wrt: &'a [String],
        attempt: usize,
        random: &mut Random,
    ) -> Result<Self, Trouble> {
        let mut values = BTreeMap::new();
        let computed: Vec<(&String, &Program)> = inputs.iter().filter_map(|i| i.value.as_ref().map(|p| (&i.name, p))).collect();
        for program in [primal, derivative].into_iter().chain(computed.iter().map(|c| c.1)) {
            for input in &program.inputs {
                if values.contains_key(&input.name) || computed.iter().any(|c| *c.0 == input.name) {
                    continue;
                }
                let shape = shape(&input.axes, &by_position(program, sizes))?;
                let properties = inputs.iter().find(|i| i.name == input.name).map_or(&[][..], |i| &i.properties);
                values.insert(input.name.clone(), draw(input.rows, &shape, properties, attempt, random));
            }
        }
        for (name, program) in computed {
            let arrays: Vec<Array<f64>> = program.inputs.iter().map(|i| values[&i.name].clone()).collect();
            let mut outputs = run(program, &by_position(program, sizes), &arrays)?;
            values.insert(name.clone(), outputs.remove(0));
        }
        let mut probe = Probe { primal, derivative, sizes, wrt, values, signature: 0, entries: 0 };
        let mut trace = Trace::default();
        let target = run_traced(primal, &by_position(primal, sizes), &probe.arrays(primal), &mut trace)?;
        if !target[0].data.iter().all(|x| x.is_finite()) {
            return Err(Trouble::Redraw("the formula is not finite at any probe: its domain may be empty or must be declared"));
        }
        (probe.signature, probe.entries) = (trace.signature, target[0].data.len());
        Ok(probe)
    }

    fn arrays(&self, program: &Program) -> Vec<Array<f64>> {
        program.inputs.iter().map(|i| self.values[&i.name].clone()).collect()
    }

    /// The derivative tensor at the point, flat, and the largest number on the way to it: where its terms cancel, rounding leaves that much.
    fn tensor(&self) -> Result<(Vec<f64>, f64), Trouble> {
        let sizes = by_position(self.derivative, self.sizes);
        let mut trace = Trace::default();
        let mut outputs = run_traced(self.derivative, &sizes, &self.arrays(self.derivative), &mut trace)?;
        Ok((outputs.remove(0).data, trace.peak))
    }

    fn directions(&self, random: &mut Random) -> Directions {
        let mut draw = |name: &String| {
            let shape = self.values[name].shape.clone();
            let mut data: Vec<f64> = (0..self.values[name].len()).map(|_| random.normal()).collect();
            let norm = data.iter().map(|x| x * x).sum::<f64>().sqrt();
            data.iter_mut().for_each(|x| *x /= norm);
            Array { shape, data }
        };
        self.wrt.iter().map(&mut draw).collect()
    }

    /// The tensor contracted with the directions, last axis first.
    fn along(&self, tensor: &[f64], directions: &Directions) -> Result<Vec<f64>, Trouble> {
        let wanted = directions.iter().fold(self.entries, |n, d| n * d.len());
        if tensor.len() != wanted {
            let message = format!("the derivative has {} entries, the target and its variables {wanted}", tensor.len());
            return Err(Trouble::Broken(RunError::internal(message)));
        }
        let mut data = tensor.to_vec();
        for d in directions.iter().rev() {
            data = data
                .chunks(d.len().max(1))
                .map(|row| row.iter().zip(&d.data).map(|(&t, &d)| if d == 0.0 { 0.0 } else { t * d }).sum())
                .collect();
        }
        Ok(data)
    }

    /// The mixed derivative of the formula along the first `order` directions, at the point moved by `step` along the last direction.
    fn oracle(&self, order: usize, directions: &Directions, step: f64) -> Result<(Vec<f64>, Trace), Trouble> {
        match order {
            0 => self.oracle_in::<f64>(directions, step),
            1 => self.oracle_in::<Dual<f64>>(directions, step),
            2 => self.oracle_in::<Dual<Dual<f64>>>(directions, step),
            3 => self.oracle_in::<Dual<Dual<Dual<f64>>>>(directions, step),
            _ => self.oracle_in::<Dual<Dual<Dual<Dual<f64>>>>>(directions, step),
        }
    }

    fn oracle_in<T: Scalar>(&self, directions: &Directions, step: f64) -> Result<(Vec<f64>, Trace), Trouble> {
        let last = directions.len() - 1;
        let inputs: Vec<Array<T>> = self
            .primal
            .inputs
            .iter()
            .map(|input| {
                let point = &self.values[&input.name];
                let mut seeds = [0.0; MAX_ORDER];
                let data = (0..point.len())
                    .map(|k| {
                        for (seed, (name, d)) in seeds.iter_mut().zip(self.wrt.iter().zip(directions)) {
                            *seed = if *name == input.name { d.data[k] } else { 0.0 };
                        }
                        T::seeded(point.data[k] + step * seeds[last], &seeds[..T::ORDER])
                    })
                    .collect();
                Array { shape: point.shape.clone(), data }
            })
            .collect();
        let mut trace = Trace::default();
        let out = run_traced(self.primal, &by_position(self.primal, self.sizes), &inputs, &mut trace)?;
        Ok((out[0].data.iter().map(|x| x.top()).collect(), trace))
    }

    /// Central differences of 4th order with steps h and h/2.
    fn stencil(&self, directions: &Directions, h: f64) -> Result<Stencil, Trouble> {
        let order = directions.len() - 1;
        let mut at = vec![];
        let mut peak = 0.0f64;
        for t in [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0] {
            let (value, trace) = self.oracle(order, directions, t * h)?;
            if value.iter().any(|x| !x.is_finite()) {
                return Ok(Stencil::Outside);
            }
            if trace.signature != self.signature {
                return Ok(Stencil::Crosses);
            }
            peak = peak.max(trace.peak);
            at.push(value);
        }
        let central = |a: &[f64], b: &[f64], c: &[f64], d: &[f64], h: f64| -> Vec<f64> {
            (0..a.len()).map(|k| (a[k] - 8.0 * b[k] + 8.0 * c[k] - d[k]) / (12.0 * h)).collect()
        };
        let whole = central(&at[0], &at[1], &at[4], &at[5], h);
        let value = central(&at[1], &at[2], &at[3], &at[4], h / 2.0);
        // Besides what the halving shows, the rounding of the results.
        let rounding = f64::EPSILON * at.iter().map(|v| largest(v)).fold(0.0, f64::max) / h;
        let error = distance(&whole, &value) + rounding;
        Ok(Stencil::Done { value, error, peak })
    }

    /// The typical size of the entries of the variable that the differences move.
    fn scale(&self) -> f64 {
        let x = &self.values[&self.wrt[self.wrt.len() - 1]].data;
        let rms = (x.iter().map(|x| x * x).sum::<f64>() / x.len().max(1) as f64).sqrt();
        if rms == 0.0 { 1.0 } else { rms.clamp(1e-2, 1e3) }
    }

    fn examine(&self, options: &CheckOptions, report: &mut CheckReport, random: &mut Random) -> Result<(), Trouble> {
        let (tensor, peak) = self.tensor()?;
        if self.wrt.iter().any(|name| !self.primal.inputs.iter().any(|i| i.name == *name)) {
            return self.examine_constant(&tensor, report);
        }
        // Errors of this point count only once all its directions are usable.
        let (mut differences, mut duals) = (0.0f64, 0.0f64);
        for _ in 0..options.directions.max(1) {
            let directions = self.directions(random);
            let symbolic = Symbolic { value: self.along(&tensor, &directions)?, peak };
            let huge = || self.oracle(0, &directions, 0.0).map(|(value, _)| largest(&value) > HUGE);
            if !symbolic.is_finite() && (!self.dual_is_finite(&directions)? || huge()?) {
                return Err(Trouble::Redraw("the derivative is not finite at any probe"));
            }
            // The stencil decides first whether the point lies on a kink.
            differences = differences.max(self.examine_differences(&directions, &symbolic, options, report, random)?);
            if let Some(relative) = self.examine_dual(&directions, &symbolic, options, report, random)? {
                duals = duals.max(relative);
            }
        }
        report.directions += options.directions.max(1);
        report.worst_differences = report.worst_differences.max(differences);
        report.worst_dual = report.worst_dual.max(duals);
        report.worst = report.worst_differences.max(report.worst_dual);
        Ok(())
    }

    /// The formula does not read the variable: the derivative must be 0.
    fn examine_constant(&self, tensor: &[f64], report: &mut CheckReport) -> Result<(), Trouble> {
        report.directions += 1;
        if tensor.iter().all(|&x| x == 0.0) {
            return Ok(());
        }
        let zeros = vec![0.0; tensor.len()];
        Err(self.disagreement(Oracle::DualNumbers, tensor, &zeros, 1.0, report))
    }

    /// Is it the condition of the point? Moving it by a few hundred roundings shows what rounding can do to either side.
    fn noise(&self, directions: &Directions, symbolic: &[f64], dual: Option<&[f64]>, random: &mut Random) -> Result<f64, Trouble> {
        let mut nudged = Probe { values: self.values.clone(), ..*self };
        for x in nudged.values.values_mut().flat_map(|a| &mut a.data) {
            *x *= 1.0 + 1e-13 * random.normal();
        }
        let (tensor, _) = nudged.tensor()?;
        let noise = distance(symbolic, &nudged.along(&tensor, directions)?);
        match dual {
            Some(dual) => Ok(noise.max(distance(dual, &nudged.oracle(directions.len(), directions, 0.0)?.0))),
            None => Ok(noise),
        }
    }

    /// What rounding can do to either side, as single precision shows it: also where it does the same at every point, as to the sum of three
    /// equal thirds less 1.
    fn rounding(&self, directions: &Directions, symbolic: &[f64], dual: &[f64]) -> Result<f64, Trouble> {
        let inputs: Vec<Array<f32>> = self.arrays(self.derivative).iter().map(|a| a.map(|x| x as f32)).collect();
        let mut outputs = run(self.derivative, &by_position(self.derivative, self.sizes), &inputs)?;
        let tensor: Vec<f64> = outputs.remove(0).data.iter().map(|x| f64::from(*x)).collect();
        let single = self.along(&tensor, directions)?;
        let single_dual = match directions.len() {
            1 => self.oracle_in::<Dual<f32>>(directions, 0.0)?.0,
            _ => self.oracle_in::<Dual<Dual<f32>>>(directions, 0.0)?.0,
        };
        let noise = distance(symbolic, &single).max(if directions.len() <= 2 { distance(dual, &single_dual) } else { 0.0 });
        // Beyond the range of single precision it shows nothing.
        Ok(if noise.is_finite() { noise * f64::EPSILON / f64::from(f32::EPSILON) } else { 0.0 })
    }

    fn dual_is_finite(&self, directions: &Directions) -> Result<bool, Trouble> {
        Ok(self.oracle(directions.len(), directions, 0.0)?.0.iter().all(|x| x.is_finite()))
    }

    fn examine_differences(
        &self,
        directions: &Directions,
        symbolic: &Symbolic,
        options: &CheckOptions,
        report: &mut CheckReport,
        random: &mut Random,
    ) -> Result<f64, Trouble> {
        let scale = self.scale();
        let relative = |value: &[f64], peak: f64| {
            let size = largest(&symbolic.value).max(largest(value)).max(FLOOR * symbolic.peak).max(FLOOR * peak / scale);
            let distance = distance(&symbolic.value, value);
            if distance == 0.0 { (0.0, size) } else { (distance / size, size) }
        };
        // The first step at which the whole stencil stays on the branches of its centre, inside the domain.
        let mut h = STEP * scale;
        let (mut value, mut error, mut peak) = loop {
            match self.stencil(directions, h)? {
                Stencil::Done { value, error, peak } => break (value, error, peak),
                outcome => {
                    let crosses = matches!(outcome, Stencil::Crosses);
                    report.kink_crossings += usize::from(crosses);
                    h /= 4.0;
                    if h < SMALLEST_STEP * scale {
                        return Err(Trouble::Redraw(if crosses {
                            "every probe lies on a kink"
                        } else {
                            "the formula is not finite around any probe"
                        }));
                    }
                }
            }
        };
        let (mut error_relative, mut size) = relative(&value, peak);
        if error_relative <= options.difference_limit {
            return Ok(error_relative);
        }
        // Suspicious: other steps, judged by the one with the smallest error of its own.
        let mut tried = vec![(value.clone(), error)];
        for factor in [0.25, 0.0625, 4.0, 16.0, 1.0 / 64.0] {
            let step = h * factor;
            if step < SMALLEST_STEP * scale || step > 16.0 * STEP * scale {
                continue;
            }
            if let Stencil::Done { value: v, error: e, peak: p } = self.stencil(directions, step)? {
                tried.push((v.clone(), e));
                if e < error {
                    (value, error, peak) = (v, e, p);
                    (error_relative, size) = relative(&value, peak);
                    if error_relative <= options.difference_limit {
                        return Ok(error_relative);
                    }
                }
            }
        }
        // What the differences cannot know better themselves is no disagreement, but no agreement either. Nor is what most steps do not say: of
        // sin(1e9*x) each step says something else, one of them by chance with a small error.
        let floor = KNOWN * largest(&self.oracle(directions.len() - 1, directions, 0.0)?.0) / scale;
        let known = |v: &[f64], e: f64| e <= (1e-2 * largest(v)).max(floor);
        let seconds = tried.iter().filter(|(v, e)| known(v, *e) && distance(v, &value) <= (0.1 * largest(&value)).max(floor)).count();
        let confirmed = tried.iter().any(|(v, _)| distance(v, &symbolic.value) <= options.difference_limit * largest(v));
        let unknown = !known(&value, error) || seconds < 2 || 2 * seconds <= tried.len() || confirmed;
        let apart = error_relative * size;
        if symbolic.is_finite() && (apart <= 10.0 * error || unknown) {
            return Err(Trouble::Redraw("finite differences are too inexact at every probe"));
        }
        if symbolic.is_finite() && apart <= 10.0 * self.noise(directions, &symbolic.value, None, random)? {
            return Err(Trouble::Redraw("every probe is too ill-conditioned"));
        }
        Err(self.disagreement(Oracle::FiniteDifferences, &symbolic.value, &value, error_relative, report))
    }

    /// The relative error against dual numbers; `None` where they are not finite although the formula is (a removable singularity of a definition).
    fn examine_dual(
        &self,
        directions: &Directions,
        symbolic: &Symbolic,
        options: &CheckOptions,
        report: &mut CheckReport,
        random: &mut Random,
    ) -> Result<Option<f64>, Trouble> {
        let (value, trace) = self.oracle(directions.len(), directions, 0.0)?;
        if value.iter().any(|x| !x.is_finite()) {
            return Ok(None);
        }
        let size = largest(&symbolic.value).max(largest(&value)).max(FLOOR * symbolic.peak).max(FLOOR * trace.peak);
        let apart = distance(&symbolic.value, &value);
        let relative = if apart == 0.0 { 0.0 } else { apart / size };
        if relative <= options.dual_limit {
            return Ok(Some(relative));
        }
        let noise = self.noise(directions, &symbolic.value, Some(&value), random)?;
        let doubtful = |noise: f64| symbolic.is_finite() && apart <= 10.0 * noise;
        if doubtful(noise) || doubtful(self.rounding(directions, &symbolic.value, &value)?) {
            return Err(Trouble::Redraw("every probe is too ill-conditioned"));
        }
        Err(self.disagreement(Oracle::DualNumbers, &symbolic.value, &value, relative, report))
    }

    fn disagreement(&self, oracle: Oracle, symbolic: &[f64], numeric: &[f64], relative: f64, report: &mut CheckReport) -> Trouble {
        let gap = |k: usize| {
            let d = (symbolic[k] - numeric[k]).abs();
            if d.is_nan() { f64::INFINITY } else { d }
        };
        let entry = (0..symbolic.len()).max_by(|&a, &b| gap(a).total_cmp(&gap(b))).unwrap_or(0);
        let relative = if relative.is_nan() { f64::INFINITY } else { relative };
        match oracle {
            Oracle::FiniteDifferences => report.worst_differences = report.worst_differences.max(relative),
            Oracle::DualNumbers => report.worst_dual = report.worst_dual.max(relative),
        }
        report.worst = report.worst.max(relative);
        report.first_failure.get_or_insert_with(|| Failure {
            oracle,
            sizes: self.sizes.iter().map(|(n, &k)| (n.clone(), k)).collect(),
            inputs: self.values.iter().map(|(n, a)| (n.clone(), a.clone())).collect(),
            entry,
            symbolic: symbolic.get(entry).copied().unwrap_or(f64::NAN),
            numeric: numeric.get(entry).copied().unwrap_or(f64::NAN),
            relative,
        });
        Trouble::Disagrees
    }
}
