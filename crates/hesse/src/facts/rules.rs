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
    /// Why it is true, in two lines.
    pub proof: [&'static str; 2],
    /// Where that is found.
    pub reference: &'static str,
}

impl Rule {
    /// What a derivation cites: `rewrite.inverse-cancels`.
    pub fn id(&self) -> String {
        // All rows of MASKS are one rule to a reader.
        if self.name == ABSORBS {
            return "mask.absorb".to_string();
        }
        format!("rewrite.{}", self.name.replace(' ', "-"))
    }
}

/// The name of every row of [`MASKS`].
const ABSORBS: &str = "mask absorbs";
const ELEMENTARY: &str = "elementary";
const MATRICES: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 1";

const fn mask(from: &'static str, to: &'static str, when: &'static str) -> Rule {
    let proof =
        ["Where the mask is 1 its condition holds, and there the function is what replaces it.", "Where the mask is 0 both sides are 0."];
    Rule { name: ABSORBS, from, to, when, proof, reference: ELEMENTARY }
}

const fn rule(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    when: &'static str,
    proof: [&'static str; 2],
    reference: &'static str,
) -> Rule {
    Rule { name, from, to, when, proof, reference }
}

/// Holds for a chain of any length, Kronecker products, diagonal and scalar factors: `calculus/split` finds the square factors.
pub static INVERSE_OF_PRODUCT: Rule = rule(
    "inverse of a product",
    "inv(A*B)",
    "inv(B)*inv(A)",
    "A, B square",
    ["(A·B)·(B⁻¹·A⁻¹) = A·(B·B⁻¹)·A⁻¹ = I.", "An inverse is unique; A·B is invertible exactly if both factors are, as both are square."],
    MATRICES,
);

/// As [`INVERSE_OF_PRODUCT`]; offered where the result prints shorter.
pub static DETERMINANT_OF_PRODUCT: Rule = rule(
    "determinant of a product",
    "det(A*B)",
    "det(A)*det(B)",
    "A, B square",
    [
        "det(A·B), as a function of the columns of B, is linear in each and changes sign when two are exchanged.",
        "Such a function is det(B) times its value at B = I, which is det(A).",
    ],
    MATRICES,
);

/// Of any product whose rows and columns share no factor.
pub static NORM_OF_OUTER: Rule = rule(
    "norm of an outer product",
    "norm2(v*w')",
    "norm2(v)*norm2(w)",
    "",
    ["‖v·wᵀ‖² = Σᵢⱼ vᵢ²·wⱼ² = (Σᵢ vᵢ²)·(Σⱼ wⱼ²).", "Take the square root of both sides."],
    ELEMENTARY,
);

/// Where the difference is shorter than both sides: t*r > (t - 1)*r is r > 0.
pub static COMPARISON: Rule = rule(
    "comparison by the difference",
    "a > b",
    "a - b > 0",
    "",
    ["Subtracting b from both sides of a > b keeps the comparison.", "So both hold at the same places, and both are 1 there, 0 elsewhere."],
    ELEMENTARY,
);

/// Every rule: the rows, and those above.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain([&INVERSE_OF_PRODUCT, &DETERMINANT_OF_PRODUCT, &NORM_OF_OUTER, &COMPARISON])
}

/// What a function is where a condition holds: offered where a mask beside it says that condition, as in
/// (max(0, z) - y) .* (z > 0) = (z - y) .* (z > 0).
#[rustfmt::skip]
pub const MASKS: &[Rule] = &[
    mask("relu(x)", "x", "x >= 0"),
    mask("relu(x)", "0", "0 >= x"),
    mask("abs(x)", "x", "x >= 0"),
    mask("abs(x)", "-x", "0 >= x"),
    mask("sign(x)", "1", "x > 0"),
    mask("sign(x)", "-1", "0 > x"),
    mask("max(x, y)", "x", "x >= y"),
    mask("max(x, y)", "y", "y >= x"),
    mask("min(x, y)", "x", "y >= x"),
    mask("min(x, y)", "y", "x >= y"),
    mask("where(c, x, y)", "x", "c"),
];

/// All rows, tried in this order.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("logarithm of an exponential", "log(exp(x))", "x", "", ["log is by definition the inverse of exp.", "exp(x) > 0, so the logarithm always exists."], ELEMENTARY),
    rule("exponential of a logarithm", "exp(log(x))", "x", "x > 0", ["log is by definition the inverse of exp.", "It exists for x > 0 only, so the two sides are equal there."], ELEMENTARY),
    rule("log1p of expm1", "log1p(expm1(x))", "x", "", ["log1p(expm1(x)) = log(1 + exp(x) − 1) = log(exp(x)).", "That is x (rewrite.logarithm-of-an-exponential)."], ELEMENTARY),
    rule("expm1 of log1p", "expm1(log1p(x))", "x", "x > -1", ["expm1(log1p(x)) = exp(log(1 + x)) − 1.", "For 1 + x > 0 that is 1 + x − 1 = x."], ELEMENTARY),
    rule("logarithm of a determinant", "log(det(A))", "logdet(A)", "det(A) > 0", ["logdet(A) is by definition log(det(A)).", "It is computed from a factorisation, without the determinant, which may overflow."], ELEMENTARY),
    rule("inverse cancels", "inv(A)[i,k]*A[k,j] -> [i,j]", "eye[i,j]", "A invertible", ["A⁻¹·A = I by the definition of the inverse.", "In a longer product I disappears."], MATRICES),
    rule("inverse cancels from the right", "A[i,k]*inv(A)[k,j] -> [i,j]", "eye[i,j]", "A invertible", ["A·A⁻¹ = I by the definition of the inverse.", "In a longer product I disappears."], MATRICES),
    rule("inverse of an inverse", "inv(inv(A))", "A", "A invertible", ["A⁻¹·A = I = A·A⁻¹ says that A is an inverse of A⁻¹.", "An inverse is unique."], MATRICES),
    rule("determinant of an inverse", "det(inv(A))", "1/det(A)", "A invertible", ["det(A⁻¹)·det(A) = det(A⁻¹·A) = det(I) = 1.", "Divide by det(A), which is not 0."], MATRICES),
    rule("log-determinant of an inverse", "logdet(inv(A))", "-logdet(A)", "det(A) > 0", ["det(A⁻¹) = 1/det(A) (rewrite.determinant-of-an-inverse).", "log(1/u) = −log(u) for u > 0."], MATRICES),
    rule("mask absorbed", "(x > 0)*relu(x)", "relu(x)", "", ["Where x > 0 the mask is 1 and leaves relu(x).", "Where x ≤ 0 both sides are 0."], ELEMENTARY),
    rule("value times sign", "x*sign(x)", "abs(x)", "", ["For x > 0 both sides are x, for x < 0 both are −x.", "At 0 both are 0."], ELEMENTARY),
    rule("absolute value times sign", "abs(x)*sign(x)", "x", "", ["abs(x)·sign(x) = x·sign(x)² (rewrite.value-times-sign), and sign(x)² = 1 for x ≠ 0.", "At 0 both sides are 0."], ELEMENTARY),
    rule("absolute value of an absolute value", "abs(abs(x))", "abs(x)", "", ["abs(x) ≥ 0.", "The absolute value leaves what is not negative as it is."], ELEMENTARY),
    rule("absolute value squared", "abs(x)^2", "x^2", "", ["abs(x) is x or −x.", "Both have the square x²."], ELEMENTARY),
    rule("positive part of a positive part", "relu(relu(x))", "relu(x)", "", ["relu(x) ≥ 0.", "The positive part leaves what is not negative as it is."], ELEMENTARY),
    rule("square root of a square", "(x^2)^0.5", "abs(x)", "", ["abs(x)² = x², and abs(x) ≥ 0.", "The square root of u is the only y ≥ 0 with y² = u."], ELEMENTARY),
    rule("reciprocal root of a square", "(x^2)^(-0.5)", "abs(x)^(-1)", "", ["√(x²) = abs(x) (rewrite.square-root-of-a-square).", "Take the reciprocal of both sides; both are infinite at 0."], ELEMENTARY),
    rule("value over absolute value", "x*abs(x)^(-1)", "sign(x)", "x nonzero", ["x/abs(x) is x/x = 1 for x > 0 and x/(−x) = −1 for x < 0.", "That is sign(x); at 0 the left side does not exist."], ELEMENTARY),
    rule("hyperbolic sine over cosine", "sinh(x)*cosh(x)^(-1)", "tanh(x)", "", ["tanh(x) is by definition sinh(x)/cosh(x).", "cosh(x) ≥ 1, so the quotient always exists."], ELEMENTARY),
    rule("softmax", "exp(x)*sum(exp(x))^(-1)", "exp(x - logsumexp(x))", "", ["With s = sum(exp(x)): 1/s = exp(−log s) = exp(−logsumexp(x)).", "exp(x)·exp(−logsumexp(x)) = exp(x − logsumexp(x)), entry by entry."], ELEMENTARY),
    rule("sine over cosine", "sin(x)*cos(x)^(-1)", "tan(x)", "", ["tan(x) is by definition sin(x)/cos(x).", "Both sides exist where cos(x) ≠ 0."], ELEMENTARY),
    rule("logistic function", "(1 + exp(-x))^(-1)", "sigmoid(x)", "", ["sigmoid(x) is by definition 1/(1 + exp(−x)).", "The denominator is larger than 1, so it always exists."], ELEMENTARY),
    rule("exponential over logistic", "exp(-x)*sigmoid(x)", "sigmoid(-x)", "", ["exp(−x)·sigmoid(x) = exp(−x)/(1 + exp(−x)).", "Divide above and below by exp(−x): 1/(exp(x) + 1) = sigmoid(−x)."], ELEMENTARY),
    rule("power of the same base", "x*pow(x, y - 1)", "pow(x, y)", "x > 0", ["x = x^1, and exponents of the same base add: x^1·x^(y − 1).", "1 + (y − 1) = y; x > 0 makes all powers real."], ELEMENTARY),
];
