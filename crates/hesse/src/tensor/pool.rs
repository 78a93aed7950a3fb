//! Hash-consed tensor expressions: equal handles mean equal expressions; a child has a smaller id than its parent.
//!
//! Constructors keep everything typed and canonical (they do only what is confluent and never grows).

use super::dim::{Dim, Dims};
use super::number::Rational;
use super::product::shift::is_inside;
use crate::facts::functions::FunctionId;
use crate::facts::matrices::MatrixFunctionId;
use crate::facts::planted::Planted;
use rustc_hash::{FxHashMap, FxHashSet};

/// A tensor expression: a handle into a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expr(u32);

/// A variable of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// An index of a product, numbered within it.
pub type Label = u32;

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarKind {
    /// A name of the formula.
    Input,
    /// A surface operation or definition (a vertex of elimination).
    Vertex,
    /// A named part of a derivative.
    Adjoint,
    /// An argument of a row.
    Argument,
}

/// A declared tensor.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its axes.
    pub axes: Vec<Dim>,
    /// What it stands for.
    pub kind: VarKind,
}

/// Constant 0/1 tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// One axis of size `of`: 1 at the 1-based position `at`.
    Unit {
        /// Position, 1-based.
        at: Dim,
        /// Size of the axis.
        of: Dim,
    },
    /// Two axes of size `of`: 1 where i ≥ j.
    Lower {
        /// Size of both axes.
        of: Dim,
    },
    /// Two axes: 1 where i = j + offset; i runs over `rows`, j over `cols`.
    Shift {
        /// The offset.
        offset: Dim,
        /// Size of the first axis.
        rows: Dim,
        /// Size of the second axis.
        cols: Dim,
    },
}

/// `base[labels]^power` in a product. The power is a scalar expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor {
    /// The base.
    pub base: Expr,
    /// Labels of its axes.
    pub labels: Vec<Label>,
    /// A scalar expression.
    pub power: Expr,
}

/// A node. See the table in `ARCHITECTURE.md` for how what people write becomes a product.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An opaque decimal constant (bits of an f64) that a rational cannot hold.
    Decimal(u64),
    /// π
    Pi,
    /// A size as a scalar.
    Size(Dim),
    /// A constant 0/1 tensor.
    Pattern(Pattern),
    /// A variable.
    Var(VarId),
    /// Linear combination; sorted, like terms merged, no zero coefficient. The empty sum is the typed zero.
    Sum(Vec<(Rational, Expr)>, Vec<Dim>),
    /// Σ over labels that are not in `out` of Π factors. No factors and no labels: the number 1.
    Product {
        /// Sorted.
        factors: Vec<Factor>,
        /// Labels of the axes of the value; may repeat (diagonal) and may name a label that no factor carries (broadcast).
        out: Vec<Label>,
        /// Size of each label.
        sizes: Vec<Dim>,
    },
    /// Element-wise function of tensors of equal shape.
    Map(FunctionId, Vec<Expr>),
    /// A function of a whole tensor.
    Apply(MatrixFunctionId, Vec<Expr>),
}

/// What a pool may spend. Exceeding one sets [`Pool::limit`]; results are then meaningless and must be thrown away.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes that may be created (code E604).
    pub nodes: usize,
    /// Units of work: one per factor or term handled (code E605).
    pub fuel: u64,
    /// Asked now and then; `true` stops the work (code E608).
    pub cancel: Option<fn() -> bool>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { nodes: 100_000, fuel: 20_000_000, cancel: None }
    }
}

/// The arena of expressions of one formula.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Symbolic sizes.
    pub dims: Dims,
    nodes: Vec<Node>,
    axes: Vec<Box<[Dim]>>,
    index: FxHashMap<Node, Expr>,
    variables: Vec<Variable>,
    symbols: Vec<Expr>,
    transposes: FxHashMap<Expr, Expr>,
    limits: Limits,
    spent: u64,
    limit: Option<&'static str>,
    planted: Option<Planted>,
}

impl Default for Pool {
    fn default() -> Self {
        Pool::new()
    }
}

impl Pool {
    /// An empty pool with the default limits.
    pub fn new() -> Pool {
        Pool::with_limits(Limits::default())
    }
    /// An empty pool with these limits.
    pub fn with_limits(limits: Limits) -> Pool {
        Pool {
            dims: Dims::default(),
            nodes: vec![],
            axes: vec![],
            index: FxHashMap::default(),
            variables: vec![],
            symbols: vec![],
            transposes: FxHashMap::default(),
            limits,
            spent: 0,
            limit: None,
            planted: None,
        }
    }
    /// Puts a wrong text in the place of a fact; see [`crate::facts::planted`].
    #[doc(hidden)]
    pub fn plant(&mut self, planted: Option<Planted>) {
        self.planted = planted;
    }
    /// The wrong text, if there is one.
    pub(crate) fn planted(&self) -> Option<Planted> {
        self.planted
    }
    /// The first limit that was reached (a code of [`crate::facts::codes`]), if any; results are then meaningless.
    pub fn limit(&self) -> Option<&'static str> {
        self.limit
    }
    /// What it may spend.
    pub fn limits(&self) -> Limits {
        self.limits
    }
    /// Units of work spent so far.
    pub fn spent(&self) -> u64 {
        self.spent
    }
    /// Number of nodes made so far.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    /// Whether no node was made yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
    pub(super) fn stop(&mut self, code: &'static str) {
        self.limit.get_or_insert(code);
    }
    /// Pays for work; `false` when a limit is reached.
    pub(crate) fn spend(&mut self, units: usize) -> bool {
        let before = self.spent;
        self.spent = self.spent.saturating_add(units as u64);
        if self.spent > self.limits.fuel {
            self.stop("E605");
        }
        // The callback is asked every 4096 units, not at each: it may read a clock.
        if before >> 12 != self.spent >> 12 && self.limits.cancel.is_some_and(|cancel| cancel()) {
            self.stop("E608");
        }
        self.limit.is_none()
    }
    pub(super) fn intern(&mut self, node: Node, axes: Vec<Dim>) -> Expr {
        if let Some(&e) = self.index.get(&node) {
            return e;
        }
        if self.nodes.len() >= self.limits.nodes {
            self.stop("E604");
        }
        let e = Expr(self.nodes.len() as u32);
        self.index.insert(node.clone(), e);
        self.nodes.push(node);
        self.axes.push(axes.into_boxed_slice());
        e
    }
    /// The node.
    pub fn node(&self, e: Expr) -> &Node {
        &self.nodes[e.0 as usize]
    }
    /// Sizes of the axes.
    pub fn axes(&self, e: Expr) -> &[Dim] {
        &self.axes[e.0 as usize]
    }
    /// Number of axes.
    pub fn rank(&self, e: Expr) -> usize {
        self.axes[e.0 as usize].len()
    }
    /// The variable's row.
    pub fn variable(&self, v: VarId) -> &Variable {
        &self.variables[v.0 as usize]
    }
    /// Number of variables declared so far.
    pub fn variables(&self) -> usize {
        self.variables.len()
    }
    /// Declares a variable and gives it as an expression (every call is a new variable).
    pub fn declare(&mut self, name: &str, axes: Vec<Dim>, kind: VarKind) -> (VarId, Expr) {
        let v = VarId(self.variables.len() as u32);
        self.variables.push(Variable { name: name.to_string(), axes: axes.clone(), kind });
        let e = self.intern(Node::Var(v), axes);
        self.symbols.push(e);
        (v, e)
    }
    /// The expression of a variable.
    pub fn var(&self, v: VarId) -> Expr {
        self.symbols[v.0 as usize]
    }
    /// The scalar 1: the empty product.
    pub fn one(&mut self) -> Expr {
        self.intern(Node::Product { factors: vec![], out: vec![], sizes: vec![] }, vec![])
    }
    /// The scalar constant.
    pub fn number(&mut self, value: Rational) -> Expr {
        let one = self.one();
        self.sum(&[(value, one)], &[])
    }
    /// The scalar integer.
    pub fn integer(&mut self, value: i64) -> Expr {
        self.number(Rational::from_integer(value.into()))
    }
    /// The number, if the expression is a scalar constant.
    pub fn as_number(&self, e: Expr) -> Option<Rational> {
        if self.rank(e) > 0 { None } else { self.as_constant(e) }
    }
    /// The number that every entry equals, if the expression is such a constant tensor (a diagonal is not one).
    pub fn as_constant(&self, e: Expr) -> Option<Rational> {
        let plain = |e: Expr| match self.node(e) {
            Node::Product { factors, out, sizes } => factors.is_empty() && out.len() == sizes.len(),
            _ => false,
        };
        match self.node(e) {
            Node::Sum(terms, _) => match terms.as_slice() {
                [] => Some(Rational::from_integer(0)),
                [(c, e)] if plain(*e) => Some(*c),
                _ => None,
            },
            _ if plain(e) => Some(Rational::from_integer(1)),
            _ => None,
        }
    }
    /// The integer, if the expression is one.
    pub fn as_integer(&self, e: Expr) -> Option<i64> {
        let r = self.as_number(e)?;
        if r.is_integer() { i64::try_from(*r.numer()).ok() } else { None }
    }
    /// A decimal that a rational cannot hold, opaque; one that it can is the number.
    pub fn decimal(&mut self, value: f64) -> Expr {
        if let Some(r) = super::number::parse(&format!("{:e}", value.abs())) {
            return self.number(if value < 0.0 { -r } else { r });
        }
        self.intern(Node::Decimal(value.to_bits()), vec![])
    }
    /// π
    pub fn pi(&mut self) -> Expr {
        self.intern(Node::Pi, vec![])
    }
    /// A size as a scalar: an integer size is a number, `m*n` a product, `n + 1` a sum.
    pub fn size(&mut self, d: Dim) -> Expr {
        if self.dims.as_name(d).is_some() {
            return self.intern(Node::Size(d), vec![]);
        }
        let mut terms = vec![];
        for (names, coefficient) in self.dims.polynomial(d).clone() {
            let factors = names
                .iter()
                .map(|&k| {
                    let name = self.dims.names()[k as usize].clone();
                    let d = self.dims.name(&name);
                    let base = self.intern(Node::Size(d), vec![]);
                    (base, [].as_slice())
                })
                .collect::<Vec<_>>();
            let term = self.product(&factors, &[], &[]);
            terms.push((Rational::from_integer(coefficient.into()), term));
        }
        self.sum(&terms, &[])
    }
    /// Whether a shift places each of its columns among its rows: then it is a part of the identity.
    pub fn is_inside(&mut self, offset: Dim, rows: Dim, cols: Dim) -> bool {
        is_inside(&mut self.dims, offset, rows, cols)
    }
    /// A constant 0/1 tensor.
    pub fn pattern(&mut self, p: Pattern) -> Expr {
        if let Pattern::Shift { offset, rows, cols } = p
            && rows == cols
            && self.dims.as_integer(offset) == Some(0)
        {
            return self.identity(&[rows]);
        }
        let axes = match p {
            Pattern::Unit { of, .. } => vec![of],
            Pattern::Lower { of } => vec![of, of],
            Pattern::Shift { rows, cols, .. } => vec![rows, cols],
        };
        self.intern(Node::Pattern(p), axes)
    }
    /// The zero tensor of these axes.
    pub fn zero(&mut self, axes: &[Dim]) -> Expr {
        self.intern(Node::Sum(vec![], axes.to_vec()), axes.to_vec())
    }
    /// All ones.
    pub fn ones(&mut self, axes: &[Dim]) -> Expr {
        let labels: Vec<Label> = (0..axes.len() as Label).collect();
        let sizes: Vec<(Label, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
        self.product(&[], &labels, &sizes)
    }
    /// The identity: axes twice.
    pub fn identity(&mut self, axes: &[Dim]) -> Expr {
        let labels: Vec<Label> = (0..axes.len() as Label).collect();
        let sizes: Vec<(Label, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
        self.product(&[], &[labels.clone(), labels].concat(), &sizes)
    }
    /// Whether it is the typed zero.
    pub fn is_zero(&self, e: Expr) -> bool {
        matches!(self.node(e), Node::Sum(terms, _) if terms.is_empty())
    }
    /// a + b, equal axes.
    pub fn add(&mut self, a: Expr, b: Expr) -> Expr {
        let one = Rational::from_integer(1);
        let axes = self.axes(a).to_vec();
        self.sum(&[(one, a), (one, b)], &axes)
    }
    /// c·a
    pub fn scale(&mut self, c: Rational, a: Expr) -> Expr {
        let axes = self.axes(a).to_vec();
        self.sum(&[(c, a)], &axes)
    }
    /// -a
    pub fn negate(&mut self, a: Expr) -> Expr {
        self.scale(Rational::from_integer(-1), a)
    }
    /// The labelled product. `factors` are (base, labels of its axes) with power 1; `out` the labels of the result;
    /// labels are any numbers, equal numbers are the same index; `broadcast` gives the size of labels of `out` that no factor carries.
    ///
    /// ```
    /// use hesse::tensor::{Pool, VarKind};
    /// let mut p = Pool::new();
    /// let n = p.dims.name("n");
    /// let (_, w) = p.declare("w", vec![n], VarKind::Input);
    /// let (_, x) = p.declare("x", vec![n], VarKind::Input);
    /// let dot = p.product(&[(w, &[0]), (x, &[0])], &[], &[]);      // w'*x
    /// let hadamard = p.product(&[(w, &[0]), (x, &[0])], &[0], &[]); // w .* x
    /// let sum = p.product(&[(hadamard, &[5])], &[], &[]);          // sum(w .* x)
    /// assert_eq!(dot, sum);
    /// ```
    pub fn product(&mut self, factors: &[(Expr, &[Label])], out: &[Label], broadcast: &[(Label, Dim)]) -> Expr {
        let one = self.one();
        let factors = factors.iter().map(|(base, labels)| Factor { base: *base, labels: labels.to_vec(), power: one }).collect();
        self.product_of(factors, out.to_vec(), broadcast)
    }
    /// base .^ power, element by element; the power is a scalar expression.
    pub fn power(&mut self, base: Expr, power: Expr) -> Expr {
        let labels: Vec<Label> = (0..self.rank(base) as Label).collect();
        self.product_of(vec![Factor { base, labels: labels.clone(), power }], labels, &[])
    }
    /// base .^ k
    pub fn powi(&mut self, base: Expr, k: i64) -> Expr {
        let k = self.integer(k);
        self.power(base, k)
    }
    /// The axes in another order: axis k of the result is axis `order[k]` of `e`.
    pub fn permute(&mut self, e: Expr, order: &[usize]) -> Expr {
        let labels: Vec<Label> = (0..order.len() as Label).collect();
        let out: Vec<Label> = order.iter().map(|&k| k as Label).collect();
        self.product(&[(e, &labels)], &out, &[])
    }
    /// The transpose of a tensor with two axes.
    pub fn transpose(&mut self, e: Expr) -> Expr {
        if let Some(&t) = self.transposes.get(&e) {
            return t;
        }
        let t = match self.node(e).clone() {
            Node::Sum(terms, axes) => {
                let terms: Vec<_> = terms.iter().map(|(c, t)| (*c, self.transpose(*t))).collect();
                self.sum(&terms, &[axes[1], axes[0]])
            }
            Node::Product { .. } => self.permute(e, &[1, 0]),
            // f(S) is symmetric with S.
            Node::Map(_, args) if args.iter().all(|a| self.rank(*a) == 2 && self.transpose(*a) == *a) => e,
            // (Not argmax(S): of two entries that are equal rounding may choose one.)
            Node::Apply(f, args) if f.row().gives == "same" && args.iter().all(|a| self.rank(*a) == 2 && self.transpose(*a) == *a) => e,
            _ => {
                let power = self.one();
                let axes = self.axes(e).to_vec();
                let factors = vec![Factor { base: e, labels: vec![1, 0], power }];
                self.intern(Node::Product { factors, out: vec![0, 1], sizes: vec![axes[1], axes[0]] }, vec![axes[1], axes[0]])
            }
        };
        self.transposes.insert(e, t);
        self.transposes.insert(t, e);
        t
    }
    /// A scalar as a tensor of these axes with equal entries.
    pub fn broadcast(&mut self, scalar: Expr, axes: &[Dim]) -> Expr {
        let labels: Vec<Label> = (0..axes.len() as Label).collect();
        let sizes: Vec<(Label, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
        self.product(&[(scalar, &[])], &labels, &sizes)
    }
    /// a .* b: equal axes, or one of them a scalar.
    pub fn times(&mut self, a: Expr, b: Expr) -> Expr {
        let labels: Vec<Label> = (0..self.rank(a).max(self.rank(b)) as Label).collect();
        let (la, lb) = (labels[..self.rank(a)].to_vec(), labels[..self.rank(b)].to_vec());
        self.product(&[(a, &la), (b, &lb)], &labels, &[])
    }
    /// Every expression below `roots`, themselves included, children before parents.
    pub fn under(&self, roots: &[Expr]) -> Vec<Expr> {
        let mut seen: FxHashSet<Expr> = roots.iter().copied().collect();
        let mut pending: Vec<Expr> = seen.iter().copied().collect();
        while let Some(e) = pending.pop() {
            self.each_child(e, |c| {
                if seen.insert(c) {
                    pending.push(c);
                }
            });
        }
        let mut out: Vec<Expr> = seen.into_iter().collect();
        out.sort_unstable();
        out
    }
    /// Number of distinct nodes below `e`, counted up to a little more than `enough`.
    pub fn weight(&self, e: Expr, enough: usize) -> usize {
        let mut seen: FxHashSet<Expr> = FxHashSet::default();
        let mut pending = vec![e];
        seen.insert(e);
        while let Some(e) = pending.pop() {
            if seen.len() > enough {
                break;
            }
            self.each_child(e, |c| {
                if seen.insert(c) {
                    pending.push(c);
                }
            });
        }
        seen.len()
    }
    /// Calls `f` with each child.
    pub fn each_child(&self, e: Expr, mut f: impl FnMut(Expr)) {
        match self.node(e) {
            Node::Decimal(_) | Node::Pi | Node::Size(_) | Node::Pattern(_) | Node::Var(_) => {}
            Node::Sum(terms, _) => terms.iter().for_each(|t| f(t.1)),
            Node::Product { factors, .. } => factors.iter().for_each(|x| {
                f(x.base);
                f(x.power);
            }),
            Node::Map(_, args) | Node::Apply(_, args) => args.iter().for_each(|a| f(*a)),
        }
    }
    /// Variables below `e`, in order of declaration.
    pub fn variables_of(&self, e: Expr) -> Vec<VarId> {
        let mut out: Vec<VarId> =
            self.under(&[e]).iter().filter_map(|e| if let Node::Var(v) = self.node(*e) { Some(*v) } else { None }).collect();
        out.sort();
        out
    }
    /// Rebuilds `e` with each child replaced.
    pub fn rebuild(&mut self, e: Expr, mut f: impl FnMut(&Pool, Expr) -> Expr) -> Expr {
        match self.node(e).clone() {
            Node::Decimal(_) | Node::Pi | Node::Size(_) | Node::Pattern(_) | Node::Var(_) => e,
            Node::Sum(terms, axes) => {
                let terms: Vec<_> = terms.into_iter().map(|(c, t)| (c, f(self, t))).collect();
                self.sum(&terms, &axes)
            }
            Node::Product { factors, out, sizes } => {
                let factors =
                    factors.into_iter().map(|x| Factor { base: f(self, x.base), labels: x.labels, power: f(self, x.power) }).collect();
                let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
                self.product_of(factors, out, &broadcast)
            }
            Node::Map(id, args) => {
                let args: Vec<_> = args.into_iter().map(|a| f(self, a)).collect();
                self.map(id, &args)
            }
            Node::Apply(id, args) => {
                let args: Vec<_> = args.into_iter().map(|a| f(self, a)).collect();
                self.apply(id, &args)
            }
        }
    }
    /// Replaces variables by expressions of equal axes, everywhere.
    pub fn substitute(&mut self, e: Expr, with: &FxHashMap<VarId, Expr>) -> Expr {
        self.rewrite(e, |pool, old, _| match pool.node(old) {
            Node::Var(v) => with.get(v).copied(),
            _ => None,
        })
    }
    /// Rebuilds `e` bottom-up. `f` sees each old node and may give its replacement; otherwise it is rebuilt from its new children.
    pub fn rewrite(&mut self, e: Expr, mut f: impl FnMut(&mut Pool, Expr, &FxHashMap<Expr, Expr>) -> Option<Expr>) -> Expr {
        let mut new: FxHashMap<Expr, Expr> = FxHashMap::default();
        for old in self.under(&[e]) {
            let made = match f(self, old, &new) {
                Some(x) => x,
                None => {
                    let mut same = true;
                    self.each_child(old, |c| same &= new[&c] == c);
                    if same { old } else { self.rebuild(old, |_, c| new[&c]) }
                }
            };
            new.insert(old, made);
        }
        new[&e]
    }
    pub(super) fn knows_symmetric(&self, e: Expr) -> bool {
        self.transposes.get(&e) == Some(&e)
    }
    /// From now on these variables equal their transposes.
    pub fn make_symmetric(&mut self, variables: &[VarId]) {
        self.transposes.clear();
        for v in variables {
            let e = self.var(*v);
            if self.rank(e) == 2 {
                self.transposes.insert(e, e);
            }
        }
    }
    /// Copies an expression of another pool into this one; `variables` says what its variables are here.
    /// `None` if one of them is not listed.
    pub fn import(&mut self, from: &Pool, e: Expr, variables: &FxHashMap<VarId, VarId>) -> Option<Expr> {
        let mut new: FxHashMap<Expr, Expr> = FxHashMap::default();
        let size = |pool: &mut Pool, d: Dim| -> Dim {
            let terms = from.dims.polynomial(d).clone();
            let mut total = pool.dims.integer(0);
            for (names, c) in terms {
                let mut term = pool.dims.integer(c);
                for k in names {
                    let name = pool.dims.name(&from.dims.names()[k as usize]);
                    term = pool.dims.multiply(term, name);
                }
                total = pool.dims.add(total, term);
            }
            total
        };
        for old in from.under(&[e]) {
            let made = match from.node(old).clone() {
                Node::Var(v) => self.var(*variables.get(&v)?),
                Node::Size(d) => {
                    let d = size(self, d);
                    self.size(d)
                }
                Node::Decimal(bits) => self.decimal(f64::from_bits(bits)),
                Node::Pi => self.pi(),
                Node::Pattern(p) => {
                    let p = match p {
                        Pattern::Unit { at, of } => Pattern::Unit { at: size(self, at), of: size(self, of) },
                        Pattern::Lower { of } => Pattern::Lower { of: size(self, of) },
                        Pattern::Shift { offset, rows, cols } => {
                            Pattern::Shift { offset: size(self, offset), rows: size(self, rows), cols: size(self, cols) }
                        }
                    };
                    self.pattern(p)
                }
                Node::Sum(terms, axes) => {
                    let axes: Vec<Dim> = axes.into_iter().map(|d| size(self, d)).collect();
                    let terms: Vec<_> = terms.into_iter().map(|(c, t)| (c, new[&t])).collect();
                    self.sum(&terms, &axes)
                }
                Node::Product { factors, out, sizes } => {
                    let broadcast: Vec<(Label, Dim)> = sizes.into_iter().enumerate().map(|(l, d)| (l as Label, size(self, d))).collect();
                    let factors =
                        factors.into_iter().map(|f| Factor { base: new[&f.base], labels: f.labels, power: new[&f.power] }).collect();
                    self.product_of(factors, out, &broadcast)
                }
                Node::Map(f, args) => {
                    let args: Vec<_> = args.into_iter().map(|a| new[&a]).collect();
                    self.map(f, &args)
                }
                Node::Apply(f, args) => {
                    let args: Vec<_> = args.into_iter().map(|a| new[&a]).collect();
                    self.apply(f, &args)
                }
            };
            new.insert(old, made);
        }
        Some(new[&e])
    }
}
