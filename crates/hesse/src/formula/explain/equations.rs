//! Scalar equations, their partials, and the Jacobian put together from them.

use super::super::face::{Laid, axes_text};
use super::graph::Vertex;
use super::teller::{Teller, Written};
use crate::calculus::complaint::type_text;
use crate::calculus::derivation::{Depth, Doing, Line, Meaning, Side};
use crate::calculus::notate::Face;
use crate::calculus::sides::{Typed, sides};
use crate::diagnostic::Span;
use crate::syntax::entry::Entries;
use crate::syntax::plain::plain;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::{Dim, Expr, Label, Node, Pattern, Shape};

/// A small matrix is drawn at this size.
const PICTURE: i64 = 3;

/// Letters of indices, those of the functions first.
const LETTERS: [&str; 8] = ["i", "j", "k", "l", "p", "q", "r", "s"];

impl Teller<'_> {
    /// A tree over inputs and pieces with the shapes of its parts.
    pub(super) fn typed(&self, tree: NodeId) -> Option<Typed> {
        let inputs = self.formula.model.inputs.iter().map(|i| (&i.name, &i.shape));
        let members = self.variables.iter().chain(&self.pieces).map(|m| (&m.name, &m.shape));
        let mut vars: Vec<(String, String)> = vec![];
        for (name, shape) in inputs.chain(members) {
            // A tensor has no type that can be declared.
            if !vars.iter().any(|v| v.0 == *name) && shape.rows.len() <= 1 && shape.cols.len() <= 1 {
                vars.push((name.clone(), type_text(&self.pool.dims, shape)));
            }
        }
        sides(&vars, &plain(&self.out.syntax, tree), self.pool.dims.names())
    }

    /// Letters for the axes of a function, from i on, and of a variable, from j on.
    fn letters_of_both(&self, of: usize, by: usize) -> Option<Vec<String>> {
        if of > 0 {
            return self.letters(of + by);
        }
        Some(self.letters(by + 1)?.split_off(1))
    }

    /// Letters that mean nothing else, as many as there are axes.
    pub(super) fn letters(&self, count: usize) -> Option<Vec<String>> {
        let taken = self.names();
        // What a letter runs over could not be said: `m` would be that vector.
        let sizes = self.pool.dims.names();
        if count > 0 && self.formula.model.inputs.iter().any(|i| sizes.contains(&i.name)) {
            return None;
        }
        let free: Vec<String> = LETTERS.iter().filter(|l| !taken.iter().any(|t| t == *l)).map(|l| l.to_string()).collect();
        (free.len() >= count).then(|| free[..count].to_vec())
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.formula.model.inputs.iter().map(|i| i.name.clone()).collect();
        names.extend(self.out.pieces.iter().map(|p| p.name.clone()));
        names.extend(self.pool.dims.names().iter().cloned());
        names
    }

    /// The entry of a tree at letters, if it can be told; `letters` are all those of the line.
    pub(super) fn entry(&mut self, tree: NodeId, row: Option<&str>, col: Option<&str>, letters: &[String]) -> Option<NodeId> {
        let typed = self.typed(tree)?;
        let names = self.names();
        let used: Vec<&str> = names.iter().chain(letters).map(String::as_str).collect();
        let of = |id: NodeId| typed.of(id);
        Entries::new(&typed.syntax, &mut self.out.syntax, &of, &used).at(typed.root, row, col)
    }

    /// `y[i] = w[i]*x[i]`
    pub(super) fn scalar_equation(&mut self, piece: usize, parent: Option<usize>, level: Depth) -> Option<usize> {
        let first = self.out.pieces.len() - self.pieces.len();
        let tree = self.out.pieces[first + piece].value;
        let member = self.pieces[piece].clone();
        let axes = member.shape.axes();
        if member.shape.rows.len() > 1 || member.shape.cols.len() > 1 {
            return None;
        }
        let letters = self.letters(axes.len())?;
        let (row, col) = sides_of(&member.shape, &letters);
        let right = self.entry(tree, row, col, &letters)?;
        let left = self.indexed(&member.name, &letters);
        let meaning = if letters.is_empty() { Meaning::Value(left) } else { Meaning::Entry(member.name.clone(), letters.clone()) };
        // What a scalar equation of a scalar says must say more than the piece itself.
        if letters.is_empty() && self.out.syntax.same(right, &self.out.syntax, tree) && level == Depth::Full {
            return None;
        }
        let line = Line {
            letters: self.ranges(&letters, &axes),
            tested: (!letters.is_empty() || !self.out.syntax.same(right, &self.out.syntax, tree))
                .then_some((if letters.is_empty() { Meaning::Value(tree) } else { meaning }, Meaning::Value(right))),
            ..Line::equal(Side::Tree(left), Side::Tree(right))
        };
        Some(self.line(parent, level, Doing::Scalarise, &["scalarise"], line))
    }

    fn ranges(&self, letters: &[String], axes: &[Dim]) -> Vec<(String, String)> {
        let size = |d: &Dim| axes_text(&self.pool, &[vec![*d]]).remove(0);
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
    pub(super) fn scalar_partial(&mut self, of: usize, by: Vertex, tensor: Expr, parent: Option<usize>, level: Depth) -> Option<usize> {
        let (piece, variable) = (self.pieces[of].clone(), self.member(by).clone());
        let (f, x) = (piece.shape.axes().len(), variable.shape.axes().len());
        if f + x > 4 || [&piece.shape, &variable.shape].iter().any(|s| s.rows.len() > 1 || s.cols.len() > 1) {
            return None;
        }
        if f + x == 0 && level == Depth::Full {
            return None;
        }
        let letters = self.letters_of_both(f, x)?;
        let (of_letters, by_letters) = letters.split_at(f);
        let left = Side::Partial(self.indexed(&piece.name, of_letters), vec![self.indexed(&variable.name, by_letters)]);
        let meaning = Meaning::PartialEntry { of: piece.name.clone(), by: variable.name.clone(), letters: letters.clone(), local: true };
        let axes = [piece.shape.axes(), variable.shape.axes()].concat();
        let zero = self.pool.is_zero(tensor);
        let mut rules = self.rules_of(of, by);
        let diagonal =
            f == 1 && x == 1 && !zero && is_diagonal(self.write_between(tensor, of, by)?.pattern.as_deref()) && axes[0] == axes[1];
        let mut chain: Vec<(Side, Meaning)> = vec![];
        if diagonal {
            rules.insert(0, "elementwise.diagonal-condition".into());
            if let Some(naive) = self.product_rule(of, by, &letters) {
                chain.push((
                    Side::Diagonal(letters[0].clone(), letters[1].clone(), naive),
                    Meaning::Diagonal(letters[0].clone(), letters[1].clone(), naive),
                ));
            }
            let value = self.pool.product(&[(tensor, &[0, 0])], &[0], &[]);
            let tree = self.write_laid(value, Laid { face: Face::split(1, 1), matrix: true, groups: vec![vec![0]] })?.node;
            let entry = self.entry(tree, Some(&letters[0]), None, &letters)?;
            chain.push((
                Side::Diagonal(letters[0].clone(), letters[1].clone(), entry),
                Meaning::Diagonal(letters[0].clone(), letters[1].clone(), entry),
            ));
        } else {
            if let Some(naive) = self.product_rule(of, by, &letters).filter(|_| x == 0) {
                chain.push((Side::Tree(naive), Meaning::Value(naive)));
            }
            let laid = self.laid(&piece.shape, &variable.shape);
            let entry = if zero {
                self.out.syntax.number("0")
            } else if laid.matrix && laid.face.rows.len() <= 1 && laid.face.cols.len() <= 1 {
                let (row, col) =
                    (laid.face.rows.first().map(|a| letters[*a].as_str()), laid.face.cols.first().map(|a| letters[*a].as_str()));
                let tree = self.write_between(tensor, of, by)?.node;
                self.entry(tree, row, col, &letters)?
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
                continues: k > 0,
                letters: ranges.clone(),
                tested: Some((before.1, meant.clone())),
                ..Line::equal(before.0, side.clone())
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
        if let (Some(id), Some(&"sum.ones-row"), Depth::Normal) = (last, rules.first(), level) {
            self.note(id, "the derivative goes inside the sum; of its terms only that with j is left");
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
    fn product_rule(&mut self, of: usize, by: Vertex, letters: &[String]) -> Option<NodeId> {
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
                let symbols: Vec<bool> = factors
                    .iter()
                    .map(|f| matches!(self.pool.node(f.base), Node::Var(_)) && self.pool.as_integer(f.power) == Some(1))
                    .collect();
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
                    let letter = letters.first().map(String::as_str);
                    let (row, col) = if face.rows.is_empty() { (None, letter) } else { (letter, None) };
                    let entry = self.entry(tree, row, col, letters)?;
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
        let mut rename = |out: &mut Syntax, id: NodeId| match source.kind(id) {
            Kind::Name(name) => old.iter().position(|o| o == name).map(|k| out.name(&letters[k])),
            _ => None,
        };
        // A summed letter needs its sum: such a body is no scalar formula.
        let summed = source.under(body).iter().any(|id| match source.kind(*id) {
            Kind::Index(_, subs) => subs
                .iter()
                .any(|s| matches!(s, Subscript::At(k) if matches!(source.kind(*k), Kind::Name(n) if !old.contains(n) && n.len() == 1))),
            _ => false,
        });
        (!summed).then(|| self.out.syntax.graft_with(&source, body, &mut rename))
    }

    /// The Jacobian of one piece drawn entry by entry.
    pub(super) fn assembled(&mut self, parent: usize, written: &Written, tensor: Expr, of: usize, by: Vertex) {
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
            shape: written.shape.clone(),
            pattern: written.pattern.clone(),
            tested: Some((
                Meaning::Partial { of: piece, by: variable, local: true, order: written.order.clone() },
                Meaning::Entries(picture.clone()),
            )),
            ..Line::equal(left, Side::Picture(picture.clone()))
        };
        self.line(Some(parent), Depth::Full, Doing::Assemble, rules, line);
    }
}

/// Whether the pattern says that only entries on the diagonal can be non-zero.
fn is_diagonal(pattern: Option<&str>) -> bool {
    matches!(pattern, Some("identity" | "scaled identity" | "diagonal"))
}

/// The letters of the rows and of the columns of a value.
fn sides_of<'l>(shape: &Shape, letters: &'l [String]) -> (Option<&'l str>, Option<&'l str>) {
    let mut next = letters.iter().map(String::as_str);
    let row = if shape.rows.is_empty() { None } else { next.next() };
    (row, if shape.cols.is_empty() { None } else { next.next() })
}
