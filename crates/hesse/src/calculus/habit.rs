//! The naming habit: what a name suggests about its shape where the formula does not say.

/// The type that a name suggests: single u…z, p, q, r are vectors, upper case is a matrix, everything else a scalar.
pub fn habit_type(name: &str) -> &'static str {
    match habit(name) {
        Habit::Vector => "vector(n)",
        Habit::Matrix => "matrix(m, n)",
        Habit::Scalar => "scalar",
    }
}

/// What a name suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// A column.
    Vector,
    /// Rows and columns.
    Matrix,
    /// One number.
    Scalar,
}

/// The naming habit.
pub fn habit(name: &str) -> Habit {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some('u'..='z' | 'p'..='r'), None) => Habit::Vector,
        (Some(c), _) if c.is_uppercase() => Habit::Matrix,
        _ => Habit::Scalar,
    }
}
