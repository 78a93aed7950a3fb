//! W10: a run reads a net or a chain of matrices and derives it.

use crate::engine::{self, Inputs, Output};
use hesse::{Derived, Error, Formula, Request, Want};

/// A family of formulas that grow with a depth.
#[derive(Debug)]
pub struct Derivation {
    text: String,
    request: Request,
    inputs: Inputs,
    derived: Option<Derived>,
}

impl Derivation {
    /// `f=net` or `f=chain`, `op=g` or `op=h`.
    pub fn new(net: bool, hessian: bool, depth: usize, inputs: Inputs) -> Self {
        let (text, wrt) = if net { (net_text(depth), vec!["x".to_string()]) } else { chain(depth) };
        let want = if hessian { Want::Hessian } else { Want::Gradient };
        Derivation { text, request: Request { wrt, want, ..Request::default() }, inputs, derived: None }
    }

    /// Reads and derives.
    pub fn run(&mut self) -> Result<(), Error> {
        self.derived = Some(Formula::parse(&self.text, false)?.differentiate(&self.request)?);
        Ok(())
    }

    /// The derivative at the given numbers.
    pub fn results(&self) -> Result<Vec<Output>, Error> {
        self.derived.as_ref().map_or(Ok(vec![]), |derived| engine::value(derived, &self.inputs))
    }

    /// Distinct nodes of the derivative.
    pub fn nodes(&self) -> usize {
        self.derived.as_ref().map_or(0, Derived::nodes)
    }
}

/// sum(tanh(W_k*tanh(…*x)))
fn net_text(depth: usize) -> String {
    let mut text = "param x : vector(n)\n".to_string();
    for k in 1..=depth {
        text.push_str(&format!("data W{k} : matrix(n, n)\n"));
    }
    let mut before = "x".to_string();
    for k in 1..=depth {
        text.push_str(&format!("h{k} = tanh(W{k}*{before})\n"));
        before = format!("h{k}");
    }
    text + &format!("sum({before})\n")
}

/// a'*A_1*…*A_k*b, and the names of the matrices.
fn chain(depth: usize) -> (String, Vec<String>) {
    let names: Vec<String> = (1..=depth).map(|k| format!("A{k}")).collect();
    (format!("a, b : vector(n)\n{} : matrix(n, n)\na'*{}*b\n", names.join(", "), names.join("*")), names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_grow_with_the_depth_by_the_same_number() {
        let nodes = |depth| {
            let mut work = Derivation::new(true, true, depth, Inputs::default());
            work.run().unwrap();
            work.nodes()
        };
        let n: Vec<usize> = [4, 8, 12].map(nodes).to_vec();
        assert_eq!(n[2] - n[1], n[1] - n[0], "{n:?}");
    }

    #[test]
    fn a_chain_is_derived_by_every_matrix() {
        let mut work = Derivation::new(false, false, 3, Inputs::default());
        work.run().unwrap();
        assert_eq!(work.request.wrt, ["A1", "A2", "A3"]);
        assert!(work.nodes() > 3);
    }
}
