//! Wrong versions of a text: a sign turned, a term or factor dropped, at every place of its tree.

use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};

/// What is done at a place.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    None,
    /// `-(a)`, or `a - b` for `a + b` and the reverse.
    Turn,
    /// The right operand goes.
    Left,
    /// The left operand goes.
    Right,
}

/// All wrong versions of a text, each once. The text 0 becomes 1: its sign cannot be turned.
pub fn mutants(text: &str) -> Vec<String> {
    let (syntax, root) = parse_expression(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    if text.trim() == "0" {
        return vec!["1".to_string()];
    }
    let body = match syntax.kind(root) {
        Kind::Contraction(body, _) => *body,
        _ => root,
    };
    let mut out: Vec<String> = vec![];
    let mut offer = |at: NodeId, change: Change| {
        let mutant = write(&syntax, root, at, change);
        if !out.contains(&mutant) {
            out.push(mutant);
        }
    };
    offer(body, Change::Turn);
    for id in syntax.under(root) {
        if let Kind::Binary(op, ..) = syntax.kind(id) {
            if matches!(op, Operator::Plus | Operator::Minus) {
                offer(id, Change::Turn);
            }
            offer(id, Change::Left);
            offer(id, Change::Right);
        }
    }
    out
}

/// The text of a tree, in brackets throughout, with one change.
fn write(syntax: &Syntax, id: NodeId, at: NodeId, change: Change) -> String {
    let part = |k: NodeId| write(syntax, k, at, change);
    let here = if id == at { change } else { Change::None };
    let list = |ids: &[NodeId]| ids.iter().map(|k| part(*k)).collect::<Vec<_>>().join(", ");
    let plain = match syntax.kind(id) {
        Kind::Number(text) | Kind::Name(text) => text.clone(),
        Kind::Negate(a) if here == Change::Turn => return part(*a),
        Kind::Negate(a) => format!("(-{})", part(*a)),
        Kind::Transpose(a) => format!("{}'", part(*a)),
        Kind::Binary(op, a, b) => {
            let op = match (op, here) {
                (_, Change::Left) => return part(*a),
                (Operator::Minus, Change::Right) => return format!("(-{})", part(*b)),
                (_, Change::Right) => return part(*b),
                (Operator::Plus, Change::Turn) => return format!("({} - {})", part(*a), part(*b)),
                (Operator::Minus, Change::Turn) => return format!("({} + {})", part(*a), part(*b)),
                _ => op.spelling(),
            };
            format!("({} {op} {})", part(*a), part(*b))
        }
        Kind::Call(f, args) => format!("{f}({})", list(args)),
        Kind::Index(base, subscripts) => {
            let subscripts: Vec<String> = subscripts
                .iter()
                .map(|s| match s {
                    Subscript::All => ":".to_string(),
                    Subscript::At(k) => part(*k),
                    Subscript::Range(a, b) => format!("{}:{}", part(*a), part(*b)),
                    Subscript::Stack(letters) => format!("({})", letters.iter().map(|k| part(*k)).collect::<Vec<_>>().join(" ")),
                })
                .collect();
            format!("{}[{}]", part(*base), subscripts.join(","))
        }
        Kind::Contraction(body, groups) => {
            let groups: Vec<String> = groups
                .iter()
                .map(|g| {
                    if g.len() == 1 {
                        g[0].clone()
                    } else if g.is_empty() {
                        String::new()
                    } else {
                        format!("({})", g.join(" "))
                    }
                })
                .collect();
            return format!("{} -> [{}]", part(*body), groups.join(","));
        }
        Kind::Matrix(_) | Kind::Series(_) => panic!("no row has a literal or an index sum"),
    };
    if here == Change::Turn { format!("(-{plain})") } else { plain }
}

#[test]
fn every_place_is_changed_once() {
    assert_eq!(mutants("a*b"), ["(-(a * b))", "a", "b"]);
    assert_eq!(mutants("1 - tanh(x)^2"), ["(1 + (tanh(x) ^ 2))", "(1 - tanh(x))", "(1 - 2)", "1", "(-(tanh(x) ^ 2))"]);
    assert_eq!(mutants("-sin(x)"), ["sin(x)"]);
    assert_eq!(mutants("0"), ["1"]);
    assert_eq!(mutants("A[i,j]*B[k,l] -> [(i k),(j l)]")[1..], ["A[i,j] -> [(i k),(j l)]", "B[k,l] -> [(i k),(j l)]"]);
}
