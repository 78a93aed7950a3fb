//! What the manual must not leave out: chapters, formulas, errata, functions, codes.

use crate::book::Layout;
use crate::{CHAPTERS, book, folder};
use hesse::facts::matrices::{self, MATRIX_FUNCTIONS};
use hesse::facts::{codes::CODES, functions::FUNCTIONS, kernels::STABLE, notation::NOTATION};
use std::collections::BTreeSet;

/// Text of every file of a folder with this ending, by name.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    out.sort();
    out
}

/// Numbers such as `3.9` in a text, each after the sign `before`.
pub fn numbers(text: &str, before: &str) -> BTreeSet<(u32, u32)> {
    let mut out = BTreeSet::new();
    for (k, _) in text.match_indices(before) {
        let rest = &text[k + before.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        if let Some((section, number)) = rest[..end].split_once('.')
            && let (Ok(section), Ok(number)) = (section.parse(), number.parse())
        {
            out.insert((section, number));
        }
    }
    out
}

#[test]
fn every_chapter_is_read_and_listed() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for (name, text) in files("md") {
        if name == "README" {
            continue;
        }
        let has_cases = text.contains("\n```hesse\n");
        assert_eq!(has_cases, CHAPTERS.contains(&name.as_str()), "suite/{name}.md");
        assert!(readme.contains(&format!("({name}.md)")), "suite/README.md does not list {name}.md");
    }
}

#[test]
fn every_formula_of_the_list_has_a_case_in_both_layouts() {
    let list = numbers(&std::fs::read_to_string(folder().join("formulas.md")).unwrap(), "- **");
    assert_eq!(list.len(), 63, "the list of formulas was not read: {list:?}");
    // What the prose above a case cites, the case states. A second derivative is the same in both layouts.
    let (mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new());
    for case in book().iter().flat_map(|chapter| &chapter.cases) {
        let cited = numbers(&case.prose, "(");
        let asked = |layout| case.questions.iter().any(|q| q.layout == layout);
        rows.extend(cited.iter().filter(|_| asked(Layout::Numerator)));
        columns.extend(cited.iter().filter(|_| asked(Layout::Denominator)));
    }
    for (layout, stated) in [("numerator", rows), ("denominator", columns)] {
        let missing: Vec<_> = list.difference(&stated).collect();
        assert!(missing.is_empty(), "formulas without a case in {layout} layout: {missing:?}");
        let unknown: Vec<_> = stated.difference(&list).collect();
        assert!(unknown.is_empty(), "cited, but not in suite/formulas.md: {unknown:?}");
    }
}

#[test]
fn every_erratum_of_the_text_is_cited() {
    let all: String = files("md").into_iter().filter(|f| f.0 != "formulas").map(|f| f.1).collect();
    for k in 1..=12 {
        assert!(all.contains(&format!("(E{k})")), "erratum E{k}");
    }
}

#[test]
fn every_row_of_the_tables_has_a_case_and_is_in_the_language_reference() {
    let language = std::fs::read_to_string(folder().join("language.md")).unwrap();
    let asked: Vec<String> = book()
        .iter()
        .flat_map(|c| &c.cases)
        .flat_map(|c| c.questions.iter().map(|q| format!("{} {}", c.statements, q.expression)))
        .collect();
    let called = |name: &str| {
        let call = format!("{name}(");
        asked.iter().any(|text| text.match_indices(&call).any(|(k, _)| !text[..k].ends_with(|c: char| c.is_alphanumeric() || c == '_')))
    };
    let comparison = |name: &str| match name {
        "gt" => Some(" > "),
        "ge" => Some(" >= "),
        "eq" => Some(" == "),
        _ => None,
    };
    let mut missing = vec![];
    let rows = FUNCTIONS.iter().map(|row| row.name).chain(MATRIX_FUNCTIONS.iter().map(|row| row.name));
    let notation = NOTATION.iter().map(|row| row.matrix.split('(').next().unwrap_or(row.matrix));
    let along: Vec<String> = matrices::all_along().map(|(f, side)| f.spelling(Some(side))).collect();
    for name in rows.chain(notation).chain(along.iter().map(String::as_str)) {
        if let Some(sign) = comparison(name) {
            if !asked.iter().any(|text| text.contains(sign)) {
                missing.push(format!("no case of `{name}`"));
            }
            continue;
        }
        if !called(name) {
            missing.push(format!("no case of `{name}`"));
        }
        if !language.contains(&format!("`{name}`")) && !language.contains(&format!("`{name}(")) {
            missing.push(format!("`{name}` is not in suite/language.md"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_stable_form_is_listed_and_met() {
    let page = std::fs::read_to_string(folder().join("hazards.md")).unwrap();
    let mut met = BTreeSet::new();
    for case in book().iter().filter(|c| c.path.ends_with("hazards.md")).flat_map(|c| &c.cases) {
        for question in &case.questions {
            let text = format!("{}\n{}", case.statements, question.expression);
            let formula = hesse::Formula::parse(&text, false).unwrap_or_else(|e| panic!("{text}: {e}"));
            met.extend(formula.stable_program(None).unwrap().forms.into_iter().map(|form| form.name));
        }
    }
    let mut missing = vec![];
    for row in STABLE {
        let line = format!("| `{}` | `{}` |", row.from, row.to);
        if !page.contains(&line) {
            missing.push(line);
        }
        if !met.contains(row.name) {
            missing.push(format!("no case of: {}", row.name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_code_of_a_text_or_a_shape_is_shown() {
    let errors = std::fs::read_to_string(folder().join("errors.md")).unwrap();
    // Codes that need a skin, a point or hours to reach are explained by `hesse help` only.
    let elsewhere = ["E203", "E209", "E402"];
    for row in CODES.iter().filter(|row| row.code.starts_with("E1") || row.code.starts_with("E2") || row.code.starts_with("E3")) {
        assert!(elsewhere.contains(&row.code) || errors.contains(row.code), "{} is not in suite/errors.md", row.code);
    }
}
