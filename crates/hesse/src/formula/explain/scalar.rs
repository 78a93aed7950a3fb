//! The style of scalars, the text's: name the pieces; reduce each to scalar equations, take all partials, assemble them into a
//! Jacobian; multiply the Jacobians by the vector chain rule; substitute the pieces back; say the cases.

use super::cite::cite;
use super::graph::{Link, Vertex};
use super::teller::{Member, Teller, Written};
use crate::calculus::derivation::{Chain, Depth, Doing, Line, Meaning, Relation, Side};
use crate::calculus::notate::Face;
use crate::diagnostic::{Error, Span};
use crate::syntax::entry::{Entries, Sides};
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript};
use crate::tensor::{Expr, Label, Node, Pattern, Shape};
use std::collections::BTreeMap;

/// A small matrix is drawn at this size.
const PICTURE: i64 = 3;

/// Letters of indices, those of the functions first.
const LETTERS: [&str; 8] = ["i", "j", "k", "l", "p", "q", "r", "s"];

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
        let edges = self.graph.edges.clone();
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
                left: Side::Tree(left),
                relation: if last { Relation::Equal } else { Relation::Defined },
                right: Side::Tree(value),
                continues: false,
                shape: self.shape_of(&member.shape),
                factors: vec![],
                pattern: None,
                letters: vec![],
                tested: None,
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
    fn function(&mut self, of: usize, by: Vertex) -> NodeId {
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
            let id = self.line(parent, level, doing, &["scalar.sum"], Line {
                left,
                relation: Relation::Equal,
                right: tree.clone(),
                continues,
                shape: written.shape.clone(),
                factors: vec![],
                pattern: None,
                letters: vec![],
                tested: Some((meant, Meaning::Value(terms))),
            });
            first = Some(id);
            (left, meant, continues) = (tree, Meaning::Value(terms), true);
        }
        let line = Line {
            left,
            relation: Relation::Equal,
            right: Side::Tree(written.node),
            continues,
            shape: written.shape.clone(),
            factors: vec![],
            pattern: written.pattern.clone(),
            letters: vec![],
            tested: Some((meant, Meaning::Value(written.node))),
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
        if let Some(cases) = self.scalar_cases(written) {
            self.line(parent, level, Doing::Cases, &["mask.to-cases"], Line {
                left: Side::Tree(written.node),
                relation: Relation::Equal,
                right: Side::Cases(cases),
                continues: true,
                shape: written.shape.clone(),
                factors: vec![],
                pattern: None,
                letters: vec![],
                tested: Some((Meaning::Value(written.node), Meaning::Value(cases))),
            });
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
    fn place(&self, e: Expr) -> usize {
        let places = self.pool.variables_of(e).into_iter().filter_map(|v| self.spelling.places.get(&v).copied());
        places.min().unwrap_or(usize::MAX)
    }

    // Scalar equations.

    /// What the sides of names are.
    fn sides(&self) -> BTreeMap<String, Sides> {
        let text = |axes: &[crate::tensor::Dim]| (!axes.is_empty()).then(|| super::super::face::axes_text(&self.pool, &[axes.to_vec()]).remove(0));
        let of = |shape: &Shape| Sides { rows: text(&shape.rows), cols: text(&shape.cols) };
        let inputs = self.formula.model.inputs.iter().map(|i| (i.name.clone(), of(&i.shape)));
        let members = self.variables.iter().chain(&self.pieces).map(|m| (m.name.clone(), of(&m.shape)));
        inputs.chain(members).collect()
    }

    /// Letters that mean nothing else, as many as there are axes.
    fn letters(&self, count: usize) -> Option<Vec<String>> {
        let taken = self.names();
        let free: Vec<String> = LETTERS.iter().filter(|l| !taken.iter().any(|t| t == *l)).map(|l| l.to_string()).collect();
        (free.len() >= count).then(|| free[..count].to_vec())
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.formula.model.inputs.iter().map(|i| i.name.clone()).collect();
        names.extend(self.out.pieces.iter().map(|p| p.name.clone()));
        names.extend(self.pool.dims.names().iter().cloned());
        names
    }

    /// The entry of a tree at letters.
    fn entry(&mut self, tree: NodeId, row: Option<&str>, col: Option<&str>) -> NodeId {
        let source = self.out.syntax.clone();
        let sides = self.sides();
        let names = self.names();
        let used: Vec<&str> = names.iter().map(String::as_str).chain(row).chain(col).collect();
        let lookup = |name: &str| sides.get(name).cloned().unwrap_or_default();
        Entries::new(&source, &mut self.out.syntax, &lookup, &used).at(tree, row, col)
    }

    /// `y[i] = w[i]*x[i]`
    fn scalar_equation(&mut self, piece: usize, parent: Option<usize>, level: Depth) -> Option<usize> {
        let first = self.out.pieces.len() - self.pieces.len();
        let tree = self.out.pieces[first + piece].value;
        let member = self.pieces[piece].clone();
        let axes = member.shape.axes();
        if member.shape.rows.len() > 1 || member.shape.cols.len() > 1 {
            return None;
        }
        let letters = self.letters(axes.len())?;
        let (row, col) = sides_of(&member.shape, &letters);
        let right = self.entry(tree, row, col);
        let left = self.indexed(&member.name, &letters);
        let meaning = if letters.is_empty() { Meaning::Value(left) } else { Meaning::Entry(member.name.clone(), letters.clone()) };
        // What a scalar equation of a scalar says must say more than the piece itself.
        if letters.is_empty() && self.out.syntax.same(right, &self.out.syntax, tree) && level == Depth::Full {
            return None;
        }
        let line = Line {
            left: Side::Tree(left),
            relation: Relation::Equal,
            right: Side::Tree(right),
            continues: false,
            shape: vec![],
            factors: vec![],
            pattern: None,
            letters: self.ranges(&letters, &axes),
            tested: (!letters.is_empty() || !self.out.syntax.same(right, &self.out.syntax, tree))
                .then_some((if letters.is_empty() { Meaning::Value(tree) } else { meaning }, Meaning::Value(right))),
        };
        Some(self.line(parent, level, Doing::Scalarise, &["scalarise"], line))
    }

    fn ranges(&self, letters: &[String], axes: &[crate::tensor::Dim]) -> Vec<(String, String)> {
        let size = |d: &crate::tensor::Dim| super::super::face::axes_text(&self.pool, &[vec![*d]]).remove(0);
        letters.iter().cloned().zip(axes.iter().map(size)).collect()
    }

    /// `y[i]`
    fn indexed(&mut self, name: &str, letters: &[String]) -> NodeId {
        let base = self.symbol(name);
        if letters.is_empty() {
            return base;
        }
        let subscripts = letters.iter().map(|l| Subscript::At(self.out.syntax.name(l))).collect();
        self.out.syntax.add(Kind::Index(base, subscripts), Span::default())
    }

    /// `∂y[i]/∂w[j] = x[i] if j = i, else 0`
    fn scalar_partial(&mut self, of: usize, by: Vertex, tensor: Expr, parent: Option<usize>, level: Depth) -> Option<usize> {
        let (piece, variable) = (self.pieces[of].clone(), self.member(by).clone());
        let (f, x) = (piece.shape.axes().len(), variable.shape.axes().len());
        if f + x > 4 || [&piece.shape, &variable.shape].iter().any(|s| s.rows.len() > 1 || s.cols.len() > 1) {
            return None;
        }
        if f + x == 0 && level == Depth::Full {
            return None;
        }
        let letters = self.letters(f + x)?;
        let (of_letters, by_letters) = letters.split_at(f);
        let left = Side::Partial(self.indexed(&piece.name, of_letters), vec![self.indexed(&variable.name, by_letters)]);
        let meaning = Meaning::PartialEntry { of: piece.name.clone(), by: variable.name.clone(), letters: letters.clone() };
        let axes = [piece.shape.axes(), variable.shape.axes()].concat();
        let zero = self.pool.is_zero(tensor);
        let mut rules = self.rules_of(of, by);
        let diagonal = f == 1 && x == 1 && !zero && self.write_between(tensor, of, by)?.pattern.is_some();
        let mut chain: Vec<(Side, Meaning)> = vec![];
        if diagonal {
            rules.insert(0, "elementwise.diagonal-condition".into());
            if let Some(naive) = self.product_rule(of, by, &of_letters[0]) {
                chain.push((
                    Side::Diagonal(letters[0].clone(), letters[1].clone(), naive),
                    Meaning::Diagonal(letters[0].clone(), letters[1].clone(), naive),
                ));
            }
            let value = self.pool.product(&[(tensor, &[0, 0])], &[0], &[]);
            let own = Shape::new(vec![axes[0]], vec![]);
            let tree = self.write_laid(value, super::super::face::Laid { face: Face::split(1, 1), matrix: true, groups: vec![vec![0]] })?.node;
            let _ = own;
            let entry = self.entry(tree, Some(&letters[0]), None);
            chain.push((
                Side::Diagonal(letters[0].clone(), letters[1].clone(), entry),
                Meaning::Diagonal(letters[0].clone(), letters[1].clone(), entry),
            ));
        } else {
            if let Some(naive) = self.product_rule(of, by, of_letters.first().map_or("", String::as_str)).filter(|_| x == 0) {
                chain.push((Side::Tree(naive), Meaning::Value(naive)));
            }
            let laid = self.laid(&piece.shape, &variable.shape);
            let entry = if zero {
                self.out.syntax.number("0")
            } else if laid.matrix && laid.face.rows.len() <= 1 && laid.face.cols.len() <= 1 {
                let (row, col) = (laid.face.rows.first().map(|a| letters[*a].as_str()), laid.face.cols.first().map(|a| letters[*a].as_str()));
                let tree = self.write_between(tensor, of, by)?.node;
                self.entry(tree, row, col)
            } else {
                let tree = self.write_between(tensor, of, by)?.node;
                self.body_at(tree, &letters)?
            };
            chain.push((Side::Tree(entry), Meaning::Value(entry)));
        }
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let ranges = self.ranges(&letters, &axes);
        let mut last = None;
        let mut before = (left, meaning);
        let count = chain.len();
        for (k, (side, meant)) in chain.into_iter().enumerate() {
            let line = Line {
                left: before.0,
                relation: Relation::Equal,
                right: side.clone(),
                continues: k > 0,
                shape: vec![],
                factors: vec![],
                pattern: None,
                letters: ranges.clone(),
                tested: Some((before.1, meant.clone())),
            };
            let id = self.line(parent, level, Doing::Partial, if k + 1 == count { &rules } else { &[] }, line);
            if k == 0 {
                self.out.steps[id].rules = rules.iter().map(|r| r.to_string()).collect();
            } else {
                self.out.steps[id].rules = vec![];
            }
            last = Some(id);
            before = (side, meant);
        }
        if let Some(id) = last
            && diagonal
        {
            let (y, w) = (&piece.name, &variable.name);
            self.note(id, format!("equation {} of {y} contains {w} only at j = i", letters[0]));
        }
        last
    }

    /// Sum and product rule before anything is simplified: `0 + 1`, `x[i]*0 + z*1`; `None` where that says nothing.
    fn product_rule(&mut self, of: usize, by: Vertex, letter: &str) -> Option<NodeId> {
        let var = self.member(by).var;
        let shape = self.pieces[of].shape.clone();
        if shape.axes().len() > 1 {
            return None;
        }
        let value = self.values[of];
        let face = Face::split(self.pool.rank(value), shape.rows.len());
        match self.pool.node(value).clone() {
            Node::Sum(terms, _) if terms.len() == 2 => {
                let mut parts = vec![];
                for (c, t) in &terms {
                    let reads = self.pool.variables_of(*t).contains(&var);
                    let plain = matches!(self.pool.node(*t), Node::Var(_))
                        || matches!(self.pool.node(*t), Node::Product { factors, .. } if matches!(factors.as_slice(), [f] if f.labels.is_empty() && matches!(self.pool.node(f.base), Node::Var(_)) && self.pool.as_integer(f.power) == Some(1)));
                    if !plain || c.denom() != &1 || c.numer().abs() != 1 {
                        return None;
                    }
                    let digit = self.out.syntax.number(if reads { "1" } else { "0" });
                    parts.push((self.place(*t), c.numer() < &0, digit));
                }
                parts.sort_by_key(|p| p.0);
                let [(_, n, a), (_, m, b)] = parts.as_slice() else { return None };
                if *n {
                    return None;
                }
                let op = if *m { Operator::Minus } else { Operator::Plus };
                Some(self.out.syntax.binary(op, *a, *b))
            }
            Node::Product { factors, out, sizes } if factors.len() == 2 && sizes.len() == out.len() => {
                let symbols: Vec<bool> = factors.iter().map(|f| matches!(self.pool.node(f.base), Node::Var(_)) && self.pool.as_integer(f.power) == Some(1)).collect();
                if symbols.contains(&false) {
                    return None;
                }
                // a·db + b·da, first the factor that stands first.
                let mut ordered: Vec<(usize, Expr)> = factors.iter().map(|f| (self.place(f.base), f.base)).collect();
                ordered.sort_by_key(|o| o.0);
                let mut terms = vec![];
                for (k, (_, other)) in ordered.iter().enumerate() {
                    let moved = ordered[1 - k].1;
                    let rank = self.pool.rank(*other);
                    let own = if rank == 0 { Face::split(0, 0) } else { face.clone() };
                    let tree = self.write_as_is(*other, &own);
                    let entry = self.entry(tree, (rank > 0).then_some(letter), None);
                    let digit = self.out.syntax.number(if self.pool.variables_of(moved).contains(&var) { "1" } else { "0" });
                    terms.push(self.out.syntax.binary(Operator::Times, entry, digit));
                }
                Some(self.out.syntax.binary(Operator::Plus, terms[0], terms[1]))
            }
            _ => None,
        }
    }

    /// The body of a contraction under other letters.
    fn body_at(&mut self, tree: NodeId, letters: &[String]) -> Option<NodeId> {
        let Kind::Contraction(body, groups) = self.out.syntax.kind(tree).clone() else { return None };
        let old: Vec<String> = groups.into_iter().flatten().collect();
        if old.len() != letters.len() {
            return None;
        }
        let source = self.out.syntax.clone();
        let mut rename = |out: &mut crate::syntax::tree::Syntax, id: NodeId| match source.kind(id) {
            Kind::Name(name) => old.iter().position(|o| o == name).map(|k| out.name(&letters[k])),
            _ => None,
        };
        // A summed letter needs its sum: such a body is no scalar formula.
        let summed = source.under(body).iter().any(|id| match source.kind(*id) {
            Kind::Index(_, subs) => subs.iter().any(|s| matches!(s, Subscript::At(k) if matches!(source.kind(*k), Kind::Name(n) if !old.contains(n) && n.len() == 1))),
            _ => false,
        });
        (!summed).then(|| self.out.syntax.graft_with(&source, body, &mut rename))
    }

    /// The Jacobian of one piece drawn entry by entry.
    fn assembled(&mut self, parent: usize, written: &Written, tensor: Expr, of: usize, by: Vertex) {
        let laid = self.laid(&self.pieces[of].shape, &self.member(by).shape);
        if !laid.matrix || laid.face.rows.len() > 1 || laid.face.cols.len() > 1 || laid.face.rows.len() + laid.face.cols.len() == 0 {
            return;
        }
        let axes = self.pool.axes(tensor).to_vec();
        let length = |w: &Self, side: &[usize]| side.first().map_or(1, |a| w.pool.dims.as_integer(axes[*a]).unwrap_or(PICTURE).min(6));
        let (rows, cols) = (length(self, &laid.face.rows), length(self, &laid.face.cols));
        let mut picture = vec![];
        for a in 1..=rows {
            let mut row = vec![];
            for b in 1..=cols {
                let mut factors: Vec<(Expr, Vec<Label>)> = vec![(tensor, (0..axes.len() as Label).collect())];
                for (side, at) in [(&laid.face.rows, a), (&laid.face.cols, b)] {
                    if let Some(axis) = side.first() {
                        let at = self.pool.dims.integer(at);
                        let unit = self.pool.pattern(Pattern::Unit { at, of: axes[*axis] });
                        factors.push((unit, vec![*axis as Label]));
                    }
                }
                let factors: Vec<(Expr, &[Label])> = factors.iter().map(|f| (f.0, f.1.as_slice())).collect();
                let entry = self.pool.product(&factors, &[], &[]);
                let shown = if self.pool.is_zero(entry) { None } else { Some(self.write_as_is(entry, &Face::split(0, 0))) };
                row.push(shown);
            }
            picture.push(row);
        }
        let (piece, variable) = (self.pieces[of].name.clone(), self.member(by).name.clone());
        let rules: &[&str] = if written.pattern.is_some() { &["assemble.diagonal"] } else { &["assemble"] };
        let left = self.partial_side(&piece, &variable);
        let line = Line {
            left,
            relation: Relation::Equal,
            right: Side::Picture(picture.clone()),
            continues: false,
            shape: written.shape.clone(),
            factors: vec![],
            pattern: written.pattern.clone(),
            letters: vec![],
            tested: Some((
                Meaning::Partial { of: piece, by: variable, local: true, order: written.order.clone() },
                Meaning::Entries(picture),
            )),
        };
        let id = self.line(Some(parent), Depth::Full, Doing::Assemble, rules, line);
        self.note(id, format!("n = {PICTURE}"));
    }

    // The chain rule.

    /// The vector chain rule over names, then multiplied.
    fn chain(&mut self, lines: &BTreeMap<(usize, Vertex), (usize, Written)>) {
        let junctions = self.graph.junctions(self.variables.len());
        let wanted: Vec<Vertex> =
            junctions.iter().map(|p| Vertex::Piece(*p)).chain((0..self.variables.len()).map(Vertex::Variable)).collect();
        let heading = self.heading(Depth::Outline, Doing::Chain, "Vector chain rule");
        let mut products = vec![];
        let mut whole: BTreeMap<Vertex, Expr> = BTreeMap::new();
        for v in wanted {
            let earlier: Vec<usize> = junctions.iter().copied().filter(|p| Vertex::Piece(*p) != v).collect();
            let chains = self.graph.chains(v, &earlier);
            if chains.is_empty() {
                continue;
            }
            let tensor = self.joined(&chains, &whole);
            whole.insert(v, tensor);
            if let [only] = chains.as_slice()
                && only.len() == 1
            {
                continue;
            }
            let id = self.chain_line(heading, v, &chains, lines);
            products.push((id, v, chains, tensor));
        }
        if self.out.steps[heading..].len() == 1 {
            // Nothing was chained: the target reads its variables itself.
            self.out.steps[heading].heading = Some("No chain".into());
        }
        let heading = self.heading(Depth::Normal, Doing::Multiply, "Multiply");
        for (chained, v, chains, tensor) in products {
            self.multiply_line(heading, chained, v, &chains, tensor, lines, &whole);
        }
        if self.out.steps.len() == heading + 1 {
            self.out.steps.pop();
        }
    }

    /// The sum of the products of a chain.
    fn joined(&mut self, chains: &[Vec<Link>], whole: &BTreeMap<Vertex, Expr>) -> Expr {
        let mut total: Option<Expr> = None;
        for chain in chains {
            let mut made: Option<Expr> = None;
            for link in chain {
                let factor = self.factor(link, whole);
                made = Some(match made {
                    None => factor,
                    Some(before) => {
                        let rank = self.pieces[link.of].shape.axes().len();
                        crate::calculus::differentiate::chain(&mut self.pool, before, factor, rank)
                    }
                });
            }
            let Some(made) = made else { continue };
            total = Some(total.map_or(made, |t| self.pool.add(t, made)));
        }
        total.unwrap_or_else(|| self.pool.one())
    }

    fn factor(&self, link: &Link, whole: &BTreeMap<Vertex, Expr>) -> Expr {
        if link.local {
            self.graph.edge(link.of, link.by).map_or(self.values[link.of], |e| e.value)
        } else {
            whole.get(&link.by).copied().unwrap_or(self.values[link.of])
        }
    }

    fn chain_line(&mut self, heading: usize, v: Vertex, chains: &[Vec<Link>], lines: &BTreeMap<(usize, Vertex), (usize, Written)>) -> usize {
        let (target, member) = (self.pieces[self.pieces.len() - 1].clone(), self.member(v).clone());
        let vectors = self.is_vectorial(v);
        let backwards = self.denominator() && vectors;
        let mut shown = vec![];
        let mut factors = vec![];
        let mut terms = vec![];
        for chain in chains {
            let mut trees = vec![];
            let mut shapes = vec![];
            for link in chain {
                let by = self.member(link.by).clone();
                let of = if link.local { self.function(link.of, link.by) } else { self.symbol(&target.name) };
                let by_node = self.symbol(&by.name);
                trees.push((of, by_node));
                shapes.push(self.shape_between(link.of, link.by));
            }
            if backwards {
                trees.reverse();
                shapes.reverse();
            }
            shown.push(Chain { factors: trees, summed: vec![] });
            if vectors {
                factors.push(shapes);
            }
            terms.push(chain.iter().map(|l| (self.pieces[l.of].name.clone(), self.member(l.by).name.clone(), l.local)).collect());
        }
        let last = self.pieces.len() - 1;
        let shape = self.shape_between(last, v);
        let laid = self.laid(&target.shape, &member.shape);
        let order: Vec<usize> = if laid.matrix {
            laid.face.rows.iter().chain(&laid.face.cols).copied().collect()
        } else {
            laid.groups.iter().flatten().copied().collect()
        };
        let scalars = chains.iter().flatten().all(|l| self.pieces[l.of].shape.is_scalar() && self.member(l.by).shape.is_scalar());
        let rule = match (chains.len(), scalars) {
            (1, true) => "chain.single",
            (1, false) => "chain.vector",
            _ => "chain.total",
        };
        let rules: &[&str] = if rule == "chain.total" && !scalars { &["chain.total", "chain.vector"] } else { &[rule] };
        let left = self.partial_side(&target.name, &member.name);
        let line = Line {
            left,
            relation: Relation::Equal,
            right: Side::Chains(shown),
            continues: false,
            shape,
            factors,
            pattern: None,
            letters: vec![],
            tested: Some((
                Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order: order.clone() },
                Meaning::Chains { terms, order },
            )),
        };
        let id = self.line(Some(heading), Depth::Outline, Doing::Chain, rules, line);
        let because = chains.iter().flatten().filter_map(|l| lines.get(&(l.of, l.by)).map(|x| x.0)).collect();
        self.out.steps[id].because = because;
        if !vectors {
            self.note(id, "summed over the entries of the piece between");
        }
        id
    }

    /// Rows and columns of a derivative as text.
    fn shape_between(&mut self, of: usize, by: Vertex) -> Vec<String> {
        let (of, by) = (self.pieces[of].shape.clone(), self.member(by).shape.clone());
        let laid = self.laid(&of, &by);
        let axes = [of.axes(), by.axes()].concat();
        let pick = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        if laid.matrix {
            self.shape_of(&Shape::new(pick(&laid.face.rows), pick(&laid.face.cols)))
        } else {
            super::super::face::axes_text(&self.pool, &laid.groups.iter().map(|g| pick(g)).collect::<Vec<_>>())
        }
    }

    /// Whether every derivative from the target to a vertex is a matrix, so that chains are products of matrices.
    fn is_vectorial(&self, v: Vertex) -> bool {
        let vector = |s: &Shape| (s.rows.is_empty() || s.cols.is_empty()) && s.axes().len() <= 1;
        let on_the_way = (0..self.pieces.len()).filter(|p| self.graph.depends(*p, v));
        vector(&self.member(v).shape) && on_the_way.into_iter().all(|p| vector(&self.pieces[p].shape))
    }

    /// The Jacobians of the chain, multiplied.
    #[allow(clippy::too_many_arguments)]
    fn multiply_line(
        &mut self,
        heading: usize,
        chained: usize,
        v: Vertex,
        chains: &[Vec<Link>],
        tensor: Expr,
        lines: &BTreeMap<(usize, Vertex), (usize, Written)>,
        whole: &BTreeMap<Vertex, Expr>,
    ) {
        let last = self.pieces.len() - 1;
        let (target, member) = (self.pieces[last].clone(), self.member(v).clone());
        let Some(written) = self.write_between(tensor, last, v) else { return };
        let mut left = self.partial_side(&target.name, &member.name);
        let mut meaning = Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order: written.order.clone() };
        let mut continues = false;
        let mut rules = vec![];
        if self.is_vectorial(v)
            && let Some(product) = self.product_tree(chains, lines, whole)
        {
            rules = self.multiplication_rules(chains, lines);
            let already = self.out.syntax.same(product, &self.out.syntax, written.node);
            if !already {
                let first: Vec<&str> = vec!["chain.vector"];
                let id = self.line(Some(heading), Depth::Normal, Doing::Multiply, &first, Line {
                    left,
                    relation: Relation::Equal,
                    right: Side::Tree(product),
                    continues: false,
                    shape: written.shape.clone(),
                    factors: vec![],
                    pattern: None,
                    letters: vec![],
                    tested: Some((meaning, Meaning::Value(product))),
                });
                self.out.steps[id].because = vec![chained];
                self.out.steps[id].rules = vec![];
                (left, meaning, continues) = (Side::Tree(product), Meaning::Value(product), true);
            }
        }
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let id = self.line(Some(heading), Depth::Normal, Doing::Multiply, &rules, Line {
            left,
            relation: Relation::Equal,
            right: Side::Tree(written.node),
            continues,
            shape: written.shape.clone(),
            factors: vec![],
            pattern: written.pattern.clone(),
            letters: vec![],
            tested: Some((meaning, Meaning::Value(written.node))),
        });
        self.out.steps[id].because = vec![chained];
    }

    /// The trees of the factors side by side.
    fn product_tree(
        &mut self,
        chains: &[Vec<Link>],
        lines: &BTreeMap<(usize, Vertex), (usize, Written)>,
        whole: &BTreeMap<Vertex, Expr>,
    ) -> Option<NodeId> {
        let mut total: Option<NodeId> = None;
        let last = self.pieces.len() - 1;
        for chain in chains {
            let mut links = chain.clone();
            if self.denominator() {
                links.reverse();
            }
            let mut made: Option<NodeId> = None;
            for link in links {
                let tree = if link.local {
                    lines.get(&(link.of, link.by))?.1.node
                } else {
                    let e = *whole.get(&link.by)?;
                    self.write_between(e, last, link.by)?.node
                };
                made = Some(match made {
                    None => tree,
                    Some(before) => self.out.syntax.binary(Operator::Times, before, tree),
                });
            }
            let made = made?;
            total = Some(match total {
                None => made,
                Some(t) => self.out.syntax.binary(Operator::Plus, t, made),
            });
        }
        total
    }

    fn multiplication_rules(&self, chains: &[Vec<Link>], lines: &BTreeMap<(usize, Vertex), (usize, Written)>) -> Vec<String> {
        let mut rules: Vec<String> = vec![];
        let mut add = |r: &str| {
            if !rules.iter().any(|x| x == r) {
                rules.push(r.to_string());
            }
        };
        for chain in chains {
            let patterns: Vec<Option<&(usize, Written)>> = chain.iter().map(|l| lines.get(&(l.of, l.by))).collect();
            let diagonal = |w: Option<&(usize, Written)>| w.is_some_and(|w| w.1.pattern.is_some());
            let row = |w: Option<&(usize, Written)>| w.is_some_and(|w| w.1.shape.first().is_some_and(|s| s == "1") && w.1.shape.get(1).is_some_and(|s| s != "1"));
            for pair in patterns.windows(2) {
                if diagonal(pair[0]) && diagonal(pair[1]) {
                    add("diag.product");
                } else if row(pair[0]) && diagonal(pair[1]) {
                    add("diag.ones-row");
                } else if diagonal(pair[0]) {
                    add("diag.vec");
                }
            }
        }
        rules
    }

    // Back to the formula.

    /// From the result over pieces to the result that `derive` gives; cases.
    fn conclude(&mut self) {
        let joined = self.derivative.parts.iter().any(|p| p.wrt.len() > 1);
        let last = self.pieces.len() - 1;
        let mut heading = None;
        let mut shown = vec![];
        for k in 0..self.variables.len() {
            let (target, member) = (self.pieces[last].clone(), self.variables[k].clone());
            let Some(written) = self.write_between(self.tensors[k], last, Vertex::Variable(k)) else { continue };
            if joined {
                continue;
            }
            let part = self.derivative.parts[k].clone();
            let tree = self.out.syntax.graft(&part.syntax, part.root);
            let said = self.out.steps.iter().rev().find_map(|s| match s.line.as_ref().map(|l| &l.right) {
                Some(Side::Tree(t)) if s.doing != Doing::Name && self.out.syntax.same(*t, &self.out.syntax, tree) => Some(s.id),
                _ => None,
            });
            shown.push((k, tree));
            if said.is_some() {
                continue;
            }
            let parent = *heading.get_or_insert_with(|| self.heading(Depth::Outline, Doing::Substitute, "Substitute the pieces back"));
            let left = self.partial_side(&target.name, &member.name);
            let mut rules = vec![if self.pieces.len() > 1 { "subst.back" } else { "simplify" }.to_string()];
            rules.extend(self.fired());
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let order = written.order.clone();
            self.line(Some(parent), Depth::Outline, Doing::Substitute, &rules, Line {
                left,
                relation: Relation::Equal,
                right: Side::Tree(tree),
                continues: false,
                shape: part.shape_text.clone(),
                factors: vec![],
                pattern: (part.structure.name() != "dense").then(|| part.structure.name()),
                letters: vec![],
                tested: Some((
                    Meaning::Partial { of: target.name, by: member.name, local: false, order },
                    Meaning::Value(tree),
                )),
            });
        }
        if joined {
            self.conclude_joined();
        }
        self.cases(&shown);
    }

    /// Rules of rewriting that shortened the result.
    fn fired(&self) -> Vec<String> {
        self.derivative.rules.iter().map(|r| crate::facts::rules::id(r.name)).collect()
    }

    /// Partials by scalars side by side: the gradient is a row.
    fn conclude_joined(&mut self) {
        let Some(part) = self.derivative.parts.first().cloned() else { return };
        let heading = self.heading(Depth::Outline, Doing::Assemble, "Organise the partials");
        let target = self.pieces[self.pieces.len() - 1].clone();
        let tree = self.out.syntax.graft(&part.syntax, part.root);
        let of = self.symbol(&target.name);
        let by: Vec<NodeId> = part.wrt.iter().map(|w| self.out.syntax.name(w)).collect();
        let tested = None;
        let id = self.line(Some(heading), Depth::Outline, Doing::Assemble, &["assemble"], Line {
            left: Side::Partial(of, by),
            relation: Relation::Equal,
            right: Side::Tree(tree),
            continues: false,
            shape: part.shape_text.clone(),
            factors: vec![],
            pattern: None,
            letters: vec![],
            tested,
        });
        self.note(id, "one column a variable, in the order asked for");
    }

    fn scalar_cases(&mut self, _written: &Written) -> Option<NodeId> {
        None
    }

    fn cases(&mut self, _shown: &[(usize, NodeId)]) {}
}

fn last_is_split(teller: &Teller<'_>) -> bool {
    teller.pieces.len() == 2 && teller.spans[0] == Span::default() && teller.formula.model.vertices.len() < 4
}

/// The letters of the rows and of the columns of a value.
fn sides_of<'l>(shape: &Shape, letters: &'l [String]) -> (Option<&'l str>, Option<&'l str>) {
    let mut next = letters.iter().map(String::as_str);
    let row = if shape.rows.is_empty() { None } else { next.next() };
    (row, if shape.cols.is_empty() { None } else { next.next() })
}

#[allow(dead_code)]
fn unused(_: &Member) {}
