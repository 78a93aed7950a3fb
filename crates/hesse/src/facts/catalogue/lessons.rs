//! The rules that are taught, in the order in which they are taught: what no other table of facts says.
//!
//! Statements are in numerator layout: row i of ∂y/∂x belongs to equation i, column j to parameter j. In front
//! of or behind a vector or matrix 1 is the column of ones; ⊙ ⊘ are the element-wise product and quotient; [c] is 1 where c holds, else 0.

use super::{Example, Lesson, Section};

const ELEMENTARY: &str = "elementary";
const SCALAR_RULES: &str = "Parr & Howard, “Review: Scalar derivative rules”";
const PARTIALS: &str = "Parr & Howard, “Introduction to vector calculus and partial derivatives”";
const JACOBIANS: &str = "Parr & Howard, “Generalization of the Jacobian”";
const BINARY: &str = "Parr & Howard, “Derivatives of vector element-wise binary operators”";
const EXPANSION: &str = "Parr & Howard, “Derivatives involving scalar expansion”";
const SUMS: &str = "Parr & Howard, “Vector sum reduction”";
const SINGLE: &str = "Parr & Howard, “Single-variable chain rule”";
const TOTAL: &str = "Parr & Howard, “Single-variable total-derivative chain rule”";
const CHAIN: &str = "Parr & Howard, “Vector chain rule”";
const NEURON: &str = "Parr & Howard, “The gradient of neuron activation”";
const LOSS: &str = "Parr & Howard, “The gradient of the neural network loss function”";
const MATRICES: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 1";
const KRONECKER: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 2";
const COMMUTATION: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 3";
const DIFFERENTIALS: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 5";
const IMPORTANT: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 8";
const IDENTIFICATION: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 9";
const HESSIANS: &str = "Magnus & Neudecker, Matrix Differential Calculus, ch. 10";
const MINKA: &str = "Minka, Old and New Matrix Algebra Useful for Statistics (2000)";
const COOKBOOK_FORMS: &str = "Petersen & Pedersen, The Matrix Cookbook, “Derivatives of Matrices, Vectors and Scalar Forms”";
const COOKBOOK_NORMS: &str = "Petersen & Pedersen, The Matrix Cookbook, “Derivatives of vector norms”";
const COOKBOOK_STRUCTURED: &str = "Petersen & Pedersen, The Matrix Cookbook, “Derivatives of Structured Matrices”";
const CONVEX: &str = "Boyd & Vandenberghe, Convex Optimization, §3.1";
const HIGHAM: &str = "Higham, Functions of Matrices (2008), ch. 10";

/// All sections.
pub(super) fn sections() -> Vec<Section> {
    vec![
        Section { title: "Scalars", lessons: scalars() },
        Section { title: "Partials, gradients and Jacobians", lessons: jacobian() },
        Section { title: "Element by element", lessons: elementwise() },
        Section { title: "Scalar expansion and sums", lessons: sum() },
        Section { title: "Products of vectors and matrices", lessons: products() },
        Section { title: "Chain rules", lessons: chains() },
        Section { title: "Cases and masks", lessons: cases() },
        Section { title: "Diagonal matrices", lessons: diagonals() },
        Section { title: "Norms, softmax and the largest entry", lessons: norms() },
        Section { title: "Traces, determinants and inverses", lessons: whole() },
        Section { title: "Differentials", lessons: differential() },
        Section { title: "Kronecker products and vec", lessons: stacked() },
        Section { title: "Second derivatives and structure", lessons: second() },
        Section { title: "Steps of a derivation", lessons: steps() },
    ]
}

fn scalars() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "scalar.const",
            "constant",
            "dc/dx = 0",
            "c does not depend on x",
            ["A change of x leaves c as it is: (c − c)/h = 0 for every h.", "So the limit for h → 0 is 0."],
            SCALAR_RULES,
            vec![Example::derivative("c, x : scalar", "c", "x", "0"), Example::derivative("x : scalar", "7", "x", "0")],
        ),
        Lesson::new(
            "scalar.cmul",
            "constant factor",
            "d(c·f)/dx = c·df/dx",
            "c does not depend on x",
            ["(c·f(x + h) − c·f(x))/h = c·(f(x + h) − f(x))/h.", "The constant stays in front of the limit for h → 0."],
            SCALAR_RULES,
            vec![Example::derivative("c, x : scalar", "c*sin(x)", "x", "c*cos(x)")],
        ),
        Lesson::new(
            "scalar.power",
            "power",
            "d(x^k)/dx = k·x^(k − 1)",
            "k does not depend on x; x ≠ 0 if k < 1, x > 0 if k is no whole number",
            [
                "For k = 1, 2, …: (x + h)^k = x^k + k·x^(k − 1)·h + h²·(…), and h² is negligible beside h.",
                "For other k: x^k = exp(k·log x) has the slope x^k·k/x; for whole k < 0 it is 1/x^(−k).",
            ],
            SCALAR_RULES,
            vec![
                Example::derivative("x : scalar", "x^3", "x", "3*x^2"),
                Example::derivative("x : scalar", "x^(-2)", "x", "-2/x^3"),
                Example::derivative("x : scalar > 0; k : scalar", "x^k", "x", "k*x^(k - 1)"),
            ],
        ),
        Lesson::new(
            "scalar.sum",
            "sum",
            "d(f + g)/dx = df/dx + dg/dx",
            "",
            ["The difference quotient of f + g is that of f plus that of g.", "The limit of a sum is the sum of the limits."],
            SCALAR_RULES,
            vec![
                Example::derivative("x : scalar", "x^2 + sin(x)", "x", "2*x + cos(x)"),
                Example::derivative("x : scalar", "x^2 - sin(x)", "x", "2*x - cos(x)"),
            ],
        ),
        Lesson::new(
            "scalar.product",
            "product",
            "d(f·g)/dx = f·dg/dx + g·df/dx",
            "",
            [
                "f and g change by df and dg: (f + df)·(g + dg) − f·g = f·dg + g·df + df·dg.",
                "Divided by dx, the last term df·dg/dx goes to 0 with dx.",
            ],
            SCALAR_RULES,
            vec![Example::derivative("x : scalar", "x^2*sin(x)", "x", "x^2*cos(x) + 2*x*sin(x)")],
        ),
        Lesson::new(
            "scalar.quotient",
            "quotient",
            "d(f/g)/dx = (g·df/dx − f·dg/dx)/g²",
            "g ≠ 0",
            ["q = f/g means f = q·g, so df/dx = q·dg/dx + g·dq/dx by the product rule.", "Solve for dq/dx and put q = f/g."],
            SCALAR_RULES,
            vec![Example::derivative("x : scalar", "sin(x)/exp(x)", "x", "(exp(x)*cos(x) - sin(x)*exp(x))/exp(x)^2")],
        ),
        Lesson::new(
            "scalar.chain",
            "slope times inner derivative",
            "d f(g(x))/dx = f′(g(x))·dg/dx",
            "f differentiable at g(x)",
            ["x + dx changes g by g′(x)·dx, and this changes f by f′(g(x)) times as much.", "To first order df = f′(g(x))·g′(x)·dx."],
            SCALAR_RULES,
            vec![
                Example::derivative("x : scalar", "sin(x^2)", "x", "cos(x^2)*2*x"),
                Example::derivative("x : scalar", "exp(3*x)", "x", "3*exp(3*x)"),
            ],
        ),
    ]
}

fn jacobian() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "partial.other-variable-constant",
            "other variables are constant",
            "∂g/∂x = 0 where g does not contain x",
            "g is made of other variables only",
            [
                "∂/∂x moves x and holds every other variable still.",
                "So g is a constant for it, and the derivative of a constant is 0 (scalar.const).",
            ],
            PARTIALS,
            vec![
                Example::derivative("x, y : scalar", "x*y^2", "x", "y^2"),
                Example::derivative("x, y : vector(n)", "sum(exp(y))", "x", "zeros(n)'"),
            ],
        ),
        Lesson::new(
            "partial.gradient",
            "gradient",
            "∂f/∂x = [∂f/∂x₁, …, ∂f/∂xₙ]",
            "f scalar, x a vector; numerator layout: a row",
            ["To first order df = Σⱼ ∂f/∂xⱼ·dxⱼ, one partial for each parameter.", "This is the row of partials times the column dx."],
            PARTIALS,
            vec![Example::derivative("x : vector(2)", "3*x[1]^2*x[2]", "x", "[6*x[1]*x[2], 3*x[1]^2]")],
        ),
        Lesson::new(
            "partial.jacobian",
            "Jacobian",
            "∂y/∂x = [∂yᵢ/∂xⱼ]: row i is the gradient of equation i",
            "y of m entries, x of n entries: m×n; numerator layout",
            [
                "Each yᵢ is a scalar function with its gradient, a row (partial.gradient).",
                "dyᵢ = (row i)·dx for every i is dy = (the stack of rows)·dx.",
            ],
            JACOBIANS,
            vec![Example::derivative("x : vector(2)", "[3*x[1]^2*x[2]; 2*x[1] + x[2]^8]", "x", "[6*x[1]*x[2], 3*x[1]^2; 2, 8*x[2]^7]")],
        ),
        Lesson::new(
            "identity",
            "a variable by itself",
            "∂x/∂x = I",
            "",
            [
                "∂xᵢ/∂xᵢ = 1, and ∂xᵢ/∂xⱼ = 0 for j ≠ i: the other entries are constant.",
                "Ones on the diagonal and zeros elsewhere are the identity matrix.",
            ],
            JACOBIANS,
            vec![Example::derivative("x : vector(n)", "x", "x", "eye(n)"), Example::derivative("x : scalar", "x", "x", "1")],
        ),
        Lesson::new(
            "scalarise",
            "scalar equations",
            "y = f(x)  ⇔  yᵢ = fᵢ(x) for i = 1…m",
            "",
            [
                "Two vectors are equal exactly if all their entries are.",
                "So a vector equation is m scalar equations, each with scalar rules.",
            ],
            JACOBIANS,
            vec![
                Example::equal("A : matrix(m, n); x : vector(n)", "(A*x)[1]", "A[1,:]*x"),
                Example::equal("w, x : vector(n)", "(w .* x)[n]", "w[n]*x[n]"),
            ],
        ),
        Lesson::new(
            "assemble",
            "assemble the Jacobian",
            "∂yᵢ/∂xⱼ for all i, j  ⇒  ∂y/∂x, with row i for equation i and column j for parameter j",
            "numerator layout",
            [
                "All partials together are what dyᵢ = Σⱼ ∂yᵢ/∂xⱼ·dxⱼ needs.",
                "Written as a matrix with entry (i, j) = ∂yᵢ/∂xⱼ, this is dy = J·dx.",
            ],
            JACOBIANS,
            vec![Example::derivative("A : matrix(m, n); x : vector(n)", "A*exp(x)", "x", "A[i,j]*exp(x)[j] -> [i,j]")],
        ),
        Lesson::new(
            "assemble.diagonal",
            "assemble a diagonal Jacobian",
            "∂yᵢ/∂xⱼ = 0 for j ≠ i  ⇒  ∂y/∂x = diag(∂y₁/∂x₁, …, ∂yₙ/∂xₙ)",
            "y and x of the same length",
            [
                "Entry (i, j) of the Jacobian is ∂yᵢ/∂xⱼ, which is 0 off the diagonal.",
                "What is left are the n partials ∂yᵢ/∂xᵢ, on the diagonal.",
            ],
            BINARY,
            vec![Example::derivative("x : vector(n)", "x.^3", "x", "diag(3*x.^2)")],
        ),
        Lesson::new(
            "index.pick",
            "an entry or a slice",
            "∂x[k]/∂x = row k of I;  ∂x[a:b]/∂x = rows a…b of I",
            "the positions exist",
            ["x[k] is the k-th entry: ∂xₖ/∂xⱼ is 1 for j = k and 0 otherwise.", "This is row k of the identity; a slice stacks such rows."],
            ELEMENTARY,
            vec![
                Example::derivative("x : vector(4)", "x[3]", "x", "eye(4)[3,:]"),
                Example::derivative("x : vector(5)", "x[2:4]", "x", "eye(5)[2:4,:]"),
            ],
        ),
        Lesson::new(
            "blocks.stack",
            "stacked equations",
            "∂[f; g]/∂x = [∂f/∂x; ∂g/∂x]",
            "",
            [
                "The equations of [f; g] are those of f, then those of g.",
                "Row i of a Jacobian belongs to equation i, so the Jacobians are stacked in the same order.",
            ],
            JACOBIANS,
            vec![Example::derivative("A : matrix(m, n); B : matrix(k, n); x : vector(n)", "[A*x; sin(B*x)]", "x", "[A; diag(cos(B*x))*B]")],
        ),
        Lesson::new(
            "blocks.product",
            "product of blocks",
            "[A, B]·[x; y] = A·x + B·y,  [A; B]·x = [A·x; B·x]",
            "the blocks fit: A has as many columns as x has rows, B as many as y",
            [
                "Each entry of the product is a sum over the columns: first those of A, then those of B.",
                "Rows stay where they are: the equations of [A; B]·x are those of A·x, then those of B·x.",
            ],
            MATRICES,
            vec![
                Example::equal("A : matrix(m, n); B : matrix(m, k); x : vector(n); y : vector(k)", "[A, B]*[x; y]", "A*x + B*y"),
                Example::equal("A : matrix(m, n); B : matrix(k, n); x : vector(n)", "[A; B]*x", "[A*x; B*x]"),
            ],
        ),
        Lesson::new(
            "comparison.zero",
            "a comparison",
            "∂[w > x]/∂w = 0 and ∂[w > x]/∂x = 0",
            "wᵢ ≠ xᵢ; at wᵢ = xᵢ the value jumps, and 0 is a convention",
            [
                "Where wᵢ ≠ xᵢ a small change leaves the comparison as it is: a constant 0 or 1.",
                "The derivative of a constant is 0; at a tie there is no derivative, and 0 is what hesse uses.",
            ],
            ELEMENTARY,
            vec![
                Example::derivative("w, x : vector(n)", "w > x", "w", "zeros(n, n)"),
                Example::derivative("w, x : vector(n)", "w > x", "x", "zeros(n, n)"),
                Example::derivative("w, x : vector(n)", "(w > x) .* x", "x", "diag(w > x)"),
            ],
        ),
    ]
}

fn elementwise() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "elementwise.binary.general",
            "element-wise operator",
            "y = f(w) ○ g(x):  ∂y/∂w = [∂(fᵢ(w) ○ gᵢ(x))/∂wⱼ], n×n",
            "|y| = |f(w)| = |g(x)|; ○ stands for + − ⊙ ⊘ …",
            [
                "Equation i is the scalar equation yᵢ = fᵢ(w) ○ gᵢ(x) (scalarise).",
                "Its gradient by w is row i of the Jacobian (partial.jacobian).",
            ],
            BINARY,
            vec![Example::derivative("A : matrix(n, n); w, x : vector(n)", "(A*w) .* exp(x)", "w", "diag(exp(x))*A")],
        ),
        Lesson::new(
            "elementwise.diagonal-condition",
            "element-wise diagonal condition",
            "∂(fᵢ(wᵢ) ○ gᵢ(xᵢ))/∂wⱼ = 0 for j ≠ i",
            "fᵢ uses no entry of w but wᵢ, and gᵢ none at all",
            [
                "fᵢ(wᵢ) ○ gᵢ(xᵢ) as a whole does not contain wⱼ when j ≠ i.",
                "So it is a constant for ∂/∂wⱼ whatever ○ is, and its derivative is 0.",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "sin(w) ./ exp(x)", "w", "diag(cos(w) ./ exp(x))"),
                Example::derivative("w, x : vector(n)", "w.^2 .* sin(x)", "x", "diag(w.^2 .* cos(x))"),
            ],
        ),
        Lesson::new(
            "elementwise.add",
            "element-wise sum",
            "∂(w + x)/∂w = I,  ∂(w + x)/∂x = I",
            "w and x are different variables of the same length",
            ["yᵢ = wᵢ + xᵢ: ∂yᵢ/∂wᵢ = 1 + 0 = 1, and 0 for j ≠ i (elementwise.diagonal-condition).", "diag(1, …, 1) = I; the same by x."],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "w + x", "w", "eye(n)"),
                Example::derivative("w, x : vector(n)", "w + x", "x", "eye(n)"),
            ],
        ),
        Lesson::new(
            "elementwise.sub",
            "element-wise difference",
            "∂(w − x)/∂w = I,  ∂(w − x)/∂x = −I",
            "w and x are different variables of the same length",
            [
                "yᵢ = wᵢ − xᵢ: ∂yᵢ/∂wᵢ = 1 − 0 = 1 and ∂yᵢ/∂xᵢ = 0 − 1 = −1.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "w - x", "w", "eye(n)"),
                Example::derivative("w, x : vector(n)", "w - x", "x", "-eye(n)"),
            ],
        ),
        Lesson::new(
            "elementwise.mul",
            "element-wise product",
            "∂(w ⊙ x)/∂w = diag(x),  ∂(w ⊙ x)/∂x = diag(w)",
            "w and x are different variables of the same length",
            [
                "yᵢ = wᵢ·xᵢ: ∂yᵢ/∂wᵢ = xᵢ and ∂yᵢ/∂xᵢ = wᵢ, the other factor being constant.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "w .* x", "w", "diag(x)"),
                Example::derivative("w, x : vector(n)", "w .* x", "x", "diag(w)"),
            ],
        ),
        Lesson::new(
            "elementwise.div",
            "element-wise quotient",
            "∂(w ⊘ x)/∂w = diag(1 ⊘ x),  ∂(w ⊘ x)/∂x = diag(−w ⊘ x²)",
            "all xᵢ ≠ 0; w and x are different variables of the same length",
            [
                "yᵢ = wᵢ/xᵢ: ∂yᵢ/∂wᵢ = 1/xᵢ, and ∂yᵢ/∂xᵢ = −wᵢ/xᵢ² (scalar.quotient).",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "w ./ x", "w", "diag(1 ./ x)"),
                Example::derivative("w, x : vector(n)", "w ./ x", "x", "diag(-w ./ x.^2)"),
            ],
        ),
        Lesson::new(
            "elementwise.pow",
            "element-wise power",
            "∂(w^x)/∂w = diag(x ⊙ w^(x − 1)),  ∂(w^x)/∂x = diag(w^x ⊙ log w)",
            "all wᵢ > 0; w and x are different variables of the same length",
            [
                "yᵢ = wᵢ^xᵢ: by wᵢ it is a power (scalar.power); by xᵢ it is exp(xᵢ·log wᵢ), with the slope yᵢ·log wᵢ.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w : vector(n) > 0; x : vector(n)", "w .^ x", "w", "diag(x .* w .^ (x - 1))"),
                Example::derivative("w : vector(n) > 0; x : vector(n)", "w .^ x", "x", "diag(w .^ x .* log(w))"),
            ],
        ),
        Lesson::new(
            "elementwise.max",
            "element-wise maximum",
            "∂max(w, x)/∂w = diag([w > x]),  ∂max(w, x)/∂x = diag([x > w])",
            "wᵢ ≠ xᵢ; at wᵢ = xᵢ both are 0 by convention",
            [
                "Where wᵢ > xᵢ, yᵢ = wᵢ: the partials are 1 and 0. Where wᵢ < xᵢ, yᵢ = xᵢ: they are 0 and 1.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "max(w, x)", "w", "diag(w > x)"),
                Example::derivative("w, x : vector(n)", "max(w, x)", "x", "diag(x > w)"),
            ],
        ),
        Lesson::new(
            "elementwise.min",
            "element-wise minimum",
            "∂min(w, x)/∂w = diag([x > w]),  ∂min(w, x)/∂x = diag([w > x])",
            "wᵢ ≠ xᵢ; at wᵢ = xᵢ both are 0 by convention",
            [
                "Where wᵢ < xᵢ, yᵢ = wᵢ: the partials are 1 and 0. Where wᵢ > xᵢ, yᵢ = xᵢ: they are 0 and 1.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            BINARY,
            vec![
                Example::derivative("w, x : vector(n)", "min(w, x)", "w", "diag(x > w)"),
                Example::derivative("w, x : vector(n)", "min(w, x)", "x", "diag(w > x)"),
            ],
        ),
        Lesson::new(
            "elementwise.unary",
            "element-wise function",
            "∂f(x)/∂x = diag(f′(x))",
            "f works on each entry by itself and is differentiable there",
            [
                "yᵢ = f(xᵢ) contains no other entry of x: ∂yᵢ/∂xⱼ = 0 for j ≠ i.",
                "On the diagonal ∂yᵢ/∂xᵢ = f′(xᵢ), the slope of the scalar function.",
            ],
            BINARY,
            vec![
                Example::derivative("x : vector(n)", "sin(x)", "x", "diag(cos(x))"),
                Example::derivative("x : vector(n)", "-x", "x", "-eye(n)"),
            ],
        ),
        Lesson::new(
            "elementwise.max0",
            "max(0, x) element by element",
            "∂max(0, x)/∂x = diag([x > 0])",
            "xᵢ ≠ 0; at xᵢ = 0 the derivative is 0 by convention",
            [
                "yᵢ = max(0, xᵢ) has the slope 1 where xᵢ > 0 and 0 where xᵢ ≤ 0 (cases.max0).",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            NEURON,
            vec![
                Example::derivative("x : vector(n)", "max(0, x)", "x", "diag(x > 0)"),
                Example::derivative("x : vector(n)", "relu(x)", "x", "diag(x > 0)"),
            ],
        ),
        Lesson::new(
            "elementwise.where",
            "a choice element by element",
            "∂where(c, a, b)/∂a = diag([c]),  ∂where(c, a, b)/∂b = diag(1 − [c])",
            "c does not depend on a or b, or does not change nearby",
            [
                "Where cᵢ holds, yᵢ = aᵢ: the partials by aᵢ and bᵢ are 1 and 0; elsewhere yᵢ = bᵢ: they are 0 and 1.",
                "Off the diagonal all partials are 0 (elementwise.diagonal-condition).",
            ],
            ELEMENTARY,
            vec![
                Example::derivative("a, b, x : vector(n)", "where(x > 0, a, b)", "a", "diag(x > 0)"),
                Example::derivative("a, b, x : vector(n)", "where(x > 0, a, b)", "b", "eye(n) - diag(x > 0)"),
            ],
        ),
    ]
}

fn sum() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "expand.scalar.add",
            "scalar plus vector",
            "x + z = x + 1·z:  ∂(x + z)/∂x = I,  ∂(x + z)/∂z = 1 (a column of ones)",
            "z is a scalar that does not depend on x",
            [
                "yᵢ = xᵢ + z: ∂yᵢ/∂xᵢ = 1 + 0, and 0 for j ≠ i; so diag(1) = I.",
                "∂yᵢ/∂z = 0 + 1 = 1 in every equation: a column of ones, n×1.",
            ],
            EXPANSION,
            vec![
                Example::equal("x : vector(n); z : scalar", "x + z", "x + ones(n)*z"),
                Example::derivative("x : vector(n); z : scalar", "x + z", "x", "eye(n)"),
                Example::derivative("x : vector(n); z : scalar", "x + z", "z", "ones(n)"),
            ],
        ),
        Lesson::new(
            "expand.scalar.mul",
            "scalar times vector",
            "x·z = x ⊙ 1·z:  ∂(x·z)/∂x = z·I,  ∂(x·z)/∂z = x",
            "z is a scalar that does not depend on x",
            ["yᵢ = xᵢ·z: ∂yᵢ/∂xᵢ = xᵢ·0 + z·1 = z, and 0 for j ≠ i; so diag(1·z) = z·I.", "∂yᵢ/∂z = xᵢ·1 + z·0 = xᵢ: the column x, n×1."],
            EXPANSION,
            vec![
                Example::equal("x : vector(n); z : scalar", "x*z", "x .* (ones(n)*z)"),
                Example::derivative("x : vector(n); z : scalar", "x*z", "x", "z*eye(n)"),
                Example::derivative("x : vector(n); z : scalar", "x*z", "z", "x"),
            ],
        ),
        Lesson::new(
            "expand.lines",
            "a row or a column along a matrix",
            "X .+ bᵀ = X + 1·bᵀ,  X .+ a = X + a·1ᵀ",
            "X is m×n, b has n entries, a has m",
            ["Entry (i, j) of X .+ bᵀ is Xᵢⱼ + bⱼ, and (1·bᵀ)ᵢⱼ = 1·bⱼ.", "Likewise (a·1ᵀ)ᵢⱼ = aᵢ for a column a."],
            ELEMENTARY,
            vec![
                Example::equal("X : matrix(m, n); b : vector(n)", "X .+ b'", "X + ones(m)*b'"),
                Example::equal("X : matrix(m, n); a : vector(m)", "X .+ a", "X + a*ones(n)'"),
            ],
        ),
        Lesson::new(
            "sum.linear",
            "derivative of a sum",
            "∂sum(f(x))/∂x = Σᵢ ∂fᵢ/∂x = 1ᵀ·∂f/∂x",
            "",
            [
                "∂/∂xⱼ Σᵢ fᵢ(x) = Σᵢ ∂fᵢ/∂xⱼ: the derivative goes inside the sum (scalar.sum).",
                "Summing the rows of a Jacobian is multiplying it by 1ᵀ from the left.",
            ],
            SUMS,
            vec![Example::derivative("A : matrix(m, n); x : vector(n)", "sum(sin(A*x))", "x", "ones(m)'*diag(cos(A*x))*A")],
        ),
        Lesson::new(
            "sum.ones-row",
            "sum of the entries",
            "∂sum(x)/∂x = 1ᵀ",
            "",
            [
                "∂/∂xⱼ Σᵢ xᵢ = Σᵢ ∂xᵢ/∂xⱼ = 1: only i = j survives.",
                "n partials in a row: [1, …, 1] = 1ᵀ, 1×n, because the sum is a scalar.",
            ],
            SUMS,
            vec![Example::derivative("x : vector(n)", "sum(x)", "x", "ones(n)'")],
        ),
        Lesson::new(
            "sum.ones",
            "sums are products with ones",
            "sum(x) = 1ᵀ·x,  rowsum(A) = A·1,  colsum(A) = 1ᵀ·A",
            "",
            ["(A·1)ᵢ = Σⱼ Aᵢⱼ·1, the sum of row i.", "(1ᵀ·A)ⱼ = Σᵢ 1·Aᵢⱼ, the sum of column j; a vector is a matrix of one column."],
            ELEMENTARY,
            vec![
                Example::equal("x : vector(n)", "sum(x)", "ones(n)'*x"),
                Example::equal("A : matrix(m, n)", "rowsum(A)", "A*ones(n)"),
                Example::equal("A : matrix(m, n)", "colsum(A)", "ones(m)'*A"),
            ],
        ),
        Lesson::new(
            "sum.mean",
            "mean",
            "mean(x) = sum(x)/n:  ∂mean(x)/∂x = 1ᵀ/n",
            "n is the length of x",
            ["1/n is a constant factor (scalar.cmul).", "The sum has the gradient 1ᵀ (sum.ones-row)."],
            SUMS,
            vec![
                Example::equal("x : vector(n)", "mean(x)", "sum(x)/n"),
                Example::derivative("x : vector(n)", "mean(x)", "x", "ones(n)'/n"),
            ],
        ),
        Lesson::new(
            "sum.running",
            "running sums",
            "cumsum(x) = L·x, L lower triangular with ones:  ∂cumsum(x)/∂x = L",
            "",
            [
                "yᵢ = x₁ + … + xᵢ: ∂yᵢ/∂xⱼ is 1 for j ≤ i and 0 otherwise.",
                "These are the entries of the lower triangle of ones, the diagonal included.",
            ],
            ELEMENTARY,
            vec![
                Example::equal("x : vector(n)", "cumsum(x)", "tril(ones(n, n))*x"),
                Example::derivative("x : vector(n)", "cumsum(x)", "x", "tril(ones(n, n))"),
            ],
        ),
        Lesson::new(
            "series.row-by-row",
            "sum over examples",
            "Σᵢ f(xᵢᵀw, yᵢ) over the rows xᵢᵀ of X = sum(f(X·w, y)):  ∂/∂w = Σᵢ ∂f(xᵢᵀw, yᵢ)/∂w",
            "f works on each example by itself",
            [
                "Entry i of X·w is xᵢᵀw, so summing the entries of f(X·w, y) sums over the examples.",
                "The derivative goes inside the sum (sum.linear): one row for each example, added up.",
            ],
            LOSS,
            vec![
                Example::equal("X : matrix(N, n); w : vector(n); y : vector(N)", "sum(i = 1:N, (X[i,:]*w - y[i])^2)", "sum((X*w - y).^2)"),
                Example::derivative(
                    "X : matrix(N, n); w : vector(n); y : vector(N)",
                    "sum((X*w - y).^2)",
                    "w",
                    "sum(i = 1:N, 2*(X[i,:]*w - y[i])*X[i,:])",
                ),
            ],
        ),
    ]
}

fn products() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "dot.as-sum",
            "dot product as a sum",
            "wᵀ·x = Σᵢ wᵢxᵢ = sum(w ⊙ x)",
            "",
            ["A row times a column is Σᵢ wᵢ·xᵢ by the definition of the matrix product.", "The summands are the entries of w ⊙ x."],
            NEURON,
            vec![Example::equal("w, x : vector(n)", "w'*x", "sum(w .* x)")],
        ),
        Lesson::new(
            "dot.left",
            "dot product by its left side",
            "∂(wᵀ·x)/∂w = xᵀ",
            "x does not depend on w",
            ["With u = w ⊙ x, y = sum(u): ∂y/∂u = 1ᵀ and ∂u/∂w = diag(x).", "The chain rule gives 1ᵀ·diag(x) = xᵀ (diag.ones-row)."],
            NEURON,
            vec![Example::derivative("w, x : vector(n)", "w'*x", "w", "x'")],
        ),
        Lesson::new(
            "dot.right",
            "dot product by its right side",
            "∂(wᵀ·x)/∂x = wᵀ",
            "w does not depend on x",
            ["With u = w ⊙ x, y = sum(u): ∂y/∂u = 1ᵀ and ∂u/∂x = diag(w).", "The chain rule gives 1ᵀ·diag(w) = wᵀ (diag.ones-row)."],
            NEURON,
            vec![Example::derivative("w, x : vector(n)", "w'*x", "x", "w'")],
        ),
        Lesson::new(
            "linear.matvec",
            "matrix times vector",
            "∂(A·x)/∂x = A",
            "A does not depend on x",
            ["yᵢ = Σⱼ Aᵢⱼ·xⱼ, so ∂yᵢ/∂xⱼ = Aᵢⱼ.", "Row i, column j: the matrix A itself."],
            IMPORTANT,
            vec![
                Example::derivative("A : matrix(m, n); x : vector(n)", "A*x", "x", "A"),
                Example::derivative("A : matrix(m, n); x : vector(m)", "A'*x", "x", "A'"),
            ],
        ),
        Lesson::new(
            "linear.map",
            "linear map",
            "L(X) linear in X:  dL = L(dX)",
            "L(X + Y) = L(X) + L(Y) and L(c·X) = c·L(X)",
            [
                "L(X + dX) − L(X) = L(dX) exactly, with no remainder.",
                "So a linear map (a sum, a trace, a transpose, A·X·B, a slice) is its own derivative.",
            ],
            DIFFERENTIALS,
            vec![
                Example::derivative("A : matrix(k, m); B : matrix(n, l); X, E : matrix(m, n); t : scalar", "A*(X + t*E)*B", "t", "A*E*B"),
                Example::derivative("X, E : matrix(n, n); t : scalar", "tr(tril(X + t*E))", "t", "tr(tril(E))"),
            ],
        ),
        Lesson::new(
            "matmul.left",
            "matrix product by its left factor",
            "Y = A·B:  dY = dA·B",
            "B does not depend on A",
            [
                "(A + dA)·B − A·B = dA·B: the product is linear in A (linear.map).",
                "Entry by entry: ∂Yᵢⱼ/∂Aₖₗ = Bₗⱼ for k = i, and 0 otherwise.",
            ],
            IMPORTANT,
            vec![
                Example::derivative("A, E : matrix(m, n); B : matrix(n, k); t : scalar", "(A + t*E)*B", "t", "E*B"),
                Example::derivative("A : matrix(m, n); B : matrix(n, k)", "A*B", "A", "eye(m)[i,k]*B[l,j] -> [i,j,k,l]"),
            ],
        ),
        Lesson::new(
            "matmul.right",
            "matrix product by its right factor",
            "Y = A·B:  dY = A·dB",
            "A does not depend on B",
            [
                "A·(B + dB) − A·B = A·dB: the product is linear in B (linear.map).",
                "Entry by entry: ∂Yᵢⱼ/∂Bₖₗ = Aᵢₖ for l = j, and 0 otherwise.",
            ],
            IMPORTANT,
            vec![
                Example::derivative("A : matrix(m, n); B, E : matrix(n, k); t : scalar", "A*(B + t*E)", "t", "A*E"),
                Example::derivative("A : matrix(m, n); B : matrix(n, k)", "A*B", "B", "A[i,k]*eye(cols(B))[j,l] -> [i,j,k,l]"),
            ],
        ),
        Lesson::new(
            "transpose",
            "transpose",
            "d(Xᵀ) = (dX)ᵀ;  (A·B)ᵀ = Bᵀ·Aᵀ",
            "",
            [
                "Transposing only moves entries, so it is linear (linear.map).",
                "Entry (i, j) of (A·B)ᵀ is Σₖ Aⱼₖ·Bₖᵢ, which is entry (i, j) of Bᵀ·Aᵀ.",
            ],
            MATRICES,
            vec![
                Example::derivative("X, E : matrix(m, n); t : scalar", "(X + t*E)'", "t", "E'"),
                Example::equal("A : matrix(m, n); B : matrix(n, k)", "(A*B)'", "B'*A'"),
            ],
        ),
        Lesson::new(
            "outer",
            "outer product",
            "d(x·yᵀ) = dx·yᵀ + x·dyᵀ",
            "",
            [
                "(x·yᵀ)ᵢⱼ = xᵢ·yⱼ, and the product rule holds for each entry (scalar.product).",
                "Written together: the change of x with y fixed plus the change of y with x fixed.",
            ],
            IMPORTANT,
            vec![Example::derivative(
                "x, e : vector(m); y, f : vector(n); t : scalar",
                "(x + t*e)*(y + t*f)'",
                "t",
                "e*(y + t*f)' + (x + t*e)*f'",
            )],
        ),
        Lesson::new(
            "quadratic.form",
            "quadratic form",
            "∂(xᵀ·A·x)/∂x = xᵀ·(A + Aᵀ)",
            "A does not depend on x; with A = Aᵀ it is 2·xᵀ·A",
            [
                "d(xᵀAx) = dxᵀ·A·x + xᵀ·A·dx, and dxᵀAx = xᵀAᵀdx (scalar.equals-transpose).",
                "Together xᵀ·(Aᵀ + A)·dx: the row in front of dx is the gradient (identify.dx).",
            ],
            COOKBOOK_FORMS,
            vec![
                Example::derivative("A : matrix(n, n); x : vector(n)", "x'*A*x", "x", "x'*(A + A')"),
                Example::derivative("S : matrix(n, n) symmetric; x : vector(n)", "x'*S*x", "x", "2*x'*S"),
            ],
        ),
        Lesson::new(
            "bilinear.form",
            "bilinear form by its matrix",
            "∂(aᵀ·X·b)/∂X = b·aᵀ",
            "a and b do not depend on X; numerator layout: n×m for X of m×n, the transpose a·bᵀ has the shape of X",
            [
                "d(aᵀXb) = aᵀ·dX·b = tr(b·aᵀ·dX) (scalar.equals-trace).",
                "The matrix in front of dX is the derivative in numerator layout (identify.tr).",
            ],
            COOKBOOK_FORMS,
            vec![Example::derivative("a : vector(m); X : matrix(m, n); b : vector(n)", "a'*X*b", "X", "b*a'")],
        ),
        Lesson::new(
            "matmul.power",
            "power of a matrix",
            "d(X²) = dX·X + X·dX;  d(X^k) = Σᵢ X^i·dX·X^(k − 1 − i), i = 0…k − 1",
            "X square, k = 1, 2, …",
            [
                "X^k is a product of k factors, and each is changed once (diff.product).",
                "The factors before and after stay where they are: matrices do not commute.",
            ],
            IMPORTANT,
            vec![
                Example::derivative("X, E : matrix(n, n); t : scalar", "(X + t*E)^2", "t", "E*(X + t*E) + (X + t*E)*E"),
                Example::derivative(
                    "X, E : matrix(n, n); t : scalar",
                    "(X + t*E)^3",
                    "t",
                    "E*(X + t*E)^2 + (X + t*E)*E*(X + t*E) + (X + t*E)^2*E",
                ),
            ],
        ),
    ]
}

fn chains() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "chain.single",
            "single-variable chain rule",
            "y = f(u), u = g(x):  dy/dx = dy/du · du/dx",
            "all scalars, and x reaches y through u only",
            ["A change dx gives du = du/dx·dx, and this gives dy = dy/du·du.", "Put the first into the second: dy = dy/du·du/dx·dx."],
            SINGLE,
            vec![Example::derivative("x : scalar", "log(sin(x^3)^2)", "x", "2/sin(x^3)*cos(x^3)*3*x^2")],
        ),
        Lesson::new(
            "chain.total",
            "single-variable total-derivative chain rule",
            "y = f(u₁, …, uₖ, x):  dy/dx = ∂f/∂x + Σᵢ ∂f/∂uᵢ · duᵢ/dx",
            "x reaches y directly and through each uᵢ",
            [
                "To first order df = ∂f/∂x·dx + Σᵢ ∂f/∂uᵢ·duᵢ: every way in which x reaches y adds its part.",
                "Put duᵢ = duᵢ/dx·dx and divide by dx.",
            ],
            TOTAL,
            vec![
                Example::derivative("x : scalar", "sin(x + x^2)", "x", "cos(x + x^2)*(1 + 2*x)"),
                Example::derivative("x : scalar", "x + x^2*exp(x)", "x", "1 + exp(x)*2*x + x^2*exp(x)"),
            ],
        ),
        Lesson::new(
            "chain.vector",
            "vector chain rule",
            "∂f(g(x))/∂x = ∂f/∂g · ∂g/∂x",
            "m = |f|, k = |g|, n = |x|: (m×k)·(k×n) = m×n; the order matters",
            [
                "By the total derivative ∂fᵢ/∂xⱼ = Σₗ ∂fᵢ/∂gₗ·∂gₗ/∂xⱼ (chain.total).",
                "This is row i of ∂f/∂g times column j of ∂g/∂x: a matrix product.",
            ],
            CHAIN,
            vec![
                Example::derivative("A : matrix(m, k); B : matrix(k, n); x : vector(n)", "A*sin(B*x)", "x", "A*diag(cos(B*x))*B"),
                Example::derivative("x : scalar", "[log(x^2); sin(3*x)]", "x", "[1/x^2, 0; 0, cos(3*x)]*[2*x; 3]"),
            ],
        ),
        Lesson::new(
            "chain.diag",
            "vector chain rule, both Jacobians diagonal",
            "∂f(g(x))/∂x = diag(∂fᵢ/∂gᵢ)·diag(∂gᵢ/∂xᵢ) = diag(∂fᵢ/∂gᵢ · ∂gᵢ/∂xᵢ)",
            "fᵢ uses only gᵢ, and gᵢ only xᵢ",
            [
                "Both Jacobians are diagonal (elementwise.diagonal-condition).",
                "The product of diagonal matrices is the diagonal matrix of the products (diag.product).",
            ],
            CHAIN,
            vec![Example::derivative("x : vector(n)", "sin(x.^2)", "x", "diag(cos(x.^2) .* (2*x))")],
        ),
        Lesson::new(
            "chain.matrix",
            "chain rule through a matrix",
            "y = f(U), U = g(x):  ∂y/∂xⱼ = Σₖₗ ∂y/∂Uₖₗ · ∂Uₖₗ/∂xⱼ = tr(∂y/∂U · ∂U/∂xⱼ)",
            "y scalar; ∂y/∂U in numerator layout, the transpose of the shape of U",
            [
                "The entries Uₖₗ are intermediate variables like any others (chain.total).",
                "The sum over both indices of (∂y/∂U)ₗₖ·(∂U/∂xⱼ)ₖₗ is the trace of the matrix product.",
            ],
            CHAIN,
            vec![Example::derivative(
                "X, E : matrix(m, n); A : matrix(n, m); x : scalar",
                "sum(A' .* (X + x*E).^2)",
                "x",
                "tr(2*(A .* (X + x*E)')*E)",
            )],
        ),
    ]
}

fn cases() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "cases.max0",
            "max(0, z)",
            "∂max(0, z)/∂z = [z > 0] = { 0 if z ≤ 0, 1 if z > 0 }",
            "z ≠ 0; at z = 0 there is a kink, and 0 is the convention (every value from 0 to 1 is a subgradient)",
            [
                "For z < 0 max(0, z) = 0 is a constant: the derivative is 0.",
                "For z > 0 max(0, z) = z: the derivative is dz/dz = 1; at z = 0 the zero branch is taken.",
            ],
            NEURON,
            vec![
                Example::derivative("z : scalar", "max(0, z)", "z", "z > 0"),
                Example::derivative("z : scalar", "max(0, z)", "z", "where(z > 0, 1, 0)"),
            ],
        ),
        Lesson::new(
            "mask.absorb",
            "a mask meets its maximum",
            "[z > 0] ⊙ max(0, z) = max(0, z) = [z > 0] ⊙ z",
            "",
            ["Where z > 0 the mask is 1 and max(0, z) = z.", "Where z ≤ 0 all three are 0."],
            LOSS,
            vec![
                Example::equal("z : vector(n)", "(z > 0) .* max(0, z)", "max(0, z)"),
                Example::equal("z : vector(n)", "(z > 0) .* z", "max(0, z)"),
            ],
        ),
        Lesson::new(
            "mask.square",
            "a mask is its own square",
            "[c] ⊙ [c] = [c]",
            "",
            ["A mask has the values 0 and 1 only.", "0·0 = 0 and 1·1 = 1."],
            ELEMENTARY,
            vec![Example::equal("x : vector(n)", "(x > 0) .* (x > 0)", "x > 0")],
        ),
        Lesson::new(
            "mask.to-cases",
            "mask and cases",
            "[c]·a = { a if c, 0 otherwise };  [c]·a + (1 − [c])·b = { a if c, b otherwise }",
            "",
            ["Where c holds, [c] = 1: the value is 1·a + 0·b = a.", "Elsewhere [c] = 0: it is 0·a + 1·b = b."],
            NEURON,
            vec![
                Example::equal("z, a : vector(n)", "(z > 0) .* a", "where(z > 0, a, 0)"),
                Example::equal("z, a, b : vector(n)", "(z > 0) .* a + (1 - (z > 0)) .* b", "where(z > 0, a, b)"),
            ],
        ),
    ]
}

fn diagonals() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "diag.ones-row",
            "ones times a diagonal matrix",
            "1ᵀ·diag(x) = xᵀ,  diag(x)·1 = x",
            "",
            [
                "Column j of diag(x) has the single entry xⱼ, so its sum is xⱼ.",
                "The n column sums in a row are xᵀ; the row sums in a column are x.",
            ],
            NEURON,
            vec![Example::equal("x : vector(n)", "ones(n)'*diag(x)", "x'"), Example::equal("x : vector(n)", "diag(x)*ones(n)", "x")],
        ),
        Lesson::new(
            "diag.product",
            "product of diagonal matrices",
            "diag(a)·diag(b) = diag(a ⊙ b)",
            "",
            ["Entry (i, j) is Σₖ diag(a)ᵢₖ·diag(b)ₖⱼ, where only k = i = j is not zero.", "It is aᵢ·bᵢ on the diagonal and 0 elsewhere."],
            MATRICES,
            vec![Example::equal("a, b : vector(n)", "diag(a)*diag(b)", "diag(a .* b)")],
        ),
        Lesson::new(
            "diag.vec",
            "diagonal matrix times vector",
            "diag(a)·x = a ⊙ x,  xᵀ·diag(a) = (a ⊙ x)ᵀ",
            "",
            [
                "Row i of diag(a) has the single entry aᵢ, so entry i of the product is aᵢ·xᵢ.",
                "The second is the transpose of the first, since diag(a)ᵀ = diag(a).",
            ],
            MATRICES,
            vec![Example::equal("a, x : vector(n)", "diag(a)*x", "a .* x"), Example::equal("a, x : vector(n)", "x'*diag(a)", "(a .* x)'")],
        ),
        Lesson::new(
            "diag.move",
            "a mask from one side of a dot product to the other",
            "aᵀ·(m ⊙ b) = (a ⊙ m)ᵀ·b",
            "",
            ["Both are Σᵢ aᵢ·mᵢ·bᵢ.", "Or: aᵀ·diag(m)·b, read from the right or from the left (diag.vec)."],
            ELEMENTARY,
            vec![Example::equal("a, b, m : vector(n)", "a'*(m .* b)", "(a .* m)'*b")],
        ),
        Lesson::new(
            "diag.matrix",
            "diagonal matrix of a vector, diagonal of a matrix",
            "d diag(x) = diag(dx),  d diag(A) = diag(dA)",
            "",
            ["diag only moves entries and sets zeros, so it is linear.", "A linear map is its own derivative (linear.map)."],
            IMPORTANT,
            vec![
                Example::derivative("x, e : vector(n); t : scalar", "diag(x + t*e)", "t", "diag(e)"),
                Example::derivative("A, E : matrix(n, n); t : scalar", "diag(A + t*E)", "t", "diag(E)"),
            ],
        ),
        Lesson::new(
            "mask.triangle",
            "triangle of a matrix",
            "d tril(A) = tril(dA),  d triu(A) = triu(dA)",
            "A square",
            ["tril multiplies each entry by the constant 1 or 0, so it is linear.", "A linear map is its own derivative (linear.map)."],
            ELEMENTARY,
            vec![
                Example::derivative("A, E : matrix(n, n); t : scalar", "tril(A + t*E)", "t", "tril(E)"),
                Example::derivative("A, E : matrix(n, n); t : scalar", "triu(A + t*E)", "t", "triu(E)"),
            ],
        ),
    ]
}

fn norms() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "norm.sq",
            "squared norm",
            "∂‖x‖²/∂x = 2·xᵀ",
            "",
            ["‖x‖² = Σᵢ xᵢ², and ∂/∂xⱼ gives 2·xⱼ: only i = j survives.", "n partials in a row: 2·xᵀ."],
            COOKBOOK_NORMS,
            vec![
                Example::equal("x : vector(n)", "norm2(x)^2", "x'*x"),
                Example::derivative("x : vector(n)", "norm2(x)^2", "x", "2*x'"),
                Example::derivative("A : matrix(m, n); x : vector(n); b : vector(m)", "norm2(A*x - b)^2", "x", "2*(A*x - b)'*A"),
            ],
        ),
        Lesson::new(
            "norm",
            "norm",
            "d‖x‖ = xᵀ·dx/‖x‖",
            "x ≠ 0; at 0 there is a kink, and 0 is the convention",
            ["n = ‖x‖ has n² = xᵀ·x, so 2·n·dn = 2·xᵀ·dx (norm.sq).", "Divide by 2·n."],
            COOKBOOK_NORMS,
            vec![
                Example::derivative("x : vector(n)", "norm2(x)", "x", "x'/norm2(x)"),
                Example::derivative("x, e : vector(n); t : scalar", "norm2(x + t*e)", "t", "(x + t*e)'*e/norm2(x + t*e)"),
            ],
        ),
        Lesson::new(
            "norm.frobenius",
            "squared Frobenius norm",
            "‖X‖² = Σᵢⱼ Xᵢⱼ² = tr(Xᵀ·X):  d‖X‖² = 2·tr(Xᵀ·dX)",
            "",
            ["d Σᵢⱼ Xᵢⱼ² = Σᵢⱼ 2·Xᵢⱼ·dXᵢⱼ.", "A sum over both indices of equal positions is tr(Xᵀ·dX)."],
            IMPORTANT,
            vec![
                Example::equal("X : matrix(m, n)", "norm2(X)^2", "tr(X'*X)"),
                Example::derivative("X : matrix(m, n)", "norm2(X)^2", "X", "2*X'"),
            ],
        ),
        Lesson::new(
            "logsumexp",
            "log-sum-exp",
            "d logsumexp(x) = softmax(x)ᵀ·dx",
            "",
            ["With s = Σᵢ exp(xᵢ): d log s = ds/s, and ds = Σᵢ exp(xᵢ)·dxᵢ.", "exp(xᵢ)/s is entry i of softmax(x)."],
            CONVEX,
            vec![
                Example::equal("x : vector(n)", "logsumexp(x)", "log(sum(exp(x)))"),
                Example::derivative("x : vector(n)", "logsumexp(x)", "x", "softmax(x)'"),
                Example::derivative("x : vector(n)", "logsumexp(x)", "x", "exp(x)'/sum(exp(x))"),
            ],
        ),
        Lesson::new(
            "softmax",
            "softmax",
            "p = softmax(x) = exp(x)/sum(exp(x)):  ∂p/∂x = diag(p) − p·pᵀ",
            "",
            [
                "log pᵢ = xᵢ − logsumexp(x), so ∂pᵢ/∂xⱼ = pᵢ·(∂xᵢ/∂xⱼ − pⱼ) (logsumexp).",
                "pᵢ on the diagonal, minus pᵢ·pⱼ everywhere: diag(p) − p·pᵀ.",
            ],
            CONVEX,
            vec![
                Example::equal("x : vector(n)", "softmax(x)", "exp(x)/sum(exp(x))"),
                Example::derivative("x : vector(n)", "softmax(x)", "x", "diag(softmax(x)) - softmax(x)*softmax(x)'"),
            ],
        ),
        Lesson::new(
            "reduction.argmax",
            "the largest entry",
            "∂maximum(x)/∂x = argmax(x)ᵀ: 1 at the largest entry, 0 elsewhere",
            "no tie; between k equal entries the slope is shared, 1/k each, by convention",
            ["Near x the largest entry stays the one at position k, so maximum(x) = xₖ there.", "∂xₖ/∂x is row k of I (index.pick)."],
            ELEMENTARY,
            vec![
                Example::derivative("x : vector(n)", "maximum(x)", "x", "argmax(x)'"),
                Example::derivative("x : vector(n)", "minimum(x)", "x", "argmin(x)'"),
            ],
        ),
        Lesson::new(
            "reduction.lines",
            "a function of each row",
            "y = rowf(X), yᵢ = f(xᵢᵀ) of row i:  ∂yᵢ/∂Xₖₗ = (∂f(xᵢᵀ)/∂x)ₗ if k = i, 0 otherwise; columns likewise",
            "f is one of sum, mean, prod, max, min, norm1, norm2, logsumexp",
            ["yᵢ contains row i of X only, so its partials by the entries of other rows are 0.", "By row i it is the gradient of f there."],
            ELEMENTARY,
            vec![
                Example::derivative("X : matrix(m, n)", "rowlogsumexp(X)", "X", "rowsoftmax(X)[i,l]*eye(m)[i,k] -> [i,k,l]"),
                Example::derivative("X : matrix(m, n); v : vector(n)", "colnorm2(X)*v", "X", "(X*diag(v ./ colnorm2(X)'))'"),
            ],
        ),
    ]
}

fn whole() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "trace.linear",
            "trace is linear",
            "d tr(X) = tr(dX);  tr(A + B) = tr(A) + tr(B),  tr(Aᵀ) = tr(A)",
            "square matrices",
            ["tr(X) = Σᵢ Xᵢᵢ is a sum of entries, so it is linear (linear.map).", "Transposing leaves the diagonal where it is."],
            MATRICES,
            vec![
                Example::derivative("A : matrix(n, n)", "tr(A)", "A", "eye(n)"),
                Example::equal("A, B : matrix(n, n)", "tr(A + B)", "tr(A) + tr(B)"),
                Example::equal("A : matrix(n, n)", "tr(A')", "tr(A)"),
            ],
        ),
        Lesson::new(
            "trace.cyclic",
            "trace is cyclic",
            "tr(A·B) = tr(B·A),  tr(A·B·C) = tr(B·C·A)",
            "the products are square",
            ["tr(A·B) = Σᵢⱼ Aᵢⱼ·Bⱼᵢ = Σⱼᵢ Bⱼᵢ·Aᵢⱼ = tr(B·A).", "With B·C in the place of B, a factor goes from the front to the back."],
            MATRICES,
            vec![
                Example::equal("A : matrix(m, n); B : matrix(n, m)", "tr(A*B)", "tr(B*A)"),
                Example::equal("A : matrix(m, n); B : matrix(n, k); C : matrix(k, m)", "tr(A*B*C)", "tr(B*C*A)"),
            ],
        ),
        Lesson::new(
            "trace.entries",
            "trace of a product as a sum over entries",
            "tr(Aᵀ·B) = Σᵢⱼ Aᵢⱼ·Bᵢⱼ = sum(A ⊙ B)",
            "A and B of the same shape",
            ["Entry (j, j) of Aᵀ·B is Σᵢ Aᵢⱼ·Bᵢⱼ.", "Summing over j gives the sum over all entries."],
            MATRICES,
            vec![Example::equal("A, B : matrix(m, n)", "tr(A'*B)", "sum(A .* B)")],
        ),
        Lesson::new(
            "det.jacobi",
            "Jacobi's formula",
            "d det(X) = det(X)·tr(X⁻¹·dX)",
            "X invertible (without that: d det(X) = tr(adj(X)·dX))",
            [
                "det(X + dX) = det(X)·det(I + X⁻¹·dX).",
                "To first order det(I + E) = 1 + tr(E): a product of two entries off the diagonal is of second order.",
            ],
            IMPORTANT,
            vec![
                Example::derivative("X : matrix(n, n) invertible", "det(X)", "X", "det(X)*inv(X)"),
                Example::derivative("X, E : matrix(n, n); t : scalar", "det(X + t*E)", "t", "det(X + t*E)*tr(inv(X + t*E)*E)"),
            ],
        ),
        Lesson::new(
            "logdet",
            "log-determinant",
            "d log det(X) = tr(X⁻¹·dX)",
            "det(X) > 0; for log|det X| it is enough that X is invertible",
            ["d log det(X) = d det(X)/det(X) (scalar.chain).", "By Jacobi's formula (det.jacobi) det(X) cancels."],
            IMPORTANT,
            vec![
                Example::derivative("X : matrix(n, n) detpos", "log(det(X))", "X", "inv(X)"),
                Example::derivative("X : matrix(n, n) invertible", "logabsdet(X)", "X", "inv(X)"),
            ],
        ),
        Lesson::new(
            "inverse",
            "inverse",
            "d(X⁻¹) = −X⁻¹·dX·X⁻¹",
            "X invertible",
            ["X·X⁻¹ = I, so dX·X⁻¹ + X·d(X⁻¹) = 0 (diff.product).", "Multiply by X⁻¹ from the left and solve for d(X⁻¹)."],
            IMPORTANT,
            vec![
                Example::derivative("X, E : matrix(n, n); t : scalar", "inv(X + t*E)", "t", "-inv(X + t*E)*E*inv(X + t*E)"),
                Example::derivative("X : matrix(n, n) invertible; a, b : vector(n)", "a'*inv(X)*b", "X", "-inv(X)*b*a'*inv(X)"),
            ],
        ),
        Lesson::new(
            "solve",
            "linear system",
            "A·x = b, x = A⁻¹·b:  dx = A⁻¹·(db − dA·x)",
            "A invertible",
            ["The differential of A·x = b is dA·x + A·dx = db (diff.product).", "Solve for dx."],
            MINKA,
            vec![
                Example::derivative("A : matrix(n, n) invertible; b : vector(n)", "inv(A)*b", "b", "inv(A)"),
                Example::derivative(
                    "A, E : matrix(n, n); b, f : vector(n); t : scalar",
                    "inv(A + t*E)*(b + t*f)",
                    "t",
                    "inv(A + t*E)*(f - E*inv(A + t*E)*(b + t*f))",
                ),
            ],
        ),
        Lesson::new(
            "exponential",
            "exponential of a matrix",
            "d tr(expm(X)) = tr(expm(X)·dX);  d expm(t·A)/dt = A·expm(t·A)",
            "X, A square; A does not depend on t",
            [
                "expm(X) = Σₖ X^k/k!, and d tr(X^k) = k·tr(X^(k − 1)·dX) (matmul.power, trace.cyclic).",
                "Term by term k/k! = 1/(k − 1)!: the series of expm again; powers of A commute with A.",
            ],
            HIGHAM,
            vec![
                Example::derivative("X : matrix(n, n)", "tr(expm(X))", "X", "expm(X)"),
                Example::derivative("A : matrix(n, n); t : scalar", "expm(t*A)", "t", "A*expm(t*A)"),
            ],
        ),
    ]
}

fn differential() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "diff.linear",
            "differential of a sum",
            "d(α·F + β·G) = α·dF + β·dG;  dC = 0",
            "α, β and C are constant",
            [
                "dF is the part of the change of F that is linear in the change of the variable.",
                "Changes add up and scale with F and G; a constant has none.",
            ],
            DIFFERENTIALS,
            vec![Example::derivative("A, B, E, F : matrix(m, n); a, b, t : scalar", "a*(A + t*E) + b*(B + t^2*F)", "t", "a*E + 2*b*t*F")],
        ),
        Lesson::new(
            "diff.product",
            "differential of a product",
            "d(A·B) = dA·B + A·dB",
            "any product that is linear in each factor: matrix product, ⊙, ⊗, dot product; the order of factors stays",
            ["(A + dA)·(B + dB) − A·B = dA·B + A·dB + dA·dB.", "dA·dB is of second order and is dropped."],
            DIFFERENTIALS,
            vec![
                Example::derivative(
                    "A, E : matrix(m, n); B, F : matrix(n, k); t : scalar",
                    "(A + t*E)*(B + t*F)",
                    "t",
                    "E*(B + t*F) + (A + t*E)*F",
                ),
                Example::derivative("w, x, e, f : vector(n); t : scalar", "(w + t*e) .* (x + t*f)", "t", "e .* (x + t*f) + (w + t*e) .* f"),
            ],
        ),
        Lesson::new(
            "diff.elementwise",
            "differential of an element-wise function",
            "d f(X) = f′(X) ⊙ dX",
            "f works on each entry by itself and is differentiable there",
            [
                "Entry by entry d f(Xᵢⱼ) = f′(Xᵢⱼ)·dXᵢⱼ (scalar.chain).",
                "For a vector f′(x) ⊙ dx = diag(f′(x))·dx (diag.vec): the Jacobian of elementwise.unary.",
            ],
            IMPORTANT,
            vec![Example::derivative("X, E : matrix(m, n); t : scalar", "sin(X + t*E)", "t", "cos(X + t*E) .* E")],
        ),
        Lesson::new(
            "diff.chain",
            "differential of a composition",
            "y = f(u), u = g(x):  dy = f′(u)·du with du = g′(x)·dx",
            "the form of dy is the same whether u is a variable or a function",
            [
                "dy = f′(u)·du holds for any small du, also for the one that dx causes.",
                "Put du = g′(x)·dx: Cauchy's rule of invariance, the chain rule for differentials.",
            ],
            DIFFERENTIALS,
            vec![
                Example::derivative(
                    "A : matrix(m, n); x, e : vector(n); t : scalar",
                    "norm2(sin(A*(x + t*e)))^2",
                    "t",
                    "2*sin(A*(x + t*e))'*(cos(A*(x + t*e)) .* (A*e))",
                ),
                Example::derivative(
                    "X, E : matrix(n, n); t : scalar",
                    "inv((X + t*E)^2)",
                    "t",
                    "-inv((X + t*E)^2)*(E*(X + t*E) + (X + t*E)*E)*inv((X + t*E)^2)",
                ),
            ],
        ),
        Lesson::new(
            "scalar.equals-transpose",
            "a scalar equals its transpose",
            "aᵀ·b = bᵀ·a;  dxᵀ·A·x = xᵀ·Aᵀ·dx",
            "the product is 1×1",
            [
                "Transposing a 1×1 matrix changes nothing.",
                "The transpose of a product is the product of the transposes in reverse order (transpose).",
            ],
            MINKA,
            vec![
                Example::equal("a, b : vector(n)", "a'*b", "b'*a"),
                Example::equal("A : matrix(n, n); x, e : vector(n)", "e'*A*x", "x'*A'*e"),
            ],
        ),
        Lesson::new(
            "scalar.equals-trace",
            "a scalar equals its trace",
            "aᵀ·X·b = tr(aᵀ·X·b) = tr(b·aᵀ·X)",
            "the product is 1×1",
            ["The trace of a 1×1 matrix is its only entry.", "The trace is cyclic: b goes from the back to the front (trace.cyclic)."],
            MINKA,
            vec![Example::equal("a : vector(m); X : matrix(m, n); b : vector(n)", "a'*X*b", "tr(b*a'*X)")],
        ),
        Lesson::new(
            "collect",
            "collect the terms in each differential",
            "A·dx + B·dx = (A + B)·dx;  tr(A·dX) + tr(B·dX) = tr((A + B)·dX)",
            "",
            [
                "The matrix product is distributive, and the trace is linear.",
                "What stands in front of dx is then one matrix, ready to be identified.",
            ],
            IDENTIFICATION,
            vec![
                Example::equal("A, B : matrix(m, n); e : vector(n)", "A*e + B*e", "(A + B)*e"),
                Example::equal("A, B : matrix(n, m); E : matrix(m, n)", "tr(A*E) + tr(B*E)", "tr((A + B)*E)"),
            ],
        ),
        Lesson::new(
            "identify.dx",
            "identify the Jacobian",
            "dy = J·dx for every dx  ⇒  ∂y/∂x = J",
            "J does not depend on dx; numerator layout",
            [
                "With dx = a small step along parameter j, dy is that step times column j of J: column j holds all ∂yᵢ/∂xⱼ.",
                "So entry (i, j) of J is ∂yᵢ/∂xⱼ, and J is unique.",
            ],
            IDENTIFICATION,
            vec![
                Example::derivative(
                    "A : matrix(n, n); x, e : vector(n); t : scalar",
                    "(x + t*e)'*A*(x + t*e)",
                    "t",
                    "(x + t*e)'*(A + A')*e",
                ),
                Example::derivative("A : matrix(n, n); x : vector(n)", "x'*A*x", "x", "x'*(A + A')"),
            ],
        ),
        Lesson::new(
            "identify.tr",
            "identify the derivative by a matrix",
            "dy = tr(G·dX) for every dX  ⇒  ∂y/∂X = G in numerator layout, Gᵀ in the shape of X",
            "y scalar, G does not depend on dX, X without declared structure",
            [
                "tr(G·dX) = Σᵢⱼ Gⱼᵢ·dXᵢⱼ, so ∂y/∂Xᵢⱼ = Gⱼᵢ.",
                "Entry (j, i) belongs to parameter Xᵢⱼ: numerator layout is the transpose of the shape of X.",
            ],
            IDENTIFICATION,
            vec![
                Example::derivative("A : matrix(n, m); X : matrix(m, n)", "tr(A*X)", "X", "A"),
                Example::derivative("A : matrix(n, m); X, E : matrix(m, n); t : scalar", "tr(A*(X + t*E))", "t", "tr(A*E)"),
            ],
        ),
        Lesson::new(
            "layout.transpose",
            "layout",
            "denominator layout = (numerator layout)ᵀ",
            "",
            [
                "Numerator layout: row i for equation i, column j for parameter j. Denominator layout: the other way round.",
                "The partials are the same numbers; only rows and columns change places.",
            ],
            PARTIALS,
            vec![
                Example::derivative("A : matrix(m, n); x : vector(n)", "norm2(A*x)^2", "x", "(2*A'*(A*x))'"),
                Example::derivative("A : matrix(n, m); X : matrix(m, n)", "tr(A*X)", "X", "(A')'"),
            ],
        ),
    ]
}

fn stacked() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "kron.vec",
            "vec of a product",
            "vec(A·X·B) = (Bᵀ ⊗ A)·vec(X)",
            "",
            ["Column j of A·X·B is Σₗ Bₗⱼ·A·(column l of X).", "So block (j, l) of the matrix is Bₗⱼ·A, which is block (j, l) of Bᵀ ⊗ A."],
            KRONECKER,
            vec![
                Example::equal("A : matrix(k, m); X : matrix(m, n); B : matrix(n, l)", "vec(A*X*B)", "kron(B', A)*vec(X)"),
                Example::equal("x : vector(m); y : vector(n)", "vec(x*y')", "kron(y, x)"),
            ],
        ),
        Lesson::new(
            "kron.product",
            "product of Kronecker products",
            "(A ⊗ B)·(C ⊗ D) = (A·C) ⊗ (B·D)",
            "the products A·C and B·D exist",
            ["Block (i, j) is Σₖ Aᵢₖ·B·Cₖⱼ·D = (Σₖ AᵢₖCₖⱼ)·B·D.", "This is block (i, j) of (A·C) ⊗ (B·D)."],
            KRONECKER,
            vec![Example::equal(
                "A : matrix(m, n); B : matrix(k, l); C : matrix(n, p); D : matrix(l, q)",
                "kron(A, B)*kron(C, D)",
                "kron(A*C, B*D)",
            )],
        ),
        Lesson::new(
            "kron.diff",
            "differential of a Kronecker product",
            "d(A ⊗ B) = dA ⊗ B + A ⊗ dB",
            "",
            [
                "Every entry of A ⊗ B is a product Aᵢⱼ·Bₖₗ: the Kronecker product is linear in each factor.",
                "So the product rule holds, the order kept (diff.product).",
            ],
            IMPORTANT,
            vec![Example::derivative(
                "A, E : matrix(m, n); B, F : matrix(k, l); t : scalar",
                "kron(A + t*E, B + t*F)",
                "t",
                "kron(E, B + t*F) + kron(A + t*E, F)",
            )],
        ),
        Lesson::new(
            "vec.commutation",
            "vec of a transpose",
            "vec(Xᵀ) = K·vec(X), K a permutation (the commutation matrix)",
            "X is m×n: K is commutation(m, n)",
            ["vec(X) and vec(Xᵀ) have the same entries in two orders.", "K has the single 1 of each row where the entry comes from."],
            COMMUTATION,
            vec![Example::equal("X : matrix(m, n)", "vec(X')", "commutation(m, n)*vec(X)")],
        ),
    ]
}

fn second() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "hessian.jacobian-of-gradient",
            "Hessian",
            "∂²f/∂x∂xᵀ = Jacobian of the gradient (as a column) = [∂²f/∂xᵢ∂xⱼ]",
            "f scalar and twice continuously differentiable: then it is symmetric",
            [
                "The gradient as a column has the entries ∂f/∂xᵢ, and row i of its Jacobian the partials of ∂f/∂xᵢ.",
                "∂²f/∂xᵢ∂xⱼ = ∂²f/∂xⱼ∂xᵢ where both are continuous (Schwarz).",
            ],
            HESSIANS,
            vec![
                Example::derivative("A : matrix(n, n); x : vector(n)", "(x'*(A + A'))'", "x", "A + A'"),
                Example::derivative("x : vector(n)", "3*x.^2", "x", "diag(6*x)"),
            ],
        ),
        Lesson::new(
            "hessian.identify",
            "identify the Hessian",
            "d²f = dxᵀ·H·dx for every dx  ⇒  ∂²f/∂x∂xᵀ = (H + Hᵀ)/2",
            "f scalar, twice continuously differentiable",
            [
                "dxᵀ·H·dx = dxᵀ·Hᵀ·dx (scalar.equals-transpose), so only (H + Hᵀ)/2 counts.",
                "Of symmetric matrices the form determines all entries, and the Hessian is symmetric.",
            ],
            HESSIANS,
            vec![
                Example::derivative("A : matrix(n, n); x, e : vector(n); t : scalar", "2*(x + t*e)'*((A + A')/2)*e", "t", "e'*(A + A')*e"),
                Example::equal("H : matrix(n, n); e : vector(n)", "e'*H*e", "e'*((H + H')/2)*e"),
            ],
        ),
        Lesson::new(
            "structured.projection",
            "derivative by a structured matrix",
            "X symmetric: G + Gᵀ − diag(G);  X diagonal: diag(G), with G the derivative by a matrix without structure",
            "y scalar, G in the shape of X; a parameter of X stands for all its entries that are equal",
            [
                "For i ≠ j one parameter moves Xᵢⱼ and Xⱼᵢ together: by the total derivative it gets Gᵢⱼ + Gⱼᵢ (chain.total).",
                "On the diagonal it moves Xᵢᵢ only: Gᵢᵢ; a diagonal X has no other parameters.",
            ],
            COOKBOOK_STRUCTURED,
            vec![
                Example::derivative(
                    "A : matrix(n, n); S, E : matrix(n, n) symmetric; t : scalar",
                    "tr(A'*(S + t*E))",
                    "t",
                    "sum(tril(A + A' - diag(diag(A))) .* E)",
                ),
                Example::derivative("A : matrix(n, n); v : vector(n)", "tr(A'*diag(v))", "v", "diag(A)'"),
            ],
        ),
    ]
}

fn steps() -> Vec<Lesson> {
    vec![
        Lesson::new(
            "name.piece",
            "name a piece",
            "u := g(x), y = f(u)",
            "u is a new name",
            [
                "A name for a part of a formula changes no value.",
                "The derivative of each piece is simple; the chain rule puts them together.",
            ],
            SINGLE,
            vec![
                Example::equal("x : scalar; u = x^2", "sin(u)", "sin(x^2)"),
                Example::equal("w, x : vector(n); u = w .* x", "sum(u)", "w'*x"),
            ],
        ),
        Lesson::new(
            "subst.back",
            "substitute back",
            "u = g(x):  h(u) = h(g(x))",
            "u was named before",
            ["u and g(x) are the same value.", "Equals may stand for equals: the result then holds the variables of the problem only."],
            SINGLE,
            vec![
                Example::derivative("x : scalar; u = x^2", "sin(u)", "x", "cos(u)*2*x"),
                Example::equal("x : scalar; u = x^2", "cos(u)*2*x", "cos(x^2)*2*x"),
            ],
        ),
        Lesson::new(
            "simplify",
            "simplify",
            "both sides are the same expression, written shorter",
            "",
            [
                "Sums and products are put in order; like terms are added, numbers multiplied.",
                "Only laws of arithmetic are used that hold for every value: a + a = 2·a, a·(b + c) = a·b + a·c, I·x = x.",
            ],
            ELEMENTARY,
            vec![
                Example::equal("x, y : vector(n)", "x + y + x", "2*x + y"),
                Example::equal("A, B : matrix(m, n); x : vector(n)", "A*x + B*x", "(A + B)*eye(n)*x"),
            ],
        ),
    ]
}
