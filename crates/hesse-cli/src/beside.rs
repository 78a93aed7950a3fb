//! What is shown beside a derivative: the check, the same as a linear map, a picture of its zeros.

use crate::checking::{self, Verdict};
use hesse::calculus::structure::Kind;
use hesse::{Derivative, Error, Formula, Part, Request, Want};

/// What is shown beside one part.
#[derive(Default)]
pub struct Beside {
    /// What the numeric check found.
    pub check: Option<Verdict>,
    /// The linear map.
    pub map: Option<Shown>,
    /// Where it can be non-zero.
    pub picture: Option<Vec<Vec<bool>>>,
}

/// A derivative as a linear map, `dX ↦ A*dX*B`.
pub struct Shown {
    /// What the direction is mapped to.
    pub part: Part,
    /// The request that gave it.
    pub request: Request,
    /// What the numeric check found.
    pub check: Option<Verdict>,
}

/// A product with a vector is worth a line where it takes less than this part of the work of the matrix, at sizes of [`SIZE`].
const CHEAPER: u64 = 4;
const SIZE: usize = 64;

/// The linear maps that say more than the derivative: of one with more than two axes, and of a Hessian by a vector where the product
/// is cheaper than the matrix. None for what no matrix notation holds.
pub fn maps(formula: &Formula, derivative: &Derivative, request: &Request, seed: Option<u64>) -> Result<Vec<Option<Shown>>, Error> {
    let none = || derivative.parts.iter().map(|_| None).collect();
    let wide = |part: &Part| derivative.pool.rank(part.tensor) > 2;
    // A few diagonals are no work to hold.
    let thin = |p: &Part| matches!(p.structure.kind, Kind::Identity | Kind::ScaledIdentity | Kind::Diagonal | Kind::Banded { .. });
    let second = request.want == Want::Hessian;
    let worth = derivative.parts.iter().any(|p| wide(p) || second && derivative.pool.rank(p.tensor) == 2);
    let Some(along) = request.map().filter(|_| worth) else { return Ok(none()) };
    // The derivative itself is there: a map that is too long to write is left out.
    let Ok(found) = formula.derive(&along) else { return Ok(none()) };
    if found.parts.len() != derivative.parts.len() {
        return Ok(none());
    }
    let mut shown = vec![];
    for (k, (part, map)) in derivative.parts.iter().zip(&found.parts).enumerate() {
        let cheaper = || -> Result<bool, Error> {
            let product = found.program(k)?.work(SIZE).saturating_mul(CHEAPER);
            Ok(second && derivative.pool.rank(part.tensor) == 2 && !thin(part) && product < derivative.program(k)?.work(SIZE))
        };
        let zero = derivative.pool.is_zero(part.tensor);
        shown.push(if !map.indexed && !zero && (wide(part) || cheaper()?) {
            let check = seed.map(|seed| checking::verify_part(formula, &found, &along, k, seed)).transpose()?;
            Some(Shown { part: map.clone(), request: along.clone(), check })
        } else {
            None
        });
    }
    Ok(shown)
}
