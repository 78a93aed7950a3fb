//! Positions: subscripts with sizes, `end` and the indices of sums; and the sums themselves.

use super::{Bound, DEPTH, Lower, measure};
use crate::calculus::scope::{self, END};
use crate::calculus::term::{Extent, Index, IndexId, Op, Place, Sub, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::tree::{Kind, NodeId, Series, Syntax};
use crate::tensor::Dim;

/// What a name in a position stands for that is no size.
#[derive(Clone, Copy, PartialEq)]
enum Moving {
    End,
    Index(IndexId),
}

impl Lower<'_, '_> {
    /// A subscript: whole-number arithmetic over sizes, with `end` or an index of a sum at most once and never multiplied.
    pub(super) fn position(&mut self, syntax: &Syntax, node: NodeId, bound: &Bound) -> Result<Place, Diagnostic> {
        let mut moving: Vec<(String, Moving)> = vec![];
        for n in syntax.under(node) {
            let Kind::Name(name) = syntax.kind(n) else { continue };
            let index = bound.indices.iter().rev().find(|i| i.0 == *name).map(|i| Moving::Index(i.1));
            let known = self.scope.sizes.contains(name);
            match index.or((!known && name == END).then_some(Moving::End)) {
                Some(m) if !moving.iter().any(|x| x.1 == m) => moving.push((name.clone(), m)),
                None if known => {
                    self.dims.name(name);
                }
                _ => {}
            }
        }
        let sizes = &self.scope.sizes;
        // Names that are no sizes live in a copy of the table only.
        let mut scratch = self.dims.clone();
        let known = scratch.names().len();
        let special: Vec<u32> = (0..moving.len()).map(|k| (known + k) as u32).collect();
        moving.iter().for_each(|m| {
            scratch.name(&format!("{} ", m.0));
        });
        let d = scope::size(syntax, node, &mut scratch, &mut |n, d| {
            if moving.iter().any(|m| m.0 == n) {
                return Some(d.name(&format!("{n} ")));
            }
            sizes.iter().any(|s| s == n).then(|| d.name(n))
        })
        .map_err(|d| if d.code == "E101" { letter(d.span()) } else { d })?;
        let mut place = Place { plus: self.dims.integer(0), end: false, index: None };
        let mut rest = vec![];
        for (monomial, c) in scratch.polynomial(d).clone() {
            match special.iter().position(|k| monomial.contains(k)) {
                None => rest.push((monomial, c)),
                Some(k) if monomial.len() == 1 && c == 1 => match moving[k].1 {
                    Moving::End => place.end = true,
                    Moving::Index(i) if place.index.is_none() => place.index = Some(i),
                    Moving::Index(_) => return Err(crooked(syntax.span(node))),
                },
                Some(_) => return Err(crooked(syntax.span(node))),
            }
        }
        if place.end && place.index.is_some() {
            return Err(crooked(syntax.span(node)));
        }
        place.plus = self.dims.of_polynomial(rest);
        Ok(place)
    }

    /// A position in index notation: nothing moves it.
    pub(super) fn constant_position(&mut self, syntax: &Syntax, node: NodeId) -> Result<Dim, Diagnostic> {
        let place = self.position(syntax, node, &Bound::default())?;
        if place.end {
            return Err(Diagnostic::error("E109", syntax.span(node), "`end` stands in subscripts of matrix notation")
                .because("in index notation a subscript is a letter or a constant position")
                .help("write the size of the axis, such as x[n]"));
        }
        Ok(place.plus)
    }

    /// `a:b`; a range has one length, so no index moves it.
    pub(super) fn range(&mut self, syntax: &Syntax, from: NodeId, to: NodeId, bound: &Bound) -> Result<Sub, Diagnostic> {
        let (a, b) = (self.position(syntax, from, bound)?, self.position(syntax, to, bound)?);
        if a.index.is_some() || b.index.is_some() {
            let span = syntax.span(from).to(syntax.span(to));
            return Err(Diagnostic::error("E301", span, "a range does not move with the index of a sum")
                .because("the index takes one position at a time: x[i], X[i+1,:]")
                .help("write the entries of the window one by one: x[i] + x[i+1]"));
        }
        Ok(Sub::Range(a, b))
    }

    /// `sum(i = from:to, body)`.
    pub(super) fn series(&mut self, syntax: &Syntax, s: &Series, span: Span, at: &[Option<TermId>], bound: &Bound) -> TermId {
        let moved = |n: NodeId| {
            let inner = |n: NodeId| matches!(syntax.kind(n), Kind::Name(name) if bound.indices.iter().any(|i| i.0 == *name));
            syntax.under(n).into_iter().any(inner)
        };
        if moved(s.from) || moved(s.to) {
            return self.poison(
                Diagnostic::error("E301", span, "the bounds of a sum do not depend on another index")
                    .because("a sum runs over a whole block of entries")
                    .help("sum over all entries of tril(A): sum(i = 1:n, sum(j = 1:n, tril(A)[i,j]))"),
            );
        }
        if self.depth >= DEPTH {
            return self.poison(
                Diagnostic::error("E603", span, format!("sums are nested deeper than {DEPTH}"))
                    .because("each has an index of its own")
                    .help("name the inner sum in a line of its own"),
            );
        }
        let from = match self.constant_position(syntax, s.from) {
            Ok(d) => d,
            Err(d) => return self.poison(d),
        };
        let to = match measure(syntax, s.to) {
            Some((cols, of)) => match at.get(of.index()).copied().flatten() {
                Some(t) => Extent::Of(t, cols),
                None => return self.terms.add(Op::Poison, vec![], span),
            },
            None => match self.constant_position(syntax, s.to) {
                Ok(d) => Extent::Given(vec![d]),
                Err(d) => return self.poison(d),
            },
        };
        self.terms.indices.push(Index { name: s.index.clone(), from, to: to.clone() });
        let index = self.terms.indices.len() - 1;
        let mut inner = bound.clone();
        inner.indices.push((s.index.clone(), index));
        self.depth += 1;
        let body = self.lower(syntax, s.body, &inner, None);
        self.depth -= 1;
        let mut args = vec![body];
        // What is wrong with the term whose size is taken is not said twice.
        args.extend(if let Extent::Of(t, _) = to { Some(t) } else { None });
        self.add(Op::Series(index), args, span)
    }
}

fn letter(span: Span) -> Diagnostic {
    Diagnostic::error("E109", span, "a subscript is a whole number or a size")
        .because("subscripts are 1-based positions such as x[1], x[n], x[end], A[2,:]; letters belong to index notation and to sums")
        .help("declare the size, x : vector(n); or write sum(i = 1:n, x[i]), or with the axes of the result A[i,j]*x[j] -> [i]")
}

fn crooked(span: Span) -> Diagnostic {
    Diagnostic::error("E301", span, "a position moves in steps of one")
        .because("`end` and the index of a sum stand once in a subscript and are not multiplied: x[i+1], x[end-1]")
        .help("shift only: x[i+1], x[end-2]")
}
