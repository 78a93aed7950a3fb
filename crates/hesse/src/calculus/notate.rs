//! Expressions as people write them: from a labelled product back to matrix notation, or to index notation where none exists.
//!
//! A product is a network: vectors and matrices joined by summed labels. Labels are contracted one at a time, those first
//! whose contraction leaves the least (a scalar, then a vector), and each contraction is a way of writing: two vectors a dot
//! product, a matrix and a vector `A*x`, two matrices `A*B`, two matrices and a vector `A'*diag(m)*B`.

mod blocks;
mod index;
mod join;
mod kron;
mod network;
mod product;
mod sum;

use super::rewrite::{Written, notations};
use crate::facts::matrices::Side;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::matcher::Bindings;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational, VarId};
pub use index::notate_indexed;
pub(crate) use kron::{apart, is_outer};
use num_traits::{One, Signed};
use rustc_hash::{FxHashMap, FxHashSet};

/// Which axes of a tensor are rows and which are columns, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Axes that make up the rows, slowest first.
    pub rows: Vec<usize>,
    /// Axes that make up the columns.
    pub cols: Vec<usize>,
}

impl Face {
    /// The first `rows` of `rank` axes are the rows.
    pub fn split(rank: usize, rows: usize) -> Face {
        Face { rows: (0..rows).collect(), cols: (rows..rank).collect() }
    }
    /// Rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Face {
        Face { rows: self.cols.clone(), cols: self.rows.clone() }
    }
}

/// How variables are written: the number of row axes of each (its face), where it is not the usual column or matrix.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// Number of row axes of a variable.
    pub rows: FxHashMap<VarId, usize>,
    /// The formula says `relu(z)`, not `max(0, z)`.
    pub relu: bool,
    /// Where each variable stands first in the formula.
    pub places: FxHashMap<VarId, usize>,
}

impl Spelling {
    fn place(&self, v: VarId) -> usize {
        self.places.get(&v).copied().unwrap_or(usize::MAX)
    }
}

/// The tree of an expression with this face, in matrix notation; `None` if there is none.
pub fn notate(pool: &mut Pool, e: Expr, face: &Face, spelling: &Spelling) -> Option<(Syntax, NodeId)> {
    let mut writer = Writer::new(pool, spelling);
    let root = writer.write(e, face)?;
    Some((writer.syntax, root))
}

struct Writer<'a> {
    pool: &'a mut Pool,
    spelling: &'a Spelling,
    syntax: Syntax,
    written: FxHashMap<(Expr, Vec<usize>, Vec<usize>), NodeId>,
    /// Index notation is being written: there a name between brackets is a letter, so `x[n]` cannot say the last entry.
    indexed: bool,
    /// Index notation is being written, and what has no matrix notation within it is a contraction of its own.
    nests: bool,
    /// The letters of index notation, in order.
    letters: Vec<String>,
    /// A letter was summed since this was last taken back.
    summed: bool,
    /// What the summed letters of this contraction run over, by their place among the letters.
    spans: FxHashMap<usize, Dim>,
    /// Nodes that stand for symmetric matrices: their transpose is written as they are.
    symmetric: FxHashSet<NodeId>,
}

/// A scalar multiple in the making: what stands above and below the line.
#[derive(Default)]
struct Fraction {
    above: Vec<NodeId>,
    below: Vec<NodeId>,
}

impl<'a> Writer<'a> {
    fn new(pool: &'a mut Pool, spelling: &'a Spelling) -> Writer<'a> {
        Writer {
            pool,
            spelling,
            syntax: Syntax::default(),
            written: FxHashMap::default(),
            symmetric: FxHashSet::default(),
            indexed: false,
            nests: false,
            letters: vec![],
            summed: false,
            spans: FxHashMap::default(),
        }
    }
}

impl Writer<'_> {
    fn write(&mut self, e: Expr, face: &Face) -> Option<NodeId> {
        if !self.pool.spend(1) {
            return None;
        }
        let key = (e, face.rows.clone(), face.cols.clone());
        if let Some(&node) = self.written.get(&key) {
            return Some(node);
        }
        let node = match self.write_new(e, face) {
            Some(node) => node,
            None if self.nests => self.nested(e, face)?,
            None => return None,
        };
        if self.pool.is_symmetric(e) {
            self.symmetric.insert(node);
        }
        self.written.insert(key, node);
        Some(node)
    }

    fn write_new(&mut self, e: Expr, face: &Face) -> Option<NodeId> {
        if let Some(c) = self.pool.as_number(e) {
            return Some(self.rational(c));
        }
        if let Some(node) = self.literal(e, face) {
            return Some(node);
        }
        if self.pool.rank(e) == 0
            && let Some(node) = self.notation(e)
        {
            return Some(node);
        }
        match self.pool.node(e).clone() {
            Node::Sum(terms, _) if terms.is_empty() => self.constant("zeros", e, face),
            Node::Sum(terms, _) => self.sum(e, &terms, face),
            Node::Product { .. } => self.multiple(Rational::one(), e, face),
            _ => {
                let atom = self.atom(e)?;
                self.turn(e, atom, face)
            }
        }
    }

    /// `[a, b; c, d]` for a small tensor of whole sizes that is put together from one-hot vectors.
    fn literal(&mut self, e: Expr, face: &Face) -> Option<NodeId> {
        let terms = match self.pool.node(e).clone() {
            Node::Sum(terms, _) => terms,
            Node::Product { .. } | Node::Pattern(Pattern::Unit { .. }) => vec![(Rational::one(), e)],
            _ => return None,
        };
        // Each term stands at one position of its own: then the text means these very terms.
        let mut places = vec![];
        for (_, t) in &terms {
            let place = match self.pool.node(*t) {
                Node::Product { factors, out, .. } => out.iter().map(|l| one_hot(self.pool, factors, *l)).collect::<Option<Vec<_>>>()?,
                Node::Pattern(Pattern::Unit { at, .. }) => vec![*at],
                _ => return None,
            };
            // One entry of a diagonal is not one of a square of its own: it has another form.
            let diagonal = matches!(self.pool.node(*t), Node::Product { out, .. } if out.len() == 2 && out[0] == out[1]);
            if diagonal || places.contains(&place) {
                return None;
            }
            places.push(place);
        }
        if self.pool.rank(e) == 0 || face.rows.len() > 1 || face.cols.len() > 1 || terms.is_empty() {
            return None;
        }
        let axes = self.pool.axes(e).to_vec();
        let length = |w: &Self, side: &[usize]| side.first().map_or(Some(1), |a| w.pool.dims.as_integer(axes[*a]));
        let (rows, cols) = (length(self, &face.rows)?, length(self, &face.cols)?);
        if rows * cols > 36 {
            return None;
        }
        let mut entries = vec![];
        for i in 1..=rows {
            let mut row = vec![];
            for j in 1..=cols {
                let mut entry = vec![];
                for (c, t) in &terms {
                    let labels: Vec<Label> = (0..axes.len() as Label).collect();
                    let mut factors: Vec<(Expr, Vec<Label>)> = vec![(*t, labels)];
                    for (side, at) in [(&face.rows, i), (&face.cols, j)] {
                        if let Some(a) = side.first() {
                            let at = self.pool.dims.integer(at);
                            let unit = self.pool.pattern(Pattern::Unit { at, of: axes[*a] });
                            factors.push((unit, vec![*a as Label]));
                        }
                    }
                    let factors: Vec<(Expr, &[Label])> = factors.iter().map(|f| (f.0, f.1.as_slice())).collect();
                    entry.push((*c, self.pool.product(&factors, &[], &[])));
                }
                let entry = self.pool.sum(&entry, &[]);
                row.push(self.write(entry, &Face::split(0, 0))?);
            }
            entries.push(row);
        }
        Some(self.syntax.add(Kind::Matrix(entries), Default::default()))
    }

    /// A call whose value is a symmetric matrix.
    fn symmetric_call(&mut self, f: &str, args: Vec<NodeId>) -> NodeId {
        let node = self.syntax.call(f, args);
        self.symmetric.insert(node);
        node
    }

    /// Transposes an atom where the wanted face is the other one.
    fn turn(&mut self, e: Expr, node: NodeId, face: &Face) -> Option<NodeId> {
        let own = self.own_face(e);
        if *face == own {
            Some(node)
        } else if *face == own.transposed() {
            Some(self.transpose(node))
        } else {
            let turned = Face { rows: own.cols.iter().rev().copied().chain(own.rows.iter().rev().copied()).collect(), cols: vec![] };
            // vec(A): the columns stacked.
            let plain = own.rows.len() == 1 && own.cols.len() == 1;
            let straight = Face { rows: vec![0, 1], cols: vec![] };
            if plain && (*face == straight || *face == straight.transposed()) {
                let turned = self.transpose(node);
                let stacked = self.syntax.call("vec", vec![turned]);
                Some(if face.cols.is_empty() { stacked } else { self.transpose(stacked) })
            } else if plain && *face == turned {
                Some(self.syntax.call("vec", vec![node]))
            } else if plain && *face == turned.transposed() {
                let stacked = self.syntax.call("vec", vec![node]);
                Some(self.transpose(stacked))
            } else {
                None
            }
        }
    }

    fn transpose(&mut self, node: NodeId) -> NodeId {
        match self.syntax.kind(node) {
            Kind::Transpose(inner) => *inner,
            Kind::Number(_) => node,
            _ if self.symmetric.contains(&node) => node,
            // kron(A', B')' is kron(A, B).
            Kind::Call(f, args) if f == "kron" && args.iter().all(|a| self.is_turned(*a)) => {
                let args = args.clone().into_iter().map(|a| self.transpose(a)).collect();
                self.syntax.call("kron", args)
            }
            // Columns of a symmetric matrix are its rows.
            Kind::Index(m, subs) if subs.len() == 2 && self.symmetric.contains(m) => {
                let turned = Kind::Index(*m, vec![subs[1].clone(), subs[0].clone()]);
                self.syntax.add(turned, Default::default())
            }
            _ => self.syntax.transpose(node),
        }
    }

    /// Whether the transpose is shorter, or the same.
    fn is_turned(&self, node: NodeId) -> bool {
        matches!(self.syntax.kind(node), Kind::Transpose(_)) || self.symmetric.contains(&node)
    }

    /// A variable, constant or function, in its own face.
    fn atom(&mut self, e: Expr) -> Option<NodeId> {
        let node = match self.notation(e) {
            Some(node) => node,
            None => self.atom_new(e)?,
        };
        if self.pool.is_symmetric(e) {
            self.symmetric.insert(node);
        }
        Some(node)
    }

    fn atom_new(&mut self, e: Expr) -> Option<NodeId> {
        match self.pool.node(e).clone() {
            Node::Decimal(bits) => {
                let value = f64::from_bits(bits);
                let number = self.syntax.number(format!("{:e}", value.abs()));
                Some(if value < 0.0 { self.syntax.negate(number) } else { number })
            }
            Node::Pi => Some(self.syntax.name("pi")),
            Node::Size(d) => Some(self.extent(d)),
            Node::Var(v) => {
                let name = self.pool.variable(v).name.clone();
                Some(self.syntax.name(&name))
            }
            Node::Pattern(p) => {
                let face = self.own_face(e);
                match self.literal(e, &face) {
                    Some(node) => Some(node),
                    None => self.pattern(p),
                }
            }
            Node::Map(f, args) => {
                let face = self.own_face(e);
                let mut written = vec![];
                for a in &args {
                    // A constant argument is written as the scalar that expands.
                    let node = match self.pool.as_constant(*a) {
                        Some(c) => self.rational(c),
                        None => match self.scalar_of(*a) {
                            Some(s) if args.len() > 1 => self.write(s, &Face::split(0, 0))?,
                            _ => self.write(*a, &face)?,
                        },
                    };
                    written.push(node);
                }
                Some(self.map(f.row().name, written))
            }
            Node::Apply(f, args) => {
                let rank = self.pool.rank(args[0]);
                let argument = if f.row().name == "norm2" { self.oriented(args[0]) } else { args[0] };
                if f.kept() > 0 {
                    let names = [Side::Rows, Side::Cols].map(|side| f.spelling(Some(side)));
                    return self.sided(&names, argument, &Face::split(rank, f.kept()));
                }
                let face = match (f.row().of, f.row().gives) {
                    (_, "like") => self.own_face(e),
                    ("any", _) => self.own_face(argument),
                    _ => Face::split(rank, rank.div_ceil(2)),
                };
                if self.pool.lacks_direction(e).is_some() {
                    return None;
                }
                let mut written = vec![self.write(argument, &face)?];
                for direction in &args[1..] {
                    written.push(self.write(*direction, &face)?);
                }
                Some(self.syntax.call(f.row().name, written))
            }
            Node::Sum(..) | Node::Product { .. } => {
                let face = self.own_face(e);
                self.write(e, &face)
            }
        }
    }

    /// A function of each row of the argument, or the transpose of the same of each column of its transpose, whichever is shorter.
    fn sided(&mut self, [rows, cols]: &[String; 2], argument: Expr, face: &Face) -> Option<NodeId> {
        let straight = self.write(argument, face);
        let turned = self.write(argument, &face.transposed());
        let count = |w: &Self, node: Option<NodeId>| node.map_or(usize::MAX, |n| w.syntax.count(n));
        if count(self, turned) < count(self, straight) {
            let node = self.syntax.call(cols, vec![turned?]);
            Some(self.transpose(node))
        } else {
            Some(self.syntax.call(rows, vec![straight?]))
        }
    }

    /// A difference under an even function, with the term that comes first in the formula positive.
    fn oriented(&mut self, e: Expr) -> Expr {
        let Node::Sum(terms, axes) = self.pool.node(e).clone() else { return e };
        let first = terms.iter().min_by_key(|t| (self.pool.variables_of(t.1), t.1));
        if first.is_some_and(|t| t.0.is_negative()) {
            let flipped: Vec<_> = terms.iter().map(|(c, t)| (-*c, *t)).collect();
            self.pool.sum(&flipped, &axes)
        } else {
            e
        }
    }

    /// The scalar that a broadcast tensor repeats.
    fn scalar_of(&mut self, e: Expr) -> Option<Expr> {
        self.pool.spread_scalar(e)
    }

    /// A notation of `facts::notation` whose meaning the expression is.
    fn notation(&mut self, e: Expr) -> Option<NodeId> {
        for row in notations() {
            let mut bindings = vec![];
            if self.pool.matches(&row.means, e, &mut bindings) {
                // Element by element: of arguments of the same shape, written the same way round.
                let map = matches!(self.pool.node(e), Node::Map(..));
                if map && bindings.iter().flatten().any(|a| self.pool.axes(*a) != self.pool.axes(e)) {
                    continue;
                }
                let face = map.then(|| self.own_face(e));
                if let (Some(pair), Some(face), [argument]) = (row.pair(), &face, row.arguments.as_slice()) {
                    return self.sided(&pair, bindings[*argument]?, face);
                }
                return self.called(row, &bindings, face);
            }
        }
        None
    }

    /// The call of a row, its arguments in this face, or each in its own.
    fn called(&mut self, row: &Written, bindings: &Bindings, face: Option<Face>) -> Option<NodeId> {
        let mut args = vec![];
        for k in &row.arguments {
            let e = bindings.get(*k).copied().flatten()?;
            let face = face.clone().unwrap_or_else(|| self.own_face(e));
            args.push(self.write(e, &face)?);
        }
        Some(self.syntax.call(row.call, args))
    }

    fn map(&mut self, name: &str, args: Vec<NodeId>) -> NodeId {
        match name {
            "gt" | "ge" => {
                let (op, turned) = match name {
                    "gt" => (Operator::Greater, Operator::Less),
                    _ => (Operator::GreaterEqual, Operator::LessEqual),
                };
                // -x > 0 is x < 0, and 0 > x too.
                let zero = |w: &Self, n: NodeId| matches!(w.syntax.kind(n), Kind::Number(t) if t == "0");
                match *self.syntax.kind(args[0]) {
                    Kind::Negate(x) if zero(self, args[1]) => self.syntax.binary(turned, x, args[1]),
                    _ if zero(self, args[0]) => self.syntax.binary(turned, args[1], args[0]),
                    _ => self.syntax.binary(op, args[0], args[1]),
                }
            }
            "eq" => self.syntax.binary(Operator::Equal, args[0], args[1]),
            "pow" => self.syntax.binary(Operator::DotPower, args[0], args[1]),
            "relu" if !self.spelling.relu => {
                let zero = self.syntax.number("0");
                self.syntax.call("max", vec![zero, args[0]])
            }
            _ => self.syntax.call(name, args),
        }
    }

    /// A part of the identity, or a triangle of ones; a shift that leaves its rows has no name in matrix notation.
    fn pattern(&mut self, p: Pattern) -> Option<NodeId> {
        Some(match p {
            Pattern::Unit { at, of } => {
                let eye = self.sized("eye", &[of]);
                let at = self.size(at);
                self.syntax.add(Kind::Index(eye, vec![Subscript::All, Subscript::At(at)]), Default::default())
            }
            Pattern::Lower { of } => {
                let ones = self.sized("ones", &[of, of]);
                self.syntax.call("tril", vec![ones])
            }
            Pattern::Shift { offset, rows, cols } => {
                if !self.pool.is_inside(offset, rows, cols) {
                    return (self.pool.dims.as_integer(offset) == Some(0)).then(|| self.sized("eye", &[rows, cols]));
                }
                let eye = self.sized("eye", &[rows]);
                self.symmetric.insert(eye);
                let range = self.range(offset, cols);
                self.syntax.add(Kind::Index(eye, vec![Subscript::All, range]), Default::default())
            }
        })
    }

    /// `offset+1 : offset+length`
    fn range(&mut self, offset: Dim, length: Dim) -> Subscript {
        let one = self.pool.dims.integer(1);
        let (from, to) = (self.pool.dims.add(offset, one), self.pool.dims.add(offset, length));
        Subscript::Range(self.size(from), self.size(to))
    }

    /// An input that has this size for its rows or its columns: `rows(A)`.
    fn measured(&mut self, d: Dim) -> Option<NodeId> {
        let mut inputs: Vec<(VarId, usize)> = self.spelling.rows.iter().map(|(v, rows)| (*v, *rows)).collect();
        inputs.sort_unstable();
        let (call, v) = inputs.into_iter().find_map(|(v, rows)| {
            let variable = self.pool.var(v);
            let (above, beside) = self.pool.axes(variable).split_at(rows);
            if above == [d] { Some(("rows", v)) } else { (beside == [d]).then_some(("cols", v)) }
        })?;
        let name = self.pool.variable(v).name.clone();
        let name = self.syntax.name(&name);
        Some(self.syntax.call(call, vec![name]))
    }

    /// A size as a value, or as that of a whole side. Where a variable has its name, the name means the variable.
    fn extent(&mut self, d: Dim) -> NodeId {
        let taken = |w: &Self, name: &str| w.spelling.rows.keys().any(|v| w.pool.variable(*v).name == name);
        if let [(monomial, 1)] = self.pool.dims.polynomial(d).as_slice()
            && let [name] = monomial.as_slice()
            && taken(self, &self.pool.dims.names()[*name as usize])
            && let Some(node) = self.measured(d)
        {
            return node;
        }
        self.size(d)
    }

    /// A size as arithmetic of names and integers.
    fn size(&mut self, d: Dim) -> NodeId {
        let names = self.pool.dims.names().to_vec();
        let mut terms = self.pool.dims.polynomial(d).clone();
        terms.sort_by_key(|(m, c)| (*c < 0, m.is_empty(), m.clone()));
        let mut total: Option<NodeId> = None;
        for (monomial, c) in terms {
            let mut node = (c.unsigned_abs() != 1 || monomial.is_empty()).then(|| self.syntax.number(c.unsigned_abs().to_string()));
            for k in monomial {
                let name = self.syntax.name(&names[k as usize]);
                node = Some(node.map_or(name, |n| self.syntax.binary(Operator::Times, n, name)));
            }
            let Some(node) = node else { continue };
            total = Some(match total {
                None if c < 0 => self.syntax.negate(node),
                None => node,
                Some(t) => self.syntax.binary(if c < 0 { Operator::Minus } else { Operator::Plus }, t, node),
            });
        }
        total.unwrap_or_else(|| self.syntax.number("0"))
    }

    fn sized(&mut self, f: &str, sizes: &[Dim]) -> NodeId {
        let args = sizes.iter().map(|d| self.extent(*d)).collect();
        self.syntax.call(f, args)
    }

    /// As [`Writer::sized`] for sides that may be products.
    fn spanned(&mut self, f: &str, sides: &[&[Dim]]) -> NodeId {
        let args = sides.iter().map(|side| self.joint(side)).collect();
        self.syntax.call(f, args)
    }

    /// The size of several axes as one, in their order: `n*m` is not `m*n`.
    fn joint(&mut self, axes: &[Dim]) -> NodeId {
        if let [d] = axes {
            return self.extent(*d);
        }
        let sizes: Vec<NodeId> = axes.iter().map(|d| self.size(*d)).collect();
        self.times(&sizes)
    }

    /// `zeros(…)` or `ones(…)` with a face.
    fn constant(&mut self, f: &str, e: Expr, face: &Face) -> Option<NodeId> {
        let axes = self.pool.axes(e).to_vec();
        let sizes = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        self.filled(f, &sizes(&face.rows), &sizes(&face.cols))
    }

    fn filled(&mut self, f: &str, rows: &[Dim], cols: &[Dim]) -> Option<NodeId> {
        let sides: Vec<NodeId> = [rows, cols].into_iter().filter(|side| !side.is_empty()).map(|side| self.joint(side)).collect();
        if sides.is_empty() {
            return Some(self.syntax.number(if f == "zeros" { "0" } else { "1" }));
        }
        let node = self.syntax.call(f, sides);
        Some(if rows.is_empty() { self.transpose(node) } else { node })
    }

    fn rational(&mut self, c: Rational) -> NodeId {
        let size = c.abs();
        if let Some(text) = decimal(size) {
            let node = self.syntax.number(text);
            return if c.is_negative() { self.syntax.negate(node) } else { node };
        }
        let top = self.syntax.number(size.numer().to_string());
        let node = if size.is_integer() {
            top
        } else {
            let below = self.syntax.number(size.denom().to_string());
            self.syntax.binary(Operator::Over, top, below)
        };
        if c.is_negative() { self.syntax.negate(node) } else { node }
    }
}

/// A denominator beyond this is that of a decimal, if it can be.
const LONG: i128 = 16;

/// 0.044715 for 8943/200000; fractions with a short denominator stay fractions.
fn decimal(c: Rational) -> Option<String> {
    let mut rest = *c.denom();
    if rest <= LONG {
        return None;
    }
    for p in [2, 5] {
        while rest % p == 0 {
            rest /= p;
        }
    }
    let text = format!("{}", crate::tensor::number::to_f64(c));
    let exact = rest == 1 && crate::tensor::number::parse(&text) == Some(c);
    exact.then_some(text)
}

/// The position at which a one-hot vector holds the label.
fn one_hot(pool: &Pool, factors: &[Factor], l: Label) -> Option<Dim> {
    factors.iter().find_map(|f| match pool.node(f.base) {
        Node::Pattern(Pattern::Unit { at, .. }) if f.labels == [l] => Some(*at),
        _ => None,
    })
}
