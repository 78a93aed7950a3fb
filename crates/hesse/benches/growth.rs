//! Growth: deriving must cost time linear in the formula. `cargo bench -p hesse` prints the medians; per layer they are flat.

use hesse::{Formula, Request, Want};

fn main() {
    divan::main();
}

/// An L-layer tanh network with its squared error, and the names of its weights.
fn network(layers: usize) -> (Formula, Vec<String>) {
    let mut text = String::from("data x : vector(n)\ndata y : vector(n)\n");
    let mut weights = vec![];
    for k in 1..=layers {
        text += &format!("param W{k} : matrix(n, n)\nparam b{k} : vector(n)\n");
        weights.extend([format!("W{k}"), format!("b{k}")]);
    }
    text += "h0 = x\n";
    for k in 1..=layers {
        text += &format!("h{k} = tanh(W{k}*h{} + b{k})\n", k - 1);
    }
    text += &format!("C = norm2(h{layers} - y)^2\n");
    (Formula::parse(&text, true).expect("the network is a formula"), weights)
}

/// norm2(A1*A2*…*Ak*x)^2 and the names of its matrices.
fn chain(factors: usize) -> (Formula, Vec<String>) {
    let names: Vec<String> = (1..=factors).map(|k| format!("A{k}")).collect();
    let mut text = String::from("data x : vector(n)\n");
    for name in &names {
        text += &format!("param {name} : matrix(n, n)\n");
    }
    text += &format!("C = norm2({}*x)^2\n", names.join("*"));
    (Formula::parse(&text, true).expect("the chain is a formula"), names)
}

fn gradient(wrt: &[String]) -> Request {
    Request { wrt: wrt.to_vec(), ..Request::default() }
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_gradient(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = network(layers);
    bencher.bench(|| formula.differentiate(&gradient(&weights)).expect("a gradient").nodes());
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_gradient_program(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = network(layers);
    let derived = formula.differentiate(&gradient(&weights)).expect("a gradient");
    bencher.bench(|| derived.program().expect("a program"));
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64])]
fn chain_gradient(bencher: divan::Bencher, factors: usize) {
    let (formula, names) = chain(factors);
    bencher.bench(|| formula.differentiate(&gradient(&names)).expect("a gradient").nodes());
}

#[divan::bench(args = [2, 4, 8, 16, 32])]
fn network_hessian_vector_product(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = network(layers);
    let request = Request { wrt: vec![weights[0].clone()], want: Want::Hvp, ..Request::default() };
    bencher.bench(|| formula.differentiate(&request).expect("a product").nodes());
}

/// The README's formula, derived and written.
#[divan::bench]
fn neuron_loss(bencher: divan::Bencher) {
    bencher.bench(|| {
        let formula = Formula::parse("sum((y - max(0, X*w + b)).^2)/N", false).expect("a formula");
        formula.derive(&gradient(&["w".to_string(), "b".to_string()])).expect("a gradient").parts[0].plain()
    });
}
