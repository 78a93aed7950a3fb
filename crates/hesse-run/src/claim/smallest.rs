//! The smallest point that was found at which a claim and the right derivative differ.

use super::points::{Choice, Claimed, Point, laid, relative};
use super::{Arrangement, Case, Judge, Reading};
use crate::array::Array;
use crate::random::Random;
use hesse::calculus::notate::Face;

/// A point at which a claim is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// Sizes by name.
    pub sizes: Vec<(String, usize)>,
    /// The inputs.
    pub inputs: Vec<(String, Array<f64>)>,
    /// Row and column of the entry with the largest difference, from 1, in the claim's arrangement.
    pub entry: (usize, usize),
    /// Rows and columns of the claim.
    pub shape: (usize, usize),
    /// What the derivative is there.
    pub right: f64,
    /// What the claim is there.
    pub claim: f64,
}

/// What differs by less is not shown.
const VISIBLE: f64 = 1e-6;

/// Small sizes first, and numbers that are easily written down before random ones.
pub(super) fn find(judge: &Judge, claim: &Reading) -> Option<Counterexample> {
    let mut drawer = judge.drawer();
    let mut random = Random::new(5);
    let choices =
        [Choice::Constant(1), Choice::Constant(2), Choice::Constant(-1)].into_iter().chain([Choice::Round; 12]).chain([Choice::Random; 6]);
    let choices: Vec<Choice> = choices.collect();
    for sizes in drawer.small_sizes(3, 12) {
        for choice in &choices {
            let Some((point, false)) = drawer.point(&sizes, *choice, &mut random) else { continue };
            if let Some(found) = at(judge, &point, claim.at(&point.place)) {
                return Some(found);
            }
        }
    }
    judge.points.iter().find_map(|p| at(judge, p, claim.at(&p.place)))
}

/// The point at which values were given.
pub(super) fn of_values(judge: &Judge, case: &Case) -> Option<Counterexample> {
    at(judge, case.points.first()?, case.claims.first()?.clone())
}

/// The difference at a point, in the arrangement in which it is smallest.
fn at(judge: &Judge, point: &Point, claimed: Option<Claimed>) -> Option<Counterexample> {
    let claimed = claimed?;
    let fits = |(a, face): (Arrangement, Face)| {
        let (rows, cols, right) = laid(&point.right.array, &face);
        claimed.fits(a, rows, cols).then_some((rows, cols, right))
    };
    let apart = |right: &[f64]| relative(right, &claimed.data, point.right.peak.max(claimed.peak));
    let all: Vec<_> = judge.arrangements().into_iter().filter_map(fits).collect();
    let (rows, cols, right) = all.into_iter().min_by(|a, b| apart(&a.2).total_cmp(&apart(&b.2)))?;
    if apart(&right) <= VISIBLE {
        return None;
    }
    let gap = |k: usize| {
        let d = (right[k] - claimed.data[k]).abs();
        if d.is_nan() { f64::INFINITY } else { d }
    };
    // The first of the largest.
    let k = (0..right.len()).rev().max_by(|a, b| gap(*a).total_cmp(&gap(*b)))?;
    let read = |name: &str| [&judge.primal, &judge.program].iter().any(|p| p.inputs.iter().any(|i| i.name == name));
    Some(Counterexample {
        sizes: point.place.sizes.iter().map(|(n, k)| (n.clone(), *k)).collect(),
        inputs: point.place.values.iter().filter(|(n, _)| read(n)).map(|(n, a)| (n.clone(), a.clone())).collect(),
        entry: (k / cols.max(1) + 1, k % cols.max(1) + 1),
        shape: (rows, cols),
        // No −0.
        right: right[k] + 0.0,
        claim: claimed.data[k] + 0.0,
    })
}
