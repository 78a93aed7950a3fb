//! `hesse fmt`: rewrites files in canonical form, comments kept.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::options::{FmtOptions, InputOptions};
use crate::screen::Screen;
use crate::source::Source;
use hesse::syntax::format::format;
use hesse::syntax::parse::parse_document;
use hesse::{Diagnostic, Span};
use serde_json::json;

/// Rewrites files in place; standard input and expressions go to standard output.
pub fn run(options: &FmtOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    if options.files.is_empty() && options.expression.is_none() {
        return Err(Failure::Usage("nothing to format: give a FILE, `-` for standard input, or -e EXPR".into()));
    }
    let file = |name: &String| (Some(name.clone()), InputOptions { files: vec![name.clone()], ..InputOptions::default() });
    let expression = |text: &String| (None, InputOptions { expression: Some(text.clone()), ..InputOptions::default() });
    let inputs: Vec<_> = options.files.iter().map(file).chain(options.expression.iter().map(expression)).collect();

    let (mut all_canonical, mut objects) = (true, vec![]);
    for (name, input) in inputs {
        let source = Source::read(&input)?;
        let text = canonical(&source)?;
        let in_place = name.as_deref().filter(|name| *name != "-");
        // An expression on the command line has no last newline.
        let changed = if in_place.is_some() { text != source.text() } else { text.trim_end() != source.text().trim_end() };
        all_canonical &= !changed;
        if let (Some(name), true) = (in_place, changed) {
            if !options.check {
                std::fs::write(name, &text)?;
            }
            screen.note(if options.check { "differs" } else { "changed" }, name)?;
        }
        if screen.json() {
            objects.push(json!({ "name": name, "changed": changed, "text": text }));
        } else if in_place.is_none() && !options.check {
            screen.line(text.trim_end())?;
        }
    }
    if screen.json() {
        screen.object(&json!({ "schema": json::FMT, "ok": all_canonical, "files": objects }))?;
    }
    Ok(if options.check && !all_canonical { Exit::CHECK_FAILED } else { Exit::OK })
}

/// The canonical text of a source. What is about to replace a file must read as the same and be stable.
fn canonical(source: &Source) -> Result<String, Failure> {
    let text = format(&parse_document(source.text()).map_err(Failure::within(source))?);
    match parse_document(&text) {
        Ok(again) if format(&again) == text => Ok(text),
        _ => Err(Diagnostic::error("E700", Span::default(), "the canonical form does not read back; nothing was changed")
            .help(format!("please report the text: {}/issues", env!("CARGO_PKG_REPOSITORY")))
            .into()),
    }
}
