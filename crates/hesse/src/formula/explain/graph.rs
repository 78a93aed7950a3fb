//! The graph of the pieces: which reads which, and the chains of partials from the target to a variable.

use crate::tensor::Expr;

/// A vertex: a variable of differentiation or a piece, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Vertex {
    Variable(usize),
    Piece(usize),
}

/// A local partial.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    /// The piece.
    pub(super) of: usize,
    /// What it reads.
    pub(super) by: Vertex,
    /// Axes of the piece, then of what it reads.
    pub(super) value: Expr,
}

/// One factor of a chain: a local partial, or the whole derivative of the target by a piece, found before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) of: usize,
    pub(super) by: Vertex,
    pub(super) local: bool,
}

/// More chains than this are not written side by side.
const CHAINS: usize = 4;

/// The edges of the pieces; the last piece is the target.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) edges: Vec<Edge>,
    pub(super) pieces: usize,
}

impl Graph {
    pub(super) fn edge(&self, of: usize, by: Vertex) -> Option<&Edge> {
        self.edges.iter().find(|e| e.of == of && e.by == by)
    }

    fn target(&self) -> usize {
        self.pieces - 1
    }

    /// Pieces that read a vertex, the last first.
    fn readers(&self, v: Vertex) -> Vec<usize> {
        let mut found: Vec<usize> = self.edges.iter().filter(|e| e.by == v).map(|e| e.of).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    }

    /// Whether a piece depends on a vertex.
    pub(super) fn depends(&self, piece: usize, v: Vertex) -> bool {
        // A piece reads earlier ones: once through them in order, however many chains there are.
        let mut behind = vec![false; piece + 1];
        for p in 0..=piece {
            let mut own = self.edges.iter().filter(|e| e.of == p);
            behind[p] = own.any(|e| e.by == v || matches!(e.by, Vertex::Piece(q) if behind[q]));
        }
        behind[piece]
    }

    /// Whether a piece reads a vertex both itself and through others.
    pub(super) fn reads_twice(&self, piece: usize, v: Vertex) -> bool {
        self.edge(piece, v).is_some() && self.edges.iter().any(|e| e.of == piece && matches!(e.by, Vertex::Piece(p) if self.depends(p, v)))
    }

    /// How many chains lead from the target to a vertex: counted from the target inwards, each piece once.
    fn count(&self, v: Vertex) -> usize {
        let mut chains = vec![0usize; self.pieces];
        chains[self.target()] = 1;
        let through = |chains: &[usize], v: Vertex| self.readers(v).into_iter().fold(0, |n, p| usize::saturating_add(n, chains[p]));
        for p in (0..self.target()).rev() {
            chains[p] = through(&chains, Vertex::Piece(p));
        }
        match v {
            Vertex::Piece(p) => chains[p],
            Vertex::Variable(_) => through(&chains, v),
        }
    }

    /// The pieces whose derivative is written first because several chains pass them, the last first; none where all chains of
    /// a variable can be written side by side.
    pub(super) fn junctions(&self, variables: usize) -> Vec<usize> {
        if (0..variables).all(|k| self.count(Vertex::Variable(k)) <= CHAINS) {
            return vec![];
        }
        (0..self.target()).rev().filter(|p| self.readers(Vertex::Piece(*p)).len() > 1).collect()
    }

    /// The chains from the target to a vertex, each from the target inwards; a junction ends a chain.
    pub(super) fn chains(&self, v: Vertex, junctions: &[usize]) -> Vec<Vec<Link>> {
        let mut found = vec![];
        for reader in self.readers(v) {
            let last = Link { of: reader, by: v, local: true };
            if reader == self.target() {
                found.push(vec![last]);
            } else if junctions.contains(&reader) {
                found.push(vec![Link { of: self.target(), by: Vertex::Piece(reader), local: false }, last]);
            } else {
                for mut chain in self.chains(Vertex::Piece(reader), junctions) {
                    chain.push(last);
                    found.push(chain);
                }
            }
        }
        found
    }
}
