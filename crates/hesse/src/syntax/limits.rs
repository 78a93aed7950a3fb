//! How much text is read. Every limit is named in the message of the error that enforces it, so a skin can quote it.

/// Bytes of a text (64 KiB), `E601`.
pub const BYTES: usize = 64 * 1024;
/// Tokens of a text, `E602`.
pub const TOKENS: usize = 20_000;
/// Brackets and calls inside each other, `E603`.
pub const NESTING: usize = 256;
/// Digits of a literal, `E606`.
pub const DIGITS: usize = 400;
/// Characters of a name, `E610`.
pub const NAME: usize = 64;
/// Errors reported for one text.
pub const ERRORS: usize = 5;
