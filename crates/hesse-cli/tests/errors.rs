//! The page of refusals, `suite/errors.md`: in a fence marked `hesse-error` the text above `---` is a file, and below stands what `hesse grad`
//! prints about it. `BLESS=1` rewrites what stands below.

mod common;

use common::{command, ran};
use std::path::{Path, PathBuf};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suite/errors.md")
}

/// A fence: its first line after the opening, the position of `---` and of the closing.
fn fences(lines: &[String]) -> Vec<(usize, usize, usize)> {
    let mut out = vec![];
    for (open, _) in lines.iter().enumerate().filter(|(_, line)| *line == "```hesse-error") {
        let close = (open..lines.len()).find(|&k| lines[k] == "```").unwrap_or_else(|| panic!("errors.md:{}: not closed", open + 1));
        let rule = (open..close).find(|&k| lines[k] == "---").unwrap_or_else(|| panic!("errors.md:{}: no line `---`", open + 1));
        out.push((open + 1, rule, close));
    }
    out
}

/// What is printed about a file, with its name as the reader sees it.
fn refusal(source: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("errors");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("formula.hesse"), source).expect("a file");
    let r = ran(command(&["grad", "formula.hesse"]).current_dir(&folder));
    assert!((3..=6).contains(&r.code), "exit code {}, to be refused:\n{source}\n{}{}", r.code, r.out, r.err);
    assert_eq!(r.out, "", "a refusal gives no result:\n{source}");
    r.err.trim_end().lines().map(|line| line.trim_end().to_string()).collect()
}

#[test]
fn refusals_are_printed_as_the_manual_shows() {
    let text = std::fs::read_to_string(page()).expect("suite/errors.md");
    let lines: Vec<String> = text.lines().map(String::from).collect();
    let found = fences(&lines);
    assert!(found.len() > 20, "{} fences", found.len());
    let (mut blessed, mut copied, mut wrong) = (vec![], 0, String::new());
    for (first, rule, close) in found {
        let source: String = lines[first..rule].iter().map(|line| format!("{line}\n")).collect();
        let printed = refusal(&source);
        if !printed.iter().any(|line| line.contains("help:")) {
            wrong += &format!("\nerrors.md:{first}: a refusal without a help:\n{}\n", printed.join("\n"));
        }
        if printed != lines[rule + 1..close] {
            wrong += &format!("\nerrors.md:{first} prints\n{}\n", printed.join("\n"));
        }
        blessed.extend(lines[copied..=rule].iter().cloned());
        blessed.extend(printed);
        copied = close;
    }
    blessed.extend(lines[copied..].iter().cloned());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page(), blessed.join("\n") + "\n").expect("errors.md is written");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}
