//! Derivations by hand: sides are texts of the input language.

use super::super::*;
use crate::calculus::model::{Asks, Condition};
use crate::syntax::parse::parse_expression;
use crate::syntax::tree::{Kind, NodeId, Syntax};

/// A derivation that grows line by line.
pub(super) struct Builder(Derivation);

impl Builder {
    pub(super) fn new(of: &str, source: &str, inputs: &[(&str, &str)], style: Style) -> Builder {
        let inputs: Vec<(String, String)> = inputs.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect();
        Builder(Derivation {
            problem: Problem { source: source.into(), of: of.into(), wrt: vec![], inputs, order: 1, structure: None },
            style,
            denominator: false,
            syntax: Syntax::default(),
            pieces: vec![],
            differentials: vec![],
            steps: vec![],
            results: vec![],
            conditions: vec![],
        })
    }

    pub(super) fn tree(&mut self, text: &str) -> NodeId {
        let (from, root) = parse_expression(text).unwrap();
        let syntax = &mut self.0.syntax;
        let mut made: Vec<NodeId> = vec![];
        for id in from.ids() {
            let kind: Kind = from.kind(id).over(|c| made[c.index()]);
            made.push(syntax.add(kind, Span::default()));
        }
        made[root.index()]
    }

    pub(super) fn piece(&mut self, name: &str, of: &str, text: &str) {
        let value = self.tree(text);
        self.0.pieces.push(Piece { name: name.into(), of: of.into(), value, span: None, given: false, round: 0 });
    }

    pub(super) fn tie(&mut self, text: &str) {
        self.0.conditions.push(Condition {
            kind: "tie",
            text: text.into(),
            span: Span::default(),
            expression: String::new(),
            proved: false,
            asks: Asks::Apart,
            of: vec![],
        });
    }

    /// A side: `tree`, `y / w` after `∂`, `d z`, `cases …`, `j = i: x[i]`, chains with `>`, a picture with `;`.
    pub(super) fn side(&mut self, text: &str) -> Side {
        if let Some(rest) = text.strip_prefix('∂') {
            let mut names = rest.split('/');
            let of = self.tree(names.next().unwrap());
            return Side::Partial(of, names.map(|n| self.tree(n)).collect());
        }
        if let Some(rest) = text.strip_prefix("d ") {
            return Side::Differential(self.tree(rest));
        }
        if let Some(rest) = text.strip_prefix("cases ") {
            return Side::Cases(self.tree(rest));
        }
        if let Some(rest) = text.strip_prefix("j = i: ") {
            return Side::Diagonal("i".into(), "j".into(), self.tree(rest));
        }
        if let Some(rest) = text.strip_prefix("chain ") {
            let mut chain = |names: &str| {
                let names: Vec<&str> = names.split('>').map(str::trim).collect();
                let factors = names.windows(2).map(|p| (self.tree(p[0]), self.tree(p[1]))).collect();
                Chain { factors, summed: vec![] }
            };
            return Side::Chains(rest.split('+').map(&mut chain).collect());
        }
        if let Some(rest) = text.strip_prefix("picture ") {
            let mut entry = |e: &str| if e == "." { None } else { Some(self.tree(e)) };
            return Side::Picture(rest.split(';').map(|r| r.split_whitespace().map(&mut entry).collect()).collect());
        }
        Side::Tree(self.tree(text))
    }

    fn step(&mut self, doing: Doing, level: Depth) -> &mut Step {
        let id = self.0.steps.len();
        self.0.steps.push(Step {
            id,
            parent: None,
            level,
            doing,
            rules: vec![],
            heading: None,
            line: None,
            note: None,
            requires: vec![],
            because: vec![],
            span: None,
            audit: Audit::Structural,
        });
        &mut self.0.steps[id]
    }

    pub(super) fn heading(&mut self, text: &str, level: Depth) -> usize {
        let step = self.step(Doing::Note, level);
        step.heading = Some(text.into());
        step.id
    }

    /// `left = right`, `left := right`, `⇒ left = right`; nothing on the left goes on with the chain.
    pub(super) fn line(&mut self, equation: &str, shape: &str) -> &mut Step {
        let (relation, sign) = match equation {
            e if e.starts_with("=>") => (Relation::Implies, " == "),
            e if e.contains(" := ") => (Relation::Defined, " := "),
            _ => (Relation::Equal, " == "),
        };
        let (left, right) = equation.trim_start_matches("=>").split_once(sign).unwrap_or(("", equation));
        let continues = left.trim().is_empty();
        let left = if continues { "0" } else { left.trim() };
        let (left, right) = (self.side(left), self.side(right.trim().trim_start_matches("== ")));
        let (shape, factors) = match shape.split_once(" = ") {
            Some((factors, shape)) => (shape, factors),
            None => (shape, ""),
        };
        let sizes = |text: &str| text.split('×').filter(|s| !s.is_empty()).map(String::from).collect::<Vec<_>>();
        let factors: Vec<Vec<String>> = factors.split(['(', ')']).filter(|f| !f.is_empty()).map(sizes).collect();
        let line = Line {
            left,
            relation,
            right,
            continues,
            shape: sizes(shape),
            factors: if factors.is_empty() { vec![] } else { vec![factors] },
            pattern: None,
            letters: vec![],
            tested: None,
        };
        let step = self.step(Doing::Partial, Depth::Normal);
        step.line = Some(line);
        if relation != Relation::Defined {
            step.audit = Audit::Holds { points: 8, worst: 6.8e-14 };
        }
        step
    }
}

impl Step {
    pub(super) fn rule(&mut self, rule: &str) -> &mut Step {
        self.rules.push(rule.into());
        self
    }
    pub(super) fn at(&mut self, level: Depth) -> &mut Step {
        self.level = level;
        self
    }
    pub(super) fn under(&mut self, parent: usize) -> &mut Step {
        self.parent = Some(parent);
        self
    }
    pub(super) fn noting(&mut self, note: &str) -> &mut Step {
        self.note = Some(note.into());
        self
    }
    pub(super) fn pattern(&mut self, pattern: &str) -> &mut Step {
        self.line.as_mut().unwrap().pattern = Some(pattern.into());
        self
    }
    pub(super) fn letters(&mut self, letters: &[(&str, &str)]) -> &mut Step {
        self.line.as_mut().unwrap().letters = letters.iter().map(|(l, n)| (l.to_string(), n.to_string())).collect();
        self
    }
    pub(super) fn flag(&mut self, k: usize) -> &mut Step {
        self.requires.push(k);
        self
    }
}

/// W1: `w .* x`
pub(super) fn elementwise() -> Derivation {
    let mut b = Builder::new("y", "w .* x", &[("w", "vector(n)"), ("x", "vector(n)")], Style::Scalar);
    b.piece("y", "vector(n)", "w .* x");
    b.heading("Scalar equations", Depth::Normal);
    b.line("y[i] == w[i]*x[i]", "").rule("scalarise").letters(&[("i", "n")]);
    b.heading("All partials", Depth::Normal);
    b.line("∂y[i]/w[j] == j = i: x[i]", "")
        .rule("elementwise.diagonal-condition")
        .noting("wᵢxᵢ contains wⱼ only when j = i")
        .letters(&[("i", "n"), ("j", "n")]);
    b.line("∂y[i]/x[j] == j = i: w[i]", "");
    b.heading("Assemble (row i = equation i, column j = parameter j)", Depth::Normal);
    b.line("∂y/w == picture x[1] . .;. x[2] .;. . x[3]", "n×n").rule("assemble.diagonal").at(Depth::Full).pattern("diagonal");
    b.line("== diag(x)", "n×n").rule("assemble.diagonal").pattern("diagonal");
    b.line("∂y/x == diag(w)", "n×n").pattern("diagonal");
    b.0
}

/// W5: `w'*x`
pub(super) fn dot() -> Derivation {
    let mut b = Builder::new("y", "w'*x", &[("w", "vector(n)"), ("x", "vector(n)")], Style::Scalar);
    b.piece("u", "vector(n)", "w .* x");
    b.piece("y", "scalar", "sum(u)");
    b.heading("Name the pieces", Depth::Outline);
    b.line("u := w .* x", "n×1").rule("dot.as-sum").at(Depth::Outline).noting("w'x = sum(w ⊙ x)");
    b.line("y == sum(u)", "1×1").at(Depth::Outline);
    b.heading("Each piece", Depth::Normal);
    let parent = b.line("∂u/w == diag(x)", "n×n").rule("elementwise.mul").id;
    b.line("u[i] == w[i]*x[i]", "").under(parent).at(Depth::Full).letters(&[("i", "n")]);
    b.line("∂u[i]/w[j] == j = i: x[i]", "").under(parent).at(Depth::Full).letters(&[("i", "n"), ("j", "n")]);
    b.line("∂u/w == picture x[1] . .;. x[2] .;. . x[3]", "n×n").under(parent).at(Depth::Full);
    b.line("∂y/u == ones(n)'", "1×n").rule("sum.ones-row");
    b.heading("Vector chain rule", Depth::Outline);
    b.line("∂y/w == chain y > u > w", "(1×n)(n×n) = 1×n").rule("chain.vector").at(Depth::Outline);
    b.heading("Multiply", Depth::Outline);
    b.line("∂y/w == ones(n)'*diag(x)", "1×n");
    b.line("== x'", "1×n").rule("diag.ones-row").at(Depth::Outline);
    b.line("∂y/x == ones(n)'*diag(w)", "1×n").noting("likewise");
    b.line("== w'", "1×n").at(Depth::Outline);
    b.heading("Scalar check", Depth::Full);
    b.line("∂y/w[j] == sum(i = 1:n, w[i]*x[i])", "").at(Depth::Full);
    b.0
}

/// W6: `max(0, w'*x + b)`
pub(super) fn neuron() -> Derivation {
    let inputs = [("w", "vector(n)"), ("x", "vector(n)"), ("b", "scalar")];
    let mut b = Builder::new("a", "max(0, w'*x + b)", &inputs, Style::Scalar);
    b.piece("z", "scalar", "w'*x + b");
    b.piece("a", "scalar", "max(0, z)");
    b.tie("max(0, z) at z = 0: derivative 0");
    b.heading("Name the pieces", Depth::Outline);
    b.line("z := w'*x + b", "1×1").at(Depth::Outline);
    b.line("a == max(0, z)", "1×1").at(Depth::Outline);
    b.heading("Each piece", Depth::Normal);
    b.line("∂z/w == x' + zeros(n)'", "1×n").rule("dot.left").rule("scalar.sum");
    b.line("== x'", "1×n");
    b.line("∂z/x == w'", "1×n");
    b.line("∂z/b == 1", "1×1");
    b.line("∂a/z == cases where(z > 0, 1, 0)", "1×1").rule("cases.max0").flag(0);
    b.heading("Vector chain rule", Depth::Outline);
    b.line("∂a/w == chain a > z > w", "(1×1)(1×n) = 1×n").rule("chain.vector").at(Depth::Outline);
    b.heading("Substitute", Depth::Outline);
    b.line("∂a/w == (w'*x + b > 0)*x'", "1×n").at(Depth::Outline);
    b.line("== cases where(w'*x + b > 0, x', zeros(n)')", "1×n").rule("mask.to-cases").flag(0);
    b.line("∂a/b == (w'*x + b > 0)", "1×1").at(Depth::Outline);
    b.0
}

/// W7: the mean squared error of a neuron over a batch.
pub(super) fn batch() -> Derivation {
    let inputs = [("X", "matrix(N, n)"), ("y", "vector(N)"), ("w", "vector(n)"), ("b", "scalar")];
    let mut b = Builder::new("C", "sum((y - max(0, X*w + b)).^2)/N", &inputs, Style::Scalar);
    b.piece("z", "vector(N)", "X*w + b*ones(N)");
    b.piece("u", "vector(N)", "max(0, z)");
    b.piece("v", "vector(N)", "y - u");
    b.piece("C", "scalar", "(1/N)*sum(v .* v)");
    b.tie("max(0, z) at z = 0: derivative 0");
    b.heading("Name the pieces", Depth::Outline);
    for (equation, shape) in
        [("z := X*w + b*ones(N)", "N×1"), ("u := max(0, z)", "N×1"), ("v := y - u", "N×1"), ("C == (1/N)*sum(v .* v)", "1×1")]
    {
        b.line(equation, shape).at(Depth::Outline);
    }
    b.heading("Each piece", Depth::Normal);
    b.line("∂C/v == (2/N)*v'", "1×N").rule("sum.linear").rule("scalar.power").noting("Σᵢ vᵢ²: ∂/∂vⱼ = 2vⱼ");
    b.line("∂v/u == -eye(N)", "N×N").rule("elementwise.sub").pattern("diagonal");
    b.line("∂u/z == diag(z > 0)", "N×N").rule("elementwise.max0").pattern("diagonal").flag(0);
    b.line("∂z/w == X", "N×n").rule("linear.matvec").noting("row i is ∂(xᵢᵀw + b)/∂w = xᵢᵀ");
    b.line("∂z/b == ones(N)", "N×1").rule("expand.scalar.add");
    b.heading("Vector chain rule", Depth::Outline);
    b.line("∂C/w == chain C > v > u > z > w", "(1×N)(N×N)(N×N)(N×n) = 1×n").at(Depth::Outline).rule("chain.vector");
    b.line("∂C/b == chain C > v > u > z > b", "(1×N)(N×N)(N×N)(N×1) = 1×1").at(Depth::Outline).rule("chain.vector");
    b.heading("Multiply", Depth::Normal);
    b.line("∂C/w == (2/N)*v'*(-eye(N))*diag(z > 0)*X", "1×n");
    b.line("== -(2/N)*(v .* (z > 0))'*X", "1×n").rule("diag.product");
    b.line("∂C/b == -(2/N)*(v .* (z > 0))'*ones(N)", "1×1");
    b.heading("Substitute", Depth::Outline);
    b.line("∂C/w == (2/N)*(e .* (z > 0))'*X", "1×n").rule("mask.absorb").at(Depth::Outline);
    b.line("∂C/b == (2/N)*ones(N)'*(e .* (z > 0))", "1×1").at(Depth::Outline);
    b.heading("Example by example", Depth::Normal);
    b.line("∂C/w == cases (2/N)*sum(i = 1:N, where(X[i,:]*w + b > 0, (X[i,:]*w + b - y[i])*X[i,:], zeros(n)'))", "1×n")
        .rule("mask.to-cases");
    b.line("∂C/b == cases (2/N)*sum(i = 1:N, where(X[i,:]*w + b > 0, X[i,:]*w + b - y[i], 0))", "1×1").rule("mask.to-cases");
    b.0.steps.last_mut().unwrap().audit = Audit::Skipped("one row of a matrix is no input".into());
    b.0
}

/// Names and words that are commands elsewhere.
pub(super) fn hostile() -> Derivation {
    let mut b = Builder::new("f_1", "alpha*a_b", &[("a_b", "scalar"), ("alpha", "scalar"), ("x1", "vector(n)")], Style::Differential);
    b.piece("f_1", "scalar", "alpha*a_b + sum(x1)");
    b.0.differentials.push(("dalpha".into(), "alpha".into()));
    b.0.differentials.push(("da_b".into(), "a_b".into()));
    b.0.differentials.push(("df_1".into(), "f_1".into()));
    b.heading("Differential <script>alert(1)</script> & $x$ \\input{x} % #_^~", Depth::Normal);
    b.line("d f_1 == a_b*dalpha + alpha*da_b", "1×1").noting("**bold** <b>no</b> _x_ $y$ \\end{document} 100% ☂");
    b.heading("Identify", Depth::Normal);
    b.line("=> ∂f_1/alpha == a_b", "1×1");
    b.line("∂f_1/x1/a_b == a_b", "1×1");
    b.0
}
