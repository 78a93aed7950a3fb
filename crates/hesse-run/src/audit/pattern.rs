//! What a line says in words of its entries: `diagonal`, `identity`, `banded (1 below, 2 above)`.

/// Whether a matrix, row by row, is what a pattern says of it; true for words that say nothing of single entries.
/// `peak` is the largest number on the way to the entries: a share of it is rounding.
pub(super) fn fits(pattern: &str, data: &[f64], columns: usize, peak: f64) -> bool {
    let rows = data.len() / columns.max(1);
    let size = data.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let none = |x: f64| x.abs() <= 1e-12 * size;
    // What cancels is 0 up to the rounding of what it is the difference of.
    let nothing = |x: f64| x.abs() <= 1e-12 * peak;
    let zero_where = |outside: &dyn Fn(i64) -> bool| {
        let place = |k: usize| (k / columns) as i64 - (k % columns) as i64;
        (0..data.len()).all(|k| !outside(place(k)) || none(data[k]))
    };
    let diagonal = || zero_where(&|below| below != 0);
    let entry = |i: usize| data[i * columns + i];
    let equal = || rows == columns && (1..rows).all(|i| none(entry(i) - entry(0)));
    match pattern {
        "zero" => data.iter().all(|x| nothing(*x)),
        "diagonal" => diagonal(),
        "identity" => diagonal() && equal() && data.first().is_none_or(|x| (x - 1.0).abs() <= 1e-12),
        "scaled identity" => diagonal() && equal(),
        "lower triangular" => zero_where(&|below| below < 0),
        "upper triangular" => zero_where(&|below| below > 0),
        "symmetric" => {
            let twin = |k: usize| data[(k % columns) * columns + k / columns];
            rows == columns && (0..data.len()).all(|k| (data[k] - twin(k)).abs() <= 1e-9 * size)
        }
        _ => match banded(pattern) {
            Some((below, above)) => zero_where(&|place| place > below || -place > above),
            None => true,
        },
    }
}

/// The diagonals beside the main one: `banded (1 below, 2 above)`.
fn banded(pattern: &str) -> Option<(i64, i64)> {
    let (below, above) = pattern.strip_prefix("banded (")?.strip_suffix(" above)")?.split_once(" below, ")?;
    Some((below.parse().ok()?, above.parse().ok()?))
}

#[cfg(test)]
mod tests {
    fn fits(pattern: &str, data: &[f64], columns: usize) -> bool {
        super::fits(pattern, data, columns, 10.0)
    }

    #[test]
    fn words_are_held_to_the_numbers() {
        let diagonal = [2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 2.0];
        let lower = [1.0, 0.0, 5.0, 1.0];
        assert!(fits("diagonal", &diagonal, 3) && fits("symmetric", &diagonal, 3) && fits("banded (0 below, 1 above)", &diagonal, 3));
        assert!(!fits("identity", &diagonal, 3) && !fits("scaled identity", &diagonal, 3) && !fits("zero", &diagonal, 3));
        assert!(fits("lower triangular", &lower, 2) && !fits("upper triangular", &lower, 2) && !fits("symmetric", &lower, 2));
        assert!(fits("banded (1 below, 0 above)", &lower, 2) && !fits("banded (0 below, 1 above)", &lower, 2));
        assert!(
            fits("identity", &[1.0, 0.0, 0.0, 1.0], 2) && fits("scaled identity", &[4.0, 0.0, 0.0, 4.0], 2) && fits("zero", &[0.0; 4], 2)
        );
        assert!(!fits("diagonal", &[1.0, 0.1, 0.0, 1.0], 2) && fits("low rank", &lower, 2) && fits("zero", &[], 0));
    }
}
