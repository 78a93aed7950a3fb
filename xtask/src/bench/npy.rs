//! Results of workers, and how far they differ.

use std::path::Path;

/// The entries of an `.npy` file of f64 in C order, version 1: what workers write.
pub fn read(path: &Path) -> Result<Vec<f64>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    entries(&bytes).ok_or_else(|| format!("{} is no array of f64 in C order", path.display()))
}

fn entries(bytes: &[u8]) -> Option<Vec<f64>> {
    if bytes.get(..8)? != b"\x93NUMPY\x01\x00" {
        return None;
    }
    let end = 10 + usize::from(u16::from_le_bytes([*bytes.get(8)?, *bytes.get(9)?]));
    let header = std::str::from_utf8(bytes.get(10..end)?).ok()?;
    if !header.contains("'<f8'") || !header.contains("'fortran_order': False") {
        return None;
    }
    let data = bytes.get(end..)?.chunks_exact(8);
    if !data.remainder().is_empty() {
        return None;
    }
    Some(data.map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])).collect())
}

/// The largest difference relative to the largest entry of what is right; infinite where one of them is not finite alone, or they have
/// different numbers of entries.
pub fn difference(given: &[f64], right: &[f64]) -> f64 {
    if given.len() != right.len() {
        return f64::INFINITY;
    }
    let scale = right.iter().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()));
    let apart = |(a, b): (&f64, &f64)| {
        if a == b || a.is_nan() && b.is_nan() {
            0.0
        } else if a.is_finite() && b.is_finite() {
            (a - b).abs()
        } else {
            f64::INFINITY
        }
    };
    let worst = given.iter().zip(right).map(apart).fold(0.0, f64::max);
    if scale > 0.0 { worst / scale } else { worst }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, data: &[f64]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({},), }}\n", data.len());
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data.iter().flat_map(|x| x.to_le_bytes()));
        bytes
    }

    #[test]
    fn entries_are_read() {
        assert_eq!(entries(&file("<f8", &[1.0, -2.5])), Some(vec![1.0, -2.5]));
        assert_eq!(entries(&file("<f4", &[1.0])), None);
        assert_eq!(entries(&file("<f8", &[1.0])[..70]), None);
        assert_eq!(entries(b"PK"), None);
    }

    #[test]
    fn differences_are_relative_to_the_largest() {
        assert_eq!(difference(&[100.0, 1.0], &[100.0, 2.0]), 0.01);
        assert_eq!(difference(&[0.5], &[0.0]), 0.5);
        assert_eq!(difference(&[1.0], &[1.0, 2.0]), f64::INFINITY);
        assert_eq!(difference(&[f64::NAN], &[1.0]), f64::INFINITY);
        assert_eq!(difference(&[f64::NAN, f64::INFINITY], &[f64::NAN, f64::INFINITY]), 0.0);
        assert_eq!(difference(&[f64::INFINITY], &[f64::NEG_INFINITY]), f64::INFINITY);
        assert_eq!(difference(&[], &[]), 0.0);
    }
}
