//! Tables of shapes: declared, inferred, assumed.

use super::{read, shape, typed};
use crate::calculus::model::Origin;

#[test]
fn declared() {
    let vars = "A: matrix(m,n); B: matrix(n,k); S: symmetric(n); D: diagonal(n); x: vector(n); y: vector(m); r: rowvector(n); s: scalar; o: vector(1); p: vector(m*n); q: vector(n+1)";
    for (text, wanted) in [
        ("A*x", "m×1"),
        ("A*B", "m×k"),
        ("A'", "n×m"),
        ("x*x'", "n×n"),
        ("x'*x", "1×1"),
        ("x + 1", "n×1"),
        ("s*A", "m×n"),
        ("o*A", "m×n"),
        ("r*x", "1×1"),
        ("x*r", "n×n"),
        ("kron(A, B)", "m*n×n*k"),
        ("vec(A)", "n*m×1"),
        ("p + vec(A')", "m*n×1"),
        ("diag(x)", "n×n"),
        ("diag(S)", "n×1"),
        ("sum(A)", "1×1"),
        ("inv(S)*x", "n×1"),
        ("S^2", "n×n"),
        ("ones(n)", "n×1"),
        ("ones(m, n)", "m×n"),
        ("ones(1)", "1×1"),
        ("eye(m*n)*p", "m*n×1"),
        ("eye(m*n)*vec(A)", "n*m×1"),
        ("kron(eye(n), y)", "n*m×n"),
        ("q[1:n] + x", "n×1"),
        ("[x; s] + q", "n + 1×1"),
        ("x > 0", "n×1"),
        ("A[1,:]", "1×n"),
        ("A[:,1]", "m×1"),
        ("max(x, 0)", "n×1"),
        ("where(x > 0, 1, x)", "n×1"),
        ("tr(x'*x)", "1×1"),
        ("A .+ y", "m×n"),
        ("A .* r", "m×n"),
        ("commutation(m, n)", "m*n×n*m"),
        ("rowsum(A)", "m×1"),
        ("colsum(A)", "1×n"),
        ("A/s", "m×n"),
        ("D*x", "n×1"),
        ("pi*x", "n×1"),
        ("A[i,j]*x[j] -> [i]", "m×1"),
        ("A[i,j]*x[k] -> [i,j,k]", "m*n*n×1"),
    ] {
        let model = typed(vars, text, "").unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(shape(&model), wanted, "{text}");
    }
}

#[test]
fn inferred() {
    for (text, wanted) in [
        ("sum((y - max(0, X*w + b)).^2)/N", "y : vector(m), X : matrix(m, n), w : vector(n), b : scalar, N : scalar"),
        ("x'*A*x", "x : vector(n), A : matrix(n, n)"),
        ("norm2(A*x - b)^2", "A : matrix(m, n), x : vector(n), b : scalar"),
        ("tr(X'*X)", "X : matrix(m, n)"),
        ("inv(X'*X + l*eye(n))*X'*y", "X : matrix(m, n), l : scalar, y : vector(m)"),
        ("w'*x + b", "w : vector(n), x : vector(n), b : scalar"),
        ("det(X)*log(s)", "X : matrix(n, n), s : scalar"),
        ("a + b", "a : scalar, b : scalar"),
        ("exp(-0.5*x^2)", "x : scalar"),
        ("x*exp(-x)", "x : scalar"),
        ("X + vector(1)*w'", "X : matrix(m, n), w : vector(n)"),
        ("diag(v)*x", "v : vector(n), x : vector(n)"),
        ("[w; b]'*z", "w : vector(n), b : scalar, z : vector(n + 1)"),
        ("kron(A, B)*z", "A : matrix(m, n), B : matrix(k, l), z : vector(n*l)"),
        ("z = X*w\nC = sum(z.^2)", "X : matrix(m, n), w : vector(n)"),
        ("f(t) = t.^2 + a\nsum(f(x))", "x : vector(n), a : scalar"),
    ] {
        let model = read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(model.input_types().join(", "), wanted, "{text}");
    }
}

#[test]
fn origins_and_notes() {
    let model = read("sum((y - max(0, X*w + b)).^2)/N").unwrap();
    let origin = |name: &str| model.inputs.iter().find(|i| i.name == name).unwrap().origin;
    assert_eq!(origin("N"), Origin::Inferred);
    assert_eq!(origin("b"), Origin::Assumed);
    let codes: Vec<&str> = model.notes.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["N503", "N503", "N503", "N503", "W402"]);
    assert!(model.notes.iter().all(|d| d.help.is_some()));
    let model = read("data X : matrix(N, n)\nparam w : vector(n)\nC = norm2(X*w)^2/N").unwrap();
    assert!(model.notes.is_empty());
    assert!(model.inputs.iter().all(|i| i.origin == Origin::Declared));
}

#[test]
fn strict_refuses_what_is_assumed() {
    use crate::calculus::elaborate::{Options, elaborate};
    let text = "X*w";
    let document = crate::syntax::parse::parse_document(text).unwrap();
    let error = elaborate(&document, text, &Options { strict: true, ..Options::default() }).unwrap_err();
    assert_eq!(error.first().code, "E209");
    assert_eq!(error.diagnostics.len(), 2);
    let text = "X : matrix(m, n)\nlogdet(X'*X + l*eye(n))/k";
    let document = crate::syntax::parse::parse_document(text).unwrap();
    let error = elaborate(&document, text, &Options { strict: true, ..Options::default() }).unwrap_err();
    assert_eq!(error.diagnostics.len(), 1, "{error}");
}

#[test]
fn a_file() {
    let text = "# neuron
data  X : matrix(N, n)
data  y : vector(N)
param w : vector(n)
param b : scalar

z    = X*w + b
u    = max(0, z)
v    = y - u
C    = sum(v.^2) / N
softp(t)     = log(1 + exp(t))
huber(r; d=1) = where(abs(r) <= d, 0.5*r.^2, d*(abs(r) - 0.5*d))
predict = u
L = sum(softp(z)) + sum(huber(v)) + sum(huber(v, 2))
derive grad(C) wrt w, b layout numerator
";
    let model = read(text).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = model.definitions.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["z", "u", "v", "C", "predict", "L"]);
    let vertices: Vec<&str> = model.vertices.iter().filter_map(|v| v.name.as_deref()).collect();
    assert_eq!(vertices, ["z", "u", "v", "C", "predict", "L"]);
    // abs(v), 0.5*v.^2 … are shared between the two calls of huber, the squares with C.
    let squares = model.vertices.iter().filter(|v| text.get(v.span.start..v.span.end).is_some_and(|t| t == "v.^2" || t == "r.^2")).count();
    assert_eq!(squares, 1);
}

#[test]
fn properties() {
    let model =
        typed("X: symmetric(n); A: matrix(n,n); x: vector(n)", "x'*(A + X)*x", "X posdef; A posdef; x in (0,1); dim m > n; note any")
            .unwrap();
    let of = |k: usize| model.inputs[k].properties.join(" | ");
    assert_eq!(of(0), "symmetric | posdef | invertible | detpos");
    assert_eq!(of(1), "posdef | invertible | detpos");
    assert_eq!(of(2), "in (0,1) | > 0 | positive | nonnegative | nonzero");
    assert_eq!(model.relations, ["m > n"]);
    let model = read("A : matrix(n, n) spd\nassume x > 0\nx'*A*x").unwrap();
    assert!(model.inputs.iter().find(|i| i.name == "A").unwrap().properties.contains(&"symmetric".to_string()));
    assert!(model.inputs.iter().find(|i| i.name == "x").unwrap().properties.contains(&"> 0".to_string()));
}

#[test]
fn conditions() {
    for (vars, text, domain, wanted) in [
        ("x: vector(n)", "sum(log(x))", "", "x > 0?"),
        ("x: vector(n)", "sum(log(x))", "x > 0", "x > 0!"),
        ("x: vector(n)", "log(1 + x.^2)", "", "1 + x.^2 > 0!"),
        ("x: vector(n)", "log(1 + x'*x)", "", "1 + x'*x > 0!"),
        ("x: vector(n)", "log(sum(exp(x)))", "", "sum(exp(x)) > 0!"),
        ("x: vector(n); y: vector(n)", "x./y", "", "y nonzero?"),
        ("x: vector(n)", "x/n", "", ""),
        ("x: vector(n)", "x/2", "", ""),
        ("x: vector(n)", "asin(x)", "x in (-1,1)", "abs(x) < 1!"),
        ("x: vector(n)", "1./sqrt(1 - x.^2)", "x in (-1,1)", "sqrt(1 - x.^2) nonzero!, 1 - x.^2 > 0!"),
        ("x: vector(n)", "max(0, x - 1)", "", "max(0, x - 1) at x - 1 = 0: derivative 0?"),
        ("x: vector(n); y: vector(n)", "max(x, y)", "", "max(x, y) at x = y: derivative 0 for both?"),
        ("x: vector(n)", "sum(abs(x))", "x > 0", "abs(x) at x = 0: derivative 0!"),
        ("x: vector(n)", "norm2(x)", "", "norm2(x) at x = 0: derivative 0?"),
        ("A: matrix(m,n); x: vector(n); b: vector(m)", "-sum(log(b - A*x))", "b > A*x", "b - A*x > 0!"),
        ("X: matrix(n,n)", "inv(X)", "", "X invertible?"),
        ("X: symmetric(n)", "inv(X)", "X posdef", "X invertible!"),
        ("X: symmetric(n); A: matrix(n,n); l: scalar", "logdet(X + A'*A + l*eye(n))", "X posdef; l > 0", "det(X + A'*A + l*eye(n)) > 0!"),
        ("X: matrix(n,n)", "X^-2", "X invertible", "X invertible!"),
        ("x: vector(n)", "(x > 0)", "", "x > 0: derivative 0 everywhere!"),
        ("x: vector(n)", "log(x) + log(x)", "", "x > 0?"),
        ("A: symmetric(n); x: vector(n)", "log(1 + x'*(A*x))", "A posdef", "1 + x'*(A*x) > 0!"),
        ("x: vector(n); y: vector(n)", "log(1 + x'*y)", "", "1 + x'*y > 0?"),
        ("x: vector(n)", "log(sigmoid(x)) + log(1 - sigmoid(x))", "", "sigmoid(x) > 0!, 1 - sigmoid(x) > 0!"),
        ("x: vector(n)", "inv(diag(x))", "x > 0", "diag(x) invertible!"),
        ("x: vector(n)", "log(diag(x))", "x > 0", "diag(x) > 0?"),
        ("x: vector(n)", "log(x[i] -> [i,i])", "x > 0", "x[i] -> [i,i] > 0?"),
        ("K: symmetric(n); s: scalar; y: vector(n)", "y'*inv(K + s*eye(n))*y", "K posdef; s > 0", "K + s*eye(n) invertible!"),
        ("X: matrix(N,n); l: scalar", "inv(X'*X + l*eye(n))", "l > 0", "X'*X + l*eye(n) invertible!"),
        ("t: scalar", "t^-1 + t^0.5 + sqrt(2)", "", "t nonzero?, t > 0?"),
        ("n: scalar; x: vector(k)", "norm2(x)/n", "", "norm2(x) at x = 0: derivative 0?, n nonzero?"),
    ] {
        let model = typed(vars, text, domain).unwrap_or_else(|e| panic!("{text}: {e}"));
        let got: Vec<String> = model.conditions.iter().map(|c| format!("{}{}", c.text, if c.proved { "!" } else { "?" })).collect();
        assert_eq!(got.join(", "), wanted, "{text}");
    }
}

#[test]
fn conditions_of_definitions_and_functions() {
    let model = read("x : vector(n)\np = x.^3 + 1\nassume p > 0\nC = sum(log(p))").unwrap();
    let proved: Vec<bool> = model.conditions.iter().map(|c| c.proved).collect();
    assert_eq!(proved, [true]);
    // The same text of a function means something else at every call.
    let model = read("x : vector(n)\ny : vector(n)\ng(t) = 1 + sin(t)\nlog(1 + g(x)'*g(y))").unwrap();
    assert!(!model.conditions[0].proved);
    let model = read("x : vector(n)\ng(t) = 1 + sin(t)\nlog(1 + g(x)'*g(x))").unwrap();
    assert!(model.conditions[0].proved);
}

#[test]
fn vertices_are_surface_operations() {
    let model = typed("X: matrix(N,n); w: vector(n); y: vector(N)", "norm2(X*w - y)^2 + norm2(X*w - y)", "").unwrap();
    let text = "norm2(X*w - y)^2 + norm2(X*w - y)";
    let got: Vec<&str> = model.vertices.iter().map(|v| &text[v.span.start..v.span.end]).collect();
    assert_eq!(got, ["X*w", "X*w - y", "norm2(X*w - y)", "norm2(X*w - y)^2", text]);
    // Constants need none.
    let model = typed("x: vector(n)", "(2*3 + pi/n)*x", "").unwrap();
    assert_eq!(model.vertices.len(), 1);
    // A definition of an input is a vertex of its own.
    let model = read("x : vector(n)\nz = x\nu = z").unwrap();
    assert_eq!(model.vertices.len(), 2);
}
