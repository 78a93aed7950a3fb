//! What a run found, as it is kept in `results.json`.

use super::json::Json;
use super::statistics::{Sample, median_of};

/// A run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// When: `2026-01-31`.
    pub date: String,
    /// What was asked: `full`, or the options.
    pub asked: String,
    /// Facts of the machine, in order.
    pub machine: Vec<(String, String)>,
    /// Versions of programs and peers.
    pub versions: Vec<(String, String)>,
    /// Peers that could not be installed, and why.
    pub missing: Vec<(String, String)>,
    /// What was measured.
    pub cells: Vec<Cell>,
}

/// A case with a number of threads.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// `W1`
    pub workload: String,
    /// `n=4`
    pub case: String,
    /// How many.
    pub threads: usize,
    /// One for each that was to be measured; hesse last.
    pub entries: Vec<Entry>,
}

/// The name of what all peers are set against.
pub const HESSE: &str = "hesse";

impl Cell {
    /// hesse or a peer.
    pub fn entry(&self, peer: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.peer == peer)
    }
    /// hesse, if it was measured.
    pub fn hesse(&self) -> Option<&Entry> {
        self.entry(HESSE).filter(|e| !e.rounds.is_empty())
    }
    /// A part of the name of the case, as a number.
    pub fn size(&self, key: &str) -> Option<f64> {
        self.case.split(',').find_map(|part| part.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
    }
    /// Whether the case is one of a family: all of these parts are in its name.
    pub fn is(&self, workload: &str, parts: &[&str]) -> bool {
        self.workload == workload && parts.iter().all(|part| self.case.split(',').any(|p| p == *part))
    }
}

/// One that was to be measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Its name.
    pub peer: String,
    /// Why it was not measured.
    pub why: Option<String>,
    /// How far its results were from the reference.
    pub difference: Option<f64>,
    /// Seconds from inputs to the first result: derivation and compilation are in it.
    pub first_s: Option<f64>,
    /// Memory beyond the inputs, MB.
    pub peak_mb: Option<f64>,
    /// The fastest batch, nanoseconds a call.
    pub min_ns: Option<f64>,
    /// Round by round.
    pub rounds: Vec<Sample>,
    /// Further figures.
    pub notes: Vec<(String, f64)>,
}

impl Entry {
    /// Median of the rounds.
    pub fn median(&self) -> Option<f64> {
        median_of(&self.rounds)
    }
    /// A further figure.
    pub fn note(&self, name: &str) -> Option<f64> {
        self.notes.iter().find(|n| n.0 == name).map(|n| n.1)
    }
}

impl Record {
    /// As JSON.
    pub fn json(&self) -> Json {
        let pairs = |of: &[(String, String)]| Json::Object(of.iter().map(|(k, v)| (k.clone(), Json::from_text(v))).collect());
        Json::object(vec![
            ("schema", Json::from_text("hesse-benchmarks-1")),
            ("date", Json::from_text(&self.date)),
            ("asked", Json::from_text(&self.asked)),
            ("machine", pairs(&self.machine)),
            ("versions", pairs(&self.versions)),
            ("missing", pairs(&self.missing)),
            ("cells", Json::List(self.cells.iter().map(cell_json).collect())),
        ])
    }

    /// Reads what [`Record::json`] gave.
    pub fn read(text: &str) -> Result<Record, String> {
        let json = Json::parse(text)?;
        if json.text("schema") != Some("hesse-benchmarks-1") {
            return Err("no record of benchmarks of this version".into());
        }
        let pairs = |key: &str| {
            let text = |v: &Json| if let Json::Text(t) = v { t.clone() } else { v.to_string() };
            json.fields(key).iter().map(|(k, v)| (k.clone(), text(v))).collect()
        };
        let text = |key: &str| json.text(key).unwrap_or("").to_string();
        Ok(Record {
            date: text("date"),
            asked: text("asked"),
            machine: pairs("machine"),
            versions: pairs("versions"),
            missing: pairs("missing"),
            cells: json.list("cells").iter().map(read_cell).collect(),
        })
    }
}

fn cell_json(cell: &Cell) -> Json {
    Json::object(vec![
        ("workload", Json::from_text(&cell.workload)),
        ("case", Json::from_text(&cell.case)),
        ("threads", Json::Number(cell.threads as f64)),
        ("entries", Json::List(cell.entries.iter().map(entry_json).collect())),
    ])
}

fn entry_json(e: &Entry) -> Json {
    let mut fields = vec![("peer", Json::from_text(&e.peer))];
    if let Some(why) = &e.why {
        fields.push(("why", Json::from_text(why)));
    }
    for (name, value) in [("difference", e.difference), ("first_s", e.first_s), ("peak_mb", e.peak_mb), ("min_ns", e.min_ns)] {
        if value.is_some() {
            fields.push((name, Json::from_number(value)));
        }
    }
    if !e.rounds.is_empty() {
        let samples = e.rounds.iter().map(|s| Json::List(vec![Json::Number(s.round as f64), Json::Number(s.ns)]));
        fields.push(("rounds", Json::List(samples.collect())));
    }
    if !e.notes.is_empty() {
        fields.push(("notes", Json::Object(e.notes.iter().map(|(k, x)| (k.clone(), Json::Number(*x))).collect())));
    }
    Json::object(fields)
}

fn read_cell(json: &Json) -> Cell {
    let text = |key: &str| json.text(key).unwrap_or("").to_string();
    Cell {
        workload: text("workload"),
        case: text("case"),
        threads: json.number("threads").unwrap_or(1.0) as usize,
        entries: json.list("entries").iter().map(read_entry).collect(),
    }
}

fn read_entry(json: &Json) -> Entry {
    let sample = |pair: &Json| match pair {
        Json::List(items) => match items[..] {
            [Json::Number(round), Json::Number(ns)] => Some(Sample { round: round as usize, ns }),
            _ => None,
        },
        _ => None,
    };
    let note = |(k, v): &(String, Json)| if let Json::Number(x) = v { Some((k.clone(), *x)) } else { None };
    Entry {
        peer: json.text("peer").unwrap_or("").to_string(),
        why: json.text("why").map(str::to_string),
        difference: json.number("difference"),
        first_s: json.number("first_s"),
        peak_mb: json.number("peak_mb"),
        min_ns: json.number("min_ns"),
        rounds: json.list("rounds").iter().filter_map(sample).collect(),
        notes: json.fields("notes").iter().filter_map(note).collect(),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// One that was measured, each round with its number of nanoseconds.
    pub fn entry(peer: &str, ns: &[f64]) -> Entry {
        let rounds = ns.iter().enumerate().map(|(round, &ns)| Sample { round, ns }).collect();
        Entry {
            peer: peer.into(),
            difference: Some(1e-15),
            first_s: Some(0.5),
            peak_mb: Some(8.0),
            min_ns: Some(ns[0]),
            rounds,
            ..Entry::default()
        }
    }
    /// A cell of one thread.
    pub fn cell(workload: &str, case: &str, entries: Vec<Entry>) -> Cell {
        Cell { workload: workload.into(), case: case.into(), threads: 1, entries }
    }

    #[test]
    fn what_is_kept_reads_back() {
        let failed = Entry { peer: "torch".into(), why: Some("no answer within 20 s".into()), ..Entry::default() };
        let noted = Entry { notes: vec![("nodes".into(), 43.0)], ..entry(HESSE, &[10.0, 11.5]) };
        let record = Record {
            date: "2026-01-31".into(),
            asked: "full".into(),
            machine: vec![("processor".into(), "a \"b\"".into())],
            versions: vec![("numpy".into(), "2.0".into())],
            missing: vec![("torch".into(), "no wheel".into())],
            cells: vec![cell("W1", "n=4", vec![entry("numpy", &[1e3]), failed, noted])],
        };
        assert_eq!(Record::read(&record.json().pretty()).unwrap(), record);
        assert!(Record::read("{}").is_err());
    }

    #[test]
    fn parts_of_a_case() {
        let c = cell("W5", "p=net,n=60,as=form", vec![entry(HESSE, &[1.0])]);
        assert_eq!((c.size("n"), c.size("p"), c.size("a")), (Some(60.0), None, None));
        assert!(c.is("W5", &["p=net", "as=form"]) && !c.is("W5", &["as=dense"]) && !c.is("W1", &[]));
        assert!(c.hesse().is_some() && c.entry("jax").is_none());
    }
}
