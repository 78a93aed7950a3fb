//! Numbers and arrays as text for people.

/// More entries of a row, or rows of a matrix, are shown by their ends.
const MOST: usize = 20;

/// The shortest digits that read back as the same number.
pub fn shortest(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), String::from)
}

/// A number with this many significant digits, zeros at the end left out; all its digits if 0.
pub fn significant(x: f64, digits: usize) -> String {
    if digits == 0 || x == 0.0 || !x.is_finite() {
        return shortest(x);
    }
    let text = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if (-5..15).contains(&exponent) {
        // Rounded to the digits first: 999.9996 with six digits is 1000.
        let rounded: f64 = text.parse().unwrap_or(x);
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        trim(&format!("{rounded:.decimals$}"))
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}

/// A rows × columns array in the notation of literals: `[1 2 3]`, `[1; 2; 3]`; a matrix as lines.
pub fn matrix(rows: usize, cols: usize, data: &[f64], digits: usize) -> Vec<String> {
    let number = |x: &f64| significant(*x, digits);
    if rows == 1 || cols == 1 || data.is_empty() {
        let between = if cols == 1 && rows != 1 { "; " } else { " " };
        return vec![format!(
            "[{}]",
            shown(data.len()).map(|k| k.map_or("…".into(), |k| number(&data[k]))).collect::<Vec<_>>().join(between)
        )];
    }
    let cells: Vec<Vec<String>> =
        shown(rows).map(|i| shown(cols).map(|j| i.zip(j).map_or("…".into(), |(i, j)| number(&data[i * cols + j]))).collect()).collect();
    let width = |j: usize| cells.iter().map(|row: &Vec<String>| row[j].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let line = |row: &Vec<String>| row.iter().zip(&widths).map(|(cell, &w)| format!("{cell:>w$}")).collect::<Vec<_>>().join("  ");
    cells.iter().map(|row| format!("[ {} ]", line(row))).collect()
}

/// The positions of a list that are shown; `None` stands for those between.
fn shown(length: usize) -> impl Iterator<Item = Option<usize>> {
    let (head, tail) = if length <= MOST { (length, length) } else { (MOST / 2, length - MOST / 2) };
    let gap = (head < tail).then_some(None);
    (0..head).map(Some).chain(gap).chain((tail..length).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_digits() {
        for (x, text) in
            [(2.0, "2"), (0.1, "0.1"), (2.938713769644516, "2.938713769644516"), (1e300, "1e300"), (-0.0, "-0"), (f64::NAN, "nan")]
        {
            assert_eq!(shortest(x), text);
        }
        assert_eq!(shortest(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn significant_digits() {
        let cases = [
            (0.276_712_345, "0.276712"),
            (123_456.7, "123457"),
            (1_234_567.8, "1234570"),
            (999.999_6, "1000"),
            (1e-9, "1e-9"),
            (-2.5e20, "-2.5e20"),
            (100.0, "100"),
            (0.00012, "0.00012"),
        ];
        for (x, text) in cases {
            assert_eq!(significant(x, 6), text);
        }
        assert_eq!(significant(1.0 / 3.0, 0), "0.3333333333333333");
    }

    #[test]
    fn arrays() {
        assert_eq!(matrix(1, 3, &[1., 2., 3.], 6), ["[1 2 3]"]);
        assert_eq!(matrix(3, 1, &[1., 2., 3.], 6), ["[1; 2; 3]"]);
        assert_eq!(matrix(2, 2, &[1., -20., 0.5, 4.], 6), ["[   1  -20 ]", "[ 0.5    4 ]"]);
        assert_eq!(matrix(0, 3, &[], 6), ["[]"]);
        let long: Vec<f64> = (0..50).map(f64::from).collect();
        assert_eq!(matrix(1, 50, &long, 6), ["[0 1 2 3 4 5 6 7 8 9 … 40 41 42 43 44 45 46 47 48 49]"]);
        assert_eq!(matrix(25, 2, &long, 6).len(), 21);
    }
}
