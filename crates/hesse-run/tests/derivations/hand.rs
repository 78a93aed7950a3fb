//! Derivations written by hand, one for each way of saying something.

use hesse::calculus::derivation::{Audit, Depth, Derivation, Doing, Line, Meaning, Outcome, Piece, Problem, Relation, Side, Step, Style};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{NodeId, Syntax};
use hesse::{Formula, Span};
use std::collections::BTreeMap;

/// Copies a tree into another arena.
pub fn graft(from: &Syntax, root: NodeId, into: &mut Syntax) -> NodeId {
    let mut copy: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in from.under(root) {
        let new = into.add(from.kind(id).over(|c| copy[&c]), Span::default());
        copy.insert(id, new);
    }
    copy[&root]
}

/// A derivation under way.
pub struct Hand {
    pub formula: Formula,
    pub derivation: Derivation,
    letters: Vec<(String, String)>,
    shape: Vec<String>,
}

fn strings(text: &str) -> Vec<String> {
    text.split(',').map(|s| s.trim().to_string()).filter(|s| !s.is_empty()).collect()
}

impl Hand {
    pub fn new(source: &str, of: &str, wrt: &[&str], order: usize) -> Hand {
        let formula = Formula::parse(source, true).unwrap();
        let problem = Problem {
            source: source.to_string(),
            of: of.to_string(),
            wrt: wrt.iter().map(ToString::to_string).collect(),
            inputs: vec![],
            order,
            structure: None,
        };
        let derivation = Derivation {
            problem,
            style: Style::Scalar,
            denominator: false,
            syntax: Syntax::default(),
            pieces: vec![],
            differentials: vec![],
            steps: vec![],
            results: vec![],
            conditions: vec![],
        };
        Hand { formula, derivation, letters: vec![], shape: vec![] }
    }
    pub fn tree(&mut self, text: &str) -> NodeId {
        let (syntax, root) = parse_expression(text).unwrap();
        graft(&syntax, root, &mut self.derivation.syntax)
    }
    pub fn piece(&mut self, name: &str, of: &str, text: &str, round: usize) {
        let value = self.tree(text);
        let piece = Piece { name: name.into(), of: of.into(), value, span: None, given: false, round };
        self.derivation.pieces.push(piece);
    }
    pub fn differential(&mut self, name: &str, of: &str) {
        self.derivation.differentials.push((name.into(), of.into()));
    }
    /// Letters and shape of the lines that follow: `("i n, j m", "n, m")`.
    pub fn over(&mut self, letters: &str, shape: &str) {
        let pair = |l: &String| l.split_once(' ').map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
        self.letters = strings(letters).iter().map(pair).collect();
        self.shape = strings(shape);
    }
    pub fn value(&mut self, text: &str) -> Meaning {
        Meaning::Value(self.tree(text))
    }
    pub fn diagonal(&mut self, i: &str, j: &str, text: &str) -> Meaning {
        Meaning::Diagonal(i.into(), j.into(), self.tree(text))
    }
    pub fn entries(&mut self, rows: &[&[&str]]) -> Meaning {
        let mut cell = |text: &&str| if text.is_empty() { None } else { Some(self.tree(text)) };
        Meaning::Entries(rows.iter().map(|row| row.iter().map(&mut cell).collect()).collect())
    }
    pub fn line(&mut self, left: Meaning, right: Meaning) -> usize {
        let drawn = self.derivation.syntax.number("0");
        let line = Line {
            left: Side::Tree(drawn),
            relation: Relation::Equal,
            right: Side::Tree(drawn),
            continues: false,
            shape: self.shape.clone(),
            factors: vec![],
            pattern: None,
            letters: self.letters.clone(),
            tested: Some((left, right)),
        };
        self.step(Some(line))
    }
    pub fn step(&mut self, line: Option<Line>) -> usize {
        let id = self.derivation.steps.len();
        self.derivation.steps.push(Step {
            id,
            parent: None,
            level: Depth::Normal,
            doing: Doing::Rewrite,
            rules: vec![],
            heading: None,
            line,
            note: None,
            requires: vec![],
            because: vec![],
            span: None,
            audit: Audit::Open,
        });
        id
    }
    pub fn result(&mut self, wrt: &str, order: &[usize], shape: &str, text: &str) {
        let tree = self.tree(text);
        let outcome = Outcome { wrt: strings(wrt), tree, order: order.to_vec(), shape: strings(shape), pattern: String::new() };
        self.derivation.results.push(outcome);
    }
}

pub fn total(of: &str, by: &str, order: &[usize]) -> Meaning {
    Meaning::Partial { of: of.into(), by: by.into(), local: false, order: order.to_vec() }
}
pub fn local(of: &str, by: &str, order: &[usize]) -> Meaning {
    Meaning::Partial { of: of.into(), by: by.into(), local: true, order: order.to_vec() }
}
pub fn entry(name: &str, letters: &str) -> Meaning {
    Meaning::Entry(name.into(), strings(letters))
}
pub fn partial_entry(of: &str, by: &str, letters: &str, local: bool) -> Meaning {
    Meaning::PartialEntry { of: of.into(), by: by.into(), letters: strings(letters), local }
}
pub fn differential(name: &str) -> Meaning {
    Meaning::Differential(name.into())
}
/// `("C v, v w")`: one product a text.
pub fn chains(terms: &[&str], local: bool, order: &[usize]) -> Meaning {
    let factor = |f: &String| f.split_once(' ').map(|(a, b)| (a.to_string(), b.to_string(), local)).unwrap();
    Meaning::Chains { terms: terms.iter().map(|t| strings(t).iter().map(factor).collect()).collect(), order: order.to_vec() }
}

/// `w'*x`, entry by entry and as matrices.
pub fn dot() -> Hand {
    let mut h = Hand::new("w, x : vector(n)\ny = w'*x", "y", &["w", "x"], 1);
    h.piece("u", "vector(n)", "w .* x", 0);
    h.piece("y", "scalar", "sum(u)", 0);
    h.step(None);
    h.over("i n", "");
    let right = h.value("w[i]*x[i]");
    h.line(entry("u", "i"), right);
    h.over("i n, j n", "");
    let right = h.diagonal("i", "j", "x[i]");
    h.line(partial_entry("u", "w", "i,j", true), right);
    h.over("", "n, n");
    let right = h.entries(&[&["x[1]", "", ""], &["", "x[2]", ""], &["", "", "x[3]"]]);
    h.line(local("u", "w", &[0, 1]), right);
    let right = h.value("diag(x)");
    h.line(local("u", "w", &[0, 1]), right);
    h.over("", "1, n");
    let right = h.value("ones(n)'");
    h.line(local("y", "u", &[0]), right);
    h.line(total("y", "w", &[0]), chains(&["y u, u w"], true, &[0]));
    let (left, right) = (h.value("ones(n)'*diag(x)"), h.value("x'"));
    h.line(left, right);
    let right = h.value("w'");
    h.line(total("y", "x", &[0]), right);
    h.over("j n", "");
    let right = h.value("x[j]");
    h.line(partial_entry("y", "w", "j", false), right);
    h.over("j n", "");
    let (left, right) = (h.value("sum(i = 1:n, (w .* x)[i])*x[j]"), h.value("(w'*x)*x[j]"));
    h.line(left, right);
    h.result("w", &[0], "1, n", "x'");
    h.result("x", &[0], "1, n", "w'");
    h
}

/// The mean squared error of a neuron over a batch, with its differentials.
pub fn neuron() -> Hand {
    let source = "X : matrix(N, n)\nw : vector(n)\nb : scalar\ny : vector(N)\nC = sum((y - max(0, X*w + b)).^2)/N";
    let mut h = Hand::new(source, "C", &["w", "b"], 1);
    h.piece("z", "vector(N)", "X*w + b", 0);
    h.piece("u", "vector(N)", "max(0, z)", 0);
    h.piece("v", "vector(N)", "y - u", 0);
    h.piece("C", "scalar", "sum(v.^2)/N", 0);
    for (name, of) in [("dw", "w"), ("db", "b"), ("dz", "z"), ("du", "u"), ("dv", "v"), ("dC", "C")] {
        h.differential(name, of);
    }
    h.over("", "1, N");
    let right = h.value("2/N*v'");
    h.line(local("C", "v", &[0]), right);
    h.over("", "N, N");
    let right = h.value("-eye(N)");
    h.line(local("v", "u", &[0, 1]), right);
    let right = h.value("diag(z > 0)");
    h.line(local("u", "z", &[0, 1]), right);
    h.over("", "N, n");
    let right = h.value("X");
    h.line(local("z", "w", &[0, 1]), right);
    h.over("i N, j n", "");
    let right = h.value("X[i,j]");
    h.line(partial_entry("z", "w", "i,j", true), right);
    h.over("i N", "1, n");
    let right = h.value("X[i,:]");
    h.line(partial_entry("z", "w", "i", true), right);
    h.over("", "1, n");
    h.line(total("C", "w", &[0]), chains(&["C v, v u, u z, z w"], true, &[0]));
    let (left, right) = (h.value("2/N*v'*(-eye(N))*diag(z > 0)*X"), h.value("-2/N*(v .* (z > 0))'*X"));
    h.line(left, right);
    let (left, right) = (h.value("-2/N*(v .* (z > 0))'*X"), h.value("2/N*((z - y) .* (z > 0))'*X"));
    h.line(left, right);
    let right = h.value("2/N*((z - y) .* (z > 0))'*X");
    h.line(total("C", "w", &[0]), right);
    h.over("", "N, 1");
    let right = h.value("X*dw + db*ones(N)");
    h.line(differential("z"), right);
    let right = h.value("(z > 0) .* dz");
    h.line(differential("u"), right);
    h.over("", "1, 1");
    let right = h.value("2/N*v'*dv");
    h.line(differential("C"), right);
    let right = h.value("-2/N*(v .* (z > 0))'*(X*dw + db*ones(N))");
    h.line(differential("C"), right);
    h.result("w", &[0], "1, n", "2*((X*w + b - y) .* (X*w + b > 0))'*X/N");
    h.result("b", &[], "1, 1", "2*((X*w + b > 0))'*(X*w + b - y)/N");
    h
}

/// A matrix variable, an inverse, axes in another order, sums of products without matrices.
pub fn matrices() -> Hand {
    let source = "A : matrix(n, m)\nX : matrix(m, n)\nS : matrix(n, n) invertible\nf = tr(inv(S)*A*X*A*X)";
    let mut h = Hand::new(source, "f", &["X", "S"], 1);
    h.piece("P", "matrix(n, n)", "A*X", 0);
    h.piece("Q", "matrix(n, n)", "inv(S)*P*P", 0);
    h.piece("f", "scalar", "tr(Q)", 0);
    for (name, of) in [("dX", "X"), ("dS", "S"), ("dP", "P"), ("dQ", "Q"), ("df", "f")] {
        h.differential(name, of);
    }
    h.over("", "n, n");
    let right = h.value("eye(n)");
    h.line(local("f", "Q", &[1, 0]), right);
    h.over("i n, j n, k m, l n", "");
    let right = h.diagonal("j", "l", "A[i,k]");
    h.line(partial_entry("P", "X", "i,j,k,l", true), right);
    h.over("", "");
    let right = h.value("A[i,k]*eye(n)[j,l] -> [i,j,k,l]");
    h.line(local("P", "X", &[0, 1, 2, 3]), right);
    h.over("", "n, m");
    h.line(total("f", "X", &[1, 0]), chains(&["f Q, Q P, P X"], true, &[1, 0]));
    let right = h.value("inv(S)*P*A + P*inv(S)*A");
    h.line(total("f", "X", &[1, 0]), right);
    let (left, right) = (h.value("inv(S)*P*A + P*inv(S)*A"), h.value("(inv(S)*A*X + A*X*inv(S))*A"));
    h.line(left, right);
    h.over("", "n, n");
    let right = h.value("-inv(S)*dS*inv(S)*P*P + inv(S)*(dP*P + P*dP)");
    h.line(differential("Q"), right);
    h.over("", "1, 1");
    let right = h.value("tr((inv(S)*P + P*inv(S))*A*dX) - tr(inv(S)*P*P*inv(S)*dS)");
    h.line(differential("f"), right);
    h.result("X", &[1, 0], "n, m", "(inv(S)*A*X + A*X*inv(S))*A");
    h.result("S", &[1, 0], "n, n", "-inv(S)*A*X*A*X*inv(S)");
    h
}

/// A Hessian: the gradient is a piece of the second round.
pub fn hessian() -> Hand {
    let source = "A : matrix(m, n)\nx : vector(n)\nsum(exp(A*x)) + sum(log(1 + x.^2))";
    let mut h = Hand::new(source, "f", &["x"], 2);
    h.piece("e", "vector(m)", "exp(A*x)", 0);
    h.piece("q", "vector(n)", "1 + x.^2", 0);
    h.piece("f", "scalar", "sum(e) + sum(log(q))", 0);
    h.piece("g", "vector(n)", "A'*e + 2*x ./ q", 1);
    for (name, of) in [("dx", "x"), ("de", "e"), ("dg", "g")] {
        h.differential(name, of);
    }
    h.over("", "m, n");
    let right = h.value("diag(e)*A");
    h.line(local("e", "x", &[0, 1]), right);
    h.over("", "1, n");
    h.line(total("f", "x", &[0]), chains(&["f e, e x", "f q, q x"], true, &[0]));
    let (left, right) = (total("f", "x", &[0]), h.value("g'"));
    h.line(left, right);
    h.over("", "n, n");
    let right = h.value("A'*diag(e)*A + diag(2 ./ q - 4*x.^2 ./ q.^2)");
    h.line(total("g", "x", &[0, 1]), right);
    h.line(total("g", "x", &[0, 1]), chains(&["g e, e x", "g q, q x", "g x"], true, &[0, 1]));
    h.over("", "n, 1");
    let right = h.value("A'*de + (2 ./ q - 4*x.^2 ./ q.^2) .* dx");
    h.line(differential("dg"), right);
    h.result("x, x", &[0, 1], "n, n", "A'*diag(exp(A*x))*A + diag(2 ./ (1 + x.^2) - 4*x.^2 ./ (1 + x.^2).^2)");
    h
}

pub fn all() -> Vec<Hand> {
    vec![dot(), neuron(), matrices(), hessian()]
}
