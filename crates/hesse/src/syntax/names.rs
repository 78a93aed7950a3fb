//! Names as a mathematician reads them: `x_1` and `x1` are x with index 1, `sigma_max` is σ with index max.

use super::greek;

/// A name as a stem and an index; the index is empty if there is none.
pub(super) fn split(name: &str) -> (&str, &str) {
    let (stem, index) = match name.find(|c: char| c == '_' || c.is_ascii_digit()) {
        Some(end) => (&name[..end], name[end..].strip_prefix('_').unwrap_or(&name[end..])),
        None => (name, ""),
    };
    // `_x`, `x_` and `x1y` are words of their own, no name with an index.
    let digits = index.bytes().all(|b| b.is_ascii_digit());
    let joined = name.len() == stem.len() + index.len();
    if stem.is_empty() || index.is_empty() || joined && !digits { (name, "") } else { (stem, index) }
}

/// A name with its Greek letter, if its stem is one: `lambda_max` is `λ_max`. It reads back as the name.
pub(super) fn with_greek(name: &str) -> String {
    let stem = name.find(|c: char| c == '_' || c.is_ascii_digit()).map_or(name, |end| &name[..end]);
    match greek::letter(stem) {
        Some(letter) => format!("{letter}{}", &name[stem.len()..]),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_and_indices() {
        assert_eq!(split("x"), ("x", ""));
        assert_eq!(split("x1"), ("x", "1"));
        assert_eq!(split("x_1"), ("x", "1"));
        assert_eq!(split("sigma_max_2"), ("sigma", "max_2"));
        for whole in ["_x", "x_", "x1y", "_", "__1"] {
            assert_eq!(split(whole), (whole, ""));
        }
        assert_eq!(with_greek("lambda_max"), "λ_max");
        assert_eq!(with_greek("sigma2"), "σ2");
        assert_eq!(with_greek("lambdas"), "lambdas");
    }
}
