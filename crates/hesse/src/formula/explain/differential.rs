//! The style of differentials: d of the outermost operation, pushed inward one rule a line; differentials of pieces replaced by
//! those of what they read until only those of variables are left; what stands in front of dx is the derivative.
//!
//! There is no rule of differentiation here: the differential of a piece is its local partials, as they were heard, contracted with
//! symbols `dz` of the shapes of what it reads.

mod form;

use super::super::face::{Laid, face};
use super::super::working::{Cost, shortest};
use super::super::{Form, Layout};
use super::super::{Request, Want};
use super::graph::Vertex;
use super::teller::{Member, Teller};
use crate::calculus::derivation::{Depth, Doing, Line, Meaning, Relation, Side};
use crate::calculus::differentiate::chain;
use crate::calculus::notate::Face;
use crate::calculus::simplify;
use crate::diagnostic::{Error, Span};
use crate::syntax::tree::{Kind, NodeId, Operator};
use crate::tensor::{Expr, Shape, VarKind};
use std::collections::BTreeMap;

/// The derivative of the target by what it still reads: axes of the target, then of the vertex.
type Coefficients = BTreeMap<Vertex, Expr>;

/// Symbols of differentials: of the variables, of the pieces.
struct Moves {
    variables: Vec<Member>,
    pieces: Vec<Member>,
}

impl Moves {
    fn of(&self, v: Vertex) -> &Member {
        match v {
            Vertex::Variable(k) => &self.variables[k],
            Vertex::Piece(k) => &self.pieces[k],
        }
    }
}

/// What was said of a piece: the tree of its differential, and the step.
#[derive(Clone, Copy)]
struct Said {
    tree: NodeId,
    step: usize,
}

impl Teller<'_> {
    pub(super) fn differential(&mut self) -> Result<(), Error> {
        let moves = self.name_moves();
        if self.pieces.len() > 1 {
            self.name_pieces();
        }
        let said = self.push_inward(&moves);
        let (coefficients, last) = self.collect(&moves, &said);
        self.identify(&moves, &coefficients, last);
        self.conclude();
        Ok(())
    }

    // Names.

    /// `dX` for every variable and every piece but the target.
    fn name_moves(&mut self) -> Moves {
        let variables = (0..self.variables.len()).map(|k| self.move_of(Vertex::Variable(k))).collect();
        let pieces = (0..self.pieces.len()).map(|k| self.move_of(Vertex::Piece(k))).collect();
        Moves { variables, pieces }
    }

    fn move_of(&mut self, v: Vertex) -> Member {
        let Member { name, var, shape } = self.member(v).clone();
        let known = self.out.differentials.iter().find(|d| d.1 == name).map(|d| d.0.clone());
        let made = known.unwrap_or_else(|| {
            let taken = self.taken();
            let wanted = format!("d{name}");
            let numbered = (1..).map(|k| format!("d{name}_{k}"));
            let free = std::iter::once(wanted).chain(numbered).find(|n| !taken.contains(n)).unwrap_or_default();
            self.out.differentials.push((free.clone(), name.clone()));
            free
        });
        let (own, _) = self.pool.declare(&made, shape.axes(), VarKind::Input);
        self.spelling.rows.insert(own, shape.rows.len());
        if let Some(&place) = self.spelling.places.get(&var) {
            self.spelling.places.insert(own, place);
        }
        Member { name: made, var: own, shape }
    }

    // 1: the differential of each piece, from the target inwards.

    fn push_inward(&mut self, moves: &Moves) -> Vec<Option<Said>> {
        let heading = self.heading(Depth::Normal, Doing::Differential, "Differential of the outermost operation, then inward");
        if let Some(text) = self.held() {
            self.note(heading, text);
        }
        let mut said = vec![None; self.pieces.len()];
        for k in (0..self.pieces.len()).rev() {
            said[k] = self.differential_of(k, moves, heading);
        }
        said
    }

    /// What does not vary.
    fn held(&self) -> Option<String> {
        let moving = |name: &String| self.variables.iter().any(|v| v.name == *name);
        let read: Vec<_> = self.values.iter().flat_map(|e| self.pool.variables_of(*e)).collect();
        let inputs = self.formula.model.inputs.iter();
        let names: Vec<String> = inputs.filter(|i| read.contains(&i.var) && !moving(&i.name)).map(|i| i.name.clone()).collect();
        let zeros: Vec<String> = names.iter().map(|n| format!("d{n} = 0")).collect();
        match names.as_slice() {
            [] => None,
            [only] => Some(format!("{only} is held fixed: {}", zeros[0])),
            [first @ .., last] => Some(format!("{} and {last} are held fixed: {}", first.join(", "), zeros.join(", "))),
        }
    }

    /// `dz = X·dw + db`; then with the name of the piece for its value, where that is shorter.
    fn differential_of(&mut self, k: usize, moves: &Moves, heading: usize) -> Option<Said> {
        let piece = self.pieces[k].clone();
        let first = match self.pushed(k, moves) {
            Some(tree) => tree,
            None => self.best_of(k, moves, false)?,
        };
        let mut trees = vec![first];
        if k + 1 < self.pieces.len()
            && let Some(tree) = self.best_of(k, moves, true)
        {
            let named = self.folded(tree, k + 1);
            let syntax = &self.out.syntax;
            let names = syntax.under(named).into_iter().any(|id| matches!(syntax.kind(id), Kind::Name(n) if *n == piece.name));
            if names && syntax.count(named) < syntax.count(first) {
                trees.push(named);
            }
        }
        let rules = self.rules_of_differential(k);
        let name = self.symbol(&piece.name);
        let mut left = (Side::Differential(name), Meaning::Differential(piece.name.clone()));
        let mut step = 0;
        for (at, tree) in trees.iter().enumerate() {
            let own: Vec<&str> = if at == 0 { rules.iter().map(String::as_str).collect() } else { vec!["name.piece"] };
            step = self.linked(heading, Depth::Normal, Doing::Differential, &own, left, *tree, at > 0, &piece.shape);
            left = (Side::Tree(*tree), Meaning::Value(*tree));
            if at == 0 {
                self.out.steps[step].requires = self.requires(k);
                let span = self.spans[k];
                self.out.steps[step].span = (span != Span::default()).then_some(span);
            }
        }
        trees.last().map(|tree| Said { tree: *tree, step })
    }

    /// The differential of a piece as its tensor is written: of a scalar with its partials in front.
    fn best_of(&mut self, k: usize, moves: &Moves, named: bool) -> Option<NodeId> {
        let shape = self.pieces[k].shape.clone();
        if shape.is_scalar() {
            let edges: Vec<(Vertex, Expr)> = self.graph.edges.iter().filter(|e| e.of == k).map(|e| (e.by, e.value)).collect();
            let mut partials = Coefficients::new();
            for (by, value) in edges {
                let value = if named { self.by_name(value, k) } else { value };
                partials.insert(by, value);
            }
            if let Some(tree) = self.in_front_of_all(&partials, &shape, moves) {
                return Some(tree);
            }
        }
        let along = self.move_along(k, moves, named);
        let mut found = vec![along];
        found.extend(simplify::candidates(&mut self.pool, along, &[], &mut vec![]));
        self.tree(&found, &shape).map(|t| t.1)
    }

    /// The local partials of a piece times the differentials of what it reads; with its own name for its value, where that is in it.
    fn move_along(&mut self, k: usize, moves: &Moves, named: bool) -> Expr {
        let mut total = self.pool.zero(&self.pieces[k].shape.axes());
        let edges: Vec<(Vertex, Expr)> = self.graph.edges.iter().filter(|e| e.of == k).map(|e| (e.by, e.value)).collect();
        for (by, value) in edges {
            let value = if named { self.by_name(value, k) } else { value };
            let term = self.along(value, moves.of(by));
            total = self.pool.add(total, term);
        }
        total
    }

    /// The name of a piece for its value.
    fn by_name(&mut self, e: Expr, k: usize) -> Expr {
        use crate::tensor::Node;
        let value = self.values[k];
        if k + 1 == self.pieces.len() || matches!(self.pool.node(value), Node::Var(_) | Node::Decimal(_) | Node::Pi | Node::Size(_)) {
            return e;
        }
        let symbol = self.pool.var(self.pieces[k].var);
        self.pool.rewrite(e, |_, old, _| (old == value).then_some(symbol))
    }

    fn along(&mut self, value: Expr, by: &Member) -> Expr {
        let d = self.pool.var(by.var);
        let rank = by.shape.axes().len();
        chain(&mut self.pool, value, d, rank)
    }

    /// The shortest of equal expressions of this shape, and its cost.
    fn tree(&mut self, found: &[Expr], shape: &Shape) -> Option<(Cost, NodeId)> {
        let laid = plain(shape);
        let (cost, _, syntax, root) = shortest(&mut self.pool, found, &laid, &self.spelling)?;
        Some((cost, self.out.syntax.graft(&syntax, root)))
    }

    /// A tree with the names of the first pieces for what they are.
    fn folded(&mut self, tree: NodeId, upto: usize) -> NodeId {
        let first = self.out.pieces.len() - self.pieces.len();
        let mut values: Vec<(NodeId, String)> = vec![];
        for k in 0..upto.min(self.pieces.len() - 1) {
            let value = self.out.pieces[first + k].value;
            if !matches!(self.out.syntax.kind(value), Kind::Name(_) | Kind::Number(_)) {
                values.push((value, self.pieces[k].name.clone()));
            }
        }
        let source = self.out.syntax.clone();
        let mut replace = |out: &mut crate::syntax::tree::Syntax, id: NodeId| {
            let found = values.iter().rev().find(|(value, _)| source.same(id, &source, *value));
            found.map(|(_, name)| out.name(name))
        };
        self.out.syntax.graft_with(&source, tree, &mut replace)
    }

    /// The rules by which d goes through a piece, in both layouts the same.
    fn rules_of_differential(&mut self, k: usize) -> Vec<String> {
        let reads: Vec<Vertex> = self.graph.edges.iter().filter(|e| e.of == k).map(|e| e.by).collect();
        if reads.is_empty() {
            return vec!["scalar.const".into()];
        }
        let tree = self.out.pieces[self.out.pieces.len() - self.pieces.len() + k].value;
        let mut rules: Vec<String> = vec![];
        let mut add = |rule: &str| {
            if !rules.iter().any(|r| r == rule) {
                rules.push(rule.to_string());
            }
        };
        if self.is_product(k) {
            add("diff.product");
        }
        match self.out.syntax.kind(tree) {
            Kind::Binary(Operator::Power, base, two)
                if matches!(self.out.syntax.kind(*base), Kind::Call(f, _) if f == "norm2")
                    && matches!(self.out.syntax.kind(*two), Kind::Number(n) if n == "2") =>
            {
                return vec!["norm.sq".into()];
            }
            Kind::Call(f, _) if f == "kron" => add("kron.diff"),
            _ => {}
        }
        for by in reads {
            for rule in self.rules_of(k, by) {
                match rule.as_str() {
                    "elementwise.unary" | "elementwise.max0" => add("diff.elementwise"),
                    "elementwise.add" | "elementwise.sub" | "elementwise.mul" | "scalar.sum" | "scalar.cmul" | "scalar.product"
                    | "linear.matvec" | "linear.map" | "matmul.left" | "matmul.right" | "dot.left" | "dot.right" | "sum.ones-row"
                    | "expand.scalar.add" | "expand.scalar.mul" | "transpose" | "identity" | "diff.linear" | "quadratic.form" => continue,
                    _ => {}
                }
                if rule != "elementwise.unary" {
                    add(&rule);
                }
            }
        }
        if rules.is_empty() {
            rules.push("diff.linear".into());
        }
        rules
    }

    /// Whether a local partial of a linear kind still reads what varies.
    fn is_product(&self, k: usize) -> bool {
        use crate::tensor::Node;
        let moving: Vec<_> = self.graph.edges.iter().filter(|e| e.of == k).map(|e| self.member(e.by).var).collect();
        let terms = match self.pool.node(self.values[k]) {
            Node::Sum(terms, _) => terms.iter().map(|t| t.1).collect(),
            _ => vec![self.values[k]],
        };
        terms.into_iter().any(|t| match self.pool.node(t) {
            Node::Product { factors, .. } => {
                factors.iter().filter(|f| self.pool.variables_of(f.base).iter().any(|v| moving.contains(v))).count() > 1
            }
            _ => false,
        })
    }

    /// A line of a chain of equalities.
    #[allow(clippy::too_many_arguments)]
    fn linked(
        &mut self,
        heading: usize,
        level: Depth,
        doing: Doing,
        rules: &[&str],
        left: (Side, Meaning),
        right: NodeId,
        continues: bool,
        shape: &Shape,
    ) -> usize {
        let line = Line {
            left: left.0,
            relation: Relation::Equal,
            right: Side::Tree(right),
            continues,
            shape: self.shape_of(shape),
            factors: vec![],
            pattern: None,
            letters: vec![],
            tested: Some((left.1, Meaning::Value(right))),
        };
        self.line(Some(heading), level, doing, rules, line)
    }

    // 2: collect.

    /// Differentials of pieces replaced from the target inwards, then one term for each variable; the last line.
    fn collect(&mut self, moves: &Moves, said: &[Option<Said>]) -> (Coefficients, Option<usize>) {
        let last = self.pieces.len() - 1;
        let target = self.pieces[last].clone();
        let mut coefficients: Coefficients = self.graph.edges.iter().filter(|e| e.of == last).map(|e| (e.by, e.value)).collect();
        let heading = self.heading(Depth::Normal, Doing::Collect, "Collect");
        let name = self.symbol(&target.name);
        let start = (Side::Differential(name), Meaning::Differential(target.name.clone()));
        let mut left = start;
        let mut before = None;
        let mut step = None;
        if let Some(first) = said[last] {
            // The chain starts with what was said of the target.
            if coefficients.keys().any(|v| matches!(v, Vertex::Piece(_))) {
                let id = self.linked(heading, Depth::Normal, Doing::Collect, &[], left, first.tree, false, &target.shape);
                self.out.steps[id].because = vec![first.step];
                left = (Side::Tree(first.tree), Meaning::Value(first.tree));
                step = Some(id);
            }
            before = Some(first);
        }
        while let Some(p) = coefficients.keys().filter_map(|v| if let Vertex::Piece(p) = v { Some(*p) } else { None }).max() {
            let Some(outer) = coefficients.remove(&Vertex::Piece(p)) else { break };
            let piece = self.pieces[p].shape.clone();
            let rank = piece.axes().len();
            let inner = self.move_along(p, moves, true);
            let mut total = chain(&mut self.pool, outer, inner, rank);
            for (v, c) in coefficients.clone() {
                let term = self.along(c, moves.of(v));
                total = self.pool.add(total, term);
            }
            let edges: Vec<(Vertex, Expr)> = self.graph.edges.iter().filter(|e| e.of == p).map(|e| (e.by, e.value)).collect();
            let several = edges.len() > 1;
            for (by, value) in edges {
                let value = self.by_name(value, p);
                let joined = chain(&mut self.pool, outer, value, rank);
                let sum = coefficients.get(&by).map_or(joined, |c| self.pool.add(*c, joined));
                coefficients.insert(by, sum);
            }
            coefficients.retain(|_, c| !self.pool.is_zero(*c));
            let mut trees = vec![];
            // With the differential put in, where that is worth a line …
            let wide = !piece.rows.is_empty() && !piece.cols.is_empty();
            if (several || wide)
                && let (Some(before), Some(own)) = (before, said[p])
            {
                trees.extend(self.put_in(before.tree, &moves.pieces[p], own.tree, total, &target.shape, moves));
            }
            // … and with one term for each differential.
            let each = if target.shape.is_scalar() { self.in_front_of_all(&coefficients, &target.shape, moves) } else { None };
            if each.is_some() || trees.is_empty() {
                let tree = match each {
                    Some(tree) => Some(tree),
                    None => {
                        let mut found = vec![total];
                        found.extend(simplify::candidates(&mut self.pool, total, &[], &mut vec![]));
                        self.tree(&found, &target.shape).map(|t| t.1)
                    }
                };
                if let Some(tree) = tree {
                    trees.push(self.folded(tree, last));
                }
            }
            let mut first = true;
            for tree in trees {
                if before.is_some_and(|b| self.out.syntax.same(b.tree, &self.out.syntax, tree)) {
                    continue;
                }
                let rules: Vec<String> = match before {
                    Some(b) if !first => self.trace_rules(b.tree, tree),
                    _ => vec!["collect".into()],
                };
                let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
                let id = self.linked(heading, Depth::Normal, Doing::Collect, &rules, left, tree, step.is_some(), &target.shape);
                if let Some(said) = said[p].filter(|_| first) {
                    self.out.steps[id].because = vec![said.step];
                }
                first = false;
                left = (Side::Tree(tree), Meaning::Value(tree));
                step = Some(id);
                before = Some(Said { tree, step: id });
            }
        }
        if let Some((tree, rules)) = self.collected(moves, &coefficients, before.map(|b| b.tree))
            && !before.is_some_and(|b| self.out.syntax.same(b.tree, &self.out.syntax, tree))
        {
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let id = self.linked(heading, Depth::Outline, Doing::Collect, &rules, left, tree, step.is_some(), &target.shape);
            step = Some(id);
        } else if let Some(id) = step {
            self.out.steps[id].level = Depth::Outline;
        }
        if self.out.steps.len() == heading + 1 {
            self.out.steps.pop();
        } else {
            self.out.steps[heading].level = Depth::Outline;
        }
        (coefficients, step.or(before.map(|b| b.step)))
    }

    // 3: identify.

    /// `⇒ ∂C/∂w = …` for each variable.
    fn identify(&mut self, moves: &Moves, coefficients: &Coefficients, last: Option<usize>) {
        let target = self.pieces[self.pieces.len() - 1].clone();
        let heading = self.heading(Depth::Outline, Doing::Identify, "Identify");
        for k in 0..self.variables.len() {
            let member = self.variables[k].clone();
            let axes = [target.shape.axes(), member.shape.axes()].concat();
            let found = coefficients.get(&Vertex::Variable(k)).copied();
            let tensor = found.unwrap_or_else(|| self.pool.zero(&axes));
            let Some(written) = self.write(tensor, &target.shape, &member.shape) else { continue };
            let tree = self.folded(written.node, self.pieces.len() - 1);
            let matrix = !member.shape.rows.is_empty() && !member.shape.cols.is_empty();
            let mut rules = match (found, target.shape.is_scalar(), matrix) {
                (None, ..) => vec!["partial.other-variable-constant"],
                (_, true, true) => vec!["identify.tr"],
                _ => vec!["identify.dx"],
            };
            let laid = self.laid(&target.shape, &member.shape);
            let turned = self.denominator() && laid.matrix && found.is_some() && !axes.is_empty();
            if turned {
                rules.push("layout.transpose");
            }
            let left = self.partial_side(&target.name, &member.name);
            let meaning = Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order: written.order.clone() };
            let id = self.line(
                Some(heading),
                Depth::Outline,
                Doing::Identify,
                &rules,
                Line {
                    left,
                    relation: Relation::Implies,
                    right: Side::Tree(tree),
                    continues: false,
                    shape: written.shape.clone(),
                    factors: vec![],
                    pattern: written.pattern.clone(),
                    letters: vec![],
                    tested: Some((meaning, Meaning::Value(tree))),
                },
            );
            self.out.steps[id].because = last.into_iter().collect();
            let d = &moves.variables[k].name;
            if self.request.form == Form::Vec && laid.face.rows.len() + laid.face.cols.len() > 2 {
                self.note(id, format!("the linear map vec({d}) ↦ vec(d{}), columns stacked", target.name));
            } else if !laid.matrix {
                self.note(id, format!("the linear map {d} ↦ d{}, entry by entry", target.name));
            } else if turned {
                self.note(id, format!("what stands before {d}, transposed"));
            }
        }
    }

    /// A derivative in numerator layout, in which it stands before the differential.
    fn numerator(&self, of: &Shape, by: &Shape) -> Laid {
        let plain =
            Request { want: Want::Derivative, structure: None, layout: Layout::Numerator, form: Form::Natural, ..self.request.clone() };
        face(of, std::slice::from_ref(by), &plain)
    }
}

/// The face of a value.
fn plain(shape: &Shape) -> Laid {
    let rank = shape.axes().len();
    let face = Face::split(rank, shape.rows.len());
    let groups = match (shape.rows.is_empty(), shape.cols.is_empty()) {
        (true, true) => vec![],
        (false, true) => vec![face.rows.clone()],
        _ => vec![face.rows.clone(), face.cols.clone()],
    };
    Laid { face, matrix: true, groups }
}
