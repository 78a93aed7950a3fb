//! Names for what repeats: `z = X*w + b`, `m = z > 0`, then the formulas over them.
//!
//! A pass over trees that are printed together. Equal sub-trees are interned as one class; a class is named if that clearly
//! shortens what is read. **The stated cost** is the number of nodes of the formulas and of the definitions, and a charge
//! for every name (its reader must look it up); the class that saves most is named first, until none saves anything. The
//! whole must save `SAVES` nodes, so that short formulas are left alone. What the user has defined costs no charge and
//! need save but one, for its name is known; once anything is named, all of the user's definitions that occur are.
//!
//! `a - b` stands for `b - a` as well: the sign travels outwards through what is linear, by the same rules for every tree.
//!
//! ```
//! use hesse::syntax::{parse::parse_expression, plain::plain, share::Sharing};
//! let (syntax, root) = parse_expression("((A*x - b).*w)'*A + exp(-norm2(A*x - b)^2)*(b - A*x)'*B")?;
//! let sharing = Sharing::find(&[(&syntax, root)], &[], |name| name != "n").unwrap();
//! let shared = sharing.write(&["e".to_string()]);
//! assert_eq!(plain(&shared.syntax, shared.bodies[0]), "A*x - b");
//! assert_eq!(plain(&shared.syntax, shared.roots[0]), "(e .* w)'*A - exp(-norm2(e)^2)*e'*B");
//! # Ok::<(), hesse::Error>(())
//! ```

use super::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::diagnostic::Span;
use crate::facts::{functions, notation};
use rustc_hash::FxHashMap;

/// Nodes that naming must save on the whole.
const SAVES: usize = 6;
/// What names must save if all of them are the user's, who knows them.
const SAVES_KNOWN: usize = 1;
/// A sub-tree of fewer nodes is written out.
const SMALLEST: usize = 4;
/// A definition of the user of fewer nodes is written out.
const SMALLEST_KNOWN: usize = 3;
/// At most so many names are invented.
const MOST: usize = 8;

/// A definition of the user as it is printed.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Its tree.
    pub tree: (Syntax, NodeId),
    /// Trees of its negative.
    pub negatives: Vec<(Syntax, NodeId)>,
    /// Trees of its transpose.
    pub transposes: Vec<(Syntax, NodeId)>,
}

/// What kind of thing a name stands for: it decides the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// 0 or 1: a comparison, a product of comparisons.
    Mask,
    /// A difference.
    Residual,
    /// Another sum.
    Affine,
    /// A share of one: softmax, sigmoid.
    Probability,
    /// A call of another function.
    Value,
    /// A product, quotient or power.
    Product,
}

/// The form of a value: upper case is a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 1×1
    Scalar,
    /// A row or a column.
    Vector,
    /// Anything else.
    Matrix,
}

impl Sort {
    /// Letters that are usual for it, the most usual first.
    pub fn letters(self, form: Form) -> &'static [&'static str] {
        match (self, form) {
            (Sort::Mask, Form::Matrix) => &["M", "H"],
            (Sort::Mask, _) => &["m", "h"],
            (Sort::Residual, Form::Matrix) => &["E", "R", "D"],
            (Sort::Residual, Form::Vector) => &["e", "r", "d"],
            (Sort::Residual, Form::Scalar) => &["d", "r", "s"],
            (Sort::Affine, Form::Matrix) => &["Z", "S", "T"],
            (Sort::Affine, Form::Vector) => &["z", "t", "u"],
            (Sort::Affine, Form::Scalar) => &["s", "c", "q"],
            (Sort::Probability, Form::Matrix) => &["P", "S", "Q"],
            (Sort::Probability, _) => &["p", "s", "q"],
            (Sort::Value, Form::Matrix) => &["S", "P", "H", "Q"],
            (Sort::Value, Form::Vector) => &["h", "g", "q"],
            (Sort::Value, Form::Scalar) => &["s", "c", "q"],
            (Sort::Product, Form::Matrix) => &["M", "K", "G"],
            (Sort::Product, Form::Vector) => &["u", "g", "t"],
            (Sort::Product, Form::Scalar) => &["c", "s", "q"],
        }
    }
    /// What a name costs its reader, in nodes.
    fn charge(self) -> i64 {
        match self {
            Sort::Mask => 0,
            Sort::Residual | Sort::Affine | Sort::Probability | Sort::Value => 1,
            Sort::Product => 3,
        }
    }
}

/// What is known of a class of equal sub-trees.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    /// It holds letters of index notation, which mean nothing outside of their formula.
    lettered: bool,
    /// It holds a variable.
    varies: bool,
    /// Position among the definitions of the user.
    known: Option<usize>,
    /// It is another class, negated or transposed.
    twin: Option<Twin>,
    /// It has twins, so it is none.
    paired: bool,
}

/// A class as another one that was there before.
#[derive(Clone, Copy, Debug)]
struct Twin {
    of: NodeId,
    negated: bool,
    transposed: bool,
}

/// A class that gets a name.
#[derive(Clone, Copy, Debug)]
struct Choice {
    class: NodeId,
    /// The name stands for the negative.
    swapped: bool,
}

/// Which classes of some formulas are named.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// The classes: an arena in which equal trees are one node.
    tree: Syntax,
    classes: Vec<Class>,
    roots: Vec<NodeId>,
    known: Vec<String>,
    /// In order: a choice reads earlier ones.
    chosen: Vec<Choice>,
}

/// Formulas over names.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The arena.
    pub syntax: Syntax,
    /// What the names stand for, in their order; each over earlier ones.
    pub bodies: Vec<NodeId>,
    /// The formulas.
    pub roots: Vec<NodeId>,
}

impl Shared {
    /// Nodes of the definitions and the formulas.
    pub fn nodes(&self) -> usize {
        self.bodies.iter().chain(&self.roots).map(|id| self.syntax.count(*id)).sum()
    }
}

impl Sharing {
    /// What to name in formulas that are printed together; `None` if nothing is worth it. `variable` tells the names of
    /// variables from those of sizes and constants.
    pub fn find(formulas: &[(&Syntax, NodeId)], known: &[Known], variable: impl Fn(&str) -> bool) -> Option<Sharing> {
        let inline: usize = formulas.iter().map(|(syntax, root)| syntax.count(*root)).sum();
        let mut intern = Intern { tree: Syntax::default(), classes: vec![], seen: FxHashMap::default(), variable: &variable };
        for (k, definition) in known.iter().enumerate() {
            let class = intern.add(&definition.tree.0, definition.tree.1, 0);
            let row = &mut intern.classes[class.index()];
            if definition.tree.0.count(definition.tree.1) < SMALLEST_KNOWN || row.known.is_some() {
                continue;
            }
            (row.known, row.twin) = (Some(k), None);
            for (trees, negated) in [(&definition.negatives, true), (&definition.transposes, false)] {
                for (syntax, root) in trees {
                    let twin = intern.add(syntax, *root, 0);
                    intern.pair(twin, Twin { of: class, negated, transposed: !negated });
                }
            }
        }
        let roots = formulas.iter().enumerate().map(|(k, (syntax, root))| intern.add(syntax, *root, k + 1)).collect();
        let Intern { tree, classes, .. } = intern;
        let mut sharing = Sharing { tree, classes, roots, known: known.iter().map(|k| k.name.clone()).collect(), chosen: vec![] };
        [(MOST, SAVES), (0, SAVES_KNOWN)].into_iter().any(|(most, saves)| sharing.settle(most, saves, inline)).then_some(sharing)
    }

    /// Chooses with at most so many invented names; whether that saves enough.
    fn settle(&mut self, most: usize, saves: usize, inline: usize) -> bool {
        self.chosen.clear();
        self.choose(most);
        self.choose_known(saves, inline);
        self.drop_single();
        self.choose_signs();
        !self.chosen.is_empty() && self.draft().nodes() + saves <= inline
    }

    /// The names: that of the user's definition, or the sort of what needs one.
    pub fn names(&self) -> impl Iterator<Item = Result<&str, Sort>> {
        self.chosen.iter().map(|c| match self.classes[c.class.index()].known {
            Some(k) => Ok(self.known[k].as_str()),
            None => Err(self.sort(c.class)),
        })
    }

    /// The formulas over names, as many as were chosen.
    pub fn write(&self, names: &[String]) -> Shared {
        let mut out = Shared { syntax: Syntax::default(), bodies: vec![], roots: vec![] };
        let place: FxHashMap<NodeId, usize> = self.chosen.iter().enumerate().map(|(k, c)| (c.class, k)).collect();
        let mut made: FxHashMap<NodeId, Signed> = FxHashMap::default();
        let reached = self.reached();
        for id in self.tree.ids().filter(|id| reached[id.index()]) {
            let signed = if let Some(twin) = self.named_twin(id) {
                let Signed { negative, node } = made[&twin.of];
                let node = if twin.transposed { transposed(&mut out.syntax, node) } else { node };
                Signed { negative: negative != twin.negated, node }
            } else {
                let body = self.rebuilt(&mut out.syntax, id, &made);
                match place.get(&id) {
                    None => body,
                    Some(&k) => {
                        // The user's definition keeps its sign; an invented name takes what is shorter.
                        let negative = body.negative && self.classes[id.index()].known.is_none();
                        let mut node = if negative { body.node } else { body.written(&mut out.syntax) };
                        if self.chosen[k].swapped
                            && let Kind::Binary(Operator::Minus, a, b) = *out.syntax.kind(node)
                        {
                            node = out.syntax.binary(Operator::Minus, b, a);
                        }
                        out.bodies.push(node);
                        Signed { negative: negative != self.chosen[k].swapped, node: out.syntax.name(&names[k]) }
                    }
                }
            };
            made.insert(id, signed);
        }
        out.roots = self.roots.iter().map(|root| made[root].written(&mut out.syntax)).collect();
        out
    }

    fn draft(&self) -> Shared {
        self.write(&vec![String::new(); self.chosen.len()])
    }

    /// A node over the new children, its sign outside where it can be.
    fn rebuilt(&self, out: &mut Syntax, id: NodeId, made: &FxHashMap<NodeId, Signed>) -> Signed {
        use Operator::{DotOver, DotPower, DotTimes, Minus, Over, Plus, Power, Times, Under};
        let kind = self.tree.kind(id);
        let plain = |node: NodeId| Signed { negative: false, node };
        let sign = |id: &NodeId| made[id].negative;
        match kind {
            Kind::Negate(a) if sign(a) => plain(made[a].node),
            Kind::Transpose(a) => Signed { negative: sign(a), node: transposed(out, made[a].node) },
            Kind::Binary(Plus, a, b) | Kind::Binary(Minus, a, b) if sign(a) || sign(b) => {
                let minus = matches!(kind, Kind::Binary(Minus, ..));
                let (x, y) = (made[a].node, made[b].node);
                // −x + y is y − x, −x − y is −(x + y).
                match (sign(a), sign(b) != minus) {
                    (false, false) => plain(out.binary(Plus, x, y)),
                    (false, true) => plain(out.binary(Minus, x, y)),
                    (true, false) => plain(out.binary(Minus, y, x)),
                    (true, true) => Signed { negative: true, node: out.binary(Plus, x, y) },
                }
            }
            Kind::Binary(op @ (Times | Over | Under | DotTimes | DotOver), a, b) => {
                Signed { negative: sign(a) != sign(b), node: out.binary(*op, made[a].node, made[b].node) }
            }
            Kind::Binary(op @ (Power | DotPower), a, b) if sign(a) && !sign(b) => match whole(&self.tree, *b) {
                Some(k) => Signed { negative: k % 2 != 0, node: out.binary(*op, made[a].node, made[b].node) },
                None => self.copied(out, kind, made),
            },
            Kind::Call(f, args) if multilinear(f) => {
                let parts = args.iter().map(|a| made[a].node).collect();
                Signed { negative: args.iter().filter(|a| sign(a)).count() % 2 != 0, node: out.call(f, parts) }
            }
            Kind::Index(a, _) if sign(a) => {
                let node = out.add(kind.over(|c| made[&c].node), Span::default());
                Signed { negative: true, node }
            }
            _ => self.copied(out, kind, made),
        }
    }

    /// A node over the new children with their signs.
    fn copied(&self, out: &mut Syntax, kind: &Kind, made: &FxHashMap<NodeId, Signed>) -> Signed {
        let kind = kind.over(|c| made[&c].written(out));
        Signed { negative: false, node: out.add(kind, Span::default()) }
    }

    // ---- which classes ----

    /// Names what saves most, until nothing saves anything.
    fn choose(&mut self, most: usize) {
        let mut invented = 0;
        loop {
            let weights = self.weights();
            let best = self
                .tree
                .ids()
                .filter(|id| self.may(*id, invented < most))
                .map(|id| (self.saves(id, &weights), id))
                .filter(|(saves, _)| *saves > 0)
                .max_by_key(|(saves, id)| (*saves, weights.size[id.index()], std::cmp::Reverse(*id)));
            let Some((_, class)) = best else { return };
            invented += usize::from(self.classes[class.index()].known.is_none());
            self.name(class);
        }
    }

    /// Names the user's definitions that occur, the longest first, as long as the whole stays short.
    fn choose_known(&mut self, saves: usize, inline: usize) {
        if self.chosen.is_empty() {
            return;
        }
        let known: Vec<NodeId> = self.tree.ids().filter(|id| self.classes[id.index()].known.is_some()).collect();
        for id in known.into_iter().rev() {
            if !self.is_named(id) && self.may(id, false) && self.weights().uses(id) > 0 {
                let before = self.chosen.clone();
                self.name(id);
                if self.draft().nodes() + saves > inline {
                    self.chosen = before;
                }
            }
        }
    }

    /// An invented name that later ones left with a single use is written out, and one that nothing reads.
    fn drop_single(&mut self) {
        loop {
            let weights = self.weights();
            let needed = |c: &Choice| if self.classes[c.class.index()].known.is_some() { 1 } else { 2 };
            match self.chosen.iter().position(|c| weights.uses(c.class) < needed(c)) {
                Some(k) => self.chosen.remove(k),
                None => return,
            };
        }
    }

    /// Of `a - b` and `b - a` the one that makes the whole shorter.
    fn choose_signs(&mut self) {
        for k in 0..self.chosen.len() {
            let class = self.chosen[k].class;
            // The negative of a longer sum needs brackets.
            let sum = |id: NodeId| matches!(self.tree.kind(id), Kind::Binary(Operator::Plus | Operator::Minus, ..));
            let two = matches!(self.tree.kind(class), Kind::Binary(Operator::Minus, a, b) if !sum(*a) && !sum(*b));
            if self.classes[class.index()].known.is_some() || !two {
                continue;
            }
            let before = self.draft().nodes();
            self.chosen[k].swapped = true;
            self.chosen[k].swapped = self.draft().nodes() < before;
        }
    }

    fn name(&mut self, class: NodeId) {
        let at = self.chosen.partition_point(|c| c.class < class);
        self.chosen.insert(at, Choice { class, swapped: false });
    }

    fn is_named(&self, id: NodeId) -> bool {
        self.chosen.binary_search_by_key(&id, |c| c.class).is_ok()
    }

    /// Whether a class may get a name.
    fn may(&self, id: NodeId, invent: bool) -> bool {
        let class = &self.classes[id.index()];
        if self.is_named(id) || class.lettered || !class.varies || class.twin.is_some() {
            return false;
        }
        class.known.is_some()
            || invent
                && self.tree.count(id) >= SMALLEST
                && matches!(self.tree.kind(id), Kind::Binary(..) | Kind::Call(..))
                && !matches!(self.tree.kind(self.first(id)), Kind::Number(_) | Kind::Negate(_))
    }

    /// The leftmost factor of a product: a number in front belongs to the formula, not to what is named.
    fn first(&self, id: NodeId) -> NodeId {
        let mut first = id;
        while let Kind::Binary(Operator::Times | Operator::Over | Operator::DotTimes | Operator::DotOver, a, _) = self.tree.kind(first) {
            first = *a;
        }
        first
    }

    fn saves(&self, id: NodeId, weights: &Weights) -> i64 {
        let (uses, size) = (weights.uses(id) as i64, weights.size[id.index()] as i64);
        let charge = if self.classes[id.index()].known.is_some() { 0 } else { self.sort(id).charge() };
        (uses - 1).saturating_mul(size) - uses - charge
    }

    fn sort(&self, id: NodeId) -> Sort {
        match self.tree.kind(id) {
            _ if self.is_mask(id) => Sort::Mask,
            Kind::Binary(Operator::Minus | Operator::DotMinus, ..) => Sort::Residual,
            Kind::Binary(Operator::Plus | Operator::DotPlus, ..) => Sort::Affine,
            Kind::Call(f, _) if matches!(f.as_str(), "softmax" | "sigmoid") => Sort::Probability,
            Kind::Call(..) => Sort::Value,
            _ => Sort::Product,
        }
    }

    /// Comparisons, and products of them.
    fn is_mask(&self, id: NodeId) -> bool {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            match self.tree.kind(id) {
                Kind::Binary(op, ..) if op.compares() => {}
                Kind::Binary(Operator::DotTimes, a, b) => pending.extend([*a, *b]),
                Kind::Call(f, _) if functions::find(f).is_some_and(|f| f.row().mask) => {}
                _ => return false,
            }
        }
        true
    }

    /// What is read when the choices are made: classes below a twin of a named one are not.
    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.tree.len()];
        for root in &self.roots {
            reached[root.index()] = true;
        }
        for id in self.tree.ids().rev() {
            if !reached[id.index()] {
                continue;
            }
            match self.named_twin(id) {
                Some(twin) => reached[twin.of.index()] = true,
                None => {
                    for c in self.tree.children(id) {
                        reached[c.index()] = true;
                    }
                }
            }
        }
        reached
    }

    /// What a class is read as, if it is another one that has a name.
    fn named_twin(&self, id: NodeId) -> Option<Twin> {
        self.classes[id.index()].twin.filter(|t| self.is_named(t.of))
    }

    fn weights(&self) -> Weights {
        let n = self.tree.len();
        let mut w = Weights { size: vec![0; n], own: vec![0; n], twins: vec![0; n] };
        for id in self.tree.ids() {
            let own = usize::from(!matches!(self.tree.kind(id), Kind::Contraction(..)));
            let part = |c: NodeId| if self.is_named(c) || self.named_twin(c).is_some() { 1 } else { w.size[c.index()] };
            w.size[id.index()] = self.tree.children(id).into_iter().fold(own, |n, c| n.saturating_add(part(c)));
        }
        for root in &self.roots {
            w.own[root.index()] += 1;
        }
        for id in self.tree.ids().rev() {
            if let Some(twin) = self.classes[id.index()].twin {
                w.twins[twin.of.index()] = w.twins[twin.of.index()].saturating_add(w.own[id.index()]);
            }
            // What a name stands for is written once, whoever reads it.
            let times = match self.is_named(id) {
                true => w.uses(id).min(1),
                false if self.named_twin(id).is_some() => 0,
                false => w.own[id.index()],
            };
            if times > 0 {
                for c in self.tree.children(id) {
                    w.own[c.index()] = w.own[c.index()].saturating_add(times);
                }
            }
        }
        w
    }
}

/// By class, when the choices are made.
struct Weights {
    /// Nodes of its tree.
    size: Vec<usize>,
    /// How often it is read.
    own: Vec<usize>,
    /// How often one of its twins is.
    twins: Vec<usize>,
}

impl Weights {
    fn uses(&self, id: NodeId) -> usize {
        self.own[id.index()].saturating_add(self.twins[id.index()])
    }
}

/// A node and whether its negative is meant.
#[derive(Clone, Copy)]
struct Signed {
    negative: bool,
    node: NodeId,
}

impl Signed {
    fn written(self, out: &mut Syntax) -> NodeId {
        if self.negative { out.opposite(self.node) } else { self.node }
    }
}

fn transposed(out: &mut Syntax, node: NodeId) -> NodeId {
    match out.kind(node) {
        Kind::Transpose(inner) => *inner,
        _ => out.transpose(node),
    }
}

/// A whole exponent.
fn whole(tree: &Syntax, id: NodeId) -> Option<i64> {
    match tree.kind(id) {
        Kind::Number(text) => text.parse().ok(),
        Kind::Negate(a) => whole(tree, *a),
        _ => None,
    }
}

/// Linear in each argument: its row of [`notation`] is one product.
fn multilinear(f: &str) -> bool {
    let call = |row: &notation::Notation| row.matrix.split('(').next() == Some(f);
    let mut rows = notation::NOTATION.iter().filter(|row| call(row)).peekable();
    rows.peek().is_some() && rows.all(|row| row.means.contains("->"))
}

/// Equal trees become one node.
struct Intern<'a> {
    tree: Syntax,
    classes: Vec<Class>,
    seen: FxHashMap<(usize, Kind), NodeId>,
    variable: &'a dyn Fn(&str) -> bool,
}

impl Intern<'_> {
    /// The class of a tree; trees with letters are equal within their formula only.
    fn add(&mut self, syntax: &Syntax, root: NodeId, formula: usize) -> NodeId {
        let under = syntax.under(root);
        let letters: Vec<&str> = under
            .iter()
            .flat_map(|id| match syntax.kind(*id) {
                Kind::Contraction(_, groups) => groups.iter().flatten().map(String::as_str).collect(),
                // Summed letters stand in subscripts only.
                Kind::Index(_, subscripts) if matches!(syntax.kind(root), Kind::Contraction(..)) => subscripts
                    .iter()
                    .flat_map(|s| match s {
                        Subscript::At(k) => std::slice::from_ref(k),
                        Subscript::Stack(letters) => letters,
                        _ => &[],
                    })
                    .filter_map(|k| match syntax.kind(*k) {
                        Kind::Name(name) => Some(name.as_str()),
                        _ => None,
                    })
                    .collect(),
                _ => vec![],
            })
            .collect();
        let mut new: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in under {
            let kind = syntax.kind(id).over(|c| new[&c]);
            let below = syntax.children(id);
            let (mut lettered, mut varies) = (matches!(kind, Kind::Contraction(..)), false);
            if let Kind::Name(name) = &kind {
                lettered = letters.contains(&name.as_str());
                varies = !lettered && (self.variable)(name);
            }
            for c in below {
                let class = &self.classes[new[&c].index()];
                lettered |= class.lettered;
                varies |= class.varies;
            }
            let key = (if lettered { formula } else { 0 }, kind.clone());
            let class = match self.seen.get(&key) {
                Some(class) => *class,
                None => {
                    let class = self.tree.add(kind, Span::default());
                    self.classes.push(Class { lettered, varies, ..Class::default() });
                    if let Kind::Binary(Operator::Minus, a, b) = *self.tree.kind(class)
                        && let Some(&of) = self.seen.get(&(key.0, Kind::Binary(Operator::Minus, b, a)))
                    {
                        self.pair(class, Twin { of, negated: true, transposed: false });
                    }
                    self.seen.insert(key, class);
                    class
                }
            };
            new.insert(id, class);
        }
        new[&root]
    }

    /// Lets a class stand for an earlier one; a twin has no twins.
    fn pair(&mut self, class: NodeId, twin: Twin) {
        let row = self.classes[class.index()];
        let mark = matches!(self.tree.kind(class), Kind::Negate(_) | Kind::Transpose(_));
        if class <= twin.of
            || mark
            || row.known.is_some()
            || row.paired
            || row.twin.is_some()
            || self.classes[twin.of.index()].twin.is_some()
        {
            return;
        }
        self.classes[class.index()].twin = Some(twin);
        self.classes[twin.of.index()].paired = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse::parse_expression;
    use crate::syntax::plain::plain;

    /// The definitions and formulas with names `t1`, `t2` … for what is invented; lower-case `n` is a size.
    fn shared(formulas: &[&str], known: &[(&str, &str, &str, &str)]) -> Option<Vec<String>> {
        let read = |text: &str| parse_expression(text).unwrap();
        let list = |text: &str| if text.is_empty() { vec![] } else { vec![read(text)] };
        let known: Vec<Known> =
            known.iter().map(|k| Known { name: k.0.into(), tree: read(k.1), negatives: list(k.2), transposes: list(k.3) }).collect();
        let trees: Vec<_> = formulas.iter().map(|f| read(f)).collect();
        let roots: Vec<_> = trees.iter().map(|t| (&t.0, t.1)).collect();
        let sharing = Sharing::find(&roots, &known, |name| name != "n")?;
        let names: Vec<String> =
            sharing.names().enumerate().map(|(k, name)| name.map_or_else(|_| format!("t{}", k + 1), String::from)).collect();
        let shared = sharing.write(&names);
        let bodies = names.iter().zip(&shared.bodies).map(|(name, id)| format!("{name} = {}", plain(&shared.syntax, *id)));
        Some(bodies.chain(shared.roots.iter().map(|id| plain(&shared.syntax, *id))).collect())
    }

    #[test]
    fn short_formulas_are_left_alone() {
        assert_eq!(shared(&["2*A'*(A*x - b)"], &[]), None);
        assert_eq!(shared(&["(A*x - b)'*(A*x - b)"], &[]), None);
        assert_eq!(shared(&["2*A'*(A*x - b)"], &[("r", "A*x - b", "b - A*x", "")]), None);
        // Sizes and numbers are no variables.
        assert_eq!(shared(&["eye(2*n + 1)*eye(2*n + 1)*eye(2*n + 1)*eye(2*n + 1)"], &[]), None);
    }

    #[test]
    fn what_repeats_is_named_once_each_over_earlier_names() {
        let all = shared(&["sin(A*x + b) .* cos(A*x + b)", "exp(sin(A*x + b)) .* log(sin(A*x + b))"], &[]).unwrap();
        assert_eq!(all, ["t1 = A*x + b", "sin(t1) .* cos(t1)", "exp(sin(t1)) .* log(sin(t1))"]);
    }

    #[test]
    fn a_definition_of_the_user_is_preferred_with_its_sign_and_orientation() {
        let known = [("z", "X*w + b", "", "w'*X' + b"), ("v", "y - exp(X*w + b)", "exp(X*w + b) - y", "")];
        let all = shared(&["2*((exp(X*w + b) - y) .* exp(X*w + b))'*X/n + (w'*X' + b)*X"], &known).unwrap();
        assert_eq!(all, ["z = X*w + b", "v = y - exp(z)", "z'*X - 2*(v .* exp(z))'*X/n"]);
    }

    #[test]
    fn signs_travel_through_what_is_linear() {
        let long = "sin(a*b*c - d*p)*";
        for (outer, expected) in [
            ("k + q'*sum(d*p - a*b*c)", "k - q'*sum(t1)"),
            ("k - (d*p - a*b*c)^3", "k + t1^3"),
            ("(d*p - a*b*c)^2 + k", "t1^2 + k"),
            ("(d*p - a*b*c)' - k", "-(t1' + k)"),
            ("(d*p - a*b*c) + k", "k - t1"),
            ("-(d*p - a*b*c)", "t1"),
            ("exp(d*p - a*b*c)", "exp(-t1)"),
            ("(d*p - a*b*c)[1]/k", "-t1[1]/k"),
            ("kron(d*p - a*b*c, d*p - a*b*c)", "kron(t1, t1)"),
            ("(d*p - a*b*c)^q", "(-t1)^q"),
        ] {
            let first = format!("{long}cos(a*b*c - d*p)");
            assert_eq!(shared(&[&first, outer], &[]).unwrap(), ["t1 = a*b*c - d*p", "sin(t1)*cos(t1)", expected], "{outer}");
        }
    }

    #[test]
    fn letters_of_index_notation_stay_in_their_formula() {
        let text = "(A'*B*C)[i,j]*x[i] + (A'*B*C)[j,i]*(A'*B*C)[i,i]*exp(x[i] + x[i]*x[i])*log(x[i] + x[i]*x[i]) -> [j]";
        let all = shared(&[text], &[]).unwrap();
        assert_eq!(all, ["t1 = A'*B*C", "t1[i,j]*x[i] + t1[j,i]*t1[i,i]*exp(x[i] + x[i]*x[i])*log(x[i] + x[i]*x[i]) -> [j]"]);
    }
}
