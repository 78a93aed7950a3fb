//! Wrong lines: every edit of a line must be noticed, unless it changes no number, which [`super::place`] decides.

use super::place::{Place, close};
use hesse::calculus::derivation::{Audit, Derivation, Meaning};
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Operator};
use hesse::{Formula, Span};
use hesse_run::{AuditOptions, audit};
use std::collections::BTreeMap;

/// How many edits were planted, and those that nobody noticed.
#[derive(Default)]
pub struct Planted {
    pub edits: usize,
    /// Edits that changed no number.
    pub equal: usize,
    pub missed: Vec<String>,
}

/// Plants edits in every line: each kind of edit at each node of each tree, at most `most` a line.
pub fn plant(formula: &Formula, derivation: &Derivation, most: usize, planted: &mut Planted) {
    let place = Place::new(formula, derivation);
    let options = AuditOptions { points: 3, ..AuditOptions::default() };
    for step in 0..derivation.steps.len() {
        let Some((left, right)) = derivation.steps[step].line.as_ref().and_then(|l| l.tested.clone()) else { continue };
        let letters: Vec<String> = derivation.steps[step].line.iter().flat_map(|l| &l.letters).map(|l| l.0.clone()).collect();
        for (edited, meaning, other) in [(1, &right, &left), (0, &left, &right)] {
            let mut d = only(derivation, step);
            let edits = edits(&mut d, meaning);
            let every = (edits.len() / most.max(1)).max(1);
            for (what, new) in edits.into_iter().step_by(every) {
                let mut d = d.clone();
                if let Some(line) = d.steps[0].line.as_mut() {
                    line.tested = Some(if edited == 1 { (other.clone(), new.clone()) } else { (new.clone(), other.clone()) });
                }
                audit(formula, &mut d, &options);
                planted.edits += 1;
                if matches!(d.steps[0].audit, Audit::Holds { .. }) {
                    if same(&place, &d, meaning, &new, &letters) {
                        planted.equal += 1;
                    } else {
                        planted.missed.push(format!("step {step}: {what}: {}", said(&d, &new)));
                    }
                }
            }
        }
    }
}

/// The derivation with one of its steps only.
fn only(derivation: &Derivation, step: usize) -> Derivation {
    let mut d = derivation.clone();
    d.steps = vec![derivation.steps[step].clone()];
    d.results.clear();
    d
}

fn said(d: &Derivation, meaning: &Meaning) -> String {
    match meaning {
        Meaning::Value(root) | Meaning::Diagonal(_, _, root) => plain(&d.syntax, *root),
        other => format!("{other:?}"),
    }
}

/// Whether an edit changed no number.
fn same(place: &Place, d: &Derivation, old: &Meaning, new: &Meaning, letters: &[String]) -> bool {
    match (old, new) {
        (Meaning::Value(a), Meaning::Value(b)) | (Meaning::Diagonal(_, _, a), Meaning::Diagonal(_, _, b)) => {
            let values = [a, b].map(|root| place.at_letters(&d.syntax, *root, letters));
            values[0].iter().zip(&values[1]).all(|(a, b)| matches!((a, b), (Some(a), Some(b)) if close(a, b)))
        }
        _ => false,
    }
}

/// Meanings that differ from one by one edit.
fn edits(d: &mut Derivation, meaning: &Meaning) -> Vec<(String, Meaning)> {
    match meaning {
        Meaning::Value(root) => trees(d, *root).into_iter().map(|(what, root)| (what, Meaning::Value(root))).collect(),
        Meaning::Diagonal(i, j, root) => {
            trees(d, *root).into_iter().map(|(what, root)| (what, Meaning::Diagonal(i.clone(), j.clone(), root))).collect()
        }
        Meaning::Entries(rows) => {
            let mut out = vec![];
            for (r, row) in rows.iter().enumerate() {
                for (c, cell) in row.iter().enumerate() {
                    let one = d.syntax.number("7");
                    let new = cell.map_or(Some(one), |root| Some(d.syntax.negate(root)));
                    let mut rows = rows.clone();
                    rows[r][c] = new;
                    out.push((format!("entry {r},{c}"), Meaning::Entries(rows)));
                }
            }
            out
        }
        Meaning::Chains { terms, order } if terms.len() > 1 => (0..terms.len())
            .map(|k| {
                let mut terms = terms.clone();
                terms.remove(k);
                ("a chain less".to_string(), Meaning::Chains { terms, order: order.clone() })
            })
            .collect(),
        _ => vec![],
    }
}

/// Trees that differ from one by one edit.
fn trees(d: &mut Derivation, root: NodeId) -> Vec<(String, NodeId)> {
    let mut out = vec![];
    for id in d.syntax.under(root) {
        let kind = d.syntax.kind(id).clone();
        let mut put = |d: &mut Derivation, what: &str, new: NodeId| out.push((what.to_string(), with(d, root, id, new)));
        match kind {
            Kind::Number(text) => {
                let more = d.syntax.number(text.parse::<f64>().map_or("7".to_string(), |x| (x + 1.0).to_string()));
                put(d, "another number", more);
            }
            Kind::Binary(op @ (Operator::Times | Operator::DotTimes | Operator::Over | Operator::DotOver), a, b) => {
                put(d, "the left factor alone", a);
                put(d, "the right factor alone", b);
                let turned = d.syntax.binary(op, b, a);
                put(d, "factors turned round", turned);
            }
            Kind::Binary(op @ (Operator::Plus | Operator::Minus | Operator::DotPlus | Operator::DotMinus), a, b) => {
                let other = match op {
                    Operator::Plus => Operator::Minus,
                    Operator::Minus => Operator::Plus,
                    Operator::DotPlus => Operator::DotMinus,
                    _ => Operator::DotPlus,
                };
                let new = d.syntax.binary(other, a, b);
                put(d, "another sign", new);
                put(d, "a term less", a);
            }
            Kind::Binary(Operator::Greater, a, b) => {
                let new = d.syntax.binary(Operator::Less, a, b);
                put(d, "the other side of the kink", new);
            }
            Kind::Transpose(a) => put(d, "not transposed", a),
            Kind::Name(_) | Kind::Call(..) => {
                let two = d.syntax.number("2");
                let new = d.syntax.binary(Operator::Times, two, id);
                put(d, "twice", new);
                let new = d.syntax.transpose(id);
                put(d, "transposed", new);
            }
            _ => {}
        }
    }
    let negative = d.syntax.negate(root);
    out.push(("negative".to_string(), negative));
    out
}

/// The tree with one node replaced by another tree.
fn with(d: &mut Derivation, root: NodeId, at: NodeId, new: NodeId) -> NodeId {
    let mut copy: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in d.syntax.under(root) {
        let made = if id == at {
            new
        } else {
            let kind = d.syntax.kind(id).over(|c| copy[&c]);
            d.syntax.add(kind, Span::default())
        };
        copy.insert(id, made);
    }
    copy[&root]
}
