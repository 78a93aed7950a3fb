//! Notation: what people write for a labelled product, read forwards to parse and backwards to print.

/// A matrix notation and its meaning.
pub struct Notation {
    /// The call as written: `kron(A, B)`. Upper case stands for a matrix, lower case for a vector, `S` … see `means`.
    pub matrix: &'static str,
    /// In index notation: `A[i,j]*B[k,l] -> [(i k), (j l)]`, or an ordinary formula (`exp(x - logsumexp(x))`).
    pub means: &'static str,
    /// What the arguments must be: `square`, `vector`, empty for anything (a vector counts as an n×1 matrix).
    pub needs: &'static str,
    /// One line for the manual.
    pub says: &'static str,
    /// How it is read backwards.
    pub back: Back,
}

/// How a notation is found in an expression that is to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// The matcher looks for `means`.
    Matched,
    /// It is part of the grammar of matrix products, which `notate` writes by contracting labels.
    Network,
    /// It is read only: what it means prints shorter or in a more usual way.
    Never,
}

const fn row(matrix: &'static str, means: &'static str, needs: &'static str, back: Back, says: &'static str) -> Notation {
    Notation { matrix, means, needs, says, back }
}

/// All rows. In index notation each letter stands for one axis (a list of sizes); `lower[i,j]` is 1 where i ≥ j.
#[rustfmt::skip] // one row a line
pub const NOTATION: &[Notation] = &[
    row("sum(A)", "A[i,j] -> []", "", Back::Network, "sum of all entries"),
    row("rowsum(A)", "A[i,j] -> [i]", "", Back::Never, "sums along each row, a column"),
    row("colsum(A)", "A[i,j] -> [,j]", "", Back::Never, "sums along each column, a row"),
    row("rowmean(A)", "rowsum(A)/cols(A)", "", Back::Never, "means along each row, a column"),
    row("colmean(A)", "colsum(A)/rows(A)", "", Back::Never, "means along each column, a row"),
    row("tr(A)", "A[i,i] -> []", "square", Back::Network, "trace"),
    row("diag(v)", "v[i] -> [i,i]", "vector", Back::Network, "diagonal matrix of a vector"),
    row("diag(A)", "A[i,i] -> [i]", "square", Back::Network, "diagonal of a matrix, a column"),
    row("diagvec(A)", "A[i,i] -> [i]", "square", Back::Never, "diagonal of a matrix, a column: diag(A)"),
    row("kron(A, B)", "A[i,j]*B[k,l] -> [(i k),(j l)]", "", Back::Network, "Kronecker product"),
    row("vec(A)", "A[i,j] -> [(j i)]", "", Back::Network, "columns stacked"),
    row("outer(v, w)", "v[i]*w[j] -> [i,j]", "vector", Back::Never, "v*w'"),
    row("dot(A, B)", "A[i,j]*B[i,j] -> []", "", Back::Never, "sum of products of entries"),
    row("tril(A)", "A[i,j]*lower[i,j] -> [i,j]", "square", Back::Network, "lower triangle"),
    row("triu(A)", "A[i,j]*lower[j,i] -> [i,j]", "square", Back::Network, "upper triangle"),
    row("cumsum(A)", "lower[i,j]*A[j,k] -> [i,k]", "", Back::Network, "running sums down each column"),
    row("cumsum(v)", "lower[i,j]*v[j] -> [i]", "vector", Back::Network, "running sums"),
    row("mean(A)", "sum(A)/(rows(A)*cols(A))", "", Back::Never, "mean of all entries"),
    row("sumsq(A)", "sum(A.^2)", "", Back::Never, "sum of squares"),
    row("norm1(A)", "sum(abs(A))", "", Back::Matched, "sum of absolute values"),
    row("rownorm1(A)", "rowsum(abs(A))", "", Back::Never, "sums of absolute values along each row, a column"),
    row("colnorm1(A)", "colsum(abs(A))", "", Back::Never, "sums of absolute values along each column, a row"),
    row("norm(A)", "norm2(A)", "", Back::Never, "Euclidean or Frobenius norm"),
    row("softmax(A)", "exp(A - logsumexp(A))", "", Back::Matched, "softmax over all entries"),
    row("rowsoftmax(A)", "exp(A .- rowlogsumexp(A))", "", Back::Matched, "softmax of each row by itself"),
    row("colsoftmax(A)", "exp(A .- collogsumexp(A))", "", Back::Matched, "softmax of each column by itself"),
    row("sqrt(A)", "A.^(1/2)", "", Back::Never, "square root of each entry"),
];
