//! W11: rows of f32 that are never in memory all at once: value and gradient in one pass over a file.

use hesse::{Ask, Formula, Request, Want};
use hesse_data::{Limits, Tensor, npy};
use hesse_kernels::mapped;
use hesse_run::compile::{BindOptions, Bound, Compiled};
use hesse_run::{Rows, RunError};
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::Path;

/// The logistic loss over a file.
#[derive(Debug)]
pub struct Streaming {
    bound: Bound<f32>,
    rows: FileRows,
    /// By position in the program; nothing for the rows.
    inputs: Vec<Vec<f32>>,
    value: [f32; 1],
    gradient: Vec<f32>,
}

/// An array of f32 in a file.
#[derive(Debug)]
struct FileRows {
    file: File,
    /// Bytes in front of the first row.
    header: u64,
    columns: usize,
}

impl Rows<f32> for FileRows {
    fn with(&self, _: usize, rows: Range<usize>, look: &mut dyn FnMut(&[f32])) -> Result<(), RunError> {
        let offset = self.header + 4 * (rows.start * self.columns) as u64;
        mapped::look_at(&self.file, offset, rows.len() * self.columns, |data| look(data))
            .map_err(|e| RunError::new("E701", format!("X.npy: {e}")))
    }
}

impl Streaming {
    /// Opens `X.npy`, `y.npy` and `w.npy` of a folder.
    ///
    /// # Errors
    /// A file that is missing or is no array of f32.
    pub fn open(text: &str, folder: &Path) -> Result<Self, String> {
        let small = |name: &str| {
            let path = folder.join(name);
            let file = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            npy::decode(BufReader::new(file), name, &Limits::default()).map_err(|e| e.to_string())
        };
        let (y, w) = (small("y.npy")?, small("w.npy")?);
        let path = folder.join("X.npy");
        let mut file = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let bytes = file.metadata().map_err(|e| e.to_string())?.len();
        let (count, columns) = (y.data.len(), w.data.len());
        let mut start = [0; 10];
        file.read_exact(&mut start).map_err(|e| e.to_string())?;
        // Version 1 of the format: magic, version, length of the header.
        let header = 10 + u64::from(u16::from_le_bytes([start[8], start[9]]));
        if bytes != header + 4 * (count * columns) as u64 {
            return Err(format!("X.npy is no array of f32 with {count} rows and {columns} columns"));
        }
        let formula = Formula::parse(text, false).map_err(|e| e.to_string())?;
        let gradient = Request { wrt: vec!["w".into()], want: Want::Gradient, ..Request::default() };
        let joint = formula.joint(&[Ask::Value(None), Ask::Derivative(gradient)]).map_err(|e| e.to_string())?;
        let options = BindOptions { streamed: vec!["X".into()], ..BindOptions::default() };
        let bound = Compiled::joint(&joint).bind::<f32>(&[("N", count), ("n", columns)], &options).map_err(|e| e.to_string())?;
        let single = |t: &Tensor| t.data.iter().map(|x| *x as f32).collect();
        let inputs = bound
            .names()
            .map(|name| {
                if name == "y" {
                    single(&y)
                } else if name == "w" {
                    single(&w)
                } else {
                    vec![]
                }
            })
            .collect();
        Ok(Streaming { bound, rows: FileRows { file, header, columns }, inputs, value: [0.0], gradient: vec![0.0; columns] })
    }

    /// One pass over all rows.
    ///
    /// # Errors
    /// The file cannot be read, or what the engine refuses.
    pub fn run(&mut self) -> Result<(), String> {
        let inputs: Vec<&[f32]> = self.inputs.iter().map(|x| &x[..]).collect();
        self.bound.stream(&inputs, &self.rows, &mut [&mut self.value, &mut self.gradient]).map_err(|e| e.to_string())
    }

    /// Value and gradient.
    pub fn results(&self) -> Vec<Tensor> {
        let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect();
        vec![Tensor::new(vec![], wide(&self.value)), Tensor::new(vec![self.gradient.len()], wide(&self.gradient))]
    }
}
