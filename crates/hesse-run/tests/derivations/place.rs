//! Numbers for the names of a derivation, by a way of its own: what an edit of a text changes is asked here, not of the audit.

use hesse::calculus::complaint::type_text;
use hesse::calculus::derivation::Derivation;
use hesse::calculus::elaborate::Options;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Syntax};
use hesse::{Formula, Span};
use hesse_run::interpret::shape;
use hesse_run::probe::draw;
use hesse_run::random::Random;
use hesse_run::{Array, run};
use std::collections::BTreeMap;

/// Names with their types: inputs, pieces, differentials.
pub fn declared(formula: &Formula, d: &Derivation) -> Vec<(String, String)> {
    let model = formula.model();
    let mut all: Vec<(String, String)> = model.inputs.iter().map(|i| (i.name.clone(), type_text(&model.pool.dims, &i.shape))).collect();
    for p in &d.pieces {
        if !all.iter().any(|a| a.0 == p.name) {
            all.push((p.name.clone(), p.of.clone()));
        }
    }
    for (name, of) in &d.differentials {
        let of = all.iter().find(|a| a.0 == *of).map(|a| a.1.clone());
        all.extend(of.map(|of| (name.clone(), of)));
    }
    all
}

/// A point: every name with a value, pieces by their texts.
pub struct Place {
    declared: Vec<(String, String)>,
    sizes: Vec<String>,
    values: BTreeMap<String, Array<f64>>,
}

impl Place {
    pub fn new(formula: &Formula, d: &Derivation) -> Place {
        let sizes = formula.model().pool.dims.names().to_vec();
        let mut place = Place { declared: declared(formula, d), sizes, values: BTreeMap::new() };
        let mut random = Random::new(77);
        let pieces: BTreeMap<&str, NodeId> = d.pieces.iter().map(|p| (&p.name[..], p.value)).collect();
        for (name, _) in place.declared.clone() {
            let value = match pieces.get(&name[..]) {
                Some(tree) => place.value(&plain(&d.syntax, *tree)).expect("a piece has a value"),
                None => {
                    let program = place.program(&name).expect("a name is a text");
                    let input = &program.inputs[0];
                    let input_shape = shape(&input.axes, &place.numbers(&program.sizes)).expect("a shape");
                    let own = formula.model().inputs.iter().find(|i| i.name == name);
                    let properties = own.map_or(vec![], |i| i.properties.clone());
                    draw(input.rows, &input_shape, &properties, 0, &mut random)
                }
            };
            place.values.insert(name, value);
        }
        place
    }

    fn numbers(&self, names: &[String]) -> Vec<usize> {
        names.iter().map(|n| 3 + self.sizes.iter().position(|s| s == n).unwrap_or(0)).collect()
    }

    fn program(&self, text: &str) -> Option<hesse::program::program::Program> {
        let options = Options { strict: true, sizes: self.sizes.clone(), ..Options::default() };
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let read: Vec<&str> = text.split(|c| !word(c)).collect();
        let declared: Vec<_> = self.declared.iter().filter(|d| read.contains(&&d.0[..])).cloned().collect();
        Formula::expression_with(&declared, text, &options).and_then(|f| f.program(None)).ok()
    }

    /// The value of a text here.
    pub fn value(&self, text: &str) -> Option<Array<f64>> {
        let program = self.program(text)?;
        let inputs: Vec<Array<f64>> = program.inputs.iter().map(|i| self.values[&i.name].clone()).collect();
        let axes = shape(&program.steps[program.outputs[0].value.0 as usize].axes, &self.numbers(&program.sizes)).ok()?;
        let value = run(&program, &self.numbers(&program.sizes), &inputs).ok()?.remove(0);
        Some(Array { shape: axes, data: value.data })
    }

    /// The values of a tree at a few positions of its letters.
    pub fn at_letters(&self, syntax: &Syntax, root: NodeId, letters: &[String]) -> Vec<Option<Array<f64>>> {
        let positions: &[[usize; 4]] =
            if letters.is_empty() { &[[1; 4]] } else { &[[1, 1, 1, 1], [2, 1, 3, 2], [3, 3, 3, 3], [1, 2, 2, 3]] };
        let text = |p: &[usize; 4]| {
            let (edited, root) = replaced(syntax, root, &|kind| match kind {
                Kind::Name(name) => letters.iter().position(|l| l == name).map(|k| Kind::Number(p[k].to_string())),
                _ => None,
            });
            plain(&edited, root)
        };
        positions.iter().map(|p| self.value(&text(p))).collect()
    }
}

/// A copy of a tree with some nodes replaced.
pub fn replaced(syntax: &Syntax, root: NodeId, new: &dyn Fn(&Kind) -> Option<Kind>) -> (Syntax, NodeId) {
    let mut out = Syntax::default();
    let mut copy: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in syntax.under(root) {
        let kind = new(syntax.kind(id)).unwrap_or_else(|| syntax.kind(id).clone());
        copy.insert(id, out.add(kind.over(|c| copy[&c]), Span::default()));
    }
    (out, copy[&root])
}

/// Whether two values are the same to ten digits.
pub fn close(a: &Array<f64>, b: &Array<f64>) -> bool {
    let size = a.data.iter().chain(&b.data).fold(0.0f64, |m, x| m.max(x.abs()));
    let squeezed = |s: &[usize]| s.iter().copied().filter(|n| *n != 1).collect::<Vec<_>>();
    squeezed(&a.shape) == squeezed(&b.shape) && a.data.iter().zip(&b.data).all(|(x, y)| (x - y).abs() <= 1e-10 * size || x == y)
}
