//! A wrong fact, planted: the test of the tests puts another text in the place of one text of one row and asks whether a check notices.
//!
//! It travels with the pool of a formula, so that there is no state besides; nothing but a test makes one.

/// Which text of a row is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A slope of [`super::functions::FUNCTIONS`]; the place is the argument.
    Slope,
    /// The slope of a row of [`super::matrices::MATRIX_FUNCTIONS`].
    MatrixSlope,
    /// The meaning of a row of [`super::notation::NOTATION`].
    Notation,
    /// The projection of a row of [`super::properties::PROPERTIES`].
    Projection,
}

/// A text to read instead of that of a row.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// The table.
    pub table: Table,
    /// The position of the row in it.
    pub row: usize,
    /// Which of several texts of the row.
    pub place: usize,
    /// What is read.
    pub text: &'static str,
}

/// The text of a row: `text`, unless another one is planted there.
pub fn text(planted: Option<Planted>, table: Table, row: usize, place: usize, text: &'static str) -> &'static str {
    match planted {
        Some(p) if (p.table, p.row, p.place) == (table, row, place) => p.text,
        _ => text,
    }
}
