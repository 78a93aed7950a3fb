//! The vector chain rule over names, and the Jacobians of the chain multiplied.

use super::graph::{Link, Vertex};
use super::teller::{Teller, Written};
use crate::calculus::derivation::{Chain, Depth, Doing, Line, Meaning, Side};
use crate::syntax::tree::{NodeId, Operator};
use crate::tensor::{Expr, Shape};
use std::collections::BTreeMap;

/// Chains that are to be multiplied.
struct Product {
    /// The line that states them.
    chained: usize,
    /// By what the target is derived.
    of: Vertex,
    chains: Vec<Vec<Link>>,
    /// What they come to.
    tensor: Expr,
}

impl Teller<'_> {
    /// The vector chain rule over names, then multiplied.
    pub(super) fn chain(&mut self, lines: &BTreeMap<(usize, Vertex), (usize, Written)>) {
        let junctions = self.graph.junctions(self.variables.len());
        let wanted: Vec<Vertex> =
            junctions.iter().map(|p| Vertex::Piece(*p)).chain((0..self.variables.len()).map(Vertex::Variable)).collect();
        let scalars = self.variables.iter().chain(&self.pieces).all(|m| m.shape.is_scalar());
        let heading = self.heading(Depth::Outline, Doing::Chain, if scalars { "Chain rule" } else { "Vector chain rule" });
        let mut products = vec![];
        let mut whole: BTreeMap<Vertex, Expr> = BTreeMap::new();
        for v in wanted {
            let earlier: Vec<usize> = junctions.iter().copied().filter(|p| Vertex::Piece(*p) != v).collect();
            let chains = self.graph.chains(v, &earlier);
            if chains.is_empty() {
                continue;
            }
            let tensor = self.joined(&chains, &whole);
            whole.insert(v, tensor);
            if let [only] = chains.as_slice()
                && only.len() == 1
            {
                continue;
            }
            let id = self.chain_line(heading, v, &chains, lines);
            products.push(Product { chained: id, of: v, chains, tensor });
        }
        if self.out.steps[heading..].len() == 1 {
            // Nothing was chained: the target reads its variables itself.
            self.out.steps[heading].heading = Some("No chain".into());
        }
        // Short chains are multiplied and written out in one line.
        let short = products.iter().all(|p| matches!(p.chains.as_slice(), [only] if only.len() <= 2));
        let text = if short { "Multiply, substitute back" } else { "Multiply" };
        let mut heading = None;
        for product in &products {
            let written = self.multiply(text, &mut heading, product, lines, &whole);
            if let (true, Vertex::Variable(k), false) = (short, product.of, self.is_joined()) {
                self.substitute(k, text, &mut heading, written);
            }
        }
        let substitutes = heading.is_some_and(|h| self.out.steps[h..].iter().any(|s| s.doing == Doing::Substitute));
        if let (Some(h), false) = (heading, substitutes) {
            self.out.steps[h].heading = Some("Multiply".into());
        }
    }

    /// The sum of the products of a chain.
    fn joined(&mut self, chains: &[Vec<Link>], whole: &BTreeMap<Vertex, Expr>) -> Expr {
        let mut total: Option<Expr> = None;
        for chain in chains {
            let mut made: Option<Expr> = None;
            for link in chain {
                let factor = self.factor(link, whole);
                made = Some(match made {
                    None => factor,
                    Some(before) => {
                        let rank = self.pieces[link.of].shape.axes().len();
                        crate::calculus::differentiate::chain(&mut self.pool, before, factor, rank)
                    }
                });
            }
            let Some(made) = made else { continue };
            total = Some(total.map_or(made, |t| self.pool.add(t, made)));
        }
        total.unwrap_or_else(|| self.pool.one())
    }

    fn factor(&self, link: &Link, whole: &BTreeMap<Vertex, Expr>) -> Expr {
        if link.local {
            self.graph.edge(link.of, link.by).map_or(self.values[link.of], |e| e.value)
        } else {
            whole.get(&link.by).copied().unwrap_or(self.values[link.of])
        }
    }

    fn chain_line(
        &mut self,
        heading: usize,
        v: Vertex,
        chains: &[Vec<Link>],
        lines: &BTreeMap<(usize, Vertex), (usize, Written)>,
    ) -> usize {
        let (target, member) = (self.pieces[self.pieces.len() - 1].clone(), self.member(v).clone());
        let vectors = self.is_vectorial(v);
        let backwards = self.denominator() && vectors;
        let mut shown = vec![];
        let mut factors = vec![];
        let mut terms = vec![];
        for chain in chains {
            let mut trees = vec![];
            let mut shapes = vec![];
            for link in chain {
                let by = self.member(link.by).clone();
                let of = if link.local { self.function(link.of, link.by) } else { self.symbol(&target.name) };
                let by_node = self.symbol(&by.name);
                trees.push((of, by_node));
                shapes.push(self.shape_between(link.of, link.by));
            }
            if backwards {
                trees.reverse();
                shapes.reverse();
            }
            shown.push(Chain { factors: trees, summed: vec![] });
            if vectors {
                factors.push(shapes);
            }
            terms.push(chain.iter().map(|l| (self.pieces[l.of].name.clone(), self.member(l.by).name.clone(), l.local)).collect());
        }
        let last = self.pieces.len() - 1;
        let shape = self.shape_between(last, v);
        let laid = self.laid(&target.shape, &member.shape);
        let order: Vec<usize> = if laid.matrix {
            laid.face.rows.iter().chain(&laid.face.cols).copied().collect()
        } else {
            laid.groups.iter().flatten().copied().collect()
        };
        let scalars = chains.iter().flatten().all(|l| self.pieces[l.of].shape.is_scalar() && self.member(l.by).shape.is_scalar());
        let rule = match (chains.len(), scalars) {
            (1, true) => "chain.single",
            (1, false) => "chain.vector",
            _ => "chain.total",
        };
        let rules: &[&str] = if rule == "chain.total" && !scalars { &["chain.total", "chain.vector"] } else { &[rule] };
        let left = self.partial_side(&target.name, &member.name);
        let line = Line {
            shape,
            factors,
            tested: Some((
                Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order: order.clone() },
                Meaning::Chains { terms, order },
            )),
            ..Line::equal(left, Side::Chains(shown))
        };
        let id = self.line(Some(heading), Depth::Outline, Doing::Chain, rules, line);
        let because = chains.iter().flatten().filter_map(|l| lines.get(&(l.of, l.by)).map(|x| x.0)).collect();
        self.out.steps[id].because = because;
        if !vectors {
            self.note(id, "summed over the entries of the piece between");
        }
        id
    }

    /// Rows and columns of a derivative as text.
    fn shape_between(&mut self, of: usize, by: Vertex) -> Vec<String> {
        let (of, by) = (self.pieces[of].shape.clone(), self.member(by).shape.clone());
        let laid = self.laid(&of, &by);
        let axes = [of.axes(), by.axes()].concat();
        let pick = |side: &[usize]| side.iter().map(|a| axes[*a]).collect::<Vec<_>>();
        if laid.matrix {
            self.shape_of(&Shape::new(pick(&laid.face.rows), pick(&laid.face.cols)))
        } else {
            super::super::face::axes_text(&self.pool, &laid.groups.iter().map(|g| pick(g)).collect::<Vec<_>>())
        }
    }

    /// Whether every derivative from the target to a vertex is a matrix, so that chains are products of matrices. The derivative of a
    /// scalar by a row is a column, that by a column a row: they do not multiply.
    fn is_vectorial(&self, v: Vertex) -> bool {
        let vector = |s: &Shape| s.cols.is_empty() && s.rows.len() <= 1;
        let on_the_way = (0..self.pieces.len()).filter(|p| self.graph.depends(*p, v));
        vector(&self.member(v).shape) && on_the_way.into_iter().all(|p| vector(&self.pieces[p].shape))
    }

    /// The Jacobians of the chain, multiplied; what they come to.
    fn multiply(
        &mut self,
        text: &str,
        heading: &mut Option<usize>,
        product: &Product,
        lines: &BTreeMap<(usize, Vertex), (usize, Written)>,
        whole: &BTreeMap<Vertex, Expr>,
    ) -> Option<NodeId> {
        let last = self.pieces.len() - 1;
        let (target, member) = (self.pieces[last].clone(), self.member(product.of).clone());
        let written = self.write_between(product.tensor, last, product.of)?;
        let parent = *heading.get_or_insert_with(|| self.heading(Depth::Normal, Doing::Multiply, text));
        let mut left = self.partial_side(&target.name, &member.name);
        let mut meaning = Meaning::Partial { of: target.name.clone(), by: member.name.clone(), local: false, order: written.order.clone() };
        let mut continues = false;
        let mut rules = vec![];
        if self.is_vectorial(product.of)
            && let Some(tree) = self.product_tree(&product.chains, lines, whole)
            && !self.out.syntax.same(tree, &self.out.syntax, written.node)
        {
            rules = self.multiplication_rules(&product.chains, lines);
            let id = self.line(
                Some(parent),
                Depth::Normal,
                Doing::Multiply,
                &[],
                Line { shape: written.shape.clone(), tested: Some((meaning, Meaning::Value(tree))), ..Line::equal(left, Side::Tree(tree)) },
            );
            self.out.steps[id].because = vec![product.chained];
            (left, meaning, continues) = (Side::Tree(tree), Meaning::Value(tree), true);
        }
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let id = self.line(
            Some(parent),
            Depth::Normal,
            Doing::Multiply,
            &rules,
            Line {
                continues,
                shape: written.shape.clone(),
                pattern: written.pattern.clone(),
                tested: Some((meaning, Meaning::Value(written.node))),
                ..Line::equal(left, Side::Tree(written.node))
            },
        );
        self.out.steps[id].because = vec![product.chained];
        Some(written.node)
    }

    /// Whether several scalars are one variable: their partials stand side by side.
    pub(super) fn is_joined(&self) -> bool {
        self.derivative.parts.iter().any(|p| p.wrt.len() > 1)
    }

    /// The trees of the factors side by side.
    fn product_tree(
        &mut self,
        chains: &[Vec<Link>],
        lines: &BTreeMap<(usize, Vertex), (usize, Written)>,
        whole: &BTreeMap<Vertex, Expr>,
    ) -> Option<NodeId> {
        let mut total: Option<NodeId> = None;
        let last = self.pieces.len() - 1;
        for chain in chains {
            let mut links = chain.clone();
            if self.denominator() {
                links.reverse();
            }
            let mut made: Option<NodeId> = None;
            for link in links {
                let tree = if link.local {
                    lines.get(&(link.of, link.by))?.1.node
                } else {
                    let e = *whole.get(&link.by)?;
                    self.write_between(e, last, link.by)?.node
                };
                made = Some(match made {
                    None => tree,
                    Some(before) => self.out.syntax.binary(Operator::Times, before, tree),
                });
            }
            let made = made?;
            total = Some(match total {
                None => made,
                Some(t) => self.out.syntax.binary(Operator::Plus, t, made),
            });
        }
        total
    }

    fn multiplication_rules(&self, chains: &[Vec<Link>], lines: &BTreeMap<(usize, Vertex), (usize, Written)>) -> Vec<String> {
        let mut rules: Vec<String> = vec![];
        let mut add = |r: &str| {
            if !rules.iter().any(|x| x == r) {
                rules.push(r.to_string());
            }
        };
        for chain in chains {
            let patterns: Vec<Option<&(usize, Written)>> = chain.iter().map(|l| lines.get(&(l.of, l.by))).collect();
            let diagonal = |w: Option<&(usize, Written)>| w.is_some_and(|w| w.1.pattern.is_some());
            let row = |w: Option<&(usize, Written)>| {
                w.is_some_and(|w| w.1.shape.first().is_some_and(|s| s == "1") && w.1.shape.get(1).is_some_and(|s| s != "1"))
            };
            for pair in patterns.windows(2) {
                if diagonal(pair[0]) && diagonal(pair[1]) {
                    add("diag.product");
                } else if row(pair[0]) && diagonal(pair[1]) {
                    add("diag.ones-row");
                } else if diagonal(pair[0]) {
                    add("diag.vec");
                }
            }
        }
        rules
    }
}
