//! One request under way: differentiate, simplify, choose the shortest form, write it.

use super::face::{Laid, axes_text, face, shape_text, stacked};
use super::{Derivative, Elimination, Formula, Given, Part, Request, Want, unknown};
use crate::calculus::differentiate::{self, Tape, chain, differentiate, second};
use crate::calculus::model::{Asks, Condition};
use crate::calculus::notate::{Spelling, notate, notate_indexed};
use crate::calculus::{simplify, structure};
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::facts::planted::{self, Table};
use crate::facts::properties::PROPERTIES;
use crate::facts::rules::Rule;
use crate::syntax::tree::{NodeId, Role, Syntax};
use crate::tensor::{Expr, Label, Pattern, Pool, Shape, VarId, VarKind};

/// The longest closed form that is written, in nodes.
const WRITTEN: usize = 200_000;

/// One request under way: the pool and tape are its own.
pub(super) struct Working<'a> {
    pub(super) formula: &'a Formula,
    pub(super) pool: Pool,
    pub(super) tape: Tape,
    pub(super) given: Given,
    pub(super) fired: Vec<&'static Rule>,
    /// Whether derivatives are written out: then a second one is also taken of the simplified first one, which may print shorter.
    pub(super) written: bool,
    /// The directions and cotangents so far.
    pub(super) directions: Vec<Direction>,
}

/// An input that a derivative is multiplied with: the name that it would have and of what it is, the name that it has.
pub(super) struct Direction {
    wanted: String,
    of: String,
    name: String,
    value: Expr,
}

/// A derivative over symbols: its tensor has the axes of `shape`, then those of the variables.
pub(super) struct Symbolic {
    pub(super) of: String,
    pub(super) names: Vec<String>,
    pub(super) tensor: Expr,
    pub(super) shape: Shape,
    pub(super) variables: Vec<Shape>,
    /// The direction or cotangent that the derivative was multiplied with.
    pub(super) direction: Option<String>,
    /// The same second derivative taken of the simplified first one, where that is another expression; the rules that were used.
    simpler: Option<(Expr, Vec<&'static Rule>)>,
}

/// What a printed form costs its reader: index notation, nodes, fillers of shapes.
pub(super) type Cost = (bool, usize, usize);

/// Of equal expressions the one that prints shortest; matrix notation before index notation.
pub(super) fn shortest(pool: &mut Pool, found: &[Expr], laid: &Laid, spelling: &Spelling) -> Option<(Cost, Expr, Syntax, NodeId)> {
    let mut best: Option<(Cost, Expr, Syntax, NodeId)> = None;
    for &e in found {
        let written = if laid.matrix { notate(pool, e, &laid.face, spelling) } else { None };
        let indexed = written.is_none();
        let Some((syntax, root)) = written.or_else(|| notate_indexed(pool, e, &laid.groups, spelling)) else { continue };
        // Of two that are equally long the one with less that stands only for a size.
        let cost = (indexed, syntax.count(root), syntax.count_fillers(root));
        if best.as_ref().is_none_or(|b| cost < b.0) {
            best = Some((cost, e, syntax, root));
        }
    }
    best
}

/// A variable of differentiation: name, symbol, face.
pub(super) type Variable = (String, VarId, Shape);

impl Working<'_> {
    pub(super) fn run(mut self, request: &Request) -> Result<Derivative, Error> {
        let mut parts = vec![];
        for symbolic in self.symbolic(request)? {
            parts.push(self.part(symbolic, request)?);
        }
        self.within_limits()?;
        let mut conditions = self.formula.model.conditions.clone();
        // What a rule needs, the formula needs to have a value there.
        conditions.extend(self.fired.iter().filter(|rule| !rule.when.is_empty()).map(|rule| Condition {
            kind: "assumption",
            text: format!("{}: {} = {}", rule.when, rule.from, rule.to),
            span: Span::default(),
            expression: rule.from.to_string(),
            proved: true,
            asks: Asks::Nothing,
            of: vec![],
        }));
        Ok(Derivative { pool: self.pool, parts, conditions, rules: self.fired, given: self.given, declared: self.formula.declared() })
    }

    /// The derivatives over the symbols of the tape, before anything is written out.
    pub(super) fn symbolic(&mut self, request: &Request) -> Result<Vec<Symbolic>, Error> {
        let (of, target, shape) = self.formula.target(request.target.as_deref())?;
        let wrt = self.variables(request)?;
        let first_order = matches!(request.want, Want::Gradient | Want::Jacobian | Want::Derivative) && request.order <= 1;
        let joined = request.wrt.len() > 1 && wrt.iter().all(|v| v.2.is_scalar()) && shape.cols.is_empty();
        if first_order && joined {
            self.scalar_where_wanted(&of, &shape, request)?;
            let tensor = self.row_of_partials(target, &wrt, request.elimination)?;
            let columns = self.pool.dims.integer(wrt.len() as i64);
            let names = wrt.iter().map(|v| v.0.clone()).collect();
            return Ok(vec![Symbolic {
                of,
                names,
                tensor,
                shape,
                variables: vec![Shape::new(vec![columns], vec![])],
                direction: None,
                simpler: None,
            }]);
        }
        self.symbolic_each(request)
    }

    /// The derivatives over the symbols of the tape, one for each variable.
    pub(super) fn symbolic_each(&mut self, request: &Request) -> Result<Vec<Symbolic>, Error> {
        let (of, target, shape) = self.formula.target(request.target.as_deref())?;
        let wrt = self.variables(request)?;
        self.scalar_where_wanted(&of, &shape, request)?;
        let first_order = matches!(request.want, Want::Gradient | Want::Jacobian | Want::Derivative) && request.order <= 1;
        if first_order {
            // One elimination for all inputs: they share their adjoints. What lies behind a definition is constant only for itself.
            let is_input = |v: &Variable| self.formula.model.inputs.iter().any(|i| i.var == v.1);
            let vars: Vec<VarId> = wrt.iter().filter(|v| is_input(v)).map(|v| v.1).collect();
            let alone: Vec<bool> = wrt.iter().map(|v| !is_input(v)).collect();
            let mut joint = differentiate(&mut self.pool, &mut self.tape, target, &vars, request.elimination)?.into_iter();
            let mut tensors = vec![];
            for (v, alone) in wrt.iter().zip(alone) {
                let own = if alone {
                    differentiate(&mut self.pool, &mut self.tape, target, &[v.1], request.elimination)?.pop()
                } else {
                    joint.next()
                };
                tensors.extend(own);
            }
            let made = wrt.into_iter().zip(tensors).map(|(v, tensor)| Symbolic {
                of: of.clone(),
                names: vec![v.0],
                tensor,
                shape: shape.clone(),
                variables: vec![v.2],
                direction: None,
                simpler: None,
            });
            return Ok(made.collect());
        }
        let mut made = vec![];
        for v in wrt {
            let second = match &request.wrt2 {
                Some(name) => self.variable(name)?,
                None => v.clone(),
            };
            made.push(self.along(target, &shape, &of, [&v, &second], request)?);
        }
        Ok(made)
    }

    pub(super) fn variables(&self, request: &Request) -> Result<Vec<Variable>, Error> {
        if !request.wrt.is_empty() {
            return request.wrt.iter().map(|n| self.variable(n)).collect();
        }
        let inputs = &self.formula.model.inputs;
        let params: Vec<_> = inputs.iter().filter(|i| i.role == Role::Param).collect();
        let chosen: Vec<_> = if params.is_empty() { inputs.iter().filter(|i| i.role == Role::Plain).collect() } else { params };
        if chosen.is_empty() {
            return Err(Diagnostic::error("E401", Span::default(), "no variable to derive by")
                .because("the formula has no `param` and every name is `data` or `const`")
                .help("say which: --wrt x")
                .into());
        }
        Ok(chosen.into_iter().map(|i| (i.name.clone(), i.var, i.shape.clone())).collect())
    }

    fn variable(&self, name: &str) -> Result<Variable, Error> {
        let model = &self.formula.model;
        if let Some(i) = model.inputs.iter().find(|i| i.name == name) {
            return Ok((i.name.clone(), i.var, i.shape.clone()));
        }
        // A definition may be derived by as well: everything behind it counts as constant.
        if let Some(v) = model.vertices.iter().find(|v| v.name.as_deref() == Some(name)) {
            return Ok((name.to_string(), v.symbol, v.shape.clone()));
        }
        let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
        Err(unknown("variable", name, &names))
    }

    fn scalar_where_wanted(&self, of: &str, shape: &Shape, request: &Request) -> Result<(), Error> {
        let scalar_wanted = matches!(request.want, Want::Gradient | Want::Hessian | Want::Hvp);
        if scalar_wanted && !shape.is_scalar() {
            let verb = if request.want == Want::Gradient { "gradient" } else { "Hessian" };
            return Err(Diagnostic::error(
                "E207",
                Span::default(),
                format!("a {verb} is that of a scalar, and `{of}` is {}", shape_text(&self.pool, shape).join("×")),
            )
            .because("its derivative by a vector is a Jacobian")
            .help("use `jacobian`, or sum it up: sum(…)")
            .into());
        }
        Ok(())
    }

    /// A derivative of higher order, or its product with a direction or cotangent, over symbols.
    fn along(&mut self, target: Expr, shape: &Shape, of: &str, [v, second]: [&Variable; 2], request: &Request) -> Result<Symbolic, Error> {
        let order = request.elimination;
        let times = request.order.max(1);
        let variables = |n: usize| std::iter::once(v).chain(std::iter::repeat_n(second, n.saturating_sub(1))).take(n);
        let named = |n: usize| variables(n).map(|v| v.0.clone()).collect::<Vec<String>>();
        let shapes = |n: usize| variables(n).map(|v| v.2.clone()).collect::<Vec<Shape>>();
        let repeated = |w: &mut Self, times: usize| variables(times).try_fold(target, |e, v| w.by(e, v.1, order));
        let mut made = Symbolic {
            of: of.to_string(),
            names: vec![],
            tensor: target,
            shape: shape.clone(),
            variables: vec![],
            direction: None,
            simpler: None,
        };
        if request.want == Want::Hessian
            && let Some(tensor) = self.pushed(target, [v, second])?
        {
            (made.tensor, made.names, made.variables) = (tensor, named(2), shapes(2));
            return Ok(made);
        }
        match request.want {
            Want::Hessian => {
                let first = self.by(target, v.1, order)?;
                (made.tensor, made.names, made.variables) = (self.by(first, second.1, order)?, named(2), shapes(2));
                if self.written {
                    made.simpler = self.by_simplified(first, [v, second], order)?;
                }
            }
            // First derivatives are taken for all variables at once, by `symbolic`.
            Want::Gradient | Want::Jacobian | Want::Derivative => {
                (made.tensor, made.names, made.variables) = (repeated(self, times)?, named(times), shapes(times));
            }
            Want::Vjp => {
                let (name, cotangent) = self.direction(format!("{of}_bar"), of, shape);
                let labels: Vec<Label> = (0..self.pool.rank(target) as Label).collect();
                let paired = self.pool.product(&[(cotangent, &labels), (target, &labels)], &[], &[]);
                (made.tensor, made.names, made.variables) = (self.by(paired, v.1, order)?, named(1), shapes(1));
                (made.shape, made.direction) = (Shape::scalar(), Some(name));
            }
            Want::Jvp => {
                let jacobian = repeated(self, times)?;
                let last = if times > 1 { second } else { v };
                let (name, direction) = self.direction(format!("d{}", last.0), &last.0, &last.2);
                let rank = self.pool.rank(direction);
                made.tensor = chain(&mut self.pool, jacobian, direction, rank);
                (made.names, made.variables, made.direction) =
                    (if times > 1 { named(times) } else { vec![] }, shapes(times - 1), Some(name));
            }
            Want::Hvp => {
                let gradient = self.by(target, second.1, order)?;
                let vector = second.2.rows.is_empty() || second.2.cols.is_empty();
                let (name, direction) = self.direction(if vector { "v".into() } else { format!("d{}", second.0) }, &second.0, &second.2);
                let labels: Vec<Label> = (0..self.pool.rank(direction) as Label).collect();
                let along = self.pool.product(&[(gradient, &labels), (direction, &labels)], &[], &[]);
                (made.tensor, made.names, made.variables) = (self.by(along, v.1, order)?, named(2), shapes(1));
                (made.shape, made.direction) = (Shape::scalar(), Some(name));
            }
        }
        Ok(made)
    }

    /// The second derivative of a scalar by inputs, for a program.
    fn pushed(&mut self, target: Expr, by: [&Variable; 2]) -> Result<Option<Expr>, Error> {
        let is_input = |v: &&Variable| self.formula.model.inputs.iter().any(|i| i.var == v.1);
        if self.written || !by.iter().all(is_input) || self.pool.rank(target) > 0 {
            return Ok(None);
        }
        Ok(second(&mut self.pool, &mut self.tape, target, by.map(|v| v.1))?)
    }

    /// The derivative of a first derivative after simplification: what cancels in the gradient does not come back in the Hessian.
    fn by_simplified(
        &mut self,
        first: Expr,
        [v, second]: [&Variable; 2],
        order: Elimination,
    ) -> Result<Option<(Expr, Vec<&'static Rule>)>, Error> {
        let is_input = |v: &Variable| self.formula.model.inputs.iter().any(|i| i.var == v.1);
        let full = self.tape.expand(&mut self.pool, first);
        if !is_input(v) || !is_input(second) {
            return Ok(None);
        }
        let mut fired = vec![];
        let found = simplify::candidates(&mut self.pool, full, &[], &mut fired);
        let Some(shortest) = found.into_iter().min_by_key(|e| simplify::length(&self.pool, *e)) else { return Ok(None) };
        if shortest == full {
            return Ok(None);
        }
        Ok(Some((self.by(shortest, second.1, order)?, fired)))
    }

    fn by(&mut self, target: Expr, v: VarId, order: Elimination) -> Result<Expr, Error> {
        Ok(differentiate(&mut self.pool, &mut self.tape, target, &[v], order)?[0])
    }

    /// The direction or cotangent of this name in the space of `of`: a new input under this name or, where it is used, the first that is
    /// free: `v1`, `v2`, …
    fn direction(&mut self, wanted: String, of: &str, shape: &Shape) -> (String, Expr) {
        if let Some(d) = self.directions.iter().find(|d| d.wanted == wanted && d.of == of) {
            return (d.name.clone(), d.value);
        }
        let model = &self.formula.model;
        let free = |name: &String| {
            !self.given.inputs.iter().any(|i| i.0 == *name)
                && !model.definitions.iter().any(|d| d.name == *name)
                && !self.pool.dims.names().contains(name)
        };
        let name = std::iter::once(wanted.clone()).chain((1..).map(|k| format!("{wanted}{k}"))).find(free).unwrap_or(wanted.clone());
        let (var, value) = self.pool.declare(&name, shape.axes(), VarKind::Input);
        self.given.inputs.push((name.clone(), var, shape.rows.len()));
        self.directions.push(Direction { wanted, of: of.to_string(), name: name.clone(), value });
        (name, value)
    }

    /// The partials by several scalars, side by side.
    fn row_of_partials(&mut self, target: Expr, wrt: &[Variable], order: Elimination) -> Result<Expr, Error> {
        let vars: Vec<VarId> = wrt.iter().map(|v| v.1).collect();
        let partials = differentiate(&mut self.pool, &mut self.tape, target, &vars, order)?;
        let of = self.pool.dims.integer(wrt.len() as i64);
        let rank = self.pool.rank(target);
        let labels: Vec<Label> = (0..rank as Label).collect();
        let mut total: Option<Expr> = None;
        for (k, d) in partials.into_iter().enumerate() {
            let at = self.pool.dims.integer(k as i64 + 1);
            let unit = self.pool.pattern(Pattern::Unit { at, of });
            let out: Vec<Label> = (0..=rank as Label).collect();
            let d = self.pool.product(&[(d, &labels), (unit, &[rank as Label])], &out, &[]);
            total = Some(total.map_or(d, |t| self.pool.add(t, d)));
        }
        total.ok_or_else(|| unknown("variable", "", &[]))
    }

    fn part(&mut self, symbolic: Symbolic, request: &Request) -> Result<Part, Error> {
        let Symbolic { of, names: wrt, tensor, shape, variables, direction, simpler } = symbolic;
        let (shape, variables) = (&shape, variables.as_slice());
        let mut full = self.tape.expand(&mut self.pool, tensor);
        if let Some(structure) = &request.structure {
            full = self.project(full, structure, shape, variables)?;
        }
        let symmetric = self.formula.symmetric();
        let mut found = simplify::candidates(&mut self.pool, full, &symmetric, &mut self.fired);
        let of_full = found.len();
        let mut fired = vec![];
        if let Some((e, rules)) = simpler
            && request.structure.is_none()
        {
            fired = rules;
            let e = self.tape.expand(&mut self.pool, e);
            for e in simplify::candidates(&mut self.pool, e, &symmetric, &mut fired) {
                if !found.contains(&e) {
                    found.push(e);
                }
            }
        }
        self.within_limits()?;
        let Laid { face, matrix, groups } = face(shape, variables, request);
        let spelling = self.formula.spelling(&self.given.inputs);
        let best = shortest(&mut self.pool, &found, &Laid { face: face.clone(), matrix, groups: groups.clone() }, &spelling);
        self.within_limits()?;
        // Writers copy what is shared: a closed form may be far longer than the graph that it comes from.
        if best.as_ref().is_some_and(|b| b.0.1 > WRITTEN) {
            return Err(Diagnostic::error("E604", Span::default(), format!("the closed form has more than {WRITTEN} nodes"))
                .because("every definition is written out where it is used")
                .help("derive by a definition nearer to the target, or run the derivative without writing it")
                .into());
        }
        let Some(((indexed, ..), tensor, syntax, root)) = best else {
            return Err(Diagnostic::error("E301", Span::default(), "this derivative cannot be written down")
                .because("a factor has more than two axes")
                .help("name sub-expressions, or derive by a smaller variable")
                .into());
        };
        if !found[..of_full].contains(&tensor) {
            fired.retain(|rule| !self.fired.iter().any(|r| std::ptr::eq(*r, *rule)));
            self.fired.extend(fired);
        }
        let axes = self.pool.axes(tensor).to_vec();
        let pick = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        let laid = Shape::new(pick(&face.rows), pick(&face.cols));
        let shape_text =
            if matrix { shape_text(&self.pool, &laid) } else { axes_text(&self.pool, &groups.iter().map(|g| pick(g)).collect::<Vec<_>>()) };
        let stack = if matrix { face.clone() } else { stacked(shape, variables) };
        let declared = self.formula.declared();
        let mut structure = structure::structure(&mut self.pool, tensor, &stack, &declared);
        // diag(p)*(eye - 1 p') is a diagonal and a column times a row too, which only the other form shows.
        if structure.kind == structure::Kind::Dense && stack.rows.len() == 1 && stack.cols.len() == 1 {
            let others = found.iter().filter(|e| **e != tensor).map(|e| structure::structure(&mut self.pool, *e, &stack, &declared));
            structure = others.into_iter().find(|s| s.kind != structure::Kind::Dense).unwrap_or(structure);
        }
        Ok(Part {
            of: of.to_string(),
            wrt,
            shape: laid,
            shape_text,
            layout: request.layout,
            structure,
            tensor,
            face,
            stack,
            vec: stacked(shape, variables),
            syntax,
            root,
            indexed,
            direction,
        })
    }

    pub(super) fn within_limits(&self) -> Result<(), Error> {
        self.pool.limit().map_or(Ok(()), |code| Err(differentiate::limit(code).into()))
    }

    /// The derivative on the space of structured matrices: the projection of the property's row.
    pub(super) fn project(&mut self, g: Expr, structure: &str, shape: &Shape, variables: &[Shape]) -> Result<Expr, Error> {
        let row = PROPERTIES.iter().enumerate().find(|(_, p)| p.name == structure && !p.project.is_empty());
        let square = shape.is_scalar() && variables.len() == 1 && variables[0].rows.len() == 1 && variables[0].rows == variables[0].cols;
        match row {
            Some((k, row)) if square => {
                let text = planted::text(self.pool.planted(), Table::Projection, k, 0, row.project);
                let names = [("G".to_string(), g)];
                crate::calculus::library::matrix_formula(&mut self.pool, text, &names).ok_or_else(|| {
                    Diagnostic::error("E301", Span::default(), format!("the projection for `{structure}` is not known"))
                        .help("leave `structure` out")
                        .into()
                })
            }
            Some(_) => {
                Err(Diagnostic::error("E301", Span::default(), "a structured derivative is the gradient of a scalar by a square matrix")
                    .help("leave `structure` out: the entries then count as independent")
                    .into())
            }
            None => Err(Diagnostic::error("E402", Span::default(), format!("there is no structure `{structure}`"))
                .help("symmetric, diagonal or lower")
                .into()),
        }
    }
}
