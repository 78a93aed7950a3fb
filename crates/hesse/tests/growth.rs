//! Deriving costs work and nodes linear in the formula: counted, not timed.

mod formulas;

use formulas::{chain, network, network_of_input};
use hesse::{Ask, Derived, Formula, Request, Want};

fn derived(text: &str, request: &Request) -> Derived {
    Formula::parse(text, true).and_then(|f| f.differentiate(request)).unwrap_or_else(|e| panic!("{e}"))
}

/// Per layer, over sizes: no value is more than twice another.
fn assert_flat(what: &str, per_layer: &[f64]) {
    let (low, high) = per_layer.iter().fold((f64::MAX, 0.0f64), |(l, h), x| (l.min(*x), h.max(*x)));
    assert!(low > 0.0 && high <= 2.0 * low, "{what} per layer: {per_layer:.1?}");
}

#[test]
fn gradients_grow_linearly() {
    for (name, formula, sizes) in [
        ("network", network as fn(usize) -> (String, Vec<String>), &[2, 4, 8, 16, 32, 64, 128][..]),
        // A short chain is one flat product; from 8 factors on it grows by adjoints.
        ("chain", chain, &[8, 16, 32, 64][..]),
    ] {
        let (mut nodes, mut work, mut steps) = (vec![], vec![], vec![]);
        for &size in sizes {
            let (text, wrt) = formula(size);
            let d = derived(&text, &Request { wrt, ..Request::default() });
            let per_layer = |x: usize| x as f64 / size as f64;
            nodes.push(per_layer(d.nodes()));
            work.push(per_layer(usize::try_from(d.work()).expect("a count")));
            steps.push(per_layer(d.program().expect("a program").steps.len()));
        }
        assert_flat(&format!("{name}: nodes"), &nodes);
        assert_flat(&format!("{name}: work"), &work);
        assert_flat(&format!("{name}: steps of the program"), &steps);
    }
}

#[test]
fn hessian_vector_products_grow_linearly() {
    let (mut nodes, mut work) = (vec![], vec![]);
    for layers in [2, 4, 8, 16, 32, 64] {
        let (text, weights) = network(layers);
        let d = derived(&text, &Request { wrt: vec![weights[0].clone()], want: Want::Hvp, ..Request::default() });
        nodes.push(d.nodes() as f64 / layers as f64);
        work.push(d.work() as f64 / layers as f64);
    }
    assert_flat("nodes", &nodes);
    assert_flat("work", &work);
}

#[test]
fn hessians_of_networks_grow_linearly() {
    let (mut nodes, mut work, mut steps) = (vec![], vec![], vec![]);
    for layers in [4, 8, 16, 32, 64] {
        let text = network_of_input(layers);
        let request = Request { want: Want::Hessian, ..Request::default() };
        let d = derived(&text, &request);
        nodes.push(d.nodes() as f64 / layers as f64);
        work.push(d.work() as f64 / layers as f64);
        let joint = Formula::parse(&text, true).and_then(|f| f.joint(&[Ask::Value(None), Ask::Derivative(request)]));
        steps.push(joint.unwrap_or_else(|e| panic!("{e}")).program.steps.len() as f64 / layers as f64);
    }
    assert_flat("nodes", &nodes);
    assert_flat("work", &work);
    assert_flat("steps of the joint program", &steps);
}
