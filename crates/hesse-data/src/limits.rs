//! How much is read at most.

use crate::fault;
use hesse::Error;

/// Caps on what is read from a file; each message names the one that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file, after decompression.
    pub bytes: u64,
    /// Numbers of an array.
    pub elements: usize,
}

impl Default for Limits {
    /// 2 GiB and 2²⁷ numbers (1 GiB in memory).
    fn default() -> Self {
        Limits { bytes: 1 << 31, elements: 1 << 27 }
    }
}

impl Limits {
    pub(crate) fn allow_bytes(&self, name: &str, bytes: u64) -> Result<(), Error> {
        if bytes <= self.bytes {
            return Ok(());
        }
        Err(fault::too_large(name, format!("{bytes} bytes are more than the limit `bytes` of {}", self.bytes)))
    }
    /// The number of entries of `shape`, if it is within the limit.
    pub(crate) fn count(&self, name: &str, shape: &[usize]) -> Result<usize, Error> {
        let count = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        match count {
            Some(count) if count <= self.elements => Ok(count),
            _ => {
                Err(fault::too_large(name, format!("an array of shape {shape:?} is larger than the limit `elements` of {}", self.elements)))
            }
        }
    }
}
