//! What is wrong with shapes, in words: both shapes, the reason, one concrete fix.

use crate::calculus::scope::Proto;
use crate::calculus::shapes::{Class, Fault, Shapes, list_text};
use crate::calculus::term::{Op, TermId, Terms};
use crate::diagnostic::{Diagnostic, Span};

/// What a complaint is written from.
pub struct Context<'a> {
    /// The formula.
    pub terms: &'a Terms,
    /// Its shapes.
    pub shapes: &'a Shapes,
    /// Its variables.
    pub protos: &'a [Proto],
    /// Its text.
    pub source: &'a str,
    /// What its lines are called, as far as it says so; `None` where no declarations stand in it.
    pub lines: Option<&'a [String]>,
}

impl Context<'_> {
    /// The text of a term.
    pub fn quote(&self, t: TermId) -> String {
        let span = self.terms.get(t).span;
        quote(self.source, span)
    }

    /// The text of a term as an operand of `*` or of a postfix quote.
    fn operand(&self, t: TermId) -> String {
        let text = self.quote(t);
        let word = text.chars().all(|c| c.is_alphanumeric() || c == '_') || matches!(self.terms.get(t).op, Op::Number(_));
        let call = match (&self.terms.get(t).op, text.split_once('(')) {
            (
                Op::Map(_) | Op::Apply(_) | Op::Along(..) | Op::Contract(_) | Op::Fill(..) | Op::Eye(..) | Op::Commutation(..),
                Some((name, _)),
            ) => text.ends_with(')') && name.chars().all(|c| c.is_alphanumeric()),
            (Op::Transpose, _) => true,
            _ => false,
        };
        if word || call || matches!(self.terms.get(t).op, Op::Pick(_) | Op::Stack(_)) { text } else { format!("({text})") }
    }

    fn transposed(&self, t: TermId) -> String {
        match self.terms.get(t).op {
            Op::Transpose => self.operand(self.terms.get(t).args[0]),
            _ => format!("{}'", self.operand(t)),
        }
    }

    fn rows(&self, t: TermId) -> String {
        self.shapes.side_text(self.shapes.row(t))
    }
    fn cols(&self, t: TermId) -> String {
        self.shapes.side_text(self.shapes.col(t))
    }

    /// `X is N×n  (declared on line 2)`.
    fn is(&self, t: TermId) -> String {
        let mut text = format!("{} is {}", self.quote(t), self.shapes.text(t));
        if let Op::Input(k) = self.terms.get(t).op {
            let p = &self.protos[k];
            if let (true, Some(lines)) = (p.sizes.is_some(), self.lines) {
                let number = line(self.source, p.span.start);
                let place = lines.get(number - 1).cloned().unwrap_or_else(|| format!("on line {number}"));
                text.push_str(&format!("  (declared {place})"));
            }
        }
        text
    }

    fn declare(&self, t: TermId, kind: &str) -> String {
        if let Op::Input(k) = self.terms.get(t).op {
            format!("declare  {} : {kind}", self.protos[k].name)
        } else {
            format!("make {} a {kind}", self.quote(t))
        }
    }

    /// The complaint about a term.
    pub fn complain(&self, t: TermId, fault: &Fault) -> Diagnostic {
        let term = self.terms.get(t);
        let a = &term.args;
        let span = term.span;
        let error = |code, text: &str| Diagnostic::error(code, span, text);
        match fault {
            Fault::Product => self.product(t),
            Fault::Elementwise(x, y) => self.elementwise(t, *x, *y),
            Fault::Divisor => {
                let (x, y) = (a[0], a[1]);
                let help = if self.shapes.class(x) == Class::Scalar || self.shapes.text(x) == self.shapes.text(y) {
                    format!("element by element:  {}./{}", self.operand(x), self.operand(y))
                } else if self.shapes.class(y) == Class::Matrix {
                    format!("with the inverse:  {}*inv({})", self.operand(x), self.quote(y))
                } else {
                    format!("by its length:  {}/norm2({})", self.operand(x), self.quote(y))
                };
                error("E205", "`/` divides by a scalar")
                    .here(String::new())
                    .at(self.span(y), self.is(y))
                    .because(format!("{} is {}, not 1×1", self.quote(y), self.shapes.text(y)))
                    .help(help)
            }
            Fault::Square(x) => self.square(t, *x),
            Fault::Vector(x) => {
                let name = self.call_name(t);
                let help = match name {
                    "outer" => "write the product with a transpose:  A*B'".into(),
                    _ => format!("use one column:  {}[:,1]", self.operand(*x)),
                };
                error("E208", &if name.is_empty() { "this needs a vector".to_string() } else { format!("{name} takes a vector") })
                    .at(self.span(*x), self.is(*x))
                    .because(format!("{} has {} rows and {} columns", self.quote(*x), self.rows(*x), self.cols(*x)))
                    .help(help)
            }
            Fault::Scalar(x) => error("E207", "a scalar is needed here")
                .at(self.span(*x), self.is(*x))
                .because("without index letters a name stands for one number in index notation")
                .help(format!("write index letters: {}[i] or {}[i,j]", self.operand(*x), self.operand(*x))),
            Fault::Exponent => error("E206", "the exponent of `^` is a scalar")
                .at(self.span(a[1]), self.is(a[1]))
                .because(format!("{} is {}", self.quote(a[1]), self.shapes.text(a[1])))
                .help(format!("element by element:  {}.^{}", self.operand(a[0]), self.operand(a[1]))),
            Fault::Fraction => {
                let x = a[0];
                let matrix = self.shapes.class(x) == Class::Matrix;
                error("E206", if matrix { "a matrix power is an integer" } else { "`^` of a vector" })
                    .at(self.span(x), self.is(x))
                    .because(if matrix {
                        format!("{} is no whole number, and hesse has no matrix roots", self.quote(a[1]))
                    } else {
                        "`A^k` needs a square matrix".to_string()
                    })
                    .help(format!("element by element:  {}.^{}", self.operand(x), self.operand(a[1])))
            }
            Fault::Letter => error("E201", "an index letter stands for two sizes")
                .because(a.iter().map(|&x| self.is(x)).collect::<Vec<_>>().join(", "))
                .help("give every axis of a different size its own letter"),
            Fault::Beside => error("E201", "blocks beside each other have different numbers of rows")
                .because(a.iter().map(|&x| self.is(x)).collect::<Vec<_>>().join(", "))
                .help("separate rows of blocks with `;`: [a; b] stacks, [a, b] puts side by side"),
            Fault::Above => error("E201", "rows of blocks have different numbers of columns")
                .because(a.iter().map(|&x| self.is(x)).collect::<Vec<_>>().join(", "))
                .help("make every row of blocks equally wide; a column is stacked under a column: [x; y]"),
            Fault::Subscripts => {
                let x = a.first().copied().unwrap_or(t);
                let (text, help) = match self.shapes.class(x) {
                    Class::Scalar => ("a scalar has no entries", format!("write {} itself", self.quote(x))),
                    Class::Matrix => (
                        "a matrix takes two subscripts",
                        format!("{}[1,2] is an entry, {}[1,:] a row, {}[:,2] a column", self.operand(x), self.operand(x), self.operand(x)),
                    ),
                    _ => ("a vector takes one subscript", format!("write {}[1]", self.operand(x))),
                };
                error("E208", text).at(self.span(x), self.is(x)).because("subscripts stand one for each axis").help(help)
            }
            Fault::Order => error("E301", "the factors of two equal sizes stand in different orders")
                .because(a.iter().map(|&x| self.is(x)).collect::<Vec<_>>().join(", "))
                .help("reorder with commutation(m, n): vec(X') = commutation(m, n)*vec(X)"),
            Fault::Unsized => error("E209", "the size does not follow from the formula")
                .because("nothing beside it has the size that it should take")
                .help("write the size: ones(n), eye(n), zeros(m, n)"),
            Fault::Tensor(x) => error("E301", "a tensor with more than two axes stands alone")
                .at(self.span(*x), String::new())
                .because("matrix operations take values with rows and columns")
                .help("join axes into groups: A[i,j]*B[k,l] -> [(i k), (j l)]"),
        }
    }

    fn span(&self, t: TermId) -> Span {
        self.terms.get(t).span
    }

    fn call_name(&self, t: TermId) -> &'static str {
        match &self.terms.get(t).op {
            Op::Contract(c) => c.first().map_or("", |&k| self.terms.contractions[k].name),
            Op::Apply(f) => f.row().name,
            _ => "",
        }
    }

    fn product(&self, t: TermId) -> Diagnostic {
        let a = &self.terms.get(t).args;
        let (x, y) = (a[0], a[1]);
        let span = self.span(t);
        let (cx, cy) = (self.shapes.class(x), self.shapes.class(y));
        let (p, q) = (self.operand(x), self.operand(y));
        if cx == cy && matches!(cx, Class::Column | Class::Row) {
            let (word, dot, outer) = if cx == Class::Column {
                ("column", format!("{}*{q}", self.transposed(x)), format!("{p}*{}", self.transposed(y)))
            } else {
                ("row", format!("{p}*{}", self.transposed(y)), format!("{}*{q}", self.transposed(x)))
            };
            let side = |z| if cx == Class::Column { self.rows(z) } else { self.cols(z) };
            let mut fixes = vec![];
            if side(x) == side(y) {
                fixes.push(format!("{p}.*{q}  element by element ({})", self.shapes.text(x)));
                fixes.push(format!("{dot}  dot product (1×1)"));
            }
            fixes.push(format!("{outer}  outer product ({}×{})", side(x), side(y)));
            for z in [x, y] {
                if let Op::Input(k) = self.terms.get(z).op
                    && self.protos[k].sizes.is_none()
                {
                    fixes.push(format!("or declare  {} : scalar", self.protos[k].name));
                }
            }
            return Diagnostic::error("E202", span, format!("`*` between two {word} vectors"))
                .at(self.span(x), self.is(x))
                .at(self.span(y), self.is(y))
                .because(format!(
                    "the inner sizes must agree: {} has {}, {} has {}",
                    self.quote(x),
                    count(&self.cols(x), "column"),
                    self.quote(y),
                    count(&self.rows(y), "row")
                ))
                .help(fixes.join(" · "));
        }
        let under = matches!(self.terms.get(t).op, Op::Under);
        let mut fixes = vec![];
        let (xr, xc, yr, yc) = (self.rows(x), self.cols(x), self.rows(y), self.cols(y));
        if !under {
            for (fits, text, rows, cols) in [
                (xr == yr, format!("{}*{q}", self.transposed(x)), &xc, &yc),
                (yc == xr, format!("{q}*{p}"), &yr, &xc),
                (xc == yc, format!("{p}*{}", self.transposed(y)), &xr, &yr),
                (yr == xr, format!("{}*{p}", self.transposed(y)), &yc, &xc),
                (xr == yc, format!("{}*{}", self.transposed(x), self.transposed(y)), &xc, &yr),
            ] {
                if fits && fixes.len() < 2 {
                    fixes.push(format!("{text}  (gives {rows}×{cols})"));
                }
            }
        }
        let help = if fixes.is_empty() {
            if under {
                format!("{q} needs {xr} rows")
            } else if matches!(self.terms.get(y).op, Op::Input(_)) || !matches!(self.terms.get(x).op, Op::Input(_)) {
                self.declare(y, &kind_text(&xc, &yc, cy))
            } else {
                self.declare(x, &kind_text(&xr, &yr, cx))
            }
        } else {
            format!("did you mean  {} ?", fixes.join("  or  "))
        };
        Diagnostic::error("E201", span, "shapes do not fit in matrix product")
            .at(self.span(x), self.is(x))
            .at(self.span(y), self.is(y))
            .because(format!(
                "the inner sizes must agree: {} has {}, {} has {}",
                self.quote(x),
                count(&xc, "column"),
                self.quote(y),
                count(&yr, "row")
            ))
            .help(help)
    }

    fn elementwise(&self, t: TermId, x: TermId, y: TermId) -> Diagnostic {
        let term = self.terms.get(t);
        let (xr, xc, yr, yc) = (self.rows(x), self.cols(x), self.rows(y), self.cols(y));
        let (p, q) = (self.operand(x), self.operand(y));
        let op = match &term.op {
            Op::Add { minus: false, spread: false } => "+",
            Op::Add { minus: true, spread: false } => "-",
            Op::Add { minus: false, spread: true } => ".+",
            Op::Add { minus: true, spread: true } => ".-",
            Op::DotTimes => ".*",
            Op::DotOver => "./",
            Op::DotPower => ".^",
            Op::Map(f) => f.row().name,
            _ => "",
        };
        let message = match &term.op {
            Op::Map(f) => format!("shapes do not fit in {}", f.row().name),
            Op::Compare(_) => "shapes do not fit in a comparison".into(),
            _ => format!("shapes do not fit in `{op}`"),
        };
        let join = |l: &str, r: &str| match &term.op {
            Op::Map(f) => format!("{}({l}, {r})", f.row().name),
            Op::Compare(_) => format!("{l} > {r}"),
            _ => format!("{l} {op} {r}"),
        };
        let (cx, cy) = (self.shapes.class(x), self.shapes.class(y));
        let spreads = matches!(op, "+" | "-" | ".*" | "./" | ".+" | ".-");
        let dotted = if op.starts_with('.') { op.to_string() } else { format!(".{op}") };
        let help = if xr == yc && xc == yr && cx != Class::Scalar {
            format!("transpose one side:  {}", join(&p, &self.transposed(y)))
        } else if cx == Class::Matrix && cy == Class::Column && xc == yr {
            if spreads {
                format!(
                    "for every row write  {p} {dotted} {}  or  {}",
                    self.transposed(y),
                    join(&p, &format!("ones({xr})*{}", self.transposed(y)))
                )
            } else {
                join(&p, &format!("ones({xr})*{}", self.transposed(y)))
            }
        } else if cx == Class::Matrix && cy == Class::Row && xc == yc {
            if spreads {
                format!("for every row write  {p} {dotted} {q}  or  {}", join(&p, &format!("ones({xr})*{q}")))
            } else {
                join(&p, &format!("ones({xr})*{q}"))
            }
        } else if cx == Class::Matrix && cy == Class::Column && xr == yr {
            if spreads {
                format!("for every column write  {p} {dotted} {q}  or  {}", join(&p, &format!("{q}*ones({xc})'")))
            } else {
                join(&p, &format!("{q}*ones({xc})'"))
            }
        } else if cy == Class::Matrix && cx == Class::Column && yc == xr {
            join(&format!("ones({yr})*{}", self.transposed(x)), &q)
        } else if cy == Class::Matrix && cx == Class::Column && yr == xr {
            join(&format!("{p}*ones({yc})'"), &q)
        } else if cx == Class::Row && cy == Class::Matrix && xc == yc {
            join(&format!("ones({yr})*{p}"), &q)
        } else if matches!(self.terms.get(y).op, Op::Input(_)) || !matches!(self.terms.get(x).op, Op::Input(_)) {
            self.declare(y, &kind_text(&xr, &xc, cx))
        } else {
            self.declare(x, &kind_text(&yr, &yc, cy))
        };
        Diagnostic::error("E201", term.span, message)
            .at(self.span(x), self.is(x))
            .at(self.span(y), self.is(y))
            .because(format!(
                "equal shapes are needed, or a scalar on one side: {} is {}, {} is {}",
                self.quote(x),
                self.shapes.text(x),
                self.quote(y),
                self.shapes.text(y)
            ))
            .help(help)
    }

    fn square(&self, t: TermId, x: TermId) -> Diagnostic {
        let term = self.terms.get(t);
        let p = self.operand(x);
        let q = self.transposed(x);
        let (what, help) = match (&term.op, self.call_name(t)) {
            (Op::Power, _) => {
                let k = self.quote(term.args[1]);
                if self.shapes.class(x) == Class::Matrix {
                    (
                        "`^` of a matrix that is not square".to_string(),
                        format!("element by element:  {p}.^{k}  ·  or  {q}*{p}, which is square"),
                    )
                } else {
                    ("`^` of a vector".to_string(), format!("element by element:  {p}.^{k}"))
                }
            }
            (Op::Under, _) => ("`\\` solves with a square matrix".to_string(), format!("least squares:  inv({q}*{p})*{q}*…")),
            (_, "inv") => ("inv of a matrix that is not square".to_string(), format!("the pseudo-inverse:  inv({q}*{p})*{q}")),
            (_, "tr") => (
                "tr of a matrix that is not square".to_string(),
                format!("all entries: sum({})  ·  squares of all entries: tr({q}*{p})", self.quote(x)),
            ),
            (_, "diag") => (
                "diag of a matrix that is not square".to_string(),
                format!("of the square one: diag({q}*{p})  ·  of a column: diag({p}[:,1])"),
            ),
            (_, name @ ("det" | "logdet")) => {
                (format!("{name} of a matrix that is not square"), format!("of the square one: {name}({q}*{p})"))
            }
            (_, name) => (format!("{name} needs a square matrix"), format!("of the square one: {name}({q}*{p})")),
        };
        Diagnostic::error("E204", term.span, what)
            .at(self.span(x), self.is(x))
            .because(format!("{} has {} and {}", self.quote(x), count(&self.rows(x), "row"), count(&self.cols(x), "column")))
            .help(help)
    }
}

/// `1 column`, `n columns`.
fn count(n: &str, word: &str) -> String {
    if n == "1" { format!("1 {word}") } else { format!("{n} {word}s") }
}

fn kind_text(rows: &str, cols: &str, class: Class) -> String {
    match (rows, cols, class) {
        ("1", "1", _) => "scalar".into(),
        (r, "1", _) => format!("vector({r})"),
        ("1", c, _) => format!("rowvector({c})"),
        (r, c, _) => format!("matrix({r}, {c})"),
    }
}

/// The piece of text, on one line.
pub fn quote(source: &str, span: Span) -> String {
    source.get(span.start..span.end).unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The 1-based line of a byte.
pub fn line(source: &str, at: usize) -> usize {
    1 + source.as_bytes().iter().take(at).filter(|&&b| b == b'\n').count()
}

/// `matrix(N, n)` of a shape.
pub fn type_text(dims: &crate::tensor::dim::Dims, shape: &crate::tensor::Shape) -> String {
    let (r, c) = (list_text(dims, &shape.rows), list_text(dims, &shape.cols));
    kind_text(&r, &c, Class::Unclear)
}
