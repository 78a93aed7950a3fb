//! `BLESS=1`: rewrites the lines that differ only in form.

use crate::book::Chapter;
use crate::check::Finding;
use std::collections::BTreeMap;

/// Applies the edits of the findings that have some; gives the number of edited lines and the findings that are left.
pub fn rewrite(chapter: &Chapter, findings: Vec<Finding>) -> (usize, Vec<Finding>) {
    let (mend, left): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| !f.edits.is_empty());
    let edits: BTreeMap<usize, Vec<String>> = mend.into_iter().flat_map(|f| f.edits).collect();
    if !edits.is_empty() {
        let lines: Vec<&str> = chapter.lines.iter().enumerate().flat_map(|(k, line)| replacement(&edits, k, line)).collect();
        std::fs::write(&chapter.path, lines.join("\n") + "\n").unwrap_or_else(|e| panic!("{}: {e}", chapter.path.display()));
    }
    (edits.len(), left)
}

fn replacement<'a>(edits: &'a BTreeMap<usize, Vec<String>>, k: usize, line: &'a str) -> Vec<&'a str> {
    edits.get(&k).map_or(vec![line], |new| new.iter().map(String::as_str).collect())
}
