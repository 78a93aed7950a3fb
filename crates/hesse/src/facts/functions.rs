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
    /// Why the slopes are right, in two lines.
    pub proof: [&'static str; 2],
    /// Where that is found.
    pub reference: &'static str,
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
    proof: [""; 2],
    reference: "elementary",
};

fn indicator(c: bool) -> f64 {
    if c { 1.0 } else { 0.0 }
}

/// All rows. The names `gt`, `ge`, `eq` are the comparisons `a > b`, `a >= b`, `a == b` and are never written by name.
#[rustfmt::skip] // one row a line
pub const FUNCTIONS: &[Function] = &[
    Function { name: "exp", slopes: &["exp(x)"], value: |x| x[0].exp(), sign: "+", latex: r"\exp", says: "exponential", proof: ["exp(x + h) = exp(x)·exp(h), and (exp(h) − 1)/h → 1 for h → 0.", "So the difference quotient tends to exp(x)·1."], ..PLAIN },
    Function { name: "log", aliases: &["ln"], slopes: &["1/x"], domain: "x > 0", value: |x| x[0].ln(), latex: r"\log", says: "natural logarithm", proof: ["y = log x means exp(y) = x, so exp(y)·dy/dx = 1 by the chain rule.", "dy/dx = 1/exp(y) = 1/x."], ..PLAIN },
    Function { name: "log1p", means: "log(1 + x)", slopes: &["1/(1 + x)"], domain: "x > -1", value: |x| x[0].ln_1p(), says: "log(1 + x), accurate near 0", proof: ["log1p(x) = log(u) with u = 1 + x.", "du/dx = 1, so the slope is 1/u (scalar.chain)."], ..PLAIN },
    Function { name: "expm1", means: "exp(x) - 1", slopes: &["exp(x)"], value: |x| x[0].exp_m1(), says: "exp(x) - 1, accurate near 0", proof: ["expm1(x) = exp(x) − 1.", "The constant has the derivative 0, and exp is its own."], ..PLAIN },
    Function { name: "sin", slopes: &["cos(x)"], value: |x| x[0].sin(), latex: r"\sin", says: "sine", proof: ["sin(x + h) = sin x·cos h + cos x·sin h.", "(cos h − 1)/h → 0 and sin(h)/h → 1 for h → 0: cos x is left."], ..PLAIN },
    Function { name: "cos", slopes: &["-sin(x)"], value: |x| x[0].cos(), latex: r"\cos", says: "cosine", proof: ["cos(x + h) = cos x·cos h − sin x·sin h.", "(cos h − 1)/h → 0 and sin(h)/h → 1 for h → 0: −sin x is left."], ..PLAIN },
    Function { name: "tan", means: "sin(x)/cos(x)", slopes: &["1 + tan(x)^2"], value: |x| x[0].tan(), latex: r"\tan", says: "tangent", proof: ["tan x = sin x/cos x: the quotient rule gives (cos²x + sin²x)/cos²x.", "Term by term that is 1 + tan²x."], ..PLAIN },
    Function { name: "asin", aliases: &["arcsin"], means: "atan2(x, sqrt(1 - x^2))", slopes: &["1/sqrt(1 - x^2)"], domain: "abs(x) < 1", value: |x| x[0].asin(), latex: r"\arcsin", says: "inverse sine", proof: ["y = asin x means sin y = x, so cos y·dy/dx = 1.", "cos y = √(1 − sin²y) = √(1 − x²), which is positive for |y| < π/2."], ..PLAIN },
    Function { name: "acos", aliases: &["arccos"], means: "atan2(sqrt(1 - x^2), x)", slopes: &["-1/sqrt(1 - x^2)"], domain: "abs(x) < 1", value: |x| x[0].acos(), latex: r"\arccos", says: "inverse cosine", proof: ["acos x = π/2 − asin x.", "So the slope is minus that of asin (scalar.asin)."], ..PLAIN },
    Function { name: "atan", aliases: &["arctan"], means: "atan2(x, 1)", slopes: &["1/(1 + x^2)"], value: |x| x[0].atan(), latex: r"\arctan", says: "inverse tangent", proof: ["y = atan x means tan y = x, so (1 + tan²y)·dy/dx = 1 (scalar.tan).", "tan y = x."], ..PLAIN },
    Function { name: "sinh", means: "(exp(x) - exp(-x))/2", safe: "(expm1(x) - expm1(-x))/2", slopes: &["cosh(x)"], value: |x| x[0].sinh(), latex: r"\sinh", says: "hyperbolic sine", proof: ["sinh x = (exp(x) − exp(−x))/2.", "Its derivative is (exp(x) + exp(−x))/2 = cosh x."], ..PLAIN },
    Function { name: "cosh", means: "(exp(x) + exp(-x))/2", slopes: &["sinh(x)"], value: |x| x[0].cosh(), sign: "+", latex: r"\cosh", says: "hyperbolic cosine", proof: ["cosh x = (exp(x) + exp(−x))/2.", "Its derivative is (exp(x) − exp(−x))/2 = sinh x."], ..PLAIN },
    Function { name: "tanh", means: "sinh(x)/cosh(x)", safe: "sign(x)*(-expm1(-2*abs(x)))/(2 + expm1(-2*abs(x)))", slopes: &["1 - tanh(x)^2"], value: |x| x[0].tanh(), latex: r"\tanh", says: "hyperbolic tangent", proof: ["tanh x = sinh x/cosh x: the quotient rule gives (cosh²x − sinh²x)/cosh²x.", "Term by term that is 1 − tanh²x."], ..PLAIN },
    Function { name: "cbrt", means: "sign(x)*abs(x)^(1/3)", slopes: &["1/(3*cbrt(x)^2)"], domain: "x nonzero", value: |x| x[0].cbrt(), says: "cube root", proof: ["y = cbrt x means y³ = x, so 3·y²·dy/dx = 1.", "dy/dx = 1/(3·y²) where y ≠ 0."], ..PLAIN },
    Function { name: "abs", means: "where(gt(x, 0), x, -x)", slopes: &["sign(x)"], at_kink: "0 at x = 0", value: |x| x[0].abs(), sign: "0+", says: "absolute value", proof: ["For x > 0 abs(x) = x with slope 1; for x < 0 abs(x) = −x with slope −1.", "That is sign(x); at 0 the two sides differ, and 0 is the convention."], ..PLAIN },
    Function { name: "sign", means: "gt(x, 0) - gt(0, x)", slopes: &["0"], at_kink: "0 at x = 0", value: |x| if x[0] > 0.0 { 1.0 } else if x[0] < 0.0 { -1.0 } else { x[0] * 0.0 }, says: "-1, 0 or 1", proof: ["Away from 0 sign is constant, so its derivative is 0.", "At 0 it jumps; 0 is the convention."], ..PLAIN },
    Function { name: "relu", means: "max(0, x)", safe: "where(gt(x, 0), x, 0)", slopes: &["x > 0"], at_kink: "0 at x = 0", value: |x| if x[0] > 0.0 || x[0].is_nan() { x[0] } else { 0.0 }, sign: "0+", says: "max(0, x)", proof: ["For x > 0 max(0, x) = x with slope 1; for x < 0 it is the constant 0 with slope 0.", "That is [x > 0]; at 0 the zero branch is taken."], reference: "Parr & Howard, “The gradient of neuron activation”", ..PLAIN },
    Function { name: "sigmoid", means: "1/(1 + exp(-x))", safe: "where(gt(x, 0), 1/(1 + exp(-abs(x))), exp(-abs(x))/(1 + exp(-abs(x))))", slopes: &["sigmoid(x)*(1 - sigmoid(x))"], value: |x| if x[0] >= 0.0 { 1.0 / (1.0 + (-x[0]).exp()) } else { let e = x[0].exp(); e / (1.0 + e) }, sign: "+", latex: r"\sigma", says: "1/(1 + exp(-x))", proof: ["s = 1/(1 + exp(−x)), so ds/dx = exp(−x)/(1 + exp(−x))² = s·(exp(−x)·s).", "exp(−x)·s = (1 + exp(−x) − 1)·s = 1 − s."], ..PLAIN },
    Function { name: "softplus", means: "log(1 + exp(x))", safe: "max(x, 0) + log1p(exp(-abs(x)))", slopes: &["sigmoid(x)"], value: |x| if x[0].is_nan() { x[0] } else { x[0].max(0.0) + (-x[0].abs()).exp().ln_1p() }, sign: "+", says: "log(1 + exp(x))", proof: ["softplus(x) = log(1 + exp(x)): the chain rule gives exp(x)/(1 + exp(x)).", "Divide above and below by exp(x): 1/(1 + exp(−x)) = sigmoid(x)."], ..PLAIN },
    Function { name: "erf", slopes: &["2/sqrt(pi)*exp(-x^2)"], value: |x| special::erf(x[0]), says: "error function", proof: ["erf(x) is by definition 2/√π times the integral of exp(−t²) from 0 to x.", "The derivative of an integral by its upper end is the integrand there."], reference: "NIST Digital Library of Mathematical Functions, §7.2", ..PLAIN },
    Function { name: "lgamma", slopes: &["digamma(x)"], domain: "x > 0", value: |x| special::lgamma(x[0]), says: "log of the gamma function", proof: ["digamma is by definition the derivative of log Γ: Γ′(x)/Γ(x).", "lgamma(x) = log Γ(x), so nothing is left to do (scalar.chain, scalar.log)."], reference: "NIST Digital Library of Mathematical Functions, §5.2", ..PLAIN },
    Function { name: "digamma", slopes: &["trigamma(x)"], domain: "x > 0", value: |x| special::digamma(x[0]), says: "derivative of lgamma", proof: ["trigamma is by definition the derivative of digamma.", "As a series: digamma(x) = −γ + Σₖ (1/(k + 1) − 1/(k + x)), term by term Σₖ 1/(k + x)²."], reference: "NIST Digital Library of Mathematical Functions, §5.15", ..PLAIN },
    Function { name: "trigamma", slopes: &["polygamma2(x)"], domain: "x > 0", value: |x| special::trigamma(x[0]), says: "derivative of digamma", sign: "+", proof: ["polygamma2 is by definition the derivative of trigamma.", "As a series: trigamma(x) = Σₖ 1/(k + x)², term by term −2·Σₖ 1/(k + x)³."], reference: "NIST Digital Library of Mathematical Functions, §5.15", ..PLAIN },
    Function { name: "polygamma2", slopes: &["polygamma3(x)"], domain: "x > 0", value: |x| special::polygamma2(x[0]), says: "derivative of trigamma", proof: ["polygamma3 is by definition the derivative of polygamma2.", "As a series: polygamma2(x) = −2·Σₖ 1/(k + x)³, term by term 6·Σₖ 1/(k + x)⁴."], reference: "NIST Digital Library of Mathematical Functions, §5.15", ..PLAIN },
    Function { name: "polygamma3", slopes: &[], domain: "x > 0", value: |x| special::polygamma3(x[0]), says: "derivative of polygamma2; its own derivative is refused", proof: ["It is the third derivative of digamma: 6·Σₖ 1/(k + x)⁴.", "Its derivative has no name here."], reference: "NIST Digital Library of Mathematical Functions, §5.15", ..PLAIN },
    Function { name: "max", of: &["a", "b"], means: "where(gt(a, b), a, b)", slopes: &["a > b", "b > a"], at_kink: "0 for both at a = b", value: |x| if x[0] > x[1] || x[0].is_nan() { x[0] } else { x[1] }, latex: r"\max", says: "the larger, element by element", proof: ["Where a > b max(a, b) = a: the slopes are 1 and 0. Where b > a it is b: they are 0 and 1.", "That is [a > b] and [b > a]; at a tie both are 0 by convention."], ..PLAIN },
    Function { name: "min", of: &["a", "b"], means: "where(gt(b, a), a, b)", slopes: &["b > a", "a > b"], at_kink: "0 for both at a = b", value: |x| if x[0] < x[1] || x[0].is_nan() { x[0] } else { x[1] }, latex: r"\min", says: "the smaller, element by element", proof: ["Where a < b min(a, b) = a: the slopes are 1 and 0. Where b < a it is b: they are 0 and 1.", "That is [b > a] and [a > b]; at a tie both are 0 by convention."], ..PLAIN },
    Function { name: "gt", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] > x[1]), mask: true, sign: "0+", says: "a > b as 0 or 1", proof: ["Where a ≠ b a small change of a or b leaves the comparison as it is.", "The derivative of a constant is 0; at a = b the value jumps, and 0 is the convention."], ..PLAIN },
    Function { name: "ge", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] >= x[1]), mask: true, sign: "0+", says: "a >= b as 0 or 1", proof: ["Where a ≠ b a small change of a or b leaves the comparison as it is.", "The derivative of a constant is 0; at a = b the value jumps, and 0 is the convention."], ..PLAIN },
    Function { name: "eq", of: &["a", "b"], slopes: &["0", "0"], at_kink: "0 everywhere", value: |x| indicator(x[0] == x[1]), mask: true, sign: "0+", says: "a == b as 0 or 1", proof: ["Where a ≠ b the comparison is 0, and stays 0 under a small change.", "The derivative of a constant is 0; at a = b the value jumps, and 0 is the convention."], ..PLAIN },
    Function { name: "where", of: &["c", "a", "b"], slopes: &["0", "where(c, 1, 0)", "where(c, 0, 1)"], value: |x| if x[0] != 0.0 { x[1] } else { x[2] }, says: "a where c is not 0, else b", proof: ["Where c is not 0 the value is a: the slopes by a and b are 1 and 0; elsewhere it is b: they are 0 and 1.", "By c the slope is 0: a choice is constant as long as c does not become 0."], ..PLAIN },
    Function { name: "pow", of: &["a", "b"], means: "exp(b*log(a))", slopes: &["b*pow(a, b - 1)", "pow(a, b)*log(a)"], domain: "a > 0", value: |x| x[0].powf(x[1]), says: "a .^ b, element by element", proof: ["By a it is a power: b·a^(b − 1) (scalar.power).", "By b it is exp(b·log a), whose slope is exp(b·log a)·log a."], ..PLAIN },
    Function { name: "hypot", of: &["a", "b"], means: "sqrt(a^2 + b^2)", slopes: &["a/hypot(a, b)", "b/hypot(a, b)"], value: |x| x[0].hypot(x[1]), sign: "0+", says: "sqrt(a^2 + b^2)", proof: ["h = √(a² + b²) has h² = a² + b², so 2·h·∂h/∂a = 2·a.", "Divide by 2·h; the same by b."], ..PLAIN },
    Function { name: "atan2", of: &["a", "b"], slopes: &["b/(a^2 + b^2)", "-a/(a^2 + b^2)"], value: |x| x[0].atan2(x[1]), says: "angle of the point (b, a)", proof: ["For b ≠ 0 the angle is atan(a/b) up to a constant: ∂/∂a gives (1/b)/(1 + (a/b)²) = b/(a² + b²).", "∂/∂b gives (−a/b²)/(1 + (a/b)²) = −a/(a² + b²); where b = 0 use −atan(b/a) instead."], ..PLAIN },
];

pub mod special;
