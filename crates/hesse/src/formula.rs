//! The one front door: every skin (command line, REPL, studio, Python) goes through [`Formula`].

mod explain;
mod face;
mod joint;
mod named;
mod operations;
mod reading;
mod request;
mod working;

pub use named::{Name, Named};
pub use operations::{Operation, Reads};

use crate::calculus::differentiate::{self, Tape};
use crate::calculus::domain;
use crate::calculus::elaborate::{self, Options};
use crate::calculus::model::{Asks, Condition, Model};
use crate::calculus::notate::{Face, Spelling, notate, notate_indexed};
use crate::calculus::simplify;
use crate::calculus::structure::{self, Structure};
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::facts::rules::Rule;
use crate::program::plan::{Purpose, inputs_of, needs_of, plan, plan_tape};
use crate::program::program::{Program, StableForm};
use crate::program::stabilise::{of_same_sign, stabilise};
use crate::syntax::parse::parse_document;
use crate::syntax::suggest::nearest;
use crate::syntax::tree::{NodeId, Syntax};
use crate::syntax::{latex, mathml, plain, unicode};
use crate::tensor::{Dim, Expr, Pool, Shape, VarId};
use face::shape_text;
use rustc_hash::FxHashMap;
use working::Working;

pub use crate::calculus::differentiate::Elimination;
pub use face::Form;
pub use joint::{Ask, Joint, JointResult};
pub use request::{Layout, Request, Want};

/// One derivative.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name of the target, `f` for a bare expression.
    pub of: String,
    /// The variables, one per order of differentiation.
    pub wrt: Vec<String>,
    /// Rows × columns in the chosen layout; for order 3 and 4 rows are the function's axes, columns the variables'.
    pub shape: Shape,
    /// Sizes as text: rows and columns (`["N", "n"]`, `["1", "n"]`); of more than two axes one for each side of the function and of
    /// the variables (`["m*n", "k", "l"]`).
    pub shape_text: Vec<String>,
    /// The layout.
    pub layout: Layout,
    /// What its form says of its entries: which can be non-zero, how many. Of more than two axes: as the matrix of [`Form::Vec`].
    pub structure: Structure,
    /// The derivative with axes of the target, then of the variables; simplified.
    pub tensor: Expr,
    /// Which axes of the tensor are rows and columns in the chosen layout.
    pub face: Face,
    /// The same for what is no matrix in the chosen form: columns stacked.
    pub stack: Face,
    /// The face of [`Form::Vec`] in numerator layout, whatever was asked for: the function's columns stacked, then the variable's.
    pub vec: Face,
    /// The printed tree.
    pub syntax: Syntax,
    /// Its root.
    pub root: NodeId,
    /// Whether it is printed in index notation.
    pub indexed: bool,
    /// The name of the direction or cotangent that it is a product with.
    pub direction: Option<String>,
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
    declared: Vec<(VarId, Vec<String>)>,
}

/// The largest picture, in entries.
const PICTURE: usize = 1 << 14;

impl Derivative {
    /// Which entries of a part can be non-zero at these sizes of names: rows of the matrix in its layout, of more than two axes
    /// as that of [`Form::Vec`].
    ///
    /// ```
    /// let f = hesse::Formula::parse("x : vector(n); x.^2", false)?;
    /// let picture = f.derive(&hesse::Request::default())?.picture(0, &|_| 2)?;
    /// assert_eq!(picture, [[true, false], [false, true]]);
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// E402 where sizes so small make no sense of the formula, or the picture would be too large.
    pub fn picture(&self, part: usize, size: &dyn Fn(&str) -> usize) -> Result<Vec<Vec<bool>>, Error> {
        let part = &self.parts[part];
        structure::picture(&self.pool, part.tensor, &part.stack, &self.declared, size, PICTURE).ok_or_else(|| {
            Diagnostic::error("E402", Span::default(), "there is no picture at these sizes")
                .because(format!("a position of the formula lies outside, or the matrix has more than {PICTURE} entries"))
                .help("choose another size: --picture 8")
                .into()
        })
    }

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
        planned_stable(&mut pool, Purpose::Derivative, &self.given, &part.of, e)
    }
    /// A program whose only output is the tensor of a part: axes of the target, then of the variables.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn tensor_program(&self, part: usize) -> Result<Program, Error> {
        let part = &self.parts[part];
        planned_stable(&mut self.pool.clone(), Purpose::Derivative, &self.given, &part.of, part.tensor)
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

/// What is written, planned as it stands.
fn planned(pool: &mut Pool, purpose: Purpose, given: &Given, name: &str, e: Expr) -> Result<Program, Error> {
    let mut program = plan(pool, purpose, &given.inputs, &[(name.to_string(), e)]);
    program.needs = needs_of(pool, &given.needs);
    match pool.limit() {
        Some(code) => Err(differentiate::limit(code).into()),
        None => Ok(program),
    }
}

/// What is written, planned as stable forms of it, which the program names.
fn planned_stable(pool: &mut Pool, purpose: Purpose, given: &Given, name: &str, e: Expr) -> Result<Program, Error> {
    let (mut found, mut outputs) = (vec![], [e]);
    stabilise(pool, &mut [], &mut outputs, &mut found);
    let mut program = planned(pool, purpose, given, name, outputs[0])?;
    let spelling = Spelling { rows: given.inputs.iter().map(|(_, v, rows)| (*v, *rows)).collect(), ..Spelling::default() };
    for form in found {
        let rank = pool.rank(form.value);
        let matrix = if rank <= 2 { notate(pool, form.value, &Face::split(rank, rank.min(1)), &spelling) } else { None };
        let groups: Vec<Vec<usize>> = (0..rank).map(|a| vec![a]).collect();
        let Some((syntax, root)) = matrix.or_else(|| notate_indexed(pool, form.value, &groups, &spelling)) else { continue };
        // One form holds another, and a tree repeats what the graph shares: what nobody reads is not written.
        let nodes = syntax.count(root);
        let text = if nodes > FORM { format!("({nodes} nodes)") } else { plain::plain(&syntax, root) };
        program.forms.push(StableForm { name: form.name.to_string(), text });
    }
    Ok(program)
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
        let mut definitions = self.tape.definitions.clone();
        let mut stable: Vec<Expr> = self.tensors.iter().map(|t| t.1).collect();
        stabilise(&mut pool, &mut definitions, &mut stable, &mut vec![]);
        let tensors: Vec<(String, Expr)> = self.tensors.iter().map(|t| t.0.clone()).zip(stable).collect();
        let mut program = plan_tape(&mut pool, Purpose::Derivative, &self.given.inputs, &definitions, &tensors);
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
        self.working().run(request)
    }
    /// The derivatives, taken but not written out.
    ///
    /// # Errors
    /// As [`Formula::derive`].
    pub fn differentiate(&self, request: &Request) -> Result<Derived, Error> {
        let mut work = self.computing();
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
    /// A program that computes a definition (the last one if `None`) by stable forms: what `eval` runs.
    ///
    /// ```
    /// use hesse::Formula;
    /// let f = Formula::parse("z : scalar\nlog(1 + exp(z))", false)?;
    /// assert_eq!(f.stable_program(None)?.forms[0].text, "softplus(z)");
    /// assert!(f.program(None)?.forms.is_empty());
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown target (E401), a limit (E6xx).
    pub fn stable_program(&self, target: Option<&str>) -> Result<Program, Error> {
        let (name, value, _) = self.target(target)?;
        let mut pool = self.model.pool.clone();
        let e = self.tape().expand(&mut pool, value);
        planned_stable(&mut pool, Purpose::Formula, &Given::of(&self.model), &name, e)
    }
    /// A program that computes what a condition of the model is about, of the sign that it has though it overflows as written; `None` if
    /// it is about nothing that has a value.
    ///
    /// # Errors
    /// A limit of the pool (E6xx).
    pub fn condition_program(&self, condition: &Condition) -> Result<Option<Program>, Error> {
        if condition.asks == Asks::Nothing || condition.of.is_empty() {
            return Ok(None);
        }
        let mut pool = self.model.pool.clone();
        let tape = self.tape();
        let mut value = |e: &Expr| {
            let e = tape.expand(&mut pool, *e);
            of_same_sign(&mut pool, e)
        };
        let outputs: Vec<(String, Expr)> = condition.of.iter().map(|e| (condition.expression.clone(), value(e))).collect();
        let program = plan(&mut pool, Purpose::Formula, &inputs_of(&self.model), &outputs);
        pool.limit().map_or(Ok(Some(program)), |code| Err(differentiate::limit(code).into()))
    }
    /// Whether a text over the same variables means the same expression as a part of a derivative of this formula:
    /// equal handles after the same simplification, as they are, spread out, or with what the canonical form leaves open settled. The text is an expression, perhaps after definitions,
    /// one a line.
    ///
    /// # Errors
    /// The text cannot be read or typed.
    pub fn reads_back(&self, derivative: &Derivative, part: usize, text: &str) -> Result<bool, Error> {
        let options = Options { strict: true, sizes: self.model.pool.dims.names().to_vec(), ..Options::default() };
        let read = if text.contains('\n') {
            Formula::parse_with(&derivative.declared(text), &options)?
        } else {
            Formula::expression_with(&derivative.declarations(), text, &options)?
        };
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
        // (A + B)*C is A*C + B*C: what was taken out to print shorter is spread out again.
        let spread = both.map(|e| simplify::spread(&mut pool, e, SPREAD));
        if both[0] == both[1] || spread[0].is_some() && spread[0] == spread[1] {
            return Ok(true);
        }
        // What is opened may cancel, and what cancels may open.
        let settled = both.map(|e| {
            let e = simplify::settled(&mut pool, e, SPREAD);
            let e = simplify::normal(&mut pool, e, &symmetric, &mut vec![]);
            simplify::settled(&mut pool, e, SPREAD)
        });
        Ok(settled[0] == settled[1] && pool.limit().is_none())
    }

    fn working(&self) -> Working<'_> {
        Working {
            formula: self,
            pool: self.model.pool.clone(),
            tape: self.tape(),
            given: Given::of(&self.model),
            fired: vec![],
            written: true,
            directions: vec![],
        }
    }

    /// Derivatives are to be computed, not written.
    fn computing(&self) -> Working<'_> {
        let mut work = Working { written: false, ..self.working() };
        work.tape.shared = true;
        work
    }

    fn tape(&self) -> Tape {
        Tape::new(self.model.vertices.iter().map(|v| (v.symbol, v.value)).collect())
    }

    /// How variables are written.
    fn spelling(&self, inputs: &[(String, VarId, usize)]) -> Spelling {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let place = |name: &str| {
            let starts = self.source.match_indices(name).map(|m| m.0);
            starts.into_iter().find(|&k| !self.source[..k].ends_with(word) && !self.source[k + name.len()..].starts_with(word))
        };
        Spelling {
            rows: inputs.iter().map(|(_, v, rows)| (*v, *rows)).collect(),
            relu: self.source.contains("relu("),
            places: inputs.iter().filter_map(|(name, v, _)| Some((*v, place(name)?))).collect(),
        }
    }

    /// The properties of the inputs.
    fn declared(&self) -> Vec<(VarId, Vec<String>)> {
        self.model.inputs.iter().map(|i| (i.var, i.properties.clone())).collect()
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

/// How many terms a text is spread into to see that it says the same.
const SPREAD: usize = 400;

/// The longest stable form whose text a program carries, in nodes.
const FORM: usize = 1000;
