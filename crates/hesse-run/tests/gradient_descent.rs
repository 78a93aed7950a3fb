//! Gradient descent on real data, formulas (7.9) and (8.6): w ← w − η (∂C/∂w)ᵀ, b ← b − η ∂C/∂b with hesse's own gradient of
//! `examples/neuron.hesse`, until it stands still, and an independent solver that knows nothing of hesse at the same point.
//!
//! The same numbers come from `examples/diabetes.py`, by NumPy alone.

use hesse::program::program::Program;
use hesse::{Formula, Request};
use hesse_run::{Bindings, Tensor, evaluate};
use std::path::Path;

/// One over the largest curvature of the loss, as `examples/diabetes.py` prints it.
const RATE: f64 = 0.124_247_965_885_24;

/// The standardised columns of X, row by row, and the target.
struct Data {
    x: Vec<[f64; 10]>,
    target: Vec<f64>,
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn data() -> Data {
    let table = example("data/diabetes.csv");
    let rows: Vec<Vec<f64>> = table.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let n = rows.len() as f64;
    let mut x = vec![[0.0; 10]; rows.len()];
    for j in 0..10 {
        let mean = rows.iter().map(|r| r[j]).sum::<f64>() / n;
        let deviation = (rows.iter().map(|r| (r[j] - mean).powi(2)).sum::<f64>() / n).sqrt();
        for (to, from) in x.iter_mut().zip(&rows) {
            to[j] = (from[j] - mean) / deviation;
        }
    }
    Data { x, target: rows.iter().map(|r| r[10]).collect() }
}

/// Loss and gradient as hesse derives them.
struct Gradient {
    loss: Program,
    by_w: Program,
    by_b: Program,
    values: Bindings,
}

impl Gradient {
    fn new(data: &Data, y: &[f64]) -> Gradient {
        let f = Formula::parse(&example("neuron.hesse"), true).unwrap();
        // `param` is what is derived when nothing is said.
        let derivative = f.derive(&Request::default()).unwrap();
        let names: Vec<&str> = derivative.parts.iter().map(|p| p.wrt[0].as_str()).collect();
        assert_eq!(names, ["w", "b"]);
        assert_eq!(derivative.parts[0].shape_text, ["1", "n"], "in numerator layout the gradient is a row");
        let (by_w, by_b) = (derivative.program(0).unwrap(), derivative.program(1).unwrap());
        let mut values = Bindings::new();
        values.insert("X".into(), Tensor::matrix(data.x.len(), 10, data.x.concat()));
        values.insert("y".into(), Tensor::flat(y.to_vec()));
        Gradient { loss: f.program(None).unwrap(), by_w, by_b, values }
    }
    fn set(&mut self, w: &[f64], b: f64) {
        self.values.insert("w".into(), Tensor::flat(w.to_vec()));
        self.values.insert("b".into(), Tensor::scalar(b));
    }
    fn run(&self, program: &Program) -> Vec<f64> {
        evaluate(program, &self.values).unwrap().remove(0).data
    }
}

fn close(a: &[f64], b: &[f64], limit: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= limit)
}

/// Least squares on the examples with z > 0 until they stay the same: a Newton step on a piecewise quadratic loss, in plain loops.
fn active_set(data: &Data, y: &[f64], mut p: [f64; 11]) -> ([f64; 11], usize) {
    let with_bias = |row: &[f64; 10]| -> [f64; 11] { std::array::from_fn(|j| if j < 10 { row[j] } else { 1.0 }) };
    let active = |p: &[f64; 11]| -> Vec<bool> {
        data.x.iter().map(|row| with_bias(row).iter().zip(p).map(|(a, b)| a * b).sum::<f64>() > 0.0).collect()
    };
    let mut on = active(&p);
    for _ in 0..100 {
        // The normal equations of the active examples, by Gaussian elimination with pivoting.
        let mut m = [[0.0; 12]; 11];
        for ((row, y), _) in data.x.iter().zip(y).zip(&on).filter(|(_, on)| **on) {
            let row = with_bias(row);
            for i in 0..11 {
                for j in 0..11 {
                    m[i][j] += row[i] * row[j];
                }
                m[i][11] += row[i] * y;
            }
        }
        for k in 0..11 {
            let pivot = (k..11).max_by(|&a, &b| m[a][k].abs().total_cmp(&m[b][k].abs())).unwrap();
            m.swap(k, pivot);
            for i in (0..11).filter(|&i| i != k) {
                let (factor, row) = (m[i][k] / m[k][k], m[k]);
                m[i].iter_mut().zip(row).skip(k).for_each(|(x, y)| *x -= factor * y);
            }
        }
        p = std::array::from_fn(|k| m[k][11] / m[k][k]);
        let now = active(&p);
        if now == on {
            return (p, on.iter().filter(|on| **on).count());
        }
        on = now;
    }
    panic!("the active set does not settle");
}

/// Descends, and compares the end with the active-set solution and with the numbers of `examples/diabetes.py`.
fn descend_and_compare(shift: f64, active: usize, loss: f64, w_want: [f64; 10], b_want: f64) {
    let data = data();
    let y: Vec<f64> = data.target.iter().map(|t| t - shift).collect();
    let mut gradient = Gradient::new(&data, &y);
    let (mut w, mut b) = (vec![0.0; 10], 1.0);
    let mut steps = 0;
    loop {
        gradient.set(&w, b);
        let (gw, gb) = (gradient.run(&gradient.by_w), gradient.run(&gradient.by_b)[0]);
        if gw.iter().fold(gb.abs(), |m, g| m.max(g.abs())) < 1e-9 {
            break;
        }
        // The transpose of a row, entry by entry.
        w.iter_mut().zip(&gw).for_each(|(w, g)| *w -= RATE * g);
        b -= RATE * gb;
        steps += 1;
        assert!(steps < 50_000, "not converged: {gw:?} {gb}");
    }
    let (solution, on) = active_set(&data, &y, std::array::from_fn(|k| if k < 10 { 0.0 } else { 1.0 }));
    assert_eq!(on, active);
    assert!(
        close(&w, &solution[..10], 1e-6) && (b - solution[10]).abs() < 1e-6,
        "after {steps} steps {w:?} {b}, the active set says {solution:?}"
    );
    assert!(close(&w, &w_want, 1e-6) && (b - b_want).abs() < 1e-6, "after {steps} steps {w:?} {b}, NumPy says {w_want:?} {b_want}");
    assert!((gradient.run(&gradient.loss)[0] - loss).abs() < 1e-8 * loss);
}

#[test]
fn the_gradient_at_a_point_is_that_of_numpy() {
    let data = data();
    let y: Vec<f64> = data.target.iter().map(|t| t - 75.0).collect();
    let mut gradient = Gradient::new(&data, &y);
    let w: Vec<f64> = (1..=10).map(f64::from).collect();
    gradient.set(&w, 20.0);
    let by_w = [
        -23.8649332069175,
        -3.74488070672641,
        -73.2636787128748,
        -54.0532980101656,
        -13.289468661425,
        -9.04348262119438,
        43.0951071327598,
        -42.143854428403,
        -60.9420741540137,
        -40.0200415490869,
    ];
    assert!((gradient.run(&gradient.loss)[0] - 7340.08418138655).abs() < 1e-8);
    assert!(close(&gradient.run(&gradient.by_w), &by_w, 1e-10));
    assert!(close(&gradient.run(&gradient.by_b), &[-87.229357592172], 1e-10));
}

#[test]
fn where_all_examples_are_active_it_ends_at_ordinary_least_squares() {
    let w = [
        -0.476120786,
        -11.406866923,
        24.72654886,
        15.429404131,
        -37.679952611,
        22.676162766,
        4.806138137,
        8.422039356,
        35.734445771,
        3.216673718,
    ];
    descend_and_compare(0.0, 442, 2859.69634758675, w, 152.133484163);
}

#[test]
fn with_67_sleeping_examples_it_ends_at_the_fixed_point_of_the_active_set() {
    let w = [
        1.291859718,
        -11.432844316,
        26.14456435,
        16.08762616,
        -83.039842577,
        61.251513714,
        22.857968584,
        8.857049092,
        60.027614444,
        3.778758027,
    ];
    descend_and_compare(75.0, 375, 2800.39326140798, w, 72.09836437);
}
