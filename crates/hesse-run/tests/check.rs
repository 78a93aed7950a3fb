//! The numeric check finds wrong derivatives, accepts right ones, and says so where it cannot tell.

mod common;

use common::Builder;
use hesse::program::program::{Op, Program, Value};
use hesse_run::{CheckOptions, CheckReport, Oracle, ProbeInput, Status, check};

fn inputs(properties: &[(&str, &[&str])]) -> Vec<ProbeInput> {
    properties
        .iter()
        .map(|(n, p)| ProbeInput { name: n.to_string(), properties: p.iter().map(|s| s.to_string()).collect(), value: None })
        .collect()
}

fn checked(primal: &Program, derivative: &Program, properties: &[(&str, &[&str])], wrt: &[&str], relations: &[&str]) -> CheckReport {
    let wrt: Vec<String> = wrt.iter().map(|s| s.to_string()).collect();
    let relations: Vec<String> = relations.iter().map(|s| s.to_string()).collect();
    let report = check(primal, derivative, &inputs(properties), &wrt, &relations, &CheckOptions::default());
    // The same seed gives the same report.
    assert_eq!(report, check(primal, derivative, &inputs(properties), &wrt, &relations, &CheckOptions::default()));
    report
}

fn program(build: impl Fn(&mut Builder) -> Value) -> Program {
    let mut b = Builder::new();
    let v = build(&mut b);
    b.output(v)
}

fn assert_ok(report: &CheckReport) {
    assert_eq!(report.status, Status::Ok, "{report:?}");
    assert!(report.points >= 8 && report.directions >= 32, "{report:?}");
    assert!(report.worst_differences <= 1e-7 && report.worst_dual <= 1e-9, "{report:?}");
}

fn residual(b: &mut Builder) -> (Value, Value) {
    let (a, x, y) = (b.input("A", 1, "m n"), b.input("x", 1, "n"), b.input("b", 1, "m"));
    let ax = b.contract("ij,j->i", &[a, x], "");
    (a, b.combine(&[(1.0, ax), (-1.0, y)]))
}

/// norm2(A*x - b)^2
fn least_squares() -> Program {
    program(|b| {
        let (_, r) = residual(b);
        let n = b.apply("norm2", r);
        b.power(n, 2.0)
    })
}

/// factor·A'·(A·x − b), with a relative error planted in every component.
fn gradient(factor: f64) -> Program {
    program(|b| {
        let (a, r) = residual(b);
        let g = b.contract("ij,i->j", &[a, r], "");
        b.combine(&[(factor, g)])
    })
}

#[test]
fn a_right_gradient_passes() {
    let report = checked(&least_squares(), &gradient(2.0), &[], &["x"], &[]);
    assert_ok(&report);
    assert_eq!((report.kink_crossings, report.redrawn), (0, 0), "{report:?}");
    assert!(report.worst_differences < 1e-9 && report.worst_dual < 1e-12, "{report:?}");
}

#[test]
fn wrong_gradients_fail() {
    for factor in [-2.0, 2.0 * (1.0 + 1e-4), 2.0 * (1.0 + 1e-6), 1.0, 0.0] {
        let report = checked(&least_squares(), &gradient(factor), &[], &["x"], &[]);
        assert_eq!(report.status, Status::Failed, "factor {factor}: {report:?}");
        let failure = report.first_failure.unwrap();
        assert!(failure.relative > 1e-7 && !failure.inputs.is_empty() && failure.sizes.len() == 2, "{failure:?}");
    }
    // A dropped term: A'·A·x without A'·b.
    let dropped = program(|b| {
        let (a, x) = (b.input("A", 1, "m n"), b.input("x", 1, "n"));
        let ax = b.contract("ij,j->i", &[a, x], "");
        let g = b.contract("ij,i->j", &[a, ax], "");
        b.combine(&[(2.0, g)])
    });
    assert_eq!(checked(&least_squares(), &dropped, &[], &["x"], &[]).status, Status::Failed);
    // A planted error of 1e-8 is below what differences see, not below what dual numbers see.
    let report = checked(&least_squares(), &gradient(2.0 * (1.0 + 1e-8)), &[], &["x"], &[]);
    assert_eq!(report.first_failure.map(|f| f.oracle), Some(Oracle::DualNumbers));
}

/// An error of 1e-4 in one entry of eight.
#[test]
fn an_error_in_one_component_fails() {
    let primal = program(|b| {
        let x = b.input("x", 1, "8");
        let e = b.map("exp", &[x]);
        b.contract("i->", &[e], "")
    });
    let derivative = |planted: f64| {
        program(|b| {
            let x = b.input("x", 1, "8");
            let e = b.map("exp", &[x]);
            let unit = {
                let three = b.size("3");
                b.mask(hesse::program::program::Mask::Unit(three), "8")
            };
            let there = b.contract("i,i->i", &[unit, e], "");
            b.combine(&[(1.0, e), (planted, there)])
        })
    };
    assert_ok(&checked(&primal, &derivative(0.0), &[], &["x"], &[]));
    assert_eq!(checked(&primal, &derivative(1e-4), &[], &["x"], &[]).status, Status::Failed);
}

#[test]
fn matrices_and_their_axes() {
    // logdet(X): inv(X)'
    let primal = |name: &'static str| {
        program(move |b| {
            let x = b.input("X", 1, "n n");
            b.apply(name, x)
        })
    };
    let inverse = |text: &'static str| {
        program(move |b| {
            let x = b.input("X", 1, "n n");
            let i = b.apply("inv", x);
            b.contract(text, &[i], "")
        })
    };
    assert_ok(&checked(&primal("logdet"), &inverse("ij->ji"), &[("X", &["posdef"])], &["X"], &[]));
    assert_ok(&checked(&primal("logdet"), &inverse("ij->ji"), &[("X", &["detpos"])], &["X"], &[]));
    // Without a declared domain half of the points are outside and are redrawn.
    let report = checked(&primal("logdet"), &inverse("ij->ji"), &[], &["X"], &[]);
    assert_ok(&report);
    assert!(report.redrawn > 0);
    // The transpose is wrong, unless X is symmetric.
    assert_eq!(checked(&primal("logdet"), &inverse("ij->ij"), &[("X", &["posdef"])], &["X"], &[]).status, Status::Failed);
    assert_ok(&checked(&primal("logdet"), &inverse("ij->ij"), &[("X", &["posdef", "symmetric"])], &["X"], &[]));
    // inv(X): −inv(X)[k,i]·inv(X)[j,l] on [k,l,i,j]
    let slope = |text: &'static str| {
        program(move |b| {
            let x = b.input("X", 1, "n n");
            let i = b.apply("inv", x);
            let t = b.contract(text, &[i, i], "");
            b.combine(&[(-1.0, t)])
        })
    };
    assert_ok(&checked(&primal("inv"), &slope("ki,jl->klij"), &[("X", &["invertible"])], &["X"], &[]));
    assert_eq!(checked(&primal("inv"), &slope("ki,jl->lkij"), &[("X", &["invertible"])], &["X"], &[]).status, Status::Failed);
    // det(X): det(X)·inv(X)'
    let adjugate = program(|b| {
        let x = b.input("X", 1, "n n");
        let (d, i) = (b.apply("det", x), b.apply("inv", x));
        b.contract(",ij->ji", &[d, i], "")
    });
    assert_ok(&checked(&primal("det"), &adjugate, &[("X", &["invertible"])], &["X"], &[]));
}

#[test]
fn symmetric_variables_move_entry_by_entry() {
    // a'·X·b in symmetric X: a·b', not b·a'.
    let read = |b: &mut Builder| (b.input("a", 1, "n"), b.input("X", 1, "n n"), b.input("b", 1, "n"));
    let primal = program(|b| {
        let (a, x, c) = read(b);
        b.contract("i,ij,j->", &[a, x, c], "")
    });
    let outer = |text: &'static str| {
        program(move |b| {
            let (a, c) = (b.input("a", 1, "n"), b.input("b", 1, "n"));
            b.contract(text, &[a, c], "")
        })
    };
    assert_ok(&checked(&primal, &outer("i,j->ij"), &[("X", &["symmetric"])], &["X"], &[]));
    assert_eq!(checked(&primal, &outer("i,j->ji"), &[("X", &["symmetric"])], &["X"], &[]).status, Status::Failed);
}

#[test]
fn higher_orders() {
    // sum(x.^4) and its derivatives, diagonal tensors.
    let primal = program(|b| {
        let x = b.input("x", 1, "n");
        let p = b.power(x, 4.0);
        b.contract("i->", &[p], "")
    });
    let tensor = |power: f64, factor: f64, text: &'static str| {
        program(move |b| {
            let x = b.input("x", 1, "n");
            let p = b.power(x, power);
            let t = b.contract(text, &[p], "");
            b.combine(&[(factor, t)])
        })
    };
    let cases = [(3.0, 4.0, "i->i"), (2.0, 12.0, "i->ii"), (1.0, 24.0, "i->iii"), (0.0, 24.0, "i->iiii")];
    for (k, (power, factor, text)) in cases.into_iter().enumerate() {
        let wrt = vec!["x"; k + 1];
        assert_ok(&checked(&primal, &tensor(power, factor, text), &[], &wrt, &[]));
        assert_eq!(checked(&primal, &tensor(power, factor * 1.0001, text), &[], &wrt, &[]).status, Status::Failed, "order {}", k + 1);
        assert_eq!(checked(&primal, &tensor(power, -factor, text), &[], &wrt, &[]).status, Status::Failed, "order {}", k + 1);
    }
    // A mixed second derivative: a'·exp(x): exp(x) on the diagonal, rows a, columns x; vector-valued: A·(x.*x).
    let mixed = program(|b| {
        let (a, x) = (b.input("a", 1, "n"), b.input("x", 1, "n"));
        let e = b.map("exp", &[x]);
        b.contract("i,i->", &[a, e], "")
    });
    let second = program(|b| {
        let x = b.input("x", 1, "n");
        let e = b.map("exp", &[x]);
        b.contract("i->ii", &[e], "")
    });
    assert_ok(&checked(&mixed, &second, &[], &["a", "x"], &[]));
    let vector = program(|b| {
        let (a, x) = (b.input("A", 1, "m n"), b.input("x", 1, "n"));
        b.contract("ij,j,j->i", &[a, x, x], "")
    });
    let hessian = |factor: f64| {
        program(move |b| {
            let a = b.input("A", 1, "m n");
            let t = b.contract("ij->ijj", &[a], "");
            b.combine(&[(factor, t)])
        })
    };
    assert_ok(&checked(&vector, &hessian(2.0), &[], &["x", "x"], &[]));
    assert_eq!(checked(&vector, &hessian(1.0), &[], &["x", "x"], &[]).status, Status::Failed);
}

/// sum(f(A·x)) and A'·g(A·x)
fn layer(f: &'static str, g: impl Fn(&mut Builder, Value) -> Value) -> (Program, Program) {
    let read = |b: &mut Builder| {
        let (a, x) = (b.input("A", 1, "m n"), b.input("x", 1, "n"));
        (a, b.contract("ij,j->i", &[a, x], ""))
    };
    let primal = program(|b| {
        let (_, z) = read(b);
        let y = b.map(f, &[z]);
        b.contract("i->", &[y], "")
    });
    let derivative = program(|b| {
        let (a, z) = read(b);
        let s = g(b, z);
        b.contract("ij,i->j", &[a, s], "")
    });
    (primal, derivative)
}

fn step(b: &mut Builder, z: Value) -> Value {
    let zeros = b.push(Op::Zeros, b.axes_of(z), false);
    b.map("gt", &[z, zeros])
}

#[test]
fn kinks_are_stepped_around() {
    let (primal, derivative) = layer("relu", step);
    assert_ok(&checked(&primal, &derivative, &[], &["x"], &[]));
    let (primal, derivative) = layer("abs", |b, z| b.map("sign", &[z]));
    // Entries near 0: many stencils cross.
    let report = checked(&primal, &derivative, &[("A", &["in (-0.002, 0.002)"])], &["x"], &[]);
    assert_ok(&report);
    let (relu, constant) = layer("relu", |b, z| {
        let one = step(b, z);
        b.combine(&[(1.0, one), (0.01, one)])
    });
    assert_eq!(checked(&relu, &constant, &[], &["x"], &[]).status, Status::Failed);
    // All points on the kink.
    let on = program(|b| {
        let x = b.input("x", 1, "n");
        let a = b.map("abs", &[x]);
        b.contract("i->", &[a], "")
    });
    let sign = program(|b| {
        let x = b.input("x", 1, "n");
        b.map("sign", &[x])
    });
    let report = checked(&on, &sign, &[("x", &["in {0}"])], &["x"], &[]);
    assert!(matches!(&report.status, Status::NotChecked(why) if why.contains("kink")), "{report:?}");
    assert!(report.kink_crossings > 0 && report.points == 0);
    // The usual case in small: a few entries cross, the step shrinks.
    let near = checked(&on, &sign, &[("x", &["in {0.5, -0.7, 0.0001}"])], &["x"], &[]);
    assert_ok(&near);
    assert!(near.kink_crossings > 0, "{near:?}");
}

#[test]
fn smooth_functions_of_the_table() {
    for (f, g) in [("softplus", "sigmoid"), ("exp", "exp"), ("sin", "cos"), ("sinh", "cosh")] {
        let (primal, derivative) = layer(f, move |b, z| b.map(g, &[z]));
        assert_ok(&checked(&primal, &derivative, &[], &["x"], &[]));
    }
    // Far out as well.
    let (primal, derivative) = layer("softplus", |b, z| b.map("sigmoid", &[z]));
    assert_ok(&checked(&primal, &derivative, &[("A", &["in (-900,900)"])], &["x"], &[]));
    let (primal, derivative) = layer("lgamma", |b, z| b.map("digamma", &[z]));
    assert_ok(&checked(&primal, &derivative, &[("A", &["> 0"]), ("x", &["> 0"])], &["x"], &[]));
}

#[test]
fn an_empty_domain_is_not_a_pass() {
    // sum(log(-exp(x)))
    let primal = program(|b| {
        let x = b.input("x", 1, "n");
        let e = b.map("exp", &[x]);
        let e = b.combine(&[(-1.0, e)]);
        let l = b.map("log", &[e]);
        b.contract("i->", &[l], "")
    });
    let ones = program(|b| b.contract("->i", &[], "i=n"));
    let report = checked(&primal, &ones, &[], &["x"], &[]);
    assert!(matches!(&report.status, Status::NotChecked(why) if why.contains("domain")), "{report:?}");
    assert_eq!((report.points, report.directions, report.redrawn), (0, 0, 9 * 40 + 3 * 40)); // size 1 is tried again as another size
    // No sizes fit.
    let report = checked(&least_squares(), &gradient(2.0), &[], &["x"], &["m > n", "n > m"]);
    assert!(matches!(&report.status, Status::NotChecked(why) if why.contains("sizes")), "{report:?}");
    // A program of the wrong shape is not checked either.
    let scalar = program(|b| b.constant(1.0));
    assert!(matches!(checked(&least_squares(), &scalar, &[], &["x"], &[]).status, Status::NotChecked(_)));
}

#[test]
fn undeclared_domains_are_found_by_redrawing() {
    // sum(log(b - A*x)): −A'·(1./(b − A·x))
    let primal = program(|b| {
        let (_, r) = residual(b);
        let r = b.combine(&[(-1.0, r)]);
        let l = b.map("log", &[r]);
        b.contract("i->", &[l], "")
    });
    let derivative = program(|b| {
        let (a, r) = residual(b);
        let p = b.power(r, -1.0);
        b.contract("ij,i->j", &[a, p], "")
    });
    let report = checked(&primal, &derivative, &[("b", &["> A*x"])], &["x"], &[]);
    assert_ok(&report);
    assert!(report.redrawn > 0);
}

#[test]
fn size_relations_hold() {
    // logdet(A'·A) needs m ≥ n: 2·A·inv(A'·A)
    let gram = |b: &mut Builder| {
        let a = b.input("A", 1, "m n");
        (a, b.contract("ki,kj->ij", &[a, a], ""))
    };
    let primal = program(|b| {
        let (_, g) = gram(b);
        b.apply("logdet", g)
    });
    let derivative = program(|b| {
        let (a, g) = gram(b);
        let i = b.apply("inv", g);
        let t = b.contract("ik,kj->ij", &[a, i], "");
        b.combine(&[(2.0, t)])
    });
    assert_ok(&checked(&primal, &derivative, &[], &["A"], &["dim m > n"]));
}

#[test]
fn a_variable_that_does_not_occur_has_derivative_zero() {
    let zeros = |factor: f64| {
        program(move |b| {
            let z = b.input("z", 1, "n");
            b.combine(&[(factor, z)])
        })
    };
    assert_eq!(checked(&least_squares(), &zeros(0.0), &[], &["z"], &[]).status, Status::Ok);
    assert_eq!(checked(&least_squares(), &zeros(1.0), &[], &["z"], &[]).status, Status::Failed);
}

/// ‖x‖″ of a vector of one entry is 0; its formula is 1/‖x‖ − x²/‖x‖³, where rounding leaves 1e-16.
#[test]
fn cancellation_is_no_disagreement() {
    let primal = program(|b| {
        let x = b.input("x", 1, "1");
        b.apply("norm2", x)
    });
    let derivative = |factor: f64| {
        program(move |b| {
            let x = b.input("x", 1, "1");
            let n = b.apply("norm2", x);
            let (r, c) = (b.power(n, -1.0), b.power(n, -3.0));
            let one = b.contract(",->ij", &[r, r], "i=1 j=1");
            let one = b.contract("ij,->ij", &[one, n], "");
            let outer = b.contract("i,j,->ij", &[x, x, c], "");
            b.combine(&[(1.0, one), (-factor, outer)])
        })
    };
    assert_ok(&checked(&primal, &derivative(1.0), &[], &["x", "x"], &[]));
    assert_eq!(checked(&primal, &derivative(1.0 + 1e-6), &[], &["x", "x"], &[]).status, Status::Failed);
}

/// (x − mean)/‖x − mean‖ is 0/0 for a vector of one entry: the points of size 1 are drawn again at another size.
#[test]
fn sizes_without_a_usable_point_are_left() {
    let centred = |b: &mut Builder| {
        let x = b.input("x", 1, "n");
        let n = {
            let n = b.size("n");
            b.push(Op::Size(n), vec![], false)
        };
        let inverse = b.power(n, -1.0);
        let mean = b.contract("i,->j", &[x, inverse], "j=n");
        b.combine(&[(1.0, x), (-1.0, mean)])
    };
    let primal = program(|b| {
        let c = centred(b);
        let n = b.apply("norm2", c);
        b.map("log", &[n])
    });
    let derivative = program(|b| {
        let c = centred(b);
        let n = b.apply("norm2", c);
        let p = b.power(n, -2.0);
        b.contract("i,->i", &[c, p], "")
    });
    let report = checked(&primal, &derivative, &[], &["x"], &[]);
    assert_ok(&report);
    assert_eq!(report.redrawn, 3 * CheckOptions::default().draws);
}

#[test]
fn infinite_derivatives_of_finite_formulas_fail() {
    // sum(x) with a derivative that is NaN: 0/0.
    let primal = program(|b| {
        let x = b.input("x", 1, "n");
        b.contract("i->", &[x], "")
    });
    let derivative = program(|b| {
        let x = b.input("x", 1, "n");
        let zero = b.combine(&[(1.0, x), (-1.0, x)]);
        b.power(zero, -1.0)
    });
    let report = checked(&primal, &derivative, &[], &["x"], &[]);
    assert_eq!(report.status, Status::Failed);
    assert!(report.worst.is_infinite());
}
