//! Expressions lowered to a straight-line program: one step per shared expression, products as pairwise contractions.

use super::program::{Input, Mask, Op, Output, Program, Size, Step, Value};
use super::share::Shared;
use crate::calculus::model::Model;
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational, VarId, number};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A formula as written: x/norm2(x) at 0 is not a number.
    Formula,
    /// A derivative: there the same quotient is the slope of the norm, whose convention at 0 is 0.
    Derivative,
}

/// How a product of many factors is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// Pair by pair, the cheapest first by the number of labels; an inverse beside something becomes a solve.
    Pairwise,
    /// All factors at once: a runner that knows sizes chooses the order, and sees the structure in the labels.
    Whole,
}

/// A program that computes these expressions. `inputs` gives the variables that may occur: name, variable, number of row axes.
pub fn plan(pool: &mut Pool, purpose: Purpose, inputs: &[(String, VarId, usize)], outputs: &[(String, Expr)]) -> Program {
    plan_tape(pool, purpose, inputs, &[], outputs)
}

/// As [`plan`] for expressions over the symbols of definitions. Each definition that is needed is computed once, in order, and not written
/// out: written out, a layer of a network stands in every later one, and the work is no longer proportional to the formula. Only a
/// function of a whole matrix goes where it is used, because the lowering looks for it there: inv(A)*b is a solution of a system.
pub fn plan_tape(
    pool: &mut Pool,
    purpose: Purpose,
    inputs: &[(String, VarId, usize)],
    definitions: &[(VarId, Expr)],
    outputs: &[(String, Expr)],
) -> Program {
    let outputs: Vec<(String, Expr, Purpose)> = outputs.iter().map(|(name, e)| (name.clone(), *e, purpose)).collect();
    planned(pool, Products::Pairwise, inputs, definitions, &outputs)
}

/// As [`plan_tape`] for outputs of both purposes, products whole and equal steps made once: a definition that reads no quotient of the
/// kind that [`Purpose`] tells apart is one step for values and derivatives.
pub fn plan_joint(
    pool: &mut Pool,
    inputs: &[(String, VarId, usize)],
    definitions: &[(VarId, Expr)],
    outputs: &[(String, Expr, Purpose)],
) -> Program {
    planned(pool, Products::Whole, inputs, definitions, outputs).without_unread()
}

fn planned(
    pool: &mut Pool,
    products: Products,
    inputs: &[(String, VarId, usize)],
    definitions: &[(VarId, Expr)],
    outputs: &[(String, Expr, Purpose)],
) -> Program {
    let mut whole: FxHashMap<VarId, Expr> = FxHashMap::default();
    let mut local = vec![];
    // A reciprocal is looked for beside a product of all entries, see `others`.
    let reciprocals = definitions.iter().any(|d| matches!(pool.node(d.1), Node::Apply(f, _) if f.row().name == "prod"));
    let reciprocal = |pool: &Pool, e: Expr| match pool.node(e) {
        Node::Product { factors, out, .. } => {
            reciprocals && factors.len() == 1 && factors[0].labels == *out && pool.as_integer(factors[0].power).is_some_and(|p| p < 0)
        }
        _ => false,
    };
    for (symbol, value) in definitions {
        let value = pool.substitute(*value, &whole);
        if matches!(pool.node(value), Node::Apply(..)) || reciprocal(pool, value) {
            whole.insert(*symbol, value);
        } else {
            local.push((*symbol, value));
        }
    }
    let outputs: Vec<(String, Expr, Purpose)> =
        outputs.iter().map(|(name, e, purpose)| (name.clone(), pool.substitute(*e, &whole), *purpose)).collect();
    let mut planner = Planner {
        pool,
        purpose: Purpose::Formula,
        products,
        program: Program::default(),
        values: FxHashMap::default(),
        shared: (products == Products::Whole).then(Shared::default),
    };
    planner.program.sizes = planner.pool.dims.names().to_vec();
    for (name, var, rows) in inputs {
        let axes = planner.sizes(&planner.pool.variable(*var).axes.clone());
        planner.program.inputs.push(Input { name: name.clone(), rows: *rows, axes });
    }
    let mut found: Vec<Option<Value>> = vec![None; outputs.len()];
    for purpose in [Purpose::Formula, Purpose::Derivative] {
        let of: Vec<usize> = (0..outputs.len()).filter(|k| outputs[*k].2 == purpose).collect();
        planner.purpose = purpose;
        planner.values.clear();
        planner.lower_all(inputs, &local, &of.iter().map(|k| outputs[*k].1).collect::<Vec<_>>());
        of.into_iter().for_each(|k| found[k] = Some(planner.values[&outputs[k].1]));
    }
    planner.program.outputs = outputs.into_iter().zip(found).filter_map(|(o, value)| Some(Output { name: o.0, value: value? })).collect();
    planner.program
}

/// What a model needs of sizes, as a program says it.
pub fn needs_of(pool: &Pool, needs: &[(Dim, String)]) -> Vec<(Size, String)> {
    needs.iter().map(|(d, text)| (size(pool, *d), text.clone())).collect()
}

fn size(pool: &Pool, d: Dim) -> Size {
    Size { terms: pool.dims.polynomial(d).iter().map(|(m, c)| (m.iter().map(|k| *k as usize).collect(), *c)).collect() }
}

/// The inputs of a model as [`plan`] wants them.
pub fn inputs_of(model: &Model) -> Vec<(String, VarId, usize)> {
    model.inputs.iter().map(|i| (i.name.clone(), i.var, i.shape.rows.len())).collect()
}

struct Planner<'a> {
    pool: &'a mut Pool,
    purpose: Purpose,
    products: Products,
    program: Program,
    values: FxHashMap<Expr, Value>,
    /// The steps by what they compute, where equal ones are made once.
    shared: Option<Shared>,
}

/// Of joining two operands: labels in the loop, labels kept, masks among them, the two positions.
type Cost = (usize, usize, usize, usize, usize);

/// An operand of a product: a step with its labels, and the argument of an inverse that can be solved with instead.
#[derive(Clone)]
struct Operand {
    value: Value,
    labels: Vec<Label>,
    inverse_of: Option<Value>,
}

impl Planner<'_> {
    fn size(&self, d: Dim) -> Size {
        size(self.pool, d)
    }

    fn sizes(&self, dims: &[Dim]) -> Vec<Size> {
        dims.iter().map(|d| self.size(*d)).collect()
    }

    /// Lowers expressions and the definitions that they need.
    fn lower_all(&mut self, inputs: &[(String, VarId, usize)], definitions: &[(VarId, Expr)], roots: &[Expr]) {
        // What the outputs read, and what the definitions read that they read.
        let mut used: FxHashSet<VarId> = roots.iter().flat_map(|e| self.pool.variables_of(*e)).collect();
        let mut needed = vec![];
        for (symbol, value) in definitions.iter().rev() {
            if used.contains(symbol) {
                used.extend(self.pool.variables_of(*value));
                needed.push((*symbol, *value));
            }
        }
        for (k, (_, var, _)) in inputs.iter().enumerate() {
            if used.contains(var) {
                let e = self.pool.var(*var);
                let axes = self.program.inputs[k].axes.clone();
                let value = self.step(Op::Input(k), axes, false);
                self.values.insert(e, value);
            }
        }
        for (symbol, value) in needed.into_iter().rev() {
            for e in self.pool.under(&[value]) {
                self.lower(e);
            }
            let (name, made) = (self.pool.var(symbol), self.values[&value]);
            self.values.insert(name, made);
        }
        for e in self.pool.under(roots) {
            self.lower(e);
        }
    }

    fn step(&mut self, op: Op, axes: Vec<Size>, mask: bool) -> Value {
        let step = Step { op, axes, mask };
        match &mut self.shared {
            Some(shared) => shared.add(&mut self.program.steps, step),
            None => {
                self.program.steps.push(step);
                Value((self.program.steps.len() - 1) as u32)
            }
        }
    }

    fn lower(&mut self, e: Expr) {
        if self.values.contains_key(&e) {
            return;
        }
        let axes = self.sizes(self.pool.axes(e));
        if let (Products::Whole, Some(number)) = (self.products, self.pool.as_number(e)) {
            let value = self.step(Op::Constant(number::to_f64(number)), axes, false);
            self.values.insert(e, value);
            return;
        }
        let value = match self.pool.node(e).clone() {
            Node::Decimal(bits) => self.step(Op::Constant(f64::from_bits(bits)), axes, false),
            Node::Pi => self.step(Op::Constant(std::f64::consts::PI), axes, false),
            Node::Size(d) => {
                let size = self.size(d);
                self.step(Op::Size(size), axes, false)
            }
            Node::Pattern(p) => {
                let mask = match p {
                    Pattern::Unit { at, .. } => {
                        let minus_one = self.pool.dims.integer(-1);
                        let zero_based = self.pool.dims.add(at, minus_one);
                        Mask::Unit(self.size(zero_based))
                    }
                    Pattern::Lower { .. } => Mask::Lower,
                    Pattern::Shift { offset, .. } => Mask::Shift(self.size(offset)),
                };
                self.step(Op::Mask(mask), axes, true)
            }
            // A variable without a value can only be an argument that was never substituted.
            Node::Var(_) => self.step(Op::Constant(f64::NAN), axes, false),
            Node::Sum(terms, _) if terms.is_empty() => self.step(Op::Zeros, axes, false),
            Node::Sum(terms, _) => {
                let mut terms: Vec<(f64, Value)> = terms.iter().map(|(c, t)| (number::to_f64(*c), self.values[t])).collect();
                if self.products == Products::Whole {
                    merge(&mut terms);
                }
                self.step(Op::Combine(terms), axes, false)
            }
            Node::Map(f, args) => {
                // where(c, 1, 0) is a mask too.
                let binary =
                    |e: &Expr| self.pool.as_constant(*e).is_some_and(|c| c == Rational::from_integer(0) || c == Rational::from_integer(1));
                let mask = f.row().mask || (f.row().name == "where" && binary(&args[1]) && binary(&args[2]));
                let args = args.iter().map(|a| self.values[a]).collect();
                self.step(Op::Map(f, args), axes, mask)
            }
            Node::Apply(f, args) => {
                let args = args.iter().map(|a| self.values[a]).collect();
                self.step(Op::Apply(f, args), axes, false)
            }
            Node::Product { factors, out, sizes } => self.product(&factors, &out, &sizes, axes),
        };
        self.values.insert(e, value);
    }

    fn product(&mut self, factors: &[Factor], out: &[Label], dims: &[Dim], axes: Vec<Size>) -> Value {
        let sizes = self.sizes(dims);
        let (mut operands, left) = self.adjugates(factors);
        let (others, left) = self.others(left);
        operands.extend(others);
        let (shifts, left) = if self.products == Products::Whole { self.shifts(left, out) } else { (vec![], left) };
        operands.extend(shifts);
        operands.extend(left.iter().map(|f| self.operand(f, factors)));
        // Contract pairs, cheapest first: the fewest labels in the loop, then in the result; a mask as late as that allows, because
        // it must meet what is infinite and not a part of it.
        while self.products == Products::Pairwise && operands.len() > 1 {
            let mut best: Option<(Cost, Vec<Label>)> = None;
            for a in 0..operands.len() {
                for b in a + 1..operands.len() {
                    let loops = union(&operands[a].labels, &operands[b].labels);
                    let kept: Vec<Label> = loops
                        .iter()
                        .filter(|l| out.contains(l) || operands.iter().enumerate().any(|(k, o)| k != a && k != b && o.labels.contains(l)))
                        .copied()
                        .collect();
                    let masks = [a, b].iter().filter(|k| self.program.steps[operands[**k].value.0 as usize].mask).count();
                    let key = (loops.len(), kept.len(), masks, a, b);
                    if best.as_ref().is_none_or(|x| key < x.0) {
                        best = Some((key, kept));
                    }
                }
            }
            let Some(((.., a, b), kept)) = best else { break };
            let right = operands.remove(b);
            let left = operands.remove(a);
            operands.push(self.join(left, right, kept, &sizes));
        }
        let mask = operands.iter().all(|o| self.program.steps[o.value.0 as usize].mask);
        match operands.as_slice() {
            // A[i,i] -> [i,i] keeps only the diagonal of A: the same labels are the same array only where none repeats.
            [o] if o.labels == out && out.iter().enumerate().all(|(k, l)| !out[..k].contains(l)) => o.value,
            _ => {
                let operands = operands.into_iter().map(|o| (o.value, o.labels)).collect();
                self.step(Op::Contract { operands, out: out.to_vec(), sizes }, axes, mask)
            }
        }
    }

    /// det(A)·inv(A) is the adjugate, finite at a singular A; so is det(diag(x))/x. Gives them as operands, and the factors left.
    fn adjugates(&mut self, factors: &[Factor]) -> (Vec<Operand>, Vec<Factor>) {
        let mut left = factors.to_vec();
        let mut found = vec![];
        let whole = |pool: &Pool, f: &Factor, k: i64| pool.as_integer(f.power) == Some(k);
        for f in factors {
            let Node::Apply(g, args) = self.pool.node(f.base).clone() else { continue };
            let Some(power) = self.pool.as_integer(f.power).filter(|k| g.row().name == "det" && *k > 0) else { continue };
            let inverse = left.iter().position(|h| {
                whole(self.pool, h, 1) && matches!(self.pool.node(h.base), Node::Apply(g, a) if g.row().name == "inv" && *a == args)
            });
            let diagonal = match self.pool.node(args[0]) {
                Node::Product { factors, out, .. } if factors.len() == 1 && out.as_slice() == [0, 0] && factors[0].labels == [0] => {
                    let inner = factors[0].clone();
                    let opposite = |a: Expr, b: Expr| self.pool.as_number(a).zip(self.pool.as_number(b)).is_some_and(|(a, b)| a == -b);
                    left.iter().position(|h| h.base == inner.base && h.labels.len() == 1 && opposite(h.power, inner.power))
                }
                _ => None,
            };
            let Some((k, labels)) =
                inverse.map(|k| (k, left[k].labels.clone())).or_else(|| diagonal.map(|k| (k, vec![left[k].labels[0]; 2])))
            else {
                continue;
            };
            let axes = self.sizes(self.pool.axes(args[0]));
            let value = self.step(Op::Adjugate(self.values[&args[0]]), axes, false);
            found.push(Operand { value, labels, inverse_of: None });
            left.remove(k);
            left.retain(|h| h != f);
            // det(A)² inv(A) is det(A) times the adjugate.
            if power > 1 {
                let power = self.pool.integer(power - 1);
                for e in self.pool.under(&[power]) {
                    self.lower(e);
                }
                left.push(Factor { power, ..f.clone() });
            }
        }
        (found, left)
    }

    /// prod(A)/A is for each entry the product of the others, finite at a 0. Gives them as operands, and the factors left.
    fn others(&mut self, mut left: Vec<Factor>) -> (Vec<Operand>, Vec<Factor>) {
        let mut found = vec![];
        let mut k = 0;
        while k < left.len() {
            let f = left[k].clone();
            k += 1;
            let Node::Apply(g, args) = self.pool.node(f.base).clone() else { continue };
            let Some(power) = self.pool.as_integer(f.power).filter(|p| g.row().name == "prod" && *p > 0) else { continue };
            // The reciprocal of the argument, as it stands in a product: a number times factors.
            let inverse = self.pool.powi(args[0], -1);
            let (number, body) = match self.pool.node(inverse) {
                Node::Sum(terms, _) if terms.len() == 1 => terms[0],
                _ => (Rational::from_integer(1), inverse),
            };
            let Node::Product { factors: wanted, out, .. } = self.pool.node(body).clone() else { continue };
            let kept: Vec<(Label, Label)> = out.iter().copied().zip(f.labels.iter().copied()).collect();
            let Some((mut used, map)) = self.pool.find_inside(&wanted, &left, vec![k - 1], kept) else { continue };
            let labels: Option<Vec<Label>> = out.iter().map(|l| map.iter().find(|m| m.0 == *l).map(|m| m.1)).collect();
            let Some(labels) = labels else { continue };
            let axes = self.sizes(self.pool.axes(args[0]));
            let value = self.step(Op::Others { array: self.values[&args[0]], kept: g.kept() }, axes, false);
            found.push(Operand { value, labels, inverse_of: None });
            if number != Rational::from_integer(1) {
                let value = self.step(Op::Constant(number::to_f64(number.recip())), vec![], false);
                found.push(Operand { value, labels: vec![], inverse_of: None });
            }
            used.sort_unstable();
            used.iter().rev().for_each(|m| {
                left.remove(*m);
            });
            if power > 1 {
                let power = self.pool.integer(power - 1);
                self.pool.under(&[power]).into_iter().for_each(|e| self.lower(e));
                left.push(Factor { power, ..f });
            }
            k = 0;
        }
        (found, left)
    }

    /// Σ_l shift(a)[i,l] shift(b)[j,l] is shift(a − b)[i,j] where nothing of it is cut off: at one end an offset is 0, at the other a shift
    /// reaches its last row. Gives such pairs as masks, and the factors left.
    fn shifts(&mut self, mut left: Vec<Factor>, out: &[Label]) -> (Vec<Operand>, Vec<Factor>) {
        let mut found = vec![];
        let shift = |pool: &Pool, f: &Factor| match pool.node(f.base) {
            Node::Pattern(Pattern::Shift { offset, rows, cols }) => Some((*offset, *rows, *cols)),
            _ => None,
        };
        let mut k = 0;
        while k < left.len() {
            let f = left[k].clone();
            k += 1;
            let Some((a, rows, cols)) = shift(self.pool, &f) else { continue };
            let l = f.labels[1];
            let on: Vec<usize> = (0..left.len()).filter(|m| left[*m].labels.contains(&l)).collect();
            let [first, second] = on[..] else { continue };
            let g = left[if first == k - 1 { second } else { first }].clone();
            let Some((b, others, _)) = shift(self.pool, &g) else { continue };
            if out.contains(&l) || g.labels[1] != l || g.labels[0] == f.labels[0] {
                continue;
            }
            if !self.pool.is_inside(a, rows, cols) || !self.pool.is_inside(b, others, cols) {
                continue;
            }
            let dims = &mut self.pool.dims;
            let starts = dims.as_integer(a) == Some(0) || dims.as_integer(b) == Some(0);
            let ends = dims.add(a, cols) == rows || dims.add(b, cols) == others;
            if !starts || !ends {
                continue;
            }
            let offset = dims.subtract(a, b);
            let op = Op::Mask(Mask::Shift(self.size(offset)));
            let axes = self.sizes(&[rows, others]);
            let value = self.step(op, axes, true);
            found.push(Operand { value, labels: vec![f.labels[0], g.labels[0]], inverse_of: None });
            left.remove(second);
            left.remove(first);
            k = 0;
        }
        (found, left)
    }

    /// Whether a factor is a reciprocal norm (or root of a sum of squares) beside the very thing that vanishes with it.
    fn vanishes_beside(&self, f: &Factor, factors: &[Factor]) -> bool {
        let negative = self.pool.as_number(f.power).is_some_and(|p| p < Rational::from_integer(0));
        let argument = match self.pool.node(f.base) {
            Node::Apply(g, args) if g.row().name == "norm2" => args[0],
            Node::Product { factors, out, .. }
                if out.is_empty() && factors.len() == 1 && self.pool.as_integer(factors[0].power) == Some(2) =>
            {
                factors[0].base
            }
            _ => return false,
        };
        let inner: Vec<Expr> = match self.pool.node(argument) {
            Node::Product { factors, .. } => factors.iter().map(|f| f.base).collect(),
            _ => vec![argument],
        };
        let present = |e: &Expr| factors.iter().any(|f| f.base == *e && self.pool.as_integer(f.power).is_some_and(|k| k > 0));
        negative && inner.iter().all(present)
    }

    fn operand(&mut self, f: &Factor, beside: &[Factor]) -> Operand {
        let base = self.values[&f.base];
        let one = self.pool.as_integer(f.power) == Some(1);
        let inverse_of = match self.pool.node(f.base) {
            Node::Apply(g, args) if g.row().name == "inv" && one && f.labels.len() == 2 && f.labels[0] != f.labels[1] => {
                Some(self.values[&args[0]])
            }
            _ => None,
        };
        if one {
            return Operand { value: base, labels: f.labels.clone(), inverse_of };
        }
        let power = self.values[&f.power];
        let axes = self.program.steps[base.0 as usize].axes.clone();
        let op = if self.purpose == Purpose::Derivative && self.vanishes_beside(f, beside) {
            Op::GuardedPower(base, power)
        } else {
            Op::Power(base, power)
        };
        Operand { value: self.step(op, axes, false), labels: f.labels.clone(), inverse_of }
    }

    fn join(&mut self, left: Operand, right: Operand, kept: Vec<Label>, sizes: &[Size]) -> Operand {
        for (inverse, other) in [(&left, &right), (&right, &left)] {
            if let Some(solved) = self.solve(inverse, other, &kept, sizes) {
                return solved;
            }
        }
        let axes = kept.iter().map(|l| sizes[*l as usize].clone()).collect();
        let mask = [&left, &right].iter().all(|o| self.program.steps[o.value.0 as usize].mask);
        let op = Op::Contract {
            operands: vec![(left.value, left.labels), (right.value, right.labels)],
            out: kept.clone(),
            sizes: sizes.to_vec(),
        };
        Operand { value: self.step(op, axes, mask), labels: kept, inverse_of: None }
    }

    /// inv(A)[i,j] · B[j,…] as the solution of A·X = B.
    fn solve(&mut self, inverse: &Operand, other: &Operand, kept: &[Label], sizes: &[Size]) -> Option<Operand> {
        let matrix = inverse.inverse_of?;
        let (transposed, free, summed) = match (kept.contains(&inverse.labels[0]), kept.contains(&inverse.labels[1])) {
            (true, false) => (false, inverse.labels[0], inverse.labels[1]),
            (false, true) => (true, inverse.labels[1], inverse.labels[0]),
            _ => return None,
        };
        // The right side's other axes must be distinct and all stay.
        let rest: Vec<Label> = other.labels.iter().filter(|l| **l != summed).copied().collect();
        let fits = other.labels.contains(&summed)
            && rest.len() + 1 == other.labels.len()
            && rest.iter().enumerate().all(|(k, l)| kept.contains(l) && *l != free && !rest[..k].contains(l));
        if !fits {
            return None;
        }
        let of = |labels: &[Label]| labels.iter().map(|l| sizes[*l as usize].clone()).collect::<Vec<_>>();
        let first = [vec![summed], rest.clone()].concat();
        let right = if other.labels == first {
            other.value
        } else {
            let op = Op::Contract { operands: vec![(other.value, other.labels.clone())], out: first.clone(), sizes: sizes.to_vec() };
            self.step(op, of(&first), false)
        };
        let labels = [vec![free], rest].concat();
        let value = self.step(Op::Solve { matrix, right, transposed }, of(&labels), false);
        Some(Operand { value, labels, inverse_of: None })
    }
}

/// Adds up terms with one value, which had different names.
fn merge(terms: &mut Vec<(f64, Value)>) {
    let mut merged: Vec<(f64, Value)> = vec![];
    for (c, v) in terms.drain(..) {
        match merged.iter_mut().find(|t| t.1 == v) {
            Some(t) => t.0 += c,
            None => merged.push((c, v)),
        }
    }
    *terms = merged;
}

fn union(a: &[Label], b: &[Label]) -> Vec<Label> {
    let mut out: Vec<Label> = a.iter().chain(b).copied().collect();
    out.sort_unstable();
    out.dedup();
    out
}
