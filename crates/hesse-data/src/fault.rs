//! What can be wrong with a file, one constructor per code.

use hesse::{Diagnostic, Error, Span};

fn fault(code: &'static str, name: &str, what: impl AsRef<str>) -> Diagnostic {
    Diagnostic::error(code, Span::default(), format!("{name}: {}", what.as_ref()))
}

/// The file cannot be opened or read.
pub(crate) fn unreadable(name: &str, cause: &std::io::Error) -> Error {
    let d = fault("E701", name, cause.to_string());
    if cause.kind() == std::io::ErrorKind::NotFound { d.help("check the path; it is relative to the current directory") } else { d }.into()
}

/// The bytes are not what the format says.
pub(crate) fn malformed(name: &str, what: impl AsRef<str>) -> Error {
    fault("E702", name, what).into()
}

/// The file is sound but holds something that is not an array of real numbers.
pub(crate) fn not_numbers(name: &str, what: impl AsRef<str>, help: &str) -> Error {
    fault("E703", name, what).help(help).into()
}

/// Cells without a usable number.
pub(crate) fn bad_cells(name: &str, what: impl AsRef<str>, rows: String) -> Error {
    fault("E704", name, what).because(rows).help("fill the cells in, or leave those rows out of the file").into()
}

/// No column or member of that name.
pub(crate) fn no_such_part(name: &str, kind: &str, wanted: &str, known: &[String]) -> Error {
    let d = fault("E705", name, format!("no {kind} `{wanted}`"));
    let shown = known.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if known.len() > 20 { ", …" } else { "" };
    d.help(if known.is_empty() { format!("it has no named {kind}s") } else { format!("it has {shown}{more}") }).into()
}

/// A cap was reached.
pub(crate) fn too_large(name: &str, what: impl AsRef<str>) -> Error {
    fault("E706", name, what).into()
}
