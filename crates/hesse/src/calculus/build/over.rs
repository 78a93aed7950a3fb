//! Values under the indices of sums: an index is an axis in front of those of the shape, so that all terms of a sum are one expression and
//! `sum(i = 1:m, X[i,:]*w)` is `sum(X*w)`. What follows works label by label on such values; without an index it is plain matrix notation.

use super::{Build, Made, Refusal, Value};
use crate::calculus::shapes::list_text;
use crate::calculus::term::{Extent, IndexId, Op, Sub, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Dim, Expr, Label, Pattern, Rational, Shape};

impl Build<'_> {
    /// The indices that the value of a term depends on.
    pub(super) fn over_of(&self, t: TermId) -> Vec<IndexId> {
        let term = self.terms.get(t);
        let mut over: Vec<IndexId> =
            term.args.iter().filter_map(|a| self.values[a.index()].as_ref()).flat_map(|v| &v.over).copied().collect();
        match &term.op {
            Op::Counter(i) => over.push(*i),
            Op::Pick(subs) => over.extend(subs.iter().filter_map(|s| if let Sub::At(p) = s { p.index } else { None })),
            // The size of a term does not depend on an index.
            Op::Measure(_) | Op::Fill(..) | Op::Eye(..) | Op::Commutation(..) => over.clear(),
            Op::Series(i) => over.retain(|o| o != i),
            _ => {}
        }
        over.sort_unstable();
        over.dedup();
        over
    }

    /// First and last value of an index.
    pub(super) fn bounds(&mut self, i: IndexId) -> (Dim, Dim) {
        let index = &self.terms.indices[i];
        let list = match &index.to {
            Extent::Given(d) => d.clone(),
            Extent::Of(t, cols) => {
                let side = if *cols { self.shapes.col(*t) } else { self.shapes.row(*t) };
                self.shapes.list(side).unwrap_or(&[]).to_vec()
            }
            Extent::Free => vec![],
        };
        let one = self.pool.dims.integer(1);
        (index.from, list.iter().fold(one, |p, &d| self.pool.dims.multiply(p, d)))
    }

    /// How many values an index takes.
    fn length(&mut self, i: IndexId) -> Dim {
        let (from, to) = self.bounds(i);
        let one = self.pool.dims.integer(1);
        let d = self.pool.dims.subtract(to, from);
        self.pool.dims.add(d, one)
    }

    /// The axes of indices.
    pub(super) fn index_axes(&mut self, over: &[IndexId]) -> Vec<Dim> {
        over.iter().map(|&i| self.length(i)).collect()
    }

    /// All axes of a value.
    pub(super) fn axes(&mut self, over: &[IndexId], shape: &Shape) -> Vec<Dim> {
        [self.index_axes(over), shape.axes()].concat()
    }

    /// The labels of a value in a result whose labels are `0, 1, …`: a scalar has none of the shape's, a column the rows', a row the columns'.
    fn places(&self, x: &Value, over: &[IndexId], shape: &Shape) -> Vec<Label> {
        let (i, r, c) = (over.len(), shape.rows.len(), shape.cols.len());
        let own = if x.shape.is_scalar() {
            0..0
        } else if x.shape == *shape {
            i..i + r + c
        } else if x.shape.cols.is_empty() {
            i..i + r
        } else {
            i + r..i + r + c
        };
        let outer = x.over.iter().filter_map(|o| over.iter().position(|p| p == o));
        outer.chain(own).map(|l| l as Label).collect()
    }

    /// A value in a larger shape: a scalar expands, a row or column goes against a matrix, what does not depend on an index is the same for all.
    pub(super) fn spread(&mut self, x: &Value, over: &[IndexId], shape: &Shape) -> Expr {
        if x.shape == *shape && x.over == over {
            return x.expr;
        }
        let sizes = self.axes(over, shape);
        let own = self.places(x, over, shape);
        let all: Vec<Label> = (0..sizes.len() as Label).collect();
        let broadcast: Vec<(Label, Dim)> = all.iter().filter(|l| !own.contains(l)).map(|&l| (l, sizes[l as usize])).collect();
        self.pool.product(&[(x.expr, &own)], &all, &broadcast)
    }

    pub(super) fn dot_times(&mut self, x: &Value, y: &Value, over: &[IndexId], shape: &Shape) -> Expr {
        let (a, b) = (self.places(x, over, shape), self.places(y, over, shape));
        let sizes = self.axes(over, shape);
        let all: Vec<Label> = (0..sizes.len() as Label).collect();
        self.pool.product(&[(x.expr, &a), (y.expr, &b)], &all, &[])
    }

    pub(super) fn matrix_product(&mut self, x: &Value, y: &Value, over: &[IndexId], shape: &Shape) -> Expr {
        if x.shape.is_scalar() || y.shape.is_scalar() {
            return self.dot_times(x, y, over, shape);
        }
        let (i, r, k, c) = (over.len(), x.shape.rows.len(), x.shape.cols.len(), y.shape.cols.len());
        let run = |from: usize, n: usize| (from..from + n).map(|l| l as Label).collect::<Vec<Label>>();
        let (outer, rows, inner, cols) = (run(0, i), run(i, r), run(i + r, k), run(i + r + k, c));
        let of = |v: &Value| v.over.iter().filter_map(|o| over.iter().position(|p| p == o)).map(|l| l as Label).collect::<Vec<Label>>();
        self.pool.product(
            &[(x.expr, &[of(x), rows.clone(), inner.clone()].concat()), (y.expr, &[of(y), inner, cols.clone()].concat())],
            &[outer, rows, cols].concat(),
            &[],
        )
    }

    /// A function of a whole matrix for each value of an index: only the square of the norm has a form of its own.
    pub(super) fn apply_each(&mut self, x: &Value, t: TermId) -> Made {
        let Op::Apply(f) = self.terms.get(t).op else { return Err(Refusal::Silent) };
        if f.row().name != "norm2" || !self.only_squared(t) {
            return Err(self.each(f.row().name, t));
        }
        let outer: Vec<Label> = (0..x.over.len() as Label).collect();
        let all: Vec<Label> = (0..self.pool.rank(x.expr) as Label).collect();
        let squares = self.pool.product(&[(x.expr, &all), (x.expr, &all)], &outer, &[]);
        let half = self.pool.number(Rational::new(1, 2));
        Ok(self.pool.power(squares, half))
    }

    /// Whether a term is used only under even powers.
    fn only_squared(&self, t: TermId) -> bool {
        let mut users = self.terms.ids().filter(|u| self.terms.get(*u).args.contains(&t)).peekable();
        let even = |u: TermId| {
            let term = self.terms.get(u);
            matches!(term.op, Op::Power | Op::DotPower)
                && term.args[0] == t
                && self.terms.integer(term.args[1]).is_some_and(|k| k > 0 && k % 2 == 0)
        };
        users.peek().is_some() && users.all(even)
    }

    /// The refusal of a matrix function that would be applied once for each value of an index.
    pub(super) fn each(&self, what: &str, t: TermId) -> Refusal {
        let help = match what {
            "norm2" => "its square is understood: norm2(x)^2; or write sqrt(sum(x.^2)) where the norm is not 0",
            "logsumexp" => "write log(sum(exp(x))) for each term",
            _ => "take it of a whole matrix, outside the sum",
        };
        Diagnostic::error("E301", self.terms.get(t).span, format!("{what} for each term of a sum is not supported"))
            .because("the index is an axis of its own, and a function of a matrix takes two")
            .help(help)
            .into()
    }

    /// An index as numbers: Σ_j lower_ij counts 1, 2, 3, …
    pub(super) fn counter(&mut self, i: IndexId, span: Span) -> Made {
        let of = self.length(i);
        self.runs_upwards(i, span)?;
        let lower = self.pool.pattern(Pattern::Lower { of });
        let count = self.pool.product(&[(lower, &[0, 1])], &[0], &[]);
        let one = Rational::from_integer(1);
        let before = self.pool.dims.integer(1);
        let before = self.pool.dims.subtract(self.terms.indices[i].from, before);
        let before = self.pool.size(before);
        let before = self.pool.broadcast(before, &[of]);
        Ok(self.pool.sum(&[(one, count), (one, before)], &[of]))
    }

    fn runs_upwards(&mut self, i: IndexId, span: Span) -> Result<(), Refusal> {
        let (from, to) = self.bounds(i);
        let left = self.pool.dims.subtract(to, from);
        if self.pool.dims.as_integer(left).is_some_and(|l| l < 0) {
            let (a, b) = (self.pool.dims.text(from), self.pool.dims.text(to));
            return Err(Diagnostic::error("E109", span, "this sum is empty")
                .because(format!("its index runs upwards from {a} to {b}"))
                .help("write the smaller value first: sum(i = 1:n, x[i])")
                .into());
        }
        self.need(left, span);
        Ok(())
    }

    /// Records that a size must not be negative, where that does not show.
    pub(super) fn need(&mut self, d: Dim, span: Span) {
        if !self.pool.dims.is_nonnegative(d) {
            self.pool.dims.assume_nonnegative(d);
            self.out.needs.push((d, span));
        }
    }

    /// Σ over an index.
    pub(super) fn series(&mut self, x: &Value, i: IndexId, over: &[IndexId], span: Span) -> Made {
        self.runs_upwards(i, span)?;
        let labels: Vec<Label> = (0..self.pool.rank(x.expr) as Label).collect();
        match x.over.iter().position(|o| *o == i) {
            Some(k) => {
                let out: Vec<Label> = labels.iter().copied().filter(|l| *l != k as Label).collect();
                Ok(self.pool.product(&[(x.expr, &labels)], &out, &[]))
            }
            // The same term each time.
            None => {
                debug_assert_eq!(x.over, over);
                let n = self.length(i);
                let n = self.pool.size(n);
                Ok(self.pool.times(n, x.expr))
            }
        }
    }

    /// An axis of one size, which a position stands on.
    pub(super) fn single(&self, axes: &[Dim], span: Span) -> Result<Option<Dim>, Refusal> {
        match axes {
            [] => Ok(None),
            [of] => Ok(Some(*of)),
            _ => Err(Diagnostic::error("E301", span, "an axis whose size is a product takes no position")
                .because(format!("the axis has size {}", list_text(&self.pool.dims, axes)))
                .help("pick from the factors before kron or vec")
                .into()),
        }
    }
}
