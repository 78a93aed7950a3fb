//! From the graph to a schedule: passes along shared indices, chains of element-wise functions, matrix products, buffers.

use super::chains;
use super::classes::{Class, Classes, classes, operands, row_local};
use super::graph::{Graph, Id, Index, Kind, Operand, reads};
use super::tasks::*;
use std::collections::HashMap;

/// Where a value that is there already lies, with its steps.
#[derive(Clone, Debug)]
pub struct Given {
    /// The place.
    pub place: Place,
    /// Steps along its axes.
    pub steps: Vec<usize>,
    /// The first entry.
    pub offset: usize,
}

/// What is there before.
#[derive(Clone, Debug)]
pub struct Start {
    /// Lengths of the buffers that exist.
    pub wholes: Vec<usize>,
    /// Factorizations that exist.
    pub slots: usize,
    /// Most rows whose sum is carried in one number.
    pub most: usize,
}

/// Plans nodes: `wanted` with the places they go to, `given` what lies somewhere already.
pub fn plan(graph: &Graph, wanted: &[(Id, Place)], given: &HashMap<Id, Given>, start: Start) -> Schedule {
    let Start { wholes, slots, most } = start;
    let roots: Vec<Id> = wanted.iter().map(|w| w.0).filter(|id| !given.contains_key(id)).collect();
    let mut need = needed_without(graph, &roots, given);
    for (id, _) in wanted {
        need[id.at()] = true;
    }
    let classes = classes(graph, &need, &|id| given.contains_key(&id));
    let mut p = Planner {
        graph,
        need,
        classes,
        given: given.clone(),
        schedule: Schedule { wholes, ..Schedule::default() },
        slots: HashMap::new(),
        first_slot: slots,
        most,
        outside: vec![false; graph.nodes.len()],
        targets: HashMap::new(),
        copies: vec![],
    };
    p.run(wanted);
    p.schedule
}

/// What has to be computed for these nodes.
fn needed_without(graph: &Graph, roots: &[Id], given: &HashMap<Id, Given>) -> Vec<bool> {
    let mut need = vec![false; graph.nodes.len()];
    roots.iter().for_each(|r| need[r.at()] = true);
    for k in (0..graph.nodes.len()).rev() {
        if need[k] && !given.contains_key(&Id(k as u32)) {
            reads(&graph.nodes[k].kind).iter().for_each(|r| need[r.at()] = true);
        }
    }
    need
}

pub(super) struct Planner<'g> {
    pub(super) graph: &'g Graph,
    need: Vec<bool>,
    pub(super) classes: Classes,
    given: HashMap<Id, Given>,
    schedule: Schedule,
    slots: HashMap<Id, usize>,
    first_slot: usize,
    most: usize,
    /// Read by another pass, or an output.
    outside: Vec<bool>,
    targets: HashMap<Id, Place>,
    copies: Vec<(Id, Place)>,
}

/// A stage and the class of its pass, with what it computes.
type Group = ((usize, Option<Class>), Vec<Id>);

/// The pass that is being planned.
pub(super) struct Open {
    pub(super) class: Option<Class>,
    pub(super) pass: Pass,
    /// The tile of each value.
    tile: HashMap<Id, usize>,
    pub(super) done: Vec<bool>,
    pub(super) members: Vec<Id>,
}

impl Planner<'_> {
    fn run(&mut self, wanted: &[(Id, Place)]) {
        // Groups: whole arrays of a stage, then the passes of that stage.
        let mut groups: Vec<Group> = vec![];
        for k in 0..self.graph.nodes.len() {
            let id = Id(k as u32);
            let computed =
                self.need[k] && !self.given.contains_key(&id) && !matches!(self.graph.nodes[k].kind, Kind::Number(_) | Kind::Input(_));
            if computed {
                let key = (self.classes.stage[k], self.classes.claimed[k]);
                match groups.iter_mut().find(|g| g.0 == key) {
                    Some(g) => g.1.push(id),
                    None => groups.push((key, vec![id])),
                }
            }
        }
        groups.sort_by_key(|g| g.0);
        let group_of: HashMap<Id, usize> = groups.iter().enumerate().flat_map(|(g, (_, ids))| ids.iter().map(move |id| (*id, g))).collect();
        for (g, (_, ids)) in groups.iter().enumerate() {
            for id in ids {
                for o in reads(&self.graph.node(*id).kind) {
                    if group_of.get(&o) != Some(&g) {
                        self.outside[o.at()] = true;
                    }
                }
            }
        }
        for (id, place) in wanted {
            self.outside[id.at()] = true;
            let computed = group_of.contains_key(id);
            if computed && !self.targets.contains_key(id) {
                self.targets.insert(*id, *place);
            } else {
                self.copies.push((*id, *place));
            }
        }
        // An output that something else reads lies in a buffer, and is copied.
        let mut read = vec![false; self.graph.nodes.len()];
        for (g, (_, ids)) in groups.iter().enumerate() {
            for id in ids {
                for o in reads(&self.graph.node(*id).kind) {
                    read[o.at()] |= groups[g].0.1.is_none() || group_of.get(&o) != Some(&g);
                }
            }
        }
        let targets: Vec<(Id, Place)> = self.targets.iter().map(|(a, b)| (*a, *b)).collect();
        for (id, place) in targets {
            let copied = self.copies.iter().any(|c| c.0 == id);
            if (read[id.at()] || copied) && matches!(place, Place::Output(_)) {
                self.targets.remove(&id);
                self.copies.push((id, place));
            }
        }
        self.copies.sort_by_key(|c| match c.1 {
            Place::Output(k) => k,
            _ => usize::MAX,
        });
        for ((_, class), ids) in groups {
            self.group(class, ids);
        }
        // What only has to be copied.
        for (id, place) in std::mem::take(&mut self.copies) {
            let mut open = self.open(None, vec![]);
            let whole = Operand::whole(id, self.graph.node(id).rank());
            let axes: Vec<Extent> = self.graph.shape(id).iter().map(|n| Extent::of(*n)).collect();
            let task = chains::copy(self, &open, &whole, &axes, &[], place);
            open.pass.tasks.push(task);
            self.close(open.pass);
        }
    }

    /// What a pass writes becomes its sinks.
    fn close(&mut self, mut pass: Pass) {
        let mut sinks = std::mem::take(&mut pass.sinks);
        for task in &mut pass.tasks {
            for to in task.targets() {
                if matches!(to, Place::Whole(_) | Place::Output(_)) {
                    let k = sinks.iter().position(|s| s.to == *to).unwrap_or_else(|| {
                        sinks.push(Sink { to: *to, width: 0 });
                        sinks.len() - 1
                    });
                    *to = Place::Sink(k);
                }
            }
        }
        pass.sinks = sinks;
        self.schedule.passes.push(pass);
    }

    fn open(&self, class: Option<Class>, members: Vec<Id>) -> Open {
        let rows = class.and_then(|c| {
            members.iter().find_map(|id| {
                let labels = &self.classes.labels[id.at()];
                let l = labels.iter().position(|d| *d == c)?;
                Some(self.extent(*id, l))
            })
        });
        let pass = Pass { rows, block: 1, piece: usize::MAX, tiles: vec![], sums: vec![], sinks: vec![], tasks: vec![] };
        Open { class, pass, tile: HashMap::new(), done: vec![false; self.graph.nodes.len()], members }
    }

    pub(super) fn extent(&self, id: Id, label: usize) -> usize {
        let node = self.graph.node(id);
        match (&node.kind, node.shape.get(label)) {
            (_, Some(n)) => *n,
            (Kind::Contract { summed, .. }, None) => summed[label - node.rank()],
            (Kind::Gram { summed, .. }, None) => *summed,
            _ => 1,
        }
    }

    /// A buffer.
    fn whole(&mut self, length: usize) -> Place {
        self.schedule.wholes.push(length);
        Place::Whole(self.schedule.wholes.len() - 1)
    }

    /// Where a value goes that is read elsewhere.
    fn target(&mut self, id: Id) -> Place {
        let length = self.graph.node(id).len();
        let place = match self.targets.get(&id) {
            Some(place) => *place,
            None => self.whole(length),
        };
        let steps = crate::array::strides(self.graph.shape(id));
        self.given.insert(id, Given { place, steps, offset: 0 });
        place
    }

    fn group(&mut self, class: Option<Class>, ids: Vec<Id>) {
        let mut open = self.open(class, ids);
        while open.members.iter().any(|id| !open.done[id.at()]) {
            // On whole arrays every instruction is a pass, so that it may read what the one before wrote.
            if open.class.is_none() && !open.pass.tasks.is_empty() {
                let empty = Pass { tasks: vec![], tiles: vec![], sums: vec![], sinks: vec![], ..open.pass.clone() };
                let pass = std::mem::replace(&mut open.pass, empty);
                self.close(pass);
            }
            let ready: Vec<Id> = open.members.iter().copied().filter(|id| !open.done[id.at()] && self.is_ready(&open, *id)).collect();
            let Some(first) = ready.first().copied() else { break };
            match ready.iter().copied().find(|id| !self.fuses(&open, *id)) {
                Some(id) => {
                    self.emit(&mut open, id);
                    open.done[id.at()] = true;
                }
                None => self.chain(&mut open, first),
            }
        }
        self.blocks(&mut open);
        self.close(open.pass);
    }

    pub(super) fn is_ready(&self, open: &Open, id: Id) -> bool {
        reads(&self.graph.node(id).kind).iter().all(|o| self.is_there(open, *o))
    }

    /// Whether a value can be read by the next instruction.
    pub(super) fn is_there(&self, open: &Open, o: Id) -> bool {
        let member = open.class.is_some() && open.members.contains(&o);
        match self.graph.node(o).kind {
            Kind::Number(_) => true,
            _ if member => open.done[o.at()],
            Kind::Factor(_) => self.slots.contains_key(&o),
            _ => self.given.contains_key(&o),
        }
    }

    /// Whether a value is computed for each row of the pass.
    pub(super) fn per_row(&self, open: &Open, id: Id) -> bool {
        open.class.is_some_and(|c| row_local(self.graph, id, c, &self.classes.labels))
    }

    /// Whether a node is part of chains.
    fn fuses(&self, open: &Open, id: Id) -> bool {
        match &self.graph.node(id).kind {
            Kind::Combine(_) | Kind::Map(..) | Kind::Power { .. } | Kind::PowerBy { .. } => true,
            Kind::Contract { summed, .. } if summed.is_empty() => true,
            // Everything summed, element by element, to one number.
            Kind::Contract { operands, .. } => {
                self.graph.node(id).rank() == 0 && !self.is_product(operands, 0) && (open.class.is_none() || !self.per_row(open, id))
            }
            _ => false,
        }
    }

    /// Whether a contraction of two factors is a matrix product rather than a sum of element-wise products.
    fn is_product(&self, operands: &[Operand], rank: usize) -> bool {
        let [a, b] = operands else { return false };
        (0..rank).any(|l| a.has(l) != b.has(l))
    }

    /// Axes of a fused node: its own, then the summed ones, the class first, then as the largest operand lies.
    pub(super) fn space(&self, open: &Open, id: Id) -> Vec<usize> {
        let node = self.graph.node(id);
        let labels = &self.classes.labels[id.at()];
        if node.rank() > 0 || labels.is_empty() {
            return (0..node.rank()).collect();
        }
        let mut order: Vec<usize> = vec![];
        let ops = operands(&node.kind);
        let largest =
            ops.iter().max_by_key(|o| (o.index.iter().filter(|i| matches!(i, Index::Along(..))).count(), std::cmp::Reverse(o.node)));
        for i in largest.iter().flat_map(|o| &o.index) {
            if let Index::Along(l, _) = i
                && !order.contains(l)
            {
                order.push(*l);
            }
        }
        order.extend((0..labels.len()).filter(|l| !order.contains(l)).collect::<Vec<_>>());
        if let Some(c) = open.class {
            order.sort_by_key(|l| labels[*l] != c);
        }
        order
    }

    fn space_key(&self, open: &Open, id: Id) -> Vec<(Class, usize)> {
        self.space(open, id).iter().map(|l| (self.classes.labels[id.at()][*l], self.extent(id, *l))).collect()
    }

    /// Extents of the axes of a fused node.
    pub(super) fn axes(&self, open: &Open, id: Id) -> Vec<Extent> {
        let labels = &self.classes.labels[id.at()];
        self.space(open, id)
            .iter()
            .map(|l| if open.class == Some(labels[*l]) { Extent { rows: true, times: 1 } } else { Extent::of(self.extent(id, *l)) })
            .collect()
    }

    /// One chain: the first ready node and everything over the same axes that can be computed with it.
    fn chain(&mut self, open: &mut Open, first: Id) {
        let key = self.space_key(open, first);
        let mut nodes: Vec<Id> = vec![];
        let mut sums = 0;
        for k in 0..open.members.len() {
            let id = open.members[k];
            if open.done[id.at()] || !self.fuses(open, id) || self.space_key(open, id) != key {
                continue;
            }
            let here = |o: &Operand| {
                self.is_there(open, o.node)
                    || (nodes.contains(&o.node)
                        && self.graph.node(o.node).rank() == key.len()
                        && self.space(open, id).iter().enumerate().all(|(axis, l)| o.index.get(axis) == Some(&Index::Along(*l, 0))))
            };
            if !operands(&self.graph.node(id).kind).into_iter().all(here) {
                continue;
            }
            let sum = matches!(&self.graph.node(id).kind, Kind::Contract { summed, .. } if !summed.is_empty());
            let mut with = nodes.clone();
            with.push(id);
            if !nodes.is_empty()
                && (self.outsiders(&with) > MOST - 2 || self.stored(open, &with) >= MOST / 2 || sums + usize::from(sum) >= MOST / 2)
            {
                continue;
            }
            sums += usize::from(sum);
            nodes = with;
        }
        let task = chains::fuse(self, open, &nodes);
        open.pass.tasks.push(task);
        nodes.iter().for_each(|id| open.done[id.at()] = true);
    }

    /// How many values a chain of these nodes reads.
    fn outsiders(&self, nodes: &[Id]) -> usize {
        let mut read: Vec<&Operand> = vec![];
        for id in nodes {
            for o in operands(&self.graph.node(*id).kind) {
                if !nodes.contains(&o.node) && !read.contains(&o) && !matches!(self.graph.node(o.node).kind, Kind::Number(_)) {
                    read.push(o);
                }
            }
        }
        read.len()
    }

    /// How many of these a chain writes at most.
    fn stored(&self, open: &Open, nodes: &[Id]) -> usize {
        nodes.iter().map(|id| usize::from(self.leaves(open, nodes, *id)) + usize::from(self.outside[id.at()])).sum()
    }

    /// Whether somebody outside of the chain, but in the pass, reads it.
    pub(super) fn leaves(&self, open: &Open, nodes: &[Id], id: Id) -> bool {
        open.members.iter().any(|m| !nodes.contains(m) && reads(&self.graph.node(*m).kind).contains(&id))
    }

    /// Where a chain or another instruction writes a value: places row by row, or of the whole.
    pub(super) fn destinations(&mut self, open: &mut Open, id: Id, inside: bool) -> Vec<Place> {
        let mut places = vec![];
        if open.class.is_none() {
            places.push(self.target(id));
            return places;
        }
        let width = self.graph.shape(id)[1..].iter().product();
        if inside {
            open.pass.tiles.push(width);
            open.tile.insert(id, open.pass.tiles.len() - 1);
            places.push(Place::Tile(open.pass.tiles.len() - 1));
        }
        if self.outside[id.at()] {
            let to = self.target(id);
            open.pass.sinks.push(Sink { to, width });
            places.push(to);
        }
        places
    }

    /// The sum buffer of a node that is summed over the rows, or the place of a whole array.
    pub(super) fn sum_buffer(&mut self, open: &mut Open, id: Id, scalar: bool, mirror: Option<usize>) -> Place {
        let to = self.target(id);
        open.pass.sums.push(SumBuffer { length: self.graph.node(id).len(), to, mirror, scalar });
        Place::Sum(open.pass.sums.len() - 1)
    }

    /// How an operand lies: view without the row of the pass, and steps by label.
    pub(super) fn locate(&self, open: &Open, o: &Operand) -> (View, Vec<(usize, usize)>) {
        let shape = self.graph.shape(o.node);
        let (place, steps, offset) = match (self.given.get(&o.node), open.tile.get(&o.node)) {
            (_, Some(t)) => (Place::Tile(*t), crate::array::strides(shape), 0),
            (Some(g), None) => (g.place, g.steps.clone(), g.offset),
            (None, None) => (Place::Whole(usize::MAX), crate::array::strides(shape), 0),
        };
        let mut offset = offset as i64;
        let mut by_label: Vec<(usize, usize)> = vec![];
        for (i, step) in o.index.iter().zip(&steps) {
            match *i {
                Index::At(k) => offset += (k * step) as i64,
                Index::Along(l, shift) => {
                    offset += shift * *step as i64;
                    match by_label.iter_mut().find(|b| b.0 == l) {
                        Some(b) => b.1 += step,
                        None => by_label.push((l, *step)),
                    }
                }
            }
        }
        (View { place, offset: offset.max(0) as usize, row: 0 }, by_label)
    }

    /// An instruction that is no chain.
    fn emit(&mut self, open: &mut Open, id: Id) {
        let kind = self.graph.node(id).kind.clone();
        let shape = self.graph.shape(id).to_vec();
        let view = |p: &Planner<'_>, o: Id| {
            let whole = Operand::whole(o, p.graph.node(o).rank());
            p.locate(open, &whole).0
        };
        let side = |shape: &[usize]| shape[..shape.len() / 2].iter().product::<usize>();
        let task = match &kind {
            Kind::Contract { operands, summed } => {
                return if self.is_product(operands, shape.len()) || operands.len() == 2 && shape.iter().product::<usize>() > 1 {
                    super::products::product(self, open, id, operands, summed)
                } else {
                    super::products::sum(self, open, id, operands, summed)
                };
            }
            Kind::Gram { of, weight, summed } => return super::products::gram(self, open, id, of, weight.as_ref(), *summed),
            Kind::Reduce(f, of) => {
                let kept = f.kept().min(self.graph.node(*of).rank());
                let length = self.graph.shape(*of)[kept..].iter().product();
                let mut groups = Extent::of(self.graph.shape(*of)[..kept].iter().product());
                let mut source = view(self, *of);
                if self.per_row(open, id) {
                    let rows = self.graph.shape(*of)[0].max(1);
                    groups = Extent { rows: true, times: groups.times / rows };
                    source.row = if matches!(source.place, Place::Tile(_)) { 0 } else { length * groups.times };
                }
                let (source, steps) = (source, self.given.get(of).map(|g| g.steps.clone()));
                let contiguous = steps.is_none_or(|s| s == crate::array::strides(self.graph.shape(*of)));
                let source = if contiguous { source } else { super::products::copied(self, open, *of) };
                let inside = self.leaves(open, &[id], id);
                let places = self.destinations(open, id, inside);
                let task = Task::Reduce { f: *f, groups, length, of: source, to: places[0] };
                open.pass.tasks.push(task);
                super::products::also(self, open, id, &places);
                return;
            }
            Kind::Spread { of, index } => {
                let steps = crate::array::strides(&shape);
                let mut axes: Vec<(usize, usize)> = self.graph.shape(*of).iter().map(|n| (*n, 0)).collect();
                let mut offset = 0i64;
                for (i, step) in index.iter().zip(&steps) {
                    match *i {
                        Index::At(k) => offset += (k * step) as i64,
                        Index::Along(l, shift) => {
                            axes[l].1 += step;
                            offset += shift * *step as i64;
                        }
                    }
                }
                let of = super::products::contiguous(self, open, *of);
                let to = self.target(id);
                Task::Spread { of, axes, offset: offset.max(0) as usize, to }
            }
            Kind::Lower => Task::Fill { triangle: Some((shape[0], shape[1])), to: self.target(id) },
            Kind::Zeros => Task::Fill { triangle: None, to: self.target(id) },
            Kind::Factor(of) => {
                let n = side(&shape);
                let of = super::products::contiguous(self, open, *of);
                let slot = self.first_slot + self.schedule.slots.len();
                self.schedule.slots.push(n);
                self.slots.insert(id, slot);
                Task::Factor { of, n, slot }
            }
            Kind::Inverse(f) => Task::Factored { slot: self.slot(*f), ask: Ask::Inverse, to: self.target(id) },
            Kind::Determinant(f) => Task::Factored { slot: self.slot(*f), ask: Ask::Determinant, to: self.target(id) },
            Kind::LogDeterminant { factor, signed } => {
                Task::Factored { slot: self.slot(*factor), ask: Ask::LogDeterminant { signed: *signed }, to: self.target(id) }
            }
            Kind::Solve { factor, right, transposed } => {
                let n = side(self.graph.shape(*factor)).max(1);
                let columns = self.graph.node(*right).len() / n;
                let right = super::products::contiguous(self, open, *right);
                let ask = Ask::Solve { right, columns, transposed: *transposed };
                Task::Factored { slot: self.slot(*factor), ask, to: self.target(id) }
            }
            Kind::Plain(op, args) => {
                let args = args.iter().map(|a| (super::products::contiguous(self, open, *a), self.graph.shape(*a).to_vec())).collect();
                Task::Plain { op: *op, args, shape: shape.clone(), to: self.target(id) }
            }
            _ => return,
        };
        open.pass.tasks.push(task);
    }

    fn slot(&self, factor: Id) -> usize {
        self.slots.get(&factor).copied().unwrap_or(0)
    }

    pub(super) fn is_outside(&self, id: Id) -> bool {
        self.outside[id.at()]
    }

    /// A buffer of ones.
    pub(super) fn ones(&mut self, length: usize) -> View {
        let place = self.whole(length);
        if let Place::Whole(k) = place {
            self.schedule.ones.push(k);
        }
        View { place, offset: 0, row: 0 }
    }

    /// A pass of its own before the one that is open.
    pub(super) fn before(&mut self, task: Task) {
        let mut open = self.open(None, vec![]);
        open.pass.tasks.push(task);
        self.close(open.pass);
    }

    /// Rows a block, rows a piece.
    fn blocks(&mut self, open: &mut Open) {
        let Some(rows) = open.pass.rows else { return };
        let (block, piece) = super::blocks::choose(rows, &open.pass, self.most);
        open.pass.block = block;
        open.pass.piece = piece;
    }

    /// A place of that length a row (in a pass) or in all.
    pub(super) fn scratch(&mut self, open: &mut Open, rows: bool, length: usize) -> Place {
        if rows && open.class.is_some() {
            open.pass.tiles.push(length);
            return Place::Tile(open.pass.tiles.len() - 1);
        }
        self.whole(length)
    }
}
