//! The plots of a report.

use super::record::{Cell, HESSE, Record};
use super::report::{Family, duration, families, number, series};
use super::statistics::exponent;
use super::svg::{Anchor, COLOURS, Log, Picture};
use super::verdict::{self, Asked, Judged};
use super::workloads::{WORKLOADS, find};

/// The files, with their names.
pub fn all(record: &Record) -> Vec<(&'static str, String)> {
    let judged: Vec<Judged> = WORKLOADS.iter().flat_map(|w| verdict::judge(w, &record.cells)).collect();
    let mut out = vec![("ratios.svg", ratios(&judged))];
    let cells: Vec<&Cell> = record.cells.iter().collect();
    if record.cells.iter().any(|c| c.workload == "W5") {
        let (peers, panels) = (["hesse", "numpy", "jax", "torch", "casadi_mx"], time_panels("W5", &cells, &["as=form"]));
        out.push(("growth.svg", grid("W5: time of a Hessian and one product against n, one thread (a: fitted power)", &peers, &panels)));
    }
    if record.cells.iter().any(|c| c.workload == "W10") {
        let mut panels = time_panels("W10", &cells, &[]);
        panels.extend(node_panels(&cells));
        let peers = ["hesse", "casadi_mx", "jax", "pytensor", "sympy", "symengine"];
        out.push((
            "derivation.svg",
            grid("W10: time to derive, and nodes of the result, against depth (a: fitted power)", &peers, &panels),
        ));
    }
    out
}

/// One line a bar: the ratio with its quartiles, coloured by its verdict, and the bar.
fn ratios(judged: &[Judged]) -> String {
    let rows: Vec<(&Judged, f64)> = judged
        .iter()
        .filter_map(|j| match j.asked {
            Asked::Ratio(asked) => Some((j, asked)),
            _ => None,
        })
        .collect();
    let (left, right, row) = (330.0, 860.0, 15.0);
    let bottom = 60.0 + row * rows.len() as f64;
    let values = rows.iter().flat_map(|(j, asked)| j.ratio.map_or([*asked; 3], |r| [r.low, r.high, *asked]));
    let axis = Log::new(values.chain([1.0]), left, right);
    let mut p = Picture::new(900.0, bottom + 30.0);
    p.text(
        "title",
        (10.0, 20.0),
        Anchor::Start,
        "How many times longer the peer takes (dot and quartiles), and what is asked (upright mark)",
    );
    for tick in axis.ticks() {
        p.line(if tick == 1.0 { "unit" } else { "grid" }, (axis.at(tick), 40.0), (axis.at(tick), bottom));
        p.text(
            "small",
            (axis.at(tick), bottom + 14.0),
            Anchor::Middle,
            &format!("{}×", if tick < 0.1 { format!("{tick}") } else { number(tick) }),
        );
    }
    for (k, (j, asked)) in rows.iter().enumerate() {
        let y = 55.0 + row * k as f64;
        p.text("small", (left - 8.0, y + 3.0), Anchor::End, &format!("{} {} {}T / {}", j.workload, j.case, j.threads, j.peer));
        p.line("bar", (axis.at(*asked), y - 6.0), (axis.at(*asked), y + 6.0));
        if let Some(r) = j.ratio {
            let class = j.verdict.word();
            p.line(class, (axis.at(r.low), y), (axis.at(r.high), y));
            p.dot(class, (axis.at(r.of_medians), y), 4.0);
        } else {
            p.text("small", (axis.at(*asked) + 6.0, y + 3.0), Anchor::Start, "not measured");
        }
    }
    p.finish("Ratios by bar")
}

/// Lines over one logarithmic plane.
struct Panel {
    title: String,
    along: &'static str,
    /// Peer, points.
    lines: Vec<(&'static str, Vec<(f64, f64)>)>,
    /// What the upward axis shows.
    shown: fn(f64) -> String,
}

fn time_panels(id: &'static str, cells: &[&Cell], only: &[&str]) -> Vec<Panel> {
    let Some(workload) = find(id) else { return vec![] };
    let wanted = |f: &Family| only.iter().all(|o| f.parts.iter().any(|p| p == o));
    let panel = |f: Family| {
        let names = std::iter::once(HESSE).chain(workload.peers.iter().copied());
        let lines = names.map(|peer| (peer, series(cells, id, &f, peer))).collect();
        Panel { title: f.parts.join(", "), along: f.along, lines, shown: duration }
    };
    families(workload).into_iter().filter(wanted).map(panel).collect()
}

fn node_panels(cells: &[&Cell]) -> Vec<Panel> {
    let Some(workload) = find("W10") else { return vec![] };
    let panel = |f: Family| {
        let parts: Vec<&str> = f.parts.iter().map(String::as_str).collect();
        let nodes = |peer| {
            let of = cells.iter().filter(|c| c.is("W10", &parts));
            (peer, of.filter_map(|c| Some((c.size("depth")?, c.entry(peer)?.note("nodes")?))).collect())
        };
        Panel {
            title: format!("{}: nodes", f.parts.join(", ")),
            along: "depth",
            lines: vec![nodes(HESSE), nodes("casadi_mx")],
            shown: number,
        }
    };
    families(workload).into_iter().map(panel).collect()
}

/// Panels two by two.
fn grid(title: &str, peers: &[&str], panels: &[Panel]) -> String {
    let (width, height) = (430.0, 270.0);
    let rows = panels.len().div_ceil(2);
    let mut p = Picture::new(2.0 * width + 20.0, 40.0 + height * rows as f64);
    p.text("title", (10.0, 22.0), Anchor::Start, title);
    for (k, panel) in panels.iter().enumerate() {
        draw(&mut p, panel, peers, (10.0 + width * (k % 2) as f64, 40.0 + height * (k / 2) as f64));
    }
    p.finish(title)
}

fn draw(p: &mut Picture, panel: &Panel, peers: &[&str], corner: (f64, f64)) {
    let mut lines = vec![];
    for (name, points) in panel.lines.iter().filter(|l| !l.1.is_empty()) {
        lines.extend(peers.iter().position(|p| p == name).map(|k| (k % COLOURS, *name, &points[..])));
    }
    let (left, right, top, bottom) = (corner.0 + 55.0, corner.0 + 290.0, corner.1 + 25.0, corner.1 + 230.0);
    let across = Log::new(lines.iter().flat_map(|l| l.2.iter().map(|q| q.0)), left, right);
    let up = Log::new(lines.iter().flat_map(|l| l.2.iter().map(|q| q.1)), bottom, top);
    p.text("", (left, corner.1 + 15.0), Anchor::Start, &panel.title);
    for tick in across.ticks() {
        p.line("grid", (across.at(tick), top), (across.at(tick), bottom));
        p.text("small", (across.at(tick), bottom + 14.0), Anchor::Middle, &number(tick));
    }
    for tick in up.ticks() {
        p.line("grid", (left, up.at(tick)), (right, up.at(tick)));
        p.text("small", (left - 5.0, up.at(tick) + 3.0), Anchor::End, &(panel.shown)(tick));
    }
    p.text("small", (right, bottom + 28.0), Anchor::End, panel.along);
    for (k, (colour, name, points)) in lines.iter().enumerate() {
        let class = format!("s s{colour}");
        let drawn: Vec<(f64, f64)> = points.iter().map(|q| (across.at(q.0), up.at(q.1))).collect();
        p.path(&class, &drawn);
        drawn.iter().for_each(|at| p.dot(&class, *at, 2.5));
        let y = top + 8.0 + 16.0 * k as f64;
        p.line(&class, (right + 10.0, y - 4.0), (right + 28.0, y - 4.0));
        let law = exponent(points).map_or(String::new(), |a| format!(" a={a:.2}"));
        p.text("small", (right + 33.0, y), Anchor::Start, &format!("{name}{law}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Entry;
    use super::super::record::tests::{cell, entry};
    use super::*;

    #[test]
    fn plots_show_every_bar_and_every_line() {
        let nodes = |n: f64, of: Entry| Entry { notes: vec![("nodes".into(), n)], ..of };
        let deep = |d: usize| {
            let ns = 1e3 * d as f64;
            let entries = vec![nodes(9.0 * d as f64, entry("casadi_mx", &[9.0 * ns])), nodes(5.0 * d as f64, entry(HESSE, &[ns]))];
            cell("W10", &format!("f=net,op=g,depth={d}"), entries)
        };
        let record = Record {
            cells: vec![
                cell("W1", "n=4", vec![entry("casadi_sx", &[300.0]), entry(HESSE, &[100.0])]),
                cell("W5", "p=net,n=10,as=form", vec![entry("jax", &[5e4]), entry(HESSE, &[1e3])]),
                deep(2),
                deep(4),
            ],
            ..Record::default()
        };
        let plots = all(&record);
        assert_eq!(plots.iter().map(|p| p.0).collect::<Vec<_>>(), ["ratios.svg", "growth.svg", "derivation.svg"]);
        assert!(plots[0].1.contains("W1 n=4 1T / casadi_sx") && plots[0].1.contains(r#"<circle class="missed""#));
        assert!(plots[1].1.contains("p=net, as=form"));
        assert!(plots[2].1.contains("hesse a=1.00") && plots[2].1.contains("casadi_mx a=1.00"));
        assert_eq!(plots, all(&record));
    }
}
