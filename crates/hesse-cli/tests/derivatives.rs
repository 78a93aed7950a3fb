//! Formulas in, derivatives out.

mod common;

use common::{fed, file, hesse};

const NEURON: &str = "\
data X : matrix(N, n)
data y : vector(N)
param w : vector(n)
param b : scalar
z = X*w + b
C = sum((y - max(0, z)).^2)/N
";

#[test]
fn plain_is_the_formula_and_nothing_else() {
    let r = hesse(&["grad", "-e", "norm2(A*x - b)^2", "--wrt", "x", "--format", "plain", "--layout", "denominator"]).ok();
    assert_eq!(r.out, "2*A'*(A*x - b)\n");
    let r = hesse(&["grad", "-e", "norm2(A*x - b)^2", "--wrt", "x", "--format", "plain"]).ok();
    assert_eq!(r.out, "2*(A*x - b)'*A\n");
    let r = fed(&["grad", "-", "--format", "plain"], NEURON).ok();
    assert_eq!(r.out.lines().count(), 2, "one line for each param: {}", r.out);
}

#[test]
fn the_report_has_its_parts() {
    let neuron = file("report", "neuron.hesse", NEURON);
    let r = hesse(&["grad", &neuron]).ok();
    let lines: Vec<&str> = r.out.lines().collect();
    assert_eq!(lines[0], "shapes   X: matrix(N, n)   y: vector(N)   w: vector(n)   b: scalar   (declared)");
    assert!(lines[1].starts_with("where    z = X·w + b,   "), "{}", r.out);
    assert!(lines[3].starts_with("∂C/∂w  =  ") && lines[3].contains("1×n   numerator layout"), "{}", r.out);
    assert!(lines[4].starts_with("∂C/∂b  =  ") && lines[4].contains("1×1"), "{}", r.out);
    assert!(lines[6].starts_with("check    ok — 8 points × 4 directions, worst relative error "), "{}", r.out);
    assert!(r.err.contains("note     ") && r.err.contains("max(0, "), "{}", r.err);
    let quiet = hesse(&["grad", &neuron, "-q"]).ok();
    assert_eq!((quiet.out, quiet.err.as_str()), (r.out, ""));
    let ascii = hesse(&["grad", &neuron, "--ascii"]).ok();
    assert!(ascii.out.is_ascii() && ascii.err.is_ascii());
    assert!(ascii.out.contains("dC/dw  =  "), "{}", ascii.out);
}

#[test]
fn results_share_names() {
    let neuron = file("names", "neuron.hesse", NEURON);
    let lines = |arguments: &[&str]| -> Vec<String> {
        let all = [&["grad", &neuron, "-q", "--no-check"], arguments].concat();
        hesse(&all).ok().out.lines().map(String::from).collect()
    };
    assert_eq!(
        lines(&["--ascii"])[1..],
        [
            "where    z = X*w + b,   m = z > 0",
            "",
            "dC/dw  =  2*((z - y) .* m)'*X/N   1xn   numerator layout",
            "dC/db  =  2*((z - y)'*m)/N        1x1"
        ]
    );
    let written = ["2*((X*w + b - y) .* (X*w + b > 0))'*X/N", "2*((X*w + b - y)'*(X*w + b > 0))/N"];
    assert!(lines(&["--ascii", "--inline"])[2].contains(written[0]));
    // Programs read one line a result; eyes read names.
    assert_eq!(lines(&["--format", "plain"]), written);
    assert_eq!(lines(&["--format", "unicode"]), ["where z = X·w + b, m = [z > 0]", "2·((z − y) ⊙ m)ᵀ·X/N", "2·((z − y)ᵀ·m)/N"]);
    assert_eq!(
        lines(&["--format", "latex"])[..2],
        [r"\text{where } z = X\,w + b,\quad m = [z > 0]", r"\frac{2\,((z - y) \odot m)^{\top}\,X}{N}"]
    );
    assert_eq!(lines(&["--format", "mathml"]).len(), 4);
    assert_eq!(lines(&["--format", "latex", "--inline"]).len(), 2);

    let object = hesse(&["grad", &neuron, "--json"]).ok().json();
    let names: Vec<_> =
        object["where"].as_array().unwrap().iter().map(|n| (n["name"].clone(), n["plain"].clone(), n["shape"].clone())).collect();
    assert_eq!(names[1], ("m".into(), "z > 0".into(), serde_json::json!(["N", "1"])));
    assert_eq!(object["parts"][0]["plain"], written[0]);
    assert_eq!(object["parts"][0]["named"]["plain"], "2*((z - y) .* m)'*X/N");
    // The definitions and a result are a formula.
    let text: String =
        object["where"].as_array().unwrap().iter().map(|n| format!("{} = {}\n", n["name"], n["plain"]).replace('"', "")).collect();
    let declared = NEURON.lines().take(4).collect::<Vec<_>>().join("\n");
    let again = fed(&["derive", "-", "--strict", "--wrt", "b", "--format", "plain"], &format!("{declared}\n{text}2*((z - y)'*m)/N\n")).ok();
    assert_eq!(again.out, fed(&["hessian", "-", "--wrt", "b", "--format", "plain"], NEURON).ok().out);
    let object = hesse(&["grad", &neuron, "--json", "--inline"]).ok().json();
    assert_eq!((&object["where"], &object["parts"][0]["named"]), (&serde_json::json!([]), &serde_json::Value::Null));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let neuron = file("bytes", "neuron.hesse", NEURON);
    let (a, b) = (hesse(&["hessian", &neuron, "--wrt", "w"]).ok(), hesse(&["hessian", &neuron, "--wrt", "w"]).ok());
    assert_eq!((a.out, a.err), (b.out, b.err));
}

#[test]
fn every_verb_and_format() {
    let neuron = file("verbs", "neuron.hesse", NEURON);
    for verb in ["grad", "derive", "hessian", "vjp", "jvp", "hvp"] {
        for format in ["plain", "unicode", "latex", "mathml"] {
            let r = hesse(&[verb, &neuron, "--wrt", "w", "--format", format, "--inline"]).ok();
            assert_eq!(r.out.lines().count(), 1, "{verb} {format}: {}", r.out);
        }
        let object = hesse(&[verb, &neuron, "--wrt", "w", "--json"]).ok().json();
        assert_eq!(object["schema"], "hesse.derivative/1");
        assert_eq!(object["parts"][0]["check"]["status"], "ok", "{verb}: {object}");
    }
    let r = hesse(&["jacobian", &neuron, "--target", "z", "--wrt", "w", "--format", "plain"]).ok();
    assert_eq!(r.out, "X\n");
}

#[test]
fn files_declarations_and_expressions_are_one_text() {
    let data = file("one-text", "data.hesse", "data X : matrix(N, n)\n");
    let model = file("one-text", "model.hesse", "param w : vector(n)\nz = X*w\n");
    let r = hesse(&["grad", &data, &model, "-e", "sum(z.^2)", "--format", "plain", "--layout", "denominator"]).ok();
    assert_eq!(r.out, "2*X'*X*w\n");
    let r = hesse(&["jacobian", "--var", "A: matrix(m,n)", "--var", "x: vector(n)", "-e", "A*x", "--wrt", "x", "--format", "plain"]).ok();
    assert_eq!(r.out, "A\n");
}

#[test]
fn exit_codes() {
    assert_eq!(hesse(&["grad", "-e", "sum(w*x", "--wrt", "w"]).code, 3);
    assert_eq!(hesse(&["grad", "--var", "w: vector(n)", "--var", "x: vector(n)", "-e", "w*x", "--wrt", "w"]).code, 3);
    assert_eq!(hesse(&["grad", "-e", "sum(w)", "--wrt", "q"]).code, 2);
    assert_eq!(hesse(&["grad", "-e", &"(".repeat(400), "--wrt", "w"]).code, 6);
    assert_eq!(hesse(&["derive", "-e", "a*b", "--wrt", "a", "--strict"]).code, 3);
}

#[test]
fn errors_point_at_their_place() {
    let bad = file("place", "bad.hesse", "data X : matrix(N,n)\nparam w : vector(m)\nz = X*w\n");
    let r = hesse(&["grad", &bad]);
    assert_eq!((r.code, r.out.as_str()), (3, ""));
    assert!(r.err.contains("error[E2"), "{}", r.err);
    assert!(r.err.contains("bad.hesse:3:"), "{}", r.err);
    let object = hesse(&["grad", &bad, "--json"]).json();
    assert_eq!(object["errors"][0]["labels"][0]["line"], 3, "{object}");
}

#[test]
fn check_says_yes_for_each_variable() {
    let neuron = file("check", "neuron.hesse", NEURON);
    let r = hesse(&["check", &neuron]).ok();
    assert_eq!(r.out.matches('✓').count(), 2, "{}", r.out);
    let r = hesse(&["check", &neuron, "--wrt", "w", "--json"]).ok();
    assert_eq!(r.json()["checks"][0]["check"]["status"], "ok");
}

#[test]
fn what_is_no_plain_derivative_is_checked_too() {
    for arguments in [
        &["grad", "-e", "log(det(X))", "--wrt", "X", "--structure", "symmetric"][..],
        &["grad", "-e", "sum(X)*tr(X)", "--wrt", "X", "--structure", "symmetric", "--var", "X: symmetric(n)"],
        &["grad", "-e", "tr(A*X*X)", "--wrt", "X", "--structure", "diagonal"],
        &["grad", "-e", "a^2*b + sin(b)", "--wrt", "a,b"],
        &["vjp", "-e", "A*X", "--wrt", "X", "--var", "A: matrix(m,k)", "--var", "X: matrix(k,n)"],
        &["jvp", "-e", "exp(X)*b", "--wrt", "X", "--var", "X: matrix(m,n)", "--var", "b: vector(n)"],
        &["hvp", "-e", "sum(exp(X).^2)", "--wrt", "X"],
        &["hessian", "-e", "sum((A*x - b).^2)", "--wrt", "x", "--wrt2", "b", "--var", "b: vector(m)"],
    ] {
        let object = hesse(&[arguments, &["--json"]].concat()).ok().json();
        assert_eq!(object["parts"][0]["check"]["status"], "ok", "{arguments:?}: {object}");
    }
}

#[test]
fn what_cannot_be_checked_is_said() {
    let neuron = file("unchecked", "neuron.hesse", NEURON);
    let nowhere = ["grad", "-e", "log(-1 - x^2)", "--wrt", "x", "--var", "x: scalar"];
    let r = hesse(&nowhere).ok();
    assert!(r.out.contains("not checked — the formula is not finite"), "{}", r.out);
    assert_eq!(hesse(&[&nowhere[..], &["--require-check"]].concat()).code, 1);
    // A definition is moved like an input.
    let r = hesse(&["grad", &neuron, "--wrt", "z", "--require-check"]).ok();
    assert!(r.out.contains("ok — 8 points"), "{}", r.out);
    assert!(!hesse(&["grad", &neuron, "--no-check"]).ok().out.contains("check"));
}

#[test]
fn options_reach_the_engine() {
    for order in ["forward", "reverse", "cross", "auto"] {
        hesse(&["grad", "-e", "sum(exp(A*x))", "--wrt", "x", "--order", order]).ok();
    }
    assert!(hesse(&["grad", "-e", "sum(x)", "--wrt", "x", "--timing"]).ok().err.contains("derive "));
    let seeded = |seed: &str| hesse(&["grad", "-e", "sum(exp(x))", "--wrt", "x", "--seed", seed]).ok().out;
    assert_ne!(seeded("1"), seeded("2"));
}

#[test]
fn stages_are_printed_by_name() {
    let r = hesse(&["stages", "-e", "norm2(A*x - b)^2", "--wrt", "x"]).ok();
    for stage in ["written", "means", "derivative", "notated", "program"] {
        assert!(r.out.lines().any(|line| line.trim_end() == stage), "{stage}: {}", r.out);
    }
    let r = hesse(&["stages", "-e", "norm2(A*x - b)^2", "--wrt", "x", "--only", "notated"]).ok();
    assert_eq!(r.out, "notated\n  df/dx = 2*(A*x - b)'*A\n");
}

#[test]
fn fmt_is_canonical_and_keeps_comments() {
    let text = "# why\nx:vector(n)\ny=‖x‖²   # last\n";
    let r = fed(&["fmt", "-"], text).ok();
    assert_eq!(r.out, "# why\nx : vector(n)\ny = norm2(x)^2  # last\n");
    let path = file("fmt", "a.hesse", text);
    assert_eq!(hesse(&["fmt", "--check", &path]).code, 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    hesse(&["fmt", &path]).ok();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), r.out);
    hesse(&["fmt", "--check", &path]).ok();
}

#[test]
fn batch_gives_texts_values_and_checks() {
    let request = r#"{"id":"a","vars":{"A":"matrix(m,n)","x":"vector(n)","b":"vector(m)"},"expr":"norm2(A*x - b)^2","wrt":"x","kind":"gradient","layout":"LAYOUT","at":{"A":[[1,2],[3,4],[5,6]],"x":[1,-1],"b":[0,0,1]},"check":true}"#;
    let input = format!("{}\nnot json\n{}\n", request.replace("LAYOUT", "numerator"), request.replace("LAYOUT", "denominator"));
    let answers = fed(&["batch"], &input).ok().json_lines();
    assert_eq!(answers.len(), 3);
    let (row, column) = (&answers[0], &answers[2]);
    assert_eq!(row["plain"], "2*(A*x - b)'*A");
    assert_eq!(row["value"].to_string(), "[[-28.0,-36.0]]");
    assert_eq!(column["plain"], "2*A'*(A*x - b)");
    assert_eq!(column["value"].to_string(), "[[-28.0],[-36.0]]");
    assert_eq!(column["shape"].to_string(), r#"["n","1"]"#);
    assert_eq!(column["check"]["status"], "ok");
    assert!(row.get("derive_us").is_none());
    assert_eq!(answers[1]["ok"], false);
    let timed = fed(&["batch", "--timing"], &request.replace("LAYOUT", "numerator")).ok().json_lines();
    assert!(timed[0]["derive_us"].is_u64());
}

#[test]
fn batch_values_of_every_shape() {
    let value = |vars: &str, rest: &str| {
        let answer = fed(&["batch"], &format!("{{\"id\":0,\"vars\":{vars},{rest}}}")).ok().json_lines().remove(0);
        assert_eq!(answer["ok"], true, "{answer}");
        (answer["value"].to_string(), answer.get("nonfinite").is_some())
    };
    let finite = |text: &str| (text.to_string(), false);
    assert_eq!(value(r#"{"x":"scalar"}"#, r#""expr":"x^2","wrt":"x","at":{"x":[3]}"#), finite("6.0"));
    assert_eq!(
        value(r#"{"x":"vector(n)"}"#, r#""expr":"exp(x)","wrt":"x","kind":"jacobian","at":{"x":[[0],[0]]}"#),
        finite("[[1.0,0.0],[0.0,1.0]]")
    );
    assert_eq!(
        value(r#"{"x":"rowvector(n)"}"#, r#""expr":"sum(x.^2)","wrt":"x","layout":"denominator","at":{"x":[1,2]}"#),
        finite("[[2.0,4.0]]")
    );
    assert_eq!(
        value(r#"{"A":"matrix(m,n)","x":"vector(n)"}"#, r#""expr":"A*x","wrt":"A","at":{"A":[[0,0]],"x":[5,7]}"#),
        finite("[[[5.0,7.0]]]")
    );
    assert_eq!(value(r#"{"x":"scalar"}"#, r#""expr":"log(x)","wrt":"x","at":{"x":0}"#), ("null".to_string(), true));
}

#[test]
fn batch_errors_have_places() {
    let answer =
        fed(&["batch"], r#"{"id":0,"vars":{"x":"vector(n)","y":"vector(n)"},"expr":"2 + x*y","wrt":"x"}"#).ok().json_lines().remove(0);
    assert_eq!(answer["error"]["code"], "E202", "{answer}");
    let span = answer["error"]["span"].as_array().unwrap();
    assert!(span[0].as_u64() >= Some(4), "{answer}");
    let answer = fed(&["batch"], r#"{"id":0,"vars":{"x":"vector(n)"},"expr":"sum(x)","wrt":"x","at":{}}"#).ok().json_lines().remove(0);
    assert_eq!(answer["error"]["code"], "E501", "{answer}");
}

const AXB: [&str; 8] = ["--var", "A: matrix(k, m)", "--var", "X: matrix(m, n)", "--var", "B: matrix(n, l)", "-e", "A*X*B"];

fn with<'a>(verb: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&[verb], &AXB[..], &["--wrt", "X"], rest].concat()
}

#[test]
fn more_than_two_axes_are_shown_as_a_map_and_as_a_matrix() {
    let r = hesse(&with("derive", &[])).ok();
    assert!(r.out.contains("∂f/∂X  =  A[i,p]·B[q,j] → [i,j,p,q]   k×l×m×n   Kronecker product\n"), "{}", r.out);
    assert!(r.out.contains("\nmap      dX ↦ A·dX·B   k×l\n"), "{}", r.out);
    assert!(r.err.contains("the derivative of `f` by `X` has 4 indices; as a matrix, columns stacked, use --vec"), "{}", r.err);
    assert_eq!(hesse(&with("derive", &["--vec", "--format", "plain"])).ok().out, "kron(B', A)\n");
    let object = hesse(&with("derive", &["--vec", "--json"])).ok().json();
    let part = &object["parts"][0];
    assert_eq!((part["shape"][0].as_str(), part["shape"][1].as_str()), (Some("k*l"), Some("m*n")), "{part}");
    assert_eq!((part["map"]["plain"].as_str(), part["map"]["direction"].as_str()), (Some("A*dX*B"), Some("dX")), "{part}");
    assert_eq!(part["map"]["check"]["status"], "ok", "{part}");
}

#[test]
fn a_direction_has_a_name_of_its_own() {
    let r = hesse(&["hvp", "--var", "v: vector(n)", "-e", "(v'*v)^2", "--wrt", "v", "--format", "plain"]).ok();
    assert_eq!(r.out, "4*(norm2(v)^2*v1 + 2*(v'*v1)*v)\n");
    let r = hesse(&["hessian", "--var", "x: vector(n)", "-e", "sum(x.^3)", "--wrt", "x"]).ok();
    assert!(!r.out.contains("↦"), "a diagonal needs no product beside it: {}", r.out);
}

#[test]
fn pictures() {
    let ask = |rest: &[&str]| hesse(&[&["jacobian", "-e", "w .* x", "--wrt", "w"], rest].concat()).ok();
    let r = ask(&["--picture", "3"]);
    assert!(r.out.contains("diagonal, n of n² entries can be non-zero\n  ⎡ ● · · ⎤\n  ⎢ · ● · ⎥\n  ⎣ · · ● ⎦\n"), "{}", r.out);
    let r = ask(&["--picture", "2", "--ascii"]);
    assert!(r.out.contains("n of n^2 entries can be non-zero\n  [ * . ]\n  [ . * ]\n"), "{}", r.out);
    let part = &ask(&["--picture", "2", "--json"]).json()["parts"][0];
    assert_eq!(part["picture"].to_string(), r#"["*.",".*"]"#);
    assert_eq!((part["pattern"].as_str(), part["nonzeros"].as_str(), part["entries"].as_str()), (Some("diagonal"), Some("n"), Some("n^2")));
    let r = hesse(&["grad", "-e", "x[7]^2", "--wrt", "x", "--picture", "3"]);
    assert_eq!(r.code, 2, "{}", r.err);
    assert!(r.err.contains("choose another size"), "{}", r.err);
}

#[test]
fn semidefinite_where_it_is_proved() {
    let neuron = file("semidefinite", "neuron.hesse", NEURON);
    let r = hesse(&["hessian", &neuron, "--wrt", "w"]).ok();
    assert!(r.out.contains("symmetric, positive semidefinite (almost everywhere)\nproduct  v ↦ "), "{}", r.out);
    let said = |formula: &str| hesse(&["hessian", "-e", formula, "--wrt", "x"]).ok().out.contains("positive semidefinite");
    for formula in ["norm2(A*x)^2", "sum((A*x).^4)", "sum(exp(x))", "(x'*x)^2", "sum(log(1 + exp(-x)))", "logsumexp(x) + x'*x"] {
        // The first four are proved; of the others nothing is claimed that is not.
        assert_eq!(said(formula), !formula.contains("log"), "{formula}");
    }
    for formula in ["sum((A*x).^3)", "x'*B*x", "-norm2(A*x)^2", "sum(sin(x))", "norm2(A*x)^2 - x'*x"] {
        assert!(!said(formula), "{formula}");
    }
}
