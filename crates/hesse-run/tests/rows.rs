//! What holds for every row of the table of functions: its definitions compute its value, its slopes and the dual numbers are the derivative.
//! And for every row of the table of matrix functions that reduces: over all entries, along rows, along columns.

mod common;

use hesse::facts::functions::{FUNCTIONS, Function, FunctionId, find};
use hesse::facts::matrices::{self, MATRIX_FUNCTIONS, MatrixFunction, Side};
use hesse_run::texts::{self, Text};
use hesse_run::{Array, Dual, RunError, Scalar, Tensor, run};

/// Arguments inside the domain of a row, away from its kinks.
fn points(row: &Function) -> Vec<Vec<f64>> {
    let one: &[f64] = match row.domain {
        "x > 0" => &[0.2, 0.9, 1.7, 4.5, 12.0],
        "x > -1" => &[-0.7, -0.1, 0.3, 5.0],
        "abs(x) < 1" => &[-0.9, -0.3, 0.2, 0.85],
        _ => &[-2.3, -0.8, 0.4, 1.9, 3.1],
    };
    match row.of.len() {
        1 => one.iter().map(|&x| vec![x]).collect(),
        2 if row.domain == "a > 0" => vec![vec![0.4, -1.2], vec![1.7, 2.3], vec![3.0, 2.0]],
        2 => vec![vec![0.4, -1.2], vec![1.7, 2.3], vec![-3.0, 0.5], vec![-0.2, -0.9]],
        _ => vec![vec![1.0, 0.7, -0.4], vec![0.0, 0.7, -0.4]],
    }
}

/// Arguments far out, at denormals, at infinity: the stable definition must still give the value.
fn extremes(row: &Function) -> Vec<Vec<f64>> {
    let one = [300.0, -300.0, 1000.0, -1000.0, 1e-310, -1e-310, 1e-9, 0.0, 40.0, -40.0];
    match row.of.len() {
        1 => one.iter().map(|&x| vec![x]).collect(),
        2 => one.iter().flat_map(|&a| [vec![a, 300.0], vec![300.0, a], vec![a, a]]).collect(),
        _ => vec![vec![0.0, 1e300, 2.0], vec![1.0, f64::INFINITY, f64::NAN]],
    }
}

fn rows() -> impl Iterator<Item = (FunctionId, &'static Function)> {
    FUNCTIONS.iter().enumerate().map(|(k, row)| (FunctionId(k as u16), row))
}

fn close(got: f64, want: f64, limit: f64) -> bool {
    got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= limit * (1.0 + want.abs())
}

#[test]
fn definitions_compute_the_value() {
    for (f, row) in rows() {
        for x in points(row) {
            let value = (row.value)(&x);
            assert!(value.is_finite(), "{}({x:?}) = {value}", row.name);
            for safe in [false, true] {
                if let Some(got) = texts::by_definition(f, safe, &x) {
                    let got = got.unwrap();
                    assert!(close(got, value, 1e-14), "{}({x:?}) = {value}, by definition (safe: {safe}) {got}", row.name);
                }
            }
        }
    }
}

#[test]
fn stable_definitions_hold_at_the_extremes() {
    for (f, row) in rows() {
        for x in extremes(row) {
            let value = (row.value)(&x);
            if !value.is_finite() {
                continue;
            }
            let Some(got) = texts::by_definition(f, true, &x).or_else(|| texts::by_definition(f, false, &x)) else { continue };
            // A plain definition may overflow where the row is finite; that is what `safe` is for, so only the stable form is held to it.
            let got = got.unwrap();
            if row.safe.is_empty() && !got.is_finite() {
                assert!(
                    matches!(row.name, "tan" | "cosh" | "hypot" | "pow" | "asin" | "acos"),
                    "{}({x:?}) = {value} but means gives {got}",
                    row.name
                );
                continue;
            }
            let loose = matches!(row.name, "pow" | "tan" | "cbrt" | "sinh" | "expm1" | "cosh");
            assert!(
                close(got, value, if loose { 1e-12 } else { 1e-15 }),
                "{}({x:?}) = {value} but the stable definition gives {got}",
                row.name
            );
        }
    }
}

/// 4th-order central differences in argument k.
fn difference(f: impl Fn(&[f64]) -> f64, x: &[f64], k: usize) -> f64 {
    let h = 1e-3 * x[k].abs().clamp(0.05, 1.0);
    let at = |t: f64| {
        let mut y = x.to_vec();
        y[k] += t * h;
        f(&y)
    };
    (at(-2.0) - 8.0 * at(-1.0) + 8.0 * at(1.0) - at(2.0)) / (12.0 * h)
}

#[test]
fn slopes_and_dual_numbers_are_the_derivative() {
    for (f, row) in rows() {
        for x in points(row) {
            for k in 0..row.of.len() {
                if row.name == "where" && k == 0 {
                    continue;
                }
                let want = difference(|y| (row.value)(y), &x, k);
                let dual: Vec<Dual<f64>> = x.iter().enumerate().map(|(i, &v)| Dual::seeded(v, &[f64::from(u8::from(i == k))])).collect();
                let got = texts::call(f, &dual).unwrap();
                assert!(close(got.re, (row.value)(&x), 1e-14), "{}({x:?}): dual value {}", row.name, got.re);
                assert!(close(got.ep, want, 1e-8), "{}({x:?}), argument {k}: dual {} but differences {want}", row.name, got.ep);
                if let Some(slope) = row.slopes.get(k) {
                    let slope = Text::read(slope, row.of).unwrap().evaluate(&x).unwrap();
                    assert!(close(slope, want, 1e-8), "{}({x:?}), argument {k}: slope {slope} but differences {want}", row.name);
                }
                // Second order: the dual of the dual against the difference of the dual.
                let nested: Vec<Dual<Dual<f64>>> =
                    x.iter().enumerate().map(|(i, &v)| Dual::seeded(v, &[f64::from(u8::from(i == k)); 2])).collect();
                let want = difference(
                    |y| {
                        let d: Vec<Dual<f64>> =
                            y.iter().enumerate().map(|(i, &v)| Dual::seeded(v, &[f64::from(u8::from(i == k))])).collect();
                        texts::call(f, &d).unwrap().ep
                    },
                    &x,
                    k,
                );
                let got = texts::call(f, &nested).unwrap().top();
                assert!(close(got, want, 1e-7), "{}({x:?}), argument {k}: second dual {got} but differences {want}", row.name);
            }
        }
    }
}

fn slope_at(name: &str, x: &[f64], k: usize) -> f64 {
    let dual: Vec<Dual<f64>> = x.iter().enumerate().map(|(i, &v)| Dual::seeded(v, &[f64::from(u8::from(i == k))])).collect();
    texts::call(find(name).unwrap(), &dual).unwrap().ep
}

#[test]
fn kinks_follow_the_convention_of_the_rows() {
    for name in ["abs", "relu", "sign"] {
        assert_eq!(slope_at(name, &[0.0], 0), 0.0, "{name}");
    }
    for name in ["max", "min"] {
        assert_eq!((slope_at(name, &[1.5, 1.5], 0), slope_at(name, &[1.5, 1.5], 1)), (0.0, 0.0), "{name}");
    }
    assert_eq!((slope_at("max", &[2.0, 1.0], 0), slope_at("max", &[2.0, 1.0], 1)), (1.0, 0.0));
    assert_eq!((slope_at("min", &[2.0, 1.0], 0), slope_at("min", &[2.0, 1.0], 1)), (0.0, 1.0));
}

#[test]
fn stable_definitions_have_no_kink_where_the_function_is_smooth() {
    // Their pieces (max, abs, where) meet at 0.
    assert_eq!(slope_at("sigmoid", &[0.0], 0), 0.25);
    assert_eq!(slope_at("softplus", &[0.0], 0), 0.5);
    assert_eq!(slope_at("tanh", &[0.0], 0), 1.0);
    assert_eq!(slope_at("hypot", &[0.0, 3.0], 0), 0.0);
    // And far out nothing overflows.
    assert_eq!((slope_at("softplus", &[800.0], 0), slope_at("softplus", &[-800.0], 0)), (1.0, 0.0));
    assert_eq!((slope_at("sigmoid", &[-800.0], 0), slope_at("tanh", &[400.0], 0)), (0.0, 0.0));
    let derivative = slope_at("tanh", &[15.0], 0);
    assert!((derivative / 3.743_049_467_000_127_5e-13 - 1.0).abs() < 1e-3, "{derivative}");
}

#[test]
fn the_untaken_branch_does_not_leak() {
    // where(x > 0, sqrt(x), 0) at x = −1 and at 0.
    let text = Text::read("where(gt(x, 0), sqrt(x), 0)", &["x"]).unwrap();
    for x in [-1.0, 0.0] {
        let y = text.evaluate(&[Dual::<f64>::seeded(x, &[1.0])]).unwrap();
        assert_eq!((y.re, y.ep), (0.0, 0.0));
    }
}

/// A of m×n with these entries, by the name of a function of it: the value, or (of a scalar) the gradient.
fn of_matrix(text: &str, a: &[[f64; 3]], gradient: bool) -> Vec<f64> {
    let f = hesse::Formula::expression(&[("A".to_string(), format!("matrix({}, 3)", a.len()))], text, "").unwrap();
    let program = if gradient {
        let request = hesse::Request { wrt: vec!["A".into()], layout: hesse::Layout::Denominator, ..Default::default() };
        f.derive(&request).unwrap().program(0).unwrap()
    } else {
        f.stable_program(None).unwrap()
    };
    let tensor = Tensor { rows: a.len(), cols: 3, data: a.concat(), flat: false };
    hesse_run::evaluate(&program, &[("A".to_string(), tensor)].into_iter().collect()).unwrap()[0].data.clone()
}

/// What a row means, by the plainest loop; one value, or one for each entry.
fn meaning(row: &MatrixFunction, x: &[f64]) -> Vec<f64> {
    let best = |sign: f64| x.iter().fold(f64::NEG_INFINITY, |m: f64, v| m.max(sign * v)) * sign;
    let shares = |b: f64| {
        let count = x.iter().filter(|v| **v == b).count() as f64;
        x.iter().map(|v| if *v == b { 1.0 / count } else { 0.0 }).collect()
    };
    match row.name {
        "norm2" => vec![x.iter().map(|v| v * v).sum::<f64>().sqrt()],
        "logsumexp" => vec![best(1.0) + x.iter().map(|v| (v - best(1.0)).exp()).sum::<f64>().ln()],
        "maximum" => vec![best(1.0)],
        "minimum" => vec![best(-1.0)],
        "argmax" => shares(best(1.0)),
        "argmin" => shares(best(-1.0)),
        "prod" => vec![x.iter().product()],
        name => panic!("state what {name} means"),
    }
}

const POINTS: &[[[f64; 3]; 2]] =
    &[[[0.5, -1.5, 2.0], [1.0, 3.0, -0.25]], [[1000.0, -1000.0, 999.0], [-1000.0, -999.0, -1001.0]], [[2.0, 2.0, 1.0], [0.0, 0.0, 0.0]]];

fn reductions() -> impl Iterator<Item = &'static MatrixFunction> {
    MATRIX_FUNCTIONS.iter().filter(|row| row.of == "any")
}

#[test]
fn reductions_compute_what_they_mean() {
    let transposed = |a: &[[f64; 3]; 2]| (0..3).map(|j| vec![a[0][j], a[1][j]]).collect::<Vec<_>>();
    for (row, a) in reductions().flat_map(|row| POINTS.iter().map(move |a| (row, a))) {
        let f = matrices::find(row.name).unwrap();
        let agrees = |got: &[f64], want: &[f64], name: &str| {
            assert_eq!(got.len(), want.len(), "{name}({a:?})");
            got.iter().zip(want).for_each(|(g, w)| assert!(close(*g, *w, 1e-14), "{name}({a:?}) = {got:?}, not {want:?}"));
        };
        agrees(&of_matrix(&format!("{}(A)", row.name), a, false), &meaning(row, &a.concat()), row.name);
        let by_row: Vec<f64> = a.iter().flat_map(|line| meaning(row, line)).collect();
        let name = f.spelling(Some(Side::Rows));
        agrees(&of_matrix(&format!("{name}(A)"), a, false), &by_row, &name);
        // Along columns, and the same along the rows of the transpose.
        let name = f.spelling(Some(Side::Cols));
        let columns: Vec<Vec<f64>> = transposed(a).iter().map(|line| meaning(row, line)).collect();
        let by_column: Vec<f64> = (0..columns[0].len()).flat_map(|i| columns.iter().map(move |c| c[i])).collect();
        agrees(&of_matrix(&format!("{name}(A)"), a, false), &by_column, &name);
        agrees(&of_matrix(&format!("{}(A')'", f.spelling(Some(Side::Rows))), a, false), &by_column, &name);
    }
}

#[test]
fn slopes_of_reductions_are_the_derivative() {
    let a = POINTS[0];
    let w = "[0.3, -0.7, 1.1; 0.9, 0.2, -0.4]";
    for row in reductions() {
        let f = matrices::find(row.name).unwrap();
        let (rows, cols) = (f.spelling(Some(Side::Rows)), f.spelling(Some(Side::Cols)));
        let texts = if row.gives == "scalar" {
            [format!("{}(A)", row.name), format!("[2, 5]*{rows}(A)"), format!("{cols}(A)*[2; 5; 3]")]
        } else {
            [format!("sum({}(A) .* {w})", row.name), format!("sum({rows}(A) .* {w})"), format!("sum({cols}(A) .* {w})")]
        };
        for text in texts {
            let slope = of_matrix(&text, &a, true);
            let at = |x: &[f64]| of_matrix(&text, &[[x[0], x[1], x[2]], [x[3], x[4], x[5]]], false)[0];
            for (k, slope) in slope.iter().enumerate() {
                let want = difference(at, &a.concat(), k);
                assert!(close(*slope, want, 1e-8), "{text}: slope {slope} by entry {k}, but differences {want}");
            }
        }
    }
}

#[test]
fn reductions_are_stable_and_follow_their_conventions() {
    let gradient = |text: &str, a: &[[f64; 3]]| of_matrix(text, a, true);
    // Shifted by the largest entry of each row.
    let far = [[1000.0, 1000.0, -1000.0], [-1000.0, -1000.0, -1000.0]];
    let thirds = [0.5, 0.5, 0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0];
    for text in ["sum(rowlogsumexp(A))", "sum(log(rowsum(exp(A))))"] {
        let got = gradient(text, &far);
        assert!(got.iter().zip(&thirds).all(|(g, w)| close(*g, *w, 1e-12)), "{text}: {got:?}");
        assert!(close(of_matrix(text, &far, false)[0], 2f64.ln() + 3f64.ln(), 1e-12));
    }
    for text in ["rowsoftmax(A)", "exp(A) ./ (rowsum(exp(A))*ones(1, 3))"] {
        let got = of_matrix(text, &far, false);
        assert!(got.iter().zip(&thirds).all(|(g, w)| close(*g, *w, 1e-12)), "{text}: {got:?}");
    }
    // A row of zeros has the derivative 0; a tie is shared equally; a product of others needs no division.
    assert_eq!(gradient("sum(rownorm2(A))", &[[0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(gradient("sum(rowmax(A))", &[[2.0, 2.0, 1.0], [0.0, 0.0, 0.0]]), [0.5, 0.5, 0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    assert_eq!(gradient("sum(rowprod(A))", &[[0.0, 3.0, 4.0], [0.0, 0.0, 5.0]]), [12.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    // What cancels on the way does not overflow.
    assert_eq!(gradient("prod(A)", &[[1e200, 1e200, 1e-200], [1e-200, 1.0, 1.0]])[4], 1.0);
    // Where all that is largest moves together, so does the maximum, whatever the convention.
    assert_eq!(gradient("maximum(A[1,1]*ones(4))", &[[2.0, 0.0, 0.0]])[0], 1.0);
}

#[test]
fn dual_numbers_follow_the_conventions_of_reductions() {
    let slope = |name: &str, x: &[f64]| -> Vec<f64> {
        (0..x.len())
            .map(|k| {
                let data = x.iter().enumerate().map(|(i, &v)| Dual::seeded(v, &[f64::from(u8::from(i == k))])).collect();
                reduced(name, 0, Array::<Dual<f64>>::new(vec![x.len()], data)).unwrap().data[0].ep
            })
            .collect()
    };
    assert_eq!(slope("maximum", &[3.0, 1.0, 3.0]), [0.5, 0.0, 0.5]);
    assert_eq!(slope("minimum", &[3.0, 1.0, 3.0]), [0.0, 1.0, 0.0]);
    assert_eq!(slope("prod", &[3.0, 0.0, 2.0]), [0.0, 6.0, 0.0]);
    assert_eq!(slope("norm2", &[0.0, 0.0]), [0.0, 0.0]);
}

/// A row of the table on an array, for each index of the first `kept` axes.
fn reduced<T: Scalar>(name: &str, kept: usize, a: Array<T>) -> Result<Array<T>, RunError> {
    let mut b = common::Builder::new();
    let letters = ["k", "l", "m"];
    let x = b.input("x", 1, &letters[..a.shape.len()].join(" "));
    let y = b.apply_keeping(name, kept, x);
    let program = b.output(y);
    run(&program, &a.shape.clone(), &[a]).map(|mut out| out.remove(0))
}

#[test]
fn reductions_of_nothing() {
    let empty = |name: &str, kept: usize, shape: &[usize]| reduced(name, kept, Array::<f64>::new(shape.to_vec(), vec![]));
    assert_eq!(empty("prod", 0, &[0]).unwrap().data, [1.0]);
    assert_eq!(empty("norm2", 0, &[0]).unwrap().data, [0.0]);
    assert_eq!(empty("logsumexp", 1, &[2, 0]).unwrap().data, [f64::NEG_INFINITY; 2]);
    assert_eq!(empty("prod", 1, &[2, 0]).unwrap().data, [1.0, 1.0]);
    for name in ["maximum", "minimum"] {
        let refused = empty(name, 1, &[2, 0]).unwrap_err();
        assert_eq!(refused.code, "E502");
        assert!(refused.message.contains(&format!("`{name}` of no entries")), "{refused}");
        // No rows at all have no largest entries, and need none.
        assert_eq!(empty(name, 1, &[0, 2]).unwrap().data, []);
    }
    assert_eq!(reduced("maximum", 0, Array::new(vec![3], vec![1.0, f64::NAN, 2.0])).unwrap().data[0].to_bits(), f64::NAN.to_bits());
}
