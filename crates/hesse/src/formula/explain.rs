//! From a request to a derivation: the differentiation of the pieces of a formula, listened to.
//!
//! ```text
//! Model ─pieces▶ groups ─differentiate, heard▶ local partials ─┬─scalar▶ steps
//!                                                              └─differential▶ steps ─▶ the result of `derive`
//! ```

mod chain;
mod cite;
mod conclude;
mod differential;
mod equations;
mod graph;
mod scalar;
mod teller;

use super::{Derivative, Form, Formula, Layout, Part, Request, Want};
use crate::calculus::derivation::{Derivation, Outcome, Problem, Style};
use crate::calculus::elaborate::Options;
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::syntax::tree::Syntax;
use teller::Teller;

impl Formula {
    /// The derivation of the derivatives that are asked for, step by step. Its lines are not tested yet: `hesse_run::audit` does
    /// that. Without a style: differentials where a variable is a matrix or a function of a whole matrix occurs, scalars else.
    ///
    /// ```
    /// use hesse::{Formula, Request};
    /// let f = Formula::parse("w, x : vector(n); y = w'*x", false)?;
    /// let derivation = f.explain(&Request { wrt: vec!["w".into()], ..Request::default() }, None)?;
    /// let names: Vec<&str> = derivation.pieces.iter().map(|p| p.name.as_str()).collect();
    /// assert_eq!(names, ["u", "y"]);
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Formula::derive`]; E402 for a product with a direction, and for orders above 2.
    pub fn explain(&self, request: &Request, style: Option<Style>) -> Result<Derivation, Error> {
        let order = match request.want {
            Want::Gradient | Want::Jacobian => 1,
            Want::Hessian => 2,
            Want::Derivative => request.order.max(1),
            Want::Jvp | Want::Vjp | Want::Hvp => return Err(refusal("a product with a direction has no derivation of its own")),
        };
        if order > 2 {
            return Err(refusal(&format!("derivatives of order {order} are not explained")));
        }
        if order == 2 && request.form == Form::Vec {
            return Err(Diagnostic::error("E402", Span::default(), "a second derivative of stacked columns is not explained")
                .because("its gradient would have to be stacked before it is derived again")
                .help("leave --vec out: the natural form is explained")
                .into());
        }
        let derivative = self.derive(request)?;
        let mut derivation = Derivation {
            problem: self.problem(request, &derivative, order)?,
            style: style.unwrap_or_else(|| self.usual_style(&derivative)),
            denominator: request.layout == Layout::Denominator,
            syntax: Syntax::default(),
            pieces: vec![],
            differentials: vec![],
            steps: vec![],
            results: vec![],
            conditions: derivative.conditions.clone(),
        };
        if order == 2 {
            self.tell_second(request, &derivative, &mut derivation)?;
        } else if let Some(structure) = &request.structure {
            // The parameters of a structured matrix are not its entries: those are derived by first.
            let entries = Request { structure: None, ..request.clone() };
            let gradient = self.derive(&entries)?;
            let mut teller = Teller::new(self, &entries, &gradient, &mut derivation, 0)?;
            teller.tell()?;
            teller.project(&derivative, structure);
        } else {
            Teller::new(self, request, &derivative, &mut derivation, 0)?.tell()?;
        }
        for part in &derivative.parts {
            let tree = derivation.syntax.graft(&part.syntax, part.root);
            derivation.results.push(Outcome {
                wrt: part.wrt.clone(),
                tree,
                order: part.face.rows.iter().chain(&part.face.cols).copied().collect(),
                shape: part.shape_text.clone(),
                pattern: if part.structure.name() == "dense" { String::new() } else { part.structure.name() },
            });
        }
        Ok(derivation)
    }

    /// The Jacobian of the gradient: the gradient is derived, becomes a formula of its own, and is derived again.
    fn tell_second(&self, request: &Request, derivative: &Derivative, derivation: &mut Derivation) -> Result<(), Error> {
        let scalar =
            derivation.problem.order == 2 && request.want == Want::Hessian || self.target(request.target.as_deref())?.2.is_scalar();
        // A gradient is written as a column (the shape of its variable), a Jacobian with its functions as rows.
        let layout = if scalar { Layout::Denominator } else { Layout::Numerator };
        let mut firsts: Vec<String> = vec![];
        for part in &derivative.parts {
            if !firsts.contains(&part.wrt[0]) {
                firsts.push(part.wrt[0].clone());
            }
        }
        for (round, part) in derivative.parts.iter().enumerate() {
            let [x, y] = part.wrt.as_slice() else { continue };
            let first =
                Request { wrt: vec![x.clone()], wrt2: None, want: Want::Derivative, order: 1, layout, structure: None, ..request.clone() };
            // What is derived again must hold off the symmetric matrices too.
            let open = self.without_symmetry(&[x, y]);
            let gradient = open.derive(&first)?;
            Teller::new(&open, &first, &gradient, derivation, 2 * round)?.tell()?;
            let name = free_name(&["g", "h", "G", "grad"], derivation, self);
            let text = gradient.declared(&format!("{name} = {}", gradient.parts[0].plain()));
            let options = Options { strict: true, sizes: self.model.pool.dims.names().to_vec(), ..Options::default() };
            let mut again = Formula::parse_with(&text, &options)?;
            for input in &mut again.model.inputs {
                if let Some(own) = open.model.inputs.iter().find(|i| i.name == input.name) {
                    input.properties.clone_from(&own.properties);
                }
            }
            let second = Request {
                target: Some(name.clone()),
                wrt: vec![y.clone()],
                wrt2: None,
                want: Want::Derivative,
                order: 1,
                layout: Layout::Numerator,
                structure: None,
                ..request.clone()
            };
            let hessian = again.derive(&second)?;
            let mut teller = Teller::new(&again, &second, &hessian, derivation, 2 * round + 1)?;
            teller.announce_second(&gradient.parts[0], &name);
            teller.tell()?;
            teller.conclude_second(part, &hessian.parts[0], &name);
        }
        Ok(())
    }

    /// The formula with the entries of these variables independent.
    fn without_symmetry(&self, of: &[&String]) -> Formula {
        let mut open = self.clone();
        for input in open.model.inputs.iter_mut().filter(|i| of.contains(&&i.name)) {
            input.properties.retain(|p| p != "symmetric");
        }
        open
    }

    fn problem(&self, request: &Request, derivative: &Derivative, order: usize) -> Result<Problem, Error> {
        let (of, ..) = self.target(request.target.as_deref())?;
        Ok(Problem {
            source: self.source.clone(),
            of,
            wrt: derivative.parts.iter().flat_map(|p| p.wrt.clone()).fold(vec![], |mut all, v| {
                if !all.contains(&v) {
                    all.push(v);
                }
                all
            }),
            inputs: derivative.declarations(),
            order,
            structure: request.structure.clone(),
        })
    }

    /// Differentials for matrices, scalars for what has one axis.
    fn usual_style(&self, derivative: &Derivative) -> Style {
        let inputs = &self.model.inputs;
        let is_matrix = |name: &String| inputs.iter().any(|i| i.name == *name && !i.shape.rows.is_empty() && !i.shape.cols.is_empty());
        let whole = self.model.vertices.iter().any(|v| {
            self.model.pool.under(&[v.value]).into_iter().any(|e| match self.model.pool.node(e) {
                crate::tensor::Node::Apply(f, _) => f.row().of != "any",
                _ => false,
            })
        });
        if whole || derivative.parts.iter().flat_map(|p| &p.wrt).any(is_matrix) { Style::Differential } else { Style::Scalar }
    }
}

/// The first name that neither the formula nor the derivation uses.
fn free_name(wanted: &[&str], derivation: &Derivation, formula: &Formula) -> String {
    let taken = |name: &str| {
        derivation.pieces.iter().any(|p| p.name == name)
            || derivation.problem.inputs.iter().any(|i| i.0 == name)
            || formula.model.pool.dims.names().iter().any(|n| n == name)
            || formula.model.definitions.iter().any(|d| d.name == name)
            || formula.model.inputs.iter().any(|i| i.name == name)
    };
    let numbered = (1..).map(|k| format!("{}_{k}", wanted[0]));
    wanted.iter().map(|w| w.to_string()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

fn refusal(what: &str) -> Error {
    Diagnostic::error("E402", Span::default(), what.to_string())
        .because("a derivation is that of a first or second derivative by variables")
        .help("ask for grad, jacobian, hessian or derive")
        .into()
}

/// Whether a part is what a line says already.
fn same(a: &Part, syntax: &Syntax, root: crate::syntax::tree::NodeId) -> bool {
    a.syntax.same(a.root, syntax, root)
}
