//! WHAT PEOPLE WRITE AND READ. This room knows no tensors: text in, tree; tree, text out.
pub mod tree;
