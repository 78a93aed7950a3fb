//! WHAT PEOPLE WRITE AND READ. This room knows no tensors: text in, tree; tree, text out.
//!
//! ```text
//! text ─token▶ tokens ─parse▶ Syntax ─boxes▶ layouts ─plain │ unicode │ latex │ mathml▶ text
//! ```
//!
//! The table of precedence stands in [`boxes`] and nowhere else: the parser climbs it, the writers never see it.
pub mod boxes;
mod cursor;
pub mod entry;
mod expression;
pub mod format;
pub mod greek;
pub mod latex;
pub mod limits;
pub mod mathml;
mod names;
pub mod parse;
pub mod plain;
pub mod share;
mod statement;
pub mod suggest;
pub mod token;
pub mod tree;
pub mod unfinished;
pub mod unicode;
