//! What is computed instead of what is written, one row each: equal in exact arithmetic, finite and accurate where the left side
//! overflows or cancels. The program of a formula or of a derivative is rewritten by these rows; what is printed never is.

/// A form and its stable equal.
#[derive(Debug)]
pub struct Stable {
    /// Its name in notes.
    pub name: &'static str,
    /// As written: a function, an element-wise product or quotient (found among other factors), a sum (found among other terms, up to a
    /// common multiple).
    pub from: &'static str,
    /// As computed.
    pub to: &'static str,
    /// Where the two are equal; empty for wherever the left side is defined.
    pub when: &'static str,
}

const fn stable(name: &'static str, from: &'static str, to: &'static str, when: &'static str) -> Stable {
    Stable { name, from, to, when }
}

/// All rows, tried in this order, from the inside of an expression outwards: a row may rest on an inner one having been used.
#[rustfmt::skip]
pub const STABLE: &[Stable] = &[
    stable("log-sum-exp", "log(sum(exp(x)))", "logsumexp(x)", ""),
    stable("softmax", "exp(x)/sum(exp(x))", "exp(x - logsumexp(x))", ""),
    stable("softplus", "log(1 + exp(x))", "softplus(x)", ""),
    stable("softplus", "log1p(exp(x))", "softplus(x)", ""),
    stable("log-sum-exp of two", "log(exp(a) + exp(b))", "max(a, b) + log1p(exp(-abs(a - b)))", ""),
    stable("logarithm of 1 - exp", "log(-expm1(x))", "where(x > -0.6931, log(-expm1(x)), log1p(-exp(x)))", "x < 0"),
    stable("logarithm of 1 - exp", "log1p(-exp(x))", "where(x > -0.6931, log(-expm1(x)), log1p(-exp(x)))", "x < 0"),
    stable("logarithm of the logistic function", "log(sigmoid(x))", "-softplus(-x)", ""),
    stable("logarithm of a hyperbolic cosine", "log(cosh(x))", "where(1 > abs(x), log1p(2*sinh(x/2)^2), abs(x) + log1p(exp(-2*abs(x))) - log(2))", ""),
    stable("log-determinant", "log(det(A))", "logdet(A)", "det(A) > 0"),
    stable("log-determinant", "log(abs(det(A)))", "logabsdet(A)", ""),
    stable("log1p", "log(1 + x)", "log1p(x)", ""),
    stable("logistic function", "exp(x)/(1 + exp(x))", "sigmoid(x)", ""),
    stable("logistic function", "1/(1 + exp(-x))", "sigmoid(x)", ""),
    stable("hyperbolic tangent", "sinh(x)/cosh(x)", "tanh(x)", ""),
    stable("complement of the logistic function", "1 - sigmoid(x)", "sigmoid(-x)", ""),
    stable("complement of the logistic function", "sigmoid(-x) - sigmoid(x)*sigmoid(-x)", "sigmoid(-x)^2", ""),
    stable("slope of the logistic function", "sigmoid(x) - sigmoid(x)^2", "sigmoid(x)*sigmoid(-x)", ""),
    stable("difference of logistic functions", "1 - 2*sigmoid(x)", "-tanh(x/2)", ""),
    stable("slope of the hyperbolic tangent", "1 - tanh(x)^2", "4*sigmoid(2*x)*sigmoid(-2*x)", ""),
    stable("curvature of the hyperbolic tangent", "tanh(x) - tanh(x)^3", "4*tanh(x)*sigmoid(2*x)*sigmoid(-2*x)", ""),
    stable("expm1", "exp(x) - 1", "expm1(x)", ""),
    stable("hyperbolic sine", "exp(x) - exp(-x)", "2*sinh(x)", ""),
    stable("hyperbolic cosine", "exp(x) + exp(-x)", "2*cosh(x)", ""),
    stable("cosh - 1", "cosh(x) - 1", "2*sinh(x/2)^2", ""),
    stable("1 - cos", "1 - cos(x)", "2*sin(x/2)^2", ""),
    stable("difference of a square root and 1", "sqrt(1 + x) - 1", "x/(sqrt(1 + x) + 1)", ""),
    stable("difference of a square root and 1", "1 - 1/sqrt(1 + x)", "x/(1 + x + sqrt(1 + x))", ""),
    stable("difference of a square root and 1", "y - y/sqrt(1 + x)", "y/(1 + (1 + sqrt(1 + x))/x)", ""),
    stable("norm", "sqrt(sum(x.^2))", "norm2(x)", ""),
    stable("norm", "1/sqrt(sum(x.^2))", "1/norm2(x)", ""),
    stable("hypotenuse", "sqrt(a^2 + b^2)", "hypot(a, b)", ""),
    stable("hypotenuse", "1/sqrt(a^2 + b^2)", "1/hypot(a, b)", ""),
];

/// A function whose range needs an exponent of its own: value = exp(exponent)·rest, where |rest| ≤ 1.
#[derive(Debug)]
pub struct Scaled {
    /// The function of x.
    pub of: &'static str,
    /// The exponent.
    pub exponent: &'static str,
    /// What is left.
    pub rest: &'static str,
    /// Whether the function is bounded, so that only a negative power of it is out of range.
    pub bounded: bool,
}

/// All rows. Quotients and logarithms of sums of these are computed with the exponents taken together (see `program/stabilise.rs`).
#[rustfmt::skip]
pub const SCALED: &[Scaled] = &[
    Scaled { of: "exp", exponent: "x", rest: "1", bounded: false },
    Scaled { of: "expm1", exponent: "relu(x)", rest: "-sign(x)*expm1(-abs(x))", bounded: false },
    Scaled { of: "sinh", exponent: "abs(x)", rest: "-sign(x)*expm1(-2*abs(x))/2", bounded: false },
    Scaled { of: "sigmoid", exponent: "-softplus(-x)", rest: "1", bounded: true },
    Scaled { of: "cosh", exponent: "abs(x)", rest: "1/2 + exp(-2*abs(x))/2", bounded: false },
];

/// The name of what [`SCALED`] does, in notes.
pub const TOGETHER: &str = "exponents taken together";
