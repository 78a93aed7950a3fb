//! Limits that the environment raises or lowers (listed under `hesse --help`). Nothing else is read from it but the colour conventions.

use crate::failure::Failure;
use hesse_data::Limits;

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

fn number(name: &str) -> Result<Option<u64>, Failure> {
    match std::env::var(name) {
        Err(_) => Ok(None),
        Ok(text) => text.trim().parse().map(Some).map_err(|_| Failure::Usage(format!("{name}={text} is not a whole number"))),
    }
}
