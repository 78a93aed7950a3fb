//! The formula with names resolved and functions inlined, before anything is known of shapes: what `lower` makes,
//! `shapes` types, `conditions` signs and `build` turns into expressions. Children come before parents.
//!
//! A term knows no shape and no expression; `x'*y` is `Times(Transpose(x), y)`.

use crate::diagnostic::Span;
use crate::facts::functions::FunctionId;
use crate::facts::matrices::{MatrixFunctionId, Side};
use crate::syntax::tree::Operator;
use crate::tensor::dim::Dims;
use crate::tensor::{Dim, Rational};

/// A position in [`Terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TermId(pub u32);

impl TermId {
    /// Position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How long an axis of a generator (`ones(n, m)`, `eye`) is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// A product of sizes in written order; empty for 1.
    Given(Vec<Dim>),
    /// The rows (or, if true, the columns) of a term.
    Of(TermId, bool),
    /// Whatever the surroundings want.
    Free,
}

/// An index of a sum, by position in [`Terms::indices`].
pub type IndexId = usize;

/// A 1-based position on an axis: `plus`, or that many behind (before) the last one, or behind an index of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// What is added.
    pub plus: Dim,
    /// Counted from `end`, the size of the axis.
    pub end: bool,
    /// Counted from an index.
    pub index: Option<IndexId>,
}

impl Place {
    /// A position that nothing moves.
    pub fn fixed(plus: Dim) -> Place {
        Place { plus, end: false, index: None }
    }
    /// The position on an axis of this size, an index aside.
    pub fn on(self, axis: Dim, dims: &mut Dims) -> Dim {
        if self.end { dims.add(axis, self.plus) } else { self.plus }
    }
}

/// One subscript with its sizes resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sub {
    /// `:`
    All,
    /// A position.
    At(Place),
    /// From, to, both inclusive; neither moves with an index.
    Range(Place, Place),
}

/// What an index of a sum runs over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The first value.
    pub from: Dim,
    /// The last.
    pub to: Extent,
}

/// What a term does with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A literal as written.
    Number(String),
    /// π
    Pi,
    /// A variable, by position.
    Input(usize),
    /// A size as a scalar.
    Size(Dim),
    /// All ones, or all zeros.
    Fill(bool, Extent, Extent),
    /// The identity (rectangular: ones where i = j).
    Eye(Extent, Extent),
    /// The commutation matrix K(m, n).
    Commutation(Extent, Extent),
    /// Rows (or, if true, columns) of the argument as a scalar.
    Measure(bool),
    /// `-a`
    Negate,
    /// `a'`
    Transpose,
    /// `a + b`, `a - b`; with `spread` a row or column goes against a matrix
    Add {
        /// `-`
        minus: bool,
        /// `.+`, `.-`
        spread: bool,
    },
    /// `a*b`
    Times,
    /// `a.*b`
    DotTimes,
    /// `a/b`
    Over,
    /// `a\b`
    Under,
    /// `a./b`
    DotOver,
    /// `a^b`
    Power,
    /// `a.^b`
    DotPower,
    /// `a > b` …
    Compare(Operator),
    /// An element-wise function.
    Map(FunctionId),
    /// A function of a whole tensor.
    Apply(MatrixFunctionId),
    /// The same along each row or each column.
    Along(MatrixFunctionId, Side),
    /// Index notation; of several readings (`diag`) the one that fits. Positions in [`Terms::contractions`].
    Contract(Vec<usize>),
    /// `x[3]`, `A[2,:]`
    Pick(Vec<Sub>),
    /// An index of a sum as a number.
    Counter(IndexId),
    /// The sum of the argument over an index.
    Series(IndexId),
    /// `[a, b; c, d]`: the lengths of its rows.
    Stack(Vec<usize>),
    /// A definition, by position: the argument with a name.
    Define(usize),
    /// Something that was already complained about.
    Poison,
}

/// A subscript of a part of a contraction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An index letter, by position in [`Contraction::letters`].
    Letter(usize),
    /// A constant position.
    At(Dim),
    /// The letters of one stacked axis, the last one running fastest.
    Stack(Vec<usize>),
}

impl Slot {
    /// Its letters.
    pub fn letters(&self) -> &[usize] {
        match self {
            Slot::Letter(l) => std::slice::from_ref(l),
            Slot::At(_) => &[],
            Slot::Stack(letters) => letters,
        }
    }
}

/// Constants of index notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `eye[i,j]`
    Eye,
    /// `ones[i]`, any number of letters
    Ones,
    /// `zeros[i]`, any number of letters
    Zeros,
    /// `lower[i,j]`, 1 where i ≥ j
    Lower,
    /// `unit(k)[i]`
    Unit(Dim),
    /// `shift(k)[i,j]`, 1 where i = j + k
    Shift(Dim),
}

/// A node of the body of a contraction; children are positions in [`Contraction::parts`], smaller than the node's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// `A[i,j]`: an argument of the term with its slots.
    Tensor(usize, Vec<Slot>),
    /// A scalar argument of the term.
    Scalar(usize),
    /// A literal.
    Number(String),
    /// A constant tensor.
    Constant(Constant, Vec<Slot>),
    /// `a + b - …`: a sign for each (true: minus).
    Sum(Vec<(bool, usize)>),
    /// `a*b`
    Product(Vec<usize>),
    /// `a/b`
    Quotient(usize, usize),
    /// `a^b`
    Power(usize, usize),
    /// A function of each entry.
    Map(FunctionId, Vec<usize>),
    /// 1 − a
    Not(usize),
    /// `(a -> [i,j])`: the sum of `a` over all letters but these.
    Close(usize, Vec<usize>),
}

/// Index notation: `body -> out`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Contraction {
    /// The index letters in order of appearance.
    pub letters: Vec<String>,
    /// The body, children first; the last is the root.
    pub parts: Vec<Part>,
    /// Letters of each axis of the result.
    pub out: Vec<Vec<usize>>,
    /// `square`, `vector`, or empty: what the arguments must be.
    pub needs: &'static str,
    /// The call it comes from (`diag`), empty if the user wrote index notation.
    pub name: &'static str,
}

impl Contraction {
    /// Whether the result has more than two axes: a tensor that no matrix operation takes.
    pub fn is_tensor(&self) -> bool {
        self.out.len() > 2
    }
}

/// A term.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it does.
    pub op: Op,
    /// With what.
    pub args: Vec<TermId>,
    /// Where it was written (the call, if it comes from a row).
    pub span: Span,
}

/// The arena.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    terms: Vec<Term>,
    constants: Vec<Option<Rational>>,
    /// Bodies of [`Op::Contract`].
    pub contractions: Vec<Contraction>,
    /// Indices of sums.
    pub indices: Vec<Index>,
}

impl Terms {
    /// Adds a term.
    pub fn add(&mut self, op: Op, args: Vec<TermId>, span: Span) -> TermId {
        self.constants.push(self.fold(&op, &args));
        self.terms.push(Term { op, args, span });
        TermId((self.terms.len() - 1) as u32)
    }
    /// Takes the last term back.
    pub fn pop(&mut self) {
        self.terms.pop();
        self.constants.pop();
    }
    /// The term.
    pub fn get(&self, t: TermId) -> &Term {
        &self.terms[t.index()]
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.terms.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
    /// All, children first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = TermId> + use<> {
        (0..self.terms.len() as u32).map(TermId)
    }
    /// The value, if the term is a constant scalar that a rational holds.
    pub fn constant(&self, t: TermId) -> Option<Rational> {
        self.constants[t.index()]
    }
    /// The value, if it is a whole number.
    pub fn integer(&self, t: TermId) -> Option<i128> {
        self.constant(t).filter(Rational::is_integer).map(|r| *r.numer())
    }
    fn fold(&self, op: &Op, args: &[TermId]) -> Option<Rational> {
        use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Zero};
        let arg = |k: usize| args.get(k).and_then(|&t| self.constant(t));
        match op {
            Op::Number(text) => crate::tensor::number::parse(text),
            Op::Define(_) => arg(0),
            Op::Negate => Rational::zero().checked_sub(&arg(0)?),
            Op::Add { minus: false, .. } => arg(0)?.checked_add(&arg(1)?),
            Op::Add { minus: true, .. } => arg(0)?.checked_sub(&arg(1)?),
            Op::Times | Op::DotTimes => arg(0)?.checked_mul(&arg(1)?),
            Op::Over | Op::DotOver => arg(0)?.checked_div(&arg(1).filter(|d| !d.is_zero())?),
            _ => None,
        }
    }
}
