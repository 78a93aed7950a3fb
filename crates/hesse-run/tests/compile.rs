//! Programs compiled, bound and called: structure, sparse patterns, views, edges.

use hesse::{Ask, Formula, Joint, Request, Want};
use hesse_run::compile::{BindOptions, Compiled};

fn joint(text: &str, asks: &[(Want, &str)]) -> Joint {
    let formula = Formula::parse(text, false).expect("a formula");
    let ask = |(want, wrt): &(Want, &str)| {
        Ask::Derivative(Request { want: *want, wrt: wrt.split(' ').filter(|w| !w.is_empty()).map(String::from).collect(), ..Request::default() })
    };
    let asks: Vec<Ask> = std::iter::once(Ask::Value(None)).chain(asks.iter().map(ask)).collect();
    formula.joint(&asks).expect("a joint program")
}

/// Numbers for the inputs of a program, different for each entry.
fn numbers(bound: &hesse_run::compile::Bound<f64>) -> Vec<Vec<f64>> {
    let of = |(k, n): (usize, usize)| (0..n).map(|i| 0.3 + (((i + 3 * k) * 7 + 5) % 11) as f64 / 8.0).collect();
    bound.layouts().iter().map(|l| l.length()).enumerate().map(of).collect()
}

/// The values of all results.
fn called(bound: &mut hesse_run::compile::Bound<f64>, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = bound.structures().iter().map(|s| vec![f64::NAN; s.values]).collect();
    let inputs: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
    let mut outputs: Vec<&mut [f64]> = values.iter_mut().map(|x| &mut x[..]).collect();
    bound.call(&inputs, &mut outputs).expect("a call");
    values
}

/// Whether these agree to rounding.
fn close(a: &[f64], b: &[f64]) -> bool {
    let scale = b.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= 1e-12 * scale)
}

/// Calls, expands every result and compares with the interpreter.
fn agrees(text: &str, asks: &[(Want, &str)], sizes: &[(&str, usize)]) -> Vec<hesse_run::structure::Structure> {
    let mut bound = Compiled::joint(&joint(text, asks)).bind::<f64>(sizes, &BindOptions::default()).expect("bound");
    let inputs = numbers(&bound);
    let values = called(&mut bound, &inputs);
    let views: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
    let want = bound.reference(&views).expect("the interpreter");
    for ((s, v), w) in bound.structures().iter().zip(&values).zip(&want) {
        let mut all = vec![f64::NAN; w.data.len()];
        s.to_dense_into(v, &mut all).expect("entries");
        assert!(close(&all, &w.data), "{:?}: {all:?} is not {:?}", s.form(), w.data);
        let (rows, columns) = s.sides();
        let csr = s.csr().expect("a pattern");
        let mut data = vec![f64::NAN; csr.count()];
        csr.fill(v, &mut data).expect("entries");
        let mut from = vec![0.0; rows * columns];
        for i in 0..rows {
            let range = csr.starts[i]..csr.starts[i + 1];
            assert!(csr.columns[range.clone()].windows(2).all(|w| w[0] < w[1]), "sorted, once each");
            range.for_each(|k| from[i * columns + csr.columns[k]] = data[k]);
        }
        assert!(close(&from, &w.data), "{:?}: {from:?} is not {:?}", s.form(), w.data);
    }
    bound.structures().to_vec()
}

#[test]
fn stacked_fields_keep_their_bands() {
    let text = std::fs::read_to_string(format!("{}/../../bench/workloads/brusselator.hesse", env!("CARGO_MANIFEST_DIR"))).expect("a file");
    let asks = [(Want::Jacobian, "a"), (Want::Jacobian, "b")];
    for n in [2, 3, 7] {
        agrees(&text, &asks, &[("n", n)]);
    }
    let n = 10_000;
    let bound = Compiled::joint(&joint(&text, &asks)).bind::<f64>(&[("n", n)], &BindOptions::default()).expect("bound");
    for s in &bound.structures()[1..] {
        assert!(s.terms.len() <= 4 && s.values <= 4 * n, "{:?}", s.terms);
        assert_eq!(s.nonzeros().expect("a count"), 4 * n - 2);
    }
}
