//! Right answers made wrong in one place, by rewriting their text; nothing here is shared with the search for mistakes.

use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};

/// Kinds of mistakes, in the order in which a diagnosis is looked for.
pub const KINDS: [&str; 10] =
    ["sign", "factor 2", "factor N", "transpose", "mask", "* for .*", "chain factor", "swapped", "term", "exponent"];

/// A wrong text and what was done to it.
pub struct Mutant {
    pub kind: &'static str,
    pub text: String,
}

/// All wrong versions of a text: by these sizes and scalars, and these pairs of names of one shape.
pub fn mutants(text: &str, sizes: &[String], alike: &[(String, String)], vectors: &[String]) -> Vec<Mutant> {
    let (syntax, root) = parse_expression(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut out: Vec<Mutant> = vec![];
    let mut put = |kind: &'static str, text: String| {
        if !out.iter().any(|m| m.text == text) {
            out.push(Mutant { kind, text });
        }
    };
    let one = |at: NodeId, new: &dyn Fn(Inner) -> String| write(&syntax, root, &|id, inner| (id == at).then(|| new(inner)));
    if !matches!(syntax.kind(root), Kind::Contraction(..)) {
        put("sign", format!("-({text})"));
        put("factor 2", format!("2*({text})"));
        put("factor 2", format!("({text})/2"));
        for n in sizes {
            put("factor N", format!("({text})/{n}"));
            put("factor N", format!("{n}*({text})"));
        }
        for v in vectors {
            put("mask", format!("({text}) .* ({v} > 0)"));
        }
    }
    for id in syntax.under(root) {
        match syntax.kind(id) {
            Kind::Binary(op, a, b) => {
                let (a, b, op) = (*a, *b, *op);
                let with = |op: Operator| one(id, &|inner| format!("({} {} {})", inner(a), op.spelling(), inner(b)));
                let only = |k: NodeId| one(id, &|inner| inner(k));
                let is = |k: NodeId, of: &dyn Fn(&Kind) -> bool| of(syntax.kind(k));
                let number = |k: &Kind| matches!(k, Kind::Number(_));
                let comparison = |k: &Kind| matches!(k, Kind::Binary(op, ..) if op.compares());
                let size = |k: &Kind| matches!(k, Kind::Name(n) if sizes.contains(n));
                match op {
                    Operator::Plus => {
                        put("sign", with(Operator::Minus));
                        put("term", only(a));
                        put("term", only(b));
                    }
                    Operator::Minus => {
                        put("sign", with(Operator::Plus));
                        put("term", only(a));
                        put("term", one(id, &|inner| format!("(-{})", inner(b))));
                    }
                    Operator::Times | Operator::DotTimes => {
                        for (gone, kept) in [(a, b), (b, a)] {
                            let kind = match () {
                                () if is(gone, &number) => "factor 2",
                                () if is(gone, &comparison) => "mask",
                                () if is(gone, &size) => "factor N",
                                () => "chain factor",
                            };
                            put(kind, only(kept));
                        }
                        put("* for .*", with(if op == Operator::Times { Operator::DotTimes } else { Operator::Times }));
                    }
                    Operator::Over | Operator::DotOver => {
                        let kind = match () {
                            () if is(b, &number) => "factor 2",
                            () if is(b, &size) => "factor N",
                            () => "chain factor",
                        };
                        put(kind, only(a));
                    }
                    Operator::Power | Operator::DotPower => {
                        put("* for .*", with(if op == Operator::Power { Operator::DotPower } else { Operator::Power }));
                        if let Kind::Number(k) = syntax.kind(b)
                            && let Ok(k) = k.parse::<u32>()
                        {
                            put("exponent", one(id, &|inner| format!("({}{}{})", inner(a), op.spelling(), k + 1)));
                        }
                    }
                    _ if op.compares() => {
                        let turned =
                            if matches!(op, Operator::Greater | Operator::GreaterEqual) { Operator::Less } else { Operator::Greater };
                        put("mask", with(turned));
                    }
                    _ => {}
                }
            }
            Kind::Transpose(a) => {
                let a = *a;
                if id != root {
                    put("transpose", one(id, &|inner| inner(a)));
                }
            }
            Kind::Name(_) if id != root => put("transpose", one(id, &|inner| format!("{}'", inner(id)))),
            _ => {}
        }
    }
    for (x, y) in alike {
        let swapped = write(&syntax, root, &|id, _| match syntax.kind(id) {
            Kind::Name(n) if n == x => Some(y.clone()),
            Kind::Name(n) if n == y => Some(x.clone()),
            _ => None,
        });
        put("swapped", swapped);
    }
    out.retain(|m| m.text != write(&syntax, root, &|_, _| None));
    out
}

/// How a child is written.
type Inner<'a> = &'a dyn Fn(NodeId) -> String;

/// What stands in the place of a node, told how its children are written; `None` for the node as it is.
type Change<'a> = &'a dyn Fn(NodeId, Inner) -> Option<String>;

/// The text of a tree, in brackets throughout.
fn write(syntax: &Syntax, id: NodeId, change: Change) -> String {
    // A node that is written within its own change is not changed again.
    let part = |k: NodeId| if k == id { plain(syntax, k, change) } else { write(syntax, k, change) };
    change(id, &part).unwrap_or_else(|| plain(syntax, id, change))
}

fn plain(syntax: &Syntax, id: NodeId, change: Change) -> String {
    let part = |k: NodeId| write(syntax, k, change);
    let list = |ids: &[NodeId]| ids.iter().map(|k| part(*k)).collect::<Vec<_>>().join(", ");
    match syntax.kind(id) {
        Kind::Number(text) | Kind::Name(text) => text.clone(),
        Kind::Negate(a) => format!("(-{})", part(*a)),
        Kind::Transpose(a) => format!("{}'", part(*a)),
        Kind::Binary(op, a, b) => format!("({} {} {})", part(*a), op.spelling(), part(*b)),
        Kind::Call(f, args) => format!("{f}({})", list(args)),
        Kind::Index(base, subscripts) => {
            let one = |s: &Subscript| match s {
                Subscript::All => ":".to_string(),
                Subscript::At(k) => part(*k),
                Subscript::Range(a, b) => format!("{}:{}", part(*a), part(*b)),
                Subscript::Stack(letters) => format!("({})", letters.iter().map(|k| part(*k)).collect::<Vec<_>>().join(" ")),
            };
            format!("{}[{}]", part(*base), subscripts.iter().map(one).collect::<Vec<_>>().join(","))
        }
        Kind::Matrix(rows) => format!("[{}]", rows.iter().map(|row| list(row)).collect::<Vec<_>>().join("; ")),
        Kind::Contraction(body, groups) => {
            let group = |g: &Vec<String>| if g.len() == 1 { g[0].clone() } else { format!("({})", g.join(" ")) };
            format!("{} -> [{}]", part(*body), groups.iter().map(group).collect::<Vec<_>>().join(","))
        }
        Kind::Series(s) => format!("sum({} = {}:{}, {})", s.index, part(s.from), part(s.to), part(s.body)),
    }
}
