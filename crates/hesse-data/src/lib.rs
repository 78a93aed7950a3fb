//! Data files: `.npy`, `.npz` and delimited text, read into plain arrays of `f64`.
//!
//! ```
//! use hesse_data::{Limits, Tensor, npy};
//! let x = Tensor::new(vec![2], vec![1.0, 2.5]);
//! let bytes = npy::encode(&x);
//! assert_eq!(npy::decode(&bytes[..], "x.npy", &Limits::default()).unwrap(), x);
//! ```
//!
//! Nothing here knows a formula; nothing read from a file is ever executed (pickled objects are refused). What goes wrong is a
//! [`hesse::Error`] with a code of the E7xx rows.
#![forbid(unsafe_code)]

mod fault;
mod limits;
pub mod npy;
pub mod npz;
mod read;
pub mod table;
mod tensor;

pub use limits::Limits;
pub use npy::Precision;
pub use npz::Archive;
pub use read::{Place, read};
pub use table::{Header, Table};
pub use tensor::Tensor;
