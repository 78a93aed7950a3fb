//! What a formula computes on its way, operation by operation, as it was written.

use super::Formula;
use crate::calculus::differentiate;
use crate::diagnostic::{Error, Span};
use crate::program::plan::{Purpose, inputs_of, needs_of, plan_tape};
use crate::program::program::Program;
use crate::tensor::{Expr, Shape};

/// What an operation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// An input, by its position in the model.
    Input(usize),
    /// An earlier operation.
    Operation(usize),
}

/// An operation of the text, or a definition.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Where it was written.
    pub span: Span,
    /// The name of the definition that it is the value of.
    pub name: Option<String>,
    /// Rows × columns of its value; the indices of a sum around it are rows in front.
    pub shape: Shape,
    /// What it reads, in the order of the model.
    pub reads: Vec<Reads>,
}

impl Formula {
    /// The operations that a definition needs (the last one if `None`), in the order in which they are computed. Equal ones are there
    /// once, at their first place; constants are left out.
    ///
    /// ```
    /// use hesse::Formula;
    /// let f = Formula::parse("x : vector(n); sum(exp(2*x))", false)?;
    /// let texts: Vec<&str> = f.operations(None)?.iter().map(|o| &f.source()[o.span.start..o.span.end]).collect();
    /// assert_eq!(texts, ["2*x", "exp(2*x)", "sum(exp(2*x))"]);
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown target (E401).
    pub fn operations(&self, target: Option<&str>) -> Result<Vec<Operation>, Error> {
        let model = &self.model;
        let needed = self.needed(target)?;
        let one = |k: &usize| {
            let v = &model.vertices[*k];
            let read = model.pool.variables_of(v.value);
            let inputs = model.inputs.iter().enumerate().filter(|(_, i)| read.contains(&i.var)).map(|(k, _)| Reads::Input(k));
            let earlier = needed.iter().enumerate().filter(|(_, w)| read.contains(&model.vertices[**w].symbol));
            let reads = inputs.chain(earlier.map(|(k, _)| Reads::Operation(k))).collect();
            Operation { span: v.span, name: v.name.clone(), shape: v.shape.clone(), reads }
        };
        Ok(needed.iter().map(one).collect())
    }

    /// A program with one output for each of the [`Formula::operations`], nothing rewritten.
    ///
    /// # Errors
    /// An unknown target (E401), a limit of the pool (E6xx).
    pub fn operations_program(&self, target: Option<&str>) -> Result<Program, Error> {
        let mut pool = self.model.pool.clone();
        let needed = self.needed(target)?;
        let vertices = needed.iter().map(|k| &self.model.vertices[*k]);
        let outputs: Vec<(String, Expr)> = vertices.map(|v| (v.name.clone().unwrap_or_default(), pool.var(v.symbol))).collect();
        let definitions = self.tape().definitions;
        let mut program = plan_tape(&mut pool, Purpose::Formula, &inputs_of(&self.model), &definitions, &outputs);
        program.needs = needs_of(&pool, &self.model.needs);
        pool.limit().map_or(Ok(program), |code| Err(differentiate::limit(code).into()))
    }

    /// The vertices that a definition needs, in order.
    fn needed(&self, target: Option<&str>) -> Result<Vec<usize>, Error> {
        let (_, value, _) = self.target(target)?;
        let mut wanted = self.model.pool.variables_of(value);
        let mut needed = vec![];
        for (k, v) in self.model.vertices.iter().enumerate().rev() {
            if wanted.contains(&v.symbol) {
                wanted.extend(self.model.pool.variables_of(v.value));
                needed.push(k);
            }
        }
        needed.reverse();
        Ok(needed)
    }
}
