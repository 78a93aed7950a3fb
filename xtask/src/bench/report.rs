//! The text of a report: `README.md`.

use super::machine;
use super::record::{Cell, Entry, HESSE, Record};
use super::statistics::{Ratio, exponent, ratio};
use super::verdict::{self, Asked, Judged, Verdict};
use super::workloads::{Kind, WORKLOADS, Workload};
use std::fmt::Write;

/// The page. `notes` is what people say of bars that are missed: a heading `## W3` in front of each.
pub fn page(record: &Record, notes: &str) -> String {
    let mut out = String::new();
    let selected: Vec<&'static Workload> = WORKLOADS.iter().filter(|w| record.cells.iter().any(|c| c.workload == w.id)).collect();
    let judged: Vec<Judged> = selected.iter().flat_map(|w| verdict::judge(w, &record.cells)).collect();
    opening(record, &judged, &mut out);
    bars(&judged, &mut out);
    plots(record, &mut out);
    for workload in selected {
        section(workload, record, &judged, &mut out);
        if let Some(note) = note(notes, workload.id) {
            let _ = writeln!(out, "\n{note}");
        }
    }
    out
}

/// What stands under a heading.
fn note<'a>(notes: &'a str, id: &str) -> Option<&'a str> {
    let (_, after) = notes.split_once(&format!("## {id}\n"))?;
    Some(after.split("\n## ").next()?.trim()).filter(|n| !n.is_empty())
}

fn opening(record: &Record, judged: &[Judged], out: &mut String) {
    let count = |verdict: Verdict| judged.iter().filter(|j| j.verdict == verdict).count();
    let _ = writeln!(
        out,
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`; not edited by hand. hesse beside its peers on {}, measured in one run ({}): {} bars met, {} ties, {} missed, {} open.\n\n\
         Peers and hesse are processes of their own that take turns, round by round. A figure is the median of its rounds; a ratio is the peer's median over hesse's, with the quartiles of \
         the ratios round by round. A gap under {}× in either direction is a tie. Before anything is timed, results are compared with those of the NumPy form; one that differs is named \
         and not timed. The first call counts from the inputs to the first result, derivation and compilation included. Memory is the peak of the first two calls beyond the inputs. \
         The raw figures are in [results.json](results.json).\n",
        record.date,
        record.asked,
        count(Verdict::Met),
        count(Verdict::Tie),
        count(Verdict::Missed),
        count(Verdict::Open),
        verdict::TIE,
    );
    if let Some(load) = busy(record) {
        let _ = writeln!(
            out,
            "The machine was busy with other work: its load was {load} before the first figure. Threads that wait for each other then lose the most: trust the figures of one thread.\n"
        );
    }
    let absent: Vec<&str> = WORKLOADS.iter().map(|w| w.id).filter(|id| record.cells.iter().all(|c| c.workload != *id)).collect();
    if !absent.is_empty() {
        let _ = writeln!(out, "Not in this run: {}.\n", absent.join(", "));
    }
    let _ = writeln!(out, "| the machine | |\n|---|---|");
    for (name, value) in record.machine.iter().chain(&record.versions) {
        let _ = writeln!(out, "| {name} | {} |", escaped(value));
    }
    for (name, why) in &record.missing {
        let _ = writeln!(out, "| {name} | not installed: {} |", escaped(why));
    }
}

/// The load at the start, if it was not the machine's own rest.
fn busy(record: &Record) -> Option<f64> {
    let load = record.machine.iter().find(|m| m.0 == machine::LOAD)?.1.parse().ok()?;
    (load > 0.5).then_some(load)
}

fn bars(judged: &[Judged], out: &mut String) {
    let _ =
        writeln!(out, "\n## The bars\n\n| workload | case | threads | against | asked | found | verdict |\n|---|---|---|---|---|---|---|");
    for j in judged {
        let against = if j.peer.is_empty() { "–" } else { &j.peer };
        let threads = if matches!(j.asked, Asked::Exponent(_)) { "–".into() } else { j.threads.to_string() };
        let _ = writeln!(
            out,
            "| {} | {} | {threads} | {against} | {} | {} | {} |",
            j.workload,
            if j.case.is_empty() { "all" } else { &j.case },
            asked(j.asked),
            found(j),
            verdict_text(j),
        );
    }
}

fn asked(asked: Asked) -> String {
    match asked {
        Asked::Ratio(r) => format!("≥ {}×", number(r)),
        Asked::Memory(mb) => format!("≤ {mb} MB"),
        Asked::Exponent(e) => format!("nodes ∝ depthᵃ, a ≤ {e}"),
    }
}

fn found(j: &Judged) -> String {
    match (j.ratio, j.found, j.asked) {
        (Some(r), ..) => spread(r),
        (None, Some(mb), Asked::Memory(_)) => format!("{mb} MB"),
        (None, Some(e), Asked::Exponent(_)) => format!("a = {e:.2}"),
        _ => escaped(j.why.as_deref().unwrap_or("not measured")),
    }
}

fn verdict_text(j: &Judged) -> String {
    let word = match j.verdict {
        Verdict::Missed => "**missed**",
        v => v.word(),
    };
    match j.ratio {
        // Reached, but within what counts as equal.
        Some(r) if j.verdict == Verdict::Met && verdict::side(r.of_medians) == "tie" => format!("{word} (a tie)"),
        Some(r) if j.verdict == Verdict::Missed => match j.asked {
            Asked::Ratio(asked) => format!("{word} by {}×", number(asked / r.of_medians)),
            _ => word.to_string(),
        },
        _ => word.to_string(),
    }
}

fn plots(record: &Record, out: &mut String) {
    let _ = writeln!(out, "\n![How many times longer peers take, by bar](ratios.svg)");
    if record.cells.iter().any(|c| c.workload == "W5") {
        let _ = writeln!(out, "\n![W5: time of a Hessian against n](growth.svg)");
    }
    if record.cells.iter().any(|c| c.workload == "W10") {
        let _ = writeln!(out, "\n![W10: time and nodes against depth](derivation.svg)");
    }
}

fn section(workload: &'static Workload, record: &Record, judged: &[Judged], out: &mut String) {
    let cells: Vec<&Cell> = record.cells.iter().filter(|c| c.workload == workload.id).collect();
    let _ = writeln!(out, "\n## {}: {}\n\n{}\n", workload.id, workload.title, workload.says);
    let _ = writeln!(
        out,
        "| case | threads | peer | peer's median | hesse's median | ratio (quartiles) | bar | verdict | first call | peak memory |"
    );
    let _ = writeln!(out, "|---|---|---|---|---|---|---|---|---|---|");
    for cell in &cells {
        let hesse = cell.entry(HESSE);
        let time = hesse.and_then(Entry::median).map_or("–".into(), duration);
        let mut peers: Vec<&Entry> = cell.entries.iter().filter(|e| e.peer != HESSE && e.median().is_some()).collect();
        peers.sort_by(|a, b| a.median().unwrap_or(0.0).total_cmp(&b.median().unwrap_or(0.0)));
        for peer in peers {
            let bar = judged
                .iter()
                .find(|j| j.case == cell.case && j.threads == cell.threads && j.workload == workload.id && j.peer == peer.peer);
            let r = hesse.and_then(|h| ratio(&peer.rounds, &h.rounds));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {time} | {} | {} | {} | {} | {} |",
                cell.case,
                cell.threads,
                peer.peer,
                peer.median().map_or("–".into(), duration),
                r.map_or("–".into(), spread),
                bar.map_or("–".into(), |j| asked(j.asked)),
                bar.map_or_else(|| r.map_or("–", |r| verdict::side(r.of_medians)).to_string(), verdict_text),
                seconds(peer.first_s),
                megabytes(peer.peak_mb),
            );
        }
        if let Some(h) = hesse.filter(|h| h.median().is_some()) {
            let _ = writeln!(
                out,
                "| {} | {} | **hesse** | | {time} | | | | {} | {} |",
                cell.case,
                cell.threads,
                seconds(h.first_s),
                megabytes(h.peak_mb)
            );
        }
    }
    absent(&cells, out);
    laws(workload, &cells, out);
}

/// What was to be measured and was not.
fn absent(cells: &[&Cell], out: &mut String) {
    let mut lines: Vec<(String, Vec<String>)> = vec![];
    for cell in cells {
        for e in cell.entries.iter().filter(|e| e.median().is_none()) {
            let line = format!("{}: {}", e.peer, e.why.as_deref().unwrap_or("no figure"));
            let place =
                format!("{} ({})", cell.case, if cell.threads == 1 { "1 thread".into() } else { format!("{} threads", cell.threads) });
            match lines.iter_mut().find(|l| l.0 == line) {
                Some(l) => l.1.push(place),
                None => lines.push((line, vec![place])),
            }
        }
    }
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nWithout figures:\n");
    for (line, places) in lines {
        let _ = writeln!(out, "- {}. In: {}", escaped(line.trim_end_matches('.')), places.join("; "));
    }
}

/// A family of cases that differ in one size only.
pub struct Family {
    /// The parts that all of its cases have.
    pub parts: Vec<String>,
    /// The size that grows.
    pub along: &'static str,
}

/// The families of a workload whose growth is of interest.
pub fn families(workload: &Workload) -> Vec<Family> {
    let along = match workload.id {
        "W5" => "n",
        "W10" => "depth",
        _ => return vec![],
    };
    let mut out: Vec<Family> = vec![];
    for case in workload.cases {
        let parts: Vec<String> = case.name.split(',').filter(|p| !p.starts_with(&format!("{along}="))).map(str::to_string).collect();
        if out.iter().all(|f| f.parts != parts) {
            out.push(Family { parts, along });
        }
    }
    out.retain(|f| workload.cases.iter().filter(|c| f.parts.iter().all(|p| c.name.split(',').any(|q| q == p))).count() > 2);
    out
}

/// Size and nanoseconds of one of a family, one thread.
pub fn series(cells: &[&Cell], workload: &str, family: &Family, peer: &str) -> Vec<(f64, f64)> {
    let parts: Vec<&str> = family.parts.iter().map(String::as_str).collect();
    let of = cells.iter().filter(|c| c.threads == 1 && c.is(workload, &parts));
    of.filter_map(|c| Some((c.size(family.along)?, c.entry(peer)?.median()?))).collect()
}

fn laws(workload: &Workload, cells: &[&Cell], out: &mut String) {
    let families = families(workload);
    if families.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nGrowth, one thread: time ∝ sizeᵃ, a by least squares of the logarithms over the sizes that were measured.\n");
    let mut names = vec![HESSE];
    names.extend(workload.peers);
    let _ = writeln!(out, "| family | size | {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for family in &families {
        let law = |peer: &&str| exponent(&series(cells, workload.id, family, peer)).map_or("–".into(), |a| format!("{a:.2}"));
        let laws: Vec<String> = names.iter().map(law).collect();
        let _ = writeln!(out, "| {} | {} | {} |", family.parts.join(","), family.along, laws.join(" | "));
    }
    if workload.bars.iter().any(|b| matches!(b.kind, Kind::Nodes(_))) {
        let of = |peer: &str| {
            let nodes = cells.iter().filter_map(|c| Some(format!("{} {}", c.case, c.entry(peer)?.note("nodes")?)));
            nodes.collect::<Vec<_>>().join("; ")
        };
        let _ = writeln!(out, "\nNodes of hesse: {}.\n\nNodes of CasADi: {}.", of(HESSE), of("casadi_mx"));
    }
}

/// `20.1 ms`
pub fn duration(ns: f64) -> String {
    let (value, unit) = match ns {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{} {unit}", number(value))
}

/// Two or three significant digits.
pub fn number(x: f64) -> String {
    match x.abs() {
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}").trim_end_matches(".0").to_string(),
        a if a >= 0.1 || a == 0.0 => format!("{x:.2}").trim_end_matches('0').trim_end_matches('.').to_string(),
        a if a >= 0.01 => format!("{x:.3}"),
        a if a >= 0.001 => format!("{x:.4}"),
        _ => format!("{x:.1e}"),
    }
}

fn spread(r: Ratio) -> String {
    format!("{}× ({} to {})", number(r.of_medians), number(r.low), number(r.high))
}
fn seconds(s: Option<f64>) -> String {
    s.map_or("–".into(), |s| duration(s * 1e9))
}
fn megabytes(mb: Option<f64>) -> String {
    mb.map_or("–".into(), |mb| format!("{} MB", number(mb)))
}
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{cell, entry};
    use super::*;

    #[test]
    fn numbers_have_few_digits() {
        let shown = [0.000123, 0.0012, 0.0371, 0.0, 0.9, 1.0, 1.0 / 1.5, 12.34, 20.0, 1234.5].map(number);
        assert_eq!(shown, ["1.2e-4", "0.0012", "0.037", "0", "0.9", "1", "0.67", "12.3", "20", "1234"]);
        assert_eq!([47.1, 1100.0, 2.01e7, 3.2e9].map(duration), ["47.1 ns", "1.1 µs", "20.1 ms", "3.2 s"]);
    }

    #[test]
    fn a_page() {
        let failed = Entry { peer: "jax".into(), why: Some("TypeError: a | b".into()), ..Entry::default() };
        let record = Record {
            date: "2026-01-31".into(),
            asked: "a test".into(),
            machine: vec![("processor".into(), "some".into()), (machine::LOAD.into(), "2.5".into())],
            missing: vec![("torch".into(), "no wheel".into())],
            cells: vec![cell("W1", "n=4", vec![entry("numpy", &[1000.0]), failed, entry("casadi_sx", &[300.0]), entry(HESSE, &[100.0])])],
            ..Record::default()
        };
        let notes = "# Notes\n\n## W1\n\nThe call.\n\n## W2\n\nThe pass.\n";
        let page = page(&record, notes);
        for line in [
            "its load was 2.5 before",
            "Not in this run: W2, W3,",
            "| processor | some |",
            "| torch | not installed: no wheel |",
            "| W1 | n=4 | 1 | casadi_sx | ≥ 4× | 3× (3 to 3) | **missed** by 1.33× |",
            "| W1 | n=4 | 1 | torch | ≥ 100× | no such peer was measured | open |",
            "| n=4 | 1 | casadi_sx | 300 ns | 100 ns | 3× (3 to 3) | ≥ 4× | **missed** by 1.33× | 500 ms | 8 MB |",
            "| n=4 | 1 | numpy | 1 µs | 100 ns | 10× (10 to 10) | – | ahead | 500 ms | 8 MB |",
            "- jax: TypeError: a \\| b. In: n=4 (1 thread)",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert_eq!(page, super::page(&record, notes));
        assert!(page.ends_with("\nThe call.\n") && !page.contains("## W2"));
        assert_eq!(note(notes, "W3"), None);
    }

    #[test]
    fn families_grow_in_one_size() {
        let of = |id| families(super::super::workloads::find(id).unwrap());
        assert!(of("W1").is_empty());
        assert_eq!(of("W5").iter().map(|f| f.parts.join(",")).collect::<Vec<_>>()[0], "p=quadratic,as=form");
        let w10 = of("W10");
        assert_eq!(w10.iter().map(|f| f.parts.join(",")).collect::<Vec<_>>(), ["f=net,op=g", "f=net,op=h"]);
        let cells = [cell("W10", "f=net,op=g,depth=2", vec![entry(HESSE, &[5.0])]), cell("W10", "f=net,op=g,depth=4", vec![])];
        let cells: Vec<&Cell> = cells.iter().collect();
        assert_eq!(series(&cells, "W10", &w10[0], HESSE), [(2.0, 5.0)]);
    }
}
