//! Back to the formula: pieces written out, masks said as cases, examples one by one.

use super::super::Part;
use super::super::face::Laid;
use super::graph::Vertex;
use super::teller::Teller;
use crate::calculus::derivation::{Depth, Doing, Line, Meaning, Side};
use crate::calculus::notate::Face;
use crate::diagnostic::Span;
use crate::syntax::entry::Entries;
use crate::syntax::tree::{Kind, NodeId, Operator, Series, Subscript};
use crate::tensor::{Expr, Factor, Label, Node, Rational, Shape};

impl Teller<'_> {
    /// From the result over pieces to the result that `derive` gives; cases.
    pub(super) fn conclude(&mut self) {
        if self.derivative.parts.iter().any(|p| p.wrt.len() > 1) {
            self.conclude_joined();
            return;
        }
        let text = if self.pieces.len() > 1 { "Substitute the pieces back" } else { "Simplify" };
        let mut heading = None;
        for k in 0..self.variables.len() {
            if !self.substituted.contains(&k) {
                self.substitute(k, text, &mut heading, None);
            }
        }
        self.examples();
    }

    /// Variable `k` with its pieces written out, and as two cases where it is one; `before` is what the line continues.
    pub(super) fn substitute(&mut self, k: usize, text: &str, heading: &mut Option<usize>, before: Option<NodeId>) {
        let target = self.pieces[self.pieces.len() - 1].clone();
        let (member, part) = (self.variables[k].clone(), self.derivative.parts[k].clone());
        let tree = self.out.syntax.graft(&part.syntax, part.root);
        let cases = self.scalar_cases(k, &part);
        self.substituted.push(k);
        if self.is_said(tree, &target.name, &member.name) && cases.is_none() {
            return;
        }
        let parent = *heading.get_or_insert_with(|| self.heading(Depth::Outline, Doing::Substitute, text));
        let (left, meaning) = match before {
            Some(node) => (Side::Tree(node), Meaning::Value(node)),
            None => {
                let order = self.order_of(&target.shape, &member.shape);
                let meaning = Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order };
                (self.partial_side(&target.name, &member.name), meaning)
            }
        };
        if !before.is_some_and(|node| self.out.syntax.same(node, &self.out.syntax, tree)) {
            let mut rules = vec![if self.pieces.len() > 1 { "subst.back" } else { "simplify" }.to_string()];
            rules.extend(self.fired(&part.plain()));
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            self.line(
                Some(parent),
                Depth::Outline,
                Doing::Substitute,
                &rules,
                Line {
                    continues: before.is_some(),
                    shape: part.shape_text.clone(),
                    pattern: (part.structure.name() != "dense").then(|| part.structure.name()),
                    tested: Some((meaning, Meaning::Value(tree))),
                    ..Line::equal(left, Side::Tree(tree))
                },
            );
        }
        if let Some(cases) = cases {
            self.line(
                Some(parent),
                Depth::Normal,
                Doing::Cases,
                &["mask.to-cases"],
                Line {
                    continues: true,
                    shape: part.shape_text.clone(),
                    tested: Some((Meaning::Value(tree), Meaning::Value(cases))),
                    ..Line::equal(Side::Tree(tree), Side::Cases(cases))
                },
            );
        }
    }

    /// A sum over examples, each by its case, as the text writes it.
    fn examples(&mut self) {
        let target = self.pieces[self.pieces.len() - 1].clone();
        let mut heading = None;
        for k in 0..self.variables.len() {
            let Some(sum) = self.cases_by_example(k) else { continue };
            let (member, shape) = (self.variables[k].clone(), self.derivative.parts[k].shape_text.clone());
            let parent = *heading.get_or_insert_with(|| self.heading(Depth::Normal, Doing::Cases, "Example by example"));
            let order = self.order_of(&target.shape, &member.shape);
            let left = self.partial_side(&target.name, &member.name);
            let meaning = Meaning::Partial { of: target.name.clone(), by: member.name, local: false, order };
            self.line(
                Some(parent),
                Depth::Normal,
                Doing::Cases,
                &["series.row-by-row", "mask.to-cases"],
                Line { shape, tested: Some((meaning, Meaning::Value(sum))), ..Line::equal(left, Side::Cases(sum)) },
            );
        }
    }

    /// The order of the axes of a derivative as it is written.
    pub(super) fn order_of(&self, of: &Shape, by: &Shape) -> Vec<usize> {
        let laid = self.laid(of, by);
        if laid.matrix {
            laid.face.rows.iter().chain(&laid.face.cols).copied().collect()
        } else {
            laid.groups.into_iter().flatten().collect()
        }
    }

    /// Whether the last line about this derivative ends in this tree.
    fn is_said(&self, tree: NodeId, of: &str, by: &str) -> bool {
        let name = |n: NodeId, text: &str| matches!(self.out.syntax.kind(n), Kind::Name(name) if name == text);
        let mut said = None;
        let mut about = false;
        for line in self.out.steps.iter().filter(|s| s.level < Depth::Full).filter_map(|s| s.line.as_ref()) {
            if !line.continues {
                about = matches!(&line.left, Side::Partial(o, b) if name(*o, of) && b.len() == 1 && name(b[0], by));
            }
            if about {
                said = match line.right {
                    Side::Tree(t) => Some(t),
                    _ => said,
                };
            }
        }
        said.is_some_and(|t| self.out.syntax.same(t, &self.out.syntax, tree))
    }

    /// The derivative by variable `k` with every piece written out, in the form that prints shortest.
    pub(super) fn whole(&mut self, k: usize) -> Option<Expr> {
        let mut with: rustc_hash::FxHashMap<crate::tensor::VarId, Expr> = rustc_hash::FxHashMap::default();
        for (member, value) in self.pieces.iter().zip(&self.values) {
            let value = self.pool.substitute(*value, &with);
            with.insert(member.var, value);
        }
        let full = self.pool.substitute(self.tensors[k], &with);
        let last = self.pieces.len() - 1;
        Some(self.write_between(full, last, Vertex::Variable(k))?.tensor)
    }

    /// The factors of a single product, with its number as an expression; a scalar product among them comes apart too.
    fn factors_of(&mut self, e: Expr) -> Option<(Expr, Vec<Factor>, Vec<Label>)> {
        let (mut number, e) = self.scaled(e)?;
        let (mut factors, out, mut labels) = match self.pool.node(e).clone() {
            Node::Product { factors, out, sizes } => (factors, out, sizes.len() as Label),
            Node::Map(..) if self.pool.rank(e) == 0 => {
                let power = self.pool.one();
                (vec![Factor { base: e, labels: vec![], power }], vec![], 0)
            }
            _ => return None,
        };
        while let Some((k, c, inner, sizes)) = (0..factors.len()).find_map(|k| {
            let f = &factors[k];
            let (c, base) = self.scaled(f.base).filter(|_| f.labels.is_empty() && self.pool.as_integer(f.power) == Some(1))?;
            match self.pool.node(base) {
                Node::Product { factors, sizes, .. } if !factors.is_empty() => Some((k, c, factors.clone(), sizes.len() as Label)),
                _ => None,
            }
        }) {
            factors.remove(k);
            number *= c;
            factors.extend(inner.into_iter().map(|f| Factor { labels: f.labels.iter().map(|l| l + labels).collect(), ..f }));
            labels += sizes;
        }
        Some((self.pool.number(number), factors, out))
    }

    /// A number times an expression.
    fn scaled(&self, e: Expr) -> Option<(Rational, Expr)> {
        match self.pool.node(e) {
            Node::Sum(terms, _) => match terms.as_slice() {
                [(c, t)] => Some((*c, *t)),
                _ => None,
            },
            _ => Some((1.into(), e)),
        }
    }

    fn is_mask(&self, f: &Factor) -> bool {
        let named = |e: Expr| matches!(self.pool.node(e), Node::Map(g, _) if matches!(g.row().name, "gt" | "step"));
        named(f.base) && self.pool.as_integer(f.power) == Some(1)
    }

    /// `where(w'*x + b > 0, x', zeros(n)')`: the factor [w'*x + b > 0] as two cases.
    fn scalar_cases(&mut self, k: usize, part: &Part) -> Option<NodeId> {
        if part.indexed {
            return None;
        }
        let e = self.whole(k)?;
        self.cases_of(e, &self.pieces[self.pieces.len() - 1].shape.clone(), &self.variables[k].shape.clone())
    }

    /// A product with one scalar mask as two cases.
    pub(super) fn cases_of(&mut self, e: Expr, of: &Shape, by: &Shape) -> Option<NodeId> {
        let (number, factors, out) = self.factors_of(e)?;
        let place = factors.iter().position(|f| f.labels.is_empty() && self.is_mask(f))?;
        let mut rest = factors;
        let mask = rest.remove(place);
        if rest.iter().any(|f| self.is_mask(f)) {
            return None;
        }
        let axes = self.pool.axes(e).to_vec();
        let sizes: Vec<(Label, crate::tensor::Dim)> = out.iter().copied().zip(axes.iter().copied()).collect();
        let rest = self.pool.product_of(rest, out, &sizes);
        let rest = self.pool.times(number, rest);
        let condition = self.write_as_is(mask.base, &Face::split(0, 0));
        let value = self.write(rest, of, by)?.node;
        let zero = self.pool.zero(&axes);
        let zero = self.write(zero, of, by)?.node;
        Some(self.out.syntax.call("where", vec![condition, value, zero]))
    }

    /// `2/N*sum(i = 1:N, where(X[i,:]*w + b > 0, (X[i,:]*w + b - y[i])*X[i,:], zeros(n)'))`: a sum over examples, each by its case.
    fn cases_by_example(&mut self, k: usize) -> Option<NodeId> {
        let last = self.pieces.len() - 1;
        if !self.pieces[last].shape.is_scalar() {
            return None;
        }
        let e = self.whole(k)?;
        let (mut number, mut factors, out) = self.factors_of(e)?;
        // −(y − z) is z − y.
        if self.pool.as_number(number).is_some_and(|c| c < 0.into())
            && let Some(k) = factors.iter().position(|f| {
                f.labels.len() == 1
                    && self.pool.as_integer(f.power) == Some(1)
                    && matches!(self.pool.node(f.base), Node::Sum(t, _) if t.len() > 1)
            })
        {
            number = self.pool.negate(number);
            factors[k].base = self.pool.negate(factors[k].base);
        }
        let mask = factors.iter().find(|f| f.labels.len() == 1 && !out.contains(&f.labels[0]) && self.is_mask(f))?.clone();
        let label = mask.labels[0];
        let (inside, outside): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|f| f.labels.contains(&label));
        if outside.iter().any(|f| !f.labels.is_empty()) || inside.iter().filter(|f| self.is_mask(f)).count() != 1 {
            return None;
        }
        let letter = self.letters(1)?.remove(0);
        let turned = self.denominator();
        let kept: Vec<Factor> = inside.into_iter().filter(|f| !self.is_mask(f)).collect();
        let mut value: Option<NodeId> = None;
        let mut row = None;
        for f in &kept {
            match f.labels.as_slice() {
                [_] => {
                    let base = self.pool.product_of(vec![Factor { power: f.power, labels: vec![0], base: f.base }], vec![0], &[]);
                    let tree = self.write_laid(base, Laid { face: Face::split(1, 1), matrix: true, groups: vec![vec![0]] })?.node;
                    let entry = self.row_of(tree, &letter)?;
                    value = Some(match value {
                        None => entry,
                        Some(v) => self.out.syntax.binary(Operator::Times, v, entry),
                    });
                }
                [a, b] if *a == label && out == [*b] && row.is_none() => {
                    let Node::Var(v) = self.pool.node(f.base) else { return None };
                    let name = self.pool.variable(*v).name.clone();
                    let base = self.symbol(&name);
                    let subscripts = vec![Subscript::At(self.out.syntax.name(&letter)), Subscript::All];
                    let slice = self.out.syntax.add(Kind::Index(base, subscripts), Span::default());
                    row = Some(if turned { self.out.syntax.transpose(slice) } else { slice });
                }
                _ => return None,
            }
        }
        let value = match (value, row) {
            (Some(v), Some(r)) => self.out.syntax.binary(Operator::Times, v, r),
            (Some(v), None) if out.is_empty() => v,
            (None, Some(r)) => r,
            _ => return None,
        };
        let condition = self.write_laid(mask.base, Laid { face: Face::split(1, 1), matrix: true, groups: vec![vec![0]] })?.node;
        let condition = self.row_of(condition, &letter)?;
        let axes = self.pool.axes(e).to_vec();
        let zero = self.pool.zero(&axes);
        let zero = self.write_between(zero, last, Vertex::Variable(k))?.node;
        let body = self.out.syntax.call("where", vec![condition, value, zero]);
        let size = self.pool.axes(mask.base)[0];
        let to = self.pool.size(size);
        let to = self.write_as_is(to, &Face::split(0, 0));
        let from = self.out.syntax.number("1");
        let sum = self.out.syntax.add(Kind::Series(Series { index: letter, from, to, body }), Span::default());
        let before = self.pool.product_of(outside, vec![], &[]);
        let before = self.pool.times(number, before);
        if self.pool.as_number(before) == Some(1.into()) {
            return Some(sum);
        }
        let before = self.write_as_is(before, &Face::split(0, 0));
        Some(self.out.syntax.binary(Operator::Times, before, sum))
    }

    /// Row i of a column, rows of matrices whole.
    pub(super) fn row_of(&mut self, tree: NodeId, letter: &str) -> Option<NodeId> {
        let typed = self.typed(tree)?;
        let names = self.names();
        let used: Vec<&str> = names.iter().map(String::as_str).chain([letter]).collect();
        let of = |id: NodeId| typed.of(id);
        Entries::new(&typed.syntax, &mut self.out.syntax, &of, &used).by_rows().at(typed.root, Some(letter), None)
    }

    /// Rules of rewriting whose trace is in the result: what they lead to stands in it.
    fn fired(&self, result: &str) -> Vec<String> {
        let shows = |name: &str| result.contains(&format!("{name}(")) || name == "relu" && result.contains("max(0");
        let leads_here = |to: &str| {
            let calls = to.match_indices('(').map(|(k, _)| to[..k].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
            calls.filter(|name| !name.is_empty()).all(shows)
        };
        let mut ids: Vec<String> = vec![];
        for rule in self.derivative.rules.iter().filter(|r| leads_here(r.to)) {
            if !ids.contains(&rule.id()) {
                ids.push(rule.id());
            }
        }
        ids
    }

    /// Partials by scalars side by side: the gradient is a row, the Jacobian has a column for each.
    fn conclude_joined(&mut self) {
        let Some(part) = self.derivative.parts.first().cloned() else { return };
        let heading = self.heading(Depth::Outline, Doing::Assemble, "Organise the partials");
        let last = self.pieces.len() - 1;
        let target = self.pieces[last].clone();
        let mut partials = vec![];
        for k in 0..self.variables.len() {
            let Some(e) = self.whole(k) else { return };
            let Some(written) = self.write_between(e, last, Vertex::Variable(k)) else { return };
            partials.push(written.node);
        }
        // In denominator layout the variables are rows.
        let side_by_side = if self.denominator() { partials.into_iter().map(|p| vec![p]).collect() } else { vec![partials] };
        let together = self.out.syntax.add(Kind::Matrix(side_by_side), Span::default());
        let tree = self.out.syntax.graft(&part.syntax, part.root);
        let of = self.symbol(&target.name);
        let names: Vec<NodeId> = part.wrt.iter().map(|w| self.out.syntax.name(w)).collect();
        let by = self.out.syntax.add(Kind::Matrix(vec![names]), Span::default());
        let id = self.line(
            Some(heading),
            Depth::Outline,
            Doing::Assemble,
            &["assemble"],
            Line {
                shape: part.shape_text.clone(),
                tested: Some((Meaning::Value(together), Meaning::Value(tree))),
                ..Line::equal(Side::Partial(of, vec![by]), Side::Tree(tree))
            },
        );
        let lines = if self.denominator() { "row" } else { "column" };
        self.note(id, format!("one {lines} a variable, in the order asked for"));
    }
}
