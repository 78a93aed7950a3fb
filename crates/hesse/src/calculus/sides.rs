//! The shape of every sub-expression of an expression over declared variables.
//!
//! ```
//! use hesse::calculus::sides::sides;
//! let vars = [("A".to_string(), "matrix(m,n)".to_string()), ("x".to_string(), "vector(n)".to_string())];
//! let typed = sides(&vars, "sum(A*x)", &[]).unwrap();
//! let product = typed.syntax.children(typed.root)[0];
//! assert_eq!(typed.of(product).unwrap().rows.as_deref(), Some("m"));
//! assert!(typed.of(typed.root).unwrap().is_scalar());
//! ```

use crate::calculus::elaborate::{Options, declare};
use crate::calculus::lower::Lower;
use crate::calculus::scope::{Definition, Scope};
use crate::calculus::shapes::{Shapes, list_text};
use crate::diagnostic::Span;
use crate::syntax::entry::Sides;
use crate::syntax::parse::parse_expression;
use crate::syntax::tree::{NodeId, Syntax};
use crate::tensor::Pool;
use rustc_hash::FxHashMap;

/// An expression with the shapes of its parts.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The tree.
    pub syntax: Syntax,
    /// Its root.
    pub root: NodeId,
    /// What a value is, by the place where it is written.
    sides: FxHashMap<Span, Sides>,
}

impl Typed {
    /// The sides of a value. `None` for what is none, for what has more than two axes, and for a side that stacks several axes, where
    /// one position names no entry.
    pub fn of(&self, id: NodeId) -> Option<Sides> {
        self.sides.get(&self.syntax.span(id)).cloned()
    }
}

/// Types `expression` over variables (`("X", "matrix(m,n)")`) and further names of sizes; `None` if it has no type.
pub fn sides(vars: &[(String, String)], expression: &str, sizes: &[String]) -> Option<Typed> {
    let mut pool = Pool::with_limits(Options::default().limits);
    let mut scope = Scope { declares: true, sizes: sizes.to_vec(), ..Scope::default() };
    declare(vars, &mut scope, &mut pool.dims).ok()?;
    let (syntax, root) = parse_expression(expression).ok()?;
    scope.definitions.push(Definition { name: "", span: Span::default(), body: root, assumed: vec![] });
    let mut lower = Lower::new(&scope, &syntax, &mut pool.dims, true);
    lower.definitions();
    let Lower { terms, inputs, diagnostics, .. } = lower;
    if !diagnostics.is_empty() || !scope.diagnostics.is_empty() {
        return None;
    }
    let mut shapes = Shapes::new(&terms, &inputs, pool.dims);
    shapes.propagate(&terms);
    if shapes.faults.is_empty() {
        shapes.by_blocks(&terms, &inputs);
    }
    if !shapes.faults.is_empty() {
        return None;
    }
    let mut sides = FxHashMap::default();
    // Of the terms that one call comes apart into the last is its value.
    for t in terms.ids() {
        let span = terms.get(t).span;
        let tensor = shapes.choice(t).is_some_and(|k| terms.contractions[k].is_tensor());
        let side = |s| match shapes.list(s) {
            Some([]) => Some(None),
            Some(one @ [_]) => Some(Some(list_text(&shapes.dims, one))),
            _ => None,
        };
        match (side(shapes.row(t)), side(shapes.col(t))) {
            (Some(rows), Some(cols)) if !tensor => sides.insert(span, Sides { rows, cols }),
            _ => sides.remove(&span),
        };
    }
    Some(Typed { syntax, root, sides })
}
