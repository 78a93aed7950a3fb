//! What a schedule consists of: passes over rows, each a list of instructions over views of buffers.

use super::graph::PlainOp;
use hesse::facts::matrices::MatrixFunctionId;
use hesse_kernels::Chain;

/// Most sources, sinks and sums of one chain.
pub const MOST: usize = 16;

/// Where numbers lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An input of the caller.
    Input(usize),
    /// A buffer of the schedule.
    Whole(usize),
    /// An array of the caller for an output.
    Output(usize),
    /// A block of rows, one after the other, of the pass that is running.
    Tile(usize),
    /// A sum over the rows of the pass that is running.
    Sum(usize),
    /// What the running pass writes row by row, by position in [`Pass::sinks`].
    Sink(usize),
}

/// How many: a number, times the rows of the block at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Times the rows.
    pub rows: bool,
    /// The number.
    pub times: usize,
}

impl Extent {
    /// A number.
    pub const fn of(times: usize) -> Extent {
        Extent { rows: false, times }
    }
    /// The number for a block of so many rows.
    pub fn at(self, rows: usize) -> usize {
        if self.rows { rows * self.times } else { self.times }
    }
}

/// Numbers as an instruction reads them: from `offset`, plus `row` for each row before the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Where.
    pub place: Place,
    /// The first one.
    pub offset: usize,
    /// From one row of the pass to the next (of a tile the block starts at 0).
    pub row: usize,
}

/// How a chain reads along its inner axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The same number everywhere.
    Same,
    /// Every so many.
    Step(usize),
}

/// A source of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    /// Where it starts.
    pub view: View,
    /// Steps along the outer axes.
    pub outer: Vec<usize>,
    /// Along the inner axis.
    pub inner: Along,
}

/// A chain over some axes: the outer ones looped over, the inner ones run through as one.
#[derive(Clone, Debug)]
pub struct ChainTask {
    /// The instructions.
    pub chain: Chain,
    /// Outer axes.
    pub outer: Vec<Extent>,
    /// Inner length.
    pub inner: Extent,
    /// What it reads.
    pub sources: Vec<SourceView>,
    /// Numbers that it reads, behind the sources.
    pub numbers: Vec<f64>,
    /// What it writes, row-major over all axes.
    pub sinks: Vec<Place>,
    /// Accumulators of the pass that it adds to.
    pub sums: Vec<usize>,
    /// Instead: one sum for each step of so many outer axes, written here.
    pub each: Option<(Place, usize)>,
}

/// A matrix product C ← [C +] A·B, batched.
#[derive(Clone, Debug)]
pub struct ProductTask {
    /// Batches, with the steps of A and B.
    pub batch: Vec<(Extent, usize, usize)>,
    /// Rows of C, columns of C, length of the sums.
    pub sizes: [Extent; 3],
    /// A, with its steps along rows and sums.
    pub a: (View, usize, usize),
    /// B, with its steps along sums and columns.
    pub b: (View, usize, usize),
    /// C, row-major behind the batches.
    pub c: Place,
    /// Whether C is added to.
    pub add: bool,
}

/// C += Aᵀ·diag(w)·A, the lower triangle.
#[derive(Clone, Debug)]
pub struct GramTask {
    /// A, with its steps along the sum and along its columns.
    pub a: (View, usize, usize),
    /// w, contiguous.
    pub weight: Option<View>,
    /// Columns, and length of the sum.
    pub sizes: [Extent; 2],
    /// C.
    pub c: Place,
}

/// One instruction.
#[derive(Clone, Debug)]
pub enum Task {
    /// Element by element.
    Chain(ChainTask),
    /// A matrix product.
    Product(ProductTask),
    /// A Gram matrix.
    Gram(GramTask),
    /// A reduction of contiguous groups: how many groups, how long.
    Reduce {
        /// The function.
        f: MatrixFunctionId,
        /// The groups.
        groups: Extent,
        /// The length of each.
        length: usize,
        /// What is reduced.
        of: View,
        /// A number (or, for a masked extreme, as many as there are entries) a group.
        to: Place,
    },
    /// A row or a column written out over the rows of the block, so that what reads it runs through without stopping.
    Repeat {
        /// What is repeated.
        of: View,
        /// From one row of it to the next; 0 for the same row everywhere.
        row: usize,
        /// Numbers a row of the result.
        width: usize,
        /// Whether a row is copied; otherwise one number fills it.
        contiguous: bool,
        /// The tile.
        to: Place,
    },
    /// Zeros with the values of an array at affine positions.
    Spread {
        /// The values, row-major.
        of: View,
        /// Their axes: how many, and the step in the result.
        axes: Vec<(usize, usize)>,
        /// The position of the first.
        offset: usize,
        /// The result.
        to: Place,
    },
    /// A constant array: the lower triangle of ones, or zeros.
    Fill {
        /// Rows and columns of the triangle; zeros without.
        triangle: Option<(usize, usize)>,
        /// The result.
        to: Place,
    },
    /// A factorization of an n×n matrix, kept in the slot.
    Factor {
        /// The matrix.
        of: View,
        /// n
        n: usize,
        /// Where it is kept.
        slot: usize,
    },
    /// From a factorization: the inverse, the determinant, a solution.
    Factored {
        /// Where the factorization is kept.
        slot: usize,
        /// What is asked of it.
        ask: Ask,
        /// The result.
        to: Place,
    },
    /// Left to the interpreter's kernels.
    Plain {
        /// What.
        op: PlainOp,
        /// Arguments with their shapes.
        args: Vec<(View, Vec<usize>)>,
        /// The shape of the result.
        shape: Vec<usize>,
        /// The result.
        to: Place,
    },
}

impl Task {
    /// The places that it writes.
    pub fn targets(&mut self) -> Vec<&mut Place> {
        match self {
            Task::Chain(t) => t.sinks.iter_mut().chain(t.each.as_mut().map(|e| &mut e.0)).collect(),
            Task::Product(t) => vec![&mut t.c],
            Task::Gram(t) => vec![&mut t.c],
            Task::Factor { .. } | Task::Repeat { .. } => vec![],
            Task::Reduce { to, .. }
            | Task::Spread { to, .. }
            | Task::Fill { to, .. }
            | Task::Factored { to, .. }
            | Task::Plain { to, .. } => vec![to],
        }
    }
}

/// What is asked of a factorization.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The inverse.
    Inverse,
    /// The determinant.
    Determinant,
    /// log|det|; NaN for a negative determinant if `signed`.
    LogDeterminant {
        /// Whether the sign matters.
        signed: bool,
    },
    /// The solution for a contiguous n×m right side.
    Solve {
        /// The right side.
        right: View,
        /// m
        columns: usize,
        /// With the transpose.
        transposed: bool,
    },
}

/// A sum over the rows of a pass.
#[derive(Clone, Debug)]
pub struct SumBuffer {
    /// How many numbers.
    pub length: usize,
    /// Where it goes.
    pub to: Place,
    /// Side of a symmetric matrix whose upper triangle is copied from the lower one at the end.
    pub mirror: Option<usize>,
    /// One number that chains add to in f64.
    pub scalar: bool,
}

/// What a pass writes row by row: the place and how many numbers a row.
#[derive(Clone, Debug)]
pub struct Sink {
    /// Where.
    pub to: Place,
    /// Numbers a row.
    pub width: usize,
}

/// Instructions over the rows of one index, block by block.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Rows in all; `None` for instructions on whole arrays.
    pub rows: Option<usize>,
    /// Rows a block.
    pub block: usize,
    /// Rows a piece: pieces are computed apart, perhaps at the same time, and their sums added in a fixed order.
    pub piece: usize,
    /// Numbers a row of each tile.
    pub tiles: Vec<usize>,
    /// Sums over the rows.
    pub sums: Vec<SumBuffer>,
    /// What is written row by row.
    pub sinks: Vec<Sink>,
    /// The instructions.
    pub tasks: Vec<Task>,
}

/// A planned program.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// Lengths of the buffers.
    pub wholes: Vec<usize>,
    /// Sides of the factorizations.
    pub slots: Vec<usize>,
    /// The passes in order.
    pub passes: Vec<Pass>,
    /// Buffers of ones.
    pub ones: Vec<usize>,
}

impl Pass {
    /// What its instructions read.
    pub fn views(&self) -> Vec<View> {
        let of = |t: &Task| -> Vec<View> {
            match t {
                Task::Chain(t) => t.sources.iter().map(|s| s.view).collect(),
                Task::Product(t) => vec![t.a.0, t.b.0],
                Task::Gram(t) => std::iter::once(t.a.0).chain(t.weight).collect(),
                Task::Reduce { of, .. } | Task::Repeat { of, .. } | Task::Spread { of, .. } | Task::Factor { of, .. } => vec![*of],
                Task::Factored { ask: Ask::Solve { right, .. }, .. } => vec![*right],
                Task::Factored { .. } | Task::Fill { .. } => vec![],
                Task::Plain { args, .. } => args.iter().map(|a| a.0).collect(),
            }
        };
        self.tasks.iter().flat_map(of).collect()
    }

    /// Whether it reads this place.
    pub fn reads(&self, place: Place) -> bool {
        self.views().iter().any(|v| v.place == place)
    }

    /// One line: rows, blocks, instructions.
    pub fn describe(&self) -> String {
        let tasks: Vec<String> = self.tasks.iter().map(Task::describe).collect();
        match self.rows {
            None => tasks.join("; "),
            Some(rows) => {
                let pieces = rows.div_ceil(self.piece.max(1)).max(1);
                format!("{rows} rows in blocks of {}, {pieces} pieces: {}", self.block, tasks.join("; "))
            }
        }
    }
}

impl Task {
    fn describe(&self) -> String {
        let size = |e: &Extent| match (e.rows, e.times) {
            (true, 1) => "rows".to_string(),
            (true, n) => format!("rows*{n}"),
            (false, n) => n.to_string(),
        };
        match self {
            Task::Chain(t) => {
                let outer: Vec<String> = t.outer.iter().map(size).collect();
                let sums = t.sums.len() + usize::from(t.each.is_some());
                format!("chain of {} over [{}]x{}, {} sums", t.chain.code().len(), outer.join("x"), size(&t.inner), sums)
            }
            Task::Product(t) => {
                let batch: Vec<String> = t.batch.iter().map(|b| size(&b.0)).collect();
                let [m, n, k] = t.sizes.each_ref().map(size);
                format!("product [{}] {m}x{k}x{n}", batch.join("x"))
            }
            Task::Gram(t) => {
                format!("gram {}x{}{}", size(&t.sizes[1]), size(&t.sizes[0]), if t.weight.is_some() { " weighted" } else { "" })
            }
            Task::Reduce { f, groups, length, .. } => format!("{} of {} groups of {length}", f.row().name, size(groups)),
            Task::Repeat { width, .. } => format!("repeat x{width}"),
            Task::Spread { axes, .. } => format!("spread {:?}", axes.iter().map(|a| a.0).collect::<Vec<_>>()),
            Task::Fill { .. } => "fill".into(),
            Task::Factor { n, .. } => format!("factor {n}"),
            Task::Factored { ask, .. } => match ask {
                Ask::Inverse => "inverse".into(),
                Ask::Determinant => "determinant".into(),
                Ask::LogDeterminant { .. } => "log-determinant".into(),
                Ask::Solve { columns, .. } => format!("solve for {columns}"),
            },
            Task::Plain { op, .. } => format!("{op:?}"),
        }
    }
}
