//! Matrices from pieces and pieces of matrices: a position is a factor `unit`, a range and a block a factor `shift`.

use super::{Build, Made, Refusal, Value};
use crate::calculus::shapes::Class;
use crate::calculus::term::{IndexId, Place, Sub, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Dim, Expr, Label, Pattern, Rational, Shape};

impl Build<'_> {
    /// Subscripts: a position is a contraction with `unit`, a range one with `shift`; a position that moves with the index of a sum is a range
    /// on the axis of the index.
    pub(super) fn pick(&mut self, x: &Value, subs: &[Sub], over: &[IndexId], t: TermId) -> Made {
        let span = self.terms.get(t).span;
        let groups: Vec<&[Dim]> = match (subs.len(), self.shapes.class(self.terms.get(t).args[0])) {
            (1, Class::Row) => vec![&x.shape.cols],
            (1, _) => vec![&x.shape.rows],
            _ => vec![&x.shape.rows, &x.shape.cols],
        };
        let outer = |i: IndexId| over.iter().position(|o| *o == i).unwrap_or(0) as Label;
        let mut next = over.len() as Label;
        let mut own: Vec<Label> = x.over.iter().map(|i| outer(*i)).collect();
        let mut factors: Vec<(Expr, Vec<Label>)> = vec![];
        let mut out: Vec<Label> = (0..over.len() as Label).collect();
        let sizes: Vec<(Label, Dim)> = out.iter().copied().zip(self.index_axes(over)).collect();
        for (sub, axes) in subs.iter().zip(groups) {
            let labels: Vec<Label> = (next..next + axes.len() as Label).collect();
            next += axes.len() as Label;
            own.extend(&labels);
            match sub {
                Sub::All => out.extend(labels),
                Sub::At(place) => {
                    let of = self.single(axes, span)?;
                    let (from, to) = self.reach(*place, of);
                    // That a plain number lies inside is seen when numbers are bound.
                    let plain = *place == Place::fixed(place.plus) && self.pool.dims.as_integer(from).is_some();
                    self.in_range(from, of, !plain, span)?;
                    self.in_range(to, of, !plain, span)?;
                    let Some(of) = of else { continue };
                    match place.index {
                        None => factors.push((self.pool.pattern(Pattern::Unit { at: from, of }), labels)),
                        Some(i) => {
                            let s = self.shift(from, to, of);
                            factors.push((s, vec![labels[0], outer(i)]));
                        }
                    }
                }
                Sub::Range(a, b) => {
                    let of = self.single(axes, span)?;
                    let (from, to) = (self.reach(*a, of).0, self.reach(*b, of).0);
                    self.in_range(from, of, true, span)?;
                    self.in_range(to, of, true, span)?;
                    let left = self.pool.dims.subtract(to, from);
                    match self.pool.dims.as_integer(left) {
                        Some(k) if k < 0 => {
                            return Err(Diagnostic::error("E109", span, "this range is empty")
                                .because("a range runs upwards and includes both ends")
                                .help("write the smaller position first: x[2:5]")
                                .into());
                        }
                        Some(0) => {
                            if let Some(of) = of {
                                factors.push((self.pool.pattern(Pattern::Unit { at: from, of }), labels));
                            }
                        }
                        _ => {
                            self.need(left, span);
                            if let Some(of) = of {
                                let s = self.shift(from, to, of);
                                factors.push((s, vec![labels[0], next]));
                                out.push(next);
                                next += 1;
                            }
                        }
                    }
                }
            }
        }
        factors.insert(0, (x.expr, own));
        let factors: Vec<(Expr, &[Label])> = factors.iter().map(|(e, l)| (*e, l.as_slice())).collect();
        Ok(self.pool.product(&factors, &out, &sizes))
    }

    /// 1 where (position on the axis) = (position in the slice) + from − 1.
    fn shift(&mut self, from: Dim, to: Dim, of: Dim) -> Expr {
        let one = self.pool.dims.integer(1);
        let offset = self.pool.dims.subtract(from, one);
        let length = self.pool.dims.subtract(to, offset);
        self.pool.pattern(Pattern::Shift { offset, rows: of, cols: length })
    }

    /// The first and the last position that a subscript takes.
    fn reach(&mut self, place: Place, of: Option<Dim>) -> (Dim, Dim) {
        let size = of.unwrap_or_else(|| self.pool.dims.integer(1));
        let own = place.on(size, &mut self.pool.dims);
        match place.index {
            None => (own, own),
            Some(i) => {
                let (from, to) = self.bounds(i);
                (self.pool.dims.add(from, own), self.pool.dims.add(to, own))
            }
        }
    }

    /// 1 ≤ k ≤ size, as far as it shows; what does not show is needed of the sizes, if that is wanted.
    fn in_range(&mut self, k: Dim, of: Option<Dim>, wanted: bool, span: Span) -> Result<(), Refusal> {
        let dims = &mut self.pool.dims;
        let one = dims.integer(1);
        let size = of.unwrap_or(one);
        let text = (dims.text(k), dims.text(size));
        let (left, right) = (dims.subtract(k, one), dims.subtract(size, k));
        let low = dims.as_integer(left).is_some_and(|k| k < 0);
        // An axis of size 1 has no position with a name.
        let high = dims.as_integer(right).map_or(of.is_none(), |l| l < 0);
        if low || high {
            return Err(Diagnostic::error("E109", span, format!("position {} is out of range", text.0))
                .because(format!("positions run from 1 to {}", text.1))
                .help(if low { "the first entry is x[1]".to_string() } else { format!("the last entry is at {}", text.1) })
                .into());
        }
        if wanted {
            self.need(left, span);
            self.need(right, span);
        }
        Ok(())
    }

    /// Blocks: each placed by `unit` (one row or column) or `shift` in each direction that has more than one block.
    pub(super) fn stack(&mut self, t: TermId, lengths: &[usize], over: &[IndexId], shape: &Shape) -> Made {
        let term = self.terms.get(t);
        let span = term.span;
        let axes = self.axes(over, shape);
        let sizes: Vec<(Label, Dim)> = (0..).zip(self.index_axes(over)).collect();
        let mut sum: Vec<(Rational, Expr)> = vec![];
        let zero = self.pool.dims.integer(0);
        let one = self.pool.dims.integer(1);
        let mut k = 0;
        let mut row_offset = zero;
        for &n in lengths {
            let mut col_offset = zero;
            let mut height = one;
            for _ in 0..n {
                let x = self.arg(t, k)?;
                k += 1;
                let mut factors: Vec<(Expr, Vec<Label>)> = vec![];
                let mut own: Vec<Label> = x.over.iter().filter_map(|i| over.iter().position(|o| o == i)).map(|l| l as Label).collect();
                let mut out: Vec<Label> = (0..over.len() as Label).collect();
                let mut next = over.len() as Label;
                let directions =
                    [(&x.shape.rows, &shape.rows, row_offset, lengths.len() > 1), (&x.shape.cols, &shape.cols, col_offset, n > 1)];
                for (list, total, offset, placed) in directions {
                    if !placed {
                        for _ in list {
                            own.push(next);
                            out.push(next);
                            next += 1;
                        }
                        continue;
                    }
                    let Some(&whole) = total.first() else { return Err(Refusal::Silent) };
                    match list.as_slice() {
                        [] => {
                            let at = self.pool.dims.add(offset, one);
                            factors.push((self.pool.pattern(Pattern::Unit { at, of: whole }), vec![next]));
                            out.push(next);
                            next += 1;
                        }
                        [size] => {
                            factors.push((self.pool.pattern(Pattern::Shift { offset, rows: whole, cols: *size }), vec![next, next + 1]));
                            out.push(next);
                            own.push(next + 1);
                            next += 2;
                        }
                        _ => {
                            return Err(Diagnostic::error("E301", span, "blocks whose size is a product cannot be stacked")
                                .because("vec and kron give axes that are products of sizes")
                                .help("stack before vec or kron")
                                .into());
                        }
                    }
                }
                factors.insert(0, (x.expr, own));
                let factors: Vec<(Expr, &[Label])> = factors.iter().map(|(e, l)| (*e, l.as_slice())).collect();
                let e = self.pool.product(&factors, &out, &sizes);
                sum.push((Rational::from_integer(1), e));
                height = x.shape.rows.first().copied().unwrap_or(one);
                let width = x.shape.cols.first().copied().unwrap_or(one);
                col_offset = self.pool.dims.add(col_offset, width);
            }
            row_offset = self.pool.dims.add(row_offset, height);
        }
        Ok(self.pool.sum(&sum, &axes))
    }
}
