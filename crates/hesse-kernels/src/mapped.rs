//! Numbers of files, looked at where the system keeps them: no copy, and nothing of them stays in memory.

use crate::real::Real;
use std::fs::File;
use std::io;

/// Shows `count` numbers (little-endian) that begin at byte `offset` of a file.
///
/// The file must not be cut short by somebody else meanwhile: as with every reader that maps files, the process would be ended.
///
/// # Errors
/// The file is shorter; the offset is no multiple of a number's size; what the system says.
pub fn look_at<T: Real, R>(file: &File, offset: u64, count: usize, look: impl FnOnce(&[T]) -> R) -> io::Result<R> {
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidInput, text);
    let bytes = count.checked_mul(size_of::<T>()).ok_or_else(|| invalid("more numbers than memory can address"))?;
    if offset.checked_add(bytes as u64).is_none_or(|end| end > file.metadata().map_or(0, |m| m.len())) {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than its numbers"));
    }
    if !offset.is_multiple_of(size_of::<T>() as u64) {
        return Err(invalid("the numbers of the file are not aligned"));
    }
    if count == 0 {
        return Ok(look(&[]));
    }
    shown(file, offset, count, bytes, look)
}

#[cfg(all(unix, target_endian = "little"))]
fn shown<T: Real, R>(file: &File, offset: u64, count: usize, bytes: usize, look: impl FnOnce(&[T]) -> R) -> io::Result<R> {
    use std::os::fd::AsRawFd;

    /// A mapping, given back when it goes out of scope, also by a panic of who looks.
    struct Mapping {
        start: *mut libc::c_void,
        length: usize,
    }
    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: `start` and `length` are those of a mapping that nobody refers to any more.
            unsafe { libc::munmap(self.start, self.length) };
        }
    }

    // SAFETY: asks the system for a constant.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096).max(1);
    let before = (offset % page) as usize;
    let length = bytes + before;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let flags = libc::MAP_SHARED;
    let from = libc::off_t::try_from(offset - before as u64).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: a new mapping, read-only, of an open file; the arguments are what `mmap` asks for.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, flags, file.as_raw_fd(), from) };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let mapping = Mapping { start, length };
    // SAFETY: the mapping holds `before + bytes` readable bytes, the file being that long; page and offset are multiples of the number's size, so
    // the address is aligned; every pattern of bits is a number; the slice does not outlive the mapping.
    let numbers = unsafe { std::slice::from_raw_parts(mapping.start.cast::<u8>().add(before).cast::<T>(), count) };
    Ok(look(numbers))
}

#[cfg(not(all(unix, target_endian = "little")))]
fn shown<T: Real, R>(file: &File, offset: u64, count: usize, bytes: usize, look: impl FnOnce(&[T]) -> R) -> io::Result<R> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(offset))?;
    let mut raw = vec![0u8; bytes];
    file.read_exact(&mut raw)?;
    let number = |b: &[u8]| match *b {
        [a, b, c, d] => T::from_f64(f64::from(f32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => T::from_f64(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
        _ => T::default(),
    };
    let numbers: Vec<T> = raw.chunks_exact(bytes / count).map(number).collect();
    Ok(look(&numbers))
}

#[cfg(test)]
mod tests {
    use super::look_at;
    use std::io::Write;

    #[test]
    fn windows_hold_what_the_file_holds() {
        let path = std::env::temp_dir().join(format!("hesse-mapped-{}", std::process::id()));
        let numbers: Vec<f32> = (0..5000).map(|k| k as f32 - 17.5).collect();
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&[7; 8]).unwrap();
        numbers.iter().for_each(|x| file.write_all(&x.to_le_bytes()).unwrap());
        drop(file);
        let file = std::fs::File::open(&path).unwrap();
        for (from, count) in [(0, 5000), (0, 0), (1023, 1), (1024, 2000), (4999, 1)] {
            let seen = look_at::<f32, _>(&file, 8 + 4 * from as u64, count, <[f32]>::to_vec).unwrap();
            assert_eq!(seen, numbers[from..from + count]);
        }
        let whole = look_at::<f64, _>(&file, 8, 2500, |x| x.len()).unwrap();
        assert_eq!(whole, 2500);
        assert!(look_at::<f32, _>(&file, 8, 5001, |_| ()).is_err());
        assert!(look_at::<f32, _>(&file, 9, 1, |_| ()).is_err());
        assert!(look_at::<f32, _>(&file, u64::MAX - 3, 1, |_| ()).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
