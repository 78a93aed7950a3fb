//! An array of numbers.

/// A dense array of any rank, row-major. A scalar has the empty shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes of the axes, slowest first.
    pub shape: Vec<usize>,
    /// The entries, row-major: as many as the product of `shape`.
    pub data: Vec<f64>,
}

impl Tensor {
    /// An array of this shape.
    ///
    /// # Panics
    /// If the number of entries is not the product of the sizes.
    pub fn new(shape: Vec<usize>, data: Vec<f64>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "entries do not fill the shape {shape:?}");
        Tensor { shape, data }
    }
    /// A single number.
    pub fn scalar(value: f64) -> Self {
        Tensor { shape: vec![], data: vec![value] }
    }
    /// The shape as text: `3×4`, `5`, or `scalar`.
    pub fn shape_text(&self) -> String {
        match self.shape.as_slice() {
            [] => "scalar".into(),
            sizes => sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
        }
    }
}
