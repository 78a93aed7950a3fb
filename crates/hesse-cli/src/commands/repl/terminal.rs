//! Lines from a person: edited, with a history and completed names.

use super::command::COMMANDS;
use crate::commands::help;
use crate::environment;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::path::{Path, PathBuf};

const PROMPT: &str = "hesse> ";
const MORE: &str = "   ... ";

/// How many inputs are remembered.
const HISTORY: usize = 1000;

/// What a person did at the prompt.
pub enum Line {
    /// Lines.
    Typed(String),
    /// Ctrl-C.
    Abandoned,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// A terminal with its history; without an editor if the system gives none.
pub struct Terminal {
    editor: Option<Editor<Names, FileHistory>>,
    file: Option<PathBuf>,
}

impl Terminal {
    /// The terminal, with what the file of the history holds. A history that cannot be read or written is none.
    pub fn open(with_history: bool) -> Terminal {
        let config = Config::builder().max_history_size(HISTORY).map(|c| {
            c.completion_type(CompletionType::List).history_ignore_space(true).auto_add_history(false).bracketed_paste(true).build()
        });
        let mut editor = config.and_then(Editor::with_config).ok();
        let file = environment::history().filter(|_| with_history);
        if let (Some(editor), Some(file)) = (&mut editor, &file) {
            let _ = editor.load_history(file);
        }
        if let Some(editor) = &mut editor {
            editor.set_helper(Some(Names { functions: help::names(), session: vec![] }));
        }
        Terminal { editor, file }
    }

    /// Reads one line, or several that are pasted or taken from the history.
    pub fn read(&mut self, goes_on: bool, names: Vec<String>) -> Line {
        let Some(editor) = &mut self.editor else { return Line::End };
        if let Some(helper) = editor.helper_mut() {
            helper.session = names;
        }
        match editor.readline(if goes_on { MORE } else { PROMPT }) {
            Ok(text) => Line::Typed(text),
            Err(ReadlineError::Interrupted) => Line::Abandoned,
            Err(_) => Line::End,
        }
    }

    /// Keeps an input in the history, at once in its file too: the terminal may be closed at any time.
    pub fn remember(&mut self, input: &str) {
        let Some(editor) = &mut self.editor else { return };
        let kept = !input.trim().is_empty() && editor.add_history_entry(input).unwrap_or(false);
        if let (Some(file), true) = (&self.file, kept) {
            let _ = file.parent().map_or(Ok(()), private_folder).and_then(|()| editor.append_history(file).map_err(std::io::Error::other));
        }
    }
}

/// Makes a folder that only its owner reads, as the convention of XDG has it.
fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// The names that Tab completes.
struct Names {
    functions: Vec<String>,
    session: Vec<String>,
}

impl Names {
    /// The names that begin like the word that ends the text, and where the word begins: commands behind a colon at the start,
    /// else names of the session and functions.
    fn completions(&self, before: &str) -> (usize, Vec<String>) {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = before.trim_end_matches(word).len();
        let (above, begun) = before.split_at(start);
        let mut names: Vec<String> = if above.trim_start() == ":" {
            COMMANDS.iter().map(|row| row.name.to_string()).collect()
        } else {
            self.session.iter().chain(&self.functions).cloned().collect()
        };
        names.retain(|name| !begun.is_empty() && name.starts_with(begun) || begun.is_empty() && above.ends_with(':'));
        names.sort();
        names.dedup();
        (start, names)
    }
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, names) = self.completions(&line[..at]);
        Ok((start, names.into_iter().map(|name| Pair { display: name.clone(), replacement: name }).collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed() {
        let names = Names { functions: vec!["sum".into(), "sumsq".into(), "sin".into()], session: vec!["sun".into(), "sum".into()] };
        let of = |text: &str| names.completions(text);
        assert_eq!(of("2*su"), (2, vec!["sum".into(), "sumsq".into(), "sun".into()]));
        assert_eq!(of(" :la"), (2, vec!["layout".into()]));
        assert_eq!(of(":q"), (1, vec!["quit".into()]));
        assert_eq!(of(":").1.len(), COMMANDS.len());
        assert_eq!(of(":grad si"), (6, vec!["sin".into()]));
        assert_eq!(of("x ").1, Vec::<String>::new());
    }
}
