//! Rows of notation and index notation.

use super::dense::{Sizes, run};
use super::{shape, typed};
use crate::calculus::lower::call::{call_name, parameters};
use crate::facts::notation::NOTATION;
use std::collections::BTreeMap;

#[test]
fn every_row_elaborates() {
    for row in NOTATION {
        let kind = |n: &str| match (row.needs, n.chars().next().is_some_and(char::is_uppercase)) {
            ("square", _) => "matrix(n,n)",
            (_, false) => "vector(n)",
            _ => "matrix(m,n)",
        };
        let vars: Vec<String> = parameters(row).iter().map(|n| format!("{n}: {}", kind(n))).collect();
        typed(&vars.join("; "), row.matrix, "").unwrap_or_else(|e| panic!("{}: {e}", row.matrix));
        assert!(!call_name(row).is_empty());
    }
}

/// Both sides have one value, on numbers.
fn same(left: &str, right: &str) {
    let vars = "A: matrix(m,n); B: matrix(n,m); S: matrix(n,n); x: vector(n); y: vector(m); s: scalar; c: vector(3); M: matrix(2,3); T: matrix(3,3)";
    let sizes: Sizes = [("m".to_string(), 2), ("n".to_string(), 3)].into();
    let number = |k: usize| ((k * 37 + 11) % 17) as f64 / 8.0 - 0.6;
    let inputs: BTreeMap<String, Vec<f64>> = [("A", 6), ("B", 6), ("S", 9), ("x", 3), ("y", 2), ("s", 1), ("c", 3), ("M", 6), ("T", 9)]
        .into_iter()
        .enumerate()
        .map(|(j, (n, k))| (n.to_string(), (0..k).map(|i| number(i + 7 * j)).collect()))
        .collect();
    let value = |text: &str| {
        let model = typed(vars, text, "").unwrap_or_else(|e| panic!("{text}: {e}"));
        (run(&model, &sizes, &inputs), shape(&model))
    };
    let ((a, left_shape), (b, right_shape)) = (value(left), value(right));
    assert_eq!(left_shape, right_shape, "{left} = {right}");
    assert_eq!(a.sizes, b.sizes, "{left} = {right}");
    for (x, y) in a.data.iter().zip(&b.data) {
        assert!((x - y).abs() < 1e-12, "{left} = {right}: {x} {y}");
    }
}

#[test]
fn index_notation() {
    for (left, right) in [
        ("A[i,j]*x[j] -> [i]", "A*x"),
        ("A[i,j]*B[j,k] -> [i,k]", "A*B"),
        ("A[i,j] -> [j,i]", "A'"),
        ("S[i,i] -> []", "tr(S)"),
        ("x[i] -> [i,i]", "diag(x)"),
        ("A[i,j] -> [,j]", "colsum(A)"),
        ("x[j] -> [,j]", "x'"),
        ("x'[i] -> [i]", "x"),
        ("A[i,j]*B[k,l] -> [(i k),(j l)]", "kron(A, B)"),
        ("A[i,j]*x[j] + y[i] -> [i]", "A*x + y"),
        ("2*(A[i,j]*x[j] + y[i]) -> [i]", "2*(A*x + y)"),
        ("(A[i,j]*x[j] - y[i])*y[i] -> []", "y'*(A*x - y)"),
        ("y[i]*(A[i,j]*x[j] - y[i]) - 1 -> []", "y'*(A*x - y) - 1"),
        ("-(A[i,j]*x[j] - y[i]) -> [i]", "y - A*x"),
        ("x[i]^2 -> []", "x'*x"),
        ("(A[i,j]*x[j])^2 -> [i]", "rowsum((A*diag(x)).^2)"),
        ("exp(A[i,j]*x[j]) -> [i]", "rowsum(exp(A*diag(x)))"),
        ("exp(s*x[i]) -> [i]", "exp(s*x)"),
        ("x[i]/(1 + x[i]^2) -> [i]", "x./(1 + x.^2)"),
        ("x[i]/s -> [i]", "x/s"),
        ("(x[i] > 0)*x[i] -> [i]", "max(0, x)"),
        ("(x[i] != x[j]) -> [i,j]", "ones(n, n) - (x*ones(n)' == ones(n)*x')"),
        ("inv(S)[i,j]*x[j] -> [i]", "inv(S)*x"),
        ("det(S)*x[i] -> [i]", "det(S)*x"),
        ("ones[i]*x[j] -> [i,j]", "ones(n)*x' + 0*S"),
        ("eye[i,j]*x[j] -> [i]", "x"),
        ("lower[i,j]*x[j] -> [i]", "cumsum(x)"),
        ("unit(2)[i]*x[i] -> []", "x[2]"),
        ("A[1,j] -> [,j]", "A[1,:]"),
        ("A[i,2] -> [i]", "A[:,2]"),
        ("pow(x[i]^2 + 1, s) -> [i]", "(x.^2 + 1).^s"),
        ("(A[i,j]*x[j] -> [i])'*y", "(A*x)'*y"),
        ("A[i,j]*ones[j] -> [i]", "rowsum(A)"),
        ("ones[i]*x[j]*x[j] + 0*x[i] -> [i]", "(x'*x)*ones(n)"),
    ] {
        // `ones[i]` of no known size is refused; the others of this table determine it.
        if left == "ones[i]*x[j] -> [i,j]" {
            assert_eq!(typed("x: vector(n)", left, "").unwrap_err().first().code, "E209");
            continue;
        }
        same(left, right);
    }
}

#[test]
fn matrices_built_from_pieces() {
    for (left, right) in [
        ("c[2]", "c'*[0; 1; 0]"),
        ("A[2,:]*x", "(A*x)[2]"),
        ("M[:,1]", "M*[1; 0; 0]"),
        ("M[2,3]", "[0, 1]*M*[0; 0; 1]"),
        ("c[2:3]", "[0, 1, 0; 0, 0, 1]*c"),
        ("x[2:n]'*x[1:n - 1]", "shift(1)[i,j]*x[i]*x[j] -> []"),
        ("x[2:n] + x[1:n - 1]", "(x + [x[2:n]; 0])[1:n - 1]"),
        ("T[2:3,1:2]", "[0, 1, 0; 0, 0, 1]*T*[1, 0; 0, 1; 0, 0]"),
        ("[x; y]'*[x; y]", "x'*x + y'*y"),
        ("[A, y]*[x; 1]", "A*x + y"),
        ("[A; x']*x", "[A*x; x'*x]"),
        ("[S, B; A, s*eye(m)]*[x; y]", "[S*x + B*y; A*x + s*y]"),
        ("[1, 2, 5; 3, 4, -1]*c", "[c[1] + 2*c[2] + 5*c[3]; 3*c[1] + 4*c[2] - c[3]]"),
        ("[s]", "s"),
        ("(n*x'*x)^1.5*s", "n*x'*x*sqrt(n*(x'*x))*s"),
        ("s/(n*(x'*x)^1.5)", "s/n/(x'*x)/sqrt(x'*x)"),
        ("x*x'/(n*(x'*x)^1.5)", "x/n/(x'*x)/sqrt(x'*x)*x'"),
        ("(x - sum(x)/n)*(x - sum(x)/n)'/(n*(x'*x)^1.5)", "(x - mean(x))/n/(x'*x)/sqrt(x'*x)*(x - mean(x))'"),
        ("(eye(n) - ones(n)*ones(n)'/n)/s", "(1/s)*(eye(n) - ones(n,n)/n)"),
        ("(eye(n) - ones(n)*ones(n)'/n)/s - x*x'", "(1/s)*(eye(n) - ones(n,n)/n) - x*x'"),
        ("A .* x'", "A*diag(x)"),
        ("A .+ y", "A + y*ones(n)'"),
        ("x' .- A", "ones(m)*x' - A"),
        ("vec(A)", "commutation(n, m)*vec(A')"),
        ("commutation(m, n)*vec(A)", "vec(A')"),
        ("S^0", "eye(n)"),
        ("S^3", "S*S*S"),
        ("S^-2", "inv(S)*inv(S)"),
        ("S\\x", "inv(S)*x"),
        ("min(0, x)", "-max(-x, 0)"),
        ("mean(A)", "sum(A)/(m*n)"),
        ("ones(rows(A))'*y", "sum(y)"),
        ("cols(A)*s", "n*s"),
        ("x + vector(1)", "x + 1"),
        ("S + eye", "S + eye(n)"),
        ("sum(A + matrix(1))", "sum(A) + m*n"),
        ("2.^x", "exp(log(2)*x)"),
        ("diag(x')", "diag(x)"),
        ("inv(s)*det(s)", "1"),
        ("2*x.^2./exp(x)", "((2*(x.^2))./exp(x))"),
    ] {
        same(left, right);
    }
}

#[test]
fn a_diagonal_beside_ones_keeps_its_place() {
    for (left, right) in [
        ("x'*(eye(n) - ones(n, n)/n)*x", "x'*x - sum(x)^2/n"),
        ("(2*eye(n)/n - ones(n, n)/n^2)*x", "2*x/n - sum(x)*ones(n)/n^2"),
        ("(s*eye(n) + s*ones(n, n))*x", "s*x + s*sum(x)"),
    ] {
        same(left, right);
    }
}
