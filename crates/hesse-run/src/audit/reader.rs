//! Printed texts become programs: what the reader of a derivation sees is parsed again, typed and planned, each text once.

use crate::check::by_position;
use crate::interpret::{shape, signed};
use hesse::calculus::complaint::type_text;
use hesse::calculus::elaborate::Options;
use hesse::program::program::{Mask, Op, Program, Size};
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Syntax};
use hesse::{Derivation, Formula};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Numbers for sizes by name.
pub(super) type Sizes = BTreeMap<String, usize>;

/// A text as a program.
#[derive(Debug)]
pub(super) struct Text {
    /// One output.
    pub program: Program,
    /// Axes of its value.
    pub axes: Vec<Size>,
    /// How many of them are rows; `None` of what has more than two sides.
    pub rows: Option<usize>,
}

impl Text {
    /// Whether its positions lie inside at these sizes.
    pub fn fits(&self, sizes: &Sizes) -> bool {
        let at = by_position(&self.program, sizes);
        let inside = |step: &hesse::program::program::Step| {
            let Ok(shape) = shape(&step.axes, &at) else { return false };
            match &step.op {
                Op::Mask(Mask::Unit(k)) => signed(k, &at).is_some_and(|k| k >= 0 && (k as usize) < shape[0]),
                _ => true,
            }
        };
        self.program.needs.iter().all(|(size, _)| signed(size, &at).is_some_and(|n| n >= 0)) && self.program.steps.iter().all(inside)
    }
    /// The shape of its value; `None` where a size is negative.
    pub fn shape(&self, sizes: &Sizes) -> Option<Vec<usize>> {
        shape(&self.axes, &by_position(&self.program, sizes)).ok()
    }
    /// Rows × columns of its value; `None` of what has more than two sides.
    pub fn face(&self, sizes: &Sizes) -> Option<(usize, usize)> {
        let shape = self.shape(sizes)?;
        let (r, c) = shape.split_at(self.rows?);
        Some((r.iter().product(), c.iter().product()))
    }
    /// One number for each of its sides that has axes.
    pub fn sides(&self, sizes: &Sizes) -> Option<Vec<usize>> {
        let shape = self.shape(sizes)?;
        let (r, c) = shape.split_at(self.rows?);
        Some([r, c].into_iter().filter(|s| !s.is_empty()).map(|s| s.iter().product()).collect())
    }
}

/// A text, or why it cannot be read.
pub(super) type Read = Result<Rc<Text>, String>;

/// Reads texts over inputs, pieces and differentials.
pub(super) struct Reader {
    /// Names with their types.
    declared: Vec<(String, String)>,
    sizes: Vec<String>,
    /// Texts with the names that are variables in them: others are sizes, which may be called the same.
    read: BTreeMap<(String, Vec<String>), Read>,
}

impl Reader {
    pub fn new(formula: &Formula, derivation: &Derivation) -> Self {
        let mut declared: Vec<(String, String)> = vec![];
        let mut declare = |name: &str, of: &str| {
            if !declared.iter().any(|d| d.0 == name) {
                declared.push((name.to_string(), of.to_string()));
            }
        };
        let sizes = formula.model().pool.dims.names().to_vec();
        let own = formula.model().input_types();
        own.iter().filter_map(|t| t.split_once(" : ")).for_each(|(name, of)| declare(name, of));
        derivation.pieces.iter().for_each(|p| declare(&p.name, &p.of));
        // A definition may be derived by: then it is no piece.
        let model = formula.model();
        model.definitions.iter().filter(|d| !d.name.is_empty()).for_each(|d| declare(&d.name, &type_text(&model.pool.dims, &d.shape)));
        for (name, of) in &derivation.differentials {
            if let Some(of) = declared.iter().find(|d| d.0 == *of).map(|d| d.1.clone()) {
                declared.push((name.clone(), of));
            }
        }
        Reader { declared, sizes, read: BTreeMap::new() }
    }

    /// Whether a name is declared.
    pub fn knows(&self, name: &str) -> bool {
        self.declared.iter().any(|d| d.0 == name)
    }

    /// The program of a tree.
    pub fn tree(&mut self, syntax: &Syntax, root: NodeId) -> Read {
        let named = |id: &NodeId| match syntax.kind(*id) {
            Kind::Name(name) => Some(name.clone()),
            _ => None,
        };
        let names: Vec<String> = syntax.under(root).iter().filter_map(named).collect();
        self.text(&plain(syntax, root), &names)
    }

    /// The program of a name by itself: its axes.
    pub fn name(&mut self, name: &str) -> Read {
        self.text(name, &[name.to_string()])
    }

    /// A size as a number.
    pub fn size(&mut self, text: &str) -> Read {
        self.text(text, &[])
    }

    fn text(&mut self, text: &str, names: &[String]) -> Read {
        let vars: Vec<_> = self.declared.iter().filter(|d| names.contains(&d.0)).cloned().collect();
        let key = (text.to_string(), vars.iter().map(|d| d.0.clone()).collect());
        if let Some(known) = self.read.get(&key) {
            return known.clone();
        }
        let options = Options { strict: true, sizes: self.sizes.clone(), ..Options::default() };
        let unread = |e: hesse::Error| format!("`{text}` cannot be read: {}", e.first().message);
        let read = Formula::expression_with(&vars, text, &options).and_then(|f| Ok((f.program(None)?, f)));
        let read = read.map_err(unread).map(|(program, formula)| {
            let axes = program.outputs.first().map_or(vec![], |o| program.steps[o.value.0 as usize].axes.clone());
            let target = formula.model().definitions.last();
            let rows = target.filter(|t| t.groups.is_empty()).map(|t| t.shape.rows.len());
            Rc::new(Text { program, axes, rows })
        });
        self.read.insert(key, read.clone());
        read
    }
}

/// The tree under `root` in an arena of its own, with each letter replaced by the tree that `place` gives for it: an edit of the tree, not of
/// the text. What index notation or a sum binds is left alone.
pub(super) fn at(syntax: &Syntax, root: NodeId, letters: &[String], place: &dyn Fn(&mut Syntax, usize) -> NodeId) -> (Syntax, NodeId) {
    let mut out = Syntax::default();
    let places: Vec<NodeId> = (0..letters.len()).map(|k| place(&mut out, k)).collect();
    let under = syntax.under(root);
    // Of each node its copy and its copy with the letters replaced.
    let mut plain: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut edited: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in under {
        let kind = syntax.kind(id);
        let copy = out.add(kind.over(|c| plain[&c]), syntax.span(id));
        plain.insert(id, copy);
        let new = match kind {
            Kind::Name(name) => letters.iter().position(|l| l == name).map_or(copy, |k| places[k]),
            Kind::Contraction(..) => copy,
            Kind::Series(s) if letters.contains(&s.index) => {
                let over = kind.over(|c| if c == s.body { plain[&c] } else { edited[&c] });
                out.add(over, syntax.span(id))
            }
            _ => out.add(kind.over(|c| edited[&c]), syntax.span(id)),
        };
        edited.insert(id, new);
    }
    (out, edited[&root])
}

/// Copies a tree into another arena.
pub(super) fn graft(from: &Syntax, root: NodeId, into: &mut Syntax) -> NodeId {
    let mut copy: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in from.under(root) {
        let new = into.add(from.kind(id).over(|c| copy[&c]), from.span(id));
        copy.insert(id, new);
    }
    copy[&root]
}
