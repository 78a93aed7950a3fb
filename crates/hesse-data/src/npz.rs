//! NumPy's `.npz` archives: a zip of `.npy` files, stored or deflated.

use crate::npy::Precision;
use crate::{Limits, Tensor, fault, npy};
use hesse::Error;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// An open archive.
pub struct Archive<R> {
    name: String,
    zip: ZipArchive<R>,
    limits: Limits,
}

impl Archive<BufReader<File>> {
    /// Opens a file.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| fault::unreadable(&name, &e))?;
        Archive::new(BufReader::new(file), &name, limits)
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory of an archive. `name` stands in messages.
    pub fn new(from: R, name: &str, limits: &Limits) -> Result<Self, Error> {
        let zip = ZipArchive::new(from).map_err(|e| damaged(name, e))?;
        Ok(Archive { name: name.into(), zip, limits: *limits })
    }
    /// Names of the arrays, sorted.
    pub fn members(&self) -> Vec<String> {
        let mut names: Vec<String> = self.zip.file_names().filter_map(|n| Some(n.ok()?.strip_suffix(".npy")?.to_string())).collect();
        names.sort();
        names
    }
    /// Reads an array by its name.
    pub fn array(&mut self, member: &str) -> Result<Tensor, Error> {
        Ok(self.array_with_precision(member)?.0)
    }
    /// Reads an array by its name, and says how exact its numbers were written.
    pub fn array_with_precision(&mut self, member: &str) -> Result<(Tensor, Precision), Error> {
        let members = self.members();
        let file = match self.zip.by_name(&format!("{member}.npy")) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Err(fault::no_such_part(&self.name, "array", member, &members)),
            Err(e) => return Err(damaged(&self.name, e)),
        };
        let name = format!("{}:{member}", self.name);
        npy::decode_with_precision(file.take(self.limits.bytes), &name, &self.limits)
    }
    /// The array, if it is the only one.
    pub fn single(&mut self) -> Result<Tensor, Error> {
        match self.members().as_slice() {
            [one] => self.array(one),
            [] => Err(fault::malformed(&self.name, "the archive holds no array")),
            many => {
                let what = format!("the archive holds {} arrays", many.len());
                let help = format!("say which: {}:{}  (it has {})", self.name, many[0], many.join(", "));
                Err(fault::not_numbers(&self.name, what, &help))
            }
        }
    }
}

fn damaged(name: &str, cause: ZipError) -> Error {
    match cause {
        ZipError::Io(e) => fault::unreadable(name, &e),
        other => fault::malformed(name, format!("not a readable .npz archive: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    fn archive(members: &[(&str, Tensor)], how: CompressionMethod) -> Cursor<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(vec![]));
        for (name, array) in members {
            zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(how)).unwrap();
            zip.write_all(&npy::encode(array)).unwrap();
        }
        zip.finish().unwrap()
    }

    #[test]
    fn stored_and_deflated() {
        let (x, y) = (Tensor::new(vec![2, 2], vec![1., 2., 3., 4.]), Tensor::scalar(7.0));
        for how in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = archive(&[("y", y.clone()), ("x", x.clone())], how);
            let mut npz = Archive::new(bytes, "t.npz", &Limits::default()).unwrap();
            assert_eq!(npz.members(), ["x", "y"]);
            assert_eq!(npz.array("x").unwrap(), x);
            assert_eq!(npz.array("y").unwrap(), y);
            assert_eq!(npz.array("z").unwrap_err().first().code, "E705");
            assert_eq!(npz.single().unwrap_err().first().code, "E703");
        }
    }

    #[test]
    fn single_arrays_and_damage() {
        let bytes = archive(&[("only", Tensor::scalar(7.0))], CompressionMethod::Deflated);
        assert_eq!(Archive::new(bytes.clone(), "t", &Limits::default()).unwrap().single().unwrap(), Tensor::scalar(7.0));
        let cut = bytes.get_ref()[..40].to_vec();
        assert_eq!(Archive::new(Cursor::new(cut), "t", &Limits::default()).err().unwrap().first().code, "E702");
        let empty = archive(&[], CompressionMethod::Stored);
        assert_eq!(Archive::new(empty, "t", &Limits::default()).unwrap().single().unwrap_err().first().code, "E702");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bytes = archive(&[("zeros", Tensor::new(vec![1_000_000], vec![0.0; 1_000_000]))], CompressionMethod::Deflated);
        let limits = Limits { bytes: 1000, ..Limits::default() };
        assert_eq!(Archive::new(bytes, "t", &limits).unwrap().single().unwrap_err().first().code, "E706");
    }
}
