//! Simplification ends: a measure that every rule makes smaller.
//!
//! The measure of an expression is a polynomial in those of its parts, at least 1 and growing with each of them, so what shrinks in a part
//! shrinks the whole. An exponential weighs more than a logarithm of a sum of them; an inverse squares, so that inverses of factors are less
//! than that of a product; a determinant doubles. [`COMPARISON`] spreads its sides out, which has fewer distinct nodes and may measure more:
//! it is counted first, by the comparisons that it would still change, of which no rule makes one more.

use super::case::Case;
use super::maker::Maker;
use hesse::calculus::differentiate::{Elimination, Tape, differentiate};
use hesse::calculus::rewrite::{rewrite, rewrite_once};
use hesse::facts::rules::{COMPARISON, DETERMINANT_OF_PRODUCT, INVERSE_OF_PRODUCT, RULES, Rule};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{Kind, NodeId, Operator, Syntax};
use hesse::tensor::{Expr, Factor, Node, Pool};
use hesse::{Formula, Want};
use std::collections::BTreeMap;

/// Of a function, from those of its arguments.
fn of_function(name: &str, arguments: &[f64]) -> f64 {
    let sum: f64 = arguments.iter().sum();
    match name {
        "exp" => sum + 8.0,
        "abs" => sum + 0.25,
        "inv" => (sum + 1.0).powi(2),
        "det" | "logdet" | "logabsdet" => 2.0 * sum,
        // Reading adds what a name stands for.
        _ => sum + 1.0,
    }
}

/// Of a power: part of one may be left over when a rule has used the rest.
fn of_power(base: f64, exponent: f64) -> f64 {
    if exponent == 1.0 { base } else { exponent.abs() * base + 1.0 }
}

/// The number of a literal, perhaps after a minus.
fn number(syntax: &Syntax, id: NodeId) -> Option<f64> {
    match syntax.kind(id) {
        Kind::Number(text) => text.parse().ok(),
        Kind::Negate(a) => number(syntax, *a).map(|n| -n),
        _ => None,
    }
}

/// Of a text, where its names have these measures.
fn of_text(text: &str, name: f64) -> f64 {
    let (syntax, root) = parse_expression(text).expect("a text of the tables");
    let mut made: BTreeMap<usize, f64> = BTreeMap::new();
    for id in syntax.under(root) {
        let of = |k: &NodeId| made[&k.index()];
        let value = match syntax.kind(id) {
            Kind::Number(_) => 1.0,
            Kind::Name(n) if n == "eye" => 1.0,
            Kind::Name(_) => name,
            Kind::Negate(a) | Kind::Transpose(a) => of(a) + 1.0,
            Kind::Binary(Operator::Power | Operator::DotPower, a, b) => of_power(of(a), number(&syntax, *b).expect("a numeric exponent")),
            Kind::Binary(_, a, b) => of(a) + of(b) + 1.0,
            Kind::Call(f, args) => of_function(f, &args.iter().map(of).collect::<Vec<f64>>()),
            // Letters of index notation weigh nothing.
            Kind::Index(a, _) => of(a),
            Kind::Contraction(a, _) => of(a),
            kind => panic!("{text}: no measure for {kind:?}"),
        };
        made.insert(id.index(), value);
    }
    made[&root.index()]
}

/// How often each name stands in a text.
fn names(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let (syntax, root): (Syntax, _) = parse_expression(text).expect("a text of the tables");
    for id in written(&syntax, root) {
        if let Kind::Name(n) = syntax.kind(id) {
            *found.entry(n.clone()).or_default() += 1;
        }
    }
    found
}

/// Nodes that are part of the value: not the letters of index notation.
fn written(syntax: &Syntax, root: NodeId) -> Vec<NodeId> {
    let (mut out, mut pending) = (vec![], vec![root]);
    while let Some(id) = pending.pop() {
        out.push(id);
        match syntax.kind(id) {
            Kind::Index(a, _) => pending.push(*a),
            _ => pending.extend(syntax.children(id)),
        }
    }
    out
}

#[test]
fn every_rule_makes_the_measure_smaller() {
    for rule in RULES.iter().chain([&INVERSE_OF_PRODUCT, &DETERMINANT_OF_PRODUCT]) {
        let Rule { name, from, to, .. } = rule;
        for size in [1.0, 2.0, 3.0, 10.0, 1e3] {
            let (before, after) = (of_text(from, size), of_text(to, size));
            assert!(after < before, "{name}: {from} measures {before}, {to} {after}, where names measure {size}");
        }
        // Names may measure differently: none occurs more often than before.
        let before = names(from);
        for (n, count) in names(to).into_iter().filter(|n| n.0 != "eye") {
            assert!(before.get(&n).is_some_and(|b| count <= *b), "{name}: {n} stands {count} times in {to}");
        }
    }
}

/// Comparisons that [`COMPARISON`] would change, then the measure: of the tree, parts counted as often as they stand.
fn measure(pool: &mut Pool, e: Expr) -> (f64, f64) {
    let mut made: BTreeMap<Expr, (f64, f64)> = BTreeMap::new();
    for e in pool.under(&[e]) {
        let compares = matches!(pool.node(e), Node::Map(f, _) if f.row().mask);
        let changes = compares && rewrite_once(pool, e).is_some_and(|(_, rule)| std::ptr::eq(rule, &COMPARISON));
        let mut open = f64::from(u8::from(changes));
        pool.each_child(e, |c| open += made[&c].0);
        let of = |c: &Expr| made[c].1;
        let size = match pool.node(e) {
            Node::Decimal(_) | Node::Pi | Node::Size(_) | Node::Pattern(_) | Node::Var(_) => 1.0,
            Node::Sum(terms, _) => 1.0 + terms.iter().map(|t| of(&t.1)).sum::<f64>() + terms.len().saturating_sub(1) as f64,
            Node::Product { factors, .. } => {
                let power = |f: &Factor| match pool.as_number(f.power) {
                    Some(p) => of_power(of(&f.base), *p.numer() as f64 / *p.denom() as f64),
                    None => of(&f.base) + of(&f.power) + 1.0,
                };
                1.0 + factors.iter().map(power).sum::<f64>()
            }
            Node::Map(f, args) => of_function(f.row().name, &args.iter().map(of).collect::<Vec<f64>>()),
            Node::Apply(f, args) => of_function(f.row().name, &args.iter().map(of).collect::<Vec<f64>>()),
        };
        made.insert(e, (open, size));
    }
    made[&e]
}

/// The value of a case and its derivative, before anything is simplified.
fn unsimplified(case: &Case) -> Option<(Pool, Vec<Expr>)> {
    let formula = Formula::parse(&case.text(), true).ok()?;
    let model = formula.model();
    let mut pool = model.pool.clone();
    let mut tape = Tape::new(model.vertices.iter().map(|v| (v.symbol, v.value)).collect());
    let target = model.definitions.last()?.value;
    let by = model.inputs.iter().find(|i| i.name == case.wrt)?.var;
    let derivative = differentiate(&mut pool, &mut tape, target, &[by], Elimination::Automatic).ok()?.pop()?;
    let found = [target, derivative].map(|e| tape.expand(&mut pool, e)).to_vec();
    Some((pool, found))
}

#[test]
fn rewriting_ends() {
    let mut maker = Maker::new(71);
    let (mut steps, mut most) = (0, 0);
    for seed in 71..371 {
        let case = maker.case(seed);
        if case.want == Want::Hessian {
            continue;
        }
        let Some((mut pool, expressions)) = unsimplified(&case) else { continue };
        for e in expressions {
            // As `rewrite` does: from the inside outwards, each top until no rule applies.
            let mut new: BTreeMap<Expr, Expr> = BTreeMap::new();
            let nodes = pool.under(&[e]);
            let mut own = 0;
            for &old in &nodes {
                let mut made = pool.rebuild(old, |_, c| new[&c]);
                while let Some((next, rule)) = rewrite_once(&mut pool, made) {
                    let (before, after) = (measure(&mut pool, made), measure(&mut pool, next));
                    assert!(after < before, "{}: {before:?} became {after:?}\n{case}", rule.name);
                    made = next;
                    own += 1;
                }
                new.insert(old, made);
            }
            assert!(own <= nodes.len(), "{own} steps for {} nodes\n{case}", nodes.len());
            (steps, most) = (steps + own, most.max(own));
            // What a rule made below its top is rewritten by further passes, and those end.
            let fixed = rewrite(&mut pool, e, &mut vec![]);
            assert_eq!(rewrite(&mut pool, new[&e], &mut vec![]), fixed, "{case}");
            assert_eq!(rewrite(&mut pool, fixed, &mut vec![]), fixed, "{case}");
        }
    }
    assert!(steps >= 20, "only {steps} steps");
    println!("{steps} steps, at most {most} for one expression");
}
