//! The form in which a differential is identified: `J·dx` for a vector, `tr(G·dX)` for a matrix, `c·dt` for a scalar.

use super::super::graph::Vertex;
use super::super::teller::{Member, Teller};
use super::{Coefficients, Moves};
use crate::calculus::complaint::type_text;
use crate::calculus::simplify;
use crate::diagnostic::Span;
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Expr, Shape};

/// A term and whether it is negative.
type Term = (bool, NodeId);

/// Linear functions of one argument.
const LINEAR: [&str; 12] = ["tr", "sum", "mean", "vec", "diag", "rowsum", "colsum", "rowmean", "colmean", "tril", "triu", "cumsum"];

/// A differential of more nodes is not written with another put into it.
const READ: usize = 80;

/// Functions of whole arguments whose value is a scalar.
const SCALAR: [&str; 8] = ["tr", "det", "logdet", "sum", "mean", "norm2", "logsumexp", "prod"];

impl Teller<'_> {
    /// One term for each variable, with the derivative in front of its differential; and the rules that bring `before` to it.
    pub(super) fn collected(
        &mut self,
        moves: &Moves,
        coefficients: &Coefficients,
        before: Option<NodeId>,
    ) -> Option<(NodeId, Vec<String>)> {
        let target = self.pieces[self.pieces.len() - 1].shape.clone();
        let tree = self.in_front_of_all(coefficients, &target, moves)?;
        let tree = self.folded(tree, self.pieces.len() - 1);
        let rules = before.map_or(vec!["collect".to_string()], |b| self.trace_rules(b, tree));
        Some((tree, rules))
    }

    /// The rules that bring a differential to the form in which it is identified.
    pub(super) fn trace_rules(&self, before: NodeId, after: NodeId) -> Vec<String> {
        let syntax = &self.out.syntax;
        let calls =
            |tree: NodeId, f: &str| syntax.under(tree).into_iter().any(|id| matches!(syntax.kind(id), Kind::Call(name, _) if name == f));
        let turned = |tree: NodeId| {
            syntax.under(tree).into_iter().any(|id| match syntax.kind(id) {
                Kind::Transpose(a) => matches!(syntax.kind(*a), Kind::Name(n) if self.out.differentials.iter().any(|d| d.0 == *n)),
                _ => false,
            })
        };
        let mut rules = vec![];
        if calls(after, "tr") {
            if calls(before, "sum") {
                rules.push("trace.entries");
            } else if calls(before, "tr") {
                rules.push("trace.cyclic");
            } else {
                rules.extend(["scalar.equals-trace", "trace.cyclic"]);
            }
        }
        if turned(before) && !turned(after) {
            rules.push("scalar.equals-transpose");
        }
        if calls(after, "ones") && calls(before, "sum") {
            rules.push("sum.ones-row");
        }
        if calls(after, "diag") && !calls(before, "diag") {
            rules.push("diag.vec");
        }
        if rules.is_empty() {
            rules.push("collect");
        }
        rules.into_iter().map(String::from).collect()
    }

    /// A sum of partials, each before its differential.
    pub(super) fn in_front_of_all(&mut self, partials: &Coefficients, of: &Shape, moves: &Moves) -> Option<NodeId> {
        let mut terms = vec![];
        for (v, c) in partials {
            let (member, d) = (self.member(*v).clone(), moves.of(*v).clone());
            let laid = self.numerator(of, &member.shape);
            let scalars = of.is_scalar() && member.shape.is_scalar();
            let in_front = laid.matrix && !scalars && (!is_matrix(of) || member.shape.is_scalar());
            let term = if in_front {
                let written = self.write_laid(*c, laid)?;
                self.in_front(written.node, of, &d)
            } else {
                let along = self.along(*c, &d);
                let mut found = vec![along];
                found.extend(simplify::candidates(&mut self.pool, along, &[], &mut vec![]));
                self.tree(&found, of)?.1
            };
            terms.extend(self.terms_of(term));
        }
        self.joined_terms(&terms)
    }

    /// The terms of a sum, with whether they are negative.
    fn terms_of(&mut self, tree: NodeId) -> Vec<Term> {
        match self.out.syntax.kind(tree).clone() {
            Kind::Binary(Operator::Plus, a, b) => [self.terms_of(a), self.terms_of(b)].concat(),
            Kind::Binary(Operator::Minus, a, b) => [self.terms_of(a), negated(self.terms_of(b))].concat(),
            Kind::Negate(a) => negated(self.terms_of(a)),
            _ => {
                let opposite = self.out.syntax.opposite(tree);
                if self.out.syntax.count(opposite) < self.out.syntax.count(tree) { vec![(true, opposite)] } else { vec![(false, tree)] }
            }
        }
    }

    /// The sum of terms; `None` of none.
    fn joined_terms(&mut self, terms: &[Term]) -> Option<NodeId> {
        let mut total: Option<NodeId> = None;
        for (negative, term) in terms {
            total = Some(match (total, negative) {
                (None, false) => *term,
                (None, true) => self.out.syntax.opposite(*term),
                (Some(sum), false) => self.out.syntax.binary(Operator::Plus, sum, *term),
                (Some(sum), true) => self.out.syntax.binary(Operator::Minus, sum, *term),
            });
        }
        total
    }

    // The product rule as a way of writing: d before one factor at a time.

    /// The value of a piece with d pushed onto its names, as it is written: `tr(dX'*A*X) + tr(X'*A*dX)`. It is taken only where it reads
    /// back as the differential that was heard.
    pub(super) fn pushed(&mut self, k: usize, moves: &Moves) -> Option<NodeId> {
        let first = self.out.pieces.len() - self.pieces.len();
        let reads: Vec<Vertex> = self.graph.edges.iter().filter(|e| e.of == k).map(|e| e.by).collect();
        let moving: Vec<(String, String)> = reads.into_iter().map(|v| (self.member(v).name.clone(), moves.of(v).name.clone())).collect();
        let terms = self.push(self.out.pieces[first + k].value, &moving)?;
        let value = self.move_along(k, moves, false);
        let shape = self.pieces[k].shape.clone();
        let spread = self.with_ones(&terms, &shape, moves);
        let ways = [self.joined_terms(&spread)?, self.joined_terms(&terms)?];
        ways.into_iter().find(|tree| self.says(*tree, value, &shape, moves))
    }

    /// Terms with ones in front of the differential of a scalar that is added to every entry: `X*dw + ones(N)*db`.
    fn with_ones(&mut self, terms: &[Term], shape: &Shape, moves: &Moves) -> Vec<Term> {
        let scalar = |name: &str| moves.variables.iter().chain(&moves.pieces).any(|d| d.name == name && d.shape.is_scalar());
        let mut made = vec![];
        for (negative, term) in terms {
            let added = !shape.is_scalar() && matches!(self.out.syntax.kind(*term), Kind::Name(name) if scalar(name));
            made.push((*negative, if added { self.spread(*term, shape) } else { *term }));
        }
        made
    }

    fn push(&mut self, tree: NodeId, moving: &[(String, String)]) -> Option<Vec<Term>> {
        let kind = self.out.syntax.kind(tree).clone();
        let syntax = &self.out.syntax;
        let moves = |id: NodeId| matches!(syntax.kind(id), Kind::Name(n) if moving.iter().any(|m| m.0 == *n));
        if !syntax.under(tree).into_iter().any(moves) {
            return Some(vec![]);
        }
        Some(match kind {
            Kind::Name(name) => {
                let d = &moving.iter().find(|m| m.0 == name)?.1;
                vec![(false, self.out.syntax.name(d))]
            }
            Kind::Negate(a) => negated(self.push(a, moving)?),
            Kind::Transpose(a) => self.push(a, moving)?.into_iter().map(|(n, t)| (n, self.turned(t))).collect(),
            Kind::Binary(Operator::Plus, a, b) => [self.push(a, moving)?, self.push(b, moving)?].concat(),
            Kind::Binary(Operator::Minus, a, b) => [self.push(a, moving)?, negated(self.push(b, moving)?)].concat(),
            Kind::Binary(op @ (Operator::Times | Operator::DotTimes), a, b) => {
                let (da, db) = (self.push(a, moving)?, self.push(b, moving)?);
                let left = da.into_iter().map(|(n, t)| (n, self.out.syntax.binary(op, t, b))).collect::<Vec<_>>();
                let right = db.into_iter().map(|(n, t)| (n, self.out.syntax.binary(op, a, t))).collect::<Vec<_>>();
                [left, right].concat()
            }
            Kind::Binary(op @ (Operator::Over | Operator::DotOver), a, b) if self.push(b, moving)?.is_empty() => {
                self.push(a, moving)?.into_iter().map(|(n, t)| (n, self.out.syntax.binary(op, t, b))).collect()
            }
            Kind::Index(a, subscripts) => {
                let terms = self.push(a, moving)?;
                terms.into_iter().map(|(n, t)| (n, self.out.syntax.add(Kind::Index(t, subscripts.clone()), Span::default()))).collect()
            }
            Kind::Call(f, args) if f == "kron" && args.len() == 2 => {
                let (da, db) = (self.push(args[0], moving)?, self.push(args[1], moving)?);
                let left = da.into_iter().map(|(n, t)| (n, self.out.syntax.call(&f, vec![t, args[1]]))).collect::<Vec<_>>();
                let right = db.into_iter().map(|(n, t)| (n, self.out.syntax.call(&f, vec![args[0], t]))).collect::<Vec<_>>();
                [left, right].concat()
            }
            Kind::Call(f, args) if LINEAR.contains(&f.as_str()) && args.len() == 1 => {
                self.push(args[0], moving)?.into_iter().map(|(n, t)| (n, self.out.syntax.call(&f, vec![t]))).collect()
            }
            _ => return None,
        })
    }

    fn turned(&mut self, tree: NodeId) -> NodeId {
        match self.out.syntax.kind(tree) {
            Kind::Transpose(inner) => *inner,
            _ => self.out.syntax.transpose(tree),
        }
    }

    /// A differential with that of a piece put in as it was written, where that reads back as `value`.
    pub(super) fn put_in(&mut self, before: NodeId, d: &Member, by: NodeId, value: Expr, shape: &Shape, moves: &Moves) -> Option<NodeId> {
        let own = self.terms_of(by);
        let negative = own.iter().all(|t| t.0);
        let own = if negative { negated(own) } else { own };
        let by = self.joined_terms(&own)?;
        let mut made = vec![];
        for (n, term) in self.terms_of(before) {
            let syntax = &self.out.syntax;
            let reads = syntax.under(term).into_iter().any(|id| matches!(syntax.kind(id), Kind::Name(name) if *name == d.name));
            let term = if reads { self.with(term, &d.name, by, !d.shape.is_scalar()) } else { term };
            made.push((n ^ (reads && negative), term));
        }
        let tree = self.joined_terms(&made)?;
        (self.out.syntax.count(tree) <= READ && self.says(tree, value, shape, moves)).then_some(tree)
    }

    /// A tree with `by` for a name; products of matrices stay flat.
    fn with(&mut self, tree: NodeId, name: &str, by: NodeId, flat: bool) -> NodeId {
        match self.out.syntax.kind(tree).clone() {
            Kind::Name(n) if n == name => by,
            Kind::Name(_) | Kind::Number(_) => tree,
            Kind::Binary(Operator::Times, a, b) if flat => {
                let (a, b) = (self.with(a, name, by, flat), self.with(b, name, by, flat));
                let mut behind = vec![];
                let mut left = b;
                while let Kind::Binary(Operator::Times, x, y) = self.out.syntax.kind(left).clone() {
                    behind.insert(0, y);
                    left = x;
                }
                behind.insert(0, left);
                behind.into_iter().fold(a, |a, b| self.out.syntax.binary(Operator::Times, a, b))
            }
            kind => {
                let made: Vec<NodeId> = self.out.syntax.children(tree).into_iter().map(|c| self.with(c, name, by, flat)).collect();
                let mut next = made.into_iter();
                let kind = kind.over(|c| next.next().unwrap_or(c));
                self.out.syntax.add(kind, Span::default())
            }
        }
    }

    /// Whether a tree over inputs, pieces and differentials is this value.
    fn says(&self, tree: NodeId, value: Expr, shape: &Shape, moves: &Moves) -> bool {
        let mut declarations = self.declarations(self.pieces.len());
        for d in moves.variables.iter().chain(&moves.pieces) {
            declarations.push_str(&format!("{} : {}\n", d.name, type_text(&self.pool.dims, &d.shape)));
        }
        self.reads_as(tree, value, shape, &declarations)
    }

    /// A derivative in numerator layout before a differential.
    fn in_front(&mut self, g: NodeId, of: &Shape, d: &Member) -> NodeId {
        let name = self.symbol(&d.name);
        let row = d.shape.rows.is_empty() && !d.shape.cols.is_empty();
        let (scalar, matrix) = (of.is_scalar(), is_matrix(&d.shape));
        self.factored(g, &mut |teller, g| {
            let own = if row && !scalar { teller.out.syntax.transpose(name) } else { name };
            let made = if scalar && row { teller.out.syntax.binary(Operator::Times, name, g) } else { teller.times(g, own) };
            if scalar && matrix {
                teller.out.syntax.call("tr", vec![made])
            } else if of.rows.is_empty() && !of.cols.is_empty() && !d.shape.is_scalar() {
                teller.out.syntax.transpose(made)
            } else {
                made
            }
        })
    }

    /// `g*d`; where g is an identity, d.
    fn times(&mut self, g: NodeId, d: NodeId) -> NodeId {
        match self.out.syntax.kind(g) {
            Kind::Call(f, _) if f == "eye" => d,
            Kind::Number(one) if one == "1" => d,
            _ => self.out.syntax.binary(Operator::Times, g, d),
        }
    }

    /// Scalar factors taken out: `wrap` sees what is left.
    fn factored(&mut self, g: NodeId, wrap: &mut dyn FnMut(&mut Self, NodeId) -> NodeId) -> NodeId {
        let opposite = self.out.syntax.opposite(g);
        match self.out.syntax.kind(g).clone() {
            _ if self.out.syntax.count(opposite) < self.out.syntax.count(g) => {
                let inner = self.factored(opposite, wrap);
                self.out.syntax.opposite(inner)
            }
            Kind::Binary(Operator::Over, above, below) if self.is_scalar(below) && !self.is_scalar(above) => {
                let above = self.factored(above, wrap);
                self.out.syntax.binary(Operator::Over, above, below)
            }
            Kind::Binary(Operator::Times, ..) => {
                let mut factors = vec![];
                let mut left = g;
                while let Kind::Binary(Operator::Times, a, b) = self.out.syntax.kind(left).clone() {
                    factors.insert(0, b);
                    left = a;
                }
                factors.insert(0, left);
                let scalars = factors.iter().take_while(|f| self.is_scalar(**f)).count();
                if scalars == 0 || scalars == factors.len() {
                    return wrap(self, g);
                }
                let multiply = |teller: &mut Self, all: &[NodeId]| {
                    let rest = all[1..].to_vec();
                    rest.into_iter().fold(all[0], |a, b| teller.out.syntax.binary(Operator::Times, a, b))
                };
                let front = multiply(self, &factors[..scalars]);
                let rest = multiply(self, &factors[scalars..]);
                let rest = wrap(self, rest);
                // A product of matrices keeps its factors side by side.
                let mut behind = vec![];
                let mut left = rest;
                while let Kind::Binary(Operator::Times, a, b) = self.out.syntax.kind(left).clone() {
                    behind.insert(0, b);
                    left = a;
                }
                behind.insert(0, left);
                behind.into_iter().fold(front, |a, b| self.out.syntax.binary(Operator::Times, a, b))
            }
            _ => wrap(self, g),
        }
    }

    /// Whether a tree is a scalar, as far as it shows.
    fn is_scalar(&self, tree: NodeId) -> bool {
        match self.out.syntax.kind(tree) {
            Kind::Number(_) => true,
            Kind::Name(name) => {
                let members = self.variables.iter().chain(&self.pieces).find(|m| m.name == *name).map(|m| &m.shape);
                let shape = members.or_else(|| self.formula.model.inputs.iter().find(|i| i.name == *name).map(|i| &i.shape));
                shape.is_none_or(Shape::is_scalar)
            }
            Kind::Negate(a) | Kind::Transpose(a) => self.is_scalar(*a),
            Kind::Binary(_, a, b) => self.is_scalar(*a) && self.is_scalar(*b),
            Kind::Call(f, args) => {
                SCALAR.contains(&f.as_str())
                    || !["eye", "ones", "zeros", "diag"].contains(&f.as_str()) && args.iter().all(|a| self.is_scalar(*a))
            }
            Kind::Series(s) => self.is_scalar(s.body),
            _ => false,
        }
    }
}

fn negated(terms: Vec<Term>) -> Vec<Term> {
    terms.into_iter().map(|(negative, term)| (!negative, term)).collect()
}

fn is_matrix(shape: &Shape) -> bool {
    !shape.rows.is_empty() && !shape.cols.is_empty()
}
