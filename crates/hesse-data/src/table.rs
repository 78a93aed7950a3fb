//! Delimited text: columns of numbers with or without names.
//!
//! ```
//! use hesse_data::{Header, Limits, Table};
//! let t = Table::parse(b"age,bmi,y\n59,32.1,151\n48,21.6,75\n", "t.csv", Header::Auto, None, &Limits::default()).unwrap();
//! assert_eq!(t.select(&["age..bmi"]).unwrap().data, [59.0, 32.1, 48.0, 21.6]);
//! ```
//!
//! A cell without a usable number is no error until its column is asked for: tables hold text columns too.

use crate::{Limits, Tensor, fault};
use hesse::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Whether the first row holds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Header {
    /// It does if one of its cells is neither a number nor missing.
    #[default]
    Auto,
    /// It does.
    Present,
    /// It does not.
    Absent,
}

/// Rows shown in a message about bad cells.
const SHOWN: usize = 5;

/// A column: its numbers, and the cells that are none.
#[derive(Clone, Debug, Default)]
struct Column {
    values: Vec<f64>,
    bad: usize,
    /// Line of the file and text of the first bad cells.
    first_bad: Vec<(u64, String)>,
}

/// A table of numbers.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    names: Vec<String>,
    rows: usize,
    columns: Vec<Column>,
}

impl Table {
    /// Reads a file. The delimiter is a tab for `.tsv`, otherwise guessed from the first line (comma, semicolon, tab).
    pub fn read(path: &Path, header: Header, limits: &Limits) -> Result<Table, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| fault::unreadable(&name, &e))?;
        let mut bytes = vec![];
        file.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| fault::unreadable(&name, &e))?;
        let tab = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        Table::parse(&bytes, &name, header, tab.then_some(b'\t'), limits)
    }

    /// Reads text. `name` stands in messages.
    pub fn parse(bytes: &[u8], name: &str, header: Header, delimiter: Option<u8>, limits: &Limits) -> Result<Table, Error> {
        limits.allow_bytes(name, bytes.len() as u64)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(bytes));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
        let mut table = Table { name: name.into(), names: vec![], rows: 0, columns: vec![] };
        let mut record = csv::StringRecord::new();
        let mut first = true;
        while reader.read_record(&mut record).map_err(|e| malformed(name, &e))? {
            if std::mem::take(&mut first) {
                table.columns.resize_with(record.len(), Column::default);
                let named = match header {
                    Header::Present => true,
                    Header::Absent => false,
                    Header::Auto => record.iter().any(|cell| cell.parse::<f64>().is_err() && !is_missing(cell)),
                };
                if named {
                    table.names = record.iter().map(String::from).collect();
                    continue;
                }
            }
            table.rows += 1;
            limits.count(name, &[table.rows, table.columns.len()])?;
            let line = record.position().map_or(0, csv::Position::line);
            for (cell, column) in record.iter().zip(&mut table.columns) {
                column.push(cell, line);
            }
        }
        if first {
            return Err(fault::malformed(name, "the file is empty"));
        }
        Ok(table)
    }

    /// Number of rows, without the header.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.columns.len()
    }
    /// Names of the columns; empty without a header.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns of a selection, rows × columns. Each part of the selection is a name, a 1-based number, or a range of
    /// those (`age..s6`, `1..3`, `..`), both ends included.
    pub fn select(&self, parts: &[&str]) -> Result<Tensor, Error> {
        let mut chosen = vec![];
        for part in parts {
            chosen.extend(self.range(part)?);
        }
        self.numbers(&chosen)
    }
    /// All columns.
    pub fn all(&self) -> Result<Tensor, Error> {
        self.numbers(&(0..self.cols()).collect::<Vec<_>>())
    }
    /// Whether a selection can mean a column of this table.
    pub fn has(&self, part: &str) -> bool {
        self.position(part).is_some()
    }

    fn position(&self, name: &str) -> Option<usize> {
        let by_name = self.names.iter().position(|n| n == name);
        by_name.or_else(|| name.parse::<usize>().ok().filter(|k| (1..=self.cols()).contains(k)).map(|k| k - 1))
    }
    fn column(&self, name: &str) -> Result<usize, Error> {
        self.position(name).ok_or_else(|| fault::no_such_part(&self.name, "column", name, &self.names))
    }
    fn range(&self, part: &str) -> Result<Vec<usize>, Error> {
        // A name may hold dots: it comes before the range.
        let (from, to) = match part.split_once("..") {
            Some(ends) if !self.has(part) => ends,
            _ => return Ok(vec![self.column(part)?]),
        };
        let from = if from.is_empty() { 0 } else { self.column(from)? };
        let to = if to.is_empty() { self.cols() - 1 } else { self.column(to)? };
        Ok(if from <= to { (from..=to).collect() } else { (to..=from).rev().collect() })
    }
    fn numbers(&self, chosen: &[usize]) -> Result<Tensor, Error> {
        for &k in chosen {
            self.columns[k].usable(&self.name, &self.title(k))?;
        }
        let mut data = Vec::with_capacity(self.rows * chosen.len());
        for row in 0..self.rows {
            data.extend(chosen.iter().map(|&k| self.columns[k].values[row]));
        }
        Ok(Tensor::new(vec![self.rows, chosen.len()], data))
    }
    fn title(&self, k: usize) -> String {
        self.names.get(k).cloned().unwrap_or_else(|| (k + 1).to_string())
    }
}

impl Column {
    fn push(&mut self, cell: &str, line: u64) {
        match cell.parse::<f64>() {
            Ok(x) if x.is_finite() => self.values.push(x),
            _ => {
                self.values.push(f64::NAN);
                self.bad += 1;
                if self.first_bad.len() < SHOWN {
                    self.first_bad.push((line, cell.to_string()));
                }
            }
        }
    }
    fn usable(&self, name: &str, title: &str) -> Result<(), Error> {
        if self.bad == 0 {
            return Ok(());
        }
        let show = |(line, cell): &(u64, String)| {
            if is_missing(cell) { format!("line {line} is missing") } else { format!("line {line} is `{cell}`") }
        };
        let mut rows: Vec<String> = self.first_bad.iter().map(show).collect();
        if self.bad > self.first_bad.len() {
            rows.push(format!("and {} more", self.bad - self.first_bad.len()));
        }
        let what = format!("column `{title}` has {} cell{} without a finite number", self.bad, if self.bad == 1 { "" } else { "s" });
        Err(fault::bad_cells(name, what, rows.join(", ")))
    }
}

fn is_missing(cell: &str) -> bool {
    ["", "na", "n/a", "nan", "null", "none", "?", "."].iter().any(|m| cell.eq_ignore_ascii_case(m))
}

/// The first of comma, semicolon and tab that the first line holds.
fn guess_delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    *[b',', b';', b'\t'].iter().find(|d| line.contains(d)).unwrap_or(&b',')
}

fn malformed(name: &str, cause: &csv::Error) -> Error {
    match cause.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            fault::malformed(name, format!("line {line} has {len} cells, the first line {expected_len}"))
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            fault::malformed(name, format!("line {line} is not UTF-8 text"))
        }
        _ => fault::malformed(name, cause.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Table {
        Table::parse(text.as_bytes(), "t.csv", Header::Auto, None, &Limits::default()).unwrap()
    }
    fn code(text: &[u8]) -> &'static str {
        Table::parse(text, "t.csv", Header::Auto, None, &Limits::default()).unwrap_err().first().code
    }

    #[test]
    fn header_or_not() {
        assert_eq!(parse("a,b\n1,2\n").names(), ["a", "b"]);
        assert_eq!((parse("1,2\n3,4\n").rows(), parse("1,2\n3,4\n").cols()), (2, 2));
        assert_eq!(parse("1,\n3,4\n").rows(), 2);
        let named = Table::parse(b"1,2\n3,4\n", "t", Header::Present, None, &Limits::default()).unwrap();
        assert_eq!((named.names(), named.rows()), (["1".to_string(), "2".to_string()].as_slice(), 1));
        let plain = Table::parse(b"a\n1\n", "t", Header::Absent, None, &Limits::default()).unwrap();
        assert_eq!(plain.rows(), 2);
    }

    #[test]
    fn selections() {
        let t = parse("age,sex,bmi,y\n1,2,3,4\n5,6,7,8\n");
        assert_eq!(t.select(&["age..bmi"]).unwrap(), Tensor::new(vec![2, 3], vec![1., 2., 3., 5., 6., 7.]));
        assert_eq!(t.select(&["y", "age"]).unwrap().data, [4., 1., 8., 5.]);
        assert_eq!(t.select(&["bmi..age"]).unwrap().data, [3., 2., 1., 7., 6., 5.]);
        assert_eq!(t.select(&["2..3"]).unwrap().data, [2., 3., 6., 7.]);
        assert_eq!(t.select(&["bmi.."]).unwrap().data, [3., 4., 7., 8.]);
        assert_eq!(t.all().unwrap().shape, [2, 4]);
        let error = t.select(&["weight"]).unwrap_err();
        assert_eq!(error.first().code, "E705");
        assert!(error.to_string().contains("age, sex, bmi, y"), "{error}");
        assert_eq!(t.select(&["0"]).unwrap_err().first().code, "E705");
    }

    #[test]
    fn delimiters_and_signs() {
        assert_eq!(parse("a;b\n1;2\n").select(&["b"]).unwrap().data, [2.0]);
        assert_eq!(parse("a\tb\n1\t2e-3\n").select(&["b"]).unwrap().data, [2e-3]);
        assert_eq!(parse("\u{feff}a,b\r\n 1 , -2\r\n").select(&["a", "b"]).unwrap().data, [1.0, -2.0]);
        assert_eq!(parse("\"a, b\",c\n\"1\",2\n").names()[0], "a, b");
    }

    #[test]
    fn bad_cells_name_their_lines() {
        let t = parse("a,b,c\n1,x,2\n,y,3\n4,z,NA\ninf,w,NaN\n");
        let error = t.select(&["a"]).unwrap_err();
        assert_eq!(error.first().code, "E704");
        assert!(error.to_string().contains("2 cells"), "{error}");
        assert!(error.to_string().contains("line 3 is missing, line 5 is `inf`"), "{error}");
        assert!(t.select(&["b"]).unwrap_err().to_string().contains("line 2 is `x`"));
        assert!(t.select(&["c"]).unwrap_err().to_string().contains("line 4 is missing, line 5 is missing"));
        let many = format!("a\n{}", "\"\"\n".repeat(9));
        assert!(parse(&many).select(&["a"]).unwrap_err().to_string().contains("and 4 more"));
    }

    #[test]
    fn damage_and_limits() {
        assert_eq!(code(b""), "E702");
        assert_eq!(code(b"a,b\n1\n"), "E702");
        assert_eq!(code(b"a,b\n1,\xff\n"), "E702");
        let small = Limits { bytes: 3, elements: 100 };
        assert_eq!(Table::parse(b"1,2\n", "t", Header::Auto, None, &small).unwrap_err().first().code, "E706");
        let few = Limits { elements: 3, ..Limits::default() };
        assert_eq!(Table::parse(b"1,2\n3,4\n", "t", Header::Auto, None, &few).unwrap_err().first().code, "E706");
    }
}
