//! The audit of a derivation: every line that claims something is evaluated at random sizes and points, both sides by themselves.
//!
//! What is tested is what is printed: the text of a tree is parsed again and run; a partial derivative is that of dual numbers through the
//! pieces, a product of partials is their contraction, a differential is the derivative along random directions of all variables. The
//! pieces are tested against the formula as written, the results against nested dual numbers through the formula.
//!
//! A point where something is not finite, or that lies next to a kink, is drawn again. A line without a usable point is "not checked", and
//! never holds; a text that cannot be read is a defect, and fails.
//!
//! ```text
//! Derivation ─read▶ programs ─point▶ numbers of both sides ─compare▶ Audit of each step, report
//! ```

mod line;
mod outcome;
mod pattern;
mod point;
mod reader;

use crate::array::Array;
use crate::breach::{breach, condition_number};
use crate::check::{FLOOR, distance, fits, largest};
use crate::probe::{Relation, SizeKind, draw, draw_sizes};
use crate::random::Random;
use hesse::calculus::derivation::{Audit, Derivation, Meaning};
use hesse::calculus::model::Asks;
use hesse::program::program::Program;
use hesse::{Error, Formula};
use line::{Both, Prepared};
use outcome::Printed;
use point::{Piece, Point, Trouble};
use reader::{Reader, Sizes, Text};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

/// A point this close to a kink, times the direction's length 1, is drawn again.
const KINK: f64 = 1e-5;
/// A matrix of a larger condition number counts as singular: too few digits of its inverse are left to compare.
const SINGULAR: f64 = 1e8;
/// How often a point is moved by a few hundred roundings to see what rounding does there.
const NUDGES: usize = 4;

/// How to audit.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditOptions {
    /// Points to probe.
    pub points: usize,
    /// Seed of all draws.
    pub seed: u64,
    /// How often a point is drawn before it is given up.
    pub draws: usize,
    /// Entries that a derivative of a piece may have; sizes are drawn smaller to stay below.
    pub max_elements: usize,
    /// Relative error up to which the sides of a line agree.
    pub limit: f64,
}

impl Default for AuditOptions {
    fn default() -> Self {
        AuditOptions { points: 8, seed: 1, draws: 40, max_elements: 1 << 12, limit: 1e-9 }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AuditReport {
    /// Equations that can be tested: lines, and results.
    pub equations: usize,
    /// How many of them hold at every usable point.
    pub held: usize,
    /// How many had no usable point.
    pub skipped: usize,
    /// How many fail.
    pub failed: usize,
    /// Points.
    pub points: usize,
    /// The largest relative error.
    pub worst: f64,
    /// Points drawn again because a kink was near.
    pub kink_crossings: usize,
    /// Points drawn again for another reason.
    pub redrawn: usize,
    /// The sizes of the points, each once, in order.
    pub sizes: Vec<Vec<(String, usize)>>,
    /// What was found of each result of the derivation.
    pub results: Vec<Audit>,
}

impl AuditReport {
    /// Whether every equation holds, and there is one.
    pub fn all_hold(&self) -> bool {
        self.held == self.equations && self.equations > 0
    }
    /// In a sentence: `9 equations checked at 8 points (N = 7, n = 3; N = 1, n = 1; …), worst 2.1e-13`.
    pub fn summary(&self) -> String {
        let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        if self.equations == 0 {
            return "nothing to check".into();
        }
        let tested = self.held + self.failed;
        let mut out = match (self.failed, tested) {
            (0, 0) => return format!("{} not checked", plural(self.equations, "equation")),
            (0, n) if n == self.equations => format!("{} checked", plural(n, "equation")),
            (0, n) => format!("{n} of {} checked", plural(self.equations, "equation")),
            (1, _) => format!("1 of {} FAILS", plural(self.equations, "equation")),
            (n, _) => format!("{n} of {} FAIL", plural(self.equations, "equation")),
        };
        let named: Vec<String> = self.sizes.iter().filter(|s| !s.is_empty()).take(3).map(|s| sizes_text(s)).collect();
        let more = if self.sizes.len() > named.len() && !named.is_empty() { "; …" } else { "" };
        let sizes = if named.is_empty() { String::new() } else { format!(" ({}{more})", named.join("; ")) };
        let _ = write!(out, " at {}{sizes}, worst {:.1e}", plural(self.points, "point"), self.worst);
        if self.kink_crossings > 0 {
            let _ = write!(out, "; {}", plural(self.kink_crossings, "kink crossing"));
        }
        if self.skipped > 0 && tested > 0 {
            let _ = write!(out, "; {} not checked", self.skipped);
        }
        out
    }
}

fn sizes_text(sizes: &[(String, usize)]) -> String {
    sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect::<Vec<_>>().join(", ")
}

/// What is asked at each point.
enum Question {
    Line(Box<Prepared>),
    Result(Box<Printed>),
}

/// A question with what was found so far.
struct Tally {
    /// The step, or the result.
    question: Result<Question, String>,
    points: usize,
    worst: f64,
    failure: Option<(f64, String)>,
    /// Why the last unusable point was none.
    reason: String,
    /// Entries of a small matrix that were asked, of how many.
    seen: (usize, usize),
    /// Points at which one side has a value and the other has none.
    lopsided: usize,
    asked: usize,
}

impl Tally {
    fn new(question: Result<Question, String>) -> Self {
        Tally { question, points: 0, worst: 0.0, failure: None, reason: String::new(), seen: (0, 0), lopsided: 0, asked: 0 }
    }
    fn verdict(&self) -> Audit {
        match (&self.question, &self.failure) {
            (Err(defect), _) => Audit::Fails { worst: f64::INFINITY, place: defect.clone() },
            (_, Some((worst, place))) => Audit::Fails { worst: *worst, place: place.clone() },
            // Where one side never has a value the other never equals it.
            _ if self.points == 0 && self.lopsided > 0 && self.lopsided == self.asked => {
                Audit::Fails { worst: f64::INFINITY, place: "one side is not finite at any probe, the other is".into() }
            }
            _ if self.points == 0 => {
                Audit::Skipped(if self.reason.is_empty() { "no probe could be used".into() } else { self.reason.clone() })
            }
            _ if self.seen.0 < self.seen.1 => Audit::Skipped("the picture is larger than any probe".into()),
            _ => Audit::Holds { points: self.points, worst: self.worst },
        }
    }
}

/// Audits every line and every result of a derivation of `formula`, and writes what was found into its steps.
pub fn audit(formula: &Formula, derivation: &mut Derivation, options: &AuditOptions) -> AuditReport {
    let mut tallies: Vec<Tally> = vec![];
    let mut steps: Vec<Option<usize>> = vec![];
    let mut reader = Reader::new(formula, derivation);
    for step in &derivation.steps {
        let tested = step.line.as_ref().and_then(|line| line.tested.as_ref().map(|tested| (line, tested)));
        steps.push(tested.map(|(line, meanings)| {
            let prepared = line::prepare(&mut reader, derivation, line, meanings);
            tallies.push(Tally::new(prepared.map(|p| Question::Line(Box::new(p)))));
            tallies.len() - 1
        }));
    }
    let first_result = tallies.len();
    for outcome in &derivation.results {
        let prepared = outcome::prepare(&mut reader, derivation, outcome);
        tallies.push(Tally::new(prepared.map(|p| Question::Result(Box::new(p)))));
    }
    let mut report = AuditReport { equations: tallies.len(), ..AuditReport::default() };
    let asked = Session::prepare(formula, derivation, &mut reader).map(|s| s.run(options, &mut tallies, &mut report));
    if let Err(defect) = asked.and_then(|ran| ran) {
        for tally in &mut tallies {
            tally.failure.get_or_insert((f64::INFINITY, defect.clone()));
        }
    }
    for (step, tally) in derivation.steps.iter_mut().zip(&steps) {
        step.audit = tally.map_or(Audit::Structural, |k| tallies[k].verdict());
    }
    for (k, tally) in tallies.iter().enumerate() {
        let verdict = tally.verdict();
        match &verdict {
            Audit::Holds { .. } => report.held += 1,
            Audit::Fails { .. } => report.failed += 1,
            _ => report.skipped += 1,
        }
        if let Audit::Holds { worst, .. } | Audit::Fails { worst, .. } = &verdict {
            report.worst = report.worst.max(*worst);
        }
        if k >= first_result {
            report.results.push(verdict);
        }
    }
    report
}

/// What all points have in common.
struct Session<'a> {
    formula: &'a Formula,
    derivation: &'a Derivation,
    /// The formula as written.
    primal: Program,
    /// Inputs, and definitions that are derived by, with their axes.
    inputs: Vec<(String, Rc<Text>)>,
    /// What computes such definitions.
    computed: Vec<(String, Program)>,
    /// Matrices that the formula asks an inverse of.
    inverted: Vec<Program>,
    /// What else the formula asks of its inputs.
    domains: Vec<(Asks, Program)>,
    pieces: Vec<Piece>,
    /// Names of the sizes.
    sizes: Vec<String>,
    variables: Vec<String>,
}

impl<'a> Session<'a> {
    /// An error is a defect of the derivation.
    fn prepare(formula: &'a Formula, derivation: &'a Derivation, reader: &mut Reader) -> Result<Self, String> {
        let say = |e: Error| e.first().message.clone();
        let model = formula.model();
        let defined = |name: &str| model.definitions.iter().any(|d| d.name == name);
        let target = Some(&derivation.problem.of[..]).filter(|name| defined(name));
        let variables = derivation.problem.wrt.clone();
        let moved: Vec<String> = variables.iter().filter(|v| !model.inputs.iter().any(|i| i.name == **v)).cloned().collect();
        let primal = formula.program_by(target, &moved).map_err(say)?;
        let mut inputs = vec![];
        for name in model.inputs.iter().map(|i| &i.name) {
            inputs.push((name.clone(), reader.name(name)?));
        }
        let mut computed = vec![];
        for name in moved {
            computed.push((name.clone(), formula.program(Some(&name)).map_err(say)?));
        }
        let mut domains = vec![];
        for condition in model.conditions.iter().filter(|c| c.kind == "domain" && !c.proved) {
            domains.extend(formula.condition_program(condition).map_err(say)?.map(|program| (condition.asks, program)));
        }
        let mut inverted = vec![];
        for condition in model.conditions.iter().filter(|c| matches!(c.asks, Asks::Invertible | Asks::PositiveDeterminant)) {
            inverted.extend(formula.condition_program(condition).map_err(say)?);
        }
        let mut pieces = vec![];
        for piece in &derivation.pieces {
            let text = reader.tree(&derivation.syntax, piece.value)?;
            let declared = reader.name(&piece.name)?;
            // A definition of the user's is a piece of every round.
            match pieces.iter().find(|p: &&Piece| p.name == piece.name) {
                Some(known) if Rc::ptr_eq(&known.text, &text) => continue,
                Some(_) => return Err(format!("two pieces are called `{}`", piece.name)),
                None => {}
            }
            pieces.push(Piece { name: piece.name.clone(), round: piece.round, text, declared });
        }
        // Sizes that something has: those that only were names on the way are none.
        let texts = inputs.iter().map(|i| &i.1.program).chain(pieces.iter().map(|p| &p.text.program)).chain([&primal]);
        let axes = |p: &Program| -> Vec<String> {
            let steps = p.steps.iter().flat_map(|s| s.axes.iter().flat_map(|a| a.terms.iter().flat_map(|t| t.0.iter())));
            steps.map(|k| p.sizes[*k].clone()).collect()
        };
        let used: Vec<String> = texts.flat_map(axes).collect();
        let sizes = model.pool.dims.names().iter().filter(|n| used.contains(n)).cloned().collect();
        Ok(Session { formula, derivation, primal, inputs, computed, inverted, domains, pieces, sizes, variables })
    }

    fn run(&self, options: &AuditOptions, tallies: &mut [Tally], report: &mut AuditReport) -> Result<(), String> {
        let mut random = Random::new(options.seed);
        let relations: Vec<Relation> = self.formula.model().relations.iter().flat_map(|r| Relation::read(r, &self.sizes)).collect();
        let pairs = self.pairs();
        let admissible = |sizes: &Sizes| {
            let entries = |name: &String| {
                let text = self.inputs.iter().find(|i| i.0 == *name).map(|i| &i.1);
                let text = text.or_else(|| self.pieces.iter().find(|p| p.name == *name).map(|p| &p.declared));
                text.and_then(|t| t.shape(sizes)).map_or(1, |s| s.iter().product::<usize>())
            };
            fits(&self.primal, sizes, options.max_elements)
                && self.pieces.iter().all(|p| p.text.fits(sizes))
                && pairs.iter().all(|(of, by)| entries(of).saturating_mul(entries(by)) <= options.max_elements)
        };
        let mut last = String::new();
        for k in 0..options.points.max(1) {
            // Where sizes 1 have no usable point (a deviation from the mean is 0 there) others are tried.
            let kind = [SizeKind::Distinct, SizeKind::Ones, SizeKind::Larger][k % 3];
            for kind in [kind, SizeKind::Distinct] {
                let Some(sizes) = draw_sizes(&self.sizes, &relations, kind, &admissible, &mut random) else {
                    last = "no sizes fit the formula".into();
                    break;
                };
                match self.point(&sizes, options, tallies, report, &mut random) {
                    Ok(()) => {
                        report.points += 1;
                        let named: Vec<(String, usize)> = self.sizes.iter().map(|n| (n.clone(), sizes[n])).collect();
                        if !report.sizes.contains(&named) {
                            report.sizes.push(named);
                        }
                        break;
                    }
                    Err(Trouble::Unusable(why)) => last = why,
                    Err(Trouble::Broken(defect)) => return Err(defect),
                }
                if kind != SizeKind::Ones || self.sizes.is_empty() {
                    break;
                }
            }
        }
        if report.points == 0 {
            tallies.iter_mut().for_each(|t| t.reason.clone_from(&last));
        }
        Ok(())
    }

    /// Derivatives that are taken entry by entry.
    fn pairs(&self) -> Vec<(String, String)> {
        let meanings = self.derivation.steps.iter().filter_map(|s| s.line.as_ref()?.tested.as_ref()).flat_map(|(a, b)| [a, b]);
        let mut pairs = vec![];
        for meaning in meanings {
            match meaning {
                Meaning::Partial { of, by, .. } | Meaning::PartialEntry { of, by, .. } => pairs.push((of.clone(), by.clone())),
                Meaning::Chains { terms, .. } => pairs.extend(terms.iter().flatten().map(|p| (p.0.clone(), p.1.clone()))),
                _ => {}
            }
        }
        for outcome in &self.derivation.results {
            if let (Some(last), Some(by)) = (self.derivation.pieces.last(), outcome.wrt.first()) {
                pairs.push((last.name.clone(), by.clone()));
            }
        }
        pairs.sort();
        pairs.dedup();
        pairs
    }

    /// One usable point, drawn until it is one, and every question at it.
    fn point(
        &self,
        sizes: &Sizes,
        options: &AuditOptions,
        tallies: &mut [Tally],
        report: &mut AuditReport,
        random: &mut Random,
    ) -> Result<(), Trouble> {
        let mut last = Trouble::Unusable("no probe could be used".into());
        for attempt in 0..options.draws.max(1) {
            match self.draw(sizes, attempt, options.draws / 2, random) {
                Ok(None) => {
                    report.kink_crossings += 1;
                    last = Trouble::Unusable("every probe lies on a kink".into());
                }
                Ok(Some(mut point)) => {
                    self.agrees(&point, options)?;
                    for tally in tallies.iter_mut() {
                        self.ask(tally, &mut point, options, random);
                    }
                    return Ok(());
                }
                Err(broken @ Trouble::Broken(_)) => return Err(broken),
                Err(unusable) => {
                    report.redrawn += 1;
                    last = unusable;
                }
            }
        }
        Err(last)
    }

    /// A point; `None` where a kink is near. The first `strict` attempts must be inside the domain of the formula.
    fn draw(&self, sizes: &Sizes, attempt: usize, strict: usize, random: &mut Random) -> Result<Option<Point<'_>>, Trouble> {
        let mut inputs: BTreeMap<String, Array<f64>> = BTreeMap::new();
        for ((name, text), input) in self.inputs.iter().zip(&self.formula.model().inputs) {
            let shape = text.shape(sizes).ok_or_else(|| Trouble::Unusable("a size is negative".into()))?;
            inputs.insert(name.clone(), draw(text.rows.unwrap_or(0), &shape, &input.properties, attempt, random));
        }
        for (name, program) in &self.computed {
            let value = outcome::value(program, &inputs, sizes)?;
            inputs.insert(name.clone(), Array { shape: value.shape, data: value.data });
        }
        for program in &self.inverted {
            let value = outcome::value(program, &inputs, sizes)?;
            let condition = condition_number(&Array { shape: value.shape, data: value.data });
            if condition.is_ok_and(|c| c.is_nan() || c >= SINGULAR) {
                return Err(Trouble::Unusable("what is inverted has no inverse at any probe".into()));
            }
        }
        for (asks, program) in self.domains.iter().filter(|_| attempt < strict) {
            let outputs = program.outputs.len();
            let value = outcome::value(program, &inputs, sizes)?;
            let values = [Array { shape: value.shape, data: value.data }];
            if outputs == 1 && breach(*asks, &values).is_ok_and(|b| b.is_some()) {
                return Err(Trouble::Unusable("every probe lies outside the domain".into()));
            }
        }
        let mut point = Point::new(sizes, &self.pieces, inputs)?;
        point.aim(&self.variables, random);
        for step in [-KINK, KINK] {
            let beside = Point::new(sizes, &self.pieces, point.moved(step))?;
            if beside.signature != point.signature {
                return Ok(None);
            }
        }
        Ok(Some(point))
    }

    /// The last piece of an even round is the formula as written; that of an odd one is its first derivative.
    fn agrees(&self, point: &Point<'_>, options: &AuditOptions) -> Result<(), Trouble> {
        let rounds = self.pieces.iter().map(|p| p.round).max();
        let Some(rounds) = rounds.filter(|_| self.pieces.iter().any(|p| p.round == 0)) else {
            return Err(Trouble::Broken("the derivation names no target".into()));
        };
        for round in 0..=rounds {
            let Some(piece) = self.pieces.iter().rev().find(|p| p.round == round) else { continue };
            let of_result = self.derivation.results.get(round / 2).and_then(|r| r.wrt.first());
            let by = of_result.or(self.derivation.problem.wrt.first());
            let (written, what) = match by.filter(|_| round % 2 == 1) {
                None => (outcome::value(&self.primal, &point.values, &point.sizes)?, "formula"),
                Some(by) => (outcome::jacobian(&self.primal, point, by)?, "first derivative of the formula"),
            };
            let value = &point.values[&piece.name];
            let size = largest(&written.data).max(largest(&value.data)).max(FLOOR * written.peak);
            let apart = distance(&written.data, &value.data);
            if written.data.len() != value.len() || (apart > options.limit * size && apart > 0.0) {
                let named: Vec<(String, usize)> = point.sizes.iter().map(|(n, k)| (n.clone(), *k)).collect();
                let place = if named.is_empty() { String::new() } else { format!(" at {}", sizes_text(&named)) };
                return Err(Trouble::Broken(format!("`{}` is not the {what} as written{place}", piece.name)));
            }
        }
        Ok(())
    }

    fn ask(&self, tally: &mut Tally, point: &mut Point<'_>, options: &AuditOptions, random: &mut Random) {
        let Ok(question) = &tally.question else { return };
        if tally.failure.is_some() {
            return;
        }
        // The same directions for the nudged point.
        let seed = random.bits();
        let put = |point: &mut Point<'_>| match question {
            Question::Line(line) => line.both(point),
            Question::Result(printed) => printed.both(&self.primal, point, &mut Random::new(seed)),
        };
        tally.asked += 1;
        let both = match put(point) {
            Ok(both) => both,
            Err(Trouble::Unusable(why)) => {
                tally.reason = why;
                return;
            }
            Err(Trouble::Broken(defect)) => {
                tally.failure = Some((f64::INFINITY, defect));
                return;
            }
        };
        let finite = |x: &[f64]| x.iter().all(|x| x.is_finite());
        let sides = [finite(&both.left), finite(&both.right)];
        if sides != [true, true] {
            tally.lopsided += usize::from(sides[0] != sides[1]);
            tally.reason = "a side is not finite at any probe".into();
            return;
        }
        if both.left.len() != both.right.len() {
            tally.failure = Some((f64::INFINITY, format!("{} entries on the left, {} on the right", both.left.len(), both.right.len())));
            return;
        }
        let relative = error(&both);
        if relative > options.limit {
            // Is it the condition of the point? Moving it by a few hundred roundings shows what rounding can do to either side.
            let mut noise: f64 = 0.0;
            for _ in 0..NUDGES {
                let nudged = point.nudged(random).and_then(|mut nudged| put(&mut nudged)).ok();
                let nudged = nudged.filter(|n| n.left.len() == both.left.len() && n.right.len() == both.right.len());
                // Where it may have no value beside it, rounding can do anything.
                let here = match nudged {
                    Some(n) if finite(&n.left) && finite(&n.right) => distance(&n.left, &both.left).max(distance(&n.right, &both.right)),
                    _ => f64::INFINITY,
                };
                noise = noise.max(here);
            }
            if distance(&both.left, &both.right) <= 10.0 * noise {
                tally.reason = "every probe is too ill-conditioned".into();
                return;
            }
            tally.failure = Some((relative, self.place(&both, point)));
            return;
        }
        tally.points += 1;
        tally.worst = tally.worst.max(relative);
        tally.seen = (tally.seen.0.max(both.seen.0), both.seen.1);
    }

    fn place(&self, both: &Both, point: &Point<'_>) -> String {
        let gap = |k: &usize| (both.left[*k] - both.right[*k]).abs();
        let k = (0..both.left.len()).max_by(|a, b| gap(a).total_cmp(&gap(b))).unwrap_or(0);
        let named: Vec<(String, usize)> = point.sizes.iter().map(|(n, k)| (n.clone(), *k)).collect();
        let at = if named.is_empty() { String::new() } else { format!("{}: ", sizes_text(&named)) };
        let entry = if both.left.len() > 1 { format!("entry {} of {} is ", k + 1, both.left.len()) } else { String::new() };
        format!("{at}{entry}{:.6e} on the left, {:.6e} on the right", both.left[k], both.right[k])
    }
}

/// The error relative to the larger side; below a share of the largest number on the way, rounding decides.
fn error(both: &Both) -> f64 {
    let apart = distance(&both.left, &both.right);
    let size = largest(&both.left).max(largest(&both.right)).max(FLOOR * both.peak);
    if apart == 0.0 { 0.0 } else { apart / size }
}
