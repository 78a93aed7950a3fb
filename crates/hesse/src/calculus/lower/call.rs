//! Calls: user functions and notations are written out, rows of the tables become terms, everything else is refused with
//! what to write instead.

use super::{Bound, DEPTH, Lower};
use crate::calculus::scope::is_generator;
use crate::calculus::term::{Extent, Op, TermId};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::functions::{self, FUNCTIONS};
use crate::facts::matrices::{self, MATRIX_FUNCTIONS};
use crate::facts::notation::{NOTATION, Notation};
use crate::facts::planted::{self, Table};
use crate::syntax::parse;
use crate::syntax::suggest;
use crate::syntax::tree::Kind;
use crate::tensor::dim::Dims;

/// Functions that hesse knows of but cannot derive, with what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("chol", "a lower triangular parameter: tril(L)*tril(L)'"),
    ("logm", "log(A) for the logarithm of each entry"),
    ("sqrtm", "sqrt(A) for the square root of each entry"),
    ("pinv", "inv(A'*A)*A'"),
    ("eig", "tr(A), det(A) or tr(A^k), which are functions of the eigenvalues"),
    ("svd", "norm2(A) or tr(A'*A), which are functions of the singular values"),
    ("trace", "tr(A)"),
    ("transpose", "A'"),
    ("size", "rows(A) or cols(A)"),
    ("length", "rows(x)"),
    ("repmat", "ones(n)*x'"),
    ("cross", "the skew matrix of the first vector times the second"),
    ("floor", "nothing smooth stands for it"),
    ("round", "nothing smooth stands for it"),
    ("mod", "nothing smooth stands for it"),
];

impl Lower<'_, '_> {
    #[allow(clippy::too_many_lines)]
    pub(super) fn call(
        &mut self,
        f: &str,
        args: Vec<TermId>,
        span: Span,
        bound: &Bound,
        extent: impl Fn(&mut Self, usize) -> Result<Extent, Diagnostic>,
        count: usize,
    ) -> TermId {
        if !bound.row
            && let Some(k) = self.user(f)
        {
            return self.user_call(k, &args, span);
        }
        if is_generator(f) {
            return self.generator(f, span, extent, count);
        }
        match f {
            "rows" | "cols" => {
                if args.len() != 1 {
                    return self.arity(f, "A", args.len(), span);
                }
                return self.add(Op::Measure(f == "cols"), args, span);
            }
            "max" | "min" if args.len() == 2 => {
                let zero = |t: TermId, this: &Self| this.terms.constant(t).is_some_and(|c| c == 0.into());
                let other = if zero(args[0], self) {
                    Some(args[1])
                } else if zero(args[1], self) {
                    Some(args[0])
                } else {
                    None
                };
                if let (Some(z), Some(relu)) = (other, functions::find("relu")) {
                    if f == "max" {
                        return self.add(Op::Map(relu), vec![z], span);
                    }
                    let place = self.terms.get(z).span;
                    let m = self.add(Op::Negate, vec![z], place);
                    let r = self.add(Op::Map(relu), vec![m], span);
                    return self.add(Op::Negate, vec![r], span);
                }
            }
            "max" | "min" if args.len() == 1 => {
                let (whole, entry) = if f == "max" { ("maximum", "largest") } else { ("minimum", "smallest") };
                return self.poison(
                    Diagnostic::error("E107", span, format!("{f} takes two arguments"))
                        .because(format!("{f}(a, b) works element by element; {f}(0, x) keeps one sign"))
                        .help(format!(
                            "write {whole}(x) for the {entry} entry, row{f}(x) or col{f}(x) along an axis, {f}(x, y) for two arguments"
                        )),
                );
            }
            "pow" if args.len() == 2 => return self.add(Op::DotPower, args, span),
            _ => {}
        }
        // Rows of notation: by name and number of arguments.
        let rows: Vec<&'static Notation> = NOTATION.iter().filter(|n| call_name(n) == f).collect();
        if !rows.is_empty() {
            let fitting: Vec<&'static Notation> = rows.iter().copied().filter(|n| parameters(n).len() == args.len()).collect();
            if fitting.is_empty() {
                return self.arity(f, &parameters(rows[0]).join(", "), args.len(), span);
            }
            return self.notation(&fitting, args, span);
        }
        if let Some(id) = functions::find(f).filter(|id| bound.row || !matches!(id.row().name, "gt" | "ge" | "eq")) {
            let of = id.row().of;
            if of.len() != args.len() {
                return self.arity(f, &of.join(", "), args.len(), span);
            }
            return self.add(Op::Map(id), args, span);
        }
        if let Some(id) = matrices::find(f) {
            if args.len() != id.row().takes.len() {
                return self.arity(f, &id.row().takes.join(", "), args.len(), span);
            }
            return self.add(Op::Apply(id), args, span);
        }
        if let Some((id, side)) = matrices::find_along(f) {
            if args.len() != 1 {
                return self.arity(f, "A", args.len(), span);
            }
            return self.add(Op::Along(id, side), args, span);
        }
        if let Some((_, instead)) = INSTEAD.iter().find(|r| r.0 == f) {
            return self.poison(
                Diagnostic::error("E301", span, format!("`{f}` is not supported"))
                    .because("hesse refuses what it cannot derive")
                    .help(format!("write {instead}")),
            );
        }
        self.unknown_function(f, span, args.len())
    }

    fn unknown_function(&mut self, f: &str, span: Span, count: usize) -> TermId {
        if count == 1 && self.is_variable(f) {
            return self.poison(
                Diagnostic::error("E104", span, format!("`{f}` is a variable, not a function"))
                    .because("products are written with `*`, entries with brackets")
                    .help(format!("write {f}*(…) for a product, or {f}[1] for an entry")),
            );
        }
        let mut known: Vec<&str> = FUNCTIONS
            .iter()
            .filter(|r| !matches!(r.name, "gt" | "ge" | "eq"))
            .flat_map(|r| std::iter::once(r.name).chain(r.aliases.iter().copied()))
            .chain(MATRIX_FUNCTIONS.iter().map(|r| r.name))
            .chain(NOTATION.iter().map(call_name))
            .chain(["ones", "zeros", "eye", "commutation", "rows", "cols"])
            .collect();
        let along: Vec<String> = matrices::all_along().map(|(f, side)| f.spelling(Some(side))).collect();
        known.extend(along.iter().map(String::as_str));
        known.extend(self.scope.functions.iter().map(|g| g.name));
        let help = match suggest::nearest(f, known) {
            Some(n) => format!("did you mean `{n}`?"),
            None => format!("define it above:  {f}(t) = …"),
        };
        self.poison(
            Diagnostic::error("E101", span, format!("unknown function `{f}`"))
                .because("it is neither a function of hesse nor defined in this text")
                .help(help),
        )
    }

    pub(super) fn arity(&mut self, f: &str, of: &str, got: usize, span: Span) -> TermId {
        let n = of.split(", ").count();
        self.poison(
            Diagnostic::error("E107", span, format!("{f} takes {n} argument{}, not {got}", if n == 1 { "" } else { "s" }))
                .because(format!("its form is {f}({of})"))
                .help(format!("write {f}({of})")),
        )
    }

    fn user_call(&mut self, k: usize, args: &[TermId], span: Span) -> TermId {
        let g = self.scope.functions[k].clone();
        let (least, most) = (g.params.len(), g.params.len() + g.defaults.len());
        if args.len() < least || args.len() > most {
            let form: Vec<&str> = g.params.iter().chain(g.defaults.iter().map(|d| &d.0)).map(String::as_str).collect();
            return self.arity(g.name, &form.join(", "), args.len(), span);
        }
        if self.depth >= DEPTH {
            return self.poison(
                Diagnostic::error("E603", span, format!("functions call each other deeper than {DEPTH}"))
                    .because("a function that calls itself never ends: there is no recursion")
                    .help(format!("write `{}` without calling itself", g.name)),
            );
        }
        self.depth += 1;
        let mut bound = Bound::default();
        for (k, name) in g.params.iter().chain(g.defaults.iter().map(|d| &d.0)).enumerate() {
            let t = match args.get(k) {
                Some(&t) => t,
                None => self.lower(self.syntax, g.defaults[k - least].1, &bound.clone(), None),
            };
            bound.names.push((name.clone(), t));
        }
        let t = self.lower(self.syntax, g.body, &bound, None);
        self.depth -= 1;
        t
    }

    fn generator(&mut self, f: &str, span: Span, extent: impl Fn(&mut Self, usize) -> Result<Extent, Diagnostic>, count: usize) -> TermId {
        let mut of = vec![];
        for k in 0..count {
            match extent(self, k) {
                Ok(e) => of.push(e),
                Err(d) => return self.poison(d),
            }
        }
        let one = || Extent::Given(vec![]);
        let sugar = |of: &[Extent], dims: &Dims| match of {
            [Extent::Given(d)] if d.is_empty() => Some(true),
            [Extent::Given(d)] if d.len() == 1 && dims.as_integer(d[0]) == Some(0) => Some(false),
            _ => None,
        };
        let op = match (f, of.as_slice()) {
            ("vector", _) => match sugar(&of, self.dims) {
                Some(ones) => Op::Fill(ones, Extent::Free, one()),
                None => return self.sugar(f, span),
            },
            ("matrix", _) => match sugar(&of, self.dims) {
                Some(ones) => Op::Fill(ones, Extent::Free, Extent::Free),
                None => return self.sugar(f, span),
            },
            ("ones" | "zeros", [n]) => Op::Fill(f == "ones", n.clone(), one()),
            ("ones" | "zeros", [m, n]) => Op::Fill(f == "ones", m.clone(), n.clone()),
            ("eye", [n]) => Op::Eye(n.clone(), n.clone()),
            ("eye", [m, n]) => Op::Eye(m.clone(), n.clone()),
            ("commutation", [m, n]) => Op::Commutation(m.clone(), n.clone()),
            ("commutation", _) => return self.arity(f, "m, n", count, span),
            _ => return self.arity(f, "n", count, span),
        };
        // The terms whose sizes are taken are arguments, so that what is wrong with them is not said twice.
        let args = of.iter().filter_map(|e| if let Extent::Of(t, _) = e { Some(*t) } else { None }).collect();
        self.add(op, args, span)
    }

    fn sugar(&mut self, f: &str, span: Span) -> TermId {
        let form = if f == "vector" { "ones(n)" } else { "ones(m, n)" };
        self.poison(
            Diagnostic::error("E102", span, format!("`{f}` in a formula is `{f}(1)` or `{f}(0)`"))
                .because(format!("{f}(1) is a {f} of ones whose size follows from the formula"))
                .help(format!("write {form} for ones of a given size; types stand only in declarations")),
        )
    }

    /// A call of rows of notation: index notation gives one term, a plain formula is written out.
    fn notation(&mut self, rows: &[&'static Notation], args: Vec<TermId>, span: Span) -> TermId {
        let mut contractions = vec![];
        for row in rows {
            let place = NOTATION.iter().position(|r| r.matrix == row.matrix).unwrap_or(usize::MAX);
            let means = planted::text(self.planted, Table::Notation, place, 0, row.means);
            let document = match parse::parse_expression(means) {
                Ok(d) => d,
                Err(_) => return self.unreadable(row, span),
            };
            let (syntax, root) = document;
            let bound = Bound {
                names: parameters(row).into_iter().zip(args.iter().copied()).map(|(n, t)| (n.to_string(), t)).collect(),
                row: true,
                ..Bound::default()
            };
            if !matches!(syntax.kind(root), Kind::Contraction(..)) {
                return self.lower(&syntax, root, &bound, Some(span));
            }
            let before = self.terms.contractions.len();
            let t = self.lower(&syntax, root, &bound, Some(span));
            // The arguments of the term are those of the call, in the order in which the row names them.
            let Op::Contract(_) = self.terms.get(t).op else { return t };
            let c = &mut self.terms.contractions[before];
            c.needs = row.needs;
            c.name = call_name(row);
            contractions.push((before, self.terms.get(t).args.clone()));
            self.terms.pop();
        }
        let Some((_, first)) = contractions.first().cloned() else { return self.terms.add(Op::Poison, args, span) };
        debug_assert!(contractions.iter().all(|c| c.1 == first));
        self.add(Op::Contract(contractions.into_iter().map(|c| c.0).collect()), first, span)
    }

    fn unreadable(&mut self, row: &Notation, span: Span) -> TermId {
        self.poison(
            Diagnostic::error("E301", span, format!("the row `{}` of hesse's own table cannot be read", row.matrix))
                .because("this is a defect of hesse")
                .help("please report it"),
        )
    }
}

/// `kron` of the row `kron(A, B)`.
pub fn call_name(row: &Notation) -> &'static str {
    row.matrix.split('(').next().unwrap_or("")
}

/// `["A", "B"]` of the row `kron(A, B)`.
pub fn parameters(row: &Notation) -> Vec<&'static str> {
    row.matrix.split_once('(').map_or(vec![], |(_, rest)| rest.trim_end_matches(')').split(',').map(str::trim).collect())
}
