//! One program for a value and its derivatives, everything that they share computed once.

use super::working::Symbolic;
use super::{Formula, Request};
use crate::diagnostic::Error;
use crate::program::plan::{Purpose, needs_of, plan_joint};
use crate::program::program::Program;
use crate::program::stabilise::stabilise;
use crate::tensor::{Expr, Shape};

/// What a joint program computes.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The value of a definition, of the last one if `None`.
    Value(Option<String>),
    /// Derivatives, one result for each variable. Layout and form do not enter: the axes are those of the target, then of the variables.
    Derivative(Request),
}

/// What an output of a joint program is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointResult {
    /// Name of the target, `f` for a bare expression.
    pub of: String,
    /// The variables, one per order of differentiation; none for a value.
    pub wrt: Vec<String>,
    /// How many leading axes of the output are rows, the others are columns.
    ///
    /// | result | rows × columns |
    /// |---|---|
    /// | a value | its own |
    /// | a scalar by one variable; a product with a direction or cotangent | those of the variable (of the target for a Jacobian times a direction) |
    /// | a vector or matrix by scalars | its own |
    /// | anything else by one variable | axes of the target × axes of the variable |
    /// | a scalar by two variables | axes of the first × axes of the second |
    pub rows: usize,
    /// The name of the input that is the direction or cotangent.
    pub direction: Option<String>,
}

/// A program over one set of inputs, with one result for each of its outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// It computes what is shared once. A product stands in it with all its factors, an inverse among them, for the runner to order.
    pub program: Program,
    /// One per output, in the order of what was asked.
    pub results: Vec<JointResult>,
}

impl Formula {
    /// One program for values and derivatives. They are taken over shared definitions, not written out, and stable forms are computed.
    /// Directions and cotangents of products with derivatives are inputs of the program.
    ///
    /// ```
    /// use hesse::{Ask, Formula, Request, Want};
    /// let f = Formula::parse("data X : matrix(m, n)\nparam w : vector(n)\ndata y : vector(m)\nnorm2(X*w - y)^2", false)?;
    /// let hessian = Request { want: Want::Hessian, ..Request::default() };
    /// let joint = f.joint(&[Ask::Value(None), Ask::Derivative(Request::default()), Ask::Derivative(hessian)])?;
    /// assert_eq!(joint.results.iter().map(|r| r.wrt.len()).collect::<Vec<_>>(), [0, 1, 2]);
    /// // X*w - y is computed once.
    /// let residuals = joint.program.steps.iter().filter(|s| matches!(&s.op, hesse::program::program::Op::Combine(t) if t.len() == 2));
    /// assert_eq!(residuals.count(), 1);
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Formula::derive`].
    pub fn joint(&self, asks: &[Ask]) -> Result<Joint, Error> {
        let mut work = self.computing();
        let mut results = vec![];
        let mut outputs: Vec<(String, Purpose)> = vec![];
        let mut values: Vec<Expr> = vec![];
        for ask in asks {
            match ask {
                Ask::Value(target) => {
                    let (of, value, shape) = self.target(target.as_deref())?;
                    outputs.push((of.clone(), Purpose::Formula));
                    values.push(value);
                    results.push(JointResult { of, wrt: vec![], rows: shape.rows.len(), direction: None });
                }
                Ask::Derivative(request) => {
                    for s in work.symbolic_each(request)? {
                        let value = match &request.structure {
                            Some(structure) => work.project(s.tensor, structure, &s.shape, &s.variables)?,
                            None => s.tensor,
                        };
                        outputs.push((name(&s), Purpose::Derivative));
                        values.push(value);
                        results.push(JointResult { rows: rows(&s.shape, &s.variables), of: s.of, wrt: s.names, direction: s.direction });
                    }
                }
            }
        }
        work.within_limits()?;
        let mut definitions = work.tape.definitions;
        stabilise(&mut work.pool, &mut definitions, &mut values, &mut vec![]);
        let outputs: Vec<(String, Expr, Purpose)> = outputs.into_iter().zip(values).map(|((name, of), e)| (name, e, of)).collect();
        let mut program = plan_joint(&mut work.pool, &work.given.inputs, &definitions, &outputs);
        program.needs = needs_of(&work.pool, &work.given.needs);
        match work.pool.limit() {
            Some(code) => Err(crate::calculus::differentiate::limit(code).into()),
            None => Ok(Joint { program, results }),
        }
    }
}

/// `d f / d x`, `d2 f / d x d y`.
fn name(s: &Symbolic) -> String {
    match s.names.as_slice() {
        [] => s.of.clone(),
        [x] => format!("d {} / d {x}", s.of),
        names => format!("d{} {} / d {}", names.len(), s.of, names.join(" d ")),
    }
}

/// How many leading axes of a derivative are rows, see [`JointResult::rows`].
fn rows(shape: &Shape, variables: &[Shape]) -> usize {
    let of = shape.axes().len();
    match variables {
        [] => shape.rows.len(),
        [x] if of == 0 => x.rows.len(),
        [x, ..] if of == 0 => x.axes().len(),
        _ if variables.iter().all(Shape::is_scalar) => shape.rows.len(),
        _ => of,
    }
}
