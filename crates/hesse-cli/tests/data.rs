//! Values from files and from the command line.

mod common;

use common::{file, hesse};

const MODEL: &str = "\
data X : matrix(N, n)
data y : vector(N)
param w : vector(n)
param b : scalar
C = sum((X*w + b - y).^2)/N
";

#[test]
fn values_and_gradients() {
    let model = file("values", "model.hesse", MODEL);
    let r = hesse(&["eval", &model, "--bind", "X=[1,2;3,4],y=[1;2],w=zeros,b=0.5"]).ok();
    assert_eq!(r.out, "C = 1.25\n∂C/∂w = [-5 -7]   1×2\n∂C/∂b = -2\n");
    assert!(r.err.contains("N = 2, n = 2"), "{}", r.err);
    let r = hesse(&["eval", &model, "--bind", "X=[1,2;3,4],y=[1;2]", "--bind", "w=[0;0],b=0.5", "--show", "C"]).ok();
    assert_eq!(r.out, "C = 1.25\n");
    let r = hesse(&["eval", &model, "--bind", "X=[1,2;3,4],y=[1;2],w=ones,b=0", "--json"]).ok();
    let object = r.json();
    assert_eq!(object["schema"], "hesse.eval/1");
    assert_eq!(object["values"][0]["value"].to_string(), "14.5");
    assert_eq!(object["values"][1]["value"].to_string(), "[[17.0,24.0]]");
}

#[test]
fn values_from_files() {
    let model = file("files", "model.hesse", MODEL);
    let table = file("files", "t.csv", "age,bmi,target\n1,2,1\n3,4,2\n");
    let r = hesse(&["eval", &model, "--data", &table, "--columns", "X=age..bmi", "--bind", "y=target,w=zeros,b=0.5", "--show", "C"]).ok();
    assert_eq!(r.out, "C = 1.25\n");
    let r = hesse(&["eval", &model, "--bind", &format!("X={table}:age+bmi,y={table}:target,w=zeros,b=0.5"), "--show", "C"]).ok();
    assert_eq!(r.out, "C = 1.25\n");
}

#[test]
fn what_does_not_fit_is_said() {
    let model = file("fit", "model.hesse", MODEL);
    let bind = |bind: &str| {
        let r = hesse(&["eval", &model, "--bind", bind]);
        (r.code, r.err)
    };
    let (code, err) = bind("X=[1,2;3,4],y=[1;2;3],w=zeros,b=0");
    assert!(code == 3 && err.contains("E203") && err.contains('N'), "{err}");
    let (code, err) = bind("X=[1,2;3,4],y=[1;2]");
    assert!(code == 3 && err.contains("E501") && err.contains("`w`") && err.contains("`b`"), "{err}");
    let (code, err) = bind("X=[1,2;3,4],y=[1,2;3,4],w=zeros,b=0");
    assert!(code == 3 && err.contains("E501"), "{err}");
    let (code, err) = bind("X=[1,2;3,4],y=[1;2],w=zeros,b=0,q=1");
    assert!(code == 2 && err.contains("`q`"), "{err}");
}

#[test]
fn numbers_that_are_not_finite() {
    let r = hesse(&["eval", "-e", "x : scalar > 0; log(x)", "--bind", "x=0"]).ok();
    assert_eq!(r.out.lines().next(), Some("f = -inf"));
    assert!(r.err.contains("not finite"), "{}", r.err);
    assert_eq!(hesse(&["eval", "-e", "x : scalar > 0; log(x)", "--bind", "x=0", "--nan", "error"]).code, 5);
}

#[test]
fn what_does_not_hold_at_a_point_is_named() {
    let r = hesse(&["eval", "-e", "f = sum(log(p)) + sum(abs(p))", "--bind", "p=[1;-1;0]", "--json"]).ok();
    let breaches = &r.json()["breaches"];
    let domain = &breaches[0];
    assert_eq!((&domain["kind"], &domain["text"], &domain["expression"]), (&"domain".into(), &"p > 0".into(), &"p".into()));
    assert_eq!(domain["at"].to_string() + &domain["value"].to_string() + &domain["count"].to_string(), "[2]-1.02");
    assert_eq!(domain["span"].to_string(), "[8,14]");
    assert_eq!((&breaches[1]["kind"], breaches[1]["at"].to_string()), (&"tie".into(), "[3]".to_string()));
    let r = hesse(&["eval", "-e", "f = logdet(A)", "--bind", "A=[0,1;1,0]", "--nan", "error"]);
    assert!(r.code == 5 && r.err.contains("`logdet(A)` needs det(A) > 0: the determinant is -1"), "{}", r.err);
}

#[test]
fn stable_forms_and_condition_numbers_are_said() {
    let r = hesse(&["eval", "-v", "-e", "f = log(1 + exp(z)) + b'*inv(A)*b", "--bind", "z=1000,A=[1,0;0,2],b=[1;2]", "--show", "f"]).ok();
    assert!(r.err.contains("evaluated as softplus(z) (softplus)"), "{}", r.err);
    assert!(r.err.contains("condition number of A: 2\n"), "{}", r.err);
    let forms = &hesse(&["eval", "--json", "-e", "f = log(1 + exp(z))", "--bind", "z=1000"]).ok().json()["forms"];
    assert_eq!(forms.to_string(), r#"[{"name":"softplus","text":"softplus(z)"}]"#);
}
