//! Named values find their sizes; what does not fit is named with both shapes.

mod common;

use common::Builder;
use hesse::program::program::{Op, Program};
use hesse_run::bind::{Bindings, Tensor, bind, evaluate};
use std::collections::BTreeMap;

/// Inputs only: `("A", 1, "m n")`.
fn reads(inputs: &[(&str, usize, &str)]) -> Program {
    let mut b = Builder::new();
    for (name, rows, axes) in inputs {
        b.input(name, *rows, axes);
    }
    let zero = b.push(Op::Constant(0.0), vec![], false);
    b.output(zero)
}

fn values(list: &[(&str, Tensor)]) -> Bindings {
    list.iter().map(|(n, t)| (n.to_string(), t.clone())).collect()
}

fn zeros(rows: usize, cols: usize) -> Tensor {
    Tensor::matrix(rows, cols, vec![0.0; rows * cols])
}

fn sizes(program: &Program, list: &[(&str, Tensor)]) -> Result<BTreeMap<String, usize>, String> {
    match bind(program, &values(list), &BTreeMap::new()) {
        Ok(bound) => Ok(program.sizes.iter().cloned().zip(bound.sizes).collect()),
        Err(e) => Err(e.to_string()),
    }
}

#[test]
fn sizes_follow_from_shapes() {
    let p = reads(&[("A", 1, "m n"), ("x", 1, "n"), ("r", 0, "m"), ("s", 0, "")]);
    let got = sizes(&p, &[("A", zeros(2, 3)), ("x", Tensor::flat(vec![0.0; 3])), ("r", zeros(1, 2)), ("s", 1.0.into())]).unwrap();
    assert_eq!((got["m"], got["n"]), (2, 3));
    // Sums and products: the plain names first, wherever they stand.
    let p = reads(&[("K", 1, "m*n m*n"), ("y", 1, "n+1"), ("x", 1, "2*m")]);
    let got = sizes(&p, &[("K", zeros(6, 6)), ("y", zeros(4, 1)), ("x", zeros(4, 1))]).unwrap();
    assert_eq!((got["m"], got["n"]), (2, 3));
    // Several axes as rows.
    let p = reads(&[("K", 2, "m n m n"), ("x", 1, "n")]);
    let got = sizes(&p, &[("K", zeros(6, 6)), ("x", zeros(3, 1))]).unwrap();
    assert_eq!((got["m"], got["n"]), (2, 3));
    // Nothing in it.
    assert_eq!(sizes(&reads(&[("x", 1, "n")]), &[("x", Tensor::flat(vec![]))]).unwrap()["n"], 0);
}

#[test]
fn what_does_not_fit_is_named() {
    let p = reads(&[("A", 1, "m n"), ("x", 1, "n")]);
    let e = sizes(&p, &[("A", zeros(2, 3))]).unwrap_err();
    assert!(e.contains("E501") && e.contains("`x` has no value") && e.contains("n×1"), "{e}");
    let e = sizes(&p, &[("A", zeros(2, 3)), ("x", zeros(4, 1))]).unwrap_err();
    assert!(e.contains("E203") && (e.contains("4×1") || e.contains("2×3")), "{e}");
    let e = sizes(&p, &[("A", zeros(2, 3)), ("x", Tensor::flat(vec![0.0; 4]))]).unwrap_err();
    assert!(e.contains("E203") && e.contains("a list of 4"), "{e}");
    // A row where a column is declared.
    let e = sizes(&reads(&[("x", 1, "n")]), &[("x", zeros(1, 3))]).unwrap_err();
    assert!(e.contains("E501") && e.contains("1×3") && e.contains("n×1"), "{e}");
    // A list for a matrix.
    let e = sizes(&reads(&[("A", 1, "n n")]), &[("A", Tensor::flat(vec![0.0; 4]))]).unwrap_err();
    assert!(e.contains("E501") && e.contains("n×n"), "{e}");
    let e = sizes(&reads(&[("A", 1, "n n")]), &[("A", zeros(2, 3))]).unwrap_err();
    assert!(e.contains("E203") && e.contains("2×3") && e.contains("n×n"), "{e}");
    let e = sizes(&reads(&[("x", 1, "2*n")]), &[("x", zeros(3, 1))]).unwrap_err();
    assert!(e.contains("E501") && e.contains("2*n"), "{e}");
    assert_eq!(sizes(&reads(&[("x", 1, "3*n+2")]), &[("x", zeros(3002, 1))]).unwrap()["n"], 1000);
    assert_eq!(sizes(&reads(&[("x", 1, "n*n")]), &[("x", zeros(49, 1))]).unwrap()["n"], 7);
    assert!(sizes(&reads(&[("x", 1, "n*n")]), &[("x", zeros(50, 1))]).is_err());
    let e = sizes(&reads(&[("A", 1, "3 3")]), &[("A", zeros(2, 3))]).unwrap_err();
    assert!(e.contains("E501") && e.contains("3×3"), "{e}");
}

#[test]
fn sizes_can_be_given() {
    let p = reads(&[("x", 1, "m*n")]);
    let given = |n: usize| BTreeMap::from([("n".to_string(), n)]);
    assert!(bind(&p, &values(&[("x", zeros(6, 1))]), &BTreeMap::new()).is_err());
    let bound = bind(&p, &values(&[("x", zeros(6, 1))]), &given(3)).unwrap();
    assert_eq!(bound.sizes.iter().product::<usize>(), 6);
    assert!(bind(&p, &values(&[("x", zeros(6, 1))]), &given(4)).is_err());
    let e = bind(&reads(&[("x", 1, "n")]), &values(&[("x", zeros(6, 1))]), &given(4)).unwrap_err().to_string();
    assert!(e.contains("E203") && e.contains("given as 4"), "{e}");
}

#[test]
fn evaluates_by_name() {
    let mut b = Builder::new();
    let (a, x) = (b.input("A", 1, "m n"), b.input("x", 1, "n"));
    let y = b.contract("ij,j->i", &[a, x], "");
    let program = b.output(y);
    let out = evaluate(&program, &values(&[("A", Tensor::matrix(1, 2, vec![3.0, 4.0])), ("x", Tensor::flat(vec![10.0, 100.0]))])).unwrap();
    assert_eq!((out[0].shape.clone(), out[0].data[0]), (vec![1], 430.0));
}
