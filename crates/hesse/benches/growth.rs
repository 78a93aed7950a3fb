//! How the time of a derivation grows: per layer of a network, per factor of a chain of products; and what writing it out costs.
//!
//! `cargo bench -p hesse --bench growth`. The same growth in counts, which no machine disturbs, is the test `growth`.

use divan::Bencher;
use divan::counter::ItemsCount;
use hesse::{Formula, Request, Want};

mod texts;

fn main() {
    divan::main();
}

/// Differentiates, without reading the text; items are layers or factors.
fn differentiate(bencher: Bencher<'_, '_>, (text, wrt): (String, Vec<String>), want: Want, size: usize) {
    let formula = Formula::parse(&text, true).expect("a formula");
    let request = Request { wrt, want, ..Request::default() };
    bencher.counter(ItemsCount::new(size)).bench(|| formula.differentiate(&request).expect("a derivative"));
}

/// The gradient by all weights of a tanh network.
#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_gradient(bencher: Bencher<'_, '_>, layers: usize) {
    differentiate(bencher, texts::network(layers), Want::Gradient, layers);
}

/// The gradient by all factors of norm2(A1*A2*…*x)^2.
#[divan::bench(args = [2, 4, 8, 16, 32, 64])]
fn chain_gradient(bencher: Bencher<'_, '_>, factors: usize) {
    differentiate(bencher, texts::chain(factors), Want::Gradient, factors);
}

/// The Hessian by all weights times a direction.
#[divan::bench(args = [2, 4, 8, 16, 32, 64, 128])]
fn network_hessian_vector_product(bencher: Bencher<'_, '_>, layers: usize) {
    differentiate(bencher, texts::network(layers), Want::Hvp, layers);
}

/// The program of the gradient by all weights.
#[divan::bench(args = [2, 8, 32, 128])]
fn network_program(bencher: Bencher<'_, '_>, layers: usize) {
    let (text, wrt) = texts::network(layers);
    let formula = Formula::parse(&text, true).expect("a formula");
    let d = formula.differentiate(&Request { wrt, want: Want::Gradient, ..Request::default() }).expect("a derivative");
    bencher.counter(ItemsCount::new(layers)).bench(|| d.program().expect("a program"));
}

/// Reading and typing the text.
#[divan::bench(args = [2, 8, 32, 128])]
fn network_parse(bencher: Bencher<'_, '_>, layers: usize) {
    let (text, _) = texts::network(layers);
    bencher.counter(ItemsCount::new(layers)).bench(|| Formula::parse(&text, true).expect("a formula"));
}

/// One gradient written out, that of the first layer: a formula in which every layer stands again and again.
#[divan::bench(args = [2, 4, 8, 16], sample_count = 10)]
fn network_first_layer_written(bencher: Bencher<'_, '_>, layers: usize) {
    let (text, wrt) = texts::network(layers);
    let formula = Formula::parse(&text, true).expect("a formula");
    let request = Request { wrt: wrt[..1].to_vec(), want: Want::Gradient, ..Request::default() };
    bencher.counter(ItemsCount::new(layers)).bench(|| formula.derive(&request).map(|d| d.parts[0].nodes()));
}
