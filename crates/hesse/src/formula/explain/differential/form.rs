//! The form in which a differential is identified: `J·dx` for a vector, `tr(G·dX)` for a matrix, `c·dt` for a scalar.

use super::super::graph::Vertex;
use super::super::teller::{Member, Teller};
use super::{Coefficients, Moves};
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::Shape;

/// Functions of whole arguments whose value is a scalar.
const SCALAR: [&str; 8] = ["tr", "det", "logdet", "sum", "mean", "norm2", "logsumexp", "prod"];

impl Teller<'_> {
    /// One term for each variable, with the derivative in front of its differential; and the rules that bring `before` to it.
    pub(super) fn collected(&mut self, moves: &Moves, coefficients: &Coefficients, before: Option<NodeId>) -> Option<(NodeId, Vec<String>)> {
        let target = self.pieces[self.pieces.len() - 1].clone();
        let mut rules: Vec<String> = vec![];
        let mut total: Option<NodeId> = None;
        let calls = |teller: &Self, f: &str| {
            let syntax = &teller.out.syntax;
            before.is_some_and(|b| syntax.under(b).into_iter().any(|id| matches!(syntax.kind(id), Kind::Call(name, _) if name == f)))
        };
        for (v, c) in coefficients {
            let Vertex::Variable(k) = v else { return None };
            let (member, d) = (self.variables[*k].clone(), moves.variables[*k].clone());
            let laid = self.numerator(&target.shape, &member.shape);
            let (scalar, matrix) = (target.shape.is_scalar(), is_matrix(&member.shape));
            let term = if laid.matrix && !(is_matrix(&target.shape) && !member.shape.is_scalar()) {
                let written = self.write_laid(*c, laid)?;
                let before = self.folded(written.node, self.pieces.len() - 1);
                let mut add: Vec<&str> = match (scalar, matrix) {
                    (true, true) if calls(self, "sum") => vec!["trace.entries"],
                    (true, true) if calls(self, "tr") => vec!["trace.cyclic"],
                    (true, true) => vec!["scalar.equals-trace", "trace.cyclic"],
                    (true, false) if !member.shape.is_scalar() => vec!["scalar.equals-transpose"],
                    _ => vec!["collect"],
                };
                add.retain(|r| !rules.iter().any(|x| x == r));
                rules.extend(add.into_iter().map(String::from));
                self.in_front(before, &target.shape, &d)
            } else {
                let along = self.along(*c, &d);
                let found = crate::calculus::simplify::candidates(&mut self.pool, along, &[], &mut vec![]);
                let tree = self.tree(&found, &target.shape)?.1;
                self.folded(tree, self.pieces.len() - 1)
            };
            total = Some(match (total, self.out.syntax.kind(term).clone()) {
                (None, _) => term,
                (Some(sum), Kind::Negate(inner)) => self.out.syntax.binary(Operator::Minus, sum, inner),
                (Some(sum), _) => self.out.syntax.binary(Operator::Plus, sum, term),
            });
        }
        if rules.is_empty() {
            rules.push("collect".into());
        }
        Some((total?, rules))
    }

    /// A derivative in numerator layout before a differential.
    fn in_front(&mut self, g: NodeId, of: &Shape, d: &Member) -> NodeId {
        let name = self.symbol(&d.name);
        let row = d.shape.rows.is_empty() && !d.shape.cols.is_empty();
        let (scalar, matrix) = (of.is_scalar(), is_matrix(&d.shape));
        self.factored(g, &mut |teller, g| {
            let own = if row && !scalar { teller.out.syntax.transpose(name) } else { name };
            let made = if scalar && row {
                teller.out.syntax.binary(Operator::Times, name, g)
            } else {
                teller.times(g, own)
            };
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
        match self.out.syntax.kind(g).clone() {
            Kind::Negate(inner) => {
                let inner = self.factored(inner, wrap);
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
            Kind::Call(f, args) => SCALAR.contains(&f.as_str()) || !["eye", "ones", "zeros", "diag"].contains(&f.as_str()) && args.iter().all(|a| self.is_scalar(*a)),
            Kind::Series(s) => self.is_scalar(s.body),
            _ => false,
        }
    }
}

fn is_matrix(shape: &Shape) -> bool {
    !shape.rows.is_empty() && !shape.cols.is_empty()
}
