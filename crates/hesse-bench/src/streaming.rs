//! W11: rows of f32 that are never in memory all at once: blocks of a file, value and gradient added up.

use crate::engine::{Ask, Compiled, Inputs};
use hesse_data::{Limits, Tensor, npy};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Rows of a block: 800 kB of f32 for 100 columns.
const BLOCK: usize = 2048;

/// The logistic loss over a file.
#[derive(Debug)]
pub struct Streaming {
    compiled: Compiled,
    rows: File,
    /// Bytes in front of the first row.
    header: u64,
    columns: usize,
    y: Vec<f64>,
    w: Tensor,
    value: f64,
    gradient: Vec<f64>,
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
        let mut rows = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let bytes = rows.metadata().map_err(|e| e.to_string())?.len();
        let columns = w.data.len();
        let mut start = [0; 10];
        rows.read_exact(&mut start).map_err(|e| e.to_string())?;
        // Version 1 of the format: magic, version, length of the header.
        let header = 10 + u64::from(u16::from_le_bytes([start[8], start[9]]));
        if bytes != header + 4 * (y.data.len() * columns) as u64 {
            return Err(format!("X.npy is no array of f32 with {} rows and {columns} columns", y.data.len()));
        }
        let compiled = Compiled::new(text, &[Ask::Value, Ask::Gradients(&["w"])], false).map_err(|e| e.to_string())?;
        Ok(Streaming { compiled, rows, header, columns, y: y.data, w, value: 0.0, gradient: vec![] })
    }

    /// One pass over all rows.
    ///
    /// # Errors
    /// The file cannot be read, or what the engine refuses.
    pub fn run(&mut self) -> Result<(), String> {
        self.rows.seek(SeekFrom::Start(self.header)).map_err(|e| e.to_string())?;
        self.value = 0.0;
        self.gradient = vec![0.0; self.columns];
        let mut bytes = vec![0; 4 * BLOCK * self.columns];
        for y in self.y.chunks(BLOCK) {
            let block = &mut bytes[..4 * y.len() * self.columns];
            self.rows.read_exact(block).map_err(|e| e.to_string())?;
            let number = |b: &[u8]| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let x = block.chunks_exact(4).map(number).collect();
            let mut inputs = Inputs::default();
            inputs.arrays.insert("X".into(), Tensor::new(vec![y.len(), self.columns], x));
            inputs.arrays.insert("y".into(), Tensor::new(vec![y.len()], y.to_vec()));
            inputs.arrays.insert("w".into(), self.w.clone());
            let mut bound = self.compiled.bind(&inputs).map_err(|e| e.to_string())?;
            bound.call().map_err(|e| e.to_string())?;
            let outputs = bound.results();
            self.value += outputs[0].1[0];
            for (to, part) in self.gradient.iter_mut().zip(outputs[1].1) {
                *to += part;
            }
        }
        Ok(())
    }

    /// Value and gradient.
    pub fn results(&self) -> Vec<Tensor> {
        vec![Tensor::scalar(self.value), Tensor::new(vec![self.columns], self.gradient.clone())]
    }
}
