//! Opaque functions of whole matrices, one row each. A row needs a kernel of the same name in `hesse-run`.
//!
//! A row of `any` runs over all entries, and along one side under a prefix: `maximum(A)` is the largest entry, `rowmax(A)` the
//! largest of each row (a column), `colmax(A)` of each column (a row). It is one row here: [`MatrixFunctionId::keeping`] says how many
//! leading axes of the argument stay, and slope and kernel hold for each of their indices by itself.

/// A function of a whole tensor.
pub struct MatrixFunction {
    /// The canonical name.
    pub name: &'static str,
    /// Names of its arguments. Of a function that is linear in its last argument, a direction, the tensor of all directions is meant where
    /// that one is left out: axes of the result, then of the direction. There is none but in a slope, and it must meet a direction.
    pub takes: &'static [&'static str],
    /// What it takes: `square` (n×n) or `any` (the sum runs over all entries, of any shape).
    pub of: &'static str,
    /// Its name behind `row` and `col`, where it runs along one side; empty for `square`.
    pub along: &'static str,
    /// What it gives: `same` (n×n with the axes of the argument's transpose), `scalar`, `like` (the axes of the argument).
    pub gives: &'static str,
    /// Derivative in index notation: for `square`, A has axes i (rows) and j (columns) of the RESULT first when it has any
    /// (k, l), then those of A. Empty argument axes for `any`: `A` stands element by element, the function's value for every entry
    /// that it runs over.
    pub slope: &'static str,
    /// Where it is defined: `A invertible`, `det(A) > 0`; empty for everywhere.
    pub domain: &'static str,
    /// The convention at a kink, empty for a smooth function.
    pub at_kink: &'static str,
    /// A symmetric argument gives a symmetric result.
    pub keeps_symmetric: bool,
    /// LaTeX of the name, empty for `\operatorname{name}`.
    pub latex: &'static str,
    /// One line for the manual.
    pub says: &'static str,
    /// Why the slope is right, in two lines.
    pub proof: [&'static str; 2],
    /// Where that is found.
    pub reference: &'static str,
}

/// A row of [`MATRIX_FUNCTIONS`], and how many leading axes of the argument stay (0: it runs over all entries).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatrixFunctionId {
    row: u16,
    kept: u8,
}

impl MatrixFunctionId {
    /// The row.
    pub fn row(self) -> &'static MatrixFunction {
        &MATRIX_FUNCTIONS[self.position()]
    }
    /// Its position.
    pub fn position(self) -> usize {
        self.row.into()
    }
    /// Whether its last argument is a direction.
    pub fn takes_direction(self) -> bool {
        self.row().takes.len() > 1
    }
    /// How many leading axes of the argument stay.
    pub fn kept(self) -> usize {
        self.kept.into()
    }
    /// The same function for each index of the first `kept` axes.
    #[must_use]
    pub fn keeping(self, kept: usize) -> Self {
        MatrixFunctionId { kept: u8::try_from(kept).unwrap_or(u8::MAX), ..self }
    }
    /// The function of another row with as many axes kept.
    pub fn sibling(self, name: &str) -> Option<Self> {
        find(name).map(|f| f.keeping(self.kept()))
    }
    /// Its name where what is kept are rows: `maximum` or `rowmax`.
    pub fn name(self) -> String {
        self.spelling((self.kept > 0).then_some(Side::Rows))
    }
    /// Its name: `maximum` over all entries, `rowmax` and `colmax` along one side.
    pub fn spelling(self, side: Option<Side>) -> String {
        match side {
            None => self.row().name.to_string(),
            Some(side) => format!("{}{}", side.prefix(), self.row().along),
        }
    }
}

/// Along which lines of a matrix a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Along each row; a column results.
    Rows,
    /// Along each column; a row results.
    Cols,
}

impl Side {
    /// `row` or `col`.
    pub fn prefix(self) -> &'static str {
        if self == Side::Rows { "row" } else { "col" }
    }
}

/// The matrix function of that name.
pub fn find(name: &str) -> Option<MatrixFunctionId> {
    MATRIX_FUNCTIONS.iter().position(|f| f.name == name).map(|k| MatrixFunctionId { row: k as u16, kept: 0 })
}

/// Every function along one side.
pub fn all_along() -> impl Iterator<Item = (MatrixFunctionId, Side)> {
    let rows = MATRIX_FUNCTIONS.iter().filter(|f| !f.along.is_empty()).filter_map(|f| find(f.name));
    rows.flat_map(|f| [(f, Side::Rows), (f, Side::Cols)])
}

/// The function along one side of that name: `rowmax`, `collogsumexp`.
pub fn find_along(name: &str) -> Option<(MatrixFunctionId, Side)> {
    all_along().find(|(f, side)| name.strip_prefix(side.prefix()) == Some(f.row().along))
}

const PLAIN: MatrixFunction = MatrixFunction {
    name: "",
    takes: &["A"],
    of: "square",
    along: "",
    gives: "scalar",
    slope: "",
    domain: "",
    at_kink: "",
    keeps_symmetric: false,
    latex: "",
    says: "",
    proof: [""; 2],
    reference: "elementary",
};

/// All rows. The slope of `inv` has the result's axes (k, l) first.
#[rustfmt::skip] // one row a line
pub const MATRIX_FUNCTIONS: &[MatrixFunction] = &[
    MatrixFunction { name: "inv", gives: "same", slope: "-inv(A)[k,i]*inv(A)[j,l] -> [k, l, i, j]", domain: "A invertible", keeps_symmetric: true, says: "inverse", proof: ["d(A⁻¹) = −A⁻¹·dA·A⁻¹ (inverse).", "dA[i,j] meets column i of the first A⁻¹ and row j of the second: entry (k, l) changes by −A⁻¹[k,i]·A⁻¹[j,l]."], reference: "Magnus & Neudecker, Matrix Differential Calculus, ch. 8", ..PLAIN },
    MatrixFunction { name: "det", slope: "det(A)*inv(A)[j,i] -> [i, j]", latex: r"\det", says: "determinant", proof: ["d det(A) = det(A)·tr(A⁻¹·dA) = det(A)·Σᵢⱼ A⁻¹[j,i]·dA[i,j] (det.jacobi).", "Read off the factor of dA[i,j]; without an inverse it is the cofactor, which is what is computed."], reference: "Magnus & Neudecker, Matrix Differential Calculus, ch. 8", ..PLAIN },
    MatrixFunction { name: "logdet", slope: "inv(A)[j,i] -> [i, j]", domain: "det(A) > 0", latex: r"\log\det", says: "log(det(A))", proof: ["d log det(A) = tr(A⁻¹·dA) = Σᵢⱼ A⁻¹[j,i]·dA[i,j] (logdet).", "Read off the factor of dA[i,j]."], reference: "Magnus & Neudecker, Matrix Differential Calculus, ch. 8", ..PLAIN },
    MatrixFunction { name: "logabsdet", slope: "inv(A)[j,i] -> [i, j]", domain: "A invertible", says: "log(abs(det(A)))", proof: ["log|u| has the slope 1/u for u > 0 and for u < 0 alike, so d log|det(A)| = d det(A)/det(A).", "By Jacobi's formula that is Σᵢⱼ A⁻¹[j,i]·dA[i,j] (det.jacobi)."], reference: "Magnus & Neudecker, Matrix Differential Calculus, ch. 8", ..PLAIN },
    MatrixFunction { name: "expm", gives: "same", slope: "dexpm(A)[k,l,i,j] -> [k, l, i, j]", keeps_symmetric: true, says: "exponential of a matrix", proof: ["expm(A) = Σₖ A^k/k!, and d(A^k) = Σᵢ A^i·dA·A^(k − 1 − i) (matmul.power).", "The sum of all these terms is dexpm(A, dA) by definition: the upper right block of expm([A, dA; 0, A])."], reference: "Higham, Functions of Matrices (2008), ch. 10", ..PLAIN },
    MatrixFunction { name: "dexpm", takes: &["A", "E"], gives: "same", slope: "dexpm(A)[k,l,i,j] -> [k, l, i, j]", says: "derivative of expm at A along E, linear in E; not differentiable by A here", proof: ["Every term A^i·E·A^(k − 1 − i)/k! of dexpm(A, E) is linear in E.", "A linear map is its own derivative (linear.map)."], reference: "Higham, Functions of Matrices (2008), ch. 10", ..PLAIN },
    MatrixFunction { name: "norm2", of: "any", along: "norm2", slope: "A/norm2(A)", at_kink: "0 at A = 0", says: "Euclidean or Frobenius norm", proof: ["n = ‖A‖ has n² = Σᵢⱼ A[i,j]², so 2·n·dn = Σᵢⱼ 2·A[i,j]·dA[i,j].", "Divide by 2·n: the factor of dA[i,j] is A[i,j]/n."], reference: "Petersen & Pedersen, The Matrix Cookbook, “Derivatives of vector norms”", ..PLAIN },
    MatrixFunction { name: "logsumexp", of: "any", along: "logsumexp", slope: "exp(A - logsumexp(A))", says: "log(sum(exp(A))), stable", proof: ["With s = Σ exp(A[i,j]): d log s = ds/s, and ds = Σ exp(A[i,j])·dA[i,j].", "exp(A[i,j])/s = exp(A[i,j] − log s)."], reference: "Boyd & Vandenberghe, Convex Optimization, §3.1", ..PLAIN },
    MatrixFunction { name: "maximum", of: "any", along: "max", slope: "argmax(A)", at_kink: "shared equally at ties of A", says: "the largest entry", proof: ["Without a tie the largest entry stays the same one near A, so maximum(A) is that entry.", "Its slope is 1 for that entry and 0 for the others: argmax(A)."], ..PLAIN },
    MatrixFunction { name: "minimum", of: "any", along: "min", slope: "argmin(A)", at_kink: "shared equally at ties of A", says: "the smallest entry", proof: ["Without a tie the smallest entry stays the same one near A, so minimum(A) is that entry.", "Its slope is 1 for that entry and 0 for the others: argmin(A)."], ..PLAIN },
    MatrixFunction { name: "argmax", of: "any", along: "argmax", gives: "like", slope: "0", at_kink: "0 everywhere", says: "1 at the largest entry (1/k at each of k equal ones), 0 elsewhere", proof: ["Without a tie the place of the largest entry stays the same near A: argmax(A) is constant.", "The derivative of a constant is 0; at ties it jumps, and 0 is the convention."], ..PLAIN },
    MatrixFunction { name: "argmin", of: "any", along: "argmin", gives: "like", slope: "0", at_kink: "0 everywhere", says: "1 at the smallest entry (1/k at each of k equal ones), 0 elsewhere", proof: ["Without a tie the place of the smallest entry stays the same near A: argmin(A) is constant.", "The derivative of a constant is 0; at ties it jumps, and 0 is the convention."], ..PLAIN },
    MatrixFunction { name: "prod", of: "any", along: "prod", slope: "prod(A)/A", latex: r"\prod", says: "product of all entries; 1 if there are none", proof: ["The product is A[i,j] times the others, and the others do not contain A[i,j].", "So the slope is the product of the others, prod(A)/A[i,j]; that is how it is computed where A[i,j] = 0."], ..PLAIN },
];
