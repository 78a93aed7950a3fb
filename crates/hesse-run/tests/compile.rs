//! Programs compiled, bound and called: structure, sparse patterns, views, edges.

use hesse::{Ask, Formula, Joint, Request, Want};
use hesse_run::compile::{BindOptions, Compiled};
use hesse_run::structure::Form;
use hesse_run::view::View;

/// Derivatives: what, by which variables.
type Asks<'a> = &'a [(Want, &'a str)];

/// Numbers of sizes.
type Sizes<'a> = &'a [(&'a str, usize)];

fn joint(text: &str, asks: &[(Want, &str)]) -> Joint {
    let formula = Formula::parse(text, false).expect("a formula");
    let ask = |(want, wrt): &(Want, &str)| {
        Ask::Derivative(Request {
            want: *want,
            wrt: wrt.split(' ').filter(|w| !w.is_empty()).map(String::from).collect(),
            ..Request::default()
        })
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
        let mut machine = vec![f64::NAN; w.data.len()];
        s.expander::<f64>().expect("an expander").call(&[v], &mut [&mut machine]).expect("entries");
        assert!(close(&machine, &w.data), "{:?}: {machine:?} is not {:?}", s.form(), w.data);
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

#[test]
fn patterns_hold_every_form() {
    let jacobian = [(Want::Jacobian, "x")];
    let hessian = [(Want::Hessian, "x")];
    let cases: [(&str, Asks, Form); 6] = [
        ("param x : vector(n)\nexp(x) .* x", &jacobian, Form::Diagonal),
        ("param x : vector(n)\nx .* ([x[2:n]; 0] - [0; x[1:n-1]])", &jacobian, Form::Banded),
        ("param x : vector(n)\nA : matrix(n, n)\nA*x", &jacobian, Form::Dense),
        ("param x : vector(n)\nc : vector(n)\nexp(c'*x)", &hessian, Form::LowRank),
        ("param x : vector(n)\nsum(exp(x)) + sum(x)^2", &hessian, Form::Sum),
        ("param x : vector(n)\nc : vector(n)\nc'*x", &hessian, Form::Zero),
    ];
    for (text, asks, form) in cases {
        for n in [2, 3, 6] {
            let found = agrees(text, asks, &[("n", n)]);
            assert!(n < 6 || found[1].form() == form, "{text}: {}", found[1].form());
        }
    }
    agrees("param X : matrix(m, n)\nA : matrix(k, m)\nA*X", &[(Want::Jacobian, "X")], &[("m", 3), ("n", 2), ("k", 4)]);
    agrees("param X : matrix(m, n)\nA : matrix(m, m)\ntr(X'*A*X)", &[(Want::Hessian, "X")], &[("m", 3), ("n", 2)]);
    agrees("param X : matrix(m, n)\nX'", &[(Want::Jacobian, "X")], &[("m", 3), ("n", 2)]);
}

#[test]
fn transposes_and_diagonals() {
    for (text, want) in [
        ("param x : vector(n)\nx .* ([x[2:n]; 0] - [0; x[1:n-1]])", Want::Jacobian),
        ("param x : vector(n)\nA : matrix(n, n)\nA*x", Want::Jacobian),
        ("param x : vector(n)\nsum(exp(x)) + sum(x)^2", Want::Hessian),
        ("param x : vector(n)\n[x; 2*x]", Want::Jacobian),
    ] {
        let mut bound = Compiled::joint(&joint(text, &[(want, "x")])).bind::<f64>(&[("n", 5)], &BindOptions::default()).expect("bound");
        let inputs = numbers(&bound);
        let values = &called(&mut bound, &inputs)[1];
        let s = &bound.structures()[1];
        let ((rows, columns), turned) = (s.sides(), s.transposed());
        let (mut all, mut across) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
        s.to_dense_into(values, &mut all).expect("entries");
        turned.to_dense_into(values, &mut across).expect("entries");
        assert_eq!(turned.sides(), (columns, rows));
        for i in 0..rows {
            (0..columns).for_each(|j| assert_eq!(all[i * columns + j], across[j * rows + i], "{text}"));
        }
        let mut diagonal = vec![0.0; rows.min(columns)];
        s.diagonal_into(values, &mut diagonal).expect("a diagonal");
        assert!(diagonal.iter().enumerate().all(|(i, x)| *x == all[i * columns + i]), "{text}: {diagonal:?}");
        let stored = s.csr().expect("a pattern").count();
        assert_eq!(s.nonzeros().expect("a count"), stored);
        assert!(all.iter().filter(|x| **x != 0.0).count() <= stored);
    }
}

#[test]
fn a_pattern_too_large_is_refused() {
    let j = joint("param x : vector(n)\nA : matrix(n, n)\nexp(sum(x)) + sum(x.^2)", &[(Want::Hessian, "x")]);
    let bound = Compiled::joint(&j).bind::<f64>(&[("n", 1_000_000)], &BindOptions::default()).expect("bound");
    let e = bound.structures()[1].csr().expect_err("10¹² entries");
    assert!(e.code == "E609" && e.message.contains("GiB") && e.message.contains("hvp"), "{e:?}");
}

const LEAST_SQUARES: &str = "data X : matrix(N, n)\nparam w : vector(n)\nsum((X*w).^2)";

#[test]
fn views_of_any_layout() {
    let compiled = Compiled::joint(&joint(LEAST_SQUARES, &[(Want::Gradient, "w")]));
    let (rows, columns) = (5, 3);
    let x: Vec<f64> = (0..15).map(|k| 0.5 + (k * 7 % 11) as f64).collect();
    let w = [1.0, -2.0, 0.5];
    let laid = |steps: [usize; 2]| {
        let mut data = vec![f64::NAN; 4 * steps[0] + 2 * steps[1] + 1];
        (0..15).for_each(|k| data[k / 3 * steps[0] + k % 3 * steps[1]] = x[k]);
        data
    };
    let result = |steps: Option<Vec<usize>>, data: &[f64], shape: &[usize], strides: &[usize]| {
        let mut options = BindOptions::default();
        options.strides.extend(steps.map(|s| ("X".to_string(), s)));
        let mut bound = compiled.bind::<f64>(&[("N", rows), ("n", columns)], &options).expect("bound");
        let (mut value, mut gradient) = ([0.0], [0.0; 3]);
        let inputs = [View { data, shape, strides }, View::new(&w, &[3])];
        bound.call_views(&inputs, &mut [&mut value, &mut gradient]).map(|()| (value, gradient))
    };
    let want = result(None, &x, &[5, 3], &[]).expect("row-major");
    for bound_steps in [None, Some(vec![1, 5]), Some(vec![8, 2])] {
        for steps in [[3, 1], [1, 5], [8, 2], [1, 7]] {
            let got = result(bound_steps.clone(), &laid(steps), &[5, 3], &steps).expect("a call");
            assert!(close(&got.0, &want.0) && close(&got.1, &want.1), "bound {bound_steps:?}, given {steps:?}: {got:?} is not {want:?}");
        }
    }
    // One row, repeated.
    let repeated: Vec<f64> = x[..3].repeat(5);
    assert_eq!(result(None, &x[..3], &[5, 3], &[0, 1]).expect("a call"), result(None, &repeated, &[5, 3], &[]).expect("a call"));
    let wrong = |data: &[f64], shape: &[usize], strides: &[usize]| result(None, data, shape, strides).expect_err("refused");
    let e = wrong(&x, &[3, 4], &[]);
    assert_eq!((e.code, &e.message[..]), ("E501", "`X` is 3×4 but 5×3 is bound"));
    assert!(wrong(&x, &[5, 3], &[1]).message.contains("2 axes"));
    assert!(wrong(&x[..14], &[5, 3], &[]).message.contains("14 numbers"));
    assert!(wrong(&x, &[5, 3], &[usize::MAX, 1]).message.contains("reaches over"));
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    let compiled = Compiled::joint(&joint(LEAST_SQUARES, &[(Want::Gradient, "w")]));
    assert_eq!(compiled.inputs().iter().map(|i| &i.name[..]).collect::<Vec<_>>(), ["X", "w"]);
    let mut bound = compiled.bind::<f64>(&[("N", 2), ("n", 2)], &BindOptions::default()).expect("bound");
    assert_eq!(bound.names().collect::<Vec<_>>(), ["X", "w"]);
    let (x, w, mut value, mut gradient) = ([1.0; 4], [1.0; 2], [0.0], [0.0; 2]);
    let missing = bound.call(&[&x], &mut [&mut value, &mut gradient]).expect_err("one input");
    assert!(missing.code == "E501" && missing.message.contains("`X`, `w`"), "{missing}");
    let short = bound.call(&[&x[..3], &w], &mut [&mut value, &mut gradient]).expect_err("a short input");
    assert!(short.message.contains("`X` has 3 numbers") && short.message.contains("2×2"), "{short}");
    let wrong = bound.call(&[&x, &w], &mut [&mut value, &mut [0.0; 3]]).expect_err("a long output");
    assert!(wrong.code == "E501" && wrong.message.contains("has 2 values, but its buffer holds 3"), "{wrong}");
    let few = bound.call(&[&x, &w], &mut [&mut value]).expect_err("one output");
    assert!(few.message.contains("2 results"), "{few}");
    let size = compiled.bind::<f64>(&[("N", 2)], &BindOptions::default()).expect_err("no n");
    assert!(size.code == "E501" && size.message.contains("`n`"), "{size}");
    let strides = BindOptions { strides: [("X".to_string(), vec![1])].into(), ..BindOptions::default() };
    assert_eq!(compiled.bind::<f64>(&[("N", 2), ("n", 2)], &strides).expect_err("one stride").code, "E501");
}

/// The same entries, NaN where NaN is.
fn same(a: &[f64], b: &[f64]) -> bool {
    let scale = b.iter().fold(1.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
    let entry = |x: f64, y: f64| x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-12 * scale;
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| entry(*x, *y))
}

#[test]
fn a_mask_silences_what_is_not_finite() {
    let relu = "data X : matrix(N, n)\nparam w : vector(n)\nsum(max(0, X*w))";
    let net = "data X : matrix(N, n)\nparam w : vector(n)\nsum(exp(max(0, X*w)))";
    let each = "param w : vector(n)\nX : vector(n)\nsum(X .* max(0, w).^2)";
    let cases: [(&str, Want); 4] = [(relu, Want::Gradient), (net, Want::Gradient), (net, Want::Hessian), (each, Want::Hessian)];
    for (text, want) in cases {
        for (sizes, tape) in [([("N", 4), ("n", 3)], true), ([("N", 4), ("n", 3)], false), ([("N", 700), ("n", 40)], true)] {
            let options = BindOptions { tape, ..BindOptions::default() };
            let mut bound = Compiled::joint(&joint(text, &[(want, "w")])).bind::<f64>(&sizes, &options).expect("bound");
            let mut inputs = numbers(&bound);
            let (x, w) = if bound.names().next() == Some("X") { (0, 1) } else { (1, 0) };
            // Negative where it is -∞: the mask is 0 there.
            inputs[x][0] = f64::NEG_INFINITY;
            inputs[w][2] = -1.0;
            if text == each {
                inputs[w][0] = -1.0;
            }
            let values = called(&mut bound, &inputs);
            let views: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
            let reference = bound.reference(&views).expect("the interpreter");
            for ((s, v), w) in bound.structures().iter().zip(&values).zip(&reference) {
                let mut all = vec![0.0; w.data.len()];
                s.to_dense_into(v, &mut all).expect("entries");
                assert!(same(&all, &w.data), "{text}, {want:?}, {sizes:?}, tape {tape}, {}: {all:?} is not {:?}", s.form(), w.data);
            }
            assert!(reference[1].data.iter().all(|x| x.is_finite()), "{text}: the mask silences");
        }
    }
}

#[test]
fn nothing_a_number_or_an_integer() {
    // No rows: sums are 0, shapes are kept.
    let asks = [(Want::Gradient, "w"), (Want::Hessian, "w")];
    let mut bound =
        Compiled::joint(&joint(LEAST_SQUARES, &asks)).bind::<f64>(&[("N", 0), ("n", 3)], &BindOptions::default()).expect("bound");
    let (mut value, mut gradient, mut hessian) = ([f64::NAN], [f64::NAN; 3], vec![f64::NAN; bound.structures()[2].values]);
    bound.call(&[&[], &[1.0, 2.0, 3.0]], &mut [&mut value, &mut gradient, &mut hessian]).expect("a call");
    assert_eq!((value, gradient), ([0.0], [0.0; 3]));
    let mut all = [f64::NAN; 9];
    bound.structures()[2].to_dense_into(&hessian, &mut all).expect("entries");
    assert_eq!(all, [0.0; 9]);
    for tape in [true, false] {
        for text in ["x : vector(n)\nmaximum(x)", "x : vector(n)\n1 + 2*minimum(exp(x))"] {
            let compiled = Compiled::joint(&joint(text, &[]));
            let options = BindOptions { tape, ..BindOptions::default() };
            let mut bound = compiled.bind::<f64>(&[("n", 0)], &options).expect("bound");
            let e = bound.call(&[&[]], &mut [&mut [0.0]]).expect_err("the largest of nothing");
            assert_eq!(e.code, "E502", "{text}, tape {tape}");
        }
    }
    // 1×1, and whole numbers as f64.
    for text in [LEAST_SQUARES, "data X : matrix(N, n)\nparam w : vector(n)\nsum(exp(X*w)) + logdet(X'*X + 1)"] {
        agrees(text, &asks, &[("N", 1), ("n", 1)]);
    }
    let mut bound = Compiled::joint(&joint(LEAST_SQUARES, &[])).bind::<f64>(&[("N", 2), ("n", 1)], &BindOptions::default()).expect("bound");
    bound.call(&[&[3.0, -4.0], &[2.0]], &mut [&mut value]).expect("a call");
    assert_eq!(value, [100.0]);
}

#[test]
fn what_is_not_a_number_goes_where_the_interpreter_has_it() {
    let formulas = [
        ("data X : matrix(N, n)\nparam w : vector(n)\n(X*w) .* exp(X*w)", Want::Jacobian),
        ("data X : matrix(N, n)\nparam w : vector(n)\nsum(log(1 + exp(X*w)))", Want::Hessian),
        ("data X : matrix(N, n)\nparam w : vector(n)\nsum(max(X*w, 0))", Want::Gradient),
        ("data X : matrix(N, n)\nparam w : vector(n)\nw .* w", Want::Jacobian),
    ];
    for (text, want) in formulas {
        for (sizes, tape) in [([("N", 3), ("n", 2)], true), ([("N", 3), ("n", 2)], false), ([("N", 600), ("n", 33)], true)] {
            let options = BindOptions { tape, ..BindOptions::default() };
            let mut bound = Compiled::joint(&joint(text, &[(want, "w")])).bind::<f64>(&sizes, &options).expect("bound");
            let mut inputs = numbers(&bound);
            for k in 0..inputs.len() {
                let kept = std::mem::replace(&mut inputs[k][1], f64::NAN);
                let values = called(&mut bound, &inputs);
                let views: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
                let reference = bound.reference(&views).expect("the interpreter");
                for ((s, v), w) in bound.structures().iter().zip(&values).zip(&reference) {
                    let mut all = vec![0.0; w.data.len()];
                    s.to_dense_into(v, &mut all).expect("entries");
                    assert!(same(&all, &w.data), "{text}, {sizes:?}, tape {tape}, input {k}: {all:?} is not {:?}", w.data);
                }
                inputs[k][1] = kept;
            }
        }
    }
}

const LOGISTIC: &str = "data X : matrix(N, n)\ndata y : vector(N)\nparam w : vector(n)\nsum(log1p(exp(-y .* (X*w))))";

#[test]
fn threads_do_not_change_a_bit() {
    let asks = [(Want::Gradient, "w"), (Want::Hessian, "w")];
    let compiled = Compiled::joint(&joint(LOGISTIC, &asks));
    let run = |threads| {
        let options = BindOptions { threads, ..BindOptions::default() };
        let mut bound = compiled.bind::<f64>(&[("N", 20_000), ("n", 24)], &options).expect("bound");
        let inputs = numbers(&bound);
        called(&mut bound, &inputs).concat().into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let one = run(1);
    assert!([2, 3].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn calls_allocate_nothing() {
    let cases: [(&str, Asks, Sizes); 5] = [
        // A tape; a pass with rows, in one piece; products of matrices; a band; several parts in one result.
        (LEAST_SQUARES, &[(Want::Gradient, "w")], &[("N", 4), ("n", 4)]),
        (LOGISTIC, &[(Want::Gradient, "w")], &[("N", 500), ("n", 20)]),
        ("param A, B : matrix(n, n)\nsum(exp(A*B))", &[(Want::Gradient, "A B")], &[("n", 40)]),
        ("param x : vector(n)\nx .* ([x[2:n]; 0] - [0; x[1:n-1]])", &[(Want::Jacobian, "x")], &[("n", 5000)]),
        ("param x : vector(n)\nsum(exp(x)) + exp(sum(x)/100)", &[(Want::Hessian, "x")], &[("n", 5000)]),
    ];
    for (text, asks, sizes) in cases {
        let options = BindOptions { threads: 1, ..BindOptions::default() };
        let mut bound = Compiled::joint(&joint(text, asks)).bind::<f64>(sizes, &options).expect("bound");
        let inputs = numbers(&bound);
        let mut values: Vec<Vec<f64>> = bound.structures().iter().map(|s| vec![0.0; s.values]).collect();
        let inputs: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
        let mut outputs: Vec<&mut [f64]> = values.iter_mut().map(|x| &mut x[..]).collect();
        bound.call(&inputs, &mut outputs).expect("a call");
        let counted = allocation_counter::measure(|| bound.call(&inputs, &mut outputs).expect("a call"));
        assert_eq!(counted.count_total, 0, "{text}");
        let s = bound.structures().last().expect("a result");
        if s.values < 20_000 && s.nonzeros().expect("a count") < 20_000 {
            let csr = s.csr().expect("a pattern");
            let mut data = vec![0.0; csr.count()];
            let counted = allocation_counter::measure(|| csr.fill(&outputs[outputs.len() - 1][..], &mut data).expect("entries"));
            assert_eq!(counted.count_total, 0, "{text}");
        }
    }
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    let options = BindOptions { memory: 1 << 20, threads: 1, ..BindOptions::default() };
    for text in ["param A, B : matrix(n, n)\nsum(exp(A*B))", "param A : matrix(n, n)\nlogdet(A*A + A)"] {
        let compiled = Compiled::joint(&joint(text, &[(Want::Gradient, "A")]));
        let mut refused = None;
        let counted = allocation_counter::measure(|| refused = compiled.bind::<f64>(&[("n", 4000)], &options).err());
        let e = refused.expect("128 MB are more than 1");
        assert!(e.code == "E609" && e.message.contains("GiB"), "{e:?}");
        assert!(counted.bytes_max < 1 << 20, "{} bytes", counted.bytes_max);
    }
}

#[test]
fn long_sums_in_single_precision() {
    let compiled = Compiled::joint(&joint("data x : vector(N)\nparam c : scalar\nsum(c*x)", &[(Want::Gradient, "c")]));
    let n = 1_000_000;
    let x: Vec<f32> = (0..n).map(|k| 0.1 + ((k * 7919) % 1000) as f32 / 1000.0).collect();
    let want: f64 = x.iter().map(|x| f64::from(*x)).sum();
    for threads in [1, 2] {
        let options = BindOptions { threads, ..BindOptions::default() };
        let mut bound = compiled.bind::<f32>(&[("N", n)], &options).expect("bound");
        let (mut value, mut gradient) = ([0.0f32], [0.0f32]);
        let inputs: Vec<&[f32]> = bound.layouts().iter().map(|l| if l.name == "x" { &x[..] } else { &[1.0][..] }).collect();
        bound.call(&inputs, &mut [&mut value, &mut gradient]).expect("a call");
        for got in [value[0], gradient[0]] {
            assert!((f64::from(got) - want).abs() <= 1e-6 * want, "{got} is not {want}");
        }
    }
}

#[test]
fn factors_that_cannot_tell_are_refused() {
    // (m .* c)·(m .* c)': a 0 of the mask m meets an infinite c when the factors are multiplied.
    let text = "param w : vector(n)\nc : vector(n)\nsum(max(0, c .* w))^2";
    let compiled = Compiled::joint(&joint(text, &[(Want::Hessian, "w")]));
    for dense in [false, true] {
        let options = BindOptions { dense, ..BindOptions::default() };
        let mut bound = compiled.bind::<f64>(&[("n", 4)], &options).expect("bound");
        let w = [1.0, -1.0, 2.0, 1.0];
        let c = [f64::INFINITY, 1.0, 1.0, f64::NEG_INFINITY];
        let inputs: Vec<&[f64]> = bound.names().map(|name| if name == "w" { &w[..] } else { &c[..] }).collect();
        let want = bound.reference(&inputs).expect("the interpreter");
        let mut values: Vec<Vec<f64>> = bound.structures().iter().map(|s| vec![0.0; s.values]).collect();
        let mut outputs: Vec<&mut [f64]> = values.iter_mut().map(|x| &mut x[..]).collect();
        let done = bound.call(&inputs, &mut outputs);
        if dense {
            done.expect("a call");
            assert!(want[1].data.contains(&0.0) && same(&values[1], &want[1].data), "{values:?} is not {want:?}");
        } else {
            assert_eq!(bound.structures()[1].form(), Form::LowRank);
            let e = done.expect_err("refused");
            assert!(e.code == "E502" && e.message.contains("dense"), "{e:?}");
        }
    }
}

#[test]
fn every_workload_agrees_with_the_interpreter() {
    let folder = format!("{}/../../bench/workloads", env!("CARGO_MANIFEST_DIR"));
    let mut compared = 0;
    for file in std::fs::read_dir(folder).expect("the workloads").map(|f| f.expect("a file").path()) {
        if file.extension().is_none_or(|e| e != "hesse") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a text");
        let formula = Formula::parse(&text, true).expect("a formula");
        let value = formula.joint(&[Ask::Value(None)]).expect("a value").program;
        for input in &value.inputs {
            for want in [Want::Derivative, Want::Hessian] {
                let request = Request { want, wrt: vec![input.name.clone()], ..Request::default() };
                let Ok(joint) = formula.joint(&[Ask::Value(None), Ask::Derivative(request)]) else { continue };
                let sizes: Vec<(&str, usize)> = joint.program.sizes.iter().enumerate().map(|(k, s)| (&s[..], 5 - k.min(2))).collect();
                let mut bound = Compiled::joint(&joint).bind::<f64>(&sizes, &BindOptions::default()).expect("bound");
                // Small, of either sign: nothing saturates.
                let inputs: Vec<Vec<f64>> = numbers(&bound).iter().map(|x| x.iter().map(|x| x / 4.0 - 0.2).collect()).collect();
                let values = called(&mut bound, &inputs);
                let views: Vec<&[f64]> = inputs.iter().map(|x| &x[..]).collect();
                let reference = bound.reference(&views).expect("the interpreter");
                for ((s, v), w) in bound.structures().iter().zip(&values).zip(&reference) {
                    let mut all = vec![0.0; w.data.len()];
                    s.to_dense_into(v, &mut all).expect("entries");
                    let scale = w.data.iter().fold(1.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
                    let near = |(x, y): (&f64, &f64)| (x - y).abs() <= 1e-10 * scale || (x.is_nan() && y.is_nan());
                    assert!(
                        all.iter().zip(&w.data).all(near),
                        "{} by {}, {want:?}: {all:?} is not {:?}",
                        file.display(),
                        input.name,
                        w.data
                    );
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared}");
}

/// Rows that are too few.
struct Short;

impl hesse_run::Rows<f64> for Short {
    fn with(&self, _: usize, rows: std::ops::Range<usize>, look: &mut dyn FnMut(&[f64])) -> Result<(), hesse_run::RunError> {
        look(&vec![1.0; rows.len()]);
        Ok(())
    }
}

#[test]
fn what_was_never_given_is_refused() {
    let text = "data X : matrix(N, n)\nparam w : vector(n)\nsum((X*w).^2)";
    let compiled = Compiled::joint(&Formula::parse(text, false).expect("typed").joint(&[Ask::Value(None)]).expect("derived"));
    let mut value = [0.0];
    let options = BindOptions { streamed: vec!["X".into()], ..BindOptions::default() };
    let mut bound = compiled.bind::<f64>(&[("N", 5000), ("n", 2)], &options).expect("bound");
    let short = bound.stream(&[&[], &[1.0, 2.0]], &Short, &mut [&mut value]).expect_err("too few");
    assert!(short.message.contains("`X`") && short.code == "E501", "{short}");
    assert!(bound.call(&[&[], &[1.0, 2.0]], &mut [&mut value]).is_err());
    let options = BindOptions { constant: vec!["X".into()], ..BindOptions::default() };
    let mut bound = compiled.bind::<f64>(&[("N", 2), ("n", 2)], &options).expect("bound");
    let x: [&[f64]; 2] = [&[1.0, 0.0, 0.0, 1.0], &[1.0, 2.0]];
    assert!(bound.call(&x, &mut [&mut value]).expect_err("not fixed").message.contains("fix"));
    bound.fix(&x).expect("fixed");
    bound.call(&x, &mut [&mut value]).expect("called");
    assert_eq!(value, [5.0]);
}
