//! One entry of a formula as a scalar formula: entry i of `A*x + b` is `sum(j = 1:n, A[i,j]*x[j]) + b[i]`.
//!
//! Vector equations are reduced to scalar ones this way. What is not known to have a scalar form is indexed as a whole:
//! `softmax(x)[i]`.
//!
//! ```
//! use hesse::calculus::sides::sides;
//! use hesse::syntax::{entry::Entries, plain::plain, tree::Syntax};
//! let vars = [("A", "matrix(m,n)"), ("x", "vector(n)"), ("b", "vector(m)")].map(|(a, b)| (a.to_string(), b.to_string()));
//! let typed = sides(&vars, "A*x + b", &[]).unwrap();
//! let sides = |id| typed.of(id);
//! let mut out = Syntax::default();
//! let mut entries = Entries::new(&typed.syntax, &mut out, &sides, &["A", "x", "b", "i"]);
//! let entry = entries.at(typed.root, Some("i"), None).unwrap();
//! assert_eq!(plain(&out, entry), "sum(j = 1:n, A[i,j]*x[j]) + b[i]");
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
    /// Whether both are 1.
    pub fn is_scalar(&self) -> bool {
        self.rows.is_none() && self.cols.is_none()
    }
}

/// Letters that indices take.
const LETTERS: [&str; 7] = ["i", "j", "k", "l", "p", "q", "r"];

/// Writes entries of the trees of one arena into another.
pub struct Entries<'a> {
    source: &'a Syntax,
    out: &'a mut Syntax,
    sides: &'a dyn Fn(NodeId) -> Option<Sides>,
    used: Vec<String>,
    /// Rows of matrices stay whole: `A[i,:]*x`, not a sum over their entries.
    by_rows: bool,
}

impl<'a> Entries<'a> {
    /// `sides` gives the sizes of values, where they are known; `used` are names that mean something already.
    pub fn new(source: &'a Syntax, out: &'a mut Syntax, sides: &'a dyn Fn(NodeId) -> Option<Sides>, used: &[&str]) -> Entries<'a> {
        Entries { source, out, sides, used: used.iter().map(|s| s.to_string()).collect(), by_rows: false }
    }

    /// Rows of named matrices stay whole: `A[i,:]*x + b[i]`.
    #[must_use]
    pub fn by_rows(self) -> Entries<'a> {
        Entries { by_rows: true, ..self }
    }

    /// The entry at these letters, `None` for a side of size 1. Of a scalar the scalar, its sums written out. There is none of what has no
    /// known shape, and none at fewer letters than it has sides.
    pub fn at(&mut self, id: NodeId, row: Option<&str>, col: Option<&str>) -> Option<NodeId> {
        let sides = (self.sides)(id)?;
        if sides.rows.is_some() && row.is_none() || sides.cols.is_some() && col.is_none() {
            return None;
        }
        let row = if sides.rows.is_some() { row } else { None };
        let col = if sides.cols.is_some() { col } else { None };
        let used = self.used.len();
        if let Some(made) = self.taken_apart(id, &sides, row, col) {
            return Some(made);
        }
        self.used.truncate(used);
        let base = match &sides {
            // It takes its size from what stands around it.
            Sides { rows: Some(rows), cols: Some(cols) } if self.is_bare(id, "eye") => {
                let sizes = if rows == cols { vec![rows] } else { vec![rows, cols] };
                let sizes = sizes.into_iter().map(|s| self.size(s)).collect();
                self.out.call("eye", sizes)
            }
            _ => self.out.graft(self.source, id),
        };
        Some(self.index(base, row, col))
    }

    /// The entry by entries of the parts.
    fn taken_apart(&mut self, id: NodeId, sides: &Sides, row: Option<&str>, col: Option<&str>) -> Option<NodeId> {
        match self.source.kind(id).clone() {
            Kind::Number(text) => Some(self.out.number(text)),
            Kind::Negate(a) => {
                let a = self.at(a, row, col)?;
                Some(self.out.opposite(a))
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
                    Operator::Power | Operator::Under if !sides.is_scalar() => return None,
                    other => other,
                };
                let (a, b) = (self.at(a, row, col)?, self.at(b, row, col)?);
                Some(self.out.binary(op, a, b))
            }
            Kind::Call(f, args) => match f.as_str() {
                "sum" => self.sum(*args.first()?),
                "tr" => {
                    let a = *args.first()?;
                    let size = (self.sides)(a)?.rows;
                    let letter = size.is_some().then(|| self.letter());
                    let body = self.at(a, letter.as_deref(), letter.as_deref())?;
                    Some(self.series(letter, size, body))
                }
                "ones" => Some(self.out.number("1")),
                "zeros" => Some(self.out.number("0")),
                "diag" if row.is_some() && col.is_none() => self.at(*args.first()?, row, row),
                _ if is_elementwise(&f) => {
                    let args: Option<Vec<NodeId>> = args.into_iter().map(|a| self.at(a, row, col)).collect();
                    let args = args?;
                    Some(self.out.call(&f, args))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn times(&mut self, a: NodeId, b: NodeId, row: Option<&str>, col: Option<&str>) -> Option<NodeId> {
        let (left, right) = ((self.sides)(a)?, (self.sides)(b)?);
        let inner = if left.is_scalar() || right.is_scalar() { None } else { left.cols.clone() };
        let Some(size) = inner else {
            let (a, b) = (self.at(a, row, col)?, self.at(b, row, col)?);
            return Some(self.product(a, b));
        };
        if self.by_rows && col.is_none() {
            if let (Kind::Name(name), Some(row)) = (self.source.kind(a), row) {
                let base = self.out.name(name);
                let subscripts = vec![Subscript::At(self.out.name(row)), Subscript::All];
                let slice = self.out.add(Kind::Index(base, subscripts), Span::default());
                let b = self.out.graft(self.source, b);
                return Some(self.out.binary(Operator::Times, slice, b));
            }
            if row.is_none() {
                let (a, b) = (self.out.graft(self.source, a), self.out.graft(self.source, b));
                return Some(self.out.binary(Operator::Times, a, b));
            }
        }
        let letter = self.letter();
        let (a, b) = (self.at(a, row, Some(&letter))?, self.at(b, Some(&letter), col)?);
        let body = self.product(a, b);
        Some(self.series(Some(letter), Some(size), body))
    }

    fn product(&mut self, a: NodeId, b: NodeId) -> NodeId {
        // An entry of ones.
        match (self.is_one(a), self.is_one(b)) {
            (true, _) => b,
            (_, true) => a,
            _ => self.out.binary(Operator::Times, a, b),
        }
    }

    fn is_one(&self, made: NodeId) -> bool {
        matches!(self.out.kind(made), Kind::Number(text) if text == "1")
    }

    /// Whether a node is this word of the language and no name of the formula.
    fn is_bare(&self, id: NodeId, word: &str) -> bool {
        matches!(self.source.kind(id), Kind::Name(name) if name == word) && !self.used.iter().any(|u| u == word)
    }

    fn sum(&mut self, a: NodeId) -> Option<NodeId> {
        let sides = (self.sides)(a)?;
        let row = sides.rows.as_ref().map(|_| self.letter());
        let col = sides.cols.as_ref().map(|_| self.letter());
        let made = self.at(a, row.as_deref(), col.as_deref())?;
        let made = self.series(col, sides.cols, made);
        Some(self.series(row, sides.rows, made))
    }

    /// `sum(i = 1:n, body)`; the body where there is nothing to sum over.
    fn series(&mut self, letter: Option<String>, size: Option<String>, body: NodeId) -> NodeId {
        let (Some(index), Some(size)) = (letter, size) else { return body };
        let to = self.size(&size);
        let from = self.out.number("1");
        self.out.add(Kind::Series(Series { index, from, to, body }), Span::default())
    }

    fn size(&mut self, size: &str) -> NodeId {
        match super::parse::parse_expression(size) {
            Ok((syntax, root)) => self.out.graft(&syntax, root),
            Err(_) => self.out.name(size),
        }
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
    functions::find(f).is_some() || f == "sqrt"
}
