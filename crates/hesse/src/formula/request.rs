//! What can be asked for.

use super::{Elimination, Form};

/// Which way a derivative is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// Rows are functions, columns are variables; the gradient of a scalar is a row.
    #[default]
    Numerator,
    /// The transpose; the gradient of a scalar has the shape of the variable.
    Denominator,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Want {
    /// Derivative of a scalar by anything.
    Gradient,
    /// Derivative of a row or column by a vector.
    Jacobian,
    /// Second derivative of a scalar.
    Hessian,
    /// Derivative of anything by anything.
    #[default]
    Derivative,
    /// Jacobian times a direction, for a variable X called `dX`. Of a higher order: the last derivative is taken along it.
    Jvp,
    /// Cotangent times Jacobian (its name is the target's with `_bar` behind).
    Vjp,
    /// Hessian times a direction in the (second) variable: `v` for a vector, `dX` for a matrix.
    Hvp,
}

/// A request for derivatives.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Name of the definition to derive; the last one if `None`.
    pub target: Option<String>,
    /// Variables; all `param` (or, without any, all inputs that are not `data`) if empty. One [`Part`] each.
    pub wrt: Vec<String>,
    /// Second variable of a mixed Hessian (the same as the first if `None`).
    pub wrt2: Option<String>,
    /// What is asked for.
    pub want: Want,
    /// Derivative order for [`Want::Derivative`] (1 if 0).
    pub order: usize,
    /// Layout of the result.
    pub layout: Layout,
    /// Form of the result.
    pub form: Form,
    /// `symmetric` or `diagonal`: the structured derivative.
    pub structure: Option<String>,
    /// Order of elimination.
    pub elimination: Elimination,
}

impl Request {
    /// How often it differentiates.
    pub fn times(&self) -> usize {
        if self.want == Want::Hessian { 2 } else { self.order.max(1) }
    }
    /// The request for the same derivative as a linear map, `dX ↦ A*dX*B`: what it gives has one variable less. `None` for what is
    /// such a product already or is no map between whole spaces (a structured derivative).
    ///
    /// ```
    /// use hesse::{Formula, Request};
    /// let f = Formula::parse("A : matrix(k, m); X : matrix(m, n); B : matrix(n, l); A*X*B", false)?;
    /// let request = Request { wrt: vec!["X".into()], ..Request::default() };
    /// let map = f.derive(&request.map().unwrap())?;
    /// assert_eq!(map.parts[0].direction.as_deref(), Some("dX"));
    /// assert_eq!(map.parts[0].plain(), "A*dX*B");
    /// # Ok::<(), hesse::Error>(())
    /// ```
    pub fn map(&self) -> Option<Request> {
        let want = match self.want {
            _ if self.structure.is_some() => return None,
            Want::Gradient | Want::Jacobian | Want::Derivative => Want::Jvp,
            Want::Hessian => Want::Hvp,
            Want::Jvp | Want::Vjp | Want::Hvp => return None,
        };
        Some(Request { want, form: Form::Natural, ..self.clone() })
    }
}
