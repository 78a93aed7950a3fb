//! Dense arrays, row-major.
//!
//! ```
//! use hesse_run::Array;
//! let a = Array::new(vec![2, 3], (0..6).map(f64::from).collect());
//! assert_eq!(a.at(&[1, 2]), 5.0);
//! ```

/// A dense array: the last axis runs fastest; a scalar has no axes and one entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T> {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// The entries, as many as the product of the sizes.
    pub data: Vec<T>,
}

impl<T: Copy> Array<T> {
    /// An array of that shape. Panics if the number of entries is another than the shape's.
    pub fn new(shape: Vec<usize>, data: Vec<T>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "an array of shape {shape:?} cannot hold {} entries", data.len());
        Array { shape, data }
    }
    /// A scalar.
    pub fn scalar(x: T) -> Self {
        Array { shape: vec![], data: vec![x] }
    }
    /// All entries the same.
    pub fn full(shape: Vec<usize>, x: T) -> Self {
        let n = shape.iter().product();
        Array { shape, data: vec![x; n] }
    }
    /// The entry at an index, one number per axis.
    pub fn at(&self, index: &[usize]) -> T {
        let flat = index.iter().zip(&self.shape).fold(0, |flat, (&i, &n)| flat * n + i);
        self.data[flat]
    }
    /// Element by element.
    pub fn map<U: Copy>(&self, f: impl Fn(T) -> U) -> Array<U> {
        Array { shape: self.shape.clone(), data: self.data.iter().map(|&x| f(x)).collect() }
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.data.len()
    }
    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}

/// Steps between neighbours along each axis of a row-major array.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut out = vec![1; shape.len()];
    for k in (0..shape.len().saturating_sub(1)).rev() {
        out[k] = out[k + 1] * shape[k + 1];
    }
    out
}
