//! The changes that are tried, in the order of the diagnoses.
//!
//! Each kind of mistake is looked for on both sides: in the claim, which the change mends, and in the printed derivative, which
//! the change spoils just as the claim is spoilt. The second needs nothing of how the claim is written: both are compared as numbers.

use super::diagnosis::Diagnosis;
use super::draft::Draft;
use hesse::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};

/// Kinds of mistakes, the first that explains a claim is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Sign,
    Constant,
    Size,
    Transpose,
    Mask,
    Operator,
    Factor,
    Swap,
    Term,
    Exponent,
    Order,
}

/// In the order in which they are tried.
pub(super) const MISTAKES: [Mistake; 11] = [
    Mistake::Sign,
    Mistake::Constant,
    Mistake::Size,
    Mistake::Transpose,
    Mistake::Mask,
    Mistake::Operator,
    Mistake::Factor,
    Mistake::Swap,
    Mistake::Term,
    Mistake::Exponent,
    Mistake::Order,
];

/// Which text is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The claim, so that it becomes right.
    Claim,
    /// The derivative, so that it becomes the claim.
    Derivative,
}

/// A changed text, and what is wrong if that makes both sides equal.
pub(super) struct Edit {
    pub(super) side: Side,
    pub(super) text: String,
    pub(super) diagnosis: Diagnosis,
}

/// What edits know of the formula.
pub(super) struct Known {
    /// Sizes and scalar inputs.
    pub(super) numbers: Vec<String>,
    /// Pairs of inputs of one shape.
    pub(super) alike: Vec<(String, String)>,
    /// Conditions of the derivative and the formula.
    pub(super) masks: Vec<String>,
    /// Factors of the derivative.
    pub(super) factors: Vec<String>,
}

/// At most this many texts of one kind that put something in everywhere.
const INSERTIONS: usize = 600;

/// The edits of a text for one kind of mistake.
pub(super) fn edits(mistake: Mistake, side: Side, draft: &Draft, known: &Known) -> Vec<Edit> {
    let mut pen = Pen { side, draft, known, root: draft.root(), out: vec![] };
    for id in draft.nodes() {
        match mistake {
            Mistake::Sign => pen.sign(id),
            Mistake::Constant => pen.constant(id),
            Mistake::Size => pen.size(id),
            Mistake::Transpose => pen.transpose(id),
            Mistake::Mask => pen.mask(id),
            Mistake::Operator => pen.operator(id),
            Mistake::Factor => pen.factor(id),
            Mistake::Swap => pen.other_name(id),
            Mistake::Term => pen.term(id),
            Mistake::Exponent => pen.exponent(id),
            Mistake::Order => pen.order(id),
        }
    }
    match mistake {
        Mistake::Mask if side == Side::Claim => pen.insert_masks(),
        Mistake::Factor if side == Side::Claim => pen.insert_factors(),
        Mistake::Swap => pen.swap(),
        _ => {}
    }
    pen.out
}

struct Pen<'a> {
    side: Side,
    draft: &'a Draft,
    known: &'a Known,
    root: Option<NodeId>,
    out: Vec<Edit>,
}

impl Pen<'_> {
    fn kind(&self, id: NodeId) -> &Kind {
        self.draft.kind(id)
    }
    fn text(&self, id: NodeId) -> String {
        self.draft.text(id)
    }
    fn offer(&mut self, at: NodeId, diagnosis: Diagnosis, make: impl FnMut(&mut Syntax, NodeId) -> NodeId) {
        let text = self.draft.with(&[at], make);
        self.out.push(Edit { side: self.side, text, diagnosis });
    }
    /// The node becomes another one. Of the claim the old form is wrong, of the derivative it is right.
    fn exchange(&mut self, at: NodeId, say: impl FnOnce(String, String) -> Diagnosis, make: impl Fn(&mut Syntax, NodeId) -> NodeId) {
        let old = self.text(at);
        let mut syntax = self.draft.syntax().clone();
        let new = make(&mut syntax, at);
        let new = hesse::syntax::plain::plain(&syntax, new);
        let diagnosis = if self.side == Side::Claim { say(old, new) } else { say(new, old) };
        self.offer(at, diagnosis, make);
    }
    /// What may have a sign or factor of its own: operands of sums, arguments of functions.
    fn terms(&self, id: NodeId) -> Vec<NodeId> {
        match self.kind(id) {
            Kind::Binary(Operator::Plus | Operator::Minus | Operator::DotPlus | Operator::DotMinus, a, b) => vec![*a, *b],
            Kind::Call(f, args) if !matches!(f.as_str(), "ones" | "zeros" | "eye" | "commutation") => args.clone(),
            _ => vec![],
        }
    }
    fn is_number(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Kind::Number(_))
    }
    fn is_mask(&self, id: NodeId) -> bool {
        match self.kind(id) {
            Kind::Binary(op, ..) => op.compares(),
            Kind::Transpose(a) => self.is_mask(*a),
            Kind::Call(f, args) => matches!((f.as_str(), args.as_slice()), ("diag", [a]) if self.is_mask(*a)),
            _ => false,
        }
    }

    fn sign(&mut self, id: NodeId) {
        match self.kind(id).clone() {
            Kind::Binary(op, a, b) => {
                let turned = match op {
                    Operator::Plus => Operator::Minus,
                    Operator::Minus => Operator::Plus,
                    Operator::DotPlus => Operator::DotMinus,
                    Operator::DotMinus => Operator::DotPlus,
                    _ => return,
                };
                self.offer(id, Diagnosis::Sign { of: Some(self.text(b)) }, |s, _| s.binary(turned, a, b));
                if !matches!(self.kind(a), Kind::Negate(_) | Kind::Binary(Operator::Plus | Operator::Minus, ..)) {
                    self.offer(a, Diagnosis::Sign { of: Some(self.text(a)) }, |s, at| s.opposite(at));
                }
            }
            Kind::Negate(a) => {
                self.offer(id, Diagnosis::Sign { of: Some(self.text(a)) }, |_, _| a);
            }
            Kind::Call(..) => {
                for a in self.terms(id) {
                    if !matches!(self.kind(a), Kind::Negate(_)) {
                        self.offer(a, Diagnosis::Sign { of: Some(self.text(a)) }, |s, at| s.opposite(at));
                    }
                }
            }
            _ => {}
        }
    }

    /// How much too large the claim is where this text is changed by `factor`.
    fn excess(&self, factor: &str) -> String {
        match (self.side, factor.strip_prefix("1/")) {
            (Side::Derivative, _) => factor.to_string(),
            (Side::Claim, Some(rest)) => rest.to_string(),
            (Side::Claim, None) => format!("1/{factor}"),
        }
    }

    fn constant(&mut self, id: NodeId) {
        for t in self.terms(id) {
            let of = || Some(self.text(t));
            let twice = Diagnosis::Constant { factor: self.excess("2"), of: of() };
            let half = Diagnosis::Constant { factor: self.excess("1/2"), of: of() };
            let scaled = |s: &mut Syntax, at: NodeId, op: Operator| {
                let two = s.number("2");
                if op == Operator::Times { s.binary(op, two, at) } else { s.binary(op, at, two) }
            };
            self.offer(t, twice, |s, at| scaled(s, at, Operator::Times));
            self.offer(t, half, |s, at| scaled(s, at, Operator::Over));
        }
        match self.kind(id).clone() {
            Kind::Binary(Operator::Times | Operator::DotTimes, a, b) if self.is_number(a) => {
                let factor = self.excess(&format!("1/{}", self.text(a)));
                self.offer(id, Diagnosis::Constant { factor, of: Some(self.text(b)) }, |_, _| b);
            }
            Kind::Binary(Operator::Over | Operator::DotOver, a, b) if self.is_number(b) => {
                let factor = self.excess(&self.text(b));
                self.offer(id, Diagnosis::Constant { factor, of: Some(self.text(a)) }, |_, _| a);
            }
            _ => {}
        }
    }

    fn is_scalar_name(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Kind::Name(n) if self.known.numbers.contains(n))
    }

    fn size(&mut self, id: NodeId) {
        match self.kind(id).clone() {
            Kind::Binary(Operator::Over | Operator::DotOver, a, b) if self.is_scalar_name(b) => {
                let factor = self.excess(&self.text(b));
                self.offer(id, Diagnosis::Size { factor, of: Some(self.text(a)) }, |_, _| a);
            }
            Kind::Binary(Operator::Times | Operator::DotTimes, a, b) => {
                for (dropped, kept) in [(a, b), (b, a)] {
                    if self.is_scalar_name(dropped) {
                        let factor = self.excess(&format!("1/{}", self.text(dropped)));
                        self.offer(id, Diagnosis::Size { factor, of: Some(self.text(kept)) }, |_, _| kept);
                    }
                }
            }
            _ => {}
        }
        for t in self.terms(id) {
            for name in self.known.numbers.clone() {
                let more = Diagnosis::Size { factor: self.excess(&name), of: Some(self.text(t)) };
                let less = Diagnosis::Size { factor: self.excess(&format!("1/{name}")), of: Some(self.text(t)) };
                for (diagnosis, op) in [(more, Operator::Times), (less, Operator::Over)] {
                    self.offer(t, diagnosis, |s, at| {
                        let n = s.name(&name);
                        if op == Operator::Times { s.binary(op, n, at) } else { s.binary(op, at, n) }
                    });
                }
            }
        }
    }

    fn transpose(&mut self, id: NodeId) {
        let say = |claimed, right| Diagnosis::Transposed { claimed, right };
        match self.kind(id).clone() {
            Kind::Transpose(a) if Some(id) != self.root => self.exchange(id, say, |_, _| a),
            Kind::Number(_) | Kind::Transpose(_) | Kind::Contraction(..) => {}
            Kind::Name(n) if self.known.numbers.contains(&n) => {}
            Kind::Index(base, subscripts) => {
                if let [Subscript::At(i), Subscript::At(j)] = subscripts.as_slice() {
                    let turned = Kind::Index(base, vec![Subscript::At(*j), Subscript::At(*i)]);
                    self.exchange(id, say, |s, _| s.add(turned.clone(), hesse::Span::default()));
                }
            }
            _ if Some(id) != self.root => self.exchange(id, say, |s, at| s.transpose(at)),
            _ => {}
        }
    }

    fn mask(&mut self, id: NodeId) {
        match self.kind(id).clone() {
            Kind::Binary(Operator::Times | Operator::DotTimes, a, b) => {
                for (mask, of) in [(a, b), (b, a)] {
                    if self.is_mask(mask) {
                        self.offer(id, self.without_mask(mask, of), |_, _| of);
                    }
                }
            }
            Kind::Binary(op, a, b) if op.compares() => {
                use Operator::{Greater, GreaterEqual, Less, LessEqual};
                let other = match op {
                    Greater | GreaterEqual => Less,
                    Less | LessEqual => Greater,
                    _ => return,
                };
                self.exchange(id, |claimed, right| Diagnosis::OtherMask { claimed, right }, |s, _| s.binary(other, a, b));
            }
            Kind::Call(f, args) if f == "where" && args.len() == 3 => {
                for kept in [args[1], args[2]] {
                    self.offer(id, self.without_mask(args[0], kept), |_, _| kept);
                }
                let turned = vec![args[0], args[2], args[1]];
                self.exchange(id, |claimed, right| Diagnosis::OtherMask { claimed, right }, |s, _| s.call("where", turned.clone()));
            }
            _ => {}
        }
    }

    fn without_mask(&self, mask: NodeId, of: NodeId) -> Diagnosis {
        let (mask, of) = (self.text(mask), self.text(of));
        if self.side == Side::Derivative { Diagnosis::MissingMask { mask, of } } else { Diagnosis::ExtraMask { mask } }
    }

    /// Each mask at each place of the claim: entry by entry, turned, along its rows, along its columns.
    fn insert_masks(&mut self) {
        for mask in self.known.masks.clone() {
            let Ok(read) = hesse::syntax::parse::parse_expression(&mask) else { continue };
            for id in self.draft.nodes() {
                if self.is_number(id) || self.is_mask(id) || self.out.len() > INSERTIONS {
                    continue;
                }
                for way in 0..4 {
                    let diagnosis = Diagnosis::MissingMask { mask: mask.clone(), of: self.text(id) };
                    self.offer(id, diagnosis, |s, at| {
                        let m = copied(s, &read.0, read.1);
                        joined(s, way, at, m)
                    });
                }
            }
        }
    }

    fn operator(&mut self, id: NodeId) {
        let Kind::Binary(op, a, b) = *self.kind(id) else { return };
        let other = match op {
            Operator::Times => Operator::DotTimes,
            Operator::DotTimes => Operator::Times,
            Operator::Over => Operator::DotOver,
            Operator::DotOver => Operator::Over,
            Operator::Power => Operator::DotPower,
            Operator::DotPower => Operator::Power,
            _ => return,
        };
        self.exchange(id, |claimed, right| Diagnosis::Operator { claimed, right }, |s, _| s.binary(other, a, b));
    }

    fn without_factor(&self, factor: String, of: String) -> Diagnosis {
        if self.side == Side::Derivative { Diagnosis::MissingFactor { factor, of } } else { Diagnosis::ExtraFactor { factor } }
    }

    fn factor(&mut self, id: NodeId) {
        match self.kind(id).clone() {
            Kind::Binary(Operator::Times | Operator::DotTimes, a, b) => {
                for (factor, of) in [(b, a), (a, b)] {
                    self.offer(id, self.without_factor(self.text(factor), self.text(of)), |_, _| of);
                }
                // Two factors of a longer chain.
                let chain = self.draft.chain(id);
                if chain.len() > 2 && chain.len() <= 8 {
                    for i in 0..chain.len() {
                        for j in i + 1..chain.len() {
                            let gone = [chain[i], chain[j]];
                            let text = format!("{}*{}", self.text(gone[0]), self.text(gone[1]));
                            let diagnosis = self.without_factor(text, self.text(id));
                            self.offer(id, diagnosis, |s, at| without(s, at, &gone));
                        }
                    }
                }
            }
            Kind::Binary(Operator::Over | Operator::DotOver, a, b) => {
                let factor = format!("1/{}", self.wrapped(b));
                self.offer(id, self.without_factor(factor, self.text(a)), |_, _| a);
            }
            Kind::Binary(Operator::Under, a, b) => {
                let factor = format!("inv({})", self.text(a));
                self.offer(id, self.without_factor(factor, self.text(b)), |_, _| b);
            }
            Kind::Call(f, args) if f == "inv" => {
                if let [a] = args[..] {
                    let factor = self.text(id);
                    self.offer(id, self.without_factor(factor, self.text(a)), |s, _| s.number("1"));
                }
            }
            _ => {}
        }
    }

    fn wrapped(&self, id: NodeId) -> String {
        match self.kind(id) {
            Kind::Binary(..) | Kind::Negate(_) => format!("({})", self.text(id)),
            _ => self.text(id),
        }
    }

    /// Each factor of the derivative at each place of the claim.
    fn insert_factors(&mut self) {
        let before = self.out.len();
        for factor in self.known.factors.clone() {
            let Ok(read) = hesse::syntax::parse::parse_expression(&factor) else { continue };
            // The largest part first: it says the most.
            for id in self.draft.nodes().into_iter().rev() {
                if self.is_number(id) || self.out.len() - before > INSERTIONS {
                    continue;
                }
                for way in 0..8 {
                    let diagnosis = Diagnosis::MissingFactor { factor: factor.clone(), of: self.text(id) };
                    self.offer(id, diagnosis, |s, at| {
                        let mut f = copied(s, &read.0, read.1);
                        if way > 5 {
                            f = s.transpose(f);
                        }
                        match way {
                            4 | 6 => s.binary(Operator::Times, at, f),
                            5 | 7 => s.binary(Operator::Times, f, at),
                            way => joined(s, way, at, f),
                        }
                    });
                }
            }
        }
    }

    /// All occurrences of two names change places.
    fn swap(&mut self) {
        for (a, b) in self.known.alike.clone() {
            let of = |name: &str| -> Vec<NodeId> {
                self.draft.nodes().into_iter().filter(|id| matches!(self.kind(*id), Kind::Name(n) if n == name)).collect()
            };
            let both: Vec<NodeId> = [of(&a), of(&b)].concat();
            if both.is_empty() {
                continue;
            }
            let draft = self.draft;
            let text = draft.with(&both, |s, at| {
                let new = if matches!(draft.kind(at), Kind::Name(n) if *n == a) { &b } else { &a };
                s.name(new)
            });
            let (claimed, right) = (format!("{a}, {b}"), format!("{b}, {a}"));
            self.out.push(Edit { side: self.side, text, diagnosis: Diagnosis::Swapped { claimed, right } });
        }
    }

    /// One occurrence of a name becomes another name.
    fn other_name(&mut self, id: NodeId) {
        let Kind::Name(name) = self.kind(id).clone() else { return };
        for (a, b) in self.known.alike.clone() {
            let other = match &name {
                n if *n == a => b,
                n if *n == b => a,
                _ => continue,
            };
            self.exchange(id, |claimed, right| Diagnosis::Swapped { claimed, right }, |s, _| s.name(&other));
        }
    }

    fn term(&mut self, id: NodeId) {
        let Kind::Binary(op @ (Operator::Plus | Operator::Minus | Operator::DotPlus | Operator::DotMinus), a, b) = *self.kind(id) else {
            return;
        };
        let negative = matches!(op, Operator::Minus | Operator::DotMinus);
        let say =
            |term: String| if self.side == Side::Derivative { Diagnosis::MissingTerm { term } } else { Diagnosis::ExtraTerm { term } };
        let (first, second) = (say(self.text(a)), say(if negative { format!("-{}", self.wrapped(b)) } else { self.text(b) }));
        self.offer(id, second, |_, _| a);
        self.offer(id, first, |s, _| if negative { s.opposite(b) } else { b });
    }

    fn exponent(&mut self, id: NodeId) {
        let Kind::Binary(op @ (Operator::Power | Operator::DotPower), base, exponent) = *self.kind(id) else { return };
        let (k, negative) = match self.kind(exponent) {
            Kind::Number(k) => (k.parse::<i64>(), false),
            Kind::Negate(a) => match self.kind(*a) {
                Kind::Number(k) => (k.parse::<i64>(), true),
                _ => return,
            },
            _ => return,
        };
        let Ok(k) = k.map(|k| if negative { -k } else { k }) else { return };
        for other in [k + 1, k - 1, -k] {
            self.exchange(
                id,
                |claimed, right| Diagnosis::Exponent { claimed, right },
                |s, _| {
                    let n = s.number(other.unsigned_abs().to_string());
                    match other {
                        1 => base,
                        _ if other < 0 => {
                            let n = s.negate(n);
                            s.binary(op, base, n)
                        }
                        _ => s.binary(op, base, n),
                    }
                },
            );
        }
    }

    fn order(&mut self, id: NodeId) {
        let say = |claimed, right| Diagnosis::Order { claimed, right };
        match self.kind(id).clone() {
            Kind::Binary(op @ (Operator::Times | Operator::Over | Operator::DotOver), a, b) => {
                self.exchange(id, say, |s, _| s.binary(op, b, a))
            }
            Kind::Call(f, args) if args.len() == 2 => self.exchange(id, say, |s, _| s.call(&f, vec![args[1], args[0]])),
            _ => {}
        }
    }
}

/// A node with a second one as its factor: entry by entry, turned, from the left as a diagonal, from the right.
fn joined(s: &mut Syntax, way: usize, at: NodeId, m: NodeId) -> NodeId {
    match way {
        0 => s.binary(Operator::DotTimes, at, m),
        1 => {
            let m = s.transpose(m);
            s.binary(Operator::DotTimes, at, m)
        }
        2 => {
            let d = s.call("diag", vec![m]);
            s.binary(Operator::Times, d, at)
        }
        _ => {
            let d = s.call("diag", vec![m]);
            s.binary(Operator::Times, at, d)
        }
    }
}

/// A tree of another arena.
pub(super) fn copied(s: &mut Syntax, other: &Syntax, root: NodeId) -> NodeId {
    let mut now = std::collections::BTreeMap::new();
    let mut last = root;
    for id in other.under(root) {
        let kind = other.kind(id).over(|c| now.get(&c).copied().unwrap_or(c));
        last = s.add(kind, hesse::Span::default());
        now.insert(id, last);
    }
    last
}

/// A chain of products without some of its factors.
fn without(s: &mut Syntax, at: NodeId, gone: &[NodeId]) -> NodeId {
    let mut links = vec![];
    let mut first = at;
    while let Kind::Binary(op @ (Operator::Times | Operator::DotTimes), a, b) = *s.kind(first) {
        links.push((op, b));
        first = a;
    }
    let mut made = (!gone.contains(&first)).then_some(first);
    for (op, b) in links.into_iter().rev() {
        if !gone.contains(&b) {
            made = Some(made.map_or(b, |a| s.binary(op, a, b)));
        }
    }
    made.unwrap_or(at)
}

/// The conditions of a text.
pub(super) fn masks(draft: &Draft) -> Vec<String> {
    let compares = |id: &NodeId| matches!(draft.kind(*id), Kind::Binary(op, ..) if op.compares());
    draft.nodes().into_iter().filter(compares).map(|id| draft.text(id)).collect()
}

/// The factors of products of a text, without numbers.
pub(super) fn factors(draft: &Draft) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for id in draft.nodes() {
        let parts = match draft.kind(id) {
            Kind::Binary(Operator::Times | Operator::DotTimes, a, b) => vec![*b, *a],
            Kind::Call(f, args) if f == "diag" => args.clone(),
            _ => continue,
        };
        for p in parts {
            // Turned or not is tried anyway.
            let p = if let Kind::Transpose(a) = draft.kind(p) { *a } else { p };
            let text = draft.text(p);
            if !matches!(draft.kind(p), Kind::Number(_)) && !out.contains(&text) {
                out.push(text);
            }
        }
    }
    out.sort_by_key(String::len);
    out.truncate(8);
    out
}
