//! Typed terms to expressions: every surface operation becomes a vertex with a symbol, its value a local expression over
//! the symbols of its operands. Equal local values of equal shape share one vertex.

use crate::calculus::contract;
use crate::calculus::differentiate::Tape;
use crate::calculus::model::{Named, Vertex};
use crate::calculus::scope::Definition;
use crate::calculus::shapes::{Shapes, State};
use crate::calculus::term::{Extent, IndexId, Op, TermId, Terms};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::functions::{self, FunctionId};
use crate::facts::matrices::{self, Side};
use crate::syntax::tree::Operator;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational, Shape, VarId, VarKind};
use rustc_hash::FxHashMap;

mod over;
mod pieces;

/// The largest matrix power that is read and written: it is expanded.
pub const LARGEST_POWER: u8 = 8;

/// Vertices of a formula in which two values may be compared by writing both out.
const SMALL: usize = 200;

/// A built term.
#[derive(Clone, Debug)]
pub struct Value {
    /// Over symbols: an axis for each index of a sum that it depends on, then those of the shape.
    pub expr: Expr,
    /// Rows × columns, of one term of a sum.
    pub shape: Shape,
    /// The indices of sums around it that it depends on, in order.
    pub over: Vec<IndexId>,
}

/// What building gives.
#[derive(Debug, Default)]
pub struct Built {
    /// Vertices in order.
    pub vertices: Vec<Vertex>,
    /// Definitions in order.
    pub definitions: Vec<Named>,
    /// What only the numbers show: index out of range, division by 0.
    pub diagnostics: Vec<Diagnostic>,
    /// The value of each term that has one.
    pub values: Vec<Option<Expr>>,
    /// Sizes that must not be negative for positions to lie inside, with the subscript or sum that says so.
    pub needs: Vec<(Dim, Span)>,
}

/// The builder.
pub struct Build<'a> {
    pool: &'a mut Pool,
    terms: &'a Terms,
    shapes: &'a Shapes,
    values: Vec<Option<Value>>,
    shared: FxHashMap<(Expr, Shape), Expr>,
    /// The vertex of a symbol.
    vertex: FxHashMap<Expr, usize>,
    out: Built,
}

/// Why a term could not be built.
pub enum Refusal {
    /// Something under it was refused already.
    Silent,
    /// A message.
    Said(Box<Diagnostic>),
}

impl From<Diagnostic> for Refusal {
    fn from(d: Diagnostic) -> Self {
        Refusal::Said(Box::new(d))
    }
}

type Made = Result<Expr, Refusal>;

/// Builds all terms. `inputs` are the symbols of the variables.
pub fn build(pool: &mut Pool, terms: &Terms, shapes: &Shapes, inputs: &[VarId], definitions: &[Definition<'_>]) -> Built {
    let mut b = Build {
        pool,
        terms,
        shapes,
        values: vec![None; terms.len()],
        shared: FxHashMap::default(),
        vertex: FxHashMap::default(),
        out: Built::default(),
    };
    for t in terms.ids() {
        if shapes.poisoned(t) || b.pool.limit().is_some() {
            continue;
        }
        b.one(t, inputs, definitions);
    }
    b.out.values = b.values.iter().map(|v| v.as_ref().map(|v| v.expr)).collect();
    b.out
}

impl Build<'_> {
    fn shape(&self, t: TermId) -> Shape {
        let list = |s| match self.shapes.state(s) {
            State::Known(d) | State::Loose(d) => d.clone(),
            _ => vec![],
        };
        Shape::new(list(self.shapes.row(t)), list(self.shapes.col(t)))
    }

    fn one(&mut self, t: TermId, inputs: &[VarId], definitions: &[Definition<'_>]) {
        let term = self.terms.get(t);
        let shape = self.shape(t);
        if let Op::Define(k) = term.op {
            if let Some(body) = self.values[term.args[0].index()].clone() {
                self.define(t, k, body, definitions);
            }
            return;
        }
        let over = self.over_of(t);
        let expr = if let Op::Input(k) = term.op {
            self.pool.var(inputs[k])
        } else {
            match self.value(t, &shape, &over) {
                Ok(local) => self.symbol(local, &shape, &over, t),
                Err(Refusal::Silent) => return,
                Err(Refusal::Said(d)) => {
                    self.out.diagnostics.push(*d);
                    return;
                }
            }
        };
        self.values[t.index()] = Some(Value { expr, shape, over });
    }

    /// The symbol of a local value: a new vertex, a shared one, or none for constants and for what changes nothing.
    fn symbol(&mut self, local: Expr, shape: &Shape, over: &[IndexId], t: TermId) -> Expr {
        if self.pool.variables_of(local).is_empty() {
            return local;
        }
        let same = |v: &Value| v.expr == local && v.shape == *shape && v.over == over;
        if self.terms.get(t).args.iter().any(|a| self.values[a.index()].as_ref().is_some_and(same)) {
            return local;
        }
        // The vertex of all terms of a sum at once: the axes of its indices are rows.
        let whole = Shape::new([self.index_axes(over), shape.rows.clone()].concat(), shape.cols.clone());
        let key = (local, whole.clone());
        if let Some(&s) = self.shared.get(&key) {
            return s;
        }
        let s = self.vertex(local, &whole, self.terms.get(t).span, None);
        self.shared.insert(key, s);
        s
    }

    fn vertex(&mut self, value: Expr, shape: &Shape, span: Span, name: Option<String>) -> Expr {
        let label = name.clone().unwrap_or_else(|| format!("_{}", self.out.vertices.len() + 1));
        let (symbol, expr) = self.pool.declare(&label, shape.axes(), VarKind::Vertex);
        self.vertex.insert(expr, self.out.vertices.len());
        self.out.vertices.push(Vertex { symbol, value, shape: shape.clone(), span, name });
        expr
    }

    fn define(&mut self, t: TermId, k: usize, body: Value, definitions: &[Definition<'_>]) {
        let span = self.terms.get(t).span;
        let name = definitions[k].name.to_string();
        let groups = self.groups(t);
        let mut value = body.clone();
        if !name.is_empty() && !self.pool.variables_of(body.expr).is_empty() {
            match self.vertex.get(&body.expr).copied() {
                Some(v) if self.out.vertices[v].name.is_none() => self.out.vertices[v].name = Some(name.clone()),
                // An input, or a vertex that has a name already.
                _ => value.expr = self.vertex(body.expr, &body.shape, span, Some(name.clone())),
            }
        }
        self.out.definitions.push(Named { name, value: value.expr, shape: value.shape.clone(), groups, span });
        self.values[t.index()] = Some(value);
    }

    /// Sizes per axis of a tensor of order three and more.
    fn groups(&self, t: TermId) -> Vec<usize> {
        let mut t = t;
        loop {
            let term = self.terms.get(t);
            match &term.op {
                Op::Define(_) => t = term.args[0],
                Op::Contract(_) => {
                    let Some(c) = self.shapes.choice(t).map(|k| &self.terms.contractions[k]).filter(|c| c.is_tensor()) else {
                        return vec![];
                    };
                    let letters = self.shapes.letters(t);
                    return c.out.iter().map(|g| g.iter().map(|&l| self.shapes.list(letters[l]).map_or(0, <[Dim]>::len)).sum()).collect();
                }
                _ => return vec![],
            }
        }
    }

    fn arg(&self, t: TermId, k: usize) -> Result<Value, Refusal> {
        self.values[self.terms.get(t).args[k].index()].clone().ok_or(Refusal::Silent)
    }

    fn value(&mut self, t: TermId, shape: &Shape, over: &[IndexId]) -> Made {
        let term = self.terms.get(t);
        let axes = self.axes(over, shape);
        let span = term.span;
        Ok(match &term.op {
            Op::Poison | Op::Input(_) | Op::Define(_) => return Err(Refusal::Silent),
            Op::Number(text) => self.number(text, span)?,
            Op::Pi => self.pool.pi(),
            Op::Size(d) => self.pool.size(*d),
            Op::Fill(true, ..) => self.pool.ones(&axes),
            Op::Fill(false, ..) => self.pool.zero(&axes),
            Op::Eye(m, n) => self.eye(shape, m, n, span)?,
            Op::Commutation(..) => self.commutation(t),
            Op::Measure(cols) => {
                let x = self.arg(t, 0)?;
                let list = if *cols { x.shape.cols } else { x.shape.rows };
                let mut e = self.pool.one();
                for d in list {
                    let s = self.pool.size(d);
                    e = self.pool.times(e, s);
                }
                e
            }
            Op::Negate => {
                let x = self.arg(t, 0)?;
                self.pool.negate(x.expr)
            }
            Op::Transpose => {
                let x = self.arg(t, 0)?;
                let (i, r, c) = (over.len(), x.shape.rows.len(), x.shape.cols.len());
                let order: Vec<usize> = (0..i).chain(i + r..i + r + c).chain(i..i + r).collect();
                self.pool.permute(x.expr, &order)
            }
            Op::Add { minus, .. } => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                let (a, b) = (self.spread(&x, over, shape), self.spread(&y, over, shape));
                let one = Rational::from_integer(1);
                self.pool.sum(&[(one, a), (if *minus { -one } else { one }, b)], &axes)
            }
            Op::Times => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                self.matrix_product(&x, &y, over, shape)
            }
            Op::DotTimes => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                self.dot_times(&x, &y, over, shape)
            }
            Op::Over | Op::DotOver => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                self.nonzero(&y, t, 1)?;
                let inverse = self.pool.powi(y.expr, -1);
                self.dot_times(&x, &Value { expr: inverse, ..y }, over, shape)
            }
            Op::Under => {
                let (a, b) = (self.arg(t, 0)?, self.arg(t, 1)?);
                if a.shape.is_scalar() {
                    self.nonzero(&a, t, 0)?;
                    let inverse = self.pool.powi(a.expr, -1);
                    self.dot_times(&b, &Value { expr: inverse, ..a }, over, shape)
                } else {
                    let inverse = self.inverse(&a, t)?;
                    self.matrix_product(&inverse, &b, over, shape)
                }
            }
            Op::Power => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                if x.shape.is_scalar() { self.power(&x, &y, over, shape, t)? } else { self.matrix_power(&x, over, shape, t)? }
            }
            Op::DotPower => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                self.power(&x, &y, over, shape, t)?
            }
            Op::Compare(op) => {
                let (x, y) = (self.arg(t, 0)?, self.arg(t, 1)?);
                let (a, b) = (self.spread(&x, over, shape), self.spread(&y, over, shape));
                self.compare(*op, a, b, &axes)?
            }
            Op::Map(f) => {
                let mut args = vec![];
                for k in 0..term.args.len() {
                    let x = self.arg(t, k)?;
                    args.push(self.spread(&x, over, shape));
                }
                // max(x, x) is x however its arguments are spelled: at a tie everywhere no convention may enter.
                if ["max", "min"].contains(&f.row().name) && self.same_value(args[0], args[1]) { args[0] } else { self.pool.map(*f, &args) }
            }
            Op::Along(f, side) => {
                let x = self.arg(t, 0)?;
                let (r, c) = (x.shape.rows.len(), x.shape.cols.len());
                match side {
                    Side::Rows => self.pool.apply(f.keeping(r), &[x.expr]),
                    // The columns first, since what is kept leads.
                    Side::Cols => {
                        let turned = self.pool.permute(x.expr, &(r..r + c).chain(0..r).collect::<Vec<_>>());
                        let value = self.pool.apply(f.keeping(c), &[turned]);
                        if f.row().gives == "scalar" {
                            value
                        } else {
                            self.pool.permute(value, &(c..r + c).chain(0..c).collect::<Vec<_>>())
                        }
                    }
                }
            }
            Op::Apply(f) => {
                let x = self.arg(t, 0)?;
                // A square function of a number: the number is a 1×1 matrix without axes.
                if x.shape.is_scalar() {
                    match f.row().name {
                        "inv" => {
                            self.nonzero(&x, t, 0)?;
                            self.pool.powi(x.expr, -1)
                        }
                        "expm" => self.map("exp", &[x.expr])?,
                        "dexpm" => {
                            let (value, e) = (self.map("exp", &[x.expr])?, self.arg(t, 1)?);
                            self.pool.times(value, e.expr)
                        }
                        "det" | "logsumexp" => x.expr,
                        "logdet" => self.map("log", &[x.expr])?,
                        "norm2" => self.map("abs", &[x.expr])?,
                        _ => self.pool.apply(*f, &[x.expr]),
                    }
                } else if x.over.is_empty() {
                    let args = (0..term.args.len()).map(|k| Ok(self.arg(t, k)?.expr)).collect::<Result<Vec<_>, Refusal>>()?;
                    self.pool.apply(*f, &args)
                } else {
                    self.apply_each(&x, t)?
                }
            }
            Op::Contract(_) => {
                let mut args = vec![];
                for k in 0..term.args.len() {
                    args.push(self.arg(t, k)?);
                }
                let Some(c) = self.shapes.choice(t).map(|k| &self.terms.contractions[k]) else { return Err(Refusal::Silent) };
                let letters: Vec<Vec<Dim>> = self.shapes.letters(t).iter().map(|&s| self.shapes.list(s).unwrap_or(&[]).to_vec()).collect();
                let indices: Vec<(IndexId, Dim)> = over.iter().copied().zip(self.index_axes(over)).collect();
                contract::build(self.pool, c, &letters, &indices, &args, span)?
            }
            Op::Pick(subs) => {
                let x = self.arg(t, 0)?;
                self.pick(&x, subs, over, t)?
            }
            Op::Stack(lengths) => self.stack(t, lengths, over, shape)?,
            Op::Counter(i) => self.counter(*i, span)?,
            Op::Series(i) => {
                let x = self.arg(t, 0)?;
                self.series(&x, *i, over, span)?
            }
        })
    }

    fn map(&mut self, f: &str, args: &[Expr]) -> Made {
        functions::find(f).map(|f| self.pool.map(f, args)).ok_or(Refusal::Silent)
    }

    fn number(&mut self, text: &str, span: Span) -> Made {
        number(self.pool, text, span)
    }

    /// Whether two values are one expression once every vertex is written out (asked only where that is cheap).
    fn same_value(&mut self, a: Expr, b: Expr) -> bool {
        if self.out.vertices.len() > SMALL {
            return a == b;
        }
        let tape = Tape::new(self.out.vertices.iter().map(|v| (v.symbol, v.value)).collect());
        let full = tape.expand_all(self.pool, &[a, b]);
        full[0] == full[1]
    }

    fn inverse(&mut self, a: &Value, t: TermId) -> Result<Value, Refusal> {
        if !a.over.is_empty() {
            return Err(self.each("an inverse", t));
        }
        Ok(match matrices::find("inv") {
            Some(f) => Value { expr: self.pool.apply(f, &[a.expr]), shape: a.shape.transposed(), over: vec![] },
            None => a.clone(),
        })
    }

    fn matrix_power(&mut self, x: &Value, over: &[IndexId], shape: &Shape, t: TermId) -> Made {
        let exponent = self.terms.get(t).args[1];
        let k = self.terms.integer(exponent).unwrap_or(0);
        if k.unsigned_abs() > LARGEST_POWER.into() {
            return Err(Diagnostic::error("E607", self.terms.get(t).span, format!("the matrix power {k} is too large"))
                .because("matrix powers are written out, up to 8")
                .help("name a smaller power and use it: `P = X^8`, then `P*P`")
                .into());
        }
        if k == 0 {
            let one = self.pool.identity(&x.shape.rows);
            return Ok(self.spread(&Value { expr: one, shape: x.shape.clone(), over: vec![] }, over, shape));
        }
        let base = if k < 0 { self.inverse(x, t)? } else { x.clone() };
        let n = base.shape.rows.len() as Label;
        let outer: Vec<Label> = (0..over.len() as Label).collect();
        let group = |g: Label| (g * n..(g + 1) * n).map(|l| l + outer.len() as Label).collect::<Vec<Label>>();
        let k = k.unsigned_abs() as Label;
        let labels: Vec<Vec<Label>> = (0..k).map(|g| [outer.clone(), group(g), group(g + 1)].concat()).collect();
        let factors: Vec<(Expr, &[Label])> = labels.iter().map(|l| (base.expr, l.as_slice())).collect();
        Ok(self.pool.product(&factors, &[outer.clone(), group(0), group(k)].concat(), &[]))
    }

    /// Element by element; a scalar exponent stays a scalar.
    fn power(&mut self, x: &Value, y: &Value, over: &[IndexId], shape: &Shape, t: TermId) -> Made {
        if y.shape.is_scalar() && y.over.is_empty() {
            if let Some(k) = self.pool.as_number(y.expr)
                && k < Rational::from_integer(0)
            {
                self.nonzero(x, t, 0)?;
            }
            // An even power of a norm is one operation, a sum of squares: smooth at 0, where the norm alone is not.
            let even = self.pool.as_integer(y.expr).is_some_and(|k| k % 2 == 0);
            let norm = self.vertex.get(&x.expr).map(|v| self.out.vertices[*v].value).filter(|e| even && self.is_norm(*e));
            return Ok(self.pool.power(norm.unwrap_or(x.expr), y.expr));
        }
        let (a, b) = (self.spread(x, over, shape), self.spread(y, over, shape));
        self.map("pow", &[a, b])
    }

    fn is_norm(&self, e: Expr) -> bool {
        matches!(self.pool.node(e), Node::Apply(f, ..) if f.row().name == "norm2")
    }

    fn nonzero(&self, x: &Value, t: TermId, k: usize) -> Result<(), Refusal> {
        if self.pool.is_zero(x.expr) {
            let span = self.terms.get(self.terms.get(t).args[k]).span;
            return Err(Diagnostic::error("E301", span, "division by zero")
                .because("the divisor is 0 for all values of the variables")
                .help("remove the division, or divide by something else")
                .into());
        }
        Ok(())
    }

    fn compare(&mut self, op: Operator, a: Expr, b: Expr, axes: &[Dim]) -> Made {
        let (f, x, y) = match op {
            Operator::Greater => ("gt", a, b),
            Operator::Less => ("gt", b, a),
            Operator::GreaterEqual => ("ge", a, b),
            Operator::LessEqual => ("ge", b, a),
            _ => ("eq", a, b),
        };
        let e = self.map(f, &[x, y])?;
        if op != Operator::NotEqual {
            return Ok(e);
        }
        let one = self.pool.ones(axes);
        let r = Rational::from_integer(1);
        Ok(self.pool.sum(&[(r, one), (-r, e)], axes))
    }

    fn eye(&mut self, shape: &Shape, m: &Extent, n: &Extent, span: Span) -> Made {
        if shape.rows == shape.cols || m == n {
            return Ok(self.pool.identity(&shape.rows));
        }
        match (shape.rows.as_slice(), shape.cols.as_slice()) {
            ([r], [c]) => {
                let offset = self.pool.dims.integer(0);
                Ok(self.pool.pattern(Pattern::Shift { offset, rows: *r, cols: *c }))
            }
            ([r], []) | ([], [r]) => {
                let at = self.pool.dims.integer(1);
                Ok(self.pool.pattern(Pattern::Unit { at, of: *r }))
            }
            _ => Err(Diagnostic::error("E301", span, "a rectangular identity needs plain sizes")
                .because("its sizes are products")
                .help("write eye(n) for the square one")
                .into()),
        }
    }

    fn commutation(&mut self, t: TermId) -> Expr {
        let sides = self.shapes.letters(t);
        let m = self.shapes.list(sides[0]).unwrap_or(&[]).to_vec();
        let n = self.shapes.list(sides[1]).unwrap_or(&[]).to_vec();
        let i: Vec<Label> = (0..m.len() as Label).collect();
        let j: Vec<Label> = (m.len() as Label..(m.len() + n.len()) as Label).collect();
        let sizes: Vec<(Label, Dim)> = i.iter().copied().zip(m).chain(j.iter().copied().zip(n)).collect();
        self.pool.product(&[], &[i.clone(), j.clone(), j, i].concat(), &sizes)
    }
}

/// A literal: exact where a rational holds it.
pub fn number(pool: &mut Pool, text: &str, span: Span) -> Made {
    if let Some(r) = crate::tensor::number::parse(text) {
        return Ok(pool.number(r));
    }
    match text.parse::<f64>() {
        // Too many digits for exact arithmetic: the shortest text of the same f64, which is what would be printed, may be exact again.
        Ok(v) if v.is_finite() => Ok(match crate::tensor::number::parse(&format!("{v:e}")) {
            Some(r) => pool.number(r),
            None => pool.decimal(v),
        }),
        _ => Err(Diagnostic::error("E606", span, format!("`{text}` is too large"))
            .because("numbers go up to 1.8e308")
            .help("scale the formula: write the logarithm, or name a constant")
            .into()),
    }
}

/// A factor with power 1.
pub fn factor(pool: &mut Pool, base: Expr, labels: Vec<Label>) -> Factor {
    let power = pool.one();
    Factor { base, labels, power }
}

/// The function of that name, if the table has it.
pub fn function(name: &str) -> Option<FunctionId> {
    functions::find(name)
}
