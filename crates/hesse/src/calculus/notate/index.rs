//! Index notation: a product factor by factor, every axis a letter, what the result does not name summed.
//!
//! It can say everything: `A[i,k]*B[k,j]*C[k,l] -> [i,j,l]` has no matrix form. Of what stands between the letters,
//!
//! ```text
//! a matrix or vector            as in matrix notation                (A*B)[i,j]
//! a column with stacked axes    a letter for each axis               y[(i k)]
//! a function of many axes       entry by entry                       sign(A[i,j]*B[k,l])
//! a sum within a function       a result of its own                  exp(A[i,p]*B[p,j]*C[p,k] -> [i,j,k])
//! ```
//!
//! A function of a whole matrix that has no matrix notation takes it as a result too: `inv(A[i,k]*B[k,j]*C[k,j] -> [i,j])`.

use super::{Face, Fraction, Spelling, Writer};
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pattern, Pool, Rational, VarId};
use num_traits::{One, Signed};
use rustc_hash::FxHashMap;

/// The tree of an expression in index notation, its axes in the order of `groups` (the axes of one stacked axis each).
pub fn notate_indexed(pool: &mut Pool, e: Expr, groups: &[Vec<usize>], spelling: &Spelling) -> Option<(Syntax, NodeId)> {
    // One contraction where that is enough.
    [false, true].into_iter().find_map(|nests| {
        let mut writer = Writer::new(pool, spelling);
        (writer.indexed, writer.nests) = (true, nests);
        writer.letters = writer.alphabet(e);
        let root = writer.contraction(e, groups)?;
        Some((writer.syntax, root))
    })
}

/// Letters beyond the usual ones.
const SPARE: usize = 64;

impl Writer<'_> {
    /// The letters that no variable and no size has for a name.
    fn alphabet(&self, e: Expr) -> Vec<String> {
        let used: Vec<String> = self
            .pool
            .under(&[e])
            .iter()
            .filter_map(|x| match self.pool.node(*x) {
                Node::Var(v) => Some(self.pool.variable(*v).name.clone()),
                _ => None,
            })
            .chain(self.pool.dims.names().iter().cloned())
            .collect();
        let usual = ["i", "j", "k", "l", "p", "q", "r", "s", "t", "u", "v"].iter().map(ToString::to_string);
        usual.chain((1..SPARE).map(|k| format!("i{k}"))).filter(|l| !used.contains(l)).collect()
    }

    /// `body -> [i,(j k)]`
    fn contraction(&mut self, e: Expr, groups: &[Vec<usize>]) -> Option<NodeId> {
        let letters = self.letters.clone();
        let body = self.indexed_sum(e, &letters, self.pool.rank(e))?;
        let name = |g: &Vec<usize>| g.iter().map(|a| letters.get(*a).cloned()).collect::<Option<Vec<String>>>();
        let groups = groups.iter().map(name).collect::<Option<Vec<Vec<String>>>>()?;
        Some(self.syntax.add(Kind::Contraction(body, groups), Default::default()))
    }

    /// A value without matrix notation as a contraction that gives it with this face.
    pub(super) fn nested(&mut self, e: Expr, face: &Face) -> Option<NodeId> {
        let groups = match (face.rows.is_empty(), face.cols.is_empty()) {
            (true, true) => vec![],
            (false, true) => vec![face.rows.clone()],
            _ => vec![face.rows.clone(), face.cols.clone()],
        };
        let summed = self.summed;
        let node = self.contraction(e, &groups);
        self.summed = summed;
        node
    }

    /// The body of a contraction, in which a letter has one size.
    fn indexed_sum(&mut self, e: Expr, letters: &[String], rank: usize) -> Option<NodeId> {
        let outer = std::mem::take(&mut self.spans);
        let node = self.indexed_terms(e, letters, rank);
        self.spans = outer;
        node
    }

    fn indexed_terms(&mut self, e: Expr, letters: &[String], rank: usize) -> Option<NodeId> {
        let terms = match self.pool.node(e).clone() {
            Node::Sum(terms, _) => terms,
            _ => vec![(Rational::one(), e)],
        };
        if terms.is_empty() {
            let axes = self.pool.axes(e).to_vec();
            let mut node = self.syntax.number("0");
            for (a, d) in axes.iter().enumerate() {
                let ones = self.sized("ones", &[*d]);
                let ones = self.at(ones, &letters[a..=a]);
                node = self.syntax.binary(Operator::Times, node, ones);
            }
            return Some(node);
        }
        let mut terms = self.opened(&terms)?;
        terms.sort_by_key(|t| t.0.is_negative());
        let mut total: Option<NodeId> = None;
        for (c, t) in terms {
            let node = self.indexed_term(c.abs(), t, letters, rank)?;
            total = Some(match total {
                None if c.is_negative() => self.negate(node),
                None => node,
                Some(sum) => self.syntax.binary(if c.is_negative() { Operator::Minus } else { Operator::Plus }, sum, node),
            });
        }
        total
    }

    /// What stands in a place where nothing is summed: with letters of its own it is a result of its own.
    fn kept(&mut self, e: Expr, places: &[String], spare: &[String]) -> Option<NodeId> {
        let letters = [places, spare].concat();
        let summed = std::mem::replace(&mut self.summed, false);
        let node = self.indexed_sum(e, &letters, places.len());
        let sums = std::mem::replace(&mut self.summed, summed);
        if !sums {
            return node;
        }
        let mut groups: Vec<Vec<String>> = vec![];
        for l in places {
            // Of a diagonal one letter is kept.
            if !groups.iter().any(|g| g[0] == *l) {
                groups.push(vec![l.clone()]);
            }
        }
        Some(self.syntax.add(Kind::Contraction(node?, groups), Default::default()))
    }

    /// A factor by its entries, and whether it belongs below the line; its axes stand at these letters.
    fn entry(&mut self, f: &Factor, places: &[String], spare: &[String]) -> Option<(NodeId, bool)> {
        let node = match self.pool.node(f.base).clone() {
            Node::Pattern(p) => self.constant_entry(p, places),
            Node::Map(..) if self.is_stacked(f.base) => {
                self.stacked_entry(f.base, places).or_else(|| self.mapped_entry(f.base, places, spare))
            }
            Node::Map(..) => self.mapped_entry(f.base, places, spare).or_else(|| self.stacked_entry(f.base, places)),
            Node::Sum(..) | Node::Product { .. } => self.kept(f.base, places, spare),
            _ => self.stacked_entry(f.base, places),
        }?;
        let Some(power) = self.pool.as_number(f.power) else {
            let exponent = self.write(f.power, &Face::split(0, 0))?;
            return Some((self.syntax.binary(Operator::Power, node, exponent), false));
        };
        let size = power.abs();
        if size.is_one() {
            return Some((node, power.is_negative()));
        }
        let exponent = self.exponent(size);
        Some((self.syntax.binary(Operator::Power, node, exponent), power.is_negative()))
    }

    /// f(…) of entries.
    fn mapped_entry(&mut self, e: Expr, places: &[String], spare: &[String]) -> Option<NodeId> {
        let Node::Map(f, args) = self.pool.node(e).clone() else { return None };
        let mut written = vec![];
        for a in args {
            written.push(match self.scalar_of(a) {
                Some(s) => {
                    let node = self.write(s, &Face::split(0, 0))?;
                    self.closed(node)
                }
                None => self.kept(a, places, spare)?,
            });
        }
        Some(self.map(f.row().name, written))
    }

    /// `y[(i k)]`, `A[(i k),j]`: the value in matrix notation, a subscript for its rows and one for its columns.
    fn stacked_entry(&mut self, e: Expr, places: &[String]) -> Option<NodeId> {
        let face = self.own_face(e);
        let node = self.atom(e)?;
        let mut subscripts = vec![];
        for side in [&face.rows, &face.cols] {
            let letters: Vec<NodeId> = side.iter().map(|a| self.syntax.name(&places[*a])).collect();
            match letters.as_slice() {
                [] => {}
                [one] => subscripts.push(Subscript::At(*one)),
                _ => subscripts.push(Subscript::Stack(letters)),
            }
        }
        Some(self.syntax.add(Kind::Index(node, subscripts), Default::default()))
    }

    /// `unit(k)[i]`, `shift(k)[i,j]`, `lower[i,j]`
    fn constant_entry(&mut self, p: Pattern, places: &[String]) -> Option<NodeId> {
        let base: (&str, Dim) = match p {
            Pattern::Unit { at, .. } => ("unit", at),
            Pattern::Shift { offset, .. } => ("shift", offset),
            Pattern::Lower { .. } => {
                let lower = self.syntax.name("lower");
                return Some(self.at(lower, places));
            }
        };
        let position = self.size(base.1);
        let base = self.syntax.call(base.0, vec![position]);
        Some(self.at(base, places))
    }

    /// Whether a side has more than one axis, by what it is made of.
    fn is_stacked(&self, e: Expr) -> bool {
        let face = self.own_face(e);
        (face.rows.len() > 1 || face.cols.len() > 1) && self.has_own_face(e)
    }

    fn at(&mut self, node: NodeId, letters: &[String]) -> NodeId {
        let subscripts = letters.iter().map(|l| Subscript::At(self.syntax.name(l))).collect();
        self.syntax.add(Kind::Index(node, subscripts), Default::default())
    }

    /// A scalar made of tensors as a call; anything else as it is.
    fn closed(&mut self, node: NodeId) -> NodeId {
        if matches!(self.syntax.kind(node), Kind::Contraction(..)) {
            return node;
        }
        let scalar = |name: &str| {
            (0..self.pool.variables())
                .any(|v| self.pool.variable(VarId(v as u32)).name == name && self.pool.rank(self.pool.var(VarId(v as u32))) == 0)
        };
        let known = |name: &str| scalar(name) || name == "pi" || self.pool.dims.names().iter().any(|n| n == name);
        // A position such as A[m,1] would be read as index letters.
        if self.syntax.under(node).iter().any(|id| matches!(self.syntax.kind(*id), Kind::Index(..))) {
            return self.syntax.call("sum", vec![node]);
        }
        let mut pending = vec![node];
        while let Some(id) = pending.pop() {
            match self.syntax.kind(id) {
                Kind::Name(name) if known(name) => {}
                Kind::Number(_) | Kind::Call(..) => {}
                Kind::Name(_) | Kind::Transpose(_) => return self.syntax.call("sum", vec![node]),
                _ => pending.extend(self.syntax.children(id)),
            }
        }
        node
    }

    /// Runs without contractions in contractions.
    fn flat<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let nests = std::mem::replace(&mut self.nests, false);
        let made = run(self);
        self.nests = nests;
        made
    }

    fn indexed_term(&mut self, c: Rational, e: Expr, letters: &[String], rank: usize) -> Option<NodeId> {
        let (factors, out, sizes) = match self.pool.node(e).clone() {
            Node::Product { factors, out, sizes } => (factors, out, sizes),
            _ => {
                let power = self.pool.one();
                let labels: Vec<Label> = (0..rank as Label).collect();
                (vec![Factor { base: e, labels: labels.clone(), power }], labels, self.pool.axes(e).to_vec())
            }
        };
        // Label → letter: the first output axis that has it; summed labels take letters behind the axes'.
        // A letter stands for one size in all terms.
        let mut summed: FxHashMap<Label, usize> = FxHashMap::default();
        let mut end = rank + sizes.len();
        for (l, size) in sizes.iter().enumerate().filter(|(l, _)| !out.contains(&(*l as Label))) {
            let free = |k: &usize| self.spans.get(k).is_none_or(|d| d == size);
            let k = std::iter::once(rank + l).chain(end..letters.len()).find(free)?;
            end = end.max(k + 1);
            summed.insert(l as Label, k);
        }
        let place = |l: &Label| out.iter().position(|o| o == l).or(summed.get(l).copied()).unwrap_or(usize::MAX);
        let places = |labels: &[Label]| labels.iter().map(|l| letters.get(place(l)).cloned()).collect::<Option<Vec<String>>>();
        let spare = letters.get(end..).unwrap_or(&[]);
        let mut fraction = Fraction::default();
        let mut tensors = vec![];
        // Factors that are written entry by entry, and the labels that they need to stay letters.
        let mut entries = vec![];
        let mut held = out.clone();
        for f in &factors {
            if f.labels.is_empty() {
                self.scalar_factor(f, &mut fraction)?;
            } else if self.flat(|w| w.is_plain(f)) {
                tensors.push(f.clone());
            } else {
                entries.push(self.entry(f, &places(&f.labels)?, spare)?);
                self.spans.extend(f.labels.iter().filter_map(|l| Some((*summed.get(l)?, sizes[*l as usize]))));
                held.extend(&f.labels);
            }
        }
        let spans: Vec<Vec<Dim>> = sizes.iter().map(|d| vec![*d]).collect();
        let before = (fraction.above.len(), fraction.below.len());
        let contracted = match self.flat(|w| w.contracted(&tensors, &held, &spans, &mut fraction)) {
            Some(items) => items,
            None => {
                fraction.above.truncate(before.0);
                fraction.below.truncate(before.1);
                let mut items = tensors.iter().map(|f| self.flat(|w| w.item(f))).collect::<Option<Vec<_>>>()?;
                self.raise(&mut items);
                items
            }
        };
        // x'*y stands for one number only within a call: between indices a bare name must be a scalar.
        fraction.above = fraction.above.into_iter().map(|node| self.closed(node)).collect();
        fraction.below = fraction.below.into_iter().map(|node| self.closed(node)).collect();
        for (node, below) in entries {
            if below { fraction.below.push(node) } else { fraction.above.push(node) }
        }
        self.summed |= held.iter().any(|l| !out.contains(l));
        for item in contracted {
            let labels = item.labels();
            self.summed |= labels.iter().any(|l| !out.contains(l));
            self.spans.extend(labels.iter().filter_map(|l| Some((*summed.get(l)?, sizes[*l as usize]))));
            let node = self.chain(&item.chain);
            let node = self.at(node, &places(&labels)?);
            fraction.above.push(node);
        }
        // What a repeated output label says, and an axis that nobody carries.
        for (a, l) in out.iter().enumerate() {
            let first = out.iter().position(|o| o == l).unwrap_or(a);
            let carried = factors.iter().any(|f| f.labels.contains(l));
            let repeated = out.iter().filter(|o| *o == l).count() > 1;
            let node = if first < a {
                let eye = self.sized("eye", &[sizes[*l as usize]]);
                self.at(eye, &[letters.get(first)?.clone(), letters.get(a)?.clone()])
            } else if !carried && !repeated {
                let ones = self.sized("ones", &[sizes[*l as usize]]);
                self.at(ones, &letters[a..=a])
            } else {
                continue;
            };
            fraction.above.push(node);
        }
        Some(self.assemble(c, fraction, None))
    }

    /// Whether matrix notation writes the factor, as a vector or a matrix with one axis for each side.
    fn is_plain(&mut self, f: &Factor) -> bool {
        let face = self.own_face(f.base);
        face.rows.len() <= 1 && face.cols.len() <= 1 && self.item(f).is_some()
    }
}
