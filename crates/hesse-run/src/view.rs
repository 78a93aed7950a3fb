//! Arrays as they lie in the caller's memory: row-major, column-major, with any steps.

use crate::array::strides;
use crate::interpret::RunError;

/// An array in memory: entry (i, j, …) is `data[i·strides[0] + j·strides[1] + …]`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// The memory from the first entry on.
    pub data: &'a [T],
    /// Sizes of the axes.
    pub shape: &'a [usize],
    /// Steps along them, 0 to repeat; nothing for row-major.
    pub strides: &'a [usize],
}

impl<'a, T: Copy> View<'a, T> {
    /// A row-major array.
    pub fn new(data: &'a [T], shape: &'a [usize]) -> View<'a, T> {
        View { data, shape, strides: &[] }
    }

    /// Whether it lies as steps say; along an axis of one entry no step is taken.
    fn lies(&self, steps: &[usize]) -> bool {
        let mut row_major = 1;
        for (k, n) in self.shape.iter().enumerate().rev() {
            let mine = self.strides.get(k).copied().unwrap_or(row_major);
            row_major *= n;
            if *n > 1 && mine != steps[k] {
                return false;
            }
        }
        true
    }
}

/// An input as it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its name.
    pub name: String,
    /// Sizes of its axes.
    pub shape: Vec<usize>,
    /// Steps along them.
    pub steps: Vec<usize>,
}

/// `5×4`; `a scalar` without axes.
pub(crate) fn sides(shape: &[usize]) -> String {
    match shape {
        [] => "a scalar".into(),
        [n] => format!("of length {n}"),
        _ => shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

impl Layout {
    /// The layout of an input with these steps, row-major without.
    ///
    /// # Errors
    /// Another number of steps than axes (E501).
    pub(crate) fn new(name: &str, shape: Vec<usize>, steps: Option<&Vec<usize>>) -> Result<Layout, RunError> {
        let steps = steps.cloned().unwrap_or_else(|| strides(&shape));
        if steps.len() != shape.len() {
            let (n, axes) = (steps.len(), shape.len());
            return Err(RunError::new("E501", format!("`{name}` has {axes} axes, but {n} strides are given: one for each axis")));
        }
        Ok(Layout { name: name.into(), shape, steps })
    }

    /// Numbers of memory that it reaches over.
    pub fn length(&self) -> usize {
        reach(&self.shape, &self.steps)
    }

    /// Whether memory of so many numbers holds it.
    ///
    /// # Errors
    /// Too few (E501).
    pub(crate) fn holds(&self, numbers: usize) -> Result<(), RunError> {
        if numbers >= self.length() {
            return Ok(());
        }
        let (name, n) = (&self.name, self.length());
        Err(RunError::new("E501", format!("`{name}` has {numbers} numbers but {n} are wanted: it is bound {}", bound(&self.shape))))
    }

    /// The memory of a view, if it lies as it is bound; otherwise it is copied.
    ///
    /// # Errors
    /// Another shape, or memory that does not hold it (E501).
    pub(crate) fn read<'v, T: Copy + Default>(&self, view: &View<'v, T>, copy: &'v mut Vec<T>) -> Result<&'v [T], RunError> {
        let name = &self.name;
        if view.shape != self.shape {
            return Err(RunError::new("E501", format!("`{name}` is {} but {} is bound", sides(view.shape), sides(&self.shape))));
        }
        if !view.strides.is_empty() && view.strides.len() != view.shape.len() {
            let (n, axes) = (view.strides.len(), view.shape.len());
            return Err(RunError::new("E501", format!("`{name}` has {axes} axes, but {n} strides are given: one for each axis")));
        }
        let wanted = if view.strides.is_empty() { view.shape.iter().product() } else { reach(view.shape, view.strides) };
        if view.data.len() < wanted {
            let n = view.data.len();
            return Err(RunError::new("E501", format!("`{name}` has {n} numbers but with its strides it reaches over {wanted}")));
        }
        if view.lies(&self.steps) {
            return Ok(view.data);
        }
        let row_major = strides(view.shape);
        let steps = if view.strides.is_empty() { &row_major[..] } else { view.strides };
        copy.resize(self.length(), T::default());
        each(view.shape, |index| copy[at(index, &self.steps)] = view.data[at(index, steps)]);
        Ok(copy)
    }

    /// All entries, row-major.
    pub(crate) fn entries<T: Copy>(&self, data: &[T]) -> Vec<T> {
        let mut all = Vec::with_capacity(self.shape.iter().product());
        each(&self.shape, |index| all.push(data[at(index, &self.steps)]));
        all
    }
}

/// "as 5×4".
fn bound(shape: &[usize]) -> String {
    match shape {
        [n] => format!("with length {n}"),
        _ => format!("as {}", sides(shape)),
    }
}

fn at(index: &[usize], steps: &[usize]) -> usize {
    index.iter().zip(steps).map(|(i, s)| i * s).sum()
}

fn reach(shape: &[usize], steps: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().zip(steps).fold(1usize, |n, (k, step)| n.saturating_add((k - 1).saturating_mul(*step)))
}

/// Every index, row-major.
fn each(shape: &[usize], mut visit: impl FnMut(&[usize])) {
    let mut index = vec![0; shape.len()];
    for _ in 0..shape.iter().product() {
        visit(&index);
        for (i, n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
}
