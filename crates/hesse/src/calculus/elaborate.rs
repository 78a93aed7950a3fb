//! Document to model: names, shapes, vertices, conditions; or at most five complaints, root causes first.
//!
//! ```
//! use hesse::calculus::elaborate::{Options, elaborate};
//! use hesse::syntax::parse::parse_document;
//! let text = "sum((y - max(0, X*w + b)).^2)/N";
//! let model = elaborate(&parse_document(text)?, text, &Options::default())?;
//! assert_eq!(model.input_types(), ["y : vector(m)", "X : matrix(m, n)", "w : vector(n)", "b : scalar", "N : scalar"]);
//! # Ok::<(), hesse::Error>(())
//! ```

use crate::calculus::build;
use crate::calculus::complaint::{Context, type_text};
use crate::calculus::conditions;
use crate::calculus::domain::{self, Clause};
use crate::calculus::habit::{Habit, habit, habit_type};
use crate::calculus::lower::Lower;
use crate::calculus::model::{Asks, Condition, Input, Model, Origin};
use crate::calculus::scope::{Definition, Proto, Scope};
use crate::calculus::shapes::{Shapes, list_text, transposed};
use crate::calculus::term::{Op, TermId, Terms};
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::facts::planted::Planted;
use crate::syntax::parse::{parse_expression, parse_type};
use crate::syntax::tree::{Document, Role, Statement, Syntax};
use crate::tensor::dim::Dims;
use crate::tensor::{Dim, Limits, Pool, Shape, VarKind};

/// Errors reported for one text.
const ERRORS: usize = 5;

/// How to elaborate.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What would be assumed is refused (E209).
    pub strict: bool,
    /// A name that is neither declared nor defined is refused (E101).
    pub closed: bool,
    /// What is known of variables and sizes, beside the document; see [`domain::parse`].
    pub domain: Vec<Clause>,
    /// Further names of sizes, for an expression over declared variables.
    pub sizes: Vec<String>,
    /// Where its reader finds each line of a text that was put together: `on line 2 of a.hesse`. Nothing of a line: `on line 2`.
    pub lines: Vec<String>,
    /// What the expressions of the formula and of everything derived from it may cost.
    pub limits: Limits,
    /// A wrong fact, for the test that asks whether checks notice one.
    #[doc(hidden)]
    pub planted: Option<Planted>,
}

impl Model {
    /// The inputs with their types: `X : matrix(m, n)`.
    pub fn input_types(&self) -> Vec<String> {
        self.inputs.iter().map(|i| format!("{} : {}", i.name, type_text(&self.pool.dims, &i.shape))).collect()
    }
}

/// Types a whole document; undeclared names are inferred.
pub fn elaborate(document: &Document, source: &str, options: &Options) -> Result<Model, Error> {
    let mut pool = Pool::with_limits(options.limits);
    pool.plant(options.planted);
    let mut scope = Scope::read(document, &mut pool.dims);
    check_requests(document, &mut scope);
    if scope.definitions.is_empty() {
        scope.diagnostics.push(
            Diagnostic::error("E103", Span::default(), "nothing is computed")
                .because("the text declares variables but holds no expression")
                .help("add a definition, such as  C = sum(x.^2)"),
        );
    }
    finish(pool, &scope, &document.syntax, source, options, options.closed)
}

/// Types one expression over declared variables (`("X", "matrix(m,n)")`): any other name is refused.
/// Spans are those of `expression`.
///
/// ```
/// use hesse::calculus::elaborate::{Options, elaborate_expression};
/// let vars = [("A".to_string(), "matrix(m,n)".to_string()), ("x".to_string(), "vector(m)".to_string())];
/// let error = elaborate_expression(&vars, "A*x", &Options::default()).unwrap_err();
/// assert_eq!(error.first().code, "E201");
/// assert_eq!(error.first().help.as_deref(), Some("did you mean  A'*x  (gives n×1)  or  x'*A  (gives 1×n) ?"));
/// ```
pub fn elaborate_expression(vars: &[(String, String)], expression: &str, options: &Options) -> Result<Model, Error> {
    let mut pool = Pool::with_limits(options.limits);
    pool.plant(options.planted);
    let mut scope = Scope { declares: true, sizes: options.sizes.clone(), ..Scope::default() };
    declare(vars, &mut scope, &mut pool.dims)?;
    let (syntax, body) = parse_expression(expression)?;
    scope.definitions.push(Definition { name: "", span: Span::default(), body, assumed: vec![] });
    finish(pool, &scope, &syntax, expression, options, true)
}

/// Declares variables by their types as text.
pub(super) fn declare(vars: &[(String, String)], scope: &mut Scope<'_>, dims: &mut Dims) -> Result<(), Error> {
    for (name, of) in vars {
        if scope.inputs.iter().any(|p| p.name == *name) {
            return Err(Diagnostic::error("E108", Span::default(), format!("`{name}` is declared twice"))
                .because("every name has one type")
                .help("leave one of them out")
                .into());
        }
        let (syntax, of, attributes) = parse_type(of).map_err(|e| in_type(name, of, e))?;
        let before = scope.diagnostics.len();
        let attributes: Vec<_> = attributes.iter().map(|a| (a.text.as_str(), Span::default())).collect();
        scope.declare(name, Span::default(), Role::Plain, &syntax, &of, &attributes, dims);
        for d in &mut scope.diagnostics[before..] {
            d.labels[0].0 = Span::default();
            d.message = format!("in the type of `{name}`: {}", d.message);
        }
    }
    Ok(())
}

/// An error in a type, said of its variable: its place is not in the expression.
fn in_type(name: &str, of: &str, e: Error) -> Error {
    let diagnostics = e
        .diagnostics
        .into_iter()
        .map(|mut d| {
            d.message = format!("in the type `{of}` of `{name}`: {}", d.message);
            d.labels = vec![(Span::default(), String::new())];
            if d.help.is_none() {
                d.help = Some("types are scalar, vector(n), rowvector(n), matrix(m,n), symmetric(n), diagonal(n)".into());
            }
            d
        })
        .collect();
    Error { diagnostics }
}

/// `derive` lines name what is there.
fn check_requests(document: &Document, scope: &mut Scope<'_>) {
    for s in &document.statements {
        let Statement::Derive { target, span, .. } = s else { continue };
        if !target.is_empty() && !scope.definitions.iter().any(|d| d.name == target) {
            let names: Vec<&str> = scope.definitions.iter().map(|d| d.name).filter(|n| !n.is_empty()).collect();
            let d = Diagnostic::error("E401", *span, format!("`{target}` is not defined"))
                .because("a derive line names a definition of the same text")
                .help(if names.is_empty() { format!("define it:  {target} = …") } else { format!("write one of: {}", names.join(", ")) });
            scope.diagnostics.push(d);
        }
    }
}

fn refuse(mut diagnostics: Vec<Diagnostic>) -> Error {
    // The same mistake through several calls is said once.
    let mut seen: Vec<(Span, String)> = vec![];
    diagnostics.retain(|d| {
        let key = (d.span(), d.message.clone());
        let new = !seen.contains(&key);
        if new && seen.len() < 64 {
            seen.push(key);
        }
        new
    });
    diagnostics.truncate(ERRORS);
    Error { diagnostics }
}

fn finish(mut pool: Pool, scope: &Scope<'_>, syntax: &Syntax, source: &str, options: &Options, closed: bool) -> Result<Model, Error> {
    let mut lower = Lower::new(scope, syntax, &mut pool.dims, closed);
    lower.planted = options.planted;
    lower.definitions();
    let Lower { terms, inputs: mut protos, diagnostics: lowered, .. } = lower;
    let mut diagnostics = [scope.diagnostics.clone(), lowered].concat();
    unused_assumptions(&terms, &protos, &mut diagnostics);
    let mut relations = vec![];
    apply_domain(&mut protos, &mut relations, options, &mut diagnostics);

    // Shapes: forced, then by habit, then named.
    let mut shapes = Shapes::new(&terms, &protos, std::mem::take(&mut pool.dims));
    shapes.propagate(&terms);
    let (mut assumed, mut by_use) = (vec![], vec![]);
    if shapes.faults.is_empty() {
        assumed = shapes.by_blocks(&terms, &protos);
        let by_habit = shapes.by_habit(&terms, &protos);
        assumed.extend(by_habit.into_iter().filter(|k| !assumed.contains(k)).collect::<Vec<_>>());
        let mut taken = |name: &str| {
            protos.iter().any(|p| p.name == name)
                || scope.definitions.iter().any(|d| d.name == name)
                || scope.functions.iter().any(|f| f.name == name)
                || scope.sizes.iter().any(|s| s == name)
        };
        if shapes.faults.is_empty() {
            by_use = shapes.settle(&terms, &protos, &mut taken);
            by_use.retain(|k| protos[*k].sizes.is_none());
            assumed.extend(by_use.iter().filter(|k| !assumed.contains(k)).copied().collect::<Vec<_>>());
            assumed.sort_unstable();
        }
    }
    let context = Context { terms: &terms, shapes: &shapes, protos: &protos, source, lines: (!closed).then_some(&options.lines) };
    let mut faults = shapes.faults.clone();
    faults.sort_by_key(|f| f.0);
    diagnostics.extend(faults.iter().map(|(t, f)| context.complain(*t, f)));
    if options.strict && diagnostics.is_empty() {
        diagnostics.extend(assumed.iter().map(|&k| ambiguous(&protos[k], &shapes, k)));
    }
    if !diagnostics.is_empty() {
        return Err(refuse(diagnostics));
    }

    let assumed_of: Vec<Vec<String>> = scope.definitions.iter().map(|d| d.assumed.clone()).collect();
    let conditions = conditions::conditions(&terms, &shapes, &protos, &assumed_of, source);
    pool.dims = std::mem::take(&mut shapes.dims);
    let mut inputs = vec![];
    for (k, p) in protos.iter().enumerate() {
        let (r, c) = shapes.input(k);
        let list = |s| shapes.list(s).unwrap_or(&[]).to_vec();
        let shape = Shape::new(list(r), list(c));
        let (var, _) = pool.declare(&p.name, shape.axes(), VarKind::Input);
        let origin = match p.sizes {
            Some(_) => Origin::Declared,
            None if assumed.contains(&k) => Origin::Assumed,
            None => Origin::Inferred,
        };
        inputs.push(Input { name: p.name.clone(), var, shape, role: p.role, properties: p.properties.clone(), span: p.span, origin });
    }
    let vars: Vec<_> = inputs.iter().map(|i| i.var).collect();
    let built = build::build(&mut pool, &terms, &shapes, &vars, &scope.definitions);
    if let Some(code) = pool.limit() {
        return Err(limit(code).into());
    }
    if !built.diagnostics.is_empty() {
        return Err(refuse(built.diagnostics));
    }
    let valued = |(c, of): (Condition, Vec<TermId>)| Condition { of: of.iter().filter_map(|t| built.values[t.index()]).collect(), ..c };
    let mut conditions: Vec<Condition> = conditions.into_iter().map(valued).collect();
    let mut needs: Vec<(Dim, String)> = vec![];
    for (k, (d, span)) in built.needs.iter().enumerate() {
        // n >= 3 says n >= 2 as well.
        let mut implied = false;
        for (m, (other, _)) in built.needs.iter().enumerate() {
            let gap = pool.dims.subtract(*d, *other);
            implied |= m != k && pool.dims.shows_nonnegative(gap);
        }
        if !implied {
            let text = conditions::size_text(&pool.dims, *d);
            conditions.push(Condition {
                kind: "shape",
                text: text.clone(),
                span: *span,
                expression: pool.dims.text(*d),
                proved: false,
                asks: Asks::Nothing,
                of: vec![],
            });
            needs.push((*d, text));
        }
    }
    conditions.sort_by_key(|c| c.span);
    let notes = notes(&pool, &terms, &inputs, scope, &by_use);
    Ok(Model { pool, inputs, vertices: built.vertices, definitions: built.definitions, conditions, relations, needs, notes })
}

fn limit(code: &'static str) -> Diagnostic {
    let title = crate::facts::codes::find(code).map_or("a limit was reached", |c| c.title);
    Diagnostic::error(code, Span::default(), title)
        .because("the formula is too large to be typed within the limits")
        .help("name sub-expressions and split the formula")
}

fn apply_domain(protos: &mut [Proto], relations: &mut Vec<String>, options: &Options, diagnostics: &mut Vec<Diagnostic>) {
    for clause in &options.domain {
        match clause {
            Clause::Property(name, property) => match protos.iter_mut().find(|p| p.name == *name) {
                Some(p) => {
                    let symmetric = p.symmetric;
                    domain::close(&mut p.properties, property, symmetric);
                }
                None => diagnostics.push(
                    Diagnostic::error("E101", Span::default(), format!("the domain speaks of `{name}`, which is no variable"))
                        .because(format!("the clause is `{name} {property}`"))
                        .help("name a variable of the formula"),
                ),
            },
            Clause::Relation(r) => relations.push(r.clone()),
            Clause::Note(_) => {}
        }
    }
}

/// `assume` of a name that the formula does not have.
fn unused_assumptions(terms: &Terms, protos: &[Proto], diagnostics: &mut Vec<Diagnostic>) {
    let mut used = vec![false; protos.len()];
    for t in terms.ids() {
        if let Op::Input(k) = terms.get(t).op {
            used[k] = true;
        }
    }
    for (p, _) in protos.iter().zip(used).filter(|(p, used)| p.sizes.is_none() && !used) {
        diagnostics.push(
            Diagnostic::error("E101", p.span, format!("`{}` is assumed something of, but the formula has no such name", p.name))
                .because("`assume` speaks of a variable or definition of the same text")
                .help("name a variable of the formula, or remove the line"),
        );
    }
}

/// Under `strict`: a shape that only habit decides.
fn ambiguous(p: &Proto, shapes: &Shapes, k: usize) -> Diagnostic {
    let (r, c) = shapes.input(k);
    Diagnostic::error("E209", p.span, format!("the shape of `{}` is ambiguous", p.name))
        .because(format!("it does not follow from the formula; by habit it would be {}×{}", shapes.side_text(r), shapes.side_text(c)))
        .help(format!("declare it:  {} : {}", p.name, habit_type(&p.name)))
}

/// Assumed shapes, and scalars named like sizes.
fn notes(pool: &Pool, terms: &Terms, inputs: &[Input], scope: &Scope<'_>, by_use: &[usize]) -> Vec<Diagnostic> {
    let mut out = vec![];
    let turned = transposed(terms);
    for (k, i) in inputs.iter().enumerate().filter(|(_, i)| i.origin == Origin::Assumed) {
        let kind = type_text(&pool.dims, &i.shape);
        let why = if by_use.contains(&k) {
            "its size does not follow from the formula; it is taken to end at the last position that is used"
        } else if turned.contains(&k) && habit(&i.name) == Habit::Scalar {
            "its shape does not follow from the formula; nobody transposes a scalar"
        } else {
            "its shape does not follow from the formula; names decide: upper case is a matrix, u…z, p, q, r vectors, others scalars"
        };
        out.push(
            Diagnostic::note("N503", i.span, format!("{} is assumed to be a {kind}", i.name))
                .because(why)
                .help(format!("declare it:  {} : {kind}", i.name)),
        );
    }
    for (k, i) in inputs.iter().enumerate() {
        let looks = matches!(i.name.as_str(), "N" | "n" | "m" | "M");
        if i.origin == Origin::Declared || !looks || !i.shape.is_scalar() || !divides(terms, k) {
            continue;
        }
        // A size to tie it to: the rows of the first matrix, or of the first vector.
        let tall = inputs.iter().filter(|j| !j.shape.rows.is_empty());
        let Some(of) = tall.clone().find(|j| !j.shape.cols.is_empty()).or_else(|| tall.clone().next()) else { continue };
        let help = if of.origin == Origin::Declared || scope.declares {
            format!("write rows({}) for the number of its rows", of.name)
        } else {
            let cols = list_text(&pool.dims, &of.shape.cols);
            let kind = if of.shape.cols.is_empty() { format!("vector({})", i.name) } else { format!("matrix({}, {cols})", i.name) };
            format!("declare  {} : {kind},  or write rows({})", of.name, of.name)
        };
        out.push(
            Diagnostic::warning("W402", i.span, format!("{} is not tied to the rows of {}", i.name, of.name))
                .because(format!("{} is a scalar of its own, not a size", i.name))
                .help(help),
        );
    }
    out.sort_by_key(Diagnostic::span);
    out
}

/// Whether an input stands as a divisor.
fn divides(terms: &Terms, k: usize) -> bool {
    let is = |t: TermId| matches!(terms.get(t).op, Op::Input(j) if j == k);
    terms.ids().any(|t| matches!(terms.get(t).op, Op::Over | Op::DotOver) && is(terms.get(t).args[1]))
}
