//! Equal steps once, and only steps that are read: what a program of many outputs needs to cost no more than one of each.

use super::program::{Op, Program, Step, Value};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Steps by a hash of what they compute.
#[derive(Default)]
pub(super) struct Shared {
    places: FxHashMap<u64, Vec<Value>>,
}

impl Shared {
    /// The place of an equal step, or of this one at the end.
    pub(super) fn add(&mut self, steps: &mut Vec<Step>, step: Step) -> Value {
        let places = self.places.entry(hash(&step)).or_default();
        if let Some(v) = places.iter().find(|v| steps[v.0 as usize] == step) {
            return *v;
        }
        let value = Value(steps.len() as u32);
        places.push(value);
        steps.push(step);
        value
    }
}

/// Equal steps have equal hashes.
fn hash(step: &Step) -> u64 {
    let mut h = FxHasher::default();
    std::mem::discriminant(&step.op).hash(&mut h);
    step.axes.hash(&mut h);
    match &step.op {
        Op::Input(k) => k.hash(&mut h),
        // 0 and -0 are equal.
        Op::Constant(x) => (x + 0.0).to_bits().hash(&mut h),
        Op::Size(size) => size.hash(&mut h),
        Op::Mask(mask) => mask.hash(&mut h),
        Op::Zeros => {}
        Op::Combine(terms) => terms.iter().for_each(|(c, v)| ((c + 0.0).to_bits(), v).hash(&mut h)),
        Op::Map(f, args) => (f, args).hash(&mut h),
        Op::Power(a, b) | Op::GuardedPower(a, b) => (a, b).hash(&mut h),
        Op::Contract { operands, out, sizes } => (operands, out, sizes).hash(&mut h),
        Op::Apply(f, args) => (f, args).hash(&mut h),
        Op::Adjugate(a) => a.hash(&mut h),
        Op::Others { array, kept } => (array, kept).hash(&mut h),
        Op::Solve { matrix, right, transposed } => (matrix, right, transposed).hash(&mut h),
    }
    h.finish()
}

impl Op {
    /// The steps that it reads.
    pub fn reads(&self) -> Vec<Value> {
        match self {
            Op::Input(_) | Op::Constant(_) | Op::Size(_) | Op::Mask(_) | Op::Zeros => vec![],
            Op::Combine(terms) => terms.iter().map(|t| t.1).collect(),
            Op::Map(_, args) | Op::Apply(_, args) => args.clone(),
            Op::Power(a, b) | Op::GuardedPower(a, b) => vec![*a, *b],
            Op::Adjugate(a) | Op::Others { array: a, .. } => vec![*a],
            Op::Contract { operands, .. } => operands.iter().map(|o| o.0).collect(),
            Op::Solve { matrix, right, .. } => vec![*matrix, *right],
        }
    }
    fn renumber(&mut self, to: &dyn Fn(&mut Value)) {
        match self {
            Op::Input(_) | Op::Constant(_) | Op::Size(_) | Op::Mask(_) | Op::Zeros => {}
            Op::Combine(terms) => terms.iter_mut().for_each(|t| to(&mut t.1)),
            Op::Map(_, args) | Op::Apply(_, args) => args.iter_mut().for_each(to),
            Op::Power(a, b) | Op::GuardedPower(a, b) => [a, b].into_iter().for_each(to),
            Op::Adjugate(a) | Op::Others { array: a, .. } => to(a),
            Op::Contract { operands, .. } => operands.iter_mut().for_each(|o| to(&mut o.0)),
            Op::Solve { matrix, right, .. } => [matrix, right].into_iter().for_each(to),
        }
    }
}

impl Program {
    /// The same program without the steps that no output needs.
    pub(super) fn without_unread(mut self) -> Program {
        let mut read = vec![false; self.steps.len()];
        self.outputs.iter().for_each(|o| read[o.value.0 as usize] = true);
        for k in (0..self.steps.len()).rev() {
            if read[k] {
                self.steps[k].op.reads().iter().for_each(|v| read[v.0 as usize] = true);
            }
        }
        let mut place = 0;
        let places: Vec<Value> = read
            .iter()
            .map(|r| {
                place += u32::from(*r);
                Value(place.saturating_sub(1))
            })
            .collect();
        let to = |v: &mut Value| *v = places[v.0 as usize];
        let steps = std::mem::take(&mut self.steps).into_iter().zip(&read).filter(|(_, r)| **r);
        self.steps = steps
            .map(|(mut s, _)| {
                s.op.renumber(&to);
                s
            })
            .collect();
        self.outputs.iter_mut().for_each(|o| to(&mut o.value));
        self
    }
}
