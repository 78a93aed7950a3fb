//! One entry of a formula as a scalar formula: entry i of `A*x + b` is `sum(j = 1:n, A[i,j]*x[j]) + b[i]`.
//!
//! Vector equations are reduced to scalar ones this way. What has no scalar form is indexed as a whole: `softmax(x)[i]`.
//!
//! ```
//! use hesse::syntax::{entry::{Entries, Sides}, parse::parse_expression, plain::plain, tree::Syntax};
//! let (source, root) = parse_expression("A*x + b")?;
//! let sides = |name: &str| match name {
//!     "A" => Sides { rows: Some("m".into()), cols: Some("n".into()) },
//!     "x" => Sides { rows: Some("n".into()), cols: None },
//!     _ => Sides { rows: Some("m".into()), cols: None },
//! };
//! let mut out = Syntax::default();
//! let mut entries = Entries::new(&source, &mut out, &sides, &["i"]);
//! let entry = entries.at(root, Some("i"), None);
//! assert_eq!(plain(&out, entry), "sum(j = 1:n, A[i,j]*x[j]) + b[i]");
//! # Ok::<(), hesse::Error>(())
//! ```

use super::tree::{Kind, NodeId, Operator, Series, Subscript, Syntax};
use crate::diagnostic::Span;
use crate::facts::functions;

/// The sizes of the sides of a value; `None` for a side of size 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Number of rows.
    pub rows: Option<String>,
    /// Number of columns.
    pub cols: Option<String>,
}

impl Sides {
    fn is_scalar(&self) -> bool {
        self.rows.is_none() && self.cols.is_none()
    }
    fn turned(self) -> Sides {
        Sides { rows: self.cols, cols: self.rows }
    }
}

/// Letters that indices take.
const LETTERS: [&str; 7] = ["i", "j", "k", "l", "p", "q", "r"];

/// Writes entries of the trees of one arena into another.
pub struct Entries<'a> {
    source: &'a Syntax,
    out: &'a mut Syntax,
    sides: &'a dyn Fn(&str) -> Sides,
    used: Vec<String>,
    /// Rows of matrices stay whole: `A[i,:]*x`, not a sum over their entries.
    by_rows: bool,
}

impl<'a> Entries<'a> {
    /// `sides` gives the sizes of names; `used` are letters that mean something already.
    pub fn new(source: &'a Syntax, out: &'a mut Syntax, sides: &'a dyn Fn(&str) -> Sides, used: &[&str]) -> Entries<'a> {
        Entries { source, out, sides, used: used.iter().map(|s| s.to_string()).collect(), by_rows: false }
    }

    /// Rows of named matrices stay whole: `A[i,:]*x + b[i]`.
    #[must_use]
    pub fn by_rows(self) -> Entries<'a> {
        Entries { by_rows: true, ..self }
    }

    /// The sizes of a tree.
    pub fn sides_of(&self, id: NodeId) -> Sides {
        match self.source.kind(id) {
            Kind::Number(_) | Kind::Contraction(..) => Sides::default(),
            Kind::Name(name) => (self.sides)(name),
            Kind::Negate(a) => self.sides_of(*a),
            Kind::Transpose(a) => self.sides_of(*a).turned(),
            Kind::Binary(Operator::Times, a, b) => {
                let (a, b) = (self.sides_of(*a), self.sides_of(*b));
                match (a.is_scalar(), b.is_scalar()) {
                    (true, _) => b,
                    (_, true) => a,
                    _ => Sides { rows: a.rows, cols: b.cols },
                }
            }
            Kind::Binary(Operator::DotPlus | Operator::DotMinus | Operator::DotTimes | Operator::DotOver, a, b) => {
                let (a, b) = (self.sides_of(*a), self.sides_of(*b));
                Sides { rows: a.rows.or(b.rows), cols: a.cols.or(b.cols) }
            }
            Kind::Binary(_, a, b) => {
                let a = self.sides_of(*a);
                if a.is_scalar() { self.sides_of(*b) } else { a }
            }
            Kind::Call(f, args) => self.sides_of_call(f, args),
            Kind::Index(a, subscripts) => {
                let base = self.sides_of(*a);
                let keeps = |k: usize, side: Option<String>| match subscripts.get(k) {
                    Some(Subscript::All) => side,
                    _ => None,
                };
                if subscripts.len() == 2 { Sides { rows: keeps(0, base.rows), cols: keeps(1, base.cols) } } else { Sides::default() }
            }
            Kind::Matrix(_) => Sides::default(),
            Kind::Series(s) => self.sides_of(s.body),
        }
    }

    fn sides_of_call(&self, f: &str, args: &[NodeId]) -> Sides {
        let text = |k: usize| args.get(k).map(|a| super::plain::plain(self.source, *a)).filter(|t| t != "1");
        match f {
            "ones" | "zeros" => Sides { rows: text(0), cols: text(1) },
            "eye" => Sides { rows: text(0), cols: text(if args.len() > 1 { 1 } else { 0 }) },
            "softmax" => args.first().map(|a| self.sides_of(*a)).unwrap_or_default(),
            "inv" => args.first().map(|a| self.sides_of(*a).turned()).unwrap_or_default(),
            "diag" => {
                let a = args.first().map(|a| self.sides_of(*a)).unwrap_or_default();
                if a.cols.is_some() && a.rows.is_some() {
                    Sides { rows: a.rows, cols: None }
                } else {
                    let side = a.rows.or(a.cols);
                    Sides { rows: side.clone(), cols: side }
                }
            }
            _ if is_elementwise(f) => args.iter().map(|a| self.sides_of(*a)).find(|s| !s.is_scalar()).unwrap_or_default(),
            _ => Sides::default(),
        }
    }

    /// The entry at these letters, `None` for a side of size 1. Of a scalar the scalar, its sums written out.
    pub fn at(&mut self, id: NodeId, row: Option<&str>, col: Option<&str>) -> NodeId {
        let sides = self.sides_of(id);
        let row = if sides.rows.is_some() { row } else { None };
        let col = if sides.cols.is_some() { col } else { None };
        match self.source.kind(id).clone() {
            Kind::Number(text) => self.out.number(text),
            Kind::Name(name) => {
                let base = self.out.name(&name);
                self.index(base, row, col)
            }
            Kind::Negate(a) => {
                let a = self.at(a, row, col);
                self.out.opposite(a)
            }
            Kind::Transpose(a) => self.at(a, col, row),
            Kind::Binary(Operator::Times, a, b) => self.times(a, b, row, col),
            Kind::Binary(op, a, b) => {
                let op = match op {
                    Operator::DotPlus => Operator::Plus,
                    Operator::DotMinus => Operator::Minus,
                    Operator::DotTimes => Operator::Times,
                    Operator::DotOver => Operator::Over,
                    Operator::DotPower => Operator::Power,
                    Operator::Power | Operator::Under if !sides.is_scalar() => return self.whole(id, row, col),
                    other => other,
                };
                let (a, b) = (self.at(a, row, col), self.at(b, row, col));
                self.out.binary(op, a, b)
            }
            Kind::Call(f, args) => match f.as_str() {
                "sum" => self.sum(args[0]),
                "tr" => {
                    let size = self.sides_of(args[0]).rows;
                    let letter = self.letter();
                    let body = self.at(args[0], Some(&letter), Some(&letter));
                    self.series(&letter, size, body)
                }
                "ones" => self.out.number("1"),
                "zeros" => self.out.number("0"),
                "diag" if row.is_some() && col.is_none() => self.at(args[0], row, row),
                _ if is_elementwise(&f) => {
                    let args = args.into_iter().map(|a| self.at(a, row, col)).collect();
                    self.out.call(&f, args)
                }
                _ => self.whole(id, row, col),
            },
            _ => self.whole(id, row, col),
        }
    }

    fn times(&mut self, a: NodeId, b: NodeId, row: Option<&str>, col: Option<&str>) -> NodeId {
        let (left, right) = (self.sides_of(a), self.sides_of(b));
        let inner = if left.is_scalar() || right.is_scalar() { None } else { left.cols.clone() };
        let Some(size) = inner else {
            let (a, b) = (self.at(a, row, col), self.at(b, row, col));
            return self.out.binary(Operator::Times, a, b);
        };
        if self.by_rows && col.is_none() {
            if let (Kind::Name(name), Some(row)) = (self.source.kind(a), row) {
                let base = self.out.name(name);
                let subscripts = vec![Subscript::At(self.out.name(row)), Subscript::All];
                let slice = self.out.add(Kind::Index(base, subscripts), Span::default());
                let b = self.out.graft(self.source, b);
                return self.out.binary(Operator::Times, slice, b);
            }
            if row.is_none() {
                let (a, b) = (self.out.graft(self.source, a), self.out.graft(self.source, b));
                return self.out.binary(Operator::Times, a, b);
            }
        }
        let letter = self.letter();
        let (a, b) = (self.at(a, row, Some(&letter)), self.at(b, Some(&letter), col));
        let body = self.out.binary(Operator::Times, a, b);
        self.series(&letter, Some(size), body)
    }

    fn sum(&mut self, a: NodeId) -> NodeId {
        let sides = self.sides_of(a);
        let row = sides.rows.as_ref().map(|_| self.letter());
        let col = sides.cols.as_ref().map(|_| self.letter());
        let mut made = self.at(a, row.as_deref(), col.as_deref());
        if let Some(letter) = col {
            made = self.series(&letter, sides.cols, made);
        }
        if let Some(letter) = row {
            made = self.series(&letter, sides.rows, made);
        }
        made
    }

    /// `sum(i = 1:n, body)`
    fn series(&mut self, letter: &str, size: Option<String>, body: NodeId) -> NodeId {
        let size = size.unwrap_or_else(|| "1".into());
        let to = match super::parse::parse_expression(&size) {
            Ok((syntax, root)) => self.out.graft(&syntax, root),
            Err(_) => self.out.name(&size),
        };
        let from = self.out.number("1");
        self.out.add(Kind::Series(Series { index: letter.to_string(), from, to, body }), Span::default())
    }

    /// The tree as it is, indexed.
    fn whole(&mut self, id: NodeId, row: Option<&str>, col: Option<&str>) -> NodeId {
        let base = self.out.graft(self.source, id);
        self.index(base, row, col)
    }

    fn index(&mut self, base: NodeId, row: Option<&str>, col: Option<&str>) -> NodeId {
        let letters: Vec<Subscript> = [row, col].into_iter().flatten().map(|l| Subscript::At(self.out.name(l))).collect();
        if letters.is_empty() { base } else { self.out.add(Kind::Index(base, letters), Span::default()) }
    }

    /// A letter that is free.
    fn letter(&mut self) -> String {
        let taken = |l: &str, used: &[String]| used.iter().any(|u| u == l);
        let free = LETTERS.iter().find(|l| !taken(l, &self.used)).map(|l| l.to_string());
        let letter = free.unwrap_or_else(|| (1..).map(|k| format!("i_{k}")).find(|l| !taken(l, &self.used)).unwrap_or_default());
        self.used.push(letter.clone());
        letter
    }
}

/// Whether a call works entry by entry.
fn is_elementwise(f: &str) -> bool {
    functions::find(f).is_some() || f == "sqrt" || f == "relu"
}
