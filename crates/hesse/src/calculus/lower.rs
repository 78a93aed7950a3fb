//! Syntax to terms: names resolved, functions and notations inlined, index notation taken apart. Knows no shape.
//!
//! One loop over the nodes of a body, marked from the top first: a node is wanted as a value, as a part of index
//! notation, or (subscripts, sizes) not at all. Only user functions recurse, to a depth of 64.

use crate::calculus::scope::{self, Proto, Scope, is_generator};
use crate::calculus::term::{Constant, Contraction, Extent, Op, Part, Slot, Sub, TermId, Terms};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::functions::{self, FUNCTIONS};
use crate::facts::matrices::{self, MATRIX_FUNCTIONS};
use crate::facts::notation::{NOTATION, Notation};
use crate::syntax::parse;
use crate::syntax::suggest;
use crate::syntax::tree::{Kind, NodeId, Operator, Role, Subscript, Syntax};
use crate::tensor::dim::Dims;

/// Depth to which user functions may call each other.
const DEPTH: usize = 64;
/// Terms of a formula.
const LIMIT: usize = 100_000;

/// Names bound by a call.
#[derive(Clone, Default)]
pub struct Bound {
    names: Vec<(String, TermId)>,
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
    depth: usize,
    full: bool,
}

/// Functions that hesse knows of but cannot derive, with what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("maximum", "logsumexp(A), a smooth form of the largest entry"),
    ("minimum", "-logsumexp(-A), a smooth form of the smallest entry"),
    ("prod", "exp(sum(log(A))) for positive entries"),
    ("rowmax", "log(rowsum(exp(A))), a smooth form"),
    ("colmax", "log(colsum(exp(A))), a smooth form"),
    ("rowmin", "-log(rowsum(exp(-A))), a smooth form"),
    ("colmin", "-log(colsum(exp(-A))), a smooth form"),
    ("rowlogsumexp", "log(rowsum(exp(A)))"),
    ("collogsumexp", "log(colsum(exp(A)))"),
    ("chol", "a lower triangular parameter: tril(L)*tril(L)'"),
    ("expm", "exp(A) for the exponential of each entry"),
    ("logm", "log(A) for the logarithm of each entry"),
    ("sqrtm", "sqrt(A) for the square root of each entry"),
    ("pinv", "inv(A'*A)*A'"),
    ("eig", "tr(A), det(A) or tr(A^k), which are functions of the eigenvalues"),
    ("svd", "norm2(A) or tr(A'*A), which are functions of the singular values"),
    ("trace", "tr(A)"),
    ("diagvec", "diag(A), the diagonal as a column"),
    ("transpose", "A'"),
    ("size", "rows(A) or cols(A)"),
    ("length", "rows(x)"),
    ("repmat", "ones(n)*x'"),
    ("cross", "the skew matrix of the first vector times the second"),
    ("floor", "nothing smooth stands for it"),
    ("round", "nothing smooth stands for it"),
    ("mod", "nothing smooth stands for it"),
];

impl<'a, 's> Lower<'a, 's> {
    /// Ready to lower the bodies of `syntax`.
    pub fn new(scope: &'s Scope<'a>, syntax: &'a Syntax, dims: &'s mut Dims, closed: bool) -> Self {
        Lower { scope, syntax, dims, terms: Terms::default(), inputs: scope.inputs.clone(), defined: vec![], closed, diagnostics: vec![], depth: 0, full: false }
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
                    Kind::Call(f, args) if self.user(f).is_none() && functions::find(f).is_some() | matches!(f.as_str(), "sqrt") && args.iter().any(|a| indexed[a.index()]) => {
                        args.iter().for_each(|c| m.part[c.index()] = true);
                    }
                    _ => {
                        m.value[id.index()] = true;
                        if !matches!(syntax.kind(id), Kind::Name(_)) {
                            // The children were passed over above only if the node was no value yet.
                            match syntax.kind(id) {
                                Kind::Call(f, _) if is_generator(f) && self.user(f).is_none() => {}
                                Kind::Contraction(inner, _) => m.part[inner.index()] = true,
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
            Kind::Contraction(..) | Kind::Index(..) => Some(vec![]),
            Kind::Call(f, _) if is_generator(f) && self.user(f).is_none() => Some(vec![]),
            _ => syntax.children(id).into_iter().map(get).collect(),
        };
        let Some(args) = args else { return self.terms.add(Op::Poison, vec![], span) };
        match syntax.kind(id) {
            Kind::Number(text) => {
                if text.len() > 400 {
                    return self.poison(Diagnostic::error("E606", span, "this number is too long").because("literals have at most 400 digits").help("round the number, or write it with an exponent: 1e-3"));
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
                    Operator::Greater | Operator::Less | Operator::GreaterEqual | Operator::LessEqual | Operator::Equal | Operator::NotEqual => Op::Compare(*op),
                };
                self.add(op, args, span)
            }
            Kind::Call(f, nodes) => self.call(f, args, span, bound, |this, k| {
                let node = nodes[k];
                if let Some((cols, of)) = measure(syntax, node) {
                    return Ok(get(of).map_or(Extent::Given(vec![]), |t| Extent::Of(t, cols)));
                }
                this.extent(syntax, node, bound).map(Extent::Given)
            }, nodes.len()),
            Kind::Index(base, subs) => {
                let Some(base) = get(*base) else { return self.terms.add(Op::Poison, vec![], span) };
                let mut out = vec![];
                for s in subs {
                    let sub = match s {
                        Subscript::All => Ok(Sub::All),
                        Subscript::At(k) => self.position(syntax, *k, bound).map(Sub::At),
                        Subscript::Range(k, l) => self.position(syntax, *k, bound).and_then(|a| Ok(Sub::Range(a, self.position(syntax, *l, bound)?))),
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
                    return self.poison(Diagnostic::error("E102", span, "a matrix literal needs entries").because("`[]` has no size").help("write the entries: [1, 2; 3, 4]"));
                }
                self.add(Op::Stack(rows.iter().map(Vec::len).collect()), args, span)
            }
            Kind::Contraction(body, out) => self.contraction(syntax, *body, out, span, at, marks, bound),
        }
    }

    fn size_name(&self, name: &str) -> bool {
        self.scope.sizes.iter().any(|s| s == name)
    }

    fn extent(&mut self, syntax: &Syntax, node: NodeId, _bound: &Bound) -> Result<Vec<crate::tensor::Dim>, Diagnostic> {
        let (sizes, closed) = (&self.scope.sizes, self.closed);
        scope::extent(syntax, node, self.dims, &mut |n, d| if sizes.iter().any(|s| s == n) && (!closed || d.names().iter().any(|m| m == n)) { Some(d.name(n)) } else { None })
    }

    fn position(&mut self, syntax: &Syntax, node: NodeId, _bound: &Bound) -> Result<crate::tensor::Dim, Diagnostic> {
        let sizes = &self.scope.sizes;
        scope::size(syntax, node, self.dims, &mut |n, d| sizes.iter().any(|s| s == n).then(|| d.name(n))).map_err(|d| {
            if d.code == "E101" {
                Diagnostic::error("E109", d.span(), "a subscript is a whole number or a size")
                    .because("subscripts are 1-based constants such as x[1], x[n], A[2,:]; letters belong to index notation")
                    .help("to use index letters write the axes of the result: A[i,j]*x[j] -> [i]")
            } else {
                d
            }
        })
    }

    fn name(&mut self, name: &str, span: Span, bound: &Bound) -> TermId {
        if let Some(t) = bound.names.iter().rev().find(|b| b.0 == name) {
            return t.1;
        }
        if !bound.row {
            if let Some(k) = self.inputs.iter().position(|p| p.name == name) {
                if self.inputs[k].sizes.is_none() && self.inputs[k].span == Span::default() {
                    self.inputs[k].span = span;
                }
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
            if self.size_name(name) && (!self.closed || self.dims.names().iter().any(|n| n == name)) {
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
        let is_function = functions::find(name).is_some() || matrices::find(name).is_some() || NOTATION.iter().any(|n| call_name(n) == name) || self.user(name).is_some();
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

    #[allow(clippy::too_many_lines)]
    fn call(&mut self, f: &str, args: Vec<TermId>, span: Span, bound: &Bound, extent: impl Fn(&mut Self, usize) -> Result<Extent, Diagnostic>, count: usize) -> TermId {
        if !bound.row
            && let Some(k) = self.user(f)
        {
            return self.user_call(k, &args, span);
        }
        if is_generator(f) {
            return self.generator(f, span, extent, count);
        }
        match f {
            "rows" | "cols" => {
                if args.len() != 1 {
                    return self.arity(f, "A", args.len(), span);
                }
                return self.add(Op::Measure(f == "cols"), args, span);
            }
            "max" | "min" if args.len() == 2 => {
                let zero = |t: TermId, this: &Self| this.terms.constant(t).is_some_and(|c| c == 0.into());
                let other = if zero(args[0], self) { Some(args[1]) } else if zero(args[1], self) { Some(args[0]) } else { None };
                if let (Some(z), Some(relu)) = (other, functions::find("relu")) {
                    if f == "max" {
                        return self.add(Op::Map(relu), vec![z], span);
                    }
                    let place = self.terms.get(z).span;
                    let m = self.add(Op::Negate, vec![z], place);
                    let r = self.add(Op::Map(relu), vec![m], span);
                    return self.add(Op::Negate, vec![r], span);
                }
            }
            "max" | "min" if args.len() == 1 => {
                let word = if f == "max" { "maximum" } else { "minimum" };
                let x = "x";
                return self.poison(
                    Diagnostic::error("E107", span, format!("{f} takes two arguments"))
                        .because(format!("{f}(a, b) works element by element; {f}(0, x) keeps one sign"))
                        .help(format!("write {f}(0, {x}) or {f}({x}, y); the {} entry is {word}({x}), and logsumexp({x}) its smooth form", if f == "max" { "largest" } else { "smallest" })),
                );
            }
            "pow" if args.len() == 2 => return self.add(Op::DotPower, args, span),
            _ => {}
        }
        // Rows of notation: by name and number of arguments.
        let rows: Vec<&'static Notation> = NOTATION.iter().filter(|n| call_name(n) == f).collect();
        if !rows.is_empty() {
            let fitting: Vec<&'static Notation> = rows.iter().copied().filter(|n| parameters(n).len() == args.len()).collect();
            if fitting.is_empty() {
                return self.arity(f, &parameters(rows[0]).join(", "), args.len(), span);
            }
            return self.notation(&fitting, args, span);
        }
        if let Some(id) = functions::find(f).filter(|id| bound.row || !matches!(id.row().name, "gt" | "ge" | "eq")) {
            let of = id.row().of;
            if of.len() != args.len() {
                return self.arity(f, &of.join(", "), args.len(), span);
            }
            return self.add(Op::Map(id), args, span);
        }
        if let Some(id) = matrices::find(f) {
            if args.len() != 1 {
                return self.arity(f, "A", args.len(), span);
            }
            return self.add(Op::Apply(id), args, span);
        }
        if let Some((_, instead)) = INSTEAD.iter().find(|r| r.0 == f) {
            return self.poison(Diagnostic::error("E301", span, format!("`{f}` is not supported")).because("hesse refuses what it cannot derive").help(format!("write {instead}")));
        }
        self.unknown_function(f, span, args.len())
    }

    fn unknown_function(&mut self, f: &str, span: Span, count: usize) -> TermId {
        if count == 1 && self.is_variable(f) {
            return self.poison(
                Diagnostic::error("E104", span, format!("`{f}` is a variable, not a function"))
                    .because("products are written with `*`, entries with brackets")
                    .help(format!("write {f}*(…) for a product, or {f}[1] for an entry")),
            );
        }
        let mut known: Vec<&str> = FUNCTIONS
            .iter()
            .filter(|r| !matches!(r.name, "gt" | "ge" | "eq"))
            .flat_map(|r| std::iter::once(r.name).chain(r.aliases.iter().copied()))
            .chain(MATRIX_FUNCTIONS.iter().map(|r| r.name))
            .chain(NOTATION.iter().map(call_name))
            .chain(["ones", "zeros", "eye", "commutation", "rows", "cols"])
            .collect();
        known.extend(self.scope.functions.iter().map(|g| g.name));
        let help = match suggest::nearest(f, known) {
            Some(n) => format!("did you mean `{n}`?"),
            None => format!("define it above:  {f}(t) = …"),
        };
        self.poison(Diagnostic::error("E101", span, format!("unknown function `{f}`")).because("it is neither a function of hesse nor defined in this text").help(help))
    }

    fn arity(&mut self, f: &str, of: &str, got: usize, span: Span) -> TermId {
        let n = of.split(", ").count();
        self.poison(
            Diagnostic::error("E107", span, format!("{f} takes {n} argument{}, not {got}", if n == 1 { "" } else { "s" }))
                .because(format!("its form is {f}({of})"))
                .help(format!("write {f}({of})")),
        )
    }

    fn user_call(&mut self, k: usize, args: &[TermId], span: Span) -> TermId {
        let g = self.scope.functions[k].clone();
        let (least, most) = (g.params.len(), g.params.len() + g.defaults.len());
        if args.len() < least || args.len() > most {
            let form: Vec<&str> = g.params.iter().chain(g.defaults.iter().map(|d| &d.0)).map(String::as_str).collect();
            return self.arity(g.name, &form.join(", "), args.len(), span);
        }
        if self.depth >= DEPTH {
            return self.poison(
                Diagnostic::error("E603", span, format!("functions call each other deeper than {DEPTH}"))
                    .because("a function that calls itself never ends: there is no recursion")
                    .help(format!("write `{}` without calling itself", g.name)),
            );
        }
        self.depth += 1;
        let mut bound = Bound::default();
        for (k, name) in g.params.iter().chain(g.defaults.iter().map(|d| &d.0)).enumerate() {
            let t = match args.get(k) {
                Some(&t) => t,
                None => self.lower(self.syntax, g.defaults[k - least].1, &bound.clone(), None),
            };
            bound.names.push((name.clone(), t));
        }
        let t = self.lower(self.syntax, g.body, &bound, None);
        self.depth -= 1;
        t
    }

    fn generator(&mut self, f: &str, span: Span, extent: impl Fn(&mut Self, usize) -> Result<Extent, Diagnostic>, count: usize) -> TermId {
        let mut of = vec![];
        for k in 0..count {
            match extent(self, k) {
                Ok(e) => of.push(e),
                Err(d) => return self.poison(d),
            }
        }
        let one = || Extent::Given(vec![]);
        let sugar = |of: &[Extent], dims: &Dims| match of {
            [Extent::Given(d)] if d.is_empty() => Some(true),
            [Extent::Given(d)] if d.len() == 1 && dims.as_integer(d[0]) == Some(0) => Some(false),
            _ => None,
        };
        let op = match (f, of.as_slice()) {
            ("vector", _) => match sugar(&of, self.dims) {
                Some(ones) => Op::Fill(ones, Extent::Free, one()),
                None => return self.sugar(f, span),
            },
            ("matrix", _) => match sugar(&of, self.dims) {
                Some(ones) => Op::Fill(ones, Extent::Free, Extent::Free),
                None => return self.sugar(f, span),
            },
            ("ones" | "zeros", [n]) => Op::Fill(f == "ones", n.clone(), one()),
            ("ones" | "zeros", [m, n]) => Op::Fill(f == "ones", m.clone(), n.clone()),
            ("eye", [n]) => Op::Eye(n.clone(), n.clone()),
            ("eye", [m, n]) => Op::Eye(m.clone(), n.clone()),
            ("commutation", [m, n]) => Op::Commutation(m.clone(), n.clone()),
            ("commutation", _) => return self.arity(f, "m, n", count, span),
            _ => return self.arity(f, "n", count, span),
        };
        // The terms whose sizes are taken are arguments, so that what is wrong with them is not said twice.
        let args = of.iter().filter_map(|e| if let Extent::Of(t, _) = e { Some(*t) } else { None }).collect();
        self.add(op, args, span)
    }

    fn sugar(&mut self, f: &str, span: Span) -> TermId {
        let form = if f == "vector" { "ones(n)" } else { "ones(m, n)" };
        self.poison(
            Diagnostic::error("E102", span, format!("`{f}` in a formula is `{f}(1)` or `{f}(0)`"))
                .because(format!("{f}(1) is a {f} of ones whose size follows from the formula"))
                .help(format!("write {form} for ones of a given size; types stand only in declarations")),
        )
    }

    /// A call of rows of notation: index notation gives one term, a plain formula is written out.
    fn notation(&mut self, rows: &[&'static Notation], args: Vec<TermId>, span: Span) -> TermId {
        let mut contractions = vec![];
        for row in rows {
            let document = match parse::parse_expression(row.means) {
                Ok(d) => d,
                Err(_) => return self.unreadable(row, span),
            };
            let (syntax, root) = document;
            let bound = Bound { names: parameters(row).into_iter().zip(args.iter().copied()).map(|(n, t)| (n.to_string(), t)).collect(), row: true };
            if !matches!(syntax.kind(root), Kind::Contraction(..)) {
                return self.lower(&syntax, root, &bound, Some(span));
            }
            let before = self.terms.contractions.len();
            let t = self.lower(&syntax, root, &bound, Some(span));
            // The arguments of the term are those of the call, in the order in which the row names them.
            let Op::Contract(_) = self.terms.get(t).op else { return t };
            let c = &mut self.terms.contractions[before];
            c.needs = row.needs;
            c.name = call_name(row);
            contractions.push((before, self.terms.get(t).args.clone()));
            self.terms.pop();
        }
        let Some((_, first)) = contractions.first().cloned() else { return self.terms.add(Op::Poison, args, span) };
        debug_assert!(contractions.iter().all(|c| c.1 == first));
        self.add(Op::Contract(contractions.into_iter().map(|c| c.0).collect()), first, span)
    }

    fn unreadable(&mut self, row: &Notation, span: Span) -> TermId {
        self.poison(Diagnostic::error("E301", span, format!("the row `{}` of hesse's own table cannot be read", row.matrix)).because("this is a defect of hesse").help("please report it"))
    }

    /// Index notation: the parts of the body, their tensors as arguments.
    #[allow(clippy::too_many_arguments)]
    fn contraction(&mut self, syntax: &Syntax, body: NodeId, out: &[Vec<String>], span: Span, at: &[Option<TermId>], marks: &Marks, bound: &Bound) -> TermId {
        let mut c = Contraction::default();
        let mut args: Vec<TermId> = vec![];
        let mut part: Vec<Option<usize>> = vec![None; body.index() + 1];
        fn letter(c: &mut Contraction, name: &str) -> usize {
            c.letters.iter().position(|l| l == name).unwrap_or_else(|| {
                c.letters.push(name.to_string());
                c.letters.len() - 1
            })
        }
        fn argument(args: &mut Vec<TermId>, t: TermId) -> usize {
            args.iter().position(|&a| a == t).unwrap_or_else(|| {
                args.push(t);
                args.len() - 1
            })
        }
        let get = |part: &Vec<Option<usize>>, n: NodeId| part.get(n.index()).copied().flatten();
        for id in syntax.under(body) {
            if !marks.part[id.index()] {
                continue;
            }
            let place = syntax.span(id);
            let p = match syntax.kind(id) {
                Kind::Number(text) => Part::Number(text.clone()),
                Kind::Negate(a) => match get(&part, *a) {
                    Some(a) => Part::Sum(vec![(true, a)]),
                    None => return self.terms.add(Op::Poison, vec![], span),
                },
                Kind::Binary(op, a, b) => {
                    let (Some(a), Some(b)) = (get(&part, *a), get(&part, *b)) else { return self.terms.add(Op::Poison, vec![], span) };
                    let map = |f: &str, x: Vec<usize>| functions::find(f).map(|f| Part::Map(f, x));
                    let p = match op {
                        Operator::Plus | Operator::DotPlus => Some(Part::Sum(vec![(false, a), (false, b)])),
                        Operator::Minus | Operator::DotMinus => Some(Part::Sum(vec![(false, a), (true, b)])),
                        Operator::Times | Operator::DotTimes => Some(Part::Product(vec![a, b])),
                        Operator::Over | Operator::DotOver => Some(Part::Quotient(a, b)),
                        Operator::Power | Operator::DotPower => Some(Part::Power(a, b)),
                        Operator::Greater => map("gt", vec![a, b]),
                        Operator::Less => map("gt", vec![b, a]),
                        Operator::GreaterEqual => map("ge", vec![a, b]),
                        Operator::LessEqual => map("ge", vec![b, a]),
                        Operator::Equal => map("eq", vec![a, b]),
                        Operator::NotEqual => map("eq", vec![a, b]).map(|m| {
                            c.parts.push(m);
                            Part::Not(c.parts.len() - 1)
                        }),
                        Operator::Under => None,
                    };
                    match p {
                        Some(p) => p,
                        None => return self.poison(Diagnostic::error("E102", place, "`\\` has no meaning in index notation").because("index notation has entries, not matrices").help("write inv(A)[i,j]*b[j]")),
                    }
                }
                Kind::Call(f, nodes) if !marks.value[id.index()] => {
                    let children: Option<Vec<usize>> = nodes.iter().map(|n| get(&part, *n)).collect();
                    let Some(children) = children else { return self.terms.add(Op::Poison, vec![], span) };
                    if f == "sqrt" && children.len() == 1 {
                        c.parts.push(Part::Number("0.5".into()));
                        Part::Power(children[0], c.parts.len() - 1)
                    } else {
                        let Some(g) = functions::find(f) else { return self.terms.add(Op::Poison, vec![], span) };
                        if g.row().of.len() != children.len() {
                            return self.arity(f, &g.row().of.join(", "), children.len(), place);
                        }
                        Part::Map(g, children)
                    }
                }
                Kind::Index(base, subs) => {
                    let mut slots = vec![];
                    for s in subs {
                        match s {
                            Subscript::At(n) => match syntax.kind(*n) {
                                Kind::Name(l) => slots.push(Slot::Letter(letter(&mut c, l))),
                                _ => match self.position(syntax, *n, bound) {
                                    Ok(d) => slots.push(Slot::At(d)),
                                    Err(d) => return self.poison(d),
                                },
                            },
                            Subscript::All | Subscript::Range(..) => {
                                return self.poison(
                                    Diagnostic::error("E102", place, "a range has no meaning in index notation").because("every axis has an index letter there").help("write a letter for each axis: A[i,j]"),
                                );
                            }
                        }
                    }
                    match at.get(base.index()).copied().flatten() {
                        Some(t) => Part::Tensor(argument(&mut args, t), slots),
                        None => match self.constant(syntax, *base, slots.len(), place, bound) {
                            Ok(k) => Part::Constant(k, slots),
                            Err(d) => return self.poison(d),
                        },
                    }
                }
                _ => match at.get(id.index()).copied().flatten() {
                    Some(t) => Part::Scalar(argument(&mut args, t)),
                    None => return self.terms.add(Op::Poison, vec![], span),
                },
            };
            c.parts.push(p);
            part[id.index()] = Some(c.parts.len() - 1);
        }
        for group in out {
            let letters = group.iter().map(|l| letter(&mut c, l)).collect();
            c.out.push(letters);
        }
        self.terms.contractions.push(c);
        let k = self.terms.contractions.len() - 1;
        self.add(Op::Contract(vec![k]), args, span)
    }

    fn constant(&mut self, syntax: &Syntax, base: NodeId, slots: usize, span: Span, bound: &Bound) -> Result<Constant, Diagnostic> {
        let name = constant(syntax, base).unwrap_or("");
        let argument = match syntax.kind(base) {
            Kind::Call(_, args) if args.len() == 1 => Some(self.position(syntax, args[0], bound)?),
            _ => None,
        };
        match (name, argument, slots) {
            ("eye", None, 2) => Ok(Constant::Eye),
            ("ones", None, _) => Ok(Constant::Ones),
            ("zeros", None, _) => Ok(Constant::Zeros),
            ("lower", None, 2) => Ok(Constant::Lower),
            ("unit", Some(k), 1) => Ok(Constant::Unit(k)),
            ("shift", Some(k), 2) => Ok(Constant::Shift(k)),
            _ => Err(Diagnostic::error("E102", span, format!("`{name}` does not take this form in index notation"))
                .because("its constants are eye[i,j], ones[i], zeros[i], lower[i,j], unit(k)[i] and shift(k)[i,j]")
                .help("write one of these forms")),
        }
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

/// The name of a constant of index notation.
fn constant(syntax: &Syntax, base: NodeId) -> Option<&str> {
    match syntax.kind(base) {
        Kind::Name(n) if matches!(n.as_str(), "eye" | "ones" | "zeros" | "lower") => Some(n),
        Kind::Call(f, args) if matches!(f.as_str(), "unit" | "shift") && args.len() == 1 => Some(f),
        _ => None,
    }
}

/// `kron` of the row `kron(A, B)`.
pub fn call_name(row: &Notation) -> &'static str {
    row.matrix.split('(').next().unwrap_or("")
}

/// `["A", "B"]` of the row `kron(A, B)`.
pub fn parameters(row: &Notation) -> Vec<&'static str> {
    row.matrix.split_once('(').map_or(vec![], |(_, rest)| rest.trim_end_matches(')').split(',').map(str::trim).collect())
}

/// The type that a name suggests: single u…z, p, q, r are vectors, upper case is a matrix, everything else a scalar.
pub fn habit_type(name: &str) -> &'static str {
    match habit(name) {
        Habit::Vector => "vector(n)",
        Habit::Matrix => "matrix(m, n)",
        Habit::Scalar => "scalar",
    }
}

/// What a name suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// A column.
    Vector,
    /// Rows and columns.
    Matrix,
    /// One number.
    Scalar,
}

/// The naming habit.
pub fn habit(name: &str) -> Habit {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if matches!(c, 'u'..='z' | 'p'..='r') => Habit::Vector,
        (Some(c), _) if c.is_uppercase() => Habit::Matrix,
        _ => Habit::Scalar,
    }
}
