//! Bars against what was measured.

use super::record::{Cell, HESSE};
use super::statistics::{Ratio, exponent, ratio};
use super::workloads::{Bar, Kind, Workload};

/// Two that differ by less, in either direction, are a tie.
pub const TIE: f64 = 1.5;

/// Whether hesse is where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bar is reached.
    Met,
    /// It is not, but it asks for no more than a tie could give, and it is a tie.
    Tie,
    /// It is not.
    Missed,
    /// hesse or all of the peers are not measured.
    Open,
}

impl Verdict {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Tie => "tie",
            Verdict::Missed => "missed",
            Verdict::Open => "open",
        }
    }
}

/// A bar in a cell (of [`Kind::Nodes`]: over the cells that it names), judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The workload.
    pub workload: &'static str,
    /// The case.
    pub case: String,
    /// Threads.
    pub threads: usize,
    /// The peer that counts: the fastest of those of the bar; empty for bars about memory and nodes.
    pub peer: String,
    /// How many times longer it takes.
    pub ratio: Option<Ratio>,
    /// What is asked.
    pub asked: Asked,
    /// What was found, for those without a ratio.
    pub found: Option<f64>,
    /// Whether it is reached.
    pub verdict: Verdict,
    /// Why it could not be judged.
    pub why: Option<String>,
}

/// What a bar asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// At least this ratio.
    Ratio(f64),
    /// At most so many MB.
    Memory(f64),
    /// At most this exponent.
    Exponent(f64),
}

/// Which side is ahead, or a tie.
pub fn side(ratio: f64) -> &'static str {
    match ratio {
        r if r > TIE => "ahead",
        r if r < 1.0 / TIE => "behind",
        _ => "tie",
    }
}

/// A ratio against what is asked.
pub fn of_ratio(found: f64, asked: f64) -> Verdict {
    if found >= asked {
        Verdict::Met
    } else if asked <= TIE && found >= 1.0 / TIE {
        Verdict::Tie
    } else {
        Verdict::Missed
    }
}

/// All bars of a workload in its cells.
pub fn judge(workload: &'static Workload, cells: &[Cell]) -> Vec<Judged> {
    let cells: Vec<&Cell> = cells.iter().filter(|c| c.workload == workload.id).collect();
    let mut out = vec![];
    for bar in workload.bars {
        match bar.kind {
            Kind::Nodes(most) => out.extend(nodes(workload, bar, most, &cells)),
            Kind::Faster { than, by } => {
                out.extend(cells.iter().filter(|c| bar.holds_for(&c.case)).map(|c| faster(workload, c, than, by)));
            }
            Kind::Memory(most) => out.extend(cells.iter().filter(|c| bar.holds_for(&c.case)).map(|c| memory(workload, c, most))),
        }
    }
    out
}

fn open(workload: &'static Workload, cell: &Cell, asked: Asked) -> Judged {
    let why = match cell.entry(HESSE) {
        None => Some("hesse was not asked".to_string()),
        Some(e) => e.why.clone(),
    };
    let (case, threads) = (cell.case.clone(), cell.threads);
    Judged { workload: workload.id, case, threads, peer: String::new(), ratio: None, asked, found: None, verdict: Verdict::Open, why }
}

/// The peer among these that takes the least time.
pub fn fastest<'a>(cell: &'a Cell, of: &[&str]) -> Option<&'a super::record::Entry> {
    let measured = cell.entries.iter().filter(|e| of.contains(&e.peer.as_str()) && e.median().is_some());
    measured.min_by(|a, b| a.median().unwrap_or(f64::MAX).total_cmp(&b.median().unwrap_or(f64::MAX)))
}

fn faster(workload: &'static Workload, cell: &Cell, than: &[&str], by: f64) -> Judged {
    let mut judged = open(workload, cell, Asked::Ratio(by));
    let Some(peer) = fastest(cell, than) else {
        judged.peer = than.join(", ");
        judged.why = judged.why.or_else(|| Some("no such peer was measured".into()));
        return judged;
    };
    judged.peer = peer.peer.clone();
    judged.ratio = cell.hesse().and_then(|hesse| ratio(&peer.rounds, &hesse.rounds));
    if let Some(r) = judged.ratio {
        judged.verdict = of_ratio(r.of_medians, by);
    }
    judged
}

fn memory(workload: &'static Workload, cell: &Cell, most: f64) -> Judged {
    let mut judged = open(workload, cell, Asked::Memory(most));
    judged.found = cell.hesse().and_then(|hesse| hesse.peak_mb);
    if let Some(mb) = judged.found {
        judged.verdict = if mb <= most { Verdict::Met } else { Verdict::Missed };
    }
    judged
}

fn nodes(workload: &'static Workload, bar: &Bar, most: f64, cells: &[&Cell]) -> Option<Judged> {
    let family: Vec<&&Cell> = cells.iter().filter(|c| bar.holds_for(&c.case)).collect();
    let point = |c: &&&Cell| Some((c.size("depth")?, c.hesse()?.note("nodes")?));
    let mut judged = open(workload, family.first()?, Asked::Exponent(most));
    judged.case = bar.cases.to_string();
    judged.found = exponent(&family.iter().filter_map(point).collect::<Vec<_>>());
    if let Some(e) = judged.found {
        judged.verdict = if e <= most { Verdict::Met } else { Verdict::Missed };
        judged.why = None;
    }
    Some(judged)
}

#[cfg(test)]
mod tests {
    use super::super::record::Entry;
    use super::super::record::tests::{cell, entry};
    use super::super::workloads::find;
    use super::*;

    #[test]
    fn verdicts_of_ratios() {
        assert_eq!(of_ratio(4.0, 4.0), Verdict::Met);
        assert_eq!(of_ratio(3.9, 4.0), Verdict::Missed);
        // A tie is no excuse where the bar asks for more than a tie.
        assert_eq!(of_ratio(1.2, 2.5), Verdict::Missed);
        assert_eq!(of_ratio(0.8, 1.0), Verdict::Tie);
        assert_eq!(of_ratio(1.2, 1.5), Verdict::Tie);
        assert_eq!(of_ratio(0.6, 1.0), Verdict::Missed);
        assert_eq!(of_ratio(0.7, 1.0 / 1.5), Verdict::Met);
        assert_eq!([side(1.4), side(0.7), side(1.6), side(0.5)], ["tie", "tie", "ahead", "behind"]);
    }

    #[test]
    fn the_fastest_peer_counts() {
        let w2 = find("W2").unwrap();
        let slow = Entry { peer: "torch".into(), why: Some("no".into()), ..Entry::default() };
        let c = cell(
            "W2",
            "N=100000,n=100",
            vec![entry("numpy", &[30.0]), entry("jax", &[20.0]), slow, entry("c", &[9.0]), entry(HESSE, &[10.0])],
        );
        let judged = judge(w2, &[c]);
        let found: Vec<_> = judged.iter().map(|j| (j.peer.as_str(), j.ratio.unwrap().of_medians, j.verdict)).collect();
        assert_eq!(found, [("jax", 2.0, Verdict::Missed), ("c", 0.9, Verdict::Met)]);
    }

    #[test]
    fn what_is_not_measured_is_open() {
        let w4 = find("W4").unwrap();
        let failed = Entry { peer: HESSE.into(), why: Some("too large".into()), ..Entry::default() };
        let judged = judge(w4, &[cell("W4", "n=1000000", vec![entry("jax_trick", &[5.0]), failed])]);
        assert!(judged.iter().all(|j| j.verdict == Verdict::Open && j.why.as_deref() == Some("too large")), "{judged:?}");
        assert_eq!(judged.len(), 3);
    }

    #[test]
    fn memory_and_nodes() {
        let w4 = find("W4").unwrap();
        let judged = judge(w4, &[cell("W4", "n=1000000", vec![entry(HESSE, &[5.0])])]);
        assert_eq!((judged[0].found, judged[0].verdict), (Some(8.0), Verdict::Met));
        let w10 = find("W10").unwrap();
        let deep = |depth: usize, nodes: f64| {
            let hesse = Entry { notes: vec![("nodes".into(), nodes)], ..entry(HESSE, &[1.0]) };
            cell("W10", &format!("f=net,op=h,depth={depth}"), vec![hesse])
        };
        let of = |cells: &[Cell]| judge(w10, cells).into_iter().find(|j| matches!(j.asked, Asked::Exponent(_))).unwrap().verdict;
        assert_eq!(of(&[deep(2, 20.0), deep(4, 40.0), deep(8, 80.0)]), Verdict::Met);
        assert_eq!(of(&[deep(2, 20.0), deep(4, 80.0), deep(8, 320.0)]), Verdict::Missed);
        assert_eq!(of(&[deep(2, 20.0)]), Verdict::Open);
    }
}
