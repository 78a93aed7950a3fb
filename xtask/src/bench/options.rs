//! What `cargo xtask bench` is asked for.

use super::workloads::{self, WORKLOADS, Workload};
use std::path::PathBuf;

pub const USAGE: &str = "\
cargo xtask bench [options]

Measures hesse beside its peers, run by run in turn, and writes a report with plots and raw figures. Peers are installed into
target/bench/venv (the first time: minutes, several GB with PyTorch); inputs are made once in target/bench/data (1 GB for W11).

  --workloads W1,W2   only these (W1 ... W11, functions)
  --peers numpy,jax   only peers whose names begin so; NumPy's form stays, as the reference of the results
  --threads 1,2       only these numbers of threads
  --quick             fewer cases and rounds: about four minutes
  --no-stream         without W11 and its 1 GB
  --out FOLDER        where the report goes: docs/benchmarks for a full run, target/bench/report for any other
  --report            measure nothing: write the text and the plots again from results.json
  --help              this text";

/// The options of a run.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// The names of workloads, as in the table.
    pub workloads: Vec<&'static str>,
    /// Beginnings of names of peers; all if empty.
    pub peers: Vec<String>,
    /// Numbers of threads; all of the workload if empty.
    pub threads: Vec<usize>,
    /// Fewer cases and rounds.
    pub quick: bool,
    /// Only write the report again.
    pub report: bool,
    /// Where the report goes, relative to the root.
    pub out: PathBuf,
}

impl Options {
    /// Reads arguments; `None` asks for help.
    pub fn read(arguments: &[String]) -> Result<Option<Options>, String> {
        let (mut workloads, mut peers, mut threads, mut out) = (vec![], vec![], vec![], None);
        let (mut quick, mut report, mut stream) = (false, false, true);
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{option} needs a value: cargo xtask bench --help"));
            match option.as_str() {
                "--help" | "-h" => return Ok(None),
                "--quick" => quick = true,
                "--report" => report = true,
                "--no-stream" => stream = false,
                "--out" => out = Some(PathBuf::from(value()?)),
                "--peers" => peers = value()?.split(',').map(str::to_string).collect(),
                "--threads" => {
                    for word in value()?.split(',') {
                        threads.push(word.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("{word} is no number of threads"))?);
                    }
                }
                "--workloads" => {
                    for word in value()?.split(',') {
                        let known = || WORKLOADS.iter().map(|w| w.id).collect::<Vec<_>>().join(", ");
                        workloads.push(workloads::find(word).ok_or_else(|| format!("there is no workload {word}: one of {}", known()))?.id);
                    }
                }
                _ => return Err(format!("unknown option {option}: cargo xtask bench --help")),
            }
        }
        let whole = workloads.is_empty() && peers.is_empty() && threads.is_empty() && !quick && stream;
        if workloads.is_empty() {
            workloads = WORKLOADS.iter().map(|w| w.id).collect();
        }
        workloads.retain(|w| stream || *w != "W11");
        let out = out.unwrap_or_else(|| PathBuf::from(if whole || report { "docs/benchmarks" } else { "target/bench/report" }));
        Ok(Some(Options { workloads, peers, threads, quick, report, out }))
    }

    /// The workloads, in the order of the table.
    pub fn selected(&self) -> impl Iterator<Item = &'static Workload> {
        WORKLOADS.iter().filter(|w| self.workloads.contains(&w.id))
    }

    /// The peers of a workload that are measured; the reference is always among them.
    pub fn peers(&self, workload: &Workload) -> Vec<&'static str> {
        let wanted = |p: &str| self.peers.is_empty() || self.peers.iter().any(|w| p.starts_with(w.as_str()));
        workload.peers.iter().enumerate().filter(|(k, p)| *k == 0 || wanted(p)).map(|(_, p)| *p).collect()
    }

    /// The numbers of threads of a workload.
    pub fn threads(&self, workload: &Workload) -> Vec<usize> {
        workload.threads.iter().copied().filter(|n| self.threads.is_empty() || self.threads.contains(n)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Options>, String> {
        Options::read(&text.split_whitespace().map(str::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn only_a_full_run_goes_into_the_documentation() {
        let out = |text| read(text).unwrap().unwrap().out;
        assert_eq!(out(""), PathBuf::from("docs/benchmarks"));
        for part in ["--quick", "--workloads W1", "--no-stream", "--threads 1", "--peers jax"] {
            assert_eq!(out(part), PathBuf::from("target/bench/report"), "{part}");
        }
        assert_eq!(out("--quick --out x"), PathBuf::from("x"));
    }

    #[test]
    fn what_is_selected() {
        let options = read("--workloads w3,functions --peers jax,torch --threads 2").unwrap().unwrap();
        assert_eq!(options.selected().map(|w| w.id).collect::<Vec<_>>(), ["W3", "functions"]);
        let w3 = workloads::find("W3").unwrap();
        assert_eq!(options.peers(w3), ["numpy", "jax", "jax_closed", "torch"]);
        assert_eq!(options.threads(w3), [2]);
        assert!(options.threads(workloads::find("W1").unwrap()).is_empty());
        assert!(!read("--no-stream").unwrap().unwrap().workloads.contains(&"W11"));
        assert_eq!(read("--quick --help"), Ok(None));
    }

    #[test]
    fn what_is_refused() {
        for text in ["--workloads W99", "--threads 0", "--threads x", "--peers", "--fast"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
