//! `hesse help`: what a code means, what a function is, why a rule holds, the language on one screen. Everything comes from the rows of facts.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{Cli, HelpOptions};
use crate::screen::Screen;
use clap::CommandFactory;
use hesse::facts::catalogue::{self, Lesson, Says};
use hesse::facts::codes::{self, CODES, Code};
use hesse::facts::functions::{FUNCTIONS, Function};
use hesse::facts::matrices::{self, MATRIX_FUNCTIONS, MatrixFunction, MatrixFunctionId, Side};
use hesse::facts::notation::{NOTATION, Notation};
use hesse::syntax::suggest::nearest;

const LANGUAGE: &str = include_str!("language.txt");

/// Functions that are written as operators.
const OPERATORS: [&str; 3] = ["gt", "ge", "eq"];

/// Prints a topic.
pub fn run(options: &HelpOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let topic = options.topic.as_deref().unwrap_or("");
    let (topic, text) = match (topic, options.id.as_deref()) {
        ("rule", Some(id)) => (id, catalogue::find(id).map(about_rule).ok_or_else(|| no_rule(id))?),
        (_, Some(id)) => return Err(Failure::Usage(format!("`{id}` is one word too many: only `hesse help rule` takes a second"))),
        (_, None) => (topic, text(topic).ok_or_else(|| no_topic(topic))?),
    };
    if screen.json() {
        screen.object(&json::text(topic, &text))?;
    } else {
        screen.line(text.trim_end())?;
    }
    Ok(Exit::OK)
}

fn no_topic(topic: &str) -> Failure {
    Failure::Usage(format!(
        "no help on `{topic}`: name a code (E201), a function, a verb, `rule` with an id, or one of `functions`, `rules`, `codes`, `language`"
    ))
}

/// Offers the rule with the same word behind the dot, or else the one whose id is nearest.
fn no_rule(id: &str) -> Failure {
    let ids = || catalogue::all().map(|lesson| &*lesson.id);
    let near = ids().find(|known| behind_dot(known) == behind_dot(id)).or_else(|| nearest(id, ids()));
    let guess = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    Failure::Usage(format!("no rule `{id}`: {guess}`hesse help rules` lists them"))
}

fn behind_dot(id: &str) -> &str {
    id.split_once('.').map_or(id, |(_, rest)| rest)
}

/// The names of all functions, each once, in order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for f in FUNCTIONS.iter().filter(|f| !OPERATORS.contains(&f.name)) {
        names.extend(std::iter::once(f.name).chain(f.aliases.iter().copied()).map(String::from));
    }
    names.extend(MATRIX_FUNCTIONS.iter().map(|f| f.name.to_string()));
    names.extend(matrices::all_along().map(|(f, side)| f.spelling(Some(side))));
    names.extend(NOTATION.iter().map(|n| name(n).to_string()));
    names.retain(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    names.sort();
    names.dedup();
    names
}

/// The text on a topic, if there is one.
fn text(topic: &str) -> Option<String> {
    match topic {
        "" => Some(Cli::command().render_long_help().to_string()),
        "functions" => Some(functions()),
        "rules" | "rule" => Some(rules()),
        "codes" => Some(lines(CODES.iter().map(|row| (row.code.to_string(), row.title.to_string())))),
        "language" => Some(LANGUAGE.to_string()),
        _ => {
            let code = codes::find(&topic.to_ascii_uppercase()).map(code);
            code.or_else(|| verb(topic)).or_else(|| function(topic)).or_else(|| catalogue::find(topic).map(about_rule))
        }
    }
}

fn verb(topic: &str) -> Option<String> {
    let mut cli = Cli::command();
    cli.build();
    Some(cli.find_subcommand_mut(topic)?.render_long_help().to_string())
}

fn code(row: &Code) -> String {
    let end = if row.exit == 0 { "a command goes on after it".into() } else { format!("a command ends with exit code {}", row.exit) };
    format!("{}: {}\n\n{}\n\n({end})", row.code, row.title, row.explanation)
}

/// A function by any of its spellings; several rows may share a name (`diag`).
fn function(topic: &str) -> Option<String> {
    let mut found: Vec<String> = vec![];
    let spelled = |f: &&Function| (f.name == topic || f.aliases.contains(&topic)) && !OPERATORS.contains(&f.name);
    found.extend(FUNCTIONS.iter().filter(spelled).map(about_function));
    found.extend(MATRIX_FUNCTIONS.iter().filter(|f| f.name == topic).map(about_matrix_function));
    found.extend(matrices::find_along(topic).map(|(f, side)| about_side(f, side)));
    found.extend(NOTATION.iter().filter(|n| name(n) == topic).map(about_notation));
    (!found.is_empty()).then(|| found.join("\n\n"))
}

fn about_function(f: &Function) -> String {
    let mut out = format!("{}\n  {}, element by element", signature(f), f.says);
    let mut say = |word: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("\n  {word:<12}{text}"));
        }
    };
    say("also", &f.aliases.join(", "));
    say("means", f.means);
    say("evaluated as", &if f.safe.is_empty() { String::new() } else { format!(" {}", f.safe) });
    for (argument, slope) in f.of.iter().zip(f.slopes) {
        say(&format!("d/d{argument}"), slope);
    }
    say("at a kink", f.at_kink);
    say("needs", f.domain);
    out
}

fn about_matrix_function(f: &MatrixFunction) -> String {
    let mut out = format!("{}\n  {}", matrix_signature(f), f.says);
    for (word, text) in [("slope", f.slope), ("at a kink", f.at_kink), ("needs", f.domain), ("by sides", &sides(f))] {
        if !text.is_empty() {
            out.push_str(&format!("\n  {word:<12}{text}"));
        }
    }
    if f.of == "square" {
        out.push_str("\n  of          a square matrix");
    }
    out
}

fn about_side(f: MatrixFunctionId, side: Side) -> String {
    let line = if side == Side::Rows { "row" } else { "column" };
    format!("{}(A)\n  {} for each {line} of A by itself\n\n{}", f.spelling(Some(side)), f.row().name, about_matrix_function(f.row()))
}

/// `rowmax(A) colmax(A)`, or nothing.
fn sides(f: &MatrixFunction) -> String {
    if f.along.is_empty() {
        String::new()
    } else {
        [Side::Rows, Side::Cols].map(|side| format!("{}{}(A)", side.prefix(), f.along)).join(" ")
    }
}

fn matrix_signature(f: &MatrixFunction) -> String {
    format!("{}({})", f.name, f.takes.join(", "))
}

fn about_notation(n: &Notation) -> String {
    let mut out = format!("{}\n  {}\n  {:<12}{}", n.matrix, n.says, "means", n.means);
    if !n.needs.is_empty() {
        out.push_str(&format!("\n  {:<12}a {}", "of", if n.needs == "square" { "square matrix" } else { n.needs }));
    }
    out
}

fn about_rule(lesson: &Lesson) -> String {
    let mut out = format!("{}: {}\n\n  {}\n", lesson.id, lesson.name, lesson.statement);
    let mut say = |word: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("\n  {word:<11}{text}"));
        }
    };
    say("when", &lesson.when);
    say("because", lesson.proof[0]);
    say("", lesson.proof[1]);
    say("see", lesson.reference);
    for example in &lesson.examples {
        let text = match &example.says {
            Says::Derivative { of, by, is } => format!("d {of} / d{by} = {is}"),
            Says::Equal { left, right } => format!("{left} == {right}"),
        };
        say("example", &text);
        say("", &format!("where {}", example.vars));
    }
    out
}

fn rules() -> String {
    let section = |s: &catalogue::Section| {
        let rows = lines(s.lessons.iter().map(|lesson| (lesson.id.to_string(), lesson.name.to_string())));
        format!("{}\n{}\n", s.title, indented(&rows))
    };
    format!(
        "{}`hesse help rule ID` says what one of them states, when, and why.",
        catalogue::sections().iter().map(section).collect::<String>()
    )
}

fn functions() -> String {
    let element = FUNCTIONS.iter().filter(|f| !OPERATORS.contains(&f.name)).map(|f| (signature(f), f.says.to_string()));
    let whole = MATRIX_FUNCTIONS.iter().map(|f| (matrix_signature(f), f.says.to_string()));
    let along =
        MATRIX_FUNCTIONS.iter().filter(|f| !f.along.is_empty()).map(|f| (sides(f), format!("{} of each row, of each column", f.name)));
    let notation = NOTATION.iter().map(|n| (n.matrix.to_string(), n.says.to_string()));
    format!(
        "Element by element\n{}\nOf whole arrays\n{}\nAlong rows, along columns\n{}\nNotation\n{}\n`hesse help NAME` says more about one of them.",
        indented(&lines(element)),
        indented(&lines(whole)),
        indented(&lines(along)),
        indented(&lines(notation))
    )
}

fn signature(f: &Function) -> String {
    format!("{}({})", f.name, f.of.join(", "))
}

fn name(n: &Notation) -> &str {
    n.matrix.split('(').next().unwrap_or(n.matrix)
}

/// Two columns.
pub fn lines(rows: impl Iterator<Item = (String, String)>) -> String {
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    rows.iter().map(|(left, right)| format!("{left:width$}  {right}\n")).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_topic() {
        for row in CODES {
            assert!(text(row.code).is_some_and(|t| t.contains(row.title)), "{}", row.code);
        }
        for f in FUNCTIONS.iter().filter(|f| !OPERATORS.contains(&f.name)) {
            assert!(text(f.name).is_some_and(|t| t.contains(f.says)), "{}", f.name);
        }
        for (f, side) in matrices::all_along() {
            let name = f.spelling(Some(side));
            assert!(text(&name).is_some_and(|t| t.starts_with(&name) && t.contains(f.row().says)), "{name}");
        }
        for n in NOTATION {
            assert!(text(name(n)).is_some_and(|t| t.contains(n.says)), "{}", n.matrix);
        }
        for lesson in catalogue::all() {
            assert!(about_rule(lesson).contains(&*lesson.statement), "{}", lesson.id);
            assert!(text("rules").is_some_and(|t| t.contains(&format!("  {} ", lesson.id))), "{}", lesson.id);
        }
        assert!(text("chain.vector").is_some_and(|t| t.starts_with("chain.vector: vector chain rule")));
        assert!(text("e201").is_some_and(|t| t.starts_with("E201")));
        assert!(text("diag").is_some_and(|t| t.matches("means").count() == 2));
        assert!(text("grad").is_some_and(|t| t.contains("--wrt")));
        assert_eq!(text("sofplus"), None);
    }

    #[test]
    fn the_language_fits_a_screen() {
        assert!(LANGUAGE.lines().count() <= 50);
        assert!(LANGUAGE.lines().all(|line| line.chars().count() <= 100), "a line is too long");
    }
}
