//! `hesse bench`: times are never compared, everything else is.

mod common;

use common::{file, hesse};
use std::path::PathBuf;

const MODEL: &str = "\
data X : matrix(N, n)
data y : vector(N)
param w : vector(n)
param b : scalar
z = X*w + b
C = sum((y - max(0, z)).^2)/N + log(1 + exp(b))
";

#[test]
fn hesse_alone_needs_no_python() {
    let model = file("bench", "model.hesse", MODEL);
    let r = hesse(&["bench", &model, "--sizes", "N=1e4,n=10", "--seconds", "0.01"]).ok();
    let first = r.out.lines().next().unwrap_or_default();
    assert!(first.starts_with("C, ∂C/∂w, ∂C/∂b   N = 10000, n = 10   0.88 MB of inputs"), "{}", r.out);
    assert!(r.out.lines().any(|line| line.starts_with("hesse ")) && r.out.contains("1 thread"), "{}", r.out);
    let object =
        hesse(&["bench", &model, "--sizes", "N=50", "--sizes", "n=3", "--seconds", "0.01", "--threads", "1,2", "--json"]).ok().json();
    assert_eq!(object["schema"], "hesse.bench/1");
    assert_eq!(object["runs"].as_array().map(Vec::len), Some(2));
    assert!(object["runs"][0]["rows"][0]["call_s"].as_f64().is_some_and(|s| s > 0.0));
    assert_eq!(object["sizes"].to_string(), r#"{"N":50,"n":3}"#);
}

#[test]
fn the_hessian_and_matrices_with_properties() {
    let formula = "b'*(S\\b) + logdet(S)";
    let arguments =
        ["bench", "-e", formula, "--var", "S: matrix(n, n) spd", "--var", "param b: vector(n)", "--sizes", "n=30", "--seconds", "0.01"];
    let object = hesse(&[&arguments[..], &["--hessian", "--json"]].concat()).ok().json();
    assert_eq!(object["results"].to_string(), r#"["f","∂f/∂b","∂²f/∂b²"]"#);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let model = file("bench-errors", "model.hesse", MODEL);
    let refused = |more: &[&str]| {
        let r = hesse(&[&["bench", model.as_str()], more].concat());
        (r.code, r.err)
    };
    let (code, err) = refused(&["--sizes", "N=10"]);
    assert!(code == 2 && err.contains("no number for n"), "{err}");
    let (code, err) = refused(&["--sizes", "N=10,m=3"]);
    assert!(code == 2 && err.contains("no size `m`"), "{err}");
    let (code, err) = refused(&["--sizes", "N=1.5,n=3"]);
    assert!(code == 2 && err.contains("NAME=NUMBER"), "{err}");
    assert_eq!(refused(&["--sizes", "N=10,N=11,n=3"]).0, 2);
    assert_eq!(refused(&["--sizes", "N=10,n=3", "--seconds", "0"]).0, 2);
    assert_eq!(refused(&["--sizes", "N=10,n=3", "--against", "matlab"]).0, 2);
    let (code, err) = refused(&["--sizes", "N=10,n=3", "--hessian", "--against", "numpy"]);
    assert!(code == 2 && err.contains("--wrt"), "{err}");
    let (code, err) = refused(&["--sizes", "N=1e6,n=1e6"]);
    assert!(code == 6 && err.contains("E609"), "{err}");
}

#[test]
fn a_peer_that_cannot_is_named_with_the_reason() {
    let model = file("bench-peers", "model.hesse", MODEL);
    let r =
        hesse(&["bench", &model, "--sizes", "N=20,n=3", "--seconds", "0.01", "--against", "numpy", "--python", "no-such-python", "--json"]);
    let object = r.ok().json();
    assert_eq!(object["refused"][0]["name"], "numpy");
    assert!(object["refused"][0]["reason"].as_str().is_some_and(|s| s.contains("no-such-python")));
    let formula = "param x: vector(n); sum(i = 1:n, exp(x[i]))";
    let r =
        hesse(&["bench", "-e", formula, "--sizes", "n=5", "--seconds", "0.01", "--against", "jax", "--python", "no-such-python", "--json"]);
    assert!(r.ok().json()["refused"][0]["reason"].as_str().is_some_and(|s| s.contains("counterpart") || s.contains("notation")));
}

/// The Python with NumPy that `cargo xtask` makes, where it has been made.
#[test]
fn numpy_agrees_where_it_is_there() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    if !python.exists() {
        return;
    }
    let python = python.display().to_string();
    let model = file("bench-numpy", "model.hesse", MODEL);
    let covariance = file(
        "bench-numpy",
        "covariance.hesse",
        "param S : matrix(n, n) spd\nparam b : vector(n)\ndata X : matrix(n, k)\nparam c : rowvector(k)\n\
         h(t; d = 2) = where(abs(t) <= d, t.^2, 2*d*abs(t) - d^2)\n\
         C = b'*(S\\b) + logdet(S) + logsumexp(X*c') + sum((X .+ c).^2) + sum(h(b)) + sum(softmax(b).*b) + b[1]^3 + norm2(b[2:n])",
    );
    for (model, sizes) in [(model, "N=40,n=3"), (covariance, "n=6,k=3")] {
        let r = hesse(&["bench", &model, "--sizes", sizes, "--seconds", "0.01", "--against", "numpy", "--python", &python, "--json"]);
        let object = r.ok().json();
        assert_eq!(object["refused"].to_string(), "[]", "{object}");
        assert!(object["runs"][0]["rows"][1]["differs"].as_f64().is_some_and(|d| d < 1e-9), "{object}");
    }
    let formula = "data X: matrix(N, n); param w: vector(n); sum(softplus(X*w))";
    let arguments = ["bench", "-e", formula, "--sizes", "N=30,n=4", "--seconds", "0.01", "--against", "numpy", "--python", &python];
    let object = hesse(&[&arguments[..], &["--hessian", "--json"]].concat()).ok().json();
    assert!(object["runs"][0]["rows"][1]["differs"].as_f64().is_some_and(|d| d < 1e-9), "{object}");
}
