//! Who may import whom: a ladder of rooms, held by reading the `use` lines.
//!
//! formula → program → calculus → tensor, syntax → facts; `diagnostic` serves all. A room may use those below it and itself.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms of the engine with what they may use besides themselves.
const LADDER: &[(&str, &[&str])] = &[
    ("facts", &[]),
    ("diagnostic", &["facts"]),
    ("syntax", &["facts", "diagnostic"]),
    ("tensor", &["facts"]),
    ("calculus", &["facts", "diagnostic", "syntax", "tensor"]),
    ("program", &["facts", "diagnostic", "tensor", "calculus"]),
    ("formula", &["facts", "diagnostic", "syntax", "tensor", "calculus", "program"]),
];

fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut pending = vec![root.to_path_buf()];
    while let Some(p) = pending.pop() {
        if p.is_dir() {
            pending.extend(fs::read_dir(&p).expect("a folder of the repository").map(|e| e.expect("an entry").path()));
        } else if p.extension().is_some_and(|e| e == "rs") {
            found.push(p);
        }
    }
    found.sort();
    found
}

/// The code without tests and comments: what a room imports when it is built.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn engine() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = vec![];
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
        if inside == "lib.rs" || inside.contains("tests") {
            continue;
        }
        let room = inside.split(['/', '.']).next().unwrap_or_default().to_string();
        all.push((room, path.clone(), code(&path)));
    }
    all
}

#[test]
fn rooms_use_only_what_stands_below_them() {
    let files = engine();
    assert!(files.len() > 40, "only {} files were read", files.len());
    let mut wrong = vec![];
    for (room, path, code) in &files {
        let (_, below) = LADDER.iter().find(|r| r.0 == room).unwrap_or_else(|| panic!("{} is in no room of the ladder", path.display()));
        for (other, _) in LADDER {
            if other != room
                && !below.contains(other)
                && (code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};")))
            {
                wrong.push(format!("{} uses {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_is_pure() {
    for (_, path, code) in engine() {
        for word in [
            "std::fs",
            "std::io",
            "std::env",
            "std::time",
            "std::thread",
            "std::net",
            "std::process",
            "static mut",
            "thread_local!",
            "unsafe ",
        ] {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn differentiation_names_no_function() {
    let (_, path, code) = engine().into_iter().find(|f| f.1.ends_with("calculus/differentiate.rs")).expect("the file");
    for row in hesse::facts::functions::FUNCTIONS {
        assert!(!code.contains(&format!("\"{}\"", row.name)), "{} names {}", path.display(), row.name);
    }
    for row in hesse::facts::matrices::MATRIX_FUNCTIONS {
        assert!(!code.contains(&format!("\"{}\"", row.name)), "{} names {}", path.display(), row.name);
    }
}

#[test]
fn numbers_and_skins_keep_to_the_front_door() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // hesse-run never differentiates symbolically; the skins never see an expression.
    for (name, absent) in [
        (
            "hesse-run",
            &[
                "calculus::differentiate",
                "calculus::library",
                "calculus::rewrite",
                "calculus::simplify",
                "hesse::tensor",
                ".slopes",
                ".slope",
            ][..],
        ),
        ("hesse-data", &["hesse::tensor", "hesse::calculus", "hesse::program"][..]),
    ] {
        for path in sources(&crates.join(name).join("src")) {
            let code = code(&path);
            for word in absent {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}
