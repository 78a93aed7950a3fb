//! The one front door: every skin (command line, REPL, studio, Python) goes through [`Formula`].

use crate::calculus::differentiate::{self, Tape, chain, differentiate};
use crate::calculus::domain;
use crate::calculus::elaborate::{self, Options};
use crate::calculus::model::{Condition, Model};
use crate::calculus::notate::{Face, Spelling, notate, notate_indexed};
use crate::calculus::simplify;
use crate::calculus::structure;
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::facts::planted::{self, Table};
use crate::facts::properties::PROPERTIES;
use crate::facts::rules::Rule;
use crate::program::plan::{Purpose, inputs_of, needs_of, plan, plan_tape};
use crate::program::program::Program;
use crate::syntax::parse::parse_document;
use crate::syntax::suggest::nearest;
use crate::syntax::tree::{NodeId, Role, Syntax};
use crate::syntax::{latex, mathml, plain, unicode};
use crate::tensor::{Dim, Expr, Label, Pattern, Pool, Shape, VarId, VarKind};
use rustc_hash::FxHashMap;

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
    /// Jacobian times a direction (its name is the variable's with `d` before).
    Jvp,
    /// Cotangent times Jacobian (its name is the target's with `_bar` behind).
    Vjp,
    /// Hessian times a direction `v`.
    Hvp,
}

pub use crate::calculus::differentiate::Elimination;

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
    /// `symmetric` or `diagonal`: the structured derivative.
    pub structure: Option<String>,
    /// Order of elimination.
    pub elimination: Elimination,
}

/// One derivative.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name of the target, `f` for a bare expression.
    pub of: String,
    /// The variables, one per order of differentiation.
    pub wrt: Vec<String>,
    /// Rows × columns in the chosen layout; for order 3 and 4 rows are the function's axes, columns the variables'.
    pub shape: Shape,
    /// Sizes as text: rows and columns (`["N", "n"]`, `["1", "n"]`); for index notation one per axis.
    pub shape_text: Vec<String>,
    /// The layout.
    pub layout: Layout,
    /// `zero`, `identity`, `diagonal`, `dense`, `symmetric`, `constant` …
    pub pattern: String,
    /// The derivative with axes of the target, then of the variables; simplified.
    pub tensor: Expr,
    /// Which axes of the tensor are rows and columns in the chosen layout.
    pub face: Face,
    /// The printed tree.
    pub syntax: Syntax,
    /// Its root.
    pub root: NodeId,
    /// Whether it is printed in index notation.
    pub indexed: bool,
}

impl Part {
    /// In the input language; parses back to the same expression.
    pub fn plain(&self) -> String {
        plain::plain(&self.syntax, self.root)
    }
    /// With mathematical signs.
    pub fn unicode(&self) -> String {
        unicode::unicode(&self.syntax, self.root)
    }
    /// LaTeX.
    pub fn latex(&self) -> String {
        latex::latex(&self.syntax, self.root)
    }
    /// MathML Core.
    pub fn mathml(&self) -> String {
        mathml::mathml(&self.syntax, self.root)
    }
    /// Nodes of the printed tree: names, numbers, operators, calls.
    pub fn nodes(&self) -> usize {
        self.syntax.count(self.root)
    }
}

/// What a request gives.
#[derive(Clone, Debug)]
pub struct Derivative {
    /// The arena of the tensors of the parts.
    pub pool: Pool,
    /// One per variable.
    pub parts: Vec<Part>,
    /// Domains and kinks that the derivative depends on.
    pub conditions: Vec<Condition>,
    /// Rules of `facts::rules` that shortened it, each once; their conditions hold wherever those of the formula do.
    pub rules: Vec<&'static Rule>,
    given: Given,
}

impl Derivative {
    /// A program whose only output is the value of a part, laid out as rows × columns of `part.shape`
    /// (axes rows then columns). The inputs are those of the formula that it reads.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn program(&self, part: usize) -> Result<Program, Error> {
        let part = &self.parts[part];
        let mut pool = self.pool.clone();
        let order: Vec<usize> = part.face.rows.iter().chain(&part.face.cols).copied().collect();
        let e = pool.permute(part.tensor, &order);
        planned(&mut pool, Purpose::Derivative, &self.given, &part.of, e)
    }
    /// A program whose only output is the tensor of a part: axes of the target, then of the variables.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn tensor_program(&self, part: usize) -> Result<Program, Error> {
        let part = &self.parts[part];
        planned(&mut self.pool.clone(), Purpose::Derivative, &self.given, &part.of, part.tensor)
    }
}

/// Variables that programs read, and what is needed of sizes.
#[derive(Clone, Debug)]
struct Given {
    inputs: Vec<(String, VarId, usize)>,
    needs: Vec<(Dim, String)>,
}

impl Given {
    fn of(model: &Model) -> Given {
        Given { inputs: inputs_of(model), needs: model.needs.clone() }
    }
}

fn planned(pool: &mut Pool, purpose: Purpose, given: &Given, name: &str, e: Expr) -> Result<Program, Error> {
    let mut program = plan(pool, purpose, &given.inputs, &[(name.to_string(), e)]);
    program.needs = needs_of(pool, &given.needs);
    match pool.limit() {
        Some(code) => Err(differentiate::limit(code).into()),
        None => Ok(program),
    }
}

/// Derivatives that were taken but not written out: they share sub-expressions through named parts, and taking them costs time
/// linear in the formula. [`Formula::derive`] writes them as closed forms, whose length may grow faster.
#[derive(Clone, Debug)]
pub struct Derived {
    pool: Pool,
    tape: Tape,
    tensors: Vec<(String, Expr)>,
    given: Given,
}

impl Derived {
    /// Distinct nodes of the derivatives and of everything that they are defined by.
    pub fn nodes(&self) -> usize {
        let mut roots: Vec<Expr> = self.tensors.iter().map(|t| t.1).collect();
        roots.extend(self.tape.definitions.iter().map(|d| d.1));
        self.pool.under(&roots).len()
    }
    /// Units of work spent, as the fuel of [`crate::tensor::Limits`] counts them.
    pub fn work(&self) -> u64 {
        self.pool.spent()
    }
    /// A program with one output per variable: the tensors, axes of the target, then of the variable.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn program(&self) -> Result<Program, Error> {
        let mut pool = self.pool.clone();
        let mut program = plan_tape(&mut pool, Purpose::Derivative, &self.given.inputs, &self.tape.definitions, &self.tensors);
        program.needs = needs_of(&pool, &self.given.needs);
        pool.limit().map_or(Ok(program), |code| Err(differentiate::limit(code).into()))
    }
}

/// A typed formula, ready to be derived.
///
/// ```
/// use hesse::{Formula, Layout, Request};
/// let f = Formula::parse("A : matrix(m, n)\nx : vector(n)\nb : vector(m)\nnorm2(A*x - b)^2", false)?;
/// let request = Request { wrt: vec!["x".into()], layout: Layout::Denominator, ..Request::default() };
/// assert_eq!(f.derive(&request)?.parts[0].plain(), "2*A'*(A*x - b)");
/// # Ok::<(), hesse::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Formula {
    source: String,
    model: Model,
}

impl Formula {
    /// Reads a whole `.hesse` text (or a bare expression: undeclared names are inferred). With `strict`, what would be assumed is refused.
    ///
    /// # Errors
    /// What cannot be read or typed: codes E1xx and E2xx with places, at most five, root causes first.
    pub fn parse(source: &str, strict: bool) -> Result<Formula, Error> {
        Formula::parse_with(source, &Options { strict, ..Options::default() })
    }
    /// As [`Formula::parse`], with limits and a callback that may cancel:
    ///
    /// ```
    /// use hesse::calculus::elaborate::Options;
    /// use hesse::tensor::Limits;
    /// use hesse::{Formula, Request};
    /// let options = Options { limits: Limits { fuel: 50, ..Limits::default() }, ..Options::default() };
    /// let derived = Formula::parse_with("sum((A*x - b).^2)/rows(A)", &options).and_then(|f| f.derive(&Request::default()));
    /// assert_eq!(derived.unwrap_err().first().code, "E605");
    /// ```
    ///
    /// # Errors
    /// As [`Formula::parse`].
    pub fn parse_with(source: &str, options: &Options) -> Result<Formula, Error> {
        let document = parse_document(source)?;
        let model = elaborate::elaborate(&document, source, options)?;
        Ok(Formula { source: source.to_string(), model })
    }
    /// Reads one expression over declared variables (`("X", "matrix(m,n)")`), with a domain in the mini-language of the manual
    /// (`X posdef; x > 0; dim m > n`). Spans are those of `expression`.
    ///
    /// # Errors
    /// As [`Formula::parse`]; a name that is not declared is unknown (E101).
    pub fn expression(vars: &[(String, String)], expression: &str, domain: &str) -> Result<Formula, Error> {
        Formula::expression_with(vars, expression, &Options { strict: true, domain: domain::parse(domain), ..Options::default() })
    }
    /// As [`Formula::expression`], with limits and a callback that may cancel.
    ///
    /// # Errors
    /// As [`Formula::expression`].
    pub fn expression_with(vars: &[(String, String)], expression: &str, options: &Options) -> Result<Formula, Error> {
        let model = elaborate::elaborate_expression(vars, expression, options)?;
        Ok(Formula { source: expression.to_string(), model })
    }
    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The typed model: inputs, definitions, conditions, notes.
    pub fn model(&self) -> &Model {
        &self.model
    }
    /// The derivatives.
    ///
    /// # Errors
    /// An unknown target or variable (E401), a target of the wrong shape (E207), a function without a slope (E301), a limit (E6xx).
    pub fn derive(&self, request: &Request) -> Result<Derivative, Error> {
        self.derivation().run(request)
    }
    /// The derivatives, taken but not written out.
    ///
    /// # Errors
    /// As [`Formula::derive`].
    pub fn differentiate(&self, request: &Request) -> Result<Derived, Error> {
        let mut work = self.derivation();
        let tensors = work.symbolic(request)?.into_iter().map(|s| (s.names.join(", "), s.tensor)).collect();
        work.within_limits()?;
        Ok(Derived { pool: work.pool, tape: work.tape, tensors, given: work.given })
    }
    /// A program that computes a definition (the last one if `None`): the formula as written, nothing assumed. This is what the
    /// numeric oracles run.
    ///
    /// # Errors
    /// An unknown target (E401), a limit (E6xx).
    pub fn program(&self, target: Option<&str>) -> Result<Program, Error> {
        self.program_by(target, &[])
    }
    /// As [`Formula::program`], with definitions in `moved` read as inputs: everything behind them is constant.
    ///
    /// # Errors
    /// As [`Formula::program`].
    pub fn program_by(&self, target: Option<&str>, moved: &[String]) -> Result<Program, Error> {
        let (name, value, _) = self.target(target)?;
        let mut pool = self.model.pool.clone();
        let mut given = Given::of(&self.model);
        let mut tape = self.tape();
        for v in self.model.vertices.iter().filter(|v| v.name.as_ref().is_some_and(|n| moved.contains(n))) {
            tape.definitions.retain(|d| d.0 != v.symbol);
            given.inputs.push((v.name.clone().unwrap_or_default(), v.symbol, v.shape.rows.len()));
        }
        let e = tape.expand(&mut pool, value);
        planned(&mut pool, Purpose::Formula, &given, &name, e)
    }
    /// Whether a text over the same variables means the same expression as a part of a derivative of this formula:
    /// equal handles after the same simplification.
    ///
    /// # Errors
    /// The text cannot be read or typed.
    pub fn reads_back(&self, derivative: &Derivative, part: usize, text: &str) -> Result<bool, Error> {
        let vars: Vec<(String, String)> =
            self.model.input_types().iter().filter_map(|t| t.split_once(" : ")).map(|(a, b)| (a.to_string(), b.to_string())).collect();
        let options = Options { strict: true, sizes: self.model.pool.dims.names().to_vec(), ..Options::default() };
        let read = Formula::expression_with(&vars, text, &options)?;
        let part = &derivative.parts[part];
        let mut pool = read.model.pool.clone();
        let (_, value, shape) = read.target(None)?;
        // A row is not a column.
        let faces = [shape_text(&read.model.pool, &shape), shape_text(&derivative.pool, &part.shape)];
        if !part.indexed && faces[0] != faces[1] {
            return Ok(false);
        }
        let again = read.tape().expand(&mut pool, value);
        let mut same: FxHashMap<VarId, VarId> = FxHashMap::default();
        for (name, var, _) in &derivative.given.inputs {
            if let Some(other) = read.model.inputs.iter().find(|i| i.name == *name) {
                same.insert(*var, other.var);
            }
        }
        let Some(mine) = pool.import(&derivative.pool, part.tensor, &same) else { return Ok(false) };
        let order: Vec<usize> = part.face.rows.iter().chain(&part.face.cols).copied().collect();
        let mine = pool.permute(mine, &order);
        let symmetric: Vec<VarId> = self.symmetric().iter().filter_map(|v| same.get(v).copied()).collect();
        let both = [mine, again].map(|e| simplify::normal(&mut pool, e, &symmetric, &mut vec![]));
        Ok(both[0] == both[1])
    }

    fn derivation(&self) -> Derivation<'_> {
        Derivation { formula: self, pool: self.model.pool.clone(), tape: self.tape(), given: Given::of(&self.model), fired: vec![] }
    }

    fn tape(&self) -> Tape {
        Tape { definitions: self.model.vertices.iter().map(|v| (v.symbol, v.value)).collect() }
    }

    fn symmetric(&self) -> Vec<VarId> {
        self.model.inputs.iter().filter(|i| i.properties.iter().any(|p| p == "symmetric")).map(|i| i.var).collect()
    }

    fn target(&self, name: Option<&str>) -> Result<(String, Expr, Shape), Error> {
        let found = match name {
            None => self.model.definitions.last(),
            Some(name) => self.model.definitions.iter().find(|d| d.name == name),
        };
        match found {
            Some(d) => Ok((if d.name.is_empty() { "f".into() } else { d.name.clone() }, d.value, d.shape.clone())),
            None => {
                let names: Vec<&str> = self.model.definitions.iter().map(|d| d.name.as_str()).filter(|n| !n.is_empty()).collect();
                Err(unknown("definition", name.unwrap_or(""), &names))
            }
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    let help = match nearest(name, known.iter().copied()) {
        Some(n) => format!("did you mean `{n}`?"),
        None if known.is_empty() => "the formula has none: add one".to_string(),
        None => format!("one of: {}", known.join(", ")),
    };
    Diagnostic::error("E401", Span::default(), format!("there is no {what} `{name}` in the formula")).help(help).into()
}

/// The longest closed form that is written, in nodes.
const WRITTEN: usize = 200_000;

/// One request under way: the pool and tape are its own.
struct Derivation<'a> {
    formula: &'a Formula,
    pool: Pool,
    tape: Tape,
    given: Given,
    fired: Vec<&'static Rule>,
}

/// A derivative over symbols: its tensor has the axes of `shape`, then those of the variables.
struct Symbolic {
    of: String,
    names: Vec<String>,
    tensor: Expr,
    shape: Shape,
    variables: Vec<Shape>,
}

/// A variable of differentiation: name, symbol, face.
type Variable = (String, VarId, Shape);

impl Derivation<'_> {
    fn run(mut self, request: &Request) -> Result<Derivative, Error> {
        let mut parts = vec![];
        for symbolic in self.symbolic(request)? {
            parts.push(self.part(symbolic, request)?);
        }
        self.within_limits()?;
        Ok(Derivative { pool: self.pool, parts, conditions: self.formula.model.conditions.clone(), rules: self.fired, given: self.given })
    }

    /// The derivatives over the symbols of the tape, before anything is written out.
    fn symbolic(&mut self, request: &Request) -> Result<Vec<Symbolic>, Error> {
        let (of, target, shape) = self.formula.target(request.target.as_deref())?;
        let wrt = self.variables(request)?;
        self.scalar_where_wanted(&of, &shape, request)?;
        let first_order = matches!(request.want, Want::Gradient | Want::Jacobian | Want::Derivative) && request.order <= 1;
        let joined = request.wrt.len() > 1 && wrt.iter().all(|v| v.2.is_scalar()) && shape.cols.is_empty();
        if first_order && joined {
            let tensor = self.row_of_partials(target, &wrt, request.elimination)?;
            let columns = self.pool.dims.integer(wrt.len() as i64);
            let names = wrt.iter().map(|v| v.0.clone()).collect();
            return Ok(vec![Symbolic { of, names, tensor, shape, variables: vec![Shape::new(vec![columns], vec![])] }]);
        }
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
            });
            return Ok(made.collect());
        }
        let mut made = vec![];
        for v in wrt {
            let second = match &request.wrt2 {
                Some(name) => self.variable(name)?,
                None => v.clone(),
            };
            let (tensor, names, variables, shape) = self.tensor(target, &shape, &of, &v, &second, request)?;
            made.push(Symbolic { of: of.clone(), names, tensor, shape, variables });
        }
        Ok(made)
    }

    fn variables(&self, request: &Request) -> Result<Vec<Variable>, Error> {
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

    /// The derivative over symbols: its tensor, the names and faces of the variables, the face of what was derived.
    fn tensor(
        &mut self,
        target: Expr,
        shape: &Shape,
        of: &str,
        v: &Variable,
        second: &Variable,
        request: &Request,
    ) -> Result<(Expr, Vec<String>, Vec<Shape>, Shape), Error> {
        let names = |n: usize| -> Vec<String> {
            std::iter::once(&v.0).chain(std::iter::repeat_n(&second.0, n.saturating_sub(1))).cloned().collect()
        };
        let order = request.elimination;
        match request.want {
            Want::Hessian => {
                let first = self.by(target, v.1, order)?;
                Ok((self.by(first, second.1, order)?, names(2), vec![v.2.clone(), second.2.clone()], shape.clone()))
            }
            // First derivatives are taken for all variables at once, by `symbolic`.
            Want::Gradient | Want::Jacobian | Want::Derivative => {
                let mut e = self.by(target, v.1, order)?;
                for _ in 1..request.order {
                    e = self.by(e, second.1, order)?;
                }
                let shapes = std::iter::once(&v.2).chain(std::iter::repeat_n(&second.2, request.order - 1)).cloned().collect();
                Ok((e, names(request.order), shapes, shape.clone()))
            }
            Want::Vjp => {
                let cotangent = self.direction(&format!("{of}_bar"), shape);
                let labels: Vec<Label> = (0..self.pool.rank(target) as Label).collect();
                let paired = self.pool.product(&[(cotangent, &labels), (target, &labels)], &[], &[]);
                Ok((self.by(paired, v.1, order)?, names(1), vec![v.2.clone()], Shape::scalar()))
            }
            Want::Jvp => {
                let jacobian = self.by(target, v.1, order)?;
                let direction = self.direction(&format!("d{}", v.0), &v.2);
                let rank = self.pool.rank(direction);
                Ok((chain(&mut self.pool, jacobian, direction, rank), vec![], vec![], shape.clone()))
            }
            Want::Hvp => {
                let gradient = self.by(target, v.1, order)?;
                let direction = self.direction("v", &v.2);
                let labels: Vec<Label> = (0..self.pool.rank(direction) as Label).collect();
                let along = self.pool.product(&[(gradient, &labels), (direction, &labels)], &[], &[]);
                Ok((self.by(along, v.1, order)?, names(2), vec![v.2.clone()], Shape::scalar()))
            }
        }
    }

    fn by(&mut self, target: Expr, v: VarId, order: Elimination) -> Result<Expr, Error> {
        Ok(differentiate(&mut self.pool, &mut self.tape, target, &[v], order)?[0])
    }

    /// A new input: a direction or cotangent.
    fn direction(&mut self, name: &str, shape: &Shape) -> Expr {
        let (var, e) = self.pool.declare(name, shape.axes(), VarKind::Input);
        self.given.inputs.push((name.to_string(), var, shape.rows.len()));
        e
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
        let Symbolic { of, names: wrt, tensor, shape, variables } = symbolic;
        let (shape, variables) = (&shape, variables.as_slice());
        let mut full = self.tape.expand(&mut self.pool, tensor);
        if let Some(structure) = &request.structure {
            full = self.project(full, structure, shape, variables)?;
        }
        let found = simplify::candidates(&mut self.pool, full, &self.formula.symmetric(), &mut self.fired);
        self.within_limits()?;
        let (face, matrix) = face(shape, variables, request);
        let spelling = Spelling {
            rows: self.given.inputs.iter().map(|(_, v, rows)| (*v, *rows)).collect(),
            relu: self.formula.source.contains("relu("),
        };
        // Of equal expressions the one that prints shortest; matrix notation before index notation.
        let mut best: Option<((bool, usize), Expr, Syntax, NodeId)> = None;
        for e in found {
            let rank = self.pool.rank(e);
            let written = if matrix { notate(&mut self.pool, e, &face, &spelling) } else { None };
            let indexed = written.is_none();
            let groups = if matrix { grouped(&face) } else { (0..rank).map(|a| vec![a]).collect() };
            let Some((syntax, root)) = written.or_else(|| notate_indexed(&mut self.pool, e, &groups, &spelling)) else { continue };
            let cost = (indexed, syntax.count(root));
            if best.as_ref().is_none_or(|b| cost < b.0) {
                best = Some((cost, e, syntax, root));
            }
        }
        self.within_limits()?;
        // Writers copy what is shared: a closed form may be far longer than the graph that it comes from.
        if best.as_ref().is_some_and(|b| b.0.1 > WRITTEN) {
            return Err(Diagnostic::error("E604", Span::default(), format!("the closed form has more than {WRITTEN} nodes"))
                .because("every definition is written out where it is used")
                .help("derive by a definition nearer to the target, or run the derivative without writing it")
                .into());
        }
        let Some(((indexed, _), tensor, syntax, root)) = best else {
            return Err(Diagnostic::error("E301", Span::default(), "this derivative cannot be written down")
                .because("a factor has more than two axes")
                .help("name sub-expressions, or derive by a smaller variable")
                .into());
        };
        let axes = self.pool.axes(tensor).to_vec();
        let pick = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        let laid = Shape::new(pick(&face.rows), pick(&face.cols));
        let shape_text = if matrix { shape_text(&self.pool, &laid) } else { axes.iter().map(|d| self.pool.dims.text(*d)).collect() };
        let rows = shape.axes().len().max(if variables.len() > 1 { variables[0].axes().len() } else { 0 });
        let pattern = structure::pattern(&mut self.pool, tensor, rows).to_string();
        Ok(Part { of: of.to_string(), wrt, shape: laid, shape_text, layout: request.layout, pattern, tensor, face, syntax, root, indexed })
    }

    fn within_limits(&self) -> Result<(), Error> {
        self.pool.limit().map_or(Ok(()), |code| Err(differentiate::limit(code).into()))
    }

    /// The derivative on the space of structured matrices: the projection of the property's row.
    fn project(&mut self, g: Expr, structure: &str, shape: &Shape, variables: &[Shape]) -> Result<Expr, Error> {
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

/// `["m*n", "k"]`
fn shape_text(pool: &Pool, shape: &Shape) -> Vec<String> {
    let mut dims = pool.dims.clone();
    let mut side = |axes: &[Dim]| {
        let one = dims.integer(1);
        let total = axes.iter().fold(one, |d, e| dims.multiply(d, *e));
        dims.text(total)
    };
    vec![side(&shape.rows), side(&shape.cols)]
}

/// Index groups of a face: `[(i k),(j l)]`, a row as `[,j]`.
fn grouped(face: &Face) -> Vec<Vec<usize>> {
    match (face.rows.is_empty(), face.cols.is_empty()) {
        (true, true) => vec![],
        (false, true) => vec![face.rows.clone()],
        _ => vec![face.rows.clone(), face.cols.clone()],
    }
}

/// Rows and columns of a derivative, and whether it is a matrix at all (else it has an axis per index).
///
/// | function | variable | numerator layout |
/// |---|---|---|
/// | scalar | anything | the variable's shape transposed |
/// | anything | scalar | the function's shape |
/// | vector | vector | function × variable |
/// | scalar, twice | vectors | first × second variable |
fn face(shape: &Shape, variables: &[Shape], request: &Request) -> (Face, bool) {
    let f = shape.axes().len();
    let rank = f + variables.iter().map(|v| v.axes().len()).sum::<usize>();
    let vector = |s: &Shape| s.rows.is_empty() || s.cols.is_empty();
    let flip = |face: Face, yes: bool| if yes { face.transposed() } else { face };
    let denominator = request.layout == Layout::Denominator;
    // Products with a direction have the shape of the variable, or of the function: layout does not enter.
    match (variables, request.want) {
        ([], _) => return (Face::split(rank, shape.rows.len()), true),
        ([x], Want::Vjp | Want::Hvp) => return (Face::split(rank, x.rows.len()), true),
        _ => {}
    }
    match variables {
        [x] if f == 0 => (flip(Face::split(rank, x.rows.len()).transposed(), denominator), true),
        [x] if x.is_scalar() => (flip(Face::split(rank, shape.rows.len()), denominator), true),
        [x] if vector(shape) && vector(x) => (flip(Face::split(rank, f), denominator), true),
        [x, y] if f == 0 && vector(x) && vector(y) => (Face::split(rank, x.axes().len()), true),
        _ if rank <= 1 => (Face::split(rank, rank), true),
        _ => (Face::split(rank, f), false),
    }
}
