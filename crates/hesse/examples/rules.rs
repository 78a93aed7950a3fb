//! The page of the manual on rules, `docs/rules.md`: printed from the catalogue, written and compared by `cargo xtask rules`.

use hesse::facts::catalogue::{self, Example, Lesson, Says};

const INTRODUCTION: &str = "\
# Rules

What a derivation of hesse cites, one rule each: what it states, when, why in two lines, where it is found, and examples.
Every example is computed at random points and sizes whenever the tests run. `hesse help rule ID` prints one of them.

Statements are in numerator layout: row i of ∂y/∂x belongs to equation i, column j to parameter j. ⊙ and ⊘ are the element-wise product and
quotient, 1 beside a vector or matrix is the column of ones, [c] is 1 where c holds and 0 elsewhere. Examples are in hesse's language.

This page is written by `cargo xtask rules` from the tables in `crates/hesse/src/facts`.
";

fn main() {
    print!("{INTRODUCTION}");
    for section in catalogue::sections() {
        print!("\n## {}\n", section.title);
        section.lessons.iter().for_each(print);
    }
}

fn print(lesson: &Lesson) {
    print!("\n### `{}`: {}\n\n```text\n{}\n```\n\n", lesson.id, lesson.name, lesson.statement.replace(";  ", "\n").replace(",  ", "\n"));
    if !lesson.when.is_empty() {
        println!("- *When:* {}.", escaped(&lesson.when));
    }
    println!("- *Why:* {} {}", escaped(lesson.proof[0]), escaped(lesson.proof[1]));
    println!("- *See:* {}.", lesson.reference);
    for example in &lesson.examples {
        println!("- *Example:* {}", shown(example));
    }
}

fn shown(example: &Example) -> String {
    let said = match &example.says {
        Says::Derivative { of, by, is } => format!("the derivative of `{of}` by `{by}` is `{is}`"),
        Says::Equal { left, right } => format!("`{left}` equals `{right}`"),
    };
    format!("`{}`: {said}", example.vars)
}

/// Characters that Markdown would take for its own.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| ['\\', c].into_iter().skip(usize::from(!"*_[]<>|".contains(c)))).collect()
}
