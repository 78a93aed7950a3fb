//! The whole calculus: one partial for each kind of node, and vertex elimination over the surface operations.
//!
//! | node | partial with respect to a child |
//! |---|---|
//! | Sum | coefficient × identity |
//! | Product, factor k | power × the same product with that factor's power lowered by one |
//! | Map f | slope(f), a diagonal |
//! | Apply | the slope of its row |
//!
//! Forward, reverse and cross-country mode are three orders of eliminating the same vertices. This file names no function.

mod naming;
mod second;

pub use second::second;

use super::library;
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational, VarId, VarKind};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// An accumulated derivative of more local nodes than this gets a name (an adjoint), so that work stays linear in the graph.
const ADJOINT: usize = 8;

/// In which order vertices are eliminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Elimination {
    /// Reverse for scalar targets, cheapest next otherwise.
    #[default]
    Automatic,
    /// From the inputs.
    Forward,
    /// From the output.
    Reverse,
    /// Cheapest next.
    CrossCountry,
}

/// Definitions in order: surface operations, then the named parts of derivatives. A definition reads earlier ones and inputs.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Symbols with their local values.
    pub definitions: Vec<(VarId, Expr)>,
    /// Whether every part of a derivative that is computed gets a name, equal parts the same one: for programs, which compute it once.
    /// Otherwise a name is only a barrier for size: what is printed is written out again.
    pub shared: bool,
    names: FxHashMap<Expr, Expr>,
}

impl Tape {
    /// Definitions in order, derivatives of which are to be printed.
    pub fn new(definitions: Vec<(VarId, Expr)>) -> Tape {
        Tape { definitions, ..Tape::default() }
    }

    /// Takes back the definitions from this position on.
    fn forget(&mut self, from: usize) {
        self.definitions.truncate(from);
        self.names.clear();
    }

    /// The expression with every definition written out.
    pub fn expand(&self, pool: &mut Pool, e: Expr) -> Expr {
        self.expand_all(pool, &[e])[0]
    }

    /// The expressions with every definition written out, each definition once.
    pub fn expand_all(&self, pool: &mut Pool, roots: &[Expr]) -> Vec<Expr> {
        let mut full: FxHashMap<VarId, Expr> = FxHashMap::default();
        for k in self.needed(pool, roots, &[]) {
            let (v, value) = self.definitions[k];
            let value = pool.substitute(value, &full);
            full.insert(v, value);
        }
        roots.iter().map(|e| pool.substitute(*e, &full)).collect()
    }

    /// Positions of the definitions that the expressions read, in order; nothing is looked for behind a variable of `stop`.
    fn needed(&self, pool: &Pool, roots: &[Expr], stop: &[VarId]) -> Vec<usize> {
        let place: FxHashMap<VarId, usize> = self.definitions.iter().enumerate().map(|(k, d)| (d.0, k)).collect();
        let mut wanted = vec![false; self.definitions.len()];
        let mut pending: Vec<VarId> = roots.iter().flat_map(|e| pool.variables_of(*e)).collect();
        while let Some(v) = pending.pop() {
            if stop.contains(&v) {
                continue;
            }
            if let Some(&k) = place.get(&v)
                && !wanted[k]
            {
                wanted[k] = true;
                pending.extend(pool.variables_of(self.definitions[k].1));
            }
        }
        (0..wanted.len()).filter(|k| wanted[*k]).collect()
    }
}

/// What differentiation says to one who listens: a derivation is made of it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The local partials in order: of which definition (`None` is the target), by which symbol.
    pub locals: Vec<Local>,
}

/// An edge of the graph: the partial derivative of a definition by a symbol that it reads.
#[derive(Clone, Debug)]
pub struct Local {
    /// The definition; `None` is the target.
    pub of: Option<VarId>,
    /// The symbol.
    pub by: VarId,
    /// Axes of the definition, then of the symbol.
    pub value: Expr,
}

/// The derivatives of `target` by each variable: axes of the target, then axes of the variable, over the symbols of `tape`
/// (which gains the adjoints that were named).
///
/// # Errors
/// A function whose row has no slope is refused (E301); a limit of the pool ends the work (its code).
pub fn differentiate(pool: &mut Pool, tape: &mut Tape, target: Expr, wrt: &[VarId], order: Elimination) -> Result<Vec<Expr>, Diagnostic> {
    differentiate_heard(pool, tape, target, wrt, order, &mut None)
}

/// As [`differentiate`], telling what was done.
///
/// # Errors
/// As [`differentiate`].
pub fn differentiate_heard(
    pool: &mut Pool,
    tape: &mut Tape,
    target: Expr,
    wrt: &[VarId],
    order: Elimination,
    heard: &mut Option<Heard>,
) -> Result<Vec<Expr>, Diagnostic> {
    let written = tape.definitions.len();
    let mut graph = Graph::build(pool, tape, target, wrt)?;
    if let Some(heard) = heard {
        *heard = graph.locals();
    }
    graph.eliminate(pool, tape, order);
    if let Some(code) = pool.limit() {
        return Err(limit(code));
    }
    let target_axes = pool.axes(target).to_vec();
    let found: Vec<Expr> = wrt
        .iter()
        .enumerate()
        .map(|(k, v)| {
            let axes = [target_axes.clone(), pool.variable(*v).axes.clone()].concat();
            graph.successors[k].get(&graph.sink).copied().unwrap_or_else(|| pool.zero(&axes))
        })
        .collect();
    // Every direction must have been given by now.
    let adjoints: Vec<Expr> = tape.needed(pool, &found, wrt).into_iter().map(|k| tape.definitions[k].1).collect();
    match pool.under(&[found.clone(), adjoints].concat()).into_iter().find_map(|e| pool.lacks_direction(e)) {
        // All orders give the same; forward, a function that takes a direction meets that of a scalar variable.
        Some(_) if order != Elimination::Forward => {
            tape.forget(written);
            differentiate_heard(pool, tape, target, wrt, Elimination::Forward, heard)
        }
        Some(f) => Err(Diagnostic::error(
            "E301",
            Span::default(),
            format!("`{}(A, E)` is asked for along every direction E at once", f.row().name),
        )
        .because("by a matrix the derivative of a matrix function has four axes, and there is no notation for it")
        .help("derive a scalar, such as tr(G'*expm(A)), or derive by a scalar, as in expm(t*A)")),
        None => Ok(found),
    }
}

/// The diagnostic of a limit of the pool.
pub fn limit(code: &'static str) -> Diagnostic {
    let row = crate::facts::codes::find(code);
    let d = Diagnostic::error(code, Span::default(), row.map_or("limit reached", |row| row.title));
    let d = row.map_or(d.clone(), |row| d.because(row.explanation));
    d.help("name sub-expressions, ask for one variable at a time, or for a product with a direction (hvp) instead of the whole matrix")
}

/// Vertices by position: the variables first, then definitions in order, the target last. An edge u → v carries ∂v/∂u.
struct Graph {
    successors: Vec<BTreeMap<usize, Expr>>,
    predecessors: Vec<BTreeMap<usize, Expr>>,
    symbols: Vec<VarId>,
    sink: usize,
    sources: usize,
    scalar: bool,
}

impl Graph {
    fn build(pool: &mut Pool, tape: &Tape, target: Expr, wrt: &[VarId]) -> Result<Graph, Diagnostic> {
        // Definitions that the target needs (a variable of differentiation is a source even where it is itself defined) …
        let needed = tape.needed(pool, &[target], wrt);
        // … and that depend on a variable of differentiation.
        let mut vertex: FxHashMap<VarId, usize> = wrt.iter().enumerate().map(|(k, v)| (*v, k)).collect();
        let mut symbols: Vec<VarId> = wrt.to_vec();
        let mut values: Vec<(usize, Expr)> = vec![];
        for k in needed {
            let (v, value) = &tape.definitions[k];
            if pool.variables_of(*value).iter().any(|u| vertex.contains_key(u)) {
                vertex.insert(*v, symbols.len());
                values.push((symbols.len(), *value));
                symbols.push(*v);
            }
        }
        let sink = symbols.len();
        values.push((sink, target));
        let mut graph = Graph {
            successors: vec![BTreeMap::new(); sink + 1],
            predecessors: vec![BTreeMap::new(); sink + 1],
            symbols,
            sink,
            sources: wrt.len(),
            scalar: pool.rank(target) == 0,
        };
        for (v, value) in values {
            for u in pool.variables_of(value) {
                if let Some(&from) = vertex.get(&u)
                    && let Some(d) = partial(pool, value, u)?
                {
                    graph.set(from, v, d);
                }
            }
        }
        Ok(graph)
    }

    /// The edges, those into earlier definitions first.
    fn locals(&self) -> Heard {
        let mut locals = vec![];
        for (v, into) in self.predecessors.iter().enumerate() {
            for (u, value) in into {
                locals.push(Local { of: self.symbols.get(v).copied(), by: self.symbols[*u], value: *value });
            }
        }
        Heard { locals }
    }

    fn set(&mut self, from: usize, to: usize, d: Expr) {
        self.successors[from].insert(to, d);
        self.predecessors[to].insert(from, d);
    }

    fn eliminate(&mut self, pool: &mut Pool, tape: &mut Tape, order: Elimination) {
        let inner: Vec<usize> = (self.sources..self.sink).collect();
        let reverse = order == Elimination::Reverse || (order == Elimination::Automatic && self.scalar);
        match order {
            Elimination::Forward => inner.iter().for_each(|v| self.eliminate_one(pool, tape, *v)),
            _ if reverse => inner.iter().rev().for_each(|v| self.eliminate_one(pool, tape, *v)),
            _ => {
                let mut left = inner;
                while let Some(k) = (0..left.len()).min_by_key(|k| {
                    let v = left[*k];
                    // Markowitz: the number of joins; among equals the last.
                    (self.predecessors[v].len() * self.successors[v].len(), usize::MAX - v)
                }) {
                    let v = left.remove(k);
                    self.eliminate_one(pool, tape, v);
                }
            }
        }
    }

    fn eliminate_one(&mut self, pool: &mut Pool, tape: &mut Tape, v: usize) {
        let incoming = std::mem::take(&mut self.predecessors[v]);
        let outgoing = std::mem::take(&mut self.successors[v]);
        for u in incoming.keys() {
            self.successors[*u].remove(&v);
        }
        for w in outgoing.keys() {
            self.predecessors[*w].remove(&v);
        }
        if incoming.is_empty() || outgoing.is_empty() || !pool.spend(incoming.len() * outgoing.len()) {
            return;
        }
        let rank = pool.variable(self.symbols[v]).axes.len();
        for (w, outer) in &outgoing {
            let outer = if tape.shared {
                naming::named(pool, tape, *outer, self.symbols[v])
            } else {
                name_if_large(pool, tape, *outer, self.symbols[v])
            };
            for (u, inner) in &incoming {
                let joined = chain(pool, outer, *inner, rank);
                let total = match self.successors[*u].get(w) {
                    Some(&other) => pool.add(other, joined),
                    None => joined,
                };
                if pool.is_zero(total) {
                    self.successors[*u].remove(w);
                    self.predecessors[*w].remove(u);
                } else {
                    self.set(*u, *w, total);
                }
            }
        }
    }
}

/// The vector chain rule: ∂w/∂u = ∂w/∂v · ∂v/∂u, contracted over the `rank` axes of v.
pub fn chain(pool: &mut Pool, outer: Expr, inner: Expr, rank: usize) -> Expr {
    let w = pool.rank(outer) - rank;
    let u = pool.rank(inner) - rank;
    let label = |from: usize, count: usize| (from..from + count).map(|l| l as Label).collect::<Vec<_>>();
    let (of, through, by) = (label(0, w), label(w, rank), label(w + rank, u));
    let (left, right, out) = ([of.clone(), through.clone()].concat(), [through, by.clone()].concat(), [of, by].concat());
    let axes: Vec<Dim> = pool.axes(outer)[..w].iter().chain(&pool.axes(inner)[rank..]).copied().collect();
    joined(pool, (outer, &left), (inner, &right), &out, &axes)
}

/// The product of two tensors, term by term where a sum of tensors with many axes stands between: each term holds a δ that vanishes in its
/// own product.
fn joined(pool: &mut Pool, (a, left): (Expr, &[Label]), (b, right): (Expr, &[Label]), out: &[Label], axes: &[Dim]) -> Expr {
    let terms = |pool: &Pool, e: Expr| match pool.node(e) {
        Node::Sum(terms, _) if pool.rank(e) > 2 => terms.clone(),
        _ => vec![(Rational::from_integer(1), e)],
    };
    let mut total = vec![];
    for (c, a) in terms(pool, a) {
        for (d, b) in terms(pool, b) {
            let joined = pool.product(&[(a, left), (b, right)], out, &[]);
            total.push((c * d, pool.give_directions(joined)));
        }
    }
    pool.sum(&total, axes)
}

/// Gives a large accumulated derivative a name of its own.
fn name_if_large(pool: &mut Pool, tape: &mut Tape, e: Expr, of: VarId) -> Expr {
    if pool.weight(e, ADJOINT) <= ADJOINT {
        return e;
    }
    let axes = pool.axes(e).to_vec();
    let name = format!("{}_bar", pool.variable(of).name);
    let (v, symbol) = pool.declare(&name, axes, VarKind::Adjoint);
    tape.definitions.push((v, e));
    symbol
}

/// ∂e/∂v for a local expression: axes of `e`, then axes of `v`; `None` where it does not depend.
///
/// # Errors
/// E301 for a function without a slope.
pub fn partial(pool: &mut Pool, e: Expr, v: VarId) -> Result<Option<Expr>, Diagnostic> {
    let by = pool.variable(v).axes.clone();
    let mut known: FxHashMap<Expr, Option<Expr>> = FxHashMap::default();
    for x in pool.under(&[e]) {
        let d = node_partial(pool, x, v, &by, &known)?;
        known.insert(x, d.filter(|d| !pool.is_zero(*d)));
    }
    Ok(known[&e])
}

fn node_partial(pool: &mut Pool, e: Expr, v: VarId, by: &[Dim], known: &FxHashMap<Expr, Option<Expr>>) -> Result<Option<Expr>, Diagnostic> {
    let axes = pool.axes(e).to_vec();
    let all = [axes.clone(), by.to_vec()].concat();
    Ok(match pool.node(e).clone() {
        Node::Decimal(_) | Node::Pi | Node::Size(_) | Node::Pattern(_) => None,
        Node::Var(u) => (u == v).then(|| pool.identity(by)),
        Node::Sum(terms, _) => {
            let terms: Vec<_> = terms.iter().filter_map(|(c, t)| known[t].map(|d| (*c, d))).collect();
            (!terms.is_empty()).then(|| pool.sum(&terms, &all))
        }
        Node::Product { factors, out, sizes } => {
            let fresh: Vec<Label> = (0..by.len()).map(|k| (sizes.len() + k) as Label).collect();
            let broadcast: Vec<(Label, Dim)> = sizes.iter().enumerate().map(|(l, d)| (l as Label, *d)).collect();
            let to = [out, fresh.clone()].concat();
            let one = pool.one();
            let minus_one = pool.integer(-1);
            let mut total: Option<Expr> = None;
            for k in 0..factors.len() {
                let f = &factors[k];
                if let Some(d) = known[&f.base] {
                    // power · base^(power-1) · ∂base, every other factor as it was
                    let mut term: Vec<Factor> = factors.clone();
                    term[k].power = pool.add(f.power, minus_one);
                    term.push(Factor { base: f.power, labels: vec![], power: one });
                    term.push(Factor { base: d, labels: [f.labels.clone(), fresh.clone()].concat(), power: one });
                    let d = pool.product_of(term, to.clone(), &broadcast);
                    let d = pool.give_directions(d);
                    total = Some(total.map_or(d, |t| pool.add(t, d)));
                }
                if let Some(d) = known[&f.power] {
                    // b^p · log(b) · ∂p
                    let Some(log) = library::log(pool, f.base) else { continue };
                    let mut term: Vec<Factor> = factors.clone();
                    term.push(Factor { base: log, labels: f.labels.clone(), power: one });
                    term.push(Factor { base: d, labels: fresh.clone(), power: one });
                    let d = pool.product_of(term, to.clone(), &broadcast);
                    total = Some(total.map_or(d, |t| pool.add(t, d)));
                }
            }
            total
        }
        Node::Map(f, args) => {
            let rank = axes.len();
            let of: Vec<Label> = (0..rank as Label).collect();
            let to: Vec<Label> = (0..all.len() as Label).collect();
            let mut total: Option<Expr> = None;
            for (k, a) in args.iter().enumerate() {
                let Some(d) = known[a] else { continue };
                let slope = library::slope(pool, f, k, &args).ok_or_else(|| no_slope(f.row().name))?;
                let d = pool.product(&[(slope, &of), (d, &to)], &to, &[]);
                total = Some(total.map_or(d, |t| pool.add(t, d)));
            }
            total
        }
        Node::Apply(f, args) => {
            let mut total: Option<Expr> = None;
            for (k, a) in args.iter().enumerate() {
                let Some(d) = known[a] else { continue };
                let slope = library::matrix_slope(pool, f, k, &args).ok_or_else(|| no_slope(f.row().name))?;
                let rank = pool.rank(*a);
                let d = chain(pool, slope, d, rank);
                total = Some(total.map_or(d, |t| pool.add(t, d)));
            }
            total
        }
    })
}

fn no_slope(name: &str) -> Diagnostic {
    Diagnostic::error("E301", Span::default(), format!("hesse has no derivative of `{name}`"))
        .because("the row of the function states no slope")
        .help("derive by a variable that it does not depend on, or replace it by its definition")
}
