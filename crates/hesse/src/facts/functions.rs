//! Element-wise functions, one row each. Everything else (parsing, types, derivatives of every order, formats, evaluation,
//! manual, tests) follows from the row.
//!
//! `slopes` and `means` are written in hesse's own language over the names in `of`.

/// An element-wise function.
pub struct Function {
    /// The canonical name.
    pub name: &'static str,
    /// Other spellings that are read.
    pub aliases: &'static [&'static str],
    /// Names of the arguments.
    pub of: &'static [&'static str],
    /// Definition by simpler functions; empty for a primitive. The dual-number oracle, the manual and exports use it.
    pub means: &'static str,
    /// What to compute where the function is not native: a stable form, empty if `means` is stable.
    pub safe: &'static str,
    /// Derivative with respect to each argument.
    pub slopes: &'static [&'static str],
    /// The convention at a kink, empty for a smooth function.
    pub at_kink: &'static str,
    /// Where the function is real, by argument: `x > 0`; empty for everywhere.
    pub domain: &'static str,
    /// The value in f64.
    pub value: fn(&[f64]) -> f64,
    /// Takes only the values 0 and 1 (so it is idempotent and selects).
    pub mask: bool,
    /// What is known of the sign of the value: `+` positive, `0+` not negative, empty unknown.
    pub sign: &'static str,
    /// LaTeX of the name, empty for `\operatorname{name}`.
    pub latex: &'static str,
    /// One line for the manual.
    pub says: &'static str,
}

/// Position of a row in [`FUNCTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u16);

impl FunctionId {
    /// The row.
    pub fn row(self) -> &'static Function {
        &FUNCTIONS[self.0 as usize]
    }
}

/// The function of that name or alias.
pub fn find(name: &str) -> Option<FunctionId> {
    FUNCTIONS.iter().position(|f| f.name == name || f.aliases.contains(&name)).map(|k| FunctionId(k as u16))
}

const PLAIN: Function = Function {
    name: "",
    aliases: &[],
    of: &["x"],
    means: "",
    safe: "",
    slopes: &[],
    at_kink: "",
    domain: "",
    value: |_| f64::NAN,
    mask: false,
    sign: "",
    latex: "",
    says: "",
};

fn indicator(c: bool) -> f64 {
    if c { 1.0 } else { 0.0 }
}

/// All rows. The names `gt`, `ge`, `eq` are the comparisons `a > b`, `a >= b`, `a == b` and are never written by name.
#[rustfmt::skip] // one row a line
pub const FUNCTIONS: &[Function] = &[
    Function { name: "exp", slopes: &["exp(x)"], value: |x| x[0].exp(), sign: "+", latex: r"\exp", says: "exponential", ..PLAIN },
    Function { name: "log", aliases: &["ln"], slopes: &["1/x"], domain: "x > 0", value: |x| x[0].ln(), latex: r"\log", says: "natural logarithm", ..PLAIN },
    Function { name: "log1p", means: "log(1 + x)", slopes: &["1/(1 + x)"], domain: "x > -1", value: |x| x[0].ln_1p(), says: "log(1 + x), accurate near 0", ..PLAIN },
    Function { name: "expm1", means: "exp(x) - 1", slopes: &["exp(x)"], value: |x| x[0].exp_m1(), says: "exp(x) - 1, accurate near 0", ..PLAIN },
    Function { name: "sin", slopes: &["cos(x)"], value: |x| x[0].sin(), latex: r"\sin", says: "sine", ..PLAIN },
    Function { name: "cos", slopes: &["-sin(x)"], value: |x| x[0].cos(), latex: r"\cos", says: "cosine", ..PLAIN },
    Function { name: "tan", means: "sin(x)/cos(x)", slopes: &["1 + tan(x)^2"], value: |x| x[0].tan(), latex: r"\tan", says: "tangent", ..PLAIN },
    Function { name: "asin", aliases: &["arcsin"], means: "atan2(x, sqrt(1 - x^2))", slopes: &["1/sqrt(1 - x^2)"], domain: "abs(x) < 1", value: |x| x[0].asin(), latex: r"\arcsin", says: "inverse sine", ..PLAIN },
    Function { name: "acos", aliases: &["arccos"], means: "atan2(sqrt(1 - x^2), x)", slopes: &["-1/sqrt(1 - x^2)"], domain: "abs(x) < 1", value: |x| x[0].acos(), latex: r"\arccos", says: "inverse cosine", ..PLAIN },
    Function { name: "atan", aliases: &["arctan"], means: "atan2(x, 1)", slopes: &["1/(1 + x^2)"], value: |x| x[0].atan(), latex: r"\arctan", says: "inverse tangent", ..PLAIN },
    Function { name: "sinh", means: "(exp(x) - exp(-x))/2", safe: "(expm1(x) - expm1(-x))/2", slopes: &["cosh(x)"], value: |x| x[0].sinh(), latex: r"\sinh", says: "hyperbolic sine", ..PLAIN },
    Function { name: "cosh", means: "(exp(x) + exp(-x))/2", slopes: &["sinh(x)"], value: |x| x[0].cosh(), sign: "+", latex: r"\cosh", says: "hyperbolic cosine", ..PLAIN },
    Function { name: "tanh", means: "sinh(x)/cosh(x)", safe: "sign(x)*(-expm1(-2*abs(x)))/(2 + expm1(-2*abs(x)))", slopes: &["1 - tanh(x)^2"], value: |x| x[0].tanh(), latex: r"\tanh", says: "hyperbolic tangent", ..PLAIN },
    Function { name: "cbrt", means: "sign(x)*abs(x)^(1/3)", slopes: &["1/(3*cbrt(x)^2)"], domain: "x nonzero", value: |x| x[0].cbrt(), says: "cube root", ..PLAIN },
    Function { name: "abs", means: "where(gt(x, 0), x, -x)", slopes: &["sign(x)"], at_kink: "0 at x = 0", value: |x| x[0].abs(), sign: "0+", says: "absolute value", ..PLAIN },
    Function { name: "sign", means: "gt(x, 0) - gt(0, x)", slopes: &["0"], at_kink: "0 at x = 0", value: |x| if x[0] > 0.0 { 1.0 } else if x[0] < 0.0 { -1.0 } else { x[0] * 0.0 }, says: "-1, 0 or 1", ..PLAIN },
    Function { name: "relu", means: "max(0, x)", safe: "where(gt(x, 0), x, 0)", slopes: &["x > 0"], at_kink: "0 at x = 0", value: |x| if x[0] > 0.0 || x[0].is_nan() { x[0] } else { 0.0 }, sign: "0+", says: "max(0, x)", ..PLAIN },
    Function { name: "sigmoid", means: "1/(1 + exp(-x))", safe: "where(gt(x, 0), 1/(1 + exp(-abs(x))), exp(-abs(x))/(1 + exp(-abs(x))))", slopes: &["sigmoid(x)*(1 - sigmoid(x))"], value: |x| if x[0] >= 0.0 { 1.0 / (1.0 + (-x[0]).exp()) } else { let e = x[0].exp(); e / (1.0 + e) }, sign: "+", latex: r"\sigma", says: "1/(1 + exp(-x))", ..PLAIN },
    Function { name: "softplus", means: "log(1 + exp(x))", safe: "max(x, 0) + log1p(exp(-abs(x)))", slopes: &["sigmoid(x)"], value: |x| if x[0].is_nan() { x[0] } else { x[0].max(0.0) + (-x[0].abs()).exp().ln_1p() }, sign: "+", says: "log(1 + exp(x))", ..PLAIN },
    Function { name: "erf", slopes: &["2/sqrt(pi)*exp(-x^2)"], value: |x| special::erf(x[0]), says: "error function", ..PLAIN },
    Function { name: "lgamma", slopes: &["digamma(x)"], domain: "x > 0", value: |x| special::lgamma(x[0]), says: "log of the gamma function", ..PLAIN },
    Function { name: "digamma", slopes: &["trigamma(x)"], domain: "x > 0", value: |x| special::digamma(x[0]), says: "derivative of lgamma", ..PLAIN },
    Function { name: "trigamma", slopes: &["polygamma2(x)"], domain: "x > 0", value: |x| special::trigamma(x[0]), says: "derivative of digamma", sign: "+", ..PLAIN },
    Function { name: "polygamma2", slopes: &["polygamma3(x)"], domain: "x > 0", value: |x| special::polygamma2(x[0]), says: "derivative of trigamma", ..PLAIN },
    Function { name: "polygamma3", slopes: &[], domain: "x > 0", value: |x| special::polygamma3(x[0]), says: "derivative of polygamma2; its own derivative is refused", ..PLAIN },
    Function { name: "max", of: &["a", "b"], means: "where(gt(a, b), a, b)", slopes: &["a > b", "b > a"], at_kink: "0 for both at a = b", value: |x| if x[0] > x[1] || x[0].is_nan() { x[0] } else { x[1] }, latex: r"\max", says: "the larger, element by element", ..PLAIN },
    Function { name: "min", of: &["a", "b"], means: "where(gt(b, a), a, b)", slopes: &["b > a", "a > b"], at_kink: "0 for both at a = b", value: |x| if x[0] < x[1] || x[0].is_nan() { x[0] } else { x[1] }, latex: r"\min", says: "the smaller, element by element", ..PLAIN },
    Function { name: "gt", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] > x[1]), mask: true, sign: "0+", says: "a > b as 0 or 1", ..PLAIN },
    Function { name: "ge", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] >= x[1]), mask: true, sign: "0+", says: "a >= b as 0 or 1", ..PLAIN },
    Function { name: "eq", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] == x[1]), mask: true, sign: "0+", says: "a == b as 0 or 1", ..PLAIN },
    Function { name: "where", of: &["c", "a", "b"], slopes: &["0", "where(c, 1, 0)", "where(c, 0, 1)"], value: |x| if x[0] != 0.0 { x[1] } else { x[2] }, says: "a where c is not 0, else b", ..PLAIN },
    Function { name: "pow", of: &["a", "b"], means: "exp(b*log(a))", slopes: &["b*pow(a, b - 1)", "pow(a, b)*log(a)"], domain: "a > 0", value: |x| x[0].powf(x[1]), says: "a .^ b, element by element", ..PLAIN },
    Function { name: "hypot", of: &["a", "b"], means: "sqrt(a^2 + b^2)", slopes: &["a/hypot(a, b)", "b/hypot(a, b)"], value: |x| x[0].hypot(x[1]), sign: "0+", says: "sqrt(a^2 + b^2)", ..PLAIN },
    Function { name: "atan2", of: &["a", "b"], slopes: &["b/(a^2 + b^2)", "-a/(a^2 + b^2)"], value: |x| x[0].atan2(x[1]), says: "angle of the point (b, a)", ..PLAIN },
];

pub mod special;
