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
//!
//! A result with two axes or more keeps its structure: the caller's buffer holds its values, and [`Structure`] says what they mean.
//!
//! ```
//! use hesse::{Ask, Formula, Request, Want};
//! use hesse_run::compile::{BindOptions, Compiled};
//! use hesse_run::structure::Form;
//! let f = Formula::parse("param x : vector(n)\nx .* exp(x)", false)?;
//! let jacobian = Request { want: Want::Jacobian, ..Request::default() };
//! let compiled = Compiled::joint(&f.joint(&[Ask::Derivative(jacobian)])?);
//! let mut bound = compiled.bind::<f64>(&[("n", 3)], &BindOptions::default())?;
//! let structure = bound.structures()[0].clone();
//! assert_eq!((structure.form(), structure.values), (Form::Diagonal, 3));
//! let mut values = [0.0; 3];
//! bound.call(&[&[0.0, 0.0, 0.0]], &mut [&mut values])?;
//! // J·v, by a machine that is made once.
//! let (mut times, mut product) = (structure.multiplier::<f64>(false)?, [0.0; 3]);
//! times.call(&[&values, &[1.0, 2.0, 3.0]], &mut [&mut product])?;
//! assert_eq!(product, [1.0, 2.0, 3.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::array::{Array, strides};
use crate::interpret::{self, RunError, signed};
use crate::masks;
use crate::schedule;
use crate::schedule::build::{Builder, shape};
use crate::schedule::graph::{Graph, Id, Kind, reads};
use crate::schedule::plan::{Given, Start, plan};
use crate::schedule::refine::{needed, refine};
use crate::schedule::run::{Machine, Number, Rows};
use crate::schedule::tape::Tape;
use crate::schedule::tasks::{Pass, Place, Schedule};
use crate::structure::{Structure, structured, written_out};
use crate::view::{Layout, View};
use hesse::Joint;
use hesse::program::program::{Input, Op, Program};
use std::collections::HashMap;

/// Most bytes that a bound program may hold unless it is told otherwise.
pub const MEMORY: usize = 4 << 30;

/// Rows whose sum is carried in one f32.
const F32_ROWS: usize = 4096;

/// Inputs and parts of outputs up to this many are passed on without a list on the heap.
const FEW: usize = 32;

/// A program, ready to be bound to sizes.
#[derive(Clone, Debug)]
pub struct Compiled {
    program: Program,
    /// Leading axes of each output that make its rows, where that is known.
    rows: Vec<usize>,
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
    /// Inputs that are never in memory as a whole: [`Bound::stream`] is given their rows piece by piece. They may only be summed over rows.
    pub streamed: Vec<String>,
    /// Leading axes of each output that make its rows; by default what [`Compiled::joint`] knows, or half of them (rounded up).
    pub rows: Vec<usize>,
}

impl Default for BindOptions {
    fn default() -> Self {
        BindOptions {
            constant: vec![],
            strides: HashMap::new(),
            threads: 0,
            memory: MEMORY,
            dense: false,
            tape: true,
            streamed: vec![],
            rows: vec![],
        }
    }
}

/// A program bound to sizes: all memory is there.
#[derive(Debug)]
pub struct Bound<T> {
    program: Program,
    sizes: Vec<usize>,
    structures: Vec<Structure>,
    layouts: Vec<Layout>,
    /// Inputs that do not lie as they are bound.
    copies: Vec<Vec<T>>,
    /// For each output its parts among the machine's outputs: lengths, in order.
    parts: Vec<Vec<usize>>,
    machine: Machine<T>,
    /// Inputs that come piece by piece, by position.
    streamed: Vec<usize>,
    /// Whether what depends on constant inputs alone is computed.
    ready: bool,
    tape: Option<Tape<T>>,
    masked: bool,
}

impl Compiled {
    /// Compiles a program.
    pub fn new(program: Program) -> Compiled {
        Compiled { program, rows: vec![] }
    }

    /// Compiles values and derivatives over shared inputs: value and gradient, say.
    ///
    /// ```
    /// use hesse::{Ask, Formula, Request};
    /// use hesse_run::compile::{BindOptions, Compiled};
    /// let f = Formula::parse("data X : matrix(N, n)\nparam w : vector(n)\nsum((X*w).^2)", false)?;
    /// let compiled = Compiled::joint(&f.joint(&[Ask::Value(None), Ask::Derivative(Request::default())])?);
    /// let mut bound = compiled.bind::<f64>(&[("N", 2), ("n", 2)], &BindOptions::default())?;
    /// let (mut value, mut gradient) = ([0.0], [0.0; 2]);
    /// bound.call(&[&[1.0, 2.0, 3.0, 4.0], &[1.0, -1.0]], &mut [&mut value, &mut gradient])?;
    /// assert_eq!((value, gradient), ([2.0], [-8.0, -12.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn joint(joint: &Joint) -> Compiled {
        Compiled { program: joint.program.clone(), rows: joint.results.iter().map(|r| r.rows).collect() }
    }

    /// What it reads, in the order of calls.
    pub fn inputs(&self) -> &[Input] {
        &self.program.inputs
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
        let layout = |i: &Input| Layout::new(&i.name, shape(&i.axes, &sizes)?, options.strides.get(&i.name));
        let layouts: Vec<Layout> = program.inputs.iter().map(layout).collect::<Result<_, _>>()?;
        let mut b = Builder::new(program, &sizes);
        let (mut structures, mut parts, mut wanted) = (vec![], vec![], vec![]);
        for (k, o) in program.outputs.iter().enumerate() {
            let whole = shape(&program.steps[o.value.0 as usize].axes, &sizes)?;
            let rows = options.rows.get(k).or(self.rows.get(k)).copied().unwrap_or(whole.len().div_ceil(2)).min(whole.len());
            let zeros = matches!(program.steps[o.value.0 as usize].op, Op::Zeros);
            let found = if whole.len() < 2 || (options.dense && zeros) {
                None
            } else {
                let terms = if zeros { vec![] } else { b.terms(o.value)? };
                structured(&mut b, &terms, &whole, rows)?
            };
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
        let roots: Vec<Id> = wanted.iter().map(|w| w.0).collect();
        let masked = masks::meets_numbers(&graph, &roots, &structures);
        let mut given = HashMap::new();
        for (k, node) in graph.nodes.iter().enumerate() {
            if let Kind::Input(i) = node.kind {
                given.insert(Id(k as u32), Given { place: Place::Input(i), steps: layouts[i].steps.clone(), offset: 0 });
            }
        }
        let mut tape = None;
        if options.tape && options.constant.is_empty() && options.streamed.is_empty() {
            let mut plain = HashMap::new();
            for (k, l) in layouts.iter().enumerate() {
                if l.steps == strides(&l.shape) {
                    plain.insert(k, l.length());
                }
            }
            tape = schedule::tape::tape::<T>(&graph, &wanted, &plain);
        }
        let most = if size_of::<T>() < 8 || !options.streamed.is_empty() { F32_ROWS } else { usize::MAX };
        let made: &[(Id, Place)] = if tape.is_some() { &[] } else { &wanted };
        let (fixed, given) = fixed(&graph, made, given, program, options, most);
        let start = Start { wholes: fixed.wholes.clone(), slots: fixed.slots.len(), most };
        let schedule = plan(&graph, made, &given, start);
        let threads = if options.threads == 0 { hesse_kernels::pool::threads() } else { options.threads };
        let bytes = held(&fixed, &schedule, threads).saturating_mul(size_of::<T>());
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
        let mut streamed = vec![];
        for name in &options.streamed {
            let k = program.inputs.iter().position(|i| i.name == *name);
            let k = k.ok_or_else(|| RunError::new("E401", format!("the program has no input `{name}` to stream")))?;
            let width: usize = layouts[k].shape.iter().skip(1).product();
            let by_rows =
                |p: &Pass| p.views().iter().all(|v| v.place != Place::Input(k) || (p.rows.is_some() && v.row == width && v.offset < v.row));
            if !fixed.passes.iter().chain(&schedule.passes).all(by_rows) {
                let text = format!(
                    "`{name}` cannot be streamed: the program reads it otherwise than row by row; bind it whole, or name fewer inputs"
                );
                return Err(RunError::new("E501", text));
            }
            streamed.push(k);
        }
        let copies = vec![vec![]; layouts.len()];
        let machine = Machine::new(fixed, schedule, threads);
        Ok(Bound {
            program: program.clone(),
            sizes,
            structures,
            layouts,
            copies,
            parts,
            machine,
            tape,
            masked,
            streamed,
            ready: options.constant.is_empty(),
        })
    }
}

/// Rows that are as many numbers as were asked for.
struct Whole<'r, T> {
    rows: &'r dyn Rows<T>,
    /// Of each input its name and the numbers of a row.
    widths: Vec<(String, usize)>,
}

impl<T: Number> Rows<T> for Whole<'_, T> {
    fn with(&self, input: usize, rows: std::ops::Range<usize>, look: &mut dyn FnMut(&[T])) -> Result<(), RunError> {
        let (name, width) = &self.widths[input];
        let wanted = rows.len() * width;
        let mut seen = None;
        let (first, last) = (rows.start + 1, rows.end);
        self.rows.with(input, rows, &mut |data| {
            seen = Some(data.len());
            if data.len() == wanted {
                look(data);
            }
        })?;
        match seen {
            Some(n) if n == wanted => Ok(()),
            n => {
                Err(RunError::new("E501", format!("rows {first} to {last} of `{name}` are {wanted} numbers, but {} came", n.unwrap_or(0))))
            }
        }
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

/// Numbers in the buffers of a machine of these schedules.
fn held(fixed: &Schedule, schedule: &Schedule, threads: usize) -> usize {
    let (mut total, mut tiles) = (schedule.wholes.iter().fold(0usize, |n, k| n.saturating_add(*k)), 0usize);
    // A factorization holds the factors, the matrix, and what it is worked out in.
    for n in fixed.slots.iter().chain(&schedule.slots) {
        total = total.saturating_add(n.saturating_mul(*n).saturating_mul(3));
    }
    for pass in fixed.passes.iter().chain(&schedule.passes) {
        let pieces = pass.rows.unwrap_or(1).div_ceil(pass.piece.max(1)).max(1);
        let sums = pass.sums.iter().filter(|s| !s.scalar && (pieces > 1 || matches!(s.to, Place::Output(_))));
        total = sums.fold(total, |n, s| n.saturating_add(s.length.saturating_mul(pieces)));
        tiles = tiles.max(pass.tiles.iter().fold(0usize, |n, k| n.saturating_add(*k)).saturating_mul(pass.block));
    }
    total.saturating_add(tiles.saturating_mul(threads.max(1)))
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

    /// The inputs as they are bound, in the order of calls.
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// Names of the inputs, in the order of calls.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layouts.iter().map(|l| l.name.as_str())
    }

    /// How many inputs there are.
    fn counted(&self, given: usize) -> Result<(), RunError> {
        if given == self.layouts.len() {
            return Ok(());
        }
        let wanted = self.layouts.len();
        let names: Vec<String> = self.names().map(|n| format!("`{n}`")).collect();
        Err(RunError::new("E501", format!("the program reads {wanted} inputs ({}), not {given}", names.join(", "))))
    }

    fn check(&self, inputs: &[&[T]]) -> Result<(), RunError> {
        self.counted(inputs.len())?;
        inputs.iter().zip(&self.layouts).try_for_each(|(data, layout)| layout.holds(data.len()))
    }

    /// Computes what depends on the constant inputs alone; to be called once before [`Bound::call`] if there are any.
    ///
    /// # Errors
    /// As [`Bound::call`].
    pub fn fix(&mut self, inputs: &[&[T]]) -> Result<(), RunError> {
        self.check(inputs)?;
        self.machine.fix(inputs)?;
        self.ready = true;
        Ok(())
    }

    /// Computes: inputs by position in the program, and for each output a buffer of as many numbers as its structure has values.
    ///
    /// # Errors
    /// An input or a buffer of another length (E501), an extreme of no entries (E502).
    pub fn call(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        if let Some(k) = self.streamed.first() {
            let name = &self.layouts[*k].name;
            return Err(RunError::new("E501", format!("`{name}` is bound to be streamed: give its rows to `stream`")));
        }
        self.computed(inputs, None, outputs)?;
        if self.masked && outputs.iter().any(|o| o.iter().any(|x| !x.value().is_finite())) {
            self.carefully(inputs, outputs)?;
        }
        Ok(())
    }

    /// As [`Bound::call`] for data that is larger than memory: the rows of the inputs that were named in [`BindOptions::streamed`] (empty among
    /// `inputs`) are asked for piece by piece, by several threads at a time, and seen once.
    ///
    /// ```
    /// use hesse::{Ask, Formula, Request};
    /// use hesse_run::compile::{BindOptions, Compiled};
    /// use hesse_run::{RunError, Rows};
    /// /// Row i is (i, 1).
    /// struct Line;
    /// impl Rows<f64> for Line {
    ///     fn with(&self, _: usize, rows: std::ops::Range<usize>, look: &mut dyn FnMut(&[f64])) -> Result<(), RunError> {
    ///         look(&rows.flat_map(|i| [i as f64, 1.0]).collect::<Vec<f64>>());
    ///         Ok(())
    ///     }
    /// }
    /// let f = Formula::parse("data X : matrix(N, n)\nparam w : vector(n)\nsum((X*w).^2)/N", false)?;
    /// let joint = f.joint(&[Ask::Value(None), Ask::Derivative(Request::default())])?;
    /// let options = BindOptions { streamed: vec!["X".into()], ..BindOptions::default() };
    /// let mut bound = Compiled::joint(&joint).bind::<f64>(&[("N", 100_000), ("n", 2)], &options)?;
    /// let (mut value, mut gradient) = ([0.0], [0.0; 2]);
    /// bound.stream(&[&[], &[0.0, 2.0]], &Line, &mut [&mut value, &mut gradient])?;
    /// assert_eq!((value[0], gradient[1]), (4.0, 4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bound::call`]; rows that cannot be had; what is not finite where a mask may have silenced it (E502), for it would have to be
    /// computed again with all data at once.
    pub fn stream(&mut self, inputs: &[&[T]], rows: &dyn Rows<T>, outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        let widths = self.layouts.iter().map(|l| (l.name.clone(), l.shape.iter().skip(1).product())).collect();
        self.computed(inputs, Some(&Whole { rows, widths }), outputs)?;
        if self.masked && outputs.iter().any(|o| o.iter().any(|x| !x.value().is_finite())) {
            let text = "a result is not finite, and a 0 of a mask may have silenced what made it so: look for infinities in the data, or bind it whole";
            return Err(RunError::new("E502", text));
        }
        Ok(())
    }

    fn computed(&mut self, inputs: &[&[T]], rows: Option<&dyn Rows<T>>, outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        if !self.ready {
            return Err(RunError::new("E501", "constant inputs are bound but were never given: call `fix` with them first"));
        }
        self.counted(inputs.len())?;
        for (k, (data, layout)) in inputs.iter().zip(&self.layouts).enumerate() {
            if !self.streamed.contains(&k) {
                layout.holds(data.len())?;
            }
        }
        if outputs.len() != self.structures.len() || outputs.iter().zip(&self.structures).any(|(o, s)| o.len() != s.values) {
            return Err(self.wrong_outputs(outputs));
        }
        let parts = self.parts.iter().map(Vec::len).sum();
        if self.parts.iter().all(|p| p.len() == 1) {
            self.machine_or_tape(inputs, rows, outputs)?;
        } else if parts <= FEW {
            let mut slices: [&mut [T]; FEW] = std::array::from_fn(|_| &mut [][..]);
            self.split(outputs, &mut slices);
            self.machine_or_tape(inputs, rows, &mut slices[..parts])?;
        } else {
            let mut slices: Vec<&mut [T]> = (0..parts).map(|_| &mut [][..]).collect();
            self.split(outputs, &mut slices);
            self.machine_or_tape(inputs, rows, &mut slices)?;
        }
        Ok(())
    }

    /// As [`Bound::call`], with inputs wherever they lie in memory. What lies as it is bound ([`BindOptions::strides`], row-major by
    /// default) is read there; anything else is copied first, into a buffer that is kept.
    ///
    /// # Errors
    /// As [`Bound::call`]; an input of another shape (E501).
    pub fn call_views(&mut self, inputs: &[View<'_, T>], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        self.counted(inputs.len())?;
        let mut copies = std::mem::take(&mut self.copies);
        let done = self.read_views(inputs, &mut copies, outputs);
        self.copies = copies;
        done
    }

    fn read_views(&mut self, inputs: &[View<'_, T>], copies: &mut [Vec<T>], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        let (mut few, mut many): ([&[T]; FEW], Vec<&[T]>) = ([&[]; FEW], vec![]);
        let slices = if inputs.len() <= FEW {
            &mut few[..inputs.len()]
        } else {
            many.resize(inputs.len(), &[]);
            &mut many[..]
        };
        for (((to, view), copy), layout) in slices.iter_mut().zip(inputs).zip(copies).zip(&self.layouts) {
            *to = layout.read(view, copy)?;
        }
        self.call(slices, outputs)
    }

    fn wrong_outputs(&self, outputs: &[&mut [T]]) -> RunError {
        for ((o, s), named) in outputs.iter().zip(&self.structures).zip(&self.program.outputs) {
            if outputs.len() == self.structures.len() && o.len() != s.values {
                let (name, form, shape) = (&named.name, s.form(), crate::view::sides(&s.shape));
                let message = format!(
                    "the result `{name}` ({shape}, {form}) has {} values, but its buffer holds {}: make it that long",
                    s.values,
                    o.len()
                );
                return RunError::new("E501", message);
            }
        }
        let (wanted, got) = (self.structures.len(), outputs.len());
        RunError::new("E501", format!("the program has {wanted} results, so {wanted} buffers are wanted, not {got}"))
    }

    /// The buffers of the parts of the outputs.
    fn split<'o>(&self, outputs: &'o mut [&mut [T]], into: &mut [&'o mut [T]]) {
        let mut next = into.iter_mut();
        for (o, lengths) in outputs.iter_mut().zip(&self.parts) {
            let mut rest = &mut **o;
            for (n, to) in lengths.iter().zip(next.by_ref()) {
                (*to, rest) = rest.split_at_mut(*n);
            }
        }
    }

    fn machine_or_tape(&mut self, inputs: &[&[T]], rows: Option<&dyn Rows<T>>, outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        match (&mut self.tape, rows) {
            (Some(tape), _) => {
                tape.call(inputs, outputs);
                Ok(())
            }
            (None, Some(rows)) => self.machine.stream(inputs, &self.streamed, rows, outputs),
            (None, None) => self.machine.call(inputs, outputs),
        }
    }

    /// What is not finite where a 0 of a mask may have met it: the interpreter knows which zeros select.
    fn carefully(&self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        for (((all, s), to), named) in self.reference(inputs)?.iter().zip(&self.structures).zip(outputs).zip(&self.program.outputs) {
            if s.is_dense() {
                to.copy_from_slice(&all.data);
            } else if !s.values_from(&all.data, to) {
                let (name, form) = (&named.name, s.form());
                return Err(RunError::new(
                    "E502",
                    format!(
                        "the result `{name}` ({form}) is not finite where a mask is 0, and its factors cannot tell which entries: bind it dense"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// All entries of all outputs, from the plain interpreter: what [`Bound::call`] is compared with.
    ///
    /// # Errors
    /// As [`Bound::call`] and the interpreter's.
    pub fn reference(&self, inputs: &[&[T]]) -> Result<Vec<Array<T>>, RunError> {
        self.check(inputs)?;
        let array = |(l, data): (&Layout, &&[T])| Array { data: l.entries(data), shape: l.shape.clone() };
        let arrays: Vec<Array<T>> = self.layouts.iter().zip(inputs).map(array).collect();
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

    /// Whether a 0 of a mask meets numbers in a sum: what is not finite after a call is then computed again, by the interpreter.
    pub fn is_masked(&self) -> bool {
        self.masked
    }
}
