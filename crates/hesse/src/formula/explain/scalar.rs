//! The style of scalars, the text's: name the pieces; reduce each to scalar equations, take all partials, assemble them into a
//! Jacobian; multiply the Jacobians by the vector chain rule; substitute the pieces back; say the cases.

use super::cite::cite;
use super::graph::Vertex;
use super::teller::{Teller, Written};
use crate::calculus::derivation::{Depth, Doing, Line, Meaning, Relation, Side};
use crate::diagnostic::{Error, Span};
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Expr, Node, Shape};
use std::collections::BTreeMap;

impl Teller<'_> {
    pub(super) fn scalar(&mut self) -> Result<(), Error> {
        if self.pieces.len() == 1 {
            self.scalar_of_one();
        } else {
            self.scalar_of_many();
        }
        self.conclude();
        Ok(())
    }

    /// A formula that is one operation: its equations, their partials, the Jacobian.
    fn scalar_of_one(&mut self) {
        let heading = self.heading(Depth::Normal, Doing::Scalarise, "Scalar equations");
        self.scalar_equation(0, Some(heading), Depth::Normal);
        let heading = self.heading(Depth::Normal, Doing::Partial, "All partials");
        for k in 0..self.variables.len() {
            let edge = self.edge_of(0, Vertex::Variable(k));
            self.scalar_partial(0, Vertex::Variable(k), edge, Some(heading), Depth::Normal);
        }
        let heading = self.heading(Depth::Outline, Doing::Assemble, "Assemble (row i = equation i, column j = parameter j)");
        if self.denominator() {
            self.out.steps[heading].heading = Some("Assemble (row j = parameter j, column i = equation i)".into());
        }
        for k in 0..self.variables.len() {
            let v = Vertex::Variable(k);
            let tensor = self.edge_of(0, v);
            let Some(written) = self.write_between(tensor, 0, v) else { continue };
            let line = self.local_line(0, v, &written, Some(heading), Depth::Outline, Doing::Assemble);
            self.assembled(line, &written, tensor, 0, v);
        }
    }

    /// The whole skeleton.
    fn scalar_of_many(&mut self) {
        self.name_pieces();
        let heading = self.heading(Depth::Normal, Doing::Partial, "Derivative of each piece");
        let mut edges = self.graph.edges.clone();
        // As they were named where there are two; a longer chain in its own order, from the target inwards.
        if self.pieces.len() == 2 {
            edges.sort_by_key(|e| (e.of, e.by));
        }
        let mut lines: BTreeMap<(usize, Vertex), (usize, Written)> = BTreeMap::new();
        let mut equated = vec![];
        for edge in &edges {
            let Some(written) = self.write_between(edge.value, edge.of, edge.by) else { continue };
            let line = self.local_line(edge.of, edge.by, &written, Some(heading), Depth::Normal, Doing::Partial);
            if !equated.contains(&edge.of) {
                equated.push(edge.of);
                self.scalar_equation(edge.of, Some(line), Depth::Full);
            }
            self.scalar_partial(edge.of, edge.by, edge.value, Some(line), Depth::Full);
            self.assembled(line, &written, edge.value, edge.of, edge.by);
            lines.insert((edge.of, edge.by), (line, written));
        }
        self.chain(&lines);
    }

    /// `z := X*w + b`, the target last.
    pub(super) fn name_pieces(&mut self) {
        let heading = self.heading(Depth::Outline, Doing::Name, "Name the pieces");
        let first = self.out.pieces.len() - self.pieces.len();
        for k in 0..self.pieces.len() {
            let (value, span) = (self.out.pieces[first + k].value, self.out.pieces[first + k].span);
            let member = self.pieces[k].clone();
            let left = self.symbol(&member.name);
            let last = k + 1 == self.pieces.len();
            let line = Line {
                relation: if last { Relation::Equal } else { Relation::Defined },
                shape: self.shape_of(&member.shape),
                ..Line::equal(Side::Tree(left), Side::Tree(value))
            };
            let id = self.line(Some(heading), Depth::Outline, Doing::Name, &["name.piece"], line);
            self.out.steps[id].span = span;
            if k == 0 && last_is_split(self) {
                self.out.steps[id].rules = vec!["dot.as-sum".to_string()];
            }
        }
    }

    /// The local partial, or zero.
    fn edge_of(&mut self, of: usize, by: Vertex) -> Expr {
        if let Some(edge) = self.graph.edge(of, by) {
            return edge.value;
        }
        let axes = [self.pieces[of].shape.axes(), self.member(by).shape.axes()].concat();
        self.pool.zero(&axes)
    }

    pub(super) fn write_between(&mut self, e: Expr, of: usize, by: Vertex) -> Option<Written> {
        let (of, by) = (self.pieces[of].shape.clone(), self.member(by).shape.clone());
        self.write(e, &of, &by)
    }

    /// The name of a piece as the function in `∂of/∂by`: with its arguments where `by` enters in other ways too.
    pub(super) fn function(&mut self, of: usize, by: Vertex) -> NodeId {
        let name = self.pieces[of].name.clone();
        if !self.graph.reads_twice(of, by) {
            return self.symbol(&name);
        }
        let reads: Vec<Vertex> = self.graph.edges.iter().filter(|e| e.of == of).map(|e| e.by).collect();
        let names: Vec<String> = reads.into_iter().map(|v| self.member(v).name.clone()).collect();
        let args = names.iter().map(|n| self.symbol(n)).collect();
        self.out.syntax.call(&name, args)
    }

    /// `∂z/∂w = X`: the rule of one piece.
    fn local_line(&mut self, of: usize, by: Vertex, written: &Written, parent: Option<usize>, level: Depth, doing: Doing) -> usize {
        let (piece, variable) = (self.pieces[of].clone(), self.member(by).clone());
        let rules = self.rules_of(of, by);
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let function = self.function(of, by);
        let by_node = self.symbol(&variable.name);
        let meaning = Meaning::Partial { of: piece.name.clone(), by: variable.name.clone(), local: true, order: written.order.clone() };
        let mut left = Side::Partial(function, vec![by_node]);
        let mut meant = meaning;
        let mut continues = false;
        // `xᵀ + 0ᵀ`: what the terms of a sum give, where one gives nothing.
        let mut first = None;
        if let Some(terms) = self.termwise(of, by) {
            let tree = Side::Tree(terms);
            let id = self.line(
                parent,
                level,
                doing,
                &["scalar.sum"],
                Line {
                    continues,
                    shape: written.shape.clone(),
                    tested: Some((meant, Meaning::Value(terms))),
                    ..Line::equal(left, tree.clone())
                },
            );
            first = Some(id);
            (left, meant, continues) = (tree, Meaning::Value(terms), true);
        }
        let line = Line {
            continues,
            shape: written.shape.clone(),
            pattern: written.pattern.clone(),
            tested: Some((meant, Meaning::Value(written.node))),
            ..Line::equal(left, Side::Tree(written.node))
        };
        let id = self.line(parent, level, doing, &rules, line);
        self.out.steps[id].because = first.into_iter().collect();
        self.out.steps[id].requires = self.requires(of);
        let span = self.spans[of];
        self.out.steps[id].span = (span != Span::default()).then_some(span);
        if rules.first() == Some(&"linear.matvec") {
            let plain = crate::syntax::unicode::unicode(&self.out.syntax, written.node);
            if self.graph.edge(of, by).is_some() && !self.denominator() {
                self.note(id, format!("row i is the gradient of equation i: row i of {plain}"));
            }
        }
        // A mask on a scalar is two cases.
        if let Some(cases) = self.cases_of(written.tensor, &piece.shape, &variable.shape) {
            self.line(
                parent,
                level,
                Doing::Cases,
                &["mask.to-cases"],
                Line {
                    continues: true,
                    shape: written.shape.clone(),
                    tested: Some((Meaning::Value(written.node), Meaning::Value(cases))),
                    ..Line::equal(Side::Tree(written.node), Side::Cases(cases))
                },
            );
        }
        id
    }

    pub(super) fn rules_of(&mut self, of: usize, by: Vertex) -> Vec<String> {
        if self.graph.edge(of, by).is_none() {
            return vec!["partial.other-variable-constant".into()];
        }
        let first = self.out.pieces.len() - self.pieces.len();
        let tree = self.out.pieces[first + of].value;
        if let Kind::Call(f, args) = self.out.syntax.kind(tree)
            && ["softmax", "logsumexp"].contains(&f.as_str())
            && args.len() == 1
        {
            return vec![f.clone()];
        }
        cite(&self.pool, self.values[of], self.member(by).var)
    }

    /// The partials of the terms of a scalar sum, side by side: `x' + zeros(n)'`.
    fn termwise(&mut self, of: usize, by: Vertex) -> Option<NodeId> {
        let (shape, var) = (self.pieces[of].shape.clone(), self.member(by).clone());
        if !shape.is_scalar() || self.pieces.len() == 1 && !var.shape.is_scalar() {
            return None;
        }
        let Node::Sum(terms, _) = self.pool.node(self.values[of]).clone() else { return None };
        if terms.len() != 2 {
            return None;
        }
        let axes = var.shape.axes();
        let mut nodes = vec![];
        let mut zeros = 0;
        // In the order in which they are written.
        let mut ordered = vec![];
        for (c, t) in terms {
            let d = crate::calculus::differentiate::partial(&mut self.pool, t, var.var).ok()?;
            let value = match d {
                Some(d) => self.pool.scale(c, d),
                None => {
                    zeros += 1;
                    self.pool.zero(&axes)
                }
            };
            let scaled = self.pool.scale(c, t);
            ordered.push((self.place(scaled), value));
        }
        if zeros != 1 {
            return None;
        }
        ordered.sort_by_key(|o| o.0);
        for (_, value) in ordered {
            nodes.push(self.write(value, &Shape::scalar(), &var.shape)?.node);
        }
        let [a, b] = nodes.as_slice() else { return None };
        Some(self.out.syntax.binary(Operator::Plus, *a, *b))
    }

    /// Where the first name of an expression stands in the formula.
    pub(super) fn place(&self, e: Expr) -> usize {
        let places = self.pool.variables_of(e).into_iter().filter_map(|v| self.spelling.places.get(&v).copied());
        places.min().unwrap_or(usize::MAX)
    }
}

/// Whether the target was a sum of products that came apart into two pieces.
fn last_is_split(teller: &Teller<'_>) -> bool {
    teller.pieces.len() == 2 && teller.spans[0] == Span::default() && teller.formula.model.vertices.len() < 4
}
