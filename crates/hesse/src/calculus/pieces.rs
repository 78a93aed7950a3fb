//! The pieces of a derivation: surface operations grouped as a person would name them.
//!
//! Every surface operation is a vertex of elimination; a reader wants fewer. From the target inwards an operation joins the
//! piece that reads it where the text would not name it: what is linear joins what is linear in it (`X*w` joins `X*w + b`), a
//! square joins the sum over it. What stands inside a non-linear function, what several pieces read and what the user has
//! named is a piece of its own.

use super::differentiate::partial;
use super::model::Model;
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Expr, Label, Node, Pattern, Pool, Shape, VarId};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A piece: a local value over inputs and earlier pieces, which stand in it by the symbols of their vertices.
#[derive(Clone, Debug)]
pub struct Group {
    /// The symbol of the vertex that it computes; of a target that is no vertex a new one.
    pub symbol: VarId,
    /// What it is.
    pub value: Expr,
    /// Rows × columns.
    pub shape: Shape,
    /// Where it was written.
    pub span: Span,
    /// The user's name.
    pub name: Option<String>,
}

/// Nodes of a local value beyond which nothing joins it any more.
const WIDE: usize = 24;

/// An entry of a stack of at least this many nodes is a piece of its own.
const ENTRY: usize = 6;

/// Pieces that no variable of `wrt` stands behind are written into those that read them up to this many nodes.
const CONSTANT: usize = 12;

/// The pieces of a target in order, the target last.
///
/// # Errors
/// A function without a slope (E301).
pub fn group(pool: &mut Pool, model: &Model, target: &Target, wrt: &[VarId]) -> Result<Vec<Group>, Diagnostic> {
    let mut grouping = Grouping::new(pool, model, target, wrt);
    for k in (0..grouping.vertices.len()).rev() {
        grouping.place(pool, k)?;
    }
    Ok(grouping.groups.into_iter().rev().collect())
}

/// A target that is one piece and a sum of products of entries, as two: the products, and their sum.
#[must_use]
pub fn with_sum_apart(pool: &mut Pool, groups: Vec<Group>) -> Vec<Group> {
    match groups.as_slice() {
        [only] => as_sum(pool, only).unwrap_or(groups),
        _ => groups,
    }
}

/// What is derived.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its value over symbols.
    pub value: Expr,
    /// Rows × columns.
    pub shape: Shape,
    /// Where it was written.
    pub span: Span,
}

struct Grouping<'a> {
    model: &'a Model,
    /// Vertices that the target needs, in order; positions in the model.
    vertices: Vec<usize>,
    /// Whether a variable of differentiation stands behind a symbol.
    active: FxHashMap<VarId, bool>,
    /// The last piece first.
    groups: Vec<Group>,
}

impl<'a> Grouping<'a> {
    fn new(pool: &mut Pool, model: &'a Model, target: &Target, wrt: &[VarId]) -> Grouping<'a> {
        let place: FxHashMap<VarId, usize> = model.vertices.iter().enumerate().map(|(k, v)| (v.symbol, k)).collect();
        let mut needed = BTreeSet::new();
        let mut pending = pool.variables_of(target.value);
        while let Some(v) = pending.pop() {
            if let Some(&k) = place.get(&v)
                && !wrt.contains(&v)
                && needed.insert(k)
            {
                pending.extend(pool.variables_of(model.vertices[k].value));
            }
        }
        let mut active: FxHashMap<VarId, bool> = wrt.iter().map(|v| (*v, true)).collect();
        for &k in &needed {
            let v = &model.vertices[k];
            let is = pool.variables_of(v.value).iter().any(|u| active.get(u).copied().unwrap_or(false));
            active.insert(v.symbol, is);
        }
        let mut vertices: Vec<usize> = needed.into_iter().collect();
        let of_target = vertices.iter().rposition(|k| pool.var(model.vertices[*k].symbol) == target.value);
        let first = match of_target {
            Some(k) => {
                let v = &model.vertices[vertices.remove(k)];
                Group { symbol: v.symbol, value: v.value, shape: v.shape.clone(), span: v.span, name: v.name.clone() }
            }
            None => {
                let (symbol, _) = pool.declare("f", target.shape.axes(), crate::tensor::VarKind::Vertex);
                Group { symbol, value: target.value, shape: target.shape.clone(), span: target.span, name: None }
            }
        };
        Grouping { model, vertices, active, groups: vec![first] }
    }

    fn is_active(&self, v: VarId) -> bool {
        self.active.get(&v).copied().unwrap_or(false)
    }

    fn active_in(&self, pool: &Pool, e: Expr) -> Vec<VarId> {
        pool.variables_of(e).into_iter().filter(|v| self.is_active(*v)).collect()
    }

    fn place(&mut self, pool: &mut Pool, k: usize) -> Result<(), Diagnostic> {
        let v = &self.model.vertices[self.vertices[k]];
        let readers: Vec<usize> = (0..self.groups.len()).filter(|g| pool.variables_of(self.groups[*g].value).contains(&v.symbol)).collect();
        if readers.is_empty() {
            return Ok(());
        }
        let joins = !(v.name.is_some() && self.is_active(v.symbol)) && self.joins(pool, v.symbol, v.value, v.span, &readers)?;
        if joins {
            let with: FxHashMap<VarId, Expr> = [(v.symbol, v.value)].into_iter().collect();
            for g in readers {
                let value = pool.substitute(self.groups[g].value, &with);
                self.groups[g].value = value;
            }
            return Ok(());
        }
        self.groups.push(Group { symbol: v.symbol, value: v.value, shape: v.shape.clone(), span: v.span, name: v.name.clone() });
        Ok(())
    }

    /// Whether the value of a vertex is written into the pieces that read it.
    fn joins(&self, pool: &mut Pool, symbol: VarId, value: Expr, span: Span, readers: &[usize]) -> Result<bool, Diagnostic> {
        if !self.is_active(symbol) {
            return Ok(pool.weight(value, CONSTANT) < CONSTANT || readers.len() == 1);
        }
        if is_relabelling(pool, value) || is_entry(pool, value) {
            return Ok(true);
        }
        let [reader] = readers else { return Ok(false) };
        let group = &self.groups[*reader];
        // The operations of one call.
        if group.span == span {
            return Ok(true);
        }
        if pool.weight(group.value, WIDE) >= WIDE {
            return Ok(false);
        }
        // The entries of `[log(x); sin(x)]`, each a formula of its own.
        if is_stack(pool, group.value) && pool.rank(value) == 0 && pool.weight(value, ENTRY) < ENTRY {
            return Ok(true);
        }
        let Some(by) = partial(pool, group.value, symbol)? else { return Ok(false) };
        let around = self.active_in(pool, by);
        if around.contains(&symbol) {
            return Ok(false);
        }
        // Now the reader is linear in it.
        let inner = self.active_in(pool, value);
        let mut multilinear = true;
        for u in &inner {
            multilinear &= partial(pool, value, *u)?.is_none_or(|d| !pool.variables_of(d).contains(u));
        }
        if multilinear {
            return Ok(around.is_empty() || !matches!(pool.node(value), Node::Sum(..)));
        }
        let alone = self.active_in(pool, group.value) == [symbol];
        Ok(alone && pool.rank(group.value) == 0 && inner.len() == 1 && is_elementwise(pool, value))
    }
}

/// A symbol, its transpose or its negative.
fn is_relabelling(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Var(_) => true,
        Node::Sum(terms, _) => matches!(terms.as_slice(), [(c, t)] if *c == (-1).into() && is_relabelling(pool, *t)),
        Node::Product { factors, out, sizes } => {
            let mut sorted = out.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let [f] = factors.as_slice() else { return false };
            let mut labels = f.labels.clone();
            labels.sort_unstable();
            sorted.len() == out.len()
                && labels == sorted
                && sizes.len() == out.len()
                && pool.as_integer(f.power) == Some(1)
                && matches!(pool.node(f.base), Node::Var(_))
        }
        _ => false,
    }
}

/// `x[3]`: a symbol and one-hot vectors.
fn is_entry(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Product { factors, out, .. } => {
            let symbol = |f: &crate::tensor::Factor| matches!(pool.node(f.base), Node::Var(_));
            let unit = |f: &crate::tensor::Factor| matches!(pool.node(f.base), Node::Pattern(Pattern::Unit { .. }));
            out.is_empty() && factors.iter().filter(|f| symbol(f)).count() == 1 && factors.iter().all(|f| symbol(f) || unit(f))
        }
        _ => false,
    }
}

/// `[a; b]`: terms at one-hot places.
fn is_stack(pool: &Pool, e: Expr) -> bool {
    let placed = |t: Expr| match pool.node(t) {
        Node::Product { factors, .. } => factors.iter().any(|f| matches!(pool.node(f.base), Node::Pattern(Pattern::Unit { .. }))),
        Node::Pattern(Pattern::Unit { .. }) => true,
        _ => false,
    };
    matches!(pool.node(e), Node::Sum(terms, _) if terms.len() > 1 && terms.iter().all(|(_, t)| placed(*t)))
}

/// Each entry is a function of one entry of a symbol.
fn is_elementwise(pool: &Pool, e: Expr) -> bool {
    match pool.node(e) {
        Node::Map(..) => true,
        Node::Product { factors, out, sizes } => {
            matches!(factors.as_slice(), [f] if f.labels.len() == out.len() && sizes.len() == out.len() && matches!(pool.node(f.base), Node::Var(_)))
        }
        _ => false,
    }
}

/// `w'*x` as the text reads it: u := w .* x, then sum(u). `None` for what is no sum of products of entries.
fn as_sum(pool: &mut Pool, group: &Group) -> Option<Vec<Group>> {
    let Node::Product { factors, out, sizes } = pool.node(group.value).clone() else { return None };
    let summed = sizes.len() == 1 && out.is_empty();
    let fits = factors.len() == 2 && factors.iter().all(|f| f.labels.len() <= 1 && pool.as_integer(f.power) == Some(1));
    if !summed || !fits || !factors.iter().any(|f| f.labels.len() == 1) {
        return None;
    }
    let broadcast: Vec<(Label, _)> = vec![(0, sizes[0])];
    let terms = pool.product_of(factors, vec![0], &broadcast);
    let shape = Shape::new(vec![sizes[0]], vec![]);
    let (symbol, u) = pool.declare("u", shape.axes(), crate::tensor::VarKind::Vertex);
    let total = pool.product(&[(u, &[0])], &[], &[]);
    let inner = Group { symbol, value: terms, shape, span: Span::default(), name: None };
    Some(vec![inner, Group { value: total, ..group.clone() }])
}
