//! `hesse doctor`: the first place where numbers stop being finite.

mod common;

use common::{file, hesse};

fn examined(formula: &str, bind: &str) -> (i32, serde_json::Value) {
    let r = hesse(&["doctor", "-e", formula, "--bind", bind, "--json"]);
    (r.code, r.json())
}

#[test]
fn the_first_operation_is_named_with_its_place() {
    let model = file("doctor", "model.hesse", "param p : vector(n)\nq = 2*p - 1\nC = sum(log(q))\n");
    let r = hesse(&["doctor", &model, "--bind", "p=[1;0.25;0]"]);
    assert_eq!(r.code, 1, "{}", r.err);
    assert!(r.out.contains("first      `log(q)` in C") && r.out.contains("model.hesse:3:9"), "{}", r.out);
    assert!(r.out.contains("entry [2] = nan, and one more") && r.out.contains("q[2] = -0.5"), "{}", r.out);
    assert!(r.out.contains("because    `log(q)` needs 2*p - 1 > 0") && r.out.contains("fix "), "{}", r.out);
}

#[test]
fn a_derivative_may_be_infinite_where_the_value_is_not() {
    let (code, found) = examined("sum(sqrt(x))", "x=[4;0]");
    assert_eq!(code, 1);
    assert_eq!(found["first"]["of"], "∂f/∂x");
    assert_eq!(found["first"]["at"].to_string(), "[2]");
    assert_eq!(found["results"][0]["finite"], true);
    assert_eq!(found["results"][1]["finite"], false);
    assert!(found["first"]["span"].is_null());
}

#[test]
fn inputs_come_first() {
    let r = hesse(&["doctor", "-e", "sum(X*w)", "--bind", "X=[1,2;nan,4],w=[1;1]"]);
    assert_eq!(r.code, 1);
    assert!(r.out.starts_with("✗  the input X[2,1] is not finite (nan)\n"), "{}", r.out);
}

#[test]
fn finite_results_are_said_with_their_range() {
    let (code, found) = examined("sum(x.^2)", "x=[3;0;-4]");
    assert_eq!((code, &found["ok"], &found["first"]), (0, &true.into(), &serde_json::Value::Null));
    assert_eq!(found["results"][1]["smallest"].to_string() + &found["results"][1]["largest"].to_string(), "6.08.0");
    assert_eq!(found["inputs"][0]["zeros"], 1);
    assert_eq!(found["warnings"].to_string(), "[]");
}

#[test]
fn what_is_close_to_going_wrong_is_warned_of() {
    let warnings = |formula: &str, bind: &str| examined(formula, bind).1["warnings"].to_string();
    assert!(warnings("log(1 + exp(z))", "z=1000").contains("hesse computes `softplus(z)`"));
    assert!(warnings("f = b'*inv(A)*b", "A=[1,1;1,1.0000000000001],b=[1;2]").contains("condition number of A"));
    assert!(warnings("sum(x.^2)", "x=[1e30]").contains("single precision"));
    assert!(warnings("sum(x.*y)", "x=[1e200],y=[1]").contains("its square overflows"));
}

#[test]
fn the_hessian_is_examined_on_request_and_errors_are_those_of_every_verb() {
    let r = hesse(&["doctor", "-e", "sum(x.^3)", "--bind", "x=[1;2]", "--show", "f,grad,hessian"]).ok();
    assert!(r.out.starts_with("✓  f, ∂f/∂x and ∂²f/∂x² are finite\n"), "{}", r.out);
    assert_eq!(hesse(&["doctor", "-e", "sum(x)"]).code, 3);
    assert_eq!(hesse(&["doctor", "-e", "sum(x)", "--bind", "x=[1]", "--show", "q"]).code, 2);
    assert!(hesse(&["help", "doctor"]).ok().out.contains("--show"));
    assert!(hesse(&["man", "doctor"]).ok().out.contains("bind"));
}
