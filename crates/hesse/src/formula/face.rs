//! Faces: which axes of a derivative are rows and which are columns, in the layout and form that are asked for.

use super::{Layout, Request, Want};
use crate::calculus::notate::Face;
use crate::tensor::{Dim, Pool, Shape};

/// In which form a derivative is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// As its shapes suggest: a gradient has the shape of its variable, a Jacobian is a matrix, and what has more than two axes
    /// is written in index notation.
    #[default]
    Natural,
    /// The matrix d vec(F) / d vec(X)', columns stacked (Magnus and Neudecker): mn×pq for F of m×n and X of p×q. A second
    /// derivative is d² f / dvec(X) dvec(X)' for a scalar, else d vec(d vec(F)/d vec(X)') / d vec(X)'.
    Vec,
}

/// A face, and whether it is that of a matrix (else the derivative has an axis for each side of the function and of the variables).
#[derive(Clone, Debug)]
pub(super) struct Laid {
    pub(super) face: Face,
    pub(super) matrix: bool,
    /// The axes of each printed axis.
    pub(super) groups: Vec<Vec<usize>>,
}

/// Rows and columns of a derivative whose axes are those of `shape`, then those of the variables.
///
/// | function | variable | numerator layout |
/// |---|---|---|
/// | scalar | anything | the variable's shape transposed |
/// | anything | scalar | the function's shape |
/// | vector | vector | function × variable |
/// | scalar, twice | vectors | first × second variable |
/// | scalar, twice | a matrix and a scalar | the matrix's own shape |
/// | anything, twice | scalars | the function's shape |
/// | anything | anything, [`Form::Vec`] | stacked function × stacked variable |
pub(super) fn face(shape: &Shape, variables: &[Shape], request: &Request) -> Laid {
    let f = shape.axes().len();
    let rank = f + variables.iter().map(|v| v.axes().len()).sum::<usize>();
    let vector = |s: &Shape| s.rows.is_empty() || s.cols.is_empty();
    let denominator = request.layout == Layout::Denominator;
    let matrix = |face: Face| Laid { groups: grouped(&face), face, matrix: true };
    let flip = |face: Face, yes: bool| matrix(if yes { face.transposed() } else { face });
    // Products with a direction have the shape of what is derived along it: layout and form do not enter.
    match (variables, request.want) {
        ([], _) => return matrix(Face::split(rank, shape.rows.len())),
        ([x], Want::Vjp | Want::Hvp | Want::Jvp) if f == 0 => return matrix(Face::split(rank, x.rows.len())),
        _ => {}
    }
    if request.form == Form::Vec {
        let face = stacked(shape, variables);
        return flip(face, denominator && variables.len() == 1);
    }
    // Of several variables the scalars have no axis.
    let moving: Vec<&Shape> = variables.iter().filter(|v| !v.is_scalar()).collect();
    match variables {
        [x] if f == 0 => flip(Face::split(rank, x.rows.len()).transposed(), denominator),
        [x] if x.is_scalar() => flip(Face::split(rank, shape.rows.len()), denominator),
        [x] if vector(shape) && vector(x) => flip(Face::split(rank, f), denominator),
        [x, y] if f == 0 && vector(x) && vector(y) => matrix(Face::split(rank, x.axes().len())),
        _ if rank <= 1 => matrix(Face::split(rank, rank)),
        _ => match moving.as_slice() {
            [] => matrix(Face::split(rank, shape.rows.len())),
            [x] if f == 0 => matrix(Face::split(rank, x.rows.len())),
            [x] if vector(shape) && vector(x) && variables.len() > 1 => matrix(Face::split(rank, f)),
            [x, y] if f == 0 && vector(x) && vector(y) => matrix(Face::split(rank, x.axes().len())),
            _ => Laid { face: Face::split(rank, f), matrix: false, groups: sides(shape, variables) },
        },
    }
}

/// The axes of each side of a function and its variables; sides without axes are left out.
fn sides(shape: &Shape, variables: &[Shape]) -> Vec<Vec<usize>> {
    let mut next = 0;
    let all = std::iter::once(shape).chain(variables).flat_map(|s| [s.rows.len(), s.cols.len()]);
    let side = |axes: usize| {
        next += axes;
        (next - axes..next).collect()
    };
    all.filter(|axes| *axes > 0).map(side).collect()
}

/// d vec(F) / d vec(X)', once for each variable: what was a matrix before is stacked, column after column.
pub(super) fn stacked(shape: &Shape, variables: &[Shape]) -> Face {
    // The slowest axes of a stack are those of the columns.
    let stack = |s: &Shape, first: usize| -> Vec<usize> {
        let (rows, all) = (s.rows.len(), s.axes().len());
        (first + rows..first + all).chain(first..first + rows).collect()
    };
    let mut face = Face { rows: stack(shape, 0), cols: vec![] };
    let mut first = shape.axes().len();
    for v in variables {
        let before = [face.cols, face.rows].concat();
        face = Face { rows: before, cols: stack(v, first) };
        first += v.axes().len();
    }
    face
}

/// `["m*n", "k"]`
pub(super) fn shape_text(pool: &Pool, shape: &Shape) -> Vec<String> {
    axes_text(pool, &[shape.rows.clone(), shape.cols.clone()])
}

/// The size of each axis, which may be a stack of several.
pub(super) fn axes_text(pool: &Pool, axes: &[Vec<Dim>]) -> Vec<String> {
    let mut dims = pool.dims.clone();
    let one = dims.integer(1);
    let totals: Vec<Dim> = axes.iter().map(|axis| axis.iter().fold(one, |d, e| dims.multiply(d, *e))).collect();
    totals.into_iter().map(|d| dims.text(d)).collect()
}

/// Index groups of a face: `[(i k),(j l)]`, a row as `[,j]`.
fn grouped(face: &Face) -> Vec<Vec<usize>> {
    match (face.rows.is_empty(), face.cols.is_empty()) {
        (true, true) => vec![],
        (false, true) => vec![face.rows.clone()],
        _ => vec![face.rows.clone(), face.cols.clone()],
    }
}
