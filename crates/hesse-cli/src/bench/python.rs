//! A formula as Python, for each peer: its syntax tree written with the peer's functions. Every value is an array of rows × columns; a scalar
//! is a number or an array of one entry. What has no counterpart is refused by its name.

use crate::bench::functions::{Peer, call};
use hesse::Formula;
use hesse::calculus::complaint::type_text;
use hesse::calculus::sides::{Typed, sides};
use hesse::syntax::parse::parse_document;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Document, Kind, NodeId, Operator, Statement, Subscript, Syntax};
use std::collections::BTreeMap;

/// The largest tree that is written, in nodes.
const NODES: usize = 20_000;

/// Words that are no names in Python, and names that the code uses.
const TAKEN: &[&str] = &[
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "None",
    "True",
    "False",
    "np",
    "jnp",
    "jax",
    "torch",
    "ca",
    "t",
    "total",
    "spread",
    "softplus",
    "softmax",
    "logsumexp",
    "entry",
    "f",
];

/// Assignments in order, and what they give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// `z = X @ w + b`
    pub lines: Vec<String>,
    /// One expression for each result.
    pub results: Vec<String>,
}

/// What is known while code is written: types of names, names of sizes.
pub struct Writer<'a> {
    peer: Peer,
    formula: &'a Formula,
    vars: Vec<(String, String)>,
    sizes: Vec<String>,
    code: Code,
}

impl<'a> Writer<'a> {
    /// Nothing written yet; the inputs are known.
    pub fn new(peer: Peer, formula: &'a Formula) -> Writer<'a> {
        let model = formula.model();
        let vars = model.inputs.iter().map(|i| (i.name.clone(), type_text(&model.pool.dims, &i.shape))).collect();
        Writer { peer, formula, vars, sizes: model.pool.dims.names().to_vec(), code: Code::default() }
    }

    /// What was written.
    pub fn finish(self) -> Code {
        self.code
    }

    /// Writes the definitions that the target needs, and the target as a result.
    pub fn target(&mut self, target: Option<&str>) -> Result<(), String> {
        let document = parse_document(self.formula.source()).map_err(|e| e.to_string())?;
        let definitions: Vec<(&str, NodeId)> = document
            .statements
            .iter()
            .filter_map(|s| match s {
                Statement::Define { name, body, .. } => Some((name.as_str(), *body)),
                _ => None,
            })
            .collect();
        let last = match target {
            Some(name) => definitions.iter().position(|d| d.0 == name),
            None => definitions.len().checked_sub(1),
        };
        let Some(last) = last else { return Err("it has no such definition".into()) };
        let mut needed = vec![last];
        for k in (0..last).rev() {
            let read =
                |j: &usize| document.syntax.under(definitions[*j].1).iter().any(|id| is_name(&document.syntax, *id, definitions[k].0));
            if needed.iter().any(read) {
                needed.push(k);
            }
        }
        for k in needed.into_iter().rev() {
            let (name, body) = definitions[k];
            let (syntax, root) = inlined(&document, body)?;
            let text = plain(&syntax, root);
            if k == last && name.is_empty() {
                let written = self.expression(&text)?;
                self.code.results.push(written);
                continue;
            }
            let model = self.formula.model();
            let Some(shape) = model.definitions.iter().find(|d| d.name == name).map(|d| type_text(&model.pool.dims, &d.shape)) else {
                return Err(format!("`{name}` has no shape"));
            };
            self.define(name, shape, &text)?;
            if k == last {
                self.code.results.push(python_name(name));
            }
        }
        Ok(())
    }

    /// Writes `name = text`, unless that name is written already.
    pub fn define(&mut self, name: &str, shape: String, text: &str) -> Result<(), String> {
        if self.vars.iter().any(|v| v.0 == name) {
            return Ok(());
        }
        let line = format!("{} = {}", python_name(name), bare(&self.expression(text)?));
        self.code.lines.push(line);
        self.vars.push((name.to_string(), shape));
        Ok(())
    }

    /// Writes a text as one more result.
    pub fn result(&mut self, text: &str) -> Result<(), String> {
        let written = self.expression(text)?;
        self.code.results.push(written);
        Ok(())
    }

    fn expression(&self, text: &str) -> Result<String, String> {
        let typed = sides(&self.vars, text, &self.sizes).ok_or_else(|| format!("`{text}` is not written with matrix notation alone"))?;
        if typed.syntax.count(typed.root) > NODES {
            return Err(format!("more than {NODES} nodes"));
        }
        let mut made: BTreeMap<NodeId, String> = BTreeMap::new();
        for id in typed.syntax.under(typed.root) {
            let one = One { writer: self, typed: &typed, made: &made };
            made.insert(id, one.write(id)?);
        }
        Ok(made.remove(&typed.root).unwrap_or_default())
    }
}

/// One node, its parts written.
struct One<'w> {
    writer: &'w Writer<'w>,
    typed: &'w Typed,
    made: &'w BTreeMap<NodeId, String>,
}

impl One<'_> {
    fn of(&self, id: NodeId) -> &str {
        self.made.get(&id).map_or("", String::as_str)
    }

    /// Whether it has one row and one column.
    fn scalar(&self, id: NodeId) -> bool {
        self.typed.of(id).map_or_else(|| !matches!(self.typed.syntax.kind(id), Kind::Index(..)), |s| s.is_scalar())
    }

    fn sides(&self, id: NodeId) -> Option<(Option<String>, Option<String>)> {
        self.typed.of(id).map(|s| (s.rows, s.cols))
    }

    fn function(&self, name: &str, arguments: &[String]) -> Result<String, String> {
        call(self.writer.peer, name, arguments).ok_or_else(|| format!("`{name}` has no counterpart"))
    }

    fn write(&self, id: NodeId) -> Result<String, String> {
        match self.typed.syntax.kind(id) {
            Kind::Number(text) => Ok(text.clone()),
            Kind::Name(name) if name == "pi" && !self.writer.vars.iter().any(|v| v.0 == "pi") => Ok("3.141592653589793".into()),
            Kind::Name(name) => Ok(python_name(name)),
            Kind::Negate(a) => Ok(format!("(-{})", self.of(*a))),
            Kind::Transpose(a) if self.scalar(*a) => Ok(self.of(*a).to_string()),
            Kind::Transpose(a) => Ok(format!("{}.T", self.of(*a))),
            Kind::Binary(op, a, b) => self.binary(*op, *a, *b),
            Kind::Call(name, args) => self.called(name, args),
            Kind::Index(a, subscripts) => self.index(*a, subscripts),
            Kind::Matrix(rows) => self.matrix(rows),
            Kind::Contraction(..) => Err("index notation has no counterpart".into()),
            Kind::Series(_) => Err("a sum over an index has no counterpart".into()),
        }
    }

    fn binary(&self, op: Operator, left: NodeId, right: NodeId) -> Result<String, String> {
        let (a, b) = (self.of(left), self.of(right));
        let scalar = self.scalar(left) || self.scalar(right);
        let with = |sign: &str| Ok(format!("({a} {sign} {b})"));
        let spread = |sign: &str| {
            // CasADi repeats no row or column by itself.
            let same = scalar || self.sides(left) == self.sides(right);
            if self.writer.peer == Peer::Casadi && !same {
                Ok(format!("spread({a}, \"{sign}\", {b})"))
            } else {
                Ok(format!("({a} {sign} {b})"))
            }
        };
        match op {
            op if op.compares() => Ok(format!("(({a} {} {b}) * 1.0)", op.spelling())),
            Operator::Plus | Operator::DotPlus => spread("+"),
            Operator::Minus | Operator::DotMinus => spread("-"),
            Operator::Times if !scalar => with("@"),
            Operator::Times | Operator::DotTimes => spread("*"),
            Operator::Over | Operator::DotOver => spread("/"),
            Operator::Under if self.scalar(left) => Ok(format!("({b} / {a})")),
            Operator::Under => self.function("solve", &[a.to_string(), b.to_string()]),
            Operator::Power if !self.scalar(left) => self.function("matrix power", &[a.to_string(), bare(b).to_string()]),
            _ => Ok(format!("{a}**{}", if b.starts_with(|c: char| c.is_ascii_digit()) { b.to_string() } else { format!("({})", bare(b)) }))
                .map(|text| format!("({text})")),
        }
    }

    fn called(&self, name: &str, args: &[NodeId]) -> Result<String, String> {
        let written: Vec<String> = args.iter().map(|a| bare(self.of(*a)).to_string()).collect();
        // An argument that a template puts beside an operator keeps its brackets.
        let kept: Vec<String> = args.iter().map(|a| self.of(*a).to_string()).collect();
        let one = |s: &str| s.to_string();
        match (name, args) {
            ("diag" | "diagvec", [a]) => {
                let vector = self.sides(*a).is_some_and(|(rows, cols)| rows.is_none() || cols.is_none());
                self.function(if vector { "diag of a vector" } else { "diag of a matrix" }, &written)
            }
            ("ones" | "zeros", [_]) => self.function(name, &[written[0].clone(), one("1")]),
            ("rows" | "cols", [a]) if self.scalar(*a) => Ok(one("1")),
            ("inv", [a]) if self.scalar(*a) => Ok(format!("(1 / {})", kept[0])),
            ("det" | "tr", [a]) if self.scalar(*a) => Ok(kept[0].clone()),
            ("logdet", [a]) if self.scalar(*a) => self.function("log", &written),
            _ => {
                let inside = call(self.writer.peer, name, &vec![one("#"); args.len()]).unwrap_or_default();
                let beside = ["-#", "#*", "#.", "# *", "* #", "# @", "# !"].iter().any(|sign| inside.contains(sign));
                self.function(name, if beside { &kept } else { &written })
            }
        }
    }

    fn index(&self, of: NodeId, subscripts: &[Subscript]) -> Result<String, String> {
        let number = |id: &NodeId| bare(self.of(*id)).to_string();
        let one = |s: &Subscript| match s {
            Subscript::All => Ok(":".to_string()),
            Subscript::At(k) => match number(k).parse::<usize>() {
                Ok(k) => Ok(format!("{}:{k}", k.saturating_sub(1))),
                Err(_) => Ok(format!("{0} - 1:{0}", number(k))),
            },
            Subscript::Range(a, b) => match number(a).parse::<usize>() {
                Ok(a) => Ok(format!("{}:{}", a.saturating_sub(1), number(b))),
                Err(_) => Ok(format!("{} - 1:{}", number(a), number(b))),
            },
            Subscript::Stack(_) => Err("index notation has no counterpart".to_string()),
        };
        let mut written: Vec<String> = subscripts.iter().map(one).collect::<Result<_, _>>()?;
        if let [only] = written.as_slice() {
            let row = self.sides(of).is_some_and(|(rows, cols)| rows.is_none() && cols.is_some());
            written = if row { vec![":".into(), only.clone()] } else { vec![only.clone(), ":".into()] };
        }
        Ok(format!("{}[{}]", self.of(of), written.join(", ")))
    }

    fn matrix(&self, rows: &[Vec<NodeId>]) -> Result<String, String> {
        let entry = |id: &NodeId| if self.scalar(*id) { format!("entry({})", bare(self.of(*id))) } else { bare(self.of(*id)).to_string() };
        let join = |across: bool, parts: Vec<String>| match (self.writer.peer, parts.as_slice()) {
            (_, [one]) => one.clone(),
            (Peer::Casadi, _) => format!("ca.{}({})", if across { "horzcat" } else { "vertcat" }, parts.join(", ")),
            (Peer::Torch, _) => format!("torch.cat([{}], {})", parts.join(", "), u8::from(across)),
            (peer, _) => format!("{}.concatenate([{}], {})", peer.module(), parts.join(", "), u8::from(across)),
        };
        Ok(join(false, rows.iter().map(|row| join(true, row.iter().map(entry).collect())).collect()))
    }
}

/// A body with the user's functions written out.
fn inlined(document: &Document, body: NodeId) -> Result<(Syntax, NodeId), String> {
    let mut out = Syntax::default();
    let root = copy(document, body, &BTreeMap::new(), &mut out, 0)?;
    Ok((out, root))
}

fn copy(document: &Document, root: NodeId, given: &BTreeMap<String, NodeId>, out: &mut Syntax, depth: usize) -> Result<NodeId, String> {
    if depth > 64 || out.len() > NODES {
        return Err("its functions are too deep to be written out".into());
    }
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in document.syntax.under(root) {
        let new = match document.syntax.kind(id) {
            Kind::Name(name) if given.contains_key(name) => given[name],
            Kind::Call(name, args) => match function(document, name) {
                Some((params, defaults, body)) => {
                    let mut inner: BTreeMap<String, NodeId> = BTreeMap::new();
                    let names = params.iter().chain(defaults.iter().map(|d| &d.0));
                    for (k, name) in names.enumerate() {
                        let value = match args.get(k) {
                            Some(a) => made[a],
                            None => match k.checked_sub(params.len()).and_then(|k| defaults.get(k)) {
                                Some((_, default)) => copy(document, *default, &BTreeMap::new(), out, depth + 1)?,
                                None => return Err(format!("`{name}` has no value")),
                            },
                        };
                        inner.insert(name.clone(), value);
                    }
                    copy(document, body, &inner, out, depth + 1)?
                }
                None => out.call(name, args.iter().map(|a| made[a]).collect()),
            },
            kind => out.add(kind.over(|c| made[&c]), hesse::Span::default()),
        };
        made.insert(id, new);
    }
    Ok(made[&root])
}

type Function<'d> = (&'d [String], &'d [(String, NodeId)], NodeId);

fn function<'d>(document: &'d Document, called: &str) -> Option<Function<'d>> {
    document.statements.iter().find_map(|s| match s {
        Statement::Function { name, params, defaults, body, .. } if name == called => Some((&params[..], &defaults[..], *body)),
        _ => None,
    })
}

fn is_name(syntax: &Syntax, id: NodeId, name: &str) -> bool {
    matches!(syntax.kind(id), Kind::Name(n) if n == name)
}

/// A name that Python takes.
pub fn python_name(name: &str) -> String {
    if TAKEN.contains(&name) { format!("{name}_") } else { name.to_string() }
}

/// Without brackets around the whole.
pub fn bare(text: &str) -> &str {
    let Some(inside) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return text };
    let mut depth = 0i32;
    for c in inside.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(peer: Peer, source: &str) -> Result<String, String> {
        let formula = Formula::parse(source, false).expect("a formula");
        let mut writer = Writer::new(peer, &formula);
        writer.target(None)?;
        let code = writer.finish();
        Ok(code.lines.into_iter().chain(code.results).collect::<Vec<_>>().join("; "))
    }

    const NEURON: &str = "data X : matrix(N, n)\ndata y : vector(N)\nparam w : vector(n)\nparam b : scalar\n\
        z = X*w + b\nC = sum((y - max(0, z)).^2)/N";

    #[test]
    fn a_neuron_in_every_dialect() {
        let numpy = "z = (X @ w) + b; C = np.sum((y - np.maximum(0, z))**2) / N; C";
        assert_eq!(written(Peer::Numpy, NEURON).as_deref(), Ok(numpy));
        assert_eq!(written(Peer::Jax, NEURON).unwrap(), numpy.replace("np.", "jnp."));
        assert_eq!(
            written(Peer::Torch, NEURON).as_deref(),
            Ok("z = (X @ w) + b; C = torch.sum((y - torch.maximum(t(0), t(z)))**2) / N; C")
        );
        assert_eq!(written(Peer::Casadi, NEURON).as_deref(), Ok("z = (X @ w) + b; C = total((y - ca.fmax(0, z))**2) / N; C"));
    }

    #[test]
    fn functions_of_matrices() {
        let source = "A : matrix(n, n) invertible; b : vector(n); b'*(A\\b) + logdet(A) + tr(inv(A)) + norm2(A^2)";
        assert_eq!(
            written(Peer::Numpy, source).as_deref(),
            Ok(
                "((((b.T @ np.linalg.solve(A, b)) + np.linalg.slogdet(A)[1]) + np.trace(np.linalg.inv(A))) + np.linalg.norm(np.linalg.matrix_power(A, 2)))"
            )
        );
        let source = "X : matrix(N, n); c : rowvector(n); sum((X .+ c).*X)";
        assert_eq!(written(Peer::Numpy, source).as_deref(), Ok("np.sum((X + c) * X)"));
        assert_eq!(written(Peer::Casadi, source).as_deref(), Ok("total(spread(X, \"+\", c) * X)"));
    }

    #[test]
    fn pieces_and_functions_of_the_user() {
        let source = "x : vector(n); sum(x[2:n] - x[1:n-1])^2 + x[1]";
        assert_eq!(written(Peer::Numpy, source).as_deref(), Ok("((np.sum(x[1:n, :] - x[0:n - 1, :])**2) + x[0:1, :])"));
        let source = "x : vector(n)\nhuber(r; d = 1) = where(abs(r) <= d, 0.5*r.^2, d*(abs(r) - 0.5*d))\nsum(huber(2*x))";
        assert_eq!(
            written(Peer::Jax, source).as_deref(),
            Ok("jnp.sum(jnp.where(((jnp.abs(2 * x) <= 1) * 1.0) != 0, (0.5 * ((2 * x)**2)), (1 * (jnp.abs(2 * x) - (0.5 * 1)))))")
        );
        assert_eq!(written(Peer::Numpy, "lambda : scalar; lambda^2").as_deref(), Ok("(lambda_**2)"));
    }

    #[test]
    fn what_has_no_counterpart_is_named() {
        assert_eq!(written(Peer::Numpy, "x : vector(n); sum(lgamma(x))"), Err("`lgamma` has no counterpart".into()));
        assert_eq!(written(Peer::Casadi, "x : vector(n); prod(x)"), Err("`prod` has no counterpart".into()));
        let series = written(Peer::Numpy, "X : matrix(N, n); w : vector(n); sum(i = 1:N, exp(X[i,:]*w))");
        assert_eq!(series, Err("a sum over an index has no counterpart".into()));
    }

    #[test]
    fn brackets_around_the_whole() {
        assert_eq!((bare("(a + b)"), bare("(a)*(b)"), bare("((a))")), ("a + b", "(a)*(b)", "(a)"));
    }
}
