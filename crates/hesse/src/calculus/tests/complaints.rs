//! A table of complaints: code, message, help.

use super::{read, typed};

const VARS: &str =
    "A: matrix(m,n); B: matrix(n,k); S: matrix(n,n); x: vector(n); y: vector(m); z: vector(n); r: rowvector(n); s: scalar; c: vector(3)";

#[test]
fn table() {
    for (text, code, help) in [
        ("A*y", "E201", "did you mean  A'*y  (gives n×1)  or  y'*A  (gives 1×n) ?"),
        ("x*z", "E202", "x.*z  element by element (n×1) · x'*z  dot product (1×1) · x*z'  outer product (n×n)"),
        ("x*y", "E202", "x*y'  outer product (n×m)"),
        ("A*B + x", "E201", "declare  x : matrix(m, k)"),
        ("A + x", "E201", "for every row write  A .+ x'  or  A + ones(m)*x'"),
        ("A + y", "E201", "for every column write  A .+ y  or  A + y*ones(n)'"),
        ("A + r", "E201", "for every row write  A .+ r  or  A + ones(m)*r"),
        ("x + r", "E201", "transpose one side:  x + r'"),
        ("x + y", "E201", "declare  y : vector(n)"),
        ("x/z", "E205", "element by element:  x./z"),
        ("A/S", "E205", "with the inverse:  A*inv(S)"),
        ("A^2", "E204", "element by element:  A.^2  ·  or  A'*A, which is square"),
        ("x^2", "E204", "element by element:  x.^2"),
        ("S^0.5", "E206", "element by element:  S.^0.5"),
        ("S^s", "E206", "element by element:  S.^s"),
        ("s^x", "E206", "element by element:  s.^x"),
        ("S^9", "E607", "name a smaller power and use it: `P = X^8`, then `P*P`"),
        ("tr(A)", "E204", "all entries: sum(A)  ·  squares of all entries: tr(A'*A)"),
        ("inv(A)", "E204", "the pseudo-inverse:  inv(A'*A)*A'"),
        ("det(A*B*A)", "E201", "did you mean  (A*B)'*A  (gives k×n)  or  A'*(A*B)  (gives n×k) ?"),
        ("diag(A)", "E204", "of the square one: diag(A'*A)  ·  of a column: diag(A[:,1])"),
        ("max(x)", "E107", "write maximum(x) for the largest entry, rowmax(x) or colmax(x) along an axis, max(x, y) for two arguments"),
        ("exp(x, z)", "E107", "write exp(x)"),
        ("kron(A)", "E107", "write kron(A, B)"),
        ("sofplus(x)", "E101", "did you mean `softplus`?"),
        ("rowmax(x, y)", "E107", "write rowmax(A)"),
        ("maximun(x)", "E101", "did you mean `maximum`?"),
        ("collogsumex(x)", "E101", "did you mean `collogsumexp`?"),
        ("xx + 1", "E101", "declare it:  xx : scalar"),
        ("X + 1", "E101", "did you mean `x`?"),
        ("exp + 1", "E101", "`exp` is a function: write its argument, exp(x)"),
        ("s(x)", "E104", "write s*(…) for a product, or s[1] for an entry"),
        ("c[4]", "E109", "the last entry is at 3"),
        ("c[0]", "E109", "the first entry is x[1]"),
        ("x[n + 1]", "E109", "the last entry is at n"),
        ("c[3:2]", "E109", "write the smaller position first: x[2:5]"),
        ("A[1]", "E208", "A[1,2] is an entry, A[1,:] a row, A[:,2] a column"),
        ("x[i]", "E109", "declare the size, x : vector(n); or write sum(i = 1:n, x[i]), or with the axes of the result A[i,j]*x[j] -> [i]"),
        ("ones(q)", "E101", "declare a variable with that size, such as  x : vector(q)"),
        ("[A, x]", "E201", "separate rows of blocks with `;`: [a; b] stacks, [a, b] puts side by side"),
        ("[A; x]", "E201", "make every row of blocks equally wide; a column is stacked under a column: [x; y]"),
        ("sum(vector(1))", "E209", "write the size: ones(n), eye(n), zeros(m, n)"),
        ("kron(S, A) + kron(A, S)", "E301", "reorder with commutation(m, n): vec(X') = commutation(m, n)*vec(X)"),
        ("1/(s - s)", "E301", "remove the division, or divide by something else"),
        ("1e400*x", "E606", "scale the formula: write the logarithm, or name a constant"),
        ("A[i,j]*x[i] -> [i]", "E201", "give every axis of a different size its own letter"),
        ("x*s[i] -> [i]", "E207", "write index letters: x[i] or x[i,j]"),
        ("(x[i]*x[j]*x[k] -> [i,j,k]) + 1", "E301", "join axes into groups: A[i,j]*B[k,l] -> [(i k), (j l)]"),
    ] {
        let error = typed(VARS, text, "").err().unwrap_or_else(|| panic!("{text} was accepted"));
        let d = error.first();
        assert_eq!((d.code, d.help.as_deref().unwrap_or("")), (code, help), "{text}: {d}");
        assert!(!d.notes.is_empty(), "{text}: no reason");
        assert!(d.span().end <= text.len() && d.span().start < d.span().end, "{text}: {:?}", d.span());
        assert_eq!(error.diagnostics.len(), 1, "{text}: {error}");
    }
}

#[test]
fn files() {
    for (text, code, line) in [
        ("x : vector(n)\nx : scalar\nx", "E108", 2),
        ("x : vector(n)\ny = z2\nz2 = x", "E101", 2),
        ("weights : vector(n)\nweigths'*weights", "E101", 2),
        ("f(t) = f(t) + 1\nf(x)", "E603", 1),
        ("f(t) = t + 1\nf(x, y)", "E107", 2),
        ("x : vector(0)\nx", "E203", 1),
        ("x : vector(n) shiny\nx", "E101", 1),
        ("C = 1\nderive grad(D) wrt x", "E401", 2),
        ("x : vector(n)", "E103", 1),
        ("sum(w*x)", "E202", 1),
        ("x : vector(n)\nassume q > 0\nsum(x)", "E101", 2),
    ] {
        let error = read(text).err().unwrap_or_else(|| panic!("{text} was accepted"));
        let d = error.first();
        assert_eq!(d.code, code, "{text}: {d}");
        assert_eq!(1 + text[..d.span().start].matches('\n').count(), line, "{text}");
        assert!(d.help.is_some(), "{text}: {d}");
    }
}

#[test]
fn both_shapes_and_the_line_of_the_declaration() {
    let error = read("data X : matrix(N, n)\ndata w : vector(n)\nz = w*X").unwrap_err();
    let d = error.first();
    let labels: Vec<&str> = d.labels.iter().map(|l| l.1.as_str()).filter(|l| !l.is_empty()).collect();
    assert_eq!(labels, ["w is n×1  (declared on line 2)", "X is N×n  (declared on line 1)"]);
    assert_eq!(d.notes, ["the inner sizes must agree: w has 1 column, X has N rows"]);
    assert_eq!(d.help.as_deref(), Some("did you mean  X*w  (gives N×1)  or  w'*X'  (gives 1×N) ?"));
}

#[test]
fn undeclared_vectors_side_by_side() {
    let error = read("sum(w*x)").unwrap_err();
    let fixes = "w.*x  element by element (?×1) · w'*x  dot product (1×1) · w*x'  outer product (?×?) · or declare  w : scalar · or declare  x : scalar";
    assert_eq!(error.first().help.as_deref(), Some(fixes));
    assert_eq!(error.diagnostics.len(), 1, "{error}");
}

#[test]
fn independent_errors_are_all_said_and_parents_are_silent() {
    let error = typed(VARS, "sum(A*y) + tr(A) + exp(x*z) + inv(inv(A))", "").unwrap_err();
    let codes: Vec<&str> = error.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["E201", "E204", "E202", "E204"]);
    let many = (0..20).map(|_| "tr(A)").collect::<Vec<_>>().join(" + 1 + ");
    assert_eq!(typed(VARS, &many, "").unwrap_err().diagnostics.len(), 5);
}

#[test]
fn nothing_panics_and_work_is_bounded() {
    // Doubling calls.
    let mut text = String::from("f0(t) = t + t\n");
    for k in 1..60 {
        text.push_str(&format!("f{k}(t) = f{}(t) + f{}(t)\n", k - 1, k - 1));
    }
    text.push_str("f59(x)");
    assert_eq!(read(&text).unwrap_err().first().code, "E604");
    // Deep chains.
    let deep = format!("x{}", "'".repeat(5000));
    read(&deep).unwrap();
    let long = format!("x{}", " + x".repeat(5000));
    read(&long).unwrap();
    // Many undeclared matrices.
    let wide = (0..1000).map(|k| format!("sum(A{k})")).collect::<Vec<_>>().join(" + ");
    assert_eq!(read(&wide).unwrap_err().first().code, "E209");
}

/// Texts near the corpus: whatever they are, they are typed or refused with a place in the text and a fix.
#[test]
fn mutations_never_panic() {
    let path = format!("{}/../../suite/corpus/public.json", env!("CARGO_MANIFEST_DIR"));
    let entries: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut seed = 1u64;
    let mut random = move |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n.max(1)
    };
    let pieces = [
        "x",
        "A",
        "+",
        "*",
        "'",
        "(",
        ")",
        ".*",
        "^2",
        "[1]",
        "[i,j]",
        " -> [i]",
        "inv(",
        "0",
        "n",
        ",",
        ";",
        "1e9",
        "eye",
        "[",
        "]",
        "/",
        "vec(",
        "kron(A,",
        "-",
        "ones(2*n)",
        ":",
    ];
    for entry in &entries {
        let vars: Vec<(String, String)> =
            entry["vars"].as_object().unwrap().iter().map(|(n, t)| (n.clone(), t.as_str().unwrap().to_string())).collect();
        for _ in 0..12 {
            let mut text: Vec<char> = entry["expr"].as_str().unwrap().chars().collect();
            for _ in 0..=random(2) {
                let at = random(text.len() + 1);
                match random(3) {
                    0 if at < text.len() => {
                        text.remove(at);
                    }
                    _ => {
                        text.splice(at..at, pieces[random(pieces.len())].chars());
                    }
                }
            }
            let text: String = text.into_iter().collect();
            let declared = crate::calculus::elaborate::elaborate_expression(&vars, &text, &Default::default()).err();
            let bare = read(&text).err();
            for d in declared.iter().chain(&bare).flat_map(|e| &e.diagnostics) {
                assert!(d.labels.iter().all(|l| l.0.start <= l.0.end && l.0.end <= text.len()), "{text}: {d}");
                assert!(d.help.as_ref().is_some_and(|h| !h.is_empty()), "{text}: {d}");
            }
        }
    }
}
