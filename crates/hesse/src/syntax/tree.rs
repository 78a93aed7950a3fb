//! The one syntax tree: the parser builds it from text, `notate` builds it from expressions, every writer reads it.
//!
//! An arena: a child has a smaller id than its parent, so a pass is a loop over ids and deep input cannot overflow the stack.
//!
//! ```
//! use hesse::syntax::tree::{Operator, Syntax};
//! let mut s = Syntax::default();
//! let (w, x) = (s.name("w"), s.name("x"));
//! let wt = s.transpose(w);
//! let root = s.binary(Operator::Times, wt, x);
//! assert_eq!(s.count(root), 4); // w, ', x, *
//! ```

use crate::diagnostic::Span;

/// A node of a [`Syntax`] arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Position in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Binary operators, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterEqual,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `.+`, explicit broadcast of a row or column against a matrix
    DotPlus,
    /// `.-`
    DotMinus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `\`, solve
    Under,
    /// `.*`
    DotTimes,
    /// `./`
    DotOver,
    /// `^`
    Power,
    /// `.^`
    DotPower,
}

impl Operator {
    /// As it is written in the input language.
    pub fn spelling(self) -> &'static str {
        match self {
            Operator::Greater => ">",
            Operator::Less => "<",
            Operator::GreaterEqual => ">=",
            Operator::LessEqual => "<=",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Plus => "+",
            Operator::Minus => "-",
            Operator::DotPlus => ".+",
            Operator::DotMinus => ".-",
            Operator::Times => "*",
            Operator::Over => "/",
            Operator::Under => "\\",
            Operator::DotTimes => ".*",
            Operator::DotOver => "./",
            Operator::Power => "^",
            Operator::DotPower => ".^",
        }
    }
    /// Whether it compares and gives 0 or 1.
    pub fn compares(self) -> bool {
        use Operator::*;
        matches!(self, Greater | Less | GreaterEqual | LessEqual | Equal | NotEqual)
    }
}

/// One subscript of `x[…]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subscript {
    /// `:`
    All,
    /// `3`, `n`, or an index letter in index notation
    At(NodeId),
    /// `2:n`
    Range(NodeId, NodeId),
    /// `(i k)` in index notation: the letters of one stacked axis, the last one running fastest
    Stack(Vec<NodeId>),
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A literal exactly as written: `2`, `0.5`, `1e-3`. Never negative.
    Number(String),
    /// A variable, size, constant or index.
    Name(String),
    /// `-a`
    Negate(NodeId),
    /// `a'`
    Transpose(NodeId),
    /// `a ∘ b`
    Binary(Operator, NodeId, NodeId),
    /// `f(a, b)`
    Call(String, Vec<NodeId>),
    /// `x[3]`, `A[2,:]`, `A[i,j]`
    Index(NodeId, Vec<Subscript>),
    /// `[a, b; c, d]`, row by row
    Matrix(Vec<Vec<NodeId>>),
    /// Index notation: `body -> [i, (j k)]`; each group is one axis.
    Contraction(NodeId, Vec<Vec<String>>),
    /// `sum(i = from:to, body)`
    Series(Series),
}

/// A sum of terms that an index numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// The index.
    pub index: String,
    /// Its first value.
    pub from: NodeId,
    /// Its last value.
    pub to: NodeId,
    /// The term.
    pub body: NodeId,
}

impl Kind {
    /// The same node over other children.
    #[must_use]
    pub fn over(&self, mut new: impl FnMut(NodeId) -> NodeId) -> Kind {
        match self {
            Kind::Number(_) | Kind::Name(_) => self.clone(),
            Kind::Negate(a) => Kind::Negate(new(*a)),
            Kind::Transpose(a) => Kind::Transpose(new(*a)),
            Kind::Binary(op, a, b) => Kind::Binary(*op, new(*a), new(*b)),
            Kind::Call(f, args) => Kind::Call(f.clone(), args.iter().map(|a| new(*a)).collect()),
            Kind::Index(a, subscripts) => {
                let base = new(*a);
                let mut subscript = |s: &Subscript| match s {
                    Subscript::All => Subscript::All,
                    Subscript::At(k) => Subscript::At(new(*k)),
                    Subscript::Range(k, l) => Subscript::Range(new(*k), new(*l)),
                    Subscript::Stack(letters) => Subscript::Stack(letters.iter().map(|k| new(*k)).collect()),
                };
                Kind::Index(base, subscripts.iter().map(&mut subscript).collect())
            }
            Kind::Matrix(rows) => Kind::Matrix(rows.iter().map(|row| row.iter().map(|a| new(*a)).collect()).collect()),
            Kind::Contraction(a, groups) => Kind::Contraction(new(*a), groups.clone()),
            Kind::Series(s) => {
                let (from, to) = (new(s.from), new(s.to));
                Kind::Series(Series { index: s.index.clone(), from, to, body: new(s.body) })
            }
        }
    }
}

/// A node with its place in the source (empty span where there is none).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it was written.
    pub span: Span,
}

/// An arena of nodes: children before parents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    nodes: Vec<Node>,
    /// Nodes of the tree under each node.
    counts: Vec<usize>,
}

impl Syntax {
    /// Adds a node with its place.
    pub fn add(&mut self, kind: Kind, span: Span) -> NodeId {
        let own = usize::from(!matches!(kind, Kind::Contraction(..)));
        self.nodes.push(Node { kind, span });
        let id = NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX));
        let count = self.children(id).iter().fold(own, |n, c| n.saturating_add(self.counts[c.index()]));
        self.counts.push(count);
        id
    }
    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
    /// What the node is.
    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.nodes[id.index()].kind
    }
    /// Where it was written.
    pub fn span(&self, id: NodeId) -> Span {
        self.nodes[id.index()].span
    }
    /// Number of nodes in the arena.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    /// Whether the arena is empty.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
    /// All ids, children before parents.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(|k| NodeId(k as u32))
    }
    /// The children of a node, in reading order.
    pub fn children(&self, id: NodeId) -> Vec<NodeId> {
        match self.kind(id) {
            Kind::Number(_) | Kind::Name(_) => vec![],
            Kind::Negate(a) | Kind::Transpose(a) | Kind::Contraction(a, _) => vec![*a],
            Kind::Binary(_, a, b) => vec![*a, *b],
            Kind::Call(_, args) => args.clone(),
            Kind::Index(a, subs) => {
                let mut out = vec![*a];
                for s in subs {
                    match s {
                        Subscript::All => {}
                        Subscript::At(k) => out.push(*k),
                        Subscript::Range(k, l) => out.extend([*k, *l]),
                        Subscript::Stack(letters) => out.extend(letters),
                    }
                }
                out
            }
            Kind::Matrix(rows) => rows.iter().flatten().copied().collect(),
            Kind::Series(s) => vec![s.from, s.to, s.body],
        }
    }
    /// The nodes under `root`, itself included, children before parents.
    pub fn under(&self, root: NodeId) -> Vec<NodeId> {
        let mut mark = vec![false; root.index() + 1];
        mark[root.index()] = true;
        let mut out = vec![];
        for k in (0..=root.index()).rev() {
            if mark[k] {
                let id = NodeId(k as u32);
                out.push(id);
                for c in self.children(id) {
                    mark[c.index()] = true;
                }
            }
        }
        out.reverse();
        out
    }
    /// Nodes of the tree under `root`: names, numbers, operators, calls (a subtree used twice counts twice).
    pub fn count(&self, root: NodeId) -> usize {
        self.counts[root.index()]
    }
    /// Calls and operators under `root` that only fill up a shape: `ones`, `eye`, `zeros`, `.+`, `.-`.
    pub fn count_fillers(&self, root: NodeId) -> usize {
        let filler = |id: &NodeId| match self.kind(*id) {
            Kind::Call(f, _) => matches!(f.as_str(), "ones" | "eye" | "zeros"),
            Kind::Binary(op, ..) => matches!(op, Operator::DotPlus | Operator::DotMinus),
            _ => false,
        };
        self.under(root).iter().filter(|id| filler(id)).count()
    }
    /// Whether the tree under `root` is the tree under `twin` of another arena: the same nodes, wherever they were written.
    pub fn same(&self, root: NodeId, other: &Syntax, twin: NodeId) -> bool {
        let mut pairs = vec![(root, twin)];
        while let Some((a, b)) = pairs.pop() {
            let (parts, others) = (self.children(a), other.children(b));
            if !alike(self.kind(a), other.kind(b)) || parts.len() != others.len() {
                return false;
            }
            pairs.extend(parts.into_iter().zip(others));
        }
        true
    }

    /// A copy of the tree under `root` of another arena.
    pub fn graft(&mut self, other: &Syntax, root: NodeId) -> NodeId {
        self.graft_with(other, root, &mut |_, _| None)
    }
    /// As [`Syntax::graft`], with other nodes in place of those for which `replace` gives one.
    pub fn graft_with(&mut self, other: &Syntax, root: NodeId, replace: &mut dyn FnMut(&mut Syntax, NodeId) -> Option<NodeId>) -> NodeId {
        let mut made: Vec<Option<NodeId>> = vec![None; root.index() + 1];
        // From the root down: what is replaced needs no copies of its parts.
        let mut wanted = vec![false; root.index() + 1];
        wanted[root.index()] = true;
        for k in (0..=root.index()).rev() {
            if !wanted[k] {
                continue;
            }
            let id = NodeId(k as u32);
            made[k] = replace(self, id);
            if made[k].is_none() {
                for c in other.children(id) {
                    wanted[c.index()] = true;
                }
            }
        }
        for k in 0..=root.index() {
            if wanted[k] && made[k].is_none() {
                let id = NodeId(k as u32);
                let kind = other.kind(id).over(|c| made[c.index()].unwrap_or(c));
                made[k] = Some(self.add(kind, Span::default()));
            }
        }
        made[root.index()].unwrap_or(root)
    }

    // What `notate` builds with: nodes without a place.

    /// A name.
    pub fn name(&mut self, name: &str) -> NodeId {
        self.add(Kind::Name(name.to_string()), Span::default())
    }
    /// A literal.
    pub fn number(&mut self, text: impl Into<String>) -> NodeId {
        self.add(Kind::Number(text.into()), Span::default())
    }
    /// `-a`
    pub fn negate(&mut self, a: NodeId) -> NodeId {
        self.add(Kind::Negate(a), Span::default())
    }
    /// `-a`, the sign at the leftmost factor: `-a*b`, not `-(a*b)`; that of `-a` is `a`.
    pub fn opposite(&mut self, a: NodeId) -> NodeId {
        // The factors that stand behind the leftmost one, the last first.
        let mut behind = vec![];
        let mut first = a;
        while let Kind::Binary(op @ (Operator::Times | Operator::Over | Operator::DotTimes | Operator::DotOver), left, right) =
            self.kind(first)
        {
            behind.push((*op, *right));
            first = *left;
        }
        let mut made = match self.kind(first) {
            Kind::Negate(inner) => *inner,
            _ => self.negate(first),
        };
        while let Some((op, right)) = behind.pop() {
            made = self.binary(op, made, right);
        }
        made
    }
    /// `a'`
    pub fn transpose(&mut self, a: NodeId) -> NodeId {
        self.add(Kind::Transpose(a), Span::default())
    }
    /// `a ∘ b`
    pub fn binary(&mut self, op: Operator, a: NodeId, b: NodeId) -> NodeId {
        self.add(Kind::Binary(op, a, b), Span::default())
    }
    /// `f(args)`
    pub fn call(&mut self, f: &str, args: Vec<NodeId>) -> NodeId {
        self.add(Kind::Call(f.to_string(), args), Span::default())
    }
}

/// Whether two nodes are equal up to their children (whose number is compared by the caller).
fn alike(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::Number(x), Kind::Number(y)) | (Kind::Name(x), Kind::Name(y)) | (Kind::Call(x, _), Kind::Call(y, _)) => x == y,
        (Kind::Negate(_), Kind::Negate(_)) | (Kind::Transpose(_), Kind::Transpose(_)) => true,
        (Kind::Binary(x, ..), Kind::Binary(y, ..)) => x == y,
        (Kind::Index(_, x), Kind::Index(_, y)) => {
            let alike = |s: &Subscript, t: &Subscript| match (s, t) {
                (Subscript::Stack(k), Subscript::Stack(l)) => k.len() == l.len(),
                _ => std::mem::discriminant(s) == std::mem::discriminant(t),
            };
            x.len() == y.len() && x.iter().zip(y).all(|(s, t)| alike(s, t))
        }
        (Kind::Matrix(x), Kind::Matrix(y)) => x.iter().map(Vec::len).eq(y.iter().map(Vec::len)),
        (Kind::Contraction(_, x), Kind::Contraction(_, y)) => x == y,
        (Kind::Series(x), Kind::Series(y)) => x.index == y.index,
        _ => false,
    }
}

/// A size as written in a declaration: an arithmetic expression of names and integers, kept as a node.
pub type SizeNode = NodeId;

/// The type of a declared name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `scalar`
    Scalar,
    /// `vector(n)`
    Vector(SizeNode),
    /// `rowvector(n)`
    RowVector(SizeNode),
    /// `matrix(m, n)`
    Matrix(SizeNode, SizeNode),
    /// `symmetric(n)`
    Symmetric(SizeNode),
    /// `diagonal(n)`
    Diagonal(SizeNode),
}

/// What a declared name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// No word given: anything.
    Plain,
    /// `data`: never differentiated unless asked.
    Data,
    /// `param`: the default of `--wrt`.
    Param,
    /// `const`
    Const,
}

/// An attribute after a type: `symmetric`, `invertible`, `> 0`, `in (0,1)` …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// As written, in canonical spacing (`> 0`, `in (0,1)`, `spd`).
    pub text: String,
    /// Where.
    pub span: Span,
}

/// One statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `data X, Y : matrix(m, n) invertible`
    Declare {
        /// What for.
        role: Role,
        /// The names with their places.
        names: Vec<(String, Span)>,
        /// The type.
        of: Type,
        /// Attributes.
        attributes: Vec<Attribute>,
    },
    /// `z = X*w + b`, or a bare expression (empty name)
    Define {
        /// The name, empty for a bare expression.
        name: String,
        /// Where the name is.
        name_span: Span,
        /// The right side.
        body: NodeId,
    },
    /// `huber(r; d = 1) = …`
    Function {
        /// The name.
        name: String,
        /// Where.
        name_span: Span,
        /// Parameters in order.
        params: Vec<String>,
        /// Parameters with a default value, after `;`.
        defaults: Vec<(String, NodeId)>,
        /// The right side.
        body: NodeId,
    },
    /// `assume p > 0`, `assume A invertible`: a name and an attribute.
    Assume {
        /// The name.
        name: String,
        /// Where.
        name_span: Span,
        /// What is assumed.
        attribute: Attribute,
    },
    /// `derive grad(C) wrt w, b layout numerator`
    Derive {
        /// `grad`, `jacobian`, `hessian`, `derive`
        verb: String,
        /// The target's name.
        target: String,
        /// The variables.
        wrt: Vec<String>,
        /// `numerator` or `denominator`, if said.
        layout: Option<String>,
        /// Where.
        span: Span,
    },
}

/// What stands in a file beside its statements; `format` keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// One or more empty lines.
    Blank,
    /// A comment on a line of its own (`| text` for documentation), without its `#`.
    Line(String),
    /// A comment behind a statement, without its `#`.
    Trailing(String),
}

/// A parsed file: statements over one arena.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The nodes of all statements.
    pub syntax: Syntax,
    /// In order.
    pub statements: Vec<Statement>,
    /// Where each statement stands, from its first word to its last sign.
    pub places: Vec<Span>,
    /// `#| …` lines: documentation, with their places.
    pub docs: Vec<(String, Span)>,
    /// Comments and empty lines in order, with their places.
    pub asides: Vec<(Aside, Span)>,
}

impl Statement {
    /// Where the statement is, as far as its first name tells: statements of a document are in the order of these.
    pub fn start(&self) -> usize {
        match self {
            Statement::Declare { names, .. } => names.first().map_or(0, |(_, span)| span.start),
            Statement::Define { name_span, .. } | Statement::Function { name_span, .. } | Statement::Assume { name_span, .. } => {
                name_span.start
            }
            Statement::Derive { span, .. } => span.start,
        }
    }
}
