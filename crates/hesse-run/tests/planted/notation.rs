//! What the notations mean, a second time and independently: loops over plain matrices.

/// Rows × columns, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub cols: usize,
    pub data: Vec<f64>,
}

impl Matrix {
    pub fn make(rows: usize, cols: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let data = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
        Matrix { rows, cols, data }
    }
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.data[i * self.cols + j]
    }
    fn scalar(x: f64) -> Self {
        Matrix { rows: 1, cols: 1, data: vec![x] }
    }
    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Matrix { data: self.data.iter().map(|x| f(*x)).collect(), ..*self }
    }
    fn total(&self) -> f64 {
        self.data.iter().sum()
    }
}

/// The value of a notation at these arguments; `None` for a row that is not in this table.
pub fn value(matrix: &str, args: &[Matrix]) -> Option<Matrix> {
    let a = &args[0];
    Some(match matrix {
        "sum(A)" => Matrix::scalar(a.total()),
        "rowsum(A)" => Matrix::make(a.rows, 1, |i, _| (0..a.cols).map(|j| a.at(i, j)).sum()),
        "colsum(A)" => Matrix::make(1, a.cols, |_, j| (0..a.rows).map(|i| a.at(i, j)).sum()),
        "tr(A)" => Matrix::scalar((0..a.rows).map(|i| a.at(i, i)).sum()),
        "diag(v)" => Matrix::make(a.rows, a.rows, |i, j| if i == j { a.at(i, 0) } else { 0.0 }),
        "diag(A)" => Matrix::make(a.rows, 1, |i, _| a.at(i, i)),
        "kron(A, B)" => {
            let b = &args[1];
            Matrix::make(a.rows * b.rows, a.cols * b.cols, |i, j| a.at(i / b.rows, j / b.cols) * b.at(i % b.rows, j % b.cols))
        }
        "vec(A)" => Matrix::make(a.rows * a.cols, 1, |k, _| a.at(k % a.rows, k / a.rows)),
        "outer(v, w)" => Matrix::make(a.rows, args[1].rows, |i, j| a.at(i, 0) * args[1].at(j, 0)),
        "dot(A, B)" => Matrix::scalar(a.data.iter().zip(&args[1].data).map(|(x, y)| x * y).sum()),
        "tril(A)" => Matrix::make(a.rows, a.cols, |i, j| if i >= j { a.at(i, j) } else { 0.0 }),
        "triu(A)" => Matrix::make(a.rows, a.cols, |i, j| if i <= j { a.at(i, j) } else { 0.0 }),
        "cumsum(A)" => Matrix::make(a.rows, a.cols, |i, j| (0..=i).map(|k| a.at(k, j)).sum()),
        "cumsum(v)" => Matrix::make(a.rows, 1, |i, _| (0..=i).map(|k| a.at(k, 0)).sum()),
        "mean(A)" => Matrix::scalar(a.total() / (a.rows * a.cols) as f64),
        "sumsq(A)" => Matrix::scalar(a.map(|x| x * x).total()),
        "norm1(A)" => Matrix::scalar(a.map(f64::abs).total()),
        "norm(A)" => Matrix::scalar(a.map(|x| x * x).total().sqrt()),
        "softmax(A)" => {
            let z = a.map(f64::exp);
            z.map(|x| x / z.total())
        }
        "rowmean(A)" => Matrix::make(a.rows, 1, |i, _| (0..a.cols).map(|j| a.at(i, j)).sum::<f64>() / a.cols as f64),
        "colmean(A)" => Matrix::make(1, a.cols, |_, j| (0..a.rows).map(|i| a.at(i, j)).sum::<f64>() / a.rows as f64),
        "rownorm1(A)" => Matrix::make(a.rows, 1, |i, _| (0..a.cols).map(|j| a.at(i, j).abs()).sum()),
        "colnorm1(A)" => Matrix::make(1, a.cols, |_, j| (0..a.rows).map(|i| a.at(i, j).abs()).sum()),
        "rowsoftmax(A)" => {
            let z = a.map(f64::exp);
            Matrix::make(a.rows, a.cols, |i, j| z.at(i, j) / (0..a.cols).map(|k| z.at(i, k)).sum::<f64>())
        }
        "colsoftmax(A)" => {
            let z = a.map(f64::exp);
            Matrix::make(a.rows, a.cols, |i, j| z.at(i, j) / (0..a.rows).map(|k| z.at(k, j)).sum::<f64>())
        }
        "diagvec(A)" => Matrix::make(a.rows, 1, |i, _| a.at(i, i)),
        "sqrt(A)" => a.map(f64::sqrt),
        _ => return None,
    })
}
