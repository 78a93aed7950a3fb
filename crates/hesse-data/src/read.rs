//! One array from a path, the format told by its extension.

use crate::{Archive, Header, Limits, Table, Tensor, fault, npy};
use hesse::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A path with, after a last colon, what of it is meant: `m.npz:weights`, `t.csv:age..s6`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The member of an archive, or columns of a table separated by `+`.
    pub part: Option<String>,
}

/// Formats by extension.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Npy,
    Npz,
    Text,
}

impl Format {
    fn of(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "npy" => Some(Format::Npy),
            "npz" => Some(Format::Npz),
            "csv" | "tsv" | "txt" | "dat" => Some(Format::Text),
            _ => None,
        }
    }
}

impl Place {
    /// The place that a text names, if its extension is that of a format that is read.
    pub fn parse(text: &str) -> Option<Place> {
        if Format::of(Path::new(text)).is_some() {
            return Some(Place { path: text.into(), part: None });
        }
        let (path, part) = text.rsplit_once(':')?;
        Format::of(Path::new(path))?;
        Some(Place { path: path.into(), part: Some(part.into()) })
    }
}

/// Reads an array. Text with a single number is a scalar; other text is rows × columns.
pub fn read(place: &Place, limits: &Limits) -> Result<Tensor, Error> {
    let name = place.path.display().to_string();
    match Format::of(&place.path) {
        Some(Format::Npy) => {
            let file = File::open(&place.path).map_err(|e| fault::unreadable(&name, &e))?;
            npy::decode(BufReader::new(file), &name, limits)
        }
        Some(Format::Npz) => {
            let mut archive = Archive::open(&place.path, limits)?;
            match &place.part {
                Some(member) => archive.array(member),
                None => archive.single(),
            }
        }
        Some(Format::Text) => {
            let table = Table::read(&place.path, Header::Auto, limits)?;
            let mut array = match &place.part {
                Some(part) => table.select(&part.split('+').collect::<Vec<_>>())?,
                None => table.all()?,
            };
            if array.data.len() == 1 && table.names().is_empty() {
                array.shape.clear();
            }
            Ok(array)
        }
        None => Err(fault::not_numbers(&name, "the extension tells no format", "files end in .npy, .npz, .csv, .tsv, .txt or .dat")),
    }
}
