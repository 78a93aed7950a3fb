//! Syntax to boxes: what a writer draws for a node, with every parenthesis decided. The only place that knows precedence.
//!
//! A [`Layout`] is one node with its parts; a [`Part`] says whether it stands in parentheses. A writer spells one layout at a
//! time and never looks at another node, and [`Boxes::write`] puts the spellings together with a stack of its own, so deep
//! trees and subtrees with several parents cost no more than the text they give.
//!
//! Four [`Look`]s share the rules. In ASCII parentheses are minimal and the text reads back as the same tree. The others
//! are for eyes: powers and transposes are raised, comparisons are indicators, and a few more parentheses keep apart what
//! only precedence would (`a + (−b)`, `(a ⊙ b)·C`).

use super::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use std::borrow::Cow;

/// How tightly a construct binds, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `body -> [i]`
    Arrow,
    /// `a < b`, not chained
    Comparison,
    /// `a + b`
    Sum,
    /// `a*b`
    Product,
    /// `-a`
    Negation,
    /// What is drawn with a raised mark and takes no second one: `A²`, `Aᵀ`, a stacked fraction.
    Raised,
    /// `a'`, `a^b`, `a[i]`
    Postfix,
    /// Names, numbers, calls, brackets.
    Atom,
}

impl Level {
    /// The level of an operator.
    pub fn of(op: Operator) -> Level {
        match op {
            Operator::Greater | Operator::Less | Operator::GreaterEqual | Operator::LessEqual | Operator::Equal | Operator::NotEqual => {
                Level::Comparison
            }
            Operator::Plus | Operator::Minus | Operator::DotPlus | Operator::DotMinus => Level::Sum,
            Operator::Times | Operator::Over | Operator::Under | Operator::DotTimes | Operator::DotOver => Level::Product,
            Operator::Power | Operator::DotPower => Level::Postfix,
        }
    }
    /// The level of the right operand of a left-associative operator.
    pub fn tighter(self) -> Level {
        match self {
            Level::Arrow => Level::Comparison,
            Level::Comparison => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Negation,
            Level::Negation | Level::Raised => Level::Postfix,
            Level::Postfix | Level::Atom => Level::Atom,
        }
    }
}

/// What a writer can draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The input language, character by character.
    Ascii,
    /// One line of Unicode.
    Unicode,
    /// One line of Unicode with lowered indices and `Σ`, as derivations are drawn.
    Lowered,
    /// Two dimensions: fractions, raised exponents, lowered indices.
    Page,
}

/// A part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The node.
    pub id: NodeId,
    /// Whether it stands in parentheses.
    pub fenced: bool,
}

/// A subscript as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `:`
    All,
    /// One index.
    At(Part),
    /// First to last.
    Range(Part, Part),
    /// The letters of one stacked axis.
    Stack(Vec<Part>),
}

/// How a call is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// `f(a, b)`
    Call,
    /// `‖x‖`
    Norm,
    /// `|x|`
    Absolute,
    /// `√x`
    Root,
    /// `A⁻¹`
    Inverse,
    /// `A⁻ᵀ`, a transpose and a call at once
    InverseTranspose,
    /// `A ⊗ B`
    Kronecker,
    /// `1`, a column of ones
    Ones,
    /// `0`
    Zeros,
    /// `I`
    Identity,
}

/// A node as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout<'a> {
    /// A literal.
    Number(&'a str),
    /// A name.
    Name(&'a str),
    /// A part in parentheses.
    Fence(Part),
    /// `-a`
    Negation(Part),
    /// `a ∘ b`: comparisons, sums and products
    Infix(Operator, Part, Part),
    /// `a^b`, `a.^b`
    Power(Operator, Part, Part),
    /// `a'`
    Transpose(Part),
    /// A call in one of its drawings.
    Call(&'a str, Vec<Part>, Drawn),
    /// `a[i,j]`
    Index(Part, Vec<Slot>),
    /// Rows of entries.
    Matrix(Vec<Vec<Part>>),
    /// `body -> [groups]`
    Contraction(Part, &'a [Vec<String>]),
    /// `sum(i = from:to, body)`: index, from, to, body
    Series(&'a str, Part, Part, Part),
}

/// Text and parts in reading order: what a writer makes of a layout.
#[derive(Clone, Debug, Default)]
pub struct Pieces(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(Cow<'static, str>),
    Part(Part),
}

impl Pieces {
    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Piece::Text(text.into()));
        self
    }
    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.0.push(Piece::Part(part));
        self
    }
    /// Adds other pieces.
    #[must_use]
    pub fn append(mut self, other: Pieces) -> Self {
        self.0.extend(other.0);
        self
    }
    /// Adds items with a separator between them.
    #[must_use]
    pub fn list<T>(mut self, items: &[T], separator: &'static str, add: impl Fn(Self, &T) -> Self) -> Self {
        for (k, item) in items.iter().enumerate() {
            if k > 0 {
                self = self.text(separator);
            }
            self = add(self, item);
        }
        self
    }
    /// Adds parts with a separator between them.
    #[must_use]
    pub fn parts(self, parts: &[Part], separator: &'static str) -> Self {
        self.list(parts, separator, |pieces, part| pieces.part(*part))
    }
}

/// What a drawing begins with; it decides about signs and dots before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Minus,
    Digit,
    Other,
}

/// The boxes of a tree in one look.
pub struct Boxes<'a> {
    syntax: &'a Syntax,
    look: Look,
    /// By node: what its drawing begins with.
    edges: Vec<Edge>,
    /// By node: whether its drawing is higher than a line.
    tall: Vec<bool>,
}

impl<'a> Boxes<'a> {
    /// The boxes of the tree under `root`.
    pub fn new(syntax: &'a Syntax, root: NodeId, look: Look) -> Self {
        let size = root.index() + 1;
        let mut boxes = Boxes { syntax, look, edges: vec![Edge::Other; size], tall: vec![false; size] };
        for id in syntax.under(root) {
            boxes.edges[id.index()] = boxes.find_edge(id);
            boxes.tall[id.index()] = boxes.find_tall(id);
        }
        boxes
    }

    /// Writes the tree under `root`: spells a node, then its parts, with a stack instead of recursion.
    pub fn write(&self, root: NodeId, spell: impl Fn(Layout<'a>) -> Pieces) -> String {
        let mut out = String::new();
        let mut stack = vec![Piece::Part(Part { id: root, fenced: false })];
        while let Some(piece) = stack.pop() {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Part(part) => stack.extend(spell(self.layout(part)).0.into_iter().rev()),
            }
        }
        out
    }

    /// Whether a part is drawn higher than a line.
    pub fn is_tall(&self, part: Part) -> bool {
        self.tall[part.id.index()]
    }

    /// Whether a part is drawn with a digit first, so that a product needs a dot before it.
    pub fn begins_with_digit(&self, part: Part) -> bool {
        !part.fenced && self.edges[part.id.index()] == Edge::Digit
    }

    /// The name, if a part is one.
    pub fn name(&self, part: Part) -> Option<&'a str> {
        match self.syntax.kind(part.id) {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The text of a part that is a name or a literal.
    pub fn atom(&self, part: Part) -> Option<&'a str> {
        match self.syntax.kind(part.id) {
            Kind::Name(text) | Kind::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The digits of a part that is a whole number, and whether it is negative.
    pub fn whole_number(&self, part: Part) -> Option<(bool, &'a str)> {
        let (negative, id) = match self.syntax.kind(part.id) {
            Kind::Negate(a) => (true, *a),
            _ => (false, part.id),
        };
        match self.syntax.kind(id) {
            Kind::Number(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some((negative, digits)),
            _ => None,
        }
    }

    /// How a part is drawn.
    fn layout(&self, part: Part) -> Layout<'a> {
        if part.fenced {
            return Layout::Fence(Part { fenced: false, ..part });
        }
        match self.syntax.kind(part.id) {
            Kind::Number(text) => Layout::Number(text),
            Kind::Name(name) => Layout::Name(name),
            Kind::Negate(a) => Layout::Negation(self.negated(*a)),
            Kind::Transpose(a) => match self.inverse_under(*a) {
                Some(base) => Layout::Call("inv", vec![self.part(base, Level::Postfix)], Drawn::InverseTranspose),
                None => {
                    // X^2' is read from the left, which looks like X^(2').
                    let power = self.look == Look::Ascii
                        && matches!(self.syntax.kind(*a), Kind::Binary(op, ..) if Level::of(*op) == Level::Postfix);
                    Layout::Transpose(if power { Part { id: *a, fenced: true } } else { self.part(*a, Level::Postfix) })
                }
            },
            Kind::Binary(op, a, b) if Level::of(*op) == Level::Postfix => {
                Layout::Power(*op, self.part(*a, Level::Postfix), self.exponent(*b))
            }
            Kind::Binary(op, a, b) => {
                let (left, right) = self.operands(*op, *a, *b);
                Layout::Infix(*op, left, right)
            }
            Kind::Call(name, arguments) => self.call(name, arguments),
            Kind::Index(base, subscripts) => {
                let slot = |s: &Subscript| match *s {
                    Subscript::All => Slot::All,
                    Subscript::At(k) => Slot::At(self.part(k, Level::Comparison)),
                    Subscript::Range(k, l) => Slot::Range(self.part(k, Level::Comparison), self.part(l, Level::Comparison)),
                    Subscript::Stack(ref letters) => Slot::Stack(letters.iter().map(|k| self.part(*k, Level::Atom)).collect()),
                };
                Layout::Index(self.indexed(*base), subscripts.iter().map(slot).collect())
            }
            Kind::Matrix(rows) => {
                Layout::Matrix(rows.iter().map(|row| row.iter().map(|&entry| self.part(entry, Level::Arrow)).collect()).collect())
            }
            Kind::Contraction(body, groups) => Layout::Contraction(self.part(*body, Level::Comparison), groups),
            Kind::Series(s) => {
                // Drawn with a sign of its own the body reaches as far as a product does.
                let body = if self.draws_sums() { Level::Product } else { Level::Arrow };
                let (from, to) = (self.part(s.from, Level::Comparison), self.part(s.to, Level::Comparison));
                Layout::Series(&s.index, from, to, self.part(s.body, body))
            }
        }
    }

    /// A part in a place that wants at least `slot`.
    fn part(&self, id: NodeId, slot: Level) -> Part {
        Part { id, fenced: self.level(id) < slot }
    }

    /// How tightly the drawing of a node binds.
    fn level(&self, id: NodeId) -> Level {
        let raised = if self.look == Look::Ascii { Level::Postfix } else { Level::Raised };
        match self.syntax.kind(id) {
            // A power of ten is drawn with an exponent.
            Kind::Number(text) if self.look == Look::Page && text.contains(['e', 'E']) => Level::Raised,
            Kind::Number(_) | Kind::Name(_) | Kind::Matrix(_) => Level::Atom,
            Kind::Negate(_) => Level::Negation,
            Kind::Transpose(_) => raised,
            Kind::Binary(op, ..) if op.compares() && self.look != Look::Ascii => Level::Atom,
            Kind::Binary(Operator::Over, ..) if self.look == Look::Page => Level::Raised,
            Kind::Binary(op, ..) if Level::of(*op) == Level::Postfix => raised,
            Kind::Binary(op, ..) => Level::of(*op),
            Kind::Call(name, arguments) => match self.drawn(name, arguments.len()) {
                Drawn::Root | Drawn::Inverse | Drawn::InverseTranspose => Level::Raised,
                Drawn::Kronecker => Level::Product,
                Drawn::Call | Drawn::Norm | Drawn::Absolute | Drawn::Ones | Drawn::Zeros | Drawn::Identity => Level::Atom,
            },
            Kind::Index(base, _) if self.look == Look::Lowered && matches!(self.syntax.kind(*base), Kind::Name(_)) => Level::Atom,
            Kind::Index(..) => Level::Postfix,
            Kind::Contraction(..) => Level::Arrow,
            Kind::Series(_) if self.draws_sums() => Level::Negation,
            Kind::Series(_) => Level::Atom,
        }
    }

    /// Whether an indexed sum is drawn with a `Σ`, whose term stands open to the right.
    fn draws_sums(&self) -> bool {
        matches!(self.look, Look::Lowered | Look::Page)
    }

    /// How a call is drawn in this look.
    fn drawn(&self, name: &str, arguments: usize) -> Drawn {
        match (name, arguments) {
            _ if self.look == Look::Ascii => Drawn::Call,
            ("norm2", 1) => Drawn::Norm,
            ("abs", 1) if self.look == Look::Page => Drawn::Absolute,
            ("sqrt", 1) => Drawn::Root,
            ("inv", 1) => Drawn::Inverse,
            ("kron", 2) => Drawn::Kronecker,
            ("ones", 1) => Drawn::Ones,
            ("zeros", 1 | 2) => Drawn::Zeros,
            ("eye", 0 | 1) => Drawn::Identity,
            _ => Drawn::Call,
        }
    }

    fn call(&self, name: &'a str, arguments: &[NodeId]) -> Layout<'a> {
        let drawn = self.drawn(name, arguments.len());
        let part = |&id: &NodeId| match drawn {
            Drawn::Inverse => self.part(id, Level::Postfix),
            Drawn::Root if self.look != Look::Page => self.part(id, Level::Atom),
            _ => self.part(id, Level::Arrow),
        };
        let parts = match (drawn, arguments) {
            (Drawn::Kronecker, &[a, b]) => {
                // Beside another product a Kronecker product stands in parentheses; to the left a chain of them needs none.
                let chain = matches!(self.syntax.kind(a), Kind::Call(f, x) if self.drawn(f, x.len()) == Drawn::Kronecker);
                let left = self.part(a, if chain { Level::Product } else { Level::Negation });
                vec![left, self.right_of_sign(self.part(b, Level::Negation))]
            }
            _ => arguments.iter().map(part).collect(),
        };
        Layout::Call(name, parts, drawn)
    }

    /// The A of `inv(A)'` where that is drawn as `A⁻ᵀ`.
    fn inverse_under(&self, id: NodeId) -> Option<NodeId> {
        match self.syntax.kind(id) {
            Kind::Call(name, arguments) if self.drawn(name, arguments.len()) == Drawn::Inverse => arguments.first().copied(),
            _ => None,
        }
    }

    /// The operand of a minus. To the eye `−a·b` is as good as `−(a·b)`; the input language tells them apart.
    fn negated(&self, id: NodeId) -> Part {
        self.part(id, if self.look == Look::Ascii { Level::Negation } else { Level::Product })
    }

    /// An exponent: a primary with an optional minus, or in parentheses; raised it needs none.
    fn exponent(&self, id: NodeId) -> Part {
        let primary = |id: NodeId| self.level(id) == Level::Atom;
        let bare = match self.syntax.kind(id) {
            _ if self.look == Look::Page => self.level(id) > Level::Arrow,
            Kind::Negate(a) => primary(*a),
            _ => primary(id),
        };
        Part { id, fenced: !bare }
    }

    /// What an index stands behind; a lowered index takes no second one.
    fn indexed(&self, id: NodeId) -> Part {
        self.part(id, if self.look == Look::Page { Level::Atom } else { Level::Postfix })
    }

    /// The operands of a comparison, sum or product.
    fn operands(&self, op: Operator, a: NodeId, b: NodeId) -> (Part, Part) {
        let level = Level::of(op);
        if op == Operator::Over && self.look == Look::Page {
            return (self.part(a, Level::Comparison), self.part(b, Level::Comparison));
        }
        let mut left = self.part(a, if op.compares() { level.tighter() } else { level });
        let mut right = self.part(b, level.tighter());
        if level == Level::Product && self.look != Look::Ascii {
            left.fenced |= self.looser_product(op, a);
            right.fenced |= self.looser_product(op, b);
        }
        if !op.compares() {
            right = self.right_of_sign(right);
        }
        (left, right)
    }

    /// Whether a product of another family stands under `op` that the eye would not take together first: `⊙` and `⊗` are
    /// drawn wider than `·`.
    fn looser_product(&self, op: Operator, id: NodeId) -> bool {
        let wide = |op: Operator| matches!(op, Operator::DotTimes | Operator::DotOver);
        match self.syntax.kind(id) {
            Kind::Binary(inner, ..) => wide(*inner) && !wide(op),
            Kind::Call(name, arguments) => self.drawn(name, arguments.len()) == Drawn::Kronecker,
            _ => false,
        }
    }

    /// To the eye no minus follows a sign: `a + (−b)`.
    fn right_of_sign(&self, part: Part) -> Part {
        let fenced = part.fenced || self.look != Look::Ascii && self.edges[part.id.index()] == Edge::Minus;
        Part { fenced, ..part }
    }

    fn find_edge(&self, id: NodeId) -> Edge {
        let first = |part: Part| if part.fenced { Edge::Other } else { self.edges[part.id.index()] };
        match self.layout(Part { id, fenced: false }) {
            Layout::Number(_) => Edge::Digit,
            Layout::Negation(_) => Edge::Minus,
            Layout::Infix(op, ..) if op.compares() || op == Operator::Over && self.look == Look::Page => Edge::Other,
            Layout::Infix(_, part, _) | Layout::Power(_, part, _) | Layout::Transpose(part) | Layout::Index(part, _) => first(part),
            Layout::Call(_, parts, Drawn::Inverse | Drawn::InverseTranspose | Drawn::Kronecker) => first(parts[0]),
            _ => Edge::Other,
        }
    }

    fn find_tall(&self, id: NodeId) -> bool {
        let tall = |part: &NodeId| self.tall[part.index()];
        match self.syntax.kind(id) {
            Kind::Matrix(_) | Kind::Binary(Operator::Over, ..) => self.look == Look::Page,
            // An exponent or an index is drawn small and aside.
            Kind::Index(base, _) => tall(base),
            Kind::Binary(op, base, _) if Level::of(*op) == Level::Postfix => tall(base),
            _ => self.syntax.children(id).iter().any(tall),
        }
    }
}
