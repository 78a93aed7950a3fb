//! Shifts in a product: what a slice of a slice, a slice of a stack, and an entry of either are.
//!
//! `shift(a)[i,j]` is 1 where i = j + a. Where every j meets an i, it places a vector among zeros, and its transpose takes a slice:
//!
//! | product | is |
//! |---|---|
//! | shift(a)[i,j] shift(b)[j,k], summed over j | shift(a + b)[i,k] |
//! | shift(a)[i,j] shift(b)[i,k] | 0 where the two do not meet; j = k where a = b; summed over i shift(b − a)[j,k] |
//! | shift(a)[i,j] unit(p)[i], summed over i | unit(p − a)[j], or 0 |
//! | shift(a)[i,j] unit(p)[j], summed over j | unit(p + a)[i] |
//! | shift(a)[i,j], summed over i | 1 |

use super::Making;
use crate::tensor::dim::{Dim, Dims};
use crate::tensor::pool::{Expr, Factor, Label, Node, Pattern, Pool};

/// A shift among the factors.
#[derive(Clone, Copy)]
struct Shift {
    offset: Dim,
    rows: Dim,
    cols: Dim,
    row: Label,
    col: Label,
}

impl Shift {
    /// Every column has its 1.
    fn inside(&self, dims: &mut Dims) -> bool {
        is_inside(dims, self.offset, self.rows, self.cols)
    }
    /// The last row that has a 1 lies before `row`.
    fn ends_before(&self, offset: Dim, dims: &mut Dims) -> bool {
        let end = dims.add(self.offset, self.cols);
        let gap = dims.subtract(offset, end);
        dims.is_nonnegative(gap)
    }
}

/// Whether 0 ≤ offset and offset + cols ≤ rows.
pub(in crate::tensor) fn is_inside(dims: &mut Dims, offset: Dim, rows: Dim, cols: Dim) -> bool {
    let end = dims.add(offset, cols);
    let left = dims.subtract(rows, end);
    dims.is_nonnegative(offset) && dims.is_nonnegative(left)
}

impl Pool {
    /// One step of the table; whether there was one.
    pub(super) fn settle_shifts(&mut self, making: &mut Making, out: &[Label]) -> bool {
        for k in 0..making.factors.len() {
            let Some(f) = self.shift_of(&making.factors[k]) else { continue };
            if f.row == f.col {
                let gap = self.dims.as_integer(f.offset);
                if gap == Some(0) {
                    making.factors.remove(k);
                    return true;
                }
                if gap.is_some() {
                    making.zero = true;
                    return true;
                }
                continue;
            }
            let summed = |making: &Making, l: Label| !out.iter().any(|o| making.find(*o) == l);
            let at = |making: &Making, l: Label| -> Vec<usize> {
                (0..making.factors.len()).filter(|m| *m != k && making.factors[*m].labels.contains(&l)).collect()
            };
            let (on_row, on_col) = (at(making, f.row), at(making, f.col));
            let single = |making: &Making, m: usize, l: Label| making.factors[m].labels.iter().filter(|x| **x == l).count() == 1;
            if !f.inside(&mut self.dims) {
                continue;
            }
            if on_row.is_empty() && summed(making, f.row) {
                making.factors.remove(k);
                self.forget(making, f.row);
                return true;
            }
            for &m in &on_row {
                let alone = on_row.len() == 1 && summed(making, f.row) && single(making, m, f.row);
                if self.meet_on_row(making, f, k, m, alone) {
                    return true;
                }
            }
            if let [m] = on_col[..]
                && summed(making, f.col)
                && single(making, m, f.col)
                && self.meet_on_col(making, f, k, m)
            {
                return true;
            }
        }
        false
    }

    fn shift_of(&self, f: &Factor) -> Option<Shift> {
        match *self.node(f.base) {
            Node::Pattern(Pattern::Shift { offset, rows, cols }) => Some(Shift { offset, rows, cols, row: f.labels[0], col: f.labels[1] }),
            _ => None,
        }
    }

    /// `shift(a)[i,j]` beside another pattern on i; `alone` if nothing else is on i and i is summed.
    fn meet_on_row(&mut self, making: &mut Making, f: Shift, k: usize, m: usize, alone: bool) -> bool {
        match *self.node(making.factors[m].base) {
            Node::Pattern(Pattern::Unit { at, .. }) => {
                let one = self.dims.integer(1);
                let within = self.dims.subtract(at, f.offset);
                let (low, high) = (self.dims.subtract(within, one), self.dims.subtract(f.cols, within));
                let (before, behind) = (self.dims.scale(within, -1), self.dims.subtract(within, f.cols));
                let behind = self.dims.subtract(behind, one);
                if self.dims.is_nonnegative(before) || self.dims.is_nonnegative(behind) {
                    making.zero = true;
                    return true;
                }
                if alone && self.dims.is_nonnegative(low) && self.dims.is_nonnegative(high) {
                    let unit = self.pattern(Pattern::Unit { at: within, of: f.cols });
                    self.replace(making, k, m, f.row, Some((unit, vec![f.col])));
                    return true;
                }
                false
            }
            Node::Pattern(Pattern::Shift { .. }) => {
                let Some(g) = self.shift_of(&making.factors[m]) else { return false };
                if g.row != f.row || g.col == f.row || !g.inside(&mut self.dims) {
                    return false;
                }
                if f.ends_before(g.offset, &mut self.dims) || g.ends_before(f.offset, &mut self.dims) {
                    making.zero = true;
                    return true;
                }
                if (f.offset, f.cols) == (g.offset, g.cols) {
                    making.factors.remove(m);
                    making.unify(f.col, g.col);
                    return true;
                }
                if !alone {
                    return false;
                }
                let (there, back) = (self.dims.subtract(g.offset, f.offset), self.dims.subtract(f.offset, g.offset));
                let joined = if is_inside(&mut self.dims, there, f.cols, g.cols) {
                    (self.pattern(Pattern::Shift { offset: there, rows: f.cols, cols: g.cols }), vec![f.col, g.col])
                } else if is_inside(&mut self.dims, back, g.cols, f.cols) {
                    (self.pattern(Pattern::Shift { offset: back, rows: g.cols, cols: f.cols }), vec![g.col, f.col])
                } else {
                    return false;
                };
                self.replace(making, k, m, f.row, Some(joined));
                true
            }
            _ => false,
        }
    }

    /// `shift(a)[i,j]` beside the only other pattern on j, which is summed.
    fn meet_on_col(&mut self, making: &mut Making, f: Shift, k: usize, m: usize) -> bool {
        match *self.node(making.factors[m].base) {
            Node::Pattern(Pattern::Unit { at, .. }) => {
                let at = self.dims.add(at, f.offset);
                let unit = self.pattern(Pattern::Unit { at, of: f.rows });
                self.replace(making, k, m, f.col, Some((unit, vec![f.row])));
                true
            }
            Node::Pattern(Pattern::Shift { .. }) => {
                let Some(g) = self.shift_of(&making.factors[m]) else { return false };
                if g.row != f.col || !g.inside(&mut self.dims) {
                    return false;
                }
                let offset = self.dims.add(f.offset, g.offset);
                if self.dims.as_integer(offset) == Some(0) && f.rows == g.cols {
                    self.replace(making, k, m, f.col, None);
                    making.unify(f.row, g.col);
                } else {
                    let shift = self.pattern(Pattern::Shift { offset, rows: f.rows, cols: g.cols });
                    self.replace(making, k, m, f.col, Some((shift, vec![f.row, g.col])));
                }
                true
            }
            _ => false,
        }
    }

    /// Puts a factor in the place of two that met on a summed label.
    fn replace(&mut self, making: &mut Making, k: usize, m: usize, met: Label, by: Option<(Expr, Vec<Label>)>) {
        let power = making.factors[k].power;
        making.factors.remove(k.max(m));
        making.factors.remove(k.min(m));
        self.forget(making, met);
        if let Some((base, labels)) = by {
            self.flatten(making, vec![Factor { base, labels, power }]);
        }
    }
}
