//! NumPy's `.npy` format, versions 1 to 3: header, then entries in C or Fortran order.
//!
//! Read are `f4 f8 i1 i2 i4 i8 u1 u2 u4 u8` and `bool` of either byte order. Object arrays are pickles, which are programs:
//! they are refused, never loaded.

use crate::{Limits, Tensor, fault};
use hesse::Error;
use std::io::Read;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// No honest header is longer (the text of a structured type may be, but is not read anyway).
const LONGEST_HEADER: usize = 64 * 1024;

/// How exact the numbers of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f4
    Single,
    /// Everything else.
    Double,
}

/// Reads one array. `name` stands in messages.
pub fn decode(from: impl Read, name: &str, limits: &Limits) -> Result<Tensor, Error> {
    Ok(decode_with_precision(from, name, limits)?.0)
}

/// Reads one array, and says how exact its numbers were written.
pub fn decode_with_precision(mut from: impl Read, name: &str, limits: &Limits) -> Result<(Tensor, Precision), Error> {
    let header = Header::read(&mut from, name)?;
    let element = Element::of(&header.descr, name)?;
    let count = limits.count(name, &header.shape)?;
    let length = count.saturating_mul(element.size);
    limits.allow_bytes(name, length as u64)?;
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes).map_err(|e| fault::unreadable(name, &e))?;
    if bytes.len() < length {
        let what = format!("the file ends after {} of {length} bytes of data", bytes.len());
        return Err(fault::malformed(name, what));
    }
    let data = bytes.chunks_exact(element.size).map(|b| element.value(b)).collect();
    let array = if header.fortran { from_column_major(header.shape, data) } else { Tensor::new(header.shape, data) };
    Ok((array, if (element.kind, element.size) == (b'f', 4) { Precision::Single } else { Precision::Double }))
}

/// Writes an array as version 1, `<f8`, C order.
pub fn encode(array: &Tensor) -> Vec<u8> {
    let sizes: String = array.shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end_matches(' '));
    // The data starts at a multiple of 64 bytes.
    let padding = 63 - (MAGIC.len() + 4 + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.bytes());
    out.extend(array.data.iter().flat_map(|x| x.to_le_bytes()));
    out
}

fn from_column_major(shape: Vec<usize>, data: Vec<f64>) -> Tensor {
    let mut out = vec![0.0; data.len()];
    let mut at = vec![0usize; shape.len()];
    for x in data {
        let place = at.iter().zip(&shape).fold(0, |place, (&k, &size)| place * size + k);
        out[place] = x;
        for (k, &size) in at.iter_mut().zip(&shape) {
            *k += 1;
            if *k < size {
                break;
            }
            *k = 0;
        }
    }
    Tensor::new(shape, out)
}

/// How one entry is stored.
struct Element {
    kind: u8,
    size: usize,
    big_endian: bool,
}

impl Element {
    fn of(descr: &str, name: &str) -> Result<Element, Error> {
        let refused = |why: &str| {
            Err(fault::not_numbers(name, format!("entries of type {descr} {why}"), "save it as float64: numpy.save(path, x.astype(float))"))
        };
        let bytes = descr.as_bytes();
        let (big_endian, rest) = match bytes.first() {
            Some(b'>') => (true, &bytes[1..]),
            Some(b'<' | b'=' | b'|') => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let Some((&kind, size)) = rest.split_first() else { return refused("are not known") };
        let size = std::str::from_utf8(size).ok().and_then(|s| s.parse().ok()).unwrap_or(0);
        match (kind, size) {
            (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1) => Ok(Element { kind, size, big_endian }),
            (b'O', _) => refused("are pickled Python objects, which are never loaded"),
            (b'c', _) => refused("are complex numbers"),
            (b'S' | b'U' | b'a', _) => refused("are text"),
            _ => refused("are not read"),
        }
    }
    fn value(&self, bytes: &[u8]) -> f64 {
        let mut b = [0u8; 8];
        if self.big_endian {
            for (to, from) in b.iter_mut().zip(bytes.iter().rev()) {
                *to = *from;
            }
        } else {
            b[..bytes.len()].copy_from_slice(bytes);
        }
        let low = u64::from_le_bytes(b);
        match (self.kind, self.size) {
            (b'f', 4) => f64::from(f32::from_bits(low as u32)),
            (b'f', _) => f64::from_bits(low),
            (b'i', size) => {
                let unused = 64 - 8 * size as u32;
                ((low << unused) as i64 >> unused) as f64
            }
            (b'b', _) => f64::from(low != 0),
            _ => low as f64,
        }
    }
}

struct Header {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    fn read(from: &mut impl Read, name: &str) -> Result<Header, Error> {
        let mut fill = |bytes: &mut [u8]| {
            from.read_exact(bytes).map_err(|e| match e.kind() {
                std::io::ErrorKind::UnexpectedEof => fault::malformed(name, "the file ends within the header"),
                _ => fault::unreadable(name, &e),
            })
        };
        let mut start = [0u8; 8];
        fill(&mut start)?;
        if &start[..6] != MAGIC {
            return Err(fault::malformed(name, "not an .npy file: it does not start with \\x93NUMPY"));
        }
        let length = match start[6] {
            1 => {
                let mut n = [0u8; 2];
                fill(&mut n)?;
                usize::from(u16::from_le_bytes(n))
            }
            2 | 3 => {
                let mut n = [0u8; 4];
                fill(&mut n)?;
                u32::from_le_bytes(n) as usize
            }
            v => return Err(fault::malformed(name, format!("version {v}.{} of the format is not known", start[7]))),
        };
        if length > LONGEST_HEADER {
            return Err(fault::malformed(name, format!("a header of {length} bytes; the limit is {LONGEST_HEADER}")));
        }
        let mut text = vec![0u8; length];
        fill(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        match Literal::new(&text).header() {
            Some(header) => Ok(header),
            None => Err(fault::malformed(name, "the header is not the usual dictionary of descr, fortran_order and shape")),
        }
    }
}

/// Reads the header's Python literal; only what `numpy.save` writes.
struct Literal<'a> {
    rest: &'a str,
}

impl<'a> Literal<'a> {
    fn new(text: &'a str) -> Self {
        Literal { rest: text.trim() }
    }
    fn take(&mut self, sign: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }
    fn string(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(text)
    }
    fn integer(&mut self) -> Option<usize> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let value = rest[..end].parse().ok()?;
        // Python 2 wrote long integers with an L.
        self.rest = rest[end..].strip_prefix('L').unwrap_or(&rest[end..]);
        Some(value)
    }
    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.take("(")?;
        let mut out = vec![];
        while self.take(")").is_none() {
            out.push(self.integer()?);
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        Some(out)
    }
    /// The type; a list (a structured type) is kept as the text `[…]`, which no element type matches.
    fn descr(&mut self) -> Option<String> {
        if let Some(text) = self.string() {
            return Some(text.to_string());
        }
        let rest = self.rest.trim_start();
        if !rest.starts_with('[') {
            return None;
        }
        let end = rest.rfind(']')?;
        self.rest = &rest[end + 1..];
        Some("[structured]".into())
    }
    fn header(&mut self) -> Option<Header> {
        self.take("{")?;
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        while self.take("}").is_none() {
            let key = self.string()?;
            self.take(":")?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => {
                    fortran = Some(if self.take("True").is_some() {
                        true
                    } else {
                        self.take("False")?;
                        false
                    });
                }
                "shape" => shape = Some(self.tuple()?),
                _ => return None,
            }
            if self.take(",").is_none() {
                self.take("}")?;
                break;
            }
        }
        Some(Header { descr: descr?, fortran: fortran?, shape: shape? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An .npy file with this version, header and data.
    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend([version, 0]);
        if version == 1 {
            out.extend((header.len() as u16).to_le_bytes())
        } else {
            out.extend((header.len() as u32).to_le_bytes())
        }
        out.extend(header.bytes());
        out.extend(data);
        out
    }
    fn entries(descr: &str, data: &[u8], count: usize) -> Vec<f64> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({count},), }}\n");
        decode(&file(1, &header, data)[..], "t", &Limits::default()).unwrap().data
    }
    fn code(bytes: &[u8]) -> &'static str {
        decode(bytes, "t", &Limits::default()).unwrap_err().first().code
    }

    #[test]
    fn every_type_of_entry() {
        assert_eq!(entries("<f8", &1.5f64.to_le_bytes(), 1), [1.5]);
        assert_eq!(entries(">f8", &1.5f64.to_be_bytes(), 1), [1.5]);
        assert_eq!(entries("<f4", &(-0.25f32).to_le_bytes(), 1), [-0.25]);
        assert_eq!(entries("|i1", &[0xff, 0x7f], 2), [-1.0, 127.0]);
        assert_eq!(entries("<i2", &(-300i16).to_le_bytes(), 1), [-300.0]);
        assert_eq!(entries(">i4", &(-70_000i32).to_be_bytes(), 1), [-70_000.0]);
        assert_eq!(entries("<i8", &i64::MIN.to_le_bytes(), 1), [-9_223_372_036_854_775_808.0]);
        assert_eq!(entries("|u1", &[255], 1), [255.0]);
        assert_eq!(entries("<u2", &65_535u16.to_le_bytes(), 1), [65_535.0]);
        assert_eq!(entries("<u4", &u32::MAX.to_le_bytes(), 1), [4_294_967_295.0]);
        assert_eq!(entries("<u8", &u64::MAX.to_le_bytes(), 1), [18_446_744_073_709_551_615.0]);
        assert_eq!(entries("|b1", &[0, 1], 2), [0.0, 1.0]);
    }

    #[test]
    fn every_version_and_both_orders() {
        let data: Vec<u8> = (0..6).flat_map(|k| f64::from(k).to_le_bytes()).collect();
        for version in [1, 2, 3] {
            let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
            assert_eq!(decode(&file(version, header, &data)[..], "t", &Limits::default()).unwrap().data, [0., 1., 2., 3., 4., 5.]);
        }
        let header = r#"{"shape": (2L, 3L), "fortran_order": True, "descr": "<f8"}"#;
        let array = decode(&file(1, header, &data)[..], "t", &Limits::default()).unwrap();
        assert_eq!(array, Tensor::new(vec![2, 3], vec![0., 2., 4., 1., 3., 5.]));
        let header = "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2, 3), }";
        assert_eq!(decode(&file(1, header, &data)[..], "t", &Limits::default()).unwrap().data, [0., 2., 4., 1., 3., 5.]);
    }

    #[test]
    fn scalars_and_empty_arrays() {
        let scalar = Tensor::scalar(2.0);
        assert_eq!(decode(&encode(&scalar)[..], "t", &Limits::default()).unwrap(), scalar);
        let empty = Tensor::new(vec![0, 3], vec![]);
        let bytes = encode(&empty);
        assert_eq!(bytes.len() % 64, 0);
        assert_eq!(decode(&bytes[..], "t", &Limits::default()).unwrap(), empty);
    }

    #[test]
    fn what_is_refused() {
        let with = |descr: &str| file(1, &format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}"), &[0; 8]);
        assert_eq!(code(&with("'|O'")), "E703");
        assert_eq!(code(&with("'<c16'")), "E703");
        assert_eq!(code(&with("[('a', '<f8')]")), "E703");
        assert_eq!(code(&with("'<f8'")[..70]), "E702");
        assert_eq!(code(b"PK\x03\x04"), "E702");
        assert_eq!(code(b"PK\x03\x04....."), "E702");
        assert_eq!(code(&file(9, "{}", &[])), "E702");
        assert_eq!(code(&file(1, "{'descr': __import__('os')}", &[])), "E702");
        assert_eq!(code(&file(2, &"x".repeat(70_000), &[])), "E702");
        let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }";
        assert_eq!(code(&file(1, huge, &[])), "E706");
        let small = Limits { elements: 3, ..Limits::default() };
        let four = encode(&Tensor::new(vec![4], vec![0.0; 4]));
        let error = decode(&four[..], "t", &small).unwrap_err();
        assert!(error.first().message.contains("limit `elements` of 3"), "{error}");
    }
}
