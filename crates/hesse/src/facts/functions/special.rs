//! Special functions that the standard library lacks: to be filled in.
/// erf
pub fn erf(_x: f64) -> f64 { 0.0 }
/// lgamma
pub fn lgamma(_x: f64) -> f64 { 0.0 }
/// digamma
pub fn digamma(_x: f64) -> f64 { 0.0 }
/// trigamma
pub fn trigamma(_x: f64) -> f64 { 0.0 }
/// polygamma of order 2
pub fn polygamma2(_x: f64) -> f64 { 0.0 }
/// polygamma of order 3
pub fn polygamma3(_x: f64) -> f64 { 0.0 }
