//! The graph of a program under actual sizes: every value a node, equal nodes one node, products as labelled contractions whose constant
//! 0/1 factors (unit vectors, shifts, diagonals) have become positions.

use hesse::facts::functions::FunctionId;
use hesse::facts::matrices::MatrixFunctionId;
use std::collections::HashMap;

/// A node, by position; a node reads only earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub u32);

impl Id {
    /// As a position.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// A number that can be compared and hashed: by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bits(u64);

impl Bits {
    /// The bits of a number.
    pub fn of(x: f64) -> Bits {
        Bits(x.to_bits())
    }
    /// The number.
    pub fn number(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A position along an axis of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// The value of a label plus an offset.
    Along(usize, i64),
    /// Always the same.
    At(usize),
}

/// A node as it is read: for each of its axes a position, given the labels of whoever reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// What is read.
    pub node: Id,
    /// Where.
    pub index: Vec<Index>,
}

impl Operand {
    /// The whole node, axis by axis.
    pub fn whole(node: Id, rank: usize) -> Operand {
        Operand { node, index: (0..rank).map(|l| Index::Along(l, 0)).collect() }
    }
    /// Whether it runs along a label.
    pub fn has(&self, label: usize) -> bool {
        self.index.iter().any(|i| matches!(i, Index::Along(l, _) if *l == label))
    }
}

/// What a node computes. The labels of a node are `0..rank` for its own axes, then the summed ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An input of the program.
    Input(usize),
    /// A number.
    Number(Bits),
    /// The lower triangle of ones.
    Lower,
    /// Zeros.
    Zeros,
    /// Σ c·operand
    Combine(Vec<(Bits, Operand)>),
    /// An element-wise function.
    Map(FunctionId, Vec<Operand>),
    /// base^exponent for a constant exponent; `guarded`: 0 where the base is 0.
    Power {
        /// What is raised.
        base: Operand,
        /// The exponent.
        exponent: Bits,
        /// Whether 0 stays 0.
        guarded: bool,
    },
    /// base^exponent for a scalar that is computed.
    PowerBy {
        /// What is raised.
        base: Operand,
        /// The exponent, a scalar.
        exponent: Operand,
        /// Whether 0 stays 0.
        guarded: bool,
    },
    /// Σ over the labels behind the node's own of Π operands.
    Contract {
        /// The factors.
        operands: Vec<Operand>,
        /// How many values each summed label takes.
        summed: Vec<usize>,
    },
    /// Σₖ of[k,i]·weight[k]·of[k,j], symmetric: the labels are i, j and k.
    Gram {
        /// The matrix, at the labels i (0) and k (2).
        of: Operand,
        /// The weights, at the label k (2).
        weight: Option<Operand>,
        /// How many k.
        summed: usize,
    },
    /// Zeros, and the values of a node where the labels say: entry (…, lₖ + offset, …) of the result is entry (l₀, l₁, …) of the node.
    Spread {
        /// What is spread; its axes are the labels.
        of: Id,
        /// The position along each axis of the result.
        index: Vec<Index>,
    },
    /// A reduction over the axes behind the first `kept` ones.
    Reduce(MatrixFunctionId, Id),
    /// A factorization, Cholesky's where it exists and LU otherwise.
    Factor(Id),
    /// The inverse, from a factorization.
    Inverse(Id),
    /// log|det| or log det.
    LogDeterminant {
        /// The factorization.
        factor: Id,
        /// NaN where the determinant is negative.
        signed: bool,
    },
    /// The determinant.
    Determinant(Id),
    /// X with A·X = B, or Aᵀ·X = B.
    Solve {
        /// The factorization of A.
        factor: Id,
        /// B, its first axis (of A's rows) solved for.
        right: Id,
        /// With the transpose.
        transposed: bool,
    },
    /// What only the interpreter computes: a step on whole arrays.
    Plain(PlainOp, Vec<Id>),
}

/// An operation that is left to the interpreter's kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlainOp {
    /// A function of whole matrices.
    Apply(MatrixFunctionId),
    /// The adjugate.
    Adjugate,
    /// Products of the others.
    Others(usize),
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What it computes.
    pub kind: Kind,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Only 0 and 1, and a 0 selects.
    pub mask: bool,
}

impl Node {
    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The nodes that a node reads.
pub fn reads(kind: &Kind) -> Vec<Id> {
    match kind {
        Kind::Input(_) | Kind::Number(_) | Kind::Lower | Kind::Zeros => vec![],
        Kind::Combine(terms) => terms.iter().map(|t| t.1.node).collect(),
        Kind::Map(_, args) | Kind::Contract { operands: args, .. } => args.iter().map(|a| a.node).collect(),
        Kind::Gram { of, weight, .. } => std::iter::once(of).chain(weight).map(|o| o.node).collect(),
        Kind::Power { base, .. } => vec![base.node],
        Kind::PowerBy { base, exponent, .. } => vec![base.node, exponent.node],
        Kind::Spread { of, .. } | Kind::Reduce(_, of) | Kind::Factor(of) | Kind::Inverse(of) | Kind::Determinant(of) => vec![*of],
        Kind::LogDeterminant { factor, .. } => vec![*factor],
        Kind::Solve { factor, right, .. } => vec![*factor, *right],
        Kind::Plain(_, args) => args.clone(),
    }
}

/// A product before its factors are put in order: what a contraction step means once its 0/1 factors have become positions.
/// Entry `out` is coefficient · Σ over the labels not in `out` of Π operands, and 0 wherever no value of the labels reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The number in front.
    pub coefficient: f64,
    /// The factors.
    pub operands: Vec<Operand>,
    /// Position along each axis of the result.
    pub out: Vec<Index>,
    /// Range of each label.
    pub ranges: Vec<(usize, usize)>,
}

/// The graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The nodes in order.
    pub nodes: Vec<Node>,
    known: HashMap<Node, Id>,
}

impl Graph {
    /// A node.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.at()]
    }
    /// Its shape.
    pub fn shape(&self, id: Id) -> &[usize] {
        &self.nodes[id.at()].shape
    }
    /// The node of this kind, made if it is new.
    pub fn add(&mut self, kind: Kind, shape: Vec<usize>, mask: bool) -> Id {
        let node = Node { kind, shape, mask };
        if let Some(id) = self.known.get(&node) {
            return *id;
        }
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.known.insert(node, id);
        id
    }
    /// Whether such a node exists.
    pub fn find(&self, kind: &Kind, shape: &[usize]) -> bool {
        [false, true].iter().any(|mask| self.known.contains_key(&Node { kind: kind.clone(), shape: shape.to_vec(), mask: *mask }))
    }
    /// A number.
    pub fn number(&mut self, x: f64) -> Id {
        self.add(Kind::Number(Bits::of(x)), vec![], x == 0.0 || x == 1.0)
    }
    /// The number that a node is, if it is one.
    pub fn as_number(&self, id: Id) -> Option<f64> {
        match self.node(id).kind {
            Kind::Number(x) => Some(x.number()),
            _ => None,
        }
    }
    /// An operand seen through nodes that only rename axes: a transpose, a slice or a broadcast is read where it lies.
    pub fn through(&self, mut o: Operand) -> Operand {
        loop {
            let Kind::Contract { operands, summed } = &self.node(o.node).kind else { return o };
            let [inner] = &operands[..] else { return o };
            if !summed.is_empty() {
                return o;
            }
            let index = inner
                .index
                .iter()
                .map(|i| match *i {
                    Index::At(k) => Index::At(k),
                    Index::Along(l, offset) => match o.index[l] {
                        Index::Along(m, more) => Index::Along(m, more + offset),
                        Index::At(k) => Index::At((k as i64 + offset) as usize),
                    },
                })
                .collect();
            o = Operand { node: inner.node, index };
        }
    }
}
