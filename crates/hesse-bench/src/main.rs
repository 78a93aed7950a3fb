//! hesse's side of the benchmarks: a worker as `bench/README.md` describes it, `hesse-bench WORKLOAD`.
//!
//! ```text
//! case NAME INPUTS RESULTS  ─▶ {"first_s", "again_s", "peak_mb", "results", …}
//! time SECONDS              ─▶ {"ns", "min", "runs"}
//! ```
//! The number of threads comes in `BENCH_THREADS`; formulas are the files of `bench/workloads`, whose folder comes in `BENCH_WORKLOADS`.
#![forbid(unsafe_code)]

mod derivation;
mod engine;
mod memory;
mod streaming;
mod timing;
mod work;

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;
use work::Work;

/// What is under way.
struct Worker {
    workload: String,
    work: Option<Work>,
    /// Seconds of the last call.
    once: f64,
}

impl Worker {
    fn answer(&mut self, words: &[&str]) -> Result<Value, String> {
        match *words {
            ["case", name, inputs, results] => self.case(name, Path::new(inputs), results),
            ["time", seconds] => self.time(seconds.parse().map_err(|_| format!("{seconds} is no number"))?),
            _ => Err(format!("unknown request {}", words.join(" "))),
        }
    }

    fn case(&mut self, name: &str, inputs: &Path, results: &str) -> Result<Value, String> {
        self.work = None;
        let given = work::read(&self.workload, name, inputs)?;
        let watch = memory::Watch::start(self.workload == "streaming");
        let start = Instant::now();
        let mut work = given.build()?;
        work.run()?;
        let first = start.elapsed().as_secs_f64();
        let start = Instant::now();
        work.run()?;
        self.once = start.elapsed().as_secs_f64();
        let peak = watch.peak_mb();
        let arrays = work.results()?;
        for (k, array) in arrays.iter().enumerate() {
            let bytes = hesse_data::npy::encode(array);
            let path = format!("{results}.{k}.npy");
            std::fs::write(&path, bytes).map_err(|e| format!("{path}: {e}"))?;
        }
        let mut answer = json!({ "first_s": first, "again_s": self.once, "peak_mb": peak, "results": arrays.len() });
        for (name, value) in work.notes() {
            answer[name] = json!(value);
        }
        self.work = Some(work);
        Ok(answer)
    }

    fn time(&mut self, seconds: f64) -> Result<Value, String> {
        let work = self.work.as_mut().ok_or("no case is built")?;
        let timing = timing::time(seconds, self.once, || work.run())?;
        self.once = timing.median;
        Ok(json!({ "ns": timing.median * 1e9, "min": timing.min * 1e9, "runs": timing.runs }))
    }
}

fn main() {
    let mut out = std::io::stdout().lock();
    let mut say = |value: Value| writeln!(out, "{value}").and_then(|()| out.flush()).is_ok();
    let Some(workload) = std::env::args().nth(1) else {
        say(json!({ "error": "usage: hesse-bench WORKLOAD" }));
        return;
    };
    let mut worker = Worker { workload, work: None, once: 0.0 };
    say(json!({ "ready": true }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split('\t').collect();
        if words == ["quit"] {
            return;
        }
        let answer = worker.answer(&words).unwrap_or_else(|why| json!({ "error": why }));
        if !say(answer) {
            return;
        }
    }
}
