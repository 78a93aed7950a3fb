//! Runs a schedule.

use super::graph::PlainOp;
use super::tasks::*;
use crate::array::Array;
use crate::exponential;
use crate::interpret::RunError;
use crate::linear;
use crate::scalar::Scalar;
use hesse_kernels::factor::{Factor, Kind};
use hesse_kernels::{Matrix, MatrixMut, Real, Source, matrix, pool};
use std::sync::Mutex;

/// The numbers that a schedule runs with.
pub trait Number: Real + Scalar {}
impl Number for f64 {}
impl Number for f32 {}

/// What a thread works in.
#[derive(Debug)]
struct Scratch<T> {
    tiles: Vec<Vec<T>>,
    registers: Vec<T>,
    work: Vec<T>,
    /// Threads that a single instruction may use.
    threads: usize,
}

/// The sums of a piece.
#[derive(Debug, Default)]
struct Sums<T> {
    arrays: Vec<Vec<T>>,
    scalars: Vec<f64>,
}

/// What a pass needs besides its instructions, made once.
#[derive(Debug)]
struct Prepared<T> {
    pieces: usize,
    /// One per piece if there are several, otherwise one for scalars.
    sums: Vec<Mutex<Sums<T>>>,
}

/// A factorization, and the matrix for who needs its transpose.
struct Slot<T> {
    factor: Factor<T>,
    matrix: Vec<T>,
    n: usize,
}

impl<T> std::fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({})", self.n)
    }
}

/// A schedule with its buffers.
#[derive(Debug)]
pub struct Machine<T> {
    wholes: Vec<Vec<T>>,
    slots: Vec<Slot<T>>,
    scratch: Vec<Mutex<Scratch<T>>>,
    fixed: Vec<(Pass, Prepared<T>)>,
    passes: Vec<(Pass, Prepared<T>)>,
    threads: usize,
}

/// What tasks read and do not write.
#[derive(Clone, Copy)]
struct Shared<'e, T> {
    inputs: &'e [&'e [T]],
    wholes: &'e [Vec<T>],
    /// Inputs of which only the rows from `first` on are there.
    window: &'e [(usize, &'e [T])],
    first: usize,
}

/// Inputs that are too large to lie in memory: their rows are asked for piece by piece.
pub trait Rows<T>: Sync {
    /// Shows the rows of an input (by position) to `look`, row-major.
    ///
    /// # Errors
    /// They cannot be had.
    fn with(&self, input: usize, rows: std::ops::Range<usize>, look: &mut dyn FnMut(&[T])) -> Result<(), RunError>;
}

/// The streamed inputs of a pass, by position, and where their rows come from.
#[derive(Clone, Copy)]
struct Stream<'e, T> {
    inputs: &'e [usize],
    rows: &'e dyn Rows<T>,
}

/// Who looks at the rows of several inputs, each with its position.
type Look<'l, T> = dyn FnMut(&[(usize, &[T])]) + 'l;

impl<T> Stream<'_, T> {
    /// Shows these rows of all inputs at once.
    fn with(&self, rows: &std::ops::Range<usize>, seen: &[(usize, &[T])], look: &mut Look<'_, T>) -> Result<(), RunError> {
        let Some(input) = self.inputs.get(seen.len()) else {
            look(seen);
            return Ok(());
        };
        let mut inner = Ok(());
        self.rows.with(*input, rows.clone(), &mut |data| {
            let mut more = seen.to_vec();
            more.push((*input, data));
            inner = self.with(rows, &more, look);
        })?;
        inner
    }
}

/// A pass that is to run.
struct Run<'e, T> {
    pass: &'e Pass,
    prepared: &'e Prepared<T>,
    rows: usize,
    stream: Option<Stream<'e, T>>,
}

/// What tasks write.
struct Written<'e, 's, T> {
    sinks: &'e mut [&'s mut [T]],
    sums: &'e mut [Vec<T>],
    scalars: &'e mut [f64],
}

impl<T: Number> Machine<T> {
    /// The machine of two schedules: `fixed` runs once, `schedule` every time; the second one's buffers extend the first one's.
    pub fn new(fixed: Schedule, schedule: Schedule, threads: usize) -> Machine<T> {
        let mut wholes: Vec<Vec<T>> = schedule.wholes.iter().map(|n| vec![T::default(); *n]).collect();
        for k in fixed.ones.iter().chain(&schedule.ones) {
            wholes[*k].iter_mut().for_each(|x| *x = Real::from_f64(1.0));
        }
        let slots = fixed
            .slots
            .iter()
            .chain(&schedule.slots)
            .map(|n| Slot { factor: Factor::new(*n, *n), matrix: vec![T::default(); n * n], n: *n })
            .collect();
        let all = || fixed.passes.iter().chain(&schedule.passes);
        let tiles = all().map(|p| p.tiles.len()).max().unwrap_or(0);
        let tile = |k: usize| all().filter_map(|p| Some(p.tiles.get(k)? * p.block)).max().unwrap_or(0);
        let lengths: Vec<usize> = (0..tiles).map(tile).collect();
        let registers = all().flat_map(|p| &p.tasks).map(|t| if let Task::Chain(c) = t { c.chain.scratch() } else { 0 }).max().unwrap_or(0);
        let gram = |p: &Pass| {
            let of = |t: &Task| if let Task::Gram(g) = t { g.sizes[0].times * g.sizes[1].at(p.block) } else { 0 };
            p.tasks.iter().map(of).max().unwrap_or(0)
        };
        let work = all().map(gram).max().unwrap_or(0);
        let workers = if all().any(|p| p.rows.is_some_and(|r| r > p.piece)) { threads.max(1) } else { 1 };
        let scratch = (0..workers)
            .map(|_| {
                Mutex::new(Scratch {
                    tiles: lengths.iter().map(|n| vec![T::default(); *n]).collect(),
                    registers: vec![T::default(); registers],
                    work: vec![T::default(); work],
                    threads: 1,
                })
            })
            .collect();
        let prepare = |pass: Pass| {
            let rows = pass.rows.unwrap_or(1);
            let pieces = rows.div_ceil(pass.piece.max(1)).max(1);
            let sums = (0..pieces)
                .map(|_| {
                    let own = |s: &SumBuffer| !s.scalar && (pieces > 1 || matches!(s.to, Place::Output(_)));
                    let arrays = pass.sums.iter().map(|s| if own(s) { vec![T::default(); s.length] } else { vec![] }).collect();
                    Mutex::new(Sums { arrays, scalars: vec![0.0; pass.sums.len()] })
                })
                .collect();
            (pass, Prepared { pieces, sums })
        };
        let Schedule { passes: first, .. } = fixed;
        let fixed = first.into_iter().map(prepare).collect();
        let passes = schedule.passes.into_iter().map(prepare).collect();
        Machine { wholes, slots, scratch, fixed, passes, threads }
    }

    /// Numbers held in buffers.
    pub fn held(&self) -> usize {
        let sums = |p: &(Pass, Prepared<T>)| p.0.sums.iter().map(|s| s.length).sum::<usize>() * p.1.pieces;
        self.wholes.iter().map(Vec::len).sum::<usize>() + self.passes.iter().chain(&self.fixed).map(sums).sum::<usize>()
    }

    /// The passes, a line each.
    pub fn describe(&self) -> String {
        self.passes.iter().map(|(pass, _)| format!("{}\n", pass.describe())).collect()
    }

    /// As [`Machine::describe`] after one call, with the nanoseconds of each pass.
    pub fn profile(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> String {
        let passes = std::mem::take(&mut self.passes);
        let mut text = String::new();
        for (pass, prepared) in &passes {
            let start = std::time::Instant::now();
            let done = self.pass(pass, prepared, inputs, outputs, None);
            let ns = start.elapsed().as_nanos();
            text.push_str(&format!("{ns:>12} ns  {}{}\n", pass.describe(), if done.is_err() { " failed" } else { "" }));
        }
        self.passes = passes;
        text
    }

    /// Computes what does not depend on what varies.
    ///
    /// # Errors
    /// As [`Machine::call`].
    pub fn fix(&mut self, inputs: &[&[T]]) -> Result<(), RunError> {
        let passes = std::mem::take(&mut self.fixed);
        let done = passes.iter().try_for_each(|(pass, prepared)| self.pass(pass, prepared, inputs, &mut [], None));
        self.fixed = passes;
        done
    }

    /// Runs.
    ///
    /// # Errors
    /// An extreme of no entries (E502), a function without a kernel (E301).
    pub fn call(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        self.all(inputs, outputs, None)
    }

    /// Runs with inputs (by position) whose rows come piece by piece; they are empty among `inputs`.
    ///
    /// # Errors
    /// As [`Machine::call`]; rows that cannot be had.
    pub fn stream(&mut self, inputs: &[&[T]], streamed: &[usize], rows: &dyn Rows<T>, outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        self.all(inputs, outputs, Some(Stream { inputs: streamed, rows }))
    }

    fn all(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]], stream: Option<Stream<'_, T>>) -> Result<(), RunError> {
        let passes = std::mem::take(&mut self.passes);
        let done = passes.iter().try_for_each(|(pass, prepared)| {
            let stream = stream.filter(|s| s.inputs.iter().any(|k| pass.reads(Place::Input(*k))));
            self.pass(pass, prepared, inputs, outputs, stream)
        });
        self.passes = passes;
        done
    }

    fn pass(
        &mut self,
        pass: &Pass,
        prepared: &Prepared<T>,
        inputs: &[&[T]],
        outputs: &mut [&mut [T]],
        stream: Option<Stream<'_, T>>,
    ) -> Result<(), RunError> {
        if let Some(task @ (Task::Factor { .. } | Task::Factored { .. } | Task::Plain { .. })) = pass.tasks.first() {
            return self.matrix_task(pass, task, inputs, outputs);
        }
        // What is written is taken out of the buffers, so that the rest can be read.
        let (mut few, mut many): ([Vec<T>; FEW], Vec<Vec<T>>) = (std::array::from_fn(|_| Vec::new()), Vec::new());
        let taken = slots_for(pass.sinks.len() + pass.sums.len(), &mut few, &mut many);
        let single = prepared.pieces == 1;
        let places = pass.sinks.iter().map(|s| s.to).chain(pass.sums.iter().filter(|s| single && !s.scalar).map(|s| s.to));
        for (k, place) in places.clone().enumerate() {
            if let Place::Whole(w) = place {
                taken[k] = std::mem::take(&mut self.wholes[w]);
            }
        }
        let run = Run { pass, prepared, rows: pass.rows.unwrap_or(1), stream };
        let done = self.taken_pass(&run, inputs, outputs, taken);
        for (k, place) in places.enumerate() {
            if let Place::Whole(w) = place {
                self.wholes[w] = std::mem::take(&mut taken[k]);
            }
        }
        done?;
        // Scalars, and the sums of several pieces.
        for (k, s) in pass.sums.iter().enumerate() {
            let first = locked(&prepared.sums[0]);
            if s.scalar {
                let x = Real::from_f64(first.scalars[k]);
                let to = self.target(s.to, outputs);
                if let Some(y) = to.first_mut() {
                    *y = x;
                }
            } else if !single || matches!(s.to, Place::Output(_)) {
                let to = self.target(s.to, outputs);
                to.copy_from_slice(&first.arrays[k]);
                mirrored(s, to);
            }
        }
        Ok(())
    }

    fn target<'a>(&'a mut self, place: Place, outputs: &'a mut [&mut [T]]) -> &'a mut [T] {
        match place {
            Place::Whole(k) => &mut self.wholes[k],
            Place::Output(k) => outputs[k],
            _ => &mut [],
        }
    }

    fn taken_pass(&self, run: &Run<'_, T>, inputs: &[&[T]], outputs: &mut [&mut [T]], taken: &mut [Vec<T>]) -> Result<(), RunError> {
        let pass = run.pass;
        let shared = Shared { inputs, wholes: &self.wholes, window: &[], first: 0 };
        let (sink_buffers, sum_buffers) = taken.split_at_mut(pass.sinks.len());
        let (mut few, mut many): ([&mut [T]; FEW], Vec<&mut [T]>) = (std::array::from_fn(|_| &mut [][..]), Vec::new());
        let lent = slots_for(pass.sinks.len(), &mut few, &mut many);
        for (k, s) in pass.sinks.iter().enumerate() {
            if let Place::Output(o) = s.to {
                lent[k] = std::mem::take(&mut outputs[o]);
            }
        }
        let done = {
            let (mut few, mut many): ([&mut [T]; FEW], Vec<&mut [T]>) = (std::array::from_fn(|_| &mut [][..]), Vec::new());
            let sinks = slots_for(pass.sinks.len(), &mut few, &mut many);
            let each = sinks.iter_mut().zip(lent.iter_mut()).zip(sink_buffers.iter_mut()).zip(&pass.sinks);
            for (((sink, lent), buffer), s) in each {
                *sink = if matches!(s.to, Place::Output(_)) { lent } else { buffer };
            }
            if run.prepared.pieces > 1 { self.in_pieces(run, &shared, sinks) } else { self.in_one(run, &shared, sinks, sum_buffers) }
        };
        for (k, s) in pass.sinks.iter().enumerate() {
            if let Place::Output(o) = s.to {
                outputs[o] = std::mem::take(&mut lent[k]);
            }
        }
        done
    }

    /// All rows at once; the sums are added up where they go, if that is a buffer.
    fn in_one(&self, run: &Run<'_, T>, shared: &Shared<'_, T>, sinks: &mut [&mut [T]], sum_buffers: &mut [Vec<T>]) -> Result<(), RunError> {
        let Run { pass, prepared, rows, stream } = *run;
        let mut held = locked(&prepared.sums[0]);
        let Sums { arrays, scalars } = &mut *held;
        scalars.iter_mut().for_each(|x| *x = 0.0);
        let vectors = || pass.sums.iter().enumerate().filter(|(_, s)| !s.scalar).enumerate();
        for (next, (k, s)) in vectors() {
            if matches!(s.to, Place::Whole(_)) {
                arrays[k] = std::mem::take(&mut sum_buffers[next]);
            }
            arrays[k].iter_mut().for_each(|x| *x = T::default());
        }
        let mut scratch = locked(&self.scratch[0]);
        scratch.threads = self.threads;
        let mut written = Written { sinks, sums: arrays, scalars };
        let done = streamed_rows(pass, 0..rows, shared, &mut scratch, &mut written, stream);
        for (next, (k, s)) in vectors() {
            mirrored(s, &mut arrays[k]);
            if matches!(s.to, Place::Whole(_)) {
                sum_buffers[next] = std::mem::take(&mut arrays[k]);
            }
        }
        done
    }

    fn in_pieces(&self, run: &Run<'_, T>, shared: &Shared<'_, T>, sinks: &mut [&mut [T]]) -> Result<(), RunError> {
        let Run { pass, prepared, rows, stream } = *run;
        let size = |k: usize| (rows - (k * pass.piece).min(rows)).min(pass.piece);
        let work = |k: usize, sinks: &mut [&mut [T]]| {
            let mut held = locked(&prepared.sums[k]);
            let mut scratch = self.scratch.iter().find_map(|s| s.try_lock().ok()).unwrap_or_else(|| locked(&self.scratch[0]));
            scratch.threads = 1;
            let Sums { arrays, scalars } = &mut *held;
            arrays.iter_mut().flatten().for_each(|x| *x = T::default());
            scalars.iter_mut().for_each(|x| *x = 0.0);
            let low = k * pass.piece;
            let mut written = Written { sinks, sums: arrays, scalars };
            streamed_rows(pass, low..low + size(k), shared, &mut scratch, &mut written, stream)
        };
        if self.threads < 2 {
            for k in 0..prepared.pieces {
                let (mut few, mut many): ([&mut [T]; FEW], Vec<&mut [T]>) = (std::array::from_fn(|_| &mut [][..]), Vec::new());
                let mine = slots_for(sinks.len(), &mut few, &mut many);
                for ((mine, rest), s) in mine.iter_mut().zip(sinks.iter_mut()).zip(&pass.sinks) {
                    let (first, more) = std::mem::take(rest).split_at_mut(size(k) * s.width);
                    (*mine, *rest) = (first, more);
                }
                work(k, mine)?;
            }
        } else {
            let mut jobs: Vec<Mutex<Vec<&mut [T]>>> = (0..prepared.pieces).map(|_| Mutex::new(Vec::with_capacity(sinks.len()))).collect();
            for (s, sink) in pass.sinks.iter().zip(sinks.iter_mut()) {
                let mut rest: &mut [T] = std::mem::take(sink);
                for (k, job) in jobs.iter_mut().enumerate() {
                    let (mine, more) = rest.split_at_mut(size(k) * s.width);
                    rest = more;
                    job.get_mut().unwrap_or_else(|e| e.into_inner()).push(mine);
                }
            }
            // Of several errors the first piece's, whichever came first.
            let failed: Mutex<Option<(usize, RunError)>> = Mutex::new(None);
            pool::parallel(prepared.pieces, self.threads, |k| {
                if let Err(e) = work(k, &mut locked(&jobs[k])) {
                    let mut failed = locked(&failed);
                    if failed.as_ref().is_none_or(|f| k < f.0) {
                        *failed = Some((k, e));
                    }
                }
            });
            if let Some((_, e)) = failed.into_inner().unwrap_or_else(|e| e.into_inner()) {
                return Err(e);
            }
        }
        // A fixed tree: the result does not depend on who computed what.
        let mut step = 1;
        while step < prepared.pieces {
            for k in (0..prepared.pieces - step).step_by(2 * step) {
                let (mut a, b) = (locked(&prepared.sums[k]), locked(&prepared.sums[k + step]));
                for (x, y) in a.arrays.iter_mut().zip(&b.arrays) {
                    x.iter_mut().zip(y).for_each(|(x, y)| *x += *y);
                }
                let Sums { scalars, .. } = &mut *a;
                scalars.iter_mut().zip(&b.scalars).for_each(|(x, y)| *x += *y);
            }
            step *= 2;
        }
        Ok(())
    }

    /// Instructions on factorizations and what is left to the interpreter's kernels.
    fn matrix_task(&mut self, pass: &Pass, task: &Task, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<(), RunError> {
        let place = pass.sinks.first().map_or(Place::Tile(0), |s| s.to);
        let mut own: Vec<T> = vec![];
        let mut lent: &mut [T] = &mut [];
        match place {
            Place::Whole(k) => own = std::mem::take(&mut self.wholes[k]),
            Place::Output(k) => lent = std::mem::take(&mut outputs[k]),
            _ => {}
        }
        let to = if own.is_empty() { &mut *lent } else { &mut own[..] };
        let done = matrix_step(task, &Shared { inputs, wholes: &self.wholes, window: &[], first: 0 }, &mut self.slots, to);
        match place {
            Place::Whole(k) => self.wholes[k] = own,
            Place::Output(k) => outputs[k] = lent,
            _ => {}
        }
        done
    }
}

fn matrix_step<T: Number>(task: &Task, shared: &Shared<'_, T>, slots: &mut [Slot<T>], to: &mut [T]) -> Result<(), RunError> {
    match task {
        Task::Factor { of, n, slot } => {
            let a = &source(of, 0, shared, &[])[..n * n];
            let s = &mut slots[*slot];
            // A Cholesky factorization solves with the transpose too.
            if s.factor.factorise(a) == Kind::Lu {
                s.matrix.copy_from_slice(a);
            }
        }
        Task::Factored { slot, ask, .. } => {
            let Slot { factor, matrix, n } = &mut slots[*slot];
            match ask {
                Ask::Inverse => factor.inverse(to),
                Ask::Determinant => to[0] = factor.determinant(),
                Ask::LogDeterminant { signed } => {
                    let (size, negative) = factor.log_determinant();
                    to[0] = if negative && *signed { Real::from_f64(f64::NAN) } else { size };
                }
                Ask::Solve { right, columns, transposed } => {
                    to.copy_from_slice(&source(right, 0, shared, &[])[..*n * columns]);
                    if *transposed && factor.kind() == Kind::Lu {
                        let flipped: Vec<T> = (0..*n * *n).map(|k| matrix[(k % *n) * *n + k / *n]).collect();
                        let mut other = Factor::new(*n, *columns);
                        other.lu(&flipped);
                        other.solve(to, *columns);
                    } else {
                        factor.solve(to, *columns);
                    }
                }
            }
        }
        Task::Plain { op, args, shape, .. } => {
            let array = |(v, s): &(View, Vec<usize>)| {
                let n: usize = s.iter().product();
                Array { data: source(v, 0, shared, &[])[..n].to_vec(), shape: s.clone() }
            };
            let arrays: Vec<Array<T>> = args.iter().map(array).collect();
            to.copy_from_slice(&plain(*op, &arrays, shape)?);
        }
        _ => {}
    }
    Ok(())
}

/// What is left to the interpreter's kernels.
fn plain<T: Number>(op: PlainOp, args: &[Array<T>], shape: &[usize]) -> Result<Vec<T>, RunError> {
    let a = args.first().ok_or_else(|| RunError::internal("a function without arguments"))?;
    let square = || crate::interpret::square(a);
    Ok(match op {
        PlainOp::Adjugate => linear::adjugate(&a.data, square()?),
        PlainOp::Others(kept) => {
            let length = a.shape[kept.min(a.shape.len())..].iter().product::<usize>().max(1);
            a.data.chunks(length).flat_map(linear::others).collect()
        }
        PlainOp::Apply(f) => match (f.row().name, args.get(1)) {
            ("expm", _) => exponential::expm(&a.data, square()?),
            ("dexpm", Some(b)) => exponential::along(&a.data, &b.data, square()?),
            (name, _) => return Err(RunError::new("E301", format!("`{name}` has no kernel for {shape:?}"))),
        },
    })
}

/// Most sources and numbers of a chain.
const MOST_SOURCES: usize = 128;

/// Arrays up to this many places are on the stack.
const FEW: usize = 8;

/// So many places: the few, or as many as are needed.
fn slots_for<'a, X: Default>(n: usize, few: &'a mut [X; FEW], many: &'a mut Vec<X>) -> &'a mut [X] {
    if n <= FEW {
        return &mut few[..n];
    }
    many.resize_with(n, X::default);
    many
}

fn locked<X>(m: &Mutex<X>) -> std::sync::MutexGuard<'_, X> {
    // A panic in another piece leaves numbers that are overwritten before they are read.
    m.lock().unwrap_or_else(|e| e.into_inner())
}

fn mirrored<T: Real>(s: &SumBuffer, data: &mut [T]) {
    if let Some(n) = s.mirror {
        matrix::mirror(MatrixMut { data, rows: n, columns: n, row_step: n, column_step: 1 });
    }
}

/// These rows, the streamed inputs' as they come.
fn streamed_rows<T: Number>(
    pass: &Pass,
    rows: std::ops::Range<usize>,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, '_, T>,
    stream: Option<Stream<'_, T>>,
) -> Result<(), RunError> {
    let Some(stream) = stream else { return rows_of(pass, rows.start, rows.end, shared, scratch, written) };
    let mut done = Ok(());
    stream.with(&rows, &[], &mut |window| {
        let here = Shared { window, first: rows.start, ..*shared };
        done = rows_of(pass, rows.start, rows.end, &here, scratch, written);
    })?;
    done
}

/// The rows from `low` to `high`, block by block.
fn rows_of<T: Number>(
    pass: &Pass,
    low: usize,
    high: usize,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, '_, T>,
) -> Result<(), RunError> {
    let mut row = low;
    loop {
        let rows = pass.block.min(high - row);
        for task in &pass.tasks {
            run(task, row, row - low, rows, shared, scratch, written)?;
        }
        row += rows;
        if row >= high {
            return Ok(());
        }
    }
}

fn source<'a, T>(v: &View, row: usize, shared: &Shared<'a, T>, tiles: &'a [Vec<T>]) -> &'a [T] {
    let (data, start): (&[T], usize) = match v.place {
        Place::Input(k) => match shared.window.iter().find(|w| w.0 == k) {
            None => (shared.inputs[k], v.offset + row * v.row),
            Some((_, data)) => (data, v.offset + (row - shared.first) * v.row),
        },
        Place::Whole(k) => (&shared.wholes[k], v.offset + row * v.row),
        Place::Tile(k) => (&tiles[k], v.offset),
        Place::Output(_) | Place::Sum(_) | Place::Sink(_) => (&[], 0),
    };
    data.get(start..).unwrap_or(&[])
}

/// Where a result of `length` numbers goes, of which `width` belong to a row; a tile is lent.
enum Out<'a, T> {
    Slice(&'a mut [T]),
    Tile(usize, Vec<T>),
}

impl<T> Out<'_, T> {
    fn slice(&mut self) -> &mut [T] {
        match self {
            Out::Slice(s) => s,
            Out::Tile(_, v) => v,
        }
    }
}

fn out<'a, T>(
    place: Place,
    done: usize,
    rows: usize,
    length: usize,
    tiles: &mut [Vec<T>],
    written: &'a mut Written<'_, '_, T>,
) -> Out<'a, T> {
    match place {
        Place::Tile(k) => Out::Tile(k, std::mem::take(&mut tiles[k])),
        Place::Sum(k) => Out::Slice(&mut written.sums[k]),
        Place::Sink(k) => {
            let start = done * length.checked_div(rows).unwrap_or(0);
            Out::Slice(&mut written.sinks[k][start..start + length])
        }
        _ => Out::Slice(&mut []),
    }
}

fn give_back<T>(o: Out<'_, T>, tiles: &mut [Vec<T>]) {
    if let Out::Tile(k, v) = o {
        tiles[k] = v;
    }
}

/// One instruction: the block starts at `row` of all rows and at `done` of the piece.
fn run<T: Number>(
    task: &Task,
    row: usize,
    done: usize,
    rows: usize,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, '_, T>,
) -> Result<(), RunError> {
    let row_of_block = row;
    match task {
        Task::Chain(t) => match t.sources.len() + t.numbers.len() {
            0..=4 => chain::<T, 4>(t, row, done, rows, shared, scratch, written),
            5..=8 => chain::<T, 8>(t, row, done, rows, shared, scratch, written),
            9..=16 => chain::<T, 16>(t, row, done, rows, shared, scratch, written),
            _ => chain::<T, MOST_SOURCES>(t, row, done, rows, shared, scratch, written),
        },
        Task::Product(t) => product(t, row, done, rows, shared, scratch, written),
        Task::Gram(t) => gram(t, row, rows, shared, scratch, written),
        Task::Reduce { f, groups, length, of, to } => {
            let (groups, name) = (groups.at(rows), f.row().name);
            let extreme = linear::Extreme::find(name);
            if *length == 0 && groups > 0 && extreme.is_some() {
                return Err(RunError::new("E502", format!("`{name}` of no entries: nothing is the largest or smallest of them")));
            }
            let masked = extreme.is_some_and(|e| e.1);
            let total = if masked { groups * length } else { groups };
            let mut target = out(*to, done, rows, total, &mut scratch.tiles, written);
            let data = source(of, row, shared, &scratch.tiles);
            let to = target.slice();
            for k in 0..groups {
                let entries = &data[k * length..(k + 1) * length];
                match (name, extreme) {
                    (_, Some((e, true))) => {
                        let chosen = e.choose(entries);
                        let shares = linear::shares(&chosen, *length);
                        to[k * length..(k + 1) * length].iter_mut().zip(shares).for_each(|(x, s)| *x = Real::from_f64(s));
                    }
                    (_, Some((e, false))) => to[k] = linear::mean_of(entries, &e.choose(entries)),
                    ("norm2", _) => to[k] = linear::norm2(entries, &mut |_| {}),
                    ("logsumexp", _) => to[k] = linear::logsumexp(entries, &mut |_| {}),
                    ("prod", _) => to[k] = linear::scaled_product(entries.iter().copied()),
                    _ => return Err(RunError::new("E301", format!("`{name}` has no kernel"))),
                }
            }
            give_back(target, &mut scratch.tiles);
            Ok(())
        }
        Task::Repeat { of, row, width, contiguous, to } => {
            let Place::Tile(k) = *to else { return Ok(()) };
            let mut tile = std::mem::take(&mut scratch.tiles[k]);
            let data = source(of, row_of_block, shared, &scratch.tiles);
            for (r, to) in tile.chunks_exact_mut(*width).enumerate().take(rows) {
                if *contiguous {
                    to.copy_from_slice(&data[r * row..r * row + width]);
                } else {
                    to.fill(data[r * row]);
                }
            }
            scratch.tiles[k] = tile;
            Ok(())
        }
        Task::Spread { of, axes, offset, to } => {
            let Place::Sink(k) = *to else { return Ok(()) };
            let target = &mut written.sinks[k];
            target.iter_mut().for_each(|x| *x = T::default());
            let data = source(of, row, shared, &scratch.tiles);
            let count: usize = axes.iter().map(|a| a.0).product();
            let mut index = [0usize; 16];
            let mut at = *offset;
            for x in &data[..count] {
                target[at] = *x;
                for (a, (n, step)) in axes.iter().enumerate().rev() {
                    index[a] += 1;
                    at += step;
                    if index[a] < *n {
                        break;
                    }
                    at -= step * n;
                    index[a] = 0;
                }
            }
            Ok(())
        }
        Task::Fill { triangle, to } => {
            let Place::Sink(k) = *to else { return Ok(()) };
            let columns = triangle.map_or(0, |t| t.1);
            for (k, x) in written.sinks[k].iter_mut().enumerate() {
                *x = if columns > 0 && k / columns >= k % columns { Real::from_f64(1.0) } else { T::default() };
            }
            Ok(())
        }
        Task::Factor { .. } | Task::Factored { .. } | Task::Plain { .. } => Ok(()),
    }
}

fn chain<'s, T: Number, const N: usize>(
    t: &ChainTask,
    row: usize,
    done: usize,
    rows: usize,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, 's, T>,
) -> Result<(), RunError> {
    let n = t.inner.at(rows);
    let outer: usize = t.outer.iter().map(|e| e.at(rows)).product();
    if n == 0 || outer == 0 {
        if let Some((place, axes)) = t.each {
            let length = t.outer[..axes].iter().map(|e| e.at(rows)).product();
            let mut target = out(place, done, rows, length, &mut scratch.tiles, written);
            target.slice()[..length].iter_mut().for_each(|x| *x = T::default());
            give_back(target, &mut scratch.tiles);
        }
        return Ok(());
    }
    let Scratch { tiles, registers, .. } = scratch;
    // What is written: tiles are lent out of the scratch.
    let mut lent: [Vec<T>; FEW] = std::array::from_fn(|_| Vec::new());
    let mut borrowed: [&'s mut [T]; FEW] = std::array::from_fn(|_| &mut [][..]);
    for (k, place) in t.sinks.iter().enumerate() {
        match *place {
            Place::Tile(tile) => lent[k] = std::mem::take(&mut tiles[tile]),
            Place::Sink(s) => borrowed[k] = std::mem::take(&mut written.sinks[s]),
            _ => {}
        }
    }
    let first = done * (n * outer / rows.max(1));
    let mut each_tile = match t.each {
        Some((Place::Tile(k), _)) => std::mem::take(&mut tiles[k]),
        _ => Vec::new(),
    };
    let mut sums = [0.0f64; 8];
    let mut starts = [0usize; N];
    let mut data: [&[T]; N] = [&[]; N];
    for (k, s) in t.sources.iter().enumerate() {
        data[k] = source(&s.view, row, shared, tiles);
    }
    let mut sources = [Source::Scalar(T::default()); N];
    for (k, x) in t.numbers.iter().enumerate() {
        sources[t.sources.len() + k] = Source::Scalar(Real::from_f64(*x));
    }
    let mut index = [0usize; 16];
    let used = t.sources.len() + t.numbers.len();
    for round in 0..outer {
        for (k, s) in t.sources.iter().enumerate() {
            sources[k] = match s.inner {
                Along::Same => Source::Scalar(data[k][starts[k]]),
                Along::Step(1) => Source::Slice(&data[k][starts[k]..]),
                Along::Step(step) => Source::Strided(&data[k][starts[k]..], step),
            };
        }
        let mut sinks: [&mut [T]; FEW] = std::array::from_fn(|_| &mut [][..]);
        let each = sinks.iter_mut().zip(lent.iter_mut()).zip(borrowed.iter_mut()).zip(&t.sinks);
        for (((sink, tile), slice), place) in each {
            *sink = match *place {
                Place::Sink(_) => &mut slice[first + round * n..first + (round + 1) * n],
                _ => &mut tile[round * n..(round + 1) * n],
            };
        }
        t.chain.run(n, &sources[..used], &mut sinks[..t.sinks.len()], &mut sums, registers);
        if let Some((place, axes)) = t.each {
            // One sum for each step of the first axes; the others are added up.
            let inside: usize = t.outer[axes..].iter().map(|e| e.at(rows)).product();
            if (round + 1) % inside == 0 {
                let at = round / inside;
                let total = outer / inside;
                let x = Real::from_f64(sums[0]);
                match place {
                    Place::Tile(_) => each_tile[at] = x,
                    Place::Sink(s) => written.sinks[s][done * (total / rows.max(1)) + at] = x,
                    Place::Sum(s) => written.sums[s][at] += x,
                    _ => {}
                }
                sums[0] = 0.0;
            }
        }
        for (axis, e) in t.outer.iter().enumerate().rev() {
            index[axis] += 1;
            let extent = e.at(rows);
            for (k, s) in t.sources.iter().enumerate() {
                starts[k] += s.outer[axis];
                if index[axis] == extent {
                    starts[k] -= s.outer[axis] * extent;
                }
            }
            if index[axis] < extent {
                break;
            }
            index[axis] = 0;
        }
    }
    for (k, s) in t.sums.iter().enumerate() {
        written.scalars[*s] += sums[k];
    }
    for (k, place) in t.sinks.iter().enumerate() {
        match *place {
            Place::Tile(tile) => tiles[tile] = std::mem::take(&mut lent[k]),
            Place::Sink(s) => written.sinks[s] = std::mem::take(&mut borrowed[k]),
            _ => {}
        }
    }
    if let Some((Place::Tile(k), _)) = t.each {
        tiles[k] = each_tile;
    }
    Ok(())
}

fn product<T: Number>(
    t: &ProductTask,
    row: usize,
    done: usize,
    rows: usize,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, '_, T>,
) -> Result<(), RunError> {
    let [m, n, k] = t.sizes.map(|e| e.at(rows));
    let batches: usize = t.batch.iter().map(|b| b.0.at(rows)).product();
    let mut target = out(t.c, done, rows, batches * m * n, &mut scratch.tiles, written);
    let a = source(&t.a.0, row, shared, &scratch.tiles);
    let b = source(&t.b.0, row, shared, &scratch.tiles);
    let c = target.slice();
    let mut index = [0usize; 16];
    let (mut from_a, mut from_b) = (0, 0);
    for batch in 0..batches {
        let left = Matrix { data: a.get(from_a..).unwrap_or(&[]), rows: m, columns: k, row_step: t.a.1, column_step: t.a.2 };
        let right = Matrix { data: b.get(from_b..).unwrap_or(&[]), rows: k, columns: n, row_step: t.b.1, column_step: t.b.2 };
        let to = &mut c[batch * m * n..(batch + 1) * m * n];
        if k == 0 {
            if !t.add {
                to.iter_mut().for_each(|x| *x = T::default());
            }
        } else if n == 1 && (t.b.1 == 1 || k == 1) {
            matrix::times_vector(left, &right.data[..k], t.add, to);
        } else if m == 1 && (t.a.2 == 1 || k == 1) {
            matrix::times_vector(right.transposed(), &left.data[..k], t.add, to);
        } else if m > 0 && n > 0 {
            let to = MatrixMut { data: to, rows: m, columns: n, row_step: n, column_step: 1 };
            matrix::product(left, right, t.add, to, scratch.threads);
        }
        for (axis, (e, step_a, step_b)) in t.batch.iter().enumerate().rev() {
            let extent = e.at(rows);
            index[axis] += 1;
            from_a += step_a;
            from_b += step_b;
            if index[axis] < extent {
                break;
            }
            index[axis] = 0;
            from_a -= step_a * extent;
            from_b -= step_b * extent;
        }
    }
    give_back(target, &mut scratch.tiles);
    Ok(())
}

fn gram<T: Number>(
    t: &GramTask,
    row: usize,
    rows: usize,
    shared: &Shared<'_, T>,
    scratch: &mut Scratch<T>,
    written: &mut Written<'_, '_, T>,
) -> Result<(), RunError> {
    let [n, k] = t.sizes.map(|e| e.at(rows));
    let Scratch { tiles, work, threads, .. } = scratch;
    let a = Matrix { data: source(&t.a.0, row, shared, tiles), rows: k, columns: n, row_step: t.a.1, column_step: t.a.2 };
    let weight = t.weight.as_ref().map(|w| &source(w, row, shared, tiles)[..k]);
    match t.c {
        Place::Sum(s) => {
            let data = &mut written.sums[s][..];
            matrix::gram_by(a, weight, MatrixMut { data, rows: n, columns: n, row_step: n, column_step: 1 }, work, *threads);
        }
        Place::Sink(s) => {
            let data = &mut *written.sinks[s];
            data.iter_mut().for_each(|x| *x = T::default());
            matrix::gram_by(a, weight, MatrixMut { data: &mut *data, rows: n, columns: n, row_step: n, column_step: 1 }, work, *threads);
            matrix::mirror(MatrixMut { data, rows: n, columns: n, row_step: n, column_step: 1 });
        }
        _ => {}
    }
    Ok(())
}
