//! Growth: deriving must cost time linear in the formula. `cargo bench -p hesse` prints the medians; per layer they are flat.

#[path = "../tests/formulas/mod.rs"]
mod formulas;

use formulas::{chain, network, network_of_input};
use hesse::{Ask, Formula, Request, Want};

fn main() {
    divan::main();
}

fn parsed((text, names): (String, Vec<String>)) -> (Formula, Vec<String>) {
    (Formula::parse(&text, true).expect("a formula"), names)
}

fn gradient(wrt: &[String]) -> Request {
    Request { wrt: wrt.to_vec(), ..Request::default() }
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_gradient(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = parsed(network(layers));
    bencher.bench(|| formula.differentiate(&gradient(&weights)).expect("a gradient").nodes());
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_gradient_program(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = parsed(network(layers));
    let derived = formula.differentiate(&gradient(&weights)).expect("a gradient");
    bencher.bench(|| derived.program().expect("a program"));
}

#[divan::bench(args = [2, 4, 8, 16, 32, 64])]
fn chain_gradient(bencher: divan::Bencher, factors: usize) {
    let (formula, names) = parsed(chain(factors));
    bencher.bench(|| formula.differentiate(&gradient(&names)).expect("a gradient").nodes());
}

#[divan::bench(args = [2, 4, 8, 16, 32])]
fn network_hessian_vector_product(bencher: divan::Bencher, layers: usize) {
    let (formula, weights) = parsed(network(layers));
    let request = Request { wrt: vec![weights[0].clone()], want: Want::Hvp, ..Request::default() };
    bencher.bench(|| formula.differentiate(&request).expect("a product").nodes());
}

/// The second derivative by the input: CasADi's MX takes 0.4 to 1.6 ms for 2 to 16 layers.
#[divan::bench(args = [2, 4, 8, 16])]
fn network_hessian(bencher: divan::Bencher, layers: usize) {
    let formula = Formula::parse(&network_of_input(layers), true).expect("a formula");
    let request = Request { want: Want::Hessian, ..Request::default() };
    bencher.bench(|| formula.differentiate(&request).expect("a Hessian").nodes());
}

#[divan::bench(args = [2, 4, 8, 16])]
fn network_joint_program(bencher: divan::Bencher, layers: usize) {
    let formula = Formula::parse(&network_of_input(layers), true).expect("a formula");
    let asks = [Ask::Value(None), Ask::Derivative(Request { want: Want::Hessian, ..Request::default() })];
    bencher.bench(|| formula.joint(&asks).expect("a program"));
}

/// The README's formula, derived and written.
#[divan::bench]
fn neuron_loss(bencher: divan::Bencher) {
    bencher.bench(|| {
        let formula = Formula::parse("sum((y - max(0, X*w + b)).^2)/N", false).expect("a formula");
        formula.derive(&gradient(&["w".to_string(), "b".to_string()])).expect("a gradient").parts[0].plain()
    });
}
