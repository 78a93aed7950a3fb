//! Small programs as one straight line of operations over one array: no passes, no blocks, nothing looked up.
//!
//! Every entry of every value has a place in the array or is a known number; what is known is folded, what is only renamed costs nothing.
//! Runs of entries are computed by vectors, single ones one by one.

use super::chains::{binary, unary};
use super::graph::{Graph, Id, Index, Kind, Operand};
use super::run::Number;
use super::tasks::Place;
use crate::array::strides;
use hesse_kernels::{Binary, Real, Unary, vector};
use std::collections::HashMap;

/// Most places of the array, and most operations.
const MOST: usize = 1 << 13;

/// Runs shorter than this are computed one by one.
const RUN: usize = 4;

/// Largest whole exponent that is multiplied out.
const MULTIPLIED: f64 = 32.0;

/// An entry of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    /// Known when the tape is made.
    Number(f64),
    /// A place of the array.
    At(u32),
}

/// An operation; the places that it reads lie before the one that it writes.
#[derive(Clone, Copy, Debug)]
enum Op {
    Add {
        to: u32,
        a: u32,
        b: u32,
    },
    Subtract {
        to: u32,
        a: u32,
        b: u32,
    },
    Multiply {
        to: u32,
        a: u32,
        b: u32,
    },
    MultiplyAdd {
        to: u32,
        a: u32,
        b: u32,
        c: u32,
    },
    Unary {
        f: Unary,
        to: u32,
        a: u32,
    },
    Binary {
        f: Binary,
        to: u32,
        a: u32,
        b: u32,
    },
    Where {
        to: u32,
        c: u32,
        a: u32,
        b: u32,
    },
    Power {
        to: u32,
        a: u32,
        n: i32,
    },
    Call {
        f: fn(&[f64]) -> f64,
        to: u32,
        args: [u32; 3],
        arity: u8,
    },
    /// A function of a run.
    Run {
        f: Unary,
        n: u32,
        to: u32,
        a: u32,
    },
    /// A function of two runs, or of a run and one entry.
    Runs {
        f: Binary,
        n: u32,
        to: u32,
        a: u32,
        b: u32,
        steps: (bool, bool),
    },
    /// Σ a·b of two runs.
    Dot {
        n: u32,
        to: u32,
        a: u32,
        b: u32,
    },
    /// Entries put beside each other: `from[first..first + n]` says where they lie.
    Gather {
        n: u32,
        to: u32,
        first: u32,
    },
}

/// Numbers copied from the array to an output.
#[derive(Clone, Copy, Debug)]
struct Copy {
    output: usize,
    to: usize,
    from: Entry,
    n: usize,
}

/// A tape with its array.
#[derive(Debug)]
pub struct Tape<T> {
    code: Vec<Op>,
    from: Vec<u32>,
    array: Vec<T>,
    /// For each input: its length and its first place.
    inputs: Vec<(usize, usize, usize)>,
    copies: Vec<Copy>,
}

/// The tape of a graph, if it is small and element-wise enough.
pub fn tape<T: Number>(graph: &Graph, wanted: &[(Id, Place)], inputs: &HashMap<usize, usize>) -> Option<Tape<T>> {
    let roots: Vec<Id> = wanted.iter().map(|w| w.0).collect();
    let need = super::refine::needed(graph, &roots);
    // Entries are listed one by one: not those of what is too large for an array of this size anyway.
    if (0..graph.nodes.len()).any(|k| need[k] && graph.nodes[k].len() > MOST) {
        return None;
    }
    let mut w = Writer {
        graph,
        code: vec![],
        from: vec![],
        numbers: HashMap::new(),
        next: 0,
        initial: vec![],
        entries: vec![None; graph.nodes.len()],
    };
    let mut places = vec![];
    for (k, node) in graph.nodes.iter().enumerate().filter(|(k, _)| need[*k]) {
        if let Kind::Input(i) = node.kind {
            let first = w.next;
            w.next += node.len() as u32;
            w.entries[k] = Some((first..w.next).map(Entry::At).collect());
            places.push((i, node.len(), first as usize));
            // Inputs in memory row by row only.
            if inputs.get(&i) != Some(&node.len()) {
                return None;
            }
        }
        if w.next as usize > MOST {
            return None;
        }
    }
    w.together(&need);
    for k in (0..graph.nodes.len()).filter(|k| need[*k]) {
        if w.entries[k].is_none() {
            let made = w.node(Id(k as u32))?;
            w.entries[k] = Some(made);
        }
        if w.next as usize > MOST || w.code.len() > MOST {
            return None;
        }
    }
    let mut copies: Vec<Copy> = vec![];
    for (id, place) in wanted {
        let Place::Output(output) = *place else { return None };
        for (to, from) in w.entries[id.at()].clone()?.into_iter().enumerate() {
            match (copies.last_mut(), from) {
                (Some(Copy { output: o, to: t, from: Entry::At(a), n }), Entry::At(b))
                    if *o == output && *t + *n == to && *a as usize + *n == b as usize =>
                {
                    *n += 1
                }
                _ => copies.push(Copy { output, to, from, n: 1 }),
            }
        }
    }
    let mut array = vec![T::default(); w.next as usize];
    for (place, x) in &w.initial {
        array[*place as usize] = Real::from_f64(*x);
    }
    Some(Tape { code: w.code, from: w.from, array, inputs: places, copies })
}

struct Writer<'g> {
    graph: &'g Graph,
    code: Vec<Op>,
    from: Vec<u32>,
    /// Places of numbers.
    numbers: HashMap<u64, u32>,
    initial: Vec<(u32, f64)>,
    next: u32,
    entries: Vec<Option<Vec<Entry>>>,
}

impl Writer<'_> {
    fn place(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// The place of an entry; a number gets one.
    fn at(&mut self, e: Entry) -> u32 {
        match e {
            Entry::At(p) => p,
            Entry::Number(x) => match self.numbers.get(&x.to_bits()) {
                Some(p) => *p,
                None => {
                    let p = self.place();
                    self.numbers.insert(x.to_bits(), p);
                    self.initial.push((p, x));
                    p
                }
            },
        }
    }

    /// Functions of single entries of inputs (sines of joint angles above all) that are many are one run.
    fn together(&mut self, need: &[bool]) {
        let mut groups: Vec<(Unary, Vec<(usize, u32)>)> = vec![];
        for (k, node) in self.graph.nodes.iter().enumerate().filter(|(k, _)| need[*k]) {
            let Kind::Map(f, args) = &node.kind else { continue };
            let ([o], Some(u), true) = (&args[..], unary(f.row().name), node.shape.is_empty()) else { continue };
            let Some(of) = self.entries[o.node.at()].as_ref() else { continue };
            let flat = strides(self.graph.shape(o.node))
                .iter()
                .zip(&o.index)
                .map(|(s, i)| if let Index::At(k) = i { k * s } else { 0 })
                .sum::<usize>();
            if let Entry::At(a) = of[flat] {
                match groups.iter_mut().find(|g| g.0 == u) {
                    Some(g) => g.1.push((k, a)),
                    None => groups.push((u, vec![(k, a)])),
                }
            }
        }
        for (f, members) in groups.into_iter().filter(|g| g.1.len() >= RUN) {
            let n = members.len() as u32;
            let first = self.from.len() as u32;
            self.from.extend(members.iter().map(|m| m.1));
            let (a, to) = (self.next, self.next + n);
            self.next += 2 * n;
            self.code.push(Op::Gather { n, to: a, first });
            self.code.push(Op::Run { f, n, to, a });
            for (j, (k, _)) in members.into_iter().enumerate() {
                self.entries[k] = Some(vec![Entry::At(to + j as u32)]);
            }
        }
    }

    /// The entries of an operand over the labels of its reader, row-major over `extents`.
    fn read(&self, o: &Operand, extents: &[usize]) -> Option<Vec<Entry>> {
        let of = self.entries[o.node.at()].as_ref()?;
        let steps = strides(self.graph.shape(o.node));
        let mut start = 0i64;
        let mut by_label = vec![0usize; extents.len()];
        for (i, step) in o.index.iter().zip(&steps) {
            match *i {
                Index::At(k) => start += (k * step) as i64,
                Index::Along(l, shift) => {
                    by_label[l] += step;
                    start += shift * *step as i64;
                }
            }
        }
        let count: usize = extents.iter().product();
        let mut index = vec![0usize; extents.len()];
        let mut at = usize::try_from(start).ok()?;
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(*of.get(at)?);
            for l in (0..extents.len()).rev() {
                index[l] += 1;
                at += by_label[l];
                if index[l] < extents[l] {
                    break;
                }
                at -= by_label[l] * extents[l];
                index[l] = 0;
            }
        }
        Some(out)
    }

    fn unary(&mut self, f: Unary, a: &[Entry]) -> Vec<Entry> {
        if let Some(first) = run_of(a) {
            let (n, to) = (a.len() as u32, self.next);
            self.next += n;
            self.code.push(Op::Run { f, n, to, a: first });
            return (to..to + n).map(Entry::At).collect();
        }
        a.iter()
            .map(|e| match *e {
                Entry::Number(x) => Entry::Number(f.at(x)),
                Entry::At(a) => {
                    let to = self.place();
                    self.code.push(Op::Unary { f, to, a });
                    Entry::At(to)
                }
            })
            .collect()
    }

    fn binary(&mut self, f: Binary, a: &[Entry], b: &[Entry]) -> Vec<Entry> {
        // Whole runs, or a run and one entry: what cannot be folded anyway.
        let (ra, rb) = (run_of(a), run_of(b));
        let (sa, sb) = (same(a), same(b));
        let plain = |e: Option<Entry>| e.is_some_and(|e| !foldable(f, e));
        if a.len() >= RUN && (ra.is_some() || plain(sa)) && (rb.is_some() || plain(sb)) && (ra.is_some() || rb.is_some()) {
            let n = a.len() as u32;
            let pa = match (ra, sa) {
                (Some(p), _) => p,
                (None, Some(e)) => self.at(e),
                (None, None) => 0,
            };
            let pb = match (rb, sb) {
                (Some(p), _) => p,
                (None, Some(e)) => self.at(e),
                (None, None) => 0,
            };
            let to = self.next;
            self.next += n;
            self.code.push(Op::Runs { f, n, to, a: pa, b: pb, steps: (ra.is_some(), rb.is_some()) });
            return (to..to + n).map(Entry::At).collect();
        }
        a.iter().zip(b).map(|(a, b)| self.one(f, *a, *b)).collect()
    }

    /// A function of two entries, folded where one of them is known and tells.
    fn one(&mut self, f: Binary, a: Entry, b: Entry) -> Entry {
        let number = |e: Entry| if let Entry::Number(x) = e { Some(x) } else { None };
        match (f, number(a), number(b)) {
            (_, Some(x), Some(y)) => return Entry::Number(f.at(x, y)),
            (Binary::Add, Some(0.0), _) | (Binary::Multiply, Some(1.0), _) => return b,
            (Binary::Add | Binary::Subtract, _, Some(0.0)) | (Binary::Multiply | Binary::Divide, _, Some(1.0)) => return a,
            (Binary::Select, Some(x), _) => return if x != 0.0 { b } else { Entry::Number(0.0) },
            (Binary::Subtract, Some(0.0), _) => {
                let a = self.at(b);
                let to = self.place();
                self.code.push(Op::Unary { f: Unary::Negate, to, a });
                return Entry::At(to);
            }
            _ => {}
        }
        let (a, b) = (self.at(a), self.at(b));
        let to = self.place();
        self.code.push(match f {
            Binary::Add => Op::Add { to, a, b },
            Binary::Subtract => Op::Subtract { to, a, b },
            Binary::Multiply => Op::Multiply { to, a, b },
            f => Op::Binary { f, to, a, b },
        });
        Entry::At(to)
    }

    /// Π of factors entry by entry, masks last.
    fn product(&mut self, factors: &[(Vec<Entry>, bool)], n: usize) -> Vec<Entry> {
        let of = |w: &mut Self, mask: bool| -> Option<Vec<Entry>> {
            let mut all = factors.iter().filter(|f| f.1 == mask);
            let mut product = all.next()?.0.clone();
            for f in all {
                product = w.binary(Binary::Multiply, &product, &f.0);
            }
            Some(product)
        };
        match (of(self, true), of(self, false)) {
            (Some(mask), Some(rest)) => self.binary(Binary::Select, &mask, &rest),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => vec![Entry::Number(1.0); n],
        }
    }

    fn node(&mut self, id: Id) -> Option<Vec<Entry>> {
        let node = self.graph.node(id);
        let shape = node.shape.clone();
        let n = node.len();
        Some(match &node.kind {
            Kind::Number(x) => vec![Entry::Number(x.number())],
            Kind::Zeros => vec![Entry::Number(0.0); n],
            Kind::Lower => (0..n).map(|k| Entry::Number(if k / shape[1] >= k % shape[1] { 1.0 } else { 0.0 })).collect(),
            Kind::Combine(terms) => {
                let mut sum: Option<Vec<Entry>> = None;
                for (c, o) in terms {
                    let (c, x) = (c.number(), self.read(o, &shape)?);
                    sum = Some(match sum {
                        None if c == 1.0 => x,
                        None if c == -1.0 => self.unary(Unary::Negate, &x),
                        None => self.binary(Binary::Multiply, &vec![Entry::Number(c); n], &x),
                        Some(s) if c == 1.0 => self.binary(Binary::Add, &s, &x),
                        Some(s) if c == -1.0 => self.binary(Binary::Subtract, &s, &x),
                        Some(s) => {
                            let x = self.binary(Binary::Multiply, &vec![Entry::Number(c); n], &x);
                            self.binary(Binary::Add, &s, &x)
                        }
                    });
                }
                sum.unwrap_or_else(|| vec![Entry::Number(0.0); n])
            }
            Kind::Map(f, args) => {
                let read: Vec<Vec<Entry>> = args.iter().map(|o| self.read(o, &shape)).collect::<Option<_>>()?;
                let name = f.row().name;
                match &read[..] {
                    [a] if unary(name).is_some() => self.unary(unary(name)?, a),
                    [a, b] if binary(name).is_some() => self.binary(binary(name)?, a, b),
                    _ => (0..n).map(|k| self.call(f.row().value, name, &read, k)).collect(),
                }
            }
            Kind::Power { base, exponent, guarded } => {
                let a = self.read(base, &shape)?;
                let p = self.power(&a, exponent.number());
                if *guarded { self.binary(Binary::Select, &a, &p) } else { p }
            }
            Kind::PowerBy { base, exponent, guarded } => {
                let (a, b) = (self.read(base, &shape)?, self.read(exponent, &shape)?);
                let p = self.binary(Binary::Power, &a, &b);
                if *guarded { self.binary(Binary::Select, &a, &p) } else { p }
            }
            Kind::Contract { operands, summed } => {
                let mut extents = shape.clone();
                extents.extend(summed);
                let inner: usize = summed.iter().product();
                if n.saturating_mul(inner).saturating_mul(operands.len()) > MOST * 4 {
                    return None;
                }
                let mut factors = vec![];
                for o in operands {
                    factors.push((self.read(o, &extents)?, self.graph.node(o.node).mask));
                }
                if summed.is_empty() {
                    return Some(self.product(&factors, n));
                }
                (0..n).map(|k| self.sum(&factors, k * inner..(k + 1) * inner)).collect()
            }
            Kind::Gram { of, weight, summed } => {
                let side = shape[0];
                // At the labels 0 (column of the matrix), 1 (unused), 2 (row of it).
                let a = self.read(of, &[side, 1, *summed])?;
                let w = match weight {
                    Some(w) => Some(self.read(w, &[1, 1, *summed])?),
                    None => None,
                };
                if n * summed > MOST * 4 {
                    return None;
                }
                let mut out = vec![Entry::Number(0.0); n];
                for i in 0..side {
                    for j in 0..=i {
                        let row = |k: usize| a[k * summed..(k + 1) * summed].to_vec();
                        let mut factors = vec![(row(i), false), (row(j), false)];
                        factors.extend(w.clone().map(|w| (w, false)));
                        out[i * side + j] = self.sum(&factors, 0..*summed);
                        out[j * side + i] = out[i * side + j];
                    }
                }
                out
            }
            Kind::Spread { of, index } => {
                let values = self.entries[of.at()].clone()?;
                let steps = strides(&shape);
                let inner = self.graph.shape(*of).to_vec();
                let mut out = vec![Entry::Number(0.0); n];
                for (flat, x) in values.into_iter().enumerate() {
                    let mut rest = flat;
                    let mut labels = vec![0usize; inner.len()];
                    for l in (0..inner.len()).rev() {
                        labels[l] = rest % inner[l];
                        rest /= inner[l];
                    }
                    let position = |i: &Index| match *i {
                        Index::At(k) => k as i64,
                        Index::Along(l, shift) => labels[l] as i64 + shift,
                    };
                    let at: i64 = index.iter().zip(&steps).map(|(i, s)| position(i) * *s as i64).sum();
                    *out.get_mut(usize::try_from(at).ok()?)? = x;
                }
                out
            }
            _ => return None,
        })
    }

    fn call(&mut self, f: fn(&[f64]) -> f64, name: &str, read: &[Vec<Entry>], k: usize) -> Entry {
        let args: Vec<Entry> = read.iter().map(|r| r[k]).collect();
        let numbers: Option<Vec<f64>> = args.iter().map(|e| if let Entry::Number(x) = e { Some(*x) } else { None }).collect();
        if let Some(x) = numbers {
            return Entry::Number(f(&x));
        }
        if name == "where"
            && let Entry::Number(c) = args[0]
        {
            return if c != 0.0 { args[1] } else { args[2] };
        }
        let places: Vec<u32> = args.iter().map(|e| self.at(*e)).collect();
        let to = self.place();
        self.code.push(match places[..] {
            [c, a, b] if name == "where" => Op::Where { to, c, a, b },
            _ => {
                let get = |k: usize| places.get(k).or(places.first()).copied().unwrap_or(0);
                Op::Call { f, to, args: [get(0), get(1), get(2)], arity: places.len() as u8 }
            }
        });
        Entry::At(to)
    }

    fn power(&mut self, a: &[Entry], p: f64) -> Vec<Entry> {
        match p {
            1.0 => a.to_vec(),
            0.0 => vec![Entry::Number(1.0); a.len()],
            2.0 => self.unary(Unary::Square, a),
            0.5 => self.unary(Unary::Sqrt, a),
            -1.0 => self.unary(Unary::Reciprocal, a),
            -0.5 => {
                let r = self.unary(Unary::Sqrt, a);
                self.unary(Unary::Reciprocal, &r)
            }
            p if p.fract() == 0.0 && p.abs() <= MULTIPLIED => a
                .iter()
                .map(|e| {
                    let a = self.at(*e);
                    let to = self.place();
                    self.code.push(Op::Power { to, a, n: p as i32 });
                    Entry::At(to)
                })
                .collect(),
            p => self.binary(Binary::Power, a, &vec![Entry::Number(p); a.len()]),
        }
    }

    /// Σ over these positions of Π factors.
    fn sum(&mut self, factors: &[(Vec<Entry>, bool)], range: std::ops::Range<usize>) -> Entry {
        let parts: Vec<&[Entry]> = factors.iter().map(|f| &f.0[range.clone()]).collect();
        if let [a, b] = parts[..]
            && factors.iter().all(|f| !f.1)
        {
            if let (Some(pa), Some(pb)) = (run_of(a), run_of(b)) {
                let to = self.place();
                self.code.push(Op::Dot { n: a.len() as u32, to, a: pa, b: pb });
                return Entry::At(to);
            }
            let mut sum = Entry::Number(0.0);
            for (a, b) in a.iter().zip(b) {
                sum = match (sum, *a, *b) {
                    (Entry::At(c), Entry::At(a), Entry::At(b)) => {
                        let to = self.place();
                        self.code.push(Op::MultiplyAdd { to, a, b, c });
                        Entry::At(to)
                    }
                    (sum, a, b) => {
                        let x = self.one(Binary::Multiply, a, b);
                        self.one(Binary::Add, sum, x)
                    }
                };
            }
            return sum;
        }
        let own: Vec<(Vec<Entry>, bool)> = parts.iter().zip(factors).map(|(p, f)| (p.to_vec(), f.1)).collect();
        let product = self.product(&own, range.len());
        product.into_iter().fold(Entry::Number(0.0), |sum, x| self.one(Binary::Add, sum, x))
    }
}

/// Whether such a factor or term, known, saves an operation.
fn foldable(f: Binary, e: Entry) -> bool {
    match e {
        Entry::Number(x) => f == Binary::Select || x == 0.0 || x == 1.0,
        Entry::At(_) => false,
    }
}

/// The first place of entries that lie one behind the other and are worth a vector.
fn run_of(a: &[Entry]) -> Option<u32> {
    let (Some(Entry::At(first)), true) = (a.first().copied(), a.len() >= RUN) else { return None };
    a.iter().enumerate().all(|(k, e)| *e == Entry::At(first + k as u32)).then_some(first)
}

/// The entry that all of these are.
fn same(a: &[Entry]) -> Option<Entry> {
    let first = *a.first()?;
    a.iter().all(|e| *e == first).then_some(first)
}

impl<T: Number> Tape<T> {
    /// Runs; lengths were checked.
    pub fn call(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) {
        let array = &mut self.array[..];
        for &(i, n, first) in &self.inputs {
            array[first..first + n].copy_from_slice(&inputs[i][..n]);
        }
        for op in &self.code {
            run(op, array, &self.from);
        }
        for c in &self.copies {
            let to = &mut outputs[c.output][c.to..c.to + c.n];
            match c.from {
                Entry::Number(x) => to[0] = Real::from_f64(x),
                Entry::At(p) if c.n == 1 => to[0] = array[p as usize],
                Entry::At(p) => to.copy_from_slice(&array[p as usize..p as usize + c.n]),
            }
        }
    }

    /// Operations.
    pub fn len(&self) -> usize {
        self.code.len()
    }

    /// Whether nothing is computed.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty()
    }
}

#[inline(always)]
fn run<T: Number>(op: &Op, x: &mut [T], from: &[u32]) {
    match *op {
        Op::Add { to, a, b } => x[to as usize] = x[a as usize] + x[b as usize],
        Op::Subtract { to, a, b } => x[to as usize] = x[a as usize] - x[b as usize],
        Op::Multiply { to, a, b } => x[to as usize] = x[a as usize] * x[b as usize],
        Op::MultiplyAdd { to, a, b, c } => x[to as usize] = x[a as usize] * x[b as usize] + x[c as usize],
        Op::Unary { f: Unary::Negate, to, a } => x[to as usize] = -x[a as usize],
        Op::Unary { f, to, a } => x[to as usize] = f.at(x[a as usize]),
        Op::Binary { f, to, a, b } => x[to as usize] = f.at(x[a as usize], x[b as usize]),
        Op::Where { to, c, a, b } => x[to as usize] = if x[c as usize] != T::default() { x[a as usize] } else { x[b as usize] },
        Op::Power { to, a, n } => x[to as usize] = x[a as usize].power(f64::from(n)),
        Op::Call { f, to, args, arity } => {
            let y = args.map(|a| Real::to_f64(x[a as usize]));
            x[to as usize] = Real::from_f64(f(&y[..arity as usize]));
        }
        Op::Run { f, n, to, a } => {
            let (before, after) = x.split_at_mut(to as usize);
            f.map(&before[a as usize..(a + n) as usize], &mut after[..n as usize]);
        }
        Op::Runs { f, n, to, a, b, steps } => {
            let (before, after) = x.split_at_mut(to as usize);
            let to = &mut after[..n as usize];
            match steps {
                (true, true) => pairs(f, &before[a as usize..(a + n) as usize], &before[b as usize..(b + n) as usize], to),
                (true, false) => one_sided(f, &before[a as usize..(a + n) as usize], before[b as usize], false, to),
                (false, _) => one_sided(f, &before[b as usize..(b + n) as usize], before[a as usize], true, to),
            }
        }
        Op::Dot { n, to, a, b } => {
            let s = vector::dot(&x[a as usize..(a + n) as usize], &x[b as usize..(b + n) as usize]);
            x[to as usize] = s;
        }
        Op::Gather { n, to, first } => {
            for k in 0..n {
                x[(to + k) as usize] = x[from[(first + k) as usize] as usize];
            }
        }
    }
}

/// The cheap functions in loops that the compiler makes vectors of; the others by their kernels.
#[inline(always)]
fn pairs<T: Number>(f: Binary, a: &[T], b: &[T], to: &mut [T]) {
    let each = to.iter_mut().zip(a.iter().zip(b));
    match f {
        Binary::Add => each.for_each(|(y, (a, b))| *y = *a + *b),
        Binary::Subtract => each.for_each(|(y, (a, b))| *y = *a - *b),
        Binary::Multiply => each.for_each(|(y, (a, b))| *y = *a * *b),
        Binary::Select => each.for_each(|(y, (a, b))| *y = if *a != T::default() { *b } else { T::default() }),
        f => f.map(a, b, to),
    }
}

/// A run and one entry, which comes first if `first`.
#[inline(always)]
fn one_sided<T: Number>(f: Binary, a: &[T], b: T, first: bool, to: &mut [T]) {
    let each = to.iter_mut().zip(a);
    match (f, first) {
        (Binary::Add, _) => each.for_each(|(y, a)| *y = *a + b),
        (Binary::Multiply, _) => each.for_each(|(y, a)| *y = *a * b),
        (Binary::Subtract, false) => each.for_each(|(y, a)| *y = *a - b),
        (Binary::Subtract, true) => each.for_each(|(y, a)| *y = b - *a),
        (Binary::Select, true) => {
            let chosen = b != T::default();
            each.for_each(|(y, a)| *y = if chosen { *a } else { T::default() });
        }
        (f, true) => each.for_each(|(y, a)| *y = f.at(b, *a)),
        (f, false) => each.for_each(|(y, a)| *y = f.at(*a, b)),
    }
}
