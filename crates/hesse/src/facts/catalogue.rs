//! The catalogue of rules: whatever a derivation cites, by a stable id. What is taught stands in `catalogue/lessons.rs`; a slope of a
//! function, of a matrix function and a rewrite rule is the row that it has in its own table, read here as a lesson.
//!
//! ```
//! use hesse::facts::catalogue;
//! assert_eq!(catalogue::find("elementwise.mul").unwrap().statement, "∂(w ⊙ x)/∂w = diag(x),  ∂(w ⊙ x)/∂x = diag(w)");
//! assert_eq!(catalogue::find("scalar.tanh").unwrap().statement, "d tanh(x)/dx = 1 − tanh(x)²");
//! assert!(catalogue::find("matrix.inv").is_some() && catalogue::find("rewrite.inverse-cancels").is_some());
//! ```

use super::functions::{FUNCTIONS, Function};
use super::matrices::{self, MATRIX_FUNCTIONS, MatrixFunction};
use super::properties::PROPERTIES;
use super::rules::{self, Rule};
use std::borrow::Cow;
use std::sync::OnceLock;

mod lessons;

/// A rule that derivations cite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What a step cites: `chain.vector`. It never changes.
    pub id: Cow<'static, str>,
    /// Its name in a sentence: `vector chain rule`.
    pub name: &'static str,
    /// What it says, in numerator layout.
    pub statement: Cow<'static, str>,
    /// When it holds; empty for always.
    pub when: Cow<'static, str>,
    /// Why, in two lines.
    pub proof: [&'static str; 2],
    /// Where it is found.
    pub reference: &'static str,
    /// Instances that are checked with numbers; at least one.
    pub examples: Vec<Example>,
}

/// An instance of a rule, in hesse's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Declarations and definitions, with `;` between them.
    pub vars: Cow<'static, str>,
    /// What is said over them.
    pub says: Says,
}

/// What an example says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// The derivative of `of` by `by` is `is`, in numerator layout (in index notation: axes of the function, then of the variable).
    Derivative {
        /// The expression.
        of: Cow<'static, str>,
        /// The variable.
        by: &'static str,
        /// The derivative.
        is: Cow<'static, str>,
    },
    /// Two expressions have the same value.
    Equal {
        /// One.
        left: &'static str,
        /// The other.
        right: Cow<'static, str>,
    },
}

/// Lessons under a title.
#[derive(Clone, Debug)]
pub struct Section {
    /// As in the manual.
    pub title: &'static str,
    /// In the order in which they are taught.
    pub lessons: Vec<Lesson>,
}

/// All sections, in the order in which they are taught: the lessons that are written, then the rows of the other tables. Made once, as
/// constant as the tables are.
pub fn sections() -> &'static [Section] {
    static SECTIONS: OnceLock<Vec<Section>> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let functions = FUNCTIONS.iter().filter(|f| !f.slopes.is_empty()).map(of_function);
        let rows = [
            Section { title: "Slopes of functions", lessons: functions.collect() },
            Section { title: "Slopes of matrix functions", lessons: MATRIX_FUNCTIONS.iter().map(of_matrix_function).collect() },
            Section { title: "Rewrite rules", lessons: rules::all().map(of_rule).collect() },
        ];
        lessons::sections().into_iter().chain(rows).collect()
    })
}

/// All lessons, in that order.
pub fn all() -> impl Iterator<Item = &'static Lesson> {
    sections().iter().flat_map(|section| &section.lessons)
}

/// The lesson of that id.
pub fn find(id: &str) -> Option<&'static Lesson> {
    all().find(|lesson| lesson.id == id)
}

impl Lesson {
    fn new(
        id: &'static str,
        name: &'static str,
        statement: &'static str,
        when: &'static str,
        proof: [&'static str; 2],
        reference: &'static str,
        examples: Vec<Example>,
    ) -> Lesson {
        Lesson { id: id.into(), name, statement: statement.into(), when: when.into(), proof, reference, examples }
    }
}

impl Example {
    fn derivative(
        vars: impl Into<Cow<'static, str>>,
        of: impl Into<Cow<'static, str>>,
        by: &'static str,
        is: impl Into<Cow<'static, str>>,
    ) -> Example {
        Example { vars: vars.into(), says: Says::Derivative { of: of.into(), by, is: is.into() } }
    }
    fn equal(vars: impl Into<Cow<'static, str>>, left: &'static str, right: impl Into<Cow<'static, str>>) -> Example {
        Example { vars: vars.into(), says: Says::Equal { left, right: right.into() } }
    }
}

fn of_function(f: &'static Function) -> Lesson {
    let call = match f.name {
        "gt" => "a > b".to_string(),
        "ge" => "a >= b".to_string(),
        "eq" => "a == b".to_string(),
        name => format!("{name}({})", f.of.join(", ")),
    };
    let d = if f.of.len() == 1 { "d " } else { "∂" };
    let slopes = f.of.iter().zip(f.slopes);
    let statement: Vec<String> =
        slopes.clone().map(|(x, slope)| format!("{d}{}/{}{x} = {}", taught(&call), d.trim(), taught(slope))).collect();
    // A whole number is 0 now and then: a choice by it takes both branches.
    let chosen = if f.name == "where" { "; assume c integer" } else { "" };
    let vars = format!("{} : scalar{}{chosen}", f.of.join(", "), assumed(f.domain));
    let examples = slopes.map(|(x, slope)| Example::derivative(vars.clone(), call.clone(), x, *slope));
    Lesson {
        id: format!("scalar.{}", f.name).into(),
        name: f.says,
        statement: statement.join(",  ").into(),
        when: when(f.domain, f.at_kink, f.of.len() > 1 && f.slopes.iter().any(|slope| slope.contains('/'))),
        proof: f.proof,
        reference: f.reference,
        examples: examples.collect(),
    }
}

fn of_matrix_function(f: &'static MatrixFunction) -> Lesson {
    let (statement, example) = along_a_direction(f).or_else(|| by_entries(f)).unwrap_or_else(|| entry_by_entry(f));
    Lesson {
        id: format!("matrix.{}", f.name).into(),
        name: f.says,
        statement: statement.into(),
        when: when(f.domain, f.at_kink, f.slope.contains("inv(") || f.slope.contains('/')),
        proof: f.proof,
        reference: f.reference,
        examples: vec![example],
    }
}

/// A slope that is the tensor of all directions of a function `g(A, E)`.
fn along_a_direction(f: &MatrixFunction) -> Option<(String, Example)> {
    let g = f.slope.split(['(', '[']).next().and_then(matrices::find).filter(|g| g.takes_direction())?.row().name;
    let itself = f.takes.len() > 1;
    let statement = if itself { format!("d {}(A, E) = {g}(A, dE)", f.name) } else { format!("d {}(A) = {g}(A, dA)", f.name) };
    let (of, is) = if itself {
        (format!("{}(A, E + t*F)", f.name), format!("{g}(A, F)"))
    } else {
        (format!("{}(A + t*F)", f.name), format!("{g}(A + t*F, F)"))
    };
    let vars = format!("{}, F : matrix(n, n); t : scalar", f.takes.join(", "));
    Some((statement, Example::derivative(vars, of, "t", is)))
}

/// A slope in index notation, of a function of a square matrix.
fn by_entries(f: &MatrixFunction) -> Option<(String, Example)> {
    let (slope, _) = f.slope.split_once(" -> ")?;
    let entry = if f.gives == "scalar" { "" } else { "[k,l]" };
    let statement = format!("∂{}(A){entry}/∂A[i,j] = {}", f.name, taught(slope));
    let vars = match PROPERTIES.iter().find(|p| f.domain == p.says || f.domain.ends_with(p.name)) {
        Some(property) if !f.domain.is_empty() => format!("A : matrix(n, n) {}", property.name),
        _ => "A : matrix(n, n)".to_string(),
    };
    let of = format!("{}(A)", f.name);
    Some((statement, Example::derivative(vars, of, "A", f.slope)))
}

/// A slope over the entries of an array of any shape.
fn entry_by_entry(f: &MatrixFunction) -> (String, Example) {
    let call = format!("{}(A)", f.name);
    if f.gives == "like" {
        let of = format!("sum({call} .* B)");
        let example = Example::derivative("A, B : matrix(m, n)", of, "A", "zeros(n, m)");
        return (format!("∂{call}/∂A = {}", f.slope), example);
    }
    let (vars, is) = ("A : matrix(m, n)", format!("({})'", f.slope.replace('/', " ./ ")));
    let statement = format!("∂{call}/∂A = {}, entry by entry, in the shape of A", taught(f.slope));
    (statement, Example::derivative(vars, call, "A", is))
}

fn of_rule(rule: &'static Rule) -> Lesson {
    let (from, to) = (rule.from.split(" -> ").next().unwrap_or(rule.from), rule.to);
    // Upper case is a square matrix, i to l are indices, a sum is over a vector.
    let letters = |keep: fn(&char) -> bool| -> Vec<String> {
        let mut found: Vec<char> = vec![];
        let words = from.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() == 1);
        for c in words.filter_map(|word| word.chars().next()).filter(keep) {
            if !found.contains(&c) && !matches!(c, 'i'..='l') {
                found.push(c);
            }
        }
        found.into_iter().map(String::from).collect()
    };
    let (large, small) = (letters(char::is_ascii_uppercase), letters(char::is_ascii_lowercase));
    let mut vars = if !large.is_empty() {
        let property = PROPERTIES.iter().find(|p| rule.when == p.says || (!rule.when.is_empty() && rule.when.ends_with(p.name)));
        format!("{} : matrix(n, n){}", large.join(", "), property.map_or(String::new(), |p| format!(" {}", p.name)))
    } else if from.contains('\'') {
        small.iter().map(|x| format!("{x} : vector(size_{x})")).collect::<Vec<_>>().join("; ")
    } else if from.contains("sum(") {
        format!("{} : vector(n)", small.join(", "))
    } else {
        format!("{} : scalar", small.join(", "))
    };
    if large.is_empty() {
        vars.push_str(&assumed(rule.when));
    }
    // The identity has no size of its own in a row.
    let right = to.replace("eye[i,j]", "eye(n)");
    Lesson {
        id: rule.id().into(),
        name: rule.name,
        statement: format!("{} = {}", taught(from), taught(to)).into(),
        when: rule.when.into(),
        proof: rule.proof,
        reference: rule.reference,
        examples: vec![Example::equal(vars, rule.from, right)],
    }
}

/// A domain as a statement of the language, where it says one.
fn assumed(domain: &str) -> String {
    if domain.is_empty() || domain.contains('(') { String::new() } else { format!("; assume {domain}") }
}

/// The conditions of a slope; `partial` if it is written with a quotient that does not exist everywhere.
fn when(domain: &'static str, at_kink: &'static str, partial: bool) -> Cow<'static, str> {
    match (domain, at_kink) {
        ("", "") if partial => "where the right side is defined".into(),
        (_, "") => domain.into(),
        ("", _) => format!("derivative {at_kink}, by convention").into(),
        _ => format!("{domain}; derivative {at_kink}, by convention").into(),
    }
}

/// A text of a row as it is taught: `1 − tanh(x)²`, `[a > b]`.
fn taught(text: &str) -> String {
    let text = text
        .replace("^2", "²")
        .replace("^3", "³")
        .replace('*', "·")
        .replace('-', "−")
        .replace("sqrt(", "√(")
        .replace("eye[", "I[")
        .replace('\'', "ᵀ");
    if [" > ", " >= ", " == "].iter().any(|sign| text.contains(sign)) && !text.contains('(') {
        format!("[{}]", text.replace(">=", "≥").replace("==", "="))
    } else {
        text
    }
}
