//! Labels of a product, while its constant 0/1 factors (unit vectors, shifts) bind them to each other or to positions.

use super::graph::{Index, Operand, Term};

/// Labels of a product while its 0/1 factors bind them to each other or to positions.
pub(super) struct Rename {
    pub(super) ranges: Vec<(usize, usize)>,
    pub(super) bindings: Vec<Option<Index>>,
    pub(super) coefficient: f64,
    pub(super) empty: bool,
}

impl Rename {
    /// More labels. One that nothing carries is not summed over: it takes a single value.
    pub(super) fn labels<'l>(&mut self, extents: &[usize], carried: impl Iterator<Item = &'l u32>) {
        let first = self.ranges.len();
        self.ranges.resize(first + extents.len(), (0, 1));
        self.bindings.resize(first + extents.len(), None);
        for l in carried {
            self.ranges[first + *l as usize] = (0, extents[*l as usize]);
        }
    }

    pub(super) fn resolve(&self, mut i: Index) -> Index {
        while let Index::Along(l, offset) = i {
            match self.bindings[l] {
                None => break,
                Some(Index::Along(m, more)) => i = Index::Along(m, more + offset),
                Some(Index::At(k)) => {
                    i = match usize::try_from(k as i64 + offset) {
                        Ok(k) => Index::At(k),
                        // Out of range: caught when the range was cut.
                        Err(_) => Index::At(usize::MAX),
                    }
                }
            }
        }
        i
    }

    pub(super) fn cut(&mut self, l: usize, low: i64, high: i64) {
        let (a, b) = self.ranges[l];
        let (a, b) = ((a as i64).max(low), (b as i64).min(high));
        self.ranges[l] = if a < b { (a as usize, b as usize) } else { (0, 0) };
        self.empty |= a >= b;
    }

    /// From now on these two positions are the same.
    pub(super) fn bind(&mut self, a: Index, b: Index) {
        match (self.resolve(a), self.resolve(b)) {
            (Index::At(x), Index::At(y)) => self.empty |= x != y,
            (Index::Along(l, offset), Index::At(k)) | (Index::At(k), Index::Along(l, offset)) => {
                let at = k as i64 - offset;
                self.cut(l, at, at + 1);
                if let Ok(at) = usize::try_from(at) {
                    self.bindings[l] = Some(Index::At(at));
                }
            }
            (Index::Along(l, x), Index::Along(m, y)) if l == m => self.empty |= x != y,
            // l + x = m + y, so l = m + (y − x), within the range of l.
            (Index::Along(l, x), Index::Along(m, y)) => {
                let (low, high) = self.ranges[l];
                self.cut(m, low as i64 - (y - x), high as i64 - (y - x));
                self.bindings[l] = Some(Index::Along(m, y - x));
            }
        }
    }

    pub(super) fn finish(mut self, operands: Vec<Operand>, out: Vec<Index>) -> Term {
        let operands: Vec<Operand> =
            operands.into_iter().map(|o| Operand { node: o.node, index: o.index.into_iter().map(|i| self.resolve(i)).collect() }).collect();
        let out: Vec<Index> = out.into_iter().map(|i| self.resolve(i)).collect();
        // A summed label that nobody carries counts how often.
        for l in 0..self.ranges.len() {
            let free = self.bindings[l].is_none();
            let carried = operands.iter().any(|o| o.has(l)) || out.iter().any(|i| matches!(i, Index::Along(m, _) if *m == l));
            if free && !carried {
                let (low, high) = self.ranges[l];
                self.coefficient *= (high - low) as f64;
            }
        }
        if self.empty {
            return Term { coefficient: 0.0, operands: vec![], out, ranges: vec![(0, 0); self.ranges.len()] };
        }
        Term { coefficient: self.coefficient, operands, out, ranges: self.ranges }
    }
}
