//! The style of scalars, the text's: name the pieces; reduce each to scalar equations, take all partials, assemble them into a
//! Jacobian; multiply the Jacobians by the vector chain rule; substitute the pieces back; say the cases.

use super::cite::cite;
use super::graph::Vertex;
use super::teller::{Teller, Written};
use crate::calculus::derivation::{Depth, Doing, Line, Meaning, Relation, Side};
use crate::calculus::notate::Face;
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
        self.expansion();
        let heading = self.heading(Depth::Normal, Doing::Scalarise, "Scalar equations");
        self.scalar_equation(0, Some(heading), Depth::Normal);
        let heading = self.heading(Depth::Normal, Doing::Partial, "All partials");
        for k in 0..self.variables.len() {
            let edge = self.edge_of(0, Vertex::Variable(k));
            self.scalar_partial(0, Vertex::Variable(k), edge, Some(heading), Depth::Normal);
        }
        let heading = self.heading(Depth::Outline, Doing::Assemble, "Assemble");
        let text = match (self.pieces[0].shape.is_scalar(), self.denominator()) {
            (true, false) => "Assemble (a scalar function has a Jacobian of one row)",
            (true, true) => "Assemble (a scalar function has a Jacobian of one column)",
            (false, false) => "Assemble (row i = equation i, column j = parameter j)",
            (false, true) => "Assemble (row j = parameter j, column i = equation i)",
        };
        self.out.steps[heading].heading = Some(text.into());
        for k in 0..self.variables.len() {
            let v = Vertex::Variable(k);
            let tensor = self.edge_of(0, v);
            let Some(written) = self.write_between(tensor, 0, v) else { continue };
            let line = self.local_line(0, v, &written, Some(heading), Depth::Outline, Doing::Assemble);
            self.assembled(line, &written, tensor, 0, v);
        }
    }

    /// `y = x + z = x + 1*z`: a scalar that meets a vector is expanded first.
    fn expansion(&mut self) {
        let first = self.out.pieces.len() - self.pieces.len();
        let tree = self.out.pieces[first].value;
        let shape = self.pieces[0].shape.clone();
        let Kind::Binary(op, a, b) = *self.out.syntax.kind(tree) else { return };
        if shape.axes().len() != 1 {
            return;
        }
        let (rule, op) = match op {
            Operator::Plus | Operator::Minus => ("expand.scalar.add", op),
            Operator::Times | Operator::DotTimes => ("expand.scalar.mul", Operator::DotTimes),
            _ => return,
        };
        let Some(typed) = self.typed(tree) else { return };
        let parts = typed.syntax.children(typed.root);
        let scalar = |n: NodeId| matches!(typed.syntax.kind(n), Kind::Name(_)) && typed.of(n).is_some_and(|s| s.is_scalar());
        let vector = |n: NodeId| matches!(typed.syntax.kind(n), Kind::Name(_)) && typed.of(n).is_some_and(|s| !s.is_scalar());
        let [c, d] = parts.as_slice() else { return };
        let (left, right) = match (scalar(*c) && vector(*d), vector(*c) && scalar(*d)) {
            (true, _) => (self.spread(a, &shape), b),
            (_, true) => (a, self.spread(b, &shape)),
            _ => return,
        };
        let expanded = self.out.syntax.binary(op, left, right);
        let heading = self.heading(Depth::Normal, Doing::Rewrite, "Expand the scalar");
        let name = self.pieces[0].name.clone();
        let symbol = self.symbol(&name);
        self.line(
            Some(heading),
            Depth::Normal,
            Doing::Rewrite,
            &[rule],
            Line {
                shape: self.shape_of(&shape),
                tested: Some((Meaning::Value(tree), Meaning::Value(expanded))),
                ..Line::equal(Side::Tree(symbol), Side::Tree(expanded))
            },
        );
    }

    /// `1*z`, of a shape.
    pub(super) fn spread(&mut self, scalar: NodeId, shape: &Shape) -> NodeId {
        let ones = self.pool.ones(&shape.axes());
        let ones = self.write_as_is(ones, &Face::split(shape.axes().len(), shape.rows.len()));
        self.out.syntax.binary(Operator::Times, ones, scalar)
    }

    /// The same by scalars alone: `∂y/∂w[j] = x[j]`, which the Jacobian has as its entries.
    fn scalar_check(&mut self) {
        let heading = self.heading(Depth::Normal, Doing::Partial, "Scalar check");
        let last = self.pieces.len() - 1;
        let before = self.out.steps.len();
        for k in 0..self.variables.len() {
            let tensor = self.tensors[k];
            let id = self.scalar_partial(last, Vertex::Variable(k), tensor, Some(heading), Depth::Normal);
            if let Some(id) = id {
                self.out.steps[id].rules = vec!["sum.linear".into(), "scalar.product".into()];
                if let Some((Meaning::PartialEntry { local, .. }, _)) = self.out.steps[id].line.as_mut().and_then(|l| l.tested.as_mut()) {
                    *local = false;
                }
                self.note(id, "the derivative goes inside the sum: only the term with j is left");
            }
        }
        if self.out.steps.len() == before {
            self.out.steps.pop();
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
        if last_is_split(self) {
            self.scalar_check();
        }
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
        // `xᵀ + 0ᵀ`: what the terms of a sum give, where one gives nothing; `diag(1·z)` of an expanded scalar.
        let mut first = None;
        let (before, rule) = match self.termwise(of, by) {
            Some(terms) => (Some(terms), "scalar.sum"),
            None => (self.expanded_diagonal(of, by, written), "assemble.diagonal"),
        };
        if let Some(terms) = before {
            let tree = Side::Tree(terms);
            let id = self.line(
                parent,
                level,
                doing,
                &[rule],
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
        if let Some(note) = self.reason(of, by, written, rules.first().copied().unwrap_or_default()) {
            self.note(id, note);
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

    /// Why a local partial is what it is, where a sentence says more than the rule's name.
    fn reason(&mut self, of: usize, by: Vertex, written: &Written, rule: &str) -> Option<String> {
        let (piece, variable) = (self.pieces[of].name.clone(), self.member(by).name.clone());
        match rule {
            "partial.other-variable-constant" => Some(format!("{piece} does not depend on {variable}")),
            "comparison.zero" => Some(format!("{piece} is constant on both sides of every tie")),
            "sum.ones-row" if self.pieces.len() > 1 => {
                Some("the derivative goes inside the sum; in each column only one term is left".into())
            }
            "linear.matvec" if !self.denominator() => {
                let Kind::Name(matrix) = self.out.syntax.kind(written.node).clone() else { return None };
                let letter = self.letters(1)?.remove(0);
                let first = self.out.pieces.len() - self.pieces.len();
                let row = self.row_of(self.out.pieces[first + of].value, &letter)?;
                let row = crate::syntax::unicode::unicode(&self.out.syntax, row);
                Some(format!("row {letter} is ∂({row})/∂{variable} = {matrix}[{letter},:]"))
            }
            _ => None,
        }
    }

    /// `diag(1)`, `diag(1*z)`: a scaled identity as it is put together from equal partials.
    fn expanded_diagonal(&mut self, of: usize, by: Vertex, written: &Written) -> Option<NodeId> {
        let fits = self.pieces.len() == 1 && matches!(written.pattern.as_deref(), Some("identity" | "scaled identity"));
        let first = self.out.pieces.len() - self.pieces.len();
        if !fits || !matches!(self.out.syntax.kind(self.out.pieces[first + of].value), Kind::Binary(..)) {
            return None;
        }
        let axes = self.member(by).shape.axes();
        if axes != self.pieces[of].shape.axes() || axes.len() != 1 {
            return None;
        }
        let diagonal = self.pool.product(&[(written.tensor, &[0, 0])], &[0], &[]);
        let ones = self.pool.ones(&axes);
        let ones = self.write_as_is(ones, &Face::split(1, 1));
        // The one number that every entry is.
        let at = self.pool.dims.integer(1);
        let unit = self.pool.pattern(crate::tensor::Pattern::Unit { at, of: axes[0] });
        let entry = self.pool.product(&[(diagonal, &[0]), (unit, &[0])], &[], &[]);
        let inner = if self.pool.as_number(entry) == Some(1.into()) {
            ones
        } else {
            let entry = self.write_as_is(entry, &Face::split(0, 0));
            self.out.syntax.binary(Operator::Times, ones, entry)
        };
        Some(self.out.syntax.call("diag", vec![inner]))
    }

    pub(super) fn rules_of(&mut self, of: usize, by: Vertex) -> Vec<String> {
        if self.graph.edge(of, by).is_none() {
            let reads = self.pool.variables_of(self.values[of]).contains(&self.member(by).var);
            return vec![if reads { "comparison.zero" } else { "partial.other-variable-constant" }.into()];
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
