//! Rewrite rules of `simplify`, one row each: named, directed, the right side smaller.

/// A rewrite rule.
pub struct Rule {
    /// Its name in derivations.
    pub name: &'static str,
    /// Left side.
    pub from: &'static str,
    /// Right side.
    pub to: &'static str,
    /// Condition under which it is true, empty for always.
    pub when: &'static str,
}

/// All rows.
#[rustfmt::skip] // one row a line
pub const RULES: &[Rule] = &[];
