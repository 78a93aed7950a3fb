//! Why a claim is wrong: one kind of mistake after the other, the first that explains it at every point is said.

use super::diagnosis::Diagnosis;
use super::draft::Draft;
use super::edits::{self, Edit, Known, MISTAKES, Mistake, Side};
use super::points::{Claimed, Form, Place, Point, laid, relative, unlaid};
use super::{Arrangement, Case, Changed, Judge, Reading, Repair};
use hesse::Request;
use hesse::calculus::notate::Face;
use hesse::program::program::Program;
use hesse::syntax::parse::parse_expression;
use std::collections::BTreeSet;

/// Texts with more values are not searched for mistakes.
const NODES: usize = 300;

impl Judge<'_> {
    /// What is wrong, the change that shows it, and how the claim is then arranged.
    pub(super) fn explain(
        &self,
        text: &str,
        case: &Case,
        claim: Option<&Reading>,
    ) -> Option<(Diagnosis, Option<Repair>, Option<Arrangement>)> {
        if let Some(d) = self.of_another_shape(case) {
            return Some((d, None, None));
        }
        let draft = claim.and_then(|_| Draft::read(text).ok());
        let printed = self.part().plain();
        let right = Draft::read(&printed).ok();
        let right = if case.points.len() > 1 { right } else { right.map(Draft::outside_conditions) };
        let ratio = self.ratio(case);
        let mut seen = BTreeSet::new();
        for mistake in MISTAKES {
            if let Some(found) = ratio.as_ref().filter(|r| r.0 == mistake) {
                let mended = draft.as_ref().and_then(|d| whole(d, &found.2));
                let repair = mended.map(|text| Repair { side: Side::Claim, text });
                return Some((found.1.clone(), repair, Some(found.3)));
            }
            let mut all: Vec<Edit> = vec![];
            for (side, draft) in [(Side::Derivative, &right), (Side::Claim, &draft)] {
                if let Some(draft) = draft.as_ref().filter(|d| d.nodes().len() <= NODES) {
                    all.extend(edits::edits(mistake, side, draft, self.known()));
                }
            }
            if mistake == Mistake::Swap
                && let Some((name, arrangement)) = self.of_another_variable(case, claim)
            {
                return Some((Diagnosis::OtherVariable { name }, None, Some(arrangement)));
            }
            for edit in all {
                if !seen.insert((edit.side == Side::Claim, edit.text.clone())) {
                    continue;
                }
                if let Some((diagnosis, text, arrangement)) = self.explains(&edit, case, claim) {
                    return Some((diagnosis, Some(Repair { side: edit.side, text }), Some(arrangement)));
                }
            }
        }
        None
    }

    /// What a change says and the changed text, if it makes both sides equal.
    fn explains(&self, edit: &Edit, case: &Case, claim: Option<&Reading>) -> Option<(Diagnosis, String, Arrangement)> {
        let as_it_is = |a: Arrangement| (edit.diagnosis.clone(), edit.text.clone(), a);
        let changed = self.read(&edit.text).ok()?;
        match edit.side {
            Side::Claim => {
                let claims = case.points.iter().map(|p| changed.at(&p.place));
                // The first point decides on most.
                let first = Case { points: &case.points[..1], claims: claims.clone().take(1).collect(), limit: case.limit };
                let same = |p: &Point, place: &Place| self.right(p, place);
                self.agreement(&first, &same, Some(&changed))?;
                let all = Case { points: case.points, claims: claims.collect(), limit: case.limit };
                self.agreement(&all, &same, Some(&changed)).map(as_it_is)
            }
            Side::Derivative => {
                let part = self.part();
                let rank = part.face.rows.len() + part.face.cols.len();
                let face = if part.face == part.stack { part.face.clone() } else { Face::split(rank, rank) };
                let right = |p: &Point, place: &Place| {
                    let data = changed.at(place)?.data;
                    let shape = &p.right.array.shape;
                    (data.len() == p.right.array.len()).then(|| unlaid(&data, shape, &face))
                };
                let agreed = self.agreement(case, &right, claim).map(as_it_is);
                let Diagnosis::MissingFactor { factor, of } = &edit.diagnosis else { return agreed };
                agreed.or_else(|| {
                    // The constant that belongs to the factor is missing with it.
                    let (k, arrangement) = self.up_to_a_constant(case, &right)?;
                    let factor = format!("{}*{factor}", fraction(inverse(k), "", ""));
                    let text = Draft::read(&edit.text).ok().and_then(|d| whole(&d, &fraction(k, "", "")))?;
                    Some((Diagnosis::MissingFactor { factor, of: of.clone() }, text, arrangement))
                })
            }
        }
    }

    /// The number 0 for a derivative that is 0: the zero of every space is written so.
    pub(super) fn is_zero(&self, case: &Case) -> bool {
        let zero = |x: &[f64]| x.iter().all(|x| *x == 0.0);
        let both = |(p, c): (&Point, &Option<Claimed>)| zero(&p.right.array.data) && c.as_ref().is_some_and(|c| c.data == [0.0]);
        !case.points.is_empty() && case.points.iter().zip(&case.claims).all(both)
    }

    /// One number for all entries, or rows stacked instead of columns.
    fn of_another_shape(&self, case: &Case) -> Option<Diagnosis> {
        let every = |holds: &dyn Fn(&Point, &Claimed) -> bool| {
            case.points.iter().zip(&case.claims).all(|(p, c)| c.as_ref().is_none_or(|c| !c.is_finite() || holds(p, c)))
        };
        let close = |a: &[f64], b: &[f64], p: &Point, c: &Claimed| relative(a, b, p.right.peak.max(c.peak)) <= case.limit;
        let one = |p: &Point, c: &Claimed| c.data.len() == 1 && close(&p.right.array.data, &vec![c.data[0]; p.right.array.len()], p, c);
        if every(&one) {
            return Some(Diagnosis::OneNumber);
        }
        let part = self.part();
        let sorted = |axes: &[usize]| {
            let mut axes = axes.to_vec();
            axes.sort_unstable();
            axes
        };
        let by_rows = Face { rows: sorted(&part.vec.rows), cols: sorted(&part.vec.cols) };
        if by_rows == part.vec {
            return None;
        }
        [by_rows.clone(), by_rows.transposed()]
            .iter()
            .any(|face| {
                every(&|p, c| {
                    let (rows, cols, data) = laid(&p.right.array, face);
                    c.form == Form::Matrix(rows, cols) && close(&data, &c.data, p, c)
                })
            })
            .then_some(Diagnosis::StackedByRows)
    }

    /// A factor by which the whole claim is too large: a constant, or one with sizes and scalars; and what it must be multiplied with.
    fn ratio(&self, case: &Case) -> Option<(Mistake, Diagnosis, String, Arrangement)> {
        let own = |p: &Point, place: &Place| self.right(p, place);
        for (arrangement, face) in self.fitting(case) {
            let Some(ratios) = ratios(case, &own, &face) else { continue };
            let arrangement = if case.claims.iter().flatten().all(|c| c.data.len() == 1) { Arrangement::Either } else { arrangement };
            let plain: Vec<f64> = ratios.iter().map(|r| r.0).collect();
            // A single number says nothing of where its factor comes from, so that only usual ones are believed.
            let many = case.points.len() > 1 || case.claims.iter().flatten().all(|c| c.data.len() > 1);
            if let Some(k) = constant(&plain, case.limit) {
                if k == (-1, 1) {
                    return Some((Mistake::Sign, Diagnosis::Sign { of: None }, "-1".into(), arrangement));
                }
                if many || [(2, 1), (1, 2), (-2, 1), (-1, 2)].contains(&k) {
                    let diagnosis = Diagnosis::Constant { factor: fraction(k, "", ""), of: None };
                    return Some((Mistake::Constant, diagnosis, fraction(inverse(k), "", ""), arrangement));
                }
            }
            for (up, down) in self.size_factors() {
                let value = |p: &Point, names: &[&str]| names.iter().map(|n| number(p, n)).product::<Option<f64>>();
                let scaled: Option<Vec<f64>> = ratios.iter().map(|(k, p)| Some(k / (value(p, &up)? / value(p, &down)?))).collect();
                let found = scaled.and_then(|s| constant(&s, case.limit));
                if let Some(k) = found.filter(|k| case.points.len() > 1 || k.0.abs() == 1 && k.1 == 1) {
                    let (up, down) = (up.join("*"), down.join("*"));
                    let diagnosis = Diagnosis::Size { factor: fraction(k, &up, &down), of: None };
                    return Some((Mistake::Size, diagnosis, fraction(inverse(k), &down, &up), arrangement));
                }
            }
        }
        None
    }

    /// A changed derivative that is the claim but for a constant: how much too large the claim is.
    fn up_to_a_constant(&self, case: &Case, right: Changed) -> Option<((i64, i64), Arrangement)> {
        let few = case.points.len().min(3);
        let first = Case { points: &case.points[..few], claims: case.claims[..few].to_vec(), limit: case.limit };
        let enough = |case: &Case, face: &Face| {
            let found = ratios(case, right, face)?;
            constant(&found.iter().map(|r| r.0).collect::<Vec<_>>(), case.limit)
        };
        self.fitting(case).into_iter().find_map(|(a, face)| {
            enough(&first, &face)?;
            Some((enough(case, &face)?, a))
        })
    }

    /// Products of sizes and scalars that a claim may be too large by, as numerators and denominators.
    fn size_factors(&self) -> Vec<(Vec<&str>, Vec<&str>)> {
        let names: Vec<&str> = self.known().numbers.iter().map(String::as_str).collect();
        let mut out: Vec<(Vec<&str>, Vec<&str>)> = vec![];
        for n in &names {
            out.push((vec![*n], vec![]));
            out.push((vec![], vec![*n]));
        }
        for (i, a) in names.iter().enumerate() {
            for b in &names[i..] {
                out.extend([(vec![*a, *b], vec![]), (vec![], vec![*a, *b])]);
                if a != b {
                    out.extend([(vec![*a], vec![*b]), (vec![*b], vec![*a])]);
                }
            }
        }
        out
    }

    /// The input of the same shape whose derivative the claim is.
    fn of_another_variable(&self, case: &Case, claim: Option<&Reading>) -> Option<(String, Arrangement)> {
        for (name, program) in self.others.get_or_init(|| self.derivatives_by_others()) {
            let other = |p: &Point, place: &Place| {
                let array = place.run(program).ok()?.array;
                (array.shape == p.right.array.shape).then_some(array)
            };
            if let Some(arrangement) = self.agreement(case, &other, claim) {
                return Some((name.clone(), arrangement));
            }
        }
        None
    }

    fn derivatives_by_others(&self) -> Vec<(String, Program)> {
        let wrt = &self.part().wrt;
        let [x, rest @ ..] = wrt.as_slice() else { return vec![] };
        let model = self.formula.model();
        let Some(shape) = model.inputs.iter().find(|i| i.name == *x).map(|i| &i.shape) else { return vec![] };
        if rest.iter().any(|y| y != x) {
            return vec![];
        }
        let others = model.inputs.iter().filter(|i| i.name != *x && i.shape == *shape).take(4);
        others
            .filter_map(|i| {
                let request = Request { wrt: vec![i.name.clone()], ..self.request.clone() };
                let derivative = self.formula.derive(&request).ok()?;
                Some((i.name.clone(), derivative.tensor_program(0).ok()?))
            })
            .collect()
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let model = self.formula.model();
            let mut numbers: Vec<String> = self.program.sizes.iter().chain(&self.primal.sizes).cloned().collect();
            numbers.extend(model.inputs.iter().filter(|i| i.shape.is_scalar()).map(|i| i.name.clone()));
            let mut seen = BTreeSet::new();
            numbers.retain(|n| seen.insert(n.clone()));
            let mut alike = vec![];
            for (k, a) in model.inputs.iter().enumerate() {
                for b in &model.inputs[k + 1..] {
                    if a.shape == b.shape {
                        alike.push((a.name.clone(), b.name.clone()));
                    }
                }
            }
            let texts = [self.part().plain(), self.formula.source().to_string()];
            let drafts: Vec<Draft> = texts.iter().filter_map(|t| Draft::read(t).ok()).collect();
            let mut masks: Vec<String> = vec![];
            for m in drafts.iter().flat_map(edits::masks) {
                if !masks.contains(&m) && masks.len() < 6 {
                    masks.push(m);
                }
            }
            let factors = drafts.first().map(edits::factors).unwrap_or_default();
            Known { numbers, alike, masks, factors }
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How much larger the claim is than the derivative at each point, where it is a multiple of it; `None` if it is not.
fn ratios<'p>(case: &Case<'p>, right: Changed, face: &Face) -> Option<Vec<(f64, &'p Point)>> {
    let mut out: Vec<(f64, &Point)> = vec![];
    for (p, c) in case.points.iter().zip(&case.claims) {
        let Some(c) = c.as_ref().filter(|c| c.is_finite()) else { continue };
        let (_, _, right) = laid(&right(p, &p.place)?, face);
        let (up, down): (f64, f64) = (dot(&c.data, &right), dot(&right, &right));
        if down == 0.0 {
            if c.data.iter().any(|x| *x != 0.0) {
                return None;
            }
            continue;
        }
        let k = up / down;
        let scaled: Vec<f64> = right.iter().map(|x| k * x).collect();
        let fits = k.is_finite() && k != 0.0 && relative(&c.data, &scaled, p.right.peak.max(c.peak)) <= 10.0 * case.limit;
        if !fits {
            return None;
        }
        out.push((k, p));
    }
    // One point is all there is of values.
    let enough = !out.is_empty() && (case.points.len() == 1 || out.len() >= case.points.len().min(4) / 2);
    enough.then_some(out)
}

/// The fraction that all of these are.
fn constant(values: &[f64], limit: f64) -> Option<(i64, i64)> {
    let first = *values.first()?;
    let same = values.iter().all(|k| (k - first).abs() <= 100.0 * limit * first.abs());
    if same { rational(first, limit) } else { None }
}

/// A size, or the value of a scalar input.
fn number(p: &Point, name: &str) -> Option<f64> {
    p.place.sizes.get(name).map(|n| *n as f64).or_else(|| p.place.values.get(name).and_then(|a| a.data.first().copied()))
}

/// The fraction of small whole numbers that a number is.
fn rational(x: f64, limit: f64) -> Option<(i64, i64)> {
    (1..=64i64).find_map(|q| {
        let p = (x * q as f64).round();
        (p != 0.0 && p.abs() <= 4096.0 && (x * q as f64 - p).abs() <= 100.0 * limit * p.abs()).then_some((p as i64, q))
    })
}

fn inverse((p, q): (i64, i64)) -> (i64, i64) {
    (q * p.signum(), p.abs())
}

/// `2`, `1/2`, `2*N/3`
fn fraction((p, q): (i64, i64), up: &str, down: &str) -> String {
    let side = |number: i64, names: &str| match (number, names.is_empty()) {
        (n, true) => n.to_string(),
        (1, false) => names.to_string(),
        (-1, false) => format!("-{names}"),
        (n, false) => format!("{n}*{names}"),
    };
    match (q, down.is_empty()) {
        (1, true) => side(p, up),
        _ => {
            let below = side(q, down);
            format!("{}/{}", side(p, up), if below.contains('*') { format!("({below})") } else { below })
        }
    }
}

/// A text whose last expression is multiplied by a factor.
fn whole(draft: &Draft, factor: &str) -> Option<String> {
    let root = draft.root()?;
    let last = draft.text(root);
    let new = match factor.strip_prefix("1/") {
        Some(below) => format!("({last})/{below}"),
        None => format!("{factor}*({last})"),
    };
    let (other, top) = parse_expression(&new).ok()?;
    Some(draft.with(&[root], |s, at| if factor == "-1" { s.opposite(at) } else { edits::copied(s, &other, top) }))
}
