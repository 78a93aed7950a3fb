//! What the environment says (listed under `hesse --help`): limits, raised or lowered, where the history of `hesse repl` and the peers of
//! `hesse bench` are kept.
//! Nothing else is read from it but the colour conventions.

use crate::failure::Failure;
use hesse_data::Limits;
use std::path::{Path, PathBuf};

/// The limits of expressions, with what the environment changes.
pub fn expression_limits() -> Result<hesse::tensor::Limits, Failure> {
    let mut limits = hesse::tensor::Limits::default();
    if let Some(n) = number("HESSE_MAX_NODES")? {
        limits.nodes = usize::try_from(n).unwrap_or(usize::MAX);
    }
    if let Some(n) = number("HESSE_MAX_WORK")? {
        limits.fuel = n;
    }
    Ok(limits)
}

/// The limits of reading files, with what the environment changes.
pub fn file_limits() -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    if let Some(n) = number("HESSE_MAX_BYTES")? {
        limits.bytes = n;
    }
    if let Some(n) = number("HESSE_MAX_ELEMENTS")? {
        limits.elements = usize::try_from(n).unwrap_or(usize::MAX);
    }
    Ok(limits)
}

/// The file of the history: what HESSE_HISTORY names (nothing, if it is empty), else a file in the directory for state of the XDG
/// convention, which has absolute paths count only.
pub fn history() -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(file) = path("HESSE_HISTORY") {
        return Some(file).filter(|f| !f.as_os_str().is_empty());
    }
    let absolute = |p: &PathBuf| p.is_absolute();
    let state = path("XDG_STATE_HOME").filter(absolute).or_else(|| Some(path("HOME").filter(absolute)?.join(Path::new(".local/state"))));
    Some(state?.join("hesse").join("history"))
}

/// The folder for what can be made again: that of the XDG convention.
pub fn cache() -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    Some(path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")))?.join("hesse"))
}

fn number(name: &str) -> Result<Option<u64>, Failure> {
    match std::env::var(name) {
        Err(_) => Ok(None),
        Ok(text) => text.trim().parse().map(Some).map_err(|_| Failure::Usage(format!("{name}={text} is not a whole number"))),
    }
}
