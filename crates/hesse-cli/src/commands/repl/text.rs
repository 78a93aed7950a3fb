//! The text of a session: statements in an order in which each may use what stands above it.

use super::statement::{Entry, Kind, Part};
use crate::source::{Original, Source};
use std::collections::HashSet;
use std::rc::Rc;

/// The statements that a session keeps.
#[derive(Clone, Default)]
pub struct Text {
    entries: Vec<Rc<Entry>>,
}

impl Text {
    /// Whether it holds the very statements of another one.
    pub fn is_same(&self, other: &Text) -> bool {
        self.entries.len() == other.entries.len() && self.entries.iter().zip(&other.entries).all(|(a, b)| Rc::ptr_eq(a, b))
    }
    /// The text with one more statement, in place of what gave its name a meaning before.
    pub fn with(&self, entry: Entry) -> Text {
        let mut entries = self.entries.clone();
        let replaced = |e: &Rc<Entry>| match entry.kind {
            Kind::Assumption => e.line == entry.line,
            _ => e.kind != Kind::Assumption && e.name == entry.name,
        };
        match entries.iter().position(replaced) {
            Some(k) => entries[k] = Rc::new(entry),
            None => entries.push(Rc::new(entry)),
        }
        Text { entries: ordered(entries) }
    }
    /// The text without what is said of a name; `None` if nothing is.
    pub fn without(&self, name: &str) -> Option<Text> {
        let entries: Vec<Rc<Entry>> = self.entries.iter().filter(|e| e.name != name).cloned().collect();
        (entries.len() < self.entries.len()).then_some(Text { entries })
    }
    /// Whether a definition has this name.
    pub fn defines(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.kind == Kind::Definition && e.name == name)
    }
    /// The names that are said something of, or used.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().flat_map(|e| std::iter::once(&e.name).chain(&e.uses))
    }
    /// As a file, in canonical form.
    pub fn written(&self) -> String {
        self.entries.iter().map(|e| format!("{}\n", e.line)).collect()
    }
    /// All of it, then a formula.
    pub fn source(&self, formula: Option<&Part>) -> Source {
        self.of(|_| true, formula)
    }
    /// What a formula and some names depend on, then the formula.
    pub fn about(&self, names: &[String], formula: Option<&Part>) -> Source {
        let mut reached: HashSet<String> = names.iter().cloned().chain(formula.map(Part::names).unwrap_or_default()).collect();
        // Each statement stands below what it uses, unless it goes in a circle, which is refused.
        for entry in self.entries.iter().rev().filter(|e| e.kind != Kind::Assumption) {
            if reached.contains(&entry.name) {
                reached.extend(entry.uses.iter().cloned());
            }
        }
        self.of(|entry| reached.contains(&entry.name), formula)
    }
    /// Some statements, then a formula, if there is nothing else to compute the number 0. What is assumed of a name waits until the
    /// name is used.
    fn of(&self, wanted: impl Fn(&Entry) -> bool, formula: Option<&Part>) -> Source {
        let kept: Vec<&Rc<Entry>> = self.entries.iter().filter(|e| wanted(e)).collect();
        let facts = || kept.iter().filter(|e| e.kind != Kind::Assumption);
        let mut used: HashSet<&String> = facts().flat_map(|e| std::iter::once(&e.name).chain(&e.uses)).collect();
        let names = formula.map(Part::names).unwrap_or_default();
        used.extend(&names);
        let mut source = Source::default();
        for entry in kept.iter().filter(|e| e.kind != Kind::Assumption || used.contains(&e.name)) {
            entry.part.add_to(&mut source);
        }
        match formula {
            Some(part) => part.add_to(&mut source),
            None if facts().any(|e| e.kind == Kind::Definition) => {}
            None => source.add_part(&Rc::new(Original { origin: "<session>".into(), line: 1, text: "0".into() }), 0, "0"),
        }
        source
    }
}

/// The statements as they are, but each below those that it uses. What goes in a circle stays, for the engine to refuse.
fn ordered(mut left: Vec<Rc<Entry>>) -> Vec<Rc<Entry>> {
    let gives = |e: &Rc<Entry>| e.kind != Kind::Assumption;
    let mut waiting: HashSet<String> = left.iter().filter(|e| gives(e)).map(|e| e.name.clone()).collect();
    let mut out = vec![];
    loop {
        let before = left.len();
        let mut later = vec![];
        for entry in left {
            if entry.uses.iter().any(|name| waiting.contains(name)) {
                later.push(entry);
            } else {
                if gives(&entry) {
                    waiting.remove(&entry.name);
                }
                out.push(entry);
            }
        }
        left = later;
        if left.is_empty() || left.len() == before {
            out.extend(left);
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::{Asked, read};
    use super::*;

    fn text(lines: &[&str]) -> Text {
        lines.iter().fold(Text::default(), |text, line| {
            let original = Rc::new(Original { origin: "<stdin>".into(), line: 1, text: line.to_string() });
            read(&original, 0).unwrap().into_iter().fold(text, |text, asked| match asked {
                Asked::Keep(entry) => text.with(entry),
                other => panic!("{other:?}"),
            })
        })
    }

    #[test]
    fn what_is_said_again_replaces_what_was_said() {
        assert_eq!(text(&["x = 1", "y = 2", "x = 3"]).written(), "x = 3\ny = 2\n");
        assert_eq!(text(&["data X, y : vector(n)", "X : matrix(m, n)"]).written(), "X : matrix(m, n)\ndata y : vector(n)\n");
        assert_eq!(text(&["f(t) = t", "f = 2"]).written(), "f = 2\n");
        assert_eq!(text(&["p : scalar", "assume p > 0", "assume p>0"]).written(), "p : scalar\nassume p > 0\n");
    }

    #[test]
    fn each_stands_below_what_it_uses() {
        assert_eq!(text(&["a = 1", "C = 2*a", "z = 3", "a = z"]).written(), "z = 3\na = z\nC = 2*a\n");
        assert_eq!(text(&["a = b", "b = a", "c = 1"]).written(), "c = 1\na = b\nb = a\n");
    }

    #[test]
    fn what_a_formula_depends_on() {
        let text = text(&["x : vector(n)", "assume q > 0", "a = 2*x", "b = q", "C = sum(a)"]);
        assert_eq!(text.about(&["C".into()], None).text(), "x : vector(n)\na = 2*x\nC = sum(a)");
        assert_eq!(text.about(&["b".into()], None).text(), "assume q > 0\nb = q");
        assert_eq!(text.about(&["x".into()], None).text(), "x : vector(n)\n0");
        assert!(text.without("a").is_some_and(|t| t.written().contains("C = sum(a)")));
        assert!(text.without("nothing").is_none());
    }
}
