//! A case: a text with declarations, functions and definitions, and what is asked of it.

use super::tree::{Shape, Tree, words};
use hesse::{Elimination, Layout, Request, Want};

/// Declared variables: name, type with properties, shape.
pub fn variables() -> Vec<(&'static str, &'static str, Shape)> {
    vec![
        ("s", "scalar", Shape::scalar()),
        ("t", "scalar", Shape::scalar()),
        ("c", "scalar", Shape::scalar()),
        ("p", "scalar > 0", Shape::scalar()),
        ("x", "vector(n)", Shape::column("n")),
        ("y", "vector(n)", Shape::column("n")),
        ("u", "vector(n) > 0", Shape::column("n")),
        ("z", "vector(m)", Shape::column("m")),
        ("q", "vector(n + 1)", Shape::column("n + 1")),
        ("w", "vector(3)", Shape::column("3")),
        ("r", "rowvector(n)", Shape::row("n")),
        ("A", "matrix(m, n)", Shape::matrix("m", "n")),
        ("B", "matrix(n, k)", Shape::matrix("n", "k")),
        ("C", "matrix(m, n)", Shape::matrix("m", "n")),
        ("X", "matrix(n, n)", Shape::matrix("n", "n")),
        ("S", "symmetric(n) spd", Shape::matrix("n", "n")),
        ("W", "matrix(3, 3)", Shape::matrix("3", "3")),
        ("D", "diagonal(n)", Shape::matrix("n", "n")),
        ("v", "vector(m*n)", Shape::new(&["m", "n"], &[])),
    ]
}

/// The variable that nothing is derived by: what functions without a slope are called with.
pub const CONSTANT: &str = "c";

/// User functions that templates call, with their definitions.
pub const FUNCTIONS: &[(&str, &str)] = &[
    ("f1", "f1(a) = sin(a) + a.^2/2"),
    ("f2", "f2(a; b = 2) = b*log(1 + a.^2)"),
    ("f3", "f3(a) = a*a'"),
    ("f4", "f4(M, a) = tanh(M*a) .* 2"),
];

/// A formula and a request.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    /// Named sub-expressions, in order.
    pub definitions: Vec<(String, Tree)>,
    pub target: Tree,
    pub wrt: String,
    pub wrt2: Option<String>,
    pub want: Want,
}

impl Case {
    /// Definitions that the target reads, in order.
    pub fn needed(&self) -> Vec<&(String, Tree)> {
        let mut needed: Vec<&(String, Tree)> = vec![];
        for d in self.definitions.iter().rev() {
            if self.target.names(&d.0) || needed.iter().any(|n| n.1.names(&d.0)) {
                needed.insert(0, d);
            }
        }
        needed
    }

    /// The trees that are written.
    pub fn trees(&self) -> Vec<&Tree> {
        self.needed().into_iter().map(|d| &d.1).chain([&self.target]).collect()
    }

    /// The text of the formula.
    pub fn text(&self) -> String {
        let mut body: Vec<String> = self.needed().iter().map(|(name, tree)| format!("{name} = {}", tree.write())).collect();
        body.push(self.target.write());
        let used: Vec<&str> = body.iter().flat_map(|line| words(line)).collect();
        let mut lines = vec![];
        for (name, of, _) in variables() {
            if used.contains(&name) || self.wrt == name || self.wrt2.as_deref() == Some(name) {
                lines.push(format!("{name} : {of}"));
            }
        }
        // A size that no variable has must come from somewhere: sizes are those of the declarations.
        for size in ["m", "n", "k"] {
            let declared = lines.iter().any(|l| l.split_once(" : ").is_some_and(|(_, of)| words(of).any(|w| w == size)));
            if !declared && used.contains(&size) {
                let (name, of, _) = variables().into_iter().find(|v| words(v.1).any(|w| w == size)).expect("a variable of that size");
                lines.push(format!("{name} : {of}"));
            }
        }
        lines.extend(FUNCTIONS.iter().filter(|f| used.contains(&f.0)).map(|f| f.1.to_string()));
        lines.extend(body);
        lines.join("\n")
    }

    /// The variables of differentiation, one per order.
    pub fn order(&self) -> Vec<String> {
        let mut order = vec![self.wrt.clone()];
        if self.want == Want::Hessian {
            order.push(self.wrt2.clone().unwrap_or_else(|| self.wrt.clone()));
        }
        order
    }

    pub fn request(&self, elimination: Elimination, layout: Layout) -> Request {
        Request { wrt: vec![self.wrt.clone()], wrt2: self.wrt2.clone(), want: self.want, layout, elimination, ..Request::default() }
    }

    /// Whether a target of that shape may be asked the same.
    pub fn admits(&self, shape: &Shape) -> bool {
        match self.want {
            Want::Gradient | Want::Hessian => shape.is_scalar(),
            Want::Jacobian => shape.is_vector(),
            _ => true,
        }
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}: {:?} by {}", self.seed, self.want, self.order().join(", "))?;
        self.text().lines().try_for_each(|line| write!(f, "\n    {line}"))
    }
}
