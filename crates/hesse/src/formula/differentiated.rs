//! Derivatives that are computed and not read: over the symbols of the tape, by all variables at once.
//!
//! [`Formula::derive`] writes its result out, and what is written out repeats: a layer of a network stands in the formula of every later
//! one. Here nothing is written out. A gradient by all weights is one elimination, a definition is one step of the program, and the work
//! is proportional to the formula.

use super::{Derivation, Formula, Request, Variable, Want};
use crate::calculus::differentiate::{self, Tape, differentiate};
use crate::diagnostic::Error;
use crate::program::plan::{inputs_of, plan_tape};
use crate::program::program::Program;
use crate::tensor::{Expr, Label, Pool, VarId, VarKind};

/// A value and derivatives over the symbols of a tape.
#[derive(Clone, Debug)]
pub struct Differentiated {
    pool: Pool,
    tape: Tape,
    outputs: Vec<(String, Expr)>,
    inputs: Vec<(String, VarId, usize)>,
}

impl Formula {
    /// The value of the target and its derivative by every variable of the request, as [`Formula::derive`] means them (for
    /// [`Want::Hvp`] by several variables the directions are `v_` and their names, and the product is that of the whole Hessian).
    ///
    /// ```
    /// use hesse::{Formula, Request};
    /// let f = Formula::parse("A : matrix(m, n)\nx : vector(n)\nu = tanh(A*x)\nsum(u.^2)", false)?;
    /// let d = f.differentiate(&Request { wrt: vec!["A".into(), "x".into()], ..Request::default() })?;
    /// let names: Vec<String> = d.program()?.outputs.into_iter().map(|o| o.name).collect();
    /// assert_eq!(names, ["f", "A", "x"]);
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Formula::derive`].
    pub fn differentiate(&self, request: &Request) -> Result<Differentiated, Error> {
        let mut d = Derivation::new(self);
        let (of, target, shape) = self.target(request.target.as_deref())?;
        let wrt = d.variables(request)?;
        let mut outputs = vec![(of.clone(), target)];
        let first = matches!(request.want, Want::Gradient | Want::Jacobian | Want::Derivative) && request.order <= 1;
        if first || (request.want == Want::Hvp && wrt.len() > 1) {
            d.scalar(&of, &shape, request.want)?;
            let vars: Vec<VarId> = wrt.iter().map(|v| v.1).collect();
            let mut partials = differentiate(&mut d.pool, &mut d.tape, target, &vars, request.elimination)?;
            if request.want == Want::Hvp {
                let along = d.along(&partials, &wrt);
                partials = differentiate(&mut d.pool, &mut d.tape, along, &vars, request.elimination)?;
            }
            outputs.extend(wrt.iter().zip(partials).map(|(v, e)| (v.0.clone(), e)));
        } else {
            for v in &wrt {
                let second = match &request.wrt2 {
                    Some(name) => d.variable(name)?,
                    None => v.clone(),
                };
                let (e, ..) = d.tensor(target, &shape, &of, v, &second, request)?;
                outputs.push((v.0.clone(), e));
            }
        }
        d.within_limits()?;
        Ok(Differentiated { pool: d.pool, tape: d.tape, outputs, inputs: d.inputs })
    }
}

impl Differentiated {
    /// A program whose outputs are the value and then the derivatives: tensors with the axes of the target, then of the variable.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn program(&self) -> Result<Program, Error> {
        let mut pool = self.pool.clone();
        let program = plan_tape(&mut pool, &self.inputs, &self.tape.definitions, &self.outputs);
        match pool.limit() {
            Some(code) => Err(differentiate::limit(code).into()),
            None => Ok(program),
        }
    }
    /// Nodes of the pool: of the formula and of the derivatives.
    pub fn nodes(&self) -> usize {
        self.pool.len()
    }
    /// Units of work that the pool has paid for.
    pub fn spent(&self) -> u64 {
        self.pool.spent()
    }
}

impl<'a> Derivation<'a> {
    pub(super) fn new(formula: &'a Formula) -> Self {
        Derivation { formula, pool: formula.model.pool.clone(), tape: formula.tape(), inputs: inputs_of(&formula.model), fired: vec![] }
    }

    /// Σ over the variables of gradient · direction, each partial sum a definition: as one sum of L terms over L symbols it would be
    /// differentiated L times in full.
    fn along(&mut self, gradients: &[Expr], wrt: &[Variable]) -> Expr {
        let mut total = self.pool.zero(&[]);
        for (g, v) in gradients.iter().zip(wrt) {
            let direction = self.direction(&format!("v_{}", v.0), &v.2);
            let labels: Vec<Label> = (0..self.pool.rank(direction) as Label).collect();
            let term = self.pool.product(&[(*g, &labels), (direction, &labels)], &[], &[]);
            let sum = self.pool.add(total, term);
            let (symbol, e) = self.pool.declare(&format!("along_{}", v.0), vec![], VarKind::Adjoint);
            self.tape.definitions.push((symbol, sum));
            total = e;
        }
        total
    }
}
