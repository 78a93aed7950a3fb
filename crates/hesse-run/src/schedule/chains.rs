//! Element-wise nodes as instructions of one chain.

use super::graph::{Id, Kind, Operand};
use super::plan::{Open, Planner};
use super::tasks::*;
use hesse::facts::functions::FunctionId;
use hesse_kernels::{Binary, Chain, Instruction, Reduction, Register, Unary};
use std::collections::HashMap;

/// The kernel of a function of one argument.
pub(super) fn unary(name: &str) -> Option<Unary> {
    Some(match name {
        "exp" => Unary::Exp,
        "log" => Unary::Log,
        "log1p" => Unary::Log1p,
        "expm1" => Unary::Expm1,
        "sin" => Unary::Sin,
        "cos" => Unary::Cos,
        "tan" => Unary::Tan,
        "sinh" => Unary::Sinh,
        "cosh" => Unary::Cosh,
        "tanh" => Unary::Tanh,
        "abs" => Unary::Abs,
        "sign" => Unary::Sign,
        "relu" => Unary::Relu,
        "sigmoid" => Unary::Sigmoid,
        "softplus" => Unary::Softplus,
        "erf" => Unary::Erf,
        _ => return None,
    })
}

/// The kernel of a function of two arguments.
pub(super) fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        "max" => Binary::Max,
        "min" => Binary::Min,
        "gt" => Binary::Greater,
        "ge" => Binary::GreaterEqual,
        "eq" => Binary::Equal,
        "pow" => Binary::Power,
        "hypot" => Binary::Hypot,
        "atan2" => Binary::Atan2,
        _ => return None,
    })
}

/// Largest whole exponent that is multiplied out.
const MULTIPLIED: f64 = 32.0;

/// Rows narrower than this are not run through one by one.
const NARROW: usize = 64;

/// How an operand over rows of a width lies: steps along the rows and within a row.
fn row_steps(planner: &Planner<'_>, open: &Open, o: &Operand, space: &[usize]) -> (View, usize, usize) {
    let (mut view, steps) = planner.locate(open, o);
    let step = |axis: usize| steps.iter().find(|s| s.0 == space[axis]).map_or(0, |s| s.1);
    if !matches!(view.place, Place::Tile(_)) {
        view.row = step(0);
    }
    (view, step(0), step(1))
}

/// Writes out what does not run through rows of this width as one: rows that repeat, columns.
fn repeat(
    planner: &mut Planner<'_>,
    open: &mut Open,
    reads: &[(Operand, Vec<usize>)],
    width: usize,
    repeated: &mut HashMap<(View, usize, bool), usize>,
) {
    for (o, space) in reads {
        let (view, row, inner) = row_steps(planner, open, o, space);
        let plain = (row == width * inner) || (row == 0 && inner == 0);
        if plain || repeated.contains_key(&(view, row, inner > 0)) {
            continue;
        }
        if inner > 1 {
            // Neither: copied entry by entry.
            let axes = [Extent { rows: true, times: 1 }, Extent::of(width)];
            let to = planner.scratch(open, true, width);
            let task = copy(planner, open, o, &axes, space, to);
            open.pass.tasks.push(task);
            if let Place::Tile(k) = to {
                repeated.insert((view, row, true), k);
            }
            continue;
        }
        if let Place::Tile(k) = planner.scratch(open, true, width) {
            open.pass.tasks.push(Task::Repeat { of: view, row, width, contiguous: inner == 1, to: Place::Tile(k) });
            repeated.insert((view, row, inner > 0), k);
        }
    }
}

/// A chain while it is written: every value a new register, reused afterwards.
struct Writer<'p, 'g> {
    /// Tiles of operands that are written out row by row.
    repeated: HashMap<(View, usize, bool), usize>,
    planner: &'p Planner<'g>,
    code: Vec<Instruction>,
    next: Register,
    sources: Vec<SourceView>,
    read: HashMap<(View, Vec<usize>, Along), Register>,
    numbers: Vec<f64>,
    number_registers: Vec<(u64, Register)>,
}

/// The source position of a number is this plus its own, until the number of sources is known.
const NUMBERS: usize = 1 << 20;

impl Writer<'_, '_> {
    fn register(&mut self) -> Register {
        self.next += 1;
        self.next - 1
    }
    fn number(&mut self, x: f64) -> Register {
        if let Some(r) = self.number_registers.iter().find(|n| n.0 == x.to_bits()) {
            return r.1;
        }
        let to = self.register();
        self.code.push(Instruction::Load { to, from: NUMBERS + self.numbers.len() });
        self.numbers.push(x);
        self.number_registers.push((x.to_bits(), to));
        to
    }
    fn unary(&mut self, f: Unary, a: Register) -> Register {
        let to = self.register();
        self.code.push(Instruction::Unary { f, to, a });
        to
    }
    fn binary(&mut self, f: Binary, a: Register, b: Register) -> Register {
        let to = self.register();
        self.code.push(Instruction::Binary { f, to, a, b });
        to
    }
    /// Π of registers, the masks applied last: a 0 of a mask silences whatever it meets.
    fn product(&mut self, factors: &[(Register, bool)]) -> Register {
        let of = |w: &mut Self, mask: bool| {
            let mut all = factors.iter().filter(|f| f.1 == mask).map(|f| f.0);
            let first = all.next()?;
            Some(all.fold(first, |a, b| w.binary(Binary::Multiply, a, b)))
        };
        match (of(self, true), of(self, false)) {
            (Some(mask), Some(rest)) => self.binary(Binary::Select, mask, rest),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => self.number(1.0),
        }
    }
    fn combine(&mut self, terms: &[(f64, Register)]) -> Register {
        let mut sum: Option<Register> = None;
        for &(c, x) in terms {
            sum = Some(match sum {
                None if c == 1.0 => x,
                None if c == -1.0 => self.unary(Unary::Negate, x),
                None => {
                    let c = self.number(c);
                    self.binary(Binary::Multiply, c, x)
                }
                Some(s) if c == 1.0 => self.binary(Binary::Add, s, x),
                Some(s) if c == -1.0 => self.binary(Binary::Subtract, s, x),
                Some(s) => {
                    let c = self.number(c);
                    let to = self.register();
                    self.code.push(Instruction::MultiplyAdd { to, a: c, b: x, c: s });
                    to
                }
            });
        }
        match sum {
            Some(s) => s,
            None => self.number(0.0),
        }
    }
    fn power(&mut self, a: Register, p: f64) -> Register {
        if p == 1.0 {
            return a;
        }
        if p == 0.0 {
            return self.number(1.0);
        }
        if p == 2.0 {
            return self.unary(Unary::Square, a);
        }
        if p == 0.5 {
            return self.unary(Unary::Sqrt, a);
        }
        if p == -0.5 {
            let r = self.unary(Unary::Sqrt, a);
            return self.unary(Unary::Reciprocal, r);
        }
        if p == -1.0 {
            return self.unary(Unary::Reciprocal, a);
        }
        if p.fract() == 0.0 && p.abs() <= MULTIPLIED {
            let to = self.register();
            self.code.push(Instruction::PowerInteger { to, a, n: p as i32 });
            return to;
        }
        let b = self.number(p);
        self.binary(Binary::Power, a, b)
    }
    fn function(&mut self, f: FunctionId, args: &[Register]) -> Register {
        let row = f.row();
        match *args {
            [a] if unary(row.name).is_some() => match unary(row.name) {
                Some(u) => self.unary(u, a),
                None => a,
            },
            [a, b] if binary(row.name).is_some() => match binary(row.name) {
                Some(k) => self.binary(k, a, b),
                None => a,
            },
            [c, a, b] if row.name == "where" => {
                let to = self.register();
                self.code.push(Instruction::Where { to, c, a, b });
                to
            }
            _ => {
                let to = self.register();
                let get = |k: usize| args.get(k).or(args.first()).copied().unwrap_or(0);
                self.code.push(Instruction::Call { f: row.value, to, args: [get(0), get(1), get(2)], arity: args.len() as u8 });
                to
            }
        }
    }
    /// A source, or a number.
    fn load(&mut self, open: &Open, o: &Operand, space: &[usize], axes: &[Extent], flat: usize) -> Register {
        if let Some(x) = self.planner.graph.as_number(o.node) {
            return self.number(x);
        }
        if !self.repeated.is_empty() && space.len() == 2 {
            let (view, row, inner) = row_steps(self.planner, open, o, space);
            if let Some(tile) = self.repeated.get(&(view, row, inner > 0)) {
                let view = View { place: Place::Tile(*tile), offset: 0, row: 0 };
                return self.source(view, vec![], Along::Step(1));
            }
        }
        let (mut view, steps) = self.planner.locate(open, o);
        let step = |axis: usize| steps.iter().find(|s| s.0 == space[axis]).map_or(0, |s| s.1);
        let outer: Vec<usize> = (0..axes.len() - flat).map(step).collect();
        // Rows before the block.
        if let Some(axis) = axes.iter().position(|a| a.rows)
            && !matches!(view.place, Place::Tile(_))
        {
            view.row = step(axis);
        }
        let inner = match axes.len().checked_sub(1).filter(|_| flat > 0) {
            None => Along::Same,
            Some(last) => {
                // The innermost axis of more than one entry says the step; along all of them the same number is no step at all.
                let moved = (axes.len() - flat..=last).rev().find(|k| axes[*k] != Extent::of(1));
                match moved.map(step) {
                    None | Some(0) => Along::Same,
                    Some(s) => Along::Step(s),
                }
            }
        };
        self.source(view, outer, inner)
    }

    /// The register of a source.
    fn source(&mut self, view: View, outer: Vec<usize>, inner: Along) -> Register {
        let key = (view, outer.clone(), inner);
        if let Some(r) = self.read.get(&key) {
            return *r;
        }
        let to = self.register();
        self.code.push(Instruction::Load { to, from: self.sources.len() });
        self.sources.push(SourceView { view, outer, inner });
        self.read.insert(key, to);
        to
    }
}

impl std::hash::Hash for View {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.place, self.offset, self.row).hash(state);
    }
}

impl std::hash::Hash for Along {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Along::Same => 0usize.hash(state),
            Along::Step(s) => (s + 1).hash(state),
        }
    }
}

/// How many trailing axes can be run through as one, for all of these operands.
fn flat_axes(planner: &Planner<'_>, open: &Open, reads: &[(Operand, Vec<usize>)], axes: &[Extent]) -> usize {
    let mut flat = axes.len().min(1);
    'more: while flat < axes.len() {
        let first = axes.len() - flat - 1;
        for (o, space) in reads {
            let (_, steps) = planner.locate(open, o);
            let step = |axis: usize| steps.iter().find(|s| s.0 == space[axis]).map_or(0, |s| s.1);
            // The axis that would join moves on where the ones behind it end.
            let behind: Vec<usize> = (first + 1..axes.len()).filter(|k| axes[*k] != Extent::of(1)).collect();
            let joins = match behind.first() {
                None => true,
                Some(k) => axes[first] == Extent::of(1) || !axes[*k].rows && step(first) == step(*k) * axes[*k].times,
            };
            if !joins {
                break 'more;
            }
        }
        flat += 1;
    }
    flat
}

/// Nodes over the same axes as one chain.
pub(super) fn fuse(planner: &mut Planner<'_>, open: &mut Open, nodes: &[Id]) -> Task {
    let axes = planner.axes(open, nodes[0]);
    let mut outside: Vec<(Operand, Vec<usize>)> = vec![];
    for id in nodes {
        let space = planner.space(open, *id);
        for o in super::classes::operands(&planner.graph.node(*id).kind) {
            if !nodes.contains(&o.node) && planner.graph.as_number(o.node).is_none() {
                outside.push((o.clone(), space.clone()));
            }
        }
    }
    let mut flat = flat_axes(planner, open, &outside, &axes);
    let mut repeated: HashMap<(View, usize, bool), usize> = HashMap::new();
    if let ([Extent { rows: true, times: 1 }, Extent { rows: false, times: width }], 1) = (&axes[..], flat)
        && *width < NARROW
    {
        repeat(planner, open, &outside, *width, &mut repeated);
        flat = 2;
    }
    let mut w = Writer {
        repeated,
        planner,
        code: vec![],
        next: 0,
        sources: vec![],
        read: HashMap::new(),
        numbers: vec![],
        number_registers: vec![],
    };
    let mut value: HashMap<Id, Register> = HashMap::new();
    let mut sums: Vec<(Id, Register)> = vec![];
    for id in nodes {
        let space = w.planner.space(open, *id);
        let get = |w: &mut Writer<'_, '_>, o: &Operand| match value.get(&o.node) {
            Some(r) => *r,
            None => w.load(open, o, &space, &axes, flat),
        };
        let kind = w.planner.graph.node(*id).kind.clone();
        let made = match &kind {
            Kind::Combine(terms) => {
                let terms: Vec<(f64, Register)> = terms.iter().map(|(c, o)| (c.number(), get(&mut w, o))).collect();
                w.combine(&terms)
            }
            Kind::Map(f, args) => {
                let args: Vec<Register> = args.iter().map(|o| get(&mut w, o)).collect();
                w.function(*f, &args)
            }
            Kind::Power { base, exponent, guarded } => {
                let base = get(&mut w, base);
                let power = w.power(base, exponent.number());
                if *guarded { w.binary(Binary::Select, base, power) } else { power }
            }
            Kind::PowerBy { base, exponent, guarded } => {
                let (base, exponent) = (get(&mut w, base), get(&mut w, exponent));
                let power = w.binary(Binary::Power, base, exponent);
                if *guarded { w.binary(Binary::Select, base, power) } else { power }
            }
            Kind::Contract { operands, summed } => {
                let factors: Vec<(Register, bool)> = operands.iter().map(|o| (get(&mut w, o), w.planner.graph.node(o.node).mask)).collect();
                let product = w.product(&factors);
                if !summed.is_empty() {
                    sums.push((*id, product));
                    continue;
                }
                product
            }
            _ => continue,
        };
        value.insert(*id, made);
    }
    let Writer { mut code, sources, numbers, .. } = w;
    let mut sinks = vec![];
    for id in nodes {
        let Some(r) = value.get(id).copied() else { continue };
        let inside = planner.leaves(open, nodes, *id);
        if inside || planner.is_outside(*id) {
            for place in planner.destinations(open, *id, inside) {
                code.push(Instruction::Store { a: r, to: sinks.len() });
                sinks.push(place);
            }
        }
    }
    let mut sum_places = vec![];
    for (id, r) in sums {
        let Place::Sum(k) = planner.sum_buffer(open, id, true, None) else { continue };
        code.push(Instruction::Reduce { by: Reduction::Sum, a: r, to: sum_places.len() });
        sum_places.push(k);
    }
    chain_task(code, &axes, flat, sources, numbers, sinks, sum_places, None)
}

#[allow(clippy::too_many_arguments)] // the fields of a task, once
fn chain_task(
    mut code: Vec<Instruction>,
    axes: &[Extent],
    flat: usize,
    sources: Vec<SourceView>,
    numbers: Vec<f64>,
    sinks: Vec<Place>,
    sums: Vec<usize>,
    each: Option<(Place, usize)>,
) -> Task {
    for i in &mut code {
        if let Instruction::Load { from, .. } = i
            && *from >= NUMBERS
        {
            *from = *from - NUMBERS + sources.len();
        }
    }
    let code = reuse(code);
    let inner = axes[axes.len() - flat..].iter().fold(Extent::of(1), |a, b| Extent { rows: a.rows || b.rows, times: a.times * b.times });
    Task::Chain(ChainTask {
        chain: Chain::new(code),
        outer: axes[..axes.len() - flat].to_vec(),
        inner,
        sources,
        numbers,
        sinks,
        sums,
        each,
    })
}

/// Registers after their last use serve again; those that are loaded are left alone, so that they can lie where the source lies.
fn reuse(code: Vec<Instruction>) -> Vec<Instruction> {
    let mut last: HashMap<Register, usize> = HashMap::new();
    for (k, i) in code.iter().enumerate() {
        for r in arguments(i) {
            last.insert(r, k);
        }
    }
    let mut free: Vec<Register> = vec![];
    let mut next: Register = 0;
    let mut map: HashMap<Register, Register> = HashMap::new();
    let mut loaded: Vec<Register> = vec![];
    let mut out = vec![];
    for (k, mut i) in code.into_iter().enumerate() {
        let mut dead: Vec<Register> = arguments(&i).into_iter().filter(|r| last.get(r) == Some(&k) && !loaded.contains(r)).collect();
        dead.sort_unstable();
        dead.dedup();
        rename(&mut i, &map);
        free.extend(dead.iter().filter_map(|r| map.get(r)));
        let load = matches!(i, Instruction::Load { .. });
        if let Some(to) = result(&mut i) {
            let fresh = if load { None } else { free.pop() };
            let r = fresh.unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            if load {
                loaded.push(*to);
            }
            map.insert(*to, r);
            *to = r;
        }
        out.push(i);
    }
    out
}

fn arguments(i: &Instruction) -> Vec<Register> {
    match *i {
        Instruction::Load { .. } => vec![],
        Instruction::Unary { a, .. }
        | Instruction::PowerInteger { a, .. }
        | Instruction::Store { a, .. }
        | Instruction::Reduce { a, .. } => vec![a],
        Instruction::Binary { a, b, .. } => vec![a, b],
        Instruction::MultiplyAdd { a, b, c, .. } | Instruction::Where { c, a, b, .. } => vec![a, b, c],
        Instruction::Call { args, .. } => args.to_vec(),
    }
}

fn result(i: &mut Instruction) -> Option<&mut Register> {
    match i {
        Instruction::Load { to, .. }
        | Instruction::Unary { to, .. }
        | Instruction::Binary { to, .. }
        | Instruction::MultiplyAdd { to, .. }
        | Instruction::Where { to, .. }
        | Instruction::PowerInteger { to, .. }
        | Instruction::Call { to, .. } => Some(to),
        Instruction::Store { .. } | Instruction::Reduce { .. } => None,
    }
}

fn rename(i: &mut Instruction, map: &HashMap<Register, Register>) {
    let swap = |r: &mut Register| *r = map.get(r).copied().unwrap_or(*r);
    match i {
        Instruction::Load { .. } => {}
        Instruction::Unary { a, .. }
        | Instruction::PowerInteger { a, .. }
        | Instruction::Store { a, .. }
        | Instruction::Reduce { a, .. } => swap(a),
        Instruction::Binary { a, b, .. } => {
            swap(a);
            swap(b);
        }
        Instruction::MultiplyAdd { a, b, c, .. } | Instruction::Where { c, a, b, .. } => {
            swap(a);
            swap(b);
            swap(c);
        }
        Instruction::Call { args, .. } => args.iter_mut().for_each(swap),
    }
}

/// An operand written out row-major over these axes (`labels[k]` is the label of axis k).
pub(super) fn copy(planner: &Planner<'_>, open: &Open, o: &Operand, axes: &[Extent], labels: &[usize], to: Place) -> Task {
    let all: Vec<usize> = (0..axes.len()).collect();
    let space = if labels.is_empty() { &all[..] } else { labels };
    summed_copy(planner, open, std::slice::from_ref(o), &[false], axes, space, axes.len(), to)
}

/// The product of operands over these axes, written out, or summed over the axes from `outer` on.
#[allow(clippy::too_many_arguments)] // one place, and every argument is of another kind
pub(super) fn summed_copy(
    planner: &Planner<'_>,
    open: &Open,
    factors: &[Operand],
    masks: &[bool],
    axes: &[Extent],
    space: &[usize],
    outer: usize,
    to: Place,
) -> Task {
    let sums = outer < axes.len();
    let reads: Vec<(Operand, Vec<usize>)> =
        factors.iter().filter(|o| planner.graph.as_number(o.node).is_none()).map(|o| (o.clone(), space.to_vec())).collect();
    let mut flat = flat_axes(planner, open, &reads, axes);
    if sums {
        flat = flat.min(axes.len() - outer);
    }
    let mut w = Writer {
        repeated: HashMap::new(),
        planner,
        code: vec![],
        next: 0,
        sources: vec![],
        read: HashMap::new(),
        numbers: vec![],
        number_registers: vec![],
    };
    let registers: Vec<(Register, bool)> = factors.iter().zip(masks).map(|(o, m)| (w.load(open, o, space, axes, flat), *m)).collect();
    let product = w.product(&registers);
    let Writer { mut code, sources, numbers, .. } = w;
    if sums {
        code.push(Instruction::Reduce { by: Reduction::Sum, a: product, to: 0 });
        return chain_task(code, axes, flat, sources, numbers, vec![], vec![], Some((to, outer)));
    }
    code.push(Instruction::Store { a: product, to: 0 });
    chain_task(code, axes, flat, sources, numbers, vec![to], vec![], None)
}
