//! `cargo xtask bench`: hesse beside its peers on the workloads of `bench/`, in one run; the report in `docs/benchmarks` comes from it.

mod json;
mod machine;
mod measure;
mod npy;
mod options;
mod peers;
mod plots;
mod record;
mod report;
mod statistics;
mod svg;
mod verdict;
mod worker;
mod workloads;

use crate::shell::{self, Done, cargo, root};
use options::Options;
use record::Record;
use std::path::Path;

/// Installs, builds, measures, writes.
pub fn run(arguments: &[String]) -> Done {
    let Some(options) = Options::read(arguments)? else {
        println!("{}", options::USAGE);
        return Ok(());
    };
    let out = root().join(&options.out);
    let results = out.join("results.json");
    if options.report {
        let text = std::fs::read_to_string(&results).map_err(|e| format!("{}: {e}", results.display()))?;
        return write(&Record::read(&text)?, &out);
    }
    let mut record = Record { date: machine::today(), asked: asked(arguments), machine: machine::facts(), ..Record::default() };
    record.missing = peers::install(&options.peers)?;
    shell::run(&mut cargo(&["build", "--release", "--package", "hesse-bench"]))?;
    record.versions = machine::compilers(&peers::python());
    record.versions.extend(peers::versions());
    // Each case is kept at once: a run that is ended early has its figures.
    measure::run(&options, |cell| {
        record.cells.push(cell);
        write(&record, &out)
    })?;
    println!("{}", options.out.join("README.md").display());
    Ok(())
}

/// The options in words.
fn asked(arguments: &[String]) -> String {
    if arguments.is_empty() { "all workloads".into() } else { format!("`{}`", arguments.join(" ")) }
}

/// Writes figures, text and plots.
fn write(record: &Record, out: &Path) -> Done {
    // There may be none.
    let notes = std::fs::read_to_string(root().join("bench/notes.md")).unwrap_or_default();
    let mut files = vec![("results.json", record.json().pretty()), ("README.md", report::page(record, &notes))];
    files.extend(plots::all(record));
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    for (name, text) in files {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}
