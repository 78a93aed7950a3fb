//! A text that is changed at one place of its tree.

use hesse::Error;
use hesse::syntax::format;
use hesse::syntax::parse::parse_document;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Document, Kind, NodeId, Operator, Statement, Subscript, Syntax};
use std::collections::{BTreeMap, BTreeSet};

/// A parsed text: definitions, the last one (or the last expression) is what it says.
pub(super) struct Draft {
    document: Document,
    /// Nodes that stand for positions, not for values.
    places: BTreeSet<NodeId>,
}

impl Draft {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Result<Draft, Error> {
        let document = parse_document(text)?;
        let syntax = &document.syntax;
        let mut places = BTreeSet::new();
        for id in syntax.ids() {
            match syntax.kind(id) {
                Kind::Index(_, subscripts) => {
                    for s in subscripts {
                        let inside: Vec<NodeId> = match s {
                            Subscript::All => vec![],
                            Subscript::At(k) => vec![*k],
                            Subscript::Range(k, l) => vec![*k, *l],
                            Subscript::Stack(letters) => letters.clone(),
                        };
                        places.extend(inside.iter().flat_map(|k| syntax.under(*k)));
                    }
                }
                Kind::Series(s) => places.extend([s.from, s.to].iter().flat_map(|k| syntax.under(*k))),
                Kind::Call(f, args) if matches!(f.as_str(), "ones" | "zeros" | "eye" | "commutation") => {
                    places.extend(args.iter().flat_map(|k| syntax.under(*k)));
                }
                _ => {}
            }
        }
        Ok(Draft { document, places })
    }
    /// Leaves what stands within conditions as it is: at a single point a changed condition may be any mask.
    pub(super) fn outside_conditions(mut self) -> Draft {
        let syntax = &self.document.syntax;
        for id in syntax.ids() {
            if matches!(syntax.kind(id), Kind::Binary(op, ..) if op.compares()) {
                self.places.extend(syntax.children(id).iter().flat_map(|k| syntax.under(*k)));
            }
        }
        self
    }
    /// The arena.
    pub(super) fn syntax(&self) -> &Syntax {
        &self.document.syntax
    }
    /// What a node is.
    pub(super) fn kind(&self, id: NodeId) -> &Kind {
        self.document.syntax.kind(id)
    }
    fn bodies(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.document.statements.iter().filter_map(|s| match s {
            Statement::Define { body, .. } => Some(*body),
            _ => None,
        })
    }
    /// What the text says as a whole.
    pub(super) fn root(&self) -> Option<NodeId> {
        self.bodies().last()
    }
    /// Nodes that stand for values.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let all: BTreeSet<NodeId> = self.bodies().flat_map(|b| self.document.syntax.under(b)).collect();
        all.into_iter().filter(|id| !self.places.contains(id)).collect()
    }
    /// A node as text.
    pub(super) fn text(&self, id: NodeId) -> String {
        plain(&self.document.syntax, id)
    }
    /// The text with something else in the place of some nodes.
    pub(super) fn with(&self, replaced: &[NodeId], mut make: impl FnMut(&mut Syntax, NodeId) -> NodeId) -> String {
        let mut document = self.document.clone();
        let syntax = &mut document.syntax;
        let new: BTreeMap<NodeId, NodeId> = replaced.iter().map(|at| (*at, make(syntax, *at))).collect();
        for s in &mut document.statements {
            if let Statement::Define { body, .. } = s {
                *body = rebuilt(syntax, *body, &new);
            }
        }
        document.statements.iter().map(|s| format::line(&document.syntax, s)).collect::<Vec<_>>().join("\n")
    }
    /// The factors of the chain of products that ends at a node; empty if it is none.
    pub(super) fn chain(&self, id: NodeId) -> Vec<NodeId> {
        let mut right = vec![];
        let mut at = id;
        while let Kind::Binary(Operator::Times | Operator::DotTimes, a, b) = self.kind(at) {
            right.push(*b);
            at = *a;
        }
        if right.is_empty() {
            return vec![];
        }
        right.push(at);
        right.reverse();
        right
    }
}

/// A tree with some nodes exchanged for others.
fn rebuilt(syntax: &mut Syntax, root: NodeId, new: &BTreeMap<NodeId, NodeId>) -> NodeId {
    let mut now = new.clone();
    for id in syntax.under(root) {
        if now.contains_key(&id) || !syntax.children(id).iter().any(|c| now.contains_key(c)) {
            continue;
        }
        let kind = syntax.kind(id).over(|c| now.get(&c).copied().unwrap_or(c));
        let span = syntax.span(id);
        now.insert(id, syntax.add(kind, span));
    }
    now.get(&root).copied().unwrap_or(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_changes() {
        let draft = Draft::read("z = X*w\n2*z'*X").unwrap();
        let name = |n: &str| draft.nodes().into_iter().filter(|id| draft.text(*id) == n).collect::<Vec<_>>();
        assert_eq!(draft.with(&name("X")[..1], |s, at| s.transpose(at)), "z = X'*w\n2*z'*X");
        assert_eq!(draft.with(&name("z'"), |s, _| s.name("q")), "z = X*w\n2*q*X");
        assert_eq!(draft.chain(draft.root().unwrap()).len(), 3);
    }
}
