//! A panic is a defect of hesse: it is caught, and said in one message that can be reported.

use hesse::{Diagnostic, Span};
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the message of a panic for [`caught`] instead of printing it.
pub fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        LAST.with(|last| *last.borrow_mut() = Some(format!("{what}{place}")));
    }));
}

/// Runs `work`; a panic in it becomes a diagnostic E700.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let what = LAST.with(|last| last.borrow_mut().take()).unwrap_or_else(|| "no message".into());
        Diagnostic::error("E700", Span::default(), format!("internal error: {what}"))
            .because("this is a defect of hesse, not of the formula")
            .help(format!("please report the command, the formula and this message: {}/issues", env!("CARGO_PKG_REPOSITORY")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_diagnostic() {
        keep_quiet();
        let diagnostic = caught(|| panic!("no such node {}", 7)).unwrap_err();
        assert_eq!(diagnostic.code, "E700");
        assert!(
            diagnostic.message.starts_with("internal error: no such node 7 (crates/hesse-cli/src/panics.rs:"),
            "{}",
            diagnostic.message
        );
        assert_eq!(caught(|| 1), Ok(1));
    }
}
