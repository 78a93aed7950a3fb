//! From a failing case to a smaller one that fails in the same way.

use super::case::Case;
use super::examine::{Outcome, examine};
use super::forms::leaves;
use super::tree::Tree;

/// Examinations that shrinking may cost.
const TRIES: usize = 600;

/// The smallest case found that goes as `case` does.
pub fn shrink(case: &Case, alike: impl Fn(&Outcome) -> bool) -> (Case, Outcome) {
    let fails = |c: &Case| alike(&examine(c));
    let mut best = inlined(case);
    if !fails(&best) {
        best = case.clone();
    }
    let mut tries = 0;
    'again: while tries < TRIES {
        for smaller in candidates(&best) {
            tries += 1;
            if fails(&smaller) {
                best = smaller;
                continue 'again;
            }
            if tries >= TRIES {
                break;
            }
        }
        break;
    }
    let outcome = examine(&best);
    (best, outcome)
}

/// Without definitions: each is written where it is named.
fn inlined(case: &Case) -> Case {
    fn inline(tree: &Tree, definitions: &[(String, Tree)]) -> Tree {
        if tree.children.is_empty()
            && let Some(d) = definitions.iter().find(|d| d.0 == tree.text)
        {
            return inline(&d.1, definitions);
        }
        Tree { children: tree.children.iter().map(|c| inline(c, definitions)).collect(), ..tree.clone() }
    }
    Case { definitions: vec![], target: inline(&case.target, &case.definitions), ..case.clone() }
}

/// Smaller cases, the smallest first.
fn candidates(case: &Case) -> Vec<Case> {
    let mut subtrees: Vec<&Tree> = vec![];
    case.target.each(&mut |t| subtrees.push(t));
    let mut targets: Vec<Tree> = vec![];
    for t in &subtrees {
        if case.admits(&t.shape) {
            targets.push((*t).clone());
        }
    }
    for (place, t) in subtrees.iter().enumerate() {
        let mut below: Vec<&Tree> = vec![];
        t.each(&mut |u| below.push(u));
        for u in below.iter().skip(1).filter(|u| u.shape == t.shape) {
            targets.push(case.target.with(place, u));
        }
        if t.size() > 1 {
            for leaf in leaves(&t.shape).into_iter().filter(|l| l.children.is_empty()) {
                targets.push(case.target.with(place, &Tree::leaf(t.shape.clone(), leaf.feature, &leaf.text)));
            }
        }
    }
    targets.retain(|t| t.size() < case.target.size());
    targets.sort_by_key(Tree::size);
    let mut out: Vec<Case> = targets.into_iter().map(|target| Case { target, ..case.clone() }).collect();
    if case.wrt2.is_some() {
        out.push(Case { wrt2: None, ..case.clone() });
    }
    out
}
