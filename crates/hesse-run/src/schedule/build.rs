//! From a program to its graph: products as terms over labels, structure kept, products opened where that is cheaper.

use super::graph::*;
use super::rename::Rename;
use crate::interpret::{MAX_ELEMENTS, RunError, signed};
use crate::scalar::Scalar;
use hesse::facts::matrices::MatrixFunctionId;
use hesse::program::program::{self, Mask, Op, Program, Value};

/// A product with sums is distributed into at most this many terms.
const MOST_TERMS: usize = 64;

/// The shape of axes; arrays of it need not fit into memory.
pub fn shape(axes: &[program::Size], sizes: &[usize]) -> Result<Vec<usize>, RunError> {
    axes.iter().map(|a| a.bind(sizes).ok_or_else(|| RunError::new("E203", "a size is negative or too large"))).collect()
}

/// Builds the graph of a program. Gives for each output the terms that it is the sum of.
pub struct Builder<'a> {
    program: &'a Program,
    sizes: &'a [usize],
    /// The graph so far.
    pub graph: Graph,
    /// What each step became, when somebody needed it as an array.
    dense: Vec<Option<Id>>,
    /// Steps whose inverse is solved with and never written out.
    solved: Vec<bool>,
    /// How many products read each step, and whether anything else does.
    readers: Vec<(usize, bool)>,
    /// Steps whose product with themselves is a step.
    squared: Vec<bool>,
}

/// A product is taken apart into another one if together they have no more factors than this.
const OPENED: usize = 8;

impl<'a> Builder<'a> {
    /// A builder for these sizes.
    pub fn new(program: &'a Program, sizes: &'a [usize]) -> Builder<'a> {
        let mut b = Builder {
            program,
            sizes,
            graph: Graph::default(),
            dense: vec![None; program.steps.len()],
            solved: vec![],
            readers: vec![(0, false); program.steps.len()],
            squared: vec![false; program.steps.len()],
        };
        let mut squares: Vec<Value> = vec![];
        for step in &program.steps {
            // A multiple of a step is read as that step.
            let product = match &step.op {
                Op::Contract { operands, out, .. } => {
                    if let ([(a, _), (b, _)], [_, _]) = (&operands[..], &out[..])
                        && a == b
                    {
                        squares.push(*a);
                    }
                    true
                }
                Op::Combine(terms) => terms.len() == 1,
                _ => false,
            };
            for v in crate::interpret::reads(&step.op) {
                let r = &mut b.readers[v.0 as usize];
                r.0 += usize::from(product);
                r.1 |= !product;
            }
        }
        for o in &program.outputs {
            b.readers[o.value.0 as usize].1 = true;
        }
        squares.iter().for_each(|v| b.squared[v.0 as usize] = true);
        b.solved = b.inverses_to_solve();
        b
    }

    fn bound(&self, size: &program::Size) -> Result<i64, RunError> {
        signed(size, self.sizes).ok_or_else(|| RunError::new("E203", "a size is too large"))
    }

    /// Inverses that only stand in products beside something with fewer columns: a solution is cheaper than the inverse.
    fn inverses_to_solve(&self) -> Vec<bool> {
        let steps = &self.program.steps;
        let inverse = |v: Value| matches!(&steps[v.0 as usize].op, Op::Apply(f, _) if f.row().name == "inv");
        let mut solved: Vec<bool> = (0..steps.len()).map(|k| inverse(Value(k as u32))).collect();
        for step in steps {
            match &step.op {
                Op::Contract { operands, out, sizes } => {
                    for (k, (v, labels)) in operands.iter().enumerate() {
                        // One of its two labels is summed against another factor that is smaller than the matrix.
                        let beside = |l: &u32| {
                            !out.contains(l)
                                && operands.iter().enumerate().any(|(m, (other, theirs))| {
                                    m != k && theirs.contains(l) && !steps[other.0 as usize].mask && {
                                        let size = |l: &u32| sizes[*l as usize].bind(self.sizes).unwrap_or(1);
                                        let columns: usize = theirs.iter().filter(|t| *t != l).map(size).product();
                                        columns < size(l)
                                    }
                                })
                        };
                        let good = matches!(labels[..], [i, j] if i != j && (beside(&i) || beside(&j)));
                        solved[v.0 as usize] &= good;
                    }
                }
                op => crate::interpret::reads(op).iter().for_each(|v| solved[v.0 as usize] = false),
            }
        }
        for o in &self.program.outputs {
            solved[o.value.0 as usize] = false;
        }
        solved
    }

    /// The step as an array.
    pub fn dense(&mut self, v: Value) -> Result<Id, RunError> {
        let k = v.0 as usize;
        if let Some(id) = self.dense[k] {
            return Ok(id);
        }
        let step = &self.program.steps[k];
        let shape = shape(&step.axes, self.sizes)?;
        let rank = shape.len();
        let mask = step.mask;
        let id = match &step.op {
            Op::Input(i) => self.graph.add(Kind::Input(*i), shape, mask),
            Op::Constant(x) => self.scalar(*x, shape),
            Op::Size(size) => {
                let n = self.bound(size)?;
                self.scalar(n as f64, shape)
            }
            Op::Zeros => self.scalar(0.0, shape),
            Op::Mask(_) => {
                let term = self.term(v)?;
                self.materialise(term, shape, mask)?
            }
            Op::Combine(terms) => {
                let mut read = vec![];
                for (c, t) in terms {
                    let id = self.dense(*t)?;
                    read.push((Bits::of(*c), self.graph.through(Operand::whole(id, rank))));
                }
                self.combine(read, shape)
            }
            Op::Map(f, args) => {
                let mut read = vec![];
                for a in args {
                    let id = self.dense(*a)?;
                    read.push(self.graph.through(Operand::whole(id, rank)));
                }
                // max(x, x) is x, kink or not: both sides move together.
                if let [a, b] = &read[..]
                    && a == b
                    && matches!(f.row().name, "max" | "min")
                {
                    self.dense(args[0])?
                } else {
                    let numbers: Option<Vec<f64>> = read.iter().map(|o| self.graph.as_number(o.node)).collect();
                    match numbers {
                        Some(x) => self.scalar((f.row().value)(&x), shape),
                        None => self.graph.add(Kind::Map(*f, read), shape, mask),
                    }
                }
            }
            Op::Power(base, exponent) | Op::GuardedPower(base, exponent) => {
                let guarded = matches!(step.op, Op::GuardedPower(..));
                let (b, e) = (self.dense(*base)?, self.dense(*exponent)?);
                let base = self.graph.through(Operand::whole(b, rank));
                match (self.graph.as_number(base.node), self.graph.as_number(e)) {
                    (Some(x), Some(p)) if !guarded => self.scalar(Scalar::power(x, p), shape),
                    (_, Some(x)) => self.graph.add(Kind::Power { base, exponent: Bits::of(x), guarded }, shape, mask),
                    (_, None) => {
                        let exponent = self.graph.through(Operand { node: e, index: vec![] });
                        self.graph.add(Kind::PowerBy { base, exponent, guarded }, shape, mask)
                    }
                }
            }
            Op::Contract { .. } => {
                let mut terms = self.terms(v)?;
                match terms.pop() {
                    Some(term) if terms.is_empty() => self.materialise(term, shape, mask)?,
                    _ => self.terms_as_array(v, shape)?,
                }
            }
            Op::Apply(f, args) => self.apply(*f, args, shape, mask)?,
            Op::Adjugate(a) => {
                let a = self.dense(*a)?;
                self.graph.add(Kind::Plain(PlainOp::Adjugate, vec![a]), shape, mask)
            }
            Op::Others { array, kept } => {
                let a = self.dense(*array)?;
                self.graph.add(Kind::Plain(PlainOp::Others(*kept), vec![a]), shape, mask)
            }
            Op::Solve { matrix, right, transposed } => {
                let (a, right) = (self.dense(*matrix)?, self.dense(*right)?);
                let factor = self.factor(a);
                self.graph.add(Kind::Solve { factor, right, transposed: *transposed }, shape, mask)
            }
        };
        self.dense[k] = Some(id);
        Ok(id)
    }

    /// Numbers fold; a sum of one term with the coefficient 1 is that term.
    pub fn combine(&mut self, mut terms: Vec<(Bits, Operand)>, shape: Vec<usize>) -> Id {
        if terms.len() > 1 {
            terms.retain(|(_, o)| self.graph.as_number(o.node) != Some(0.0));
        }
        if terms.is_empty() {
            return self.scalar(0.0, shape);
        }
        if shape.is_empty() {
            let numbers: Option<f64> = terms.iter().map(|(c, o)| Some(c.number() * self.graph.as_number(o.node)?)).sum();
            if let Some(x) = numbers {
                return self.graph.number(x);
            }
        }
        if let [(c, o)] = &terms[..]
            && c.number() == 1.0
        {
            return self.view(o.clone(), shape);
        }
        self.graph.add(Kind::Combine(terms), shape, false)
    }

    /// An operand as a node of its own.
    fn view(&mut self, o: Operand, shape: Vec<usize>) -> Id {
        let same = o.index.iter().enumerate().all(|(k, i)| *i == Index::Along(k, 0)) && *self.graph.shape(o.node) == shape[..];
        if same {
            return o.node;
        }
        let mask = self.graph.node(o.node).mask;
        self.graph.add(Kind::Contract { operands: vec![o], summed: vec![] }, shape, mask)
    }

    fn scalar(&mut self, x: f64, shape: Vec<usize>) -> Id {
        let id = self.graph.number(x);
        self.view(Operand { node: id, index: vec![] }, shape)
    }

    fn factor(&mut self, a: Id) -> Id {
        let shape = self.graph.shape(a).to_vec();
        self.graph.add(Kind::Factor(a), shape, false)
    }

    fn apply(&mut self, f: MatrixFunctionId, args: &[Value], shape: Vec<usize>, mask: bool) -> Result<Id, RunError> {
        let mut ids = vec![];
        for a in args {
            ids.push(self.dense(*a)?);
        }
        let row = f.row();
        Ok(match (row.name, &ids[..]) {
            ("inv", [a]) => {
                let factor = self.factor(*a);
                self.graph.add(Kind::Inverse(factor), shape, mask)
            }
            ("det", [a]) => {
                let factor = self.factor(*a);
                self.graph.add(Kind::Determinant(factor), shape, mask)
            }
            ("logdet" | "logabsdet", [a]) => {
                let factor = self.factor(*a);
                self.graph.add(Kind::LogDeterminant { factor, signed: row.name == "logdet" }, shape, mask)
            }
            (_, [a]) if row.of == "any" => self.graph.add(Kind::Reduce(f, *a), shape, mask),
            _ => self.graph.add(Kind::Plain(PlainOp::Apply(f), ids), shape, mask),
        })
    }

    /// A step as a sum of terms, where it is one: what keeps its structure. A product with a sum of structured terms is distributed.
    pub fn terms(&mut self, v: Value) -> Result<Vec<Term>, RunError> {
        match self.program.steps[v.0 as usize].op.clone() {
            Op::Combine(parts) => {
                let mut all = vec![];
                for (c, t) in parts {
                    for mut term in self.terms(t)? {
                        term.coefficient *= c;
                        all.push(term);
                    }
                }
                Ok(all)
            }
            Op::Contract { operands, out, sizes } => {
                let mut choices: Vec<Vec<(f64, Value)>> = operands.iter().map(|o| self.alternatives(o.0)).collect();
                if choices.iter().fold(1usize, |n, c| n.saturating_mul(c.len())) > MOST_TERMS {
                    choices = operands.iter().map(|o| vec![(1.0, o.0)]).collect();
                }
                let mut picks = vec![0usize; choices.len()];
                let mut all = vec![];
                loop {
                    let picked: Vec<(f64, Value)> = picks.iter().zip(&choices).map(|(k, c)| c[*k]).collect();
                    let factors: Vec<(Value, &[u32])> = picked.iter().zip(&operands).map(|(p, o)| (p.1, &o.1[..])).collect();
                    let mut term = self.product(&factors, &out, &sizes)?;
                    term.coefficient *= picked.iter().map(|p| p.0).product::<f64>();
                    all.push(term);
                    let mut k = 0;
                    while k < picks.len() {
                        picks[k] += 1;
                        if picks[k] < choices[k].len() {
                            break;
                        }
                        picks[k] = 0;
                        k += 1;
                    }
                    if k == picks.len() {
                        return Ok(all);
                    }
                }
            }
            _ => Ok(vec![self.term(v)?]),
        }
    }

    /// The terms of a factor that is a sum of structured terms; otherwise the factor.
    fn alternatives(&self, v: Value) -> Vec<(f64, Value)> {
        match &self.program.steps[v.0 as usize].op {
            Op::Combine(parts) if parts.len() == 1 || parts.iter().any(|p| self.is_structured(p.1)) => {
                parts.iter().flat_map(|(c, t)| self.alternatives(*t).into_iter().map(move |(d, t)| (c * d, t))).collect()
            }
            _ => vec![(1.0, v)],
        }
    }

    /// Whether most of its entries are known to be 0, or it repeats itself.
    fn is_structured(&self, v: Value) -> bool {
        match &self.program.steps[v.0 as usize].op {
            Op::Contract { operands, out, .. } => {
                let repeats = out.iter().enumerate().any(|(k, l)| out[..k].contains(l));
                let masks =
                    operands.iter().any(|o| matches!(self.program.steps[o.0.0 as usize].op, Op::Mask(Mask::Shift(_) | Mask::Unit(_))));
                // An outer product is larger than its factors.
                let largest = operands.iter().map(|o| o.1.len()).max().unwrap_or(0);
                repeats || (masks && out.len() > 1) || (out.len() > 2 && largest < out.len())
            }
            Op::Combine(parts) => parts.iter().any(|p| self.is_structured(p.1)),
            _ => false,
        }
    }

    /// A sum of terms as an array.
    fn terms_as_array(&mut self, v: Value, shape: Vec<usize>) -> Result<Id, RunError> {
        let mut parts = vec![];
        for term in self.terms(v)? {
            let coefficient = term.coefficient;
            let id = self.materialise(Term { coefficient: 1.0, ..term }, shape.clone(), false)?;
            parts.push((Bits::of(coefficient), self.graph.through(Operand::whole(id, shape.len()))));
        }
        Ok(self.combine(parts, shape))
    }

    /// A product of these factors as one term.
    fn product(&mut self, factors: &[(Value, &[u32])], out: &[u32], sizes: &[program::Size]) -> Result<Term, RunError> {
        let mut rename = Rename { ranges: vec![], bindings: vec![], coefficient: 1.0, empty: false };
        rename.labels(&shape(sizes, self.sizes)?, factors.iter().flat_map(|f| f.1).chain(out));
        let opened = self.opened(factors, out, sizes)?;
        let mut kept = vec![];
        for (k, (v, labels)) in factors.iter().enumerate() {
            let labels: Vec<Index> = labels.iter().map(|l| Index::Along(*l as usize, 0)).collect();
            match (&self.program.steps[v.0 as usize].op, opened == Some(k)) {
                (Op::Contract { operands, out, sizes }, true) => {
                    self.open(&operands.clone(), &out.clone(), sizes, labels, &mut rename, &mut kept)?
                }
                _ => self.factor_of(*v, labels, &mut rename, &mut kept)?,
            }
        }
        let out = out.iter().map(|l| Index::Along(*l as usize, 0)).collect();
        Ok(rename.finish(kept, out))
    }

    /// The factor that is itself a sum of products and that it pays to take apart: tr(D·inv(S)·Dᵀ) is cheap by DᵀD, which D·inv(S) hides. Its
    /// own work is shared among whoever reads it.
    fn opened(&self, factors: &[(Value, &[u32])], out: &[u32], sizes: &[program::Size]) -> Result<Option<usize>, RunError> {
        let squared = |v: &Value| self.squared[v.0 as usize];
        let extents = shape(sizes, self.sizes)?;
        let own: Vec<usize> = out.iter().map(|l| *l as usize).collect();
        let whole: Vec<(Value, Vec<usize>)> = factors.iter().map(|(v, l)| (*v, l.iter().map(|l| *l as usize).collect())).collect();
        let mut best: Option<(f64, usize)> = None;
        for (k, (v, labels)) in factors.iter().enumerate() {
            let Op::Contract { operands, out: inner, sizes } = &self.program.steps[v.0 as usize].op else { continue };
            let summed = operands.iter().flat_map(|o| &o.1).any(|l| !inner.contains(l));
            if !summed || operands.len() + factors.len() > OPENED || self.is_structured(*v) || self.readers[v.0 as usize].1 {
                continue;
            }
            let first = extents.len();
            let inner_extents = shape(sizes, self.sizes)?;
            let inner_own: Vec<usize> = inner.iter().map(|l| *l as usize).collect();
            let inside: Vec<(Value, Vec<usize>)> = operands.iter().map(|(v, l)| (*v, l.iter().map(|l| *l as usize).collect())).collect();
            let apart = super::order::work(&whole, &own, &extents, &squared)
                + super::order::work(&inside, &inner_own, &inner_extents, &squared) / self.readers[v.0 as usize].0.max(1) as f64;
            // The labels of its result are those of this product, its summed ones are new.
            let mut all = extents.clone();
            all.extend(&inner_extents);
            let name = |l: &usize| inner_own.iter().position(|m| m == l).map_or(first + l, |p| labels[p] as usize);
            let mut together = whole.clone();
            together.remove(k);
            together.extend(inside.iter().map(|(v, l)| (*v, l.iter().map(name).collect())));
            let one = super::order::work(&together, &own, &all, &squared);
            if one < 0.9 * apart && best.is_none_or(|b| one < b.0) {
                best = Some((one, k));
            }
        }
        Ok(best.map(|b| b.1))
    }

    /// Adds the factors of a product in place of the product.
    fn open(
        &mut self,
        operands: &[(Value, Vec<u32>)],
        out: &[u32],
        sizes: &[program::Size],
        labels: Vec<Index>,
        rename: &mut Rename,
        kept: &mut Vec<Operand>,
    ) -> Result<(), RunError> {
        let first = rename.ranges.len();
        rename.labels(&shape(sizes, self.sizes)?, operands.iter().flat_map(|o| &o.1).chain(out));
        for (l, outside) in out.iter().zip(labels) {
            rename.bind(Index::Along(first + *l as usize, 0), outside);
        }
        for (v, labels) in operands {
            let labels = labels.iter().map(|l| Index::Along(first + *l as usize, 0)).collect();
            self.factor_of(*v, labels, rename, kept)?;
        }
        Ok(())
    }

    /// A step as one term.
    fn term(&mut self, v: Value) -> Result<Term, RunError> {
        let step = &self.program.steps[v.0 as usize];
        let shape = shape(&step.axes, self.sizes)?;
        match &step.op {
            Op::Mask(_) => {
                let rank = shape.len();
                let mut rename =
                    Rename { ranges: shape.iter().map(|n| (0, *n)).collect(), bindings: vec![None; rank], coefficient: 1.0, empty: false };
                let labels: Vec<Index> = (0..rank).map(|l| Index::Along(l, 0)).collect();
                let mut kept = vec![];
                self.factor_of(v, labels.clone(), &mut rename, &mut kept)?;
                Ok(rename.finish(kept, labels))
            }
            _ => {
                let id = self.dense(v)?;
                let o = self.graph.through(Operand::whole(id, shape.len()));
                let labels = (0..shape.len()).map(|l| Index::Along(l, 0)).collect();
                Ok(Term { coefficient: 1.0, operands: vec![o], out: labels, ranges: shape.iter().map(|n| (0, *n)).collect() })
            }
        }
    }

    /// Adds a factor at these positions: a constant 0/1 array binds labels, anything else is an operand.
    fn factor_of(&mut self, v: Value, labels: Vec<Index>, rename: &mut Rename, kept: &mut Vec<Operand>) -> Result<(), RunError> {
        let step = &self.program.steps[v.0 as usize];
        match &step.op {
            Op::Mask(Mask::Unit(at)) => {
                let (at, n) = (self.bound(at)?, shape(&step.axes, self.sizes)?[0]);
                match usize::try_from(at) {
                    Ok(k) if k < n => rename.bind(labels[0], Index::At(k)),
                    _ => return Err(RunError::new("E109", format!("there is no entry {} among {n}", at + 1))),
                }
            }
            Op::Mask(Mask::Shift(offset)) => {
                let offset = self.bound(offset)?;
                let second = match labels[1] {
                    Index::Along(l, o) => Index::Along(l, o + offset),
                    Index::At(k) => match usize::try_from(k as i64 + offset) {
                        Ok(k) => Index::At(k),
                        Err(_) => {
                            rename.empty = true;
                            return Ok(());
                        }
                    },
                };
                rename.bind(labels[0], second);
            }
            Op::Mask(Mask::Lower) => {
                let shape = shape(&step.axes, self.sizes)?;
                let id = self.graph.add(Kind::Lower, shape, true);
                kept.push(Operand { node: id, index: labels });
            }
            Op::Contract { operands, out, sizes } if self.is_structured(v) => {
                // Its factors are factors of this product, its labels new ones; where its result has zeros the labels are bound.
                let (operands, out) = (operands.clone(), out.clone());
                self.open(&operands, &out, sizes, labels, rename, kept)?;
            }
            Op::Apply(_, args) if self.solved[v.0 as usize] => {
                // The inverse stays a factorization here; whoever orders the product solves with it.
                let a = self.dense(args[0])?;
                let factor = self.factor(a);
                kept.push(Operand { node: factor, index: labels });
            }
            _ => {
                let id = self.dense(v)?;
                match self.graph.as_number(id) {
                    Some(x) if labels.is_empty() => rename.coefficient *= x,
                    _ => {
                        // A product that was kept apart is one product with this one, if nothing else needs it.
                        kept.push(self.graph.through(Operand { node: id, index: labels }));
                    }
                }
            }
        }
        Ok(())
    }

    /// A term as an array.
    pub fn materialise(&mut self, term: Term, shape: Vec<usize>, mask: bool) -> Result<Id, RunError> {
        if shape.iter().try_fold(1usize, |n, k| n.checked_mul(*k)).is_none_or(|n| n > MAX_ELEMENTS) {
            return Err(RunError::new("E609", format!("an array of shape {shape:?} holds more than {MAX_ELEMENTS} elements")));
        }
        if term.coefficient == 0.0 && term.operands.is_empty() {
            return Ok(self.graph.add(Kind::Zeros, shape, true));
        }
        let compact = super::order::compact(&mut self.graph, &term);
        let value = self.scaled(compact.node, term.coefficient);
        Ok(self.placed(value, compact.labels, &term, shape, mask))
    }

    /// A node times a number.
    pub fn scaled(&mut self, node: Id, c: f64) -> Id {
        if c == 1.0 {
            return node;
        }
        let shape = self.graph.shape(node).to_vec();
        let o = self.graph.through(Operand::whole(node, shape.len()));
        self.combine(vec![(Bits::of(c), o)], shape)
    }

    /// The value of a term over these labels, laid out over the axes of the result.
    fn placed(&mut self, value: Id, labels: Vec<usize>, term: &Term, shape: Vec<usize>, mask: bool) -> Id {
        let position = |l: usize| labels.iter().position(|m| *m == l);
        let full = term.out.iter().zip(&shape).all(|(i, n)| matches!(i, Index::Along(l, 0) if term.ranges[*l] == (0, *n)));
        let repeated = term.out.iter().enumerate().any(|(k, i)| term.out[..k].contains(i));
        if full && !repeated {
            // Only renamed or broadcast.
            let mut index = vec![Index::At(0); labels.len()];
            for (axis, i) in term.out.iter().enumerate() {
                if let Index::Along(l, _) = i
                    && let Some(k) = position(*l)
                {
                    index[k] = Index::Along(axis, 0);
                }
            }
            let o = self.graph.through(Operand { node: value, index });
            return self.view(o, shape);
        }
        // Ranges and diagonals: the value over all labels of the result, then spread.
        let mut all: Vec<usize> = vec![];
        for i in &term.out {
            if let Index::Along(l, _) = i
                && !all.contains(l)
            {
                all.push(*l);
            }
        }
        let index = labels.iter().map(|l| all.iter().position(|m| m == l).map_or(Index::At(0), |k| Index::Along(k, 0))).collect();
        let box_shape: Vec<usize> = all.iter().map(|l| term.ranges[*l].1 - term.ranges[*l].0).collect();
        let o = self.graph.through(Operand { node: value, index });
        let value = self.view(o, box_shape);
        let index = term
            .out
            .iter()
            .map(|i| match *i {
                Index::At(k) => Index::At(k),
                Index::Along(l, offset) => {
                    let k = all.iter().position(|m| *m == l).unwrap_or(0);
                    Index::Along(k, offset + term.ranges[l].0 as i64)
                }
            })
            .collect();
        self.graph.add(Kind::Spread { of: value, index }, shape, mask)
    }
}
