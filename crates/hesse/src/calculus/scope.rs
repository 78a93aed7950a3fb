//! Which names a document declares, defines and uses as sizes, before any expression is looked at.

use crate::calculus::domain;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::tree::{Document, Kind, NodeId, Operator, Role, Statement, Subscript, Syntax, Type};
use crate::tensor::Dim;
use crate::tensor::dim::Dims;

/// A variable before its shape is known.
#[derive(Clone, Debug)]
pub struct Proto {
    /// Its name.
    pub name: String,
    /// What for.
    pub role: Role,
    /// Sizes of rows and columns, if declared.
    pub sizes: Option<(Vec<Dim>, Vec<Dim>)>,
    /// Canonical, closed under what follows.
    pub properties: Vec<String>,
    /// Where it was declared or first used.
    pub span: Span,
    /// Whether its type is `symmetric(n)` or `diagonal(n)`.
    pub symmetric: bool,
}

/// A user function.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Parameters without and with a default.
    pub params: &'a [String],
    /// Parameters with a default.
    pub defaults: &'a [(String, NodeId)],
    /// The right side.
    pub body: NodeId,
}

/// A definition or bare expression.
#[derive(Clone, Debug)]
pub struct Definition<'a> {
    /// Its name, empty for a bare expression.
    pub name: &'a str,
    /// Where the name is.
    pub span: Span,
    /// The right side.
    pub body: NodeId,
    /// What `assume` says of it.
    pub assumed: Vec<String>,
}

/// All names of a document.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    /// Declared variables in order.
    pub inputs: Vec<Proto>,
    /// User functions.
    pub functions: Vec<Function<'a>>,
    /// Definitions and bare expressions in order.
    pub definitions: Vec<Definition<'a>>,
    /// Names of sizes.
    pub sizes: Vec<String>,
    /// Whether anything is declared.
    pub declares: bool,
    /// What is wrong so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// Names of calls whose arguments are sizes.
pub fn is_generator(name: &str) -> bool {
    matches!(name, "ones" | "zeros" | "eye" | "commutation" | "vector" | "matrix")
}

impl<'a> Scope<'a> {
    /// Reads the statements of a document.
    pub fn read(document: &'a Document, dims: &mut Dims) -> Scope<'a> {
        let mut scope = Scope::default();
        let syntax = &document.syntax;
        for s in &document.statements {
            match s {
                Statement::Declare { role, names, of, attributes } => {
                    scope.declares = true;
                    for (name, span) in names {
                        scope.unused(name, *span);
                        let attributes: Vec<_> = attributes.iter().map(|a| (a.text.as_str(), a.span)).collect();
                        scope.declare(name, *span, *role, syntax, of, &attributes, dims);
                    }
                }
                Statement::Define { name, name_span, body } => {
                    if !name.is_empty() {
                        scope.unused(name, *name_span);
                    }
                    scope.definitions.push(Definition { name, span: *name_span, body: *body, assumed: vec![] });
                }
                Statement::Function { name, name_span, params, defaults, body } => {
                    if scope.functions.iter().any(|f| f.name == name) {
                        scope.twice(name, *name_span);
                    }
                    scope.functions.push(Function { name, params, defaults, body: *body });
                }
                Statement::Assume { .. } | Statement::Derive { .. } => {}
            }
        }
        for s in &document.statements {
            if let Statement::Assume { name, name_span, attribute } = s {
                scope.assume(name, *name_span, &attribute.text, attribute.span);
            }
        }
        scope.sizes_of_generators(document);
        scope.sizes_of_positions(document);
        scope
    }

    /// Declares one variable.
    #[allow(clippy::too_many_arguments)]
    pub fn declare(
        &mut self,
        name: &str,
        span: Span,
        role: Role,
        syntax: &Syntax,
        of: &Type,
        attributes: &[(&str, Span)],
        dims: &mut Dims,
    ) {
        let mut size = |node: NodeId| {
            let mut names = vec![];
            let out = extent(syntax, node, dims, &mut |n, d| {
                names.push(n.to_string());
                Some(d.name(n))
            });
            for n in names {
                if !self.sizes.contains(&n) {
                    self.sizes.push(n);
                }
            }
            out.unwrap_or_else(|d| {
                self.diagnostics.push(d);
                vec![]
            })
        };
        let mut properties = vec![];
        let sizes = match of {
            Type::Scalar => (vec![], vec![]),
            Type::Vector(n) => (size(*n), vec![]),
            Type::RowVector(n) => (vec![], size(*n)),
            Type::Matrix(m, n) => (size(*m), size(*n)),
            Type::Symmetric(n) | Type::Diagonal(n) => {
                let n = size(*n);
                (n.clone(), n)
            }
        };
        let symmetric = matches!(of, Type::Symmetric(_) | Type::Diagonal(_));
        match of {
            Type::Symmetric(_) => domain::close(&mut properties, "symmetric", true),
            Type::Diagonal(_) => domain::close(&mut properties, "diagonal", true),
            _ => {}
        }
        for (text, at) in attributes {
            match domain::canonical(text) {
                Some(p) => domain::close(&mut properties, &p, true),
                None => self.diagnostics.push(unknown_property(text, *at)),
            }
        }
        self.inputs.push(Proto { name: name.to_string(), role, sizes: Some(sizes), properties, span, symmetric });
    }

    fn assume(&mut self, name: &str, span: Span, text: &str, at: Span) {
        let Some(property) = domain::canonical(text) else {
            self.diagnostics.push(unknown_property(text, at));
            return;
        };
        if let Some(p) = self.inputs.iter_mut().find(|p| p.name == name) {
            domain::close(&mut p.properties, &property, true);
        } else if let Some(d) = self.definitions.iter_mut().find(|d| d.name == name) {
            domain::close(&mut d.assumed, &property, true);
        } else {
            // An undeclared variable.
            let mut properties = vec![];
            domain::close(&mut properties, &property, true);
            self.inputs.push(Proto { name: name.to_string(), role: Role::Plain, sizes: None, properties, span, symmetric: false });
        }
    }

    fn unused(&mut self, name: &str, span: Span) {
        if self.inputs.iter().any(|p| p.name == name) || self.definitions.iter().any(|d| d.name == name) {
            self.twice(name, span);
        }
    }

    fn twice(&mut self, name: &str, span: Span) {
        let first = self
            .inputs
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.span)
            .or_else(|| self.definitions.iter().find(|d| d.name == name).map(|d| d.span));
        let mut d = Diagnostic::error("E108", span, format!("`{name}` is declared or defined twice"))
            .because("every name has one meaning in a file")
            .help(format!("give the second one another name, such as `{name}2`"));
        if let Some(first) = first {
            d = d.at(first, "first here");
        }
        self.diagnostics.push(d);
    }

    /// `ones(N)` makes N a size, if it is nothing else.
    fn sizes_of_generators(&mut self, document: &Document) {
        let params: Vec<&String> = self.functions.iter().flat_map(|f| f.params.iter().chain(f.defaults.iter().map(|d| &d.0))).collect();
        let mut found = vec![];
        for id in document.syntax.ids() {
            let Kind::Call(f, args) = document.syntax.kind(id) else { continue };
            if !is_generator(f) || self.functions.iter().any(|g| g.name == f) {
                continue;
            }
            for &a in args {
                for n in document.syntax.under(a) {
                    let Kind::Name(name) = document.syntax.kind(n) else { continue };
                    let taken = self.inputs.iter().any(|p| p.name == *name)
                        || self.definitions.iter().any(|d| d.name == name)
                        || params.contains(&name)
                        // `rows(X)`: X is a value.
                        || document.syntax.under(a).iter().any(|&c| matches!(document.syntax.kind(c), Kind::Call(_, inner) if inner.contains(&n)));
                    if !taken && !self.sizes.contains(name) && !found.contains(name) {
                        found.push(name.clone());
                    }
                }
            }
        }
        self.sizes.extend(found);
    }

    /// `u[2:n]`, `u[n-1]`, `X[k,:]` and `sum(i = 1:n, …)` make n and k sizes, if they are nothing else. A letter that stands alone, `x[i]`, may be
    /// meant for index notation.
    fn sizes_of_positions(&mut self, document: &Document) {
        let syntax = &document.syntax;
        let params: Vec<&String> = self.functions.iter().flat_map(|f| f.params.iter().chain(f.defaults.iter().map(|d| &d.0))).collect();
        // Nodes where a name means something else: index notation, and the index of a sum within its term.
        let mut lettered = vec![false; syntax.len()];
        for id in syntax.ids() {
            match syntax.kind(id) {
                Kind::Contraction(body, _) => syntax.under(*body).iter().for_each(|n| lettered[n.index()] = true),
                Kind::Series(s) => {
                    let own = |n: &&NodeId| matches!(syntax.kind(**n), Kind::Name(name) if *name == s.index);
                    syntax.under(s.body).iter().filter(own).for_each(|n| lettered[n.index()] = true);
                }
                _ => {}
            }
        }
        let mut found: Vec<String> = vec![];
        for id in syntax.ids().filter(|id| !lettered[id.index()]) {
            let positions: Vec<NodeId> = match syntax.kind(id) {
                Kind::Series(s) => vec![s.from, s.to],
                Kind::Index(_, subs) => {
                    let sliced = subs.iter().any(|s| !matches!(s, Subscript::At(_)));
                    let own = |s: &Subscript| match s {
                        Subscript::All | Subscript::Stack(_) => vec![],
                        Subscript::At(k) if sliced || !matches!(syntax.kind(*k), Kind::Name(_)) => vec![*k],
                        Subscript::At(_) => vec![],
                        Subscript::Range(a, b) => vec![*a, *b],
                    };
                    subs.iter().flat_map(own).collect()
                }
                _ => continue,
            };
            for p in positions {
                let within = syntax.under(p);
                // `rows(X)`: X is a value.
                if within.iter().any(|&n| matches!(syntax.kind(n), Kind::Call(..) | Kind::Index(..))) {
                    continue;
                }
                for n in within {
                    let Kind::Name(name) = syntax.kind(n) else { continue };
                    let taken = lettered[n.index()]
                        || name == END
                        || self.inputs.iter().any(|p| p.name == *name)
                        || self.definitions.iter().any(|d| d.name == name)
                        || params.contains(&name);
                    if !taken && !self.sizes.contains(name) && !found.contains(name) {
                        found.push(name.clone());
                    }
                }
            }
        }
        self.sizes.extend(found);
    }
}

/// The last position of an axis.
pub const END: &str = "end";

fn unknown_property(text: &str, span: Span) -> Diagnostic {
    Diagnostic::error("E102", span, format!("unknown property `{text}`"))
        .because("properties are symmetric, diagonal, posdef, invertible, detpos, lower, orthogonal, unit, integer, > 0, >= 0, nonzero, in (a,b)")
        .help("use one of these, or leave it out")
}

/// What a name in a size stands for.
pub type Resolve<'r> = &'r mut dyn FnMut(&str, &mut Dims) -> Option<Dim>;

/// A size as a list: a pure product in written order, empty for 1.
pub fn extent(syntax: &Syntax, node: NodeId, dims: &mut Dims, resolve: Resolve<'_>) -> Result<Vec<Dim>, Diagnostic> {
    let mut factors = vec![];
    let mut todo = vec![node];
    while let Some(n) = todo.pop() {
        match syntax.kind(n) {
            Kind::Binary(Operator::Times, a, b) => todo.extend([*b, *a]),
            _ => factors.push(n),
        }
    }
    let mut out = vec![];
    for n in factors {
        let d = size(syntax, n, dims, resolve)?;
        match dims.as_integer(d) {
            Some(1) => {}
            Some(k) if !(1..=1_000_000_000).contains(&k) => {
                return Err(Diagnostic::error("E203", syntax.span(n), format!("a size cannot be {k}"))
                    .because("sizes are whole numbers from 1 to 1000000000")
                    .help("write a name, such as `n`, or a positive whole number"));
            }
            _ => out.push(d),
        }
    }
    Ok(out)
}

/// A size or position: whole-number arithmetic over names.
pub fn size(syntax: &Syntax, node: NodeId, dims: &mut Dims, resolve: Resolve<'_>) -> Result<Dim, Diagnostic> {
    let mut values: Vec<(NodeId, Dim)> = vec![];
    let value = |values: &Vec<(NodeId, Dim)>, n: NodeId| values.iter().rev().find(|v| v.0 == n).map(|v| v.1);
    let wrong = |n: NodeId, text: String| {
        Diagnostic::error("E102", syntax.span(n), text)
            .because("sizes and positions are whole-number arithmetic over names: `n`, `n+1`, `2*k`")
            .help("write a name such as `n` or a whole number")
    };
    let nodes = syntax.under(node);
    if nodes.len() > 64 {
        return Err(wrong(node, "this size is too long".into()));
    }
    for n in nodes {
        let d = match syntax.kind(n) {
            Kind::Number(text) => match text.parse::<i64>() {
                Ok(k) if k <= 1_000_000_000 => dims.integer(k),
                _ => return Err(wrong(n, format!("`{text}` is not a size"))),
            },
            Kind::Name(name) => match resolve(name, dims) {
                Some(d) => d,
                None => {
                    return Err(Diagnostic::error("E101", syntax.span(n), format!("`{name}` is not a size"))
                        .because("a size is a name that occurs in a declaration, such as n in `x : vector(n)`, or a whole number")
                        .help(format!("declare a variable with that size, such as  x : vector({name})")));
                }
            },
            Kind::Negate(a) => {
                let a = value(&values, *a).ok_or_else(|| wrong(n, "not a size".into()))?;
                dims.scale(a, -1)
            }
            Kind::Binary(op, a, b) => {
                let (Some(a), Some(b)) = (value(&values, *a), value(&values, *b)) else { return Err(wrong(n, "not a size".into())) };
                match op {
                    Operator::Plus => dims.add(a, b),
                    Operator::Minus => {
                        let b = dims.scale(b, -1);
                        dims.add(a, b)
                    }
                    Operator::Times => dims.multiply(a, b),
                    _ => return Err(wrong(n, "a size has only `+`, `-` and `*`".into())),
                }
            }
            _ => return Err(wrong(n, "this is not a size".into())),
        };
        if dims.polynomial(d).len() > 16 {
            return Err(wrong(n, "this size is too long".into()));
        }
        values.push((n, d));
    }
    value(&values, node).ok_or_else(|| wrong(node, "not a size".into()))
}
