//! Every function with a kernel, at every instruction set of this machine, in both types.

mod reference;

use hesse_kernels::{Binary, Level, Real, Unary};
use reference::Function;

/// Units in the last place.
const ALLOWED: f64 = 2.0;

#[test]
fn f64_is_within_two_units_in_the_last_place_of_exact_values() {
    let rows = reference::read(include_str!("reference/values.txt"));
    assert_eq!(rows.len(), 17, "functions with exact values");
    for rows in &rows {
        for level in Level::available() {
            let w = reference::worst_f64(level, rows);
            println!("{:<10} {:<10} {:.3}", rows.function.name(), level.name(), w.error);
            assert!(
                w.error <= ALLOWED,
                "{} {level:?}: {} of {:e}, {:e}: {:e} is not {:e}",
                rows.function.name(),
                w.error,
                w.a,
                w.b,
                w.got,
                w.y
            );
        }
    }
}

#[test]
fn f32_is_within_two_units_in_the_last_place_of_f64() {
    let x = reference::singles(6007);
    let mut y: Vec<f32> = x.clone();
    y.reverse();
    y.rotate_left(x.len() / 3);
    for f in Function::all() {
        for level in Level::available() {
            let w = reference::worst_f32(level, f, &x, &y);
            assert!(w.error <= ALLOWED, "{} {level:?}: {} of {:e}, {:e}: {:e} is not {:e}", f.name(), w.error, w.a, w.b, w.got, w.y);
        }
    }
}

#[test]
fn f32_of_moderate_pairs_is_within_two_units_too() {
    let rows = reference::read(include_str!("reference/values.txt"));
    let single = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    for rows in &rows {
        for level in Level::available() {
            let w = reference::worst_f32(level, rows.function, &single(&rows.a), &single(&rows.b));
            assert!(
                w.error <= ALLOWED,
                "{} {level:?}: {} of {:e}, {:e}: {:e} is not {:e}",
                rows.function.name(),
                w.error,
                w.a,
                w.b,
                w.got,
                w.y
            );
        }
    }
}

/// Equal, the sign of zero too, or both NaN.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn specials<T: Real>() {
    const I: f64 = f64::INFINITY;
    const N: f64 = f64::NAN;
    let half_turn = std::f64::consts::PI;
    use Unary::*;
    // Of −∞, −0, 0, ∞.
    let table: [(Unary, [f64; 4]); 20] = [
        (Negate, [I, 0.0, -0.0, -I]),
        (Reciprocal, [-0.0, -I, I, 0.0]),
        (Square, [I, 0.0, 0.0, I]),
        (Sqrt, [N, -0.0, 0.0, I]),
        (Abs, [I, 0.0, 0.0, I]),
        (Sign, [-1.0, -0.0, 0.0, 1.0]),
        (Relu, [0.0, 0.0, 0.0, I]),
        (Exp, [0.0, 1.0, 1.0, I]),
        (Expm1, [-1.0, -0.0, 0.0, I]),
        (Log, [N, -I, -I, I]),
        (Log1p, [N, -0.0, 0.0, I]),
        (Sin, [N, -0.0, 0.0, N]),
        (Cos, [N, 1.0, 1.0, N]),
        (Tan, [N, -0.0, 0.0, N]),
        (Sinh, [-I, -0.0, 0.0, I]),
        (Cosh, [I, 1.0, 1.0, I]),
        (Tanh, [-1.0, -0.0, 0.0, 1.0]),
        (Sigmoid, [0.0, 0.5, 0.5, 1.0]),
        (Softplus, [0.0, T::from_f64(2f64.ln()).to_f64(), T::from_f64(2f64.ln()).to_f64(), I]),
        (Erf, [-1.0, -0.0, 0.0, 1.0]),
    ];
    for level in Level::available() {
        for (f, expected) in table {
            for (x, y) in [-I, -0.0, 0.0, I].into_iter().zip(expected) {
                let got = f.at_level(level, T::from_f64(x)).to_f64();
                assert!(same(got, y), "{f:?}({x}) at {level:?} is {got}, not {y}");
            }
            assert!(f.at_level(level, T::from_f64(N)).to_f64().is_nan(), "{f:?}(NaN) at {level:?}");
        }
        assert_eq!(Log1p.at_level(level, T::from_f64(-1.0)).to_f64(), -I);
        for (f, x) in [(Log, -1.0), (Log, -1e-30), (Log1p, -1.0000001), (Log1p, -3.0), (Sqrt, -1.0)] {
            assert!(f.at_level(level, T::from_f64(x)).to_f64().is_nan(), "{f:?}({x}) at {level:?}");
        }
        let corners = [-I, -2.5, -3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5, I, N];
        for a in corners {
            for b in corners {
                let check = |f: Binary, y: f64| {
                    let got = f.at_level(level, T::from_f64(a), T::from_f64(b)).to_f64();
                    let y = T::from_f64(y).to_f64();
                    let near = (got - y).abs() <= 2.0 * y.abs() * if T::SINGLE { f64::from(f32::EPSILON) } else { f64::EPSILON };
                    assert!(same(got, y) || y != 0.0 && near, "{f:?}({a}, {b}) at {level:?} is {got}, not {y}");
                };
                check(Binary::Power, a.powf(b));
                check(Binary::Hypot, a.hypot(b));
                check(Binary::Atan2, a.atan2(b));
                check(Binary::Max, if a > b || a.is_nan() { a } else { b });
                check(Binary::Min, if a < b || a.is_nan() { a } else { b });
                check(Binary::Greater, f64::from(a > b));
                check(Binary::GreaterEqual, f64::from(a >= b));
                check(Binary::Equal, f64::from(a == b));
                check(Binary::Select, if a != 0.0 { b } else { 0.0 });
                check(Binary::Divide, a / b);
            }
        }
        assert!((Binary::Atan2.at_level(level, T::from_f64(-0.0), T::from_f64(-0.0)).to_f64() + half_turn).abs() < 1e-6);
    }
}

#[test]
fn specials_are_those_of_ieee_754() {
    specials::<f64>();
    specials::<f32>();
}

fn consistent<T: Real>() {
    let x: Vec<T> = (0..37).map(|k| T::from_f64(f64::from(k * k - 300) / 17.0 * if k == 5 { 1e30 } else { 1.0 })).collect();
    let b: Vec<T> = x.iter().rev().copied().collect();
    for level in Level::available() {
        for f in Function::all() {
            let whole = f.map(level, &x, &b);
            for n in [0, 1, 3, 7, 8, 9, 15, 16, 17, 37] {
                let part = f.map(level, &x[..n], &b[..n]);
                for k in 0..n {
                    assert!(same(part[k].to_f64(), whole[k].to_f64()), "{} {level:?} {n} {k}", f.name());
                    let one = match f {
                        Function::One(f) => f.at_level(level, x[k]),
                        Function::Two(f) => f.at_level(level, x[k], b[k]),
                    };
                    assert!(same(one.to_f64(), whole[k].to_f64()), "{} {level:?} {k}", f.name());
                }
            }
        }
    }
}

#[test]
fn one_number_and_slices_of_any_length_have_the_same_bits() {
    consistent::<f64>();
    consistent::<f32>();
}

#[test]
fn a_map_is_as_long_as_the_shorter_slice() {
    let mut y = [9.0; 4];
    Unary::Negate.map(&[1.0, 2.0], &mut y);
    assert_eq!(y, [-1.0, -2.0, 9.0, 9.0]);
    Binary::Add.map(&[1.0, 2.0, 3.0], &[1.0], &mut y);
    assert_eq!(y, [2.0, -2.0, 9.0, 9.0]);
}
