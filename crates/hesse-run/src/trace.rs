//! What a run saw on its way: which branches its comparisons took and how large its numbers became. The numeric check needs the first to know
//! whether a stencil crosses a kink, the second to know what rounding can do.

use crate::scalar::Scalar;
use std::cmp::Ordering;

/// The record of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// A hash of all comparison outcomes in order; equal hashes mean equal branches.
    pub signature: u64,
    /// How many comparisons were ties (a = b): points on a kink.
    pub ties: usize,
    /// The largest finite |highest derivative| of any entry of any step (of the values themselves for plain numbers).
    pub peak: f64,
}

impl Default for Trace {
    fn default() -> Self {
        Trace { signature: 0xcbf2_9ce4_8422_2325, ties: 0, peak: 0.0 }
    }
}

impl Trace {
    /// Records the outcome of one comparison (`None`: NaN).
    pub fn compare(&mut self, outcome: Option<Ordering>) {
        let code = match outcome {
            Some(Ordering::Less) => 1,
            Some(Ordering::Equal) => {
                self.ties += 1;
                2
            }
            Some(Ordering::Greater) => 3,
            None => 4,
        };
        self.branch(code);
    }
    /// Records which of several branches was taken.
    pub fn branch(&mut self, code: u64) {
        // FNV-1a with a final shift so that order counts.
        self.signature = (self.signature ^ code).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
    }
    /// Records the sizes of the entries of a step.
    pub fn entries<T: Scalar>(&mut self, data: &[T]) {
        for x in data {
            let top = x.top().abs();
            if top > self.peak && top.is_finite() {
                self.peak = top;
            }
        }
    }
}
