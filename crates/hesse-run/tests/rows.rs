//! What holds for every row of the table of functions: its definitions compute its value, its slopes and the dual numbers are the derivative.

use hesse::facts::functions::{FUNCTIONS, Function, FunctionId, find};
use hesse_run::texts::{self, Text};
use hesse_run::{Dual, Scalar};

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
