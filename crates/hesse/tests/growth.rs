//! Work grows with the formula and no faster: counted in nodes and fuel, which are the same on every machine.

use hesse::{Differentiated, Elimination, Formula, Request, Want};

#[path = "../benches/texts/mod.rs"]
mod texts;

fn differentiated(text: &str, wrt: &[String], want: Want, elimination: Elimination) -> Differentiated {
    let formula = Formula::parse(text, true).unwrap_or_else(|e| panic!("{e}"));
    formula.differentiate(&Request { wrt: wrt.to_vec(), want, elimination, ..Request::default() }).unwrap_or_else(|e| panic!("{e}"))
}

/// Nodes, fuel and program steps per unit of size must not differ by more than a factor of 2 over all sizes.
fn flat(what: &str, sizes: &[usize], make: impl Fn(usize) -> Differentiated) {
    let mut per: Vec<[f64; 3]> = vec![];
    for &n in sizes {
        let d = make(n);
        let steps = d.program().unwrap_or_else(|e| panic!("{e}")).steps.len();
        per.push([d.nodes() as f64, d.spent() as f64, steps as f64].map(|x| x / n as f64));
        println!("{what} {n:>4}: {:8} nodes {:9} fuel {steps:7} steps, per unit {:.1?}", d.nodes(), d.spent(), per[per.len() - 1]);
    }
    for (k, count) in ["nodes", "fuel", "steps"].iter().enumerate() {
        let (least, most) = per.iter().fold((f64::MAX, 0.0f64), |(a, b), p| (a.min(p[k]), b.max(p[k])));
        assert!(most <= 2.0 * least, "{what}: {count} per unit between {least:.1} and {most:.1}");
    }
}

#[test]
fn gradients_of_networks_are_linear_in_layers() {
    for elimination in [Elimination::Automatic, Elimination::Reverse] {
        flat("network", &[8, 16, 32, 64, 128], |layers| {
            let (text, weights) = texts::network(layers);
            differentiated(&text, &weights, Want::Gradient, elimination)
        });
    }
}

#[test]
fn gradients_of_chains_of_products_are_linear_in_factors() {
    flat("chain", &[8, 16, 32, 64], |factors| {
        let (text, matrices) = texts::chain(factors);
        differentiated(&text, &matrices, Want::Gradient, Elimination::Automatic)
    });
}

#[test]
fn hessian_vector_products_are_linear_in_layers() {
    flat("products with a direction", &[8, 16, 32, 64, 128], |layers| {
        let (text, weights) = texts::network(layers);
        differentiated(&text, &weights, Want::Hvp, Elimination::Automatic)
    });
}
