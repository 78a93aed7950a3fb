//! What is typed, as statements that know where they stand.

use crate::failure::Failure;
use crate::source::{Original, Source};
use hesse::syntax::format;
use hesse::syntax::parse::parse_document;
use hesse::syntax::token::{Lexeme, tokens};
use hesse::syntax::tree::{Document, Statement};
use hesse::{Error, Span};
use std::ops::Range;
use std::rc::Rc;

/// A statement where it stands: byte by byte the text of the original from `at`, but what does not belong to it is spaces.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it was typed in.
    pub original: Rc<Original>,
    /// Where it begins there.
    pub at: usize,
    /// The text.
    pub text: String,
}

impl Part {
    /// Its place in the original.
    fn range(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
    /// Adds it to a source.
    pub fn add_to(&self, source: &mut Source) {
        source.add_part(&self.original, self.at, &self.text);
    }
    /// The names in it, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = vec![];
        for token in tokens(&self.text).map_or(vec![], |read| read.tokens) {
            if let Lexeme::Name(name) = token.lexeme
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }
    /// The name that it is, if it is nothing else.
    pub fn as_name(&self) -> Option<String> {
        match tokens(&self.text).ok()?.tokens.as_slice() {
            [name, end] if end.lexeme == Lexeme::End => match &name.lexeme {
                Lexeme::Name(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        }
    }
    /// An error whose spans are places of this part.
    pub fn failure(&self, error: Error) -> Failure {
        let mut source = Source::default();
        self.add_to(&mut source);
        Failure::within(&source)(error)
    }
}

/// What a session keeps a statement as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `X : matrix(N, n)`
    Declaration,
    /// `z = X*w`
    Definition,
    /// `f(t) = t^2`
    Function,
    /// `assume p > 0`
    Assumption,
}

/// A statement that a session keeps.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which.
    pub kind: Kind,
    /// The one name that it is about.
    pub name: String,
    /// Other names in it.
    pub uses: Vec<String>,
    /// In canonical form.
    pub line: String,
    /// Where it stands.
    pub part: Part,
}

/// What a statement asks of a session.
#[derive(Clone, Debug)]
pub enum Asked {
    /// To keep it.
    Keep(Entry),
    /// To answer a formula.
    Formula(Part),
    /// `derive grad(C) wrt w layout numerator`
    Derive {
        /// `grad`, `jacobian`, `hessian`, `derive`
        verb: String,
        /// The definition.
        target: String,
        /// The variables.
        wrt: Vec<String>,
        /// The layout, if said.
        layout: Option<String>,
    },
}

/// Reads the statements of the text that begins at byte `at` of an original. No statement is no error.
pub fn read(original: &Rc<Original>, at: usize) -> Result<Vec<Asked>, Failure> {
    let whole = Part { original: original.clone(), at, text: original.text[at..].to_string() };
    let separators = |lexeme: &Lexeme| matches!(lexeme, Lexeme::Newline | Lexeme::Semicolon | Lexeme::End);
    if tokens(&whole.text).is_ok_and(|read| read.tokens.iter().all(|token| separators(&token.lexeme))) {
        return Ok(vec![]);
    }
    let (text, document) = joined(&whole.text).map_err(|error| whole.failure(error))?;
    let mut asked = vec![];
    for (statement, place) in document.statements.iter().zip(&document.places) {
        let part = |blank: &[Range<usize>]| Part { original: original.clone(), at: at + place.start, text: blanked(&text, *place, blank) };
        match statement {
            Statement::Declare { names, .. } => {
                // A name a statement, so that one of them can be declared anew.
                for k in 0..names.len() {
                    let (first, here, last) = (names[0].1, names[k].1, names[names.len() - 1].1);
                    asked.push(keep(Kind::Declaration, &names[k].0, &[], part(&[first.start..here.start, here.end..last.end])));
                }
            }
            Statement::Define { name, .. } if name.is_empty() => asked.push(Asked::Formula(part(&[]))),
            Statement::Define { name, .. } => asked.push(keep(Kind::Definition, name, &[], part(&[]))),
            Statement::Function { name, params, defaults, .. } => {
                let own: Vec<&str> = params.iter().chain(defaults.iter().map(|row| &row.0)).map(String::as_str).collect();
                asked.push(keep(Kind::Function, name, &own, part(&[])));
            }
            Statement::Assume { name, .. } => asked.push(keep(Kind::Assumption, name, &[], part(&[]))),
            Statement::Derive { verb, target, wrt, layout, .. } => {
                asked.push(Asked::Derive { verb: verb.clone(), target: target.clone(), wrt: wrt.clone(), layout: layout.clone() });
            }
        }
    }
    Ok(asked)
}

/// A text and what it says. A backslash at the end of a line solves, `A\` above `b`, as in a file; where that makes no sense it
/// joins the lines, and both are spaces.
fn joined(text: &str) -> Result<(String, Document), Error> {
    let as_written = parse_document(text).map(|document| (text.to_string(), document));
    let mut spaced = text.as_bytes().to_vec();
    for (end, _) in text.match_indices('\n') {
        let line = text[..end].trim_end_matches([' ', '\t']);
        if line.ends_with('\\') {
            (spaced[line.len() - 1], spaced[end]) = (b' ', b' ');
        }
    }
    let spaced = String::from_utf8_lossy(&spaced).into_owned();
    if as_written.is_ok() || spaced == text {
        return as_written;
    }
    parse_document(&spaced).map_or(as_written, |document| Ok((spaced, document)))
}

/// The text at a place, spaces in some ranges of the whole.
fn blanked(text: &str, place: Span, blank: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes()[place.start..place.end].to_vec();
    for range in blank {
        bytes[range.start - place.start..range.end - place.start].fill(b' ');
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn keep(kind: Kind, name: &str, own: &[&str], part: Part) -> Asked {
    let mut uses = part.names();
    uses.retain(|other| other != name && !own.contains(&other.as_str()));
    let written = |document: Document| document.statements.first().map(|s| format::line(&document.syntax, s));
    let line = parse_document(&part.text).ok().and_then(written).unwrap_or_else(|| part.text.clone());
    Asked::Keep(Entry { kind, name: name.to_string(), uses, line, part })
}

/// Two statements of one text that give the same name a meaning: the place of the second, in the text.
pub fn twice(asked: &[Asked]) -> Option<(&Entry, Range<usize>)> {
    let named = asked.iter().filter_map(|a| match a {
        Asked::Keep(entry) if entry.kind != Kind::Assumption => Some(entry),
        _ => None,
    });
    let all: Vec<&Entry> = named.collect();
    let again = all.iter().enumerate().find(|(k, entry)| all[..*k].iter().any(|other| other.name == entry.name));
    again.map(|(_, entry)| (*entry, entry.part.range()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original(text: &str) -> Rc<Original> {
        Rc::new(Original { origin: "<stdin>".into(), line: 1, text: text.into() })
    }

    fn kept(text: &str) -> Vec<Entry> {
        let asked = read(&original(text), 0).unwrap_or_else(|_| panic!("{text}"));
        asked.into_iter().filter_map(|a| if let Asked::Keep(entry) = a { Some(entry) } else { None }).collect()
    }

    #[test]
    fn a_declaration_of_several_names_is_several() {
        let entries = kept("data X, λ : vector( n ); f(t) = t*a");
        let lines: Vec<&str> = entries.iter().map(|e| e.line.as_str()).collect();
        assert_eq!(lines, ["data X : vector(n)", "data lambda : vector(n)", "f(t) = t*a"]);
        assert_eq!(entries[1].part.text, "data    λ : vector( n )");
        assert_eq!(entries[1].uses, ["data", "vector", "n"]);
        assert_eq!(entries[2].uses, ["a"]);
        assert_eq!(entries[2].part.range(), 26..36);
    }

    #[test]
    fn a_backslash_joins_where_it_does_not_solve() {
        let line = |text: &str| kept(text).remove(0).line;
        assert_eq!(line("z = x \\\n + y"), "z = x + y");
        assert_eq!(line("z = A \\ \n b"), "z = A\\b");
        assert_eq!(line("z = \\\n x"), "z = x");
        assert!(read(&original("z = x \\\n )"), 0).is_err());
    }

    #[test]
    fn a_name_and_nothing() {
        let formula = |text: &str| match read(&original(text), 0).unwrap().remove(0) {
            Asked::Formula(part) => part,
            other => panic!("{other:?}"),
        };
        assert_eq!(formula(" C # the loss").as_name().as_deref(), Some("C"));
        assert_eq!(formula("C'").as_name(), None);
        assert!(read(&original(" ; # nothing"), 0).unwrap().is_empty());
    }
}
