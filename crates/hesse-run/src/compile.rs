//! Compile, bind, call: a program once, its sizes once, its numbers as often as they change.
//!
//! ```
//! use hesse::Formula;
//! use hesse_run::compile::{BindOptions, Compiled};
//! let f = Formula::parse("X : matrix(N, n)\nw : vector(n)\nsum((X*w).^2)", false)?;
//! let compiled = Compiled::new(f.stable_program(None)?);
//! let mut bound = compiled.bind::<f64>(&[("N", 2), ("n", 2)], &BindOptions::default())?;
//! let (x, w, mut value) = ([1.0, 2.0, 3.0, 4.0], [1.0, -1.0], [0.0]);
//! bound.call(&[&x, &w], &mut [&mut value])?;
//! assert_eq!(value, [2.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::array::strides;
use crate::interpret::{self, RunError, signed};
use crate::schedule;
use crate::schedule::graph::{Builder, Graph, Id, Kind, reads, shape};
use crate::schedule::plan::{Given, Start, plan};
use crate::schedule::refine::{needed, refine};
use crate::schedule::run::{Machine, Number};
use crate::schedule::tape::Tape;
use crate::schedule::tasks::{Place, Schedule};
use crate::structure::{Structure, structured, written_out};
use hesse::program::program::Program;
use std::collections::HashMap;

/// Most bytes that a bound program may hold unless it is told otherwise.
pub const MEMORY: usize = 4 << 30;

/// Rows whose sum is carried in one f32.
const F32_ROWS: usize = 4096;

/// A program, ready to be bound to sizes.
#[derive(Clone, Debug)]
pub struct Compiled {
    program: Program,
}

/// How a program is bound.
#[derive(Clone, Debug)]
pub struct BindOptions {
    /// Inputs that do not change from call to call: what depends on them alone is computed once, by [`Bound::fix`].
    pub constant: Vec<String>,
    /// Steps of inputs in memory, by name, one per axis; row-major for the others.
    pub strides: HashMap<String, Vec<usize>>,
    /// Most threads; 0 for as many as the machine has.
    pub threads: usize,
    /// Most bytes of buffers.
    pub memory: usize,
    /// Whether results are written out entry by entry, whatever their structure.
    pub dense: bool,
    /// Whether a small program becomes one straight line of operations.
    pub tape: bool,
    /// Leading axes of each output that make its rows; by default half of them (rounded up).
    pub rows: Vec<usize>,
}

impl Default for BindOptions {
    fn default() -> Self {
        BindOptions { constant: vec![], strides: HashMap::new(), threads: 0, memory: MEMORY, dense: false, tape: true, rows: vec![] }
    }
}

/// A program bound to sizes: all memory is there.
#[derive(Debug)]
pub struct Bound<T> {
    program: Program,
    sizes: Vec<usize>,
    structures: Vec<Structure>,
    /// For each output its parts among the machine's outputs: lengths, in order.
    parts: Vec<Vec<usize>>,
    machine: Machine<T>,
    tape: Option<Tape<T>>,
    lengths: Vec<(String, usize)>,
    masked: bool,
}

impl Compiled {
    /// Compiles a program.
    pub fn new(program: Program) -> Compiled {
        Compiled { program }
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Binds sizes: plans the work for them and allocates everything.
    ///
    /// # Errors
    /// A size without a number (E501), positions outside (E109, E501), more memory than allowed (E609).
    pub fn bind<T: Number>(&self, sizes: &[(&str, usize)], options: &BindOptions) -> Result<Bound<T>, RunError> {
        let program = &self.program;
        let number = |name: &String| {
            sizes.iter().find(|s| s.0 == name).map(|s| s.1).ok_or_else(|| RunError::new("E501", format!("the size `{name}` has no number")))
        };
        let sizes: Vec<usize> = program.sizes.iter().map(number).collect::<Result<_, _>>()?;
        for (size, text) in &program.needs {
            if signed(size, &sizes).is_none_or(|n| n < 0) {
                return Err(RunError::new("E501", format!("the positions of the formula need {text}, which these sizes do not give")));
            }
        }
        let mut b = Builder::new(program, &sizes);
        let (mut structures, mut parts, mut wanted) = (vec![], vec![], vec![]);
        for (k, o) in program.outputs.iter().enumerate() {
            let whole = shape(&program.steps[o.value.0 as usize].axes, &sizes)?;
            let rows = options.rows.get(k).copied().unwrap_or(whole.len().div_ceil(2)).min(whole.len());
            let terms = if whole.len() < 2 { vec![] } else { b.terms(o.value)? };
            let found = if terms.is_empty() { None } else { structured(&mut b, &terms, &whole, rows)? };
            let (structure, nodes) = match found {
                Some((s, nodes)) if options.dense => (Structure::dense(whole, rows), vec![written_out(&mut b, &s, &nodes)?]),
                Some(found) => found,
                None => (Structure::dense(whole, rows), vec![b.dense(o.value)?]),
            };
            parts.push(nodes.iter().map(|id| b.graph.node(*id).len()).collect::<Vec<usize>>());
            for id in nodes {
                wanted.push((id, Place::Output(wanted.len())));
            }
            structures.push(structure);
        }
        let mut graph = b.graph;
        refine(&mut graph);
        let mut given = HashMap::new();
        for (k, node) in graph.nodes.iter().enumerate() {
            if let Kind::Input(i) = node.kind {
                let steps = options.strides.get(&program.inputs[i].name).cloned().unwrap_or_else(|| strides(&node.shape));
                given.insert(Id(k as u32), Given { place: Place::Input(i), steps, offset: 0 });
            }
        }
        let mut tape = None;
        if options.tape && options.constant.is_empty() {
            let mut plain = HashMap::new();
            for (k, i) in program.inputs.iter().enumerate() {
                if !options.strides.contains_key(&i.name) {
                    plain.insert(k, shape(&i.axes, &sizes)?.iter().product());
                }
            }
            tape = schedule::tape::tape::<T>(&graph, &wanted, &plain);
        }
        let most = if size_of::<T>() < 8 { F32_ROWS } else { usize::MAX };
        let made: &[(Id, Place)] = if tape.is_some() { &[] } else { &wanted };
        let (fixed, given) = fixed(&graph, made, given, program, options, most);
        let start = Start { wholes: fixed.wholes.clone(), slots: fixed.slots.len(), most };
        let schedule = plan(&graph, made, &given, start);
        let bytes = schedule.wholes.iter().fold(0usize, |n, k| n.saturating_add(*k)).saturating_mul(size_of::<T>());
        if bytes > options.memory {
            let gib = |n: usize| n as f64 / f64::from(1 << 30);
            return Err(RunError::new(
                "E609",
                format!(
                    "the buffers of this program need {:.1} GiB, more than the {:.1} GiB that are allowed: ask for a product with a direction \
                     (hvp, jvp, vjp) or a structured result instead of all entries, or allow more memory",
                    gib(bytes),
                    gib(options.memory)
                ),
            ));
        }
        let threads = if options.threads == 0 { hesse_kernels::pool::threads() } else { options.threads };
        let masked = schedule.masked_sums || fixed.masked_sums;
        let mut lengths = vec![];
        for i in &program.inputs {
            let shape = shape(&i.axes, &sizes)?;
            let strided = options.strides.get(&i.name);
            let last = |s: &Vec<usize>| shape.iter().zip(s).map(|(n, step)| n.saturating_sub(1) * step).sum::<usize>() + 1;
            let total: usize = shape.iter().product();
            lengths.push((i.name.clone(), if total == 0 { 0 } else { strided.map_or(total, last) }));
        }
        let machine = Machine::new(fixed, schedule, threads);
        Ok(Bound { program: program.clone(), sizes, structures, parts, machine, tape, lengths, masked })
    }
}

/// The schedule of what depends on constant inputs alone, and where its results lie.
fn fixed(
    graph: &Graph,
    wanted: &[(Id, Place)],
    mut given: HashMap<Id, Given>,
    program: &Program,
    options: &BindOptions,
    most: usize,
) -> (Schedule, HashMap<Id, Given>) {
    let start = Start { wholes: vec![], slots: 0, most };
    if options.constant.is_empty() {
        return (Schedule::default(), given);
    }
    let roots: Vec<Id> = wanted.iter().map(|w| w.0).collect();
    let need = needed(graph, &roots);
    let mut constant = vec![false; graph.nodes.len()];
    let mut boundary: Vec<Id> = vec![];
    for k in (0..graph.nodes.len()).filter(|k| need[*k]) {
        let kind = &graph.nodes[k].kind;
        constant[k] = match kind {
            Kind::Input(i) => options.constant.contains(&program.inputs[*i].name),
            kind => reads(kind).iter().all(|o| constant[o.at()]),
        };
        if !constant[k] {
            boundary.extend(reads(kind).into_iter().filter(|o| constant[o.at()]));
        }
    }
    boundary.sort_unstable();
    boundary.dedup();
    // A factorization cannot be handed over: what reads it is computed with it every time.
    boundary.retain(|id| !matches!(graph.node(*id).kind, Kind::Input(_) | Kind::Number(_) | Kind::Factor(_)));
    let mut wholes = vec![];
    let mut targets = vec![];
    for id in boundary {
        wholes.push(graph.node(id).len());
        targets.push((id, Place::Whole(wholes.len() - 1)));
    }
    let schedule = plan(graph, &targets, &given, Start { wholes, ..start });
    for (id, place) in targets {
        let steps = strides(graph.shape(id));
        given.insert(id, Given { place, steps, offset: 0 });
    }
    (schedule, given)
}

impl<T: Number> Bound<T> {
    /// The structure of each output.
    pub fn structures(&self) -> &[Structure] {
        &self.structures
    }

    /// Numbers of the sizes.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    fn check(&self, inputs: &[&[T]]) -> Result<(), RunError> {
        if inputs.len() != self.lengths.len() {
            return Err(RunError::new("E501", format!("the program reads {} inputs, not {}", self.lengths.len(), inputs.len())));
        }
        for (data, (name, length)) in inputs.iter().zip(&self.lengths) {
            if data.len() < *length {
                return Err(RunError::new("E501", format!("`{name}` has {} numbers but {length} are wanted", data.len())));
            }
        }
        Ok(())
    }

    /// Computes what depends on the constant inputs alone; to be called once before [`Bound::call`] if there are any.
    ///
    /// # Errors
    /// As [`Bound::call`].
    pub fn fix(&mut self, inputs: &[&[T]]) -> Result<(), RunError> {
        self.check(inputs)?;
        self.machine.fix(inputs)
    }

    /// Computes: inputs by position in the program, and for each output a buffer of as many numbers as its structure has values.
    ///
    /// # Errors
    /// An input or a buffer of another length (E501), an extreme of no entries (E502).
    pub fn call(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        self.check(inputs)?;
        if outputs.len() != self.structures.len() || outputs.iter().zip(&self.structures).any(|(o, s)| o.len() != s.values) {
            let wanted: Vec<usize> = self.structures.iter().map(|s| s.values).collect();
            let got: Vec<usize> = outputs.iter().map(|o| o.len()).collect();
            return Err(RunError::new("E501", format!("the outputs need buffers of {wanted:?} numbers, not {got:?}")));
        }
        if self.parts.iter().all(|p| p.len() == 1) {
            self.run(inputs, outputs)?;
        } else {
            let mut slices: Vec<&mut [T]> = vec![];
            for (o, lengths) in outputs.iter_mut().zip(&self.parts) {
                let mut rest = &mut **o;
                for n in lengths {
                    let (mine, more) = rest.split_at_mut(*n);
                    slices.push(mine);
                    rest = more;
                }
            }
            self.run(inputs, &mut slices)?;
        }
        Ok(())
    }

    fn run(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        match &mut self.tape {
            Some(tape) => {
                tape.call(inputs, outputs);
                Ok(())
            }
            None => self.machine.call(inputs, outputs),
        }
    }

    /// All entries of all outputs, from the plain interpreter: what [`Bound::call`] is compared with.
    ///
    /// # Errors
    /// As the interpreter's.
    pub fn reference(&self, inputs: &[&[T]]) -> Result<Vec<crate::Array<T>>, RunError> {
        let mut arrays = vec![];
        for (i, data) in self.program.inputs.iter().zip(inputs) {
            let shape = shape(&i.axes, &self.sizes)?;
            arrays.push(crate::Array { data: data[..shape.iter().product()].to_vec(), shape });
        }
        interpret::run(&self.program, &self.sizes, &arrays)
    }

    /// What runs: operations of a tape, or passes with their instructions, a line each.
    pub fn describe(&self) -> String {
        match &self.tape {
            Some(tape) => format!("a tape of {} operations", tape.len()),
            None => self.machine.describe(),
        }
    }

    /// Nanoseconds of each pass in one call, beside what it does.
    pub fn profile(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> String {
        self.machine.profile(inputs, outputs)
    }

    /// Whether a 0 of a mask meets numbers in a sum.
    pub fn is_masked(&self) -> bool {
        self.masked
    }
}
