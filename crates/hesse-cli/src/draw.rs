//! Draws a diagnostic: its code, the lines it is about with carets, its reasons and its fix.

use crate::failure::is_placed;
use crate::source::{Original, Source};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};
use hesse::{Diagnostic, Severity};
use std::ops::Range;

/// The picture of a diagnostic, with colours (a stream without colours drops them).
pub fn picture(diagnostic: &Diagnostic, source: Option<&Source>, ascii: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code).elements(snippets(diagnostic, source));
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.no_name().message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let decor = if ascii { DecorStyle::Ascii } else { DecorStyle::Unicode };
    Renderer::styled().decor_style(decor).render(&[group])
}

/// One snippet for each text that has a label, that of the main place first.
fn snippets<'a>(diagnostic: &'a Diagnostic, source: Option<&'a Source>) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut pieces: Vec<(&Original, Vec<Annotation>)> = vec![];
    if !is_placed(diagnostic) {
        return vec![];
    }
    for (k, (span, text)) in diagnostic.labels.iter().enumerate() {
        let Some((original, range)) = source.and_then(|s| s.locate(*span)) else { continue };
        let kind = if k == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(visible(&original.text, range)).label((!text.is_empty()).then_some(text.as_str()));
        match pieces.iter_mut().find(|(known, _)| std::ptr::eq(*known, original)) {
            Some((_, annotations)) => annotations.push(annotation),
            None => pieces.push((original, vec![annotation])),
        }
    }
    let snippet =
        |(o, places): (&'a Original, Vec<Annotation<'a>>)| Snippet::source(&o.text).path(&o.origin).line_start(o.line).annotations(places);
    pieces.into_iter().map(snippet).collect()
}

/// A caret needs a character: an empty place becomes the one after it, or at the end of a line the one before.
fn visible(text: &str, range: Range<usize>) -> Range<usize> {
    if range.start < range.end {
        return range;
    }
    match text[range.start..].chars().next() {
        Some(c) if c != '\n' => range.start..range.start + c.len_utf8(),
        _ => range.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse::Span;

    #[test]
    fn places_reasons_and_help() {
        let source = Source::new("neuron.hesse", "data X : matrix(N,n)\nz = w*X\n");
        let diagnostic = Diagnostic::error("E201", Span::new(26, 27), "shapes do not fit")
            .at(Span::new(25, 26), "w is n×1")
            .because("the inner sizes must agree")
            .help("did you mean X*w?");
        let drawn = anstream::adapter::strip_str(&picture(&diagnostic, Some(&source), true)).to_string();
        assert_eq!(
            drawn,
            "error[E201]: shapes do not fit
 --> neuron.hesse:2:6
  |
2 | z = w*X
  |     -^
  |     |
  |     w is n×1
  |
  = the inner sizes must agree
  = help: did you mean X*w?"
        );
    }

    #[test]
    fn without_a_source() {
        let diagnostic = Diagnostic::error("E701", Span::default(), "x.npy: not found");
        let drawn = anstream::adapter::strip_str(&picture(&diagnostic, None, false)).to_string();
        assert_eq!(drawn, "error[E701]: x.npy: not found");
    }

    #[test]
    fn empty_places_and_ends_of_text() {
        let source = Source::new("<expression>", "sin(");
        for at in [0, 4, 9] {
            let diagnostic = Diagnostic::error("E102", Span::new(at, at), "something is missing");
            assert!(picture(&diagnostic, Some(&source), true).contains("<expression>:1:"));
        }
    }
}
