//! `--bind`, `--data` and `--columns`: values for the inputs of a formula.
//!
//! ```text
//! X=X.npy   X=model.npz:w   X=t.csv:age..s6   b=0.5   c=[1;2;3]   w=zeros   y=target (a column of --data)
//! ```

use crate::environment;
use crate::failure::Failure;
use hesse::{Diagnostic, Span};
use hesse_data::{Header, Limits, Place, Table, Tensor, read};
use std::path::Path;

/// A value for an input.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// An array.
    Array(Tensor),
    /// One number in every entry, of whatever size the other inputs say.
    Filled(f64),
}

/// The values that the flags give, in order.
pub fn values(bind: &[String], data: Option<&Path>, columns: &[String]) -> Result<Vec<(String, Bound)>, Failure> {
    let limits = environment::file_limits()?;
    let table = data.map(|path| Table::read(path, Header::Auto, &limits)).transpose()?;
    let mut out: Vec<(String, Bound)> = vec![];
    for text in bind {
        for part in split(text) {
            let (name, value) = assignment("--bind", part)?;
            out.push((name, bound(value, table.as_ref(), &limits)?));
        }
    }
    for (name, selection) in selections(columns)? {
        let Some(table) = &table else {
            return Err(Failure::Usage("--columns chooses columns of a table: give it with --data".into()));
        };
        out.push((name, Bound::Array(table.select(&selection)?)));
    }
    for k in 1..out.len() {
        if out[..k].iter().any(|(name, _)| *name == out[k].0) {
            return Err(Failure::Usage(format!("`{}` has two values", out[k].0)));
        }
    }
    Ok(out)
}

/// The parts between commas that are not in brackets.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let outside = |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(outside).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn assignment<'a>(flag: &str, part: &'a str) -> Result<(String, &'a str), Failure> {
    match part.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => Ok((name.trim().to_string(), value.trim())),
        _ => Err(Failure::Usage(format!("{flag} {part}: write NAME=VALUE"))),
    }
}

/// `X=age..s6,y=target,p=a,b` gives X its range, y one column, p two.
fn selections(columns: &[String]) -> Result<Vec<(String, Vec<&str>)>, Failure> {
    let mut out: Vec<(String, Vec<&str>)> = vec![];
    for text in columns {
        for part in split(text) {
            match out.last_mut() {
                Some((_, more)) if !part.contains('=') => more.push(part),
                _ => {
                    let (name, first) = assignment("--columns", part)?;
                    out.push((name, vec![first]));
                }
            }
        }
    }
    Ok(out)
}

fn bound(value: &str, table: Option<&Table>, limits: &Limits) -> Result<Bound, Failure> {
    if let Some(inside) = value.strip_prefix('[') {
        return literal(inside).map(Bound::Array).ok_or_else(|| {
            Failure::Usage(format!("{value}: rows are separated by `;`, entries by `,`, every row has as many numbers: [1,2;3,4]"))
        });
    }
    match value {
        "zeros" => return Ok(Bound::Filled(0.0)),
        "ones" => return Ok(Bound::Filled(1.0)),
        _ => {}
    }
    // A table's columns may have numbers for names, but a number is a number.
    if let Ok(x) = value.parse::<f64>() {
        return Ok(Bound::Array(Tensor::scalar(x)));
    }
    if let Some(place) = Place::parse(value) {
        return Ok(Bound::Array(read(&place, limits)?));
    }
    match table {
        Some(table) => Ok(Bound::Array(table.select(&[value])?)),
        None => Err(Diagnostic::error("E701", Span::default(), format!("`{value}` is no value"))
            .help("write a number, [1;2;3], zeros, ones, a file ending in .npy, .npz, .csv, .tsv or .txt, or a column of --data TABLE")
            .into()),
    }
}

/// The text after `[`: `1,2;3,4]`.
fn literal(text: &str) -> Option<Tensor> {
    let inside = text.trim_end().strip_suffix(']')?.trim();
    if inside.is_empty() {
        return Some(Tensor::new(vec![0], vec![]));
    }
    let number = |cell: &str| cell.parse::<f64>().ok();
    let row = |row: &str| row.split(|c: char| c == ',' || c.is_whitespace()).filter(|cell| !cell.is_empty()).map(number).collect();
    let rows: Vec<Vec<f64>> = inside.split(';').map(row).collect::<Option<_>>()?;
    let cols = rows[0].len();
    rows.iter().all(|row| row.len() == cols).then(|| Tensor::new(vec![rows.len(), cols], rows.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Bound {
        values(&[text.to_string()], None, &[]).unwrap().remove(0).1
    }

    #[test]
    fn kinds_of_values() {
        assert_eq!(one("b=0.5"), Bound::Array(Tensor::scalar(0.5)));
        assert_eq!(one("b=-1e-3"), Bound::Array(Tensor::scalar(-1e-3)));
        assert_eq!(one("w=zeros"), Bound::Filled(0.0));
        assert_eq!(one("w = [1; 2;3]"), Bound::Array(Tensor::new(vec![3, 1], vec![1., 2., 3.])));
        assert_eq!(one("w=[1 2, 3]"), Bound::Array(Tensor::new(vec![1, 3], vec![1., 2., 3.])));
        assert_eq!(one("A=[1,2;3,4]"), Bound::Array(Tensor::new(vec![2, 2], vec![1., 2., 3., 4.])));
        assert_eq!(one("w=[]"), Bound::Array(Tensor::new(vec![0], vec![])));
    }

    #[test]
    fn several_in_one_flag() {
        let names = |text: &str| values(&[text.into()], None, &[]).unwrap().into_iter().map(|v| v.0).collect::<Vec<_>>();
        assert_eq!(names("a=1,b=[1,2],c=3"), ["a", "b", "c"]);
        assert_eq!(
            selections(&["X=age..s6,p=a,b".into(), "y=t".into()]).unwrap(),
            [("X".to_string(), vec!["age..s6"]), ("p".to_string(), vec!["a", "b"]), ("y".to_string(), vec!["t"])]
        );
    }

    #[test]
    fn mistakes() {
        let exit = |bind: &[&str], columns: &[&str]| {
            let own = |texts: &[&str]| texts.iter().map(|t| t.to_string()).collect::<Vec<_>>();
            values(&own(bind), None, &own(columns)).unwrap_err().exit().0
        };
        assert_eq!(exit(&["w"], &[]), 2);
        assert_eq!(exit(&["w="], &[]), 2);
        assert_eq!(exit(&["w=[1;2,3]"], &[]), 2);
        assert_eq!(exit(&["w=[1;x]"], &[]), 2);
        assert_eq!(exit(&["w=1,w=2"], &[]), 2);
        assert_eq!(exit(&[], &["X=age"]), 2);
        assert_eq!(exit(&["w=target"], &[]), 3);
        assert_eq!(exit(&["w=absent.npy"], &[]), 3);
    }
}
