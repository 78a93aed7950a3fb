//! Derivations without numbers: both styles of every entry of the corpus end in what `derive` prints, every tree that is drawn reads
//! back, the same input gives the same bytes; and the texts of known derivations, in `differential.txt` (`BLESS=1` writes it).

use hesse::calculus::derivation::{Derivation, Relation, Side, Style};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::NodeId;
use hesse::syntax::unicode::unicode;
use hesse::{Formula, Layout, Request, Want};
use serde_json::Value;
use std::fmt::Write as _;

fn text(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_string)
}

fn corpus() -> Vec<(String, Formula, Request)> {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../suite/corpus/public.json")).unwrap();
    let all: Value = serde_json::from_str(&file).unwrap();
    let read = |e: &Value| {
        let vars: Vec<(String, String)> =
            e["vars"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_string())).collect();
        let want = match e["kind"].as_str().unwrap() {
            "gradient" => Want::Gradient,
            "jacobian" => Want::Jacobian,
            "hessian" => Want::Hessian,
            _ => Want::Derivative,
        };
        let structure = text(e, "structure");
        let request = Request { wrt: vec![text(e, "wrt").unwrap()], wrt2: text(e, "wrt2"), want, structure, ..Request::default() };
        let formula = Formula::expression(&vars, &text(e, "expr").unwrap(), &text(e, "domain").unwrap_or_default()).unwrap();
        (text(e, "id").unwrap(), formula, request)
    };
    all.as_array().unwrap().iter().map(read).collect()
}

fn drawn(side: &Side) -> Vec<NodeId> {
    match side {
        Side::Tree(n) | Side::Cases(n) | Side::Differential(n) | Side::Diagonal(_, _, n) => vec![*n],
        Side::Partial(of, by) => std::iter::once(*of).chain(by.iter().copied()).collect(),
        Side::Chains(chains) => chains.iter().flat_map(|c| c.factors.iter().flat_map(|f| [f.0, f.1])).collect(),
        Side::Picture(rows) => rows.iter().flatten().flatten().copied().collect(),
    }
}

#[test]
fn both_styles_end_in_the_derivative() {
    let mut wrong = String::new();
    for (id, formula, request) in corpus() {
        for layout in [Layout::Numerator, Layout::Denominator] {
            let request = Request { layout, ..request.clone() };
            let Ok(derivative) = formula.derive(&request) else { continue };
            let printed: Vec<String> = derivative.parts.iter().map(|p| p.plain()).collect();
            for style in [Style::Scalar, Style::Differential] {
                let d = match formula.explain(&request, Some(style)) {
                    Ok(d) => d,
                    Err(e) => {
                        let _ = writeln!(wrong, "{id} {style:?}: {}", e.first().message);
                        continue;
                    }
                };
                let ends: Vec<String> = d.results.iter().map(|r| plain(&d.syntax, r.tree)).collect();
                if ends != printed {
                    let _ = writeln!(wrong, "{id} {style:?}: {ends:?} is not {printed:?}");
                }
                for line in d.steps.iter().filter_map(|s| s.line.as_ref()) {
                    for tree in [&line.left, &line.right].into_iter().flat_map(drawn) {
                        let text = plain(&d.syntax, tree);
                        if !matches!(parse_expression(&text), Ok((syntax, root)) if plain(&syntax, root) == text) {
                            let _ = writeln!(wrong, "{id} {style:?}: `{text}` does not read back");
                        }
                    }
                }
                let again = formula.explain(&request, Some(style)).unwrap();
                if format!("{d:?}") != format!("{again:?}") {
                    let _ = writeln!(wrong, "{id} {style:?}: twice is not the same");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The formulas of the text, then those of the Matrix Cookbook and of Magnus and Neudecker: declarations, formula, variables.
const KNOWN: [(&str, &str, &str); 29] = [
    ("w, x : vector(n)", "y = w .* x", "w,x"),
    ("x : vector(n); z : scalar", "y = x + z", "x,z"),
    ("x : vector(n); z : scalar", "y = x*z", "x,z"),
    ("x : vector(n)", "y = sum(x)", "x"),
    ("w, x : vector(n)", "y = w'*x", "w,x"),
    ("w, x : vector(n); b : scalar", "a = max(0, w'*x + b)", "w,x,b"),
    ("X : matrix(N, n); y : vector(N); w : vector(n); b : scalar", "C = (1/N)*sum((y - max(0, X*w + b)).^2)", "w,b,X"),
    ("A, B, X : matrix(n, n)", "tr(A*X*B)", "X"),
    ("A : matrix(n, n); X : matrix(n, m)", "tr(X'*A*X)", "X"),
    ("X : matrix(n, n)", "det(X)", "X"),
    ("X : matrix(n, n)", "log(det(X))", "X"),
    ("X : matrix(n, n)", "logdet(X)", "X"),
    ("X : matrix(n, n)", "inv(X)", "X"),
    ("A, X : matrix(n, n)", "tr(A*inv(X))", "X"),
    ("a, b : vector(n); X : matrix(n, n)", "a'*inv(X)*b", "X"),
    ("a : vector(m); b : vector(n); X : matrix(m, n)", "a'*X*b", "X"),
    ("A : matrix(k, m); X : matrix(m, n); B : matrix(k, n)", "norm2(A*X - B)^2", "X"),
    ("A : matrix(k, m); X : matrix(m, n); B : matrix(n, l)", "A*X*B", "X"),
    ("A : matrix(n, n); x : vector(n)", "x'*A*x", "A,x"),
    ("X : matrix(m, n)", "X'", "X"),
    ("A : matrix(p, q); X : matrix(m, n)", "kron(A, X)", "X"),
    ("X : matrix(m, n)", "vec(X)", "X"),
    ("A : matrix(m, n); x : vector(n)", "exp(A*x)", "x"),
    ("X : matrix(m, n)", "exp(X)", "X"),
    ("A, X : matrix(m, n)", "sum(A .* X)", "X"),
    ("x : vector(n)", "norm2(x)", "x"),
    ("p, z : vector(n)", "-p'*log(softmax(z))", "z"),
    ("x, mu : vector(n); Sigma : matrix(n, n)", "L = -1/2*logdet(Sigma) - 1/2*(x - mu)'*inv(Sigma)*(x - mu)", "Sigma,mu"),
    ("A : matrix(m, n); W : matrix(k, m); x : vector(n)", "y = sum(tanh(W*exp(A*x)))", "W,A,x"),
];

#[test]
fn known_differentials() {
    let mut book = String::new();
    for (k, (declared, formula, wrt)) in KNOWN.iter().enumerate() {
        let parsed = Formula::parse(&format!("{declared}; {formula}"), true).unwrap();
        let request = Request { wrt: wrt.split(',').map(String::from).collect(), ..Request::default() };
        let layouts: &[Layout] = if k < 7 { &[Layout::Numerator, Layout::Denominator] } else { &[Layout::Numerator] };
        for layout in layouts {
            let request = Request { layout: *layout, ..request.clone() };
            let d = parsed.explain(&request, Some(Style::Differential)).unwrap();
            let _ = writeln!(book, "{formula}    by {wrt}    {declared}    {}", if d.denominator { "denominator layout" } else { "" });
            write_lines(&d, &mut book);
        }
    }
    for (declared, formula, wrt) in [
        ("A : matrix(n, n); x : vector(n)", "x'*A*x", "x"),
        ("A : matrix(m, n); x : vector(n)", "sum(exp(A*x))", "x"),
        ("X : matrix(n, n)", "logdet(X)", "X"),
    ] {
        let parsed = Formula::parse(&format!("{declared}; {formula}"), true).unwrap();
        let request = Request { wrt: vec![wrt.into()], want: Want::Hessian, ..Request::default() };
        let d = parsed.explain(&request, Some(Style::Differential)).unwrap();
        let _ = writeln!(book, "{formula}    twice by {wrt}    {declared}");
        write_lines(&d, &mut book);
    }
    let book = book.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/differential.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &book).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let differs = book.lines().zip(kept.lines()).find(|(a, b)| a != b);
    assert!(book == kept, "first difference: {differs:?}");
}

fn write_lines(d: &Derivation, book: &mut String) {
    for step in &d.steps {
        let note = step.note.as_ref().map(|n| format!("  ({n})")).unwrap_or_default();
        if let Some(heading) = &step.heading {
            let _ = writeln!(book, "  {heading}{note}");
        }
        if let Some(line) = &step.line {
            let relation = match line.relation {
                Relation::Equal => "=",
                Relation::Defined => ":=",
                Relation::Implies => "⇒",
            };
            let right = side(d, &line.right);
            let said = match (line.continues, line.relation) {
                (true, _) => format!("       = {right}"),
                (_, Relation::Implies) => format!("⇒ {} = {right}", side(d, &line.left)),
                _ => format!("{} {relation} {right}", side(d, &line.left)),
            };
            let _ = writeln!(book, "    {said}    {} [{}]{note}", line.shape.join("×"), step.rules.join(", "));
        }
    }
    book.push('\n');
}

fn side(d: &Derivation, side: &Side) -> String {
    let u = |n: &NodeId| unicode(&d.syntax, *n);
    match side {
        Side::Tree(n) | Side::Cases(n) | Side::Diagonal(_, _, n) => u(n),
        Side::Partial(of, by) => format!("∂{}/{}", u(of), by.iter().map(|x| format!("∂{}", u(x))).collect::<String>()),
        Side::Differential(n) => format!("d{}", u(n)),
        Side::Chains(_) | Side::Picture(_) => String::new(),
    }
}
