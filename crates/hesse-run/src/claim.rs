//! Somebody else's derivative: is it the right one, and if not, what is wrong with it?
//!
//! ```
//! use hesse::{Formula, Request};
//! use hesse_run::claim::{ClaimOptions, Judge, Verdict};
//! let f = Formula::parse("X : matrix(N, n); y : vector(N); w : vector(n); z = X*w; sum((max(0, z) - y).^2)/N", true)?;
//! let request = Request { wrt: vec!["w".into()], ..Request::default() };
//! let judge = Judge::new(&f, &request, 0, &ClaimOptions::default())?;
//! assert_eq!(judge.text("2/N*X'*((max(0, z) - y) .* (z > 0))")?.verdict, Verdict::Equal);
//! let report = judge.text("2/N*(z - y)'*X")?;
//! assert_eq!(report.verdict, Verdict::Different);
//! assert_eq!(report.diagnosis.unwrap().code(), "missing_mask");
//! # Ok::<(), hesse::Error>(())
//! ```
//!
//! The right derivative is checked first, as any other. Then both are computed at random points of several sizes, with m ≠ n and with 1 among
//! them. What is wrong is found by trying (`explain`, `edits`): a change of the claim that makes it right everywhere, or one of the derivative that makes it the claim.

mod diagnosis;
mod draft;
mod edits;
mod explain;
mod points;
mod smallest;

pub use diagnosis::Diagnosis;
pub use edits::Side;
pub use smallest::Counterexample;

use crate::array::Array;
use crate::bind::{self, Bindings};
use crate::check::{CheckOptions, Status};
use crate::probe::SizeKind;
use crate::random::Random;
use crate::verify::verify;
use edits::Known;
use hesse::calculus::notate::Face;
use hesse::program::program::Program;
use hesse::{Derivative, Diagnostic, Error, Form as DerivativeForm, Formula, Layout, Part, Request, Span, Want};
use points::{Choice, Claimed, Closeness, Computed, Drawer, Form, LIMIT, Place, Point, compare, laid};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// How to judge.
#[derive(Clone, Debug)]
pub struct ClaimOptions {
    /// The only layout that is right; either is, if `None`.
    pub layout: Option<Layout>,
    /// Points at which both sides are compared.
    pub points: usize,
    /// How the right derivative itself is checked; its seed is that of all draws.
    pub check: CheckOptions,
}

impl Default for ClaimOptions {
    fn default() -> Self {
        ClaimOptions { layout: None, points: 64, check: CheckOptions::default() }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Equal at every point, in the arrangement of the report.
    Equal,
    /// Equal but at ties, where a derivative is a convention.
    EqualExceptAtTies,
    /// Not equal.
    Different,
    /// Nothing could be compared, with the reason.
    NotChecked(String),
}

/// How the entries of a claim are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// The same in both layouts.
    Either,
    /// Rows are functions.
    Numerator,
    /// Rows are variables.
    Denominator,
    /// d vec(F)/d vec(X)', columns stacked, in this layout.
    Stacked(Layout),
    /// An axis for each side of the function, then of the variables.
    Indexed,
}

impl Arrangement {
    /// In words: `in denominator layout`.
    pub fn words(self) -> &'static str {
        match self {
            Arrangement::Either => "in either layout",
            Arrangement::Numerator => "in numerator layout",
            Arrangement::Denominator => "in denominator layout",
            Arrangement::Stacked(Layout::Numerator) => "with stacked columns, as d vec(F)/d vec(X)'",
            Arrangement::Stacked(Layout::Denominator) => "with stacked columns, transposed",
            Arrangement::Indexed => "entry by entry",
        }
    }
    /// A word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Arrangement::Either => "either",
            Arrangement::Numerator => "numerator",
            Arrangement::Denominator => "denominator",
            Arrangement::Stacked(Layout::Numerator) => "vec",
            Arrangement::Stacked(Layout::Denominator) => "vec_denominator",
            Arrangement::Indexed => "indexed",
        }
    }
    fn of(layout: Layout) -> Arrangement {
        if layout == Layout::Numerator { Arrangement::Numerator } else { Arrangement::Denominator }
    }
    /// Whether it is one that a reader of this layout wants.
    fn obeys(self, layout: Option<Layout>) -> bool {
        match (self, layout) {
            (Arrangement::Numerator, Some(l)) => l == Layout::Numerator,
            (Arrangement::Denominator, Some(l)) => l == Layout::Denominator,
            (Arrangement::Stacked(k), Some(l)) => k == l,
            _ => true,
        }
    }
}

/// The change that explains a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Which text was changed.
    pub side: Side,
    /// The changed text: the claim mended, or the derivative spoilt as the claim is.
    pub text: String,
}

/// What is said of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimReport {
    /// The verdict.
    pub verdict: Verdict,
    /// How the claim is arranged, where it is equal (to the derivative, or after the change).
    pub arrangement: Option<Arrangement>,
    /// What is wrong, where that was found.
    pub diagnosis: Option<Diagnosis>,
    /// What made both sides equal.
    pub repair: Option<Repair>,
    /// A point at which they differ, as small as one was found.
    pub counterexample: Option<Counterexample>,
    /// Points at which they were compared.
    pub points: usize,
}

/// A right derivative, ready to judge claims of it.
pub struct Judge<'a> {
    formula: &'a Formula,
    request: Request,
    options: ClaimOptions,
    derivative: Derivative,
    k: usize,
    primal: Program,
    program: Program,
    points: Vec<Point>,
    ties: Vec<Point>,
    /// Why nothing can be said.
    unchecked: Option<String>,
    known: OnceCell<Known>,
    others: OnceCell<Vec<(String, Program)>>,
}

/// The claims at the points of one comparison.
struct Case<'c> {
    points: &'c [Point],
    claims: Vec<Option<Claimed>>,
    limit: f64,
}

/// How one side of a comparison changes.
type Changed<'c> = &'c dyn Fn(&Point, &Place) -> Option<Array<f64>>;

impl<'a> Judge<'a> {
    /// Derives and checks, and draws the points.
    ///
    /// # Errors
    /// As [`Formula::derive`]; E402 for a part that the derivative does not have.
    pub fn new(formula: &'a Formula, request: &Request, part: usize, options: &ClaimOptions) -> Result<Judge<'a>, Error> {
        let derivative = formula.derive(request)?;
        if part >= derivative.parts.len() {
            return Err(Diagnostic::error("E402", Span::default(), "the derivative has no such part").into());
        }
        let report = verify(formula, &derivative, request, part, &options.check)?;
        let unchecked = match report.status {
            Status::Ok => None,
            Status::Failed => Some("hesse's own derivative differs from the numeric one: this is a defect of hesse".to_string()),
            Status::NotChecked(why) => Some(format!("hesse's own derivative could not be checked: {why}")),
        };
        let mut judge = Judge {
            primal: formula.program(request.target.as_deref())?,
            program: derivative.tensor_program(part)?,
            formula,
            request: request.clone(),
            options: options.clone(),
            derivative,
            k: part,
            points: vec![],
            ties: vec![],
            unchecked,
            known: OnceCell::new(),
            others: OnceCell::new(),
        };
        if judge.unchecked.is_none() {
            judge.draw();
        }
        Ok(judge)
    }
    /// The right derivative.
    pub fn derivative(&self) -> &Derivative {
        &self.derivative
    }
    /// The part that is judged.
    pub fn part(&self) -> &Part {
        &self.derivative.parts[self.k]
    }

    fn drawer(&self) -> Drawer<'_> {
        let structured = self.request.structure.clone().zip(self.part().wrt.first().cloned()).map(|(s, x)| (x, s));
        Drawer::new(self.formula.model(), &self.primal, &self.program, structured)
    }

    fn draw(&mut self) {
        let (mut points, mut ties) = (vec![], vec![]);
        let mut drawer = self.drawer();
        let mut random = Random::new(self.options.check.seed ^ 0x00c1_a135);
        let rounds = self.options.points.div_ceil(4);
        for round in 0..rounds {
            let kind = [SizeKind::Distinct, SizeKind::Ones, SizeKind::Larger, SizeKind::Distinct][round % 4];
            // Sizes 1 may have no usable point.
            for kind in [kind, SizeKind::Distinct] {
                let before = points.len();
                if let Some(sizes) = drawer.sizes(kind, &mut random) {
                    for _ in 0..4 {
                        match drawer.point(&sizes, Choice::Random, &mut random) {
                            Some((point, false)) => points.push(point),
                            Some((point, true)) => ties.push(point),
                            None => break,
                        }
                    }
                }
                if points.len() > before || kind == SizeKind::Distinct {
                    break;
                }
            }
        }
        for round in 0..24 {
            let kind = if round % 3 == 0 { SizeKind::Ones } else { SizeKind::Distinct };
            let Some(sizes) = drawer.sizes(kind, &mut random) else { break };
            let choice = if round < 3 { Choice::Constant(0) } else { Choice::Round };
            if let Some((point, true)) = drawer.point(&sizes, choice, &mut random) {
                ties.push(point);
            }
        }
        (self.points, self.ties) = (points, ties);
    }

    /// Arrangements of the right derivative, the one that was asked for first.
    fn arrangements(&self) -> Vec<(Arrangement, Face)> {
        let part = self.part();
        let rank = part.face.rows.len() + part.face.cols.len();
        let mut out = vec![];
        let (own, other) = match part.layout {
            Layout::Numerator => (Layout::Numerator, Layout::Denominator),
            Layout::Denominator => (Layout::Denominator, Layout::Numerator),
        };
        let stacked = |l: Layout| (Arrangement::Stacked(l), if l == Layout::Numerator { part.vec.clone() } else { part.vec.transposed() });
        if self.request.form == DerivativeForm::Vec && self.request.want != Want::Hessian {
            return vec![stacked(own), stacked(other)];
        }
        if part.face == part.stack {
            out.push((Arrangement::of(own), part.face.clone()));
            out.push((Arrangement::of(other), part.face.transposed()));
        } else {
            out.push((Arrangement::Indexed, Face::split(rank, rank)));
        }
        for (a, face) in [stacked(own), stacked(other)] {
            if !out.iter().any(|(_, f)| *f == face) {
                out.push((a, face));
            }
        }
        out
    }

    /// A claim in the language of formulas: an expression over the names of the formula, perhaps after definitions, one a line.
    ///
    /// # Errors
    /// A text that cannot be read or typed, with places of the text; E201 for a claim of a shape that no derivative of this formula has.
    pub fn text(&self, text: &str) -> Result<ClaimReport, Error> {
        let claim = self.read(text)?;
        if let Some(why) = &self.unchecked {
            return Ok(unchecked(why.clone()));
        }
        let case = Case { points: &self.points, claims: self.points.iter().map(|p| claim.at(&p.place)).collect(), limit: LIMIT };
        if let Some(arrangement) = self.agreement(&case, &|p, place| self.right(p, place), Some(&claim)) {
            if !arrangement.obeys(self.options.layout) {
                return Ok(self.in_other_layout(arrangement, &case));
            }
            let verdict = if self.agrees_at_ties(&claim, arrangement) { Verdict::Equal } else { Verdict::EqualExceptAtTies };
            return Ok(equal(verdict, arrangement, &case));
        }
        if self.is_zero(&case) {
            return Ok(equal(Verdict::Equal, Arrangement::Either, &case));
        }
        let usable = case.claims.iter().flatten().filter(|c| c.is_finite()).count();
        let finite = 4 * usable > 3 * case.claims.len();
        if case.claims.is_empty() {
            return Ok(unchecked("no point was found at which the formula and its derivative are finite".into()));
        }
        let mut report = ClaimReport {
            verdict: Verdict::Different,
            arrangement: None,
            diagnosis: None,
            repair: None,
            counterexample: None,
            points: usable,
        };
        let found = if finite { self.explain(text, &case, Some(&claim)) } else { Some((Diagnosis::NotFinite, None, None)) };
        if let Some((diagnosis, repair, arrangement)) = found {
            (report.diagnosis, report.repair, report.arrangement) = (Some(diagnosis), repair, arrangement);
        } else if usable > 0 && self.fitting(&case).is_empty() {
            return Err(self.misshapen(text, &claim));
        }
        report.counterexample = smallest::find(self, &claim);
        Ok(report)
    }

    /// A claim as values at one point: what a program of somebody's own computed there. Errors up to `limit`, relative to the largest
    /// entry, are agreement. A list without rows and columns may be either, or all entries row by row.
    ///
    /// # Errors
    /// E501 for values that are missing or do not fit the formula, or a claim with another number of entries; E502 where the derivative is not finite.
    pub fn values(&self, claim: &Array<f64>, at: &Bindings, limit: f64) -> Result<ClaimReport, Error> {
        let mut place = Place { sizes: BTreeMap::new(), values: BTreeMap::new() };
        for program in [&self.primal, &self.program] {
            let bound = bind::bind(program, at, &BTreeMap::new())?;
            place.sizes.extend(program.sizes.iter().cloned().zip(bound.sizes));
            place.values.extend(program.inputs.iter().map(|i| i.name.clone()).zip(bound.inputs));
        }
        let right = place.run(&self.program).map_err(Error::from)?;
        if !right.array.data.iter().all(|x| x.is_finite()) {
            return Err(Diagnostic::error("E502", Span::default(), "the derivative is not finite at these values")
                .help("choose values inside the domain of the formula")
                .into());
        }
        if let Some(why) = &self.unchecked {
            return Ok(unchecked(why.clone()));
        }
        if claim.len() != right.array.len() {
            let texts = [&claim.shape, &right.array.shape].map(|s| s.iter().map(usize::to_string).collect::<Vec<_>>().join("×"));
            return Err(Diagnostic::error(
                "E501",
                Span::default(),
                format!("the claim has {} entries, the derivative {}", claim.len(), right.array.len()),
            )
            .because(format!("its shape is {}, that of the derivative {}", texts[0], texts[1]))
            .help("save one number for each pair of an entry of the function and an entry of the variable")
            .into());
        }
        let form = match claim.shape[..] {
            [] => Form::Matrix(1, 1),
            [_] => Form::Flat,
            [r, c] => Form::Matrix(r, c),
            _ => Form::Many,
        };
        let points = [Point { place, right }];
        let case = Case { points: &points, claims: vec![Some(Claimed { form, data: claim.data.clone(), peak: 0.0 })], limit };
        let same = |p: &Point, place: &Place| self.right(p, place);
        if let Some(arrangement) = self.agreement(&case, &same, None) {
            if !arrangement.obeys(self.options.layout) {
                return Ok(self.in_other_layout(arrangement, &case));
            }
            return Ok(equal(Verdict::Equal, arrangement, &case));
        }
        let found = self.explain("", &case, None);
        let (diagnosis, repair, arrangement) = found.map_or((None, None, None), |(d, r, a)| (Some(d), r, a));
        let counterexample = smallest::of_values(self, &case);
        Ok(ClaimReport { verdict: Verdict::Different, arrangement, diagnosis, repair, counterexample, points: 1 })
    }

    fn in_other_layout(&self, arrangement: Arrangement, case: &Case) -> ClaimReport {
        let layout = match arrangement {
            Arrangement::Denominator | Arrangement::Stacked(Layout::Denominator) => "denominator",
            _ => "numerator",
        };
        ClaimReport { diagnosis: Some(Diagnosis::Layout { layout }), ..equal(Verdict::Different, arrangement, case) }
    }

    /// Reads a text over the names of the formula.
    fn read(&self, text: &str) -> Result<Reading, Error> {
        let formula = self.formula.reading(&self.derivative, text)?;
        let program = formula.stable_program(None)?;
        let (rows, many) = formula.model().definitions.last().map_or((0, false), |d| (d.shape.rows.len(), d.groups.len() > 2));
        Ok(Reading { program, rows, many, shape: formula.shape(None)? })
    }

    /// The right derivative, also where a point was moved a little.
    fn right(&self, point: &Point, place: &Place) -> Option<Array<f64>> {
        if std::ptr::eq(&raw const point.place, place) {
            return Some(point.right.array.clone());
        }
        place.run(&self.program).ok().map(|c| c.array)
    }

    /// The arrangement in which both sides agree at all points; the wanted layout first.
    fn agreement(&self, case: &Case, right: Changed, claim: Option<&Reading>) -> Option<Arrangement> {
        let all = self.arrangements();
        let mut matching: Vec<Arrangement> = vec![];
        for (arrangement, face) in &all {
            let mut same = 0;
            let mut apart = false;
            for (point, claimed) in case.points.iter().zip(&case.claims) {
                // Where the claim has no number it says nothing; whether it has enough is asked in the end.
                let Some(claimed) = claimed.as_ref().filter(|c| c.is_finite()) else { continue };
                match self.closeness(point, claimed, (*arrangement, face), right, claim, case.limit) {
                    Some(Closeness::Same) => same += 1,
                    Some(Closeness::Doubtful) => {}
                    Some(Closeness::Apart) | None => {
                        apart = true;
                        break;
                    }
                }
            }
            let finite = case.claims.iter().flatten().filter(|c| c.is_finite()).count();
            if !apart && same > 0 && 4 * same >= case.points.len() && 4 * finite > 3 * case.points.len() {
                matching.push(*arrangement);
            }
        }
        match matching[..] {
            [Arrangement::Numerator | Arrangement::Denominator, Arrangement::Numerator | Arrangement::Denominator, ..] => {
                Some(Arrangement::Either)
            }
            _ => matching.iter().find(|a| a.obeys(self.options.layout)).or(matching.first()).copied(),
        }
    }

    /// How both sides compare at a point; `None` if their shapes do not fit.
    fn closeness(
        &self,
        point: &Point,
        claimed: &Claimed,
        (arrangement, face): (Arrangement, &Face),
        right: Changed,
        claim: Option<&Reading>,
        limit: f64,
    ) -> Option<Closeness> {
        let tensor = right(point, &point.place)?;
        let (rows, cols, data) = laid(&tensor, face);
        if !claimed.fits(arrangement, rows, cols) || !data.iter().all(|x| x.is_finite()) {
            return None;
        }
        let peak = claimed.peak.max(point.right.peak);
        let nudged = || {
            let place = point.place.nudged();
            let other = match claim {
                Some(claim) => claim.at(&place)?.data,
                None => claimed.data.clone(),
            };
            Some([laid(&right(point, &place)?, face).2, other])
        };
        Some(compare(&data, &claimed.data, peak, limit, nudged))
    }

    /// Arrangements whose rows and columns are those of the claim at every point.
    fn fitting(&self, case: &Case) -> Vec<(Arrangement, Face)> {
        let fits = |(a, face): &(Arrangement, Face)| {
            case.points.iter().zip(&case.claims).all(|(p, c)| {
                let (rows, cols, _) = laid(&p.right.array, face);
                c.as_ref().is_none_or(|c| c.fits(*a, rows, cols))
            })
        };
        self.arrangements().into_iter().filter(fits).collect()
    }

    /// Whether both sides agree where a side of the formula ties.
    fn agrees_at_ties(&self, claim: &Reading, arrangement: Arrangement) -> bool {
        let all = self.arrangements();
        let Some((a, face)) = all.iter().find(|(a, _)| *a == arrangement || arrangement == Arrangement::Either) else { return true };
        self.ties.iter().all(|point| {
            let Some(claimed) = claim.at(&point.place).filter(Claimed::is_finite) else { return true };
            let found = self.closeness(point, &claimed, (*a, face), &|p, place| self.right(p, place), Some(claim), LIMIT);
            found != Some(Closeness::Apart)
        })
    }

    fn misshapen(&self, text: &str, claim: &Reading) -> Error {
        let (is, wanted) = (claim.shape.join("×"), self.part().shape_text.join("×"));
        let last = text.trim_end();
        let start = last.rfind('\n').map_or(0, |k| k + 1);
        Diagnostic::error("E201", Span::new(start, last.len()), format!("the claim is {is}, the derivative {wanted}"))
            .because("neither layout, nor stacked columns, have the claim's shape")
            .help(format!("write an expression of {wanted}, or its transpose"))
            .into()
    }
}

/// A claim, or what it is changed to, as a program.
pub(crate) struct Reading {
    program: Program,
    /// How many axes are rows.
    rows: usize,
    many: bool,
    shape: Vec<String>,
}

impl Reading {
    fn at(&self, place: &Place) -> Option<Claimed> {
        let Computed { array, peak } = place.run(&self.program).ok()?;
        let (rows, cols) = array.shape.split_at(self.rows.min(array.shape.len()));
        let form = if self.many { Form::Many } else { Form::Matrix(rows.iter().product(), cols.iter().product()) };
        Some(Claimed { form, data: array.data, peak })
    }
}

fn equal(verdict: Verdict, arrangement: Arrangement, case: &Case) -> ClaimReport {
    let points = case.claims.iter().flatten().filter(|c| c.is_finite()).count();
    ClaimReport { verdict, arrangement: Some(arrangement), diagnosis: None, repair: None, counterexample: None, points }
}

fn unchecked(why: String) -> ClaimReport {
    ClaimReport { verdict: Verdict::NotChecked(why), arrangement: None, diagnosis: None, repair: None, counterexample: None, points: 0 }
}
