//! The domain mini-language: `X posdef; x > 0; dim m > n`. What it says of a variable becomes a property in canonical
//! spelling, what it says of sizes a relation; the rest is kept as text.

use crate::facts::properties::PROPERTIES;

/// One clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `x > 0`: a name and a property in canonical spelling.
    Property(String, String),
    /// `dim m > n`: what follows `dim`.
    Relation(String),
    /// Anything else, as written.
    Note(String),
}

/// Reads clauses separated by `;`.
///
/// ```
/// use hesse::calculus::domain::{Clause, parse};
/// let c = parse("X posdef; t in ( 0, 1 ); dim m > n");
/// assert_eq!(c[0], Clause::Property("X".into(), "posdef".into()));
/// assert_eq!(c[1], Clause::Property("t".into(), "in (0,1)".into()));
/// assert_eq!(c[2], Clause::Relation("m > n".into()));
/// ```
pub fn parse(text: &str) -> Vec<Clause> {
    text.split(';').map(str::trim).filter(|c| !c.is_empty()).map(clause).collect()
}

fn clause(text: &str) -> Clause {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = (&text[..end], text[end..].trim());
    match name {
        "dim" if !rest.is_empty() => Clause::Relation(spaced(rest)),
        "" | "note" => Clause::Note(text.to_string()),
        _ => match canonical(rest) {
            Some(property) => Clause::Property(name.to_string(), property),
            None => Clause::Note(text.to_string()),
        },
    }
}

/// Words that are properties without being rows of [`PROPERTIES`].
const WORDS: &[&str] = &["small", "simplex", "onehot", "onehot rows"];

/// A property in the spelling that everything downstream reads: `posdef`, `> 0`, `in (0,1)`, `in {-1,1}`, `> A*x`;
/// `None` if it is not understood.
pub fn canonical(text: &str) -> Option<String> {
    let text = spaced(text);
    if WORDS.contains(&text.as_str()) {
        return Some(text);
    }
    if let Some(set) = text.strip_prefix("in ") {
        return Some(format!("in {}", set.replace(' ', "")));
    }
    let zero = match text.as_str() {
        "positive" => Some("> 0"),
        "nonnegative" => Some(">= 0"),
        "!= 0" => Some("nonzero"),
        _ => None,
    };
    if let Some(z) = zero {
        return Some(z.to_string());
    }
    if [">", "<"].iter().any(|c| text.starts_with(c)) {
        return Some(text);
    }
    PROPERTIES.iter().find(|p| p.name == text || p.aliases.contains(&text.as_str())).map(|p| p.name.to_string())
}

/// One blank between words and around comparisons.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let comparison = [">=", "<=", "!=", "==", ">", "<", "="].into_iter().find(|c| rest.starts_with(c));
        let width = comparison.map_or_else(
            || {
                rest.find(|c: char| c.is_whitespace() || "<>=!".contains(c))
                    .unwrap_or(rest.len())
                    .max(rest.chars().next().map_or(0, char::len_utf8))
            },
            str::len,
        );
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&rest[..width]);
        rest = rest[width..].trim_start();
    }
    out
}

/// Adds a property with all that follows from it. A matrix that is only said to be positive definite has a positive
/// definite symmetric part: it becomes `symmetric` only if `symmetric` (a declared `spd`, or a symmetric type).
pub fn close(properties: &mut Vec<String>, property: &str, symmetric: bool) {
    let mut todo = vec![property.to_string()];
    while let Some(p) = todo.pop() {
        if properties.contains(&p) || (p == "symmetric" && !symmetric && property == "posdef") {
            continue;
        }
        let follows: &[&str] = match p.as_str() {
            "> 0" => &["positive"],
            "in (0,1)" | "> 1" => &["> 0"],
            ">= 0" | "in {0,1}" | "onehot" | "onehot rows" | "simplex" => &["nonnegative"],
            "< 0" | "in {-1,1}" => &["nonzero"],
            _ => PROPERTIES.iter().find(|row| row.name == p).map_or(&[], |row| row.implies),
        };
        properties.push(p);
        todo.extend(follows.iter().rev().map(ToString::to_string));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses() {
        for (text, name, property) in [
            ("A posdef", "A", "posdef"),
            ("x>0", "x", "> 0"),
            ("x < 0", "x", "< 0"),
            ("d > 1", "d", "> 1"),
            ("x nonzero", "x", "nonzero"),
            ("x in (-1,1)", "x", "in (-1,1)"),
            ("y in {-1, 1}", "y", "in {-1,1}"),
            ("w small", "w", "small"),
            ("Y onehot rows", "Y", "onehot rows"),
            ("b > A*x", "b", "> A*x"),
            ("S spd", "S", "posdef"),
        ] {
            assert_eq!(parse(text), [Clause::Property(name.into(), property.into())], "{text}");
        }
        assert_eq!(parse("note anything; dim m>n"), [Clause::Note("note anything".into()), Clause::Relation("m > n".into())]);
        assert_eq!(parse(" ; ; é > 0 ; ∂"), [Clause::Property("é".into(), "> 0".into()), Clause::Note("∂".into())]);
    }

    #[test]
    fn closure() {
        let mut p = vec![];
        close(&mut p, "posdef", false);
        assert_eq!(p, ["posdef", "invertible", "detpos"]);
        close(&mut p, "symmetric", true);
        assert!(p.contains(&"symmetric".to_string()));
        let mut p = vec![];
        close(&mut p, "in (0,1)", false);
        assert_eq!(p, ["in (0,1)", "> 0", "positive", "nonnegative", "nonzero"]);
    }
}
