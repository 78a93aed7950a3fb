//! `hesse check --claim`: verdicts, diagnoses, exit codes, values of other people's code, tables of answers.

mod common;

use common::{fed, file, hesse};
use serde_json::{Value, json};

const NEURON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/neuron.hesse");

/// A claim of the neuron's gradient by its weights.
fn claim(text: &str, more: &[&str]) -> common::Ran {
    hesse(&[&["check", NEURON, "--wrt", "w", "--claim", text], more].concat())
}

/// The only claim of an answer in JSON.
fn found(ran: &common::Ran) -> Value {
    ran.json()["claims"][0].clone()
}

#[test]
fn equal_in_either_layout_unless_one_is_asked_for() {
    let column = "-2*X'*(v .* (z > 0))/N";
    let r = claim(column, &[]).ok();
    assert!(r.out.contains("✓  equal to ∂C/∂w in denominator layout, at 64 points"), "{}", r.out);
    assert!(claim("2/N*(u - y)'*diag(z > 0)*X", &[]).ok().out.contains("in numerator layout"));
    claim(column, &["--layout", "denominator"]).ok();
    let r = claim(column, &["--layout", "numerator"]);
    assert_eq!(r.code, 1);
    assert!(r.out.contains("transposed: the claim is right in denominator layout"), "{}", r.out);
    assert_eq!(found(&claim(column, &["--layout", "numerator", "--json"]))["diagnosis"]["code"], "layout");
}

#[test]
fn what_is_wrong_is_said() {
    for (text, code, says) in [
        ("2/N*(X*w + b - y)'*X", "missing_mask", "lacks the factor `X*w + b > 0`"),
        ("2*X'*(v .* (z > 0))/N", "sign", "the derivative times −1"),
        ("-4*X'*(v .* (z > 0))/N", "constant", "is 2 times the derivative"),
        ("-2*X'*(v .* (z > 0))", "size", "is N times the derivative"),
        ("-2*X'*(v .* (z < 0))/N", "other_mask", "a condition"),
        ("-2*X'*((v .* (z > 0)) .* (y > 0))/N", "extra_mask", "`y > 0`"),
        ("-2*(v .* (z > 0))/N", "missing_factor", "`X`"),
        ("2*X'*(u .* (z > 0))/N", "missing_term", "`-y`"),
    ] {
        let r = claim(text, &[]);
        assert_eq!(r.code, 1, "{text}: {}{}", r.out, r.err);
        assert!(r.out.starts_with("✗  not equal to ∂C/∂w") && r.out.contains(says), "{text}: {}", r.out);
        let r = claim(text, &["--json"]);
        assert_eq!((r.code, r.json()["ok"].clone()), (1, Value::from(false)));
        assert_eq!(found(&r)["diagnosis"]["code"], code, "{text}: {}", r.out);
        assert_eq!(found(&r)["verdict"], "different");
    }
}

#[test]
fn the_counterexample_is_small_and_can_be_computed() {
    let c = found(&claim("-2*X'*(v .* (z > 0))", &["--json"]))["counterexample"].clone();
    assert_eq!(c["sizes"], json!({ "N": 2, "n": 1 }), "a batch of one hides the division");
    let bind = format!("X={},y={},w={},b={}", c["inputs"]["X"], column(&c["inputs"]["y"]), column(&c["inputs"]["w"]), c["inputs"]["b"]);
    let bind = bind.replace("],[", ";").replace("[[", "[").replace("]]", "]");
    let r = hesse(&["eval", NEURON, "--wrt", "w", "--bind", &bind, "--show", "grad", "--json"]).ok();
    assert_eq!(r.json()["values"][0]["value"][0][0], c["right"], "{bind}");
}

/// `[1,2]` as `[1;2]`
fn column(list: &Value) -> String {
    list.to_string().replace(',', ";")
}

#[test]
fn a_convention_at_ties_is_no_mistake() {
    let r = claim("-2*X'*(v .* (z >= 0))/N", &[]).ok();
    assert!(r.out.contains("they differ only where the formula has a tie"), "{}", r.out);
    assert_eq!(found(&claim("-2*X'*(v .* (z >= 0))/N", &["--json"]).ok())["verdict"], "equal_except_at_ties");
}

#[test]
fn claims_that_cannot_be_read_have_a_place_of_their_own() {
    let r = claim("-2*X'*(q .* (z > 0))/N", &[]);
    assert_eq!(r.code, 3);
    assert!(r.err.contains("error[E101]: unknown name `q`") && r.err.contains("claim:1:8"), "{}", r.err);
    let r = claim("X*(v .* (z > 0))", &["--json"]);
    assert_eq!((r.code, r.json()["errors"][0]["code"].clone()), (3, "E201".into()));
    assert_eq!(r.json()["errors"][0]["labels"][0]["origin"], "claim");
    let r = claim("X'*X", &[]);
    assert_eq!(r.code, 3);
    assert!(r.err.contains("the claim is n×n, the derivative 1×n"), "{}", r.err);
    assert_eq!(claim("w : vector(n)", &[]).code, 3);
}

#[test]
fn several_variables_and_files() {
    let w = "w=-2*(v .* (z > 0))'*X/N";
    let r = hesse(&["check", NEURON, "--claim", w, "--claim", "b=-2*sum(v .* (z > 0))/N", "--json"]).ok();
    assert_eq!(r.json()["claims"].as_array().map(Vec::len), Some(2));
    assert_eq!(hesse(&["check", NEURON, "--claim", w, "--claim", "b=sum(v)"]).code, 1);
    assert_eq!(hesse(&["check", NEURON, "--claim", "sum(v)"]).code, 2, "whose?");
    let path = file("claims", "mine.txt", "# my answer\ne = max(0, z) - y\nm = z > 0\n2*(e .* m)'*X/N\n");
    hesse(&["check", NEURON, "--wrt", "w", "--claim-file", &path]).ok();
    fed(&["check", NEURON, "--wrt", "w", "--claim-file", "-"], "d = v .* (z > 0)\n-2*X'*d/N").ok();
    assert_eq!(hesse(&["check", NEURON, "--wrt", "w", "--claim-file", "absent.txt"]).code, 3);
}

#[test]
fn matrices_by_matrices() {
    let axb = |text: &str| {
        hesse(&["check", "-e", "A*X*B", "--var", "A : matrix(k, m)", "--var", "B : matrix(n, l)", "--wrt", "X", "--claim", text])
    };
    assert!(axb("kron(B', A)").ok().out.contains("with stacked columns"));
    axb("A[i,p]*B[q,j] -> [i,j,p,q]").ok();
    let r = axb("kron(A, B')");
    assert_eq!(r.code, 1);
    assert!(r.out.contains("row after row"), "{}", r.out);
}

/// An `.npy` file of little-endian numbers.
fn npy(name: &str, descr: &str, shape: &str, bytes: Vec<u8>) -> String {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let head = [b"\x93NUMPY\x01\x00".to_vec(), (header.len() as u16).to_le_bytes().to_vec(), header.into_bytes()].concat();
    file("claims", name, [head, bytes].concat())
}

#[test]
fn values_of_other_code() {
    let bind = "X=[1,2;3,4;-1,0.5],y=[1;0;2],w=[0.3;-0.2],b=0.1";
    let r = hesse(&["eval", NEURON, "--wrt", "w", "--bind", bind, "--show", "grad", "--json"]).ok();
    let right: Vec<f64> = r.json()["values"][0]["value"][0].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let double = |name: &str, shape: &str, x: &[f64]| npy(name, "<f8", shape, x.iter().flat_map(|x| x.to_le_bytes()).collect());
    let judged = |path: &str, more: &[&str]| hesse(&[&["check", NEURON, "--wrt", "w", "--claim-npy", path, "--bind", bind], more].concat());
    let r = judged(&double("flat.npy", "(2,)", &right), &[]).ok();
    assert!(r.out.contains("up to 1e-06 of the largest entry"), "{}", r.out);
    judged(&double("column.npy", "(2, 1)", &right), &[]).ok();
    assert_eq!(judged(&double("column.npy", "(2, 1)", &right), &["--layout", "numerator"]).code, 1);
    let rough: Vec<f64> = right.iter().map(|x| x * 1.0001).collect();
    assert_eq!(judged(&double("rough.npy", "(2,)", &rough), &[]).code, 1);
    judged(&double("rough.npy", "(2,)", &rough), &["--rtol", "1e-3"]).ok();
    let single = npy("single.npy", "<f4", "(2,)", rough.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect());
    assert!(judged(&single, &[]).ok().out.contains("1e-03"));
    let scaled = |k: f64| double("scaled.npy", "(2,)", &right.iter().map(|x| x * k).collect::<Vec<_>>());
    for (k, code) in [(-1.0, "sign"), (2.0, "constant"), (3.0, "constant")] {
        assert_eq!(found(&judged(&scaled(k), &["--json"]))["diagnosis"]["code"], code);
    }
    // Without the mask, at a point where one of three is off; a changed condition could be any mask there and says nothing.
    let unmasked = double("unmasked.npy", "(2,)", &[22.0 / 15.0, -17.0 / 15.0]);
    let r = hesse(&["check", NEURON, "--wrt", "w", "--claim-npy", &unmasked, "--bind", &bind.replace("b=0.1", "b=0.2"), "--json"]);
    assert_eq!(found(&r)["diagnosis"]["code"], "missing_mask", "{}", r.out);
    assert_eq!(judged(&double("long.npy", "(3,)", &[1., 2., 3.]), &[]).code, 3);
    assert_eq!(hesse(&["check", NEURON, "--wrt", "w", "--claim-npy", &scaled(1.0)]).code, 3, "no values");
}

#[test]
fn tables_of_answers() {
    let table = "id,formula,wrt,claim,vars,layout,kind\n\
        anna,norm2(A*x - b)^2,x,2*A'*(A*x - b),\"A : matrix(m,n); x : vector(n); b : vector(m)\",,\n\
        ben,norm2(A*x - b)^2,x,A'*(A*x - b),\"A : matrix(m,n); x : vector(n); b : vector(m)\",,\n\
        cem,norm2(A*x - b)^2,x,2*A*(A*x - b),\"A : matrix(m,n); x : vector(n); b : vector(m)\",,\n\
        dora,norm2(A*x - b)^2,x,2*A'*(A*x - b),\"A : matrix(m,n); x : vector(n); b : vector(m)\",numerator,gradient\n\
        emil,sum(x.^2),x\n\
        fay,sum(x.^2,x,2*x,x : vector(n),,\n\
        gus,sum(x.^2),x,2*x,x : vector(n),sideways,\n";
    let path = file("claims", "answers.csv", table);
    let r = hesse(&["check", "--answers", &path, "--json"]);
    assert_eq!(r.code, 1, "{}", r.err);
    let all = r.json();
    assert_eq!((all["schema"].clone(), all["right"].clone(), all["wrong"].clone()), ("hesse.answers/1".into(), 1.into(), 6.into()));
    let results = all["results"].as_array().unwrap();
    let of = |k: usize| (results[k]["id"].as_str().unwrap(), results[k]["verdict"].as_str().unwrap());
    assert_eq!((of(0), of(1), of(2), of(3)), (("anna", "equal"), ("ben", "different"), ("cem", "error"), ("dora", "different")));
    assert_eq!((of(4), of(5), of(6)), (("emil", "error"), ("fay", "error"), ("gus", "error")));
    assert_eq!(results[1]["diagnosis"]["code"], "constant");
    assert_eq!(results[2]["error"]["code"], "E201");
    assert_eq!(results[3]["diagnosis"]["code"], "layout");
    assert_eq!(results[4]["error"]["code"], "E402");
    assert_eq!(hesse(&["check", "--answers", &path, "--json"]).out, r.out, "the same bytes");
    assert!(hesse(&["check", "--answers", &path]).out.ends_with("1 of 7 right\n"));
    let right = file("claims", "right.csv", "id,formula,wrt,claim\n1,sum(x.^2),x,2*x'\n");
    hesse(&["check", "--answers", &right]).ok();
    assert_eq!(hesse(&["check", "--answers", "absent.csv"]).code, 3);
    assert_eq!(hesse(&["check", "--answers", &file("claims", "odd.csv", "a,b\n1,2\n")]).code, 3);
}
