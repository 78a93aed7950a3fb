//! Second derivatives of a scalar by pushing edges: for vertices u of the graph with Jacobians J and adjoints,
//!
//! ```text
//! ∂²f/∂x∂y = Σ_v Σ_{a, b read by v}  J_aᵀ · (∂²⟨v̄, v⟩/∂a∂b) · J_b
//! ```
//!
//! (Gower and Mello, A new framework for the computation of Hessians, 2012.) Only vertices that are not linear contribute: of a network with
//! ramps the last one alone. The Jacobians are taken once, from the variables on, so a network of d layers costs d steps, and the result is
//! a sum of d terms Jᵀ·diag·J.

use super::naming::named;
use super::{Graph, Tape, chain, joined, partial};
use crate::diagnostic::Diagnostic;
use crate::tensor::{Dim, Expr, Label, Pool, Rational, VarId, VarKind};
use rustc_hash::FxHashMap;

/// The second derivative of a scalar `target` by two inputs: axes of the first, then of the second. `None` where a function on the way has
/// a derivative only along directions.
///
/// # Errors
/// As [`super::differentiate`].
pub fn second(pool: &mut Pool, tape: &mut Tape, target: Expr, by: [VarId; 2]) -> Result<Option<Expr>, Diagnostic> {
    let sources = if by[0] == by[1] { vec![by[0]] } else { by.to_vec() };
    let written = tape.definitions.len();
    let mut graph = Graph::build(pool, tape, target, &sources)?;
    let locals = graph.predecessors.clone();
    let curved = curvatures(pool, tape, &mut graph)?;
    let places = [0, sources.len() - 1];
    let wanted: Vec<usize> = curved.iter().flat_map(|c| c.between).collect();
    let found = places.map(|source| jacobians_of(pool, tape, &graph, &locals, source, wanted.clone()));
    let axes: Vec<Dim> = by.iter().flat_map(|v| pool.variable(*v).axes.clone()).collect();
    let mut total = vec![];
    for c in curved {
        let (Some(first), Some(last)) = (found[0].get(&c.between[0]), found[1].get(&c.between[1])) else { continue };
        let (a, b) = (graph.rank(pool, c.between[0]), graph.rank(pool, c.between[1]));
        let n = pool.rank(*first) - a;
        let label = |from: usize, count: usize| (from..from + count).map(|l| l as Label).collect::<Vec<_>>();
        let (through, of, on) = (label(0, a), label(a, n), label(a + n, b));
        let out = [of.clone(), on.clone()].concat();
        let inner: Vec<Dim> = pool.axes(*first)[a..].iter().chain(&pool.axes(c.value)[a..]).copied().collect();
        let (left, right) = ([through.clone(), of].concat(), [through, on].concat());
        let half = joined(pool, (*first, &left), (c.value, &right), &out, &inner);
        total.push((Rational::from_integer(1), chain(pool, half, *last, b)));
    }
    let made = pool.sum(&total, &axes);
    let definitions: Vec<Expr> = tape.definitions[written..].iter().map(|d| d.1).collect();
    let lacks = pool.under(&[definitions, vec![made]].concat()).into_iter().any(|e| pool.lacks_direction(e).is_some());
    if let Some(code) = pool.limit() {
        return Err(super::limit(code));
    }
    if lacks {
        tape.forget(written);
    }
    Ok((!lacks).then_some(made))
}

/// The second derivative of ⟨v̄, v⟩ for a vertex v by two vertices that it reads.
struct Curvature {
    between: [usize; 2],
    value: Expr,
}

/// One reverse sweep for the adjoints, and at each vertex what is curved there.
fn curvatures(pool: &mut Pool, tape: &mut Tape, graph: &mut Graph) -> Result<Vec<Curvature>, Diagnostic> {
    let mut found = vec![];
    for v in (graph.sources..=graph.sink).rev() {
        let reads: Vec<(usize, Expr)> = graph.predecessors[v].iter().map(|(u, d)| (*u, *d)).collect();
        let adjoint = if v == graph.sink {
            pool.one()
        } else {
            let Some(&adjoint) = graph.successors[v].get(&graph.sink) else { continue };
            let adjoint = named(pool, tape, adjoint, graph.symbols[v]);
            graph.set(v, graph.sink, adjoint);
            adjoint
        };
        if v != graph.sink {
            graph.eliminate_one(pool, tape, v);
        }
        // Where no partial moves with what is read, the vertex is linear.
        let moves = |pool: &Pool, d: Expr| pool.variables_of(d).iter().any(|x| reads.iter().any(|r| graph.symbols[r.0] == *x));
        if !reads.iter().any(|(_, d)| moves(pool, *d)) {
            continue;
        }
        // The adjoint is constant here, also where it is something that the vertex reads.
        let rank = if v == graph.sink { 0 } else { pool.variable(graph.symbols[v]).axes.len() };
        let mut stands = FxHashMap::default();
        let constant = if moves(pool, adjoint) {
            let axes = pool.axes(adjoint).to_vec();
            let (symbol, constant) = pool.declare("adjoint", axes, VarKind::Adjoint);
            stands.insert(symbol, adjoint);
            constant
        } else {
            adjoint
        };
        for (u, d) in &reads {
            let slope = chain(pool, constant, *d, rank);
            for (t, _) in &reads {
                if let Some(value) = partial(pool, slope, graph.symbols[*t])? {
                    let value = if stands.is_empty() { value } else { pool.substitute(value, &stands) };
                    found.push(Curvature { between: [*u, *t], value });
                }
            }
        }
    }
    Ok(found)
}

/// The Jacobians of vertices by one source, each from those that it reads; axes of the vertex, then of the source.
fn jacobians_of(
    pool: &mut Pool,
    tape: &mut Tape,
    graph: &Graph,
    locals: &[std::collections::BTreeMap<usize, Expr>],
    source: usize,
    mut wanted: Vec<usize>,
) -> FxHashMap<usize, Expr> {
    let mut needed = vec![false; graph.sink + 1];
    while let Some(v) = wanted.pop() {
        if !std::mem::replace(&mut needed[v], true) {
            wanted.extend(locals[v].keys());
        }
    }
    let mut found: FxHashMap<usize, Expr> = FxHashMap::default();
    if needed[source] {
        let axes = pool.variable(graph.symbols[source]).axes.clone();
        found.insert(source, pool.identity(&axes));
    }
    for v in graph.sources..graph.sink {
        if !needed[v] {
            continue;
        }
        let mut total: Option<Expr> = None;
        for (u, d) in &locals[v] {
            if let Some(inner) = found.get(u) {
                let d = chain(pool, *d, *inner, graph.rank(pool, *u));
                total = Some(total.map_or(d, |t| pool.add(t, d)));
            }
        }
        if let Some(total) = total.filter(|t| !pool.is_zero(*t)) {
            found.insert(v, named(pool, tape, total, graph.symbols[v]));
        }
    }
    found
}

impl Graph {
    fn rank(&self, pool: &Pool, v: usize) -> usize {
        pool.variable(self.symbols[v]).axes.len()
    }
}
