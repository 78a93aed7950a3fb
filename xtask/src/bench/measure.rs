//! The run: workers of one workload side by side, each case checked against the reference, then timed in turn.

use super::json::Json;
use super::npy;
use super::options::Options;
use super::peers;
use super::record::{Cell, Entry, HESSE};
use super::report::{duration, number};
use super::statistics::{Sample, ratio};
use super::worker::{Answer, Worker};
use super::workloads::{Case, Workload};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// How long is measured.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Rounds at most.
    rounds: usize,
    /// Seconds of one turn, unless a call takes longer.
    turn: f64,
    /// Seconds that one worker has for a case, unless three calls take longer.
    budget: f64,
    /// A call that takes longer is timed once.
    long: f64,
    /// Cuts the limits of cases.
    patience: f64,
}

const FULL: Pace = Pace { rounds: 9, turn: 0.05, budget: 0.9, long: 2.0, patience: 1.0 };
const QUICK: Pace = Pace { rounds: 5, turn: 0.03, budget: 0.4, long: 0.5, patience: 0.5 };

/// In how many rounds one takes part whose call takes so many seconds.
fn rounds(pace: &Pace, once: f64) -> usize {
    if once > pace.long {
        return 1;
    }
    ((pace.budget / once.max(pace.turn)) as usize).clamp(3.min(pace.rounds), pace.rounds)
}

/// Whether one that takes part in `of` of `all` rounds does in this: as evenly as can be, the first among them.
fn takes_part(round: usize, of: usize, all: usize) -> bool {
    round == 0 || round * of / all != (round - 1) * of / all
}

/// A worker with what became of it.
struct Seat {
    peer: String,
    worker: Option<Worker>,
    /// Why there is none.
    why: Option<String>,
    /// Cases that ended without an answer; the second is the last.
    lost: usize,
}

impl Seat {
    fn start(workload: &Workload, peer: &str, threads: usize) -> Seat {
        let mut seat = Seat { peer: peer.to_string(), worker: None, why: None, lost: 0 };
        seat.restart(workload, threads);
        seat
    }
    fn restart(&mut self, workload: &Workload, threads: usize) {
        let mut command = match self.peer.as_str() {
            HESSE => peers::hesse(workload.module, threads),
            peer => peers::peer(workload.module, peer, threads),
        };
        match Worker::start(&mut command) {
            Ok(worker) => self.worker = Some(worker),
            Err(why) => self.why = Some(why),
        }
    }
    /// Waits until it is ready.
    fn settle(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        match worker.answer(90.0) {
            Answer::Done(_) => {}
            Answer::Skipped(why) | Answer::Failed(why) | Answer::Gone(why) => (self.worker, self.why) = (None, Some(why)),
        }
    }
}

/// Measures everything that is selected; each cell is handed on as soon as it is there.
pub fn run(options: &Options, mut keep: impl FnMut(Cell) -> Result<(), String>) -> Result<(), String> {
    make_inputs(options)?;
    for workload in options.selected() {
        for threads in options.threads(workload) {
            let cases: Vec<&Case> = selected(workload, options, threads).collect();
            if cases.is_empty() {
                continue;
            }
            let mut names = options.peers(workload);
            names.push(HESSE);
            let mut seats: Vec<Seat> = names.iter().map(|peer| Seat::start(workload, peer, threads)).collect();
            seats.iter_mut().for_each(Seat::settle);
            for case in cases {
                keep(measure(workload, case, threads, &mut seats, options.quick)?)?;
            }
        }
    }
    Ok(())
}

fn selected(workload: &'static Workload, options: &Options, threads: usize) -> impl Iterator<Item = &'static Case> {
    workload.cases.iter().filter(move |c| (!options.quick || c.quick) && !(c.serial && threads > 1))
}

/// Where the inputs of a case are.
fn inputs_of(workload: &Workload, case: &Case) -> PathBuf {
    peers::folder().join("data").join(workload.module).join(case.inputs())
}

fn make_inputs(options: &Options) -> Result<(), String> {
    let mut list: Vec<String> = vec![];
    for workload in options.selected() {
        for case in selected(workload, options, 1) {
            let line = format!("{}\t{}\t{}\n", workload.module, case.inputs(), inputs_of(workload, case).display());
            if !list.contains(&line) {
                list.push(line);
            }
        }
    }
    eprintln!("making inputs");
    let script = crate::shell::root().join("bench/peers/inputs.py");
    let mut child = crate::shell::command(peers::python(), &[&script.to_string_lossy()])
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|e| format!("the inputs cannot be made: {e}"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(list.concat().as_bytes()).map_err(|e| format!("the inputs cannot be made: {e}"))?;
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the inputs cannot be made: {status}")) }
}

fn measure(workload: &Workload, case: &Case, threads: usize, seats: &mut [Seat], quick: bool) -> Result<Cell, String> {
    let pace = if quick { QUICK } else { FULL };
    let results = peers::folder().join("results");
    std::fs::create_dir_all(&results).map_err(|e| format!("{}: {e}", results.display()))?;
    let mut entries = vec![];
    let mut reference: Option<Vec<Vec<f64>>> = None;
    // Who takes part, in how many rounds.
    let mut turns = vec![];
    for (k, seat) in seats.iter_mut().enumerate() {
        let mut entry = Entry { peer: seat.peer.clone(), ..Entry::default() };
        let stem = results.join(format!("{}-{threads}-{}", workload.id, seat.peer));
        let limit = (workload.limit * pace.patience).max(10.0);
        match first_call(workload, case, threads, seat, &stem, limit) {
            Err(why) => entry.why = Some(why),
            Ok(answer) => {
                fill(&mut entry, &answer);
                let count = answer.number("results").unwrap_or(0.0) as usize;
                check(workload, &mut entry, &stem, count, &mut reference)?;
                if answer.get("untimed").is_some() {
                    entry.why = Some("gives the values that are compared, and is not timed".into());
                }
                if entry.why.is_none() {
                    turns.push((k, rounds(&pace, answer.number("again_s").unwrap_or(0.0))));
                }
            }
        }
        entries.push(entry);
    }
    for round in 0..pace.rounds {
        for &(k, of) in &turns {
            if entries[k].why.is_none() && takes_part(round, of, pace.rounds) {
                time(round, &pace, &mut seats[k], &mut entries[k]);
            }
        }
    }
    let cell = Cell { workload: workload.id.into(), case: case.name.into(), threads, entries };
    progress(&cell);
    Ok(cell)
}

/// Builds a case and calls it once; a worker that is gone is started again, once.
fn first_call(workload: &Workload, case: &Case, threads: usize, seat: &mut Seat, stem: &Path, limit: f64) -> Result<Json, String> {
    if seat.worker.is_none() && seat.lost == 1 {
        seat.restart(workload, threads);
        seat.settle();
    }
    let Some(worker) = &mut seat.worker else { return Err(seat.why.clone().unwrap_or_else(|| "not there".into())) };
    let inputs = inputs_of(workload, case);
    match worker.ask(&["case", case.name, &inputs.to_string_lossy(), &stem.to_string_lossy()], limit) {
        Answer::Done(answer) => Ok(answer),
        Answer::Skipped(why) => Err(format!("not asked: {why}")),
        Answer::Failed(why) => Err(why),
        Answer::Gone(why) => {
            seat.lost += 1;
            seat.worker = None;
            if seat.lost > 1 {
                seat.why = Some("not asked: two cases before this gave no answer".into());
            }
            Err(why)
        }
    }
}

fn fill(entry: &mut Entry, answer: &Json) {
    entry.first_s = answer.number("first_s");
    entry.peak_mb = answer.number("peak_mb");
    let known = ["first_s", "again_s", "peak_mb", "results"];
    if let Json::Object(fields) = answer {
        for (name, value) in fields {
            if let (Json::Number(x), false) = (value, known.contains(&name.as_str())) {
                entry.notes.push((name.clone(), *x));
            }
        }
    }
}

/// Compares results with the reference's, which are the first that come. A form that was not evaluated has none.
fn check(workload: &Workload, entry: &mut Entry, stem: &Path, count: usize, reference: &mut Option<Vec<Vec<f64>>>) -> Result<(), String> {
    let mut given = vec![];
    for k in 0..count {
        let path = PathBuf::from(format!("{}.{k}.npy", stem.display()));
        given.push(npy::read(&path)?);
        // They may be large; a file that stays is overwritten by the next case.
        let _ = std::fs::remove_file(&path);
    }
    if count == 0 {
        return Ok(());
    }
    let Some(right) = reference else {
        if entry.peer == workload.peers[0] {
            *reference = Some(given);
            entry.difference = Some(0.0);
        } else {
            entry.why = Some("not compared: the reference failed".into());
        }
        return Ok(());
    };
    if given.len() != right.len() {
        entry.why = Some(format!("differs: {} results instead of {}", given.len(), right.len()));
        return Ok(());
    }
    let worst = given.iter().zip(right.iter()).map(|(g, r)| npy::difference(g, r)).fold(0.0, f64::max);
    entry.difference = Some(worst);
    if worst > workload.tolerance {
        entry.why = Some(format!("differs by {worst:.1e} from the reference; allowed are {:.0e}", workload.tolerance));
    }
    Ok(())
}

/// One turn of one worker.
fn time(round: usize, pace: &Pace, seat: &mut Seat, entry: &mut Entry) {
    let Some(worker) = &mut seat.worker else { return };
    match worker.ask(&["time", &pace.turn.to_string()], 60.0) {
        Answer::Done(answer) => {
            let Some(ns) = answer.number("ns") else { return };
            entry.rounds.push(Sample { round, ns });
            let least = answer.number("min").unwrap_or(ns);
            entry.min_ns = Some(entry.min_ns.map_or(least, |m| m.min(least)));
        }
        Answer::Skipped(why) | Answer::Failed(why) => entry.why = Some(why),
        Answer::Gone(why) => {
            seat.worker = None;
            seat.lost += 1;
            entry.why = Some(why);
        }
    }
}

/// A line for who waits.
fn progress(cell: &Cell) {
    let figure = |e: &Entry| match e.median() {
        Some(ns) => format!("{} {}", e.peer, duration(ns)),
        None => format!("{} –", e.peer),
    };
    let figures: Vec<String> = cell.entries.iter().map(figure).collect();
    let peers = || cell.entries.iter().filter(|e| e.peer != HESSE);
    let ratios = cell.hesse().map(|h| peers().filter_map(|p| ratio(&p.rounds, &h.rounds)).map(|r| r.of_medians).fold(f64::MAX, f64::min));
    let least = ratios.filter(|r| *r < f64::MAX).map_or(String::new(), |r| format!("   (least ratio {})", number(r)));
    eprintln!("{:<9} {:<28} {}T  {}{least}", cell.workload, cell.case, cell.threads, figures.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_ones_take_part_less_often() {
        assert_eq!(rounds(&FULL, 1e-6), FULL.rounds);
        assert_eq!(rounds(&FULL, FULL.budget / 5.5), 5);
        assert_eq!(rounds(&FULL, FULL.long), 3);
        assert_eq!(rounds(&FULL, 2.0 * FULL.long), 1);
        for of in 1..=FULL.rounds {
            let taken: Vec<usize> = (0..FULL.rounds).filter(|&r| takes_part(r, of, FULL.rounds)).collect();
            assert_eq!((taken.len(), taken[0]), (of, 0), "{taken:?}");
        }
    }
}
