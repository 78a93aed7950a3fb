//! Syntax to terms: names resolved, functions and notations inlined, index notation taken apart. Knows no shape.
//!
//! One loop over the nodes of a body, marked from the top first: a node is wanted as a value, as a part of index
//! notation, or (subscripts, sizes) not at all. Only user functions recurse, to a depth of 64.

use crate::calculus::habit::habit_type;
use crate::calculus::scope::{self, Proto, Scope, is_generator};
use crate::calculus::term::{Extent, IndexId, Op, Sub, TermId, Terms};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::functions;
use crate::facts::matrices;
use crate::facts::notation::NOTATION;
use crate::facts::planted::Planted;
use crate::syntax::suggest;
use crate::syntax::tree::{Kind, NodeId, Operator, Role, Subscript, Syntax};
use crate::tensor::Dim;
use crate::tensor::dim::Dims;
use call::call_name;
use index::constant;

pub mod call;
mod index;
mod place;

/// Depth to which user functions may call each other.
const DEPTH: usize = 64;
/// Terms of a formula.
const LIMIT: usize = 100_000;

/// Names bound by a call.
#[derive(Clone, Default)]
pub struct Bound {
    names: Vec<(String, TermId)>,
    /// Indices of the sums around.
    indices: Vec<(String, IndexId)>,
    /// Within a row: nothing else is visible.
    row: bool,
}

/// What lowering works on.
pub struct Lower<'a, 's> {
    /// The names of the document.
    pub scope: &'s Scope<'a>,
    /// The syntax that user functions live in.
    pub syntax: &'a Syntax,
    /// Sizes.
    pub dims: &'s mut Dims,
    /// The result.
    pub terms: Terms,
    /// Declared and inferred variables.
    pub inputs: Vec<Proto>,
    /// Definitions met so far: name and term.
    pub defined: Vec<(String, TermId)>,
    /// Unknown names are refused, not inferred.
    pub closed: bool,
    /// Complaints.
    pub diagnostics: Vec<Diagnostic>,
    /// See [`crate::facts::planted`].
    pub planted: Option<Planted>,
    depth: usize,
    full: bool,
}

impl<'a, 's> Lower<'a, 's> {
    /// Ready to lower the bodies of `syntax`.
    pub fn new(scope: &'s Scope<'a>, syntax: &'a Syntax, dims: &'s mut Dims, closed: bool) -> Self {
        Lower {
            scope,
            syntax,
            dims,
            terms: Terms::default(),
            inputs: scope.inputs.clone(),
            defined: vec![],
            closed,
            diagnostics: vec![],
            planted: None,
            depth: 0,
            full: false,
        }
    }

    /// All definitions, in order, each wrapped in [`Op::Define`].
    pub fn definitions(&mut self) -> Vec<TermId> {
        let mut out = vec![];
        for (k, d) in self.scope.definitions.iter().enumerate() {
            let body = self.lower(self.syntax, d.body, &Bound::default(), None);
            let span = self.syntax.span(d.body);
            let t = self.terms.add(Op::Define(k), vec![body], span);
            if !d.name.is_empty() {
                self.defined.push((d.name.to_string(), t));
            }
            out.push(t);
        }
        out
    }

    fn poison(&mut self, d: Diagnostic) -> TermId {
        let span = d.span();
        self.diagnostics.push(d);
        self.terms.add(Op::Poison, vec![], span)
    }

    fn add(&mut self, op: Op, args: Vec<TermId>, span: Span) -> TermId {
        if self.terms.len() >= LIMIT && !self.full {
            self.full = true;
            self.diagnostics.push(
                Diagnostic::error("E604", span, format!("the formula has more than {LIMIT} operations"))
                    .because("functions are written out at every call")
                    .help("name the results of repeated calls: `u = f(x)`, then use `u`"),
            );
        }
        self.terms.add(op, args, span)
    }

    /// One body. `place` overrides the spans (for rows, whose text the user never sees).
    pub fn lower(&mut self, syntax: &Syntax, root: NodeId, bound: &Bound, place: Option<Span>) -> TermId {
        if self.full {
            return self.terms.add(Op::Poison, vec![], Span::default());
        }
        let marks = self.mark(syntax, root, bound);
        let mut at: Vec<Option<TermId>> = vec![None; root.index() + 1];
        for id in syntax.under(root) {
            if !marks.value[id.index()] {
                continue;
            }
            if self.full {
                break;
            }
            let span = place.unwrap_or(syntax.span(id));
            let t = self.one(syntax, id, span, &at, &marks, bound);
            at[id.index()] = Some(t);
        }
        at[root.index()].unwrap_or_else(|| self.terms.add(Op::Poison, vec![], Span::default()))
    }

    fn user(&self, name: &str) -> Option<usize> {
        self.scope.functions.iter().position(|f| f.name == name)
    }

    /// Which nodes are values, which are parts of index notation.
    fn mark(&self, syntax: &Syntax, root: NodeId, bound: &Bound) -> Marks {
        let n = root.index() + 1;
        let mut m = Marks { value: vec![false; n], part: vec![false; n] };
        m.value[root.index()] = true;
        let nodes = syntax.under(root);
        let mut indexed = vec![false; n];
        for &id in &nodes {
            indexed[id.index()] = matches!(syntax.kind(id), Kind::Index(..)) || syntax.children(id).iter().any(|c| indexed[c.index()]);
        }
        for &id in nodes.iter().rev() {
            if m.value[id.index()] {
                match syntax.kind(id) {
                    Kind::Contraction(body, _) => m.part[body.index()] = true,
                    Kind::Index(base, _) => m.value[base.index()] = true,
                    Kind::Call(f, args) if is_generator(f) && self.user(f).is_none() => {
                        for &a in args {
                            if let Some((_, of)) = measure(syntax, a) {
                                m.value[of.index()] = true;
                            }
                        }
                    }
                    // The term is lowered by itself, where the index has a meaning.
                    Kind::Series(s) => {
                        if let Some((_, of)) = measure(syntax, s.to) {
                            m.value[of.index()] = true;
                        }
                    }
                    _ => syntax.children(id).iter().for_each(|c| m.value[c.index()] = true),
                }
            }
            if m.part[id.index()] {
                match syntax.kind(id) {
                    Kind::Number(_) => {}
                    Kind::Negate(_) | Kind::Binary(..) => syntax.children(id).iter().for_each(|c| m.part[c.index()] = true),
                    Kind::Index(base, _) => {
                        if constant(syntax, *base).is_none_or(|c| !bound.row && self.is_variable(c)) {
                            m.value[base.index()] = true;
                        }
                    }
                    // Its letters are those around it.
                    Kind::Contraction(inner, _) => m.part[inner.index()] = true,
                    Kind::Call(f, args)
                        if self.user(f).is_none()
                            && functions::find(f).is_some() | matches!(f.as_str(), "sqrt")
                            && args.iter().any(|a| indexed[a.index()]) =>
                    {
                        args.iter().for_each(|c| m.part[c.index()] = true);
                    }
                    _ => {
                        m.value[id.index()] = true;
                        if !matches!(syntax.kind(id), Kind::Name(_)) {
                            // The children were passed over above only if the node was no value yet.
                            match syntax.kind(id) {
                                Kind::Call(f, _) if is_generator(f) && self.user(f).is_none() => {}
                                Kind::Series(s) => {
                                    if let Some((_, of)) = measure(syntax, s.to) {
                                        m.value[of.index()] = true;
                                    }
                                }
                                _ => syntax.children(id).iter().for_each(|c| m.value[c.index()] = true),
                            }
                        }
                    }
                }
            }
        }
        m
    }

    fn is_variable(&self, name: &str) -> bool {
        self.inputs.iter().any(|p| p.name == name) || self.scope.definitions.iter().any(|d| d.name == name)
    }

    fn one(&mut self, syntax: &Syntax, id: NodeId, span: Span, at: &[Option<TermId>], marks: &Marks, bound: &Bound) -> TermId {
        let get = |n: NodeId| at.get(n.index()).copied().flatten();
        let args: Option<Vec<TermId>> = match syntax.kind(id) {
            Kind::Contraction(..) | Kind::Index(..) | Kind::Series(_) => Some(vec![]),
            Kind::Call(f, _) if is_generator(f) && self.user(f).is_none() => Some(vec![]),
            _ => syntax.children(id).into_iter().map(get).collect(),
        };
        let Some(args) = args else { return self.terms.add(Op::Poison, vec![], span) };
        match syntax.kind(id) {
            Kind::Number(text) => {
                if text.len() > 400 {
                    return self.poison(
                        Diagnostic::error("E606", span, "this number is too long")
                            .because("literals have at most 400 digits")
                            .help("round the number, or write it with an exponent: 1e-3"),
                    );
                }
                self.add(Op::Number(text.clone()), args, span)
            }
            Kind::Name(name) => self.name(name, span, bound),
            Kind::Negate(_) => self.add(Op::Negate, args, span),
            Kind::Transpose(_) => self.add(Op::Transpose, args, span),
            Kind::Binary(op, ..) => {
                let op = match op {
                    Operator::Plus => Op::Add { minus: false, spread: false },
                    Operator::Minus => Op::Add { minus: true, spread: false },
                    Operator::DotPlus => Op::Add { minus: false, spread: true },
                    Operator::DotMinus => Op::Add { minus: true, spread: true },
                    Operator::Times => Op::Times,
                    Operator::Over => Op::Over,
                    Operator::Under => Op::Under,
                    Operator::DotTimes => Op::DotTimes,
                    Operator::DotOver => Op::DotOver,
                    Operator::Power => Op::Power,
                    Operator::DotPower => Op::DotPower,
                    Operator::Greater
                    | Operator::Less
                    | Operator::GreaterEqual
                    | Operator::LessEqual
                    | Operator::Equal
                    | Operator::NotEqual => Op::Compare(*op),
                };
                self.add(op, args, span)
            }
            Kind::Call(f, nodes) => self.call(
                f,
                args,
                span,
                bound,
                |this, k| {
                    let node = nodes[k];
                    if let Some((cols, of)) = measure(syntax, node) {
                        return Ok(get(of).map_or(Extent::Given(vec![]), |t| Extent::Of(t, cols)));
                    }
                    this.extent(syntax, node).map(Extent::Given)
                },
                nodes.len(),
            ),
            Kind::Index(base, subs) => {
                let Some(base) = get(*base) else { return self.terms.add(Op::Poison, vec![], span) };
                let mut out = vec![];
                for s in subs {
                    let sub = match s {
                        Subscript::All => Ok(Sub::All),
                        Subscript::At(k) => self.position(syntax, *k, bound).map(Sub::At),
                        Subscript::Range(k, l) => self.range(syntax, *k, *l, bound),
                        Subscript::Stack(_) => Err(Diagnostic::error("E102", span, "`(i k)` is a subscript of index notation only")
                            .because("it names the letters of one stacked axis")
                            .help("write the result: x[(i k)] -> [i,k]")),
                    };
                    match sub {
                        Ok(s) => out.push(s),
                        Err(d) => return self.poison(d),
                    }
                }
                self.add(Op::Pick(out), vec![base], span)
            }
            Kind::Matrix(rows) => {
                if rows.iter().any(Vec::is_empty) || rows.is_empty() {
                    return self.poison(
                        Diagnostic::error("E102", span, "a matrix literal needs entries")
                            .because("`[]` has no size")
                            .help("write the entries: [1, 2; 3, 4]"),
                    );
                }
                self.add(Op::Stack(rows.iter().map(Vec::len).collect()), args, span)
            }
            Kind::Contraction(body, out) => self.contraction(syntax, *body, out, span, at, marks),
            Kind::Series(s) => self.series(syntax, s, span, at, bound),
        }
    }

    fn extent(&mut self, syntax: &Syntax, node: NodeId) -> Result<Vec<Dim>, Diagnostic> {
        let sizes = &self.scope.sizes;
        scope::extent(syntax, node, self.dims, &mut |n, d| sizes.iter().any(|s| s == n).then(|| d.name(n)))
    }

    fn name(&mut self, name: &str, span: Span, bound: &Bound) -> TermId {
        if let Some(t) = bound.names.iter().rev().find(|b| b.0 == name) {
            return t.1;
        }
        if let Some(i) = bound.indices.iter().rev().find(|i| i.0 == name) {
            return self.add(Op::Counter(i.1), vec![], span);
        }
        if !bound.row {
            if let Some(k) = self.inputs.iter().position(|p| p.name == name) {
                return self.add(Op::Input(k), vec![], span);
            }
            if let Some(d) = self.defined.iter().find(|d| d.0 == name) {
                return d.1;
            }
            if let Some(d) = self.scope.definitions.iter().find(|d| d.name == name) {
                return self.poison(
                    Diagnostic::error("E101", span, format!("`{name}` is used before it is defined"))
                        .at(d.span, "defined here")
                        .because("a definition may use what stands above it")
                        .help(format!("move the definition of `{name}` above this line")),
                );
            }
            if self.scope.sizes.iter().any(|s| s == name) {
                let d = self.dims.name(name);
                return self.add(Op::Size(d), vec![], span);
            }
        }
        match name {
            "pi" => return self.add(Op::Pi, vec![], span),
            "eye" => return self.add(Op::Eye(Extent::Free, Extent::Free), vec![], span),
            _ => {}
        }
        if self.closed || bound.row {
            return self.unknown(name, span);
        }
        // In a file with declarations a name that nearly is a known one is a slip of the pen, not a new variable.
        if self.scope.declares && name.chars().count() > 2 && self.near(name).is_some() {
            return self.unknown(name, span);
        }
        self.inputs.push(Proto { name: name.to_string(), role: Role::Plain, sizes: None, properties: vec![], span, symmetric: false });
        let k = self.inputs.len() - 1;
        self.add(Op::Input(k), vec![], span)
    }

    /// Known values with nearly this name.
    fn near(&self, name: &str) -> Option<String> {
        let known = self
            .inputs
            .iter()
            .filter(|p| p.sizes.is_some())
            .map(|p| p.name.as_str())
            .chain(self.scope.definitions.iter().map(|d| d.name).filter(|n| !n.is_empty()))
            .chain(self.scope.sizes.iter().map(String::as_str));
        suggest::nearest(name, known).map(ToString::to_string)
    }

    fn unknown(&mut self, name: &str, span: Span) -> TermId {
        let near = self.near(name);
        let is_function = functions::find(name).is_some()
            || matrices::find(name).is_some()
            || matrices::find_along(name).is_some()
            || NOTATION.iter().any(|n| call_name(n) == name)
            || self.user(name).is_some();
        let mut d = Diagnostic::error("E101", span, format!("unknown name `{name}`"));
        if !self.inputs.is_empty() {
            let names: Vec<&str> = self.inputs.iter().filter(|p| p.sizes.is_some()).map(|p| p.name.as_str()).take(12).collect();
            d = d.because(format!("the variables are {}", names.join(", ")));
        }
        let help = match &near {
            _ if is_function => format!("`{name}` is a function: write its argument, {name}(x)"),
            Some(n) => format!("did you mean `{n}`?"),
            None => format!("declare it:  {name} : {}", habit_type(name)),
        };
        self.poison(d.help(help))
    }
}

struct Marks {
    value: Vec<bool>,
    part: Vec<bool>,
}

/// `rows(X)` or `cols(X)` as a size: whether columns, and of what.
fn measure(syntax: &Syntax, node: NodeId) -> Option<(bool, NodeId)> {
    match syntax.kind(node) {
        Kind::Call(f, args) if args.len() == 1 && matches!(f.as_str(), "rows" | "cols") => Some((f == "cols", args[0])),
        _ => None,
    }
}
