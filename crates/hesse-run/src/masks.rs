//! Where a 0 that a mask made meets numbers again. In a step of a program a 0 of a mask silences whatever stands beside it, infinite or
//! not; once the factors of the step are joined one by one, that 0 is a number like any other, and 0·∞ is NaN.

use crate::schedule::graph::{Graph, Id, Kind};
use crate::schedule::refine::needed;
use crate::structure::Structure;

/// Whether what these nodes compute can be NaN where the program's steps have a silent 0. `nodes` are the components of the structures.
pub(crate) fn meets_numbers(graph: &Graph, nodes: &[Id], structures: &[Structure]) -> bool {
    let need = needed(graph, nodes);
    let mut selects = vec![false; graph.nodes.len()];
    let mut met = false;
    for k in (0..graph.nodes.len()).filter(|k| need[*k]) {
        let of = |id: &Id| selects[id.at()] || graph.node(*id).mask;
        match &graph.nodes[k].kind {
            Kind::Contract { operands, summed } => {
                let joined = operands.len() > 1;
                met |= joined && operands.iter().any(|o| selects[o.node.at()] || (!summed.is_empty() && graph.node(o.node).mask));
                selects[k] = operands.iter().any(|o| of(&o.node));
            }
            Kind::Gram { of: matrix, weight, .. } => {
                selects[k] = of(&matrix.node) || weight.as_ref().is_some_and(|w| of(&w.node));
                met |= selects[k];
            }
            Kind::Combine(terms) => selects[k] = terms.iter().any(|t| selects[t.1.node.at()]),
            Kind::Spread { of, .. } => selects[k] = selects[of.at()],
            _ => {}
        }
    }
    // Components meet when entries are asked for.
    let mut rest = nodes.iter();
    for t in structures.iter().flat_map(|s| &s.terms) {
        let several = t.components.len() > 1;
        for id in rest.by_ref().take(t.components.len()) {
            met |= several && (selects[id.at()] || graph.node(*id).mask);
        }
    }
    met
}
