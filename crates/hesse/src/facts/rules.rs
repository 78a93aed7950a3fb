//! Rewrite rules of `simplify`, one row each: named, directed, the right side smaller (so that rewriting terminates).
//!
//! Three forms: a function of functions (`log(exp(x))`), an element-wise product (`x*sign(x)`, found among other factors over the
//! same labels), and a product in index notation (`inv(A)[i,k]*A[k,j] -> [i,j]`, found inside a longer product).

/// A rewrite rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in derivations.
    pub name: &'static str,
    /// Left side.
    pub from: &'static str,
    /// Right side.
    pub to: &'static str,
    /// Condition under which it is true, empty for always.
    pub when: &'static str,
}

const fn rule(name: &'static str, from: &'static str, to: &'static str, when: &'static str) -> Rule {
    Rule { name, from, to, when }
}

/// Holds for a chain of any length, Kronecker products, diagonal and scalar factors: `calculus/split` finds the square factors.
pub static INVERSE_OF_PRODUCT: Rule = rule("inverse of a product", "inv(A*B)", "inv(B)*inv(A)", "A, B square");

/// As [`INVERSE_OF_PRODUCT`]; offered where the result prints shorter.
pub static DETERMINANT_OF_PRODUCT: Rule = rule("determinant of a product", "det(A*B)", "det(A)*det(B)", "A, B square");

/// Of any product whose rows and columns share no factor.
pub static NORM_OF_OUTER: Rule = rule("norm of an outer product", "norm2(v*w')", "norm2(v)*norm2(w)", "");

/// Where the difference is shorter than both sides: t*r > (t - 1)*r is r > 0.
pub static COMPARISON: Rule = rule("comparison by the difference", "a > b", "a - b > 0", "");

/// All rows, tried in this order.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("logarithm of an exponential", "log(exp(x))", "x", ""),
    rule("exponential of a logarithm", "exp(log(x))", "x", "x > 0"),
    rule("log1p of expm1", "log1p(expm1(x))", "x", ""),
    rule("expm1 of log1p", "expm1(log1p(x))", "x", "x > -1"),
    rule("logarithm of a determinant", "log(det(A))", "logdet(A)", "det(A) > 0"),
    rule("inverse cancels", "inv(A)[i,k]*A[k,j] -> [i,j]", "eye[i,j]", "A invertible"),
    rule("inverse cancels from the right", "A[i,k]*inv(A)[k,j] -> [i,j]", "eye[i,j]", "A invertible"),
    rule("inverse of an inverse", "inv(inv(A))", "A", "A invertible"),
    rule("determinant of an inverse", "det(inv(A))", "1/det(A)", "A invertible"),
    rule("log-determinant of an inverse", "logdet(inv(A))", "-logdet(A)", "det(A) > 0"),
    rule("mask absorbed", "(x > 0)*relu(x)", "relu(x)", ""),
    rule("value times sign", "x*sign(x)", "abs(x)", ""),
    rule("absolute value times sign", "abs(x)*sign(x)", "x", ""),
    rule("absolute value of an absolute value", "abs(abs(x))", "abs(x)", ""),
    rule("absolute value squared", "abs(x)^2", "x^2", ""),
    rule("positive part of a positive part", "relu(relu(x))", "relu(x)", ""),
    rule("square root of a square", "(x^2)^0.5", "abs(x)", ""),
    rule("reciprocal root of a square", "(x^2)^(-0.5)", "abs(x)^(-1)", ""),
    rule("value over absolute value", "x*abs(x)^(-1)", "sign(x)", "x nonzero"),
    rule("hyperbolic sine over cosine", "sinh(x)*cosh(x)^(-1)", "tanh(x)", ""),
    rule("softmax", "exp(x)*sum(exp(x))^(-1)", "exp(x - logsumexp(x))", ""),
    rule("sine over cosine", "sin(x)*cos(x)^(-1)", "tan(x)", ""),
    rule("logistic function", "(1 + exp(-x))^(-1)", "sigmoid(x)", ""),
    rule("exponential over logistic", "exp(-x)*sigmoid(x)", "sigmoid(-x)", ""),
    rule("power of the same base", "x*pow(x, y - 1)", "pow(x, y)", "x > 0"),
];

/// The id of a rule in the catalogue: `rewrite.inverse-cancels`.
pub fn id(name: &str) -> String {
    format!("rewrite.{}", name.replace([' ', ','], "-"))
}
