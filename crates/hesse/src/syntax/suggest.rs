//! "Did you mean …?": the known name nearest to an unknown one.

/// The candidate nearest to `name` by edits (insert, delete, replace, swap of neighbours; case is ignored), if it is near
/// enough to be a slip of the finger: one edit for up to five characters, a third of the length beyond. The first of equals.
///
/// ```
/// use hesse::syntax::suggest::nearest;
/// assert_eq!(nearest("sofplus", ["sigmoid", "softplus"]), Some("softplus"));
/// assert_eq!(nearest("q", ["x", "y"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let reach = (wanted.len() / 3).max(1);
    let near = candidates.into_iter().filter_map(|candidate| {
        let known: Vec<char> = candidate.to_lowercase().chars().collect();
        let edits = distance(&wanted, &known);
        // One edit turns any letter into any other: a name of one letter only has namesakes of another case.
        (edits <= reach && edits < wanted.len().min(known.len())).then_some((edits, candidate))
    });
    near.min_by_key(|&(edits, _)| edits).map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, by rows of the usual table.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_nothing_else() {
        let known = ["matrix", "vector", "rowvector", "symmetric", "sum", "X"];
        assert_eq!(nearest("martix", known), Some("matrix"));
        assert_eq!(nearest("Vector", known), Some("vector"));
        assert_eq!(nearest("x", known), Some("X"));
        assert_eq!(nearest("smu", known), Some("sum"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("", known), None);
    }
}
