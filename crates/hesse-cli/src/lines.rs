//! Lines of a stream that may be of any length.

use std::io::{self, BufRead};

/// A line that is longer than what is kept of one.
pub struct TooLong;

/// The next line without its end, or that it was too long; `None` at the end of the input.
pub fn next(from: &mut impl BufRead, longest: usize) -> io::Result<Option<Result<Vec<u8>, TooLong>>> {
    let (mut line, mut length, mut any) = (vec![], 0usize, false);
    loop {
        let buffer = match from.fill_buf() {
            Ok(buffer) => buffer,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if buffer.is_empty() {
            break;
        }
        any = true;
        let end = buffer.iter().position(|&b| b == b'\n');
        let taken = end.unwrap_or(buffer.len());
        length += taken;
        if length <= longest {
            line.extend_from_slice(&buffer[..taken]);
        }
        from.consume(end.map_or(taken, |end| end + 1));
        if end.is_some() {
            break;
        }
    }
    let line = if length <= longest { Ok(line) } else { Err(TooLong) };
    Ok(any.then_some(line))
}
