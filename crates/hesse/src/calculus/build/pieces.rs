//! Matrices from pieces and pieces of matrices: a position is a factor `unit`, a range and a block a factor `shift`.

use super::{Build, Made, Refusal, Value};
use crate::calculus::shapes::{Class, list_text};
use crate::calculus::term::{Sub, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::tensor::{Dim, Expr, Label, Pattern, Rational, Shape};

impl Build<'_> {
    /// Subscripts: a position is a contraction with `unit`, a range one with `shift`.
    pub(super) fn pick(&mut self, x: &Value, subs: &[Sub], t: TermId) -> Made {
        let span = self.terms.get(t).span;
        let groups: Vec<&[Dim]> = match (subs.len(), self.shapes.class(self.terms.get(t).args[0])) {
            (1, Class::Row) => vec![&x.shape.cols],
            (1, _) => vec![&x.shape.rows],
            _ => vec![&x.shape.rows, &x.shape.cols],
        };
        let rank = x.shape.rows.len() + x.shape.cols.len();
        let own: Vec<Label> = (0..rank as Label).collect();
        let mut next = rank as Label;
        let mut from = 0;
        let mut factors: Vec<(Expr, Vec<Label>)> = vec![];
        let mut out: Vec<Label> = vec![];
        for (sub, axes) in subs.iter().zip(groups) {
            let labels = &own[from..from + axes.len()];
            from += axes.len();
            match (sub, axes) {
                (Sub::All, _) => out.extend(labels),
                (Sub::At(k), []) => self.in_range(*k, None, span)?,
                (Sub::Range(a, b), []) => {
                    self.in_range(*a, None, span)?;
                    self.in_range(*b, None, span)?;
                }
                (Sub::At(k), [of]) => {
                    self.in_range(*k, Some(*of), span)?;
                    factors.push((self.pool.pattern(Pattern::Unit { at: *k, of: *of }), labels.to_vec()));
                }
                (Sub::Range(a, b), [of]) => {
                    self.in_range(*a, Some(*of), span)?;
                    self.in_range(*b, Some(*of), span)?;
                    let one = self.pool.dims.integer(1);
                    let minus = self.pool.dims.scale(one, -1);
                    let offset = self.pool.dims.add(*a, minus);
                    let back = self.pool.dims.scale(*a, -1);
                    let length = self.pool.dims.add(*b, back);
                    let length = self.pool.dims.add(length, one);
                    match self.pool.dims.as_integer(length) {
                        Some(1) => factors.push((self.pool.pattern(Pattern::Unit { at: *a, of: *of }), labels.to_vec())),
                        Some(k) if k < 1 => {
                            return Err(Diagnostic::error("E109", span, "this range is empty")
                                .because("a range runs upwards and includes both ends")
                                .help("write the smaller position first: x[2:5]")
                                .into());
                        }
                        _ => {
                            // 1 where (position in x) = (position in the slice) + a − 1.
                            let s = self.pool.pattern(Pattern::Shift { offset, rows: *of, cols: length });
                            factors.push((s, vec![labels[0], next]));
                            out.push(next);
                            next += 1;
                        }
                    }
                }
                _ => {
                    return Err(Diagnostic::error("E301", span, "an axis whose size is a product takes no position")
                        .because(format!("the axis has size {}", list_text(&self.pool.dims, axes)))
                        .help("pick from the factors before kron or vec")
                        .into());
                }
            }
        }
        factors.insert(0, (x.expr, own));
        let factors: Vec<(Expr, &[Label])> = factors.iter().map(|(e, l)| (*e, l.as_slice())).collect();
        Ok(self.pool.product(&factors, &out, &[]))
    }

    /// 1 ≤ k ≤ size, as far as it shows.
    fn in_range(&mut self, k: Dim, of: Option<Dim>, span: Span) -> Result<(), Refusal> {
        let dims = &mut self.pool.dims;
        let size = of.unwrap_or_else(|| dims.integer(1));
        let text = (dims.text(k), dims.text(size));
        let minus = dims.scale(k, -1);
        let left = dims.add(size, minus);
        let low = dims.as_integer(k).is_some_and(|k| k < 1);
        let high = dims.as_integer(left).is_some_and(|l| l < 0);
        if low || high {
            return Err(Diagnostic::error("E109", span, format!("position {} is out of range", text.0))
                .because(format!("positions run from 1 to {}", text.1))
                .help(if low { "the first entry is x[1]".to_string() } else { format!("the last entry is at {}", text.1) })
                .into());
        }
        Ok(())
    }

    /// Blocks: each placed by `unit` (one row or column) or `shift` in each direction that has more than one block.
    pub(super) fn stack(&mut self, t: TermId, lengths: &[usize], shape: &Shape) -> Made {
        let term = self.terms.get(t);
        let span = term.span;
        let axes = shape.axes();
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
                let mut own: Vec<Label> = vec![];
                let mut out: Vec<Label> = vec![];
                let mut next: Label = 0;
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
                let e = self.pool.product(&factors, &out, &[]);
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
